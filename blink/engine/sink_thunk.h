/* sink_thunk.h - entry points that know which opcode they are.
 *
 * A sink's entry is called with the native signature of its command, which says
 * nothing of the command.  For sinks that have to know it there is one thunk per
 * opcode: it loads its own number and goes to code common to its set.
 * Private to blink/engine.
 */
#ifndef BLINK_ENGINE_SINK_THUNK_H
#define BLINK_ENGINE_SINK_THUNK_H

#include "blink/engine/sink.h"

/* What a recording thunk found in the argument registers and on the stack. */
struct thunk_frame {
	uint64_t ints[6];          /* rdi rsi rdx rcx r8 r9 */
	uint64_t floats[8];        /* low halves of xmm0..7 */
	const uint64_t *stack;     /* first stack argument */
};

/* Thunks that call recorder_call and return what it returns. */
sink_fn thunk_recording(unsigned op);
/* Thunks that call missing_call and return 0. */
sink_fn thunk_missing(unsigned op);

/* Thunks that call the entry point in thunk_timing and count the ticks that it takes. */
sink_fn thunk_timing_entry(unsigned op);

/* What timing thunks use; the last three are their own.  Entry points do not nest. */
struct thunk_timing {
	const sink_fn *entry;      /* all by opcode */
	uint64_t *ticks, *calls;
	uint64_t back, since, op;  /* where the call came from; when; which */
};
extern struct thunk_timing thunk_timing;

/* The receivers: sink_recorder.c, sink_missing.c. */
uint64_t recorder_call(unsigned op, const struct thunk_frame *f);
uint64_t missing_call(unsigned op);

#endif
