/* run_impl.h - between blinkctl's side of a capture (run.c), its guardian
 * (run_guard.c, run_family.c) and the follower of the trace (run_watch.c). */
#ifndef CAPTURE_RUN_IMPL_H
#define CAPTURE_RUN_IMPL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "capture/run.h"
#include "capture/trace_impl.h"

/* ---- guardian ---- */

enum guard_news {
	NEWS_DISPLAY,            /* text: its name */
	NEWS_NO_DISPLAY,         /* value: wait status, or -1: no answer; text: why */
	NEWS_STARTED,            /* value: the program's pid */
	NEWS_NOT_STARTED,        /* value: errno of exec or chdir */
	NEWS_DISPLAY_DIED,
	NEWS_ENDED,              /* value: the program's wait status; asked: we told it to */
	NEWS_FORKED,             /* value: pid of a child that draws on */
	NEWS_DONE                /* nothing is left running; text: seconds of CPU time that the
	                            program took, and what it started */
};

struct guard_message {
	int32_t news, value;
	bool asked;
	char text[64];
};

enum { ORDER_STOP = 'S', ORDER_KILL = 'K', ORDER_KEPT = 'F' };

struct guard_job {
	const struct run_options *opt;
	const char *wrapper;     /* path of the library to preload */
	const char *program;     /* resolved argv[0] */
	char *trace;             /* temporary name, absolute */
	const char *output;      /* absolute */
	const char *display;     /* NULL: start one */
	int control, status;     /* pipe ends */
	int log;                 /* where programs write */
};

/* The guardian's life; does not return. */
_Noreturn void guard_main(const struct guard_job *job);

/* ---- descendants (run_family.c) ---- */

/* Processes below `above`, without the tree at `except`; -1: /proc is not there. */
int family_list(pid_t above, pid_t except, pid_t *pids, int max);
/* Sends sig to all of them; how many there are (zombies not counted). */
int family_signal(pid_t above, pid_t except, int sig);
/* Does one of them hold the file open? */
bool family_holds(pid_t above, pid_t except, const char *path);

/* ---- follower of the growing trace (run_watch.c) ---- */

struct watch {
	const char *path;
	uint64_t frames_wanted;          /* 0: all */
	atomic_bool over;                /* the program has ended: what is there is all */
	atomic_ullong frames, calls;
	atomic_bool reached;             /* frames_wanted seen */
	pthread_t thread;
	bool last_look;

	/* valid after watch_finish */
	uint64_t functions, payload, drawn;
	bool readable, truncated;
	struct trace_mark mark;          /* after the last frame wanted */
	struct error error;
};

int watch_start(struct watch *w, struct error *err);
void watch_finish(struct watch *w);      /* waits until all has been read */
/* Is at least one whole call in it? */
bool watch_usable(const char *path);

/* Shortens a trace to the calls before mark (run_cut.c). */
int trace_cut(const char *path, struct trace_mark mark, struct error *err);

#endif
