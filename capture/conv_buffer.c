/* conv_buffer.c - buffer bindings, vertex array objects, mapped buffers, and the
 * choice between payload and buffer-offset instructions.
 *
 * A mapped buffer is a shadow: the trace shows writes through a mapping as memcpy
 * calls with their destination address, which become sub-data uploads of the buffer
 * that was mapped there. */
#include "capture/conv.h"

#include <errno.h>
#include <string.h>

#define ARRAY_BUFFER 0x8892u
#define ELEMENT_ARRAY_BUFFER 0x8893u
#define MAP_WRITE_BIT 0x2u
#define DYNAMIC_STORAGE_BIT 0x100u

static const uint32_t targets[] = {
	ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, 0x88EB /* PIXEL_PACK */, 0x88EC /* PIXEL_UNPACK */,
	0x8A11 /* UNIFORM */, 0x8C2A /* TEXTURE */, 0x8C8E /* TRANSFORM_FEEDBACK */,
	0x8F36 /* COPY_READ */, 0x8F37 /* COPY_WRITE */, 0x8F3F /* DRAW_INDIRECT */,
	0x90D2 /* SHADER_STORAGE */, 0x92C0 /* ATOMIC_COUNTER */, 0x90EE /* DISPATCH_INDIRECT */,
	0x9192 /* QUERY */,
};

unsigned conv_buffer_target(uint32_t target)
{
	for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (targets[i] == target)
			return i;
	return CONV_BUFTARGETS;
}

/* The element array binding belongs to the vertex array object, and ends with it. */
struct vao_element {
	uint32_t context;
	uint32_t pad;
	uint64_t vao, buffer;
};

static struct vao_element *vao_element(struct conv *c, bool make)
{
	struct vao_element *v = (void *)c->vaos.data;
	size_t n = c->vaos.len / sizeof(*v);

	for (size_t i = 0; i < n; i++)
		if (v[i].context == c->ctx->id && v[i].vao == c->ctx->vao)
			return &v[i];
	if (!make)
		return NULL;
	v = buf_extend(&c->vaos, sizeof(*v));
	if (v)
		*v = (struct vao_element){ c->ctx->id, 0, c->ctx->vao, 0 };
	return v;
}

uint64_t conv_bound_buffer(const struct conv *c, uint32_t target)
{
	const struct vao_element *v = (const void *)c->vaos.data;
	size_t n = c->vaos.len / sizeof(*v);
	unsigned t = conv_buffer_target(target);

	if (t == CONV_BUFTARGETS)
		return 0;
	if (target != ELEMENT_ARRAY_BUFFER)
		return c->ctx->buffers[t];
	for (size_t i = 0; i < n; i++)
		if (v[i].context == c->ctx->id && v[i].vao == c->ctx->vao)
			return v[i].buffer;
	return 0;
}

int conv_hook_bindbuffer(struct conv *c, const struct trace_call *call,
			 const struct conv_plan *plan)
{
	uint32_t target = (uint32_t)conv_arg_uint(call, 0);
	uint64_t buffer = conv_arg_uint(call, plan->aux ? 2 : 1);
	unsigned t = conv_buffer_target(target);
	struct vao_element *v;

	if (target == ELEMENT_ARRAY_BUFFER) {
		v = vao_element(c, true);
		if (v)
			v->buffer = buffer;
	} else if (t != CONV_BUFTARGETS) {
		c->ctx->buffers[t] = buffer;
	}
	return CONV_GO_ON;
}

int conv_hook_vao(struct conv *c, const struct trace_call *call, const struct conv_plan *plan)
{
	(void)plan;
	c->ctx->vao = conv_arg_uint(call, 0);
	return CONV_GO_ON;
}

/* Deleting a bound buffer unbinds it, in the current context and its current VAO. */
void conv_buffer_deleted(struct conv *c, uint64_t buffer)
{
	struct vao_element *v = vao_element(c, false);

	for (unsigned i = 0; i < CONV_BUFTARGETS; i++)
		if (c->ctx->buffers[i] == buffer)
			c->ctx->buffers[i] = 0;
	if (v && v->buffer == buffer)
		v->buffer = 0;
}

void conv_vao_deleted(struct conv *c, uint64_t vao)
{
	struct vao_element *v = (void *)c->vaos.data;
	size_t n = c->vaos.len / sizeof(*v), kept = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].context != c->ctx->id || v[i].vao != vao)
			v[kept++] = v[i];
	c->vaos.len = kept * sizeof(*v);
	if (c->ctx->vao == vao)
		c->ctx->vao = 0;
}

int conv_hook_clientattrib(struct conv *c, const struct trace_call *call,
			   const struct conv_plan *plan)
{
	struct conv_context *x = c->ctx;
	struct conv_client_attrib *a;

	if (plan->aux) {
		if (x->client_depth < CONV_CLIENT_DEPTH) {
			a = &x->client_stack[x->client_depth++];
			a->mask = (uint32_t)conv_arg_uint(call, 0);
			a->unpack = x->unpack;
			a->pack = x->pack;
			a->array_buffer = x->buffers[0];
			a->vao = x->vao;
		}
	} else if (x->client_depth) {
		a = &x->client_stack[--x->client_depth];
		if (a->mask & 1) {              /* CLIENT_PIXEL_STORE_BIT */
			x->unpack = a->unpack;
			x->pack = a->pack;
		}
		if (a->mask & 2) {              /* CLIENT_VERTEX_ARRAY_BIT */
			x->buffers[0] = a->array_buffer;
			x->vao = a->vao;
		}
	}
	return CONV_GO_ON;
}

/* ---- maps --------------------------------------------------------------------- */

static struct conv_map *map_find(struct conv *c, uint64_t address)
{
	struct conv_map *m = (void *)c->maps.data;

	for (size_t i = c->maps.len / sizeof(*m); i-- > 0;)
		if (address >= m[i].start && address - m[i].start < m[i].length)
			return &m[i];
	return NULL;
}

static void map_remove(struct conv *c, uint32_t group, uint64_t buffer)
{
	struct conv_map *m = (void *)c->maps.data;
	size_t n = c->maps.len / sizeof(*m), kept = 0;

	for (size_t i = 0; i < n; i++)
		if (m[i].buffer != buffer || m[i].group != group)
			m[kept++] = m[i];
	c->maps.len = kept * sizeof(*m);
}

int conv_hook_map(struct conv *c, const struct trace_call *call, const struct conv_plan *plan)
{
	uint32_t target = (uint32_t)conv_arg_uint(call, 0);
	uint64_t buffer = conv_bound_buffer(c, target);
	struct conv_map m = { 0 };

	c->stats->skipped++;
	if (plan->aux == 3)
		return 0;       /* the flushed bytes are in the memcpy call before it */
	if (!buffer)
		return 0;
	map_remove(c, c->ctx->group, buffer);
	if (plan->aux == 2)
		return 0;
	if (call->has_ret && (call->ret.kind == TRACE_POINTER || call->ret.kind == TRACE_UINT))
		m.start = call->ret.u;
	m.buffer = buffer;
	m.group = c->ctx->group;
	if (plan->aux == 1) {
		m.offset = conv_arg_uint(call, 1);
		m.length = conv_arg_uint(call, 2);
	} else {
		m.length = SP_MAX_PAYLOAD;      /* the whole buffer; its size bounds writes */
	}
	if (m.start)
		buf_append(&c->maps, &m, sizeof(m));
	return 0;
}

/* Writes through a mapping become glBufferSubData, which GL allows in immutable storage
 * only if its flags say so (ARB_buffer_storage); a program that maps need not say it. */
int conv_hook_storage(struct conv *c, const struct trace_call *call,
		      const struct conv_plan *plan)
{
	int flags = conv_param_index(plan->cmd, "flags");
	const struct gl_op *o = &gl_ops[plan->cmd->op];
	uint32_t w[64] = { 0 };

	for (unsigned i = 0; i < o->noperands; i++) {
		const struct gl_operand *operand = &o->operands[i];
		uint32_t bits;

		if (operand->param != (unsigned)flags || operand->param >= call->sig->nargs)
			continue;
		bits = (uint32_t)conv_arg_uint(call, operand->param);
		w[operand->word - 1] = bits & MAP_WRITE_BIT ? bits | DYNAMIC_STORAGE_BIT : bits;
		return conv_encode_given(c, call, plan, plan->cmd->op, w, 1u << i);
	}
	return conv_encode(c, call, plan, plan->cmd->op);
}

int conv_hook_memcpy(struct conv *c, const struct trace_call *call,
		     const struct conv_plan *plan)
{
	uint64_t dest = conv_arg_uint(call, 0);
	struct conv_map *m = map_find(c, dest);
	const uint8_t *bytes;
	size_t size;
	uint64_t offset, bound;
	uint32_t name, payload, off[2], len[2];

	(void)plan;
	if (!m || !c->ctx || m->group != c->ctx->group || call->sig->nargs < 2) {
		c->stats->skipped++;            /* memory that GL does not see */
		return 0;
	}
	if (!conv_bytes(c, &call->args[1], GL_C_U8, &bytes, &size) || size > SP_MAX_PAYLOAD)
		return conv_refuse(c, call, "the trace holds no data for the mapped range");
	c->buffers_stayed = true;
	offset = m->offset + (dest - m->start);
	name = conv_name(c, GL_SPACE_BUFFER, m->buffer);
	bound = c->ctx->buffers[0];
	payload = conv_payload(c, &call->args[1], bytes, size);
	off[0] = (uint32_t)offset;
	off[1] = (uint32_t)(offset >> 32);
	len[0] = (uint32_t)size;
	len[1] = 0;
	if (bound != m->buffer)
		conv_emit_words(c, OP_glBindBuffer, ARRAY_BUFFER, name);
	conv_emit_words(c, OP_glBufferSubData, ARRAY_BUFFER, off[0], off[1], len[0], len[1],
			payload, 0);
	if (bound != m->buffer)
		conv_emit_words(c, OP_glBindBuffer, ARRAY_BUFFER,
				conv_name(c, GL_SPACE_BUFFER, bound));
	c->stats->lowered++;
	return 0;
}

/* ---- arrays and indices --------------------------------------------------------- */

int conv_hook_array(struct conv *c, const struct trace_call *call,
		    const struct conv_plan *plan)
{
	const struct gl_operand *in = plan->array;
	const struct trace_value *v;
	const uint8_t *bytes;
	uint32_t w[64];
	size_t size;

	if (!in || in->param >= call->sig->nargs)
		return conv_refuse(c, call, "its row has no array operand");
	v = &call->args[in->param];
	if (conv_bound_buffer(c, plan->indices ? ELEMENT_ARRAY_BUFFER : ARRAY_BUFFER))
		return conv_encode(c, call, plan, plan->cmd->op_buf);
	if (plan->indices)
		return conv_encode(c, call, plan, plan->cmd->op);
	if (v->kind == TRACE_POINTER || (v->kind == TRACE_UINT && v->u)) {
		/* A client array's data is in the calls that the tracer adds before each
		 * draw; the pointer itself means nothing here. */
		c->stats->skipped++;
		return 0;
	}
	/* the memory of an array set by one SP is not there for the draws of another */
	if (!c->init_done && !c->ctx->list)
		conv_init_end(c);
	memset(w, 0, 4ul * gl_ops[plan->cmd->op].words);
	if (conv_bytes(c, v, GL_C_U8, &bytes, &size) && size) {
		if (size > SP_MAX_PAYLOAD)
			return conv_refuse(c, call, "the array is larger than a payload may be");
		w[in->word - 1] = conv_payload(c, v, bytes, size);
	}
	return conv_encode_given(c, call, plan, plan->cmd->op, w,
				 1u << (unsigned)(in - gl_ops[plan->cmd->op].operands));
}

/* A lock promises the driver that arrays stay as they are, over a range which it may read
 * whole.  Our recorder notes what draws read, whether locked or not: less than the range,
 * and anew when it has changed.  So the promise is not made. */
int conv_hook_lock(struct conv *c, const struct trace_call *call, const struct conv_plan *plan)
{
	(void)call;
	(void)plan;
	if (!c->source.arrays_stay)
		return CONV_GO_ON;
	c->stats->skipped++;
	return 0;
}
