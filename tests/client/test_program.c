/* test_program.c - blinkgl.h: records as the table has them, labels, registers; and the
 * gears made of them, accepted as a stranger's and drawn as glxgears draws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <GL/gl.h>
#include <math.h>

#include "blink/client/blinkgl.h"
#include "blink/client/programs/gears.h"
#include "blink/engine/engine.h"
#include "blink/verify/verify.h"

static const uint32_t *words(const struct buf *b)
{
	return (const uint32_t *)(const void *)b->data;
}

static void test_records(void **state)
{
	struct buf code;

	(void)state;
	buf_init(&code);
	blinkVertex3f(&code, 1, 2, 3);
	assert_int_equal(code.len, 16);
	assert_int_equal(words(&code)[0], sp_header(OP_glVertex3f, 0));
	assert_int_equal(words(&code)[2], blink_float_word(2));

	buf_clear(&code);
	blinkRotatef_r(&code, blink_f(7), blink_r(3), blink_f(0), blink_r(31));
	assert_int_equal(words(&code)[0], sp_header(OP_glRotatef, 1u << 1 | 1u << 3));
	assert_int_equal(words(&code)[2], 3);
	assert_int_equal(words(&code)[4], 31);

	buf_clear(&code);
	blinkLightfv(&code, GL_LIGHT0, GL_POSITION, blink_at(9, 48));
	assert_int_equal(words(&code)[3], 9);
	assert_int_equal(words(&code)[4], 48);

	buf_clear(&code);
	blinkOrtho(&code, -1, 1, 0, 0, 0, 0);
	assert_int_equal(code.len, 4 * gl_ops[OP_glOrtho].words);
	assert_int_equal(words(&code)[2], 0xbff00000);          /* -1, low word first */
	assert_int_equal(words(&code)[1], 0);
	buf_finish(&code);
}

/* Jumps in several places to one label, and over nothing. */
static void test_labels(void **state)
{
	struct blink_label far = { 0 }, near = { 0 };
	struct buf code;

	(void)state;
	buf_init(&code);
	blink_jump(&code, &far);                                /* words 0, 1 */
	blink_jump_lt_f(&code, blink_r(0), blink_f(1), &far);   /* 2 to 5 */
	blink_jump(&code, &near);                               /* 6, 7 */
	blink_here(&code, &near);
	blink_mov(&code, 1, blink_u(5));                        /* 8 to 10 */
	blink_here(&code, &far);
	sp_end(&code);
	assert_int_equal(words(&code)[1], 11 - 2);
	assert_int_equal(words(&code)[5], 11 - 6);
	assert_int_equal(words(&code)[7], 0);
	buf_finish(&code);
}

/* ---- the gears --------------------------------------------------------------------------- */

struct world {
	struct verify_state *state;
	struct verify_env env;
	struct sp_payload payloads[2];
};

static void world_init(struct world *w)
{
	uint32_t size;
	const void *data = gears_floats_data(&size);

	*w = (struct world){ .state = verify_state_create() };
	assert_non_null(w->state);
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		w->env.limits.names[i] = 8;
	w->env.limits.slots = 8;
	w->env.limits.words = SP_MAX_WORDS;
	w->env.want_rerunnable = true;
	w->payloads[1] = (struct sp_payload){ .data = data, .size = size };
	w->env.payloads = (struct sp_payloads){ w->payloads, 2 };
}

static struct sp procedure(struct buf *code, uint8_t callback)
{
	sp_end(code);
	assert_false(buf_failed(code));
	return (struct sp){ .callback = callback, .code = words(code),
			    .nwords = (uint32_t)(code->len / 4),
			    .context = callback != SP_INIT, .drawable = callback != SP_INIT };
}

static void test_gears_verified(void **state)
{
	struct verify_verdict v;
	struct buf init, redraw;
	struct world w;
	struct sp sp;

	(void)state;
	world_init(&w);
	buf_init(&init);
	buf_init(&redraw);
	gears_code_init(&init, 300, 300);
	sp = procedure(&init, SP_INIT);
	assert_int_equal(verify_sp(w.state, &w.env, &sp, &v), 0);
	gears_code_redraw(&redraw, true);
	sp = procedure(&redraw, SP_REDRAW);
	assert_int_equal(verify_sp(w.state, &w.env, &sp, &v), 0);
	assert_true(v.facts.rerunnable);
	assert_true(verify_facts_direct(&v.facts));
	assert_int_equal(v.facts.opaque, 0);
	verify_state_destroy(w.state);
	buf_finish(&init);
	buf_finish(&redraw);
}

/* The procedure's angles are those that a program would work out. */
static void test_gears_angles(void **state)
{
	const struct client_limits limits = { .slots = 1 };
	uint32_t regs[SP_REGISTERS], size;
	struct sp_payload payloads[2] = { 0 };
	struct sink *sink = sink_null_create();
	struct client c;
	struct buf code;
	struct sp sp;

	(void)state;
	payloads[1].data = gears_floats_data(&size);
	payloads[1].size = size;
	assert_non_null(sink);
	assert_int_equal(client_init(&c, sink, &limits, NULL), 0);
	c.payloads = (struct sp_payloads){ payloads, 2 };
	buf_init(&code);
	gears_code_redraw(&code, true);
	sp = procedure(&code, SP_REDRAW);
	sp.context = sp.drawable = 0;
	for (float t = 0; t < 200; t += 7.3f) {
		c.ext.value[SP_EXT_TIME] = blink_float_word(t);
		assert_int_equal(interp_run(&c, &sp, 0), ENGINE_END);
		gears_registers(gears_angle(t), regs);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(c.regs[i], regs[i]);
	}
	buf_finish(&code);
	client_finish(&c);
	sink_destroy(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_gears_verified),
		cmocka_unit_test(test_gears_angles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
