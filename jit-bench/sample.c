/* sample.c - see sample.h. */
#include "jit-bench/sample.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double sample_quantile(struct sample *s, double q)
{
	double at, part;
	unsigned i;

	if (!s->n)
		return 0;
	qsort(s->v, s->n, sizeof(s->v[0]), compare);
	at = q * (s->n - 1);
	i = (unsigned)at;
	part = at - i;
	return i + 1 < s->n ? s->v[i] * (1 - part) + s->v[i + 1] * part : s->v[i];
}

/* Four digits are more than any of these measurements holds. */
static struct json_object *number(double v)
{
	double scale = v != 0 ? pow(10, 3 - floor(log10(fabs(v)))) : 1;

	return json_object_new_double(round(v * scale) / scale);
}

struct json_object *sample_json(struct sample *s)
{
	static const struct { const char *key; double q; } rows[] = {
		{ "median", 0.5 }, { "q1", 0.25 }, { "q3", 0.75 }, { "min", 0 }, { "max", 1 },
	};
	struct json_object *j = json_object_new_object();

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_object_object_add(j, rows[i].key, number(sample_quantile(s, rows[i].q)));
	json_object_object_add(j, "runs", json_object_new_int((int)s->n));
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
	return j;
}
