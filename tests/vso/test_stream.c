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
	pay.size = 40000;
	assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), 0);
	assert_int_equal(vso_stream_push(p.client, &sp, 1000, &err), -EAGAIN);
	assert_int_equal(vso_stream_pushed(p.client), 6);
	assert_int_equal(vso_stream_wait(p.client, 6, 1000, &err), -EAGAIN);
	pair_close(&p);
}

#define LONG_NS INT64_C(60000000000)

struct player {
	struct pair *p;
	atomic_bool stop;
	uint64_t sum;                  /* of the payloads of all entries */
};

static uint64_t sum_of(const struct sp_payload *p)
{
	const uint8_t *at = p->data;
	uint64_t sum = p->size;

	for (uint32_t i = 0; i < p->size; i++)
		sum = sum * 31 + at[i];
	return sum;
}

static void *play(void *user)
{
	struct player *r = user;
	struct vso_stream_item item;
	uint32_t regs[SP_REGISTERS] = { 0 };

	while (!r->stop) {
		if (vso_server_next(r->p->server, &item) == 1) {
			for (uint32_t k = 1; k < item.payloads.n; k++)
				r->sum += sum_of(&item.payloads.v[k]);
			vso_server_done(r->p->server, &item, regs);
		}
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
	struct player r;
	pthread_t thread;
	struct error err;
	struct pair p;

	(void)state;
	pair_open(&p, 10, 4096, 65536, NULL, NULL);
	r = (struct player){ .p = &p };
	assert_int_equal(pthread_create(&thread, NULL, play, &r), 0);
	for (uint32_t i = 1; i <= 2000; i++) {
		pay.size = i * 7919 % sizeof(data);
		assert_int_equal(vso_stream_push(p.client, &sp, LONG_NS, &err), 0);
		if (i % 10 == 0)
			assert_int_equal(vso_stream_wait(p.client, i, LONG_NS, &err), 0);
	}
	assert_int_equal(vso_client_server(p.client)->done, 2000);
	r.stop = true;
	pthread_join(thread, NULL);
	pair_close(&p);
}

/* Entries many times as long as the ring, among others, and of payloads that end anywhere. */
static void longer_than_ring(bool guard, uint64_t round)
{
	static uint8_t data[3][200000];
	static const uint32_t code[7] = { 1, 2, 3, 4, 5, 6, 7 };
	struct vso_quotas q = vso_quotas_default;
	const struct vso_loopback_options scattered = { .guard = true };
	struct player r = { .sum = 0 };
	struct sp_payload pay[3];
	struct vso_stream_sp sp = { .code = code, .words = 7, .payloads = pay, .npayloads = 3 };
	uint64_t sum = 0;
	pthread_t thread;
	struct error err;
	struct pair p;

	q.round_bytes = round;
	pair_open(&p, 10, 4096, 8192, guard ? &scattered : NULL, &q);
	r.p = &p;
	assert_int_equal(pthread_create(&thread, NULL, play, &r), 0);
	for (uint32_t i = 1; i <= 60; i++) {
		for (uint32_t k = 0; k < 3; k++) {
			uint32_t most = i % 3 ? 2000 : sizeof(data[k]);

			pay[k] = (struct sp_payload){ data[k], (i * 7919 + k * 101) % most, 0 };
			pattern(data[k], pay[k].size, i + k);
			sum += sum_of(&pay[k]);
		}
		sp.words = 1 + i % 7;
		assert_int_equal(vso_stream_push(p.client, &sp, LONG_NS, &err), 0);
		vso_client_ring(p.client);
		if (i % 7 == 0)
			assert_int_equal(vso_stream_wait(p.client, i, LONG_NS, &err), 0);
	}
	assert_int_equal(vso_stream_wait(p.client, 60, LONG_NS, &err), 0);
	r.stop = true;
	pthread_join(thread, NULL);
	assert_true(r.sum == sum);
	pair_close(&p);
}

static void test_longer_than_ring(void **state)
{
	(void)state;
	longer_than_ring(false, 8u << 20);
	longer_than_ring(true, 8u << 20);
	longer_than_ring(false, 1000);
}

/* One that waited in vain for room goes on where it was; nothing of it is handed out before
 * it is whole. */
static void test_parts(void **state)
{
	static uint8_t data[50000];
	static const uint32_t code[8];
	struct sp_payload pay = { data, sizeof(data), 0 };
	struct vso_stream_sp sp = { .code = code, .words = 4, .payloads = &pay, .npayloads = 1 };
	struct vso_stream_item item;
	struct error err;
	struct pair p;
	int r, tries = 0;

	(void)state;
	pair_open(&p, 10, 4096, 8192, NULL, NULL);
	pattern(data, sizeof(data), 5);
	while ((r = vso_stream_push(p.client, &sp, 0, &err)) == -EAGAIN) {
		assert_int_equal(vso_stream_pushed(p.client), 0);
		assert_int_equal(vso_server_next(p.server, &item), 0);
		sp.words = 8;
		assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), -EBUSY);
		sp.words = 4;
		tries++;
	}
	assert_int_equal(r, 0);
	assert_int_equal(tries, 6);
	assert_int_equal(vso_server_next(p.server, &item), 1);
	assert_true(pattern_is(item.payloads.v[1].data, sizeof(data), 5));
	assert_int_equal(vso_client_server(p.client)->tail, vso_client_page(p.client)->head);
	pair_close(&p);
}

/* One that is more than a server takes is refused by its first words. */
static void test_too_long(void **state)
{
	static uint8_t data[50000];
	static const uint32_t code[4];
	struct sp_payload pay = { data, sizeof(data), 0 };
	struct vso_stream_sp sp = { .code = code, .words = 4, .payloads = &pay, .npayloads = 1 };
	struct vso_quotas q = vso_quotas_default;
	struct vso_stream_item item;
	struct error err;
	struct pair p;

	(void)state;
	q.entry_bytes = 40000;
	pair_open(&p, 10, 4096, 8192, NULL, &q);
	assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), -EAGAIN);
	assert_int_equal(vso_server_next(p.server, &item), -EBADMSG);
	assert_int_equal(vso_client_server(p.client)->stream_fault, VSO_FAULT_QUOTA);
	assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), -EIO);
	pair_close(&p);
}

/* Whatever the server does for a client can be seen; where it does nothing, nothing. */
static void test_life(void **state)
{
	static const uint32_t code[4], ext[SP_EXTERNS];
	struct vso_stream_sp sp = { .code = code, .words = 4 };
	struct vso_stream_item item;
	struct error err;
	struct pair p;
	uint64_t was;

	(void)state;
	pair_open(&p, 10, 4096, 8192, NULL, NULL);
	was = vso_client_life(p.client);
	assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), 0);
	vso_client_ring(p.client);
	assert_int_equal(vso_stream_wait(p.client, 1, 1000, &err), -EAGAIN);
	assert_true(vso_client_life(p.client) == was);
	vso_server_show(p.server, ext, 1, 1, NULL);
	assert_false(vso_client_life(p.client) == was);
	was = vso_client_life(p.client);
	assert_int_equal(vso_server_next(p.server, &item), 1);
	assert_false(vso_client_life(p.client) == was);
	was = vso_client_life(p.client);
	vso_server_done(p.server, &item, NULL);
	assert_false(vso_client_life(p.client) == was);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries), cmocka_unit_test(test_long_entries),
		cmocka_unit_test(test_fences), cmocka_unit_test(test_longer_than_ring),
		cmocka_unit_test(test_parts), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
