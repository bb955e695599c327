/* test_recording_damage.c - the reader of recordings: that no bytes whatever lead it
 * astray. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/gl/table.h"
#include "capture/source.h"
#include "tests/record/recording.h"

/* Reads to the end or the first error, which must be a sentence; touches all bytes. */
static int read_all(const char *path, struct error *err)
{
	static volatile uint64_t sum;
	struct call_source s;
	struct trace_call call;
	int code = call_source_open(&s, path, err);

	while (code >= 0 && (code = s.next(s.reader, &call, err)) > 0)
		for (uint32_t i = 0; i < call.sig->nargs; i++) {
			const struct trace_value *v = &call.args[i];

			if (v->kind == TRACE_BLOB || v->kind == TRACE_STRING)
				for (uint32_t k = 0; k < v->count; k++)
					sum += v->bytes[k];
		}
	call_source_close(&s);
	(void)sum;
	if (code < 0)
		assert_true(err->text[0] && err->code == code);
	return code;
}

static void expect(const struct recgen *g, int code, const char *words)
{
	struct error err = { 0 };
	int r = read_all(rec, &err);

	(void)g;
	if (r != code)
		fail_msg("%d instead of %d: %s", r, code, err.text);
	assert_non_null(strstr(err.text, words));
}

static void test_damage(void **state)
{
	struct recgen *g = recording_sample();
	struct record_header *h = recgen_header(g);
	struct record_segment *s = (void *)((uint8_t *)h + RECORD_HEADER);
	uint32_t *first = (void *)(s + 1), word;
	uint64_t used = s->used;
	struct error err = { 0 };
	struct recording *r;

	(void)state;
	h->version = RECORD_VERSION + 1;
	expect(g, -ENOTSUP, "version 4");
	h->version = 0;
	expect(g, -ENOTSUP, "version 0");
	h->version = 2;
	expect(g, -ENOTSUP, "version 2");
	h->version = RECORD_VERSION;
	h->floor = RECORD_HEADER + RECORD_SEGMENT;
	expect(g, -ENOTSUP, "given back");
	h->floor = 0;
	h->table++;
	expect(g, -ENOTSUP, "another command table");
	h->table--;
	h->segment_size = 4096;
	expect(g, -EBADMSG, "segments of 4096");
	h->segment_size = RECORD_SEGMENT;
	s->used = RECORD_SEGMENT + 4;
	expect(g, -EBADMSG, "fuller");
	s->used = UINT64_MAX - 3;
	expect(g, -EBADMSG, "fuller");
	s->used = used - 4;                      /* the last record is cut */
	expect(g, -EBADMSG, "longer");
	s->used = used;
	s->kind = 99;
	expect(g, -EBADMSG, "unknown kind");
	s->kind = RECORD_CALLS;
	s->serial = 1;
	expect(g, -EBADMSG, "out of order");
	s->serial = 0;
	word = first[0];
	first[0] = 0xfff1u | 3u << 16;
	expect(g, -EBADMSG, "unknown kind");
	first[0] = 0xefffu | 3u << 16;
	expect(g, -EBADMSG, "unknown kind");
	first[0] = RECORD_FRAME | 3u << 16;
	expect(g, -EBADMSG, "shorter");
	first[0] = RECORD_FLOOR | 2u << 16;
	expect(g, -EBADMSG, "shorter");
	first[0] = 5;                            /* length in the next word: an odd one */
	expect(g, -EBADMSG, "longer");
	first[0] = word;
	expect(g, 0, "");
	recgen_close(g);
	assert_int_equal(truncate(rec, 100), 0);
	expect(NULL, -EBADMSG, "too short");
	assert_int_equal(truncate(rec, 0), 0);   /* call_source_open would take it for a trace */
	assert_int_equal(recording_open(&r, rec, &err), -EBADMSG);
}

/* A record that names the same bytes again and again does not fill memory, and what it
 * says twice of one array leads nowhere else. */
static void test_greed(void **state)
{
	const struct gl_command *c = gl_command_find("glMultiDrawElements");
	struct recgen *g = recgen_create(rec);
	struct error err = { 0 };
	struct trace_call call;
	struct recording *r;
	static uint32_t words[60000];
	uint32_t n = 2;

	(void)state;
	words[0] = (uint32_t)(c - gl_commands);
	n += 1 + 2 + 1 + 2 + 1;                  /* mode, count, type, indices, drawcount */
	for (uint32_t i = 0; n + 6 < 60000; i++, n += 6) {
		struct record_payload p = {
			.param = 3, .size = i % 3 ? 65536 : 48, .offset_low = RECORD_HEADER,
			.item = i % 3 ? i / 2 : RECORD_POINTERS, .lead = i % 7 == 1 ? 1u << 20 : 0
		};

		memcpy(words + n, &p, sizeof(p));
	}
	words[1] = n;
	recgen_words(g, 0, words, n);
	recgen_close(g);
	r = recording_opened();
	assert_int_equal(recording_next(r, &call, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "array"));
	recording_close(r);
}

/* Any word of the first kilobytes is another one; any place is the end. */
static void test_scribbles(void **state)
{
	static const uint32_t values[] = { 0, 1, 0x7fffffff, 0xffffffff, 0x80000000, 0xffff0000,
					   0x0003ffff, 0x0002fffd, 0x000bfffc };
	struct recgen *g = recording_sample();
	uint8_t *map;
	size_t size;
	uint32_t seed = 7;

	(void)state;
	map = recgen_map(g, &size);
	for (uint32_t at = 0; at < 3000; at += 4) {
		uint32_t *w = (void *)(map + (at < 128 ? at : RECORD_HEADER + at - 128)), was = *w;
		struct error err = { 0 };

		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			*w = values[i];
			read_all(rec, &err);
		}
		seed = seed * 1664525u + 1013904223u;
		*w = was ^ 1u << seed % 32;
		read_all(rec, &err);
		*w = was;
	}
	recgen_close(g);
	for (off_t n = (off_t)size; n > 0; n -= n > RECORD_HEADER + 4000 ? 100000 : 37) {
		struct error err = { 0 };

		assert_int_equal(truncate(rec, n), 0);
		read_all(rec, &err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_greed),
		cmocka_unit_test(test_scribbles),
	};

	return cmocka_run_group_tests(tests, recording_setup, recording_teardown);
}
