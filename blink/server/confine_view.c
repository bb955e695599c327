/* confine_view.c - mediations of what is relative to a window.
 *
 * Off-screen a client's framebuffer 0 is a drawable of its own: its values are the
 * driver's, and are only noted.  Direct, framebuffer 0 is a place on the shared drawable.
 * Then the driver's scissor test is always on, with the client's scissor's intersection
 * with its area, and the viewport is moved there.  That alone confines whatever is drawn
 * or cleared: wide lines and points, bitmaps and pixels included.
 *
 * What cannot be moved (a list that holds a viewport, another buffer than the back one,
 * reads of framebuffer 0) is not executed while direct; the client is drawn off-screen
 * from then on.  The verifier's facts keep such SPs from being direct in the first place.
 *
 * GL ignores most commands between Begin and End, and a list's are only recorded: so what
 * decides where pixels go is asked of the driver, not concluded from the command. */
#include "blink/server/confine.h"

#define REAL CONFINE_REAL
typedef void (APIENTRY *fn_enum)(GLenum);
typedef void (APIENTRY *fn_box)(GLint, GLint, GLsizei, GLsizei);
typedef void (APIENTRY *fn_enum_uint)(GLenum, GLuint);
typedef void (APIENTRY *fn_uint)(GLuint);

/* Drawn direct, this command would be seen elsewhere: true: do without it. */
static bool refuse(struct confined *k)
{
	if (!confine_direct(k))
		return false;
	k->never_direct = k->skipped = true;
	return true;
}

/* The same for one that a list is to hold: it cannot be moved when that is called. */
static bool listed(struct confined *k)
{
	if (!k->current || !k->current->list)
		return false;
	if (confine_direct(k))
		k->skipped = true;
	k->never_direct = true;
	return true;
}

/* Commands may be moved: framebuffer 0 is drawn to, and is a place. */
static bool moved(const struct confined *k)
{
	return confine_direct(k) && k->current && !k->current->draw_framebuffer;
}

/* ---- where things come to lie -------------------------------------------------------- */

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

static void scissor_place(struct confined *k)
{
	const struct confine_view *v = &k->current->view;
	int64_t x0 = 0, y0 = 0, x1 = k->at.w, y1 = k->at.h;

	if (v->scissor_on) {
		x0 = clamp(v->scissor[0], 0, x1);
		y0 = clamp(v->scissor[1], 0, y1);
		x1 = clamp((int64_t)v->scissor[0] + v->scissor[2], x0, x1);
		y1 = clamp((int64_t)v->scissor[1] + v->scissor[3], y0, y1);
	}
	REAL(k, OP_glScissor, fn_box)((GLint)(k->at.x + x0), (GLint)(k->at.y + y0),
				      (GLsizei)(x1 - x0), (GLsizei)(y1 - y0));
}

static void viewport_place(struct confined *k)
{
	const int32_t *v = k->current->view.viewport;
	int64_t x = (int64_t)v[0] + k->at.x, y = (int64_t)v[1] + k->at.y;

	/* drivers clamp what lies so far out, and would do it differently here and there */
	if (x != clamp(x, -32768, 32767) || y != clamp(y, -32768, 32767) ||
	    v[0] != clamp(v[0], -32768, 32767) || v[1] != clamp(v[1], -32768, 32767))
		k->never_direct = true;
	REAL(k, OP_glViewport, fn_box)((GLint)clamp(x, -32768, 32767),
				       (GLint)clamp(y, -32768, 32767), v[2], v[3]);
}

/* Between Begin and End drivers do none of this; and tell nothing. */
static bool in_begin(const struct confined *k)
{
	return confine_ask(k, GL_ATTRIB_STACK_DEPTH, UINT32_MAX, 0) == UINT32_MAX;
}

static void place(struct confined *k)
{
	struct confine_context *c = k->current;
	const struct confine_view *v = &c->view;

	if (in_begin(k))
		return;
	c->placed = moved(k);
	c->at = k->at;
	if (c->placed) {
		REAL(k, OP_glEnable, fn_enum)(GL_SCISSOR_TEST);
		scissor_place(k);
		viewport_place(k);
		return;
	}
	(v->scissor_on ? REAL(k, OP_glEnable, fn_enum)
		       : REAL(k, OP_glDisable, fn_enum))(GL_SCISSOR_TEST);
	REAL(k, OP_glScissor, fn_box)(v->scissor[0], v->scissor[1], v->scissor[2], v->scissor[3]);
	REAL(k, OP_glViewport, fn_box)(v->viewport[0], v->viewport[1], v->viewport[2],
				       v->viewport[3]);
}

static bool in_place(const struct confined *k)
{
	const struct confine_context *c = k->current;

	return c->placed == moved(k) &&
	       (!c->placed || (c->at.x == k->at.x && c->at.y == k->at.y && c->at.w == k->at.w &&
			       c->at.h == k->at.h));
}

bool confine_view_place(struct confined *k)
{
	if (!in_place(k))
		place(k);
	return in_place(k);
}

void confine_view_start(struct confined *k)
{
	struct confine_context *c = k->current;
	struct confine_view *v = &c->view;

	c->started = true;
	v->viewport[2] = v->scissor[2] = k->draw ? (int32_t)k->draw->w : 0;
	v->viewport[3] = v->scissor[3] = k->draw ? (int32_t)k->draw->h : 0;
	/* what dithering does depends on the place */
	REAL(k, OP_glDisable, fn_enum)(GL_DITHER);
	/* GL has taken them from the shared drawable */
	if (k->screen)
		place(k);
}

/* ---- scissor and viewport ------------------------------------------------------------ */

static void set_box(int32_t box[4], GLint x, GLint y, GLsizei w, GLsizei h)
{
	box[0] = x;
	box[1] = y;
	box[2] = w;
	box[3] = h;
}

static void APIENTRY viewport(GLint x, GLint y, GLsizei w, GLsizei h)
{
	struct confined *k = confine_self;

	if (listed(k) && confine_direct(k))
		return;
	if (w >= 0 && h >= 0 && k->current && !k->current->list)
		set_box(k->current->view.viewport, x, y, w, h);
	if (moved(k) && w >= 0 && h >= 0)
		viewport_place(k);
	else
		REAL(k, OP_glViewport, fn_box)(x, y, w, h);
}

static void APIENTRY scissor(GLint x, GLint y, GLsizei w, GLsizei h)
{
	struct confined *k = confine_self;

	if (listed(k) && confine_direct(k))
		return;
	if (w >= 0 && h >= 0 && k->current && !k->current->list)
		set_box(k->current->view.scissor, x, y, w, h);
	if (moved(k) && w >= 0 && h >= 0)
		scissor_place(k);
	else
		REAL(k, OP_glScissor, fn_box)(x, y, w, h);
}

static void scissor_switch(struct confined *k, bool on)
{
	if (listed(k) && confine_direct(k))
		return;
	if (k->current && !k->current->list)
		k->current->view.scissor_on = on;
	if (moved(k))
		scissor_place(k);
	else
		(on ? REAL(k, OP_glEnable, fn_enum)
		    : REAL(k, OP_glDisable, fn_enum))(GL_SCISSOR_TEST);
}

static void APIENTRY enable(GLenum cap)
{
	struct confined *k = confine_self;

	if (cap == GL_SCISSOR_TEST)
		scissor_switch(k, true);
	else if (cap != GL_DITHER)
		REAL(k, OP_glEnable, fn_enum)(cap);
}

static void APIENTRY disable(GLenum cap)
{
	struct confined *k = confine_self;

	if (cap == GL_SCISSOR_TEST)
		scissor_switch(k, false);
	else
		REAL(k, OP_glDisable, fn_enum)(cap);
}

/* The scissor test of one viewport of several. */
static bool indexed(struct confined *k, GLenum cap)
{
	if (cap != GL_SCISSOR_TEST)
		return false;
	if (refuse(k))
		return true;
	k->never_direct = true;
	return false;
}

static void APIENTRY enablei(GLenum cap, GLuint i)
{
	struct confined *k = confine_self;

	if (!indexed(k, cap) && cap != GL_DITHER)
		REAL(k, OP_glEnablei, fn_enum_uint)(cap, i);
}

static void APIENTRY disablei(GLenum cap, GLuint i)
{
	struct confined *k = confine_self;

	if (!indexed(k, cap))
		REAL(k, OP_glDisablei, fn_enum_uint)(cap, i);
}

/* ---- saved attributes ---------------------------------------------------------------- */

static uint32_t stack_depth(const struct confined *k, uint32_t believed)
{
	return confine_ask(k, GL_ATTRIB_STACK_DEPTH, k->current->depth, believed);
}

static void APIENTRY push_attrib(GLbitfield mask)
{
	struct confined *k = confine_self;
	struct confine_context *c = k->current;
	uint32_t depth;

	if ((listed(k) && confine_direct(k)) || !confine_calls_act(k, LIST_PUSH, mask & GL_LIST_BIT))
		return;
	REAL(k, OP_glPushAttrib, fn_uint)(mask);
	if (!c || c->list)
		return;
	depth = stack_depth(k, c->depth + 1);
	if (depth == c->depth + 1 && c->depth < CONFINE_STACK)
		c->saved[c->depth] = (struct confine_saved){ mask, c->view };
	c->depth = depth;
	if (depth > CONFINE_STACK)
		k->never_direct = true;
}

static void APIENTRY pop_attrib(void)
{
	struct confined *k = confine_self;
	struct confine_context *c = k->current;
	const struct confine_saved *s;
	uint32_t depth;

	if ((listed(k) && confine_direct(k)) || !confine_calls_act(k, LIST_POP, 0))
		return;
	REAL(k, OP_glPopAttrib, void (APIENTRY *)(void))();
	if (!c || c->list)
		return;
	depth = stack_depth(k, c->depth ? c->depth - 1 : 0);
	if (c->depth && depth == c->depth - 1 && depth < CONFINE_STACK) {
		s = &c->saved[depth];
		if (s->mask & GL_VIEWPORT_BIT)
			__builtin_memcpy(c->view.viewport, s->view.viewport,
					 sizeof(c->view.viewport));
		if (s->mask & GL_SCISSOR_BIT)
			__builtin_memcpy(c->view.scissor, s->view.scissor,
					 sizeof(c->view.scissor));
		if (s->mask & (GL_SCISSOR_BIT | GL_ENABLE_BIT))
			c->view.scissor_on = s->view.scissor_on;
		/* the driver's are those of where it was pushed */
		if (s->mask & (GL_SCISSOR_BIT | GL_ENABLE_BIT | GL_VIEWPORT_BIT))
			place(k);
	}
	c->depth = depth;
}

/* ---- framebuffers -------------------------------------------------------------------- */

void confine_view_bound(struct confined *k, uint32_t believed)
{
	struct confine_context *c = k->current;

	if (!c)
		return;
	c->draw_framebuffer = confine_ask(k, GL_DRAW_FRAMEBUFFER_BINDING, c->draw_framebuffer,
					  believed);
	confine_view_place(k);
}

static void bind_framebuffer(struct confined *k, unsigned op, GLenum target, GLuint name)
{
	REAL(k, op, fn_enum_uint)(target, name);
	confine_view_bound(k, target == GL_READ_FRAMEBUFFER && k->current
			   ? k->current->draw_framebuffer : name);
}

static void APIENTRY bind_framebuffer_core(GLenum target, GLuint name)
{
	bind_framebuffer(confine_self, OP_glBindFramebuffer, target, name);
}

static void APIENTRY bind_framebuffer_ext(GLenum target, GLuint name)
{
	bind_framebuffer(confine_self, OP_glBindFramebufferEXT, target, name);
}

/* Of framebuffer 0; what is drawn to a client's own is its affair. */
static uint64_t draw_buffer(struct confined *k, unsigned op, const uint64_t *argv)
{
	struct confine_context *c = k->current;
	bool back = op == OP_glDrawBuffer && (uint32_t)argv[0] == GL_BACK;

	if (listed(k) && confine_direct(k))
		return 0;
	if (c && !c->draw_framebuffer && !c->list) {
		if (!back && refuse(k))
			return 0;
		c->other_buffer = !back;
	}
	return confine_invoke(k, op, argv);
}

/* Pixels of the bound read framebuffer. */
static uint64_t read_pixels(struct confined *k, unsigned op, const uint64_t *argv)
{
	if (listed(k) && confine_direct(k))
		return 0;
	if (confine_direct(k) && (moved(k) || !confine_ask(k, GL_READ_FRAMEBUFFER_BINDING, 0, 0))) {
		refuse(k);
		return 0;
	}
	return confine_invoke(k, op, argv);
}

/* ---- lists --------------------------------------------------------------------------- */

/* Where lists may hold what cannot be moved, they are not called on the shared drawable. */
static void APIENTRY call_list(GLuint list)
{
	struct confined *k = confine_self;

	if ((!k->never_direct || !refuse(k)) && confine_calls_list(k, list))
		REAL(k, OP_glCallList, fn_uint)(list);
}

static void APIENTRY list_base(GLuint base)
{
	struct confined *k = confine_self;

	if (confine_calls_act(k, LIST_BASE, base))
		REAL(k, OP_glListBase, fn_uint)(base);
}

static uint64_t call_lists(struct confined *k, const uint64_t *argv)
{
	const void *names = (const void *)(uintptr_t)argv[2];

	if ((k->never_direct && refuse(k)) ||
	    !confine_calls_lists(k, (int32_t)argv[0], (uint32_t)argv[1], names))
		return 0;
	return confine_invoke(k, OP_glCallLists, argv);
}

/* ---- by instruction ------------------------------------------------------------------ */

static const struct { uint16_t op; sink_fn fn; } plain[] = {
	{ OP_glViewport, (sink_fn)viewport }, { OP_glScissor, (sink_fn)scissor },
	{ OP_glEnable, (sink_fn)enable }, { OP_glDisable, (sink_fn)disable },
	{ OP_glEnablei, (sink_fn)enablei }, { OP_glDisablei, (sink_fn)disablei },
	{ OP_glPushAttrib, (sink_fn)push_attrib }, { OP_glPopAttrib, (sink_fn)pop_attrib },
	{ OP_glBindFramebuffer, (sink_fn)bind_framebuffer_core },
	{ OP_glBindFramebufferEXT, (sink_fn)bind_framebuffer_ext },
	{ OP_glCallList, (sink_fn)call_list }, { OP_glListBase, (sink_fn)list_base },
};

/* What the scissor test confines, wherever it is called from. */
static const uint16_t scissored[] = {
	OP_glClear, OP_glClearBufferfi, OP_glClearBufferfv, OP_glClearBufferiv,
	OP_glClearBufferuiv,
};

sink_fn confine_view_entry(const struct confined *k, unsigned op)
{
	for (unsigned i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (plain[i].op == op)
			return plain[i].fn;
	for (unsigned i = 0; i < sizeof(scissored) / sizeof(*scissored); i++)
		if (scissored[i] == op)
			return k->gl->entry[op];
	return NULL;
}

/* Any other command that some row of the table says is relative to the window: not direct. */
uint64_t confine_view_call(struct confined *k, unsigned op, const uint64_t *argv)
{
	switch (op) {
	case OP_glDrawBuffer: case OP_glDrawBuffers:
		return draw_buffer(k, op, argv);
	case OP_glReadBuffer:
		return confine_invoke(k, op, argv);
	case OP_glCallLists:
		return call_lists(k, argv);
	case OP_glBlitFramebuffer: case OP_glCopyPixels:
	case OP_glCopyTexImage1D: case OP_glCopyTexImage2D:
	case OP_glCopyTexSubImage1D: case OP_glCopyTexSubImage2D: case OP_glCopyTexSubImage3D:
		return read_pixels(k, op, argv);
	default:
		if (listed(k) && confine_direct(k))
			return 0;
		return refuse(k) ? 0 : confine_invoke(k, op, argv);
	}
}
