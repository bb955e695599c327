/* live_peer.c - see live_peer.h. */
#include "jit-bench/live_peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/picture.h"

/* Drivers round differently, and a pixel on an edge is one thing's or another's: what
 * differs by more than NEAR of 255 in more than one pixel of 1 / FEW is another picture. */
#define NEAR 24
#define FEW 20u
#define LIMIT 120.0                    /* seconds of a play */

/* What a peer takes without a word and does not do, though its driver says that it can: the
 * picture is nearly the same, and cheaper. */
static const char *const not_done[] = {
	"GL_EXT_texture_filter_anisotropic",    /* virgl: takes the number, and filters by one sample */
};

const char *const live_peer_names[LIVE_PEERS] = { "virgl", "indirect" };

static int peer_open(struct live_peer *p, enum live_peer_kind kind, struct error *err)
{
	int e;

	if (p->tried)
		return p->up ? 0 : error_set(err, -ENODEV, "%s", p->lacking);
	p->tried = true;
	e = stage_open(&p->stage, kind == LIVE_VIRGL ? STAGE_VIRGL : STAGE_INDIRECT, err);
	p->up = e == 0;
	if (e < 0)
		snprintf(p->lacking, sizeof(p->lacking), "%s", err->text);
	return e;
}

void live_peer_close(struct live_peer *p)
{
	if (p->tried)
		stage_close(&p->stage);
	p->tried = p->up = false;
}

/* ---- playing ----------------------------------------------------------------------------- */

struct play {
	const char *self, *path, *range;
	const char *pictures;          /* folder that gets the last frame's; NULL: none */
	const char *said;              /* file that gets its results */
};

static int client_run(const struct play *y, const char *const *env, const char *window,
		      struct process_cost *cost, struct error *err)
{
	const char *argv[16] = { y->self, "replay", y->path, "--frames", y->range, "--json" };
	const struct process_place place = { .output = y->said, .limit = LIMIT };
	unsigned n = 6;

	if (y->pictures) {
		argv[n++] = "--snapshot";
		argv[n++] = y->pictures;
		argv[n++] = "--every";
		argv[n++] = "1000000";
	}
	argv[n] = window;
	return process_run_in(&place, argv, env, cost, err);
}

static int peer_run(struct live_peer *p, const struct play *y, struct error *err)
{
	bool virgl = p->stage.kind == STAGE_VIRGL;
	struct process_cost cost;
	double served;
	int e = virgl ? stage_virgl_start(&p->stage, true, err) : 0;

	if (e == 0)
		e = client_run(y, p->stage.env, "--window", &cost, err);
	if (virgl)
		stage_virgl_end(&p->stage, &served);
	return e;
}

/* ---- does it draw the same? --------------------------------------------------------------- */

/* The share of pixels that are not nearly the same; 1: of another size. */
static double share_different(const struct picture *a, const struct picture *b)
{
	size_t n = (size_t)a->w * a->h, different = 0;

	if (a->w != b->w || a->h != b->h || !n)
		return 1;
	for (size_t i = 0; i < n; i++) {
		bool far = false;

		for (unsigned k = 0; k < 3; k++)
			far |= abs(a->rgb[3 * i + k] - b->rgb[3 * i + k]) > NEAR;
		different += far;
	}
	return (double)different / (double)n;
}

/* " without glBindBuffer, glUseProgram": what it was asked for and lacks. */
static void lacks_say(const char *said, char *text, size_t size)
{
	struct json_object *j = json_object_from_file(said), *list;
	size_t n = 0, all = 0;

	text[0] = 0;
	if (j && json_object_object_get_ex(j, "missing_entry_points", &list))
		all = json_object_array_length(list);
	for (size_t i = 0; i < all && i < 3; i++) {
		struct json_object *name;

		if (json_object_object_get_ex(json_object_array_get_idx(list, i), "entry", &name))
			n += (size_t)snprintf(text + n, n < size ? size - n : 0, "%s%s",
					      i ? ", " : "; it lacks ",
					      json_object_get_string(name));
		n = n < size ? n : size;
	}
	if (all > 3)
		snprintf(text + n, size - n, " and %zu more", all - 3);
	json_object_put(j);
}

static int pictures_judge(const char *here, const char *there, const char *said, char *reason,
			  size_t size, struct error *err)
{
	struct picture a = { 0 }, b = { 0 };
	char lacks[160];
	double share;
	int e = picture_read_png(here, &a, err);

	if (e == 0 && picture_read_png(there, &b, err) < 0)
		share = 1;
	else
		share = e == 0 ? share_different(&a, &b) : 1;
	lacks_say(said, lacks, sizeof(lacks));
	picture_finish(&a);
	picture_finish(&b);
	if (e < 0 || share * FEW <= 1)
		return e < 0 ? e : 1;
	snprintf(reason, size, "it draws another picture (%.0f %% of its pixels)%s", 100 * share,
		 lacks);
	return 0;
}

/* ---- does it do what the picture does not show at once? ------------------------------------ */

static double mean_difference(const struct picture *a, const struct picture *b)
{
	size_t n = 3 * (size_t)a->w * a->h;
	uint64_t sum = 0;

	if (a->w != b->w || a->h != b->h || !n)
		return 255;
	for (size_t i = 0; i < n; i++)
		sum += (unsigned)abs(a->rgb[i] - b->rgb[i]);
	return (double)sum / (double)n;
}

/* Is the peer's picture rather the one that is drawn here without it? */
static int without_judge(const char *const png[3], const char *what, char *reason, size_t size,
			 struct error *err)
{
	struct picture here = { 0 }, there = { 0 }, without = { 0 };
	double with, instead;
	int e = picture_read_png(png[0], &here, err);

	if (e == 0)
		e = picture_read_png(png[1], &there, err);
	if (e == 0)
		e = picture_read_png(png[2], &without, err);
	with = e == 0 ? mean_difference(&here, &there) : 0;
	instead = e == 0 ? mean_difference(&without, &there) : 0;
	if (e == 0 && instead < with / 2)
		snprintf(reason, size, "it draws what is drawn here without %s (mean difference %.2f "
			 "of 255; with it %.2f): --without %s has nobody do it", what, instead,
			 with, what);
	picture_finish(&here);
	picture_finish(&there);
	picture_finish(&without);
	return e;
}

/* The pictures in y's folder: the one drawn here, the peer's. */
static int not_done_judge(const struct play *y, const char *here, const char *there,
			  const char *drawn, char *reason, size_t size, struct error *err)
{
	const char *set = getenv(PEER_EXTENSIONS);
	char setting[480], png[80];
	const char *env[] = { "LP_NUM_THREADS=0", setting, NULL };
	int e = 0;

	snprintf(png, sizeof(png), "%s/without.png", y->pictures);
	for (unsigned i = 0; i < sizeof(not_done) / sizeof(not_done[0]) && e == 0 && !reason[0]; i++) {
		struct process_cost cost;

		if ((size_t)snprintf(setting, sizeof(setting), PEER_EXTENSIONS "=%s -%s", set ? set : "",
				     not_done[i]) >= sizeof(setting))
			e = error_set(err, -E2BIG, "bench: " PEER_EXTENSIONS " is too long");
		if (e == 0)
			e = client_run(y, env, NULL, &cost, err);
		if (e == 0 && rename(drawn, png))
			e = error_set(err, -ENODATA, "%s: no picture", drawn);
		if (e == 0)
			e = without_judge((const char *const[]){ here, there, png }, not_done[i],
					  reason, size, err);
	}
	unlink(png);
	return e;
}

int live_peer_draws(struct live_peer *p, enum live_peer_kind kind, const char *self,
		    const char *path, uint32_t frames, char *reason, size_t size,
		    struct error *err)
{
	static const char *const no_threads[] = { "LP_NUM_THREADS=0", NULL };
	char range[32], folder[] = "/tmp/blink-peer-XXXXXX", here[64], there[64], said[64], drawn[64];
	struct play y = { .self = self, .path = path, .range = range, .pictures = folder,
			  .said = said };
	struct process_cost cost;
	struct error why = { 0 };
	int e;

	reason[0] = 0;
	if (peer_open(p, kind, &why) < 0) {
		snprintf(reason, size, "%s", why.text);
		return 0;
	}
	if (!mkdtemp(folder))
		return error_set(err, -errno, "/tmp: no folder can be made there: %s",
				 strerror(errno));
	snprintf(range, sizeof(range), "0:%u", frames);
	snprintf(said, sizeof(said), "%s/said", folder);
	snprintf(drawn, sizeof(drawn), "%s/frame-%06u.png", folder, frames - 1);
	snprintf(there, sizeof(there), "%s/there.png", folder);
	snprintf(here, sizeof(here), "%s/here.png", folder);
	e = client_run(&y, no_threads, NULL, &cost, err);
	if (e == 0 && rename(drawn, here))
		e = error_set(err, -ENODATA, "%s: frame %u has no picture", path, frames - 1);
	if (e == 0 && peer_run(p, &y, &why) < 0)
		snprintf(reason, size, "%s", why.text);
	else if (e == 0) {
		rename(drawn, there);   /* (where it drew none, there is none) */
		e = pictures_judge(here, there, said, reason, size, err);
		if (e == 1)
			e = not_done_judge(&y, here, there, drawn, reason, size, err);
	}
	for (unsigned i = 0; i < 5; i++) {
		char first[64];

		snprintf(first, sizeof(first), "%s/frame-000000.png", folder);
		unlink((const char *const[]){ here, there, said, first, drawn }[i]);
	}
	rmdir(folder);
	return e < 0 ? e : !reason[0];
}
