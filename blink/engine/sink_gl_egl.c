/* sink_gl_egl.c - the EGL side of the GL sink: display, configurations, contexts
 * and surfaces.
 *
 * Off-screen, the display is Mesa's surfaceless platform (no X server, no device
 * file is needed), or EGL's default display where that platform is absent, and a
 * drawable is a pbuffer.  A pbuffer has one colour buffer, which answers to GL_BACK
 * and to GL_FRONT, and its pixels survive a swap, as those of a back buffer that is
 * copied to a window do. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "blink/engine/sink_gl_priv.h"

/* eglTerminate takes a display away from every user in the process: the last sink
 * that uses it does that. */
static pthread_mutex_t display_lock = PTHREAD_MUTEX_INITIALIZER;
static EGLDisplay display_shared = EGL_NO_DISPLAY;
static unsigned display_users;

const char *sink_gl_egl_error(void)
{
	static const char *const names[] = {
		"success", "EGL_NOT_INITIALIZED", "EGL_BAD_ACCESS", "EGL_BAD_ALLOC",
		"EGL_BAD_ATTRIBUTE", "EGL_BAD_CONFIG", "EGL_BAD_CONTEXT",
		"EGL_BAD_CURRENT_SURFACE", "EGL_BAD_DISPLAY", "EGL_BAD_MATCH",
		"EGL_BAD_NATIVE_PIXMAP", "EGL_BAD_NATIVE_WINDOW", "EGL_BAD_PARAMETER",
		"EGL_BAD_SURFACE", "EGL_CONTEXT_LOST",
	};
	EGLint code = eglGetError() - EGL_SUCCESS;

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

static EGLDisplay display_offscreen(void)
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

static int display_open(struct sink_gl *g, bool window, struct error *err)
{
	void *native = NULL;
	EGLBoolean ok;
	int r;

	if (window) {
		r = sink_gl_x11_open(&g->x11, &native, err);
		if (r < 0)
			return r;
		g->display = eglGetPlatformDisplay(EGL_PLATFORM_X11_EXT, native, NULL);
	} else {
		g->display = display_offscreen();
	}
	if (g->display == EGL_NO_DISPLAY)
		return error_set(err, -ENODEV, "GL: EGL offers no display "
				 "(install libegl-mesa0 and libgl1-mesa-dri)");
	pthread_mutex_lock(&display_lock);
	ok = eglInitialize(g->display, NULL, NULL);
	if (ok && !window) {
		display_shared = g->display;
		display_users++;
	}
	pthread_mutex_unlock(&display_lock);
	if (!ok) {
		g->display = EGL_NO_DISPLAY;
		return error_set(err, -ENODEV, "GL: EGL does not start: %s "
				 "(install libegl-mesa0 and libgl1-mesa-dri)",
				 sink_gl_egl_error());
	}
	return 0;
}

int sink_gl_egl_open(struct sink_gl *g, const struct sink_gl_options *opt, struct error *err)
{
	const char *ext;
	int r = display_open(g, opt && opt->window, err);

	if (r < 0)
		return r;
	ext = eglQueryString(g->display, EGL_EXTENSIONS);
	g->no_config = sink_gl_has_word(ext, "EGL_KHR_no_config_context");
	g->surfaceless = sink_gl_has_word(ext, "EGL_KHR_surfaceless_context");
	g->robust = sink_gl_has_word(ext, "EGL_EXT_create_context_robustness");
	if (!g->no_config || !g->surfaceless)
		return error_set(err, -ENODEV, "GL: this EGL lacks %s (use Mesa's)",
				 g->no_config ? "EGL_KHR_surfaceless_context" :
				 "EGL_KHR_no_config_context");
	return 0;
}

void sink_gl_egl_close(struct sink_gl *g)
{
	if (g->display != EGL_NO_DISPLAY) {
		pthread_mutex_lock(&display_lock);
		if (g->display != display_shared) {
			eglTerminate(g->display);
		} else if (--display_users == 0) {
			eglTerminate(g->display);
			display_shared = EGL_NO_DISPLAY;
		}
		pthread_mutex_unlock(&display_lock);
	}
	g->display = EGL_NO_DISPLAY;
	sink_gl_x11_close(g->x11);
	g->x11 = NULL;
}

/* ---- contexts ------------------------------------------------------------ */

static EGLContext context_try(struct sink_gl *g, EGLContext share, uint32_t version,
			      uint32_t flags, bool robust)
{
	bool es = flags & SINK_CONTEXT_ES, core = flags & SINK_CONTEXT_CORE;
	EGLint attr[16];
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
	if (robust) {
		attr[n++] = EGL_CONTEXT_OPENGL_ROBUST_ACCESS_EXT;
		attr[n++] = EGL_TRUE;
	}
	attr[n] = EGL_NONE;
	if (!eglBindAPI(es ? EGL_OPENGL_ES_API : EGL_OPENGL_API))
		return EGL_NO_CONTEXT;
	return eglCreateContext(g->display, EGL_NO_CONFIG_KHR, share, attr);
}

EGLContext sink_gl_egl_context(struct sink_gl *g, EGLContext share, uint32_t version,
			       uint32_t flags)
{
	EGLContext c = EGL_NO_CONTEXT;

	if (flags & SINK_CONTEXT_ES && !version)
		version = 20;
	if (flags & SINK_CONTEXT_CORE && !version)
		version = 33;
	if (g->robust)
		c = context_try(g, share, version, flags, true);
	if (c == EGL_NO_CONTEXT)
		c = context_try(g, share, version, flags, false);
	return c;
}

/* ---- surfaces ------------------------------------------------------------ */

static int config_choose(struct sink_gl *g, uint32_t bits, EGLConfig *config, struct error *err)
{
	EGLint samples = (EGLint)SINK_CONFIG_SAMPLES(bits), n = 0;
	bool window = g->x11 && !(bits & SINK_CONFIG_PBUFFER);

	/* Fewer samples than asked for are better than no drawable. */
	for (;; samples--) {
		const EGLint attr[] = {
			EGL_SURFACE_TYPE, window ? EGL_WINDOW_BIT : EGL_PBUFFER_BIT,
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

static int surface_window(struct sink_gl *g, struct sink_gl_drawable *d, EGLConfig config,
			  struct error *err)
{
	EGLint visual = 0;
	int r;

	eglGetConfigAttrib(g->display, config, EGL_NATIVE_VISUAL_ID, &visual);
	r = sink_gl_x11_window(g->x11, visual, d->w, d->h, g->title, g->hidden,
			       &d->window, err);
	if (r < 0)
		return r;
	d->egl = eglCreatePlatformWindowSurface(g->display, config, &d->window, NULL);
	if (d->egl == EGL_NO_SURFACE) {
		sink_gl_x11_destroy(g->x11, d->window);
		d->window = 0;
	}
	return 0;
}

/* Makes d->egl of the size and configuration that d says. */
int sink_gl_surface_create(struct sink_gl *g, struct sink_gl_drawable *d, struct error *err)
{
	const EGLint attr[] = { EGL_WIDTH, (EGLint)d->w, EGL_HEIGHT, (EGLint)d->h, EGL_NONE };
	EGLConfig config;
	int r = config_choose(g, d->config, &config, err);

	if (r < 0)
		return r;
	if (g->x11 && !(d->config & SINK_CONFIG_PBUFFER)) {
		r = surface_window(g, d, config, err);
		if (r < 0)
			return r;
	} else {
		d->egl = eglCreatePbufferSurface(g->display, config, attr);
	}
	if (d->egl == EGL_NO_SURFACE)
		return error_set(err, -EIO, "drawable: %ux%u pixels: %s", d->w, d->h,
				 sink_gl_egl_error());
	return 0;
}

void sink_gl_surface_destroy(struct sink_gl *g, struct sink_gl_drawable *d)
{
	if (d->egl != EGL_NO_SURFACE)
		eglDestroySurface(g->display, d->egl);
	d->egl = EGL_NO_SURFACE;
	if (d->window)
		sink_gl_x11_destroy(g->x11, d->window);
	d->window = 0;
}
