/* compare.h - is the replay of a .blink file the same picture by picture as the
 * replay of the trace that it was made from?
 *
 * The trace is replayed by apitrace's glretrace in a process of its own, the .blink
 * file by a child of this process for each engine asked for.  Pictures come through
 * pipes one at a time, so memory and disk do not grow with the number of frames.
 * Where no X display is set, an Xvfb is started.
 *
 * Frame i of the file stands against the i-th call of the trace that ends a frame,
 * as apitrace counts them (a swap of any drawable).  All processes run with
 * MALLOC_PERTURB_=170, so that what a program never cleared is the same on both
 * sides.
 *
 * Both sides draw into windows that are not shown.  glretrace makes every window
 * 32 by 32 pixels and enlarges it at the first viewport, which Mesa's software driver
 * sees only at the next swap: the first picture of most traces is therefore a corner
 * of 32 by 32 pixels in unwritten memory, and only a window on our side gives the
 * same.  (blinkctl replay draws off-screen, where that frame is whole.)
 */
#ifndef REPLAY_COMPARE_H
#define REPLAY_COMPARE_H

#include <stdbool.h>

#include "replay/picture.h"
#include "replay/player.h"

enum compare_verdict {
	COMPARE_SAME,
	COMPARE_DIFFERENT,     /* pixels differ */
	COMPARE_SIZE,          /* pictures of different sizes */
	COMPARE_MISSING,       /* one side has no picture of that frame */
	COMPARE_NEITHER        /* neither side has one: nothing was drawn to */
};
extern const char *const compare_verdict_names[];

struct compare_frame {
	uint32_t frame, last;                  /* last: the last one that is compared */
	uint64_t call;                         /* of the trace */
	enum player_engine engine;
	enum compare_verdict verdict;
	struct picture_difference difference;
	const struct picture *trace, *blink;   /* NULL where missing; borrowed */
};

struct compare_options {
	uint32_t every;                        /* every so manieth frame, and the last */
	bool jit, interp;
	bool offscreen;                        /* our side draws off-screen, see above */
	/* Called for every compared frame, in order; a negative result ends it. */
	int (*on_frame)(void *user, const struct compare_frame *f, struct error *err);
	void *user;
};

struct compare_result {
	uint32_t trace_frames;                 /* at least: reading stops at the file's */
	uint32_t blink_frames;
	uint32_t compared, same, different, neither;
	bool trace_longer;                     /* the trace goes on after the file's end */
	bool trace_shorter;                    /* the file has frames that the trace has not */
};

/* -ENODEV where glretrace, Xvfb or a GL driver is missing. */
int compare_run(const char *trace, const char *blink, const struct compare_options *opt,
		struct compare_result *out, struct error *err);

#endif
