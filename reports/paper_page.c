/* paper_page.c - see paper_page.h. */
#include "reports/paper_page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SERIES_MAX 16u

static bool formats_ok(const char *formats)
{
	while (*formats) {
		size_t n = strcspn(formats, ",");

		if (n != 3 || (memcmp(formats, "svg", 3) && memcmp(formats, "pdf", 3) &&
			       memcmp(formats, "png", 3)))
			return false;
		formats += n + (formats[n] == ',');
	}
	return true;
}

void paper_page_begin(struct paper_page *p, const struct paper_options *opt, struct error *err)
{
	*p = (struct paper_page){ .opt = opt, .err = err };
	buf_init(&p->body);
	if (!formats_ok(opt->formats))
		p->rc = error_set(err, -EINVAL, "--format: '%s' is no list of svg, pdf, png",
				  opt->formats);
	else if (mkdir(opt->dir, 0777) < 0 && errno != EEXIST)
		p->rc = error_set(err, -errno, "%s: %s", opt->dir, strerror(errno));
}

void paper_page_machines(struct paper_page *p, const struct results *r)
{
	struct json_object *notes = json_object_new_array();

	for (size_t i = 1; i < r->count && !json_object_array_length(notes); i++)
		results_machines(&r->invocations[0], &r->invocations[i], notes);
	if (json_object_array_length(notes)) {
		buf_printf(&p->body, "<p class=\"note bad\">Measured on different machines: figures "
			   "of one say nothing about those of another (");
		html_text(&p->body, json_object_get_string(json_object_array_get_idx(notes, 0)));
		buf_printf(&p->body, ").</p>\n");
	}
	json_object_put(notes);
}

void paper_page_section(struct paper_page *p, const char *title, const char *lead)
{
	buf_printf(&p->body, "<section><h2>");
	html_text(&p->body, title);
	buf_printf(&p->body, "</h2><p class=note>");
	html_text(&p->body, lead);
	buf_printf(&p->body, "</p></section>\n");
}

/* As it was typed. */
static void command_html(struct buf *b, const struct results_invocation *inv)
{
	struct json_object *command = json_at(inv->json, "command");

	buf_printf(b, "<code>");
	for (size_t i = 0; command && i < json_object_array_length(command); i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(command, i));

		buf_printf(b, "%s", i ? " " : "");
		html_text(b, word ? word : "");
	}
	buf_printf(b, "</code>");
}

static void from_html(struct paper_page *p)
{
	if (!p->from || !json_at(p->from->json, "command"))
		return;
	buf_printf(&p->body, "<div class=how>");
	command_html(&p->body, p->from);
	buf_printf(&p->body, "</div>\n");
}

void paper_page_sheet(struct paper_page *p, struct sheet *s)
{
	if (p->rc == 0) {
		sheet_html(&p->body, s);
		from_html(p);
		p->rc = sheet_csv(p->opt->dir, s, p->err);
	}
	sheet_finish(s);
}

static void series_csv(struct paper_page *p, const char *name, const struct plot *plot)
{
	char path[4096];
	struct buf b;

	buf_init(&b);
	buf_printf(&b, "series,");
	csv_field(&b, plot->names ? "name" : plot->x_label);
	buf_printf(&b, ",");
	csv_field(&b, plot->y_label);
	buf_printf(&b, "\r\n");
	for (unsigned s = 0; s < plot->count; s++)
		for (size_t i = 0; i < plot->series[s].n; i++) {
			csv_field(&b, plot->series[s].title);
			buf_printf(&b, ",");
			if (plot->names)
				csv_field(&b, plot->names[i]);
			else
				buf_printf(&b, "%.9g", plot->series[s].x[i]);
			buf_printf(&b, ",%.9g\r\n", plot->series[s].y[i]);
		}
	snprintf(path, sizeof(path), "%s/%s.csv", p->opt->dir, name);
	p->rc = file_write(&b, path, p->err);
	buf_finish(&b);
}

void paper_page_figure(struct paper_page *p, const char *name, const char *title,
		       const char *note, const struct plot *given)
{
	struct plot_series kept[SERIES_MAX];
	struct plot plot = *given;
	const char *format = p->opt->formats;
	char path[4096];

	plot.series = kept;
	plot.count = 0;
	for (unsigned i = 0; i < given->count && plot.count < SERIES_MAX; i++)
		if (given->series[i].n)
			kept[plot.count++] = given->series[i];
	if (p->rc < 0)
		return;
	buf_printf(&p->body, "<figure class=plots id=\"");
	html_text(&p->body, name);
	buf_printf(&p->body, "\"><h3>");
	html_text(&p->body, title);
	buf_printf(&p->body, "</h3>");
	if (!plot.count) {
		buf_printf(&p->body, "<figcaption>Not drawn: the results hold no values for it."
			   "</figcaption></figure>\n");
		return;
	}
	p->rc = plot_svg(&p->body, &plot, p->err);
	buf_printf(&p->body, "<figcaption>");
	html_text(&p->body, note);
	buf_printf(&p->body, "</figcaption></figure>\n");
	from_html(p);
	if (p->rc == 0)
		series_csv(p, name, &plot);
	while (*format && p->rc == 0) {
		snprintf(path, sizeof(path), "%s/%s.%.3s", p->opt->dir, name, format);
		p->rc = plot_file(path, &plot, p->err);
		format += format[3] ? 4 : 3;
	}
}

void paper_page_key(struct paper_page *p, const char *title, const char *value,
		    const char *note)
{
	buf_printf(&p->body, "<li><h2>");
	html_text(&p->body, title);
	buf_printf(&p->body, "</h2><p class=big>");
	html_text(&p->body, value);
	buf_printf(&p->body, "</p><p>");
	html_text(&p->body, note);
	buf_printf(&p->body, "</p></li>\n");
}

static void environment_html(struct buf *b, struct json_object *inv)
{
	static const char *const keys[] = { "cpu", "processors", "kernel", "driver.renderer",
					    "driver.version", "counters", "governor", "load",
					    "revision", "date" };

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char path[64];
		struct json_object *v;

		snprintf(path, sizeof(path), "environment.%s", keys[i]);
		v = json_at(inv, path);
		if (!v)
			continue;
		buf_printf(b, "%s%s: ", i ? " \u00b7 " : "", keys[i]);
		html_text(b, json_object_get_string(v));
	}
}

void paper_page_command(struct paper_page *p, const struct results_invocation *inv)
{
	struct buf *b = &p->body;

	buf_printf(b, "<details><summary>");
	html_text(b, inv->suite);
	buf_printf(b, "</summary><dl><dt>Command</dt><dd>");
	command_html(b, inv);
	buf_printf(b, "</dd><dt>Measured on</dt><dd>");
	environment_html(b, inv->json);
	buf_printf(b, "</dd></dl></details>\n");
}

int paper_page_end(struct paper_page *p, const char *title, const char *lead)
{
	char path[4096];
	struct buf page;

	buf_init(&page);
	page_open(&page, title);
	buf_printf(&page, "<header><p class=brand>Blink</p><h1>");
	html_text(&page, title);
	buf_printf(&page, "</h1><p class=lead>");
	html_text(&page, lead);
	buf_printf(&page, "</p></header>\n");
	buf_append(&page, p->body.data, p->body.len);
	page_close(&page);
	if (p->rc == 0 && buf_failed(&p->body))
		p->rc = error_set(p->err, -ENOMEM, "report: out of memory");
	snprintf(path, sizeof(path), "%s/index.html", p->opt->dir);
	if (p->rc == 0)
		p->rc = file_write(&page, path, p->err);
	buf_finish(&page);
	buf_finish(&p->body);
	return p->rc;
}

void sheet_paper(struct sheet *s, const char *paper, const char *where, const char *of,
		 const char *quantity)
{
	struct paper_figure f;

	switch (paper_figure(paper, where, of, quantity, &f)) {
	case PAPER_KNOWN: sheet_number(s, f.v); break;
	case PAPER_BLANK: sheet_text(s, "not at hand"); break;
	default: sheet_none(s);
	}
}
