/* test_trap_gl.c - runs stopped in the middle of a picture, on the driver of this
 * machine: another process plays the beginning there, goes on from the trap with the
 * other engine, and shows the same picture.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/engine/trap.h"

#define SIDE 48u
#define POINTS 100u

/* ---- a picture --------------------------------------------------------------------- */

static float vertices[96];             /* 48 corners, two numbers each */
static uint32_t names[4] = { 1, 2, 3, 4 };
static uint8_t texels[16 * 16 * 4];

enum { PAYLOAD_VERTICES = 1, PAYLOAD_NAMES, PAYLOAD_TEXELS, PAYLOADS };
static struct sp_payload payloads[PAYLOADS];

enum { SP_CALLED, SP_SETUP, SP_PICTURE, SPS };
static struct buf codes[SPS];
static struct sp sps[SPS];

static uint32_t bits(double v)
{
	float f = (float)v;
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u;
}

static uint32_t seed = 1;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static void colour(struct buf *b)
{
	sp_emit_words(b, OP_glColor4f, bits(below(256) / 255.0), bits(below(256) / 255.0),
		      bits(below(256) / 255.0), bits(0.25 + below(192) / 255.0));
}

static void vertex(struct buf *b)
{
	sp_emit_words(b, OP_glTexCoord2f, bits(below(256) / 255.0), bits(below(256) / 255.0));
	sp_emit_words(b, OP_glVertex3f, bits(below(256) / 128.0 - 1), bits(below(256) / 128.0 - 1),
		      bits(below(256) / 128.0 - 1));
}

static void triangles(struct buf *b, unsigned n)
{
	sp_emit_words(b, OP_glBegin, GL_TRIANGLES);
	for (unsigned i = 0; i < n * 3; i++) {
		if (below(2))
			colour(b);
		vertex(b);
	}
	sp_emit_words(b, OP_glEnd, 0);
}

/* A colour that the program computes: registers live across the calls. */
static void computed(struct buf *b)
{
	uint32_t half[3] = { 5, 5, bits(0.7) }, sum[3] = { 6, 5, 4 };

	sp_emit(b, OP_mul_f, 2, half);
	sp_emit(b, OP_add_f, 6, sum);
	sp_emit(b, OP_glColor4f, 0x7, (uint32_t[]){ 4, 5, 6, bits(0.8) });
	sp_emit_words(b, OP_call, SP_CALLED, 4, 3);
}

static void setup(struct buf *b)
{
	sp_emit_words(b, OP_blinkContext, 1, 0, 0, 0);
	sp_emit_words(b, OP_blinkDrawable, 1, SIDE, SIDE, SINK_CONFIG_DOUBLE);
	sp_emit_words(b, OP_blinkMakeCurrent, 1, 1, 1);
	sp_emit_words(b, OP_glGenTextures, 2, PAYLOAD_NAMES, 0);
	sp_emit_words(b, OP_glBindTexture, GL_TEXTURE_2D, 2);
	sp_emit_words(b, OP_glTexParameteri, GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	sp_emit_words(b, OP_glTexImage2D, GL_TEXTURE_2D, 0, GL_RGBA, 16, 16, 0, GL_RGBA,
		      GL_UNSIGNED_BYTE, PAYLOAD_TEXELS, 0);
	sp_emit_words(b, OP_glGenBuffers, 2, PAYLOAD_NAMES, 0);
	sp_emit_words(b, OP_glBindBuffer, GL_ARRAY_BUFFER, 1);
	sp_emit_words(b, OP_glBufferData, GL_ARRAY_BUFFER, sizeof(vertices), 0, PAYLOAD_VERTICES,
		      0, GL_DYNAMIC_DRAW);
	sp_emit_words(b, OP_glVertexPointer_buf, 2, GL_FLOAT, 0, 0, 0);
	sp_emit_words(b, OP_glEnableClientState, GL_VERTEX_ARRAY);
	sp_emit_words(b, OP_glBlendFunc, GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
	sp_emit_words(b, OP_glEnable, GL_BLEND);
}

static void list(struct buf *b, unsigned i)
{
	sp_emit_words(b, OP_glNewList, 1 + i % 4, GL_COMPILE);
	triangles(b, 2);
	sp_emit_words(b, OP_glEndList, 0);
	sp_emit_words(b, OP_glCallList, 1 + i % 4);
}

/* A mapped buffer of which ranges were written. */
static void buffer(struct buf *b)
{
	for (unsigned i = 0; i < 4; i++) {
		uint32_t at = below(40) * 8, from = below(40) * 8;

		sp_emit_words(b, OP_glBufferSubData, GL_ARRAY_BUFFER, at, 0, 64, 0,
			      PAYLOAD_VERTICES, from);
	}
	colour(b);
	sp_emit_words(b, OP_glDrawArrays, GL_TRIANGLES, below(8), 36);
}

static void picture(struct buf *b)
{
	sp_emit_words(b, OP_glClear, GL_COLOR_BUFFER_BIT);
	sp_emit_words(b, OP_mov, 4, bits(0.3));
	sp_emit_words(b, OP_mov, 5, bits(0.9));
	for (unsigned i = 0; i < 30; i++)
		switch (below(6)) {
		case 0: list(b, i); break;
		case 1: buffer(b); break;
		case 2: computed(b); break;
		case 3: sp_emit_words(b, below(2) ? OP_glEnable : OP_glDisable, GL_TEXTURE_2D);
			break;
		case 4:
			sp_emit_words(b, OP_glBeginQuery, GL_SAMPLES_PASSED, 3);
			triangles(b, 2);
			sp_emit_words(b, OP_glEndQuery, GL_SAMPLES_PASSED);
			sp_emit_words(b, OP_yield, 0);
			break;
		default: triangles(b, 1 + below(4));
		}
}

static void scene_make(void)
{
	for (unsigned i = 0; i < 96; i++)
		vertices[i] = (float)(below(256) / 128.0 - 1);
	for (unsigned i = 0; i < sizeof(texels); i++)
		texels[i] = (uint8_t)below(256);
	payloads[PAYLOAD_VERTICES] = (struct sp_payload){ (uint8_t *)vertices, sizeof(vertices), 0 };
	payloads[PAYLOAD_NAMES] = (struct sp_payload){ (uint8_t *)names, sizeof(names), 0 };
	payloads[PAYLOAD_TEXELS] = (struct sp_payload){ texels, sizeof(texels), 0 };
	for (unsigned i = 0; i < SPS; i++)
		buf_init(&codes[i]);
	triangles(&codes[SP_CALLED], 3);
	sp_emit(&codes[SP_CALLED], OP_sub_f, 6, (uint32_t[]){ 0, 1, 0 });
	setup(&codes[SP_SETUP]);
	picture(&codes[SP_PICTURE]);
	for (unsigned i = 0; i < SPS; i++) {
		sp_end(&codes[i]);
		sps[i] = (struct sp){ .id = i, .callback = SP_REDRAW,
				      .code = (const uint32_t *)(const void *)codes[i].data,
				      .nwords = (uint32_t)(codes[i].len / 4) };
	}
}

static const struct sp *callee(void *user, uint32_t id)
{
	(void)user;
	return &sps[id];
}

/* ---- a process with a driver ---------------------------------------------------------- */

struct screen {
	struct sink *sink;
	struct client client;
	struct jit *jit;
};

/* A new context in which the setup has run. */
static bool screen_begin(struct screen *s)
{
	struct client_limits limits = { .slots = 1 };

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		limits.names[i] = 8;
	if (client_init(&s->client, s->sink, &limits, NULL) < 0)
		return false;
	s->client.payloads = (struct sp_payloads){ payloads, PAYLOADS };
	s->client.callee = callee;
	if (interp_run(&s->client, &sps[SP_SETUP], 0) != ENGINE_END)
		return false;
	s->client.budget = UINT64_MAX;
	return true;
}

static void screen_end(struct screen *s)
{
	s->sink->ops->make_current(s->sink, 0, 0, 0, NULL);
	s->sink->ops->context_destroy(s->sink, 1);
	s->sink->ops->drawable_destroy(s->sink, 1);
	client_finish(&s->client);
}

static enum engine_status go(struct screen *s, bool jit, uint32_t pc)
{
	enum engine_status status;

	do {
		const struct jit_code *code = jit ? jit_compile(s->jit, &sps[SP_PICTURE], NULL)
						  : NULL;

		status = code ? jit_run(&s->client, code, &sps[SP_PICTURE], pc)
			      : interp_run(&s->client, &sps[SP_PICTURE], pc);
		pc = s->client.pc;
	} while (status == ENGINE_YIELD);
	return status;
}

static uint64_t screen_hash(struct screen *s)
{
	uint32_t w, h;
	uint64_t hash = 0;
	uint8_t *rgb;

	if (sink_gl_read(s->sink, &rgb, &w, &h, NULL) == 0) {
		hash = XXH3_64bits(rgb, (size_t)w * h * 3);
		free(rgb);
	}
	return hash;
}

static int screen_open(struct screen *s)
{
	const struct sink_gl_options opt = { 0 };
	int rc = sink_gl_create(&s->sink, &opt, NULL);

	return rc < 0 ? rc : jit_create(&s->jit, s->sink, NULL);
}

static void screen_close(struct screen *s)
{
	jit_destroy(s->jit);
	sink_destroy(s->sink);
}

struct request { uint64_t budget; uint32_t jit, size; };

static int worker(void)
{
	struct screen s;
	struct request q;

	if (screen_open(&s) < 0)
		return 1;
	while (read(0, &q, sizeof(q)) == (ssize_t)sizeof(q)) {
		struct error err = { 0 };
		uint8_t blob[4096];
		uint64_t hash;
		struct trap t;

		if (q.size > sizeof(blob) || read(0, blob, q.size) != (ssize_t)q.size)
			return 1;
		if (!screen_begin(&s) || trap_read(&t, blob, q.size, &err) < 0 ||
		    trap_replay(&t, q.budget, &s.client, &sps[SP_PICTURE], &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
		s.client.budget = UINT64_MAX;
		if (go(&s, q.jit, s.client.pc) != ENGINE_END)
			return 1;
		hash = screen_hash(&s);
		screen_end(&s);
		if (write(1, &hash, sizeof(hash)) != (ssize_t)sizeof(hash))
			return 1;
	}
	screen_close(&s);
	return 0;
}

/* ---- the test ---------------------------------------------------------------------------- */

static struct screen screen;
static int to, from;
static pid_t pid;

static void worker_start(void)
{
	char *argv[] = { (char[]){ "test_trap_gl" }, (char[]){ "worker" }, NULL };
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to = in[1];
	from = out[0];
}

static void point(uint64_t n, bool jit, uint64_t want)
{
	struct request q = { .budget = n, .jit = !jit };
	struct error err = { 0 };
	uint64_t got = 0;
	struct trap t;
	struct buf blob;

	assert_true(screen_begin(&screen));
	screen.client.budget = n;
	assert_int_equal(go(&screen, jit, 0), ENGINE_LIMIT);
	if (trap_capture(&t, TRAP_LIMIT, 0, &screen.client, &sps[SP_PICTURE], &err) < 0)
		fail_msg("%s", err.text);
	screen_end(&screen);
	buf_init(&blob);
	trap_write(&blob, &t, NULL);
	q.size = (uint32_t)blob.len;
	assert_int_equal(write(to, &q, sizeof(q)), sizeof(q));
	assert_int_equal(write(to, blob.data, blob.len), blob.len);
	assert_int_equal(read(from, &got, sizeof(got)), sizeof(got));
	if (got != want)
		fail_msg("stopped after %llu records, resumed by %s: another picture",
			 (unsigned long long)n, jit ? "the interpreter" : "the JIT");
	buf_finish(&blob);
}

static void pictures(void **state)
{
	uint64_t want, blank, records;
	int status;

	(void)state;
	assert_true(screen_begin(&screen));
	blank = screen_hash(&screen);
	assert_int_equal(go(&screen, false, 0), ENGINE_END);
	records = UINT64_MAX - screen.client.budget;
	want = screen_hash(&screen);
	assert_int_not_equal(want, blank);
	screen_end(&screen);
	worker_start();
	for (unsigned i = 0; i < POINTS; i++)
		point(below((uint32_t)records), i % 2, want);
	close(to);
	close(from);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	printf("%u stop points in %llu records\n", POINTS, (unsigned long long)records);
}

/* The driver is asked all along, and has lost nothing. */
static void nothing_is_lost(void **state)
{
	const struct trap_how how = { .signals = true, .poll = 7 };
	const struct jit_code *code;
	enum engine_status status;
	struct trap t;
	uint32_t pc = 0;

	(void)state;
	assert_true(screen_begin(&screen));
	assert_non_null(screen.sink->ops->reset_status);
	do {
		code = jit_compile(screen.jit, &sps[SP_PICTURE], NULL);
		status = trap_run(&screen.client, code, &sps[SP_PICTURE], pc, &how, &t);
		pc = screen.client.pc;
	} while (status == ENGINE_YIELD);
	assert_int_equal(status, ENGINE_END);
	screen_end(&screen);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures),
		cmocka_unit_test(nothing_is_lost),
	};
	int rc;

	scene_make();
	if (argc > 1 && !strcmp(argv[1], "worker"))
		return worker();
	if (screen_open(&screen) < 0) {
		printf("skipped: no GL driver\n");
		return 77;
	}
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	screen_close(&screen);
	return rc;
}
