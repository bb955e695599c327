/* prune_gen.h - small GL programs made from a grammar, for tests of the pruner.
 *
 * A program makes two contexts that share and one drawable, runs a few frames of some
 * twenty records each, drawn from every family of commands that a pruner judges, and ends.
 * It raises no GL error: the generator follows what exists and what is bound.
 */
#ifndef TESTS_LOG_MINIMISE_PRUNE_GEN_H
#define TESTS_LOG_MINIMISE_PRUNE_GEN_H

#include "blink/sp/sp.h"
#include "tests/support/spgen.h"

#define GEN_FRAMES 5u                 /* and the boundary lies in front of */
#define GEN_BOUNDARY 3u               /* this one */
#define GEN_PAYLOADS 4096u
#define GEN_SIZE 16u                  /* pixels of the drawable, each way */

struct gen_program {
	struct sp sps[1 + GEN_FRAMES];      /* init, then one of each frame */
	struct buf code[1 + GEN_FRAMES];
	struct sp_payload payloads[GEN_PAYLOADS];
	uint32_t npayloads;
	uint32_t records;
};

/* families: a bit for each of gen_families, which of them may occur */
void gen_make(struct gen_program *p, uint64_t seed, uint32_t families);
void gen_finish(struct gen_program *p);
extern const char *const gen_families[];      /* NULL ends */

#define GEN_NAMES 4u                  /* names of each kind that are used */
#define GEN_SLOTS 4u

#endif
