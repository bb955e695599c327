/* test_trace.c - the trace reader on streams made by hand: every kind of value, every
 * version, threads, chunk borders; and on everything that can be wrong with a file. */
#include <errno.h>
#include <setjmp.h>
#include <snappy-c.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "blink/base/buf.h"
#include "capture/trace.h"
#include "tests/capture/trace_text.h"

/* ---- streams by hand ---- */

static void put(struct buf *b, int byte)
{
	uint8_t c = (uint8_t)byte;

	buf_append(b, &c, 1);
}

static void put_uint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put(b, (int)(v & 0x7f) | 0x80);
	put(b, (int)v);
}

static void put_string(struct buf *b, const char *s)
{
	put_uint(b, strlen(s));
	buf_append(b, s, strlen(s));
}

static void put_header(struct buf *b, unsigned version)
{
	put_uint(b, version);
	if (version >= 6) {
		put_uint(b, version);
		put_string(b, "os");
		put_string(b, "toy");
		put_string(b, "");
	}
}

/* Enters function id, spelling its signature out. */
static void put_enter(struct buf *b, unsigned version, unsigned thread, unsigned id, const char *name, int nargs)
{
	put(b, 0);
	if (version >= 4)
		put_uint(b, thread);
	put_uint(b, id);
	if (!name)
		return;
	put_string(b, name);
	put_uint(b, (uint64_t)nargs);
	for (int i = 0; i < nargs; i++)
		put_string(b, (char[]){ (char)('a' + i % 26), 0 });
}

static void put_leave(struct buf *b, uint64_t no)
{
	put(b, 1);
	put_uint(b, no);
}

static void put_arg(struct buf *b, unsigned no)
{
	put(b, 1);
	put_uint(b, no);
}

/* A call whose one argument is what follows; end with put_done. */
static void put_one(struct buf *b, unsigned version, const char *name)
{
	put_header(b, version);
	put_enter(b, version, 0, 0, name, 1);
	put_arg(b, 0);
}

static void put_done(struct buf *b)
{
	put(b, 0);
	put_leave(b, 0);
	put(b, 0);
}

/* The container, in chunks of so many bytes; its bytes in out. */
static void pack(const struct buf *raw, size_t chunk, struct buf *out)
{
	buf_append(out, "at", 2);
	for (size_t i = 0; i < raw->len; i += chunk) {
		size_t n = raw->len - i < chunk ? raw->len - i : chunk;
		size_t packed = snappy_max_compressed_length(n);
		char *to = malloc(packed);

		assert_non_null(to);
		assert_int_equal(snappy_compress((const char *)raw->data + i, n, to, &packed), SNAPPY_OK);
		buf_u32(out, (uint32_t)packed);
		buf_append(out, to, packed);
		free(to);
	}
}

static char path[64];

static void save(const void *data, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* Reads raw's trace and returns it as text. */
static char *read_raw(const struct buf *raw, size_t chunk, struct trace_text_end *end)
{
	struct buf file;
	char *text;

	buf_init(&file);
	pack(raw, chunk, &file);
	save(file.data, file.len);
	buf_finish(&file);
	text = trace_text(path, end);
	assert_non_null(text);
	return text;
}

static void expect(const struct buf *raw, const char *wanted)
{
	struct trace_text_end end;

	for (size_t chunk = 1; chunk < 40 || chunk == 1 << 20; chunk = chunk == 39 ? 1 << 20 : chunk + 1) {
		char *text = read_raw(raw, chunk, &end);

		assert_string_equal(text, wanted);
		assert_int_equal(end.status, 0);
		assert_false(end.truncated);
		free(text);
	}
}

static void refuse(struct buf *raw, const char *word)
{
	struct trace_text_end end;
	char *text = read_raw(raw, 1 << 20, &end);

	assert_true(end.status < 0);
	if (!strstr(end.error, word))
		fail_msg("'%s' is not in: %s", word, end.error);
	free(text);
	buf_finish(raw);
}

/* ---- values ---- */

static void put_kinds(struct buf *b)
{
	static const uint8_t blob[] = { 1, 2, 0xfe };
	float f = 1.5f;
	double d = -0.25;

	put_header(b, 6);
	put_enter(b, 6, 3, 7, "kinds", 14);
	put_arg(b, 0); put(b, 0);
	put_arg(b, 1); put(b, 1);
	put_arg(b, 2); put(b, 2);
	put_arg(b, 3); put(b, 3); put_uint(b, 300);
	put_arg(b, 4); put(b, 4); put_uint(b, UINT64_MAX);
	put_arg(b, 5); put(b, 5); buf_append(b, &f, 4);
	put_arg(b, 6); put(b, 6); buf_append(b, &d, 8);
	put_arg(b, 7); put(b, 7); put_string(b, "shader");
	put_arg(b, 8); put(b, 8); put_uint(b, 3); buf_append(b, blob, 3);
	put_arg(b, 9); put(b, 9);                        /* enum, first seen */
	put_uint(b, 2); put_uint(b, 3);
	put_string(b, "NONE"); put(b, 4); put_uint(b, 0);
	put_string(b, "ZERO"); put(b, 4); put_uint(b, 0);
	put_string(b, "MINUS"); put(b, 3); put_uint(b, 1);
	put(b, 3); put_uint(b, 1);
	put_arg(b, 10); put(b, 10);                      /* bitmask, first seen */
	put_uint(b, 0); put_uint(b, 1); put_string(b, "BIT"); put_uint(b, 4); put_uint(b, 6);
	put_arg(b, 11); put(b, 11); put_uint(b, 2);      /* array of enum again and bitmask again */
	put(b, 9); put_uint(b, 2); put(b, 4); put_uint(b, 0);
	put(b, 10); put_uint(b, 0); put_uint(b, 1);
	put_arg(b, 12); put(b, 12);                      /* struct */
	put_uint(b, 0); put_string(b, "Rect"); put_uint(b, 2); put_string(b, "w"); put_string(b, "h");
	put(b, 4); put_uint(b, 8); put(b, 13); put_uint(b, 0x1000);
	put_arg(b, 13); put(b, 14);                      /* human and machine */
	put(b, 7); put_string(b, "human"); put(b, 4); put_uint(b, 5);
	put(b, 0);
	put_leave(b, 0);
	put(b, 2); put(b, 15); put_uint(b, 2); put_uint(b, 'x'); put_uint(b, 0x20ac);
	put(b, 0);
}

static const char kinds_text[] =
	"0 @3 kinds(null, false, true, -300, 18446744073709551615, 1.5, -0.25, \"shader\", "
	"blob(3:0102fe), MINUS=-1, 0x6, {NONE=0, 0x1}, Rect{w=8, h=0x1000}, repr(\"human\", 5)) = L\"x\xe2\x82\xac\"\n";

static void test_kinds(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	put_kinds(&b);
	expect(&b, kinds_text);
	buf_finish(&b);
}

static void test_versions(void **state)
{
	(void)state;
	for (unsigned version = 0; version <= 6; version++) {
		char wanted[128];
		struct buf b;

		buf_init(&b);
		put_header(&b, version);
		put_enter(&b, version, 5, 0, "f", 2);
		if (version < 4) {
			put(&b, 3);              /* the thread is a detail */
			put_uint(&b, 5);
		}
		put_arg(&b, 0); put(&b, 9); put_uint(&b, 1);
		if (version >= 3)
			put_uint(&b, 1);
		put_string(&b, "E"); put(&b, 4); put_uint(&b, 9);
		if (version >= 3) {
			put(&b, 4); put_uint(&b, 9);
		}
		put_arg(&b, 1); put(&b, 9); put_uint(&b, 1);
		if (version >= 3) {
			put(&b, 4); put_uint(&b, 10);
		}
		put_done(&b);
		snprintf(wanted, sizeof wanted, "0 @5 f(E=9, %s)\n", version >= 3 ? "?=10" : "E=9");
		expect(&b, wanted);
		buf_finish(&b);
	}
}

static void test_threads(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	put_header(&b, 6);
	put_enter(&b, 6, 0, 0, "slow", 1);               /* 0, left after 1 and 2 */
	put_arg(&b, 0); put(&b, 8); put_string(&b, "kept bytes"); put(&b, 0);
	put_enter(&b, 6, 1, 1, "quick", 0); put(&b, 0);
	put_enter(&b, 6, 2, 1, NULL, 0);
	put(&b, 5); put_uint(&b, 1); put(&b, 0);         /* fake */
	put_leave(&b, 2); put(&b, 0);
	put_leave(&b, 1); put(&b, 0);
	put_leave(&b, 0); put(&b, 0);
	put_enter(&b, 6, 4, 1, NULL, 0); put(&b, 0);     /* never returns */
	expect(&b, "2 @2 quick() fake\n1 @1 quick()\n0 @0 slow(blob(10:6b657074206279746573))\n"
	       "3 @4 quick() incomplete\n");
	buf_finish(&b);
}

static void test_backtraces(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	put_header(&b, 5);
	put_enter(&b, 5, 0, 0, "f", 0);
	put(&b, 4); put_uint(&b, 2);
	put_uint(&b, 9); put(&b, 1); put_string(&b, "mod"); put(&b, 2); put_string(&b, "fn");
	put(&b, 3); put_string(&b, "file.c"); put(&b, 4); put_uint(&b, 12); put(&b, 5); put_uint(&b, 77); put(&b, 0);
	put_uint(&b, 9);                                 /* seen: only its number */
	put(&b, 0);
	put_leave(&b, 0); put(&b, 0);
	expect(&b, "0 @0 f()\n");
	buf_finish(&b);
}

static void test_numbers(void **state)
{
	const struct trace_value items[2] = { { .kind = TRACE_STRING }, { .kind = TRACE_UINT, .u = 7 } };
	const struct trace_value repr = { .kind = TRACE_REPR, .count = 2, .items = items };
	const struct trace_value nan = { .kind = TRACE_DOUBLE, .d = 0.0 / 0.0 };
	const struct trace_value half = { .kind = TRACE_FLOAT, .f = 2.5f };
	const struct trace_value null = { .kind = TRACE_NULL };
	int64_t i;
	double d;

	(void)state;
	assert_true(trace_int(&repr, &i) && i == 7);
	assert_true(trace_int(&half, &i) && i == 2);
	assert_true(trace_double(&half, &d) && d == 2.5);
	assert_true(trace_int(&null, &i) && i == 0);
	assert_false(trace_int(&nan, &i));
	assert_false(trace_int(&items[0], &i));
	assert_false(trace_double(&items[0], &d));
}

/* ---- wrong files ---- */

static struct buf fresh(void)
{
	struct buf b;

	buf_init(&b);
	return b;
}

static void test_refusals(void **state)
{
	struct buf b = fresh();

	(void)state;
	put_uint(&b, 7);
	refuse(&b, "version 7");
	b = fresh(); put_header(&b, 6); put(&b, 9);
	refuse(&b, "unknown event 9");
	b = fresh(); put_one(&b, 6, "f"); put(&b, 99);
	refuse(&b, "unknown value type 99");
	b = fresh(); put_header(&b, 6); put_leave(&b, 0); put(&b, 0);
	refuse(&b, "not open");
	b = fresh(); put_header(&b, 6); put_enter(&b, 6, 0, 1u << 20, "f", 0);
	refuse(&b, "out of range");
	b = fresh(); put_header(&b, 6); put_enter(&b, 6, 0, 0, "f", 0); put_arg(&b, 3); put(&b, 0);
	refuse(&b, "has 0 arguments");
	b = fresh(); put_one(&b, 6, "f");
	for (int i = 0; i < 100; i++) {
		put(&b, 11); put_uint(&b, 1);
	}
	refuse(&b, "nested");
	b = fresh(); put_one(&b, 6, "f"); put(&b, 4);
	for (int i = 0; i < 11; i++)
		put(&b, 0xff);
	refuse(&b, "64 bits");
	b = fresh(); put_header(&b, 6);
	for (unsigned i = 0; i < 2000; i++) {
		put_enter(&b, 6, i, 0, i ? NULL : "f", 0); put(&b, 0);
	}
	refuse(&b, "open at once");
}

/* A length that no data follows must cost nothing. */
static void test_oversized(void **state)
{
	static const int kinds[] = { 7, 8, 11, 15 };
	struct rusage before, after;

	(void)state;
	getrusage(RUSAGE_SELF, &before);
	for (unsigned k = 0; k < 4; k++) {
		struct trace_text_end end;
		struct buf b = fresh();
		char *text;

		put_one(&b, 6, "f"); put(&b, kinds[k]); put_uint(&b, UINT32_MAX - 16);
		for (int i = 0; i < 50; i++)
			put(&b, 0);
		text = read_raw(&b, 32, &end);
		assert_string_equal(text, "");
		assert_int_equal(end.status, 0);
		assert_true(end.truncated);
		free(text);
		buf_finish(&b);
	}
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
}

static void refuse_file(const void *bytes, size_t n, const char *word)
{
	struct error err = { 0 };
	struct trace *t;

	save(bytes, n);
	assert_true(trace_open(&t, path, &err) < 0);
	assert_null(t);
	assert_non_null(strstr(err.text, word));
	assert_non_null(strstr(err.text, path));
}

static void test_containers(void **state)
{
	struct error err = { 0 };
	struct trace *t;

	(void)state;
	refuse_file("\x1f\x8b\x08\0\0\0", 6, "gzip");
	refuse_file("\x28\xb5\x2f\xfd\0\0", 6, "zstd");
	refuse_file("\xce\xb2\xcf\x81\0\0", 6, "brotli");
	refuse_file("", 0, "empty");
	refuse_file("at", 2, "nothing whole");
	refuse_file("at\4\0\0\0\xff\xff\xff\x7f", 10, "claims");
	refuse_file("at\4\0\0\0\xff\xff\xff\xff", 10, "not snappy");
	assert_true(trace_open(&t, "/nonexistent/x.trace", &err) == -ENOENT);
	assert_true(trace_open(&t, "/tmp", &err) < 0);
	trace_close(NULL);
}

/* Three calls in chunks: cut anywhere, what is read is a beginning of the whole. */
static void test_truncation(void **state)
{
	struct buf raw = fresh(), file = fresh();
	struct trace_text_end end;
	char *whole;

	(void)state;
	put_kinds(&raw);
	for (unsigned i = 1; i < 4; i++) {
		put_enter(&raw, 6, 0, 7, NULL, 0);
		put_arg(&raw, 7); put(&raw, 8); put_string(&raw, "0123456789 0123456789 0123456789"); put(&raw, 0);
		put_leave(&raw, i); put(&raw, 0);
	}
	whole = read_raw(&raw, 90, &end);
	assert_false(end.truncated);
	pack(&raw, 90, &file);
	for (size_t n = 0; n < file.len; n++) {
		char *text, *last;

		save(file.data, n);
		text = trace_text(path, &end);
		if (end.status < 0 && n < 16) {  /* not even a first chunk */
			assert_string_equal(text, "");
			free(text);
			continue;
		}
		assert_int_equal(end.status, 0);
		last = strstr(text, " incomplete");
		if (last) {                      /* that line: without its answer */
			while (last > text && last[-1] != '\n')
				last--;
			*last = 0;
		}
		assert_int_equal(strncmp(whole, text, strlen(text)), 0);
		assert_true(end.truncated || strlen(text) < strlen(whole));
		free(text);
	}
	free(whole);
	buf_finish(&raw);
	buf_finish(&file);
}

/* Every bit of the file, and every bit of the stream below the compression. */
static void test_flips(void **state)
{
	struct buf raw = fresh(), file = fresh();
	struct trace_text_end end;

	(void)state;
	put_kinds(&raw);
	pack(&raw, 64, &file);
	for (size_t bit = 0; bit < 8 * file.len; bit++) {
		file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		save(file.data, file.len);
		free(trace_text(path, &end));
		file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * raw.len; bit++) {
		raw.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		free(read_raw(&raw, 50, &end));
		raw.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_finish(&raw);
	buf_finish(&file);
}

static int make_path(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/test_trace.%d", getpid());
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_backtraces),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_oversized),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_flips),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
