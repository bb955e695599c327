/* bench_log_results.c - the points of the log suite as results: see bench_log.c for what each
 * figure is. */
#include "jit-bench/bench_log.h"

#include <math.h>
#include <stdio.h>

#include "jit-bench/environment.h"

static void put(struct json_object *j, const char *key, double v)
{
	json_object_object_add(j, key, json_object_new_double(v));
}

static void put_count(struct json_object *j, const char *key, uint64_t v)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)v));
}

static struct json_object *point_json(const struct log_point *p)
{
	struct json_object *j = json_object_new_object();
	const struct prune_stats *s = &p->pruned;

	put(j, "demo_s", p->at);
	put_count(j, "frame", p->frame);
	put_count(j, "full_calls", p->calls);
	put_count(j, "full_bytes", p->bytes);
	put_count(j, "kept_calls", s->kept_total);
	put_count(j, "kept_bytes", p->kept_bytes);
	put_count(j, "file_bytes", p->file_bytes);
	put_count(j, "last_frame_calls", s->kept[PRUNE_FRAME]);
	put_count(j, "last_frame_payload", s->payload[PRUNE_FRAME]);
	put(j, "scratch_s", sample_median(&p->scratch));
	put(j, "read_s", sample_median(&p->read));
	put(j, "step_s", sample_median(&p->step));
	put(j, "emit_s", sample_median(&p->emit));
	put(j, "ns_per_new_call", sample_median(&p->ns_per_call));
	put(j, "ns_after_short_log", sample_median(&p->ns_short));
	put_count(j, "pruner_bytes", p->memory);
	return j;
}

static void point_metrics(struct json_object *list, const struct log_point *p)
{
	const struct prune_stats *s = &p->pruned;
	const struct { const char *name, *unit, *better; double v; } counts[] = {
		{ "frame", "frames", "none", p->frame },
		{ "full_calls", "calls", "none", (double)p->calls },
		{ "full_bytes", "bytes", "none", (double)p->bytes },
		{ "kept_calls", "calls", "lower", (double)s->kept_total },
		{ "kept_bytes", "bytes", "lower", (double)p->kept_bytes },
		{ "file_bytes", "bytes", "lower", (double)p->file_bytes },
		{ "last_frame_calls", "calls", "lower", (double)s->kept[PRUNE_FRAME] },
		{ "last_frame_payload", "bytes", "lower", (double)s->payload[PRUNE_FRAME] },
		{ "unjudged_calls", "calls", "lower", (double)s->kept[PRUNE_UNJUDGED] },
	};
	const struct { const char *name, *unit; const struct sample *s; } times[] = {
		{ "scratch_seconds", "CPU s", &p->scratch }, { "read_seconds", "CPU s", &p->read },
		{ "step_seconds", "CPU s", &p->step }, { "emit_seconds", "CPU s", &p->emit },
		{ "ns_per_new_call", "CPU ns/call", &p->ns_per_call },
		{ "ns_after_short_log", "CPU ns/call", &p->ns_short },
	};
	char of[32];

	snprintf(of, sizeof(of), "%g s", p->at);
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_array_add(list, metric_count_json(of, counts[i].name, counts[i].unit,
							      counts[i].better, counts[i].v));
	for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		json_object_array_add(list, metric_json(of, times[i].name, times[i].unit, "lower",
							times[i].s));
}

/* Between the first point from 30 s on and the last: percent a minute, the last frame's
 * own left out. */
static bool growth(const struct log_bench *b, double *calls, double *bytes)
{
	const struct log_point *last = &b->points[b->n - 1], *first = NULL;
	double minutes, c0, b0;

	for (unsigned i = 0; i < b->n && !first; i++)
		if (b->points[i].at >= 30)
			first = &b->points[i];
	if (!first || last->at <= first->at)
		return false;
	minutes = (last->at - first->at) / 60;
	c0 = (double)(first->pruned.kept_total - first->pruned.kept[PRUNE_FRAME]);
	b0 = (double)(first->kept_bytes - first->pruned.payload[PRUNE_FRAME]);
	if (c0 <= 0 || b0 <= 0)
		return false;
	*calls = 100 * ((double)(last->pruned.kept_total - last->pruned.kept[PRUNE_FRAME]) / c0 -
			1) / minutes;
	*bytes = 100 * ((double)(last->kept_bytes - last->pruned.payload[PRUNE_FRAME]) / b0 - 1) /
		 minutes;
	return true;
}

/* How far the cost per new call strays from its median, as a share: of the points as they
 * are, and of the same calls behind a long and a short log. */
static void flatness(const struct log_bench *b, double *scene, double *length)
{
	struct sample ns = { .n = 0 };

	*scene = *length = 0;
	for (unsigned i = 0; i < b->n; i++)
		sample_add(&ns, sample_median(&b->points[i].ns_per_call));
	for (unsigned i = 0; i < b->n && sample_median(&ns) > 0; i++) {
		double s = sample_median(&b->points[i].ns_short);
		double off = fabs(ns.v[i] / sample_median(&ns) - 1);

		*scene = off > *scene ? off : *scene;
		off = s > 0 ? fabs(ns.v[i] / s - 1) : 0;
		*length = off > *length ? off : *length;
	}
}

struct json_object *bench_log_results(void *suite)
{
	struct log_bench *b = suite;
	struct json_object *j = json_object_new_object(), *rows = json_object_new_array();
	struct json_object *metrics = json_object_new_array();
	double calls, bytes, scene, length;

	json_object_object_add(j, "suite", json_object_new_string("log"));
	json_object_object_add(j, "blink", json_object_new_string(b->opt->blink));
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "time_from", json_object_new_string(b->time_from));
	if (b->opt->rate > 0)
		put(j, "frames_per_second", b->opt->rate);
	for (unsigned i = 0; i < b->n; i++) {
		json_object_array_add(rows, point_json(&b->points[i]));
		point_metrics(metrics, &b->points[i]);
	}
	json_object_object_add(j, "log", rows);
	if (growth(b, &calls, &bytes)) {
		put(j, "growth_calls_percent_per_minute", calls);
		put(j, "growth_bytes_percent_per_minute", bytes);
	}
	flatness(b, &scene, &length);
	put(j, "ns_per_new_call_farthest_from_median_percent", 100 * scene);
	put(j, "ns_per_new_call_farthest_from_short_log_percent", 100 * length);
	json_object_object_add(j, "metrics", metrics);
	return j;
}
