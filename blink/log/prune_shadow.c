/* prune_shadow.c - going forward: what a record does to the state that selects other
 * state.  Every change is noted, so that it can be taken back.  Saved state is in
 * prune_stack.c, bindings and names are in prune_bind.c and prune_names.c.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <stdlib.h>
#include <string.h>

void shadow_set(struct prune *p, uint32_t *at, uint32_t value)
{
	if (*at == value)
		return;
	if (p->nundo == p->undo_cap) {
		size_t cap = p->undo_cap ? p->undo_cap * 2 : 4096;
		struct undo *v = realloc(p->undo, cap * sizeof(*v));

		if (!v) {
			error_set(&p->error, -12, "prune: out of memory");
			return;
		}
		p->undo = v;
		p->undo_cap = cap;
	}
	p->undo[p->nundo++] = (struct undo){ at, *at };
	*at = value;
}

/* ---- contexts and drawables ----------------------------------------------- */

static uint32_t context_new(struct prune *p, const uint32_t *rec)
{
	uint32_t share = operand(rec, 1), group, c, other;
	struct object *o;

	other = share ? *name_slot(p, GL_SPACE_CONTEXT, 0, share) : 0;
	group = other ? p->object[other]->group : object_make(p, GL_SPACE_NONE, 0, 0, 0);
	c = object_make(p, GL_SPACE_CONTEXT, operand(rec, 0), group, R_COUNT);
	if (!c)
		return 0;
	o = p->object[c];
	o->heads = calloc(P_SLOTS, sizeof(*o->heads));
	if (!o->heads) {
		error_set(&p->error, -12, "prune: out of memory");
		return 0;
	}
	o->reg[R_MATRIX_MODE] = GL_MODELVIEW;
	o->reg[R_ACTIVE] = o->reg[R_CLIENT_ACTIVE] = GL_TEXTURE0;
	return c;
}

static void window_step(struct prune *p, struct entry *e, const uint32_t *rec, unsigned special)
{
	unsigned space = special == S_CONTEXT || special == S_CONTEXT_DESTROY
			 ? GL_SPACE_CONTEXT : GL_SPACE_DRAWABLE;
	uint32_t *slot = name_slot(p, space, 0, operand(rec, 0));
	uint32_t o = *slot;

	switch (special) {
	case S_CONTEXT:
		o = context_new(p, rec);
		shadow_set(p, slot, o);
		break;
	case S_DRAWABLE:
		o = object_make(p, space, operand(rec, 0), 0, D_COUNT);
		shadow_set(p, slot, o);
		break;
	case S_CONTEXT_DESTROY:
		shadow_set(p, slot, 0);
		if (p->ctx == o) {
			shadow_set(p, &p->ctx, 0);
			shadow_set(p, &p->draw, 0);
			shadow_set(p, &p->read, 0);
		}
		break;
	case S_DRAWABLE_DESTROY:
		shadow_set(p, slot, 0);
		break;
	default:
		break;
	}
	e->aux = o;
	if (!o && !p->error.code)
		e->flags |= E_VOID;
}

static void make_current(struct prune *p, struct entry *e, const uint32_t *rec)
{
	uint32_t c = *name_slot(p, GL_SPACE_CONTEXT, 0, operand(rec, 0));
	uint32_t d = *name_slot(p, GL_SPACE_DRAWABLE, 0, operand(rec, 1));
	uint32_t r = *name_slot(p, GL_SPACE_DRAWABLE, 0, operand(rec, 2));

	if (!operand(rec, 0))
		c = d = r = 0;
	else if (!c) {
		e->flags |= E_VOID;
		return;
	}
	shadow_set(p, &p->ctx, c);
	shadow_set(p, &p->draw, d);
	shadow_set(p, &p->read, r);
	if (c && d && !p->object[c]->reg[p->object[c]->nreg - 1]) {
		shadow_set(p, &p->object[c]->reg[p->object[c]->nreg - 1], 1);
		e->flags |= E_FIRST;
	}
}

/* ---- switches --------------------------------------------------------------- */

static void flag_set(struct prune *p, uint32_t *reg, uint32_t flag, bool on)
{
	shadow_set(p, &reg[R_FLAGS], on ? reg[R_FLAGS] | flag : reg[R_FLAGS] & ~flag);
}

static void enable_step(struct prune *p, uint32_t *reg, const uint32_t *rec)
{
	bool on = row_of(rec)->enables;

	switch (operand(rec, 0)) {
	case GL_DEPTH_TEST: flag_set(p, reg, F_DEPTH_TEST, on); break;
	case GL_STENCIL_TEST: flag_set(p, reg, F_STENCIL_TEST, on); break;
	case GL_SCISSOR_TEST: flag_set(p, reg, F_SCISSOR, on); break;
	case GL_RASTERIZER_DISCARD: flag_set(p, reg, F_DISCARD, on); break;
	case GL_COLOR_MATERIAL: flag_set(p, reg, F_COLOR_MATERIAL, on); break;
	default: break;
	}
}

/* Masks may stand in registers: then who knows. */
static void mask_step(struct prune *p, uint32_t *reg, const uint32_t *rec, unsigned special)
{
	unsigned n = gl_ops[sp_opcode(*rec)].noperands;
	bool known = sp_mask(*rec) == 0, all = known;

	for (unsigned i = 0; i < n; i++) {
		if (special == S_STENCIL_MASK)
			all = all && (i + 1 < n || (operand(rec, i) & 0xff) == 0xff);
		else
			all = all && operand(rec, i);
	}
	/* one of several: none is known to be full again */
	if (special == S_COLOR_MASK)
		flag_set(p, reg, F_COLOR_PART, !(all && n == 4));
	else if (special == S_STENCIL_MASK)
		flag_set(p, reg, F_STENCIL_PART, !(all && n == 1));
	else
		flag_set(p, reg, F_DEPTH_OFF, known && !operand(rec, 0));
}

static void buffers_step(struct prune *p, uint32_t *reg, const uint32_t *rec)
{
	struct object *fbo = reg[R_DRAW_FBO] ? p->object[reg[R_DRAW_FBO]] : NULL;
	uint32_t mask = 0, n = 1, words[8] = { operand(rec, 0) };
	struct sp_payload data;

	if (gl_ops[sp_opcode(*rec)].noperands > 1) {
		const struct gl_operand *o = &gl_ops[sp_opcode(*rec)].operands[1];

		n = operand(rec, 0) < 8 ? operand(rec, 0) : 8;
		if (!rec[o->word] || p->opt.payload(p->opt.user, rec[o->word], &data, NULL) < 0 ||
		    !range_ok(rec[o->word + 1], n * 4, data.size))
			n = 0;
		else
			memcpy(words, data.data + rec[o->word + 1], n * 4);
	}
	if (!fbo) {
		flag_set(p, reg, F_DRAW_BUFFER, n != 1 || (words[0] != GL_BACK &&
							   words[0] != GL_BACK_LEFT));
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		if (words[i] >= GL_COLOR_ATTACHMENT0 && words[i] < GL_COLOR_ATTACHMENT0 + 8)
			mask |= 1u << (words[i] - GL_COLOR_ATTACHMENT0);
	shadow_set(p, &fbo->reg[B_DRAWN], mask | 0x100);
}

/* ---- clears ------------------------------------------------------------------- */

/* When the default framebuffer's buffers were last replaced as a whole: that decides what
 * swaps are taken to leave. */
static void clear_step(struct prune *p, const uint32_t *reg, const uint32_t *rec)
{
	static const struct { uint32_t bit, part; } buffers[4] = {
		{ GL_COLOR_BUFFER_BIT, F_COLOR_PART | F_DRAW_BUFFER },
		{ GL_DEPTH_BUFFER_BIT, F_DEPTH_OFF }, { GL_STENCIL_BUFFER_BIT, F_STENCIL_PART },
		{ GL_ACCUM_BUFFER_BIT, F_COLOR_PART },
	};
	uint32_t *d = p->draw ? p->object[p->draw]->reg : NULL;

	if (!d || reg[R_DRAW_FBO] || reg[R_COND] || reg[R_FLAGS] & (F_SCISSOR | F_DISCARD) ||
	    sp_mask(*rec))
		return;
	for (unsigned i = 0; i < 4; i++) {
		if (!(operand(rec, 0) & buffers[i].bit) || reg[R_FLAGS] & buffers[i].part)
			continue;
		shadow_set(p, &d[D_CLEAR + i], d[D_SWAPS] + 1);
		shadow_set(p, &d[D_DIRTY + i], 0);
		p->object[p->draw]->dirty &= ~(1u << i);
	}
}

static void swap_step(struct prune *p, struct object *o)
{
	shadow_set(p, &o->reg[D_SWAPS], o->reg[D_SWAPS] + 1);
	for (unsigned i = 0; i < 4; i++)
		if (o->dirty >> i & 1)
			shadow_set(p, &o->reg[D_DIRTY + i], o->reg[D_DIRTY + i] + 1);
	o->dirty = 0;
}

/* ---- lists ---------------------------------------------------------------------- */

static void list_new(struct prune *p, struct entry *e, uint32_t *reg, const uint32_t *rec)
{
	struct object *o;
	uint32_t list;

	if (reg[R_LIST_MODE] || reg[R_BEGIN] || !operand(rec, 0)) {
		e->flags |= E_VOID;
		return;
	}
	list = object_make(p, GL_SPACE_LIST, operand(rec, 0), p->object[p->ctx]->group, 0);
	if (!list)
		return;
	o = p->object[list];
	o->list = calloc(1, sizeof(*o->list));
	if (!o->list) {
		error_set(&p->error, -12, "prune: out of memory");
		return;
	}
	buf_init(&o->list->words);
	buf_init(&o->list->made);
	o->list->executed = operand(rec, 1) == GL_COMPILE_AND_EXECUTE;
	e->aux = list;
	shadow_set(p, &reg[R_LIST], list);
	shadow_set(p, &reg[R_LIST_MODE], operand(rec, 1));
}

static void list_end(struct prune *p, struct entry *e, uint32_t *reg)
{
	uint32_t *slot;

	if (!reg[R_LIST_MODE]) {
		e->flags |= E_VOID;
		return;
	}
	e->aux = reg[R_LIST];
	slot = name_slot(p, GL_SPACE_LIST, name_scope(p, GL_SPACE_LIST), p->object[e->aux]->name);
	p->object[e->aux]->previous = *slot;
	shadow_set(p, slot, e->aux);
	shadow_set(p, &reg[R_LIST], 0);
	shadow_set(p, &reg[R_LIST_MODE], 0);
}

static void lists_delete(struct prune *p, const uint32_t *rec)
{
	uint32_t first = operand(rec, 0), count = operand(rec, 1);
	uint32_t scope = name_scope(p, GL_SPACE_LIST);

	if (count > p->nnames) {          /* more than there can be: look at those there are */
		for (uint32_t i = 0; i < p->nnames; i++) {
			struct name *n = name_at(p, i);

			if (n->space == GL_SPACE_LIST && n->scope == scope && n->name >= first &&
			    n->name - first < count)
				shadow_set(p, &n->object, 0);
		}
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		shadow_set(p, name_slot(p, GL_SPACE_LIST, scope, first + i), 0);
}

/* ---- all -------------------------------------------------------------------------- */

static void context_step(struct prune *p, struct entry *e, const uint32_t *rec, unsigned special)
{
	uint32_t *reg = ctx_reg(p);

	switch (special) {
	case S_MATRIX_MODE:
		if (operand(rec, 0) == GL_MODELVIEW || operand(rec, 0) == GL_PROJECTION ||
		    operand(rec, 0) == GL_TEXTURE || operand(rec, 0) == GL_COLOR)
			shadow_set(p, &reg[R_MATRIX_MODE], operand(rec, 0));
		break;
	case S_ACTIVE_TEXTURE:
		if (operand(rec, 0) - GL_TEXTURE0 >= PRUNE_UNITS)
			break;
		shadow_set(p, &reg[R_ACTIVE], operand(rec, 0));
		break;
	case S_CLIENT_ACTIVE:
		if (operand(rec, 0) - GL_TEXTURE0 < PRUNE_UNITS)
			shadow_set(p, &reg[R_CLIENT_ACTIVE], operand(rec, 0));
		break;
	case S_MATRIX: matrix_step(p, rec); break;
	case S_PUSH_MATRIX: matrix_push(p, e, reg); break;
	case S_POP_MATRIX: matrix_pop(p, e, reg); break;
	case S_PUSH_ATTRIB: attrib_push(p, e, reg, rec, false); break;
	case S_POP_ATTRIB: attrib_pop(p, e, reg, false); break;
	case S_PUSH_CLIENT: attrib_push(p, e, reg, rec, true); break;
	case S_POP_CLIENT: attrib_pop(p, e, reg, true); break;
	case S_ENABLE: enable_step(p, reg, rec); break;
	case S_COLOR_MASK: case S_DEPTH_MASK: case S_STENCIL_MASK:
		mask_step(p, reg, rec, special);
		break;
	case S_COLOR_MATERIAL:
		shadow_set(p, &reg[R_COLOR_MATERIAL], operand(rec, 0) << 16 | operand(rec, 1));
		break;
	case S_BEGIN:
		if (reg[R_BEGIN] || operand(rec, 0) > GL_TRIANGLE_STRIP_ADJACENCY)
			e->flags |= E_VOID;
		else
			shadow_set(p, &reg[R_BEGIN], 1);
		break;
	case S_END_PRIMITIVE:
		if (!reg[R_BEGIN])
			e->flags |= E_VOID;
		shadow_set(p, &reg[R_BEGIN], 0);
		break;
	case S_CLEAR: clear_step(p, reg, rec); break;
	case S_DRAW_BUFFERS: buffers_step(p, reg, rec); break;
	case S_NEW_LIST: list_new(p, e, reg, rec); break;
	case S_END_LIST: list_end(p, e, reg); break;
	case S_DELETE_LISTS: lists_delete(p, rec); break;
	case S_LIST_BASE: shadow_set(p, &reg[R_LIST_BASE], operand(rec, 0)); break;
	default: shadow_bind(p, e, rec, special); break;
	}
}

void shadow_step(struct prune *p, struct entry *e, const uint32_t *rec)
{
	unsigned special = row_of(rec)->special;

	switch (special) {
	case S_CONTEXT: case S_CONTEXT_DESTROY:
	case S_DRAWABLE: case S_DRAWABLE_RESIZE: case S_DRAWABLE_DESTROY:
		window_step(p, e, rec, special);
		break;
	case S_MAKE_CURRENT:
		make_current(p, e, rec);
		break;
	case S_SWAP:
		e->aux = *name_slot(p, GL_SPACE_DRAWABLE, 0, operand(rec, 0));
		if (e->aux)
			swap_step(p, p->object[e->aux]);
		break;
	default:
		if (p->ctx)
			context_step(p, e, rec, special);
		break;
	}
}
