/* options.c - one parser for every command, driven by the rows of command.h.
 *
 * -o FILE, -oFILE, --output FILE, --output=FILE, switches alone or together (-ab);
 * options and operands may be mixed; "--" ends the options.  A value given twice is
 * refused: nobody can tell which was meant.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"

const struct cli_option options_common[] = {
	{ 'h', "help", NULL, "print this help" },
	{ 0, "json", NULL, "print the result as JSON on standard output" },
	{ 0 }
};

enum { OPTION_MAX = (int)(sizeof(((struct cli_args *)0)->opt) / sizeof(char *)) };

struct parse {
	const struct cli_command *cmd;
	struct cli_args *args;
	struct error *err;
	int argc, at;           /* words, the next one to be looked at */
	char **argv;
	bool help;
};

/* The option's place in rows, -1 if there is none of that letter or name. */
static int option_find(const struct cli_option *rows, char letter, const char *name, size_t len)
{
	for (int i = 0; rows && rows[i].name && i < OPTION_MAX; i++) {
		if (letter && rows[i].letter == letter)
			return i;
		if (name && strlen(rows[i].name) == len && !memcmp(rows[i].name, name, len))
			return i;
	}
	return -1;
}

static int usage_error(struct parse *p, const char *what, const char *why)
{
	return error_set(p->err, -EINVAL, "%s: %s: %s (blinkctl %s --help)",
			 p->cmd->name, what, why, p->cmd->name);
}

static void common_set(struct parse *p, int i)
{
	if (options_common[i].letter == 'h')
		p->help = true;
	else
		p->args->json = true;
}

/* Takes option i; value is what stood behind '=' or the letter, NULL if nothing. */
static int option_take(struct parse *p, int i, const char *word, const char *value)
{
	const struct cli_option *o = &p->cmd->options[i];

	if (!o->value) {
		if (value)
			return usage_error(p, word, "takes no value");
		value = "";
	} else if (!value) {
		if (p->at == p->argc)
			return usage_error(p, word, "needs a value");
		value = p->argv[p->at++];
	}
	if (o->value && !value[0])
		return usage_error(p, word, "its value is empty");
	if (o->value && p->args->opt[i])
		return usage_error(p, word, "is given twice");
	p->args->opt[i] = value;
	return 0;
}

static int long_take(struct parse *p, const char *word)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	int i = option_find(p->cmd->options, 0, name, len);

	if (i >= 0)
		return option_take(p, i, word, equals ? equals + 1 : NULL);
	i = option_find(options_common, 0, name, len);
	if (i < 0)
		return usage_error(p, word, "no such option");
	if (equals)
		return usage_error(p, word, "takes no value");
	common_set(p, i);
	return 0;
}

static int letters_take(struct parse *p, const char *word)
{
	for (const char *s = word + 1; *s; s++) {
		int i = option_find(p->cmd->options, *s, NULL, 0), r;

		if (i >= 0) {
			bool valued = p->cmd->options[i].value != NULL;

			r = option_take(p, i, word, valued && s[1] ? s + 1 : NULL);
			if (r || valued)
				return r;
			continue;
		}
		i = option_find(options_common, *s, NULL, 0);
		if (i < 0)
			return usage_error(p, word, "no such option");
		common_set(p, i);
	}
	return 0;
}

static int operands_check(struct parse *p)
{
	const struct cli_command *c = p->cmd;

	if (p->args->argc < c->min_args)
		return error_set(p->err, -EINVAL, "%s: an operand is missing (usage: blinkctl %s %s)",
				 c->name, c->name, c->synopsis);
	if (c->max_args >= 0 && p->args->argc > c->max_args)
		return usage_error(p, p->args->argv[c->max_args], "one operand too many");
	return 0;
}

int options_parse(const struct cli_command *cmd, int argc, char **argv,
		  struct cli_args *args, struct error *err)
{
	struct parse p = { .cmd = cmd, .args = args, .err = err, .argc = argc, .argv = argv };
	bool ended = false;
	int r = 0;

	memset(args, 0, sizeof(*args));
	args->argv = argv;
	while (p.at < argc && !r) {
		char *word = argv[p.at++];

		if (ended || word[0] != '-' || !word[1])
			argv[args->argc++] = word;
		else if (!strcmp(word, "--"))
			ended = true;
		else if (word[1] == '-')
			r = long_take(&p, word);
		else
			r = letters_take(&p, word);
	}
	if (r)
		return r;
	return p.help ? 1 : operands_check(&p);
}

bool cli_uint(const char *option, const char *text, unsigned long max, unsigned long *out)
{
	struct error err;
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || v > max) {
		error_set(&err, -EINVAL, "%s: '%s' is not a number from 0 to %lu", option, text, max);
		cli_fail(EXIT_USAGE, &err);
		return false;
	}
	*out = v;
	return true;
}

bool cli_number(const char *text, double least, double most, double *out)
{
	char *end;

	if (!text)
		return true;
	*out = strtod(text, &end);
	return end != text && !text[strspn(text, "0123456789.+-eE")] && !*end &&
	       *out >= least && *out <= most;
}

bool cli_frames(const char *text, uint32_t count, uint32_t *first, uint32_t *end)
{
	unsigned long a = 0, b = count;
	const char *colon = text ? strchr(text, ':') : NULL;
	char from[32] = "";
	struct error err;

	if (text && (!colon || (size_t)(colon - text) >= sizeof(from))) {
		error_set(&err, -EINVAL, "--frames: '%s' is not A:B (either may be left out)", text);
		cli_fail(EXIT_USAGE, &err);
		return false;
	}
	if (text)
		memcpy(from, text, (size_t)(colon - text));
	if (from[0] && !cli_uint("--frames", from, UINT32_MAX, &a))
		return false;
	if (text && colon[1] && !cli_uint("--frames", colon + 1, UINT32_MAX, &b))
		return false;
	if (text && (a >= b || b > count)) {
		error_set(&err, -ERANGE, "--frames %s: the file has frames 0:%u", text, count);
		cli_fail(EXIT_USAGE, &err);
		return false;
	}
	*first = (uint32_t)a;
	*end = (uint32_t)b;
	return true;
}

bool cli_replaces(const char *in, const char *out, struct error *err)
{
	struct stat a, b;

	if (stat(in, &a) || stat(out, &b) || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return false;
	error_set(err, -EINVAL, "%s: is the input, too (give the output another name)", out);
	return true;
}
