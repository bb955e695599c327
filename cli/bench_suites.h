/* bench_suites.h - the suites of `blinkctl bench`, one row each: what they take, how they
 * run. */
#ifndef CLI_BENCH_SUITES_H
#define CLI_BENCH_SUITES_H

#include "cli/command.h"

/* Options of the suites first, then those of the runner (cmd_bench.c has the rows). */
enum {
	OPT_LLVMPIPE, OPT_NULL_LIBRARY, OPT_SIZES, OPT_LENGTH, OPT_PEERS, OPT_FRAME, OPT_NULL,
	OPT_AT, OPT_RATE, OPT_COUNTS, OPT_HOLD, OPT_SWITCH, OPT_LIVE, OPT_ISOLATION, OPT_WITHOUT,
	OPT_SUITES_END,
	OPT_RUNS = OPT_SUITES_END, OPT_OUTPUT, OPT_UNTIL, OPT_TIME_BUDGET, OPT_PIN, OPT_RESUME,
	OPT_WARM_UP, OPT_AGAINST, OPT_BASE_OUTPUT, OPT_TURNS, OPT_POLICY
};

/* One suite as it was asked for. */
struct bench_request {
	const struct bench_suite *suite;
	const struct cli_args *args;    /* options */
	int argc;
	char **argv;                    /* operands of this suite alone */
	unsigned runs;                  /* the suite's, or as --runs says */
	unsigned slice;                 /* runs after which its results are whole; 0: each */
	unsigned warm;                  /* as the suite's; peers take seconds: 0 */
	const char *self;               /* path of blinkctl */
};

struct bench_suite {
	const char *name;
	int least, most;                /* operands after the name */
	unsigned runs;                  /* unless --runs says */
	unsigned slice;                 /* 0: it asks bench_more (jit-bench/rounds.h) before each
	                                   run; else it is called anew for so many runs */
	unsigned turn;                  /* runs in a turn of --against */
	bool fresh;                     /* runs as well from a copy of the program */
	unsigned warm;                  /* runs before the first that are not counted */
	unsigned inputs;                /* so many operands are files that it reads */
	unsigned options;               /* bits of those that it takes */
	const char *usage;
	struct json_object *(*run)(const struct bench_request *q, struct error *err);
};

#define BENCH_SUITES_MOST 16u
/* Splits the operands: a suite's name begins a suite, what follows up to the next name is
 * its own.  A file of such a name is written ./name.  The number of suites, or -EINVAL. */
int bench_suites_parse(const struct cli_args *args, const char *self,
		       struct bench_request requests[BENCH_SUITES_MOST], struct error *err);

#endif
