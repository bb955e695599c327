/* gate_tell.c - a gate's verdicts for machines: JSON and JUnit's XML. */
#include "reports/gate.h"

#include <string.h>

#include "reports/page.h"

static void put_text(struct json_object *j, const char *key, const char *text)
{
	json_object_object_add(j, key, json_object_new_string(text));
}

static void put_value(struct json_object *j, const char *key, const struct stats_value *v)
{
	json_object_object_add(j, key, v->known ? json_object_new_double(v->v) : NULL);
}

static struct json_object *row_json(const struct gate_row *r)
{
	const struct gate_judgement *g = &r->judged;
	struct json_object *j = json_object_new_object();

	put_text(j, "verdict", gate_verdict_names[g->verdict]);
	put_text(j, "suite", r->suite);
	put_text(j, "case", r->of);
	put_text(j, "metric", r->series ? r->series : r->metric);
	put_text(j, "kind", r->series ? "shape" : r->exact ? "exact" : "measured");
	put_value(j, "base", &r->base);
	put_value(j, "new", &r->now);
	put_text(j, "unit", r->unit);
	put_value(j, r->series ? "distance" : "worse", &g->worse.value);
	if (g->worse.level > 0) {
		json_object_object_add(j, "low", json_object_new_double(g->worse.low));
		json_object_object_add(j, "high", json_object_new_double(g->worse.high));
	}
	if (g->tested)
		json_object_object_add(j, "p", json_object_new_double(g->p));
	put_text(j, "why", g->why);
	if (g->verdict == GATE_INCONCLUSIVE && g->runs)
		json_object_object_add(j, "runs_needed", json_object_new_int64((int64_t)g->runs));
	return j;
}

struct json_object *gate_json(const struct gate *g)
{
	struct json_object *j = json_object_new_object(), *rows = json_object_new_array();
	int count[3] = { 0 };

	for (size_t i = 0; i < g->n; i++) {
		count[g->rows[i].judged.verdict]++;
		json_object_array_add(rows, row_json(&g->rows[i]));
	}
	json_object_object_add(j, "rows", rows);
	for (unsigned k = 0; k < 3; k++)
		json_object_object_add(j, gate_verdict_names[k], json_object_new_int(count[k]));
	if (g->verdict == GATE_INCONCLUSIVE && g->runs)
		json_object_object_add(j, "runs_needed", json_object_new_int64((int64_t)g->runs));
	json_object_object_add(j, "notes", json_object_get(g->notes));
	put_text(j, "verdict", gate_verdict_names[g->verdict]);
	return j;
}

/* ---- JUnit ------------------------------------------------------------------------------- */

static void case_xml(struct buf *b, const struct gate_row *r)
{
	const struct gate_judgement *g = &r->judged;

	buf_printf(b, "  <testcase classname=\"");
	html_text(b, r->of);
	buf_printf(b, "\" name=\"");
	html_text(b, r->series ? r->series : r->metric);
	buf_printf(b, "\"");
	if (g->verdict == GATE_PASSED) {
		buf_printf(b, "/>\n");
		return;
	}
	buf_printf(b, ">\n    <%s message=\"", g->verdict == GATE_REGRESSED ? "failure" : "skipped");
	html_text(b, g->why);
	if (g->worse.value.known)
		buf_printf(b, ": %.4g [%.4g, %.4g]", g->worse.value.v, g->worse.low, g->worse.high);
	if (g->verdict == GATE_INCONCLUSIVE && g->runs)
		buf_printf(b, "; runs needed: %zu", g->runs);
	buf_printf(b, "\"/>\n  </testcase>\n");
}

static void suite_xml(struct buf *b, const struct gate *g, const char *suite)
{
	unsigned n[3] = { 0 };

	for (size_t i = 0; i < g->n; i++)
		if (!strcmp(g->rows[i].suite, suite))
			n[g->rows[i].judged.verdict]++;
	buf_printf(b, " <testsuite name=\"");
	html_text(b, suite);
	buf_printf(b, "\" tests=\"%u\" failures=\"%u\" skipped=\"%u\" errors=\"0\">\n",
		   n[0] + n[1] + n[2], n[GATE_REGRESSED], n[GATE_INCONCLUSIVE]);
	for (size_t i = 0; i < g->n; i++)
		if (!strcmp(g->rows[i].suite, suite))
			case_xml(b, &g->rows[i]);
	buf_printf(b, " </testsuite>\n");
}

static bool suite_first(const struct gate *g, size_t row)
{
	for (size_t i = 0; i < row; i++)
		if (!strcmp(g->rows[i].suite, g->rows[row].suite))
			return false;
	return true;
}

int gate_junit(const struct gate *g, const char *path, struct error *err)
{
	struct buf b;
	int r;

	buf_init(&b);
	buf_printf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	for (size_t i = 0; i < g->n; i++)
		if (suite_first(g, i))
			suite_xml(&b, g, g->rows[i].suite);
	buf_printf(&b, "</testsuites>\n");
	r = file_write(&b, path, err);
	buf_finish(&b);
	return r;
}
