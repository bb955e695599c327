/* cmd_capture.c - blinkctl capture: a program's GL calls into a trace. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/run.h"
#include "cli/capture_say.h"
#include "cli/command.h"

enum { OPT_OUTPUT, OPT_XVFB, OPT_DISPLAY, OPT_SIZE, OPT_DURATION, OPT_FRAMES, OPT_API, OPT_VERBOSE };

static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "the .trace file to write" },
	[OPT_XVFB] = { 'x', "xvfb", NULL, "use a display of its own (Xvfb with llvmpipe)" },
	[OPT_DISPLAY] = { 'd', "display", "D", "use this X display" },
	[OPT_SIZE] = { 's', "size", "WxH", "screen of the display of its own, 1280x1024" },
	[OPT_DURATION] = { 't', "duration", "S", "stop the program after S seconds" },
	[OPT_FRAMES] = { 'n', "frames", "N", "stop it after N frames; the trace ends there exactly" },
	[OPT_API] = { 0, "api", "A", "how the program meets its windows: auto, glx or egl" },
	[OPT_VERBOSE] = { 'v', "verbose", NULL, "let the program's own output through" },
	{ 0 }
};

static int usage(const char *why)
{
	struct error err;

	error_set(&err, -EINVAL, "capture: %s", why);
	return cli_fail(EXIT_USAGE, &err);
}

static void capture_progress(void *user, const struct run_progress *p)
{
	const struct run_options *opt = user;
	double by_time = opt->duration > 0 ? p->seconds / opt->duration : 0;
	double by_frames = opt->frames ? (double)p->frames / (double)opt->frames : 0;
	char detail[96];

	snprintf(detail, sizeof detail, "%.1f s, %llu frames, %llu calls, %.1f MB", p->seconds,
		 (unsigned long long)p->frames, (unsigned long long)p->calls, (double)p->bytes / 1e6);
	cli_progress("capturing", fmin(fmax(by_time, by_frames), 1), detail);
}

static bool size_parse(const char *text, unsigned *w, unsigned *h)
{
	char rest;

	return sscanf(text, "%5ux%5u%c", w, h, &rest) == 2 && *w >= 16 && *h >= 16 && *w <= 16384 && *h <= 16384;
}

/* The options into opt; 0, or the exit status after a message. */
static int capture_options(const struct cli_args *args, struct run_options *opt)
{
	unsigned long frames = 0;
	const char *api = args->opt[OPT_API];
	char *end = NULL;

	opt->output = args->opt[OPT_OUTPUT];
	if (!opt->output)
		return usage("no output file (give one with -o X.trace)");
	if (args->opt[OPT_XVFB] && args->opt[OPT_DISPLAY])
		return usage("--xvfb and --display exclude each other");
	opt->display = args->opt[OPT_XVFB] ? RUN_DISPLAY_OWN :
		args->opt[OPT_DISPLAY] ? RUN_DISPLAY_GIVEN : RUN_DISPLAY_AUTO;
	opt->display_name = args->opt[OPT_DISPLAY];
	if (args->opt[OPT_SIZE] && !size_parse(args->opt[OPT_SIZE], &opt->width, &opt->height))
		return usage("--size wants WIDTHxHEIGHT, such as 1280x1024");
	if (args->opt[OPT_DURATION]) {
		opt->duration = strtod(args->opt[OPT_DURATION], &end);
		if (*end || end == args->opt[OPT_DURATION] || !(opt->duration > 0 && opt->duration < 1e6))
			return usage("--duration wants seconds, such as 20 or 2.5");
	}
	if (args->opt[OPT_FRAMES] && !cli_uint("--frames", args->opt[OPT_FRAMES], UINT32_MAX, &frames))
		return EXIT_USAGE;
	if (args->opt[OPT_FRAMES] && frames == 0)
		return usage("--frames wants at least 1");
	opt->frames = frames;
	if (api && strcmp(api, "auto") && strcmp(api, "glx") && strcmp(api, "egl"))
		return usage("--api wants auto, glx or egl");
	opt->api = !api || !strcmp(api, "auto") ? RUN_API_AUTO : !strcmp(api, "egl") ? RUN_API_EGL : RUN_API_GLX;
	opt->verbose = args->opt[OPT_VERBOSE] != NULL;
	return 0;
}

static int capture_run(const struct cli_args *args)
{
	struct run_options opt = { .progress = capture_progress };
	struct run_result res;
	struct error err = { 0 };
	int r = capture_options(args, &opt);
	char **argv;

	if (r)
		return r;
	argv = calloc((size_t)args->argc + 1, sizeof *argv);     /* ends with NULL */
	if (!argv)
		return cli_fail(EXIT_DIFFERENT, (error_set(&err, -ENOMEM, "capture: no memory"), &err));
	memcpy(argv, args->argv, (size_t)args->argc * sizeof *argv);
	opt.argv = argv;
	opt.user = &opt;
	r = run_capture(&opt, &res, &err);
	free(argv);
	cli_progress("capturing", -1, NULL);
	if (r < 0)
		return cli_fail(r == -ENOPKG ? EXIT_LACKING : EXIT_DIFFERENT, &err);
	capture_remarks(args->argv[0], &res);
	cli_print(args, capture_summary(opt.output, &res));
	return EXIT_GOOD;
}

const struct cli_command cmd_capture = {
	.name = "capture",
	.synopsis = "[options] -o X.trace -- PROGRAM [ARGUMENT...]",
	.summary = "record the GL calls of a program with apitrace",
	.text =
		"Runs the program under apitrace and writes what it asked of OpenGL. Where no "
		"display answers, or with --xvfb, it gets an Xvfb of its own on a free number, "
		"with Mesa's llvmpipe, no vertical sync and no sound.\n\n"
		"The capture ends when the program does, after --duration or --frames, or at "
		"Ctrl-C: the program is then asked to end (SIGINT, SIGTERM, at last SIGKILL), "
		"with everything that it started. A second Ctrl-C skips the asking. apitrace "
		"writes a mebibyte of calls at a time, so a program stopped by --frames draws a "
		"few more; the trace is cut to N frames.\n\n"
		"The trace appears under its name when it has been read through. A program that "
		"crashes leaves a trace up to its last whole call. If nothing was drawn, nothing "
		"is left. Whatever is killed, the program, the display or blinkctl itself, no "
		"process stays behind; if it was blinkctl, the trace so far is kept.\n\n"
		"  blinkctl capture -o gears.trace --frames 100 -- glxgears",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = capture_run,
};
