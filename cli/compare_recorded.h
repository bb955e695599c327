/* compare_recorded.h - blinkctl compare X.blink --recorded. */
#ifndef CLI_COMPARE_RECORDED_H
#define CLI_COMPARE_RECORDED_H

#include "cli/command.h"
#include "replay/recorded.h"

/* dir: where the replay's pictures of frames that differ go.  The exit status. */
int compare_recorded(const struct cli_args *args, struct recorded_options *opt, const char *dir);

#endif
