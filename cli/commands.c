/* commands.c - the table of subcommands.  commands.gen.h is made from the folder, one
 * COMMAND(name) for each cli/cmd_name.c, sorted. */
#include "cli/command.h"

#define COMMAND(name) extern const struct cli_command cmd_##name;
#include "commands.gen.h"
#undef COMMAND

#define COMMAND(name) &cmd_##name,
const struct cli_command *const cli_commands[] = {
#include "commands.gen.h"
	NULL
};
#undef COMMAND
