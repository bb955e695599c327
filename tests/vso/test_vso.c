/* test_vso.c - a well-behaved client and the server: objects, registers, bells, death. */
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
	struct vso_quotas q = vso_quotas_default;

	(void)state;
	q.round_bytes = 64u << 20;
	for (unsigned k = 0; k < 4; k++) {
		struct error err = { 0 };
		struct vso_object o[3];
		struct pair p;

		pair_open(&p, 100, 40u << 20, 0, &options[k], &q);
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

/* ---- pages come and go --------------------------------------------------------------- */

/* Fills all pages again and again: those of copies come back when they are taken, those of
 * mappings when a later version is shown and the earlier one released, not before. */
static void test_release(void **state)
{
	struct vso_desc d = { .type = VSO_MAPPED, .size = 40000 };
	static uint8_t data[40000];
	struct vso_object shown = { 0 }, o;
	struct error err;
	struct pair p;

	(void)state;
	pair_open(&p, 8, 3 * 40960, 0, &(struct vso_loopback_options){ .guard = true }, NULL);
	for (uint32_t v = 1; v < 200; v++) {
		pattern(data, sizeof(data), v);
		assert_int_equal(vso_publish(p.client, 1, &d, data, &err), 0);
		/* what is shown stays as it is meanwhile */
		if (shown.data)
			assert_true(pattern_is(shown.data, sizeof(data), v - 1));
		pair_change(&p, &o);
		assert_true(o.mapped && o.version == v);
		vso_server_taken(p.server, &o, 0, 0);
		assert_int_equal(pair_state(&p, 1)->taken, v);
		/* late: the earlier one is in use for some time yet */
		assert_int_equal(pair_state(&p, 1)->released, v < 2 ? 0 : v - 2);
		assert_false(v > 1 && vso_client_reclaim(p.client));
		assert_true(pattern_is(o.data, sizeof(data), v));
		if (shown.data)
			assert_true(pattern_is(shown.data, sizeof(data), v - 1));
		vso_object_release(p.server, &shown);
		assert_int_equal(pair_state(&p, 1)->released, v - 1);
		shown = o;
	}
	assert_int_equal(vso_server_counters(p.server)->mappings, 1);
	/* another type in its place: a copy, which leaves the mapping to be released */
	d.type = VSO_DATA;
	assert_int_equal(vso_publish(p.client, 1, &d, data, &err), 0);
	pair_change(&p, &o);
	vso_server_taken(p.server, &o, 0, 0);
	assert_int_equal(pair_state(&p, 1)->released, 198);
	vso_object_release(p.server, &shown);
	assert_int_equal(pair_state(&p, 1)->released, 200);
	vso_object_release(p.server, &o);
	assert_int_equal(vso_delete(p.client, 1), 0);
	pair_change(&p, &o);
	assert_int_equal(o.desc.type, VSO_NONE);
	assert_null(o.data);
	vso_server_taken(p.server, &o, 0, 0);
	assert_int_equal(pair_state(&p, 1)->released, 201);
	pair_close(&p);
}

/* Two versions may be on their way, and as many bytes as there are pages for. */
static void test_patience(void **state)
{
	struct vso_desc d = { .type = VSO_DATA, .size = 4096 };
	static uint8_t data[1 << 20];
	struct error err;
	uint32_t n = 0;
	struct pair p;
	int r;

	(void)state;
	pair_open(&p, 100, 65536, 0, NULL, NULL);
	assert_int_equal(vso_publish(p.client, 0, &d, data, &err), -EINVAL);
	assert_int_equal(vso_publish(p.client, 100, &d, data, &err), -EINVAL);
	assert_int_equal(vso_publish(p.client, 1, &d, data, &err), 0);
	assert_int_equal(vso_publish(p.client, 1, &d, data, &err), 0);
	assert_int_equal(vso_publish(p.client, 1, &d, data, &err), -EAGAIN);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	assert_int_equal(n, 1);
	assert_int_equal(vso_publish(p.client, 1, &d, data, &err), 0);
	d.size = 1 << 30;
	assert_int_equal(vso_publish(p.client, 2, &d, data, &err), -ENOSPC);
	d.size = 65536;
	for (n = 2; !(r = vso_publish(p.client, n, &d, data, &err)); n++)
		;
	assert_int_equal(r, -EAGAIN);
	assert_true(n > 2);
	pair_take(&p, NULL);
	assert_int_equal(vso_publish(p.client, n, &d, data, &err), 0);
	pair_close(&p);
}

/* Pages that no row of free ones is long enough for: scattered ones are taken. */
static void test_scattered(void **state)
{
	struct vso_desc d = { .type = VSO_DATA, .size = 4096 };
	static uint8_t data[100 * VSO_PAGE];
	struct vso_object o, held[600];
	uint32_t n, all;
	struct error err;
	struct pair p;

	(void)state;
	pair_open(&p, 600, 400 * VSO_PAGE, 0, NULL, NULL);
	d.type = VSO_MAPPED;
	for (n = 1; n < 600 && !vso_publish(p.client, n, &d, data, &err); n++) {
		pair_change(&p, &held[n]);
		vso_server_taken(p.server, &held[n], 0, 0);
	}
	all = n;
	/* every second one is deleted */
	for (uint32_t i = 1; i < all; i += 2) {
		assert_int_equal(vso_delete(p.client, i), 0);
		pair_change(&p, &o);
		vso_server_taken(p.server, &o, 0, 0);
		vso_object_release(p.server, &held[i]);
	}
	vso_client_reclaim(p.client);
	d.size = sizeof(data);
	pattern(data, sizeof(data), 5);
	for (uint32_t i = 1; i < 5; i += 2) {
		void *in_place;

		if (i == 1) {
			assert_int_equal(vso_publish(p.client, i, &d, data, &err), 0);
		} else {
			assert_int_equal(vso_publish_begin(p.client, i, &d, &in_place, &err), 0);
			assert_int_equal(vso_publish_begin(p.client, 5, &d, &(void *){ 0 }, &err), -EBUSY);
			memcpy(in_place, data, sizeof(data));
			assert_int_equal(vso_publish_end(p.client, 5), -EINVAL);
			assert_int_equal(vso_publish_end(p.client, i), 0);
		}
		pair_change(&p, &o);
		assert_int_equal(o.fault, VSO_FAULT_OK);
		assert_true(pattern_is(o.data, sizeof(data), 5));
		vso_server_taken(p.server, &o, 0, 0);
		vso_object_release(p.server, &o);
	}
	for (uint32_t i = 2; i < all; i += 2)
		vso_object_release(p.server, &held[i]);
	pair_close(&p);
}

/* ---- what it costs ---------------------------------------------------------------------- */

/* One object of thousands: one word of bits, one entry, its pages. */
static void test_proportion(void **state)
{
	struct vso_desc d = { .type = VSO_DATA, .size = 5000 };
	static uint8_t data[5000];
	const struct vso_counters *c;
	struct vso_counters before;
	struct error err;
	struct pair p;
	uint32_t n;

	(void)state;
	pair_open(&p, VSO_OBJECTS_MAX, 64u << 20, 0, NULL, NULL);
	c = vso_server_counters(p.server);
	for (uint32_t i = 1; i < VSO_OBJECTS_MAX; i++)
		assert_int_equal(vso_publish(p.client, i, &d, data, &err), 0);
	for (uint32_t all = 0; all < VSO_OBJECTS_MAX - 1; all += n) {
		assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
		assert_true(n);
	}
	assert_int_equal(c->words, 64);
	assert_int_equal(c->entries, VSO_OBJECTS_MAX - 1);
	assert_int_equal(c->pages, 2 * (VSO_OBJECTS_MAX - 1));
	before = *c;
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	assert_memory_equal(&before, c, sizeof(before));
	assert_int_equal(vso_publish(p.client, 4095, &d, data, &err), 0);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	assert_int_equal(n, 1);
	assert_int_equal(c->words, before.words + 1);
	assert_int_equal(c->entries, before.entries + 1);
	assert_int_equal(c->lists, before.lists + 1);
	assert_int_equal(c->pages, before.pages + 2);
	assert_int_equal(c->bytes, before.bytes + 5000);
	pair_close(&p);
}

/* Bits that say too much: words for each summary bit, no entry. */
static void test_false_bits(void **state)
{
	struct vso_dirty *dirty;
	struct pair p;
	uint32_t n;

	(void)state;
	pair_open(&p, 100, 65536, 0, &(struct vso_loopback_options){ .guard = true }, NULL);
	dirty = pair_page(&p, VSO_PAGE_DIRTY);
	atomic_store(&dirty->summary, UINT64_MAX);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	assert_int_equal(vso_server_counters(p.server)->words, 2);
	assert_int_equal(vso_server_counters(p.server)->entries, 0);
	for (unsigned i = 0; i < 64; i++)
		atomic_store(&dirty->bits[i], UINT64_MAX);
	atomic_store(&dirty->summary, UINT64_MAX);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	assert_int_equal(n, 0);
	assert_int_equal(vso_server_counters(p.server)->entries, 99);
	assert_int_equal(dirty->bits[2], UINT64_MAX);
	/* bits without the summary: found with the next that has it */
	pair_show(&p, 70, &(struct vso_desc){ .type = VSO_NONE });
	atomic_store(&dirty->summary, 0);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	assert_int_equal(n, 0);
	atomic_store(&dirty->summary, 2);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	assert_int_equal(n, 1);
	pair_close(&p);
}

/* A client that sets everything anew while it is taken does not keep the server. */
static void test_never_done(void **state)
{
	struct vso_object o[4];
	struct pair p;

	(void)state;
	pair_open(&p, 41, 65536, 0, NULL, NULL);
	for (unsigned frame = 0; frame < 3; frame++) {
		uint32_t calls = 0, n;

		for (uint32_t i = 1; i < 41; i++)
			pair_show(&p, i, &(struct vso_desc){ .type = VSO_NONE });
		do {
			n = vso_server_changes(p.server, o, 4);
			for (uint32_t i = 0; i < n; i++)
				vso_server_taken(p.server, &o[i], 0, 0);
			for (uint32_t i = 1; i < 41; i++)
				pair_show(&p, i, &(struct vso_desc){ .type = VSO_NONE });
			calls++;
		} while (n == 4);
		assert_true(calls == 11);
		vso_server_wake(p.server, true);
	}
	pair_close(&p);
}

/* Lists that are long, and wrong at their end, cost what they cost: not all of them in one
 * call.  Entries without end likewise. */
static void test_wrong_at_the_end(void **state)
{
	enum { LISTS = 16 };
	struct vso_desc d = { .type = VSO_MAPPED, .size = LISTS * VSO_LIST * VSO_PAGE };
	const struct vso_counters *c;
	uint32_t first, n, calls = 0, all = 0;
	struct pair p;

	(void)state;
	pair_open(&p, 1001, 8 << 20, 0, NULL, NULL);
	c = vso_server_counters(p.server);
	first = d.pages = pair_free_page(&p);
	for (uint32_t i = 0; i < LISTS; i++) {
		struct vso_list *l = pair_page(&p, first + i);

		for (uint32_t k = 0; k < VSO_LIST; k++)
			l->page[k] = first;
		l->next = i + 1 < LISTS ? first + i + 1 : first;
	}
	for (uint32_t i = 1; i < 1001; i++)
		pair_show(&p, i, &d);
	for (; all < 1000; all += n, calls++) {
		uint64_t lists = c->lists;

		assert_int_equal(pair_take(&p, &n), VSO_FAULT_LIST);
		assert_true(c->lists - lists <= 40 * LISTS);
	}
	assert_true(calls >= 25);
	pair_close(&p);
}

/* Long ones are copied over several calls, and are of one version. */
static void test_long(void **state)
{
	struct vso_quotas q = vso_quotas_default;
	struct vso_desc d = { .type = VSO_DATA, .size = 100 * VSO_PAGE - 7 };
	struct vso_desc small = { .type = VSO_DATA, .size = 8 };
	static uint8_t data[100 * VSO_PAGE];
	struct vso_object o[4];
	uint32_t calls = 0;
	struct error err;
	struct pair p;

	(void)state;
	q.round_bytes = 10 * VSO_PAGE;
	pair_open(&p, 10, sizeof(data), 0, NULL, &q);
	pattern(data, d.size, 1);
	assert_int_equal(vso_publish(p.client, 5, &d, data, &err), 0);
	assert_int_equal(vso_publish(p.client, 6, &small, data, &err), 0);
	while (!vso_server_changes(p.server, o, 1)) {
		calls++;
		/* the next version does not wait for this one */
		if (calls == 4)
			assert_int_equal(vso_publish(p.client, 5, &small, data, &err), 0);
	}
	assert_in_range(calls, 9, 10);
	assert_int_equal(o[0].id, 5);
	assert_int_equal(o[0].version, 1);
	assert_true(pattern_is(o[0].data, d.size, 1));
	vso_server_taken(p.server, &o[0], 0, 0);
	vso_object_release(p.server, &o[0]);
	pair_take(&p, NULL);
	pair_take(&p, NULL);
	assert_int_equal(pair_state(&p, 5)->released, 2);
	assert_int_equal(pair_state(&p, 6)->taken, 1);
	/* one that never gets there is let go with the client */
	assert_int_equal(vso_publish(p.client, 5, &d, data, &err), 0);
	assert_int_equal(vso_server_changes(p.server, o, 4), 0);
	assert_int_equal(vso_server_counters(p.server)->copies, 1);
	pair_close(&p);
}

/* ---- registers, bells, death ------------------------------------------------------------------ */

/* A request for the update SP is for what was published before it: it is not counted before that
 * has been handed out, however late the server looks and in however many rounds. */
static void test_update_order(void **state)
{
	struct vso_quotas q = vso_quotas_default;
	struct vso_desc d = { .type = VSO_DATA, .size = 25 * VSO_PAGE };
	static uint8_t data[25 * VSO_PAGE];
	struct error err;
	struct pair p;
	uint32_t n = 0;

	(void)state;
	q.round_bytes = 10 * VSO_PAGE;
	pair_open(&p, 10, 3 * sizeof(data), 0, NULL, &q);
	assert_int_equal(vso_publish(p.client, 1, &d, data, &err), 0);
	vso_client_update(p.client);
	assert_int_equal(vso_server_update(p.server), 0);
	pair_take(&p, &n);
	assert_int_equal(n, 0);
	assert_int_equal(vso_server_update(p.server), 0);
	/* what comes while that one is copied has a request of its own, and goes behind it */
	assert_int_equal(vso_publish(p.client, 2, &d, data, &err), 0);
	vso_client_update(p.client);
	for (unsigned rounds = 0; pair_state(&p, 1)->taken < 1; rounds++) {
		assert_true(rounds < 3);
		assert_int_equal(vso_server_update(p.server), 0);
		pair_take(&p, NULL);
	}
	while (pair_state(&p, 2)->taken < 1) {
		assert_true(vso_server_update(p.server) < 2);
		pair_take(&p, NULL);
	}
	assert_int_equal(vso_server_update(p.server), 2);
	/* and who publishes nothing has asked as soon as the server looks */
	vso_client_update(p.client);
	pair_take(&p, NULL);
	assert_int_equal(vso_server_update(p.server), 3);
	pair_close(&p);
}

/* Who brings more than a round may copy, at each frame: a round never ends with nothing on its
 * way, and requests are counted all the same. */
static void test_update_flood(void **state)
{
	struct vso_quotas q = vso_quotas_default;
	struct vso_desc d = { .type = VSO_DATA, .size = 12 * VSO_PAGE };
	static uint8_t data[12 * VSO_PAGE];
	uint64_t last = 0, at = 0;
	struct error err;
	struct pair p;

	(void)state;
	q.round_bytes = 10 * VSO_PAGE;
	pair_open(&p, 10, 40 * sizeof(data), 0, NULL, &q);
	for (uint64_t i = 0; i < 300; i++) {
		assert_int_equal(vso_publish(p.client, 1 + (uint32_t)(i % 3), &d, data, &err), 0);
		vso_client_update(p.client);
		pair_take(&p, NULL);
		if (vso_server_update(p.server) != last)
			at = i;
		last = vso_server_update(p.server);
		assert_true(i - at < 8);
	}
	pair_close(&p);
}

static void test_registers(void **state)
{
	uint32_t regs[SP_REGISTERS], got[SP_REGISTERS], ext[SP_EXTERNS];
	struct pair p;

	(void)state;
	pair_open(&p, 10, 4096, 0, NULL, NULL);
	for (uint32_t i = 0; i < SP_REGISTERS; i++)
		regs[i] = i * 3;
	vso_client_registers(p.client, regs);
	vso_server_registers(p.server, got);
	assert_memory_equal(regs, got, sizeof(regs));
	/* one that never finishes writing keeps what it had */
	regs[0] = 99;
	vso_client_registers(p.client, regs);
	atomic_store(&vso_client_page(p.client)->sequence, 1);
	vso_server_registers(p.server, got);
	assert_int_equal(got[0], 0);
	for (uint32_t i = 0; i < SP_EXTERNS; i++)
		ext[i] = i + 100;
	vso_server_show(p.server, ext, 640, 480, regs);
	memset(ext, 0, sizeof(ext));
	vso_client_shown(p.client, ext, got);
	assert_int_equal(ext[3], 103);
	assert_int_equal(got[0], 99);
	assert_int_equal(vso_client_server(p.client)->width, 640);
	assert_int_equal(vso_client_update(p.client), 1);
	assert_int_equal(vso_client_update(p.client), 2);
	pair_take(&p, NULL);
	assert_int_equal(vso_server_update(p.server), 2);
	vso_server_updated(p.server, 2);
	assert_int_equal(vso_client_server(p.client)->updated, 2);
	pair_close(&p);
}

/* A client that asked for nothing is never woken. */
static void test_bells(void **state)
{
	struct vso_desc d = { .type = VSO_DATA, .size = 8 };
	struct vso_client_page *page;
	struct error err;
	struct pair p;

	(void)state;
	pair_open(&p, 10, 4096, 0, NULL, NULL);
	page = vso_client_page(p.client);
	assert_int_equal(p.link->ops->wait(p.link, 0), 1);      /* the answer */
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(vso_publish(p.client, 1, &d, "1234567", &err), 0);
		pair_take(&p, NULL);
		vso_server_updated(p.server, i);
		vso_server_wake(p.server, true);
	}
	assert_int_equal(vso_client_server(p.client)->frames, 10);
	assert_int_equal(p.link->ops->wait(p.link, 0), 0);
	atomic_store(&page->wake_taken, 1);
	vso_server_wake(p.server, true);
	assert_int_equal(p.link->ops->wait(p.link, 0), 0);
	assert_int_equal(vso_publish(p.client, 1, &d, "1234567", &err), 0);
	pair_take(&p, NULL);
	vso_server_wake(p.server, true);
	assert_int_equal(p.link->ops->wait(p.link, 0), 1);
	atomic_store(&page->wake_updated, 1);
	vso_server_wake(p.server, true);
	assert_int_equal(p.link->ops->wait(p.link, 0), 0);
	vso_server_updated(p.server, 99);
	vso_server_wake(p.server, true);
	assert_int_equal(p.link->ops->wait(p.link, 0), 1);
	assert_int_equal(p.link->wakeups, 3);
	pair_close(&p);
}

static void test_death(void **state)
{
	(void)state;
	for (unsigned silent = 0; silent < 2; silent++) {
		struct vso_desc d = { .type = VSO_MAPPED, .size = 9000 };
		static uint8_t data[9000];
		unsigned before = open_descriptors();
		struct vso_object o;
		struct error err;
		struct pair p;

		pair_open(&p, 10, 1 << 16, 4096, &(struct vso_loopback_options){
				.guard = true, .silent = silent }, NULL);
		pattern(data, sizeof(data), 3);
		assert_int_equal(vso_publish(p.client, 1, &d, data, &err), 0);
		vso_loopback_kill(p.link);
		assert_int_equal(p.peer->ops->dead(p.peer), !silent);
		vso_client_destroy(p.client);
		assert_int_equal(p.peer->ops->dead(p.peer), !silent);
		/* its pages stay until we are done with them */
		pair_change(&p, &o);
		assert_true(pattern_is(o.data, sizeof(data), 3));
		vso_server_taken(p.server, &o, 0, 0);
		vso_server_wake(p.server, true);
		vso_object_release(p.server, &o);
		vso_server_destroy(p.server, VSO_FAULT_GONE, NULL);
		assert_int_equal(open_descriptors(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_release), cmocka_unit_test(test_patience),
		cmocka_unit_test(test_scattered), cmocka_unit_test(test_proportion),
		cmocka_unit_test(test_false_bits), cmocka_unit_test(test_never_done),
		cmocka_unit_test(test_wrong_at_the_end),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_update_order), cmocka_unit_test(test_update_flood),
		cmocka_unit_test(test_registers), cmocka_unit_test(test_bells),
		cmocka_unit_test(test_death),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
