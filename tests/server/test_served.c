/* test_served.c - one client in the server: its callbacks, versions, stream, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/one.h"

static struct sink *gl;

#define INIT "blink 1\n" ONE_INIT

#define TRIANGLE \
	"sp 1 redraw frame 0 context 1 drawable 1 {\n" \
	"glClearColor 0.25, 0.5, 0.75, 1\n" \
	"glClear GL_COLOR_BUFFER_BIT|GL_DEPTH_BUFFER_BIT\n" \
	"glBegin GL_TRIANGLES\n" \
	"glColor3f 1, 0, 0\nglVertex2f -0.5, -0.5\n" \
	"glColor3f 0, 1, 0\nglVertex2f 0.5, -0.5\n" \
	"glColor3f 0, 0, 1\nglVertex2f 0, 0.5\n" \
	"glEnd\nend\n}\n"

static void test_first_light(void **state)
{
	const char *text = INIT TRIANGLE;
	uint8_t *want, *got;
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	one_publish(&o, text);
	assert_int_equal(one_frame(&o), 1);
	assert_int_equal(one_fault(&o, ONE_SPS), VSO_FAULT_OK);
	assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_OK);
	got = one_picture(&o);
	one_close(&o);
	want = one_unconfined(text);
	assert_memory_equal(got, want, ONE_SIDE * ONE_SIDE * 3);
	assert_memory_not_equal(got, got + 32 * ONE_SIDE * 3 + 96, 3);
	free(want);
	free(got);
}

/* ---- callbacks ----------------------------------------------------------------------- */

static uint32_t ints(const uint8_t *p) { return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]; }

/* The colour in the middle of what is shown: a clear's, in what follows. */
static uint32_t shown(struct one *o)
{
	uint8_t *rgb = one_picture(o);
	uint32_t v = ints(rgb + (32 * ONE_SIDE + 32) * 3);

	free(rgb);
	return v;
}

#define COLOUR(r, g, b) \
	"sp 1 redraw frame 0 context 1 drawable 1 {\n" \
	"glClearColor " #r ", " #g ", " #b ", 1\nglClear GL_COLOR_BUFFER_BIT\nend\n}\n"

/* A refused version is told with its reason; the one before stays, until a good one comes. */
static void test_versions(void **state)
{
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	one_publish(&o, INIT COLOUR(1, 0, 0));
	one_frame(&o);
	assert_int_equal(shown(&o), 0xff0000);
	one_publish(&o, INIT "sp 1 redraw frame 0 context 1 drawable 1 {\n"
		    "glClearColor 0, 1, 0, 1\nglClear GL_COLOR_BUFFER_BIT\nglBindTexture GL_TEXTURE_2D, "
		    "4000\nend\n}\n");
	one_frame(&o);
	assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_REFUSED);
	one_frame(&o);
	assert_int_equal(shown(&o), 0xff0000);
	one_publish(&o, INIT COLOUR(0, 0, 1));
	one_frame(&o);
	assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_OK);
	assert_int_equal(shown(&o), 0x0000ff);
	/* nothing has changed */
	one_frame(&o);
	assert_false(one_look(&o).changing);
	one_close(&o);
}

/* A payload that an SP was verified against is replaced by a shorter one: the old stays. */
static void test_payloads(void **state)
{
	static const char redraw[] =
		"sp 1 redraw frame 0 context 1 drawable 1 {\n"
		"glClear GL_COLOR_BUFFER_BIT\nglClearBufferfv GL_COLOR, 0, @colour\nend\n}\n";
	char text[1024];
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	snprintf(text, sizeof(text), "blink 1\npayload colour {\nf32 1 0 0 1\n}\n%s%s", ONE_INIT, redraw);
	one_publish(&o, text);
	one_frame(&o);
	assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_OK);
	assert_int_equal(shown(&o), 0xff0000);
	one_put(&o, 1, VSO_DATA, (const float[]){ 0, 1 }, 8);
	one_frame(&o);
	one_frame(&o);
	assert_int_equal(one_fault(&o, 1), VSO_FAULT_REFUSED);
	assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_OK);
	assert_int_equal(shown(&o), 0xff0000);
	one_put(&o, 1, VSO_DATA, (const float[]){ 0, 1, 0, 1 }, 16);
	one_frame(&o);
	assert_int_equal(one_fault(&o, 1), VSO_FAULT_OK);
	assert_int_equal(shown(&o), 0x00ff00);
	/* what decides is read from pages of its own, not from the client's */
	one_put(&o, 1, VSO_MAPPED, (const float[]){ 0, 0, 1, 1 }, 16);
	one_frame(&o);
	assert_int_equal(one_fault(&o, 1), VSO_FAULT_OK);
	assert_int_equal(shown(&o), 0x0000ff);
	one_close(&o);
}

/* Update upon request; init once; reshape when the size changes, with the size. */
static void test_callbacks(void **state)
{
	struct server_client_info info = { 0 };
	struct one o;
	struct error err;

	(void)state;
	one_open(&o, gl, VSO_HELLO_RESIZE, 0, 0);
	one_publish(&o, INIT
		    "sp 1 update frame 0 context 1 drawable 1 {\nglClearColor 0, 1, 0, 1\nend\n}\n"
		    "sp 2 reshape frame 0 context 1 drawable 1 {\n"
		    "ext r0, width\next r1, height\nglViewport 0, 0, r0, r1\nend\n}\n"
		    "sp 3 redraw frame 0 context 1 drawable 1 {\nglClear GL_COLOR_BUFFER_BIT\n"
		    "glBegin GL_QUADS\nglColor3f 1, 0, 0\nglVertex2f -2, -2\nglVertex2f 2, -2\n"
		    "glVertex2f 2, -0.5\nglVertex2f -2, -0.5\nglEnd\nend\n}\n");
	for (unsigned i = 0; i < 4; i++)
		one_frame(&o);
	served_info(o.served, &info);
	assert_int_equal(info.inits, 1);
	assert_int_equal(info.reshapes, 1);
	assert_int_equal(info.updates, 0);
	assert_int_equal(shown(&o), 0);
	vso_client_update(o.client);
	one_frame(&o);
	served_info(o.served, &info);
	assert_int_equal(info.updates, 1);
	assert_int_equal(shown(&o), 0x00ff00);
	assert_int_equal(atomic_load(&vso_client_server(o.client)->updated), 1);
	assert_int_equal(served_resize(o.served, 32, 128, &err), 0);
	one_frame(&o);
	served_info(o.served, &info);
	assert_int_equal(info.reshapes, 2);
	assert_int_equal(info.inits, 1);
	uint32_t w, h;
	uint8_t *rgb = one_read(gl, served_retained(o.served, &w, &h), &w, &h);

	assert_int_equal(w, 32);
	assert_int_equal(h, 128);
	assert_int_equal(ints(rgb + (110 * w + 16) * 3), 0xff0000);
	assert_int_equal(ints(rgb + (80 * w + 16) * 3), 0x00ff00);
	free(rgb);
	one_close(&o);
}

/* Registers: an input SP's stay until the client writes them anew; a redraw SP's are its own. */
static void test_registers(void **state)
{
	uint32_t regs[SP_REGISTERS] = { 0 }, told[SP_REGISTERS];
	const float half = 0.5f, one = 1;
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	one_publish(&o, INIT
		    "sp 1 input {\next r5, pointer_x\ncvt.if r0, r5\ndiv.f r0, r0, 64\nend\n}\n"
		    "sp 2 redraw frame 0 context 1 drawable 1 {\n"
		    "glClearColor r0, r1, 0, 1\nglClear GL_COLOR_BUFFER_BIT\nmov r1, 0\nend\n}\n");
	memcpy(&regs[0], &half, 4);
	memcpy(&regs[1], &one, 4);
	vso_client_registers(o.client, regs);
	one_frame(&o);
	assert_in_range(shown(&o), 0x7fff00, 0x80ff00);
	one_frame(&o);
	assert_false(one_look(&o).changing);
	o.tick.input = true;
	o.tick.pointer_x = 64;
	one_frame(&o);
	o.tick.input = false;
	assert_int_equal(shown(&o), 0xffff00);
	vso_client_shown(o.client, NULL, told);
	assert_int_equal(told[5], 64);
	assert_memory_equal(&told[0], &one, 4);
	/* r1 alone is written: r0 stays as the input SP left it */
	memcpy(&regs[1], &half, 4);
	vso_client_registers(o.client, regs);
	one_frame(&o);
	assert_in_range(shown(&o), 0xff7f00, 0xff8000);
	one_close(&o);
}

/* ---- streams ------------------------------------------------------------------------- */

#define SWAP "sp 1 redraw frame 0 context 1 drawable 1 {\n" \
	"glClearColor 0, 0, 1, 1\nglClear GL_COLOR_BUFFER_BIT\nadd.i r3, r3, 2\nblinkSwap 1\nend\n}\n"

static void test_stream(void **state)
{
	const struct vso_server_page *page;
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 1u << 16, 0);
	page = vso_client_server(o.client);
	one_push(&o, INIT SWAP);
	one_push(&o, "blink 1\nsp 0 init {\nend\n}\n" SWAP);
	one_frame(&o);
	/* a display frame shows one of its frames */
	assert_int_equal(atomic_load(&page->done), 2);
	assert_true(one_look(&o).changing);
	assert_int_equal(shown(&o), 0x0000ff);
	assert_int_equal(page->reply[3], 2);
	one_frame(&o);
	assert_int_equal(atomic_load(&page->done), 4);
	assert_int_equal(page->reply[3], 4);
	one_frame(&o);
	assert_false(one_look(&o).changing);
	assert_int_equal(atomic_load(&page->stream_fault), VSO_FAULT_OK);
	one_push(&o, "blink 1\nsp 0 init {\nglBindTexture GL_TEXTURE_2D, 4000\nend\n}\n" SWAP);
	one_frame(&o);
	assert_int_equal(atomic_load(&page->stream_fault), VSO_FAULT_REFUSED);
	assert_int_equal(atomic_load(&page->done), 4);
	one_close(&o);
}

/* ---- limits -------------------------------------------------------------------------- */

/* A long procedure takes several display frames, and is whole at last. */
static void test_long(void **state)
{
	static const char quad[] = "glBegin GL_QUADS\nglVertex2f -2, -2\nglVertex2f 2, -2\n"
				   "glVertex2f 2, 2\nglVertex2f -2, 2\nglEnd\n";
	const unsigned quads = 3000;
	char *text = malloc(sizeof(quad) * quads + 2048);
	unsigned frames = 0;
	struct one o, other;
	size_t n;
	int r;

	(void)state;
	assert_non_null(text);
	n = (size_t)sprintf(text, INIT "sp 1 redraw frame 0 context 1 drawable 1 {\n"
			    "glClear GL_COLOR_BUFFER_BIT\nglColor3f 1, 0, 0\n");
	for (unsigned i = 0; i < quads; i++)
		n += (size_t)sprintf(text + n, "%s", quad);
	sprintf(text + n, "glClearColor 0, 1, 0, 1\nglClear GL_COLOR_BUFFER_BIT\nend\n}\n");
	one_open(&other, gl, 0, 0, 0);
	one_publish(&other, INIT TRIANGLE);
	one_open(&o, gl, 0, 0, 0);
	o.tick.budget_ns = 1;
	one_publish(&o, text);
	one_frame(&o);
	do {
		r = one_frame(&o);
		/* others have their turns while it stands still, between Begin and End too */
		if (frames % 64 == 0)
			assert_int_equal(one_frame(&other), 1);
		frames++;
	} while (r == 0 && frames < 100000);
	assert_int_equal(r, 1);
	assert_true(frames > 3);
	assert_int_equal(shown(&o), 0x00ff00);
	one_close(&o);
	one_close(&other);
	free(text);
}

/* A yield ends the turn, not the procedure. */
static void test_yield(void **state)
{
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	one_publish(&o, INIT "sp 1 redraw frame 0 context 1 drawable 1 {\n"
		    "glClearColor 1, 0, 0, 1\nglClear GL_COLOR_BUFFER_BIT\nyield\n"
		    "glClearColor 0, 1, 0, 1\nglClear GL_COLOR_BUFFER_BIT\nend\n}\n");
	assert_int_equal(one_frame(&o), 0);
	assert_true(served_busy(o.served));
	assert_int_equal(shown(&o), 0xff0000);
	assert_int_equal(one_frame(&o), 1);
	assert_int_equal(shown(&o), 0x00ff00);
	one_close(&o);
}

/* What is beyond the budget is not made, and told; the client goes on with what it has. */
static void test_memory(void **state)
{
	struct server_client_info info = { 0 };
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 2u << 20);
	one_publish(&o, INIT "sp 1 update frame 0 context 1 drawable 1 {\n"
		    "glBindTexture GL_TEXTURE_2D, 3\nglTexImage2D GL_TEXTURE_2D, 0, 6408, 4096, 4096, 0, "
		    "GL_RGBA, GL_UNSIGNED_BYTE, null\nend\n}\n"
		    "sp 2 redraw frame 0 context 1 drawable 1 {\nglClearColor 0, 1, 0, 1\n"
		    "glClear GL_COLOR_BUFFER_BIT\nend\n}\n");
	one_frame(&o);
	vso_client_update(o.client);
	one_frame(&o);
	assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_MEMORY);
	served_info(o.served, &info);
	assert_true(info.memory <= 2u << 20);
	assert_int_equal(shown(&o), 0x00ff00);
	one_close(&o);
}

/* A list grows while it is compiled: it is not let grow beyond the budget. */
static void test_list_memory(void **state)
{
	const unsigned draws = 4000;
	char *text = malloc(64 * draws + 65536);
	struct one o;
	size_t n;

	(void)state;
	assert_non_null(text);
	n = (size_t)sprintf(text, "blink 1\npayload corners {\nzero 49152\n}\n%s"
			    "sp 1 init context 1 drawable 1 {\nglEnableClientState GL_VERTEX_ARRAY\n"
			    "glVertexPointer 3, GL_FLOAT, 0, @corners\nglNewList 1, GL_COMPILE\n", ONE_INIT);
	for (unsigned i = 0; i < draws; i++)
		n += (size_t)sprintf(text + n, "glDrawArrays GL_POINTS, 0, 4096\n");
	sprintf(text + n, "glEndList\nend\n}\n");
	one_open(&o, gl, 0, 0, 16u << 20);
	o.tick.budget_ns = 1000000;
	one_publish(&o, text);
	for (unsigned i = 0; i < 4000 && (!i || served_busy(o.served)) && !one_fault(&o, ONE_SPS + 1); i++)
		one_frame(&o);
	assert_int_not_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_OK);
	one_close(&o);
	free(text);
}

/* A procedure whose window operation fails ends its world; the next one is made without. */
static void test_failing(void **state)
{
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	one_publish(&o, INIT "sp 1 update frame 0 context 1 drawable 1 {\n"
		    "blinkDrawable 2, 100000, 100000, 1\nend\n}\n"
		    "sp 2 redraw frame 0 context 1 drawable 1 {\nglClearColor 0, 1, 0, 1\n"
		    "glClear GL_COLOR_BUFFER_BIT\nend\n}\n");
	one_frame(&o);
	vso_client_update(o.client);
	one_frame(&o);
	assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_GL);
	assert_int_equal(atomic_load(&vso_client_server(o.client)->generation), 1);
	one_frame(&o);
	one_frame(&o);
	assert_int_equal(shown(&o), 0x00ff00);
	one_close(&o);
}

/* Clients share no state: what one leaves set is not found by another. */
static void test_apart(void **state)
{
	struct one a, b;

	(void)state;
	one_open(&a, gl, 0, 0, 0);
	one_open(&b, gl, 0, 0, 0);
	one_publish(&a, INIT COLOUR(1, 0, 0));
	one_publish(&b, INIT "sp 1 redraw frame 0 context 1 drawable 1 {\n"
		    "glColorMask true, false, false, true\nglEnable GL_SCISSOR_TEST\n"
		    "glScissor 0, 0, 1, 1\nglClearColor 0, 1, 0, 1\nglClear GL_COLOR_BUFFER_BIT\n"
		    "end\n}\n");
	for (unsigned i = 0; i < 3; i++) {
		one_frame(&b);
		one_frame(&a);
		assert_int_equal(shown(&a), 0xff0000);
		assert_int_equal(shown(&b), 0);
	}
	one_close(&b);
	one_frame(&a);
	assert_int_equal(shown(&a), 0xff0000);
	one_close(&a);
}

/* Direct, through the verifier's facts: the picture is the one of off-screen. */
static void test_direct(void **state)
{
	static const uint8_t grey[3] = { 10, 20, 30 };
	uint8_t *screen, *own;
	uint32_t w, h;
	struct one o;

	(void)state;
	one_open(&o, gl, VSO_HELLO_DIRECT, 0, 0);
	one_publish(&o, INIT TRIANGLE);
	one_frame(&o);
	own = one_picture(&o);
	assert_true(one_look(&o).direct);
	assert_true(one_look(&o).opaque);
	one_screen(gl, 200, 200, grey);
	assert_int_equal(one_frame_direct(&o, SERVER_SCREEN, 40, 100), 1);
	screen = one_read(gl, SERVER_SCREEN, &w, &h);
	for (uint32_t y = 0; y < h; y++)
		for (uint32_t x = 0; x < w; x++) {
			const uint8_t *p = screen + (y * w + x) * 3;
			bool in = x - 40 < 64 && y - 36 < 64;

			if (!in)
				assert_memory_equal(p, grey, 3);
			else if (x == 50 || x == 72)
				for (unsigned i = 0; i < 3; i++)
					assert_in_range(p[i] + 1 - own[((y - 36) * 64 + x - 40) * 3 + i],
							0, 2);
		}
	free(screen);
	free(own);
	/* a stream of its own kind: reads of the framebuffer keep it off the screen */
	one_publish(&o, INIT "sp 1 redraw frame 0 context 1 drawable 1 {\n"
		    "glClearColor 0, 1, 0, 1\nglClear GL_COLOR_BUFFER_BIT\n"
		    "glBindTexture GL_TEXTURE_2D, 1\n"
		    "glCopyTexImage2D GL_TEXTURE_2D, 0, GL_RGBA, 0, 0, 8, 8, 0\nend\n}\n");
	one_frame(&o);
	assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_OK);
	assert_false(one_look(&o).direct);
	one_close(&o);
}

/* A procedure may leave Begin open, where the driver takes no scissor: not on the screen. */
static void test_open_begin(void **state)
{
	static const uint8_t grey[3] = { 10, 20, 30 };
	uint8_t *screen;
	uint32_t w, h;
	struct one o;

	(void)state;
	one_open(&o, gl, VSO_HELLO_DIRECT, 0, 0);
	one_publish(&o, INIT "sp 1 update frame 0 context 1 drawable 1 {\n"
		    "glDisable GL_SCISSOR_TEST\nglViewport -500, -500, 2000, 2000\nglBegin GL_QUADS\nend\n}\n"
		    "sp 2 redraw frame 0 context 1 drawable 1 {\n"
		    "glVertex2f -2, -2\nglVertex2f 2, -2\nglVertex2f 2, 2\nglVertex2f -2, 2\n"
		    "glEnd\nglDisable GL_SCISSOR_TEST\nglClear GL_COLOR_BUFFER_BIT\n"
		    "glBegin GL_QUADS\nglVertex2f -2, -2\nglVertex2f 2, -2\nglVertex2f 2, 2\n"
		    "glVertex2f -2, 2\nglEnd\nend\n}\n");
	one_screen(gl, 200, 200, grey);
	one_frame_direct(&o, SERVER_SCREEN, 40, 100);
	for (unsigned i = 0; i < 3; i++) {
		vso_client_update(o.client);
		one_frame_direct(&o, SERVER_SCREEN, 40 + (int)i, 100);
	}
	screen = one_read(gl, SERVER_SCREEN, &w, &h);
	for (uint32_t y = 0; y < h; y++)
		for (uint32_t x = 0; x < w; x++)
			if (x - 40 >= 66 || y - 36 >= 64)
				assert_memory_equal(screen + (y * w + x) * 3, grey, 3);
	free(screen);
	one_close(&o);
}

/* Versions that come and go, refused ones among them, leave nothing behind. */
static void test_flat(void **state)
{
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	for (unsigned i = 0; i < 40; i++) {
		one_publish(&o, i & 1 ? INIT COLOUR(1, 0, 0) : INIT TRIANGLE);
		one_frame(&o);
		one_put(&o, 7, i % 3 ? VSO_DATA : VSO_MAPPED, "some bytes", 10);
		one_frame(&o);
	}
	assert_true(vso_server_counters(served_vso(o.served))->copies < 8);
	one_close(&o);
}

static unsigned ranges_stated;

static void stated(uint32_t mode, uint32_t start, uint32_t end, int32_t count, uint32_t type,
		   const void *indices)
{
	(void)mode, (void)start, (void)end, (void)count, (void)type, (void)indices;
	ranges_stated++;
}

static void stated_base(uint32_t mode, uint32_t start, uint32_t end, int32_t count,
			uint32_t type, const void *indices, int32_t base)
{
	(void)base;
	stated(mode, start, end, count, type, indices);
}

/* A draw states a range that its indices do not keep to: drivers do not look, and so are not
 * told any. */
static void test_ranges(void **state)
{
	static const struct { unsigned op; sink_fn fn; } told[] = {
		{ OP_glDrawRangeElements, (sink_fn)stated },
		{ OP_glDrawRangeElements_buf, (sink_fn)stated },
		{ OP_glDrawRangeElementsBaseVertex, (sink_fn)stated_base },
		{ OP_glDrawRangeElementsBaseVertex_buf, (sink_fn)stated_base },
	};
	sink_fn real[sizeof(told) / sizeof(told[0])];
	static const char *const ranges[] = {
		"glDrawRangeElements GL_POLYGON, 0, 1, 8, GL_UNSIGNED_INT, @far\n",
		"glDrawRangeElementsBaseVertex GL_TRIANGLES, 0, 1, 8, GL_UNSIGNED_INT, @far, 65536\n",
		"glDrawRangeElements GL_LINES, 60000, 60001, 8, GL_UNSIGNED_INT, @far\n",
		"glBindBuffer GL_ELEMENT_ARRAY_BUFFER, 1\n"
		"glBufferData GL_ELEMENT_ARRAY_BUFFER, 32, @far, GL_STATIC_DRAW\n"
		"glDrawRangeElements.buf GL_POLYGON, 1000000, 1000001, 8, GL_UNSIGNED_INT, 0\n",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		real[i] = gl->entry[told[i].op];
		gl->entry[told[i].op] = told[i].fn;
	}
	for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		char text[1024];
		struct one o;

		one_open(&o, gl, 0, 0, 0);
		snprintf(text, sizeof(text), "blink 1\nnames buffer 4\npayload far {\n"
			 "u32 0 1 0x3f800000 0x10000000 0x7fffffff 3 0x3f800000 0\n}\n" ONE_INIT
			 "sp 1 redraw frame 0 context 1 drawable 1 {\n%send\n}\n", ranges[i]);
		one_publish(&o, text);
		assert_int_equal(one_frame(&o), 1);
		assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_OK);
		one_close(&o);
	}
	for (unsigned i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		gl->entry[told[i].op] = real[i];
	assert_int_equal(ranges_stated, 0);
}

/* Copies of mapped objects whose contents decide are as bounded as others: pages may be named
 * any number of times. */
static void test_copies(void **state)
{
	static const char *const texts[] = {
		"glFogfv GL_FOG_COLOR, @!7+0\n",
		"glFogfv GL_FOG_COLOR, @!7+0\nglFogfv GL_FOG_COLOR, @!8+0\n",
	};
	static uint8_t bytes[600 << 10];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		char text[512];
		struct one o;

		one_open(&o, gl, 0, 0, 1u << 20);
		one_put(&o, 7, VSO_MAPPED, bytes, sizeof(bytes));
		one_put(&o, 8, VSO_MAPPED, bytes, sizeof(bytes));
		one_frame(&o);
		snprintf(text, sizeof(text), INIT "sp 1 init context 1 drawable 1 {\n%send\n}\n", texts[i]);
		one_publish(&o, text);
		one_frame(&o);
		assert_int_equal(one_fault(&o, ONE_SPS + 1), i ? VSO_FAULT_REFUSED : VSO_FAULT_OK);
		/* what is gone makes room */
		one_put(&o, 7, VSO_NONE, NULL, 0);
		snprintf(text, sizeof(text), INIT "sp 1 init context 1 drawable 1 {\n%send\n}\n",
			 "glFogfv GL_FOG_COLOR, @!8+0\n");
		one_publish(&o, text);
		one_put(&o, 8, VSO_MAPPED, bytes, sizeof(bytes));
		one_frame(&o);
		assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_OK);
		one_close(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_light),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_payloads),
		cmocka_unit_test(test_callbacks),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_yield),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_list_memory),
		cmocka_unit_test(test_failing),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_open_begin),
		cmocka_unit_test(test_flat),
	};

	gl = one_driver();
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
