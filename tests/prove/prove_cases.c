/* prove_cases.c - reads the generator table, tests/prove/cases*.tbl. */
#include "tests/prove/prove.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/base/buf.h"

#define CASES 1024
#define WORDS 64
#define COLUMNS 5

struct prove_case prove_cases[CASES];
unsigned prove_case_count;

static struct { char *name, *text; } words[WORDS];
static unsigned nwords;

static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	for (n = strlen(s); n && isspace((unsigned char)s[n - 1]); n--)
		s[n - 1] = 0;
	return s;
}

/* A line with its continuations; false at the end of the file. */
static bool line_read(FILE *f, struct buf *out, unsigned *number)
{
	char *text = NULL, *s;
	bool any = false, more = true;
	size_t cap = 0, n;

	buf_clear(out);
	while (more && getline(&text, &cap, f) >= 0) {
		any = true;
		++*number;
		s = trim(text);
		n = strlen(s);
		more = n && s[n - 1] == '\\';
		buf_append(out, s, more ? n - 1 : n);
	}
	buf_append(out, "", 1);
	free(text);
	return any;
}

static bool word_define(char *line)
{
	char *eq = strchr(line, '=');

	if (!eq || nwords == WORDS)
		return false;
	*eq = 0;
	words[nwords].name = strdup(trim(line + 1));
	words[nwords].text = strdup(trim(eq + 1));
	nwords++;
	return true;
}

/* $WORD is replaced by its text; NULL if there is none of that name. */
static char *words_replace(const char *s)
{
	struct buf out;
	char *text;

	buf_init(&out);
	while (*s) {
		size_t n = strcspn(s, "$"), len;
		unsigned i;

		buf_append(&out, s, n);
		s += n;
		if (!*s)
			break;
		len = strspn(s + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
		for (i = 0; i < nwords; i++)
			if (strlen(words[i].name) == len && memcmp(words[i].name, s + 1, len) == 0)
				break;
		if (i == nwords)
			return NULL;
		buf_append(&out, words[i].text, strlen(words[i].text));
		s += len + 1;
	}
	buf_append(&out, "", 1);
	text = strdup((char *)out.data);
	buf_finish(&out);
	return text;
}

static bool case_add(char *line)
{
	struct prove_case *c = &prove_cases[prove_case_count];
	const char *col[COLUMNS] = { "", "", "", "", "" };
	char *rest = line;

	if (prove_case_count == CASES)
		return false;
	for (unsigned i = 0; i < COLUMNS && rest; i++) {
		char *s = trim(strsep(&rest, "|"));

		col[i] = strcmp(s, "-") == 0 ? "" : words_replace(s);
		if (!col[i])
			return false;
	}
	if (rest)
		return false;
	*c = (struct prove_case){ col[0], col[1], col[2], col[3], col[4] };
	prove_case_count++;
	return true;
}

static int file_read(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned number = 0;
	struct buf line;
	int status = 0;

	if (!f) {
		fprintf(stderr, "prove: %s: %s\n", path, strerror(errno));
		return 1;
	}
	buf_init(&line);
	while (!status && line_read(f, &line, &number)) {
		char *s = (char *)line.data;

		if (!*s || *s == '#')
			continue;
		if (*s == '$' ? !word_define(s) : !case_add(s)) {
			fprintf(stderr, "prove: %s:%u: not understood\n", path, number);
			status = 1;
		}
	}
	buf_finish(&line);
	fclose(f);
	return status;
}

int prove_cases_read(void)
{
	return file_read("tests/prove/cases.tbl") || file_read("tests/prove/cases_objects.tbl");
}
