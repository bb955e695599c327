/* convert.c - from a trace or a recording to a .blink file: the loop over calls, frames, and what
 * is told about the result. */
#include "capture/conv.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/verify/effects.h"

#define PART_BYTES (16u << 20)   /* code gathered before a part of a frame is written */
#define LOSSES_LISTED 100u

int conv_refuse(struct conv *c, const struct trace_call *call, const char *why, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, why);
	vsnprintf(text, sizeof(text), why, ap);
	va_end(ap);
	if (!c->opt->keep_going)
		return error_set(c->err, -ENOTSUP, "call %llu %s: %s (--keep-going converts the "
				 "rest and records the loss)", (unsigned long long)call->no,
				 call->sig->name, text);
	c->stats->lost++;
	if (c->losses_listed < LOSSES_LISTED) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "call", json_object_new_int64((int64_t)call->no));
		json_object_object_add(o, "name", json_object_new_string(call->sig->name));
		json_object_object_add(o, "why", json_object_new_string(text));
		json_object_array_add(c->losses, o);
		c->losses_listed++;
	}
	return 0;
}

/* ---- frames -------------------------------------------------------------------- */

/* What is current when an SP starts: client names. */
struct entry {
	uint32_t context, drawable;
};

static int write_sp(struct conv *c, struct buf *code, unsigned callback, struct entry entry)
{
	bool judge = callback == SP_REDRAW;
	struct buf restore;
	struct sp sp = {
		.callback = (uint8_t)callback,
		.frame = c->frame,
		.context = entry.context,
		.drawable = entry.drawable,
	};
	int r;

	if (!code->len)
		return 0;
	sp_end(code);
	if (buf_failed(code))
		return error_set(c->err, -ENOMEM, "convert: out of memory");
	buf_init(&restore);
	sp.code = (const uint32_t *)(const void *)code->data;
	sp.nwords = (uint32_t)(code->len / 4);
	/* every SP is walked, for what it leaves to the next */
	if (!c->opt->unjudged && effects_judge_sp(c->walk, sp.code, sp.nwords,
						  judge ? &restore : NULL)) {
		sp.flags |= judge ? SP_RERUNNABLE : 0;
		c->stats->rerunnable += judge;
	} else if (judge && !c->opt->unjudged) {
		buf_append(&restore, "", 1);
		sp.restore = (const char *)restore.data;
	}
	r = c->sink->sp(c->sink->user, &sp);
	c->sps++;
	buf_finish(&restore);
	buf_clear(code);
	if (r < 0 && !c->err->code)
		error_set(c->err, r, "convert: cannot store an SP of %u words", sp.nwords);
	return r < 0 ? r : 0;
}

void conv_init_end(struct conv *c)
{
	if (write_sp(c, &c->redraw, SP_INIT, (struct entry){ 0, 0 }) < 0)
		c->failed = true;
	c->init_done = true;
	conv_hoist_frame(c);
}

static uint32_t drawable_id(const struct conv *c, uint64_t handle)
{
	for (const struct conv_drawable *d = c->drawables; d; d = d->next)
		if (d->handle == handle && !d->dead)
			return d->id;
	return 0;
}

static int write_frame(struct conv *c)
{
	struct entry entry = { c->entry_ctx ? c->entry_ctx->id : 0,
			       drawable_id(c, c->entry_draw) };
	int r;

	conv_hoist_frame(c);
	r = write_sp(c, &c->update, SP_UPDATE, entry);
	return r < 0 ? r : write_sp(c, &c->redraw, SP_REDRAW, entry);
}

/* A frame too large to hold is written in parts; uploads stay where they are then. */
static int write_part(struct conv *c)
{
	int r;

	if (!c->init_done) {
		conv_init_end(c);
		return c->failed ? c->err->code : 0;
	}
	r = write_frame(c);
	c->no_hoist = true;
	return r;
}

int conv_frame_end(struct conv *c, uint32_t drawable)
{
	int r;

	if (!c->init_done) {
		/* nothing was drawn: all but the swap is the init SP */
		c->redraw.len -= gl_ops[OP_blinkSwap].words * 4u;
		conv_init_end(c);
		sp_emit(&c->redraw, OP_blinkSwap, 0, (const uint32_t[]){ drawable });
	}
	r = write_frame(c);
	conv_names_frame(&c->names);
	c->arrays_set = false;
	c->sink->frame(c->sink->user, c->source.frame(c->source.reader));
	c->frame++;
	c->stats->frames = c->frame;
	return r;
}

/* ---- the loop ------------------------------------------------------------------- */

/* The commonest calls: values that the record has as they are. */
static int convert_words(struct conv *c, const struct trace_call *call)
{
	const struct conv_plan *plan = call->sig->user;
	int r = conv_thread_of(c, call->thread);

	if (r < 0)
		return r;
	c->whole = plan->draws && c->ctx && !c->ctx->list && !c->ctx->in_begin && !c->arrays_set;
	if (c->ctx)
		conv_encode_words(c, call, plan);
	else
		c->stats->skipped++;
	return 0;
}

/* Images of proxies: whether there could be such a one is answered to who asks, and records
 * do not ask. */
static bool is_of_proxy(const struct trace_call *call, const struct conv_plan *plan)
{
	static const uint16_t proxies[] = {
		0x8063, 0x8064, 0x8070, 0x84F7, 0x851B,   /* 1D 2D 3D RECTANGLE CUBE_MAP */
		0x8C19, 0x8C1B, 0x900B, 0x9101, 0x9103,   /* arrays, multisample */
	};
	uint64_t target;

	if (!plan->upload)
		return false;
	target = conv_arg_uint(call, 0);
	for (size_t i = 0; i < sizeof(proxies) / sizeof(*proxies); i++)
		if (target == proxies[i])
			return true;
	return false;
}

static int convert_call(struct conv *c, const struct trace_call *call)
{
	const struct conv_plan *plan = conv_plan_get(c, call->sig);
	const struct gl_command *cmd;
	int r;

	if (!plan)
		return -ENOMEM;
	r = conv_thread_of(c, call->thread);
	if (r < 0)
		return r;
	cmd = plan->cmd;
	/* client arrays are set anew before each draw: after one is a place to cut,
	 * unless they stay what they are for later draws of the frame */
	c->arrays_set |= c->source.arrays_stay && plan->hook == conv_hook_array &&
			 call->flags & TRACE_FAKE;
	c->whole = plan->draws && c->ctx && !c->ctx->list && !c->ctx->in_begin && !c->arrays_set;
	if (!cmd && !plan->hook) {
		/* helpers of the tracer, and window-system calls that touch no GL state */
		if (strncmp(call->sig->name, "gl", 2) || !strncmp(call->sig->name, "glX", 3)) {
			c->stats->skipped++;
			return 0;
		}
		return conv_refuse(c, call, "the command table does not name it");
	}
	if (cmd && ((cmd->replay == GL_REPLAY_SKIP && !plan->hook) || is_of_proxy(call, plan))) {
		c->stats->skipped++;
		return 0;
	}
	if (!c->ctx && plan->hook != conv_hook_window && plan->hook != conv_hook_drawable) {
		c->stats->skipped++;    /* no context is current: GL ignores the call */
		return 0;
	}
	if (cmd && cmd->replay == GL_REPLAY_REFUSE)
		return conv_refuse(c, call, "its row says that it is not supported");
	if (plan->hook) {
		r = plan->hook(c, call, plan);
		if (r != CONV_GO_ON)
			return r;
	}
	return conv_encode(c, call, plan, cmd->op);
}

int conv_more(struct conv *c, uint64_t calls)
{
	struct trace_call call;
	uint64_t until = c->stats->calls + calls;
	int r;

	while ((r = c->source.next(c->source.reader, &call, c->err)) > 0) {
		if (call.incomplete)
			continue;       /* the program died within it */
		c->stats->calls++;
		r = call.words ? convert_words(c, &call) : convert_call(c, &call);
		if (r < 0)
			return r;
		if (c->failed || buf_failed(&c->redraw) || buf_failed(&c->update))
			return c->err && c->err->code ? c->err->code
				: error_set(c->err, -ENOMEM, "convert: out of memory");
		if (c->redraw.len > PART_BYTES && c->whole && (r = write_part(c)) < 0)
			return r;
		if (c->opt->frames && c->frame >= c->opt->frames)
			return CONV_FRAMES;
		if (c->stats->calls == until)
			return CONV_PAUSED;
		if (c->opt->progress && !(c->stats->calls & 0xffff))
			c->opt->progress(c->opt->user, (double)c->source.position(c->source.reader) /
					 (double)(c->source.size + 1), c->frame);
	}
	return r < 0 ? r : CONV_ALL;
}

int conv_end(struct conv *c)
{
	c->stats->truncated = c->source.truncated(c->source.reader);
	if (!c->init_done)
		conv_init_end(c);
	if (c->opt->whole_frames)
		return c->failed ? c->err->code : 0;
	/* what follows the last swap shows in no picture: it goes with the last frame */
	c->frame -= c->frame > 0;
	return c->failed ? c->err->code : write_frame(c);
}

static void code_payloads(const struct buf *code, void (*fn)(void *user, uint32_t id), void *user)
{
	const uint32_t *rec = (const void *)code->data, *end = rec + code->len / 4;
	bool bad;

	for (; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec)) {
		const struct gl_op *o = &gl_ops[sp_opcode(*rec)];

		for (unsigned i = 0; i < o->noperands; i++)
			if (o->operands[i].kind == GL_KIND_PAYLOAD && rec[o->operands[i].word])
				fn(user, rec[o->operands[i].word]);
	}
}

void conv_payloads(const struct conv *c, void (*fn)(void *user, uint32_t id), void *user)
{
	code_payloads(&c->update, fn, user);
	code_payloads(&c->redraw, fn, user);
	for (size_t i = 0; i < c->locations_cap; i++)
		if (c->locations[i].program && c->locations[i].payload)
			fn(user, c->locations[i].payload);
}

/* ---- beginning and ending --------------------------------------------------------- */

static int prepare(struct conv *c, const struct convert_options *opt,
		   const struct conv_sink *sink, struct convert_stats *stats, struct error *err)
{
	int r;

	memset(stats, 0, sizeof(*stats));
	c->opt = opt;
	c->sink = sink;
	c->stats = stats;
	c->err = err;
	c->next_slot = 1;
	c->losses = json_object_new_array();
	c->walk = effects_create();
	r = c->walk ? conv_names_init(&c->names) : -ENOMEM;
	return r < 0 ? error_set(err, r, "convert: out of memory") : 0;
}

int conv_begin(struct conv *c, const char *trace, const struct convert_options *opt,
	       const struct conv_sink *sink, struct convert_stats *stats, struct error *err)
{
	int r = prepare(c, opt, sink, stats, err);

	if (r < 0)
		return r;
	r = sink->follows ? call_source_follow(&c->source, trace, err)
			  : call_source_open(&c->source, trace, err);
	if (!r && opt->whole_frames && c->source.refresh)
		r = c->source.refresh(c->source.reader, err) < 0 ? err->code : 0;
	return r;
}

int conv_again(struct conv *c)
{
	struct conv old = *c;

	old.source = (struct call_source){ 0 };
	conv_finish(&old);
	*c = (struct conv){ .source = c->source };
	return prepare(c, old.opt, old.sink, old.stats, old.err);
}

void conv_finish(struct conv *c)
{
	while (c->contexts) {
		struct conv_context *x = c->contexts;

		c->contexts = x->next;
		conv_attrib_free(x);
		free(x);
	}
	while (c->drawables) {
		struct conv_drawable *d = c->drawables;

		c->drawables = d->next;
		free(d);
	}
	for (struct conv_plan *p = c->plans, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	free(c->threads);
	free(c->locations);
	conv_names_finish(&c->names);
	buf_finish(&c->update);
	buf_finish(&c->redraw);
	buf_finish(&c->saved_binds);
	buf_finish(&c->touched);
	buf_finish(&c->vaos);
	buf_finish(&c->maps);
	buf_finish(&c->samples);
	buf_finish(&c->scratch);
	json_object_put(c->losses);
	effects_destroy(c->walk);
	call_source_close(&c->source);
}
