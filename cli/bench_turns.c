/* bench_turns.c - see bench_turns.h. */
#include "cli/bench_turns.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/bench_worker.h"
#include "cli/command.h"
#include "reports/page.h"
#include "reports/results_grow.h"

#define WORDS_MOST 64u

struct side {
	const char *program, *output;
	struct json_object *file;          /* results so far; NULL: none */
	char scratch[PATH_MAX];            /* what a turn of it writes */
};

struct turns {
	const struct bench_turns_options *opt;
	struct side side[2];               /* base, new */
	unsigned done;
	char mark[40];
	struct timespec start;
	struct results judged[2];          /* what the gate's rows point into */
};

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) * 1e-9;
}

/* ---- one turn --------------------------------------------------------------------------- */

static int side_start(const struct bench_part *part, const struct side *s, struct worker *w,
		      struct error *err)
{
	const char *argv[WORDS_MOST + 8] = { s->program, "bench" };
	char runs[16];
	unsigned n = 2;

	for (const char *const *word = part->words; *word && n < WORDS_MOST; word++)
		argv[n++] = *word;
	snprintf(runs, sizeof(runs), "%u", part->runs);
	argv[n++] = "--runs";
	argv[n++] = runs;
	argv[n++] = "--output";
	argv[n++] = s->scratch;
	argv[n] = NULL;
	unlink(s->scratch);
	return worker_start(w, argv, part->fresh, err);
}

/* Both sides' runs: first one, then the other, then the other, then the one... */
static int part_run(struct turns *t, const struct bench_part *part, struct error *err)
{
	struct worker w[2];
	unsigned first = t->done % 2;
	int e = side_start(part, &t->side[first], &w[0], err), f;

	if (e < 0)
		return e;
	e = side_start(part, &t->side[!first], &w[1], err);
	if (e < 0) {
		worker_finish(&w[0], &(struct error){ 0 });
		return e;
	}
	for (unsigned run = 0; run < part->runs; run++) {
		worker_go(&w[run % 2]);
		worker_go(&w[!(run % 2)]);
	}
	e = worker_finish(&w[0], err);
	f = worker_finish(&w[1], e < 0 ? &(struct error){ 0 } : err);
	return e < 0 ? e : f;
}

/* The scratch file's samples go to the side's invocation number `part`. */
static int side_gather(struct turns *t, struct side *s, unsigned part, struct error *err)
{
	struct results r = { 0 };
	int e = results_open(&r, s->scratch, err);

	unlink(s->scratch);
	if (e >= 0 && r.count != 1)
		e = error_set(err, -EINVAL, "%s: wrote %zu invocations, not one", s->program, r.count);
	if (e >= 0) {
		struct json_object *inv = r.invocations[0].json;

		results_condense(inv);
		if (!s->file)
			s->file = results_file_new();
		if (part < results_file_count(s->file)) {
			results_extend(results_file_at(s->file, part), inv);
		} else {
			json_object_object_add(inv, "turns", json_object_new_string(t->mark));
			results_file_add(s->file, inv);
		}
	}
	results_close(&r);
	return e;
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

/* Nothing of a turn that failed in the midst stays: it is not saved, and ends everything. */
static int turn_run(struct turns *t, bool counts, struct error *err)
{
	int e = 0;

	for (unsigned i = 0; i < t->opt->nparts && e >= 0; i++) {
		e = part_run(t, &t->opt->parts[i], err);
		for (unsigned k = 0; k < 2 && e >= 0 && counts; k++)
			e = side_gather(t, &t->side[k], i, err);
		for (unsigned k = 0; k < 2; k++)
			unlink(t->side[k].scratch);
	}
	for (unsigned k = 0; k < 2 && e >= 0 && counts; k++)
		e = side_save(&t->side[k], err);
	t->done += e >= 0 && counts;
	return e;
}

/* ---- the gate's looks ------------------------------------------------------------------- */

static unsigned first_look(const struct turns *t)
{
	return t->opt->policy->runs > 2 ? (unsigned)t->opt->policy->runs : 2;
}

static unsigned looks_possible(const struct turns *t)
{
	unsigned looks = 1;

	for (unsigned n = first_look(t); n < t->opt->turns; n *= 2)
		looks++;
	return looks;
}

static bool look_due(const struct turns *t)
{
	unsigned n = first_look(t);

	while (n < t->done)
		n *= 2;
	return n == t->done;
}

static int judge(struct turns *t, struct gate *g, struct error *err)
{
	struct gate_policy policy = *t->opt->policy;
	unsigned looks = looks_possible(t);
	int e = 0;

	gate_finish(g);
	policy.alpha /= looks;
	policy.level = 1 - (1 - policy.level) / looks;
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

static int side_resume(const struct turns *t, struct side *s, struct error *err)
{
	struct results r = { 0 };
	int e = results_open(&r, s->output, err);

	if (e >= 0 && (r.count != t->opt->nparts || !json_at(r.invocations[0].json, "turns")))
		e = error_set(err, -EINVAL, "%s: was not made in turns of these suites: cannot be "
			      "resumed", s->output);
	if (e >= 0)
		s->file = json_object_get(r.json);
	results_close(&r);
	return e;
}

static bool together(const struct turns *t)
{
	for (unsigned i = 0; i < t->opt->nparts; i++)
		if (!json_object_equal(json_at(results_file_at(t->side[0].file, i), "turns"),
				       json_at(results_file_at(t->side[1].file, i), "turns")))
			return false;
	return true;
}

/* Only turns that all suites of both sides have finished are gone on with: a kill between
 * the two files leaves one with a turn more. */
static int resume(struct turns *t, struct error *err)
{
	size_t least = SIZE_MAX;

	/* killed before its first turn was done, or between the files of that */
	for (unsigned k = 0; k < 2; k++)
		if (access(t->side[k].output, F_OK) && errno == ENOENT)
			return 0;
	for (unsigned k = 0; k < 2; k++) {
		int e = side_resume(t, &t->side[k], err);

		if (e < 0)
			return e;
	}
	if (!together(t))
		return error_set(err, -EINVAL, "%s and %s were not made together: cannot be resumed",
				 t->side[0].output, t->side[1].output);
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < t->opt->nparts; i++) {
			size_t n = results_runs(results_file_at(t->side[k].file, i));

			least = n < least ? n : least;
		}
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < t->opt->nparts; i++)
			results_cut(results_file_at(t->side[k].file, i), least);
	t->done = (unsigned)least;
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

	for (unsigned i = 0; i < opt->warm_up && e >= 0 && t->done < opt->turns; i++) {
		progress(t);
		e = turn_run(t, false, err);
	}
	while (e >= 0 && t->done < opt->turns) {
		if (t->done && opt->seconds > 0 && seconds_since(&t->start) >= opt->seconds)
			break;
		progress(t);
		e = turn_run(t, true, err);
		if (e < 0 || !look_due(t))
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
	struct turns t = { .opt = opt,
			   .side = { { .program = opt->other, .output = opt->base_output },
				     { .program = opt->self, .output = opt->output } } };
	struct json_object *j = NULL;
	struct gate g = { 0 };
	int e = 0;

	clock_gettime(CLOCK_MONOTONIC, &t.start);
	snprintf(t.mark, sizeof(t.mark), "%llx-%x", (unsigned long long)time(NULL),
		 (unsigned)getpid());
	for (unsigned k = 0; k < 2; k++)
		if (snprintf(t.side[k].scratch, PATH_MAX, "%s.turn", t.side[k].output) >= PATH_MAX)
			e = error_set(err, -ENAMETOOLONG, "%s: the name is too long",
				      t.side[k].output);
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
