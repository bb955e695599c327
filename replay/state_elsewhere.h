/* state_elsewhere.h - the state of a replay in another process, on another driver. */
#ifndef REPLAY_STATE_ELSEWHERE_H
#define REPLAY_STATE_ELSEWHERE_H

#include <stdio.h>
#include <sys/types.h>

#include "blink/log/state.h"
#include "replay/player.h"

struct elsewhere {
	pid_t pid;
	FILE *in;                /* NULL: none */
};

/* Starts a process that plays path to the start of that frame, on the driver that the
 * environment names now.  To be called before this process has made a sink. */
int elsewhere_start(struct elsewhere *e, const char *path, uint32_t frame,
		    enum player_engine engine, struct error *err);
/* Its state, into d (initialized; what drivers may compute differently left out). */
int elsewhere_take(struct elsewhere *e, struct state_dump *d, struct error *err);
void elsewhere_stop(struct elsewhere *e);        /* zeroed or started */

/* Leaves out the entries that drivers may compute differently. */
void state_strip(struct state_dump *d);

#endif
