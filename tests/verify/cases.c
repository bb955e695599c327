/* cases.c - see cases.h. */
#include "tests/verify/cases.h"

#include <stdio.h>
#include <string.h>

static const float vertices[12] = { 0 };
static const uint16_t indices[4] = { 0, 1, 2, 3 };
static const uint16_t indices_bad[4] = { 0, 1, 2, 4 };
static const uint16_t restart[4] = { 0, 1, 0xffff, 3 };
static const uint32_t name_one[1] = { 1 }, name_high[1] = { 999 };
static const uint8_t large[1024];
static const char open_text[3] = { 'a', 'b', 'c' };

static const struct sp_payload payloads[PAYLOADS] = {
	[0] = { 0 },
	[PAY_VERTICES] = { (const uint8_t *)vertices, sizeof(vertices), 0 },
	[PAY_INDICES] = { (const uint8_t *)indices, sizeof(indices), 0 },
	[PAY_INDICES_BAD] = { (const uint8_t *)indices_bad, sizeof(indices_bad), 0 },
	[PAY_STRING] = { (const uint8_t *)"name", 5, 0 },
	[PAY_OPEN] = { (const uint8_t *)open_text, sizeof(open_text), 0 },
	[PAY_NAMES] = { (const uint8_t *)name_one, sizeof(name_one), 0 },
	[PAY_NAMES_BAD] = { (const uint8_t *)name_high, sizeof(name_high), 0 },
	[PAY_ABSENT] = { NULL, 64, 0 },
	[PAY_RESTART] = { (const uint8_t *)restart, sizeof(restart), 0 },
	[PAY_TWO] = { (const uint8_t *)vertices, sizeof(vertices) / 2, 0 },
	[PAY_SHARED] = { (const uint8_t *)vertices, sizeof(vertices), SP_PAYLOAD_SHARED },
	[PAY_SHARED_INDICES] = { (const uint8_t *)indices, sizeof(indices), SP_PAYLOAD_SHARED },
	[PAY_SHARED_STRING] = { (const uint8_t *)"name", 5, SP_PAYLOAD_SHARED },
	[PAY_SHARED_NAMES] = { (const uint8_t *)name_one, sizeof(name_one), SP_PAYLOAD_SHARED },
	[PAY_LARGE] = { large, sizeof(large), 0 },
	[PAY_MODERN] = { (const uint8_t *)"#version 330", 13, 0 },
};
const struct sp_payloads case_payloads = { payloads, PAYLOADS };

void case_env(struct verify_env *env)
{
	memset(env, 0, sizeof(*env));
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		env->limits.names[i] = CASE_NAMES;
	env->limits.slots = CASE_SLOTS;
	env->limits.words = CASE_WORDS;
	env->limits.allow_opaque = env->limits.allow_sensitive = true;
	env->payloads = case_payloads;
}

uint32_t case_code(const struct record *r, uint32_t *code, uint32_t cap)
{
	uint32_t n = 0;

	for (; r->op; r++) {
		unsigned op = gl_op_find(r->op);

		if (op == GL_OP_COUNT || n + gl_ops[op].words + 1 > cap)
			return 0;
		code[n] = sp_header(op, r->mask);
		memcpy(code + n + 1, r->word, (gl_ops[op].words - 1u) * sizeof(*code));
		n += gl_ops[op].words;
	}
	code[n++] = sp_header(OP_end, 0);
	return n;
}

#define WORDS_MAX 512

enum verify_reason case_verdict(struct verify_state *s, const struct verify_env *env,
				const struct record *r, unsigned callback,
				struct verify_facts *facts)
{
	uint32_t code[WORDS_MAX];
	struct sp sp = { .code = code, .callback = (uint8_t)callback,
			 .nwords = case_code(r, code, WORDS_MAX) };
	struct verify_verdict v;

	if (!s || !sp.nwords)
		return VERIFY_REASONS;
	verify_sp(s, env, &sp, &v);
	if (facts)
		*facts = v.facts;
	return v.reason;
}

unsigned cases_look(const struct verify_case *c, size_t n, const struct verify_env *env)
{
	unsigned bad = 0;

	for (size_t i = 0; i < n; i++) {
		struct verify_state *s = verify_state_create();
		enum verify_reason r = case_verdict(s, env, c[i].r, c[i].callback, NULL);

		verify_state_destroy(s);
		if (r == c[i].reason)
			continue;
		fprintf(stderr, "%s: %s, expected %s\n", c[i].name,
			r < VERIFY_REASONS ? verify_reason_name(r) : "no procedure",
			verify_reason_name(c[i].reason));
		bad++;
	}
	return bad;
}

unsigned cases_bad(const struct verify_case *c, size_t n)
{
	struct verify_env env;

	case_env(&env);
	return cases_look(c, n, &env);
}
