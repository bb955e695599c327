/* far.h - a null sink whose entry points lie too far from compiled code for direct calls,
 * to measure what distance costs.
 */
#ifndef JIT_BENCH_FAR_H
#define JIT_BENCH_FAR_H

#include "blink/engine/sink.h"

/* Entries of commands lie at least 16 GiB from those of all other instructions, near
 * which a JIT puts its code.  -ENOMEM. */
int sink_far_create(struct sink **s, struct error *err);
void sink_far_destroy(struct sink *s);      /* NULL ok */

#endif
