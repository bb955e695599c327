/* repair.c - a generated program made acceptable: what the verifier refuses is cut out
 * until it accepts the rest.  Nothing is run, so that this is also safe in the process
 * that looks after those in which programs crash.
 */
#include <stdlib.h>

#include "tests/soundness/campaign.h"

#define REPAIRS 80u

struct bench { struct sp sps[PROGRAM_SPS]; uint32_t n; };

static const struct sp *callee(void *user, uint32_t id)
{
	struct bench *b = user;

	return id < b->n ? &b->sps[id] : NULL;
}

static void refusal_note(struct outcome *out, uint32_t op, enum verify_reason reason)
{
	if (out->nrefused < OUTCOME_REFUSED)
		out->refused[out->nrefused++] = (struct refusal){ (uint16_t)op, (uint8_t)reason };
}

bool program_accept(struct program *p, uint32_t i, bool repair, struct verify_state *s,
		    struct verify_env *env, struct sp *sps, struct verify_verdict *v,
		    struct outcome *out)
{
	struct program_sp *sp = &p->sp[i];

	for (unsigned tries = repair ? REPAIRS : 0;; tries--) {
		int r = verify_sp(s, env, &sps[i], v);
		uint32_t op = v->word < sp->n ? sp_opcode(sp->words[v->word]) : GL_OP_COUNT;

		if (r == 0 || !tries)
			return r == 0;
		if (out)
			refusal_note(out, op, v->reason);
		if (op >= GL_OP_COUNT || op == OP_end || gl_ops[op].words > sp->n - v->word)
			return false;
		program_cut(sp, v->word, gl_ops[op].words);
		sps[i] = program_get(p, i);
	}
}

void program_repair(struct program *p, const struct judge *judge)
{
	struct verify_state *s = verify_state_create();
	struct bench b = { .n = p->nsps };
	struct verify_env env = { .payloads = program_payloads, .callee = callee, .user = &b };
	struct verify_verdict v;

	if (!s)
		abort();
	judge->limits(&env.limits, p->strict);
	for (uint32_t i = 0; i < p->nsps; i++)
		b.sps[i] = program_get(p, i);
	for (uint32_t i = 0; i < p->nsps; i++)
		program_accept(p, i, true, s, &env, b.sps, &v, NULL);
	verify_state_destroy(s);
}
