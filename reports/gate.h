/* gate.h - did it get worse?  The judge of results files, for CI.
 *
 * Three answers for each metric, and over all: passed, regressed, or inconclusive, with
 * the number of runs that would probably decide.  A gate that must choose between two
 * words either cries wolf or lets a regression through; one that may say "not known"
 * does neither, and costs further runs instead.
 *
 *   exact metrics   (calls, bytes, instruction counts) have no noise: another value in the
 *                   bad direction, or any other value where no direction is good, is a
 *                   regression.
 *   measurements    w: how many times worse the new side is (a ratio of medians, above 1 is
 *                   worse whichever way the metric points), with its interval.
 *                   regressed: p < alpha after Holm's correction over the gate, and the
 *                   interval lies above 1, and w >= 1 + least.
 *                   passed: the whole interval lies below 1 + margin.
 *                   otherwise inconclusive.
 *   series          (frame times) also by their shape, that is relative to each run's
 *                   median (which the measurement itself is for): Kolmogorov and Smirnov's
 *                   distance with runs permuted.  regressed: p < alpha after Holm's
 *                   correction, distance at least `distance`, and a worse tail (95th or 99th
 *                   percentile, or spread) by 1 + least.
 *                   passed: the distance is less, or the tail no worse.
 *
 * p of measurements: runs made in turns (base, new, base, new...) are compared as pairs,
 * by turning the signs of their log ratios at random; others by Mann and Whitney's U.
 */
#ifndef REPORTS_GATE_H
#define REPORTS_GATE_H

#include "reports/results.h"
#include "reports/stats.h"

enum gate_verdict { GATE_PASSED, GATE_REGRESSED, GATE_INCONCLUSIVE };
extern const char *const gate_verdict_names[];

struct gate_policy {
	double alpha;           /* how often a gate without any change may say regressed */
	double level;           /* of the intervals */
	double least;           /* a change smaller than this is none: 0.01 is 1 % */
	double margin;          /* below this much worse counts as passed */
	double distance;        /* least distance of distributions, 0 to 1 */
	size_t runs;            /* fewer runs of a side decide nothing */
	bool unlike;            /* judge files of different machines and inputs all the same */
};
extern const struct gate_policy gate_policy_default;

/* ---- one metric ------------------------------------------------------------------- */

struct gate_judgement {
	enum gate_verdict verdict;
	struct stats_interval worse;      /* w; or the distance of two distributions */
	double p;                         /* after Holm's correction; 1 where none was made */
	bool tested;
	size_t runs;                      /* inconclusive: of each side, to decide; 0 unknown */
	const char *why;                  /* constant */
};

/* Samples of both sides; paired: sample i of both was taken in the same turn.  Gives w and
 * the raw p; the verdict comes from gate_measure_decide after p has been corrected. */
void gate_measure(struct gate_judgement *g, const struct gate_policy *policy,
		  enum results_direction better, const double *base, size_t nbase,
		  const double *now, size_t nnow, bool paired);
void gate_measure_decide(struct gate_judgement *g, const struct gate_policy *policy,
			 size_t nbase, size_t nnow);
/* Exact values: every sample of a side must be the same. */
void gate_exact(struct gate_judgement *g, enum results_direction better, const double *base,
		size_t nbase, const double *now, size_t nnow);
/* Series of values of which lower ones are better; paired: as above. */
void gate_shape(struct gate_judgement *g, const struct gate_policy *policy,
		const struct stats_run *base, size_t nbase, const struct stats_run *now,
		size_t nnow, bool paired);
void gate_shape_decide(struct gate_judgement *g, const struct gate_policy *policy,
		       const struct stats_run *base, size_t nbase,
		       const struct stats_run *now, size_t nnow);

/* The median of the runs' medians. */
struct stats_value gate_shape_median(const struct stats_run *runs, size_t n);

/* ---- whole files ------------------------------------------------------------------- */

/* Reads a policy: a JSON object with any of the members of struct gate_policy by name,
 * and "ignore": names of metrics that are not judged.  *ignore is the caller's to free,
 * also after a failure. */
int gate_policy_read(struct gate_policy *p, char ***ignore, const char *path,
		     struct error *err);
void gate_ignore_free(char **ignore);    /* NULL ok */

struct gate_row {
	const char *suite, *of, *metric, *unit;
	const char *series;               /* NULL: the metric's samples */
	struct stats_value base, now;     /* medians; of series: of the runs' medians */
	size_t nbase, nnow;
	bool exact, missing;              /* missing: only in the base */
	struct gate_judgement judged;
};
struct gate {
	struct gate_row *rows;
	size_t n;
	struct json_object *notes;        /* what was left out, what is unlike */
	enum gate_verdict verdict;
	size_t runs;                      /* inconclusive: to decide all; 0 unknown */
};

/* Strings of the rows are the results'.  -EINVAL where nothing can be compared. */
int gate_run(struct gate *g, const struct gate_policy *policy, char *const *ignore,
	     const struct results *base, const struct results *now, struct error *err);
void gate_finish(struct gate *g);
struct json_object *gate_json(const struct gate *g);
/* JUnit's XML: a test suite per suite, a case per row; inconclusive rows are skipped. */
int gate_junit(const struct gate *g, const char *path, struct error *err);

#endif
