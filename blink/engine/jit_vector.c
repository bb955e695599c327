/* jit_vector.c - BlinkGL's 32 registers in the 32 vector registers of AVX-512.
 *
 * A register is loaded when an instruction first uses it, and written back where anybody
 * else may look: before calls, jumps, labels, and wherever a run can stop.  Each value
 * instruction is one instruction of 6 bytes, whose bits for registers are put in by
 * exclusive or.  Lanes but the lowest hold anything.
 *
 * Floats follow SSE as arith.h says: the first operand of the scalar instructions is
 * that whose NaN comes out, and min and max give the second where in doubt.
 */
#include "blink/engine/jit.h"

/* Prefix 0x62, three bytes of fields (registers' numbers are inverted there, so that 0
 * is all ones), opcode, ModRM. */
#define EVEX(map, prefix, opcode) \
	(0x62ull | (0xf0ull | (map)) << 8 | (0x7cull | (prefix)) << 16 | 0x08ull << 24 | \
	 (uint64_t)(opcode) << 32 | 0xc0ull << 40)
enum { MAP_0F = 1, MAP_0F38 = 2 };
enum { P_NONE, P_66, P_F3 };

#define EVEX_BROADCAST (0x10ull << 24)
#define EVEX_LOAD EVEX(MAP_0F, P_F3, 0x10)        /* vmovss xmm, [mem] */
#define EVEX_STORE EVEX(MAP_0F, P_F3, 0x11)

static const struct { uint16_t op; uint8_t kind; bool integer; uint64_t base; } rows[] = {
	{ OP_mov, VECTOR_ONE, true, EVEX(MAP_0F, P_66, 0x6f) },
	{ OP_cvt_if, VECTOR_ONE, true, EVEX(MAP_0F, P_NONE, 0x5b) },
	{ OP_sqrt_f, VECTOR_ONE_TWICE, false, EVEX(MAP_0F, P_F3, 0x51) },
	{ OP_add_i, VECTOR_TWO, true, EVEX(MAP_0F, P_66, 0xfe) },
	{ OP_sub_i, VECTOR_TWO, true, EVEX(MAP_0F, P_66, 0xfa) },
	{ OP_mul_i, VECTOR_TWO, true, EVEX(MAP_0F38, P_66, 0x40) },
	{ OP_min_i, VECTOR_TWO, true, EVEX(MAP_0F38, P_66, 0x39) },
	{ OP_max_i, VECTOR_TWO, true, EVEX(MAP_0F38, P_66, 0x3d) },
	{ OP_and, VECTOR_TWO, true, EVEX(MAP_0F, P_66, 0xdb) },
	{ OP_or, VECTOR_TWO, true, EVEX(MAP_0F, P_66, 0xeb) },
	{ OP_xor, VECTOR_TWO, true, EVEX(MAP_0F, P_66, 0xef) },
	{ OP_add_f, VECTOR_TWO, false, EVEX(MAP_0F, P_F3, 0x58) },
	{ OP_sub_f, VECTOR_TWO, false, EVEX(MAP_0F, P_F3, 0x5c) },
	{ OP_mul_f, VECTOR_TWO, false, EVEX(MAP_0F, P_F3, 0x59) },
	{ OP_div_f, VECTOR_TWO, false, EVEX(MAP_0F, P_F3, 0x5e) },
	{ OP_min_f, VECTOR_TWO, false, EVEX(MAP_0F, P_F3, 0x5d) },
	{ OP_max_f, VECTOR_TWO, false, EVEX(MAP_0F, P_F3, 0x5f) },
};

void jit_vectors_make(struct jit *j)
{
	if (j->level < CPU_AVX512)
		return;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		j->vector[rows[i].op] = (struct jit_vector){
			rows[i].base, rows[i].kind, rows[i].integer };
	for (uint64_t r = 0; r < SP_REGISTERS; r++) {
		j->vector_d[r] = (r >> 3 & 1) << 15 | (r >> 4) << 12 | (r & 7) << 43;
		j->vector_a[r] = (r & 15) << 19 | (r >> 4) << 27;
		j->vector_b[r] = (r >> 3 & 1) << 13 | (r >> 4) << 14 | (r & 7) << 40;
	}
}

static inline void code_put(struct jit *j, uint64_t v)
{
	memcpy(j->x.p, &v, sizeof(v));        /* 2 bytes more, which the next overwrites */
	j->x.p += JIT_VECTOR_BYTES;
}

/* ModRM for [rbp + 4 * reg], whose displacement counts in words. */
static void move_put(struct jit *j, uint64_t base, unsigned reg)
{
	code_put(j, (base ^ j->vector_d[reg]) - ((0xc0ull - 0x45ull) << 40));
	x86_byte(&j->x, reg);
}

static void need(struct jit *j, unsigned reg)
{
	if (j->held >> reg & 1)
		return;
	move_put(j, EVEX_LOAD, reg);
	j->held |= 1u << reg;
}

static void made(struct jit *j, unsigned reg)
{
	j->held |= 1u << reg;
	j->dirty |= 1u << reg;
}

void jit_regs_clean(struct jit *j, uint32_t set)
{
	uint32_t m = j->dirty & set;

	j->dirty &= ~set;
	for (; m; m &= m - 1)
		move_put(j, EVEX_STORE, (unsigned)__builtin_ctz(m));
}

void jit_regs_drop_held(struct jit *j)
{
	jit_regs_clean(j, UINT32_MAX);
	j->held = 0;
}

/* The last operand is a word of the record, at byte offset off. */
static void memory_put(struct jit *j, uint64_t base, uint32_t off)
{
	code_put(j, (base ^ 0x20ull << 8) - ((0xc0ull - 0x85ull) << 40));   /* [r13 + off] */
	x86_u32(&j->x, off);
}

/* The memory form of v takes one word. */
static uint64_t memory_base(const struct jit_vector *v)
{
	return v->base | (v->integer ? EVEX_BROADCAST : 0);
}

bool jit_vector_put(struct jit *j, const uint32_t *rec, uint32_t pc)
{
	const struct jit_vector *v = &j->vector[sp_opcode(*rec)];
	unsigned mask = sp_mask(*rec), d = rec[1], a = rec[2], b;

	if (v->kind == VECTOR_NONE)
		return false;
	if (v->kind != VECTOR_TWO) {
		if (!(mask >> 1 & 1)) {
			if (sp_opcode(*rec) != OP_mov)
				return false;
			memory_put(j, EVEX_LOAD ^ j->vector_d[d], (pc + 2) * 4);
		} else {
			need(j, a);
			code_put(j, v->base ^ j->vector_d[d] ^ j->vector_b[a] ^
				    (v->kind == VECTOR_ONE_TWICE ? j->vector_a[a] : 0));
		}
		made(j, d);
		return true;
	}
	if (!(mask >> 1 & 1))
		return false;
	need(j, a);
	if (mask >> 2 & 1) {
		b = rec[3];
		need(j, b);
		code_put(j, v->base ^ j->vector_d[d] ^ j->vector_a[a] ^ j->vector_b[b]);
	} else {
		memory_put(j, memory_base(v) ^ j->vector_d[d] ^ j->vector_a[a], (pc + 3) * 4);
	}
	made(j, d);
	return true;
}

bool jit_vector_runs(const struct jit *j, uint32_t header)
{
	return j->vector[sp_opcode(header)].kind == VECTOR_TWO && sp_mask(header) == 6;
}

void jit_vector_run(struct jit *j, const uint32_t *rec, uint32_t n)
{
	const uint64_t base = j->vector[sp_opcode(*rec)].base;
	uint32_t i = 0, written = 0;
	uint8_t *p;

	for (; i < n && j->held != UINT32_MAX; i++, rec += 4)
		jit_vector_put(j, rec, 0);
	p = j->x.p;
	for (; i < n; i++, rec += 4) {
		uint64_t code = base ^ j->vector_d[rec[1]] ^ j->vector_a[rec[2]] ^
				j->vector_b[rec[3]];

		memcpy(p, &code, sizeof(code));
		p += JIT_VECTOR_BYTES;
		written |= 1u << rec[1];
	}
	j->x.p = p;
	j->dirty |= written;
}
