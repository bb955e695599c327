/* bench_turns.h - a suite measured by two builds of blinkctl in turns, until the gate can
 * tell or the time is up.
 *
 * A turn runs the suite once with each build, in alternating order, and adds one sample
 * per metric to each side: the median of the turn's runs, so that a disturbance of one
 * run is no sample.  Both results files are written anew after every turn: killing the
 * benchmark loses the turn in progress, and nothing else.
 *
 * The gate looks after 5, 10, 20, 40... turns; alpha is shared out over the looks that
 * are possible, so that looking often does not make false alarms.
 */
#ifndef CLI_BENCH_TURNS_H
#define CLI_BENCH_TURNS_H

#include "reports/gate.h"

struct bench_turns_options {
	const char *self, *other;          /* paths of blinkctl: the new build, the base */
	const char *const *words;          /* the suite, its operands and options; NULL ends */
	unsigned runs;                     /* of the suite per turn */
	unsigned turns;                    /* at most */
	double seconds;                    /* at most, 0: no limit; the turn begun is ended */
	const char *output, *base_output;  /* results files */
	bool resume;                       /* go on with the files that are there */
	const struct gate_policy *policy;
	char *const *ignore;               /* metrics that are not judged; may be NULL */
};

/* The gate's JSON, with the number of turns; NULL with err set.  Files that do not belong
 * together are not resumed: -EINVAL. */
struct json_object *bench_turns(const struct bench_turns_options *opt,
				enum gate_verdict *verdict, struct error *err);

#endif
