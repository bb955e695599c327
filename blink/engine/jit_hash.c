/* jit_hash.c - the hash by which code is found again, made with the processor's widest
 * vectors (the library has been compiled for the oldest). */
#include <immintrin.h>

#include "blink/engine/jit.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
#define XXH_VECTOR 2               /* XXH_AVX2 */
/* What the library has as functions lies beside ours (blink/base/hot.h). */
#define noinline noinline, section("blink_hot_next"), aligned(64)
#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <xxhash.h>
#pragma GCC diagnostic pop
#undef noinline

void jit_hash_fetch(void)
{
	fetch_lines(XXH3_kSecret, sizeof(XXH3_kSecret));
	fetch_lines((const void *)(uintptr_t)XXH3_mergeAccs, 2 * HOT_LINE);
}

void jit_hash_avx2(const void *data, size_t size, uint64_t seed, uint64_t *hash)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(data, size, seed);

	hash[0] = h.low64;
	hash[1] = h.high64;
}
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
