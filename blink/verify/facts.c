/* facts.c - what follows from the facts, and what names a procedure mentions. */
#include "blink/verify/verify.h"

#include <string.h>

bool verify_facts_opaque(const struct verify_facts *f)
{
	return f->clears_color;
}

bool verify_facts_direct(const struct verify_facts *f)
{
	return f->clears_color && (!f->uses_depth || f->clears_depth) &&
	       (!f->uses_stencil || f->clears_stencil) && !f->reads_framebuffer &&
	       !f->relative && !f->unknown_lists;
}

static void name_add(uint32_t *max, unsigned space, uint32_t name)
{
	if (name > max[space])
		max[space] = name;
}

/* Names in a payload. */
static void names_add(const uint32_t *rec, unsigned operand, const struct sp_payloads *payloads,
		      uint32_t *max)
{
	const struct gl_operand *o = &gl_ops[sp_opcode(*rec)].operands[operand];
	const uint32_t *w = rec + o->word;
	uint64_t size;

	if (!w[0] || w[0] >= payloads->n || !payloads->v[w[0]].data ||
	    !gl_payload_size(rec, operand, &size) || !range_ok(w[1], size, payloads->v[w[0]].size))
		return;
	for (uint64_t i = 0; i + 4 <= size; i += 4) {
		uint32_t name;

		memcpy(&name, payloads->v[w[0]].data + w[1] + i, 4);
		name_add(max, o->space, name);
	}
}

void verify_names_used(const struct sp *sp, const struct sp_payloads *payloads,
		       uint32_t max[GL_SPACE_COUNT])
{
	const uint32_t *end = sp->code + sp->nwords, *r = sp->code;
	bool bad;

	memset(max, 0, GL_SPACE_COUNT * sizeof(*max));
	for (; (r = sp_next(r, end, &bad)); r += sp_words(r)) {
		const struct gl_op *op = &gl_ops[sp_opcode(*r)];

		for (unsigned i = 0; i < op->noperands; i++) {
			const struct gl_operand *o = &op->operands[i];

			if (o->space == GL_SPACE_NONE)
				continue;
			if (o->kind == GL_KIND_NAME)
				name_add(max, o->space, r[o->word]);
			else if (o->kind == GL_KIND_PAYLOAD)
				names_add(r, i, payloads, max);
		}
	}
}
