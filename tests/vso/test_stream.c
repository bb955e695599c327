/* test_stream.c - a well-behaved client's stream: entries of every shape, longer ones than
 * the server copies at once, and a client that sleeps until there is room. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/vso/pair.h"

static void test_entries(void **state)
{
	static const uint32_t code[] = { 1, 2, 3, 4, 5 };
	static uint8_t data[3][30000];
	struct vso_stream_item item;
	struct error err = { 0 };
	struct pair p;

	(void)state;
	pair_open(&p, 10, 4096, 65536, &(struct vso_loopback_options){ .guard = true }, NULL);
	assert_int_equal(vso_server_next(p.server, &item), 0);
	for (uint32_t i = 0; i < 500; i++) {
		struct sp_payload pay[3];
		uint32_t regs[SP_REGISTERS] = { i };
		struct vso_stream_sp sp = { .callback = SP_REDRAW, .context = 1, .drawable = 2,
					    .flags = VSO_STREAM_REPLY, .code = code, .words = i % 5 + 1,
					    .payloads = pay, .npayloads = i % 4 };

		for (uint32_t k = 0; k < 3; k++) {
			pay[k] = (struct sp_payload){ data[k], (i * 977 + k * 3331) % 20000, 0 };
			pattern(data[k], pay[k].size, i + k);
		}
		assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), 0);
		assert_int_equal(vso_server_next(p.server, &item), 1);
		assert_int_equal(item.number, i + 1);
		assert_int_equal(item.sp.nwords, sp.words);
		assert_int_equal(item.payloads.n, sp.npayloads + 1);
		assert_memory_equal(item.sp.code, code, sp.words * 4);
		for (uint32_t k = 0; k < sp.npayloads; k++) {
			assert_int_equal(item.payloads.v[k + 1].size, pay[k].size);
			assert_true(pattern_is(item.payloads.v[k + 1].data, pay[k].size, i + k));
		}
		vso_server_done(p.server, &item, regs);
		assert_int_equal(vso_stream_wait(p.client, i + 1, 0, &err), 0);
		assert_int_equal(vso_client_server(p.client)->reply[0], i);
		assert_int_equal(vso_server_next(p.server, &item), 0);
	}
	pair_close(&p);
}

static void test_long_entries(void **state)
{
	struct vso_quotas q = vso_quotas_default;
	static uint8_t data[60000];
	static const uint32_t code[4];
	struct sp_payload pay = { data, sizeof(data), 0 };
	struct vso_stream_sp sp = { .code = code, .words = 4, .payloads = &pay, .npayloads = 1 };
	struct vso_stream_item item;
	uint32_t calls = 0;
	struct error err;
	struct pair p;

	(void)state;
	q.round_bytes = 8192;
	pair_open(&p, 10, 4096, 65536, NULL, &q);
	for (uint32_t i = 0; i < 5; i++, calls = 0) {
		pattern(data, sizeof(data), i);
		assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), 0);
		while (!vso_server_next(p.server, &item))
			calls++;
		assert_int_equal(calls, 7);
		assert_true(pattern_is(item.payloads.v[1].data, sizeof(data), i));
		/* copied: there is room again, though it has not run */
		assert_int_equal(vso_client_server(p.client)->done, i);
		assert_int_equal(vso_client_server(p.client)->tail, vso_client_page(p.client)->head);
		vso_server_done(p.server, &item, NULL);
	}
	pay.size = 65536;
	assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), -E2BIG);
	pay.size = 40000;
	assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), 0);
	assert_int_equal(vso_stream_push(p.client, &sp, 1000, &err), -EAGAIN);
	assert_int_equal(vso_stream_pushed(p.client), 6);
	assert_int_equal(vso_stream_wait(p.client, 6, 1000, &err), -EAGAIN);
	pair_close(&p);
}

struct player {
	struct pair *p;
	atomic_bool stop;
};

static void *play(void *user)
{
	struct player *r = user;
	struct vso_stream_item item;
	uint32_t regs[SP_REGISTERS] = { 0 };

	while (!r->stop) {
		if (vso_server_next(r->p->server, &item) == 1)
			vso_server_done(r->p->server, &item, regs);
		vso_server_wake(r->p->server, false);
	}
	return NULL;
}

/* A client that sleeps until there is room, and until all has run, is woken in time. */
static void test_fences(void **state)
{
	static uint8_t data[20000];
	static const uint32_t code[4];
	struct sp_payload pay = { data, sizeof(data), 0 };
	struct vso_stream_sp sp = { .code = code, .words = 4, .payloads = &pay, .npayloads = 1 };
	const int64_t long_time = 60000000000;
	struct player r;
	pthread_t thread;
	struct error err;
	struct pair p;

	(void)state;
	pair_open(&p, 10, 4096, 65536, NULL, NULL);
	r.p = &p;
	r.stop = false;
	assert_int_equal(pthread_create(&thread, NULL, play, &r), 0);
	for (uint32_t i = 1; i <= 2000; i++) {
		pay.size = i * 7919 % sizeof(data);
		assert_int_equal(vso_stream_push(p.client, &sp, long_time, &err), 0);
		if (i % 10 == 0)
			assert_int_equal(vso_stream_wait(p.client, i, long_time, &err), 0);
	}
	assert_int_equal(vso_client_server(p.client)->done, 2000);
	r.stop = true;
	pthread_join(thread, NULL);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries), cmocka_unit_test(test_long_entries),
		cmocka_unit_test(test_fences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
