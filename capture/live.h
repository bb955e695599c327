/* live.h - a recording that is pruned while it grows.
 *
 * What the program has called since the last look becomes stored procedures, which go
 * into the pruner; its last frames are held back whole.  The recording's disk space is
 * given back behind that, so that a long session takes no more of it than a short one:
 * memory and disk are in proportion to the state that the program has made.  At the end,
 * or in between, a .blink is written: init SPs that make the state before the frames that
 * were held back, and these frames.  Not thread-safe.
 */
#ifndef CAPTURE_LIVE_H
#define CAPTURE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "blink/base/error.h"
#include "blink/log/prune.h"
#include "capture/convert.h"

struct live;
struct record_header;

struct live_options {
	uint32_t last;            /* frames to hold back, at most */
	uint32_t frames;          /* stop after so many; 0: none */
	bool whole;               /* the recording stays whole on disk */
	int level;                /* of the file's packing: as convert_options.level */
	const char *name;         /* the recording's, for the provenance */
	const char *tool;         /* for the provenance: "blinkctl 0.1.0" */
};

struct live_stats {
	struct convert_stats converted;   /* all that was recorded */
	struct prune_stats pruned;        /* of the last live_write */
	uint32_t frames_kept;             /* held back, and now in the file */
	uint64_t recorded;                /* bytes of the recording, given back or not */
	uint64_t given_back;              /* bytes of it */
	uint64_t peak;                    /* bytes of it on disk at once, at most */
	uint64_t memory;                  /* bytes held by pruner, payloads and frames, at most */
	double cpu;                       /* seconds of this thread's time */
};

/* header: the recording's, mapped for writing until live_end.  Calls that cannot be converted are left
 * out and counted (convert_stats.lost): the program cannot be asked to repeat them. */
int live_create(struct live **l, const char *recording, struct record_header *header,
		const struct live_options *opt, struct error *err);
/* Takes what was recorded since.  Options and names stay the caller's. */
int live_follow(struct live *l, struct error *err);
/* Nothing more will be recorded: takes the rest. */
int live_end(struct live *l, struct error *err);
/* Writes the file (temporary name, then rename); any number of times. */
int live_write(struct live *l, const char *out, struct live_stats *stats, struct error *err);
void live_destroy(struct live *l);         /* NULL ok */

#endif
