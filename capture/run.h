/* run.h - running a program under a recorder, apitrace or our own, with a display of its
 * own where there is none, and leaving nothing behind.
 *
 *   blinkctl --- control pipe ---> guardian --- Xvfb
 *      |    <--- status pipe ---      |-------- the program (wrapper preloaded)
 *      '-- follows the growing trace (or recording)
 *
 * The guardian, a process in a session of its own, is parent and subreaper of the
 * display and of everything that the program starts.  It stops them when told to, and
 * when the control pipe closes, that is when blinkctl has died, however it died: then
 * it keeps the trace (or recording) too, if there is a whole call in it.  If the guardian itself is
 * killed, the kernel kills its children (PR_SET_PDEATHSIG).
 *
 * The trace is written under a temporary name beside the output and renamed when it
 * has been read through.
 */
#ifndef CAPTURE_RUN_H
#define CAPTURE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "blink/base/error.h"

enum run_display {
	RUN_DISPLAY_AUTO,        /* $DISPLAY if it answers, else a server of its own */
	RUN_DISPLAY_OWN,         /* a server of its own, rendering with llvmpipe */
	RUN_DISPLAY_GIVEN
};

enum run_api { RUN_API_AUTO, RUN_API_GLX, RUN_API_EGL };

enum run_recorder {
	RUN_APITRACE,            /* writes a .trace */
	RUN_BLINK                /* writes a recording (record/format.h), with GLX and EGL */
};

/* How the program ended. */
enum run_end {
	RUN_EXITED,              /* by itself */
	RUN_STOPPED,             /* at the length asked for */
	RUN_INTERRUPTED,         /* by the user */
	RUN_CRASHED,             /* by a signal that was not ours */
	RUN_DISPLAY_DIED,
	RUN_GUARD_DIED
};

struct run_progress {
	uint64_t frames, calls, bytes;   /* in the trace so far */
	double seconds;
};

struct record_header;
/* Takes what was recorded so far, of a recording that grows; last: the program has ended,
 * and there will be no more.  A negative answer ends the capture with that error. */
typedef int run_feed_fn(void *user, const char *recording, struct record_header *header,
			bool last, struct error *err);

struct run_options {
	const char *output;
	char *const *argv;               /* ends with NULL */
	const char *const *env;          /* "K=V" ..., ends with NULL; NULL: none */
	const char *cwd;                 /* NULL: the caller's */
	enum run_display display;
	const char *display_name;        /* RUN_DISPLAY_GIVEN */
	enum run_recorder recorder;
	bool hash;                       /* RUN_BLINK: hash the framebuffer at each swap */
	run_feed_fn *feed;               /* RUN_BLINK: called now and then; NULL: not */
	void *feed_user;
	bool whole;                      /* RUN_BLINK: the recording stays whole: through slots */
	enum run_api api;                /* RUN_APITRACE */
	unsigned width, height;          /* of the screen; 0: 1280x1024 */
	double duration;                 /* seconds; 0: no limit */
	uint64_t frames;                 /* 0: no limit */
	bool verbose;                    /* the program's output goes to stderr */
	void (*progress)(void *user, const struct run_progress *p);
	void *user;
};

struct run_result {
	enum run_recorder recorder;
	uint64_t frames, calls, functions, payload_bytes, trace_bytes;
	uint64_t drawn;                  /* frames before the trace was cut to the length asked for */
	double seconds;                  /* from the program's start to its end */
	double program_cpu;              /* seconds; of all that it started, too */
	bool truncated;                  /* the file ends within a call */
	enum run_end end;
	int status, signal;              /* of the program */
	char display[64];
	char wrapper[16];                /* "glx", "egl"; of our own: "glx and egl" */
	char other[256];                 /* a trace that a forked child wrote, or "" */
};

const char *run_end_name(enum run_end end);

/* Runs and records.  0: the trace is at opt->output, whatever became of the program
 * (see result).  -ENOPKG: a tool of the machine is missing (error says which package).
 * Other errors: nothing is left behind.  SIGINT, SIGTERM and SIGHUP end the capture
 * gracefully, a second one at once; their dispositions are restored afterwards. */
int run_capture(const struct run_options *opt, struct run_result *res, struct error *err);

/* Runs argv to its end with output to a log (shown on failure); for set-up steps. */
int run_command(char *const *argv, const char *const *env, const char *cwd, struct error *err);

/* The apitrace wrapper for api ("glxtrace.so", "egltrace.so"); false if there is none. */
bool run_find_wrapper(const char *file, char *path, unsigned long size);
/* Why our recorder cannot serve this program (a path), or NULL. */
const char *run_recorder_refuses(const char *program);
/* A program on PATH (or a path), resolved; false if there is none. */
bool run_find_program(const char *name, char *path, unsigned long size);

#endif
