/* cmd_state.c - blinkctl state: all GL state at a frame, of one file or of two. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/base/clock.h"
#include "cli/command.h"
#include "blink/log/prune.h"
#include "replay/prune_check.h"

enum { OPT_AT, OPT_WITH, OPT_PRUNED, OPT_LIST, OPT_ENGINE, OPT_WINDOW, OPT_DRIVERS, OPT_TWICE,
       OPT_EVERY, OPT_FRAMES, OPT_LAST };

static const struct cli_option options[] = {
	[OPT_AT] = { 'f', "at-frame", "N", "the state at the start of frame N (the file's end)" },
	[OPT_WITH] = { 0, "with-frame", "M", "of the second file (that of --at-frame)" },
	[OPT_PRUNED] = { 0, "pruned", NULL, "the second file is the first pruned there: its frame 0" },
	[OPT_LIST] = { 'l', "list", NULL, "list every entry, not only the hash" },
	[OPT_ENGINE] = { 'e', "engine", "jit|interp", "how SPs are run (jit)" },
	[OPT_WINDOW] = { 'w', "window", NULL, "in windows on $DISPLAY that are not shown" },
	[OPT_DRIVERS] = { 0, "drivers", NULL, "leave out what two drivers may compute differently" },
	[OPT_TWICE] = { 0, "twice", NULL, "look twice, and say whether looking changed anything" },
	[OPT_EVERY] = { 'k', "prune-every", "K", "prune at every K-th frame from --at-frame on (0), compare each" },
	[OPT_FRAMES] = { 0, "frames", "F", "with --pruned and --prune-every: compare so many pictures after it (50)" },
	[OPT_LAST] = { 0, "until-frame", "N", "with --prune-every: none after frame N" },
	{ 0 }
};

/* So many differences are listed; all are counted. */
#define LISTED_MAX 200

struct taken {
	const char *path;
	uint32_t frame, frames;
	struct state_dump dump;
	double seconds;          /* to take the dump */
	char renderer[256];
};

static enum player_engine engine_of(const struct cli_args *args)
{
	return args->opt[OPT_ENGINE] && !strcmp(args->opt[OPT_ENGINE], "interp")
	       ? PLAYER_INTERP : PLAYER_JIT;
}

static void drivers_strip(struct state_dump *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++)
		if (!state_driver_dependent(&d->v[i]))
			d->v[n++] = d->v[i];
	d->count = n;
}

/* frame beyond the file: its end */
static int take(struct taken *t, const struct cli_args *args, struct error *err)
{
	const struct state_replay_options opt = {
		.engine = engine_of(args),
		.window = args->opt[OPT_WINDOW] != NULL,
	};
	struct state_replay *r;
	int e = state_replay_open(&r, t->path, &opt, err);

	if (e < 0)
		return e;
	t->frames = state_replay_frames(r);
	if (t->frame == UINT32_MAX)
		t->frame = t->frames;
	if (t->frame > t->frames)
		e = error_set(err, -EINVAL, "%s: there is no frame %u (it has %u)", t->path,
			      t->frame, t->frames);
	if (e >= 0)
		e = state_replay_to(r, t->frame, err);
	if (e >= 0) {
		t->seconds = -clock_seconds();
		e = state_replay_take(r, &t->dump, err);
		t->seconds += clock_seconds();
	}
	if (e >= 0 && args->opt[OPT_TWICE]) {
		struct state_dump again;

		state_init(&again, 0);
		e = state_replay_take(r, &again, err);
		if (e >= 0 && state_diff(&t->dump, &again, NULL, NULL))
			e = error_set(err, -EIO, "%s: looking at the state changed it", t->path);
		state_finish(&again);
	}
	snprintf(t->renderer, sizeof(t->renderer), "%s", sink_gl_renderer(state_replay_sink(r)));
	if (e >= 0 && args->opt[OPT_DRIVERS])
		drivers_strip(&t->dump);
	state_replay_close(r);
	return e;
}

/* ---- printing -------------------------------------------------------------- */

static struct json_object *hash_json(uint64_t hash)
{
	char text[20];

	snprintf(text, sizeof(text), "%016" PRIx64, hash);
	return json_object_new_string(text);
}

static struct json_object *taken_json(const struct taken *t)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "file", json_object_new_string(t->path));
	json_object_object_add(j, "frame", json_object_new_int64(t->frame));
	json_object_object_add(j, "frames", json_object_new_int64(t->frames));
	json_object_object_add(j, "renderer", json_object_new_string(t->renderer));
	json_object_object_add(j, "entries", json_object_new_int64((int64_t)t->dump.count));
	json_object_object_add(j, "hash", hash_json(state_hash(&t->dump)));
	json_object_object_add(j, "seconds", json_object_new_double(t->seconds));
	return j;
}

static struct json_object *entries_json(const struct state_dump *d)
{
	struct json_object *a = json_object_new_array();
	char text[256], hash[40];

	for (size_t i = 0; i < d->count; i++) {
		state_describe(&d->v[i], &d->v[i], text, sizeof(text));
		/* one value, not a change */
		if (strstr(text, " -> "))
			*strstr(text, " -> ") = 0;
		snprintf(hash, sizeof(hash), " #%016" PRIx64, d->v[i].hash);
		strncat(text, hash, sizeof(text) - strlen(text) - 1);
		json_object_array_add(a, json_object_new_string(text));
	}
	return a;
}

struct listing { struct json_object *array; size_t n; };

static void difference_add(void *user, const struct state_entry *a, const struct state_entry *b)
{
	struct listing *l = user;
	char text[256];

	if (l->n++ >= LISTED_MAX)
		return;
	state_describe(a, b, text, sizeof(text));
	json_object_array_add(l->array, json_object_new_string(text));
}

static int one_print(const struct cli_args *args, const struct taken *t)
{
	struct json_object *j = taken_json(t);

	if (args->opt[OPT_LIST])
		json_object_object_add(j, "state", entries_json(&t->dump));
	cli_print(args, j);
	return EXIT_GOOD;
}

static int two_print(const struct cli_args *args, const struct taken *a, const struct taken *b)
{
	struct listing l = { .array = json_object_new_array() };
	struct json_object *j = json_object_new_object();

	state_diff(&a->dump, &b->dump, difference_add, &l);
	json_object_object_add(j, "first", taken_json(a));
	json_object_object_add(j, "second", taken_json(b));
	json_object_object_add(j, "different", json_object_new_int64((int64_t)l.n));
	json_object_object_add(j, "verdict", json_object_new_string(
		l.n ? "the states differ" : "the states are equal"));
	if (l.n)
		json_object_object_add(j, "differences", l.array);
	else
		json_object_put(l.array);
	cli_print(args, j);
	return l.n ? EXIT_DIFFERENT : EXIT_GOOD;
}

static bool frame_read(const struct cli_args *args, unsigned option, const char *name, uint32_t *out)
{
	unsigned long v;

	if (!args->opt[option])
		return true;
	if (!cli_uint(name, args->opt[option], UINT32_MAX - 1, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

/* ---- pruned files ----------------------------------------------------------- */

struct checking {
	const char *path;
	struct blink_file *file;         /* what is pruned, beside the one that is played */
	struct prune_stats stats;
	struct json_object *list;
	uint32_t boundaries, failed;
};

static struct json_object *result_json(const struct prune_check_result *r)
{
	struct json_object *j = json_object_new_object(), *a = json_object_new_array();

	json_object_object_add(j, "frame", json_object_new_int64(r->frame));
	json_object_object_add(j, "hash", hash_json(r->hash));
	json_object_object_add(j, "entries", json_object_new_int64((int64_t)r->entries));
	json_object_object_add(j, "different", json_object_new_int64((int64_t)r->different));
	json_object_object_add(j, "frames_compared", json_object_new_int64(r->frames));
	json_object_object_add(j, "frames_different", json_object_new_int64(r->frames_different));
	if (r->frames_different) {
		json_object_object_add(j, "first_frame_different",
				       json_object_new_int64(r->first_different));
		json_object_object_add(j, "most_pixels_different",
				       json_object_new_int64((int64_t)r->worst.pixels));
	}
	for (unsigned i = 0; i < PRUNE_CHECK_TEXTS && r->texts[i]; i++)
		json_object_array_add(a, json_object_new_string(r->texts[i]));
	if (json_object_array_length(a))
		json_object_object_add(j, "differences", a);
	else
		json_object_put(a);
	return j;
}

static int check_prune(void *user, uint32_t frame, uint32_t frames, const char *path,
		       struct error *err)
{
	struct checking *c = user;
	const struct prune_file_options opt = { .at_frame = frame, .frames = frames,
						.tool = "blinkctl state" };

	return prune_file(c->file, path, &opt, &c->stats, NULL, err);
}

static int check_result(void *user, const struct prune_check_result *r, struct error *err)
{
	struct checking *c = user;
	struct json_object *j = result_json(r);
	char detail[48];

	(void)err;
	snprintf(detail, sizeof(detail), "frame %u", r->frame);
	cli_progress("checking", (double)r->frame / blink_frame_count(c->file), detail);
	json_object_object_add(j, "prune_seconds", json_object_new_double(r->prune_seconds));
	json_object_object_add(j, "init_seconds", json_object_new_double(r->init_seconds));
	json_object_array_add(c->list, j);
	c->boundaries++;
	if (!r->different && !r->frames_different)
		return 0;
	/* told at once: the rest may take long */
	c->failed++;
	cli_progress(NULL, -1, NULL);
	fprintf(stderr, "blinkctl: pruned at frame %u: %" PRIu64 " entries of the state and %u pictures differ\n",
		r->frame, r->different, r->frames_different);
	return 0;
}

static int check_print(const struct cli_args *args, struct checking *c)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "file", json_object_new_string(c->path));
	json_object_object_add(j, "boundaries", json_object_new_int64(c->boundaries));
	json_object_object_add(j, "failed", json_object_new_int64(c->failed));
	json_object_object_add(j, "verdict", json_object_new_string(
		!c->boundaries ? "there was no boundary to prune at" :
		c->failed ? "pruning lost something" : "every state and every picture is the same"));
	json_object_object_add(j, "checks", json_object_get(c->list));
	cli_print(args, j);
	return !c->boundaries ? EXIT_INCONCLUSIVE : c->failed ? EXIT_DIFFERENT : EXIT_GOOD;
}

static int check_main(const struct cli_args *args, uint32_t every, uint32_t frames)
{
	const char *folder = getenv("TMPDIR");
	struct checking c = { .path = args->argv[0], .list = json_object_new_array() };
	struct prune_check_options opt = {
		.every = every, .last = UINT32_MAX, .frames = frames, .engine = engine_of(args),
		.folder = folder && folder[0] ? folder : "/tmp", .prune = check_prune,
		.on_result = check_result, .user = &c,
	};
	struct error err = { 0 };
	int e, status = EXIT_USAGE;

	if (frame_read(args, OPT_AT, "--at-frame", &opt.first) &&
	    frame_read(args, OPT_LAST, "--until-frame", &opt.last)) {
		e = blink_open(&c.file, c.path, 0, &err);
		if (e >= 0)
			e = prune_check_run(c.path, &opt, &err);
		cli_progress(NULL, -1, NULL);
		status = e >= 0 ? check_print(args, &c) :
			 cli_fail(e == -ENODEV || e == -ENOTSUP ? EXIT_LACKING : EXIT_DIFFERENT, &err);
		blink_close(c.file);
	}
	json_object_put(c.list);
	return status;
}

/* One pruned file that is there already. */
static int pruned_main(const struct cli_args *args, uint32_t frame, uint32_t frames)
{
	struct prune_check_result r;
	struct error err = { 0 };
	int status, e = prune_check_file(args->argv[0], args->argv[1], frame, frames,
					 engine_of(args), &r, &err);

	if (e < 0) {
		status = cli_fail(e == -ENODEV || e == -ENOTSUP ? EXIT_LACKING : EXIT_DIFFERENT, &err);
	} else {
		cli_print(args, result_json(&r));
		status = r.different || r.frames_different ? EXIT_DIFFERENT : EXIT_GOOD;
	}
	prune_check_result_finish(&r);
	return status;
}

/* Says which options are of no use as they stand: what was asked for is not left out silently. */
static const char *usage_wrong(const struct cli_args *args)
{
	const char *engine = args->opt[OPT_ENGINE];
	bool every = args->opt[OPT_EVERY] != NULL, pruned = args->opt[OPT_PRUNED] != NULL;

	if (engine && strcmp(engine, "jit") && strcmp(engine, "interp"))
		return "--engine is jit or interp";
	if (every && (args->argc != 1 || pruned))
		return "--prune-every takes one file, and prunes it itself";
	if (pruned && args->argc != 2)
		return "--pruned needs the pruned file as well";
	if (args->opt[OPT_WITH] && (args->argc != 2 || pruned))
		return "--with-frame is of a second file, without --pruned";
	if (args->opt[OPT_LAST] && !every)
		return "--until-frame goes with --prune-every";
	if (args->opt[OPT_FRAMES] && !every && !pruned)
		return "--frames goes with --pruned or --prune-every";
	if (args->opt[OPT_LIST] && args->argc != 1)
		return "--list is of one file";
	return NULL;
}

static int state_main(const struct cli_args *args)
{
	const char *wrong = usage_wrong(args);
	struct taken t[2] = { { .frame = UINT32_MAX }, { .frame = UINT32_MAX } };
	uint32_t frames = 50, every = 0;
	struct error err = { 0 };
	int e = 0, status;

	if (wrong)
		return cli_usage("state", wrong);
	if (!frame_read(args, OPT_AT, "--at-frame", &t[0].frame) ||
	    !frame_read(args, OPT_FRAMES, "--frames", &frames) ||
	    !frame_read(args, OPT_EVERY, "--prune-every", &every))
		return EXIT_USAGE;
	if (args->opt[OPT_EVERY] && args->argc == 1)
		return check_main(args, every, frames);
	if (args->opt[OPT_PRUNED] && args->argc == 2 && args->opt[OPT_AT])
		return pruned_main(args, t[0].frame, frames);
	t[1].frame = args->opt[OPT_PRUNED] ? 0 : t[0].frame;
	if (!frame_read(args, OPT_WITH, "--with-frame", &t[1].frame))
		return EXIT_USAGE;
	for (int i = 0; i < args->argc && e >= 0; i++) {
		state_init(&t[i].dump, 0);
		t[i].path = args->argv[i];
		e = take(&t[i], args, &err);
	}
	if (e < 0)
		status = cli_fail(e == -ENODEV || e == -ENOTSUP ? EXIT_LACKING : EXIT_DIFFERENT, &err);
	else
		status = args->argc == 1 ? one_print(args, &t[0]) : two_print(args, &t[0], &t[1]);
	state_finish(&t[0].dump);
	state_finish(&t[1].dump);
	return status;
}

const struct cli_command cmd_state = {
	.name = "state",
	.synopsis = "X.blink [Y.blink] [--at-frame N] [--with-frame M | --pruned] [--list]",
	.summary = "all GL state at a frame: its hash, its entries, or how two files differ",
	.text =
		"Plays X to the start of frame N (so many frames are played; without --at-frame all "
		"of them) and dumps the state of every context that its client has: what glGet and "
		"its relatives tell, contents of textures, buffers, programs and framebuffers, "
		"pixels of the drawables, the window system's state, and by hash the records of "
		"display lists. Object names in it are the client's own, so that the hash does not "
		"depend on what the driver called things.\n\n"
		"With a second file both are played, and every entry that differs is listed by slot, "
		"keys, object and value; the exit status is 1 if there is one. --pruned compares "
		"with the second file's frame 0, which is where `blinkctl prune X --at-frame N` "
		"begins, and the pictures of the frames after it.\n\n"
		"--prune-every K prunes X at every K-th frame by itself and compares state and "
		"pictures likewise, all in one pass over X.\n\n"
		"--drivers leaves out what drivers may compute differently though they were told the "
		"same: pixels, texels, query results, info logs, the uniforms that an optimizer "
		"leaves.\n\n"
		"Saved attributes, front and accumulation buffers are not in a dump, since OpenGL "
		"does not tell them.\n\n"
		"  blinkctl state game.blink --at-frame 350\n"
		"  blinkctl state game.blink game-350.blink --at-frame 350 --pruned\n"
		"  blinkctl state game.blink --prune-every 25",
	.options = options,
	.min_args = 1,
	.max_args = 2,
	.run = state_main,
};
