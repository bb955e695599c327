/* sink_missing.c - what a sink's entry is when the driver has none: a no-op that
 * counts, so that the loss can be said instead of crashing or passing unseen.
 */
#include <stdatomic.h>

#include "blink/engine/sink_thunk.h"

static _Atomic uint64_t missing_calls[GL_OP_COUNT];

uint64_t missing_call(unsigned op)
{
	atomic_fetch_add_explicit(&missing_calls[op], 1, memory_order_relaxed);
	return 0;
}

sink_fn sink_missing_entry(unsigned op)
{
	return thunk_missing(op);
}

const char *sink_entry_name(unsigned op)
{
	unsigned cmd = gl_ops[op].command;

	return cmd == GL_OP_NO_COMMAND ? NULL : gl_commands[cmd].name;
}

const char *sink_missing(const struct sink *s, unsigned i, uint64_t *calls)
{
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		if (!missing_calls[op] || s->entry[op] != thunk_missing(op))
			continue;
		if (i--)
			continue;
		*calls = missing_calls[op];
		return gl_ops[op].name;
	}
	return NULL;
}
