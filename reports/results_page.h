/* results_page.h - a report of any results files: what was measured, how sure it is, and
 * what frame times, costs by function and growing logs look like. */
#ifndef REPORTS_RESULTS_PAGE_H
#define REPORTS_RESULTS_PAGE_H

#include "reports/paper.h"

/* Writes opt->dir/index.html, each table and figure as CSV, figures in opt->formats.
 * refresh: of the display, in Hz.  -ENODATA where there is not one metric. */
int results_report(const struct results *r, double refresh, const struct paper_options *opt,
		   struct error *err);

#endif
