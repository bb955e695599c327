/* effects.h - which GL state a sequence of records reads and writes, by the command
 * table alone.
 *
 * The question answered: may these records run a second time with the same outcome?
 * They may when no slot that they read before writing it is a slot that they write.
 * The slots for which that fails are the ones to restore before running them again.
 *
 * A slot with keys (texture_binding[unit,target]) is a family of *cells*; a key that
 * cannot be told makes an effect concern every cell, and such a write replaces
 * nothing.  Pairs of PushMatrix/PopMatrix and PushAttrib/PopAttrib put back what they
 * saved; a display list whose making was seen has the effects of its records.
 * Everything is conservative: an effect that is not known reads and writes all.
 * Commands are taken to succeed: one that raises a GL error changes nothing, and a
 * client that relies on that gets a wrong picture of its own, never of another's.
 *
 * One walk is used for the SPs of one client in order: what selects cells (active
 * texture unit, matrix mode), a few enables and the lists are remembered between
 * SPs.  A fresh walk knows nothing of the state at entry.  Not thread-safe.
 */
#ifndef BLINK_VERIFY_EFFECTS_H
#define BLINK_VERIFY_EFFECTS_H

#include "blink/sp/sp.h"

struct effects_walk;

struct effects_walk *effects_create(void);              /* NULL: no memory */
void effects_destroy(struct effects_walk *w);           /* NULL ok */

/* A new SP begins; what was learned of state and lists stays. */
void effects_begin(struct effects_walk *w);
/* rec: a whole record of a known opcode.  A `call` is opaque here: a caller that has
 * the callee brackets its records with effects_inline instead of adding the call. */
void effects_add_record(struct effects_walk *w, const uint32_t *rec);
/* A callee's records follow (level rises) or have ended (level falls). */
void effects_inline(struct effects_walk *w, bool enter);
/* What was learned of state and lists is not to be relied on any more. */
void effects_forget(struct effects_walk *w);
/* Verdict on what was added since effects_begin.  The names of the slots to restore
 * are appended to restore (may be NULL), space-separated, without a final zero;
 * "*" when it is everything. */
bool effects_rerunnable(struct effects_walk *w, struct buf *restore);

/* All records of one SP: begin, add, verdict.  w may be NULL: nothing known at entry. */
bool effects_judge_sp(struct effects_walk *w, const uint32_t *code, uint32_t nwords,
		      struct buf *restore);
/* The same by itself. */
bool effects_judge(const uint32_t *code, uint32_t nwords, struct buf *restore);

#endif
