/* test_vso.c - a well-behaved client and the server: objects, streams, registers, bells. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/vso/pair.h"

/* ---- objects --------------------------------------------------------------------- */

/* Sizes about the borders of pages and lists, over each kind of transport. */
static void test_objects(void **state)
{
	static const uint32_t sizes[] = {
		4, 64, 4092, 4096, 4100, 8192, 8196, VSO_LIST * VSO_PAGE - 4, VSO_LIST * VSO_PAGE,
		VSO_LIST * VSO_PAGE + 4, 2 * VSO_LIST * VSO_PAGE + 4096,
	};
	static const struct vso_loopback_options options[] = {
		{ 0 }, { .guard = true }, { .no_map = true }, { .guard = true, .no_map = true },
	};
	static uint8_t data[3 * VSO_LIST * VSO_PAGE];

	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		struct error err = { 0 };
		struct vso_object o[3];
		struct pair p;

		pair_open(&p, 100, 40u << 20, 0, &options[k], NULL);
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			struct vso_desc d = { .type = i & 1 ? VSO_MAPPED : VSO_DATA, .size = sizes[i] };

			pattern(data, sizes[i], i);
			assert_int_equal(vso_publish(p.client, i + 1, &d, data, &err), 0);
			assert_int_equal(vso_server_changes(p.server, o, 3), 1);
			assert_int_equal(o[0].fault, VSO_FAULT_OK);
			assert_int_equal(o[0].id, i + 1);
			assert_int_equal(o[0].version, 1);
			assert_int_equal(o[0].desc.size, sizes[i]);
			assert_int_equal(o[0].mapped, i & 1 && !options[k].no_map);
			assert_int_equal((uintptr_t)o[0].data % 64, 0);
			assert_true(pattern_is(o[0].data, sizes[i], i));
			vso_server_taken(p.server, &o[0], 0, 0);
			vso_object_release(p.server, &o[0]);
		}
		assert_int_equal(vso_server_changes(p.server, o, 3), 0);
		pair_close(&p);
	}
}

static void test_stream(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
