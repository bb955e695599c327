/* sample.c - see sample.h. */
#include "jit-bench/sample.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double sorted_quantile(const struct sample *s, double q)
{
	double at = q * (s->n - 1), part;
	unsigned i = (unsigned)at;

	part = at - i;
	return i + 1 < s->n ? s->v[i] * (1 - part) + s->v[i + 1] * part : s->v[i];
}

double sample_quantile(const struct sample *s, double q)
{
	struct sample sorted = *s;

	if (!s->n)
		return 0;
	qsort(sorted.v, sorted.n, sizeof(sorted.v[0]), compare);
	return sorted_quantile(&sorted, q);
}

/* Four digits are more than any of these measurements holds. */
static struct json_object *number(double v)
{
	double scale = v != 0 ? pow(10, 3 - floor(log10(fabs(v)))) : 1;

	return json_object_new_double(round(v * scale) / scale);
}

static struct json_object *numbers(const double *v, size_t n)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, json_object_new_double(v[i]));
	return list;
}

struct json_object *sample_json(const struct sample *s)
{
	static const struct { const char *key; double q; } rows[] = {
		{ "median", 0.5 }, { "q1", 0.25 }, { "q3", 0.75 }, { "min", 0 }, { "max", 1 },
	};
	struct json_object *j = json_object_new_object();

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_object_object_add(j, rows[i].key, number(sample_quantile(s, rows[i].q)));
	json_object_object_add(j, "runs", json_object_new_int((int)s->n));
	json_object_object_add(j, "values", numbers(s->v, s->n));
	return j;
}

#define RESAMPLES 2000u

struct json_object *sample_ratio_json(const struct sample *a, const struct sample *b)
{
	static double medians[RESAMPLES];
	struct json_object *j = json_object_new_object();
	struct sample ratio = { .n = 0 }, again;
	uint64_t state = 1;

	for (unsigned i = 0; i < a->n && i < b->n; i++)
		sample_add(&ratio, b->v[i] != 0 ? a->v[i] / b->v[i] : 0);
	for (unsigned k = 0; ratio.n && k < RESAMPLES; k++) {
		again.n = 0;
		for (unsigned i = 0; i < ratio.n; i++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			sample_add(&again, ratio.v[(state >> 33) % ratio.n]);
		}
		medians[k] = sample_median(&again);
	}
	qsort(medians, RESAMPLES, sizeof(medians[0]), compare);
	json_object_object_add(j, "median", number(sample_median(&ratio)));
	json_object_object_add(j, "low", number(medians[RESAMPLES / 40]));
	json_object_object_add(j, "high", number(medians[RESAMPLES - 1 - RESAMPLES / 40]));
	json_object_object_add(j, "unit", json_object_new_string("ratio"));
	json_object_object_add(j, "direction", json_object_new_string("none"));
	json_object_object_add(j, "values", numbers(ratio.v, ratio.n));
	return j;
}

struct json_object *sample_total_ratio_json(const struct sample *a, const struct sample *b)
{
	static double ratios[RESAMPLES];
	struct json_object *j = json_object_new_object();
	unsigned n = a->n < b->n ? a->n : b->n;
	double over = 0, under = 0;
	uint64_t state = 1;

	for (unsigned i = 0; i < n; i++) {
		over += a->v[i];
		under += b->v[i];
	}
	for (unsigned k = 0; k < RESAMPLES; k++) {
		double x = 0, y = 0;

		for (unsigned i = 0; i < n; i++) {
			unsigned at;

			state = state * 6364136223846793005u + 1442695040888963407u;
			at = (unsigned)((state >> 33) % n);
			x += a->v[at];
			y += b->v[at];
		}
		ratios[k] = y != 0 ? x / y : 0;
	}
	qsort(ratios, RESAMPLES, sizeof(ratios[0]), compare);
	json_object_object_add(j, "ratio", number(under != 0 ? over / under : 0));
	json_object_object_add(j, "low", number(ratios[RESAMPLES / 40]));
	json_object_object_add(j, "high", number(ratios[RESAMPLES - 1 - RESAMPLES / 40]));
	return j;
}

/* ---- rows of the results file ---------------------------------------------------------- */

static struct json_object *metric(const char *of, const char *name, const char *unit,
				  const char *direction, bool exact)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "case", json_object_new_string(of));
	json_object_object_add(j, "metric", json_object_new_string(name));
	json_object_object_add(j, "unit", json_object_new_string(unit));
	json_object_object_add(j, "direction", json_object_new_string(direction));
	json_object_object_add(j, "exact", json_object_new_boolean(exact));
	return j;
}

struct json_object *metric_json(const char *of, const char *name, const char *unit,
				const char *direction, const struct sample *s)
{
	struct json_object *j = metric(of, name, unit, direction, false);

	json_object_object_add(j, "samples", numbers(s->v, s->n));
	return j;
}

struct json_object *metric_count_json(const char *of, const char *name, const char *unit,
				      const char *direction, double value)
{
	struct json_object *j = metric(of, name, unit, direction, true);

	json_object_object_add(j, "samples", numbers(&value, 1));
	return j;
}

/* The series of that name, made if there is none. */
static struct json_object *series_find(struct json_object *list, const char *name,
				       const char *unit)
{
	struct json_object *s;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		s = json_object_array_get_idx(list, i);
		if (!strcmp(json_object_get_string(json_object_object_get(s, "name")), name))
			return s;
	}
	s = json_object_new_object();
	json_object_object_add(s, "name", json_object_new_string(name));
	json_object_object_add(s, "unit", json_object_new_string(unit));
	json_object_object_add(s, "runs", json_object_new_array());
	json_object_array_add(list, s);
	return s;
}

void metric_series_add(struct json_object *j, const char *name, const char *unit,
		       const double *v, size_t n)
{
	struct json_object *list = json_object_object_get(j, "series");

	if (!list) {
		list = json_object_new_array();
		json_object_object_add(j, "series", list);
	}
	json_object_array_add(json_object_object_get(series_find(list, name, unit), "runs"),
			      numbers(v, n));
}
