/* test_confine.c - a client's sink: what is drawn direct is what is drawn off-screen, at any
 * place, and nothing gets out of the area.
 *
 * The texts are run without a verifier before them: its facts keep most of the hostile ones
 * from being drawn direct, and here is held what stands if they did not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/alone.h"

#define SCREEN 200u

static struct sink *gl;
static const uint8_t canary[3] = { 255, 0, 255 };

#define OFF "glDisable GL_SCISSOR_TEST\n"
#define TRIANGLE \
	"glBegin GL_TRIANGLES\n" \
	"glColor3f 1, 0, 0\nglVertex2f -0.75, -0.75\n" \
	"glColor3f 0, 1, 0\nglVertex2f 0.75, -0.5\n" \
	"glColor3f 0, 0, 1\nglVertex2f 0, 0.75\n" \
	"glEnd\n"

/* ---- pictures ------------------------------------------------------------------------- */

/* The area's pixels, rows top to bottom; false if any pixel outside is no canary. */
static bool screen_area(const struct place *at, uint8_t *to)
{
	uint32_t w, h, top = SCREEN - (uint32_t)at->y - at->h;
	uint8_t *rgb = one_read(gl, SERVER_SCREEN, &w, &h);
	bool good = true;

	for (uint32_t y = 0; y < h; y++)
		for (uint32_t x = 0; x < w; x++) {
			const uint8_t *p = rgb + (y * w + x) * 3;

			if (x - (uint32_t)at->x < at->w && y - top < at->h)
				memcpy(to + ((y - top) * at->w + x - (uint32_t)at->x) * 3, p, 3);
			else
				good &= memcmp(p, canary, 3) == 0;
		}
	free(rgb);
	return good;
}

/* Drivers compute with coordinates of the drawable: what is rounded elsewhere may differ by
 * a step of colour, and a pixel on an edge may go to the other side. */
static void compare(const char *name, unsigned place, const uint8_t *got, const uint8_t *want)
{
	unsigned wrong = 0;

	for (uint32_t p = 0; p < 64 * 64; p++) {
		int most = 0;

		for (unsigned c = 0; c < 3; c++)
			if (abs(got[p * 3 + c] - want[p * 3 + c]) > most)
				most = abs(got[p * 3 + c] - want[p * 3 + c]);
		wrong += most > 1;
	}
	if (wrong > 8)
		fail_msg("%s: another picture at place %u: %u pixels", name, place, wrong);
}

/* ---- direct is as off-screen --------------------------------------------------------- */

static const struct { const char *name, *text; } scenes[] = {
	{ "triangle", HEAD INIT("") REDRAW(CLEAR TRIANGLE) },
	{ "viewport", HEAD INIT("") REDRAW(CLEAR "glViewport 8, 16, 40, 32\n" TRIANGLE) },
	{ "viewport of init", HEAD INIT("glViewport 4, 4, 20, 50\n") REDRAW(CLEAR TRIANGLE) },
	{ "scissor", HEAD INIT("") REDRAW("glDisable GL_SCISSOR_TEST\n" CLEAR
		"glEnable GL_SCISSOR_TEST\nglScissor 10, 20, 30, 15\n" FLOOD) },
	{ "scissor of init", HEAD INIT("glScissor 1, 2, 50, 3\nglEnable GL_SCISSOR_TEST\n")
		REDRAW(OFF CLEAR "glEnable GL_SCISSOR_TEST\n" FLOOD) },
	{ "saved attributes", HEAD INIT("") REDRAW(CLEAR
		"glPushAttrib GL_VIEWPORT_BIT|GL_SCISSOR_BIT\nglViewport 0, 0, 16, 16\n"
		"glEnable GL_SCISSOR_TEST\nglScissor 0, 0, 8, 8\n" FLOOD "glPopAttrib\n" TRIANGLE) },
	{ "wide", HEAD INIT("") REDRAW(CLEAR "glLineWidth 7\nglPointSize 9\n"
		"glBegin GL_LINES\nglColor3f 1, 1, 1\nglVertex2f -1, -1\nglVertex2f 1, 0.5\nglEnd\n"
		"glBegin GL_POINTS\nglVertex2f 0.5, -0.5\nglVertex2f -0.25, 0.75\nglEnd\n") },
	{ "list", HEAD INIT("glNewList 1, GL_COMPILE\n" TRIANGLE "glEndList\n")
		REDRAW(CLEAR "glCallList 1\n") },
	{ "depth", HEAD INIT("glEnable GL_DEPTH_TEST\n") REDRAW(CLEAR
		"glPushMatrix\nglTranslatef 0, 0, 0.5\n" TRIANGLE "glPopMatrix\n"
		"glRotatef 90, 0, 0, 1\n" TRIANGLE "glLoadIdentity\n") },
	{ "texture", HEAD PAYLOADS INIT("glGenTextures 1, @two\nglBindTexture GL_TEXTURE_2D, 1\n"
		"glTexParameteri GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, 9728\n"
		"glTexParameteri GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, 9728\n"
		"glTexImage2D GL_TEXTURE_2D, 0, 6408, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, @texels\n"
		"glEnable GL_TEXTURE_2D\n") REDRAW(CLEAR
		"glBegin GL_QUADS\nglTexCoord2f 0, 0\nglVertex2f -0.5, -0.5\nglTexCoord2f 1, 0\n"
		"glVertex2f 0.5, -0.5\nglTexCoord2f 1, 1\nglVertex2f 0.5, 0.5\nglTexCoord2f 0, 1\n"
		"glVertex2f -0.5, 0.5\nglEnd\n") },
	{ "framebuffer object", HEAD PAYLOADS INIT("glGenTextures 1, @two\n"
		"glBindTexture GL_TEXTURE_2D, 1\n"
		"glTexParameteri GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, 9728\n"
		"glTexImage2D GL_TEXTURE_2D, 0, 6408, 32, 32, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n"
		"glGenFramebuffers 1, @two\n")
		REDRAW("glBindFramebuffer GL_FRAMEBUFFER, 1\n"
		"glFramebufferTexture2D GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, 1, 0\n"
		"glViewport 0, 0, 32, 32\nglClearColor 1, 0, 0, 1\nglClear GL_COLOR_BUFFER_BIT\n"
		TRIANGLE "glBindFramebuffer GL_FRAMEBUFFER, 0\nglViewport 0, 0, 64, 64\n" CLEAR
		"glEnable GL_TEXTURE_2D\nglColor3f 1, 1, 1\n"
		"glBegin GL_QUADS\nglTexCoord2f 0, 0\nglVertex2f -0.5, -0.5\nglTexCoord2f 1, 0\n"
		"glVertex2f 0.5, -0.5\nglTexCoord2f 1, 1\nglVertex2f 0.5, 0.5\nglTexCoord2f 0, 1\n"
		"glVertex2f -0.5, 0.5\nglEnd\nglDisable GL_TEXTURE_2D\n") },
};

static void test_direct_is_offscreen(void **state)
{
	static const struct place places[] = {
		{ 0, 0, 64, 64 }, { 17, 33, 64, 64 }, { 136, 136, 64, 64 }, { 100, 3, 64, 64 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(scenes) / sizeof(*scenes); i++) {
		static uint8_t got[64 * 64 * 3];
		struct alone m;
		uint32_t w, h, d;
		uint8_t *want;

		alone_open(&m, gl, scenes[i].text, 1u << 24);
		alone_run(&m, 0, 0, NULL);
		alone_run(&m, 1, 0, NULL);
		d = confined_window(m.k, &w, &h);
		want = one_read(gl, d, &w, &h);
		for (unsigned j = 0; j < sizeof(places) / sizeof(*places); j++) {
			one_screen(gl, SCREEN, SCREEN, canary);
			alone_run(&m, 1, SERVER_SCREEN, &places[j]);
			if (!screen_area(&places[j], got))
				fail_msg("%s: outside of place %u", scenes[i].name, j);
			compare(scenes[i].name, j, got, want);
		}
		assert_false(confined_skipped(m.k));
		/* and back */
		one_screen(gl, SCREEN, SCREEN, canary);
		alone_run(&m, 1, 0, NULL);
		free(want);
		want = one_read(gl, d, &w, &h);
		compare(scenes[i].name, 99, want, got);
		free(want);
		alone_close(&m);
	}
}

/* ---- hostile texts ------------------------------------------------------------------- */

#define HUGE "glViewport -1000, -1000, 4000, 4000\n"
#define ANY(body) HEAD PAYLOADS INIT("") REDRAW(body)
#define LISTED(list, body) \
	HEAD PAYLOADS INIT("glNewList 1, GL_COMPILE\n" list "glEndList\n") REDRAW(body)

static const struct { const char *name, *text; } hostile[] = {
	{ "scissor off", ANY(OFF FLOOD "glClear GL_COLOR_BUFFER_BIT\n") },
	{ "scissor wide", ANY("glEnable GL_SCISSOR_TEST\nglScissor -1000, -1000, 5000, 5000\n"
		FLOOD) },
	{ "scissor wrong", ANY("glScissor 0, 0, -1, -1\nglScissor 2147483647, 2147483647, "
		"2147483647, 2147483647\n" FLOOD) },
	{ "viewport huge", ANY(HUGE FLOOD "glViewport 0, 0, 2147483647, 2147483647\n" FLOOD
		"glViewport -2147483648, -2147483648, 10, 10\n" FLOOD "glViewport 0, 0, -5, 5\n" FLOOD) },
	{ "saved attributes", ANY("glPushAttrib 0xffffffff\n" OFF HUGE FLOOD "glPopAttrib\n" FLOOD
		OFF FLOOD) },
	{ "attributes of others", ANY("glPopAttrib\nglPopAttrib\n" FLOOD) },
	{ "attributes from init", HEAD INIT("glPushAttrib 0xffffffff\n")
		REDRAW("glPopAttrib\n" FLOOD) },
	{ "many attributes", ANY("glPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\n"
		"glPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\n"
		"glPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\n"
		"glPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\n"
		"glPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\n"
		"glPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\nglPushAttrib 0xffffffff\n"
		"glPushAttrib 0xffffffff\n" OFF "glPopAttrib\n" FLOOD "glPopAttrib\n" FLOOD) },
	{ "attributes within Begin", ANY("glBegin GL_POINTS\nglPushAttrib 0xffffffff\nglEnd\n"
		OFF "glPopAttrib\n" FLOOD) },
	{ "Begin left open by init", HEAD INIT("glViewport -500, -500, 2000, 2000\nglBegin GL_QUADS\n")
		REDRAW("glEnd\n" OFF FLOOD "glClear GL_COLOR_BUFFER_BIT\n") },
	{ "framebuffer within Begin", ANY("glGenFramebuffers 1, @two\nglBegin GL_POINTS\n"
		"glBindFramebuffer GL_FRAMEBUFFER, 1\nglEnd\n" OFF HUGE FLOOD) },
	{ "list of scissor", LISTED(OFF HUGE FLOOD, "glCallList 1\n" FLOOD) },
	{ "list of viewport", LISTED(HUGE, "glCallList 1\n" FLOOD) },
	{ "list of scissor box", LISTED("glScissor 0, 0, 5000, 5000\n",
		"glEnable GL_SCISSOR_TEST\nglCallList 1\n" FLOOD) },
	{ "list of saved attributes", LISTED("glPushAttrib 0xffffffff\n" OFF FLOOD "glPopAttrib\n",
		"glCallList 1\n" FLOOD) },
	{ "list of lists", LISTED("glCallList 2\n", "glNewList 2, GL_COMPILE\n" OFF "glEndList\n"
		"glCallList 1\n" FLOOD) },
	{ "list made and executed", ANY("glNewList 2, GL_COMPILE_AND_EXECUTE\n" OFF HUGE FLOOD
		"glEndList\n" FLOOD "glCallList 2\n" FLOOD) },
	{ "lists of lists", LISTED(OFF, "glCallLists 2, GL_UNSIGNED_INT, @two\n" FLOOD) },
	{ "indexed scissor", ANY("glDisablei GL_SCISSOR_TEST, 0\n" FLOOD
		"glDisablei GL_SCISSOR_TEST, 1\n" FLOOD) },
	{ "draw buffer", ANY("glDrawBuffer GL_FRONT\n" OFF FLOOD "glDrawBuffer GL_FRONT_AND_BACK\n"
		FLOOD "glClear GL_COLOR_BUFFER_BIT\n") },
	{ "framebuffer object and back", ANY("glGenFramebuffers 1, @two\n"
		"glBindFramebuffer GL_FRAMEBUFFER, 1\n" OFF HUGE
		"glBindFramebuffer GL_FRAMEBUFFER, 0\n" FLOOD) },
	{ "draw framebuffer alone", ANY("glGenFramebuffers 1, @two\n"
		"glBindFramebuffer GL_DRAW_FRAMEBUFFER, 1\n" OFF HUGE
		"glBindFramebuffer GL_DRAW_FRAMEBUFFER, 0\n" FLOOD) },
	{ "framebuffer deleted", ANY("glGenFramebuffers 1, @two\n"
		"glBindFramebuffer GL_FRAMEBUFFER, 1\n" OFF HUGE "glDeleteFramebuffers 1, @two\n" FLOOD) },
	{ "no such framebuffer", ANY("glBindFramebuffer 0x1234, 7\n" OFF HUGE FLOOD) },
	{ "blit to the window", ANY("glGenFramebuffers 1, @two\nglGenTextures 1, @two\n"
		"glBindTexture GL_TEXTURE_2D, 1\n"
		"glTexImage2D GL_TEXTURE_2D, 0, 6408, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, @texels\n"
		"glBindFramebuffer GL_READ_FRAMEBUFFER, 1\n"
		"glFramebufferTexture2D GL_READ_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, 1, 0\n"
		OFF "glBlitFramebuffer 0, 0, 2, 2, -500, -500, 500, 500, GL_COLOR_BUFFER_BIT, GL_NEAREST\n") },
	{ "blit within the window", ANY(OFF
		"glBlitFramebuffer 0, 0, 100, 100, 0, 0, 500, 500, GL_COLOR_BUFFER_BIT, GL_NEAREST\n") },
	{ "copied pixels", ANY(OFF "glRasterPos2f 0, 0\nglCopyPixels -50, -50, 200, 200, GL_COLOR\n") },
	{ "window position", ANY(OFF "glWindowPos2i 150, 150\n"
		"glDrawPixels 2, 2, GL_RGBA, GL_UNSIGNED_BYTE, @texels\nglPixelZoom 200, 200\n"
		"glDrawPixels 2, 2, GL_RGBA, GL_UNSIGNED_BYTE, @texels\n") },
	{ "pixels", ANY(OFF "glRasterPos2f -0.9, -0.9\nglPixelZoom 200, 200\n"
		"glDrawPixels 2, 2, GL_RGBA, GL_UNSIGNED_BYTE, @texels\n") },
	{ "bitmap", ANY(OFF "glColor3f 1, 1, 1\nglRasterPos2f 0.9, 0.9\n"
		"glBitmap 32, 32, 0, 0, 500, 500, @stipple\nglBitmap 32, 32, 0, 0, 0, 0, @stipple\n") },
	{ "stipple", ANY(OFF "glPolygonStipple @stipple\nglEnable GL_POLYGON_STIPPLE\n" FLOOD) },
	{ "wide lines and points at the border", ANY(OFF "glLineWidth 60\nglPointSize 60\n"
		"glBegin GL_LINES\nglVertex2f -1, -1\nglVertex2f 1, -1\nglVertex2f 1, -1\n"
		"glVertex2f 1, 1\nglEnd\nglBegin GL_POINTS\nglVertex2f 1, 1\nglVertex2f -1, 1\nglEnd\n") },
	{ "point sprites at the border", ANY(OFF "glEnable GL_POINT_SPRITE\nglPointSize 60\n"
		"glBegin GL_POINTS\nglVertex2f 1, 1\nglVertex2f -1, 1\nglEnd\n") },
	{ "queries", ANY("glGenQueries 1, @two\nglBeginQuery GL_SAMPLES_PASSED, 1\n" OFF FLOOD
		"glEndQuery GL_SAMPLES_PASSED\n" OFF FLOOD) },
	{ "another drawable", ANY("blinkDrawable 2, 64, 64, 1\nblinkMakeCurrent 1, 2, 2\n" OFF HUGE
		"blinkMakeCurrent 1, 1, 1\n" FLOOD) },
	{ "another context", ANY("blinkContext 2, 1, 0, 0\nblinkMakeCurrent 2, 1, 1\n" FLOOD
		"blinkMakeCurrent 1, 1, 1\n" FLOOD) },
	{ "clear of a buffer", ANY(OFF "glClearBufferfv GL_COLOR, 0, @corners\n") },
	{ "swap", ANY(OFF "blinkSwap 1\n" FLOOD) },
	{ "window resized", ANY("blinkDrawableResize 1, 500, 500\n" OFF FLOOD) },
	{ "window destroyed", ANY("blinkDrawableDestroy 1\n" OFF FLOOD) },
};

/* Off-screen, then direct twice, with another client's picture beside it. */
static void test_hostile(void **state)
{
	static const struct place at = { 70, 50, 64, 64 };
	static uint8_t area[64 * 64 * 3];
	unsigned faults = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		struct alone other, m;
		uint32_t w, h;
		uint8_t *before, *after;

		alone_open(&other, gl, scenes[0].text, 1u << 24);
		alone_run(&other, 0, 0, NULL);
		alone_run(&other, 1, 0, NULL);
		before = one_read(gl, confined_window(other.k, &w, &h), &w, &h);
		one_screen(gl, SCREEN, SCREEN, canary);
		alone_open(&m, gl, hostile[i].text, 1u << 24);
		alone_run(&m, 0, 0, NULL);
		alone_run(&m, 1, SERVER_SCREEN, &at);
		alone_run(&m, 1, SERVER_SCREEN, &at);
		if (!screen_area(&at, area)) {
			print_message("%s: outside of its area\n", hostile[i].name);
			faults++;
		}
		alone_run(&m, 1, 0, NULL);
		if (!screen_area(&at, area)) {
			print_message("%s: outside of its area, off-screen\n", hostile[i].name);
			faults++;
		}
		alone_close(&m);
		after = one_read(gl, confined_window(other.k, &w, &h), &w, &h);
		assert_memory_equal(before, after, w * h * 3);
		free(before);
		free(after);
		alone_close(&other);
	}
	assert_int_equal(faults, 0);
}

/* Pixels of others: what is read of framebuffer 0 is the client's own. */
static void test_reads_own(void **state)
{
	static const char *const texts[] = {
		ANY("glRasterPos2f -1, -1\nglCopyPixels 64, 0, 64, 64, GL_COLOR\n"),
		ANY("glBlitFramebuffer 64, 0, 128, 64, 0, 0, 64, 64, GL_COLOR_BUFFER_BIT, GL_NEAREST\n"),
		ANY("glGenTextures 1, @two\nglBindTexture GL_TEXTURE_2D, 1\n"
		    "glTexParameteri GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, 9728\n"
		    "glCopyTexImage2D GL_TEXTURE_2D, 0, GL_RGBA, 64, 0, 64, 64, 0\n"
		    "glEnable GL_TEXTURE_2D\nglBegin GL_QUADS\nglTexCoord2f 0, 0\nglVertex2f -1, -1\n"
		    "glTexCoord2f 1, 0\nglVertex2f 1, -1\nglTexCoord2f 1, 1\nglVertex2f 1, 1\n"
		    "glTexCoord2f 0, 1\nglVertex2f -1, 1\nglEnd\n"),
	};
	static const struct place at = { 70, 50, 64, 64 };
	static uint8_t area[64 * 64 * 3];

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (unsigned direct = 0; direct < 2; direct++) {
			struct alone m;
			uint32_t w, h;
			uint8_t *own = area;

			one_screen(gl, SCREEN, SCREEN, canary);
			alone_open(&m, gl, texts[i], 1u << 24);
			alone_run(&m, 0, 0, NULL);
			alone_run(&m, 1, direct ? SERVER_SCREEN : 0, direct ? &at : NULL);
			/* it has read what lies outside of its own, where there is nothing */
			if (!direct)
				own = one_read(gl, confined_window(m.k, &w, &h), &w, &h);
			else
				assert_true(confined_skipped(m.k));
			for (uint32_t p = 0; p < 64 * 64 && !direct; p++)
				assert_memory_not_equal(own + p * 3, canary, 3);
			if (own != area)
				free(own);
			alone_close(&m);
		}
}

/* What no server does, and refuses therefore. */
static bool nobodys(const char *mediation)
{
	return !strcmp(mediation, "viewports") || !strcmp(mediation, "compute");
}

/* Every other mediation of the table is somebody's. */
static void test_table(void **state)
{
	(void)state;
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const struct gl_command *c;

		if (gl_ops[op].command == GL_OP_NO_COMMAND)
			continue;
		c = &gl_commands[gl_ops[op].command];
		for (unsigned i = 0; c->mediation && gl_mediations[i].name; i++)
			if (strcmp(gl_mediations[i].name, c->mediation) == 0)
				assert_int_equal(confined_unmediated() >> i & 1,
						 nobodys(c->mediation));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_direct_is_offscreen),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_reads_own),
	};

	gl = one_driver();
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
