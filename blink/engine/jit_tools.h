/* jit_tools.h - compiled code for those who look at it: profilers, debuggers, listings.
 *
 * All of it is off until it is asked for, and costs nothing then: code that is made or let
 * go is told to watchers, of which there are none as a rule.  What record a piece of code
 * belongs to is found by laying the code down again (jit_map.c).
 *
 * Symbols are sp<ID>_<callback>.  Procedures of equal shape share their code, which bears
 * the name of the first.  Addresses are used again when old code makes room for new:
 * the perf map then holds both, and the later line counts; jitdump has times; gdb is told.
 */
#ifndef BLINK_ENGINE_JIT_TOOLS_H
#define BLINK_ENGINE_JIT_TOOLS_H

#include "blink/engine/engine.h"

/* ---- being told ------------------------------------------------------------- */

/* Embedded in what the watcher keeps; j owns it from jit_watch on. */
struct jit_watch {
	struct jit_watch *next;
	void (*made)(struct jit_watch *w, const struct jit_code *k, const struct sp *sp);
	void (*gone)(struct jit_watch *w, const struct jit_code *k);   /* may be NULL */
	int (*check)(struct jit_watch *w, struct error *err);          /* may be NULL */
	void (*finish)(struct jit_watch *w);       /* frees it, when j is destroyed */
};
void jit_watch(struct jit *j, struct jit_watch *w);
/* Has all been written so far?  What could not be is gone then, as a whole. */
int jit_watch_check(struct jit *j, struct error *err);
/* For the JIT. */
void jit_watch_made(struct jit_watch *w, const struct jit_code *k, const struct sp *sp);
void jit_watch_gone(struct jit_watch *w, const struct jit_code *k);
void jit_watch_finish(struct jit_watch *w);

/* ---- the tools ---------------------------------------------------------------- */

/* perf's map of symbols, /tmp/perf-PID.map; appended to. */
int jit_perf_map(struct jit *j, struct error *err);
/* perf's jitdump: DIR/jit-PID.dump, and beside it a listing of each procedure, whose line
 * n is record n - 1: perf record -k mono, perf inject --jit, perf annotate. */
int jit_perf_dump(struct jit *j, const char *dir, struct error *err);
/* GDB's interface for code made at run time: symbols, and how to unwind. */
int jit_gdb(struct jit *j, struct error *err);

/* ---- code and records ------------------------------------------------------------ */

/* Bytes from .code on belong to the record at word .pc; in a loop, to .rounds records,
 * each .stride words after the one before, of which this is the first. */
struct jit_line {
	uint32_t code, size;
	uint32_t pc, record;               /* number of the record, from 0 */
	uint32_t loop, stride, rounds;     /* loop: pc of its first record; rounds 1: none */
};
struct jit_lines {
	struct jit_line *v;
	uint32_t n;
	const uint8_t *code;               /* where it runs; what precedes the first line
	                                      is the head of a block */
	uint32_t size;
};
int jit_lines_make(struct jit_lines *l, const struct jit_code *k, const struct sp *sp,
		   struct error *err);
void jit_lines_finish(struct jit_lines *l);

#define JIT_SYMBOL_SIZE 40u
void jit_symbol(const struct sp *sp, char name[JIT_SYMBOL_SIZE]);

#endif
