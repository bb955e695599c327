/* bench_turns.h - suites measured by two builds of blinkctl in turns, until the gate can
 * tell or the time is up.
 *
 * A turn starts each suite in a process of either build and lets them work alternately, one
 * run at a time (bench_worker.h); then it adds one sample per metric to each side: the
 * median of the turn's runs.  A new process for each turn, because where memory happens to
 * lie makes one process some per cent faster than the next of the same program, for as
 * long as it lives.  Both results files are written anew after every turn: killing the
 * benchmark loses the turn in progress, and nothing else.
 *
 * One turn first is for warming up, and not counted.  The gate looks after as many turns as
 * its policy wants runs, after twice as many, and so on; alpha and the intervals' error are
 * shared out over the looks that are possible, so that looking often does not make false
 * alarms.
 */
#ifndef CLI_BENCH_TURNS_H
#define CLI_BENCH_TURNS_H

#include "reports/gate.h"

/* A suite, its operands and options; NULL ends. */
struct bench_part {
	const char *const *words;
	unsigned runs;                     /* per turn */
	bool fresh;                        /* may run from a copy of the program */
};

struct bench_turns_options {
	const char *self, *other;          /* paths of blinkctl: the new build, the base */
	const struct bench_part *parts;
	unsigned nparts;
	unsigned turns;                    /* at most */
	unsigned warm_up;                  /* turns that are not counted */
	double seconds;                    /* at most, 0: no limit; the turn begun is ended */
	const char *output, *base_output;  /* results files */
	bool resume;                       /* go on with the files, if there are any */
	const struct gate_policy *policy;
	char *const *ignore;               /* metrics that are not judged; may be NULL */
};

/* The gate's JSON, with the number of turns; NULL with err set.  Files that do not belong
 * together are not resumed: -EINVAL. */
struct json_object *bench_turns(const struct bench_turns_options *opt,
				enum gate_verdict *verdict, struct error *err);

#endif
