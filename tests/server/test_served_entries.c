/* test_served_entries.c - which procedure is a client's init, update, reshape, redraw and input
 * SP while its objects become something else: versions that nobody has looked at yet, and
 * versions that are refused, behind which what stood there before was for something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/one.h"

#define OBJECT (ONE_SPS + 1)

static struct sink *gl;

/* What a procedure for each callback may say, and what it may not. */
static const struct {
	const char *head, *good, *bad;
} texts[SP_CALLBACKS] = {
#define DRAWS(name) { name " frame 0 context 1 drawable 1", "glClearColor 0, 1, 0, 1", \
		      "glBindTexture GL_TEXTURE_2D, 4000" }
	[SP_INIT] = DRAWS("init"), [SP_UPDATE] = DRAWS("update"), [SP_RESHAPE] = DRAWS("reshape"),
	[SP_REDRAW] = DRAWS("redraw"),
	[SP_INPUT] = { "input", "mov r0, 1", "glClear GL_COLOR_BUFFER_BIT" },
};

static void publish(struct one *o, enum sp_callback cb, bool good)
{
	char text[1024];

	snprintf(text, sizeof(text), "blink 1\n" ONE_INIT "sp 1 %s {\n%s\nend\n}\n", texts[cb].head,
		 good ? texts[cb].good : texts[cb].bad);
	one_publish(o, text);
}

/* A frame in which there is a reason to call each of them. */
static void eventful_frame(struct one *o)
{
	static uint32_t width = ONE_SIDE;
	struct error err;

	width = width == ONE_SIDE ? ONE_SIDE / 2 : ONE_SIDE;
	assert_int_equal(served_resize(o->served, width, ONE_SIDE, &err), 0);
	vso_client_update(o->client);
	o->tick.input = true;
	one_frame(o);
	o->tick.input = false;
}

static uint64_t called(const struct one *o, enum sp_callback cb)
{
	struct server_client_info i = { 0 };

	served_info(o->served, &i);
	return (const uint64_t[SP_CALLBACKS]){
		[SP_INIT] = i.inits, [SP_UPDATE] = i.updates, [SP_RESHAPE] = i.reshapes,
		[SP_REDRAW] = i.redraws, [SP_INPUT] = i.inputs,
	}[cb];
}

/* A frame in which nothing is looked at but what came. */
static void take_only(struct one *o)
{
	uint64_t budget = o->tick.budget_ns;

	o->tick.budget_ns = 0;
	served_take(o->served);
	assert_int_equal(served_prepare(o->served, &o->tick), VSO_FAULT_OK);
	o->tick.budget_ns = budget;
}

static void test_unseen_version(void **state)
{
	(void)state;
	for (unsigned cb = 0; cb < SP_CALLBACKS; cb++) {
		struct one o;

		one_open(&o, gl, VSO_HELLO_RESIZE, 0, 0);
		publish(&o, cb, true);
		take_only(&o);
		one_put(&o, OBJECT, VSO_DATA, "bytes", 5);
		take_only(&o);
		eventful_frame(&o);
		assert_int_equal(called(&o, cb), cb == SP_INIT);
		/* and there may be one again */
		publish(&o, cb, true);
		eventful_frame(&o);
		if (called(&o, cb) <= (cb == SP_INIT))
			fail_msg("callback %u: not called, fault %d", cb, one_fault(&o, OBJECT));
		one_close(&o);
	}
}

static void test_refused_version(void **state)
{
	(void)state;
	for (unsigned pair = 0; pair < SP_CALLBACKS * SP_CALLBACKS; pair++) {
		unsigned was = pair / SP_CALLBACKS, now = pair % SP_CALLBACKS;
		uint64_t before;
		struct one o;

		if (was == now)
			continue;
		one_open(&o, gl, VSO_HELLO_RESIZE, 0, 0);
		publish(&o, was, true);
		eventful_frame(&o);
		assert_int_equal(one_fault(&o, OBJECT), VSO_FAULT_OK);
		before = called(&o, now);
		publish(&o, now, false);
		eventful_frame(&o);
		assert_int_equal(one_fault(&o, OBJECT), VSO_FAULT_REFUSED);
		if (called(&o, now) != before)
			fail_msg("callback %u, refused, after %u: called", now, was);
		/* what stood there stands there still */
		before = called(&o, was);
		eventful_frame(&o);
		if (called(&o, was) - before != (was != SP_INIT))
			fail_msg("callback %u after %u: called %d times", was, now,
				 (int)(called(&o, was) - before));
		one_close(&o);
	}
}

/* A reshape SP needs a payload, which became a procedure and has to become a payload again. */
static void test_named_version(void **state)
{
	static const enum sp_callback later[] = { SP_UPDATE, SP_REDRAW, SP_INPUT };

	(void)state;
	for (unsigned i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		struct one o;

		one_open(&o, gl, VSO_HELLO_RESIZE, 0, 0);
		one_publish(&o, "blink 1\npayload colour {\nf32 1 0 0 1\n}\n" ONE_INIT
				"sp 1 reshape frame 0 context 1 drawable 1 {\n"
				"glFogfv GL_FOG_COLOR, @colour\nend\n}\n");
		eventful_frame(&o);
		assert_int_equal(called(&o, SP_RESHAPE), 1);
		one_put_sp(&o, 1, later[i]);
		eventful_frame(&o);
		assert_int_equal(one_fault(&o, 1), VSO_FAULT_REFUSED);
		assert_int_equal(called(&o, SP_RESHAPE), 2);
		assert_int_equal(called(&o, later[i]), 0);
		one_close(&o);
	}
}

/* ---- which one is looked at, and which is run -------------------------------------------- */

#define OP(name) sp_header(OP_##name, 0)
#define ONE_F 0x3f800000u
#define COLOUR(r, g, b) OP(glClearColor), r, g, b, ONE_F, OP(glClear), 0x4000
#define VERTICES 0x8074
/* objects */
enum { FIRST = 110, SECOND, BETWEEN, NAMING, LAST };

static void code_put(struct one *o, uint32_t object, unsigned callback, const uint32_t *code,
		     uint32_t words)
{
	bool callee = callback == VSO_CALLEE;
	struct vso_desc d = { .type = VSO_SP, .callback = (uint8_t)callback, .size = words * 4,
			      .context = !callee, .drawable = !callee };
	struct error err;

	vso_client_reclaim(o->client);
	assert_int_equal(vso_publish(o->client, object, &d, code, &err), 0);
	vso_client_ring(o->client);
}
#define PUT(o, object, callback, ...) do { \
		const uint32_t code_[] = { __VA_ARGS__, OP(end) }; \
		code_put(o, object, callback, code_, sizeof(code_) / 4); \
	} while (0)

static uint32_t shown(struct one *o)
{
	uint8_t *rgb = one_picture(o);
	uint32_t v = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];

	free(rgb);
	return v;
}

/* The second redraw SP is accepted with what it calls put back, and so is the first, which
 * that names, and which is the lowest now.  What was verified is run, not the lowest: that
 * draws from an array which is on, and of which the second one would have switched off. */
static void test_put_back_below(void **state)
{
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	one_publish(&o, "blink 1\n" ONE_INIT);
	PUT(&o, FIRST, SP_REDRAW, COLOUR(ONE_F, 0, 0), OP(glDrawArrays), 0, 0, 100);
	PUT(&o, NAMING, VSO_CALLEE, OP(call), FIRST, 0, 0);
	PUT(&o, BETWEEN, VSO_CALLEE, OP(glFlush));
	PUT(&o, SECOND, SP_REDRAW, OP(glDisableClientState), VERTICES, COLOUR(0, ONE_F, 0),
	    OP(call), BETWEEN, 0, 0);
	one_frame(&o);
	assert_int_equal(shown(&o), 0xff0000);
	PUT(&o, FIRST, VSO_CALLEE, OP(glFlush));
	one_frame(&o);
	assert_int_equal(shown(&o), 0x00ff00);
	PUT(&o, FIRST, VSO_CALLEE, OP(glFlush));
	PUT(&o, BETWEEN, VSO_CALLEE, OP(call), FIRST, 0, 0, OP(glBindTexture), 0x0DE1, 4000);
	PUT(&o, LAST, SP_INIT, OP(glEnableClientState), VERTICES);
	one_frame(&o);
	assert_int_equal(one_fault(&o, FIRST), VSO_FAULT_REFUSED);
	assert_int_equal(one_fault(&o, BETWEEN), VSO_FAULT_REFUSED);
	assert_int_equal(shown(&o), 0x00ff00);
	/* from now on it is the first, looked at as any other */
	one_frame(&o);
	assert_int_equal(shown(&o), 0xff0000);
	one_close(&o);
}

/* Who asks for an update while the server puts off taking what it brings (turns_put_off) gets that
 * update, late, and not the one before it: nobody would ever ask for the new one, nor would what
 * it names be proven good, and the pages of what that replaces would never come back. */
static void test_update_put_off(void **state)
{
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	one_publish(&o, "blink 1\n" ONE_INIT
		    "sp 1 update frame 0 context 1 drawable 1 {\nglClearColor 1, 0, 0, 1\nend\n}\n"
		    "sp 2 redraw frame 0 context 1 drawable 1 {\nglClear GL_COLOR_BUFFER_BIT\nend\n}\n");
	vso_client_update(o.client);
	one_frame(&o);
	assert_int_equal(shown(&o), 0xff0000);
	one_publish(&o, "blink 1\n"
		    "sp 1 update frame 0 context 1 drawable 1 {\nglClearColor 0, 1, 0, 1\nend\n}\n");
	vso_client_update(o.client);
	o.tick.now_ns += 20000000;
	assert_int_equal(served_prepare(o.served, &o.tick), VSO_FAULT_OK);
	assert_int_equal(called(&o, SP_UPDATE), 1);
	assert_int_equal(atomic_load(&vso_client_server(o.client)->updated), 1);
	one_frame(&o);
	assert_int_equal(called(&o, SP_UPDATE), 2);
	assert_int_equal(atomic_load(&vso_client_server(o.client)->updated), 2);
	assert_int_equal(shown(&o), 0x00ff00);
	one_close(&o);
}

/* All was published and asked for before this server looked, as after an executor's restart: the
 * update comes before a redraw that uses what it makes. */
static void test_update_restarted(void **state)
{
	static const char text[] =
		"blink 1\nnames context 8\nnames drawable 8\nsp 0 init {\nblinkContext 1, 0, 0, 0\n"
		"blinkDrawable 1, 64, 64, 1\nblinkMakeCurrent 1, 1, 1\nend\n}\n"
		"sp 1 update frame 0 context 1 drawable 1 {\nglClearColor 0, 1, 0, 1\n"
		"blinkDrawable 2, 64, 64, 1\nend\n}\n"
		"sp 2 redraw frame 0 context 1 drawable 1 {\nblinkMakeCurrent 1, 2, 2\n"
		"blinkMakeCurrent 1, 1, 1\nglClear GL_COLOR_BUFFER_BIT\nend\n}\n";
	struct one o;

	(void)state;
	one_open_late(&o, gl, text);
	one_frame(&o);
	assert_int_equal(called(&o, SP_UPDATE), 1);
	assert_int_equal(called(&o, SP_REDRAW), 1);
	assert_int_equal(shown(&o), 0x00ff00);
	one_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unseen_version),
		cmocka_unit_test(test_refused_version),
		cmocka_unit_test(test_named_version),
		cmocka_unit_test(test_put_back_below),
		cmocka_unit_test(test_update_put_off),
		cmocka_unit_test(test_update_restarted),
	};

	gl = one_driver();
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
