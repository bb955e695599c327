/* paper_blink.c - the Blink paper's Tables 2 and 3, ours beside its own: suites jit and
 * table3, and the paper's data file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "reports/paper_page.h"
#include "reports/stats.h"

#define PAPER "blink"

/* What the suite measures comes in its own words; these are what the paper's columns
 * compare with.  (Ours when cold has copying and verifying in it, too.) */
static const struct { const char *ours, *theirs; } same[] = {
	{ "copy_verify_compile_cold", "compile_cold" }, { "compile", "compile_warm" },
	{ "run_near", "execute" },
};
#define CYCLES "core_cycles_per_instruction/"

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && !strcmp(s + n - k, end);
}

/* The metric whose name ends so. */
static const struct results_metric *find_in(const struct results_invocation *inv, const char *of,
					    const char *end)
{
	for (size_t k = 0; k < inv->count; k++)
		if (!strcmp(inv->metrics[k].of, of) && ends_with(inv->metrics[k].name, end))
			return &inv->metrics[k];
	return NULL;
}

/* The last invocation of suite jit that measured the engine alone, without peers. */
static const struct results_invocation *jit_find(const struct results *r)
{
	for (size_t i = r->count; i-- > 0;)
		if (!strcmp(r->invocations[i].suite, "jit") &&
		    find_in(&r->invocations[i], "opengl", CYCLES "compile"))
			return &r->invocations[i];
	return NULL;
}

static void interval_cell(struct sheet *s, const struct results_metric *m)
{
	struct stats_interval i = { 0 };
	char text[96];

	if (m)
		i = stats_median_interval(m->samples, m->n, 0.95);
	if (!i.value.known) {
		sheet_none(s);
		return;
	}
	if (i.level >= 0.95)
		snprintf(text, sizeof(text), "%.3g [%.3g, %.3g]", i.value.v, i.low, i.high);
	else
		snprintf(text, sizeof(text), "%.3g", i.value.v);
	sheet_text(s, text);
}

static void table_2_row(struct sheet *s, const struct results_invocation *inv,
			const char *const mixes[3], const char *name)
{
	const char *theirs = "";
	char title[64];

	snprintf(title, sizeof(title), "%.60s", name + strlen(CYCLES));
	for (unsigned i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (!strcmp(title, same[i].ours))
			theirs = same[i].theirs;
	for (char *c = title; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	sheet_text(s, title);
	for (unsigned m = 0; m < 3; m++) {
		interval_cell(s, find_in(inv, mixes[m], name));
		if (m < 2)
			sheet_paper(s, PAPER, "table 2", mixes[m], theirs);
	}
}

static void table_2(struct paper_page *p, const struct results_invocation *inv)
{
	static const char *const heads[] = { "", "OpenGL mix", "paper", "arithmetic mix", "paper",
					     "irregular mix", NULL };
	static const char *const mixes[] = { "opengl", "arithmetic", "irregular" };
	struct sheet s;

	sheet_init(&s, "table-2", "Table 2: core cycles per instruction",
		   "Medians of the runs, with a distribution-free interval of 95 % where there are "
		   "runs enough. The irregular mix is ours alone: without any pattern to be found.",
		   heads);
	for (size_t i = 0; i < inv->count; i++) {
		const char *name = strstr(inv->metrics[i].name, CYCLES);

		if (name && !strcmp(inv->metrics[i].of, mixes[0]))
			table_2_row(&s, inv, mixes, name);
	}
	paper_page_sheet(p, &s);
}

static void ratio_cell(struct sheet *s, const struct results_metric *a,
		       const struct results_metric *b)
{
	struct stats_interval i = { 0 };
	char text[96];

	if (a && b)
		i = stats_ratio_paired(a->samples, b->samples, a->n < b->n ? a->n : b->n, 0.95);
	if (!i.value.known) {
		sheet_none(s);
		return;
	}
	if (i.level > 0)
		snprintf(text, sizeof(text), "%.3f [%.3f, %.3f]", i.value.v, i.low, i.high);
	else
		snprintf(text, sizeof(text), "%.3f", i.value.v);
	sheet_text(s, text);
}

static void microseconds(struct sheet *s, const struct results_metric *m)
{
	struct stats_value v = m ? stats_median(m->samples, m->n) : (struct stats_value){ 0 };

	if (v.known)
		sheet_number(s, 1e6 * v.v);
	else
		sheet_none(s);
}

static void paper_row(struct sheet *s)
{
	static const char *const sides[] = { "native", "jit", "jit_with_compilation" };
	struct paper_figure f[3];
	bool known = true;
	char text[32];

	sheet_text(s, "paper: glxgears, as printed");
	for (unsigned i = 0; i < 3; i++) {
		known &= paper_figure(PAPER, "table 3", "glxgears", sides[i], &f[i]) == PAPER_KNOWN;
		if (known)
			sheet_number(s, f[i].v);
		else
			sheet_text(s, "not at hand");
	}
	for (unsigned i = 1; i < 3; i++) {
		snprintf(text, sizeof(text), "%.3f", known ? f[i].v / f[0].v : 0);
		sheet_text(s, known ? text : "not at hand");
	}
}

static void table_3(struct paper_page *p, const struct results *r)
{
	static const char *const heads[] = {
		"frame", "native, \u00b5s", "JIT, \u00b5s", "verified and compiled each time, \u00b5s",
		"JIT / native", "with compilation / native", NULL,
	};
	const struct results_invocation *inv = results_suite(r, "table3");
	struct sheet s;

	sheet_init(&s, "table-3", "Table 3: a frame through the JIT and compiled natively",
		   "CPU time per frame; ratios run by run with 95 % bootstrap intervals.", heads);
	for (size_t i = 0; i < inv->count; i++) {
		const struct results_metric *native = &inv->metrics[i], *jit, *all;

		if (!ends_with(native->name, "/native"))
			continue;
		jit = find_in(inv, native->of, "/jit");
		all = find_in(inv, native->of, "/jit_with_compilation");
		sheet_text(&s, native->of);
		microseconds(&s, native);
		microseconds(&s, jit);
		microseconds(&s, all);
		ratio_cell(&s, jit, native);
		ratio_cell(&s, all, native);
	}
	paper_row(&s);
	paper_page_sheet(p, &s);
}

/* Those of bench jit --peers, if there are results of it. */
static void peers(struct paper_page *p, const struct results *r)
{
	static const char *const heads[] = { "mix / code generator", "compile, cycles",
					     "execute, cycles", NULL };
	const struct results_invocation *inv = results_suite(r, "peers");
	struct sheet s;

	if (!inv)
		return;
	sheet_init(&s, "peers", "Other code generators on the same mixes",
		   "Core cycles per instruction, in one invocation.", heads);
	for (size_t k = 0; k < inv->count; k++) {
		const struct results_metric *m = &inv->metrics[k];

		if (!ends_with(m->name, "sides/execute"))
			continue;
		sheet_text(&s, m->of);
		interval_cell(&s, results_metric_find(inv, m->of, "mixes/sides/compile"));
		interval_cell(&s, m);
	}
	paper_page_sheet(p, &s);
}

static void summary(struct paper_page *p, const struct results_invocation *jit)
{
	static const struct { const char *title, *of, *end, *note; } keys[] = {
		{ "Compile", "opengl", CYCLES "compile", "cycles per instruction, OpenGL mix" },
		{ "Copy, verify, compile", "opengl", CYCLES "copy_verify_compile",
		  "cycles per instruction, OpenGL mix" },
		{ "Execute", "opengl", CYCLES "run_near", "cycles per instruction, OpenGL mix" },
		{ "Execute", "arithmetic", CYCLES "run_near",
		  "cycles per instruction, arithmetic mix" },
	};

	buf_printf(&p->body, "<ul class=path>");
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct results_metric *m = find_in(jit, keys[i].of, keys[i].end);
		struct stats_value v = m ? stats_median(m->samples, m->n)
					 : (struct stats_value){ 0 };
		char text[32];

		if (!v.known)
			continue;
		snprintf(text, sizeof(text), "%.2f", v.v);
		paper_page_key(p, keys[i].title, text, keys[i].note);
	}
	buf_printf(&p->body, "</ul>\n");
}

static int missing_check(const struct results *r, bool partial, struct error *err)
{
	bool jit = jit_find(r) != NULL;
	bool table3 = results_suite(r, "table3") != NULL;

	if ((jit && table3) || (partial && (jit || table3)))
		return 0;
	return error_set(err, -ENODATA, "report: no results for %s%s%s",
			 jit ? "" : "Table 2 (blinkctl bench -o FILE jit)",
			 jit || table3 ? "" : "; ",
			 table3 ? "" : "Table 3 (blinkctl bench -o FILE table3 X.blink)");
}

int paper_blink_report(const struct results *r, const struct paper_options *opt,
		       struct error *err)
{
	static const char *const used[] = { "jit", "peers", "table3" };
	struct paper_page p;
	int rc = missing_check(r, opt->partial, err);

	if (rc < 0)
		return rc;
	paper_page_begin(&p, opt, err);
	paper_page_machines(&p, r);
	if (jit_find(r)) {
		summary(&p, jit_find(r));
		paper_page_section(&p, "Verifying, compiling, running",
				   "On entry points that return at once.");
		p.from = jit_find(r);
		table_2(&p, jit_find(r));
	}
	p.from = results_suite(r, "peers");
	peers(&p, r);
	paper_page_section(&p, "On real frames", "The same entry points, called by code at about "
			   "the same distance.");
	p.from = results_suite(r, "table3");
	if (p.from)
		table_3(&p, r);
	buf_printf(&p.body, "<section><h2>How it was measured</h2>");
	for (unsigned i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		if (results_suite(r, used[i]))
			paper_page_command(&p, results_suite(r, used[i]));
	buf_printf(&p.body, "</section>\n");
	return paper_page_end(&p, "Stored procedures at native speed",
			      "The Blink paper's Tables 2 and 3, measured here.");
}
