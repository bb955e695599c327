/* test_confine_evasion.c - what the driver keeps is paid for, whatever a client does to have
 * its account say less: commands that GL refuses, deletions that do not happen, images that
 * lists make, sizes that drivers round up or guess. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/alone.h"

#define MIB (1u << 20)

static struct sink *gl;

#define TABLES \
	"blink 1\nnames context 8\nnames drawable 8\nnames texture 64\nnames buffer 64\n" \
	"names renderbuffer 64\nnames list 64\nnames program 64\n" \
	"payload two {\nu32 1 2\n}\npayload pixels {\nzero 1048576\n}\n" \
	"sp 0 init {\nblinkContext 1, 0, 0, 0\nblinkDrawable 1, 64, 64, 1\n" \
	"blinkMakeCurrent 1, 1, 1\nend\n}\n"
#define TEXTURES "glGenTextures 2, @two\nglBindTexture GL_TEXTURE_2D, 1\n"
#define IMAGE(w, h, border) \
	"glTexImage2D GL_TEXTURE_2D, 0, 32856, " w ", " h ", " border \
	", GL_RGBA, GL_UNSIGNED_BYTE, null\n"

static const struct { const char *name, *make; uint64_t least; } evasions[] = {
	{ "an image refused for its border", TEXTURES IMAGE("512", "512", "0") IMAGE("1", "1", "7"),
	  MIB },
	{ "an immutable one made twice", TEXTURES
	  "glTexStorage2D GL_TEXTURE_2D, 1, GL_RGBA8, 512, 512\n"
	  "glTexStorage2D GL_TEXTURE_2D, 1, GL_RGBA8, 1, 1\n", MIB },
	{ "a renderbuffer of no format",
	  "glGenRenderbuffers 1, @two\nglBindRenderbuffer GL_RENDERBUFFER, 1\n"
	  "glRenderbufferStorage GL_RENDERBUFFER, GL_RGBA8, 512, 512\n"
	  "glRenderbufferStorage GL_RENDERBUFFER, 4660, 1, 1\n", MIB },
	{ "a buffer of no usage", "glGenBuffers 1, @two\nglBindBuffer GL_ARRAY_BUFFER, 1\n"
	  "glBufferData GL_ARRAY_BUFFER, 1048576, null, GL_STATIC_DRAW\n"
	  "glBufferData GL_ARRAY_BUFFER, 1, null, 4660\n", MIB },
	{ "a deletion between Begin and End", TEXTURES IMAGE("512", "512", "0")
	  "glBegin GL_TRIANGLES\nglDeleteTextures 2, @two\nglEnd\n", MIB },
	{ "an image in a list", TEXTURES
	  "glNewList 1, GL_COMPILE\n" IMAGE("512", "512", "0") "glEndList\n"
	  "glCallList 1\nglBindTexture GL_TEXTURE_2D, 2\nglCallList 1\n", 2 * MIB },
	{ "textures after the list",
	  "glNewList 1, GL_COMPILE\n" IMAGE("512", "512", "0") "glEndList\n" TEXTURES
	  "glCallList 1\nglBindTexture GL_TEXTURE_2D, 2\nglCallList 1\n", 2 * MIB },
	{ "a list while a texture goes", TEXTURES IMAGE("512", "512", "0")
	  "glNewList 1, GL_COMPILE\nglDeleteTextures 2, @two\n"
	  "glDrawPixels 512, 512, GL_RGBA, GL_UNSIGNED_BYTE, @pixels\nglEndList\n", MIB - 4096 },
	{ "an image of one column", TEXTURES
	  "glTexImage2D GL_TEXTURE_2D, 0, 33321, 1, 16384, 0, GL_RED, GL_UNSIGNED_BYTE, null\n", MIB },
	{ "a level without the first", TEXTURES
	  "glTexImage2D GL_TEXTURE_2D, 6, 32856, 8, 8, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n", MIB },
	{ "a smaller image below its mipmaps", TEXTURES IMAGE("1024", "1024", "0")
	  "glGenerateMipmap GL_TEXTURE_2D\n" IMAGE("1", "1", "0") "glGenerateMipmap GL_TEXTURE_2D\n",
	  MIB },
};

static void test_evasions(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(evasions) / sizeof(*evasions); i++) {
		struct alone m;
		char text[4096];
		uint64_t empty;

		snprintf(text, sizeof(text), TABLES "sp 1 update frame 0 {\n%send\n}\n",
			 evasions[i].make);
		alone_open(&m, gl, text, 16 * MIB);
		alone_run(&m, 0, 0, NULL);
		empty = confined_memory(m.k);
		alone_run(&m, 1, 0, NULL);
		if (confined_memory(m.k) < empty + evasions[i].least)
			fail_msg("%s: %llu bytes are paid for", evasions[i].name,
				 (unsigned long long)(confined_memory(m.k) - empty));
		assert_int_equal(confined_fault(m.k), VSO_FAULT_OK);
		alone_close(&m);
	}
}

/* A source that nothing but its shader holds, and a program that holds a deleted one. */
static void test_shaders(void **state)
{
	struct alone m;
	struct buf text;
	uint64_t empty;

	(void)state;
	buf_init(&text);
	buf_printf(&text, "%s", TABLES "payload source {\ntext \"void main() { }//");
	for (unsigned i = 0; i < 100000; i++)
		buf_append(&text, "x", 1);
	buf_printf(&text, "\"\n}\nsp 1 update frame 0 {\nglCreateShader GL_FRAGMENT_SHADER, 1\n"
		   "glShaderSource 1, 100000, @source\nglCreateProgram 2\nglAttachShader 2, 1\n"
		   "glDeleteShader 1\nend\n}\nsp 2 update frame 0 {\nglDeleteProgram 2\nend\n}\n");
	buf_append(&text, "", 1);
	assert_false(buf_failed(&text));
	alone_open(&m, gl, (const char *)text.data, 16 * MIB);
	alone_run(&m, 0, 0, NULL);
	empty = confined_memory(m.k);
	alone_run(&m, 1, 0, NULL);
	assert_in_range(confined_memory(m.k), empty + 100000, empty + MIB);
	alone_run(&m, 2, 0, NULL);
	assert_int_equal(confined_memory(m.k), empty);
	alone_close(&m);
	buf_finish(&text);
}

/* What the driver does not survive: mipmaps of compressed images where larger ones have left some,
 * of a cube on any face. */
static void test_mipmaps_left(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 6; first++) {
		struct alone m;
		struct buf text;

		buf_init(&text);
		buf_printf(&text, "%s", TABLES "sp 1 update frame 0 {\nglGenTextures 2, @two\n"
			   "glBindTexture GL_TEXTURE_CUBE_MAP, 1\n");
		for (unsigned i = 0; i < 5 * 9; i++)
			if (i / 9 >= first)
				buf_printf(&text, "glTexImage2D %u, %u, 34030, %u, %u, 0, GL_RGBA, "
					   "GL_UNSIGNED_BYTE, null\n", 34070 + i / 9, i % 9,
					   256u >> i % 9, 256u >> i % 9);
		for (unsigned face = 0; face < 6; face++)
			buf_printf(&text, "glTexImage2D %u, 0, 34030, 4, 4, 0, GL_RGBA, "
				   "GL_UNSIGNED_BYTE, null\n", 34069 + face);
		for (unsigned i = 0; i < 16; i++)
			buf_printf(&text, "glGenerateMipmap GL_TEXTURE_CUBE_MAP\n");
		buf_printf(&text, "end\n}\n");
		buf_append(&text, "", 1);
		assert_false(buf_failed(&text));
		alone_open(&m, gl, (const char *)text.data, 16 * MIB);
		alone_run(&m, 0, 0, NULL);
		alone_run(&m, 1, 0, NULL);
		assert_int_equal(confined_fault(m.k), VSO_FAULT_OK);
		alone_close(&m);
		buf_finish(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evasions),
		cmocka_unit_test(test_shaders),
		cmocka_unit_test(test_mipmaps_left),
	};
	int failed;

	gl = one_driver();
	if (!gl)
		return 77;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sink_destroy(gl);
	return failed;
}
