/* test_peers.c - other code generators make of the mixes what the interpreter makes of
 * them; objects are loaded as a linker would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "jit-bench/counters.h"
#include "jit-bench/mixes.h"
#include "jit-bench/peer_gcc.h"
#include "jit-bench/peer_memory.h"
#include "jit-bench/peer_program.h"

/* ---- objects ----------------------------------------------------------------------- */

static unsigned called[2];

static void callee(unsigned n)
{
	called[n & 1]++;
}

static uint64_t resolve(void *user, const char *name)
{
	(void)user;
	return !strcmp(name, "callee") ? (uint64_t)(uintptr_t)callee : 0;
}

static void object_runs(uint64_t anchor)
{
	static const char text[] =
		"void callee(unsigned);\n"
		"static const float table[4] = { 1, 2, 3, 4 };\n"
		"static unsigned count;\n"
		"void run(unsigned *r) { callee(0); callee(1); count++;\n"
		"r[1] = (unsigned)(table[r[0] & 3] * 10); r[2] = count; }\n";
	struct code_memory m;
	uint32_t r[3] = { 2 };
	struct error err = { 0 };
	struct buf object;
	peer_fn run;

	buf_init(&object);
	if (gcc_compile(text, false, &object, &err) < 0) {
		printf("%s\n", err.text);
		skip();
	}
	assert_int_equal(code_memory_init(&m, 1 << 20, anchor), 0);
	run = (peer_fn)(uintptr_t)object_load(&m, object.data, object.len, resolve, NULL);
	assert_non_null(run);
	called[0] = called[1] = 0;
	run(r);
	run(r);
	assert_int_equal(called[0], 2);
	assert_int_equal(called[1], 2);
	assert_int_equal(r[1], 30);
	assert_int_equal(r[2], 2);
	code_memory_finish(&m);
	buf_finish(&object);
}

static void near_and_far_objects(void **state)
{
	(void)state;
	object_runs((uint64_t)(uintptr_t)callee);
	object_runs((uint64_t)(uintptr_t)callee ^ 0x100000000000);     /* through jumps */
}

static void what_cannot_be_loaded(void **state)
{
	uint8_t junk[64] = "\x7f" "ELF";
	struct code_memory m;

	(void)state;
	assert_int_equal(code_memory_init(&m, 1 << 16, (uint64_t)(uintptr_t)callee), 0);
	assert_null(object_load(&m, junk, sizeof(junk), resolve, NULL));
	assert_null(object_load(&m, junk, 0, resolve, NULL));
	assert_null(code_memory_take(&m, 1 << 17));
	code_memory_finish(&m);
}

/* ---- programs ------------------------------------------------------------------------- */

static void text_says_it_all(void **state)
{
	struct client_limits limits = { .slots = 1 };
	struct sink *sink = sink_null_create();
	struct client c;
	struct decoded d;
	struct buf code, text;
	struct sp sp = { 0 };

	(void)state;
	assert_int_equal(client_init(&c, sink, &limits, NULL), 0);
	buf_init(&code);
	buf_init(&text);
	sp_emit_words(&code, OP_glColor4ub, 1, 2, 3, 255);
	sp_emit_words(&code, OP_glVertex3f, 0x3f800000, 0x7fc00000, 0);
	sp_emit(&code, OP_min_f, 6, (uint32_t[]){ 1, 2, 3 });
	sp_emit_words(&code, OP_blinkSwap, 1);
	sp_end(&code);
	sp.code = (const uint32_t *)(const void *)code.data;
	sp.nwords = (uint32_t)(code.len / 4);
	assert_int_equal(decoded_make(&d, &sp, &c, 1, NULL), 0);
	assert_int_equal(d.program.n, 4);
	assert_int_equal(d.others, 1);
	program_c(&d.program, &text);
	assert_non_null(strstr((char *)text.data, "glColor4ub(1, 2, 3, 255);"));
	assert_non_null(strstr((char *)text.data, "glVertex3f(0x1p+0f, F(0x7fc00000u), 0x0p+0f);"));
	assert_non_null(strstr((char *)text.data, "r1 = U(KF(M(F(r2), F(r3))));"));
	assert_non_null(strstr((char *)text.data, "other(0xdu);"));
	decoded_finish(&d);
	buf_clear(&code);
	sp_emit_words(&code, OP_mov, 1, 2);
	sp.nwords = (uint32_t)(code.len / 4);
	assert_true(decoded_make(&d, &sp, &c, 1, NULL) < 0);
	decoded_finish(&d);
	buf_finish(&code);
	buf_finish(&text);
	client_finish(&c);
	sink_destroy(sink);
}

/* ---- all of them ------------------------------------------------------------------------ */

static void peers_agree(void **state)
{
	const char *blinkctl = getenv("BLINKCTL"), *slash;
	char command[4096], line[4096] = "";
	struct json_object *j;
	FILE *in;

	(void)state;
	blinkctl = blinkctl ? blinkctl : "build/blinkctl";
	slash = strrchr(blinkctl, '/');
	/* libraries of others may leak */
	snprintf(command, sizeof(command), "ASAN_OPTIONS=detect_leaks=0 "
		 "%.*s/jit-bench/blink-peers --check", slash ? (int)(slash - blinkctl) : 1,
		 slash ? blinkctl : ".");
	in = popen(command, "r");
	assert_non_null(in);
	assert_non_null(fgets(line, sizeof(line), in));
	assert_int_equal(pclose(in), 0);
	j = json_tokener_parse(line);
	assert_non_null(j);
	json_object_object_foreach(j, name, verdict) {
		const char *said = json_object_get_string(verdict);

		printf("# %s: %s\n", name, said);
		assert_true(!strcmp(said, "good") || !strcmp(said, "missing"));
	}
	json_object_put(j);
}

static void counts_are_told(void **state)
{
	struct json_object *j = json_object_new_object();
	struct counters c;

	(void)state;
	if (!counters_open(&c)) {
		assert_int_equal(strncmp(counters_source(&c), "none", 4), 0);
		counters_begin(&c);
		counters_end(&c, 1, j);
		assert_int_equal(json_object_object_length(j), 0);
	} else {
		counters_begin(&c);
		counters_end(&c, 1, j);
		assert_true(json_object_object_length(j) > 0);
		assert_int_equal(strncmp(counters_source(&c), "none", 4) == 0, 0);
	}
	counters_close(&c);
	json_object_put(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_and_far_objects),
		cmocka_unit_test(what_cannot_be_loaded),
		cmocka_unit_test(text_says_it_all),
		cmocka_unit_test(peers_agree),
		cmocka_unit_test(counts_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
