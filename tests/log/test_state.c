/* test_state.c - the state oracle itself: reading changes nothing, what a program changes
 * is seen in the right slot, and every slot of the command table is either dumped or one
 * of those that GL never tells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GL_GLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/gl/table.h"
#include "blink/log/state.h"

#define SKIP 77

static bool context_make(void)
{
	static const EGLint want[] = {
		EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RED_SIZE, 8, EGL_DEPTH_SIZE, 24,
		EGL_STENCIL_SIZE, 8, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE,
	};
	static const EGLint size[] = { EGL_WIDTH, 32, EGL_HEIGHT, 32, EGL_NONE };
	PFNEGLGETPLATFORMDISPLAYEXTPROC get = (PFNEGLGETPLATFORMDISPLAYEXTPROC)
		eglGetProcAddress("eglGetPlatformDisplayEXT");
	EGLDisplay d = get ? get(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL)
			   : EGL_NO_DISPLAY;
	EGLConfig config;
	EGLint n = 0;

	if (!eglInitialize(d, NULL, NULL) || !eglBindAPI(EGL_OPENGL_API) ||
	    !eglChooseConfig(d, want, &config, 1, &n) || !n)
		return false;
	EGLSurface s = eglCreatePbufferSurface(d, config, size);

	return eglMakeCurrent(d, s, s, eglCreateContext(d, config, EGL_NO_CONTEXT, NULL));
}

static void take(struct state_dump *d)
{
	struct error err = { 0 };

	state_init(d, 16);
	if (state_take(d, &err) < 0)
		fail_msg("%s", err.text);
}

static void print_change(void *user, const struct state_entry *a, const struct state_entry *b)
{
	char text[200];

	(void)user;
	state_describe(a, b, text, sizeof(text));
	print_message("differs: %s\n", text);
}

/* A context with a bit of everything in it. */
static void fill(void)
{
	static const uint8_t texels[64];
	const char *text = "#version 130\nuniform vec4 u; void main() { gl_Position = u; }\n";
	GLuint t, b, f, q, v, s, p;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D, t);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 4, 4, 0, GL_RGBA, GL_UNSIGNED_BYTE, texels);
	glGenBuffers(1, &b);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, b);
	glBufferData(GL_PIXEL_PACK_BUFFER, 64, texels, GL_STREAM_READ);
	glGenVertexArrays(1, &v);
	glBindVertexArray(v);
	glEnableVertexAttribArray(3);
	glGenFramebuffers(1, &f);
	glBindFramebuffer(GL_READ_FRAMEBUFFER, f);
	glFramebufferTexture2D(GL_READ_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t, 0);
	glGenQueries(1, &q);
	glBeginQuery(GL_SAMPLES_PASSED, q);
	s = glCreateShader(GL_VERTEX_SHADER);
	glShaderSource(s, 1, &text, NULL);
	glCompileShader(s);
	p = glCreateProgram();
	glAttachShader(p, s);
	glLinkProgram(p);
	glUseProgram(p);
	/* what would spoil a careless read */
	glPixelStorei(GL_PACK_ROW_LENGTH, 100);
	glPixelStorei(GL_PACK_SKIP_ROWS, 7);
	glPixelTransferf(GL_RED_SCALE, 0.25f);
	glPixelTransferi(GL_MAP_COLOR, 1);
	glActiveTexture(GL_TEXTURE3);
	glClientActiveTexture(GL_TEXTURE2);
	glReadBuffer(GL_COLOR_ATTACHMENT0);
	assert_int_equal(glGetError(), GL_NO_ERROR);
}

static void test_reading_changes_nothing(void **state)
{
	struct state_dump a, b;

	(void)state;
	fill();
	take(&a);
	take(&b);
	assert_int_equal(glGetError(), GL_NO_ERROR);
	assert_int_equal(state_diff(&a, &b, print_change, NULL), 0);
	assert_true(state_hash(&a) == state_hash(&b));
	assert_true(a.count > 1000);
	state_finish(&a);
	state_finish(&b);
}

/* The slot of the one thing that changed, "" if there was not exactly one. */
struct seen { unsigned n; uint16_t slot; uint32_t key; };

static void note(void *user, const struct state_entry *a, const struct state_entry *b)
{
	struct seen *s = user;

	s->n++;
	s->slot = (a ? a : b)->slot;
	s->key = (a ? a : b)->key[0];
}

static void change(void (*fn)(void), const char *slot, uint32_t key)
{
	struct state_dump a, b;
	struct seen seen = { 0 };

	take(&a);
	fn();
	take(&b);
	state_diff(&a, &b, note, &seen);
	if (seen.n != 1)
		fail_msg("%s: %u differences", slot, seen.n);
	assert_string_equal(gl_slots[seen.slot].name, slot);
	if (key != STATE_NO_KEY)
		assert_int_equal(seen.key, key);
	assert_true(state_hash(&a) != state_hash(&b));
	state_finish(&a);
	state_finish(&b);
}

static void do_blend(void) { glBlendColor(0.25f, 0, 0, 0); }
static void do_light(void) { glLightf(GL_LIGHT2, GL_SPOT_CUTOFF, 30); }
static void do_texel(void)
{
	static const uint8_t texel[4] = { 9, 8, 7, 6 };

	glActiveTexture(GL_TEXTURE0);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 1, 1, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, texel);
	glActiveTexture(GL_TEXTURE3);
}
static void do_buffer(void) { glBufferSubData(GL_PIXEL_PACK_BUFFER, 5, 1, "x"); }
static void do_uniform(void) { glUniform4f(0, 1, 2, 3, 4); }
static void do_attrib(void) { glVertexAttrib1f(5, 0.5f); }

static void test_changes_show_in_their_slot(void **state)
{
	(void)state;
	glPixelTransferi(GL_MAP_COLOR, 0);      /* its maps make every texel 0 */
	change(do_blend, "blend_color", STATE_NO_KEY);
	change(do_light, "light", GL_LIGHT2);
	change(do_texel, "bound_texture_image", GL_TEXTURE_2D);
	change(do_buffer, "bound_buffer_data", STATE_NO_KEY);
	change(do_uniform, "uniform", 0);
	change(do_attrib, "current_attrib", 5);
}

/* Slots that have no entry, each for a reason. */
static bool untold(const char *slot)
{
	static const char *const slots[] = {
		"uniform_location",                     /* BlinkGL's own */
		"primitive", "begin_mode",              /* no asking between Begin and End */
		"tracked_material", "attached_image", "captured_vertices", "query_count",
		/* the same state under another name */
		"accum_buffer", "selection", "conditional_render", "debug", "sync",
		"depth_bounds",                         /* GL does not tell, or lacks it */
	};

	for (size_t i = 0; i < sizeof(slots) / sizeof(*slots); i++)
		if (strcmp(slots[i], slot) == 0)
			return true;
	return strncmp(slot, "blink", 5) == 0;
}

static void test_every_slot_is_told(void **state)
{
	static const char *const objects[] = {
		/* dumped only where such an object exists */
		"sampler_name", "arbprogram_name", "renderbuffer_name", "pipeline",
		"sampler_param", "uniform_block", "bound_arbprogram", "bound_arbprogram_local",
		"bound_renderbuffer", "list",
	};
	struct state_dump d;

	(void)state;
	take(&d);
	for (unsigned i = 0; i < gl_slot_count; i++) {
		const char *name = gl_slots[i].name;
		bool known = untold(name) || state_find(&d, name, STATE_NO_KEY, STATE_NO_KEY);

		for (size_t k = 0; k < sizeof(objects) / sizeof(*objects); k++)
			known |= strcmp(objects[k], name) == 0;
		if (!known)
			fail_msg("slot %s is in no dump", name);
	}
	state_finish(&d);
}

/* Full stacks are in nobody's way, and what lies below the top of one shows. */
static void test_full_stacks(void **state)
{
	struct state_dump a, b;
	unsigned depth = 0;

	(void)state;
	while (glGetError() == GL_NO_ERROR && depth++ < 100)
		glPushAttrib(GL_CURRENT_BIT);
	glMatrixMode(GL_PROJECTION);
	glTranslatef(1, 2, 3);
	glPushMatrix();
	glLoadIdentity();
	take(&a);
	take(&b);
	assert_int_equal(state_diff(&a, &b, print_change, NULL), 0);
	glPopMatrix();
	glTranslatef(1, 2, 3);
	glPushMatrix();
	glLoadIdentity();
	state_finish(&b);
	take(&b);
	assert_int_equal(state_diff(&a, &b, NULL, NULL), 1);
	state_finish(&a);
	state_finish(&b);
	glPopMatrix();
	while (depth-- > 1)
		glPopAttrib();
	while (glGetError() != GL_NO_ERROR)
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading_changes_nothing),
		cmocka_unit_test(test_changes_show_in_their_slot),
		cmocka_unit_test(test_every_slot_is_told),
		cmocka_unit_test(test_full_stacks),
	};

	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
	setenv("GALLIUM_DRIVER", "llvmpipe", 1);
	if (!context_make()) {
		fprintf(stderr, "test_state: no surfaceless EGL with OpenGL: skipped\n");
		return SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
