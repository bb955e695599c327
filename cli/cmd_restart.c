/* cmd_restart.c - blinkctl restart: a checkpoint's state brought back, and going on. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blink/base/clock.h"
#include "cli/command.h"
#include "replay/checkpoint.h"
#include "replay/driver.h"
#include "replay/state_compare.h"
#include "replay/state_elsewhere.h"
#include "replay/stream.h"

enum { OPT_WINDOW, OPT_FRAMES, OPT_SNAPSHOT, OPT_ENGINE, OPT_STATE, OPT_ON, OPT_AGAINST,
       OPT_TOLERANCE, OPT_FORCE };

static const struct cli_option options[] = {
	[OPT_WINDOW] = { 'w', "window", NULL, "show the frames in a window on $DISPLAY" },
	[OPT_FRAMES] = { 'f', "frames", "K", "play so many frames (all that follow)" },
	[OPT_SNAPSHOT] = { 0, "snapshot", "DIR", "write pictures frame-NNNNNN.png into DIR" },
	[OPT_ENGINE] = { 'e', "engine", "jit|interp", "how SPs are run (jit)" },
	[OPT_STATE] = { 0, "state", NULL, "hash the restored state, as blinkctl state --drivers does; "
			"with --against, compare it" },
	[OPT_ON] = { 0, "on", "DRIVER", "restart on that driver (the environment's)" },
	[OPT_AGAINST] = { 0, "against", "DRIVER", "compare with a full replay on that driver" },
	[OPT_TOLERANCE] = { 0, "tolerance", "T", "with --against: pixels that differ by at most T agree (8)" },
	[OPT_FORCE] = { 0, "force", NULL, "go on with X though it is not the checkpoint's source" },
	{ 0 }
};

/* So many differences of state are listed; all are counted. */
#define LISTED_MAX 100u

struct restart {
	const char *checkpoint, *snapshot;
	char *log;                       /* what goes on, NULL none */
	struct checkpoint_info info;
	struct blink_file *then;
	uint32_t end;                    /* first frame that is not played */
	uint32_t played;
	enum player_engine engine;
	struct state_replay *replay;
	/* seconds */
	double check, driver, restore, first, rest;
	bool hashed;
	uint64_t state;
	size_t entries;
	char renderer[256];
	struct elsewhere restored;       /* ... and this one's */
	bool gone;                       /* the source is no longer where it was */
	struct driver_use on, other;
	/* --against */
	struct stream full;
	struct elsewhere elsewhere;      /* --state: the other driver's state, ... */
	struct json_object *differences; /* of state, the first few */
	size_t different;
	unsigned tolerance;
	uint64_t pixels, off;            /* compared; beyond the tolerance */
	unsigned most;
	uint32_t compared, sizes, missing;
};

/* ---- pictures ------------------------------------------------------------------- */

static void pixels_compare(struct restart *r, const struct picture *a, const struct picture *b)
{
	size_t n = (size_t)a->w * a->h;

	r->compared++;
	if (a->w != b->w || a->h != b->h) {
		r->sizes++;
		return;
	}
	r->pixels += n;
	for (size_t i = 0; i < n; i++) {
		unsigned most = 0;

		for (unsigned c = 0; c < 3; c++) {
			unsigned d = (unsigned)abs((int)a->rgb[3 * i + c] - (int)b->rgb[3 * i + c]);

			most = d > most ? d : most;
		}
		r->off += most > r->tolerance;
		r->most = most > r->most ? most : r->most;
	}
}

static int picture_take(void *user, struct sink *sink, uint32_t frame, struct error *err)
{
	struct restart *r = user;
	const struct picture *other = NULL;
	struct picture p = { 0 };
	int e;

	r->played++;
	if (!r->snapshot && !r->full.what)
		return 0;
	e = sink_gl_read(sink, &p.rgb, &p.w, &p.h, NULL);
	if (e < 0 && !r->full.what)
		return 0;                /* nothing to see */
	if (e >= 0 && r->snapshot)
		e = picture_write_in(&p, r->snapshot, err, "frame-%06u", frame);
	if (r->full.what) {
		int found = stream_take(&r->full, frame, &other, err);

		if (found < 0)
			e = found;
		else if (found != (p.rgb != NULL))
			r->missing++;
		else if (found)
			pixels_compare(r, &p, other);
	}
	if (e == -ENODATA)
		e = 0;
	picture_finish(&p);
	return e;
}

/* ---- what goes on --------------------------------------------------------------- */

/* X, or the checkpoint's own source where that is still there. */
static int log_find(struct restart *r, const char *given, bool force, struct error *err)
{
	const char *path = given ? given : r->info.id[0] ? r->info.source : NULL;
	char id[CHECKPOINT_ID] = "";
	int e;

	if (!path)
		return 0;
	r->gone = !given && access(path, R_OK);
	if (r->gone)
		return 0;
	e = checkpoint_id(path, id, err);
	if (e < 0)
		return e;
	if (r->info.id[0] && strcmp(id, r->info.id) && !given)
		return 0;                /* it has become another file */
	if (r->info.id[0] && strcmp(id, r->info.id) && !force)
		return error_set(err, -EINVAL, "%s: this is not the file that %s was made of "
				 "(--force goes on all the same)", path, r->checkpoint);
	r->log = strdup(path);
	e = r->log ? blink_open(&r->then, path, 0, err)
		   : error_set(err, -ENOMEM, "restart: out of memory");
	if (e >= 0 && r->info.frame > blink_frame_count(r->then))
		e = error_set(err, -EINVAL, "%s: the checkpoint goes on at frame %u, the file has %u",
			      path, r->info.frame, blink_frame_count(r->then));
	return e;
}

static void end_set(struct restart *r, uint32_t frames)
{
	uint32_t count = r->then ? blink_frame_count(r->then) : r->info.frame;

	r->end = count - r->info.frame < frames ? count : r->info.frame + frames;
}

/* The other driver's replays begin first: in processes of theirs, with its environment. */
static int against_start(struct restart *r, bool state, struct error *err)
{
	uint32_t n = r->end - r->info.frame;
	uint32_t *frames = calloc(n + 1, sizeof(*frames));
	const struct stream_frames want = { .frames = frames, .n = n };
	int e = frames ? 0 : error_set(err, -ENOMEM, "restart: out of memory");

	for (uint32_t i = 0; frames && i < n; i++)
		frames[i] = r->info.frame + i;
	driver_enter(&r->other);
	if (e >= 0 && state)
		e = elsewhere_start(&r->elsewhere, r->log, r->info.frame, r->engine, err);
	if (e >= 0)
		e = stream_player(&r->full, r->log, &want, r->engine, true, NULL, err);
	driver_leave(&r->other);
	free(frames);
	return e;
}

/* ---- restoring ------------------------------------------------------------------- */

static void finish_drawing(struct restart *r)
{
	sink_fn finish = state_replay_sink(r->replay)->entry[OP_glFinish];

	((void (*)(void))finish)();
}

static void difference_note(void *user, const struct state_entry *full, const struct state_entry *back)
{
	struct restart *r = user;
	char text[256];

	if (r->different++ >= LISTED_MAX)
		return;
	state_describe(full, back, text, sizeof(text));
	json_object_array_add(r->differences, json_object_new_string(text));
}

/* Of both sides; looked at in processes of their own, for looking disturbs some drivers
 * (virgl draws textures of alpha alone otherwise once they have been read). */
static int states_take(struct restart *r, struct error *err)
{
	struct state_dump back, full;
	int e;

	if (!r->restored.in)
		return 0;
	state_init(&back, 0);
	state_init(&full, 0);
	e = elsewhere_take(&r->restored, &back, err);
	if (e >= 0 && r->elsewhere.in)
		e = elsewhere_take(&r->elsewhere, &full, err);
	if (e >= 0) {
		r->entries = back.count;
		r->state = state_hash(&back);
		r->hashed = true;
	}
	if (e >= 0 && r->elsewhere.in) {
		r->differences = json_object_new_array();
		state_diff(&full, &back, difference_note, r);
	}
	state_finish(&full);
	state_finish(&back);
	return e;
}

static int restored_save(struct restart *r, struct error *err)
{
	struct picture p = { 0 };
	int e = sink_gl_read(state_replay_sink(r->replay), &p.rgb, &p.w, &p.h, NULL);

	e = e < 0 ? 0 : picture_write_in(&p, r->snapshot, err, "restored");
	picture_finish(&p);
	return e;
}

static int restore(struct restart *r, const struct cli_args *args, struct error *err)
{
	const struct state_replay_options opt = {
		.engine = r->engine, .window = args->opt[OPT_WINDOW] != NULL,
		.shown = args->opt[OPT_WINDOW] != NULL, .blind = true,
		.then = r->then, .on_frame = picture_take, .user = r,
	};
	double start;
	int e;

	driver_enter(&r->on);            /* until the end: drivers look when they please */
	e = args->opt[OPT_STATE] ? elsewhere_start(&r->restored, r->checkpoint, 0, r->engine, err) : 0;
	if (e < 0)
		return e;
	start = clock_seconds();
	e = state_replay_open(&r->replay, r->checkpoint, &opt, err);
	r->driver = clock_seconds() - start;
	if (e < 0)
		return e;
	snprintf(r->renderer, sizeof(r->renderer), "%s", sink_gl_renderer(state_replay_sink(r->replay)));
	start = clock_seconds();
	e = state_replay_to(r->replay, 0, err);
	if (e < 0)
		return e;
	finish_drawing(r);
	r->restore = clock_seconds() - start;
	return r->snapshot ? restored_save(r, err) : 0;
}

static int go_on(struct restart *r, struct error *err)
{
	double start = clock_seconds();
	int e = 0;

	if (!r->then)
		return 0;
	e = state_replay_switch(r->replay, r->info.frame, err);
	for (uint32_t f = r->info.frame; f < r->end && e >= 0; f++) {
		e = state_replay_to(r->replay, f + 1, err);
		if (f == r->info.frame) {
			finish_drawing(r);
			r->first = clock_seconds() - start;
			start = clock_seconds();
		}
		cli_progress("playing", (double)(f + 1 - r->info.frame) / (r->end - r->info.frame),
			     NULL);
	}
	r->rest = clock_seconds() - start;
	cli_progress(NULL, -1, NULL);
	return e;
}

static int run(struct restart *r, const struct cli_args *args, uint32_t frames, struct error *err)
{
	struct blink_file *checked;
	double start = clock_seconds();
	int e = checkpoint_open(&checked, r->checkpoint, &r->info, err);

	r->check = clock_seconds() - start;
	if (e < 0)
		return e;
	blink_close(checked);
	e = log_find(r, args->argc > 1 ? args->argv[1] : NULL, args->opt[OPT_FORCE] != NULL, err);
	if (e < 0)
		return e;
	if (!r->then && (args->opt[OPT_FRAMES] || args->opt[OPT_AGAINST]))
		return error_set(err, -EINVAL, "%s: %s%s%s (name the file that it was made of)",
				 r->checkpoint, r->gone ? "its source " : "there is nothing to go on with",
				 r->gone ? r->info.source : "", r->gone ? " is gone" : "");
	end_set(r, frames);
	if (r->snapshot && mkdir(r->snapshot, 0777) && errno != EEXIST)
		return error_set(err, -errno, "%s: %s", r->snapshot, strerror(errno));
	if (args->opt[OPT_AGAINST])
		e = against_start(r, args->opt[OPT_STATE] != NULL, err);
	if (e >= 0)
		e = restore(r, args, err);
	if (e >= 0)
		e = go_on(r, err);
	return e < 0 ? e : states_take(r, err);
}

/* ---- the result ------------------------------------------------------------------ */

static struct json_object *result_json(const struct restart *r, const char *against)
{
	struct json_object *j = json_object_new_object(), *c;
	struct stat st = { 0 };
	char hash[20];

	stat(r->checkpoint, &st);
	json_object_object_add(j, "checkpoint", json_object_new_string(r->checkpoint));
	json_object_object_add(j, "bytes", json_object_new_int64(st.st_size));
	json_object_object_add(j, "frame", json_object_new_int64(r->info.frame));
	json_object_object_add(j, "renderer", json_object_new_string(r->renderer));
	json_object_object_add(j, "check_seconds", json_object_new_double(r->check));
	json_object_object_add(j, "driver_seconds", json_object_new_double(r->driver));
	json_object_object_add(j, "restore_seconds", json_object_new_double(r->restore));
	if (r->hashed) {
		snprintf(hash, sizeof(hash), "%016" PRIx64, r->state);
		json_object_object_add(j, "state", json_object_new_string(hash));
		json_object_object_add(j, "entries", json_object_new_int64((int64_t)r->entries));
	}
	if (r->gone)
		json_object_object_add(j, "source_gone", json_object_new_string(r->info.source));
	if (r->then) {
		json_object_object_add(j, "log", json_object_new_string(r->log));
		json_object_object_add(j, "first_frame_seconds", json_object_new_double(r->first));
		json_object_object_add(j, "frames", json_object_new_int64(r->played));
		json_object_object_add(j, "other_frames_seconds", json_object_new_double(r->rest));
	}
	if (!against)
		return j;
	c = json_object_new_object();
	json_object_object_add(c, "driver", json_object_new_string(against));
	if (r->differences) {
		json_object_object_add(c, "different_entries", json_object_new_int64((int64_t)r->different));
		json_object_object_add(c, "differences", json_object_get(r->differences));
	}
	json_object_object_add(c, "pictures", json_object_new_int64(r->compared));
	json_object_object_add(c, "of_other_size", json_object_new_int64(r->sizes));
	json_object_object_add(c, "on_one_side_only", json_object_new_int64(r->missing));
	json_object_object_add(c, "tolerance", json_object_new_int64(r->tolerance));
	json_object_object_add(c, "largest_difference", json_object_new_int64(r->most));
	json_object_object_add(c, "share_beyond_tolerance",
			       json_object_new_double(r->pixels ? (double)r->off / (double)r->pixels : 0));
	json_object_object_add(j, "against", c);
	return j;
}

static void restart_finish(struct restart *r)
{
	state_replay_close(r->replay);
	if (r->full.what)
		stream_stop(&r->full);
	elsewhere_stop(&r->elsewhere);
	elsewhere_stop(&r->restored);
	driver_end(&r->on);
	driver_end(&r->other);
	json_object_put(r->differences);
	blink_close(r->then);
	checkpoint_info_finish(&r->info);
	free(r->log);
}

/* Both drivers are there, before anything runs. */
static int drivers_begin(struct restart *r, const struct cli_args *args, struct error *err)
{
	int e = driver_begin(&r->on, args->opt[OPT_ON], err);

	return e < 0 ? e : driver_begin(&r->other, args->opt[OPT_AGAINST], err);
}

static int status_of(int e)
{
	return e == -ENODEV || e == -ENOTSUP ? EXIT_LACKING : EXIT_DIFFERENT;
}

static int restart_main(const struct cli_args *args)
{
	struct restart r = { .checkpoint = args->argv[0], .snapshot = args->opt[OPT_SNAPSHOT],
			     .tolerance = 8 };
	const char *engine = args->opt[OPT_ENGINE];
	unsigned long frames = UINT32_MAX, tolerance = 8;
	struct error err = { 0 };
	int e, status = EXIT_GOOD;

	if (engine && strcmp(engine, "jit") && strcmp(engine, "interp"))
		return cli_usage("restart", "--engine is jit or interp");
	r.engine = engine && !strcmp(engine, "interp") ? PLAYER_INTERP : PLAYER_JIT;
	if (args->opt[OPT_TOLERANCE] && !args->opt[OPT_AGAINST])
		return cli_usage("restart", "--tolerance goes with --against");
	if (args->opt[OPT_FRAMES] && !cli_uint("--frames", args->opt[OPT_FRAMES], UINT32_MAX, &frames))
		return EXIT_USAGE;
	if (args->opt[OPT_TOLERANCE] && !cli_uint("--tolerance", args->opt[OPT_TOLERANCE], 255, &tolerance))
		return EXIT_USAGE;
	r.tolerance = (unsigned)tolerance;
	e = drivers_begin(&r, args, &err);
	if (e == -EINVAL) {
		driver_end(&r.on);
		return cli_fail(EXIT_USAGE, &err);
	}
	if (e >= 0)
		e = run(&r, args, (uint32_t)frames, &err);
	if (e < 0)
		status = cli_fail(status_of(e), &err);
	else
		cli_print(args, result_json(&r, args->opt[OPT_AGAINST]));
	if (e >= 0 && (r.sizes || r.missing || r.different))
		status = EXIT_DIFFERENT;
	restart_finish(&r);
	return status;
}

const struct cli_command cmd_restart = {
	.name = "restart",
	.synopsis = "C.blink [X.blink] [--frames K] [--window] [--snapshot DIR] [--on DRIVER] "
		    "[--against DRIVER]",
	.summary = "bring a checkpoint's state back, on any driver, and go on from there",
	.text =
		"All of C is checked before any of it runs. Then its commands make the state on the "
		"driver at hand, or on that of --on, and the frames of X, the file that C was made of, are played on from there: X is found "
		"where it was if it is not named. A file that is not the checkpoint's source is "
		"refused. A checkpoint of a running program goes on with the recording of it, "
		"converted when it is complete.\n\n"
		"What is printed: size, seconds to check the file, to start the driver, to restore "
		"the state (until the driver has finished it), for the first frame, and for the "
		"others.\n\n"
		"--against plays X in full on another driver beside it and compares the pictures "
		"after the restart: the share of pixels of which a channel differs by more than the "
		"tolerance. --state hashes what both drivers were told, leaving out what they "
		"compute (blinkctl state --drivers gives the same for a full replay); with --against "
		"the other driver's, after a full replay, is held against it, and differences are "
		"listed.\n\n"
		"DRIVER is llvmpipe, softpipe, virgl (virgl_test_server is started if none runs), or "
		"hardware. Exit status 77: it is not to be had here.\n\n"
		"  blinkctl restart game-350.blink --frames 50 --snapshot pictures\n"
		"  blinkctl restart game-350.blink --on softpipe --against llvmpipe --state\n"
		"  blinkctl restart game-350.blink --on llvmpipe --against virgl",
	.options = options,
	.min_args = 1,
	.max_args = 2,
	.run = restart_main,
};
