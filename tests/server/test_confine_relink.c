/* test_confine_relink.c - a program that is linked again while it is current, and fails to be, is
 * current no more: drivers (Mesa) have forgotten what its samplers are, make wrong code of it at
 * the next draw, and die of that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <GL/gl.h>
#include <GL/glext.h>

#include "tests/server/alone.h"

static struct sink *gl;

#define SOURCE "void main() { gl_FragColor = vec4(1.0, 1.0, 0.0, 1.0); }"
#define BROKEN "void main() { gl_FragColor = missing(vec4(1.0)); } /////"
#define LENGTH "56"
#define TABLES HEAD "names program 8\n" \
	"payload source {\ntext \"" SOURCE "\"\nhex 00\n}\npayload broken {\ntext \"" BROKEN "\"\nhex 00\n}\n"
#define SHADER(payload) "glShaderSource 1, " LENGTH ", @" payload "\nglCompileShader 1\n"
#define CURRENT "glCreateShader 0x8B30, 1\n" SHADER("source") \
	"glCreateProgram 2\nglAttachShader 2, 1\nglLinkProgram 2\nglUseProgram 2\n"

static const struct { const char *name, *then; bool current; } cases[] = {
	{ "linked once", "", true },
	{ "linked again", "glLinkProgram 2\n", true },
	{ "linked again in vain", SHADER("broken") "glLinkProgram 2\n", false },
	{ "while it is not current", "glUseProgram 0\n" SHADER("broken") "glLinkProgram 2\n", false },
	{ "while a list is compiled", SHADER("broken") "glNewList 1, GL_COMPILE\nglLinkProgram 2\n"
	  "glEndList\n", true },
};

static void test_relinked(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		GLint current = 0;
		struct alone m;
		char text[2048];

		assert_int_equal(sizeof(SOURCE), sizeof(BROKEN));
		snprintf(text, sizeof(text), TABLES INIT(CURRENT "%s") REDRAW(CLEAR FLOOD), cases[i].then);
		alone_open(&m, gl, text, 1u << 26);
		alone_run(&m, 0, 0, NULL);
		assert_int_equal(confined_fault(m.k), VSO_FAULT_OK);
		((void (*)(GLenum, GLint *))gl->get_integerv)(GL_CURRENT_PROGRAM, &current);
		if ((current != 0) != cases[i].current)
			fail_msg("%s: %s", cases[i].name, current ? "it is current" : "none is current");
		alone_run(&m, 1, 0, NULL);
		alone_close(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relinked),
	};
	int failed;

	gl = one_driver();
	if (!gl)
		return 77;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sink_destroy(gl);
	return failed;
}
