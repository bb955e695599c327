/* print.c - results and errors on the terminal.  A result is built once, as JSON; the
 * readable listing is a walk over it: objects as aligned "key  value" lines, arrays of
 * objects as tables, arrays of plain values on one line. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

enum { TABLE_COLUMNS = 32 };

static bool progress_shown;

int cli_fail(int status, const struct error *err)
{
	cli_progress(NULL, -1, NULL);
	fflush(stdout);
	fprintf(stderr, "blinkctl: %s\n", err->text);
	return status;
}

int cli_usage(const char *command, const char *why)
{
	struct error err;

	error_set(&err, -EINVAL, "%s: %s", command, why);
	return cli_fail(EXIT_USAGE, &err);
}

void cli_progress(const char *what, double fraction, const char *detail)
{
	static int terminal = -1;

	if (terminal < 0)
		terminal = isatty(STDERR_FILENO);
	if (!terminal)
		return;
	if (fraction < 0) {
		if (progress_shown)
			fputs("\r\033[K", stderr);
		progress_shown = false;
	} else {
		fprintf(stderr, "\r\033[K%s %3.0f %%%s%s", what, fraction * 100,
			detail ? "  " : "", detail ? detail : "");
		progress_shown = true;
	}
	fflush(stderr);
}

static bool is_container(struct json_object *j)
{
	return json_object_is_type(j, json_type_object) || json_object_is_type(j, json_type_array);
}

/* 1234567 reads better as 1,234,567.  buf holds 27 digits and signs. */
static const char *group_digits(int64_t v, char buf[32])
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%llu",
			 v < 0 ? 0ull - (unsigned long long)v : (unsigned long long)v);
	char *at = buf;

	if (v < 0)
		*at++ = '-';
	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = 0;
	return buf;
}

/* A plain value as text; buf is used when the value needs it. */
static const char *scalar_text(struct json_object *j, char buf[64])
{
	switch (json_object_get_type(j)) {
	case json_type_null:
		return "-";
	case json_type_boolean:
		return json_object_get_boolean(j) ? "yes" : "no";
	case json_type_int:
		return group_digits(json_object_get_int64(j), buf);
	case json_type_double:
		snprintf(buf, 64, "%.6g", json_object_get_double(j));
		return buf;
	default:
		return json_object_get_string(j);
	}
}

static void print_value(struct json_object *j, int indent);

/* Is j a non-empty array of objects that hold plain values only? */
static bool is_table(struct json_object *j)
{
	size_t n = json_object_array_length(j);

	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(j, i);

		if (!json_object_is_type(row, json_type_object) ||
		    json_object_object_length(row) > TABLE_COLUMNS)
			return false;
		json_object_object_foreach(row, key, v) {
			(void)key;
			if (is_container(v))
				return false;
		}
	}
	return n > 0;
}

struct table {
	const char *key[TABLE_COLUMNS];
	int width[TABLE_COLUMNS];
	bool number[TABLE_COLUMNS];
	int columns;
};

static int table_column(struct table *t, const char *key)
{
	for (int i = 0; i < t->columns; i++)
		if (!strcmp(t->key[i], key))
			return i;
	if (t->columns == TABLE_COLUMNS)
		return -1;
	t->key[t->columns] = key;
	t->width[t->columns] = (int)strlen(key);
	t->number[t->columns] = true;
	return t->columns++;
}

static void table_measure(struct table *t, struct json_object *rows)
{
	char buf[64];

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object_object_foreach(json_object_array_get_idx(rows, i), key, v) {
			int c = table_column(t, key), w;

			if (c < 0)
				continue;
			w = (int)strlen(scalar_text(v, buf));
			if (w > t->width[c])
				t->width[c] = w;
			if (json_object_is_type(v, json_type_string))
				t->number[c] = false;
		}
	}
}

static void table_cell(const struct table *t, int c, const char *text)
{
	if (t->number[c])
		printf("%*s", t->width[c], text);
	else if (c + 1 < t->columns)
		printf("%-*s", t->width[c], text);
	else
		fputs(text, stdout);
	fputs(c + 1 < t->columns ? "  " : "\n", stdout);
}

static void print_table(struct json_object *rows, int indent)
{
	struct table t = { .columns = 0 };
	char buf[64];

	table_measure(&t, rows);
	printf("%*s", indent, "");
	for (int c = 0; c < t.columns; c++)
		table_cell(&t, c, t.key[c]);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i), *v;

		printf("%*s", indent, "");
		for (int c = 0; c < t.columns; c++)
			table_cell(&t, c, json_object_object_get_ex(row, t.key[c], &v)
				   ? scalar_text(v, buf) : "");
	}
}

static void print_array(struct json_object *j, int indent)
{
	size_t n = json_object_array_length(j);

	if (is_table(j)) {
		print_table(j, indent);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct json_object *v = json_object_array_get_idx(j, i);

		if (is_container(v)) {
			print_value(v, indent);
			if (i + 1 < n)
				putchar('\n');
		} else {
			char buf[64];

			printf("%*s%s\n", indent, "", scalar_text(v, buf));
		}
	}
}

static bool is_plain_array(struct json_object *j)
{
	if (!json_object_is_type(j, json_type_array) || json_object_array_length(j) > 16)
		return false;
	for (size_t i = 0; i < json_object_array_length(j); i++)
		if (is_container(json_object_array_get_idx(j, i)))
			return false;
	return true;
}

static void print_plain_array(struct json_object *j)
{
	char buf[64];

	for (size_t i = 0; i < json_object_array_length(j); i++)
		printf("%s%s", i ? ", " : "",
		       scalar_text(json_object_array_get_idx(j, i), buf));
	puts(json_object_array_length(j) ? "" : "none");
}

static void print_object(struct json_object *j, int indent)
{
	int width = 0;

	json_object_object_foreach(j, name, value)
		if ((!is_container(value) || is_plain_array(value)) && (int)strlen(name) > width)
			width = (int)strlen(name);
	json_object_object_foreach(j, key, v) {
		char buf[64];

		if (is_plain_array(v)) {
			printf("%*s%-*s  ", indent, "", width, key);
			print_plain_array(v);
		} else if (is_container(v)) {
			printf("%*s%s\n", indent, "", key);
			print_value(v, indent + 2);
		} else {
			printf("%*s%-*s  %s\n", indent, "", width, key, scalar_text(v, buf));
		}
	}
}

static void print_value(struct json_object *j, int indent)
{
	char buf[64];

	if (json_object_is_type(j, json_type_object))
		print_object(j, indent);
	else if (json_object_is_type(j, json_type_array))
		print_array(j, indent);
	else
		printf("%*s%s\n", indent, "", scalar_text(j, buf));
}

void cli_print(const struct cli_args *args, struct json_object *j)
{
	cli_progress(NULL, -1, NULL);
	if (args->json)
		puts(json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		print_value(j, 0);
	json_object_put(j);
}
