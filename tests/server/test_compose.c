/* test_compose.c - many clients on one screen: whose pixel is which, and who is drawn.
 *
 * Every expectation is of pixels: inside areas, on frames and labels, outside; with and
 * without facts, direct and copied, moved and raised at random. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "blink/server/compose.h"
#include "tests/server/many.h"

static const uint8_t ground[3] = { 0x20, 0x24, 0x2c };

static void assert_color(const uint8_t *p, const uint8_t *want)
{
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(p[i], want[i] > 0 ? want[i] - 1 : 0, want[i] + 1);
}

#define assert_rgb(m, x, y, ...) \
	assert_color(many_pixel(m, x, y), (const uint8_t[3]){ __VA_ARGS__ })

/* ---- regions ------------------------------------------------------------------------------ */

/* Against counting pixel by pixel. */
static void test_region(void **state)
{
	struct rng rng = { 7 };

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		static uint8_t want[64][64], got[64][64];
		struct region g = { 0 };

		memset(want, 0, sizeof(want));
		memset(got, 0, sizeof(got));
		for (unsigned y = 4; y < 60; y++)
			memset(&want[y][4], 1, 56);
		assert_true(region_set(&g, (struct rect){ 4, 4, 56, 56 }));
		for (unsigned k = rng_below(&rng, 6); k > 0; k--) {
			struct rect r = { (int)rng_below(&rng, 60), (int)rng_below(&rng, 60),
					  (int)rng_below(&rng, 40), (int)rng_below(&rng, 40) };

			assert_true(region_cut(&g, r));
			for (int y = r.y; y < r.y + r.h && y < 64; y++)
				for (int x = r.x; x < r.x + r.w && x < 64; x++)
					want[y][x] = 0;
		}
		for (uint32_t i = 0; i < g.n; i++)
			for (int y = g.v[i].y; y < g.v[i].y + g.v[i].h; y++)
				for (int x = g.v[i].x; x < g.v[i].x + g.v[i].w; x++)
					got[y][x]++;
		assert_memory_equal(got, want, sizeof(want));
		region_finish(&g);
	}
}

/* ---- pixels ---------------------------------------------------------------------------------- */

static void assert_around(struct many *m, uint32_t id)
{
	struct server_client_info i = many_info(m, id);
	uint8_t color[3];
	int x = i.x, y = i.y, w = (int)i.width, h = (int)i.height;

	decorate_color(id, color);
	for (int k = 1; k <= FRAME_SIDE; k++) {
		assert_color(many_pixel(m, x - k, y + h / 2), color);
		assert_color(many_pixel(m, x + w - 1 + k, y + h / 2), color);
		assert_color(many_pixel(m, x + w / 2, y + h - 1 + k), color);
	}
	/* the bar is in its colour, full or dark */
	if (!i.focus)
		for (unsigned k = 0; k < 3; k++)
			color[k] /= 3;
	assert_color(many_pixel(m, x + w - 1, y - 2), color);
	assert_color(many_pixel(m, x - FRAME_SIDE, y - FRAME_BAR), color);
}

static void two(void **state, const struct server_options *opt, uint32_t flags)
{
	struct server_client_info a, b;
	struct many m;
	uint32_t first, second;

	(void)state;
	if (!many_open(&m, opt))
		skip();
	first = many_add(&m, 80, 60, flags, "first", many_plain(1, 0, 0, 80, 60));
	second = many_add(&m, 100, 50, flags, "second", many_plain(0, 0, 1, 100, 50));
	many_frames(&m, 2);
	many_look(&m);
	a = many_info(&m, first);
	b = many_info(&m, second);
	assert_int_equal(a.direct, flags & VSO_HELLO_DIRECT && !opt->no_direct);
	for (int y = 0; y < 60; y++)
		for (int x = 0; x < 80; x++)
			assert_rgb(&m, a.x + x, a.y + y, 255, 0, 0);
	for (int y = 0; y < 50; y++)
		for (int x = 0; x < 100; x++)
			assert_rgb(&m, b.x + x, b.y + y, 0, 0, 255);
	assert_around(&m, first);
	assert_around(&m, second);
	assert_color(many_pixel(&m, MANY_W - 1, MANY_H - 1), ground);
	many_close(&m);
}

static void test_copied(void **state)
{
	two(state, &(struct server_options){ 0 }, 0);
}

static void test_direct(void **state)
{
	two(state, &(struct server_options){ 0 }, VSO_HELLO_DIRECT);
}

static void test_direct_not_allowed(void **state)
{
	two(state, &(struct server_options){ .no_direct = true }, VSO_HELLO_DIRECT);
}

/* Who is in front is seen, with his frame; the other's frame ends there. */
static void overlap(uint32_t flags)
{
	struct server_client_info a, b;
	struct error err;
	struct many m;
	uint32_t first, second;

	if (!many_open(&m, &(struct server_options){ 0 }))
		skip();
	first = many_add(&m, 100, 80, flags, "first", many_plain(1, 0, 0, 100, 80));
	second = many_add(&m, 100, 80, flags, "second", many_plain(0, 1, 0, 100, 80));
	assert_int_equal(server_move(m.server, first, 20, 40, &err), 0);
	assert_int_equal(server_move(m.server, second, 60, 70, &err), 0);
	many_frames(&m, 2);
	many_look(&m);
	b = many_info(&m, second);
	assert_around(&m, second);
	assert_rgb(&m, b.x, b.y, 0, 255, 0);
	assert_rgb(&m, 21, 41, 255, 0, 0);
	assert_int_equal(server_raise(m.server, first, &err), 0);
	many_frame(&m);
	many_look(&m);
	a = many_info(&m, first);
	assert_around(&m, first);
	assert_rgb(&m, a.x + 99, a.y + 79, 255, 0, 0);
	assert_rgb(&m, b.x + 99, b.y + 79, 0, 255, 0);
	many_close(&m);
}

static void test_overlap(void **state)
{
	(void)state;
	overlap(0);
	overlap(VSO_HELLO_DIRECT);
}

/* ---- facts change no pixel ----------------------------------------------------------------- */

#define SERVERS 3

static void add_all(struct many *m)
{
	many_add(m, 90, 70, VSO_HELLO_DIRECT, "a", many_moving(1, 0, 0, 90, 70));
	many_add(m, 60, 60, 0, "b", many_moving(0, 0.5f, 1, 60, 60));
	many_add(m, 70, 50, VSO_HELLO_DIRECT, "c", many_plain(0, 1, 0, 70, 50));
	many_add(m, 50, 80, 0, "d", many_plain(1, 1, 0, 50, 80));
	many_add(m, 80, 40, VSO_HELLO_DIRECT, "e", many_moving(0.25f, 0, 0.75f, 80, 40));
}

static void test_facts_change_no_pixel(void **state)
{
	static const struct server_options opt[SERVERS] = {
		{ .no_facts = false }, { .no_facts = true }, { .no_direct = true },
	};
	static struct many m[SERVERS];
	uint64_t redraws = 0, all = 0;
	struct rng rng = { 11 };

	(void)state;
	for (unsigned k = 0; k < SERVERS; k++) {
		if (!many_open(&m[k], &opt[k]))
			skip();
		add_all(&m[k]);
	}
	for (unsigned round = 0; round < 60; round++) {
		uint32_t act = rng_below(&rng, 6);

		many_round(m, SERVERS, act, 5, &rng);
	}
	redraws = m[0].events[SERVER_EVENT_REDRAW];
	all = m[1].events[SERVER_EVENT_REDRAW];
	assert_true(redraws < all);
	for (unsigned k = 0; k < SERVERS; k++)
		many_close(&m[k]);
}

/* ---- who is drawn -------------------------------------------------------------------------- */

static void test_nothing_new(void **state)
{
	struct server_frame_stats s;
	struct many m;

	(void)state;
	if (!many_open(&m, &(struct server_options){ 0 }))
		skip();
	many_add(&m, 80, 60, VSO_HELLO_DIRECT, "direct", many_plain(1, 0, 0, 80, 60));
	many_add(&m, 80, 60, 0, "copied", many_plain(0, 0, 1, 80, 60));
	many_frames(&m, 3);
	many_frame(&m);
	server_frame_stats_get(m.server, &s);
	assert_int_equal(s.redraws, 0);
	assert_int_equal(s.copies, 0);
	assert_int_equal(s.skipped, 2);
	assert_true(server_idle(m.server));
	many_close(&m);
}

static void test_hidden(void **state)
{
	struct server_frame_stats s;
	struct error err;
	struct many m;
	uint32_t below;

	(void)state;
	if (!many_open(&m, &(struct server_options){ 0 }))
		skip();
	below = many_add(&m, 60, 40, 0, "below", many_moving(1, 0, 0, 60, 40));
	many_add(&m, 120, 100, 0, "above", many_plain(0, 0, 1, 120, 100));
	many_frames(&m, 2);
	server_move(m.server, 2, 20, 40, &err);
	server_move(m.server, below, 40, 60, &err);
	many_frame(&m);
	many_frame(&m);
	server_frame_stats_get(m.server, &s);
	assert_int_equal(s.hidden, 1);
	assert_int_equal(s.redraws, 0);
	assert_true(many_info(&m, below).hidden_frames >= 1);
	server_raise(m.server, below, &err);
	many_frame(&m);
	server_frame_stats_get(m.server, &s);
	assert_int_equal(s.hidden, 0);
	assert_int_equal(s.redraws, 1);
	many_close(&m);
}

/* ---- what a client may not reach ---------------------------------------------------------------- */

#define HOSTILE \
	"blink 1\nnames context 8\nnames drawable 8\n" \
	"sp 0 init {\nblinkContext 1, 0, 0, 0\nblinkDrawable 1, 80, 60, 134742020\n" \
	"blinkMakeCurrent 1, 1, 1\nend\n}\n" \
	"sp 1 redraw frame 0 context 1 drawable 1 {\n" \
	"glClearColor 1, 1, 1, 1\nglDisable GL_SCISSOR_TEST\n" \
	"glClear GL_COLOR_BUFFER_BIT|GL_DEPTH_BUFFER_BIT|GL_STENCIL_BUFFER_BIT\n" \
	"glViewport -1000, -1000, 4000, 4000\nglColor3f 1, 1, 1\n" \
	"glRectf -1, -1, 1, 1\nglEnable GL_SCISSOR_TEST\nglScissor -500, -500, 3000, 3000\n" \
	"glClear GL_COLOR_BUFFER_BIT\nglRectf -1, -1, 1, 1\n" \
	"glViewport 0, 0, 80, 60\nglLineWidth 40\nglBegin GL_LINES\n" \
	"glVertex2f -1, -1\nglVertex2f 1, -1\nglVertex2f -1, 1\nglVertex2f 1, 1\nglEnd\n" \
	"glPointSize 60\nglBegin GL_POINTS\nglVertex2f 1, 1\nglVertex2f -1, -1\nglEnd\n" \
	"end\n}\n"

static void frame_unreached(uint32_t flags)
{
	struct server_client_info i;
	struct many m;
	uint32_t id;

	if (!many_open(&m, &(struct server_options){ 0 }))
		skip();
	id = many_add(&m, 80, 60, flags, "1  pid 1  the server", HOSTILE);
	many_add(&m, 80, 60, flags, "victim", many_plain(0, 0, 1, 80, 60));
	many_frames(&m, 3);
	many_look(&m);
	i = many_info(&m, id);
	assert_rgb(&m, i.x + 40, i.y + 30, 255, 255, 255);
	assert_rgb(&m, i.x, i.y, 255, 255, 255);
	assert_around(&m, id);
	assert_around(&m, 2);
	i = many_info(&m, 2);
	for (int y = 0; y < 60; y++)
		for (int x = 0; x < 80; x++)
			assert_rgb(&m, i.x + x, i.y + y, 0, 0, 255);
	assert_color(many_pixel(&m, MANY_W - 1, MANY_H - 1), ground);
	many_close(&m);
}

static void test_frame_unreached(void **state)
{
	(void)state;
	frame_unreached(0);
	frame_unreached(VSO_HELLO_DIRECT);
}

/* The label: letters of the server's, unlike for another number, whatever the name says. */
static void test_label(void **state)
{
	struct window a = { .id = 1 }, b = { .id = 2 };
	uint8_t *x, *y;
	char name[VSO_NAME] = "\033[2J\x80\xff";

	(void)state;
	decorate_color(1, a.color);
	decorate_color(1, b.color);
	x = decorate_bar(&a, "pid 7", "name", 200, true);
	y = decorate_bar(&b, "pid 7", "name", 200, true);
	assert_memory_not_equal(x, y, 200 * FRAME_BAR * 4);
	free(y);
	y = decorate_bar(&a, "pid 7", "name", 200, true);
	assert_memory_equal(x, y, 200 * FRAME_BAR * 4);
	free(x);
	free(y);
	/* what cannot be read, and what has no room, does no harm */
	memset(name + 6, 'x', sizeof(name) - 7);
	for (uint32_t width = 1; width < 400; width += 7)
		free(decorate_bar(&a, "pid 7", name, width, false));
}

/* ---- places ----------------------------------------------------------------------------------- */

static void test_places(void **state)
{
	static const struct { int x, y; } to[] = { { -5000, -5000 }, { 5000, 5000 },
						   { -5000, 5000 }, { 5000, 0 } };
	struct rect screen = { 0, 0, MANY_W, MANY_H };
	struct server_client_info a, b;
	struct error err;
	struct many m;

	(void)state;
	if (!many_open(&m, &(struct server_options){ 0 }))
		skip();
	for (unsigned i = 0; i < 6; i++)
		many_add(&m, 70, 40, 0, "one of many", NULL);
	/* where there is room, none lies over another */
	for (uint32_t i = 1; i <= 6; i++) {
		a = many_info(&m, i);
		for (uint32_t j = i + 1; j <= 6; j++) {
			struct window v = { .x = a.x, .y = a.y, .w = a.width, .h = a.height }, w;

			b = many_info(&m, j);
			w = (struct window){ .x = b.x, .y = b.y, .w = b.width, .h = b.height };
			assert_false(rect_meets(window_outer(&v, true), window_outer(&w, true)));
		}
	}
	/* wherever it goes, some of its bar is to be seen */
	for (unsigned i = 0; i < 4; i++) {
		struct window w;
		struct rect piece[4], seen;

		assert_int_equal(server_move(m.server, 1, to[i].x, to[i].y, &err), 0);
		a = many_info(&m, 1);
		w = (struct window){ .x = a.x, .y = a.y, .w = a.width, .h = a.height };
		window_frame(&w, piece);
		seen = rect_meet(piece[0], screen);
		assert_int_equal(seen.h, FRAME_BAR);
		assert_true(seen.w >= 40);
	}
	many_frames(&m, 2);
	many_close(&m);
}

static void test_resize(void **state)
{
	struct error err;
	struct many m;

	(void)state;
	if (!many_open(&m, &(struct server_options){ 0 }))
		skip();
	many_add(&m, 80, 60, VSO_HELLO_RESIZE, "elastic", many_plain(1, 0, 0, 80, 60));
	many_add(&m, 80, 60, 0, "stiff", many_plain(0, 1, 0, 80, 60));
	many_frames(&m, 2);
	assert_int_equal(server_resize(m.server, 2, 100, 100, &err), -EPERM);
	assert_int_equal(server_resize(m.server, 1, 0, 100, &err), -EINVAL);
	assert_int_equal(server_resize(m.server, 9, 10, 10, &err), -ENOENT);
	assert_int_equal(server_resize(m.server, 1, 120, 100, &err), 0);
	assert_int_equal(server_raise(m.server, 1, &err), 0);
	many_frames(&m, 2);
	many_look(&m);
	assert_int_equal(vso_client_server(m.c[0].client)->width, 120);
	assert_around(&m, 1);
	assert_rgb(&m, many_info(&m, 1).x + 119, many_info(&m, 1).y + 99, 255, 0, 0);
	many_close(&m);
}

/* ---- pointer and keys ---------------------------------------------------------------------------- */

static uint32_t shown(struct many *m, uint32_t id, enum sp_extern what)
{
	uint32_t ext[SP_EXTERNS];

	vso_client_shown(m->c[id - 1].client, ext, NULL);
	return ext[what];
}

static void test_input(void **state)
{
	struct server_client_info a, b;
	struct many m;

	(void)state;
	if (!many_open(&m, &(struct server_options){ 0 }))
		skip();
	many_add(&m, 80, 60, 0, "a", many_plain(1, 0, 0, 80, 60));
	many_add(&m, 80, 60, 0, "b", many_plain(0, 1, 0, 80, 60));
	many_frames(&m, 2);
	a = many_info(&m, 1);
	b = many_info(&m, 2);
	server_pointer(m.server, a.x + 10, a.y + 20, 0);
	many_frame(&m);
	assert_int_equal(shown(&m, 1, SP_EXT_POINTER_X), 10);
	assert_int_equal(shown(&m, 1, SP_EXT_POINTER_Y), 39);
	assert_int_equal(shown(&m, 2, SP_EXT_POINTER_X), 0);
	/* b has the focus: it came last */
	server_key(m.server, 'q', true);
	many_frame(&m);
	assert_int_equal(shown(&m, 1, SP_EXT_KEY), 0);
	assert_int_equal(shown(&m, 2, SP_EXT_KEY), 'q');
	server_key(m.server, 'q', false);
	/* a button takes hold: what happens outside is a's until it is let go */
	server_pointer(m.server, a.x + 1, a.y + 1, 1);
	server_pointer(m.server, b.x + 5, b.y + 5, 1);
	many_frame(&m);
	assert_int_equal(shown(&m, 1, SP_EXT_BUTTONS), 1);
	assert_int_equal((int32_t)shown(&m, 1, SP_EXT_POINTER_X), b.x + 5 - a.x);
	assert_int_equal(shown(&m, 2, SP_EXT_BUTTONS), 0);
	assert_int_equal(shown(&m, 2, SP_EXT_KEY), 0);
	assert_true(many_info(&m, 1).focus);
	/* on the bar it moves the window, and no client hears of it */
	server_pointer(m.server, a.x + 1, a.y + 1, 0);
	server_pointer(m.server, b.x + 5, b.y - 5, 0);
	server_pointer(m.server, b.x + 5, b.y - 5, 1);
	server_pointer(m.server, b.x + 25, b.y + 30, 1);
	server_pointer(m.server, b.x + 25, b.y + 30, 0);
	many_frame(&m);
	assert_int_equal(many_info(&m, 2).x, b.x + 20);
	assert_int_equal(many_info(&m, 2).y, b.y + 35);
	assert_int_equal(shown(&m, 2, SP_EXT_BUTTONS), 0);
	many_close(&m);
}

/* ---- coming and going -------------------------------------------------------------------------------- */

static void test_full_and_gone(void **state)
{
	struct vso_loopback_options lo = { 0 };
	struct vso_wishes wishes = { .name = "too many", .objects = 8, .width = 10, .height = 10 };
	struct vso_client *c;
	struct vso_link *link;
	struct vso_peer *peer;
	struct error err;
	struct many m;
	uint32_t id;

	(void)state;
	if (!many_open(&m, &(struct server_options){ .clients = 2 }))
		skip();
	many_add(&m, 80, 60, 0, "a", many_plain(1, 0, 0, 80, 60));
	many_add(&m, 80, 60, 0, "b", many_plain(0, 1, 0, 80, 60));
	many_frames(&m, 2);
	lo.pages = vso_client_pages(&wishes);
	assert_int_equal(vso_loopback_create(&link, &peer, &lo, &err), 0);
	assert_int_equal(vso_client_create(&c, link, &wishes, &err), 0);
	assert_int_equal(server_attach(m.server, peer, &id, &err), -EACCES);
	assert_int_equal(vso_client_start(c, 0, &err), -EACCES);
	vso_client_destroy(c);
	/* it is gone, and with it its pixels */
	vso_loopback_kill(m.link[0]);
	many_frames(&m, 2);
	many_look(&m);
	assert_rgb(&m, FRAME_SIDE + 5, FRAME_BAR + 5, ground[0], ground[1], ground[2]);
	assert_int_equal(server_close_client(m.server, 2, &err), 0);
	many_frame(&m);
	many_look(&m);
	for (int y = 0; y < (int)MANY_H; y += 3)
		for (int x = 0; x < (int)MANY_W; x += 3)
			assert_color(many_pixel(&m, x, y), ground);
	many_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_region),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_copied),
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_direct_not_allowed),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_facts_change_no_pixel),
		cmocka_unit_test(test_nothing_new),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_frame_unreached),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_full_and_gone),
	};

	if (!many_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
