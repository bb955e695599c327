/* confine_thunk.c - entry points that know their opcode: one per instruction, which loads
 * its number and goes to code common to all.  That puts the argument registers in memory,
 * from where the command's signature tells which argument is which. */
#include "blink/server/confine.h"

#include <string.h>

#ifndef __x86_64__
#error "thunks are written for the System V ABI of x86-64"
#endif

#define THUNK_SIZE 16

struct thunk_frame {
	uint64_t ints[6];          /* rdi rsi rdx rcx r8 r9 */
	uint64_t floats[8];        /* low halves of xmm0..7 */
	const uint64_t *stack;     /* first stack argument */
};

uint64_t confine_thunk_call(unsigned op, const struct thunk_frame *f);

/* eax carries the number: no GL command is variadic, so nothing else is in it. */
__attribute__((naked, used)) static void confine_common(void)
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
		"call confine_thunk_call\n\t"
		"leave\n\t"
		"ret\n\t");
}

/* thunk_number is redefined for each; the assembler takes its value at that point. */
__attribute__((naked, used, aligned(THUNK_SIZE))) static void confine_thunks(void)
{
	__asm__ volatile(
		".balign %c1\n\t"
		".set thunk_number, 0\n\t"
		".rept %c0\n\t"
		"movl $thunk_number, %%eax\n\t"
		"jmp confine_common\n\t"
		".balign %c1\n\t"
		".set thunk_number, thunk_number + 1\n\t"
		".endr\n\t"
		: : "i"(GL_OP_COUNT), "i"(THUNK_SIZE));
}

sink_fn confine_thunk(unsigned op)
{
	return (sink_fn)((uintptr_t)confine_thunks + (uintptr_t)op * THUNK_SIZE);
}

/* The upper bits of a register that holds something narrower are anything. */
static uint64_t argument_normal(unsigned ctype, uint64_t v)
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

uint64_t confine_thunk_call(unsigned op, const struct thunk_frame *f)
{
	const struct gl_command *c = &gl_commands[gl_ops[op].command];
	unsigned nint = 0, nfloat = 0, nstack = 0;
	uint64_t argv[CONFINE_ARGUMENTS] = { 0 };

	for (unsigned i = 0; i < c->nparams && i < CONFINE_ARGUMENTS; i++) {
		unsigned type = c->params[i].ctype;
		bool real = type == GL_C_F32 || type == GL_C_F64;
		uint64_t v = real ? (nfloat < 8 ? f->floats[nfloat++] : f->stack[nstack++])
				  : (nint < 6 ? f->ints[nint++] : f->stack[nstack++]);

		argv[i] = argument_normal(type, v);
	}
	return confine_call(op, argv);
}
