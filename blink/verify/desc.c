/* desc.c - makes the verifier's descriptors from the command table. */
#include "blink/verify/desc.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof(*(a)))
#define BIT(callback) (1u << (callback))
#define EVERYWHERE ((1u << SP_CALLBACKS) - 1)
/* where GL may be used, where pixels may change, where contexts may */
#define WITH_GL (EVERYWHERE & ~BIT(SP_INPUT))
#define WITH_PIXELS (BIT(SP_INIT) | BIT(SP_REDRAW))
#define WITH_WINDOWS (BIT(SP_INIT) | BIT(SP_UPDATE) | BIT(SP_REDRAW))

static struct desc_table *table;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

/* ---- hooks by command ---------------------------------------------------- */

static const struct { const char *name; uint8_t hook, arg; } hooks[] = {
	{ "end", HOOK_END, 0 }, { "call", HOOK_CALL, 0 },
	{ "blinkContext", HOOK_CONTEXT, 0 }, { "blinkContextDestroy", HOOK_CONTEXT_DESTROY, 0 },
	{ "blinkMakeCurrent", HOOK_MAKE_CURRENT, 0 },
	{ "glVertexPointer", HOOK_POINTER, VARRAY_VERTEX },
	{ "glNormalPointer", HOOK_POINTER, VARRAY_NORMAL },
	{ "glColorPointer", HOOK_POINTER, VARRAY_COLOR },
	{ "glSecondaryColorPointer", HOOK_POINTER, VARRAY_SECONDARY },
	{ "glFogCoordPointer", HOOK_POINTER, VARRAY_FOG },
	{ "glIndexPointer", HOOK_POINTER, VARRAY_INDEX },
	{ "glEdgeFlagPointer", HOOK_POINTER, VARRAY_EDGE },
	{ "glTexCoordPointer", HOOK_POINTER, VARRAY_TEXCOORD },
	{ "glVertexAttribPointer", HOOK_POINTER, VARRAY_ATTRIB },
	{ "glVertexAttribIPointer", HOOK_POINTER, VARRAY_ATTRIB },
	{ "glVertexAttribLPointer", HOOK_POINTER, VARRAY_ATTRIB },
	{ "glVertexPointerEXT", HOOK_POINTER, VARRAY_VERTEX },
	{ "glNormalPointerEXT", HOOK_POINTER, VARRAY_NORMAL },
	{ "glColorPointerEXT", HOOK_POINTER, VARRAY_COLOR },
	{ "glIndexPointerEXT", HOOK_POINTER, VARRAY_INDEX },
	{ "glEdgeFlagPointerEXT", HOOK_POINTER, VARRAY_EDGE },
	{ "glTexCoordPointerEXT", HOOK_POINTER, VARRAY_TEXCOORD },
	{ "glEnableClientState", HOOK_CLIENT_STATE, 1 },
	{ "glDisableClientState", HOOK_CLIENT_STATE, 0 },
	{ "glEnableVertexAttribArray", HOOK_ATTRIB_STATE, 1 },
	{ "glDisableVertexAttribArray", HOOK_ATTRIB_STATE, 0 },
	{ "glClientActiveTexture", HOOK_CLIENT_ACTIVE, 0 },
	{ "glVertexAttribDivisor", HOOK_DIVISOR, 0 },
	{ "glPrimitiveRestartIndex", HOOK_RESTART_INDEX, 0 },
	{ "glPrimitiveRestartIndexNV", HOOK_RESTART_INDEX, 0 },
	{ "glPushClientAttrib", HOOK_PUSH_CLIENT, 0 },
	{ "glPopClientAttrib", HOOK_POP_CLIENT, 0 },
	{ "glBindBuffer", HOOK_BIND_BUFFER, 0 },
	{ "glBindBufferBase", HOOK_BIND_RANGE, 0 }, { "glBindBufferRange", HOOK_BIND_RANGE, 0 },
	{ "glBindBufferOffsetEXT", HOOK_BIND_RANGE, 0 },
	{ "glBufferData", HOOK_BUFFER_DATA, 0 }, { "glBufferStorage", HOOK_BUFFER_DATA, 1 },
	{ "glBufferSubData", HOOK_BUFFER_SUBDATA, 0 },
	{ "glGenBuffers", HOOK_GEN_BUFFERS, 0 }, { "glDeleteBuffers", HOOK_DELETE_BUFFERS, 0 },
	{ "glGenVertexArrays", HOOK_GEN_ARRAYS, 0 },
	{ "glDeleteVertexArrays", HOOK_DELETE_ARRAYS, 0 },
	{ "glBindVertexArray", HOOK_BIND_ARRAY, 0 },
	{ "glBindVertexArrayAPPLE", HOOK_BIND_ARRAY, 1 },
	{ "glBegin", HOOK_BEGIN, 0 }, { "glEnd", HOOK_END_PRIMITIVE, 0 },
	{ "glClear", HOOK_CLEAR, 0 },
	{ "glClearBufferiv", HOOK_CLEAR_BUFFER, 0 }, { "glClearBufferuiv", HOOK_CLEAR_BUFFER, 0 },
	{ "glClearBufferfv", HOOK_CLEAR_BUFFER, 0 }, { "glClearBufferfi", HOOK_CLEAR_BUFFER, 0 },
	{ "glNewList", HOOK_NEW_LIST, 0 }, { "glEndList", HOOK_END_LIST, 0 },
	{ "glCallList", HOOK_CALL_LIST, 0 }, { "glCallLists", HOOK_CALL_LIST, 1 },
	{ "glDeleteLists", HOOK_DELETE_LISTS, 0 }, { "glGenLists", HOOK_GEN_LISTS, 0 },
	{ "glListBase", HOOK_LIST_BASE, 0 },
	{ "glEvalMesh1", HOOK_MESH, 1 }, { "glEvalMesh2", HOOK_MESH, 2 },
	{ "glEnable", HOOK_ENABLE, 1 }, { "glDisable", HOOK_ENABLE, 0 },
	{ "glColorMask", HOOK_MASK, MASK_COLOR }, { "glDepthMask", HOOK_MASK, MASK_DEPTH },
	{ "glStencilMask", HOOK_MASK, MASK_STENCIL },
	{ "glColorMaski", HOOK_MASK, MASK_COLOR | MASK_PART },
	{ "glStencilMaskSeparate", HOOK_MASK, MASK_STENCIL | MASK_PART },
	{ "glEnablei", HOOK_ENABLE_INDEXED, 1 }, { "glDisablei", HOOK_ENABLE_INDEXED, 0 },
	{ "glBindFramebuffer", HOOK_TARGET, TARGET_FRAMEBUFFER },
	{ "glBindFramebufferEXT", HOOK_TARGET, TARGET_FRAMEBUFFER },
	{ "glDrawBuffer", HOOK_TARGET, TARGET_BUFFER },
	{ "glDrawBuffers", HOOK_TARGET, TARGET_BUFFERS },
	{ "glBeginConditionalRender", HOOK_TARGET, TARGET_CONDITIONAL },
	{ "glEndConditionalRender", HOOK_TARGET, TARGET_UNCONDITIONAL },
	{ "glDeleteQueries", HOOK_DELETE_QUERIES, 0 },
	{ "glUseProgram", HOOK_TARGET, TARGET_PROGRAM },
	{ "glBindProgramPipeline", HOOK_TARGET, TARGET_PIPELINE },
	{ "glPushAttrib", HOOK_PUSH_ATTRIB, 0 }, { "glPopAttrib", HOOK_POP_ATTRIB, 0 },
	{ "glLockArraysEXT", HOOK_LOCK, 1 }, { "glUnlockArraysEXT", HOOK_LOCK, 0 },
	{ "glDrawArrays", HOOK_DRAW, 0 }, { "glDrawArraysInstanced", HOOK_DRAW, 0 },
	{ "glDrawArraysInstancedBaseInstance", HOOK_DRAW, 0 },
	{ "glDrawElements", HOOK_DRAW, 0 }, { "glDrawRangeElements", HOOK_DRAW, 0 },
	{ "glDrawElementsInstanced", HOOK_DRAW, 0 },
	{ "glDrawElementsBaseVertex", HOOK_DRAW, 0 },
	{ "glDrawRangeElementsBaseVertex", HOOK_DRAW, 0 },
	{ "glDrawElementsInstancedBaseVertex", HOOK_DRAW, 0 },
	{ "glDrawElementsInstancedBaseInstance", HOOK_DRAW, 0 },
	{ "glDrawElementsInstancedBaseVertexBaseInstance", HOOK_DRAW, 0 },
};

/* What commands without a hook of their own are told by: slots they touch. */
static bool touches(const struct gl_effect *e, unsigned n, unsigned slot)
{
	for (unsigned i = 0; i < n; i++)
		if (e[i].slot == slot)
			return true;
	return false;
}

static bool writes_any(const struct gl_command *c, const uint16_t *slots, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (touches(c->writes, c->nwrites, slots[i]))
			return true;
	return false;
}

static unsigned hook_by_effects(const struct gl_command *c)
{
	static const uint16_t arrays[] = {
		GL_SLOT_array_object, GL_SLOT_bound_array, GL_SLOT_bound_array_enable,
		GL_SLOT_bound_attrib_array, GL_SLOT_bound_attrib_enable,
		GL_SLOT_bound_attrib_divisor, GL_SLOT_buffer_binding,
		GL_SLOT_client_active_texture, GL_SLOT_begin_mode, GL_SLOT_list_mode,
		GL_SLOT_primitive_restart,
	};
	static const uint16_t contents[] = { GL_SLOT_bound_buffer_data };
	static const uint16_t feedback[] = { GL_SLOT_transform_feedback };
	static const uint16_t pixels[] = { GL_SLOT_color_buffer };
	bool unstated = !c->stated;

	if (unstated || writes_any(c, arrays, ARRAY_LEN(arrays)))
		return HOOK_LOST;
	if (touches(c->reads, c->nreads, GL_SLOT_bound_array))
		return HOOK_DRAW_UNKNOWN;
	if (writes_any(c, feedback, ARRAY_LEN(feedback)))
		return HOOK_FEEDBACK;
	if (writes_any(c, contents, ARRAY_LEN(contents)))
		return HOOK_CONTENTS;
	if (writes_any(c, pixels, ARRAY_LEN(pixels)))
		return HOOK_FRAGMENTS;
	/* by vertex processing; those of the window are not */
	if (strncmp(c->name, "glRasterPos", 11) == 0)
		return HOOK_RASTER;
	return HOOK_NONE;
}

static void hook_set(struct desc_table *t, unsigned op, unsigned row)
{
	if (op >= GL_OP_COUNT)
		return;
	t->op[op].hook = hooks[row].hook;
	t->op[op].arg = hooks[row].arg;
}

/* Every op of a command has its hook. */
static void hooks_fill(struct desc_table *t)
{
	for (unsigned i = 0; i < ARRAY_LEN(hooks); i++) {
		const struct gl_command *c = gl_command_find(hooks[i].name);

		hook_set(t, c ? c->op : gl_op_find(hooks[i].name), i);
		hook_set(t, c ? c->op_buf : GL_OP_COUNT, i);
	}
}

static void hook_default(struct desc *d, const struct gl_op *op)
{
	if (d->hook == HOOK_NONE && op->command != GL_OP_NO_COMMAND)
		d->hook = (uint8_t)hook_by_effects(&gl_commands[op->command]);
	if (d->hook == HOOK_NONE && op->form == GL_FORM_PACK_BUF)
		d->hook = HOOK_CONTENTS;
	if (d->hook == HOOK_NONE && op->form == GL_FORM_SOURCE)
		d->hook = HOOK_SOURCE;
}

/* ---- layouts ------------------------------------------------------------- */

static unsigned layout_add(struct desc_table *t, const struct gl_op *op)
{
	static const struct { const char *name; size_t at; } fields[] = {
#define FIELD(text, member) { text, offsetof(struct desc_layout, member) }
		FIELD("size", size), FIELD("type", type), FIELD("stride", stride),
		FIELD("pointer", pointer), FIELD("indices", pointer), FIELD("index", index),
		FIELD("count", count), FIELD("first", first), FIELD("start", start),
		FIELD("end", end), FIELD("basevertex", basevertex),
		FIELD("instancecount", instances), FIELD("primcount", instances),
		FIELD("baseinstance", baseinstance), FIELD("target", target),
		FIELD("data", data), FIELD("offset", offset),
		FIELD("normalized", normalized), FIELD("size", bytes),
#undef FIELD
	};
	struct desc_layout l = { 0 };

	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];

		for (size_t k = 0; k < ARRAY_LEN(fields); k++)
			if (strcmp(o->name, fields[k].name) == 0)
				((uint8_t *)&l)[fields[k].at] = o->word;
		l.buf |= o->kind == GL_KIND_OFFSET;
	}
	for (unsigned i = 0; i < t->nlayouts; i++)
		if (memcmp(&t->layout[i], &l, sizeof(l)) == 0)
			return i;
	if (t->nlayouts == ARRAY_LEN(t->layout))
		return 0xff;
	t->layout[t->nlayouts] = l;
	return t->nlayouts++;
}

/* ---- operand checks ------------------------------------------------------ */

static unsigned payload_binding(const struct gl_op *op, const struct gl_operand *o)
{
	const struct gl_op *buf;

	if (op->command == GL_OP_NO_COMMAND ||
	    gl_commands[op->command].op_buf >= GL_OP_COUNT)
		return GL_BINDING_NONE;
	buf = &gl_ops[gl_commands[op->command].op_buf];
	for (unsigned i = 0; i < buf->noperands; i++)
		if (buf->operands[i].param == o->param &&
		    (buf->operands[i].binding == GL_BINDING_UNPACK ||
		     buf->operands[i].binding == GL_BINDING_PACK))
			return buf->operands[i].binding;
	return GL_BINDING_NONE;
}

static unsigned string_count(const struct gl_op *op)
{
	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].param == 1)
			return op->operands[i].word;
	return 0;
}

static int payload_check(const struct gl_op *op, const struct gl_operand *o,
			 struct desc_check *c, struct desc *d)
{
	switch (o->size_rule) {
	case GL_SIZE_NONE:
		d->flags |= DESC_NEVER;
		return CHECK_PAYLOAD;
	case GL_SIZE_ANY:
		/* later commands decide: only arrays that are followed may */
		if (d->hook != HOOK_POINTER)
			d->flags |= DESC_NEVER;
		c->shared = true;
		return CHECK_PAYLOAD;
	case GL_SIZE_STRING:
		return CHECK_STRING;
	case GL_SIZE_STRINGS:
		c->count = (uint8_t)string_count(op);
		if (!c->count)
			d->flags |= DESC_NEVER;
		return CHECK_STRINGS;
	default:
		c->binding = (uint8_t)payload_binding(op, o);
		/* pixels; data of buffers, of which nothing is known then (buffers.c) */
		c->shared = c->binding == GL_BINDING_UNPACK || d->hook == HOOK_BUFFER_DATA ||
			    d->hook == HOOK_BUFFER_SUBDATA;
		if (o->terminated)
			return CHECK_TEXT;
		return o->space == GL_SPACE_NONE ? CHECK_PAYLOAD : CHECK_NAMES;
	}
}

/* -1: the operand needs none. */
static int check_kind(const struct gl_op *op, const struct gl_operand *o, struct desc_check *c,
		      struct desc *d)
{
	/* attributes and fragment outputs have indices of GL's own, not slots */
	bool defines = op->form == GL_FORM_LOCATE &&
		       op->command != GL_CMD_glGetAttribLocation &&
		       op->command != GL_CMD_glGetFragDataLocation &&
		       op->command != GL_CMD_glGetFragDataIndex;

	switch (o->kind) {
	case GL_KIND_DST: return CHECK_DST;
	case GL_KIND_EXTERN: return CHECK_EXTERN;
	case GL_KIND_NAME: return op->form == GL_FORM_CREATE && o->param == 0xff ? CHECK_NAME_NEW
									 : CHECK_NAME;
	case GL_KIND_LOCATION: return CHECK_SLOT;
	case GL_KIND_PAYLOAD: return payload_check(op, o, c, d);
	case GL_KIND_ANSWER:
		c->binding = (uint8_t)payload_binding(op, o);
		return CHECK_ANSWER;
	case GL_KIND_OFFSET:
		c->binding = o->binding;
		if (o->binding == GL_BINDING_NONE)
			d->flags |= DESC_NEVER;
		/* arrays and indices are judged with the draw */
		return o->binding == GL_BINDING_UNPACK || o->binding == GL_BINDING_PACK
			? CHECK_OFFSET : -1;
	default:
		return defines && strcmp(o->name, "slot") == 0 ? CHECK_SLOT : -1;
	}
}

static bool check_append(struct desc_table *t, struct desc *d, const struct desc_check *c)
{
	struct desc_check *v = realloc(t->check, (t->nchecks + 1) * sizeof(*v));

	if (!v)
		return false;
	t->check = v;
	v[t->nchecks++] = *c;
	d->nchecks++;
	d->flags |= DESC_CHECKED;
	return true;
}

static bool driver_checks_add(struct desc_table *t, struct desc *d, const struct gl_op *op)
{
	struct desc_check more[DESC_DRIVER_CHECKS];
	unsigned n = desc_driver_checks(op, more);

	for (unsigned i = 0; i < n; i++) {
		/* what is looked at has to stand there */
		d->reg_ok &= (uint16_t)~(1u << more[i].operand | 1u << more[i].other);
		if (!check_append(t, d, &more[i]))
			return false;
	}
	return true;
}

static bool checks_add(struct desc_table *t, struct desc *d, const struct gl_op *op)
{
	d->check = (uint16_t)t->nchecks;
	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];
		struct desc_check c = { .operand = (uint8_t)i, .word = o->word, .space = o->space,
					.nullable = o->nullable };
		int kind = check_kind(op, o, &c, d);

		if (o->reg_ok && op->form != GL_FORM_WINDOW)
			d->reg_ok = (uint16_t)(d->reg_ok | 1u << i);
		if (kind < 0)
			continue;
		c.kind = (uint8_t)kind;
		if (!check_append(t, d, &c))
			return false;
	}
	return driver_checks_add(t, d, op);
}

/* ---- one op -------------------------------------------------------------- */

/* Raster positions are the window's; so is the accumulation buffer. */
static unsigned relative_by_effects(const struct gl_command *c)
{
	bool places = touches(c->writes, c->nwrites, GL_SLOT_raster_pos) &&
		      !touches(c->reads, c->nreads, GL_SLOT_viewport);
	bool draws = touches(c->reads, c->nreads, GL_SLOT_raster_pos) &&
		     touches(c->writes, c->nwrites, GL_SLOT_color_buffer);

	return (places || draws ? VERIFY_RELATIVE_RASTER : 0) |
	       (strcmp(c->name, "glAccum") == 0 ? VERIFY_RELATIVE_ACCUM : 0);
}

static void command_flags(struct desc *d, const struct gl_command *c)
{
	d->flags |= DESC_GL;
	/* lists are told by what they hold */
	if (d->hook != HOOK_CALL_LIST && d->hook != HOOK_POP_ATTRIB)
		d->relative = (uint8_t)relative_by_effects(c);
	d->callbacks = WITH_GL;
	if (c->opaque)
		d->flags |= DESC_OPAQUE;
	if (c->klass != GL_CLASS_INNOCUOUS)
		d->flags |= DESC_SENSITIVE;
	for (unsigned i = 0; c->mediation && gl_mediations[i].name; i++)
		if (strcmp(gl_mediations[i].name, c->mediation) == 0)
			d->mediation = (uint8_t)(i + 1);
	if (c->replay == GL_REPLAY_REFUSE)
		d->flags |= DESC_NEVER;
	/* a list reads what its records read, whatever lists may do in general */
	if (d->hook != HOOK_CALL_LIST &&
	    touches(c->reads, c->nreads, GL_SLOT_bound_read_buffer))
		d->flags |= DESC_READS_FRAMEBUFFER;
	if (touches(c->writes, c->nwrites, GL_SLOT_color_buffer))
		d->callbacks = WITH_PIXELS;
	d->vertices = touches(c->writes, c->nwrites, GL_SLOT_primitive) && d->hook == HOOK_NONE;
}

/* The greatest value that passes, where nothing else decides; UINT32_MAX: it does. */
static uint32_t check_slack(const struct desc_check *c)
{
	return c->kind == CHECK_DST ? SP_REGISTERS - 1 :
	       c->kind == CHECK_EXTERN ? SP_EXTERNS - 1u : UINT32_MAX;
}

bool desc_slack(uint32_t header, uint32_t *slack)
{
	const struct desc_table *t = table;      /* who verifies has had it built */
	const struct desc *d = &t->op[sp_opcode(header)];
	const struct gl_op *op = &gl_ops[sp_opcode(header)];

	if (!d->regular || (sp_mask(header) & ~(unsigned)d->reg_ok))
		return false;
	for (unsigned i = 0; i < d->nchecks; i++)
		slack[t->check[d->check + i].word] = check_slack(&t->check[d->check + i]);
	for (unsigned m = sp_mask(header); m; m &= m - 1)
		slack[op->operands[__builtin_ctz(m)].word] = SP_REGISTERS - 1;
	return true;
}

/* What the shadow follows must stand in the record. */
static bool hook_takes_registers(unsigned hook)
{
	switch (hook) {
	case HOOK_JUMP: case HOOK_BEGIN: case HOOK_END_PRIMITIVE: case HOOK_FRAGMENTS:
	case HOOK_CONTENTS: case HOOK_FEEDBACK: case HOOK_LOST: case HOOK_DRAW_UNKNOWN:
	case HOOK_CLEAR: case HOOK_CLEAR_BUFFER: case HOOK_MASK: case HOOK_TARGET:
	case HOOK_ENABLE_INDEXED: case HOOK_RASTER: case HOOK_MESH: case HOOK_LIST_BASE:
		return true;
	default:
		return false;
	}
}

/* Its effect lies in the current context and vertex array object, and hangs on nothing else
 * but the record, but for what a piece's checks look at again. */
static bool hook_is_local(const struct desc *d)
{
	switch (d->hook) {
	case HOOK_NONE: case HOOK_POINTER: case HOOK_CLIENT_STATE: case HOOK_ATTRIB_STATE:
	case HOOK_CLIENT_ACTIVE: case HOOK_DIVISOR: case HOOK_RESTART_INDEX:
	case HOOK_DRAW_UNKNOWN: case HOOK_FRAGMENTS: case HOOK_BEGIN: case HOOK_END_PRIMITIVE:
	case HOOK_CLEAR: case HOOK_ENABLE: case HOOK_ENABLE_INDEXED: case HOOK_MASK:
	case HOOK_TARGET: case HOOK_PUSH_ATTRIB: case HOOK_POP_ATTRIB: case HOOK_LOCK:
	case HOOK_DRAW: case HOOK_BIND_BUFFER: case HOOK_RASTER: case HOOK_LIST_BASE:
		return true;
	case HOOK_CALL_LIST:
		return !d->arg;
	default:
		return false;
	}
}

static bool desc_make(struct desc_table *t, unsigned opcode)
{
	const struct gl_op *op = &gl_ops[opcode];
	struct desc *d = &t->op[opcode];
	bool last_label = op->noperands && op->operands[op->noperands - 1].kind == GL_KIND_LABEL;

	d->words = op->words;
	d->callbacks = op->form == GL_FORM_WINDOW ? WITH_WINDOWS : EVERYWHERE;
	if (strcmp(op->name, "blinkSwap") == 0)
		d->callbacks = BIT(SP_REDRAW);
	hook_default(d, op);
	if (last_label)
		d->hook = HOOK_JUMP;
	if (op->command != GL_OP_NO_COMMAND)
		command_flags(d, &gl_commands[op->command]);
	d->layout = (uint8_t)layout_add(t, op);
	if (d->layout == 0xff || !checks_add(t, d, op))
		return false;
	if (d->hook != HOOK_NONE && !hook_takes_registers(d->hook))
		d->reg_ok = 0;
	d->plain = d->hook == HOOK_NONE && !(d->flags & DESC_SPECIAL);
	d->primitive = (d->hook == HOOK_BEGIN || d->hook == HOOK_END_PRIMITIVE) &&
		       !(d->flags & DESC_SPECIAL);
	d->piece = hook_is_local(d) && (op->form != GL_FORM_WINDOW || opcode == OP_blinkSwap);
	d->regular = d->hook == HOOK_NONE && !(d->flags & DESC_SPECIAL & ~DESC_CHECKED);
	for (unsigned i = 0; i < d->nchecks; i++)
		d->regular &= check_slack(&t->check[d->check + i]) != UINT32_MAX;
	return true;
}

static void table_build(void)
{
	struct desc_table *t = aligned_alloc(alignof(struct desc_table), sizeof(*t));

	if (!t)
		return;
	memset(t, 0, sizeof(*t));
	hooks_fill(t);
	for (unsigned i = 0; i < GL_OP_COUNT; i++)
		if (!desc_make(t, i))
			return;
	table = t;
}

const struct desc_table *desc_table_get(void)
{
	pthread_once(&table_once, table_build);
	return table;
}

/* ---- fetching ahead (blink/base/hot.h) --------------------------------------------- */

#define FETCH_LOOKS 8u           /* places looked at */

/* Most words that could be headers are. */
void desc_fetch(const struct desc_table *t, const uint32_t *code, uint32_t nwords)
{
	uint32_t apart = nwords / FETCH_LOOKS, each = DESC_FETCH_WORDS / FETCH_LOOKS;

	for (uint32_t i = 0; i < DESC_FETCH_WORDS; i++) {
		uint32_t w = code[i / each * apart + i % each];

		if (sp_opcode(w) < GL_OP_COUNT && w >> 24 == 0) {
			fetch_line(&t->op[sp_opcode(w)]);
			fetch_line(&gl_ops[sp_opcode(w)]);
		}
	}
	fetch_line(&t->op[OP_end]);
	fetch_line(&gl_ops[OP_end]);
	fetch_line(&table);
}
