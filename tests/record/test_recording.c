/* test_recording.c - the reader of recordings: that it delivers what a trace of the same
 * calls would, in the same order. */
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
#include "blink/sp/file.h"
#include "capture/convert.h"
#include "capture/source.h"
#include "tests/record/recording.h"

/* ---- calls to write ------------------------------------------------------------ */

static const struct trace_sig *sig_of(const char *name)
{
	static struct trace_sig sigs[32];
	static unsigned n;
	const struct gl_command *c = gl_command_find(name);

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(sigs[i].name, name))
			return &sigs[i];
	assert_true(n < 32);
	sigs[n] = (struct trace_sig){ .name = name, .nargs = c ? c->nparams : 0 };
	return &sigs[n++];
}

/* A call with up to four arguments that are numbers, and a number for a result. */
static void put(struct recgen *g, uint32_t thread, const char *name, uint64_t a, uint64_t b,
		uint64_t c, uint64_t result)
{
	const uint64_t numbers[] = { a, b, c };
	struct trace_value v[16] = { 0 };
	struct trace_call call = { .thread = thread,
				   .sig = (struct trace_sig *)(uintptr_t)sig_of(name), .args = v };

	for (int i = 0; i < 3; i++)
		v[i] = (struct trace_value){ .kind = TRACE_UINT, .u = numbers[i] };
	call.ret = (struct trace_value){ .kind = TRACE_UINT, .u = result };
	call.has_ret = true;
	recgen_call(g, &call);
}

static void put_window(struct recgen *g, uint32_t thread)
{
	put(g, thread, "glXCreateContext", 1, 2, 0, 0xc0de + thread);
	put(g, thread, "glXMakeCurrent", 1, 77, 0xc0de + thread, 1);
}

static void put_swap(struct recgen *g, uint32_t thread, uint64_t wall)
{
	const struct blink_frame_data d = { .wall = wall, .cpu = wall / 2, .hash = { wall, ~wall },
					    .width = 64, .height = 48 };

	recgen_frame(g, thread, &d);
	put(g, thread, "glXSwapBuffers", 1, 77, 0, 0);
}

/* ---- a trace and a recording are the same to the converter ------------------------ */

/* Code and payloads of both files, SP by SP. */
static void assert_same_procedures(const char *a, const char *b)
{
	struct blink_file *f[2];
	struct error err = { 0 };

	assert_int_equal(blink_open(&f[0], a, 0, &err), 0);
	assert_int_equal(blink_open(&f[1], b, 0, &err), 0);
	assert_int_equal(blink_sp_count(f[0]), blink_sp_count(f[1]));
	for (uint32_t i = 0; i < blink_sp_count(f[0]); i++) {
		struct sp sp[2];

		for (int k = 0; k < 2; k++)
			assert_int_equal(blink_sp_load(f[k], i, &sp[k], &err), 0);
		assert_int_equal(sp[0].frame, sp[1].frame);
		assert_int_equal(sp[0].nwords, sp[1].nwords);
		assert_memory_equal(sp[0].code, sp[1].code, sp[0].nwords * 4);
		for (int k = 0; k < 2; k++)
			blink_sp_release(f[k], i);
	}
	assert_int_equal(blink_payloads(f[0])->n, blink_payloads(f[1])->n);
	for (uint32_t i = 1; i < blink_payloads(f[0])->n; i++) {
		struct sp_payload p[2];

		for (int k = 0; k < 2; k++)
			assert_int_equal(blink_payload_load(f[k], i, &p[k], &err), 0);
		assert_int_equal(p[0].size, p[1].size);
		assert_memory_equal(p[0].data, p[1].data, p[0].size);
	}
	blink_close(f[0]);
	blink_close(f[1]);
}

static void test_same_as_trace(void **state)
{
	struct convert_options opt = { 0 };
	struct convert_stats stats[2];
	struct tracegen *g = tracegen_create();
	struct blink_frame_data d;
	struct error err = { 0 };
	struct blink_file *f;

	(void)state;
	recording_all(g);
	assert_int_equal(tracegen_save(g, trace, 0), 0);
	tracegen_destroy(g);
	assert_int_equal(recgen_transcribe(trace, rec, &err), 0);
	assert_false(recording_is(trace));
	assert_true(recording_is(rec));
	if (convert_trace(trace, blink[0], &opt, &stats[0], &err) < 0 ||
	    convert_trace(rec, blink[1], &opt, &stats[1], &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(stats[0].records, stats[1].records);
	assert_int_equal(stats[0].payload_bytes, stats[1].payload_bytes);
	assert_same_procedures(blink[0], blink[1]);
	/* and the recording's frames have times */
	assert_int_equal(blink_open(&f, blink[0], 0, &err), 0);
	assert_int_equal(blink_frame_data_count(f), 0);
	blink_close(f);
	assert_int_equal(blink_open(&f, blink[1], 0, &err), 0);
	assert_int_equal(blink_frame_data_count(f), 2);
	assert_int_equal(blink_frame_data_get(f, 1, &d, &err), 0);
	assert_int_equal(d.wall, 2000);
	assert_int_equal(d.cpu, 1000);
	assert_int_equal(blink_frame_data_get(f, 2, &d, &err), -ERANGE);
	blink_close(f);
}

/* ---- frame data ------------------------------------------------------------------ */

/* More frames than one section of the file holds. */
static void test_frame_data(void **state)
{
	enum { N = 40000 };
	struct recgen *g = recgen_create(rec);
	struct convert_options opt = { 0 };
	struct convert_stats stats;
	struct error err = { 0 };
	struct blink_file *f;

	(void)state;
	put_window(g, 0);
	for (uint32_t i = 0; i < N; i++)
		put_swap(g, 0, 1000 + i);
	recgen_close(g);
	if (convert_trace(rec, blink[0], &opt, &stats, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(stats.frames, N);
	assert_int_equal(blink_open(&f, blink[0], 0, &err), 0);
	assert_int_equal(blink_frame_data_count(f), N);
	for (uint32_t i = 0; i < N; i += i % 2 ? 1 : 997) {
		struct blink_frame_data d;

		assert_int_equal(blink_frame_data_get(f, i, &d, &err), 0);
		assert_int_equal(d.wall, 1000 + i);
		assert_int_equal(d.hash[1], ~(uint64_t)(1000 + i));
		assert_int_equal(d.width, 64);
	}
	blink_close(f);
}

/* Two threads that swap at the same time: each swap has what its own thread noted; of a
 * frame without there is nothing. */
static void test_frames_of_threads(void **state)
{
	static const uint64_t walls[] = { 0, 20, 10, 30 };
	const struct blink_frame_data a = { .wall = 10 }, b = { .wall = 20 };
	struct recgen *g = recgen_create(rec);
	struct convert_options opt = { 0 };
	struct convert_stats stats;
	struct error err = { 0 };
	struct blink_file *f;

	(void)state;
	put_window(g, 0);
	put_window(g, 1);
	put(g, 0, "glXSwapBuffers", 1, 77, 0, 0);
	recgen_frame(g, 0, &a);
	recgen_frame(g, 1, &b);
	put(g, 1, "glXSwapBuffers", 1, 77, 0, 0);
	put(g, 0, "glXSwapBuffers", 1, 77, 0, 0);
	put_swap(g, 0, 30);
	recgen_close(g);
	if (convert_trace(rec, blink[0], &opt, &stats, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(blink_open(&f, blink[0], 0, &err), 0);
	assert_int_equal(blink_frame_data_count(f), 4);
	for (uint32_t i = 0; i < 4; i++) {
		struct blink_frame_data d;

		assert_int_equal(blink_frame_data_get(f, i, &d, &err), 0);
		assert_int_equal(d.wall, walls[i]);
	}
	blink_close(f);
}

/* A recording tells the sizes of its drawables; viewports do not change them. */
static void test_drawable(void **state)
{
	struct recgen *g = recgen_create(rec);
	struct convert_options opt = { 0 };
	struct convert_stats stats;
	struct error err = { 0 };
	uint32_t sizes[8], n = 0;
	struct blink_file *f;

	(void)state;
	recgen_drawable(g, 0, 77, 300, 200, 4);
	put_window(g, 0);
	put(g, 0, "glViewport", 0, 0, 1000, 0);
	put_swap(g, 0, 1);
	recgen_drawable(g, 0, 77, 400, 250, 4);
	put(g, 0, "glClear", 0x4000, 0, 0, 0);
	put_swap(g, 0, 2);
	recgen_close(g);
	if (convert_trace(rec, blink[0], &opt, &stats, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(blink_open(&f, blink[0], 0, &err), 0);
	for (uint32_t i = 0; i < blink_sp_count(f); i++) {
		struct sp sp;
		bool bad;

		assert_int_equal(blink_sp_load(f, i, &sp, &err), 0);
		for (const uint32_t *r = sp.code; (r = sp_next(r, sp.code + sp.nwords, &bad));
		     r += sp_words(r))
			if ((sp_opcode(*r) == OP_blinkDrawable ||
			     sp_opcode(*r) == OP_blinkDrawableResize) && n < 8) {
				sizes[n++] = r[2];
				sizes[n++] = r[3];
			}
		blink_sp_release(f, i);
	}
	assert_int_equal(n, 4);
	assert_int_equal(sizes[0], 300);
	assert_int_equal(sizes[1], 200);
	assert_int_equal(sizes[2], 400);
	assert_int_equal(sizes[3], 250);
	blink_close(f);
}

/* ---- threads and processes --------------------------------------------------------- */

/* The first argument of every call, in order; how many. */
static unsigned read_numbers(struct recording *r, uint64_t *to, unsigned most)
{
	struct error err = { 0 };
	struct trace_call call;
	unsigned n = 0;
	int code;

	while ((code = recording_next(r, &call, &err)) > 0)
		if (n < most)
			to[n++] = call.args[0].u;
	if (code < 0)
		fail_msg("%s", err.text);
	return n;
}

static void test_threads(void **state)
{
	enum { N = 200000 };                    /* several segments of each thread */
	struct recgen *g = recgen_create(rec);
	uint64_t *numbers = calloc(N, sizeof(*numbers));
	struct recording *r;
	struct recording_summary s;
	uint32_t seed = 1;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		seed = seed * 1664525u + 1013904223u;
		put(g, seed >> 30, "glEnable", i, 0, 0, 0);
	}
	recgen_close(g);
	r = recording_opened();
	assert_int_equal(read_numbers(r, numbers, N), N);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(numbers[i], i);
	recording_summary(r, &s);
	assert_int_equal(s.threads, 4);
	assert_int_equal(s.processes, 1);
	recording_close(r);
	free(numbers);
}

static void test_processes(void **state)
{
	struct recgen *g = recgen_create(rec);
	struct recording_summary s;
	struct recording *r;
	uint64_t numbers[64];
	char text[256];

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		put(g, 0, "glEnable", 1, 0, 0, 0);
	recgen_process(g, 2);
	for (uint32_t i = 0; i < 3; i++) {
		put(g, 0, "glEnable", 2, 0, 0, 0);
		put_swap(g, 0, i);
	}
	recgen_process(g, 3);
	put_swap(g, 0, 9);
	recgen_close(g);
	r = recording_opened();
	assert_int_equal(read_numbers(r, numbers, 64), 6);
	assert_int_equal(numbers[0], 2);
	recording_summary(r, &s);
	assert_int_equal(s.processes, 3);
	assert_int_equal(s.process, 2);
	assert_int_equal(s.pid, 1002);
	assert_int_equal(s.frames, 3);
	assert_int_equal(recording_remarks(r, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "3 processes"));
	recording_close(r);
}

/* A thread that was killed when it had taken a segment and not written its head. */
static void test_headless_segment(void **state)
{
	struct recgen *g = recgen_create(rec);
	struct recording *r;
	uint64_t numbers[8];

	(void)state;
	put(g, 0, "glEnable", 1, 0, 0, 0);
	recgen_header(g)->segments++;
	recgen_close(g);
	assert_int_equal(truncate(rec, RECORD_HEADER + 2 * RECORD_SEGMENT), 0);
	r = recording_opened();
	assert_int_equal(read_numbers(r, numbers, 8), 1);
	recording_close(r);
	/* and one for which there was no room */
	assert_int_equal(truncate(rec, RECORD_HEADER + RECORD_SEGMENT), 0);
	r = recording_opened();
	assert_int_equal(read_numbers(r, numbers, 8), 1);
	recording_close(r);
}

static void test_growing(void **state)
{
	struct recgen *g = recgen_create(rec);
	struct error err = { 0 };
	struct recording *r;
	uint64_t numbers[8], *many = calloc(100000, sizeof(*many));

	(void)state;
	r = recording_opened();
	assert_int_equal(read_numbers(r, numbers, 8), 0);
	put(g, 0, "glEnable", 1, 0, 0, 0);
	put(g, 1, "glEnable", 2, 0, 0, 0);
	assert_int_equal(recording_refresh(r, &err), 1);
	assert_int_equal(read_numbers(r, numbers, 8), 2);
	assert_int_equal(numbers[1], 2);
	put(g, 1, "glEnable", 3, 0, 0, 0);
	put(g, 0, "glEnable", 4, 0, 0, 0);
	for (uint32_t i = 5; i < 90000; i++)
		put(g, i / 3 % 2, "glEnable", i, 0, 0, 0);
	assert_int_equal(recording_refresh(r, &err), 1);
	assert_int_equal(read_numbers(r, many, 100000), 90000 - 3);
	for (uint32_t i = 3; i < 90000; i++)
		assert_int_equal(many[i - 3], i);
	recording_close(r);
	recgen_close(g);
	free(many);
}

/* ---- marks ------------------------------------------------------------------------- */

static void test_marks(void **state)
{
	const struct gl_command *pointer = gl_command_find("glVertexPointer");
	struct recgen *g = recgen_create(rec);
	struct recording_summary s;
	struct error err = { 0 };
	struct trace_call call;
	struct recording *r;
	char text[256];
	struct record_payload p = { .param = 3, .size = 8, .offset_low = ~0u, .offset_high = ~0u,
				    .lead = 12 };
	uint32_t fake = RECORD_FAKE | 1u << 16, words[14] = { 0 };
	static const char path[] = "/usr/games/thing";
	uint32_t process[11] = { RECORD_PROCESS | 11u << 16 };
	struct record_payload pp = { .size = sizeof(path) - 1, .offset_low = ~0u, .offset_high = ~0u };

	(void)state;
	memcpy(process + 1, &pp, sizeof(pp));
	memcpy(process + 7, path, sizeof(path) - 1);
	recgen_words(g, 0, process, 11);
	recgen_lost(g, 0, "glFoo: why");
	recgen_lost(g, 0, "glFoo: why");
	recgen_lost(g, 0, "glBar: \33[31m");
	recgen_words(g, 0, &fake, 1);
	words[0] = (uint32_t)(pointer - gl_commands) | 14u << 16;
	words[1] = 2;
	words[2] = 0x1406;
	words[4] = 0x1000;
	memcpy(words + 6, &p, sizeof(p));
	words[12] = 0x11111111;
	words[13] = 0x22222222;
	recgen_words(g, 0, words, 14);
	recgen_close(g);
	r = recording_opened();
	assert_int_equal(recording_next(r, &call, &err), 1);
	assert_string_equal(call.sig->name, "glVertexPointer");
	assert_int_equal(call.flags, TRACE_FAKE);
	assert_int_equal(call.args[3].kind, TRACE_BLOB);
	assert_int_equal(call.args[3].count, 20);
	assert_memory_equal(call.args[3].bytes, "\0\0\0\0\0\0\0\0\0\0\0\0\x11\x11\x11\x11\x22\x22\x22\x22", 20);
	assert_int_equal(recording_next(r, &call, &err), 0);
	recording_summary(r, &s);
	assert_int_equal(s.lost_calls, 3);
	assert_int_equal(s.nlost, 2);
	assert_int_equal(s.lost[0].calls, 2);
	assert_string_equal(recording_property(r, "process.name"), path);
	assert_int_equal(recording_remarks(r, text, sizeof(text)), 3);
	assert_non_null(strstr(text, "glFoo: why (2)"));
	assert_null(strchr(text, 27));
	recording_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_trace),
		cmocka_unit_test(test_frame_data),
		cmocka_unit_test(test_frames_of_threads),
		cmocka_unit_test(test_drawable),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_headless_segment),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, recording_setup, recording_teardown);
}
