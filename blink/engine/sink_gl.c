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
	if (!name || name > g->ncontexts || g->contexts[name - 1].egl == EGL_NO_CONTEXT)
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

static int bind(struct sink_gl *g, struct error *err)
{
	struct sink_gl_context *c = context_at(g, g->context);
	struct sink_gl_drawable *draw = drawable_at(g, g->draw), *read = drawable_at(g, g->read);
	EGLSurface s[2] = { draw ? draw->egl : EGL_NO_SURFACE, read ? read->egl : EGL_NO_SURFACE };

	if (!c) {
		eglMakeCurrent(g->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
		return 0;
	}
	/* EGL wants both or none. */
	if (s[0] == EGL_NO_SURFACE)
		s[0] = s[1];
	if (s[1] == EGL_NO_SURFACE)
		s[1] = s[0];
	eglBindAPI(c->flags & SINK_CONTEXT_ES ? EGL_OPENGL_ES_API : EGL_OPENGL_API);
	if (!eglMakeCurrent(g->display, s[0], s[1], c->egl))
		return error_set(err, -EIO, "make current: context %u on drawable %u: %s",
				 g->context, g->draw, sink_gl_egl_error());
	if (!c->started) {
		c->started = true;
		if (g->x11)
			eglSwapInterval(g->display, 0);
	}
	return 0;
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
	g->context = ctx;
	g->draw = ctx ? draw : 0;
	g->read = ctx ? read : 0;
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
	c->egl = sink_gl_egl_context(g, other ? other->egl : EGL_NO_CONTEXT, version, flags);
	if (c->egl == EGL_NO_CONTEXT)
		return error_set(err, -ENOTSUP, "context %u: the driver makes no %s%u.%u context: %s",
				 ctx, flags & SINK_CONTEXT_ES ? "ES " :
				 flags & SINK_CONTEXT_CORE ? "core " : "", version / 10,
				 version % 10, sink_gl_egl_error());
	c->flags = flags;
	c->started = false;
	return 0;
}

static void context_destroy(struct sink *s, uint32_t ctx)
{
	struct sink_gl *g = sink_gl_of(s);
	struct sink_gl_context *c = context_at(g, ctx);

	if (!c)
		return;
	if (g->context == ctx)
		make_current(s, 0, 0, 0, NULL);
	eglDestroyContext(g->display, c->egl);
	memset(c, 0, sizeof(*c));
}

/* ---- drawables ----------------------------------------------------------- */

/* All bits zero, through a context of the sink's own so that no client's state is
 * touched.  A window is left as the X server made it. */
static int drawable_blacken(struct sink_gl *g, struct sink_gl_drawable *d, struct error *err)
{
	if (d->window)
		return 0;
	eglBindAPI(EGL_OPENGL_API);
	if (!eglMakeCurrent(g->display, d->egl, d->egl, g->own))
		return error_set(err, -EIO, "drawable: it cannot be drawn to: %s",
				 sink_gl_egl_error());
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
	d->egl = EGL_NO_SURFACE;
	d->config = config;
	r = drawable_size(g, d, w, h, err);
	if (r >= 0)
		r = sink_gl_surface_create(g, d, err);
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
	if (d->window) {
		sink_gl_x11_resize(g->x11, d->window, d->w, d->h);
		return 0;
	}
	r = sink_gl_surface_create(g, d, err);
	if (r < 0) {
		*d = old;
		return r;
	}
	r = drawable_blacken(g, d, err);    /* binds the new one where the old was */
	sink_gl_surface_destroy(g, &old);
	return r;
}

static void drawable_destroy(struct sink *s, uint32_t drawable)
{
	struct sink_gl *g = sink_gl_of(s);
	struct sink_gl_drawable *d = drawable_at(g, drawable);

	if (!d)
		return;
	/* EGL keeps a current surface alive until another takes its place. */
	sink_gl_surface_destroy(g, d);
	memset(d, 0, sizeof(*d));
}

static int swap(struct sink *s, uint32_t drawable, struct error *err)
{
	struct sink_gl *g = sink_gl_of(s);
	struct sink_gl_drawable *d = drawable_at(g, drawable);

	if (!d)
		return error_set(err, -ENOENT, "swap: there is no drawable %u", drawable);
	if (g->context && g->draw == drawable) {
		eglSwapBuffers(g->display, d->egl);
		return 0;
	}
	if (g->context)
		g->gl.Flush();
	if (!d->window)
		return 0;
	/* EGL swaps only what is current; GLX, from which programs come, anything. */
	eglBindAPI(EGL_OPENGL_API);
	if (eglMakeCurrent(g->display, d->egl, d->egl, g->own))
		eglSwapBuffers(g->display, d->egl);
	return bind(g, err);
}

/* ---- the sink ------------------------------------------------------------ */

static void destroy(struct sink *s)
{
	struct sink_gl *g = sink_gl_of(s);

	if (g->display != EGL_NO_DISPLAY) {
		eglMakeCurrent(g->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
		for (uint32_t i = 1; i <= g->ncontexts; i++)
			context_destroy(s, i);
		for (uint32_t i = 1; i <= g->ndrawables; i++)
			drawable_destroy(s, i);
		if (g->own != EGL_NO_CONTEXT)
			eglDestroyContext(g->display, g->own);
	}
	sink_gl_egl_close(g);
	free(g->contexts);
	free(g->drawables);
	free(g->extensions);
	free(g);
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
};

static int open_all(struct sink_gl *g, const struct sink_gl_options *opt, struct error *err)
{
	int r = sink_gl_egl_open(g, opt, err);

	if (r < 0)
		return r;
	g->own = sink_gl_egl_context(g, EGL_NO_CONTEXT, 0, 0);
	if (g->own == EGL_NO_CONTEXT)
		return error_set(err, -ENODEV, "GL: the driver makes no OpenGL context: %s "
				 "(install libgl1-mesa-dri)", sink_gl_egl_error());
	if (!eglMakeCurrent(g->display, EGL_NO_SURFACE, EGL_NO_SURFACE, g->own))
		return error_set(err, -ENODEV, "GL: no context can be made current: %s",
				 sink_gl_egl_error());
	r = sink_gl_calls_load(g, err);
	if (r < 0)
		return r;
	sink_gl_entries_load(g);
	eglMakeCurrent(g->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
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
	g->display = EGL_NO_DISPLAY;
	g->own = EGL_NO_CONTEXT;
	g->title = opt ? opt->title : NULL;
	g->hidden = opt && opt->hidden;
	r = open_all(g, opt, err);
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
