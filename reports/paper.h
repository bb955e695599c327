/* paper.h - a paper's own figures (reports/paper/NAME.tsv), and the report that puts ours
 * beside them. */
#ifndef REPORTS_PAPER_H
#define REPORTS_PAPER_H

#include <stdbool.h>

#include "blink/base/error.h"
#include "reports/results.h"

enum paper_known {
	PAPER_ABSENT,       /* the file has no such row */
	PAPER_BLANK,        /* the paper has the figure, the file does not */
	PAPER_KNOWN
};
struct paper_figure { double v; const char *page; };   /* page "-": not noted */

/* where: "table 3", "abstract"...; of: the case; quantity: as in the file.  out->page
 * stays valid until the next call. */
enum paper_known paper_figure(const char *paper, const char *where, const char *of,
			      const char *quantity, struct paper_figure *out);

struct paper_options {
	const char *dir;            /* made if it is not there */
	const char *formats;        /* of figures, beside those in the page: "svg,pdf,png" */
	bool partial;               /* draw what there is, and name what is missing */
};
/* Writes dir/index.html, and each table and figure as CSV and in the formats.  -ENODATA,
 * and a sentence that names them, where results are missing: nothing is written then
 * (all of them, where a part is enough). */
int paper_prune_report(const struct results *r, const struct paper_options *opt,
		       struct error *err);
int paper_blink_report(const struct results *r, const struct paper_options *opt,
		       struct error *err);

#endif
