/* prune_effects.c - what a record reads and writes, in the shadow of its moment: state of
 * contexts by the command table's columns, and the buffers that are drawn to.  What
 * belongs to objects is in prune_touch.c.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>

/* ---- gathering ---------------------------------------------------------------- */

void write_add(struct prune *p, uint32_t cell, uint32_t flags)
{
	p->write = prune_grow(p, p->write, &p->writes_cap, p->nwrites, sizeof(*p->write));
	if (!p->error.code && cell)
		p->write[p->nwrites++] = (struct write){ .cell = cell, .flags = flags };
}

void write_box(struct prune *p, uint32_t cell, const int32_t *box)
{
	write_add(p, cell, W_BOX);
	if (p->error.code || !cell)
		return;
	for (unsigned i = 0; i < 6; i++)
		p->write[p->nwrites - 1].box[i] = box[i];
}

static void read_add(struct prune *p, uint32_t what)
{
	if (p->drawing) {
		p->drawn = prune_grow(p, p->drawn, &p->drawn_cap, p->ndrawn, sizeof(*p->drawn));
		if (!p->error.code)
			p->drawn[p->ndrawn++] = what;
		return;
	}
	p->reads = prune_grow(p, p->reads, &p->reads_cap, p->nreads, sizeof(*p->reads));
	if (!p->error.code)
		p->reads[p->nreads++] = what;
}

void read_cell(struct prune *p, uint32_t cell)
{
	if (cell)
		read_add(p, cell);
}

void read_object(struct prune *p, uint32_t object)
{
	if (object)
		read_add(p, object | READ_ALL);
}

/* All cells of an object in a slot. */
void read_slot(struct prune *p, uint32_t object, unsigned slot)
{
	if (object >= SLOT_OBJECTS)
		read_object(p, object);
	else if (object)
		read_add(p, READ_SLOT | slot << SLOT_SHIFT | object);
}

/* ... replaced. */
void write_slot(struct prune *p, uint32_t object, unsigned slot)
{
	if (object && object < SLOT_OBJECTS)
		write_add(p, slot << SLOT_SHIFT | object, W_SLOT);
}

void read_exist(struct prune *p, uint32_t object)
{
	if (object)
		read_cell(p, cell_at(p, object, P_EXIST, 0, 0));
}

/* ---- state of the context ------------------------------------------------------- */

static bool key_get(const uint32_t *reg, const uint32_t *rec, unsigned kind, uint32_t value,
		    uint32_t *key)
{
	switch (kind) {
	case K_CONST: *key = value; return true;
	case K_WORD: *key = rec[value]; return true;
	case K_UNIT: *key = reg[R_ACTIVE]; return true;
	case K_UNIT_WORD: *key = rec[value] << 16 | (reg[R_ACTIVE] & 0xffff); return true;
	case K_CLIENT_UNIT: *key = reg[R_CLIENT_ACTIVE]; return true;
	case K_MODE: *key = reg[R_MATRIX_MODE]; return true;
	case K_MODE_UNIT:
		*key = reg[R_MATRIX_MODE] == GL_TEXTURE ? reg[R_ACTIVE] : 0;
		return true;
	default: return false;
	}
}

static uint32_t owner_of(struct prune *p, const struct effect *f, uint32_t key)
{
	if (f->slot == GL_SLOT_buffer_binding && key == GL_ELEMENT_ARRAY_BUFFER)
		return vao_bound(p);
	return p->ctx;
}

/* Every cell of a slot that a key fits; any[k]: that key may be anything. */
static void wide_write(struct prune *p, const struct effect *f, const uint32_t *key, const bool *any)
{
	uint32_t c = p->object[p->ctx]->heads[f->slot];

	for (; c; c = p->cell[c].next)
		if ((any[0] || p->cell[c].key[0] == key[0]) &&
		    (any[1] || p->cell[c].key[1] == key[1]))
			write_add(p, c, 0);
	/* one that is new to the slot must not be lost */
	write_add(p, cell_at(p, p->ctx, f->slot, NONE, NONE), 0);
}

static void context_effect(struct prune *p, const struct effect *f, const uint32_t *rec,
			   bool write)
{
	const uint32_t *reg = ctx_reg(p);
	uint32_t key[2] = { 0, 0 }, cell;
	bool any[2];

	for (unsigned k = 0; k < 2; k++)
		any[k] = !key_get(reg, rec, f->kind[k], f->value[k], &key[k]);
	/* all but the texture matrices are those of no unit */
	if (f->slot == GL_SLOT_matrix && !any[0] && key[0] != GL_TEXTURE)
		any[1] = false;
	if (any[0] || any[1]) {
		if (write)
			wide_write(p, f, key, any);
		else
			read_slot(p, p->ctx, f->slot);
		return;
	}
	cell = cell_at(p, owner_of(p, f, key[0]), f->slot, key[0], key[1]);
	if (write)
		write_add(p, cell, f->replace ? W_REPLACE : 0);
	else
		read_cell(p, cell);
}

/* Vertices between Begin and End: no state of a context, End takes them. */
static uint32_t primitive_cell(struct prune *p)
{
	return cell_at(p, 0, GL_SLOT_primitive, p->ctx, 0);
}

static bool makes_vertex(struct prune *p, const struct op_row *row, const uint32_t *rec)
{
	if (!row->vertex || !ctx_reg(p)[R_BEGIN])
		return false;
	/* generic attribute 0 is the vertex, others are current values */
	return !row->nw || row->w[0].slot != GL_SLOT_current_attrib || operand(rec, 0) == 0;
}

/* The capability's cell: some are per texture unit, some per draw buffer. */
static uint32_t enable_cell(struct prune *p, const uint32_t *rec)
{
	uint32_t cap = operand(rec, 0), key = 0;

	if (gl_ops[sp_opcode(*rec)].noperands > 1)
		key = 0x10000 | operand(rec, 1);
	else if (prune_cap_of_unit(cap))
		key = ctx_reg(p)[R_ACTIVE];
	return cell_at(p, p->ctx, GL_SLOT_enable, cap, key);
}

static void sort_write(struct prune *p, unsigned sort)
{
	const uint32_t *reg = ctx_reg(p);
	uint32_t unit = reg[R_MATRIX_MODE] == GL_TEXTURE ? reg[R_ACTIVE] : 0;

	write_add(p, cell_at(p, p->ctx, P_SORT, reg[R_MATRIX_MODE], unit << 16 | sort), W_REPLACE);
}

/* The first of a sort that goes into the matrix; a matrix loaded is all sorts anew. */
static void sorts_write(struct prune *p, const uint32_t *rec)
{
	uint32_t sorts = *matrix_sorts(p);
	unsigned sort = matrix_sort(rec);

	if (sort != SORT_LOAD && !(sorts >> sort & 1))
		sort_write(p, sort);
	for (unsigned i = 1; sort == SORT_LOAD && sorts != 1u << SORT_LOAD && i < SORTS; i++)
		sort_write(p, i);
}

static void tracked(struct prune *p, uint32_t mode)
{
	write_add(p, cell_at(p, p->ctx, GL_SLOT_tracked_material, mode, 0), W_REPLACE);
}

static void enable_writes(struct prune *p, const uint32_t *rec)
{
	const uint32_t *reg = ctx_reg(p);

	write_add(p, enable_cell(p, rec), W_REPLACE);
	if (operand(rec, 0) == GL_COLOR_MATERIAL && row_of(rec)->enables)
		tracked(p, reg[R_COLOR_MATERIAL]);
}

static void registers_touch(struct prune *p, const uint32_t *rec, bool write)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];

		if (write && o->kind == GL_KIND_DST)
			write_add(p, cell_at(p, 0, P_REGISTER, rec[o->word] % SP_REGISTERS, 0),
				  W_REPLACE);
		else if (!write && sp_mask(*rec) >> i & 1)
			read_cell(p, cell_at(p, 0, P_REGISTER, rec[o->word] % SP_REGISTERS, 0));
	}
}

void effects_writes(struct prune *p, const struct entry *e, const uint32_t *rec)
{
	const struct op_row *row = row_of(rec);

	if (row->special == S_CORE) {
		registers_touch(p, rec, true);
		return;
	}
	if (!p->ctx || row->special == S_JUMP)
		return;
	if (row->columns)
		for (unsigned i = 0; i < row->nw; i++)
			context_effect(p, &row->w[i], rec, true);
	if (row->vertex && makes_vertex(p, row, rec))
		write_add(p, primitive_cell(p), 0);
	switch (row->special) {
	case S_NONE: return;
	case S_DRAW: draw_writes(p); return;
	case S_END_PRIMITIVE:
		write_add(p, primitive_cell(p), W_REPLACE);
		draw_writes(p);
		return;
	case S_BEGIN: write_add(p, primitive_cell(p), W_REPLACE); return;
	case S_COLOR:
		if (ctx_reg(p)[R_FLAGS] & F_COLOR_MATERIAL)
			tracked(p, ctx_reg(p)[R_COLOR_MATERIAL]);
		return;
	case S_COLOR_MATERIAL:
		if (ctx_reg(p)[R_FLAGS] & F_COLOR_MATERIAL)
			tracked(p, operand(rec, 0) << 16 | operand(rec, 1));
		return;
	case S_ENABLE: enable_writes(p, rec); return;
	case S_MATRIX: sorts_write(p, rec); return;
	default: touch_writes(p, e, rec, row->special); return;
	}
}

/* Objects that operands name must be there. */
static void names_read(struct prune *p, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].kind == GL_KIND_NAME && op->operands[i].param != 0xff &&
		    op->operands[i].space != GL_SPACE_LIST)
			read_exist(p, name_find(p, op->operands[i].space, rec[op->operands[i].word]));
}

/* Commands that make pixels: what they read is read for the pixels' sake.  Not those that
 * make a texture's storage as well, for which there must be something to be copied. */
static bool draws(unsigned special)
{
	switch (special) {
	case S_DRAW: case S_END_PRIMITIVE: case S_CLEAR: case S_CLEAR_BUFFER: case S_ACCUM:
	case S_BLIT: case S_COPY_PIXELS: case S_COPY_TEX_SUB: case S_READ_PIXELS:
		return true;
	default:
		return false;
	}
}

static void columns_read(struct prune *p, const struct op_row *row, const uint32_t *rec)
{
	if (!row->reads_all) {
		for (unsigned i = 0; i < row->nr; i++)
			if (row->r[i].slot != GL_SLOT_texture_binding)
				context_effect(p, &row->r[i], rec, false);
	} else if (draws(row->special)) {
		draw_reads(p);
	} else {                         /* a raster position is a vertex: no pixels */
		read_object(p, p->ctx);
		read_object(p, ctx_reg(p)[R_PROGRAM]);
		read_object(p, ctx_reg(p)[R_PIPELINE]);
		read_object(p, ctx_reg(p)[R_ARBPROG]);
	}
}

void effects_reads(struct prune *p, const struct entry *e, const uint32_t *rec)
{
	const struct op_row *row = row_of(rec);

	if (sp_mask(*rec))
		registers_touch(p, rec, false);
	if (!p->ctx || row->special == S_CORE || row->special == S_JUMP) {
		touch_reads(p, e, rec, row->special);
		return;
	}
	names_read(p, rec);
	if (row->special == S_DRAW)
		for (unsigned i = 0; i < row->nw; i++)   /* a bitmap moves the raster position */
			if (!row->w[i].replace)
				context_effect(p, &row->w[i], rec, false);
	p->drawing = draws(row->special);
	if (row->columns)
		columns_read(p, row, rec);
	if (row->special == S_END_PRIMITIVE || (row->vertex && makes_vertex(p, row, rec)))
		read_cell(p, primitive_cell(p));
	if (row->special == S_ENABLE && operand(rec, 0) == GL_COLOR_MATERIAL)
		read_cell(p, cell_at(p, p->ctx, GL_SLOT_current_color, 0, 0));
	/* whether the colour is a material's */
	if ((row->special == S_COLOR || row->special == S_COLOR_MATERIAL) &&
	    ctx_reg(p)[R_FLAGS] & F_COLOR_MATERIAL)
		read_cell(p, cell_at(p, p->ctx, GL_SLOT_enable, GL_COLOR_MATERIAL, 0));
	touch_reads(p, e, rec, row->special);
	p->drawing = false;
	/* pixels that nobody asks for must not go where others are needed */
	if (row->special >= S_END_PRIMITIVE && row->special <= S_COPY_PIXELS)
		target_reads(p);
}

/* ---- the framebuffer -------------------------------------------------------------- */

/* Aspect 0 colour, 1 depth, 2 stencil of an image that is attached. */
static void attached_write(struct prune *p, const struct object *fbo, unsigned at, unsigned aspect,
			   bool whole)
{
	uint32_t o = fbo->reg[B_OBJECT + at], level = fbo->reg[B_LEVEL + at];
	bool layers;

	if (!o)
		return;
	layers = p->object[o]->space == GL_SPACE_TEXTURE &&
		 p->object[o]->reg[T_TARGET] != 2 && p->object[o]->reg[T_TARGET] != 4 &&
		 p->object[o]->reg[T_TARGET] != 5;
	write_add(p, cell_at(p, o, P_CONTENT, (level & 0xff) | aspect << 8, level >> 8),
		  whole && !layers ? W_REPLACE : 0);
}

static void buffer_write(struct prune *p, unsigned aspect, bool whole)
{
	static const uint16_t slots[] = {
		GL_SLOT_color_buffer, GL_SLOT_depth_buffer, GL_SLOT_stencil_buffer
	};
	const uint32_t *reg = ctx_reg(p);
	const struct object *fbo;
	uint32_t drawn;

	if (!reg[R_DRAW_FBO]) {
		if (p->draw)
			write_add(p, cell_at(p, p->draw, slots[aspect], 0, 0),
				  whole ? W_REPLACE : 0);
		return;
	}
	fbo = p->object[reg[R_DRAW_FBO]];
	if (aspect) {
		attached_write(p, fbo, 7 + aspect, aspect, whole);
		return;
	}
	drawn = fbo->reg[B_DRAWN] ? fbo->reg[B_DRAWN] : 1;
	for (unsigned i = 0; i < 8; i++)
		if (drawn >> i & 1)
			attached_write(p, fbo, i, 0, whole);
}

/* Buffers by the bits of glClear; those in whole are replaced everywhere. */
void framebuffer_writes(struct prune *p, uint32_t bits, uint32_t whole)
{
	const uint32_t *reg = ctx_reg(p);
	uint32_t flags = reg[R_FLAGS];

	if (reg[R_COND] || flags & (F_SCISSOR | F_DISCARD))
		whole = 0;
	if (bits & GL_COLOR_BUFFER_BIT)
		buffer_write(p, 0, whole & GL_COLOR_BUFFER_BIT &&
			     !(flags & (reg[R_DRAW_FBO] ? F_COLOR_PART :
					F_COLOR_PART | F_DRAW_BUFFER)));
	if (bits & GL_DEPTH_BUFFER_BIT && !(flags & F_DEPTH_OFF))
		buffer_write(p, 1, whole & GL_DEPTH_BUFFER_BIT);
	if (bits & GL_STENCIL_BUFFER_BIT)
		buffer_write(p, 2, whole & GL_STENCIL_BUFFER_BIT && !(flags & F_STENCIL_PART));
	if (bits & GL_ACCUM_BUFFER_BIT && !reg[R_DRAW_FBO] && p->draw)
		write_add(p, cell_at(p, p->draw, GL_SLOT_accum_buffer, 0, 0),
			  whole & GL_ACCUM_BUFFER_BIT ? W_REPLACE : 0);
}

/* Buffers that fragments may change now. */
static uint32_t fragment_bits(const uint32_t *reg)
{
	uint32_t flags = reg[R_FLAGS], bits = GL_COLOR_BUFFER_BIT;

	if (flags & F_DEPTH_TEST && !(flags & F_DEPTH_OFF))
		bits |= GL_DEPTH_BUFFER_BIT;
	if (flags & F_STENCIL_TEST)
		bits |= GL_STENCIL_BUFFER_BIT;
	return bits;
}

void draw_writes(struct prune *p)
{
	const uint32_t *reg = ctx_reg(p);

	framebuffer_writes(p, fragment_bits(reg), 0);
	for (unsigned i = 0; i < PRUNE_QUERIES; i++)
		if (reg[R_QUERY + i])
			write_add(p, cell_at(p, reg[R_QUERY + i], GL_SLOT_query_result, 0, 0), 0);
	for (unsigned i = 0; reg[R_XFB_ACTIVE] && i < PRUNE_RANGES; i++)
		if (i % 2 && reg[R_RANGE + i])
			write_add(p, cell_at(p, reg[R_RANGE + i], P_CONTENT, 0, 0), 0);
}

static void objects_read(struct prune *p, const uint32_t *reg, unsigned from, unsigned count)
{
	for (unsigned i = from; i < from + count; i++)
		read_object(p, reg[i]);
}

static void textures_read(struct prune *p, const uint32_t *reg)
{
	uint32_t group = p->object[p->ctx]->group;

	for (unsigned i = 0; i < reg[R_USED] * PRUNE_TEX_TARGETS; i++) {
		uint32_t o = reg[R_TEX + i];

		read_object(p, o);
		if (o)
			read_object(p, p->object[o]->reg[T_BUFFER]);
	}
	for (unsigned t = 0; t < PRUNE_TEX_TARGETS; t++)
		read_object(p, *name_slot(p, GL_SPACE_TEXTURE + SPACE_DEFAULT, group, t));
	objects_read(p, reg, R_SAMPLER, PRUNE_UNITS);
}

static void target_read(struct prune *p, uint32_t fbo, uint32_t drawable)
{
	read_object(p, fbo);
	if (fbo)
		objects_read(p, p->object[fbo]->reg, B_OBJECT, PRUNE_ATTACH);
	else
		read_object(p, drawable);
}

/* All that decides what a draw does: the context's state, and what is bound. */
void draw_reads(struct prune *p)
{
	const uint32_t *reg = ctx_reg(p);
	uint32_t vao = vao_bound(p);

	read_object(p, p->ctx);
	read_object(p, vao);
	objects_read(p, p->object[vao]->reg, 0, PRUNE_ARRAYS);
	objects_read(p, reg, R_BUF, PRUNE_BUF_TARGETS);
	objects_read(p, reg, R_RANGE, PRUNE_RANGES);
	objects_read(p, reg, R_ARBPROG, 2);
	for (unsigned t = 0; t < 2; t++)
		read_object(p, *name_slot(p, GL_SPACE_ARBPROGRAM + SPACE_DEFAULT,
					  p->object[p->ctx]->group, t));
	read_object(p, reg[R_PROGRAM]);
	read_object(p, reg[R_PIPELINE]);
	textures_read(p, reg);
	target_read(p, reg[R_DRAW_FBO], p->draw);
	if (reg[R_COND])
		read_cell(p, p->pair[reg[R_COND]].cell);
	if (reg[R_XFB_ACTIVE])
		read_cell(p, p->pair[reg[R_XFB_ACTIVE]].cell);
	if (reg[R_LOCK])
		read_cell(p, p->pair[reg[R_LOCK]].cell);
}

void framebuffer_reads(struct prune *p)
{
	const uint32_t *reg = ctx_reg(p);

	for (unsigned i = 0; i < 2; i++)
		read_cell(p, cell_at(p, p->ctx, GL_SLOT_framebuffer_binding,
				     i ? GL_READ_FRAMEBUFFER : GL_DRAW_FRAMEBUFFER, 0));
	read_cell(p, cell_at(p, p->ctx, GL_SLOT_bound_read_buffer, 0, 0));
	target_read(p, reg[R_READ_FBO], p->read);
}
