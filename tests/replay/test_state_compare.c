/* test_state_compare.c - the state of whole clients: equal where only the driver's names
 * differ, different in the right slot where anything else does, and looking changes nothing.
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

#include "blink/sp/asm.h"
#include "replay/state_compare.h"

#define SKIP 77

#define HEAD "blink 1\nnames texture 9\nnames buffer 9\nnames framebuffer 9\n" \
	"names vertexarray 9\nnames program 9\nnames context 9\nnames drawable 9\nslots 9\nnames list 9\n" \
	"payload one {\n u32 1\n}\npayload two {\n u32 2\n}\npayload three {\n u32 3\n}\n" \
	"payload both {\n u32 2 3\n}\npayload red {\n hex ff0000ff\n}\n" \
	"payload blue {\n hex 0000ffff\n}\npayload word {\n text \"u\\x00\"\n}\n" \
	"payload vs {\n text \"uniform vec4 u; void main() { gl_Position = u; }\\x00\"\n}\n"
#define WINDOW \
	" blinkContext 1, 0, 0, 0\n blinkDrawable 1, 16, 8, 1\n blinkMakeCurrent 1, 1, 1\n"
#define INIT "sp 0 init {\n" WINDOW
#define TEXEL(colour) " glTexImage2D GL_TEXTURE_2D, 0, 32856, 1, 1, 0, GL_RGBA, " \
	"GL_UNSIGNED_BYTE, @" colour "\n"
#define END " end\n}\nsp 1 redraw frame 0 context 1 drawable 1 {\n blinkSwap 1\n end\n}\n"

static char folder[64];

static void assemble(const char *text, const char *path)
{
	struct error err = { 0 };

	if (blink_assemble(text, strlen(text), "test", path, NULL, &err) < 0)
		fail_msg("%s", err.text);
}

/* The state after the init SPs of text. */
static void take(const char *text, struct state_dump *d)
{
	const struct state_replay_options opt = { .engine = PLAYER_INTERP };
	struct state_replay *r;
	struct error err = { 0 };
	char path[96];

	snprintf(path, sizeof(path), "%s/x.blink", folder);
	assemble(text, path);
	state_init(d, 0);
	if (state_replay_open(&r, path, &opt, &err) < 0 || state_replay_to(r, 0, &err) < 0 ||
	    state_replay_take(r, d, &err) < 0)
		fail_msg("%s", err.text);
	state_replay_close(r);
	unlink(path);
}

struct seen { unsigned n; char slots[512]; };

static void note(void *user, const struct state_entry *a, const struct state_entry *b)
{
	struct seen *s = user;
	char text[256];

	s->n++;
	state_describe(a, b, text, sizeof(text));
	print_message("  %s\n", text);
	if (!strstr(s->slots, state_slot_name((a ? a : b)->slot)))
		snprintf(s->slots + strlen(s->slots), sizeof(s->slots) - strlen(s->slots), "%s ",
			 state_slot_name((a ? a : b)->slot));
}

/* slots: those that differ, "" for equal states. */
static void compare(const char *a, const char *b, const char *slots)
{
	struct seen seen = { 0 };
	struct state_dump x, y;

	take(a, &x);
	take(b, &y);
	state_diff(&x, &y, note, &seen);
	assert_string_equal(seen.slots, slots);
	assert_true((state_hash(&x) == state_hash(&y)) == !slots[0]);
	assert_true(x.count > 500);
	state_finish(&x);
	state_finish(&y);
}

/* The second client's driver gives other names: an object more was made and deleted. */
static void test_names_do_not_count(void **state)
{
	static const char plain[] = HEAD INIT
		" glGenTextures 1, @two\n glBindTexture GL_TEXTURE_2D, 2\n" TEXEL("red")
		" glGenBuffers 1, @three\n glBindBuffer GL_ARRAY_BUFFER, 3\n"
		" glVertexPointer.buf 2, GL_FLOAT, 0, 4\n"
		" glGenFramebuffers 1, @one\n glBindFramebuffer GL_FRAMEBUFFER, 1\n"
		" glFramebufferTexture2D GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, 2, 0\n" END;
	static const char other[] = HEAD INIT
		" glGenTextures 2, @both\n glGenTextures 1, @one\n glBindTexture GL_TEXTURE_2D, 2\n"
		TEXEL("blue") TEXEL("red")
		" glDeleteTextures 1, @one\n glDeleteTextures 1, @three\n"
		" glGenBuffers 1, @one\n glGenBuffers 1, @three\n glDeleteBuffers 1, @one\n"
		" glBindBuffer GL_ARRAY_BUFFER, 3\n"
		" glVertexPointer.buf 2, GL_FLOAT, 0, 4\n"
		" glGenFramebuffers 1, @two\n glGenFramebuffers 1, @one\n glDeleteFramebuffers 1, @two\n"
		" glBindFramebuffer GL_FRAMEBUFFER, 1\n"
		" glFramebufferTexture2D GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, 2, 0\n" END;

	(void)state;
	compare(plain, other, "");
}

static void test_differences_are_named(void **state)
{
	static const struct { const char *a, *b, *slots; } cases[] = {
		{ " glEnable GL_BLEND\n", "", "enable " },
		{ " glGenTextures 1, @one\n", "", "texture_name " },
		{ " glBindTexture GL_TEXTURE_2D, 2\n" TEXEL("red"),
		  " glBindTexture GL_TEXTURE_2D, 2\n" TEXEL("blue"), "bound_texture_image " },
		{ " glBindTexture GL_TEXTURE_2D, 2\n glBindTexture GL_TEXTURE_2D, 1\n",
		  " glBindTexture GL_TEXTURE_2D, 1\n glBindTexture GL_TEXTURE_2D, 2\n",
		  "texture_binding " },
		{ " glClearColor 1.0, 0.0, 0.0, 0.0\n glClear GL_COLOR_BUFFER_BIT\n",
		  " glClearColor 1.0, 0.0, 0.0, 0.0\n", "color_buffer " },
		{ " glNewList 5, GL_COMPILE\n glVertex2f 1.0, 0.0\n glEndList\n",
		  " glNewList 5, GL_COMPILE\n glVertex2f 2.0, 0.0\n glEndList\n", "list " },
		{ " glPushMatrix\n glTranslatef 1.0, 0.0, 0.0\n glPushMatrix\n glLoadIdentity\n",
		  " glPushMatrix\n glTranslatef 2.0, 0.0, 0.0\n glPushMatrix\n glLoadIdentity\n",
		  "matrix_stack " },
		{ " blinkContext 2, 1, 0, 0\n", " blinkContext 2, 0, 0, 0\n", "window_context " },
		{ " blinkDrawable 2, 4, 4, 1\n", "", "window_drawable color_buffer depth_buffer stencil_buffer " },
		{ " blinkContext 2, 1, 0, 0\n blinkMakeCurrent 2, 1, 1\n blinkMakeCurrent 1, 1, 1\n",
		  " blinkContext 2, 1, 0, 0\n blinkMakeCurrent 2, 1, 1\n", "window_current " },
	};
	char a[4096], b[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(a, sizeof(a), "%s%s%s", HEAD INIT, cases[i].a, END);
		snprintf(b, sizeof(b), "%s%s%s", HEAD INIT, cases[i].b, END);
		compare(a, b, cases[i].slots);
		compare(a, a, "");
	}
}

/* Uniforms go by name: a second program before it moves the driver's names about. */
#define PROGRAM " glCreateShader GL_VERTEX_SHADER, 1\n glShaderSource 1, 49, @vs\n" \
	" glCompileShader 1\n glCreateProgram 2\n glAttachShader 2, 1\n glLinkProgram 2\n" \
	" glGetUniformLocation 2, @word, 0, 1\n glUseProgram 2\n"

static void test_programs(void **state)
{
	(void)state;
	compare(HEAD INIT PROGRAM " glUniform4f 1, 1.0, 2.0, 3.0, 4.0\n" END,
		HEAD INIT " glCreateProgram 5\n" PROGRAM " glUniform4f 1, 1.0, 2.0, 3.0, 4.0\n"
		" glDeleteProgram 5\n" END, "");
	compare(HEAD INIT PROGRAM " glUniform4f 1, 1.0, 2.0, 3.0, 4.0\n" END,
		HEAD INIT PROGRAM " glUniform4f 1, 1.0, 2.0, 3.0, 5.0\n" END, "uniform ");
}

/* Unshared objects of two contexts may have equal driver names. */
static void test_contexts_are_told_apart(void **state)
{
	static const char two[] = HEAD INIT
		" blinkContext 2, 1, 0, 0\n glGenVertexArrays 1, @one\n glBindVertexArray 1\n"
		" glEnableVertexAttribArray 3\n blinkMakeCurrent 2, 1, 1\n"
		" glGenVertexArrays 1, @two\n glBindVertexArray 2\n" END;
	struct state_dump d;

	(void)state;
	take(two, &d);
	for (size_t i = 0; i < d.count; i++)
		if (!strcmp(state_slot_name(d.v[i].slot), "array_object_name"))
			assert_int_equal(d.v[i].key[0], d.v[i].context);
	assert_non_null(state_find(&d, "array_object_name", 1, STATE_NO_KEY));
	assert_non_null(state_find(&d, "array_object_name", 2, STATE_NO_KEY));
	state_finish(&d);
}

/* Core profile: fewer questions, the same answers. */
static void test_core_profile(void **state)
{
	static const char core[] = HEAD "sp 0 init {\n blinkContext 1, 0, 33, 1\n"
		" blinkDrawable 1, 16, 8, 1\n blinkMakeCurrent 1, 1, 1\n"
		" glBindTexture GL_TEXTURE_2D, 2\n" TEXEL("red") END;
	static const char other[] = HEAD "sp 0 init {\n blinkContext 1, 0, 33, 1\n"
		" blinkDrawable 1, 16, 8, 1\n blinkMakeCurrent 1, 1, 1\n"
		" glBindTexture GL_TEXTURE_2D, 2\n" TEXEL("blue") END;

	(void)state;
	compare(core, core, "");
	compare(core, other, "bound_texture_image ");
}

static bool driver_there(void)
{
	struct sink *s = NULL;

	if (sink_gl_create(&s, NULL, NULL) < 0)
		return false;
	sink_destroy(s);
	return true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_do_not_count),
		cmocka_unit_test(test_differences_are_named),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_contexts_are_told_apart),
		cmocka_unit_test(test_core_profile),
	};
	int r;

	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
	setenv("GALLIUM_DRIVER", "llvmpipe", 1);
	if (!driver_there()) {
		fprintf(stderr, "test_state_compare: no GL driver off-screen: skipped\n");
		return SKIP;
	}
	snprintf(folder, sizeof(folder), "/tmp/blink-state-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return r;
}
