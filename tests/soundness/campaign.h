/* campaign.h - many programs, each through verifier, oracle, interpreter and JIT.
 *
 *   check.c      one program through verifiers, oracle and engines: where the first
 *                fault lies
 *   driver.c     one program on this machine's GL driver, which has to survive it
 *   repair.c     what is refused cut out of a program
 *   campaign.c   many of them, on several processes; findings cut down and kept
 *   coverage.c   what accepted programs consisted of
 */
#ifndef TESTS_SOUNDNESS_CAMPAIGN_H
#define TESTS_SOUNDNESS_CAMPAIGN_H

#include <sys/types.h>

#include "tests/soundness/program.h"

struct refusal { uint16_t op; uint8_t reason; };
#define OUTCOME_REFUSED 400u
#define OUTCOME_OPS 1024u

struct outcome {
	unsigned sps, accepted;         /* procedures verified; found safe and run */
	uint64_t records, draws;        /* executed by the oracle */
	uint64_t reused;                /* records that a verifier knew from before */
	const char *fault;              /* NULL: all agrees */
	uint32_t sp, word;              /* where */
	bool fatal;                     /* nothing that this process goes on to do counts */
	unsigned ran;                   /* the first so many procedures ran to their end */
	unsigned left_out;              /* not run: too many vertices */
	/* what was cut out, and why; of OUTCOME_OPS instructions those that GL found nothing
	 * wrong with, where it was asked */
	struct refusal refused[OUTCOME_REFUSED];
	unsigned nrefused;
	uint64_t clean[OUTCOME_OPS / 64];
};

/* Who looks at programs.  create ends the process where there is nobody.  look repairs p
 * where asked to (what is refused is cut out until the rest is accepted), and is false
 * when there is a fault. */
struct judge {
	const char *name;
	void (*prepare)(void);          /* once, before processes are made; may be NULL */
	void *(*create)(void);
	void (*destroy)(void *judge);
	bool (*look)(void *judge, struct program *p, bool repair, struct dice *d,
		     struct outcome *out);
	/* what programs are made by */
	void (*make)(struct program *p, struct dice *d);
	/* and what they are verified for */
	void (*limits)(struct verify_limits *l, bool strict);
	/* ways to execute: the interpreter, and the JIT of each level of vectors */
	unsigned (*paths)(const void *judge);
};
extern const struct judge judge_engines;        /* check.c */
extern const struct judge judge_driver, judge_again, judge_confined;    /* driver.c */

#define EXIT_LACKING 77                 /* of a process whose judge this machine lacks */

/* ---- repair.c ------------------------------------------------------------------ */
/* Procedure i, as it stands or with as little as has to go cut out of it: accepted?  sps
 * are p's, and follow it.  What was cut out is noted in out, which may be NULL. */
bool program_accept(struct program *p, uint32_t i, bool repair, struct verify_state *s,
		    struct verify_env *env, struct sp *sps, struct verify_verdict *v,
		    struct outcome *out);
void program_repair(struct program *p, const struct judge *judge);

/* ---- coverage.c ---------------------------------------------------------------- */
struct coverage {
	uint64_t op[1024];              /* records accepted */
	uint64_t operand[1024][16][2];  /* of those: immediate, register */
	uint64_t clean[1024];           /* programs in which GL found nothing wrong with it */
	uint32_t refused[1024][VERIFY_REASONS];
};
void coverage_add(struct coverage *c, const struct program_sp *sp);
void coverage_merge(struct coverage *into, const struct coverage *from);
void coverage_print(const struct coverage *c, bool names);
/* Of programs that were cut until they were accepted: what never was, and why. */
void coverage_outcome(struct coverage *c, const struct outcome *out);
void coverage_reasons_print(const struct coverage *c, bool names);

/* ---- campaign.c ---------------------------------------------------------------- */
struct campaign_options {
	uint64_t programs, first, seed; /* numbers first to programs - 1 */
	unsigned jobs, seconds;         /* seconds: stop early, 0 never */
	const struct judge *judge;
	bool hostile, verbose;
	bool here;                      /* in this process, for a debugger */
	const char *findings;           /* folder that findings are kept in */
	const char *ledger;             /* file by which a campaign that was cut short goes
	                                   on, NULL none */
	bool go_on;                     /* also with another build than began it */
};
pid_t campaign_fork(void);
/* Number of findings; what was done is printed.  -1: this machine lacks the judge. */
int campaign_run(const struct campaign_options *opt);

#endif
