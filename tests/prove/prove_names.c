/* prove_names.c - brace patterns of commands, as in the rows of the table. */
#include "tests/prove/prove.h"

#include <string.h>

/* Does pattern (up to its space) match the rest of name?  Alternatives are tried one
 * after the other; braces do not nest. */
static bool match(const char *p, const char *name)
{
	const char *close;

	for (; *p && *p != ' ' && *p != '{'; p++, name++)
		if (*p != *name)
			return false;
	if (*p != '{')
		return !*name;
	close = strchr(p, '}');
	if (!close)
		return false;
	while (p < close) {
		size_t n = strcspn(p + 1, ",}");

		if (strncmp(p + 1, name, n) == 0 && match(close + 1, name + n))
			return true;
		p += n + 1;
	}
	return false;
}

bool prove_names(const char *patterns, const char *command)
{
	if (strncmp(command, "gl", 2) == 0)
		command += 2;
	while (*patterns) {
		patterns += strspn(patterns, " ");
		if (*patterns && match(patterns, command))
			return true;
		patterns += strcspn(patterns, " ");
	}
	return false;
}
