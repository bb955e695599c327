/* index.c - patterns of records, and comparing with them.  See index.h. */
#include "blink/sp/index.h"

#include <errno.h>
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>

#define SIGN 0x80000000u
#define VAIN 8u                 /* trials after which a pattern is no longer tried */

/* ---- comparing ------------------------------------------------------------------- */

/* Bad lanes of 16 words, per level of the processor. */
#define BAD_FN(level, isa) \
	static inline __attribute__((always_inline, target(isa))) \
	uint32_t bad_##level(const int32_t *want, const int32_t *slack, const uint32_t *code)
#define AVX512 "avx512f,avx512bw,avx512dq,avx512vl"
#define M256(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define M128(p) _mm_loadu_si128((const __m128i *)(const void *)(p))

BAD_FN(avx512, AVX512)
{
	__m512i v = _mm512_xor_si512(_mm512_loadu_si512(code), _mm512_loadu_si512(want));

	return _mm512_cmpgt_epi32_mask(v, _mm512_loadu_si512(slack));
}

BAD_FN(avx2, "avx2")
{
	uint32_t bad = 0;

	for (unsigned i = 0; i < 16; i += 8) {
		__m256i v = _mm256_xor_si256(M256(code + i), M256(want + i));
		__m256i gt = _mm256_cmpgt_epi32(v, M256(slack + i));

		bad |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(gt)) << i;
	}
	return bad;
}

BAD_FN(sse2, "sse2")
{
	uint32_t bad = 0;

	for (unsigned i = 0; i < 16; i += 4) {
		__m128i v = _mm_xor_si128(M128(code + i), M128(want + i));
		__m128i gt = _mm_cmpgt_epi32(v, M128(slack + i));

		bad |= (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(gt)) << i;
	}
	return bad;
}

/* Lanes of 16 words that have to be, and are not, as they are wanted. */
#define DIFFER_FN(level, isa) \
	static inline __attribute__((always_inline, target(isa))) \
	uint32_t differ_##level(const uint32_t *want, uint32_t exact, const uint32_t *code)

DIFFER_FN(avx512, AVX512)
{
	return _mm512_mask_cmpneq_epi32_mask((__mmask16)exact, _mm512_loadu_si512(code),
					     _mm512_loadu_si512(want));
}

DIFFER_FN(avx2, "avx2")
{
	uint32_t same = 0;

	for (unsigned i = 0; i < 16; i += 8) {
		__m256i eq = _mm256_cmpeq_epi32(M256(code + i), M256(want + i));

		same |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(eq)) << i;
	}
	return exact & ~same;
}

DIFFER_FN(sse2, "sse2")
{
	uint32_t same = 0;

	for (unsigned i = 0; i < 16; i += 4) {
		__m128i eq = _mm_cmpeq_epi32(M128(code + i), M128(want + i));

		same |= (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(eq)) << i;
	}
	return exact & ~same;
}

/* Two at once: most have three or four. */
#define EQUAL_FN(level, isa) \
	static __attribute__((target(isa))) bool \
	equal_##level(const uint32_t *want, const uint16_t *exact, const uint32_t *code, \
		      unsigned vectors) \
	{ \
		unsigned i = 0; \
 \
		for (; i + 2 <= vectors; i += 2) \
			if (differ_##level(want + i * 16, exact[i], code + i * 16) | \
			    differ_##level(want + i * 16 + 16, exact[i + 1], code + i * 16 + 16)) \
				return false; \
		return i == vectors || !differ_##level(want + i * 16, exact[i], code + i * 16); \
	}

EQUAL_FN(avx512, AVX512)
EQUAL_FN(avx2, "avx2")
EQUAL_FN(sse2, "sse2")

#define SAME_FN(level, isa) \
	static __attribute__((target(isa))) uint32_t \
	same_##level(const uint32_t *a, const uint32_t *b, uint32_t n) \
	{ \
		uint32_t i = 0; \
 \
		for (; i + 64 <= n; i += 64) \
			if (differ_##level(a + i, 0xffff, b + i) | \
			    differ_##level(a + i + 16, 0xffff, b + i + 16) | \
			    differ_##level(a + i + 32, 0xffff, b + i + 32) | \
			    differ_##level(a + i + 48, 0xffff, b + i + 48)) \
				break; \
		for (; i + 16 <= n; i += 16) { \
			uint32_t bad = differ_##level(a + i, 0xffff, b + i); \
 \
			if (bad) \
				return i + (uint32_t)__builtin_ctz(bad); \
		} \
		while (i < n && a[i] == b[i]) \
			i++; \
		return i; \
	}

SAME_FN(avx512, AVX512)
SAME_FN(avx2, "avx2")
SAME_FN(sse2, "sse2")

/* Words before the first bad one, at least so many; and the rounds that they make. */
#define AT_ONCE 4u
static inline uint32_t rounds_of(const struct sp_pattern *p, uint32_t words)
{
	return (uint32_t)(words * p->inverse >> 32);
}

/* Steps of one vector, some at once; steps of several; the last one on a copy, with
 * words behind it that are no header.  What is rare is a function of its own, so that
 * the rest needs no stack. */
#define ROUNDS_FN(level, isa, where) \
	static where __attribute__((noinline, target(isa))) uint32_t \
	rest_##level(const struct sp_pattern *p, const uint32_t *code, uint32_t nwords, uint32_t at) \
	{ \
		const int32_t *want = p->want, *slack = p->slack; \
		uint32_t step = p->step, lanes = p->vectors * 16u; \
		uint32_t tail[INDEX_LANES], left; \
 \
		for (; nwords - at >= lanes; at += step) { \
			for (unsigned i = 0; i < p->vectors; i++) { \
				uint32_t bad = bad_##level(want + i * 16, slack + i * 16, \
							   code + at + i * 16); \
 \
				if (bad) \
					return rounds_of(p, at + i * 16 + \
							 (unsigned)__builtin_ctz(bad)); \
			} \
		} \
		left = nwords - at; \
		memset(tail, 0xff, sizeof(tail)); \
		memcpy(tail, code + at, left * sizeof(*tail)); \
		for (unsigned i = 0; i < p->vectors; i++) { \
			uint32_t bad = bad_##level(want + i * 16, slack + i * 16, tail + i * 16); \
 \
			if (bad && i * 16 + (unsigned)__builtin_ctz(bad) < left) \
				left = i * 16 + (unsigned)__builtin_ctz(bad); \
		} \
		return rounds_of(p, at + (left < step ? left : step)); \
	} \
 \
	static where __attribute__((target(isa))) uint32_t \
	rounds_##level(const struct sp_pattern *p, const uint32_t *code, uint32_t nwords) \
	{ \
		const int32_t *want = p->want, *slack = p->slack; \
		uint32_t step = p->step, at = 0; \
 \
		for (; p->vectors == 1 && nwords - at >= AT_ONCE * 16; at += AT_ONCE * step) { \
			const uint32_t *c = code + at; \
			uint64_t bad = (uint64_t)bad_##level(want, slack, c) | \
				       (uint64_t)bad_##level(want, slack, c + step) << 16 | \
				       (uint64_t)bad_##level(want, slack, c + 2 * step) << 32 | \
				       (uint64_t)bad_##level(want, slack, c + 3 * step) << 48; \
 \
			if (bad) { \
				unsigned lane = (unsigned)__builtin_ctzll(bad); \
 \
				return rounds_of(p, at + lane / 16 * step + lane % 16); \
			} \
		} \
		return rest_##level(p, code, nwords, at); \
	}

/* Of those only one is needed: the others are not fetched with it. */
ROUNDS_FN(avx512, AVX512, HOT)
ROUNDS_FN(avx2, "avx2", )
ROUNDS_FN(sse2, "sse2", )

/* ---- patterns -------------------------------------------------------------------- */

static void chain_add(struct sp_index *x, struct sp_pattern *p)
{
	uint8_t *first = &x->by_op[sp_opcode(p->header[0])];

	p->other = *first;
	p->misses = 0;
	*first = (uint8_t)(p - x->pattern);
}

static void chain_remove(struct sp_index *x, struct sp_pattern *p)
{
	uint8_t *at = &x->by_op[sp_opcode(p->header[0])];

	while (*at && *at != p - x->pattern)
		at = &x->pattern[*at].other;
	if (*at)
		*at = p->other;
}

void index_judge(struct sp_index *x, struct sp_pattern *p, bool served)
{
	if (served)
		p->misses = 0;
	else if (++p->misses >= VAIN)
		chain_remove(x, p);
}

static HOT bool lanes_fill(struct sp_pattern *p, const uint32_t *headers, unsigned n,
		       index_slack_fn slack)
{
	uint32_t want[INDEX_LANES] = { 0 }, most[INDEX_LANES], at = 0, lanes;

	memset(most, 0xff, sizeof(most));
	for (unsigned i = 0; i < n; i++) {
		unsigned words = gl_ops[sp_opcode(headers[i])].words;

		if (at + words > INDEX_LANES || !slack(headers[i], most + at))
			return false;
		most[at] = 0;
		want[at] = p->header[i] = headers[i];
		p->offset[i] = (uint16_t)at;
		at += words;
	}
	lanes = at < 16 ? 16 / at * at : at;
	for (uint32_t i = at; i < lanes; i++) {
		want[i] = want[i - at];
		most[i] = most[i - at];
	}
	for (unsigned i = 0; i < INDEX_LANES; i++) {
		p->want[i] = (int32_t)(want[i] ^ SIGN);
		p->slack[i] = (int32_t)(most[i] ^ SIGN);
	}
	p->records = (uint8_t)n;
	p->words = (uint16_t)at;
	p->step = (uint16_t)lanes;
	p->vectors = (uint8_t)((lanes + 15) / 16);
	/* rounded up: right for up to 2^26 words, as at * 64 < 2^32 */
	p->inverse = ((1ull << 32) + at - 1) / at;
	return true;
}

/* (No function of the library's, which would have to be fetched.) */
static inline bool headers_are(const struct sp_pattern *p, const uint32_t *headers, unsigned n)
{
	uint32_t differ = 0;

	for (unsigned i = 0; i < n; i++)
		differ |= p->header[i] ^ headers[i];
	return !differ;
}

struct sp_pattern *index_learn(struct sp_index *x, const uint32_t *headers, unsigned n,
			       index_slack_fn slack)
{
	struct sp_pattern *p;

	for (unsigned i = 1; i <= x->npatterns; i++) {
		p = &x->pattern[i];
		if (p->records == n && headers_are(p, headers, n)) {
			chain_remove(x, p);
			chain_add(x, p);
			return p;
		}
	}
	if (x->npatterns == INDEX_PATTERNS)
		return NULL;
	p = &x->pattern[x->npatterns + 1];
	memset(p, 0, sizeof(*p));
	if (!lanes_fill(p, headers, n, slack))
		return NULL;
	x->npatterns++;
	chain_add(x, p);
	return p;
}

void index_forget(struct sp_index *x)
{
	memset(x->by_op, 0, sizeof(x->by_op));
	x->npatterns = 0;
}

/* ---- walking --------------------------------------------------------------------- */

bool index_slack_any(uint32_t header, uint32_t *slack)
{
	(void)header;
	(void)slack;
	return true;
}

/* A known pattern's rounds at pc, or those of a new one that began n + 1 records ago
 * (then these steps are taken back); the word after them, 0 none. */
static uint32_t stretch_known(struct sp_index *x, uint32_t pc)
{
	uint32_t header = x->code[pc], trials = 0;

	for (unsigned i = x->by_op[sp_opcode(header)]; i && trials < 2; i = x->pattern[i].other) {
		struct sp_pattern *p = &x->pattern[i];
		uint32_t rounds;

		if (p->header[0] != header)
			continue;
		trials++;
		rounds = x->rounds(p, x->code + pc, x->nwords - pc);
		index_judge(x, p, rounds >= INDEX_ROUNDS);
		if (rounds < INDEX_ROUNDS)
			continue;
		index_add_stretch(x, pc, p, rounds);
		x->records += rounds * p->records;
		return pc + rounds * p->words;
	}
	return 0;
}

static uint32_t stretch_new(struct sp_index *x, unsigned n)
{
	const struct sp_step *first = &x->step[x->nsteps - 1 - n];
	uint32_t headers[INDEX_PERIOD], rounds, pc = first->pc;
	struct sp_pattern *p;

	for (unsigned i = 0; i < n; i++)
		headers[i] = first[i].what;
	p = index_learn(x, headers, n, index_slack_any);
	rounds = p ? x->rounds(p, x->code + pc, x->nwords - pc) : 0;
	if (rounds < INDEX_ROUNDS)
		return 0;
	x->nsteps -= n + 1;
	x->records += rounds * p->records - (n + 1);
	index_add_stretch(x, pc, p, rounds);
	return pc + rounds * p->words;
}

int index_walk(struct sp_index *x, const struct sp *sp, const bool *regular)
{
	struct index_recent recent;
	uint32_t pc = 0, next;

	if (index_begin(x, sp->code, sp->nwords) < 0)
		return -ENOMEM;
	index_recent_clear(&recent);
	while (pc < sp->nwords) {
		uint32_t header = sp->code[pc];
		unsigned op = sp_opcode(header), both = 0;

		next = x->by_op[op] ? stretch_known(x, pc) : 0;
		if (!next && regular[op]) {
			both = index_recent_add(&recent, header);
			if (both)
				next = stretch_new(x, (unsigned)__builtin_ctz(both) + 1);
		} else {
			index_recent_clear(&recent);
		}
		if (next) {
			index_recent_clear(&recent);
			pc = next;
			continue;
		}
		index_add(x, pc, header);
		x->records++;
		pc += gl_ops[op].words;
	}
	return 0;
}

/* ---- life ------------------------------------------------------------------------ */

int index_init(struct sp_index *x)
{
	static uint32_t (*const rounds[CPU_LEVELS])(const struct sp_pattern *, const uint32_t *,
						    uint32_t) = {
		[CPU_SSE2] = rounds_sse2, [CPU_AVX2] = rounds_avx2, [CPU_AVX512] = rounds_avx512,
	};

	static bool (*const equal[CPU_LEVELS])(const uint32_t *, const uint16_t *,
					       const uint32_t *, unsigned) = {
		[CPU_SSE2] = equal_sse2, [CPU_AVX2] = equal_avx2, [CPU_AVX512] = equal_avx512,
	};

	static uint32_t (*const same[CPU_LEVELS])(const uint32_t *, const uint32_t *, uint32_t) = {
		[CPU_SSE2] = same_sse2, [CPU_AVX2] = same_avx2, [CPU_AVX512] = same_avx512,
	};

	memset(x, 0, sizeof(*x));
	x->equal = equal[cpu_level()];
	x->same = same[cpu_level()];
	x->rounds = rounds[cpu_level()];
	x->pattern = aligned_alloc(64, ((INDEX_PATTERNS + 1) * sizeof(*x->pattern) + 63) &
				       ~(size_t)63);
	return x->pattern ? 0 : -ENOMEM;
}

void index_finish(struct sp_index *x)
{
	free(x->step);
	free(x->segment);
	free(x->pattern);
	memset(x, 0, sizeof(*x));
}

int index_begin(struct sp_index *x, const uint32_t *code, uint32_t nwords)
{
	/* a procedure of n words has at most n records */
	if (nwords > x->cap) {
		struct sp_step *v = malloc((size_t)nwords * sizeof(*v));
		const struct sp_segment **k = malloc((size_t)nwords * sizeof(*k));

		if (!v || !k) {
			free(v);
			free(k);
			return -ENOMEM;
		}
		free(x->step);
		free(x->segment);
		x->step = v;
		x->segment = k;
		x->cap = nwords;
	}
	if (x->npatterns == INDEX_PATTERNS)
		index_forget(x);
	x->code = code;
	x->nwords = nwords;
	x->nsteps = x->nsegments = x->records = 0;
	return 0;
}
