/* bench_turns.c - see bench_turns.h. */
#include "cli/bench_turns.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "jit-bench/process.h"
#include "reports/page.h"

#define WORDS_MOST 64u
#define FIRST_LOOK 5u

struct side {
	const char *program, *output;
	struct json_object *file;          /* results so far; NULL: none */
};

struct turns {
	const struct bench_turns_options *opt;
	struct side side[2];               /* base, new */
	unsigned done;
	char mark[40], scratch[PATH_MAX];
	struct timespec start;
	struct results judged[2];          /* what the gate's rows point into */
};

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) * 1e-9;
}

/* ---- results files as JSON ------------------------------------------------------------ */

/* The one invocation's metrics.  The file was checked: they are there. */
static struct json_object *metrics_of(struct json_object *file)
{
	struct json_object *list = json_at(file, "invocations");

	return json_at(json_object_array_get_idx(list, 0), "metrics");
}

static bool text_equal(struct json_object *a, struct json_object *b, const char *key)
{
	return json_object_equal(json_at(a, key), json_at(b, key));
}

static struct json_object *metric_like(struct json_object *metrics, struct json_object *m)
{
	for (size_t i = 0; i < json_object_array_length(metrics); i++) {
		struct json_object *x = json_object_array_get_idx(metrics, i);

		if (text_equal(x, m, "case") && text_equal(x, m, "metric"))
			return x;
	}
	return NULL;
}

/* A turn's samples become one: their median. */
static void samples_condense(struct json_object *metric, const struct results_metric *m)
{
	struct json_object *one = json_object_new_array();
	struct stats_value v = stats_median(m->samples, m->n);

	if (v.known)
		json_object_array_add(one, json_object_new_double(v.v));
	json_object_object_add(metric, "samples", one);
}

static void list_extend(struct json_object *to, struct json_object *from)
{
	for (size_t i = 0; from && i < json_object_array_length(from); i++)
		json_object_array_add(to, json_object_get(json_object_array_get_idx(from, i)));
}

static void metric_extend(struct json_object *to, struct json_object *from)
{
	struct json_object *a = json_at(to, "series"), *b = json_at(from, "series");

	list_extend(json_at(to, "samples"), json_at(from, "samples"));
	for (size_t i = 0; a && b && i < json_object_array_length(a); i++)
		for (size_t k = 0; k < json_object_array_length(b); k++) {
			struct json_object *x = json_object_array_get_idx(a, i);
			struct json_object *y = json_object_array_get_idx(b, k);

			if (text_equal(x, y, "name"))
				list_extend(json_at(x, "runs"), json_at(y, "runs"));
		}
}

/* Samples beyond n: of a turn that only one side had finished. */
static void file_cut(struct json_object *file, size_t n)
{
	struct json_object *metrics = metrics_of(file);

	for (size_t i = 0; i < json_object_array_length(metrics); i++) {
		struct json_object *s = json_at(json_object_array_get_idx(metrics, i), "samples");

		if (json_object_array_length(s) > n)
			json_object_array_del_idx(s, n, json_object_array_length(s) - n);
	}
}

static size_t file_turns(struct json_object *file)
{
	struct json_object *metrics = metrics_of(file);
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < json_object_array_length(metrics); i++) {
		struct json_object *s = json_at(json_object_array_get_idx(metrics, i), "samples");
		size_t n = json_object_array_length(s);

		least = n < least ? n : least;
	}
	return least == SIZE_MAX ? 0 : least;
}

/* ---- one turn --------------------------------------------------------------------------- */

static int side_run(struct turns *t, const struct side *s, struct error *err)
{
	const char *argv[WORDS_MOST + 8] = { s->program, "bench" };
	struct process_cost cost;
	char runs[16];
	unsigned n = 2;

	for (const char *const *w = t->opt->words; *w && n < WORDS_MOST; w++)
		argv[n++] = *w;
	snprintf(runs, sizeof(runs), "%u", t->opt->runs);
	argv[n++] = "--runs";
	argv[n++] = runs;
	argv[n++] = "--output";
	argv[n++] = t->scratch;
	argv[n] = NULL;
	return process_run(argv, NULL, &cost, err);
}

/* The scratch file's samples go to the side's. */
static int side_gather(struct turns *t, struct side *s, struct error *err)
{
	struct results r = { 0 };
	struct json_object *metrics;
	int e = results_open(&r, t->scratch, err);

	unlink(t->scratch);
	if (e >= 0 && r.count != 1)
		e = error_set(err, -EINVAL, "%s: wrote %zu invocations, not one", s->program, r.count);
	if (e < 0) {
		results_close(&r);
		return e;
	}
	metrics = metrics_of(r.json);
	for (size_t i = 0; i < json_object_array_length(metrics); i++) {
		struct json_object *m = json_object_array_get_idx(metrics, i), *mine;
		const struct results_metric *of = results_metric_find(&r.invocations[0],
			json_object_get_string(json_at(m, "case")),
			json_object_get_string(json_at(m, "metric")));

		samples_condense(m, of);
		mine = s->file ? metric_like(metrics_of(s->file), m) : NULL;
		if (mine)
			metric_extend(mine, m);
	}
	if (!s->file) {
		s->file = json_object_get(r.json);
		json_object_object_add(json_object_array_get_idx(json_at(s->file, "invocations"), 0),
				       "turns", json_object_new_string(t->mark));
	}
	results_close(&r);
	return 0;
}

static int side_save(const struct side *s, struct error *err)
{
	struct results r = { 0 };
	int e = results_take(&r, s->output, json_object_get(s->file), err);

	if (e >= 0)
		e = results_save(&r, s->output, err);
	results_close(&r);
	return e;
}

static int turn_run(struct turns *t, struct error *err)
{
	int e = 0;

	for (unsigned k = 0; k < 2 && e >= 0; k++) {
		struct side *s = &t->side[(t->done + k) % 2];

		e = side_run(t, s, err);
		if (e >= 0)
			e = side_gather(t, s, err);
	}
	for (unsigned k = 0; k < 2 && e >= 0; k++)
		e = side_save(&t->side[k], err);
	t->done += e >= 0;
	return e;
}

/* ---- the gate's looks ------------------------------------------------------------------- */

static unsigned looks_possible(unsigned turns)
{
	unsigned looks = 1;

	for (unsigned n = FIRST_LOOK; n < turns; n *= 2)
		looks++;
	return looks;
}

static bool look_due(unsigned done)
{
	unsigned n = FIRST_LOOK;

	while (n < done)
		n *= 2;
	return n == done;
}

static int judge(struct turns *t, struct gate *g, struct error *err)
{
	struct gate_policy policy = *t->opt->policy;
	int e = 0;

	gate_finish(g);
	policy.alpha /= looks_possible(t->opt->turns);
	for (unsigned k = 0; k < 2 && e >= 0; k++) {
		results_close(&t->judged[k]);
		e = results_take(&t->judged[k], t->side[k].output,
				 json_object_get(t->side[k].file), err);
	}
	if (e >= 0)
		e = gate_run(g, &policy, t->opt->ignore, &t->judged[0], &t->judged[1], err);
	return e;
}

/* ---- all of them -------------------------------------------------------------------------- */

static int side_resume(struct side *s, struct error *err)
{
	struct results r = { 0 };
	int e = results_open(&r, s->output, err);

	if (e >= 0 && (r.count != 1 || !json_at(r.invocations[0].json, "turns")))
		e = error_set(err, -EINVAL, "%s: was not made in turns: cannot be resumed", s->output);
	if (e >= 0)
		s->file = json_object_get(r.json);
	results_close(&r);
	return e;
}

static struct json_object *first_invocation(const struct side *s)
{
	return json_object_array_get_idx(json_at(s->file, "invocations"), 0);
}

static int resume(struct turns *t, struct error *err)
{
	size_t n[2];

	for (unsigned k = 0; k < 2; k++) {
		int e = side_resume(&t->side[k], err);

		if (e < 0)
			return e;
		n[k] = file_turns(t->side[k].file);
	}
	if (!text_equal(first_invocation(&t->side[0]), first_invocation(&t->side[1]), "turns"))
		return error_set(err, -EINVAL, "%s and %s were not made together: cannot be resumed",
				 t->side[0].output, t->side[1].output);
	t->done = (unsigned)(n[0] < n[1] ? n[0] : n[1]);
	file_cut(t->side[0].file, t->done);
	file_cut(t->side[1].file, t->done);
	return 0;
}

static void progress(const struct turns *t)
{
	double used = seconds_since(&t->start), limit = t->opt->seconds;
	double part = (double)t->done / t->opt->turns;
	char detail[64];

	if (limit > 0 && used / limit > part)
		part = used / limit;
	snprintf(detail, sizeof(detail), "turn %u, %.0f s left at most", t->done + 1,
		 limit > 0 ? limit - used : part > 0 ? used / part - used : 0);
	cli_progress("measuring in turns", part < 1 ? part : 1, detail);
}

static int turns_run(struct turns *t, struct gate *g, struct error *err)
{
	const struct bench_turns_options *opt = t->opt;
	int e = 0;

	while (e >= 0 && t->done < opt->turns) {
		if (t->done && opt->seconds > 0 && seconds_since(&t->start) >= opt->seconds)
			break;
		progress(t);
		e = turn_run(t, err);
		if (e < 0 || !look_due(t->done))
			continue;
		e = judge(t, g, err);
		if (e >= 0 && g->verdict != GATE_INCONCLUSIVE)
			return 0;
	}
	return e >= 0 ? judge(t, g, err) : e;
}

struct json_object *bench_turns(const struct bench_turns_options *opt,
				enum gate_verdict *verdict, struct error *err)
{
	struct turns t = { .opt = opt, .side = { { opt->other, opt->base_output, NULL },
						 { opt->self, opt->output, NULL } } };
	struct json_object *j = NULL;
	struct gate g = { 0 };
	int e = 0;

	clock_gettime(CLOCK_MONOTONIC, &t.start);
	snprintf(t.mark, sizeof(t.mark), "%llx-%x", (unsigned long long)time(NULL),
		 (unsigned)getpid());
	if (snprintf(t.scratch, sizeof(t.scratch), "%s.turn", opt->output) >= (int)sizeof(t.scratch))
		e = error_set(err, -ENAMETOOLONG, "%s: the name is too long", opt->output);
	if (e >= 0 && opt->resume)
		e = resume(&t, err);
	if (e >= 0)
		e = turns_run(&t, &g, err);
	cli_progress(NULL, -1, NULL);
	if (e >= 0) {
		*verdict = g.verdict;
		j = gate_json(&g);
		json_object_object_add(j, "turns", json_object_new_int64(t.done));
		json_object_object_add(j, "seconds", json_object_new_double(seconds_since(&t.start)));
	}
	gate_finish(&g);
	for (unsigned k = 0; k < 2; k++) {
		results_close(&t.judged[k]);
		json_object_put(t.side[k].file);
	}
	return j;
}
