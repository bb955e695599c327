/* test_confine_account.c - what a client's sink makes is counted, paid for as long as anything
 * holds it, and black where it was given no contents. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/alone.h"

static struct sink *gl;

#define MIB (1u << 20)
#define OBJECT 4096u                   /* at most, beside what it holds */

struct account_case { const char *name, *make, *drop; uint64_t least, most; };

static const struct account_case accounts[] = {
	{ "texture", "glGenTextures 1, @two\nglBindTexture GL_TEXTURE_2D, 1\n"
	  "glTexImage2D GL_TEXTURE_2D, 0, 32856, 512, 512, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n",
	  "glDeleteTextures 1, @two\n", MIB, MIB + OBJECT },
	{ "texture again", "glGenTextures 1, @two\nglBindTexture GL_TEXTURE_2D, 1\n"
	  "glTexImage2D GL_TEXTURE_2D, 0, 32856, 1024, 512, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n"
	  "glTexImage2D GL_TEXTURE_2D, 0, 32856, 512, 512, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n",
	  "glDeleteTextures 1, @two\n", MIB, MIB + OBJECT },
	{ "mipmaps", "glGenTextures 1, @two\nglBindTexture GL_TEXTURE_2D, 1\n"
	  "glTexImage2D GL_TEXTURE_2D, 0, 32856, 512, 512, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n"
	  "glGenerateMipmap GL_TEXTURE_2D\n",
	  "glDeleteTextures 1, @two\n", MIB + MIB / 3, MIB + MIB / 3 + OBJECT },
	{ "buffer", "glGenBuffers 1, @two\nglBindBuffer GL_ARRAY_BUFFER, 1\n"
	  "glBufferData GL_ARRAY_BUFFER, 1048576, null, GL_STATIC_DRAW\n",
	  "glDeleteBuffers 1, @two\n", MIB, MIB + OBJECT },
	{ "renderbuffer", "glGenRenderbuffers 1, @two\nglBindRenderbuffer GL_RENDERBUFFER, 1\n"
	  "glRenderbufferStorage GL_RENDERBUFFER, GL_RGBA8, 512, 512\n",
	  "glDeleteRenderbuffers 1, @two\n", MIB, MIB + OBJECT },
	{ "immutable texture", "glGenTextures 1, @two\nglBindTexture GL_TEXTURE_2D, 1\n"
	  "glTexStorage2D GL_TEXTURE_2D, 10, GL_RGBA8, 512, 512\n",
	  "glDeleteTextures 1, @two\n", MIB, MIB + MIB / 3 + OBJECT },
	{ "drawable", "blinkDrawable 2, 256, 256, 1\n", "blinkDrawableDestroy 2\n", MIB / 2, MIB / 2 },
};

static void account_text(char *to, size_t n, const struct account_case *c)
{
	snprintf(to, n, HEAD PAYLOADS INIT("") "sp 1 update frame 0 {\n%send\n}\n"
		 "sp 2 update frame 0 {\n%send\n}\n", c->make, c->drop);
}

static void test_accounts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(accounts) / sizeof(*accounts); i++) {
		char text[4096];
		struct alone m;
		uint64_t empty, full;

		account_text(text, sizeof(text), &accounts[i]);
		alone_open(&m, gl, text, 1u << 24);
		alone_run(&m, 0, 0, NULL);
		empty = confined_memory(m.k);
		for (unsigned round = 0; round < 3; round++) {
			alone_run(&m, 1, 0, NULL);
			full = confined_memory(m.k) - empty;
			if (full < accounts[i].least || full > accounts[i].most)
				fail_msg("%s: %llu bytes", accounts[i].name,
					 (unsigned long long)full);
			alone_run(&m, 2, 0, NULL);
			if (confined_memory(m.k) != empty)
				fail_msg("%s: %lld bytes are left", accounts[i].name,
					 (long long)(confined_memory(m.k) - empty));
		}
		assert_int_equal(confined_fault(m.k), VSO_FAULT_OK);
		alone_close(&m);
		/* there is no room for it: nothing is made, and that is told */
		alone_open(&m, gl, text, empty + 2048);
		alone_run(&m, 0, 0, NULL);
		if (strncmp(accounts[i].make, "blink", 5) != 0) {
			alone_run(&m, 1, 0, NULL);
			assert_int_equal(confined_fault(m.k), VSO_FAULT_MEMORY);
			assert_in_range(confined_memory(m.k), empty, empty + 2048);
		}
		alone_close(&m);
	}
}

/* What other objects hold is paid for until they let go of it. */
static void test_held(void **state)
{
	static const struct { const char *name, *make, *hide, *drop; } cases[] = {
		{ "attached", "glGenFramebuffers 1, @two\nglBindFramebuffer GL_FRAMEBUFFER, 1\n"
		  "glGenTextures 1, @two\nglBindTexture GL_TEXTURE_2D, 1\n"
		  "glTexImage2D GL_TEXTURE_2D, 0, 32856, 512, 512, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n"
		  "glFramebufferTexture2D GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, 1, 0\n",
		  "glBindFramebuffer GL_FRAMEBUFFER, 0\nglDeleteTextures 1, @two\n",
		  "glDeleteFramebuffers 1, @two\n" },
		{ "renderbuffer", "glGenFramebuffers 1, @two\nglBindFramebuffer GL_FRAMEBUFFER, 1\n"
		  "glGenRenderbuffers 1, @two\nglBindRenderbuffer GL_RENDERBUFFER, 1\n"
		  "glRenderbufferStorage GL_RENDERBUFFER, GL_RGBA8, 512, 512\n"
		  "glFramebufferRenderbuffer GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, 1\n",
		  "glBindFramebuffer GL_FRAMEBUFFER, 0\nglDeleteRenderbuffers 1, @two\n",
		  "glDeleteFramebuffers 1, @two\n" },
		{ "array", "glGenVertexArrays 1, @two\nglBindVertexArray 1\n"
		  "glGenBuffers 1, @two\nglBindBuffer GL_ARRAY_BUFFER, 1\n"
		  "glBufferData GL_ARRAY_BUFFER, 1048576, null, GL_STATIC_DRAW\n"
		  "glVertexAttribPointer.buf 0, 4, GL_FLOAT, false, 0, 0\n",
		  "glBindVertexArray 0\nglBindBuffer GL_ARRAY_BUFFER, 0\nglDeleteBuffers 1, @two\n",
		  "glDeleteVertexArrays 1, @two\n" },
		{ "indices", "glGenVertexArrays 1, @two\nglBindVertexArray 1\n"
		  "glGenBuffers 1, @two\nglBindBuffer GL_ELEMENT_ARRAY_BUFFER, 1\n"
		  "glBufferData GL_ELEMENT_ARRAY_BUFFER, 1048576, null, GL_STATIC_DRAW\n",
		  "glBindVertexArray 0\nglDeleteBuffers 1, @two\n",
		  "glDeleteVertexArrays 1, @two\n" },
		{ "bound", "glGenFramebuffers 1, @two\nglBindFramebuffer GL_FRAMEBUFFER, 1\n"
		  "glGenTextures 1, @two\nglBindTexture GL_TEXTURE_2D, 1\n"
		  "glTexImage2D GL_TEXTURE_2D, 0, 32856, 512, 512, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n"
		  "glFramebufferTexture2D GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, 1, 0\n",
		  "", "glDeleteTextures 1, @two\nglDeleteFramebuffers 1, @two\n" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[4096];
		struct alone m;
		uint64_t empty;

		snprintf(text, sizeof(text), HEAD "names vertexarray 64\n" PAYLOADS INIT("")
			 "sp 1 update frame 0 {\n%send\n}\nsp 2 update frame 0 {\n%send\n}\n"
			 "sp 3 update frame 0 {\n%send\n}\n", cases[i].make, cases[i].hide,
			 cases[i].drop);
		alone_open(&m, gl, text, 1u << 24);
		alone_run(&m, 0, 0, NULL);
		empty = confined_memory(m.k);
		for (unsigned round = 0; round < 2; round++) {
			alone_run(&m, 1, 0, NULL);
			alone_run(&m, 2, 0, NULL);
			if (confined_memory(m.k) < empty + MIB)
				fail_msg("%s: it is held, and not paid for", cases[i].name);
			alone_run(&m, 3, 0, NULL);
			if (confined_memory(m.k) != empty)
				fail_msg("%s: %lld bytes are left", cases[i].name,
					 (long long)(confined_memory(m.k) - empty));
		}
		/* and so goes what is held when the client does */
		alone_run(&m, 1, 0, NULL);
		alone_run(&m, 2, 0, NULL);
		alone_close(&m);
	}
}

/* What the program of a text shows is black all over. */
static void black(const char *text)
{
	struct alone m;
	uint32_t w, h;
	uint8_t *rgb;

	alone_open(&m, gl, text, 1u << 24);
	alone_run(&m, 0, 0, NULL);
	alone_run(&m, 1, 0, NULL);
	rgb = one_read(gl, confined_window(m.k, &w, &h), &w, &h);
	for (uint32_t p = 0; p < w * h * 3; p++)
		if (rgb[p])
			fail_msg("not zero at %u:\n%s", p, text);
	free(rgb);
	alone_close(&m);
}

/* Storage that is given no contents is black, whatever memory held before. */
static void test_zeros(void **state)
{
	static const char *const texts[] = {
		"glTexImage2D GL_TEXTURE_2D, 0, 32856, 64, 64, 0, GL_RGBA, GL_UNSIGNED_BYTE, null\n",
		"glTexStorage2D GL_TEXTURE_2D, 1, GL_RGBA8, 64, 64\n",
		"glCopyTexImage2D GL_TEXTURE_2D, 0, GL_RGBA, 1000, 1000, 64, 64, 0\n",
	};

	(void)state;
	/* what the allocator hands out is no zeros */
	mallopt(M_PERTURB, 0xaa);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char text[4096];

		snprintf(text, sizeof(text), HEAD PAYLOADS INIT("") REDRAW(CLEAR
			 "glGenTextures 1, @two\nglBindTexture GL_TEXTURE_2D, 1\n"
			 "glTexParameteri GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, 9728\n%s"
			 "glTexEnvi GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, 7681\n"
			 "glEnable GL_TEXTURE_2D\nglBegin GL_QUADS\nglTexCoord2f 0, 0\n"
			 "glVertex2f -1, -1\nglTexCoord2f 1, 0\nglVertex2f 1, -1\nglTexCoord2f 1, 1\n"
			 "glVertex2f 1, 1\nglTexCoord2f 0, 1\nglVertex2f -1, 1\nglEnd\n"), texts[i]);
		black(text);
	}
	mallopt(M_PERTURB, 0);
}

/* Of what can only be shown through a framebuffer object, and a drawable's depth. */
static void test_zeros_attached(void **state)
{
	static const char *const texts[] = {
		"glGenRenderbuffers 1, @two\nglBindRenderbuffer GL_RENDERBUFFER, 1\n"
		"glRenderbufferStorage GL_RENDERBUFFER, GL_RGBA8, 64, 64\n"
		"glGenFramebuffers 1, @two\nglBindFramebuffer GL_READ_FRAMEBUFFER, 1\n"
		"glFramebufferRenderbuffer GL_READ_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, 1\n"
		"glBlitFramebuffer 0, 0, 64, 64, 0, 0, 64, 64, GL_COLOR_BUFFER_BIT, GL_NEAREST\n",
		"glGenTextures 1, @two\nglBindTexture GL_TEXTURE_2D_MULTISAMPLE, 1\n"
		"glTexImage2DMultisample GL_TEXTURE_2D_MULTISAMPLE, 4, GL_RGBA8, 64, 64, true\n"
		"glGenFramebuffers 1, @two\nglBindFramebuffer GL_READ_FRAMEBUFFER, 1\n"
		"glFramebufferTexture2D GL_READ_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, "
		"GL_TEXTURE_2D_MULTISAMPLE, 1, 0\n"
		"glBlitFramebuffer 0, 0, 64, 64, 0, 0, 64, 64, GL_COLOR_BUFFER_BIT, GL_NEAREST\n",
		/* depth is 0 everywhere: nothing passes LESS, all that is shown is the clear */
		"glClearColor 0, 0, 0, 0\nglClear GL_COLOR_BUFFER_BIT\nglEnable GL_DEPTH_TEST\n" FLOOD,
	};

	(void)state;
	mallopt(M_PERTURB, 0xaa);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char text[4096];

		snprintf(text, sizeof(text), HEAD PAYLOADS INIT("") REDRAW("%s%s"), i < 2 ? CLEAR : "",
			 texts[i]);
		black(text);
	}
	mallopt(M_PERTURB, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_zeros_attached),
	};

	gl = one_driver();
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
