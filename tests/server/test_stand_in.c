/* test_stand_in.c - clients of one size draw into one drawable in turn: nobody can tell.
 *
 * Expectations are of pixels beside a server that draws each into its own, and of who is
 * let in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "blink/server/painter.h"
#include "tests/server/many.h"

#define W 60u
#define H 50u
#define SIZE ((size_t)MANY_W * MANY_H * 3)

static uint32_t made(const struct many *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < STAND_INS; i++)
		n += m->server->painter[0].stand_ins.v[i].made;
	return n;
}

static void moving(struct many *m, uint32_t flags, float r, float g, float b)
{
	many_add(m, W, H, flags, "moving", many_moving(r, g, b, W, H));
}

/* With time, but never all of its area, nor anything of depth. */
static void part(struct many *m, uint32_t flags)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "blink 1\nnames context 8\nnames drawable 8\n"
		 "sp 0 init {\nblinkContext 1, 0, 0, 0\nblinkDrawable 1, %u, %u, 134742020\n"
		 "blinkMakeCurrent 1, 1, 1\nglClear GL_COLOR_BUFFER_BIT\nend\n}\n"
		 "sp 1 redraw frame 0 context 1 drawable 1 {\n"
		 "ext r0, time\nmul.f r1, r0, 90\n"
		 "glMatrixMode GL_MODELVIEW\nglLoadIdentity\nglRotatef r1, 0, 0, 1\n"
		 "glColor3f 1, 1, 1\nglRectf -0.1, -0.1, 0.1, 0.1\nend\n}\n", W, H);
	many_add(m, W, H, flags, "part", text);
}

/* ---- pictures ------------------------------------------------------------------------------ */

#define SERVERS 2

static void add_all(struct many *m)
{
	moving(m, VSO_HELLO_DIRECT, 1, 0, 0);
	moving(m, VSO_HELLO_DIRECT, 0, 1, 0.5f);
	moving(m, 0, 0, 0, 1);
	part(m, VSO_HELLO_DIRECT);
	moving(m, VSO_HELLO_DIRECT, 0.5f, 0, 1);
	many_add(m, W, H, VSO_HELLO_DIRECT, "still", many_plain(0, 1, 0, W, H));
	many_add(m, 90, H, VSO_HELLO_DIRECT, "large", many_moving(1, 1, 0, 90, H));
}

static void test_nobody_can_tell(void **state)
{
	static const struct server_options opt[SERVERS] = { { .no_direct = true },
							    { .no_facts = true } };
	static struct many m[SERVERS];
	struct rng rng = { 5 };

	(void)state;
	for (unsigned k = 0; k < SERVERS; k++) {
		if (!many_open(&m[k], &opt[k]))
			skip();
		add_all(&m[k]);
	}
	for (unsigned round = 0; round < 120; round++) {
		/* now and then, so that there is time to be steady in between */
		uint32_t act = round % 24 ? MANY_NOTHING
					   : rng_below(&rng, 2) ? MANY_RAISE : MANY_MOVE;

		many_round(m, SERVERS, act, 7, &rng);
	}
	/* of the one size that several have; none where everything is drawn as it comes */
	assert_int_equal(made(&m[0]), 1);
	assert_int_equal(made(&m[1]), 0);
	for (unsigned k = 0; k < SERVERS; k++)
		many_close(&m[k]);
}

/* ---- who draws there ------------------------------------------------------------------------ */

static uint32_t made_for(void (*add)(struct many *m), unsigned clients)
{
	struct many m;
	uint32_t n;

	if (!many_open(&m, &(struct server_options){ .no_direct = true }))
		skip();
	for (unsigned i = 0; i < clients; i++)
		add(&m);
	many_frames(&m, 20);
	n = made(&m);
	many_close(&m);
	return n;
}

static void add_moving(struct many *m) { moving(m, VSO_HELLO_DIRECT, 1, 0, 0); }
static void add_own(struct many *m) { moving(m, 0, 1, 0, 0); }
static void add_part(struct many *m) { part(m, VSO_HELLO_DIRECT); }
static void add_still(struct many *m)
{
	many_add(m, W, H, VSO_HELLO_DIRECT, "still", many_plain(0, 1, 0, W, H));
}

static void test_who(void **state)
{
	(void)state;
	assert_int_equal(made_for(add_moving, 3), 1);
	/* alone; that did not agree; that leave something of what was there; that do not move */
	assert_int_equal(made_for(add_moving, 1), 0);
	assert_int_equal(made_for(add_own, 3), 0);
	assert_int_equal(made_for(add_part, 3), 0);
	assert_int_equal(made_for(add_still, 3), 0);
}

/* Sizes come and go: there are never more than a few. */
static void test_sizes(void **state)
{
	struct stand_ins s = { 0 };
	struct sink *gl = one_driver();
	uint64_t frame = 0;

	(void)state;
	for (uint32_t size = 1; size < 40; size++)
		for (unsigned k = 0; k < 4; k++) {
			uint32_t n = 0;

			frame++;
			for (unsigned i = 0; i < 3; i++)
				n = stand_in_take(&s, gl, frame, size, size, 0);
			if (k)
				assert_in_range(n, SERVER_STAND_INS,
						SERVER_STAND_INS + STAND_INS - 1);
		}
	/* more sizes at once than there is room for: some have none */
	for (unsigned k = 0; k < 4; k++) {
		uint32_t n = 0;

		frame++;
		for (uint32_t size = 100; size < 100 + 2 * STAND_INS; size++)
			for (unsigned i = 0; i < 3; i++)
				n += stand_in_take(&s, gl, frame, size, 10, 0) && i == 2;
		assert_in_range(n, k ? 1 : 0, STAND_INS);
	}
	stand_ins_close(&s, gl);
	sink_destroy(gl);
}

/* ---- behind ------------------------------------------------------------------------------------ */

static uint64_t still_clock(void) { return 5; }

/* Of two servers with the same clients the first has turns, in which one client is known to bring
 * much: the others are drawn before it is prepared. */
static void behind(struct many *m, uint32_t id)
{
	m->server->painter[0].opt.limits.frame_ns = 0;
	for (uint32_t i = 0; i < m->server->n; i++)
		m->server->windows[i]->turn.take_ns =
			m->server->windows[i]->id == id ? 20000000 : 0;
}

static void compare_behind(struct many m[2], uint32_t id, unsigned frames, unsigned when,
			   uint32_t client, const char *text)
{
	server_clock = still_clock;
	for (unsigned f = 0; f < frames; f++) {
		behind(&m[0], id);
		behind(&m[1], 0);
		for (unsigned k = 0; k < 2; k++) {
			if (f == when)
				one_publish(&m[k].c[client], text);
			many_frame(&m[k]);
			many_look(&m[k]);
		}
		assert_memory_equal(m[0].rgb, m[1].rgb, SIZE);
	}
	assert_int_not_equal(made(&m[0]), 0);
	server_clock = NULL;
	many_close(&m[0]);
	many_close(&m[1]);
}

/* The last one changes its size when those that share a drawable have been drawn: what they drew
 * is on the screen and nowhere else. */
static void test_behind_size(void **state)
{
	static const struct server_options opt = { .no_direct = true };
	static struct many m[2];

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		if (!many_open(&m[k], &opt))
			skip();
		moving(&m[k], VSO_HELLO_DIRECT, 1, 0, 0);
		moving(&m[k], VSO_HELLO_DIRECT, 0, 1, 0.5f);
		many_add(&m[k], 90, H, 0, "large", many_plain(1, 1, 0, 90, H));
	}
	compare_behind(m, 3, 60, 50, 2, "blink 1\nnames context 8\nnames drawable 8\n"
		       "sp 0 init context 1 drawable 1 {\nblinkDrawableResize 1, 80, 40\nend\n}\n");
}

/* One that is direct lies below them, and draws over them when they have been drawn. */
static void test_behind_direct(void **state)
{
	static const struct server_options opt = { .direct = true };
	static const int at[4][2] = { { 0, 0 }, { -10, 10 }, { -10, 70 }, { 200, 170 } };
	static struct many m[2];
	struct error err;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		if (!many_open(&m[k], &opt))
			skip();
		many_add(&m[k], 120, 120, VSO_HELLO_DIRECT, "below", many_plain(1, 1, 0, 120, 120));
		moving(&m[k], VSO_HELLO_DIRECT, 1, 0, 0);
		moving(&m[k], VSO_HELLO_DIRECT, 0, 1, 0.5f);
		many_add(&m[k], 90, H, 0, "large", many_plain(1, 0, 1, 90, H));
		for (uint32_t i = 0; i < 4; i++)
			server_move(m[k].server, i + 1, at[i][0], at[i][1], &err);
	}
	compare_behind(m, 4, 160, 150, 0, "blink 1\nnames context 8\nnames drawable 8\n"
		       "sp 0 init {\nend\n}\nsp 1 redraw frame 0 context 1 drawable 1 {\n"
		       "glViewport 0, 0, 120, 120\nglClearColor 0, 0, 1, 1\n"
		       "glClear GL_COLOR_BUFFER_BIT\nend\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_can_tell),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_behind_size),
		cmocka_unit_test(test_behind_direct),
		cmocka_unit_test(test_sizes),
	};

	if (!many_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
