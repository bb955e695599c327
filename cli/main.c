/* main.c - blinkctl: finds the row that the first word names, parses by it, runs it. */
#include <signal.h>
#include <string.h>

#include "cli/cli.h"

const struct cli_command *command_find(const char *name)
{
	for (size_t i = 0; cli_commands[i]; i++)
		if (!strcmp(cli_commands[i]->name, name))
			return cli_commands[i];
	return NULL;
}

static int command_run(const struct cli_command *cmd, int argc, char **argv)
{
	struct cli_args args;
	struct error err = { 0 };
	int r = options_parse(cmd, argc, argv, &args, &err);

	if (r < 0)
		return cli_fail(EXIT_USAGE, &err);
	if (r > 0) {
		doc_help(stdout, cmd);
		return EXIT_GOOD;
	}
	return cmd->run(&args);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct cli_command *cmd = command_find(name);
	struct error err;
	int status;

	signal(SIGPIPE, SIG_IGN);   /* a closed pager is an error to report, not a death */
	if (cmd) {
		status = command_run(cmd, argc - 2, argv + 2);
	} else if (!*name || !strcmp(name, "--help") || !strcmp(name, "-h")) {
		doc_usage(*name ? stdout : stderr);
		status = *name ? EXIT_GOOD : EXIT_USAGE;
	} else if (!strcmp(name, "--version")) {
		puts("blinkctl " BLINKCTL_VERSION);
		status = EXIT_GOOD;
	} else {
		error_set(&err, -1, "%s: no such command (blinkctl --help lists them)", name);
		return cli_fail(EXIT_USAGE, &err);
	}
	if (fflush(stdout) || ferror(stdout)) {
		error_set(&err, -1, "standard output: not everything could be written");
		return cli_fail(status ? status : EXIT_DIFFERENT, &err);
	}
	return status;
}
