/* test_prune.c - the pruner on small programs: which records are kept, that pruning what is
 * pruned changes nothing, that it does not matter when garbage is collected, and that any
 * records at all do it no harm.  State and pictures are held against the driver by
 * tests/replay and `blinkctl state --prune-every`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/log/prune.h"
#include "blink/sp/asm.h"
#include "blink/sp/disasm.h"
#include "tests/support/spgen.h"

#define START "blinkContext 1, 0, 0, 0x0\nblinkDrawable 1, 64, 64, 0x1\nblinkMakeCurrent 1, 1, 1\n"
#define HEAD "blink 1\nnames texture 9\nnames buffer 9\nnames list 9\nnames program 9\n" \
	     "names framebuffer 9\nnames context 9\nnames drawable 9\nslots 9\n" \
	     "payload 1 {\nu32 1\n}\npayload 2 {\nu32 2\n}\npayload 3 {\nu32 1 2 3 4\n}\n"
#define SWAP "blinkSwap 1\n"

static char path_in[64], path_out[64], path_again[64];

/* ---- what is kept ------------------------------------------------------------------ */

static int line_add(void *user, const uint32_t *rec, enum prune_kind kind, uint64_t index,
		    unsigned slot)
{
	struct buf *b = user, line;

	(void)kind;
	(void)index;
	(void)slot;
	buf_init(&line);
	sp_disassemble_record(rec, &line);
	buf_append(b, line.data, line.len);
	buf_append(b, "\n", 1);
	buf_finish(&line);
	return 0;
}

/* The lines kept of body, in a context of its own, but for those that make it. */
static char *kept_of(const char *body, enum prune_back_buffer back)
{
	const struct prune_file_options opt = { .back_buffer = back, .at_frame = 1 };
	struct blink_file *in = NULL;
	struct prune *p = NULL;
	struct error err = { 0 };
	struct buf text;
	char *out;

	buf_init(&text);
	buf_printf(&text, "%ssp 0 init {\n%send\n}\nsp 1 redraw frame 0 context 1 drawable 1 {\n"
		   "%s%send\n}\n", HEAD, START, body, SWAP);
	if (blink_assemble((char *)text.data, text.len, "case", path_in, NULL, &err) < 0 ||
	    blink_open(&in, path_in, 0, &err) < 0 ||
	    prune_file(in, path_out, &opt, NULL, &p, &err) < 0)
		fail_msg("%s", err.text);
	buf_clear(&text);
	prune_each(p, line_add, &text);
	buf_append(&text, "", 1);
	out = strdup((char *)text.data);
	buf_finish(&text);
	prune_destroy(p);
	blink_close(in);
	return out;
}

static const struct { const char *name, *body, *kept; } cases[] = {
	{ "the last of equal writes", "glLineWidth 2.\nglLineWidth 3.\n", "glLineWidth 3\n" },
	{ "other cells are apart", "glEnable GL_BLEND\nglDisable GL_FOG\nglEnable GL_BLEND\n",
	  "glEnable GL_BLEND\n" },
	{ "what a new context has already", "glEnable GL_BLEND\nglEnable GL_DITHER\nglDepthFunc GL_LESS\n"
	  "glDisable GL_BLEND\nglUseProgram 0\nglDepthMask false\nglDepthMask true\n", "" },
	{ "what is set already: not a value that a list may have changed",
	  "glNewList 1, GL_COMPILE\nglPointSize 3.\nglEnable GL_FOG\nglEndList\nglCallList 1\n"
	  "glDepthMask true\nglPointSize 1.\n",
	  "glNewList 1, GL_COMPILE\nglPointSize 3\nglEnable GL_FOG\nglEndList\nglCallList 1\n"
	  "glDepthMask true\nglPointSize 1\n" },
	{ "what is set already: switches that only some new contexts have off",
	  "glDisable GL_DEBUG_OUTPUT\nglDisable GL_FRAMEBUFFER_SRGB\n",
	  "glDisable GL_DEBUG_OUTPUT\nglDisable GL_FRAMEBUFFER_SRGB\n" },
	{ "what is set already: a unit's switch by the unit's number",
	  "glEnablei GL_TEXTURE_2D, 1\nglActiveTexture GL_TEXTURE1\nglDisable GL_TEXTURE_2D\n",
	  "glEnablei GL_TEXTURE_2D, 1\nglActiveTexture GL_TEXTURE1\nglDisable GL_TEXTURE_2D\n" },
	{ "what is set already: one switch by two names",
	  "glEnable GL_PRIMITIVE_RESTART\nglDisableClientState GL_PRIMITIVE_RESTART_NV\n",
	  "glEnable GL_PRIMITIVE_RESTART\nglDisableClientState GL_PRIMITIVE_RESTART_NV\n" },
	{ "an array that is switched on before anything else is done to arrays",
	  "glEnableClientState GL_VERTEX_ARRAY\n", "glEnableClientState GL_VERTEX_ARRAY\n" },
	{ "a product needs what it multiplies",
	  "glTranslatef 1., 2., 3.\nglLoadIdentity\nglTranslatef 1., 2., 4.\n",
	  "glTranslatef 1, 2, 3\nglLoadIdentity\nglTranslatef 1, 2, 4\n" },
	{ "matched pushes and pops vanish", "glPushMatrix\nglLoadIdentity\nglPopMatrix\n", "" },
	{ "an open push is state", "glPushMatrix\n", "glPushMatrix\n" },
	{ "a pop brings the value back",
	  "glLineWidth 2.\nglPushAttrib GL_LINE_BIT\nglLineWidth 3.\nglPopAttrib\n",
	  "glLineWidth 2\n" },
	{ "modes are put back where they are needed",
	  "glMatrixMode GL_PROJECTION\nglLoadIdentity\nglMatrixMode GL_MODELVIEW\n",
	  "glMatrixMode GL_PROJECTION\nglLoadIdentity\nglMatrixMode GL_MODELVIEW\n" },
	{ "a deleted texture vanishes",
	  "glGenTextures 1, @1\nglBindTexture GL_TEXTURE_2D, 1\n"
	  "glTexImage2D GL_TEXTURE_2D, 0, 6408, 1, 1, 0, GL_RGBA, GL_UNSIGNED_BYTE, @1\n"
	  "glBindTexture GL_TEXTURE_2D, 0\nglDeleteTextures 1, @1\n",
	  "" },
	{ "a texture: name, image, parameters, no bindings in between",
	  "glGenTextures 1, @1\nglBindTexture GL_TEXTURE_2D, 1\n"
	  "glTexImage2D GL_TEXTURE_2D, 0, 6408, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, @3\n"
	  "glBindTexture GL_TEXTURE_2D, 0\nglBindTexture GL_TEXTURE_2D, 1\n"
	  "glTexImage2D GL_TEXTURE_2D, 0, 6408, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, @3\n",
	  "glGenTextures 1, @1\nglBindTexture GL_TEXTURE_2D, 1\n"
	  "glTexImage2D GL_TEXTURE_2D, 0, 6408, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, @3\n" },
	{ "sub-images that later ones cover together",
	  "glGenTextures 1, @1\nglBindTexture GL_TEXTURE_2D, 1\n"
	  "glTexImage2D GL_TEXTURE_2D, 0, 6408, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n"
	  "glTexSubImage2D GL_TEXTURE_2D, 0, 0, 0, 2, 1, GL_RGBA, GL_UNSIGNED_BYTE, @3\n"
	  "glTexSubImage2D GL_TEXTURE_2D, 0, 0, 0, 1, 2, GL_RGBA, GL_UNSIGNED_BYTE, @3\n"
	  "glTexSubImage2D GL_TEXTURE_2D, 0, 1, 0, 1, 2, GL_RGBA, GL_UNSIGNED_BYTE, @3\n",
	  "glGenTextures 1, @1\nglBindTexture GL_TEXTURE_2D, 1\n"
	  "glTexImage2D GL_TEXTURE_2D, 0, 6408, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n"
	  "glTexSubImage2D GL_TEXTURE_2D, 0, 0, 0, 1, 2, GL_RGBA, GL_UNSIGNED_BYTE, @3\n"
	  "glTexSubImage2D GL_TEXTURE_2D, 0, 1, 0, 1, 2, GL_RGBA, GL_UNSIGNED_BYTE, @3\n" },
	{ "bytes of a buffer",
	  "glGenBuffers 1, @1\nglBindBuffer GL_ARRAY_BUFFER, 1\n"
	  "glBufferData GL_ARRAY_BUFFER, 16, @3, GL_STATIC_DRAW\n"
	  "glBufferSubData GL_ARRAY_BUFFER, 4, 4, @1\nglBufferSubData GL_ARRAY_BUFFER, 0, 16, @3\n",
	  "glGenBuffers 1, @1\nglBindBuffer GL_ARRAY_BUFFER, 1\n"
	  "glBufferData GL_ARRAY_BUFFER, 16, @3, GL_STATIC_DRAW\n"
	  "glBufferSubData GL_ARRAY_BUFFER, 0, 16, @3\n" },
	{ "a list that is made anew",
	  "glNewList 1, GL_COMPILE\nglLineWidth 2.\nglEndList\n"
	  "glNewList 1, GL_COMPILE\nglLineWidth 3.\nglEndList\n",
	  "glNewList 1, GL_COMPILE\nglLineWidth 3\nglEndList\n" },
	{ "what a list does when it is called",
	  "glNewList 1, GL_COMPILE\nglLineWidth 2.\nglEndList\nglLineWidth 1.\nglCallList 1\n",
	  "glNewList 1, GL_COMPILE\nglLineWidth 2\nglEndList\nglCallList 1\n" },
	{ "what was drawn before a clear is gone",
	  "glBegin GL_POINTS\nglVertex2f 1., 1.\nglEnd\nglClear GL_COLOR_BUFFER_BIT\n",
	  "glClear GL_COLOR_BUFFER_BIT\n" },
	{ "a clear that a scissor limits is not one",
	  "glBegin GL_POINTS\nglVertex2f 1., 1.\nglEnd\nglEnable GL_SCISSOR_TEST\n"
	  "glClear GL_COLOR_BUFFER_BIT\n",
	  "glBegin GL_POINTS\nglVertex2f 1, 1\nglEnd\nglEnable GL_SCISSOR_TEST\n"
	  "glClear GL_COLOR_BUFFER_BIT\n" },
	{ "a colour outlives its primitive",
	  "glBegin GL_POINTS\nglColor3f 1., 0., 0.\nglVertex2f 1., 1.\nglEnd\n"
	  "glClear GL_COLOR_BUFFER_BIT\n",
	  "glColor3f 1, 0, 0\nglClear GL_COLOR_BUFFER_BIT\n" },
	{ "conditional code is kept as it is",
	  "jump.eq.i 1, 2, over\nglLineWidth 2.\nover:\nglLineWidth 3.\n", "glLineWidth 3\n" },
};

static void test_kept(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *kept = kept_of(cases[i].body, PRUNE_AUTO), *body = kept, *last;

		for (unsigned k = 0; k < 3 && body; k++)     /* context, drawable, current */
			body = strchr(body, '\n') ? strchr(body, '\n') + 1 : NULL;
		last = body;
		if (!last || strcmp(last, cases[i].kept)) {
			print_message("%s: kept\n%s", cases[i].name, kept);
			bad++;
		}
		free(kept);
	}
	assert_int_equal(bad, 0);
}

/* ---- back buffers ---------------------------------------------------------------------- */

static void test_back_buffer(void **state)
{
	static const char draw[] = "glBegin GL_POINTS\nglVertex2f 1., 1.\nglEnd\n";
	struct buf body;
	char *some, *all;

	(void)state;
	buf_init(&body);
	for (unsigned i = 0; i < 8; i++)
		buf_printf(&body, "%s%s", draw, SWAP);
	buf_append(&body, draw, sizeof(draw));
	some = kept_of((char *)body.data, PRUNE_AUTO);
	all = kept_of((char *)body.data, PRUNE_PRESERVED);
	buf_finish(&body);
	/* the last frame's own against all nine of them */
	assert_int_equal(strstr(strstr(some, "glEnd") + 1, "glEnd") == NULL, 1);
	assert_true(strlen(all) > strlen(some) + 8 * 30);
	free(some);
	free(all);
}

/* ---- any records at all -------------------------------------------------------------------- */

static struct buf lines_of(const char *path, uint32_t frame, const char *out, int *ret)
{
	const struct prune_file_options opt = { .at_frame = frame };
	struct blink_file *in = NULL;
	struct prune *p = NULL;
	struct error err = { 0 };
	struct buf text;

	buf_init(&text);
	*ret = blink_open(&in, path, 0, &err);
	if (*ret >= 0)
		*ret = prune_file(in, out, &opt, NULL, &p, &err);
	if (*ret >= 0)
		prune_each(p, line_add, &text);
	prune_destroy(p);
	blink_close(in);
	return text;
}

static void test_random(void **state)
{
	unsigned pruned = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct rng rng = { seed };
		struct error err = { 0 };
		struct buf a, b;
		int first, second = 0;

		assert_true(spgen_file(&rng, path_in, 3, &err) >= 0);
		a = lines_of(path_in, 2, path_out, &first);
		if (first >= 0) {
			pruned++;
			b = lines_of(path_out, 0, path_again, &second);
			assert_true(second >= 0);
			buf_finish(&b);
		}
		buf_finish(&a);
	}
	print_message("%u of 60 random files could be pruned\n", pruned);
}

/* Pruning a pruned log keeps all of it. */
static void test_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf a, b;
		int ret;

		free(kept_of(cases[i].body, PRUNE_AUTO));
		a = lines_of(path_out, 0, path_again, &ret);
		assert_true(ret >= 0);
		b = lines_of(path_again, 0, path_out, &ret);
		assert_true(ret >= 0);
		assert_int_equal(a.len, b.len);
		assert_true(a.len && memcmp(a.data, b.data, a.len) == 0);
		buf_finish(&a);
		buf_finish(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept), cmocka_unit_test(test_back_buffer),
		cmocka_unit_test(test_again), cmocka_unit_test(test_random),
	};
	int ret;

	snprintf(path_in, sizeof(path_in), "/tmp/prune-%d-in.blink", (int)getpid());
	snprintf(path_out, sizeof(path_out), "/tmp/prune-%d-out.blink", (int)getpid());
	snprintf(path_again, sizeof(path_again), "/tmp/prune-%d-again.blink", (int)getpid());
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path_in);
	unlink(path_out);
	unlink(path_again);
	return ret;
}
