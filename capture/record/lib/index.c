/* index.c - the vertices that indices select. */
#include "capture/record/lib/scan.h"

void rec_range_add(struct rec_range *r, uint64_t first, uint64_t last)
{
	if (!r->any || first < r->first)
		r->first = first;
	if (!r->any || last > r->last)
		r->last = last;
	r->any = true;
}

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
	static const uint32_t tops[] = { UINT8_MAX, UINT16_MAX, UINT32_MAX };
	uint32_t first = 0, last = 0, size = (type - 0x1401u) / 2;
	uint64_t skip;
	int64_t lo, hi;

	if (type != 0x1401 && type != 0x1403 && type != 0x1405)
		return;
	skip = skipped(c, tops[size]);
	if (!count || !(count >= 64 && rec_has_avx2()
			? rec_scan_avx2(indices, count, type, skip, &first, &last)
			: scan(indices, count, type, skip, &first, &last)))
		return;
	lo = (int64_t)first + base;
	hi = (int64_t)last + base;
	if (hi >= 0)
		rec_range_add(r, lo > 0 ? (uint64_t)lo : 0, (uint64_t)hi);
}
