/* test_page.c - the pieces of a page, and the demo's page from a small set of results. */
#include <errno.h>
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

#include "reports/demo_page.h"
#include "reports/page.h"

static const char *text(struct buf *b)
{
	buf_append(b, "", 1);
	assert_false(buf_failed(b));
	b->len--;
	return (const char *)b->data;
}

static void test_text_is_escaped(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	html_text(&b, "<a href=\"x\">&</a>");
	assert_string_equal(text(&b), "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;");
	buf_finish(&b);
}

static void test_base64(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfd", "//79" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;

		buf_init(&b);
		html_base64(&b, cases[i].in, strlen(cases[i].in));
		assert_string_equal(text(&b), cases[i].out);
		buf_finish(&b);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		void (*print)(struct buf *, double);
		double n;
		const char *out;
	} cases[] = {
		{ html_count, 0, "0" }, { html_count, 999, "999" }, { html_count, 1234567, "1,234,567" },
		{ html_count, -1000, "-1,000" }, { html_count, -100, "-100" },
		{ html_bytes, 12, "12\u202fB" }, { html_bytes, 11742689, "11.7\u202fMB" },
		{ html_bytes, 1946808690, "1.95\u202fGB" }, { html_bytes, 5e12, "5,000\u202fGB" },
		{ html_number, 0.5, "0.50" }, { html_number, 0.01234, "0.0123" },
		{ html_number, 28.31, "28.3" }, { html_number, 1234.5, "1,234" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;

		buf_init(&b);
		cases[i].print(&b, cases[i].n);
		assert_string_equal(text(&b), cases[i].out);
		buf_finish(&b);
	}
}

static void test_json_paths(void **state)
{
	struct json_object *j = json_tokener_parse("{\"a\":{\"b\":{\"c\":3}},\"s\":\"4\",\"n\":null}");
	double v = 0;

	(void)state;
	assert_true(json_number(j, "a.b.c", &v));
	assert_true(v > 2.9 && v < 3.1);
	assert_false(json_number(j, "a.b.d", &v));
	assert_false(json_number(j, "a.b.c.d", &v));
	assert_false(json_number(j, "s", &v));
	assert_false(json_number(j, "n", &v));
	assert_false(json_number(NULL, "a", &v));
	json_object_put(j);
}

/* -- the demo's page --------------------------------------------------------------- */

static char dir[64];

static void put(const char *name, const char *content)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/game/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(content, 1, strlen(content), f), strlen(content));
	assert_int_equal(fclose(f), 0);
}

static void put_step(const char *name, const char *json)
{
	char file[64];

	snprintf(file, sizeof(file), "%s.cmd", name);
	put(file, "blinkctl something --engine <jit>");
	snprintf(file, sizeof(file), "%s.json", name);
	put(file, json);
}

static int make_results(void **state)
{
	static const char *const replays[] = { "replay-jit", "replay-interp", "null-jit", "null-interp" };
	char path[128];

	(void)state;
	strcpy(dir, "/tmp/blink-page-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/game", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	put("original.png", "not quite");
	put("blink.png", "a picture");
	put_step("convert", "{\"frames\":2,\"calls\":4321,\"trace_bytes\":1000,\"output_bytes\":500}");
	put_step("compare", "{\"compared\":4,\"identical\":4,\"different\":0}");
	for (size_t i = 0; i < sizeof(replays) / sizeof(replays[0]); i++)
		put_step(replays[i], "{\"calls\":4321,\"renderer\":\"a <driver>\",\"cpu_seconds\":{\"run\":0.5},"
			 "\"per_frame\":[{\"frame\":0,\"load\":0,\"verify\":0,\"compile\":0,\"run\":0.25,\"wall\":0.5},"
			 "{\"frame\":1,\"load\":0,\"verify\":0,\"compile\":0,\"run\":0.25,\"wall\":0.5}]}");
	return 0;
}

static int drop_results(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int page_make(struct buf *page, struct error *err)
{
	const char *const programs[] = { "game" };
	char path[128];
	int r;

	snprintf(path, sizeof(path), "%s/index.html", dir);
	unlink(path);
	r = demo_page_write(dir, programs, 1, path, err);
	if (r < 0)
		assert_int_not_equal(access(path, F_OK), 0);
	else
		r = file_append(page, path, err);
	return r;
}

static void need_gnuplot(void)
{
	if (system("command -v gnuplot >/dev/null")) {
		print_message("# gnuplot is not installed (gnuplot-nox)\n");
		skip();
	}
}

static void test_demo_page(void **state)
{
	struct error err = { 0 };
	struct buf page;
	const char *html;

	(void)state;
	need_gnuplot();
	buf_init(&page);
	if (page_make(&page, &err) < 0)
		fail_msg("%s", err.text);
	html = text(&page);
	assert_non_null(strstr(html, "every one is identical"));
	assert_non_null(strstr(html, "4,321"));
	assert_non_null(strstr(html, "50\u202f%"));
	assert_non_null(strstr(html, "bm90IHF1aXRl"));      /* "not quite" */
	assert_non_null(strstr(html, "--engine &lt;jit&gt;"));
	assert_non_null(strstr(html, "a &lt;driver&gt;"));
	assert_non_null(strstr(html, "</svg>"));
	assert_null(strstr(html, "src=\"http"));
	assert_null(strstr(html, "<script"));
	buf_finish(&page);
}

/* A page must not claim what was not seen. */
static void test_demo_page_tells_of_differences(void **state)
{
	struct error err = { 0 };
	struct buf page;

	(void)state;
	need_gnuplot();
	buf_init(&page);
	put_step("compare", "{\"compared\":4,\"identical\":3,\"different\":1}");
	assert_int_equal(page_make(&page, &err), 0);
	assert_null(strstr(text(&page), "every one is identical"));
	assert_non_null(strstr(text(&page), "not all are identical"));
	buf_clear(&page);
	put_step("compare", "{\"compared\":0,\"identical\":0,\"different\":0}");
	assert_int_equal(page_make(&page, &err), 0);
	assert_null(strstr(text(&page), "every one is identical"));
	put_step("compare", "{\"compared\":4,\"identical\":4,\"different\":0}");
	buf_finish(&page);
}

static void test_demo_page_without_gnuplot(void **state)
{
	char *path = strdup(getenv("PATH"));
	struct error err = { 0 };
	struct buf page;
	int r;

	(void)state;
	buf_init(&page);
	setenv("PATH", "/nonexistent", 1);
	r = page_make(&page, &err);
	setenv("PATH", path, 1);
	free(path);
	assert_int_equal(r, -ENODEV);
	assert_non_null(strstr(err.text, "gnuplot-nox"));
	buf_finish(&page);
}

static void test_demo_page_of_bad_results(void **state)
{
	struct error err = { 0 };
	struct buf page;

	(void)state;
	buf_init(&page);
	put_step("info", "{\"cut off");
	assert_true(page_make(&page, &err) < 0);
	assert_non_null(strstr(err.text, "info.json"));
	put_step("info", "{}");
	put_step("null-jit", "{\"calls\":1}");
	assert_true(page_make(&page, &err) < 0);
	buf_finish(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_escaped),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_json_paths),
		cmocka_unit_test(test_demo_page),
		cmocka_unit_test(test_demo_page_tells_of_differences),
		cmocka_unit_test(test_demo_page_without_gnuplot),
		cmocka_unit_test(test_demo_page_of_bad_results),
	};

	return cmocka_run_group_tests(tests, make_results, drop_results);
}
