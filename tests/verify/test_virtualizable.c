/* test_virtualizable.c - Popek and Goldberg over the command table, and over two
 * instruction sets that are bad on purpose: the checker must find the fault.
 * (tests/prove/test_canary.c holds the classes against a driver.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "blink/verify/virtualizable.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static void test_table(void **state)
{
	struct virtualizable v;
	unsigned n;
	struct virtualizable_row *rows = virtualizable_rows(&n);

	(void)state;
	assert_non_null(rows);
	assert_int_equal(virtualizable_judge(rows, n, gl_mediations, &v), 0);
	for (unsigned i = 0; i < v.nfaults; i++)
		print_message("%s: %s\n", v.faults[i].name, virtualizable_sentences[v.faults[i].why]);
	assert_int_equal(v.nfaults, 0);
	assert_int_equal(v.innocuous + v.control + v.behaviour + v.opaque, v.rows);
	assert_true(v.rows > 600 && v.control > 20 && v.behaviour > 5);
	virtualizable_finish(&v);
	free(rows);
}

static const struct gl_text mediations[] = { { "scissor", "" }, { "answer", "" }, { NULL, NULL } };

static void fault_expect(const struct virtualizable_row *rows, unsigned n, unsigned why,
			 const char *name)
{
	struct virtualizable v;

	assert_int_equal(virtualizable_judge(rows, n, mediations, &v), 0);
	assert_int_equal(v.nfaults, 1);
	assert_string_equal(v.faults[0].name, name);
	assert_int_equal(v.faults[0].why, why);
	virtualizable_finish(&v);
}

/* The first bad set: as the x86 of 1974's theorem, a sensitive instruction that does not
 * trap.  Its neighbour is as sensitive, and mediated. */
static void test_unmediated(void **state)
{
	static const struct gl_effect scissor[] = { { GL_SLOT_scissor } };
	static const struct virtualizable_row rows[] = {
		{ "color", GL_CLASS_INNOCUOUS },
		{ "scissor", GL_CLASS_CONTROL, "scissor", .writes = scissor, .nwrites = 1 },
		{ "scissor_quietly", GL_CLASS_CONTROL, NULL, .writes = scissor, .nwrites = 1 },
	};

	(void)state;
	fault_expect(rows, 3, VIRTUALIZABLE_UNMEDIATED, "scissor_quietly");
	fault_expect(rows + 2, 1, VIRTUALIZABLE_UNMEDIATED, "scissor_quietly");
}

/* The second: rows that lie about their class. */
static void test_misclassified(void **state)
{
	static const struct gl_effect scissor[] = { { GL_SLOT_scissor } };
	static const struct gl_effect any_switch[] = { { GL_SLOT_enable, { { GL_KEY_PARAM, 0 } } } };
	static const struct gl_effect lighting[] = { { GL_SLOT_enable, { { GL_KEY_CONST, 0x0B50 } } } };
	static const struct gl_effect pixels[] = { { GL_SLOT_color_buffer } };
	static const struct gl_effect geometry[] = { { GL_SLOT_viewport } };
	static const struct gl_effect reads[] = { { GL_SLOT_bound_read_buffer },
							{ GL_SLOT_color_buffer } };
	static const struct gl_effect raster[] = { { GL_SLOT_raster_pos } };
	static const struct virtualizable_row good[] = {
		{ "light", GL_CLASS_INNOCUOUS, .writes = lighting, .nwrites = 1 },
		{ "draw", GL_CLASS_INNOCUOUS, .reads = geometry, .nreads = 1, .writes = pixels,
		  .nwrites = 1 },
		{ "raster", GL_CLASS_INNOCUOUS, .reads = geometry, .nreads = 1, .writes = raster,
		  .nwrites = 1 },
		{ "unknown", GL_CLASS_INNOCUOUS, .opaque = true, .writes = scissor, .nwrites = 1 },
	};
	static const struct { struct virtualizable_row row; unsigned why; } bad[] = {
		{ { "pop", GL_CLASS_INNOCUOUS, .writes = scissor, .nwrites = 1 },
		  VIRTUALIZABLE_CONTROLS },
		{ { "enable", GL_CLASS_INNOCUOUS, .writes = any_switch, .nwrites = 1 },
		  VIRTUALIZABLE_CONTROLS },
		{ { "clear", GL_CLASS_INNOCUOUS, .writes = pixels, .nwrites = 1 },
		  VIRTUALIZABLE_CONTROLS },
		{ { "copy", GL_CLASS_INNOCUOUS, .reads = reads, .nreads = 2 }, VIRTUALIZABLE_BEHAVES },
		{ { "window_pos", GL_CLASS_INNOCUOUS, .writes = raster, .nwrites = 1 },
		  VIRTUALIZABLE_BEHAVES },
		{ { "query", GL_CLASS_BEHAVIOUR, "by magic" }, VIRTUALIZABLE_UNKNOWN_MEDIATION },
	};
	struct virtualizable_row rows[5];
	struct virtualizable v;

	(void)state;
	assert_int_equal(virtualizable_judge(good, 4, mediations, &v), 0);
	assert_int_equal(v.nfaults, 0);
	assert_int_equal(v.opaque, 1);
	virtualizable_finish(&v);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memcpy(rows, good, sizeof(good));
		rows[4] = bad[i].row;
		fault_expect(rows, 5, bad[i].why, bad[i].row.name);
	}
}

/* The table with one row's mediation struck out: found, whichever row it is. */
static void test_each_mediation_counts(void **state)
{
	struct virtualizable v;
	unsigned n, struck = 0;
	struct virtualizable_row *rows = virtualizable_rows(&n);

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		const char *was = rows[i].mediation;

		if (rows[i].klass == GL_CLASS_INNOCUOUS || rows[i].opaque)
			continue;
		rows[i].mediation = NULL;
		assert_int_equal(virtualizable_judge(rows, n, gl_mediations, &v), 0);
		assert_int_equal(v.nfaults, 1);
		assert_string_equal(v.faults[0].name, rows[i].name);
		virtualizable_finish(&v);
		rows[i].mediation = was;
		struck++;
	}
	assert_true(struck > 50);
	free(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table), cmocka_unit_test(test_unmediated),
		cmocka_unit_test(test_misclassified), cmocka_unit_test(test_each_mediation_counts),
	};

	return cmocka_run_group_tests_name("virtualizable", tests, NULL, NULL);
}
