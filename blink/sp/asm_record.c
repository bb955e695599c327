/* asm_record.c - one instruction from text to record, see docs/ASSEMBLY.md. */
#include <string.h>

#include "blink/sp/asm_lex.h"
#include "blink/sp/text.h"

#define NAME_MAX_LENGTH 127u

/* The operand being read, for messages. */
struct place {
	const struct gl_op *op;
	const struct gl_operand *operand;
	unsigned index;
	uint32_t *words;          /* of the operand, in the record */
	uint32_t start;           /* of the record, in words of the code */
	unsigned *mask;
};

static bool operand_fail(struct assembler *a, const struct place *p, const char *wanted)
{
	return asm_fail(a, "%s, operand %s: `%.*s` is %s", p->op->name, p->operand->name,
			(int)a->token.length, a->token.text, wanted);
}

static bool int_read(struct assembler *a, const struct place *p, int64_t min, uint64_t max,
		     const char *wanted)
{
	uint64_t v;

	if (!text_read_int(a->token.text, a->token.length, min, max, &v))
		return operand_fail(a, p, wanted);
	p->words[0] = (uint32_t)v;
	if (sp_kind_words(p->operand->kind) == 2)
		p->words[1] = (uint32_t)(v >> 32);
	return true;
}

/* ---- registers ----------------------------------------------------------- */

/* r0 to r31; reg(N) is taken anywhere and left to the verifier. */
static bool register_read(const struct token *t, uint64_t *number, bool *ordinary)
{
	*ordinary = t->length >= 2 && t->text[0] == 'r' && t->text[1] >= '0' && t->text[1] <= '9';
	if (*ordinary)
		return text_read_int(t->text + 1, t->length - 1, 0, SP_REGISTERS - 1, number);
	return t->length > 5 && memcmp(t->text, "reg(", 4) == 0 && t->text[t->length - 1] == ')' &&
	       text_read_int(t->text + 4, t->length - 5, 0, UINT64_MAX, number);
}

/* Labels and SPs may well be called r1. */
static bool looks_like_register(const struct token *t, unsigned kind)
{
	if (t->length > 4 && memcmp(t->text, "reg(", 4) == 0)
		return true;
	return t->length >= 2 && t->text[0] == 'r' && t->text[1] >= '0' && t->text[1] <= '9' &&
	       kind != GL_KIND_LABEL && kind != GL_KIND_SP;
}

static bool register_operand(struct assembler *a, const struct place *p)
{
	bool two = sp_kind_words(p->operand->kind) == 2, ordinary;
	uint64_t n;

	if (!register_read(&a->token, &n, &ordinary) || (!two && n > UINT32_MAX))
		return operand_fail(a, p, "no register (r0 to r31)");
	if (p->operand->kind != GL_KIND_DST) {
		if (ordinary && (!p->operand->reg_ok || two))
			return operand_fail(a, p, "a register, and it takes none");
		*p->mask |= 1u << p->index;
	}
	p->words[0] = (uint32_t)n;
	if (two)
		p->words[1] = (uint32_t)(n >> 32);
	return true;
}

/* ---- enums --------------------------------------------------------------- */

static bool enum_read(const struct token *t, uint32_t *value)
{
	char name[NAME_MAX_LENGTH + 1];
	uint64_t v;

	if (text_read_int(t->text, t->length, 0, UINT32_MAX, &v)) {
		*value = (uint32_t)v;
		return true;
	}
	if (t->length > NAME_MAX_LENGTH)
		return false;
	memcpy(name, t->text, t->length);
	name[t->length] = 0;
	return gl_enum_value(name, value);
}

/* A, 0x10, A|B|0x10: the current token behind it is left current. */
static bool bits_operand(struct assembler *a, const struct place *p)
{
	*p->words = 0;
	for (;;) {
		uint32_t bit;

		if (a->token.kind != TOKEN_WORD || !enum_read(&a->token, &bit))
			return operand_fail(a, p, "no bit that is known, and no number");
		*p->words |= bit;
		if (!token_next(a))
			return false;
		if (!token_is(a, "|"))
			return true;
		if (!token_next(a))
			return false;
	}
}

/* ---- references ---------------------------------------------------------- */

/* @NAME, @NAME+OFFSET, @!NUMBER+OFFSET (as it stands), null. */
static bool payload_operand(struct assembler *a, const struct place *p)
{
	const char *name = a->token.text + 1, *end = a->token.text + a->token.length, *plus;
	uint64_t offset = 0, id;

	if (token_is(a, "null")) {
		p->words[0] = p->words[1] = 0;
		return true;
	}
	if (a->token.length < 2 || a->token.text[0] != '@')
		return operand_fail(a, p, "no payload (@NAME, @NAME+OFFSET or null)");
	plus = memchr(name, '+', (size_t)(end - name));
	if (plus) {
		if (!text_read_int(plus + 1, (size_t)(end - plus - 1), 0, UINT32_MAX, &offset))
			return operand_fail(a, p, "no payload: its offset is no number");
		end = plus;
	}
	p->words[1] = (uint32_t)offset;
	if (*name == '!') {
		if (!text_read_int(name + 1, (size_t)(end - name - 1), 0, UINT32_MAX, &id))
			return operand_fail(a, p, "no payload number");
		p->words[0] = (uint32_t)id;
		return true;
	}
	if (!symbols_find(&a->payloads, name, (size_t)(end - name), &p->words[0]))
		return operand_fail(a, p, "not defined above (dump --payloads writes payloads too)");
	return true;
}

static bool sp_operand(struct assembler *a, const struct place *p)
{
	uint64_t id;

	if (a->token.text[0] == '!') {
		if (!text_read_int(a->token.text + 1, a->token.length - 1, 0, UINT32_MAX, &id))
			return operand_fail(a, p, "no SP number");
		p->words[0] = (uint32_t)id;
		return true;
	}
	if (!symbols_find(&a->sps, a->token.text, a->token.length, &p->words[0]))
		return operand_fail(a, p, "no SP of this text");
	return true;
}

static bool label_operand(struct assembler *a, const struct place *p)
{
	struct fixup f = {
		.label = a->token.text, .length = a->token.length, .line = a->line,
		.word = p->start + p->operand->word, .after = p->start + p->op->words,
	};

	if (a->token.text[0] == '+')
		return int_read(a, p, 0, UINT32_MAX, "no number of words");
	buf_append(&a->fixups, &f, sizeof(f));
	return true;
}

static bool extern_operand(struct assembler *a, const struct place *p)
{
	for (uint32_t i = 0; i < SP_EXTERNS; i++) {
		if (token_is(a, sp_extern_names[i])) {
			*p->words = i;
			return true;
		}
	}
	return int_read(a, p, 0, UINT32_MAX, "no external state");
}

static bool bool_operand(struct assembler *a, const struct place *p)
{
	if (token_is(a, "true") || token_is(a, "false")) {
		*p->words = token_is(a, "true");
		return true;
	}
	return int_read(a, p, 0, UINT32_MAX, "neither true nor false");
}

static bool double_operand(struct assembler *a, const struct place *p)
{
	uint64_t v;

	if (!text_read_double(a->token.text, a->token.length, &v))
		return operand_fail(a, p, "no number");
	p->words[0] = (uint32_t)v;
	p->words[1] = (uint32_t)(v >> 32);
	return true;
}

/* Text without names and slots gets those that its records mention. */
static bool limited_operand(struct assembler *a, const struct place *p)
{
	bool name = p->operand->kind == GL_KIND_NAME;
	uint32_t *most = name ? &a->names[p->operand->space] : &a->slots;

	if (!int_read(a, p, 0, UINT32_MAX, "no unsigned integer of 32 bits"))
		return false;
	*most = *p->words > *most ? *p->words : *most;
	return true;
}

/* ---- records ------------------------------------------------------------- */

static bool word_operand(struct assembler *a, const struct place *p)
{
	switch ((enum gl_kind)p->operand->kind) {
	case GL_KIND_INT:
		return int_read(a, p, INT32_MIN, INT32_MAX, "no integer of 32 bits");
	case GL_KIND_UINT:
		return int_read(a, p, 0, UINT32_MAX, "no unsigned integer of 32 bits");
	case GL_KIND_NAME: case GL_KIND_LOCATION:
		return limited_operand(a, p);
	case GL_KIND_FLOAT:
		return text_read_float(a->token.text, a->token.length, p->words) ||
		       operand_fail(a, p, "no number");
	case GL_KIND_DOUBLE:
		return double_operand(a, p);
	case GL_KIND_INT64:
		return int_read(a, p, INT64_MIN, INT64_MAX, "no integer of 64 bits");
	case GL_KIND_UINT64: case GL_KIND_OFFSET:
		return int_read(a, p, 0, UINT64_MAX, "no unsigned integer of 64 bits");
	case GL_KIND_BOOL:
		return bool_operand(a, p);
	case GL_KIND_ENUM:
		return enum_read(&a->token, p->words) || operand_fail(a, p, "no enum that is known");
	case GL_KIND_PAYLOAD:
		return payload_operand(a, p);
	case GL_KIND_LABEL:
		return label_operand(a, p);
	case GL_KIND_SP:
		return sp_operand(a, p);
	case GL_KIND_EXTERN:
		return extern_operand(a, p);
	case GL_KIND_BITS: case GL_KIND_DST: case GL_KIND_ANSWER: case GL_KIND_COUNT:
		break;   /* read elsewhere */
	}
	return asm_fail(a, "%s cannot be written", p->op->name);
}

static bool operand_read(struct assembler *a, const struct place *p)
{
	bool ok;

	if (a->token.kind != TOKEN_WORD)
		return asm_fail(a, "%s: operand %s is missing", p->op->name, p->operand->name);
	if (p->operand->kind == GL_KIND_DST ||
	    looks_like_register(&a->token, p->operand->kind))
		ok = register_operand(a, p);
	else if (p->operand->kind == GL_KIND_BITS)
		return bits_operand(a, p);
	else
		ok = word_operand(a, p);
	return ok && token_next(a);
}

/* NAME, or NAME/MASK with bits that the operands' text does not imply. */
static bool opcode_read(struct assembler *a, unsigned *op, unsigned *mask)
{
	const struct token *t = &a->token;
	const char *slash = memchr(t->text, '/', t->length);
	size_t n = slash ? (size_t)(slash - t->text) : t->length;
	char name[NAME_MAX_LENGTH + 1];
	uint64_t bits = 0;

	if (t->kind != TOKEN_WORD)
		return asm_fail(a, "an instruction or a label should stand here");
	*op = GL_OP_COUNT;
	if (n <= NAME_MAX_LENGTH) {
		memcpy(name, t->text, n);
		name[n] = 0;
		*op = gl_op_find(name);
	}
	if (*op >= GL_OP_COUNT)
		return asm_fail(a, "`%.*s` is no instruction (see blinkctl isa)",
				(int)(n < 64 ? n : 64), t->text);
	if (slash && !text_read_int(slash + 1, t->length - n - 1, 0, 0xffff, &bits))
		return asm_fail(a, "`%.*s`: the register mask is no number of 16 bits",
				(int)(t->length < 64 ? t->length : 64), t->text);
	*mask = (unsigned)bits;
	return token_next(a);
}

bool asm_record(struct assembler *a)
{
	uint32_t words[256] = { 0 };
	const char *between = NULL;
	unsigned op = 0, mask = 0;

	if (!opcode_read(a, &op, &mask))
		return false;
	for (unsigned i = 0; i < gl_ops[op].noperands; i++) {
		const struct gl_operand *o = &gl_ops[op].operands[i];
		struct place p = {
			.op = &gl_ops[op], .operand = o, .index = i, .words = words + o->word,
			.start = (uint32_t)(a->code.len / 4), .mask = &mask,
		};

		if (!sp_kind_words(o->kind))
			continue;
		if (between && !token_expect(a, between))
			return false;
		if (!operand_read(a, &p))
			return false;
		between = ",";
	}
	if (a->token.kind != TOKEN_END)
		return asm_fail(a, "%s: more than its operands", gl_ops[op].name);
	sp_emit(&a->code, op, mask, words + 1);
	if (a->code.len / 4 > SP_MAX_WORDS)
		return asm_fail(a, "the SP is longer than %u words", SP_MAX_WORDS);
	a->stats.records++;
	return true;
}

bool asm_fixups(struct assembler *a)
{
	const struct fixup *f = (const void *)a->fixups.data;
	uint32_t *code = (void *)a->code.data, target;

	for (size_t n = a->fixups.len / sizeof(*f); n; n--, f++) {
		if (!symbols_find(&a->labels, f->label, f->length, &target))
			return asm_fail_at(a, f->line, "label `%.*s` is not defined in this SP",
					   (int)f->length, f->label);
		if (target < f->after)
			return asm_fail_at(a, f->line, "label `%.*s` lies behind: jumps go forward",
					   (int)f->length, f->label);
		code[f->word] = target - f->after;
	}
	return true;
}
