/* cmd_report.c - blinkctl report: pages and listings from results. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "reports/demo_page.h"
#include "reports/page.h"
#include "reports/paper.h"
#include "reports/results_page.h"

enum { OPT_OUTPUT, OPT_PAPER, OPT_FORMAT, OPT_REFRESH, OPT_PARTIAL };

static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "DIR", "the folder to write to; demo: the HTML file (DIR/index.html)" },
	[OPT_PAPER] = { 0, "paper", "NAME", "the tables and figures of a paper: prune, blink" },
	[OPT_FORMAT] = { 0, "format", "F,...", "figures as files, too: svg, pdf, png (svg)" },
	[OPT_REFRESH] = { 0, "refresh", "HZ", "of the display whose deadlines count (60)" },
	[OPT_PARTIAL] = { 0, "partial", NULL, "with --paper: draw what there are results for" },
	{ 0 }
};

/* A result that was kept as JSON, as its command would have printed it. */
static int report_show(const struct cli_args *args)
{
	struct error err = { 0 };
	struct json_object *j = file_json(args->argv[1], &err);

	if (!j)
		return cli_fail(EXIT_DIFFERENT, &err);
	cli_print(args, j);
	return EXIT_GOOD;
}

static int report_demo(const struct cli_args *args)
{
	const char *dir = args->argv[1], *out = args->opt[OPT_OUTPUT];
	struct json_object *j;
	struct error err;
	char path[4096];
	int r;

	if (!out) {
		snprintf(path, sizeof(path), "%s/index.html", dir);
		out = path;
	}
	r = demo_page_write(dir, (const char *const *)args->argv + 2,
			    (unsigned)args->argc - 2, out, &err);
	if (r < 0)
		return cli_fail(r == -ENODEV ? EXIT_LACKING : EXIT_DIFFERENT, &err);
	j = json_object_new_object();
	json_object_object_add(j, "page", json_object_new_string(out));
	cli_print(args, j);
	return EXIT_GOOD;
}

/* A page of earlier results is no answer where there are none now: it goes. */
static void page_forget(const char *dir)
{
	char path[4096];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/index.html", dir) < (int)sizeof(path) &&
	    lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		unlink(path);
}

/* With --paper that paper's tables and figures, else everything that is in the files. */
static int report_results(const struct cli_args *args)
{
	const char *format = args->opt[OPT_FORMAT];
	struct paper_options opt = { .dir = args->opt[OPT_OUTPUT],
				     .formats = format ? format : "svg",
				     .partial = args->opt[OPT_PARTIAL] != NULL };
	const char *paper = args->opt[OPT_PAPER];
	unsigned long refresh = 60;
	struct results all = { 0 };
	struct error err = { 0 };
	struct json_object *j;
	int rc;

	if (paper && strcmp(paper, "blink") && strcmp(paper, "prune"))
		return cli_usage("report", "--paper knows prune and blink");
	if (!paper && opt.partial)
		return cli_usage("report", "--partial is for --paper");
	if (paper && args->opt[OPT_REFRESH])
		return cli_usage("report", "--refresh is not for --paper");
	if (args->opt[OPT_REFRESH] && !cli_uint("--refresh", args->opt[OPT_REFRESH], 10000, &refresh))
		return EXIT_USAGE;
	if (!refresh)
		return cli_usage("report", "--refresh is at least 1");
	if (!opt.dir)
		return cli_usage("report", "needs -o DIR");
	rc = results_open_all(&all, (const char *const *)args->argv, (unsigned)args->argc, &err);
	if (rc == 0)
		rc = !paper ? results_report(&all, (double)refresh, &opt, &err)
		     : !strcmp(paper, "blink") ? paper_blink_report(&all, &opt, &err)
					       : paper_prune_report(&all, &opt, &err);
	results_close(&all);
	if (rc < 0)
		page_forget(opt.dir);
	if (rc < 0)
		return cli_fail(rc == -ENODEV ? EXIT_LACKING : EXIT_DIFFERENT, &err);
	j = json_object_new_object();
	json_object_object_add(j, "folder", json_object_new_string(opt.dir));
	cli_print(args, j);
	return EXIT_GOOD;
}

static int report_run(const struct cli_args *args)
{
	const char *kind = args->argv[0];

	bool word = !args->opt[OPT_PAPER] && (!strcmp(kind, "show") || !strcmp(kind, "demo"));

	if (!word)
		return report_results(args);
	if (args->opt[OPT_FORMAT] || args->opt[OPT_REFRESH] || args->opt[OPT_PARTIAL])
		return cli_usage("report", "--format, --refresh and --partial are for results files");
	if (!strcmp(kind, "show"))
		return args->argc == 2 ? report_show(args) : cli_usage("report", "show takes one FILE");
	return args->argc > 2 ? report_demo(args) : cli_usage("report", "demo takes DIR and PROGRAMs");
}

const struct cli_command cmd_report = {
	.name = "report",
	.synopsis = "RESULTS... -o DIR [--paper NAME] [--format F,...] | demo DIR PROGRAM... [-o FILE] | show FILE",
	.summary = "draw a page from results, or show one",
	.text =
		"From results files (blinkctl bench -o, blinkctl profile -o) one HTML page is drawn that "
		"needs nothing else: the metrics of each suite with intervals, frame times, the "
		"distribution of jitter, frame metrics with their formulas, cost per GL function, growth "
		"of the log; each with its command, as CSV, and in the formats asked for.\n\n"
		"demo reads what the steps of the demo left in DIR/PROGRAM: the JSON that each command "
		"printed, as STEP.json, the command itself, as STEP.cmd, and the pictures "
		"original.png and blink.png. Draws pictures, plots (by gnuplot) and figures into "
		"one HTML file that needs nothing else. The first program is shown large.\n\n"
		"Nothing on the page is typed in: a figure whose step is missing is shown as a "
		"dash.\n\n"
		"show prints a result that was kept as JSON the way its command does.\n\n"
		"With --paper, every table and figure of a paper is drawn from results files, the "
		"paper's own figures beside ours: one HTML page in DIR that needs nothing else, "
		"and each table and figure as CSV and in the formats asked for. prune is "
		"Transparent Checkpoint-Restart for Hardware-Accelerated 3D Graphics "
		"(arXiv:1312.6650): suites record, log, checkpoint and lines. blink is the Blink "
		"paper's Tables 2 and 3: suites jit and table3. Results that are "
		"missing are named, and nothing is drawn, unless --partial says so: a page that is there "
		"from before is removed.\n\n"
		"  blinkctl bench quick game.blink -o quick.json\n"
		"  blinkctl report quick.json -o out/quick --format svg,pdf",
	.options = options,
	.min_args = 1,
	.max_args = 64,
	.run = report_run,
};
