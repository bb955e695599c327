/* prune_texture.c - what a record reads and writes of textures and samplers: levels and
 * parts of them, what levels are made from, parameters.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

static uint32_t face_of(uint32_t target)
{
	uint32_t face = target - GL_TEXTURE_CUBE_MAP_POSITIVE_X;

	return face < 6 ? face : 0;
}

/* How many dimensions: the digit before the D. */
static unsigned dimensions(const uint32_t *rec)
{
	const char *d = strstr(command_name(rec), "D");

	while (d && (d[-1] < '1' || d[-1] > '3'))
		d = strstr(d + 1, "D");
	return d ? (unsigned)(d[-1] - '0') : 2;
}

static void generated(struct prune *p, uint32_t o, uint32_t level)
{
	if (!p->object[o]->reg[T_AUTOGEN])
		return;
	if (level == 0)
		write_replace(p, o, P_GENERATED, 0, 0);
	else
		write_part(p, o, P_GENERATED, 0, 0);
}

static void image_writes(struct prune *p, const uint32_t *rec)
{
	uint32_t o = tex_bound(p, operand(rec, 0)), face = face_of(operand(rec, 0));
	uint32_t level = strstr(command_name(rec), "Multisample") ? 0 : operand(rec, 1);

	if (!o) {                /* a proxy: what was asked last can be told again */
		write_replace(p, p->ctx, GL_SLOT_bound_texture_image, operand(rec, 0), level);
		return;
	}
	write_replace(p, o, P_STORAGE, face, level);
	write_replace(p, o, P_CONTENT, face, level);
	if (p->object[o]->reg[T_ATTACHED]) {
		write_replace(p, o, P_CONTENT, face | 1 << 8, level);
		write_replace(p, o, P_CONTENT, face | 2 << 8, level);
	}
	generated(p, o, level);
}

static void sub_writes(struct prune *p, const uint32_t *rec, bool copied)
{
	uint32_t o = tex_bound(p, operand(rec, 0)), level = operand(rec, 1), cell;
	unsigned dims = dimensions(rec), size = 2 + dims + (copied ? 2 : 0);
	int32_t box[6] = { 0, 1, 0, 1, 0, 1 };

	if (!o)
		return;
	cell = cell_at(p, o, P_CONTENT, face_of(operand(rec, 0)), level);
	for (unsigned d = 0; d < dims; d++) {
		int64_t from = (int32_t)operand(rec, 2 + d);
		int64_t count = copied && d == 2 ? 1 : (int32_t)operand(rec, size + d);

		if (count < 0 || from + count > INT32_MAX || from + count < INT32_MIN) {
			write_add(p, cell, 0);
			return;
		}
		box[2 * d] = (int32_t)from;
		box[2 * d + 1] = (int32_t)(from + count);
	}
	if (sp_mask(*rec))
		write_add(p, cell, 0);
	else
		write_box(p, cell, box);
	generated(p, o, level);
}

static void storage_writes(struct prune *p, uint32_t o)
{
	if (!o)
		return;
	write_slot(p, o, P_STORAGE);
	write_slot(p, o, P_CONTENT);
	write_slot(p, o, P_GENERATED);
	write_replace(p, o, P_STORAGE, NONE, 0);
	write_replace(p, o, P_CONTENT, NONE, 0);
}

bool texture_writes(struct prune *p, const uint32_t *rec, unsigned special)
{
	uint32_t o;

	switch (special) {
	case S_TEX_IMAGE: case S_COPY_TEX: image_writes(p, rec); return true;
	case S_TEX_SUB: sub_writes(p, rec, false); return true;
	case S_COPY_TEX_SUB: sub_writes(p, rec, true); return true;
	case S_TEX_STORAGE: storage_writes(p, tex_bound(p, operand(rec, 0))); return true;
	case S_TEX_BUFFER:
		write_replace(p, tex_bound(p, operand(rec, 0)), P_STORAGE, 0, 0);
		return true;
	case S_TEX_PARAM:
		write_replace(p, tex_bound(p, operand(rec, 0)), GL_SLOT_bound_texture_param,
			      operand(rec, 1), 0);
		return true;
	case S_GENERATE_MIPMAP:
		write_replace(p, tex_bound(p, operand(rec, 0)), P_GENERATED, 0, 0);
		return true;
	case S_SAMPLER_PARAM:
		o = name_find(p, GL_SPACE_SAMPLER, operand(rec, 0));
		write_replace(p, o, GL_SLOT_sampler_param, operand(rec, 1), 0);
		return true;
	default:
		return false;
	}
}

void unpack_read(struct prune *p, const uint32_t *rec)
{
	if (gl_ops[sp_opcode(*rec)].form == GL_FORM_UNPACK_BUF)
		read_object(p, buf_bound(p, GL_PIXEL_UNPACK_BUFFER));
}

/* The binding by which a texture command finds its object, and the object. */
static uint32_t texture_found(struct prune *p, const uint32_t *rec)
{
	uint32_t target = operand(rec, 0), o = tex_bound(p, target);

	if (tex_target_index(target) < 0)
		target = GL_TEXTURE_CUBE_MAP;
	read_cell(p, cell_at(p, p->ctx, GL_SLOT_texture_binding, ctx_reg(p)[R_ACTIVE], target));
	read_exist(p, o);
	return o;
}

bool texture_reads(struct prune *p, const uint32_t *rec, unsigned special)
{
	uint32_t o;

	if (special < S_TEX_IMAGE || special > S_COPY_TEX_SUB)
		return false;
	o = texture_found(p, rec);
	if (!o)
		return true;
	if (special == S_TEX_PARAM)
		return true;
	unpack_read(p, rec);
	/* levels may be made from what is there, as its parameters say */
	if (special == S_GENERATE_MIPMAP || p->object[o]->reg[T_AUTOGEN]) {
		read_slot(p, o, GL_SLOT_bound_texture_param);
		if (special != S_TEX_IMAGE && special != S_COPY_TEX) {
			read_slot(p, o, P_STORAGE);
			read_slot(p, o, P_CONTENT);
		}
	}
	if (special == S_TEX_SUB || special == S_COPY_TEX_SUB) {
		read_cell(p, cell_at(p, o, P_STORAGE, face_of(operand(rec, 0)), operand(rec, 1)));
		read_cell(p, cell_at(p, o, P_STORAGE, NONE, 0));
	}
	if (special == S_TEX_BUFFER)
		read_exist(p, name_find(p, GL_SPACE_BUFFER, operand(rec, 2)));
	if (special == S_COPY_TEX || special == S_COPY_TEX_SUB)
		framebuffer_reads(p);
	return true;
}
