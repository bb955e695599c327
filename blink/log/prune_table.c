/* prune_table.c - the command table as the pruner wants it: per op the effects on state
 * that a context owns, and what else it is.
 *
 * State of contexts follows from the table's columns alone.  What belongs to objects, to
 * windows and to saved state has a *special*, found by the command's name; a command that
 * writes such state and has none is opaque: kept, and reported.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof(*(a)))

/* ---- specials ------------------------------------------------------------- */

/* Names without gl; a final * stands for any end.  The first that fits counts. */
static const struct { const char *name; uint8_t special, kind; } specials[] = {
	{ "MatrixMode", S_MATRIX_MODE, PRUNE_SELECTORS },
	{ "ActiveTexture", S_ACTIVE_TEXTURE, PRUNE_SELECTORS },
	{ "ClientActiveTexture", S_CLIENT_ACTIVE, PRUNE_SELECTORS },
	{ "LoadMatrix*", S_MATRIX, PRUNE_STATE }, { "LoadTransposeMatrix*", S_MATRIX, PRUNE_STATE },
	{ "MultMatrix*", S_MATRIX, PRUNE_STATE }, { "MultTransposeMatrix*", S_MATRIX, PRUNE_STATE },
	{ "Translate*", S_MATRIX, PRUNE_STATE }, { "Rotate*", S_MATRIX, PRUNE_STATE },
	{ "Scale*", S_MATRIX, PRUNE_STATE }, { "Frustum", S_MATRIX, PRUNE_STATE },
	{ "Ortho", S_MATRIX, PRUNE_STATE },
	{ "PushMatrix", S_PUSH_MATRIX, PRUNE_STATE }, { "PopMatrix", S_POP_MATRIX, PRUNE_STATE },
	{ "PushAttrib", S_PUSH_ATTRIB, PRUNE_STATE }, { "PopAttrib", S_POP_ATTRIB, PRUNE_STATE },
	{ "PushClientAttrib", S_PUSH_CLIENT, PRUNE_STATE },
	{ "PopClientAttrib", S_POP_CLIENT, PRUNE_STATE },
	{ "EnableClientState*", S_ARRAY_ENABLE, PRUNE_STATE },
	{ "DisableClientState*", S_ARRAY_ENABLE, PRUNE_STATE },
	{ "EnableVertexAttribArray", S_ATTRIB_ENABLE, PRUNE_STATE },
	{ "DisableVertexAttribArray", S_ATTRIB_ENABLE, PRUNE_STATE },
	{ "Enable", S_ENABLE, PRUNE_STATE }, { "Disable", S_ENABLE, PRUNE_STATE },
	{ "Enablei", S_ENABLE, PRUNE_STATE }, { "Disablei", S_ENABLE, PRUNE_STATE },
	{ "ColorMask*", S_COLOR_MASK, PRUNE_STATE }, { "DepthMask", S_DEPTH_MASK, PRUNE_STATE },
	{ "StencilMask*", S_STENCIL_MASK, PRUNE_STATE },
	{ "ColorMaterial", S_COLOR_MATERIAL, PRUNE_STATE },
	{ "Begin", S_BEGIN, PRUNE_STATE }, { "End", S_END_PRIMITIVE, PRUNE_STATE },
	{ "DrawBuffer", S_DRAW_BUFFERS, PRUNE_STATE },
	{ "DrawBuffers", S_DRAW_BUFFERS, PRUNE_STATE },
	{ "ReadBuffer", S_READ_BUFFER, PRUNE_STATE },
	{ "DrawArrays*", S_DRAW, PRUNE_STATE }, { "DrawElements*", S_DRAW, PRUNE_STATE },
	{ "DrawRangeElements*", S_DRAW, PRUNE_STATE }, { "DrawPixels", S_DRAW, PRUNE_STATE },
	{ "Bitmap", S_DRAW, PRUNE_STATE }, { "EvalMesh*", S_DRAW, PRUNE_STATE },
	{ "Rect*", S_DRAW, PRUNE_STATE },
	{ "Clear", S_CLEAR, PRUNE_STATE },
	{ "ClearBufferData", S_BUFFER_CLEAR, PRUNE_BUFFERS },
	{ "ClearBufferSubData", S_BUFFER_CLEAR, PRUNE_BUFFERS },
	{ "ClearBuffer*", S_CLEAR_BUFFER, PRUNE_STATE },
	{ "Accum", S_ACCUM, PRUNE_STATE }, { "BlitFramebuffer", S_BLIT, PRUNE_STATE },
	{ "CopyPixels", S_COPY_PIXELS, PRUNE_STATE },
	{ "ReadPixels", S_READ_PIXELS, PRUNE_BUFFERS },
	{ "ColorP3*", S_COLOR, PRUNE_STATE },
	{ "ColorP4*", S_COLOR, PRUNE_STATE }, { "Color3*", S_COLOR, PRUNE_STATE },
	{ "Color4*", S_COLOR, PRUNE_STATE },

	{ "BindTexture", S_BIND_TEXTURE, PRUNE_BINDINGS },
	{ "TexImage*", S_TEX_IMAGE, PRUNE_TEXTURES },
	{ "CompressedTexImage*", S_TEX_IMAGE, PRUNE_TEXTURES },
	{ "TexSubImage*", S_TEX_SUB, PRUNE_TEXTURES },
	{ "CompressedTexSubImage*", S_TEX_SUB, PRUNE_TEXTURES },
	{ "TexStorage*", S_TEX_STORAGE, PRUNE_TEXTURES },
	{ "TexBuffer", S_TEX_BUFFER, PRUNE_TEXTURES },
	{ "TexBufferRange", S_TEX_BUFFER, PRUNE_TEXTURES },
	{ "TexParameter*", S_TEX_PARAM, PRUNE_TEXTURES },
	{ "GenerateMipmap", S_GENERATE_MIPMAP, PRUNE_TEXTURES },
	{ "CopyTexImage*", S_COPY_TEX, PRUNE_TEXTURES },
	{ "CopyTexSubImage*", S_COPY_TEX_SUB, PRUNE_TEXTURES },
	{ "BindSampler", S_BIND_SAMPLER, PRUNE_BINDINGS },
	{ "SamplerParameter*", S_SAMPLER_PARAM, PRUNE_TEXTURES },
	{ "BindBuffer", S_BIND_BUFFER, PRUNE_BINDINGS },
	{ "BindBufferBase", S_BIND_RANGE, PRUNE_BINDINGS },
	{ "BindBufferRange", S_BIND_RANGE, PRUNE_BINDINGS },
	{ "BindBufferOffsetEXT", S_BIND_RANGE, PRUNE_BINDINGS },
	{ "BufferData", S_BUFFER_DATA, PRUNE_BUFFERS },
	{ "BufferStorage", S_BUFFER_DATA, PRUNE_BUFFERS },
	{ "BufferSubData", S_BUFFER_SUB, PRUNE_BUFFERS },
	{ "CopyBufferSubData", S_BUFFER_COPY, PRUNE_BUFFERS },
	{ "BindVertexArray*", S_BIND_VAO, PRUNE_BINDINGS },
	{ "BindVertexBuffer", S_VERTEX_BUFFER, PRUNE_STATE },
	{ "VertexBindingDivisor", S_VERTEX_BUFFER, PRUNE_STATE },
	{ "VertexAttribDivisor", S_ATTRIB_FORMAT, PRUNE_STATE },
	{ "VertexAttribBinding", S_ATTRIB_FORMAT, PRUNE_STATE },
	{ "VertexAttribFormat", S_ATTRIB_FORMAT, PRUNE_STATE },
	{ "VertexAttribIFormat", S_ATTRIB_FORMAT, PRUNE_STATE },
	{ "VertexAttribLFormat", S_ATTRIB_FORMAT, PRUNE_STATE },
	{ "VertexAttribPointer", S_ATTRIB_ARRAY, PRUNE_STATE },
	{ "VertexAttribIPointer", S_ATTRIB_ARRAY, PRUNE_STATE },
	{ "VertexAttribLPointer", S_ATTRIB_ARRAY, PRUNE_STATE },
	{ "VertexPointer*", S_ARRAY, PRUNE_STATE }, { "NormalPointer*", S_ARRAY, PRUNE_STATE },
	{ "ColorPointer*", S_ARRAY, PRUNE_STATE }, { "IndexPointer*", S_ARRAY, PRUNE_STATE },
	{ "SecondaryColorPointer", S_ARRAY, PRUNE_STATE },
	{ "EdgeFlagPointer*", S_ARRAY, PRUNE_STATE }, { "FogCoordPointer", S_ARRAY, PRUNE_STATE },
	{ "TexCoordPointer*", S_ARRAY, PRUNE_STATE },
	{ "BindFramebuffer*", S_BIND_FBO, PRUNE_BINDINGS },
	{ "FramebufferTexture*", S_FBO_TEXTURE, PRUNE_FRAMEBUFFERS },
	{ "FramebufferRenderbuffer", S_FBO_RENDERBUFFER, PRUNE_FRAMEBUFFERS },
	{ "BindRenderbuffer*", S_BIND_RBO, PRUNE_BINDINGS },
	{ "RenderbufferStorage*", S_RBO_STORAGE, PRUNE_FRAMEBUFFERS },

	{ "ShaderSource", S_SHADER_SOURCE, PRUNE_PROGRAMS },
	{ "CompileShader", S_COMPILE, PRUNE_PROGRAMS },
	{ "AttachShader", S_ATTACH, PRUNE_PROGRAMS }, { "DetachShader", S_DETACH, PRUNE_PROGRAMS },
	{ "LinkProgram", S_LINK, PRUNE_PROGRAMS }, { "UseProgram", S_USE_PROGRAM, PRUNE_BINDINGS },
	{ "ValidateProgram", S_VALIDATE, PRUNE_PROGRAMS },
	{ "ProgramParameteri", S_PROGRAM_INPUT, PRUNE_PROGRAMS },
	{ "BindAttribLocation", S_PROGRAM_INPUT, PRUNE_PROGRAMS },
	{ "BindFragDataLocation*", S_PROGRAM_INPUT, PRUNE_PROGRAMS },
	{ "TransformFeedbackVaryings", S_PROGRAM_INPUT, PRUNE_PROGRAMS },
	{ "GetAttribLocation", S_LOCATE, PRUNE_PROGRAMS },
	{ "GetUniformLocation", S_LOCATE, PRUNE_PROGRAMS },
	{ "GetFragDataLocation", S_LOCATE, PRUNE_PROGRAMS },
	{ "GetFragDataIndex", S_LOCATE, PRUNE_PROGRAMS },
	{ "GetUniformBlockIndex", S_LOCATE, PRUNE_PROGRAMS },
	{ "UniformBlockBinding", S_UNIFORM_BLOCK, PRUNE_PROGRAMS },
	{ "Uniform*", S_UNIFORM, PRUNE_PROGRAMS },
	{ "ProgramUniform*", S_PROGRAM_UNIFORM, PRUNE_PROGRAMS },
	{ "BindProgramPipeline", S_BIND_PIPELINE, PRUNE_BINDINGS },
	{ "UseProgramStages", S_PIPELINE_STAGES, PRUNE_PROGRAMS },
	{ "ActiveShaderProgram", S_PIPELINE_STAGES, PRUNE_PROGRAMS },
	{ "ValidateProgramPipeline", S_VOID, PRUNE_PROGRAMS },
	{ "BindProgramARB", S_BIND_ARBPROG, PRUNE_BINDINGS },
	{ "ProgramStringARB", S_ARBPROG_STRING, PRUNE_PROGRAMS },
	{ "ProgramLocalParameter*", S_ARBPROG_LOCAL, PRUNE_PROGRAMS },
	{ "ProgramEnvParameters4fvEXT", S_ARBPROG_ENVS, PRUNE_STATE },
	{ "BeginQuery", S_BEGIN_QUERY, PRUNE_STATE }, { "EndQuery", S_END_QUERY, PRUNE_STATE },
	{ "QueryCounter", S_QUERY_COUNTER, PRUNE_STATE },
	{ "BeginConditionalRender", S_BEGIN_COND, PRUNE_STATE },
	{ "EndConditionalRender", S_END_COND, PRUNE_STATE },
	{ "BeginTransformFeedback", S_XFB_BEGIN, PRUNE_STATE },
	{ "EndTransformFeedback", S_XFB_END, PRUNE_STATE },
	{ "PauseTransformFeedback", S_XFB, PRUNE_STATE },
	{ "ResumeTransformFeedback", S_XFB, PRUNE_STATE },
	{ "BindTransformFeedback", S_BIND_XFB, PRUNE_BINDINGS },
	{ "NewList", S_NEW_LIST, PRUNE_LISTS }, { "EndList", S_END_LIST, PRUNE_LISTS },
	{ "CallList", S_CALL_LIST, PRUNE_STATE }, { "CallLists", S_CALL_LISTS, PRUNE_STATE },
	{ "DeleteLists", S_DELETE_LISTS, PRUNE_OBJECTS },
	{ "ListBase", S_LIST_BASE, PRUNE_STATE },

	{ "LockArraysEXT", S_LOCK, PRUNE_STATE }, { "UnlockArraysEXT", S_UNLOCK, PRUNE_STATE },

	/* no state that anything later can see */
	{ "InitNames", S_VOID, PRUNE_STATE }, { "LoadName", S_VOID, PRUNE_STATE },
	{ "PushName", S_VOID, PRUNE_STATE }, { "PopName", S_VOID, PRUNE_STATE },
	{ "PassThrough", S_VOID, PRUNE_STATE },
	{ "Flush", S_VOID, PRUNE_STATE }, { "Finish", S_VOID, PRUNE_STATE },
	{ "ClientWaitSync", S_VOID, PRUNE_STATE }, { "WaitSync", S_VOID, PRUNE_STATE },
};

static const struct { uint16_t op; uint8_t special; } windows[] = {
	{ OP_blinkContext, S_CONTEXT }, { OP_blinkContextDestroy, S_CONTEXT_DESTROY },
	{ OP_blinkDrawable, S_DRAWABLE }, { OP_blinkDrawableResize, S_DRAWABLE_RESIZE },
	{ OP_blinkDrawableDestroy, S_DRAWABLE_DESTROY },
	{ OP_blinkMakeCurrent, S_MAKE_CURRENT }, { OP_blinkSwap, S_SWAP },
};

static bool fits(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (pattern[n - 1] == '*')
		return strncmp(pattern, name, n - 1) == 0;
	return strcmp(pattern, name) == 0;
}

static void special_by_form(struct op_row *row, const struct gl_op *op)
{
	switch (op->form) {
	case GL_FORM_GEN: row->special = S_GEN; break;
	case GL_FORM_DELETE: row->special = S_DELETE; break;
	case GL_FORM_CREATE: row->special = S_CREATE; break;
	case GL_FORM_DELETE1: row->special = S_DELETE1; break;
	default: return;
	}
	row->kind = PRUNE_OBJECTS;
}

static void special_find(struct op_row *row, const struct gl_op *op)
{
	const char *name = op->command == GL_OP_NO_COMMAND ? "" : gl_commands[op->command].name;

	row->kind = PRUNE_STATE;
	special_by_form(row, op);
	if (row->special || strncmp(name, "gl", 2))
		return;
	for (size_t i = 0; i < ARRAY_LEN(specials); i++)
		if (specials[i].name[0] == name[2] && fits(specials[i].name, name + 2)) {
			row->special = specials[i].special;
			row->kind = specials[i].kind;
			return;
		}
}

/* ---- effects -------------------------------------------------------------- */

/* Slots that specials deal with, or that are not state at a record's end. */
static bool special_slot(unsigned slot)
{
	static const uint16_t slots[] = {
		GL_SLOT_matrix_mode, GL_SLOT_matrix_unit, GL_SLOT_active_texture,
		GL_SLOT_client_active_texture, GL_SLOT_begin_mode, GL_SLOT_list_mode,
		GL_SLOT_primitive, GL_SLOT_tracked_material, GL_SLOT_query_active,
		GL_SLOT_query_count, GL_SLOT_conditional_render, GL_SLOT_transform_feedback,
		GL_SLOT_selection, GL_SLOT_attrib_stack, GL_SLOT_client_attrib_stack,
		GL_SLOT_matrix_stack, GL_SLOT_pipeline, GL_SLOT_pixel_store, GL_SLOT_debug,
		GL_SLOT_enable, GL_SLOT_name_stack, GL_SLOT_render_mode,
		GL_SLOT_array_object_name, GL_SLOT_framebuffer_name, GL_SLOT_framebuffer_binding,
		GL_SLOT_buffer_range, GL_SLOT_array_lock,
	};

	for (size_t i = 0; i < ARRAY_LEN(slots); i++)
		if (slots[i] == slot)
			return true;
	return gl_slots[slot].scope != GL_SCOPE_CONTEXT ||
	       strncmp(gl_slots[slot].name, "bound_", 6) == 0;
}

/* ... of which these hold nothing by themselves. */
static bool derived_slot(unsigned slot)
{
	return slot == GL_SLOT_query_count || slot == GL_SLOT_captured_vertices ||
	       slot == GL_SLOT_selection || slot == GL_SLOT_attached_image ||
	       slot == GL_SLOT_pixel_store || slot == GL_SLOT_debug;
}

/* A key as it is found in a record; K_ANY: it is not. */
static void key_of(const struct gl_op *op, struct gl_key key, uint8_t *kind, uint32_t *value)
{
	*kind = K_ANY;
	*value = 0;
	if (key.kind == GL_KEY_NONE || key.kind == GL_KEY_CONST) {
		*kind = K_CONST;
		*value = key.kind ? key.value : 0;
	} else if (key.kind == GL_KEY_SELECTED) {
		*kind = key.value == GL_SLOT_active_texture ? K_UNIT :
			key.value == GL_SLOT_client_active_texture ? K_CLIENT_UNIT :
			key.value == GL_SLOT_matrix_mode ? K_MODE :
			key.value == GL_SLOT_matrix_unit ? K_MODE_UNIT : K_ANY;
	} else if (key.kind == GL_KEY_PARAM || key.kind == GL_KEY_OPERAND) {
		for (unsigned i = 0; i < op->noperands; i++) {
			if (key.kind == GL_KEY_PARAM ? op->operands[i].param != key.value
						     : i != key.value)
				continue;
			if (op->operands[i].kind == GL_KIND_PAYLOAD ||
			    op->operands[i].kind == GL_KIND_ANSWER)
				return;
			*kind = K_WORD;
			*value = op->operands[i].word;
		}
	}
}

static struct effect effect_of(const struct gl_op *op, const struct gl_effect *e)
{
	struct effect f = { .slot = e->slot };

	for (unsigned k = 0; k < 2; k++)
		key_of(op, e->key[k], &f.kind[k], &f.value[k]);
	return f;
}

static bool overlaps(const struct effect *a, const struct effect *b)
{
	for (unsigned k = 0; k < 2; k++)
		if (a->kind[k] != K_ANY && b->kind[k] != K_ANY &&
		    (a->kind[k] != b->kind[k] || a->value[k] != b->value[k]))
			return false;
	return a->slot == b->slot;
}

/* Commands that set one part of a slot without keys, told by their first operand, or of
 * which the table says less than is so: the part has a cell of its own.  Cells may
 * overlap: the last write of each is kept, in order. */
static bool part_of_slot(const char *name)
{
	static const char *const parts[] = {
		"glStencilFuncSeparate", "glStencilOpSeparate", "glStencilMaskSeparate",
		"glColorMaski", "glBlendFunci", "glBlendFuncSeparatei", "glBlendEquationi",
		"glBlendEquationSeparatei",
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strcmp(parts[i], name) == 0)
			return true;
	return false;
}

/* True if the columns' reads of the slot are not meant for what it writes now. */
static bool part_refine(const struct gl_op *op, const char *name, struct effect *f)
{
	if (part_of_slot(name)) {
		f->kind[0] = K_WORD;
		f->value[0] = op->operands[0].word;
		f->kind[1] = K_CONST;
		f->value[1] = 1;                 /* apart from the whole slot's */
		f->replace = true;
	} else if (strncmp(name, "glTexGen", 8) == 0 && f->kind[0] == K_ANY) {
		/* unit and parameter; coordinate */
		f->kind[0] = K_UNIT_WORD;
		f->value[0] = op->operands[1].word;
		f->kind[1] = K_WORD;
		f->value[1] = op->operands[0].word;
		f->replace = true;
	} else if (strncmp(name, "glVertexAttrib", 14) == 0) {
		f->replace = f->kind[0] != K_ANY && f->kind[1] != K_ANY;
	} else {
		return false;
	}
	return true;
}

static void reads_leave(struct op_row *row, struct effect *r, unsigned slot)
{
	unsigned n = 0;

	for (unsigned i = 0; i < row->nr; i++)
		if (r[i].slot != slot)
			r[n++] = r[i];
	row->nr = (uint8_t)n;
}

static bool context_effects(struct op_row *row, const struct gl_op *op)
{
	const struct gl_command *c = &gl_commands[op->command];
	struct effect w[96], r[256];
	struct effect *kept;

	for (unsigned i = 0; i < c->nwrites && row->nw < ARRAY_LEN(w); i++)
		if (!special_slot(c->writes[i].slot))
			w[row->nw++] = effect_of(op, &c->writes[i]);
	for (unsigned i = 0; i < c->nreads; i++)
		if (!special_slot(c->reads[i].slot) && row->nr < 255)
			r[row->nr++] = effect_of(op, &c->reads[i]);
	for (unsigned i = 0; i < row->nw; i++) {
		w[i].replace = w[i].kind[0] != K_ANY && w[i].kind[1] != K_ANY;
		for (unsigned k = 0; k < row->nr; k++)
			w[i].replace &= !overlaps(&w[i], &r[k]);
		if (part_refine(op, c->name, &w[i]))
			reads_leave(row, r, w[i].slot);
	}
	kept = malloc((size_t)(row->nw + row->nr + 1) * sizeof(*kept));
	if (!kept)
		return false;
	memcpy(kept, w, row->nw * sizeof(*kept));
	memcpy(kept + row->nw, r, row->nr * sizeof(*kept));
	row->w = kept;
	row->r = kept + row->nw;
	return true;
}

/* ---- rows ----------------------------------------------------------------- */

static bool reads_wide(const struct gl_command *c, unsigned slot)
{
	for (unsigned i = 0; i < c->nreads; i++)
		if (c->reads[i].slot == slot && c->reads[i].key[0].kind == GL_KEY_ANY)
			return true;
	return false;
}

static bool unexplained(const struct op_row *row, const struct gl_command *c)
{
	if (row->special != S_NONE)
		return false;
	for (unsigned i = 0; i < c->nwrites; i++)
		if (special_slot(c->writes[i].slot) && !derived_slot(c->writes[i].slot) &&
		    c->writes[i].slot != GL_SLOT_primitive &&
		    c->writes[i].slot != GL_SLOT_tracked_material)
			return true;
	return false;
}

static void selectors_needed(struct op_row *row, const struct gl_command *c)
{
	for (unsigned i = 0; i < row->nw; i++)
		for (unsigned k = 0; k < 2; k++) {
			row->needs_mode |= row->w[i].kind[k] == K_MODE;
			row->needs_mode |= row->w[i].kind[k] == K_MODE_UNIT;
			row->needs_unit |= row->w[i].kind[k] == K_UNIT;
			row->needs_unit |= row->w[i].kind[k] == K_UNIT_WORD;
			row->needs_client_unit |= row->w[i].kind[k] == K_CLIENT_UNIT;
		}
	switch (row->special) {
	case S_PUSH_MATRIX: case S_POP_MATRIX:
		row->needs_mode = true;
		break;
	case S_PUSH_ATTRIB: case S_POP_ATTRIB: case S_CALL_LIST: case S_CALL_LISTS:
		row->needs_mode = row->needs_unit = true;
		break;
	case S_PUSH_CLIENT: case S_POP_CLIENT: case S_ARRAY: case S_ARRAY_ENABLE:
		row->needs_client_unit = true;
		break;
	case S_BIND_TEXTURE: case S_TEX_IMAGE: case S_TEX_SUB: case S_TEX_STORAGE:
	case S_TEX_BUFFER: case S_TEX_PARAM: case S_GENERATE_MIPMAP: case S_COPY_TEX:
	case S_COPY_TEX_SUB:
		row->needs_unit = true;
		break;
	default:
		break;
	}
	/* a matrix of texture coordinates is the active unit's */
	row->needs_unit |= row->needs_mode;
	row->vertex = gl_command_writes(c, GL_SLOT_primitive) && row->special == S_NONE;
	row->in_begin = gl_command_writes(c, GL_SLOT_primitive) || row->special == S_COLOR ||
			row->special == S_CALL_LIST || row->special == S_CALL_LISTS ||
			row->special == S_END_PRIMITIVE || row->special == S_ARRAY ||
			row->special == S_ARRAY_ENABLE || row->special == S_CLIENT_ACTIVE ||
			row->special == S_ATTRIB_ARRAY || row->special == S_ATTRIB_ENABLE ||
			gl_command_writes(c, GL_SLOT_material) || gl_command_writes(c, GL_SLOT_edge_flag) ||
			gl_command_writes(c, GL_SLOT_current_normal) ||
			gl_command_writes(c, GL_SLOT_current_texcoord) ||
			gl_command_writes(c, GL_SLOT_current_secondary_color) ||
			gl_command_writes(c, GL_SLOT_current_fogcoord) ||
			gl_command_writes(c, GL_SLOT_current_index);
}

static uint8_t sort_of(const char *name)
{
	static const struct { const char *start; uint8_t sort; } sorts[] = {
		{ "glTranslate", SORT_TRANSLATE }, { "glRotate", SORT_ROTATE },
		{ "glScale", SORT_SCALE }, { "glMult", SORT_MULTIPLY }, { "glFrustum", SORT_FRUSTUM },
		{ "glOrtho", SORT_ORTHO }, { "glLoad", SORT_LOAD },
	};

	for (size_t i = 0; i < ARRAY_LEN(sorts); i++)
		if (strncmp(name, sorts[i].start, strlen(sorts[i].start)) == 0)
			return sorts[i].sort;
	return SORT_NONE;
}

/* Specials whose columns say more than is so, or that write nothing there. */
static bool columns_apply(unsigned special)
{
	switch (special) {
	case S_BIND_VAO: case S_DELETE: case S_DELETE1: case S_GEN: case S_CREATE:
	case S_PUSH_MATRIX: case S_POP_MATRIX: case S_PUSH_ATTRIB: case S_POP_ATTRIB:
	case S_PUSH_CLIENT: case S_POP_CLIENT: case S_USE_PROGRAM: case S_ARBPROG_ENVS:
	case S_CALL_LIST: case S_CALL_LISTS: case S_NEW_LIST: case S_END_LIST:
	case S_ENABLE: case S_VERTEX_BUFFER: case S_LINK: case S_BIND_XFB: case S_VOID:
	case S_DELETE_LISTS:
		return false;
	default:
		return true;
	}
}

static uint32_t array_of(const struct gl_command *c)
{
	for (unsigned i = 0; i < c->nwrites; i++)
		if (c->writes[i].slot == GL_SLOT_bound_array)
			return c->writes[i].key[0].value;
	return 0;
}

/* After these nothing is certain that is told by what is bound, or by what commands write:
 * bindings that are not followed, texels with two names, shaders that write. */
static bool goes_far(const char *name)
{
	static const char *const starts[] = {
		"glBindTextures", "glBindImageTexture", "glTextureView", "glDispatchCompute",
		"glShaderStorageBlockBinding",
	};

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static bool row_fill(struct op_row *row, unsigned opcode)
{
	const struct gl_op *op = &gl_ops[opcode];
	const struct gl_command *c;

	if (op->command == GL_OP_NO_COMMAND) {
		row->special = opcode == OP_call ? S_CALL : opcode == OP_end ? S_END :
			       strncmp(op->name, "jump", 4) == 0 ? S_JUMP : S_CORE;
		row->kind = op->form == GL_FORM_WINDOW ? PRUNE_WINDOW : PRUNE_STATE;
		return true;
	}
	c = &gl_commands[op->command];
	special_find(row, op);
	if (row->special == S_MATRIX)
		row->sort = sort_of(c->name);
	row->reads_all = reads_wide(c, GL_SLOT_matrix) && reads_wide(c, GL_SLOT_enable);
	if (!context_effects(row, op))
		return false;
	if (c->opaque || unexplained(row, c)) {
		row->special = S_OPAQUE;
		row->kind = PRUNE_UNJUDGED;
		row->reads_all = true;
	}
	row->far = goes_far(c->name);
	selectors_needed(row, c);
	row->columns = columns_apply(row->special);
	row->enables = strncmp(c->name, "glEnable", 8) == 0;
	row->generic = strncmp(c->name, "glVertexAttrib", 14) == 0;
	row->array = array_of(c);
	return true;
}

const struct op_row *prune_rows;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void table_build(void)
{
	struct op_row *rows = calloc(GL_OP_COUNT, sizeof(*rows));

	if (!rows)
		return;
	for (unsigned i = 0; i < GL_OP_COUNT; i++)
		if (!row_fill(&rows[i], i)) {
			free(rows);
			return;
		}
	for (size_t i = 0; i < ARRAY_LEN(windows); i++)
		rows[windows[i].op].special = windows[i].special;
	for (unsigned i = 0; i < GL_OP_COUNT; i++) {
		uint8_t s = rows[i].special;

		rows[i].listed = gl_op_listed(i);
		rows[i].steps = s != S_NONE && s != S_VOID && s != S_OPAQUE && s != S_DRAW &&
				s != S_COLOR && s != S_UNIFORM && s != S_TEX_SUB &&
				s != S_CLEAR_BUFFER && s != S_ACCUM && s != S_BLIT &&
				s != S_COPY_PIXELS && s != S_READ_PIXELS && s != S_BUFFER_DATA &&
				s != S_BUFFER_SUB && s != S_CORE;
	}
	prune_rows = rows;
}

bool prune_table_make(void)
{
	pthread_once(&once, table_build);
	return prune_rows != NULL;
}
