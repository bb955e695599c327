/* coverage.c - which instructions, and which kinds of operand of them, accepted programs
 * held. */
#include <stdio.h>

#include "tests/soundness/campaign.h"

_Static_assert(GL_OP_COUNT <= 1024, "coverage has a row per instruction");

void coverage_add(struct coverage *c, const struct program_sp *sp)
{
	const uint32_t *end = sp->words + sp->n, *r;
	bool bad;

	for (r = sp->words; (r = sp_next(r, end, &bad)); r += sp_words(r)) {
		unsigned op = sp_opcode(*r);

		c->op[op]++;
		for (unsigned i = 0; i < gl_ops[op].noperands; i++)
			c->operand[op][i][sp_mask(*r) >> i & 1]++;
	}
}

void coverage_merge(struct coverage *into, const struct coverage *from)
{
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		into->op[op] += from->op[op];
		into->clean[op] += from->clean[op];
		for (unsigned r = 0; r < VERIFY_REASONS; r++)
			into->refused[op][r] += from->refused[op][r];
		for (unsigned i = 0; i < GL_OP_MAX_OPERANDS; i++)
			for (unsigned k = 0; k < 2; k++)
				into->operand[op][i][k] += from->operand[op][i][k];
	}
}

void coverage_print(const struct coverage *c, bool names)
{
	unsigned ops = 0, pairs = 0, pairs_seen = 0;

	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		ops += c->op[op] != 0;
		for (unsigned i = 0; i < gl_ops[op].noperands; i++) {
			const struct gl_operand *o = &gl_ops[op].operands[i];

			for (unsigned k = 0; k <= o->reg_ok; k++) {
				pairs++;
				pairs_seen += c->operand[op][i][k] != 0;
			}
		}
	}
	printf("coverage: %u of %u instructions accepted and run; %u of %u operands, immediate "
	       "and register counted apart\n", ops, GL_OP_COUNT, pairs_seen, pairs);
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		if (!c->op[op] && names)
			printf("  never accepted: %s\n", gl_ops[op].name);
		for (unsigned i = 0; names && i < gl_ops[op].noperands; i++)
			for (unsigned k = 0; k <= gl_ops[op].operands[i].reg_ok; k++)
				if (!c->operand[op][i][k])
					printf("  never accepted: %s, %s as %s\n", gl_ops[op].name,
					       gl_ops[op].operands[i].name,
					       k ? "register" : "immediate");
	}
}

/* ---- of what was cut --------------------------------------------------------------- */

void coverage_outcome(struct coverage *c, const struct outcome *out)
{
	for (unsigned i = 0; i < out->nrefused; i++)
		if (out->refused[i].op < GL_OP_COUNT)
			c->refused[out->refused[i].op][out->refused[i].reason]++;
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		c->clean[op] += out->clean[op / 64] >> op % 64 & 1;
}

static unsigned reason_most(const struct coverage *c, unsigned op)
{
	unsigned most = 0;

	for (unsigned r = 1; r < VERIFY_REASONS; r++)
		if (c->refused[op][r] > c->refused[op][most])
			most = r;
	return most;
}

void coverage_reasons_print(const struct coverage *c, bool names)
{
	unsigned never = 0, wrong = 0;

	for (unsigned op = OP_blinkContext; op < GL_OP_COUNT; op++) {
		never += !c->op[op];
		wrong += c->op[op] && !c->clean[op];
	}
	printf("%u commands never ran, with each of %u others GL found something wrong "
	       "whenever it was asked\n", never, wrong);
	for (unsigned op = OP_blinkContext; names && op < GL_OP_COUNT; op++) {
		unsigned r = reason_most(c, op);

		if (!c->op[op])
			printf("  never ran: %s (%s, %u times)\n", gl_ops[op].name,
			       c->refused[op][r] ? verify_reason_name(r) : "never made",
			       c->refused[op][r]);
		else if (!c->clean[op])
			printf("  never without an error: %s (%llu records)\n", gl_ops[op].name,
			       (unsigned long long)c->op[op]);
	}
}
