/* prune_check.c - see prune_check.h. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/prune_check.h"
#include "blink/base/clock.h"

/* A replay and the picture that it showed last. */
struct side {
	struct state_replay *replay;
	struct picture picture;
	bool seen;                  /* there was one in the frame just played */
};

struct branch {
	struct side side;
	struct prune_check_result result;
	uint32_t end;               /* frame of the full file that is not compared any more */
	struct branch *next;
};

struct check {
	struct side full;
	struct branch *branches;    /* in order of their boundaries */
	const struct prune_check_options *opt;
};

/* ---- sides ------------------------------------------------------------------ */

static int picture_keep(void *user, struct sink *sink, uint32_t frame, struct error *err)
{
	struct side *s = user;

	(void)frame;
	(void)err;
	picture_finish(&s->picture);
	/* nothing to see is no failure: the other side has nothing then either */
	s->seen = sink_gl_read(sink, &s->picture.rgb, &s->picture.w, &s->picture.h, NULL) >= 0;
	return 0;
}

static int side_open(struct side *s, const char *path, enum player_engine engine, struct error *err)
{
	const struct state_replay_options opt = { .engine = engine, .on_frame = picture_keep,
						  .user = s };

	return state_replay_open(&s->replay, path, &opt, err);
}

static void side_close(struct side *s)
{
	state_replay_close(s->replay);
	s->replay = NULL;
	picture_finish(&s->picture);
}

/* Until that frame's start; other replays may have run since. */
static int side_play(struct side *s, uint32_t frame, struct error *err)
{
	int e = state_replay_resume(s->replay, err);

	s->seen = false;
	return e < 0 ? e : state_replay_to(s->replay, frame, err);
}

/* ---- states ----------------------------------------------------------------- */

static void difference_note(void *user, const struct state_entry *a, const struct state_entry *b)
{
	struct prune_check_result *r = user;
	char text[256];

	if (r->different++ >= PRUNE_CHECK_TEXTS)
		return;
	state_describe(a, b, text, sizeof(text));
	r->texts[r->different - 1] = strdup(text);
}

static int states_compare(struct side *full, struct side *pruned, struct prune_check_result *out,
			  struct error *err)
{
	struct state_dump a, b;
	int e;

	state_init(&a, 0);
	state_init(&b, 0);
	e = state_replay_resume(full->replay, err);
	if (e >= 0)
		e = state_replay_take(full->replay, &a, err);
	if (e >= 0)
		e = side_play(pruned, 0, err);
	if (e >= 0)
		e = state_replay_take(pruned->replay, &b, err);
	if (e >= 0) {
		out->entries = a.count;
		out->hash = state_hash(&a);
		state_diff(&a, &b, difference_note, out);
	}
	state_finish(&a);
	state_finish(&b);
	return e;
}

static void pictures_compare(const struct side *full, const struct side *pruned, uint32_t frame,
			     struct prune_check_result *out)
{
	struct picture_difference d = { 0 };
	bool same = full->seen == pruned->seen;

	out->frames++;
	if (same && full->seen)
		same = picture_compare(&full->picture, &pruned->picture, &d);
	if (same)
		return;
	if (!out->frames_different++)
		out->first_different = frame;
	if (d.pixels >= out->worst.pixels)
		out->worst = d;
}

/* ---- one pruned file --------------------------------------------------------- */

void prune_check_result_finish(struct prune_check_result *r)
{
	for (unsigned i = 0; i < PRUNE_CHECK_TEXTS; i++)
		free(r->texts[i]);
	memset(r->texts, 0, sizeof(r->texts));
}

/* Both at the boundary, the pruned one with its frame 0 next. */
static int both_play(struct side *full, struct side *pruned, uint32_t frame, uint32_t frames,
		     struct prune_check_result *out, struct error *err)
{
	uint32_t here = state_replay_frames(full->replay) - frame;
	uint32_t there = state_replay_frames(pruned->replay);
	int e = states_compare(full, pruned, out, err);

	frames = frames < here ? frames : here;
	frames = frames < there ? frames : there;
	for (uint32_t i = 0; i < frames && e >= 0; i++) {
		e = side_play(full, frame + i + 1, err);
		if (e >= 0)
			e = side_play(pruned, i + 1, err);
		if (e >= 0)
			pictures_compare(full, pruned, frame + i, out);
	}
	return e;
}

int prune_check_file(const char *full, const char *pruned, uint32_t frame, uint32_t frames,
		     enum player_engine engine, struct prune_check_result *out,
		     struct error *err)
{
	struct side a = { 0 }, b = { 0 };
	int e;

	memset(out, 0, sizeof(*out));
	out->frame = frame;
	e = side_open(&a, full, engine, err);
	if (e >= 0 && frame > state_replay_frames(a.replay))
		e = error_set(err, -EINVAL, "%s: there is no frame %u (it has %u)", full, frame,
			      state_replay_frames(a.replay));
	if (e >= 0)
		e = state_replay_to(a.replay, frame, err);
	if (e >= 0)
		e = side_open(&b, pruned, engine, err);
	if (e >= 0)
		e = both_play(&a, &b, frame, frames, out, err);
	side_close(&a);
	side_close(&b);
	return e;
}

/* ---- many -------------------------------------------------------------------- */

static int branch_open(struct check *c, struct branch *b, uint32_t frame, struct error *err)
{
	char path[4096];
	double start;
	int e;

	if (snprintf(path, sizeof(path), "%s/pruned-%06u-%ld.blink", c->opt->folder, frame,
		     (long)getpid()) >= (int)sizeof(path))
		return error_set(err, -ENAMETOOLONG, "%s: the name is too long", c->opt->folder);
	start = clock_seconds();
	e = c->opt->prune(c->opt->user, frame, b->end - frame, path, err);
	b->result.prune_seconds = clock_seconds() - start;
	if (e >= 0)
		e = side_open(&b->side, path, c->opt->engine, err);
	/* it is mapped: the name is not needed any more */
	unlink(path);
	start = clock_seconds();
	if (e >= 0)
		e = state_replay_to(b->side.replay, 0, err);
	b->result.init_seconds = clock_seconds() - start;
	return e;
}

static int branch_start(struct check *c, uint32_t frame, struct error *err)
{
	uint32_t total = state_replay_frames(c->full.replay);
	struct branch *b = calloc(1, sizeof(*b)), **at = &c->branches;
	int e;

	if (!b)
		return error_set(err, -ENOMEM, "check: out of memory");
	b->result.frame = frame;
	b->end = total - frame < c->opt->frames ? total : frame + c->opt->frames;
	while (*at)
		at = &(*at)->next;
	*at = b;
	e = branch_open(c, b, frame, err);
	if (e >= 0)
		e = states_compare(&c->full, &b->side, &b->result, err);
	if (e < 0)
		error_prefix(err, "pruned at frame %u", frame);
	return e;
}

/* Those whose last frame is compared, from the first on, are told of. */
static int branches_finish(struct check *c, uint32_t frame, bool tell, struct error *err)
{
	int e = 0;

	while (c->branches && (!tell || c->branches->end <= frame)) {
		struct branch *b = c->branches;

		if (tell && e >= 0)
			e = c->opt->on_result(c->opt->user, &b->result, err);
		c->branches = b->next;
		side_close(&b->side);
		prune_check_result_finish(&b->result);
		free(b);
	}
	return e;
}

static int frame_check(struct check *c, uint32_t frame, struct error *err)
{
	int e = side_play(&c->full, frame + 1, err);

	for (struct branch *b = c->branches; b && e >= 0; b = b->next) {
		if (b->end <= frame)
			continue;
		e = side_play(&b->side, frame + 1 - b->result.frame, err);
		if (e < 0)
			error_prefix(err, "pruned at frame %u", b->result.frame);
		else
			pictures_compare(&c->full, &b->side, frame, &b->result);
	}
	return e;
}

int prune_check_run(const char *path, const struct prune_check_options *opt, struct error *err)
{
	struct check c = { .opt = opt };
	uint32_t total, every = opt->every ? opt->every : 1;
	int e;

	/* what a program never wrote is the same on both sides */
	mallopt(M_PERTURB, 170);
	e = side_open(&c.full, path, opt->engine, err);
	total = e < 0 ? 0 : state_replay_frames(c.full.replay);
	if (e >= 0)
		e = side_play(&c.full, 0, err);
	for (uint32_t f = 0; f <= total && e >= 0; f++) {
		e = branches_finish(&c, f, true, err);
		if (e >= 0 && f >= opt->first && f <= opt->last && (f - opt->first) % every == 0)
			e = branch_start(&c, f, err);
		if (e >= 0 && !c.branches && f > opt->last)
			break;
		if (e >= 0 && f < total)
			e = frame_check(&c, f, err);
	}
	if (e >= 0)
		e = branches_finish(&c, UINT32_MAX, true, err);
	branches_finish(&c, 0, false, NULL);
	side_close(&c.full);
	return e;
}
