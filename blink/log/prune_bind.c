/* prune_bind.c - going forward: binding points, and what is bound there. */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

/* ---- binding points --------------------------------------------------------- */

int tex_target_index(uint32_t target)
{
	switch (target) {
	case GL_TEXTURE_1D: return 0;
	case GL_TEXTURE_2D: return 1;
	case GL_TEXTURE_3D: return 2;
	case GL_TEXTURE_CUBE_MAP: return 3;
	case GL_TEXTURE_RECTANGLE: return 4;
	case GL_TEXTURE_1D_ARRAY: return 5;
	case GL_TEXTURE_2D_ARRAY: return 6;
	case GL_TEXTURE_BUFFER: return 7;
	case GL_TEXTURE_2D_MULTISAMPLE: return 8;
	case GL_TEXTURE_2D_MULTISAMPLE_ARRAY: return 9;
	case GL_TEXTURE_CUBE_MAP_ARRAY: return 10;
	default: return -1;
	}
}

static bool is_face(uint32_t target)
{
	return target >= GL_TEXTURE_CUBE_MAP_POSITIVE_X && target <= GL_TEXTURE_CUBE_MAP_NEGATIVE_Z;
}

uint32_t tex_bound(struct prune *p, uint32_t target)
{
	const uint32_t *reg = ctx_reg(p);
	int t = tex_target_index(is_face(target) ? GL_TEXTURE_CUBE_MAP : target);
	uint32_t unit = reg[R_ACTIVE] - GL_TEXTURE0, o;

	if (t < 0 || unit >= PRUNE_UNITS)
		return 0;
	o = reg[R_TEX + unit * PRUNE_TEX_TARGETS + (unsigned)t];
	return o ? o : default_object(p, GL_SPACE_TEXTURE, p->object[p->ctx]->group, (uint32_t)t,
				      T_COUNT);
}

static const uint32_t buf_targets[PRUNE_BUF_TARGETS] = {
	GL_ARRAY_BUFFER, GL_PIXEL_UNPACK_BUFFER, GL_PIXEL_PACK_BUFFER, GL_COPY_READ_BUFFER,
	GL_COPY_WRITE_BUFFER, GL_UNIFORM_BUFFER, GL_TRANSFORM_FEEDBACK_BUFFER, GL_TEXTURE_BUFFER,
	GL_DRAW_INDIRECT_BUFFER, GL_DISPATCH_INDIRECT_BUFFER, GL_ATOMIC_COUNTER_BUFFER,
	GL_SHADER_STORAGE_BUFFER, GL_QUERY_BUFFER, GL_PARAMETER_BUFFER_ARB,
};

int buf_target_index(uint32_t target)
{
	for (unsigned i = 0; i < PRUNE_BUF_TARGETS; i++)
		if (target && buf_targets[i] == target)
			return (int)i;
	return -1;
}

/* Words of array objects: 0..15 generic arrays, 16..31 bindings of vertex buffers, then
 * the fixed-function ones, texture coordinates by unit; the last two: element buffer. */
#define ARRAY_FIXED 32u
#define ARRAY_COORD 40u
#define ARRAY_ELEMENT 63u

uint32_t vao_bound(struct prune *p)
{
	uint32_t o = ctx_reg(p)[R_VAO];

	return o ? o : default_object(p, GL_SPACE_VERTEXARRAY, p->ctx, 0, PRUNE_ARRAYS);
}

uint32_t buf_bound(struct prune *p, uint32_t target)
{
	int t = buf_target_index(target);

	if (target == GL_ELEMENT_ARRAY_BUFFER)
		return p->object[vao_bound(p)]->reg[ARRAY_ELEMENT];
	return t < 0 ? 0 : ctx_reg(p)[R_BUF + (unsigned)t];
}

/* The fixed-function array that a pointer command or a client state is about. */
static uint32_t fixed_array(struct prune *p, uint32_t array)
{
	uint32_t unit = ctx_reg(p)[R_CLIENT_ACTIVE] - GL_TEXTURE0;

	switch (array) {
	case GL_VERTEX_ARRAY: return ARRAY_FIXED;
	case GL_NORMAL_ARRAY: return ARRAY_FIXED + 1;
	case GL_COLOR_ARRAY: return ARRAY_FIXED + 2;
	case GL_INDEX_ARRAY: return ARRAY_FIXED + 3;
	case GL_EDGE_FLAG_ARRAY: return ARRAY_FIXED + 4;
	case GL_FOG_COORD_ARRAY: return ARRAY_FIXED + 5;
	case GL_SECONDARY_COLOR_ARRAY: return ARRAY_FIXED + 6;
	default: return ARRAY_COORD + unit % 16;
	}
}

int array_index(struct prune *p, const uint32_t *rec)
{
	const struct op_row *row = row_of(rec);

	if (row->generic)
		return (int)(operand(rec, 0) & 15);
	return row->array ? (int)fixed_array(p, row->array) : -1;
}

/* ---- cells of bindings ------------------------------------------------------------ */

static const uint32_t tex_targets[PRUNE_TEX_TARGETS] = {
	GL_TEXTURE_1D, GL_TEXTURE_2D, GL_TEXTURE_3D, GL_TEXTURE_CUBE_MAP, GL_TEXTURE_RECTANGLE,
	GL_TEXTURE_1D_ARRAY, GL_TEXTURE_2D_ARRAY, GL_TEXTURE_BUFFER, GL_TEXTURE_2D_MULTISAMPLE,
	GL_TEXTURE_2D_MULTISAMPLE_ARRAY, GL_TEXTURE_CUBE_MAP_ARRAY,
};

static uint32_t context_cell(struct prune *p, unsigned i)
{
	if (i >= R_TEX)
		return cell_at(p, p->ctx, GL_SLOT_texture_binding,
			       GL_TEXTURE0 + (i - R_TEX) / PRUNE_TEX_TARGETS,
			       tex_targets[(i - R_TEX) % PRUNE_TEX_TARGETS]);
	if (i >= R_RANGE && i < R_RANGE + PRUNE_RANGES)
		return cell_at(p, p->ctx, GL_SLOT_buffer_range, (i - R_RANGE) % 2 ?
			       GL_TRANSFORM_FEEDBACK_BUFFER : GL_UNIFORM_BUFFER, (i - R_RANGE) / 2);
	if (i >= R_SAMPLER && i < R_SAMPLER + PRUNE_UNITS)
		return cell_at(p, p->ctx, GL_SLOT_sampler_binding, i - R_SAMPLER, 0);
	if (i >= R_BUF && i < R_BUF + PRUNE_BUF_TARGETS)
		return cell_at(p, p->ctx, GL_SLOT_buffer_binding, buf_targets[i - R_BUF], 0);
	switch (i) {
	case R_RBO: return cell_at(p, p->ctx, GL_SLOT_renderbuffer_binding, 0, 0);
	case R_DRAW_FBO:
		return cell_at(p, p->ctx, GL_SLOT_framebuffer_binding, GL_DRAW_FRAMEBUFFER, 0);
	case R_READ_FBO:
		return cell_at(p, p->ctx, GL_SLOT_framebuffer_binding, GL_READ_FRAMEBUFFER, 0);
	case R_VAO: return cell_at(p, p->ctx, GL_SLOT_array_object, 0, 0);
	case R_PIPELINE: return cell_at(p, p->ctx, GL_SLOT_pipeline_binding, 0, 0);
	case R_XFB: return cell_at(p, p->ctx, GL_SLOT_transform_feedback, 0, 0);
	case R_ARBPROG: case R_ARBPROG + 1:
		return cell_at(p, p->ctx, GL_SLOT_arbprogram_binding, i == R_ARBPROG ?
			       GL_VERTEX_PROGRAM_ARB : GL_FRAGMENT_PROGRAM_ARB, 0);
	default: return 0;
	}
}

static uint32_t array_cell(struct prune *p, uint32_t vao, unsigned i)
{
	static const uint32_t fixed[] = {
		GL_VERTEX_ARRAY, GL_NORMAL_ARRAY, GL_COLOR_ARRAY, GL_INDEX_ARRAY,
		GL_EDGE_FLAG_ARRAY, GL_FOG_COORD_ARRAY, GL_SECONDARY_COLOR_ARRAY,
	};

	if (i == ARRAY_ELEMENT)
		return cell_at(p, vao, GL_SLOT_buffer_binding, GL_ELEMENT_ARRAY_BUFFER, 0);
	if (i < ARRAY_FIXED)
		return cell_at(p, vao, GL_SLOT_bound_attrib_array, i % 16, 0);
	if (i >= ARRAY_COORD)
		return cell_at(p, vao, GL_SLOT_bound_array, GL_TEXTURE_COORD_ARRAY,
			       GL_TEXTURE0 + i - ARRAY_COORD);
	return i - ARRAY_FIXED < sizeof(fixed) / sizeof(fixed[0]) ?
	       cell_at(p, vao, GL_SLOT_bound_array, fixed[i - ARRAY_FIXED], 0) : 0;
}

static uint32_t attached_cell(struct prune *p, uint32_t fbo, unsigned i)
{
	return cell_at(p, fbo, GL_SLOT_bound_framebuffer, i < 8 ? GL_COLOR_ATTACHMENT0 + i :
		       i == 8 ? GL_DEPTH_ATTACHMENT : GL_STENCIL_ATTACHMENT, 0);
}

/* The cell of the binding that a word of the current context's, or of an object bound to
 * it, stands for; 0: none. */
uint32_t binding_cell(struct prune *p, const uint32_t *at)
{
	const uint32_t *reg = ctx_reg(p), *vao = p->object[vao_bound(p)]->reg;
	uint32_t fbos[2] = { reg[R_DRAW_FBO], reg[R_READ_FBO] };

	if (at >= reg && at < reg + R_COUNT)
		return context_cell(p, (unsigned)(at - reg));
	if (at >= vao && at < vao + PRUNE_ARRAYS)
		return array_cell(p, vao_bound(p), (unsigned)(at - vao));
	for (unsigned k = 0; k < 2; k++) {
		const uint32_t *f = fbos[k] ? p->object[fbos[k]]->reg : NULL;

		if (f && at >= f + B_OBJECT && at < f + B_OBJECT + PRUNE_ATTACH)
			return attached_cell(p, fbos[k], (unsigned)(at - f));
	}
	return 0;
}

/* ---- binding -------------------------------------------------------------------- */

/* The object of a name that is bound; made, or first made use of, by this record. */
static uint32_t named_bind(struct prune *p, struct entry *e, unsigned space, uint32_t name)
{
	uint32_t o = name_find(p, space, name);
	struct object *obj;

	if (!name)
		return 0;
	if (!o)
		o = named_make(p, space, name);
	if (!o)
		return 0;
	obj = p->object[o];
	if (!obj->reg[obj->nreg - 1]) {
		shadow_set(p, &obj->reg[obj->nreg - 1], 1);
		e->flags |= E_FIRST;
	}
	e->aux = o;
	return o;
}

static void texture_bind(struct prune *p, struct entry *e, const uint32_t *rec)
{
	uint32_t *reg = ctx_reg(p), unit = reg[R_ACTIVE] - GL_TEXTURE0, o;
	int t = tex_target_index(operand(rec, 0));

	o = t < 0 ? 0 : name_find(p, GL_SPACE_TEXTURE, operand(rec, 1));
	if (t < 0 || (o && p->object[o]->reg[T_TARGET] &&
		      p->object[o]->reg[T_TARGET] != (uint32_t)t + 1)) {
		e->flags |= E_VOID;
		return;
	}
	o = named_bind(p, e, GL_SPACE_TEXTURE, operand(rec, 1));
	if (o)
		shadow_set(p, &p->object[o]->reg[T_TARGET], (uint32_t)t + 1);
	if (unit >= reg[R_USED])
		reg[R_USED] = unit + 1;          /* a high mark: never taken back */
	shadow_set(p, &reg[R_TEX + unit * PRUNE_TEX_TARGETS + (unsigned)t], o);
}

static void buffer_bind(struct prune *p, struct entry *e, const uint32_t *rec, bool range)
{
	uint32_t *reg = ctx_reg(p), target = operand(rec, 0);
	uint32_t o = named_bind(p, e, GL_SPACE_BUFFER, operand(rec, range ? 2 : 1));
	int t = buf_target_index(target);

	if (target == GL_ELEMENT_ARRAY_BUFFER)
		shadow_set(p, &p->object[vao_bound(p)]->reg[ARRAY_ELEMENT], o);
	else if (t >= 0)
		shadow_set(p, &reg[R_BUF + (unsigned)t], o);
	if (range && t >= 0)
		shadow_set(p, &reg[R_RANGE + (operand(rec, 1) * 2 + (target != GL_UNIFORM_BUFFER)) %
				   PRUNE_RANGES], o);
}

uint32_t fbo_bound(struct prune *p, uint32_t target)
{
	return ctx_reg(p)[target == GL_READ_FRAMEBUFFER ? R_READ_FBO : R_DRAW_FBO];
}

static void framebuffer_bind(struct prune *p, struct entry *e, const uint32_t *rec)
{
	uint32_t *reg = ctx_reg(p), target = operand(rec, 0);
	uint32_t o = named_bind(p, e, GL_SPACE_FRAMEBUFFER, operand(rec, 1));

	if (target != GL_READ_FRAMEBUFFER)
		shadow_set(p, &reg[R_DRAW_FBO], o);
	if (target != GL_DRAW_FRAMEBUFFER)
		shadow_set(p, &reg[R_READ_FBO], o);
}

/* Index of an attachment; depth and stencil together: depth, and *both. */
static int attachment_index(uint32_t attachment, bool *both)
{
	*both = attachment == GL_DEPTH_STENCIL_ATTACHMENT;
	if (attachment >= GL_COLOR_ATTACHMENT0 && attachment < GL_COLOR_ATTACHMENT0 + 8)
		return (int)(attachment - GL_COLOR_ATTACHMENT0);
	if (attachment == GL_DEPTH_ATTACHMENT || *both)
		return 8;
	return attachment == GL_STENCIL_ATTACHMENT ? 9 : -1;
}

/* Level and face: of cubes by face, of what has layers all layers. */
static uint32_t attached_level(const uint32_t *rec)
{
	const char *name = gl_commands[gl_ops[sp_opcode(*rec)].command].name;
	uint32_t face = 0;

	if (strcmp(name, "glFramebufferTexture2D") == 0 && is_face(operand(rec, 2)))
		face = operand(rec, 2) - GL_TEXTURE_CUBE_MAP_POSITIVE_X;
	if (strcmp(name, "glFramebufferTexture") == 0 ||
	    strcmp(name, "glFramebufferTextureLayer") == 0)
		return operand(rec, 3) << 8;
	return operand(rec, 4) << 8 | face;
}

static void attach_image(struct prune *p, struct entry *e, const uint32_t *rec, bool texture)
{
	const char *name = gl_commands[gl_ops[sp_opcode(*rec)].command].name;
	bool layered = strcmp(name, "glFramebufferTexture") == 0 ||
		       strcmp(name, "glFramebufferTextureLayer") == 0 ||
		       strcmp(name, "glFramebufferTextureFaceARB") == 0, both;
	uint32_t fbo = fbo_bound(p, operand(rec, 0)), o;
	int at = attachment_index(operand(rec, 1), &both);

	if (!fbo || at < 0) {
		e->flags |= E_VOID;
		return;
	}
	o = texture ? name_find(p, GL_SPACE_TEXTURE, operand(rec, layered ? 2 : 3))
		    : name_find(p, GL_SPACE_RENDERBUFFER, operand(rec, 3));
	e->aux = o;
	for (int i = at; i <= at + both; i++) {
		shadow_set(p, &p->object[fbo]->reg[B_OBJECT + i], o);
		shadow_set(p, &p->object[fbo]->reg[B_LEVEL + i],
			   texture ? attached_level(rec) : 0);
		if (o && texture)
			p->object[o]->reg[T_ATTACHED] = 1;       /* never taken back */
	}
}

/* ---- programs, queries ------------------------------------------------------------ */

static void shader_attach(struct prune *p, struct entry *e, const uint32_t *rec, bool attach)
{
	uint32_t prog = name_find(p, GL_SPACE_PROGRAM, operand(rec, 0));
	uint32_t sh = name_find(p, GL_SPACE_PROGRAM, operand(rec, 1)), *reg;

	e->aux = prog;
	if (!prog) {
		e->flags |= E_VOID;
		return;
	}
	reg = p->object[prog]->reg;
	for (unsigned i = 0; i < PRUNE_SHADERS; i++) {
		/* a deleted shader is found by what it was called */
		bool here = sh ? reg[i] == sh : reg[i] && p->object[reg[i]]->name == operand(rec, 1);

		if (here && attach)
			return;
		if (here || (attach && !reg[i])) {
			shadow_set(p, &reg[i], attach ? sh : 0);
			return;
		}
	}
}

static unsigned query_index(uint32_t target)
{
	switch (target) {
	case GL_SAMPLES_PASSED: return 0;
	case GL_ANY_SAMPLES_PASSED: return 1;
	case GL_ANY_SAMPLES_PASSED_CONSERVATIVE: return 2;
	case GL_PRIMITIVES_GENERATED: return 3;
	case GL_TRANSFORM_FEEDBACK_PRIMITIVES_WRITTEN: return 4;
	case GL_TIME_ELAPSED: return 5;
	default: return 6;
	}
}

/* Commands that hold between two others: what is drawn there needs both. */
static void bracket_open(struct prune *p, struct entry *e, uint32_t *reg, unsigned slot)
{
	if (*reg) {
		e->flags |= E_VOID;
		return;
	}
	e->aux = pair_make(p, PAIR_BRACKET);
	if (!e->aux)
		return;
	p->pair[e->aux].cell = cell_at(p, 0, slot, p->ctx, 0);
	shadow_set(p, reg, e->aux);
}

static void bracket_close(struct prune *p, struct entry *e, uint32_t *reg)
{
	e->aux = *reg;
	shadow_set(p, reg, 0);
	if (!e->aux)
		e->flags |= E_VOID;
}

static void bracket_step(struct prune *p, struct entry *e, const uint32_t *rec, unsigned special)
{
	uint32_t *reg = ctx_reg(p);

	switch (special) {
	case S_BEGIN_QUERY:
		e->aux = named_bind(p, e, GL_SPACE_QUERY, operand(rec, 1));
		shadow_set(p, &reg[R_QUERY + query_index(operand(rec, 0))], e->aux);
		break;
	case S_END_QUERY:
		e->aux = reg[R_QUERY + query_index(operand(rec, 0))];
		shadow_set(p, &reg[R_QUERY + query_index(operand(rec, 0))], 0);
		if (!e->aux)
			e->flags |= E_VOID;
		break;
	case S_BEGIN_COND: bracket_open(p, e, &reg[R_COND], GL_SLOT_conditional_render); break;
	case S_XFB_BEGIN: bracket_open(p, e, &reg[R_XFB_ACTIVE], GL_SLOT_transform_feedback); break;
	case S_LOCK: bracket_open(p, e, &reg[R_LOCK], GL_SLOT_array_lock); break;
	case S_END_COND: bracket_close(p, e, &reg[R_COND]); break;
	case S_XFB_END: bracket_close(p, e, &reg[R_XFB_ACTIVE]); break;
	default: bracket_close(p, e, &reg[R_LOCK]); break;
	}
}

static void array_step(struct prune *p, const uint32_t *rec, unsigned special)
{
	uint32_t *reg = p->object[vao_bound(p)]->reg;
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	int i = array_index(p, rec);
	uint32_t o = 0;

	if (special == S_VERTEX_BUFFER) {
		if (op->operands[1].kind == GL_KIND_NAME)
			shadow_set(p, &reg[16 + (operand(rec, 0) & 15)],
				   name_find(p, GL_SPACE_BUFFER, operand(rec, 1)));
		return;
	}
	for (unsigned k = 0; k < op->noperands; k++)
		if (op->operands[k].kind == GL_KIND_OFFSET)
			o = buf_bound(p, GL_ARRAY_BUFFER);
	if (i >= 0)
		shadow_set(p, &reg[i], o);
	if (i >= 0 && i < 16)
		shadow_set(p, &reg[16 + i], o);
}

void shadow_bind(struct prune *p, struct entry *e, const uint32_t *rec, unsigned special)
{
	uint32_t *reg = ctx_reg(p), o;

	switch (special) {
	case S_GEN: names_gen(p, e, rec); break;
	case S_DELETE: names_delete(p, e, rec); break;
	case S_CREATE: name_create(p, e, rec); break;
	case S_DELETE1: name_delete(p, e, rec); break;
	case S_BIND_TEXTURE: texture_bind(p, e, rec); break;
	case S_BIND_SAMPLER:
		o = named_bind(p, e, GL_SPACE_SAMPLER, operand(rec, 1));
		shadow_set(p, &reg[R_SAMPLER + operand(rec, 0) % PRUNE_UNITS], o);
		break;
	case S_BIND_BUFFER: buffer_bind(p, e, rec, false); break;
	case S_BIND_RANGE: buffer_bind(p, e, rec, true); break;
	case S_BIND_VAO:
		o = named_bind(p, e, GL_SPACE_VERTEXARRAY, operand(rec, 0));
		shadow_set(p, &reg[R_VAO], o);
		break;
	case S_ARRAY: case S_ATTRIB_ARRAY: case S_VERTEX_BUFFER: array_step(p, rec, special); break;
	case S_BIND_FBO: framebuffer_bind(p, e, rec); break;
	case S_FBO_TEXTURE: attach_image(p, e, rec, true); break;
	case S_FBO_RENDERBUFFER: attach_image(p, e, rec, false); break;
	case S_BIND_RBO:
		o = named_bind(p, e, GL_SPACE_RENDERBUFFER, operand(rec, 1));
		shadow_set(p, &reg[R_RBO], o);
		break;
	case S_ATTACH: shader_attach(p, e, rec, true); break;
	case S_DETACH: shader_attach(p, e, rec, false); break;
	case S_USE_PROGRAM:
		e->aux = name_find(p, GL_SPACE_PROGRAM, operand(rec, 0));
		shadow_set(p, &reg[R_PROGRAM], e->aux);
		break;
	case S_BIND_PIPELINE:
		shadow_set(p, &reg[R_PIPELINE], named_bind(p, e, GL_SPACE_PIPELINE, operand(rec, 0)));
		break;
	case S_BIND_ARBPROG:
		o = named_bind(p, e, GL_SPACE_ARBPROGRAM, operand(rec, 1));
		shadow_set(p, &reg[R_ARBPROG + (operand(rec, 0) == GL_FRAGMENT_PROGRAM_ARB)], o);
		break;
	case S_BIND_XFB:
		shadow_set(p, &reg[R_XFB], named_bind(p, e, GL_SPACE_XFB, operand(rec, 1)));
		break;
	case S_BEGIN_QUERY: case S_END_QUERY: case S_BEGIN_COND: case S_END_COND:
	case S_XFB_BEGIN: case S_XFB_END: case S_LOCK: case S_UNLOCK:
		bracket_step(p, e, rec, special);
		break;
	case S_QUERY_COUNTER: named_bind(p, e, GL_SPACE_QUERY, operand(rec, 0)); break;
	case S_TEX_BUFFER:
		o = tex_bound(p, operand(rec, 0));
		if (o)
			shadow_set(p, &p->object[o]->reg[T_BUFFER],
				   name_find(p, GL_SPACE_BUFFER, operand(rec, 2)));
		break;
	case S_TEX_PARAM:
		o = tex_bound(p, operand(rec, 0));
		if (operand(rec, 1) == GL_GENERATE_MIPMAP && o)
			shadow_set(p, &p->object[o]->reg[T_AUTOGEN], 1);
		break;
	case S_TEX_IMAGE: case S_COPY_TEX: case S_TEX_SUB: case S_COPY_TEX_SUB: case S_TEX_STORAGE:
	case S_GENERATE_MIPMAP:
		/* texture 0 is there from now on: what goes backward must have met it */
		tex_bound(p, operand(rec, 0));
		break;
	default:
		/* the same for the array object that is bound without any being named */
		if (special >= S_ARRAY && special <= S_ATTRIB_FORMAT)
			vao_bound(p);
		break;
	}
}
