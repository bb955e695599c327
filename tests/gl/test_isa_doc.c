/* test_isa_doc.c - docs/ISA.md is what the command table says today.  Runs in the
 * repository's root; where it fails, `blinkctl isa --markdown -o docs/ISA.md` writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "blink/gl/coverage.h"

static void read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "r");
	char block[4096];
	size_t n;

	if (!f)
		fail_msg("%s cannot be read", path);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_append(b, block, n);
	fclose(f);
}

static unsigned line_of_difference(const struct buf *a, const struct buf *b)
{
	unsigned line = 1;

	for (size_t i = 0; i < a->len && i < b->len && a->data[i] == b->data[i]; i++)
		line += a->data[i] == '\n';
	return line;
}

static void test_up_to_date(void **state)
{
	struct buf want, have;

	(void)state;
	buf_init(&want);
	buf_init(&have);
	gl_isa_markdown(&want);
	assert_false(buf_failed(&want));
	read_file("docs/ISA.md", &have);
	if (want.len != have.len || memcmp(want.data, have.data, want.len) != 0)
		fail_msg("docs/ISA.md is out of date from line %u on: run "
			 "`blinkctl isa --markdown -o docs/ISA.md`",
			 line_of_difference(&want, &have));
	buf_finish(&want);
	buf_finish(&have);
}

/* The counts that `blinkctl isa` prints add up. */
static void test_coverage(void **state)
{
	struct gl_coverage rows[GL_COVERAGE_GROUPS];
	unsigned sum = 0, all = 0;

	(void)state;
	gl_coverage_count(rows);
	for (unsigned g = 0; g < GL_COVERAGE_CORE; g++)
		sum += rows[g].total;
	assert_int_equal(rows[GL_COVERAGE_CORE].total, sum);
	assert_int_equal(sum, 724);
	assert_int_equal(rows[GL_COVERAGE_CORE].named, 724);
	for (unsigned g = 0; g < GL_COVERAGE_GROUPS; g++) {
		unsigned replayed = 0;

		if (g != GL_COVERAGE_CORE)
			all += rows[g].total;
		for (unsigned r = 0; r <= GL_REPLAY_REFUSE; r++)
			replayed += rows[g].replay[r];
		assert_int_equal(replayed, rows[g].total);
		assert_true(rows[g].effects_proved <= rows[g].known);
	}
	assert_int_equal(all, gl_command_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up_to_date),
		cmocka_unit_test(test_coverage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
