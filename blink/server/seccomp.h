/* seccomp.h - what the executor may ask of the kernel.
 *
 * The filter is applied when the driver has started and has drawn once.  What is not a row
 * of the table fails with EPERM: files cannot be opened, nor sockets made, nor processes
 * or programs started, nor others looked at.  It can not be taken off again, and holds for
 * all threads.
 *
 * What remains are memory (executable, too: the driver's shader compiler and ours make
 * code), the descriptors that there are, time, and threads of this process.
 */
#ifndef BLINK_SERVER_SECCOMP_H
#define BLINK_SERVER_SECCOMP_H

#include <stddef.h>

#include "blink/base/error.h"

struct seccomp_row {
	int number;                    /* of the system call */
	const char *name;
	const char *why;
	/* not 0: allowed only where argument `argument` has all bits of these set (bits),
	 * or is this value (value) */
	unsigned argument, bits, value;
};
extern const struct seccomp_row seccomp_rows[];
extern const size_t seccomp_nrows;

/* -ENOTSUP: this kernel or processor has none. */
int seccomp_apply(struct error *err);

/* Tries what is forbidden, harmlessly, one after the other: "31 tried, 31 refused", or the
 * names of those that were not.  Returns how many were not. */
unsigned seccomp_try(char *text, size_t size);

#endif
