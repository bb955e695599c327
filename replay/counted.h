/* counted.h - how far a player is, for another process to look at while it plays.
 *
 * A file of two words, mapped by both: the number of frames that were played, and at which
 * number the player stops itself (SIGSTOP), once, that it may be looked at just then.
 */
#ifndef REPLAY_COUNTED_H
#define REPLAY_COUNTED_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "blink/base/error.h"

struct counted {
	_Atomic uint64_t frames, stop;      /* stop 0: nowhere */
};

/* Made where there is none, else as it is.  NULL: err says why. */
struct counted *counted_open(const char *path, struct error *err);
void counted_close(struct counted *count);      /* NULL: nothing */

/* Is it to stop before it goes on with what comes after so many frames?  A player that is
 * ahead of what is drawn waits for that then. */
static inline bool counted_stops(const struct counted *count, uint64_t frames)
{
	uint64_t stop = count ? atomic_load_explicit(&count->stop, memory_order_relaxed) : 0;

	return stop && frames >= stop;
}

/* The player's; count NULL: nobody asks. */
static inline void counted_set(struct counted *count, uint64_t frames)
{
	if (!count)
		return;
	atomic_store_explicit(&count->frames, frames, memory_order_relaxed);
	if (counted_stops(count, frames)) {
		atomic_store(&count->stop, 0);
		raise(SIGSTOP);
	}
}

#endif
