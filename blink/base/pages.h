/* pages.h - memory for large tables and buffers, on the processor's large pages where the
 * kernel gives such: hundreds of page faults less, and look-ups all over a table do not
 * miss the translation of addresses as well. */
#ifndef BLINK_BASE_PAGES_H
#define BLINK_BASE_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGES_SMALL 4096u
#define PAGES_LARGE (2u << 20)

/* At least size bytes, beginning at a page; what is in them is undefined.  For free().
 * NULL: out of memory. */
static inline void *pages_alloc(size_t size)
{
	size_t page = size < PAGES_LARGE ? PAGES_SMALL : PAGES_LARGE;
	size_t whole = size + (page - size % page) % page;
	void *p = whole < size ? NULL : aligned_alloc(page, whole ? whole : page);

	if (p && page == PAGES_LARGE)
		madvise(p, whole, MADV_HUGEPAGE);
	return p;
}

#endif
