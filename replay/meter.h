/* meter.h - the time of short stages, at a few nanoseconds per reading.
 *
 * Asking the kernel for a thread's CPU time costs more than a small frame takes to
 * replay.  Stages are therefore timed in ticks of the processor's time stamp counter,
 * and turned into CPU seconds by the ratio of both clocks, which is taken anew every
 * few milliseconds: time that the thread spends off the processor is thereby shared
 * out over the stages around it.
 *
 * That is good for stages that never wait.  A frame on a driver waits (for the threads
 * that draw), and a ratio that holds a wait is wrong for the next frame: an exact meter
 * takes both clocks at every meter_mark, and counts what lies between marked stages as
 * time on the processor.
 */
#ifndef REPLAY_METER_H
#define REPLAY_METER_H

#include <stdbool.h>
#include <stdint.h>
#include <x86intrin.h>

struct meter {
	uint64_t start, next;          /* ticks: at the last ratio, and when the next is due */
	double cpu_start;
	uint64_t first;                /* when it began, for the length of a tick */
	double first_wall;
	double cpu_per_tick, wall_per_tick;
	bool exact;
};

void meter_init(struct meter *m, bool exact);
void meter_update(struct meter *m, uint64_t now);

static inline uint64_t meter_now(struct meter *m)
{
	uint64_t now = __rdtsc();

	if (now >= m->next)
		meter_update(m, now);
	return now;
}

/* Where a stage that may wait begins. */
static inline uint64_t meter_mark(struct meter *m)
{
	uint64_t now = __rdtsc();

	if (m->exact || now >= m->next)
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

/* The same for a stage that began with meter_mark; adds its wall time, too. */
static inline void meter_lap_marked(struct meter *m, double *cpu, double *wall, uint64_t since)
{
	uint64_t now = meter_mark(m);

	*cpu += (double)(now - since) * m->cpu_per_tick;
	*wall += (double)(now - since) * m->wall_per_tick;
	if (m->exact)
		m->cpu_per_tick = m->wall_per_tick;
}

#endif
