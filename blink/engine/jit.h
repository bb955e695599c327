/* jit.h - inside the JIT.
 *
 *   jit_arena.c    code memory near the sink's entry points, its stubs
 *   jit_stencil.c  one piece of code per instruction, made once, where that is possible
 *   jit_core.c     templates for BlinkGL's other instructions, blocks, labels
 *   jit_vector.c   BlinkGL's registers in vector registers
 *   jit_index.c    a procedure's steps and its shape
 *   jit_pass.c     the single pass over the records
 *   jit.c          code cache, room in the arenas, running
 *
 * Registers of compiled code:
 *   rbx  the next command's record, as far as j->at says
 *   r13  code base          r12  client         rbp  client->regs
 *   r14  end of a loop, or where called rounds return to
 *   r15  client->payloads.v
 *   [rsp, rsp + 128) outgoing stack arguments
 *   [rsp + 128]      within a round: rbx at its beginning, for who finds the code stopped by
 *                    a signal; the return address of a callee lies at [rsp - 8] then
 *   rax r10 r11 and argument registers are free between records
 *   xmm0..31         with AVX-512: BlinkGL's registers, as far as j->held says, between
 *                    value instructions; in memory wherever anybody else can look
 *
 * A block is a stretch of records that is entered at its first only.  Its head pays
 * for all of it, or leaves to the interpreter if the budget does not suffice, which
 * then stops at the exact record.  Records that can stop the run, or call, end it.
 */
#ifndef BLINK_ENGINE_JIT_H
#define BLINK_ENGINE_JIT_H

#include <assert.h>
#include <stdalign.h>

#include "blink/base/hot.h"
#include "blink/engine/engine.h"
#include "blink/engine/interp.h"
#include "blink/engine/jit_x86.h"
#include "blink/sp/index.h"

#define JIT_MARGIN 8192u            /* room that one step of the compiler may need */
#define JIT_ARENA_SIZE (2u << 20)   /* the first; each further one is 4 times larger */
#define JIT_ARENAS 5u
#define JIT_STACK_ARGS 16u
#define JIT_ROUND_SLOT (JIT_STACK_ARGS * 8)   /* from rsp */
/* Compiled and run once, procedures of fewer records take longer than interpreted once
 * (bench jit: small_procedures_cycles). */
#define JIT_WORTH 32u
#define JIT_ONCE 256u
#define JIT_DEOPT 0x100u            /* status: c->pc goes on in the interpreter */

/* Addresses that code calls: entries of GL instructions, arithmetic of core ones,
 * then the engine's own. */
enum jit_target {
	JIT_TARGET_NAME = GL_OP_COUNT,    /* client_name */
	JIT_TARGET_COMMAND,               /* client_command */
	JIT_TARGET_CALL,                  /* jit_call */
	JIT_TARGETS
};

struct jit_arena {
	uint8_t *rw, *rx;           /* the same memory, writable and executable */
	uint32_t size;
	uint32_t first;             /* code begins here, after targets and stubs */
	uint32_t head;              /* next free byte */
	struct jit_code *oldest, *newest;
	uint64_t exit, deopt, name_stub;    /* addresses of stubs */
	enum engine_status (*enter)(struct client *c, const uint32_t *code,
				    const struct sp_payload *payloads, const void *at);
};

struct jit_code {
	uint64_t hash[2];
	uint32_t records;
	uint32_t start, end;               /* in its arena */
	uint32_t pins;                     /* runs in progress */
	struct jit *jit;
	struct jit_arena *arena;
	struct interp_stops stops;         /* where it can be entered; .code: arena offset */
	const struct jit_loop *loops;      /* the stretches that did not become single records */
	uint32_t nloops;
	struct jit_code *older, *newer;    /* in its arena */
	struct jit_code *chain;            /* in its bucket, or in the list of free ones */
};

/* Code of an instruction, ready to be copied.
 *
 * SMALL and LARGE serve DIRECT instructions without register operands: they read the
 * record at rbx, and leave rbx at the next.  SMALL is copied without any branch: what
 * lies behind the code is overwritten by what follows.  SHORT serves arithmetic on
 * registers alone: their numbers are put in. */
enum jit_stencil_kind { STENCIL_NONE, STENCIL_SMALL, STENCIL_LARGE, STENCIL_SHORT };

#define STENCIL_BYTES 48u

struct jit_stencil {
	alignas(HOT_LINE) uint8_t bytes[STENCIL_BYTES];
	union {
		uint64_t target;      /* SMALL: what is called, distance at .rel */
		uint8_t at[3];        /* SHORT: operands a, b, d */
	};
	uint16_t mask;                /* register mask that it serves */
	uint8_t kind, len, rel, words;
	bool plain;                   /* operands matter only if there are registers */
};
static_assert(sizeof(struct jit_stencil) == HOT_LINE, "a stencil is one line");

struct jit_large {
	const uint8_t *bytes;
	const struct x86_rel *rels;   /* calls */
	uint16_t len;
	uint8_t nrels;
};

/* A stretch of so many rounds of so many records, from word pc on, is a loop, or calls. */
struct jit_loop { uint32_t pc, records, rounds; };

/* Rounds of a pattern that its stretches call: where, in the arena as it is written; bytes of
 * each.  Of the pass that is said; at NULL: the pattern was met once in it. */
struct jit_body { uint64_t pass; uint8_t *at; uint32_t round; };

/* Code of a value instruction with its registers in vector registers: 6 bytes in which
 * the registers' numbers are put by exclusive or (struct jit_vectors). */
enum jit_vector_kind { VECTOR_NONE, VECTOR_TWO, VECTOR_ONE, VECTOR_ONE_TWICE };
struct jit_vector { uint64_t base; uint8_t kind; bool integer; };
#define JIT_VECTOR_BYTES 6u

/* Where a record's code begins, in ascending order (jit_map.c).  Within a loop the code
 * serves several rounds: records of round k lie k * stride words after those of the
 * first, whose first record lies at word loop. */
struct jit_place { uint32_t code, pc, loop, stride, rounds; };
struct jit_map {
	struct jit_place *v;
	uint32_t n, cap;
	const uint8_t *start;               /* of the code being laid down */
	bool failed;
};

struct jit_jump { uint32_t target; uint8_t *field; };

struct jit {
	const struct sink *sink;
	enum cpu_level level;
	struct jit_arena arenas[JIT_ARENAS], *arena;
	unsigned narenas;
	struct jit_stencil stencils[GL_OP_COUNT];
	struct jit_large larges[GL_OP_COUNT];
	uint8_t *large_memory;
	/* the compile in progress */
	struct x86 x;
	uint8_t *limit;             /* x.p may not be beyond when a step begins */
	uint32_t start;             /* arena offset of its first byte */
	uint8_t *block;             /* head of the open block */
	uint32_t block_records, block_calls;
	uint64_t records;           /* of the blocks closed so far */
	struct jit_jump *jumps;     /* heap by target */
	uint32_t njumps, jumps_cap;
	struct interp_stop *stops;
	uint32_t nstops, stops_cap;
	struct jit_loop *loops;
	uint32_t nloops, loops_cap;
	uint32_t held, dirty;       /* registers in vector registers; newer than memory */
	uint32_t done;              /* records of the step at hand */
	uint32_t at;                /* word that rbx points to, UINT32_MAX not known */
	bool failed;                /* out of memory */
	uint64_t passes;            /* begun so far */
	struct jit_map *map;        /* notes where records' code is; NULL: nobody asks */
	/* what is compiled: steps, and the words on which code depends */
	const struct sp_index *index;
	struct sp_index own;
	uint32_t *words, nwords, words_cap;
	bool regular[GL_OP_COUNT];  /* may be part of patterns */
	struct jit_body bodies[INDEX_PATTERNS + 1];   /* by pattern */
	/* value instructions in vector registers; all VECTOR_NONE without AVX-512 */
	struct jit_vector vector[GL_OP_COUNT];
	uint64_t vector_d[SP_REGISTERS], vector_a[SP_REGISTERS], vector_b[SP_REGISTERS];
	/* the cache */
	struct jit_code **buckets, *free_codes;
	uint32_t nbuckets, ncodes;
	uint64_t once[JIT_ONCE];    /* shapes that were interpreted at their first run */
	uint64_t seed;
	struct jit_stats stats;
	uint64_t looked;            /* ticks when tables were last asked for */
	struct jit_watch *watches;  /* told of code that comes and goes (jit_tools.h) */
};

/* jit_arena.c */
int jit_arena_create(struct jit *j, uint32_t size, struct error *err);
void jit_arena_destroy(struct jit_arena *a);
/* Call of a target, direct where it is near. */
void jit_emit_call(struct jit *j, struct x86 *x, unsigned target);

/* jit_stencil.c */
int jit_stencils_make(struct jit *j, struct error *err);
/* All of these take the record at rbx, and leave rbx at the next. */
void jit_large_put(struct jit *j, unsigned op);
/* A DIRECT record with its register operands. */
void jit_emit_direct(struct jit *j, const uint32_t *rec);

/* jit_core.c */
HOT_NEXT void jit_block_open(struct jit *j, uint32_t pc);
HOT_NEXT void jit_block_close(struct jit *j);
/* Binds all jumps to pc. */
HOT_NEXT void jit_label(struct jit *j, uint32_t pc);
static inline uint32_t jit_next_label(const struct jit *j)
{
	return j->njumps ? j->jumps[0].target : UINT32_MAX;
}
void jit_emit_core(struct jit *j, const uint32_t *rec, uint32_t pc);
/* The same of `end`, which every procedure has. */
HOT_NEXT void jit_emit_end(struct jit *j, uint32_t pc);
/* Any record whose form is neither core nor DIRECT. */
void jit_emit_command(struct jit *j, const uint32_t *rec, uint32_t pc);

/* jit_core.c: SHORT stencils */
void jit_shorts_make(struct jit *j);

/* jit_vector.c */
void jit_vectors_make(struct jit *j);
/* A value instruction, if it is one that is done in vector registers. */
HOT_NEXT bool jit_vector_put(struct jit *j, const uint32_t *rec, uint32_t pc);
/* n of them, all with the same header and register operands only. */
HOT_NEXT void jit_vector_run(struct jit *j, const uint32_t *rec, uint32_t n);
bool jit_vector_runs(const struct jit *j, uint32_t header);
/* Memory has what the registers in set hold. */
void jit_regs_clean(struct jit *j, uint32_t set);
/* And the vector registers are free for others. */
HOT_NEXT void jit_regs_drop_held(struct jit *j);
static inline void jit_regs_drop(struct jit *j)
{
	if (j->held)
		jit_regs_drop_held(j);
}

/* jit_index.c, jit_hash.c */
HOT_NEXT void jit_hash_fetch(void);
HOT_NEXT void jit_hash(const struct jit *j, const void *data, size_t size, uint64_t *hash);
HOT_NEXT void jit_hash_avx2(const void *data, size_t size, uint64_t seed, uint64_t *hash);
int jit_index_init(struct jit *j);
/* The steps are those of `given` if it is this SP's. */
HOT_NEXT int jit_index_make(struct jit *j, const struct sp *sp, const struct sp_index *given,
		   struct error *err);
/* As it was when the code was made; false if it was not made of this SP. */
bool jit_index_again(struct jit *j, const struct sp *sp, const struct jit_code *k);
void jit_index_finish(struct jit *j);

/* jit_pass.c: lays down code for the steps of j->index from number i on; stops at the
 * first for which there is no room (x.p > limit).  Returns where it stopped. */
HOT_NEXT uint32_t jit_pass(struct jit *j, const struct sp *sp, uint32_t i);

/* jit_map.c: which record does code belong to?  Asked of code that is there, by laying
 * it down again in other memory: compiling itself keeps no account. */
int jit_map_make(struct jit_map *map, const struct jit_code *k, const struct sp *sp,
		 struct error *err);
void jit_map_finish(struct jit_map *map);
/* Is address one of this code's?  (Safe in signal handlers.) */
static inline bool jit_has(const struct jit_code *k, uint64_t address)
{
	return address - (uint64_t)(uintptr_t)(k->arena->rx + k->start) < k->end - k->start;
}
void jit_map_note(struct jit *j, const uint8_t *code, uint32_t pc);
/* The same at j->x.p, in a loop. */
void jit_map_note_round(struct jit *j, uint32_t pc, uint32_t loop, uint32_t stride,
			uint32_t rounds);
/* The record during whose call the code was left: its return address, and what the
 * round's slot held.  UINT32_MAX: none. */
uint32_t jit_map_find(const struct jit_map *map, const struct jit_code *k, const struct sp *sp,
		      uint64_t address, uint64_t round);

/* jit.c: the code that a signal left behind is no longer in use. */
void jit_unpin(struct jit_code *k);

/* jit.c: what `call` records call */
enum engine_status jit_call(struct client *c, const uint32_t *rec);

#endif
