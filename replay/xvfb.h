/* xvfb.h - an X server of one's own, for programs that need a display.
 *
 * Xvfb picks a free display number itself.  It is started with -noreset, because a
 * server that resets when its last client leaves refuses programs that start just
 * then, and it dies with the process that started it.
 */
#ifndef REPLAY_XVFB_H
#define REPLAY_XVFB_H

#include <sys/types.h>

#include "blink/base/error.h"

struct xvfb {
	pid_t pid;              /* 0: not running */
	char display[16];       /* ":7" */
};

/* Returns when the server answers.  -ENODEV where Xvfb is not installed. */
int xvfb_start(struct xvfb *x, unsigned w, unsigned h, struct error *err);
/* Ends the server and waits for it; harmless when none runs. */
void xvfb_stop(struct xvfb *x);

#endif
