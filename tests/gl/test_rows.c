/* test_rows.c - the rows of object commands: payload sizes computed by hand, and rules
 * that every row must keep.
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

#include "blink/gl/table.h"

#define NO_SIZE UINT64_MAX      /* the rule must refuse */

/* ---- sizes --------------------------------------------------------------- */

static const struct size_case {
	const char *command, *param;
	uint64_t args[12];
	uint64_t size;
} sizes[] = {
	/* target level internalformat width border format type pixels */
	{ "glTexImage1D", "pixels", { GL_TEXTURE_1D, 0, GL_RGBA, 17, 0, GL_RGB, GL_UNSIGNED_BYTE }, 51 },
	/* rows are tight: 3 pixels of 3 bytes are 9, not 12 */
	{ "glTexImage2D", "pixels", { GL_TEXTURE_2D, 0, GL_RGBA, 3, 5, 0, GL_RGB, GL_UNSIGNED_BYTE }, 45 },
	{ "glTexImage2D", "pixels", { GL_TEXTURE_2D, 0, GL_RGBA, 3, 5, 0, GL_BGRA, GL_UNSIGNED_BYTE }, 60 },
	{ "glTexImage2D", "pixels", { GL_TEXTURE_2D, 0, GL_RGB, 7, 2, 0, GL_RGB, GL_UNSIGNED_SHORT_5_6_5 }, 28 },
	{ "glTexImage2D", "pixels", { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_RGBA, GL_HALF_FLOAT }, 128 },
	{ "glTexImage2D", "pixels", { GL_TEXTURE_2D, 0, GL_DEPTH24_STENCIL8, 4, 4, 0, GL_DEPTH_STENCIL,
				      GL_UNSIGNED_INT_24_8 }, 64 },
	{ "glTexImage2D", "pixels", { GL_TEXTURE_2D, 0, GL_DEPTH32F_STENCIL8, 4, 4, 0, GL_DEPTH_STENCIL,
				      GL_FLOAT_32_UNSIGNED_INT_24_8_REV }, 128 },
	{ "glTexImage2D", "pixels", { GL_TEXTURE_2D, 0, GL_RGBA, 0, 9, 0, GL_RGBA, GL_FLOAT }, 0 },
	{ "glTexImage2D", "pixels", { GL_TEXTURE_2D, 0, GL_RGBA, (uint64_t)-1, 9, 0, GL_RGBA, GL_FLOAT }, NO_SIZE },
	{ "glTexImage2D", "pixels", { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_RGBA, 0x1234 }, NO_SIZE },
	{ "glTexImage3D", "pixels", { GL_TEXTURE_3D, 0, GL_RGBA, 3, 5, 2, 0, GL_LUMINANCE, GL_UNSIGNED_SHORT }, 60 },
	{ "glTexImage3D", "pixels", { GL_TEXTURE_3D, 0, GL_RGBA, 0x7fffffff, 0x7fffffff, 0x7fffffff, 0,
				      GL_RGBA, GL_FLOAT }, NO_SIZE },
	/* target level x y w h format type */
	{ "glTexSubImage2D", "pixels", { GL_TEXTURE_2D, 0, 1, 2, 5, 3, GL_RED, GL_FLOAT }, 60 },
	{ "glTexSubImage3D", "pixels", { GL_TEXTURE_3D, 0, 1, 2, 3, 5, 3, 2, GL_RG, GL_UNSIGNED_BYTE }, 60 },
	{ "glCompressedTexImage2D", "data", { GL_TEXTURE_2D, 0, GL_COMPRESSED_RGB, 8, 8, 0, 32 }, 32 },
	{ "glTexParameterfv", "params", { GL_TEXTURE_2D, GL_TEXTURE_BORDER_COLOR }, 16 },
	{ "glTexParameteriv", "params", { GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER }, 4 },
	{ "glTexParameteriv", "params", { GL_TEXTURE_2D, GL_AMBIENT }, NO_SIZE },
	{ "glSamplerParameterIuiv", "param", { 1, GL_TEXTURE_BORDER_COLOR }, 16 },
	{ "glGenTextures", "textures", { 7 }, 28 },
	{ "glDeleteTextures", "textures", { (uint64_t)-7 }, NO_SIZE },
	{ "glPrioritizeTextures", "priorities", { 3 }, 12 },
	{ "glDeleteSamplers", "samplers", { 3 }, 12 },
	{ "glBufferData", "data", { GL_ARRAY_BUFFER, 1000 }, 1000 },
	{ "glBufferData", "data", { GL_ARRAY_BUFFER, (uint64_t)-1 }, NO_SIZE },
	{ "glBufferSubData", "data", { GL_ARRAY_BUFFER, 64, 77 }, 77 },
	{ "glClearBufferData", "data", { GL_ARRAY_BUFFER, GL_RGBA32F, GL_RGBA, GL_FLOAT }, 16 },
	{ "glUniform3fv", "value", { 5, 4 }, 48 },
	{ "glUniform4uiv", "value", { 5, 2 }, 32 },
	{ "glUniform1iv", "value", { 5, 0x40000000 }, (uint64_t)0x40000000 * 4 },
	{ "glUniform1iv", "value", { 5, (uint64_t)-2 }, NO_SIZE },
	{ "glUniformMatrix2x3fv", "value", { 5, 2 }, 48 },
	{ "glUniformMatrix4x3fv", "value", { 5, 3 }, 144 },
	{ "glUniformMatrix3fv", "value", { 5, 1 }, 36 },
	{ "glProgramUniformMatrix4dv", "value", { 1, 5, 2 }, 256 },
	{ "glProgramUniform3dv", "value", { 1, 5, 2 }, 48 },
	{ "glClearBufferfv", "value", { GL_COLOR, 0 }, 16 },
	{ "glClearBufferfv", "value", { GL_DEPTH, 0 }, 4 },
	{ "glClearBufferiv", "value", { GL_STENCIL, 0 }, 4 },
	{ "glClearBufferiv", "value", { GL_BLEND, 0 }, NO_SIZE },
	{ "glDrawBuffers", "bufs", { 5 }, 20 },
	{ "glVertexAttrib4Nubv", "v", { 1 }, 4 },
	{ "glVertexAttrib3dv", "v", { 1 }, 24 },
	{ "glVertexAttrib2sv", "v", { 1 }, 4 },
	{ "glVertexAttribI4usv", "v", { 1 }, 8 },
	{ "glVertexP3uiv", "value", { GL_INT_2_10_10_10_REV }, 4 },
	{ "glProgramStringARB", "string", { GL_VERTEX_PROGRAM_ARB, GL_PROGRAM_FORMAT_ASCII_ARB, 321 }, 322 },
	{ "glProgramEnvParameter4fvARB", "params", { GL_VERTEX_PROGRAM_ARB, 3 }, 16 },
	{ "glProgramLocalParameter4dvARB", "params", { GL_VERTEX_PROGRAM_ARB, 3 }, 32 },
	{ "glProgramEnvParameters4fvEXT", "params", { GL_VERTEX_PROGRAM_ARB, 3, 5 }, 80 },
	{ "glGenQueries", "ids", { 4 }, 16 },
	{ "glDeleteFramebuffers", "framebuffers", { 2 }, 8 },
};

static unsigned param_index(const struct gl_command *cmd, const char *name)
{
	for (unsigned i = 0; i < cmd->nparams; i++)
		if (strcmp(cmd->params[i].name, name) == 0)
			return i;
	fail_msg("%s has no parameter %s", cmd->name, name);
	return 0;
}

static void test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const struct size_case *c = &sizes[i];
		const struct gl_command *cmd = gl_command_find(c->command);
		uint64_t size = 0;
		bool known;

		assert_non_null(cmd);
		known = gl_param_size(cmd, c->args, param_index(cmd, c->param), &size);
		if (known != (c->size != NO_SIZE) || (known && size != c->size))
			fail_msg("case %zu: %s: %s is %d bytes, expected %d", i, c->command,
				 c->param, known ? (int)size : -1,
				 c->size == NO_SIZE ? -1 : (int)c->size);
	}
}

/* ---- rules --------------------------------------------------------------- */

static bool is_window_system(const struct gl_command *cmd)
{
	return strncmp(cmd->name, "glX", 3) == 0 || strncmp(cmd->name, "egl", 3) == 0;
}

/* A query that is dropped must not have done anything, but for answers in a buffer, for
 * which there is the .buf op. Labels and messages for a debugger are dropped too: they
 * draw nothing. */
static void test_skipped_write_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < gl_command_count; i++) {
		const struct gl_command *cmd = &gl_commands[i];

		if (cmd->replay != GL_REPLAY_SKIP || cmd->op_buf != GL_OP_COUNT ||
		    is_window_system(cmd))
			continue;
		assert_true(cmd->stated);
		for (unsigned w = 0; w < cmd->nwrites; w++)
			if (strcmp(gl_slots[cmd->writes[w].slot].name, "debug") != 0)
				fail_msg("%s is skipped, but writes %s", cmd->name,
					 gl_slots[cmd->writes[w].slot].name);
	}
}

static void test_objects_have_spaces(void **state)
{
	(void)state;
	for (unsigned i = 0; i < GL_OP_COUNT; i++) {
		const struct gl_op *op = &gl_ops[i];
		bool named = false;

		if (op->form != GL_FORM_GEN && op->form != GL_FORM_DELETE &&
		    op->form != GL_FORM_CREATE && op->form != GL_FORM_DELETE1 &&
		    op->form != GL_FORM_SYNC && op->form != GL_FORM_NAMES)
			continue;
		for (unsigned k = 0; k < op->noperands; k++)
			named |= op->operands[k].space != GL_SPACE_NONE;
		if (!named)
			fail_msg("%s: no operand has a name space", op->name);
	}
}

/* Last operand of `create` is the new object's name. */
static void test_create_ends_with_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < GL_OP_COUNT; i++) {
		const struct gl_op *op = &gl_ops[i];

		if (op->form != GL_FORM_CREATE)
			continue;
		assert_true(op->noperands > 0);
		assert_int_equal(op->operands[op->noperands - 1].kind, GL_KIND_NAME);
		assert_int_equal(op->operands[op->noperands - 1].param, 0xff);
	}
}

static bool touches_uniforms(const struct gl_command *cmd)
{
	for (unsigned k = 0; k < cmd->nreads; k++)
		if (strncmp(gl_slots[cmd->reads[k].slot].name, "uniform", 7) == 0)
			return true;
	for (unsigned k = 0; k < cmd->nwrites; k++)
		if (strncmp(gl_slots[cmd->writes[k].slot].name, "uniform", 7) == 0)
			return true;
	return false;
}

static void test_locations_touch_uniforms(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (unsigned i = 0; i < GL_OP_COUNT; i++) {
		const struct gl_op *op = &gl_ops[i];

		for (unsigned k = 0; k < op->noperands; k++) {
			if (op->operands[k].kind != GL_KIND_LOCATION)
				continue;
			seen++;
			assert_true(op->command != GL_OP_NO_COMMAND);
			if (!touches_uniforms(&gl_commands[op->command]))
				fail_msg("%s takes a location, but no uniform", op->name);
		}
	}
	assert_true(seen >= 12 + 12 + 9);       /* Uniform{1234}{f,i,ui}, their vectors, matrices */
}

/* Only a command without a row is at once refused and opaque. */
static void test_core_has_rows(void **state)
{
	unsigned named = 0;

	(void)state;
	for (unsigned i = 0; i < gl_command_count; i++) {
		const struct gl_command *cmd = &gl_commands[i];

		if (!cmd->version || cmd->version > 33 || is_window_system(cmd))
			continue;
		named++;
		if (cmd->replay == GL_REPLAY_REFUSE && !cmd->stated)
			fail_msg("%s (GL %d.%d) has no row", cmd->name, cmd->version / 10,
				 cmd->version % 10);
	}
	assert_int_equal(named, 724);
}

/* Arrays: a payload op and one for the bound buffer, with an offset instead. */
static void test_arrays_have_both_modes(void **state)
{
	static const char *const arrays[] = {
		"glVertexPointer", "glNormalPointer", "glColorPointer", "glTexCoordPointer",
		"glSecondaryColorPointer", "glFogCoordPointer", "glIndexPointer",
		"glEdgeFlagPointer", "glVertexAttribPointer", "glVertexAttribIPointer",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++) {
		const struct gl_command *cmd = gl_command_find(arrays[i]);
		const struct gl_op *op, *buf;

		assert_non_null(cmd);
		assert_true(cmd->op < GL_OP_COUNT && cmd->op_buf < GL_OP_COUNT);
		op = &gl_ops[cmd->op];
		buf = &gl_ops[cmd->op_buf];
		assert_int_equal(op->operands[op->noperands - 1].kind, GL_KIND_PAYLOAD);
		assert_int_equal(buf->operands[buf->noperands - 1].kind, GL_KIND_OFFSET);
	}
}

/* Forms that the engines have a helper of their own for. */
static void test_forms(void **state)
{
	static const struct { const char *name; enum gl_form form; } forms[] = {
		{ "glShaderSource", GL_FORM_SOURCE }, { "glTransformFeedbackVaryings", GL_FORM_STRINGS },
		{ "glLinkProgram", GL_FORM_LINK }, { "glGetUniformLocation", GL_FORM_LOCATE },
		{ "glGetAttribLocation", GL_FORM_LOCATE }, { "glGetUniformBlockIndex", GL_FORM_LOCATE },
		{ "glFenceSync", GL_FORM_CREATE }, { "glWaitSync", GL_FORM_SYNC },
		{ "glDeleteSync", GL_FORM_DELETE1 }, { "glDeleteProgram", GL_FORM_DELETE1 },
		{ "glDeleteShader", GL_FORM_DELETE1 }, { "glCreateShader", GL_FORM_CREATE },
		{ "glPrioritizeTextures", GL_FORM_NAMES }, { "glGenBuffers", GL_FORM_GEN },
		{ "glDeleteBuffers", GL_FORM_DELETE }, { "glDrawBuffers", GL_FORM_DIRECT },
		{ "glGenProgramsARB", GL_FORM_GEN }, { "glDeleteProgramsARB", GL_FORM_DELETE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const struct gl_command *cmd = gl_command_find(forms[i].name);

		assert_non_null(cmd);
		if (cmd->form != forms[i].form)
			fail_msg("%s has form %d", cmd->name, cmd->form);
	}
}

/* Source: shader, length, then the text of that length. */
static void test_source_layout(void **state)
{
	const struct gl_op *op = &gl_ops[gl_op_find("glShaderSource")];
	uint32_t rec[8] = { 0 };
	uint64_t size = 0;

	(void)state;
	assert_int_equal(op->noperands, 3);
	assert_int_equal(op->operands[0].kind, GL_KIND_NAME);
	assert_int_equal(op->operands[1].kind, GL_KIND_UINT);
	assert_int_equal(op->operands[2].kind, GL_KIND_PAYLOAD);
	rec[0] = (uint32_t)gl_op_find("glShaderSource");
	rec[op->operands[1].word] = 12345;
	assert_true(gl_payload_size(rec, 2, &size));
	assert_int_equal(size, 12345);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_skipped_write_nothing),
		cmocka_unit_test(test_objects_have_spaces),
		cmocka_unit_test(test_create_ends_with_name),
		cmocka_unit_test(test_locations_touch_uniforms),
		cmocka_unit_test(test_core_has_rows),
		cmocka_unit_test(test_arrays_have_both_modes),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_source_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
