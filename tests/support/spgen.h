/* spgen.h - random stored procedures for tests: every op, every kind of operand. */
#ifndef TESTS_SUPPORT_SPGEN_H
#define TESTS_SUPPORT_SPGEN_H

#include "blink/sp/file.h"

/* A small generator of its own: the same numbers on every machine. */
struct rng { uint64_t state; };
uint32_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n);      /* 0 to n-1; n at least 1 */

struct spgen {
	struct rng rng;
	uint32_t payloads;      /* ids 1 to this exist */
	uint32_t sps;           /* ids 0 to this less 1 exist */
	bool wild;              /* also operands that no verifier would accept */
};
/* Appends one record of that op. */
void spgen_record(struct spgen *g, unsigned op, struct buf *code);
/* Appends n records of random ops, `end` excluded (it may occur in the middle). */
void spgen_records(struct spgen *g, unsigned n, struct buf *code);
/* Sets every label of the code to a record boundary that exists (or keeps some as they
 * are where wild); code must be finished with `end`. */
void spgen_labels(struct spgen *g, struct buf *code);

/* Writes a .blink file with payloads, init, update and redraw SPs of `frames` frames. */
int spgen_file(struct rng *r, const char *path, unsigned frames, struct error *err);

#endif
