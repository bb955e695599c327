/* hash.c - XXH3-128 of payloads, by the widest vectors that the processor has, and the
 * payloads that the file holds already.
 *
 * The table is bounded: 16,384 sets of four payloads, of which a new one replaces the
 * one that was asked for longest ago. */
#include "capture/record/lib/lib.h"

#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SETS 16384u
#define WAYS 4u

struct rec_hash rec_hash_avx2(const void *bytes, size_t size);

bool rec_has_avx2(void)
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
	if (size > 240 && rec_has_avx2())
		return rec_hash_avx2(bytes, size);
	h = XXH3_128bits(bytes, size);
	return (struct rec_hash){ h.low64, h.high64 };
}

/* ---- what is stored --------------------------------------------------------------- */

/* A set is a line of the cache: most look-ups miss it.  64 bits of the hash that did not
 * select the set, mixed with the size, stand for the payload.  Each thread has a table of
 * its own: a lock costs more than what threads would find of each other's. */
struct entry {
	uint64_t key;
	uint32_t place;                 /* offset in the file / 16; 0: none */
	uint32_t used;                  /* when last: of .now */
};
struct rec_table {
	struct entry sets[SETS][WAYS];
	uint32_t now;
};
#define LARGE_PAGE (2u << 20)
_Static_assert(sizeof(struct rec_table) <= LARGE_PAGE, "a table is one large page");
#ifndef MADV_HUGEPAGE
#define MADV_HUGEPAGE 14
#endif

static uint64_t key_of(struct rec_hash hash, uint32_t size)
{
	return hash.high + size * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t rec_known(struct rec_hash hash, uint32_t size)
{
	uint64_t key = key_of(hash, size);
	struct entry *set;

	if (!rec.table)
		return 0;
	set = rec.table->sets[hash.low % SETS];
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].key == key && set[i].place) {
			if ((uint64_t)set[i].place * 16 < rec.least) {
				set[i] = (struct entry){ 0 };
				return 0;
			}
			set[i].used = ++rec.table->now;
			return (uint64_t)set[i].place * 16;
		}
	return 0;
}

void rec_expect(struct rec_hash hash)
{
	if (rec.table)
		__builtin_prefetch(rec.table->sets[hash.low % SETS]);
}

/* On a large page, where the kernel gives one: every look-up is somewhere else. */
static struct rec_table *table_new(void)
{
	char *p = mmap(NULL, 2ul * LARGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	size_t before = -(uintptr_t)p % LARGE_PAGE;

	if (p == MAP_FAILED)
		return NULL;
	if (before)
		munmap(p, before);
	munmap(p + before + LARGE_PAGE, LARGE_PAGE - before);
	madvise(p + before, LARGE_PAGE, MADV_HUGEPAGE);
	return (void *)(p + before);
}

void rec_remember(struct rec_hash hash, uint32_t size, uint64_t offset)
{
	struct entry *set, *oldest;
	uint32_t now;

	if (offset % 16 || offset / 16 > UINT32_MAX ||
	    (!rec.table && !(rec.table = table_new())))
		return;
	now = ++rec.table->now;
	oldest = set = rec.table->sets[hash.low % SETS];
	for (unsigned i = 1; i < WAYS; i++)
		if (now - set[i].used > now - oldest->used)
			oldest = &set[i];
	*oldest = (struct entry){ key_of(hash, size), (uint32_t)(offset / 16), now };
}
