/* bench_server_hold.c - how many clients hold the display's rate, and how many should.
 *
 * Holding, by definition: at most 1 % of display periods without a new picture, over all
 * clients, in two of three runs of opt->seconds.  (Natively: of intervals over 1.5 periods.
 * An interval that lacks two pictures counts twice when served, once natively.)
 *
 * The limit is first found by short runs, from a prediction: upwards or downwards by a
 * quarter, then by halving; then by the definition, from there down while it fails.
 * Numbers are tried in steps of a sixteenth, so that the end is near.
 *
 * The prediction is from the cost of few clients.  What serves all of them, and draws, has a
 * period for each of its threads (a server's painters); all processors together have as many
 * periods as they are.
 */
#include "jit-bench/bench_server.h"

#include <stdio.h>
#include <unistd.h>

#define LATE_MOST 0.01
#define SCREEN_SECONDS 2.0
#define FEW 6u
#define HELD_MOST 120u

struct search {
	const struct server_case *c;
	const struct bench_server_options *opt;
	struct bench_server_options brief;     /* of a short run */
	struct server_held *out;
	struct error *err;
};

static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

static unsigned step_of(unsigned n)
{
	return n < 32 ? 1 : n / 16;
}

static unsigned bounded(double n)
{
	return n < 1 ? 1 : n > HELD_MOST ? HELD_MOST : (unsigned)n;
}

/* ---- what it should be ------------------------------------------------------------------ */

static int predict(struct search *s)
{
	double period = 1e3 / s->opt->rate, machine, thread;
	struct server_run run;
	int e = server_run(s->c, &s->brief, FEW, &run, s->err);

	if (e < 0)
		return e;
	s->out->draw_ms = run.server_cpu / FEW;
	s->out->client_ms = run.client_cpu / FEW;
	machine = processors() * period / (run.cpu > 0 ? run.cpu / FEW : period);
	/* (virgl has a process for each client) */
	thread = run.server_cpu > 0 && !s->c->virgl ? period / s->out->draw_ms : machine;
	if (run.painters > 1)
		thread *= run.painters;
	s->out->predicted = (unsigned)(machine < thread ? machine : thread);
	return 0;
}

/* ---- trials ------------------------------------------------------------------------------- */

static double share_of_all(const struct search *s, const struct server_run *run)
{
	return run->cpu * s->opt->rate * 1e-3 / processors();
}

static void progress(const struct search *s, unsigned n, const struct server_run *run, int e)
{
	if (e == 0 && isatty(STDERR_FILENO))
		fprintf(stderr, "%s: %u clients: %.2f %% late, 99th percentile %.1f ms\n",
			s->c->text, n, 100 * run->late, run->interval_p99);
}

/* 1 so many hold in one short run, 0 not. */
static int screened(struct search *s, unsigned n)
{
	struct server_run run;
	int e = server_run(s->c, &s->brief, n, &run, s->err);

	s->out->trials++;
	progress(s, n, &run, e);
	return e < 0 ? e : run.late <= LATE_MOST;
}

/* The same by the definition; what was found then is kept when they do. */
static int holds(struct search *s, unsigned n)
{
	struct server_run worse = { 0 };
	unsigned good = 0, bad = 0;

	while (good < 2 && bad < 2) {
		struct server_run run;
		int e = server_run(s->c, s->opt, n, &run, s->err);

		if (e < 0)
			return e;
		s->out->trials++;
		progress(s, n, &run, e);
		if (run.late > LATE_MOST) {
			bad++;
			continue;
		}
		good++;
		if (run.interval_p99 >= worse.interval_p99)
			worse = run;
	}
	if (good < 2) {
		s->out->failed = n;
		return 0;
	}
	s->out->held = n;
	s->out->late = worse.late;
	s->out->p99 = worse.interval_p99;
	s->out->cpu = share_of_all(s, &worse);
	return 1;
}

/* ---- the search ------------------------------------------------------------------------------ */

/* Least that fails and most that holds in short runs, away from n by quarters. */
static int bracket(struct search *s, unsigned n, unsigned *low, unsigned *high)
{
	int e = screened(s, n);
	bool up = e > 0;

	*low = up ? n : 0;
	*high = up ? HELD_MOST + 1 : n;
	while (e >= 0 && n > 1 && n < HELD_MOST) {
		n = bounded(up ? n * 1.25 + 1 : n * 0.8);
		e = screened(s, n);
		if (e >= 0)
			*(e ? low : high) = n;
		if (e >= 0 && (e > 0) != up)
			return 0;
	}
	return e < 0 ? e : 0;
}

static int halve(struct search *s, unsigned *low, unsigned *high)
{
	while (*high - *low > step_of(*low)) {
		unsigned n = (*low + *high) / 2;
		int e = screened(s, n);

		if (e < 0)
			return e;
		*(e ? low : high) = n;
	}
	return 0;
}

/* From n on, by the definition. */
static int settle(struct search *s, unsigned n)
{
	int e = holds(s, n);

	while (e == 0 && n > 1) {
		n -= step_of(n) < n ? step_of(n) : n - 1;
		e = holds(s, n);
	}
	return e < 0 ? e : 0;
}

int server_hold(const struct server_case *c, const struct bench_server_options *opt,
		struct server_held *out, struct error *err)
{
	struct search s = { c, opt, *opt, out, err };
	unsigned low, high;
	int e;

	*out = (struct server_held){ 0 };
	if (s.brief.seconds > SCREEN_SECONDS)
		s.brief.seconds = SCREEN_SECONDS;
	e = predict(&s);
	low = bounded(out->predicted * 0.8);
	if (e == 0 && opt->nclients == 2) {
		low = opt->clients[0];
		high = opt->clients[1];
	} else if (e == 0) {
		e = bracket(&s, low, &low, &high);
	}
	if (e == 0)
		e = halve(&s, &low, &high);
	if (e == 0) {
		out->failed = high <= HELD_MOST ? high : 0;
		e = settle(&s, low ? low : 1);
	}
	return e;
}
