/* prune_entry.c - going backward over new records: the shadow is taken back to before each
 * one, and what it writes, reads and must find selected is gathered there.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

const uint32_t *entry_rec(const struct prune *p, const struct entry *e)
{
	return e->rec ? e->rec : p->words.v + e->at;
}

/* To before e, or to after it again. */
void entry_undo(struct prune *p, const struct entry *e)
{
	for (uint32_t i = 0; i < e->undos; i++) {
		struct undo *u = &p->undo[--p->undo_at];
		uint32_t v = *u->at;

		*u->at = u->value;
		u->value = v;
	}
}

void entry_redo(struct prune *p, const struct entry *e)
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
	case S_BEGIN_QUERY: return e->aux ? ROLE_QUERY : ROLE_PLAIN;
	case S_END_QUERY: return e->aux ? ROLE_END_QUERY : ROLE_PLAIN;
	case S_NEW_LIST: return ROLE_NEW_LIST;
	case S_END_LIST: return ROLE_END_LIST;
	case S_MAKE_CURRENT: return ROLE_CURRENT;
	default: return ROLE_PLAIN;
	}
}

/* Which selectors must be as they are now. */
static void select_fill(struct prune *p, const struct entry *e, const uint32_t *rec, struct kept *k)
{
	const struct op_row *row = row_of(rec);
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
	if (row->special == S_ENABLE && prune_cap_of_unit(operand(rec, 0)))
		k->select[1] = reg[R_ACTIVE];
}

/* The context and drawables that must be there. */
void current_reads(struct prune *p, const struct kept *k)
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
	if (row_of(rec)->special != S_DRAW)
		return;
	read_object(p, vao);
	for (unsigned i = 0; i < PRUNE_ARRAYS; i++)
		read_object(p, p->object[vao]->reg[i]);
	read_cell(p, cell_at(p, p->ctx, GL_SLOT_array_object, 0, 0));
}

/* Names that are in use because the list has them. */
static void names_write(struct prune *p, const struct prune_list *list)
{
	for (size_t i = 0; i < list->made.len; i += sizeof(uint32_t)) {
		uint32_t o;

		memcpy(&o, list->made.data + i, sizeof(o));
		if (p->object[o])
			write_add(p, cell_at(p, o, P_EXIST, 0, 0), 0);
	}
}

void writes_of(struct prune *p, const struct entry *e, const uint32_t *rec, unsigned special)
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
		names_write(p, p->object[e->list]->list);
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

void reads_of(struct prune *p, const struct entry *e, const uint32_t *rec, unsigned special,
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

void kept_fill(struct prune *p, const struct entry *e, const uint32_t *rec, struct kept *k)
{
	const struct op_row *row = row_of(rec);

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
void after_fill(const struct prune *p, uint32_t *after)
{
	const uint32_t *reg = p->ctx ? p->object[p->ctx]->reg : NULL;

	after[0] = reg ? reg[R_MATRIX_MODE] : NONE;
	after[1] = reg ? reg[R_ACTIVE] : NONE;
	after[2] = reg ? reg[R_CLIENT_ACTIVE] : NONE;
}

void entry_meet(struct prune *p, const struct entry *e)
{
	const uint32_t *rec = entry_rec(p, e);
	unsigned special = row_of(rec)->special;
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
		if (p->object[e->list]->list_sweep == p->sweep) {
			for (uint32_t i = 0; i < e->undos; i++)
				write_add(p, cell_at(p, p->undo[p->undo_at + i].value, P_EXIST, 0, 0), 0);
			listed_reads(p, rec);
		}
		item_meet(p, &k, rec);
		return;
	}
	writes_of(p, e, rec, special);
	k.role = role_of(e, special);
	/* the common case, before anything else is looked at */
	if (k.role == ROLE_PLAIN || k.role == ROLE_CURRENT) {
		unsigned drawn;
		uint16_t slot;

		if ((!p->nwrites || !item_color(p, &slot, &drawn)) &&
		    !echo_forced(p, e->flags & E_ECHO, e->list)) {
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
