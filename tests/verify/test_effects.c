/* test_effects.c - which sequences may run twice, and what must be restored for the
 * others: programs in assembler-like C tables against expected slots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "blink/verify/effects.h"

/* One record: op by name, then its words. */
struct record { const char *op; uint32_t word[8]; };

static uint32_t f(float v)
{
	uint32_t u;

	memcpy(&u, &v, sizeof(u));
	return u;
}

static void emit(struct buf *code, const struct record *r)
{
	unsigned op = gl_op_find(r->op);

	if (op == GL_OP_COUNT)
		fail_msg("no instruction %s", r->op);
	sp_emit(code, op, 0, r->word);
}

/* "" means re-runnable; otherwise the slots to restore. */
static void expect_in(struct effects_walk *w, const struct record *r, const char *slots)
{
	struct buf code, restore;
	bool fine;

	buf_init(&code);
	buf_init(&restore);
	for (; r->op; r++)
		emit(&code, r);
	sp_end(&code);
	fine = effects_judge_sp(w, (const uint32_t *)(const void *)code.data,
				(uint32_t)(code.len / 4), &restore);
	buf_append(&restore, "", 1);
	assert_string_equal((const char *)restore.data, slots);
	assert_int_equal(fine, slots[0] == 0);
	buf_finish(&code);
	buf_finish(&restore);
}

static void expect(const struct record *r, const char *slots)
{
	expect_in(NULL, r, slots);
}

#define CLEAR_ALL { "glClear", { 0x4500 } }
#define MAKE { "blinkContext", { 1, 0, 0, 0 } }, { "blinkDrawable", { 1, 64, 64, 1 } }, \
	     { "blinkMakeCurrent", { 1, 1, 1 } }
static const struct record make[] = { MAKE, { 0 } };

/* A walk that has seen the context being made. */
static struct effects_walk *walk_new(void)
{
	struct effects_walk *w = effects_create();

	assert_non_null(w);
	expect_in(w, make, "*");
	return w;
}

/* Each run would leave another shader behind. */
static void test_created(void **state)
{
	(void)state;
	expect((struct record[]){ { "glCreateShader", { 0x8b31, 2 } }, { 0 } },
	       "program_name shader");
}

static void test_write_only(void **state)
{
	(void)state;
	expect((struct record[]){ { "glClearColor", { 0 } }, { "glBlendFunc", { 1, 1 } }, { 0 } }, "");
	expect((struct record[]){ { 0 } }, "");
}

static void test_clear_then_draw(void **state)
{
	struct effects_walk *w = walk_new();

	(void)state;
	expect_in(w, (struct record[]){ CLEAR_ALL, { "glBegin", { 4 } },
		  { "glVertex3f", { 0, 0, 0 } }, { "glEnd", { 0 } },
		  { "blinkSwap", { 1 } }, { 0 } }, "");
	/* without a clear the picture grows */
	expect_in(w, (struct record[]){ { "glBegin", { 4 } }, { "glVertex3f", { 0, 0, 0 } },
		  { "glEnd", { 0 } }, { "blinkSwap", { 1 } }, { 0 } }, "color_buffer");
	/* a scissored clear replaces nothing */
	expect_in(w, (struct record[]){ { "glEnable", { 0x0C11 } }, { 0 } }, "");
	expect_in(w, (struct record[]){ CLEAR_ALL, { 0 } },
		  "color_buffer depth_buffer stencil_buffer");
	effects_destroy(w);
}

static void test_state_read_before_written(void **state)
{
	struct effects_walk *w = walk_new();

	(void)state;
	expect_in(w, (struct record[]){ CLEAR_ALL, { "glBegin", { 4 } },
		  { "glVertex3f", { 0, 0, 0 } }, { "glColor3f", { 0, 0, 0 } },
		  { "glVertex3f", { 0, 0, 0 } }, { "glEnd", { 0 } }, { 0 } }, "current_color");
	expect_in(w, (struct record[]){ CLEAR_ALL, { "glColor3f", { 0, 0, 0 } },
		  { "glBegin", { 4 } }, { "glVertex3f", { 0, 0, 0 } }, { "glEnd", { 0 } }, { 0 } },
		  "");
	expect_in(w, (struct record[]){ CLEAR_ALL, { "glBegin", { 4 } },
		  { "glVertex3f", { 0, 0, 0 } }, { "glEnd", { 0 } },
		  { "glBlendFunc", { 1, 1 } }, { 0 } }, "blend_func");
	effects_destroy(w);
}

static void test_matrix(void **state)
{
	struct effects_walk *w = walk_new();
	const uint32_t one = f(1);

	(void)state;
	expect_in(w, (struct record[]){ { "glRotatef", { one, one, 0, 0 } }, { 0 } }, "matrix");
	expect_in(w, (struct record[]){ { "glLoadIdentity", { 0 } },
		  { "glRotatef", { one, one, 0, 0 } }, { 0 } }, "");
	expect_in(w, (struct record[]){ { "glPushMatrix", { 0 } },
		  { "glRotatef", { one, one, 0, 0 } }, { "glPushMatrix", { 0 } },
		  { "glLoadIdentity", { 0 } }, { "glPopMatrix", { 0 } },
		  { "glPopMatrix", { 0 } }, { 0 } }, "");
	/* unbalanced */
	expect_in(w, (struct record[]){ { "glPushMatrix", { 0 } }, { 0 } }, "matrix_stack");
	expect_in(w, (struct record[]){ { "glLoadIdentity", { 0 } }, { "glPopMatrix", { 0 } },
		  { 0 } }, "matrix_stack");
	/* the matrix mode decides which one */
	expect_in(w, (struct record[]){ { "glMatrixMode", { 0x1701 } },
		  { "glLoadIdentity", { 0 } }, { "glMatrixMode", { 0x1700 } },
		  { "glRotatef", { one, one, 0, 0 } }, { 0 } }, "matrix");
	effects_destroy(w);
}

static void test_textures(void **state)
{
	struct effects_walk *w = walk_new();
	const struct record draw[] = { CLEAR_ALL, { "glBindTexture", { 0x0DE1, 3 } },
		{ "glBegin", { 4 } }, { "glVertex3f", { 0, 0, 0 } }, { "glEnd", { 0 } }, { 0 } };
	const struct record late[] = { CLEAR_ALL, { "glBegin", { 4 } },
		{ "glVertex3f", { 0, 0, 0 } }, { "glEnd", { 0 } },
		{ "glBindTexture", { 0x0DE1, 3 } }, { 0 } };
	const struct record units[] = { CLEAR_ALL, { "glBindTexture", { 0x0DE1, 3 } },
		{ "glActiveTexture", { 0x84C1 } }, { 0 } };

	(void)state;
	expect_in(w, draw, "");
	expect_in(w, late, "texture_binding");
	expect_in(w, units, "active_texture");
	/* there and back again; the walk remembers that unit 1 is active now */
	expect_in(w, (struct record[]){ { "glBindTexture", { 0x0DE1, 3 } },
		  { "glActiveTexture", { 0x84C0 } }, { "glBindTexture", { 0x0DE1, 3 } },
		  { "glActiveTexture", { 0x84C1 } }, { 0 } }, "");
	effects_destroy(w);
}

static void test_lists(void **state)
{
	struct effects_walk *w = walk_new();

	(void)state;
	expect_in(w, (struct record[]){ { "glNewList", { 1, 0x1300 } },
		  { "glShadeModel", { 0x1D00 } }, { "glBegin", { 4 } },
		  { "glVertex3f", { 0, 0, 0 } }, { "glVertex3f", { 0, 0, 0 } },
		  { "glEnd", { 0 } }, { "glEndList", { 0 } }, { 0 } }, "list list_mode");
	expect_in(w, (struct record[]){ CLEAR_ALL, { "glCallList", { 1 } }, { 0 } }, "");
	/* its shade model is set before it draws, but after others draw */
	expect_in(w, (struct record[]){ CLEAR_ALL, { "glBegin", { 4 } },
		  { "glVertex3f", { 0, 0, 0 } }, { "glEnd", { 0 } }, { "glCallList", { 1 } },
		  { 0 } }, "shade_model");
	effects_destroy(w);
}

static void test_conditional(void **state)
{
	struct effects_walk *w = walk_new();

	(void)state;
	/* the colour may not have been set when it is used */
	expect_in(w, (struct record[]){ { "jump.eq.i", { 1, 2, 4 } }, { "glClearColor", { 0 } },
		  { "glClear", { 0 } }, { 0 } }, "clear_color");
	effects_destroy(w);
}

static void test_opaque(void **state)
{
	(void)state;
	expect((struct record[]){ { "blinkContext", { 1, 0, 0, 0 } }, { 0 } }, "*");
	expect((struct record[]){ { "call", { 1, 0, 0 } }, { 0 } }, "*");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_created), cmocka_unit_test(test_write_only), cmocka_unit_test(test_clear_then_draw),
		cmocka_unit_test(test_state_read_before_written), cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_textures), cmocka_unit_test(test_lists),
		cmocka_unit_test(test_conditional), cmocka_unit_test(test_opaque),
	};

	return cmocka_run_group_tests_name("effects", tests, NULL, NULL);
}
