/* test_served_wreck.c - commands that a client's budget leaves out while the verifier counts on
 * them: a name of a buffer or a vertex array object that is not given, a list that is not begun.
 * Whatever was bound then is not, and offsets would be addresses, arrays those of an earlier
 * procedure, recorded commands executed ones.  The client's world goes at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/one.h"

#define BUDGET (4u << 20)
#define HEAD \
	"blink 1\nnames context 8\nnames drawable 8\nnames buffer 60\nnames texture 8\n" \
	"names vertexarray 8\npayload many {\nu32 41 42 43 44\n}\npayload one {\nf32 0 0 0 0\n}\n" \
	"payload zero {\nu32 0\n}\n"
#define MAKE \
	"blinkContext 1, 0, 0, 0\nblinkDrawable 1, 64, 64, 1\nblinkMakeCurrent 1, 1, 1\n" \
	"glBindTexture GL_TEXTURE_2D, 1\n" \
	"glTexImage2D GL_TEXTURE_2D, 0, 6408, 16, 16, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n" \
	"glClearColor 1, 0, 0, 1\nglClear GL_COLOR_BUFFER_BIT\n"
#define READ \
	"glTexSubImage2D.buf GL_TEXTURE_2D, 0, 0, 0, 16, 16, GL_RGBA, GL_UNSIGNED_BYTE, 16, 0, 0, 1\n"

static struct sink *gl;

/* Behind all that is left of the budget. */
static const struct { const char *name, *text; } acts[] = {
	{ "an unpack buffer", "glBindBuffer GL_PIXEL_UNPACK_BUFFER, 40\n" READ },
	{ "of many", "glGenBuffers 4, @many\nglBindBuffer GL_PIXEL_UNPACK_BUFFER, 42\n" READ },
	{ "and current again", "glGenBuffers 4, @many\nblinkMakeCurrent 1, 1, 1\n"
		"glBindBuffer GL_PIXEL_UNPACK_BUFFER, 42\n" READ },
	{ "a pack buffer", "glBindBuffer GL_PIXEL_PACK_BUFFER, 40\n"
		"glReadPixels.buf 0, 0, 16, 16, GL_RGBA, GL_UNSIGNED_BYTE, 16, 0, 0, 1\n" },
	{ "vertices", "glBindBuffer GL_ARRAY_BUFFER, 40\nglVertexPointer.buf 3, GL_FLOAT, 0, 16\n"
		"glEnableClientState GL_VERTEX_ARRAY\nglDrawArrays GL_TRIANGLES, 0, 30000\n" },
	{ "indices", "glBindBuffer GL_ELEMENT_ARRAY_BUFFER, 40\n"
		"glDrawElements.buf GL_TRIANGLES, 300, GL_UNSIGNED_INT, 16\n" },
	{ "arrays of object 0", "glVertexPointer 4, GL_FLOAT, 0, @one\n"
		"glEnableClientState GL_VERTEX_ARRAY\nglBindVertexArray 5\n"
		"glDrawArrays GL_TRIANGLES, 0, 30000000\n" },
	{ "a list", "glNewList 1, GL_COMPILE\nglBegin GL_TRIANGLES\n"
		"glBindBuffer GL_PIXEL_UNPACK_BUFFER, 1\nglEnd\nglEndList\n" READ },
};

/* Half of what is left, again and again; each is made empty where it does not fit. */
static size_t used_up(char *to, size_t size)
{
	size_t n = 0;
	unsigned name = 1;

	for (unsigned bytes = BUDGET; bytes >= 64; bytes /= 2)
		n += (size_t)snprintf(to + n, size - n, "glBindBuffer GL_ARRAY_BUFFER, %u\n"
				      "glBufferData GL_ARRAY_BUFFER, %u, null, GL_STATIC_DRAW\n", name++,
				      bytes);
	return n + (size_t)snprintf(to + n, size - n, "glBindBuffer GL_ARRAY_BUFFER, 0\n");
}

static void test_wreck(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		struct server_client_info info = { 0 };
		static char text[16384], all[8192];
		struct one o;

		one_open(&o, gl, 0, 0, BUDGET);
		used_up(all, sizeof(all));
		snprintf(text, sizeof(text), HEAD "sp 0 init {\n" MAKE "end\n}\n"
			 "sp 1 init context 1 drawable 1 {\n%s%send\n}\n", all, acts[i].text);
		one_publish(&o, text);
		one_frame(&o);
		served_info(o.served, &info);
		if (info.inits != 1)
			fail_msg("%s: it ran to its end", acts[i].name);
		assert_int_equal(one_fault(&o, ONE_SPS), VSO_FAULT_OK);
		if (one_fault(&o, ONE_SPS + 1) != VSO_FAULT_GL)
			fail_msg("%s: fault %d", acts[i].name, one_fault(&o, ONE_SPS + 1));
		/* all else is made anew */
		one_frame(&o);
		one_frame(&o);
		served_info(o.served, &info);
		assert_int_equal(info.inits, 2);
		one_close(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wreck),
	};

	gl = one_driver();
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
