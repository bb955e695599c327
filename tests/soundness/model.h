/* model.h - GL as a client could know it: where vertex arrays lie, what is bound, what is
 * switched on, what lists hold, what is saved.  Written from the specification (OpenGL
 * 4.6 compatibility), not from the verifier.
 *
 * Where drivers may differ the model takes every side: an array that may be on is read,
 * an address that may be anything is a fault when it is drawn.  A command that GL refuses
 * changes nothing.
 */
#ifndef TESTS_SOUNDNESS_MODEL_H
#define TESTS_SOUNDNESS_MODEL_H

#include "tests/soundness/program.h"

struct model;
struct model *model_create(void);
void model_destroy(struct model *m);
/* A new client; nothing exists. */
void model_reset(struct model *m);
/* A procedure starts: its facts are gathered from here on. */
void model_begin(struct model *m, unsigned callback);
/* rec: operands checked, registers replaced. */
void model_record(struct model *m, const uint32_t *rec);
/* The first unsafe thing that happened, or NULL. */
const char *model_wrong(const struct model *m);

/* What was true of the procedure that ran last.  The verifier's facts are sound when
 * they claim no clear that did not happen and miss no use that did. */
struct model_facts {
	bool cleared[3];                    /* colour, depth, stencil: all of it, before a draw */
	bool depth, stencil, blend, reads, draws;
	bool stippled, shaded, placed, accumulated;
	bool blind;                         /* switches are beyond the model: not to be compared */
	uint64_t vertices;
	uint32_t contexts, opaque;
};
const struct model_facts *model_facts(const struct model *m);
/* The first fact that does not hold the run, or NULL. */
const char *model_facts_compare(const struct model_facts *is, uint64_t executed,
				const struct verify_facts *claimed);

#endif
