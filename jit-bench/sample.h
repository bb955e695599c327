/* sample.h - values of one quantity, one per run: the median is quoted, with the
 * quartiles and the extremes beside it.
 */
#ifndef JIT_BENCH_SAMPLE_H
#define JIT_BENCH_SAMPLE_H

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

/* Sorts the sample; q in [0, 1], between two values in proportion. 0 if empty. */
double sample_quantile(struct sample *s, double q);
static inline double sample_median(struct sample *s) { return sample_quantile(s, 0.5); }
/* { median, q1, q3, min, max, runs } */
struct json_object *sample_json(struct sample *s);
/* a / b, run by run as they were measured beside each other: { median, low, high },
 * low and high bounding 95 % of the medians of bootstrap resamples of the runs.  Call
 * it before anything sorts a or b. */
struct json_object *sample_ratio_json(const struct sample *a, const struct sample *b);

#endif
