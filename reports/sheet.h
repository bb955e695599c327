/* sheet.h - a table of a report: built once, then written as HTML and as CSV. */
#ifndef REPORTS_SHEET_H
#define REPORTS_SHEET_H

#include <stdbool.h>

#include "blink/base/buf.h"
#include "blink/base/error.h"

struct sheet {
	char name[32];            /* of its file: "table-3" */
	const char *title, *note; /* note: may be NULL */
	unsigned columns;
	struct buf cells;         /* texts, each ended by a zero; the heads first */
	unsigned count;
};

/* heads: the columns' titles, NULL ends. */
void sheet_init(struct sheet *s, const char *name, const char *title, const char *note,
		const char *const *heads);
void sheet_finish(struct sheet *s);
/* The next cell, row by row. */
void sheet_text(struct sheet *s, const char *text);
void sheet_number(struct sheet *s, double v);       /* three or four digits */
void sheet_count(struct sheet *s, double v);        /* 1234567, grouped in HTML */
void sheet_none(struct sheet *s);                   /* not measured, or not there */

void sheet_html(struct buf *b, const struct sheet *s);
/* A field of a CSV file, quoted where it has to be. */
void csv_field(struct buf *b, const char *text);
/* dir/name.csv: RFC 4180. */
int sheet_csv(const char *dir, const struct sheet *s, struct error *err);

#endif
