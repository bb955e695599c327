/* painter_frame.c - what a painter does for its clients in one display frame.
 *
 * The composer calls the parts, at their times in server_frame; a further painter does all
 * of it in painter_frame, at the end of which it hands over what has changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/server/painter.h"

/* ---- turns and events ---------------------------------------------------------------------- */

void painter_event(struct painter *p, enum server_event_kind kind, uint64_t start_cpu_ns,
		   uint32_t detail)
{
	struct server_event e = {
		.kind = kind, .client = p->turn, .frame = p->frames, .start_ns = p->now_ns,
		.detail = detail,
	};

	if (!p->opt.event)
		return;
	e.cpu_ns = start_cpu_ns ? server_cpu_ns() - start_cpu_ns : 0;
	server_event_tell(p->server, &e);
}

void painter_event_of(struct painter *p, const struct window *w, enum server_event_kind kind,
		      uint64_t start_cpu_ns, uint32_t detail)
{
	p->turn = w->id;
	painter_event(p, kind, start_cpu_ns, detail);
	p->turn = 0;
}

static void turn_tell(const struct painter *p, uint32_t id)
{
	const struct server_options *opt = &p->server->opt;

	if (opt->turn)
		opt->turn(opt->user, p->index, id);
}

void painter_turn(struct painter *p, struct window *w)
{
	p->turn = w ? w->id : 0;
	turn_tell(p, p->turn);
}

/* The external state that a client has at this moment. */
static void tick_make(const struct painter *p, struct window *w, struct served_tick *t)
{
	const struct window_seen *n = &w->seen;

	*t = (struct served_tick){
		.now_ns = p->now_ns, .since_ns = p->now_ns - w->attached_ns,
		.frame = w->frames, .refresh = p->opt.refresh,
		.pointer_x = n->pointer_x, .pointer_y = n->pointer_y,
		.buttons = n->buttons, .key = n->key, .input = n->input,
		.budget_ns = turns_budget(p, w), .grace_ns = turns_grace(p, w),
	};
	w->turn.given_ns = t->budget_ns;
}

/* ---- steps 1 and 2 ----------------------------------------------------------------------------- */

static bool is_dead(const struct window *w)
{
	struct vso_peer *p = vso_server_peer(served_vso(w->client));

	return p->ops->dead(p);
}

void painter_prepare(struct painter *p, struct window *w)
{
	uint64_t start = server_cpu_ns();
	struct served_tick t;

	if (!w->attached_ns)
		w->attached_ns = p->now_ns;
	w->turn.given_ns = 0;
	painter_turn(p, w);
	if (is_dead(w)) {
		w->doomed = VSO_FAULT_GONE;
	} else if (turns_allow(p, w)) {
		tick_make(p, w, &t);
		if (!turns_put_off(p, w))
			served_take(w->client);
		w->doomed = served_prepare(w->client, &t);
		w->seen.input = false;
	}
	painter_turn(p, NULL);
	w->turn.prepared_frame = p->frames;
	turns_spent(p, w, server_cpu_ns() - start, false);
}

/* ---- step 3 ---------------------------------------------------------------------------------------- */

int painter_redraw(struct painter *p, struct window *w, uint32_t screen, const struct place *at,
		   struct error *err)
{
	uint64_t start = server_cpu_ns(), spent;
	struct served_tick t;
	int r;

	tick_make(p, w, &t);
	painter_turn(p, w);
	r = served_redraw(w->client, &t, screen, at, err);
	/* what it asked of the driver is done in its own turn, and on its own account */
	sink_flush(p->gl);
	painter_turn(p, NULL);
	spent = server_cpu_ns() - start;
	turns_spent(p, w, spent, true);
	painter_event_of(p, w, SERVER_EVENT_REDRAW, start, at != NULL);
	if (r < 0) {
		w->doomed = served_over(w->client);
		return 0;
	}
	p->stats.redraws++;
	return r;
}

void painter_skip(struct painter *p, struct window *w, bool hidden)
{
	if (hidden) {
		p->stats.hidden++;
		w->hidden_frames++;
	} else {
		p->stats.skipped++;
	}
	painter_event_of(p, w, SERVER_EVENT_SKIP, 0, hidden);
}

int painter_draw(struct painter *p, struct window *w, const struct served_look *look, bool *fresh,
		 struct error *err)
{
	bool all = p->opt.no_facts;
	bool again = look->changing || !look->retained || (all && look->rerunnable);
	int r;

	*fresh = !look->has_redraw && look->changing;
	w->direct = false;
	if (look->has_redraw && again) {
		r = painter_redraw(p, w, 0, NULL, err);
		if (r < 0)
			return r;
		p->stats.offscreen++;
		*fresh |= r == 1;
	} else if (!*fresh && !w->seen.damaged) {
		painter_skip(p, w, false);
	}
	return 0;
}

/* ---- handing over --------------------------------------------------------------------------------- */

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool picture_room(struct picture *c, size_t bytes)
{
	uint8_t *pixels;

	if (bytes <= c->room)
		return true;
	pixels = realloc(c->pixels, bytes);
	if (!pixels)
		return false;
	c->pixels = pixels;
	c->room = bytes;
	return true;
}

/* What the area has room for of a drawable of that size, for whoever composes.  (It is on
 * nobody's account, as copies are not.) */
static int hand_over(struct painter *p, struct window *w, bool fresh, uint32_t from, uint32_t pw,
		     uint32_t ph, struct error *err)
{
	struct picture *c = &w->picture;
	uint32_t rw = smaller(pw, w->seen.w), rh = smaller(ph, w->seen.h);
	int r;

	if (!fresh && c->w == rw && c->h == rh)
		return 0;
	if (!picture_room(c, (size_t)rw * rh * 4))
		return 0;
	r = from ? screen_current(&p->own, from, err) : 0;
	if (r < 0)
		return r;
	if (from)
		screen_read_back(&p->own, 0, (int)(ph - rh), rw, rh, c->pixels);
	c->w = rw;
	c->h = rh;
	c->whole_w = pw;
	c->whole_h = ph;
	atomic_store_explicit(&c->fresh, true, memory_order_release);
	return 0;
}

/* ---- step 5 ------------------------------------------------------------------------------------------ */

void painter_show(struct painter *p, struct window *w)
{
	struct vso_server *v = served_vso(w->client);
	uint32_t ext[SP_EXTERNS];
	struct served_tick t;

	w->frames++;
	tick_make(p, w, &t);
	served_tick_externs(&t, w->seen.w, w->seen.h, ext);
	vso_server_show(v, ext, w->seen.w, w->seen.h, NULL);
	vso_server_wake(v, true);
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static void prepare_one(struct painter *p, struct window *w)
{
	served_resize(w->client, w->seen.w, w->seen.h, NULL);
	painter_prepare(p, w);
	if (!w->doomed)
		turns_prepared(p, w);
}

static int draw_in_own(struct painter *p, struct window *w, const struct served_look *look,
		       struct error *err)
{
	uint32_t pw = 0, ph = 0, own;
	bool fresh = false;
	int r = painter_draw(p, w, look, &fresh, err);

	if (r < 0 || w->doomed)
		return r;
	own = served_retained(w->client, &pw, &ph);
	fresh |= w->unseen;
	w->unseen = false;
	return hand_over(p, w, fresh, own, pw, ph, err);
}

static int draw_in_other(struct painter *p, struct window *w, uint32_t other, uint32_t pw,
			 uint32_t ph, struct error *err)
{
	int r = painter_redraw(p, w, other, NULL, err);

	if (r < 0)
		return r;
	p->stats.offscreen++;
	if (r)
		return hand_over(p, w, true, other, pw, ph, err);
	compose_stand_in_failed(p, w);
	return 0;
}

static int draw_one(struct painter *p, struct window *w, struct error *err)
{
	struct served_look look = { 0 };
	uint32_t pw = 0, ph = 0, other;

	if (w->doomed || w->over_budget)
		return 0;
	served_look(w->client, &look);
	if (w->seen.hidden) {
		if (look.changing)
			painter_skip(p, w, true);
		/* (what a stream drew is handed over when somebody can see it) */
		w->unseen |= look.changing && !look.has_redraw;
		return 0;
	}
	if (look.has_redraw && turns_postpone(p, w))
		return 0;
	other = compose_stand_in_for(p, w, &look, &pw, &ph);
	return other ? draw_in_other(p, w, other, pw, ph, err) : draw_in_own(p, w, &look, err);
}

static int draw_ready(struct painter *p, struct error *err)
{
	int r = 0;

	for (uint32_t i = 0; i < p->n && r >= 0; i++)
		if (turns_draw(p, p->windows[i]))
			r = draw_one(p, p->windows[i], err);
	return r;
}

void painter_frame(struct painter *p)
{
	uint64_t start = server_cpu_ns(), spent;
	struct error err = { 0 };
	struct window *w;
	uint32_t at = 0;
	int r = 0;

	painter_place(p);
	turns_begin(p);
	while (r >= 0 && (w = turns_next(p, &at))) {
		if (w->turn.behind)
			r = draw_ready(p, &err);
		prepare_one(p, w);
	}
	if (r >= 0)
		r = draw_ready(p, &err);
	for (uint32_t i = 0; i < p->n; i++)
		if (!p->windows[i]->doomed)
			painter_show(p, p->windows[i]);
	spent = server_cpu_ns() - start;
	p->stats.cpu_ns += spent;
	turns_end(p, spent);
	if (r < 0)
		p->failed = r;
	turn_tell(p, SERVER_TURN_REST);
}
