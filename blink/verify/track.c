/* track.c - what records do to the shadow: contexts and saved client state here, the
 * rest by subject in arrays.c, buffers.c, lists.c and caps.c. */
#include "blink/verify/verifier.h"

#include <GL/gl.h>
#include <GL/glext.h>

#define FLAGS_LEAN 1u            /* of blinkContext: core */
#define FLAGS_ES 4u

/* ---- contexts ------------------------------------------------------------ */

static enum verify_reason context_make(struct verifier *v, const uint32_t *rec)
{
	struct verify_state *s = v->s;
	uint32_t name = rec[1], share = rec[2];
	struct context *c, *with = NULL;

	if (!name || name == s->ctx->name)
		return VERIFY_CONTEXT_UNKNOWN;
	/* no restart index, formats, pixel buffers, vertex array objects: each would be taken
	 * for done */
	if (rec[4] & FLAGS_ES)
		return VERIFY_CONTEXT_KIND;
	if (share) {
		with = client_context(s, share);
		if (with && !with->made)
			return VERIFY_CONTEXT_UNKNOWN;
	}
	c = client_context(s, name);
	if (!c)
		return VERIFY_OK;
	state_touch(s, &c->o);
	context_reset(c, name, with ? with->group : ++s->ngroups, ++s->nbirths);
	/* 3.1 is before there were profiles: drivers (Mesa) make a core one */
	c->lean = rec[4] & FLAGS_LEAN || rec[3] == 31;
	return VERIFY_OK;
}

/* Of one that is current nothing would be done any more, and all of it taken for done. */
static enum verify_reason context_destroy(struct verifier *v, const uint32_t *rec)
{
	struct context *c = rec[1] ? client_context(v->s, rec[1]) : NULL;

	if (c && c == v->s->ctx)
		return VERIFY_CONTEXT_CURRENT;
	if (c && c->made) {
		state_touch(v->s, &c->o);
		c->made = false;
	}
	return VERIFY_OK;
}

static enum verify_reason make_current(struct verifier *v, const uint32_t *rec)
{
	struct context *c = client_context(v->s, rec[1]);

	if (!c)
		return VERIFY_OK;
	if (rec[1] && !c->made && c != v->s->ctx)
		return VERIFY_CONTEXT_UNKNOWN;
	if (context_in_begin(v->s->ctx))
		return VERIFY_BEGIN_END;
	/* the state of what is left, and of what is entered, may be undone */
	state_touch_context(v->s);
	v->facts->contexts += c != v->s->ctx && rec[1];
	v->s->ctx = c;
	state_follow(v->s);
	return VERIFY_OK;
}

/* ---- PushClientAttrib ---------------------------------------------------- */

static enum verify_reason push_client(struct verifier *v, const uint32_t *rec)
{
	struct verify_state *s = v->s;
	struct context *c = s->ctx;
	struct saved_stack *stack = state_saved(s);

	if (context_in_begin(c))
		return VERIFY_BEGIN_END;
	if (c->nsaved == ATTRIB_STACK)
		return VERIFY_STACK_DEPTH;
	if (!stack)
		return VERIFY_OK;
	state_touch_context(s);
	state_touch(s, &stack->o);
	stack->v[c->nsaved++] = (struct saved_client){
		.mask = rec[1], .array_buffer = c->array_buffer, .vao_name = c->vao_name,
		.deletes = s->deletes, .unpack = c->unpack, .pack = c->pack, .unit = c->unit,
		.restart = c->caps.cap[CAP_RESTART],
		.restart_fixed = c->caps.cap[CAP_RESTART_FIXED],
		.restart_known = c->restart_known, .restart_index = c->restart_index,
		.locked = c->locked, .good = true, .vao = *s->vao };
	return VERIFY_OK;
}

/* Whether more than the binding of a named vertex array object comes back differs
 * between drivers: what holds for both is kept. */
static void vao_restore(struct vao *o, const struct saved_client *saved, uint32_t name)
{
	struct object keep = o->o;

	if (name) {
		vao_meet(o, &saved->vao);
		return;
	}
	*o = saved->vao;
	o->o = keep;
	o->limit_known = false;
}

/* Nothing of it may have been deleted since: of what has, drivers restore parts only; some
 * contexts restore nothing. */
static bool restores(const struct verify_state *s, const struct saved_client *saved)
{
	return saved->good && saved->deletes == s->deletes && !s->ctx->lean;
}

/* The buffers of pixels are part of what says how these lie in memory. */
static void pixels_restore(struct verify_state *s, const struct saved_client *saved)
{
	struct context *c = s->ctx;
	bool sure = restores(s, saved);

	if (!(saved->mask & GL_CLIENT_PIXEL_STORE_BIT))
		return;
	c->unpack = sure || c->unpack == saved->unpack ? saved->unpack : NAME_UNKNOWN;
	c->pack = sure || c->pack == saved->pack ? saved->pack : NAME_UNKNOWN;
}

/* Drivers (Mesa) have restarting and locks among the arrays: what differs from then may be as
 * it was, or as it is. */
static void draws_restore(struct context *c, const struct saved_client *saved)
{
	if (c->caps.cap[CAP_RESTART] != saved->restart)
		c->caps.cap[CAP_RESTART] = TRI_UNKNOWN;
	if (c->caps.cap[CAP_RESTART_FIXED] != saved->restart_fixed)
		c->caps.cap[CAP_RESTART_FIXED] = TRI_UNKNOWN;
	c->restart_known = c->restart_known && saved->restart_known &&
			   c->restart_index == saved->restart_index;
	c->locked = c->locked > saved->locked ? c->locked : saved->locked;
}

static enum verify_reason pop_client(struct verifier *v)
{
	struct verify_state *s = v->s;
	struct context *c = s->ctx;
	const struct saved_client *saved;

	if (context_in_begin(c))
		return VERIFY_BEGIN_END;
	if (!c->nsaved)
		return VERIFY_OK;       /* an error in GL: ignored */
	state_touch_context(s);
	saved = &c->saved->v[--c->nsaved];
	pixels_restore(s, saved);
	if (!(saved->mask & GL_CLIENT_VERTEX_ARRAY_BIT))
		return VERIFY_OK;
	draws_restore(c, saved);
	if (restores(s, saved)) {
		c->unit = saved->unit;
		c->vao_name = saved->vao_name;
		c->array_buffer = saved->array_buffer;
		if (state_follow(s))
			vao_restore(state_touch_vao(s), saved, c->vao_name);
		return VERIFY_OK;
	}
	c->array_buffer = NAME_UNKNOWN;
	vao_lose(state_touch_vao(s));
	if (saved->vao_name != c->vao_name || saved->unit != c->unit)
		return VERIFY_ARRAY_UNKNOWN;
	return VERIFY_OK;
}

/* Commands that are not followed may have done anything to arrays. */
static void lose(struct verifier *v)
{
	struct context *c = v->s->ctx;

	vao_lose(state_touch_vao(v->s));
	state_touch_context(v->s);
	c->array_buffer = c->unpack = c->pack = NAME_UNKNOWN;
	c->restart_known = false;
	v->s->contents++;
}

static enum verify_reason client_active(struct verifier *v, uint32_t unit)
{
	if (context_in_begin(v->s->ctx))
		return VERIFY_BEGIN_END;
	if (unit < GL_TEXTURE0 || unit - GL_TEXTURE0 >= VARRAY_ATTRIB - VARRAY_TEXCOORD)
		return VERIFY_ARRAY_RANGE;
	if (v->s->ctx->unit != unit - GL_TEXTURE0) {
		state_touch_context(v->s);
		v->s->ctx->unit = (uint8_t)(unit - GL_TEXTURE0);
	}
	return VERIFY_OK;
}

enum verify_reason track(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	switch (d->hook) {
	case HOOK_CONTEXT: return context_make(v, rec);
	case HOOK_CONTEXT_DESTROY: return context_destroy(v, rec);
	case HOOK_MAKE_CURRENT: return make_current(v, rec);
	case HOOK_CLIENT_ACTIVE: return client_active(v, rec[1]);
	case HOOK_RESTART_INDEX:
		state_touch_context(v->s);
		v->s->ctx->restart_index = rec[1];
		/* GL refuses it between Begin and End */
		v->s->ctx->restart_known = !v->s->ctx->list && !context_in_begin(v->s->ctx);
		return VERIFY_OK;
	case HOOK_PUSH_CLIENT: return push_client(v, rec);
	case HOOK_POP_CLIENT: return pop_client(v);
	case HOOK_LOST: lose(v); return VERIFY_OK;
	case HOOK_POINTER: case HOOK_CLIENT_STATE: case HOOK_ATTRIB_STATE: case HOOK_DIVISOR:
	case HOOK_DRAW: case HOOK_LOCK: case HOOK_DRAW_UNKNOWN:
		return arrays_track(v, d, rec);
	case HOOK_BIND_BUFFER: case HOOK_BIND_RANGE: case HOOK_BUFFER_DATA:
	case HOOK_BUFFER_SUBDATA: case HOOK_GEN_BUFFERS: case HOOK_DELETE_BUFFERS:
	case HOOK_CONTENTS: case HOOK_FEEDBACK: case HOOK_GEN_ARRAYS:
	case HOOK_DELETE_ARRAYS: case HOOK_BIND_ARRAY:
		return buffers_track(v, d, rec);
	case HOOK_NEW_LIST: case HOOK_END_LIST: case HOOK_CALL_LIST: case HOOK_DELETE_LISTS:
	case HOOK_GEN_LISTS: case HOOK_LIST_BASE:
		return lists_track(v, d, rec);
	case HOOK_RASTER: case HOOK_SOURCE: return raster_track(v, d, rec);
	default:
		return caps_track(v, d, rec);
	}
}
