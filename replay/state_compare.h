/* state_compare.h - the state of a whole client, and whether two clients' are the same.
 *
 * A state_replay plays a .blink file and can be asked at any frame boundary for the state
 * of every context that its client has (blink/log/state.h), in the client's own names: a
 * full and a pruned replay are in equal states exactly when their dumps have equal hashes,
 * whatever the driver called things.  Beside what the driver tells, a dump has
 *  - the window system's state: contexts, drawables, which are current;
 *  - the pixels (colour, depth, stencil) of every live drawable;
 *  - a hash of the records that made each display list, since no driver tells bodies.
 *    Vertices that a list took from arrays in client memory are not in it;
 *  - what each location slot stands for, and whether the driver knows it.
 * Not in it: saved attributes (their depth is), front buffers, accumulation buffers,
 * objects that are deleted but held by others (that they are held is), whether a sync
 * object is signalled.
 *
 * Looking leaves the replay as it was: it may go on.
 */
#ifndef REPLAY_STATE_COMPARE_H
#define REPLAY_STATE_COMPARE_H

#include "blink/log/state.h"
#include "replay/picture.h"
#include "replay/player.h"
#include "replay/state_track.h"

/* A client that somebody runs, and whose records he follows (state_track.h). */
struct state_subject {
	const struct client *client;
	struct sink *sink;            /* a GL driver's */
	const struct state_track *track;
};

/* All state, into d (initialized with state_init; replaced). */
int state_subject_take(const struct state_subject *s, struct state_dump *d, struct error *err);

struct state_replay;

struct state_replay_options {
	enum player_engine engine;
	bool window;                  /* in windows on $DISPLAY, ... */
	bool shown;                   /* ... shown */
	bool blind;                   /* no state will be asked for: nothing is followed */
	struct blink_file *then;      /* what state_replay_switch goes on with; may be NULL */
	/* before the swap that ends a frame; may be NULL */
	int (*on_frame)(void *user, struct sink *sink, uint32_t frame, struct error *err);
	void *user;
};

int state_replay_open(struct state_replay **out, const char *path,
		      const struct state_replay_options *opt, struct error *err);
void state_replay_close(struct state_replay *r);         /* NULL ok */
uint32_t state_replay_frames(const struct state_replay *r);
struct blink_file *state_replay_file(const struct state_replay *r);
struct sink *state_replay_sink(const struct state_replay *r);
/* Plays on until the start of that frame: init, and frames 0 .. frame - 1. */
int state_replay_to(struct state_replay *r, uint32_t frame, struct error *err);
/* Goes on with `then`, whose frame's start this is the state of. */
int state_replay_switch(struct state_replay *r, uint32_t frame, struct error *err);
/* What is current again, after another replay of this process has run. */
int state_replay_resume(struct state_replay *r, struct error *err);
int state_replay_take(struct state_replay *r, struct state_dump *d, struct error *err);

/* Differences of kinds that two drivers may have though they were told the same: what
 * was drawn or computed by them (pixels, texels drawn to, query results, raster and eye
 * coordinates rounded by them, info logs), not what they were told. */
bool state_driver_dependent(const struct state_entry *e);

#endif
