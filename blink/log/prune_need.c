/* prune_need.c - going backward: what is needed at a step, and what keeping a record
 * makes needed or replaces.
 */
#include "blink/log/prune_impl.h"

#include <string.h>

unsigned cell_color(struct prune *p, uint32_t cell)
{
	const struct cell *c = &p->cell[cell];
	struct object *o = p->object[c->owner];
	const struct slot_mark *m = o->marks ? slot_mark(p, o, c->slot, false) : NULL;
	uint32_t killed = m && m->killed > c->killed ? m->killed : c->killed;

	for (unsigned k = 0; k < 2; k++)
		if (c->need[k] > killed || o->need[k] > killed || (m && m->need[k] > killed))
			return k + 1;
	return 0;
}

void need_cell(struct prune *p, uint32_t cell, unsigned color)
{
	p->cell[cell].need[color - 1] = STEP_NEED;
}

void need_object(struct prune *p, uint32_t o, unsigned color, uint32_t step)
{
	if (o) {
		p->object[o]->need[color - 1] = step;
		return;
	}
	for (uint32_t i = 1; i < p->nobjects; i++)       /* everything */
		if (p->object[i])
			p->object[i]->need[color - 1] = step;
}

static void need_slot(struct prune *p, uint32_t what, unsigned color)
{
	struct slot_mark *m = slot_mark(p, p->object[what % SLOT_OBJECTS],
					(what & ~READ_SLOT) >> SLOT_SHIFT, true);

	if (m)
		m->need[color - 1] = STEP_OBJECT;
}

/* ---- what is kept ------------------------------------------------------------------ */

/* Pixels, and what is counted or captured of them. */
static bool is_pixels(unsigned slot)
{
	return slot == P_CONTENT || slot == GL_SLOT_color_buffer || slot == GL_SLOT_depth_buffer ||
	       slot == GL_SLOT_stencil_buffer || slot == GL_SLOT_accum_buffer ||
	       slot == GL_SLOT_query_result;
}

/* Which needed cell a record writes, by color; *slot: why; *drawn: the same of pixels. */
unsigned item_color(struct prune *p, uint16_t *slot, unsigned *drawn)
{
	unsigned best = 0;

	*drawn = 0;
	for (uint32_t i = 0; i < p->nwrites; i++) {
		const struct write *w = &p->write[i];
		unsigned color = w->flags & (W_ALL | W_SLOT) ? 0 : cell_color(p, w->cell);

		if (!color || (w->flags & W_BOX && cover_has(p, w->cell, w->box)))
			continue;
		if (is_pixels(p->cell[w->cell].slot) && (!*drawn || color < *drawn))
			*drawn = color;
		if (best && color >= best)
			continue;
		best = color;
		*slot = (uint16_t)p->cell[w->cell].slot;
	}
	return best;
}

void kept_force(struct prune *p, uint32_t i, unsigned color)
{
	struct kept *k = &p->next[i];

	if (!k->kept || k->color > color)
		k->color = (uint8_t)color;
	k->kept = true;
}

/* A kept record in between changes state that a pop brings back: both are needed. */
static void note_inner(struct prune *p, uint32_t cell, unsigned color)
{
	const struct cell *c = &p->cell[cell];
	uint32_t key = c->slot == GL_SLOT_texenv ? c->key[1] : c->key[0];
	uint32_t groups = c->slot < GL_SLOT_COUNT ? prune_attrib_groups(c->slot, key) : 0;

	for (unsigned i = 0; groups && i < p->nopen; i++) {
		struct pair *q = &p->pair[p->open_pairs[i]];
		bool saved = c->owner == q->ctx || c->owner == q->vao;

		for (uint32_t t = 0; t < q->ntextures && !saved; t++)
			saved = c->owner == q->textures[t];
		if (saved)
			q->inner[color - 1] |= groups;
	}
}

static void writes_apply(struct prune *p, unsigned color, unsigned drawn)
{
	for (uint32_t i = 0; i < p->nwrites; i++) {
		const struct write *w = &p->write[i];
		struct cell *c;

		if (w->flags & W_SLOT) {
			struct slot_mark *m = slot_mark(p, p->object[w->cell % SLOT_OBJECTS],
							w->cell >> SLOT_SHIFT, true);

			if (m)
				m->killed = STEP_KILL;
			continue;
		}
		if (w->flags & W_ALL)
			continue;
		c = &p->cell[w->cell];
		if (w->flags & W_REPLACE || (w->flags & W_UNSEEN && !drawn))
			c->killed = STEP_KILL;
		c->writes[color - 1]++;
		if (p->nopen)
			note_inner(p, w->cell, color);
		if ((c->slot == P_EXIST || c->slot == P_BODY) &&
		    p->object[c->owner]->delete_sweep == p->sweep)
			kept_force(p, p->object[c->owner]->deleter, color);
	}
}

static void read_apply(struct prune *p, uint32_t what, unsigned color)
{
	if (what & READ_ALL)
		need_object(p, what & ~READ_ALL, color, STEP_OBJECT);
	else if (what & READ_SLOT)
		need_slot(p, what, color);
	else
		need_cell(p, what, color);
}

static void reads_apply(struct prune *p, unsigned color, unsigned drawn)
{
	for (uint32_t i = 0; i < p->nreads; i++)
		read_apply(p, p->reads[i], color);
	for (uint32_t i = 0; drawn && i < p->ndrawn; i++)
		read_apply(p, p->drawn[i], drawn);
	for (uint32_t i = 0; i < p->nwrites; i++)
		if (p->write[i].flags & W_BOX)
			cover_add(p, p->write[i].cell, p->write[i].box);
}

/* ---- kept records -------------------------------------------------------------------- */

static void lists_store(struct prune *p, struct kept *k)
{
	k->writes = (uint32_t)p->next_arena.n;
	k->nwrites = p->nwrites;
	for (uint32_t i = 0; i < p->nwrites; i++) {
		const struct write *w = &p->write[i];

		arena_add(p, &p->next_arena, &w->cell, 2);
		if (w->flags & W_BOX)
			arena_add(p, &p->next_arena, (const uint32_t *)w->box, 6);
	}
	k->reads = (uint32_t)p->next_arena.n;
	k->nreads = p->nreads;
	k->ndrawn = p->ndrawn;
	arena_add(p, &p->next_arena, p->reads, p->nreads);
	arena_add(p, &p->next_arena, p->drawn, p->ndrawn);
}

/* Adds k, whose words are at rec, with the lists gathered. */
uint32_t item_keep(struct prune *p, struct kept *k, const uint32_t *rec)
{
	p->next = prune_grow(p, p->next, &p->next_cap, p->nnext, sizeof(*p->next));
	k->rec = (uint32_t)p->next_arena.n;
	arena_add(p, &p->next_arena, rec, k->nwords);
	lists_store(p, k);
	if (p->error.code)
		return 0;
	p->next[p->nnext] = *k;
	return p->nnext++;
}

void lists_load(struct prune *p, const struct kept *k)
{
	const uint32_t *w = p->arena.v + k->writes;

	p->nwrites = p->nreads = p->ndrawn = 0;
	for (uint32_t i = 0; i < k->nwrites; i++, w += w[1] & W_BOX ? 8 : 2) {
		if (w[1] & W_BOX)
			write_box(p, w[0], (const int32_t *)(w + 2));
		else
			write_add(p, w[0], w[1]);
		if (!p->error.code)
			p->write[p->nwrites - 1].flags = w[1];
	}
	while (p->reads_cap < k->nreads && !p->error.code)
		p->reads = prune_grow(p, p->reads, &p->reads_cap, p->reads_cap, sizeof(*p->reads));
	if (p->error.code)
		return;
	memcpy(p->reads, p->arena.v + k->reads, k->nreads * sizeof(*p->reads));
	p->nreads = k->nreads;
	while (p->drawn_cap < k->ndrawn && !p->error.code)
		p->drawn = prune_grow(p, p->drawn, &p->drawn_cap, p->drawn_cap, sizeof(*p->drawn));
	if (p->error.code)
		return;
	memcpy(p->drawn, p->arena.v + k->reads + k->nreads, k->ndrawn * sizeof(*p->drawn));
	p->ndrawn = k->ndrawn;
}

void item_apply(struct prune *p, unsigned color, unsigned drawn)
{
	writes_apply(p, color, drawn);
	reads_apply(p, color, drawn);
}
