/* cmd_info.c - blinkctl info: what a .blink file, a trace or a recording holds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "blink/sp/file.h"
#include "capture/recording.h"
#include "capture/trace.h"
#include "cli/command.h"

enum { OPT_FUNCTIONS, OPT_FRAMES };

static const struct cli_option options[] = {
	[OPT_FUNCTIONS] = { 'f', "functions", NULL,
		"of a trace: each function and its number of calls" },
	[OPT_FRAMES] = { 'F', "frames", NULL,
		"of a .blink: time, CPU time and picture hash of each recorded frame" },
	{ 0 }
};

static void number_add(struct json_object *j, const char *key, uint64_t n)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)n));
}

/* ---- .blink -------------------------------------------------------------- */

static struct json_object *names_json(const struct blink_file *f)
{
	struct json_object *j = json_object_new_object();

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		if (blink_names_max(f, i))
			number_add(j, gl_spaces[i].name, blink_names_max(f, i));
	return j;
}

/* Losses first, and on stderr too: a picture that lacks something must not surprise. */
static void provenance_add(struct json_object *j, const char *path, const char *text)
{
	struct json_object *p = json_tokener_parse(text), *lost = NULL, *cut = NULL;

	if (json_object_object_get_ex(p, "lost", &lost) && json_object_get_int64(lost) > 0) {
		json_object_object_add(j, "lost_calls", json_object_get(lost));
		fprintf(stderr, "blinkctl: %s: %lld calls of the trace could not be converted "
			"and are missing (the provenance names them)\n", path,
			(long long)json_object_get_int64(lost));
	}
	if (json_object_object_get_ex(p, "truncated", &cut) && json_object_get_boolean(cut))
		fprintf(stderr, "blinkctl: %s: made of a trace that breaks off\n", path);
	if (p)
		json_object_object_add(j, "provenance", p);
	else if (*text)
		json_object_object_add(j, "provenance", json_object_new_string(text));
}

static int callbacks_count(struct blink_file *f, uint64_t *counts, uint64_t *rerunnable,
			   struct error *err)
{
	for (uint32_t i = 0; i < blink_sp_count(f); i++) {
		struct sp sp;
		int ret = blink_sp_header(f, i, &sp, err);

		if (ret < 0)
			return ret;
		counts[sp.callback]++;
		*rerunnable += sp.flags & SP_RERUNNABLE;
	}
	return 0;
}

/* A duration in nanoseconds as milliseconds. */
static void time_add(struct json_object *j, const char *key, uint64_t ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", (double)ns / 1e6);
	json_object_object_add(j, key, json_object_new_double_s((double)ns / 1e6, text));
}

/* What the recorder noted at each swap; times are those between one swap and the next
 * (of the first frame there is none). */
static struct json_object *frames_json(struct blink_file *f, struct error *err)
{
	struct json_object *list = json_object_new_array();
	struct blink_frame_data d, before = { 0 };

	for (uint32_t i = 0; i < blink_frame_data_count(f); i++, before = d) {
		struct json_object *j = json_object_new_object();
		char hash[40];

		json_object_array_add(list, j);
		if (blink_frame_data_get(f, i, &d, err) < 0) {
			json_object_put(list);
			return NULL;
		}
		number_add(j, "frame", i);
		/* threads that swap at the same time need not come in order */
		if (i && d.wall >= before.wall && d.cpu >= before.cpu && before.wall) {
			time_add(j, "wall_ms", d.wall - before.wall);
			time_add(j, "cpu_ms", d.cpu - before.cpu);
		}
		number_add(j, "wall_ns", d.wall);
		number_add(j, "cpu_ns", d.cpu);
		if (!d.width)
			continue;
		snprintf(hash, sizeof(hash), "%016llx%016llx", (unsigned long long)d.hash[1],
			 (unsigned long long)d.hash[0]);
		json_object_object_add(j, "hash", json_object_new_string(hash));
		number_add(j, "width", d.width);
		number_add(j, "height", d.height);
	}
	return list;
}

/* The recorded run as a whole. */
static void recorded_add(struct json_object *j, struct blink_file *f)
{
	uint32_t n = blink_frame_data_count(f);
	struct blink_frame_data first, last;
	char text[32];

	if (!n)
		return;
	number_add(j, "recorded_frames", n);
	if (n < 2 || blink_frame_data_get(f, 0, &first, NULL) < 0 ||
	    blink_frame_data_get(f, n - 1, &last, NULL) < 0 || last.wall <= first.wall)
		return;
	time_add(j, "recorded_ms", last.wall - first.wall);
	time_add(j, "recorded_cpu_ms", last.cpu - first.cpu);
	snprintf(text, sizeof(text), "%.2f", (n - 1) * 1e9 / (double)(last.wall - first.wall));
	json_object_object_add(j, "recorded_fps", json_object_new_double_s(atof(text), text));
	json_object_object_add(j, "picture_hashes", json_object_new_boolean(last.width != 0));
}

static int info_blink(const struct cli_args *args, struct error *err)
{
	const char *path = args->argv[0];
	uint64_t counts[SP_CALLBACKS] = { 0 }, rerunnable = 0;
	struct json_object *j;
	struct blink_coding coding;
	struct blink_stats s;
	struct blink_file *f;
	int ret = blink_open(&f, path, 0, err);

	if (ret < 0)
		return ret;
	ret = callbacks_count(f, counts, &rerunnable, err);
	if (ret < 0) {
		blink_close(f);
		return ret;
	}
	j = json_object_new_object();
	blink_file_stats(f, &s);
	blink_file_coding(f, &coding);
	json_object_object_add(j, "file", json_object_new_string(path));
	json_object_object_add(j, "format", json_object_new_string("blink"));
	number_add(j, "version", s.version);
	number_add(j, "file_bytes", s.file_bytes);
	number_add(j, "frames", s.frames);
	number_add(j, "sps", s.sps);
	for (unsigned i = 0; i < SP_CALLBACKS; i++)
		if (counts[i])
			number_add(j, sp_callback_names[i], counts[i]);
	number_add(j, "rerunnable", rerunnable);
	number_add(j, "records", s.records);
	number_add(j, "code_bytes", s.code_words * 4);
	number_add(j, "payloads", s.payloads);
	number_add(j, "payload_bytes", s.payload_bytes);
	number_add(j, "payload_bytes_unique", s.payload_stored);
	number_add(j, "blocks", s.blocks);
	number_add(j, "window_bytes", coding.window);
	json_object_object_add(j, "zstd_level", json_object_new_int(coding.level));
	number_add(j, "location_slots", blink_slots(f));
	json_object_object_add(j, "names", names_json(f));
	recorded_add(j, f);
	provenance_add(j, path, blink_provenance(f));
	if (args->opt[OPT_FRAMES]) {
		struct json_object *frames = frames_json(f, err);

		if (!frames) {
			json_object_put(j);
			blink_close(f);
			return err->code;
		}
		json_object_object_add(j, "frame_data", frames);
	}
	cli_print(args, j);
	blink_close(f);
	return 0;
}

/* ---- .trace -------------------------------------------------------------- */

struct function {
	const struct trace_sig *sig;
	uint64_t calls;
};

struct trace_totals {
	struct function *functions;
	size_t n, cap;
	uint64_t calls, frames, payload_bytes, threads;
};

static uint64_t value_bytes(const struct trace_value *v)
{
	uint64_t n = 0;

	if (v->kind == TRACE_BLOB)
		return v->count;
	if (v->kind == TRACE_ARRAY || v->kind == TRACE_STRUCT)
		for (uint32_t i = 0; i < v->count; i++)
			n += value_bytes(&v->items[i]);
	return n;
}

/* sig->user holds the function's row plus 1. */
static int call_count(struct trace_totals *t, const struct trace_call *call)
{
	uintptr_t row = (uintptr_t)call->sig->user;

	if (!row) {
		if (t->n == t->cap) {
			size_t cap = t->cap ? 2 * t->cap : 256;
			struct function *grown = realloc(t->functions, cap * sizeof(*grown));

			if (!grown)
				return -ENOMEM;
			t->functions = grown;
			t->cap = cap;
		}
		t->functions[t->n] = (struct function){ call->sig, 0 };
		row = ++t->n;
		call->sig->user = (void *)row;
	}
	t->functions[row - 1].calls++;
	t->calls++;
	t->frames += strstr(call->sig->name, "SwapBuffers") != NULL;
	t->threads = call->thread + 1u > t->threads ? call->thread + 1u : t->threads;
	for (uint32_t i = 0; i < call->sig->nargs; i++)
		t->payload_bytes += value_bytes(&call->args[i]);
	return 0;
}

static int function_compare(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->calls != y->calls)
		return x->calls < y->calls ? 1 : -1;
	return strcmp(x->sig->name, y->sig->name);
}

static struct json_object *functions_json(struct trace_totals *t)
{
	struct json_object *list = json_object_new_array();

	if (t->n)
		qsort(t->functions, t->n, sizeof(*t->functions), function_compare);
	for (size_t i = 0; i < t->n; i++) {
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "function",
				       json_object_new_string(t->functions[i].sig->name));
		number_add(row, "calls", t->functions[i].calls);
		json_object_array_add(list, row);
	}
	return list;
}

static void trace_print(const struct cli_args *args, const struct trace *t,
			struct trace_totals *totals)
{
	struct json_object *j = json_object_new_object();
	const char *program = trace_property(t, "process.name");

	json_object_object_add(j, "file", json_object_new_string(args->argv[0]));
	json_object_object_add(j, "format", json_object_new_string("trace"));
	number_add(j, "version", trace_version(t));
	if (program)
		json_object_object_add(j, "program", json_object_new_string(program));
	number_add(j, "file_bytes", trace_size(t));
	number_add(j, "frames", totals->frames);
	number_add(j, "calls", totals->calls);
	number_add(j, "distinct_functions", totals->n);
	number_add(j, "payload_bytes", totals->payload_bytes);
	number_add(j, "threads", totals->threads);
	json_object_object_add(j, "truncated", json_object_new_boolean(trace_truncated(t)));
	if (args->opt[OPT_FUNCTIONS])
		json_object_object_add(j, "functions", functions_json(totals));
	cli_print(args, j);
}

static int info_trace(const struct cli_args *args, struct error *err)
{
	struct trace_totals totals = { 0 };
	struct trace_call call;
	struct trace *t;
	int ret = trace_open(&t, args->argv[0], err);

	if (ret < 0)
		return ret;
	while ((ret = trace_next(t, &call, err)) == 1) {
		if (call_count(&totals, &call) < 0) {
			ret = error_set(err, -ENOMEM, "info: out of memory");
			break;
		}
		if (totals.calls % 65536 == 0)
			cli_progress("reading", (double)trace_position(t) / (double)trace_size(t), NULL);
	}
	cli_progress(NULL, -1, NULL);
	if (ret == 0) {
		if (trace_truncated(t))
			fprintf(stderr, "blinkctl: %s: breaks off: what follows is up to its last "
				"whole call\n", args->argv[0]);
		trace_print(args, t, &totals);
	}
	free(totals.functions);
	trace_close(t);
	return ret;
}

/* ---- recordings ------------------------------------------------------------ */

static int info_recording(const struct cli_args *args, struct error *err)
{
	struct recording_summary s;
	struct json_object *j;
	struct trace_call call;
	struct recording *r;
	char remarks[640];
	int ret = recording_open(&r, args->argv[0], err);

	if (ret < 0)
		return ret;
	while ((ret = recording_next(r, &call, err)) == 1)
		;
	if (ret == 0) {
		recording_summary(r, &s);
		recording_remarks(r, remarks, sizeof(remarks));
		if (remarks[0])
			fprintf(stderr, "blinkctl: %s: %s\n", args->argv[0], remarks);
		j = json_object_new_object();
		json_object_object_add(j, "file", json_object_new_string(args->argv[0]));
		json_object_object_add(j, "format", json_object_new_string("recording"));
		number_add(j, "version", recording_version(r));
		if (recording_property(r, "process.name"))
			json_object_object_add(j, "program", json_object_new_string(
				recording_property(r, "process.name")));
		number_add(j, "used_bytes", s.used_bytes);
		number_add(j, "frames", s.frames);
		number_add(j, "calls", s.calls);
		number_add(j, "payload_bytes", s.payload_bytes);
		number_add(j, "processes", s.processes);
		number_add(j, "pid", s.pid);
		number_add(j, "threads", s.threads);
		number_add(j, "not_recorded", s.lost_calls);
		json_object_object_add(j, "truncated", json_object_new_boolean(recording_truncated(r)));
		cli_print(args, j);
	}
	recording_close(r);
	return ret;
}

/* ---- which --------------------------------------------------------------- */

static int run(const struct cli_args *args)
{
	unsigned char start[8] = { 0 };
	struct error err = { 0 };
	struct stat st;
	FILE *in;
	size_t n;
	int ret;

	/* before it is opened: a FIFO would be waited for */
	if (stat(args->argv[0], &st) == 0 && !S_ISREG(st.st_mode)) {
		error_set(&err, -EINVAL, "%s: not a regular file", args->argv[0]);
		return cli_fail(EXIT_DIFFERENT, &err);
	}
	in = fopen(args->argv[0], "rb");
	if (!in) {
		error_set(&err, -errno, "%s: %s", args->argv[0], strerror(errno));
		return cli_fail(EXIT_DIFFERENT, &err);
	}
	n = fread(start, 1, sizeof(start), in);
	fclose(in);
	if (n >= 2 && start[0] == 0x89 && start[1] == 'B')
		ret = info_blink(args, &err);
	else if (recording_is(args->argv[0]))
		ret = info_recording(args, &err);
	else
		ret = info_trace(args, &err);
	return ret < 0 ? cli_fail(EXIT_DIFFERENT, &err) : EXIT_GOOD;
}

const struct cli_command cmd_info = {
	.name = "info",
	.synopsis = "[--functions] [--frames] X.blink|X.trace|RECORDING",
	.summary = "say what a .blink, .trace or recording holds",
	.text = "Of a .blink file: its frames, stored procedures, records, payloads before and "
		"after equal ones are merged, names and provenance; calls that could not be converted "
		"are said first; with --frames, what our recorder noted at each swap: nanoseconds on a "
		"monotonic clock and of the program's CPU time, their differences to the frame before, "
		"and the hash (XXH3-128) of the picture. Of a trace: its frames, calls, distinct functions and payload bytes; "
		"the whole trace is read. Of a recording (blinkctl capture --keep-recording): its frames, "
		"calls, processes and threads, and what could not be recorded.",
	.options = options,
	.min_args = 1, .max_args = 1,
	.run = run,
};
