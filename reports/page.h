/* page.h - pieces of a self-contained HTML page: escaped text, inline pictures, JSON
 * looked up by path, plots drawn by gnuplot.  Everything appends to a struct buf. */
#ifndef REPORTS_PAGE_H
#define REPORTS_PAGE_H

#include <stdbool.h>
#include <json-c/json.h>

#include "blink/base/buf.h"
#include "blink/base/error.h"

/* Everything before and after a page's own contents. */
void page_open(struct buf *b, const char *title);
void page_close(struct buf *b);

void html_text(struct buf *b, const char *text);            /* & < > " escaped */
void html_base64(struct buf *b, const void *data, size_t n);
/* <img> with the PNG file inline; alt is escaped. */
int html_picture(struct buf *b, const char *path, const char *alt, struct error *err);
/* "1,234,567", "12.3 MB", "4.56" */
void html_count(struct buf *b, double n);
void html_bytes(struct buf *b, double n);
void html_number(struct buf *b, double n);                  /* three significant digits */

/* Whole regular file appended; -errno and the sentence otherwise. */
int file_append(struct buf *b, const char *path, struct error *err);
/* What a regular file holds as JSON; NULL and the sentence otherwise. */
struct json_object *file_json(const char *path, struct error *err);
/* The file appears whole or not at all; what is no regular file is not replaced. */
int file_write(const struct buf *b, const char *path, struct error *err);

/* The value at "a.b.c" below j, NULL if there is none. */
struct json_object *json_at(struct json_object *j, const char *path);
/* Its number; false if it is absent or no number. */
bool json_number(struct json_object *j, const char *path, double *out);

/* One line or band of a plot: y[i] over x[i]. */
struct plot_series {
	const char *title, *color;
	double *x, *y;
	size_t n;
};
struct plot {
	const char *x_label, *y_label;
	const struct plot_series *series;
	unsigned count;
	bool stacked;        /* bands on top of each other instead of lines */
	bool linear;         /* lines: y from 0 instead of its logarithm */
	bool points;         /* lines: a mark at each value */
	const char *const *names;   /* bars instead of lines, so called; of the one series */
};
/* Appends the plot as an inline <svg>.  Texts may hold anything. -ENODEV when gnuplot is
 * missing. */
int plot_svg(struct buf *b, const struct plot *p, struct error *err);
/* The plot as a file, by the end of its name: .svg, .pdf or .png. */
int plot_file(const char *path, const struct plot *p, struct error *err);

#endif
