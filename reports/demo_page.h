/* demo_page.h - the page that ends the demo: pictures, figures, plots and the command
 * behind each, from the results that the demo's commands printed as JSON. */
#ifndef REPORTS_DEMO_PAGE_H
#define REPORTS_DEMO_PAGE_H

#include "blink/base/error.h"

/* dir holds a folder per program, in which every step of the demo left STEP.json (what
 * the command printed) and STEP.cmd (the command); the first program is shown large.
 * Writes one self-contained HTML file.  -ENODEV when gnuplot is missing. */
int demo_page_write(const char *dir, const char *const *programs, unsigned count,
		    const char *out, struct error *err);

#endif
