/* serve_series.c - see serve_series.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/serve_series.h"
#include "jit-bench/environment.h"
#include "jit-bench/sample.h"
#include "reports/results.h"
#include "reports/stats.h"

#define VALUES_MAX 1000000u             /* of one series: hours; what comes then is left out */
#define CLIENTS_MAX 256u

struct values { double *v; size_t n, cap; };

/* Of the server (client 0), or of one client. */
struct track { uint32_t client; uint64_t last_ns; struct values cpu, interval; };
struct serve_series { struct track track[1 + CLIENTS_MAX]; unsigned n; };

struct serve_series *serve_series_create(void)
{
	struct serve_series *s = calloc(1, sizeof(*s));

	if (s)
		s->n = 1;
	return s;
}

void serve_series_destroy(struct serve_series *s)
{
	for (unsigned i = 0; s && i < s->n; i++) {
		free(s->track[i].cpu.v);
		free(s->track[i].interval.v);
	}
	free(s);
}

static void values_add(struct values *a, double v)
{
	if (a->n == a->cap && a->cap < VALUES_MAX) {
		size_t cap = a->cap ? 2 * a->cap : 256;
		double *more = realloc(a->v, cap * sizeof(*more));

		if (!more)
			return;
		a->v = more;
		a->cap = cap;
	}
	if (a->n < a->cap)
		a->v[a->n++] = v;
}

static struct track *track_of(struct serve_series *s, uint32_t client)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->track[i].client == client)
			return &s->track[i];
	if (s->n > CLIENTS_MAX)
		return NULL;
	s->track[s->n].client = client;
	return &s->track[s->n++];
}

void serve_series_event(struct serve_series *s, const struct server_event *e)
{
	struct track *t;

	if (e->kind != SERVER_EVENT_FRAME && e->kind != SERVER_EVENT_REDRAW &&
	    e->kind != SERVER_EVENT_STREAM)
		return;
	t = track_of(s, e->kind == SERVER_EVENT_FRAME ? 0 : e->client);
	if (!t)
		return;
	values_add(&t->cpu, (double)e->cpu_ns * 1e-6);
	if (t->last_ns && e->start_ns > t->last_ns)
		values_add(&t->interval, (double)(e->start_ns - t->last_ns) * 1e-6);
	t->last_ns = e->start_ns;
}

/* ---- writing --------------------------------------------------------------------------- */

static void metric_add(struct json_object *metrics, const char *of, const char *name,
		       const struct values *a)
{
	struct sample one = { 0 };
	struct json_object *j;

	if (!a->n)
		return;
	sample_add(&one, stats_median(a->v, a->n).v);
	j = metric_json(of, name, "ms", "lower", &one);
	metric_series_add(j, name, "ms", a->v, (uint32_t)a->n);
	json_object_array_add(metrics, j);
}

static struct json_object *suite_make(const struct serve_series *s,
				      const struct broker_summary *sum)
{
	struct json_object *suite = json_object_new_object(), *metrics = json_object_new_array();
	struct json_object *environment = environment_json();
	char of[32];

	json_object_object_add(environment, "renderer", json_object_new_string(sum->renderer));
	json_object_object_add(suite, "suite", json_object_new_string("serve"));
	json_object_object_add(suite, "environment", environment);
	for (unsigned i = 0; i < s->n; i++) {
		const struct track *t = &s->track[i];

		snprintf(of, sizeof(of), t->client ? "client %u" : "server", t->client);
		metric_add(metrics, of, t->client ? "redraw CPU" : "frame CPU", &t->cpu);
		metric_add(metrics, of, t->client ? "redraw interval" : "frame interval",
			   &t->interval);
	}
	json_object_object_add(suite, "metrics", metrics);
	return suite;
}

int serve_series_save(const struct serve_series *s, const char *path,
		      const struct broker_summary *sum, struct error *err)
{
	const char *command[64], *const inputs[] = { NULL };
	const struct results_origin origin = { .command = command, .inputs = inputs,
					       .seconds = sum->seconds };
	struct json_object *suite = suite_make(s, sum);
	struct results made = { 0 };
	char words[8192];
	int r;

	cli_words(command, 64, words, sizeof(words));
	r = results_make(&made, suite, &origin, err);
	if (r >= 0)
		r = results_save(&made, path, err);
	results_close(&made);
	json_object_put(suite);
	return r;
}
