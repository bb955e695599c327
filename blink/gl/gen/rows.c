/* rows.c - the row language of blink/gl/tables/: lines, columns, braces. */
#include "blink/gl/gen/gen.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void row_die(const struct row *row, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "gengl: %s:%d: ", row->file, row->line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/* A line with its continuations, comments cut; false at the end of the file. */
static bool read_line(FILE *f, struct buf *line, int *number)
{
	char *text = NULL;
	size_t cap = 0;
	bool more = true, any = false;

	buf_clear(line);
	while (more && getline(&text, &cap, f) >= 0) {
		char *hash = strchr(text, '#'), *s;
		size_t n;

		any = true;
		++*number;
		if (hash)
			*hash = 0;
		s = text_trim(text);
		n = strlen(s);
		more = n && s[n - 1] == '\\';
		if (more)
			s[--n] = ' ';
		buf_append(line, s, more ? n + 1 : n);
	}
	buf_append(line, "", 1);
	free(text);
	return any;
}

/* Columns end at '|'; "\|" stands for the character. */
static void split(struct row *row, char *text)
{
	char *to = text, *start = text;
	bool last = false;

	row->ncols = 0;
	memset(row->col, 0, sizeof(row->col));
	for (char *s = text; !last; s++) {
		if (*s == '\\' && s[1] == '|') {
			*to++ = *++s;
			continue;
		}
		last = !*s;
		if (*s != '|' && *s) {
			*to++ = *s;
			continue;
		}
		*to++ = 0;
		if (row->ncols == (int)(sizeof(row->col) / sizeof(*row->col)))
			row_die(row, "too many columns");
		start = text_trim(start);
		row->col[row->ncols++] = strcmp(start, "-") == 0 ? "" : text_copy(start);
		start = to;
	}
}

void rows_read(const char *path, void (*fn)(struct row *row))
{
	FILE *f = fopen(path, "r");
	const char *slash = strrchr(path, '/');
	struct row row = { .file = text_copy(slash ? slash + 1 : path) };
	struct buf line;
	int number = 0;

	if (!f)
		die("%s: %s", path, strerror(errno));
	buf_init(&line);
	while (read_line(f, &line, &number)) {
		if (!line.data[0])
			continue;
		row.line = number;
		split(&row, text_copy((char *)line.data));
		fn(&row);
	}
	buf_finish(&line);
	fclose(f);
}

static void expand(const char *done, const char *rest, char ***out, size_t *n)
{
	const char *open = strchr(rest, '{'), *close = open ? strchr(open, '}') : NULL;
	const char *s;

	if (!open || !close) {
		*out = grow(*out, *n, sizeof(**out));
		(*out)[(*n)++] = text_printf("%s%s", done, rest);
		return;
	}
	for (s = open; s < close;) {
		size_t len = strcspn(s + 1, ",}");

		expand(text_printf("%s%.*s%.*s", done, (int)(open - rest), rest, (int)len, s + 1),
		       close + 1, out, n);
		s += len + 1;
	}
}

char **names_expand(const char *pattern)
{
	char **v = NULL, *all = text_copy(pattern);
	size_t n = 0;

	for (char *s = strtok(all, " "); s; s = strtok(NULL, " "))
		expand("", s, &v, &n);
	v = grow(v, n, sizeof(*v));
	v[n] = NULL;
	return v;
}
