/* bench_server.c - clients of the display server against their number: Figures 5 and 6 of
 * the Blink paper, and how many clients hold the display's rate.
 *
 * Cases take turns within each run, one number of clients after the other.  Holding: at
 * most 1 % of display periods without a redraw, in two of three runs; how the number is
 * found, and predicted, is in bench_server_hold.c.
 */
#include "jit-bench/bench_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit-bench/environment.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"

#define CASES 16u
#define COUNTS 16u

static const struct {
	const char *name, *unit, *direction;
	size_t at;
	bool some;                     /* 0: there were none, so that it is left out */
} figures[] = {
#define FIGURE(member, metric, unit, direction) \
	{ metric, unit, direction, offsetof(struct server_run, member), false }
#define FIGURE_OF_SOME(member, metric, unit, direction) \
	{ metric, unit, direction, offsetof(struct server_run, member), true }
	FIGURE(interval_mean, "redraw_interval", "ms", "none"),
	FIGURE(interval_p99, "redraw_interval_p99", "ms", "lower"),
	FIGURE(late, "late_share", "share", "lower"),
	FIGURE_OF_SOME(update_mean, "update_interval", "ms", "none"),
	FIGURE_OF_SOME(update_p99, "update_interval_p99", "ms", "lower"),
	FIGURE(server_cpu, "server_cpu_per_frame", "ms", "lower"),
	FIGURE(client_cpu, "client_cpu_per_frame", "ms", "lower"),
	FIGURE(cpu, "cpu_per_frame", "ms", "lower"),
	FIGURE(switches, "switches_per_frame", "count", "lower"),
	FIGURE(wakeups, "wakeups_per_frame", "count", "lower"),
#undef FIGURE
#undef FIGURE_OF_SOME
};
#define FIGURES (sizeof(figures) / sizeof(figures[0]))

struct cell {
	struct sample figure[FIGURES];
	unsigned frames;
};
struct bench {
	const struct bench_server_options *opt;
	struct server_case c[CASES];
	struct cell *cell;             /* by case, then by number of clients */
	struct server_held found[CASES];       /* in the latest run */
	struct sample held[CASES], predicted[CASES];
};

static struct cell *cell_of(const struct bench *b, unsigned c, unsigned k)
{
	return &b->cell[c * COUNTS + k];
}

/* ---- what came of it --------------------------------------------------------------------- */

static struct json_object *cell_json(const struct cell *cell)
{
	struct json_object *j = json_object_new_object();

	for (size_t f = 0; f < FIGURES; f++)
		if (!figures[f].some || sample_median(&cell->figure[f]) > 0)
			json_object_object_add(j, figures[f].name,
					       json_object_new_double(sample_median(&cell->figure[f])));
	return j;
}

static void cell_metrics(struct json_object *list, const char *of, const struct cell *cell)
{
	for (size_t f = 0; f < FIGURES; f++)
		json_object_array_add(list, metric_json(of, figures[f].name, figures[f].unit,
							figures[f].direction, &cell->figure[f]));
}

static void number_add(struct json_object *j, const char *key, double v)
{
	json_object_object_add(j, key, json_object_new_double(v));
}

static void held_json(const struct bench *b, unsigned c, struct json_object *one,
		      struct json_object *metrics)
{
	const struct server_held *f = &b->found[c];

	number_add(one, "clients_held", sample_median(&b->held[c]));
	number_add(one, "clients_predicted", sample_median(&b->predicted[c]));
	number_add(one, "not_held", f->failed);
	number_add(one, "serving_cpu_ms", f->draw_ms);
	number_add(one, "client_cpu_ms", f->client_ms);
	number_add(one, "late_share_when_held", f->late);
	number_add(one, "interval_p99_when_held", f->p99);
	number_add(one, "cpu_share_when_held", f->cpu);
	number_add(one, "trials", f->trials);
	json_object_array_add(metrics, metric_json(b->c[c].text, "clients_held", "clients", "higher",
						   &b->held[c]));
	json_object_array_add(metrics, metric_json(b->c[c].text, "clients_predicted", "clients",
						   "none", &b->predicted[c]));
}

/* The first case's clients to each other one's, held and predicted. */
static struct json_object *ratios_json(const struct bench *b)
{
	struct json_object *list = json_object_new_object();

	for (unsigned c = 1; c < b->opt->ncases && b->held[0].n; c++) {
		struct json_object *one = json_object_new_object();
		double held = sample_median(&b->held[c]), predicted = sample_median(&b->predicted[c]);
		char of[600];

		if (held > 0)
			number_add(one, "held", sample_median(&b->held[0]) / held);
		if (predicted > 0)
			number_add(one, "predicted", sample_median(&b->predicted[0]) / predicted);
		snprintf(of, sizeof(of), "%s : %s", b->c[0].text, b->c[c].text);
		json_object_object_add(list, of, one);
	}
	return list;
}

static struct json_object *bench_json(void *user)
{
	const struct bench *b = user;
	struct json_object *j = json_object_new_object(), *cases = json_object_new_object();
	struct json_object *metrics = json_object_new_array();
	char of[320];

	for (unsigned c = 0; c < b->opt->ncases; c++) {
		struct json_object *one = json_object_new_object();

		for (unsigned k = 0; k < b->opt->nclients; k++) {
			const struct cell *cell = cell_of(b, c, k);

			if (!cell->figure[0].n)
				continue;
			snprintf(of, sizeof(of), "%u", b->opt->clients[k]);
			json_object_object_add(one, of, cell_json(cell));
			snprintf(of, sizeof(of), "%s/n=%u", b->c[c].text, b->opt->clients[k]);
			cell_metrics(metrics, of, cell);
		}
		if (b->held[c].n)
			held_json(b, c, one, metrics);
		json_object_object_add(cases, b->c[c].text, one);
	}
	json_object_object_add(j, "suite", json_object_new_string("server"));
	json_object_object_add(j, "rate", json_object_new_double(b->opt->rate));
	json_object_object_add(j, "seconds", json_object_new_double(b->opt->seconds));
	json_object_object_add(j, "cases", cases);
	if (b->opt->hold && b->opt->ncases > 1)
		json_object_object_add(j, "ratios", ratios_json(b));
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "metrics", metrics);
	return j;
}

/* ---- running ------------------------------------------------------------------------------ */

static int cell_run(struct bench *b, unsigned c, unsigned k, struct error *err)
{
	struct cell *cell = cell_of(b, c, k);
	struct server_run run;
	int e = server_run(&b->c[c], b->opt, b->opt->clients[k], &run, err);

	for (size_t f = 0; f < FIGURES && e == 0; f++) {
		double v;

		memcpy(&v, (const char *)&run + figures[f].at, sizeof(v));
		sample_add(&cell->figure[f], v);
	}
	return e;
}

static int hold_run(struct bench *b, unsigned c, struct error *err)
{
	int e = server_hold(&b->c[c], b->opt, &b->found[c], err);

	if (e < 0)
		return e;
	sample_add(&b->held[c], b->found[c].held);
	sample_add(&b->predicted[c], b->found[c].predicted);
	return 0;
}

static int round_run(struct bench *b, struct error *err)
{
	int e = 0;

	for (unsigned c = 0; b->opt->hold && c < b->opt->ncases && e == 0; c++)
		e = hold_run(b, c, err);
	for (unsigned k = 0; !b->opt->hold && k < b->opt->nclients && e == 0; k++)
		for (unsigned c = 0; c < b->opt->ncases && e == 0; c++)
			e = cell_run(b, c, k, err);
	return e;
}

struct json_object *bench_server(const struct bench_server_options *opt, struct error *err)
{
	struct bench b = { .opt = opt };
	struct json_object *j = NULL;
	int e = 0;

	if (opt->ncases > CASES || opt->nclients > COUNTS) {
		error_set(err, -E2BIG, "bench: %u cases and %u numbers of clients at most", CASES,
			  COUNTS);
		return NULL;
	}
	b.cell = calloc(CASES * COUNTS, sizeof(*b.cell));
	if (!b.cell)
		e = error_set(err, -ENOMEM, "bench: out of memory");
	for (unsigned c = 0; c < opt->ncases && e == 0; c++)
		e = server_case_parse(&b.c[c], opt->cases[c], opt->null_gl, err);
	for (unsigned run = 0; e == 0 && bench_more(run, opt->runs, bench_json, &b); run++)
		e = round_run(&b, err);
	if (e == 0)
		j = bench_json(&b);
	free(b.cell);
	return j;
}
