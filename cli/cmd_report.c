/* cmd_report.c - blinkctl report: pages from results files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "reports/demo_page.h"

enum { OPT_OUTPUT };

static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "the HTML file to write (DIR/index.html)" },
	{ 0 }
};

static int report_run(const struct cli_args *args)
{
	const char *dir = args->argv[1], *out = args->opt[OPT_OUTPUT];
	struct json_object *j;
	struct error err;
	char path[4096];
	int r;

	if (strcmp(args->argv[0], "demo")) {
		error_set(&err, -EINVAL, "report: no report '%s' (demo)", args->argv[0]);
		return cli_fail(EXIT_USAGE, &err);
	}
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

const struct cli_command cmd_report = {
	.name = "report",
	.synopsis = "demo DIR PROGRAM... [-o FILE]",
	.summary = "draw a self-contained HTML page from results",
	.text =
		"Reads what the steps of the demo left in DIR/PROGRAM: the JSON that each command "
		"printed, as STEP.json, the command itself, as STEP.cmd, and the pictures "
		"original.png and blink.png. Draws pictures, plots (by gnuplot) and figures into "
		"one HTML file that needs nothing else. The first program is shown large.\n\n"
		"Nothing on the page is typed in: a figure whose step is missing is shown as a "
		"dash.\n\n"
		"  blinkctl report demo out/demo neverball glxgears",
	.options = options,
	.min_args = 3,
	.max_args = 10,
	.run = report_run,
};
