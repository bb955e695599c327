/* test_stats.c - the statistics against SciPy's (stats_reference.tsv, made by
 * stats_reference.py), and short series, which have answers of their own.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/stats.h"

#define REFERENCE "tests/reports/stats_reference.tsv"
#define FIELDS 24
#define VALUES 256

struct row {
	char *test, *parameter;
	struct { double v[VALUES]; size_t n; } set[FIELDS];   /* 0: expected */
	size_t sets;
};

static void near(double got, double expected, double tolerance)
{
	if (fabs(got - expected) > tolerance * fmax(1, fabs(expected)))
		fail_msg("%.17g instead of %.17g", got, expected);
}

static unsigned metric(const char *name)
{
	for (unsigned m = 0; m < stats_frame_metric_count; m++)
		if (!strcmp(stats_frame_metrics[m].name, name))
			return m;
	fail_msg("no metric %s", name);
	return 0;
}

/* ---- reference values --------------------------------------------------------------- */

static void quantile(const struct row *r)
{
	struct stats_value v = stats_quantile(r->set[1].v, r->set[1].n, atof(r->parameter));

	assert_true(v.known);
	near(v.v, r->set[0].v[0], 1e-12);
}

static void median_interval(const struct row *r)
{
	struct stats_interval i = stats_median_interval(r->set[1].v, r->set[1].n,
							atof(r->parameter));

	assert_true(i.value.known);
	near(i.value.v, r->set[0].v[0], 1e-12);
	near(i.low, r->set[0].v[1], 1e-12);
	near(i.high, r->set[0].v[2], 1e-12);
	near(i.level, r->set[0].v[3], 1e-9);
}

static void mann_whitney(const struct row *r)
{
	struct stats_u u = stats_mann_whitney(r->set[1].v, r->set[1].n, r->set[2].v,
					      r->set[2].n);

	assert_true(u.p.known);
	assert_int_equal(u.exact, !strcmp(r->parameter, "exact"));
	near(u.u, r->set[0].v[0], 1e-12);
	near(u.p.v, r->set[0].v[1], 1e-9);
}

static void cliff(const struct row *r)
{
	near(stats_cliff(r->set[1].v, r->set[1].n, r->set[2].v, r->set[2].n).v,
	     r->set[0].v[0], 1e-12);
}

static void ks_distance(const struct row *r)
{
	near(stats_ks_distance(r->set[1].v, r->set[1].n, r->set[2].v, r->set[2].n).v,
	     r->set[0].v[0], 1e-12);
}

static void ks(const struct row *r)
{
	size_t na = (size_t)atoi(r->parameter), n = r->sets - 1;
	struct stats_run runs[FIELDS];
	struct stats_ks k;

	for (size_t i = 0; i < n; i++)
		runs[i] = (struct stats_run){ r->set[i + 1].v, r->set[i + 1].n };
	k = stats_ks(runs, na, runs + na, n - na);
	assert_true(k.distance.known && k.p.known && k.exact);
	near(k.distance.v, r->set[0].v[0], 1e-12);
	near(k.p.v, r->set[0].v[1], 1e-12);
	assert_true(k.p.v >= k.least - 1e-12);
}

static void ks_paired(const struct row *r)
{
	size_t pairs = (size_t)atoi(r->parameter);
	struct stats_run runs[FIELDS];
	struct stats_ks k;

	for (size_t i = 0; i < 2 * pairs; i++)
		runs[i] = (struct stats_run){ r->set[i + 1].v, r->set[i + 1].n };
	k = stats_ks_paired(runs, runs + pairs, pairs);
	assert_true(k.distance.known && k.p.known && k.exact);
	near(k.distance.v, r->set[0].v[0], 1e-12);
	near(k.p.v, r->set[0].v[1], 1e-12);
	assert_true(k.p.v >= k.least - 1e-12);
}

static void frame_metric(const struct row *r)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(r->parameter, "@"), r->parameter);
	near(stats_frames(metric(name), r->set[1].v, r->set[1].n,
			  atof(strchr(r->parameter, '@') + 1)).v, r->set[0].v[0], 1e-9);
}

static void holm(const struct row *r)
{
	double p[VALUES];

	memcpy(p, r->set[1].v, sizeof(p));
	stats_holm(p, r->set[1].n);
	for (size_t i = 0; i < r->set[1].n; i++)
		near(p[i], r->set[0].v[i], 1e-12);
}

/* Two bootstraps draw differently: their ends agree to a part of the interval. */
static void interval_near(struct stats_interval i, const struct row *r)
{
	double width = r->set[0].v[2] - r->set[0].v[1];

	assert_true(i.value.known && i.level == 0.95);
	near(i.value.v, r->set[0].v[0], 1e-12);
	assert_true(fabs(i.low - r->set[0].v[1]) < width / 8);
	assert_true(fabs(i.high - r->set[0].v[2]) < width / 8);
}

static void ratio_paired(const struct row *r)
{
	interval_near(stats_ratio_paired(r->set[1].v, r->set[2].v, r->set[1].n, 0.95), r);
}

static void ratio(const struct row *r)
{
	interval_near(stats_ratio(r->set[1].v, r->set[1].n, r->set[2].v, r->set[2].n, 0.95), r);
}

static void outliers(const struct row *r)
{
	unsigned char flag[VALUES];
	size_t n = stats_outliers(r->set[1].v, r->set[1].n, flag), expected = 0;

	for (size_t i = 0; i < r->set[1].n; i++) {
		assert_int_equal(flag[i], (int)r->set[0].v[i]);
		expected += r->set[0].v[i] != 0;
	}
	assert_int_equal(n, expected);
}

static const struct { const char *name; void (*check)(const struct row *); } checks[] = {
	{ "quantile", quantile }, { "median_interval", median_interval },
	{ "mann_whitney", mann_whitney }, { "cliff", cliff }, { "ks_distance", ks_distance },
	{ "ks", ks }, { "holm", holm }, { "ratio_paired", ratio_paired }, { "ratio", ratio },
	{ "outliers", outliers }, { "ks_paired", ks_paired }, { "frames", frame_metric },
};
enum { CHECKS = sizeof(checks) / sizeof(checks[0]) };

static bool row_read(char *line, struct row *r)
{
	char *field, *number, *end;

	line[strcspn(line, "\n")] = 0;
	if (line[0] == '#' || !line[0])
		return false;
	r->test = strsep(&line, "\t");
	r->parameter = strsep(&line, "\t");
	for (r->sets = 0; (field = strsep(&line, "\t")); r->sets++) {
		assert_true(r->sets < FIELDS);
		r->set[r->sets].n = 0;
		while ((number = strsep(&field, " ")) && *number) {
			assert_true(r->set[r->sets].n < VALUES);
			r->set[r->sets].v[r->set[r->sets].n++] = strtod(number, &end);
			assert_true(*end == 0);
		}
	}
	return true;
}

static void reference(void **state)
{
	FILE *f = fopen(REFERENCE, "r");
	unsigned seen[CHECKS] = { 0 };
	static char line[65536];
	static struct row r;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned i = 0;

		if (!row_read(line, &r))
			continue;
		while (i < CHECKS && strcmp(checks[i].name, r.test))
			i++;
		assert_true(i < CHECKS);
		seen[i]++;
		checks[i].check(&r);
	}
	fclose(f);
	for (unsigned i = 0; i < CHECKS; i++)
		assert_true(seen[i] > 0);
}

/* ---- short series ------------------------------------------------------------------------ */

static void short_series(void **state)
{
	static const double v[] = { 3, 1, 2 }, zero[] = { 0, 0, 0 };
	struct stats_run none = { NULL, 0 }, one = { v, 3 };
	unsigned char flag[3];
	struct stats_interval i;

	(void)state;
	assert_false(stats_median(NULL, 0).known);
	assert_non_null(stats_median(NULL, 0).why);
	i = stats_median_interval(NULL, 0, 0.95);
	assert_true(!i.value.known && i.level == 0);
	i = stats_median_interval(v, 1, 0.95);
	assert_true(i.value.v == 3 && i.low == 3 && i.high == 3 && i.level == 0);
	i = stats_ratio_paired(v, v, 0, 0.95);
	assert_false(i.value.known);
	i = stats_ratio_paired(v, v, 1, 0.95);
	assert_true(i.value.v == 1 && i.level == 0);
	i = stats_ratio_paired(v, zero, 3, 0.95);
	assert_false(i.value.known);
	i = stats_ratio(v, 3, zero, 3, 0.95);
	assert_false(i.value.known);
	assert_false(stats_mann_whitney(v, 3, NULL, 0).p.known);
	assert_true(stats_mann_whitney(v, 1, v + 1, 1).p.v == 1);
	assert_true(stats_mann_whitney(zero, 3, zero, 3).p.v == 1);
	assert_false(stats_cliff(NULL, 0, v, 3).known);
	assert_false(stats_ks_distance(NULL, 0, v, 3).known);
	assert_false(stats_ks(&none, 1, &one, 1).p.known);
	assert_true(stats_ks(&one, 1, &one, 1).p.v == 1);
	assert_int_equal(stats_outliers(v, 3, flag), 0);
	stats_holm(NULL, 0);
}

static void frames_short(void **state)
{
	static const double t[] = { 10, 20, 30 }, none[] = { 0, 0, 0 };

	(void)state;
	for (unsigned m = 0; m < stats_frame_metric_count; m++)
		for (size_t n = 0; n <= 3; n++) {
			struct stats_value v = stats_frames(m, t, n, 60);

			assert_int_equal(v.known, n >= stats_frame_metrics[m].least);
			assert_true(isfinite(v.v) && v.v >= 0);
			assert_true(v.known || v.why);
			assert_true(isfinite(stats_frames(m, none, n, 60).v));
		}
}

static void frames(void **state)
{
	double t[1000];

	(void)state;
	/* 990 frames of 10 ms, then ten of 100 ms */
	for (unsigned i = 0; i < 1000; i++)
		t[i] = i < 990 ? 10 : 100;
	near(stats_frames(metric("median frame time"), t, 1000, 60).v, 10, 1e-12);
	near(stats_frames(metric("frame rate"), t, 1000, 60).v, 1e6 / 10900, 1e-12);
	near(stats_frames(metric("1 % low"), t, 1000, 60).v, 10, 1e-12);
	near(stats_frames(metric("0.1 % low"), t, 1000, 60).v, 10, 1e-12);
	near(stats_frames(metric("stutter"), t, 1000, 60).v, 1, 1e-12);
	near(stats_frames(metric("jitter"), t, 1000, 60).v, 90.0 / 999, 1e-12);
	/* 100 ms is six periods of 60 Hz, ten of 100 Hz: five and nine deadlines passed */
	/* ten frames of 10 ms at 100 Hz: each is shown 10 ms after the last, as it should be; at
	 * 60 Hz ends of 10, 20, 30 ms are seen at 16.7, 33.3, 33.3: 6.7 and 10 ms off */
	near(stats_frames(metric("animation error"), t, 10, 100).v, 0, 1e-9);
	near(stats_frames(metric("animation error"), t, 3, 60).v, (20.0 / 3 + 10) / 2, 1e-9);
	near(stats_frames(metric("missed deadlines"), t, 1000, 60).v, 50, 1e-12);
	near(stats_frames(metric("missed deadlines"), t, 1000, 100).v, 90, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference), cmocka_unit_test(short_series),
		cmocka_unit_test(frames_short), cmocka_unit_test(frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
