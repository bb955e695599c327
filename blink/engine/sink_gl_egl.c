/* sink_gl_egl.c - the window system of an off-screen GL sink: EGL without windows.
 *
 * The display is Mesa's surfaceless platform (no X server, no device
 * file is needed), or EGL's default display where that platform is absent.  Mesa has one
 * screen per display, and one lock per screen; further displays are its devices that are
 * software, of which it has one.  (A GPU's would draw other pixels than the first.)  A
 * drawable is a pbuffer.  A pbuffer has one colour buffer, which answers to GL_BACK
 * and to GL_FRONT, and its pixels survive a swap, as those of a back buffer that is
 * copied to a window do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>

#include "blink/engine/sink_gl_priv.h"

static const char *egl_error(struct sink_gl *g)
{
	static const char *const names[] = {
		"success", "EGL_NOT_INITIALIZED", "EGL_BAD_ACCESS", "EGL_BAD_ALLOC",
		"EGL_BAD_ATTRIBUTE", "EGL_BAD_CONFIG", "EGL_BAD_CONTEXT",
		"EGL_BAD_CURRENT_SURFACE", "EGL_BAD_DISPLAY", "EGL_BAD_MATCH",
		"EGL_BAD_NATIVE_PIXMAP", "EGL_BAD_NATIVE_WINDOW", "EGL_BAD_PARAMETER",
		"EGL_BAD_SURFACE", "EGL_CONTEXT_LOST",
	};
	EGLint code = eglGetError() - EGL_SUCCESS;

	(void)g;
	if (code < 0 || (size_t)code >= sizeof(names) / sizeof(*names))
		return "unknown EGL error";
	return names[code];
}

bool sink_gl_has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p && (p = strstr(p, word)); p += n) {
		if ((p == list || p[-1] == ' ') && (p[n] == 0 || p[n] == ' '))
			return true;
	}
	return false;
}

static EGLDisplay display_find(void)
{
	const char *client = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
	EGLDisplay d = EGL_NO_DISPLAY;

	if (sink_gl_has_word(client, "EGL_MESA_platform_surfaceless"))
		d = eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA,
					  (void *)EGL_DEFAULT_DISPLAY, NULL);
	if (d == EGL_NO_DISPLAY)
		d = eglGetDisplay(EGL_DEFAULT_DISPLAY);
	return d;
}

/* The display of the n-th device, from 1, that is none. */
static EGLDisplay display_further(unsigned n)
{
	PFNEGLQUERYDEVICESEXTPROC list =
		(PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
	PFNEGLQUERYDEVICESTRINGEXTPROC tell =
		(PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
	EGLDeviceEXT all[16];
	EGLint found = 0;

	if (!list || !tell ||
	    !sink_gl_has_word(eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS),
			      "EGL_EXT_platform_device") || !list(16, all, &found))
		return EGL_NO_DISPLAY;
	for (EGLint i = 0; i < found; i++)
		if (sink_gl_has_word(tell(all[i], EGL_EXTENSIONS), "EGL_MESA_device_software") &&
		    !--n)
			return eglGetPlatformDisplay(EGL_PLATFORM_DEVICE_EXT, all[i], NULL);
	return EGL_NO_DISPLAY;
}

static int display_open(struct sink_gl *g, struct error *err)
{
	EGLDisplay d = g->number ? display_further(g->number) : display_find();

	if (d == EGL_NO_DISPLAY && g->number)
		return error_set(err, -ENODEV, "GL: EGL offers no display %u", g->number + 1);
	if (d == EGL_NO_DISPLAY)
		return error_set(err, -ENODEV, "GL: EGL offers no display "
				 "(install libegl-mesa0 and libgl1-mesa-dri)");
	if (!eglInitialize(d, NULL, NULL))
		return error_set(err, -ENODEV, "GL: EGL does not start: %s "
				 "(install libegl-mesa0 and libgl1-mesa-dri)", egl_error(g));
	g->display = d;
	return 0;
}

static int egl_open(struct sink_gl *g, struct error *err)
{
	bool no_config, surfaceless;
	const char *ext;
	int r = display_open(g, err);

	if (r < 0)
		return r;
	ext = eglQueryString(g->display, EGL_EXTENSIONS);
	no_config = sink_gl_has_word(ext, "EGL_KHR_no_config_context");
	surfaceless = sink_gl_has_word(ext, "EGL_KHR_surfaceless_context");
	g->robust = sink_gl_has_word(ext, "EGL_EXT_create_context_robustness");
	if (!no_config || !surfaceless)
		return error_set(err, -ENODEV, "GL: this EGL lacks %s (use Mesa's)",
				 no_config ? "EGL_KHR_surfaceless_context" :
				 "EGL_KHR_no_config_context");
	return 0;
}

/* The display is the process's, not a sink's: another sink may be using it, and
 * terminating it would unload the driver. */
static void egl_close(struct sink_gl *g)
{
	g->display = NULL;
}

static sink_fn egl_proc(const char *name)
{
	return (sink_fn)eglGetProcAddress(name);
}

/* ---- contexts ------------------------------------------------------------ */

/* What is asked of a context beside its version, the best first. */
enum robustness { ROBUST_TELLS_RESETS, ROBUST, NOT_ROBUST, ROBUSTNESSES };

static EGLContext context_try(struct sink_gl *g, EGLContext share, uint32_t version,
			      uint32_t flags, unsigned robustness)
{
	bool es = flags & SINK_CONTEXT_ES, core = flags & SINK_CONTEXT_CORE;
	EGLint attr[20];
	unsigned n = 0;

	if (version) {
		attr[n++] = EGL_CONTEXT_MAJOR_VERSION;
		attr[n++] = (EGLint)(version / 10);
		attr[n++] = EGL_CONTEXT_MINOR_VERSION;
		attr[n++] = (EGLint)(version % 10);
	}
	if (!es && version >= 32) {
		attr[n++] = EGL_CONTEXT_OPENGL_PROFILE_MASK;
		attr[n++] = core ? EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT :
				   EGL_CONTEXT_OPENGL_COMPATIBILITY_PROFILE_BIT;
	}
	if (flags & SINK_CONTEXT_DEBUG) {
		attr[n++] = EGL_CONTEXT_OPENGL_DEBUG;
		attr[n++] = EGL_TRUE;
	}
	if (robustness == ROBUST_TELLS_RESETS) {
		attr[n++] = EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY_EXT;
		attr[n++] = EGL_LOSE_CONTEXT_ON_RESET_EXT;
	}
	if (robustness != NOT_ROBUST) {
		attr[n++] = EGL_CONTEXT_OPENGL_ROBUST_ACCESS_EXT;
		attr[n++] = EGL_TRUE;
	}
	attr[n] = EGL_NONE;
	if (!eglBindAPI(es ? EGL_OPENGL_ES_API : EGL_OPENGL_API))
		return EGL_NO_CONTEXT;
	return eglCreateContext(g->display, EGL_NO_CONFIG_KHR, share, attr);
}

static void *egl_context_create(struct sink_gl *g, void *share, uint32_t version,
				uint32_t flags)
{
	EGLContext c = EGL_NO_CONTEXT;

	if (flags & SINK_CONTEXT_ES && !version)
		version = 20;
	if (flags & SINK_CONTEXT_CORE && !version)
		version = 33;
	for (unsigned r = g->robust ? ROBUST_TELLS_RESETS : NOT_ROBUST;
	     c == EGL_NO_CONTEXT && r < ROBUSTNESSES; r++)
		c = context_try(g, share, version, flags, r);
	return c;
}

static void egl_context_destroy(struct sink_gl *g, void *context)
{
	eglDestroyContext(g->display, context);
}

/* ---- surfaces ------------------------------------------------------------ */

static bool config_has(const struct sink_gl *g, EGLConfig config, EGLint attribute,
		       unsigned wanted)
{
	EGLint v = -1;

	eglGetConfigAttrib(g->display, config, attribute, &v);
	return v == (EGLint)wanted;
}

/* Exactly what the drawable's config says, if there is such a one. */
static bool config_find(struct sink_gl *g, uint32_t bits, EGLConfig *config)
{
	unsigned samples = SINK_CONFIG_SAMPLES(bits);
	const EGLint attr[] = {
		EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT,
		EGL_RED_SIZE, 8, EGL_GREEN_SIZE, 8, EGL_BLUE_SIZE, 8, EGL_NONE
	};
	EGLConfig all[256];
	EGLint n = 0;

	if (!eglChooseConfig(g->display, attr, all, 256, &n))
		return false;
	for (EGLint i = 0; i < n; i++) {
		*config = all[i];
		if (config_has(g, all[i], EGL_RED_SIZE, 8) &&
		    config_has(g, all[i], EGL_ALPHA_SIZE, bits & SINK_CONFIG_ALPHA ? 8 : 0) &&
		    config_has(g, all[i], EGL_DEPTH_SIZE, SINK_CONFIG_DEPTH(bits)) &&
		    config_has(g, all[i], EGL_STENCIL_SIZE, SINK_CONFIG_STENCIL(bits)) &&
		    config_has(g, all[i], EGL_SAMPLES, samples > 1 ? samples : 0))
			return true;
	}
	return false;
}

static int config_choose(struct sink_gl *g, uint32_t bits, EGLConfig *config, struct error *err)
{
	EGLint samples = (EGLint)SINK_CONFIG_SAMPLES(bits), n = 0;

	if (bits & SINK_CONFIG_SAID && config_find(g, bits, config))
		return 0;
	/* Fewer samples than asked for are better than no drawable. */
	for (;; samples--) {
		const EGLint attr[] = {
			EGL_SURFACE_TYPE, EGL_PBUFFER_BIT,
			EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT,
			EGL_RED_SIZE, 8, EGL_GREEN_SIZE, 8, EGL_BLUE_SIZE, 8, EGL_ALPHA_SIZE, 8,
			EGL_DEPTH_SIZE, 24, EGL_STENCIL_SIZE, 8,
			EGL_SAMPLE_BUFFERS, samples > 1, EGL_SAMPLES, samples > 1 ? samples : 0,
			EGL_NONE
		};
		if (eglChooseConfig(g->display, attr, config, 1, &n) && n > 0)
			return 0;
		if (samples <= 1)
			return error_set(err, -ENODEV, "GL: EGL has no configuration with "
					 "8 bits per colour, depth 24 and stencil 8");
	}
}

static int egl_drawable_create(struct sink_gl *g, struct sink_gl_drawable *d,
			       struct error *err)
{
	const EGLint attr[] = { EGL_WIDTH, (EGLint)d->w, EGL_HEIGHT, (EGLint)d->h, EGL_NONE };
	EGLConfig config;
	int r = config_choose(g, d->config, &config, err);

	if (r < 0)
		return r;
	d->surface = eglCreatePbufferSurface(g->display, config, attr);
	if (d->surface == EGL_NO_SURFACE)
		return error_set(err, -EIO, "drawable: %ux%u pixels: %s", d->w, d->h,
				 egl_error(g));
	return 0;
}

/* A surface that is current lives on until another takes its place. */
static void egl_drawable_destroy(struct sink_gl *g, struct sink_gl_drawable *d)
{
	if (d->surface != EGL_NO_SURFACE)
		eglDestroySurface(g->display, d->surface);
	d->surface = EGL_NO_SURFACE;
}

static bool egl_drawable_resize(struct sink_gl *g, struct sink_gl_drawable *d)
{
	(void)g;
	(void)d;
	return false;
}

/* ---- what is current ----------------------------------------------------- */

static bool egl_make_current(struct sink_gl *g, void *context, uint32_t flags,
			     const struct sink_gl_drawable *draw,
			     const struct sink_gl_drawable *read)
{
	EGLSurface d = draw ? draw->surface : EGL_NO_SURFACE;
	EGLSurface r = read ? read->surface : EGL_NO_SURFACE;

	if (!context)
		return eglMakeCurrent(g->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
	/* EGL wants both or none. */
	if (d == EGL_NO_SURFACE)
		d = r;
	if (r == EGL_NO_SURFACE)
		r = d;
	eglBindAPI(flags & SINK_CONTEXT_ES ? EGL_OPENGL_ES_API : EGL_OPENGL_API);
	return eglMakeCurrent(g->display, d, r, context);
}

/* Swapping a pbuffer does nothing, not even begin the drawing: left alone, a driver
 * takes in frame after frame, and memory for all of them.  One may be under way while
 * the next is made. */
static void pbuffer_pace(struct sink_gl *g)
{
	struct sink_gl_context *c = &g->contexts[g->context - 1];

	if (g->version >= 32 && !(c->flags & SINK_CONTEXT_ES)) {
		if (c->fence) {
			g->gl.ClientWaitSync(c->fence, GL_SYNC_FLUSH_COMMANDS_BIT, 1000000000);
			g->gl.DeleteSync(c->fence);
		}
		c->fence = g->gl.FenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	}
	sink_gl_flush(g);
}

/* EGL swaps only what is current.  Nobody sees a pbuffer, so any other is let be. */
static void egl_swap(struct sink_gl *g, struct sink_gl_drawable *d, bool current)
{
	if (current && d->window)
		eglSwapBuffers(g->display, d->surface);
	else if (current)
		pbuffer_pace(g);
	else if (g->context)
		sink_gl_flush(g);
}

const struct sink_gl_ws sink_gl_ws_egl = {
	.name = "EGL",
	.open = egl_open,
	.close = egl_close,
	.error = egl_error,
	.proc = egl_proc,
	.context_create = egl_context_create,
	.context_destroy = egl_context_destroy,
	.drawable_create = egl_drawable_create,
	.drawable_destroy = egl_drawable_destroy,
	.drawable_resize = egl_drawable_resize,
	.make_current = egl_make_current,
	.swap = egl_swap,
};
