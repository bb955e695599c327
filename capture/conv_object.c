/* conv_object.c - making and deleting objects, calls that become several, and the
 * bits of context state that decide how later calls are converted. */
#include "capture/conv.h"

#include <stdlib.h>
#include <string.h>

/* Client names for the names in an array value; new ones or known ones. */
static int names_payload(struct conv *c, const struct trace_call *call, unsigned arg,
			 unsigned space, bool make, uint32_t *payload, uint32_t *count)
{
	const struct trace_value *v, *items;
	uint32_t n;
	int64_t traced;

	*payload = *count = 0;
	if (arg >= call->sig->nargs)
		return -1;
	v = &call->args[arg];
	items = v->kind == TRACE_ARRAY ? v->items : v;
	n = v->kind == TRACE_ARRAY ? v->count : v->kind == TRACE_NULL ? 0 : 1;
	buf_clear(&c->scratch);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t name = 0;

		if (!trace_int(&items[i], &traced) || traced < 0)
			return -1;
		if (!traced)
			continue;
		if (make)
			name = conv_names_new(&c->names, conv_owner(c, space), space,
					      (uint64_t)traced);
		else
			name = conv_names_find(&c->names, conv_owner(c, space), space,
					       (uint64_t)traced);
		if (name) {
			buf_u32(&c->scratch, name);
			++*count;
		}
		if (!make) {
			conv_names_delete(&c->names, conv_owner(c, space), space,
					  (uint64_t)traced);
			if (space == GL_SPACE_BUFFER)
				conv_buffer_deleted(c, (uint64_t)traced);
			if (space == GL_SPACE_TEXTURE)
				conv_hoist_delete(c, (uint64_t)traced);
			if (space == GL_SPACE_VERTEXARRAY)
				conv_vao_deleted(c, (uint64_t)traced);
			if (space == GL_SPACE_FRAMEBUFFER &&
			    c->ctx->draw_framebuffer == (uint64_t)traced)
				c->ctx->draw_framebuffer = 0;
		}
	}
	if (*count)
		*payload = conv_keep(c, c->scratch.data, c->scratch.len);
	return 0;
}

/* The operand that holds names, and its space. */
static const struct gl_operand *names_operand(unsigned op)
{
	for (unsigned i = 0; i < gl_ops[op].noperands; i++)
		if (gl_ops[op].operands[i].space != GL_SPACE_NONE)
			return &gl_ops[op].operands[i];
	return NULL;
}

/* Gen goes ahead of the frame's uploads, which may use the new objects. */
int conv_hook_gen(struct conv *c, const struct trace_call *call, const struct conv_plan *plan)
{
	unsigned op = plan->cmd->op;
	const struct gl_operand *o = names_operand(op);
	uint32_t payload, n, w[64] = { 0 };
	struct buf *code;

	if (!o || names_payload(c, call, o->param, o->space, true, &payload, &n) < 0)
		return conv_refuse(c, call, "the trace does not say which names it made");
	if (!n)
		return 0;
	for (unsigned i = 0; i < gl_ops[op].noperands; i++) {
		const struct gl_operand *k = &gl_ops[op].operands[i];

		w[k->word - 1] = k == o ? payload : k->param == 0 ? n :
				 (uint32_t)conv_arg_uint(call, k->param);
	}
	/* glCreateTextures(target, n, names) counts in its second parameter */
	if (plan->cmd->nparams == 3)
		w[gl_ops[op].operands[0].word - 1] = (uint32_t)conv_arg_uint(call, 0),
		w[gl_ops[op].operands[1].word - 1] = n;
	conv_make_current(c);
	code = c->init_done && c->ctx == c->entry_ctx ? &c->update : &c->redraw;
	sp_emit(code, op, 0, w);
	c->stats->records++;
	return 0;
}

int conv_hook_delete(struct conv *c, const struct trace_call *call,
		     const struct conv_plan *plan)
{
	unsigned op = plan->cmd->op;
	const struct gl_operand *o = names_operand(op);
	uint32_t payload, n, name;

	if (!o)
		return conv_refuse(c, call, "its row has no names operand");
	if (gl_spaces[o->space].identity)
		return conv_encode(c, call, plan, op);
	if (o->kind != GL_KIND_PAYLOAD) {       /* one name */
		uint64_t traced = conv_arg_uint(call, o->param);

		name = conv_names_find(&c->names, conv_owner(c, o->space), o->space, traced);
		if (!name)
			return 0;
		conv_names_delete(&c->names, conv_owner(c, o->space), o->space, traced);
		conv_emit_words(c, op, name);
		return 0;
	}
	if (names_payload(c, call, o->param, o->space, false, &payload, &n) < 0)
		return conv_refuse(c, call, "the trace does not say which names it deletes");
	if (n)
		conv_emit_words(c, op, n, payload, 0);
	return 0;
}

/* The result becomes the appended name operand. */
int conv_hook_create(struct conv *c, const struct trace_call *call,
		     const struct conv_plan *plan)
{
	unsigned op = plan->cmd->op;
	const struct gl_op *o = &gl_ops[op];
	uint32_t w[64] = { 0 };
	uint64_t traced = 0;
	int64_t n;

	if (call->has_ret && (call->ret.kind == TRACE_POINTER || call->ret.kind == TRACE_UINT))
		traced = call->ret.u;
	else if (call->has_ret && trace_int(&call->ret, &n))
		traced = (uint64_t)n;
	if (!traced)
		return 0;               /* it failed then */
	for (unsigned i = 0; i < o->noperands; i++) {
		const struct gl_operand *k = &o->operands[i];

		if (k->kind != GL_KIND_NAME || k->param != 0xff)
			continue;
		w[k->word - 1] = gl_spaces[k->space].identity ? (uint32_t)traced :
			conv_names_new(&c->names, conv_owner(c, k->space), k->space, traced);
		return conv_encode_given(c, call, plan, op, w, 1u << i);
	}
	return conv_refuse(c, call, "its row names no result");
}

/* ---- calls that become several ------------------------------------------------- */

static const struct trace_value *item(const struct trace_call *call, unsigned arg, uint32_t i)
{
	static const struct trace_value none;
	const struct trace_value *v = arg < call->sig->nargs ? &call->args[arg] : &none;

	return v->kind == TRACE_ARRAY ? i < v->count ? &v->items[i] : &none : v;
}

static uint32_t item_uint(const struct trace_call *call, unsigned arg, uint32_t i)
{
	int64_t n = 0;

	trace_int(item(call, arg, i), &n);
	return (uint32_t)n;
}

/* glMultiDrawElements(mode, count[], type, indices[], drawcount[, basevertex[]]) */
static int multi_elements(struct conv *c, const struct trace_call *call)
{
	uint32_t mode = (uint32_t)conv_arg_uint(call, 0), type = (uint32_t)conv_arg_uint(call, 2);
	uint32_t n = (uint32_t)conv_arg_uint(call, 4);
	bool base = call->sig->nargs > 5;
	bool bound = conv_bound_buffer(c, 0x8893) != 0;
	unsigned op = base ? bound ? OP_glDrawElementsBaseVertex_buf : OP_glDrawElementsBaseVertex
			   : bound ? OP_glDrawElements_buf : OP_glDrawElements;

	for (uint32_t i = 0; i < n; i++) {
		const struct trace_value *v = item(call, 3, i);
		uint32_t count = item_uint(call, 1, i), w[6] = { mode, count, type, 0, 0, 0 };
		const uint8_t *bytes;
		size_t size;

		if (!count)
			continue;
		if (bound && (v->kind == TRACE_POINTER || v->kind == TRACE_UINT))
			memcpy(w + 3, &v->u, 8);
		else if (!bound && conv_bytes(c, v, GL_C_U8, &bytes, &size) &&
			 size <= SP_MAX_PAYLOAD)
			w[3] = conv_keep(c, bytes, size);
		else if (!bound || v->kind != TRACE_NULL)
			return conv_refuse(c, call, "the trace holds no data for indices");
		if (base)
			w[5] = item_uint(call, 5, i);
		conv_emit(c, op, w);
	}
	return 0;
}

int conv_hook_multidraw(struct conv *c, const struct trace_call *call,
			const struct conv_plan *plan)
{
	if (!c->ctx->list)
		conv_hoist_draw(c);
	c->stats->lowered++;
	if (plan->aux)
		return multi_elements(c, call);
	/* glMultiDrawArrays(mode, first[], count[], drawcount) */
	for (uint32_t i = 0; i < (uint32_t)conv_arg_uint(call, 3); i++) {
		if (i > 1u << 24)
			return conv_refuse(c, call, "absurd number of draws");
		conv_emit_words(c, OP_glDrawArrays, (uint32_t)conv_arg_uint(call, 0),
				item_uint(call, 1, i), item_uint(call, 2, i));
	}
	return 0;
}

/* OpenGL 3.3 compatibility, table 2.5, from GL_V2F: components of texture coordinate,
 * colour, normal and vertex, which follow one another in this order. */
static const struct {
	uint8_t texture, colour, normal, vertex;
	bool bytes;             /* the colour is four bytes, not floats */
} interleaved[14] = {
	{ 0, 0, 0, 2, false }, { 0, 0, 0, 3, false }, { 0, 4, 0, 2, true },
	{ 0, 4, 0, 3, true }, { 0, 3, 0, 3, false }, { 0, 0, 3, 3, false },
	{ 0, 4, 3, 3, false }, { 2, 0, 0, 3, false }, { 4, 0, 0, 4, false },
	{ 2, 4, 0, 3, true }, { 2, 3, 0, 3, false }, { 2, 0, 3, 3, false },
	{ 2, 4, 3, 3, false }, { 4, 4, 3, 4, false },
};

static void interleaved_enable(struct conv *c, uint32_t array, unsigned components)
{
	conv_emit_words(c, components ? OP_glEnableClientState : OP_glDisableClientState, array);
}

/* The pointers into the bound buffer. */
static void interleaved_pointers(struct conv *c, unsigned format, uint32_t stride, uint64_t at)
{
	const uint32_t t = interleaved[format].texture, k = interleaved[format].colour;
	const uint32_t n = interleaved[format].normal, v = interleaved[format].vertex;
	const uint32_t type = interleaved[format].bytes ? 0x1401 : 0x1406;
	const uint32_t colour = interleaved[format].bytes ? 4 : 4 * k;
	uint64_t pos = at + 4 * t;

	if (!stride)
		stride = 4 * (t + n + v) + colour;
	if (t)
		conv_emit_words(c, OP_glTexCoordPointer_buf, t, 0x1406, stride, (uint32_t)at,
				(uint32_t)(at >> 32));
	if (k)
		conv_emit_words(c, OP_glColorPointer_buf, k, type, stride, (uint32_t)pos,
				(uint32_t)(pos >> 32));
	pos += colour;
	if (n)
		conv_emit_words(c, OP_glNormalPointer_buf, 0x1406, stride, (uint32_t)pos,
				(uint32_t)(pos >> 32));
	pos += 4 * n;
	conv_emit_words(c, OP_glVertexPointer_buf, v, 0x1406, stride, (uint32_t)pos,
			(uint32_t)(pos >> 32));
}

/* Arrays in client memory the tracer itself spells out, before each draw, as the
 * pointers that they are made of. */
int conv_hook_interleaved(struct conv *c, const struct trace_call *call,
			  const struct conv_plan *plan)
{
	uint32_t format = (uint32_t)conv_arg_uint(call, 0) - 0x2A20u;

	(void)plan;
	if (format >= 14)
		return 0;               /* an error then as now */
	c->stats->lowered++;
	interleaved_enable(c, 0x8079, 0);                        /* EDGE_FLAG_ARRAY */
	interleaved_enable(c, 0x8077, 0);                        /* INDEX_ARRAY */
	interleaved_enable(c, 0x8078, interleaved[format].texture);
	interleaved_enable(c, 0x8076, interleaved[format].colour);
	interleaved_enable(c, 0x8075, interleaved[format].normal);
	interleaved_enable(c, 0x8074, interleaved[format].vertex);
	if (conv_bound_buffer(c, 0x8892))
		interleaved_pointers(c, format, (uint32_t)conv_arg_uint(call, 1),
				     conv_arg_uint(call, 2));
	return 0;
}

/* ---- state that decides about later calls ---------------------------------------- */

enum { STATE_BIND_TEXTURE, STATE_ACTIVE, STATE_NEW_LIST, STATE_END_LIST, STATE_BEGIN,
       STATE_END, STATE_LIST, STATE_RENDER_MODE, STATE_FRAMEBUFFER, STATE_PUSH, STATE_POP,
       STATE_TRANSFER };

#define TEXTURE_BIT 0x40000u

static void attrib_push(struct conv_context *x, uint32_t mask)
{
	struct conv_attrib *a = calloc(1, sizeof(*a));

	if (!a)
		return;
	a->mask = mask;
	a->unit = x->unit;
	a->below = x->attribs;
	if (mask & TEXTURE_BIT)
		a->textures = malloc(sizeof(x->textures));
	if (a->textures)
		memcpy(a->textures, x->textures, sizeof(x->textures));
	x->attribs = a;
}

static void attrib_pop(struct conv_context *x)
{
	struct conv_attrib *a = x->attribs;

	if (!a)
		return;
	x->attribs = a->below;
	if (a->textures) {
		memcpy(x->textures, a->textures, sizeof(x->textures));
		x->unit = a->unit;
	}
	free(a->textures);
	free(a);
}

void conv_attrib_free(struct conv_context *x)
{
	while (x->attribs)
		attrib_pop(x);
}

/* Inside a list being compiled these only say what the list may do when called. */
static void state_in_list(struct conv *c, const struct conv_plan *plan)
{
	switch (plan->aux) {
	case STATE_BIND_TEXTURE: case STATE_ACTIVE: case STATE_PUSH: case STATE_POP:
		c->lists_bind = true;
		break;
	case STATE_TRANSFER:
		c->ctx->transfer = true;
		break;
	case STATE_END_LIST:
		c->ctx->list = 0;
		break;
	}
}

int conv_hook_state(struct conv *c, const struct trace_call *call,
		    const struct conv_plan *plan)
{
	struct conv_context *x = c->ctx;
	uint32_t a = (uint32_t)conv_arg_uint(call, 0);

	if (x->list) {
		state_in_list(c, plan);
		return CONV_GO_ON;
	}
	switch (plan->aux) {
	case STATE_BIND_TEXTURE:
		conv_hoist_bind(c, a, conv_arg_uint(call, 1));
		break;
	case STATE_ACTIVE:
		if (a - 0x84C0u < CONV_UNITS)
			x->unit = a - 0x84C0u;
		break;
	case STATE_NEW_LIST:
		if (conv_arg_uint(call, 1) == 0x1301)    /* GL_COMPILE_AND_EXECUTE */
			conv_hoist_draw(c);
		x->list = a;
		break;
	case STATE_BEGIN:
		conv_hoist_draw(c);     /* a primitive belongs whole to one SP */
		x->in_begin = true;
		break;
	case STATE_END: x->in_begin = false; break;
	case STATE_LIST:
		c->no_hoist = true;
		x->binds_unknown |= c->lists_bind;
		break;
	case STATE_RENDER_MODE:
		if (a != 0x1C00)
			return conv_refuse(c, call, "selection and feedback are not converted");
		break;
	case STATE_FRAMEBUFFER:
		if (a == 0x8D40 || a == 0x8CA9)          /* FRAMEBUFFER, DRAW_FRAMEBUFFER */
			x->draw_framebuffer = conv_arg_uint(call, 1);
		c->no_hoist = true;
		break;
	case STATE_PUSH: attrib_push(x, a); break;
	case STATE_POP: attrib_pop(x); break;
	case STATE_TRANSFER: x->transfer = true; break;
	}
	return CONV_GO_ON;
}
