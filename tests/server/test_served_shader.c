/* test_served_shader.c - shaders are tried before the procedure that hands them over runs, and
 * nobody stands still for it, also where only what they lie in is published anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/server/alone.h"

static struct sink *gl;

#define TEXT "void main() { gl_FragColor = vec4(0.%d); }  "
#define PAYLOAD \
	"payload source {\ntext \"void main() { gl_FragColor = vec4(0.10); }  \"\nhex 00\n}\n"
#define LENGTH 44
#define SOURCE 1                        /* object of the payload */

static uint64_t trials(void)
{
	struct shader_judge_stats s;

	shader_judge_stats(one_judge, &s);
	return s.trials;
}

static uint64_t redraws(const struct one *o)
{
	struct server_client_info info = { 0 };

	served_info(o->served, &info);
	return info.redraws;
}

/* Frames until the picture is drawn once more. */
static unsigned frames_until_drawn(struct one *o)
{
	uint64_t before = redraws(o);
	unsigned n = 0;

	for (; redraws(o) == before && n < 60000; n++) {
		one_frame(o);
		usleep(1000);
	}
	assert_int_equal(one_fault(o, ONE_SPS + 1), VSO_FAULT_OK);
	return n;
}

/* The source alone is another one: the procedure that hands it over stays. */
static void test_published_anew(void **state)
{
	char source[2 * LENGTH];
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	one_publish(&o, HEAD "names program 8\n" PAYLOAD INIT("")
		    REDRAW("glCreateShader 0x8B30, 1\nglShaderSource 1, 44, @source\n"
			   "glDeleteShader 1\n" CLEAR));
	frames_until_drawn(&o);
	for (int i = 11; i < 14; i++) {
		uint64_t before = trials();

		snprintf(source, sizeof(source), TEXT, i);
		one_put(&o, SOURCE, VSO_DATA, source, LENGTH + 1);
		one_frame(&o);
		/* a trial is under way now, and was not waited for */
		assert_int_equal(trials(), before + 1);
		assert_true(frames_until_drawn(&o) > 0);
		assert_int_equal(trials(), before + 1);
	}
	one_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_anew),
	};
	struct error err = { 0 };
	int r;

	if (shader_judge_create(&one_judge, &shader_limits_default, &err) < 0) {
		printf("%s\n", err.text);
		return 77;
	}
	gl = one_driver();
	r = gl ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
	shader_judge_destroy(one_judge);
	return r;
}
