/* results_grow.c - see results_grow.h. */
#include "reports/results_grow.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "reports/page.h"
#include "reports/stats.h"

/* ---- files --------------------------------------------------------------------------- */

struct json_object *results_file_new(void)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "format", json_object_new_string(RESULTS_FORMAT));
	json_object_object_add(j, "version", json_object_new_int(RESULTS_VERSION));
	json_object_object_add(j, "invocations", json_object_new_array());
	return j;
}

size_t results_file_count(struct json_object *file)
{
	return json_object_array_length(json_at(file, "invocations"));
}

struct json_object *results_file_at(struct json_object *file, size_t i)
{
	return json_object_array_get_idx(json_at(file, "invocations"), i);
}

void results_file_add(struct json_object *file, struct json_object *inv)
{
	json_object_array_add(json_at(file, "invocations"), json_object_get(inv));
}

void results_file_put(struct json_object *file, size_t i, struct json_object *inv)
{
	json_object_array_put_idx(json_at(file, "invocations"), i, json_object_get(inv));
}

/* ---- invocations ------------------------------------------------------------------------ */

static struct json_object *metric_at(struct json_object *inv, size_t i)
{
	return json_object_array_get_idx(json_at(inv, "metrics"), i);
}

static size_t metric_count(struct json_object *inv)
{
	struct json_object *list = json_at(inv, "metrics");

	return list ? json_object_array_length(list) : 0;
}

static bool text_equal(struct json_object *a, struct json_object *b, const char *key)
{
	return json_object_equal(json_at(a, key), json_at(b, key));
}

static struct json_object *metric_like(struct json_object *inv, struct json_object *m, size_t hint)
{
	size_t n = metric_count(inv);

	/* most often it stands at the same place */
	for (size_t k = 0; k < n; k++) {
		struct json_object *x = metric_at(inv, (hint + k) % n);

		if (text_equal(x, m, "case") && text_equal(x, m, "metric"))
			return x;
	}
	return NULL;
}

static bool metric_exact(struct json_object *m)
{
	struct json_object *exact = json_at(m, "exact");

	return exact && json_object_get_boolean(exact);
}

static void runs_set(struct json_object *inv, size_t n)
{
	json_object_object_add(inv, "runs", json_object_new_int64((int64_t)n));
}

size_t results_runs(struct json_object *inv)
{
	struct json_object *runs = json_at(inv, "runs");
	size_t least = SIZE_MAX, counts = 0;

	if (runs && json_object_is_type(runs, json_type_int) && json_object_get_int64(runs) >= 0)
		return (size_t)json_object_get_int64(runs);
	for (size_t i = 0; i < metric_count(inv); i++) {
		struct json_object *m = metric_at(inv, i);
		size_t n = json_object_array_length(json_at(m, "samples"));

		if (metric_exact(m))
			counts = n > counts ? n : counts;
		else
			least = n < least ? n : least;
	}
	return least == SIZE_MAX ? counts : least;
}

static void list_extend(struct json_object *to, struct json_object *from)
{
	for (size_t i = 0; to && from && i < json_object_array_length(from); i++)
		json_object_array_add(to, json_object_get(json_object_array_get_idx(from, i)));
}

static void series_extend(struct json_object *to, struct json_object *from)
{
	struct json_object *a = json_at(to, "series"), *b = json_at(from, "series");

	for (size_t i = 0; a && b && i < json_object_array_length(a); i++)
		for (size_t k = 0; k < json_object_array_length(b); k++) {
			struct json_object *x = json_object_array_get_idx(a, i);
			struct json_object *y = json_object_array_get_idx(b, k);

			if (text_equal(x, y, "name"))
				list_extend(json_at(x, "runs"), json_at(y, "runs"));
		}
}

void results_extend(struct json_object *inv, struct json_object *more)
{
	size_t runs = results_runs(inv) + results_runs(more);

	for (size_t i = 0; i < metric_count(more); i++) {
		struct json_object *from = metric_at(more, i), *to = metric_like(inv, from, i);

		list_extend(json_at(to, "samples"), json_at(from, "samples"));
		series_extend(to, from);
	}
	runs_set(inv, runs);
}

static void list_cut(struct json_object *list, size_t n)
{
	if (list && json_object_array_length(list) > n)
		json_object_array_del_idx(list, n, json_object_array_length(list) - n);
}

void results_cut(struct json_object *inv, size_t n)
{
	for (size_t i = 0; i < metric_count(inv); i++) {
		struct json_object *m = metric_at(inv, i), *series = json_at(m, "series");

		list_cut(json_at(m, "samples"), n);
		for (size_t k = 0; series && k < json_object_array_length(series); k++)
			list_cut(json_at(json_object_array_get_idx(series, k), "runs"), n);
	}
	if (results_runs(inv) > n)
		runs_set(inv, n);
}

/* ---- many into one ------------------------------------------------------------------------ */

static double number_at(struct json_object *list, size_t i)
{
	return json_object_get_double(json_object_array_get_idx(list, i));
}

static void samples_condense(struct json_object *metric)
{
	struct json_object *list = json_at(metric, "samples"), *one = json_object_new_array();
	size_t n = json_object_array_length(list);
	double *v = calloc(n + 1, sizeof(*v));
	struct stats_value median = { 0 };

	for (size_t i = 0; v && i < n; i++)
		v[i] = number_at(list, i);
	if (v)
		median = stats_median(v, n);
	if (median.known)
		json_object_array_add(one, json_object_new_double(median.v));
	json_object_object_add(metric, "samples", one);
	free(v);
}

static bool runs_alike(struct json_object *runs, size_t length)
{
	for (size_t i = 0; i < json_object_array_length(runs); i++)
		if (json_object_array_length(json_object_array_get_idx(runs, i)) != length)
			return false;
	return true;
}

static void series_condense(struct json_object *series)
{
	struct json_object *runs = json_at(series, "runs"), *all = json_object_new_array();
	struct json_object *one = json_object_new_array();
	size_t n = json_object_array_length(runs), length;
	double *v = calloc(n + 1, sizeof(*v));

	length = n ? json_object_array_length(json_object_array_get_idx(runs, 0)) : 0;
	if (!runs_alike(runs, length))
		n = 1;
	for (size_t at = 0; v && n && at < length; at++) {
		for (size_t i = 0; i < n; i++)
			v[i] = number_at(json_object_array_get_idx(runs, i), at);
		json_object_array_add(one, json_object_new_double(stats_median(v, n).v));
	}
	if (length)
		json_object_array_add(all, one);
	else
		json_object_put(one);
	json_object_object_add(series, "runs", all);
	free(v);
}

void results_condense(struct json_object *inv)
{
	for (size_t i = 0; i < metric_count(inv); i++) {
		struct json_object *m = metric_at(inv, i), *series = json_at(m, "series");

		samples_condense(m);
		for (size_t k = 0; series && k < json_object_array_length(series); k++)
			series_condense(json_object_array_get_idx(series, k));
	}
	runs_set(inv, 1);
}

/* ---- identity ------------------------------------------------------------------------------- */

void results_identify(struct json_object *inv)
{
	const char *text;
	XXH128_hash_t h;
	char hex[33];

	json_object_object_del(inv, "id");
	text = json_object_to_json_string_ext(inv, JSON_C_TO_STRING_PLAIN);
	h = XXH3_128bits(text, strlen(text));
	snprintf(hex, sizeof(hex), "%016llx%016llx", (unsigned long long)h.high64,
		 (unsigned long long)h.low64);
	json_object_object_add(inv, "id", json_object_new_string(hex));
}
