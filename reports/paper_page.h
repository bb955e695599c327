/* paper_page.h - what every paper's report is made with: a page that gathers tables and
 * figures, and writes each as a file, too.  The error is sticky. */
#ifndef REPORTS_PAPER_PAGE_H
#define REPORTS_PAPER_PAGE_H

#include "blink/base/buf.h"
#include "reports/page.h"
#include "reports/paper.h"
#include "reports/sheet.h"

struct paper_page {
	const struct paper_options *opt;
	struct buf body;
	struct error *err;
	/* what the following tables and figures are drawn from: its command stands below each;
	 * NULL: nothing does */
	const struct results_invocation *from;
	int rc;
};

/* opt->dir made; opt->formats checked. */
void paper_page_begin(struct paper_page *p, const struct paper_options *opt, struct error *err);
/* Says so where the results were not all measured on one machine. */
void paper_page_machines(struct paper_page *p, const struct results *r);
void paper_page_section(struct paper_page *p, const char *title, const char *lead);
/* Writes the sheet, and drops it. */
void paper_page_sheet(struct paper_page *p, struct sheet *s);
/* name: of the files.  Series without values are left out; if none has any, the page says
 * so. */
void paper_page_figure(struct paper_page *p, const char *name, const char *title,
		       const char *note, const struct plot *plot);
/* One figure of the summary. */
void paper_page_key(struct paper_page *p, const char *title, const char *value,
		    const char *note);
/* The commands and machines of the invocations used, then dir/index.html. */
void paper_page_command(struct paper_page *p, const struct results_invocation *inv);
int paper_page_end(struct paper_page *p, const char *title, const char *lead);

/* "-" where the paper's figure is not in the file, "" where there is none. */
void sheet_paper(struct sheet *s, const char *paper, const char *where, const char *of,
		 const char *quantity);

#endif
