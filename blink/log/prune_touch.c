/* prune_touch.c - what a record reads and writes of objects: buffers, arrays, programs,
 * framebuffers, queries; textures are in prune_texture.c.  The shadow says which object is
 * meant.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

const char *command_name(const uint32_t *rec)
{
	return gl_commands[gl_ops[sp_opcode(*rec)].command].name;
}

uint64_t operand64(const uint32_t *rec, unsigned i)
{
	const uint32_t *w = rec + gl_ops[sp_opcode(*rec)].operands[i].word;

	return w[0] | (uint64_t)w[1] << 32;
}

void write_replace(struct prune *p, uint32_t owner, unsigned slot, uint32_t k0, uint32_t k1)
{
	if (owner)
		write_add(p, cell_at(p, owner, slot, k0, k1), W_REPLACE);
}

void write_part(struct prune *p, uint32_t owner, unsigned slot, uint32_t k0, uint32_t k1)
{
	if (owner)
		write_add(p, cell_at(p, owner, slot, k0, k1), 0);
}

/* ---- buffers --------------------------------------------------------------------- */

static void range_write(struct prune *p, uint32_t o, uint64_t from, uint64_t count)
{
	int32_t box[6] = { 0, 0, 0, 1, 0, 1 };
	uint32_t cell;

	if (!o)
		return;
	cell = cell_at(p, o, P_CONTENT, 0, 0);
	if (!range_ok(from, count, INT32_MAX)) {
		write_add(p, cell, 0);
		return;
	}
	box[0] = (int32_t)from;
	box[1] = (int32_t)(from + count);
	write_box(p, cell, box);
}

static bool buffer_writes(struct prune *p, const uint32_t *rec, unsigned special)
{
	uint32_t o = buf_bound(p, operand(rec, 0));

	switch (special) {
	case S_BUFFER_DATA:
		write_replace(p, o, P_STORAGE, 0, 0);
		write_replace(p, o, P_CONTENT, 0, 0);
		return true;
	case S_BUFFER_SUB:
		range_write(p, o, operand64(rec, 1), operand64(rec, 2));
		return true;
	case S_BUFFER_COPY:
		range_write(p, buf_bound(p, operand(rec, 1)), operand64(rec, 3),
			    operand64(rec, 4));
		return true;
	case S_BUFFER_CLEAR: write_part(p, o, P_CONTENT, 0, 0); return true;
	case S_READ_PIXELS:
		write_part(p, buf_bound(p, GL_PIXEL_PACK_BUFFER), P_CONTENT, 0, 0);
		return true;
	case S_BIND_RANGE:
		write_replace(p, p->ctx, GL_SLOT_buffer_range, operand(rec, 0), operand(rec, 1));
		return true;
	default:
		return false;
	}
}

static bool buffer_reads(struct prune *p, const uint32_t *rec, unsigned special)
{
	uint32_t o;

	if (special < S_BUFFER_DATA || special > S_BUFFER_CLEAR)
		return false;
	o = buf_bound(p, operand(rec, special == S_BUFFER_COPY));
	read_exist(p, o);
	if (special == S_BUFFER_COPY)
		read_object(p, buf_bound(p, operand(rec, 0)));
	if (o && special != S_BUFFER_DATA)
		read_slot(p, o, P_STORAGE);
	return true;
}

/* ---- vertex arrays ------------------------------------------------------------------ */

static bool array_writes(struct prune *p, const uint32_t *rec, unsigned special)
{
	uint32_t unit = ctx_reg(p)[R_CLIENT_ACTIVE];
	uint32_t array = special == S_ARRAY_ENABLE ? operand(rec, 0) : row_of(rec)->array;

	if (special < S_ARRAY || special > S_ATTRIB_FORMAT)
		return false;
	if (array != GL_TEXTURE_COORD_ARRAY)
		unit = 0;
	if (special == S_ARRAY)
		write_replace(p, vao_bound(p), GL_SLOT_bound_array, array, unit);
	else if (special == S_ARRAY_ENABLE)
		write_replace(p, vao_bound(p), GL_SLOT_bound_array_enable, array, unit);
	else if (special == S_ATTRIB_ARRAY)
		write_replace(p, vao_bound(p), GL_SLOT_bound_attrib_array, operand(rec, 0), 0);
	else if (special == S_ATTRIB_ENABLE)
		write_replace(p, vao_bound(p), GL_SLOT_bound_attrib_enable, operand(rec, 0), 0);
	else     /* a part of an array, told by the command: overlaps with the array */
		write_replace(p, vao_bound(p), GL_SLOT_bound_attrib_array, operand(rec, 0),
			      1 + sp_opcode(*rec));
	return true;
}

static bool array_reads(struct prune *p, const uint32_t *rec, unsigned special)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	if (special < S_ARRAY || special > S_ATTRIB_FORMAT)
		return false;
	read_exist(p, vao_bound(p));
	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].kind == GL_KIND_OFFSET)
			read_exist(p, buf_bound(p, GL_ARRAY_BUFFER));
	return true;
}

/* ---- framebuffers --------------------------------------------------------------------- */

static void clear_buffer_writes(struct prune *p, const uint32_t *rec)
{
	const uint32_t *reg = ctx_reg(p);
	uint32_t bits = 0;

	switch (operand(rec, 0)) {
	case GL_COLOR: bits = GL_COLOR_BUFFER_BIT; break;
	case GL_DEPTH: bits = GL_DEPTH_BUFFER_BIT; break;
	case GL_STENCIL: bits = GL_STENCIL_BUFFER_BIT; break;
	case GL_DEPTH_STENCIL: bits = GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT; break;
	default: break;
	}
	/* one of several draw buffers is not all of them */
	if (bits == GL_COLOR_BUFFER_BIT && reg[R_DRAW_FBO] &&
	    p->object[reg[R_DRAW_FBO]]->reg[B_DRAWN])
		framebuffer_writes(p, bits, 0);
	else
		framebuffer_writes(p, bits, operand(rec, 1) == 0 ? bits : 0);
}

static void accum_writes(struct prune *p, const uint32_t *rec)
{
	if (operand(rec, 0) == GL_RETURN)
		framebuffer_writes(p, GL_COLOR_BUFFER_BIT, GL_COLOR_BUFFER_BIT);
	else
		framebuffer_writes(p, GL_ACCUM_BUFFER_BIT,
				   operand(rec, 0) == GL_LOAD ? GL_ACCUM_BUFFER_BIT : 0);
}

static void bind_fbo_writes(struct prune *p, const uint32_t *rec)
{
	if (operand(rec, 0) != GL_READ_FRAMEBUFFER)
		write_replace(p, p->ctx, GL_SLOT_framebuffer_binding, GL_DRAW_FRAMEBUFFER, 0);
	if (operand(rec, 0) != GL_DRAW_FRAMEBUFFER)
		write_replace(p, p->ctx, GL_SLOT_framebuffer_binding, GL_READ_FRAMEBUFFER, 0);
}

static bool framebuffer_record_writes(struct prune *p, const uint32_t *rec, unsigned special)
{
	const uint32_t *reg = ctx_reg(p);
	uint32_t o;

	switch (special) {
	case S_CLEAR: framebuffer_writes(p, operand(rec, 0), sp_mask(*rec) ? 0 : operand(rec, 0)); break;
	case S_CLEAR_BUFFER: clear_buffer_writes(p, rec); break;
	case S_ACCUM: accum_writes(p, rec); break;
	case S_BLIT: framebuffer_writes(p, operand(rec, 8), 0); break;
	case S_COPY_PIXELS: draw_writes(p); break;
	case S_BIND_FBO: bind_fbo_writes(p, rec); break;
	case S_FBO_TEXTURE: case S_FBO_RENDERBUFFER:
		write_replace(p, fbo_bound(p, operand(rec, 0)), GL_SLOT_bound_framebuffer,
			      operand(rec, 1), 0);
		break;
	case S_DRAW_BUFFERS:
		o = reg[R_DRAW_FBO] ? reg[R_DRAW_FBO] : p->ctx;
		write_replace(p, o, GL_SLOT_bound_draw_buffers, 0, 0);
		break;
	case S_READ_BUFFER:
		o = reg[R_READ_FBO] ? reg[R_READ_FBO] : p->ctx;
		write_replace(p, o, GL_SLOT_bound_read_buffer, 0, 0);
		break;
	case S_RBO_STORAGE:
		write_replace(p, reg[R_RBO], P_STORAGE, 0, 0);
		for (uint32_t aspect = 0; aspect < 3; aspect++)
			write_replace(p, reg[R_RBO], P_CONTENT, aspect << 8, 0);
		break;
	default: return false;
	}
	return true;
}

static void bindings_read(struct prune *p)
{
	for (unsigned i = 0; i < 2; i++)
		read_cell(p, cell_at(p, p->ctx, GL_SLOT_framebuffer_binding,
				     i ? GL_READ_FRAMEBUFFER : GL_DRAW_FRAMEBUFFER, 0));
	read_exist(p, ctx_reg(p)[R_DRAW_FBO]);
	read_exist(p, ctx_reg(p)[R_READ_FBO]);
}

/* Where pixels go: what is attached, and its size. */
void target_reads(struct prune *p)
{
	uint32_t fbo = ctx_reg(p)[R_DRAW_FBO];

	read_cell(p, cell_at(p, p->ctx, GL_SLOT_framebuffer_binding, GL_DRAW_FRAMEBUFFER, 0));
	read_exist(p, fbo);
	read_cell(p, cell_at(p, p->ctx, GL_SLOT_bound_draw_buffers, 0, 0));
	if (!fbo) {
		if (p->draw)
			read_cell(p, cell_at(p, p->draw, P_STORAGE, 0, 0));
		return;
	}
	read_slot(p, fbo, GL_SLOT_bound_framebuffer);
	read_slot(p, fbo, GL_SLOT_bound_draw_buffers);
	for (unsigned i = 0; i < PRUNE_ATTACH; i++) {
		uint32_t o = p->object[fbo]->reg[B_OBJECT + i];

		if (o)
			read_slot(p, o, P_STORAGE);
		read_exist(p, o);
	}
}

static bool framebuffer_record_reads(struct prune *p, unsigned special)
{
	static const uint32_t caps[] = {
		GL_SCISSOR_TEST, GL_RASTERIZER_DISCARD, GL_DITHER, GL_FRAMEBUFFER_SRGB
	};
	const uint32_t *reg = ctx_reg(p);

	switch (special) {
	case S_CLEAR: case S_CLEAR_BUFFER:
		if (reg[R_COND])
			read_cell(p, p->pair[reg[R_COND]].cell);
		for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
			read_cell(p, cell_at(p, p->ctx, GL_SLOT_enable, caps[i], 0));
		break;
	case S_ACCUM:
		framebuffer_reads(p);
		if (p->draw)
			read_cell(p, cell_at(p, p->draw, GL_SLOT_accum_buffer, 0, 0));
		break;
	case S_BLIT: case S_COPY_PIXELS: framebuffer_reads(p); break;
	case S_READ_PIXELS:
		framebuffer_reads(p);
		read_exist(p, buf_bound(p, GL_PIXEL_PACK_BUFFER));
		if (buf_bound(p, GL_PIXEL_PACK_BUFFER))
			read_slot(p, buf_bound(p, GL_PIXEL_PACK_BUFFER), P_STORAGE);
		break;
	case S_FBO_TEXTURE: case S_FBO_RENDERBUFFER: case S_DRAW_BUFFERS: case S_READ_BUFFER:
		bindings_read(p);
		break;
	case S_RBO_STORAGE:
		read_cell(p, cell_at(p, p->ctx, GL_SLOT_renderbuffer_binding, 0, 0));
		read_exist(p, reg[R_RBO]);
		break;
	default: return false;
	}
	return true;
}

/* ---- programs ------------------------------------------------------------------------- */

static uint32_t program_of(struct prune *p, const uint32_t *rec, unsigned special)
{
	if (special == S_UNIFORM)
		return ctx_reg(p)[R_PROGRAM] ? ctx_reg(p)[R_PROGRAM] : ctx_reg(p)[R_PIPELINE];
	return name_find(p, GL_SPACE_PROGRAM, operand(rec, 0));
}

/* Location and count of a uniform command. */
static void uniform_key(const uint32_t *rec, bool named, uint32_t *key)
{
	const char *name = command_name(rec);

	key[0] = operand(rec, named);
	key[1] = name[strlen(name) - 1] == 'v' ? operand(rec, named + 1u) : 1;
}

static void link_writes(struct prune *p, uint32_t o)
{
	if (!o)
		return;
	write_replace(p, o, P_LINK, 0, 0);
	write_slot(p, o, GL_SLOT_uniform);
	write_slot(p, o, GL_SLOT_uniform_block);
	write_slot(p, o, P_VALID);
}

static uint32_t slot_operand(const uint32_t *rec)
{
	return operand(rec, gl_ops[sp_opcode(*rec)].noperands - 1u);
}

static uint32_t arbprog_bound(struct prune *p, uint32_t target)
{
	uint32_t fragment = target == GL_FRAGMENT_PROGRAM_ARB;
	uint32_t o = ctx_reg(p)[R_ARBPROG + fragment];

	return o ? o : default_object(p, GL_SPACE_ARBPROGRAM, p->object[p->ctx]->group, fragment, 0);
}

static bool program_writes(struct prune *p, const struct entry *e, const uint32_t *rec,
			   unsigned special)
{
	uint32_t o, key[2];

	if (special < S_SHADER_SOURCE || special > S_ARBPROG_ENVS)
		return false;
	o = program_of(p, rec, special);
	switch (special) {
	case S_SHADER_SOURCE: write_replace(p, o, P_SOURCE, 0, 0); break;
	case S_COMPILE: write_replace(p, o, P_COMPILED, 0, 0); break;
	case S_ATTACH: case S_DETACH: write_part(p, e->aux, P_INPUT, 0, 0); break;
	case S_PROGRAM_INPUT: write_part(p, o, P_INPUT, 0, 0); break;
	case S_LINK: link_writes(p, o); break;
	case S_USE_PROGRAM: write_replace(p, p->ctx, GL_SLOT_current_program, 0, 0); break;
	case S_VALIDATE: write_replace(p, o, P_VALID, 0, 0); break;
	case S_LOCATE:
		write_replace(p, o, GL_SLOT_uniform_location, slot_operand(rec),
			      sp_opcode(*rec));
		break;
	case S_UNIFORM: case S_PROGRAM_UNIFORM:
		uniform_key(rec, special == S_PROGRAM_UNIFORM, key);
		write_replace(p, o, GL_SLOT_uniform, key[0], key[1]);
		break;
	case S_UNIFORM_BLOCK:
		write_replace(p, o, GL_SLOT_uniform_block, operand(rec, 1), 0);
		break;
	case S_PIPELINE_STAGES:
		write_part(p, name_find(p, GL_SPACE_PIPELINE, operand(rec, 0)), GL_SLOT_pipeline, 0, 0);
		break;
	case S_ARBPROG_STRING:
		write_replace(p, arbprog_bound(p, operand(rec, 0)), GL_SLOT_bound_arbprogram, 0, 0);
		break;
	case S_ARBPROG_LOCAL:
		write_replace(p, arbprog_bound(p, operand(rec, 0)), GL_SLOT_bound_arbprogram_local,
			      operand(rec, 1), strstr(command_name(rec), "4fvEXT") ? operand(rec, 2) : 0);
		break;
	case S_ARBPROG_ENVS:
		write_replace(p, p->ctx, GL_SLOT_arbprogram_env, operand(rec, 0),
			      operand(rec, 1) | operand(rec, 2) << 16 | 1u << 31);
		break;
	default: break;
	}
	return true;
}

static void link_reads(struct prune *p, uint32_t o)
{
	read_slot(p, o, P_INPUT);
	for (unsigned i = 0; i < PRUNE_SHADERS; i++)
		read_object(p, p->object[o]->reg[i]);
}

static bool program_reads(struct prune *p, const struct entry *e, const uint32_t *rec,
			  unsigned special)
{
	uint32_t o;

	if (special < S_SHADER_SOURCE || special > S_ARBPROG_ENVS)
		return false;
	o = special == S_DETACH ? e->aux : program_of(p, rec, special);
	if (special == S_ARBPROG_STRING || special == S_ARBPROG_LOCAL) {
		read_cell(p, cell_at(p, p->ctx, GL_SLOT_arbprogram_binding, operand(rec, 0), 0));
		read_exist(p, arbprog_bound(p, operand(rec, 0)));
		return true;
	}
	if (!o)
		return true;
	read_exist(p, o);
	switch (special) {
	case S_COMPILE: read_cell(p, cell_at(p, o, P_SOURCE, 0, 0)); break;
	case S_DETACH:
		for (unsigned i = 0; i < PRUNE_SHADERS; i++) {
			uint32_t sh = p->object[o]->reg[i];

			if (sh && p->object[sh]->name == operand(rec, 1))
				read_exist(p, sh);
		}
		break;
	case S_LINK: link_reads(p, o); break;
	case S_VALIDATE: read_object(p, o); break;
	case S_USE_PROGRAM: read_cell(p, cell_at(p, o, P_LINK, 0, 0)); break;
	case S_LOCATE: read_cell(p, cell_at(p, o, P_LINK, 0, 0)); break;
	case S_UNIFORM: case S_PROGRAM_UNIFORM: case S_UNIFORM_BLOCK:
		read_cell(p, cell_at(p, o, P_LINK, 0, 0));
		read_cell(p, cell_at(p, o, GL_SLOT_uniform_location,
				     operand(rec, special != S_UNIFORM),
				     special == S_UNIFORM_BLOCK ? OP_glGetUniformBlockIndex
								: OP_glGetUniformLocation));
		if (special == S_UNIFORM)
			read_cell(p, cell_at(p, p->ctx, GL_SLOT_current_program, 0, 0));
		break;
	default: break;
	}
	return true;
}

/* ---- names, queries -------------------------------------------------------------------- */

static void exist_writes(struct prune *p, const uint32_t *rec, bool created)
{
	unsigned space = 0;
	uint32_t n = 0, name;
	const uint32_t *names;

	if (created) {
		name = record_created(rec, &space);
		n = space == GL_SPACE_LIST ? operand(rec, 0) : 1;
		for (uint32_t i = 0; i < n && i < 1u << 20; i++)
			write_replace(p, *name_slot(p, space, name_scope(p, space), name + i),
				      P_EXIST, 0, 0);
		return;
	}
	names = record_names(p, rec, &space, &n);
	for (uint32_t i = 0; i < n; i++) {
		memcpy(&name, names + i, sizeof(name));
		write_replace(p, *name_slot(p, space, name_scope(p, space), name), P_EXIST, 0, 0);
	}
}

void touch_writes(struct prune *p, const struct entry *e, const uint32_t *rec, unsigned special)
{
	if (e->flags & E_FIRST)
		write_part(p, e->aux, P_EXIST, 0, 0);
	if (texture_writes(p, rec, special) || buffer_writes(p, rec, special) ||
	    array_writes(p, rec, special) || framebuffer_record_writes(p, rec, special) ||
	    program_writes(p, e, rec, special))
		return;
	switch (special) {
	case S_BIND_VAO: write_replace(p, p->ctx, GL_SLOT_array_object, 0, 0); break;
	case S_BEGIN_QUERY: case S_QUERY_COUNTER:
		write_replace(p, e->aux, GL_SLOT_query_result, 0, 0);
		break;
	case S_END_QUERY: write_part(p, e->aux, GL_SLOT_query_result, 0, 0); break;
	case S_XFB:
		write_add(p, cell_at(p, 0, GL_SLOT_transform_feedback, p->ctx, 0), 0);
		break;
	case S_BIND_XFB: write_replace(p, p->ctx, GL_SLOT_transform_feedback, 0, 0); break;
	default: break;
	}
}

/* Objects that a creating record makes: in the shadow of after it. */
void touch_made(struct prune *p, const uint32_t *rec, unsigned special)
{
	exist_writes(p, rec, special == S_CREATE);
}

void touch_reads(struct prune *p, const struct entry *e, const uint32_t *rec, unsigned special)
{
	if (!p->ctx)
		return;
	if (texture_reads(p, rec, special) || buffer_reads(p, rec, special) ||
	    array_reads(p, rec, special) || framebuffer_record_reads(p, special) ||
	    program_reads(p, e, rec, special))
		return;
	switch (special) {
	case S_BEGIN_COND:
		if (name_find(p, GL_SPACE_QUERY, operand(rec, 0)))
			read_object(p, name_find(p, GL_SPACE_QUERY, operand(rec, 0)));
		break;
	case S_BIND_BUFFER:
		if (operand(rec, 0) == GL_ELEMENT_ARRAY_BUFFER) {
			read_exist(p, vao_bound(p));
			read_cell(p, cell_at(p, p->ctx, GL_SLOT_array_object, 0, 0));
		}
		break;
	case S_XFB_BEGIN: draw_reads(p); break;
	case S_LOCK: read_object(p, vao_bound(p)); break;
	default: break;
	}
}
