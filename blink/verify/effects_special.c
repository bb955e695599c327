/* effects_special.c - ops that are more than the slots they touch: selectors, saved
 * state, clears, conditional records, contexts. */
#include "blink/verify/effects_walk.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

#define CLIENT_NONE 0u

/* Word of operand i; false when a register stands there. */
static bool operand(const uint32_t *rec, unsigned i, uint32_t *value)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	if (i >= op->noperands || sp_mask(*rec) >> i & 1)
		return false;
	*value = rec[op->operands[i].word];
	return true;
}

static void effects_of(struct effects_walk *w, const uint32_t *rec, const uint64_t *without)
{
	fx_class_apply(w, w->t->op[sp_opcode(*rec)].class, rec, without);
}

/* ---- knowledge ----------------------------------------------------------- */

static const struct { const char *slot; uint32_t value; } selector_initial[] = {
	{ "active_texture", GL_TEXTURE0 }, { "client_active_texture", GL_TEXTURE0 },
	{ "matrix_mode", GL_MODELVIEW }, { "matrix_unit", 0 },
};

/* initial: the state of a new context; otherwise nothing is known. */
void fx_known_reset(struct effects_walk *w, bool initial)
{
	memset(&w->known, 0, sizeof(w->known));      /* FX_ENTRY is 0 */
	if (initial) {
		memset(w->known.sure, 1, sizeof(w->known.sure));
		memset(w->known.initial, 1, sizeof(w->known.initial));
		for (size_t i = 0; i < sizeof(selector_initial) / sizeof(*selector_initial); i++) {
			unsigned s = fx_slot_find(selector_initial[i].slot);

			if (s < GL_SLOT_COUNT)
				w->known.selector[s] = (struct fx_selector){
					FX_KNOWN, selector_initial[i].value };
		}
	}
	fx_idle_update(w);
}

/* Any of it may have changed in the middle of the SP. */
void fx_known_lose(struct effects_walk *w)
{
	memset(&w->known, 0, sizeof(w->known));
	for (unsigned s = 0; s < GL_SLOT_COUNT; s++)
		w->known.selector[s].state = FX_LOST;
	fx_idle_update(w);
}

/* matrix_unit follows from the matrix mode and the active texture unit. */
static void matrix_unit_update(struct effects_walk *w)
{
	static unsigned mode = GL_SLOT_matrix_mode, unit = GL_SLOT_matrix_unit;
	const struct fx_selector *m = &w->known.selector[mode];

	if (m->state != FX_KNOWN)
		w->known.selector[unit] = (struct fx_selector){ m->state, 0 };
	else if (m->value == GL_TEXTURE)
		w->known.selector[unit] = w->known.selector[GL_SLOT_active_texture];
	else
		w->known.selector[unit] = (struct fx_selector){ FX_KNOWN, 0 };
}

static void selector_set(struct effects_walk *w, const uint32_t *rec)
{
	struct fx_selector *s = &w->known.selector[w->t->op[sp_opcode(*rec)].slot];
	uint32_t value;

	if (fx_certain(w) && operand(rec, 0, &value))
		*s = (struct fx_selector){ FX_KNOWN, value };
	else
		s->state = FX_LOST;
	matrix_unit_update(w);
}

static void switch_set(struct effects_walk *w, unsigned which, bool sure)
{
	if (w->known.sure[which] == sure)
		return;
	w->known.sure[which] = sure;
	if (which == FX_DEPTH_TEST || which == FX_STENCIL_TEST)
		fx_idle_update(w);
}

static void enable_set(struct effects_walk *w, const uint32_t *rec, bool on)
{
	uint32_t cap;
	bool off = !on && fx_certain(w);

	if (!operand(rec, 0, &cap)) {
		for (unsigned i = FX_SCISSOR; i <= FX_STENCIL_TEST; i++)
			switch_set(w, i, false);
		return;
	}
	if (cap == GL_SCISSOR_TEST)
		switch_set(w, FX_SCISSOR, off);
	else if (cap == GL_DEPTH_TEST)
		switch_set(w, FX_DEPTH_TEST, off);
	else if (cap == GL_STENCIL_TEST)
		switch_set(w, FX_STENCIL_TEST, off);
}

static void mask_set(struct effects_walk *w, const uint32_t *rec, unsigned which, uint32_t full)
{
	bool all = fx_certain(w);
	uint32_t v;

	for (unsigned i = 0; i < gl_ops[sp_opcode(*rec)].noperands; i++)
		all = all && operand(rec, i, &v) &&
		      (full == GL_TRUE ? v == GL_TRUE : (v & full) == full);
	switch_set(w, which, all);
}

static void initial_set(struct effects_walk *w, unsigned slot, bool initial)
{
	initial = initial && fx_certain(w);
	if (w->known.initial[slot] == initial)
		return;
	w->known.initial[slot] = initial;
	fx_idle_update(w);
}

/* Begin and End come often: only what depends on them is put in and out. */
static void begin_set(struct effects_walk *w, bool outside)
{
	const uint64_t *slots = w->t->when_slots[GL_SLOT_begin_mode];
	const uint64_t *cells = w->t->when_cells[GL_SLOT_begin_mode];

	outside = outside && fx_certain(w);
	if (w->known.initial[GL_SLOT_begin_mode] == outside)
		return;
	w->known.initial[GL_SLOT_begin_mode] = outside;
	for (unsigned i = 0; i < FX_SLOT_WORDS; i++)
		w->idle_slots[i] = outside ? w->idle_slots[i] | slots[i]
					   : w->idle_slots[i] & ~slots[i];
	for (unsigned i = 0; i < FX_CELL_WORDS; i++)
		w->idle[i] = outside ? w->idle[i] | cells[i] : w->idle[i] & ~cells[i];
	w->epoch += !outside;
}

static void framebuffer_bound(struct effects_walk *w, const uint32_t *rec)
{
	uint32_t target = 0, name = 0;
	bool told = operand(rec, 0, &target) && operand(rec, 1, &name);

	if (!told || target != GL_READ_FRAMEBUFFER)
		initial_set(w, GL_SLOT_framebuffer_binding, told && name == 0);
}

/* From outside Begin and End to outside again: the mode ends as it began. */
static void begin(struct effects_walk *w, const uint32_t *rec)
{
	const uint32_t none[2] = { 0, 0 };
	uint32_t cell = fx_cell_find(w, GL_SLOT_begin_mode, none, false);

	w->begin_saved = w->known.initial[GL_SLOT_begin_mode] && fx_certain(w) &&
			 cell != UINT32_MAX;
	if (w->begin_saved) {
		w->begin_flags = fx_cell_flags(w, cell);
		fx_cell_set(w, cell, w->begin_flags | FX_KILLED);
	}
	begin_set(w, false);
	effects_of(w, rec, NULL);
}

static void end(struct effects_walk *w, const uint32_t *rec)
{
	const uint32_t none[2] = { 0, 0 };

	effects_of(w, rec, NULL);
	if (w->begin_saved && fx_certain(w)) {
		fx_cell_set(w, fx_cell_find(w, GL_SLOT_begin_mode, none, false), w->begin_flags);
		w->epoch++;
	}
	w->begin_saved = false;
	begin_set(w, true);
}

/* ---- clears -------------------------------------------------------------- */

/* A full clear replaces a buffer; a buffer outside the mask is left alone. */
static void clear(struct effects_walk *w, const uint32_t *rec)
{
	static const struct { uint32_t bit; uint16_t slot; uint8_t mask; } buffers[] = {
		{ GL_COLOR_BUFFER_BIT, GL_SLOT_color_buffer, FX_COLOR_MASK },
		{ GL_DEPTH_BUFFER_BIT, GL_SLOT_depth_buffer, FX_DEPTH_MASK },
		{ GL_STENCIL_BUFFER_BIT, GL_SLOT_stencil_buffer, FX_STENCIL_MASK },
		{ GL_ACCUM_BUFFER_BIT, GL_SLOT_accum_buffer, FX_COLOR_MASK },
	};
	const uint32_t none[2] = { 0, 0 };
	uint64_t without[FX_CELL_WORDS] = { 0 };
	uint32_t bits = 0;
	bool told = operand(rec, 0, &bits);

	for (unsigned i = 0; told && i < 4; i++) {
		uint32_t cell = fx_cell_find(w, buffers[i].slot, none, false);

		if (cell >= FX_CELLS)
			continue;
		if (!(bits & buffers[i].bit))
			without[cell / 64] |= UINT64_C(1) << cell % 64;
		else if (w->known.sure[FX_SCISSOR] && w->known.sure[buffers[i].mask] &&
			 fx_certain(w))
			fx_cell_set(w, cell, fx_cell_flags(w, cell) | FX_KILLED | FX_WRITTEN);
	}
	effects_of(w, rec, without);
}

/* ---- saved state --------------------------------------------------------- */

/* The cells of the current matrix: its top, and what lies below. */
static uint32_t matrix_cell(struct effects_walk *w, const uint32_t *rec, unsigned slot)
{
	const struct fx_class *c = &w->t->class[w->t->op[sp_opcode(*rec)].class];

	for (unsigned i = 0; i < c->ndynamic; i++)
		if (c->dynamic[i].write && c->dynamic[i].slot == GL_SLOT_matrix_stack) {
			struct fx_effect e = c->dynamic[i];

			e.slot = (uint16_t)slot;
			return fx_effect_cell(w, &e, rec);
		}
	return UINT32_MAX;
}

static void matrix_mode_read(struct effects_walk *w)
{
	const uint32_t none[2] = { 0, 0 };
	uint32_t cell = fx_cell_find(w, GL_SLOT_matrix_mode, none, false);

	if (cell != UINT32_MAX)
		fx_cell_read(w, cell);
}

static void matrix_push(struct effects_walk *w, const uint32_t *rec)
{
	uint32_t top = matrix_cell(w, rec, GL_SLOT_matrix);
	uint32_t below = matrix_cell(w, rec, GL_SLOT_matrix_stack);

	matrix_mode_read(w);
	if (top == UINT32_MAX || below == UINT32_MAX || !fx_certain(w) ||
	    w->nmatrix == FX_STACK) {
		w->opaque |= w->nmatrix != 0;
		effects_of(w, rec, NULL);
		return;
	}
	w->matrix[w->nmatrix++] = (struct fx_saved_matrix){ top, below, fx_cell_flags(w, top) };
}

/* The top is again what it was at the push that this pop undoes. */
static void matrix_pop(struct effects_walk *w, const uint32_t *rec)
{
	uint32_t top = matrix_cell(w, rec, GL_SLOT_matrix);
	struct fx_saved_matrix *s;
	unsigned i = w->nmatrix;

	matrix_mode_read(w);
	while (i > 0 && w->matrix[i - 1].top != top)
		i--;
	if (!i || top == UINT32_MAX || !fx_certain(w)) {
		w->opaque |= w->nmatrix != 0 && (top == UINT32_MAX || !fx_certain(w));
		effects_of(w, rec, NULL);
		return;
	}
	s = &w->matrix[i - 1];
	fx_cell_set(w, top, s->flags | (fx_cell_flags(w, top) & FX_READ));
	memmove(s, s + 1, (w->nmatrix - i) * sizeof(*s));
	w->nmatrix--;
	w->epoch++;
}

static bool is_client(unsigned opcode)
{
	return strstr(gl_ops[opcode].name, "ClientAttrib") != NULL;
}

static void attrib_push(struct effects_walk *w, const uint32_t *rec)
{
	struct fx_saved_attrib *s;

	if (!fx_certain(w) || w->nattrib == FX_STACK) {
		w->opaque = true;
		return;
	}
	s = &w->attrib[w->nattrib++];
	memcpy(s->killed, w->killed, sizeof(s->killed));
	s->known = w->known;
	s->client = is_client(sp_opcode(*rec));
}

static void known_meet(struct fx_known *a, const struct fx_known *b)
{
	for (unsigned s = 0; s < GL_SLOT_COUNT; s++) {
		if (a->selector[s].state != b->selector[s].state ||
		    a->selector[s].value != b->selector[s].value)
			a->selector[s].state = FX_LOST;
		a->initial[s] &= b->initial[s];
	}
	for (unsigned i = 0; i < FX_SWITCHES; i++)
		a->sure[i] &= b->sure[i];
}

/* Every slot has either its value of now or that of the push: what either may have
 * changed is written, what only both replaced is replaced. */
static void attrib_pop(struct effects_walk *w, const uint32_t *rec)
{
	const struct fx_class *c = &w->t->class[w->t->op[sp_opcode(*rec)].class];
	uint64_t killed[FX_CELL_WORDS];
	unsigned i = w->nattrib;

	while (i > 0 && w->attrib[i - 1].client != is_client(sp_opcode(*rec)))
		i--;
	if (!i || !fx_certain(w)) {
		w->opaque |= i != 0;
		effects_of(w, rec, NULL);
		fx_known_lose(w);
		return;
	}
	memcpy(killed, w->killed, sizeof(killed));
	fx_forget_kills(w);
	for (unsigned k = 0; k < FX_CELL_WORDS; k++)
		w->killed[k] = killed[k] & w->attrib[i - 1].killed[k];
	known_meet(&w->known, &w->attrib[i - 1].known);
	memmove(&w->attrib[i - 1], &w->attrib[i], (w->nattrib - i) * sizeof(w->attrib[0]));
	w->nattrib--;
	fx_rebind(w, c->rebinds);
	fx_idle_update(w);
}

/* ---- control and windows ------------------------------------------------- */

static void jump(struct effects_walk *w, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint64_t target = w->position + op->words + rec[op->operands[op->noperands - 1].word];

	if (target > w->join)
		w->join = target;
	w->epoch++;
}

static void make_current(struct effects_walk *w, const uint32_t *rec)
{
	uint64_t all[FX_SLOT_WORDS];
	uint32_t ctx = rec[gl_ops[sp_opcode(*rec)].operands[0].word];

	if (ctx == w->context && fx_certain(w))
		return;
	memset(all, 0xff, sizeof(all));
	fx_rebind(w, all);
	w->opaque |= !fx_certain(w);
	w->context = fx_certain(w) ? ctx : CLIENT_NONE;
	if (ctx && ctx == w->fresh)
		fx_known_reset(w, true);
	else
		fx_known_lose(w);
	w->fresh = 0;
}

/* What a swap leaves in the buffer is not defined. */
static void swap(struct effects_walk *w)
{
	const uint32_t none[2] = { 0, 0 };
	uint32_t cell = fx_cell_find(w, GL_SLOT_color_buffer, none, false);

	if (cell == UINT32_MAX)
		return;
	fx_cell_set(w, cell, (uint8_t)((fx_cell_flags(w, cell) | FX_WRITTEN) & ~FX_KILLED));
	w->epoch++;
}

void fx_special(struct effects_walk *w, const uint32_t *rec)
{
	switch (w->t->op[sp_opcode(*rec)].special) {
	case FX_JUMP: jump(w, rec); return;
	case FX_MAKE_CURRENT: make_current(w, rec); return;
	case FX_CONTEXT:
		w->opaque = true;
		w->fresh = rec[gl_ops[sp_opcode(*rec)].operands[0].word];
		return;
	case FX_SWAP: swap(w); return;
	case FX_NEW_LIST: fx_list_new(w, rec); return;
	case FX_END_LIST: fx_list_end(w, rec); return;
	case FX_CALL_LIST: fx_list_call(w, rec); return;
	case FX_CALL_LISTS:
		effects_of(w, rec, NULL);
		fx_known_lose(w);
		return;
	case FX_DELETE_LISTS: fx_list_delete(w, rec); return;
	case FX_PUSH_MATRIX: matrix_push(w, rec); return;
	case FX_POP_MATRIX: matrix_pop(w, rec); return;
	case FX_PUSH_ATTRIB: attrib_push(w, rec); return;
	case FX_POP_ATTRIB: attrib_pop(w, rec); return;
	case FX_CLEAR: clear(w, rec); return;
	case FX_ENABLE: case FX_DISABLE:
		enable_set(w, rec, w->t->op[sp_opcode(*rec)].special == FX_ENABLE);
		break;
	case FX_COLOR_WRITE: mask_set(w, rec, FX_COLOR_MASK, GL_TRUE); break;
	case FX_DEPTH_WRITE: mask_set(w, rec, FX_DEPTH_MASK, GL_TRUE); break;
	case FX_STENCIL_WRITE: mask_set(w, rec, FX_STENCIL_MASK, 0xff); break;
	case FX_SETTER: selector_set(w, rec); break;
	case FX_BEGIN: begin(w, rec); return;
	case FX_END: end(w, rec); return;
	case FX_BIND_FRAMEBUFFER: framebuffer_bound(w, rec); break;
	case FX_RENDER_MODE: {
		uint32_t mode;

		initial_set(w, GL_SLOT_render_mode, operand(rec, 0, &mode) && mode == GL_RENDER);
		break;
	}
	default:
		w->opaque = true;
		/* drawables are no state of a context */
		if (gl_ops[sp_opcode(*rec)].form != GL_FORM_WINDOW)
			fx_known_lose(w);
		return;
	}
	effects_of(w, rec, NULL);
}
