/* test_ways_out.c - each way back out of confinement is refused where nobody mediates it: a
 * test for each that others paid for, by name, and all that the table calls sensitive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/verify/cases.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static uint32_t mediation(const char *name)
{
	for (unsigned i = 0; gl_mediations[i].name; i++)
		if (strcmp(gl_mediations[i].name, name) == 0)
			return 1u << i;
	fail_msg("no mediation %s", name);
	return 0;
}

/* Where nobody mediates as that command needs, it is refused; where somebody does, the
 * facts say that confinement is to be established anew. */
static void way_out(const struct record *r, const char *by)
{
	struct verify_state *s = verify_state_create();
	struct verify_facts facts;
	struct verify_env env;

	case_env(&env);
	env.limits.allow_sensitive = false;
	env.limits.unmediated = mediation(by);
	assert_int_equal(case_verdict(s, &env, r, SP_REDRAW, NULL), VERIFY_SENSITIVE);
	env.limits.unmediated = ~mediation(by);
	assert_int_equal(case_verdict(s, &env, r, SP_REDRAW, &facts), VERIFY_OK);
	assert_true(facts.mediations & mediation(by));
	verify_state_destroy(s);
}

static void out_by_pop_attrib(void **state)
{
	(void)state;
	way_out((struct record[]){ MAKE, { "glPushAttrib", { 0xfffff } }, { "glPopAttrib", { 0 } },
				   { 0 } }, "restore");
}

static void out_by_bind_framebuffer(void **state)
{
	(void)state;
	way_out((struct record[]){ MAKE, { "glBindFramebuffer", { 0x8D40, 0 } }, { 0 } }, "framebuffer");
	way_out((struct record[]){ MAKE, { "glBindFramebufferEXT", { 0x8D40, 0 } }, { 0 } },
		"framebuffer");
	way_out((struct record[]){ MAKE, { "glDeleteFramebuffers", { 1, PAY_NAMES, 0 } }, { 0 } },
		"framebuffer");
}

static void out_by_draw_buffer(void **state)
{
	(void)state;
	way_out((struct record[]){ MAKE, { "glDrawBuffer", { 0x0404 } }, { 0 } }, "framebuffer");
	way_out((struct record[]){ MAKE, { "glReadBuffer", { 0x0404 } }, { 0 } }, "framebuffer");
}

static void out_by_call_list(void **state)
{
	(void)state;
	way_out((struct record[]){ MAKE, { "glCallList", { 1 } }, { 0 } }, "list");
	way_out((struct record[]){ MAKE, { "glCallLists", { 4, 0x1401, PAY_INDICES, 0 } }, { 0 } },
		"list");
}

/* A list does not hide what it holds: its body is judged where it is compiled. */
static void out_by_list_body(void **state)
{
	struct verify_state *s = verify_state_create();
	struct verify_env env;

	(void)state;
	case_env(&env);
	env.limits.allow_sensitive = false;
	env.limits.unmediated = mediation("scissor");
	assert_int_equal(case_verdict(s, &env, (struct record[]){ MAKE, { "glNewList", { 1, 0x1300 } },
		{ "glScissor", { 0, 0, 9, 9 } }, { "glEndList", { 0 } }, { 0 } }, SP_INIT, NULL),
		VERIFY_SENSITIVE);
	env.limits.unmediated = mediation("restore");
	assert_int_equal(case_verdict(s, &env, (struct record[]){ MAKE, { "glNewList", { 1, 0x1300 } },
		{ "glPopAttrib", { 0 } }, { "glEndList", { 0 } }, { 0 } }, SP_INIT, NULL),
		VERIFY_SENSITIVE);
	verify_state_destroy(s);
}

/* Every sensitive instruction, by the table: refused where its mediation is missing, and
 * told in the facts where it is not. */
static void out_by_any_sensitive(void **state)
{
	unsigned looked = 0;

	(void)state;
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const struct gl_command *c;
		struct verify_state *s;
		struct verify_env env;
		struct record r[4] = { MAKE, { gl_ops[op].name } };

		if (gl_ops[op].command == GL_OP_NO_COMMAND)
			continue;
		c = &gl_commands[gl_ops[op].command];
		if (c->klass == GL_CLASS_INNOCUOUS || c->opaque || gl_ops[op].words > 11 ||
		    c->replay == GL_REPLAY_REFUSE)
			continue;
		s = verify_state_create();
		case_env(&env);
		env.limits.allow_sensitive = false;
		env.limits.unmediated = c->mediation ? mediation(c->mediation) : 0;
		if (case_verdict(s, &env, r, SP_REDRAW, NULL) != VERIFY_SENSITIVE)
			fail_msg("%s runs without %s", gl_ops[op].name, c->mediation);
		verify_state_destroy(s);
		looked++;
	}
	print_message("%u sensitive instructions\n", looked);
	assert_true(looked > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(out_by_pop_attrib), cmocka_unit_test(out_by_bind_framebuffer),
		cmocka_unit_test(out_by_draw_buffer), cmocka_unit_test(out_by_call_list),
		cmocka_unit_test(out_by_list_body), cmocka_unit_test(out_by_any_sensitive),
	};

	return cmocka_run_group_tests_name("verifier: ways out", tests, NULL, NULL);
}
