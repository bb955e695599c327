/* bench_lines.c - lines of code of each part of record, prune, replay and restart,
 * counted from the source tree.
 *
 * A line counts when something other than blanks and comments stands on it: C's two
 * kinds of comment, and '#' in tables.  A part is a row of patterns; a file belongs to
 * the first row that names it.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit-bench/environment.h"
#include "jit-bench/sample.h"

static const struct { const char *part, *patterns[6]; } parts[] = {
	{ "recorder library", { "capture/record/lib/*.[ch]", "capture/record/*.h",
				"blink/gl/gen/recorder*.c" } },
	{ "recording to .blink", { "capture/recording*.[ch]", "capture/conv*.[ch]",
				   "capture/run_record.[ch]" } },
	{ "pruner", { "blink/log/prune*.[ch]" } },
	{ "checkpoint and restart", { "replay/checkpoint*.[ch]", "cli/cmd_checkpoint.c",
				      "cli/cmd_restart.c" } },
	{ "replay", { "replay/player.[ch]", "replay/stream.[ch]" } },
	{ "OpenGL's effects, as tables", { "blink/gl/tables/*.tbl" } },
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

struct state { bool comment, code; char quote; };

/* One character of C with the next one; true: the next is used up, too. */
static bool c_step(struct state *s, char c, char next)
{
	if (s->comment) {
		s->comment = !(c == '*' && next == '/');
		return !s->comment;
	}
	if (s->quote) {
		s->code = true;
		if (c == s->quote)
			s->quote = 0;
		return c == '\\' && next != '\n';
	}
	if (c == '/' && next == '*') {
		s->comment = true;
		return true;
	}
	if (c == '"' || c == '\'')
		s->quote = c;
	s->code |= c != ' ' && c != '\t' && c != '\r' && c != '\f';
	return false;
}

static unsigned c_lines(const char *text)
{
	struct state s = { .code = false };
	unsigned lines = 0;

	for (; *text; text++) {
		if (*text == '\n') {
			lines += s.code;
			s.code = false;
			s.quote = 0;
		} else if (!s.comment && !s.quote && text[0] == '/' && text[1] == '/') {
			text += strcspn(text, "\n") - 1;
		} else if (c_step(&s, text[0], text[1])) {
			text++;
		}
	}
	return lines + s.code;
}

static unsigned table_lines(const char *text)
{
	unsigned lines = 0;

	while (*text) {
		const char *first = text + strspn(text, " \t\r");

		lines += *first && *first != '\n' && *first != '#';
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return lines;
}

static int file_lines(const char *path, unsigned *lines, struct error *err)
{
	FILE *f = fopen(path, "r");
	size_t n = strlen(path), len = 0, size = 0;
	char *text = NULL;
	ssize_t got;

	if (!f)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	got = getdelim(&text, &size, 0, f);          /* no zero in it: all of it */
	len = got > 0 ? (size_t)got : 0;
	fclose(f);
	if (len)
		*lines += n > 4 && !strcmp(path + n - 4, ".tbl") ? table_lines(text)
								 : c_lines(text);
	free(text);
	return 0;
}

static int part_lines(const char *tree, unsigned part, unsigned *lines, unsigned *files,
		      struct error *err)
{
	int rc = 0;

	for (unsigned i = 0; i < 6 && parts[part].patterns[i] && rc == 0; i++) {
		char pattern[4096];
		glob_t g = { 0 };

		snprintf(pattern, sizeof(pattern), "%s/%s", tree, parts[part].patterns[i]);
		if (glob(pattern, 0, NULL, &g) == 0)
			for (size_t k = 0; k < g.gl_pathc && rc == 0; k++, ++*files)
				rc = file_lines(g.gl_pathv[k], lines, err);
		globfree(&g);
	}
	return rc;
}

struct json_object *bench_lines(const char *tree, struct error *err)
{
	struct json_object *j = json_object_new_object(), *rows = json_object_new_array();
	struct json_object *metrics = json_object_new_array();
	unsigned all = 0;
	int rc = 0;

	for (unsigned i = 0; i < PARTS && rc == 0; i++) {
		struct json_object *row = json_object_new_object();
		unsigned lines = 0, files = 0;

		rc = part_lines(tree, i, &lines, &files, err);
		json_object_object_add(row, "part", json_object_new_string(parts[i].part));
		json_object_object_add(row, "files", json_object_new_int((int)files));
		json_object_object_add(row, "lines", json_object_new_int((int)lines));
		json_object_array_add(rows, row);
		json_object_array_add(metrics, metric_count_json(parts[i].part, "lines", "lines",
								 "lower", lines));
		all += lines;
	}
	if (rc == 0 && !all)
		rc = error_set(err, -ENOENT, "%s: not the source tree (none of the parts is there)",
			       tree);
	json_object_object_add(j, "suite", json_object_new_string("lines"));
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "parts", rows);
	json_object_object_add(j, "all_lines", json_object_new_int((int)all));
	json_object_object_add(j, "metrics", metrics);
	if (rc == 0)
		return j;
	json_object_put(j);
	return NULL;
}
