/* cmd_convert.c - blinkctl convert: a trace or a recording in, stored procedures out. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "capture/convert.h"
#include "cli/command.h"

enum { OPT_OUTPUT, OPT_KEEP_GOING, OPT_LEVEL, OPT_FRAMES, OPT_WHOLE };

static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "the .blink file to write" },
	[OPT_KEEP_GOING] = { 'k', "keep-going", NULL,
		"leave out what cannot be converted and record the loss" },
	[OPT_LEVEL] = { 'l', "level", "N", "zstd level of the payloads, 1 to 19 (0: the fast default)" },
	[OPT_FRAMES] = { 'n', "frames", "N", "stop after N frames" },
	[OPT_WHOLE] = { 'w', "whole-frames", NULL, "leave out what follows the last swap: of a recording that still grows" },
	{ 0 }
};

static void convert_progress(void *user, double fraction, uint32_t frame)
{
	char detail[32];

	snprintf(detail, sizeof(detail), "frame %u", frame);
	cli_progress(user, fraction, detail);
}

static void add_count(struct json_object *j, const char *key, uint64_t n)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)n));
}

static uint64_t file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (uint64_t)st.st_size;
}

static struct json_object *summary(const char *trace, const char *out,
				   const struct convert_stats *s, double cpu)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "trace", json_object_new_string(trace));
	json_object_object_add(j, "output", json_object_new_string(out));
	add_count(j, "trace_bytes", file_bytes(trace));
	add_count(j, "output_bytes", file_bytes(out));
	add_count(j, "frames", s->frames);
	add_count(j, "calls", s->calls);
	add_count(j, "records", s->records);
	add_count(j, "skipped", s->skipped);
	add_count(j, "lowered", s->lowered);
	add_count(j, "lost", s->lost);
	if (s->recorder_lost)
		add_count(j, "recorder_lost", s->recorder_lost);
	add_count(j, "payload_bytes", s->payload_bytes);
	add_count(j, "payload_unique_bytes", s->payload_unique);
	add_count(j, "contexts", s->contexts);
	add_count(j, "drawables", s->drawables);
	add_count(j, "threads", s->threads);
	add_count(j, "rerunnable_frames", s->rerunnable);
	json_object_object_add(j, "truncated", json_object_new_boolean(s->truncated));
	json_object_object_add(j, "cpu_seconds", json_object_new_double(cpu));
	return j;
}

static int convert_run(const struct cli_args *args)
{
	const char *trace = args->argv[0], *out = args->opt[OPT_OUTPUT];
	struct convert_options opt = { .keep_going = args->opt[OPT_KEEP_GOING] != NULL };
	struct convert_stats stats = { 0 };
	struct error err = { 0 };
	unsigned long level = 0, frames = 0;
	clock_t start = clock();
	char what[] = "converting";
	int r;

	if (!out)
		return cli_usage("convert", "no output file (give one with -o X.blink)");
	if (args->opt[OPT_LEVEL] && !cli_uint("--level", args->opt[OPT_LEVEL], 19, &level))
		return EXIT_USAGE;
	if (args->opt[OPT_FRAMES] && !cli_uint("--frames", args->opt[OPT_FRAMES], UINT32_MAX, &frames))
		return EXIT_USAGE;
	if (cli_replaces(trace, out, &err))
		return cli_fail(EXIT_USAGE, &err);
	opt.level = (int)level;
	opt.frames = (uint32_t)frames;
	opt.whole_frames = args->opt[OPT_WHOLE] != NULL;
	opt.progress = convert_progress;
	opt.user = what;
	r = convert_trace(trace, out, &opt, &stats, &err);
	if (r < 0)
		return cli_fail(EXIT_DIFFERENT, &err);
	cli_print(args, summary(trace, out, &stats, (double)(clock() - start) / CLOCKS_PER_SEC));
	if (stats.recorder_remarks[0])
		fprintf(stderr, "blinkctl: %s: %s\n", trace, stats.recorder_remarks);
	if (stats.truncated)
		fprintf(stderr, "blinkctl: %s: it ends within a call; converted up to the last whole one\n",
			trace);
	if (stats.lost)
		fprintf(stderr, "blinkctl: %s: %llu calls could not be converted and are left out; the provenance names them\n",
			out, (unsigned long long)stats.lost);
	return EXIT_GOOD;
}

const struct cli_command cmd_convert = {
	.name = "convert",
	.synopsis = "X.trace|RECORDING -o X.blink [--keep-going] [--level N] [--frames N]",
	.summary = "turn a trace or recording into stored procedures",
	.text =
		"Reads an apitrace trace, or a recording of our own recorder that was kept "
		"(blinkctl capture --keep-recording), once, from front to end, and writes one init SP and, for each "
		"frame, an update SP (the uploads that may move ahead of the frame's draws) and a "
		"redraw SP. Payloads are stored once by content. Memory does not grow with the "
		"trace.\n\n"
		"A call that cannot be converted ends the conversion with its number, its name "
		"and what is missing; with --keep-going it is left out, and the loss is recorded "
		"in the file's provenance, where info and replay find it. A trace that was cut "
		"off (the program crashed) is converted up to its last whole call.\n\n"
		"No output file is left behind when the conversion fails.\n\n"
		"  blinkctl convert glxgears.trace -o glxgears.blink",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = convert_run,
};
