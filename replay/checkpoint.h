/* checkpoint.h - a client's state as a file: a pruned log with the client's own names.
 *
 * A checkpoint is a .blink file without frames: its init SPs make the state that the
 * source's frame N begins with, on any driver.  Its provenance says of what file and of
 * which frame it is, so that a restart knows where to go on.
 *
 * It is written under no name, synced, and put in its place, whose folder is synced: a
 * crash at any moment leaves the previous one as it was.  Before anything of it runs, all
 * of it is read, and every check of the container made.
 */
#ifndef REPLAY_CHECKPOINT_H
#define REPLAY_CHECKPOINT_H

#include <stdbool.h>

#include "blink/log/prune.h"
#include "blink/sp/file.h"

/* Tells one .blink file from another: its size, and a hash of its header, which has
 * checksums of all the rest. */
#define CHECKPOINT_ID 40u

struct checkpoint_info {
	uint32_t frame;              /* of the source, which goes on there */
	char *source;                /* its path when the checkpoint was made, or NULL */
	char id[CHECKPOINT_ID];      /* "" where the source was a recording in progress */
	bool live;
};
void checkpoint_info_finish(struct checkpoint_info *i);

int checkpoint_id(const char *path, char id[CHECKPOINT_ID], struct error *err);

struct checkpoint_options {
	uint32_t frame;
	enum prune_back_buffer back_buffer;
	const char *source;          /* what to call the source, and to take the id of... */
	bool live;                   /* ...unless it is a recording that goes on */
	const char *tool;
};

/* Prunes in at the frame and writes out.  stats may be NULL. */
int checkpoint_write(struct blink_file *in, const char *out, const struct checkpoint_options *opt,
		     struct prune_stats *stats, struct error *err);

/* Opens a checkpoint and checks all of it; *info is to be finished.  -EBADMSG: damaged;
 * -EINVAL: a .blink file, but no checkpoint. */
int checkpoint_open(struct blink_file **f, const char *path, struct checkpoint_info *info,
		    struct error *err);

#endif
