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
