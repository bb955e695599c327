/* test_table_invoke.c - gl_invoke hands every signature's arguments over as the
 * machine's calling convention wants them, and brings results back.
 *
 * The callee is written in assembly: it stores the argument registers and the stack as
 * it finds them, so that nothing of the generated casts is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "blink/gl/table.h"

#if defined(__x86_64__)

/* System V: integers in six registers, floats in eight, the rest on the stack. */
struct seen { uint64_t integer[6], vector[8], stack[24], rax, xmm0; };
extern struct seen callee_seen;
struct seen callee_seen;
void callee_entry(void);

__asm__(
	".text\n"
	".globl callee_entry\n"
	".type callee_entry, @function\n"
	"callee_entry:\n"
	"	movq callee_seen@GOTPCREL(%rip), %r10\n"
	"	movq %rdi, 0(%r10)\n	movq %rsi, 8(%r10)\n	movq %rdx, 16(%r10)\n"
	"	movq %rcx, 24(%r10)\n	movq %r8, 32(%r10)\n	movq %r9, 40(%r10)\n"
	"	movq %xmm0, 48(%r10)\n	movq %xmm1, 56(%r10)\n	movq %xmm2, 64(%r10)\n"
	"	movq %xmm3, 72(%r10)\n	movq %xmm4, 80(%r10)\n	movq %xmm5, 88(%r10)\n"
	"	movq %xmm6, 96(%r10)\n	movq %xmm7, 104(%r10)\n"
	"	xorl %ecx, %ecx\n"
	"1:	movq 8(%rsp,%rcx,8), %rax\n"
	"	movq %rax, 112(%r10,%rcx,8)\n"
	"	incl %ecx\n"
	"	cmpl $24, %ecx\n"
	"	jne 1b\n"
	"	movq 304(%r10), %rax\n"
	"	movq 312(%r10), %xmm0\n"
	"	ret\n"
	".size callee_entry, .-callee_entry\n");

/* A value that no truncation leaves alone. */
static uint64_t argument(unsigned i)
{
	return UINT64_C(0x8182838485868788) + UINT64_C(0x0101010101010101) * i;
}

static uint64_t wanted(char letter, uint64_t v)
{
	int32_t byte = (int8_t)v, half = (int16_t)v;

	switch (letter) {
	case 'b': return (uint32_t)byte;
	case 'B': return (uint8_t)v;
	case 's': return (uint32_t)half;
	case 'S': return (uint16_t)v;
	case 'i': case 'f': return (uint32_t)v;
	default: return v;
	}
}

/* Only the low bits of a register are an argument's. */
static uint64_t visible(char letter, uint64_t v)
{
	return letter == 'l' || letter == 'd' ? v : (uint32_t)v;
}

static void check_arguments(const char *sig)
{
	unsigned integer = 0, vector = 0, stack = 0;

	for (unsigned i = 1; sig[i]; i++) {
		bool is_vector = sig[i] == 'f' || sig[i] == 'd';
		uint64_t got;

		if (is_vector && vector < 8)
			got = callee_seen.vector[vector++];
		else if (!is_vector && integer < 6)
			got = callee_seen.integer[integer++];
		else
			got = callee_seen.stack[stack++];
		if (visible(sig[i], got) != wanted(sig[i], argument(i - 1)))
			fail_msg("%s: argument %u is %llx", sig, i - 1, (unsigned long long)got);
	}
}

static void check_result(const char *sig, uint64_t got)
{
	const uint64_t rax = callee_seen.rax, xmm0 = callee_seen.xmm0;
	uint64_t want = 0;

	switch (sig[0]) {
	case 'v': want = 0; break;
	case 'B': want = (uint8_t)rax; break;
	case 'b': want = (uint64_t)(int64_t)(int8_t)rax; break;
	case 'S': want = (uint16_t)rax; break;
	case 's': want = (uint64_t)(int64_t)(int16_t)rax; break;
	case 'i': want = (uint32_t)rax; break;
	case 'l': want = rax; break;
	case 'f': want = (uint32_t)xmm0; break;
	case 'd': want = xmm0; break;
	default: fail_msg("%s: result of unknown type", sig);
	}
	if (got != want)
		fail_msg("%s: result %llx, wanted %llx", sig, (unsigned long long)got,
			 (unsigned long long)want);
}

static void test_every_signature(void **state)
{
	const char *sig;
	uint64_t args[32];

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		args[i] = argument(i);
	for (unsigned s = 0; (sig = gl_signature_letters(s)); s++) {
		uint64_t got;

		memset(&callee_seen, 0, sizeof(callee_seen));
		callee_seen.rax = UINT64_C(0xf1f2f3f4f5f6f7f8);
		callee_seen.xmm0 = UINT64_C(0x4142434445464748);
		got = gl_invoke(s, callee_entry, args);
		check_arguments(sig);
		check_result(sig, got);
	}
}

#else

static void test_every_signature(void **state)
{
	(void)state;
	skip();        /* the recording callee knows x86-64 only */
}

#endif

/* Letters as the registry's types say, for a few commands that differ most. */
static void test_signatures(void **state)
{
	static const char *const wanted_sig[][2] = {
		{ "glVertex3f", "vfff" }, { "glColor4ub", "vBBBB" }, { "glColor3b", "vbbb" },
		{ "glVertex4s", "vssss" }, { "glColor3us", "vSSS" }, { "glEnd", "v" },
		{ "glOrtho", "vdddddd" }, { "glBufferData", "villi" },
		{ "glTexImage2D", "viiiiiiiil" }, { "glFenceSync", "lii" },
		{ "glIsEnabled", "Bi" }, { "glGenLists", "ii" }, { "glMapBuffer", "lii" },
		{ "glClientWaitSync", "ilil" }, { "glMap2f", "viffiiffiil" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted_sig) / sizeof(*wanted_sig); i++) {
		const struct gl_command *c = gl_command_find(wanted_sig[i][0]);

		assert_non_null(c);
		assert_string_equal(gl_signature_letters(gl_command_signature(c)),
				    wanted_sig[i][1]);
	}
}

static uint32_t generic_got;
static float generic_float;
static void generic_callee(uint32_t a, float b)
{
	generic_got = a;
	generic_float = b;
}

/* The same without assembly, wherever this runs. */
static void test_a_c_callee(void **state)
{
	const struct gl_command *c = gl_command_find("glFogf");
	uint64_t args[2] = { 7, 0x40490fdb };

	(void)state;
	gl_invoke(gl_command_signature(c), (void (*)(void))generic_callee, args);
	assert_int_equal(generic_got, 7);
	assert_true(generic_float > 3.14159f && generic_float < 3.14160f);
	/* no such signature: nothing is called */
	generic_got = 0;
	assert_int_equal(gl_invoke(255, (void (*)(void))generic_callee, args), 0);
	assert_int_equal(generic_got, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_signature),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_a_c_callee),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
