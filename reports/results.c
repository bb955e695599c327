/* results.c - reading, checking and writing results files.  See results.h.
 *
 * The checks are rows: member, type, whether it must be there.  Only what passed them
 * is looked at afterwards.
 */
#include "reports/results.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "blink/base/buf.h"
#include "reports/page.h"

#define FILE_LIMIT (256u << 20)
#define DEPTH_LIMIT 32
#define TEXT_LIMIT 4096u
#define METRIC_LIMIT 20000u        /* of an invocation: they are looked up one by one */
#define SAMPLE_LIMIT 4096u         /* runs of a metric: each statistic resamples them */
#define INVOCATION_LIMIT 4096u

struct member { const char *name; enum json_type type; bool needed; };

static const struct member file_members[] = {
	{ "format", json_type_string, true }, { "version", json_type_int, true },
	{ "invocations", json_type_array, true }, { NULL, json_type_null, false },
};
static const struct member invocation_members[] = {
	{ "suite", json_type_string, true }, { "id", json_type_string, false },
	{ "started", json_type_string, false }, { "command", json_type_array, false },
	{ "environment", json_type_object, true }, { "inputs", json_type_array, false },
	{ "metrics", json_type_array, true }, { NULL, json_type_null, false },
};
static const struct member metric_members[] = {
	{ "case", json_type_string, true }, { "metric", json_type_string, true },
	{ "unit", json_type_string, true }, { "direction", json_type_string, false },
	{ "exact", json_type_boolean, false }, { "samples", json_type_array, true },
	{ "series", json_type_array, false }, { NULL, json_type_null, false },
};
static const struct member series_members[] = {
	{ "name", json_type_string, true }, { "unit", json_type_string, true },
	{ "runs", json_type_array, true }, { NULL, json_type_null, false },
};
static const char *const directions[] = {
	[RESULTS_NONE] = "none", [RESULTS_LOWER] = "lower", [RESULTS_HIGHER] = "higher",
};

struct check {
	const char *name;               /* of the file */
	struct error *err;
	char where[96];                 /* "invocation 1, metric 3" */
};

static int refuse(struct check *c, const char *what, const char *why)
{
	return error_set(c->err, -EINVAL, "%s: not a results file that can be used: %s%s%.60s %s",
			 c->name, c->where, c->where[0] ? ": " : "", what, why);
}

/* Printable, of a sane length: it goes to terminals, pages and gnuplot. */
static bool text_ok(struct json_object *j)
{
	const char *s = json_object_get_string(j);
	size_t n = (size_t)json_object_get_string_len(j);

	if (n > TEXT_LIMIT || strlen(s) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return true;
}

static int members_check(struct check *c, struct json_object *j, const struct member *m)
{
	if (!json_object_is_type(j, json_type_object))
		return refuse(c, "it", "is no object");
	for (; m->name; m++) {
		struct json_object *v;

		if (!json_object_object_get_ex(j, m->name, &v)) {
			if (m->needed)
				return refuse(c, m->name, "is missing");
			continue;
		}
		if (!json_object_is_type(v, m->type))
			return refuse(c, m->name, "is of the wrong type");
		if (m->type == json_type_string && !text_ok(v))
			return refuse(c, m->name, "is too long, or has control characters");
	}
	return 0;
}

static struct json_object *member(struct json_object *j, const char *name)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(j, name, &v);
	return v;
}

static const char *text(struct json_object *j, const char *name, const char *otherwise)
{
	struct json_object *v = member(j, name);

	return v ? json_object_get_string(v) : otherwise;
}

/* calloc for at least one element: an empty list is no failure. */
static void *list_make(size_t n, size_t size)
{
	return calloc(n ? n : 1, size);
}

static int numbers_take(struct check *c, struct json_object *list, const double **out, size_t *n)
{
	size_t count = json_object_array_length(list);
	double *v = list_make(count, sizeof(*v));

	if (!v)
		return error_set(c->err, -ENOMEM, "%s: out of memory", c->name);
	*out = v;
	*n = count;
	for (size_t i = 0; i < count; i++) {
		struct json_object *e = json_object_array_get_idx(list, i);

		if (!json_object_is_type(e, json_type_int) &&
		    !json_object_is_type(e, json_type_double))
			return refuse(c, "a sample", "is no number");
		v[i] = json_object_get_double(e);
		if (!isfinite(v[i]))
			return refuse(c, "a sample", "is not finite");
	}
	return 0;
}

static int series_take(struct check *c, struct json_object *j, struct results_series *s)
{
	struct json_object *runs;
	int rc = members_check(c, j, series_members);

	if (rc < 0)
		return rc;
	s->name = text(j, "name", "");
	s->unit = text(j, "unit", "");
	runs = member(j, "runs");
	s->run = list_make(json_object_array_length(runs), sizeof(*s->run));
	if (!s->run)
		return error_set(c->err, -ENOMEM, "%s: out of memory", c->name);
	for (size_t i = 0; i < json_object_array_length(runs) && rc == 0; i++) {
		struct json_object *run = json_object_array_get_idx(runs, i);

		if (!json_object_is_type(run, json_type_array))
			return refuse(c, "a run of a series", "is no list");
		rc = numbers_take(c, run, &s->run[i].v, &s->run[i].n);
		s->runs = i + 1;
	}
	return rc;
}

static int direction_take(struct check *c, struct json_object *j, enum results_direction *d)
{
	const char *name = text(j, "direction", "none");

	for (unsigned i = 0; i < sizeof(directions) / sizeof(directions[0]); i++)
		if (!strcmp(directions[i], name)) {
			*d = (enum results_direction)i;
			return 0;
		}
	return refuse(c, "direction", "is neither lower, higher nor none");
}

static int metric_take(struct check *c, struct json_object *j, struct results_metric *m)
{
	struct json_object *series;
	const double *samples = NULL;
	int rc = members_check(c, j, metric_members);

	if (rc == 0)
		rc = direction_take(c, j, &m->direction);
	if (rc < 0)
		return rc;
	m->of = text(j, "case", "");
	m->name = text(j, "metric", "");
	m->unit = text(j, "unit", "");
	m->exact = json_object_get_boolean(member(j, "exact"));
	if (json_object_array_length(member(j, "samples")) > SAMPLE_LIMIT)
		return refuse(c, "samples", "are too many");
	rc = numbers_take(c, member(j, "samples"), &samples, &m->n);
	m->samples = (double *)(uintptr_t)samples;
	series = member(j, "series");
	if (rc < 0 || !series)
		return rc;
	m->series = list_make(json_object_array_length(series), sizeof(*m->series));
	if (!m->series)
		return error_set(c->err, -ENOMEM, "%s: out of memory", c->name);
	for (size_t i = 0; i < json_object_array_length(series) && rc == 0; i++) {
		m->nseries = i + 1;
		rc = series_take(c, json_object_array_get_idx(series, i), &m->series[i]);
	}
	return rc;
}

static int names_compare(const void *a, const void *b)
{
	const struct results_metric *x = *(const struct results_metric *const *)a;
	const struct results_metric *y = *(const struct results_metric *const *)b;
	int d = strcmp(x->of, y->of);

	return d ? d : strcmp(x->name, y->name);
}

/* Two metrics of one name would make every answer a matter of chance. */
static int names_unique(struct check *c, const struct results_invocation *inv)
{
	const struct results_metric **order = list_make(inv->count, sizeof(struct results_metric *));
	int rc = 0;

	if (!order)
		return error_set(c->err, -ENOMEM, "%s: out of memory", c->name);
	for (size_t i = 0; i < inv->count; i++)
		order[i] = &inv->metrics[i];
	qsort(order, inv->count, sizeof(*order), names_compare);
	for (size_t i = 1; i < inv->count && rc == 0; i++)
		if (!names_compare(&order[i - 1], &order[i]))
			rc = refuse(c, order[i]->name, "is there twice");
	free(order);
	return rc;
}

static int invocation_take(struct check *c, struct json_object *j,
			   struct results_invocation *inv)
{
	struct json_object *metrics;
	size_t where = strlen(c->where);
	int rc = members_check(c, j, invocation_members);

	if (rc < 0)
		return rc;
	inv->json = j;
	inv->suite = text(j, "suite", "");
	inv->id = text(j, "id", "");
	inv->started = text(j, "started", "");
	metrics = member(j, "metrics");
	if (json_object_array_length(metrics) > METRIC_LIMIT)
		return refuse(c, "metrics", "are too many");
	inv->metrics = list_make(json_object_array_length(metrics), sizeof(*inv->metrics));
	if (!inv->metrics)
		return error_set(c->err, -ENOMEM, "%s: out of memory", c->name);
	for (size_t i = 0; i < json_object_array_length(metrics) && rc == 0; i++) {
		snprintf(c->where + where, sizeof(c->where) - where, ", metric %zu", i + 1);
		inv->count = i + 1;
		rc = metric_take(c, json_object_array_get_idx(metrics, i), &inv->metrics[i]);
	}
	c->where[where] = 0;
	return rc < 0 ? rc : names_unique(c, inv);
}

/* Every text is shown somewhere; json-c bounds how deep this goes. */
static bool texts_ok(struct json_object *j)
{
	if (json_object_is_type(j, json_type_string))
		return text_ok(j);
	if (json_object_is_type(j, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(j); i++)
			if (!texts_ok(json_object_array_get_idx(j, i)))
				return false;
		return true;
	}
	if (!json_object_is_type(j, json_type_object))
		return true;
	json_object_object_foreach(j, key, v) {
		for (const char *s = key; *s; s++)
			if ((unsigned char)*s < 0x20 || *s == 0x7f)
				return false;
		if (!texts_ok(v))
			return false;
	}
	return true;
}

static int head_check(struct check *c, struct json_object *j)
{
	int rc = members_check(c, j, file_members);
	int64_t version;

	if (rc < 0)
		return rc;
	if (!texts_ok(j))
		return refuse(c, "a text", "is too long, or has control characters");
	if (strcmp(text(j, "format", ""), RESULTS_FORMAT))
		return refuse(c, "format", "is not \"" RESULTS_FORMAT "\"");
	version = json_object_get_int64(member(j, "version"));
	if (version < 1 || version > RESULTS_VERSION)
		return error_set(c->err, -EINVAL, "%s: version %lld of the results format (this "
				 "program reads 1 to %d)", c->name, (long long)version,
				 RESULTS_VERSION);
	return 0;
}

static int all_take(struct check *c, struct results *r)
{
	struct json_object *list = member(r->json, "invocations");
	size_t n = json_object_array_length(list);
	int rc = 0;

	if (n > INVOCATION_LIMIT)
		return refuse(c, "invocations", "are too many");
	r->invocations = list_make(n, sizeof(*r->invocations));
	if (!r->invocations)
		return error_set(c->err, -ENOMEM, "%s: out of memory", c->name);
	for (size_t i = 0; i < n && rc == 0; i++) {
		snprintf(c->where, sizeof(c->where), "invocation %zu", i + 1);
		r->count = i + 1;
		rc = invocation_take(c, json_object_array_get_idx(list, i), &r->invocations[i]);
	}
	return rc;
}

int results_take(struct results *r, const char *name, struct json_object *j, struct error *err)
{
	struct check c = { .name = name, .err = err };
	int rc;

	memset(r, 0, sizeof(*r));
	r->json = j;
	rc = head_check(&c, j);
	if (rc == 0)
		rc = all_take(&c, r);
	if (rc < 0)
		results_close(r);
	return rc;
}

static void metric_finish(struct results_metric *m)
{
	free(m->samples);
	for (size_t i = 0; i < m->nseries; i++) {
		for (size_t k = 0; k < m->series[i].runs; k++)
			free((void *)(uintptr_t)m->series[i].run[k].v);
		free(m->series[i].run);
	}
	free(m->series);
}

void results_close(struct results *r)
{
	for (size_t i = 0; i < r->count; i++) {
		for (size_t k = 0; k < r->invocations[i].count; k++)
			metric_finish(&r->invocations[i].metrics[k]);
		free(r->invocations[i].metrics);
	}
	free(r->invocations);
	json_object_put(r->json);
	memset(r, 0, sizeof(*r));
}

/* What `blinkctl bench --json` printed before there was a results format. */
static int before_format(struct results *r, const char *name, struct json_object *j,
			 struct error *err)
{
	struct results_origin nothing = { .started = NULL };
	int rc = results_make(r, j, &nothing, err);

	json_object_put(j);
	return rc < 0 ? error_prefix(err, "%s", name) : 0;
}

int results_parse(struct results *r, const char *name, const char *text_in, size_t len,
		  struct error *err)
{
	struct json_tokener *tok;
	struct json_object *j;
	enum json_tokener_error bad;
	size_t used;

	memset(r, 0, sizeof(*r));
	if (len > FILE_LIMIT)
		return error_set(err, -EFBIG, "%s: more than %u MiB: no results file", name,
				 FILE_LIMIT >> 20);
	tok = json_tokener_new_ex(DEPTH_LIMIT);
	if (!tok)
		return error_set(err, -ENOMEM, "%s: out of memory", name);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	j = json_tokener_parse_ex(tok, text_in, (int)len);
	bad = json_tokener_get_error(tok);
	used = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	while (used < len && strchr(" \t\r\n", text_in[used]) && text_in[used])
		used++;
	if (bad == json_tokener_success && used == len)
		return json_object_is_type(j, json_type_object) && !member(j, "format") &&
		       member(j, "suite") ? before_format(r, name, j, err)
					  : results_take(r, name, j, err);
	json_object_put(j);
	return error_set(err, -EINVAL, "%s: not JSON: %s, at byte %zu", name,
			 bad == json_tokener_continue ? "it ends too early" :
			 bad == json_tokener_success ? "something follows its end" :
			 json_tokener_error_desc(bad), used);
}

int results_open(struct results *r, const char *path, struct error *err)
{
	struct stat st;
	struct buf b;
	int rc;

	memset(r, 0, sizeof(*r));
	if (stat(path, &st) < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)FILE_LIMIT)
		return error_set(err, -EINVAL, "%s: no results file (%s)", path,
				 S_ISREG(st.st_mode) ? "too large" : "not a regular file");
	buf_init(&b);
	rc = file_append(&b, path, err);
	if (rc >= 0)
		rc = results_parse(r, path, b.len ? (const char *)b.data : "", b.len, err);
	buf_finish(&b);
	return rc;
}

int results_save(const struct results *r, const char *path, struct error *err)
{
	const char *s = json_object_to_json_string_ext(r->json, JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE);
	struct buf b;
	int rc;

	buf_init(&b);
	if (s)
		buf_append(&b, s, strlen(s));
	buf_append(&b, "\n", 1);
	rc = s ? file_write(&b, path, err) : error_set(err, -ENOMEM, "%s: out of memory", path);
	buf_finish(&b);
	return rc;
}

const struct results_metric *results_metric_find(const struct results_invocation *inv,
						 const char *of, const char *name)
{
	for (size_t i = 0; i < inv->count; i++)
		if (!strcmp(inv->metrics[i].of, of) && !strcmp(inv->metrics[i].name, name))
			return &inv->metrics[i];
	return NULL;
}

const struct results_invocation *results_suite(const struct results *r, const char *suite)
{
	for (size_t i = r->count; i-- > 0;)
		if (!strcmp(r->invocations[i].suite, suite))
			return &r->invocations[i];
	return NULL;
}

/* Whether both say what they were asked for, and were asked for the same. */
static bool asked_same(const struct results_invocation *a, const struct results_invocation *b)
{
	struct json_object *x = member(a->json, "asked"), *y = member(b->json, "asked");

	return x && y && json_object_equal(x, y);
}

static bool asked_both(const struct results_invocation *a, const struct results_invocation *b)
{
	return member(a->json, "asked") && member(b->json, "asked");
}

const struct results_invocation *results_last_like(const struct results *r,
						   const struct results_invocation *of)
{
	const struct results_invocation *last = results_suite(r, of->suite);
	size_t others = 0;

	for (size_t i = r->count; i-- > 0;) {
		const struct results_invocation *inv = &r->invocations[i];

		if (strcmp(inv->suite, of->suite))
			continue;
		if (asked_same(inv, of) || !asked_both(inv, of))
			return inv;
		others += !asked_same(inv, last);
	}
	/* asked otherwise, but the only one of its suite: another path to the same file */
	return others ? NULL : last;
}

const char *results_direction_name(enum results_direction d)
{
	return directions[d];
}
