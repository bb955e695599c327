/* cmd_capture.c - blinkctl capture: a program's GL calls into a .blink file or a trace. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/capture_flow.h"
#include "cli/capture_say.h"
#include "cli/command.h"

enum { OPT_OUTPUT, OPT_RECORDER, OPT_HASH, OPT_XVFB, OPT_DISPLAY, OPT_SIZE, OPT_DURATION, OPT_FRAMES,
       OPT_API, OPT_VERBOSE, OPT_KEEP, OPT_KEEP_GOING, OPT_PACK, OPT_PRUNE, OPT_LAST,
       OPT_EVERY };

static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "the .blink or .trace file to write" },
	[OPT_RECORDER] = { 'r', "recorder", "R", "auto, blink (ours) or apitrace" },
	[OPT_HASH] = { 0, "hash", NULL, "hash the program's own picture at every swap" },
	[OPT_XVFB] = { 'x', "xvfb", NULL, "use a display of its own (Xvfb with llvmpipe)" },
	[OPT_DISPLAY] = { 'd', "display", "D", "use this X display" },
	[OPT_SIZE] = { 's', "size", "WxH", "screen of the display of its own, 1280x1024" },
	[OPT_DURATION] = { 't', "duration", "S", "stop the program after S seconds" },
	[OPT_FRAMES] = { 'n', "frames", "N", "stop it after N frames; the file ends there exactly" },
	[OPT_API] = { 0, "api", "A", "apitrace: how the program meets its windows: auto, glx or egl" },
	[OPT_VERBOSE] = { 'v', "verbose", NULL, "let the program's own output through" },
	[OPT_KEEP] = { 0, "keep-recording", "FILE", "keep what a .blink was made of under this name" },
	[OPT_KEEP_GOING] = { 'k', "keep-going", NULL,
		"leave out what cannot be converted and record the loss" },
	[OPT_PACK] = { 'z', "pack", NULL, "pack the .blink with zstd: a third of its size, twice the CPU time of making it" },
	[OPT_PRUNE] = { 'p', "prune", NULL, "prune while recording: keep the end, and what it needs" },
	[OPT_LAST] = { 'l', "last", "K", "with --prune: keep the last K frames whole, 1" },
	[OPT_EVERY] = { 0, "every", "S", "with --prune: write the file every S seconds, too" },
	{ 0 }
};

static bool size_parse(const char *text, unsigned *w, unsigned *h)
{
	char rest;

	return sscanf(text, "%5ux%5u%c", w, h, &rest) == 2 && *w >= 16 && *h >= 16 && *w <= 16384 && *h <= 16384;
}

/* The options into opt; 0, or the exit status after a message. */
static int capture_options(const struct cli_args *args, struct capture_flow *f)
{
	struct run_options *opt = &f->run;
	unsigned long frames = 0, last;
	const char *api = args->opt[OPT_API];

	f->output = args->opt[OPT_OUTPUT];
	f->keep = args->opt[OPT_KEEP];
	f->pack = args->opt[OPT_PACK] != NULL;
	f->keep_going = args->opt[OPT_KEEP_GOING] != NULL;
	f->prune = args->opt[OPT_PRUNE] != NULL;
	f->last = 1;
	if ((args->opt[OPT_LAST] || args->opt[OPT_EVERY]) && !f->prune)
		return cli_usage("capture", "--last and --every are for --prune");
	if (!cli_number(args->opt[OPT_EVERY], SECONDS_LEAST, SECONDS_MOST, &f->every))
		return cli_usage("capture", "--every wants seconds, such as 60");
	if (args->opt[OPT_LAST]) {
		if (!cli_uint("--last", args->opt[OPT_LAST], 1u << 20, &last))
			return EXIT_USAGE;
		f->last = (uint32_t)last;
	}
	opt->hash = args->opt[OPT_HASH] != NULL;
	if (!f->output)
		return cli_usage("capture", "no output file (give one with -o X.blink or -o X.trace)");
	if (!capture_recorder_parse(args->opt[OPT_RECORDER], &f->recorder))
		return cli_usage("capture", "--recorder wants auto, blink or apitrace");
	if (capture_flow_objection(f))
		return cli_usage("capture", capture_flow_objection(f));
	if (args->opt[OPT_XVFB] && args->opt[OPT_DISPLAY])
		return cli_usage("capture", "--xvfb and --display exclude each other");
	opt->display = args->opt[OPT_XVFB] ? RUN_DISPLAY_OWN :
		args->opt[OPT_DISPLAY] ? RUN_DISPLAY_GIVEN : RUN_DISPLAY_AUTO;
	opt->display_name = args->opt[OPT_DISPLAY];
	if (args->opt[OPT_SIZE] && !size_parse(args->opt[OPT_SIZE], &opt->width, &opt->height))
		return cli_usage("capture", "--size wants WIDTHxHEIGHT, such as 1280x1024");
	if (!cli_number(args->opt[OPT_DURATION], SECONDS_LEAST, SECONDS_MOST, &opt->duration))
		return cli_usage("capture", "--duration wants seconds, such as 20 or 2.5");
	if (args->opt[OPT_FRAMES] && !cli_uint("--frames", args->opt[OPT_FRAMES], UINT32_MAX, &frames))
		return EXIT_USAGE;
	if (args->opt[OPT_FRAMES] && frames == 0)
		return cli_usage("capture", "--frames wants at least 1");
	opt->frames = frames;
	if (api && strcmp(api, "auto") && strcmp(api, "glx") && strcmp(api, "egl"))
		return cli_usage("capture", "--api wants auto, glx or egl");
	opt->api = !api || !strcmp(api, "auto") ? RUN_API_AUTO : !strcmp(api, "egl") ? RUN_API_EGL : RUN_API_GLX;
	opt->verbose = args->opt[OPT_VERBOSE] != NULL;
	return 0;
}

static int capture_run(const struct cli_args *args)
{
	struct capture_flow f = { .run.progress = capture_progress, .program = args->argv[0] };
	struct json_object *summary;
	struct error err = { 0 };
	int r = capture_options(args, &f);
	char **argv;

	if (r)
		return r;
	argv = calloc((size_t)args->argc + 1, sizeof *argv);     /* ends with NULL */
	if (!argv)
		return cli_fail(EXIT_DIFFERENT, (error_set(&err, -ENOMEM, "capture: no memory"), &err));
	memcpy(argv, args->argv, (size_t)args->argc * sizeof *argv);
	f.run.argv = argv;
	f.run.user = &f.run;
	r = capture_flow_run(&f, &summary, &err);
	free(argv);
	if (r < 0)
		return cli_fail(r == -ENOPKG ? EXIT_LACKING : EXIT_DIFFERENT, &err);
	cli_print(args, summary);
	return EXIT_GOOD;
}

const struct cli_command cmd_capture = {
	.name = "capture",
	.synopsis = "[options] -o X.blink|X.trace -- PROGRAM [ARGUMENT...]",
	.summary = "record the GL calls of a program",
	.text =
		"Runs the program and records what it asks of OpenGL. With -o X.blink our own recorder "
		"does that, a library in the program that writes into a scratch file beside X.blink; "
		"stored procedures are made of it meanwhile. With any other name, or "
		"--recorder apitrace, apitrace does, and -o X.trace keeps its trace. Programs that our "
		"recorder cannot serve (32-bit, statically linked, set-user-id) are recorded by apitrace; "
		"a line says so and why.\n\n"
		"Where no display answers, or with --xvfb, the program gets an Xvfb of its own on a free "
		"number, with Mesa's llvmpipe, no vertical sync and no sound.\n\n"
		"The capture ends when the program does, after --duration or --frames, or at "
		"Ctrl-C: the program is then asked to end (SIGINT, SIGTERM, at last SIGKILL), "
		"with everything that it started. A second Ctrl-C skips the asking. A program stopped by "
		"--frames draws a few more; the file is cut to N frames.\n\n"
		"The file appears under its name when it is whole. A program that crashes or is killed "
		"leaves what it drew up to its last whole call. If nothing was drawn, nothing "
		"is left. Whatever is killed, the program, the display or blinkctl itself, no "
		"process stays behind; if it was blinkctl, the trace or recording so far is kept "
		"(X.blink.recording; blinkctl convert makes a .blink of it).\n\n"
		"With --prune the recording is pruned while the program runs (see prune), and its disk "
		"space given back: a session of any length leaves a small file, whose init SPs make "
		"the state K frames before its end, and these frames. What cannot be converted is "
		"left out then, as with --keep-going. If blinkctl is killed, what --every wrote last is "
		"left, or nothing.\n\n"
		"With --hash our recorder hashes the program's framebuffer before each swap, and "
		"blinkctl compare X.blink --recorded checks a replay against that. Times of frames are "
		"always recorded: blinkctl info --frames shows them.\n\n"
		"  blinkctl capture -o gears.blink --frames 100 --hash -- glxgears\n"
		"  blinkctl capture -o gears.trace --frames 100 -- glxgears\n"
		"  blinkctl capture -o end.blink --prune --last 60 -- glxgears",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = capture_run,
};
