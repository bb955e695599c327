/* hash.c - XXH3-128 of payloads, by the widest vectors that the processor has, and the
 * payloads that the file holds already.
 *
 * The table is bounded: 16,384 sets of four payloads, of which a new one replaces the
 * one that was asked for longest ago. */
#include "capture/record/lib/lib.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SETS 16384u
#define WAYS 4u

struct rec_hash rec_hash_avx2(const void *bytes, size_t size);

static bool has_avx2(void)
{
	static atomic_int known;        /* 1 no, 2 yes */
	int k = atomic_load_explicit(&known, memory_order_relaxed);

	if (unlikely(!k)) {
		__builtin_cpu_init();
		k = __builtin_cpu_supports("avx2") ? 2 : 1;
		atomic_store_explicit(&known, k, memory_order_relaxed);
	}
	return k == 2;
}

struct rec_hash rec_hash(const void *bytes, size_t size)
{
	XXH128_hash_t h;

	/* up to 240 bytes XXH3 uses no vectors */
	if (size > 240 && has_avx2())
		return rec_hash_avx2(bytes, size);
	h = XXH3_128bits(bytes, size);
	return (struct rec_hash){ h.low64, h.high64 };
}

/* ---- what is stored --------------------------------------------------------------- */

static struct entry {
	struct rec_hash hash;
	uint64_t offset;
	uint32_t size;
	uint32_t used;                  /* when last: .clock */
} table[SETS][WAYS];
static uint32_t now;
static struct rec_lock lock;

static struct entry *set_of(struct rec_hash hash)
{
	return table[hash.low % SETS];
}

/* Whoever does not get the lock at once does without: a signal handler may have
 * interrupted its holder. */
uint64_t rec_known(struct rec_hash hash, uint32_t size)
{
	struct entry *set = set_of(hash);
	uint64_t offset = 0;

	if (!rec_trylock(&lock))
		return 0;
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].hash.low == hash.low && set[i].hash.high == hash.high &&
		    set[i].size == size && set[i].offset) {
			set[i].used = ++now;
			offset = set[i].offset;
			break;
		}
	rec_unlock(&lock);
	return offset;
}

void rec_remember(struct rec_hash hash, uint32_t size, uint64_t offset)
{
	struct entry *set = set_of(hash), *oldest = set;

	if (!rec_trylock(&lock))
		return;
	for (unsigned i = 1; i < WAYS; i++)
		if (now - set[i].used > now - oldest->used)
			oldest = &set[i];
	*oldest = (struct entry){ hash, offset, size, ++now };
	rec_unlock(&lock);
}
