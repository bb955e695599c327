/* profile.h - where the time of a replay goes: per GL function and per frame.
 *
 * A frame is played with a clock around every entry point of the driver
 * (blink/engine/sink_profile.h), and finished (glFinish) before it ends, so that what
 * the driver put off is counted in the frame that asked for it: as `waiting`, since no
 * single call can be blamed.  What lies between the driver's calls is our own: engine,
 * name tables, payloads.
 *
 * Beside the time, from the records: calls, payload bytes, and state that was set to
 * what it was already (replay/redundant.h).
 */
#ifndef REPLAY_PROFILE_H
#define REPLAY_PROFILE_H

#include "replay/player.h"

struct profile_count {
	uint64_t calls, payload, redundant;   /* payload: bytes handed to GL */
	double seconds;                       /* in the driver, the clock's own cost taken off */
};

struct profile_top { uint16_t op; double seconds; };
#define PROFILE_TOP 3u

struct profile_frame {
	uint32_t frame;
	struct profile_count sum;             /* of all its calls */
	double wall;                          /* from its first SP to the driver's finish */
	double waiting;                       /* of it, for the driver to finish */
	double overhead;                      /* of it, the clocks' */
	struct profile_top top[PROFILE_TOP];  /* functions that took longest */
};

struct profile {
	struct profile_count op[GL_OP_COUNT]; /* over the frames asked for */
	struct profile_frame *frames;         /* [0, count): first, first + 1... */
	uint32_t first, count;
	double seconds_per_tick, overhead;    /* overhead: seconds per call */
};

struct profile_options {
	enum player_engine engine;
	uint32_t first, end;                  /* frames; those before are played untimed */
	void (*progress)(void *user, double fraction, uint32_t frame);
	void *user;
};

/* Plays path on sink.  init and finish: embedded. */
int profile_run(struct profile *p, const char *path, struct sink *sink,
		const struct profile_options *opt, struct error *err);
void profile_finish(struct profile *p);

/* Frames by wall time, longest first: indices into p->frames, p->count of them;
 * malloc'd.  NULL: no memory. */
uint32_t *profile_slowest(const struct profile *p);

#endif
