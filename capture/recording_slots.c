/* recording_slots.c - where a reader finds segments that lie in slots (record/format.h).
 *
 * Who follows a recording is the one who empties its slots: it reads them where they are.
 * Anybody else may find that a slot was emptied and taken again while he looked: he reads
 * copies, of segments that were still in their slots afterwards.  Calls are copied before
 * payloads, so that what a call refers to is there as well. */
#include "capture/recording_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint64_t slot_load(const struct recording *r, uint32_t i)
{
	return atomic_load_explicit(&r->header->slot[i], memory_order_acquire);
}

/* The place of the segment that a slot's word says it holds; 0: of none. */
static uint64_t place_in(const struct recording *r, uint64_t slot)
{
	uint64_t number = slot >> 2;

	if ((slot & 3) == RECORD_SLOT_FREE || number < r->nslots || number >= r->handed)
		return 0;
	return RECORD_HEADER + number * RECORD_SEGMENT;
}

/* One that was emptied and taken again between calls and payloads has a copy of each. */
static void segment_copy(struct recording *r, uint32_t i, uint64_t slot, const uint8_t *from,
			 uint64_t used)
{
	uint8_t *to = r->copies + (size_t)r->slots_used * RECORD_SEGMENT;

	used = used < RECORD_SEGMENT ? used : RECORD_SEGMENT;
	memcpy(to, from, used);
	/* what was stored since is not in the copy */
	if (used >= sizeof(struct record_segment))
		((struct record_segment *)(void *)to)->used = used;
	/* emptied meanwhile: then it is at its place */
	atomic_thread_fence(memory_order_acquire);
	if (slot_load(r, i) >> 2 != slot >> 2)
		return;
	r->slot[r->slots_used].index = r->slots_used;
	r->slot[r->slots_used++].place = place_in(r, slot);
}

static void kind_copy(struct recording *r, uint32_t kind)
{
	for (uint32_t i = 0; i < r->nslots; i++) {
		const uint8_t *from = r->map + RECORD_HEADER + (size_t)i * RECORD_SEGMENT;
		const struct record_segment *s = (const void *)from;
		uint64_t slot = slot_load(r, i), used;

		if (!place_in(r, slot) || s->kind != kind)
			continue;
		used = atomic_load_explicit(&s->used, memory_order_acquire);
		segment_copy(r, i, slot, from, used);
	}
}

static int copies_make(struct recording *r, struct error *err)
{
	if (!r->copies)
		r->copies = malloc(2ul * RECORD_SLOTS * RECORD_SEGMENT);
	if (!r->copies)
		return error_set(err, -ENOMEM, "%s: out of memory", r->path);
	kind_copy(r, RECORD_CALLS);
	kind_copy(r, RECORD_PAYLOADS);
	return 0;
}

/* The mapping may have been made anew after that: see recording_at. */
int recording_slots_look(struct recording *r, struct error *err)
{
	r->slots_used = 0;
	r->nslots = r->header->slots;
	r->handed = atomic_load_explicit(&r->header->segments, memory_order_acquire);
	if (!r->nslots)
		return 0;
	if (r->nslots > RECORD_SLOTS ||
	    !range_ok(RECORD_HEADER, (uint64_t)r->nslots * RECORD_SEGMENT, r->size))
		return recording_bad(r, err, "it cannot have that many slots");
	r->scanned = r->scanned > r->nslots ? r->scanned : r->nslots;
	if (!r->following)
		return copies_make(r, err);
	for (uint32_t i = 0; i < r->nslots; i++) {
		uint64_t place = place_in(r, slot_load(r, i));

		if (!place)
			continue;
		r->slot[r->slots_used].index = i;
		r->slot[r->slots_used++].place = place;
	}
	return 0;
}

const uint8_t *recording_at(const struct recording *r, uint64_t place, uint64_t size)
{
	const uint8_t *slots = r->following ? r->map + RECORD_HEADER : r->copies;

	if (!range_ok(place, size, r->size))
		return NULL;
	for (uint32_t i = 0; i < r->slots_used; i++)
		if (place >= r->slot[i].place &&
		    range_ok(place - r->slot[i].place, size, RECORD_SEGMENT))
			return slots + (size_t)r->slot[i].index * RECORD_SEGMENT +
			       (place - r->slot[i].place);
	return r->map + place;
}

/* It is read once, from front to end; but of one that is read out of its slots the rest is
 * hardly looked at, and the kernel would read it ahead. */
void recording_advise(const struct recording *r)
{
	uint8_t *map = (uint8_t *)(uintptr_t)r->map;
	uint64_t front = RECORD_HEADER + (uint64_t)r->header->slots * RECORD_SEGMENT;

	if (r->following && r->header->slots && front < r->size) {
		madvise(map, front, MADV_HUGEPAGE);
		madvise(map + front, r->size - front, MADV_RANDOM);
		return;
	}
	madvise(map, r->size, MADV_SEQUENTIAL);
	madvise(map, r->size, MADV_HUGEPAGE);
}
