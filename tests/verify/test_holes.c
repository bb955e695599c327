/* test_holes.c - the kinds of hole that others paid for (unchecked counts, two functions
 * that size the same thing, underflow, double fetch, uninitialised memory, enums as
 * indices): a test for each, by name.  Order of state: test_holes_state.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/verify/cases.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define HUGE 0x7fffffff
#define MINUS(n) (0u - (n))

#define LOOK(c) assert_int_equal(cases_bad(c, sizeof(c) / sizeof(*(c))), 0)

/* ---- counts --------------------------------------------------------------------- */

static void unchecked_counts(void **state)
{
	static const struct verify_case holes[] = {
		{ "more names than the payload holds", VERIFY_PAYLOAD_SHORT,
		  { MAKE, { "glGenTextures", { 2, PAY_NAMES, 0 } } } },
		{ "names: a count whose bytes do not fit 32 bits", VERIFY_PAYLOAD_SHORT,
		  { MAKE, { "glDeleteTextures", { 0x40000001, PAY_NAMES, 0 } } } },
		{ "names: a negative count", VERIFY_PAYLOAD_SIZE_UNKNOWN,
		  { MAKE, { "glGenBuffers", { MINUS(1), PAY_NAMES, 0 } } } },
		{ "lists: more than the payload holds", VERIFY_PAYLOAD_SHORT,
		  { MAKE, { "glCallLists", { 9, 0x1403, PAY_INDICES, 0 } } } },
		{ "uniforms: 2^30 vectors", VERIFY_PAYLOAD_SHORT,
		  { MAKE, { "glUniform4fv", { 1, 1u << 30, PAY_VERTICES, 0 } } } },
		{ "strings: one more than there is", VERIFY_STRING_UNTERMINATED,
		  { MAKE, { "glTransformFeedbackVaryings", { 1, 2, PAY_STRING, 0, 0x8C8C } } } },
		{ "strings: a negative number", VERIFY_PAYLOAD_SIZE_UNKNOWN,
		  { MAKE, { "glTransformFeedbackVaryings", { 1, MINUS(2), PAY_STRING, 0, 0x8C8C } } } },
		{ "shader source: longer than its payload", VERIFY_PAYLOAD_SHORT,
		  { MAKE, { "glShaderSource", { 1, 6, PAY_STRING, 0 } } } },
		{ "vertices: more than the array holds", VERIFY_ARRAY_SHORT,
		  { MAKE, VERTICES, { "glDrawArrays", { 4, 0, HUGE } } } },
		{ "indices: more than the payload holds", VERIFY_PAYLOAD_SHORT,
		  { MAKE, VERTICES, { "glDrawElements", { 4, 5, USHORT, PAY_INDICES, 0 } } } },
		{ "instances: more than the array holds", VERIFY_ARRAY_SHORT,
		  { MAKE, { "glVertexAttribPointer", { 1, 3, FLOAT, 0, 0, PAY_TWO, 0 } },
		    { "glEnableVertexAttribArray", { 1 } }, { "glVertexAttribDivisor", { 1, 1 } },
		    { "glDrawArraysInstanced", { 4, 0, 1, 3 } } } },
	};

	(void)state;
	LOOK(holes);
}

/* ---- one size function ------------------------------------------------------------ */

/* For every command with memory: what the verifier accepts is exactly what the function
 * of engine and recorder says, to the byte. */
static void two_size_functions(void **state)
{
	static uint8_t memory[4096];
	struct sp_payload payload[2] = { { 0 }, { memory, 0, 0 } };
	unsigned looked = 0;

	(void)state;
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const struct gl_op *row = &gl_ops[op];
		const struct gl_operand *p = NULL;
		struct record r[4] = { MAKE, { row->name } };
		uint32_t rec[32] = { op };
		uint64_t need;
		unsigned which = 0, payloads = 0;

		for (unsigned i = 0; i < row->noperands; i++) {
			const struct gl_operand *o = &row->operands[i];

			/* small counts, a format and a type that most take */
			rec[o->word] = o->kind == GL_KIND_ENUM ? strcmp(o->name, "format") == 0 ? 0x1908
				: 0x1401 : 1;
			if (o->kind == GL_KIND_PAYLOAD)
				p = o, which = i, payloads++, rec[o->word + 1] = 0;
		}
		if (payloads != 1 || p->size_rule <= GL_SIZE_STRINGS || row->words > 10 ||
		    !gl_payload_size(rec, which, &need) || !need || need > sizeof(memory))
			continue;
		memcpy(r[2].word, rec + 1, (row->words - 1u) * 4);
		for (int less = 0; less < 2; less++) {
			struct verify_state *s = verify_state_create();
			struct verify_env env;
			enum verify_reason v;

			case_env(&env);
			payload[1].size = (uint32_t)need - (uint32_t)less;
			env.payloads = (struct sp_payloads){ payload, 2 };
			v = case_verdict(s, &env, r, SP_INIT, NULL);
			verify_state_destroy(s);
			if ((v == VERIFY_PAYLOAD_SHORT) != less)
				fail_msg("%s with %u bytes of %u: %s", row->name, payload[1].size,
					 (unsigned)need, verify_reason_name(v));
		}
		looked++;
	}
	print_message("%u commands, each one byte short\n", looked);
	assert_true(looked > 100);
}

/* ---- underflow -------------------------------------------------------------------- */

static void underflow(void **state)
{
	static const struct verify_case holes[] = {
		{ "an offset beyond the payload, small need", VERIFY_PAYLOAD_RANGE,
		  { MAKE, { "glVertex3fv", { PAY_VERTICES, 49 } } } },
		{ "an offset such that offset + need wraps", VERIFY_PAYLOAD_RANGE,
		  { MAKE, { "glVertex3fv", { PAY_VERTICES, MINUS(4) } } } },
		{ "no payload, but an offset", VERIFY_PAYLOAD_RANGE,
		  { MAKE, { "glBindBuffer", { BUF_ARRAY, 1 } },
		    { "glBufferData", { BUF_ARRAY, 8, 0, 0, 48, 0x88E4 } } } },
		{ "first + count wraps", VERIFY_ARRAY_SHORT,
		  { MAKE, VERTICES, { "glDrawArrays", { 4, HUGE, HUGE } } } },
		{ "first is negative", VERIFY_DRAW_RANGE,
		  { MAKE, VERTICES, { "glDrawArrays", { 4, MINUS(1), 2 } } } },
		{ "base vertex before the first", VERIFY_INDEX_RANGE,
		  { MAKE, VERTICES,
		    { "glDrawElementsBaseVertex", { 4, 2, USHORT, PAY_INDICES, 0, MINUS(1) } } } },
		{ "base vertex that wraps round to good ones", VERIFY_INDEX_RANGE,
		  { MAKE, VERTICES,
		    { "glDrawElementsBaseVertex", { 4, 1, USHORT, PAY_INDICES, 6, 0x7fffffff } } } },
		{ "base instance that wraps", VERIFY_ARRAY_SHORT,
		  { MAKE, { "glVertexAttribPointer", { 1, 3, FLOAT, 0, 0, PAY_TWO, 0 } },
		    { "glEnableVertexAttribArray", { 1 } }, { "glVertexAttribDivisor", { 1, 1 } },
		    { "glDrawArraysInstancedBaseInstance", { 4, 0, 1, 2, MINUS(1) } } } },
		{ "range whose end is before its start", VERIFY_DRAW_RANGE,
		  { MAKE, VERTICES,
		    { "glDrawRangeElements", { 4, 3, 0, 3, USHORT, PAY_INDICES, 0 } } } },
		{ "array shorter than one element", VERIFY_ARRAY_SHORT,
		  { MAKE, { "glVertexPointer", { 4, FLOAT, 0, PAY_TWO, 12 } },
		    { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 1 } } } },
		{ "range of an index buffer that wraps in 64 bits", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
		    { "glBufferData", { BUF_ELEMENT, 8, 0, PAY_INDICES, 0, 0x88E4 } },
		    { "glDrawElements.buf", { 4, 4, USHORT, MINUS(4), MINUS(1) } } } },
		{ "jump whose target wraps", VERIFY_JUMP_PAST_END, { { "jump", { MINUS(2) } } } },
		{ "register window that wraps", VERIFY_WINDOW_RANGE,
		  { { "call", { 1, 31, MINUS(1) } } } },
		{ "rows whose bytes overflow", VERIFY_PAYLOAD_SIZE_UNKNOWN,
		  { MAKE, { "glTexImage2D", { 0x0DE1, 0, 4, MINUS(1), 1, 0, 0x1908, FLOAT,
					      PAY_VERTICES, 0 } } } },
	};

	(void)state;
	LOOK(holes);
}

/* ---- double fetch ------------------------------------------------------------------ */

/* What decides safety by its content (indices, names, strings) is looked at in the copy
 * that is handed on, each time it is drawn: changed between two procedures, the second is
 * refused.  (tests/engine/test_race.c races a writer against the copy itself.) */
static void double_fetch(void **state)
{
	static uint16_t indices[2] = { 0, 1 };
	static uint32_t names[1] = { 1 };
	static char text[4] = "abc";
	static const float vertices[6];
	const struct sp_payload payload[] = { { 0 }, { (const uint8_t *)indices, 4, 0 },
		{ (const uint8_t *)names, 4, 0 }, { (const uint8_t *)text, 4, 0 },
		{ (const uint8_t *)vertices, 24, 0 } };
	const struct record draw[] = { { "glVertexPointer", { 3, FLOAT, 0, 4, 0 } },
		{ "glEnableClientState", { 0x8074 } }, { "glDrawElements", { 4, 2, USHORT, 1, 0 } },
		{ 0 } };
	const struct record gen[] = { { "glGenTextures", { 1, 2, 0 } }, { 0 } };
	const struct record locate[] = { { "glGetUniformLocation", { 1, 3, 0, 0, 1 } }, { 0 } };
	struct verify_state *s = verify_state_create();
	struct verify_env env;

	(void)state;
	case_env(&env);
	env.payloads = (struct sp_payloads){ payload, 5 };
	assert_int_equal(case_verdict(s, &env, (struct record[]){ MAKE, { 0 } }, SP_INIT, NULL), VERIFY_OK);
	assert_int_equal(case_verdict(s, &env, draw, SP_INIT, NULL), VERIFY_OK);
	assert_int_equal(case_verdict(s, &env, gen, SP_INIT, NULL), VERIFY_OK);
	assert_int_equal(case_verdict(s, &env, locate, SP_INIT, NULL), VERIFY_OK);
	indices[1] = 2;
	names[0] = CASE_NAMES + 1;
	text[3] = 'd';
	assert_int_equal(case_verdict(s, &env, draw, SP_INIT, NULL), VERIFY_INDEX_RANGE);
	assert_int_equal(case_verdict(s, &env, gen, SP_INIT, NULL), VERIFY_NAME_RANGE);
	assert_int_equal(case_verdict(s, &env, locate, SP_INIT, NULL), VERIFY_STRING_UNTERMINATED);
	verify_state_destroy(s);
}

/* Of a payload that the client may still write to, pixels and vertices are taken, and
 * nothing that anybody decides by: not even what verifier and driver would each read once. */
static void shared_payloads(void **state)
{
#define SHARED_ARRAY { "glVertexPointer", { 3, FLOAT, 0, PAY_SHARED, 0 } }, \
		     { "glEnableClientState", { 0x8074 } }
	static const struct verify_case holes[] = {
		{ "vertices", VERIFY_OK, { MAKE, SHARED_ARRAY, { "glDrawArrays", { 4, 0, 4 } } } },
		{ "too few vertices", VERIFY_ARRAY_SHORT,
		  { MAKE, SHARED_ARRAY, { "glDrawArrays", { 4, 0, 5 } } } },
		{ "vertices by indices of our own", VERIFY_OK,
		  { MAKE, SHARED_ARRAY, { "glDrawElements", { 4, 4, USHORT, PAY_INDICES, 0 } } } },
		{ "pixels", VERIFY_OK,
		  { MAKE, { "glTexImage2D", { 0x0DE1, 0, 4, 2, 2, 0, 0x1908, 0x1401,
					      PAY_SHARED, 0 } } } },
		{ "too few pixels", VERIFY_PAYLOAD_SHORT,
		  { MAKE, { "glTexImage2D", { 0x0DE1, 0, 4, 4, 4, 0, 0x1908, 0x1401,
					      PAY_SHARED, 0 } } } },
		{ "vertices for a buffer", VERIFY_OK,
		  { MAKE, { "glBindBuffer", { BUF_ARRAY, 1 } },
		    { "glBufferData", { BUF_ARRAY, 48, 0, PAY_SHARED, 0, 0x88E4 } } } },
		{ "indices", VERIFY_PAYLOAD_SHARED,
		  { MAKE, VERTICES, { "glDrawElements", { 4, 4, USHORT, PAY_SHARED_INDICES, 0 } } } },
		{ "indices for a buffer", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
		    { "glBufferData", { BUF_ELEMENT, 8, 0, PAY_SHARED_INDICES, 0, 0x88E4 } },
		    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } } } },
		{ "indices over known ones", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
		    { "glBufferData", { BUF_ELEMENT, 8, 0, PAY_INDICES, 0, 0x88E4 } },
		    { "glBufferSubData", { BUF_ELEMENT, 4, 0, 4, 0, PAY_SHARED_INDICES, 0 } },
		    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } } } },
		{ "known indices over others", VERIFY_OK,
		  { MAKE, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
		    { "glBufferData", { BUF_ELEMENT, 8, 0, PAY_SHARED_INDICES, 0, 0x88E4 } },
		    { "glBufferData", { BUF_ELEMENT, 8, 0, PAY_INDICES, 0, 0x88E4 } },
		    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } } } },
		{ "names", VERIFY_PAYLOAD_SHARED,
		  { MAKE, { "glGenTextures", { 1, PAY_SHARED_NAMES, 0 } } } },
		{ "names to delete", VERIFY_PAYLOAD_SHARED,
		  { MAKE, { "glDeleteBuffers", { 1, PAY_SHARED_NAMES, 0 } } } },
		{ "lists to call", VERIFY_PAYLOAD_SHARED,
		  { MAKE, { "glCallLists", { 4, USHORT, PAY_SHARED_INDICES, 0 } } } },
		{ "a location's name", VERIFY_PAYLOAD_SHARED,
		  { MAKE, { "glGetUniformLocation", { 1, PAY_SHARED_STRING, 0, 0, 1 } } } },
		{ "a shader's source", VERIFY_PAYLOAD_SHARED,
		  { MAKE, { "glShaderSource", { 1, 4, PAY_SHARED_STRING, 0 } } } },
		{ "names of varyings", VERIFY_PAYLOAD_SHARED,
		  { MAKE, { "glTransformFeedbackVaryings", { 1, 1, PAY_SHARED_STRING, 0, 0x8C8C } } } },
		{ "enums", VERIFY_PAYLOAD_SHARED,
		  { MAKE, { "glTexParameteriv", { 0x0DE1, 0x2801, PAY_SHARED_INDICES, 0 } } } },
		{ "buffers to draw to", VERIFY_PAYLOAD_SHARED,
		  { MAKE, { "glDrawBuffers", { 1, PAY_SHARED_NAMES, 0 } } } },
	};

	(void)state;
	LOOK(holes);
}

/* The verdict over one record of op, all zeros but its payload. */
static enum verify_reason zeros_verdict(unsigned op, const struct sp_payloads *payloads)
{
	static const struct record make[] = { MAKE, { 0 } };
	const struct gl_op *row = &gl_ops[op];
	struct verify_state *s = verify_state_create();
	struct sp sp = { .callback = SP_INIT };
	uint32_t code[64] = { 0 }, n;
	struct verify_verdict v;
	struct verify_env env;

	case_env(&env);
	env.payloads = *payloads;
	n = case_code(make, code, 64) - 1;
	memset(code + n, 0, sizeof(code) - n * sizeof(*code));
	code[n] = op;
	for (unsigned i = 0; i < row->noperands; i++)
		if (row->operands[i].kind == GL_KIND_PAYLOAD)
			code[n + row->operands[i].word] = 1;
	n += row->words;
	code[n++] = OP_end;
	sp.code = code;
	sp.nwords = n;
	verify_sp(s, &env, &sp, &v);
	verify_state_destroy(s);
	return v.reason;
}

/* Which commands take such payloads at all: of everything that there is, these. */
static void shared_commands(void **state)
{
	static const char *const take[] = {
		"glBitmap", "glDrawPixels", "glPolygonStipple", "glTexImage1D", "glTexImage2D",
		"glTexImage3D", "glTexSubImage1D", "glTexSubImage2D", "glTexSubImage3D",
		"glBufferData", "glBufferStorage", "glBufferSubData",
		/* client arrays */
		"glColorPointer", "glEdgeFlagPointer", "glFogCoordPointer", "glIndexPointer",
		"glNormalPointer", "glSecondaryColorPointer", "glTexCoordPointer",
		"glVertexAttribIPointer", "glVertexAttribLPointer", "glVertexAttribPointer",
		"glVertexPointer",
		"glColorPointerEXT", "glEdgeFlagPointerEXT", "glIndexPointerEXT",
		"glNormalPointerEXT", "glTexCoordPointerEXT", "glVertexPointerEXT",
	};
	static uint8_t memory[65536];
	const struct sp_payload shared[2] = { { 0 }, { memory, sizeof(memory), SP_PAYLOAD_SHARED } };
	const struct sp_payload own[2] = { { 0 }, { memory, sizeof(memory), 0 } };
	unsigned refused = 0, bad = 0;

	(void)state;
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const struct gl_op *row = &gl_ops[op];
		enum verify_reason a, b;
		bool has = false, listed = false;

		for (unsigned i = 0; i < row->noperands; i++)
			has |= row->operands[i].kind == GL_KIND_PAYLOAD;
		if (!has)
			continue;
		for (unsigned i = 0; i < sizeof(take) / sizeof(*take); i++)
			listed |= strcmp(row->name, take[i]) == 0;
		a = zeros_verdict(op, &(struct sp_payloads){ shared, 2 });
		b = zeros_verdict(op, &(struct sp_payloads){ own, 2 });
		/* what no payload makes right may be refused by its zeros */
		if (listed ? a != b : a != VERIFY_PAYLOAD_SHARED && (a != b || a == VERIFY_OK)) {
			print_message("%s: %s\n", row->name, verify_reason_name(a));
			bad++;
		}
		refused += a == VERIFY_PAYLOAD_SHARED;
	}
	print_message("%u commands refuse them by name\n", refused);
	assert_int_equal(bad, 0);
	assert_true(refused > 200);
}

/* ---- uninitialised memory ---------------------------------------------------------- */

static void uninitialised_memory(void **state)
{
	static const struct verify_case holes[] = {
		{ "indices that nobody uploaded", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
		    { "glBufferData", { BUF_ELEMENT, 8, 0, 0, 0, 0x88E4 } },
		    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } } } },
		{ "indices uploaded in part", VERIFY_INDEX_UNKNOWN,
		  { MAKE, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
		    { "glBufferData", { BUF_ELEMENT, 8, 0, 0, 0, 0x88E4 } },
		    { "glBufferSubData", { BUF_ELEMENT, 4, 0, 4, 0, PAY_INDICES, 0 } },
		    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } } } },
		{ "an array that was never set", VERIFY_ARRAY_UNKNOWN,
		  { MAKE, { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 1 } } } },
		{ "pixels beyond the payload's end", VERIFY_PAYLOAD_SHORT,
		  { MAKE, { "glTexImage2D", { 0x0DE1, 0, 4, 4, 4, 0, 0x1908, 0x1401,
					      PAY_VERTICES, 0 } } } },
		{ "a string that runs on into what follows", VERIFY_STRING_UNTERMINATED,
		  { MAKE, { "glGetUniformLocation", { 1, PAY_OPEN, 0, 0, 1 } } } },
	};

	(void)state;
	LOOK(holes);
}

/* ---- enums and numbers as indices ------------------------------------------------------ */

static void enum_as_index(void **state)
{
	static const uint32_t odd[] = { 31, 32, 0x40, 0x7f, 0xff, 0x100, 0xffff, 0x10000, 0x84DF,
		0x84E0, HUGE, 0x80000000, MINUS(1) };
	struct verify_env env;

	(void)state;
	case_env(&env);
	/* every one-word operand of every command, far out of its range: the verifier reads
	 * none of its tables with it (the sanitizers watch), and indices are refused */
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		for (size_t k = 0; k < sizeof(odd) / sizeof(*odd); k++) {
			struct verify_state *s = verify_state_create();
			struct record r[4] = { MAKE, { gl_ops[op].name } };

			if (gl_ops[op].words > 11)
				r[2].op = NULL;
			for (unsigned w = 0; w < 10; w++)
				r[2].word[w] = odd[k];
			case_verdict(s, &env, r, SP_INIT, NULL);
			verify_state_destroy(s);
		}
	{
		static const struct verify_case holes[] = {
			{ "texture unit", VERIFY_ARRAY_RANGE,
			  { MAKE, { "glClientActiveTexture", { 0x84C8 } } } },
			{ "texture unit before the first", VERIFY_ARRAY_RANGE,
			  { MAKE, { "glClientActiveTexture", { 0x84BF } } } },
			{ "attribute", VERIFY_ARRAY_RANGE,
			  { MAKE, { "glEnableVertexAttribArray", { 16 } } } },
			{ "attribute of a pointer", VERIFY_ARRAY_RANGE,
			  { MAKE, { "glVertexAttribPointer", { MINUS(1), 3, FLOAT, 0, 0, 1, 0 } } } },
			{ "attribute of a divisor", VERIFY_ARRAY_RANGE,
			  { MAKE, { "glVertexAttribDivisor", { 99, 1 } } } },
			{ "array", VERIFY_ARRAY_RANGE, { MAKE, { "glEnableClientState", { 1 } } } },
			{ "type of indices", VERIFY_PAYLOAD_SIZE_UNKNOWN,
			  { MAKE, VERTICES, { "glDrawElements", { 4, 1, MINUS(1), PAY_INDICES, 0 } } } },
			{ "format of pixels", VERIFY_PAYLOAD_SIZE_UNKNOWN,
			  { MAKE, { "glDrawPixels", { 1, 1, 0xffff, 0x1401, PAY_VERTICES, 0 } } } },
			{ "pname", VERIFY_PAYLOAD_SIZE_UNKNOWN,
			  { MAKE, { "glLightfv", { 0x4000, 0xffffffff, PAY_VERTICES, 0 } } } },
			{ "slot", VERIFY_SLOT_RANGE, { MAKE, { "glUniform1f", { HUGE, 0 } } } },
			{ "slot of a uniform block", VERIFY_SLOT_RANGE,
			  { MAKE, { "glGetUniformBlockIndex", { 1, PAY_STRING, 0, 0, HUGE } } } },
			{ "register", VERIFY_REGISTER_RANGE, { { "mov", { 32, 0 } } } },
			{ "external state", VERIFY_EXTERN_RANGE, { { "ext", { 0, SP_EXTERNS } } } },
			{ "context", VERIFY_NAME_RANGE, { { "blinkMakeCurrent", { MINUS(1), 0, 0 } } } },
		};

		LOOK(holes);
	}
}

/* ---- numbers of which the driver gets a part ------------------------------------------ */

/* A boolean is a byte to the driver: 256 is false there. */
static void booleans_of_a_byte(void **state)
{
	static const struct verify_case holes[] = {
		{ "normalized by 256", VERIFY_ARRAY_UNKNOWN,
		  { MAKE, { "glVertexAttribPointer", { 1, 0x80E1, 0x1401, 0x100, 0, PAY_VERTICES, 0 } },
		    { "glEnableVertexAttribArray", { 1 } }, { "glDrawArrays", { 4, 0, 1 } } } },
	};
	static const struct { uint32_t value; bool clears; } masks[] = {
		{ 1, true }, { 0, false }, { 0x100, false }, { 0x101, false }, { 2, false },
		{ 0x80000000, false },
	};
	struct verify_env env;

	(void)state;
	LOOK(holes);
	case_env(&env);
	env.want_rerunnable = true;
	for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
		uint32_t m = masks[i].value;
		const struct record r[] = { MAKE_WINDOW, { "glColorMask", { m, m, m, m } },
			{ "glDepthMask", { m } }, { "glClear", { 0x4100 } }, { 0 } };
		struct verify_state *s = verify_state_create();
		struct verify_facts f;

		assert_int_equal(case_verdict(s, &env, r, SP_INIT, &f), VERIFY_OK);
		assert_int_equal(f.clears_color, masks[i].clears);
		assert_int_equal(f.clears_depth, masks[i].clears);
		verify_state_destroy(s);
	}
}

/* ---- memory that a driver keeps --------------------------------------------------------- */

/* GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD: what BufferData is handed becomes the buffer. */
static void memory_kept(void **state)
{
	static const struct verify_case holes[] = {
		{ "the payload becomes the buffer", VERIFY_BUFFER_TARGET,
		  { MAKE, { "glBindBuffer", { 0x9160, 1 } },
		    { "glBufferData", { 0x9160, 48, 0, PAY_VERTICES, 0, 0x88E4 } } } },
		{ "a range of it", VERIFY_BUFFER_TARGET,
		  { MAKE, { "glBindBufferRange", { 0x9160, 0, 1, 0, 0, 16, 0 } } } },
		{ "its base", VERIFY_BUFFER_TARGET, { MAKE, { "glBindBufferBase", { 0x9160, 0, 1 } } } },
		{ "a target that nobody knows", VERIFY_BUFFER_TARGET,
		  { MAKE, { "glBindBuffer", { 0x12345, 1 } } } },
		{ "none there", VERIFY_OK, { MAKE, { "glBindBuffer", { 0x9160, 0 } } } },
	};

	(void)state;
	LOOK(holes);
}

static void callback_as_index(void **state)
{
	struct verify_state *s = verify_state_create();
	struct verify_env env;

	(void)state;
	case_env(&env);
	for (unsigned callback = SP_CALLBACKS; callback < 256; callback++)
		assert_int_equal(case_verdict(s, &env, (struct record[]){ { "mov", { 0, 0 } }, { 0 } },
					 callback, NULL), VERIFY_CALLBACK_RULE);
	verify_state_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unchecked_counts), cmocka_unit_test(two_size_functions),
		cmocka_unit_test(underflow), cmocka_unit_test(double_fetch),
		cmocka_unit_test(shared_payloads), cmocka_unit_test(shared_commands),
		cmocka_unit_test(uninitialised_memory),
		cmocka_unit_test(enum_as_index), cmocka_unit_test(callback_as_index),
		cmocka_unit_test(booleans_of_a_byte), cmocka_unit_test(memory_kept),
	};

	return cmocka_run_group_tests_name("verifier: holes", tests, NULL, NULL);
}
