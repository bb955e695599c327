/* gather.h - gathers the objects of one stream into blocks, see format.h.
 *
 * An object is begun with room for its largest size, filled in place, and either
 * kept (at most that size) or dropped.  A full block is handed to the put function.
 * embedded: init/finish.
 */
#ifndef BLINK_SP_GATHER_H
#define BLINK_SP_GATHER_H

#include "blink/base/buf.h"

struct gather {
	uint8_t *data;
	size_t len, cap, limit;    /* len: of the objects kept, aligned */
	struct buf sizes;          /* u32 each */
	uint32_t count;            /* objects in the block */
	uint32_t total, blocks;    /* objects kept so far; blocks put */
	uint64_t position;         /* aligned bytes kept so far, in all blocks */
	/* Stores raw bytes holding count objects; 0 or negative errno. */
	int (*put)(void *user, struct gather *g, const uint8_t *raw, size_t n, uint32_t count);
	void *user;
};

void gather_init(struct gather *g, size_t limit,
		 int (*put)(void *, struct gather *, const uint8_t *, size_t, uint32_t),
		 void *user);
void gather_finish(struct gather *g);
void *gather_begin(struct gather *g, size_t size);   /* NULL: out of memory */
int gather_keep(struct gather *g, size_t size);      /* 0 or negative errno */
int gather_flush(struct gather *g);                  /* the last, unfilled block */

#endif
