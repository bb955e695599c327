/* compose.c - one display frame's drawing: who is drawn, how, and what is copied.
 *
 * The shared drawable keeps its pixels from frame to frame, so that only what changed is
 * drawn: a client's area when its picture did (or, drawn direct, when it was asked to), a
 * frame when its window moved, was covered or uncovered.  A client drawn direct writes
 * all of its area, also what others cover; those are drawn again then.
 *
 * With opt.no_facts everything is drawn, copied and cleared at every frame: that must
 * change no pixel, and is what the facts' gain is measured against. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/server/compose.h"

static const uint8_t background[3] = { 0x20, 0x24, 0x2c };

/* Display frames for which a client that did not finish is drawn off-screen. */
#define DIRECT_AGAIN 100u

static bool decorated(const struct server *s)
{
	return !s->opt.no_decoration;
}

/* ---- layout ------------------------------------------------------------------------- */

/* What no window above index i covers of g. */
static bool cut_front(const struct server *s, struct region *g, uint32_t i)
{
	for (uint32_t j = i + 1; j < s->n && g->n; j++)
		if (!region_cut(g, window_outer(&s->windows[j], decorated(s))))
			return false;
	return true;
}

static bool window_layout(struct server *s, uint32_t i)
{
	const struct rect all = { 0, 0, (int)s->screen.w, (int)s->screen.h };
	struct window *w = &s->windows[i];
	struct rect piece[4];

	if (!region_set(&w->visible, rect_meet(window_area(w), all)) ||
	    !cut_front(s, &w->visible, i))
		return false;
	w->hidden = !w->visible.n;
	w->frame.n = 0;
	w->damaged = w->frame_damaged = true;
	if (!decorated(s))
		return true;
	window_frame(w, piece);
	for (unsigned k = 0; k < 4; k++)
		if (!region_add(&w->frame, rect_meet(piece[k], all)))
			return false;
	return cut_front(s, &w->frame, i);
}

int compose_layout(struct server *s, struct error *err)
{
	bool ok = region_set(&s->screen.background,
			     (struct rect){ 0, 0, (int)s->screen.w, (int)s->screen.h });

	for (uint32_t i = 0; i < s->n && ok; i++)
		ok = window_layout(s, i) &&
		     region_cut(&s->screen.background,
				window_outer(&s->windows[i], decorated(s)));
	if (!ok)
		return error_set(err, -ENOMEM, "server: out of memory");
	s->layout_stale = false;
	s->everything = true;
	return 0;
}

/* ---- clients' drawing ------------------------------------------------------------------ */

static struct place place_of(const struct server *s, const struct window *w)
{
	return (struct place){ .x = w->x, .y = (int)s->screen.h - w->y - (int)w->h,
			       .w = w->w, .h = w->h };
}

static bool inside_screen(const struct server *s, const struct window *w)
{
	return w->x >= 0 && w->y >= 0 && w->x + (int)w->w <= (int)s->screen.w &&
	       w->y + (int)w->h <= (int)s->screen.h;
}

int compose_redraw(struct server *s, struct window *w, uint32_t screen, const struct place *at,
		   struct error *err)
{
	uint64_t start = server_cpu_ns(), spent;
	struct served_tick t;
	int r;

	server_tick_make(s, w, &t);
	server_turn(s, w);
	r = served_redraw(w->client, &t, screen, at, err);
	/* what it asked of the driver is done in its own turn, and on its own account */
	sink_flush(s->gl);
	server_turn(s, NULL);
	spent = server_cpu_ns() - start;
	server_charge(s, w, spent);
	s->turn = w->id;
	server_event_send(s, SERVER_EVENT_REDRAW, start, at != NULL);
	s->turn = 0;
	if (r < 0 && r != -EIO) {
		w->doomed = VSO_FAULT_GL;
		return 0;
	}
	s->stats.redraws++;
	return r;
}

/* Everything in front that w's area meets has been drawn over. */
static void damage_front(struct server *s, uint32_t i)
{
	struct rect area = window_area(&s->windows[i]);

	for (uint32_t j = i + 1; j < s->n; j++) {
		struct window *w = &s->windows[j];

		if (rect_meets(window_outer(w, decorated(s)), area))
			w->damaged = w->frame_damaged = true;
	}
}

static void skip(struct server *s, struct window *w, bool hidden)
{
	if (hidden) {
		s->stats.hidden++;
		w->hidden_frames++;
	} else {
		s->stats.skipped++;
	}
	s->turn = w->id;
	server_event_send(s, SERVER_EVENT_SKIP, 0, hidden);
	s->turn = 0;
}

static int draw_direct(struct server *s, uint32_t i, const struct served_look *look,
		       struct error *err)
{
	struct window *w = &s->windows[i];
	struct place at = place_of(s, w);
	int r;

	if (!look->changing && !w->damaged && !s->opt.no_facts)
		return skip(s, w, false), 0;
	if (s->opt.no_facts) {
		r = screen_current(&s->screen, 0, err);
		if (r < 0)
			return r;
		screen_clear(&s->screen, window_area(w));
	} else {
		/* its own clears cover colour, and depth and stencil where it uses them */
		s->stats.clears_skipped++;
		w->skipped_clears++;
	}
	r = compose_redraw(s, w, SERVER_SCREEN, &at, err);
	if (r < 0)
		return r;
	s->stats.direct++;
	w->direct_frames++;
	w->damaged = false;
	w->direct = true;
	/* half a picture on the screen: for some time it has a drawable of its own */
	if (r == 0)
		w->direct_after = s->frames + DIRECT_AGAIN;
	w->shown_at = s->frames;
	damage_front(s, i);
	return 0;
}

static int draw_offscreen(struct server *s, struct window *w, const struct served_look *look,
			  struct error *err)
{
	bool fresh = !look->has_redraw && look->changing;
	bool again = look->changing || !look->retained || (s->opt.no_facts && look->rerunnable);
	int r = compose_stand_in(s, w, look, err);

	w->direct = false;
	if (r)
		return r;
	if (look->has_redraw && again) {
		r = compose_redraw(s, w, 0, NULL, err);
		if (r < 0)
			return r;
		s->stats.offscreen++;
		fresh |= r == 1;
	} else if (!fresh && !w->damaged) {
		skip(s, w, false);
	}
	if (fresh)
		w->shown_at = s->frames;
	w->copy = fresh || w->damaged || s->opt.no_facts;
	return 0;
}

/* Nobody can see it: that is all there is to do. */
static bool is_hidden(const struct server *s, const struct window *w)
{
	return w->hidden && !s->opt.no_facts;
}

static int draw_clients(struct server *s, struct error *err)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct window *w = &s->windows[i];
		struct served_look look = { 0 };
		int r;

		w->copy = false;
		if (w->doomed)
			continue;
		served_look(w->client, &look);
		if (w->over_budget) {
			w->copy = w->damaged;
			continue;
		}
		if (is_hidden(s, w)) {
			if (look.changing)
				skip(s, w, true);
			continue;
		}
		if (look.has_redraw && look.direct && !s->opt.no_direct && s->frames >= w->direct_after &&
		    inside_screen(s, w))
			r = draw_direct(s, i, &look, err);
		else
			r = draw_offscreen(s, w, &look, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the server's drawing --------------------------------------------------------------- */

static int copy(struct server *s, struct window *w, struct error *err)
{
	static const uint8_t black[3];
	uint64_t start = server_cpu_ns();
	uint32_t pw = 0, ph = 0, from = served_retained(w->client, &pw, &ph);
	int r = screen_current(&s->screen, from, err);

	if (r < 0)
		return r;
	if (from)
		screen_copy(&s->screen, window_area(w), &w->visible, pw, ph);
	else
		screen_fill(&s->screen, &w->visible, black);
	s->stats.copies++;
	s->turn = w->id;
	server_event_send(s, SERVER_EVENT_COPY, start, 0);
	s->turn = 0;
	w->damaged = false;
	return 0;
}

/* The four sides in its colour, over them the bar. */
static int draw_frame(struct server *s, struct window *w, struct error *err)
{
	struct vso_server *v = served_vso(w->client);
	uint32_t width = w->w + 2 * FRAME_SIDE;
	uint8_t *bar;

	if (w->bar_stale || w->bar_width != width) {
		bar = decorate_bar(w, vso_server_peer(v)->label, vso_server_hello(v)->name, width,
				   w->id == s->focus);
		if (!bar)
			return error_set(err, -ENOMEM, "server: out of memory");
		screen_bar_set(&s->screen, w, bar, width);
		free(bar);
		w->bar_stale = false;
	}
	screen_fill(&s->screen, &w->frame, w->color);
	screen_bar_draw(&s->screen, w, &w->frame);
	w->frame_damaged = false;
	return 0;
}

static bool server_draws(const struct server *s)
{
	bool any = s->everything || s->opt.no_facts;

	for (uint32_t i = 0; i < s->n && !any; i++)
		any = s->windows[i].copy || s->windows[i].frame_damaged || s->windows[i].bar_stale;
	return any;
}

static bool frame_stale(const struct server *s, const struct window *w, bool all)
{
	return decorated(s) && (all || w->frame_damaged || w->bar_stale);
}

/* The screen is current afterwards.  (It stays so from copying on, if that is all.) */
static int draw_copies(struct server *s, bool all, struct error *err)
{
	bool more = all, copied = false;
	int r = 0;

	for (uint32_t i = 0; i < s->n && r >= 0; i++) {
		struct window *w = &s->windows[i];

		more |= frame_stale(s, w, all);
		if (!w->copy || !w->visible.n)
			continue;
		copied = true;
		r = copy(s, w, err);
	}
	return r >= 0 && (more || !copied) ? screen_current(&s->screen, 0, err) : r;
}

static int draw_server(struct server *s, struct error *err)
{
	bool all = s->everything || s->opt.no_facts;
	int r = draw_copies(s, all, err);

	if (r < 0)
		return r;
	if (all)
		screen_fill(&s->screen, &s->screen.background, background);
	for (uint32_t i = 0; i < s->n && r >= 0; i++) {
		struct window *w = &s->windows[i];

		if (frame_stale(s, w, all))
			r = draw_frame(s, w, err);
		w->frame_damaged = false;
	}
	s->everything = false;
	return r;
}

int compose_frame(struct server *s, struct error *err)
{
	struct sink *gl = s->gl;
	int r = s->layout_stale ? compose_layout(s, err) : 0;

	if (r >= 0)
		r = draw_clients(s, err);
	if (r < 0)
		return r;
	if (!s->stats.direct && !s->stats.copies && !server_draws(s))
		return 0;
	r = server_draws(s) ? draw_server(s, err) : screen_current(&s->screen, 0, err);
	if (r >= 0)
		r = gl->ops->swap(gl, SERVER_SCREEN, err);
	return r;
}
