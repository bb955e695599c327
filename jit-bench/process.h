/* process.h - other programs, run to their end and measured by what they cost. */
#ifndef JIT_BENCH_PROCESS_H
#define JIT_BENCH_PROCESS_H

#include <stdbool.h>
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

struct process_place {
	const char *folder;       /* where it runs; NULL: here */
	const char *output;       /* file (from here) that gets its standard output; NULL:
	                             nowhere */
	double limit;             /* seconds after which it is killed, with its process group,
	                             and -ETIMEDOUT returned; 0: none */
};
/* The same, in a place of its own. */
int process_run_in(const struct process_place *place, const char *const *argv,
		   const char *const *env, struct process_cost *cost, struct error *err);

/* A program beside another: started, and later stopped. */
struct process_beside { int pid; };      /* 0: none */
int process_start(struct process_beside *p, const struct process_place *place,
		  const char *const *argv, const char *const *env, struct error *err);
/* To it and all its descendants, in whatever group or session; harmless when none runs. */
void process_signal(const struct process_beside *p, int signal);
/* User and system time so far, seconds, of it and its descendants that are alive. */
double process_cpu(const struct process_beside *p);
bool process_has_ended(const struct process_beside *p);
/* Waits for its own end; -EIO where it failed. */
int process_end(struct process_beside *p, const char *program, struct process_cost *cost,
		struct error *err);
/* Ends its process group (SIGTERM), waits for it; *cpu: seconds that it took, children that
 * it waited for included.  Harmless when none runs. */
void process_stop(struct process_beside *p, double *cpu);

#endif
