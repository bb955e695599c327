/* counters.h - the processor's own counts of a stretch of code, where it has them and they
 * may be read: through libpfm4's names where that was built in, else the kernel's.  What is
 * missing stays out of the result; bench_clock has cycles from elsewhere then.
 */
#ifndef JIT_BENCH_COUNTERS_H
#define JIT_BENCH_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

enum counter {
	COUNTER_CYCLES, COUNTER_INSTRUCTIONS, COUNTER_BRANCH_MISSES, COUNTER_ICACHE_MISSES,
	COUNTERS
};

struct counters {
	int fd[COUNTERS];                  /* -1: there is none */
	uint64_t from[COUNTERS];
};

/* Of this thread, in user mode.  False: there is no counter at all. */
bool counters_open(struct counters *c);
void counters_close(struct counters *c);
/* "libpfm4 + perf_event", "perf_event", or "none: why" */
const char *counters_source(const struct counters *c);
void counters_begin(struct counters *c);
/* Adds what was counted since, each divided by n, to the object. */
void counters_end(struct counters *c, double n, struct json_object *to);

#endif
