/* counters.c - see counters.h. */
#include "jit-bench/counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HAVE_PFM
#include <perfmon/pfmlib.h>
#include <perfmon/pfmlib_perf_event.h>
#endif

static const struct row {
	const char *key, *event;       /* libpfm4's name */
	uint32_t type;
	uint64_t config;               /* the kernel's */
} rows[COUNTERS] = {
	[COUNTER_CYCLES] = { "cycles", "PERF_COUNT_HW_CPU_CYCLES", PERF_TYPE_HARDWARE,
			     PERF_COUNT_HW_CPU_CYCLES },
	[COUNTER_INSTRUCTIONS] = { "instructions", "PERF_COUNT_HW_INSTRUCTIONS",
				   PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
	[COUNTER_BRANCH_MISSES] = { "branch_misses", "PERF_COUNT_HW_BRANCH_MISSES",
				    PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
	[COUNTER_ICACHE_MISSES] = { "icache_misses", "PERF_COUNT_HW_CACHE_L1I:READ:MISS",
				    PERF_TYPE_HW_CACHE, PERF_COUNT_HW_CACHE_L1I |
				    PERF_COUNT_HW_CACHE_OP_READ << 8 |
				    PERF_COUNT_HW_CACHE_RESULT_MISS << 16 },
};

/* True if libpfm4 knew the event. */
static bool encode(const struct row *r, struct perf_event_attr *a)
{
#ifdef HAVE_PFM
	pfm_perf_encode_arg_t arg = { .attr = a, .size = sizeof(arg) };

	if (pfm_initialize() == PFM_SUCCESS &&
	    pfm_get_os_event_encoding(r->event, PFM_PLM3, PFM_OS_PERF_EVENT, &arg) == PFM_SUCCESS)
		return true;
#endif
	a->type = r->type;
	a->config = r->config;
	return false;
}

static int event_open(const struct row *r)
{
	struct perf_event_attr a;

	memset(&a, 0, sizeof(a));
	a.size = sizeof(a);
	encode(r, &a);
	a.exclude_kernel = a.exclude_hv = 1;
	return (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

bool counters_open(struct counters *c)
{
	bool any = false;

	for (unsigned i = 0; i < COUNTERS; i++) {
		c->fd[i] = event_open(&rows[i]);
		any = any || c->fd[i] >= 0;
	}
	return any;
}

void counters_close(struct counters *c)
{
	for (unsigned i = 0; i < COUNTERS; i++)
		if (c->fd[i] >= 0)
			close(c->fd[i]);
}

const char *counters_source(const struct counters *c)
{
	for (unsigned i = 0; i < COUNTERS; i++)
		if (c->fd[i] >= 0)
#ifdef HAVE_PFM
			return "libpfm4 + perf_event";
#else
			return "perf_event";
#endif
	return "none: this machine shows no counters";
}

static uint64_t value(const struct counters *c, unsigned i)
{
	uint64_t v = 0;

	return c->fd[i] >= 0 && read(c->fd[i], &v, sizeof(v)) == sizeof(v) ? v : 0;
}

void counters_begin(struct counters *c)
{
	for (unsigned i = 0; i < COUNTERS; i++)
		c->from[i] = value(c, i);
}

void counters_end(struct counters *c, double n, struct json_object *to)
{
	for (unsigned i = 0; i < COUNTERS; i++) {
		double passed = (double)(value(c, i) - c->from[i]);

		if (c->fd[i] >= 0)
			json_object_object_add(to, rows[i].key, json_object_new_double(passed / n));
	}
}
