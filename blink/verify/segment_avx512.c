/* segment_avx512.c - stepping over segments met again, with AVX-512: some tens of those that the
 * log says come next at once, in columns.  See segment.h.
 *
 * First the words of all of them are compared, then all their payloads are looked at, then
 * they are judged one after the other, as a draw hangs on arrays set and ranges locked before
 * it.  Nothing in the first two steps hangs on the result of the segment before, so that the
 * processor waits for many entries of the table of payloads at a time; and there are few
 * branches that go now this way, now that.
 *
 * Of a segment, eight payload operands are one vector, and the extents of arrays are two:
 * which lane's extent becomes that of which array is known from when it was learned.  What
 * does not fit this is looked at by itself (segment_check.c), and so is what lies less than
 * four vectors before the end.
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

/* gcc does not align what it keeps on the address sanitizer's second stack to a vector. */
#define VECTORS_LOCAL __attribute__((no_sanitize_address))

/* Segments that the log says come next. */
#define MANY 32u
struct coming {
	__m512i at[MANY];               /* of each operand: bytes from the first payload to its */
	__m512i offset[MANY];           /* within it; later bytes from there on */
	const struct segment *segment[MANY];
	const uint32_t *code[MANY];
	__mmask8 there[MANY];           /* operands whose payloads may be looked at; later
	                                   those that are good */
	uint32_t n;
};

/* Two words each, from eight places. */
static inline __m512i gather(const uint32_t *word, const uint32_t *code)
{
	return _mm512_i32gather_epi64(_mm256_load_si256((const __m256i *)(const void *)word),
				      code, 4);
}

/* ---- words --------------------------------------------------------------------------- */

static inline __m512i differ(__m512i acc, const struct segment *k, unsigned i, __m512i code)
{
	/* acc | (code ^ want) */
	return _mm512_mask_ternarylogic_epi32(acc, k->exact[i], code,
					      _mm512_load_si512(k->want + i * 16), 0xf6);
}

/* Are the words of a segment what they have to be?  Then *operands: two of each. */
static inline bool words_look(const struct segment *k, const uint32_t *code, __m512i *operands)
{
	__m512i v[SEGMENT_VECTORS], other = _mm512_setzero_si512(), pick, low, high;

#pragma GCC unroll 4
	for (unsigned i = 0; i < SEGMENT_VECTORS; i++) {
		v[i] = _mm512_loadu_si512(code + i * 16);
		other = differ(other, k, i, v[i]);
	}
	pick = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(const void *)k->lanes.pick));
	low = _mm512_permutex2var_epi32(v[0], pick, v[1]);
	high = _mm512_permutex2var_epi32(v[2], pick, v[3]);
	*operands = _mm512_mask_mov_epi32(low, _mm512_test_epi32_mask(pick, _mm512_set1_epi32(32)),
					  high);
	if (k->vectors > SEGMENT_VECTORS) {
		for (unsigned i = SEGMENT_VECTORS; i < k->vectors; i++)
			other = differ(other, k, i, _mm512_loadu_si512(code + i * 16));
		*operands = gather(k->lanes.word, code);
	}
	return !_mm512_test_epi32_mask(other, other);
}
static_assert(SEGMENT_VECTORS == 4, "words are picked from two pairs of vectors");

/* ---- payloads ------------------------------------------------------------------------ */

static_assert(sizeof(struct sp_payload) == 16 && offsetof(struct sp_payload, data) == 0 &&
	      offsetof(struct sp_payload, flags) == offsetof(struct sp_payload, size) + 4,
	      "a payload is two words of 64 bits");

/* Four payloads, that at[0], at[2]... bytes from the first on. */
static inline __m512i payloads_four(const uint8_t *first, const uint64_t *at)
{
#define PAYLOAD(i) _mm_loadu_si128((const __m128i *)(const void *)(first + at[i]))
	__m512i v = _mm512_castsi128_si512(PAYLOAD(0));

	v = _mm512_inserti64x2(v, PAYLOAD(2), 1);
	v = _mm512_inserti64x2(v, PAYLOAD(4), 2);
	return _mm512_inserti64x2(v, PAYLOAD(6), 3);
#undef PAYLOAD
}

/* Where the payloads of operands are; *lanes: those that are within the table.  Those that are
 * not are looked at as the first, which always is. */
static inline __m512i payloads_at(const struct segments *g, __m512i operands, __mmask8 *lanes)
{
	__m512i id = _mm512_and_si512(operands, _mm512_set1_epi64(UINT32_MAX));

	*lanes = _mm512_mask_cmplt_epu64_mask(*lanes, _mm512_sub_epi64(id, _mm512_set1_epi64(1)),
					      _mm512_set1_epi64(g->payloads.n - 1));
	return _mm512_maskz_slli_epi64(*lanes, id, 4);
}

/* Of the payloads that are at[0], at[1]... from the first on: those lanes in which they are
 * there, and have as many bytes as are needed from an offset on; *offset: how many. */
static inline __mmask8 payloads_look(const struct segments *g, __mmask8 lanes,
				     const __m512i *where, __m512i need, __m512i *offset)
{
	const __m512i never = _mm512_set1_epi64((int64_t)SP_PAYLOAD_SHARED << 32 | 1ll << 31);
	const uint8_t *first = (const uint8_t *)g->payloads.v;
	const uint64_t *at = (const uint64_t *)(const void *)where;
	__m512i even = payloads_four(first, at), odd = payloads_four(first, at + 1);
	__m512i data = _mm512_unpacklo_epi64(even, odd), rest = _mm512_unpackhi_epi64(even, odd);
	__m512i size = _mm512_and_si512(rest, _mm512_set1_epi64(UINT32_MAX));

	lanes = _mm512_mask_cmple_epu64_mask(lanes, _mm512_add_epi64(*offset, need), size);
	lanes = _mm512_mask_testn_epi64_mask(lanes, rest, never);
	*offset = _mm512_sub_epi64(size, *offset);
	return _mm512_mask_test_epi64_mask(lanes, data, data);
}

/* ---- in columns ---------------------------------------------------------------------- */

/* What comes next, so many at most, as long as words compare well. */
static __attribute__((noinline)) void coming_words(const struct segments *g,
						   const struct segments_walk *w, uint32_t most,
						   struct coming *c)
{
	const uint32_t *code = w->code + w->at;
	uint32_t id = w->id, left = w->end - w->at, n;
	__m512i operands;

	for (n = 0; n < most; n++) {
		const struct segment *k = g->log[(w->next + n) % SEGMENT_LOG].segment;
		__mmask8 lanes = k->lanes.lanes;

		if (k->in != id || left < k->reach || !words_look(k, code, &operands))
			break;
		c->at[n] = payloads_at(g, operands, &lanes);
		c->offset[n] = _mm512_srli_epi64(operands, 32);
		c->there[n] = lanes;
		c->segment[n] = k;
		c->code[n] = code;
		code += k->sp.words;
		left -= k->sp.words;
		id = k->out;
	}
	c->n = n;
}

/* Payload operands beyond the first eight. */
static __attribute__((noinline)) VECTORS_LOCAL bool
more_passes(const struct segments *g, const struct segment *k, const uint32_t *code)
{
	__mmask8 good = 0xff;

	for (unsigned i = 0; i < k->mores; i++) {
		const struct segment_more *m = &k->more[i];
		__m512i operands = gather(m->word, code);
		__m512i offset = _mm512_srli_epi64(operands, 32), at;
		__mmask8 lanes = 0xff;

		at = payloads_at(g, operands, &lanes);
		/* through memory: what compilers make of it otherwise takes longer */
		__asm__("" : "+m"(at));
		good &= payloads_look(g, lanes, &at, widened(m->need), &offset);
	}
	return good == 0xff;
}

/* Are their payloads there? */
static __attribute__((noinline)) void coming_payloads(const struct segments *g, struct coming *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct segment *k = c->segment[i];
		const struct segment_lanes *l = &k->lanes;
		uint64_t indices = (uint64_t)c->code[i][k->draw.count] * k->draw.bytes;
		__m512i need = _mm512_mask_mov_epi64(widened(l->need), l->indices,
						     _mm512_set1_epi64((int64_t)indices));

		c->there[i] = payloads_look(g, c->there[i], &c->at[i], need, &c->offset[i]);
		if (k->mores && !more_passes(g, k, c->code[i]))
			c->there[i] = (__mmask8)~l->lanes;
	}
}

/* ---- arrays -------------------------------------------------------------------------- */

/* Vertices readable; extents are below 2^31. */
static inline __m512i vertices_of(const struct segment_lanes *l, __m512i extent)
{
	__m512i n = _mm512_sub_epi64(extent, widened(l->bytes));
	__mmask8 some = _mm512_cmpge_epi64_mask(n, _mm512_setzero_si512());
	__m512i shift = _mm512_cvtepu8_epi64(_mm_loadl_epi64(
		(const __m128i *)(const void *)l->shift));
	__m512i steps = _mm512_srlv_epi64(_mm512_mul_epu32(n, widened(l->inverse)), shift);

	return _mm512_maskz_add_epi64(some, steps, _mm512_set1_epi64(1));
}

/* Sixteen arrays: those that are set have what their lanes have. */
static inline __m512i arrays_set(__m512i avail, const uint8_t *from, uint32_t set, __m512i lanes)
{
	__m128i lane = _mm_load_si128((const __m128i *)(const void *)from);

	return _mm512_mask_permutexvar_epi32(avail, (__mmask16)set, _mm512_cvtepu8_epi32(lane),
					     lanes);
}

/* ---- a segment ----------------------------------------------------------------------- */

/* Not 0 where a number is not in range. */
static inline uint32_t ranges_bad(const struct segment *k, const uint32_t *code)
{
	const struct segment_lanes *l = &k->lanes;
	const struct segment_need *q = k->need + k->payloads;
	uint32_t bad = (code[l->range[0]] > l->most[0]) | (code[l->range[1]] > l->most[1]);

	for (unsigned i = SEGMENT_RANGES; i < k->ranges; i++)
		bad |= code[q[i].word] > q[i].most;
	return bad;
}

/* The range locked after it was unlocked and locked. */
static inline uint32_t locked_after(const struct segment_draw *d, const uint32_t *code,
				    uint32_t locked)
{
	uint32_t first = code[d->lock], count = code[d->lock + 1];
	bool good = d->locks & ((int32_t)first >= 0) & ((int32_t)count > 0);
	uint32_t end = (first + count) & -(uint32_t)good;

	locked &= d->unlocks - 1u;
	return end > locked ? end : locked;
}

/* The greatest of indices that are there, whatever they were the last time. */
static __attribute__((noinline)) uint32_t indices_look(struct verifier *v,
						       const struct segment_draw *d,
						       const uint32_t *code)
{
	return index_most(v, d, code + d->at, code[d->count]);
}

/* What changes from one to the next, where nothing needs it in memory. */
struct now {
	__m512i low, high;              /* extents of arrays: g->avail */
	uint32_t locked, stamp;
	uint64_t vertices;
	struct segment_taken *taken;
};

/* The indices of a draw as struct segment_indices, and the greatest of them.  last: what it
 * was found to be, if it was the same segment. */
static inline __m128i draw_indices(struct verifier *v, const struct segment *k,
				   const uint32_t *code, const struct segment_taken *last,
				   uint32_t stamp, uint32_t *max)
{
	const struct segment_draw *d = &k->draw;
	uint64_t rest = code[d->count] | (uint64_t)stamp << 32;
	__m128i where = _mm_loadl_epi64((const __m128i *)(const void *)(code + d->at));
	__m128i these = _mm_unpacklo_epi64(where, _mm_cvtsi64_si128((int64_t)rest));
	__m128i other = _mm_xor_si128(these, _mm_loadu_si128(
		(const __m128i *)(const void *)&last->indices));

	*max = last->segment == k && _mm_testz_si128(other, other) ? last->max
								    : indices_look(v, d, code);
	return these;
}

/* Are all arrays drawn from long enough, those that are set here and those set before? */
static inline bool draw_fits(const struct now *now, const struct segment_lanes *l,
			     __m512i avail, uint64_t needs)
{
	__m512i most;

	if (_mm512_mask_cmplt_epu64_mask(l->drawn, avail, _mm512_set1_epi64((int64_t)needs)))
		return false;
	if (!l->before)
		return true;
	most = _mm512_set1_epi32((int32_t)needs);
	return needs <= UINT32_MAX &&
	       !_mm512_mask_cmplt_epu32_mask((__mmask16)l->before, now->low, most) &&
	       !_mm512_mask_cmplt_epu32_mask((__mmask16)(l->before >> 16), now->high, most);
}

/* Is a segment whose words compare well, and whose payloads are there with so many bytes, to
 * be accepted?  As segment_look does. */
static inline bool passes(struct verifier *v, struct now *now, const struct segment *k,
			  const struct segment_taken *last, const uint32_t *code,
			  __m512i extent)
{
	const struct segment_lanes *l = &k->lanes;
	const struct segment_draw *d = &k->draw;
	uint32_t locked = locked_after(d, code, now->locked), count = code[d->count], max = 0;
	__m128i indices = _mm_setzero_si128();
	__m512i avail = vertices_of(l, extent);

	if (ranges_bad(k, code))
		return false;
	if (d->draws) {
		uint64_t needs = (uint64_t)code[d->at] + count;

		if ((int32_t)count <= 0 || (!d->bytes && (int32_t)code[d->at] < 0))
			return false;
		if (d->bytes) {
			indices = draw_indices(v, k, code, last, now->stamp, &max);
			needs = max + 1ull;
		}
		if (!draw_fits(now, l, avail, needs > locked ? needs : locked))
			return false;
		now->vertices += (uint64_t)count * d->instances;
	}
	avail = _mm512_castsi256_si512(_mm512_cvtepi64_epi32(avail));
	now->low = arrays_set(now->low, l->from, l->set, avail);
	if (l->set >> 16)
		now->high = arrays_set(now->high, l->from + 16, l->set >> 16, avail);
	now->locked = locked;
	now->taken->segment = k;
	now->taken->max = max;
	_mm_storeu_si128((__m128i *)(void *)&now->taken->indices, indices);
	return true;
}

/* How many pass; one that does not is not looked beyond. */
static __attribute__((noinline)) uint32_t coming_pass(struct verifier *v,
						      const struct segments_walk *w,
						      const struct coming *c)
{
	struct segments *g = v->s->segments;
	struct now now = {
		.low = _mm512_load_si512(g->avail), .high = _mm512_load_si512(g->avail + 16),
		.locked = v->s->ctx->locked, .stamp = index_stamp(v),
	};
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		const struct segment *k = c->segment[i];

		now.taken = &g->log[(g->logged + i) % SEGMENT_LOG];
		if (c->there[i] != k->lanes.lanes ||
		    !passes(v, &now, k, &g->log[(w->next + i) % SEGMENT_LOG], c->code[i],
			    c->offset[i]))
			break;
	}
	_mm512_store_si512(g->avail, now.low);
	_mm512_store_si512(g->avail + 16, now.high);
	v->s->ctx->locked = now.locked;
	v->facts->vertices += now.vertices;
	return i;
}

/* The one that the log says by itself. */
static enum segment_answer one(struct verifier *v, struct segments_walk *w)
{
	const struct segment_taken *last = &v->s->segments->log[w->next % SEGMENT_LOG];
	enum segment_answer answer;

	w->failed = last->segment;
	answer = segment_look(v, last, w->code + w->at, w->end - w->at);
	if (answer == SEGMENT_GOOD)
		segments_step(v, w, &w->failed, 1);
	return answer;
}

/* Many at once. */
static enum segment_answer many(struct verifier *v, struct segments_walk *w, struct coming *c)
{
	uint32_t most = w->most < MANY ? w->most : MANY, pass;

	coming_words(v->s->segments, w, most, c);
	coming_payloads(v->s->segments, c);
	pass = coming_pass(v, w, c);
	segments_step(v, w, c->segment, pass);
	if (pass < c->n) {
		w->failed = c->segment[pass];
		return SEGMENT_FAILED;
	}
	return c->n ? SEGMENT_GOOD : SEGMENT_OTHER;
}

VECTORS_LOCAL enum segment_answer segments_follow_avx512(struct verifier *v,
							 struct segments_walk *w)
{
	const struct segments *g = v->s->segments;
	enum segment_answer answer = SEGMENT_GOOD;
	struct coming c;

	while (answer == SEGMENT_GOOD && w->at < w->end && w->most) {
		const struct segment *k = g->log[w->next % SEGMENT_LOG].segment;

		if (k->in != w->id)
			return SEGMENT_OTHER;
		answer = w->end - w->at < k->reach ? one(v, w) : many(v, w, &c);
	}
	return answer;
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
