/* prune_sweep.c - going backward: which records are needed, which are gone.
 *
 * Steps count up while going backward.  A cell is needed when it was last needed at a
 * later step than it was last replaced.  Each record takes a few steps: in the order in
 * which they count, the objects that it reads as a whole are needed, what it replaces is
 * replaced, the cells that it reads are needed, and what lies beneath a sub-upload is
 * covered.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <stdlib.h>
#include <string.h>

/* What a record needs of whole objects it needs but for what it replaces itself. */
#define STEP_OBJECT (p->step + 1)
#define STEP_KILL (p->step + 2)
#define STEP_NEED (p->step + 3)
#define STEPS 5u

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

static void need_cell(struct prune *p, uint32_t cell, unsigned color)
{
	p->cell[cell].need[color - 1] = STEP_NEED;
}

static void need_object(struct prune *p, uint32_t o, unsigned color, uint32_t step)
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
static unsigned item_color(struct prune *p, uint16_t *slot, unsigned *drawn)
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

static void force(struct prune *p, uint32_t i, unsigned color)
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
		if (c->slot == P_EXIST && p->object[c->owner]->delete_sweep == p->sweep)
			force(p, p->object[c->owner]->deleter, color);
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
static uint32_t keep(struct prune *p, struct kept *k, const uint32_t *rec)
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

static void lists_load(struct prune *p, const struct kept *k)
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

static void apply(struct prune *p, unsigned color, unsigned drawn)
{
	writes_apply(p, color, drawn);
	reads_apply(p, color, drawn);
}

/* ---- pushes and pops ------------------------------------------------------------------- */

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

static bool saved_by(const struct prune *p, uint32_t cell, uint32_t mask)
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
static void pop_meet(struct prune *p, struct kept *k, const uint32_t *rec)
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
	k->kept = false;
	q->pop = keep(p, k, rec);
	if (q->kind != PAIR_ATTRIB && q->kind != PAIR_CLIENT)
		return;
	p->open_pairs = prune_grow(p, p->open_pairs, &p->open_cap, p->nopen, sizeof(uint32_t));
	if (!p->error.code)
		p->open_pairs[p->nopen++] = k->aux;
}

/* Whether kept records in between make both needed, and by which color. */
static unsigned inner_color(struct prune *p, const struct pair *q)
{
	for (unsigned k = 0; k < 2; k++) {
		bool kept = q->kind == PAIR_MATRIX ? p->cell[q->cell].writes[k] != q->writes[k]
						   : (q->inner[k] & q->mask) != 0;

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
static void saved_restore(struct prune *p, struct pair *q)
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
	apply(p, color, color);
	keep(p, k, rec);
}

static void push_meet(struct prune *p, struct kept *k, const uint32_t *rec)
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
	if (color) {
		k->kept = true;
		k->color = (uint8_t)color;
		k->slot = p->next[q->pop].slot;
		if (q->kind == PAIR_BRACKET)
			p->cell[q->cell].killed = STEP_KILL;
		force(p, q->pop, color);
		if (q->kind == PAIR_MATRIX)
			p->cell[q->cell].writes[color - 1]++;
		p->nwrites = 0;
		apply(p, color, color);
		keep(p, k, rec);
		for (unsigned i = 0; i < p->nopen; i++)
			p->pair[p->open_pairs[i]].inner[color - 1] |=
				(q->inner[0] | q->inner[1]) & q->mask;
	}
	saved_restore(p, q);
}

/* ---- deletions, swaps, lists -------------------------------------------------------------- */

/* Kept if what it unbinds is needed as it is then, or if what it deletes was made. */
static void delete_meet(struct prune *p, struct kept *k, const uint32_t *rec)
{
	unsigned drawn, color = item_color(p, &k->slot, &drawn);
	uint32_t at;

	k->kept = color != 0;
	k->color = (uint8_t)color;
	if (color)
		apply(p, color, drawn);
	at = keep(p, k, rec);
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
	keep(p, k, rec);
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
	apply(p, o->listed, o->listed);
	keep(p, k, rec);
}

/* ---- one record ------------------------------------------------------------------------------ */

/* With its lists gathered. */
static void item_meet(struct prune *p, struct kept *k, const uint32_t *rec)
{
	unsigned color, drawn;

	k->kept = false;
	k->color = 0;
	switch (k->role) {
	case ROLE_PUSH: push_meet(p, k, rec); break;
	case ROLE_POP: pop_meet(p, k, rec); break;
	case ROLE_DELETE: delete_meet(p, k, rec); break;
	case ROLE_SWAP: swap_meet(p, k, rec); break;
	case ROLE_NEW_LIST: case ROLE_LISTED: case ROLE_END_LIST: list_meet(p, k, rec); break;
	case ROLE_ALWAYS:
		k->kept = true;
		k->color = 1;
		k->slot = GL_SLOT_COUNT;
		apply(p, 1, 1);
		keep(p, k, rec);
		break;
	default:
		color = item_color(p, &k->slot, &drawn);
		if (!color)
			break;
		k->kept = true;
		k->color = (uint8_t)color;
		apply(p, color, drawn);
		keep(p, k, rec);
		break;
	}
	p->step += STEPS;
}

/* ---- kept ones again --------------------------------------------------------------------------- */

static void kept_meet(struct prune *p, const struct kept *old)
{
	struct kept k = *old;

	lists_load(p, old);
	item_meet(p, &k, p->arena.v + old->rec);
}

/* ---- new ones ------------------------------------------------------------------------------------ */

static const uint32_t *entry_rec(const struct prune *p, const struct entry *e)
{
	return e->rec ? e->rec : p->words.v + e->at;
}

/* To before e, or to after it again. */
static void entry_undo(struct prune *p, const struct entry *e)
{
	for (uint32_t i = 0; i < e->undos; i++) {
		struct undo *u = &p->undo[--p->undo_at];
		uint32_t v = *u->at;

		*u->at = u->value;
		u->value = v;
	}
}

static void entry_redo(struct prune *p, const struct entry *e)
{
	for (uint32_t i = 0; i < e->undos; i++) {
		struct undo *u = &p->undo[p->undo_at++];
		uint32_t v = *u->at;

		*u->at = u->value;
		u->value = v;
	}
}

static uint8_t role_of(const struct entry *e, unsigned special)
{
	if (e->flags & E_UNKNOWN)
		return ROLE_ALWAYS;
	switch (special) {
	case S_OPAQUE: return ROLE_ALWAYS;
	case S_PUSH_MATRIX: case S_PUSH_ATTRIB: case S_PUSH_CLIENT: case S_BEGIN_COND:
	case S_XFB_BEGIN: case S_LOCK:
		return e->aux ? ROLE_PUSH : ROLE_PLAIN;
	case S_POP_MATRIX: case S_POP_ATTRIB: case S_POP_CLIENT: case S_END_COND: case S_XFB_END:
	case S_UNLOCK:
		return e->aux ? ROLE_POP : ROLE_PLAIN;
	case S_DELETE: case S_DELETE1: case S_DELETE_LISTS: case S_CONTEXT_DESTROY:
	case S_DRAWABLE_DESTROY:
		return ROLE_DELETE;
	case S_SWAP: return ROLE_SWAP;
	case S_NEW_LIST: return ROLE_NEW_LIST;
	case S_END_LIST: return ROLE_END_LIST;
	case S_MAKE_CURRENT: return ROLE_CURRENT;
	default: return ROLE_PLAIN;
	}
}

/* Which selectors must be as they are now. */
static void select_fill(struct prune *p, const struct entry *e, const uint32_t *rec, struct kept *k)
{
	const struct op_row *row = &prune_table()[sp_opcode(*rec)];
	const uint32_t *reg = ctx_reg(p);
	bool all = e->flags & (E_UNIT | E_UNKNOWN) || row->special == S_OPAQUE;

	k->ctx = k->draw = k->read = NONE;
	k->select[0] = k->select[1] = k->select[2] = NONE;
	if (gl_ops[sp_opcode(*rec)].form == GL_FORM_WINDOW ||
	    (gl_ops[sp_opcode(*rec)].form == GL_FORM_CORE && !(e->flags & E_UNIT)) || !p->ctx)
		return;
	k->ctx = p->ctx;
	k->draw = p->draw;
	k->read = p->read;
	if (reg[R_BEGIN] && !all)
		return;                  /* no place to select anything */
	if (all || row->needs_mode)
		k->select[0] = reg[R_MATRIX_MODE];
	if (all || row->needs_unit)
		k->select[1] = reg[R_ACTIVE];
	if (all || row->needs_client_unit)
		k->select[2] = reg[R_CLIENT_ACTIVE];
	if (row->special == S_ENABLE && operand(rec, 0) != GL_COLOR_MATERIAL &&
	    prune_attrib_groups(GL_SLOT_enable, operand(rec, 0)) & GL_TEXTURE_BIT)
		k->select[1] = reg[R_ACTIVE];
}

/* The context and drawables that must be there. */
static void current_reads(struct prune *p, const struct kept *k)
{
	if (k->ctx == NONE)
		return;
	read_exist(p, k->ctx);
	read_exist(p, k->draw);
	read_exist(p, k->read);
}

/* Objects that a deleting record deletes, and the bindings that it clears. */
static void delete_writes(struct prune *p, const struct entry *e, unsigned special)
{
	if (e->aux)
		write_add(p, e->aux, W_ALL);
	if (special != S_DELETE && special != S_DELETE_LISTS)
		return;
	for (uint32_t i = 0; i < e->undos; i++) {
		const struct undo *u = &p->undo[p->undo_at + i];
		uint32_t o = *u->at;             /* the shadow is before e */

		/* names that stood for something, and bindings of it */
		if (o && o < p->nobjects && p->object[o] && u->value == 0)
			write_add(p, o, W_ALL);
	}
}

/* Bindings that the record clears, for what they held is deleted. */
static void unbound_writes(struct prune *p, const struct entry *e)
{
	for (uint32_t i = 0; i < e->undos; i++)
		write_add(p, binding_cell(p, p->undo[p->undo_at + i].at), 0);
}

static void current_writes(struct prune *p, const struct entry *e, const uint32_t *rec)
{
	uint32_t c = *name_slot(p, GL_SPACE_CONTEXT, 0, operand(rec, 0));
	uint32_t d = *name_slot(p, GL_SPACE_DRAWABLE, 0, operand(rec, 1));

	if (!(e->flags & E_FIRST) || !c || !d)
		return;
	write_add(p, cell_at(p, c, GL_SLOT_viewport, 0, 0), W_REPLACE);
	write_add(p, cell_at(p, c, GL_SLOT_scissor, 0, 0), W_REPLACE);
	read_exist(p, c);
	read_exist(p, d);
	read_exist(p, *name_slot(p, GL_SPACE_DRAWABLE, 0, operand(rec, 2)));
	read_cell(p, cell_at(p, d, P_STORAGE, 0, 0));
}

static void window_writes(struct prune *p, const struct entry *e, const uint32_t *rec,
			  unsigned special)
{
	static const uint16_t slots[] = {
		GL_SLOT_color_buffer, GL_SLOT_depth_buffer, GL_SLOT_stencil_buffer,
		GL_SLOT_accum_buffer,
	};
	uint32_t share;

	switch (special) {
	case S_CONTEXT:
		write_add(p, cell_at(p, e->aux, P_EXIST, 0, 0), W_REPLACE);
		share = operand(rec, 1) ? *name_slot(p, GL_SPACE_CONTEXT, 0, operand(rec, 1)) : 0;
		read_exist(p, share);
		break;
	case S_DRAWABLE:
		write_add(p, cell_at(p, e->aux, P_EXIST, 0, 0), W_REPLACE);
		write_add(p, cell_at(p, e->aux, P_STORAGE, 0, 0), W_REPLACE);
		for (unsigned i = 0; i < 4; i++)
			write_add(p, cell_at(p, e->aux, slots[i], 0, 0), W_REPLACE);
		break;
	case S_DRAWABLE_RESIZE:
		write_add(p, cell_at(p, e->aux, P_STORAGE, 0, 0), W_REPLACE);
		for (unsigned i = 0; i < 4; i++)     /* the same size again keeps them */
			write_add(p, cell_at(p, e->aux, slots[i], 0, 0), 0);
		read_exist(p, e->aux);
		break;
	case S_MAKE_CURRENT: current_writes(p, e, rec); break;
	default: break;
	}
}

/* The list's records: what must be there when it is compiled. */
static void listed_reads(struct prune *p, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint32_t vao = vao_bound(p);

	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].kind == GL_KIND_NAME && op->operands[i].space != GL_SPACE_LIST)
			read_exist(p, name_find(p, op->operands[i].space, rec[op->operands[i].word]));
	if (op->form == GL_FORM_UNPACK_BUF)
		read_object(p, buf_bound(p, GL_PIXEL_UNPACK_BUFFER));
	read_cell(p, cell_at(p, p->ctx, GL_SLOT_buffer_binding, GL_PIXEL_UNPACK_BUFFER, 0));
	if (prune_table()[sp_opcode(*rec)].special != S_DRAW)
		return;
	read_object(p, vao);
	for (unsigned i = 0; i < PRUNE_ARRAYS; i++)
		read_object(p, p->object[vao]->reg[i]);
	read_cell(p, cell_at(p, p->ctx, GL_SLOT_array_object, 0, 0));
}

static void writes_of(struct prune *p, const struct entry *e, const uint32_t *rec, unsigned special)
{
	p->nwrites = p->nreads = p->ndrawn = 0;
	switch (special) {
	case S_CONTEXT: case S_DRAWABLE: case S_DRAWABLE_RESIZE: case S_MAKE_CURRENT:
		window_writes(p, e, rec, special);
		break;
	case S_GEN: case S_CREATE:
		entry_redo(p, e);
		touch_made(p, rec, special);
		entry_undo(p, e);
		break;
	case S_DELETE: case S_DELETE1: case S_DELETE_LISTS: case S_CONTEXT_DESTROY:
	case S_DRAWABLE_DESTROY:
		delete_writes(p, e, special);
		if (p->ctx && special == S_DELETE)
			unbound_writes(p, e);
		break;
	case S_END_LIST:
		write_add(p, cell_at(p, e->list, P_BODY, 0, 0), W_REPLACE);
		break;
	case S_NEW_LIST: case S_SWAP:
		break;
	default:
		effects_writes(p, e, rec);
		break;
	}
	if (e->flags & E_UNSURE)
		for (uint32_t i = p->nwrites; i-- > 0;) {
			if (p->write[i].flags & W_SLOT)
				p->write[i] = p->write[--p->nwrites];
			else
				p->write[i].flags &= ~(uint32_t)W_REPLACE;
		}
}

static void reads_of(struct prune *p, const struct entry *e, const uint32_t *rec, unsigned special,
		     const struct kept *k)
{
	switch (special) {
	case S_CONTEXT: case S_DRAWABLE: case S_DRAWABLE_RESIZE: case S_MAKE_CURRENT: case S_SWAP:
	case S_DRAWABLE_DESTROY: case S_CONTEXT_DESTROY:
		break;
	case S_DELETE: case S_DELETE1: case S_DELETE_LISTS:
		for (uint32_t i = 0; i < p->nwrites; i++) {
			if (p->write[i].flags & W_ALL)
				read_exist(p, p->write[i].cell);
			else if (!(p->write[i].flags & W_SLOT))
				read_cell(p, p->write[i].cell);
		}
		current_reads(p, k);
		break;
	case S_GEN: case S_CREATE: case S_NEW_LIST: case S_END_LIST:
		current_reads(p, k);
		break;
	default:
		effects_reads(p, e, rec);
		current_reads(p, k);
		break;
	}
	if (k->role == ROLE_ALWAYS) {
		p->reads = prune_grow(p, p->reads, &p->reads_cap, p->nreads, sizeof(*p->reads));
		if (!p->error.code)
			p->reads[p->nreads++] = READ_ALL;
	}
}

static void kept_fill(struct prune *p, const struct entry *e, const uint32_t *rec, struct kept *k)
{
	const struct op_row *row = &prune_table()[sp_opcode(*rec)];

	memset(k, 0, sizeof(*k));
	k->nwords = e->flags & E_UNIT ? e->nwords : sp_words(rec);
	k->aux = e->aux;
	k->list = e->list;
	k->echo = e->flags & E_ECHO;
	k->sp = e->sp;
	k->index = e->index;
	k->slot = GL_SLOT_COUNT;
	k->kind = row->kind;
	k->after[0] = k->after[1] = k->after[2] = NONE;
	k->role = role_of(e, row->special);
	select_fill(p, e, rec, k);
}

/* Selectors as a record leaves them; it must have needed those that it leaves. */
static void after_fill(const struct prune *p, uint32_t *after)
{
	const uint32_t *reg = p->ctx ? p->object[p->ctx]->reg : NULL;

	after[0] = reg ? reg[R_MATRIX_MODE] : NONE;
	after[1] = reg ? reg[R_ACTIVE] : NONE;
	after[2] = reg ? reg[R_CLIENT_ACTIVE] : NONE;
}

static void entry_meet(struct prune *p, const struct entry *e)
{
	const uint32_t *rec = entry_rec(p, e);
	unsigned special = prune_table()[sp_opcode(*rec)].special;
	uint32_t after[3];
	struct kept k;

	after_fill(p, after);
	entry_undo(p, e);
	if (e->flags & E_VOID)
		return;
	if (e->flags & E_LISTED) {
		kept_fill(p, e, rec, &k);
		k.role = ROLE_LISTED;
		k.kind = PRUNE_LISTS;
		k.select[0] = k.select[1] = k.select[2] = NONE;
		p->nwrites = p->nreads = p->ndrawn = 0;
		if (p->object[e->list]->list_sweep == p->sweep)
			listed_reads(p, rec);
		item_meet(p, &k, rec);
		return;
	}
	writes_of(p, e, rec, special);
	k.role = role_of(e, special);
	/* the common case, before anything else is looked at */
	if (k.role == ROLE_PLAIN || k.role == ROLE_CURRENT) {
		unsigned drawn;
		uint16_t slot;

		if (!p->nwrites || !item_color(p, &slot, &drawn)) {
			p->step += STEPS;
			return;
		}
	}
	kept_fill(p, e, rec, &k);
	if (special == S_POP_ATTRIB)
		memcpy(k.after, after, sizeof(after));
	if (special == S_POP_ATTRIB || special == S_POP_CLIENT)
		k.after[2] = special == S_POP_CLIENT ? after[2] : NONE;
	if (k.role == ROLE_CURRENT) {
		k.ctx = *name_slot(p, GL_SPACE_CONTEXT, 0, operand(rec, 0));
		k.draw = *name_slot(p, GL_SPACE_DRAWABLE, 0, operand(rec, 1));
		k.read = *name_slot(p, GL_SPACE_DRAWABLE, 0, operand(rec, 2));
	}
	reads_of(p, e, rec, special, &k);
	item_meet(p, &k, rec);
}

/* ---- groups ------------------------------------------------------------------------------------------ */

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
	unsigned special = prune_table()[sp_opcode(*rec)].special;
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
	unsigned special = prune_table()[sp_opcode(*rec)].special;
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
		unsigned special = prune_table()[sp_opcode(*entry_rec(p, &p->entry[i]))].special;
		struct pair *q = &p->pair[p->entry[i].aux];

		if ((special != S_PUSH_MATRIX && special != S_PUSH_ATTRIB &&
		     special != S_PUSH_CLIENT) || !p->entry[i].aux)
			continue;
		q->group = p->group;
		if (q->sweep != p->sweep)
			continue;
		q->group = 0;
		forced = true;
		force(p, q->pop, 1);
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
static void group_meet(struct prune *p, uint32_t head, uint32_t last)
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
	if (!(h->flags & E_UNIT) && prune_table()[sp_opcode(*rec)].special == S_CALL_LISTS)
		read_cell(p, cell_at(p, p->ctx, GL_SLOT_list_base, 0, 0));
	current_reads(p, &k);
	item_meet(p, &k, rec);
}

/* ---- the state at the end ------------------------------------------------------------------------------- */

static void root_words(struct prune *p, const uint32_t *reg, unsigned from, unsigned count)
{
	for (unsigned i = from; i < from + count; i++)
		if (reg[i] && reg[i] < p->nobjects && p->object[reg[i]] &&
		    p->object[reg[i]]->need[0] != STEP_NEED)
			need_object(p, reg[i], p->object[reg[i]]->space == GL_SPACE_QUERY ? 2 : 1,
				    STEP_NEED);
}

/* What an object that is there, or still bound, keeps. */
static void root_object(struct prune *p, struct object *o)
{
	switch (o->space) {
	case GL_SPACE_CONTEXT:
		root_words(p, o->reg, R_LIST, 1);
		root_words(p, o->reg, R_PROGRAM, R_XFB + 1 - R_PROGRAM);
		root_words(p, o->reg, R_ARBPROG, 2 + PRUNE_QUERIES + PRUNE_BUF_TARGETS +
			   PRUNE_UNITS + PRUNE_RANGES);
		root_words(p, o->reg, R_TEX, o->reg[R_USED] * PRUNE_TEX_TARGETS);
		break;
	case GL_SPACE_FRAMEBUFFER: root_words(p, o->reg, B_OBJECT, PRUNE_ATTACH); break;
	case GL_SPACE_VERTEXARRAY: root_words(p, o->reg, 0, PRUNE_ARRAYS); break;
	case GL_SPACE_PROGRAM: root_words(p, o->reg, 0, PRUNE_SHADERS); break;
	default: break;
	}
}

static void root_context(struct prune *p, uint32_t ctx)
{
	const uint32_t *reg = p->object[ctx]->reg;

	if (reg[R_BEGIN])
		need_cell(p, cell_at(p, 0, GL_SLOT_primitive, ctx, 0), 1);
	if (reg[R_COND])
		need_cell(p, p->pair[reg[R_COND]].cell, 1);
	if (reg[R_XFB_ACTIVE])
		need_cell(p, p->pair[reg[R_XFB_ACTIVE]].cell, 1);
	if (reg[R_LOCK])
		need_cell(p, p->pair[reg[R_LOCK]].cell, 1);
	if (reg[R_LIST]) {
		p->object[reg[R_LIST]]->listed = 1;
		p->object[reg[R_LIST]]->list_sweep = p->sweep;
	}
}

static void roots(struct prune *p)
{
	for (uint32_t i = 0; i < p->nnames; i++) {
		uint32_t o = p->name[i / NAME_CHUNK][i % NAME_CHUNK].object;

		if (!o)
			continue;
		if (p->object[o]->space == GL_SPACE_DRAWABLE || p->object[o]->space == GL_SPACE_QUERY) {
			need_object(p, o, 2, STEP_NEED);
			need_cell(p, cell_at(p, o, P_EXIST, 0, 0), 1);
			need_cell(p, cell_at(p, o, P_STORAGE, 0, 0), 1);
		} else {
			need_object(p, o, 1, STEP_NEED);
		}
		if (p->object[o]->space == GL_SPACE_CONTEXT)
			root_context(p, o);
	}
	for (unsigned r = 0; r < SP_REGISTERS; r++)
		need_cell(p, cell_at(p, 0, P_REGISTER, r, 0), 1);
	/* a chain of objects that are only bound is short: framebuffer, texture, buffer */
	for (unsigned round = 0; round < 4; round++)
		for (uint32_t i = 1; i < p->nobjects; i++)
			if (p->object[i] && (p->object[i]->need[0] == STEP_NEED ||
					     p->object[i]->need[1] == STEP_NEED))
				root_object(p, p->object[i]);
}

/* ---- all -------------------------------------------------------------------------------------------------- */

static void steps_reset(struct prune *p)
{
	for (uint32_t i = 1; i < p->ncells; i++) {
		struct cell *c = &p->cell[i];

		c->killed = c->need[0] = c->need[1] = c->birth = 0;
	}
	for (uint32_t i = 0; i < p->nobjects; i++) {
		struct object *o = p->object[i];

		if (!o)
			continue;
		o->need[0] = o->need[1] = 0;
		o->nmarks = 0;
		if (o->heads && o->marks)
			memset(o->marks, 0, P_SLOTS * sizeof(*o->marks));
	}
	p->step = STEPS;
}

/* What swaps do to a drawable's buffers, as things are at the end. */
static void undefined_find(struct prune *p, struct object *o)
{
	o->undefined = 0;
	for (unsigned i = 0; i < 4; i++) {
		uint32_t clear = o->reg[D_CLEAR + i];
		bool near = (clear && o->reg[D_SWAPS] - (clear - 1) <= PRUNE_FEW_FRAMES) ||
			    o->reg[D_DIRTY + i] <= PRUNE_FEW_FRAMES;

		if (p->opt.back_buffer == PRUNE_UNDEFINED ||
		    (p->opt.back_buffer == PRUNE_AUTO && !near))
			o->undefined |= 1u << i;
	}
}

/* Needs of an earlier sweep are over: what this one needs comes after. */
static void sweep_begin(struct prune *p)
{
	for (uint32_t i = 1; i < p->nobjects; i++)
		if (p->object[i] && p->object[i]->space == GL_SPACE_DRAWABLE)
			undefined_find(p, p->object[i]);
	p->sweep++;
	p->ncovers = 0;
	p->nnext = 0;
	p->next_arena.n = 0;
	p->nopen = 0;
	p->undo_at = p->nundo;
	steps_reset(p);
	roots(p);
	p->step += STEPS;
}

static void order_restore(struct prune *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0, k = p->nnext; i + 1 < k; i++) {
		struct kept t = p->next[i];

		k--;
		p->next[i] = p->next[k];
		p->next[k] = t;
	}
	for (uint32_t i = 0; i < p->nnext; i++)
		if (p->next[i].kept)
			p->next[n++] = p->next[i];
	p->nnext = n;
}

static void sweep_end(struct prune *p)
{
	struct kept *kept = p->kept;
	uint32_t cap = p->kept_cap;
	struct arena arena = p->arena;

	while (p->undo_at < p->nundo) {          /* the shadow of now again */
		struct undo *u = &p->undo[p->undo_at++];
		uint32_t v = *u->at;

		*u->at = u->value;
		u->value = v;
	}
	order_restore(p);
	p->kept = p->next;
	p->kept_cap = p->next_cap;
	p->nkept = p->nnext;
	p->next = kept;
	p->next_cap = cap;
	p->arena = p->next_arena;
	p->next_arena = arena;
	p->nentries = 0;
	p->words.n = 0;
	p->nundo = 0;
	prune_collect(p);
}

int prune_sweep(struct prune *p, struct error *err)
{
	uint32_t kept = p->nkept;

	sweep_begin(p);
	for (uint32_t i = p->nentries; i > 0 && !p->error.code; i--) {
		const struct entry *e = &p->entry[i - 1];

		if (e->flags & E_CHILD) {
			uint32_t head = i - 1;

			while (!(p->entry[head].flags & E_HEAD))
				head--;
			group_meet(p, head, i - 1);
			i = head + 1;
			continue;
		}
		entry_meet(p, e);
	}
	p->stats.sweeps++;
	p->stats.swept += p->nentries + kept;
	for (uint32_t i = kept; i > 0 && !p->error.code; i--)
		kept_meet(p, &p->kept[i - 1]);
	if (p->error.code) {
		if (err)
			*err = p->error;
		return p->error.code;
	}
	sweep_end(p);
	return p->error.code;
}
