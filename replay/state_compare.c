/* state_compare.c - see state_compare.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/state_compare.h"
#include "replay/state_track.h"

/* Names of display lists are the program's own and can be any number. */
#define LISTS_MAX (1u << 20)
#define ANY STATE_NO_KEY

struct state_replay {
	struct blink_file *file;
	struct sink *sink;
	struct player *player;
	struct state_track track;
	struct state_replay_options opt;
	uint32_t at;                  /* frame that is played next */
};

/* ---- playing --------------------------------------------------------------- */

static int follow(void *user, const struct sp *sp, const struct sp_payloads *payloads,
		  struct error *err)
{
	struct state_replay *r = user;

	return state_track_sp(&r->track, sp, payloads, err);
}

static int frame_seen(void *user, struct sink *sink, uint32_t frame, struct error *err)
{
	struct state_replay *r = user;

	return r->opt.on_frame ? r->opt.on_frame(r->opt.user, sink, frame, err) : 0;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static int track_start(struct state_replay *r, struct error *err)
{
	struct client_limits limits = { .slots = larger(blink_slots(r->file),
				r->opt.then ? blink_slots(r->opt.then) : 0) };

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		limits.names[i] = larger(blink_names_max(r->file, i), r->opt.then ?
					 blink_names_max(r->opt.then, i) : 0);
	return state_track_init(&r->track, &limits, err);
}

int state_replay_open(struct state_replay **out, const char *path,
		      const struct state_replay_options *opt, struct error *err)
{
	struct state_replay *r = calloc(1, sizeof(*r));
	struct player_options play = { .engine = opt->engine, .on_frame = frame_seen,
				       .on_sp = opt->blind ? NULL : follow,
				       .then = opt->then, .user = r };
	const struct sink_gl_options gl = { .window = opt->window, .hidden = !opt->shown,
					    .title = path };
	int e;

	if (!r)
		return error_set(err, -ENOMEM, "state: out of memory");
	r->opt = *opt;
	e = sink_gl_create(&r->sink, &gl, err);
	if (e >= 0)
		e = blink_open(&r->file, path, 0, err);
	if (e >= 0)
		e = track_start(r, err);
	if (e >= 0)
		e = player_create(&r->player, r->file, r->sink, &play, err);
	if (e < 0) {
		state_replay_close(r);
		return e;
	}
	*out = r;
	return 0;
}

void state_replay_close(struct state_replay *r)
{
	if (!r)
		return;
	player_destroy(r->player);
	state_track_finish(&r->track);
	blink_close(r->file);
	sink_destroy(r->sink);
	free(r);
}

uint32_t state_replay_frames(const struct state_replay *r)
{
	return blink_frame_count(r->file);
}

struct blink_file *state_replay_file(const struct state_replay *r)
{
	return r->file;
}

struct sink *state_replay_sink(const struct state_replay *r)
{
	return r->sink;
}

int state_replay_switch(struct state_replay *r, uint32_t frame, struct error *err)
{
	int e = player_switch(r->player, r->opt.then, frame, err);

	if (e >= 0)
		r->at = frame;
	return e;
}

int state_replay_to(struct state_replay *r, uint32_t frame, struct error *err)
{
	int e = player_init(r->player, NULL, err);

	if (e < 0 || frame <= r->at)
		return e;
	e = player_play(r->player, frame - 1, NULL, err);
	if (e >= 0)
		r->at = frame;
	return e;
}

/* ---- one context ----------------------------------------------------------- */

static void world_fill(const struct state_subject *r, uint32_t context, struct state_world *w)
{
	const struct client *c = r->client;
	const struct state_track *t = r->track;

	memset(w, 0, sizeof(*w));
	w->context = context;
	w->owner = t->contexts[context].serial;
	w->group = t->contexts[context].group;
	for (unsigned s = 1; s < GL_SPACE_COUNT; s++) {
		uint32_t count = t->names[s].count;

		if (s == GL_SPACE_SYNC || s == GL_SPACE_CONTEXT || s == GL_SPACE_DRAWABLE)
			continue;
		if (c->names[s] && count > c->names_cap[s])
			count = c->names_cap[s];
		if (!c->names[s] && count > LISTS_MAX)
			count = LISTS_MAX;
		w->names[s] = (struct state_names){ c->names[s], t->names[s].owner,
						    t->names[s].group, t->names[s].made, count };
	}
}

static const struct track_drawable *drawable_at(const struct state_track *t, uint32_t id)
{
	return id && id < t->ndrawables && t->drawables[id].live ? &t->drawables[id] : NULL;
}

static int context_take(const struct state_subject *r, struct state_dump *d, uint32_t context,
			uint32_t draw, uint32_t read, struct state_world *w, struct error *err)
{
	const struct track_drawable *seen = drawable_at(r->track, w->drawable);
	int e;

	draw = drawable_at(r->track, draw) ? draw : 0;
	read = drawable_at(r->track, read) ? read : 0;
	e = r->sink->ops->make_current(r->sink, context, draw, read, err);
	if (e < 0)
		return e;
	w->w = seen ? seen->w : 0;
	w->h = seen ? seen->h : 0;
	d->world = w;
	e = state_take(d, err);
	d->world = NULL;
	d->append = true;
	return e;
}

/* ---- all contexts ---------------------------------------------------------- */

/* The first context of the group that has state tells of what they share. */
static bool first_of_group(const struct state_track *t, uint32_t context)
{
	for (uint32_t i = 1; i < context; i++)
		if (t->contexts[i].live && t->contexts[i].ready &&
		    t->contexts[i].group == t->contexts[context].group)
			return false;
	return true;
}

static int contexts_take(const struct state_subject *r, struct state_dump *d, bool *looked,
			 struct error *err)
{
	const struct state_track *t = r->track;
	struct state_world w;
	int e = 0;

	for (uint32_t i = 1; i < t->ncontexts && e >= 0; i++) {
		const struct track_context *c = &t->contexts[i];

		if (!c->live || !c->ready)
			continue;
		world_fill(r, i, &w);
		w.shared = first_of_group(t, i);
		if (drawable_at(t, c->draw) && !looked[c->draw]) {
			w.drawable = c->draw;
			looked[c->draw] = true;
		}
		e = context_take(r, d, i, c->draw, c->read, &w, err);
	}
	return e;
}

/* Drawables that no context is with now: through the first context that there is. */
static int drawables_take(const struct state_subject *r, struct state_dump *d, bool *looked,
			  struct error *err)
{
	const struct state_track *t = r->track;
	struct state_world w;
	uint32_t by = 1;
	int e = 0;

	while (by < t->ncontexts && (!t->contexts[by].live || !t->contexts[by].ready))
		by++;
	for (uint32_t i = 1; by < t->ncontexts && i < t->ndrawables && e >= 0; i++) {
		if (!t->drawables[i].live || looked[i])
			continue;
		world_fill(r, by, &w);
		w.drawable = i;
		w.pixels_only = true;
		e = context_take(r, d, by, i, i, &w, err);
	}
	/* back to its own, which its default framebuffer is from now on */
	if (e >= 0 && by < t->ncontexts)
		e = r->sink->ops->make_current(r->sink, by,
			drawable_at(t, t->contexts[by].draw) ? t->contexts[by].draw : 0,
			drawable_at(t, t->contexts[by].read) ? t->contexts[by].read : 0, err);
	return e;
}

/* ---- what no driver tells --------------------------------------------------- */

static bool add(struct state_dump *d, const char *slot, uint32_t key, uint32_t context,
		uint32_t item, double value, const char *text, const void *bytes, size_t size)
{
	const struct state_entry where = { .key = { key, ANY }, .context = context, .item = item,
					   .value = value, .text = text };

	return state_add(d, slot, &where, bytes, size);
}

/* A share group is called by its first context. */
static uint32_t group_name(const struct state_track *t, uint32_t group)
{
	for (uint32_t i = 1; i < t->ncontexts; i++)
		if (t->contexts[i].live && t->contexts[i].group == group)
			return i;
	return 0;
}

static bool window_add(const struct state_track *t, struct state_dump *d)
{
	const uint32_t current[] = { t->current, t->draw, t->read };
	bool ok = true;

	for (uint32_t i = 1; i < t->ncontexts; i++) {
		const struct track_context *c = &t->contexts[i];
		const uint32_t what[] = { group_name(t, c->group), c->version, c->flags, c->ready };

		if (c->live)
			ok &= add(d, "window_context", i, 0, 0, what[0], NULL, what, sizeof(what));
	}
	for (uint32_t i = 1; i < t->ndrawables; i++) {
		const struct track_drawable *w = &t->drawables[i];
		const uint32_t what[] = { w->w, w->h, w->config };

		if (w->live)
			ok &= add(d, "window_drawable", i, 0, 0, w->w, NULL, what, sizeof(what));
	}
	return ok & add(d, "window_current", ANY, 0, 0, t->current, NULL, current, sizeof(current));
}

static bool lists_add(const struct state_track *t, struct state_dump *d)
{
	bool ok = true;

	for (uint32_t i = 0; i < t->lists_cap; i++) {
		const struct track_list *l = &t->lists[i];
		uint32_t context = group_name(t, l->group);

		if (l->list && l->defined && context)
			ok &= add(d, "list", l->list, context, 1, (double)(l->body >> 40), NULL,
				  &l->body, sizeof(l->body));
	}
	return ok;
}

/* Slots of programs that are there; programs is a set of the client's names. */
static bool slots_add(const struct state_subject *r, struct state_dump *d, const bool *programs)
{
	const struct client *c = r->client;
	const struct state_track *t = r->track;
	bool ok = true;

	for (uint32_t i = 1; i < t->nslots && i < c->nlocations; i++) {
		const struct track_slot *s = &t->slots[i];
		const uint64_t what[] = { s->program, s->what, c->locations[i] >= 0 };

		if (s->name && s->program < t->names[GL_SPACE_PROGRAM].count && programs[s->program])
			ok &= add(d, "uniform_location", i, 0, s->program, (double)what[2],
				  s->name, what, sizeof(what));
	}
	return ok;
}

static bool syncs_add(const struct state_subject *r, struct state_dump *d)
{
	const struct client *c = r->client;
	bool ok = true;

	for (uint32_t i = 1; i < c->names_cap[GL_SPACE_SYNC]; i++)
		if (c->syncs[i])
			ok &= add(d, "sync", i, 0, 0, 1, NULL, "sync", 4);
	return ok;
}

static bool told_add(const struct state_subject *r, struct state_dump *d)
{
	const struct state_track *t = r->track;
	uint32_t count = t->names[GL_SPACE_PROGRAM].count;
	bool *programs = calloc(count, sizeof(*programs)), ok;

	if (!programs)
		return false;
	for (size_t i = 0; i < d->count; i++)
		if (d->v[i].key[0] < count && !strcmp(state_slot_name(d->v[i].slot), "program"))
			programs[d->v[i].key[0]] = true;
	ok = window_add(t, d) && lists_add(t, d) && slots_add(r, d, programs) && syncs_add(r, d);
	free(programs);
	return ok;
}

static int subject_resume(const struct state_subject *s, struct error *err)
{
	const struct state_track *t = s->track;

	return s->sink->ops->make_current(s->sink, t->current,
					  drawable_at(t, t->draw) ? t->draw : 0,
					  drawable_at(t, t->read) ? t->read : 0, err);
}

int state_subject_take(const struct state_subject *s, struct state_dump *d, struct error *err)
{
	bool *looked = calloc(s->track->ndrawables, sizeof(*looked));
	int e;

	if (!looked)
		return error_set(err, -ENOMEM, "state: out of memory");
	d->count = 0;
	d->append = true;
	e = contexts_take(s, d, looked, err);
	if (e >= 0)
		e = drawables_take(s, d, looked, err);
	free(looked);
	d->append = false;
	if (e >= 0 && !told_add(s, d))
		e = error_set(err, -ENOMEM, "state: out of memory");
	if (e >= 0)
		state_sort(d);
	if (e >= 0)
		return subject_resume(s, err);
	subject_resume(s, NULL);
	return e;
}

static struct state_subject subject_of(const struct state_replay *r)
{
	return (struct state_subject){ player_client(r->player), r->sink, &r->track };
}

int state_replay_take(struct state_replay *r, struct state_dump *d, struct error *err)
{
	const struct state_subject s = subject_of(r);

	return state_subject_take(&s, d, err);
}

int state_replay_resume(struct state_replay *r, struct error *err)
{
	const struct state_subject s = subject_of(r);

	return subject_resume(&s, err);
}

/* ---- drivers ---------------------------------------------------------------- */

bool state_driver_dependent(const struct state_entry *e)
{
	/* slots, and where only some items count, which: 0 all */
	static const struct { const char *slot; uint32_t item; } drawn[] = {
		{ "color_buffer", 0 }, { "depth_buffer", 0 }, { "stencil_buffer", 0 },
		{ "bound_texture_image", 0x1702 /* GL_TEXTURE: texels */ },
		{ "query_result", 0 }, { "raster_pos", 0 },
		{ "shader", 0x8B84 /* GL_INFO_LOG_LENGTH */ }, { "program", 0x8B84 },
		{ "program", 0x8B86 /* GL_ACTIVE_UNIFORMS: optimizers differ */ },
		{ "program", 0x8B83 /* GL_VALIDATE_STATUS */ },
		/* as glBufferData leaves it, told only where there is glBufferStorage */
		{ "bound_buffer_data", 0x8220 /* GL_BUFFER_STORAGE_FLAGS */ },
	};
	const char *slot = state_slot_name(e->slot);

	for (size_t i = 0; i < sizeof(drawn) / sizeof(*drawn); i++)
		if (!strcmp(drawn[i].slot, slot) && (!drawn[i].item || drawn[i].item == e->item))
			return true;
	return false;
}
