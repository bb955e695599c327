/* sink_gl_window.c - X windows for a windowed GL sink.
 *
 * Plain windows of the size that the SP asked for: no decoration is requested, no
 * event is waited for except that the window is mapped. */
#include <errno.h>
#include <stdlib.h>

#include <X11/Xlib.h>
#include <X11/Xutil.h>

#include "blink/engine/sink_gl_priv.h"

struct sink_gl_x11 {
	Display *display;
};

int sink_gl_x11_open(struct sink_gl_x11 **out, void **display, struct error *err)
{
	struct sink_gl_x11 *x = calloc(1, sizeof(*x));

	if (!x)
		return error_set(err, -ENOMEM, "window: out of memory");
	x->display = XOpenDisplay(NULL);
	if (!x->display) {
		free(x);
		return error_set(err, -ENODEV, "window: no X display answers "
				 "(set DISPLAY, or leave out --window)");
	}
	*display = x->display;
	*out = x;
	return 0;
}

void sink_gl_x11_close(struct sink_gl_x11 *x)
{
	if (!x)
		return;
	XCloseDisplay(x->display);
	free(x);
}

static Bool is_map_of(Display *display, XEvent *event, XPointer arg)
{
	(void)display;
	return event->type == MapNotify && event->xmap.window == *(Window *)(void *)arg;
}

int sink_gl_x11_window(struct sink_gl_x11 *x, EGLint visual, uint32_t w, uint32_t h,
		       const char *title, bool hidden, unsigned long *window, struct error *err)
{
	XVisualInfo want = { .visualid = (VisualID)visual };
	XSetWindowAttributes attr = { .event_mask = StructureNotifyMask };
	const unsigned long mask = CWBackPixel | CWBorderPixel | CWColormap | CWEventMask;
	XVisualInfo *info;
	Window root, win;
	XEvent event;
	int n;

	info = XGetVisualInfo(x->display, VisualIDMask, &want, &n);
	if (!info)
		return error_set(err, -ENODEV, "window: the X server has no visual %#x",
				 (unsigned)visual);
	root = RootWindow(x->display, info->screen);
	attr.colormap = XCreateColormap(x->display, root, info->visual, AllocNone);
	win = XCreateWindow(x->display, root, 0, 0, w, h, 0, info->depth, InputOutput,
			    info->visual, mask, &attr);
	XFree(info);
	XStoreName(x->display, win, title ? title : "blink");
	if (hidden) {
		XSync(x->display, False);
	} else {
		XMapWindow(x->display, win);
		XIfEvent(x->display, &event, is_map_of, (XPointer)&win);
	}
	*window = win;
	return 0;
}

void sink_gl_x11_resize(struct sink_gl_x11 *x, unsigned long window, uint32_t w, uint32_t h)
{
	XResizeWindow(x->display, window, w, h);
	XSync(x->display, False);
}

void sink_gl_x11_destroy(struct sink_gl_x11 *x, unsigned long window)
{
	XDestroyWindow(x->display, window);
	XSync(x->display, False);
}
