/* gate.c - two results files before the judge: see gate.h. */
#include "reports/gate.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/page.h"

/* ---- policy ---------------------------------------------------------------------------- */

static const struct { const char *name; size_t at; double least, most; } numbers[] = {
	{ "alpha", offsetof(struct gate_policy, alpha), 1e-9, 0.5 },
	{ "level", offsetof(struct gate_policy, level), 0.5, 0.999999 },
	{ "least", offsetof(struct gate_policy, least), 0, 10 },
	{ "margin", offsetof(struct gate_policy, margin), 0, 10 },
	{ "distance", offsetof(struct gate_policy, distance), 0, 1 },
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static int policy_number(struct gate_policy *p, const char *key, struct json_object *v,
			 const char *path, struct error *err)
{
	for (unsigned i = 0; i < NUMBERS; i++) {
		double x = json_object_get_double(v);

		if (strcmp(key, numbers[i].name))
			continue;
		if ((!json_object_is_type(v, json_type_double) &&
		     !json_object_is_type(v, json_type_int)) ||
		    !(x >= numbers[i].least && x <= numbers[i].most))
			return error_set(err, -EINVAL, "%s: \"%s\" is a number from %g to %g",
					 path, key, numbers[i].least, numbers[i].most);
		memcpy((char *)p + numbers[i].at, &x, sizeof(x));
		return 0;
	}
	return error_set(err, -EINVAL, "%s: there is no \"%s\" in a policy", path, key);
}

static int policy_ignore(char ***ignore, struct json_object *v, const char *path,
			 struct error *err)
{
	size_t n = json_object_is_type(v, json_type_array) ? json_object_array_length(v) : 0;
	char **list;

	if (!json_object_is_type(v, json_type_array))
		return error_set(err, -EINVAL, "%s: \"ignore\" is a list of metrics", path);
	list = calloc(n + 1, sizeof(*list));
	for (size_t i = 0; list && i < n; i++) {
		list[i] = strdup(json_object_get_string(json_object_array_get_idx(v, i)) ?: "");
		if (!list[i])
			return error_set(err, -ENOMEM, "gate: out of memory");
	}
	*ignore = list;
	return list ? 0 : error_set(err, -ENOMEM, "gate: out of memory");
}

static int policy_member(struct gate_policy *p, char ***ignore, const char *key,
			 struct json_object *v, const char *path, struct error *err)
{
	if (!strcmp(key, "ignore") && !*ignore)
		return policy_ignore(ignore, v, path, err);
	if (!strcmp(key, "unlike") && json_object_is_type(v, json_type_boolean)) {
		p->unlike = json_object_get_boolean(v);
		return 0;
	}
	if (!strcmp(key, "runs") && json_object_is_type(v, json_type_int) &&
	    json_object_get_int64(v) >= 2 && json_object_get_int64(v) <= 100000) {
		p->runs = (size_t)json_object_get_int64(v);
		return 0;
	}
	if (!strcmp(key, "runs") || !strcmp(key, "unlike") || !strcmp(key, "ignore"))
		return error_set(err, -EINVAL, "%s: \"%s\" has no such value", path, key);
	return policy_number(p, key, v, path, err);
}

int gate_policy_read(struct gate_policy *p, char ***ignore, const char *path, struct error *err)
{
	struct json_object *j = file_json(path, err);
	int r = j ? 0 : -EINVAL;

	*p = gate_policy_default;
	*ignore = NULL;
	if (j && !json_object_is_type(j, json_type_object))
		r = error_set(err, -EINVAL, "%s: not a policy: it is no JSON object", path);
	if (r == 0) {
		json_object_object_foreach(j, key, v) {
			r = policy_member(p, ignore, key, v, path, err);
			if (r < 0)
				break;
		}
	}
	json_object_put(j);
	return r;
}

void gate_ignore_free(char **ignore)
{
	for (char **name = ignore; name && *name; name++)
		free(*name);
	free(ignore);
}

/* ---- rows --------------------------------------------------------------------------------- */

struct pair { const struct results_invocation *base, *now; bool turns; };

static bool ignored(char *const *ignore, const struct results_metric *m)
{
	for (; ignore && *ignore; ignore++)
		if (!strcmp(*ignore, m->name))
			return true;
	return false;
}

static struct gate_row *row_add(struct gate *g, const struct pair *p,
				const struct results_metric *a, const struct results_metric *b)
{
	struct gate_row *more = realloc(g->rows, (g->n + 1) * sizeof(*more)), *row;

	if (!more)
		return NULL;
	g->rows = more;
	row = &more[g->n++];
	*row = (struct gate_row){
		.suite = p->base->suite, .of = a->of, .metric = a->name, .unit = a->unit,
		.base = stats_median(a->samples, a->n), .now = stats_median(b->samples, b->n),
		.nbase = a->n, .nnow = b->n, .exact = a->exact,
	};
	return row;
}

static void note(struct gate *g, const struct results_metric *m, const char *why)
{
	char text[512];

	snprintf(text, sizeof(text), "%s, %s: %s", m->of, m->name, why);
	json_object_array_add(g->notes, json_object_new_string(text));
}

static const struct results_series *series_find(const struct results_metric *m, const char *name)
{
	for (size_t i = 0; i < m->nseries; i++)
		if (!strcmp(m->series[i].name, name))
			return &m->series[i];
	return NULL;
}

_Static_assert(sizeof(struct results_run) == sizeof(struct stats_run) &&
	       offsetof(struct results_run, n) != offsetof(struct results_run, v),
	       "runs are handed over one by one");

static struct stats_run *runs_of(const struct results_series *s)
{
	struct stats_run *r = calloc(s->runs ? s->runs : 1, sizeof(*r));

	for (size_t i = 0; r && i < s->runs; i++)
		r[i] = (struct stats_run){ .v = s->run[i].v, .n = s->run[i].n };
	return r;
}

/* A raw judgement first; decided when all p are corrected. */
struct shape { size_t row; struct stats_run *base, *now; size_t nbase, nnow; };
struct shapes { struct shape *v; size_t n; };

static int series_judge(struct gate *g, const struct gate_policy *policy, const struct pair *p,
			const struct results_metric *a, const struct results_metric *b,
			struct shapes *shapes)
{
	for (size_t i = 0; i < a->nseries; i++) {
		const struct results_series *s = &a->series[i], *t = series_find(b, s->name);
		struct shape *more, shape = { .row = g->n };
		struct gate_row *row;

		if (!t || strcmp(s->unit, t->unit))
			continue;
		row = row_add(g, p, a, b);
		more = realloc(shapes->v, (shapes->n + 1) * sizeof(*more));
		shapes->v = more ? more : shapes->v;
		shape.base = runs_of(s);
		shape.now = runs_of(t);
		if (!row || !more || !shape.base || !shape.now) {
			free(shape.base);
			free(shape.now);
			return -ENOMEM;
		}
		shape.nbase = s->runs;
		shape.nnow = t->runs;
		shapes->v[shapes->n++] = shape;
		row->series = s->name;
		row->unit = s->unit;
		row->base = gate_shape_median(shape.base, shape.nbase);
		row->now = gate_shape_median(shape.now, shape.nnow);
		gate_shape(&row->judged, policy, shape.base, shape.nbase, shape.now, shape.nnow,
			   p->turns);
	}
	return 0;
}

static int metric_judge(struct gate *g, const struct gate_policy *policy, const struct pair *p,
			const struct results_metric *a, const struct results_metric *b,
			struct shapes *shapes)
{
	struct gate_row *row;

	if (strcmp(a->unit, b->unit) || a->exact != b->exact) {
		note(g, a, "not comparable (another unit, or counted on one side)");
		return 0;
	}
	if (a->direction == RESULTS_NONE && !a->exact)
		return 0;                /* for people to look at */
	row = row_add(g, p, a, b);
	if (!row)
		return -ENOMEM;
	if (a->exact)
		gate_exact(&row->judged, a->direction, a->samples, a->n, b->samples, b->n);
	else
		gate_measure(&row->judged, policy, a->direction, a->samples, a->n, b->samples,
			     b->n, p->turns);
	return series_judge(g, policy, p, a, b, shapes);
}

/* Both sides of one interleaved invocation carry the same mark. */
static bool in_turns(const struct pair *p)
{
	struct json_object *a = json_at(p->base->json, "turns"), *b = json_at(p->now->json, "turns");

	return a && b && json_object_is_type(a, json_type_string) && json_object_equal(a, b);
}

/* What was not measured anew is not known, and has not passed. */
static int metric_missing(struct gate *g, const struct pair *p, const struct results_metric *a)
{
	struct gate_row *row;

	if (a->direction == RESULTS_NONE && !a->exact)
		return 0;
	row = row_add(g, p, a, a);
	if (!row)
		return -ENOMEM;
	row->now = (struct stats_value){ .why = "only in the base" };
	row->nnow = 0;
	row->missing = true;
	row->judged = (struct gate_judgement){ .verdict = GATE_INCONCLUSIVE, .p = 1,
					       .why = "only in the base" };
	return 0;
}

static int suite_missing(struct gate *g, char *const *ignore, const struct pair *p)
{
	char text[256];
	int r = 0;

	snprintf(text, sizeof(text), "suite %s: only in the base", p->base->suite);
	json_object_array_add(g->notes, json_object_new_string(text));
	for (size_t i = 0; i < p->base->count && r == 0; i++)
		if (!ignored(ignore, &p->base->metrics[i]))
			r = metric_missing(g, p, &p->base->metrics[i]);
	return r;
}

static int pair_judge(struct gate *g, const struct gate_policy *policy, char *const *ignore,
		      struct pair *p, struct shapes *shapes)
{
	int r = 0;

	p->turns = in_turns(p);
	for (size_t i = 0; i < p->base->count && r == 0; i++) {
		const struct results_metric *a = &p->base->metrics[i];
		const struct results_metric *b = results_metric_find(p->now, a->of, a->name);

		if (ignored(ignore, a))
			continue;
		if (b)
			r = metric_judge(g, policy, p, a, b, shapes);
		else
			r = metric_missing(g, p, a);
	}
	return r;
}

/* ---- all together -------------------------------------------------------------------------- */

/* Holm over the gate: measurements and shapes alike. */
static int correct(struct gate *g)
{
	double *p = calloc(g->n ? g->n : 1, sizeof(*p));
	size_t n = 0;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < g->n; i++)
		if (g->rows[i].judged.tested)
			p[n++] = g->rows[i].judged.p;
	stats_holm(p, n);
	n = 0;
	for (size_t i = 0; i < g->n; i++)
		if (g->rows[i].judged.tested)
			g->rows[i].judged.p = p[n++];
	free(p);
	return 0;
}

static void decide(struct gate *g, const struct gate_policy *policy, const struct shapes *shapes)
{
	bool open = false, unknown = false;

	for (size_t i = 0; i < g->n; i++) {
		struct gate_row *row = &g->rows[i];

		if (!row->series && !row->exact && !row->missing)
			gate_measure_decide(&row->judged, policy, row->nbase, row->nnow);
	}
	for (size_t i = 0; i < shapes->n; i++) {
		const struct shape *s = &shapes->v[i];

		gate_shape_decide(&g->rows[s->row].judged, policy, s->base, s->nbase, s->now,
				  s->nnow);
	}
	g->verdict = GATE_PASSED;
	for (size_t i = 0; i < g->n; i++) {
		const struct gate_judgement *j = &g->rows[i].judged;

		if (j->verdict == GATE_REGRESSED)
			g->verdict = GATE_REGRESSED;
		if (j->verdict != GATE_INCONCLUSIVE)
			continue;
		open = true;
		unknown |= j->runs == 0;
		g->runs = j->runs > g->runs ? j->runs : g->runs;
	}
	if (open && g->verdict == GATE_PASSED)
		g->verdict = GATE_INCONCLUSIVE;
	if (unknown)
		g->runs = 0;
}

static int pairs_judge(struct gate *g, const struct gate_policy *policy, char *const *ignore,
		       const struct results *base, const struct results *now,
		       struct shapes *shapes, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < base->count && r == 0; i++) {
		struct pair p = { .base = &base->invocations[i] };
		size_t before = json_object_array_length(g->notes);

		p.now = results_last_like(now, p.base);
		if (results_last_like(base, p.base) != p.base)
			continue;                /* a later one replaces it */
		if (!p.now) {
			r = suite_missing(g, ignore, &p);
			continue;
		}
		results_unlike(p.base, p.now, g->notes);
		if (json_object_array_length(g->notes) > before && !policy->unlike)
			return error_set(err, -EXDEV, "gate: %s (like is judged by like only; a "
					 "policy may say \"unlike\": true)",
					 json_object_get_string(json_object_array_get_idx(g->notes,
											  before)));
		r = pair_judge(g, policy, ignore, &p, shapes);
	}
	return r == -ENOMEM ? error_set(err, r, "gate: out of memory") : r;
}

static bool anything_judged(const struct gate *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (!g->rows[i].missing)
			return true;
	return false;
}

int gate_run(struct gate *g, const struct gate_policy *policy, char *const *ignore,
	     const struct results *base, const struct results *now, struct error *err)
{
	struct shapes shapes = { 0 };
	int r;

	memset(g, 0, sizeof(*g));
	g->notes = json_object_new_array();
	r = pairs_judge(g, policy, ignore, base, now, &shapes, err);
	if (r == 0 && !anything_judged(g))
		r = error_set(err, -EINVAL, "gate: the files have no metric in common that can be "
			      "judged");
	if (r == 0 && correct(g) < 0)
		r = error_set(err, -ENOMEM, "gate: out of memory");
	if (r == 0)
		decide(g, policy, &shapes);
	for (size_t i = 0; i < shapes.n; i++) {
		free(shapes.v[i].base);
		free(shapes.v[i].now);
	}
	free(shapes.v);
	if (r < 0)
		gate_finish(g);
	return r;
}

void gate_finish(struct gate *g)
{
	json_object_put(g->notes);
	free(g->rows);
	memset(g, 0, sizeof(*g));
}
