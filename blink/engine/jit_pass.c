/* jit_pass.c - the single pass over a procedure's records.
 *
 * Most records have a stencil, and are dealt with in one loop (stencils_put) that
 * looks at nothing but headers.  It keeps the last few in a vector: where two records
 * on end are what was there the same distance before, and it goes on like that, one
 * loop of code serves all that follow.
 */
#include "blink/engine/jit.h"

#include <emmintrin.h>

/* `map` is a constant of either of two passes: one that compiles, one that also notes
 * where the code of each record is. */
#define INLINE static inline __attribute__((always_inline))

#define LOOP_PERIOD 4u      /* longest pattern of records that becomes a loop */
#define LOOP_ROUNDS 3u      /* fewer are cheaper in a line */

/* ---- stencils ------------------------------------------------------------------ */

static inline uint8_t *small_put(const struct jit_stencil *s, uint8_t *p, uint32_t off,
				 intptr_t run_delta)
{
	uint64_t end = (uint64_t)(uintptr_t)(p + s->rel + 4) + (uint64_t)run_delta;
	uint32_t distance = (uint32_t)(s->target - end);

	memcpy(p, s->bytes, STENCIL_BYTES);
	for (unsigned i = 0; i < STENCIL_FIXES; i++) {
		uint32_t v = s->disp[i] + off;

		memcpy(p + s->at[i], &v, 4);
	}
	memcpy(p + s->rel, &distance, 4);
	return p + s->len;
}

static inline uint8_t *short_put(const struct jit_stencil *s, uint8_t *p, const uint32_t *rec)
{
	memcpy(p, s->bytes, 16);
	p[s->at[0]] = (uint8_t)(rec[2] * 4);
	p[s->at[1]] = (uint8_t)(rec[3] * 4);
	p[s->at[2]] = (uint8_t)(rec[1] * 4);
	return p + s->len;
}

static inline void stencil_put(struct jit *j, const struct jit_stencil *s, uint32_t off)
{
	if (s->kind == STENCIL_SMALL)
		j->x.p = small_put(s, j->x.p, off, j->x.run_delta);
	else
		jit_large_put(j, (unsigned)(s - j->stencils), off);
}

/* ---- loops ------------------------------------------------------------------------ */

/* How many records from number i on are what was there n before? */
static uint32_t repeats_count(const struct jit_index *x, uint32_t i, uint32_t end, uint32_t n)
{
	uint32_t k = i;

	while (k < end && x->headers[k] == x->headers[k - n])
		k++;
	return k - i;
}

/* rounds times the n records from number i on.  rbx steps through them; afterwards it
 * is the base again. */
INLINE void loop_put(struct jit *j, uint32_t i, uint32_t n, uint32_t rounds, bool map)
{
	const uint32_t *offsets = j->index.offsets + i;
	uint32_t size = (offsets[n] - offsets[0]) * 4;
	struct x86 *x = &j->x;
	uint8_t *top;

	x86_lea(x, RBX, mem_at(R13, (int32_t)(offsets[0] * 4)));
	x86_lea(x, R14, mem_at(RBX, (int32_t)(rounds * size)));
	top = x->p;
	x86_store64(x, RBX, mem_at(RSP, JIT_ROUND_SLOT));
	for (uint32_t k = 0; k < n; k++) {
		if (map)
			jit_map_note_round(j, offsets[k], offsets[0], size / 4, rounds);
		stencil_put(j, &j->stencils[sp_opcode(j->index.headers[i + k])],
			    (offsets[k] - offsets[0]) * 4);
	}
	x86_reg_op(x, 0, true, 0x81, 0, RBX);                  /* add rbx, size */
	x86_u32(x, size);
	x86_reg_op(x, 0, true, 0x3b, RBX, R14);
	x86_byte(x, 0x0f);                                     /* jne top */
	x86_byte(x, 0x85);
	x86_u32(x, (uint32_t)(top - (x->p + 4)));
	x86_reg_op(x, 0, true, 0x8b, RBX, R13);
	j->block_records += n * rounds;
	j->block_calls += n * rounds;
}

/* Records repeat those n before them; returns how many a loop was made of. */
INLINE uint32_t loop_try(struct jit *j, uint32_t i, uint32_t end, unsigned distances, bool map)
{
	uint32_t n = (uint32_t)__builtin_ctz(distances) + 1;
	uint32_t rounds = repeats_count(&j->index, i, end, n) / n;

	if (rounds < LOOP_ROUNDS)
		return 0;
	loop_put(j, i, n, rounds, map);
	return n * rounds;
}

/* ---- the pass ----------------------------------------------------------------------- */

/* All records up to number end, or up to the first without a stencil, or without room. */
INLINE uint32_t stencils_put(struct jit *j, const struct sp *sp, uint32_t i, uint32_t end, bool map)
{
	/* of no record: there is no such opcode */
	const __m128i none = _mm_set1_epi32(-1);
	__m128i last = none;                 /* headers, the latest in the lowest lane */
	const uint32_t *const headers = j->index.headers, *const offsets = j->index.offsets;
	uint32_t first = i, looped = 0, shorts = 0;
	unsigned before = 0;                 /* bit n: the last one was as n + 1 before it */
	/* in registers: writing code might change j for all the compiler knows */
	const intptr_t run_delta = j->x.run_delta;
	uint8_t *const limit = j->limit, *p = j->x.p;

	while (i < end && p <= limit && !(map && i == j->pause)) {
		uint32_t header = headers[i], offset = offsets[i];
		const struct jit_stencil *s = &j->stencils[sp_opcode(header)];
		unsigned same;

		if (s->kind == STENCIL_NONE || s->mask != sp_mask(header))
			break;
		if (map)
			jit_map_note(j, p, offset);
		if (s->kind == STENCIL_SHORT) {
			p = short_put(s, p, sp->code + offset);
			last = none;
			shorts++;
			i++;
			continue;
		}
		same = (unsigned)_mm_movemask_ps(_mm_castsi128_ps(
			_mm_cmpeq_epi32(last, _mm_set1_epi32((int)header))));
		if (same & before) {
			uint32_t n;

			j->x.p = p;
			n = loop_try(j, i, end, same & before, map);
			p = j->x.p;
			if (n) {
				last = none;
				before = 0;
				i += n;
				looped += n;
				continue;
			}
		}
		if (s->kind == STENCIL_SMALL) {
			p = small_put(s, p, offset * 4, run_delta);
		} else {
			j->x.p = p;
			jit_large_put(j, sp_opcode(header), offset * 4);
			p = j->x.p;
		}
		last = _mm_or_si128(_mm_slli_si128(last, 4), _mm_cvtsi32_si128((int)header));
		before = same;
		i++;
	}
	j->x.p = p;
	j->block_records += i - first - looped;
	j->block_calls += i - first - looped - shorts;
	return i;
}

/* A record that has no stencil. */
static void record_put(struct jit *j, const uint32_t *rec, uint32_t pc)
{
	switch (gl_ops[sp_opcode(*rec)].form) {
	case GL_FORM_DIRECT:
		jit_emit_direct(j, &j->x, rec, (int32_t)(pc * 4));
		j->block_records++;
		j->block_calls++;
		return;
	case GL_FORM_CORE:
		jit_emit_core(j, rec, pc);
		return;
	default:
		jit_emit_command(j, rec, pc);
	}
}

/* The number of the record at word pc, which lies at number i or later. */
static uint32_t number_at(const struct jit_index *x, uint32_t i, uint32_t pc)
{
	uint32_t low = i, high = x->records;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (x->offsets[mid] < pc)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

INLINE uint32_t pass(struct jit *j, const struct sp *sp, uint32_t i, bool map)
{
	const struct jit_index *x = &j->index;

	while (i < x->records && j->x.p <= j->limit && !j->failed &&
	       !(map && i == j->pause)) {
		uint32_t pc = x->offsets[i], next;

		if (jit_next_label(j) == pc)
			jit_label(j, pc);
		next = stencils_put(j, sp, i, number_at(x, i, jit_next_label(j)), map);
		if (next == i) {
			if (map)
				jit_map_note(j, j->x.p, pc);
			record_put(j, sp->code + pc, pc), next++;
		}
		i = next;
	}
	return i;
}

uint32_t jit_pass(struct jit *j, const struct sp *sp, uint32_t i)
{
	return j->map ? pass(j, sp, i, true) : pass(j, sp, i, false);
}
