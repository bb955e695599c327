/* broker_window.c - the screen as a window on $DISPLAY, and its pointer and keys.
 *
 * The connection to the X server is the broker's: whoever has one may watch keys and
 * windows of everybody there, which is no right for the process that runs clients' GL. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <X11/Xlib.h>
#include <X11/Xutil.h>

#include "blink/server/broker_priv.h"

struct window_view {
	Display *display;
	Window window;
	GC gc;
	XImage *image;
	Atom closing;
	uint32_t w, h, buttons;
};

static int image_make(struct window_view *v, struct error *err)
{
	int screen = DefaultScreen(v->display);
	char *data = calloc((size_t)v->w * v->h, 4);

	if (!data)
		return error_set(err, -ENOMEM, "window: out of memory");
	if (DefaultDepth(v->display, screen) < 24) {
		free(data);
		return error_set(err, -ENOTSUP, "window: the display has less than 24 bits per pixel");
	}
	v->image = XCreateImage(v->display, DefaultVisual(v->display, screen),
				(unsigned)DefaultDepth(v->display, screen), ZPixmap, 0, data, v->w,
				v->h, 32, (int)v->w * 4);
	if (!v->image) {
		free(data);
		return error_set(err, -ENOMEM, "window: no picture can be made for the display");
	}
	return 0;
}

int window_view_open(struct window_view **out, uint32_t w, uint32_t h, struct error *err)
{
	struct window_view *v = calloc(1, sizeof(*v));
	int r = v ? 0 : error_set(err, -ENOMEM, "window: out of memory");

	if (r >= 0) {
		v->w = w;
		v->h = h;
		v->display = XOpenDisplay(NULL);
		if (!v->display)
			r = error_set(err, -ENODEV, "window: no X display answers "
				      "(set DISPLAY, or use --headless)");
	}
	if (r >= 0)
		r = image_make(v, err);
	if (r < 0) {
		window_view_close(v);
		return r;
	}
	v->window = XCreateSimpleWindow(v->display, DefaultRootWindow(v->display), 0, 0, w, h, 0, 0, 0);
	v->gc = XCreateGC(v->display, v->window, 0, NULL);
	v->closing = XInternAtom(v->display, "WM_DELETE_WINDOW", False);
	XSetWMProtocols(v->display, v->window, &v->closing, 1);
	XStoreName(v->display, v->window, "Blink");
	XSelectInput(v->display, v->window, ExposureMask | KeyPressMask | KeyReleaseMask |
		     ButtonPressMask | ButtonReleaseMask | PointerMotionMask);
	XMapWindow(v->display, v->window);
	XFlush(v->display);
	*out = v;
	return 0;
}

void window_view_close(struct window_view *v)
{
	if (!v)
		return;
	if (v->image)
		XDestroyImage(v->image);
	if (v->display)
		XCloseDisplay(v->display);
	free(v);
}

int window_view_fd(const struct window_view *v)
{
	return ConnectionNumber(v->display);
}

static void image_put(struct window_view *v)
{
	XPutImage(v->display, v->window, v->gc, v->image, 0, 0, 0, 0, v->w, v->h);
	XFlush(v->display);
}

void window_view_show(struct window_view *v, const uint8_t *rgb)
{
	uint32_t *to = (uint32_t *)(void *)v->image->data;

	for (size_t i = 0; i < (size_t)v->w * v->h; i++)
		to[i] = (uint32_t)rgb[3 * i] << 16 | (uint32_t)rgb[3 * i + 1] << 8 | rgb[3 * i + 2];
	image_put(v);
}

static void send_pointer(struct window_view *v, struct broker *b, int x, int y)
{
	const struct message m = { .kind = MESSAGE_POINTER, .v = { x, y, (int32_t)v->buttons } };

	broker_send(b, &m, NULL);
}

static void send_key(struct broker *b, XKeyEvent *e)
{
	const struct message m = { .kind = MESSAGE_KEY,
				   .v = { (int32_t)XLookupKeysym(e, 0), e->type == KeyPress } };

	broker_send(b, &m, NULL);
}

static void event_serve(struct window_view *v, struct broker *b, XEvent *e)
{
	switch (e->type) {
	case Expose:
		image_put(v);
		break;
	case KeyPress:
	case KeyRelease:
		send_key(b, &e->xkey);
		break;
	case ButtonPress:
		v->buttons |= e->xbutton.button < 32 ? 1u << (e->xbutton.button - 1) : 0;
		send_pointer(v, b, e->xbutton.x, e->xbutton.y);
		break;
	case ButtonRelease:
		v->buttons &= e->xbutton.button < 32 ? ~(1u << (e->xbutton.button - 1)) : ~0u;
		send_pointer(v, b, e->xbutton.x, e->xbutton.y);
		break;
	case MotionNotify:
		send_pointer(v, b, e->xmotion.x, e->xmotion.y);
		break;
	case ClientMessage:
		b->quit |= (Atom)e->xclient.data.l[0] == v->closing;
		break;
	default:
		break;
	}
}

void window_view_events(struct window_view *v, struct broker *b)
{
	XEvent e;

	while (XPending(v->display)) {
		XNextEvent(v->display, &e);
		event_serve(v, b, &e);
	}
}
