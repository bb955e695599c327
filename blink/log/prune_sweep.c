/* prune_sweep.c - going backward: which records are needed, which are gone.
 *
 * Steps count up while going backward.  A cell is needed when it was last needed at a
 * later step than it was last replaced.  Each record takes a few steps: in the order in
 * which they count, the objects that it reads as a whole are needed, what it replaces is
 * replaced, the cells that it reads are needed, and what lies beneath a sub-upload is
 * covered.
 */
#include "blink/log/prune_impl.h"

#include <string.h>

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
	scopes_find(p);
	for (uint32_t i = 0; i < p->nnames; i++) {
		const struct name *n = name_at(p, i);
		uint32_t o = n->object;

		if (!name_live(p, n))
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
	p->saved = 0;
	prune_collect(p);
}

static void kept_meet(struct prune *p, const struct kept *old)
{
	struct kept k = *old;

	lists_load(p, old);
	item_meet(p, &k, p->arena.v + old->rec);
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
