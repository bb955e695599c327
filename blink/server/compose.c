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

#include "blink/server/painter.h"

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
		if (!region_cut(g, window_outer(s->windows[j], decorated(s))))
			return false;
	return true;
}

static bool window_layout(struct server *s, uint32_t i)
{
	const struct rect all = { 0, 0, (int)s->screen.w, (int)s->screen.h };
	struct window *w = s->windows[i];
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
				window_outer(s->windows[i], decorated(s)));
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

/* Everything in front that w's area meets has been drawn over. */
static void damage_front(struct server *s, uint32_t i)
{
	struct rect area = window_area(s->windows[i]);

	for (uint32_t j = i + 1; j < s->n; j++) {
		struct window *w = s->windows[j];

		if (rect_meets(window_outer(w, decorated(s)), area))
			w->damaged = w->frame_damaged = true;
	}
}

static int draw_direct(struct server *s, uint32_t i, const struct served_look *look,
		       struct error *err)
{
	struct painter *p = &s->painter[0];
	struct window *w = s->windows[i];
	struct place at = place_of(s, w);
	int r;

	if (!look->changing && !w->damaged && !s->opt.no_facts)
		return painter_skip(p, w, false), 0;
	if (s->opt.no_facts) {
		r = screen_current(&s->screen, 0, err);
		if (r < 0)
			return r;
		screen_clear(&s->screen, window_area(w));
	} else {
		/* its own clears cover colour, and depth and stencil where it uses them */
		p->stats.clears_skipped++;
		w->skipped_clears++;
	}
	r = painter_redraw(p, w, SERVER_SCREEN, &at, err);
	if (r < 0)
		return r;
	p->stats.direct++;
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
	bool fresh = false;
	int r;

	w->seen.damaged = w->damaged;
	r = compose_stand_in(s, w, look, err);
	if (r) {
		w->direct = false;
		return r;
	}
	r = painter_draw(&s->painter[0], w, look, &fresh, err);
	if (r < 0)
		return r;
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

static bool may_be_direct(const struct server *s, const struct window *w,
			  const struct served_look *look)
{
	return look->has_redraw && look->direct && !s->opt.no_direct &&
	       s->frames >= w->direct_after && inside_screen(s, w);
}

static int draw_client(struct server *s, uint32_t i, const struct served_look *look,
		       struct error *err)
{
	struct window *w = s->windows[i];

	w->copy = false;
	if (w->over_budget) {
		w->copy = w->damaged;
		return 0;
	}
	if (is_hidden(s, w)) {
		if (look->changing)
			painter_skip(&s->painter[0], w, true);
		return 0;
	}
	if (look->has_redraw && !w->damaged && turns_postpone(&s->painter[0], w))
		return 0;
	return may_be_direct(s, w, look) ? draw_direct(s, i, look, err)
					 : draw_offscreen(s, w, look, err);
}

/* Those that have been prepared.  (Direct ones have their order, and where the screen's layout is
 * another one it decides what is hidden: those wait until all have been.) */
int compose_ready(struct server *s, struct error *err)
{
	int r = 0;

	for (uint32_t i = 0; i < s->n && r >= 0 && !s->layout_stale; i++) {
		struct window *w = s->windows[i];
		struct served_look look = { 0 };

		/* (what hides it may still go) */
		if (w->painter || w->doomed || is_hidden(s, w))
			continue;
		served_look(w->client, &look);
		if (!may_be_direct(s, w, &look) && turns_draw(&s->painter[0], w))
			r = draw_client(s, i, &look, err);
	}
	return r;
}

/* It was drawn before, and since then drawn over, uncovered or moved: what is shown is its own
 * drawable's picture.  Who has none there, as after drawing elsewhere, draws one. */
static int show_again(struct server *s, uint32_t i, struct error *err)
{
	struct window *w = s->windows[i];
	struct served_look look = { 0 };

	if (!w->damaged)
		return 0;
	served_look(w->client, &look);
	if (look.has_redraw && !look.retained)
		return draw_client(s, i, &look, err);
	w->copy = true;
	return 0;
}

static int draw_clients(struct server *s, struct error *err)
{
	int r = 0;

	for (uint32_t i = 0; i < s->n && r >= 0; i++) {
		struct window *w = s->windows[i];
		struct served_look look = { 0 };

		if (w->painter || w->doomed) {
			w->copy = false;
			continue;
		}
		painters_begin(s);
		if (turns_draw(&s->painter[0], w)) {
			served_look(w->client, &look);
			r = draw_client(s, i, &look, err);
		} else {
			r = show_again(s, i, err);
		}
	}
	return r;
}

/* ---- pictures of further painters ---------------------------------------------------------- */

void pictures_take(struct server *s, const struct painter *p)
{
	bool current = false;

	for (uint32_t i = 0; i < s->n; i++) {
		struct window *w = s->windows[i];
		struct picture *c = &w->picture;

		if (!w->painter || (p && w->painter != p->index) ||
		    !atomic_load_explicit(&c->fresh, memory_order_acquire))
			continue;
		/* (where it cannot be drawn to, the next copy will say so) */
		current = current || screen_current(&s->screen, 0, NULL) >= 0;
		if (current)
			screen_picture_set(&s->screen, c);
		server_follow_size(s, w, c->whole_w, c->whole_h);
		w->damaged = true;
		w->shown_at = s->frames;
		atomic_store_explicit(&c->fresh, false, memory_order_relaxed);
	}
}

/* Until all have come, or this display frame's time is over. */
static int pictures_await(struct server *s, struct error *err)
{
	uint64_t until = turns_over(&s->painter[0]) + s->opt.patience_ns, news;
	bool more = true;
	int r;

	while (more) {
		news = painters_news(s);
		painters_begin(s);
		more = painters_busy(s) != 0;
		pictures_take(s, NULL);
		more = more && painters_wait(s, news, until);
	}
	/* (of those that are late, what they have so far) */
	pictures_take(s, NULL);
	/* (windows may have followed their clients' sizes) */
	r = s->layout_stale ? compose_layout(s, err) : 0;
	for (uint32_t i = 0; i < s->n; i++) {
		struct window *w = s->windows[i];

		if (w->painter)
			w->copy = !w->hidden && (w->damaged || s->opt.no_facts);
	}
	return r;
}

/* ---- the server's drawing --------------------------------------------------------------- */

static int copy(struct server *s, struct window *w, struct error *err)
{
	static const uint8_t black[3];
	uint64_t start = server_cpu_ns();
	uint32_t pw = 0, ph = 0, from = w->painter ? 0 : served_retained(w->client, &pw, &ph);
	int r = screen_current(&s->screen, from, err);

	if (r < 0)
		return r;
	if (w->painter)
		screen_picture_copy(&s->screen, window_area(w), &w->visible, &w->picture);
	else if (from)
		screen_copy(&s->screen, window_area(w), &w->visible, pw, ph);
	else
		screen_fill(&s->screen, &w->visible, black);
	s->painter[0].stats.copies++;
	painter_event_of(&s->painter[0], w, SERVER_EVENT_COPY, start, 0);
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
		any = s->windows[i]->copy || s->windows[i]->frame_damaged || s->windows[i]->bar_stale;
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
		struct window *w = s->windows[i];

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
		struct window *w = s->windows[i];

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
	if (r >= 0 && s->painters > 1)
		r = pictures_await(s, err);
	if (r < 0)
		return r;
	if (!s->painter[0].stats.direct && !s->painter[0].stats.copies && !server_draws(s))
		return 0;
	r = server_draws(s) ? draw_server(s, err) : screen_current(&s->screen, 0, err);
	if (r >= 0)
		r = gl->ops->swap(gl, SERVER_SCREEN, err);
	return r;
}
