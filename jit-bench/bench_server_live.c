/* bench_server_live.c - what it costs that frames go through the server; and what a switch
 * to a client and the hand-over of an off-screen picture cost.
 *
 * A captured game against itself in-process: both play the file's first half and all of it,
 * in turn; what the second half took more, by the frame, is free of starting, of first
 * frames and of what the driver compiles for them.  CPU time is the server's two processes
 * and the client, or the player; the software driver has no threads of its own on either
 * side.  The player draws frame after frame, so the server's screen is refreshed faster
 * than either can (RATE), and no turn is cut: between frames that are waited for, caches go
 * cold, and what that costs would be the display rate's.
 *
 * Gears and films against their native builds at --rate: two looks, --length seconds apart.
 *
 * A stream's picture is drawn off-screen and copied once; what such a copy costs is
 * measured beside it, in this process: one area, from drawable to drawable.
 */
#include "jit-bench/bench_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/engine/sink.h"
#include "blink/sp/file.h"
#include "jit-bench/environment.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"

#define FILES 16u
#define FRAMES_MOST 3000u
#define RATE 10000
#define COPIES 200u

/* A game, or a program and its native twin. */
struct game {
	const char *path;
	uint32_t frames, w, h;
	bool pair;
	struct server_case served, native;
	struct sample live, here;      /* ms of CPU time per frame */
	struct sample copy;            /* ms of a copy of its area */
	struct sample less;            /* live without a copy */
	struct sample switches;        /* of a pair: context switches per frame */
};
struct bench {
	const struct bench_server_options *opt;
	struct game game[FILES];
	struct rig rig;
	struct sink *gl;               /* for copies; NULL: none were asked for yet */
};

static const char *const no_threads[] = { "LP_NUM_THREADS=0", NULL };

/* ---- a copy ------------------------------------------------------------------------------ */

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* As the server's: from a drawable with alpha to one without. */
static int copy_open(struct bench *b, uint32_t w, uint32_t h, struct error *err)
{
	const struct sink_gl_options opt = { .unseen = true };
	const struct sink_ops *ops;
	int e = 0;

	setenv("LP_NUM_THREADS", "0", 1);
	if (!b->gl) {
		e = sink_gl_create(&b->gl, &opt, err);
		if (e >= 0)
			e = b->gl->ops->context_create(b->gl, 1, 0, 0, 0, err);
	}
	if (e < 0)
		return e;
	ops = b->gl->ops;
	ops->drawable_destroy(b->gl, 1);
	ops->drawable_destroy(b->gl, 2);
	e = ops->drawable_create(b->gl, 1, w, h,
				 SINK_CONFIG_PBUFFER | SINK_CONFIG_SAID | 24u << 16 | 8u << 24, err);
	if (e >= 0)
		e = ops->drawable_create(b->gl, 2, w, h, SINK_CONFIG_PBUFFER, err);
	if (e >= 0)
		e = ops->make_current(b->gl, 1, 1, 2, err);
	return e < 0 ? e : 0;
}

static int copy_run(struct bench *b, struct game *g, struct error *err)
{
	void (*blit)(int, int, int, int, int, int, int, int, uint32_t, uint32_t);
	int e = copy_open(b, g->w, g->h, err), w = (int)g->w, h = (int)g->h;
	double start = 0;

	if (e < 0)
		return e;
	*(sink_fn *)(void *)&blit = b->gl->entry[OP_glBlitFramebuffer];
	for (unsigned i = 0; i <= COPIES; i++) {
		blit(0, 0, w, h, 0, 0, w, h, GL_COLOR_BUFFER_BIT, GL_NEAREST);
		sink_flush(b->gl);
		if (i == 0)
			start = cpu_seconds();
	}
	sample_add(&g->copy, 1e3 * (cpu_seconds() - start) / COPIES);
	return 0;
}

/* ---- a game ------------------------------------------------------------------------------ */

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

/* CPU seconds of the server so far. */
static int served_cpu(struct bench *b, double *cpu, struct error *err)
{
	struct json_object *top = NULL;
	int e = rig_look(&b->rig, &top, err);

	if (e < 0)
		return e;
	*cpu = 1e-3 * rig_number(top, "cpu_ms") + rig_process_cpu(b->rig.server.pid);
	json_object_put(top);
	return 0;
}

static int live_cpu(struct bench *b, struct game *g, uint32_t frames, double *cpu,
		    struct error *err)
{
	char range[32], said[96];
	const char *argv[] = { b->opt->self, "replay", g->path, "--frames", range, "--server",
			       b->rig.socket, "--json", NULL };
	const struct process_place place = { .output = said };
	struct json_object *j;
	struct process_cost cost;
	double before = 0, after = 0;
	int e = served_cpu(b, &before, err);

	snprintf(range, sizeof(range), "0:%u", frames);
	snprintf(said, sizeof(said), "%s/said", b->rig.folder);
	if (e == 0)
		e = process_run_in(&place, argv, NULL, &cost, err);
	if (e == 0) {
		rig_sleep(0.2);         /* the server counts its time once in a while */
		e = served_cpu(b, &after, err);
	}
	j = json_object_from_file(said);
	unlink(said);
	if (e == 0 && !j)
		e = error_set(err, -EIO, "%s: the player did not say how it went", g->path);
	if (e == 0) {
		*cpu = cost.cpu + after - before;
		g->w = (uint32_t)rig_number(j, "width");
		g->h = (uint32_t)rig_number(j, "height");
	}
	json_object_put(j);
	return e;
}

static int game_run(struct bench *b, struct game *g, struct error *err)
{
	uint32_t half = g->frames / 2, rest = g->frames - half;
	double here[2] = { 0 }, live[2] = { 0 };
	int e = here_cpu(b, g, half, &here[0], err);

	if (e == 0)
		e = live_cpu(b, g, half, &live[0], err);
	if (e == 0)
		e = here_cpu(b, g, g->frames, &here[1], err);
	if (e == 0)
		e = live_cpu(b, g, g->frames, &live[1], err);
	if (e == 0)
		e = copy_run(b, g, err);
	if (e < 0)
		return e;
	sample_add(&g->here, 1e3 * (here[1] - here[0]) / rest);
	sample_add(&g->live, 1e3 * (live[1] - live[0]) / rest);
	sample_add(&g->less, g->live.v[g->live.n - 1] - g->copy.v[g->copy.n - 1]);
	return 0;
}

/* ---- a program and its twin ---------------------------------------------------------------- */

static int pair_run(struct bench *b, struct game *g, struct error *err)
{
	struct server_run live, here;
	int e = server_run(&g->served, b->opt, 1, &live, err);

	if (e == 0)
		e = server_run(&g->native, b->opt, 1, &here, err);
	if (e < 0)
		return e;
	sample_add(&g->live, live.cpu);
	sample_add(&g->here, here.cpu);
	sample_add(&g->switches, live.switches);
	return 0;
}

/* ---- what came of it ----------------------------------------------------------------------- */

static void game_json(const struct game *g, struct json_object *j, struct json_object *metrics)
{
	struct json_object *one = json_object_new_object();
	const char *other = g->pair ? "native" : "in_process";
	char key[64];

	if (!g->pair)
		json_object_object_add(one, "frames", json_object_new_int64(g->frames));
	json_object_object_add(one, "live_ms", sample_json(&g->live));
	snprintf(key, sizeof(key), "%s_ms", other);
	json_object_object_add(one, key, sample_json(&g->here));
	json_object_object_add(one, "ratio", sample_ratio_json(&g->live, &g->here));
	if (!g->pair) {
		json_object_object_add(one, "copy_ms", sample_json(&g->copy));
		json_object_object_add(one, "ratio_less_copy",
				       sample_ratio_json(&g->less, &g->here));
	} else {
		json_object_object_add(one, "switches", sample_json(&g->switches));
	}
	json_object_object_add(j, g->path, one);
	json_object_array_add(metrics, metric_json(g->path, "live_cpu_per_frame", "ms", "lower",
						   &g->live));
	snprintf(key, sizeof(key), "%s_cpu_per_frame", other);
	json_object_array_add(metrics, metric_json(g->path, key, "ms", "lower", &g->here));
}

static struct json_object *live_json(void *user)
{
	const struct bench *b = user;
	struct json_object *j = json_object_new_object(), *metrics = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("server-live"));
	for (unsigned i = 0; i < b->opt->ncases; i++)
		game_json(&b->game[i], j, metrics);
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "metrics", metrics);
	return j;
}

/* "gears-sp/offscreen" and "gears-native"; "video:FILM" and "video-native:FILM". */
static int pair_open(struct game *g, const char *text, struct error *err)
{
	int e = server_case_parse(&g->served, text, false, err);

	if (e == 0 && (g->served.native || g->served.null_gl))
		return error_set(err, -EINVAL, "%s: a served case is asked for, with GL", text);
	if (e < 0)
		return e;
	g->pair = true;
	server_case_twin(&g->native, &g->served);
	return 0;
}

static int game_open(struct game *g, const char *path, struct error *err)
{
	size_t n = strlen(path);
	struct blink_file *f = NULL;
	int e;

	g->path = path;
	if (n < 6 || strcmp(path + n - 6, ".blink"))
		return pair_open(g, path, err);
	e = blink_open(&f, path, 0, err);
	if (e < 0)
		return e;
	g->frames = blink_frame_count(f) < FRAMES_MOST ? blink_frame_count(f) : FRAMES_MOST;
	blink_close(f);
	return g->frames >= 4 ? 0 : error_set(err, -EINVAL, "%s: 4 frames at least", path);
}

struct json_object *bench_server_live(const struct bench_server_options *opt, struct error *err)
{
	const struct rig_options ro = { .self = opt->self, .refresh = RATE, .size = "1280x1024",
					.bare = true, .budget = "100" };
	struct bench b = { .opt = opt };
	struct json_object *j = NULL;
	int e = opt->ncases && opt->ncases <= FILES ? 0 :
		error_set(err, -EINVAL, "bench: server --live takes 1 to %u .blink files or served "
			  "cases", FILES);

	for (unsigned i = 0; i < opt->ncases && e == 0; i++)
		e = game_open(&b.game[i], opt->cases[i], err);
	if (e == 0)
		e = rig_open(&b.rig, &ro, err);
	if (e < 0)
		return NULL;
	for (unsigned run = 0; e == 0 && bench_more(run, opt->runs, live_json, &b); run++)
		for (unsigned i = 0; i < opt->ncases && e == 0; i++)
			e = b.game[i].pair ? pair_run(&b, &b.game[i], err)
					   : game_run(&b, &b.game[i], err);
	if (e == 0)
		j = live_json(&b);
	rig_close(&b.rig);
	sink_destroy(b.gl);
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
static const char *const ways[WAYS] = { "gears-sp/direct", "gears-switch/direct",
					   "gears-sp/offscreen" };
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
