/* process.h - other programs, run to their end and measured by what they cost. */
#ifndef JIT_BENCH_PROCESS_H
#define JIT_BENCH_PROCESS_H

#include <stdint.h>

#include "blink/base/error.h"

struct process_cost {
	double cpu, wall;         /* seconds; cpu: user and system, children included */
	uint64_t peak_bytes;      /* largest resident size */
};

/* Runs argv with env's settings ("K=V" ..., NULL ends; NULL: none) added, its output
 * thrown away.  -ENOPKG where the program is not installed, -EIO where it fails (the
 * error says what it wrote last). */
int process_run(const char *const *argv, const char *const *env, struct process_cost *cost,
		struct error *err);

#endif
