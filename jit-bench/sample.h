/* sample.h - values of one quantity, one per run: the median is quoted, with the
 * quartiles and the extremes beside it.
 */
#ifndef JIT_BENCH_SAMPLE_H
#define JIT_BENCH_SAMPLE_H

#include <stddef.h>

#include <json-c/json.h>

#define SAMPLE_MAX 512u

struct sample {
	double v[SAMPLE_MAX];
	unsigned n;
};

static inline void sample_add(struct sample *s, double v)
{
	if (s->n < SAMPLE_MAX)
		s->v[s->n++] = v;
}

/* q in [0, 1], between two values in proportion. 0 if empty. */
double sample_quantile(const struct sample *s, double q);
static inline double sample_median(const struct sample *s) { return sample_quantile(s, 0.5); }
/* { median, q1, q3, min, max, runs, values }; the values in the order of the runs, for
 * the results file (a listing leaves them out). */
struct json_object *sample_json(const struct sample *s);
/* a / b, run by run as they were measured beside each other: { median, low, high, unit,
 * direction, values }, low and high bounding 95 % of the medians of bootstrap resamples of the
 * runs; the rest is for the results file, so that a suite made in slices has it, too. */
struct json_object *sample_ratio_json(const struct sample *a, const struct sample *b);
/* The sum of a's values over that of b's, { ratio, low, high }, low and high bounding 95 % of
 * those of bootstrap resamples of the runs, each with what was measured in it of both: narrower
 * than that of medians where runs are few and alike. */
struct json_object *sample_total_ratio_json(const struct sample *a, const struct sample *b);

/* ---- rows of the results file --------------------------------------------------------
 *
 * A suite whose results are no plain samples lists them as "metrics" beside what it
 * prints (docs/RESULTS.md has the members). */

/* direction: "lower", "higher" or "none": which way is better. */
struct json_object *metric_json(const char *of, const char *metric, const char *unit,
				const char *direction, const struct sample *s);
/* A count, which every run must repeat. */
struct json_object *metric_count_json(const char *of, const char *metric, const char *unit,
				      const char *direction, double value);
/* Adds a run's values, in order, to the metric's series of that name. */
void metric_series_add(struct json_object *metric, const char *name, const char *unit,
		       const double *v, size_t n);

#endif
