/* bench_run.c - see bench_run.h. */
#include "cli/bench_run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "blink/base/clock.h"
#include "cli/bench_worker.h"
#include "cli/doctor.h"
#include "jit-bench/rounds.h"
#include "reports/page.h"
#include "reports/results_grow.h"
#include "reports/stats.h"

#define LEVEL 0.95
#define RUNS_FOR_INTERVAL 6u       /* fewer have no interval of 95 % around their median */
#define INPUTS_MOST 64u

struct bench_runner {
	const struct bench_run_options *opt;
	const struct bench_request *q;     /* the suite that runs */
	unsigned part;                     /* its number, and that of its invocation */
	struct json_object *file;
	struct json_object *before;        /* its invocation without the runs of this call */
	struct json_object *inputs;        /* hashed once */
	struct timespec started;           /* the suite, on the calendar */
	double begin, suite_begin;         /* seconds on the monotonic clock */
	unsigned made;                     /* runs in this process, of this suite */
	bool narrow;
	double wanted;                     /* runs until it is narrow, as far as can be said */
	struct error *err;
	int rc;
};

/* ---- an invocation ------------------------------------------------------------------ */

void bench_driver_put(struct json_object *environment)
{
	static struct doctor_gl gl;
	static const char *counters;
	static char why[128];
	struct json_object *j;

	if (!counters) {
		doctor_gl(&gl);
		counters = doctor_counters(why, sizeof(why)) ? "hardware" : why;
	}
	j = json_object_new_object();
	json_object_object_add(j, "renderer", json_object_new_string(gl.works ? gl.renderer
									      : gl.why));
	json_object_object_add(j, "version", json_object_new_string(gl.version));
	json_object_object_add(environment, "driver", j);
	json_object_object_add(environment, "counters", json_object_new_string(counters));
}

/* The suite and its operands: what a file that is resumed must have been made with. */
static struct json_object *asked_json(const struct bench_request *q)
{
	struct json_object *j = json_object_new_array();

	json_object_array_add(j, results_text(q->suite->name));
	for (int i = 0; i < q->argc; i++)
		json_object_array_add(j, results_text(q->argv[i]));
	return j;
}

/* What the suite returned (left as it is), as a checked invocation. */
static struct json_object *invocation_make(struct bench_runner *r, struct json_object *suite)
{
	const char *command[128], *inputs[INPUTS_MOST + 1] = { NULL };
	struct results_origin origin = { .command = command, .inputs = inputs };
	struct json_object *inv = NULL, *environment = json_at(suite, "environment");
	char started[64], words[16384];
	struct results made = { 0 };
	struct tm tm;

	cli_words(command, 128, words, sizeof(words));
	for (int i = 0; !r->inputs && i < r->q->argc && i < (int)r->q->suite->inputs; i++)
		inputs[i] = r->q->argv[i];
	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&r->started.tv_sec, &tm));
	origin.started = started;
	origin.seconds = clock_seconds() - r->suite_begin;
	if (environment && !worker_is())
		bench_driver_put(environment);
	r->rc = results_make(&made, suite, &origin, r->err);
	if (r->rc >= 0) {
		inv = json_object_get(made.invocations[0].json);
		if (!r->inputs)
			r->inputs = json_object_get(json_at(inv, "inputs"));
		json_object_object_add(inv, "inputs", json_object_get(r->inputs));
		json_object_object_add(inv, "asked", asked_json(r->q));
	}
	results_close(&made);
	return inv;
}

/* The runs of this call behind those of the calls before, in the file; written. */
static void runs_take(struct bench_runner *r, struct json_object *suite, unsigned runs)
{
	struct json_object *inv = invocation_make(r, suite), *all = NULL;
	struct results file = { 0 };

	if (!inv)
		return;
	json_object_object_add(inv, "runs", json_object_new_int64((int64_t)runs));
	if (r->before && json_object_deep_copy(r->before, &all, NULL) == 0) {
		results_extend(all, inv);
		json_object_put(inv);
		inv = all;
	}
	results_identify(inv);
	results_file_put(r->file, r->part, inv);
	json_object_put(inv);
	r->rc = results_take(&file, r->opt->output ? r->opt->output : "results",
			     json_object_get(r->file), r->err);
	if (r->rc >= 0 && r->opt->output)
		r->rc = results_save(&file, r->opt->output, r->err);
	results_close(&file);
}

/* ---- is it enough? ------------------------------------------------------------------- */

/* The widest half of a measurement's interval, as a share of its median; HUGE_VAL where
 * there is none yet. */
static double widest(const struct results_invocation *inv, double *runs_wanted, double until)
{
	double worst = 0;

	*runs_wanted = 0;
	for (size_t i = 0; i < inv->count; i++) {
		const struct results_metric *m = &inv->metrics[i];
		struct stats_interval v;
		double half;

		if (m->exact || m->direction == RESULTS_NONE)
			continue;
		v = stats_median_interval(m->samples, m->n, LEVEL);
		if (!v.value.known || v.level < LEVEL)
			return HUGE_VAL;
		half = v.value.v != 0 ? (v.high - v.low) / 2 / fabs(v.value.v)
				      : v.high > v.low ? HUGE_VAL : 0;
		worst = fmax(worst, half);
		*runs_wanted = fmax(*runs_wanted, (double)m->n * (half / until) * (half / until));
	}
	return worst;
}

static void narrow_judge(struct bench_runner *r)
{
	struct results file = { 0 };
	struct error err;

	r->narrow = false;
	r->wanted = BENCH_RUNS_MOST;
	if (results_take(&file, "results", json_object_get(r->file), &err) >= 0 &&
	    r->part < file.count)
		r->narrow = widest(&file.invocations[r->part], &r->wanted, r->opt->until) <=
			    r->opt->until;
	results_close(&file);
}

static unsigned runs_before(const struct bench_runner *r)
{
	return r->before ? (unsigned)results_runs(r->before) : 0;
}

static void progress(const struct bench_runner *r, unsigned total, unsigned most)
{
	double used = clock_seconds() - r->suite_begin, left = -1, part;
	double each = r->made ? used / r->made : 0;
	char what[64], detail[96], time_left[48] = "";

	if (r->opt->until > 0 && total >= RUNS_FOR_INTERVAL && r->wanted < most)
		most = (unsigned)fmax(r->wanted, total + 1);
	if (each > 0)
		left = each * (most - total);
	if (r->opt->seconds > 0) {
		double budget = fmax(0, r->opt->seconds - (clock_seconds() - r->begin));

		left = left < 0 || left > budget ? budget : left;
	}
	part = left >= 0 && used + left > 0 ? used / (used + left) : 0;
	if (left >= 0)
		snprintf(time_left, sizeof(time_left), ", about %.0f s left", left);
	snprintf(what, sizeof(what), "%s (%u of %u)", r->q->suite->name, r->part + 1, r->opt->n);
	snprintf(detail, sizeof(detail), "run %u of %u%s", total + 1, most, time_left);
	if (!r->opt->quiet)
		cli_progress(what, part, detail);
}

static bool more_wanted(struct bench_runner *r, unsigned total, unsigned most)
{
	bool late = r->opt->seconds > 0 && clock_seconds() - r->begin >= r->opt->seconds;

	if (r->rc < 0)
		return false;
	if (r->opt->until > 0 && total)
		narrow_judge(r);
	if (total && late)
		return false;
	if (r->opt->until > 0 && total >= RUNS_FOR_INTERVAL && r->narrow)
		return false;
	if (total < most)
		progress(r, total, most);
	return total < most;
}

/* ---- one suite ------------------------------------------------------------------------ */

static unsigned runs_most(const struct bench_runner *r)
{
	return r->opt->until > 0 && !r->q->args->opt[OPT_RUNS] ? BENCH_RUNS_MOST : r->q->runs;
}

static bool watch(void *user, unsigned done, unsigned runs, bench_so_far so_far, void *suite)
{
	struct bench_runner *r = user;
	struct json_object *j;

	(void)runs;
	r->made = done;
	if (worker_is()) {
		worker_wait();
		return done < r->q->runs;
	}
	if (done && so_far && (j = so_far(suite))) {
		runs_take(r, j, done);
		json_object_put(j);
	}
	return more_wanted(r, runs_before(r) + done, runs_most(r));
}

/* A warm-up is a call of its own whose result is thrown away. */
static int warm(const struct bench_runner *r, struct error *err)
{
	int times = r->opt->warm_up >= 0 ? r->opt->warm_up : (int)r->q->warm;
	struct bench_request q = *r->q;
	struct json_object *j;

	q.runs = 1;
	for (int i = 0; i < times && !worker_is(); i++) {
		j = q.suite->run(&q, err);
		if (!j)
			return err->code;
		json_object_put(j);
	}
	return 0;
}

static struct json_object *watched_run(struct bench_runner *r)
{
	struct bench_request q = *r->q;
	struct json_object *j;

	q.runs = runs_most(r);
	bench_watch(watch, r);
	j = q.suite->run(&q, r->err);
	bench_watch(NULL, NULL);
	if (j && r->rc >= 0)
		runs_take(r, j, r->made);
	return j;
}

/* Called again and again: each call's runs are behind those of the calls before. */
static struct json_object *sliced_run(struct bench_runner *r)
{
	struct json_object *j = NULL;
	struct bench_request q = *r->q;
	unsigned total = runs_before(r), most = runs_most(r);

	while (more_wanted(r, total, most)) {
		q.runs = most - total < q.slice ? most - total : q.slice;
		json_object_put(j);
		j = q.suite->run(&q, r->err);
		if (!j)
			break;
		r->made += q.runs;
		runs_take(r, j, q.runs);
		if (r->rc < 0)
			break;
		json_object_put(r->before);
		r->before = json_object_get(results_file_at(r->file, r->part));
		total = runs_before(r);
	}
	return j;
}

static int suite_run(struct bench_runner *r, struct bench_run_result *out)
{
	unsigned before = runs_before(r);

	clock_gettime(CLOCK_REALTIME, &r->started);
	r->suite_begin = clock_seconds();
	r->made = 0;
	json_object_put(out->last);
	out->last = NULL;
	if (before && !more_wanted(r, before, runs_most(r)))
		return r->rc;
	r->err->code = 0;
	if (warm(r, r->err) < 0)
		return r->err->code;
	r->suite_begin = clock_seconds();
	out->last = r->q->slice ? sliced_run(r) : watched_run(r);
	out->whole = r->opt->n == 1 && !before && (!r->q->slice || r->made <= r->q->slice);
	if (!out->last && r->rc >= 0)
		r->rc = r->err->code ? r->err->code : -EIO;
	return r->rc;
}

/* ---- all of them ------------------------------------------------------------------------ */

/* The file that is there must have been made by the same suites on the same operands. */
static int resume(struct bench_runner *r)
{
	struct results file = { 0 };
	int rc;

	if (access(r->opt->output, F_OK) && errno == ENOENT)
		return 0;                        /* killed before its first run was done */
	rc = results_open(&file, r->opt->output, r->err);
	if (rc >= 0 && file.count > r->opt->n)
		rc = error_set(r->err, -EINVAL, "%s: has other suites: cannot be resumed",
			       r->opt->output);
	for (size_t i = 0; rc >= 0 && i < file.count; i++) {
		struct json_object *asked = asked_json(&r->opt->requests[i]);

		if (!json_object_equal(asked, json_at(file.invocations[i].json, "asked")))
			rc = error_set(r->err, -EINVAL, "%s: was not made by this command: cannot "
				       "be resumed", r->opt->output);
		json_object_put(asked);
	}
	if (rc >= 0) {
		json_object_put(r->file);
		r->file = json_object_get(file.json);
	}
	results_close(&file);
	return rc;
}

int bench_run(const struct bench_run_options *opt, struct bench_run_result *out,
	      struct error *err)
{
	struct bench_runner r = { .opt = opt, .err = err, .file = results_file_new(),
				  .begin = clock_seconds() };

	*out = (struct bench_run_result){ .narrow = true };
	if (opt->resume)
		r.rc = resume(&r);
	for (unsigned i = 0; i < opt->n && r.rc >= 0; i++) {
		r.part = i;
		r.q = &opt->requests[i];
		r.narrow = true;
		r.before = json_object_get(i < results_file_count(r.file) ?
					   results_file_at(r.file, i) : NULL);
		r.rc = suite_run(&r, out);
		out->narrow &= r.narrow;
		json_object_put(r.before);
		json_object_put(r.inputs);
		r.before = r.inputs = NULL;
	}
	cli_progress(NULL, -1, NULL);
	out->file = r.file;
	return r.rc;
}

void bench_run_finish(struct bench_run_result *r)
{
	json_object_put(r->file);
	json_object_put(r->last);
	*r = (struct bench_run_result){ .narrow = false };
}
