/* window.c - finds equal objects among those stored recently, see window.h. */
#include "blink/sp/window.h"

#include <errno.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define WAYS 8u

int window_init(struct window *w, unsigned log2_slots, uint64_t reach)
{
	w->mask = ((size_t)1 << log2_slots) - WAYS;
	w->reach = reach;
	w->slots = calloc((size_t)1 << log2_slots, sizeof(*w->slots));
	return w->slots ? 0 : -ENOMEM;
}

void window_finish(struct window *w)
{
	free(w->slots);
	w->slots = NULL;
}

struct window_slot *window_find(struct window *w, const void *data, size_t size,
				uint64_t position)
{
	XXH128_hash_t hash = XXH3_128bits(data, size);
	struct window_slot *set = w->slots + (hash.low64 & w->mask), *oldest = set;

	for (unsigned i = 0; i < WAYS; i++) {
		struct window_slot *s = set + i;

		if (s->position && s->low == hash.low64 && s->high == hash.high64 &&
		    s->size == size) {
			struct window_slot first = *set;

			/* to the front, where it is found by one line of the cache */
			s->found = position - (s->position - 1) < w->reach;
			*set = *s;
			if (i)
				*s = first;
			return set;
		}
		if (s->position < oldest->position)
			oldest = s;
	}
	oldest->low = hash.low64;
	oldest->high = hash.high64;
	oldest->size = (uint32_t)size & 0x7fffffffu;     /* SP_MAX_PAYLOAD and less */
	oldest->found = false;
	return oldest;
}
