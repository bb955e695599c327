/* sheet.c - see sheet.h. */
#include "reports/sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/page.h"

void sheet_init(struct sheet *s, const char *name, const char *title, const char *note,
		const char *const *heads)
{
	*s = (struct sheet){ .title = title, .note = note };
	snprintf(s->name, sizeof(s->name), "%s", name);
	buf_init(&s->cells);
	while (heads[s->columns])
		sheet_text(s, heads[s->columns++]);
}

void sheet_finish(struct sheet *s)
{
	buf_finish(&s->cells);
}

void sheet_text(struct sheet *s, const char *text)
{
	buf_append(&s->cells, text, strlen(text) + 1);
	s->count++;
}

void sheet_number(struct sheet *s, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.*f", fabs(v) >= 100 ? 0 : fabs(v) >= 10 ? 1 :
		 fabs(v) >= 1 || v == 0 ? 2 : 4, v);
	sheet_text(s, text);
}

void sheet_count(struct sheet *s, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.0f", v);
	sheet_text(s, text);
}

void sheet_none(struct sheet *s)
{
	sheet_text(s, "");
}

/* 1234567 as 1,234,567; anything else as it is. */
static void cell_html(struct buf *b, const char *text)
{
	size_t n = strlen(text);

	if (n > 3 && strspn(text, "0123456789") == n)
		html_count(b, strtod(text, NULL));
	else
		html_text(b, n ? text : "\u2013");
}

void sheet_html(struct buf *b, const struct sheet *s)
{
	const char *at = (const char *)s->cells.data;

	if (buf_failed(&s->cells))
		return;
	buf_printf(b, "<figure id=\"%s\"><h3>", s->name);
	html_text(b, s->title);
	buf_printf(b, "</h3><div class=scroll><table><thead>");
	for (unsigned i = 0; i < s->count; i++, at += strlen(at) + 1) {
		const char *cell = i < s->columns || i % s->columns == 0 ? "th" : "td";

		if (i % s->columns == 0)
			buf_printf(b, "%s<tr>", i == s->columns ? "</thead><tbody>" : "");
		buf_printf(b, "<%s>", cell);
		if (*at || i >= s->columns)
			cell_html(b, at);
		buf_printf(b, "</%s>%s", cell, (i + 1) % s->columns ? "" : "</tr>\n");
	}
	buf_printf(b, "</tbody></table></div>");
	if (s->note) {
		buf_printf(b, "<figcaption>");
		html_text(b, s->note);
		buf_printf(b, "</figcaption>");
	}
	buf_printf(b, "</figure>\n");
}

void csv_field(struct buf *b, const char *text)
{
	bool quote = strpbrk(text, ",\"\r\n") != NULL;

	buf_printf(b, quote ? "\"" : "");
	for (; *text; text++)
		buf_append(b, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
	buf_printf(b, quote ? "\"" : "");
}

int sheet_csv(const char *dir, const struct sheet *s, struct error *err)
{
	const char *at = (const char *)s->cells.data;
	char path[4096];
	struct buf b;
	int rc;

	buf_init(&b);
	for (unsigned i = 0; i < s->count && !buf_failed(&s->cells); i++, at += strlen(at) + 1) {
		csv_field(&b, at);
		buf_printf(&b, (i + 1) % s->columns ? "," : "\r\n");
	}
	snprintf(path, sizeof(path), "%s/%s.csv", dir, s->name);
	rc = file_write(&b, path, err);
	buf_finish(&b);
	return rc;
}
