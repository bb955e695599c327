/* live.h - a .blink file played as a live client of a display server.
 *
 * Each SP of the file becomes an entry of a stream: the payloads that it names travel with
 * it, under numbers of the entry's own.  The server runs entries once and in order, and
 * says when; a file is played as fast as it takes them.
 *
 * When the server is lost, and comes back, the file is pruned at the frame that is next:
 * its init SPs make the state that was lost, and playing goes on.  Where it cannot be
 * pruned, playing begins anew.  Either is told.
 */
#ifndef REPLAY_LIVE_H
#define REPLAY_LIVE_H

#include "blink/sp/file.h"

struct counted;

enum live_return { LIVE_PRUNED, LIVE_ANEW };    /* how playing went on after a loss */

struct live_options {
	const char *path;              /* the server's socket; NULL: $BLINK_SERVER ... */
	const char *name;              /* on the client's frame */
	uint32_t end;                  /* frames [0, end) are played */
	uint32_t ahead;                /* frames that may be under way, 0: as many as fit */
	bool direct;                   /* may be drawn straight into the screen */
	/* frame's last entry has run: number of the entry on its stream, from 1.  Called in
	 * order, and only if not NULL; frames are then played one at a time. */
	int (*on_frame)(void *user, uint32_t frame, uint64_t entry, struct error *err);
	struct counted *count;         /* how many have run, as far as is known without waking
	                                  for it; NULL: nobody asks (counted.h) */
	void (*on_return)(void *user, uint32_t frame, enum live_return how);
	void *user;
};

struct live_played {
	uint32_t frames;               /* run by the server */
	uint64_t entries, bytes;       /* put into streams; bytes with payloads */
	uint64_t largest;              /* bytes of an entry */
	uint32_t ring, width, height;
	uint32_t returns;              /* times the server was lost and came back */
	uint64_t wakeups;
	double first_ms;               /* from connecting until the first frame had run */
	double seconds;                /* wall time, from then on until the last had run */
	double cpu_seconds;            /* of this thread, as long */
};

/* -EACCES: the server refused a procedure, or the client; the error names frame, record
 * and reason, as far as this side can tell. */
int live_play(struct blink_file *f, const struct live_options *opt, struct live_played *out,
	      struct error *err);

#endif
