/* cmd_bench.c - blinkctl bench: what things cost, beside what they cost elsewhere.
 *
 * The suites are rows of bench_suites.c; bench_run.c runs them into a results file,
 * bench_turns.c in turns with another build.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench_run.h"
#include "cli/bench_suites.h"
#include "cli/bench_turns.h"
#include "cli/bench_worker.h"
#include "cli/command.h"
#include "reports/page.h"

static const struct cli_option options[] = {
	[OPT_LLVMPIPE] = { 'l', "llvmpipe", NULL, "replay: on the software driver as well" },
	[OPT_NULL_LIBRARY] = { 0, "null-library", "FILE",
		"replay, table3, record --null: the null libGL.so.1 (the one that is built beside blinkctl)" },
	[OPT_SIZES] = { 0, "sizes", "WxH,...",
		"record: of the window (640x480,800x600,1024x768,1280x1024,1600x1200)" },
	[OPT_LENGTH] = { 0, "length", "N", "record: of the program's work, where its recipe knows "
		"one; server: seconds of a run (8)" },
	[OPT_PEERS] = { 'p', "peers", NULL, "jit: beside other code generators" },
	[OPT_FRAME] = { 'f', "frame", "N", "table3: which frame (one in the "
		"middle, at most 100); checkpoint: too (the middle); server --live: files up to it (3000)" },
	[OPT_NULL] = { 'n', "null", NULL, "record: what recorders add to a call, on a null libGL; "
		"server: its GL does nothing" },
	[OPT_AT] = { 0, "at", "S,...", "log: seconds of the recording's time "
		"(5,10,20,30,45,60,75,90,105,120)" },
	[OPT_RATE] = { 0, "rate", "FPS", "log: frames per second of that time (the recording's "
		"time stamps); server: of the display (50)" },
	[OPT_COUNTS] = { 0, "counts", "N,...", "server: so many clients at a time (1,2,4,8,16)" },
	[OPT_HOLD] = { 0, "hold", NULL, "server: how many clients hold the display's rate" },
	[OPT_SWITCH] = { 0, "switch", NULL, "server: what a switch to a client, and the hand-over "
		"of a picture, cost" },
	[OPT_LIVE] = { 0, "live", NULL, "server: .blink files through it, against in-process" },
	[OPT_ISOLATION] = { 0, "isolation", NULL, "server: good clients beside hostile acts (all, "
		"or those named)" },
	[OPT_WITHOUT] = { 0, "without", "EXTENSION", "server --live: GL without this, for all sides" },
	[OPT_RUNS] = { 'r', "runs", "N", "how often everything is measured (jit 21, jit --peers 11, "
		"quick 20, table3 101, record and log 3, others 5); until: at most (500); "
		"against: in a turn (quick 10, jit, frames 3, others 1)" },
	[OPT_OUTPUT] = { 'o', "output", "RESULTS.json",
		"also write a results file, after every run: samples, environment, inputs" },
	[OPT_UNTIL] = { 'u', "until", "P%", "run until every interval of 95 % is within P % of its "
		"median (time-budget: 600)" },
	[OPT_TIME_BUDGET] = { 't', "time-budget", "S", "seconds for everything, at most; the run "
		"that was begun is ended (against: 600)" },
	[OPT_PIN] = { 0, "pin", "CPU", "stay on this processor, with all that is started" },
	[OPT_RESUME] = { 0, "resume", NULL, "go on with the files, where there are any" },
	[OPT_WARM_UP] = { 'w', "warm-up", "N", "runs, or turns, before the first that are not "
		"counted (1; record, log, table3, counts, lines: 0)" },
	[OPT_AGAINST] = { 'a', "against", "BLINKCTL",
		"measure in turns with another build, until the gate can tell" },
	[OPT_BASE_OUTPUT] = { 0, "base-output", "BASE.json",
		"against: the other build's results file" },
	[OPT_TURNS] = { 0, "turns", "N", "against: at most so many (80)" },
	[OPT_POLICY] = { 0, "policy", "FILE", "against: the gate's limits (docs/RESULTS.md)" },
	{ 0 }
};

static int fail(int status, int code, const char *what, const char *why)
{
	struct error err;

	error_set(&err, code, "%s: %s", what, why);
	return cli_fail(status, &err);
}

static int failed(const struct error *err)
{
	return cli_fail(err->code == -ENOPKG || err->code == -ENODEV ? EXIT_LACKING
								      : EXIT_DIFFERENT, err);
}

static bool self_path(char *path, size_t size)
{
	const char *copied = worker_path();
	ssize_t n;

	if (copied)
		return snprintf(path, size, "%s", copied) < (int)size;
	n = readlink("/proc/self/exe", path, size - 1);
	path[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* ---- options ---------------------------------------------------------------------------- */

/* "1%", "0.5 %", or "0.01": a share above 0 and below 1; 0 on junk. */
static double share_parse(const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || (text[0] != '.' && (text[0] < '0' || text[0] > '9')))
		return 0;
	end += *end == ' ';
	if (*end == '%') {
		v /= 100;
		end++;
	}
	return !*end && v > 0 && v < 1 ? v : 0;
}

/* On this processor from now on, children included. */
static int pin(const char *text)
{
	unsigned long cpu;
	char what[64];
	cpu_set_t set;

	if (!cli_uint("--pin", text, CPU_SETSIZE - 1, &cpu))
		return EXIT_USAGE;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return EXIT_GOOD;
	snprintf(what, sizeof(what), "--pin %lu", cpu);
	return fail(EXIT_USAGE, -errno, what, errno == EINVAL ?
		    "there is no such processor, or it is not for this process" : strerror(errno));
}

/* What the command line says to the runner. */
struct wishes {
	unsigned long runs, seconds, turns, warm_up;
	double until;
};

static int wishes_read(const struct cli_args *args, struct wishes *w)
{
	static const struct { int option; const char *name; unsigned long most; size_t at; } rows[] = {
		{ OPT_RUNS, "--runs", BENCH_RUNS_MOST, offsetof(struct wishes, runs) },
		{ OPT_TIME_BUDGET, "--time-budget", 1000000, offsetof(struct wishes, seconds) },
		{ OPT_TURNS, "--turns", 4000, offsetof(struct wishes, turns) },
		{ OPT_WARM_UP, "--warm-up", 1000, offsetof(struct wishes, warm_up) },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = args->opt[rows[i].option];
		unsigned long v;

		if (!text)
			continue;
		if (!cli_uint(rows[i].name, text, rows[i].most, &v))
			return EXIT_USAGE;
		if (!v && rows[i].option != OPT_WARM_UP)
			return fail(EXIT_USAGE, -EINVAL, rows[i].name, "at least 1");
		memcpy((char *)w + rows[i].at, &v, sizeof(v));
	}
	if (args->opt[OPT_UNTIL]) {
		w->until = share_parse(args->opt[OPT_UNTIL]);
		if (w->until <= 0)
			return fail(EXIT_USAGE, -EINVAL, "--until", "a share like 1% or 0.01");
	}
	return EXIT_GOOD;
}

static int combination_check(const struct cli_args *args)
{
	static const int against_only[] = { OPT_BASE_OUTPUT, OPT_TURNS, OPT_POLICY };
	char name[32];

	for (unsigned i = 0; i < sizeof(against_only) / sizeof(against_only[0]); i++) {
		snprintf(name, sizeof(name), "--%s", options[against_only[i]].name);
		if (args->opt[against_only[i]] && !args->opt[OPT_AGAINST])
			return fail(EXIT_USAGE, -EINVAL, name, "is for --against");
	}
	if (args->opt[OPT_UNTIL] && args->opt[OPT_AGAINST])
		return fail(EXIT_USAGE, -EINVAL, "--until", "not with --against, which ends when "
			    "the gate can tell");
	if (args->opt[OPT_AGAINST] && (!args->opt[OPT_OUTPUT] || !args->opt[OPT_BASE_OUTPUT]))
		return fail(EXIT_USAGE, -EINVAL, "--against", "needs --output and --base-output");
	if (args->opt[OPT_RESUME] && !args->opt[OPT_OUTPUT])
		return fail(EXIT_USAGE, -EINVAL, "--resume", "needs --output, the file to go on with");
	return EXIT_GOOD;
}

/* ---- in turns with another build ----------------------------------------------------- */

#define WORDS_MOST 96u

/* The suite's name, operands and own options, as the builds are to get them. */
static void suite_words(const struct bench_request *q, const char **word,
			char (*text)[32])
{
	unsigned n = 0;

	word[n++] = q->suite->name;
	for (int i = 0; i < q->argc && n + 1 < WORDS_MOST; i++)
		word[n++] = q->argv[i];
	for (unsigned o = 0; o < OPT_SUITES_END && n + 2 < WORDS_MOST; o++) {
		if (!q->args->opt[o] || !(q->suite->options & 1u << o))
			continue;
		snprintf(text[o], sizeof(text[o]), "--%s", options[o].name);
		word[n++] = text[o];
		if (options[o].value)
			word[n++] = q->args->opt[o];
	}
	word[n] = NULL;
}

static int turns_print(const struct cli_args *args, const struct bench_turns_options *opt)
{
	static const int statuses[] = { [GATE_PASSED] = EXIT_GOOD,
					[GATE_REGRESSED] = EXIT_DIFFERENT,
					[GATE_INCONCLUSIVE] = EXIT_INCONCLUSIVE };
	enum gate_verdict verdict = GATE_INCONCLUSIVE;
	struct error err = { 0 };
	struct json_object *j = bench_turns(opt, &verdict, &err);

	if (!j)
		return failed(&err);
	cli_print(args, j);
	return statuses[verdict];
}

static int run_turns(const struct cli_args *args, const struct bench_request *q, unsigned n,
		     const struct wishes *w)
{
	static const char *words[BENCH_SUITES_MOST][WORDS_MOST];
	static char text[BENCH_SUITES_MOST][OPT_SUITES_END][32];
	struct bench_part parts[BENCH_SUITES_MOST];
	struct gate_policy policy = gate_policy_default;
	const char *path = args->opt[OPT_POLICY];
	char **ignore = NULL;
	struct error err = { 0 };
	struct bench_turns_options opt = {
		.self = q->self, .other = args->opt[OPT_AGAINST], .parts = parts, .nparts = n,
		.output = args->opt[OPT_OUTPUT], .base_output = args->opt[OPT_BASE_OUTPUT],
		.resume = args->opt[OPT_RESUME] != NULL, .policy = &policy,
		.turns = w->turns ? (unsigned)w->turns : 80, .warm_up = 1,
		.seconds = w->seconds ? (double)w->seconds : 600,
	};
	int status;

	for (unsigned i = 0; i < n; i++) {
		suite_words(&q[i], words[i], text[i]);
		parts[i] = (struct bench_part){
			.words = words[i], .fresh = q[i].suite->fresh && !args->opt[OPT_PEERS],
			.runs = w->runs ? (unsigned)w->runs : q[i].suite->turn,
		};
	}
	if (args->opt[OPT_WARM_UP])
		opt.warm_up = (unsigned)w->warm_up;
	if (path && gate_policy_read(&policy, &ignore, path, &err) < 0)
		status = cli_fail(EXIT_USAGE, &err);
	else {
		opt.ignore = ignore;
		status = turns_print(args, &opt);
	}
	gate_ignore_free(ignore);
	return status;
}

/* ---- this build alone -------------------------------------------------------------------- */

/* Samples one by one are for the results file: in a listing they drown the medians. */
static void values_drop(struct json_object *j)
{
	if (json_object_is_type(j, json_type_array))
		for (size_t i = 0; i < json_object_array_length(j); i++)
			values_drop(json_object_array_get_idx(j, i));
	if (!json_object_is_type(j, json_type_object))
		return;
	if (json_object_object_get_ex(j, "values", NULL)) {
		json_object_object_del(j, "values");
		json_object_object_del(j, "unit");
		json_object_object_del(j, "direction");
	}
	json_object_object_foreach(j, key, v) {
		(void)key;
		values_drop(v);
	}
}

/* One suite, all of whose runs were made here, as it tells it itself; else what the
 * file says of all. */
static void result_print(const struct cli_args *args, const struct bench_run_options *opt,
			 struct bench_run_result *r)
{
	struct results file = { 0 };
	struct error err;
	struct json_object *j = NULL;

	if (r->last && r->whole)
		json_object_object_del(r->last, "metrics");
	/* (a suite may have nothing to say but its metrics) */
	if (r->last && r->whole && json_object_object_length(r->last) > 2) {
		j = json_object_get(r->last);
		if (!args->json)
			values_drop(j);
	} else if (results_take(&file, "results", json_object_get(r->file), &err) >= 0) {
		j = results_show(&file);
	}
	results_close(&file);
	if (j && opt->until > 0)
		json_object_object_add(j, "narrow", json_object_new_boolean(r->narrow));
	if (j)
		cli_print(args, j);
}

static int run_alone(const struct cli_args *args, const struct bench_request *q, unsigned n,
		     const struct wishes *w)
{
	struct bench_run_options opt = {
		.requests = q, .n = n, .output = args->opt[OPT_OUTPUT],
		.resume = args->opt[OPT_RESUME] != NULL, .until = w->until,
		.seconds = w->seconds ? (double)w->seconds : w->until > 0 ? 600 : 0,
		.warm_up = args->opt[OPT_WARM_UP] ? (int)w->warm_up : -1, .quiet = worker_is(),
	};
	struct bench_run_result result;
	struct error err = { 0 };
	int status = EXIT_GOOD;

	if (bench_run(&opt, &result, &err) < 0)
		status = failed(&err);
	else {
		if (!opt.quiet)
			result_print(args, &opt, &result);
		if (!result.narrow)
			status = EXIT_INCONCLUSIVE;
	}
	bench_run_finish(&result);
	return status;
}

static int run(const struct cli_args *args)
{
	struct bench_request requests[BENCH_SUITES_MOST];
	struct wishes wishes = { 0 };
	struct error err = { 0 };
	char self[PATH_MAX];
	int n, status = wishes_read(args, &wishes);

	if (status == EXIT_GOOD)
		status = combination_check(args);
	if (status == EXIT_GOOD && args->opt[OPT_PIN])
		status = pin(args->opt[OPT_PIN]);
	if (status != EXIT_GOOD)
		return status;
	if (!self_path(self, sizeof(self)))
		return fail(EXIT_DIFFERENT, -EIO, "bench", "/proc/self/exe cannot be read");
	n = bench_suites_parse(args, self, requests, &err);
	if (n < 0)
		return cli_fail(EXIT_USAGE, &err);
	for (int i = 0; i < n && wishes.runs; i++)
		requests[i].runs = (unsigned)wishes.runs;
	if (args->opt[OPT_AGAINST])
		return run_turns(args, requests, (unsigned)n, &wishes);
	return run_alone(args, requests, (unsigned)n, &wishes);
}

const struct cli_command cmd_bench = {
	.name = "bench",
	.synopsis = "[options] SUITE... (jit | quick [X.blink...] | counts X.blink|X.trace... | "
		"instructions X.blink... | frames X.blink | "
		"table3 X.blink... | replay X.blink [X.trace] | convert X.trace | record PROGRAM | "
		"record --null | log X.blink | checkpoint X.blink [X.trace] | server [CASE...] | lines [TREE])",
	.summary = "measure engines, replay and conversion, beside other tools",
	.text =
		"jit: core cycles per instruction to copy, verify, compile and run three mixes of "
		"instructions on entry points that return at once: warm, cold, near the entry "
		"points and far from them, and for procedures that run once. Cycles come from "
		"hardware counters where the machine has them, else from the time stamp counter, "
		"calibrated against a loop of known length; the result says which.\n"
		"\n"
		"frames: core cycles per GL call to verify and compile the frames of X.blink, when "
		"they are new and when they were seen before, and how much of them was known. new: "
		"for the first time; same: for the third time, the same to the word; seen: once "
		"more, with every float and every payload another; round: the last frames in turn, "
		"each time with other floats and payloads.\n"
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
		"server: clients of a display server of its own against their number (--counts): redraw "
		"intervals, mean and 99th percentile, the share of display periods without a redraw, "
		"CPU time of server and clients per frame, context switches and wake-ups per frame. A "
		"CASE is a client and how it is served: gears-sp, gears-switch, video:FILE; behind it "
		"/offscreen, /nofacts, /threads, /null; and the same drawn natively in one Xvfb: "
		"gears-native, video-native:FILE, with /virgl through virgl_test_server, /indirect by "
		"GLX's protocol. --hold finds how many clients of each case hold the rate: at most 1 % of "
		"display periods late, in two of three runs (--counts LOW,HIGH: between these), and how "
		"many should, going by the cost of few. --switch: CPU time of a switch to a client and back, and of the hand-over "
		"of an off-screen picture. --live X.blink...: frames played through the server, client "
		"and server together, against the same in-process, and played by a client of virgl and by "
		"one of an X server's GL (GLX's protocol), which a file that these draw otherwise is not "
		"compared with (--without EXTENSION: all draw without what one of them lacks); gears "
		"and films against their native builds. --isolation [ACT...]: redraw "
		"intervals of good clients beside each act of blink-hostile and without it, pixels "
		"that are where they do not belong, the server's descriptors and memory.\n"
		"\n"
		"lines: lines of code, blank ones and comments left out, of each part of recording, "
		"pruning and restarting, from the source tree (the current folder).\n"
		"\n"
		"quick: verifying, compiling and running the mixes, and the frames of files, in some "
		"milliseconds a run: each quantity is the least of some dozen repeats, which holds on "
		"a loaded machine. What make gate compares.\n"
		"\n"
		"counts: what files hold and what becomes of them, in numbers without noise: records, "
		"calls, bytes, and what the pruner keeps of them; of traces, what they are converted "
		"to. Compared with goldens by blinkctl gate.\n"
		"\n"
		"instructions: what blinkctl executes to verify, replay and prune files, counted by "
		"callgrind (package valgrind): the same within a hundred-thousandth however loaded the "
		"machine is.\n"
		"\n"
		"Several suites are given one after the other, each followed by its operands (a file "
		"called like a suite is written ./jit); their results go to one file.\n"
		"\n"
		"With --output, what was measured is also written as a results file, which "
		"blinkctl results and blinkctl report read: every run's sample, the command, the "
		"machine, and hashes of the files that were read. It is written anew after every run "
		"(jit --peers: after four; table3: after ten), so that a benchmark that is killed "
		"loses the run in progress alone; --resume makes the runs that are missing.\n"
		"\n"
		"With --until, each suite runs until the interval around every measurement's median is "
		"as narrow as asked, or the time is used up: then the status is 3. On a terminal the "
		"time that is left is shown.\n"
		"\n"
		"With --against, this build and another take turns at the suites. A turn starts both "
		"builds, lets them work alternately, run by run, and gives one sample per metric; "
		"turns are made until the gate can tell (see blinkctl gate) or they or the time are "
		"used up. Both results files are written anew after every turn; --resume goes on with "
		"them. Exit status as the gate's.\n"
		"\n"
		"Everything compared is measured in this one invocation, the sides taking "
		"turns. Medians are quoted, with quartiles and extremes; ratios are medians of "
		"the runs' ratios, with a 95 % bootstrap interval.",
	.options = options,
	.min_args = 1, .max_args = 200,
	.run = run,
};
