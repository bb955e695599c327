/* doctor.h - the questions that blinkctl doctor asks of the machine. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

/* A driver met through EGL without a display, in a child process (drivers crash). */
struct doctor_gl {
	bool works;
	char vendor[64], renderer[128], version[128], why[128];
};
void doctor_gl(struct doctor_gl *gl);

/* Opens a hardware cycle counter; why says what stands in the way. */
bool doctor_counters(char *why, size_t size);
/* Are we on Xen, and can we reach its interfaces? */
bool doctor_xen(char *why, size_t size);
/* First line that a program prints, cut to size; false if it cannot be run. */
bool doctor_ask(const char *const *argv, char *line, size_t size);

#endif
