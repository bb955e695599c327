/* index.c - which vertices a draw's indices name.
 *
 * A frame draws the same indices once per pass, so ranges found are kept: for the rest
 * of the SP, or longer where a payload's number never means other bytes later. */
#include "blink/verify/verifier.h"

#include <GL/gl.h>
#include <immintrin.h>
#include <string.h>

typedef uint8_t v8 __attribute__((vector_size(32)));
typedef uint16_t v16 __attribute__((vector_size(32)));
typedef uint32_t v32 __attribute__((vector_size(32)));

unsigned index_bytes(uint32_t type)
{
	return type == GL_UNSIGNED_BYTE ? 1 : type == GL_UNSIGNED_SHORT ? 2 :
	       type == GL_UNSIGNED_INT ? 4 : 0;
}

/* One scan per width: vectors of 32 bytes, then the rest one by one.  (SSE2 has no
 * unsigned maximum: comparing and masking is what every compiler makes fast.) */
#define SCAN(bits, vec)                                                                   \
	static void scan_##bits(const uint8_t *p, uint64_t n, uint32_t *min, uint32_t *max) \
	{                                                                                 \
		enum { STEP = sizeof(vec) / sizeof(uint##bits##_t) };                     \
		uint##bits##_t lo = UINT##bits##_MAX, hi = 0, x;                          \
		vec a = { 0 }, least = ~a, most = a, pick;                                \
		uint64_t i = 0;                                                           \
                                                                                          \
		for (; i + STEP <= n; i += STEP) {                                        \
			memcpy(&a, p + i * sizeof(x), sizeof(a));                         \
			pick = (vec)(a < least);                                          \
			least = (a & pick) | (least & ~pick);                             \
			pick = (vec)(a > most);                                           \
			most = (a & pick) | (most & ~pick);                               \
		}                                                                         \
		for (unsigned k = 0; k < STEP; k++) {                                     \
			lo = least[k] < lo ? least[k] : lo;                               \
			hi = most[k] > hi ? most[k] : hi;                                 \
		}                                                                         \
		for (; i < n; i++) {                                                      \
			memcpy(&x, p + i * sizeof(x), sizeof(x));                         \
			lo = x < lo ? x : lo;                                             \
			hi = x > hi ? x : hi;                                             \
		}                                                                         \
		*min = lo;                                                                \
		*max = hi;                                                                \
	}
SCAN(8, v8)
SCAN(16, v16)
SCAN(32, v32)

/* The same with instructions for it, 4 vectors at once: loads are what it waits for.
 * Uninstrumented: gcc does not align what it keeps on the address sanitizer's second
 * stack (detect_stack_use_after_return) to a vector's 64 bytes. */
#define SCAN_WIDE(bits, level, isa, vector, load, set, min_fn, max_fn)                     \
	static __attribute__((target(isa), no_sanitize_address)) uint64_t                  \
	scan_##bits##_##level(const uint8_t *p, uint64_t n, uint32_t *min, uint32_t *max)  \
	{                                                                                  \
		enum { STEP = sizeof(vector) / sizeof(uint##bits##_t) };                   \
		uint##bits##_t low[STEP], high[STEP];                                      \
		vector least = set(-1), most = set(0);                                     \
		uint64_t i = 0;                                                            \
                                                                                           \
		for (; i + 4 * STEP <= n; i += 4 * STEP) {                                 \
			const uint8_t *q = p + i * sizeof(*low);                           \
			vector a = load(q), b = load(q + sizeof(a));                       \
			vector c = load(q + 2 * sizeof(a)), d = load(q + 3 * sizeof(a));   \
                                                                                           \
			least = min_fn(least, min_fn(min_fn(a, b), min_fn(c, d)));         \
			most = max_fn(most, max_fn(max_fn(a, b), max_fn(c, d)));           \
		}                                                                          \
		memcpy(low, &least, sizeof(low));                                          \
		memcpy(high, &most, sizeof(high));                                         \
		for (unsigned k = 0; k < STEP && i; k++) {                                 \
			*min = low[k] < *min ? low[k] : *min;                              \
			*max = high[k] > *max ? high[k] : *max;                            \
		}                                                                          \
		return i;                                                                  \
	}
#define LOAD256(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
SCAN_WIDE(8, avx2, "avx2", __m256i, LOAD256, _mm256_set1_epi8, _mm256_min_epu8, _mm256_max_epu8)
SCAN_WIDE(16, avx2, "avx2", __m256i, LOAD256, _mm256_set1_epi16, _mm256_min_epu16,
	  _mm256_max_epu16)
SCAN_WIDE(32, avx2, "avx2", __m256i, LOAD256, _mm256_set1_epi32, _mm256_min_epu32,
	  _mm256_max_epu32)
#define LOAD512(p) _mm512_loadu_si512(p)
#define AVX512 "avx512f,avx512bw"
SCAN_WIDE(8, avx512, AVX512, __m512i, LOAD512, _mm512_set1_epi8, _mm512_min_epu8, _mm512_max_epu8)
SCAN_WIDE(16, avx512, AVX512, __m512i, LOAD512, _mm512_set1_epi16, _mm512_min_epu16,
	  _mm512_max_epu16)
SCAN_WIDE(32, avx512, AVX512, __m512i, LOAD512, _mm512_set1_epi32, _mm512_min_epu32,
	  _mm512_max_epu32)

typedef uint64_t (*scan_wide_fn)(const uint8_t *p, uint64_t n, uint32_t *min, uint32_t *max);
static const scan_wide_fn scans_wide[CPU_LEVELS][3] = {
	[CPU_AVX2] = { scan_8_avx2, scan_16_avx2, scan_32_avx2 },
	[CPU_AVX512] = { scan_8_avx512, scan_16_avx512, scan_32_avx512 },
};

static void scan(const uint8_t *p, uint64_t n, unsigned bytes, uint32_t *min, uint32_t *max)
{
	scan_wide_fn wide = scans_wide[cpu_level()][bytes / 2];
	uint32_t low = UINT32_MAX, high = 0;
	uint64_t done = wide ? wide(p, n, &low, &high) : 0;

	p += done * bytes;
	n -= done;
	if (bytes == 1)
		scan_8(p, n, min, max);
	else if (bytes == 2)
		scan_16(p, n, min, max);
	else
		scan_32(p, n, min, max);
	if (done) {
		*min = !n || low < *min ? low : *min;
		*max = !n || high > *max ? high : *max;
	}
}

/* Indices equal to the restart index name no vertex. */
static bool scan_restart(const uint8_t *p, uint32_t n, unsigned bytes, uint64_t restart,
			 uint32_t *min, uint32_t *max)
{
	bool any = false;

	*min = UINT32_MAX;
	*max = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t x = 0;

		memcpy(&x, p + (uint64_t)i * bytes, bytes);
		if (x == restart)
			continue;
		any = true;
		*min = x < *min ? x : *min;
		*max = x > *max ? x : *max;
	}
	return any;
}

bool index_range(struct verifier *v, const uint32_t *payload, uint32_t count, uint32_t type,
		 uint64_t restart, uint32_t *min, uint32_t *max)
{
	struct index_memo *m = index_memo_of(v, payload, count);
	const uint8_t *p = v->env->payloads.v[payload[0]].data + payload[1];
	unsigned bytes = index_bytes(type);

	if (restart != INDEX_NO_RESTART) {
		/* (one by one) */
		v->s->work += 8ull * count;
		return scan_restart(p, count, bytes, restart, min, max);
	}
	if (!index_memo_has(v, m, payload, count, type)) {
		*m = (struct index_memo){ index_stamp(v), payload[0], payload[1], count, type, 0, 0 };
		v->s->work += (uint64_t)count * bytes;
		scan(p, count, bytes, &m->min, &m->max);
	}
	*min = m->min;
	*max = m->max;
	return count > 0;
}

/* Greatest of data taken as bytes, shorts and words. */
void index_max(const uint8_t *data, uint64_t size, uint32_t max[3])
{
	for (unsigned i = 0; i < 3; i++) {
		uint32_t min, most = 0;

		if (size >> i)
			scan(data, size >> i, 1u << i, &min, &most);
		max[i] = most > max[i] ? most : max[i];
	}
}
