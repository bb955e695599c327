/* golden.c - how many calls are kept needlessly, program by program: printed, written as a
 * results file, and held against the one that is the golden.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "reports/results.h"
#include "tests/log/minimise/minimise.h"

#define SUITE "minimise"

static int tally_order(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	if (x->op != y->op)
		return strcmp(gl_ops[x->op].name, gl_ops[y->op].name);
	return strcmp(slot_text(x->slot), slot_text(y->slot));
}

void totals_print(struct totals *t)
{
	qsort(t->v, t->n, sizeof(*t->v), tally_order);
	printf("# programs %u, counted %u, kept %u, needless %u\n", t->programs, t->judged, t->kept,
	       t->needless);
	for (unsigned i = 0; i < t->n; i++)
		printf("# %u %s %s %s\n", t->v[i].n, gl_ops[t->v[i].op].name,
		       prune_kind_names[t->v[i].kind], slot_text(t->v[i].slot));
	printf("# records %u, selectors %u, failed %u, known to differ %u, programs with errors %u, "
	       "deaths of the driver %u\n", t->records, t->selectors, t->failed, t->known_met,
	       t->errors, t->died);
}

/* ---- as results ------------------------------------------------------------------------- */

static void metric_add(struct json_object *list, const char *of, const char *name, const char *better,
		       uint32_t n)
{
	struct json_object *j = json_object_new_object(), *samples = json_object_new_array();

	json_object_array_add(samples, json_object_new_int64(n));
	json_object_object_add(j, "case", json_object_new_string(of));
	json_object_object_add(j, "metric", json_object_new_string(name));
	json_object_object_add(j, "unit", json_object_new_string("calls"));
	json_object_object_add(j, "direction", json_object_new_string(better));
	json_object_object_add(j, "exact", json_object_new_boolean(1));
	json_object_object_add(j, "samples", samples);
	json_object_array_add(list, j);
}

/* Why they were kept: for people. */
static struct json_object *tallies_json(const struct totals *t)
{
	struct json_object *list = json_object_new_array();
	char text[256];

	for (unsigned i = 0; i < t->n; i++) {
		snprintf(text, sizeof(text), "%u %s %s %s", t->v[i].n, gl_ops[t->v[i].op].name,
			 prune_kind_names[t->v[i].kind], slot_text(t->v[i].slot));
		json_object_array_add(list, json_object_new_string(text));
	}
	return list;
}

static struct json_object *totals_json(const struct totals *t)
{
	struct json_object *file = json_object_new_object(), *inv = json_object_new_object();
	struct json_object *all = json_object_new_array(), *metrics = json_object_new_array();
	struct json_object *printed = json_object_new_object();
	char of[32];

	for (unsigned i = 1; i <= PROGRAMS; i++) {
		if (!t->of[i].judged)
			continue;
		snprintf(of, sizeof(of), "program %u", i);
		metric_add(metrics, of, "kept", "lower", t->of[i].kept);
		metric_add(metrics, of, "needless", "lower", t->of[i].needless);
	}
	json_object_object_add(inv, "suite", json_object_new_string(SUITE));
	json_object_object_add(inv, "environment", json_object_new_object());
	json_object_object_add(inv, "metrics", metrics);
	json_object_object_add(printed, "kept", json_object_new_int64(t->kept));
	json_object_object_add(printed, "needless", json_object_new_int64(t->needless));
	json_object_object_add(printed, "needless_by_reason", tallies_json(t));
	json_object_object_add(inv, "printed", printed);
	json_object_array_add(all, inv);
	json_object_object_add(file, "format", json_object_new_string(RESULTS_FORMAT));
	json_object_object_add(file, "version", json_object_new_int(RESULTS_VERSION));
	json_object_object_add(file, "invocations", all);
	return file;
}

/* A metric per line: differences can be read. */
static int lines_write(const char *text, const char *path)
{
	FILE *f = fopen(path, "w");

	for (; f && *text; text++) {
		putc(*text, f);
		if (text[0] == ',' && text[1] == '{' && text[-1] == '}')
			putc('\n', f);
	}
	if (f && putc('\n', f) != EOF && fclose(f) == 0)
		return 0;
	printf("# %s: %s\n", path, strerror(errno));
	return 1;
}

int totals_save(const struct totals *t, const char *path)
{
	struct error err = { 0 };
	struct results r = { 0 };
	int e = results_take(&r, path, totals_json(t), &err);

	if (e < 0)
		printf("# %s\n", err.text);
	else
		e = lines_write(json_object_to_json_string_ext(r.json, JSON_C_TO_STRING_PLAIN), path);
	results_close(&r);
	return e != 0;
}

/* ---- judging -------------------------------------------------------------------------------- */

static bool program_good(const struct results_invocation *inv, const struct totals *t, unsigned program)
{
	const struct results_metric *m;
	char of[32];

	snprintf(of, sizeof(of), "program %u", program);
	m = inv ? results_metric_find(inv, of, "needless") : NULL;
	if (!m || !m->n) {
		printf("# program %u is not in %s\n", program, GOLDEN);
		return false;
	}
	if (t->of[program].needless <= m->samples[0])
		return true;
	printf("# program %u: %u needlessly kept, the golden allows %g\n", program,
	       t->of[program].needless, m->samples[0]);
	return false;
}

int golden_judge(const struct totals *t)
{
	struct error err = { 0 };
	struct results r = { 0 };
	int e = results_open(&r, GOLDEN, &err);
	unsigned bad = 0;

	if (e < 0) {
		printf("# %s (minimise --update writes it)\n", err.text);
		return 1;
	}
	for (unsigned i = 1; i <= PROGRAMS; i++)
		bad += t->of[i].judged && !program_good(results_suite(&r, SUITE), t, i);
	results_close(&r);
	return bad != 0;
}
