/* jit_x86.h - x86-64 instructions, written byte by byte.
 *
 * The writer never checks for room: the compiler keeps JIT_MARGIN bytes free in
 * front of it.  Distances are remembered when a stencil is being built.  Private to the
 * JIT.
 */
#ifndef BLINK_ENGINE_JIT_X86_H
#define BLINK_ENGINE_JIT_X86_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum x86_reg {
	RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
	NO_REG = 0xff
};

#define X86_MAX_RELS 20

/* A 4-byte distance to a fixed address, which changes as code is copied. */
struct x86_rel { uint64_t target; uint16_t at; };

struct x86 {
	uint8_t *p;            /* where the next byte goes */
	intptr_t run_delta;    /* p + run_delta is the address at which it will run */
	uint8_t *start;        /* of a stencil; NULL: rels are not kept */
	struct x86_rel rels[X86_MAX_RELS];
	unsigned nrels;
};

/* [base + index * scale + disp]; .wide: disp takes 4 bytes, whatever its value. */
struct x86_mem {
	uint8_t base, index, scale;   /* scale: log2 */
	bool wide;
	int32_t disp;
};

static inline struct x86_mem mem_at(unsigned base, int32_t disp)
{
	return (struct x86_mem){ .base = (uint8_t)base, .index = NO_REG, .disp = disp };
}

static inline struct x86_mem mem_index(unsigned base, unsigned index, unsigned scale)
{
	return (struct x86_mem){ .base = (uint8_t)base, .index = (uint8_t)index,
				 .scale = (uint8_t)scale };
}

static inline void x86_byte(struct x86 *x, unsigned b) { *x->p++ = (uint8_t)b; }

static inline void x86_u32(struct x86 *x, uint32_t v)
{
	memcpy(x->p, &v, 4);
	x->p += 4;
}

static inline void x86_u64(struct x86 *x, uint64_t v)
{
	memcpy(x->p, &v, 8);
	x->p += 8;
}

static inline uint64_t x86_here(const struct x86 *x)
{
	return (uint64_t)(uintptr_t)x->p + (uint64_t)x->run_delta;
}

/* Distance that reaches target from the end of a 4-byte field at x->p. */
static inline uint32_t x86_distance(const struct x86 *x, uint64_t target)
{
	return (uint32_t)(target - (x86_here(x) + 4));
}

static inline void x86_target(struct x86 *x, uint64_t target)
{
	if (x->start)
		x->rels[x->nrels++] = (struct x86_rel){ target, (uint16_t)(x->p - x->start) };
	x86_u32(x, x86_distance(x, target));
}

/* opcode: one byte, or 0x0fNN; prefix 0xf3, 0xf2, 0x66 or 0. */
static inline void x86_opcode(struct x86 *x, unsigned prefix, unsigned rex, unsigned opcode)
{
	if (prefix)
		x86_byte(x, prefix);
	if (rex != 0x40)
		x86_byte(x, rex);
	if (opcode > 0xff)
		x86_byte(x, opcode >> 8);
	x86_byte(x, opcode & 0xff);
}

static inline void x86_mem_op(struct x86 *x, unsigned prefix, bool wide, unsigned opcode,
			      unsigned reg, struct x86_mem m)
{
	unsigned idx = m.index == NO_REG ? RSP : m.index;
	bool sib = m.index != NO_REG || (m.base & 7) == RSP;
	bool small = !m.wide && m.disp >= -128 && m.disp <= 127;

	x86_opcode(x, prefix, 0x40u | (wide ? 8u : 0u) | (reg >> 3 & 1) << 2 |
		   (idx >> 3 & 1) << 1 | (m.base >> 3 & 1u), opcode);
	x86_byte(x, (small ? 0x40u : 0x80u) | (reg & 7) << 3 | (sib ? 4u : m.base & 7u));
	if (sib)
		x86_byte(x, (unsigned)m.scale << 6 | (idx & 7) << 3 | (m.base & 7u));
	if (small)
		x86_byte(x, (uint8_t)m.disp);
	else
		x86_u32(x, (uint32_t)m.disp);
}

static inline void x86_reg_op(struct x86 *x, unsigned prefix, bool wide, unsigned opcode,
			      unsigned reg, unsigned rm)
{
	x86_opcode(x, prefix, 0x40u | (wide ? 8u : 0u) | (reg >> 3 & 1) << 2 | (rm >> 3 & 1),
		   opcode);
	x86_byte(x, 0xc0u | (reg & 7) << 3 | (rm & 7));
}

static inline void x86_load32(struct x86 *x, unsigned reg, struct x86_mem m)
{
	x86_mem_op(x, 0, false, 0x8b, reg, m);
}

static inline void x86_load64(struct x86 *x, unsigned reg, struct x86_mem m)
{
	x86_mem_op(x, 0, true, 0x8b, reg, m);
}

static inline void x86_store32(struct x86 *x, unsigned reg, struct x86_mem m)
{
	x86_mem_op(x, 0, false, 0x89, reg, m);
}

static inline void x86_store64(struct x86 *x, unsigned reg, struct x86_mem m)
{
	x86_mem_op(x, 0, true, 0x89, reg, m);
}

static inline void x86_lea(struct x86 *x, unsigned reg, struct x86_mem m)
{
	x86_mem_op(x, 0, true, 0x8d, reg, m);
}

/* movss, movsd */
static inline void x86_load_float(struct x86 *x, bool wide, unsigned xmm, struct x86_mem m)
{
	x86_mem_op(x, wide ? 0xf2 : 0xf3, false, 0x0f10, xmm, m);
}

static inline void x86_store_float(struct x86 *x, unsigned xmm, struct x86_mem m)
{
	x86_mem_op(x, 0xf3, false, 0x0f11, xmm, m);
}

static inline void x86_mov_imm(struct x86 *x, unsigned reg, uint32_t v)
{
	if (reg > 7)
		x86_byte(x, 0x41);
	x86_byte(x, 0xb8u | (reg & 7));
	x86_u32(x, v);
}

static inline void x86_jmp(struct x86 *x, uint64_t target)
{
	x86_byte(x, 0xe9);
	x86_target(x, target);
}

/* A short forward jump over code that follows; x86_land ends it. cc: 0x7N or 0xeb */
static inline uint8_t *x86_skip(struct x86 *x, unsigned cc)
{
	x86_byte(x, cc);
	x86_byte(x, 0);
	return x->p;
}

static inline void x86_land(struct x86 *x, uint8_t *from)
{
	from[-1] = (uint8_t)(x->p - from);
}

#endif
