/* clock.h - cycles, and what they are.
 *
 * Where the machine has hardware counters (perf_event), core cycles are counted.
 * Elsewhere they come from the time stamp counter, which ticks at a rate of its own:
 * a loop whose length in core cycles is known (a chain of integer multiplications,
 * 3 cycles each on every x86-64 core of the last fifteen years) gives the ratio.
 * A result says which of both it is.  One thread.
 */
#ifndef JIT_BENCH_CLOCK_H
#define JIT_BENCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct bench_clock {
	int fd;                 /* of the cycle counter, -1: none */
	double core_per_tick;   /* core cycles per TSC tick */
	double ticks_per_second;
};

void bench_clock_init(struct bench_clock *c);
void bench_clock_finish(struct bench_clock *c);
/* The ratio again: clock rates change while a benchmark runs. */
void bench_clock_calibrate(struct bench_clock *c);
/* "counter" or "tsc": where bench_clock_core has its cycles from. */
const char *bench_clock_source(const struct bench_clock *c);

struct bench_span { uint64_t ticks, cycles; };
void bench_span_begin(const struct bench_clock *c, struct bench_span *s);
/* Core cycles since begin; *ticks (may be NULL): TSC ticks. */
double bench_span_end(const struct bench_clock *c, struct bench_span *s, double *ticks);

#endif
