/* prune_item.c - going backward: whether a record stays, once what it writes and reads is
 * gathered.  Most stay if they write what is needed; deletions, swaps and records of
 * display lists have rules of their own.
 */
#include "blink/log/prune_impl.h"

/* ---- deletions, swaps, lists -------------------------------------------------------------- */

/* Kept if what it unbinds is needed as it is then, or if what it deletes was made. */
static void delete_meet(struct prune *p, struct kept *k, const uint32_t *rec)
{
	unsigned drawn, color = item_color(p, &k->slot, &drawn);
	uint32_t at;

	k->kept = color != 0;
	k->color = (uint8_t)color;
	if (color)
		item_apply(p, color, drawn);
	at = item_keep(p, k, rec);
	for (uint32_t i = 0; i < p->nwrites; i++) {
		uint32_t o = p->write[i].flags & W_ALL ? p->write[i].cell : 0;

		for (; o && p->object[o]; o = p->object[o]->previous) {
			p->object[o]->deleter = at;
			p->object[o]->delete_sweep = p->sweep;
		}
	}
}

/* The swap before the last: what the drawable held then is undefined, unless a clear of
 * all of it is near.  The last two stay as marks. */
static void swap_meet(struct prune *p, struct kept *k, const uint32_t *rec)
{
	static const uint16_t slots[4] = {
		GL_SLOT_color_buffer, GL_SLOT_depth_buffer, GL_SLOT_stencil_buffer,
		GL_SLOT_accum_buffer,
	};
	struct object *o = p->object[k->aux];

	if (o->seen_sweep != p->sweep)
		o->seen = 0;
	o->seen_sweep = p->sweep;
	if (++o->seen > 2)
		return;
	for (unsigned i = 0; o->seen == 2 && i < 4; i++) {
		uint32_t cell = cell_at(p, k->aux, slots[i], 0, 0);

		if (o->undefined >> i & 1)
			p->cell[cell].killed = STEP_KILL;
	}
	p->nwrites = p->nreads = p->ndrawn = 0;
	k->kept = true;
	item_keep(p, k, rec);
}

static void list_meet(struct prune *p, struct kept *k, const uint32_t *rec)
{
	struct object *o = p->object[k->list];
	unsigned color, drawn;

	if (k->role == ROLE_END_LIST) {
		color = item_color(p, &k->slot, &drawn);
		if (!color)
			return;
		o->listed = color;
		o->list_sweep = p->sweep;
	}
	if (o->list_sweep != p->sweep)
		return;
	k->kept = true;
	k->color = (uint8_t)o->listed;
	item_apply(p, o->listed, o->listed);
	item_keep(p, k, rec);
}

/* A query that is begun is ended, even if nobody asks for what it counted. */
static void query_meet(struct prune *p, struct kept *k, const uint32_t *rec)
{
	struct object *o = p->object[k->aux];
	unsigned drawn, color = item_color(p, &k->slot, &drawn);

	k->kept = color != 0;
	k->color = (uint8_t)color;
	if (color)
		item_apply(p, color, drawn);
	if (k->role == ROLE_END_QUERY) {
		o->ender = item_keep(p, k, rec);
		o->end_sweep = p->sweep;
		return;
	}
	if (color) {
		item_keep(p, k, rec);
		if (o->end_sweep == p->sweep)
			kept_force(p, o->ender, color);
	}
	o->end_sweep = 0;
}

/* ---- lists that are executed while they are compiled ------------------------------------------- */

/* Whether the record happens whatever is needed of it: it went into a list as well, which
 * is kept, and is executed when that is compiled. */
bool echo_forced(const struct prune *p, bool echo, uint32_t list)
{
	return echo && p->object[list]->list_sweep == p->sweep;
}

/* The default: kept if it writes what is needed. */
static void plain_meet(struct prune *p, struct kept *k, const uint32_t *rec)
{
	unsigned drawn, color = item_color(p, &k->slot, &drawn);

	if (!color && echo_forced(p, k->echo, k->list))
		color = p->object[k->list]->listed;
	if (!color)
		return;
	k->kept = true;
	k->color = (uint8_t)color;
	item_apply(p, color, drawn);
	item_keep(p, k, rec);
}

/* ---- one record ------------------------------------------------------------------------------ */

/* With its lists gathered. */
void item_meet(struct prune *p, struct kept *k, const uint32_t *rec)
{
	k->kept = false;
	k->color = 0;
	switch (k->role) {
	case ROLE_PUSH: push_meet(p, k, rec); break;
	case ROLE_POP: pop_meet(p, k, rec); break;
	case ROLE_DELETE: delete_meet(p, k, rec); break;
	case ROLE_SWAP: swap_meet(p, k, rec); break;
	case ROLE_QUERY: case ROLE_END_QUERY: query_meet(p, k, rec); break;
	case ROLE_NEW_LIST: case ROLE_LISTED: case ROLE_END_LIST: list_meet(p, k, rec); break;
	case ROLE_ALWAYS:
		k->kept = true;
		k->color = 1;
		k->slot = GL_SLOT_COUNT;
		item_apply(p, 1, 1);
		item_keep(p, k, rec);
		break;
	default: plain_meet(p, k, rec); break;
	}
	p->step += STEPS;
}
