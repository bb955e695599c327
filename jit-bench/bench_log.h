/* bench_log.h - the log suite's points in time: measured by bench_log.c, told by
 * bench_log_results.c. */
#ifndef JIT_BENCH_BENCH_LOG_H
#define JIT_BENCH_BENCH_LOG_H

#include "blink/log/prune.h"
#include "jit-bench/bench.h"
#include "jit-bench/sample.h"

struct log_point {
	double at;                       /* seconds */
	uint32_t frame;                  /* the log ends before it */
	uint64_t calls, bytes;           /* whole */
	struct prune_stats pruned;
	uint64_t kept_bytes, file_bytes;
	struct sample scratch, read, step, emit, ns_per_call, ns_short;
	uint64_t memory;                 /* that the pruner holds, once it is done */
};

struct log_bench {
	const struct bench_log_options *opt;
	struct blink_file *file;
	struct log_point *points;
	unsigned n;
	char folder[4096], out[4112];
	struct blink_file *kept;         /* out as it was at the point before */
	const char *time_from;
};

/* suite: a struct log_bench. */
struct json_object *bench_log_results(void *suite);

#endif
