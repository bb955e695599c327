/* test_served_acts.c - the fuzzer's acts (served_acts.h): what it has found before, the seeds
 * that it begins with, and some by chance.  Whoever is to blame is named before it is run. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/served_acts.h"

#define FOLDER "tests/server/fuzz_served"

static uint64_t next(uint64_t *s)
{
	*s = *s * 6364136223846793005u + 1442695040888963407u;
	return *s >> 33;
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void test_kept(void **state)
{
	static uint8_t input[1 << 13];
	struct dirent **v;
	int n = scandir(FOLDER, &v, visible, alphasort);

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		char path[512];
		size_t size;
		FILE *in;

		snprintf(path, sizeof(path), "%s/%s", FOLDER, v[i]->d_name);
		in = fopen(path, "rb");
		assert_non_null(in);
		size = fread(input, 1, sizeof(input), in);
		fclose(in);
		printf("# %s\n", path);
		fflush(stdout);
		served_all(input, size);
		free(v[i]);
	}
	free(v);
}

/* The same bytes are the same run: else what a fuzzer finds would be nobody's to mend. */
static void test_same(void **state)
{
	uint64_t seed = 5, clock;
	static uint8_t input[600];

	(void)state;
	for (unsigned i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)next(&seed);
	input[1] = 16;                     /* nobody else's thread, a driver that looks */
	served_all(input, sizeof(input));
	clock = served_now;
	served_all(input, sizeof(input));
	assert_true(served_now == clock);
}

static void test_others(void **state)
{
	static uint8_t input[1000];
	uint64_t seed = 3;

	(void)state;
	for (unsigned n = 0; n < 150; n++) {
		for (unsigned i = 0; i < sizeof(input); i++)
			input[i] = (uint8_t)next(&seed);
		printf("# by chance %u\n", n);
		fflush(stdout);
		served_all(input, sizeof(input) - next(&seed) % 900);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept), cmocka_unit_test(test_same),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
