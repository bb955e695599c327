/* executor_slice.c - how soon the composer runs when it wakes.
 *
 * (Alone in a file: C libraries before 2.41 declare half of what linux/sched/types.h does.) */
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "blink/server/executor.h"

#define SLICE_NS 100000u        /* the least that Linux takes */

/* A painter that draws for long may be on the processor where this thread wakes, while a client
 * keeps the other one: of equals Linux (from 6.12) lets that one go on to its slice's end, some
 * 4 ms, unless who wakes asks for less at a time.  Where that is not known nothing changes. */
void executor_slice_set(void)
{
	struct sched_attr a = { .size = sizeof(a) };

	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0))
		return;
	a.sched_runtime = SLICE_NS;
	(void)syscall(SYS_sched_setattr, 0, &a, 0);
}
