/* command.h - one blinkctl subcommand: a row, from which dispatch, --help, the man
 * page and the bash completion are made (cli/main.c, cli/doc.c). */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <json-c/json.h>

#include "blink/base/error.h"

/* Exit status of every command. */
enum {
	EXIT_GOOD = 0,          /* done, same, passed */
	EXIT_DIFFERENT = 1,     /* refused, different, regressed, failed */
	EXIT_USAGE = 2,
	EXIT_INCONCLUSIVE = 3,
	EXIT_LACKING = 77       /* the machine lacks what this needs */
};

struct cli_option {
	char letter;            /* 'o', or 0 */
	const char *name;       /* "output" */
	const char *value;      /* "FILE", NULL for a switch */
	const char *help;
};

/* What the parser found: option i of the row is opt[i] (NULL: absent; "" for a
 * present switch), then the operands. */
struct cli_args {
	const char *opt[32];
	int argc;               /* operands */
	char **argv;
	bool json;              /* --json, understood by every command */
};

struct cli_command {
	const char *name;       /* "capture" */
	const char *synopsis;   /* "[options] -o X.trace -- PROGRAM..." */
	const char *summary;    /* one line */
	const char *text;       /* paragraphs for the man page */
	const struct cli_option *options;   /* ends with a zero row */
	int min_args, max_args; /* operands; max -1: any number */
	int (*run)(const struct cli_args *args);   /* returns an exit status */
};

/* The table: defined in cli/commands.c, one extern row per cli/cmd_*.c. */
extern const struct cli_command *const cli_commands[];

/* "blinkctl: what: why (what to do)" on stderr; returns status. */
int cli_fail(int status, const struct error *err);
/* "blinkctl: COMMAND: why" on stderr, for options that do not go together and the like;
 * returns EXIT_USAGE. */
int cli_usage(const char *command, const char *why);
/* Prints j (and drops it): compact JSON with --json, a readable listing without. */
void cli_print(const struct cli_args *args, struct json_object *j);
/* Progress on stderr when it is a terminal; fraction < 0 clears the line. */
void cli_progress(const char *what, double fraction, const char *detail);
/* Numbers: false (and a message) on junk or out of range. */
bool cli_uint(const char *option, const char *text, unsigned long max, unsigned long *out);
/* A decimal number into *out, which stays as it is for NULL.  False, and no message, on junk
 * or beyond [least, most]. */
bool cli_number(const char *text, double least, double most, double *out);
/* The words of this process's command line as they were typed, the program by its name
 * alone (the parser puts args in another order), NULL behind the last; text holds them. */
void cli_words(const char **word, unsigned most, char *text, size_t size);
/* A range of frames, "A:B", either end may be left out: [*first, *end) within [0, count).
 * NULL stands for all of them.  False, and a message, otherwise. */
bool cli_frames(const char *text, uint32_t count, uint32_t *first, uint32_t *end);
/* Whether writing out would replace in, the same file; says so in *err. */
bool cli_replaces(const char *in, const char *out, struct error *err);

#endif
