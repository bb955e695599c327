/* cmd_report.c - blinkctl report: pages and listings from results. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "reports/demo_page.h"
#include "reports/page.h"
#include "reports/paper.h"

enum { OPT_OUTPUT, OPT_PAPER, OPT_FORMAT };

static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "the HTML file to write (DIR/index.html); with --paper the folder" },
	[OPT_PAPER] = { 0, "paper", "NAME", "the tables and figures of a paper: prune, blink" },
	[OPT_FORMAT] = { 0, "format", "F,...", "with --paper: figures as files, too: svg, pdf, png (svg)" },
	{ 0 }
};

static int usage(const char *why)
{
	struct error err;

	error_set(&err, -EINVAL, "report: %s", why);
	return cli_fail(EXIT_USAGE, &err);
}

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

static int report_paper(const struct cli_args *args)
{
	const char *format = args->opt[OPT_FORMAT];
	struct paper_options opt = { .dir = args->opt[OPT_OUTPUT],
				     .formats = format ? format : "svg" };
	int (*draw)(const struct results *, const struct paper_options *, struct error *) =
		paper_prune_report;
	struct results all = { 0 };
	struct error err = { 0 };
	struct json_object *j;
	int rc;

	if (!strcmp(args->opt[OPT_PAPER], "blink"))
		draw = paper_blink_report;
	else if (strcmp(args->opt[OPT_PAPER], "prune"))
		return usage("--paper knows prune and blink");
	if (!opt.dir)
		return usage("--paper needs -o DIR");
	rc = results_open_all(&all, (const char *const *)args->argv, (unsigned)args->argc, &err);
	if (rc == 0)
		rc = draw(&all, &opt, &err);
	results_close(&all);
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

	if (args->opt[OPT_PAPER])
		return report_paper(args);
	if (args->argc < 2)
		return usage("an operand is missing");
	if (!strcmp(kind, "show"))
		return args->argc == 2 ? report_show(args) : usage("show takes one FILE");
	if (!strcmp(kind, "demo"))
		return args->argc > 2 ? report_demo(args) : usage("demo takes DIR and PROGRAMs");
	return usage("the first word is demo or show");
}

const struct cli_command cmd_report = {
	.name = "report",
	.synopsis = "demo DIR PROGRAM... [-o FILE] | show FILE | RESULTS... -o DIR --paper NAME",
	.summary = "draw a page from results, or show one",
	.text =
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
		"missing are named, and nothing is drawn.\n\n"
		"  blinkctl report demo out/demo neverball glxgears",
	.options = options,
	.min_args = 1,
	.max_args = 64,
	.run = report_run,
};
