/* rounds.h - the loop over a suite's runs, and who watches it.
 *
 * Every suite asks before each of its runs whether that one is wanted.  Without a watcher
 * the answer is: as many as were asked for.  A watcher (blinkctl bench) can look at what was
 * measured so far and write it down, so that no finished run is ever lost; end the loop
 * early, or go on; or let the run wait for its turn.  One suite at a time; not thread-safe.
 */
#ifndef JIT_BENCH_ROUNDS_H
#define JIT_BENCH_ROUNDS_H

#include <stdbool.h>

#include <json-c/json.h>

/* What the suite would return if it ended now; NULL: nothing yet. */
typedef struct json_object *(*bench_so_far)(void *suite);
/* Is another run wanted, after `done` of `runs`? */
typedef bool (*bench_watcher)(void *user, unsigned done, unsigned runs, bench_so_far so_far,
			      void *suite);

void bench_watch(bench_watcher watcher, void *user);     /* NULL: nobody watches */
/* for (run = 0; bench_more(run, runs, ...); run++): also asked after the last one. */
bool bench_more(unsigned done, unsigned runs, bench_so_far so_far, void *suite);

#endif
