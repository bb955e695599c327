/* test_engines.c - interpreter and JIT make the same calls and leave the same registers,
 * for every instruction and for programs at random; and what they do is right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "tests/engine/two_engines.h"

static void check(struct two *t, const struct random_sp *s, struct random *r, uint32_t slice,
		  const char *what, unsigned number)
{
	struct sp sp = { .code = (const uint32_t *)(const void *)s->code.data,
			 .nwords = (uint32_t)(s->code.len / 4) };
	const char *difference;

	assert_false(buf_failed(&s->code));
	two_registers(t, r);
	difference = two_run_all(t, &sp, r, slice);
	if (difference)
		fail_msg("%s %u: engines differ in %s at word %u", what, number, difference,
			 t->side[0].client.pc);
}

/* Every instruction alone, repeated so that loops are made of it, and repeated again so that
 * such rounds are called. */
static void every_op(void **state)
{
	struct random r = { .state = 1 };
	unsigned left_out = 0;
	struct two t;

	(void)state;
	two_init(&t);
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		if (op == OP_call)
			continue;
		for (unsigned variant = 0; variant < 8; variant++) {
			unsigned n = variant < 4 ? 1 : variant < 6 ? 7 : 46;
			struct random_sp s;
			bool made = true;

			random_sp_init(&s);
			for (unsigned i = 0; i < n && made; i++) {
				if (i == 7 || i == 12)
					random_record(&r, &s, OP_glFlush, false);
				made = random_record(&r, &s, op, variant & 1);
			}
			random_sp_end(&r, &s);
			if (made)
				check(&t, &s, &r, 0, gl_ops[op].name, variant);
			else if (!variant)
				left_out++, print_message("no operands for %s\n",
							  gl_ops[op].name);
			random_sp_finish(&s);
		}
	}
	two_finish(&t);
	assert_int_equal(left_out, 0);
}

/* Every value instruction over all pairs of awkward operands. */
static void every_value(void **state)
{
	static const uint32_t v[] = {
		0, 1, 2, 31, 32, 33, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0xfffffffe,
		0x3f800000, 0xbf800000, 0x3fc00000, 0xbfc00000, 0x7f800000, 0xff800000,
		0x7fc00000, 0xffc00001, 0x7f800001, 0xff800001, 0x007fffff, 0x4f000000,
		0xcf000000, 0xcf000001, 0x4effffff, 0x4b800001, 0x7f7fffff, 0xdf000000,
	};
	enum { N = sizeof(v) / sizeof(v[0]) };
	struct random r = { .state = 2 };
	struct two t;

	(void)state;
	two_init(&t);
	for (unsigned op = OP_mov; op < OP_call; op++) {
		struct random_sp s;

		random_sp_init(&s);
		for (unsigned i = 0; i < N * N; i++) {
			const struct gl_operand *o = gl_ops[op].operands;
			unsigned first = o[0].kind == GL_KIND_DST;
			uint32_t *rec;

			random_record(&r, &s, op, false);
			rec = (uint32_t *)(void *)(s.code.data + 4 * s.starts[s.nrecords - 1]);
			if (op == OP_jump)
				continue;
			rec[o[first].word] = v[i / N];
			if (gl_ops[op].noperands > first + 1)
				rec[o[first + 1].word] = v[i % N];
			/* every result is seen */
			if (first)
				random_record(&r, &s, OP_glUniform1i, true);
		}
		random_sp_end(&r, &s);
		check(&t, &s, &r, 0, gl_ops[op].name, 0);
		random_sp_finish(&s);
	}
	two_finish(&t);
}

/* What NaN, overflow and division by zero give, as the instruction table says. */
static void values_are_right(void **state)
{
	static const struct { unsigned op; uint32_t a, b, d; } rows[] = {
		{ OP_add_i, 0x7fffffff, 1, 0x80000000 },
		{ OP_div_i, 7, 0, 0 }, { OP_div_i, 0x80000000, 0xffffffff, 0x80000000 },
		{ OP_div_i, 0xfffffff9, 2, 0xfffffffd },
		{ OP_mod_i, 7, 0, 7 }, { OP_mod_i, 0x80000000, 0xffffffff, 0 },
		{ OP_mod_i, 0xfffffff9, 2, 0xffffffff },
		{ OP_shl, 1, 33, 2 }, { OP_shr, 0x80000000, 63, 1 },
		{ OP_sar, 0x80000000, 31, 0xffffffff },
		{ OP_min_i, 0xffffffff, 1, 0xffffffff }, { OP_max_i, 0xffffffff, 1, 1 },
		{ OP_min_f, 0x7fc00000, 0x3f800000, 0x3f800000 },
		{ OP_min_f, 0x3f800000, 0x7fc00000, 0x7fc00000 },
		{ OP_max_f, 0x3f800000, 0x7fc00000, 0x7fc00000 },
		{ OP_cvt_fi, 0x7fc00000, 0, 0 }, { OP_cvt_fi, 0x4f000000, 0, 0x7fffffff },
		{ OP_cvt_fi, 0xcf000000, 0, 0x80000000 }, { OP_cvt_fi, 0xff800000, 0, 0x80000000 },
		{ OP_cvt_fi, 0xbfc00000, 0, 0xffffffff },
		{ OP_floor_f, 0xbfc00000, 0, 0xc0000000 },
		{ OP_neg_f, 0x7fc00001, 0, 0xffc00001 }, { OP_abs_f, 0xffc00001, 0, 0x7fc00001 },
		{ OP_set_lt_f, 0x7fc00000, 0x3f800000, 0 }, { OP_set_le_f, 0x7fc00000, 0, 0 },
		{ OP_set_eq_f, 0x7fc00000, 0x7fc00000, 0 }, { OP_set_eq_f, 0x80000000, 0, 1 },
		{ OP_set_lt_i, 0xffffffff, 0, 1 }, { OP_set_le_i, 5, 5, 1 },
	};
	struct two t;

	(void)state;
	two_init(&t);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf code;
		uint32_t words[3] = { 3, rows[i].a, rows[i].b };
		enum engine_status status;
		struct sp sp;

		buf_init(&code);
		sp_emit(&code, rows[i].op, 0, words);
		sp_end(&code);
		sp = (struct sp){ .code = (const uint32_t *)(const void *)code.data,
				  .nwords = (uint32_t)(code.len / 4) };
		assert_null(two_run(&t, &sp, 0, &status));
		if (t.side[1].client.regs[3] != rows[i].d)
			fail_msg("%s %08x %08x gave %08x, not %08x", gl_ops[rows[i].op].name,
				 rows[i].a, rows[i].b, t.side[1].client.regs[3], rows[i].d);
		buf_finish(&code);
	}
	two_finish(&t);
}

/* Programs of everything, run whole and in small slices. */
static void programs(void **state)
{
	struct random r = { .state = 3 };
	struct two t;

	(void)state;
	two_init(&t);
	for (unsigned i = 0; i < 3000; i++) {
		struct random_sp s;

		random_sp_init(&s);
		s.suspends = true;
		random_sp_fill(&r, &s, 1 + random_below(&r, 60));
		check(&t, &s, &r, i % 3 ? 1 + random_below(&r, 30) : 0, "program", i);
		random_sp_finish(&s);
	}
	two_finish(&t);
}

/* Procedures that call each other, with budgets that end within callees. */
static void calls(void **state)
{
	struct random r = { .state = 4 };

	(void)state;
	for (unsigned i = 0; i < 150; i++) {
		struct random_sp s[TWO_SPS];
		struct two t;

		two_init(&t);
		for (unsigned k = 0; k < TWO_SPS; k++) {
			random_sp_init(&s[k]);
			s[k].suspends = true;
			s[k].callees = k;
			if (k)
				random_record(&r, &s[k], OP_call, false);
			random_sp_fill(&r, &s[k], 1 + random_below(&r, 12));
			t.sps[k] = (struct sp){
				.id = k,
				.code = (const uint32_t *)(const void *)s[k].code.data,
				.nwords = (uint32_t)(s[k].code.len / 4) };
		}
		for (unsigned k = 0; k < 4; k++)
			check(&t, &s[TWO_SPS - 1 - k], &r, k ? 1 + random_below(&r, 20) : 0,
			      "calls", i);
		for (unsigned k = 0; k < TWO_SPS; k++)
			random_sp_finish(&s[k]);
		two_finish(&t);
	}
}

/* More code than the arena holds: it wraps, lets go of the oldest, and grows. */
static void arena(void **state)
{
	struct random r = { .state = 5 };
	struct jit_stats stats;
	struct two t;

	(void)state;
	two_init(&t);
	for (unsigned i = 0; i < 60; i++) {
		struct random_sp s;

		random_sp_init(&s);
		while (s.nrecords < (i % 20 == 19 ? 120000 : 4000)) {
			random_record(&r, &s, OP_glUniform4f, false);
			random_record(&r, &s, OP_add_f, true);
		}
		random_sp_end(&r, &s);
		check(&t, &s, &r, 0, "large program", i);
		random_sp_finish(&s);
	}
	jit_stats_get(t.jit, &stats);
	assert_int_equal(stats.compiles, 60);
	assert_true(stats.evicted > 0);
	two_finish(&t);
}

static void cache(void **state)
{
	struct random r = { .state = 6 };
	const struct jit_code *first;
	struct jit_stats stats;
	struct random_sp s;
	struct error err;
	struct two t;
	struct sp sp;

	(void)state;
	two_init(&t);
	random_sp_init(&s);
	random_sp_fill(&r, &s, 50);
	sp = (struct sp){ .code = (const uint32_t *)(const void *)s.code.data,
			  .nwords = (uint32_t)(s.code.len / 4) };
	first = jit_compile(t.jit, &sp, &err);
	assert_non_null(first);
	assert_ptr_equal(jit_compile(t.jit, &sp, &err), first);
	jit_forget(t.jit, first);
	assert_non_null(jit_compile(t.jit, &sp, &err));
	jit_stats_get(t.jit, &stats);
	assert_int_equal(stats.compiles, 2);
	assert_int_equal(stats.hits, 1);
	random_sp_finish(&s);
	two_finish(&t);
}

static int swap_fails(struct sink *s, uint32_t drawable, struct error *err)
{
	(void)s;
	return error_set(err, -5, "drawable %u is gone", drawable);
}

/* A window operation that fails stops both engines at its record, within a callee too. */
static void errors_stop(void **state)
{
	struct sink_ops ops;
	struct buf callee, code;
	enum engine_status status;
	struct two t;
	struct sp sp;

	(void)state;
	two_init(&t);
	ops = *t.side[0].sink->ops;
	ops.swap = swap_fails;
	t.side[0].sink->ops = t.side[1].sink->ops = &ops;
	buf_init(&callee);
	sp_emit_words(&callee, OP_glUniform1i, 0, 1);
	sp_emit_words(&callee, OP_blinkSwap, 3);
	sp_end(&callee);
	t.sps[0] = (struct sp){ .code = (const uint32_t *)(const void *)callee.data,
				.nwords = (uint32_t)(callee.len / 4) };
	buf_init(&code);
	sp_emit_words(&code, OP_mov, 4, 9);
	sp_emit_words(&code, OP_call, 0, 4, 1);
	sp_end(&code);
	sp = (struct sp){ .code = (const uint32_t *)(const void *)code.data,
			  .nwords = (uint32_t)(code.len / 4) };
	assert_null(two_run(&t, &sp, 0, &status));
	assert_int_equal(status, ENGINE_ERROR);
	assert_int_equal(t.side[1].client.pc, 3);
	assert_int_equal(t.side[1].client.calls, 2);
	assert_string_equal(t.side[1].client.error.text, "drawable 3 is gone");
	/* and both can go on with something else */
	assert_null(two_run(&t, &t.sps[0], 0, &status));
	assert_int_equal(status, ENGINE_ERROR);
	assert_int_equal(t.side[1].client.pc, 3);
	buf_finish(&callee);
	buf_finish(&code);
	two_finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_op),
		cmocka_unit_test(every_value),
		cmocka_unit_test(values_are_right),
		cmocka_unit_test(programs),
		cmocka_unit_test(calls),
		cmocka_unit_test(arena),
		cmocka_unit_test(cache),
		cmocka_unit_test(errors_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
