/* window.h - finds equal objects among those stored recently.
 *
 * A fixed-size table keyed by XXH3-128; an object is found while the bytes stored
 * after it are fewer than the window.  Memory does not grow with the stream, and a
 * reader that keeps a window's worth of blocks never unpacks one twice in order.
 * A crowded table forgets its oldest entries: equal objects are then stored again,
 * never confused.
 */
#ifndef BLINK_SP_WINDOW_H
#define BLINK_SP_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window_slot {
	uint64_t low, high;         /* the hash */
	uint64_t position;          /* in the stream, plus 1: 0 is a free slot */
	uint32_t size : 31;
	uint32_t found : 1;
	uint32_t id;
};

struct window {
	struct window_slot *slots;
	size_t mask;
	uint64_t reach;             /* bytes */
};

int window_init(struct window *w, unsigned log2_slots, uint64_t reach);   /* 0, -ENOMEM */
void window_finish(struct window *w);
/* The slot of an equal object within reach of position (found is set), else the slot
 * for the new one: the caller stores the object and fills in position (plus 1), id. */
struct window_slot *window_find(struct window *w, const void *data, size_t size,
				uint64_t position);

#endif
