/* places.h - finds objects again by where they lay in the caller's memory, for callers
 * whose memory stays as it is: neither hash nor comparison is needed then.
 *
 * A fixed-size table, as window.h's; what a crowded set forgets is stored again.
 */
#ifndef BLINK_SP_PLACES_H
#define BLINK_SP_PLACES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define PLACES_SETS (1u << 14)
#define PLACES_WAYS 4u

struct place {
	const void *data;           /* NULL: free */
	uint64_t position;          /* in the stream, when it was stored */
	uint32_t size, id;
};

struct places {
	struct place *v;            /* NULL until first used */
};

/* The object's slot, or the one that it takes (then .id is 0 and .data is set); NULL:
 * out of memory. */
static inline struct place *places_find(struct places *p, const void *data, uint32_t size)
{
	uint64_t h = ((uintptr_t)data >> 4) * 0x9e3779b97f4a7c15ull;
	struct place *set, *oldest;

	if (!p->v && !(p->v = calloc((size_t)PLACES_SETS * PLACES_WAYS, sizeof(*p->v))))
		return NULL;
	set = oldest = p->v + (h >> 32 & (PLACES_SETS - 1)) * PLACES_WAYS;
	for (unsigned i = 0; i < PLACES_WAYS; i++) {
		if (set[i].data == data && set[i].size == size)
			return &set[i];
		if (set[i].position < oldest->position)
			oldest = &set[i];
	}
	*oldest = (struct place){ .data = data, .size = size };
	return oldest;
}

#endif
