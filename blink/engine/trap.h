/* trap.h - where a run stopped, exactly, and going on from there: with either engine, on
 * this client or another, in this process or another.
 *
 * A run stops between two records, whatever stopped it: its budget was used up, it
 * yielded, the driver lost its context, or a callee raised a signal, whose command then
 * counts as not executed.  Nothing but the registers, and for suspended calls those of
 * each caller, lives between two records; so that these and the places, each being an SP,
 * the hash of its code and a word index, are all of a trap.
 *
 *     status = trap_run(&c, code, &sp, 0, &how, &trap, &err);
 *     if (status == ENGINE_LIMIT)
 *             trap_write(&blob, &trap, NULL);
 *     ...
 *     trap_read(&trap, blob.data, blob.len, &err);
 *     trap_restore(&trap, &other, &sp, &err);
 *     interp_run(&other, &sp, other.pc);
 *
 * What a driver holds is no part of a trap: who resumes on another driver first plays
 * there what was played here before the SP, and the SP up to the trap (trap_replay).
 * A client's tables (names, locations) are the driver's answers.  They can be written
 * beside a trap, for a sink whose answers are its own, as the recorder's are; handles of
 * sync objects are pointers of one process and are written for that sink alone.
 *
 * A trap that is read is checked: a damaged one, one of another version, or one that does
 * not fit the SP (other code, no record at its pc, no `call` where one is suspended) is
 * refused.  That an SP goes on from a record that its run could have reached nobody can
 * check: traps are the server's own data, never taken from clients.
 */
#ifndef BLINK_ENGINE_TRAP_H
#define BLINK_ENGINE_TRAP_H

#include "blink/base/buf.h"
#include "blink/engine/engine.h"

enum trap_cause { TRAP_LIMIT, TRAP_YIELD, TRAP_RESET, TRAP_SIGNAL, TRAP_CAUSES };
extern const char *const trap_cause_names[TRAP_CAUSES];

/* One procedure on the way to the innermost. */
struct trap_place {
	uint32_t sp;                   /* its id */
	uint32_t pc;                   /* the record that runs next; a suspended `call` in
	                                  all places but the innermost */
	uint64_t version[2];           /* trap_version of its code */
	uint32_t regs[SP_REGISTERS];
};

struct trap {
	enum trap_cause cause;
	uint32_t detail;               /* number of the signal; GL's word for the reset */
	uint32_t depth;                /* suspended calls; place[depth] is the innermost */
	uint64_t calls, budget;        /* of the client, then */
	struct engine_extern ext;
	struct trap_place place[SP_CALL_DEPTH + 1];
};

/* XXH3-128 of the code. */
void trap_version(const struct sp *sp, uint64_t version[2]);

/* ---- taking and giving back ------------------------------------------------ */

/* Of a run of sp that stopped: c->depth, c->pc and the registers say where.
 * -EINVAL: nothing is stopped there. */
int trap_capture(struct trap *t, enum trap_cause cause, uint32_t detail,
		 const struct client *c, const struct sp *sp, struct error *err);
/* c goes on at c->pc, with sp, as if it had stopped there itself: registers, suspended
 * calls, external state, calls and budget are set.  -EINVAL: the trap is not of this sp.
 * Nothing is changed when it fails. */
int trap_restore(const struct trap *t, struct client *c, const struct sp *sp,
		 struct error *err);

/* ---- running --------------------------------------------------------------- */

struct trap_how {
	bool signals;                  /* callees may raise SIGSEGV, BUS, FPE, ILL */
	uint32_t poll;                 /* ask the driver for its reset status every so many
	                                  records, 0: never (each look is a GL call) */
};

/* Runs as jit_run does, or as interp_run where code is NULL.  *t is filled in unless the
 * run ended or failed (ENGINE_ERROR: c->error).  After ENGINE_SIGNAL or ENGINE_RESET the
 * context's state is the driver's affair; c itself may be used, and resumed.
 *
 * Handlers of the four signals are the process's: they are set at the first use, and pass
 * on to those they replaced what no callee of a trap_run on the same thread raised. */
enum engine_status trap_run(struct client *c, const struct jit_code *code, const struct sp *sp,
			    uint32_t pc, const struct trap_how *how, struct trap *t);
/* Sets the handlers now: again, where somebody else has replaced them since. */
void trap_signals_set(void);

/* The run of sp from its beginning to the trap, once more: on a driver that has played
 * what came before.  For runs of known length: t->budget tells it, if the budget at the
 * beginning was `budget`.  -EIO: it stopped elsewhere (other external state, say). */
int trap_replay(const struct trap *t, uint64_t budget, struct client *c, const struct sp *sp,
		struct error *err);

/* ---- files ----------------------------------------------------------------- */

#define TRAP_FORMAT 1u                 /* version of what trap_write writes */

/* Appends t, and world's tables if it is not NULL. */
void trap_write(struct buf *out, const struct trap *t, const struct client *world);
/* -EBADMSG: damaged, or not a trap; -ENOTSUP: of a later version. */
int trap_read(struct trap *t, const void *data, size_t size, struct error *err);
/* The tables written beside a trap, into a client made with the same limits.  -ENOENT:
 * there are none; -EINVAL: of other limits. */
int trap_read_world(struct client *c, const void *data, size_t size, struct error *err);
int trap_save(const char *path, const struct trap *t, const struct client *world,
	      struct error *err);
int trap_load(const char *path, struct buf *data, struct error *err);

#endif
