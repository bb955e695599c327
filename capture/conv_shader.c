/* conv_shader.c - programs: sources, string lists, and locations.
 *
 * A location in a record is a slot that stands for (program, name, element), so that
 * a driver that numbers uniforms differently draws the same.  Slots are defined by
 * glGetUniformLocation records; numbers that the trace uses without having asked for
 * them are elements of an array it asked for, or were set in the shader's source:
 * then the slot's name is empty and its element is the number itself. */
#include "capture/conv.h"

#include <stdlib.h>
#include <string.h>

static size_t hash_location(uint32_t program, unsigned kind, int32_t location)
{
	uint64_t h = ((uint64_t)program << 32 | (uint32_t)location) * 0x9e3779b97f4a7c15ull;

	return (size_t)((h ^ h >> 29) + kind * 0x85ebca6bu);
}

static struct conv_location *location_at(struct conv_location *v, size_t cap,
					 uint32_t program, unsigned kind, int32_t location)
{
	size_t at = hash_location(program, kind, location) & (cap - 1);

	while (v[at].program && !(v[at].program == program && v[at].kind == kind &&
				  v[at].location == location))
		at = (at + 1) & (cap - 1);
	return &v[at];
}

static struct conv_location *location_get(struct conv *c, uint32_t program, unsigned kind,
					  int32_t location)
{
	struct conv_location *l;

	if (c->locations_used * 2 >= c->locations_cap) {
		size_t cap = c->locations_cap ? c->locations_cap * 2 : 1024;
		struct conv_location *v = calloc(cap, sizeof(*v));

		if (!v)
			return NULL;
		for (size_t i = 0; i < c->locations_cap; i++)
			if (c->locations[i].program)
				*location_at(v, cap, c->locations[i].program,
					     c->locations[i].kind,
					     c->locations[i].location) = c->locations[i];
		free(c->locations);
		c->locations = v;
		c->locations_cap = cap;
	}
	l = location_at(c->locations, c->locations_cap, program, kind, location);
	if (!l->program) {
		l->program = program;
		l->kind = (uint8_t)kind;
		l->location = location;
		c->locations_used++;
	}
	return l;
}

/* kind -> the instruction that defines such a slot */
static unsigned locate_op(unsigned kind)
{
	switch (kind) {
	case CONV_LOC_ATTRIB: return OP_glGetAttribLocation;
	case CONV_LOC_FRAGDATA: return OP_glGetFragDataLocation;
	case CONV_LOC_BLOCK: return OP_glGetUniformBlockIndex;
	default: return OP_glGetUniformLocation;
	}
}

static void emit_locate(struct conv *c, const struct conv_location *l, uint32_t payload,
			uint32_t element)
{
	conv_emit_words(c, locate_op(l->kind), l->program, payload, 0, element, l->slot);
}

/* The array whose element a number is: the nearest array asked for below it. */
static const struct conv_location *array_below(struct conv *c, uint32_t program,
					       int32_t location)
{
	const struct conv_location *best = NULL;

	for (int32_t back = 1; back <= 4096 && back <= location; back++) {
		best = location_at(c->locations, c->locations_cap, program, CONV_LOC_UNIFORM,
				   location - back);
		if (best->program)
			return best->array ? best : NULL;
	}
	return NULL;
}

bool conv_location_slot(struct conv *c, uint32_t program, unsigned kind, int32_t location,
			uint32_t *slot)
{
	struct conv_location *l = location_get(c, program, kind, location);
	const struct conv_location *base;

	if (!l)
		return false;
	if (!l->slot) {
		l->slot = c->next_slot++;
		base = kind == CONV_LOC_UNIFORM ? array_below(c, program, location) : NULL;
		if (base)
			emit_locate(c, l, base->payload, (uint32_t)(location - base->location));
		else
			emit_locate(c, l, conv_keep(c, "", 1), (uint32_t)location);
	}
	*slot = l->slot;
	return true;
}

/* What is asked for: by the command, or (ARB_program_interface_query) by its argument. False:
 * a number that no instruction takes. */
static bool locate_kind(const struct trace_call *call, const struct conv_plan *plan,
			unsigned *kind)
{
	*kind = (unsigned)plan->aux;
	if (plan->aux < CONV_LOC_RESOURCE)
		return true;
	switch (conv_arg_uint(call, 1)) {
	case 0x92E1 /* UNIFORM */: *kind = CONV_LOC_UNIFORM; break;
	case 0x92E2 /* UNIFORM_BLOCK */: *kind = CONV_LOC_BLOCK; break;
	case 0x92E3 /* PROGRAM_INPUT */: *kind = CONV_LOC_ATTRIB; break;
	case 0x92E4 /* PROGRAM_OUTPUT */: *kind = CONV_LOC_FRAGDATA; break;
	default: return false;
	}
	return (plan->aux == CONV_LOC_RESOURCE_INDEX) == (*kind == CONV_LOC_BLOCK);
}

int conv_hook_locate(struct conv *c, const struct trace_call *call,
		     const struct conv_plan *plan)
{
	uint32_t program = conv_name(c, GL_SPACE_PROGRAM, conv_arg_uint(call, 0));
	struct conv_location *l;
	const uint8_t *name;
	size_t size;
	uint32_t payload;
	int64_t answer = -1;
	unsigned kind, last = call->sig->nargs - 1u;

	if (!locate_kind(call, plan, &kind) || !call->has_ret || !trace_int(&call->ret, &answer) || answer < 0 ||
	    answer == 0xffffffffll || !program || call->sig->nargs < 2 ||
	    !conv_bytes(c, &call->args[last], GL_C_U8, &name, &size)) {
		c->stats->skipped++;    /* no such name: uses of -1 need no slot */
		return 0;
	}
	l = location_get(c, program, kind, (int32_t)answer);
	if (!l)
		return conv_refuse(c, call, "no memory");
	payload = conv_keep(c, name, size);
	if (l->slot && l->payload == payload) {
		c->stats->skipped++;    /* asked again: the slot stands */
		return 0;
	}
	l->payload = payload;
	l->array = size > 4 && !memcmp(name + size - 4, "[0]", 3);
	/* For attributes the operand is the number that the program expects. */
	if (kind == CONV_LOC_ATTRIB || kind == CONV_LOC_FRAGDATA)
		l->slot = (uint32_t)answer;
	else if (!l->slot)
		l->slot = c->next_slot++;
	emit_locate(c, l, payload, 0);
	/* "a" and "a[0]" are the same uniform; only the element form counts on */
	if (kind == CONV_LOC_UNIFORM && !l->array)
		l->array = true;
	return 0;
}

/* Links forget attribute answers: the next question is asked again. */
static void forget_attributes(struct conv *c, uint32_t program)
{
	for (size_t i = 0; i < c->locations_cap; i++)
		if (c->locations[i].program == program &&
		    (c->locations[i].kind == CONV_LOC_ATTRIB ||
		     c->locations[i].kind == CONV_LOC_FRAGDATA))
			c->locations[i].payload = 0;
}

int conv_hook_program(struct conv *c, const struct trace_call *call,
		      const struct conv_plan *plan)
{
	if (plan->aux)
		forget_attributes(c, conv_name(c, GL_SPACE_PROGRAM, conv_arg_uint(call, 0)));
	else
		c->ctx->program = conv_arg_uint(call, 0);
	return CONV_GO_ON;
}

/* All strings of an array value, with or without their zeros, concatenated. */
static bool join_strings(struct conv *c, const struct trace_value *v,
			 const struct trace_value *lengths, bool zeros)
{
	buf_clear(&c->scratch);
	if (v->kind == TRACE_STRING) {
		buf_append(&c->scratch, v->bytes, v->count + (zeros ? 1u : 0));
		return !buf_failed(&c->scratch);
	}
	if (v->kind != TRACE_ARRAY)
		return false;
	for (uint32_t i = 0; i < v->count; i++) {
		const struct trace_value *s = &v->items[i];
		size_t n = s->count;
		int64_t given;

		if (s->kind != TRACE_STRING && s->kind != TRACE_BLOB)
			return false;
		if (lengths && lengths->kind == TRACE_ARRAY && i < lengths->count &&
		    trace_int(&lengths->items[i], &given) && given >= 0 && (size_t)given < n)
			n = (size_t)given;
		buf_append(&c->scratch, s->bytes, n);
		if (zeros)
			buf_append(&c->scratch, "", 1);
	}
	return !buf_failed(&c->scratch);
}

/* glShaderSource(shader, count, strings, lengths) -> shader, length, payload */
int conv_hook_source(struct conv *c, const struct trace_call *call,
		     const struct conv_plan *plan)
{
	uint32_t payload, len;

	if (call->sig->nargs < 4 || !join_strings(c, &call->args[2], &call->args[3], false))
		return conv_refuse(c, call, "the trace holds no source");
	len = (uint32_t)c->scratch.len;
	if (c->scratch.len > SP_MAX_PAYLOAD)
		return conv_refuse(c, call, "the source is larger than a payload may be");
	payload = len ? conv_keep(c, c->scratch.data, len) : 0;
	c->stats->payload_bytes += len;
	conv_emit_words(c, plan->cmd->op,
			conv_name(c, GL_SPACE_PROGRAM, conv_arg_uint(call, 0)), len, payload, 0);
	return 0;
}

/* glTransformFeedbackVaryings(program, count, varyings, bufferMode) */
int conv_hook_strings(struct conv *c, const struct trace_call *call,
		      const struct conv_plan *plan)
{
	const struct gl_op *o = &gl_ops[plan->cmd->op];
	uint32_t w[64] = { 0 };

	for (unsigned i = 0; i < o->noperands; i++) {
		const struct gl_operand *in = &o->operands[i];

		if (in->kind != GL_KIND_PAYLOAD || in->param >= call->sig->nargs)
			continue;
		if (!join_strings(c, &call->args[in->param], NULL, true))
			return conv_refuse(c, call, "the trace holds no strings");
		w[in->word - 1] = c->scratch.len
			? conv_keep(c, c->scratch.data, c->scratch.len) : 0;
		return conv_encode_given(c, call, plan, plan->cmd->op, w, 1u << i);
	}
	return conv_refuse(c, call, "its row has no strings operand");
}
