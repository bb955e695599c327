/* trampoline.c - entry points of the driver, found when first called.
 *
 * rec_real[] holds them.  At first each entry is a resolver of its own, which puts the
 * slot's number on the stack; the common part keeps every argument register, asks
 * rec_resolve() for the driver's function (it stores it in rec_real[]) and goes on to
 * it.  All of it is written at link time: entry points work before any constructor ran.
 *
 * Names without a row have a stub that only jumps through rec_real[], and so have
 * REC_EXTRA names that nobody foresaw and that the program looked up. */
#include "capture/record/lib/lib.h"

#if !defined(__x86_64__)
#error "the recorder's trampolines are written for x86-64"
#endif

#define EXTRA_TEXT "512"
_Static_assert(REC_EXTRA == 512, "the number stands in the assembly text");

__asm__(
	".text\n"
	".balign 16\n"
	".globl rec_resolvers\n.hidden rec_resolvers\n"
	"rec_resolvers:\n"
	".set i, 0\n"
	".rept " REC_NAMED_TEXT " + " EXTRA_TEXT "\n"
	"	.byte 0x68\n	.long i\n"                               /* push $i */
	"	.byte 0xe9\n	.long rec_resolve_common - . - 4\n"      /* jmp */
	"	.set i, i + 1\n"
	".endr\n"
	".balign 16\n"
	".globl rec_foreign_stubs\n.hidden rec_foreign_stubs\n"
	"rec_foreign_stubs:\n"
	".set i, " REC_KNOWN_TEXT "\n"
	".rept " REC_NAMED_TEXT " - " REC_KNOWN_TEXT " + " EXTRA_TEXT "\n"
	"	.byte 0xff, 0x25\n	.long rec_real + 8 * i - . - 4\n" /* jmp *rec_real[i] */
	"	.set i, i + 1\n"
	".endr\n"
	".balign 16\n"
	"rec_resolve_common:\n"
	"	push %rax\n	push %rdi\n	push %rsi\n	push %rdx\n"
	"	push %rcx\n	push %r8\n	push %r9\n	push %r10\n"
	"	sub $128, %rsp\n"
	"	movups %xmm0, (%rsp)\n	movups %xmm1, 16(%rsp)\n"
	"	movups %xmm2, 32(%rsp)\n	movups %xmm3, 48(%rsp)\n"
	"	movups %xmm4, 64(%rsp)\n	movups %xmm5, 80(%rsp)\n"
	"	movups %xmm6, 96(%rsp)\n	movups %xmm7, 112(%rsp)\n"
	"	mov 192(%rsp), %edi\n"
	"	call rec_resolve\n"
	"	mov %rax, %r11\n"
	"	movups (%rsp), %xmm0\n	movups 16(%rsp), %xmm1\n"
	"	movups 32(%rsp), %xmm2\n	movups 48(%rsp), %xmm3\n"
	"	movups 64(%rsp), %xmm4\n	movups 80(%rsp), %xmm5\n"
	"	movups 96(%rsp), %xmm6\n	movups 112(%rsp), %xmm7\n"
	"	add $128, %rsp\n"
	"	pop %r10\n	pop %r9\n	pop %r8\n	pop %rcx\n"
	"	pop %rdx\n	pop %rsi\n	pop %rdi\n	pop %rax\n"
	"	add $8, %rsp\n"
	"	jmp *%r11\n"
	".section .data.rel, \"aw\"\n"
	".balign 64\n"
	".globl rec_real\n.hidden rec_real\n"
	"rec_real:\n"
	".set i, 0\n"
	".rept " REC_NAMED_TEXT " + " EXTRA_TEXT "\n"
	"	.quad rec_resolvers + 10 * i\n"
	"	.set i, i + 1\n"
	".endr\n"
	".text\n");
