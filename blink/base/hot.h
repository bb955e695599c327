/* hot.h - what is needed for every procedure, fetched at once when it may be out of the
 * caches.
 *
 * A server looks at a client's procedure every few milliseconds, and what it needs for that
 * has long been displaced by then: hundreds of lines of code and tables, each waited for by
 * itself.  Asked for ahead they come together, in a tenth of the time.
 *
 * Functions marked HOT lie beside each other; hot_fetch() asks for all of them.  Fetching is
 * a hint: it may be left out, and any address is allowed.
 */
#ifndef BLINK_BASE_HOT_H
#define BLINK_BASE_HOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <x86intrin.h>

/* The linker names the ends of a section whose name is an identifier. */
#define HOT __attribute__((section("blink_hot")))

#define HOT_LINE 64u
#define HOT_AWAY (1u << 18)        /* ticks after which caches are thought to be cold */

/* Into the first level: the hint for the second was seen to do nothing. */
static inline void fetch_lines(const void *from, size_t size)
{
	for (uintptr_t p = (uintptr_t)from, end = p + size; p < end; p += HOT_LINE)
		_mm_prefetch((const void *)p, _MM_HINT_T0);
}

/* To be written. */
static inline void fetch_lines_write(void *to, size_t size)
{
	for (uintptr_t p = (uintptr_t)to, end = p + size; p < end; p += HOT_LINE)
		__asm__ volatile("prefetchw %0" : : "m"(*(char *)p));
}

void hot_fetch(void);

/* Has this been asked for the last time long ago? */
static inline bool hot_away(uint64_t *last)
{
	uint64_t now = __rdtsc(), was = *last;

	*last = now;
	return now - was > HOT_AWAY;
}

#endif
