/* sink_gl_glx.c - the window system of a windowed GL sink: GLX on $DISPLAY.
 *
 * Windows are plain: no decoration is asked for, and no event is waited for except
 * that a window has been mapped.  Configuration and visual are
 * those that glretrace takes, so that its pictures and ours can be the same: 8 bits
 * per colour and alpha, double buffered, depth and stencil, copying swaps, and not
 * the visual of depth 32 that compositors blend. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <GL/glx.h>

#include "blink/engine/sink_gl_priv.h"

/* Xlib's own handler ends the process. */
static char x_error[128];
static int x_errors;

static int x_error_note(Display *display, XErrorEvent *e)
{
	x_errors++;
	XGetErrorText(display, e->error_code, x_error, sizeof(x_error));
	return 0;
}

static const char *glx_error(struct sink_gl *g)
{
	XSync(g->display, False);
	return x_error[0] ? x_error : "GLX refuses";
}

static sink_fn glx_proc(const char *name)
{
	return (sink_fn)glXGetProcAddress((const GLubyte *)name);
}

/* ---- display and configuration ------------------------------------------- */

static bool config_has(Display *display, GLXFBConfig config, int attribute, unsigned wanted)
{
	int v = -1;

	glXGetFBConfigAttrib(display, config, attribute, &v);
	return v == (int)wanted;
}

/* Exactly what the drawable's config says; NULL where there is none. */
static GLXFBConfig config_find(Display *display, int drawable_type, uint32_t config,
			       XVisualInfo **visual)
{
	unsigned samples = SINK_CONFIG_SAMPLES(config);
	const int attr[] = {
		GLX_DRAWABLE_TYPE, drawable_type, GLX_RENDER_TYPE, GLX_RGBA_BIT,
		GLX_RED_SIZE, 8, GLX_GREEN_SIZE, 8, GLX_BLUE_SIZE, 8,
		GLX_DOUBLEBUFFER, config & SINK_CONFIG_DOUBLE ? True : False, None
	};
	GLXFBConfig *list, found = NULL;
	int n = 0;

	list = glXChooseFBConfig(display, DefaultScreen(display), attr, &n);
	for (int i = 0; i < n && !found; i++) {
		if (!config_has(display, list[i], GLX_ALPHA_SIZE, config & SINK_CONFIG_ALPHA ? 8 : 0) ||
		    !config_has(display, list[i], GLX_DEPTH_SIZE, SINK_CONFIG_DEPTH(config)) ||
		    !config_has(display, list[i], GLX_STENCIL_SIZE, SINK_CONFIG_STENCIL(config)) ||
		    !config_has(display, list[i], GLX_SAMPLES, samples > 1 ? samples : 0))
			continue;
		*visual = glXGetVisualFromFBConfig(display, list[i]);
		found = *visual ? list[i] : NULL;
	}
	if (list)
		XFree(list);
	return found;
}

static GLXFBConfig config_choose(Display *display, int drawable_type, int samples,
				 XVisualInfo **visual)
{
	const int attr[] = {
		GLX_DRAWABLE_TYPE, drawable_type, GLX_RENDER_TYPE, GLX_RGBA_BIT,
		GLX_RED_SIZE, 8, GLX_GREEN_SIZE, 8, GLX_BLUE_SIZE, 8, GLX_ALPHA_SIZE, 8,
		GLX_DOUBLEBUFFER, True, GLX_DEPTH_SIZE, 1, GLX_STENCIL_SIZE, 1,
		GLX_SAMPLE_BUFFERS, samples > 1, GLX_SAMPLES, samples > 1 ? samples : 0, None
	};
	GLXFBConfig *list, found = NULL;
	XVisualInfo *info;
	int n = 0, swap;

	list = glXChooseFBConfig(display, DefaultScreen(display), attr, &n);
	for (int pass = 0; pass < 2 && !found; pass++) {
		for (int i = 0; i < n && !found; i++) {
			info = glXGetVisualFromFBConfig(display, list[i]);
			swap = 0;
			glXGetFBConfigAttrib(display, list[i], GLX_SWAP_METHOD_OML, &swap);
			/* the first pass is choosy */
			if (info && (pass || (swap == GLX_SWAP_COPY_OML && info->depth != 32))) {
				found = list[i];
				*visual = info;
			} else if (info) {
				XFree(info);
			}
		}
	}
	if (list)
		XFree(list);
	return found;
}

static unsigned long window_create(struct sink_gl *g, XVisualInfo *visual, uint32_t w,
				   uint32_t h, bool shown);

static int glx_open(struct sink_gl *g, struct error *err)
{
	Display *display = XOpenDisplay(NULL);
	XVisualInfo *visual = NULL;

	if (!display)
		return error_set(err, -ENODEV, "window: no X display answers "
				 "(set DISPLAY, or leave out --window)");
	g->display = display;
	XSetErrorHandler(x_error_note);
	x_error[0] = 0;
	if (!glXQueryExtension(display, NULL, NULL))
		return error_set(err, -ENODEV, "window: the X server has no GLX");
	g->config = config_choose(display, GLX_WINDOW_BIT, 0, &visual);
	if (!g->config)
		return error_set(err, -ENODEV, "window: GLX has no configuration with 8 bits per "
				 "colour, depth and stencil");
	g->visual = visual;
	g->idle = window_create(g, visual, 1, 1, false);
	return 0;
}

static void glx_close(struct sink_gl *g)
{
	if (!g->display)
		return;
	if (g->visual)
		XFree(g->visual);
	XCloseDisplay(g->display);
	XSetErrorHandler(NULL);
	g->display = NULL;
}

/* ---- contexts ------------------------------------------------------------ */

static void *glx_context_create(struct sink_gl *g, void *share, uint32_t version, uint32_t flags)
{
	PFNGLXCREATECONTEXTATTRIBSARBPROC create =
		(PFNGLXCREATECONTEXTATTRIBSARBPROC)glx_proc("glXCreateContextAttribsARB");
	bool es = flags & SINK_CONTEXT_ES, core = flags & SINK_CONTEXT_CORE;
	GLXFBConfig config = g->config;
	int attr[20];
	unsigned n = 0;

	if (!version)
		version = es ? 20 : core ? 33 : 10;
	attr[n++] = GLX_CONTEXT_MAJOR_VERSION_ARB;
	attr[n++] = (int)(version / 10);
	attr[n++] = GLX_CONTEXT_MINOR_VERSION_ARB;
	attr[n++] = (int)(version % 10);
	if (es || version >= 32) {
		attr[n++] = GLX_CONTEXT_PROFILE_MASK_ARB;
		attr[n++] = es ? GLX_CONTEXT_ES2_PROFILE_BIT_EXT :
			    core ? GLX_CONTEXT_CORE_PROFILE_BIT_ARB :
			    GLX_CONTEXT_COMPATIBILITY_PROFILE_BIT_ARB;
	}
	if (flags & SINK_CONTEXT_DEBUG) {
		attr[n++] = GLX_CONTEXT_FLAGS_ARB;
		attr[n++] = GLX_CONTEXT_DEBUG_BIT_ARB;
	}
	/* one that goes with drawables of every configuration, where that exists */
	if (strstr(glXQueryExtensionsString(g->display, DefaultScreen((Display *)g->display)),
		   "GLX_EXT_no_config_context")) {
		config = NULL;
		attr[n++] = GLX_SCREEN;
		attr[n++] = DefaultScreen((Display *)g->display);
	}
	attr[n] = None;
	x_error[0] = 0;
	return create(g->display, config, share, True, attr);
}

static void glx_context_destroy(struct sink_gl *g, void *context)
{
	glXDestroyContext(g->display, context);
}

/* ---- drawables ----------------------------------------------------------- */

static Bool is_map_of(Display *display, XEvent *event, XPointer arg)
{
	(void)display;
	return event->type == MapNotify && event->xmap.window == *(Window *)(void *)arg;
}

static unsigned long window_create(struct sink_gl *g, XVisualInfo *visual, uint32_t w,
				   uint32_t h, bool shown)
{
	XSetWindowAttributes attr = { .event_mask = StructureNotifyMask };
	const unsigned long mask = CWBackPixel | CWBorderPixel | CWColormap | CWEventMask;
	Window root = RootWindow((Display *)g->display, visual->screen), window;
	XEvent event;

	attr.colormap = XCreateColormap(g->display, root, visual->visual, AllocNone);
	window = XCreateWindow(g->display, root, 0, 0, w, h, 0, visual->depth, InputOutput,
			       visual->visual, mask, &attr);
	XFreeColormap(g->display, attr.colormap);
	XStoreName(g->display, window, g->title ? g->title : "blink");
	if (shown) {
		XMapWindow(g->display, window);
		XIfEvent(g->display, &event, is_map_of, (XPointer)&window);
	}
	XSync(g->display, False);
	return window;
}

static unsigned long pbuffer_create(struct sink_gl *g, GLXFBConfig config,
				    const struct sink_gl_drawable *d)
{
	const int attr[] = { GLX_PBUFFER_WIDTH, (int)d->w, GLX_PBUFFER_HEIGHT, (int)d->h,
			     GLX_PRESERVED_CONTENTS, True, None };

	return glXCreatePbuffer(g->display, config, attr);
}

static int glx_drawable_create(struct sink_gl *g, struct sink_gl_drawable *d, struct error *err)
{
	int samples = (int)SINK_CONFIG_SAMPLES(d->config);
	bool pbuffer = d->config & SINK_CONFIG_PBUFFER;
	XVisualInfo *visual = g->visual, *said = NULL;
	GLXFBConfig config = g->config, exact = NULL;
	int errors = x_errors;

	x_error[0] = 0;
	if (d->config & SINK_CONFIG_SAID)
		exact = config_find(g->display, pbuffer ? GLX_PBUFFER_BIT : GLX_WINDOW_BIT,
				    d->config, &said);
	if (exact) {
		config = exact;
		visual = said;
	} else if (pbuffer || samples > 1) {
		/* Fewer samples than asked for are better than no drawable. */
		visual = NULL;
		do
			config = config_choose(g->display, pbuffer ? GLX_PBUFFER_BIT :
					       GLX_WINDOW_BIT, samples, &visual);
		while (!config && samples-- > 1);
	}
	if (config && !pbuffer) {
		d->window = window_create(g, visual, d->w, d->h, !g->hidden);
		d->glx = glXCreateWindow(g->display, config, d->window, NULL);
	} else if (config) {
		d->glx = pbuffer_create(g, config, d);
	}
	if (visual && visual != g->visual)
		XFree(visual);
	XSync(g->display, False);
	if (!d->glx || errors != x_errors)
		return error_set(err, -EIO, "drawable: %ux%u pixels: %s", d->w, d->h, glx_error(g));
	return 0;
}

static void glx_drawable_destroy(struct sink_gl *g, struct sink_gl_drawable *d)
{
	if (d->window) {
		glXDestroyWindow(g->display, d->glx);
		XDestroyWindow(g->display, d->window);
	} else if (d->glx) {
		glXDestroyPbuffer(g->display, d->glx);
	}
	XSync(g->display, False);
	d->glx = d->window = 0;
}

static bool glx_drawable_resize(struct sink_gl *g, struct sink_gl_drawable *d)
{
	XEvent event;

	if (!d->window)
		return false;
	glXWaitGL();
	XResizeWindow(g->display, d->window, d->w, d->h);
	XSync(g->display, False);
	while (XPending(g->display))        /* nobody else reads them */
		XNextEvent(g->display, &event);
	glXWaitX();
	return true;
}

/* ---- what is current ----------------------------------------------------- */

static bool glx_make_current(struct sink_gl *g, void *context, uint32_t flags,
			     const struct sink_gl_drawable *draw,
			     const struct sink_gl_drawable *read)
{
	GLXDrawable d = draw ? draw->glx : g->idle, r = read ? read->glx : d;

	(void)flags;
	x_error[0] = 0;
	if (!context)
		return glXMakeContextCurrent(g->display, None, None, NULL);
	return glXMakeContextCurrent(g->display, d, r, context);
}

static void glx_swap(struct sink_gl *g, struct sink_gl_drawable *d, bool current)
{
	(void)current;
	glXSwapBuffers(g->display, d->glx);
}

const struct sink_gl_ws sink_gl_ws_glx = {
	.name = "GLX",
	.open = glx_open,
	.close = glx_close,
	.error = glx_error,
	.proc = glx_proc,
	.context_create = glx_context_create,
	.context_destroy = glx_context_destroy,
	.drawable_create = glx_drawable_create,
	.drawable_destroy = glx_drawable_destroy,
	.drawable_resize = glx_drawable_resize,
	.make_current = glx_make_current,
	.swap = glx_swap,
};
