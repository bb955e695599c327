/* bench_server_live.c - what it costs that frames go through the server; and what a switch
 * to a client and the hand-over of an off-screen picture cost.
 *
 * A captured game against itself in-process: both play it, piece by piece in turn
 * (live_side.h).  What its second half took, by the frame, is free of starting, of first frames
 * and of what the driver compiles for them.  Its pieces are
 * compared one by one: a burst of something else spoils a piece, not a run.  CPU time is the
 * server's processes and the client, or the player; the software driver has no threads of its
 * own on either side.  The player draws frame after frame, so the server's screen is refreshed faster
 * than either can (RATE), and no turn is cut: between frames that are waited for, caches go
 * cold, and what that costs would be the display rate's.
 *
 * Beside them, in the same turns, the same file by a client of virgl and by one of an X
 * server's GL (live_peer.h).
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
#include "jit-bench/live_peer.h"
#include "jit-bench/live_side.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"
#include "replay/live_entry.h"

#define FILES 16u
#define FRAMES_MOST 3000u
#define RATE 1000000                   /* Hz: no frame waits for the next one's time */
#define COPIES 200u

/* What a game, or a twin, costs where somebody else's server draws. */
struct elsewhere {
	struct sample cpu, pieces;     /* ms per frame: of runs; of pieces of a file */
	char skipped[480];             /* why not; "": it is measured */
};
/* A game, or a program and its native twin. */
struct game {
	const char *path;
	uint32_t frames, w, h;
	bool pair;
	struct server_case served, native, twin[LIVE_PEERS];
	struct sample live, here;      /* ms of CPU time per frame */
	struct sample copy;            /* ms of a copy of its area */
	struct sample live_pieces, here_pieces;
	unsigned runs;
	struct sample switches;        /* of a pair: context switches per frame */
	struct elsewhere elsewhere[LIVE_PEERS];
	bool looked;                   /* whether the peers draw it is known */
};
struct bench {
	const struct bench_server_options *opt;
	struct game game[FILES];
	struct rig rig;
	struct live_peer peer[LIVE_PEERS];
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

/* What plays the file: in this process's place, the server's client, the peers' clients. */
enum { HERE, LIVE, ELSEWHERE, SIDES = ELSEWHERE + LIVE_PEERS };

static void sides_make(struct bench *b, struct live_side side[SIDES])
{
	struct stage *virgl = &b->peer[LIVE_VIRGL].stage, *x = &b->peer[LIVE_INDIRECT].stage;

	side[HERE] = (struct live_side){ .env = no_threads };
	side[LIVE] = (struct live_side){ .option = "--server", .value = b->rig.socket,
					 .server = &b->rig.server };
	side[ELSEWHERE + LIVE_VIRGL] = (struct live_side){
		.env = virgl->env, .option = "--window", .server = &virgl->x, .virgl = virgl };
	side[ELSEWHERE + LIVE_INDIRECT] = (struct live_side){
		.env = x->env, .option = "--window", .server = &x->x };
}

/* Once: which of the others draw what the file draws.  And all that a server makes when first
 * something of a kind comes, it makes now. */
static int game_look(struct bench *b, struct game *g, struct error *err)
{
	struct live_side *side = calloc(SIDES, sizeof(*side));
	int e = side ? 0 : error_set(err, -ENOMEM, "bench: out of memory");

	if (e == 0)
		sides_make(b, side);
	if (e == 0 && !g->looked)
		e = live_sides_play(&side[LIVE], 1, 0, b->opt->self, g->path, g->frames / 2, err);
	free(side);
	for (unsigned i = 0; i < LIVE_PEERS && e >= 0 && !g->looked; i++)
		e = live_peer_draws(&b->peer[i], i, b->opt->self, g->path, g->frames / 2,
				    g->elsewhere[i].skipped, sizeof(g->elsewhere[i].skipped), err);
	g->looked = true;
	return e < 0 ? e : 0;
}

/* The sides that take part; every run another begins. */
static unsigned sides_of(struct bench *b, const struct game *g, struct live_side *side,
			 unsigned of[SIDES])
{
	struct live_side *all = calloc(SIDES, sizeof(*all));
	unsigned n = 0;

	if (!all)
		return 0;
	sides_make(b, all);
	for (unsigned i = 0; i < SIDES; i++)
		if (i < ELSEWHERE || !g->elsewhere[i - ELSEWHERE].skipped[0]) {
			of[n] = i;
			side[n++] = all[i];
		}
	free(all);
	return n;
}

static struct sample *side_sample(struct game *g, unsigned side)
{
	return side == HERE ? &g->here : side == LIVE ? &g->live : &g->elsewhere[side - ELSEWHERE].cpu;
}

static struct sample *side_pieces(struct game *g, unsigned side)
{
	return side == HERE ? &g->here_pieces : side == LIVE ? &g->live_pieces
							     : &g->elsewhere[side - ELSEWHERE].pieces;
}

/* ms per frame of the whole second half, and of its pieces. */
static void game_count(struct game *g, const struct live_side *side, const unsigned *of, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct live_point *p = side[i].point, *last = p + side[i].points - 1;

		sample_add(side_sample(g, of[i]),
			   1e3 * (last->cpu - p->cpu) / (last->frames - p->frames));
		for (; p < last; p++)
			sample_add(side_pieces(g, of[i]),
				   1e3 * (p[1].cpu - p->cpu) / (p[1].frames - p->frames));
	}
}

static int game_run(struct bench *b, struct game *g, struct error *err)
{
	struct live_side *side = calloc(SIDES, sizeof(*side));
	unsigned n, of[SIDES];
	int e = side ? game_look(b, g, err) : error_set(err, -ENOMEM, "bench: out of memory");

	n = e == 0 ? sides_of(b, g, side, of) : 0;
	if (e == 0 && !n)
		e = error_set(err, -ENOMEM, "bench: out of memory");
	if (n)
		e = live_sides_play(side, n, g->runs++ % n, b->opt->self, g->path, g->frames, err);
	if (n && e == 0)
		e = copy_run(b, g, err);
	if (n && e == 0)
		game_count(g, side, of, n);
	free(side);
	return e;
}

/* ---- a program and its twin ---------------------------------------------------------------- */

/* The native twin where others draw.  What cannot be had here is left out. */
static int twins_run(struct bench *b, struct game *g, struct error *err)
{
	int e = 0;

	for (unsigned i = 0; i < LIVE_PEERS && e == 0; i++) {
		struct elsewhere *x = &g->elsewhere[i];
		struct server_run run;

		if (x->skipped[0])
			continue;
		e = server_run(&g->twin[i], b->opt, 1, &run, err);
		if (e == 0)
			sample_add(&x->cpu, run.cpu);
		if (e == -ENODEV) {
			snprintf(x->skipped, sizeof(x->skipped), "%s", err->text);
			e = 0;
		}
	}
	return e;
}

static int pair_run(struct bench *b, struct game *g, struct error *err)
{
	struct server_run live, here;
	int e = server_run(&g->served, b->opt, 1, &live, err);

	if (e == 0)
		e = server_run(&g->native, b->opt, 1, &here, err);
	if (e == 0)
		e = twins_run(b, g, err);
	if (e < 0)
		return e;
	sample_add(&g->live, live.cpu);
	sample_add(&g->here, here.cpu);
	sample_add(&g->switches, live.switches);
	return 0;
}

/* ---- what came of it ----------------------------------------------------------------------- */

/* live : that other, and its rows of results. */
static void side_metrics(struct json_object *metrics, const struct game *g, const char *side,
			 const struct sample *cpu)
{
	struct sample ratio = { .n = 0 };
	char key[64];

	for (unsigned i = 0; i < cpu->n && i < g->live.n; i++)
		sample_add(&ratio, cpu->v[i] > 0 ? g->live.v[i] / cpu->v[i] : 0);
	snprintf(key, sizeof(key), "%s_cpu_per_frame", side);
	json_object_array_add(metrics, metric_json(g->path, key, "ms", "lower", cpu));
	snprintf(key, sizeof(key), "live_to_%s", side);
	json_object_array_add(metrics, metric_json(g->path, key, "ratio", "lower", &ratio));
}

/* Below: the upper end of the interval is. */
static struct json_object *elsewhere_json(const struct game *g, const struct elsewhere *x)
{
	struct json_object *one = json_object_new_object(), *ratio, *high;

	if (x->skipped[0]) {
		json_object_object_add(one, "skipped", json_object_new_string(x->skipped));
		return one;
	}
	ratio = g->pair ? sample_ratio_json(&g->live, &x->cpu)
			: sample_ratio_json(&g->live_pieces, &x->pieces);
	json_object_object_add(one, "ms", sample_json(&x->cpu));
	json_object_object_add(one, "ratio", ratio);
	if (json_object_object_get_ex(ratio, "high", &high))
		json_object_object_add(one, "live_below", json_object_new_boolean(
				       json_object_get_double(high) < 1));
	return one;
}

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
	if (!g->pair) {
		struct sample less = g->live_pieces;

		for (unsigned i = 0; i < less.n; i++)
			less.v[i] -= sample_median(&g->copy);
		json_object_object_add(one, "pieces", json_object_new_int64(less.n));
		json_object_object_add(one, "ratio",
				       sample_ratio_json(&g->live_pieces, &g->here_pieces));
		json_object_object_add(one, "ratio_of_runs", sample_ratio_json(&g->live, &g->here));
		json_object_object_add(one, "copy_ms", sample_json(&g->copy));
		json_object_object_add(one, "ratio_less_copy",
				       sample_ratio_json(&less, &g->here_pieces));
	} else {
		json_object_object_add(one, "ratio", sample_ratio_json(&g->live, &g->here));
		json_object_object_add(one, "switches", sample_json(&g->switches));
	}
	json_object_array_add(metrics, metric_json(g->path, "live_cpu_per_frame", "ms", "lower",
						   &g->live));
	side_metrics(metrics, g, other, &g->here);
	for (unsigned i = 0; i < LIVE_PEERS; i++) {
		const struct elsewhere *x = &g->elsewhere[i];

		json_object_object_add(one, live_peer_names[i], elsewhere_json(g, x));
		if (x->cpu.n)
			side_metrics(metrics, g, live_peer_names[i], &x->cpu);
	}
	json_object_object_add(j, g->path, one);
}

static struct json_object *live_json(void *user)
{
	const struct bench *b = user;
	struct json_object *j = json_object_new_object(), *metrics = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("server-live"));
	if (b->opt->without)
		json_object_object_add(j, "without", json_object_new_string(b->opt->without));
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
	for (unsigned i = 0; i < LIVE_PEERS; i++)
		g->twin[i] = g->native;
	g->twin[LIVE_VIRGL].virgl = g->twin[LIVE_INDIRECT].indirect = true;
	return 0;
}

static int game_open(struct game *g, const char *path, uint32_t most, struct error *err)
{
	size_t n = strlen(path);
	struct live_needs needs = { 0 };
	struct blink_file *f = NULL;
	int e;

	g->path = path;
	if (n < 6 || strcmp(path + n - 6, ".blink"))
		return pair_open(g, path, err);
	e = blink_open(&f, path, 0, err);
	if (e < 0)
		return e;
	g->frames = blink_frame_count(f) < most ? blink_frame_count(f) : most;
	e = live_needs_find(f, g->frames, &needs, err);
	g->w = needs.width;
	g->h = needs.height;
	blink_close(f);
	if (e < 0)
		return e;
	return g->frames >= 4 ? 0 : error_set(err, -EINVAL, "%s: 4 frames at least", path);
}

/* From the GL of this process, and so of all that it starts. */
static int extension_take(const char *name, struct error *err)
{
	const char *set = getenv(PEER_EXTENSIONS);
	char text[320];

	if ((size_t)snprintf(text, sizeof(text), "%s -%s", set ? set : "", name) >= sizeof(text))
		return error_set(err, -E2BIG, "bench: " PEER_EXTENSIONS " is too long");
	return setenv(PEER_EXTENSIONS, text, 1) ? error_set(err, -errno, "bench: %s", strerror(errno))
						: 0;
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
		e = game_open(&b.game[i], opt->cases[i],
			      opt->frames ? opt->frames : FRAMES_MOST, err);
	if (e == 0 && opt->without)
		e = extension_take(opt->without, err);
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
	for (unsigned i = 0; i < LIVE_PEERS; i++)
		live_peer_close(&b.peer[i]);
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
