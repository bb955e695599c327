/* results_diff.c - two results files side by side, and the listing of one.
 *
 * Only like is compared with like: a metric of another unit, or a count where the other
 * has a measurement, is noted and left out; machines and inputs that differ are noted,
 * and the figures shown all the same, for that may be the question.
 */
#include "reports/results.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/page.h"
#include "reports/stats.h"

#define ALPHA 0.05
#define LEVEL 0.95

struct pair { const struct results_invocation *base, *now; };
struct row {
	const struct results_invocation *in;
	const struct results_metric *base, *now;
	struct stats_interval ratio;
	double p;                       /* adjusted; 1 where there is none */
	bool tested;
};
struct diff {
	struct row *rows;
	size_t n;
	struct json_object *notes;
	bool differs;
};

static void put_text(struct json_object *j, const char *key, const char *text)
{
	json_object_object_add(j, key, json_object_new_string(text));
}

/* Four digits are more than any of these measurements holds. */
static struct json_object *number(double v)
{
	double scale;

	if (v == 0 || v == floor(v))
		return fabs(v) < 9e15 ? json_object_new_int64((int64_t)v)
				      : json_object_new_double(v);
	scale = pow(10, 3 - floor(log10(fabs(v))));
	return json_object_new_double(isfinite(scale) && scale > 0 ? round(v * scale) / scale
								   : v);
}

/* null where it is not known: every row has the same columns. */
static void number_put(struct json_object *j, const char *key, bool known, double v)
{
	json_object_object_add(j, key, known ? number(v) : NULL);
}

/* ---- likeness ----------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3)))
static void note_add(struct json_object *notes, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_object_array_add(notes, json_object_new_string(text));
}

static bool inputs_equal(const struct results_invocation *base,
			 const struct results_invocation *now)
{
	struct json_object *a = json_at(base->json, "inputs"), *b = json_at(now->json, "inputs");
	size_t na = a ? json_object_array_length(a) : 0, nb = b ? json_object_array_length(b) : 0;
	bool same = na == nb;

	for (size_t i = 0; same && i < na; i++)
		same = json_object_equal(json_at(json_object_array_get_idx(a, i), "xxh3_128"),
					 json_at(json_object_array_get_idx(b, i), "xxh3_128"));
	return same;
}

/* Whether anything in it depends on the machine. */
static bool has_measurements(const struct results_invocation *inv)
{
	for (size_t i = 0; i < inv->count; i++)
		if (!inv->metrics[i].exact)
			return true;
	return false;
}

void results_machines(const struct results_invocation *base,
		      const struct results_invocation *now, struct json_object *notes)
{
	bool machine = has_measurements(base) && has_measurements(now);

	static const char *const keys[] = {
		"environment.cpu", "environment.processors", "environment.kernel",
		"environment.governor", "environment.compiler", "environment.driver.renderer",
		"environment.counters",
	};

	for (unsigned i = 0; machine && i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct json_object *a = json_at(base->json, keys[i]);
		struct json_object *b = json_at(now->json, keys[i]);

		if (a && b && !json_object_equal(a, b))
			note_add(notes, "%s differs: %s and %s", keys[i] + strlen("environment."),
				 json_object_get_string(a), json_object_get_string(b));
	}
}

void results_unlike(const struct results_invocation *base, const struct results_invocation *now,
		    struct json_object *notes)
{
	results_machines(base, now, notes);
	if (has_measurements(base) && has_measurements(now) &&
	    !json_at(base->json, "environment.cpu") != !json_at(now->json, "environment.cpu"))
		note_add(notes, "suite %s: the cpu is not known of both", base->suite);
	if (!inputs_equal(base, now))
		note_add(notes, "suite %s: the inputs differ", base->suite);
}

static bool alike(struct diff *d, const struct results_metric *a, const struct results_metric *b)
{
	if (strcmp(a->unit, b->unit) || a->exact != b->exact) {
		note_add(d->notes, "%s, %s: not comparable (another unit, or counted on one side)", a->of,
		     a->name);
		return false;
	}
	if (!a->n || !b->n) {
		note_add(d->notes, "%s, %s: one side has no samples", a->of, a->name);
		return false;
	}
	return true;
}

/* ---- rows ----------------------------------------------------------------------------- */

static void row_measure(struct row *r)
{
	struct stats_u u;

	r->p = 1;
	r->ratio = stats_ratio(r->now->samples, r->now->n, r->base->samples, r->base->n, LEVEL);
	if (r->base->exact)
		return;
	u = stats_mann_whitney(r->now->samples, r->now->n, r->base->samples, r->base->n);
	r->tested = u.p.known && r->now->n > 1 && r->base->n > 1;
	if (r->tested)
		r->p = u.p.v;
}

static int rows_take(struct diff *d, const struct pair *p, struct error *err)
{
	struct row *more = realloc(d->rows, (d->n + p->base->count + 1) * sizeof(*more));

	if (!more)
		return error_set(err, -ENOMEM, "diff: out of memory");
	d->rows = more;
	results_unlike(p->base, p->now, d->notes);
	for (size_t i = 0; i < p->base->count; i++) {
		const struct results_metric *a = &p->base->metrics[i];
		const struct results_metric *b = results_metric_find(p->now, a->of, a->name);

		if (!b) {
			note_add(d->notes, "%s, %s: only in the base", a->of, a->name);
		} else if (alike(d, a, b)) {
			d->rows[d->n] = (struct row){ .in = p->base, .base = a, .now = b };
			row_measure(&d->rows[d->n++]);
		}
	}
	for (size_t i = 0; i < p->now->count; i++)
		if (!results_metric_find(p->base, p->now->metrics[i].of, p->now->metrics[i].name))
			note_add(d->notes, "%s, %s: only in the new file", p->now->metrics[i].of,
			     p->now->metrics[i].name);
	return 0;
}

static int adjust(struct diff *d, struct error *err)
{
	double *p = calloc(d->n ? d->n : 1, sizeof(*p));
	size_t n = 0;

	if (!p)
		return error_set(err, -ENOMEM, "diff: out of memory");
	for (size_t i = 0; i < d->n; i++)
		if (d->rows[i].tested)
			p[n++] = d->rows[i].p;
	stats_holm(p, n);
	n = 0;
	for (size_t i = 0; i < d->n; i++)
		if (d->rows[i].tested)
			d->rows[i].p = p[n++];
	free(p);
	return 0;
}

static const char *changed_word(const struct row *r)
{
	double a = stats_median(r->base->samples, r->base->n).v;
	double b = stats_median(r->now->samples, r->now->n).v;

	if (a == b || r->base->direction == RESULTS_NONE)
		return "different";
	return (b > a) == (r->base->direction == RESULTS_HIGHER) ? "better" : "worse";
}

static bool counts_equal(const struct row *r)
{
	for (size_t i = 0; i < r->base->n; i++)
		if (r->base->samples[i] != r->base->samples[0])
			return false;
	for (size_t i = 0; i < r->now->n; i++)
		if (r->now->samples[i] != r->base->samples[0])
			return false;
	return true;
}

static const char *row_word(struct diff *d, const struct row *r)
{
	const char *word = "not told apart";

	if (r->base->exact)
		word = counts_equal(r) ? "equal" : changed_word(r);
	else if (!r->tested)
		word = "one run: nothing can be said";
	else if (r->p < ALPHA)
		word = changed_word(r);
	d->differs |= !strcmp(word, "better") || !strcmp(word, "worse") ||
		      !strcmp(word, "different");
	return word;
}

static struct json_object *row_json(struct diff *d, const struct row *r)
{
	struct json_object *j = json_object_new_object();
	struct stats_value delta = stats_cliff(r->now->samples, r->now->n, r->base->samples,
					       r->base->n);

	put_text(j, "suite", r->in->suite);
	put_text(j, "case", r->base->of);
	put_text(j, "metric", r->base->name);
	put_text(j, "unit", r->base->unit);
	json_object_object_add(j, "base", number(stats_median(r->base->samples, r->base->n).v));
	json_object_object_add(j, "new", number(stats_median(r->now->samples, r->now->n).v));
	number_put(j, "ratio", r->ratio.value.known, r->ratio.value.v);
	number_put(j, "low", r->ratio.level > 0, r->ratio.low);
	number_put(j, "high", r->ratio.level > 0, r->ratio.high);
	number_put(j, "p", r->tested, r->p);
	number_put(j, "delta", r->tested && delta.known, delta.v);
	put_text(j, "result", row_word(d, r));
	return j;
}

/* ---- whole files ------------------------------------------------------------------------- */

static int pairs_take(struct diff *d, const struct results *base, const struct results *now,
		      struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < base->count && rc == 0; i++) {
		struct pair p = { .base = &base->invocations[i] };

		if (results_last_like(base, p.base) != p.base)
			continue;                       /* a later one replaces it */
		p.now = results_last_like(now, p.base);
		if (p.now)
			rc = rows_take(d, &p, err);
		else
			note_add(d->notes, "suite %s: only in the base", p.base->suite);
	}
	for (size_t i = 0; i < now->count; i++)
		if (!results_last_like(base, &now->invocations[i]))
			note_add(d->notes, "suite %s: only in the new file", now->invocations[i].suite);
	return rc;
}

struct json_object *results_diff(const struct results *base, const struct results *now,
				 bool *differs, struct error *err)
{
	struct diff d = { .notes = json_object_new_array() };
	struct json_object *j = NULL, *rows;
	int rc = pairs_take(&d, base, now, err);

	if (rc == 0 && !d.n)
		rc = error_set(err, -EINVAL, "diff: the files have no metric in common that can "
			       "be compared");
	if (rc == 0)
		rc = adjust(&d, err);
	if (rc == 0) {
		j = json_object_new_object();
		rows = json_object_new_array();
		for (size_t i = 0; i < d.n; i++)
			json_object_array_add(rows, row_json(&d, &d.rows[i]));
		json_object_object_add(j, "rows", rows);
		json_object_object_add(j, "differs", json_object_new_boolean(d.differs));
		json_object_object_add(j, "notes", json_object_get(d.notes));
		*differs = d.differs;
	}
	json_object_put(d.notes);
	free(d.rows);
	return j;
}

static struct json_object *metric_json(const struct results_metric *m)
{
	struct json_object *j = json_object_new_object();
	struct stats_interval i = stats_median_interval(m->samples, m->n, LEVEL);
	unsigned char *flag = calloc(m->n + 1, 1);

	put_text(j, "case", m->of);
	put_text(j, "metric", m->name);
	number_put(j, "median", i.value.known, i.value.v);
	put_text(j, "unit", m->unit);
	number_put(j, "low", i.level > 0, i.low);
	number_put(j, "high", i.level > 0, i.high);
	number_put(j, "level", i.level > 0, i.level);
	json_object_object_add(j, "runs", json_object_new_int64((int64_t)m->n));
	put_text(j, "better", results_direction_name(m->direction));
	put_text(j, "kind", m->exact ? "exact" : "measured");
	if (flag)
		json_object_object_add(j, "outliers", json_object_new_int64(
			(int64_t)stats_outliers(m->samples, m->n, flag)));
	free(flag);
	return j;
}

struct json_object *results_show(const struct results *r)
{
	struct json_object *list = json_object_new_array(), *j = json_object_new_object();

	for (size_t i = 0; i < r->count; i++) {
		const struct results_invocation *inv = &r->invocations[i];
		struct json_object *o = json_object_new_object();
		struct json_object *rows = json_object_new_array();
		static const char *const kept[] = { "started", "command", "environment",
						    "inputs" };

		put_text(o, "suite", inv->suite);
		for (unsigned k = 0; k < sizeof(kept) / sizeof(kept[0]); k++)
			if (json_at(inv->json, kept[k]))
				json_object_object_add(o, kept[k],
						       json_object_get(json_at(inv->json, kept[k])));
		for (size_t k = 0; k < inv->count; k++)
			json_object_array_add(rows, metric_json(&inv->metrics[k]));
		json_object_object_add(o, "metrics", rows);
		json_object_array_add(list, o);
	}
	json_object_object_add(j, "invocations", list);
	return j;
}
