/* doc.c - help, man pages, bash completion and the JSON description, all walks over
 * the rows, so that they cannot disagree.
 *
 * A row's text is paragraphs parted by empty lines; a paragraph whose lines begin
 * with a blank is an example and is printed as it stands.
 */
#include <ctype.h>
#include <string.h>

#include "cli/cli.h"

enum { HELP_WIDTH = 78, OPTION_COLUMN = 26 };

/* -- help ---------------------------------------------------------------- */

/* Words of [s, end) wrapped to the width, continuation lines at indent; the caller
 * has printed up to column. */
static void wrap_words(FILE *out, const char *s, const char *end, int indent, int column)
{
	bool first = true;

	while (s < end) {
		const char *word;
		int len;

		while (s < end && isspace((unsigned char)*s))
			s++;
		for (word = s; s < end && !isspace((unsigned char)*s); s++)
			;
		len = (int)(s - word);
		if (!len)
			break;
		if (!first && column + 1 + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
			first = true;
		}
		fprintf(out, "%s%.*s", first ? "" : " ", len, word);
		column += len + (first ? 0 : 1);
		first = false;
	}
	fputc('\n', out);
}

/* The end of the paragraph that starts at s; *next is where the following one does. */
static const char *paragraph_end(const char *s, const char **next)
{
	const char *end = strstr(s, "\n\n");

	if (!end)
		end = s + strlen(s);
	for (*next = end; **next == '\n'; (*next)++)
		;
	return end;
}

static void help_text(FILE *out, const char *text)
{
	const char *next;

	for (const char *s = text; s && *s; s = next) {
		const char *end = paragraph_end(s, &next);

		fputc('\n', out);
		if (isblank((unsigned char)*s))
			fprintf(out, "%.*s\n", (int)(end - s), s);
		else
			wrap_words(out, s, end, 0, 0);
	}
}

static void help_options(FILE *out, const struct cli_option *o)
{
	for (; o && o->name; o++) {
		int n = o->letter ? fprintf(out, "  -%c, ", o->letter) : fprintf(out, "      ");

		n += fprintf(out, "--%s", o->name);
		if (o->value)
			n += fprintf(out, " %s", o->value);
		if (n + 2 > OPTION_COLUMN) {
			fputc('\n', out);
			n = 0;
		}
		fprintf(out, "%*s", OPTION_COLUMN - n, "");
		wrap_words(out, o->help, o->help + strlen(o->help), OPTION_COLUMN, OPTION_COLUMN);
	}
}

void doc_help(FILE *out, const struct cli_command *cmd)
{
	fprintf(out, "usage: blinkctl %s%s%s\n\n", cmd->name, *cmd->synopsis ? " " : "", cmd->synopsis);
	wrap_words(out, cmd->summary, cmd->summary + strlen(cmd->summary), 0, 0);
	help_text(out, cmd->text);
	fputs("\noptions:\n", out);
	help_options(out, cmd->options);
	help_options(out, options_common);
}

void doc_usage(FILE *out)
{
	fputs("usage: blinkctl COMMAND [options] [operands]\n\n"
	      "From a real game's OpenGL to verified stored procedures and back to pixels.\n\n"
	      "commands:\n", out);
	for (size_t i = 0; cli_commands[i]; i++)
		fprintf(out, "  %-10s  %s\n", cli_commands[i]->name, cli_commands[i]->summary);
	fputs("\nblinkctl COMMAND --help tells more; every command understands --json.\n"
	      "Exit status: 0 good; 1 refused, different or failed; 2 usage; 3 inconclusive;\n"
	      "77 the machine lacks what this needs.\n", out);
}

/* -- man ----------------------------------------------------------------- */

static void roff_range(FILE *out, const char *s, const char *end)
{
	bool line_start = true;

	for (; s < end; s++) {
		if (line_start && (*s == '.' || *s == '\''))
			fputs("\\&", out);
		line_start = *s == '\n';
		if (*s == '\\')
			fputs("\\e", out);
		else if (*s == '-')
			fputs("\\-", out);
		else if (*s == '~')
			fputs("\\(ti", out);
		else if (*s == '^')
			fputs("\\(ha", out);
		else
			fputc(*s, out);
	}
}

static void roff(FILE *out, const char *s)
{
	roff_range(out, s, s + strlen(s));
}

static void man_text(FILE *out, const char *text)
{
	const char *next;

	for (const char *s = text; s && *s; s = next) {
		const char *end = paragraph_end(s, &next);
		bool example = isblank((unsigned char)*s);

		fputs(example ? ".PP\n.EX\n" : ".PP\n", out);
		roff_range(out, s, end);
		fputs(example ? "\n.EE\n" : "\n", out);
	}
}

static void man_options(FILE *out, const struct cli_option *o)
{
	for (; o && o->name; o++) {
		fputs(".TP\n.B ", out);
		if (o->letter)
			fprintf(out, "\\-%c\\fR, \\fB", o->letter);
		fputs("\\-\\-", out);
		roff(out, o->name);
		if (o->value) {
			fputs("\\fR \\fI", out);
			roff(out, o->value);
		}
		fputs("\\fR\n", out);
		roff(out, o->help);
		fputc('\n', out);
	}
}

static void man_exit_status(FILE *out)
{
	fputs(".SH EXIT STATUS\n"
	      ".TP\n0\nDone; same; passed.\n"
	      ".TP\n1\nRefused, different, regressed or failed.\n"
	      ".TP\n2\nWrong usage.\n"
	      ".TP\n3\nInconclusive.\n"
	      ".TP\n77\nThe machine lacks what this needs; the message names the package or device.\n",
	      out);
}

static void man_overview(FILE *out)
{
	fputs(".TH BLINKCTL 1 \"\" \"blink " BLINKCTL_VERSION "\" \"Blink\"\n"
	      ".SH NAME\nblinkctl \\- capture, convert, verify, replay and measure OpenGL\n"
	      ".SH SYNOPSIS\n.B blinkctl\n.I COMMAND\n[options] [operands]\n"
	      ".SH DESCRIPTION\n"
	      "Turns a real program's OpenGL into small verified programs, stored procedures,\n"
	      "and runs them through an interpreter or a JIT.\n"
	      ".SH COMMANDS\n", out);
	for (size_t i = 0; cli_commands[i]; i++) {
		fputs(".TP\n.BR blinkctl\\-", out);
		roff(out, cli_commands[i]->name);
		fputs(" (1)\n", out);
		roff(out, cli_commands[i]->summary);
		fputc('\n', out);
	}
	man_exit_status(out);
}

void doc_man(FILE *out, const struct cli_command *cmd)
{
	if (!cmd) {
		man_overview(out);
		return;
	}
	fputs(".TH BLINKCTL\\-", out);
	for (const char *s = cmd->name; *s; s++)
		fputc(toupper((unsigned char)*s), out);
	fputs(" 1 \"\" \"blink " BLINKCTL_VERSION "\" \"Blink\"\n.SH NAME\nblinkctl\\-", out);
	roff(out, cmd->name);
	fputs(" \\- ", out);
	roff(out, cmd->summary);
	fputs("\n.SH SYNOPSIS\n.B blinkctl ", out);
	roff(out, cmd->name);
	fputs("\\fR ", out);
	roff(out, cmd->synopsis);
	fputs("\n.SH DESCRIPTION\n", out);
	man_text(out, cmd->text && *cmd->text ? cmd->text : cmd->summary);
	fputs(".SH OPTIONS\n", out);
	man_options(out, cmd->options);
	man_options(out, options_common);
	man_exit_status(out);
	fputs(".SH SEE ALSO\n.BR blinkctl (1)\n", out);
}

/* -- bash completion ----------------------------------------------------- */

static void completion_words(FILE *out, const struct cli_option *o)
{
	for (; o && o->name; o++) {
		if (o->letter)
			fprintf(out, " -%c", o->letter);
		fprintf(out, " --%s", o->name);
	}
}

/* What may stand behind an option: the alternatives of "a|b", folders, or files. */
static void completion_values(FILE *out, const struct cli_command *cmd)
{
	for (const struct cli_option *o = cmd->options; o && o->name; o++) {
		if (!o->value)
			continue;
		fprintf(out, "\t%s:--%s", cmd->name, o->name);
		if (o->letter)
			fprintf(out, "|%s:-%c", cmd->name, o->letter);
		if (strchr(o->value, '|')) {
			fputs(") COMPREPLY=($(compgen -W '", out);
			for (const char *s = o->value; *s; s++)
				fputc(*s == '|' ? ' ' : *s, out);
			fputs("' -- \"$cur\")); return ;;\n", out);
		} else {
			fprintf(out, ") COMPREPLY=($(compgen -%c -- \"$cur\")); return ;;\n",
				strcmp(o->value, "DIR") ? 'f' : 'd');
		}
	}
}

void doc_completion(FILE *out)
{
	fputs("# bash completion for blinkctl, made by \"blinkctl help --completion\"\n"
	      "_blinkctl()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal cmd=${COMP_WORDS[1]} words\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tCOMPREPLY=($(compgen -W '", out);
	for (size_t i = 0; cli_commands[i]; i++)
		fprintf(out, "%s ", cli_commands[i]->name);
	fputs("--help --version' -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase $cmd:$prev in\n", out);
	for (size_t i = 0; cli_commands[i]; i++)
		completion_values(out, cli_commands[i]);
	fputs("\thelp:help) ;;\n\tesac\n\tcase $cmd in\n", out);
	for (size_t i = 0; cli_commands[i]; i++) {
		fprintf(out, "\t%s) words='", cli_commands[i]->name);
		completion_words(out, cli_commands[i]->options);
		completion_words(out, options_common);
		fputs("' ;;\n", out);
	}
	fputs("\t*) return ;;\n\tesac\n"
	      "\tcase $cur in\n"
	      "\t-*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
	      "\t*) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
	      "\tesac\n}\n"
	      "complete -o filenames -F _blinkctl blinkctl\n", out);
}

/* -- JSON ---------------------------------------------------------------- */

static struct json_object *json_options(const struct cli_option *o)
{
	struct json_object *list = json_object_new_array();

	for (; o && o->name; o++) {
		struct json_object *j = json_object_new_object();
		char letter[2] = { o->letter, 0 };

		json_object_object_add(j, "name", json_object_new_string(o->name));
		json_object_object_add(j, "letter", o->letter ? json_object_new_string(letter) : NULL);
		json_object_object_add(j, "value", o->value ? json_object_new_string(o->value) : NULL);
		json_object_object_add(j, "help", json_object_new_string(o->help));
		json_object_array_add(list, j);
	}
	return list;
}

struct json_object *doc_json(void)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; cli_commands[i]; i++) {
		const struct cli_command *c = cli_commands[i];
		struct json_object *j = json_object_new_object();

		json_object_object_add(j, "name", json_object_new_string(c->name));
		json_object_object_add(j, "synopsis", json_object_new_string(c->synopsis));
		json_object_object_add(j, "summary", json_object_new_string(c->summary));
		json_object_object_add(j, "text", json_object_new_string(c->text ? c->text : ""));
		json_object_object_add(j, "options", json_options(c->options));
		json_object_array_add(list, j);
	}
	return list;
}
