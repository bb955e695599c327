/* results_frames.c - what the frame times in a results file amount to, with the formula
 * beside each figure.
 *
 * A figure is computed for each run; the median of the runs is quoted, with an interval:
 * frames of one run are not independent of each other.
 */
#include "reports/results.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/stats.h"

static void put_text(struct json_object *j, const char *key, const char *text)
{
	json_object_object_add(j, key, json_object_new_string(text));
}

static void put_number(struct json_object *j, const char *key, bool known, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4g", v);
	json_object_object_add(j, key, known ? json_object_new_double(strtod(text, NULL)) : NULL);
}

static int row_add(struct json_object *rows, const char *of, const struct results_series *s,
		   unsigned m, double refresh, struct error *err)
{
	const struct stats_frame_metric *f = &stats_frame_metrics[m];
	double *v = calloc(s->runs + 1, sizeof(*v));
	struct json_object *j = json_object_new_object();
	struct stats_value one = { .why = "no frames" };
	struct stats_interval i;
	size_t n = 0;

	if (!v) {
		json_object_put(j);
		return error_set(err, -ENOMEM, "results: out of memory");
	}
	for (size_t r = 0; r < s->runs; r++) {
		one = stats_frames(m, s->run[r].v, s->run[r].n, refresh);
		if (one.known)
			v[n++] = one.v;
	}
	i = stats_median_interval(v, n, 0.95);
	put_text(j, "case", of);
	put_text(j, "metric", f->name);
	put_number(j, "median", i.value.known, i.value.v);
	put_text(j, "unit", f->unit);
	put_number(j, "low", i.level > 0, i.low);
	put_number(j, "high", i.level > 0, i.high);
	put_number(j, "level", i.level > 0, i.level);
	json_object_object_add(j, "runs", json_object_new_int64((int64_t)n));
	put_text(j, "formula", n ? f->formula : one.why);
	json_object_array_add(rows, j);
	free(v);
	return 0;
}

/* Series of times, whatever their metric: frame_time in ms. */
static int metric_add(struct json_object *rows, const struct results_metric *metric,
		      double refresh, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < metric->nseries; i++) {
		const struct results_series *s = &metric->series[i];

		if (strcmp(s->unit, "ms"))
			continue;
		for (unsigned m = 0; m < stats_frame_metric_count && rc == 0; m++)
			rc = row_add(rows, metric->of, s, m, refresh, err);
	}
	return rc;
}

struct json_object *results_frames(const struct results *r, double refresh, struct error *err)
{
	struct json_object *j = json_object_new_object(), *rows = json_object_new_array();
	int rc = 0;

	json_object_object_add(j, "refresh_hz", json_object_new_double(refresh));
	put_text(j, "t", "frame times of a run, ms; T = 1000 / refresh_hz");
	json_object_object_add(j, "frames", rows);
	for (size_t i = 0; i < r->count && rc == 0; i++)
		for (size_t k = 0; k < r->invocations[i].count && rc == 0; k++)
			rc = metric_add(rows, &r->invocations[i].metrics[k], refresh, err);
	if (rc == 0 && !json_object_array_length(rows))
		rc = error_set(err, -ENODATA, "results: no frame times in these files (bench record "
			       "has them where the program logs its frames)");
	if (rc == 0)
		return j;
	json_object_put(j);
	return NULL;
}
