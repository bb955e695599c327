/* results_page.c - see results_page.h.
 *
 * A section for each invocation that no later one replaces: a table of its metrics; where it
 * has series of times, the frame metrics with their formulas, frame times over frames, and
 * the distribution of the difference between neighbours; of a profile the costliest
 * functions; of suite log its growth.
 */
#include "reports/results_page.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/paper_page.h"
#include "reports/stats.h"

#define CURVES 8u                  /* in one plot; more cannot be told apart */
#define CDF_POINTS 199u
#define CDF_END 99.0               /* percent: a single hitch would flatten everything else */
#define FUNCTIONS 12u              /* the costliest of a profile */

static const char *const colors[CURVES] = {
	"#2f7fd8", "#d9822b", "#1d8a5f", "#b04fb8", "#c8452d", "#7d8793", "#8a7a1d", "#2aa6b8",
};

struct section {
	struct paper_page *page;
	const struct results_invocation *inv;
	unsigned number;                /* of the section: file names are made of it */
	double refresh;
};

static void name_make(char *out, size_t size, const struct section *s, const char *what)
{
	snprintf(out, size, "%u-%.20s-%s", s->number, s->inv->suite, what);
	for (char *c = out; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", *c))
			*c = '-';
}

/* ---- all metrics --------------------------------------------------------------------- */

static void interval_cells(struct sheet *s, const struct stats_interval *i)
{
	char text[64];

	if (i->value.known)
		sheet_number(s, i->value.v);
	else
		sheet_none(s);
	if (i->level <= 0) {
		sheet_none(s);
		sheet_none(s);
		return;
	}
	snprintf(text, sizeof(text), "%.4g \u2013 %.4g", i->low, i->high);
	sheet_text(s, text);
	snprintf(text, sizeof(text), "%.0f %%", floor(100 * i->level));
	sheet_text(s, text);
}

static void metrics_table(const struct section *c)
{
	static const char *const heads[] = { "case", "metric", "median", "interval",
					     "its level", "unit", "runs", "better", NULL };
	char name[64];
	struct sheet s;

	name_make(name, sizeof(name), c, "metrics");
	sheet_init(&s, name, "What was measured", "Medians of the runs with a distribution-free "
		   "interval; a count has none, it is the same in every run.", heads);
	for (size_t i = 0; i < c->inv->count; i++) {
		const struct results_metric *m = &c->inv->metrics[i];
		struct stats_interval v = stats_median_interval(m->samples, m->n, 0.95);

		if (m->exact)
			v.level = 0;
		sheet_text(&s, m->of);
		sheet_text(&s, m->name);
		interval_cells(&s, &v);
		sheet_text(&s, m->unit);
		sheet_count(&s, (double)m->n);
		sheet_text(&s, m->exact ? "exact" : results_direction_name(m->direction));
	}
	paper_page_sheet(c->page, &s);
}

/* ---- series of times ---------------------------------------------------------------------- */

struct film { const struct results_metric *metric; const struct results_series *series; };

/* Those in milliseconds, CURVES at most. */
static size_t films_take(const struct results_invocation *inv, struct film films[CURVES])
{
	size_t n = 0;

	for (size_t i = 0; i < inv->count; i++)
		for (size_t k = 0; k < inv->metrics[i].nseries && n < CURVES; k++)
			if (!strcmp(inv->metrics[i].series[k].unit, "ms") &&
			    inv->metrics[i].series[k].runs)
				films[n++] = (struct film){ &inv->metrics[i],
							    &inv->metrics[i].series[k] };
	return n;
}

static void frame_metric_row(struct sheet *s, const struct section *c, const struct film *f,
			     unsigned m)
{
	double *v = calloc(f->series->runs + 1, sizeof(*v));
	struct stats_interval i = { .value.why = "out of memory" };
	const char *why = NULL;
	size_t n = 0;

	for (size_t r = 0; v && r < f->series->runs; r++) {
		struct stats_value one = stats_frames(m, f->series->run[r].v, f->series->run[r].n,
						      c->refresh);

		if (one.known)
			v[n++] = one.v;
		else
			why = one.why;
	}
	if (v)
		i = stats_median_interval(v, n, 0.95);
	sheet_text(s, f->metric->of);
	sheet_text(s, stats_frame_metrics[m].name);
	interval_cells(s, &i);
	sheet_text(s, stats_frame_metrics[m].unit);
	sheet_text(s, n ? stats_frame_metrics[m].formula : why ? why : "no frames");
	free(v);
}

static void frames_table(const struct section *c, const struct film *films, size_t n)
{
	static const char *const heads[] = { "case", "metric", "median", "interval", "its level",
					     "unit", "formula", NULL };
	char name[64], note[160];
	struct sheet s;

	name_make(name, sizeof(name), c, "frames");
	snprintf(note, sizeof(note), "t: frame times of a run in ms; T = 1000 / %g Hz. A figure "
		 "that needs more frames than there are is not given.", c->refresh);
	sheet_init(&s, name, "Frame times", note, heads);
	for (size_t i = 0; i < n; i++)
		for (unsigned m = 0; m < stats_frame_metric_count; m++)
			frame_metric_row(&s, c, &films[i], m);
	paper_page_sheet(c->page, &s);
}

static void curves_free(struct plot_series *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].x);
}

/* x and y of n values each in one allocation; n 0 without memory. */
static struct plot_series curve_make(const char *title, size_t at, size_t n)
{
	struct plot_series s = { .title = title, .color = colors[at % CURVES] };

	s.x = calloc(2 * n + 1, sizeof(*s.x));
	s.y = s.x ? s.x + n : NULL;
	s.n = s.x ? n : 0;
	return s;
}

static void times_figure(const struct section *c, const struct film *films, size_t n)
{
	struct plot_series curves[CURVES];
	struct plot plot = { .x_label = "frame", .y_label = "frame time, ms", .series = curves,
			     .count = (unsigned)n };
	char name[64];

	for (size_t i = 0; i < n; i++) {
		const struct results_run *run = &films[i].series->run[0];
		size_t k = 0;

		curves[i] = curve_make(films[i].metric->of, i, run->n);
		/* a logarithmic axis has no place for 0 */
		for (size_t f = 0; f < curves[i].n; f++)
			if (run->v[f] > 0) {
				curves[i].x[k] = (double)f;
				curves[i].y[k++] = run->v[f];
			}
		curves[i].n = k;
	}
	name_make(name, sizeof(name), c, "frame-times");
	paper_page_figure(c->page, name, "Frame times", "The first run of each case.", &plot);
	curves_free(curves, n);
}

/* The distribution of |t[i] - t[i-1]|, all runs together. */
static size_t jitter_take(const struct results_series *s, struct plot_series *out)
{
	size_t n = 0, k = 0;
	double *v;

	for (size_t r = 0; r < s->runs; r++)
		n += s->run[r].n;
	v = calloc(n + 1, sizeof(*v));
	n = 0;
	for (size_t r = 0; v && r < s->runs; r++)
		for (size_t f = 1; f < s->run[r].n; f++)
			v[n++] = fabs(s->run[r].v[f] - s->run[r].v[f - 1]);
	for (k = 0; v && n && out->n && k < CDF_POINTS; k++) {
		out->y[k] = CDF_END * (double)k / (CDF_POINTS - 1);
		out->x[k] = stats_quantile(v, n, out->y[k] / 100).v;
	}
	free(v);
	return k;
}

static void jitter_figure(const struct section *c, const struct film *films, size_t n)
{
	struct plot_series curves[CURVES];
	struct plot plot = { .x_label = "difference of neighbouring frame times, ms",
			     .y_label = "frames up to that, %", .series = curves,
			     .count = (unsigned)n, .linear = true };
	char name[64];

	for (size_t i = 0; i < n; i++) {
		curves[i] = curve_make(films[i].metric->of, i, CDF_POINTS);
		curves[i].n = jitter_take(films[i].series, &curves[i]);
	}
	name_make(name, sizeof(name), c, "jitter");
	paper_page_figure(c->page, name, "Jitter", "Cumulative distribution over all runs, up to 99 %.", &plot);
	curves_free(curves, n);
}

/* ---- cost per GL function ------------------------------------------------------------------ */

struct cost { const char *name; double ms; };

static int costly_first(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	return (x->ms < y->ms) - (x->ms > y->ms);
}

static void costs_figure(const struct section *c)
{
	struct cost *all = calloc(c->inv->count + 1, sizeof(*all));
	const char *names[FUNCTIONS];
	struct plot_series bars;
	struct plot plot = { .y_label = "ms", .x_label = "", .series = &bars, .count = 1,
			     .linear = true, .names = names };
	size_t n = 0;
	char name[64];

	for (size_t i = 0; all && i < c->inv->count; i++)
		if (!strcmp(c->inv->metrics[i].name, "ms") && c->inv->metrics[i].n)
			all[n++] = (struct cost){ c->inv->metrics[i].of, stats_median(
				c->inv->metrics[i].samples, c->inv->metrics[i].n).v };
	if (n) {
		qsort(all, n, sizeof(*all), costly_first);
		n = n < FUNCTIONS ? n : FUNCTIONS;
		bars = curve_make("ms in the driver", 0, n);
		for (size_t i = 0; i < bars.n; i++) {
			names[i] = all[i].name;
			bars.x[i] = (double)i;
			bars.y[i] = all[i].ms;
		}
		name_make(name, sizeof(name), c, "functions");
		paper_page_figure(c->page, name, "Cost per GL function",
				  "The costliest of the frames that were looked at.", &plot);
		free(bars.x);
	}
	free(all);
}

/* ---- growth of a log ------------------------------------------------------------------------ */

static void growth_figure(const struct section *c)
{
	static const struct { const char *metric, *title; } rows[] = {
		{ "full_bytes", "whole log" }, { "kept_bytes", "pruned" },
	};
	struct plot_series curves[2];
	struct plot plot = { .x_label = "seconds of the recording", .y_label = "bytes",
			     .series = curves, .count = 2, .points = true };
	size_t all = 0;
	char name[64];

	for (unsigned k = 0; k < 2; k++) {
		size_t n = 0;

		curves[k] = curve_make(rows[k].title, k, c->inv->count);
		for (size_t i = 0; i < c->inv->count && n < curves[k].n; i++) {
			const struct results_metric *m = &c->inv->metrics[i];
			double at = strtod(m->of, NULL);

			if (strcmp(m->name, rows[k].metric) || !m->n || m->samples[0] <= 0 ||
			    !isfinite(at))
				continue;
			curves[k].x[n] = at;
			curves[k].y[n++] = m->samples[0];
		}
		curves[k].n = n;
		all += n;
	}
	name_make(name, sizeof(name), c, "growth");
	if (all)
		paper_page_figure(c->page, name, "Growth of the log",
				  "Records and payloads, whole and pruned.", &plot);
	curves_free(curves, 2);
}

/* ---- against the number of clients ----------------------------------------------------------- */

/* Metrics of a case "WHAT/n=COUNT": what is measured for several numbers of clients. */
static const char *number_of(const char *of)
{
	const char *n = NULL, *at = of;

	while ((at = strstr(at, "/n=")) != NULL)
		n = at++;
	return n;
}

/* The curve that a case belongs to; a new one where there is room, else NULL. */
static struct plot_series *curve_of(struct plot_series *curves, unsigned *count, char (*names)[64],
				    const char *of, size_t room)
{
	const char *n = number_of(of);
	char name[64];
	unsigned k;

	snprintf(name, sizeof(name), "%.*s", (int)(n - of), of);
	for (k = 0; k < *count; k++)
		if (!strcmp(names[k], name))
			return &curves[k];
	if (*count == CURVES)
		return NULL;
	snprintf(names[k], sizeof(names[k]), "%s", name);
	curves[k] = curve_make(names[k], k, room);
	curves[k].n = 0;
	++*count;
	return &curves[k];
}

static void clients_figure(const struct section *c, const char *metric, const char *title)
{
	struct plot_series curves[CURVES];
	char names[CURVES][64], file[64], what[48];
	unsigned count = 0;
	const char *unit = "";
	struct plot plot = { .x_label = "clients", .series = curves, .points = true,
			     .linear = true };

	for (size_t i = 0; i < c->inv->count; i++) {
		const struct results_metric *m = &c->inv->metrics[i];
		struct plot_series *curve;
		double v;

		if (strcmp(m->name, metric) || !m->n || !number_of(m->of))
			continue;
		v = stats_median(m->samples, m->n).v;
		curve = v > 0 ? curve_of(curves, &count, names, m->of, c->inv->count) : NULL;
		if (!curve || !curve->x || !curve->y)
			continue;
		unit = m->unit;
		curve->x[curve->n] = strtod(number_of(m->of) + 3, NULL);
		curve->y[curve->n++] = v;
	}
	plot.count = count;
	plot.y_label = unit;
	snprintf(what, sizeof(what), "clients-%.32s", metric);
	name_make(file, sizeof(file), c, what);
	if (count)
		paper_page_figure(c->page, file, title, "Medians over the runs, by the number of "
				  "clients at a time.", &plot);
	curves_free(curves, count);
}

static void clients_figures(const struct section *c)
{
	static const struct { const char *metric, *title; } rows[] = {
		{ "redraw_interval", "Redraw interval" },
		{ "redraw_interval_p99", "Redraw interval, 99th percentile" },
		{ "update_interval", "Update interval" },
		{ "update_interval_p99", "Update interval, 99th percentile" },
		{ "cpu_per_frame", "CPU time of server and clients per display frame" },
		{ "server_cpu_per_frame", "CPU time of the server per display frame" },
		{ "client_cpu_per_frame", "CPU time of all clients per frame" },
		{ "switches_per_frame", "Context switches per frame and client" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		clients_figure(c, rows[i].metric, rows[i].title);
}

/* ---- the page --------------------------------------------------------------------------------- */

static void section_write(const struct section *c)
{
	struct film films[CURVES];
	size_t n = films_take(c->inv, films);
	char title[96];

	snprintf(title, sizeof(title), "%.80s", c->inv->suite);
	c->page->from = c->inv;
	paper_page_section(c->page, title, c->inv->started ? c->inv->started : "");
	if (n) {
		times_figure(c, films, n);
		jitter_figure(c, films, n);
		frames_table(c, films, n);
	}
	costs_figure(c);
	growth_figure(c);
	clients_figures(c);
	metrics_table(c);
	c->page->from = NULL;
	paper_page_command(c->page, c->inv);
}

static void summary(struct paper_page *p, const struct results *r)
{
	size_t metrics = 0, runs = 0, shown = 0;
	char text[32];

	for (size_t i = 0; i < r->count; i++) {
		if (results_last_like(r, &r->invocations[i]) != &r->invocations[i])
			continue;
		shown++;
		metrics += r->invocations[i].count;
		for (size_t k = 0; k < r->invocations[i].count; k++)
			runs += r->invocations[i].metrics[k].n;
	}
	buf_printf(&p->body, "<ul class=path>");
	snprintf(text, sizeof(text), "%zu", shown);
	paper_page_key(p, "Suites", text, "each with its command");
	snprintf(text, sizeof(text), "%zu", metrics);
	paper_page_key(p, "Metrics", text, "medians with intervals");
	snprintf(text, sizeof(text), "%zu", runs);
	paper_page_key(p, "Samples", text, "one per run");
	buf_printf(&p->body, "</ul>\n");
}

static bool empty(const struct results *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->invocations[i].count)
			return false;
	return true;
}

int results_report(const struct results *r, double refresh, const struct paper_options *opt,
		   struct error *err)
{
	struct paper_page page;
	struct section c = { .page = &page, .refresh = refresh };

	if (empty(r))
		return error_set(err, -ENODATA, "report: there is no metric in these files");
	paper_page_begin(&page, opt, err);
	paper_page_machines(&page, r);
	summary(&page, r);
	for (size_t i = 0; i < r->count && page.rc == 0; i++) {
		c.inv = &r->invocations[i];
		if (results_last_like(r, c.inv) != c.inv)
			continue;                        /* a later one replaces it */
		c.number++;
		section_write(&c);
	}
	return paper_page_end(&page, "Results", "What blinkctl bench and blinkctl profile "
			      "measured, each table and figure with its command.");
}
