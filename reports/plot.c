/* plot.c - plots by gnuplot, as SVG that sits in the page: no background, text and
 * grid in a grey that reads on light and dark. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reports/page.h"

#define INK "#7d8793"

static void series_write(FILE *f, const struct plot *p)
{
	for (unsigned s = 0; s < p->count; s++) {
		const struct plot_series *ps = &p->series[s];

		fprintf(f, "$d%u << END\n", s);
		for (size_t i = 0; i < ps->n; i++) {
			double base = 0;

			/* a band lies on the bands before it */
			for (unsigned below = 0; p->stacked && below < s; below++)
				base += i < p->series[below].n ? p->series[below].y[i] : 0;
			fprintf(f, "%g %g %g\n", ps->x[i], base, base + ps->y[i]);
		}
		fputs("END\n", f);
	}
}

/* gnuplot text in single quotes: nothing in it is special but the quote itself. */
static void quoted(FILE *f, const char *text)
{
	fputc('\'', f);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', f);
		fputc(*text == '\n' ? ' ' : *text, f);
	}
	fputc('\'', f);
}

static void terminal_write(FILE *f, const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".pdf"))
		fprintf(f, "set terminal pdfcairo noenhanced size 16cm,7cm font 'sans,9'\n");
	else if (dot && !strcmp(dot, ".png"))
		fprintf(f, "set terminal pngcairo noenhanced size 1200,520 font 'sans,13'\n");
	else
		fprintf(f, "set terminal svg noenhanced size 920,320 dynamic "
			"font 'system-ui,sans-serif,13'\n");
	fprintf(f, "set output ");
	quoted(f, path);
	fputc('\n', f);
}

static void series_draw(FILE *f, const struct plot *p, unsigned s)
{
	const struct plot_series *ps = &p->series[s];

	if (p->names)
		fprintf(f, "$d%u using 1:3 with boxes fc rgb '%s' fs solid 0.85 noborder title ",
			s, ps->color);
	else if (p->stacked)
		fprintf(f, "%s$d%u using 1:2:3 with filledcurves fc rgb '%s' "
			"fs solid 0.85 noborder title ", s ? ", " : "", s, ps->color);
	else
		fprintf(f, "%s$d%u using 1:3 with %s lw 1.6 lc rgb '%s' title ", s ? ", " : "", s,
			p->points ? "linespoints pt 7 ps 0.5" : "lines", ps->color);
	quoted(f, ps->title);
}

/* Bars stand beside their names, which lie on their sides. */
static void names_write(FILE *f, const struct plot *p)
{
	fputs("set boxwidth 0.7\nset xrange [-0.6:*]\nset offsets 0,0.6,0,0\nset xtics rotate by -30 (", f);
	for (size_t i = 0; p->count && i < p->series[0].n; i++) {
		fputs(i ? ", " : "", f);
		quoted(f, p->names[i]);
		fprintf(f, " %zu", i);
	}
	fputs(")\n", f);
}

static void script_write(FILE *f, const struct plot *p, const char *path)
{
	terminal_write(f, path);
	fprintf(f, "set border 3 lc rgb '" INK "'\nset tics nomirror tc rgb '" INK "'\n"
		"set grid ytics lc rgb '" INK "' lw 0.4 dt 3\n"
		"set key outside top center horizontal tc rgb '" INK "' reverse Left\n"
		/* the first frame uploads everything: others must not drown in it */
		"%s\nset autoscale xfix\nset xlabel ",
		p->stacked || p->linear ? "set yrange [0:*]" : "set logscale y");
	quoted(f, p->x_label);
	fprintf(f, " tc rgb '" INK "'\nset ylabel ");
	quoted(f, p->y_label);
	fprintf(f, " tc rgb '" INK "'\n");
	if (p->names)
		names_write(f, p);
	series_write(f, p);
	fputs("plot ", f);
	for (unsigned s = 0; s < p->count; s++)
		series_draw(f, p, s);
	fputc('\n', f);
}

/* From the <svg> element on: the XML declaration has no place inside HTML. */
static int svg_take(struct buf *b, const char *path, struct error *err)
{
	struct buf svg;
	char *start;
	int r;

	buf_init(&svg);
	r = file_append(&svg, path, err);
	if (r >= 0) {
		buf_append(&svg, "", 1);
		start = buf_failed(&svg) ? NULL : strstr((char *)svg.data, "<svg");
		if (start)
			buf_append(b, start, strlen(start));
		else
			r = error_set(err, -EIO, "gnuplot: drew nothing");
	}
	buf_finish(&svg);
	return r;
}

/* gnuplot reads a file and not a pipe: it may be missing, and a write to a pipe that
 * nobody reads ends the program. */
static int gnuplot_run(const char *script, const struct plot *p, const char *path,
		       struct error *err)
{
	char command[128];
	FILE *f = fopen(script, "w");
	int status;

	if (!f)
		return error_set(err, -errno, "%s: %s", script, strerror(errno));
	script_write(f, p, path);
	if (fclose(f))
		return error_set(err, -EIO, "%s: could not be written", script);
	snprintf(command, sizeof(command), "gnuplot %s >/dev/null 2>&1", script);
	status = system(command);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(err, -ENODEV, "gnuplot: not found (package gnuplot-nox)");
	if (status)
		return error_set(err, -EIO, "gnuplot: failed with status %d", status);
	return 0;
}

int plot_file(const char *path, const struct plot *p, struct error *err)
{
	char script[] = "/tmp/blink-plot-XXXXXX";
	int fd = mkstemp(script), r;

	if (fd < 0)
		return error_set(err, -errno, "/tmp: no temporary file: %s", strerror(errno));
	close(fd);
	r = gnuplot_run(script, p, path, err);
	unlink(script);
	return r;
}

int plot_svg(struct buf *b, const struct plot *p, struct error *err)
{
	char path[] = "/tmp/blink-plot-XXXXXX", script[sizeof(path) + 8];
	int fd = mkstemp(path), r;

	if (fd < 0)
		return error_set(err, -errno, "/tmp: no temporary file: %s", strerror(errno));
	close(fd);
	snprintf(script, sizeof(script), "%s.script", path);
	r = gnuplot_run(script, p, path, err);
	if (r >= 0)
		r = svg_take(b, path, err);
	unlink(script);
	unlink(path);
	return r;
}
