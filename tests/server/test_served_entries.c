/* test_served_entries.c - which procedure is a client's init, update, reshape, redraw and input
 * SP while its objects become something else: versions that nobody has looked at yet, and
 * versions that are refused, behind which what stood there before was for something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/one.h"

#define INIT \
	"names context 8\nnames drawable 8\n" \
	"sp 0 init {\n" \
	"blinkContext 1, 0, 0, 0\n" \
	"blinkDrawable 1, 64, 64, 1\n" \
	"blinkMakeCurrent 1, 1, 1\n" \
	"end\n}\n"
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

	snprintf(text, sizeof(text), "blink 1\n" INIT "sp 1 %s {\n%s\nend\n}\n", texts[cb].head,
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
		one_publish(&o, "blink 1\npayload colour {\nf32 1 0 0 1\n}\n" INIT
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unseen_version),
		cmocka_unit_test(test_refused_version),
		cmocka_unit_test(test_named_version),
	};

	gl = one_driver();
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
