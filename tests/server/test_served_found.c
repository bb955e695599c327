/* test_served_found.c - what fuzz_served.c has found, in words: a client's init SP, the fault
 * that comes of it, and what the client then has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "blink/server/served.h"
#include "tests/server/many.h"

static struct sink *gl;

static const struct {
	const char *what, *body;
	enum vso_fault fault;
} rows[] = {
	/* it was made, in a place that counted as free, and never went */
	{ "a drawable that is none", "blinkDrawable 0, 64, 64, 1", VSO_FAULT_GL },
};

static void test_found(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server_client_info info = { 0 };
		char text[512];
		struct one o;

		snprintf(text, sizeof(text),
			 "blink 1\nnames context 8\nnames drawable 8\nsp 0 init {\n%s\nend\n}\n",
			 rows[i].body);
		one_open(&o, gl, 0, 0, 0);
		one_publish(&o, text);
		one_frame(&o);
		served_info(o.served, &info);
		if (one_fault(&o, ONE_SPS) != rows[i].fault || info.memory)
			fail_msg("%s: fault %s, %d bytes", rows[i].what,
				 vso_fault_name(one_fault(&o, ONE_SPS)), (int)info.memory);
		one_close(&o);
	}
}

/* The last world that a client may wreck, by a procedure of each kind, after three by an update
 * SP: it goes, and nobody else; the driver is not taken for lost. */
static void test_last_world(void **state)
{
	static const char *const last[] = { "init", "update frame 0 context 1 drawable 1",
					    "redraw frame 0 context 1 drawable 1" };
	struct server_options opt = { 0 };

	(void)state;
	for (unsigned i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
		uint32_t other, id;
		struct many m;

		assert_true(many_open(&m, &opt));
		other = many_add(&m, 40, 30, 0, "other", many_plain(0, 1, 0, 40, 30));
		id = many_add(&m, 40, 30, 0, "wrecker", NULL);
		for (unsigned worlds = 0; worlds < 5; worlds++) {
			char text[1024];

			snprintf(text, sizeof(text),
				 "blink 1\nnames context 8\nnames drawable 8\n"
				 "sp 0 init {\nblinkContext 1, 0, 0, 0\nblinkDrawable 1, 40, 30, 1\n"
				 "blinkMakeCurrent 1, 1, 1\nend\n}\n"
				 "sp 1 %s {\nblinkContext 2, 0, 0, 0\nblinkContext 2, 0, 0, 0\nend\n}\n",
				 worlds < 4 ? last[1] : last[i]);
			assert_int_equal(many_info(&m, id).id, id);
			one_publish(&m.c[1], text);
			vso_client_update(m.c[1].client);
			many_frames(&m, 2);
		}
		assert_int_equal(server_clients(m.server, (struct server_client_info[2]){ 0 }, 2), 1);
		assert_int_equal(many_info(&m, other).redraws != 0, 1);
		many_close(&m);
	}
}

/* A stream ends while an entry of it has not: through a fault of its own, or with its world.
 * The client's objects are served as ever, and at last there is nothing to do. */
static void test_stream_ends(void **state)
{
	static const char *const between[] = {
		"glTexImage2D GL_TEXTURE_2D, 0, 6408, 2048, 2048, 0, GL_RGBA, GL_UNSIGNED_BYTE, null",
		"glFlush",
	};

	(void)state;
	for (unsigned lost = 0; lost < 2; lost++) {
		struct server_client_info info = { 0 };
		char text[1024];
		struct one o;

		one_open(&o, gl, 0, 65536, 4u << 20);
		snprintf(text, sizeof(text),
			 "blink 1\nnames context 8\nnames drawable 8\n"
			 "sp 0 init {\nblinkContext 1, 0, 0, 0\nblinkDrawable 1, 64, 64, 1\n"
			 "blinkMakeCurrent 1, 1, 1\n%s\nyield\nglFlush\nyield\nglFlush\nend\n}\n",
			 between[lost]);
		one_push(&o, text);
		one_frame(&o);
		if (lost)
			served_renew(o.served);
		one_publish(&o, "blink 1\nsp 0 update {\nmov r0, 1\nend\n}\n");
		vso_client_update(o.client);
		for (unsigned i = 0; i < 4; i++)
			one_frame(&o);
		served_info(o.served, &info);
		assert_int_equal(info.fault, lost ? VSO_FAULT_STREAM_LOST : VSO_FAULT_MEMORY);
		assert_int_equal(info.updates, 1);
		assert_false(served_busy(o.served));
		one_close(&o);
	}
}

/* An update SP that fails, or whose world goes while it runs: who asked for it is answered. */
static void test_update_ends(void **state)
{
	static const char *const bodies[] = {
		"blinkContext 2, 0, 0, 0\nblinkContext 2, 0, 0, 0",
		"glFlush\nyield\nglFlush\nyield\nglFlush",
		"yield\nblinkContext 2, 0, 0, 0\nblinkContext 2, 0, 0, 0",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		char text[1024];
		struct one o;

		one_open(&o, gl, 0, 0, 0);
		snprintf(text, sizeof(text),
			 "blink 1\nnames context 8\nnames drawable 8\n"
			 "sp 0 init {\nblinkContext 1, 0, 0, 0\nblinkDrawable 1, 64, 64, 1\n"
			 "blinkMakeCurrent 1, 1, 1\nend\n}\n"
			 "sp 1 update frame 0 context 1 drawable 1 {\n%s\nend\n}\n", bodies[i]);
		one_publish(&o, text);
		one_frame(&o);
		vso_client_update(o.client);
		one_frame(&o);
		if (i == 1)
			served_renew(o.served);
		for (unsigned k = 0; k < 4; k++)
			one_frame(&o);
		assert_int_equal(vso_client_server(o.client)->updated, 1);
		one_close(&o);
	}
}

/* Pointer or keys change while another procedure is under way: the input SP is told later. */
static void test_input_meanwhile(void **state)
{
	struct server_client_info info = { 0 };
	struct one o;

	(void)state;
	one_open(&o, gl, 0, 0, 0);
	one_publish(&o, "blink 1\nsp 0 update {\nyield\nyield\nyield\nend\n}\n"
			"sp 1 input {\nmov r0, 1\nend\n}\n");
	vso_client_update(o.client);
	one_frame(&o);
	o.tick.input = true;
	one_frame(&o);
	o.tick.input = false;
	for (unsigned i = 0; i < 4; i++)
		one_frame(&o);
	served_info(o.served, &info);
	assert_int_equal(info.updates, 1);
	assert_int_equal(info.inputs, 1);
	one_close(&o);
}

/* What the client has no memory for is refused as often as it is asked for. */
static void test_resize_refused(void **state)
{
	struct error err = { 0 };
	uint32_t w, h;
	struct one o;

	(void)state;
	one_open(&o, gl, VSO_HELLO_RESIZE, 0, 4u << 20);
	one_publish(&o, "blink 1\nnames context 8\nnames drawable 8\nsp 0 init {\n"
			"blinkContext 1, 0, 0, 0\nblinkDrawable 1, 64, 64, 1\n"
			"blinkMakeCurrent 1, 1, 1\nend\n}\n"
			"sp 1 update frame 0 context 1 drawable 1 {\nglFlush\nend\n}\n");
	one_frame(&o);
	for (unsigned i = 0; i < 2; i++)
		assert_true(served_resize(o.served, 4096, 4096, &err) < 0);
	vso_client_update(o.client);
	one_frame(&o);
	assert_int_equal(one_fault(&o, ONE_SPS + 1), VSO_FAULT_OK);
	assert_int_equal(served_resize(o.served, 32, 16, &err), 0);
	assert_int_not_equal(served_retained(o.served, &w, &h), 0);
	assert_int_equal(w, 32);
	assert_int_equal(h, 16);
	one_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found), cmocka_unit_test(test_last_world),
		cmocka_unit_test(test_stream_ends), cmocka_unit_test(test_update_ends),
		cmocka_unit_test(test_input_meanwhile), cmocka_unit_test(test_resize_refused),
	};

	gl = one_driver();
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
