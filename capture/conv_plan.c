/* conv_plan.c - what to do with each function of a trace: its hook, or how its arguments
 * become a record, worked out when it is seen first. */
#include "capture/conv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Commands with state that records do not have, by canonical name. */
static const struct {
	const char *name;
	conv_hook hook;
	int aux;
} hooks[] = {
	{ "glViewport", conv_hook_viewport, 0 },
	{ "glViewportArrayv", conv_hook_viewport, 1 },
	{ "glViewportIndexedf", conv_hook_viewport, 2 },
	{ "glViewportIndexedfv", conv_hook_viewport, 3 },
	{ "glBlitFramebuffer", conv_hook_viewport, 4 },
	{ "glPixelStorei", conv_hook_pixelstore, 0 },
	{ "glPixelStoref", conv_hook_pixelstore, 0 },
	{ "glPushClientAttrib", conv_hook_clientattrib, 1 },
	{ "glPopClientAttrib", conv_hook_clientattrib, 0 },
	{ "glBindBuffer", conv_hook_bindbuffer, 0 },
	{ "glBindBufferBase", conv_hook_bindbuffer, 1 },
	{ "glBindBufferRange", conv_hook_bindbuffer, 1 },
	{ "glBindVertexArray", conv_hook_vao, 0 },
	{ "glMapBuffer", conv_hook_map, 0 },
	{ "glMapBufferRange", conv_hook_map, 1 },
	{ "glUnmapBuffer", conv_hook_map, 2 },
	{ "glFlushMappedBufferRange", conv_hook_map, 3 },
	{ "glFlushMappedBufferRangeAPPLE", conv_hook_map, 3 },
	{ "glBufferStorage", conv_hook_storage, 0 },
	{ "glInterleavedArrays", conv_hook_interleaved, 0 },
	{ "glXChooseFBConfig", conv_hook_window, 0 },
	{ "glXGetFBConfigAttrib", conv_hook_window, 0 },
	{ "glMultiDrawArrays", conv_hook_multidraw, 0 },
	{ "glMultiDrawElements", conv_hook_multidraw, 1 },
	{ "glMultiDrawElementsBaseVertex", conv_hook_multidraw, 1 },
	{ "glUseProgram", conv_hook_program, 0 },
	{ "glLinkProgram", conv_hook_program, 1 },
	{ "glGetUniformLocation", conv_hook_locate, CONV_LOC_UNIFORM },
	{ "glGetAttribLocation", conv_hook_locate, CONV_LOC_ATTRIB },
	{ "glGetFragDataLocation", conv_hook_locate, CONV_LOC_FRAGDATA },
	{ "glGetUniformBlockIndex", conv_hook_locate, CONV_LOC_BLOCK },
	{ "glGetProgramResourceLocation", conv_hook_locate, CONV_LOC_RESOURCE },
	{ "glGetProgramResourceIndex", conv_hook_locate, CONV_LOC_RESOURCE_INDEX },
	{ "glBindSamplers", conv_hook_multibind, 0 },
	{ "glBindVertexBuffers", conv_hook_multibind, 1 },
	{ "glBindBuffersBase", conv_hook_multibind, 2 },
	{ "glBindBuffersRange", conv_hook_multibind, 3 },
	{ "glBindTextures", conv_hook_far, 1 },
	{ "glBindImageTexture", conv_hook_far, 1 },
	{ "glBindImageTextures", conv_hook_far, 1 },
	{ "glTextureView", conv_hook_far, 1 },
	{ "glDispatchCompute", conv_hook_far, 1 },
	{ "glDispatchComputeIndirect", conv_hook_far, 1 },
	{ "glClearTexImage", conv_hook_far, 0 },
	{ "glClearTexSubImage", conv_hook_far, 0 },
	{ "glBindTexture", conv_hook_state, 0 },
	{ "glActiveTexture", conv_hook_state, 1 },
	{ "glNewList", conv_hook_state, 2 },
	{ "glEndList", conv_hook_state, 3 },
	{ "glBegin", conv_hook_state, 4 },
	{ "glEnd", conv_hook_state, 5 },
	{ "glCallList", conv_hook_state, 6 },
	{ "glCallLists", conv_hook_state, 6 },
	{ "glPushAttrib", conv_hook_state, 9 },
	{ "glPopAttrib", conv_hook_state, 10 },
	{ "glPixelTransferf", conv_hook_state, 11 },
	{ "glPixelTransferi", conv_hook_state, 11 },
	{ "glPixelMapfv", conv_hook_state, 11 },
	{ "glPixelMapuiv", conv_hook_state, 11 },
	{ "glPixelMapusv", conv_hook_state, 11 },
	{ "glRenderMode", conv_hook_state, 7 },
	{ "glBindFramebuffer", conv_hook_state, 8 },
	{ "glBindFramebufferEXT", conv_hook_state, 8 },
	{ "glBindProgramPipeline", conv_hook_state, 6 },
	{ "glLockArraysEXT", conv_hook_lock, 0 },
	{ "glUnlockArraysEXT", conv_hook_lock, 0 },
};

/* Forms whose calls differ from their records. */
static const conv_hook form_hooks[GL_FORM_COUNT] = {
	[GL_FORM_GEN] = conv_hook_gen,
	[GL_FORM_DELETE] = conv_hook_delete,
	[GL_FORM_DELETE1] = conv_hook_delete,
	[GL_FORM_CREATE] = conv_hook_create,
	[GL_FORM_SOURCE] = conv_hook_source,
	[GL_FORM_STRINGS] = conv_hook_strings,
	[GL_FORM_LOCATE] = conv_hook_locate,
	[GL_FORM_ANSWER] = conv_hook_readback,
};

int conv_param_index(const struct gl_command *cmd, const char *name)
{
	for (unsigned i = 0; i < cmd->nparams; i++)
		if (!strcmp(cmd->params[i].name, name))
			return (int)i;
	return -1;
}

/* The element type behind a pointer parameter, from the registry's C type. */
static unsigned element_type(const char *type)
{
	static const struct {
		const char *word;
		unsigned ctype;
	} words[] = {
		{ "GLfloat", GL_C_F32 }, { "GLclampf", GL_C_F32 },
		{ "GLdouble", GL_C_F64 }, { "GLclampd", GL_C_F64 },
		{ "GLbyte", GL_C_I8 }, { "GLubyte", GL_C_U8 }, { "GLboolean", GL_C_U8 },
		{ "GLchar", GL_C_U8 }, { "GLshort", GL_C_I16 }, { "GLushort", GL_C_U16 },
		{ "GLhalf", GL_C_U16 }, { "GLint64", GL_C_I64 }, { "GLuint64", GL_C_U64 },
		{ "GLintptr", GL_C_I64 }, { "GLsizeiptr", GL_C_I64 },
		{ "GLint", GL_C_I32 }, { "GLsizei", GL_C_I32 }, { "GLfixed", GL_C_I32 },
		{ "GLuint", GL_C_U32 }, { "GLenum", GL_C_U32 }, { "GLbitfield", GL_C_U32 },
		{ "GLhandleARB", GL_C_U32 },
	};
	const char *star = strchr(type, '*');

	if (!star || strchr(star + 1, '*'))
		return GL_C_PTR;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(type, words[i].word))
			return words[i].ctype;
	return GL_C_U8;         /* void */
}

static bool has_only_shared_writes(const struct gl_command *cmd)
{
	if (!cmd->nwrites || cmd->opaque)
		return false;
	for (unsigned i = 0; i < cmd->nwrites; i++)
		if (gl_slots[cmd->writes[i].slot].scope != GL_SCOPE_SHARE)
			return false;
	for (unsigned i = 0; i < cmd->nreads; i++)
		if (gl_slots[cmd->reads[i].slot].scope == GL_SCOPE_DRAWABLE)
			return false;
	return true;
}

static bool writes_drawable(const struct gl_command *cmd)
{
	if (cmd->opaque)
		return true;
	for (unsigned i = 0; i < cmd->nwrites; i++)
		if (gl_slots[cmd->writes[i].slot].scope == GL_SCOPE_DRAWABLE)
			return true;
	return false;
}

static conv_hook find_hook(const struct gl_command *cmd, int *aux)
{
	unsigned first = cmd->op, buf = cmd->op_buf;

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		if (!strcmp(cmd->name, hooks[i].name)) {
			*aux = hooks[i].aux;
			return hooks[i].hook;
		}
	*aux = 0;
	if (!strncmp(cmd->name, "glX", 3) || !strncmp(cmd->name, "egl", 3))
		return cmd->replay == GL_REPLAY_LOWER ? conv_hook_window : NULL;
	if (cmd->replay != GL_REPLAY_RUN && buf == GL_OP_COUNT)
		return NULL;
	if (buf != GL_OP_COUNT && first == GL_OP_COUNT)
		return conv_hook_readback;
	if (first != GL_OP_COUNT && form_hooks[gl_ops[first].form])
		return form_hooks[gl_ops[first].form];
	if (buf != GL_OP_COUNT)
		return gl_ops[buf].form == GL_FORM_UNPACK_BUF ? conv_hook_pixels
							       : conv_hook_array;
	return NULL;
}

/* A record that is the words of a call's arguments, one each, in their order. */
static bool copies_words(const struct gl_command *cmd)
{
	const struct gl_op *o = &gl_ops[cmd->op];

	if (o->noperands != cmd->nparams || o->words != 1u + o->noperands ||
	    cmd->replay != GL_REPLAY_RUN)
		return false;
	for (unsigned i = 0; i < o->noperands; i++)
		if (o->operands[i].param != i || o->operands[i].word != 1 + i ||
		    (o->operands[i].kind == GL_KIND_FLOAT) != (cmd->params[i].ctype == GL_C_F32))
			return false;
	return true;
}

/* The operand that an array hook fills. */
static void plan_array(struct conv_plan *plan)
{
	const struct gl_op *o = &gl_ops[plan->cmd->op];

	for (unsigned i = 0; i < o->noperands; i++)
		if (o->operands[i].kind == GL_KIND_PAYLOAD)
			plan->array = &o->operands[i];
	plan->indices = plan->array && plan->array->param < plan->cmd->nparams &&
			!strcmp(plan->cmd->params[plan->array->param].name, "indices");
}

static struct conv_plan *make_plan(const struct gl_command *cmd)
{
	struct conv_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->cmd = cmd;
	if (!cmd)
		return plan;
	plan->hook = find_hook(cmd, &plan->aux);
	plan->draws = cmd->replay == GL_REPLAY_RUN && writes_drawable(cmd);
	plan->upload = cmd->replay == GL_REPLAY_RUN && has_only_shared_writes(cmd) &&
		       conv_param_index(cmd, "target") == 0;
	for (unsigned i = 0; i < cmd->nparams && i < 16; i++)
		plan->element[i] = cmd->params[i].pointer
				 ? (uint8_t)element_type(cmd->params[i].type) : GL_C_VOID;
	plan->plain = !plan->hook && cmd->op != GL_OP_COUNT &&
		      gl_ops[cmd->op].form == GL_FORM_DIRECT;
	for (unsigned i = 0; plan->plain && i < gl_ops[cmd->op].noperands; i++)
		switch (gl_ops[cmd->op].operands[i].kind) {
		case GL_KIND_INT: case GL_KIND_UINT: case GL_KIND_FLOAT: case GL_KIND_BOOL:
		case GL_KIND_ENUM: case GL_KIND_BITS:
			break;
		default:
			plan->plain = false;
		}
	plan->words = plan->plain && !plan->upload && copies_words(cmd);
	if (plan->hook == conv_hook_array && cmd->op != GL_OP_COUNT)
		plan_array(plan);
	return plan;
}

const struct conv_plan *conv_plan_get(struct conv *c, struct trace_sig *sig)
{
	if (!sig->user) {
		const struct gl_command *cmd = gl_command_find(sig->name);
		struct conv_plan *plan = make_plan(cmd);

		if (!plan) {
			error_set(c->err, -ENOMEM, "convert: out of memory");
			return NULL;
		}
		if (!cmd && !strcmp(sig->name, "memcpy"))
			plan->hook = conv_hook_memcpy;
		if (!cmd && !strcmp(sig->name, SOURCE_DRAWABLE))
			plan->hook = conv_hook_drawable;
		sig->wants_words = plan->words && sig->nargs == cmd->nparams;
		plan->next = c->plans;
		c->plans = plan;
		sig->user = plan;
	}
	return sig->user;
}
