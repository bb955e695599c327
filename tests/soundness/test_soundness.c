/* test_soundness.c - slices of the campaign, and every case in corpus/ again.
 *
 *   test_soundness                     the test: some thousand programs of each kind
 *   test_soundness grammar N [SEED]    N programs by the grammar   } on every processor,
 *   test_soundness hostile N [SEED]    N hostile ones              } make fuzz runs 10^6
 *   test_soundness run FILE...         cases again
 *
 * In the environment: JOBS, the number of processes; TIME_LIMIT, in seconds;
 * FINDINGS, the folder that findings are kept in (out of the tree unless asked); FIRST,
 * the number to begin with; HERE, to stay in one process, for a debugger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/soundness/campaign.h"

#define CORPUS "tests/soundness/corpus"
#define SLICE 4000u

static unsigned number(const char *variable, unsigned otherwise)
{
	const char *v = getenv(variable);

	return v ? (unsigned)strtoul(v, NULL, 10) : otherwise;
}

static void options_fill(struct campaign_options *opt)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const char *findings = getenv("FINDINGS");

	memset(opt, 0, sizeof(*opt));
	opt->seed = 1;
	opt->jobs = number("JOBS", cpus > 0 && cpus < 64 ? (unsigned)cpus : 1);
	opt->seconds = number("TIME_LIMIT", 0);
	opt->findings = findings ? findings : "/tmp";
	opt->first = number("FIRST", 0);
	opt->here = getenv("HERE") != NULL;
	if (opt->here)
		opt->jobs = 1;
	opt->verbose = getenv("VERBOSE") != NULL;
}

static void slice(bool hostile)
{
	struct campaign_options opt;

	options_fill(&opt);
	opt.programs = SLICE;
	opt.hostile = hostile;
	assert_int_equal(campaign_run(&opt), 0);
}

static void test_grammar(void **state) { (void)state; slice(false); }
static void test_hostile(void **state) { (void)state; slice(true); }

/* ---- the corpus ----------------------------------------------------------------- */

static unsigned file_run(const char *path)
{
	static struct program p;
	struct check *c = check_create();
	struct error err = { 0 };
	struct outcome out;
	unsigned found = 0;

	if (program_load(&p, path, &err) < 0) {
		printf("%s\n", err.text);
		found = 1;
	} else if (!check_program(c, &p, false, &(struct dice){ 1 }, &out)) {
		printf("%s: SP %u, word %u: %s\n", path, out.sp, out.word, out.fault);
		found = 1;
	} else {
		printf("%s: %u of %u accepted, all agrees\n", path, out.accepted, out.sps);
	}
	check_destroy(c);
	return found;
}

static void test_corpus(void **state)
{
	DIR *d = opendir(CORPUS);
	unsigned files = 0, found = 0;
	struct dirent *e;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[512];

		if (!strstr(e->d_name, ".txt"))
			continue;
		snprintf(path, sizeof(path), CORPUS "/%s", e->d_name);
		files++;
		found += file_run(path);
	}
	closedir(d);
	assert_true(files > 0);
	assert_int_equal(found, 0);
}

/* ---- as a program --------------------------------------------------------------- */

static int usage(void)
{
	fprintf(stderr, "usage: test_soundness [grammar N [SEED] | hostile N [SEED] | "
			"run FILE...]\n");
	return 2;
}

static int campaign_main(int argc, char **argv)
{
	struct campaign_options opt;
	unsigned found = 0;

	options_fill(&opt);
	if (argc < 3)
		return usage();
	if (strcmp(argv[1], "run") == 0) {
		for (int i = 2; i < argc; i++)
			found += file_run(argv[i]);
		return found != 0;
	}
	opt.hostile = strcmp(argv[1], "hostile") == 0;
	if (!opt.hostile && strcmp(argv[1], "grammar"))
		return usage();
	opt.programs = strtoull(argv[2], NULL, 10);
	opt.seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	found = campaign_run(&opt);
	printf("%u findings\n", found);
	return found != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus), cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_hostile),
	};

	if (argc > 1)
		return campaign_main(argc, argv);
	return cmocka_run_group_tests_name("soundness", tests, NULL, NULL);
}
