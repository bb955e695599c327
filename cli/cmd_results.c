/* cmd_results.c - blinkctl results: look at results files, join them, compare two. */
#include <string.h>

#include "cli/command.h"
#include "reports/results.h"

enum { OPT_OUTPUT, OPT_REFRESH };

static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "merge: the results file to write" },
	[OPT_REFRESH] = { 0, "refresh", "HZ", "frames: of the display whose deadlines count (60)" },
	{ 0 }
};

static int show(const struct cli_args *args)
{
	struct results r = { 0 };
	struct error err = { 0 };
	struct json_object *j;

	if (results_open_all(&r, (const char *const *)args->argv + 1,
			     (unsigned)args->argc - 1, &err) < 0) {
		results_close(&r);
		return cli_fail(EXIT_DIFFERENT, &err);
	}
	j = results_show(&r);
	results_close(&r);
	cli_print(args, j);
	return EXIT_GOOD;
}

static int frames(const struct cli_args *args)
{
	unsigned long refresh = 60;
	struct results r = { 0 };
	struct error err = { 0 };
	struct json_object *j = NULL;

	if (args->opt[OPT_REFRESH] && !cli_uint("--refresh", args->opt[OPT_REFRESH], 10000, &refresh))
		return EXIT_USAGE;
	if (!refresh)
		return cli_usage("results", "--refresh is at least 1");
	if (results_open_all(&r, (const char *const *)args->argv + 1, (unsigned)args->argc - 1,
			     &err) == 0)
		j = results_frames(&r, (double)refresh, &err);
	results_close(&r);
	if (!j)
		return cli_fail(EXIT_DIFFERENT, &err);
	cli_print(args, j);
	return EXIT_GOOD;
}

static int merge(const struct cli_args *args)
{
	const char *out = args->opt[OPT_OUTPUT];
	struct results r = { 0 };
	struct error err = { 0 };
	struct json_object *j;
	int rc;

	if (!out)
		return cli_usage("results", "merge needs -o FILE");
	rc = results_open_all(&r, (const char *const *)args->argv + 1, (unsigned)args->argc - 1,
			      &err);
	if (rc == 0)
		rc = results_save(&r, out, &err);
	if (rc < 0) {
		results_close(&r);
		return cli_fail(EXIT_DIFFERENT, &err);
	}
	j = json_object_new_object();
	json_object_object_add(j, "file", json_object_new_string(out));
	json_object_object_add(j, "invocations", json_object_new_int64((int64_t)r.count));
	results_close(&r);
	cli_print(args, j);
	return EXIT_GOOD;
}

static int diff(const struct cli_args *args)
{
	struct results base = { 0 }, now = { 0 };
	struct error err = { 0 };
	struct json_object *j = NULL;
	bool differs = false;

	if (results_open(&base, args->argv[1], &err) == 0 &&
	    results_open(&now, args->argv[2], &err) == 0)
		j = results_diff(&base, &now, &differs, &err);
	results_close(&base);
	results_close(&now);
	if (!j)
		return cli_fail(EXIT_DIFFERENT, &err);
	cli_print(args, j);
	return differs ? EXIT_DIFFERENT : EXIT_GOOD;
}

static int run(const struct cli_args *args)
{
	const char *what = args->argv[0];

	if (strcmp(what, "merge") && args->opt[OPT_OUTPUT])
		return cli_usage("results", "-o is for merge");
	if (strcmp(what, "frames") && args->opt[OPT_REFRESH])
		return cli_usage("results", "--refresh is for frames");
	if (!strcmp(what, "show"))
		return show(args);
	if (!strcmp(what, "frames"))
		return frames(args);
	if (!strcmp(what, "merge"))
		return merge(args);
	if (!strcmp(what, "diff"))
		return args->argc == 3 ? diff(args) : cli_usage("results", "diff takes two files, BASE NEW");
	return cli_usage("results", "the first word is show, frames, merge or diff");
}

const struct cli_command cmd_results = {
	.name = "results",
	.synopsis = "show FILE... | frames FILE... | merge FILE... -o FILE | diff BASE NEW",
	.summary = "show, join and compare results files",
	.text =
		"Results files are what blinkctl bench writes with -o (docs/RESULTS.md).\n"
		"\n"
		"show lists the metrics of each invocation: the median of the runs, an interval "
		"around it free of any assumption with the confidence that it really has, and how "
		"many runs lie outside Tukey's fences.\n"
		"\n"
		"frames says what the frame times in the files amount to, each figure with its "
		"formula: percentiles, 1 % and 0.1 % lows, stutter, jitter, missed deadlines. A "
		"figure that needs more frames than there are is not given.\n"
		"\n"
		"merge writes the invocations of all files into one; the same one is kept once.\n"
		"\n"
		"diff compares each metric that both files have, in the last invocation of each "
		"suite: medians, their ratio with a 95 % bootstrap interval, the p of Mann and "
		"Whitney's test adjusted by Holm over all metrics, and Cliff's delta. Counts must "
		"be equal. What only one file has, another unit, another machine and other inputs "
		"are noted. Status 1 when something differs (p below 0.05, or a count), or when a "
		"file cannot be read.\n"
		"\n"
		"  blinkctl bench -o before.json jit\n"
		"  blinkctl results diff before.json after.json",
	.options = options,
	.min_args = 2, .max_args = 64,
	.run = run,
};
