/* segment_avx512.c - is a segment that was met again to be accepted?  All its payload
 * operands at once, where they are eight at most.  See segment.h.
 *
 * The extents of arrays are two vectors: which lane's extent becomes that of which array is
 * known from when the segment was learned.
 */
#include <immintrin.h>

#include "blink/verify/segment_check.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), \
			     apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl")
#endif

static inline __m512i widened(const uint32_t *v)
{
	return _mm512_cvtepu32_epi64(_mm256_load_si256((const __m256i *)(const void *)v));
}

/* What a payload operand has: how many bytes from its offset on, and what is wrong. */
struct looked { __m512i extent; __mmask8 bad; };

static inline struct looked payloads_look(const struct segments *g, const struct segment_lanes *l,
					  const uint32_t *code, __m512i need)
{
	const __m512i low = _mm512_set1_epi64(UINT32_MAX), one = _mm512_set1_epi64(1);
	const __m512i zero = _mm512_setzero_si512();
	__m256i word = _mm256_load_si256((const __m256i *)(const void *)l->word);
	__m512i operand = _mm512_i32gather_epi64(word, code, 4);
	__m512i id = _mm512_and_si512(operand, low), offset = _mm512_srli_epi64(operand, 32);
	__mmask8 there = _mm512_mask_cmplt_epu64_mask(l->lanes, _mm512_sub_epi64(id, one),
						      _mm512_set1_epi64(g->payloads.n - 1));
	__m512i at = _mm512_slli_epi64(id, 1);
	__m512i data = _mm512_mask_i64gather_epi64(zero, there, at, &g->payloads.v->data, 8);
	__m512i rest = _mm512_mask_i64gather_epi64(zero, there, at, &g->payloads.v->size, 8);
	__m512i size = _mm512_and_si512(rest, low);
	__mmask8 bad = _mm512_test_epi64_mask(rest,
			_mm512_set1_epi64((int64_t)SP_PAYLOAD_SHARED << 32));

	bad |= _mm512_testn_epi64_mask(data, data);
	bad |= _mm512_cmpgt_epu64_mask(_mm512_add_epi64(offset, need), size);
	return (struct looked){ _mm512_sub_epi64(size, offset), bad & l->lanes };
}
static_assert(sizeof(struct sp_payload) == 16 && offsetof(struct sp_payload, flags) ==
	      offsetof(struct sp_payload, size) + 4, "a payload is two words of 64 bits");

/* Vertices readable.  Division of such numbers is exact: see pointer_avail for the other way. */
static inline __m512i extents(const struct segment_lanes *l, __m512i extent)
{
	__m512i n = _mm512_sub_epi64(extent, widened(l->bytes));
	__m512d stride = _mm512_cvtepi64_pd(widened(l->stride));
	__m512i steps = _mm512_cvttpd_epi64(_mm512_div_pd(_mm512_cvtepi64_pd(n), stride));
	__mmask8 some = _mm512_cmpge_epi64_mask(n, _mm512_setzero_si512());

	n = _mm512_maskz_add_epi64(some, steps, _mm512_set1_epi64(1));
	return _mm512_castsi256_si512(_mm512_cvtepi64_epi32(n));
}

static inline __m512i spread(__m512i was, const uint8_t *from, uint32_t set, __m512i extent)
{
	__m128i lanes = _mm_load_si128((const __m128i *)(const void *)from);

	return _mm512_mask_permutexvar_epi32(was, (__mmask16)set, _mm512_cvtepu8_epi32(lanes),
					     extent);
}

static inline uint32_t least_of(const struct segment_lanes *l, __m512i a, __m512i b)
{
	const __m512i most = _mm512_set1_epi32(-1);

	a = _mm512_mask_mov_epi32(most, (__mmask16)l->drawn, a);
	b = _mm512_mask_mov_epi32(most, (__mmask16)(l->drawn >> 16), b);
	return _mm512_reduce_min_epu32(_mm512_min_epu32(a, b));
}

/* Does the draw stay within arrays of so many?  That its indices are there is known. */
static inline bool draw_within_least(struct verifier *v, const struct segment_draw *d,
				     const uint32_t *code, uint32_t count, uint32_t limit)
{
	const uint32_t *at = code + d->at;

	if (!d->bytes)
		return (int32_t)*at >= 0 && (uint64_t)*at + count <= limit;
	return index_most(v, at, count, d->type) < limit;
}

bool segment_passes_avx512(struct verifier *v, const struct segment *k, const uint32_t *code,
			   uint64_t *vertices)
{
	struct segments *g = v->s->segments;
	const struct segment_lanes *l = &k->lanes;
	const struct segment_draw *d = &k->draw;
	const struct segment_need *q = k->need + l->payloads;
	uint32_t locked = v->s->ctx->locked, bad = 0, count = code[d->count];
	__m512i a, b, need;
	struct looked looked;

	if (!l->lanes)
		return segment_passes(v, k, code, vertices);
	need = _mm512_mask_mov_epi64(widened(l->need), l->indices,
				     _mm512_set1_epi64((int64_t)count * d->bytes));
	looked = payloads_look(g, l, code, need);
	for (unsigned i = l->payloads; i < k->payloads; i++, q++)
		bad |= payload_short(g, code + q->word, q->most);
	for (unsigned i = 0; i < k->ranges; i++, q++)
		bad |= code[q->word] > q->most;
	if (bad | looked.bad)
		return false;
	looked.extent = extents(l, looked.extent);
	a = spread(_mm512_load_si512(g->avail), l->from, l->set, looked.extent);
	b = spread(_mm512_load_si512(g->avail + 16), l->from + 16, l->set >> 16, looked.extent);
	locked = d->unlocks ? 0 : locked;
	if (d->locks)
		locked = locked_with(locked, code + d->lock);
	if (d->draws) {
		uint32_t limit = least_of(l, a, b);

		*vertices += (uint64_t)count * d->instances;
		if ((int32_t)count <= 0 || locked > limit ||
		    !draw_within_least(v, d, code, count, limit))
			return false;
	}
	_mm512_store_si512(g->avail, a);
	_mm512_store_si512(g->avail + 16, b);
	v->s->ctx->locked = locked;
	return true;
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
