/* results.h - results files: what `blinkctl bench -o` writes, and `results`, `report`
 * and everything that judges figures read.  Schema and versions: docs/RESULTS.md.
 *
 * A file holds invocations: one command, its environment, the files that it read, and
 * the metrics that it measured, each with one sample per run, and with per-frame series
 * where there are some.  Files are normal input from anywhere: results_parse checks
 * every member that this header names, and refuses a file with one sentence; what it
 * gives out is within bounds, finite, and free of control characters.  Members that it
 * does not know are kept, and ignored.
 *
 * Not thread-safe.  Strings and samples belong to the struct results.
 */
#ifndef REPORTS_RESULTS_H
#define REPORTS_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "blink/base/error.h"

#define RESULTS_FORMAT "blink-results"
#define RESULTS_VERSION 1

enum results_direction { RESULTS_NONE, RESULTS_LOWER, RESULTS_HIGHER };

struct results_run { size_t n; const double *v; };

/* Values in order within each run: frame times, CPU per frame. */
struct results_series {
	const char *name, *unit;
	size_t runs;
	struct results_run *run;
};

struct results_metric {
	const char *of, *name;              /* the case ("640x480/native") and the quantity */
	const char *unit;
	enum results_direction direction;   /* which way is better */
	bool exact;                         /* a count that every run must repeat */
	size_t n;
	double *samples;                    /* one per run, in the order of the runs */
	size_t nseries;
	struct results_series *series;
};

struct results_invocation {
	const char *suite, *id, *started;
	struct json_object *json;           /* whole; its "environment" is an object */
	size_t count;
	struct results_metric *metrics;
};

struct results {
	struct json_object *json;           /* the file as it will be written */
	size_t count;
	struct results_invocation *invocations;
};

/* text need not end with a zero.  name is what errors call it. */
int results_parse(struct results *r, const char *name, const char *text, size_t len,
		  struct error *err);
int results_open(struct results *r, const char *path, struct error *err);
/* All of them, as results_merge joins them; count is 1 or more. */
int results_open_all(struct results *r, const char *const *paths, unsigned count,
		     struct error *err);
void results_close(struct results *r);      /* zeroed or open */

/* Takes j (a file with invocations) over after checking it; drops it on failure. */
int results_take(struct results *r, const char *name, struct json_object *j,
		 struct error *err);
/* Writes under a temporary name, then renames. */
int results_save(const struct results *r, const char *path, struct error *err);

/* The metric of that case and name in an invocation; NULL if there is none. */
const struct results_metric *results_metric_find(const struct results_invocation *inv,
						 const char *of, const char *name);
/* The last invocation of the suite, NULL if there is none. */
const struct results_invocation *results_suite(const struct results *r, const char *suite);
/* The last invocation of its suite that was asked for the same operands, or, where all of
 * that suite in r were asked for one thing, the last of these; NULL if there is none.  In
 * r itself: the one that replaces it. */
const struct results_invocation *results_last_like(const struct results *r,
						   const struct results_invocation *of);
const char *results_direction_name(enum results_direction d);

/* ---- making one ---------------------------------------------------------------------- */

struct results_origin {
	const char *const *command;         /* argv, NULL ends */
	const char *const *inputs;          /* files that it read, NULL ends; hashed here */
	const char *started;                /* date and time, NULL: unknown */
	double seconds;                     /* that it took */
};
/* A new file with one invocation from what a suite returned.  Its metrics are the
 * suite's member "metrics", or, if it has none, what a walk over the JSON finds: objects
 * with "values" are samples, whole numbers whose name ends in bytes, calls, frames or
 * instructions are exact.  suite is not changed or dropped. */
int results_make(struct results *r, struct json_object *suite,
		 const struct results_origin *origin, struct error *err);

/* Results hold UTF-8 without control characters; arguments and file names may be any
 * bytes: what is not ASCII is replaced. */
struct json_object *results_text(const char *text);

/* All invocations of both, in order, those of equal id once.  into keeps the sum. */
int results_merge(struct results *into, const struct results *from, struct error *err);

/* ---- comparing two ------------------------------------------------------------------- */

/* Adds to notes, an array, one sentence for each thing in which two invocations of a suite
 * are unlike: machine, driver, counters (which counts do not depend on), inputs.  Nothing:
 * like may be compared with like. */
void results_unlike(const struct results_invocation *base, const struct results_invocation *now,
		    struct json_object *notes);
/* The machine's part of that. */
void results_machines(const struct results_invocation *base,
		      const struct results_invocation *now, struct json_object *notes);
/* { rows: [...], differs, notes: [...] }: per metric that both files have, medians, ratio
 * with interval, adjusted p, Cliff's delta, and one word; what one file lacks, and what
 * makes the files unlike, is noted.  NULL, with err set, where nothing can be compared. */
struct json_object *results_diff(const struct results *base, const struct results *now,
				 bool *differs, struct error *err);
/* The listing that `blinkctl results show` prints. */
struct json_object *results_show(const struct results *r);
/* Percentiles, lows, stutter, jitter and missed deadlines of every series of times, with
 * their formulas; refresh in Hz.  NULL, with err set, where there is none. */
struct json_object *results_frames(const struct results *r, double refresh, struct error *err);

#endif
