/* record.h - runs a mode of the client under the recorder library and gives what was
 * recorded. */
#ifndef TESTS_RECORD_RECORD_H
#define TESTS_RECORD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/recording.h"
#include "capture/trace.h"

struct record_run {
	char said[512];                  /* on standard output */
	int status;                      /* as of waitpid */
	bool lacking;                    /* 77: said, nothing to test */
	struct recording *recording;     /* NULL: there is none, err says why */
	struct error err;
	char path[320];
};
enum {
	RECORD_BARE = 1,                 /* without the library */
	RECORD_HASHED = 2,
	RECORD_NO_FILE = 4,              /* BLINK_RECORD names nothing */
	RECORD_FOREIGN = 8,              /* the file's header is another's */
	RECORD_SHORT = 16,               /* the file is too short */
	RECORD_SLOTTED = 32,             /* it has slots, if its file system may have some, */
	RECORD_DRAINED = 64              /* which are emptied while the program runs */
};
void record_run(struct record_run *r, const char *mode, unsigned flags);
void record_finish(struct record_run *r);
/* The next call of that name (any: NULL); false: none is left. */
bool record_call(struct record_run *r, const char *name, struct trace_call *call);
const char *record_library(void);

#endif
