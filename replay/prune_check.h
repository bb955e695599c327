/* prune_check.h - does a pruned log make the same state, and the same pictures after it?
 *
 * A file is played once.  At each chosen frame boundary it is pruned, and the pruned file
 * opened beside it: the states of both clients are compared, entry by entry, and then both
 * are played on, frame by frame, and their pictures compared byte by byte.  As many pruned
 * files are open at a time as their frames overlap, so that time and memory do not grow
 * with the number of boundaries but with the number of frames.
 */
#ifndef REPLAY_PRUNE_CHECK_H
#define REPLAY_PRUNE_CHECK_H

#include "replay/state_compare.h"

#define PRUNE_CHECK_TEXTS 20u       /* differences described for each boundary */

struct prune_check_result {
	uint32_t frame;             /* the boundary: state at the start of this frame */
	uint64_t entries, different;
	uint64_t hash;              /* of the full replay's state */
	char *texts[PRUNE_CHECK_TEXTS];     /* NULL behind the last */
	uint32_t frames;            /* compared after it */
	uint32_t frames_different;
	uint32_t first_different;   /* frame of the full file */
	struct picture_difference worst;    /* of the frame with most different pixels */
	double prune_seconds, init_seconds;
};

struct prune_check_options {
	/* Boundaries: every so manieth frame from first on, none after last. */
	uint32_t first, every, last;
	uint32_t frames;            /* played after each; fewer at the file's end */
	enum player_engine engine;
	const char *folder;         /* where pruned files lie while they are used */
	/* Writes path: at frame's state as init SPs, then so many frames. */
	int (*prune)(void *user, uint32_t frame, uint32_t frames, const char *path,
		     struct error *err);
	/* Called for each boundary when it is done, in order of the boundaries; its texts
	 * are gone afterwards.  Negative: stop. */
	int (*on_result)(void *user, const struct prune_check_result *r, struct error *err);
	void *user;
};

int prune_check_run(const char *path, const struct prune_check_options *opt, struct error *err);

/* The same for one pruned file that is there already, made at that frame. */
int prune_check_file(const char *full, const char *pruned, uint32_t frame, uint32_t frames,
		     enum player_engine engine, struct prune_check_result *out,
		     struct error *err);
void prune_check_result_finish(struct prune_check_result *r);

#endif
