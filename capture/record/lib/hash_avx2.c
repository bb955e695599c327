/* hash_avx2.c - the same hash with AVX2 vectors; compiled with -mavx2, and called only
 * where the processor has them. */
#include "capture/record/lib/lib.h"

#define XXH_INLINE_ALL
#define XXH_VECTOR XXH_AVX2
#include <xxhash.h>

struct rec_hash rec_hash_avx2(const void *bytes, size_t size);

struct rec_hash rec_hash_avx2(const void *bytes, size_t size)
{
	XXH128_hash_t h = XXH3_128bits(bytes, size);

	return (struct rec_hash){ h.low64, h.high64 };
}
