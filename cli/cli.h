/* cli.h - what main.c, options.c, print.c and doc.c share: the parser and the
 * documents made from the rows.  Subcommands need only command.h. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdio.h>

#include "cli/command.h"

#define BLINKCTL_VERSION "0.1.0"

/* The row of that name, NULL if there is none. */
const struct cli_command *command_find(const char *name);

/* Fills args from argv[0..argc) (argv[0] is the first word after the command) by the
 * row's options; operands are moved to the front of argv.  Returns 0, or 1 when --help
 * was asked for, or -EINVAL with the sentence. */
int options_parse(const struct cli_command *cmd, int argc, char **argv,
		  struct cli_args *args, struct error *err);

/* The options that every command understands (--help, --json); ends with a zero row. */
extern const struct cli_option options_common[];

/* Documents, all from the rows. */
void doc_usage(FILE *out);                                   /* blinkctl --help */
void doc_help(FILE *out, const struct cli_command *cmd);     /* blinkctl NAME --help */
void doc_man(FILE *out, const struct cli_command *cmd);      /* cmd NULL: blinkctl(1) */
void doc_completion(FILE *out);                              /* for bash */
struct json_object *doc_json(void);

#endif
