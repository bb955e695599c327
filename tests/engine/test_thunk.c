/* test_thunk.c - a set of thunks: each command's entry is told its own opcode, and the
 * arguments that its caller passed, in the width of their types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "blink/engine/thunk.h"

static unsigned seen_op;
static uint64_t seen[THUNK_ARGUMENTS];

__attribute__((used))
static uint64_t test_call(unsigned op, const struct thunk_frame *f)
{
	seen_op = op;
	thunk_arguments(&gl_commands[gl_ops[op].command], f, seen);
	return op + 1;
}

THUNK_COMMON(test_common, test_call)
THUNK_SET(test_thunks, test_common)

static unsigned bits(unsigned ctype)
{
	switch (ctype) {
	case GL_C_I8: case GL_C_U8: return 8;
	case GL_C_I16: case GL_C_U16: return 16;
	case GL_C_I32: case GL_C_U32: case GL_C_F32: return 32;
	default: return 64;
	}
}

/* Sign or zeros above the type's width. */
static uint64_t widened(unsigned ctype, uint64_t v)
{
	unsigned off = 64 - bits(ctype);

	if (ctype == GL_C_I8 || ctype == GL_C_I16 || ctype == GL_C_I32)
		return (uint64_t)((int64_t)(v << off) >> off);
	return v << off >> off;
}

static void test_arguments(void **state)
{
	(void)state;
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const struct gl_command *c;
		uint64_t argv[THUNK_ARGUMENTS] = { 0 };

		if (gl_ops[op].command == GL_OP_NO_COMMAND)
			continue;
		c = &gl_commands[gl_ops[op].command];
		assert_in_range(c->nparams, 0, THUNK_ARGUMENTS);
		for (unsigned i = 0; i < c->nparams; i++)
			argv[i] = UINT64_C(0x8182838485868788) + UINT64_C(0x0101010101010101) * i;
		memset(seen, 0xee, sizeof(seen));
		gl_invoke(gl_command_signature(c), thunk_at(test_thunks, op), argv);
		assert_int_equal(seen_op, op);
		for (unsigned i = 0; i < c->nparams; i++)
			assert_int_equal(seen[i], widened(c->params[i].ctype, argv[i]));
		for (unsigned i = c->nparams; i < THUNK_ARGUMENTS; i++)
			assert_int_equal(seen[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_arguments) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
