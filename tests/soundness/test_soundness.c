/* test_soundness.c - slices of the campaign, and every case in corpus/ again.
 *
 *   test_soundness                     the test: some thousand programs of each kind, and
 *                                      a hundred scenes
 *   test_soundness grammar N [SEED]    N programs by the grammar   } on every processor,
 *   test_soundness hostile N [SEED]    N hostile ones              } make fuzz runs 10^6
 *   test_soundness driver N [SEED]     N by the grammar, on this machine's GL driver
 *   test_soundness again N [SEED]      likewise; what is found re-runnable runs twice
 *   test_soundness confined N [SEED]   N scenes, on that driver as a display server's client
 *   test_soundness run FILE...         cases again
 *   test_soundness run-driver FILE...  cases again, on the driver
 *   test_soundness run-confined FILE...  cases again, as a server's client
 *
 * In the environment: JOBS, the number of processes; TIME_LIMIT, in seconds;
 * FINDINGS, the folder that findings are kept in (out of the tree unless asked); FIRST,
 * the number to begin with; HERE, to stay in one process, for a debugger; LEDGER, a file
 * by which the same campaign goes on where it was cut short; GO_ON, to let it go on with
 * another build than began it; HOSTILE, for hostile programs on the driver.
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
#include <sys/wait.h>
#include <unistd.h>

#include "tests/soundness/campaign.h"

#define CORPUS "tests/soundness/corpus"
#define CORPUS_DRIVER CORPUS "/driver"
#define SLICE 4000u
#define SCENE_SEED 7000000u

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
	opt->judge = &judge_engines;
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

/* A driver may take its time: fewer of them; and there may be none. */
static void slice_drawn(const struct judge *judge, uint64_t seed, unsigned programs)
{
	struct campaign_options opt;
	int found;

	options_fill(&opt);
	opt.seed = seed ? seed : opt.seed;
	opt.programs = programs;
	opt.judge = judge;
	found = campaign_run(&opt);
	if (found < 0)
		skip();
	assert_int_equal(found, 0);
}

static void test_driver(void **state)
{
	(void)state;
	slice_drawn(&judge_driver, 0, SLICE / 20);
}

/* And as a server's client: what is drawn by others takes longer. */
static void test_scenes(void **state)
{
	(void)state;
	slice_drawn(&judge_confined, SCENE_SEED, SLICE / 40);
}

/* ---- the corpus ----------------------------------------------------------------- */

static unsigned file_run(const struct judge *judge, const char *path)
{
	static struct program p;
	void *who = judge->create();
	struct error err = { 0 };
	struct outcome out;
	unsigned found = 0;

	if (program_load(&p, path, &err) < 0) {
		printf("%s\n", err.text);
		found = 1;
	} else if (!judge->look(who, &p, false, &(struct dice){ 1 }, &out)) {
		printf("%s: SP %u, word %u: %s\n", path, out.sp, out.word, out.fault);
		found = 1;
		if (out.fatal)
			return found;
	} else {
		printf("%s: %u of %u accepted, all agrees\n", path, out.accepted, out.sps);
	}
	judge->destroy(who);
	return found;
}

/* Each in a process of its own, where it may end in the driver. */
static unsigned file_try(const struct judge *judge, const char *path, bool *lacking)
{
	int status = 0;
	pid_t pid;

	if (judge == &judge_engines)
		return file_run(judge, path);
	pid = campaign_fork();
	if (pid == 0) {
		unsigned found = file_run(judge, path);

		fflush(stdout);
		_exit(found != 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	if (WIFSIGNALED(status))
		printf("%s: signal %d\n", path, WTERMSIG(status));
	*lacking = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_LACKING;
	return status != 0 && !*lacking;
}

static void corpus_run(const struct judge *judge, const char *folder)
{
	DIR *d = opendir(folder);
	unsigned files = 0, found = 0;
	bool lacking = false;
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[512];

		if (!strstr(e->d_name, ".txt"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		files++;
		found += file_try(judge, path, &lacking);
		if (lacking)
			break;
	}
	closedir(d);
	if (lacking)
		skip();
	assert_true(files > 0);
	assert_int_equal(found, 0);
}

static void test_corpus(void **state) { (void)state; corpus_run(&judge_engines, CORPUS); }
static void test_corpus_driver(void **state)
{
	(void)state;
	corpus_run(&judge_driver, CORPUS_DRIVER);
}

/* ---- as a program --------------------------------------------------------------- */

static int usage(void)
{
	fprintf(stderr, "usage: test_soundness [grammar N [SEED] | hostile N [SEED] | "
			"driver N [SEED] | again N [SEED] | confined N [SEED] | run FILE... | "
			"run-driver FILE... | run-confined FILE...]\n");
	return 2;
}

static int campaign_main(int argc, char **argv)
{
	struct campaign_options opt;
	int found = 0;

	options_fill(&opt);
	if (argc < 3)
		return usage();
	if (strstr(argv[1], "driver"))
		opt.judge = &judge_driver;
	if (strcmp(argv[1], "again") == 0)
		opt.judge = &judge_again;
	if (strstr(argv[1], "confined"))
		opt.judge = &judge_confined;
	if (strncmp(argv[1], "run", 3) == 0) {
		for (int i = 2; i < argc; i++)
			found += (int)file_run(opt.judge, argv[i]);
		return found != 0;
	}
	opt.hostile = strcmp(argv[1], "hostile") == 0 || getenv("HOSTILE") != NULL;
	if (!opt.hostile && opt.judge == &judge_engines && strcmp(argv[1], "grammar"))
		return usage();
	opt.ledger = getenv("LEDGER");
	opt.go_on = getenv("GO_ON") != NULL;
	opt.programs = strtoull(argv[2], NULL, 10);
	opt.seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	found = campaign_run(&opt);
	if (found < 0)
		return EXIT_LACKING;
	printf("%d findings\n", found);
	return found != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus), cmocka_unit_test(test_corpus_driver),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_driver),
		cmocka_unit_test(test_scenes),
	};

	if (argc > 1)
		return campaign_main(argc, argv);
	return cmocka_run_group_tests_name("soundness", tests, NULL, NULL);
}
