/* test_served.c - one client in the server: its callbacks, versions, stream, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/one.h"

static struct sink *gl;

#define INIT \
	"blink 1\n" \
	"names context 8\nnames drawable 8\n" \
	"sp 0 init {\n" \
	"blinkContext 1, 0, 0, 0\n" \
	"blinkDrawable 1, 64, 64, 1\n" \
	"blinkMakeCurrent 1, 1, 1\n" \
	"end\n}\n"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_light),
	};

	gl = one_driver();
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
