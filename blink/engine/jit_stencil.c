/* jit_stencil.c - plain GL instructions: arguments from the record to where the
 * System V ABI wants them, and the call.
 *
 * The code reads the record at run time, so that it does not depend on values: it is
 * made once per instruction, and the compiler copies it.  Records with register
 * operands are rare, and their code is made as they come.
 */
#include "blink/engine/jit.h"

#include <errno.h>
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

static const uint8_t int_regs[] = { RDI, RSI, RDX, RCX, R8, R9 };
#define INT_REGS (sizeof(int_regs) / sizeof(int_regs[0]))
#define FLOAT_REGS 8u

/* The record whose code is being made; it lies at rbx. */
struct direct {
	struct x86 *x;
	const struct gl_op *op;
	const uint32_t *rec;        /* NULL in a stencil */
	unsigned mask;
};

static struct x86_mem word(unsigned w)
{
	return mem_at(RBX, (int32_t)(w * sizeof(uint32_t)));
}

/* Where a plain value lies: its word, or the register which that word numbers. */
static struct x86_mem value_at(const struct direct *d, const struct gl_operand *o)
{
	if (d->mask >> (o - d->op->operands) & 1)
		return mem_at(RBP, (int32_t)(d->rec[o->word] * sizeof(uint32_t)));
	return word(o->word);
}

/* ---- one argument to an integer register ------------------------------------
 * Only rax, r10 and the destination are changed. */

static void load_plain(const struct direct *d, const struct gl_operand *o, unsigned ctype,
		       unsigned dst)
{
	struct x86_mem m = value_at(d, o);

	switch (ctype) {
	case GL_C_I8: x86_mem_op(d->x, 0, false, 0x0fbe, dst, m); return;
	case GL_C_U8: x86_mem_op(d->x, 0, false, 0x0fb6, dst, m); return;
	case GL_C_I16: x86_mem_op(d->x, 0, false, 0x0fbf, dst, m); return;
	case GL_C_U16: x86_mem_op(d->x, 0, false, 0x0fb7, dst, m); return;
	case GL_C_I64: case GL_C_U64:
		if (o->kind == GL_KIND_INT) {
			x86_mem_op(d->x, 0, true, 0x63, dst, m);     /* movsxd */
			return;
		}
		break;
	}
	x86_load32(d->x, dst, m);
}

static void load_name(const struct direct *d, const struct gl_operand *o, unsigned dst)
{
	int32_t table = (int32_t)(offsetof(struct client, names) + o->space * sizeof(void *));

	x86_load32(d->x, RAX, value_at(d, o));
	x86_load64(d->x, R10, mem_at(R12, table));
	x86_load32(d->x, dst, mem_index(R10, RAX, 2));
}

static void load_payload(const struct direct *d, const struct gl_operand *o, unsigned dst)
{
	x86_load32(d->x, RAX, word(o->word));
	x86_reg_op(d->x, 0, true, 0xc1, 4, RAX);             /* shl rax, 4 */
	x86_byte(d->x, 4);
	static_assert(sizeof(struct sp_payload) == 16, "payload table has entries of 16 bytes");
	x86_load64(d->x, dst, mem_index(R15, RAX, 0));
	x86_load32(d->x, R10, word(o->word + 1u));
	x86_reg_op(d->x, 0, true, 0x03, dst, R10);
}

static void load_int(const struct direct *d, const struct gl_operand *o, unsigned ctype,
		     unsigned dst)
{
	switch (o->kind) {
	case GL_KIND_NAME:
		if (gl_spaces[o->space].identity)
			load_plain(d, o, ctype, dst);
		else
			load_name(d, o, dst);
		return;
	case GL_KIND_LOCATION:
		x86_load32(d->x, RAX, value_at(d, o));
		x86_load64(d->x, R10, mem_at(R12, offsetof(struct client, locations)));
		x86_load32(d->x, dst, mem_index(R10, RAX, 2));
		return;
	case GL_KIND_PAYLOAD:
		load_payload(d, o, dst);
		return;
	case GL_KIND_DOUBLE: case GL_KIND_INT64: case GL_KIND_UINT64: case GL_KIND_OFFSET:
		x86_load64(d->x, dst, word(o->word));
		return;
	default:
		load_plain(d, o, ctype, dst);
	}
}

/* ---- names that have no object yet ------------------------------------------ */

static void make_name(struct jit *j, const struct direct *d, const struct gl_operand *o)
{
	int32_t table = (int32_t)(offsetof(struct client, names) + o->space * sizeof(void *));
	uint8_t *known;

	x86_load32(d->x, RDX, value_at(d, o));
	x86_load64(d->x, R10, mem_at(R12, table));
	x86_mem_op(d->x, 0, false, 0x83, 7, mem_index(R10, RDX, 2));   /* cmp [], -1 */
	x86_byte(d->x, 0xff);
	static_assert(CLIENT_NO_NAME == 0xffffffffu, "unknown names compare with -1");
	known = x86_skip(d->x, 0x75);
	x86_mov_imm(d->x, RSI, o->space);
	x86_byte(d->x, 0xe8);
	x86_target(d->x, j->arena->name_stub);
	x86_land(d->x, known);
}

static void make_names(struct jit *j, const struct direct *d)
{
	for (unsigned i = 0; i < d->op->noperands; i++) {
		const struct gl_operand *o = &d->op->operands[i];

		if (o->kind == GL_KIND_NAME && o->param != 0xff &&
		    client_gen_op(o->space) != GL_OP_COUNT)
			make_name(j, d, o);
	}
}

/* ---- the call ---------------------------------------------------------------- */

static const struct gl_operand *feeding(const struct gl_op *op, unsigned param)
{
	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].param == param)
			return &op->operands[i];
	return NULL;
}

static void load_stack(const struct direct *d, const struct gl_operand *o, unsigned ctype,
		       unsigned slot)
{
	if (!o)
		x86_reg_op(d->x, 0, false, 0x33, RAX, RAX);
	else
		load_int(d, o, ctype, RAX);
	x86_store64(d->x, RAX, mem_at(RSP, (int32_t)(slot * 8)));
}

static void load_float(const struct direct *d, const struct gl_operand *o, unsigned ctype,
		       unsigned xmm)
{
	if (!o)
		x86_reg_op(d->x, 0, false, 0x0f57, xmm, xmm);      /* xorps */
	else
		x86_load_float(d->x, ctype == GL_C_F64, xmm, value_at(d, o));
}

static void arguments(const struct direct *d)
{
	const struct gl_command *cmd = &gl_commands[d->op->command];
	unsigned ints = 0, floats = 0, stack = 0;

	for (unsigned i = 0; i < cmd->nparams; i++) {
		const struct gl_operand *o = feeding(d->op, i);
		unsigned ctype = cmd->params[i].ctype;
		bool is_float = ctype == GL_C_F32 || ctype == GL_C_F64;

		if (is_float && floats < FLOAT_REGS)
			load_float(d, o, ctype, floats++);
		else if (is_float || ints == INT_REGS)
			load_stack(d, o, ctype, stack++);
		else if (o)
			load_int(d, o, ctype, int_regs[ints++]);
		else
			x86_mov_imm(d->x, int_regs[ints++], 0);
	}
}

/* rbx moves on before the call: what comes back need not wait for it. */
static void emit(struct jit *j, const struct direct *d)
{
	make_names(j, d);
	arguments(d);
	x86_lea(d->x, RBX, word(d->op->words));
	jit_emit_call(j, d->x, (unsigned)(d->op - gl_ops));
}

void jit_emit_direct(struct jit *j, const uint32_t *rec)
{
	emit(j, &(struct direct){ .x = &j->x, .op = &gl_ops[sp_opcode(*rec)], .rec = rec,
				  .mask = sp_mask(*rec) });
}

/* ---- stencils ------------------------------------------------------------------ */

#define STENCIL_MAX 1024u     /* bytes of one; JIT_MARGIN allows several in one step */

struct pool { uint8_t *data; size_t len, cap; };

/* Room at an 8-byte boundary.  The pool does not move: it is sized for all. */
static void *pool_add(struct pool *p, const void *data, size_t n)
{
	uint8_t *at = p->data + p->len;

	memcpy(at, data, n);
	p->len += (n + 7) & ~(size_t)7;
	return at;
}

/* Without branches to copy: short, one call. */
static bool small_make(struct jit_stencil *s, const struct x86 *x, const uint8_t *code,
		       unsigned len)
{
	if (len > STENCIL_BYTES || x->nrels != 1)
		return false;
	s->kind = STENCIL_SMALL;
	memcpy(s->bytes, code, len);
	s->target = x->rels[0].target;
	s->rel = (uint8_t)x->rels[0].at;
	s->len = (uint8_t)len;
	return true;
}

static void stencil_make(struct jit *j, struct pool *p, unsigned op)
{
	struct jit_stencil *s = &j->stencils[op];
	struct jit_large *l = &j->larges[op];
	uint8_t code[STENCIL_MAX];
	struct x86 x = { .p = code, .start = code };

	emit(j, &(struct direct){ .x = &x, .op = &gl_ops[op] });
	s->words = gl_ops[op].words;
	if (small_make(s, &x, code, (unsigned)(x.p - code)))
		return;
	s->kind = STENCIL_LARGE;
	l->len = (uint16_t)(x.p - code);
	l->nrels = (uint8_t)x.nrels;
	l->bytes = pool_add(p, code, l->len);
	l->rels = pool_add(p, x.rels, x.nrels * sizeof(x.rels[0]));
}

void jit_large_put(struct jit *j, unsigned op)
{
	const struct jit_large *l = &j->larges[op];
	uint8_t *p = j->x.p;

	for (unsigned i = 0; i < l->len; i += 16)
		memcpy(p + i, l->bytes + i, 16);
	for (unsigned i = 0; i < l->nrels; i++) {
		uint64_t end = (uint64_t)(uintptr_t)(p + l->rels[i].at + 4);
		uint32_t v = (uint32_t)(l->rels[i].target - (end + (uint64_t)j->x.run_delta));

		memcpy(p + l->rels[i].at, &v, 4);
	}
	j->x.p = p + l->len;
}

/* An operand costs at most a name check, or a payload, and its store. */
#define OPERAND_MAX 64u

static size_t pool_size(void)
{
	size_t n = 64;

	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		if (gl_ops[op].form == GL_FORM_DIRECT)
			n += (gl_ops[op].noperands + 2u) *
			     (OPERAND_MAX + sizeof(struct x86_rel)) + 64;
	return n;
}

int jit_stencils_make(struct jit *j, struct error *err)
{
	struct pool p = { .cap = pool_size() };

	free(j->large_memory);
	p.data = j->large_memory = calloc(1, p.cap);
	if (!p.data)
		return error_set(err, -ENOMEM, "JIT: out of memory for stencils");
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		if (gl_ops[op].form == GL_FORM_DIRECT)
			stencil_make(j, &p, op);
	jit_shorts_make(j);
	return 0;
}
