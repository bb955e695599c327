/* stats.h - what may be said of noisy figures.
 *
 * The unit of statistics is the run: frames of one run depend on each other, so a test
 * never takes them for independent values (stats_ks permutes runs, not frames).
 *
 * Every answer can be "not known": short series are normal input.  A struct stats_value
 * holds a number or the sentence that says why there is none; no function returns NaN
 * or infinity, and none wraps around.  Input values must be finite (the results format
 * refuses others).  Everything random comes from a fixed seed: the same values give the
 * same answer.  Nothing here keeps a pointer to its input, or changes it.
 *
 * The functions rest on libm (erfc, lgamma) and exact counting; their answers are
 * compared with SciPy's in tests/reports.
 */
#ifndef REPORTS_STATS_H
#define REPORTS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stats_value {
	bool known;
	double v;             /* 0 if not known */
	const char *why;      /* not known: the reason, a constant string; else NULL */
};

/* A value with an interval around it.  level is the confidence that the interval really
 * has: 0 where there are too few values for any (then low = high = v, if v is known). */
struct stats_interval {
	struct stats_value value;
	double low, high, level;
};

/* q in [0, 1]; between two values in proportion (R's type 7).  Not known for n = 0. */
struct stats_value stats_quantile(const double *v, size_t n, double q);
static inline struct stats_value stats_median(const double *v, size_t n)
{
	return stats_quantile(v, n, 0.5);
}

/* The median between two order statistics, by the binomial distribution, free of any
 * assumption: the narrowest symmetric pair that holds `level` or more.  Where n is too
 * small for it, the extremes, with the level that they do have. */
struct stats_interval stats_median_interval(const double *v, size_t n, double level);

/* Median of a[i] / b[i], the runs of two sides that took turns; percentile bootstrap over
 * the pairs.  Pairs whose b is 0 say nothing and are left out; n < 2: no interval. */
struct stats_interval stats_ratio_paired(const double *a, const double *b, size_t n,
					 double level);
/* median(a) / median(b) of runs that were not made in turns; both sides resampled. */
struct stats_interval stats_ratio(const double *a, size_t na, const double *b, size_t nb,
				  double level);

/* Two-sided p of Mann and Whitney's U: exact when there are no ties and na * nb <= 4096,
 * else the normal approximation with ties and continuity corrected. */
struct stats_u { struct stats_value p; double u; bool exact; };
struct stats_u stats_mann_whitney(const double *a, size_t na, const double *b, size_t nb);

/* Cliff's delta: P(a > b) - P(a < b), in [-1, 1]. */
struct stats_value stats_cliff(const double *a, size_t na, const double *b, size_t nb);
/* "negligible", "small", "medium", "large" (limits 0.147, 0.33, 0.474: Romano et al.). */
const char *stats_cliff_word(double delta);

/* Largest distance between two empirical distribution functions. */
struct stats_value stats_ks_distance(const double *a, size_t na, const double *b, size_t nb);

/* A run: the values (frame times) that it gave. */
struct stats_run { const double *v; size_t n; };
/* Kolmogorov and Smirnov's distance between two sets of runs, and its p by permuting
 * the runs between the sets: all arrangements where there are at most 10,000, else that
 * many at random.  least: the smallest p that these numbers of runs can give; a p that
 * cannot reach the wanted level says nothing. */
struct stats_ks { struct stats_value distance, p; double least; bool exact; };
struct stats_ks stats_ks(const struct stats_run *a, size_t na, const struct stats_run *b,
			 size_t nb);
/* The same of runs made in turns: run i of a and run i of b change places, all ways up to 13
 * pairs, else 9,999 at random. */
struct stats_ks stats_ks_paired(const struct stats_run *a, const struct stats_run *b, size_t n);

/* Holm's step-down adjustment of n p-values, in place. */
void stats_holm(double *p, size_t n);

/* flag[i]: v[i] lies more than 1.5 (1) or 3 (2) quartile distances outside the quartiles
 * (Tukey's fences); all 0 for n < 4.  Returns how many are flagged. */
size_t stats_outliers(const double *v, size_t n, unsigned char *flag);

/* ---- frame times ------------------------------------------------------------------- */

struct stats_frame_metric {
	const char *name, *unit;
	int better;              /* -1 lower, +1 higher */
	size_t least;            /* frames that it needs */
	const char *formula;     /* t: frame times in ms; T: 1000 / refresh rate */
};
extern const struct stats_frame_metric stats_frame_metrics[];
extern const unsigned stats_frame_metric_count;
/* Metric m of n frame times in milliseconds at a refresh rate in Hz. */
struct stats_value stats_frames(unsigned m, const double *ms, size_t n, double refresh);

#endif
