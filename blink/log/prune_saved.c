/* prune_saved.c - going backward: state that is saved and restored.  A pop is met before
 * its push: what it brings back is not needed in between, and the two are kept together,
 * if records in between change it.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <stdlib.h>
#include <string.h>

static void saved_add(struct prune *p, struct pair *q, uint32_t cell)
{
	unsigned color = cell_color(p, cell);

	if (!color)
		return;
	if (q->ncells % 32 == 0) {
		struct pair_cell *v = realloc(q->cells, (q->ncells + 32) * sizeof(*v));

		if (!v) {
			error_set(&p->error, -12, "prune: out of memory");
			return;
		}
		q->cells = v;
	}
	q->cells[q->ncells++] = (struct pair_cell){ cell, color };
	p->cell[cell].killed = STEP_KILL;
}

bool saved_by(const struct prune *p, uint32_t cell, uint32_t mask)
{
	const struct cell *c = &p->cell[cell];
	uint32_t key = c->slot == GL_SLOT_texenv ? c->key[1] : c->key[0];

	return c->slot < GL_SLOT_COUNT && prune_attrib_groups(c->slot, key) & mask;
}

typedef void saved_fn(struct prune *p, struct pair *q, uint32_t cell);

/* Every cell that a push saves, of those met so far. */
static void saved_each(struct prune *p, struct pair *q, saved_fn *fn)
{
	const struct object *o = p->object[q->ctx];

	if (q->kind == PAIR_MATRIX || q->kind == PAIR_BRACKET) {
		fn(p, q, q->cell);
		for (uint32_t c = q->kind == PAIR_MATRIX ? o->heads[P_SORT] : 0; c; c = p->cell[c].next)
			if (p->cell[c].key[0] == p->cell[q->cell].key[0] &&
			    p->cell[c].key[1] >> 16 == (p->cell[q->cell].key[1] & 0xffff))
				fn(p, q, c);
		return;
	}
	for (unsigned s = 0; o && s < GL_SLOT_COUNT; s++)
		for (uint32_t c = o->heads[s]; c; c = p->cell[c].next)
			if (saved_by(p, c, q->mask))
				fn(p, q, c);
	for (uint32_t i = 0; i < q->ntextures; i++)
		for (uint32_t c = p->object[q->textures[i]]->cells; c; c = p->cell[c].next)
			if (p->cell[c].slot == GL_SLOT_bound_texture_param)
				fn(p, q, c);
	if (q->mask & GROUP_CLIENT)
		for (uint32_t c = p->object[q->vao]->cells; c; c = p->cell[c].next)
			if (saved_by(p, c, GROUP_CLIENT))
				fn(p, q, c);
}

/* Slots all of whose cells the push saves: cells that are not met before the push are not
 * needed either.  Undone at the push. */
static void slots_hide(struct prune *p, struct pair *q)
{
	struct object *o = p->object[q->ctx];

	if (q->kind != PAIR_ATTRIB)
		return;
	if (!q->killed)
		q->killed = calloc(P_SLOTS, sizeof(*q->killed));
	if (!q->killed) {
		error_nomem(p);
		return;
	}
	for (unsigned s = 0; s < GL_SLOT_COUNT; s++) {
		uint32_t groups = s == GL_SLOT_enable ? GL_ENABLE_BIT : prune_attrib_groups(s, 0);
		struct slot_mark *m = slot_mark(p, o, s, true);

		if (!m)
			return;
		q->killed[s] = m->killed;
		if (groups & q->mask && s != GL_SLOT_texenv)
			m->killed = STEP_KILL;
	}
}

static void slots_show(struct prune *p, const struct pair *q)
{
	struct object *o = p->object[q->ctx];

	for (unsigned s = 0; q->kind == PAIR_ATTRIB && q->killed && s < GL_SLOT_COUNT; s++) {
		struct slot_mark *m = slot_mark(p, o, s, true);

		if (m)
			m->killed = q->killed[s];
	}
}

/* The pop, met first: what was saved is as it was at the push; the record is kept if it
 * turns out that the push is. */
void pop_meet(struct prune *p, struct kept *k, const uint32_t *rec)
{
	struct pair *q = &p->pair[k->aux];

	p->nwrites = p->nreads = p->ndrawn = 0;
	q->sweep = p->sweep;
	q->ncells = 0;
	q->inner[0] = q->inner[1] = 0;
	saved_each(p, q, saved_add);
	slots_hide(p, q);
	memcpy(q->writes, p->cell[q->cell].writes, sizeof(q->writes));
	q->step = p->step;
	q->forced = echo_forced(p, k->echo, k->list);
	k->kept = false;
	q->pop = item_keep(p, k, rec);
	if (q->kind != PAIR_ATTRIB && q->kind != PAIR_CLIENT)
		return;
	p->open_pairs = prune_grow(p, p->open_pairs, &p->open_cap, p->nopen, sizeof(uint32_t));
	if (!p->error.code)
		p->open_pairs[p->nopen++] = k->aux;
}

/* Whether kept records in between make both needed, and by which color.  Drivers restore
 * only groups that changed since the push, and Mesa forgets at an inner pop what changed
 * that it does not restore itself: pushes around it count as well. */
static unsigned inner_color(struct prune *p, const struct pair *q)
{
	for (unsigned k = 0; k < 2; k++) {
		bool kept = q->kind == PAIR_MATRIX ? p->cell[q->cell].writes[k] != q->writes[k]
						   : (q->inner[k] & (q->mask | q->outer)) != 0;

		if (q->kind == PAIR_BRACKET ? cell_color(p, q->cell) == k + 1 : kept)
			return k + 1;
	}
	return 0;
}

/* A cell that was not met before the pop: needed there if all of its owner was. */
static void saved_unmet(struct prune *p, struct pair *q, uint32_t cell)
{
	const struct cell *c = &p->cell[cell];
	struct object *o = p->object[c->owner];
	const struct slot_mark *m = o->marks ? slot_mark(p, o, c->slot, false) : NULL;

	if (c->birth < q->step)
		return;
	if (o->need[0] || (m && m->need[0]))
		need_cell(p, cell, 1);
	else if (o->need[1] || (m && m->need[1]))
		need_cell(p, cell, 2);
}

/* State as it was at the push is needed where it was needed behind the pop. */
void saved_restore(struct prune *p, struct pair *q)
{
	slots_show(p, q);
	for (uint32_t i = 0; i < q->ncells; i++)
		need_cell(p, q->cells[i].cell, q->cells[i].color);
	q->ncells = 0;
	if (q->kind != PAIR_BRACKET)
		saved_each(p, q, saved_unmet);
}

/* A push whose pop is yet to come: it is state by itself, and so is what it saves. */
static void push_open(struct prune *p, struct kept *k, const uint32_t *rec)
{
	struct pair *q = &p->pair[k->aux];
	unsigned slot = q->kind == PAIR_MATRIX ? GL_SLOT_matrix_stack :
			q->kind == PAIR_ATTRIB ? GL_SLOT_attrib_stack : GL_SLOT_client_attrib_stack;
	unsigned color, drawn;

	if (q->kind == PAIR_BRACKET)
		write_add(p, q->cell, W_REPLACE);
	else
		write_add(p, cell_at(p, q->ctx, slot, 0, 0), 0);
	if (q->kind == PAIR_MATRIX)
		read_cell(p, q->cell);
	if (q->kind == PAIR_ATTRIB || q->kind == PAIR_CLIENT)
		read_object(p, q->ctx);
	if (q->kind == PAIR_CLIENT)
		read_object(p, q->vao);
	for (uint32_t i = 0; i < q->ntextures; i++)
		read_object(p, q->textures[i]);
	color = item_color(p, &k->slot, &drawn);
	if (!color)
		return;
	k->color = (uint8_t)color;
	k->kept = true;
	item_apply(p, color, color);
	item_keep(p, k, rec);
}

void push_meet(struct prune *p, struct kept *k, const uint32_t *rec)
{
	struct pair *q = &p->pair[k->aux];
	unsigned color;

	if (q->sweep != p->sweep) {
		push_open(p, k, rec);
		return;
	}
	for (unsigned i = p->nopen; i-- > 0;)
		if (p->open_pairs[i] == k->aux)
			p->open_pairs[i] = p->open_pairs[--p->nopen];
	color = inner_color(p, q);
	if (q->forced || echo_forced(p, k->echo, k->list))
		color = 1;
	if (color) {
		k->kept = true;
		k->color = (uint8_t)color;
		k->slot = p->next[q->pop].slot;
		if (q->kind == PAIR_BRACKET)
			p->cell[q->cell].killed = STEP_KILL;
		kept_force(p, q->pop, color);
		if (q->kind == PAIR_MATRIX)
			p->cell[q->cell].writes[color - 1]++;
		p->nwrites = 0;
		item_apply(p, color, color);
		item_keep(p, k, rec);
		for (unsigned i = 0; i < p->nopen; i++)
			p->pair[p->open_pairs[i]].inner[color - 1] |=
				(q->inner[0] | q->inner[1]) & q->mask;
	}
	saved_restore(p, q);
}
