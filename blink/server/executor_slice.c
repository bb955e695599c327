/* executor_slice.c - how soon the executor runs when it wakes.
 *
 * (Alone in a file: C libraries before 2.41 declare half of what linux/sched/types.h does.) */
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "blink/server/executor.h"

/* Linux (from 6.12) lets who is on a processor go on to its slice's end, some 4 ms, whoever wakes
 * there, unless that one asks for less at a time.  Where that is not known nothing changes. */
void executor_slice_set(uint64_t ns)
{
	struct sched_attr a = { .size = sizeof(a) };

	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0))
		return;
	a.sched_runtime = ns;
	(void)syscall(SYS_sched_setattr, 0, &a, 0);
}
