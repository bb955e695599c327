/* live_store.h - the payloads of a log that is pruned while it is recorded.
 *
 * A payload has an id as long as somebody refers to it.  Those that lie in the recording
 * are left there and known by their place; when the recording gives back the disk space
 * below some place, what is still referred to is copied from there first.  All others are
 * copies, equal ones one.  embedded: init/finish.
 */
#ifndef CAPTURE_LIVE_STORE_H
#define CAPTURE_LIVE_STORE_H

#include "blink/sp/sp.h"
#include "capture/recording.h"

struct live_payload;

struct live_store {
	struct recording *recording;
	struct live_payload *v;         /* by id; 0 is none */
	uint32_t n, cap;
	uint32_t free;                  /* first of the ids that may be used again */
	uint32_t live;                  /* ids in use */
	uint32_t *heads, nheads;        /* hash table: first id of a chain */
	uint64_t copied;                /* bytes of copies held */
	uint8_t *room;                  /* payload_begin's */
	size_t room_size;
};

void live_store_init(struct live_store *s);
void live_store_finish(struct live_store *s);
/* The id of bytes; 0: out of memory.  place: where they lie in the recording, 0: nowhere. */
uint32_t live_store_put(struct live_store *s, const void *data, uint32_t size, uint64_t place);
/* Room of that size, until the next call of it; NULL: out of memory. */
void *live_store_room(struct live_store *s, uint32_t size);
/* False: there is no such id.  Valid until the recording is refreshed or released. */
bool live_store_get(const struct live_store *s, uint32_t id, struct sp_payload *out);

/* Drops what is referred to no more: mark all others, then sweep, which also copies what
 * lies below floor.  -ENOMEM: not all could be copied, and nothing may be given back. */
void live_store_mark(struct live_store *s, uint32_t id);
int live_store_sweep(struct live_store *s, uint64_t floor);

#endif
