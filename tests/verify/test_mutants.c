/* test_mutants.c - valid SPs changed at random: whatever the verifier still accepts, the
 * slow machine must find harmless, whichever way its jumps go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/verify/cases.h"
#include "tests/verify/machine.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define MUTANTS 100000u
#define CODE 256u

static const struct record seeds[][16] = {
	{ MAKE, VERTICES, { "glDrawArrays", { 4, 0, 4 } }, { "glDrawArrays", { 4, 3, 1 } } },
	{ MAKE, VERTICES, { "glDrawElements", { 4, 4, USHORT, PAY_INDICES, 0 } },
	  { "glDrawElements", { 4, 3, USHORT, PAY_INDICES_BAD, 0 } } },
	{ MAKE, VERTICES, { "jump.eq.i", { 1, 2, 6 } },
	  { "glVertexPointer", { 3, FLOAT, 0, PAY_TWO, 0 } }, { "glDrawArrays", { 4, 0, 2 } } },
	{ MAKE, VERTICES, { "jump.lt.i", { 1, 2, 8 } }, { "glDisableClientState", { 0x8074 } },
	  { "glDrawArrays", { 4, 0, 4 } }, { "jump", { 2 } },
	  { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 0 } } },
	{ MAKE, { "glVertexAttribPointer", { 1, 3, FLOAT, 0, 0, PAY_TWO, 0 } },
	  { "glEnableVertexAttribArray", { 1 } }, { "glVertexAttribDivisor", { 1, 2 } },
	  { "glDrawArraysInstanced", { 4, 0, 9, 4 } } },
	{ MAKE, VERTICES, { "glPushClientAttrib", { 2 } },
	  { "glVertexPointer", { 3, FLOAT, 0, PAY_TWO, 0 } }, { "glDrawArrays", { 4, 0, 2 } },
	  { "glPopClientAttrib", { 0 } }, { "glDrawArrays", { 4, 0, 4 } } },
	{ MAKE, { "glBindBuffer", { 0x8892, 1 } },
	  { "glVertexPointer.buf", { 3, FLOAT, 0, 0, 0 } }, { "glEnableClientState", { 0x8074 } },
	  { "glDrawArrays", { 4, 0, 100 } }, { "glBindBuffer", { 0x8892, 0 } },
	  { "glTexCoordPointer", { 2, FLOAT, 0, PAY_VERTICES, 0 } },
	  { "glEnableClientState", { 0x8078 } }, { "glDrawArrays", { 4, 0, 6 } },
	  { "glDeleteBuffers", { 1, PAY_NAMES, 0 } }, { "glDisableClientState", { 0x8074 } },
	  { "glDrawArrays", { 4, 1, 5 } } },
	{ MAKE, VERTICES, { "glBindBuffer", { 0x8893, 1 } },
	  { "glBufferData", { 0x8893, 8, 0, PAY_INDICES, 0, 0x88E4 } },
	  { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } },
	  { "glDrawElements.buf", { 4, 2, USHORT, 4, 0 } } },
	{ MAKE, VERTICES, { "glEnable", { 0x8F9D } }, { "glPrimitiveRestartIndex", { 0xffff } },
	  { "glDrawElements", { 4, 4, USHORT, PAY_RESTART, 0 } }, { "glDisable", { 0x8F9D } },
	  { "glDrawElementsBaseVertex", { 4, 2, USHORT, PAY_INDICES, 0, 2 } } },
	{ MAKE, VERTICES, { "glClientActiveTexture", { 0x84C1 } },
	  { "glTexCoordPointer", { 2, FLOAT, 8, PAY_TWO, 0 } },
	  { "glEnableClientState", { 0x8078 } },
	  { "glDrawRangeElements", { 4, 0, 2, 3, USHORT, PAY_INDICES, 0 } },
	  { "glLockArraysEXT", { 0, 2 } }, { "glDrawArrays", { 4, 1, 2 } } },
	{ MAKE, { "blinkContext", { 2, 1, 0, 0 } }, VERTICES, { "blinkMakeCurrent", { 2, 1, 1 } },
	  { "glDrawArrays", { 4, 0, 1 } }, { "blinkMakeCurrent", { 1, 1, 1 } },
	  { "glDrawArrays", { 4, 0, 4 } } },
	{ MAKE, { "glColor4fv", { PAY_VERTICES, 32 } }, { "glVertex3fv", { PAY_VERTICES, 36 } },
	  { "glTexImage2D", { 0x0DE1, 0, 4, 2, 2, 0, 0x1908, 0x1401, PAY_VERTICES, 8 } } },
};
#define SEEDS (sizeof(seeds) / sizeof(*seeds))

/* xorshift: the same mutants everywhere */
static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static uint32_t draw_number(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 20) % below;
}

/* One change: to a word, to an opcode, or of the order of records. */
static uint32_t mutate(uint32_t *code, uint32_t n, const uint32_t *other, uint32_t m)
{
	static const uint32_t words[] = { 0, 1, 2, 3, 4, 5, 8, 12, 16, 48, 0xffff, 0x7fffffff,
					  0xffffffff, 0x8074, 0x8078, 0x8892, 0x8893, USHORT };
	uint32_t at = draw_number(n), k, len;

	switch (draw_number(6)) {
	case 0: code[at] ^= 1u << draw_number(32); break;
	case 1: code[at] += draw_number(3) - 1; break;
	case 2: code[at] = words[draw_number(sizeof(words) / sizeof(*words))]; break;
	case 3: code[at] = code[draw_number(n)]; break;
	case 4: code[at] = sp_header(draw_number(GL_OP_COUNT), 0); break;
	default:                /* a piece of another program, in place of what is here */
		k = draw_number(m);
		len = draw_number(16);
		for (uint32_t i = 0; i < len && at + i < n - 1 && k + i < m - 1; i++)
			code[at + i] = other[k + i];
	}
	return n;
}

static void test_mutants(void **state)
{
	static uint32_t code[SEEDS][CODE], n[SEEDS];
	unsigned accepted = 0, known = 0, draws = 0, wrong = 0;
	struct verify_env env;

	(void)state;
	case_env(&env);
	for (size_t i = 0; i < SEEDS; i++) {
		n[i] = case_code(seeds[i], code[i], CODE);
		assert_int_not_equal(n[i], 0);
	}
	for (unsigned i = 0; i < MUTANTS; i++) {
		unsigned seed = draw_number(SEEDS), other = draw_number(SEEDS);
		struct verify_state *s = verify_state_create();
		struct verify_verdict v;
		uint32_t words[CODE];
		struct sp sp = { .code = words, .callback = SP_INIT };

		memcpy(words, code[seed], sizeof(words));
		sp.nwords = n[seed];
		for (unsigned k = draw_number(4); k-- > 0;)
			mutate(words, sp.nwords, code[other], n[other]);
		if (verify_sp(s, &env, &sp, &v) == 0) {
			accepted++;
			for (uint64_t ways = 0; ways < 4; ways++) {
				struct machine_result r = machine_run(&sp, &env, ways);

				known += r.end == MACHINE_FINE;
				draws += r.draws;
				if (r.end != MACHINE_WRONG)
					continue;
				wrong++;
				if (wrong < 10)
					print_message("mutant %u of seed %u, word %u: %s\n", i, seed,
						      r.word, r.why);
			}
		}
		verify_state_destroy(s);
	}
	print_message("%u of %u mutants accepted, %u runs followed to the end, %u draws\n",
		      accepted, MUTANTS, known, draws);
	assert_int_equal(wrong, 0);
	/* the test tests something */
	assert_true(accepted > MUTANTS / 50 && accepted < MUTANTS && draws > 1000);
}

/* The machine itself: it must notice what the verifier is there to refuse. */
static void test_machine(void **state)
{
	static const struct record bad[][8] = {
		{ MAKE, VERTICES, { "glDrawArrays", { 4, 0, 5 } } },
		{ MAKE, VERTICES, { "glDrawElements", { 4, 4, USHORT, PAY_INDICES_BAD, 0 } } },
		{ MAKE, { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 1 } } },
		{ MAKE, { "glVertex3fv", { PAY_VERTICES, 40 } } },
		{ MAKE, VERTICES, { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } } },
	};
	uint32_t code[CODE];
	struct verify_env env;
	struct sp sp = { .code = code };

	(void)state;
	case_env(&env);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		sp.nwords = case_code(bad[i], code, CODE);
		assert_int_equal(machine_run(&sp, &env, 0).end, MACHINE_WRONG);
	}
	for (size_t i = 0; i < SEEDS; i++) {
		sp.nwords = case_code(seeds[i], code, CODE);
		assert_int_equal(machine_run(&sp, &env, 0).end, MACHINE_FINE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine), cmocka_unit_test(test_mutants),
	};

	return cmocka_run_group_tests_name("verifier: mutants", tests, NULL, NULL);
}
