/* run_log.h - what captured programs print, kept in an unnamed file; and the small
 * questions asked of the machine before one is run. */
#ifndef CAPTURE_RUN_LOG_H
#define CAPTURE_RUN_LOG_H

#include <stdbool.h>
#include <stddef.h>

int run_log_open(void);          /* a descriptor, or negative errno */
/* The last line or two that came from the program, not from apitrace. */
void run_log_tail(int log, char *text, size_t size);
/* A trace file other than ours that apitrace announced there; "" if none. */
void run_log_other_trace(int log, const char *ours, char *name, size_t size);

/* Can an X client connect there? */
bool run_display_answers(const char *name);

#endif
