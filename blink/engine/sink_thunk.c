/* sink_thunk.c - the thunks themselves, in assembly: see sink_thunk.h.
 *
 * A set is GL_OP_COUNT thunks of THUNK_SIZE bytes each, so that thunk i lies at
 * start + i * THUNK_SIZE.  eax carries the number: no GL command is variadic, so
 * nothing else is in it.
 */
#include "blink/engine/sink_thunk.h"

#include <stddef.h>

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

/* The return address is put aside, so that the driver's function finds its arguments on
 * the stack where they belong.  r10 and r11 are nobody's, rdx may be an argument. */
__attribute__((naked, used)) static void timing_common(void)
{
	__asm__ volatile(
		"pop %%r11\n\t"
		"mov %%r11, %c[back]+thunk_timing(%%rip)\n\t"
		"mov %%eax, %%r11d\n\t"
		"mov %%r11, %c[op]+thunk_timing(%%rip)\n\t"
		"mov %%rdx, %%r10\n\t"
		"rdtsc\n\t"
		"shl $32, %%rdx\n\t"
		"or %%rdx, %%rax\n\t"
		"mov %%rax, %c[since]+thunk_timing(%%rip)\n\t"
		"mov %%r10, %%rdx\n\t"
		"mov %c[entry]+thunk_timing(%%rip), %%r10\n\t"
		"xor %%eax, %%eax\n\t"
		"call *(%%r10, %%r11, 8)\n\t"
		"mov %%rax, %%r10\n\t"
		"rdtsc\n\t"
		"shl $32, %%rdx\n\t"
		"or %%rdx, %%rax\n\t"
		"sub %c[since]+thunk_timing(%%rip), %%rax\n\t"
		"mov %c[op]+thunk_timing(%%rip), %%rcx\n\t"
		"mov %c[ticks]+thunk_timing(%%rip), %%rdx\n\t"
		"add %%rax, (%%rdx, %%rcx, 8)\n\t"
		"mov %c[calls]+thunk_timing(%%rip), %%rdx\n\t"
		"incq (%%rdx, %%rcx, 8)\n\t"
		"mov %%r10, %%rax\n\t"
		"push %c[back]+thunk_timing(%%rip)\n\t"
		"ret\n\t"
		: : [entry] "i"(offsetof(struct thunk_timing, entry)),
		    [ticks] "i"(offsetof(struct thunk_timing, ticks)),
		    [calls] "i"(offsetof(struct thunk_timing, calls)),
		    [back] "i"(offsetof(struct thunk_timing, back)),
		    [since] "i"(offsetof(struct thunk_timing, since)),
		    [op] "i"(offsetof(struct thunk_timing, op)));
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

__attribute__((naked, used, aligned(THUNK_SIZE))) static void timing_thunks(void)
{
	THUNKS("timing_common");
}

static sink_fn thunk_at(sink_fn first, unsigned op)
{
	return (sink_fn)((uintptr_t)first + (uintptr_t)op * THUNK_SIZE);
}

sink_fn thunk_recording(unsigned op) { return thunk_at(recording_thunks, op); }
sink_fn thunk_missing(unsigned op) { return thunk_at(missing_thunks, op); }
sink_fn thunk_timing_entry(unsigned op) { return thunk_at(timing_thunks, op); }
