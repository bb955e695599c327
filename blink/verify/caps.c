/* caps.c - switches, masks and clears: what the facts speak of.
 *
 * Nothing here decides safety but primitive restart (a value left out of the range of
 * indices) and Begin/End.  Commands compiled into a list change nothing now; a list
 * that changes a switch makes the switches unknown when it is called.
 */
#include "blink/verify/verifier.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

#define MESH_POINTS 262144u             /* of one EvalMesh: 511 by 511 cells */

/* The list being compiled does that when it is called. */
void caps_list(struct verifier *v, uint32_t what)
{
	struct context *c = v->s->ctx;

	if (!c->list || (c->list_new.what & what) == what)
		return;
	state_touch_context(v->s);
	c->list_new.what |= what;
}

/* The switches that a command changes now; NULL while it is only compiled. */
static HOT struct caps *caps_now(struct verifier *v)
{
	struct context *c = v->s->ctx;

	caps_list(v, LIST_CAPS);
	if (c->list && !c->list_executes)
		return NULL;
	state_touch_context(v->s);
	return &c->caps;
}

static void caps_lose(struct caps *k)
{
	memset(k->cap, TRI_UNKNOWN, sizeof(k->cap));
	memset(k->full, TRI_UNKNOWN, sizeof(k->full));
}

static HOT void draws(struct verifier *v)
{
	const struct context *c = v->s->ctx;

	v->facts->draws = true;
	caps_list(v, LIST_DRAWS);
	v->facts->uses_depth |= c->caps.cap[CAP_DEPTH] != TRI_OFF;
	v->facts->uses_stencil |= c->caps.cap[CAP_STENCIL] != TRI_OFF;
	v->facts->uses_blend |= c->caps.cap[CAP_BLEND] != TRI_OFF;
	if (c->caps.cap[CAP_STIPPLE] != TRI_OFF)
		v->facts->relative |= VERIFY_RELATIVE_STIPPLE;
	if (c->caps.cap[CAP_PROGRAM] != TRI_OFF || c->caps.cap[CAP_PIPELINE] != TRI_OFF ||
	    c->caps.cap[CAP_FRAGMENT_PROGRAM] != TRI_OFF)
		v->facts->relative |= VERIFY_RELATIVE_SHADER;
}

void caps_draw(struct verifier *v)
{
	caps_list(v, LIST_OWN);
	draws(v);
}

/* A list that does this is called. */
void caps_called(struct verifier *v, uint32_t what)
{
	struct caps *k;

	if (what & LIST_RELATIVE) {
		v->facts->relative |= VERIFY_RELATIVE_RASTER | VERIFY_RELATIVE_ACCUM;
		caps_list(v, LIST_RELATIVE);
	}
	if (what & LIST_READS) {
		v->facts->reads_framebuffer = true;
		caps_list(v, LIST_READS);
	}
	if (what & LIST_CAPS) {
		k = caps_now(v);
		if (k)
			caps_lose(k);
		if (k)
			v->s->ctx->attrib_lost = true;
	}
	if (what & LIST_DRAWS)
		draws(v);
}

static enum verify_reason enable(struct verifier *v, uint32_t cap, bool on)
{
	static const uint32_t caps[CAP_SWITCHES] = {
		[CAP_SCISSOR] = GL_SCISSOR_TEST, [CAP_DEPTH] = GL_DEPTH_TEST,
		[CAP_STENCIL] = GL_STENCIL_TEST, [CAP_BLEND] = GL_BLEND,
		[CAP_RESTART] = GL_PRIMITIVE_RESTART,
		[CAP_RESTART_FIXED] = GL_PRIMITIVE_RESTART_FIXED_INDEX,
		[CAP_DISCARD] = GL_RASTERIZER_DISCARD,
		[CAP_STIPPLE] = GL_POLYGON_STIPPLE,
		[CAP_FRAGMENT_PROGRAM] = GL_FRAGMENT_PROGRAM_ARB,
	};
	struct context *c = v->s->ctx;
	unsigned array = arrays_find(c, cap);
	struct caps *k;

	/* Some drivers take the capabilities of EnableClientState here as well. */
	if (array != VARRAYS) {
		if (c->list)
			return VERIFY_LIST_STATE;
		if (context_in_begin(c))
			return VERIFY_BEGIN_END;
		/* the others refuse, and what was on stays on */
		arrays_switch(v, array, on);
		if (!on)
			arrays_maybe(v, array);
		return VERIFY_OK;
	}
	for (unsigned i = 0; i < CAP_SWITCHES; i++) {
		if (caps[i] != cap)
			continue;
		if (c->caps.cap[i] == (on ? TRI_ON : TRI_OFF) && !c->list)
			return VERIFY_OK;
		k = caps_now(v);
		/* GL refuses it between Begin and End; fixed restart before 4.3 */
		if (k && (context_in_begin(c) || (on && i == CAP_RESTART_FIXED)))
			k->cap[i] = TRI_UNKNOWN;
		else if (k)
			k->cap[i] = on ? TRI_ON : TRI_OFF;
	}
	return VERIFY_OK;
}

/* Of one draw buffer, or one viewport. */
static void enable_indexed(struct verifier *v, const uint32_t *rec, bool on)
{
	unsigned i = rec[1] == GL_BLEND ? CAP_BLEND : CAP_SCISSOR;
	struct caps *k;

	if (sp_mask(*rec) & 1) {
		k = caps_now(v);
		if (k)
			k->cap[CAP_BLEND] = k->cap[CAP_SCISSOR] = TRI_UNKNOWN;
		return;
	}
	if (rec[1] != GL_BLEND && rec[1] != GL_SCISSOR_TEST)
		return;
	k = caps_now(v);
	if (k && k->cap[i] != (on ? TRI_ON : TRI_OFF))
		k->cap[i] = TRI_UNKNOWN;
}

static void mask(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	struct caps *k = caps_now(v);
	unsigned m = d->arg & ~(unsigned)MASK_PART;
	bool full = true, told = true;

	if (!k)
		return;
	for (unsigned i = d->arg & MASK_PART ? 2 : 1; i < d->words; i++) {
		full = full && (m == MASK_STENCIL ? (rec[i] & 0xff) == 0xff : rec[i] == GL_TRUE);
		/* of other numbers the driver gets a byte, and takes of it what it likes */
		told = told && (m == MASK_STENCIL || rec[i] <= GL_TRUE);
	}
	/* GL refuses it between Begin and End */
	if (!told || sp_mask(*rec) || context_in_begin(v->s->ctx))
		k->full[m] = TRI_UNKNOWN;
	else if (d->arg & MASK_PART)
		k->full[m] = full && k->full[m] == TRI_ON ? TRI_ON : TRI_UNKNOWN;
	else
		k->full[m] = full ? TRI_ON : TRI_OFF;
}

/* Where clears go.  Whether these are compiled into lists differs, so that in one they
 * make it unknown now as well. */
static void target(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	struct context *c = v->s->ctx;
	unsigned what = TRI_UNKNOWN, cap = CAP_CONDITIONAL;
	bool certain = !c->list && !context_in_begin(c) && !sp_mask(*rec);

	switch (d->arg) {
	case TARGET_FRAMEBUFFER:
		cap = CAP_FRAMEBUFFER;
		if (certain && rec[1] == GL_READ_FRAMEBUFFER)
			return;
		if (certain && (rec[1] == GL_FRAMEBUFFER || rec[1] == GL_DRAW_FRAMEBUFFER))
			what = rec[2] ? TRI_ON : TRI_OFF;
		break;
	case TARGET_BUFFER:
	case TARGET_BUFFERS:
		cap = CAP_BUFFER;
		if (certain && c->caps.cap[CAP_FRAMEBUFFER] == TRI_OFF)
			what = d->arg == TARGET_BUFFER && rec[1] == GL_BACK ? TRI_OFF : TRI_ON;
		break;
	case TARGET_PROGRAM:
		cap = CAP_PROGRAM;
		/* a name that is refused leaves the program before it in use; so does 0 while
		 * vertices are being captured */
		if (!rec[1] && (c->caps.cap[CAP_PROGRAM] == TRI_OFF || (certain && !v->s->feedback)))
			what = TRI_OFF;
		break;
	case TARGET_PIPELINE:
		cap = CAP_PIPELINE;
		if (!rec[1] && c->caps.cap[CAP_PIPELINE] == TRI_OFF)
			return;
		break;
	case TARGET_CONDITIONAL:
		v->s->conditional = true;
		break;
	case TARGET_UNCONDITIONAL:
		what = certain ? TRI_OFF : TRI_UNKNOWN;
		break;
	}
	caps_list(v, LIST_CAPS);
	state_touch_context(v->s);
	c->caps.cap[cap] = (uint8_t)what;
}

/* Not held back, not elsewhere, and not refused. */
static bool clear_is_whole(const struct verifier *v, const uint32_t *rec)
{
	static const uint8_t off[] = { CAP_SCISSOR, CAP_DISCARD, CAP_FRAMEBUFFER,
				       CAP_CONDITIONAL };
	const uint32_t known = GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT |
			       GL_STENCIL_BUFFER_BIT | GL_ACCUM_BUFFER_BIT;
	const struct context *c = v->s->ctx;

	for (size_t i = 0; i < sizeof(off); i++)
		if (c->caps.cap[off[i]] != TRI_OFF)
			return false;
	return c->name && !c->begin && !c->list && !sp_mask(*rec) && !(rec[1] & ~known);
}

/* A clear counts when nothing was drawn before. */
static void clear(struct verifier *v, const uint32_t *rec)
{
	const struct caps *k = &v->s->ctx->caps;

	if (v->facts->draws || v->s->region_open || !clear_is_whole(v, rec))
		return;
	v->facts->clears_color |= (rec[1] & GL_COLOR_BUFFER_BIT) && k->full[MASK_COLOR] == TRI_ON &&
				  k->cap[CAP_BUFFER] == TRI_OFF;
	v->facts->clears_depth |= (rec[1] & GL_DEPTH_BUFFER_BIT) && k->full[MASK_DEPTH] == TRI_ON;
	v->facts->clears_stencil |= (rec[1] & GL_STENCIL_BUFFER_BIT) &&
				    k->full[MASK_STENCIL] == TRI_ON;
}

/* ---- Begin and End ------------------------------------------------------- */

enum verify_reason caps_begin_end(struct verifier *v, bool begin)
{
	struct context *c = v->s->ctx;

	state_touch_context(v->s);
	if (c->list) {
		/* balanced within the list, so that calling it leaves Begin as it is */
		if (c->list_begin == begin)
			return VERIFY_LIST_BALANCE;
		c->list_begin = begin;
	} else {
		c->begin = begin;
	}
	if (begin)
		caps_draw(v);
	return VERIFY_OK;
}

/* ---- the attribute stack ------------------------------------------------- */

static void push_attrib(struct verifier *v, const uint32_t *rec)
{
	struct context *c = v->s->ctx;

	if (!caps_now(v))
		return;
	/* GL refuses it between Begin and End */
	if (c->nattrib == ATTRIB_STACK || context_in_begin(c))
		c->attrib_lost = true;
	else
		c->attrib[c->nattrib++] = (struct saved_caps){ rec[1], c->caps };
}

/* GL_ENABLE_BIT holds all switches, other groups their own. */
static void pop_attrib(struct verifier *v)
{
	static const struct { uint8_t cap; uint32_t bits; } groups[] = {
		{ CAP_SCISSOR, GL_SCISSOR_BIT }, { CAP_DEPTH, GL_DEPTH_BUFFER_BIT },
		{ CAP_STENCIL, GL_STENCIL_BUFFER_BIT }, { CAP_BLEND, GL_COLOR_BUFFER_BIT },
	};
	static const uint32_t masks[3] = { GL_COLOR_BUFFER_BIT, GL_DEPTH_BUFFER_BIT,
					   GL_STENCIL_BUFFER_BIT };
	struct context *c = v->s->ctx;
	struct saved_caps *s;

	if (!caps_now(v))
		return;
	if (c->attrib_lost || context_in_begin(c)) {
		c->attrib_lost = true;
		caps_lose(&c->caps);
		return;
	}
	if (!c->nattrib)
		return;
	s = &c->attrib[--c->nattrib];
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (s->mask & (groups[i].bits | GL_ENABLE_BIT))
			c->caps.cap[groups[i].cap] = s->caps.cap[groups[i].cap];
	for (unsigned i = 0; i < 3; i++)
		if (s->mask & masks[i])
			c->caps.full[i] = s->caps.full[i];
	/* whether these are in GL_ENABLE_BIT differs between drivers; which draw buffers
	 * come back hangs on the framebuffer bound */
	for (unsigned i = CAP_RESTART; i < CAPS; i++)
		if (s->caps.cap[i] != c->caps.cap[i] && i != CAP_FRAMEBUFFER &&
		    i != CAP_CONDITIONAL)
			c->caps.cap[i] = TRI_UNKNOWN;
}

/* Points of a grid, each of which is worked out and looked at; false: more than there is room
 * for on any window. */
static bool mesh(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	uint64_t points = 1;

	for (unsigned i = 0; i < d->arg; i++) {
		int64_t n = (int64_t)(int32_t)rec[3 + 2 * i] - (int32_t)rec[2 + 2 * i] + 1;

		points *= n > 0 ? (uint64_t)n : 1;      /* (rows of nothing are gone through, too) */
		if (points > MESH_POINTS)
			return false;
	}
	v->facts->vertices += points;
	v->s->work += points * VERIFY_WORK_POINT;
	return true;
}

enum verify_reason caps_track(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	switch (d->hook) {
	case HOOK_BEGIN: return caps_begin_end(v, true);
	case HOOK_END_PRIMITIVE: return caps_begin_end(v, false);
	case HOOK_ENABLE: return enable(v, rec[1], d->arg);
	case HOOK_MASK: mask(v, d, rec); return VERIFY_OK;
	case HOOK_CLEAR: clear(v, rec); return VERIFY_OK;
	case HOOK_MESH:
		if (!mesh(v, d, rec))
			return VERIFY_PARAMETER_RANGE;
		__attribute__((fallthrough));
	case HOOK_FRAGMENTS:
		v->facts->relative |= d->relative;
		if (d->relative)
			caps_list(v, LIST_RELATIVE);
		caps_draw(v);
		return VERIFY_OK;
	case HOOK_PUSH_ATTRIB: case HOOK_POP_ATTRIB:
		if (lists_inside(v))
			return VERIFY_LIST_CALLS;
		if (d->hook == HOOK_PUSH_ATTRIB)
			push_attrib(v, rec);
		else
			pop_attrib(v);
		return VERIFY_OK;
	case HOOK_ENABLE_INDEXED: enable_indexed(v, rec, d->arg); return VERIFY_OK;
	case HOOK_TARGET: target(v, d, rec); return VERIFY_OK;
	case HOOK_DELETE_QUERIES:
		/* (after a list that nobody knows all switches are unknown) */
		return v->s->conditional && v->s->ctx->caps.cap[CAP_CONDITIONAL] != TRI_OFF &&
		       !v->env->limits.allow_opaque ? VERIFY_QUERY_USED : VERIFY_OK;
	default: return VERIFY_OK;
	}
}
