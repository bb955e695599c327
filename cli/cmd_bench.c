/* cmd_bench.c - blinkctl bench: what things cost, beside what they cost elsewhere.
 *
 * A suite is a row of suites[]; everything else (runs, the results file, what is printed)
 * is the same for all.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/bench_turns.h"
#include "cli/command.h"
#include "cli/doctor.h"
#include "jit-bench/bench.h"
#include "reports/results.h"

enum {
	OPT_RUNS, OPT_OUTPUT, OPT_LLVMPIPE, OPT_NULL_LIBRARY, OPT_SIZES, OPT_LENGTH, OPT_PEERS,
	OPT_FRAME, OPT_NULL, OPT_AT, OPT_RATE, OPT_SUITES_END,
	OPT_AGAINST = OPT_SUITES_END, OPT_BASE_OUTPUT, OPT_TURNS, OPT_TIME_BUDGET, OPT_RESUME,
	OPT_POLICY
};

static const struct cli_option options[] = {
	[OPT_RUNS] = { 'r', "runs", "N", "how often everything is measured (jit 21, jit --peers 11, "
		"table3 101, record 3, others 5)" },
	[OPT_OUTPUT] = { 'o', "output", "RESULTS.json",
		"also write a results file: samples of every run, environment, inputs" },
	[OPT_LLVMPIPE] = { 'l', "llvmpipe", NULL, "replay: on the software driver as well" },
	[OPT_NULL_LIBRARY] = { 0, "null-library", "FILE",
		"replay, table3, record --null: the null libGL.so.1 (the one that is built beside blinkctl)" },
	[OPT_SIZES] = { 0, "sizes", "WxH,...",
		"record: of the window (640x480,800x600,1024x768,1280x1024,1600x1200)" },
	[OPT_LENGTH] = { 0, "length", "N", "record: of the program's work, where its recipe knows one" },
	[OPT_PEERS] = { 'p', "peers", NULL, "jit: beside other code generators" },
	[OPT_NULL] = { 'n', "null", NULL, "record: what recorders add to a call, on a null libGL" },
	[OPT_FRAME] = { 'f', "frame", "N", "table3: which frame (one in the "
		"middle, at most 100); checkpoint: too (the middle)" },
	[OPT_AT] = { 0, "at", "S,...", "log: seconds of the recording's time "
		"(5,10,20,30,45,60,75,90,105,120)" },
	[OPT_RATE] = { 0, "rate", "FPS", "log: frames per second of that time (the recording's "
		"time stamps)" },
	[OPT_AGAINST] = { 'a', "against", "BLINKCTL",
		"measure in turns with another build, until the gate can tell" },
	[OPT_BASE_OUTPUT] = { 0, "base-output", "BASE.json",
		"against: the other build's results file" },
	[OPT_TURNS] = { 0, "turns", "N", "against: at most so many (40)" },
	[OPT_TIME_BUDGET] = { 0, "time-budget", "S", "against: seconds, at most (600)" },
	[OPT_RESUME] = { 0, "resume", NULL, "against: go on with the files that are there" },
	[OPT_POLICY] = { 0, "policy", "FILE", "against: the gate's limits (docs/RESULTS.md)" },
	{ 0 }
};

static int fail(int status, int code, const char *what, const char *why)
{
	struct error err;

	error_set(&err, code, "%s: %s", what, why);
	return cli_fail(status, &err);
}

static int self_path(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);

	path[n > 0 ? n : 0] = 0;
	return n > 0;
}

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

/* What a suite is given. */
struct request {
	const struct cli_args *args;
	unsigned runs;
	int64_t frame;                  /* -1: not said */
	const char *self;               /* path of blinkctl */
};

static struct json_object *suite_jit(const struct request *q, struct error *err)
{
	char path[PATH_MAX + 64];

	if (!q->args->opt[OPT_PEERS])
		return bench_jit(q->runs, err);
	if (beside_find(q->self, "blink-peers", path, sizeof(path)))
		return bench_peers_run(path, q->runs, err);
	error_set(err, -ENOPKG, "bench: the program blink-peers is not there (make builds it)");
	return NULL;
}

static struct json_object *suite_frames(const struct request *q, struct error *err)
{
	return bench_frames(q->args->argv[1], q->runs, err);
}

static struct json_object *suite_convert(const struct request *q, struct error *err)
{
	struct bench_convert_options opt = { .trace = q->args->argv[1], .self = q->self,
					     .runs = q->runs };

	return bench_convert(&opt, err);
}

/* The null libGL that was asked for, or ours; NULL with err set. */
static const char *null_library(const struct request *q, char *path, size_t size,
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

static struct json_object *suite_table3(const struct request *q, struct error *err)
{
	char path[PATH_MAX + 64];
	struct bench_table3_options opt = {
		.files = (const char *const *)q->args->argv + 1,
		.nfiles = (unsigned)q->args->argc - 1, .runs = q->runs, .frame = q->frame,
		.nullgl = null_library(q, path, sizeof(path), err),
	};

	return opt.nullgl ? bench_table3(&opt, err) : NULL;
}

static struct json_object *suite_replay(const struct request *q, struct error *err)
{
	const struct cli_args *args = q->args;
	char path[PATH_MAX + 64];
	struct bench_replay_options opt = {
		.blink = args->argv[1], .trace = args->argc > 2 ? args->argv[2] : NULL,
		.runs = q->runs, .llvmpipe = args->opt[OPT_LLVMPIPE] != NULL,
		.self = q->self, .nullgl = null_library(q, path, sizeof(path), err),
	};

	return opt.nullgl ? bench_replay(&opt, err) : NULL;
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

static struct json_object *suite_null(const struct request *q, struct error *err)
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

static struct json_object *suite_record(const struct request *q, struct error *err)
{
	const char *sizes = q->args->opt[OPT_SIZES], *length = q->args->opt[OPT_LENGTH];
	struct bench_size size[16];
	struct bench_record_options opt = { .program = q->args->argv[1], .self = q->self,
					    .sizes = size, .runs = q->runs };
	unsigned long n = 0;

	if (q->args->opt[OPT_NULL])
		return suite_null(q, err);
	if (q->args->argc < 2) {
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

static struct json_object *suite_log(const struct request *q, struct error *err)
{
	const char *at = q->args->opt[OPT_AT], *rate = q->args->opt[OPT_RATE];
	struct bench_log_options opt = { .blink = q->args->argv[1], .runs = q->runs };
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

static struct json_object *suite_checkpoint(const struct request *q, struct error *err)
{
	const char *frame = q->args->opt[OPT_FRAME];
	struct bench_checkpoint_options opt = {
		.blink = q->args->argv[1], .trace = q->args->argc > 2 ? q->args->argv[2] : NULL,
		.self = q->self, .frame = BENCH_MIDDLE, .runs = q->runs,
	};
	unsigned long n = 0;

	if (frame && !number_parse("--frame", frame, UINT32_MAX - 1, &n, err))
		return NULL;
	if (frame)
		opt.frame = (unsigned)n;
	return bench_checkpoint(&opt, err);
}

static struct json_object *suite_lines(const struct request *q, struct error *err)
{
	return bench_lines(q->args->argc > 1 ? q->args->argv[1] : ".", err);
}

static const struct suite {
	const char *name;
	int least, most;                /* operands after the name */
	unsigned runs;                  /* unless --runs says */
	unsigned inputs;                /* so many operands are files that it reads */
	const char *usage;
	struct json_object *(*run)(const struct request *q, struct error *err);
} suites[] = {
	{ "jit", 0, 0, 21, 0, "jit", suite_jit },
	{ "table3", 1, 7, 101, 7, "table3 X.blink...", suite_table3 },
	{ "frames", 1, 1, 5, 1, "frames X.blink", suite_frames },
	{ "replay", 1, 2, 5, 2, "replay X.blink [X.trace]", suite_replay },
	{ "convert", 1, 1, 5, 1, "convert X.trace", suite_convert },
	{ "record", 0, 1, 3, 0, "record PROGRAM | --null", suite_record },
	{ "log", 1, 1, 3, 1, "log X.blink", suite_log },
	{ "checkpoint", 1, 2, 5, 2, "checkpoint X.blink [X.trace]", suite_checkpoint },
	{ "lines", 0, 1, 1, 0, "lines [TREE]", suite_lines },
};

static const struct suite *suite_find(const char *name)
{
	for (unsigned i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (!strcmp(suites[i].name, name))
			return &suites[i];
	return NULL;
}

static int suite_usage(const char *name)
{
	char text[400] = "give ";

	for (unsigned i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			 i ? ", or " : "", suites[i].usage);
	return fail(EXIT_USAGE, -EINVAL, name, text);
}

/* ---- the results file ------------------------------------------------------------- */

static void driver_put(struct json_object *suite)
{
	struct json_object *environment = json_object_object_get(suite, "environment");
	struct json_object *j = json_object_new_object();
	struct doctor_gl gl;
	char why[128];

	if (!environment) {
		json_object_put(j);
		return;
	}
	doctor_gl(&gl);
	json_object_object_add(j, "renderer", json_object_new_string(gl.works ? gl.renderer
									      : gl.why));
	json_object_object_add(j, "version", json_object_new_string(gl.version));
	json_object_object_add(environment, "driver", j);
	json_object_object_add(environment, "counters", json_object_new_string(
		doctor_counters(why, sizeof(why)) ? "hardware" : why));
}

/* The words of this process's command line, the program by its name alone: the parser
 * has put args in another order.  text holds them. */
static void command_words(const char **word, unsigned most, char *text, size_t size)
{
	FILE *f = fopen("/proc/self/cmdline", "rb");
	size_t len = f ? fread(text, 1, size - 1, f) : 0;
	unsigned n = 0;

	if (f)
		fclose(f);
	text[len] = 0;
	for (size_t at = 0; at < len && n + 1 < most; at += strlen(text + at) + 1, n++)
		word[n] = n ? text + at : "blinkctl";
	word[n] = NULL;
}

static int results_write(const struct request *q, const struct suite *suite,
			 struct json_object *j, const struct timespec *start, struct error *err)
{
	const char *path = q->args->opt[OPT_OUTPUT];
	const char *command[64], *inputs[8] = { NULL };
	struct results_origin origin = { .command = command, .inputs = inputs };
	struct timespec now;
	struct results r;
	char started[64], words[8192];
	struct tm tm;
	int rc;

	command_words(command, 64, words, sizeof(words));
	for (unsigned i = 0; i < suite->inputs && (int)i + 1 < q->args->argc && i < 7; i++)
		inputs[i] = q->args->argv[i + 1];
	clock_gettime(CLOCK_REALTIME, &now);
	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&start->tv_sec, &tm));
	origin.started = started;
	origin.seconds = (double)(now.tv_sec - start->tv_sec) +
			 (double)(now.tv_nsec - start->tv_nsec) * 1e-9;
	driver_put(j);
	rc = results_make(&r, j, &origin, err);
	if (rc == 0)
		rc = results_save(&r, path, err);
	results_close(&r);
	return rc;
}

/* Samples one by one are for the results file: in a listing they drown the medians. */
static void values_drop(struct json_object *j)
{
	if (json_object_is_type(j, json_type_array))
		for (size_t i = 0; i < json_object_array_length(j); i++)
			values_drop(json_object_array_get_idx(j, i));
	if (!json_object_is_type(j, json_type_object))
		return;
	json_object_object_del(j, "values");
	json_object_object_foreach(j, key, v) {
		(void)key;
		values_drop(v);
	}
}

/* ---- in turns with another build ----------------------------------------------------- */

/* The suite's name, operands and own options, as the other build is to get them. */
static void suite_words(const struct cli_args *args, const char **word, char (*text)[32],
			unsigned most)
{
	unsigned n = 0;

	for (int i = 0; i < args->argc && n + 1 < most; i++)
		word[n++] = args->argv[i];
	for (unsigned o = 0; o < OPT_SUITES_END && n + 2 < most; o++) {
		if (!args->opt[o] || o == OPT_RUNS || o == OPT_OUTPUT)
			continue;
		snprintf(text[o], sizeof(text[o]), "--%s", options[o].name);
		word[n++] = text[o];
		if (options[o].value)
			word[n++] = args->opt[o];
	}
	word[n] = NULL;
}

static int run_turns(const struct cli_args *args, const char *self, unsigned runs)
{
	static const int statuses[] = { [GATE_PASSED] = EXIT_GOOD,
					[GATE_REGRESSED] = EXIT_DIFFERENT,
					[GATE_INCONCLUSIVE] = EXIT_INCONCLUSIVE };
	struct gate_policy policy = gate_policy_default;
	unsigned long turns = 40, seconds = 600;
	const char *words[32], *path = args->opt[OPT_POLICY];
	char text[OPT_SUITES_END][32], **ignore = NULL;
	enum gate_verdict verdict = GATE_INCONCLUSIVE;
	struct json_object *j = NULL;
	struct error err = { 0 };
	struct bench_turns_options opt = {
		.self = self, .other = args->opt[OPT_AGAINST], .words = words, .runs = runs,
		.output = args->opt[OPT_OUTPUT], .base_output = args->opt[OPT_BASE_OUTPUT],
		.resume = args->opt[OPT_RESUME] != NULL, .policy = &policy,
	};

	if (!opt.output || !opt.base_output)
		return fail(EXIT_USAGE, -EINVAL, "--against", "needs --output and --base-output");
	if ((args->opt[OPT_TURNS] && !cli_uint("--turns", args->opt[OPT_TURNS], 100000, &turns)) ||
	    (args->opt[OPT_TIME_BUDGET] &&
	     !cli_uint("--time-budget", args->opt[OPT_TIME_BUDGET], 1000000, &seconds)))
		return EXIT_USAGE;
	if (!turns)
		return fail(EXIT_USAGE, -EINVAL, "--turns", "at least 1");
	suite_words(args, words, text, 32);
	opt.turns = (unsigned)turns;
	opt.seconds = (double)seconds;
	if (!path || gate_policy_read(&policy, &ignore, path, &err) >= 0) {
		opt.ignore = ignore;
		j = bench_turns(&opt, &verdict, &err);
	}
	gate_ignore_free(ignore);
	if (!j)
		return cli_fail(err.code == -ENOPKG || err.code == -ENODEV ? EXIT_LACKING
									 : EXIT_DIFFERENT, &err);
	cli_print(args, j);
	return statuses[verdict];
}

static int run(const struct cli_args *args)
{
	const struct suite *suite = suite_find(args->argv[0]);
	unsigned long runs = suite ? suite->runs : 0, frame;
	struct json_object *j;
	struct timespec start;
	struct error err = { 0 };
	char self[PATH_MAX];
	struct request q = { .args = args, .frame = -1, .self = self };

	if (!suite || args->argc - 1 < suite->least || args->argc - 1 > suite->most)
		return suite_usage(args->argv[0]);
	if (args->opt[OPT_PEERS])
		runs = 11;
	if (args->opt[OPT_RUNS] && !cli_uint("--runs", args->opt[OPT_RUNS], 500, &runs))
		return EXIT_USAGE;
	if (args->opt[OPT_FRAME]) {
		if (!cli_uint("--frame", args->opt[OPT_FRAME], UINT32_MAX, &frame))
			return EXIT_USAGE;
		q.frame = (int64_t)frame;
	}
	if (!runs)
		return fail(EXIT_USAGE, -EINVAL, "--runs", "at least 1");
	if (!self_path(self, sizeof(self)))
		return fail(EXIT_DIFFERENT, -EIO, "bench", "/proc/self/exe cannot be read");
	if (args->opt[OPT_AGAINST])
		return run_turns(args, self, args->opt[OPT_RUNS] ? (unsigned)runs : 3);
	q.runs = (unsigned)runs;
	clock_gettime(CLOCK_REALTIME, &start);
	j = suite->run(&q, &err);
	if (!j)
		return cli_fail(err.code == -ENOPKG || err.code == -ENODEV ? EXIT_LACKING
									 : EXIT_DIFFERENT, &err);
	if (args->opt[OPT_OUTPUT] && results_write(&q, suite, j, &start, &err) < 0) {
		json_object_put(j);
		return cli_fail(EXIT_DIFFERENT, &err);
	}
	json_object_object_del(j, "metrics");
	if (!args->json)
		values_drop(j);
	cli_print(args, j);
	return EXIT_GOOD;
}

const struct cli_command cmd_bench = {
	.name = "bench",
	.synopsis = "[options] jit | frames X.blink | table3 X.blink... | replay X.blink [X.trace] | convert X.trace | "
		"record PROGRAM | record --null | log X.blink | checkpoint X.blink [X.trace] | "
		"lines [TREE]",
	.summary = "measure engines, replay and conversion, beside other tools",
	.text =
		"jit: core cycles per instruction to copy, verify, compile and run three mixes of "
		"instructions on entry points that return at once: warm, cold, near the entry "
		"points and far from them, and for procedures that run once. Cycles come from "
		"hardware counters where the machine has them, else from the time stamp counter, "
		"calibrated against a loop of known length; the result says which.\n"
		"\n"
		"frames: core cycles per GL call to verify and compile the frames of X.blink, when "
		"they are new and when they were seen before, and how much of them was known.\n"
		"\n"
		"jit --peers: verifying, compiling and running the same mixes beside gcc -O3 (run as a "
		"program, static calls), AsmJit, libtcc, LLVM, libgccjit, as far as they were there "
		"when this was built, and beside interpreters made for the mixes alone. Peers are given "
		"the program decoded, and memory near the functions called; they verify nothing.\n"
		"\n"
		"table3: a frame of each file compiled by gcc -O3 as straight C calls with the same "
		"arguments to the same entry points, beside the JIT, with and without verifying and "
		"compiling; on a null libGL and on the driver, which draws in the same thread. Where a "
		"file makes display lists at its beginning, that set-up too.\n"
		"\n"
		"replay: CPU time of whole processes, blinkctl replay of X.blink against "
		"glretrace --benchmark --headless of X.trace, on the same null libGL; and the "
		"frames alone, everything loaded, in ns per GL call, beside glretrace less a run "
		"that only reads the trace (apitrace info). With --llvmpipe, both on the "
		"software driver too.\n"
		"\n"
		"convert: CPU time and peak memory of blinkctl convert against apitrace pickle "
		"of the same file, and the sizes of both files.\n"
		"\n"
		"record: a program of corpora/ that ends by itself (openarena-timed), run natively, "
		"under apitrace and under our recorder, at each size of its window: frame rate, "
		"where the program logs its frames' times, and CPU time of the program and all "
		"that serves it, the X server left out. Making the .blink afterwards is counted "
		"apart.\n"
		"\n"
		"record --null: what our recorder and apitrace add to a cheap call, in nanoseconds of "
		"CPU time, on a null libGL: vertices, enables, a mix of state, values in memory, and "
		"draws of three client arrays of four vertices that are new each time.\n"
		"\n"
		"log: calls and bytes of the whole log and of the pruned one at given times of the "
		"recording, and the CPU time of pruning, each time from scratch and going on from "
		"the time before. The time is the recording's own, or the frame's number by --rate: "
		"a demo of ioquake3 under timedemo 1 has 20 frames a second.\n"
		"\n"
		"checkpoint: image of a frame made from the recording, and the picture brought back "
		"from the image, as whole processes; with a trace of the same program, beside gltrim "
		"and glretrace's replay of what it made.\n"
		"\n"
		"lines: lines of code, blank ones and comments left out, of each part of recording, "
		"pruning and restarting, from the source tree (the current folder).\n"
		"\n"
		"With --output, what was measured is also written as a results file, which "
		"blinkctl results and blinkctl report read: every run's sample, the command, the "
		"machine, and hashes of the files that were read.\n"
		"\n"
		"With --against, this build and another take turns at the suite, each turn one "
		"sample per metric, until the gate can tell (see blinkctl gate) or the turns or the "
		"time are used up. Both results files are written anew after every turn, so that a "
		"benchmark that is killed loses one turn; --resume goes on with them. Exit status as "
		"the gate's.\n"
		"\n"
		"Everything compared is measured in this one invocation, the sides taking "
		"turns. Medians are quoted, with quartiles and extremes; ratios are medians of "
		"the runs' ratios, with a 95 % bootstrap interval.",
	.options = options,
	.min_args = 1, .max_args = 8,
	.run = run,
};
