/* compose_region.c - rectangles, and what is left of them behind others. */
#include <stdlib.h>

#include "blink/server/compose.h"

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }

struct rect rect_meet(struct rect a, struct rect b)
{
	struct rect r = { .x = most(a.x, b.x), .y = most(a.y, b.y) };

	r.w = least(a.x + a.w, b.x + b.w) - r.x;
	r.h = least(a.y + a.h, b.y + b.h) - r.y;
	return r;
}

bool rect_has(struct rect r, int x, int y)
{
	return x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h;
}

bool region_add(struct region *g, struct rect r)
{
	if (rect_empty(r))
		return true;
	if (g->n == g->cap) {
		uint32_t cap = g->cap ? 2 * g->cap : 8;
		struct rect *v = realloc(g->v, cap * sizeof(*v));

		if (!v)
			return false;
		g->v = v;
		g->cap = cap;
	}
	g->v[g->n++] = r;
	return true;
}

bool region_set(struct region *g, struct rect r)
{
	g->n = 0;
	return region_add(g, r);
}

/* What of a is outside hole, which meets it: above, below, left, right of it. */
static bool add_rest(struct region *g, struct rect a, struct rect hole)
{
	struct rect m = rect_meet(a, hole);

	return region_add(g, (struct rect){ a.x, a.y, a.w, m.y - a.y }) &&
	       region_add(g, (struct rect){ a.x, m.y + m.h, a.w, a.y + a.h - m.y - m.h }) &&
	       region_add(g, (struct rect){ a.x, m.y, m.x - a.x, m.h }) &&
	       region_add(g, (struct rect){ m.x + m.w, m.y, a.x + a.w - m.x - m.w, m.h });
}

/* Pieces that meet r are replaced by what is left of them, which goes to the end and is
 * not met again. */
bool region_cut(struct region *g, struct rect r)
{
	uint32_t end = g->n;

	for (uint32_t i = 0; i < end;) {
		struct rect a = g->v[i];

		if (!rect_meets(a, r)) {
			i++;
			continue;
		}
		if (!add_rest(g, a, r))
			return false;
		/* the last one not looked at takes its place, the last of all that one's */
		end--;
		g->v[i] = g->v[end];
		g->v[end] = g->v[--g->n];
	}
	return true;
}

void region_finish(struct region *g)
{
	free(g->v);
	*g = (struct region){ 0 };
}
