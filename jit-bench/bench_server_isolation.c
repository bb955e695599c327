/* bench_server_isolation.c - well-behaved clients beside hostile ones.
 *
 * Two GearsSP draw; for each act of blink-hostile their redraw intervals without it and with
 * it are compared, from one server in turn: quiet, act, control, quiet...  The control is a
 * program that is no client, and takes as much of a processor as the act's own process did:
 * what it does to the good clients is the machine's doing, the rest the server's.  With one
 * that makes the server wait for its watchdog, `back` is how long nothing of the good
 * clients was drawn, the longest time, to POLL.  During each act the
 * screen is looked at: nothing of the act's colour lies in the good clients' areas, and
 * nothing coloured in the act's own that it did not draw.  At the end: descriptors and
 * memory of the server as they were, and how often its executor had to be replaced.
 */
#include "jit-bench/bench_server.h"

#include <dirent.h>
#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "blink/server/broker.h"
#include "jit-bench/environment.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"

#define ACTS 40u
#define GOOD 2u
#define POLL 0.05                       /* seconds between looks */

/* Those that make everybody wait for the watchdog are asked for by name. */
static const char *const acts_all[] = {
	"noise", "entries", "torn", "overlap", "circles", "oversize", "ring", "registers",
	"stream-heads", "stream-entries", "stream-parts", "grammar", "junk", "hello", "vanish",
	"crowd", "killed",
	"outside", "peek", "memory", "long", "compiles", "shader-bomb",
	"variants", "huge", "holes", "contexts", "objects",
};

struct act {
	const char *name;
	/* 99th percentile of the good clients' intervals, ms */
	struct sample quiet, with, control;
	struct sample share;           /* of a processor, of the act's own process */
	struct sample missed;          /* display frames left out during the act */
	struct sample back;            /* ms, where the executor was replaced */
	unsigned restarts, foreign;    /* pixels that are not where they belong */
};
struct bench {
	const struct bench_server_options *opt;
	struct act act[ACTS];
	unsigned nacts;
	struct rig rig;
	unsigned files[2];
	double memory[2];              /* kB */
};

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static unsigned files_of(int pid)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* ---- pictures ------------------------------------------------------------------------------ */

struct area { int x, y, w, h; bool good; };

static bool magenta(const uint8_t *p) { return p[0] > 200 && p[1] < 60 && p[2] > 200; }

/* Redder, greener or bluer than anything that the acts themselves draw. */
static bool gear_coloured(const uint8_t *p)
{
	int low = p[0] < p[1] ? p[0] : p[1], high = p[0] > p[1] ? p[0] : p[1];

	low = p[2] < low ? p[2] : low;
	high = p[2] > high ? p[2] : high;
	return high - low > 90 && !(p[0] > 120 && p[2] > 120);
}

static unsigned area_count(const png_image *image, const uint8_t *rgb, const struct area *a)
{
	unsigned n = 0;

	for (int y = a->y; y < a->y + a->h; y++)
		for (int x = a->x; x < a->x + a->w; x++) {
			const uint8_t *p;

			if (x < 0 || y < 0 || x >= (int)image->width || y >= (int)image->height)
				continue;
			p = rgb + 3 * ((size_t)y * image->width + (size_t)x);
			n += a->good ? magenta(p) : gear_coloured(p);
		}
	return n;
}

static unsigned areas_read(struct json_object *top, struct area *out)
{
	struct json_object *list, *name;
	unsigned n = 0;

	if (!json_object_object_get_ex(top, "clients", &list))
		return 0;
	for (size_t i = 0; i < json_object_array_length(list) && n < 16; i++) {
		struct json_object *c = json_object_array_get_idx(list, i);

		json_object_object_get_ex(c, "name", &name);
		out[n++] = (struct area){ (int)rig_number(c, "x"), (int)rig_number(c, "y"),
					  (int)rig_number(c, "width"), (int)rig_number(c, "height"),
					  !strcmp(json_object_get_string(name), "GearsSP") };
	}
	return n;
}

static unsigned foreign_pixels(struct bench *b, struct json_object *top)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	char path[96], request[160];
	struct area area[16];
	unsigned n = areas_read(top, area), found = 0;
	uint8_t *rgb = NULL;

	snprintf(path, sizeof(path), "%s/screen.png", b->rig.folder);
	snprintf(request, sizeof(request), "{\"verb\":\"screenshot\",\"file\":\"%s\"}", path);
	if (rig_ask(&b->rig, request, NULL) < 0 || !png_image_begin_read_from_file(&image, path))
		return 0;
	image.format = PNG_FORMAT_RGB;
	rgb = malloc(PNG_IMAGE_SIZE(image));
	if (rgb && png_image_finish_read(&image, NULL, rgb, 0, NULL))
		for (unsigned i = 0; i < n; i++)
			found += area_count(&image, rgb, &area[i]);
	png_image_free(&image);
	free(rgb);
	unlink(path);
	return found;
}

/* ---- acts ------------------------------------------------------------------------------------ */

/* The good clients' worst 99th percentile; they are looked at over the latest 256 frames. */
static double good_p99(struct json_object *top)
{
	struct json_object *list, *name, *v;
	double worst = 0;

	if (!json_object_object_get_ex(top, "clients", &list))
		return 0;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *c = json_object_array_get_idx(list, i);

		json_object_object_get_ex(c, "name", &name);
		if (strcmp(json_object_get_string(name), "GearsSP") ||
		    !json_object_object_get_ex(c, "redraw_interval", &v))
			continue;
		if (rig_number(v, "p99_ms") > worst)
			worst = rig_number(v, "p99_ms");
	}
	return worst;
}

/* Redraws of the good clients so far; negative: the server does not answer now. */
static double good_redraws(struct bench *b)
{
	struct json_object *top, *list, *name;
	struct error none = { 0 };
	char *answer = NULL;
	double n = 0;

	if (control_ask(b->rig.socket, "{\"verb\":\"top\"}", &answer, &none) < 0)
		return -1;
	top = json_tokener_parse(answer);
	free(answer);
	if (!top || !json_object_object_get_ex(top, "clients", &list)) {
		json_object_put(top);
		return -1;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *c = json_object_array_get_idx(list, i);

		json_object_object_get_ex(c, "name", &name);
		if (!strcmp(json_object_get_string(name), "GearsSP"))
			n += rig_number(c, "redraws");
	}
	json_object_put(top);
	return n;
}

/* So long; the longest time, ms, in which no good client drew. */
static double watch(struct bench *b, double seconds)
{
	double start = now_seconds(), drawn = start, longest = 0, last = good_redraws(b);

	while (now_seconds() - start < seconds) {
		double n;

		rig_sleep(POLL);
		n = good_redraws(b);
		if (n < 0 || n == last)
			continue;
		if (now_seconds() - drawn > longest)
			longest = now_seconds() - drawn;
		drawn = now_seconds();
		last = n;
	}
	return 1e3 * longest;
}

/* Some program of ours beside the good clients, for 256 intervals: what the server says
 * then, and the share of a processor that the program took. */
static int beside(struct bench *b, const char *const *argv, struct json_object **during,
		  double *share, double *gap, unsigned *foreign, struct error *err)
{
	double span = 256 / b->opt->rate + 1, cpu, start;
	struct rig other = b->rig;
	int e;

	other.clients = 0;
	start = now_seconds();
	e = rig_client_start(&other, b->opt->self, argv, NULL, err);
	*gap = watch(b, span);
	if (e == 0)
		e = rig_look(&b->rig, during, err);
	if (e == 0 && foreign)
		*foreign += foreign_pixels(b, *during);
	process_stop(&other.client[0].process, &cpu);
	unlink(other.client[0].output);
	*share = cpu / (now_seconds() - start);
	return e;
}

static void act_note(struct act *a, struct json_object *quiet, struct json_object *during,
		     struct json_object *after, double gap)
{
	double restarts = rig_number(after, "restarts") - rig_number(quiet, "restarts");

	sample_add(&a->quiet, good_p99(quiet));
	sample_add(&a->with, good_p99(during));
	sample_add(&a->missed, rig_number(during, "missed") - rig_number(quiet, "missed"));
	if (restarts > 0) {
		a->restarts += (unsigned)restarts;
		sample_add(&a->back, gap);
	}
}

static int act_run(struct bench *b, struct act *a, struct error *err)
{
	char seconds[32], seed[32], share[32];
	const char *act[] = { "blink-hostile", "--act", a->name, "--seconds", seconds, "--seed",
			      seed, "--size", "100x100", NULL };
	const char *busy[] = { "blink-hostile", "--busy", share, "--seconds", seconds, NULL };
	struct json_object *quiet = NULL, *during = NULL, *after = NULL, *control = NULL;
	double took, gap, none;
	int e;

	snprintf(seconds, sizeof(seconds), "%g", 256 / b->opt->rate + 2);
	snprintf(seed, sizeof(seed), "%u", a->with.n + 1);
	rig_sleep(256 / b->opt->rate + 1);
	e = rig_look(&b->rig, &quiet, err);
	if (e == 0)
		e = beside(b, act, &during, &took, &gap, &a->foreign, err);
	/* time for the watchdog */
	rig_sleep(2);
	if (e == 0)
		e = rig_look(&b->rig, &after, err);
	if (e == 0) {
		act_note(a, quiet, during, after, gap);
		sample_add(&a->share, took);
		snprintf(share, sizeof(share), "%.3f", took);
		e = beside(b, busy, &control, &none, &gap, NULL, err);
	}
	if (e == 0)
		sample_add(&a->control, good_p99(control));
	json_object_put(control);
	json_object_put(after);
	json_object_put(quiet);
	json_object_put(during);
	return e;
}

/* An act's own part of the answer. */
static struct json_object *act_json(const struct act *a)
{
	struct json_object *one = json_object_new_object();

	json_object_object_add(one, "p99_quiet_ms", sample_json(&a->quiet));
	json_object_object_add(one, "p99_with_ms", sample_json(&a->with));
	json_object_object_add(one, "p99_control_ms", sample_json(&a->control));
	json_object_object_add(one, "ratio", sample_ratio_json(&a->with, &a->quiet));
	json_object_object_add(one, "ratio_to_control", sample_ratio_json(&a->with, &a->control));
	json_object_object_add(one, "cpu_share", sample_json(&a->share));
	json_object_object_add(one, "missed", sample_json(&a->missed));
	if (a->back.n)
		json_object_object_add(one, "back_ms", sample_json(&a->back));
	json_object_object_add(one, "executor_restarts", json_object_new_int64(a->restarts));
	json_object_object_add(one, "foreign_pixels", json_object_new_int64(a->foreign));
	return one;
}

static struct json_object *isolation_json(void *user)
{
	const struct bench *b = user;
	struct json_object *j = json_object_new_object(), *acts = json_object_new_object();
	struct json_object *metrics = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("server-isolation"));
	for (unsigned i = 0; i < b->nacts; i++) {
		const struct act *a = &b->act[i];

		json_object_object_add(acts, a->name, act_json(a));
		json_object_array_add(metrics, metric_json(a->name, "good_p99_quiet", "ms", "none",
							   &a->quiet));
		json_object_array_add(metrics, metric_json(a->name, "good_p99", "ms", "lower",
							   &a->with));
		json_object_array_add(metrics, metric_json(a->name, "good_p99_control", "ms", "none",
							   &a->control));
		json_object_array_add(metrics, metric_count_json(a->name, "foreign_pixels", "count",
								 "lower", a->foreign));
	}
	json_object_object_add(j, "acts", acts);
	json_object_object_add(j, "descriptors_before", json_object_new_int64(b->files[0]));
	json_object_object_add(j, "descriptors_after", json_object_new_int64(b->files[1]));
	json_object_object_add(j, "rss_kb_before", json_object_new_double(b->memory[0]));
	json_object_object_add(j, "rss_kb_after", json_object_new_double(b->memory[1]));
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "metrics", metrics);
	return j;
}

static int server_measure(struct bench *b, unsigned when, struct error *err)
{
	struct json_object *top = NULL;
	int e = rig_look(&b->rig, &top, err);

	if (e < 0)
		return e;
	b->files[when] = files_of(b->rig.server.pid) +
			 files_of((int)rig_number(top, "executor_pid"));
	b->memory[when] = rig_number(top, "rss_kb");
	json_object_put(top);
	return 0;
}

static int good_start(struct bench *b, struct error *err)
{
	const char *argv[] = { "blink-gears-sp", NULL };
	int e = 0;

	for (unsigned i = 0; i < GOOD && e == 0; i++)
		e = rig_client_start(&b->rig, b->opt->self, argv, NULL, err);
	rig_sleep(1.5);
	return e;
}

struct json_object *bench_server_isolation(const struct bench_server_options *opt,
					   struct error *err)
{
	const struct rig_options ro = { .self = opt->self, .refresh = opt->rate,
					.size = "1024x768" };
	struct bench b = { .opt = opt };
	struct json_object *j = NULL;
	int e;

	for (unsigned i = 0; i < opt->ncases && b.nacts < ACTS; i++)
		b.act[b.nacts++].name = opt->cases[i];
	for (size_t i = 0; !opt->ncases && i < sizeof(acts_all) / sizeof(*acts_all); i++)
		b.act[b.nacts++].name = acts_all[i];
	e = rig_open(&b.rig, &ro, err);
	if (e < 0)
		return NULL;
	e = good_start(&b, err);
	if (e == 0)
		e = server_measure(&b, 0, err);
	for (unsigned run = 0; e == 0 && bench_more(run, opt->runs, isolation_json, &b); run++)
		for (unsigned i = 0; i < b.nacts && e == 0; i++)
			e = act_run(&b, &b.act[i], err);
	rig_sleep(2);
	if (e == 0)
		e = server_measure(&b, 1, err);
	if (e == 0)
		j = isolation_json(&b);
	rig_close(&b.rig);
	return j;
}
