/* test_acts.c - the fuzzer's acts (acts.h), by chance; honest ones and others.  Nothing is
 * left open, and the memory of all is that of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/vso/acts.h"
#include "tests/vso/pair.h"

static uint64_t next(uint64_t *s)
{
	*s = *s * 6364136223846793005u + 1442695040888963407u;
	return *s >> 33;
}

static void run(unsigned inputs, bool honest, uint64_t seed)
{
	static const uint8_t honest_acts[] = { 0, 1, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19 };
	unsigned before = open_descriptors();
	static uint8_t input[1500];

	for (unsigned n = 0; n < inputs; n++) {
		for (unsigned i = 0; i < sizeof(input); i++)
			input[i] = (uint8_t)next(&seed);
		input[1] = honest || n % 8 ? 0 : input[1];
		/* an act's number may be taken for another's operand: both will do */
		for (unsigned i = 2; honest && i < sizeof(input); i++)
			input[i] = honest_acts[input[i] % sizeof(honest_acts)];
		acts_all(input, sizeof(input) - next(&seed) % 1400);
	}
	assert_int_equal(open_descriptors(), before);
}

static void test_honest(void **state)
{
	(void)state;
	run(400, true, 1);
}

static void test_others(void **state)
{
	(void)state;
	run(1600, false, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest), cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
