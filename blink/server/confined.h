/* confined.h - what clients' procedures are verified for: for the server, and for tools that are
 * to verify as it does. */
#ifndef BLINK_SERVER_CONFINED_H
#define BLINK_SERVER_CONFINED_H

#include "blink/verify/verify.h"
#include "blink/vso/vso.h"

/* What one procedure of a stranger's may have looked at, beside its words (verify_limits.work), and
 * what calls of lists by one command may come to: 6 to 13 ms, that nothing can cut, and so little
 * that a display frame need not fail by it. */
#define CONFINE_WORK (UINT64_C(1) << 26)

/* Makes l a stranger's: nothing opaque, nothing that nobody mediates, no longer procedure and
 * no more names and slots than the quotas allow (where l has fewer, they stay). */
void confined_limits(struct verify_limits *l, const struct vso_quotas *q);
/* What is shared with, and copied of, a client that has a budget of so many bytes. */
void confined_quotas(struct vso_quotas *q, uint64_t memory);
/* The verifier's name for mediations that a client's sink does not carry out. */
uint32_t confined_unmediated(void);

#endif
