/* meter.h - the time of short stages, at a few nanoseconds per reading.
 *
 * Asking the kernel for a thread's CPU time costs more than a small frame takes to
 * replay.  Stages are therefore timed in ticks of the processor's time stamp counter,
 * and turned into CPU seconds by the ratio of both clocks, which is taken anew every
 * few milliseconds: time that the thread spends off the processor is thereby shared
 * out over the stages around it, and sums are right.
 */
#ifndef REPLAY_METER_H
#define REPLAY_METER_H

#include <stdint.h>
#include <x86intrin.h>

struct meter {
	uint64_t start, next;          /* ticks: at the last ratio, and when the next is due */
	double cpu_start, wall_start;
	double cpu_per_tick, wall_per_tick;
};

void meter_init(struct meter *m);
void meter_update(struct meter *m, uint64_t now);

static inline uint64_t meter_now(struct meter *m)
{
	uint64_t now = __rdtsc();

	if (now >= m->next)
		meter_update(m, now);
	return now;
}

/* Adds the CPU time since *since to *sum and starts the next stage. */
static inline void meter_lap(struct meter *m, double *sum, uint64_t *since)
{
	uint64_t now = meter_now(m);

	*sum += (double)(now - *since) * m->cpu_per_tick;
	*since = now;
}

#endif
