/* recorded.h - does a replay show what the recorded program itself had on its screen?
 *
 * `blinkctl capture --hash` notes a hash of the program's framebuffer before each swap
 * (struct blink_frame_data).  Here the file is replayed on Mesa's software driver, into
 * windows that are not shown, and each frame's picture is hashed in the same way.  The
 * recording must have been made on the same driver for pixels to be equal.
 */
#ifndef REPLAY_RECORDED_H
#define REPLAY_RECORDED_H

#include "replay/picture.h"
#include "replay/player.h"

enum recorded_verdict {
	RECORDED_SAME,
	RECORDED_DIFFERENT,
	RECORDED_SIZE,         /* the picture is smaller than the program's */
	RECORDED_MISSING       /* the replay shows nothing there */
};
extern const char *const recorded_verdict_names[];

struct recorded_frame {
	uint32_t frame, last;
	enum recorded_verdict verdict;
	const struct blink_frame_data *data;
	const struct picture *picture;         /* the replay's, NULL where missing; borrowed */
};

struct recorded_options {
	uint32_t every;                        /* every so manieth frame, and the last */
	enum player_engine engine;
	bool offscreen;
	int (*on_frame)(void *user, const struct recorded_frame *f, struct error *err);
	void *user;
};

struct recorded_result {
	uint32_t frames;                       /* of the file */
	uint32_t hashed;                       /* of them, with a hash of the program's */
	uint32_t compared, same, different;
	uint32_t first;                        /* different one, if there is any */
};

/* -ENODATA: the file holds no hashes.  -ENODEV: no display or driver. */
int recorded_compare(const char *blink, const struct recorded_options *opt,
		     struct recorded_result *out, struct error *err);

#endif
