/* clock.c - see clock.h. */
#include "jit-bench/clock.h"

#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define CHAIN 20000u              /* multiplications of one calibration */
#define MULTIPLY_CYCLES 3.0

static uint64_t now_ticks(void)
{
	unsigned core;

	return __rdtscp(&core);
}

static uint64_t chain_ticks(void)
{
	uint64_t t = now_ticks(), v = t | 1;

	for (unsigned i = 0; i < CHAIN / 10; i++)
		__asm__ volatile("imul %0, %0\n\timul %0, %0\n\timul %0, %0\n\timul %0, %0\n\t"
				 "imul %0, %0\n\timul %0, %0\n\timul %0, %0\n\timul %0, %0\n\t"
				 "imul %0, %0\n\timul %0, %0" : "+r"(v));
	return now_ticks() - t;
}

void bench_clock_calibrate(struct bench_clock *c)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < 8; i++) {
		uint64_t t = chain_ticks();

		best = t < best ? t : best;
	}
	c->core_per_tick = CHAIN * MULTIPLY_CYCLES / (double)best;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double tick_rate(void)
{
	double from = seconds(), to;
	uint64_t t = now_ticks();

	do
		to = seconds();
	while (to - from < 0.02);
	return (double)(now_ticks() - t) / (to - from);
}

static int counter_open(void)
{
	struct perf_event_attr a;

	memset(&a, 0, sizeof(a));
	a.type = PERF_TYPE_HARDWARE;
	a.size = sizeof(a);
	a.config = PERF_COUNT_HW_CPU_CYCLES;
	a.exclude_kernel = a.exclude_hv = 1;
	return (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

static uint64_t counter_read(const struct bench_clock *c)
{
	uint64_t v = 0;

	if (c->fd >= 0 && read(c->fd, &v, sizeof(v)) != sizeof(v))
		v = 0;
	return v;
}

void bench_clock_init(struct bench_clock *c)
{
	c->fd = counter_open();
	c->ticks_per_second = tick_rate();
	bench_clock_calibrate(c);
}

void bench_clock_finish(struct bench_clock *c)
{
	if (c->fd >= 0)
		close(c->fd);
}

const char *bench_clock_source(const struct bench_clock *c)
{
	return c->fd >= 0 ? "counter" : "tsc";
}

void bench_span_begin(const struct bench_clock *c, struct bench_span *s)
{
	s->cycles = counter_read(c);
	s->ticks = now_ticks();
}

double bench_span_end(const struct bench_clock *c, struct bench_span *s, double *ticks)
{
	double passed = (double)(now_ticks() - s->ticks);

	if (ticks)
		*ticks = passed;
	if (c->fd >= 0)
		return (double)(counter_read(c) - s->cycles);
	return passed * c->core_per_tick;
}
