/* jit_index.c - the walk over a procedure's records. */
#include "blink/engine/jit.h"

#include <emmintrin.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

void jit_index_init(struct jit *j)
{
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		j->index.lengths[op] = gl_ops[op].words;
		j->index.plain[op] = gl_ops[op].form == GL_FORM_DIRECT;
	}
}

void jit_index_finish(struct jit *j)
{
	free(j->index.headers);         /* and the other two with it */
}

/* Arrays that are written side by side must not lie a multiple of 4 KiB apart: loads
 * from one would wait for stores to the other, which look alike to the processor. */
#define SKEW 1344u

/* A procedure of n words has at most n records. */
static int index_grow(struct jit_index *x, uint32_t n)
{
	size_t size = (((size_t)n * sizeof(uint32_t) + 4095) & ~(size_t)4095) + SKEW;
	uint8_t *memory;

	if (n <= x->cap)
		return 0;
	memory = malloc(3 * size);
	if (!memory)
		return -ENOMEM;
	free(x->headers);
	x->headers = (uint32_t *)(void *)memory;
	x->offsets = (uint32_t *)(void *)(memory + size);
	x->words = (uint32_t *)(void *)(memory + 2 * size);
	x->cap = n;
	return 0;
}

/* The walk in progress: where the next of each array goes.  All of it has to live in
 * processor registers, hence functions that are always inlined. */
#define INLINE static inline __attribute__((always_inline))

#define INDEX_PERIOD 4u     /* headers in a vector */

struct walk {
	const uint32_t *code;
	const uint8_t *lengths;
	const bool *plain;
	uint32_t *headers, *offsets, *words;     /* the next ones */
	uint32_t pc, nwords;
};

/* Notes the record at pc, whose header is known, and steps over it. */
INLINE void record_note(struct walk *w, uint32_t header)
{
	uint32_t length = w->lengths[sp_opcode(header)];

	*w->headers++ = header;
	*w->offsets++ = w->pc;
	if (!w->plain[sp_opcode(header)] || sp_mask(header))
		for (uint32_t i = 1; i < length; i++)
			*w->words++ = w->code[w->pc + i];
	w->pc += length;
}

/* As long as records repeat those a distance before, their headers, and so their
 * lengths, are known ahead: the processor need not wait for one to find the next. */
INLINE void repeats_note(struct walk *w, uint32_t distance)
{
	uint32_t pattern[INDEX_PERIOD];

	for (uint32_t i = 0; i < distance; i++)
		pattern[i] = w->headers[(ptrdiff_t)i - (ptrdiff_t)distance];
	for (;;)
		for (uint32_t i = 0; i < distance; i++) {
			if (w->pc >= w->nwords || w->code[w->pc] != pattern[i])
				return;
			record_note(w, pattern[i]);
		}
}

int jit_index_make(struct jit *j, const struct sp *sp, struct error *err)
{
	struct jit_index *x = &j->index;
	struct walk w = { .code = sp->code, .lengths = x->lengths, .plain = x->plain,
			  .nwords = sp->nwords };
	__m128i last = _mm_set1_epi32(-1);    /* headers, the latest in the lowest lane */
	unsigned before = 0;                  /* bit d: one was as that d + 1 before it */

	if (index_grow(x, sp->nwords) < 0)
		return error_set(err, -ENOMEM, "JIT: out of memory");
	w.headers = x->headers;
	w.offsets = x->offsets;
	w.words = x->words;
	while (w.pc < w.nwords) {
		uint32_t header = w.code[w.pc];
		unsigned same = (unsigned)_mm_movemask_ps(_mm_castsi128_ps(
			_mm_cmpeq_epi32(last, _mm_set1_epi32((int)header))));

		if (same & before) {
			repeats_note(&w, (uint32_t)__builtin_ctz(same & before) + 1);
			same = 0;
		} else {
			record_note(&w, header);
			last = _mm_or_si128(_mm_slli_si128(last, 4),
					    _mm_cvtsi32_si128((int)header));
		}
		before = same;
	}
	x->records = (uint32_t)(w.headers - x->headers);
	x->nwords = (uint32_t)(w.words - x->words);
	return 0;
}
