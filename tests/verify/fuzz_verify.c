/* fuzz_verify.c - the verifier against any program: it ends, stays within memory, gives
 * the same verdict again after a refusal, and what it accepts the slow machine finds
 * harmless.
 *
 * Input: a byte of options (callback, trust, form).  In the one form the rest are words,
 * with opcodes taken modulo one more than there are, so that most mean something.  In
 * the other each three bytes make a record: which of the palette, which of its words to
 * replace, and by what: programs that change client state and draw. */
#include <stdlib.h>
#include <string.h>

#include "tests/verify/cases.c"
#include "tests/verify/machine.c"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define WORDS 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record palette[] = {
	{ "glVertexPointer", { 3, GL_FLOAT, 0, PAY_VERTICES, 0 } },
	{ "glColorPointer", { 3, GL_FLOAT, 0, PAY_TWO, 0 } },
	{ "glTexCoordPointer", { 2, GL_FLOAT, 8, PAY_VERTICES, 4 } },
	{ "glVertexAttribPointer", { 1, 3, GL_FLOAT, 0, 0, PAY_TWO, 0 } },
	{ "glVertexPointer.buf", { 3, GL_FLOAT, 0, 16, 0 } },
	{ "glEnableClientState", { GL_VERTEX_ARRAY } },
	{ "glDisableClientState", { GL_VERTEX_ARRAY } },
	{ "glEnable", { GL_COLOR_ARRAY } }, { "glEnable", { GL_PRIMITIVE_RESTART } },
	{ "glEnableVertexAttribArray", { 1 } }, { "glDisableVertexAttribArray", { 1 } },
	{ "glVertexAttribDivisor", { 1, 2 } }, { "glClientActiveTexture", { GL_TEXTURE1 } },
	{ "glPushClientAttrib", { 2 } }, { "glPopClientAttrib", { 0 } },
	{ "glBindBuffer", { GL_ARRAY_BUFFER, 1 } }, { "glBindBuffer", { GL_ARRAY_BUFFER, 0 } },
	{ "glBindBuffer", { GL_ELEMENT_ARRAY_BUFFER, 1 } },
	{ "glBufferData", { GL_ELEMENT_ARRAY_BUFFER, 8, 0, PAY_INDICES, 0, GL_STATIC_DRAW } },
	{ "glDeleteBuffers", { 1, PAY_NAMES, 0 } }, { "glGenBuffers", { 1, PAY_NAMES, 0 } },
	{ "glDrawArrays", { 4, 0, 4 } }, { "glDrawArrays", { 4, 1, 2 } },
	{ "glDrawElements", { 4, 4, GL_UNSIGNED_SHORT, PAY_INDICES, 0 } },
	{ "glDrawElements", { 4, 3, GL_UNSIGNED_SHORT, PAY_INDICES_BAD, 0 } },
	{ "glDrawElements.buf", { 4, 4, GL_UNSIGNED_SHORT, 0, 0 } },
	{ "glDrawRangeElements", { 4, 0, 3, 4, GL_UNSIGNED_SHORT, PAY_INDICES, 0 } },
	{ "glDrawElementsBaseVertex", { 4, 2, GL_UNSIGNED_SHORT, PAY_INDICES, 0, 2 } },
	{ "glDrawArraysInstanced", { 4, 0, 4, 4 } }, { "glLockArraysEXT", { 0, 2 } },
	{ "glPrimitiveRestartIndex", { 3 } }, { "jump.eq.i", { 1, 2, 6 } }, { "jump", { 2 } },
	{ "blinkContext", { 2, 1, 0, 0 } }, { "blinkMakeCurrent", { 2, 1, 1 } },
	{ "blinkMakeCurrent", { 1, 1, 1 } }, { "glBindVertexArray", { 1 } },
	{ "glBindVertexArray", { 0 } }, { "glNewList", { 1, GL_COMPILE } }, { "glEndList", { 0 } },
	{ "glBegin", { 4 } }, { "glEnd", { 0 } }, { "glPopAttrib", { 0 } },
	{ "glPushAttrib", { 0xfffff } }, { "glCallList", { 1 } },
};
#define PALETTE (sizeof(palette) / sizeof(*palette))

static const uint32_t values[] = { 0, 1, 2, 3, 4, 5, 6, 8, 12, 24, 48, 0xffff, 0x7fffffff,
	0xffffffff, GL_UNSIGNED_INT, GL_UNSIGNED_BYTE, GL_TEXTURE_COORD_ARRAY, GL_DOUBLE };

/* SP 1 is the input itself, called: a cycle at the second level at the latest. */
static const struct sp *callee(void *user, uint32_t id)
{
	return id == 1 ? user : NULL;
}

static void verify_look(const struct sp *sp, struct verify_env *env)
{
	struct verify_state *s = verify_state_create();
	struct verify_verdict first, second;
	int r;

	if (!s)
		return;
	r = verify_sp(s, env, sp, &first);
	if (r == 0)
		for (uint64_t ways = 0; ways < 8; ways++)
			if (machine_run(sp, env, ways).end == MACHINE_WRONG)
				abort();
	/* a refusal leaves no trace */
	if (verify_sp(s, env, sp, &second) != r && r != 0)
		abort();
	if (r != 0 && (first.reason != second.reason || first.word != second.word))
		abort();
	verify_state_destroy(s);
}

static uint32_t words_make(const uint8_t *data, size_t size, uint32_t *code)
{
	uint32_t n = (uint32_t)(size / 4 < WORDS - 1 ? size / 4 : WORDS - 1), at = 0;

	memcpy(code, data, (size_t)n * 4);
	while (at < n) {
		unsigned op = sp_opcode(code[at]) % (GL_OP_COUNT + 1u);

		code[at] = (code[at] & 0xffff0000u) | op;
		at += op < GL_OP_COUNT ? gl_ops[op].words : 1u;
	}
	if (at == n)
		code[n++] = sp_header(OP_end, 0);
	return n;
}

static uint32_t records_make(const uint8_t *data, size_t size, uint32_t *code)
{
	static const struct record make[] = {
		{ "blinkContext", { 1, 0, 0, 0 } }, { "blinkMakeCurrent", { 1, 1, 1 } }, { 0 } };
	uint32_t n = case_code(make, code, WORDS) - 1;

	for (; size >= 3 && n < WORDS - 16; data += 3, size -= 3) {
		struct record r[2] = { palette[data[0] % PALETTE], { 0 } };
		unsigned words = gl_ops[gl_op_find(r[0].op)].words;

		if (data[1] < 128 && words > 1)         /* half of them stay as they are */
			r[0].word[data[1] % (words - 1)] =
				values[data[2] % (sizeof(values) / sizeof(*values))];
		n += case_code(r, code + n, WORDS - n) - 1;
	}
	return n + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint32_t code[WORDS];
	struct verify_env env;
	struct sp sp = { .code = code };

	if (size < 5)
		return 0;
	case_env(&env);
	env.want_rerunnable = data[0] & 8;
	env.limits.allow_opaque = env.limits.allow_sensitive = data[0] & 16;
	env.callee = callee;
	env.user = &sp;
	if (data[0] & 32) {
		sp.callback = data[0] & 7;
		sp.nwords = words_make(data + 1, size - 1, code);
	} else {
		sp.nwords = records_make(data + 1, size - 1, code);
	}
	verify_look(&sp, &env);
	return 0;
}
