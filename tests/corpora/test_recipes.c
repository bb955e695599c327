/* test_recipes.c - every recipe is of the right form and can be set up; wrong ones are
 * refused with the key at fault. */
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "corpora/corpora.h"

static char folder[64];

/* The source tree's recipes, wherever the test runs. */
static void use_ours(void)
{
	static char path[1024];
	const char *at = __FILE__, *cut = strstr(at, "tests/corpora/");

	snprintf(path, sizeof path, "%.*scorpora/recipes", cut ? (int)(cut - at) : 0, at);
	setenv("BLINK_CORPORA", path, 1);
}

static void test_all(void **state)
{
	struct error err = { 0 };
	char **names;
	int n;

	(void)state;
	use_ours();
	n = corpora_names(&names, &err);
	assert_true(n >= 9);
	for (int i = 0; i < n; i++) {
		struct recipe r;
		const char **packages;

		if (recipe_load(&r, names[i], &err) < 0)
			fail_msg("%s", err.text);
		packages = recipe_packages(&r);
		assert_non_null(packages[0]);
		assert_true(r.title[0] && (r.frames || r.duration > 0));
		free(packages);
		recipe_finish(&r);
	}
	corpora_free_names(names);
}

static void recipe_write(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s.json", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_prepare(void **state)
{
	struct error err = { 0 };
	struct recipe_run run;
	struct recipe r;
	struct stat st;
	char dir[256];

	(void)state;
	setenv("BLINK_CORPORA", folder, 1);
	recipe_write("good", "{\"title\": \"t\", \"packages\": [\"no-such-package-here\"], \"command\": [\"run\", \"@DIR@/a\"],"
		     "\"files\": {\"a\": [\"one\", \"in @DIR@\"]}, \"setup\": [[\"cp\", \"@DIR@/a\", \"b\"]],"
		     "\"environment\": {\"K\": \"@DIR@/k\"}, \"screen\": \"320x200\", \"frames\": 3}");
	assert_int_equal(recipe_load(&r, "good", &err), 0);
	assert_int_equal(r.width, 320);
	assert_int_equal(r.height, 200);
	assert_int_equal(r.frames, 3);
	const char **missing = recipe_missing(&r);

	assert_string_equal(missing[0], "no-such-package-here");
	free(missing);
	assert_int_equal(recipe_prepare(&run, &r, &err), 0);
	snprintf(dir, sizeof dir, "%s", run.dir);
	assert_int_equal(chdir(run.dir), 0);
	assert_int_equal(stat("b", &st), 0);     /* the set-up ran there */
	assert_int_equal(st.st_size, (off_t)(4 + 3 + strlen(dir) + 1));
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(strncmp(run.argv[1], dir, strlen(dir)), 0);
	assert_int_equal(strncmp(run.env[0], "HOME=/", 6), 0);
	assert_int_equal(strncmp(run.env[1], "K=/", 3), 0);
	recipe_clean(&run);
	assert_int_not_equal(stat(dir, &st), 0);
	recipe_finish(&r);

	recipe_write("good", "{\"title\": \"t\", \"packages\": [], \"command\": [\"x\"], \"setup\": [[\"false\"]]}");
	assert_int_equal(recipe_load(&r, "good", &err), 0);
	assert_true(recipe_prepare(&run, &r, &err) < 0);
	assert_non_null(strstr(err.text, "good: false"));
	recipe_finish(&r);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{ "[]", "not a JSON object" },
		{ "{", "not valid JSON" },
		{ "{\"packages\": [], \"command\": [\"x\"]}", "\"title\" is missing" },
		{ "{\"title\": \"t\", \"packages\": [], \"command\": []}", "\"command\" is not of its form" },
		{ "{\"title\": \"t\", \"packages\": [1], \"command\": [\"x\"]}", "\"packages\"" },
		{ "{\"title\": \"t\", \"packages\": [], \"command\": [\"x\"], \"frame\": 3}", "\"frame\" is no key" },
		{ "{\"title\": \"t\", \"packages\": [], \"command\": [\"x\"], \"frames\": 0}", "\"frames\"" },
		{ "{\"title\": \"t\", \"packages\": [], \"command\": [\"x\"], \"screen\": \"big\"}", "\"screen\"" },
		{ "{\"title\": \"t\", \"packages\": [], \"command\": [\"x\"], \"files\": {\"../a\": []}}", "\"files\"" },
	};

	(void)state;
	setenv("BLINK_CORPORA", folder, 1);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct error err = { 0 };
		struct recipe r;

		recipe_write("good", bad[i].text);
		assert_true(recipe_load(&r, "good", &err) < 0);
		if (!strstr(err.text, bad[i].word))
			fail_msg("'%s' is not in: %s", bad[i].word, err.text);
	}
	struct error err = { 0 };
	struct recipe r;

	assert_true(recipe_load(&r, "../good", &err) < 0);
	assert_true(recipe_load(&r, "absent", &err) < 0);
	assert_non_null(strstr(err.text, "no recipe 'absent'"));
}

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/test_recipes.%d", getpid());
	return mkdir(folder, 0700);
}

static int end(void **state)
{
	char path[256];

	(void)state;
	snprintf(path, sizeof path, "%s/good.json", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_prepare),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
