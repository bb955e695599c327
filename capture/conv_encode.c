/* conv_encode.c - the generic walk that turns a call into a record by the command table, and
 * the values that it and the hooks take out of calls. */
#include "capture/conv.h"

#include <string.h>

/* ---- values ----------------------------------------------------------------- */

uint64_t conv_arg_uint(const struct trace_call *call, unsigned i)
{
	const struct trace_value *v;
	int64_t n;

	if (i >= call->sig->nargs)
		return 0;
	v = &call->args[i];
	if (v->kind == TRACE_POINTER || v->kind == TRACE_UINT || v->kind == TRACE_BITMASK)
		return v->u;
	if (v->kind == TRACE_ARRAY && v->count == 1)
		v = &v->items[0];
	return trace_int(v, &n) ? (uint64_t)n : 0;
}

static float value_float(const struct trace_value *v)
{
	double d;

	if (v->kind == TRACE_FLOAT)
		return v->f;
	return trace_double(v, &d) ? (float)d : 0.0f;
}

/* One array element, as the driver would find it in memory. */
static size_t put_element(uint8_t *at, const struct trace_value *v, unsigned element)
{
	int64_t n = 0;
	double d = 0;
	float f;

	switch (element) {
	case GL_C_F32:
		f = value_float(v);
		memcpy(at, &f, 4);
		return 4;
	case GL_C_F64:
		trace_double(v, &d);
		memcpy(at, &d, 8);
		return 8;
	}
	if (v->kind == TRACE_UINT || v->kind == TRACE_BITMASK || v->kind == TRACE_POINTER)
		memcpy(&n, &v->u, 8);
	else
		trace_int(v, &n);
	switch (element) {
	case GL_C_I8: case GL_C_U8:
		memcpy(at, &n, 1);
		return 1;
	case GL_C_I16: case GL_C_U16:
		memcpy(at, &n, 2);
		return 2;
	case GL_C_I64: case GL_C_U64: case GL_C_PTR:
		memcpy(at, &n, 8);
		return 8;
	default:
		memcpy(at, &n, 4);
		return 4;
	}
}

bool conv_bytes(struct conv *c, const struct trace_value *v, unsigned element,
		const uint8_t **bytes, size_t *size)
{
	uint8_t *at;

	switch (v->kind) {
	case TRACE_BLOB:
		*bytes = v->bytes;
		*size = v->count;
		return true;
	case TRACE_STRING:
		*bytes = v->bytes;
		*size = (size_t)v->count + 1;      /* the reader terminates strings */
		return true;
	case TRACE_ARRAY:
		buf_clear(&c->scratch);
		at = buf_extend(&c->scratch, (size_t)v->count * 8 + 8);
		if (!at)
			return false;
		*bytes = at;
		for (uint32_t i = 0; i < v->count; i++)
			at += put_element(at, &v->items[i], element);
		*size = (size_t)(at - *bytes);
		return true;
	default:
		return false;
	}
}

uint32_t conv_payload(struct conv *c, const struct trace_value *v, const uint8_t *bytes,
		      size_t size)
{
	uint64_t place = v->kind == TRACE_BLOB && v->place
		       ? v->place + (uint64_t)(bytes - v->bytes) : 0;

	c->stats->payload_bytes += size;
	return c->sink->payload(c->sink->user, bytes, (uint32_t)size, place);
}

uint32_t conv_keep(struct conv *c, const void *bytes, size_t size)
{
	return c->sink->payload(c->sink->user, bytes, (uint32_t)size, 0);
}

/* ---- records ---------------------------------------------------------------- */

struct buf *conv_target(struct conv *c)
{
	return conv_make_current(c) < 0 ? NULL : &c->redraw;
}

void conv_emit(struct conv *c, unsigned op, const uint32_t *words)
{
	struct buf *code = conv_target(c);

	if (code) {
		sp_emit(code, op, 0, words);
		c->stats->records++;
	}
}

uint32_t conv_owner(const struct conv *c, unsigned space)
{
	if (!c->ctx)
		return 0;
	return gl_spaces[space].shared ? c->ctx->group : 0x80000000u | c->ctx->id;
}

uint32_t conv_name(struct conv *c, unsigned space, uint64_t traced)
{
	uint32_t name;

	if (!traced)
		return 0;
	if (gl_spaces[space].identity)
		return (uint32_t)traced;
	name = conv_names_find(&c->names, conv_owner(c, space), space, traced);
	return name ? name : conv_names_new(&c->names, conv_owner(c, space), space, traced);
}

/* All arguments as numbers, for the size rules. */
static void numeric_args(const struct trace_call *call, const struct gl_command *cmd,
			 uint64_t *args)
{
	for (unsigned i = 0; i < cmd->nparams && i < 16; i++) {
		unsigned type = cmd->params[i].ctype;

		args[i] = 0;
		if (i >= call->sig->nargs)
			continue;
		if (type == GL_C_F32) {
			float f = value_float(&call->args[i]);

			memcpy(&args[i], &f, 4);
		} else if (type == GL_C_F64) {
			double d = 0;

			trace_double(&call->args[i], &d);
			memcpy(&args[i], &d, 8);
		} else {
			args[i] = conv_arg_uint(call, i);
		}
	}
}

static int encode_payload(struct conv *c, const struct trace_call *call,
			  const struct conv_plan *plan, const struct gl_operand *o,
			  uint32_t *w)
{
	const struct trace_value *v = &call->args[o->param];
	const uint8_t *bytes;
	size_t avail;
	uint64_t args[16], need = 0;
	bool known;

	w[0] = w[1] = 0;
	numeric_args(call, plan->cmd, args);
	known = gl_param_size(plan->cmd, args, o->param, &need);
	if (v->kind == TRACE_POINTER && known && !need)
		return 0;               /* nothing is read from there */
	if (v->kind == TRACE_NULL) {
		if (o->nullable || (known && !need))
			return 0;
		return conv_refuse(c, call, "%s is NULL", o->name);
	}
	if (!conv_bytes(c, v, plan->element[o->param], &bytes, &avail)) {
		/* a scalar stands for an array of one */
		buf_clear(&c->scratch);
		if (v->kind == TRACE_POINTER || !buf_extend(&c->scratch, 8))
			return conv_refuse(c, call, "the trace holds no data for %s", o->name);
		bytes = c->scratch.data;
		avail = put_element(c->scratch.data, v, plan->element[o->param]);
	}
	if (known && need > avail)
		return conv_refuse(c, call, "%s has %zu bytes where the command reads %llu",
				   o->name, avail, (unsigned long long)need);
	if (known && need && v->kind != TRACE_STRING)
		avail = (size_t)need;
	if (avail > SP_MAX_PAYLOAD)
		return conv_refuse(c, call, "%s is larger than a payload may be", o->name);
	if (!avail)
		return 0;
	w[0] = conv_payload(c, v, bytes, avail);
	return 0;
}

static int encode_location(struct conv *c, const struct trace_call *call,
			   const struct conv_plan *plan, const struct gl_operand *o,
			   uint32_t *w)
{
	int at = conv_param_index(plan->cmd, "program");
	bool block = !strcmp(plan->cmd->params[o->param].name, "uniformBlockIndex");
	uint64_t program = at >= 0 ? conv_arg_uint(call, (unsigned)at) : c->ctx->program;
	int32_t location = (int32_t)conv_arg_uint(call, o->param);

	w[0] = 0;
	if (location == -1)
		return 0;
	if (!conv_location_slot(c, conv_name(c, GL_SPACE_PROGRAM, program),
				block ? CONV_LOC_BLOCK : CONV_LOC_UNIFORM, location, w))
		return conv_refuse(c, call, "no memory for location %d", location);
	return 0;
}

static int encode_operand(struct conv *c, const struct trace_call *call,
			  const struct conv_plan *plan, const struct gl_operand *o,
			  uint32_t *w)
{
	const struct trace_value *v;
	uint64_t u;
	float f;
	double d = 0;

	if (o->param >= call->sig->nargs) {
		w[0] = 0;
		return o->param == 0xff ? 0
			: conv_refuse(c, call, "argument %u is missing", o->param);
	}
	v = &call->args[o->param];
	switch (o->kind) {
	case GL_KIND_FLOAT:
		f = value_float(v);
		memcpy(w, &f, 4);
		return 0;
	case GL_KIND_DOUBLE:
		trace_double(v, &d);
		memcpy(w, &d, 8);
		return 0;
	case GL_KIND_INT64: case GL_KIND_UINT64: case GL_KIND_OFFSET:
		u = conv_arg_uint(call, o->param);
		memcpy(w, &u, 8);
		return 0;
	case GL_KIND_NAME:
		w[0] = conv_name(c, o->space, conv_arg_uint(call, o->param));
		return 0;
	case GL_KIND_LOCATION:
		return encode_location(c, call, plan, o, w);
	case GL_KIND_PAYLOAD:
		return encode_payload(c, call, plan, o, w);
	case GL_KIND_ANSWER:
		return 0;
	default:
		w[0] = (uint32_t)conv_arg_uint(call, o->param);
		return 0;
	}
}

/* Payloads whose content is names (GL_FORM_NAMES) hold client names in records. */
static int encode_names(struct conv *c, const struct trace_call *call,
			const struct conv_plan *plan, const struct gl_operand *o, uint32_t *w)
{
	const struct trace_value *v;
	struct buf names;

	if (o->param >= call->sig->nargs)
		return conv_refuse(c, call, "argument %u is missing", o->param);
	v = &call->args[o->param];
	buf_init(&names);
	for (uint32_t i = 0; v->kind == TRACE_ARRAY && i < v->count; i++) {
		int64_t n = 0;

		trace_int(&v->items[i], &n);
		buf_u32(&names, conv_name(c, o->space, (uint64_t)n));
	}
	/* NULL, where a command takes it, unbinds (ARB_multi_bind): so do zeros */
	if (v->kind == TRACE_NULL) {
		uint64_t args[16], need = 0;

		numeric_args(call, plan->cmd, args);
		if (gl_param_size(plan->cmd, args, o->param, &need) && need <= 4096)
			for (uint64_t i = 0; i < need / 4; i++)
				buf_u32(&names, 0);
	}
	w[0] = names.len ? conv_keep(c, names.data, names.len) : 0;
	w[1] = 0;
	buf_finish(&names);
	return 0;
}

/* A record of an upload goes to the update SP where it may move ahead. */
static struct buf *record_target(struct conv *c, const struct conv_plan *plan,
				 const struct trace_call *call)
{
	if (conv_make_current(c) < 0)
		return NULL;
	if (plan->upload && conv_hoist_upload(c, plan, call))
		return &c->update;
	return &c->redraw;
}

int conv_encode_given(struct conv *c, const struct trace_call *call,
		      const struct conv_plan *plan, unsigned op, uint32_t *w, unsigned given)
{
	const struct gl_op *o = &gl_ops[op];
	struct buf *code;
	int r;

	for (unsigned i = 0; i < o->noperands; i++) {
		const struct gl_operand *operand = &o->operands[i];

		if (given & 1u << i)
			continue;
		if (operand->kind == GL_KIND_PAYLOAD && operand->space != GL_SPACE_NONE)
			r = encode_names(c, call, plan, operand, w + operand->word - 1);
		else
			r = encode_operand(c, call, plan, operand, w + operand->word - 1);
		if (r < 0)
			return r;
	}
	if (plan->draws && !c->ctx->list)
		conv_hoist_draw(c);
	code = record_target(c, plan, call);
	if (code)
		sp_emit(code, op, 0, w);
	c->stats->records++;
	return 0;
}

void conv_encode_words(struct conv *c, const struct trace_call *call,
		       const struct conv_plan *plan)
{
	unsigned op = plan->cmd->op, words = gl_ops[op].words;
	uint32_t *rec;

	if (plan->draws && !c->ctx->list)
		conv_hoist_draw(c);
	if (conv_make_current(c) < 0 || !(rec = buf_extend(&c->redraw, words * 4ul)))
		return;
	rec[0] = sp_header(op, 0);
	for (unsigned i = 1; i < words; i++)
		rec[i] = call->words[i - 1];
	c->stats->records++;
}

/* The commonest calls by far: one-word values only. */
static int encode_plain(struct conv *c, const struct trace_call *call,
			const struct conv_plan *plan, const struct gl_op *o, unsigned op)
{
	uint32_t *rec;

	if (plan->draws && !c->ctx->list)
		conv_hoist_draw(c);
	if (plan->upload || call->sig->nargs < plan->cmd->nparams) {
		uint32_t w[64] = { 0 };

		return conv_encode_given(c, call, plan, op, w, 0);
	}
	if (conv_make_current(c) < 0 || !(rec = buf_extend(&c->redraw, o->words * 4ul)))
		return 0;
	rec[0] = sp_header(op, 0);
	for (unsigned i = 0; i < o->noperands; i++) {
		const struct gl_operand *operand = &o->operands[i];
		const struct trace_value *v = &call->args[operand->param];

		if (operand->kind == GL_KIND_FLOAT) {
			float f = value_float(v);

			memcpy(rec + operand->word, &f, 4);
		} else {
			rec[operand->word] = (uint32_t)conv_arg_uint(call, operand->param);
		}
	}
	c->stats->records++;
	return 0;
}

int conv_encode(struct conv *c, const struct trace_call *call, const struct conv_plan *plan,
		unsigned op)
{
	uint32_t w[64];

	if (op >= GL_OP_COUNT)
		return conv_refuse(c, call, "BlinkGL has no instruction for it");
	if (plan->plain)
		return encode_plain(c, call, plan, &gl_ops[op], op);
	memset(w, 0, 4ul * gl_ops[op].words);
	return conv_encode_given(c, call, plan, op, w, 0);
}
