/* thunk.h - entry points that know which opcode they are.
 *
 * A sink's entry is called with the native signature of its command, which says nothing
 * of the command.  A set of thunks is GL_OP_COUNT entry points of THUNK_SIZE bytes each:
 * thunk i loads i into eax and goes to code common to its set.  (No GL command is
 * variadic, so nothing else is in eax.)  That code may be anything that keeps to the ABI;
 * THUNK_COMMON makes the usual one.
 *
 *	static uint64_t mine_call(unsigned op, const struct thunk_frame *f);
 *	THUNK_COMMON(mine_common, mine_call)
 *	THUNK_SET(mine_thunks, mine_common)
 *	... sink->entry[op] = thunk_at(mine_thunks, op);
 *
 * Written for the System V ABI of x86-64.
 */
#ifndef BLINK_ENGINE_THUNK_H
#define BLINK_ENGINE_THUNK_H

#include "blink/engine/sink.h"

#ifndef __x86_64__
#error "thunks are written for the System V ABI of x86-64"
#endif

#define THUNK_SIZE 16
#define THUNK_ARGUMENTS 24         /* no command has more parameters */

/* What was in the argument registers, and where the stack's arguments begin. */
struct thunk_frame {
	uint64_t ints[6];          /* rdi rsi rdx rcx r8 r9 */
	uint64_t floats[8];        /* low halves of xmm0..7 */
	const uint64_t *stack;     /* first stack argument */
};

/* argv[i] becomes parameter i, in the width of its type: the upper bits of a register that
 * holds something narrower are anything.  What is behind the last parameter becomes 0. */
void thunk_arguments(const struct gl_command *cmd, const struct thunk_frame *f,
		     uint64_t argv[THUNK_ARGUMENTS]);

/* Code of a set that returns receiver(op, frame); the frame is gone then. */
#define THUNK_COMMON(name, receiver) \
	__attribute__((naked, used)) static void name(void) \
	{ \
		__asm__ volatile( \
			"push %rbp\n\t" \
			"mov %rsp, %rbp\n\t" \
			"sub $128, %rsp\n\t"          /* struct thunk_frame is 120 bytes */ \
			"mov %rdi, 0(%rsp)\n\t" \
			"mov %rsi, 8(%rsp)\n\t" \
			"mov %rdx, 16(%rsp)\n\t" \
			"mov %rcx, 24(%rsp)\n\t" \
			"mov %r8, 32(%rsp)\n\t" \
			"mov %r9, 40(%rsp)\n\t" \
			"movq %xmm0, 48(%rsp)\n\t" \
			"movq %xmm1, 56(%rsp)\n\t" \
			"movq %xmm2, 64(%rsp)\n\t" \
			"movq %xmm3, 72(%rsp)\n\t" \
			"movq %xmm4, 80(%rsp)\n\t" \
			"movq %xmm5, 88(%rsp)\n\t" \
			"movq %xmm6, 96(%rsp)\n\t" \
			"movq %xmm7, 104(%rsp)\n\t" \
			"lea 16(%rbp), %rcx\n\t" \
			"mov %rcx, 112(%rsp)\n\t" \
			"mov %eax, %edi\n\t" \
			"mov %rsp, %rsi\n\t" \
			"call " #receiver "\n\t" \
			"leave\n\t" \
			"ret\n\t"); \
	}

/* A set that goes to the code common.  thunk_number is redefined for each thunk; the
 * assembler takes its value at that point. */
#define THUNK_SET(name, common) \
	__attribute__((naked, used, aligned(THUNK_SIZE))) static void name(void) \
	{ \
		__asm__ volatile( \
			".balign %c1\n\t" \
			".set thunk_number, 0\n\t" \
			".rept %c0\n\t" \
			"movl $thunk_number, %%eax\n\t" \
			"jmp " #common "\n\t" \
			".balign %c1\n\t" \
			".set thunk_number, thunk_number + 1\n\t" \
			".endr\n\t" \
			: : "i"(GL_OP_COUNT), "i"(THUNK_SIZE)); \
	}

static inline sink_fn thunk_at(sink_fn set, unsigned op)
{
	return (sink_fn)((uintptr_t)set + (uintptr_t)op * THUNK_SIZE);
}

#endif
