/* replay_live.h - `blinkctl replay --server`: a file played as a live client. */
#ifndef CLI_REPLAY_LIVE_H
#define CLI_REPLAY_LIVE_H

#include "cli/command.h"

struct counted;

struct replay_live {
	const char *server;            /* its socket */
	const char *frames, *ahead;    /* as given, or NULL */
	bool direct;
	struct counted *count;         /* NULL, or of the frames played */
	unsigned long loops;
};
/* The exit status. */
int replay_live(const struct cli_args *args, const struct replay_live *opt);

#endif
