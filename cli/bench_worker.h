/* bench_worker.h - builds of blinkctl that take turns, run by run.
 *
 * Two sides that are to be compared on a loaded machine must be measured close together:
 * what disturbs comes and goes within milliseconds.  A worker is a process of one side that
 * has everything ready and waits for the word before each of its runs; only one of them
 * works at a time.  The word goes through two pipes, whose numbers the environment variable
 * BLINK_BENCH_TURNS hands over: the worker writes a byte when it is ready, and reads one
 * as the word.  A build that knows nothing of this runs to its end at once, and that was
 * its turn.
 */
#ifndef CLI_BENCH_WORKER_H
#define CLI_BENCH_WORKER_H

#include <stdbool.h>

#include "blink/base/error.h"

struct worker {
	int pid, word, ready, said;       /* pipes of its side; said: what it complains of */
	bool waits;                       /* for the word */
};

/* Starts argv and waits until it is ready, or at its end.  After a failure there is nothing
 * to be finished.
 *
 * fresh: from a new copy of the program in memory.  Where the pages of a program's file
 * happen to lie, and how large they are, makes it some per cent faster or slower than an
 * equal file, until the machine forgets them: with a copy for each turn that is noise, and
 * no difference. */
int worker_start(struct worker *w, const char *const *argv, bool fresh, struct error *err);
/* The next run, until it is ready again or at its end. */
void worker_go(struct worker *w);
/* Lets it come to its end.  -EIO where it failed, with what it said last. */
int worker_finish(struct worker *w, struct error *err);

/* In the worker: whether there is a word to be waited for; waiting for it. */
bool worker_is(void);
void worker_wait(void);
/* The program's path where it runs from a copy; NULL: it does not. */
const char *worker_path(void);

#endif
