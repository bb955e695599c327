/* paper.c - the papers' own figures.  The data files become part of the program, so that
 * an installed one has them: see the Makefile. */
#include "reports/paper.h"

#include <stdlib.h>
#include <string.h>

#include "paper_figures.gen.h"

enum { WHERE, PAGE, CASE, QUANTITY, VALUE, FIELDS };

/* Copies of the first FIELDS fields of a line. */
static bool line_split(const char *line, char field[FIELDS][64])
{
	size_t length = strcspn(line, "\n"), at = 0;

	for (unsigned i = 0; i < FIELDS; i++) {
		size_t n = strcspn(line + at, "\t\n");

		if (n >= sizeof(field[i]) || at > length)
			return false;
		memcpy(field[i], line + at, n);
		field[i][n] = 0;
		at += n + 1;
	}
	return true;
}

enum paper_known paper_figure(const char *paper, const char *where, const char *of,
			      const char *quantity, struct paper_figure *out)
{
	static char field[FIELDS][64];
	const char *text = "";

	for (unsigned i = 0; i < sizeof(papers) / sizeof(papers[0]); i++)
		if (!strcmp(papers[i].name, paper))
			text = papers[i].text;
	*out = (struct paper_figure){ .page = "-" };
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (*text == '#' || !line_split(text, field) || strcmp(field[WHERE], where) ||
		    strcmp(field[CASE], of) || strcmp(field[QUANTITY], quantity))
			continue;
		out->page = field[PAGE];
		if (!strcmp(field[VALUE], "-"))
			return PAPER_BLANK;
		out->v = strtod(field[VALUE], NULL);
		return PAPER_KNOWN;
	}
	return PAPER_ABSENT;
}
