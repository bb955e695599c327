/* replay_live.c - see replay_live.h. */
#include "cli/replay_live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "replay/live.h"

static void say_return(void *user, uint32_t frame, enum live_return how)
{
	const char *path = user;

	if (how == LIVE_PRUNED)
		fprintf(stderr, "%s: the server came back: frame %u's state was pruned, and "
			"playing goes on\n", path, frame);
	else
		fprintf(stderr, "%s: the server came back: playing begins anew\n", path);
}

static void add(struct json_object *j, const char *key, double value)
{
	json_object_object_add(j, key, json_object_new_double(value));
}

static void add_n(struct json_object *j, const char *key, uint64_t n)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)n));
}

static struct json_object *played_json(const char *path, const struct live_played *p)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "file", json_object_new_string(path));
	add_n(j, "frames", p->frames);
	add_n(j, "width", p->width);
	add_n(j, "height", p->height);
	add_n(j, "entries", p->entries);
	add_n(j, "bytes", p->bytes);
	add_n(j, "largest_entry", p->largest);
	add_n(j, "ring_bytes", p->ring);
	add(j, "first_frame_ms", p->first_ms);
	add(j, "seconds", p->seconds);
	add(j, "client_cpu_seconds", p->cpu_seconds);
	add_n(j, "wakeups", p->wakeups);
	add_n(j, "server_returns", p->returns);
	if (p->seconds > 0 && p->frames > 1)
		add(j, "frames_per_second", (p->frames - 1) / p->seconds);
	return j;
}

/* A command that the server does not take is a refusal; no server is a lack. */
static int status_of(int e)
{
	return e == -ENOENT || e == -ECONNREFUSED || e == -ENODEV ? EXIT_LACKING : EXIT_DIFFERENT;
}

/* The part of a path behind its last slash. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int replay_live(const struct cli_args *args, const struct replay_live *opt)
{
	const char *path = args->argv[0];
	struct live_options live = { .path = opt->server, .name = base_name(path),
				     .direct = opt->direct, .count = opt->count, .on_return = say_return,
				     .user = (void *)(uintptr_t)path };
	struct live_played played = { 0 };
	struct blink_file *f = NULL;
	struct error err = { 0 };
	uint32_t first;
	unsigned long ahead = 0;
	int e = blink_open(&f, path, 0, &err);

	if (e < 0)
		return cli_fail(EXIT_DIFFERENT, &err);
	if ((opt->ahead && !cli_uint("--ahead", opt->ahead, 1 << 16, &ahead)) ||
	    !cli_frames(opt->frames, blink_frame_count(f), &first, &live.end)) {
		blink_close(f);
		return EXIT_USAGE;
	}
	live.ahead = (uint32_t)ahead;
	for (unsigned long i = 0; i < opt->loops && e >= 0; i++)
		e = live_play(f, &live, &played, &err);
	if (e >= 0)
		cli_print(args, played_json(path, &played));
	blink_close(f);
	return e < 0 ? cli_fail(status_of(e), &err) : EXIT_GOOD;
}
