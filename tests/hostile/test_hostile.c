/* test_hostile.c - bad files down the whole path: mutated traces are converted and what
 * comes out is played; mutated .blink files are played, by both engines, on the null
 * sink.  Each ends well or in one error of one line; nothing is left behind on
 * failure.  Crashes, leaks and overruns are the sanitizers' to find (make asan). */
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

#include "capture/convert.h"
#include "replay/player.h"
#include "tests/support/tracegen.h"

#define TEXTURE_2D 0x0DE1
#define MUTATIONS 400

static char trace_path[64], blink_path[64], bad_path[64];
static uint32_t seed;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(seed >> 8) * n >> 24);
}

/* A program with some of everything that records can hold. */
static void program(struct tracegen *g)
{
	static const uint8_t pixels[48];
	static const float vertices[12];
	static const uint32_t indices[3] = { 0, 1, 2 };

	tracegen_window(g);
	tracegen_call(g, 0, "glGenTextures", "n=i,textures=I[1]", 1, (int[]){ 7 });
	tracegen_call(g, 0, "glCreateProgram", "=i", 3);
	tracegen_call(g, 0, "glCreateShader", "type=e,=i", 0x8B31, 4);
	tracegen_call(g, 0, "glShaderSource", "shader=i,count=i,string=S,length=n", 4, 1,
		      "void main(){gl_Position=gl_Vertex;}");
	tracegen_call(g, 0, "glAttachShader", "program=i,shader=i", 3, 4);
	tracegen_call(g, 0, "glLinkProgram", "program=i", 3);
	tracegen_call(g, 0, "glGetUniformLocation", "program=i,name=s,=i", 3, "u", 0);
	tracegen_call(g, 0, "glNewList", "list=i,mode=e", 5, 0x1300);
	tracegen_call(g, 0, "glVertex3f", "x=f,y=f,z=f", 1.0, 2.0, 3.0);
	tracegen_call(g, 0, "glEndList", "");
	for (int frame = 0; frame < 4; frame++) {
		tracegen_call(g, 0, "glClear", "mask=u", UINT64_C(0x4000));
		tracegen_call(g, 0, "glBindTexture", "target=e,texture=i", TEXTURE_2D, 7);
		tracegen_call(g, 0, "glTexImage2D", "target=e,level=i,internalformat=e,width=i,"
			      "height=i,border=i,format=e,type=e,pixels=b", TEXTURE_2D, 0, 0x1908,
			      4, 3, 0, 0x1908, 0x1401, pixels, sizeof(pixels));
		tracegen_call(g, 0, "glEnableClientState", "array=e", 0x8074);
		tracegen_call(g, 0, "glVertexPointer", "size=i,type=e,stride=i,pointer=b", 4,
			      0x1406, 0, vertices, sizeof(vertices));
		tracegen_call(g, 0, "glDrawElements", "mode=e,count=i,type=e,indices=b", 4, 3,
			      0x1405, indices, sizeof(indices));
		tracegen_call(g, 0, "glLightfv", "light=e,pname=e,params=F[4]", 0x4000, 0x1203,
			      (double[]){ 1, 2, 3, 4 });
		tracegen_call(g, 0, "glCallList", "list=i", 5);
		tracegen_swap(g);
	}
}

static uint8_t *file_read(const char *path, size_t *size)
{
	struct stat st;
	FILE *f = fopen(path, "rb");
	uint8_t *data;

	assert_non_null(f);
	assert_int_equal(stat(path, &st), 0);
	*size = (size_t)st.st_size;
	data = malloc(*size + 1);
	assert_int_equal(fread(data, 1, *size, f), *size);
	fclose(f);
	return data;
}

/* One to four wrongs: cut, flipped bits, large numbers, moved pieces. */
static void file_write_mutated(const char *path, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	FILE *f = fopen(path, "wb");
	size_t len = size;

	assert_non_null(f);
	memcpy(copy, data, size);
	for (uint32_t n = 1 + rnd(4); n; n--) {
		uint32_t at = rnd((uint32_t)size), to = rnd((uint32_t)size), k = 1 + rnd(16);
		uint32_t kind = rnd(5);

		if (k > size - at || k > size - to)
			continue;
		if (kind == 0)
			len = rnd((uint32_t)size);
		else if (kind == 1)
			copy[at] = (uint8_t)(copy[at] ^ 1u << rnd(8));
		else if (kind == 2)
			memset(copy + at, 0xff, k);
		else if (kind == 3)
			memset(copy + at, 0, k);
		else
			memmove(copy + to, copy + at, k);
	}
	fwrite(copy, 1, len, f);
	fclose(f);
	free(copy);
}

static void one_error(const struct error *err)
{
	assert_true(err->text[0] != 0);
	assert_null(strchr(err->text, '\n'));
}

/* Plays a file on the null sink; true if it went to the end. */
static bool play(const char *path, enum player_engine engine)
{
	const struct player_options opt = { .engine = engine };
	struct error err = { 0 };
	struct blink_file *f = NULL;
	struct player *p = NULL;
	struct sink *sink;
	int r = blink_open(&f, path, 0, &err);

	if (r < 0) {
		one_error(&err);
		return false;
	}
	sink = sink_null_create();
	assert_non_null(sink);
	r = player_create(&p, f, sink, &opt, &err);
	if (r == 0)
		r = player_init(p, NULL, &err);
	for (uint32_t i = 0; r == 0 && i < blink_frame_count(f) && i < 64; i++)
		r = player_play(p, i, NULL, &err);
	if (r < 0)
		one_error(&err);
	player_destroy(p);
	sink_destroy(sink);
	blink_close(f);
	return r == 0;
}

static int setup(void **state)
{
	struct tracegen *g = tracegen_create();
	const struct convert_options opt = { 0 };
	struct convert_stats stats;
	struct error err = { 0 };

	(void)state;
	snprintf(trace_path, sizeof(trace_path), "/tmp/hostile.%d.trace", (int)getpid());
	snprintf(blink_path, sizeof(blink_path), "/tmp/hostile.%d.blink", (int)getpid());
	snprintf(bad_path, sizeof(bad_path), "/tmp/hostile.%d.bad", (int)getpid());
	program(g);
	if (tracegen_save(g, trace_path, 0) < 0)
		return -1;
	tracegen_destroy(g);
	if (convert_trace(trace_path, blink_path, &opt, &stats, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(trace_path);
	unlink(blink_path);
	unlink(bad_path);
	return 0;
}

static void test_whole(void **state)
{
	(void)state;
	assert_true(play(blink_path, PLAYER_JIT));
	assert_true(play(blink_path, PLAYER_INTERP));
}

/* Converts bad_path and plays what comes of it; i varies how. */
static void through(unsigned i)
{
	const struct convert_options opt = { .keep_going = i & 1 };
	struct convert_stats stats;
	struct error err = { 0 };
	char out[80];

	snprintf(out, sizeof(out), "%s.out", bad_path);
	if (convert_trace(bad_path, out, &opt, &stats, &err) < 0) {
		one_error(&err);
		assert_int_equal(access(out, F_OK), -1);
		return;
	}
	play(out, i & 2 ? PLAYER_JIT : PLAYER_INTERP);
	unlink(out);
}

static void test_traces(void **state)
{
	size_t size;
	uint8_t *data = file_read(trace_path, &size);

	(void)state;
	seed = 1;
	for (unsigned i = 0; i < MUTATIONS; i++) {
		file_write_mutated(bad_path, data, size);
		through(i);
	}
	free(data);
}

/* The raw stream, compressed anew: mutations that the container does not notice. */
static void test_streams(void **state)
{
	struct tracegen *g = tracegen_create();
	size_t size;
	const uint8_t *raw;

	(void)state;
	program(g);
	raw = tracegen_raw(g, &size);
	seed = 2;
	for (unsigned i = 0; i < MUTATIONS; i++) {
		uint8_t *copy = malloc(size);

		memcpy(copy, raw, size);
		for (uint32_t n = 1 + rnd(3); n; n--)
			copy[rnd((uint32_t)size)] = (uint8_t)rnd(256);
		assert_int_equal(tracegen_save_raw(copy, size, bad_path), 0);
		free(copy);
		through(i);
	}
	tracegen_destroy(g);
}

/* Signatures with fewer arguments than the command has, or with others. */
static void test_arguments(void **state)
{
	static const int ints[2] = { 1, 2 };

	(void)state;
	for (unsigned i = 0; i < gl_command_count; i++) {
		struct tracegen *g = tracegen_create();
		const char *name = gl_commands[i].name;

		tracegen_window(g);
		tracegen_call(g, 0, "glClear", "mask=u", UINT64_C(0x4000));
		tracegen_call(g, 0, name, "");
		tracegen_call(g, 0, name, "=i", 1);
		tracegen_call(g, 0, name, "a=i", 0);
		tracegen_call(g, 0, name, "a=n,b=s", "x");
		tracegen_call(g, 0, name, "a=i,b=i,c=I[2],d=b,e=n,f=p", 1, 2, ints, ints,
			      sizeof(ints), UINT64_C(4));
		tracegen_swap(g);
		assert_int_equal(tracegen_save(g, bad_path, 0), 0);
		tracegen_destroy(g);
		through(i | 1);
	}
}

static void test_blinks(void **state)
{
	size_t size;
	uint8_t *data = file_read(blink_path, &size);

	(void)state;
	seed = 3;
	for (unsigned i = 0; i < MUTATIONS; i++) {
		file_write_mutated(bad_path, data, size);
		play(bad_path, i & 1 ? PLAYER_JIT : PLAYER_INTERP);
	}
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_traces),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_blinks),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
