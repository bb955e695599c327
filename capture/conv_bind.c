/* conv_bind.c - several bindings in one call (ARB_multi_bind), spelled out, and commands
 * behind which the shadow of what is bound, or of who changes what, is void. */
#include "capture/conv.h"

#define BINDINGS_MAX 4096u      /* more than any driver has */

enum { SAMPLERS, VERTEX_BUFFERS, BUFFERS_BASE, BUFFERS_RANGE };

/* 0 where the call gave NULL. */
static uint64_t item(const struct trace_call *call, unsigned param, uint32_t i)
{
	const struct trace_value *v = param < call->sig->nargs ? &call->args[param] : NULL;
	int64_t n = 0;

	if (!v || v->kind != TRACE_ARRAY || i >= v->count || !trace_int(&v->items[i], &n))
		return 0;
	return (uint64_t)n;
}

#define LOW(v) (uint32_t)(v)
#define HIGH(v) (uint32_t)((v) >> 32)

static void vertex_buffer(struct conv *c, const struct trace_call *call, uint32_t first, uint32_t i)
{
	uint64_t buffer = item(call, 2, i), offset = item(call, 3, i);
	bool none = call->args[2].kind == TRACE_NULL;

	conv_emit_words(c, OP_glBindVertexBuffer, first + i,
			conv_name(c, GL_SPACE_BUFFER, buffer), LOW(offset), HIGH(offset),
			none ? 16 : (uint32_t)item(call, 4, i));
}

static void buffer_range(struct conv *c, const struct trace_call *call, uint32_t first, uint32_t i,
			 bool whole)
{
	uint32_t target = (uint32_t)conv_arg_uint(call, 0);
	uint64_t buffer = item(call, 3, i), offset = item(call, 4, i), size = item(call, 5, i);
	uint32_t name = conv_name(c, GL_SPACE_BUFFER, buffer);

	if (whole || !buffer)
		conv_emit_words(c, OP_glBindBufferBase, target, first + i, name);
	else
		conv_emit_words(c, OP_glBindBufferRange, target, first + i, name, LOW(offset),
				HIGH(offset), LOW(size), HIGH(size));
}

int conv_hook_multibind(struct conv *c, const struct trace_call *call,
			const struct conv_plan *plan)
{
	bool ranges = plan->aux >= BUFFERS_BASE;
	uint32_t target = ranges ? (uint32_t)conv_arg_uint(call, 0) : 0;
	uint32_t first = (uint32_t)conv_arg_uint(call, ranges ? 1 : 0);
	int32_t count = (int32_t)conv_arg_uint(call, ranges ? 2 : 1);

	if (call->sig->nargs < plan->cmd->nparams)
		return conv_refuse(c, call, "arguments are missing");
	if (count < 0 || (uint32_t)count > BINDINGS_MAX)
		return 0;               /* an error then as now */
	c->stats->lowered++;
	for (uint32_t i = 0; i < (uint32_t)count; i++)
		switch (plan->aux) {
		case SAMPLERS:
			conv_emit_words(c, OP_glBindSampler, first + i,
					conv_name(c, GL_SPACE_SAMPLER, item(call, 2, i)));
			break;
		case VERTEX_BUFFERS: vertex_buffer(c, call, first, i); break;
		default: buffer_range(c, call, first, i, plan->aux == BUFFERS_BASE);
		}
	/* what is bound without an index stays, when many are bound at once */
	if (ranges && count)
		conv_emit_words(c, OP_glBindBuffer, target,
				conv_name(c, GL_SPACE_BUFFER, conv_bound_buffer(c, target)));
	return 0;
}

/* From here on (aux), or in this frame, no upload moves ahead of what may see it. */
int conv_hook_far(struct conv *c, const struct trace_call *call, const struct conv_plan *plan)
{
	(void)call;
	c->no_hoist = true;
	c->buffers_stayed = true;
	c->ctx->binds_unknown |= plan->aux;
	return CONV_GO_ON;
}
