/* broker.h - the display server as processes: `blinkctl serve`.
 *
 *   broker     owns the listening socket, the control socket, files, the window; forks the
 *              executor, watches it, and starts another when it hangs or dies.  It never
 *              calls GL and never looks into a client's pages.
 *   executor   owns GL and the clients' pages, under a system call filter (seccomp.h): no
 *              files, no sockets but its own to the broker, no processes.
 *
 * The broker keeps every client's descriptors.  A new executor is handed all of them, and
 * reads the clients' objects anew from their pages; the clients are not asked.
 *
 * docs/SERVER.md has the picture, the rights and the times.
 */
#ifndef BLINK_SERVER_BROKER_H
#define BLINK_SERVER_BROKER_H

#include "blink/server/server.h"

struct broker_options {
	const char *listen;            /* path of the socket; control is at PATH.ctl */
	struct server_options server;  /* event, turn, gone and judge are not looked at */
	uint32_t watchdog_ms;          /* a turn may last so long */
	uint32_t gl_threads;           /* of the software driver, beside the executor's own */
	uint32_t painters;             /* threads that run clients, if the driver has so many
	                                  displays (painter.h); 0: one per processor, 4 at most */
	bool null_gl;                  /* entry points that do nothing (measurements) */
	bool window;                   /* the screen is shown on $DISPLAY, with its input */
	bool no_filter;                /* no system call filter (debuggers) */
	const char *screenshot;        /* written when it ends; NULL none */
	const char *record;            /* .y4m, or what ffmpeg makes of it; NULL none */
	const char *trace;             /* events as JSON lines; NULL none */
	double duration;               /* seconds; 0: until it is told to end */
	/* How a picture is written, for screenshots. */
	int (*picture)(const char *path, const uint8_t *rgb, uint32_t w, uint32_t h,
		       struct error *err);
	/* told once when clients may connect; may be NULL */
	void (*ready)(void *user, const char *renderer);
	/* what happened, as in the trace; may be NULL */
	void (*event)(void *user, const struct server_event *e);
	void *user;
};

struct broker_summary {
	char renderer[128];
	double seconds;
	uint64_t frames, missed;       /* display frames made, and left out */
	uint64_t attached;             /* clients so far */
	uint32_t at_once;              /* most at one time */
	uint32_t restarts, hangs;      /* of the executor; for a turn that lasted too long */
	uint64_t recorded, events, events_lost;
	uint64_t switches[2];          /* of the executor: voluntary, not */
	uint64_t cpu_ns;               /* of the executors */
};

/* Until a signal (INT, TERM), the control verb "quit", or duration.  -ENODEV: no driver. */
int broker_run(const struct broker_options *opt, struct broker_summary *sum,
	       struct error *err);

/* A request to a running server: a line of JSON to PATH.ctl, the answer's line malloc'd. */
int control_ask(const char *path, const char *request, char **answer, struct error *err);

#endif
