/* sink_thunk.c - the thunks themselves, in assembly: see sink_thunk.h.
 *
 * A set is GL_OP_COUNT thunks of THUNK_SIZE bytes each, so that thunk i lies at
 * start + i * THUNK_SIZE.  eax carries the number: no GL command is variadic, so
 * nothing else is in it.
 */
#include "blink/engine/sink_thunk.h"

#ifndef __x86_64__
#error "thunks are written for the System V ABI of x86-64"
#endif

#define THUNK_SIZE 16

__attribute__((naked, used)) static void recording_common(void)
{
	__asm__ volatile(
		"push %rbp\n\t"
		"mov %rsp, %rbp\n\t"
		"sub $128, %rsp\n\t"          /* struct thunk_frame is 120 bytes */
		"mov %rdi, 0(%rsp)\n\t"
		"mov %rsi, 8(%rsp)\n\t"
		"mov %rdx, 16(%rsp)\n\t"
		"mov %rcx, 24(%rsp)\n\t"
		"mov %r8, 32(%rsp)\n\t"
		"mov %r9, 40(%rsp)\n\t"
		"movq %xmm0, 48(%rsp)\n\t"
		"movq %xmm1, 56(%rsp)\n\t"
		"movq %xmm2, 64(%rsp)\n\t"
		"movq %xmm3, 72(%rsp)\n\t"
		"movq %xmm4, 80(%rsp)\n\t"
		"movq %xmm5, 88(%rsp)\n\t"
		"movq %xmm6, 96(%rsp)\n\t"
		"movq %xmm7, 104(%rsp)\n\t"
		"lea 16(%rbp), %rcx\n\t"
		"mov %rcx, 112(%rsp)\n\t"
		"mov %eax, %edi\n\t"
		"mov %rsp, %rsi\n\t"
		"call recorder_call\n\t"
		"leave\n\t"
		"ret\n\t");
}

__attribute__((naked, used)) static void missing_common(void)
{
	__asm__ volatile(
		"push %rbp\n\t"
		"mov %rsp, %rbp\n\t"
		"mov %eax, %edi\n\t"
		"call missing_call\n\t"
		"leave\n\t"
		"ret\n\t");
}

/* i is redefined for each thunk; the assembler takes its value at that point. */
#define THUNKS(common) \
	__asm__ volatile( \
		".balign %c1\n\t" \
		".set thunk_number, 0\n\t" \
		".rept %c0\n\t" \
		"movl $thunk_number, %%eax\n\t" \
		"jmp " common "\n\t" \
		".balign %c1\n\t" \
		".set thunk_number, thunk_number + 1\n\t" \
		".endr\n\t" \
		: : "i"(GL_OP_COUNT), "i"(THUNK_SIZE))

__attribute__((naked, used, aligned(THUNK_SIZE))) static void recording_thunks(void)
{
	THUNKS("recording_common");
}

__attribute__((naked, used, aligned(THUNK_SIZE))) static void missing_thunks(void)
{
	THUNKS("missing_common");
}

static sink_fn thunk_at(sink_fn first, unsigned op)
{
	return (sink_fn)((uintptr_t)first + (uintptr_t)op * THUNK_SIZE);
}

sink_fn thunk_recording(unsigned op) { return thunk_at(recording_thunks, op); }
sink_fn thunk_missing(unsigned op) { return thunk_at(missing_thunks, op); }
