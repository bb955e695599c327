/* test_served_found.c - what fuzz_served.c has found, in words: a client's init SP, the fault
 * that comes of it, and what the client then has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/server/one.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_found) };

	gl = one_driver();
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
