/* bench_suites.c - see bench_suites.h. */
#include "cli/bench_suites.h"
#include "cli/bench_server_suite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit-bench/bench.h"

/* Beside the program where it was built, below its prefix where it is installed. */
static bool beside_find(const char *self, const char *name, char *path, size_t size)
{
	static const char *const places[] = { "jit-bench", "../lib/blink" };
	int folder = (int)(strrchr(self, '/') - self);

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, size, "%.*s/%s/%s", folder, self, places[i], name);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

static struct json_object *suite_jit(const struct bench_request *q, struct error *err)
{
	char path[PATH_MAX + 64];

	if (!q->args->opt[OPT_PEERS])
		return bench_jit(q->runs, err);
	if (beside_find(q->self, "blink-peers", path, sizeof(path)))
		return bench_peers_run(path, q->runs, err);
	error_set(err, -ENOPKG, "bench: the program blink-peers is not there (make builds it)");
	return NULL;
}

static struct json_object *suite_frames(const struct bench_request *q, struct error *err)
{
	return bench_frames(q->argv[0], q->runs, err);
}

static struct json_object *suite_convert(const struct bench_request *q, struct error *err)
{
	struct bench_convert_options opt = { .trace = q->argv[0], .self = q->self,
					     .runs = q->runs };

	return bench_convert(&opt, err);
}

/* The null libGL that was asked for, or ours; NULL with err set. */
static const char *null_library(const struct bench_request *q, char *path, size_t size,
				struct error *err)
{
	const char *given = q->args->opt[OPT_NULL_LIBRARY];

	if (given && !realpath(given, path)) {
		error_set(err, -ENOPKG, "%s: %s", given, strerror(errno));
		return NULL;
	}
	if (!given && !beside_find(q->self, "libGL.so.1", path, size)) {
		error_set(err, -ENOPKG, "bench: the null libGL.so.1 is not there "
			  "(make builds it; --null-library names another)");
		return NULL;
	}
	return path;
}

/* As cli_uint, but the sentence goes up: suites report their own failures. */
static bool number_parse(const char *option, const char *text, unsigned long max,
			 unsigned long *out, struct error *err)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out <= max)
		return true;
	error_set(err, -EINVAL, "%s: '%s' is not a number from 0 to %lu", option, text, max);
	return false;
}

static struct json_object *suite_table3(const struct bench_request *q, struct error *err)
{
	const char *frame = q->args->opt[OPT_FRAME];
	char path[PATH_MAX + 64];
	unsigned long n = 0;
	struct bench_table3_options opt = {
		.files = (const char *const *)q->argv,
		.nfiles = (unsigned)q->argc, .runs = q->runs, .frame = -1,
		.nullgl = null_library(q, path, sizeof(path), err),
	};

	if (frame && !number_parse("--frame", frame, UINT32_MAX, &n, err))
		return NULL;
	if (frame)
		opt.frame = (int64_t)n;
	return opt.nullgl ? bench_table3(&opt, err) : NULL;
}

static struct json_object *suite_replay(const struct bench_request *q, struct error *err)
{
	char path[PATH_MAX + 64];
	struct bench_replay_options opt = {
		.blink = q->argv[0], .trace = q->argc > 1 ? q->argv[1] : NULL,
		.runs = q->runs, .llvmpipe = q->args->opt[OPT_LLVMPIPE] != NULL,
		.self = q->self, .nullgl = null_library(q, path, sizeof(path), err),
	};

	return opt.nullgl ? bench_replay(&opt, err) : NULL;
}

/* "640x480,800x600" into sizes; 0 or the number of them. */
static unsigned sizes_parse(const char *text, struct bench_size *sizes, unsigned most)
{
	unsigned n = 0;
	int used;

	while (n < most && sscanf(text, "%5ux%5u%n", &sizes[n].width, &sizes[n].height, &used) == 2) {
		if (sizes[n].width < 16 || sizes[n].height < 16 || sizes[n].width > 8192 ||
		    sizes[n].height > 8192)
			return 0;
		n++;
		text += used;
		if (!*text)
			return n;
		if (*text++ != ',')
			return 0;
	}
	return 0;
}

static struct json_object *suite_null(const struct bench_request *q, struct error *err)
{
	char path[PATH_MAX + 64], program[PATH_MAX + 64];
	struct bench_null_options opt = {
		.program = program, .runs = q->runs,
		.nullgl = null_library(q, path, sizeof(path), err),
	};

	if (!opt.nullgl)
		return NULL;
	if (beside_find(q->self, "null-calls", program, sizeof(program)))
		return bench_null(&opt, err);
	error_set(err, -ENOPKG, "bench: the program null-calls is not there (make builds it)");
	return NULL;
}

static struct json_object *suite_record(const struct bench_request *q, struct error *err)
{
	const char *sizes = q->args->opt[OPT_SIZES], *length = q->args->opt[OPT_LENGTH];
	struct bench_size size[16];
	struct bench_record_options opt = { .program = q->argv[0], .self = q->self,
					    .sizes = size, .runs = q->runs };
	unsigned long n = 0;

	if (q->args->opt[OPT_NULL])
		return suite_null(q, err);
	if (q->argc < 1) {
		error_set(err, -EINVAL, "bench: record takes a program of corpora/, or --null");
		return NULL;
	}
	opt.nsizes = sizes_parse(sizes ? sizes : "640x480,800x600,1024x768,1280x1024,1600x1200",
				 size, 16);
	if (!opt.nsizes) {
		error_set(err, -EINVAL, "--sizes: '%s' is not WxH,... (16 at most)", sizes);
		return NULL;
	}
	if (length && !number_parse("--length", length, 1000000, &n, err))
		return NULL;
	opt.length = (unsigned)n;
	return bench_record(&opt, err);
}

/* "5,10,20.5" into v; 0 or the number of them. */
static unsigned times_parse(const char *text, double *v, unsigned most)
{
	unsigned n = 0;
	char *end;

	while (n < most) {
		v[n] = strtod(text, &end);
		if (end == text || !(v[n] > 0 && v[n] < 1e6))
			return 0;
		n++;
		if (!*end)
			return n;
		if (*end != ',')
			return 0;
		text = end + 1;
	}
	return 0;
}

static struct json_object *suite_log(const struct bench_request *q, struct error *err)
{
	const char *at = q->args->opt[OPT_AT], *rate = q->args->opt[OPT_RATE];
	struct bench_log_options opt = { .blink = q->argv[0], .runs = q->runs };
	double times[64];

	opt.times = times;
	opt.ntimes = times_parse(at ? at : "5,10,20,30,45,60,75,90,105,120", times, 64);
	if (!opt.ntimes) {
		error_set(err, -EINVAL, "--at: '%s' is no list of seconds (64 at most)", at);
		return NULL;
	}
	if (rate && times_parse(rate, &opt.rate, 1) != 1) {
		error_set(err, -EINVAL, "--rate: '%s' is no number of frames per second", rate);
		return NULL;
	}
	return bench_log(&opt, err);
}

static struct json_object *suite_checkpoint(const struct bench_request *q, struct error *err)
{
	const char *frame = q->args->opt[OPT_FRAME];
	struct bench_checkpoint_options opt = {
		.blink = q->argv[0], .trace = q->argc > 1 ? q->argv[1] : NULL,
		.self = q->self, .frame = BENCH_MIDDLE, .runs = q->runs,
	};
	unsigned long n = 0;

	if (frame && !number_parse("--frame", frame, UINT32_MAX - 1, &n, err))
		return NULL;
	if (frame)
		opt.frame = (unsigned)n;
	return bench_checkpoint(&opt, err);
}

static struct json_object *suite_lines(const struct bench_request *q, struct error *err)
{
	return bench_lines(q->argc > 0 ? q->argv[0] : ".", err);
}


static struct json_object *suite_quick(const struct bench_request *q, struct error *err)
{
	return bench_quick((const char *const *)q->argv, (unsigned)q->argc, q->runs, err);
}

static struct json_object *suite_counts(const struct bench_request *q, struct error *err)
{
	return bench_counts((const char *const *)q->argv, (unsigned)q->argc, err);
}

static struct json_object *suite_instructions(const struct bench_request *q, struct error *err)
{
	return bench_instructions(q->self, (const char *const *)q->argv, (unsigned)q->argc, q->runs,
				  err);
}

/* ---- the table -------------------------------------------------------------------------- */

#define TAKES(o) (1u << (o))
#define FILES_MOST 64

static const struct bench_suite suites[] = {
	{ "jit", 0, 0, 21, 0, 3, true, 1, 0, TAKES(OPT_PEERS), "jit", suite_jit },
	{ "quick", 0, FILES_MOST, 20, 0, 10, true, 1, FILES_MOST, 0, "quick [X.blink...]", suite_quick },
	{ "counts", 1, FILES_MOST, 1, 1, 1, false, 0, FILES_MOST, 0, "counts X.blink|X.trace...",
	  suite_counts },
	{ "instructions", 1, FILES_MOST, 3, 0, 1, false, 0, FILES_MOST, 0,
	  "instructions X.blink...", suite_instructions },
	{ "table3", 1, 7, 101, 10, 10, false, 0, 7, TAKES(OPT_NULL_LIBRARY) | TAKES(OPT_FRAME),
	  "table3 X.blink...", suite_table3 },
	{ "frames", 1, 1, 5, 0, 3, true, 1, 1, 0, "frames X.blink", suite_frames },
	{ "replay", 1, 2, 5, 0, 1, false, 1, 2, TAKES(OPT_LLVMPIPE) | TAKES(OPT_NULL_LIBRARY),
	  "replay X.blink [X.trace]", suite_replay },
	{ "convert", 1, 1, 5, 0, 1, false, 1, 1, 0, "convert X.trace", suite_convert },
	{ "record", 0, 1, 3, 0, 1, false, 0, 0, TAKES(OPT_SIZES) | TAKES(OPT_LENGTH) | TAKES(OPT_NULL) |
	  TAKES(OPT_NULL_LIBRARY), "record PROGRAM | --null", suite_record },
	{ "log", 1, 1, 3, 0, 1, false, 0, 1, TAKES(OPT_AT) | TAKES(OPT_RATE), "log X.blink", suite_log },
	{ "checkpoint", 1, 2, 5, 0, 1, false, 1, 2, TAKES(OPT_FRAME), "checkpoint X.blink [X.trace]",
	  suite_checkpoint },
	{ "server", 0, 16, 3, 0, 1, false, 0, 0, TAKES(OPT_COUNTS) | TAKES(OPT_HOLD) |
	  TAKES(OPT_SWITCH) | TAKES(OPT_LIVE) | TAKES(OPT_ISOLATION) | TAKES(OPT_WITHOUT) | TAKES(OPT_RATE) |
	  TAKES(OPT_LENGTH) | TAKES(OPT_NULL) | TAKES(OPT_FRAME), "server [CASE...]", bench_server_suite },
	{ "lines", 0, 1, 1, 1, 1, false, 0, 0, 0, "lines [TREE]", suite_lines },
};
#define SUITES (sizeof(suites) / sizeof(suites[0]))
#define PEERS_SLICE 4u
#define PEERS_RUNS 11u

static const struct bench_suite *suite_find(const char *name)
{
	for (unsigned i = 0; i < SUITES; i++)
		if (!strcmp(suites[i].name, name))
			return &suites[i];
	return NULL;
}

static int usage(struct error *err, const char *name)
{
	char text[600] = "give ";

	for (unsigned i = 0; i < SUITES; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			 i ? ", or " : "", suites[i].usage);
	return error_set(err, -EINVAL, "%s: %s", name, text);
}

/* An option that no suite here takes would be an option without effect. */
static int options_check(const struct cli_args *args, const struct bench_request *q, unsigned n,
			 struct error *err)
{
	static const char *const names[OPT_SUITES_END] = {
		[OPT_LLVMPIPE] = "llvmpipe", [OPT_NULL_LIBRARY] = "null-library",
		[OPT_SIZES] = "sizes", [OPT_LENGTH] = "length", [OPT_PEERS] = "peers",
		[OPT_FRAME] = "frame", [OPT_NULL] = "null", [OPT_AT] = "at", [OPT_RATE] = "rate",
		[OPT_COUNTS] = "counts", [OPT_HOLD] = "hold", [OPT_SWITCH] = "switch",
		[OPT_LIVE] = "live", [OPT_ISOLATION] = "isolation",
		[OPT_WITHOUT] = "without",
	};

	for (unsigned o = 0; o < OPT_SUITES_END; o++) {
		bool taken = false;

		for (unsigned i = 0; i < n; i++)
			taken |= (q[i].suite->options & TAKES(o)) != 0;
		if (args->opt[o] && !taken)
			return error_set(err, -EINVAL, "bench: --%s: is not for %s%s", names[o],
					 q[0].suite->name, n > 1 ? " and the others" : "");
	}
	return 0;
}

static void defaults_set(struct bench_request *q, const struct cli_args *args)
{
	bool peers = args->opt[OPT_PEERS] && q->suite->options & TAKES(OPT_PEERS);

	q->runs = peers ? PEERS_RUNS : q->suite->runs;
	q->slice = peers ? PEERS_SLICE : q->suite->slice;
	q->warm = peers ? 0 : q->suite->warm;
}

int bench_suites_parse(const struct cli_args *args, const char *self,
		       struct bench_request requests[BENCH_SUITES_MOST], struct error *err)
{
	unsigned n = 0;
	int at = 0;

	while (at < args->argc) {
		struct bench_request *q;
		const struct bench_suite *suite = suite_find(args->argv[at]);

		if (!suite)
			return usage(err, args->argv[at]);
		if (n == BENCH_SUITES_MOST)
			return error_set(err, -E2BIG, "bench: %u suites at most", BENCH_SUITES_MOST);
		q = &requests[n++];
		*q = (struct bench_request){ .suite = suite, .args = args, .self = self,
					     .argv = args->argv + at + 1 };
		while (at + 1 + q->argc < args->argc && !suite_find(q->argv[q->argc]))
			q->argc++;
		if (q->argc < suite->least || q->argc > suite->most)
			return usage(err, suite->name);
		defaults_set(q, args);
		at += 1 + q->argc;
	}
	return options_check(args, requests, n, err) < 0 ? err->code : (int)n;
}
