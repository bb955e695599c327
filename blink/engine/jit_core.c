/* jit_core.c - templates for BlinkGL's own instructions; blocks and labels.
 *
 * Registers of BlinkGL are in memory (client->regs, at rbp) for every template here: it
 * loads its operands, from there or from the record, and stores its result.  What
 * jit_vector.c holds is written back first.
 */
#include "blink/engine/jit.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

/* ---- blocks ------------------------------------------------------------------ */

/* Where in a block's head its counts stand. */
enum { BLOCK_COMPARE = 8, BLOCK_PAY = 12 + 2 + 10 + 8, BLOCK_CALLS = BLOCK_PAY + 12 };

static void client_imm(struct x86 *x, unsigned operation, size_t field)
{
	struct x86_mem m = mem_at(R12, (int32_t)field);

	m.wide = true;
	x86_mem_op(x, 0, true, 0x81, operation, m);
	x86_u32(x, 0);
}

static void stop_add(struct jit *j, uint32_t pc)
{
	if (j->nstops == j->stops_cap) {
		uint32_t cap = j->stops_cap ? j->stops_cap * 2 : 64;
		struct interp_stop *v = realloc(j->stops, cap * sizeof(*v));

		if (!v) {
			j->failed = true;
			return;
		}
		j->stops = v;
		j->stops_cap = cap;
	}
	j->stops[j->nstops++] = (struct interp_stop){
		.pc = pc, .code = (uint32_t)(j->x.p - j->arena->rw) };
}

/* Leaves with the status in eax. */
static HOT_NEXT void leave(struct jit *j, uint32_t pc)
{
	x86_mov_imm(&j->x, RDX, pc);
	x86_jmp(&j->x, j->arena->exit);
}

void jit_block_open(struct jit *j, uint32_t pc)
{
	struct x86 *x = &j->x;
	uint8_t *paid;

	stop_add(j, pc);
	j->block = x->p;
	j->block_records = j->block_calls = 0;
	j->at = UINT32_MAX;
	client_imm(x, 7, offsetof(struct client, budget));   /* cmp */
	paid = x86_skip(x, 0x73);                            /* jae */
	x86_mov_imm(x, RDX, pc);
	x86_jmp(x, j->arena->deopt);
	x86_land(x, paid);
	client_imm(x, 5, offsetof(struct client, budget));   /* sub */
	client_imm(x, 0, offsetof(struct client, calls));    /* add */
}

void jit_block_close(struct jit *j)
{
	memcpy(j->block + BLOCK_COMPARE, &j->block_records, 4);
	memcpy(j->block + BLOCK_PAY, &j->block_records, 4);
	memcpy(j->block + BLOCK_CALLS, &j->block_calls, 4);
	j->records += j->block_records;
}

/* ---- jumps: a heap, so that the next label is at its top ----------------------- */

static void jump_add(struct jit *j, uint32_t target)
{
	uint32_t i = j->njumps;
	struct jit_jump jump = { target, j->x.p };

	x86_u32(&j->x, 0);
	if (i == j->jumps_cap) {
		uint32_t cap = j->jumps_cap ? j->jumps_cap * 2 : 64;
		struct jit_jump *v = realloc(j->jumps, cap * sizeof(*v));

		if (!v) {
			j->failed = true;
			return;
		}
		j->jumps = v;
		j->jumps_cap = cap;
	}
	j->njumps++;
	for (; i && j->jumps[(i - 1) / 2].target > target; i = (i - 1) / 2)
		j->jumps[i] = j->jumps[(i - 1) / 2];
	j->jumps[i] = jump;
}

static void jump_pop(struct jit *j)
{
	struct jit_jump last = j->jumps[--j->njumps];
	uint32_t i = 0;

	for (;;) {
		uint32_t k = 2 * i + 1;

		if (k >= j->njumps)
			break;
		if (k + 1 < j->njumps && j->jumps[k + 1].target < j->jumps[k].target)
			k++;
		if (j->jumps[k].target >= last.target)
			break;
		j->jumps[i] = j->jumps[k];
		i = k;
	}
	if (j->njumps)
		j->jumps[i] = last;
}

void jit_label(struct jit *j, uint32_t pc)
{
	jit_regs_drop(j);
	jit_block_close(j);
	while (j->njumps && j->jumps[0].target == pc) {
		uint8_t *field = j->jumps[0].field;
		uint32_t distance = (uint32_t)(j->x.p - (field + 4));

		memcpy(field, &distance, 4);
		jump_pop(j);
	}
	jit_block_open(j, pc);
}

/* ---- operands -------------------------------------------------------------------- */

struct core {
	struct jit *j;
	struct x86 *x;
	const struct gl_op *op;
	const uint32_t *rec;
	uint32_t pc;
};

static struct x86_mem operand(const struct core *k, unsigned i)
{
	const struct gl_operand *o = &k->op->operands[i];

	if (o->kind == GL_KIND_DST || sp_mask(*k->rec) >> i & 1)
		return mem_at(RBP, (int32_t)(k->rec[o->word] * sizeof(uint32_t)));
	return mem_at(R13, (int32_t)((k->pc + o->word) * sizeof(uint32_t)));
}

static void load(const struct core *k, unsigned reg, unsigned i)
{
	x86_load32(k->x, reg, operand(k, i));
}

static void store(const struct core *k, unsigned reg)
{
	x86_store32(k->x, reg, operand(k, 0));
}

/* ---- templates -------------------------------------------------------------------- */

/* How a template is shaped; .code is the instruction, or the condition, within. */
enum shape {
	SHAPE_HELPER,      /* calls arithmetic of arith.c */
	SHAPE_MOV,
	SHAPE_ALU,         /* eax = a, eax OP= b */
	SHAPE_SHIFT,       /* eax = a, ecx = b, eax OP= cl */
	SHAPE_UNARY,       /* eax = a, OP eax */
	SHAPE_SIGN,        /* eax = a, eax OP= imm: .code 0x35 xor, 0x25 and */
	SHAPE_PICK,        /* the smaller or larger: cmov */
	SHAPE_SSE,         /* xmm0 = a, xmm0 OP= b */
	SHAPE_SSE1,        /* xmm0 = OP a */
	SHAPE_COMPARE,     /* conditions on integers */
	SHAPE_ORDER,       /* floats, a < b or a <= b: compares b with a, so that NaN fails */
	SHAPE_EQUAL,       /* floats, a == b */
	SHAPE_EXT, SHAPE_JUMP, SHAPE_YIELD, SHAPE_CALL
};

/* conditions, as in 0x0f90 + cc (set), 0x0f80 + cc (jump) */
enum { CC_AE = 3, CC_E = 4, CC_NE = 5, CC_A = 7, CC_NP = 11, CC_L = 12, CC_LE = 14, CC_G = 15 };

static const struct template {
	uint8_t shape;
	uint16_t code;
} templates[GL_OP_COUNT] = {
	[OP_mov] = { SHAPE_MOV, 0 },
	[OP_add_i] = { SHAPE_ALU, 0x03 }, [OP_sub_i] = { SHAPE_ALU, 0x2b },
	[OP_mul_i] = { SHAPE_ALU, 0x0faf },
	[OP_and] = { SHAPE_ALU, 0x23 }, [OP_or] = { SHAPE_ALU, 0x0b },
	[OP_xor] = { SHAPE_ALU, 0x33 },
	[OP_min_i] = { SHAPE_PICK, CC_G }, [OP_max_i] = { SHAPE_PICK, CC_L },
	[OP_shl] = { SHAPE_SHIFT, 4 }, [OP_shr] = { SHAPE_SHIFT, 5 },
	[OP_sar] = { SHAPE_SHIFT, 7 },
	[OP_neg_i] = { SHAPE_UNARY, 3 }, [OP_not] = { SHAPE_UNARY, 2 },
	[OP_add_f] = { SHAPE_SSE, 0x0f58 }, [OP_sub_f] = { SHAPE_SSE, 0x0f5c },
	[OP_mul_f] = { SHAPE_SSE, 0x0f59 }, [OP_div_f] = { SHAPE_SSE, 0x0f5e },
	[OP_min_f] = { SHAPE_SSE, 0x0f5d }, [OP_max_f] = { SHAPE_SSE, 0x0f5f },
	[OP_neg_f] = { SHAPE_SIGN, 0x35 }, [OP_abs_f] = { SHAPE_SIGN, 0x25 },
	[OP_sqrt_f] = { SHAPE_SSE1, 0x0f51 }, [OP_cvt_if] = { SHAPE_SSE1, 0x0f2a },
	[OP_set_eq_i] = { SHAPE_COMPARE, CC_E }, [OP_set_lt_i] = { SHAPE_COMPARE, CC_L },
	[OP_set_le_i] = { SHAPE_COMPARE, CC_LE },
	[OP_set_eq_f] = { SHAPE_EQUAL, 0 }, [OP_set_lt_f] = { SHAPE_ORDER, CC_A },
	[OP_set_le_f] = { SHAPE_ORDER, CC_AE },
	[OP_jump_eq_i] = { SHAPE_COMPARE, CC_E }, [OP_jump_ne_i] = { SHAPE_COMPARE, CC_NE },
	[OP_jump_lt_i] = { SHAPE_COMPARE, CC_L }, [OP_jump_le_i] = { SHAPE_COMPARE, CC_LE },
	[OP_jump_eq_f] = { SHAPE_EQUAL, 0 }, [OP_jump_lt_f] = { SHAPE_ORDER, CC_A },
	[OP_jump_le_f] = { SHAPE_ORDER, CC_AE },
	[OP_jump] = { SHAPE_JUMP, 0 }, [OP_call] = { SHAPE_CALL, 0 },
	[OP_ext] = { SHAPE_EXT, 0 }, [OP_yield] = { SHAPE_YIELD, 0 },
};

static void value_helper(const struct core *k)
{
	jit_regs_drop(k->j);
	load(k, RDI, 1);
	if (k->op->noperands > 2)
		load(k, RSI, 2);
	jit_emit_call(k->j, k->x, (unsigned)(k->op - gl_ops));
	store(k, RAX);
}

static void value_pick(const struct core *k, unsigned cc)
{
	load(k, RAX, 1);
	load(k, RCX, 2);
	x86_reg_op(k->x, 0, false, 0x3b, RAX, RCX);
	x86_reg_op(k->x, 0, false, 0x0f40u + cc, RAX, RCX);
	store(k, RAX);
}

static void value_int(const struct core *k, unsigned shape, unsigned code)
{
	load(k, RAX, 1);
	switch (shape) {
	case SHAPE_ALU:
		x86_mem_op(k->x, 0, false, code, RAX, operand(k, 2));
		break;
	case SHAPE_SHIFT:
		load(k, RCX, 2);
		x86_reg_op(k->x, 0, false, 0xd3, code, RAX);
		break;
	case SHAPE_UNARY:
		x86_reg_op(k->x, 0, false, 0xf7, code, RAX);
		break;
	case SHAPE_SIGN:
		x86_byte(k->x, code);
		x86_u32(k->x, code == 0x35 ? 0x80000000u : 0x7fffffffu);
		break;
	}
	store(k, RAX);
}

static void value_sse(const struct core *k, unsigned shape, unsigned code)
{
	if (shape == SHAPE_SSE) {
		x86_load_float(k->x, false, 0, operand(k, 1));
		x86_mem_op(k->x, 0xf3, false, code, 0, operand(k, 2));
	} else {
		x86_reg_op(k->x, 0, false, 0x0f57, 0, 0);     /* breaks the dependence */
		x86_mem_op(k->x, 0xf3, false, code, 0, operand(k, 1));
	}
	x86_store_float(k->x, 0, operand(k, 0));
}

/* ---- arithmetic on registers alone, as stencils -------------------------------------- */

/* Notes where the displacement that was just written stands. */
static void short_at(struct jit_stencil *s, unsigned i, const struct x86 *x)
{
	s->at[i] = (uint8_t)(x->p - s->bytes - 1);
}

static void short_make(struct jit_stencil *s, const struct template *t)
{
	struct x86 x = { .p = s->bytes };
	struct x86_mem reg = mem_at(RBP, 0);

	memset(s->at, STENCIL_BYTES - 1, sizeof(s->at));
	if (t->shape == SHAPE_SSE) {
		x86_load_float(&x, false, 0, reg);
		short_at(s, 0, &x);
		x86_mem_op(&x, 0xf3, false, t->code, 0, reg);
		short_at(s, 1, &x);
		x86_store_float(&x, 0, reg);
	} else {
		x86_load32(&x, RAX, reg);
		short_at(s, 0, &x);
		if (t->shape == SHAPE_ALU) {
			x86_mem_op(&x, 0, false, t->code, RAX, reg);
			short_at(s, 1, &x);
		}
		x86_store32(&x, RAX, reg);
	}
	short_at(s, 2, &x);
	s->len = (uint8_t)(x.p - s->bytes);
	s->kind = STENCIL_SHORT;
}

void jit_shorts_make(struct jit *j)
{
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const struct template *t = &templates[op];
		struct jit_stencil *s = &j->stencils[op];

		if (gl_ops[op].form != GL_FORM_CORE || j->vector[op].kind || (t->shape != SHAPE_MOV &&
		    t->shape != SHAPE_ALU && t->shape != SHAPE_SSE))
			continue;
		short_make(s, t);
		s->words = gl_ops[op].words;
		s->mask = gl_ops[op].noperands == 3 ? 6 : 2;
	}
}

/* ---- conditions: operands first and first + 1, true under the returned code -------- */

static unsigned condition(const struct core *k, const struct template *t, unsigned first)
{
	switch (t->shape) {
	case SHAPE_COMPARE:
		load(k, RAX, first);
		x86_mem_op(k->x, 0, false, 0x3b, RAX, operand(k, first + 1));
		return t->code;
	case SHAPE_ORDER:
		x86_load_float(k->x, false, 0, operand(k, first + 1));
		x86_mem_op(k->x, 0, false, 0x0f2e, 0, operand(k, first));
		return t->code;
	default:
		/* equal and ordered, brought together in al */
		x86_load_float(k->x, false, 0, operand(k, first));
		x86_mem_op(k->x, 0, false, 0x0f2e, 0, operand(k, first + 1));
		x86_reg_op(k->x, 0, false, 0x0f90u + CC_E, 0, RAX);
		x86_reg_op(k->x, 0, false, 0x0f90u + CC_NP, 0, RCX);
		x86_reg_op(k->x, 0, false, 0x84, RAX, RCX);     /* test al, cl */
		return CC_NE;
	}
}

static void set(const struct core *k, const struct template *t)
{
	unsigned cc = condition(k, t, 1);

	x86_reg_op(k->x, 0, false, 0x0f90u + cc, 0, RAX);
	x86_reg_op(k->x, 0, false, 0x0fb6, RAX, RAX);           /* movzx eax, al */
	store(k, RAX);
}

/* The end of a block; what follows is another. */
static void next_block(const struct core *k)
{
	jit_block_close(k->j);
	jit_block_open(k->j, k->pc + k->op->words);
}


static void jump(const struct core *k, const struct template *t)
{
	const struct gl_operand *to = &k->op->operands[k->op->noperands - 1];
	uint32_t target = k->pc + k->op->words + k->rec[to->word];

	if (t->shape == SHAPE_JUMP) {
		x86_byte(k->x, 0xe9);
	} else {
		unsigned cc = condition(k, t, 0);

		x86_byte(k->x, 0x0f);
		x86_byte(k->x, 0x80u + cc);
	}
	jump_add(k->j, target);
	next_block(k);
}

static void record_to(struct jit *j, unsigned reg, uint32_t pc)
{
	x86_lea(&j->x, reg, mem_at(R13, (int32_t)(pc * sizeof(uint32_t))));
}

static void call(const struct core *k)
{
	uint8_t *went_well;

	x86_reg_op(k->x, 0, true, 0x8b, RDI, R12);
	record_to(k->j, RSI, k->pc);
	jit_emit_call(k->j, k->x, JIT_TARGET_CALL);
	x86_reg_op(k->x, 0, false, 0x85, RAX, RAX);
	static_assert(ENGINE_END == 0, "a call that ended gives 0");
	went_well = x86_skip(k->x, 0x74);
	leave(k->j, k->pc);
	x86_land(k->x, went_well);
	next_block(k);
}

/* The run stops at pc; another block begins with the next record. */
static HOT_NEXT void stop(struct jit *j, enum engine_status status, uint32_t pc, uint32_t next)
{
	x86_mov_imm(&j->x, RAX, status);
	leave(j, pc);
	jit_block_close(j);
	jit_block_open(j, next);
}

void jit_emit_end(struct jit *j, uint32_t pc)
{
	j->block_records++;
	jit_regs_drop(j);
	stop(j, ENGINE_END, pc, pc + gl_ops[OP_end].words);
}

/* Registers that a record reads. */
static uint32_t sources(const struct core *k)
{
	uint32_t set = 0;

	for (unsigned m = sp_mask(*k->rec); m; m &= m - 1)
		set |= 1u << k->rec[k->op->operands[__builtin_ctz(m)].word];
	return set;
}

static void value(const struct core *k, const struct template *t)
{
	uint32_t result = 1u << k->rec[1];

	if (jit_vector_put(k->j, k->rec, k->pc))
		return;
	/* templates work in xmm0 */
	jit_regs_clean(k->j, sources(k) | 1);
	k->j->held &= ~1u;
	switch (t->shape) {
	case SHAPE_MOV: case SHAPE_ALU: case SHAPE_SHIFT: case SHAPE_UNARY: case SHAPE_SIGN:
		value_int(k, t->shape, t->code);
		break;
	case SHAPE_PICK: value_pick(k, t->code); break;
	case SHAPE_SSE: case SHAPE_SSE1: value_sse(k, t->shape, t->code); break;
	case SHAPE_COMPARE: case SHAPE_ORDER: case SHAPE_EQUAL: set(k, t); break;
	case SHAPE_EXT:
		x86_load32(k->x, RAX, mem_at(R12, (int32_t)(offsetof(struct client, ext) +
			k->rec[k->op->operands[1].word] * sizeof(uint32_t))));
		store(k, RAX);
		break;
	default: value_helper(k); break;
	}
	k->j->held &= ~result;
	k->j->dirty &= ~result;
}

void jit_emit_core(struct jit *j, const uint32_t *rec, uint32_t pc)
{
	const struct template *t = &templates[sp_opcode(*rec)];
	struct core k = { j, &j->x, &gl_ops[sp_opcode(*rec)], rec, pc };

	j->block_records++;
	if (k.op->noperands && k.op->operands[0].kind == GL_KIND_DST) {
		value(&k, t);
		return;
	}
	jit_regs_drop(j);
	switch (t->shape) {
	case SHAPE_CALL: call(&k); return;
	case SHAPE_YIELD: stop(j, ENGINE_YIELD, pc + k.op->words, pc + k.op->words); return;
	default: jump(&k, t); return;
	}
}

void jit_emit_command(struct jit *j, const uint32_t *rec, uint32_t pc)
{
	struct core k = { j, &j->x, &gl_ops[sp_opcode(*rec)], rec, pc };
	uint8_t *went_well;

	jit_regs_drop(j);
	j->block_records++;
	j->block_calls++;
	x86_reg_op(k.x, 0, true, 0x8b, RDI, R12);
	record_to(j, RSI, pc);
	jit_emit_call(j, k.x, JIT_TARGET_COMMAND);
	x86_reg_op(k.x, 0, false, 0x85, RAX, RAX);
	went_well = x86_skip(k.x, 0x74);
	x86_mov_imm(k.x, RAX, ENGINE_ERROR);
	leave(j, pc);
	x86_land(k.x, went_well);
	next_block(&k);
}
