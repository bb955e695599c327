/* engine.h - runs verified stored procedures: interpreter and JIT.
 *
 * One contract: for every SP that the verifier accepted, interpreter and JIT make
 * the same calls with the same arguments on any sink, and leave the same registers.
 * Neither checks anything again: handing an unverified SP to an engine is a bug.
 *
 * A struct client is one client's world at run time: its name tables, location
 * slots, registers, external state and payload table, over one sink.  Compiled
 * code holds none of these: it finds them through the client pointer, so that it
 * may be cached and shared between versions.
 *
 * Threads: a client, its code and its sink belong to one thread at a time.
 */
#ifndef BLINK_ENGINE_ENGINE_H
#define BLINK_ENGINE_ENGINE_H

#include "blink/engine/sink.h"
#include "blink/sp/sp.h"

/* Why a run stopped. */
enum engine_status {
	ENGINE_END,         /* ran to its `end` */
	ENGINE_YIELD,       /* at a `yield`: resume at .pc */
	ENGINE_LIMIT,       /* command budget used up: resume at .pc */
	ENGINE_ERROR,       /* a window-system operation failed, see .error */
	ENGINE_SIGNAL,      /* a callee raised a signal (trap_run): resume at .pc */
	ENGINE_RESET        /* the driver lost the context (trap_run): resume at .pc */
};

struct engine_extern { uint32_t value[SP_EXTERNS]; };

/* In .names: no object of the driver stands behind this client name yet.  Binding
 * such a name makes one, as legacy GL does; elsewhere the driver is handed this very
 * value, which it knows no object by, and raises the error it should. */
#define CLIENT_NO_NAME 0xffffffffu

/* The caller's side of a `call`, while the callee runs or is suspended. */
struct client_frame {
	uint32_t regs[SP_REGISTERS];
	uint32_t pc;                         /* where the callee was suspended */
	const uint32_t *rec;                 /* the caller's `call` record */
};

struct jit;
struct jit_code;

/* Where compiled code is at work, for those who find it stopped by a signal. */
struct client_native {
	const void *stack;                   /* its stack pointer, while it runs */
	uint32_t level;                      /* 1 + the client's level, 0: none runs */
	struct jit_code *code[SP_CALL_DEPTH + 1];   /* by level, while it is kept */
};

struct client {
	struct sink *sink;
	struct sp_payloads payloads;         /* set before each run */
	uint32_t *names[GL_SPACE_COUNT];     /* client name -> driver name; [0] = 0; NULL
	                                        for spaces of identity and for syncs */
	uint32_t names_cap[GL_SPACE_COUNT];
	void **syncs;                        /* GL_SPACE_SYNC: driver handles */
	int32_t *locations;                  /* slot -> driver location; [0] = -1 */
	uint32_t nlocations;
	struct client_slot *slots;           /* what each slot stands for, for re-linking */
	uint32_t *program_slots;             /* program -> its first slot, 0 none */
	uint32_t regs[SP_REGISTERS];
	struct engine_extern ext;
	const struct sp *(*callee)(void *user, uint32_t id);   /* for `call` */
	void *user;
	uint64_t calls;                      /* GL calls made so far */
	uint64_t budget;                     /* commands left before ENGINE_LIMIT */
	uint32_t pc;                         /* word index where a run stopped */
	struct error error;
	/* Suspended calls: frames[0..depth); level is how deep the engine is in them. */
	struct client_frame frames[SP_CALL_DEPTH];
	uint32_t depth, level;
	struct jit *jit;                     /* compiles callees; set by jit_run */
	struct client_native native;
	uint8_t *scratch;                    /* for names and answers, grows */
	size_t scratch_cap;
	uint8_t *context_ready;              /* contexts whose pixel store is tight */
	/* called at each blinkSwap before the swap itself; may be NULL */
	void (*on_swap)(void *user, uint32_t drawable);
	void *swap_user;
};

struct client_limits {
	uint32_t names[GL_SPACE_COUNT];      /* highest client name per space */
	uint32_t slots;                      /* location slots */
};

/* embedded: init/finish */
int client_init(struct client *c, struct sink *sink, const struct client_limits *limits,
		struct error *err);
void client_finish(struct client *c);
/* Forgets a run that stopped at ENGINE_YIELD or ENGINE_LIMIT and is not going to be
 * resumed.  (To resume it, run the same SP from c->pc.) */
void client_abandon(struct client *c);

/* Runs sp from word pc: 0, or c->pc after a run that stopped.  Every record executed
 * costs 1 of c->budget, which starts as UINT64_MAX; a run stops with ENGINE_LIMIT
 * before the record that it can not pay for. */
enum engine_status interp_run(struct client *c, const struct sp *sp, uint32_t pc);

/* ---- JIT (x86-64) -------------------------------------------------------- */
struct jit;          /* code arenas near the sink's entry points, and the code cache */
struct jit_code;     /* one compiled SP */

int jit_create(struct jit **j, const struct sink *sink, struct error *err);
void jit_destroy(struct jit *j);
/* Compiles, or finds in the cache.  sp->code must stay in place while the code is
 * used: arguments are read from the (private, verified) records at run time.
 * Returned code is owned by the JIT and lives until jit_forget or eviction at a
 * later jit_compile of the same JIT (at least until the next call). */
const struct jit_code *jit_compile(struct jit *j, const struct sp *sp, struct error *err);
/* The same with what the verifier found: index is that of struct verify_env, filled in by
 * the verify_sp that accepted these very words just before.  It serves once.  NULL, or of
 * other words: not used. */
struct sp_index;
const struct jit_code *jit_compile_index(struct jit *j, const struct sp *sp,
					 struct sp_index *index, struct error *err);
/* The same for who would as well interpret: NULL with err->code 0 says that the SP is too
 * small for compiling to pay at its first run.  A shape that comes again is compiled. */
const struct jit_code *jit_tier(struct jit *j, const struct sp *sp, struct sp_index *index,
				struct error *err);
enum engine_status jit_run(struct client *c, const struct jit_code *code, const struct sp *sp,
			   uint32_t pc);
void jit_forget(struct jit *j, const struct jit_code *code);

/* Is an entry point within reach of direct calls?  (Far ones go through memory, and on
 * many processors run several times slower.) */
bool jit_near(const struct jit *j, sink_fn entry);

struct jit_stats { uint64_t compiles, hits, waits, records, bytes, evicted; };
void jit_stats_get(const struct jit *j, struct jit_stats *out);

#endif
