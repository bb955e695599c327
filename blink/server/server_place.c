/* server_place.c - where new clients come on the screen, and how far windows may go.
 *
 * A new client gets the first free place, in rows from the upper left, that its frame
 * fits into; where there is none, places cascade.  Wherever a window goes, its bar stays
 * on the screen, so that nobody can hide who he is. */
#include "blink/server/compose.h"

#define CASCADE 24              /* pixels from one to the next */
#define BAR_KEPT 48             /* of a bar, at least so many stay on the screen */
#define AREA_DEFAULT 256

static uint32_t bounded(uint32_t v, uint32_t least, uint32_t most)
{
	return v < least ? least : v > most ? most : v;
}

static int within(int v, int least, int most)
{
	return v < least || most < least ? least : v > most ? most : v;
}

void place_keep(const struct server *s, struct window *w)
{
	bool frame = !s->opt.no_decoration;
	int side = frame ? BAR_KEPT : 1, top = frame ? FRAME_BAR : 0;
	int width = (int)w->w;

	if (side > width)
		side = width;
	w->x = within(w->x, side - width, (int)s->screen.w - side);
	w->y = within(w->y, top, (int)s->screen.h - 1);
}

/* The first window that a frame at o would meet, NULL if there is none. */
static const struct window *in_the_way(const struct server *s, const struct window *w,
				       struct rect o)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->windows[i] != w &&
		    rect_meets(window_outer(s->windows[i], !s->opt.no_decoration), o))
			return s->windows[i];
	return NULL;
}

/* Along rows: beyond what is in the way; a row begins below the highest bottom in the
 * row before. */
static bool place_free(const struct server *s, const struct window *w, struct rect *o)
{
	struct rect all = { 0, 0, (int)s->screen.w, (int)s->screen.h };

	for (o->y = 0; o->y + o->h <= all.h;) {
		int next = all.h;

		for (o->x = 0; o->x + o->w <= all.w;) {
			const struct window *other = in_the_way(s, w, *o);
			struct rect t;

			if (!other)
				return true;
			t = window_outer(other, !s->opt.no_decoration);
			o->x = t.x + t.w;
			if (t.y + t.h < next && t.y + t.h > o->y)
				next = t.y + t.h;
		}
		if (next <= o->y)
			break;
		o->y = next;
	}
	return false;
}

void place_new(struct server *s, struct window *w, uint32_t width, uint32_t height)
{
	bool frame = !s->opt.no_decoration;
	int side = frame ? FRAME_SIDE : 0, bar = frame ? FRAME_BAR : 0;
	struct rect o;

	w->w = bounded(width ? width : AREA_DEFAULT, 1, s->screen.w);
	w->h = bounded(height ? height : AREA_DEFAULT, 1, s->screen.h);
	o = (struct rect){ 0, 0, (int)w->w + 2 * side, (int)w->h + bar + side };
	if (!place_free(s, w, &o)) {
		int step = (int)((w->id - 1) % 8) * CASCADE;

		o.x = o.y = step;
	}
	w->x = o.x + side;
	w->y = o.y + bar;
	place_keep(s, w);
}
