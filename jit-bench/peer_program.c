/* peer_program.c - see peer_program.h. */
#include "jit-bench/peer_program.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- decoding ------------------------------------------------------------------- */

static unsigned type_of(unsigned ctype)
{
	switch (ctype) {
	case GL_C_F32: return PEER_F32;
	case GL_C_F64: return PEER_F64;
	case GL_C_I8: return PEER_I8;
	case GL_C_U8: return PEER_U8;
	case GL_C_I16: return PEER_I16;
	case GL_C_U16: return PEER_U16;
	case GL_C_I32: case GL_C_U32: return PEER_I32;
	default: return PEER_I64;
	}
}

static uint16_t call_number(struct decoded *d, const struct peer_call *call)
{
	const struct peer_call *v = (const struct peer_call *)(const void *)d->calls.data;
	size_t n = d->calls.len / sizeof(*v);

	for (size_t i = 0; i < n; i++)
		if (v[i].address == call->address && !strcmp(v[i].name, call->name))
			return (uint16_t)i;
	buf_append(&d->calls, call, sizeof(*call));
	return (uint16_t)n;
}

static void insn_add(struct decoded *d, const struct peer_insn *i)
{
	buf_append(&d->insns, i, sizeof(*i));
}

static int name_value(const struct client *c, const struct gl_operand *o, uint32_t id,
		      uint64_t *value, struct error *err)
{
	*value = id;
	if (o->space == GL_SPACE_SYNC || !c->names[o->space])
		return 0;
	*value = c->names[o->space][id];
	return *value != CLIENT_NO_NAME ? 0
		: error_set(err, -EINVAL, "bench: name %u has no object yet", id);
}

static int operand_value(const struct client *c, const struct gl_operand *o,
			 const uint32_t *w, unsigned ctype, uint64_t *value, struct error *err)
{
	switch (o->kind) {
	case GL_KIND_INT:
		*value = type_of(ctype) == PEER_I64 ? (uint64_t)(int64_t)(int32_t)*w : *w;
		return 0;
	case GL_KIND_DOUBLE: case GL_KIND_INT64: case GL_KIND_UINT64: case GL_KIND_OFFSET:
		*value = w[0] | (uint64_t)w[1] << 32;
		return 0;
	case GL_KIND_NAME:
		return name_value(c, o, *w, value, err);
	case GL_KIND_LOCATION:
		*value = (uint32_t)c->locations[*w];
		return 0;
	case GL_KIND_PAYLOAD:
		*value = w[0] ? (uint64_t)(uintptr_t)(c->payloads.v[w[0]].data + w[1]) : 0;
		return 0;
	default:
		*value = *w;
		return 0;
	}
}

static int direct_add(struct decoded *d, const uint32_t *rec, const struct client *c,
		      struct error *err)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct gl_command *cmd = &gl_commands[op->command];
	struct peer_call call = { .name = cmd->name, .nparams = cmd->nparams,
		.address = (uint64_t)(uintptr_t)c->sink->entry[sp_opcode(*rec)] };
	struct peer_insn i = { .op = PEER_CALL,
			       .first = (uint32_t)(d->args.len / sizeof(uint64_t)) };
	uint64_t args[PEER_ARGUMENTS] = { 0 };
	int rc = 0;

	if (cmd->nparams > PEER_ARGUMENTS)
		return error_set(err, -ENOTSUP, "bench: %s has too many parameters", cmd->name);
	for (unsigned k = 0; k < cmd->nparams; k++)
		call.types[k] = (uint8_t)type_of(cmd->params[k].ctype);
	for (unsigned k = 0; k < op->noperands && rc == 0; k++) {
		const struct gl_operand *o = &op->operands[k];

		if (o->param < PEER_ARGUMENTS)
			rc = operand_value(c, o, rec + o->word, cmd->params[o->param].ctype,
					   &args[o->param], err);
	}
	i.call = call_number(d, &call);
	insn_add(d, &i);
	buf_append(&d->args, args, cmd->nparams * sizeof(args[0]));
	return rc;
}

static void other_add(struct decoded *d, uint64_t other, uint32_t pc)
{
	const struct peer_call call = { .name = "other", .address = other, .nparams = 1,
					.types = { PEER_I32 } };
	struct peer_insn i = { .op = PEER_CALL, .call = call_number(d, &call),
			       .first = (uint32_t)(d->args.len / sizeof(uint64_t)) };
	uint64_t arg = pc;

	insn_add(d, &i);
	buf_append(&d->args, &arg, sizeof(arg));
	d->others++;
}

static int arith_add(struct decoded *d, const uint32_t *rec, struct error *err)
{
	static const struct { uint16_t op, peer; } rows[] = {
		{ OP_add_i, PEER_ADD }, { OP_sub_i, PEER_SUB }, { OP_mul_i, PEER_MUL },
		{ OP_xor, PEER_XOR }, { OP_add_f, PEER_ADDF }, { OP_sub_f, PEER_SUBF },
		{ OP_mul_f, PEER_MULF }, { OP_min_f, PEER_MINF },
	};
	unsigned op = sp_opcode(*rec);

	if (op == OP_end)
		return 0;
	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
		if (rows[k].op == op && sp_mask(*rec) == 6) {
			insn_add(d, &(struct peer_insn){ .op = rows[k].peer, .d = (uint8_t)rec[1],
				.a = (uint8_t)rec[2], .b = (uint8_t)rec[3] });
			return 0;
		}
	return error_set(err, -ENOTSUP, "bench: %s is not known to other compilers",
			 gl_ops[op].name);
}

int decoded_make(struct decoded *d, const struct sp *sp, const struct client *c,
		 uint64_t other, struct error *err)
{
	const uint32_t *rec = sp->code, *end = rec + sp->nwords;
	int rc = 0;
	bool bad;

	memset(d, 0, sizeof(*d));
	for (; rc == 0 && (rec = sp_next(rec, end, &bad)) != NULL; rec += sp_words(rec)) {
		const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

		if (op->form == GL_FORM_CORE)
			rc = arith_add(d, rec, err);
		else if (op->form == GL_FORM_DIRECT && !sp_mask(*rec))
			rc = direct_add(d, rec, c, err);
		else
			other_add(d, other, (uint32_t)(rec - sp->code));
	}
	if (rc == 0 && (buf_failed(&d->insns) || buf_failed(&d->calls) || buf_failed(&d->args)))
		rc = error_set(err, -ENOMEM, "bench: out of memory");
	d->program = (struct peer_program){
		.insns = (const struct peer_insn *)(const void *)d->insns.data,
		.n = (uint32_t)(d->insns.len / sizeof(struct peer_insn)),
		.calls = (const struct peer_call *)(const void *)d->calls.data,
		.ncalls = (uint32_t)(d->calls.len / sizeof(struct peer_call)),
		.args = (const uint64_t *)(const void *)d->args.data,
	};
	return rc;
}

void decoded_finish(struct decoded *d)
{
	buf_finish(&d->insns);
	buf_finish(&d->calls);
	buf_finish(&d->args);
}

/* ---- as C ------------------------------------------------------------------------- */

static const char *const type_names[] = {
	[PEER_I32] = "unsigned", [PEER_F32] = "float", [PEER_I8] = "signed char",
	[PEER_U8] = "unsigned char", [PEER_I16] = "short", [PEER_U16] = "unsigned short",
	[PEER_I64] = "unsigned long", [PEER_F64] = "double",
};

static void declare(const struct peer_call *call, struct buf *out)
{
	buf_printf(out, "void %s(", call->name);
	for (unsigned k = 0; k < call->nparams; k++)
		buf_printf(out, "%s%s", k ? ", " : "", type_names[call->types[k]]);
	buf_printf(out, call->nparams ? ");\n" : "void);\n");
}

/* Hexadecimal digits are exact; what they cannot say is made from bits. */
static void value_print(unsigned type, uint64_t bits, struct buf *out)
{
	union { uint32_t u; float f; } f = { .u = (uint32_t)bits };
	union { uint64_t u; double d; } d = { .u = bits };

	switch (type) {
	case PEER_F32:
		if (isfinite(f.f))
			buf_printf(out, "%af", (double)f.f);
		else
			buf_printf(out, "F(0x%xu)", f.u);
		return;
	case PEER_F64:
		if (isfinite(d.d))
			buf_printf(out, "%a", d.d);
		else
			buf_printf(out, "D(0x%llxul)", (unsigned long long)d.u);
		return;
	case PEER_I64: buf_printf(out, "0x%llxul", (unsigned long long)bits); return;
	case PEER_I8: buf_printf(out, "%d", (int8_t)bits); return;
	case PEER_U8: buf_printf(out, "%u", (uint8_t)bits); return;
	case PEER_I16: buf_printf(out, "%d", (int16_t)bits); return;
	case PEER_U16: buf_printf(out, "%u", (uint16_t)bits); return;
	default: buf_printf(out, "0x%xu", (uint32_t)bits);
	}
}

static void call_print(const struct peer_program *p, const struct peer_insn *i, struct buf *out)
{
	const struct peer_call *call = &p->calls[i->call];

	buf_printf(out, "\t%s(", call->name);
	for (unsigned k = 0; k < call->nparams; k++) {
		if (k)
			buf_append(out, ", ", 2);
		value_print(call->types[k], p->args[i->first + k], out);
	}
	buf_append(out, ");\n", 3);
}

static void arith_print(const struct peer_insn *i, struct buf *out)
{
	static const char signs[] = {
		[PEER_ADD] = '+', [PEER_SUB] = '-', [PEER_MUL] = '*', [PEER_XOR] = '^',
		[PEER_ADDF] = '+', [PEER_SUBF] = '-', [PEER_MULF] = '*',
	};

	if (i->op == PEER_MINF)
		buf_printf(out, "\tr%u = U(KF(M(F(r%u), F(r%u))));\n", i->d, i->a, i->b);
	else if (i->op >= PEER_ADDF)
		buf_printf(out, "\tr%u = U(KF(F(r%u) %c F(r%u)));\n", i->d, i->a, signs[i->op],
			   i->b);
	else
		buf_printf(out, "\tr%u = KI(r%u %c r%u);\n", i->d, i->a, signs[i->op], i->b);
}

void program_c(const struct peer_program *p, struct buf *out)
{
	bool registers = false;

	for (uint32_t i = 0; i < p->n && !registers; i++)
		registers = p->insns[i].op != PEER_CALL;
	for (uint32_t i = 0; i < p->ncalls; i++)
		declare(&p->calls[i], out);
	buf_printf(out, "static inline float F(unsigned u) { union { unsigned u; float f; } v; "
		   "v.u = u; return v.f; }\n"
		   "static inline unsigned U(float f) { union { unsigned u; float f; } v; "
		   "v.f = f; return v.u; }\n"
		   "static inline double D(unsigned long u) { union { unsigned long u; double d; } v; "
		   "v.u = u; return v.d; }\n"
		   "static inline float M(float a, float b) { return a < b ? a : b; }\n"
		   /* with KEEP, nothing is known of a result: none is folded or left out */
		   "#ifdef KEEP\n"
		   "static inline unsigned KI(unsigned v) { __asm__ volatile(\"\" : \"+r\"(v)); "
		   "return v; }\n"
		   "static inline float KF(float v) { __asm__ volatile(\"\" : \"+x\"(v)); "
		   "return v; }\n"
		   "#else\n#define KI(v) (v)\n#define KF(v) (v)\n#endif\n"
		   "void run(unsigned *r)\n{\n");
	for (unsigned i = 0; registers && i < PEER_REGISTERS; i++)
		buf_printf(out, "\tunsigned r%u = r[%u];\n", i, i);
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->insns[i].op == PEER_CALL)
			call_print(p, &p->insns[i], out);
		else
			arith_print(&p->insns[i], out);
	}
	for (unsigned i = 0; registers && i < PEER_REGISTERS; i++)
		buf_printf(out, "\tr[%u] = r%u;\n", i, i);
	buf_append(out, "}\n", 3);        /* its zero as well: it is C's own string */
}
