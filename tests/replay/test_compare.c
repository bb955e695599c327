/* test_compare.c - compare against glretrace: a small trace is the same as its own
 * conversion through both engines, and a flaw put into one frame is found. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <GL/gl.h>
#include <cmocka.h>

#include "capture/convert.h"
#include "replay/compare.h"
#include "tests/replay/scene.h"
#include "tests/support/tracegen.h"

#define FRAMES 7u

struct seen {
	uint32_t n, frames[64];
	enum compare_verdict verdicts[64];
	enum player_engine engines[64];
	uint64_t pixels[64];
};

static int note(void *user, const struct compare_frame *f, struct error *err)
{
	struct seen *s = user;

	(void)err;
	assert_true(s->n < 64);
	s->frames[s->n] = f->frame;
	s->engines[s->n] = f->engine;
	s->pixels[s->n] = f->difference.pixels;
	s->verdicts[s->n++] = f->verdict;
	return 0;
}

/* The trace of a program that paints stripes; flaw: the frame with a wrong colour. */
static void trace_write(const char *path, uint32_t flaw)
{
	struct tracegen *g = tracegen_create();

	tracegen_window(g);
	tracegen_call(g, 0, "glViewport", "x=i,y=i,width=i,height=i", 0, 0, 40, 30);
	tracegen_call(g, 0, "glEnable", "cap=e", GL_SCISSOR_TEST);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t c = scene_colour(i, flaw);

		tracegen_call(g, 0, "glScissor", "x=i,y=i,width=i,height=i", (int)i * 3, (int)i, 5, 9);
		tracegen_call(g, 0, "glClearColor", "red=f,green=f,blue=f,alpha=f",
			      (c >> 16) / 255.0, (c >> 8 & 255) / 255.0, (c & 255) / 255.0, 1.0);
		tracegen_call(g, 0, "glClear", "mask=u", (uint64_t)GL_COLOR_BUFFER_BIT);
		tracegen_swap(g);
	}
	assert_int_equal(tracegen_save(g, path, 0), 0);
	tracegen_destroy(g);
}

static void files(char trace[64], char blink[64], uint32_t flaw)
{
	const struct convert_options opt = { 0 };
	struct convert_stats stats;
	struct error err = { 0 };

	snprintf(trace, 64, "/tmp/test_compare.%d.trace", (int)getpid());
	snprintf(blink, 64, "/tmp/test_compare.%d.blink", (int)getpid());
	trace_write(trace, flaw);
	if (convert_trace(trace, blink, &opt, &stats, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(stats.frames, FRAMES);
}

static void run(const char *trace, const char *blink, uint32_t every, struct seen *seen,
		struct compare_result *result)
{
	struct compare_options opt = { .every = every, .jit = true, .interp = true,
				       .on_frame = note, .user = seen };
	struct error err = { 0 };
	int r;

	memset(seen, 0, sizeof(*seen));
	r = compare_run(trace, blink, &opt, result, &err);
	if (r < 0)
		fail_msg("%s", err.text);
}

static void test_same(void **state)
{
	struct compare_result result;
	char trace[64], blink[64];
	struct seen seen;

	(void)state;
	files(trace, blink, UINT32_MAX);
	run(trace, blink, 1, &seen, &result);
	assert_int_equal(result.compared, 2 * FRAMES);
	assert_int_equal(result.same, 2 * FRAMES);
	assert_int_equal(result.different, 0);
	unlink(trace);
	unlink(blink);
}

static void test_every_and_the_last(void **state)
{
	struct compare_result result;
	char trace[64], blink[64];
	struct seen seen;

	(void)state;
	files(trace, blink, UINT32_MAX);
	run(trace, blink, 4, &seen, &result);
	assert_int_equal(seen.n, 6);
	assert_int_equal(seen.frames[0], 0);
	assert_int_equal(seen.frames[2], 4);
	assert_int_equal(seen.frames[4], FRAMES - 1);
	assert_int_equal(seen.engines[4], PLAYER_JIT);
	assert_int_equal(seen.engines[5], PLAYER_INTERP);
	unlink(trace);
	unlink(blink);
}

static void test_flaw_is_found(void **state)
{
	struct compare_result result;
	char trace[64], blink[64];
	struct seen seen;

	(void)state;
	files(trace, blink, 5);          /* the file is of the flawed trace ... */
	trace_write(trace, UINT32_MAX);  /* ... and stands against the right one */
	run(trace, blink, 1, &seen, &result);
	assert_int_equal(result.different, 4);    /* frames 5 and 6, by each engine */
	for (uint32_t i = 0; i < seen.n; i++)
		assert_int_equal(seen.verdicts[i], seen.frames[i] < 5 ? COMPARE_SAME :
				 COMPARE_DIFFERENT);
	assert_int_equal(seen.pixels[10], 5 * 9);
	unlink(trace);
	unlink(blink);
}

static void test_shorter_file(void **state)
{
	const struct convert_options opt = { .frames = 3 };
	struct convert_stats stats;
	struct compare_result result;
	char trace[64], blink[64];
	struct error err = { 0 };
	struct seen seen;

	(void)state;
	files(trace, blink, UINT32_MAX);
	assert_int_equal(convert_trace(trace, blink, &opt, &stats, &err), 0);
	run(trace, blink, 1, &seen, &result);
	assert_int_equal(result.compared, 6);
	assert_int_equal(result.same, 6);
	assert_true(result.trace_longer);
	unlink(trace);
	unlink(blink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_every_and_the_last),
		cmocka_unit_test(test_flaw_is_found),
		cmocka_unit_test(test_shorter_file),
	};

	if (system("command -v glretrace >/dev/null && command -v Xvfb >/dev/null")) {
		printf("skipped: glretrace or Xvfb is missing (apt install apitrace xvfb)\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
