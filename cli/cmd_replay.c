/* cmd_replay.c - blinkctl replay: runs a .blink file's stored procedures. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "blink/engine/jit_tools.h"
#include "cli/command.h"
#include "cli/replay_live.h"
#include "cli/replay_trap.h"
#include "replay/counted.h"
#include "replay/picture.h"
#include "replay/player.h"
#include "reports/stats.h"

enum {
	OPT_ENGINE, OPT_SINK, OPT_FRAMES, OPT_SNAPSHOT, OPT_EVERY, OPT_WINDOW, OPT_LOOP,
	OPT_PERF_MAP, OPT_JITDUMP, OPT_GDB, OPT_STOP, OPT_TRAP, OPT_RESUME, OPT_SERVER, OPT_AHEAD,
	OPT_DIRECT, OPT_HASH, OPT_COUNT
};

static const struct cli_option options[] = {
	[OPT_ENGINE] = { 'e', "engine", "jit|interp", "how SPs are run (jit)" },
	[OPT_SINK] = { 's', "sink", "gl|null|FILE", "where commands go: the GL driver, nowhere, or a null libGL.so.1 (gl)" },
	[OPT_FRAMES] = { 'f', "frames", "A:B", "measure frames A to B-1 only; those before are played" },
	[OPT_SNAPSHOT] = { 0, "snapshot", "DIR", "write pictures frame-NNNNNN.png into DIR" },
	[OPT_EVERY] = { 0, "every", "K", "with --snapshot: every K-th frame, and the last (1)" },
	[OPT_WINDOW] = { 'w', "window", NULL, "show the frames in a window on $DISPLAY" },
	[OPT_LOOP] = { 'l', "loop", "N", "play the frames N times, restoring state before each (1)" },
	[OPT_PERF_MAP] = { 0, "perf-map", NULL, "name compiled SPs for perf, in /tmp/perf-PID.map" },
	[OPT_JITDUMP] = { 0, "jitdump", "DIR", "write perf's jitdump, and listings of the SPs, into DIR" },
	[OPT_GDB] = { 0, "gdb", NULL, "tell gdb of compiled SPs" },
	[OPT_STOP] = { 0, "stop", "F:N", "stop after N records of frame F, and say where that is" },
	[OPT_TRAP] = { 0, "trap", "FILE", "write where the replay stopped, or a driver crashed, to FILE" },
	[OPT_RESUME] = { 0, "resume", "FILE", "play the beginning again and go on from that trap" },
	[OPT_SERVER] = { 0, "server", "PATH", "play it as a live client of that display server" },
	[OPT_AHEAD] = { 0, "ahead", "N", "with --server: at most N frames under way (as many as fit)" },
	[OPT_DIRECT] = { 0, "direct", NULL, "with --server: it may be drawn straight into the screen" },
	[OPT_HASH] = { 0, "hash", NULL, "with --json: the hash of each frame's picture" },
	[OPT_COUNT] = { 0, "count", "FILE", "keep the number of frames played in FILE, for who maps it" },
	{ 0 }
};

struct replay {
	struct blink_file *file;
	struct sink *sink;
	struct player *player;
	enum player_engine engine;
	bool null_sink, window, perf_map, gdb, traps;
	struct replay_trap trap;
	const char *jitdump;
	const char *path, *snapshot;
	const char *null_library;        /* whose entry points stand for the driver's */
	uint32_t first, end;             /* frames measured: [first, end) */
	unsigned long every, loops;
	unsigned loop;                   /* the one being played */
	uint32_t pictures;
	bool hash;
	uint64_t picture_hash;           /* of the frame just played, with --hash; 0: none */
	struct player_frame total;       /* over measured frames */
	struct player_frame init;
	uint32_t error_frames;
	double *run;                     /* seconds of each measured frame */
	size_t nrun;
	struct json_object *frames;      /* with --json */
	struct counted *count;           /* with --count */
};

/* ---- options ------------------------------------------------------------- */

static int options_read(const struct cli_args *args, struct replay *r)
{
	const char *engine = args->opt[OPT_ENGINE], *sink = args->opt[OPT_SINK];

	if (engine && strcmp(engine, "jit") && strcmp(engine, "interp"))
		return cli_usage("replay", "--engine is jit or interp");
	if (sink && strcmp(sink, "gl") && strcmp(sink, "null") && !strchr(sink, '/'))
		return cli_usage("replay", "--sink is gl, null, or the path of a null libGL.so.1");
	r->engine = engine && !strcmp(engine, "interp") ? PLAYER_INTERP : PLAYER_JIT;
	r->null_sink = sink && strcmp(sink, "gl");
	r->null_library = sink && strchr(sink, '/') ? sink : NULL;
	r->window = args->opt[OPT_WINDOW] != NULL;
	r->snapshot = args->opt[OPT_SNAPSHOT];
	r->every = r->loops = 1;
	if (args->opt[OPT_EVERY] && !cli_uint("--every", args->opt[OPT_EVERY], UINT32_MAX, &r->every))
		return EXIT_USAGE;
	if (args->opt[OPT_LOOP] && !cli_uint("--loop", args->opt[OPT_LOOP], 1000000, &r->loops))
		return EXIT_USAGE;
	if (!r->every || !r->loops)
		return cli_usage("replay", "--every and --loop are at least 1");
	r->perf_map = args->opt[OPT_PERF_MAP] != NULL;
	r->jitdump = args->opt[OPT_JITDUMP];
	r->gdb = args->opt[OPT_GDB] != NULL;
	r->trap.save = args->opt[OPT_TRAP];
	r->trap.resume = args->opt[OPT_RESUME];
	if (args->opt[OPT_STOP] && !replay_trap_parse(&r->trap, args->opt[OPT_STOP]))
		return EXIT_USAGE;
	r->hash = args->opt[OPT_HASH] != NULL;
	if (r->hash && (r->null_sink || args->opt[OPT_SERVER]))
		return cli_usage("replay",
				 "--hash is about pictures that are drawn here: no --sink null, no --server");
	r->traps = r->trap.save || r->trap.resume || r->trap.stop;
	if (!args->opt[OPT_SERVER] && (args->opt[OPT_AHEAD] || args->opt[OPT_DIRECT]))
		return cli_usage("replay", "--ahead and --direct are about playing with --server");
	if (args->opt[OPT_SERVER] && (engine || sink || r->window || r->snapshot || r->perf_map ||
				      r->jitdump || r->gdb || r->traps))
		return cli_usage("replay", "with --server the server runs and shows what is played: no option "
			     "about engine, sink, pictures, tools or traps");
	if (r->traps && args->opt[OPT_LOOP])
		return cli_usage("replay", "--stop, --trap and --resume are about one playing: no --loop");
	if (r->engine == PLAYER_INTERP && (r->perf_map || r->jitdump || r->gdb))
		return cli_usage("replay",
				 "--perf-map, --jitdump and --gdb are about compiled SPs: no --engine interp");
	if (r->null_sink && (r->window || r->snapshot))
		return cli_usage("replay", "--sink null draws nothing: no --window and no --snapshot");
	return EXIT_GOOD;
}

/* ---- pictures ------------------------------------------------------------ */

/* XXH3-64 of RGB, rows from the top: what `blinkctl serve --hash` says of a stream. */
static void picture_hash(struct replay *r, struct sink *sink)
{
	struct picture p = { 0 };

	r->picture_hash = 0;
	if (sink_gl_read(sink, &p.rgb, &p.w, &p.h, NULL) >= 0)
		r->picture_hash = XXH3_64bits(p.rgb, (size_t)p.w * p.h * 3);
	picture_finish(&p);
}

static int picture_take(void *user, struct sink *sink, uint32_t frame, struct error *err)
{
	struct replay *r = user;
	int e;

	if (r->hash)
		picture_hash(r, sink);
	if (!r->snapshot || r->loop || frame < r->first || frame >= r->end)
		return 0;
	if (frame % r->every && frame + 1 != r->end)
		return 0;
	e = picture_write_frame(sink, r->snapshot, frame, err);
	r->pictures += e > 0;
	return e < 0 ? e : 0;
}

/* ---- playing ------------------------------------------------------------- */

static struct json_object *frame_json(const struct replay *r, const struct player_frame *f)
{
	struct json_object *j = json_object_new_object();
	char hash[17];

	json_object_object_add(j, "frame", json_object_new_int64(f->frame));
	json_object_object_add(j, "load", json_object_new_double(f->load));
	json_object_object_add(j, "verify", json_object_new_double(f->verify));
	json_object_object_add(j, "compile", json_object_new_double(f->compile));
	json_object_object_add(j, "run", json_object_new_double(f->run));
	json_object_object_add(j, "wall", json_object_new_double(f->wall));
	json_object_object_add(j, "calls", json_object_new_int64((int64_t)f->calls));
	json_object_object_add(j, "gl_errors", json_object_new_int64(f->gl_errors));
	if (r->picture_hash) {
		snprintf(hash, sizeof(hash), "%016" PRIx64, r->picture_hash);
		json_object_object_add(j, "hash", json_object_new_string(hash));
	}
	return j;
}

static void total_add(struct replay *r, const struct player_frame *f)
{
	struct player_frame *t = &r->total;

	t->load += f->load;
	t->verify += f->verify;
	t->compile += f->compile;
	t->run += f->run;
	t->wall += f->wall;
	t->calls += f->calls;
	t->gl_errors += f->gl_errors;
	if (!t->first_error)
		t->first_error = f->first_error;
	r->error_frames += f->gl_errors > 0;
	r->run[r->nrun++] = f->run;
	if (r->frames)
		json_object_array_add(r->frames, frame_json(r, f));
}

static int loop_play(struct replay *r, struct error *err)
{
	struct player_frame f;
	char detail[48];
	int e = r->loop ? player_rewind(r->player, err) : 0;

	if (e >= 0)
		e = player_init(r->player, r->loop ? NULL : &r->init, err);
	for (uint32_t i = 0; i < r->end && e >= 0; i++) {
		r->trap.now = i;
		e = player_play(r->player, i, &f, err);
		if (e >= 0 && i >= r->first)
			total_add(r, &f);
		counted_set(r->count, i + 1);
		if (i % 16 == 0) {
			snprintf(detail, sizeof(detail), "frame %u", i);
			cli_progress("replaying", ((double)r->loop + (double)i / r->end) /
				     (double)r->loops, detail);
		}
	}
	return e;
}

static enum engine_status sp_run(void *user, struct client *c, const struct jit_code *code,
				 const struct sp *sp)
{
	struct replay_trap *t = &((struct replay *)user)->trap;
	enum engine_status status = replay_trap_run(t, c, code, sp);

	if (status == ENGINE_SIGNAL)
		replay_trap_die(t);
	return status;
}

/* Profilers and debuggers, as far as they were asked for. */
static int tools_start(struct replay *r, struct error *err)
{
	struct jit *j = player_jit(r->player);
	int e = r->perf_map ? jit_perf_map(j, err) : 0;

	if (e >= 0 && r->jitdump)
		e = jit_perf_dump(j, r->jitdump, err);
	return e >= 0 && r->gdb ? jit_gdb(j, err) : e;
}

static int replay_play(struct replay *r, struct error *err)
{
	const struct player_options opt = {
		.engine = r->engine, .check_errors = !r->null_sink,
		.on_frame = picture_take, .run = r->traps ? sp_run : NULL, .user = r,
	};
	int e = replay_trap_open(&r->trap, err);

	if (e >= 0)
		e = player_create(&r->player, r->file, r->sink, &opt, err);
	if (e >= 0)
		e = tools_start(r, err);
	r->run = calloc((size_t)(r->end - r->first) * r->loops + 1, sizeof(*r->run));
	if (e >= 0 && !r->run)
		e = error_set(err, -ENOMEM, "replay: out of memory");
	/* A file without frames still has its init SPs. */
	for (r->loop = 0; r->loop < r->loops && e >= 0; r->loop++)
		e = loop_play(r, err);
	cli_progress(NULL, -1, NULL);
	if (e >= 0 && r->jitdump)
		e = jit_watch_check(player_jit(r->player), err);
	return r->traps ? replay_trap_end(&r->trap, e, err) : e;
}

static int replay_open(struct replay *r, const char *path, struct error *err)
{
	const struct sink_gl_options gl = { .window = r->window, .title = path };
	int e;

	r->path = path;
	e = blink_open(&r->file, path, 0, err);
	if (e < 0)
		return e;
	if (r->snapshot && mkdir(r->snapshot, 0777) && errno != EEXIST)
		return error_set(err, -errno, "%s: %s", r->snapshot, strerror(errno));
	if (!r->null_sink)
		return sink_gl_create(&r->sink, &gl, err);
	if (r->null_library)
		return sink_nullgl_create(&r->sink, r->null_library, err);
	r->sink = sink_null_create();
	return r->sink ? 0 : error_set(err, -ENOMEM, "replay: out of memory");
}

/* ---- telling ------------------------------------------------------------- */

static void add(struct json_object *j, const char *key, double value)
{
	json_object_object_add(j, key, json_object_new_double(value));
}

static void add_n(struct json_object *j, const char *key, uint64_t n)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)n));
}

static struct json_object *times_json(struct replay *r)
{
	struct json_object *j = json_object_new_object();
	const struct player_frame *t = &r->total;
	size_t n = r->nrun;

	add(j, "load", t->load);
	add(j, "verify", t->verify);
	add(j, "compile", t->compile);
	add(j, "run", t->run);
	add(j, "run_wall", t->wall);
	add(j, "init", r->init.load + r->init.verify + r->init.compile + r->init.run);
	if (!n)
		return j;
	add(j, "frame_median", stats_median(r->run, n).v);
	add(j, "frame_p95", stats_quantile(r->run, n, 0.95).v);
	add(j, "frame_max", stats_quantile(r->run, n, 1).v);
	return j;
}

static struct json_object *missing_json(const struct sink *sink)
{
	struct json_object *list = json_object_new_array();
	const char *name;
	uint64_t calls;

	for (unsigned i = 0; (name = sink_missing(sink, i, &calls)) != NULL; i++) {
		struct json_object *j = json_object_new_object();

		json_object_object_add(j, "entry", json_object_new_string(name));
		add_n(j, "calls", calls);
		json_object_array_add(list, j);
	}
	return list;
}

/* What the converter had to leave out, from the file's provenance. */
static void losses_add(struct json_object *j, const char *provenance)
{
	struct json_object *p = provenance ? json_tokener_parse(provenance) : NULL, *v;

	if (p && json_object_object_get_ex(p, "lost", &v))
		json_object_object_add(j, "lost_calls", json_object_get(v));
	if (p && json_object_object_get_ex(p, "losses", &v) && json_object_is_type(v, json_type_array) &&
	    json_object_array_length(v))
		json_object_object_add(j, "losses", json_object_get(v));
	if (p && json_object_object_get_ex(p, "truncated", &v))
		json_object_object_add(j, "trace_truncated", json_object_get(v));
	json_object_put(p);
}

static double process_cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec * 1e-6 +
	       (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec * 1e-6;
}

static struct json_object *replay_json(struct replay *r)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "file", json_object_new_string(r->path));
	json_object_object_add(j, "engine", json_object_new_string(r->engine == PLAYER_JIT ?
								   "jit" : "interp"));
	json_object_object_add(j, "sink", json_object_new_string(r->sink->name));
	if (!r->null_sink)
		json_object_object_add(j, "renderer",
				       json_object_new_string(sink_gl_renderer(r->sink)));
	add_n(j, "first_frame", r->first);
	add_n(j, "frames", r->end - r->first);
	add_n(j, "loops", r->loops);
	add_n(j, "calls", r->total.calls);
	json_object_object_add(j, "cpu_seconds", times_json(r));
	add(j, "process_cpu_seconds", process_cpu());
	if (r->total.calls)
		add(j, "ns_per_call", r->total.run * 1e9 / (double)r->total.calls);
	add_n(j, "gl_errors", r->total.gl_errors);
	add_n(j, "frames_with_gl_errors", r->error_frames);
	if (r->total.first_error) {
		const char *name = gl_enum_name(NULL, r->total.first_error);

		json_object_object_add(j, "first_gl_error", json_object_new_string(name ? name : "?"));
	}
	json_object_object_add(j, "missing_entry_points", missing_json(r->sink));
	losses_add(j, blink_provenance(r->file));
	if (r->snapshot)
		add_n(j, "pictures", r->pictures);
	if (r->trap.taken)
		json_object_object_add(j, "trap", replay_trap_json(&r->trap));
	if (r->frames)
		json_object_object_add(j, "per_frame", json_object_get(r->frames));
	return j;
}

static int replay_run(const struct cli_args *args)
{
	struct replay r = { 0 };
	struct error err = { 0 };
	int status = options_read(args, &r), e;

	if (status != EXIT_GOOD)
		return status;
	if (args->opt[OPT_COUNT] && !(r.count = counted_open(args->opt[OPT_COUNT], &err)))
		return cli_fail(EXIT_DIFFERENT, &err);
	if (args->opt[OPT_SERVER])
		return replay_live(args, &(struct replay_live){
			.server = args->opt[OPT_SERVER], .frames = args->opt[OPT_FRAMES],
			.ahead = args->opt[OPT_AHEAD], .direct = args->opt[OPT_DIRECT] != NULL,
			.loops = r.loops, .count = r.count });
	e = replay_open(&r, args->argv[0], &err);
	if (e >= 0 && !cli_frames(args->opt[OPT_FRAMES], blink_frame_count(r.file), &r.first,
				  &r.end)) {
		status = EXIT_USAGE;
	} else if (e >= 0) {
		r.frames = args->json ? json_object_new_array() : NULL;
		e = replay_play(&r, &err);
		if (e >= 0)
			cli_print(args, replay_json(&r));
	}
	if (e < 0)
		status = cli_fail(e == -ENODEV ? EXIT_LACKING : EXIT_DIFFERENT, &err);
	player_destroy(r.player);
	json_object_put(r.frames);
	free(r.run);
	sink_destroy(r.sink);
	blink_close(r.file);
	counted_close(r.count);
	return status;
}

const struct cli_command cmd_replay = {
	.name = "replay",
	.synopsis = "X.blink [--engine jit|interp] [--sink gl|null] [--frames A:B] "
		    "[--snapshot DIR [--every K]] [--window] [--loop N] [--server PATH]",
	.summary = "verify, compile and run the stored procedures of a file",
	.text =
		"Plays the file's init SPs once and then frame after frame, on OpenGL through EGL "
		"without any window (on a software driver where there is no GPU), or in a window "
		"on $DISPLAY with --window. Every SP is verified before it runs; a refusal ends "
		"the replay with status 1, the reason and the instruction.\n\n"
		"CPU seconds are told apart: load (reading and unpacking), verify, compile, and "
		"run, which are the frames themselves. frame_median, frame_p95 and frame_max are "
		"run times of single frames. They count this thread; process_cpu_seconds counts "
		"every thread, the driver's too, from start to end. With --json, per_frame holds "
		"each frame.\n\n"
		"GL errors are counted, at most one of a kind per frame, as OpenGL keeps them. "
		"missing_entry_points lists commands that the file calls and the driver does not "
		"offer. losses lists what the converter had to leave out.\n\n"
		"--loop destroys everything and plays from the beginning again, so that each "
		"round starts from the same state; pictures are taken in the first round.\n\n"
		"--stop ends the replay in the middle of a frame and says exactly where: the SP, its "
		"version, the record, the registers. --trap writes that to a file; it also catches a "
		"signal that the driver raises, and names the instruction that it was executing. "
		"--resume plays the frames before again, up to the record where the trap was taken, and "
		"goes on from there, with either engine.\n\n"
		"--server plays the file as a live client of a display server (blinkctl serve): each SP "
		"is an entry of a stream, with the payloads that it names. The server verifies and runs "
		"them, and a refusal names the frame, the record and the reason. When the server is "
		"lost and comes back, the file is pruned at the frame that is next, and playing goes "
		"on from there. --direct lets the server draw straight into the screen.\n\n"
		"For perf, --perf-map gives symbols; --jitdump the code too, with a line for each "
		"instruction: perf record -k mono blinkctl replay --jitdump DIR ..., then perf inject "
		"--jit and perf annotate. In gdb, with --gdb, SPs have names in a backtrace.\n\n"
		"  blinkctl replay glxgears.blink --frames 0:100 --snapshot pictures --every 10",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = replay_run,
};
