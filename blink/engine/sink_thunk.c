/* sink_thunk.c - the sets of the recorder, of what is missing, and of the profile: see
 * sink_thunk.h.
 */
#include "blink/engine/sink_thunk.h"

#include <stddef.h>

THUNK_COMMON(recording_common, recorder_call)

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

THUNK_SET(recording_thunks, recording_common)
THUNK_SET(missing_thunks, missing_common)
THUNK_SET(timing_thunks, timing_common)

sink_fn thunk_recording(unsigned op) { return thunk_at(recording_thunks, op); }
sink_fn thunk_missing(unsigned op) { return thunk_at(missing_thunks, op); }
sink_fn thunk_timing_entry(unsigned op) { return thunk_at(timing_thunks, op); }
