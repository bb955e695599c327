/* glx.c - the null libGL's window system: one visual of the default screen, contexts
 * that are nothing, drawables that are the X server's or nothing.
 */
#include <stdlib.h>
#include <string.h>

#include <GL/glx.h>
#include <X11/Xutil.h>

#include "jit-bench/nullgl/nullgl.h"

#define EXPORT NULLGL_EXPORT

static struct {
	Display *display;
	GLXDrawable draw, read;
	GLXContext context;
} current;

/* ---- visuals -------------------------------------------------------------------- */

EXPORT XVisualInfo *glXChooseVisual(Display *d, int screen, int *attributes)
{
	XVisualInfo wanted = { .screen = screen };
	int n;

	(void)attributes;
	wanted.visualid = XVisualIDFromVisual(DefaultVisual(d, screen));
	return XGetVisualInfo(d, VisualIDMask | VisualScreenMask, &wanted, &n);
}

EXPORT int glXGetConfig(Display *d, XVisualInfo *visual, int attribute, int *value)
{
	(void)d, (void)visual;
	*value = attribute == GLX_USE_GL || attribute == GLX_RGBA ||
		 attribute == GLX_DOUBLEBUFFER;
	return 0;
}

static GLXFBConfig *configs(int *n)
{
	GLXFBConfig *list = malloc(sizeof(*list));

	if (list)
		list[0] = (GLXFBConfig)(void *)&current;
	*n = list != NULL;
	return list;
}

EXPORT GLXFBConfig *glXChooseFBConfig(Display *d, int screen, const int *attributes, int *n)
{
	(void)d, (void)screen, (void)attributes;
	return configs(n);
}

EXPORT GLXFBConfig *glXGetFBConfigs(Display *d, int screen, int *n)
{
	(void)d, (void)screen;
	return configs(n);
}

EXPORT XVisualInfo *glXGetVisualFromFBConfig(Display *d, GLXFBConfig config)
{
	(void)config;
	return glXChooseVisual(d, DefaultScreen(d), NULL);
}

EXPORT int glXGetFBConfigAttrib(Display *d, GLXFBConfig config, int attribute, int *value)
{
	(void)config;
	switch (attribute) {
	case GLX_VISUAL_ID:
		*value = (int)XVisualIDFromVisual(DefaultVisual(d, DefaultScreen(d)));
		break;
	case GLX_RENDER_TYPE: *value = GLX_RGBA_BIT; break;
	case GLX_DRAWABLE_TYPE: *value = GLX_WINDOW_BIT | GLX_PBUFFER_BIT | GLX_PIXMAP_BIT; break;
	case GLX_RED_SIZE: case GLX_GREEN_SIZE: case GLX_BLUE_SIZE: case GLX_ALPHA_SIZE:
	case GLX_STENCIL_SIZE: *value = 8; break;
	case GLX_BUFFER_SIZE: *value = 32; break;
	case GLX_DEPTH_SIZE: *value = 24; break;
	case GLX_DOUBLEBUFFER: case GLX_X_RENDERABLE: *value = True; break;
	default: *value = 0;
	}
	return 0;
}

/* ---- contexts and drawables ------------------------------------------------------- */

static GLXContext context_new(void) { return malloc(1); }

EXPORT GLXContext glXCreateContext(Display *d, XVisualInfo *v, GLXContext share, Bool direct)
{
	(void)d, (void)v, (void)share, (void)direct;
	return context_new();
}

EXPORT GLXContext glXCreateNewContext(Display *d, GLXFBConfig c, int type, GLXContext share,
				      Bool direct)
{
	(void)d, (void)c, (void)type, (void)share, (void)direct;
	return context_new();
}

EXPORT GLXContext glXCreateContextAttribsARB(Display *d, GLXFBConfig c, GLXContext share,
					     Bool direct, const int *attributes)
{
	(void)d, (void)c, (void)share, (void)direct, (void)attributes;
	return context_new();
}

EXPORT void glXDestroyContext(Display *d, GLXContext c) { (void)d; free(c); }
EXPORT Bool glXIsDirect(Display *d, GLXContext c) { (void)d, (void)c; return True; }

EXPORT Bool glXMakeContextCurrent(Display *d, GLXDrawable draw, GLXDrawable read, GLXContext c)
{
	current.display = d;
	current.draw = draw;
	current.read = read;
	current.context = c;
	return True;
}

EXPORT Bool glXMakeCurrent(Display *d, GLXDrawable drawable, GLXContext c)
{
	return glXMakeContextCurrent(d, drawable, drawable, c);
}

EXPORT GLXContext glXGetCurrentContext(void) { return current.context; }
EXPORT Display *glXGetCurrentDisplay(void) { return current.display; }
EXPORT GLXDrawable glXGetCurrentDrawable(void) { return current.draw; }
EXPORT GLXDrawable glXGetCurrentReadDrawable(void) { return current.read; }

EXPORT GLXPbuffer glXCreatePbuffer(Display *d, GLXFBConfig c, const int *attributes)
{
	static GLXPbuffer last = 0x10000000;

	(void)d, (void)c, (void)attributes;
	return ++last;
}

EXPORT void glXDestroyPbuffer(Display *d, GLXPbuffer p) { (void)d, (void)p; }

EXPORT GLXWindow glXCreateWindow(Display *d, GLXFBConfig c, Window w, const int *attributes)
{
	(void)d, (void)c, (void)attributes;
	return w;
}

EXPORT void glXDestroyWindow(Display *d, GLXWindow w) { (void)d, (void)w; }
EXPORT void glXSwapBuffers(Display *d, GLXDrawable drawable) { (void)d, (void)drawable; }
EXPORT void glXWaitGL(void) { }
EXPORT void glXWaitX(void) { }

EXPORT int glXSwapIntervalSGI(int interval) { (void)interval; return 0; }
EXPORT int glXSwapIntervalMESA(unsigned interval);
int glXSwapIntervalMESA(unsigned interval) { (void)interval; return 0; }
EXPORT void glXSwapIntervalEXT(Display *d, GLXDrawable drawable, int interval)
{
	(void)d, (void)drawable, (void)interval;
}

/* ---- questions ---------------------------------------------------------------------- */

static const char glx_extensions[] =
	"GLX_ARB_create_context GLX_ARB_create_context_profile GLX_ARB_get_proc_address "
	"GLX_EXT_create_context_es2_profile GLX_EXT_create_context_es_profile "
	"GLX_EXT_swap_control GLX_MESA_swap_control GLX_SGI_swap_control";

EXPORT Bool glXQueryExtension(Display *d, int *error, int *event)
{
	(void)d;
	if (error)
		*error = 0;
	if (event)
		*event = 0;
	return True;
}

EXPORT Bool glXQueryVersion(Display *d, int *major, int *minor)
{
	(void)d;
	*major = 1;
	*minor = 4;
	return True;
}

static const char *glx_string(int name)
{
	return name == GLX_VENDOR ? "Blink" : name == GLX_VERSION ? "1.4" : glx_extensions;
}

EXPORT const char *glXQueryExtensionsString(Display *d, int screen)
{
	(void)d, (void)screen;
	return glx_extensions;
}

EXPORT const char *glXGetClientString(Display *d, int name)
{
	(void)d;
	return glx_string(name);
}

EXPORT const char *glXQueryServerString(Display *d, int screen, int name)
{
	(void)d, (void)screen;
	return glx_string(name);
}

EXPORT void glXQueryDrawable(Display *d, GLXDrawable drawable, int attribute, unsigned *value)
{
	(void)d, (void)drawable, (void)attribute;
	*value = 0;
}

static int compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct nullgl_name *)row)->name);
}

EXPORT __GLXextFuncPtr glXGetProcAddressARB(const GLubyte *name)
{
	const struct nullgl_name *n = bsearch(name, nullgl_names, nullgl_name_count,
					      sizeof(*n), compare);

	return n ? n->fn : (__GLXextFuncPtr)nullgl_zero;
}

EXPORT __GLXextFuncPtr glXGetProcAddress(const GLubyte *name)
{
	return glXGetProcAddressARB(name);
}
