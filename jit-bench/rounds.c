/* rounds.c - see rounds.h. */
#include "jit-bench/rounds.h"

#include <stddef.h>

static bench_watcher watching;
static void *watching_user;

void bench_watch(bench_watcher watcher, void *user)
{
	watching = watcher;
	watching_user = user;
}

bool bench_more(unsigned done, unsigned runs, bench_so_far so_far, void *suite)
{
	return watching ? watching(watching_user, done, runs, so_far, suite) : done < runs;
}
