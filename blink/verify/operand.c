/* operand.c - checks of single operands: ranges, payload sizes, names in payloads. */
#include "blink/verify/shadow.h"

#include <string.h>

enum verify_reason operand_payload(const struct run *r, const uint32_t *words, uint64_t need,
				   const uint8_t **data)
{
	const struct sp_payloads *p = &r->env->payloads;

	if (!words[0] || words[0] >= p->n || words[1] > p->v[words[0]].size)
		return VERIFY_PAYLOAD_RANGE;
	if (!p->v[words[0]].data)
		return VERIFY_PAYLOAD_ABSENT;
	if (!range_ok(words[1], need, p->v[words[0]].size))
		return VERIFY_PAYLOAD_SHORT;
	if (data)
		*data = p->v[words[0]].data + words[1];
	return VERIFY_OK;
}

static uint32_t payload_left(const struct run *r, const uint32_t *words)
{
	return r->env->payloads.v[words[0]].size - words[1];
}

/* count zero-terminated strings, one after the other. */
static enum verify_reason strings_check(const struct run *r, const uint32_t *words,
					uint64_t count)
{
	const uint8_t *at = NULL, *zero;
	enum verify_reason why = operand_payload(r, words, count, &at);
	uint32_t left;

	if (why != VERIFY_OK)
		return why == VERIFY_PAYLOAD_SHORT ? VERIFY_STRING_UNTERMINATED : why;
	left = payload_left(r, words);
	for (uint64_t i = 0; i < count; i++) {
		zero = memchr(at, 0, left);
		if (!zero)
			return VERIFY_STRING_UNTERMINATED;
		left -= (uint32_t)(zero + 1 - at);
		at = zero + 1;
	}
	return VERIFY_OK;
}

static enum verify_reason names_check(const struct run *r, const uint32_t *words, uint64_t size,
				      unsigned space)
{
	const uint8_t *at = NULL;
	enum verify_reason why = operand_payload(r, words, size, &at);

	for (uint64_t i = 0; why == VERIFY_OK && i + 4 <= size; i += 4) {
		uint32_t name;

		memcpy(&name, at + i, 4);
		if (name > r->env->limits.names[space])
			why = VERIFY_NAME_RANGE;
	}
	return why;
}

static bool unpack_bound(const struct run *r, unsigned binding)
{
	if (!r->now)
		return false;
	return binding == GL_BINDING_UNPACK ? r->now->unpack_buffer != 0
					    : r->now->pack_buffer != 0;
}

static enum verify_reason payload_check(const struct run *r, const struct desc_check *c,
					const uint32_t *rec)
{
	const uint32_t *words = rec + c->word;
	uint64_t size = 0;

	if (c->kind == CHECK_STRINGS)
		return strings_check(r, words, rec[c->count]);
	if (!gl_payload_size(rec, c->operand, &size))
		return VERIFY_PAYLOAD_SIZE_UNKNOWN;
	if (!words[0] && (c->nullable || !size))
		return words[1] ? VERIFY_PAYLOAD_RANGE : VERIFY_OK;
	if (!words[0])
		return VERIFY_PAYLOAD_NULL;
	if (c->binding != GL_BINDING_NONE && unpack_bound(r, c->binding))
		return VERIFY_BUFFER_BOUND;
	if (c->kind == CHECK_STRING)
		return strings_check(r, words, 1);
	if (c->kind == CHECK_NAMES)
		return names_check(r, words, size, c->space);
	return operand_payload(r, words, size, NULL);
}

static enum verify_reason answer_check(const struct desc_check *c, const uint32_t *rec)
{
	uint64_t size = 0;

	return gl_payload_size(rec, c->operand, &size) && size <= SP_MAX_PAYLOAD
		? VERIFY_OK : VERIFY_PAYLOAD_SIZE_UNKNOWN;
}

static enum verify_reason one(const struct run *r, const struct desc_check *c,
			      const uint32_t *rec)
{
	uint32_t v = rec[c->word];

	switch (c->kind) {
	case CHECK_DST:
		return v < SP_REGISTERS ? VERIFY_OK : VERIFY_REGISTER_RANGE;
	case CHECK_EXTERN:
		return v < SP_EXTERNS ? VERIFY_OK : VERIFY_EXTERN_RANGE;
	case CHECK_NAME_NEW:
		return v && (gl_spaces[c->space].identity || v <= r->env->limits.names[c->space])
			? VERIFY_OK : VERIFY_NAME_RANGE;
	case CHECK_NAME:
		return gl_spaces[c->space].identity || v <= r->env->limits.names[c->space]
			? VERIFY_OK : VERIFY_NAME_RANGE;
	case CHECK_SLOT_NEW:
		/* of attributes and outputs the operand is the number expected, no slot */
		if (sp_opcode(rec[0]) == OP_glGetAttribLocation ||
		    sp_opcode(rec[0]) == OP_glGetFragDataLocation)
			return v < 256 ? VERIFY_OK : VERIFY_SLOT_RANGE;
		return v && v < r->env->limits.slots ? VERIFY_OK : VERIFY_SLOT_RANGE;
	case CHECK_SLOT:
		return !v || v < r->env->limits.slots ? VERIFY_OK : VERIFY_SLOT_RANGE;
	case CHECK_ANSWER:
		return answer_check(c, rec);
	case CHECK_OFFSET:
		return unpack_bound(r, c->binding) ? VERIFY_OK : VERIFY_BUFFER_UNBOUND;
	default:
		return payload_check(r, c, rec);
	}
}

enum verify_reason operand_checks(struct run *r, const struct desc *d, const uint32_t *rec)
{
	const struct desc_check *c = r->table->check + d->check;
	enum verify_reason why = VERIFY_OK;

	for (unsigned i = 0; why == VERIFY_OK && i < d->nchecks; i++)
		why = one(r, &c[i], rec);
	return why;
}
