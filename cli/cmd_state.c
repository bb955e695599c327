/* cmd_state.c - blinkctl state: all GL state at a frame, of one file or of two. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "replay/state_compare.h"

enum { OPT_AT, OPT_WITH, OPT_PRUNED, OPT_LIST, OPT_ENGINE, OPT_WINDOW, OPT_DRIVERS, OPT_TWICE };

static const struct cli_option options[] = {
	[OPT_AT] = { 'f', "at-frame", "N", "the state at the start of frame N (the file's end)" },
	[OPT_WITH] = { 0, "with-frame", "M", "of the second file (that of --at-frame)" },
	[OPT_PRUNED] = { 0, "pruned", NULL, "the second file is the first pruned there: its frame 0" },
	[OPT_LIST] = { 'l', "list", NULL, "list every entry, not only the hash" },
	[OPT_ENGINE] = { 'e', "engine", "jit|interp", "how SPs are run (jit)" },
	[OPT_WINDOW] = { 'w', "window", NULL, "in windows on $DISPLAY that are not shown" },
	[OPT_DRIVERS] = { 0, "drivers", NULL, "leave out what two drivers may compute differently" },
	[OPT_TWICE] = { 0, "twice", NULL, "look twice, and say whether looking changed anything" },
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

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
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
		.engine = args->opt[OPT_ENGINE] && !strcmp(args->opt[OPT_ENGINE], "interp")
			  ? PLAYER_INTERP : PLAYER_JIT,
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
		t->seconds = -now();
		e = state_replay_take(r, &t->dump, err);
		t->seconds += now();
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

static int state_main(const struct cli_args *args)
{
	struct taken t[2] = { { .frame = UINT32_MAX }, { .frame = UINT32_MAX } };
	struct error err = { 0 };
	int e = 0, status;

	if (!frame_read(args, OPT_AT, "--at-frame", &t[0].frame))
		return EXIT_USAGE;
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
		"begins.\n\n"
		"--drivers leaves out what drivers may compute differently though they were told the "
		"same: pixels, texels, query results, info logs, the uniforms that an optimizer "
		"leaves.\n\n"
		"Saved attributes, front and accumulation buffers are not in a dump, since OpenGL "
		"does not tell them.\n\n"
		"  blinkctl state game.blink --at-frame 350\n"
		"  blinkctl state game.blink game-350.blink --at-frame 350 --pruned",
	.options = options,
	.min_args = 1,
	.max_args = 2,
	.run = state_main,
};
