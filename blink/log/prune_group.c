/* prune_group.c - going backward over records that stay or go as a whole: those of a list
 * that is called, or of a stretch of code that does not run straight through.  What they
 * do is joined to what one record would do.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <string.h>

enum { EVENT_READ, EVENT_DRAWN, EVENT_PART, EVENT_REPLACE };

static void event_add(struct prune *p, uint32_t what, uint32_t kind)
{
	p->event = prune_grow(p, p->event, &p->events_cap, p->nevents + 1, sizeof(*p->event));
	if (p->error.code)
		return;
	p->event[p->nevents++] = what;
	p->event[p->nevents++] = kind;
}

/* The group's pushes and pops that match: what lies between is not seen outside. */
static void inside_open(struct prune *p, uint32_t pair)
{
	p->inside = prune_grow(p, p->inside, &p->inside_cap, p->ninside, sizeof(*p->inside));
	if (!p->error.code)
		p->inside[p->ninside++] = pair;
}

static bool inside_hides(const struct prune *p, uint32_t cell)
{
	for (unsigned i = 0; i < p->ninside; i++) {
		const struct pair *q = &p->pair[p->inside[i]];

		if (q->kind == PAIR_MATRIX ? q->cell == cell : saved_by(p, cell, q->mask))
			return true;
	}
	return false;
}

/* Whether it is a push or pop of a pair that lies within the group, going backward. */
static bool inside_step(struct prune *p, const struct entry *e, unsigned special)
{
	bool push = special == S_PUSH_MATRIX || special == S_PUSH_ATTRIB || special == S_PUSH_CLIENT;
	bool pop = special == S_POP_MATRIX || special == S_POP_ATTRIB || special == S_POP_CLIENT;

	if ((!push && !pop) || !e->aux || p->pair[e->aux].group != p->group)
		return false;
	if (pop) {
		p->pair[e->aux].popped = true;
		inside_open(p, e->aux);
		return true;
	}
	for (unsigned i = p->ninside; i-- > 0;)
		if (p->inside[i] == e->aux) {
			p->inside[i] = p->inside[--p->ninside];
			return true;
		}
	return false;
}

/* A push that nothing in the group undoes, or a pop of what was pushed before. */
static void stack_writes(struct prune *p, const struct entry *e, unsigned special)
{
	switch (special) {
	case S_PUSH_MATRIX: case S_POP_MATRIX:
		write_add(p, cell_at(p, p->ctx, GL_SLOT_matrix_stack, 0, 0), 0);
		if (special == S_POP_MATRIX && e->aux)
			write_add(p, p->pair[e->aux].cell, 0);
		break;
	case S_PUSH_ATTRIB: case S_POP_ATTRIB:
		write_add(p, cell_at(p, p->ctx, GL_SLOT_attrib_stack, 0, 0), 0);
		break;
	case S_PUSH_CLIENT: case S_POP_CLIENT:
		write_add(p, cell_at(p, p->ctx, GL_SLOT_client_attrib_stack, 0, 0), 0);
		break;
	default:
		break;
	}
}

/* A child's effects into p->write; those that the group takes back are left out. */
static void child_writes(struct prune *p, const struct entry *e)
{
	const uint32_t *rec = entry_rec(p, e);
	unsigned special = row_of(rec)->special;
	uint32_t n = 0;

	p->nwrites = p->nreads = p->ndrawn = 0;
	if (e->flags & E_VOID || special == S_CALL_LIST || special == S_CALL_LISTS ||
	    inside_step(p, e, special))
		return;
	writes_of(p, e, rec, special);
	stack_writes(p, e, special);
	for (uint32_t i = 0; p->ninside && i < p->nwrites; i++)
		if (p->write[i].flags & (W_ALL | W_SLOT) || !inside_hides(p, p->write[i].cell))
			p->write[n++] = p->write[i];
	if (p->ninside)
		p->nwrites = n;
}

static void child_reads(struct prune *p, const struct entry *e)
{
	const uint32_t *rec = entry_rec(p, e);
	unsigned special = row_of(rec)->special;
	struct kept k = { .ctx = NONE };

	if (special == S_CALL_LIST || special == S_CALL_LISTS) {
		if (e->aux)
			read_cell(p, cell_at(p, e->aux, P_BODY, 0, 0));
		return;
	}
	if (e->flags & E_VOID)
		return;
	reads_of(p, e, rec, special, &k);
	if (special == S_PUSH_MATRIX && e->aux)
		read_cell(p, p->pair[e->aux].cell);
}

/* Marks pushes; one whose pop, met already, lies behind the group keeps both. */
static bool group_pairs(struct prune *p, uint32_t head, uint32_t last)
{
	bool forced = false;

	p->group++;
	p->ninside = 0;
	for (uint32_t i = head + 1; i <= last; i++) {
		unsigned special = row_of(entry_rec(p, &p->entry[i]))->special;
		struct pair *q = &p->pair[p->entry[i].aux];

		if ((special != S_PUSH_MATRIX && special != S_PUSH_ATTRIB &&
		     special != S_PUSH_CLIENT) || !p->entry[i].aux)
			continue;
		q->group = p->group;
		if (q->sweep != p->sweep)
			continue;
		q->group = 0;
		forced = true;
		kept_force(p, q->pop, 1);
		saved_restore(p, q);
		for (unsigned n = p->nopen; n-- > 0;)
			if (p->open_pairs[n] == p->entry[i].aux)
				p->open_pairs[n] = p->open_pairs[--p->nopen];
	}
	return forced;
}

/* What has been seen of a cell so far: read as state, for drawing, written. */
enum { SEEN_READ = 1, SEEN_DRAWN = 2, SEEN_WRITTEN = 4 };

static void event_join(struct prune *p, uint32_t what, uint32_t kind)
{
	bool read = kind == EVENT_READ || kind == EVENT_DRAWN;
	unsigned seen = kind == EVENT_DRAWN ? SEEN_DRAWN : SEEN_READ;
	struct cell *c;

	p->drawing = kind == EVENT_DRAWN;
	if (read && what & (READ_ALL | READ_SLOT)) {
		uint32_t o = what & READ_ALL ? what & ~READ_ALL : what % SLOT_OBJECTS;

		if (p->object[o]->read_group != p->group)
			p->object[o]->read_bits = 0;
		p->object[o]->read_group = p->group;
		p->object[o]->read_bits |= seen;
		if (what & READ_ALL)
			read_object(p, o);
		else
			read_slot(p, o, (what & ~READ_SLOT) >> SLOT_SHIFT);
		p->drawing = false;
		return;
	}
	c = &p->cell[what];
	if (c->group != p->group) {
		c->group = p->group;
		c->group_bits = 0;
	}
	if (read && !(c->group_bits & (seen | SEEN_WRITTEN)))
		read_cell(p, what);
	p->drawing = false;
	if (read) {
		c->group_bits |= seen;
	} else if (!(c->group_bits & SEEN_WRITTEN)) {
		seen = c->group_bits;
		if (p->object[c->owner]->read_group == p->group)
			seen |= p->object[c->owner]->read_bits;
		write_add(p, what, kind == EVENT_PART || seen & SEEN_READ ? 0 :
			  seen & SEEN_DRAWN ? W_UNSEEN : W_REPLACE);
		c->group_bits |= SEEN_WRITTEN;
	}
}

/* From what the children do one after the other: what the group reads at its start, and
 * what it writes.  Events are in p->event, the last first. */
static void group_join(struct prune *p)
{
	p->nwrites = p->nreads = p->ndrawn = 0;
	p->group++;              /* for cells */
	for (uint32_t i = p->nevents; i > 0 && !p->error.code; i -= 2)
		event_join(p, p->event[i - 2], p->event[i - 1]);
}

static void events_of(struct prune *p, const struct entry *e)
{
	child_writes(p, e);
	for (uint32_t i = p->nwrites; i-- > 0;)
		if (!(p->write[i].flags & (W_ALL | W_SLOT)))
			event_add(p, p->write[i].cell, p->write[i].flags & W_REPLACE ?
				  EVENT_REPLACE : EVENT_PART);
	child_reads(p, e);
	for (uint32_t i = p->ndrawn; i-- > 0;)
		event_add(p, p->drawn[i], EVENT_DRAWN);
	for (uint32_t i = p->nreads; i-- > 0;)
		event_add(p, p->reads[i], EVENT_READ);
}

/* Entries head+1 to last are the head's children: kept or dropped with it. */
void group_meet(struct prune *p, uint32_t head, uint32_t last)
{
	const struct entry *h = &p->entry[head];
	const uint32_t *rec = entry_rec(p, h);
	struct kept k;
	uint32_t after[3];
	unsigned color;
	uint16_t slot = GL_SLOT_COUNT;

	after_fill(p, after);
	color = group_pairs(p, head, last);
	for (uint32_t i = last; i > head; i--) {
		unsigned c, drawn;

		entry_undo(p, &p->entry[i]);
		child_writes(p, &p->entry[i]);
		c = item_color(p, &slot, &drawn);
		if (c && (!color || c < color))
			color = c;
	}
	if (!color && echo_forced(p, h->flags & E_ECHO, h->list))
		color = p->object[h->list]->listed;
	if (!color || p->error.code) {
		entry_undo(p, h);
		p->step += STEPS;
		return;
	}
	for (uint32_t i = head + 1; i <= last; i++)
		entry_redo(p, &p->entry[i]);
	p->nevents = p->ninside = 0;
	for (uint32_t i = last; i > head; i--) {
		entry_undo(p, &p->entry[i]);
		events_of(p, &p->entry[i]);
	}
	entry_undo(p, h);
	group_join(p);
	kept_fill(p, h, rec, &k);
	memcpy(k.after, after, sizeof(after));
	if (!(h->flags & E_UNIT))
		k.after[2] = NONE;       /* lists hold no client state */
	k.slot = slot;
	k.role = h->flags & E_UNKNOWN ? ROLE_ALWAYS : ROLE_PLAIN;
	k.kind = h->flags & E_UNIT ? PRUNE_UNJUDGED : k.kind;
	k.aux = 0;
	if (!(h->flags & E_UNIT) && row_of(rec)->special == S_CALL_LISTS)
		read_cell(p, cell_at(p, p->ctx, GL_SLOT_list_base, 0, 0));
	current_reads(p, &k);
	item_meet(p, &k, rec);
}
