/* paper_prune_record.c - what recording costs: Tables 1 and 2, Figure 4.  See
 * paper_prune.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/paper_prune.h"
#include "reports/stats.h"

#define CDF_POINTS 300u

static const struct results_metric *side_metric(const struct results_invocation *inv,
						const char *size, const char *side,
						const char *name)
{
	char of[128];

	snprintf(of, sizeof(of), "%.60s/%s", size, side);
	return results_metric_find(inv, of, name);
}

static const char *const sides[] = { "native", "apitrace", "blink", "blink+prune" };
static const char *const side_colors[] = { "#7d8793", "#d9822b", "#2f7fd8", "#1d8a5f" };
enum { SIDES = 4 };

/* ---- Tables 1 and 2 ------------------------------------------------------------------------ */

static void ratio_cell(struct sheet *s, const struct results_metric *m,
		       const struct results_metric *base, bool over)
{
	struct stats_interval r;
	char text[64];
	size_t n;

	if (!m || !base) {
		sheet_none(s);
		return;
	}
	n = m->n < base->n ? m->n : base->n;
	r = stats_ratio_paired(m->samples, base->samples, n, 0.95);
	if (!r.value.known)
		snprintf(text, sizeof(text), "%s", "");
	else if (r.level > 0)
		snprintf(text, sizeof(text), "%.1f [%.1f, %.1f]", 100 * (r.value.v - over),
			 100 * (r.low - over), 100 * (r.high - over));
	else
		snprintf(text, sizeof(text), "%.1f", 100 * (r.value.v - over));
	sheet_text(s, text);
}

/* A side that was not measured has no columns. */
static bool side_measured(const struct report *r, const struct names *sizes, unsigned side,
			  const char *metric)
{
	for (size_t i = 0; i < sizes->n; i++)
		if (side_metric(r->inv[RECORD], sizes->v[i], sides[side], metric))
			return true;
	return false;
}

struct side_table {
	const char *name, *title, *note;
	const char *metric, *relation;   /* of the column behind each side */
	bool over;                       /* less 100 % */
	const char *where, *quantity;    /* in the paper's file */
};

static void side_row(struct report *r, struct sheet *s, const char *size, const bool *shown,
		     const struct side_table *t)
{
	const struct results_metric *native = side_metric(r->inv[RECORD], size, "native",
							  t->metric);

	sheet_text(s, size);
	for (unsigned side = 0; side < SIDES; side++) {
		const struct results_metric *m = side_metric(r->inv[RECORD], size, sides[side],
							     t->metric);
		struct stats_value v = m ? stats_median(m->samples, m->n)
					 : (struct stats_value){ 0 };

		if (!shown[side])
			continue;
		if (v.known)
			sheet_number(s, v.v);
		else
			sheet_none(s);
		if (side)
			ratio_cell(s, m, native, t->over);
	}
	sheet_paper(s, PAPER, t->where, size, t->quantity);
}

static void side_table(struct report *r, const struct names *sizes, const struct side_table *t)
{
	const char *heads[2 * SIDES + 3] = { "size" };
	bool shown[SIDES];
	unsigned n = 1;
	struct sheet s;

	for (unsigned side = 0; side < SIDES; side++) {
		shown[side] = side_measured(r, sizes, side, t->metric);
		if (shown[side])
			heads[n++] = sides[side];
		if (shown[side] && side)
			heads[n++] = t->relation;
	}
	heads[n] = "paper";
	sheet_init(&s, t->name, t->title, t->note, heads);
	for (size_t i = 0; i < sizes->n; i++)
		side_row(r, &s, sizes->v[i], shown, t);
	paper_page_sheet(&r->page, &s);
}

static const struct side_table table_1 = {
	"table-1", "Table 1: frame rate, frames per second",
	"Medians of the runs; percentages run by run, with 95 % bootstrap intervals. The paper: "
	"between 80 and nearly 100 % of native.",
	"frame_rate", "% of native", false, "table 1", "frame_rate",
};
static const struct side_table table_2 = {
	"table-2", "Table 2: CPU time, seconds",
	"Of the program and all that serves it to its end, the X server left out: making the .blink "
	"is in it. Percentages as above. blink+prune: what is recorded is pruned while the program "
	"runs, and a pruned log is what is left.",
	"cpu_seconds", "% over native", true, "table 2", "cpu",
};

/* What becomes of the recording: pruned beside the program, or a .blink that is pruned
 * afterwards. */
static void table_after(struct report *r, const struct names *sizes)
{
	static const char *const heads[] = {
		"size", "making the .blink, CPU s", "then pruning it, CPU s",
		"with both, % over native", "pruning beside, CPU s", NULL,
	};
	static const char *const parts[] = { "convert_cpu_seconds", "prune_cpu_seconds" };
	struct sheet s;

	sheet_init(&s, "table-2-pruning", "What makes a pruned log",
		   "Making the .blink, or pruning beside the program and writing the pruned log, is in "
		   "table 2; pruning the whole .blink afterwards is a process of its own.",
		   heads);
	for (size_t i = 0; i < sizes->n; i++) {
		char of[128];
		double sum = 0, native, v;
		bool all;

		snprintf(of, sizeof(of), "%.60s/blink", sizes->v[i]);
		sheet_text(&s, sizes->v[i]);
		for (unsigned k = 0; k < 2; k++)
			report_cell(&s, r->inv[RECORD], of, parts[k], 1);
		all = report_value(r->inv[RECORD], of, "cpu_seconds", &sum) &&
		      report_value(r->inv[RECORD], of, "prune_cpu_seconds", &v);
		sum += all ? v : 0;
		snprintf(of, sizeof(of), "%.60s/native", sizes->v[i]);
		if (all && report_value(r->inv[RECORD], of, "cpu_seconds", &native) && native > 0)
			sheet_number(&s, 100 * (sum / native - 1));
		else
			sheet_none(&s);
		snprintf(of, sizeof(of), "%.60s/blink+prune", sizes->v[i]);
		report_cell(&s, r->inv[RECORD], of, "beside_cpu_seconds", 1);
	}
	paper_page_sheet(&r->page, &s);
}

/* ---- Figure 4 --------------------------------------------------------------------------------- */

struct curve { double x[CDF_POINTS], y[CDF_POINTS]; };

/* Cumulative share of instantaneous frame rates, all runs together. */
static size_t cdf_take(const struct results_metric *m, struct curve *c)
{
	const struct results_series *s = NULL;
	double *rates;
	size_t n = 0, k = 0;

	for (size_t i = 0; m && i < m->nseries; i++)
		if (!strcmp(m->series[i].name, "frame_time"))
			s = &m->series[i];
	for (size_t i = 0; s && i < s->runs; i++)
		n += s->run[i].n;
	rates = n ? calloc(n, sizeof(*rates)) : NULL;
	if (!rates)
		return 0;
	n = 0;
	for (size_t i = 0; i < s->runs; i++)
		for (size_t f = 0; f < s->run[i].n; f++)
			if (s->run[i].v[f] > 0)
				rates[n++] = 1000 / s->run[i].v[f];
	for (k = 0; n && k < CDF_POINTS; k++) {
		c->y[k] = 100.0 * (double)k / (CDF_POINTS - 1);
		c->x[k] = stats_quantile(rates, n, c->y[k] / 100).v;
	}
	free(rates);
	return k;
}

static void figure_4(struct report *r, const char *size)
{
	struct plot_series series[SIDES];
	struct curve *curves = calloc(SIDES, sizeof(*curves));
	struct plot plot = { .x_label = "instantaneous frame rate, frames/s",
			     .y_label = "frames up to that rate, %", .series = series,
			     .count = SIDES, .linear = true };
	char name[96], title[160];

	if (!curves) {
		r->page.rc = error_set(r->page.err, -ENOMEM, "report: out of memory");
		return;
	}
	for (unsigned side = 0; side < SIDES; side++)
		series[side] = (struct plot_series){ .title = sides[side],
			.color = side_colors[side], .x = curves[side].x, .y = curves[side].y,
			.n = cdf_take(side_metric(r->inv[RECORD], size, sides[side],
						  "frame_rate"), &curves[side]) };
	snprintf(name, sizeof(name), "figure-4-%.60s", size);
	for (char *c = name; *c; c++)
		if (*c == '.' || *c == '/' || *c == '"' || *c == ' ')
			*c = '-';
	snprintf(title, sizeof(title), "Figure 4: distribution of the instantaneous frame rate, "
		 "%.60s", size);
	paper_page_figure(&r->page, name, title, "All runs of a side together; the program logs "
			  "whole milliseconds.", &plot);
	free(curves);
}

/* ---- the section ----------------------------------------------------------------------- */

void paper_prune_record_key(struct report *r, const struct names *sizes)
{
	const struct results_metric *m = NULL, *base = NULL;
	struct stats_interval i;
	char text[64], note[160];

	for (size_t k = 0; k < sizes->n && (!m || !base); k++) {
		m = side_metric(r->inv[RECORD], sizes->v[k], "blink", "cpu_seconds");
		base = side_metric(r->inv[RECORD], sizes->v[k], "native", "cpu_seconds");
		snprintf(note, sizeof(note), "CPU over native, %.60s, runs: %zu",
			 sizes->v[k], m ? m->n : 0);
	}
	if (!m || !base)
		return;
	i = stats_ratio_paired(m->samples, base->samples, m->n < base->n ? m->n : base->n, 0.95);
	if (!i.value.known)
		return;
	snprintf(text, sizeof(text), "%+.1f %%", 100 * (i.value.v - 1));
	paper_page_key(&r->page, "Recording", text, note);
}

void paper_prune_record(struct report *r, const struct names *sizes)
{
	paper_page_section(&r->page, "Recording", "The same unmodified program natively, under "
			   "apitrace and under our recorder, in turns.");
	side_table(r, sizes, &table_1);
	side_table(r, sizes, &table_2);
	table_after(r, sizes);
	for (size_t i = 0; i < sizes->n; i++)
		figure_4(r, sizes->v[i]);
}
