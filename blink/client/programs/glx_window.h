/* glx_window.h - a window with OpenGL, for the programs' twins that draw natively, and
 * the pace at which they do. */
#ifndef BLINK_CLIENT_PROGRAMS_GLX_WINDOW_H
#define BLINK_CLIENT_PROGRAMS_GLX_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "blink/base/error.h"

struct glx_window;

/* Double-buffered, with depth, on $DISPLAY; its context is current.  -ENODEV. */
int glx_window_create(struct glx_window **w, const char *title, uint32_t width, uint32_t height,
		      struct error *err);
void glx_window_destroy(struct glx_window *w);
/* drain: every so many swaps it waits until the X server has done all that it was asked, so
 * that no queue hides how far it is behind; 0: never. */
void glx_window_swap(struct glx_window *w, unsigned drain);
#define GLX_DRAIN_OPTION(text) \
	{ "drain", "N", "every N frames wait until all of them are on the display (never)", text }
/* Where the pointer is, origin lower left; asks the X server. */
void glx_window_pointer(struct glx_window *w, int *x, int *y);

/* Frames at a rate: waits for the next multiple of the period, and notes the intervals. */
struct pace {
	int64_t period, next, last;    /* ns; period 0: no waiting */
	uint32_t *interval;            /* ns each */
	uint32_t n, cap;
	uint64_t frames;
	bool told;
};
void pace_start(struct pace *p, double rate, double seconds);
void pace_finish(struct pace *p);
/* Waits until the next frame is due; its interval is counted by pace_shown. */
void pace_wait(struct pace *p);
/* (An empty line on standard output follows the first frame.) */
void pace_shown(struct pace *p);
/* What was counted so far is forgotten. */
void pace_anew(struct pace *p);
/* Of the intervals, in seconds: mean, 99th percentile, share of those over 1.5 periods. */
void pace_figures(struct pace *p, double *mean, double *p99, double *late);

#endif
