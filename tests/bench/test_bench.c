/* test_bench.c - what measuring rests on: quantiles, ratios, the clock, processes, and
 * that the mixes are what they claim to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "blink/sp/sp.h"
#include "jit-bench/clock.h"
#include "jit-bench/mixes.h"
#include "jit-bench/process.h"
#include "jit-bench/sample.h"

static void quantiles(void **state)
{
	struct sample s = { .n = 0 };
	static const double v[] = { 5, 1, 4, 2, 3 };

	(void)state;
	assert_true(sample_median(&s) == 0);
	for (unsigned i = 0; i < 5; i++)
		sample_add(&s, v[i]);
	assert_true(sample_median(&s) == 3);
	assert_true(sample_quantile(&s, 0) == 1);
	assert_true(sample_quantile(&s, 1) == 5);
	assert_true(sample_quantile(&s, 0.125) == 1.5);
}

static double field(struct json_object *j, const char *key)
{
	return json_object_get_double(json_object_object_get(j, key));
}

/* The ratio is taken run by run: a machine that slows down both sides changes nothing. */
static void ratios(void **state)
{
	struct sample a = { .n = 0 }, b = { .n = 0 };
	struct json_object *j;

	(void)state;
	for (unsigned i = 1; i <= 20; i++) {
		sample_add(&a, 2.0 * i);
		sample_add(&b, 10.0 * i);
	}
	j = sample_ratio_json(&a, &b);
	assert_true(field(j, "median") == 0.2);
	assert_true(field(j, "low") == 0.2 && field(j, "high") == 0.2);
	json_object_put(j);
	j = sample_total_ratio_json(&a, &b);
	assert_true(fabs(field(j, "ratio") - 0.2) < 1e-9);
	assert_true(fabs(field(j, "low") - 0.2) < 1e-9 && fabs(field(j, "high") - 0.2) < 1e-9);
	json_object_put(j);
	a.v[3] = 1000;
	j = sample_ratio_json(&a, &b);
	assert_true(field(j, "median") == 0.2);
	json_object_put(j);
}

static void clock_is_calibrated(void **state)
{
	struct bench_clock c;
	struct bench_span s;
	double core, ticks, seconds;
	struct timespec from, to;

	(void)state;
	bench_clock_init(&c);
	assert_true(c.core_per_tick > 0.05 && c.core_per_tick < 20);
	clock_gettime(CLOCK_MONOTONIC, &from);
	bench_span_begin(&c, &s);
	do
		clock_gettime(CLOCK_MONOTONIC, &to);
	while ((to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec < 20000000);
	core = bench_span_end(&c, &s, &ticks);
	seconds = ticks / c.ticks_per_second;
	assert_true(core > 0);
	assert_true(seconds > 0.015 && seconds < 1);
	bench_clock_finish(&c);
}

static void processes(void **state)
{
	const char *spin[] = { "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done",
			       NULL };
	const char *env[] = { "BLINK_TEST=7", NULL };
	const char *told[] = { "sh", "-c", "[ \"$BLINK_TEST\" = 7 ]", NULL };
	const char *fails[] = { "sh", "-c", "echo first >&2; echo the reason >&2; exit 3", NULL };
	const char *absent[] = { "blink-no-such-program", NULL };
	struct process_cost cost;
	struct error err;

	(void)state;
	assert_int_equal(process_run(spin, NULL, &cost, &err), 0);
	assert_true(cost.cpu > 0 && cost.wall > 0 && cost.peak_bytes > 100000);
	assert_int_equal(process_run(told, env, &cost, &err), 0);
	assert_int_equal(process_run(fails, NULL, &cost, &err), -EIO);
	assert_non_null(strstr(err.text, "exit status 3: the reason"));
	assert_int_equal(process_run(absent, NULL, &cost, &err), -ENOPKG);
}

static void mixes(void **state)
{
	static const unsigned counts[] = { 8034, 8034, 8193 };

	(void)state;
	assert_int_equal(bench_mix_count, 3);
	for (unsigned i = 0; i < bench_mix_count; i++) {
		const uint32_t *rec, *end;
		struct buf code;
		unsigned n = 0;
		bool bad = false;

		buf_init(&code);
		bench_mixes[i].make(&code);
		assert_false(buf_failed(&code));
		rec = (const uint32_t *)(const void *)code.data;
		end = rec + code.len / 4;
		for (; (rec = sp_next(rec, end, &bad)) != NULL; n++)
			rec += gl_ops[sp_opcode(*rec)].words;
		assert_false(bad);
		assert_int_equal(n, counts[i]);
		assert_int_equal(sp_opcode(end[-1]), OP_end);
		buf_finish(&code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles),
		cmocka_unit_test(ratios),
		cmocka_unit_test(clock_is_calibrated),
		cmocka_unit_test(processes),
		cmocka_unit_test(mixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
