/* frames_alter.h - a stored procedure of the same shape with other operands: what a game's
 * next frame is like when the camera has moved.
 *
 * Every float and double has another lowest bit.  Every payload, but for indices, goes by
 * another number: the table has each payload twice, and the operand takes the other one.
 * (Indices are what they were: whether their numbers are new is not a matter of shape, and
 * what is new has to be read once, however it is verified.)  So nothing that the verifier
 * may have kept of these operands is of use, and all that it has to look at is still there.
 */
#ifndef JIT_BENCH_FRAMES_ALTER_H
#define JIT_BENCH_FRAMES_ALTER_H

#include "blink/base/error.h"
#include "blink/sp/sp.h"

/* A table with each payload of a file twice.  Zeroed is empty. */
struct alter {
	struct sp_payload *v;
	uint32_t n;                     /* of the file's; there are twice as many */
	uint64_t operands;              /* made others so far, */
	uint64_t words;                 /* of so many words */
};

/* Makes code another procedure of that shape, and the table hold what it names.  Each time
 * for the same code: back and forth.  -ENOMEM. */
int alter_sp(struct alter *a, uint32_t *code, uint32_t nwords, const struct sp_payloads *file,
	     struct error *err);
static inline struct sp_payloads alter_payloads(const struct alter *a)
{
	return (struct sp_payloads){ a->v, 2 * a->n };
}
void alter_finish(struct alter *a);

#endif
