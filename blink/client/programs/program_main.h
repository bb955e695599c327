/* program_main.h - what the client programs have in common: options, a clock, last words.
 *
 * Every program understands --server PATH, --size WxH, --seconds S, --name TEXT, --json
 * and --help; those with more say so in a list of their own.
 */
#ifndef BLINK_CLIENT_PROGRAMS_PROGRAM_MAIN_H
#define BLINK_CLIENT_PROGRAMS_PROGRAM_MAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "blink/client/client.h"

struct program_option {
	const char *name;              /* "act", without dashes; NULL ends the list */
	const char *value;             /* its name for --help, NULL: a switch */
	const char *help;
	const char **text;             /* set to what was given; a switch: to "" */
};

struct program {
	const char *name, *summary;    /* "blink-gears-sp", one line */
	const char *operand;           /* of its one operand, NULL: takes none */
	const char *text;              /* for --help, or NULL */
	const struct program_option *options;
	/* what was given */
	const char *server, *title, *argument;
	uint32_t width, height;        /* 300 x 300 unless set before, or given */
	double seconds;                /* 0: until it is ended */
	bool json;
	int64_t end_ns;                /* by program_now, INT64_MAX: no end */
};

/* Returns -1 to go on, else the exit status. */
int program_options(struct program *p, int argc, char **argv);
int64_t program_now(void);
double program_number(const char *text, double otherwise);
/* Time that is left, -1: no end.  0 also after SIGTERM and SIGINT. */
int64_t program_left(const struct program *p);
/* True once after each SIGUSR1: what comes before no longer counts in program_report, and is
 * not to count in what the program counts itself.  So that programs can be measured which
 * did not start at one moment.  c: as for program_report. */
bool program_anew(struct blink_connection *c);
/* Prints err; returns the exit status: 77 where there is no server, else 1. */
int program_fail(const struct program *p, const struct error *err);

/* On standard output, of all its time or since the last SIGUSR1: wake-ups, reconnects, the display's frames, CPU seconds, context
 * switches, and what is the program's own, "name value" a line, or as JSON. */
struct program_count { const char *name; double value; };
void program_report(const struct program *p, struct blink_connection *c,
		    const struct program_count *own, unsigned n);

/* A program that publishes once and sleeps: connects, has publish publish all, waits until
 * the object shown is settled, sleeps until its end, or until the server has had enough of
 * it, and reports.  Returns the exit status. */
int program_show(const struct program *p, const struct vso_wishes *wishes,
		 int (*publish)(struct blink_connection *c, const struct program *p,
				struct error *err),
		 uint32_t shown);

#endif
