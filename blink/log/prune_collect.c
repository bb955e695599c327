/* prune_collect.c - what is held by no kept record, no name and nothing that is current
 * goes, after each time of going backward: objects, names, pairs, cells.
 */
#include "blink/log/prune_impl.h"

#include <stdlib.h>
#include <string.h>

/* What is found to be held is followed from there, each once. */
static void mark_object(struct prune *p, uint32_t number)
{
	if (number >= p->nobjects || !p->object[number] || p->object[number]->mark == p->sweep)
		return;
	p->object[number]->mark = p->sweep;
	p->marked = prune_grow(p, p->marked, &p->marked_cap, p->nmarked, sizeof(*p->marked));
	if (!p->error.code)
		p->marked[p->nmarked++] = number;
}

static void mark_words(struct prune *p, const uint32_t *words, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		mark_object(p, words[i]);
}

static void mark_cell(struct prune *p, uint32_t cell)
{
	p->cell[cell].mark = p->sweep;
	mark_object(p, p->cell[cell].owner);
}

static void mark_pair(struct prune *p, uint32_t pair)
{
	struct pair *q = &p->pair[pair];

	if (!pair || q->mark == p->sweep)
		return;
	q->mark = p->sweep;
	mark_object(p, q->ctx);
	mark_object(p, q->vao);
	if (q->cell)
		mark_cell(p, q->cell);
	mark_words(p, q->saved, q->nsaved);
	mark_words(p, q->textures, q->ntextures);
}

static void mark_record(struct prune *p, const struct kept *k)
{
	const uint32_t *w = p->arena.v + k->writes, *r = p->arena.v + k->reads;

	for (uint32_t n = 0; n < k->nwrites; n++, w += w[1] & W_BOX ? 8 : 2) {
		if (w[1] & W_SLOT)
			mark_object(p, w[0] % SLOT_OBJECTS);
		else if (w[1] & W_ALL)
			mark_object(p, w[0]);
		else
			mark_cell(p, w[0]);
	}
	for (uint32_t n = 0; n < k->nreads + k->ndrawn; n++) {
		if (r[n] & READ_ALL)
			mark_object(p, r[n] & ~READ_ALL);
		else if (r[n] & READ_SLOT)
			mark_object(p, r[n] % SLOT_OBJECTS);
		else
			mark_cell(p, r[n]);
	}
	mark_object(p, k->ctx);
	mark_object(p, k->draw);
	mark_object(p, k->read);
	mark_object(p, k->list);
	if (k->role == ROLE_PUSH || k->role == ROLE_POP)
		mark_pair(p, k->aux);
	else
		mark_object(p, k->aux);
}

/* A word that happens to be some object's number keeps that object: no harm. */
static void mark_inside(struct prune *p, const struct object *o)
{
	const uint32_t *reg = o->reg;

	mark_words(p, reg, o->nreg);
	mark_object(p, o->group);
	if (o->space != GL_SPACE_CONTEXT || !o->heads)
		return;
	mark_pair(p, reg[R_COND]);
	mark_pair(p, reg[R_XFB_ACTIVE]);
	mark_pair(p, reg[R_LOCK]);
	for (unsigned k = 0; k < 3; k++)
		for (unsigned d = 0; d < reg[R_MATRIX_DEPTH + k]; d++)
			mark_pair(p, reg[R_MATRIX_STACK + k * PRUNE_STACK + d]);
}

/* All that kept records, names, and what is current lead to. */
static void mark_all(struct prune *p)
{
	for (uint32_t i = 0; i < p->nkept; i++)
		mark_record(p, &p->kept[i]);
	for (uint32_t i = 0; i < p->nnames; i++) {
		mark_object(p, name_at(p, i)->object);
		mark_object(p, name_at(p, i)->scope);
	}
	mark_object(p, 0);
	mark_object(p, p->ctx);
	mark_object(p, p->draw);
	mark_object(p, p->read);
	while (p->nmarked)
		mark_inside(p, p->object[p->marked[--p->nmarked]]);
}

/* The last ones, of the records that have just been looked at, are mostly free: the array
 * ends behind the last that is not. */
static void pairs_collect(struct prune *p, uint32_t mark)
{
	uint32_t n = 1;

	p->free_pair = 0;
	for (uint32_t i = 1; i < p->npairs; i++) {
		struct pair *q = &p->pair[i];

		if (q->kind != PAIR_FREE && q->mark == mark) {
			n = i + 1;
			continue;
		}
		pair_finish(q);
		memset(q, 0, sizeof(*q));
	}
	if (p->npairs)
		p->npairs = n;
	for (uint32_t i = n; i-- > 1;)
		if (p->pair[i].kind == PAIR_FREE) {
			p->pair[i].pop = p->free_pair;
			p->free_pair = i;
		}
}

/* Cells in state that nobody kept writes are as new: made again when met. */
static void cells_collect(struct prune *p, uint32_t mark)
{
	p->cells_live = 0;
	p->free_cell = 0;
	for (uint32_t i = 0; i < p->nobjects; i++) {
		struct object *o = p->object[i];

		if (!o)
			continue;
		o->cells = 0;
		if (o->heads)
			memset(o->heads, 0, P_SLOTS * sizeof(*o->heads));
	}
	if (p->cell_hash)
		memset(p->cell_hash, 0, p->cell_hash_cap * sizeof(*p->cell_hash));
	for (uint32_t i = 1; i < p->ncells; i++) {
		struct cell *c = &p->cell[i];

		if (c->owner == NONE || c->mark != mark || p->object[c->owner]->mark != mark) {
			c->owner = NONE;
			c->next = p->free_cell;
			p->free_cell = i;
			continue;
		}
		cell_link(p, i);
	}
}

/* Lists that nobody kept leave the chain of those that had the same name. */
static void previous_collect(struct prune *p, uint32_t mark)
{
	for (uint32_t i = 1; i < p->nobjects; i++) {
		struct object *o = p->object[i];

		while (o && o->previous && p->object[o->previous]->mark != mark)
			o->previous = p->object[o->previous]->previous;
	}
}

void prune_collect(struct prune *p)
{
	uint32_t mark = p->sweep;

	names_collect(p);
	mark_all(p);
	cells_collect(p, mark);
	previous_collect(p, mark);
	pairs_collect(p, mark);
	for (uint32_t i = 1; i < p->nobjects; i++) {
		if (!p->object[i] || p->object[i]->mark == mark)
			continue;
		p->free_objects = prune_grow(p, p->free_objects, &p->free_objects_cap,
					     p->nfree_objects, sizeof(*p->free_objects));
		if (p->error.code)
			return;
		object_free(p->object[i]);
		p->object[i] = NULL;
		p->free_objects[p->nfree_objects++] = i;
	}
}
