/* test_table.c - the command table is whole and consistent: names, layouts, kinds,
 * effects, enums.  That rows are true of GL is proved elsewhere, against a driver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "blink/gl/table.h"

static unsigned kind_words(unsigned kind)
{
	switch (kind) {
	case GL_KIND_ANSWER:
		return 0;
	case GL_KIND_DOUBLE: case GL_KIND_INT64: case GL_KIND_UINT64:
	case GL_KIND_PAYLOAD: case GL_KIND_OFFSET:
		return 2;
	default:
		return 1;
	}
}

static bool is_gl(const struct gl_command *c)
{
	return strncmp(c->name, "gl", 2) == 0 && strncmp(c->name, "glX", 3) != 0;
}

/* OpenGL 1.0 to 3.3 compatibility has 724 commands, per version as in the registry. */
static void test_core_is_named(void **state)
{
	static const struct { unsigned version, count; } wanted[] = {
		{ 10, 306 }, { 11, 30 }, { 12, 4 }, { 13, 46 }, { 14, 47 }, { 15, 19 },
		{ 20, 93 }, { 21, 6 }, { 30, 84 }, { 31, 12 }, { 32, 19 }, { 33, 58 },
	};
	unsigned count[34] = { 0 }, total = 0;

	(void)state;
	for (unsigned i = 0; i < gl_command_count; i++)
		if (is_gl(&gl_commands[i]) && gl_commands[i].version &&
		    gl_commands[i].version <= 33)
			count[gl_commands[i].version]++;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		assert_int_equal(count[wanted[i].version], wanted[i].count);
		total += wanted[i].count;
	}
	assert_int_equal(total, 724);
}

static void test_names_resolve(void **state)
{
	(void)state;
	for (unsigned i = 0; i < gl_command_count; i++) {
		const struct gl_command *c = &gl_commands[i];

		assert_ptr_equal(gl_command_find(c->name), c);
		for (const char *const *a = c->aliases; *a; a++)
			assert_ptr_equal(gl_command_find(*a), c);
	}
	assert_string_equal(gl_command_find("glBindBufferARB")->name, "glBindBuffer");
	assert_string_equal(gl_command_find("glActiveTextureARB")->name, "glActiveTexture");
	assert_string_equal(gl_command_find("glUseProgramObjectARB")->name, "glUseProgram");
	assert_string_equal(gl_command_find("glPointParameterfvEXT")->name, "glPointParameterfv");
	assert_string_equal(gl_command_find("eglSwapBuffers")->name, "eglSwapBuffers");
	assert_null(gl_command_find("glNoSuchThing"));
	assert_null(gl_command_find(""));
	assert_ptr_equal(&gl_commands[GL_CMD_glVertex3f], gl_command_find("glVertex3f"));
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		assert_int_equal(gl_op_find(gl_ops[op].name), op);
	assert_int_equal(gl_op_find("glVertexPointer.buf"), OP_glVertexPointer_buf);
	assert_int_equal(gl_op_find("nothing"), GL_OP_COUNT);
	assert_int_equal(OP_end, 0);
}

static void check_operand(const struct gl_op *op, const struct gl_operand *o)
{
	bool memory = o->kind == GL_KIND_PAYLOAD || o->kind == GL_KIND_ANSWER;

	assert_true(o->kind < GL_KIND_COUNT);
	assert_true(o->space < GL_SPACE_COUNT);
	assert_int_equal(memory, o->size_rule != GL_SIZE_NONE);
	assert_int_equal(o->kind == GL_KIND_OFFSET, o->binding != GL_BINDING_NONE);
	if (o->kind == GL_KIND_NAME)
		assert_int_not_equal(o->space, GL_SPACE_NONE);
	if (o->nullable || o->terminated)
		assert_int_equal(o->kind, GL_KIND_PAYLOAD);
	if (o->reg_ok)
		assert_true(o->kind == GL_KIND_INT || o->kind == GL_KIND_UINT ||
			    o->kind == GL_KIND_FLOAT);
	if (op->form > GL_FORM_DIRECT)
		assert_false(o->reg_ok);
	if (o->param != 0xff && op->command != GL_OP_NO_COMMAND)
		assert_true(o->param < gl_commands[op->command].nparams);
}

static void test_layouts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < GL_OP_COUNT; i++) {
		const struct gl_op *op = &gl_ops[i];
		unsigned words = 1;

		assert_true(op->noperands <= GL_OP_MAX_OPERANDS);
		assert_true(op->form < GL_FORM_COUNT);
		for (unsigned k = 0; k < op->noperands; k++) {
			assert_int_equal(op->operands[k].word, words);
			words += kind_words(op->operands[k].kind);
			check_operand(op, &op->operands[k]);
		}
		assert_int_equal(op->words, words);
		/* instructions of our own explain themselves */
		assert_int_equal(op->command == GL_OP_NO_COMMAND, gl_op_doc(i) != NULL);
		assert_int_equal(op->command == GL_OP_NO_COMMAND,
				 op->form == GL_FORM_CORE || op->form == GL_FORM_WINDOW);
	}
}

static void test_commands_and_ops_agree(void **state)
{
	(void)state;
	for (unsigned i = 0; i < gl_command_count; i++) {
		const struct gl_command *c = &gl_commands[i];

		if (c->replay == GL_REPLAY_RUN)
			assert_true(c->op < GL_OP_COUNT);
		else
			assert_int_equal(c->op, GL_OP_COUNT);
		if (c->op < GL_OP_COUNT) {
			assert_int_equal(gl_ops[c->op].command, i);
			assert_int_equal(gl_ops[c->op].form, c->form);
			assert_string_equal(gl_ops[c->op].name, c->name);
		}
		if (c->op_buf < GL_OP_COUNT)
			assert_int_equal(gl_ops[c->op_buf].command, i);
		if (c->klass != GL_CLASS_INNOCUOUS)
			assert_non_null(c->mediation);
		assert_non_null(gl_signature_letters(gl_command_signature(c)));
		/* proof without knowledge is none */
		assert_int_equal(c->opaque, !(c->stated && c->effects_proved));
	}
}

static void check_effects(const struct gl_command *c, const struct gl_effect *e, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct gl_slot *s = &gl_slots[e[i].slot];

		assert_true(e[i].slot < gl_slot_count);
		for (unsigned k = 0; k < 2; k++) {
			assert_int_equal(e[i].key[k].kind != GL_KEY_NONE, k < s->nkeys);
			if (e[i].key[k].kind == GL_KEY_PARAM)
				assert_true(e[i].key[k].value < c->nparams);
			if (e[i].key[k].kind == GL_KEY_SELECTED)
				assert_true(e[i].key[k].value < gl_slot_count);
			if (e[i].key[k].kind == GL_KEY_OPERAND)
				assert_true(c->op < GL_OP_COUNT &&
					    e[i].key[k].value < gl_ops[c->op].noperands);
		}
	}
}

static void test_effects(void **state)
{
	const struct gl_command *c = gl_command_find("glLoadIdentity");

	(void)state;
	for (unsigned i = 0; i < gl_command_count; i++) {
		c = &gl_commands[i];
		check_effects(c, c->reads, c->nreads);
		check_effects(c, c->writes, c->nwrites);
		/* a query that is dropped must have changed nothing but an answer in a
		 * buffer, for which there is the other op */
		if (c->replay == GL_REPLAY_SKIP && c->op_buf == GL_OP_COUNT && is_gl(c))
			for (unsigned k = 0; k < c->nwrites; k++)
				assert_int_equal(c->writes[k].slot, GL_SLOT_debug);
	}
	for (unsigned i = 0; i < gl_slot_count; i++) {
		assert_true(gl_slots[i].nkeys <= 2);
		assert_true(gl_slots[i].when >= -1 && gl_slots[i].when < (int)gl_slot_count);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(gl_slots[i].name, gl_slots[k].name);
	}
	c = gl_command_find("glLoadIdentity");
	assert_int_equal(c->nwrites, 1);
	assert_int_equal(c->writes[0].slot, GL_SLOT_matrix);
	assert_int_equal(c->writes[0].key[0].kind, GL_KEY_SELECTED);
	assert_int_equal(c->writes[0].key[0].value, GL_SLOT_matrix_mode);
	c = gl_command_find("glBindTexture");
	assert_int_equal(c->writes[0].key[1].kind, GL_KEY_PARAM);
	assert_int_equal(c->writes[0].key[1].value, 0);
}

/* A register never decides over memory. */
static void test_registers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < GL_OP_COUNT; i++)
		for (unsigned k = 0; k < gl_ops[i].noperands; k++) {
			const struct gl_operand *o = &gl_ops[i].operands[k];

			if (!o->reg_ok || o->kind == GL_KIND_FLOAT ||
			    gl_ops[i].form == GL_FORM_CORE)
				continue;
			for (unsigned m = 0; m < gl_ops[i].noperands; m++)
				assert_true(gl_ops[i].operands[m].kind != GL_KIND_PAYLOAD &&
					    gl_ops[i].operands[m].kind != GL_KIND_OFFSET);
		}
	assert_true(gl_ops[OP_glVertex3f].operands[0].reg_ok);
	assert_true(gl_ops[OP_glViewport].operands[2].reg_ok);
	assert_false(gl_ops[OP_glDrawArrays].operands[1].reg_ok);
	assert_false(gl_ops[OP_glEnable].operands[0].reg_ok);
	assert_false(gl_ops[OP_call].operands[1].reg_ok);
}

static void test_enums(void **state)
{
	uint32_t v = 0;

	(void)state;
	assert_string_equal(gl_enum_name("PrimitiveType", 4), "GL_TRIANGLES");
	assert_string_equal(gl_enum_name(NULL, 0x0b71), "GL_DEPTH_TEST");
	assert_string_equal(gl_enum_name("TextureUnit", 0x84c0), "GL_TEXTURE0");
	assert_string_equal(gl_bit_name("ClearBufferMask", 0x4000), "GL_COLOR_BUFFER_BIT");
	assert_null(gl_enum_name("PrimitiveType", 0x12345678));
	assert_null(gl_enum_name("NoSuchGroup", 4));
	assert_null(gl_bit_name("ClearBufferMask", 0x4001));
	assert_null(gl_bit_name(NULL, 0x4000));
	assert_true(gl_enum_value("GL_TRIANGLES", &v));
	assert_int_equal(v, 4);
	assert_true(gl_enum_value("GL_TEXTURE_2D", &v));
	assert_int_equal(v, 0x0de1);
	assert_false(gl_enum_value("GL_NOTHING_OF_THE_KIND", &v));
	assert_false(gl_enum_value("", &v));
}

/* What display lists hold, and what is executed at once (5.4 of the specification). */
static void test_listed(void **state)
{
	static const struct { const char *op; bool listed; } cases[] = {
		{ "glVertex3f", true }, { "glMaterialfv", true }, { "glEnable", true },
		{ "glBindTexture", true }, { "glTexImage2D", true }, { "glCallList", true },
		{ "glDrawArrays", true }, { "glDrawElements", true }, { "glCallLists", true },
		{ "glEnableClientState", false }, { "glVertexPointer", false },
		{ "glPushClientAttrib", false },
		{ "glGenTextures", false }, { "glDeleteLists", false }, { "glNewList", false },
		{ "glEndList", false }, { "glFlush", false }, { "glFinish", false },
		{ "glBufferData", false }, { "glClientActiveTexture", false },
		{ "blinkSwap", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned op = gl_op_find(cases[i].op);

		if (op == GL_OP_COUNT)
			fail_msg("no op is called %s", cases[i].op);
		if (gl_op_listed(op) != cases[i].listed)
			fail_msg("%s: %s", cases[i].op, cases[i].listed ? "is listed" : "is not");
	}
	assert_false(gl_op_listed(GL_OP_COUNT));
}

static void test_hash_is_stable(void **state)
{
	(void)state;
	assert_true(gl_table_hash() == gl_table_hash());
	assert_true(gl_table_hash() != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_core_is_named),
		cmocka_unit_test(test_names_resolve),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_commands_and_ops_agree),
		cmocka_unit_test(test_effects),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_enums),
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_hash_is_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
