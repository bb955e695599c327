/* test_race.c - a hostile writer changes the page that it shares with us, all the while
 * its procedures are copied, verified, compiled and run: what runs is what was verified.
 *
 * A procedure is read from the shared page once.  After that nothing on the page counts:
 * the private copy is the same at the end, its verdict is the same again, and calls and
 * registers are those that the interpreter gets from a copy of the copy, kept where
 * nobody writes.  RACE_SECONDS in the environment: how long (3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "blink/engine/engine.h"
#include "tests/soundness/program.h"

#define POOL 64u

/* What the client shares: words that may change at any time. */
struct page {
	_Atomic uint32_t n;
	_Atomic uint32_t words[PROGRAM_WORDS];
};
static struct page *page;
static struct program_sp pool[POOL];
static atomic_bool stop;
static atomic_ullong writes;

/* ---- the writer ----------------------------------------------------------------- */

/* Whole procedures, parts of them, and single words, as fast as it can. */
static void *writer(void *user)
{
	struct dice d = { 99 };

	(void)user;
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		const struct program_sp *sp = &pool[dice_below(&d, POOL)];
		uint32_t from = dice_below(&d, 3) ? 0 : dice_below(&d, sp->n);
		uint32_t to = dice_below(&d, 3) ? sp->n : from + dice_below(&d, sp->n - from + 1);

		for (uint32_t i = from; i < to; i++)
			atomic_store_explicit(&page->words[i], sp->words[i], memory_order_relaxed);
		if (!dice_below(&d, 4))
			atomic_store_explicit(&page->words[dice_below(&d, sp->n)], dice_u32(&d),
					      memory_order_relaxed);
		if (!dice_below(&d, 3))
			atomic_store_explicit(&page->n, sp->n, memory_order_relaxed);
		atomic_fetch_add_explicit(&writes, 1, memory_order_relaxed);
	}
	return NULL;
}

/* ---- the reader ----------------------------------------------------------------- */

/* Each word once, and the number of them once. */
static uint32_t page_copy(uint32_t *to)
{
	uint32_t n = atomic_load_explicit(&page->n, memory_order_relaxed);

	if (n > PROGRAM_WORDS)
		n = PROGRAM_WORDS;
	for (uint32_t i = 0; i < n; i++)
		to[i] = atomic_load_explicit(&page->words[i], memory_order_relaxed);
	return n;
}

struct run { struct sink *sink; struct buf log; struct client client; };

static void run_start(struct run *r)
{
	struct client_limits limits = { .slots = PROGRAM_SLOTS };
	struct error err;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		limits.names[i] = PROGRAM_NAMES;
	buf_init(&r->log);
	r->sink = sink_recorder_create(&r->log);
	assert_non_null(r->sink);
	assert_int_equal(client_init(&r->client, r->sink, &limits, &err), 0);
	r->client.payloads = program_payloads;
	memcpy(r->client.regs, program_registers(0), sizeof(r->client.regs));
}

static void run_finish(struct run *r)
{
	client_finish(&r->client);
	sink_destroy(r->sink);
	buf_finish(&r->log);
}

static enum engine_status run_to_end(struct run *r, const struct jit_code *code,
				     const struct sp *sp)
{
	enum engine_status status;
	uint32_t pc = 0;

	sink_recorder_use(r->sink);
	do {
		status = code ? jit_run(&r->client, code, sp, pc) : interp_run(&r->client, sp, pc);
		pc = r->client.pc;
	} while (status == ENGINE_YIELD);
	return status;
}

static bool verified(const struct verify_env *env, const struct sp *sp)
{
	struct verify_state *s = verify_state_create();
	struct verify_verdict v;
	int r = verify_sp(s, env, sp, &v);

	assert_non_null(s);
	verify_state_destroy(s);
	return r == 0;
}

/* Copied, verified, compiled, run; true when it was accepted. */
static bool round_run(struct jit *j, const struct verify_env *env, uint32_t *private,
		      uint32_t *pristine)
{
	struct sp sp = { .code = private, .callback = SP_INIT }, kept = { .callback = SP_INIT };
	const struct jit_code *code;
	struct run jit, interp;

	sp.nwords = kept.nwords = page_copy(private);
	memcpy(pristine, private, sp.nwords * 4);
	kept.code = pristine;
	if (!verified(env, &sp))
		return false;
	code = jit_compile(j, &sp, NULL);
	assert_non_null(code);
	run_start(&jit);
	run_start(&interp);
	assert_int_equal(run_to_end(&jit, code, &sp), ENGINE_END);
	assert_int_equal(run_to_end(&interp, NULL, &kept), ENGINE_END);
	assert_int_equal(jit.log.len, interp.log.len);
	assert_true(!jit.log.len || memcmp(jit.log.data, interp.log.data, jit.log.len) == 0);
	assert_memory_equal(jit.client.regs, interp.client.regs, sizeof(jit.client.regs));
	assert_memory_equal(private, pristine, sp.nwords * 4);
	assert_true(verified(env, &kept));
	run_finish(&jit);
	run_finish(&interp);
	return true;
}

/* Procedures that are accepted by themselves. */
static void pool_make(const struct verify_env *env)
{
	static struct program p;
	struct dice d = { 5 };
	unsigned n = 0;

	while (n < POOL) {
		generate(&p, &d);
		for (unsigned tries = 60; tries && p.sp[0].n > 1; tries--) {
			struct sp sp = program_get(&p, 0);
			struct verify_state *s = verify_state_create();
			struct verify_verdict v;
			int r;

			sp.callback = SP_INIT;
			r = verify_sp(s, env, &sp, &v);
			verify_state_destroy(s);
			if (r == 0) {
				pool[n++] = p.sp[0];
				break;
			}
			if (v.word >= p.sp[0].n || sp_opcode(p.sp[0].words[v.word]) >= GL_OP_COUNT ||
			    sp_opcode(p.sp[0].words[v.word]) == OP_end)
				break;
			program_cut(&p.sp[0], v.word, gl_ops[sp_opcode(p.sp[0].words[v.word])].words);
		}
	}
}

static void test_race(void **state)
{
	const char *seconds = getenv("RACE_SECONDS");
	static uint32_t private[PROGRAM_WORDS], pristine[PROGRAM_WORDS];
	struct verify_env env = { .payloads = program_payloads };
	struct run any;
	unsigned long rounds = 0, accepted = 0;
	struct error err;
	struct jit *j;
	pthread_t thread;
	time_t end;

	(void)state;
	program_world_make();
	env.payloads = program_payloads;
	program_limits(&env.limits, false);
	pool_make(&env);
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	run_start(&any);
	assert_int_equal(jit_create(&j, any.sink, &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, writer, NULL), 0);
	end = time(NULL) + (seconds ? atoi(seconds) : 3);
	while (time(NULL) < end) {
		accepted += round_run(j, &env, private, pristine);
		rounds++;
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	print_message("%lu copies of a page written %llu times: %lu accepted and run\n", rounds,
		      (unsigned long long)atomic_load(&writes), accepted);
	assert_true(rounds > 10 && atomic_load(&writes) > 10);
	jit_destroy(j);
	run_finish(&any);
	munmap(page, sizeof(*page));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_race) };

	return cmocka_run_group_tests_name("a hostile writer", tests, NULL, NULL);
}
