/* test_sink_gl.c - the GL sink on the driver of this machine: known pixels through
 * contexts, drawables, resizes, swaps and framebuffers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <GL/gl.h>
#include <GL/glext.h>
#include <cmocka.h>

#include "blink/engine/sink.h"

#define CALL(type, name) ((type)s->entry[OP_##name])
#define ClearColor CALL(void (*)(GLfloat, GLfloat, GLfloat, GLfloat), glClearColor)
#define Clear CALL(void (*)(GLbitfield), glClear)
#define GenTextures CALL(void (*)(GLsizei, GLuint *), glGenTextures)
#define BindTexture CALL(void (*)(GLenum, GLuint), glBindTexture)
#define GenFramebuffers CALL(void (*)(GLsizei, GLuint *), glGenFramebuffers)
#define BindFramebuffer CALL(void (*)(GLenum, GLuint), glBindFramebuffer)
#define Enable CALL(void (*)(GLenum), glEnable)
#define Scissor CALL(void (*)(GLint, GLint, GLsizei, GLsizei), glScissor)

static const struct sink_gl_options offscreen = { 0 };

static struct sink *sink_start(uint32_t w, uint32_t h)
{
	struct error err = { 0 };
	struct sink *s;

	assert_int_equal(sink_gl_create(&s, &offscreen, &err), 0);
	assert_int_equal(s->ops->context_create(s, 1, 0, 0, 0, &err), 0);
	assert_int_equal(s->ops->drawable_create(s, 1, w, h, SINK_CONFIG_DOUBLE, &err), 0);
	assert_int_equal(s->ops->make_current(s, 1, 1, 1, &err), 0);
	return s;
}

static void assert_picture(struct sink *s, uint32_t w, uint32_t h, uint32_t rgb)
{
	struct error err = { 0 };
	uint32_t pw, ph;
	uint8_t *p;

	assert_int_equal(sink_gl_read(s, &p, &pw, &ph, &err), 0);
	assert_int_equal(pw, w);
	assert_int_equal(ph, h);
	for (uint32_t i = 0; i < w * h; i++) {
		assert_int_equal(p[i * 3], rgb >> 16);
		assert_int_equal(p[i * 3 + 1], rgb >> 8 & 255);
		assert_int_equal(p[i * 3 + 2], rgb & 255);
	}
	free(p);
}

static void test_drawable_is_black_then_cleared(void **state)
{
	struct sink *s = sink_start(7, 5);
	struct error err = { 0 };

	(void)state;
	assert_picture(s, 7, 5, 0);
	ClearColor(1, 0, 0.2f, 1);
	Clear(GL_COLOR_BUFFER_BIT);
	assert_picture(s, 7, 5, 0xff0033);
	assert_int_equal(s->ops->swap(s, 1, &err), 0);
	assert_picture(s, 7, 5, 0xff0033);
	sink_destroy(s);
}

static void test_rows_go_from_top_to_bottom(void **state)
{
	struct sink *s = sink_start(2, 4);
	struct error err = { 0 };
	uint32_t w, h;
	uint8_t *p;

	(void)state;
	ClearColor(0, 1, 0, 1);
	Enable(GL_SCISSOR_TEST);
	Scissor(0, 0, 2, 1);       /* GL's first row is the lowest */
	Clear(GL_COLOR_BUFFER_BIT);
	assert_int_equal(sink_gl_read(s, &p, &w, &h, &err), 0);
	assert_int_equal(p[1], 0);
	assert_int_equal(p[(3 * 2) * 3 + 1], 255);
	free(p);
	sink_destroy(s);
}

static void test_resize_is_black_and_keeps_context(void **state)
{
	struct sink *s = sink_start(4, 4);
	struct error err = { 0 };

	(void)state;
	ClearColor(0, 0, 1, 1);
	Clear(GL_COLOR_BUFFER_BIT);
	assert_int_equal(s->ops->drawable_resize(s, 1, 9, 3, &err), 0);
	assert_picture(s, 9, 3, 0);
	Clear(GL_COLOR_BUFFER_BIT);         /* the clear colour is still there */
	assert_picture(s, 9, 3, 0x0000ff);
	assert_int_equal(s->ops->drawable_resize(s, 1, 9, 3, &err), 0);
	assert_picture(s, 9, 3, 0x0000ff);  /* the same size: nothing happens */
	sink_destroy(s);
}

static void test_framebuffer_is_the_picture(void **state)
{
	struct sink *s = sink_start(4, 4);
	GLuint tex = 0, fb = 0;

	(void)state;
	ClearColor(1, 1, 1, 1);
	Clear(GL_COLOR_BUFFER_BIT);
	GenTextures(1, &tex);
	BindTexture(GL_TEXTURE_2D, tex);
	CALL(void (*)(GLenum, GLint, GLint, GLsizei, GLsizei, GLint, GLenum, GLenum, const void *),
	     glTexImage2D)(GL_TEXTURE_2D, 0, GL_RGBA, 6, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	GenFramebuffers(1, &fb);
	BindFramebuffer(GL_FRAMEBUFFER, fb);
	CALL(void (*)(GLenum, GLenum, GLenum, GLuint, GLint), glFramebufferTexture2D)
		(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, tex, 0);
	ClearColor(0, 1, 1, 0.5f);
	Clear(GL_COLOR_BUFFER_BIT);
	assert_picture(s, 6, 2, 0x00ffff);
	BindFramebuffer(GL_FRAMEBUFFER, 0);
	assert_picture(s, 4, 4, 0xffffff);
	assert_int_equal(sink_gl_errors(s, NULL), 0);   /* reading leaves none behind */
	sink_destroy(s);
}

static void test_two_drawables_and_contexts(void **state)
{
	struct sink *s = sink_start(3, 3);
	struct error err = { 0 };

	(void)state;
	assert_int_equal(s->ops->context_create(s, 40, 1, 0, 0, &err), 0);
	assert_int_equal(s->ops->drawable_create(s, 2, 5, 5, 0, &err), 0);
	ClearColor(1, 0, 0, 1);
	Clear(GL_COLOR_BUFFER_BIT);
	assert_int_equal(s->ops->make_current(s, 40, 2, 2, &err), 0);
	ClearColor(0, 1, 0, 1);
	Clear(GL_COLOR_BUFFER_BIT);
	assert_picture(s, 5, 5, 0x00ff00);
	assert_int_equal(s->ops->make_current(s, 1, 1, 1, &err), 0);
	assert_picture(s, 3, 3, 0xff0000);
	Clear(GL_COLOR_BUFFER_BIT);         /* each context has its own clear colour */
	assert_picture(s, 3, 3, 0xff0000);
	s->ops->drawable_destroy(s, 2);
	s->ops->context_destroy(s, 40);
	assert_picture(s, 3, 3, 0xff0000);
	sink_destroy(s);
}

static void test_profiles(void **state)
{
	struct sink *s = sink_start(1, 1);
	struct error err = { 0 };

	(void)state;
	assert_int_equal(s->ops->context_create(s, 2, 0, 33, SINK_CONTEXT_CORE, &err), 0);
	assert_int_equal(s->ops->make_current(s, 2, 1, 1, &err), 0);
	Enable(GL_LIGHTING);                /* no such thing in a core profile */
	assert_int_equal(sink_gl_errors(s, NULL), 1);
	assert_int_equal(s->ops->context_create(s, 3, 0, 0, SINK_CONTEXT_DEBUG, &err), 0);
	assert_int_equal(s->ops->make_current(s, 3, 1, 1, &err), 0);
	Enable(GL_LIGHTING);
	assert_int_equal(sink_gl_errors(s, NULL), 0);
	assert_int_equal(s->ops->context_create(s, 4, 0, 99, 0, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "9.9"));
	sink_destroy(s);
}

static void test_errors_are_counted(void **state)
{
	struct sink *s = sink_start(1, 1);
	uint32_t first;

	(void)state;
	Enable(0x1234);
	Enable(0x1234);
	assert_int_equal(sink_gl_errors(s, &first), 1);
	assert_int_equal(first, GL_INVALID_ENUM);
	Enable(0x1234);
	assert_picture(s, 1, 1, 0);         /* reading a picture does not lose it */
	assert_int_equal(sink_gl_errors(s, &first), 1);
	assert_int_equal(sink_gl_errors(s, &first), 0);
	sink_destroy(s);
}

static void test_bad_names_are_refused(void **state)
{
	struct sink *s = sink_start(1, 1);
	struct error err = { 0 };
	uint32_t w, h;
	uint8_t *p;

	(void)state;
	assert_true(s->ops->context_create(s, 1, 0, 0, 0, &err) < 0);
	assert_true(s->ops->context_create(s, 0, 0, 0, 0, &err) < 0);
	assert_true(s->ops->context_create(s, 5, 9, 0, 0, &err) < 0);
	assert_true(s->ops->context_create(s, 0xffffffff, 0, 0, 0, &err) < 0);
	assert_true(s->ops->drawable_create(s, 1, 1, 1, 0, &err) < 0);
	assert_true(s->ops->drawable_create(s, 0xffffffff, 1, 1, 0, &err) < 0);
	assert_true(s->ops->drawable_create(s, 2, 0x7fffffff, 0x7fffffff, 0, &err) < 0);
	assert_true(s->ops->drawable_resize(s, 7, 1, 1, &err) < 0);
	assert_true(s->ops->make_current(s, 7, 1, 1, &err) < 0);
	assert_true(s->ops->make_current(s, 1, 7, 1, &err) < 0);
	assert_true(s->ops->swap(s, 7, &err) < 0);
	s->ops->context_destroy(s, 77);
	s->ops->drawable_destroy(s, 77);
	assert_int_equal(s->ops->make_current(s, 0, 0, 0, &err), 0);
	assert_int_equal(sink_gl_read(s, &p, &w, &h, &err), -ENODATA);
	sink_destroy(s);
}

/* Letters last, which drivers put off longest; each then sees another context. */
static void scribble(struct sink *s)
{
	static const uint8_t letter[8] = { 0xff, 0x81, 0xbd, 0xa5, 0xa5, 0xbd, 0x81, 0xff };
	struct error err = { 0 };

	for (uint32_t turn = 0; turn < 3; turn++) {
		for (uint32_t c = 1; c <= 2; c++) {
			assert_int_equal(s->ops->make_current(s, c, c, c, &err), 0);
			ClearColor((float)turn / 3, (float)c / 2, 0, 1);
			Enable(GL_SCISSOR_TEST);
			Scissor(0, 0, 16, 16 - 3 * (GLint)turn);
			Clear(GL_COLOR_BUFFER_BIT);
			CALL(void (*)(float, float, float), glColor3f)(1, 0, (float)turn / 2);
			CALL(void (*)(float, float, float, float), glRectf)(-0.7f, -0.6f, 0.1f, 0.3f);
			CALL(void (*)(float, float), glRasterPos2f)(-0.5f, -0.4f);
			CALL(void (*)(GLsizei, GLsizei, float, float, float, float,
				      const uint8_t *), glBitmap)(8, 8, 0, 0, 9, 0, letter);
			if (turn == 1)
				sink_flush(s);
		}
	}
}

static uint8_t *scribbled(const struct sink_gl_options *opt, uint32_t name)
{
	struct error err = { 0 };
	GLint bound = -1;
	uint32_t w, h;
	struct sink *s;
	uint8_t *p;

	assert_int_equal(sink_gl_create(&s, opt, &err), 0);
	for (uint32_t c = 1; c <= 2; c++) {
		assert_int_equal(s->ops->context_create(s, c, 0, 0, 0, &err), 0);
		assert_int_equal(s->ops->drawable_create(s, c, 16, 16, 0, &err), 0);
	}
	scribble(s);
	assert_int_equal(s->ops->make_current(s, name, name, name, &err), 0);
	((void (*)(GLenum, GLint *))s->get_integerv)(GL_DRAW_FRAMEBUFFER_BINDING, &bound);
	assert_int_equal(bound, 0);
	assert_int_equal(sink_gl_errors(s, NULL), 0);
	assert_int_equal(sink_gl_read(s, &p, &w, &h, &err), 0);
	sink_destroy(s);
	return p;
}

/* What nobody looks at from outside is drawn like anything else. */
static void test_unseen_is_drawn_the_same(void **state)
{
	static const struct sink_gl_options unseen = { .unseen = true };

	(void)state;
	for (uint32_t name = 1; name <= 2; name++) {
		uint8_t *a = scribbled(&offscreen, name), *b = scribbled(&unseen, name);

		assert_memory_equal(a, b, 16 * 16 * 3);
		free(a);
		free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drawable_is_black_then_cleared),
		cmocka_unit_test(test_rows_go_from_top_to_bottom),
		cmocka_unit_test(test_resize_is_black_and_keeps_context),
		cmocka_unit_test(test_framebuffer_is_the_picture),
		cmocka_unit_test(test_two_drawables_and_contexts),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_unseen_is_drawn_the_same),
		cmocka_unit_test(test_errors_are_counted),
		cmocka_unit_test(test_bad_names_are_refused),
	};
	struct error err = { 0 };
	struct sink *s;
	int r = sink_gl_create(&s, &offscreen, &err);

	if (r == -ENODEV) {
		printf("skipped: %s\n", err.text);
		return 77;
	}
	if (r == 0) {
		printf("renderer: %s\n", sink_gl_renderer(s));
		sink_destroy(s);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
