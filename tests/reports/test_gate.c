/* test_gate.c - the judge's verdicts: by hand-made cases, and by what it says of a
 * hundred pairs of simulated noisy runs without and with a slowdown. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "reports/gate.h"
#include "reports/page.h"

/* ---- noise ---------------------------------------------------------------------------- */

static uint64_t seed = 1;

static double uniform(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return ((double)(seed >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/* One measurement of something that takes `size`: 1 % of noise, and now and then a
 * neighbour on the machine; the load, shared by both sides of a turn, wanders. */
static double noisy(double size, double load)
{
	double v = size * load * exp(0.01 * normal());

	return uniform() < 0.1 ? v * (1 + 0.2 * uniform()) : v;
}

#define TURNS 40u

static enum gate_verdict judge_simulated(double slower, bool paired)
{
	struct gate_judgement g;
	double a[TURNS], b[TURNS], load = 1;

	for (unsigned i = 0; i < TURNS; i++) {
		load *= exp(0.01 * normal());
		a[i] = noisy(100, paired ? load : 1);
		b[i] = noisy(100 * slower, paired ? load : 1);
	}
	gate_measure(&g, &gate_policy_default, RESULTS_LOWER, a, TURNS, b, TURNS, paired);
	gate_measure_decide(&g, &gate_policy_default, TURNS, TURNS);
	return g.verdict;
}

static void simulate(double slower, bool paired, unsigned count[3])
{
	seed = 1;
	memset(count, 0, 3 * sizeof(*count));
	for (unsigned i = 0; i < 100; i++)
		count[judge_simulated(slower, paired)]++;
}

static void test_noise_alone_passes(void **state)
{
	unsigned n[3];

	(void)state;
	for (int paired = 0; paired < 2; paired++) {
		simulate(1, paired, n);
		assert_true(n[GATE_REGRESSED] <= 5);
		assert_true(n[GATE_PASSED] >= 80);
	}
}

static void test_a_slowdown_is_found(void **state)
{
	unsigned n[3];

	(void)state;
	for (int paired = 0; paired < 2; paired++) {
		simulate(1.03, paired, n);
		assert_true(n[GATE_REGRESSED] >= 80);
		assert_int_equal(n[GATE_PASSED], 0);
		simulate(1.10, paired, n);
		assert_true(n[GATE_REGRESSED] >= 99);
		simulate(0.97, paired, n);
		assert_int_equal(n[GATE_REGRESSED], 0);
	}
}

/* ---- single metrics --------------------------------------------------------------------- */

struct sample_case {
	const char *name;
	enum results_direction better;
	double base[12], now[12];
	size_t nbase, nnow;
	enum gate_verdict verdict;
	bool runs;                      /* says how many runs are needed */
};

#define TEN(v) { v, v * 1.001, v * 0.999, v, v * 1.002, v * 0.998, v, v * 1.001, v * 0.999, v }

static const struct sample_case measured[] = {
	{ "equal", RESULTS_LOWER, TEN(10), TEN(10), 10, 10, GATE_PASSED, false },
	{ "slower", RESULTS_LOWER, TEN(10), TEN(11), 10, 10, GATE_REGRESSED, false },
	{ "faster", RESULTS_LOWER, TEN(11), TEN(10), 10, 10, GATE_PASSED, false },
	{ "fewer frames per second", RESULTS_HIGHER, TEN(11), TEN(10), 10, 10, GATE_REGRESSED,
	  false },
	{ "more frames per second", RESULTS_HIGHER, TEN(10), TEN(11), 10, 10, GATE_PASSED, false },
	{ "less than the least change", RESULTS_LOWER, TEN(10), TEN(10.05), 10, 10, GATE_PASSED,
	  false },
	{ "no runs", RESULTS_LOWER, { 0 }, { 0 }, 0, 0, GATE_INCONCLUSIVE, true },
	{ "one run", RESULTS_LOWER, { 10 }, { 20 }, 1, 1, GATE_INCONCLUSIVE, true },
	{ "three runs", RESULTS_LOWER, { 1, 2, 3 }, { 9, 9, 9 }, 3, 3, GATE_INCONCLUSIVE, true },
	{ "wide", RESULTS_LOWER, { 8, 12, 9, 11, 10, 13, 7, 10 }, { 11, 8, 12, 9, 13, 10, 9, 7 },
	  8, 8, GATE_INCONCLUSIVE, true },
	{ "zeros", RESULTS_LOWER, { 0, 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0 }, 6, 6,
	  GATE_INCONCLUSIVE, false },
};

static void test_measured(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(measured) / sizeof(measured[0]); i++) {
		const struct sample_case *c = &measured[i];

		for (int paired = 0; paired < 2; paired++) {
			struct gate_judgement g;

			gate_measure(&g, &gate_policy_default, c->better, c->base, c->nbase,
				     c->now, c->nnow, paired);
			gate_measure_decide(&g, &gate_policy_default, c->nbase, c->nnow);
			if (g.verdict != c->verdict || (g.runs > 0) != c->runs)
				fail_msg("%s (paired %d): %s, %zu runs: %s", c->name, paired,
					 gate_verdict_names[g.verdict], g.runs, g.why);
			assert_true(g.p >= 0 && g.p <= 1);
		}
	}
}

static const struct sample_case exact[] = {
	{ "equal", RESULTS_LOWER, { 7, 7 }, { 7 }, 2, 1, GATE_PASSED, false },
	{ "one more", RESULTS_LOWER, { 7 }, { 8 }, 1, 1, GATE_REGRESSED, false },
	{ "one less", RESULTS_LOWER, { 7 }, { 6 }, 1, 1, GATE_PASSED, false },
	{ "one less where more is better", RESULTS_HIGHER, { 7 }, { 6 }, 1, 1, GATE_REGRESSED,
	  false },
	{ "another, no direction", RESULTS_NONE, { 7 }, { 6 }, 1, 1, GATE_REGRESSED, false },
	{ "noisy now", RESULTS_LOWER, { 7, 7 }, { 7, 6 }, 2, 2, GATE_REGRESSED, false },
	{ "noisy base", RESULTS_LOWER, { 7, 6 }, { 7, 7 }, 2, 2, GATE_INCONCLUSIVE, false },
	{ "nothing", RESULTS_LOWER, { 0 }, { 7 }, 0, 1, GATE_INCONCLUSIVE, true },
};

static void test_exact(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
		const struct sample_case *c = &exact[i];
		struct gate_judgement g;

		gate_exact(&g, c->better, c->base, c->nbase, c->now, c->nnow);
		if (g.verdict != c->verdict || (g.runs > 0) != c->runs)
			fail_msg("%s: %s: %s", c->name, gate_verdict_names[g.verdict], g.why);
	}
}

/* ---- shapes -------------------------------------------------------------------------------- */

#define RUNS 8u
#define FRAMES 300u

/* Frame times around 10 ms; stutter: every tenth frame takes much longer, and as many as
 * that take less, so that the median stays. */
static void frames_make(double v[RUNS][FRAMES], struct stats_run *runs, double spread,
			double stutter)
{
	for (unsigned r = 0; r < RUNS; r++) {
		for (unsigned i = 0; i < FRAMES; i++) {
			v[r][i] = 10 + spread * normal();
			if (i % 10 == 0)
				v[r][i] += stutter;
			if (i % 10 == 5)
				v[r][i] -= stutter / 4;
		}
		runs[r] = (struct stats_run){ v[r], FRAMES };
	}
}

static enum gate_verdict shape(double spread_a, double stutter_a, double spread_b,
			       double stutter_b, size_t n)
{
	static double a[RUNS][FRAMES], b[RUNS][FRAMES];
	struct stats_run ra[RUNS], rb[RUNS];
	struct gate_judgement g;

	frames_make(a, ra, spread_a, stutter_a);
	frames_make(b, rb, spread_b, stutter_b);
	gate_shape(&g, &gate_policy_default, ra, n, rb, n, false);
	gate_shape_decide(&g, &gate_policy_default, ra, n, rb, n);
	return g.verdict;
}

static void test_shapes(void **state)
{
	(void)state;
	seed = 3;
	assert_int_equal(shape(0.2, 0, 0.2, 0, RUNS), GATE_PASSED);
	assert_int_equal(shape(0.2, 0, 0.2, 4, RUNS), GATE_REGRESSED);
	assert_int_equal(shape(0.2, 4, 0.2, 0, RUNS), GATE_PASSED);
	assert_int_equal(shape(0.2, 0, 0.6, 0, RUNS), GATE_REGRESSED);
	assert_int_equal(shape(0.6, 0, 0.2, 0, RUNS), GATE_PASSED);
	assert_int_equal(shape(0.2, 0, 0.2, 4, 2), GATE_INCONCLUSIVE);
}

/* ---- files ---------------------------------------------------------------------------------- */

#define FILE_TEXT(cpu, values, counts, extra) \
	"{\"format\":\"blink-results\",\"version\":1,\"invocations\":[{\"id\":\"" cpu values \
	"\",\"suite\":\"s\",\"command\":[\"x\"]," extra "\"environment\":{\"cpu\":\"" cpu "\"}," \
	"\"inputs\":[],\"metrics\":[{\"case\":\"c\",\"metric\":\"time\",\"unit\":\"ms\"," \
	"\"direction\":\"lower\",\"samples\":[" values "]},{\"case\":\"c\",\"metric\":\"calls\"," \
	"\"unit\":\"calls\",\"direction\":\"lower\",\"exact\":true,\"samples\":[" counts "]}]}]}"
#define BASE_VALUES "10,10.01,9.99,10,10.02,9.98"
#define SLOW_VALUES "12,12.01,11.99,12,12.02,11.98"

static int gate_texts(const char *a, const char *b, bool unlike, struct gate *g,
		      struct results *base, struct results *now)
{
	struct gate_policy policy = gate_policy_default;
	struct error err = { 0 };

	policy.unlike = unlike;
	if (results_parse(base, "base", a, strlen(a), &err) < 0 ||
	    results_parse(now, "new", b, strlen(b), &err) < 0)
		fail_msg("%s", err.text);
	return gate_run(g, &policy, NULL, base, now, &err);
}

static const struct {
	const char *base, *now;
	bool unlike;
	int result;
	enum gate_verdict verdict;
} files[] = {
	{ FILE_TEXT("A", BASE_VALUES, "5", ""), FILE_TEXT("A", BASE_VALUES, "5", ""), false, 0,
	  GATE_PASSED },
	{ FILE_TEXT("A", BASE_VALUES, "5", ""), FILE_TEXT("A", SLOW_VALUES, "5", ""), false, 0,
	  GATE_REGRESSED },
	{ FILE_TEXT("A", BASE_VALUES, "5", "\"turns\":\"t\","),
	  FILE_TEXT("A", SLOW_VALUES, "5", "\"turns\":\"t\","), false, 0, GATE_REGRESSED },
	{ FILE_TEXT("A", BASE_VALUES, "5", ""), FILE_TEXT("A", BASE_VALUES, "6", ""), false, 0,
	  GATE_REGRESSED },
	{ FILE_TEXT("A", BASE_VALUES, "5", ""), FILE_TEXT("A", "10, 10", "5", ""), false, 0,
	  GATE_INCONCLUSIVE },
	{ FILE_TEXT("A", BASE_VALUES, "5", ""), FILE_TEXT("B", BASE_VALUES, "5", ""), false, -1,
	  GATE_PASSED },
	{ FILE_TEXT("A", BASE_VALUES, "5", ""), FILE_TEXT("B", BASE_VALUES, "5", ""), true, 0,
	  GATE_PASSED },
};

static void test_files(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct results base = { 0 }, now = { 0 };
		struct gate g;
		int r = gate_texts(files[i].base, files[i].now, files[i].unlike, &g, &base, &now);

		if (r != 0 && files[i].result == 0)
			fail_msg("case %u: %d", i, r);
		if (files[i].result)
			assert_true(r < 0);
		else
			assert_int_equal(g.verdict, files[i].verdict);
		if (r == 0)
			gate_finish(&g);
		results_close(&base);
		results_close(&now);
	}
}

static void test_junit(void **state)
{
	struct results base = { 0 }, now = { 0 };
	struct error err = { 0 };
	struct gate g;
	struct buf b;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_gate.%d.xml", (int)getpid());
	assert_int_equal(gate_texts(files[1].base, files[1].now, false, &g, &base, &now), 0);
	assert_int_equal(gate_junit(&g, path, &err), 0);
	buf_init(&b);
	assert_true(file_append(&b, path, &err) >= 0);
	buf_append(&b, "", 1);
	assert_non_null(strstr((char *)b.data, "<testsuite name=\"s\" tests=\"2\" failures=\"1\" "
			       "skipped=\"0\""));
	assert_non_null(strstr((char *)b.data, "classname=\"c\" name=\"time\""));
	assert_non_null(strstr((char *)b.data, "<failure message="));
	buf_finish(&b);
	gate_finish(&g);
	results_close(&base);
	results_close(&now);
	unlink(path);
}

/* ---- policies ------------------------------------------------------------------------------- */

static const struct { const char *text; bool good; } policies[] = {
	{ "{}", true },
	{ "{\"alpha\": 0.01, \"runs\": 7, \"ignore\": [\"time\"], \"unlike\": true}", true },
	{ "{\"margin\": 1}", true },
	{ "", false }, { "[]", false }, { "{\"alpha\": 2}", false }, { "{\"alpha\": \"x\"}", false },
	{ "{\"alhpa\": 0.1}", false }, { "{\"runs\": 0}", false }, { "{\"ignore\": 3}", false },
	{ "{\"ignore\": [1, null]}", true },
};

static void test_policies(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_gate.%d.json", (int)getpid());
	for (unsigned i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		struct gate_policy p;
		struct error err = { 0 };
		char **ignore = NULL;
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		fputs(policies[i].text, f);
		fclose(f);
		if ((gate_policy_read(&p, &ignore, path, &err) == 0) != policies[i].good)
			fail_msg("%s: %s", policies[i].text, err.text);
		gate_ignore_free(ignore);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noise_alone_passes),
		cmocka_unit_test(test_a_slowdown_is_found),
		cmocka_unit_test(test_measured),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_junit),
		cmocka_unit_test(test_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
