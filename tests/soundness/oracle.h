/* oracle.h - the slow, obvious reading of BlinkGL: executes a procedure record by record,
 * checks every operand again, writes down the calls that GL must see, and feeds the
 * model of GL (model.h).  It shares nothing with verifier and engines but the command
 * table and its size rules.
 *
 *   oracle.c   records: operands, arithmetic, jumps, calls
 *   calls.c    what GL is called with, in the recorder's format (sink_recorder.c)
 *   model.c    GL: memory that draws read, switches, lists, saved state
 *   facts.c    what was true of a run, and whether the verifier's facts hold it
 */
#ifndef TESTS_SOUNDNESS_ORACLE_H
#define TESTS_SOUNDNESS_ORACLE_H

#include "tests/soundness/program.h"

/* ---- calls.c ------------------------------------------------------------------- */
/* A name may be any payload, a shader's source too. */
#define CALLS_TEXT 16384u
struct calls_slot { uint32_t program, order, text; uint16_t op; };
struct calls {
	struct buf log;                      /* emptied by calls_reset */
	uint32_t made;                       /* objects, as the recorder counts them */
	uint32_t names[GL_SPACE_COUNT][PROGRAM_NAMES + 1];
	int32_t location[PROGRAM_SLOTS + 1];
	struct calls_slot slot[PROGRAM_SLOTS + 1];
	char text[PROGRAM_SLOTS + 1][CALLS_TEXT];
	uint32_t order;
	bool ready[PROGRAM_NAMES + 1];       /* contexts whose pixel store is tight */
};
void calls_reset(struct calls *c);
/* rec: operands checked, registers replaced by their values. */
void calls_add(struct calls *c, const uint32_t *rec);

/* ---- oracle.c ------------------------------------------------------------------ */
struct model;
struct oracle {
	const struct program *p;
	uint32_t regs[SP_REGISTERS];
	const uint32_t *externs;
	struct calls calls;
	struct model *model;
	uint32_t chain[SP_CALL_DEPTH];       /* procedures that wait for a callee */
	uint64_t executed;                   /* records */
	const char *wrong;                   /* the first thing found unsafe, or NULL */
	uint32_t wrong_sp, wrong_word;
};
/* Before a program's first procedure. */
void oracle_reset(struct oracle *o, const struct program *p);
/* Executes procedure i, registers as in program_registers; o->wrong tells. */
void oracle_run(struct oracle *o, uint32_t i);

#endif
