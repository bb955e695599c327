/* test_recording.c - the reader of recordings: that it delivers what a trace of the same
 * calls would, in the same order, and that no bytes whatever lead it astray. */
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

#include "blink/gl/table.h"
#include "blink/sp/file.h"
#include "capture/convert.h"
#include "capture/source.h"
#include "tests/support/recgen.h"
#include "tests/support/tracegen.h"

static char trace[64], rec[64], blink[2][64];

static int names_make(void **state)
{
	int pid = (int)getpid();

	(void)state;
	snprintf(trace, sizeof(trace), "/tmp/test_recording.%d.trace", pid);
	snprintf(rec, sizeof(rec), "/tmp/test_recording.%d.rec", pid);
	for (int i = 0; i < 2; i++)
		snprintf(blink[i], sizeof(blink[i]), "/tmp/test_recording.%d.%d.blink", pid, i);
	return 0;
}

static int names_remove(void **state)
{
	(void)state;
	unlink(trace);
	unlink(rec);
	unlink(blink[0]);
	unlink(blink[1]);
	return 0;
}

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

static void everything(struct tracegen *g)
{
	static const float triangle[] = { 0, 0, 1, 0, 0, 1 };
	static const uint8_t pixels[64] = { 1, 2, 3 };
	static const int names[] = { 7, 9 };
	static const uint16_t indices[] = { 0, 1, 2 };

	tracegen_window(g);
	tracegen_call(g, 0, "glGenTextures", "n=i,textures=I[2]", 2, names);
	tracegen_call(g, 0, "glBindTexture", "target=e,texture=u", 0x0DE1, UINT64_C(7));
	tracegen_call(g, 0, "glPixelStorei", "pname=e,param=i", 0x0CF5, 1);
	tracegen_call(g, 0, "glTexImage2D", "target=e,level=i,internalformat=i,width=i,height=i,"
		      "border=i,format=e,type=e,pixels=b", 0x0DE1, 0, 0x1907, 4, 4, 0, 0x1907, 0x1401,
		      pixels, (size_t)48);
	tracegen_call(g, 0, "glCreateShader", "type=e,=u", 0x8B31, UINT64_C(3));
	tracegen_call(g, 0, "glShaderSource", "shader=u,count=i,string=S,length=n", UINT64_C(3), 1,
		      "void main() { gl_Position = vec4(0.0); }");
	tracegen_call(g, 0, "glCreateProgram", "=u", UINT64_C(4));
	tracegen_call(g, 0, "glAttachShader", "program=u,shader=u", UINT64_C(4), UINT64_C(3));
	tracegen_call(g, 0, "glLinkProgram", "program=u", UINT64_C(4));
	tracegen_call(g, 0, "glGetUniformLocation", "program=u,name=s,=i", UINT64_C(4), "colour", 2);
	tracegen_call(g, 0, "glUseProgram", "program=u", UINT64_C(4));
	tracegen_call(g, 0, "glUniform1f", "location=i,v0=f", 2, 0.5);
	tracegen_call(g, 0, "glVertexPointer", "size=i,type=e,stride=i,pointer=b", 2, 0x1406, 0,
		      triangle, sizeof(triangle));
	tracegen_call(g, 0, "glDrawArrays", "mode=e,first=i,count=i", 4, 0, 3);
	tracegen_call(g, 0, "glDrawElements", "mode=e,count=i,type=e,indices=b", 4, 3, 0x1403,
		      indices, sizeof(indices));
	tracegen_call(g, 0, "glColor4fv", "v=F[4]", (const double[]){ 0, 0.25, 0.5, 1 });
	tracegen_call(g, 0, "glBindBuffer", "target=e,buffer=u", 0x8892, UINT64_C(5));
	tracegen_call(g, 0, "glBufferData", "target=e,size=i,data=n,usage=e", 0x8892, 64, 0x88E4);
	tracegen_call(g, 0, "glMapBuffer", "target=e,access=e,=p", 0x8892, 0x88B9, UINT64_C(0x5000));
	tracegen_call(g, 0, "memcpy", "dest=p,src=b,n=u", UINT64_C(0x5008), pixels, (size_t)16,
		      UINT64_C(16));
	tracegen_call(g, 0, "glUnmapBuffer", "target=e,=i", 0x8892, 1);
	tracegen_swap(g);
	tracegen_call(g, 0, "glDeleteTextures", "n=i,textures=I[2]", 2, names);
	tracegen_call(g, 0, "glClear", "mask=u", UINT64_C(0x4000));
	tracegen_swap(g);
}

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
	everything(g);
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

static struct recording *open_it(void)
{
	struct error err = { 0 };
	struct recording *r;

	if (recording_open(&r, rec, &err) < 0)
		fail_msg("%s", err.text);
	return r;
}

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
	r = open_it();
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
	r = open_it();
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
	r = open_it();
	assert_int_equal(read_numbers(r, numbers, 8), 1);
	recording_close(r);
	/* and one for which there was no room */
	assert_int_equal(truncate(rec, RECORD_HEADER + RECORD_SEGMENT), 0);
	r = open_it();
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
	r = open_it();
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
	r = open_it();
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

/* ---- damage ------------------------------------------------------------------------ */

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

static struct recgen *sample(void)
{
	struct tracegen *t = tracegen_create();
	struct trace_call call;
	struct recgen *g;
	struct trace *reader;

	everything(t);
	assert_int_equal(tracegen_save(t, trace, 0), 0);
	tracegen_destroy(t);
	g = recgen_create(rec);
	assert_int_equal(trace_open(&reader, trace, NULL), 0);
	while (trace_next(reader, &call, NULL) > 0)
		recgen_call(g, &call);
	trace_close(reader);
	return g;
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
	struct recgen *g = sample();
	struct record_header *h = recgen_header(g);
	struct record_segment *s = (void *)((uint8_t *)h + RECORD_HEADER);
	uint32_t *first = (void *)(s + 1), word;
	uint64_t used = s->used;
	struct error err = { 0 };
	struct recording *r;

	(void)state;
	h->version = 2;
	expect(g, -ENOTSUP, "version 2");
	h->version = RECORD_VERSION;
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
	r = open_it();
	assert_int_equal(recording_next(r, &call, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "array"));
	recording_close(r);
}

/* Any word of the first kilobytes is another one; any place is the end. */
static void test_scribbles(void **state)
{
	static const uint32_t values[] = { 0, 1, 0x7fffffff, 0xffffffff, 0x80000000, 0xffff0000,
					   0x0003ffff, 0x0002fffd, 0x000bfffc };
	struct recgen *g = sample();
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
		cmocka_unit_test(test_same_as_trace),
		cmocka_unit_test(test_frame_data),
		cmocka_unit_test(test_frames_of_threads),
		cmocka_unit_test(test_drawable),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_headless_segment),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_greed),
		cmocka_unit_test(test_scribbles),
	};

	return cmocka_run_group_tests(tests, names_make, names_remove);
}
