/* cmd_report.c - blinkctl report: pages and listings from results. */
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

static int usage(const char *why)
{
	struct error err;

	error_set(&err, -EINVAL, "report: %s", why);
	return cli_fail(EXIT_USAGE, &err);
}

/* A result that was kept as JSON, as its command would have printed it. */
static int report_show(const struct cli_args *args)
{
	struct json_object *j = json_object_from_file(args->argv[1]);
	struct error err;

	if (!j) {
		error_set(&err, -EINVAL, "%s: not a result in JSON", args->argv[1]);
		return cli_fail(EXIT_DIFFERENT, &err);
	}
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

static int report_run(const struct cli_args *args)
{
	const char *kind = args->argv[0];

	if (!strcmp(kind, "show"))
		return args->argc == 2 ? report_show(args) : usage("show takes one FILE");
	if (!strcmp(kind, "demo"))
		return args->argc > 2 ? report_demo(args) : usage("demo takes DIR and PROGRAMs");
	return usage("the first word is demo or show");
}

const struct cli_command cmd_report = {
	.name = "report",
	.synopsis = "demo DIR PROGRAM... [-o FILE] | show FILE",
	.summary = "draw a page from results, or show one",
	.text =
		"demo reads what the steps of the demo left in DIR/PROGRAM: the JSON that each command "
		"printed, as STEP.json, the command itself, as STEP.cmd, and the pictures "
		"original.png and blink.png. Draws pictures, plots (by gnuplot) and figures into "
		"one HTML file that needs nothing else. The first program is shown large.\n\n"
		"Nothing on the page is typed in: a figure whose step is missing is shown as a "
		"dash.\n\n"
		"show prints a result that was kept as JSON the way its command does.\n\n"
		"  blinkctl report demo out/demo neverball glxgears",
	.options = options,
	.min_args = 2,
	.max_args = 10,
	.run = report_run,
};
