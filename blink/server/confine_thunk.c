/* confine_thunk.c - entry points of mediations that are told opcode and arguments. */
#include "blink/engine/thunk.h"
#include "blink/server/confine.h"

#include <assert.h>

static_assert(CONFINE_ARGUMENTS == THUNK_ARGUMENTS, "mediations get a thunk's arguments");

__attribute__((used))
static uint64_t confine_thunk_call(unsigned op, const struct thunk_frame *f)
{
	uint64_t argv[THUNK_ARGUMENTS];

	thunk_arguments(&gl_commands[gl_ops[op].command], f, argv);
	return confine_call(op, argv);
}

THUNK_COMMON(confine_common, confine_thunk_call)
THUNK_SET(confine_thunks, confine_common)

sink_fn confine_thunk(unsigned op)
{
	return thunk_at(confine_thunks, op);
}
