/* heap.c - see heap.h. */
#include "blink/server/heap.h"

#include <malloc.h>
#include <stddef.h>

#define TRIM_BYTES (UINT64_C(8) << 20)

/* The sanitizers' allocator has an account of its own. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

uint64_t heap_bytes(void)
{
	struct mallinfo2 m;

	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	m = mallinfo2();
	return (uint64_t)m.uordblks + m.hblkhd;
}

/* Free pieces stay the allocator's, and so do their pages until it is told: which costs some
 * time for each of them, so it is not done for every small client. */
void heap_trim(uint64_t freed)
{
	static _Atomic uint64_t since;

	since += freed;
	if (since < TRIM_BYTES || __sanitizer_get_current_allocated_bytes)
		return;
	since = 0;
	malloc_trim(0);
}
