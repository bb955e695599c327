/* test_jit_code.c - what compiling promises beside being right: small procedures wait for
 * their second run, code depends on shape and not on numbers, levels of the processor
 * differ in code and not in what it does, records' registers are written back wherever
 * somebody can look.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "blink/base/cpu.h"
#include "blink/sp/index.h"
#include "tests/engine/two_engines.h"

static struct sp sp_of(const struct buf *code)
{
	return (struct sp){ .code = (const uint32_t *)(const void *)code->data,
			    .nwords = (uint32_t)(code->len / 4) };
}

static void colours(struct buf *code, unsigned n, uint32_t value)
{
	buf_clear(code);
	for (unsigned i = 0; i < n; i++)
		sp_emit_words(code, i % 3 ? OP_glColor3f : OP_glNormal3f, value, i, value);
	sp_end(code);
}

static void small_ones_wait(void **state)
{
	const struct jit_code *first;
	struct jit_stats stats;
	struct error err;
	struct buf code;
	struct two t;
	struct sp sp;

	(void)state;
	two_init(&t);
	buf_init(&code);
	colours(&code, 5, 1);
	sp = sp_of(&code);
	assert_null(jit_tier(t.jit, &sp, NULL, &err));
	assert_int_equal(err.code, 0);
	first = jit_tier(t.jit, &sp, NULL, &err);
	assert_non_null(first);
	/* another of this shape: numbers make no difference */
	colours(&code, 5, 7);
	sp = sp_of(&code);
	assert_ptr_equal(jit_tier(t.jit, &sp, NULL, &err), first);
	colours(&code, 500, 7);
	sp = sp_of(&code);
	assert_non_null(jit_tier(t.jit, &sp, NULL, &err));
	jit_stats_get(t.jit, &stats);
	assert_int_equal(stats.waits, 1);
	assert_int_equal(stats.compiles, 2);
	assert_int_equal(stats.hits, 1);
	buf_finish(&code);
	two_finish(&t);
}

/* Arithmetic on all registers between calls that read some: every value is in memory
 * when it has to be, at every budget. */
static void registers_are_written_back(void **state)
{
	enum cpu_level best = cpu_level();

	(void)state;
	for (unsigned level = 0; level <= best; level++) {
		struct random r = { .state = 11 + level };
		struct buf code;
		struct two t;

		assert_true(cpu_level_set((enum cpu_level)level));
		two_init(&t);
		for (unsigned i = 0; i < 300; i++) {
			static const unsigned ops[] = {
				OP_add_i, OP_mul_i, OP_add_f, OP_max_f, OP_sar, OP_set_lt_f,
				OP_sqrt_f, OP_neg_f, OP_mov, OP_cvt_fi, OP_sin_f,
			};
			const char *difference;
			struct sp sp;

			buf_init(&code);
			for (unsigned k = 0; k < 60; k++) {
				unsigned op = ops[random_below(&r, sizeof(ops) / sizeof(*ops))];
				uint32_t w[3] = { random_below(&r, 32), random_below(&r, 32),
						  random_below(&r, 32) };

				sp_emit(&code, op, gl_ops[op].noperands == 3 ? 6 : 2, w);
				if (random_below(&r, 6) == 0)
					sp_emit(&code, OP_glVertex2i, 3,
						(uint32_t[]){ random_below(&r, 32), w[0] });
				if (random_below(&r, 20) == 0)
					sp_emit(&code, OP_jump_lt_i, 3, (uint32_t[]){ w[0], w[1], 0 });
			}
			sp_end(&code);
			sp = sp_of(&code);
			two_registers(&t, &r);
			difference = two_run_all(&t, &sp, &r, i % 2 ? 9 : 0);
			if (difference)
				fail_msg("level %s, program %u: %s", cpu_level_names[level], i,
					 difference);
			buf_finish(&code);
		}
		two_finish(&t);
	}
}

/* Stretches: found, as long as they are, at any length and period, by every level. */
static void stretches_are_found(void **state)
{
	static const unsigned ops[INDEX_PERIOD] = {
		OP_glVertex3f, OP_glLoadIdentity, OP_glColor4f, OP_glTexCoord1f,
	};
	enum cpu_level best = cpu_level();
	bool regular[GL_OP_COUNT];

	(void)state;
	memset(regular, true, sizeof(regular));
	regular[OP_end] = false;
	for (unsigned level = 0; level <= best; level++)
		for (unsigned period = 1; period <= INDEX_PERIOD; period++)
			for (unsigned n = INDEX_ROUNDS * period; n < 80; n++) {
				struct buf code;
				struct sp_index x;
				struct sp sp;
				uint32_t records = 0;

				assert_true(cpu_level_set((enum cpu_level)level));
				assert_int_equal(index_init(&x), 0);
				buf_init(&code);
				for (unsigned i = 0; i < n; i++)
					sp_emit_words(&code, ops[i % period], ~0u, ~0u, ~0u, ~0u);
				sp_end(&code);
				sp = sp_of(&code);
				assert_int_equal(index_walk(&x, &sp, regular), 0);
				assert_int_equal(x.records, n + 1);
				for (uint32_t i = 0; i < x.nsteps; i++) {
					const struct sp_step *s = &x.step[i];

					records += s->rounds ? s->rounds * x.pattern[s->what].records
							     : 1;
				}
				assert_int_equal(records, n + 1);
				assert_int_equal(x.step[0].rounds, n / period);
				buf_finish(&code);
				index_finish(&x);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ones_wait),
		cmocka_unit_test(registers_are_written_back),
		cmocka_unit_test(stretches_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
