/* test_confine_objects.c - objects without contents: what the driver allocates for many of a
 * kind is what the client's account says, about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "blink/server/code_account.h"
#include "blink/server/heap.h"
#include "tests/server/alone.h"

#define MANY 250

static struct sink *gl;

/* How many are made at once, or none, and what is done with each. */
static const struct { const char *gen, *use; } kinds[] = {
	{ "glGenTextures", "glBindTexture GL_TEXTURE_2D, %u\n" },
	{ "glGenBuffers", "glBindBuffer GL_ARRAY_BUFFER, %u\n" },
	{ "glGenVertexArrays", "glBindVertexArray %u\n" },
	{ "glGenFramebuffers", "glBindFramebuffer 0x8D40, %u\n" },
	{ "glGenRenderbuffers", "glBindRenderbuffer 0x8D41, %u\n" },
	{ "glGenQueries", "glBeginQuery 0x8914, %u\nglEndQuery 0x8914\n" },
	{ "glGenSamplers", "glBindSampler 0, %u\n" },
	{ "glGenTransformFeedbacks", "glBindTransformFeedback 0x8E22, %u\n" },
	{ "glGenProgramPipelines", "glBindProgramPipeline %u\n" },
	{ "glGenProgramsARB", "glBindProgramARB 0x8620, %u\n" },
	{ NULL, "glCreateProgram %u\n" },
	{ NULL, "glCreateShader 0x8B31, %u\n" },
	{ NULL, "glFenceSync 0x9117, 0, %u\n" },
	{ NULL, "glNewList %u, 0x1300\nglEndList\n" },
};

/* For each name the same line. */
static void lines(struct buf *b, const char *use)
{
	const char *mark = strstr(use, "%u");

	for (unsigned i = 1; i <= MANY; i++)
		buf_printf(b, "%.*s%u%s", (int)(mark - use), use, i, mark + 2);
}

static void text_make(struct buf *b, const char *gen, const char *use)
{
	buf_init(b);
	buf_printf(b, "blink 1\n");
	for (unsigned s = 1; s < GL_SPACE_COUNT; s++)
		buf_printf(b, "names %s %u\n", gl_spaces[s].name,
			   s == GL_SPACE_CONTEXT || s == GL_SPACE_DRAWABLE ? 8u : 255u);
	buf_printf(b, "payload names {\nu32");
	for (unsigned i = 1; i <= MANY; i++)
		buf_printf(b, " %u", i);
	buf_printf(b, "\n}\n" INIT("") "sp 1 redraw frame 0 context 1 drawable 1 {\n");
	if (gen)
		buf_printf(b, "%s %u, @names\n", gen, MANY);
	lines(b, use);
	buf_printf(b, "end\n}\n");
	buf_append(b, "", 1);
	assert_false(buf_failed(b));
}

static void test_objects(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		uint64_t heap, accounted;
		struct alone m;
		struct buf b;

		text_make(&b, kinds[i].gen, kinds[i].use);
		alone_open(&m, gl, (char *)b.data, 1u << 28);
		alone_run(&m, 0, 0, NULL);
		heap = heap_bytes();
		accounted = confined_memory(m.k);
		alone_run(&m, 1, 0, NULL);
		assert_int_equal(m.status, ENGINE_END);
		heap = heap_bytes() - heap;
		accounted = confined_memory(m.k) - accounted;
		if (heap > accounted + accounted / 4)
			fail_msg("%s: %llu bytes each, accounted %llu", kinds[i].use,
				 (unsigned long long)heap / MANY, (unsigned long long)accounted / MANY);
		alone_close(&m);
		buf_finish(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_objects) };

	if (!CODE_COUNTED)
		printf("a sanitizer's allocator takes more\n");
	gl = CODE_COUNTED ? one_driver() : NULL;
	return gl ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
