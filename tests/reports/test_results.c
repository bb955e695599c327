/* test_results.c - results files: made from what suites return, written, read, joined,
 * compared; and everything that is no results file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "jit-bench/sample.h"
#include "reports/page.h"
#include "reports/results.h"

#define HEAD "{\"format\":\"blink-results\",\"version\":1,\"invocations\":["
#define INVOCATION "{\"suite\":\"s\",\"environment\":{},\"metrics\":["
#define METRIC(name, more) \
	"{\"case\":\"c\",\"metric\":\"" name "\",\"unit\":\"s\",\"samples\":[1,2.5]" more "}"

static int parse(struct results *r, const char *text, struct error *err)
{
	return results_parse(r, "x.json", text, strlen(text), err);
}

static void whole(void **state)
{
	struct error err = { 0 };
	struct results r;

	(void)state;
	assert_int_equal(parse(&r, HEAD INVOCATION
		METRIC("a", ",\"direction\":\"lower\",\"series\":[{\"name\":\"frame\","
		       "\"unit\":\"ms\",\"runs\":[[],[1,2,3]]}]") ","
		METRIC("b", ",\"exact\":true,\"unknown\":[{}]") "]}]}\n", &err), 0);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.invocations[0].count, 2);
	assert_int_equal(r.invocations[0].metrics[0].direction, RESULTS_LOWER);
	assert_int_equal(r.invocations[0].metrics[0].series[0].run[1].n, 3);
	assert_true(r.invocations[0].metrics[0].samples[1] == 2.5);
	assert_true(results_metric_find(results_suite(&r, "s"), "c", "b")->exact);
	assert_null(results_metric_find(results_suite(&r, "s"), "c", "d"));
	assert_null(results_suite(&r, "t"));
	results_close(&r);
	assert_int_equal(parse(&r, HEAD "]}", &err), 0);
	assert_int_equal(r.count, 0);
	results_close(&r);
}

static void refused(void **state)
{
	static const struct { const char *text, *why; } cases[] = {
		{ "", "ends too early" }, { "{", "ends too early" }, { "[]", "is no object" },
		{ "null", "ends too early" }, { "{}", "format is missing" }, { "nonsense", "not JSON" },
		{ HEAD "]} x", "unexpected character" },
		{ "{\"format\":\"other\",\"version\":1,\"invocations\":[]}", "is not" },
		{ "{\"format\":\"blink-results\",\"version\":2,\"invocations\":[]}", "version 2" },
		{ "{\"format\":\"blink-results\",\"version\":-1,\"invocations\":[]}", "version -1" },
		{ HEAD "5]}", "invocation 1: it is no object" },
		{ HEAD "{\"suite\":\"s\",\"environment\":[],\"metrics\":[]}]}", "environment" },
		{ HEAD "{\"suite\":\"s\\u001b[2J\",\"environment\":{},\"metrics\":[]}]}",
		  "control" },
		{ HEAD "{\"suite\":\"s\",\"environment\":{\"a\":[\"\\u0007\"]},\"metrics\":[]}]}",
		  "control" },
		{ HEAD INVOCATION METRIC("a", "") "," METRIC("a", "") "]}]}", "twice" },
		{ HEAD INVOCATION METRIC("a", ",\"direction\":\"up\"") "]}]}", "direction" },
		{ HEAD INVOCATION METRIC("a", ",\"exact\":1") "]}]}", "metric 1: exact" },
		{ HEAD INVOCATION METRIC("a", ",\"series\":[{\"name\":\"n\",\"unit\":\"u\","
		  "\"runs\":[1]}]") "]}]}", "no list" },
		{ HEAD INVOCATION "{\"case\":\"c\",\"metric\":\"m\",\"unit\":\"s\","
		  "\"samples\":[1,\"2\"]}]}]}", "no number" },
		{ HEAD INVOCATION "{\"case\":\"c\",\"metric\":\"m\",\"unit\":\"s\","
		  "\"samples\":[1e999]}]}]}", "not finite" },
		{ HEAD INVOCATION "{\"case\":\"c\",\"metric\":\"m\",\"unit\":\"s\","
		  "\"samples\":[NaN]}]}]}", "not" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		struct results r;

		assert_true(parse(&r, cases[i].text, &err) < 0);
		if (!strstr(err.text, cases[i].why) || !strstr(err.text, "x.json"))
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_null(r.json);
	}
}

static void deep(void **state)
{
	char text[4096];
	struct error err = { 0 };
	struct results r;

	(void)state;
	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_true(parse(&r, text, &err) < 0);
	assert_true(results_open(&r, "/dev/null", &err) < 0);
	assert_true(results_open(&r, "/nowhere/at/all", &err) < 0);
	assert_true(results_open(&r, "/tmp", &err) < 0);
}

/* ---- made from a suite ------------------------------------------------------------- */

static struct json_object *suite_json(double shift)
{
	struct json_object *j = json_tokener_parse(
		"{\"suite\":\"try\",\"trace\":\"/x/gears.trace\",\"environment\":{\"cpu\":\"z\"},"
		"\"unit\":\"s\",\"direction\":\"lower\",\"trace_bytes\":100,\"peak_bytes\":7,"
		"\"mixes\":[{\"mix\":\"gl\",\"calls\":3},{\"mix\":\"arith\",\"calls\":4}]}");
	struct sample s = { .n = 0 };

	for (unsigned i = 0; i < 8; i++)
		sample_add(&s, shift + 10 + (i * 5 % 8));
	json_object_object_add(j, "time", sample_json(&s));
	return j;
}

static void make(struct results *r, double shift)
{
	struct results_origin o = { .started = "2026-01-01T00:00:00Z" };
	struct json_object *j = suite_json(shift);
	struct error err = { 0 };

	assert_int_equal(results_make(r, j, &o, &err), 0);
	json_object_put(j);
}

static void made(void **state)
{
	char path[] = "/tmp/blink-results-XXXXXX";
	const struct results_metric *m;
	struct results r, back;
	struct error err = { 0 };

	(void)state;
	make(&r, 0);
	m = results_metric_find(&r.invocations[0], "gears", "time");
	assert_non_null(m);
	assert_int_equal(m->n, 8);
	assert_true(m->samples[0] == 10 && m->samples[1] == 15);     /* as they were measured */
	assert_string_equal(m->unit, "s");
	assert_int_equal(m->direction, RESULTS_LOWER);
	m = results_metric_find(&r.invocations[0], "gears", "trace_bytes");
	assert_true(m && m->exact && m->samples[0] == 100);
	assert_null(results_metric_find(&r.invocations[0], "gears", "peak_bytes"));
	assert_non_null(results_metric_find(&r.invocations[0], "gears/arith", "mixes/calls"));
	close(mkstemp(path));
	assert_int_equal(results_save(&r, path, &err), 0);
	assert_int_equal(results_open(&back, path, &err), 0);
	assert_string_equal(back.invocations[0].id, r.invocations[0].id);
	assert_int_equal(results_merge(&back, &r, &err), 0);
	assert_int_equal(back.count, 1);                             /* the same one, once */
	results_close(&r);
	make(&r, 1);
	assert_int_equal(results_merge(&back, &r, &err), 0);
	assert_int_equal(back.count, 2);
	results_close(&r);
	results_close(&back);
	unlink(path);
}

/* Before the format had a name, bench printed the suite's JSON as it was. */
static void before_the_format(void **state)
{
	struct json_object *j = suite_json(0);
	struct error err = { 0 };
	struct results r;

	(void)state;
	assert_int_equal(parse(&r, json_object_to_json_string(j), &err), 0);
	assert_non_null(results_metric_find(&r.invocations[0], "gears", "time"));
	json_object_put(j);
	results_close(&r);
}

static const char *result_of(struct json_object *diff, const char *metric)
{
	struct json_object *rows = json_at(diff, "rows");

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (!strcmp(json_object_get_string(json_at(row, "metric")), metric))
			return json_object_get_string(json_at(row, "result"));
	}
	return "none";
}

static void compared(void **state)
{
	struct results a, b, empty;
	struct error err = { 0 };
	struct json_object *j;
	bool differs = true;

	(void)state;
	make(&a, 0);
	make(&b, 0);
	j = results_diff(&a, &b, &differs, &err);
	assert_non_null(j);
	assert_false(differs);
	assert_string_equal(result_of(j, "time"), "not told apart");
	assert_string_equal(result_of(j, "trace_bytes"), "equal");
	json_object_put(j);
	results_close(&b);
	make(&b, 8);
	j = results_diff(&a, &b, &differs, &err);
	assert_true(differs);
	assert_string_equal(result_of(j, "time"), "worse");
	json_object_put(j);
	j = results_diff(&b, &a, &differs, &err);
	assert_string_equal(result_of(j, "time"), "better");
	json_object_put(j);
	assert_int_equal(parse(&empty, HEAD "]}", &err), 0);
	assert_null(results_diff(&a, &empty, &differs, &err));
	assert_non_null(strstr(err.text, "no metric in common"));
	results_close(&empty);
	results_close(&a);
	results_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(refused), cmocka_unit_test(deep),
		cmocka_unit_test(made), cmocka_unit_test(before_the_format),
		cmocka_unit_test(compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
