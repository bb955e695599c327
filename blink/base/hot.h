/* hot.h - what is needed for every procedure, fetched at once when it may be out of the
 * caches.
 *
 * A server looks at a client's procedure every few milliseconds, and what it needs for that
 * has long been displaced by then: hundreds of lines of code and tables, each waited for by
 * itself.  Asked for ahead they come together, in a tenth of the time.
 *
 * Functions marked HOT lie beside each other; hot_fetch() asks for all of them.  Those marked
 * HOT_NEXT are needed later, and are asked for a few lines at a time while the former run, as
 * not many can be waited for at once.  Fetching is a hint: it may be left out, and any address
 * is allowed.  Each function begins a line: where it lies decides less of how fast it is.
 */
#ifndef BLINK_BASE_HOT_H
#define BLINK_BASE_HOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <x86intrin.h>

/* The linker names the ends of a section whose name is an identifier. */
#define HOT __attribute__((section("blink_hot"), aligned(64)))
#define HOT_NEXT __attribute__((section("blink_hot_next"), aligned(64)))

#define HOT_LINE 64u
#define HOT_AWAY (1u << 18)        /* ticks after which caches are thought to be cold */

/* Into the first level: the hint for the second was seen to do nothing. */
static inline void fetch_line(const void *p) { _mm_prefetch(p, _MM_HINT_T0); }

/* What fetches is waited for itself: so these are no inline functions. */
void fetch_lines(const void *from, size_t size);
void fetch_lines_write(void *to, size_t size);       /* to be written */

/* What is still to be asked for, nothing when zeroed. */
struct hot_next { const char *at, *end; };

void hot_fetch(struct hot_next *next);
/* So many bytes more of it. */
void hot_next_go_on(struct hot_next *n, size_t size);
static inline void hot_next_fetch(struct hot_next *n, size_t size)
{
	if (n->at != n->end)
		hot_next_go_on(n, size);
}

/* Has this been asked for the last time long ago? */
static inline bool hot_away(uint64_t *last)
{
	uint64_t now = __rdtsc(), was = *last;

	*last = now;
	return now - was > HOT_AWAY;
}

#endif
