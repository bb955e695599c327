/* cmd_bench.c - blinkctl bench: what things cost, beside what they cost elsewhere. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "jit-bench/bench.h"

enum { OPT_RUNS, OPT_LLVMPIPE, OPT_NULL_LIBRARY };

static const struct cli_option options[] = {
	[OPT_RUNS] = { 'r', "runs", "N", "how often everything is measured (jit 21, others 5)" },
	[OPT_LLVMPIPE] = { 'l', "llvmpipe", NULL, "replay: on the software driver as well" },
	[OPT_NULL_LIBRARY] = { 0, "null-library", "FILE",
		"replay: the null libGL.so.1 (the one that is built beside blinkctl)" },
	{ 0 }
};

static int fail(int status, int code, const char *what, const char *why)
{
	struct error err;

	error_set(&err, code, "%s: %s", what, why);
	return cli_fail(status, &err);
}

static int self_path(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);

	path[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* Beside the program where it was built, below its prefix where it is installed. */
static bool null_library_find(const char *self, char *path, size_t size)
{
	static const char *const places[] = {
		"jit-bench/libGL.so.1", "../lib/blink/libGL.so.1",
	};
	int folder = (int)(strrchr(self, '/') - self);

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, size, "%.*s/%s", folder, self, places[i]);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

static struct json_object *replay(const struct cli_args *args, unsigned long runs,
				  const char *self, struct error *err)
{
	struct bench_replay_options opt = {
		.blink = args->argv[1], .trace = args->argc > 2 ? args->argv[2] : NULL,
		.runs = (unsigned)runs, .llvmpipe = args->opt[OPT_LLVMPIPE] != NULL,
		.self = self, .nullgl = args->opt[OPT_NULL_LIBRARY],
	};
	char found[PATH_MAX + 64], given[PATH_MAX];

	if (opt.nullgl) {
		if (!realpath(opt.nullgl, given)) {
			error_set(err, -ENOPKG, "%s: %s", opt.nullgl, strerror(errno));
			return NULL;
		}
		opt.nullgl = given;
	} else if (null_library_find(self, found, sizeof(found))) {
		opt.nullgl = found;
	} else {
		error_set(err, -ENOPKG, "bench: the null libGL.so.1 is not there "
			  "(make builds it; --null-library names another)");
		return NULL;
	}
	return bench_replay(&opt, err);
}

static int run(const struct cli_args *args)
{
	const char *suite = args->argv[0];
	unsigned long runs = !strcmp(suite, "jit") ? 21 : 5;
	struct json_object *j = NULL;
	struct error err = { 0 };
	char self[PATH_MAX];

	if (args->opt[OPT_RUNS] && !cli_uint("--runs", args->opt[OPT_RUNS], 500, &runs))
		return EXIT_USAGE;
	if (!runs)
		return fail(EXIT_USAGE, -EINVAL, "--runs", "at least 1");
	if (!self_path(self, sizeof(self)))
		return fail(EXIT_DIFFERENT, -EIO, "bench", "/proc/self/exe cannot be read");
	if (!strcmp(suite, "jit") && args->argc == 1)
		j = bench_jit((unsigned)runs, &err);
	else if (!strcmp(suite, "replay") && args->argc > 1)
		j = replay(args, runs, self, &err);
	else if (!strcmp(suite, "convert") && args->argc == 2)
		j = bench_convert(&(struct bench_convert_options){ .trace = args->argv[1],
				  .self = self, .runs = (unsigned)runs }, &err);
	else
		return fail(EXIT_USAGE, -EINVAL, suite, "give jit, or replay X.blink [X.trace], "
			    "or convert X.trace");
	if (!j)
		return cli_fail(err.code == -ENOPKG || err.code == -ENODEV ? EXIT_LACKING
									 : EXIT_DIFFERENT, &err);
	cli_print(args, j);
	return EXIT_GOOD;
}

const struct cli_command cmd_bench = {
	.name = "bench",
	.synopsis = "[options] jit | replay X.blink [X.trace] | convert X.trace",
	.summary = "measure engines, replay and conversion, beside other tools",
	.text =
		"jit: core cycles per instruction to verify, compile and run three mixes of "
		"instructions on entry points that return at once. Cycles come from hardware "
		"counters where the machine has them, else from the time stamp counter, "
		"calibrated against a loop of known length; the result says which.\n"
		"\n"
		"replay: CPU time of whole processes, blinkctl replay of X.blink against "
		"glretrace --benchmark --headless of X.trace, on the same null libGL; and the "
		"frames alone, everything loaded, in ns per GL call, beside glretrace less a run "
		"that only reads the trace (apitrace info). With --llvmpipe, both on the "
		"software driver too.\n"
		"\n"
		"convert: CPU time and peak memory of blinkctl convert against apitrace pickle "
		"of the same file, and the sizes of both files.\n"
		"\n"
		"Everything compared is measured in this one invocation, the sides taking "
		"turns. Medians are quoted, with quartiles and extremes; ratios are medians of "
		"the runs' ratios, with a 95 % bootstrap interval.",
	.options = options,
	.min_args = 1, .max_args = 3,
	.run = run,
};
