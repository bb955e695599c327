/* test_served_nowhere.c - procedures of a client that has no context current: never had one,
 * has destroyed it, or has let go of it.  What they say may not reach whatever context was
 * current before their turn: another client's, or the server's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/one.h"

#define HEAD "blink 1\nnames context 8\nnames drawable 8\n"
#define MAKE "blinkContext 1, 0, 0, 0\nblinkDrawable 1, 64, 64, 1\nblinkMakeCurrent 1, 1, 1\n"
#define RED 0xff0000u

static struct sink *gl;

static uint32_t shown(struct one *o)
{
	uint8_t *rgb = one_picture(o);
	const uint8_t *p = rgb + (32 * ONE_SIDE + 32) * 3;
	uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

	free(rgb);
	return v;
}

static const char *const ways[] = {
	"", MAKE "blinkMakeCurrent 0, 0, 0\nblinkContextDestroy 1\n", MAKE "blinkMakeCurrent 0, 0, 0\n",
};

static const struct { const char *head, *body; } says[] = {
	{ "init", "glClearColor 0, 1, 0, 1\nglClear GL_COLOR_BUFFER_BIT" },
	{ "redraw frame 0", "glClearColor 0, 1, 0, 1\nglClear GL_COLOR_BUFFER_BIT" },
	/* (these may not change pixels: what is drawn then is) */
	{ "update frame 0", "glClearColor 0, 1, 0, 1" },
	{ "reshape frame 0", "glClearColor 0, 1, 0, 1" },
};

/* What the last one that had a context finds afterwards. */
static void victim_open(struct one *o)
{
	one_open(o, gl, 0, 0, 0);
	one_publish(o, HEAD "sp 0 init {\n" MAKE "glClearColor 1, 0, 0, 1\nend\n}\n"
		       "sp 1 redraw frame 0 context 1 drawable 1 {\nglClear GL_COLOR_BUFFER_BIT\n"
		       "ext r0, frame\nend\n}\n");
	one_frame(o);
	assert_int_equal(shown(o), RED);
}

static void attack(struct one *o, unsigned way, unsigned what)
{
	char text[1024];
	struct error err;

	one_open(o, gl, VSO_HELLO_RESIZE, 0, 0);
	snprintf(text, sizeof(text), HEAD "sp 0 init {\n%send\n}\nsp 1 %s {\n%s\nend\n}\n", ways[way],
		 says[what].head, says[what].body);
	one_publish(o, text);
	vso_client_update(o->client);
	assert_int_equal(served_resize(o->served, ONE_SIDE / 2, ONE_SIDE, &err), 0);
	one_frame(o);
}

static void test_nobody_elses(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]) * sizeof(says) / sizeof(says[0]) * 2; i++) {
		unsigned way = i / 2 / (sizeof(says) / sizeof(says[0]));
		unsigned what = i / 2 % (sizeof(says) / sizeof(says[0]));
		struct one victim, other;

		victim_open(&victim);
		/* the server's context was current last, or the victim's */
		if (i % 2)
			one_frame(&victim);
		attack(&other, way, what);
		if (shown(&victim) != RED)
			fail_msg("way %u, %s: it drew in another's window", way, says[what].head);
		one_frame(&victim);
		if (shown(&victim) != RED)
			fail_msg("way %u, %s: it changed another's state", way, says[what].head);
		one_close(&other);
		one_close(&victim);
	}
}

/* The same by a stream. */
static void test_stream(void **state)
{
	(void)state;
	for (unsigned way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
		struct one victim, other;
		char text[1024];

		victim_open(&victim);
		one_frame(&victim);
		one_open(&other, gl, 0, 1 << 20, 0);
		snprintf(text, sizeof(text), HEAD "sp 0 init {\n%send\n}\nsp 1 redraw frame 0 {\n"
			 "glClearColor 0, 1, 0, 1\nglClear GL_COLOR_BUFFER_BIT\nend\n}\n", ways[way]);
		one_push(&other, text);
		one_frame(&other);
		one_frame(&victim);
		one_push(&other, HEAD "sp 0 redraw frame 0 {\n"
			 "glClearColor 0, 1, 0, 1\nglClear GL_COLOR_BUFFER_BIT\nend\n}\n");
		one_frame(&other);
		if (shown(&victim) != RED)
			fail_msg("way %u: it drew in another's window", way);
		one_frame(&victim);
		assert_int_equal(shown(&victim), RED);
		one_close(&other);
		one_close(&victim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_elses),
		cmocka_unit_test(test_stream),
	};

	gl = one_driver();
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
