/* test_confine_calls.c - what one command makes lists call is counted before the driver gets it:
 * through names that are looked up when it runs, bases that lists set, save and bring back, and
 * lists made anew or deleted since.  What programs do with lists is drawn.
 *
 * Without a verifier before it, which refuses some of this; and where it is not refused here, the
 * driver does not come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/alone.h"

static struct sink *gl;

/* Names: five bytes from 1 on; "HI"; the floats 5 and a quarter, and one that is none. */
#define TABLES HEAD \
	"payload few {\nhex 0102030405\n}\npayload text {\nhex 4849\n}\n" \
	"payload floats {\nf32 5.25\n}\npayload beyond {\nf32 3e9\n}\n" \
	"payload two {\nhex 00050006\n}\npayload back {\nhex fffe\n}\n" \
	"payload many {\nzero 70000\n}\npayload pixels {\nzero 16384\n}\n"
#define LIST(n, ...) "glNewList " #n ", GL_COMPILE\n" __VA_ARGS__ "glEndList\n"
#define CALL(n) "glCallList " #n "\n"
#define NAMES(n, of) "glCallLists " #n ", GL_UNSIGNED_BYTE, @" of "\n"
#define BASE(n) "glListBase " #n "\n"
#define SAVE "glPushAttrib GL_LIST_BIT\n"
#define BACK "glPopAttrib\n"
#define LARGE LIST(1, "glDrawPixels 64, 64, GL_RGBA, GL_UNSIGNED_BYTE, @pixels\n")

static const struct { const char *name, *make; } refused[] = {
	{ "by names", LIST(1, NAMES(2, "few")) CALL(1) },
	{ "by names, at once", LIST(1, NAMES(2, "few")) NAMES(1, "few") },
	{ "by a base", LIST(101, BASE(100) NAMES(1, "few")) CALL(101) },
	{ "by a base that was there", LIST(101, NAMES(1, "few")) BASE(100) CALL(101) },
	{ "by another's base", LIST(9, BASE(100)) LIST(101, CALL(9) NAMES(1, "few")) CALL(101) },
	{ "by a base that comes back", BASE(100) LIST(101, SAVE BASE(0) BACK NAMES(1, "few")) CALL(101) },
	{ "by one that was saved before", BASE(100) SAVE BASE(7) LIST(101, BACK NAMES(1, "few")) CALL(101) },
	{ "one that is not saved", BASE(7) LIST(101, "glPushAttrib GL_ENABLE_BIT\n" BASE(100) BACK
					       NAMES(1, "few")) CALL(101) },
	{ "by floats", LIST(5, "glCallLists 1, GL_FLOAT, @floats\n") CALL(5) },
	{ "by floats beyond all names", LIST(1, FLOOD) "glCallLists 1, GL_FLOAT, @beyond\n" LIST(2, CALL(1))
	  "glCallLists 1, GL_FLOAT, @beyond\n" },
	{ "by two bytes", LIST(5, "glCallLists 1, GL_2_BYTES, @two\n") CALL(5) },
	{ "from a base backwards", LIST(8, BASE(10) "glCallLists 2, GL_BYTE, @back\n") CALL(8) },
	{ "round", LIST(1, CALL(2)) LIST(2, CALL(3)) LIST(3, CALL(1)) CALL(2) },
	{ "made anew since", LIST(1, FLOOD) LIST(2, CALL(1)) LIST(1, CALL(2)) CALL(2) },
	{ "as it is made", LIST(1, NAMES(2, "few")) "glNewList 2, GL_COMPILE_AND_EXECUTE\n" CALL(1)
	  "glEndList\n" },
	{ "the one that had the name", LIST(1, NAMES(2, "few")) "glNewList 1, GL_COMPILE_AND_EXECUTE\n"
	  NAMES(1, "few") "glEndList\n" },
	{ "deleted while it was made", "glNewList 1, GL_COMPILE\n" NAMES(2, "few") "glDeleteLists 1, 1\n"
	  "glEndList\n" CALL(1) },
	{ "deleted by a context without lists", LIST(1, NAMES(2, "few")) "blinkContext 2, 1, 33, 1\n"
	  "blinkMakeCurrent 2, 1, 1\nglDeleteLists 1, 1\nblinkMakeCurrent 1, 1, 1\n" CALL(1) },
	{ "between Begin and End", LIST(1, NAMES(1, "few")) "glBegin GL_POINTS\n" CALL(1) "glEnd\n" },
	{ "as many as are not there", NAMES(70000, "many") LIST(1, CALL(2)) NAMES(70000, "many") },
	{ "one of a size, again and again", LARGE BASE(1) NAMES(70000, "many") },
	{ "the same in a list", LARGE LIST(2, BASE(1) NAMES(70000, "many")) CALL(2) },
};

static const struct { const char *name, *make; } drawn[] = {
	{ "a list", LIST(1, FLOOD) CALL(1) },
	{ "lists of lists", LIST(1, FLOOD) LIST(2, CALL(1) CALL(1)) LIST(3, CALL(2) CALL(1)) CALL(3) },
	{ "what is not there yet", LIST(2, CALL(1)) LIST(1, FLOOD) CALL(2) },
	{ "text", LIST(172, FLOOD) BASE(100) NAMES(2, "text") },
	{ "text in a list", LIST(172, FLOOD) LIST(1, BASE(100) NAMES(2, "text")) CALL(1) },
	{ "with its base put back", LIST(172, FLOOD)
	  LIST(1, SAVE BASE(100) NAMES(2, "text") BACK) CALL(1) CALL(1) },
	{ "text of lists numbered like letters", LIST(172, FLOOD)
	  LIST(72, SAVE BASE(100) NAMES(2, "text") BACK) CALL(72) },
	{ "what is not there, called by a list that calls others", LIST(1, FLOOD) LIST(2, CALL(1))
	  LIST(3, NAMES(5, "few")) LIST(4, BASE(50) CALL(3) CALL(1)) CALL(4) },
	{ "names between Begin and End", LIST(1, "glVertex2f 0, 0\n") "glBegin GL_POINTS\n" NAMES(1, "few")
	  "glEnd\n" LIST(2, FLOOD) CALL(2) },
	{ "no longer one that calls itself", LIST(1, NAMES(2, "few")) LIST(1, FLOOD) NAMES(2, "few") },
	{ "a type that is none", LIST(1, FLOOD) LIST(2, CALL(1)) CALL(2) "glCallLists 1, 5130, @floats\n" },
};

static void run(struct alone *m, const char *make)
{
	struct buf text;

	buf_init(&text);
	buf_printf(&text, "%s%ssp 1 update frame 0 {\n%send\n}\n", TABLES, INIT(CLEAR), make);
	buf_append(&text, "", 1);
	assert_false(buf_failed(&text));
	alone_open(m, gl, (const char *)text.data, 1u << 26);
	alone_run(m, 0, 0, NULL);
	alone_run(m, 1, 0, NULL);
	buf_finish(&text);
}

static void test_refused(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct alone m;

		run(&m, refused[i].make);
		if (confined_fault(m.k) != VSO_FAULT_WORK)
			fail_msg("%s: it is called", refused[i].name);
		alone_close(&m);
	}
}

static void test_drawn(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(drawn) / sizeof(*drawn); i++) {
		static const uint8_t yellow[3] = { 255, 255, 0 };
		struct alone m;
		uint32_t w, h, d;
		uint8_t *rgb;

		run(&m, drawn[i].make);
		if (confined_fault(m.k) != VSO_FAULT_OK)
			fail_msg("%s: it is not called", drawn[i].name);
		d = confined_window(m.k, &w, &h);
		rgb = one_read(gl, d, &w, &h);
		if (memcmp(rgb, yellow, 3) != 0)
			fail_msg("%s: nothing is drawn", drawn[i].name);
		free(rgb);
		alone_close(&m);
	}
}

/* Each calls the one before it so many times. */
static enum vso_fault chain(unsigned lists, unsigned times)
{
	enum vso_fault fault;
	struct alone m;
	struct buf make;

	buf_init(&make);
	buf_printf(&make, "%s", LIST(1, FLOOD));
	for (unsigned i = 2; i <= lists; i++) {
		buf_printf(&make, "glNewList %u, GL_COMPILE\n", i);
		for (unsigned j = 0; j < times; j++)
			buf_printf(&make, "glCallList %u\n", i - 1);
		buf_printf(&make, "glEndList\n");
	}
	buf_printf(&make, "glCallList %u\n", lists);
	buf_append(&make, "", 1);
	assert_false(buf_failed(&make));
	run(&m, (const char *)make.data);
	fault = confined_fault(m.k);
	alone_close(&m);
	buf_finish(&make);
	return fault;
}

static void test_chains(void **state)
{
	(void)state;
	assert_int_equal(chain(40, 2), VSO_FAULT_WORK);
	assert_int_equal(chain(64, 1), VSO_FAULT_OK);
	assert_int_equal(chain(70, 1), VSO_FAULT_WORK);
	assert_int_equal(chain(10, 2), VSO_FAULT_OK);
	assert_int_equal(chain(4, 20), VSO_FAULT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_drawn),
		cmocka_unit_test(test_chains),
	};
	int failed;

	gl = one_driver();
	if (!gl)
		return 77;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sink_destroy(gl);
	return failed;
}
