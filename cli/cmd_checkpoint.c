/* cmd_checkpoint.c - blinkctl checkpoint: a replay's or a running program's state as a file. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blink/base/clock.h"
#include "capture/convert.h"
#include "capture/recording.h"
#include "cli/cli.h"
#include "replay/checkpoint.h"

enum { OPT_AT, OPT_OUTPUT, OPT_RECORDING, OPT_PID };

static const struct cli_option options[] = {
	[OPT_AT] = { 'f', "at-frame", "N", "the state at the start of frame N (the file's end)" },
	[OPT_OUTPUT] = { 'o', "output", "C.blink", "the checkpoint to write" },
	[OPT_RECORDING] = { 'r', "recording", "FILE", "of a recording in progress, at its last whole frame" },
	[OPT_PID] = { 'p', "pid", "PID", "likewise, of the process that is being recorded" },
	{ 0 }
};

/* ---- recordings in progress --------------------------------------------------- */

/* The recording that a process has mapped. */
static int recording_of(unsigned long pid, char *path, size_t size, struct error *err)
{
	char maps[64], line[4352];
	FILE *f;

	snprintf(maps, sizeof(maps), "/proc/%lu/maps", pid);
	f = fopen(maps, "r");
	if (!f)
		return error_set(err, -errno, "process %lu: %s", pid, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		char *at = strchr(line, '/');

		if (!at || !strstr(line, " rw-s "))
			continue;
		at[strcspn(at, "\n")] = 0;
		if (!recording_is(at))
			continue;
		snprintf(path, size, "%s", at);
		fclose(f);
		return 0;
	}
	fclose(f);
	return error_set(err, -ENOENT, "process %lu: it is not being recorded (blinkctl capture "
			 "--recorder blink)", pid);
}

static int live_checkpoint(const char *recording, const char *out, struct checkpoint_options *opt,
			   struct prune_stats *stats, struct error *err)
{
	const struct convert_options convert = { .keep_going = true, .whole_frames = true,
						 .unjudged = true, .level = BLINK_UNPACKED };
	struct convert_stats converted;
	struct blink_file *f = NULL;
	char *part = NULL;
	int e;

	if (asprintf(&part, "%s.log%ld", out, (long)getpid()) < 0)
		return error_set(err, -ENOMEM, "checkpoint: out of memory");
	e = convert_trace(recording, part, &convert, &converted, err);
	if (e >= 0)
		e = blink_open(&f, part, 0, err);
	unlink(part);                /* it is mapped */
	free(part);
	if (e >= 0 && !blink_frame_count(f)) {
		e = error_set(err, -EAGAIN, "%s: no frame has ended yet (try again later)", recording);
		blink_close(f);
	}
	if (e >= 0) {
		opt->frame = blink_frame_count(f);
		opt->live = true;
		opt->source = recording;
		e = checkpoint_write(f, out, opt, stats, err);
		blink_close(f);
	}
	return e;
}

/* ---- files ---------------------------------------------------------------------- */

static int file_checkpoint(const char *path, const char *out, struct checkpoint_options *opt,
			   struct prune_stats *stats, struct error *err)
{
	struct blink_file *f;
	int e;

	e = blink_open(&f, path, 0, err);
	if (e < 0)
		return e;
	opt->source = path;
	if (opt->frame == UINT32_MAX)
		opt->frame = blink_frame_count(f);
	e = checkpoint_write(f, out, opt, stats, err);
	blink_close(f);
	return e;
}

static struct json_object *done_json(const char *out, const struct checkpoint_options *opt,
				     const struct prune_stats *s, double seconds)
{
	struct json_object *j = json_object_new_object();
	struct stat st = { 0 };

	stat(out, &st);
	json_object_object_add(j, "checkpoint", json_object_new_string(out));
	json_object_object_add(j, "source", json_object_new_string(opt->source));
	json_object_object_add(j, "frame", json_object_new_int64(opt->frame));
	json_object_object_add(j, "bytes", json_object_new_int64(st.st_size));
	json_object_object_add(j, "records_before", json_object_new_int64((int64_t)s->records));
	json_object_object_add(j, "records_kept", json_object_new_int64((int64_t)s->kept_total));
	json_object_object_add(j, "seconds", json_object_new_double(seconds));
	return j;
}

static int checkpoint_main(const struct cli_args *args)
{
	struct checkpoint_options opt = { .frame = UINT32_MAX, .tool = "blinkctl " BLINKCTL_VERSION };
	bool live = args->opt[OPT_RECORDING] || args->opt[OPT_PID];
	const char *recording = args->opt[OPT_RECORDING];
	struct prune_stats stats = { 0 };
	struct error err = { 0 };
	char path[4096];
	unsigned long v;
	double start = clock_seconds();
	int e = 0;

	if (!args->opt[OPT_OUTPUT])
		return cli_usage("checkpoint", "-o C.blink is missing");
	if (live == (args->argc == 1) || (args->opt[OPT_RECORDING] && args->opt[OPT_PID]))
		return cli_usage("checkpoint", "one of X.blink, --recording and --pid is wanted");
	if (live && args->opt[OPT_AT])
		return cli_usage("checkpoint",
				 "a recording in progress is taken at its last whole frame");
	if (args->opt[OPT_AT]) {
		if (!cli_uint("--at-frame", args->opt[OPT_AT], UINT32_MAX - 1, &v))
			return EXIT_USAGE;
		opt.frame = (uint32_t)v;
	}
	if (args->opt[OPT_PID]) {
		if (!cli_uint("--pid", args->opt[OPT_PID], INT32_MAX, &v))
			return EXIT_USAGE;
		e = recording_of(v, path, sizeof(path), &err);
		recording = path;
	}
	if (e >= 0 && cli_replaces(live ? recording : args->argv[0], args->opt[OPT_OUTPUT], &err))
		return cli_fail(EXIT_USAGE, &err);
	if (e >= 0)
		e = live ? live_checkpoint(recording, args->opt[OPT_OUTPUT], &opt, &stats, &err)
			 : file_checkpoint(args->argv[0], args->opt[OPT_OUTPUT], &opt, &stats, &err);
	if (e < 0)
		return cli_fail(EXIT_DIFFERENT, &err);
	cli_print(args, done_json(args->opt[OPT_OUTPUT], &opt, &stats, clock_seconds() - start));
	return EXIT_GOOD;
}

const struct cli_command cmd_checkpoint = {
	.name = "checkpoint",
	.synopsis = "X.blink [--at-frame N] -o C.blink | --recording FILE -o C.blink | "
		    "--pid PID -o C.blink",
	.summary = "the GL state of a replay at a frame, or of a running program, as a file",
	.text =
		"The log up to the start of frame N is pruned (see prune) to what makes the state "
		"there, and written with the client's own object names and with where it comes from, "
		"so that `blinkctl restart` can bring the state back, on this or another driver, and "
		"go on with X from there.\n\n"
		"--recording takes a recording that a program is being made, or was killed while it "
		"was made; --pid finds it by the process. What is there up to the last whole frame "
		"is converted and pruned; the program does not notice.\n\n"
		"The file is synced before it takes its name, and its folder after: a crash leaves a "
		"previous checkpoint of that name as it was.\n\n"
		"  blinkctl checkpoint game.blink --at-frame 350 -o game-350.blink",
	.options = options,
	.min_args = 0,
	.max_args = 1,
	.run = checkpoint_main,
};
