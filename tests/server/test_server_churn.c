/* test_server_churn.c - a thousand clients that come, draw and go, in every way of going,
 * leave nothing behind: no memory, no descriptor, no pixel. */
#include <dirent.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/server/many.h"

#define CLIENTS 1000
#define WARM 100                /* so many before it is measured */
/* Bytes that may be in use besides: pieces that each thread's allocator keeps for itself count
 * as used (some 200 KB for each).  A quarter of a page of each client's would be more. */
#define KEPT ((CLIENTS - WARM) * 1024u)

static unsigned descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static size_t mappings(void)
{
	FILE *in = fopen("/proc/self/maps", "r");
	size_t n = 0;
	int c;

	assert_non_null(in);
	while ((c = getc(in)) != EOF)
		n += c == '\n';
	fclose(in);
	return n;
}

static size_t allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

enum way { GOES, DIES, IS_CLOSED, SILENT, WAYS };

static void come_and_go(struct many *m, enum way way)
{
	struct error err;
	uint32_t id;

	m->n = 0;
	id = many_add(m, 40, 30, way == GOES ? VSO_HELLO_DIRECT : 0, "passing by",
		      way == SILENT ? NULL : many_plain(1, 0, 0, 40, 30));
	many_frame(m);
	assert_int_equal(many_info(m, id).painter, m->opt.nfurther);
	if (way == IS_CLOSED)
		assert_int_equal(server_close_client(m->server, id, &err), 0);
	else if (way == DIES)
		vso_loopback_kill(m->link[0]);
	vso_client_destroy(m->c[0].client);
	many_frames(m, 2);
	m->n = 0;
}

static void churn(uint32_t further)
{
	struct server_client_info info[MANY_CLIENTS];
	struct vso_client *stays = NULL;
	unsigned fds = 0;
	size_t memory = 0, maps = 0;
	struct many m;

	if (!many_open(&m, &(struct server_options){ .nfurther = further }))
		skip();
	/* one that has the composer's time, so that all others come to the further painter */
	if (further) {
		many_add(&m, 40, 30, 0, "stays", many_plain(0, 0, 1, 40, 30));
		stays = m.c[0].client;
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		if (i == WARM) {
			fds = descriptors();
			memory = allocated();
			maps = mappings();
		}
		come_and_go(&m, i % WAYS);
	}
	assert_int_equal(server_clients(m.server, info, MANY_CLIENTS), stays ? 1 : 0);
	assert_int_equal(descriptors(), fds);
	/* (caches of libraries may still grow a little) */
	assert_true(mappings() <= maps + 8);
	if (allocated() > memory + KEPT)
		fail_msg("%zu bytes in use, then %zu", memory, allocated());
	vso_client_destroy(stays);
	many_frames(&m, 2);
	many_look(&m);
	for (unsigned i = 0; i < MANY_W * MANY_H * 3; i++)
		assert_int_equal(m.rgb[i], m.rgb[i % 3]);
	many_close(&m);
}

static void test_churn(void **state)
{
	(void)state;
	churn(0);
}

static void test_churn_of_further_painter(void **state)
{
	(void)state;
	churn(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_churn_of_further_painter),
	};

	if (!many_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
