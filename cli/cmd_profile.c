/* cmd_profile.c - blinkctl profile: where the time of a replay goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "jit-bench/clock.h"
#include "jit-bench/environment.h"
#include "jit-bench/sample.h"
#include "replay/picture.h"
#include "replay/profile.h"
#include "reports/results.h"

enum { OPT_ENGINE, OPT_SINK, OPT_FRAMES, OPT_TOP, OPT_PICTURES, OPT_OUTPUT };

static const struct cli_option options[] = {
	[OPT_ENGINE] = { 'e', "engine", "jit|interp", "how SPs are run (jit)" },
	[OPT_SINK] = { 's', "sink", "gl|null", "where commands go: the GL driver, or nowhere (gl)" },
	[OPT_FRAMES] = { 'f', "frames", "A:B", "look at frames A to B-1 only; those before are played" },
	[OPT_TOP] = { 't', "top", "N", "slowest frames to name (5)" },
	[OPT_PICTURES] = { 'p', "pictures", "DIR", "write the slowest frames' pictures frame-NNNNNN.png into DIR" },
	[OPT_OUTPUT] = { 'o', "output", "RESULTS.json", "also write a results file: functions, and times of all frames" },
	{ 0 }
};

struct profiling {
	const char *path, *pictures;
	struct profile profile;
	uint32_t *slowest;               /* indices of frames */
	uint32_t nslowest;
	struct sink *sink;
	bool null_sink, json;
	double cycles_per_second;        /* of the core */
	const char *clock;
};

/* ---- telling -------------------------------------------------------------------- */

static void add(struct json_object *j, const char *key, double value)
{
	json_object_object_add(j, key, json_object_new_double(value));
}

static void add_n(struct json_object *j, const char *key, uint64_t n)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)n));
}

static void add_text(struct json_object *j, const char *key, const char *text)
{
	json_object_object_add(j, key, json_object_new_string(text));
}

static struct json_object *function_json(const struct profiling *g, unsigned op, double wall)
{
	const struct profile_count *c = &g->profile.op[op];
	struct json_object *j = json_object_new_object();
	double calls = c->calls ? (double)c->calls : 1;

	add_text(j, "function", gl_ops[op].name);
	add_n(j, "calls", c->calls);
	add(j, "ms", c->seconds * 1e3);
	add(j, "share_percent", wall > 0 ? 100 * c->seconds / wall : 0);
	add(j, "ns_per_call", c->seconds * 1e9 / calls);
	add(j, "cycles", c->seconds * g->cycles_per_second);
	add(j, "cycles_per_call", c->seconds * g->cycles_per_second / calls);
	add_n(j, "payload_bytes", c->payload);
	add_n(j, "redundant", c->redundant);
	return j;
}

struct order { unsigned op; double seconds; uint64_t calls; };

static int costly_first(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->seconds < y->seconds || x->seconds > y->seconds)
		return x->seconds < y->seconds ? 1 : -1;
	return (x->calls < y->calls) - (x->calls > y->calls);
}

static struct json_object *functions_json(const struct profiling *g, double wall)
{
	static struct order order[GL_OP_COUNT];
	struct json_object *list = json_object_new_array();
	unsigned n = 0;

	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		if (g->profile.op[op].calls)
			order[n++] = (struct order){ op, g->profile.op[op].seconds,
						     g->profile.op[op].calls };
	qsort(order, n, sizeof(*order), costly_first);
	for (unsigned i = 0; i < n; i++)
		json_object_array_add(list, function_json(g, order[i].op, wall));
	return list;
}

static struct json_object *frame_json(const struct profiling *g, const struct profile_frame *f)
{
	struct json_object *j = json_object_new_object();
	double wall = f->wall > 0 ? f->wall : 1;
	double own = f->wall - f->waiting - f->sum.seconds - f->overhead;
	char text[200] = "";

	add_n(j, "frame", f->frame);
	add(j, "ms", f->wall * 1e3);
	add(j, "cycles", f->wall * g->cycles_per_second);
	add(j, "driver_percent", 100 * f->sum.seconds / wall);
	add(j, "waiting_percent", 100 * f->waiting / wall);
	add(j, "own_percent", own > 0 ? 100 * own / wall : 0);
	add_n(j, "calls", f->sum.calls);
	add_n(j, "payload_bytes", f->sum.payload);
	add_n(j, "redundant", f->sum.redundant);
	for (unsigned i = 0; i < PROFILE_TOP && f->top[i].seconds > 0; i++) {
		size_t n = strlen(text);

		snprintf(text + n, sizeof(text) - n, "%s%s %.2g ms", i ? ", " : "",
			 gl_ops[f->top[i].op].name, f->top[i].seconds * 1e3);
	}
	add_text(j, "mostly", text);
	return j;
}

static struct json_object *slowest_json(const struct profiling *g)
{
	struct json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < g->nslowest; i++)
		json_object_array_add(list, frame_json(g, &g->profile.frames[g->slowest[i]]));
	return list;
}

static struct json_object *all_frames_json(const struct profiling *g)
{
	const struct profile *p = &g->profile;
	struct json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < p->count; i++)
		json_object_array_add(list, frame_json(g, &p->frames[i]));
	return list;
}

static struct json_object *profile_json(const struct profiling *g)
{
	const struct profile *p = &g->profile;
	struct json_object *j = json_object_new_object();
	double wall = 0, waiting = 0, driver = 0, clocks = 0, own;
	uint64_t calls = 0, payload = 0, redundant = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct profile_frame *f = &p->frames[i];

		wall += f->wall;
		waiting += f->waiting;
		driver += f->sum.seconds;
		clocks += f->overhead;
		calls += f->sum.calls;
		payload += f->sum.payload;
		redundant += f->sum.redundant;
	}
	own = wall - waiting - driver - clocks;
	add_text(j, "file", g->path);
	add_text(j, "renderer", g->null_sink ? "none" : sink_gl_renderer(g->sink));
	add_text(j, "clock", g->clock);
	add_n(j, "first_frame", p->first);
	add_n(j, "frames", p->count);
	add_n(j, "calls", calls);
	add_n(j, "payload_bytes", payload);
	add_n(j, "redundant", redundant);
	add(j, "seconds", wall);
	add(j, "driver_seconds", driver);
	add(j, "waiting_seconds", waiting);
	add(j, "own_seconds", own > 0 ? own : 0);
	add(j, "clock_seconds", clocks);
	json_object_object_add(j, "functions", functions_json(g, wall));
	json_object_object_add(j, "slowest", slowest_json(g));
	if (g->json)
		json_object_object_add(j, "per_frame", all_frames_json(g));
	return j;
}

/* ---- the results file ------------------------------------------------------------- */

static void row(struct json_object *rows, const char *of, const char *name, const char *unit,
		double v)
{
	struct sample one = { .n = 0 };

	sample_add(&one, v);
	json_object_array_add(rows, metric_json(of, name, unit, "lower", &one));
}

static void count_row(struct json_object *rows, const char *of, const char *name,
		      const char *unit, uint64_t v)
{
	json_object_array_add(rows, metric_count_json(of, name, unit, "none", (double)v));
}

/* Of each function, and of all frames, with the series of their times. */
static struct json_object *metrics_json(const struct profiling *g)
{
	struct json_object *rows = json_object_new_array(), *frames;
	const struct profile *p = &g->profile;
	double *ms = calloc((size_t)p->count + 1, sizeof(*ms)), sum = 0;
	struct sample all = { .n = 0 };

	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const struct profile_count *c = &p->op[op];

		if (!c->calls)
			continue;
		count_row(rows, gl_ops[op].name, "calls", "calls", c->calls);
		row(rows, gl_ops[op].name, "ms", "ms", c->seconds * 1e3);
		count_row(rows, gl_ops[op].name, "payload_bytes", "bytes", c->payload);
		count_row(rows, gl_ops[op].name, "redundant", "calls", c->redundant);
	}
	for (uint32_t i = 0; ms && i < p->count; i++)
		sum += ms[i] = p->frames[i].wall * 1e3;
	sample_add(&all, sum);
	frames = metric_json("frames", "all_frames", "ms", "lower", &all);
	if (ms && p->count)
		metric_series_add(frames, "frame_time", "ms", ms, p->count);
	json_object_array_add(rows, frames);
	free(ms);
	return rows;
}

static int results_write(const struct profiling *g, const char *path, struct error *err)
{
	struct json_object *suite = json_object_new_object(), *environment = environment_json();
	const char *command[64], *inputs[] = { g->path, NULL };
	const struct results_origin origin = { .command = command, .inputs = inputs };
	struct results made = { 0 };
	char words[8192];
	int e;

	cli_words(command, 64, words, sizeof(words));
	json_object_object_add(environment, "renderer", json_object_new_string(
		g->null_sink ? "none" : sink_gl_renderer(g->sink)));
	add_text(suite, "suite", "profile");
	json_object_object_add(suite, "environment", environment);
	json_object_object_add(suite, "metrics", metrics_json(g));
	e = results_make(&made, suite, &origin, err);
	if (e >= 0)
		e = results_save(&made, path, err);
	results_close(&made);
	json_object_put(suite);
	return e;
}

/* ---- pictures of the slowest --------------------------------------------------------- */

static int picture_take(void *user, struct sink *sink, uint32_t frame, struct error *err)
{
	struct profiling *g = user;
	bool wanted = false;
	int e;

	for (uint32_t i = 0; i < g->nslowest; i++)
		wanted |= g->profile.frames[g->slowest[i]].frame == frame;
	if (!wanted)
		return 0;
	e = picture_write_frame(sink, g->pictures, frame, err);
	return e < 0 ? e : 0;
}

/* Played once more, without any clock. */
static int pictures_write(struct profiling *g, struct error *err)
{
	const struct player_options opt = {
		.engine = PLAYER_JIT, .on_frame = picture_take, .user = g,
	};
	struct blink_file *file = NULL;
	struct player *player = NULL;
	uint32_t last = 0;
	int e;

	if (mkdir(g->pictures, 0777) && errno != EEXIST)
		return error_set(err, -errno, "%s: %s", g->pictures, strerror(errno));
	for (uint32_t i = 0; i < g->nslowest; i++) {
		uint32_t frame = g->profile.frames[g->slowest[i]].frame;

		last = frame > last ? frame : last;
	}
	e = blink_open(&file, g->path, 0, err);
	if (e >= 0)
		e = player_create(&player, file, g->sink, &opt, err);
	if (e >= 0 && g->nslowest)
		e = player_play(player, last, NULL, err);
	player_destroy(player);
	blink_close(file);
	return e;
}

/* ---- running ---------------------------------------------------------------------------- */

static void progress(void *user, double fraction, uint32_t frame)
{
	char detail[32];

	(void)user;
	snprintf(detail, sizeof(detail), "frame %u", frame);
	cli_progress("profiling", fraction, detail);
}

static void clock_ask(struct profiling *g)
{
	struct bench_clock clock;

	bench_clock_init(&clock);
	g->cycles_per_second = clock.core_per_tick * clock.ticks_per_second;
	g->clock = "time stamp counter; core cycles by its calibrated ratio";
	bench_clock_finish(&clock);
}

static int sink_make(struct profiling *g, struct error *err)
{
	const struct sink_gl_options gl = { .title = g->path };

	if (!g->null_sink)
		return sink_gl_create(&g->sink, &gl, err);
	g->sink = sink_null_create();
	return g->sink ? 0 : error_set(err, -ENOMEM, "profile: out of memory");
}

static int profile_do(struct profiling *g, struct profile_options *opt, unsigned long top,
		      struct error *err)
{
	int e = sink_make(g, err);

	if (e >= 0)
		e = profile_run(&g->profile, g->path, g->sink, opt, err);
	cli_progress(NULL, -1, NULL);
	if (e < 0)
		return e;
	g->slowest = profile_slowest(&g->profile);
	if (!g->slowest)
		return error_set(err, -ENOMEM, "profile: out of memory");
	g->nslowest = top < g->profile.count ? (uint32_t)top : g->profile.count;
	clock_ask(g);
	return g->pictures ? pictures_write(g, err) : 0;
}

static int profile_command(const struct cli_args *args)
{
	const char *engine = args->opt[OPT_ENGINE], *sink = args->opt[OPT_SINK];
	struct profiling g = { .path = args->argv[0], .pictures = args->opt[OPT_PICTURES],
			       .null_sink = sink && !strcmp(sink, "null"), .json = args->json };
	struct profile_options opt = { .progress = progress };
	struct blink_file *file = NULL;
	struct error err = { 0 };
	unsigned long top = 5;
	int e, status = EXIT_GOOD;

	if (engine && strcmp(engine, "jit") && strcmp(engine, "interp"))
		return cli_usage("profile", "--engine is jit or interp");
	if (sink && strcmp(sink, "gl") && strcmp(sink, "null"))
		return cli_usage("profile", "--sink is gl or null");
	if (g.null_sink && g.pictures)
		return cli_usage("profile", "--sink null draws nothing: no --pictures");
	if (args->opt[OPT_TOP] && !cli_uint("--top", args->opt[OPT_TOP], 100000, &top))
		return EXIT_USAGE;
	opt.engine = engine && !strcmp(engine, "interp") ? PLAYER_INTERP : PLAYER_JIT;
	e = blink_open(&file, g.path, 0, &err);
	if (e >= 0 && !cli_frames(args->opt[OPT_FRAMES], blink_frame_count(file), &opt.first,
				  &opt.end))
		status = EXIT_USAGE;
	blink_close(file);
	if (status != EXIT_GOOD)
		return status;
	if (e >= 0 && args->opt[OPT_OUTPUT] && cli_replaces(g.path, args->opt[OPT_OUTPUT], &err)) {
		status = EXIT_USAGE;
		e = -EINVAL;
	}
	if (e >= 0)
		e = profile_do(&g, &opt, top, &err);
	if (e >= 0 && args->opt[OPT_OUTPUT])
		e = results_write(&g, args->opt[OPT_OUTPUT], &err);
	if (e >= 0)
		cli_print(args, profile_json(&g));
	else
		status = cli_fail(status != EXIT_GOOD ? status : e == -ENODEV ? EXIT_LACKING
								       : EXIT_DIFFERENT, &err);
	free(g.slowest);
	profile_finish(&g.profile);
	sink_destroy(g.sink);
	return status;
}

const struct cli_command cmd_profile = {
	.name = "profile",
	.synopsis = "X.blink [--frames A:B] [--top N] [--pictures DIR] [--sink gl|null] [-o RESULTS.json]",
	.summary = "where the time of a replay goes, by GL function and by frame",
	.text =
		"Plays the file with a clock around every call of the driver. functions lists, "
		"costliest first: calls, milliseconds, share of the frames' time, nanoseconds and "
		"core cycles of a call, payload bytes handed to GL, and how many calls were "
		"redundant, that is set state to what it was already. What the clock itself costs "
		"is measured and taken off.\n\n"
		"Each frame is finished before its swap, so that what the driver put off counts in "
		"the frame that asked for it; that time is waiting, since no call can be blamed "
		"for it. own is what is neither the driver's, nor waiting, nor the clocks': "
		"running the stored procedures. Loading, verifying and compiling are left out.\n\n"
		"slowest names the frames that took longest, and what they spent it on; with "
		"--pictures they are drawn once more and saved. With --json, per_frame holds all "
		"frames. With --output the functions and all frames' times go to a results file, which "
		"blinkctl report draws.\n\n"
		"  blinkctl profile game.blink --top 3 --pictures slow -o profile.json\n"
		"  blinkctl report profile.json -o out/profile",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = profile_command,
};
