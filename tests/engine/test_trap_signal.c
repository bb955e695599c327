/* test_trap_signal.c - callees that raise signals and drivers that lose contexts: the
 * trap says exactly which command it was, and the run goes on as if nothing had been.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>

#include "blink/sp/index.h"
#include "blink/verify/verify.h"
#include "jit-bench/mixes.h"
#include "tests/engine/trap_programs.h"

#define POINTS 3000u

/* ---- entry points that raise ----------------------------------------------------- */

static uint64_t calls, raise_at;      /* of the entries below, since they were armed */
static int raised;
static struct sink *plain;            /* the recorder's own entries */

/* Registers that belong to the caller are gone when the signal comes. */
#define SPOIL_REGISTERS() \
	__asm__ volatile("xor %%ebx, %%ebx\n\txor %%r12d, %%r12d\n\txor %%r13d, %%r13d\n\t" \
			 "xor %%r14d, %%r14d\n\txor %%r15d, %%r15d" \
			 : : : "rbx", "r12", "r13", "r14", "r15")

__attribute__((noinline)) static void fault(void)
{
	static const int numbers[] = { SIGSEGV, SIGILL, SIGFPE, SIGBUS };

	raised = numbers[raise_at % 4];
	SPOIL_REGISTERS();
	switch (raised) {
	case SIGSEGV: __asm__ volatile("movl $1, 8"); break;
	case SIGILL: __asm__ volatile("ud2"); break;
	case SIGFPE: __asm__ volatile("xor %%ecx, %%ecx\n\tdiv %%ecx" : : : "rax", "rcx", "rdx");
		break;
	default: raise(raised);
	}
}

static void maybe(void)
{
	if (calls++ == raise_at)
		fault();
}

#define ENTRY(op, parameters, arguments) \
	static void entry_##op parameters \
	{ \
		maybe(); \
		((void (*) parameters)plain->entry[OP_##op]) arguments; \
	}
ENTRY(glVertex3f, (float x, float y, float z), (x, y, z))
ENTRY(glNormal3f, (float x, float y, float z), (x, y, z))
ENTRY(glTranslatef, (float x, float y, float z), (x, y, z))
ENTRY(glColor4f, (float r, float g, float b, float a), (r, g, b, a))
ENTRY(glTexCoord2f, (float s, float t), (s, t))
ENTRY(glEnable, (uint32_t cap), (cap))
ENTRY(glDisable, (uint32_t cap), (cap))
ENTRY(glBegin, (uint32_t mode), (mode))
ENTRY(glCallList, (uint32_t list), (list))
ENTRY(glBlendFunc, (uint32_t s, uint32_t d), (s, d))
ENTRY(glBindTexture, (uint32_t target, uint32_t name), (target, name))
ENTRY(glBindBuffer, (uint32_t target, uint32_t name), (target, name))
ENTRY(glGenTextures, (int32_t n, uint32_t *names), (n, names))
ENTRY(glBeginQuery, (uint32_t target, uint32_t name), (target, name))
ENTRY(glNewList, (uint32_t list, uint32_t mode), (list, mode))
ENTRY(glBufferSubData, (uint32_t target, intptr_t at, intptr_t size, const void *data),
      (target, at, size, data))

static void entries_wrap(struct sink *s)
{
#define WRAP(op) s->entry[OP_##op] = (sink_fn)entry_##op
	WRAP(glVertex3f); WRAP(glNormal3f); WRAP(glTranslatef); WRAP(glColor4f);
	WRAP(glTexCoord2f); WRAP(glEnable); WRAP(glDisable); WRAP(glBegin); WRAP(glCallList);
	WRAP(glBlendFunc); WRAP(glBindTexture); WRAP(glBindBuffer); WRAP(glGenTextures);
	WRAP(glBeginQuery); WRAP(glNewList); WRAP(glBufferSubData);
}

/* ---- the context's loss -------------------------------------------------------------- */

static uint64_t looks, lost_at = UINT64_MAX;

static uint32_t reset_status(struct sink *s)
{
	(void)s;
	return looks++ == lost_at ? 0x8253 : 0;       /* GL_GUILTY_CONTEXT_RESET */
}

/* ---- running ---------------------------------------------------------------------------- */

struct world {
	struct program program;
	uint32_t seed;
	struct jit *jit;
	struct runner any;                /* whose entries the JIT calls */
	struct runner whole;
	uint64_t records, faults;         /* of the whole run; entries that could raise */
	unsigned points, in[SECTIONS], depths[SP_CALL_DEPTH + 1];
};

static void runner_start(struct runner *u, struct world *w)
{
	static struct sink_ops ops;

	runner_init(u, &w->program, w->seed);
	entries_wrap(u->sink);
	ops = *u->sink->ops;
	ops.reset_status = reset_status;
	u->sink->ops = &ops;
}

/* To the first trap, yields going on at once. */
static enum engine_status go_trapped(struct runner *u, struct jit *jit, struct world *w,
				     const struct trap_how *how, struct trap *t)
{
	const struct sp *sp = program_top(&w->program);
	const struct jit_code *code;
	uint32_t pc = 0;

	sink_recorder_use(u->sink);
	do {
		code = jit ? jit_compile(jit, sp, NULL) : NULL;
		u->status = trap_run(&u->client, code, sp, pc, how, t);
		pc = u->client.pc;
	} while (u->status == ENGINE_YIELD);
	if (u->status == ENGINE_ERROR)
		fail_msg("program %u: %s", w->seed, u->client.error.text);
	return u->status;
}

/* The trap is what a budget would have left there. */
static void state_check(struct world *w, struct runner *u, const struct trap *t)
{
	struct runner oracle;
	struct trap want;

	raise_at = UINT64_MAX;
	runner_start(&oracle, w);
	oracle.client.budget = UINT64_MAX - t->budget;
	assert_int_equal(runner_go(&oracle, NULL, &w->program, 0), ENGINE_LIMIT);
	assert_int_equal(trap_capture(&want, t->cause, t->detail, &oracle.client,
				      program_top(&w->program), NULL), 0);
	want.budget = t->budget;
	assert_int_equal(want.depth, t->depth);
	for (uint32_t k = 0; k <= t->depth; k++)
		if (want.place[k].pc != t->place[k].pc)
			fail_msg("program %u: place %u of the trap is word %u, not %u (%s)",
				 w->seed, k, t->place[k].pc, want.place[k].pc,
				 gl_ops[sp_opcode(w->program.sps[want.place[k].sp]
						  .code[want.place[k].pc])].name);
	assert_memory_equal(&want, t, sizeof(want));
	/* what was called before is in the log; of the command itself, there may be names */
	assert_true(u->log.len >= oracle.log.len && u->log.len <= w->whole.log.len);
	if (oracle.log.len)
		assert_memory_equal(oracle.log.data, w->whole.log.data, oracle.log.len);
	runner_finish(&oracle);
}

static void resume_check(struct world *w, struct runner *u, struct jit *jit,
			 const struct trap *t)
{
	size_t before = u->log.len;

	assert_int_equal(trap_restore(t, &u->client, program_top(&w->program), NULL), 0);
	u->client.budget = UINT64_MAX;
	assert_int_equal(runner_go(u, jit, &w->program, u->client.pc), ENGINE_END);
	assert_int_equal(u->log.len, w->whole.log.len);
	assert_memory_equal(u->log.data + before, w->whole.log.data + before,
			    u->log.len - before);
	assert_memory_equal(u->client.regs, w->whole.client.regs, sizeof(u->client.regs));
	assert_int_equal(u->client.calls, w->whole.client.calls);
	assert_int_equal(u->client.depth, 0);
}

static void world_start(struct world *w)
{
	memset(w, 0, sizeof(*w));
	trap_signals_set();      /* cmocka has set its own for this test */
	program_make(&w->program, 0);
	runner_start(&w->any, w);
	plain = sink_recorder_create(&w->any.log);
	assert_int_equal(jit_create(&w->jit, w->any.sink, NULL), 0);
}

static void world_next(struct world *w)
{
	program_finish(&w->program);
	program_make(&w->program, w->seed);
	runner_start(&w->whole, w);
	calls = looks = 0;
	raise_at = lost_at = UINT64_MAX;
	assert_int_equal(runner_go(&w->whole, NULL, &w->program, 0), ENGINE_END);
	w->records = UINT64_MAX - w->whole.client.budget;
	w->faults = calls;
}

static void world_end(struct world *w)
{
	jit_destroy(w->jit);
	runner_finish(&w->any);
	sink_destroy(plain);
	program_finish(&w->program);
}

static void signal_point(struct world *w, struct random *r)
{
	const struct trap_how how = { .signals = true };
	struct jit *first = random_below(r, 4) ? w->jit : NULL;
	struct runner u;
	struct trap t;

	runner_start(&u, w);
	calls = 0;
	raise_at = random_below(r, (uint32_t)w->faults);
	assert_int_equal(go_trapped(&u, first, w, &how, &t), ENGINE_SIGNAL);
	assert_int_equal(t.cause, TRAP_SIGNAL);
	assert_int_equal(t.detail, raised);
	state_check(w, &u, &t);
	w->points++;
	w->in[program_section_at(&w->program, &t)]++;
	w->depths[t.depth]++;
	resume_check(w, &u, random_below(r, 2) ? w->jit : NULL, &t);
	runner_finish(&u);
}

static void signals(void **state)
{
	static struct world w;
	struct random r = { .state = 5 };

	(void)state;
	world_start(&w);
	for (w.seed = 0; w.points < POINTS; w.seed++) {
		world_next(&w);
		for (unsigned i = 0; i < 10 && w.faults; i++)
			signal_point(&w, &r);
		runner_finish(&w.whole);
	}
	printf("%u signals:", w.points);
	for (unsigned i = 0; i < SECTIONS; i++) {
		printf(" %s %u", section_names[i], w.in[i]);
		assert_true(w.in[i] > 20);
	}
	printf(" nested %u\n", w.points - w.depths[0]);
	assert_true(w.points - w.depths[0] > 100);
	world_end(&w);
}

static void resets(void **state)
{
	static struct world w;
	struct random r = { .state = 6 };

	(void)state;
	world_start(&w);
	for (w.seed = 0; w.points < POINTS / 10; w.seed++) {
		struct trap_how how = { .poll = 1 + random_below(&r, 5) };
		struct runner u;
		struct trap t;

		world_next(&w);
		runner_start(&u, &w);
		looks = 0;
		lost_at = random_below(&r, (uint32_t)(w.records / how.poll + 1));
		if (go_trapped(&u, w.seed % 2 ? w.jit : NULL, &w, &how, &t) == ENGINE_RESET) {
			assert_int_equal(t.cause, TRAP_RESET);
			assert_int_equal(t.detail, 0x8253);
			state_check(&w, &u, &t);
			resume_check(&w, &u, w.seed % 3 ? w.jit : NULL, &t);
			w.points++;
		}
		runner_finish(&u);
		runner_finish(&w.whole);
	}
	world_end(&w);
}

/* ---- loops: the round is exact -------------------------------------------------------- */

/* Stretches of one pattern: the first is a loop, the others call rounds laid down once, as
 * many as they have; more than that are a loop again. */
static const uint16_t stretches[] = { 40, 4, 5, 15, 16, 17, 31, 32, 33, 63, 128, 143, 144, 200, 20 };
#define STRETCHES (sizeof(stretches) / sizeof(stretches[0]))
#define LOOP_CALLS 4000u

/* Words before each call. */
static unsigned loops_make(struct buf *code, uint32_t *at)
{
	unsigned n = 0;
#define CALL(...) (at[n++] = (uint32_t)(code->len / 4), sp_emit_words(code, __VA_ARGS__))

	CALL(OP_glTranslatef, 0, 0, 0);
	for (uint32_t i = 0; i < 100; i++) {
		CALL(OP_glColor4f, i, i, i, i);
		CALL(OP_glVertex3f, i, i, i);
	}
	for (uint32_t i = 0; i < 50; i++)
		CALL(OP_glNormal3f, i, i, i);
	for (unsigned s = 0; s < STRETCHES; s++) {
		CALL(OP_glTranslatef, s, 0, 0);
		for (uint32_t i = 0; i < stretches[s]; i++) {
			CALL(OP_glColor4f, i, i, i, s);
			CALL(OP_glTexCoord2f, i, s);
			CALL(OP_glVertex3f, i, i, s);
		}
		for (uint32_t i = 0; i < stretches[s] / 2; i++)
			CALL(OP_glNormal3f, i, i, s);
	}
#undef CALL
	sp_end(code);
	return n;
}

static void rounds_of_loops(void **state)
{
	const struct trap_how how = { .signals = true };
	static struct world w;
	static uint32_t at[LOOP_CALLS];
	const struct jit_code *compiled;
	struct buf code;
	struct sp sp = { .id = 0 };
	unsigned all;

	(void)state;
	world_start(&w);
	buf_init(&code);
	all = loops_make(&code, at);
	assert_in_range(all, 3000, LOOP_CALLS);
	sp.code = (const uint32_t *)(const void *)code.data;
	sp.nwords = (uint32_t)(code.len / 4);
	compiled = jit_compile(w.jit, &sp, NULL);
	for (uint64_t n = 0; n < all; n++) {
		struct runner u;
		struct trap t;

		runner_start(&u, &w);
		calls = 0;
		raise_at = n;
		assert_int_equal(trap_run(&u.client, compiled, &sp, 0, &how, &t), ENGINE_SIGNAL);
		assert_int_equal(t.place[0].pc, at[n]);
		assert_int_equal(t.calls, n);
		assert_int_equal(UINT64_MAX - t.budget, n);
		runner_finish(&u);
	}
	buf_finish(&code);
	world_end(&w);
}

/* ---- code made of the verifier's steps -------------------------------------------------- */

struct verified {
	struct verify_state *state;
	struct verify_env env;
	struct sp_index index;
	struct jit *jit;
	struct buf code;
	struct sp sp;
};

static void verified_make(struct verified *v, struct world *w, unsigned mix)
{
	struct verify_verdict verdict;

	memset(v, 0, sizeof(*v));
	v->jit = w->jit;
	v->state = verify_state_create();
	assert_int_equal(index_init(&v->index), 0);
	v->env.limits.words = SP_MAX_WORDS;
	v->env.limits.allow_opaque = v->env.limits.allow_sensitive = true;
	v->env.index = &v->index;
	bench_mixes[mix].make(&v->code);
	v->sp = (struct sp){ .id = 1, .callback = SP_REDRAW, .context = 1, .drawable = 1,
			     .code = (const uint32_t *)(const void *)v->code.data,
			     .nwords = (uint32_t)(v->code.len / 4) };
	assert_int_equal(verify_sp(v->state, &v->env, &v->sp, &verdict), 0);
}

static void verified_finish(struct verified *v)
{
	verify_state_destroy(v->state);
	index_finish(&v->index);
	buf_finish(&v->code);
}

static void indexed_code(void **state)
{
	const struct trap_how how = { .signals = true };
	static struct world w;
	struct random r = { .state = 8 };

	(void)state;
	world_start(&w);
	for (unsigned mix = 0; mix < 2; mix++) {
		struct verified v;
		uint64_t all;

		verified_make(&v, &w, mix);
		for (unsigned i = 0; i < 100; i++) {
			struct runner a, b;
			struct trap t, want;

			calls = 0;
			raise_at = UINT64_MAX;
			runner_start(&a, &w);
			assert_int_equal(interp_run(&a.client, &v.sp, 0), ENGINE_END);
			all = calls;
			runner_finish(&a);
			runner_start(&a, &w);
			runner_start(&b, &w);
			calls = 0;
			raise_at = i ? random_below(&r, (uint32_t)all) : all - 1;
			sink_recorder_use(a.sink);
			assert_int_equal(trap_run(&a.client, jit_compile_index(v.jit, &v.sp, &v.index, NULL),
						  &v.sp, 0, &how, &t), ENGINE_SIGNAL);
			calls = 0;
			sink_recorder_use(b.sink);
			assert_int_equal(trap_run(&b.client, NULL, &v.sp, 0, &how, &want),
					 ENGINE_SIGNAL);
			assert_int_equal(t.place[0].pc, want.place[0].pc);
			assert_memory_equal(&t, &want, sizeof(t));
			runner_finish(&a);
			runner_finish(&b);
		}
		verified_finish(&v);
	}
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounds_of_loops),
		cmocka_unit_test(indexed_code),
		cmocka_unit_test(signals),
		cmocka_unit_test(resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
