/* thunk.c - what a thunk's caller passed, by its command's signature: see thunk.h. */
#include "blink/engine/thunk.h"

#include <assert.h>
#include <stddef.h>

static_assert(sizeof(struct thunk_frame) <= 128, "THUNK_COMMON has room for the frame");
static_assert(offsetof(struct thunk_frame, floats) == 48, "as THUNK_COMMON stores them");
static_assert(offsetof(struct thunk_frame, stack) == 112, "as THUNK_COMMON stores it");

/* A parameter's bits as its type has them. */
static uint64_t narrow(unsigned ctype, uint64_t v)
{
	switch (ctype) {
	case GL_C_I8: return (uint64_t)(int64_t)(int8_t)v;
	case GL_C_U8: return (uint8_t)v;
	case GL_C_I16: return (uint64_t)(int64_t)(int16_t)v;
	case GL_C_U16: return (uint16_t)v;
	case GL_C_I32: return (uint64_t)(int64_t)(int32_t)v;
	case GL_C_U32: case GL_C_F32: return (uint32_t)v;
	default: return v;
	}
}

void thunk_arguments(const struct gl_command *cmd, const struct thunk_frame *f,
		     uint64_t argv[THUNK_ARGUMENTS])
{
	unsigned ints = 0, floats = 0, stack = 0, i;

	for (i = 0; i < cmd->nparams && i < THUNK_ARGUMENTS; i++) {
		unsigned ctype = cmd->params[i].ctype;
		uint64_t v;

		if (ctype == GL_C_F32 || ctype == GL_C_F64)
			v = floats < 8 ? f->floats[floats++] : f->stack[stack++];
		else
			v = ints < 6 ? f->ints[ints++] : f->stack[stack++];
		argv[i] = narrow(ctype, v);
	}
	for (; i < THUNK_ARGUMENTS; i++)
		argv[i] = 0;
}
