/* places.h - finds objects again by a number that the caller has for them, such as their
 * place in a file: neither hash nor comparison is needed then.
 *
 * A fixed-size table, as window.h's; what a crowded set forgets is stored again.  A set is
 * a line of the processor's cache.  Neighbours in numbers are neighbours in the table: what
 * was numbered in a row is mostly asked for in a row, and its lines come together.
 */
#ifndef BLINK_SP_PLACES_H
#define BLINK_SP_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "blink/base/pages.h"

#define PLACES_SETS (1u << 15)     /* 2 MiB */
#define PLACES_WAYS 4u
#define PLACES_NEAR 5u          /* numbers that are alike but for so many bits share a set */

struct place {
	uint32_t number, size;
	uint32_t position;          /* in the stream when it was stored, in units of 16 bytes */
	uint32_t id;                /* 0: free */
};

struct places {
	struct place *v;            /* NULL until first used */
};

/* Numbers beyond are for nobody. */
static inline bool places_take(uint64_t number)
{
	return number && number <= UINT32_MAX;
}

static inline struct place *places_set(const struct places *p, uint32_t number)
{
	return p->v + (number >> PLACES_NEAR & (PLACES_SETS - 1)) * PLACES_WAYS;
}

/* The object's slot, or the one that it takes (then .id is 0); NULL: out of memory.
 * next: the number that is likely to be asked for then. */
static inline struct place *places_find(struct places *p, uint32_t number, uint32_t size,
					uint32_t next)
{
	size_t bytes = sizeof(*p->v) * PLACES_SETS * PLACES_WAYS;
	struct place *set, *oldest;

	if (!p->v) {
		p->v = pages_alloc(bytes);
		if (!p->v)
			return NULL;
		memset(p->v, 0, bytes);
	}
	__builtin_prefetch(places_set(p, next), 1);
	set = oldest = places_set(p, number);
	for (unsigned i = 0; i < PLACES_WAYS; i++) {
		if (set[i].number == number && set[i].size == size)
			return &set[i];
		if (set[i].position < oldest->position)
			oldest = &set[i];
	}
	*oldest = (struct place){ .number = number, .size = size };
	return oldest;
}

static inline void places_finish(struct places *p)
{
	free(p->v);
	p->v = NULL;
}

#endif
