/* sink_gl.c - the GL driver as a sink: contexts and drawables by client name.
 *
 * Choices that a picture can depend on, made as a double-buffered window on Mesa's
 * software driver has them, because that is what recorded programs met:
 *  - every drawable has 8 bits per colour and of alpha, 24 of depth, 8 of stencil;
 *  - a drawable is black (all bits zero) when it is new, and again after a resize:
 *    nothing is copied from the old size;
 *  - a swap leaves the back buffer's pixels as they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/engine/sink_gl_priv.h"

static struct sink_gl_context *context_at(struct sink_gl *g, uint32_t name)
{
	if (!name || name > g->ncontexts || !g->contexts[name - 1].handle)
		return NULL;
	return &g->contexts[name - 1];
}

static struct sink_gl_drawable *drawable_at(struct sink_gl *g, uint32_t name)
{
	if (!name || name > g->ndrawables || !g->drawables[name - 1].live)
		return NULL;
	return &g->drawables[name - 1];
}

/* Makes room for the 1-based name in a zeroed table. */
static int table_reserve(void **table, uint32_t *n, size_t size, uint32_t name, struct error *err)
{
	uint32_t want;
	void *p;

	if (!name || name > SINK_GL_NAMES_MAX)
		return error_set(err, -EINVAL, "GL: %u is no name for a context or drawable "
				 "(1 to %u are)", name, SINK_GL_NAMES_MAX);
	if (name <= *n)
		return 0;
	want = (name + 15u) & ~15u;
	p = realloc(*table, want * size);
	if (!p)
		return error_set(err, -ENOMEM, "GL: out of memory");
	memset((char *)p + *n * size, 0, (want - *n) * size);
	*table = p;
	*n = want;
	return 0;
}

/* ---- what is current ----------------------------------------------------- */

/* The sink whose context, draw and read are current on this thread; NULL: none for sure. */
static _Thread_local struct sink_gl *bound;

/* Mesa keeps one buffer of a pbuffer, and takes it for a front: at each flush and each
 * change of context it copies all that was drawn since to where a person would see it.  It
 * does not while a framebuffer of the program's own is bound.  So one is, which has
 * nothing, where nobody will look (sink_gl_options.unseen). */
static void set_aside(struct sink_gl *g)
{
	struct sink_gl_context *c = bound == g ? context_at(g, g->context) : NULL;
	GLint name = -1;               /* between Begin and End nothing is told */

	if (!g->unseen || !c || c->aside || g->version < 30 || c->flags & SINK_CONTEXT_ES)
		return;
	g->gl.GetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &name);
	if (name != 0)
		return;
	if (!c->empty)
		g->gl.GenFramebuffers(1, &c->empty);
	g->gl.BindFramebuffer(GL_DRAW_FRAMEBUFFER, c->empty);
	c->aside = true;
}

static void set_back(struct sink_gl *g)
{
	struct sink_gl_context *c = bound == g ? context_at(g, g->context) : NULL;

	if (!c || !c->aside)
		return;
	g->gl.BindFramebuffer(GL_DRAW_FRAMEBUFFER, 0);
	c->aside = false;
}

void sink_gl_flush(struct sink_gl *g)
{
	set_aside(g);
	g->gl.Flush();
	set_back(g);
}

static int bind(struct sink_gl *g, struct error *err)
{
	struct sink_gl_context *c = context_at(g, g->context);

	bound = NULL;
	if (!g->ws->make_current(g, c ? c->handle : NULL, c ? c->flags : 0,
				 drawable_at(g, g->draw), drawable_at(g, g->read)))
		return error_set(err, -EIO, "make current: context %u on drawable %u: %s",
				 g->context, g->draw, g->ws->error(g));
	bound = g;
	set_back(g);
	return 0;
}

static void flush(struct sink *s)
{
	sink_gl_flush(sink_gl_of(s));
}

static int make_current(struct sink *s, uint32_t ctx, uint32_t draw, uint32_t read,
			struct error *err)
{
	struct sink_gl *g = sink_gl_of(s);

	if (ctx && !context_at(g, ctx))
		return error_set(err, -ENOENT, "make current: there is no context %u", ctx);
	if ((draw && !drawable_at(g, draw)) || (read && !drawable_at(g, read)))
		return error_set(err, -ENOENT, "make current: there is no drawable %u",
				 draw && drawable_at(g, draw) ? read : draw);
	draw = ctx ? draw : 0;
	read = ctx ? read : 0;
	/* EGL flushes, and looks at all of it, even where nothing changes; a window's size is
	 * to be looked at */
	if (bound == g && g->ws == &sink_gl_ws_egl && g->context == ctx &&
	    g->draw == draw && g->read == read)
		return 0;
	set_aside(g);
	g->context = ctx;
	g->draw = draw;
	g->read = read;
	return bind(g, err);
}

/* ---- contexts ------------------------------------------------------------ */

static int context_create(struct sink *s, uint32_t ctx, uint32_t share, uint32_t version,
			  uint32_t flags, struct error *err)
{
	struct sink_gl *g = sink_gl_of(s);
	struct sink_gl_context *c, *other = context_at(g, share);
	int r;

	if (share && !other)
		return error_set(err, -ENOENT, "context %u: there is no context %u to share with",
				 ctx, share);
	if (context_at(g, ctx))
		return error_set(err, -EEXIST, "context %u: made twice", ctx);
	r = table_reserve((void **)&g->contexts, &g->ncontexts, sizeof(*g->contexts), ctx, err);
	if (r < 0)
		return r;
	other = context_at(g, share);
	c = &g->contexts[ctx - 1];
	c->handle = g->ws->context_create(g, other ? other->handle : NULL, version, flags);
	if (!c->handle)
		return error_set(err, -ENOTSUP, "context %u: the driver makes no %s%u.%u context: %s",
				 ctx, flags & SINK_CONTEXT_ES ? "ES " :
				 flags & SINK_CONTEXT_CORE ? "core " : "", version / 10,
				 version % 10, g->ws->error(g));
	c->flags = flags;
	return 0;
}

/* Mesa's software driver frees the queries of a context that goes, and does not wait for
 * its threads that still count for one that was not ended. */
static void context_settle(struct sink_gl *g, struct sink_gl_context *c)
{
	bool current = g->context && context_at(g, g->context) == c;

	if (!current && (g->ws == &sink_gl_ws_glx ||
			 !g->ws->make_current(g, c->handle, c->flags, NULL, NULL)))
		return;
	g->gl.Finish();
	if (!current)
		bind(g, NULL);
}

static void context_destroy(struct sink *s, uint32_t ctx)
{
	struct sink_gl *g = sink_gl_of(s);
	struct sink_gl_context *c = context_at(g, ctx);

	if (!c)
		return;
	context_settle(g, c);
	if (g->context == ctx)
		make_current(s, 0, 0, 0, NULL);
	g->ws->context_destroy(g, c->handle);
	memset(c, 0, sizeof(*c));
}

/* ---- drawables ----------------------------------------------------------- */

/* All bits zero, through a context of the sink's own so that no client's state is
 * touched.  What GLX makes is left as it is. */
static int drawable_blacken(struct sink_gl *g, struct sink_gl_drawable *d, struct error *err)
{
	if (g->ws == &sink_gl_ws_glx)
		return 0;
	if (!g->ws->make_current(g, g->own, 0, d, d))
		return error_set(err, -EIO, "drawable: it cannot be drawn to: %s",
				 g->ws->error(g));
	g->gl.ClearColor(0, 0, 0, 0);
	g->gl.Clear(GL_COLOR_BUFFER_BIT);
	g->gl.Flush();
	return bind(g, err);
}

/* Windows and pbuffers of no area are often accepted; they get one pixel. */
static int drawable_size(struct sink_gl *g, struct sink_gl_drawable *d, uint32_t w, uint32_t h,
			 struct error *err)
{
	if (w > g->side_max || h > g->side_max || (uint64_t)w * h > SINK_GL_PIXELS_MAX)
		return error_set(err, -E2BIG, "drawable: %ux%u pixels are more than the driver "
				 "takes (%u per side, %u in all)", w, h, g->side_max,
				 SINK_GL_PIXELS_MAX);
	d->w = w ? w : 1;
	d->h = h ? h : 1;
	return 0;
}

static int drawable_create(struct sink *s, uint32_t drawable, uint32_t w, uint32_t h,
			   uint32_t config, struct error *err)
{
	struct sink_gl *g = sink_gl_of(s);
	struct sink_gl_drawable *d;
	int r;

	if (drawable_at(g, drawable))
		return error_set(err, -EEXIST, "drawable %u: made twice", drawable);
	r = table_reserve((void **)&g->drawables, &g->ndrawables, sizeof(*g->drawables),
			  drawable, err);
	if (r < 0)
		return r;
	d = &g->drawables[drawable - 1];
	memset(d, 0, sizeof(*d));
	d->config = config;
	r = drawable_size(g, d, w, h, err);
	if (r >= 0)
		r = g->ws->drawable_create(g, d, err);
	if (r < 0)
		return r;
	d->live = true;
	return drawable_blacken(g, d, err);
}

static int drawable_resize(struct sink *s, uint32_t drawable, uint32_t w, uint32_t h,
			   struct error *err)
{
	struct sink_gl *g = sink_gl_of(s);
	struct sink_gl_drawable *d = drawable_at(g, drawable), old;
	int r;

	if (!d)
		return error_set(err, -ENOENT, "resize: there is no drawable %u", drawable);
	if (d->w == w && d->h == h)
		return 0;
	old = *d;
	r = drawable_size(g, d, w, h, err);
	if (r < 0)
		return r;
	if (g->ws->drawable_resize(g, d))
		return 0;
	r = g->ws->drawable_create(g, d, err);
	if (r < 0) {
		*d = old;
		return r;
	}
	r = drawable_blacken(g, d, err);    /* binds the new one where the old was */
	g->ws->drawable_destroy(g, &old);
	return r;
}

static void drawable_destroy(struct sink *s, uint32_t drawable)
{
	struct sink_gl *g = sink_gl_of(s);
	struct sink_gl_drawable *d = drawable_at(g, drawable);

	if (!d)
		return;
	g->ws->drawable_destroy(g, d);
	memset(d, 0, sizeof(*d));
	/* another may get its name */
	if (bound == g && (g->draw == drawable || g->read == drawable))
		bound = NULL;
}

static int swap(struct sink *s, uint32_t drawable, struct error *err)
{
	struct sink_gl *g = sink_gl_of(s);
	struct sink_gl_drawable *d = drawable_at(g, drawable);

	if (!d)
		return error_set(err, -ENOENT, "swap: there is no drawable %u", drawable);
	g->ws->swap(g, d, g->context && g->draw == drawable);
	return 0;
}

/* ---- the sink ------------------------------------------------------------ */

static void destroy(struct sink *s)
{
	struct sink_gl *g = sink_gl_of(s);

	if (bound == g)
		bound = NULL;
	if (g->display) {
		g->ws->make_current(g, NULL, 0, NULL, NULL);
		for (uint32_t i = 1; i <= g->ncontexts; i++)
			context_destroy(s, i);
		for (uint32_t i = 1; i <= g->ndrawables; i++)
			drawable_destroy(s, i);
		if (g->own)
			g->ws->context_destroy(g, g->own);
	}
	g->ws->close(g);
	free(g->contexts);
	free(g->drawables);
	free(g->extensions);
	free(g);
}

/* A driver that lacks the question never loses a context, or cannot say so. */
static uint32_t reset_status(struct sink *s)
{
	struct sink_gl *g = sink_gl_of(s);
	sink_fn entry = context_at(g, g->context) ? g->ws->proc("glGetGraphicsResetStatus") : NULL;

	if (!entry || (g->version < 45 && !strstr(g->extensions, " GL_KHR_robustness ")))
		return GL_NO_ERROR;
	return ((GLenum (*)(void))entry)();
}

const struct sink_ops sink_gl_ops = {
	.context_create = context_create,
	.context_destroy = context_destroy,
	.drawable_create = drawable_create,
	.drawable_resize = drawable_resize,
	.drawable_destroy = drawable_destroy,
	.make_current = make_current,
	.swap = swap,
	.destroy = destroy,
	.reset_status = reset_status,
	.flush = flush,
};

static int open_all(struct sink_gl *g, struct error *err)
{
	int r = g->ws->open(g, err);

	if (r < 0)
		return r;
	bound = NULL;
	g->own = g->ws->context_create(g, NULL, 0, 0);
	if (!g->own)
		return error_set(err, -ENODEV, "GL: the driver makes no OpenGL context: %s "
				 "(install libgl1-mesa-dri)", g->ws->error(g));
	if (!g->ws->make_current(g, g->own, 0, NULL, NULL))
		return error_set(err, -ENODEV, "GL: no context can be made current: %s",
				 g->ws->error(g));
	r = sink_gl_calls_load(g, err);
	if (r < 0)
		return r;
	sink_gl_entries_load(g);
	g->ws->make_current(g, NULL, 0, NULL, NULL);
	return 0;
}

int sink_gl_create(struct sink **s, const struct sink_gl_options *opt, struct error *err)
{
	struct sink_gl *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return error_set(err, -ENOMEM, "GL: out of memory");
	g->base.name = opt && opt->window ? "window" : "gl";
	g->base.ops = &sink_gl_ops;
	g->ws = opt && opt->window ? &sink_gl_ws_glx : &sink_gl_ws_egl;
	g->title = opt ? opt->title : NULL;
	g->hidden = opt && opt->hidden;
	g->unwritten = opt ? opt->unwritten : 0;
	g->back = opt && opt->back;
	g->unseen = opt && opt->unseen;
	g->number = opt ? opt->display : 0;
	r = open_all(g, err);
	if (r < 0) {
		destroy(&g->base);
		return r;
	}
	*s = &g->base;
	return 0;
}

const char *sink_gl_renderer(struct sink *s)
{
	return sink_gl_of(s)->renderer;
}
