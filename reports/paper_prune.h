/* paper_prune.h - what the two halves of the record-prune-replay paper's report share. */
#ifndef REPORTS_PAPER_PRUNE_H
#define REPORTS_PAPER_PRUNE_H

#include "reports/paper_page.h"

#define PAPER "prune"
#define MB 1e6

enum suite { RECORD, LOG, CHECKPOINT, LINES, SUITES };
struct report {
	const struct results *results;
	const struct results_invocation *inv[SUITES];
	struct paper_page page;
};

struct names { char (*v)[64]; size_t n; };

/* The median of a metric; false if there is none. */
bool report_value(const struct results_invocation *inv, const char *of, const char *name,
		  double *out);
/* The same, times scale, as a sheet's next cell. */
void report_cell(struct sheet *s, const struct results_invocation *inv, const char *of,
		 const char *name, double scale);

/* Recording: Tables 1 and 2, Figure 4 (paper_prune_record.c); sizes of the windows. */
void paper_prune_record(struct report *r, const struct names *sizes);
void paper_prune_record_key(struct report *r, const struct names *sizes);

#endif
