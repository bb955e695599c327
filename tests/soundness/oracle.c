/* oracle.c - see oracle.h. */
#include "tests/soundness/oracle.h"

#include <math.h>
#include <string.h>

#include "tests/soundness/model.h"

#define WORDS_MAX 64u

static void wrong(struct oracle *o, const char *why)
{
	if (!o->wrong)
		o->wrong = why;
}

/* ---- arithmetic ----------------------------------------------------------------- */

static float as_float(uint32_t v)
{
	float f;

	memcpy(&f, &v, 4);
	return f;
}

static uint32_t bits(float f)
{
	uint32_t v;

	memcpy(&v, &f, 4);
	return v;
}

static bool is_nan(uint32_t v) { return (v & 0x7fffffff) > 0x7f800000; }

/* A NaN comes from the first operand that is one, made quiet; else it is the default. */
static uint32_t float_result(uint32_t a, uint32_t b, float r)
{
	if (is_nan(a))
		return a | 0x400000;
	if (is_nan(b))
		return b | 0x400000;
	return isnan(r) ? 0xffc00000 : bits(r);
}

static uint32_t divide(uint32_t a, uint32_t b)
{
	int64_t x = (int32_t)a, y = (int32_t)b;

	return y ? (uint32_t)(x / y) : 0;
}

static uint32_t to_integer(uint32_t a)
{
	double f = as_float(a);

	if (is_nan(a))
		return 0;
	return f >= 2147483647.0 ? 0x7fffffff : f <= -2147483648.0 ? 0x80000000
								  : (uint32_t)(int32_t)f;
}

static uint32_t shift_arithmetic(uint32_t a, unsigned n)
{
	uint32_t sign = a >> 31 ? ~(0xffffffffu >> n) : 0;

	return a >> n | sign;
}

static uint32_t compute(unsigned op, uint32_t a, uint32_t b)
{
	int32_t i = (int32_t)a, j = (int32_t)b;
	float x = as_float(a), y = as_float(b);

	switch (op) {
	case OP_mov: return a;
	case OP_add_i: return a + b;
	case OP_sub_i: return a - b;
	case OP_mul_i: return a * b;
	case OP_div_i: return divide(a, b);
	case OP_mod_i: return a - b * divide(a, b);
	case OP_min_i: return i < j ? a : b;
	case OP_max_i: return i > j ? a : b;
	case OP_and: return a & b;
	case OP_or: return a | b;
	case OP_xor: return a ^ b;
	case OP_shl: return a << (b % 32);
	case OP_shr: return a >> (b % 32);
	case OP_sar: return shift_arithmetic(a, b % 32);
	case OP_neg_i: return -a;
	case OP_not: return ~a;
	case OP_add_f: return float_result(a, b, x + y);
	case OP_sub_f: return float_result(a, b, x - y);
	case OP_mul_f: return float_result(a, b, x * y);
	case OP_div_f: return float_result(a, b, x / y);
	case OP_min_f: return x < y ? a : b;
	case OP_max_f: return x > y ? a : b;
	case OP_neg_f: return a ^ 0x80000000;
	case OP_abs_f: return a & 0x7fffffff;
	case OP_floor_f: return is_nan(a) ? a | 0x400000 : bits(floorf(x));
	case OP_sqrt_f: return float_result(a, 0, sqrtf(x));
	case OP_sin_f: return bits(sinf(x));
	case OP_cos_f: return bits(cosf(x));
	case OP_tan_f: return bits(tanf(x));
	case OP_cvt_if: return bits((float)i);
	case OP_cvt_fi: return to_integer(a);
	case OP_set_eq_i: case OP_jump_eq_i: return i == j;
	case OP_jump_ne_i: return i != j;
	case OP_set_lt_i: case OP_jump_lt_i: return i < j;
	case OP_set_le_i: case OP_jump_le_i: return i <= j;
	case OP_set_eq_f: case OP_jump_eq_f: return x == y;
	case OP_set_lt_f: case OP_jump_lt_f: return x < y;
	case OP_set_le_f: case OP_jump_le_f: return x <= y;
	case OP_jump: return 1;
	default: return 0;
	}
}

/* ---- operands ------------------------------------------------------------------- */

static void payload_look(struct oracle *o, const uint32_t *rec, unsigned i)
{
	const struct gl_operand *op = &gl_ops[sp_opcode(*rec)].operands[i];
	const uint32_t *w = rec + op->word;
	const struct sp_payload *p;
	uint64_t need, count = 1;

	if (!gl_payload_size(rec, i, &need)) {
		if (w[0] || !op->nullable)
			wrong(o, "payload whose size nobody knows");
		return;
	}
	if (!w[0]) {
		if (!op->nullable && need)
			wrong(o, "no payload");
		return;
	}
	if (w[0] >= program_payloads.n) {
		wrong(o, "payload that there is not");
		return;
	}
	p = &program_payloads.v[w[0]];
	if (w[1] > p->size || need > p->size - w[1]) {
		wrong(o, "payload too short");
		return;
	}
	if (!p->data) {
		wrong(o, "payload that is not in memory");
		return;
	}
	if (op->size_rule == GL_SIZE_STRINGS)
		count = rec[gl_ops[sp_opcode(*rec)].operands[1].word];
	if (op->size_rule != GL_SIZE_STRING && op->size_rule != GL_SIZE_STRINGS)
		return;
	for (const uint8_t *s = p->data + w[1], *end = p->data + p->size; count; count--, s++) {
		while (s < end && *s)
			s++;
		if (s >= end) {
			wrong(o, "string that does not end");
			return;
		}
	}
}

static void name_look(struct oracle *o, unsigned space, uint32_t id)
{
	if (!gl_spaces[space].identity && id > PROGRAM_NAMES)
		wrong(o, "name out of range");
}

static void names_look(struct oracle *o, const uint32_t *rec, unsigned i)
{
	const struct gl_operand *op = &gl_ops[sp_opcode(*rec)].operands[i];
	const uint32_t *w = rec + op->word;
	uint64_t size = 0;

	if (o->wrong || op->space == GL_SPACE_NONE || !gl_payload_size(rec, i, &size))
		return;
	if (!w[0] && size)
		wrong(o, "names taken from nowhere");
	for (uint64_t k = 0; w[0] && !o->wrong && k + 4 <= size; k += 4) {
		uint32_t id;

		memcpy(&id, program_payloads.v[w[0]].data + w[1] + k, 4);
		name_look(o, op->space, id);
	}
}

static void operand_look(struct oracle *o, const uint32_t *rec, unsigned i)
{
	const struct gl_op *row = &gl_ops[sp_opcode(*rec)];
	const struct gl_operand *op = &row->operands[i];
	uint32_t w = rec[op->word];

	switch (op->kind) {
	case GL_KIND_DST:
		if (w >= SP_REGISTERS)
			wrong(o, "register out of range");
		break;
	case GL_KIND_EXTERN:
		if (w >= SP_EXTERNS)
			wrong(o, "external state that there is not");
		break;
	case GL_KIND_LOCATION:
		if (w > PROGRAM_SLOTS)
			wrong(o, "slot out of range");
		break;
	case GL_KIND_NAME: name_look(o, op->space, w); break;
	case GL_KIND_PAYLOAD:
		payload_look(o, rec, i);
		names_look(o, rec, i);
		break;
	}
	/* the operands of these are indices of GL's own */
	if (row->form == GL_FORM_LOCATE && strcmp(op->name, "slot") == 0 && w > PROGRAM_SLOTS &&
	    sp_opcode(*rec) != OP_glGetAttribLocation &&
	    sp_opcode(*rec) != OP_glGetFragDataLocation &&
	    sp_opcode(*rec) != OP_glGetFragDataIndex)
		wrong(o, "slot out of range");
}

/* The record with registers replaced by what they hold; false where it is none. */
static bool record_read(struct oracle *o, const struct sp *sp, uint32_t at, uint32_t *rec)
{
	const struct gl_op *op;
	unsigned mask;

	if (at >= sp->nwords || sp_opcode(sp->code[at]) >= GL_OP_COUNT ||
	    gl_ops[sp_opcode(sp->code[at])].words > sp->nwords - at) {
		wrong(o, "no record where execution goes");
		return false;
	}
	op = &gl_ops[sp_opcode(sp->code[at])];
	memcpy(rec, sp->code + at, op->words * 4u);
	mask = sp_mask(*rec);
	rec[0] = sp_opcode(*rec);
	for (unsigned i = 0; i < GL_OP_MAX_OPERANDS; i++) {
		if (!(mask >> i & 1))
			continue;
		if (i >= op->noperands || !op->operands[i].reg_ok ||
		    rec[op->operands[i].word] >= SP_REGISTERS) {
			wrong(o, "register where there may be none");
			return false;
		}
		rec[op->operands[i].word] = o->regs[rec[op->operands[i].word]];
	}
	for (unsigned i = 0; i < op->noperands; i++)
		operand_look(o, rec, i);
	return !o->wrong;
}

/* ---- running -------------------------------------------------------------------- */

static void sp_run(struct oracle *o, uint32_t id, unsigned depth);

/* A label leads forward, to a record. */
static bool jump_lands(const struct sp *sp, uint32_t at, uint32_t label)
{
	uint32_t to = at + label;

	if (label >= sp->nwords || to >= sp->nwords)
		return false;
	while (at < to) {
		if (sp_opcode(sp->code[at]) >= GL_OP_COUNT)
			return false;
		at += gl_ops[sp_opcode(sp->code[at])].words;
	}
	return at == to;
}

static void call_run(struct oracle *o, const uint32_t *rec, uint32_t caller, unsigned depth)
{
	uint32_t proc = rec[1], first = rec[2], count = rec[3], saved[SP_REGISTERS];

	if (proc >= o->p->nsps || depth >= SP_CALL_DEPTH) {
		wrong(o, "call that leads nowhere, or too deep");
		return;
	}
	o->chain[depth] = caller;
	for (unsigned i = 0; i <= depth; i++)
		if (o->chain[i] == proc)
			wrong(o, "call of itself");
	if (o->wrong)
		return;
	if (first > SP_REGISTERS || count > SP_REGISTERS - first) {
		wrong(o, "register window out of range");
		return;
	}
	memcpy(saved, o->regs, sizeof(saved));
	memset(o->regs, 0, sizeof(o->regs));
	memcpy(o->regs, saved + first, count * 4);
	sp_run(o, proc, depth + 1);
	memcpy(saved + first, o->regs, count * 4);
	memcpy(o->regs, saved, sizeof(saved));
}

static void sp_run(struct oracle *o, uint32_t id, unsigned depth)
{
	struct sp sp = program_get(o->p, id);
	uint32_t rec[WORDS_MAX], at = 0;

	while (record_read(o, &sp, at, rec)) {
		unsigned op = sp_opcode(*rec), n = gl_ops[op].noperands;
		const struct gl_operand *v = gl_ops[op].operands;

		o->executed++;
		o->wrong_sp = id;
		o->wrong_word = at;
		at += gl_ops[op].words;
		if (op == OP_end)
			return;
		if (op == OP_call) {
			call_run(o, rec, id, depth);
		} else if (gl_ops[op].form != GL_FORM_CORE) {
			calls_add(&o->calls, rec);
			model_record(o->model, rec);
			if (model_wrong(o->model))
				wrong(o, model_wrong(o->model));
		} else if (n && v[n - 1].kind == GL_KIND_LABEL) {
			if (!jump_lands(&sp, at, rec[v[n - 1].word]))
				wrong(o, "jump that leads nowhere");
			else if (compute(op, rec[1], n > 1 ? rec[2] : 0))
				at += rec[v[n - 1].word];
		} else if (op == OP_ext) {
			o->regs[rec[1]] = o->externs[rec[2]];
		} else if (n && v[0].kind == GL_KIND_DST) {
			o->regs[rec[1]] = compute(op, rec[2], n > 2 ? rec[3] : 0);
		}
		if (o->wrong)
			return;
	}
	o->wrong_sp = id;
	o->wrong_word = at;
}

void oracle_reset(struct oracle *o, const struct program *p)
{
	o->p = p;
	o->wrong = NULL;
	calls_reset(&o->calls);
	model_reset(o->model);
}

void oracle_run(struct oracle *o, uint32_t i)
{
	buf_clear(&o->calls.log);
	o->executed = 0;
	model_begin(o->model, o->p->sp[i].callback);
	memcpy(o->regs, program_registers(i), sizeof(o->regs));
	sp_run(o, i, 0);
}
