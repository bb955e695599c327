/* meter.c - see meter.h. */
#include "replay/meter.h"

#include <time.h>

#define WINDOW 30000000u       /* ticks between ratios: about 10 ms */
#define SHORTEST 300000u       /* below, a ratio is too coarse to be kept */

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void meter_init(struct meter *m, bool exact)
{
	m->first = m->start = __rdtsc();
	m->first_wall = seconds(CLOCK_MONOTONIC);
	m->cpu_start = seconds(CLOCK_THREAD_CPUTIME_ID);
	m->cpu_per_tick = m->wall_per_tick = 0;
	m->next = 0;
	m->exact = exact;
}

/* Until the first window is long enough, every reading makes a ratio.  The thread's
 * clock is a system call, after which the thread may well have to wait: it is asked last. */
void meter_update(struct meter *m, uint64_t now)
{
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	double ticks = (double)(now - m->start);

	if (ticks <= 0)
		return;
	m->cpu_per_tick = (cpu - m->cpu_start) / ticks;
	m->wall_per_tick = (wall - m->first_wall) / (double)(now - m->first);
	if (now - m->start < SHORTEST && !m->exact)
		return;
	m->start = now;
	m->cpu_start = cpu;
	m->next = now + WINDOW;
}
