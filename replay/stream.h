/* stream.h - processes that write numbered pictures into a pipe. */
#ifndef REPLAY_STREAM_H
#define REPLAY_STREAM_H

#include <sys/types.h>

#include "replay/picture.h"
#include "replay/player.h"

struct stream {
	const char *what;        /* for messages: "glretrace", "jit" */
	pid_t pid;               /* 0: none */
	FILE *in;
	FILE *complaints;        /* what the process wrote to stderr */
	struct picture picture;  /* the next one not yet taken, if full */
	uint64_t number;
	bool full, ended;
};

/* Which frames: numbers[0..n), ascending. */
struct stream_frames {
	const uint32_t *frames;  /* of the .blink file, 0-based */
	const uint64_t *calls;   /* of the trace */
	uint32_t n;
	bool egl;                /* the trace's frames end with calls of EGL, not GLX */
	bool plain;              /* the player's memory is not filled with a pattern: what
	                            nobody wrote is as it was in the recorded program; and
	                            its pictures are of what is about to be shown */
};

/* glretrace, taking snapshots at the calls; pictures bear call numbers.  display may
 * be NULL: the environment's. */
int stream_glretrace(struct stream *s, const char *trace, const struct stream_frames *want,
		     const char *display, struct error *err);
/* The player in a child process, on windows that are not shown or off-screen; pictures
 * bear frame numbers. */
int stream_player(struct stream *s, const char *blink, const struct stream_frames *want,
		  enum player_engine engine, bool offscreen, const char *display,
		  struct error *err);
/* Looks at the picture of that number: 1 and *p, or 0 if the stream has none. */
int stream_take(struct stream *s, uint64_t number, const struct picture **p, struct error *err);
/* Ends the process, if it still runs. */
void stream_stop(struct stream *s);

#endif
