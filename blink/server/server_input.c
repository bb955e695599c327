/* server_input.c - pointer and keys: to the client they concern, and to nobody else.
 *
 * The pointer belongs to the client whose area is uppermost under it; while a button is
 * down, to the one in which it went down.  A button that goes down in a window raises it
 * and gives it the focus; in a bar it takes hold of the window, at the lower right corner
 * of the frame it resizes it.  Keys go to the client with the focus.  Others see neither:
 * their pointer stands where they saw it last. */
#include "blink/server/compose.h"

static struct window *window_by_id(struct server *s, uint32_t id)
{
	for (uint32_t i = 0; id && i < s->n; i++)
		if (s->windows[i]->id == id)
			return s->windows[i];
	return NULL;
}

static struct window *window_at(struct server *s, int x, int y)
{
	for (uint32_t i = s->n; i-- > 0;)
		if (rect_has(window_outer(s->windows[i], !s->opt.no_decoration), x, y))
			return s->windows[i];
	return NULL;
}

static void tell(struct window *w, int x, int y, uint32_t buttons)
{
	int px = x - w->x, py = (int)w->h - 1 - (y - w->y);

	if (w->pointer_x == px && w->pointer_y == py && w->buttons == buttons)
		return;
	w->pointer_x = px;
	w->pointer_y = py;
	w->buttons = buttons;
	w->input = true;
}

/* A button went down: whose is the pointer from now on, and for what? */
static void grasp(struct server *s, int x, int y)
{
	struct window *w = window_at(s, x, y);
	struct hand *h = &s->hand;
	struct rect corner;

	if (!w)
		return;
	h->holder = w->id;
	server_raise(s, h->holder, NULL);
	server_focus(s, h->holder, NULL);
	w = window_by_id(s, h->holder);
	h->dx = w->x - x;
	h->dy = w->y - y;
	corner = (struct rect){ w->x + (int)w->w - 8, w->y + (int)w->h, 8 + FRAME_SIDE, FRAME_SIDE };
	if (rect_has(window_area(w), x, y))
		h->act = HAND_CLIENT;
	else
		h->act = rect_has(corner, x, y) ? HAND_RESIZE : HAND_MOVE;
}

void server_pointer(struct server *s, int x, int y, uint32_t buttons)
{
	struct hand *h = &s->hand;
	struct window *w;

	if (buttons && !h->buttons)
		grasp(s, x, y);
	w = window_by_id(s, h->holder);
	if (w && h->act == HAND_MOVE)
		server_move(s, w->id, x + h->dx, y + h->dy, NULL);
	else if (w && h->act == HAND_RESIZE && x > w->x && y > w->y)
		server_resize(s, w->id, (uint32_t)(x - w->x), (uint32_t)(y - w->y), NULL);
	else if (w && h->act == HAND_CLIENT)
		tell(w, x, y, buttons);
	if (!h->holder && (w = window_at(s, x, y)) && rect_has(window_area(w), x, y))
		tell(w, x, y, buttons);
	h->x = x;
	h->y = y;
	h->buttons = buttons;
	if (!buttons) {
		h->holder = 0;
		h->act = HAND_FREE;
	}
}

void server_key(struct server *s, uint32_t keysym, bool down)
{
	struct window *w = window_by_id(s, s->focus);
	uint32_t key = down ? keysym : 0;

	if (!w || (!down && w->key != keysym) || w->key == key)
		return;
	w->key = key;
	w->input = true;
}
