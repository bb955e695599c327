/* capture_flow.h - from a program to the file that was asked for, for capture and
 * corpora alike: which recorder, where its scratch file lies, and the conversion. */
#ifndef CLI_CAPTURE_FLOW_H
#define CLI_CAPTURE_FLOW_H

#include <json-c/json.h>

#include "capture/run.h"

enum capture_recorder { CAPTURE_AUTO, CAPTURE_APITRACE, CAPTURE_BLINK };

struct capture_flow {
	const char *output;              /* X.blink, or the name of a trace */
	enum capture_recorder recorder;  /* AUTO: ours for a .blink, else apitrace */
	const char *keep;                /* the recording stays under this name; NULL: it goes */
	bool prune;                      /* while it is recorded: the last frames are kept, and
	                                    what they need */
	uint32_t last;                   /* how many */
	double every;                    /* seconds after which what would be left is written,
	                                    while the program runs; 0: at the end alone */
	bool keep_going;                 /* what cannot be converted is left out */
	bool pack;                       /* the .blink with zstd; else unpacked, at less CPU time */
	const char *program;             /* for messages */
	struct run_options run;          /* all but output and recorder */
};

/* "auto", "apitrace", "blink"; false: none of these. */
bool capture_recorder_parse(const char *word, enum capture_recorder *out);
/* What of it does not go together, as a sentence; NULL: nothing. */
const char *capture_flow_objection(const struct capture_flow *f);
/* Runs, converts, cleans up, says on stderr what the numbers alone do not; *summary is
 * the caller's.  -ENOPKG: the machine lacks something. */
int capture_flow_run(struct capture_flow *f, struct json_object **summary, struct error *err);

#endif
