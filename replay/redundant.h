/* redundant.h - which commands set state to what it is already.
 *
 * A record is redundant when it was, for every cell of state that it writes, the last
 * to write it, and what decides which object that cell belongs to (bindings, selectors)
 * is as it was then.  Effects come from the command table; what the table cannot tell
 * (keys that are not known, opaque commands, display lists that are called) is taken to
 * have changed everything it may, so that the count errs on the low side.
 *
 * Drawing, object contents and commands that build on what was there (a product of
 * matrices, a sub-image) are never redundant.  Not thread-safe per object.
 */
#ifndef REPLAY_REDUNDANT_H
#define REPLAY_REDUNDANT_H

#include <stdbool.h>
#include <stdint.h>

struct redundant;

struct redundant *redundant_create(void);        /* NULL: no memory */
void redundant_destroy(struct redundant *r);     /* NULL ok */
/* The next record, whole and of a known opcode, in the order of execution. */
bool redundant_record(struct redundant *r, const uint32_t *rec);

#endif
