/* client_pages.c - which of the client's pages are free.
 *
 * A bit per page.  The lowest row that is long enough is taken, so that the same few pages,
 * which caches hold, are used again and again; long rows begin further up, where single
 * pages do not part them. */
#include "blink/vso/client_priv.h"

#include <errno.h>
#include <stdlib.h>

#define SHORT_ROW 8u           /* pages */

int page_pool_init(struct page_pool *p, uint32_t first, uint32_t pages)
{
	*p = (struct page_pool){
		.used = calloc((size_t)pages / 64 + 1, 8),
		.first = first, .pages = pages, .low = first, .free = pages - first,
	};
	return p->used ? 0 : -ENOMEM;
}

void page_pool_finish(struct page_pool *p)
{
	free(p->used);
	p->used = NULL;
}

static bool is_used(const struct page_pool *p, uint32_t i)
{
	return p->used[i / 64] >> i % 64 & 1;
}

static void take(struct page_pool *p, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++)
		p->used[i / 64] |= 1ull << i % 64;
	p->free -= n;
	if (first <= p->low && p->low < first + n)
		p->low = first + n;
}

/* The first row of n free pages that begins in from .. to - 1; 0 none. */
static uint32_t search(const struct page_pool *p, uint32_t from, uint32_t to, uint32_t n)
{
	uint32_t run = 0;

	for (uint32_t i = from; i < p->pages && (run || i < to);) {
		if (i % 64 == 0 && p->used[i / 64] == ~0ull) {
			run = 0;
			i += 64;
			continue;
		}
		run = is_used(p, i) ? 0 : run + 1;
		i++;
		if (run == n)
			return i - n;
	}
	return 0;
}

uint32_t page_pool_run(struct page_pool *p, uint32_t n)
{
	uint32_t from = p->low, long_rows = p->first + (p->pages - p->first) / 4, at;

	if (n > p->free)
		return 0;
	if (n > SHORT_ROW && from < long_rows)
		from = long_rows;
	at = search(p, from, p->pages, n);
	if (!at && from > p->low)
		at = search(p, p->low, from, n);
	if (at)
		take(p, at, n);
	return at;
}

bool page_pool_any(struct page_pool *p, uint32_t *to, uint32_t n)
{
	uint32_t got = 0;

	if (n > p->free)
		return false;
	for (uint32_t i = p->low; i < p->pages && got < n; i++)
		if (!is_used(p, i)) {
			take(p, i, 1);
			to[got++] = i;
		}
	return true;
}

void page_pool_free(struct page_pool *p, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++)
		p->used[i / 64] &= ~(1ull << i % 64);
	p->free += n;
	if (first < p->low)
		p->low = first;
}
