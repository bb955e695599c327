/* test_code_account.c - machine code that is made while a client is at work is the client's,
 * until it is unmapped; who has too much of it loses its contexts, and nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/server/code_account.h"
#include "tests/server/alone.h"

#define PAGE ((size_t)4096)
#define MIB (UINT64_C(1) << 20)

static struct sink *gl;

static uint8_t *code_make(unsigned pages)
{
	uint8_t *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p, pages * PAGE, PROT_READ | PROT_EXEC), 0);
	return p;
}

static void test_pieces(void **state)
{
	struct code_account *a = code_account_create(), *b = code_account_create();
	uint8_t *p[3], *data;
	uint64_t one;

	(void)state;
	p[0] = code_make(1);
	assert_int_equal(code_account_amount(a).pieces, 0);
	code_account_enter(a);
	p[1] = code_make(1);
	one = code_account_amount(a).bytes;
	assert_in_range(one, PAGE, 64 * PAGE);
	code_account_enter(b);
	p[2] = code_make(5);
	assert_int_equal(code_account_amount(a).bytes, one);
	assert_int_equal(code_account_amount(b).bytes, one + 4 * PAGE);
	/* the same again is the same, and data is nothing */
	assert_int_equal(mprotect(p[2], 5 * PAGE, PROT_READ | PROT_EXEC), 0);
	assert_int_equal(code_account_amount(b).pieces, 1);
	data = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(mprotect(data, PAGE, PROT_READ), 0);
	assert_int_equal(code_account_amount(b).pieces, 1);
	/* whoever unmaps it, and although its account is closed */
	munmap(p[1], PAGE);
	assert_int_equal(code_account_amount(a).bytes, 0);
	code_account_destroy(b);
	munmap(p[2], 5 * PAGE);
	munmap(p[0], PAGE);
	munmap(data, PAGE);
	assert_ptr_equal(code_account_create(), b);
	assert_int_equal(code_account_amount(b).pieces, 0);
	code_account_enter(NULL);
	code_account_destroy(a);
	code_account_destroy(b);
}

static void test_most(void **state)
{
	struct code_account *a = code_account_create(), *b = code_account_create();
	static uint8_t *p[CODE_PIECES_ALL + 2];
	uint32_t n = 0;

	(void)state;
	code_account_enter(b);
	for (; n < CODE_PIECES_ALL / 4; n++)
		p[n] = code_make(1);
	code_account_enter(a);
	for (; n < CODE_PIECES_ALL; n++)
		p[n] = code_make(1);
	assert_false(code_account_most(a));
	code_account_enter(b);
	p[n++] = code_make(1);
	assert_true(code_account_most(a));
	assert_false(code_account_most(b));
	while (n--)
		munmap(p[n], PAGE);
	assert_false(code_account_most(a));
	code_account_enter(NULL);
	code_account_destroy(a);
	code_account_destroy(b);
}

/* A draw for which the driver compiles; all of it goes with the client. */
static void test_driver(void **state)
{
	struct code_account *probe;
	struct alone m;
	uint64_t first;

	(void)state;
	alone_open(&m, gl, HEAD INIT("") REDRAW(FLOOD) "sp 2 redraw frame 1 context 1 drawable 1 {\n"
		   "glEnable GL_DEPTH_TEST\nglEnable GL_BLEND\nglBlendFunc 0x306, 0x305\n" FLOOD
		   "glFinish\nend\n}\n", 16 * MIB);
	alone_run(&m, 0, 0, NULL);
	alone_run(&m, 1, 0, NULL);
	first = confined_code(m.k);
	alone_run(&m, 2, 0, NULL);
	assert_true(confined_code(m.k) > first);
	alone_close(&m);
	probe = code_account_create();
	assert_int_equal(code_account_amount(probe).pieces, 0);
	code_account_destroy(probe);
}

/* Beyond its share of the budget (a quarter of 32 MiB, as 16 KiB and more a piece) its
 * contexts go, and are made anew. */
static void test_excess(void **state)
{
	static uint8_t *p[600];
	struct one o, other;

	(void)state;
	one_open(&other, gl, 0, 0, 32 * MIB);
	one_open(&o, gl, 0, 0, 32 * MIB);
	one_publish(&other, HEAD INIT("") REDRAW(CLEAR));
	one_publish(&o, HEAD INIT("") REDRAW(CLEAR));
	assert_int_equal(one_frame(&other), 1);
	assert_int_equal(one_frame(&o), 1);
	for (unsigned i = 0; i < 300; i++)
		p[i] = code_make(1);
	one_frame(&o);
	assert_int_equal(vso_client_server(o.client)->generation, 0);
	for (unsigned i = 300; i < 600; i++)
		p[i] = code_make(1);
	one_frame(&other);
	assert_int_equal(vso_client_server(other.client)->generation, 0);
	one_frame(&o);
	assert_int_equal(vso_client_server(o.client)->generation, 1);
	for (unsigned i = 0; i < 600; i++)
		munmap(p[i], PAGE);
	one_frame(&o);
	assert_int_equal(one_frame(&o), 1);
	assert_int_equal(vso_client_server(o.client)->generation, 1);
	assert_int_equal(vso_client_server(other.client)->generation, 0);
	one_close(&o);
	one_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces), cmocka_unit_test(test_most),
		cmocka_unit_test(test_driver), cmocka_unit_test(test_excess),
	};

	if (!CODE_COUNTED)
		printf("a sanitizer has its own mprotect: nothing is counted\n");
	gl = CODE_COUNTED ? one_driver() : NULL;
	if (!gl)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
