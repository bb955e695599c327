/* results_make.c - a results file from what a suite returned; several files into one.
 *
 * A suite may name its metrics itself ("metrics": rows as the format has them).  One that
 * returns only what is printed is walked: an object with "values" is a set of samples,
 * a whole number whose name says what it counts is exact.  "unit" and "direction" hold
 * for what lies below them.  An element of a list is called by its "mix", "case", "name" or
 * "what", or by its "file" and what that is "on"; that is the case, and the keys on the way
 * are the metric.
 */
#include "reports/results.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "reports/results_grow.h"

#define PATH_LIMIT 512u         /* of a case, of a metric's name */
#define DEPTH_LIMIT 16u
#define LABEL_LIMIT 220u

static void put_text(struct json_object *j, const char *key, const char *text)
{
	json_object_object_add(j, key, json_object_new_string(text));
}

struct json_object *results_text(const char *text)
{
	char clean[1024];

	snprintf(clean, sizeof(clean), "%s", text);
	for (char *s = clean; *s; s++)
		if (*s < 0x20 || *s == 0x7f)
			*s = *s < 0 ? '?' : ' ';
	return json_object_new_string(clean);
}

static struct json_object *get(struct json_object *j, const char *key)
{
	struct json_object *v = NULL;

	if (json_object_is_type(j, json_type_object))
		json_object_object_get_ex(j, key, &v);
	return v;
}

static const char *get_text(struct json_object *j, const char *key, const char *otherwise)
{
	struct json_object *v = get(j, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : otherwise;
}

/* ---- the walk ------------------------------------------------------------------------ */

struct walk {
	struct json_object *metrics;
	char of[PATH_LIMIT], name[PATH_LIMIT];     /* "a/b" */
	const char *unit, *direction;
	unsigned depth;
};

static void path_push_bounded(char *path, size_t size, const char *part)
{
	size_t n = strlen(path);

	snprintf(path + n, size - n, "%s%.110s", n && *part ? "/" : "", part);
}

static void path_push(char *path, const char *part)
{
	path_push_bounded(path, PATH_LIMIT, part);
}

/* "openarena" of "/some/where/openarena.blink" */
static void stem(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/'), *from = slash ? slash + 1 : path;
	const char *dot = strrchr(from, '.');

	snprintf(out, size, "%.*s", dot ? (int)(dot - from) : (int)strlen(from), from);
}


static void metric_add(const struct walk *w, const char *unit, const char *direction,
		       bool exact, struct json_object *samples)
{
	struct json_object *m = json_object_new_object();

	json_object_object_add(m, "case", results_text(w->of));
	json_object_object_add(m, "metric", results_text(w->name));
	put_text(m, "unit", unit);
	put_text(m, "direction", direction);
	json_object_object_add(m, "exact", json_object_new_boolean(exact));
	json_object_object_add(m, "samples", samples);
	json_object_array_add(w->metrics, m);
}

/* The unit of a number that every run must repeat, by the end of its name. */
static const char *exact_unit(const char *key)
{
	static const char *const units[] = { "bytes", "calls", "frames", "instructions" };
	size_t n = strlen(key);

	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i]);

		/* a peak of memory is measured, not counted */
		if (n >= len && !strcmp(key + n - len, units[i]) && strncmp(key, "peak", 4))
			return units[i];
	}
	return NULL;
}

static void value_walk(struct walk w, struct json_object *j);

static void member_walk(const struct walk *up, const char *key, struct json_object *v)
{
	struct walk w = *up;
	const char *unit = exact_unit(key);

	path_push(w.name, key);
	if (json_object_is_type(v, json_type_int) && unit) {
		struct json_object *one = json_object_new_array();

		json_object_array_add(one, json_object_get(v));
		metric_add(&w, unit, "none", true, one);
	} else {
		value_walk(w, v);
	}
}

/* What tells an element of a list from the others. */
static void element_label(struct json_object *v, size_t index, char label[LABEL_LIMIT])
{
	static const char *const labels[] = { "mix", "case", "name", "what" };
	const char *file = get_text(v, "file", NULL), *on = get_text(v, "on", "");

	snprintf(label, LABEL_LIMIT, "%zu", index + 1);
	for (unsigned i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (get_text(v, labels[i], NULL)) {
			snprintf(label, LABEL_LIMIT, "%s", get_text(v, labels[i], ""));
			return;
		}
	if (!file)
		return;
	stem(file, label, 80);
	path_push_bounded(label, LABEL_LIMIT, on);
}

static void element_walk(const struct walk *up, struct json_object *v, size_t index)
{
	struct walk w = *up;
	char label[LABEL_LIMIT];

	element_label(v, index, label);
	path_push(w.of, label);
	value_walk(w, v);
}

static void value_walk(struct walk w, struct json_object *j)
{
	struct json_object *values = get(j, "values");

	if (w.depth++ == DEPTH_LIMIT)
		return;
	if (json_object_is_type(j, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(j); i++)
			if (json_object_is_type(json_object_array_get_idx(j, i),
						json_type_object))
				element_walk(&w, json_object_array_get_idx(j, i), i);
		return;
	}
	if (!json_object_is_type(j, json_type_object))
		return;
	w.unit = get_text(j, "unit", w.unit);
	w.direction = get_text(j, "direction", w.direction);
	if (json_object_is_type(values, json_type_array)) {
		metric_add(&w, w.unit, w.direction, false, json_object_get(values));
		return;
	}
	json_object_object_foreach(j, key, v)
		if (strcmp(key, "environment"))
			member_walk(&w, key, v);
}

static struct json_object *metrics_of(struct json_object *suite)
{
	struct json_object *given = get(suite, "metrics");
	struct walk w = { .unit = "", .direction = "none" };

	if (given)
		return json_object_get(given);
	w.metrics = json_object_new_array();
	stem(get_text(suite, "blink", get_text(suite, "trace", "")), w.of, 100);
	value_walk(w, suite);
	return w.metrics;
}

/* ---- where it comes from ------------------------------------------------------------------ */

static void put_hash(struct json_object *j, const char *key, XXH128_hash_t h)
{
	char hex[33];

	snprintf(hex, sizeof(hex), "%016llx%016llx", (unsigned long long)h.high64,
		 (unsigned long long)h.low64);
	put_text(j, key, hex);
}

static int input_add(struct json_object *list, const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = 0;
	struct json_object *j;
	struct stat st;
	void *data = NULL;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		rc = error_set(err, -EIO, "%s: cannot be read", path);
	} else if (st.st_size) {
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED)
			rc = error_set(err, -errno, "%s: %s", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	if (rc < 0)
		return rc;
	j = json_object_new_object();
	json_object_object_add(j, "path", results_text(path));
	json_object_object_add(j, "bytes", json_object_new_int64(st.st_size));
	put_hash(j, "xxh3_128", XXH3_128bits(data, (size_t)st.st_size));
	json_object_array_add(list, j);
	if (data)
		munmap(data, (size_t)st.st_size);
	return 0;
}

static int origin_put(struct json_object *inv, const struct results_origin *o,
		      struct error *err)
{
	struct json_object *command = json_object_new_array(), *inputs = json_object_new_array();
	int rc = 0;

	for (const char *const *a = o->command; a && *a; a++)
		json_object_array_add(command, results_text(*a));
	json_object_object_add(inv, "command", command);
	json_object_object_add(inv, "inputs", inputs);
	for (const char *const *p = o->inputs; p && *p && rc == 0; p++)
		rc = input_add(inputs, *p, err);
	if (o->started)
		put_text(inv, "started", o->started);
	if (o->seconds > 0)
		json_object_object_add(inv, "seconds", json_object_new_double(o->seconds));
	return rc;
}

/* What was printed, without what is said elsewhere in the invocation. */
static struct json_object *printed(struct json_object *suite)
{
	struct json_object *j = json_object_new_object();

	json_object_object_foreach(suite, key, v)
		if (strcmp(key, "metrics") && strcmp(key, "environment") && strcmp(key, "suite"))
			json_object_object_add(j, key, json_object_get(v));
	return j;
}

int results_make(struct results *r, struct json_object *suite,
		 const struct results_origin *origin, struct error *err)
{
	struct json_object *inv = json_object_new_object();
	struct json_object *environment = get(suite, "environment");
	struct json_object *file;
	int rc;

	memset(r, 0, sizeof(*r));
	put_text(inv, "suite", get_text(suite, "suite", "?"));
	rc = origin_put(inv, origin, err);
	if (rc < 0) {
		json_object_put(inv);
		return rc;
	}
	json_object_object_add(inv, "environment", environment ? json_object_get(environment)
							       : json_object_new_object());
	json_object_object_add(inv, "metrics", metrics_of(suite));
	json_object_object_add(inv, "printed", printed(suite));
	results_identify(inv);
	file = results_file_new();
	results_file_add(file, inv);
	json_object_put(inv);
	return results_take(r, get_text(suite, "suite", "results"), file, err);
}

/* ---- merging ---------------------------------------------------------------------------------- */

static bool has_id(const struct results *r, const char *id)
{
	for (size_t i = 0; i < r->count && *id; i++)
		if (!strcmp(r->invocations[i].id, id))
			return true;
	return false;
}

int results_merge(struct results *into, const struct results *from, struct error *err)
{
	struct json_object *j = json_object_get(into->json), *list = get(j, "invocations");

	for (size_t i = 0; i < from->count; i++)
		if (!has_id(into, from->invocations[i].id))
			json_object_array_add(list, json_object_get(from->invocations[i].json));
	results_close(into);
	return results_take(into, "merged results", j, err);
}

int results_open_all(struct results *r, const char *const *paths, unsigned count,
		     struct error *err)
{
	int rc = results_open(r, paths[0], err);

	for (unsigned i = 1; i < count && rc == 0; i++) {
		struct results more;

		rc = results_open(&more, paths[i], err);
		if (rc == 0) {
			rc = results_merge(r, &more, err);
			results_close(&more);
		}
	}
	if (rc < 0)
		results_close(r);
	return rc;
}
