/* test_trace_real.c - the trace reader on traces that apitrace wrote: a golden of two
 * frames of glxgears, and call by call beside `apitrace dump` where that is here.
 *
 * The golden is written anew with UPDATE_GOLDEN=1.  BLINK_TRACES may name a folder of
 * further traces to read beside apitrace. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/capture/trace_text.h"

#define DATA "tests/capture/data/"

/* The file's place, whether tests run in the source tree or elsewhere. */
static const char *data_path(const char *name)
{
	static char path[1024];
	const char *at = __FILE__, *cut = strstr(at, "tests/capture/");

	snprintf(path, sizeof path, DATA "%s", name);
	if (access(path, R_OK) < 0 && cut)
		snprintf(path, sizeof path, "%.*s" DATA "%s", (int)(cut - at), at, name);
	return path;
}

static char *file_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	assert_non_null(text);
	if (f && !fread(text, 1, (1 << 20) - 1, f))
		text[0] = 0;
	if (f)
		fclose(f);
	return text;
}

/* The lines at the beginning and at the end: the rest is more of the same. */
static char *excerpt(char *text)
{
	enum { HEAD = 60, TAIL = 60 };
	size_t lines = 0, size, no = 0;
	char *out = NULL;
	FILE *f = open_memstream(&out, &size);

	for (char *p = text; *p; p++)
		lines += *p == '\n';
	for (char *p = text, *end; (end = strchr(p, '\n')); p = end + 1, no++)
		if (no < HEAD || no + TAIL >= lines)
			fprintf(f, "%.*s\n", (int)(end - p), p);
	fprintf(f, "%zu calls\n", lines);
	fclose(f);
	return out;
}

static void test_golden(void **state)
{
	struct trace_text_end end;
	char *text = trace_text(data_path("gears.trace"), &end), *seen, *golden;

	(void)state;
	assert_int_equal(end.status, 0);
	assert_false(end.truncated);
	seen = excerpt(text);
	if (getenv("UPDATE_GOLDEN")) {
		FILE *f = fopen(data_path("gears.txt"), "w");

		assert_non_null(f);
		fputs(seen, f);
		fclose(f);
	}
	golden = file_text(data_path("gears.txt"));
	assert_string_equal(seen, golden);
	free(golden);
	free(seen);
	free(text);
}

/* Every length that the file may be cut to, in steps: never an error, never a crash. */
static void test_cuts(void **state)
{
	char *whole = file_text(data_path("gears.trace")), path[64];
	unsigned long n = 0, calls = 0;
	FILE *in = fopen(data_path("gears.trace"), "rb");

	(void)state;
	assert_non_null(in);
	n = fread(whole, 1, 1 << 20, in);
	fclose(in);
	snprintf(path, sizeof path, "/tmp/test_trace_real.%d", getpid());
	for (unsigned long cut = 64; cut < n; cut += 997) {
		struct error err = { 0 };
		struct trace_call c;
		struct trace *t;
		unsigned long seen = 0;
		FILE *f = fopen(path, "wb");
		int r;

		assert_non_null(f);
		assert_int_equal(fwrite(whole, 1, cut, f), cut);
		fclose(f);
		assert_int_equal(trace_open(&t, path, &err), 0);
		while ((r = trace_next(t, &c, &err)) == 1)
			seen++;
		assert_int_equal(r, 0);
		assert_true(trace_truncated(t));
		assert_true(seen >= calls);      /* a longer beginning holds no fewer calls */
		calls = seen;
		trace_close(t);
	}
	assert_true(calls > 1000);
	unlink(path);
	free(whole);
}

/* ---- beside apitrace ---- */

/* The next "NUMBER NAME" that apitrace dump prints; lines that continue a string are
 * passed over: they do not begin with the number that is due. */
static bool dump_call(FILE *dump, unsigned long due, char *name, size_t size)
{
	char line[1 << 16];

	while (fgets(line, sizeof line, dump)) {
		char *end, *fn;
		unsigned long no = strtoul(line, &end, 10);

		if (end == line || no != due || *end != ' ')
			continue;
		fn = end + 1;
		if (*fn == '@')                  /* a thread's number */
			fn += strcspn(fn, " ") + 1;
		snprintf(name, size, "%.*s", (int)strcspn(fn, "("), fn);
		return true;
	}
	return false;
}

static void beside_apitrace(const char *path)
{
	char command[2048], name[256];
	struct error err = { 0 };
	struct trace_call c;
	struct trace *t;
	unsigned long calls = 0, limit = 200000;
	FILE *dump;
	int r = 0;

	snprintf(command, sizeof command, "apitrace dump -v --color=never --thread-ids '%s' 2>/dev/null", path);
	dump = popen(command, "r");
	assert_non_null(dump);
	assert_int_equal(trace_open(&t, path, &err), 0);
	while (calls < limit && (r = trace_next(t, &c, &err)) == 1) {
		if (!dump_call(dump, (unsigned long)c.no, name, sizeof name))
			fail_msg("%s: apitrace shows no call %llu (%s)", path, (unsigned long long)c.no, c.sig->name);
		assert_string_equal(c.sig->name, name);
		calls++;
	}
	if (calls < limit) {
		assert_int_equal(r, 0);
		assert_false(dump_call(dump, calls, name, sizeof name));
	}
	trace_close(t);
	pclose(dump);
}

static void test_beside_apitrace(void **state)
{
	const char *folder = getenv("BLINK_TRACES");
	char pattern[1024];
	glob_t g;

	(void)state;
	if (system("apitrace help >/dev/null 2>&1") != 0) {
		print_message("apitrace is not installed\n");
		skip();
	}
	beside_apitrace(data_path("gears.trace"));
	if (!folder)
		return;
	snprintf(pattern, sizeof pattern, "%s/*.trace", folder);
	if (glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			beside_apitrace(g.gl_pathv[i]);
	globfree(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_beside_apitrace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
