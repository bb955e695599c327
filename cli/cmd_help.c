/* cmd_help.c - blinkctl help: what the rows say, as text, man page, completion, JSON. */
#include <errno.h>

#include "cli/cli.h"

enum { OPT_MAN, OPT_COMPLETION };

static const struct cli_option options[] = {
	[OPT_MAN] = { 'm', "man", NULL, "print the man page (roff) instead" },
	[OPT_COMPLETION] = { 0, "completion", NULL, "print the completion script for bash" },
	{ 0 }
};

static int help_run(const struct cli_args *args)
{
	const struct cli_command *cmd = NULL;
	struct error err;

	if (args->argc) {
		cmd = command_find(args->argv[0]);
		if (!cmd) {
			error_set(&err, -ENOENT, "help: no command '%s' (blinkctl --help lists them)",
				  args->argv[0]);
			return cli_fail(EXIT_USAGE, &err);
		}
	}
	if (args->json)
		cli_print(args, doc_json());
	else if (args->opt[OPT_COMPLETION])
		doc_completion(stdout);
	else if (args->opt[OPT_MAN])
		doc_man(stdout, cmd);
	else if (cmd)
		doc_help(stdout, cmd);
	else
		doc_usage(stdout);
	return EXIT_GOOD;
}

const struct cli_command cmd_help = {
	.name = "help",
	.synopsis = "[--man | --completion] [COMMAND]",
	.summary = "explain a command, or print its man page or the bash completion",
	.text =
		"Without an operand, lists the commands. With --json, prints every command with "
		"its options.\n\n"
		"The man pages and the completion script that make install puts in place are "
		"what this command prints:\n\n"
		"  blinkctl help --man convert | man -l -\n"
		"  source <(blinkctl help --completion)",
	.options = options,
	.max_args = 1,
	.run = help_run,
};
