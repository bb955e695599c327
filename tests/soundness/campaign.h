/* campaign.h - many programs, each through verifier, oracle, interpreter and JIT.
 *
 *   check.c      one program: what is looked at, and where the first fault lies
 *   campaign.c   many of them, on several processes; findings cut down and kept
 *   coverage.c   what accepted programs consisted of
 */
#ifndef TESTS_SOUNDNESS_CAMPAIGN_H
#define TESTS_SOUNDNESS_CAMPAIGN_H

#include "tests/soundness/program.h"

/* ---- check.c ------------------------------------------------------------------- */
struct check;
struct check *check_create(void);       /* ends the process where it cannot be made */
void check_destroy(struct check *c);
/* Ways to execute: the interpreter, and the JIT of each level of vector instructions. */
unsigned check_paths(const struct check *c);

struct outcome {
	unsigned sps, accepted;         /* procedures verified; found safe and run */
	uint64_t records, draws;        /* executed by the oracle */
	uint64_t reused;                /* records that a verifier knew from before */
	const char *fault;              /* NULL: all agrees */
	uint32_t sp, word;              /* where */
	char detail[160];
};
/* Repairs p where asked to: what is refused is cut out until the rest is accepted.
 * False when there is a fault. */
bool check_program(struct check *c, struct program *p, bool repair, struct dice *d,
		   struct outcome *out);

/* ---- coverage.c ---------------------------------------------------------------- */
struct coverage {
	uint64_t op[1024];              /* records accepted */
	uint64_t operand[1024][16][2];  /* of those: immediate, register */
};
void coverage_add(struct coverage *c, const struct program_sp *sp);
void coverage_merge(struct coverage *into, const struct coverage *from);
void coverage_print(const struct coverage *c, bool names);

/* ---- campaign.c ---------------------------------------------------------------- */
struct campaign_options {
	uint64_t programs, first, seed; /* numbers first to programs - 1 */
	unsigned jobs, seconds;         /* seconds: stop early, 0 never */
	bool hostile, verbose;
	bool here;                      /* in this process, for a debugger */
	const char *findings;           /* folder that findings are kept in */
};
/* Number of findings; what was done is printed. */
unsigned campaign_run(const struct campaign_options *opt);

#endif
