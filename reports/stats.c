/* stats.c - quantiles, intervals and ratios.  See stats.h. */
#include "reports/stats.h"

#include <string.h>

#include "reports/stats_impl.h"

#define RESAMPLES 10000u
#define NO_VALUES "no values"
#define NO_MEMORY "out of memory"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double *stats_sorted(const double *v, size_t n)
{
	double *s = n && n <= SIZE_MAX / sizeof(*s) ? malloc(n * sizeof(*s)) : NULL;

	if (!s)
		return NULL;
	memcpy(s, v, n * sizeof(*s));
	qsort(s, n, sizeof(*s), compare);
	return s;
}

double stats_sorted_quantile(const double *v, size_t n, double q)
{
	double at = q * (double)(n - 1), part;
	size_t i = (size_t)at;

	if (i + 1 >= n)
		return v[n - 1];
	part = at - (double)i;
	return part > 0 ? v[i] * (1 - part) + v[i + 1] * part : v[i];
}

struct stats_value stats_quantile(const double *v, size_t n, double q)
{
	double *s = stats_sorted(v, n), at;

	if (!s)
		return stats_unknown(n ? NO_MEMORY : NO_VALUES);
	at = stats_sorted_quantile(s, n, q < 0 ? 0 : q > 1 ? 1 : q);
	free(s);
	return stats_known(at);
}

/* ---- the median's interval ------------------------------------------------------------ */

/* P(X = k) of the binomial distribution with n trials of probability 1/2. */
static double binomial_half(size_t n, size_t k)
{
	double dn = (double)n, dk = (double)k;

	return exp(lgamma(dn + 1) - lgamma(dk + 1) - lgamma(dn - dk + 1) - dn * M_LN2);
}

struct stats_interval stats_median_interval(const double *v, size_t n, double level)
{
	struct stats_interval r = { .value = stats_median(v, n) };
	double *s = stats_sorted(v, n), outside = 0;
	size_t k = 0;

	if (!s || !r.value.known) {
		free(s);
		return r;
	}
	/* [s[k], s[n-1-k]] misses the median with twice P(X <= k) */
	outside = 2 * binomial_half(n, 0);
	while (2 * (k + 1) < n && outside + 2 * binomial_half(n, k + 1) <= 1 - level)
		outside += 2 * binomial_half(n, ++k);
	r.low = s[k];
	r.high = s[n - 1 - k];
	r.level = n > 1 && outside < 1 ? 1 - outside : 0;
	free(s);
	return r;
}

/* ---- ratios ------------------------------------------------------------------------------ */

/* The ends of the middle `level` of RESAMPLES medians; they are sorted here. */
static void interval_take(struct stats_interval *r, double *medians, double level)
{
	qsort(medians, RESAMPLES, sizeof(*medians), compare);
	r->low = stats_sorted_quantile(medians, RESAMPLES, (1 - level) / 2);
	r->high = stats_sorted_quantile(medians, RESAMPLES, (1 + level) / 2);
	r->level = level;
}

/* The median of n values drawn from v; scratch holds n. */
static double resample(const double *v, size_t n, double *scratch, uint64_t *state)
{
	for (size_t i = 0; i < n; i++)
		scratch[i] = v[stats_draw(state, n)];
	qsort(scratch, n, sizeof(*scratch), compare);
	return stats_sorted_quantile(scratch, n, 0.5);
}

static struct stats_interval point(struct stats_value v)
{
	return (struct stats_interval){ .value = v, .low = v.v, .high = v.v };
}

struct stats_interval stats_ratio_paired(const double *a, const double *b, size_t n,
					 double level)
{
	double *ratio = calloc(n ? n : 1, 2 * sizeof(*ratio)), *scratch = ratio + n;
	double *medians = calloc(RESAMPLES, sizeof(*medians));
	struct stats_interval r = point(stats_unknown(NO_MEMORY));
	uint64_t state = 1;
	size_t pairs = 0;

	for (size_t i = 0; ratio && i < n; i++)
		if (b[i] != 0 && isfinite(a[i] / b[i]))
			ratio[pairs++] = a[i] / b[i];
	if (ratio && medians)
		r = point(pairs ? stats_median(ratio, pairs)
				: stats_unknown("no pair of runs has a ratio"));
	if (r.value.known && pairs > 1) {
		for (size_t k = 0; k < RESAMPLES; k++)
			medians[k] = resample(ratio, pairs, scratch, &state);
		interval_take(&r, medians, level);
	}
	free(ratio);
	free(medians);
	return r;
}

static struct stats_value quotient(struct stats_value a, struct stats_value b)
{
	if (!a.known || !b.known)
		return a.known ? b : a;
	if (b.v == 0)
		return stats_unknown("the base's median is 0");
	return stats_known(a.v / b.v);
}

struct stats_interval stats_ratio(const double *a, size_t na, const double *b, size_t nb,
				  double level)
{
	struct stats_interval r = point(quotient(stats_median(a, na), stats_median(b, nb)));
	size_t n = na > nb ? na : nb, got = 0;
	double *scratch, *medians;
	uint64_t state = 1;

	if (!r.value.known || na < 2 || nb < 2)
		return r;
	scratch = calloc(n, sizeof(*scratch));
	medians = calloc(RESAMPLES, sizeof(*medians));
	for (size_t k = 0; scratch && medians && k < RESAMPLES; k++) {
		double ma = resample(a, na, scratch, &state);
		double mb = resample(b, nb, scratch, &state);

		if (mb == 0 || !isfinite(ma / mb))
			break;
		medians[got++] = ma / mb;
	}
	if (got == RESAMPLES)
		interval_take(&r, medians, level);
	free(scratch);
	free(medians);
	return r;
}

/* ---- outliers, several tests at once ---------------------------------------------------------- */

size_t stats_outliers(const double *v, size_t n, unsigned char *flag)
{
	double *s = n >= 4 ? stats_sorted(v, n) : NULL, q1, q3;
	size_t count = 0;

	memset(flag, 0, n);
	if (!s)
		return 0;
	q1 = stats_sorted_quantile(s, n, 0.25);
	q3 = stats_sorted_quantile(s, n, 0.75);
	for (size_t i = 0; i < n; i++) {
		double out = v[i] < q1 ? q1 - v[i] : v[i] > q3 ? v[i] - q3 : 0;

		flag[i] = out > 3 * (q3 - q1) ? 2 : out > 1.5 * (q3 - q1) ? 1 : 0;
		count += flag[i] != 0;
	}
	free(s);
	return count;
}

void stats_holm(double *p, size_t n)
{
	double floor = 0;

	/* Smallest first; what is done is marked by its sign bit (p is never below 0). */
	for (size_t left = n; left; left--) {
		size_t least = n;

		for (size_t i = 0; i < n; i++)
			if (!signbit(p[i]) && (least == n || p[i] < p[least]))
				least = i;
		if (least == n)
			break;
		floor = fmax(floor, fmin(1, p[least] * (double)left));
		p[least] = copysign(floor, -1);
	}
	for (size_t i = 0; i < n; i++)
		p[i] = fabs(p[i]);
}
