/* test_echo.c - a chunk that a forked child wrote, which the next chunk starts with, is
 * read once, and trace_drop_echoes takes it out of the file. */
#include <setjmp.h>
#include <snappy-c.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/trace.h"
#include "tests/support/tracegen.h"

static char path[64];

static void chunk(FILE *f, const uint8_t *raw, size_t n)
{
	size_t max = snappy_max_compressed_length(n);
	char *out = malloc(max);
	uint32_t len;

	assert_int_equal(snappy_compress((const char *)raw, n, out, &max), SNAPPY_OK);
	len = (uint32_t)max;
	fwrite(&len, 1, 4, f);
	fwrite(out, 1, max, f);
	free(out);
}

/* 40 calls; the first echoes chunks hold a beginning of what the last one holds. */
static void write_trace(unsigned echoes)
{
	struct tracegen *g = tracegen_create();
	FILE *f = fopen(path, "wb");
	const uint8_t *raw;
	size_t size;

	assert_non_null(f);
	tracegen_window(g);
	for (int i = 0; i < 36; i++)
		tracegen_call(g, 0, "glVertex2f", "x=f,y=f", (double)i, 1.0);
	raw = tracegen_raw(g, &size);
	fwrite("at", 1, 2, f);
	for (unsigned i = 0; i < echoes; i++)
		chunk(f, raw, size / 2 + i * 7);
	chunk(f, raw, size);
	fclose(f);
	tracegen_destroy(g);
}

static unsigned calls_of(void)
{
	struct error err = { 0 };
	struct trace_call call;
	struct trace *t;
	unsigned n = 0;
	int r;

	if (trace_open(&t, path, &err) < 0)
		fail_msg("%s", err.text);
	while ((r = trace_next(t, &call, &err)) > 0)
		assert_int_equal(call.no, n++);
	if (r < 0)
		fail_msg("%s", err.text);
	trace_close(t);
	return n;
}

static void test_read(void **state)
{
	(void)state;
	for (unsigned echoes = 0; echoes < 4; echoes++) {
		write_trace(echoes);
		assert_int_equal(calls_of(), 40);
	}
}

static void test_drop(void **state)
{
	struct error err = { 0 };

	(void)state;
	for (unsigned echoes = 0; echoes < 4; echoes++) {
		write_trace(echoes);
		assert_int_equal(trace_drop_echoes(path, &err), (int)echoes);
		assert_int_equal(trace_drop_echoes(path, &err), 0);
		assert_int_equal(calls_of(), 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_drop),
	};
	int failed;

	snprintf(path, sizeof(path), "/tmp/test_echo.%d.trace", (int)getpid());
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
