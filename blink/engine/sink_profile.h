/* sink_profile.h - times what a sink's entry points take, call by call.
 *
 * Attached to a sink, it puts a thunk before each entry: the time stamp counter is read
 * before and after the driver's own function, and the ticks are added up per opcode.
 * What the reading itself costs is measured at attachment (sink_profile.overhead) and
 * is the reader's to subtract.  Engines look up entries when they are made, so attach
 * before jit_create and detach after jit_destroy.
 *
 * One sink of a process at a time, and one thread: entry points cannot know their sink.
 */
#ifndef BLINK_ENGINE_SINK_PROFILE_H
#define BLINK_ENGINE_SINK_PROFILE_H

#include "blink/engine/sink.h"

struct sink_profile {
	struct sink *sink;
	sink_fn entry[GL_OP_COUNT];         /* the sink's own */
	const struct sink_ops *own_ops;
	struct sink_ops ops;                /* with a clock around make_current and swap */
	uint64_t ticks[GL_OP_COUNT];        /* since the last sink_profile_clear */
	uint64_t calls[GL_OP_COUNT];
	double overhead;                    /* ticks counted for an entry that does nothing */
};

/* -EBUSY if a profile is attached already. */
int sink_profile_attach(struct sink_profile *p, struct sink *s, struct error *err);
void sink_profile_detach(struct sink_profile *p);
void sink_profile_clear(struct sink_profile *p);

#endif
