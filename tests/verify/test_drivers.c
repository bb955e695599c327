/* test_drivers.c - what GL refuses, or allows, and drivers do not survive: a case by name
 * for each kind that running accepted programs on a driver has found (the programs
 * themselves are in tests/soundness/corpus/driver), and beside them what must pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <GL/gl.h>
#include <GL/glext.h>

#include "tests/verify/cases.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define DRAWN { "glBegin", { GL_QUADS } }, { "glVertex3f", { 0 } }, { "glColor4f", { 0 } }, \
	      { "glEnd", { 0 } }
#define LIST(n, ...) { "glNewList", { n, GL_COMPILE } }, __VA_ARGS__, { "glEndList", { 0 } }
#define CALL(n) { "glCallList", { n } }
#define HIGH 0x7fffffff

/* Strangers' files, else one's own. */
static struct verify_env env_of(bool stranger)
{
	struct verify_env env;

	case_env(&env);
	env.limits.allow_opaque = !stranger;
	return env;
}

static void look(const struct verify_case *c, size_t n, bool stranger)
{
	struct verify_env env = env_of(stranger);

	assert_int_equal(cases_look(c, n, &env), 0);
}
#define LOOK(c) look(c, sizeof(c) / sizeof(*(c)), false)
#define LOOK_STRANGER(c) look(c, sizeof(c) / sizeof(*(c)), true)

/* One after the other, for one client. */
static enum verify_reason verdict(struct verify_state *s, const struct record *r,
				  struct verify_facts *facts)
{
	struct verify_env env = env_of(false);

	return case_verdict(s, &env, r, SP_INIT, facts);
}

/* ---- sums that wrap ---------------------------------------------------------------- */

#define BUFFER { "glBindBuffer", { GL_ARRAY_BUFFER, 1 } }, \
	       { "glBufferData", { GL_ARRAY_BUFFER, 48, 0, PAY_VERTICES, 0, GL_STATIC_DRAW } }
#define TEXTURE { "glBindTexture", { GL_TEXTURE_2D, 1 } }, \
	{ "glTexImage2D", { GL_TEXTURE_2D, 0, GL_RGBA8, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, \
			    PAY_VERTICES, 0 } }

static void range_wraps(void **state)
{
	static const struct verify_case holes[] = {
		{ "buffer: an upload behind all memory", VERIFY_RANGE_WRAPS,
		  { MAKE, BUFFER, { "glBufferSubData", { GL_ARRAY_BUFFER, 0xfffffffc, HIGH, 8, 0,
							  PAY_VERTICES, 0 } } } },
		{ "buffer: a copy from behind", VERIFY_RANGE_WRAPS,
		  { MAKE, BUFFER, { "glCopyBufferSubData", { GL_ARRAY_BUFFER, GL_ARRAY_BUFFER,
			0xfffffffc, HIGH, 0, 0, 8, 0 } } } },
		{ "buffer: a copy to behind", VERIFY_RANGE_WRAPS,
		  { MAKE, BUFFER, { "glCopyBufferSubData", { GL_ARRAY_BUFFER, GL_ARRAY_BUFFER,
			0, 0, 0xfffffffc, HIGH, 8, 0 } } } },
		{ "buffer: a clear behind", VERIFY_RANGE_WRAPS,
		  { MAKE, BUFFER, { "glClearBufferSubData", { GL_ARRAY_BUFFER, GL_R8,
			0xfffffffc, HIGH, 8, 0, GL_RED, GL_UNSIGNED_BYTE, PAY_VERTICES, 0 } } } },
		{ "texture: columns behind the last", VERIFY_RANGE_WRAPS,
		  { MAKE, TEXTURE, { "glTexSubImage2D", { GL_TEXTURE_2D, 0, HIGH - 1, 0, 2, 2,
			GL_RGBA, GL_UNSIGNED_BYTE, PAY_VERTICES, 0 } } } },
		{ "texture: rows behind the last", VERIFY_RANGE_WRAPS,
		  { MAKE, TEXTURE, { "glTexSubImage2D", { GL_TEXTURE_2D, 0, 0, HIGH - 1, 2, 2,
			GL_RGBA, GL_UNSIGNED_BYTE, PAY_VERTICES, 0 } } } },
		{ "compressed texture: columns behind the last", VERIFY_RANGE_WRAPS,
		  { MAKE, { "glCompressedTexSubImage2D", { GL_TEXTURE_2D, 0, 0x7ffffffc, 0, 4, 4,
			GL_COMPRESSED_RGB_S3TC_DXT1_EXT, 8, PAY_VERTICES, 0 } } } },
		{ "texture: where it was is no register's affair", VERIFY_REGISTER_NOT_ALLOWED,
		  { MAKE, TEXTURE, { "glTexSubImage2D", { GL_TEXTURE_2D, 0, 1, 0, 2, 2,
			GL_RGBA, GL_UNSIGNED_BYTE, PAY_VERTICES, 0 }, 4 } } },
		{ "a negative start GL refuses by itself", VERIFY_OK,
		  { MAKE, TEXTURE, { "glTexSubImage2D", { GL_TEXTURE_2D, 0, 0xffffffff, 0, 2, 2,
			GL_RGBA, GL_UNSIGNED_BYTE, PAY_VERTICES, 0 } } } },
		{ "buffer: the last bytes that there could be", VERIFY_OK,
		  { MAKE, BUFFER, { "glBufferSubData", { GL_ARRAY_BUFFER, 40, 0, 8, 0,
							  PAY_VERTICES, 0 } } } },
	};

	(void)state;
	LOOK(holes);
}

/* ---- indices and levels -------------------------------------------------------------- */

static void indices_and_levels(void **state)
{
	static const struct verify_case holes[] = {
		{ "local parameter: the index that wraps with its number", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glProgramLocalParameter4fvARB", { GL_VERTEX_PROGRAM_ARB, 0xffffffff,
							       PAY_VERTICES, 0 } } } },
		{ "depth ranges: of viewports before the first", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glDepthRangeArrayv", { 0xffffffff, 2, PAY_VERTICES, 0 } } } },
		{ "depth ranges: of the first two", VERIFY_OK,
		  { MAKE, { "glDepthRangeArrayv", { 0, 2, PAY_VERTICES, 0 } } } },
		{ "textures: of units before the first", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glBindTextures", { 0xffffffff, 1, PAY_NAMES, 0 } } } },
		{ "environment parameter: likewise", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glProgramEnvParameter4fARB", { GL_VERTEX_PROGRAM_ARB, 0xffffffff } } } },
		{ "environment parameter: an index in a register", VERIFY_REGISTER_NOT_ALLOWED,
		  { MAKE, { "glProgramEnvParameter4fARB", { GL_VERTEX_PROGRAM_ARB, 1 }, 2 } } },
		{ "parameters as programs use them", VERIFY_OK,
		  { MAKE, { "glProgramEnvParameter4fARB", { GL_VERTEX_PROGRAM_ARB, 95 } } } },
		{ "texture: a base level that no texture has", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glTexParameteri", { GL_TEXTURE_2D, GL_TEXTURE_BASE_LEVEL, HIGH } } } },
		{ "texture: the same as a float", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glTexParameterf", { GL_TEXTURE_2D, GL_TEXTURE_BASE_LEVEL,
						 0x4f000000 } } } },
		{ "texture: a level that is no number", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glTexParameterf", { GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL,
						 0x7fc00000 } } } },
		{ "texture: a level in a register", VERIFY_REGISTER_NOT_ALLOWED,
		  { MAKE, { "glTexParameteri", { GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 1 }, 4 } } },
		{ "texture: the greatest level of a new one", VERIFY_OK,
		  { MAKE, { "glTexParameteri", { GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 1000 } } } },
		{ "texture: other parameters may be anything", VERIFY_OK,
		  { MAKE, { "glTexParameteri", { GL_TEXTURE_2D, GL_TEXTURE_PRIORITY, HIGH } } } },
		{ "a copy of more pixels than there are numbers", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glCopyPixels", { 0, 0, 0x7ffffffc, 4, GL_COLOR } } } },
		{ "a bitmap of more rows than 16 bits count", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glBitmap", { 0, 0x10008, 0, 0, 0, 0, PAY_VERTICES, 0 } } } },
		{ "out of a buffer", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glBindBuffer", { 0x88EC, 1 } },
		    { "glDrawPixels.buf", { 1, 0x10008, GL_RGBA, GL_UNSIGNED_BYTE, 0, 0, 0, 0, 1 } } } },
		{ "a pixel map of more than there is room for", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glPixelMapusv", { GL_PIXEL_MAP_I_TO_B, 257, PAY_LARGE, 0 } } } },
		{ "a pixel map", VERIFY_OK,
		  { MAKE, { "glPixelMapusv", { GL_PIXEL_MAP_I_TO_B, 256, PAY_LARGE, 0 } } } },
		{ "a copy of a window", VERIFY_OK,
		  { MAKE, { "glCopyPixels", { 0, 0, 1280, 1024, GL_COLOR } } } },
		{ "program text: its end is looked for behind it", VERIFY_STRING_UNTERMINATED,
		  { MAKE, { "glProgramStringARB", { GL_VERTEX_PROGRAM_ARB,
			GL_PROGRAM_FORMAT_ASCII_ARB, 2, PAY_OPEN, 0 } } } },
		{ "program text with its end", VERIFY_OK,
		  { MAKE, { "glProgramStringARB", { GL_VERTEX_PROGRAM_ARB,
			GL_PROGRAM_FORMAT_ASCII_ARB, 4, PAY_STRING, 0 } } } },
	};

	(void)state;
	LOOK(holes);
}

/* ---- pixels, shaders, raster positions ------------------------------------------------- */

#define PACKED { "glBindBuffer", { GL_PIXEL_PACK_BUFFER, 1 } }, \
	       { "glBufferData", { GL_PIXEL_PACK_BUFFER, 4096, 0, 0, 0, GL_STREAM_READ } }
#define READ(x, y, w, h) { "glReadPixels.buf", { x, y, w, h, GL_RGBA, GL_UNSIGNED_BYTE, 0, 0, \
						 0, 0 } }

static void pixels(void **state)
{
	static const struct verify_case cases[] = {
		{ "pixels read from before the first column", VERIFY_PARAMETER_RANGE,
		  { MAKE, PACKED, READ(0xffffffff, 0, 4, 4) } },
		{ "pixels read from below the first row", VERIFY_PARAMETER_RANGE,
		  { MAKE, PACKED, READ(0, 0xfff00000, 4, 0x100004) } },
		{ "pixels read from where there are some", VERIFY_OK,
		  { MAKE, PACKED, READ(60, 60, 4, 4) } },
		{ "bits of stencils: drawn", VERIFY_PIXEL_TYPE,
		  { MAKE, { "glDrawPixels", { 8, 4, GL_STENCIL_INDEX, GL_BITMAP, PAY_VERTICES, 0 } } } },
		{ "bits of stencils: read", VERIFY_PIXEL_TYPE,
		  { MAKE, PACKED, { "glReadPixels.buf", { 0, 0, 8, 4, GL_STENCIL_INDEX, GL_BITMAP } } } },
		{ "bits of stencils: a texture", VERIFY_PIXEL_TYPE,
		  { MAKE, { "glTexImage2D", { GL_TEXTURE_2D, 0, GL_STENCIL_INDEX8, 8, 4, 0,
					      GL_STENCIL_INDEX, GL_BITMAP, PAY_VERTICES, 0 } } } },
		{ "bits of colour indices", VERIFY_OK,
		  { MAKE, { "glDrawPixels", { 8, 4, GL_COLOR_INDEX, GL_BITMAP, PAY_VERTICES, 0 } } } },
		{ "a format in a register, of which bits may be", VERIFY_REGISTER_NOT_ALLOWED,
		  { MAKE, { "glDrawPixels", { 8, 4, 1, GL_BITMAP, PAY_VERTICES, 0 }, 4 } } },
	};

	(void)state;
	LOOK(cases);
}

/* What one command may have a driver do, whatever it says. */
static void counted(void **state)
{
	static const struct verify_case cases[] = {
		{ "a map of more points than there are, all of them the same", VERIFY_PARAMETER_RANGE,
		  { MAKE, LIST(1, { "glMap1f", { GL_MAP1_INDEX, 0, 0x3f800000, 0, HIGH, PAY_VERTICES, 0 } }) } },
		{ "a map of negative orders", VERIFY_PAYLOAD_SIZE_UNKNOWN,
		  { MAKE, { "glMap2f", { GL_MAP2_INDEX, 0, 0x3f800000, 0, 0xffffffff, 0, 0x3f800000, 0, 1,
					 PAY_VERTICES, 0 } } } },
		{ "a map of four points", VERIFY_OK,
		  { MAKE, { "glMap1f", { GL_MAP1_VERTEX_3, 0, 0x3f800000, 3, 4, PAY_VERTICES, 0 } } } },
		{ "a grid that ends nowhere", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glEvalMesh1", { GL_LINE, 0, HIGH } } } },
		{ "a grid of many rows of many", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glEvalMesh2", { GL_FILL, 0, 1000, 0xfffffff0, 1000 } } } },
		{ "a grid of many rows of nothing", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glEvalMesh2", { GL_FILL, 5, 1, 0, HIGH } } } },
		{ "a grid the other way round", VERIFY_OK,
		  { MAKE, { "glEvalMesh2", { GL_FILL, 5, 1, HIGH, 0 } } } },
		{ "a grid as programs draw them", VERIFY_OK,
		  { MAKE, { "glEvalMesh2", { GL_FILL, 0, 20, 0, 20 } } } },
	};
	struct verify_env env = env_of(false);

	(void)state;
	LOOK(cases);
	env.limits.work = 1u << 20;
	for (unsigned i = 0; i < 3; i++) {
		static const struct { const char *op; uint32_t word[2]; } all[] = {
			{ "glDeleteLists", { 1, HIGH } }, { "glGenLists", { HIGH, 1 } },
			{ "glDeleteLists", { 1, 1000 } },
		};
		struct verify_state *s = verify_state_create();
		const struct record r[] = { MAKE, { all[i].op, { all[i].word[0], all[i].word[1] } },
					    { "glFlush" }, { 0 } };

		assert_int_equal(case_verdict(s, &env, r, SP_INIT, NULL),
				 i < 2 ? VERIFY_WORK : VERIFY_OK);
		verify_state_destroy(s);
	}
}

/* Conditional rendering goes on with a query that is gone. */
static void queries(void **state)
{
#define CONDITIONAL { "glBeginConditionalRender", { 1, GL_QUERY_WAIT } }
#define DELETE_QUERY { "glDeleteQueries", { 1, PAY_NAMES, 0 } }
	static const struct verify_case strangers[] = {
		{ "a query that draws hang on", VERIFY_QUERY_USED, { MAKE, CONDITIONAL, DELETE_QUERY } },
		{ "one that a list may have made them hang on", VERIFY_QUERY_USED,
		  { MAKE, LIST(1, CONDITIONAL), CALL(1), DELETE_QUERY } },
		{ "one that they hung on", VERIFY_OK,
		  { MAKE, CONDITIONAL, { "glEndConditionalRender", { 0 } }, DELETE_QUERY } },
		{ "one beside lists that nobody knows, where nothing was ever conditional", VERIFY_OK,
		  { MAKE, { "glCallLists", { 1, GL_UNSIGNED_BYTE, PAY_INDICES, 0 } }, CALL(5), DELETE_QUERY } },
		{ "one beside them, where something was", VERIFY_QUERY_USED,
		  { MAKE, CONDITIONAL, { "glEndConditionalRender", { 0 } }, CALL(5), DELETE_QUERY } },
		{ "one that lists have nothing to do with", VERIFY_OK,
		  { MAKE, LIST(1, DRAWN), CALL(1), DELETE_QUERY } },
	};
	static const struct verify_case own[] = {
		{ "one's own", VERIFY_OK, { MAKE, CONDITIONAL, DELETE_QUERY } },
	};

	(void)state;
	LOOK_STRANGER(strangers);
	LOOK(own);
}

/* A matrix of a unit that has none. */
static void units(void **state)
{
	static const struct verify_case strangers[] = {
		{ "a unit that only shaders have", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glMatrixMode", { GL_TEXTURE } }, { "glActiveTexture", { GL_TEXTURE0 + 32 } } } },
		{ "a unit in a register", VERIFY_REGISTER_NOT_ALLOWED,
		  { MAKE, { "glActiveTexture", { 1 }, 1 } } },
		{ "the last unit", VERIFY_OK,
		  { MAKE, { "glMatrixMode", { GL_TEXTURE } }, { "glActiveTexture", { GL_TEXTURE0 + 31 } },
		    { "glLoadIdentity", { 0 } } } },
	};
	static const struct verify_case own[] = {
		{ "one's own", VERIFY_OK, { MAKE, { "glActiveTexture", { GL_TEXTURE0 + 40 } } } },
	};

	(void)state;
	LOOK_STRANGER(strangers);
	LOOK(own);
}

static void mipmaps(void **state)
{
#define AUTO(target) { "glTexParameteri", { target, GL_GENERATE_MIPMAP, 1 } }
#define COMPRESSED { "glTexImage2D", { GL_TEXTURE_2D, 0, GL_COMPRESSED_RGBA, 1, 1, 0, GL_RGBA, \
				       GL_UNSIGNED_BYTE, PAY_VERTICES, 0 } }
	static const struct verify_case strangers[] = {
		{ "made unasked, of faces that are not there", VERIFY_MIPMAPS,
		  { MAKE, AUTO(GL_TEXTURE_CUBE_MAP) } },
		{ "made unasked, then what cannot be drawn to", VERIFY_MIPMAPS,
		  { MAKE, AUTO(GL_TEXTURE_2D), COMPRESSED } },
		{ "what cannot be drawn to, then made unasked", VERIFY_MIPMAPS,
		  { MAKE, COMPRESSED, { "glTexParameterf", { GL_TEXTURE_2D, GL_GENERATE_MIPMAP,
							     0x3f800000 } } } },
		{ "likewise, of a format whose name does not say so", VERIFY_MIPMAPS,
		  { MAKE, AUTO(GL_TEXTURE_2D), { "glTexImage2D", { GL_TEXTURE_2D, 0, GL_RGBA4_S3TC, 1, 1, 0,
			  GL_RGBA, GL_UNSIGNED_BYTE, PAY_VERTICES, 0 } } } },
		{ "not made unasked", VERIFY_OK,
		  { MAKE, COMPRESSED, { "glTexParameteri", { GL_TEXTURE_CUBE_MAP, GL_GENERATE_MIPMAP, 0 } },
		    { "glGenerateMipmap", { GL_TEXTURE_2D } } } },
		{ "made unasked, of what can be drawn to", VERIFY_OK,
		  { MAKE, AUTO(GL_TEXTURE_2D), TEXTURE } },
		{ "bitmaps of a list, out of a buffer", VERIFY_LIST_BUFFER,
		  { MAKE, { "glBindBuffer", { GL_PIXEL_UNPACK_BUFFER, 2 } },
		    LIST(1, { "glBitmap.buf", { 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1 } }) } },
	};
	static const struct verify_case own[] = {
		{ "one's own cube", VERIFY_OK, { MAKE, AUTO(GL_TEXTURE_CUBE_MAP), COMPRESSED } },
	};

	(void)state;
	LOOK_STRANGER(strangers);
	LOOK(own);
}

/* What a shader reads by index drivers bound in the stages of GL 3.3. */
static void stages(void **state)
{
	static const struct verify_case strangers[] = {
		{ "tessellation control", VERIFY_STAGE,
		  { MAKE, { "glCreateShader", { GL_TESS_CONTROL_SHADER, 1 } } } },
		{ "tessellation evaluation", VERIFY_STAGE,
		  { MAKE, { "glCreateShader", { GL_TESS_EVALUATION_SHADER, 1 } } } },
		{ "compute", VERIFY_STAGE,
		  { MAKE, { "glCreateShader", { GL_COMPUTE_SHADER, 1 } } } },
		{ "geometry", VERIFY_OK,
		  { MAKE, { "glCreateShader", { GL_GEOMETRY_SHADER, 1 } } } },
	};
	static const struct verify_case own[] = {
		{ "one's own tessellation", VERIFY_OK,
		  { MAKE, { "glCreateShader", { GL_TESS_CONTROL_SHADER, 1 } } } },
	};

	(void)state;
	LOOK_STRANGER(strangers);
	LOOK(own);
}

/* One word, in which others stand: looked at in no time. */
static char long_text[1u << 20];

/* Texts behind the others' payloads. */
static const char *const texts[] = {
	"void main() { gl_Position = gl_Vertex; }",
	"#version 120\n#extension GL_ARB_texture_rectangle : enable\nvoid main() { }",
	"// any later version.\n/* an extension of\n \\ / */\n// a drawing: / \\\nvoid main() { }",
	long_text,
	"#version 330 compatibility\nuniform B { vec4 b[4]; };\nvoid main() { gl_Position = b[2]; }",
	"#extension GL_ARB_uniform_buffer_object : require\nuniform B { vec4 b[4]; };",
	"#extension all : warn\nuniform B { vec4 b[4]; };",
	"#ver\\\nsion 330\nuniform B { vec4 b[4]; };",
	"#version /* 120 */ 330\nuniform B { vec4 b[4]; };",
	"# /*\n*/ version 330\nuniform B { vec4 b[4]; };",
	"#/*\n*/ver\\\nsion 330\nuniform B { vec4 b[4]; };",
	"#version 1\\\n40\nuniform B { vec4 b[4]; };",
};
#define TEXTS_PLAIN 4u           /* without blocks */
#define TEXTS (sizeof(texts) / sizeof(*texts))

static enum verify_reason raster_verdict(struct verify_state *s, unsigned text, bool before,
					 bool stranger)
{
	static struct sp_payload v[PAYLOADS + TEXTS];
	uint32_t length = (uint32_t)strlen(texts[text]);
	const struct record shader[] = { MAKE, { "glCreateShader", { GL_VERTEX_SHADER, 1 } },
		{ "glShaderSource", { 1, length, PAYLOADS + text, 0 } }, { 0 } };
	const struct record raster[] = { MAKE, LIST(1, { "glRasterPos2f", { 0 } }), { 0 } };
	const struct record *const first = before ? raster : shader, *const then = before ? shader : raster;
	struct verify_env env = env_of(stranger);
	enum verify_reason r;

	memcpy(v, case_payloads.v, PAYLOADS * sizeof(*v));
	for (unsigned i = 0; i < TEXTS; i++)
		v[PAYLOADS + i] = (struct sp_payload){ .data = (const uint8_t *)texts[i],
						       .size = (uint32_t)strlen(texts[i]) };
	env.payloads = (struct sp_payloads){ v, PAYLOADS + TEXTS };
	r = case_verdict(s, &env, first, SP_INIT, NULL);
	assert_int_equal(r, VERIFY_OK);
	return case_verdict(s, &env, then + 2, SP_INIT, NULL);     /* (the context is there) */
}

static void raster_and_blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i + 1 < sizeof(long_text); i++)
		long_text[i] = "extensionGL_"[i % 12];
	for (unsigned i = 0; i < 4 * TEXTS; i++) {
		struct verify_state *s = verify_state_create();
		bool stranger = i & 1;
		enum verify_reason want = stranger && i / 4 >= TEXTS_PLAIN ? VERIFY_RASTER_BLOCKS : VERIFY_OK;

		if (raster_verdict(s, i / 4, i & 2, stranger) != want)
			fail_msg("text %u, raster position %s, %s", i / 4, i & 2 ? "before" : "after",
				 stranger ? "a stranger's" : "one's own");
		verify_state_destroy(s);
	}
}

/* ---- images --------------------------------------------------------------------------- */

#define IMAGE(target, w, h) { "glTexImage2D", { target, 0, GL_R8, w, h, 0, GL_RED, \
						GL_UNSIGNED_BYTE, 0, 0 } }

/* Levels are counted by the largest side, whether or not there could be such a one. */
static void images(void **state)
{
	static const struct verify_case cases[] = {
		{ "image: a side whose levels lie behind all levels", VERIFY_PARAMETER_RANGE,
		  { MAKE, IMAGE(GL_TEXTURE_2D, 1u << 27, 1) } },
		{ "image: the other side", VERIFY_PARAMETER_RANGE,
		  { MAKE, IMAGE(GL_TEXTURE_2D, 1, 1u << 27) } },
		{ "image: of a proxy, too", VERIFY_PARAMETER_RANGE,
		  { MAKE, IMAGE(GL_PROXY_TEXTURE_2D, 1u << 27, 1) } },
		{ "image: of one dimension", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glTexImage1D", { GL_TEXTURE_1D, 0, GL_R8, HIGH, 0, GL_RED,
					      GL_UNSIGNED_BYTE, 0, 0 } } } },
		{ "image: layers of samples", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glTexImage3DMultisample", { GL_TEXTURE_2D_MULTISAMPLE_ARRAY, 2,
							 GL_RGB4, 5, 3, HIGH, 0 } } } },
		{ "image: a copy", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glCopyTexImage2D", { GL_TEXTURE_2D, 0, GL_RGBA, 0, 0, 0x8001, 1, 0 } } } },
		{ "image: storage", VERIFY_PARAMETER_RANGE,
		  { MAKE, { "glTexStorage2D", { GL_TEXTURE_2D, 1, GL_R8, 1, 0x8001 } } } },
		{ "image: a side in a register", VERIFY_REGISTER_NOT_ALLOWED,
		  { MAKE, { "glTexStorage2D", { GL_TEXTURE_2D, 1, GL_R8, 1, 1 }, 16 } } },
		{ "image: the largest", VERIFY_OK, { MAKE, IMAGE(GL_TEXTURE_2D, 0x8000, 1) } },
	};

	(void)state;
	LOOK(cases);
}

/* ---- lists -------------------------------------------------------------------------- */

#define BUFFERED BUFFER, { "glVertexPointer.buf", { 3, GL_FLOAT, 0, 0, 0 } }, \
	{ "glEnableClientState", { GL_VERTEX_ARRAY } }

#define INDEXED { "glBindBuffer", { GL_ELEMENT_ARRAY_BUFFER, 2 } }, \
	{ "glBufferData", { GL_ELEMENT_ARRAY_BUFFER, 48, 0, PAY_VERTICES, 0, GL_STATIC_DRAW } }

static void lists(void **state)
{
	static const struct verify_case holes[] = {
		{ "a list begun in a list", VERIFY_LIST_NESTED,
		  { MAKE, { "glNewList", { 1, GL_COMPILE } }, { "glNewList", { 2, GL_COMPILE } } } },
		{ "a list begun in one that is executed as well", VERIFY_LIST_NESTED,
		  { MAKE, { "glNewList", { 1, GL_COMPILE_AND_EXECUTE } },
		    { "glNewList", { 1, GL_COMPILE } } } },
		{ "the end left out between two", VERIFY_LIST_NESTED,
		  { MAKE, { "glNewList", { 1, GL_COMPILE } }, DRAWN, { "glNewList", { 2, GL_COMPILE } },
		    DRAWN, { "glEndList", { 0 } } } },
		{ "an end too many is an error in GL", VERIFY_OK,
		  { MAKE, LIST(1, DRAWN), { "glEndList", { 0 } } } },
		{ "it calls one that is not there", VERIFY_LIST_CALLS,
		  { MAKE, LIST(3, CALL(5), DRAWN) } },
		{ "it calls itself", VERIFY_LIST_CALLS,
		  { MAKE, LIST(3, DRAWN), LIST(3, CALL(3), DRAWN) } },
		{ "it calls one that was deleted", VERIFY_LIST_CALLS,
		  { MAKE, LIST(5, DRAWN), { "glDeleteLists", { 5, 1 } }, LIST(3, CALL(5), DRAWN) } },
		{ "it calls one that calls what is not there", VERIFY_LIST_CALLS,
		  { MAKE, LIST(4, CALL(5)), LIST(3, CALL(4), DRAWN) } },
		{ "it calls one that calls what was deleted since", VERIFY_LIST_CALLS,
		  { MAKE, LIST(5, DRAWN), LIST(4, CALL(5)), { "glDeleteLists", { 5, 1 } },
		    LIST(3, CALL(4), DRAWN) } },
		{ "two that call each other, and a third", VERIFY_LIST_CALLS,
		  { MAKE, LIST(1, { "glLoadIdentity", { 0 } }), LIST(2, CALL(1)), LIST(1, CALL(2)),
		    LIST(3, CALL(1), DRAWN) } },
		{ "it calls one of another share group", VERIFY_LIST_CALLS,
		  { MAKE, LIST(5, DRAWN), { "blinkContext", { 2, 0, 0, 0 } },
		    { "blinkMakeCurrent", { 2, 1, 1 } }, LIST(3, CALL(5), DRAWN) } },
		{ "its name is beyond those that are kept", VERIFY_LIST_CALLS,
		  { MAKE, LIST(70000, DRAWN), LIST(3, CALL(70000), DRAWN) } },
		{ "lists of lists, as programs make them", VERIFY_OK,
		  { MAKE, LIST(1, DRAWN), LIST(2, DRAWN, CALL(1)), LIST(3, CALL(2), DRAWN, CALL(1)),
		    CALL(3) } },
		{ "without anything of its own it may call what comes later", VERIFY_OK,
		  { MAKE, LIST(3, CALL(5), CALL(6)), LIST(5, DRAWN), CALL(3) } },
		{ "indices out of a buffer", VERIFY_LIST_BUFFER,
		  { MAKE, { "glBindBuffer", { GL_ELEMENT_ARRAY_BUFFER, 1 } },
		    LIST(1, { "glDrawElements.buf", { GL_POINTS, 0, GL_UNSIGNED_BYTE, 0xffffffff,
						      0 } }) } },
		{ "a payload of no indices while a buffer of indices is bound", VERIFY_LIST_BUFFER,
		  { MAKE, { "glBindBuffer", { GL_ELEMENT_ARRAY_BUFFER, 1 } },
		    LIST(1, { "glDrawElements", { GL_POINTS, 0, GL_UNSIGNED_BYTE, PAY_INDICES, 0 } }) } },
		{ "no bitmap while a buffer of pixels is bound", VERIFY_BUFFER_BOUND,
		  { MAKE, { "glBindBuffer", { GL_PIXEL_UNPACK_BUFFER, 2 } },
		    { "glBitmap", { 2, 0, 0, 0, 0, 0, 0, 0 } } } },
		{ "no bitmap while there is none", VERIFY_OK,
		  { MAKE, { "glBitmap", { 2, 0, 0, 0, 0, 0, 0, 0 } } } },
		{ "the same outside of lists", VERIFY_OK,
		  { MAKE, BUFFERED, { "glDrawArrays", { GL_TRIANGLES, 0, 3 } } } },
	};

	(void)state;
	LOOK(holes);
}

/* A driver copies what a list draws out of buffers without a look at their sizes: programs
 * that ran on one have done well, strangers may not. */
static void lists_of_buffers(void **state)
{
	static const struct verify_case own[] = {
		{ "vertices out of a buffer", VERIFY_OK,
		  { MAKE, BUFFERED, LIST(1, { "glDrawArrays", { GL_TRIANGLES, 0, 3 } }) } },
		{ "indices out of a buffer, of known contents", VERIFY_OK,
		  { MAKE, BUFFERED, INDEXED,
		    LIST(1, { "glDrawElements.buf", { GL_POINTS, 4, GL_UNSIGNED_BYTE, 0, 0 } }) } },
		{ "one's own list draws and calls some", VERIFY_OK,
		  { MAKE, LIST(1, DRAWN, { "glCallLists", { 1, GL_UNSIGNED_BYTE, PAY_INDICES, 0 } }) } },
		{ "one's own list calls itself, and draws nothing", VERIFY_OK,
		  { MAKE, LIST(1, CALL(1)), CALL(1) } },
		{ "indices beyond the buffer", VERIFY_LIST_BUFFER,
		  { MAKE, BUFFERED, INDEXED,
		    LIST(1, { "glDrawElements.buf", { GL_POINTS, 1, GL_UNSIGNED_BYTE, 48, 0 } }) } },
	};
	static const struct verify_case strangers[] = {
		{ "a stranger's vertices out of a buffer", VERIFY_LIST_BUFFER,
		  { MAKE, BUFFERED, LIST(1, { "glDrawArrays", { GL_TRIANGLES, 0, 3 } }) } },
		{ "a stranger's list draws and calls who knows which", VERIFY_LIST_CALLS,
		  { MAKE, LIST(1, DRAWN, { "glCallLists", { 1, GL_UNSIGNED_BYTE, PAY_INDICES, 0 } }) } },
		{ "it calls them, and draws nothing itself", VERIFY_OK,
		  { MAKE, LIST(1, { "glCallLists", { 1, GL_UNSIGNED_BYTE, PAY_INDICES, 0 } }) } },
		{ "it calls itself, and draws nothing", VERIFY_LIST_CALLS,
		  { MAKE, LIST(1, CALL(1), CALL(1)), CALL(1) } },
		{ "a stranger's indices out of a buffer", VERIFY_LIST_BUFFER,
		  { MAKE, BUFFERED, INDEXED,
		    LIST(1, { "glDrawElements.buf", { GL_POINTS, 4, GL_UNSIGNED_BYTE, 0, 0 } }) } },
	};

	(void)state;
	LOOK(own);
	look(strangers, sizeof(strangers) / sizeof(*strangers), true);
}

/* What the driver lacks it does not do: what was there before is still there. */
static void lacking(void **state)
{
	static const struct verify_case holes[] = {
		{ "another array object, by an extension", VERIFY_EXTENSION,
		  { MAKE, { "glEnableVertexAttribArray", { 0 } }, { "glBindVertexArrayAPPLE", { 3 } } } },
		{ "the one that is bound", VERIFY_OK,
		  { MAKE, { "glBindVertexArrayAPPLE", { 0 } } } },
		{ "arrays that come back in a context that has no client attributes",
		  VERIFY_ARRAY_UNKNOWN,
		  { { "blinkContext", { 1, 0, 33, 1 } }, { "blinkMakeCurrent", { 1, 1, 1 } },
		    { "glVertexAttribPointer", { 0, 3, GL_FLOAT, 0, 0, PAY_VERTICES, 0 } },
		    { "glEnableVertexAttribArray", { 0 } }, { "glPushClientAttrib", { 2 } },
		    { "glVertexAttribPointer", { 0, 3, GL_FLOAT, 0, 0, PAY_TWO, 0 } },
		    { "glPopClientAttrib", { 0 } }, { "glDrawArrays", { GL_POINTS, 0, 4 } } } },
	};

	(void)state;
	LOOK(holes);
}

/* What a list costs is what it costs now, whichever lists it calls were made anew since. */
static void lists_that_change(void **state)
{
	static const struct record first[] = {
		MAKE, LIST(1, { "glLoadIdentity", { 0 } }), LIST(2, CALL(1), CALL(1)), { 0 } };
	static const struct record call[] = { CALL(2), { 0 } };
	static const struct record anew[] = { LIST(1, DRAWN), { 0 } };
	struct verify_state *s = verify_state_create();
	struct verify_facts f;

	(void)state;
	assert_int_equal(verdict(s, first, NULL), VERIFY_OK);
	assert_int_equal(verdict(s, call, &f), VERIFY_OK);
	assert_false(f.draws);
	assert_int_equal(f.unknown_lists, 0);
	assert_true(f.list_words > 0);
	assert_int_equal(verdict(s, anew, NULL), VERIFY_OK);
	assert_int_equal(verdict(s, call, &f), VERIFY_OK);
	assert_true(f.draws);
	assert_int_equal(f.unknown_lists, 1);
	verify_state_destroy(s);
}

/* Thirty lists, each of which calls the one before twice: a billion calls and no vertex. */
static void lists_that_multiply(void **state)
{
	struct verify_state *s = verify_state_create();
	struct verify_facts f;
	uint64_t last = 0;

	(void)state;
	assert_int_equal(verdict(s, (struct record[]){
		MAKE, LIST(1, { "glLoadIdentity", { 0 } }), { 0 } }, NULL), VERIFY_OK);
	for (uint32_t i = 2; i < 40; i++) {
		assert_int_equal(verdict(s, (struct record[]){
			LIST(i, CALL(i - 1), CALL(i - 1)), { 0 } }, NULL), VERIFY_OK);
		assert_int_equal(verdict(s, (struct record[]){ CALL(i), { 0 } }, &f), VERIFY_OK);
		assert_true(f.list_words >= (last < UINT32_MAX / 2 ? 2 * last : last));
		last = f.list_words;
	}
	assert_true(last >= UINT32_MAX);
	verify_state_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(range_wraps), cmocka_unit_test(indices_and_levels),
		cmocka_unit_test(images), cmocka_unit_test(pixels), cmocka_unit_test(stages),
		cmocka_unit_test(counted), cmocka_unit_test(mipmaps), cmocka_unit_test(units),
		cmocka_unit_test(queries),
		cmocka_unit_test(raster_and_blocks),
		cmocka_unit_test(lists), cmocka_unit_test(lists_of_buffers),
		cmocka_unit_test(lacking), cmocka_unit_test(lists_that_change),
		cmocka_unit_test(lists_that_multiply),
	};

	return cmocka_run_group_tests_name("verifier: drivers", tests, NULL, NULL);
}
