/* replay_live.h - `blinkctl replay --server`: a file played as a live client. */
#ifndef CLI_REPLAY_LIVE_H
#define CLI_REPLAY_LIVE_H

#include "cli/command.h"

struct replay_live {
	const char *server;            /* its socket */
	const char *frames, *ahead;    /* as given, or NULL */
	bool direct;
	unsigned long loops;
};
/* The exit status. */
int replay_live(const struct cli_args *args, const struct replay_live *opt);

#endif
