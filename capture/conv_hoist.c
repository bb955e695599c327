/* conv_hoist.c - which uploads may run in the frame's update SP, ahead of its draws.
 *
 * An upload of texture T may move ahead when nothing of the frame that stays behind
 * has used or changed T before it: T was not bound at any draw of the frame so far,
 * no earlier upload of T had to stay, and no pixel-transfer state, display list,
 * framebuffer object or other context is in play.  Buffers may move while the frame
 * has not drawn at all.  The update SP binds what it needs and puts the bindings of
 * the frame's start back at its end, so that the redraw SP starts from them. */
#include "capture/conv.h"

#include <string.h>

#define PIXEL_UNPACK 0x88ECu

static const uint32_t tex_targets[CONV_TEXTARGETS] = {
	0x0DE0 /* 1D */, 0x0DE1 /* 2D */, 0x806F /* 3D */, 0x8513 /* CUBE_MAP */,
	0x84F5 /* RECTANGLE */, 0x8C18 /* 1D_ARRAY */, 0x8C1A /* 2D_ARRAY */,
	0x8C2A /* BUFFER */, 0x9100 /* 2D_MULTISAMPLE */, 0x9102, 0x9009 /* CUBE_MAP_ARRAY */
};

unsigned conv_tex_target(uint32_t target)
{
	if (target >= 0x8515 && target <= 0x851A)       /* the faces of a cube map */
		target = 0x8513;
	for (unsigned i = 0; i < CONV_TEXTARGETS; i++)
		if (tex_targets[i] == target)
			return i;
	return CONV_TEXTARGETS;
}

/* A binding that the update SP changed, to be put back. */
struct conv_saved_bind {
	uint32_t target, now;    /* client name bound by the update SP so far */
	uint32_t start;          /* client name at the frame's start */
	bool buffer;
};

static bool is_touched(const struct conv *c, uint64_t traced)
{
	const uint64_t *v = (const void *)c->touched.data;

	for (size_t i = c->touched.len / 8; i-- > 0;)
		if (v[i] == traced)
			return true;
	return false;
}

static void touch(struct conv *c, uint64_t traced)
{
	if (traced && !is_touched(c, traced))
		buf_append(&c->touched, &traced, 8);
}

static bool drawn_since(const struct conv *c, const struct conv_bind *b)
{
	uint64_t since = b->serial > c->frame_serial ? b->serial : c->frame_serial;

	return c->draw_serial > since;
}

void conv_hoist_bind(struct conv *c, uint32_t target, uint64_t traced)
{
	unsigned t = conv_tex_target(target);
	struct conv_bind *b;

	if (t == CONV_TEXTARGETS || c->ctx->unit >= CONV_UNITS)
		return;
	b = &c->ctx->textures[c->ctx->unit][t];
	if (b->traced != traced && drawn_since(c, b))
		touch(c, b->traced);
	if (b->traced != traced)
		*b = (struct conv_bind){ traced, c->draw_serial };
}

void conv_hoist_draw(struct conv *c)
{
	if (!c->init_done)
		conv_init_end(c);
	c->draw_serial++;
}

void conv_hoist_delete(struct conv *c, uint64_t traced)
{
	for (unsigned u = 0; u < CONV_UNITS; u++)
		for (unsigned t = 0; t < CONV_TEXTARGETS; t++)
			if (c->ctx->textures[u][t].traced == traced)
				c->ctx->textures[u][t] = (struct conv_bind){ 0, 0 };
}

/* Is it bound to any unit with a draw since? */
static bool in_use(const struct conv *c, uint64_t traced)
{
	for (unsigned u = 0; u < CONV_UNITS; u++)
		for (unsigned t = 0; t < CONV_TEXTARGETS; t++) {
			const struct conv_bind *b = &c->ctx->textures[u][t];

			if (b->traced == traced && drawn_since(c, b))
				return true;
		}
	return false;
}

/* What the update SP has bound to a target; made from the frame's start binding. */
static struct conv_saved_bind *saved_bind(struct conv *c, uint32_t target, bool buffer)
{
	struct conv_saved_bind *v = (void *)c->saved_binds.data;

	for (size_t i = 0; i < c->saved_binds.len / sizeof(*v); i++)
		if (v[i].target == target && v[i].buffer == buffer)
			return &v[i];
	v = buf_extend(&c->saved_binds, sizeof(*v));
	if (!v)
		return NULL;
	*v = (struct conv_saved_bind){ .target = target, .buffer = buffer };
	if (buffer)
		v->start = conv_name(c, GL_SPACE_BUFFER,
				     c->start_buffers[conv_buffer_target(target)]);
	else
		v->start = conv_name(c, GL_SPACE_TEXTURE,
				     c->start_textures[conv_tex_target(target)]);
	v->now = v->start;
	return v;
}

static void update_emit(struct conv *c, unsigned op, uint32_t a, uint32_t b)
{
	sp_emit(&c->update, op, 0, (const uint32_t[]){ a, b });
	c->stats->records++;
}

bool conv_hoist_upload(struct conv *c, const struct conv_plan *plan,
		       const struct trace_call *call)
{
	uint32_t target = (uint32_t)conv_arg_uint(call, 0);
	unsigned t = conv_tex_target(target), b = conv_buffer_target(target);
	struct conv_saved_bind *s;
	uint64_t traced;

	(void)plan;
	if (t != CONV_TEXTARGETS && c->ctx->unit < CONV_UNITS)
		traced = c->ctx->textures[c->ctx->unit][t].traced;
	else
		traced = 0;
	if (!c->init_done || c->ctx != c->entry_ctx || c->no_hoist || c->ctx->list ||
	    c->ctx->in_begin || c->ctx->transfer || c->ctx->binds_unknown ||
	    c->ctx->draw_framebuffer || conv_bound_buffer(c, PIXEL_UNPACK) ||
	    c->start_buffers[conv_buffer_target(PIXEL_UNPACK)]) {
		touch(c, traced);
		return false;
	}
	if (traced) {
		if (is_touched(c, traced) || in_use(c, traced)) {
			touch(c, traced);
			return false;
		}
		s = saved_bind(c, tex_targets[t], false);
		if (s && s->now != conv_name(c, GL_SPACE_TEXTURE, traced)) {
			s->now = conv_name(c, GL_SPACE_TEXTURE, traced);
			update_emit(c, OP_glBindTexture, tex_targets[t], s->now);
		}
		return s != NULL;
	}
	if (b == CONV_BUFTARGETS || target == 0x8893 || !c->ctx->buffers[b] ||
	    c->draw_serial > c->frame_serial || c->buffers_stayed)
		goto stays;
	s = saved_bind(c, target, true);
	if (s && s->now != conv_name(c, GL_SPACE_BUFFER, c->ctx->buffers[b])) {
		s->now = conv_name(c, GL_SPACE_BUFFER, c->ctx->buffers[b]);
		update_emit(c, OP_glBindBuffer, target, s->now);
	}
	return s != NULL;
stays:
	c->buffers_stayed |= b != CONV_BUFTARGETS;
	return false;
}

void conv_hoist_frame(struct conv *c)
{
	const struct conv_saved_bind *v = (const void *)c->saved_binds.data;

	for (size_t i = 0; i < c->saved_binds.len / sizeof(*v); i++)
		if (v[i].now != v[i].start)
			update_emit(c, v[i].buffer ? OP_glBindBuffer : OP_glBindTexture,
				    v[i].target, v[i].start);
	buf_clear(&c->saved_binds);
	buf_clear(&c->touched);
	c->no_hoist = false;
	c->buffers_stayed = false;
	c->frame_serial = c->draw_serial;
	c->entry_ctx = c->cur;
	c->entry_draw = c->cur_draw;
	memset(c->start_textures, 0, sizeof(c->start_textures));
	memset(c->start_buffers, 0, sizeof(c->start_buffers));
	if (!c->cur)
		return;
	for (unsigned t = 0; t < CONV_TEXTARGETS && c->cur->unit < CONV_UNITS; t++)
		c->start_textures[t] = c->cur->textures[c->cur->unit][t].traced;
	memcpy(c->start_buffers, c->cur->buffers, sizeof(c->start_buffers));
}
