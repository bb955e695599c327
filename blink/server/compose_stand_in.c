/* compose_stand_in.c - who is drawn where others are, too (stand_in.h).
 *
 * The picture is on the screen at once, and nowhere else.  So only one that is new at each
 * display frame is drawn so: nobody will want to see the last one again.  Whose window was
 * just moved or uncovered draws into its own drawable in that frame, which may be shown
 * where it has no turn. */
#include "blink/server/painter.h"

/* Display frames in a row with a new picture each. */
#define STEADY 8u
/* Display frames for which a client that did not finish has its own drawable. */
#define ALONE 100u

static bool is_steady(struct painter *p, struct window *w, const struct served_look *look)
{
	/* (of a further painter's clients the composer has the last picture) */
	bool damaged = !p->index && w->seen.damaged;

	if (!look->has_redraw || !look->changing || !look->replaceable || damaged)
		w->steady = 0;
	else if (w->steady < STEADY)
		w->steady++;
	return w->steady == STEADY && p->frames >= w->alone_until && !p->opt.no_facts;
}

uint32_t compose_stand_in_for(struct painter *p, struct window *w, const struct served_look *look,
			      uint32_t *pw, uint32_t *ph)
{
	if (!is_steady(p, w, look) || !served_retained(w->client, pw, ph))
		return 0;
	return stand_in_take(&p->stand_ins, p->gl, p->frames, *pw, *ph, look->config);
}

void compose_stand_in_failed(struct painter *p, struct window *w)
{
	w->alone_until = p->frames + ALONE;
}

static int copy(struct server *s, struct window *w, uint32_t from, uint32_t pw, uint32_t ph,
		struct error *err)
{
	uint64_t start = server_cpu_ns();
	int r = screen_current(&s->screen, from, err);

	if (r < 0)
		return r;
	screen_copy(&s->screen, window_area(w), &w->visible, pw, ph);
	s->painter[0].stats.copies++;
	painter_event_of(&s->painter[0], w, SERVER_EVENT_COPY, start, 0);
	w->shown_at = s->frames;
	return 1;
}

int compose_stand_in(struct server *s, struct window *w, const struct served_look *look,
		     struct error *err)
{
	struct painter *p = &s->painter[0];
	uint32_t pw = 0, ph = 0, other = compose_stand_in_for(p, w, look, &pw, &ph);
	int r;

	if (!other)
		return 0;
	r = painter_redraw(p, w, other, NULL, err);
	if (r < 0)
		return r;
	p->stats.offscreen++;
	if (r)
		return copy(s, w, other, pw, ph, err);
	compose_stand_in_failed(p, w);
	return 1;
}
