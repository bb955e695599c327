/* test_race.c - threads that write anything anywhere in the shared pages while the server
 * reads them: it never leaves the pages (a guard page lies behind each), each call ends and
 * costs what it may, what was copied never changes, and nothing is left over. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/vso/pair.h"

#define OBJECTS 300u
#define STREAM (16u * VSO_PAGE)
#define WRITERS 2
#define TAKEN 1500u            /* objects that a race goes on for, */
#define ROUNDS 1500u           /* and rounds, at least */
#define HELD 40u
#define TRIES 100u

struct writer {
	struct pair *p;
	uint64_t seed;
	atomic_bool *stop, begun;
	uint32_t free_page, pages;
	uint32_t ring[STREAM / VSO_PAGE];
	pthread_t thread;
};

static uint32_t dice(struct writer *w, uint32_t n)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->seed >> 33) % n;
}

static void put32(void *at, uint32_t v) { __atomic_store_n((uint32_t *)at, v, __ATOMIC_RELAXED); }

/* A page number: mostly one that will do. */
static uint32_t some_page(struct writer *w)
{
	switch (dice(w, 20)) {
	case 0: return dice(w, w->free_page);
	case 1: return w->pages + dice(w, 5);
	case 2: return UINT32_MAX - dice(w, 5);
	default: return w->free_page + dice(w, w->pages - w->free_page);
	}
}

static uint32_t some_size(struct writer *w)
{
	static const uint32_t sizes[] = { 1, 4, 64, 4095, 4096, 4097, 8192, 40000,
					  VSO_LIST * VSO_PAGE + 1, UINT32_MAX };

	return sizes[dice(w, dice(w, 10) ? 8 : 10)];
}

static void write_object(struct writer *w)
{
	uint32_t object = 1 + dice(w, OBJECTS - 1);
	struct vso_entry *e = pair_entry(w->p, object);
	uint32_t *d = (uint32_t *)(void *)&e->desc[dice(w, 2)];

	put32(&d[0], dice(w, 10) ? dice(w, VSO_TYPES) : dice(w, 1u << 30));
	put32(&d[1], some_size(w));
	put32(&d[2], some_page(w));
	for (unsigned i = 3; i < 6; i++)
		put32(&d[i], !dice(w, 30));
	if (dice(w, 2000))
		atomic_fetch_add(&e->version, dice(w, 3));
	else
		atomic_store(&e->version, dice(w, 100));
	pair_dirty(w->p, object);
}

static void write_list(struct writer *w)
{
	struct vso_list *l = pair_page(w->p, w->free_page + dice(w, w->pages - w->free_page));

	for (unsigned i = 0; i < 20; i++)
		put32(&l->page[i], some_page(w));
	put32(&l->next, dice(w, 2) ? 0 : some_page(w));
}

static void write_dirty(struct writer *w)
{
	struct vso_dirty *d = pair_page(w->p, VSO_PAGE_DIRTY);

	atomic_fetch_or(&d->summary, 1ull << dice(w, 64));
	atomic_fetch_or(&d->bits[dice(w, 64)], 1ull << dice(w, 64));
}

static void write_stream(struct writer *w)
{
	struct vso_client_page *c = pair_page(w->p, VSO_PAGE_CLIENT);
	struct vso_server_page *s = pair_page(w->p, VSO_PAGE_SERVER);
	uint32_t *at = (uint32_t *)((uint8_t *)pair_page(w->p, w->ring[dice(w, 16)]) +
				    16 * dice(w, VSO_PAGE / 16 - 3));
	const uint32_t entry[12] = { 48 + 16 * dice(w, 100), dice(w, 2), dice(w, 5), 0, 0,
				     48, 1 + dice(w, 8), 48 + 4 * dice(w, 8), dice(w, 3), 0, 0, 0 };

	/* mostly entries that will do: the first bad one stops it all */
	for (unsigned i = 0; i < 12 && !dice(w, 1000); i++)
		put32(&at[i], dice(w, 40) ? entry[i] : dice(w, 1u << 31));
	if (c->head - s->tail < STREAM / 2 || !dice(w, 100000))
		atomic_fetch_add(&c->head, dice(w, 5000) ? 64 : 16);
}

static void fill_ring(struct writer *w)
{
	for (uint32_t at = 0; at < STREAM; at += 64) {
		struct vso_stream_entry e = { .size = 64, .code = 48, .words = 2, .payloads = 56,
					      .npayloads = 1 };

		memcpy((uint8_t *)pair_page(w->p, w->ring[at / VSO_PAGE]) + at % VSO_PAGE, &e,
		       sizeof(e));
	}
}

/* What the server alone should write, and what only one thread should. */
static void write_other(struct writer *w)
{
	uint32_t *page = pair_page(w->p, dice(w, w->free_page));
	struct vso_client_page *c = pair_page(w->p, VSO_PAGE_CLIENT);
	uint32_t word = dice(w, VSO_PAGE / 4);

	if (page != (void *)c || word * 4 > offsetof(struct vso_client_page, wake_done))
		put32(&page[word], dice(w, 1u << 31));
	atomic_store(&c->sequence, dice(w, 3));
	put32(&c->regs[dice(w, SP_REGISTERS)], dice(w, 1u << 31));
	atomic_store(&c->wake_done, dice(w, 5));
	atomic_store(&c->wake_room, dice(w, 1000));
}

static void *write_all(void *user)
{
	struct writer *w = user;

	while (!*w->stop) {
		switch (dice(w, 8)) {
		case 0: write_list(w); break;
		case 1: write_dirty(w); break;
		case 2: write_stream(w); break;
		case 3: write_other(w); break;
		default: write_object(w); break;
		}
	}
	return NULL;
}

/* ---- the server meanwhile -------------------------------------------------------------- */

static uint32_t sum(const void *data, uint32_t n)
{
	const uint8_t *d = data;
	uint32_t h = 2166136261u;

	for (uint32_t i = 0; i < n; i++)
		h = (h ^ d[i]) * 16777619u;
	return h;
}

struct keep {
	struct vso_object o;
	uint32_t sum;
};

/* Looks at what was kept some time ago, and keeps o instead. */
static void exchange(struct pair *p, struct keep *k, struct vso_object *o)
{
	if (k->o.data && !k->o.mapped)
		assert_int_equal(sum(k->o.data, k->o.desc.size), k->sum);
	vso_object_release(p->server, &k->o);
	k->o = *o;
	k->sum = o->data && !o->mapped ? sum(o->data, o->desc.size) : 0;
	vso_server_taken(p->server, o, 0, 0);
}

static uint32_t take(struct pair *p, struct keep *keep, uint32_t round)
{
	const struct vso_counters *c = vso_server_counters(p->server);
	struct vso_counters before = *c;
	struct vso_object o[16];
	uint32_t calls = 0, n, taken = 0;

	do {
		n = vso_server_changes(p->server, o, 16);
		assert_true(n <= 16);
		for (uint32_t i = 0; i < n; i++) {
			assert_in_range(o[i].id, 1, OBJECTS - 1);
			assert_true(o[i].fault < VSO_FAULTS);
			assert_true(!o[i].fault || !o[i].data);
			exchange(p, &keep[(round + i) % HELD], &o[i]);
		}
		taken += n;
		assert_true(++calls <= OBJECTS / 16 + 2);
	} while (n == 16);
	assert_true(c->words - before.words <= 64);
	assert_true(c->entries - before.entries <= OBJECTS);
	assert_true(c->bytes - before.bytes <= calls * ((8u << 20) + VSO_PAGE));
	return taken;
}

/* Entries of the stream until it stops, which it does soon. */
static uint32_t run(struct pair *p, struct vso_stream_item *item)
{
	uint32_t n = 0, payload = 0, code;
	int r;

	while (n < 100 && (r = vso_server_next(p->server, item)) == 1) {
		code = sum(item->sp.code, item->sp.nwords * 4);
		for (uint32_t i = 1; i < item->payloads.n; i++)
			payload ^= sum(item->payloads.v[i].data, item->payloads.v[i].size);
		for (uint32_t i = 1; i < item->payloads.n; i++)
			payload ^= sum(item->payloads.v[i].data, item->payloads.v[i].size);
		assert_int_equal(payload, 0);
		assert_int_equal(code, sum(item->sp.code, item->sp.nwords * 4));
		vso_server_done(p->server, item, (uint32_t[SP_REGISTERS]){ 0 });
		n++;
	}
	return n;
}

static void race(const struct vso_loopback_options *opt, uint64_t seed)
{
	struct vso_quotas q = vso_quotas_default;
	uint32_t regs[SP_REGISTERS], ext[SP_EXTERNS] = { 0 }, taken = 0, entries = 0, round;
	struct writer w[WRITERS];
	struct keep keep[HELD];
	atomic_bool stop = false;
	struct pair p;

	memset(keep, 0, sizeof(keep));
	q.torn = 2;
	pair_open(&p, OBJECTS, 4u << 20, STREAM, opt, &q);
	for (unsigned i = 0; i < WRITERS; i++) {
		const struct vso_hello *h = vso_server_hello(p.server);

		w[i].p = &p;
		w[i].seed = seed + i;
		w[i].stop = &stop;
		w[i].free_page = pair_free_page(&p);
		w[i].pages = h->pages;
		memcpy(w[i].ring, pair_page(&p, h->stream_list), sizeof(w[i].ring));
	}
	fill_ring(&w[0]);
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&w[i].thread, NULL, write_all, &w[i]), 0);
	for (round = 0; taken < TAKEN || round < ROUNDS; round++) {
		struct vso_stream_item item;

		taken += take(&p, keep, round);
		entries += run(&p, &item);
		vso_server_registers(p.server, regs);
		vso_server_updated(p.server, vso_server_update(p.server));
		vso_server_show(p.server, ext, 10, 10, round % 2 ? regs : NULL);
		vso_server_wake(p.server, true);
		if (round % 64 == 0)
			sched_yield();
	}
	stop = true;
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(w[i].thread, NULL);
	for (unsigned i = 0; i < HELD; i++)
		vso_object_release(p.server, &keep[i].o);
	print_message("%u objects, %u entries of the stream, %llu faults, %llu versions torn\n", taken,
		      entries, (unsigned long long)vso_server_counters(p.server)->faults,
		      (unsigned long long)vso_server_counters(p.server)->torn);
	assert_int_equal(vso_server_counters(p.server)->mappings, 0);
	assert_true(vso_server_counters(p.server)->copies <= 1);      /* one on its way */
	pair_close(&p);
}

static void test_copied(void **state)
{
	(void)state;
	for (uint64_t seed = 2; seed < 6; seed++)
		race(&(struct vso_loopback_options){ .guard = true, .no_map = true }, seed);
}

static void test_mapped(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	for (uint64_t seed = 2; seed < 8; seed++)
		race(&(struct vso_loopback_options){ .guard = true }, seed * 100);
	assert_int_equal(open_descriptors(), before);
}

/* Hellos that change while they are taken. */
static void *write_hello(void *user)
{
	struct writer *w = user;
	uint32_t *page = pair_page(w->p, VSO_PAGE_ROOT);
	uint32_t was[80];

	memcpy(was, page, sizeof(was));
	while (!*w->stop) {
		uint32_t at = dice(w, 80);

		w->begun = true;

		put32(&page[at], dice(w, 3) ? dice(w, 300) : dice(w, 1u << 31));
		put32(&page[at], was[at]);
	}
	return NULL;
}

static void test_hello(void **state)
{
	struct vso_wishes wish = { .name = "race", .objects = OBJECTS, .data_bytes = 1 << 20,
				   .stream_bytes = STREAM };
	unsigned refused = 0;

	(void)state;
	for (unsigned i = 0; i < TRIES; i++) {
		struct vso_loopback_options opt = { .pages = vso_client_pages(&wish), .guard = true };
		struct vso_object o[4];
		atomic_bool stop = false;
		struct error err;
		struct writer w;
		struct pair p;

		assert_int_equal(vso_loopback_create(&p.link, &p.peer, &opt, &err), 0);
		assert_int_equal(vso_client_create(&p.client, p.link, &wish, &err), 0);
		w.p = &p;
		w.seed = i;
		w.stop = &stop;
		w.begun = false;
		assert_int_equal(pthread_create(&w.thread, NULL, write_hello, &w), 0);
		while (!w.begun)
			;
		if (vso_server_create(&p.server, p.peer, NULL, &err)) {
			refused++;
		} else {
			struct vso_hello copy = *vso_server_hello(p.server);

			vso_server_changes(p.server, o, 4);
			assert_memory_equal(&copy, vso_server_hello(p.server), sizeof(copy));
			vso_server_destroy(p.server, VSO_FAULT_OK, NULL);
		}
		stop = true;
		pthread_join(w.thread, NULL);
		vso_client_destroy(p.client);
	}
	print_message("%u of %u refused\n", refused, TRIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copied), cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_hello),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
