/* error.h - the one error idiom of the project.
 *
 * A function that can fail returns 0 or a non-negative result on success and a
 * negative errno on failure, and then fills in one sentence of the form
 *
 *     what: why (what to do)
 *
 * in the caller's struct error.  The sentence is printed once, at the top, by
 * blinkctl.  A function that detects the failure writes it; those above pass it
 * on, or prefix the context they alone know (error_prefix).
 * err may be NULL everywhere.  Not shared between threads.
 */
#ifndef BLINK_BASE_ERROR_H
#define BLINK_BASE_ERROR_H

struct error {
	int code;         /* negative errno, 0 when nothing happened */
	char text[480];   /* one sentence, no newline */
};

/* Records the failure and returns code, so that `return error_set(...)` reads well. */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the recorded sentence; returns err's code. */
int error_prefix(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
