/* test_shader.c - shaders: what ordinary ones need passes, what is made to hurt does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blink/base/buf.h"
#include "blink/verify/shader.h"

#define VERTEX 0x8B31
#define FRAGMENT 0x8B30
#define ARB_FRAGMENT 0x8804

static struct shader_judge *judge;
static bool have_driver;

static enum shader_reason check(const char *text)
{
	struct shader_verdict v;

	return shader_check(&shader_limits_default, text, strlen(text), &v);
}

/* ---- ordinary ones ------------------------------------------------------------------ */

static const char plain_vertex[] =
	"#version 120\n"
	"attribute vec3 position; uniform mat4 m; varying vec4 c;\n"
	"/* a comment { that opens nothing */\n"
	"void main() { c = gl_Color; // neither ( does this\n"
	"  gl_Position = m * vec4(position, 1.0); }\n";
static const char plain_fragment[] =
	"#version 120\n#define STEPS 8\n#define SQ(x) ((x) * (x))\n"
	"uniform sampler2D t; uniform float w[STEPS]; varying vec4 c;\n"
	"void main() {\n  vec4 sum = vec4(0.0);\n"
	"  for (int i = 0; i < STEPS; i++)\n    for (int k = 0; k < 3; k++) {\n"
	"      if (w[i] > 0.5) sum += SQ(w[i]) * texture2D(t, c.xy);\n"
	"      else sum -= vec4(float(k));\n    }\n"
	"  gl_FragColor = sum;\n}\n";
static const char plain_arb[] =
	"!!ARBfp1.0\nTEMP a;\nTEX a, fragment.texcoord[0], texture[0], 2D;\n"
	"MUL result.color, a, fragment.color;\nEND\n";

static void test_ordinary(void **state)
{
	static const struct { uint32_t stage; const char *text; } v[] = {
		{ VERTEX, plain_vertex }, { FRAGMENT, plain_fragment }, { ARB_FRAGMENT, plain_arb },
		{ FRAGMENT, "this does not compile, and GL will say so" }, { FRAGMENT, "" },
	};
	struct shader_verdict verdict;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		enum shader_reason r;

		assert_int_equal(check(v[i].text), SHADER_OK);
		r = shader_judge(judge, v[i].stage, v[i].text, strlen(v[i].text), &verdict);
		if (have_driver && r != SHADER_OK)
			fail_msg("shader %zu: %s", i, shader_reason_name(r));
	}
}

/* ---- by the text ---------------------------------------------------------------------- */

static char *repeated(const char *before, const char *piece, unsigned n, const char *after)
{
	struct buf b;

	buf_init(&b);
	buf_append(&b, before, strlen(before));
	for (unsigned i = 0; i < n; i++)
		buf_append(&b, piece, strlen(piece));
	buf_append(&b, after, strlen(after) + 1);
	assert_false(buf_failed(&b));
	return (char *)b.data;
}

static void test_text(void **state)
{
	static const struct { const char *before, *piece; unsigned n; const char *after;
			      enum shader_reason reason; } v[] = {
		{ "", "// x\n", 60000, "", SHADER_TOO_LONG },
		{ "void main() { ", "{", 64, "", SHADER_NESTING },
		{ "float f = ", "(", 65, "", SHADER_NESTING },
		{ "float f = 1.0 ", "+ 1.0 ", 5000, ";", SHADER_EXPRESSION },
		{ "void main() { x = ", "-", 9000, "1; }", SHADER_EXPRESSION },
		{ "void main() { ", "for(;;) ", 9, "; }", SHADER_LOOPS },
		{ "void main() { ", "while(b) {} ", 257, "}", SHADER_LOOPS },
		{ "", "float a[1024];\n", 300, "", SHADER_ARRAYS },
		{ "float a[0xffffffff];", "", 0, "", SHADER_ARRAYS },
		{ "float a[99999999999999999999];", "", 0, "", SHADER_ARRAYS },
		{ "", "#define A 1\n", 3000, "", SHADER_MACROS },
		{ "#include \"x\"\n", "", 0, "", SHADER_INCLUDE },
		{ "# /* */ include <x>\n", "", 0, "", SHADER_INCLUDE },
		{ "#extension GL_ARB_shading_language_include : require\n", "", 0, "",
		  SHADER_INCLUDE },
		{ "void main() { /* ", "", 0, "", SHADER_OPEN },
		{ "void main() {", "", 0, "", SHADER_OPEN },
		{ "}", "", 0, "", SHADER_OPEN },
		{ "void main() \001", "", 0, "", SHADER_BYTES },
		{ "in vec4 c; void main() { gl_FragColor = interpolateAtSample(c, 1); }", "", 0, "",
		  SHADER_INTERPOLATION },
		{ "#define I interpolateAtOffset\nvoid main() { I(c, vec2(1)); }", "", 0, "",
		  SHADER_INTERPOLATION },
		{ "#define I(a, b) a##b\nvoid main() { I(interpolate, AtOffset)(c, o); }", "", 0, "",
		  SHADER_INTERPOLATION },
		{ "void main() { interpolate\\\nAtSample(c, 1); }", "", 0, "", SHADER_INTERPOLATION },
		{ "void main() { interpolate\\\r\nAtSample(c, 1); }", "", 0, "", SHADER_INTERPOLATION },
		{ "#define I(a) a + \\\n a\nvoid main() { interpolation = I(1); }", "", 0, "", SHADER_OK },
		{ "void main() { ", "for(;;) { x; } ", 200, "}", SHADER_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		char *text = repeated(v[i].before, v[i].piece, v[i].n, v[i].after);
		enum shader_reason r = check(text);

		free(text);
		if (r != v[i].reason)
			fail_msg("text %zu: %s, expected %s", i, shader_reason_name(r),
				 shader_reason_name(v[i].reason));
	}
}

/* #define a1 a0 a0, #define a2 a1 a1...: 2^30 tokens of 400 bytes. */
static void test_macro_bomb(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_printf(&b, "#define a0 + 1.0\n");
	for (unsigned i = 1; i <= 30; i++)
		buf_printf(&b, "#define a%u a%u a%u\n", i, i - 1, i - 1);
	buf_printf(&b, "float f = 1.0 a30;\n%c", 0);
	assert_int_equal(check((const char *)b.data), SHADER_MACROS);
	buf_finish(&b);
	/* one that names itself ends nowhere, and is no bomb */
	assert_int_equal(check("#define a a\n#define b c\n#define c b\nfloat f = a + b;"), SHADER_OK);
}

/* Limits of one's own. */
static void test_limits(void **state)
{
	struct shader_limits l = shader_limits_default;
	struct shader_verdict v;

	(void)state;
	l.bytes = 10;
	assert_int_equal(shader_check(&l, plain_vertex, sizeof(plain_vertex), &v), SHADER_TOO_LONG);
	l = shader_limits_default;
	l.nesting = 1;
	assert_int_equal(shader_check(&l, plain_vertex, sizeof(plain_vertex), &v), SHADER_NESTING);
	assert_int_equal(v.line, 5);
	l = shader_limits_default;
	l.loop_nesting = 1;
	assert_int_equal(shader_check(&l, plain_fragment, sizeof(plain_fragment), &v), SHADER_LOOPS);
	assert_int_equal(v.line, 8);
}

/* ---- by trial ---------------------------------------------------------------------------- */

/* Loops that a compiler unrolls, each within the limits of the text. */
static const char unrolled[] =
	"#version 130\nuniform float w; out vec4 c;\nvoid main() {\n  float s = w;\n"
	"  for (int a = 0; a < 31; a++) for (int b = 0; b < 31; b++)\n"
	"  for (int d = 0; d < 31; d++) for (int e = 0; e < 31; e++)\n"
	"  for (int f = 0; f < 31; f++) for (int g = 0; g < 31; g++)\n"
	"    s = sin(s * float(a + b * d) + float(e * f - g));\n"
	"  c = vec4(s);\n}\n";

static void test_trial(void **state)
{
	struct shader_limits small = shader_limits_default;
	struct shader_judge *j;
	struct shader_verdict v;
	struct error err;
	enum shader_reason r;

	(void)state;
	if (!have_driver)
		skip();
	/* with next to no memory the compiler cannot work: it crashes or hangs, and we live */
	small.memory = 1 << 20;
	assert_int_equal(shader_judge_create(&j, &small, &err), 0);
	r = shader_judge(j, FRAGMENT, plain_fragment, strlen(plain_fragment), &v);
	print_message("with 1 MiB: %s\n", shader_reason_name(r));
	shader_judge_destroy(j);
	assert_true(r != SHADER_OK && r != SHADER_UNTRIED);
	/* with next to no time it is refused for that, whatever it would have come to */
	small = shader_limits_default;
	small.wall_ms = 1;
	assert_int_equal(shader_judge_create(&j, &small, &err), 0);
	assert_int_equal(shader_judge(j, FRAGMENT, unrolled, strlen(unrolled), &v), SHADER_TIME);
	shader_judge_destroy(j);
}

/* Whatever comes of it, it comes back in time, and the next one is judged as ever. */
static void test_hostile(void **state)
{
	char *many = repeated("#version 130\nuniform float w; out vec4 c;\nvoid main() {\nfloat s = w;\n",
			      "s = s * s + sin(s);\n", 9000, "c = vec4(s);\n}\n");
	struct shader_verdict v;
	enum shader_reason r;

	(void)state;
	if (!have_driver)
		skip();
	r = shader_judge(judge, FRAGMENT, unrolled, strlen(unrolled), &v);
	print_message("31^6 rounds of loops: %s\n", shader_reason_name(r));
	r = shader_judge(judge, FRAGMENT, many, strlen(many), &v);
	print_message("9,000 statements: %s\n", shader_reason_name(r));
	r = shader_judge(judge, VERTEX, "void main() { while (true); gl_Position = vec4(1.0); }", 54, &v);
	print_message("a loop without end, in vertices: %s\n", shader_reason_name(r));
	free(many);
	assert_int_equal(shader_judge(judge, VERTEX, plain_vertex, strlen(plain_vertex), &v),
			 SHADER_OK);
}

static void test_known(void **state)
{
	struct shader_judge_stats before, after;
	struct shader_verdict v;

	(void)state;
	if (!have_driver)
		skip();
	shader_judge(judge, VERTEX, plain_vertex, strlen(plain_vertex), &v);
	shader_judge_stats(judge, &before);
	assert_int_equal(shader_judge(judge, VERTEX, plain_vertex, strlen(plain_vertex), &v),
			 SHADER_OK);
	shader_judge_stats(judge, &after);
	assert_int_equal(after.trials, before.trials);
	assert_int_equal(after.known, before.known + 1);
	/* another stage, or another byte, is another shader */
	shader_judge(judge, FRAGMENT, plain_vertex, strlen(plain_vertex), &v);
	shader_judge(judge, VERTEX, plain_vertex, strlen(plain_vertex) - 1, &v);
	shader_judge_stats(judge, &after);
	assert_int_equal(after.trials, before.trials + 2);
}

static uint64_t trials(void)
{
	struct shader_judge_stats s;

	shader_judge_stats(judge, &s);
	return s.trials;
}

static bool ahead(const int *who, const char *source)
{
	return shader_judge_ahead(judge, who, FRAGMENT, source, strlen(source));
}

/* Who asks and asks has one trial, then whoever else asks has one; and what is known nobody
 * waits for. */
static void test_turns(void **state)
{
	static const char *const text[] = {
		"void main() { gl_FragColor = vec4(0.125); }",
		"void main() { gl_FragColor = vec4(0.25); }",
		"void main() { gl_FragColor = vec4(0.375); }",
	};
	static const int one, other, gone;
	uint64_t before = trials();
	struct shader_verdict v;

	(void)state;
	if (!have_driver)
		skip();
	assert_false(ahead(&one, text[0]));
	assert_int_equal(trials(), before + 1);
	do {
		assert_false(ahead(&gone, text[2]));
		shader_judge_forget(judge, &gone);
		assert_false(ahead(&other, text[1]));
		usleep(1000);
	} while (!ahead(&one, text[0]));
	assert_int_equal(trials(), before + 1);
	assert_false(ahead(&one, text[2]));
	assert_int_equal(trials(), before + 1);
	assert_false(ahead(&other, text[1]));
	assert_int_equal(trials(), before + 2);
	assert_int_equal(shader_judge_known(judge, FRAGMENT, text[2], strlen(text[2]), &v),
			 SHADER_UNTRIED);
	assert_int_equal(shader_judge_known(judge, FRAGMENT, text[0], strlen(text[0]), &v),
			 SHADER_OK);
	assert_true(ahead(&one, text[0]));
	while (!ahead(&one, text[2]))
		usleep(1000);
	assert_true(ahead(&other, text[1]));
	assert_int_equal(trials(), before + 3);
	shader_judge_forget(judge, &one);
	shader_judge_forget(judge, &other);
}

static int make(void **state)
{
	struct shader_limits l = shader_limits_default;
	struct shader_verdict v;
	struct error err;

	(void)state;
	l.cpu_seconds = 2;
	l.wall_ms = 8000;
	if (shader_judge_create(&judge, &l, &err) < 0)
		return -1;
	have_driver = shader_judge(judge, VERTEX, "void main() {}", 14, &v) != SHADER_UNTRIED;
	if (!have_driver)
		print_message("no driver to try shaders on: their text alone is tested\n");
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	shader_judge_destroy(judge);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ordinary), cmocka_unit_test(test_text),
		cmocka_unit_test(test_macro_bomb), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_trial), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_known), cmocka_unit_test(test_turns),
	};

	return cmocka_run_group_tests_name("shaders", tests, make, unmake);
}
