/* test_sp.c - records: what the table says of their words, walking, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "blink/sp/sp.h"
#include "tests/support/spgen.h"

static void test_words(void **state)
{
	(void)state;
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		unsigned at = 1;

		for (unsigned i = 0; i < gl_ops[op].noperands; i++) {
			const struct gl_operand *o = &gl_ops[op].operands[i];

			if (sp_kind_words(o->kind))
				assert_int_equal(o->word, at);
			at += sp_kind_words(o->kind);
		}
		assert_int_equal(gl_ops[op].words, at);
		assert_true(gl_ops[op].noperands <= GL_OP_MAX_OPERANDS);
		assert_true(strlen(gl_ops[op].name) < 128);
		assert_int_equal(gl_op_find(gl_ops[op].name), op);
	}
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SP_CALLBACKS; i++)
		assert_non_null(sp_callback_names[i]);
	for (unsigned i = 0; i < SP_EXTERNS; i++)
		assert_non_null(sp_extern_names[i]);
}

static void test_walk(void **state)
{
	struct spgen g = { .rng = { 1 }, .payloads = 3, .sps = 1 };
	const uint32_t *rec, *end;
	unsigned n = 0;
	struct buf code;
	bool bad;

	(void)state;
	buf_init(&code);
	spgen_records(&g, 500, &code);
	sp_end(&code);
	assert_false(buf_failed(&code));
	rec = (const void *)code.data;
	end = rec + code.len / 4;
	for (; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec))
		n++;
	assert_false(bad);
	assert_int_equal(n, 501);
	buf_finish(&code);
}

static void test_walk_bad(void **state)
{
	uint32_t unknown[] = { GL_OP_COUNT }, huge[] = { 0xffffffff };
	uint32_t cut[] = { sp_header(OP_mov, 0), 1 };
	bool bad = false;

	(void)state;
	assert_null(sp_next(unknown, unknown + 1, &bad));
	assert_true(bad);
	assert_null(sp_next(huge, huge + 1, &bad));
	assert_true(bad);
	assert_null(sp_next(cut, cut + 2, &bad));
	assert_true(bad);
	assert_null(sp_next(cut, cut, &bad));
	assert_false(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words), cmocka_unit_test(test_names),
		cmocka_unit_test(test_walk), cmocka_unit_test(test_walk_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
