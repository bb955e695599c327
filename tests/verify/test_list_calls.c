/* test_list_calls.c - what one call of a list may come to: lists that call lists that call lists, as
 * often as it is known, and where a stranger's may not say what is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <GL/gl.h>

#include "tests/verify/cases.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define LIST(n, ...) { "glNewList", { n, GL_COMPILE } }, __VA_ARGS__, { "glEndList", { 0 } }
#define CALL(n) { "glCallList", { n } }
#define TWICE(n) CALL(n), CALL(n)
#define FOUR(n) TWICE(n), TWICE(n)
#define BEGIN { "glBegin", { GL_QUADS } }
#define END { "glEnd", { 0 } }
#define LOAD { "glLoadIdentity", { 0 } }
#define NAMES(n) { "glCallLists", { n, GL_UNSIGNED_BYTE, PAY_VERTICES, 0 } }

#define CALLS 20u                       /* that one command may come to here */

static struct verify_env env_of(bool stranger)
{
	struct verify_env env;

	case_env(&env);
	env.limits.allow_opaque = !stranger;
	env.limits.work = stranger ? CALLS * VERIFY_WORK_CALL : 0;
	return env;
}

static void calls(void **state)
{
	static const struct verify_case strangers[] = {
		{ "as many calls as may be", VERIFY_OK,
		  { MAKE, LIST(1, LOAD), LIST(2, FOUR(1)), LIST(3, FOUR(2)), CALL(3), CALL(3) } },
		{ "lists that multiply", VERIFY_WORK,
		  { MAKE, LIST(1, LOAD), LIST(2, FOUR(1)), LIST(3, FOUR(2), CALL(1)), CALL(3) } },
		{ "which nobody calls", VERIFY_OK,
		  { MAKE, LIST(1, LOAD), LIST(2, FOUR(1)), LIST(3, FOUR(2), CALL(1)) } },
		{ "called by another", VERIFY_WORK,
		  { MAKE, LIST(1, LOAD), LIST(2, FOUR(1)), LIST(3, FOUR(2), CALL(1)), LIST(4, CALL(3)),
		    CALL(4) } },
		{ "called as another is made", VERIFY_WORK,
		  { MAKE, LIST(1, LOAD), LIST(2, FOUR(1)), LIST(3, FOUR(2), CALL(1)),
		    { "glNewList", { 4, GL_COMPILE_AND_EXECUTE } }, CALL(3), { "glEndList", { 0 } } } },
		{ "made anew, and shorter", VERIFY_OK,
		  { MAKE, LIST(1, LOAD), LIST(2, FOUR(1)), LIST(3, FOUR(2), CALL(1)), LIST(3, CALL(2)),
		    CALL(3) } },
		{ "as many calls, one after the other", VERIFY_OK,
		  { MAKE, LIST(1, LOAD), LIST(2, FOUR(1)), FOUR(2), FOUR(2), FOUR(2), FOUR(2) } },
		{ "as many names as are looked up", VERIFY_OK, { MAKE, NAMES(48), NAMES(48) } },
		{ "between Begin and End of a list", VERIFY_LIST_CALLS,
		  { MAKE, LIST(1, LOAD), LIST(2, BEGIN, CALL(1), END) } },
		{ "names there", VERIFY_LIST_CALLS, { MAKE, LIST(2, BEGIN, NAMES(1), END) } },
		{ "their base there", VERIFY_LIST_CALLS,
		  { MAKE, LIST(2, BEGIN, { "glListBase", { 1 } }, END) } },
		{ "attributes saved there", VERIFY_LIST_CALLS,
		  { MAKE, LIST(2, BEGIN, { "glPushAttrib", { GL_LIST_BIT } }, END) } },
		{ "attributes brought back there", VERIFY_LIST_CALLS,
		  { MAKE, LIST(2, BEGIN, { "glPopAttrib", { 0 } }, END) } },
		{ "all of them before it", VERIFY_OK,
		  { MAKE, LIST(2, { "glPushAttrib", { GL_LIST_BIT } }, { "glListBase", { 1 } }, NAMES(1),
			       { "glPopAttrib", { 0 } }) } },
		{ "between Begin and End of no list", VERIFY_OK,
		  { MAKE, LIST(1, LOAD), BEGIN, CALL(1), NAMES(1), END } },
	};
	static const struct verify_case own[] = {
		{ "one's own lists that multiply", VERIFY_OK,
		  { MAKE, LIST(1, LOAD), LIST(2, FOUR(1)), LIST(3, FOUR(2), CALL(1)), CALL(3) } },
		{ "one's own between Begin and End", VERIFY_OK,
		  { MAKE, LIST(1, LOAD), LIST(2, BEGIN, CALL(1), { "glListBase", { 1 } }, END) } },
	};
	struct verify_env env = env_of(true);

	(void)state;
	assert_int_equal(cases_look(strangers, sizeof(strangers) / sizeof(*strangers), &env), 0);
	env = env_of(false);
	assert_int_equal(cases_look(own, sizeof(own) / sizeof(*own), &env), 0);
}

/* Names are looked up, be there lists or not: so many for one procedure. */
static void names(void **state)
{
	static const struct record many[] = { MAKE, NAMES(48), NAMES(48), { 0 } };
	struct verify_env env = env_of(true);
	struct verify_state *s = verify_state_create();

	(void)state;
	env.limits.work = 96 * VERIFY_WORK_LIST - 1;
	assert_int_equal(case_verdict(s, &env, many, SP_INIT, NULL), VERIFY_WORK);
	verify_state_destroy(s);
}

/* A list that was cheap when a piece was learned that calls it (segment.h) is not any more. */
static void met_again(void **state)
{
	static const struct record first[] = { MAKE, LIST(1, LOAD), LIST(2, FOUR(1)), LIST(3, CALL(2)), { 0 } };
	static const struct record dear[] = { LIST(3, FOUR(2), CALL(2)), { 0 } };
	static const struct record draw[] = { LOAD, CALL(3), LOAD, CALL(3), LOAD, CALL(3), { 0 } };
	struct verify_env env = env_of(true);
	struct verify_state *s = verify_state_create();

	(void)state;
	assert_int_equal(case_verdict(s, &env, first, SP_INIT, NULL), VERIFY_OK);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(case_verdict(s, &env, draw, SP_REDRAW, NULL), VERIFY_OK);
	assert_int_equal(case_verdict(s, &env, dear, SP_INIT, NULL), VERIFY_OK);
	assert_int_equal(case_verdict(s, &env, draw, SP_REDRAW, NULL), VERIFY_WORK);
	verify_state_destroy(s);
}

/* Few calls, and many words: of lists whose making was seen. */
static void words(void **state)
{
	static struct record few[64] = { MAKE, { "glNewList", { 1, GL_COMPILE } } };
	static const struct record call[] = { CALL(1), { 0 } };
	struct verify_env env = env_of(true);
	unsigned n = 0;

	(void)state;
	while (few[n].op)
		n++;
	while (n < 62)
		few[n++] = (struct record){ "glColor4f", { 0 } };
	few[n] = (struct record){ "glEndList", { 0 } };
	for (unsigned i = 0; i < 2; i++) {
		struct verify_state *s = verify_state_create();

		/* 50 records and more, of five words each */
		env.limits.work = i ? 250 : 500;
		assert_int_equal(case_verdict(s, &env, few, SP_INIT, NULL), VERIFY_OK);
		assert_int_equal(case_verdict(s, &env, call, SP_REDRAW, NULL), i ? VERIFY_WORK : VERIFY_OK);
		verify_state_destroy(s);
	}
}

/* Each calls the one before it twice: forty lists are a million million calls. */
static void doubled(void **state)
{
	struct verify_env env = env_of(true);
	struct verify_state *s = verify_state_create();

	(void)state;
	env.limits.work = UINT64_C(1) << 26;
	assert_int_equal(case_verdict(s, &env, (struct record[]){ MAKE, LIST(1, LOAD), { 0 } }, SP_INIT,
				      NULL), VERIFY_OK);
	for (uint32_t i = 2; i <= 40; i++) {
		bool many = (UINT64_C(1) << i) - 2 > 65536;

		assert_int_equal(case_verdict(s, &env, (struct record[]){ LIST(i, TWICE(i - 1)), { 0 } },
					      SP_INIT, NULL), VERIFY_OK);
		/* (what was refused is forgotten, and the lists with it) */
		if (!many || i == 40)
			assert_int_equal(case_verdict(s, &env, (struct record[]){ CALL(i), { 0 } }, SP_INIT,
						      NULL), many ? VERIFY_WORK : VERIFY_OK);
	}
	verify_state_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls), cmocka_unit_test(names), cmocka_unit_test(met_again),
		cmocka_unit_test(words), cmocka_unit_test(doubled),
	};

	return cmocka_run_group_tests_name("verifier: calls of lists", tests, NULL, NULL);
}
