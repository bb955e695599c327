/* index.c - the vertices that indices select. */
#include "capture/record/lib/lib.h"

#define UNSIGNED_BYTE 0x1401u
#define UNSIGNED_SHORT 0x1403u
#define UNSIGNED_INT 0x1405u

void rec_range_add(struct rec_range *r, uint64_t first, uint64_t last)
{
	if (!r->any || first < r->first)
		r->first = first;
	if (!r->any || last > r->last)
		r->last = last;
	r->any = true;
}

/* Least and greatest of v[n]; those equal to skip do not count (skip beyond the type's
 * values: all do).  Written so that compilers make vectors of it, at -O3. */
#define SCAN(name, type, top) \
static bool name(const type *v, uint64_t n, uint64_t skip, uint32_t *first, uint32_t *last) \
{ \
	type lo = top, hi = 0, s = (type)skip; \
\
	if (skip > top) { \
		for (uint64_t i = 0; i < n; i++) { \
			lo = v[i] < lo ? v[i] : lo; \
			hi = v[i] > hi ? v[i] : hi; \
		} \
	} else { \
		for (uint64_t i = 0; i < n; i++) { \
			type l = v[i] == s ? top : v[i], h = v[i] == s ? 0 : v[i]; \
\
			lo = l < lo ? l : lo; \
			hi = h > hi ? h : hi; \
		} \
	} \
	*first = lo; \
	*last = hi; \
	return lo <= hi; \
}
SCAN(scan8, uint8_t, UINT8_MAX)
SCAN(scan16, uint16_t, UINT16_MAX)
SCAN(scan32, uint32_t, UINT32_MAX)

static uint64_t skipped(const struct rec_context *c, uint32_t top)
{
	if (c->restart_fixed)
		return top;
	/* a restart index that the type cannot hold is never met */
	return c->restart ? c->restart_index : UINT64_MAX;
}

void rec_index_range(const void *indices, uint64_t count, uint32_t type,
		     const struct rec_context *c, int32_t base, struct rec_range *r)
{
	uint32_t first = 0, last = 0;
	int64_t lo, hi;
	bool any = false;

	if (type == UNSIGNED_BYTE)
		any = scan8(indices, count, skipped(c, UINT8_MAX), &first, &last);
	else if (type == UNSIGNED_SHORT)
		any = scan16(indices, count, skipped(c, UINT16_MAX), &first, &last);
	else if (type == UNSIGNED_INT)
		any = scan32(indices, count, skipped(c, UINT32_MAX), &first, &last);
	if (!any || !count)
		return;
	lo = (int64_t)first + base;
	hi = (int64_t)last + base;
	if (hi >= 0)
		rec_range_add(r, lo > 0 ? (uint64_t)lo : 0, (uint64_t)hi);
}
