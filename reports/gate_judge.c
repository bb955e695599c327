/* gate_judge.c - one metric's verdict: see gate.h. */
#include "reports/gate.h"

#include <math.h>
#include <stdlib.h>

#define FLIPS_EXACT 13u                /* pairs whose signs are all tried: 2^13 */
#define FLIPS 9999u
#define RUNS_MOST 100000.0

const char *const gate_verdict_names[] = { "passed", "regressed", "inconclusive" };

const struct gate_policy gate_policy_default = {
	.alpha = 0.05, .level = 0.95, .least = 0.01, .margin = 0.02, .distance = 0.1,
	.runs = 5,
};

/* ---- pairs --------------------------------------------------------------------------- */

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static double flipped_sum(const double *d, size_t n, uint64_t (*signs)(void *), void *user)
{
	double sum = 0;
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 64 == 0)
			bits = signs(user);
		sum += bits >> i % 64 & 1 ? d[i] : -d[i];
	}
	return fabs(sum);
}

static uint64_t signs_given(void *user) { return *(uint64_t *)user; }
static uint64_t signs_random(void *user) { return next(user); }

/* Two-sided p that the log ratios d have no preferred sign (Fisher and Pitman). */
static double sign_flip_p(const double *d, size_t n)
{
	uint64_t state = 0x9e3779b97f4a7c15u, all = 1ull << (n < FLIPS_EXACT ? n : FLIPS_EXACT);
	size_t extreme = 0;
	double seen = 0;

	for (size_t i = 0; i < n; i++)
		seen += d[i];
	seen = fabs(seen) * (1 - 1e-12);
	if (n <= FLIPS_EXACT) {
		for (uint64_t s = 0; s < all; s++)
			extreme += flipped_sum(d, n, signs_given, &s) >= seen;
		return (double)extreme / (double)all;
	}
	for (size_t k = 0; k < FLIPS; k++)
		extreme += flipped_sum(d, n, signs_random, &state) >= seen;
	return (double)(extreme + 1) / (FLIPS + 1);
}

/* False where a sample is not positive: then there are no log ratios. */
static bool paired_p(const double *a, const double *b, size_t n, double *p)
{
	double *d = malloc((n ? n : 1) * sizeof(*d));
	bool known = d && n > 1;

	for (size_t i = 0; known && i < n; i++) {
		known = a[i] > 0 && b[i] > 0;
		d[i] = known ? log(a[i] / b[i]) : 0;
	}
	if (known)
		*p = sign_flip_p(d, n);
	free(d);
	return known;
}

/* ---- measurements ---------------------------------------------------------------------- */

void gate_measure(struct gate_judgement *g, const struct gate_policy *policy,
		  enum results_direction better, const double *base, size_t nbase,
		  const double *now, size_t nnow, bool paired)
{
	/* what is worse stands above the line */
	const double *up = better == RESULTS_HIGHER ? base : now;
	const double *down = better == RESULTS_HIGHER ? now : base;
	size_t nup = better == RESULTS_HIGHER ? nbase : nnow;
	size_t ndown = better == RESULTS_HIGHER ? nnow : nbase;
	struct stats_u u;

	*g = (struct gate_judgement){ .p = 1, .verdict = GATE_INCONCLUSIVE };
	paired = paired && nbase == nnow;
	g->worse = paired ? stats_ratio_paired(up, down, nup, policy->level)
			  : stats_ratio(up, nup, down, ndown, policy->level);
	if (paired && paired_p(up, down, nup, &g->p)) {
		g->tested = true;
		return;
	}
	u = stats_mann_whitney(up, nup, down, ndown);
	g->tested = u.p.known && nup > 1 && ndown > 1;
	if (g->tested)
		g->p = u.p.v;
}

/* An interval of half width h shrinks with the root of the number of runs. */
static size_t runs_until(size_t n, double h, double wanted)
{
	double runs;

	if (!(wanted > 0) || !(h > 0))
		return 0;
	runs = ceil((double)n * (h / wanted) * (h / wanted) * 1.1);
	if (runs <= (double)n)
		runs = (double)n + 1;
	return runs < RUNS_MOST ? (size_t)runs : 0;
}

static void runs_estimate(struct gate_judgement *g, const struct gate_policy *policy, size_t n)
{
	double v = g->worse.value.v;
	size_t to_pass = v < 1 + policy->margin ?
		runs_until(n, g->worse.high - v, 1 + policy->margin - v) : 0;
	size_t to_fail = v >= 1 + policy->least ? runs_until(n, v - g->worse.low, v - 1) : 0;

	/* whichever comes first; two runs at least of what the test needs */
	g->runs = to_pass && (!to_fail || to_pass < to_fail) ? to_pass : to_fail;
}

void gate_measure_decide(struct gate_judgement *g, const struct gate_policy *policy,
			 size_t nbase, size_t nnow)
{
	size_t n = nbase < nnow ? nbase : nnow;

	g->verdict = GATE_INCONCLUSIVE;
	if (n < policy->runs || !g->worse.value.known || g->worse.level <= 0) {
		g->runs = n < policy->runs ? policy->runs : 0;
		g->why = n < policy->runs ? "too few runs" : "no ratio: a median is zero";
	} else if (g->tested && g->p < policy->alpha && g->worse.low > 1 &&
		   g->worse.value.v >= 1 + policy->least) {
		g->verdict = GATE_REGRESSED;
		g->why = "worse than chance and than the least change";
	} else if (g->worse.high < 1 + policy->margin) {
		g->verdict = GATE_PASSED;
		g->why = g->worse.high < 1 ? "better" : "within the margin";
	} else {
		g->why = "the interval reaches over the margin";
		runs_estimate(g, policy, n);
	}
}

/* ---- counts ------------------------------------------------------------------------------ */

static bool one_value(const double *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (v[i] < v[0] || v[i] > v[0])
			return false;
	return true;
}

void gate_exact(struct gate_judgement *g, enum results_direction better, const double *base,
		size_t nbase, const double *now, size_t nnow)
{
	*g = (struct gate_judgement){ .p = 1, .verdict = GATE_REGRESSED };
	g->worse = better == RESULTS_HIGHER ? stats_ratio(base, nbase, now, nnow, 0.95)
					    : stats_ratio(now, nnow, base, nbase, 0.95);
	if (!nbase || !nnow) {
		g->verdict = GATE_INCONCLUSIVE;
		g->runs = 1;
		g->why = "no samples";
	} else if (!one_value(base, nbase)) {
		g->verdict = GATE_INCONCLUSIVE;
		g->why = "the base's own runs differ: not an exact metric";
	} else if (!one_value(now, nnow)) {
		g->why = "runs differ: it was exact in the base";
	} else if (!(now[0] < base[0]) && !(now[0] > base[0])) {
		g->verdict = GATE_PASSED;
		g->why = "equal";
	} else if (better == RESULTS_NONE) {
		g->why = "changed, and no direction is good";
	} else if ((now[0] < base[0]) == (better == RESULTS_LOWER)) {
		g->verdict = GATE_PASSED;
		g->why = "better: the base may be brought up to date";
	} else {
		g->why = "worse";
	}
}

/* ---- shapes ------------------------------------------------------------------------------ */

/* Relative to its own median, each run: how much work a frame is, and how busy the machine
 * was, are not its shape.  A run whose median is 0 stays as it is.  NULL: no memory. */
static double *runs_scale(const struct stats_run *runs, size_t n, struct stats_run *out)
{
	size_t total = 0;
	double *v;

	for (size_t i = 0; i < n; i++)
		total += runs[i].n;
	v = calloc(total + 1, sizeof(*v));
	total = 0;
	for (size_t i = 0; v && i < n; i++) {
		double median = stats_median(runs[i].v, runs[i].n).v;

		out[i] = (struct stats_run){ .v = v + total, .n = runs[i].n };
		for (size_t k = 0; k < runs[i].n; k++)
			v[total++] = runs[i].v[k] / (median > 0 ? median : 1);
	}
	return v;
}

static struct stats_ks relative_ks(const struct stats_run *base, size_t nbase,
				   const struct stats_run *now, size_t nnow, bool paired)
{
	struct stats_run *runs = calloc(nbase + nnow + 1, sizeof(*runs));
	double *a = runs ? runs_scale(now, nnow, runs) : NULL;
	double *b = runs ? runs_scale(base, nbase, runs + nnow) : NULL;
	struct stats_ks ks = { .distance.why = "out of memory", .p.why = "out of memory" };

	if (a && b)
		ks = paired && nbase == nnow ? stats_ks_paired(runs, runs + nnow, nnow)
					     : stats_ks(runs, nnow, runs + nnow, nbase);
	free(a);
	free(b);
	free(runs);
	return ks;
}

void gate_shape(struct gate_judgement *g, const struct gate_policy *policy,
		const struct stats_run *base, size_t nbase, const struct stats_run *now,
		size_t nnow, bool paired)
{
	struct stats_ks ks = relative_ks(base, nbase, now, nnow, paired);

	*g = (struct gate_judgement){ .p = 1, .verdict = GATE_INCONCLUSIVE };
	g->worse.value = ks.distance;
	if (ks.distance.known)
		g->worse.low = g->worse.high = ks.distance.v;
	g->tested = ks.p.known;
	if (g->tested)
		g->p = ks.p.v;
	/* two sides of n runs can be told apart in C(2n, n) / 2 ways, pairs in 2^n / 2 */
	if (!ks.p.known || ks.least >= policy->alpha)
		g->runs = policy->runs;
}

/* Median over the runs of one quantile of each. */
static struct stats_value quantile_of_runs(const struct stats_run *r, size_t n, double q)
{
	double *v = malloc((n ? n : 1) * sizeof(*v));
	struct stats_value answer = { .why = "out of memory" };
	size_t k = 0;

	for (size_t i = 0; v && i < n; i++) {
		struct stats_value x = stats_quantile(r[i].v, r[i].n, q);

		if (x.known)
			v[k++] = x.v;
	}
	if (v)
		answer = stats_median(v, k);
	free(v);
	return answer;
}

struct stats_value gate_shape_median(const struct stats_run *runs, size_t n)
{
	return quantile_of_runs(runs, n, 0.5);
}

static bool tail_worse(const struct gate_policy *policy, const struct stats_run *base,
		       size_t nbase, const struct stats_run *now, size_t nnow)
{
	static const double tails[] = { 0.95, 0.99 };
	struct stats_value low[2] = { quantile_of_runs(base, nbase, 0.05),
				      quantile_of_runs(now, nnow, 0.05) };

	for (unsigned i = 0; i < 2; i++) {
		struct stats_value a = quantile_of_runs(base, nbase, tails[i]);
		struct stats_value b = quantile_of_runs(now, nnow, tails[i]);

		if (!a.known || !b.known || !low[0].known || !low[1].known)
			continue;
		if (b.v > a.v * (1 + policy->least) ||
		    b.v - low[1].v > (a.v - low[0].v) * (1 + policy->least) + a.v * policy->least)
			return true;
	}
	return false;
}

void gate_shape_decide(struct gate_judgement *g, const struct gate_policy *policy,
		       const struct stats_run *base, size_t nbase,
		       const struct stats_run *now, size_t nnow)
{
	size_t n = nbase < nnow ? nbase : nnow;

	g->verdict = GATE_INCONCLUSIVE;
	if (n < policy->runs || !g->tested || g->runs) {
		g->runs = n < policy->runs ? policy->runs : 2 * n;
		g->why = "too few runs for any p to be small enough";
	} else if (g->worse.value.v < policy->distance) {
		g->verdict = GATE_PASSED;
		g->why = g->p >= policy->alpha ? "not told apart" : "closer than the least distance";
	} else if (g->p >= policy->alpha) {
		/* the distance of two equal ones shrinks with the root of the number of runs */
		g->runs = runs_until(n, g->worse.value.v, policy->distance);
		g->why = "perhaps only chance, but farther than the least distance";
	} else if (tail_worse(policy, base, nbase, now, nnow)) {
		g->verdict = GATE_REGRESSED;
		g->why = "another shape, with a worse tail";
	} else {
		g->verdict = GATE_PASSED;
		g->why = "another shape, its tail no worse";
	}
}
