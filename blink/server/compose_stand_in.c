/* compose_stand_in.c - who is drawn where others are, too (stand_in.h).
 *
 * The picture is on the screen at once, and nowhere else.  So only one that is new at each
 * display frame is drawn so: nobody will want to see the last one again.  Whose window was
 * just moved or uncovered draws into its own drawable in that frame, which may be shown
 * where it has no turn. */
#include "blink/server/compose.h"

/* Display frames in a row with a new picture each. */
#define STEADY 8u
/* Display frames for which a client that did not finish has its own drawable. */
#define ALONE 100u

static bool is_steady(struct server *s, struct window *w, const struct served_look *look)
{
	if (!look->has_redraw || !look->changing || !look->replaceable || w->damaged)
		w->steady = 0;
	else if (w->steady < STEADY)
		w->steady++;
	return w->steady == STEADY && s->frames >= w->alone_until && !s->opt.no_facts;
}

static int copy(struct server *s, struct window *w, uint32_t from, uint32_t pw, uint32_t ph,
		struct error *err)
{
	uint64_t start = server_cpu_ns();
	int r = screen_current(&s->screen, from, err);

	if (r < 0)
		return r;
	screen_copy(&s->screen, window_area(w), &w->visible, pw, ph);
	s->stats.copies++;
	s->turn = w->id;
	server_event_send(s, SERVER_EVENT_COPY, start, 0);
	s->turn = 0;
	w->shown_at = s->frames;
	return 1;
}

int compose_stand_in(struct server *s, struct window *w, const struct served_look *look,
		     struct error *err)
{
	uint32_t pw = 0, ph = 0, other;
	int r;

	if (!is_steady(s, w, look) || !served_retained(w->client, &pw, &ph))
		return 0;
	other = stand_in_take(&s->stand_ins, s->gl, s->frames, pw, ph, look->config);
	if (!other)
		return 0;
	r = compose_redraw(s, w, other, NULL, err);
	if (r < 0)
		return r;
	s->stats.offscreen++;
	if (r)
		return copy(s, w, other, pw, ph, err);
	w->alone_until = s->frames + ALONE;
	return 1;
}
