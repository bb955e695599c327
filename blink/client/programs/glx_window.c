/* glx_window.c - see glx_window.h. */
#include "blink/client/programs/glx_window.h"

#include <GL/glx.h>
#include <X11/Xlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct glx_window {
	Display *display;
	Window window;
	GLXContext context;
	int height;
	unsigned swaps;
};

/* An X server without a driver takes all commands of the GLX protocol, and forgets them. */
static bool draws(void)
{
	const char *renderer = (const char *)glGetString(GL_RENDERER);

	return renderer && renderer[0];
}

static int window_open(struct glx_window *w, const char *title, uint32_t width, uint32_t height,
		       struct error *err)
{
	int attributes[] = { GLX_RGBA, GLX_RED_SIZE, 1, GLX_GREEN_SIZE, 1, GLX_BLUE_SIZE, 1,
			     GLX_DOUBLEBUFFER, GLX_DEPTH_SIZE, 16, None };
	XSetWindowAttributes set = { 0 };
	XVisualInfo *visual;
	Window root;

	w->display = XOpenDisplay(NULL);
	if (!w->display)
		return error_set(err, -ENODEV, "no display (set DISPLAY, or start Xvfb)");
	visual = glXChooseVisual(w->display, DefaultScreen(w->display), attributes);
	if (!visual)
		return error_set(err, -ENODEV, "the display has no OpenGL");
	root = RootWindow(w->display, visual->screen);
	set.colormap = XCreateColormap(w->display, root, visual->visual, AllocNone);
	w->window = XCreateWindow(w->display, root, 0, 0, width, height, 0, visual->depth,
				  InputOutput, visual->visual, CWBorderPixel | CWColormap, &set);
	w->context = glXCreateContext(w->display, visual, NULL, True);
	XFree(visual);
	if (!w->context)
		return error_set(err, -ENODEV, "the display gives no OpenGL context");
	XStoreName(w->display, w->window, title);
	XMapWindow(w->display, w->window);
	XSync(w->display, False);
	if (!glXMakeCurrent(w->display, w->window, w->context))
		return error_set(err, -ENODEV, "the OpenGL context cannot be used");
	if (!draws())
		return error_set(err, -ENODEV, "the display's OpenGL draws nothing");
	w->height = (int)height;
	return 0;
}

int glx_window_create(struct glx_window **out, const char *title, uint32_t width, uint32_t height,
		      struct error *err)
{
	struct glx_window *w = calloc(1, sizeof(*w));
	int r = w ? window_open(w, title, width, height, err)
		  : error_set(err, -ENOMEM, "out of memory");

	if (r < 0)
		glx_window_destroy(w);
	else
		*out = w;
	return r;
}

void glx_window_destroy(struct glx_window *w)
{
	if (!w)
		return;
	if (w->context) {
		glXMakeCurrent(w->display, None, NULL);
		glXDestroyContext(w->display, w->context);
	}
	if (w->display)
		XCloseDisplay(w->display);
	free(w);
}

void glx_window_swap(struct glx_window *w, unsigned drain)
{
	glXSwapBuffers(w->display, w->window);
	if (drain && ++w->swaps % drain == 0)
		XSync(w->display, False);
}

void glx_window_pointer(struct glx_window *w, int *x, int *y)
{
	Window root, child;
	int root_x, root_y;
	unsigned mask;

	XQueryPointer(w->display, w->window, &root, &child, &root_x, &root_y, x, y, &mask);
	*y = w->height - 1 - *y;
}

/* ---- the pace -------------------------------------------------------------------- */

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void pace_start(struct pace *p, double rate, double seconds)
{
	*p = (struct pace){ .period = rate > 0 ? (int64_t)(1e9 / rate) : 0 };
	p->cap = (uint32_t)((seconds > 0 ? seconds : 60) * (rate > 0 ? rate * 2 : 5000)) + 16;
	p->interval = calloc(p->cap, sizeof(*p->interval));
	p->next = now() + p->period;
}

void pace_finish(struct pace *p)
{
	free(p->interval);
	p->interval = NULL;
}

void pace_wait(struct pace *p)
{
	struct timespec t = { .tv_sec = p->next / 1000000000, .tv_nsec = p->next % 1000000000 };
	int64_t at;

	if (!p->period)
		return;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
	at = now();
	/* what was missed is missed: the next one is a multiple of the period ahead */
	p->next += ((at - p->next) / p->period + 1) * p->period;
}

void pace_shown(struct pace *p)
{
	int64_t at = now();

	if (p->last && p->interval && p->n < p->cap)
		p->interval[p->n++] = (uint32_t)(at - p->last > UINT32_MAX ? UINT32_MAX
									  : at - p->last);
	p->last = at;
	p->frames++;
	/* who reads our figures learns that we draw */
	if (!p->told) {
		printf("\n");
		fflush(stdout);
	}
	p->told = true;
}

void pace_anew(struct pace *p)
{
	p->n = 0;
	p->frames = 0;
}

static int order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void pace_figures(struct pace *p, double *mean, double *p99, double *late)
{
	double sum = 0;
	uint32_t over = 0;

	*mean = *p99 = *late = 0;
	if (!p->n || !p->interval)
		return;
	for (uint32_t i = 0; i < p->n; i++) {
		sum += p->interval[i];
		over += p->period && p->interval[i] > 3 * p->period / 2;
	}
	qsort(p->interval, p->n, sizeof(*p->interval), order);
	*mean = sum / p->n * 1e-9;
	*p99 = p->interval[p->n - 1 - p->n / 100] * 1e-9;
	*late = (double)over / p->n;
}
