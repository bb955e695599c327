/* bench_run.h - suites measured by this build alone, into one results file.
 *
 * The file is written anew after every run that is finished: killing the benchmark, at any
 * point, loses the run in progress and nothing else, and with `resume` the runs that are
 * missing are made.  (Suites with a `slice` are written after so many runs.)
 */
#ifndef CLI_BENCH_RUN_H
#define CLI_BENCH_RUN_H

#include "cli/bench_suites.h"

struct bench_run_options {
	const struct bench_request *requests;
	unsigned n;
	const char *output;                /* NULL: nothing is written */
	bool resume;                       /* go on with the file, if there is one */
	double until;                      /* run until every measurement's interval is at most
	                                      this share of its median wide to either side; 0:
	                                      as often as the requests say */
	double seconds;                    /* at most, for all suites; 0: no limit.  A run that was
	                                      begun is ended, and each suite runs once at least */
	int warm_up;                       /* runs before the first, not counted; -1: the suite's */
	bool quiet;                        /* no progress: this is one side of two */
};
#define BENCH_RUNS_MOST 500u

struct bench_run_result {
	struct json_object *file;          /* the results file */
	struct json_object *last;          /* what the last suite returned, for people; may be
	                                      NULL: nothing was left to be run */
	bool whole;                        /* all runs of all suites are in `last` */
	bool narrow;                       /* every interval is as narrow as was asked */
};
/* 0 or negative with err set; out is to be finished in either case. */
int bench_run(const struct bench_run_options *opt, struct bench_run_result *out,
	      struct error *err);
void bench_run_finish(struct bench_run_result *r);

/* Adds what a GL driver without a display is, and where cycles come from, to an
 * invocation's environment; asked once. */
void bench_driver_put(struct json_object *environment);

#endif
