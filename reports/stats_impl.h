/* stats_impl.h - what the statistics' own files share. */
#ifndef REPORTS_STATS_IMPL_H
#define REPORTS_STATS_IMPL_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "reports/stats.h"

static inline struct stats_value stats_known(double v)
{
	if (!isfinite(v))
		return (struct stats_value){ .why = "too large for a number" };
	return (struct stats_value){ .known = true, .v = v };
}

static inline struct stats_value stats_unknown(const char *why)
{
	return (struct stats_value){ .why = why };
}

/* A sorted copy, to be freed; NULL: n is 0 or no memory. */
double *stats_sorted(const double *v, size_t n);
/* Of sorted values, n > 0. */
double stats_sorted_quantile(const double *v, size_t n, double q);

/* Knuth's MMIX generator: the high bits are good enough to draw indices from. */
static inline size_t stats_draw(uint64_t *state, size_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)((unsigned __int128)(*state >> 11) * n >> 53);
}

#endif
