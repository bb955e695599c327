/* test_holes_state.c - holes where the order of commands is what counts: state that is set, put
 * back, made part of a list or replaced behind what was looked at.  The other kinds:
 * test_holes.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/verify/cases.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define LOOK(c) assert_int_equal(cases_bad(c, sizeof(c) / sizeof(*(c))), 0)

/* ---- order of state ------------------------------------------------------------------ */

static void state_order(void **state)
{
	static const struct verify_case holes[] = {
		{ "the buffer is unbound after the pointer is set: no effect on it", VERIFY_OK,
		  { MAKE, { "glBindBuffer", { BUF_ARRAY, 1 } },
		    { "glVertexPointer.buf", { 3, FLOAT, 0, 0, 0 } }, { "glBindBuffer", { BUF_ARRAY, 0 } },
		    { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 9 } } } },
		{ "the pointer is set before the buffer is bound", VERIFY_ARRAY_UNKNOWN,
		  { MAKE, { "glVertexPointer.buf", { 3, FLOAT, 0, 0, 0 } },
		    { "glBindBuffer", { BUF_ARRAY, 1 } }, { "glEnableClientState", { 0x8074 } },
		    { "glDrawArrays", { 4, 0, 1 } } } },
		{ "the buffer is deleted between pointer and draw", VERIFY_ARRAY_UNKNOWN,
		  { MAKE, { "glBindBuffer", { BUF_ARRAY, 1 } },
		    { "glVertexPointer.buf", { 3, FLOAT, 0, 0, 0 } },
		    { "glEnableClientState", { 0x8074 } }, { "glDeleteBuffers", { 1, PAY_NAMES, 0 } },
		    { "glDrawArrays", { 4, 0, 1 } } } },
		{ "the array is shortened after the lock", VERIFY_ARRAY_SHORT,
		  { MAKE, VERTICES, { "glLockArraysEXT", { 0, 4 } },
		    { "glVertexPointer", { 3, FLOAT, 0, PAY_TWO, 0 } },
		    { "glDrawArrays", { 4, 0, 1 } } } },
		{ "a second lock does not replace the first", VERIFY_ARRAY_SHORT,
		  { MAKE, VERTICES, { "glLockArraysEXT", { 0, 40 } }, { "glLockArraysEXT", { 0, 1 } },
		    { "glDrawArrays", { 4, 0, 1 } } } },
		{ "a short array comes back with PopClientAttrib", VERIFY_ARRAY_SHORT,
		  { MAKE, { "glVertexPointer", { 3, FLOAT, 0, PAY_TWO, 0 } },
		    { "glPushClientAttrib", { 2 } }, VERTICES, { "glPopClientAttrib", { 0 } },
		    { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 4 } } } },
		{ "a divisor that is part of a list", VERIFY_LIST_STATE,
		  { MAKE, { "glVertexAttribPointer", { 1, 3, FLOAT, 0, 0, PAY_VERTICES, 0 } },
		    { "glEnableVertexAttribArray", { 1 } }, { "glNewList", { 1, 0x1300 } },
		    { "glVertexAttribDivisor", { 1, 1 } }, { "glEndList", { 0 } },
		    { "glDrawArrays", { 4, 0, 3000 } } } },
#define UNPACK 0x88EC
#define FROM_BUFFER { "glDrawPixels.buf", { 1, 1, 0x1908, 0x1401, 16, 0, 0, 0, 1 } }
		{ "the buffer of pixels goes with PopClientAttrib", VERIFY_BUFFER_UNBOUND,
		  { MAKE, { "glPushClientAttrib", { 1 } }, { "glBindBuffer", { UNPACK, 1 } }, FROM_BUFFER,
		    { "glPopClientAttrib", { 0 } }, FROM_BUFFER } },
		{ "and comes back with it", VERIFY_BUFFER_BOUND,
		  { MAKE, { "glBindBuffer", { UNPACK, 1 } }, { "glPushClientAttrib", { 1 } },
		    { "glBindBuffer", { UNPACK, 0 } }, { "glPopClientAttrib", { 0 } },
		    { "glDrawPixels", { 1, 1, 0x1908, 0x1401, PAY_VERTICES, 0 } } } },
		{ "not with one that saved arrays alone", VERIFY_OK,
		  { MAKE, { "glPushClientAttrib", { 2 } }, { "glBindBuffer", { UNPACK, 1 } },
		    { "glPopClientAttrib", { 0 } }, FROM_BUFFER } },
		{ "who knows, where one was deleted", VERIFY_BUFFER_UNBOUND,
		  { MAKE, { "glBindBuffer", { UNPACK, 1 } }, { "glPushClientAttrib", { 1 } },
		    { "glDeleteBuffers", { 1, PAY_NAMES, 0 } }, { "glPopClientAttrib", { 0 } }, FROM_BUFFER } },
		{ "it does not in a context without client attributes", VERIFY_BUFFER_UNBOUND,
		  { { "blinkContext", { 1, 0, 33, 1 } }, { "blinkMakeCurrent", { 1, 1, 1 } },
		    { "glBindBuffer", { UNPACK, 1 } }, { "glPushClientAttrib", { 1 } },
		    { "glBindBuffer", { UNPACK, 0 } }, { "glPopClientAttrib", { 0 } }, FROM_BUFFER } },
		{ "nor in one of 3.1", VERIFY_BUFFER_UNBOUND,
		  { { "blinkContext", { 1, 0, 31, 0 } }, { "blinkMakeCurrent", { 1, 1, 1 } },
		    { "glBindBuffer", { UNPACK, 1 } }, { "glPushClientAttrib", { 1 } },
		    { "glBindBuffer", { UNPACK, 0 } }, { "glPopClientAttrib", { 0 } }, FROM_BUFFER } },
#define RESTART 0x8F9D
#define DRAW_RESTARTED { "glDrawElements", { 4, 4, USHORT, PAY_RESTART, 0 } }
		{ "a restart index", VERIFY_OK,
		  { MAKE, VERTICES, { "glEnable", { RESTART } }, { "glPrimitiveRestartIndex", { 0xffff } },
		    DRAW_RESTARTED } },
		{ "restarting ends with PopClientAttrib", VERIFY_INDEX_RANGE,
		  { MAKE, VERTICES, { "glPrimitiveRestartIndex", { 0xffff } }, { "glPushClientAttrib", { 2 } },
		    { "glEnable", { RESTART } }, { "glPopClientAttrib", { 0 } }, DRAW_RESTARTED } },
		{ "at another index, too", VERIFY_INDEX_RANGE,
		  { MAKE, VERTICES, { "glEnable", { RESTART } }, { "glPushClientAttrib", { 2 } },
		    { "glPrimitiveRestartIndex", { 0xffff } }, { "glPopClientAttrib", { 0 } },
		    DRAW_RESTARTED } },
		{ "a lock comes back with it", VERIFY_ARRAY_SHORT,
		  { MAKE, VERTICES, { "glLockArraysEXT", { 0, 40 } }, { "glPushClientAttrib", { 2 } },
		    { "glUnlockArraysEXT", { 0 } }, { "glPopClientAttrib", { 0 } },
		    { "glDrawArrays", { 4, 0, 1 } } } },
		{ "the texture unit does not, where its array object was deleted", VERIFY_ARRAY_UNKNOWN,
		  { MAKE, { "glBindVertexArray", { 1 } }, { "glClientActiveTexture", { 0x84C1 } },
		    { "glPushClientAttrib", { 2 } }, { "glClientActiveTexture", { 0x84C0 } },
		    { "glDeleteVertexArrays", { 1, PAY_NAMES, 0 } }, { "glBindVertexArray", { 1 } },
		    { "glPopClientAttrib", { 0 } } } },
		{ "packed normals, which Mesa refuses", VERIFY_ARRAY_UNKNOWN,
		  { MAKE, { "glNormalPointer", { 0x8D9F, 0, PAY_VERTICES, 0 } },
		    { "glEnableClientState", { 0x8075 } }, { "glDrawArrays", { 4, 0, 1 } } } },
		{ "set on one way only", VERIFY_ARRAY_SHORT,
		  { MAKE, { "glVertexPointer", { 3, FLOAT, 0, PAY_TWO, 0 } },
		    { "glEnableClientState", { 0x8074 } }, { "jump.eq.i", { 1, 2, 6 } },
		    { "glVertexPointer", { 3, FLOAT, 0, PAY_VERTICES, 0 } },
		    { "glDrawArrays", { 4, 0, 4 } } } },
		{ "state that GL leaves as it is between Begin and End", VERIFY_BEGIN_END,
		  { MAKE, { "glBegin", { 4 } }, { "glVertexAttribDivisor", { 1, 2 } } } },
		{ "objects that GL does not make between Begin and End", VERIFY_BEGIN_END,
		  { MAKE, { "glBegin", { 4 } }, { "glGenBuffers", { 1, PAY_NAMES, 0 } } } },
		{ "the context is made anew: its objects are not", VERIFY_NAME_CONTEXT,
		  { MAKE, { "glBindVertexArray", { 1 } }, { "blinkMakeCurrent", { 0, 0, 0 } },
		    { "blinkContext", { 1, 0, 0, 0 } }, { "blinkMakeCurrent", { 1, 1, 1 } },
		    { "glBindVertexArray", { 1 } } } },
		{ "the indices' buffer is another context's, made anew here", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
		    { "blinkContext", { 2, 1, 0, 0 } }, { "blinkMakeCurrent", { 2, 1, 1 } },
		    { "glGenBuffers", { 1, PAY_NAMES, 0 } }, { "glBindBuffer", { BUF_ELEMENT, 1 } },
		    { "glBufferData", { BUF_ELEMENT, 8, 0, PAY_INDICES, 0, 0x88E4 } },
		    { "blinkMakeCurrent", { 1, 1, 1 } },
		    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } } } },
#define INDEXED { "glBindBuffer", { BUF_ELEMENT, 1 } }, \
		{ "glBufferData", { BUF_ELEMENT, 8, 0, PAY_INDICES, 0, 0x88E4 } }
#define DRAW_INDEXED { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } }
		{ "indices that are known", VERIFY_OK, { MAKE, VERTICES, INDEXED, DRAW_INDEXED } },
		{ "storage for good, made at another target", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, { "glBindBuffer", { BUF_ARRAY, 1 } },
		    { "glBufferStorage", { BUF_ARRAY, 8, 0, PAY_INDICES_BAD, 0, 0 } },
		    { "glBindBuffer", { BUF_ARRAY, 0 } }, { "glVertexPointer", { 3, FLOAT, 0, PAY_VERTICES, 0 } },
		    INDEXED, DRAW_INDEXED } },
		{ "at one that is not followed", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, { "glBindBuffer", { 0x8F37, 1 } },
		    { "glBufferStorage", { 0x8F37, 8, 0, PAY_INDICES_BAD, 0, 0 } }, INDEXED, DRAW_INDEXED } },
		{ "on one way only", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } }, { "jump.eq.i", { 1, 2, 7 } },
		    { "glBufferStorage", { BUF_ELEMENT, 8, 0, PAY_INDICES_BAD, 0, 0 } }, INDEXED,
		    DRAW_INDEXED } },
		{ "indices that a shader may write", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, INDEXED, { "glBindBufferBase", { 0x90D2, 0, 1 } }, DRAW_INDEXED } },
		{ "and count with", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, INDEXED, { "glBindBufferRange", { 0x92C0, 0, 1, 0, 0, 8, 0 } },
		    DRAW_INDEXED } },
	};

	(void)state;
	LOOK(holes);
}

/* What was found before is found again only where nothing else has changed it since: another
 * procedure makes the same indices unknown, and says that it does. */
static void state_changes(void **state)
{
	static const struct record setup[] = { MAKE, INDEXED, { 0 } };
	static const struct record draws[] = { VERTICES, DRAW_INDEXED, { 0 } };
	static const struct record others[][3] = {
		{ { "glBindBufferBase", { 0x90D2, 0, 1 } } },
		{ { "glBindBufferBase", { 0x8C8E, 0, 1 } }, { "glBeginTransformFeedback", { 0 } } },
		{ { "glCopyBufferSubData", { 0x88EB, BUF_ELEMENT, 0, 0, 0, 0, 8, 0 } } },
	};
	struct verify_env env;

	(void)state;
	case_env(&env);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		static const struct record pack[] = { { "glBindBuffer", { 0x88EB, 1 } }, { 0 } };
		struct verify_state *s = verify_state_create();
		uint32_t code[64];
		struct sp sp = { .code = code, .callback = SP_INIT };
		struct verify_verdict v;

		assert_int_equal(case_verdict(s, &env, setup, SP_INIT, NULL), VERIFY_OK);
		assert_int_equal(case_verdict(s, &env, pack, SP_INIT, NULL), VERIFY_OK);
		assert_int_equal(case_verdict(s, &env, draws, SP_INIT, NULL), VERIFY_OK);
		sp.nwords = case_code(others[i], code, 64);
		assert_int_equal(verify_sp(s, &env, &sp, &v), 0);
		assert_false(v.still);
		assert_int_equal(case_verdict(s, &env, draws, SP_INIT, NULL), VERIFY_INDEX_UNKNOWN);
		verify_state_destroy(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_order),
		cmocka_unit_test(state_changes),
	};

	return cmocka_run_group_tests_name("verifier: order of state", tests, NULL, NULL);
}
