/* disasm.c - one record as one line of text, see asm.h and docs/ASSEMBLY.md.
 *
 * Every record has a text, also one that no verifier would accept: what cannot be
 * shown in the ordinary way has a plain form (numbers, reg(N), NAME/MASK, @!N).
 */
#include "blink/sp/disasm.h"

#include <stdlib.h>
#include <string.h>

#include "blink/sp/text.h"

static uint64_t wide(const uint32_t *w)
{
	return w[0] | (uint64_t)w[1] << 32;
}

/* ---- enums --------------------------------------------------------------- */

static const char *enum_lookup(const char *group, uint32_t value)
{
	const char *name = group ? gl_enum_name(group, value) : NULL;

	/* small values mean too many things to be guessed without a group */
	if (!name && value >= 0x100)
		name = gl_enum_name(NULL, value);
	return name;
}

static const char *enum_find(const struct disasm *d, const char *group, uint32_t value)
{
	struct enum_memo *m;

	if (!d->memo)
		return enum_lookup(group, value);
	m = &d->memo[(value ^ (uintptr_t)group >> 3) % ENUM_MEMO];
	if (!m->set || m->group != group || m->value != value)
		*m = (struct enum_memo){ group, enum_lookup(group, value), value, true };
	return m->name;
}

static void enum_print(const struct disasm *d, const char *group, uint32_t value,
		       struct buf *out)
{
	const char *name = enum_find(d, group, value);

	if (name)
		buf_append(out, name, strlen(name));
	else
		buf_printf(out, "0x%x", value);
}

static void bits_print(const char *group, uint32_t value, struct buf *out)
{
	uint32_t rest = value;
	const char *between = "";

	for (uint32_t bit = 1; bit && group; bit <<= 1) {
		const char *name = value & bit ? gl_bit_name(group, bit) : NULL;

		if (name) {
			buf_printf(out, "%s%s", between, name);
			rest &= ~bit;
			between = "|";
		}
	}
	if (rest || !value)
		buf_printf(out, "%s0x%x", between, rest);
}

/* ---- operands ------------------------------------------------------------ */

static void label_print(const struct disasm *d, const uint32_t *rec, uint32_t skip,
			struct buf *out)
{
	if (d->marks) {
		uint64_t at = (uint64_t)(rec - d->code) + sp_words(rec) + skip;

		if (at < d->nwords && d->marks[at] & DISASM_START) {
			buf_printf(out, "L%u", (uint32_t)at);
			return;
		}
	}
	buf_printf(out, "+%u", skip);
}

static void payload_print(const struct disasm *d, const uint32_t *w, struct buf *out)
{
	if (w[0] == 0 && w[1] == 0) {
		buf_append(out, "null", 4);
		return;
	}
	/* the plain form of what does not exist is its number as it stands */
	buf_printf(out, w[0] == 0 || (d->payloads && w[0] >= d->payloads) ? "@!%u" : "@%u", w[0]);
	if (w[1])
		buf_printf(out, "+%u", w[1]);
}

static void register_print(uint32_t n, bool ordinary, struct buf *out)
{
	buf_printf(out, ordinary && n < SP_REGISTERS ? "r%u" : "reg(%u)", n);
}

static void value_print(const struct disasm *d, const uint32_t *rec,
			const struct gl_operand *o, struct buf *out)
{
	const uint32_t *w = rec + o->word;

	switch ((enum gl_kind)o->kind) {
	case GL_KIND_INT:
		buf_printf(out, "%d", (int32_t)*w);
		break;
	case GL_KIND_UINT: case GL_KIND_NAME: case GL_KIND_LOCATION:
		buf_printf(out, "%u", *w);
		break;
	case GL_KIND_FLOAT:
		text_float(out, *w);
		break;
	case GL_KIND_DOUBLE:
		text_double(out, wide(w));
		break;
	case GL_KIND_INT64:
		buf_printf(out, "%lld", (long long)wide(w));
		break;
	case GL_KIND_UINT64: case GL_KIND_OFFSET:
		buf_printf(out, "%llu", (unsigned long long)wide(w));
		break;
	case GL_KIND_BOOL:
		buf_printf(out, *w > 1 ? "%u" : *w ? "true" : "false", *w);
		break;
	case GL_KIND_ENUM:
		enum_print(d, o->group, *w, out);
		break;
	case GL_KIND_BITS:
		bits_print(o->group, *w, out);
		break;
	case GL_KIND_PAYLOAD:
		payload_print(d, w, out);
		break;
	case GL_KIND_DST:
		register_print(*w, true, out);
		break;
	case GL_KIND_LABEL:
		label_print(d, rec, *w, out);
		break;
	case GL_KIND_SP:
		buf_printf(out, d->sps && *w >= d->sps ? "!%u" : "%u", *w);
		break;
	case GL_KIND_EXTERN:
		if (*w < SP_EXTERNS)
			buf_append(out, sp_extern_names[*w], strlen(sp_extern_names[*w]));
		else
			buf_printf(out, "%u", *w);
		break;
	case GL_KIND_ANSWER: case GL_KIND_COUNT:
		break;
	}
}

static void operand_print(const struct disasm *d, const uint32_t *rec,
			  const struct gl_operand *o, bool masked, struct buf *out)
{
	const uint32_t *w = rec + o->word;

	if (!masked)
		value_print(d, rec, o, out);
	else if (sp_kind_words(o->kind) == 2)
		buf_printf(out, "reg(%llu)", (unsigned long long)wide(w));
	else
		register_print(*w, o->reg_ok, out);
}

void disasm_record(const struct disasm *d, const uint32_t *rec, struct buf *out)
{
	unsigned op = sp_opcode(*rec), mask = sp_mask(*rec), plain = mask;
	const char *between = " ";
	const struct gl_op *row;

	if (op >= GL_OP_COUNT) {
		buf_printf(out, "? 0x%08x", *rec);
		return;
	}
	row = &gl_ops[op];
	for (unsigned i = 0; i < row->noperands; i++)
		if (sp_kind_words(row->operands[i].kind) && row->operands[i].kind != GL_KIND_DST)
			plain &= ~(1u << i);
	buf_append(out, row->name, strlen(row->name));
	if (plain)
		buf_printf(out, "/0x%x", plain);
	for (unsigned i = 0; i < row->noperands; i++) {
		const struct gl_operand *o = &row->operands[i];

		if (!sp_kind_words(o->kind))
			continue;
		buf_append(out, between, strlen(between));
		operand_print(d, rec, o, mask >> i & 1 && o->kind != GL_KIND_DST, out);
		between = ", ";
	}
}

void sp_disassemble_record(const uint32_t *rec, struct buf *out)
{
	static const struct disasm alone;

	disasm_record(&alone, rec, out);
}

/* ---- payload contents ---------------------------------------------------- */

const char *const payload_directives[PAYLOAD_FORMS] = {
	[PAYLOAD_HEX] = "hex", [PAYLOAD_TEXT] = "text", [PAYLOAD_F32] = "f32",
	[PAYLOAD_F64] = "f64", [PAYLOAD_I8] = "i8", [PAYLOAD_I16] = "i16",
	[PAYLOAD_U16] = "u16", [PAYLOAD_I32] = "i32", [PAYLOAD_U32] = "u32",
};

/* By the C type of the parameter, as the registry gives it. */
static enum payload_form form_of_type(const char *type)
{
	static const struct { const char *part; enum payload_form form; } rows[] = {
		{ "GLfloat", PAYLOAD_F32 }, { "GLdouble", PAYLOAD_F64 }, { "GLchar", PAYLOAD_TEXT },
		{ "GLbyte", PAYLOAD_I8 }, { "GLshort", PAYLOAD_I16 }, { "GLushort", PAYLOAD_U16 },
		{ "GLint", PAYLOAD_I32 }, { "GLuint", PAYLOAD_U32 }, { "GLfixed", PAYLOAD_I32 },
		{ "GLenum", PAYLOAD_U32 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strstr(type, rows[i].part))
			return rows[i].form;
	return PAYLOAD_HEX;
}

/* By the record's `type` operand. */
static enum payload_form form_of_enum(uint32_t type)
{
	switch (type) {
	case 0x1400: return PAYLOAD_I8;        /* GL_BYTE */
	case 0x1402: return PAYLOAD_I16;       /* GL_SHORT */
	case 0x1403: return PAYLOAD_U16;       /* GL_UNSIGNED_SHORT */
	case 0x1404: return PAYLOAD_I32;       /* GL_INT */
	case 0x1405: return PAYLOAD_U32;       /* GL_UNSIGNED_INT */
	case 0x1406: return PAYLOAD_F32;       /* GL_FLOAT */
	case 0x140a: return PAYLOAD_F64;       /* GL_DOUBLE */
	default: return PAYLOAD_HEX;
	}
}

enum payload_form payload_form(const uint32_t *rec, unsigned operand)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct gl_operand *o = &op->operands[operand];
	enum payload_form form = PAYLOAD_HEX;

	if (o->size_rule == GL_SIZE_STRING || o->size_rule == GL_SIZE_STRINGS ||
	    op->form == GL_FORM_SOURCE)
		return PAYLOAD_TEXT;
	if (op->command != GL_OP_NO_COMMAND && o->param < gl_commands[op->command].nparams)
		form = form_of_type(gl_commands[op->command].params[o->param].type);
	for (unsigned i = 0; form == PAYLOAD_HEX && i < op->noperands; i++)
		if (op->operands[i].kind == GL_KIND_ENUM && !(sp_mask(*rec) >> i & 1) &&
		    strcmp(op->operands[i].name, "type") == 0)
			form = form_of_enum(rec[op->operands[i].word]);
	return form;
}

unsigned payload_step(enum payload_form form)
{
	static const uint8_t steps[PAYLOAD_FORMS] = {
		[PAYLOAD_HEX] = 1, [PAYLOAD_TEXT] = 1, [PAYLOAD_F32] = 4, [PAYLOAD_F64] = 8,
		[PAYLOAD_I8] = 1, [PAYLOAD_I16] = 2, [PAYLOAD_U16] = 2, [PAYLOAD_I32] = 4,
		[PAYLOAD_U32] = 4,
	};

	return steps[form];
}

void payload_value(struct buf *out, enum payload_form form, const uint8_t *p)
{
	uint64_t v = 0;

	memcpy(&v, p, payload_step(form));
	switch (form) {
	case PAYLOAD_F32: text_float(out, (uint32_t)v); break;
	case PAYLOAD_F64: text_double(out, v); break;
	case PAYLOAD_I8: buf_printf(out, "%d", (int8_t)v); break;
	case PAYLOAD_I16: buf_printf(out, "%d", (int16_t)v); break;
	case PAYLOAD_I32: buf_printf(out, "%d", (int32_t)v); break;
	case PAYLOAD_U16: case PAYLOAD_U32: buf_printf(out, "%u", (uint32_t)v); break;
	case PAYLOAD_HEX: case PAYLOAD_TEXT: case PAYLOAD_FORMS:
		buf_printf(out, "%02x", (uint8_t)v);
		break;
	}
}
