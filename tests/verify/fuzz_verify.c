/* fuzz_verify.c - any words at all: the verifier ends, stays within memory, and gives
 * the same verdict again from the same state.
 *
 * Input: a byte of options (callback, trust), then words, which are the SP.  Opcodes
 * are taken modulo one more than there are, so that most words mean something. */
#include <stdlib.h>
#include <string.h>

#include "tests/verify/cases.c"

#define WORDS 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* SP 1 is the input itself, called: a cycle at the second level at the latest. */
static const struct sp *callee(void *user, uint32_t id)
{
	return id == 1 ? user : NULL;
}

static void verify_twice(const struct sp *sp, struct verify_env *env)
{
	struct verify_state *s = verify_state_create();
	struct verify_verdict first, second;
	int r;

	if (!s)
		return;
	r = verify_sp(s, env, sp, &first);
	if (r == -13) {
		/* a refusal leaves no trace */
		if (verify_sp(s, env, sp, &second) != r || first.reason != second.reason ||
		    first.word != second.word)
			abort();
	} else if (r == 0) {
		verify_sp(s, env, sp, &second);
	}
	verify_state_destroy(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t code[WORDS], n, at = 0;
	struct verify_env env;
	struct sp sp = { .code = code };

	if (size < 5)
		return 0;
	case_env(&env);
	env.want_rerunnable = data[0] & 8;
	env.limits.allow_opaque = env.limits.allow_sensitive = data[0] & 16;
	env.callee = callee;
	env.user = &sp;
	sp.callback = data[0] & 7;
	n = (uint32_t)((size - 1) / 4 < WORDS - 1 ? (size - 1) / 4 : WORDS - 1);
	memcpy(code, data + 1, (size_t)n * 4);
	while (at < n) {
		unsigned op = sp_opcode(code[at]) % (GL_OP_COUNT + 1u);

		code[at] = (code[at] & 0xffff0000u) | op;
		at += op < GL_OP_COUNT ? gl_ops[op].words : 1u;
	}
	if (at == n)
		code[n++] = sp_header(OP_end, 0);
	sp.nwords = n;
	verify_twice(&sp, &env);
	return 0;
}
