/* bench_server_live.c - what it costs that a game's frames go through the server; and what
 * a switch to a client and the hand-over of an off-screen picture cost.
 *
 * Live against in-process: both play the file's first half and all of it, in turn; what
 * the second half took more, by the frame, is free of starting and of first frames.  CPU
 * time is the server's executor and the client, or the player; the software driver has no
 * threads of its own on either side.
 */
#include "jit-bench/bench_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/sp/file.h"
#include "jit-bench/environment.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"

#define FILES 16u
#define FRAMES_MOST 600u

struct game {
	const char *path;
	uint32_t frames;
	struct sample live, here;      /* ms of CPU time per frame */
};
struct bench {
	const struct bench_server_options *opt;
	struct game game[FILES];
	struct rig rig;
};

static const char *const no_threads[] = { "LP_NUM_THREADS=0", NULL };

static int here_cpu(const struct bench *b, const struct game *g, uint32_t frames, double *cpu,
		    struct error *err)
{
	char range[32];
	const char *argv[] = { b->opt->self, "replay", g->path, "--frames", range, NULL };
	struct process_cost cost;
	int e;

	snprintf(range, sizeof(range), "0:%u", frames);
	e = process_run(argv, no_threads, &cost, err);
	*cpu = cost.cpu;
	return e;
}

static int live_cpu(struct bench *b, const struct game *g, uint32_t frames, double *cpu,
		    struct error *err)
{
	char range[32];
	const char *argv[] = { b->opt->self, "replay", g->path, "--frames", range, "--server",
			       b->rig.socket, "--direct", NULL };
	struct json_object *before = NULL, *after = NULL;
	struct process_cost cost;
	int e = rig_look(&b->rig, &before, err);

	snprintf(range, sizeof(range), "0:%u", frames);
	if (e == 0)
		e = process_run(argv, NULL, &cost, err);
	if (e == 0) {
		rig_sleep(0.2);         /* the server counts its time once in a while */
		e = rig_look(&b->rig, &after, err);
	}
	if (e == 0)
		*cpu = cost.cpu + 1e-3 * (rig_number(after, "cpu_ms") -
					  rig_number(before, "cpu_ms"));
	json_object_put(before);
	json_object_put(after);
	return e;
}

static int game_run(struct bench *b, struct game *g, struct error *err)
{
	uint32_t half = g->frames / 2;
	double here[2] = { 0 }, live[2] = { 0 };
	int e = here_cpu(b, g, half, &here[0], err);

	if (e == 0)
		e = live_cpu(b, g, half, &live[0], err);
	if (e == 0)
		e = here_cpu(b, g, g->frames, &here[1], err);
	if (e == 0)
		e = live_cpu(b, g, g->frames, &live[1], err);
	if (e < 0)
		return e;
	sample_add(&g->here, 1e3 * (here[1] - here[0]) / (g->frames - half));
	sample_add(&g->live, 1e3 * (live[1] - live[0]) / (g->frames - half));
	return 0;
}

static struct json_object *live_json(void *user)
{
	const struct bench *b = user;
	struct json_object *j = json_object_new_object(), *metrics = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("server-live"));
	for (unsigned i = 0; i < b->opt->ncases; i++) {
		const struct game *g = &b->game[i];
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "frames", json_object_new_int64(g->frames));
		json_object_object_add(one, "live_ms", sample_json(&g->live));
		json_object_object_add(one, "in_process_ms", sample_json(&g->here));
		json_object_object_add(one, "ratio", sample_ratio_json(&g->live, &g->here));
		json_object_object_add(j, g->path, one);
		json_object_array_add(metrics, metric_json(g->path, "live_cpu_per_frame", "ms",
							   "lower", &g->live));
		json_object_array_add(metrics, metric_json(g->path, "in_process_cpu_per_frame", "ms",
							   "lower", &g->here));
	}
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "metrics", metrics);
	return j;
}

static int game_open(struct game *g, const char *path, struct error *err)
{
	struct blink_file *f = NULL;
	int e = blink_open(&f, path, 0, err);

	if (e < 0)
		return e;
	g->path = path;
	g->frames = blink_frame_count(f) < FRAMES_MOST ? blink_frame_count(f) : FRAMES_MOST;
	blink_close(f);
	return g->frames >= 4 ? 0 : error_set(err, -EINVAL, "%s: 4 frames at least", path);
}

struct json_object *bench_server_live(const struct bench_server_options *opt, struct error *err)
{
	const struct rig_options ro = { .self = opt->self, .refresh = 250, .size = "1280x1024",
					.bare = true };
	struct bench b = { .opt = opt };
	struct json_object *j = NULL;
	int e = opt->ncases && opt->ncases <= FILES ? 0 :
		error_set(err, -EINVAL, "bench: server --live takes 1 to %u .blink files", FILES);

	for (unsigned i = 0; i < opt->ncases && e == 0; i++)
		e = game_open(&b.game[i], opt->cases[i], err);
	if (e < 0)
		return NULL;
	e = rig_open(&b.rig, &ro, err);
	if (e < 0)
		return NULL;
	for (unsigned run = 0; e == 0 && bench_more(run, opt->runs, live_json, &b); run++)
		for (unsigned i = 0; i < opt->ncases && e == 0; i++)
			e = game_run(&b, &b.game[i], err);
	if (e == 0)
		j = live_json(&b);
	rig_close(&b.rig);
	return j;
}

/* ---- switching and handing over ------------------------------------------------------------ */

static struct json_object *difference(const struct sample *more, const struct sample *less)
{
	struct sample d = { .n = 0 };

	for (unsigned i = 0; i < more->n && i < less->n; i++)
		sample_add(&d, more->v[i] - less->v[i]);
	return sample_json(&d);
}

enum { PLAIN, SWITCHED, HANDED, WAYS };
static const char *const ways[WAYS] = { "gears-sp", "gears-switch", "gears-sp/offscreen" };
struct switching {
	const struct bench_server_options *opt;
	struct server_case c[WAYS];
	struct sample cpu[WAYS];       /* ms per frame and client */
};

static struct json_object *switch_json(void *user)
{
	const struct switching *s = user;
	struct json_object *j = json_object_new_object(), *metrics = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("server-switch"));
	json_object_object_add(j, "clients", json_object_new_int64(s->opt->clients[0]));
	for (unsigned w = 0; w < WAYS; w++) {
		json_object_object_add(j, ways[w], sample_json(&s->cpu[w]));
		json_object_array_add(metrics, metric_json(ways[w], "cpu_per_frame", "ms", "lower",
							   &s->cpu[w]));
	}
	json_object_object_add(j, "switch_ms", difference(&s->cpu[SWITCHED], &s->cpu[PLAIN]));
	json_object_object_add(j, "hand_over_ms", difference(&s->cpu[HANDED], &s->cpu[PLAIN]));
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "metrics", metrics);
	return j;
}

struct json_object *bench_server_switch(const struct bench_server_options *opt,
					struct error *err)
{
	struct switching s = { .opt = opt };
	unsigned n = opt->clients[0];
	int e = 0;

	for (unsigned w = 0; w < WAYS && e == 0; w++)
		e = server_case_parse(&s.c[w], ways[w], opt->null_gl, err);
	for (unsigned run = 0; e == 0 && bench_more(run, opt->runs, switch_json, &s); run++)
		for (unsigned w = 0; w < WAYS && e == 0; w++) {
			struct server_run r;

			e = server_run(&s.c[w], opt, n, &r, err);
			if (e == 0)
				sample_add(&s.cpu[w], (r.server_cpu + r.client_cpu) / n);
		}
	return e == 0 ? switch_json(&s) : NULL;
}
