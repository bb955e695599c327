/* test_table_size.c - payload sizes, against values computed by hand; overflow, junk and
 * negative arguments are refused.  Each row is tried on the call's arguments and, where
 * the command has an instruction, on a record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/gl/table.h"

#define REFUSED UINT64_MAX
#define BIG 0x7fffffff

struct row { const char *name; unsigned param; uint64_t size; int64_t args[14]; };

static const struct row rows[] = {
	/* vectors of fixed length */
	{ "glVertex3fv", 0, 12, { 0 } }, { "glColor4ubv", 0, 4, { 0 } },
	{ "glVertex2dv", 0, 16, { 0 } }, { "glTexCoord4sv", 0, 8, { 0 } },
	{ "glLoadMatrixf", 0, 64, { 0 } }, { "glMultMatrixd", 0, 128, { 0 } },
	{ "glClipPlane", 1, 32, { GL_CLIP_PLANE0 } }, { "glRectfv", 1, 8, { 0 } },
	{ "glVertexAttrib4Nubv", 1, 4, { 3 } }, { "glWindowPos3fv", 0, 12, { 0 } },
	/* pixels: rows are whole bytes, nothing is aligned */
	{ "glTexImage2D", 8, 48, { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_RGB, GL_UNSIGNED_BYTE } },
	{ "glTexImage2D", 8, 63, { GL_TEXTURE_2D, 0, GL_RGBA, 7, 3, 0, GL_BGR, GL_BYTE } },
	{ "glTexImage2D", 8, 42, { GL_TEXTURE_2D, 0, GL_RGB, 7, 3, 0, GL_RGB, GL_UNSIGNED_SHORT_5_6_5 } },
	{ "glTexImage2D", 8, 84, { GL_TEXTURE_2D, 0, GL_RGBA, 7, 3, 0, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV } },
	{ "glTexImage2D", 8, 21, { GL_TEXTURE_2D, 0, GL_RGB, 7, 3, 0, GL_RGB, GL_UNSIGNED_BYTE_3_3_2 } },
	{ "glTexImage2D", 8, 168, { GL_TEXTURE_2D, 0, GL_RGBA, 7, 3, 0, GL_RGBA, GL_HALF_FLOAT } },
	{ "glTexImage2D", 8, 336, { GL_TEXTURE_2D, 0, GL_RGBA, 7, 3, 0, GL_RGBA, GL_FLOAT } },
	{ "glTexImage2D", 8, 84, { GL_TEXTURE_2D, 0, GL_DEPTH_STENCIL, 7, 3, 0, GL_DEPTH_STENCIL, GL_UNSIGNED_INT_24_8 } },
	{ "glTexImage2D", 8, 168, { GL_TEXTURE_2D, 0, GL_DEPTH_STENCIL, 7, 3, 0, GL_DEPTH_STENCIL, GL_FLOAT_32_UNSIGNED_INT_24_8_REV } },
	{ "glTexImage2D", 8, 84, { GL_TEXTURE_2D, 0, GL_RGB, 7, 3, 0, GL_RGB, GL_UNSIGNED_INT_5_9_9_9_REV } },
	{ "glTexImage2D", 8, 42, { GL_TEXTURE_2D, 0, GL_LUMINANCE_ALPHA, 7, 3, 0, GL_LUMINANCE_ALPHA, GL_UNSIGNED_BYTE } },
	{ "glTexImage2D", 8, 252, { GL_TEXTURE_2D, 0, GL_RGB32UI, 7, 3, 0, GL_RGB_INTEGER, GL_UNSIGNED_INT } },
	{ "glTexImage2D", 8, 0, { GL_TEXTURE_2D, 0, GL_RGBA, 0, 4, 0, GL_RGB, GL_UNSIGNED_BYTE } },
	{ "glTexImage3D", 9, 120, { GL_TEXTURE_3D, 0, GL_RGBA, 2, 3, 5, 0, GL_RGBA, GL_UNSIGNED_BYTE } },
	{ "glTexSubImage1D", 6, 20, { GL_TEXTURE_1D, 0, 0, 10, GL_ALPHA, GL_SHORT } },
	{ "glTexSubImage2D", 8, 4, { GL_TEXTURE_2D, 0, 0, 0, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE } },
	{ "glDrawPixels", 4, 24, { 3, 2, GL_RGBA, GL_UNSIGNED_BYTE } },
	{ "glBitmap", 6, 26, { 10, 13 } }, { "glBitmap", 6, 8, { 8, 8 } },
	{ "glBitmap", 6, 0, { 0, 0 } }, { "glPolygonStipple", 0, 128, { 0 } },
	{ "glDrawPixels", 4, 2, { 3, 2, GL_STENCIL_INDEX, GL_BITMAP } },
	/* type and format that do not go together, or are none */
	{ "glTexImage2D", 8, REFUSED, { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_RGBA, GL_UNSIGNED_SHORT_5_6_5 } },
	{ "glTexImage2D", 8, REFUSED, { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_RGB, GL_UNSIGNED_INT_8_8_8_8 } },
	{ "glTexImage2D", 8, REFUSED, { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_DEPTH_STENCIL, GL_UNSIGNED_BYTE } },
	{ "glTexImage2D", 8, REFUSED, { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_LUMINANCE_ALPHA, GL_UNSIGNED_INT_24_8 } },
	{ "glTexImage2D", 8, REFUSED, { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_RGB, GL_BITMAP } },
	{ "glTexImage2D", 8, REFUSED, { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_RGB, GL_DOUBLE } },
	{ "glTexImage2D", 8, REFUSED, { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_TRIANGLES, GL_UNSIGNED_BYTE } },
	{ "glTexImage2D", 8, REFUSED, { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_RGB, 0 } },
	{ "glTexImage2D", 8, REFUSED, { GL_TEXTURE_2D, 0, GL_RGBA, -1, 4, 0, GL_RGB, GL_UNSIGNED_BYTE } },
	{ "glTexImage2D", 8, REFUSED, { GL_TEXTURE_2D, 0, GL_RGBA, 4, -1, 0, GL_RGB, GL_UNSIGNED_BYTE } },
	{ "glTexImage3D", 9, REFUSED, { GL_TEXTURE_3D, 0, GL_RGBA, BIG, BIG, BIG, 0, GL_RGBA, GL_FLOAT } },
	{ "glTexImage3D", 9, REFUSED, { GL_TEXTURE_3D, 0, GL_RGBA, -1, -1, 1, 0, GL_RGBA, GL_FLOAT } },
	/* what the client counts */
	{ "glCompressedTexImage2D", 7, 1000, { GL_TEXTURE_2D, 0, 0x83f1, 64, 64, 0, 1000 } },
	{ "glCompressedTexImage2D", 7, REFUSED, { GL_TEXTURE_2D, 0, 0x83f1, 64, 64, 0, -8 } },
	{ "glBufferData", 2, INT64_C(0x200000000), { GL_ARRAY_BUFFER, INT64_C(0x200000000) } },
	{ "glBufferData", 2, REFUSED, { GL_ARRAY_BUFFER, -1 } },
	{ "glBufferSubData", 3, 7, { GL_ARRAY_BUFFER, 100, 7 } },
	{ "glBufferSubData", 3, 7, { GL_ARRAY_BUFFER, -100, 7 } },
	{ "glGenTextures", 1, 12, { 3 } }, { "glGenTextures", 1, REFUSED, { -3 } },
	{ "glDeleteBuffers", 1, 0, { 0 } }, { "glDeleteBuffers", 1, 4 * (uint64_t)BIG, { BIG } },
	{ "glDrawBuffers", 1, 8, { 2 } }, { "glPixelMapusv", 2, 8, { GL_PIXEL_MAP_R_TO_R, 4 } },
	{ "glPixelMapfv", 2, 16, { GL_PIXEL_MAP_R_TO_R, 4 } },
	{ "glUniform3fv", 2, 24, { 0, 2 } }, { "glUniform3fv", 2, REFUSED, { 0, -2 } },
	{ "glUniformMatrix4fv", 3, 128, { 0, 2 } }, { "glUniformMatrix4x3fv", 3, 96, { 0, 2 } },
	{ "glUniformMatrix2x3fv", 3, 24, { 0, 1 } }, { "glUniformMatrix3fv", 3, 36, { 0, 1 } },
	{ "glUniformMatrix4fv", 3, 64 * (uint64_t)BIG, { 0, BIG } },
	{ "glMultiDrawArrays", 1, 12, { GL_POINTS, 0, 0, 3 } },
	/* by type */
	{ "glDrawElements", 3, 12, { GL_TRIANGLES, 6, GL_UNSIGNED_SHORT } },
	{ "glDrawElements", 3, 24, { GL_TRIANGLES, 6, GL_UNSIGNED_INT } },
	{ "glDrawElements", 3, 6, { GL_TRIANGLES, 6, GL_UNSIGNED_BYTE } },
	{ "glDrawElements", 3, REFUSED, { GL_TRIANGLES, 6, GL_TRIANGLES } },
	{ "glDrawElements", 3, REFUSED, { GL_TRIANGLES, -6, GL_UNSIGNED_INT } },
	{ "glDrawRangeElements", 5, 4, { GL_LINES, 0, 9, 2, GL_UNSIGNED_SHORT } },
	{ "glCallLists", 2, 5, { 5, GL_UNSIGNED_BYTE } }, { "glCallLists", 2, 15, { 5, GL_3_BYTES } },
	{ "glCallLists", 2, 10, { 5, GL_2_BYTES } }, { "glCallLists", 2, REFUSED, { 5, GL_DOUBLE } },
	/* by pname */
	{ "glLightfv", 2, 16, { GL_LIGHT0, GL_POSITION } },
	{ "glLightfv", 2, 12, { GL_LIGHT0, GL_SPOT_DIRECTION } },
	{ "glLightiv", 2, 4, { GL_LIGHT0, GL_SPOT_CUTOFF } },
	{ "glLightfv", 2, REFUSED, { GL_LIGHT0, GL_TEXTURE_2D } },
	{ "glMaterialfv", 2, 12, { GL_FRONT, GL_COLOR_INDEXES } },
	{ "glMaterialfv", 2, 16, { GL_FRONT, GL_AMBIENT_AND_DIFFUSE } },
	{ "glFogfv", 1, 16, { GL_FOG_COLOR } }, { "glFogfv", 1, 4, { GL_FOG_DENSITY } },
	{ "glTexEnvfv", 2, 16, { GL_TEXTURE_ENV, GL_TEXTURE_ENV_COLOR } },
	{ "glTexGendv", 2, 32, { GL_S, GL_EYE_PLANE } }, { "glTexGenfv", 2, 16, { GL_S, GL_EYE_PLANE } },
	{ "glTexParameterfv", 2, 16, { GL_TEXTURE_2D, GL_TEXTURE_BORDER_COLOR } },
	{ "glTexParameteriv", 2, 4, { GL_TEXTURE_2D, GL_TEXTURE_WRAP_S } },
	{ "glPointParameterfv", 1, 12, { GL_POINT_DISTANCE_ATTENUATION } },
	{ "glClearBufferfv", 2, 16, { GL_COLOR, 0 } }, { "glClearBufferfv", 2, 4, { GL_DEPTH, 0 } },
	/* evaluators: points lie strides apart, the last one ends the array */
	{ "glMap1f", 5, 4 * (3 * 5 + 3), { GL_MAP1_VERTEX_3, 0, 0, 5, 4 } },
	{ "glMap1d", 5, 8 * 4, { GL_MAP1_COLOR_4, 0, 0, 4, 1 } },
	{ "glMap2f", 9, 4 * (2 * 3 + 1 * 20 + 3), { GL_MAP2_VERTEX_3, 0, 0, 3, 3, 0, 0, 20, 2 } },
	{ "glMap1f", 5, REFUSED, { GL_MAP1_VERTEX_3, 0, 0, 5, 0 } },
	{ "glMap1f", 5, REFUSED, { GL_MAP1_VERTEX_3, 0, 0, -5, 4 } },
	{ "glMap2d", 9, REFUSED, { GL_MAP2_VERTEX_3, 0, 0, BIG, BIG, 0, 0, -1, 2 } },
	/* answers */
	{ "glGetIntegerv", 1, 16, { GL_VIEWPORT } }, { "glGetDoublev", 1, 128, { GL_MODELVIEW_MATRIX } },
	{ "glGetBooleanv", 1, 4, { GL_COLOR_WRITEMASK } }, { "glGetIntegerv", 1, 4, { GL_DEPTH_TEST } },
	{ "glGetIntegerv", 1, REFUSED, { GL_COMPRESSED_TEXTURE_FORMATS } },
	{ "glReadPixels", 6, 4800, { 0, 0, 40, 30, GL_RGBA, GL_UNSIGNED_BYTE } },
	{ "glGetLightfv", 2, 12, { GL_LIGHT0, GL_SPOT_DIRECTION } },
};

static void arguments(const struct row *r, uint64_t *args)
{
	for (unsigned i = 0; i < 14; i++)
		args[i] = (uint64_t)r->args[i];
}

/* The record that a converter would make of the call. */
static void record(const struct gl_op *op, const uint64_t *args, uint32_t *rec)
{
	memset(rec, 0, 64 * sizeof(*rec));
	rec[0] = (uint32_t)(op - gl_ops);
	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];

		if (o->param == 0xff || o->kind == GL_KIND_PAYLOAD)
			continue;
		rec[o->word] = (uint32_t)args[o->param];
		if (o->kind == GL_KIND_INT64 || o->kind == GL_KIND_UINT64)
			rec[o->word + 1] = (uint32_t)(args[o->param] >> 32);
	}
}

static void check(const struct row *r, bool known, uint64_t size, const char *how)
{
	if (known != (r->size != REFUSED) || (known && size != r->size))
		fail_msg("%s (%s): %s %llu, wanted %lld", r->name, how,
			 known ? "size" : "refused", (unsigned long long)size,
			 (long long)r->size);
}

static void test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		const struct gl_command *c = gl_command_find(r->name);
		uint64_t args[14], size = 0;
		uint32_t rec[64];
		bool known;

		assert_non_null(c);
		arguments(r, args);
		known = gl_param_size(c, args, r->param, &size);
		check(r, known, size, "arguments");
		if (c->op == GL_OP_COUNT)
			continue;
		record(&gl_ops[c->op], args, rec);
		for (unsigned k = 0; k < gl_ops[c->op].noperands; k++) {
			if (gl_ops[c->op].operands[k].param != r->param)
				continue;
			known = gl_payload_size(rec, k, &size);
			check(r, known, size, "record");
		}
	}
}

static void test_rules_without_arguments(void **state)
{
	const struct gl_command *c = gl_command_find("glVertexPointer");
	uint64_t args[4] = { 3, GL_FLOAT, 0, 0 }, size = 9;

	(void)state;
	assert_int_equal(c->params[3].size_rule, GL_SIZE_ANY);
	assert_true(gl_param_size(c, args, 3, &size));
	assert_int_equal(size, 0);
	assert_false(gl_param_size(c, args, 0, &size));
	assert_false(gl_param_size(c, args, 4, &size));
	c = gl_command_find("glBindAttribLocation");
	assert_int_equal(c->params[2].size_rule, GL_SIZE_STRING);
	assert_true(gl_param_size(c, args, 2, &size));
	assert_int_equal(size, 1);
}

static void test_junk_records(void **state)
{
	uint32_t rec[4] = { 0xffff, 0, 0, 0 };
	uint64_t size;

	(void)state;
	assert_false(gl_payload_size(rec, 0, &size));
	rec[0] = GL_OP_COUNT;
	assert_false(gl_payload_size(rec, 0, &size));
	rec[0] = OP_end;
	assert_false(gl_payload_size(rec, 0, &size));
	rec[0] = OP_glVertex3fv | 1u << 16;
	assert_true(gl_payload_size(rec, 0, &size));
	assert_int_equal(size, 12);
	assert_false(gl_payload_size(rec, 1, &size));
}

static void test_building_blocks(void **state)
{
	uint64_t size;
	unsigned n;

	(void)state;
	assert_true(gl_pixel_size(GL_RGBA, GL_UNSIGNED_BYTE, &n));
	assert_int_equal(n, 32);
	assert_true(gl_pixel_size(GL_COLOR_INDEX, GL_BITMAP, &n));
	assert_int_equal(n, 1);
	assert_true(gl_pixel_size(GL_RG, GL_HALF_FLOAT, &n));
	assert_int_equal(n, 32);
	assert_true(gl_pixel_size(GL_YCBCR_MESA, GL_UNSIGNED_SHORT_8_8_MESA, &n));
	assert_int_equal(n, 16);
	assert_false(gl_pixel_size(GL_YCBCR_MESA, GL_UNSIGNED_BYTE, &n));
	assert_false(gl_pixel_size(0, GL_UNSIGNED_BYTE, &n));
	assert_true(gl_type_size(GL_DOUBLE, &n));
	assert_int_equal(n, 8);
	assert_false(gl_type_size(0, &n));
	assert_true(gl_image_size(9, 2, 1, GL_COLOR_INDEX, GL_BITMAP, &size));
	assert_int_equal(size, 4);
	assert_false(gl_image_size(-9, 2, 1, GL_COLOR_INDEX, GL_BITMAP, &size));
	assert_false(gl_image_size(INT64_MAX, 2, 2, GL_RGBA, GL_FLOAT, &size));
	assert_int_equal(gl_pname_count("light", GL_POSITION), 4);
	assert_int_equal(gl_pname_count("light", 0), 0);
	assert_int_equal(gl_pname_count("nobody", GL_POSITION), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_rules_without_arguments),
		cmocka_unit_test(test_junk_records),
		cmocka_unit_test(test_building_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
