/* paper_prune.c - the record-prune-replay paper's Tables 1 to 4, Figures 4 and 5 and
 * lines of code, ours beside theirs.
 *
 * Everything comes from results files (suites record, log, checkpoint, lines) and from
 * the paper's data file.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/paper_prune.h"
#include "reports/stats.h"

static const struct { const char *name, *shows, *command; } suites[SUITES] = {
	[RECORD] = { "record", "Tables 1 and 2, Figure 4", "record PROGRAM" },
	[LOG] = { "log", "Table 3, Figure 5", "log X.blink" },
	[CHECKPOINT] = { "checkpoint", "Table 4", "checkpoint X.blink X.trace" },
	[LINES] = { "lines", "lines of code", "lines" },
};

bool report_value(const struct results_invocation *inv, const char *of, const char *name,
		  double *out)
{
	const struct results_metric *m = inv ? results_metric_find(inv, of, name) : NULL;
	struct stats_value v = m ? stats_median(m->samples, m->n) : (struct stats_value){ 0 };

	*out = v.v;
	return v.known;
}

void report_cell(struct sheet *s, const struct results_invocation *inv, const char *of,
		 const char *name, double scale)
{
	double v;

	if (report_value(inv, of, name, &v))
		sheet_number(s, v * scale);
	else
		sheet_none(s);
}

static void cell_count(struct sheet *s, const struct results_invocation *inv, const char *of,
		       const char *name)
{
	double v;

	if (report_value(inv, of, name, &v))
		sheet_count(s, v);
	else
		sheet_none(s);
}

/* ---- cases: "640x480/native" ----------------------------------------------------------- */

/* The different first parts (up to '/') of an invocation's cases, in order. */
static int names_take(const struct results_invocation *inv, struct names *out,
		      struct error *err)
{
	out->v = calloc(inv->count + 1, sizeof(*out->v));
	out->n = 0;
	if (!out->v)
		return error_set(err, -ENOMEM, "report: out of memory");
	for (size_t i = 0; i < inv->count; i++) {
		size_t length = strcspn(inv->metrics[i].of, "/"), k = 0;

		if (length >= sizeof(out->v[0]))
			continue;
		snprintf(out->v[out->n], sizeof(out->v[0]), "%.*s", (int)length,
			 inv->metrics[i].of);
		while (k < out->n && strcmp(out->v[k], out->v[out->n]))
			k++;
		out->n += k == out->n;
	}
	return 0;
}

/* ---- Table 3 and Figure 5 ----------------------------------------------------------------------- */

static void table_3(struct report *r, const struct names *times)
{
	static const char *const heads[] = {
		"demo time", "calls", "MB", "kept calls", "kept kB", "file kB",
		"of these the last frame's own: calls", "payload kB", "pruning from scratch, CPU s",
		"since the row above, CPU s", "ns per new call", NULL,
	};
	const struct results_invocation *log = r->inv[LOG];
	struct sheet s;

	sheet_init(&s, "table-3", "Table 3: the log, whole and pruned",
		   "Last row: the paper's, of its whole demo, pruned by a program in Python.",
		   heads);
	for (size_t i = 0; i < times->n; i++) {
		const char *of = times->v[i];

		sheet_text(&s, of);
		cell_count(&s, log, of, "full_calls");
		report_cell(&s, log, of, "full_bytes", 1 / MB);
		cell_count(&s, log, of, "kept_calls");
		report_cell(&s, log, of, "kept_bytes", 1e-3);
		report_cell(&s, log, of, "file_bytes", 1e-3);
		cell_count(&s, log, of, "last_frame_calls");
		report_cell(&s, log, of, "last_frame_payload", 1e-3);
		report_cell(&s, log, of, "scratch_seconds", 1);
		report_cell(&s, log, of, "step_seconds", 1);
		report_cell(&s, log, of, "ns_per_new_call", 1);
	}
	sheet_text(&s, "paper");
	sheet_none(&s);
	for (unsigned i = 0; i < 2; i++) {
		struct paper_figure f;

		if (paper_figure(PAPER, "table 3", "whole demo", i ? "kept_bytes" : "full_bytes",
				 &f) == PAPER_KNOWN)
			sheet_number(&s, f.v / (i ? 1e3 : MB));
		else
			sheet_none(&s);
		sheet_none(&s);
	}
	sheet_none(&s);
	sheet_none(&s);
	sheet_paper(&s, PAPER, "table 3", "whole demo", "prune_seconds");
	sheet_none(&s);
	sheet_none(&s);
	paper_page_sheet(&r->page, &s);
}

struct growth { double *at, *full, *kept, *steady, *cost; size_t n; };

static size_t growth_take(struct report *r, const struct names *times, struct growth *g)
{
	const struct results_invocation *log = r->inv[LOG];
	double *all = calloc(5 * (times->n + 1), sizeof(*all));

	*g = (struct growth){ .at = all };
	if (!all)
		return 0;
	g->full = all + times->n;
	g->kept = g->full + times->n;
	g->steady = g->kept + times->n;
	g->cost = g->steady + times->n;
	for (size_t i = 0; i < times->n; i++) {
		const char *of = times->v[i];
		double last;

		g->at[g->n] = strtod(of, NULL);
		/* drawn on a logarithmic axis */
		if (!isfinite(g->at[g->n]) || !report_value(log, of, "full_bytes", &g->full[g->n]) ||
		    !report_value(log, of, "kept_bytes", &g->kept[g->n]) ||
		    !report_value(log, of, "last_frame_payload", &last) || g->full[g->n] <= 0 ||
		    g->kept[g->n] <= 0)
			continue;
		report_value(log, of, "ns_per_new_call", &g->cost[g->n]);
		g->steady[g->n] = fmax(g->kept[g->n] - last, 1);
		g->n++;
	}
	return g->n;
}

static void figure_5(struct report *r, const struct names *times)
{
	struct paper_figure full = { 0 }, kept = { 0 };
	struct growth g;
	size_t n = growth_take(r, times, &g);
	double end = n ? g.at[n - 1] : 0, paper[2];
	size_t known = paper_figure(PAPER, "table 3", "whole demo", "full_bytes", &full) ==
		PAPER_KNOWN && paper_figure(PAPER, "table 3", "whole demo", "kept_bytes", &kept) ==
		PAPER_KNOWN;
	struct plot_series series[] = {
		{ "whole log", "#7d8793", g.at, g.full, n },
		{ "pruned", "#2f7fd8", g.at, g.kept, n },
		{ "pruned, without the last frame's own", "#1d8a5f", g.at, g.steady, n },
		{ "paper, whole", "#b0895a", &end, &paper[0], n ? known : 0 },
		{ "paper, pruned", "#d9822b", &end, &paper[1], n ? known : 0 },
	};
	struct plot_series cost[] = { { "pruning", "#2f7fd8", g.at, g.cost, n } };
	struct plot plot = { .x_label = "demo time, s", .y_label = "bytes", .series = series,
			     .count = 5, .points = true };

	paper[0] = full.v;
	paper[1] = kept.v;
	paper_page_figure(&r->page, "figure-5", "Figure 5: growth of the log",
			  "The paper's two points are its whole demo, drawn at our last time.",
			  &plot);
	plot = (struct plot){ .x_label = "demo time, s", .y_label = "CPU ns per new call",
			      .series = cost, .count = 1, .linear = true, .points = true };
	paper_page_figure(&r->page, "figure-5-cost", "Cost of pruning incrementally",
			  "CPU time of pruning the calls since the time before, per call.", &plot);
	free(g.at);
}

/* ---- Table 4, lines ------------------------------------------------------------------------------ */

static void table_4_row(struct sheet *s, const struct results_invocation *inv, const char *of)
{
	bool pymol = !strncasecmp(of, "pymol", 5);
	const char *where = pymol ? "section 8.4" : "table 4";
	const char *theirs = pymol ? "PyMOL" : !strncasecmp(of, "openarena", 9) ? "OpenArena" : of;

	sheet_text(s, of);
	report_cell(s, inv, of, "image_bytes", 1e-3);
	cell_count(s, inv, of, "kept_calls");
	report_cell(s, inv, of, "checkpoint_seconds", 1);
	report_cell(s, inv, of, "restart_seconds", 1);
	report_cell(s, inv, of, "restore_seconds", 1);
	report_cell(s, inv, of, "gltrim_bytes", 1e-3);
	report_cell(s, inv, of, "gltrim_seconds", 1);
	report_cell(s, inv, of, "gltrim_replay_seconds", 1);
	report_cell(s, inv, of, "restart_to_gltrim", 1);
	report_cell(s, inv, of, "restart_to_gltrim_cpu", 1);
	sheet_paper(s, PAPER, where, theirs, "image_bytes");
	sheet_paper(s, PAPER, where, theirs, "checkpoint_seconds");
	sheet_paper(s, PAPER, where, theirs, "restart_seconds");
}

/* Each program was checkpointed by an invocation of its own. */
static int table_4(struct report *r, struct error *err)
{
	static const char *const heads[] = {
		"program", "GL image, kB", "kept calls", "checkpoint, s", "restart, s",
		"of it the GL state, s", "gltrim's trace, kB", "its trimming, s", "its replay, s",
		"restart / its replay", "in CPU time", "paper (whole process): image", "checkpoint", "restart", NULL,
	};
	struct sheet s;
	int rc = 0;

	sheet_init(&s, "table-4", "Table 4: checkpoint and restart",
		   "Ours are of the GL state alone, the paper's of the whole process with it: "
		   "columns of their own, no ratio. Times are wall-clock time of whole "
		   "processes.", heads);
	for (size_t i = 0; i < r->results->count && rc == 0; i++) {
		const struct results_invocation *inv = &r->results->invocations[i];
		struct names programs;

		if (strcmp(inv->suite, suites[CHECKPOINT].name))
			continue;
		rc = names_take(inv, &programs, err);
		for (size_t k = 0; k < programs.n; k++)
			table_4_row(&s, inv, programs.v[k]);
		free(programs.v);
	}
	paper_page_sheet(&r->page, &s);
	return rc;
}

static double table_lines(struct report *r)
{
	static const char *const heads[] = { "part", "lines of code", NULL };
	static const struct { const char *title, *where, *of; } papers[] = {
		{ "paper, OpenGL 1.5", "abstract", "OpenGL 1.5" },
		{ "paper, OpenGL 3.0", "text", "OpenGL 3.0" },
		{ "VMGL, as the paper counts it", "abstract", "VMGL" },
	};
	const struct results_invocation *inv = r->inv[LINES];
	struct sheet s;
	double all = 0;

	sheet_init(&s, "lines", "Lines of code",
		   "Blank lines and comments are left out of ours.", heads);
	for (size_t i = 0; i < inv->count; i++) {
		double v;

		if (strcmp(inv->metrics[i].name, "lines") ||
		    !report_value(inv, inv->metrics[i].of, "lines", &v))
			continue;
		sheet_text(&s, inv->metrics[i].of);
		sheet_count(&s, v);
		all += v;
	}
	sheet_text(&s, "all of these");
	sheet_count(&s, all);
	for (unsigned i = 0; i < sizeof(papers) / sizeof(papers[0]); i++) {
		struct paper_figure f;

		sheet_text(&s, papers[i].title);
		if (paper_figure(PAPER, papers[i].where, papers[i].of, "lines", &f) == PAPER_KNOWN)
			sheet_count(&s, f.v);
		else
			sheet_text(&s, "not at hand");
	}
	paper_page_sheet(&r->page, &s);
	return all;
}

/* ---- the page ------------------------------------------------------------------------------------- */

static void summary(struct report *r, const struct names *sizes, const struct names *times,
		    const struct names *programs)
{
	const char *last = times->n ? times->v[times->n - 1] : "";
	char text[96], note[160];
	double a, b;

	buf_printf(&r->page.body, "<ul class=path>");
	paper_prune_record_key(r, sizes);
	if (report_value(r->inv[LOG], last, "full_bytes", &a) &&
	    report_value(r->inv[LOG], last, "kept_bytes", &b)) {
		snprintf(text, sizeof(text), b < 1e6 ? "%.0f kB" : "%.1f MB",
			 b < 1e6 ? b / 1e3 : b / MB);
		snprintf(note, sizeof(note), "of %.0f MB, at %.20s of demo time", a / MB, last);
		paper_page_key(&r->page, "Pruned log", text, note);
	}
	if (report_value(r->inv[LOG], last, "scratch_seconds", &a) &&
	    report_value(r->inv[LOG], last, "ns_per_new_call", &b)) {
		snprintf(text, sizeof(text), "%.2f s", a);
		snprintf(note, sizeof(note), "CPU, from scratch; %.0f ns per new call "
			 "incrementally", b);
		paper_page_key(&r->page, "Pruning", text, note);
	}
	if (programs->n && report_value(r->inv[CHECKPOINT], programs->v[0], "restart_seconds", &a)) {
		snprintf(text, sizeof(text), "%.2f s", a);
		snprintf(note, sizeof(note), "GL state alone, %.60s", programs->v[0]);
		paper_page_key(&r->page, "Restart", text, note);
	}
	buf_printf(&r->page.body, "</ul>\n");
}

/* missing: what has no results, and the commands that would bring them. */
static int suites_find(struct report *r, char *missing, size_t size, struct error *err)
{
	unsigned found = 0;

	missing[0] = 0;
	for (unsigned i = 0; i < SUITES; i++) {
		size_t n = strlen(missing);

		r->inv[i] = results_suite(r->results, suites[i].name);
		found += r->inv[i] != NULL;
		if (!r->inv[i])
			snprintf(missing + n, size - n, "%s%s (blinkctl bench -o FILE %s)",
				 n ? "; " : "", suites[i].shows, suites[i].command);
	}
	return found && (r->page.opt->partial || !missing[0]) ? 0 : error_set(err, -ENODATA,
		"report: no results for %s%s", missing, found ? " (--partial draws the rest)" : "");
}

static bool suite_known(const char *name)
{
	for (unsigned i = 0; i < SUITES; i++)
		if (!strcmp(suites[i].name, name))
			return true;
	return false;
}

static void body(struct report *r, const struct names *sizes, const struct names *times,
		 const struct names *programs, const char *missing)
{
	struct paper_page *p = &r->page;

	paper_page_machines(p, r->results);
	summary(r, sizes, times, programs);
	p->from = r->inv[RECORD];
	if (p->from)
		paper_prune_record(r, sizes);
	p->from = r->inv[LOG];
	if (p->from) {
		paper_page_section(p, "Pruning", "What the next frame needs of everything recorded "
				   "so far.");
		table_3(r, times);
		figure_5(r, times);
	}
	p->from = r->inv[CHECKPOINT];
	if (p->from) {
		paper_page_section(p, "Checkpoint and restart", "The pruned log in a file, and "
				   "the picture brought back from it.");
		if (p->rc == 0)
			p->rc = table_4(r, p->err);
	}
	p->from = r->inv[LINES];
	if (p->from)
		table_lines(r);
	buf_printf(&p->body, "<section><h2>How it was measured</h2>");
	for (size_t i = 0; i < r->results->count; i++)
		if (suite_known(r->results->invocations[i].suite))
			paper_page_command(p, &r->results->invocations[i]);
	if (missing[0])
		buf_printf(&p->body, "<p>Not measured: %s.</p>", missing);
	buf_printf(&p->body, "</section>\n");
}

int paper_prune_report(const struct results *results, const struct paper_options *opt,
		       struct error *err)
{
	struct report r = { .results = results, .page.opt = opt };
	struct names sizes = { 0 }, times = { 0 }, programs = { 0 };
	char missing[400];
	int rc = suites_find(&r, missing, sizeof(missing), err);

	if (rc == 0 && r.inv[RECORD])
		rc = names_take(r.inv[RECORD], &sizes, err);
	if (rc == 0 && r.inv[LOG])
		rc = names_take(r.inv[LOG], &times, err);
	if (rc == 0 && r.inv[CHECKPOINT])
		rc = names_take(r.inv[CHECKPOINT], &programs, err);
	if (rc == 0) {
		paper_page_begin(&r.page, opt, err);
		if (r.page.rc == 0)
			body(&r, &sizes, &times, &programs, missing);
		rc = paper_page_end(&r.page, "Record, prune, replay",
				    "OpenGL recorded at a cost nobody notices, pruned to what the "
				    "next frame needs, and brought back: the figures of the "
				    "record-prune-replay paper (arXiv:1312.6650), measured here.");
	}
	free(sizes.v);
	free(times.v);
	free(programs.v);
	return rc;
}
