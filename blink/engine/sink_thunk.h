/* sink_thunk.h - the sets of thunks (thunk.h) of the sinks that have to know which command
 * they are called for.
 * Private to blink/engine.
 */
#ifndef BLINK_ENGINE_SINK_THUNK_H
#define BLINK_ENGINE_SINK_THUNK_H

#include "blink/engine/thunk.h"

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
