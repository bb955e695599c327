/* results_grow.h - results files that are written while they are measured: run by run,
 * turn by turn.
 *
 * Everything here works on JSON that results_take or results_parse has checked.
 * "runs" in an invocation says how many runs are in it; a metric has one sample for each,
 * apart from counts, which may have one for all.
 */
#ifndef REPORTS_RESULTS_GROW_H
#define REPORTS_RESULTS_GROW_H

#include "reports/results.h"

/* A file without invocations, and its invocations. */
struct json_object *results_file_new(void);
size_t results_file_count(struct json_object *file);
struct json_object *results_file_at(struct json_object *file, size_t i);
void results_file_add(struct json_object *file, struct json_object *inv);   /* its own reference */
/* In place of number i, or behind the last. */
void results_file_put(struct json_object *file, size_t i, struct json_object *inv);

/* Runs that are in an invocation: its "runs", else the fewest samples of a measurement. */
size_t results_runs(struct json_object *inv);
/* Samples and series of `more` behind those of `inv`, by case and metric; what only `more`
 * has is left out. */
void results_extend(struct json_object *inv, struct json_object *more);
/* Samples and series of runs beyond n go. */
void results_cut(struct json_object *inv, size_t n);
/* All runs become one: the median of the samples; of series of one length, value by value,
 * else the first run's. */
void results_condense(struct json_object *inv);
/* The invocation's id anew, after it was changed. */
void results_identify(struct json_object *inv);

#endif
