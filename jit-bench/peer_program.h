/* peer_program.h - stored procedures decoded for other code generators, and as C. */
#ifndef JIT_BENCH_PEER_PROGRAM_H
#define JIT_BENCH_PEER_PROGRAM_H

#include "blink/engine/engine.h"
#include "jit-bench/peer.h"

struct decoded {
	struct peer_program program;
	struct buf insns, calls, args;
	uint32_t others;              /* records that `other` runs */
};

/* The records of sp, whose names, locations and payloads are c's as they are now.  What is
 * no plain command becomes a call of `other` with the record's word index.  -ENOTSUP: an
 * instruction that is none of the eight operations of the mixes; -EINVAL: a name has no
 * object yet (run it once before). */
int decoded_make(struct decoded *d, const struct sp *sp, const struct client *c,
		 uint64_t other, struct error *err);
void decoded_finish(struct decoded *d);

/* The program as C, appended: void run(unsigned *). */
void program_c(const struct peer_program *p, struct buf *out);

#endif
