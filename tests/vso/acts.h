/* acts.h - bytes as what a client and the server do: most of a client's acts keep to the
 * protocol, some do not.  After each act of the server's, what must hold is looked at:
 *
 *   released <= taken, which never falls; taken <= the greatest version ever set
 *   a private copy, and the entry of the stream, stay as they were when they were taken
 *   what a client that kept to the protocol published arrives as it was
 *   calls end; nothing is left over
 *
 * Static functions, for a fuzzer and a test (fuzz_vso.c, test_acts.c).  abort() tells. */
#ifndef TESTS_VSO_ACTS_H
#define TESTS_VSO_ACTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/vso/vso.h"

#define ACTS_OBJECTS 70u
#define ACTS_STREAM (4u * VSO_PAGE)
#define ACTS_DATA (48u * VSO_PAGE)
#define ACTS_HELD 12u

struct acts_kept {
	struct vso_object o;
	uint32_t sum;
};

struct acts {
	const uint8_t *at, *end;
	struct vso_link *link;
	struct vso_client *client;
	struct vso_server *server;
	uint32_t free_page, pages;
	bool honest;                       /* so far */
	bool dead;
	uint64_t version[ACTS_OBJECTS];    /* greatest set */
	uint64_t taken[ACTS_OBJECTS];
	uint32_t size[ACTS_OBJECTS][2], seed[ACTS_OBJECTS][2];   /* of honest versions */
	struct acts_kept kept[ACTS_HELD];
	uint64_t pushed, ran;
};

#define ACTS_HOLD(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)

static uint32_t acts_byte(struct acts *a) { return a->at < a->end ? *a->at++ : 0; }
static uint32_t acts_word(struct acts *a)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 4; i++)
		v |= acts_byte(a) << 8 * i;
	return v;
}

static uint32_t acts_sum(const void *data, size_t n)
{
	const uint8_t *d = data;
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ d[i]) * 16777619u;
	return h;
}

static uint8_t acts_at(uint32_t i, uint32_t seed) { return (uint8_t)(i * 7 + (i >> 8) + seed); }

static void *acts_page(struct acts *a, uint32_t n) { return a->link->ops->page(a->link, n); }

static uint32_t acts_object(struct acts *a) { return 1 + acts_byte(a) % (ACTS_OBJECTS - 1); }

static struct vso_entry *acts_entry(struct acts *a, uint32_t object)
{
	return (struct vso_entry *)acts_page(a, vso_entries_page() + object / 64) + object % 64;
}

static struct vso_state *acts_state(struct acts *a, uint32_t object)
{
	return (struct vso_state *)acts_page(a, vso_states_page(ACTS_OBJECTS) + object / 128) +
	       object % 128;
}

static uint32_t acts_some_page(struct acts *a)
{
	uint32_t b = acts_byte(a);

	return b < 8 ? b : b < 12 ? a->pages + b - 8 : b == 12 ? UINT32_MAX
		: a->free_page + b % (a->pages - a->free_page);
}

static uint32_t acts_size(struct acts *a)
{
	static const uint32_t sizes[16] = { 1, 4, 8, 64, 4092, 4095, 4096, 4097, 4100, 8192, 12288,
					    40000, 1 << 20, (1 << 20) + 1, 1 << 30, 0 };

	return sizes[acts_byte(a) % 16];
}

/* ---- the client, as it should be ------------------------------------------------------ */

static void acts_publish(struct acts *a, bool in_place)
{
	static uint8_t data[65536];
	uint32_t object = acts_object(a), size = acts_size(a) & ~3u, seed = acts_byte(a);
	struct vso_desc d = { .type = (uint8_t)(1 + acts_byte(a) % 3), .size = size };
	uint64_t v = a->version[object] + 1;
	void *to = data;

	if (!size || size > sizeof(data))
		return;
	if (in_place && vso_publish_begin(a->client, object, &d, &to, NULL))
		return;
	for (uint32_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = acts_at(i, seed);
	if (in_place ? vso_publish_end(a->client, object)
		     : vso_publish(a->client, object, &d, data, NULL))
		return;
	/* the client counts by itself, whatever was written over its entry */
	if (a->honest) {
		a->version[object] = v;
		a->size[object][v & 1] = size;
		a->seed[object][v & 1] = seed;
	} else {
		v = atomic_load(&acts_entry(a, object)->version);
		a->version[object] = v > a->version[object] ? v : a->version[object];
	}
}

static void acts_delete(struct acts *a)
{
	uint32_t object = acts_object(a);
	uint64_t v;

	if (vso_delete(a->client, object))
		return;
	v = atomic_load(&acts_entry(a, object)->version);
	if (a->honest)
		a->size[object][v & 1] = 0;
	a->version[object] = v > a->version[object] ? v : a->version[object];
}

static void acts_push(struct acts *a)
{
	static const uint8_t data[8192];
	static const uint32_t code[64];
	struct sp_payload p[3];
	struct vso_stream_sp sp = {
		.callback = (uint8_t)(acts_byte(a) % SP_CALLBACKS), .flags = acts_byte(a) & 1,
		.code = code, .words = 1 + acts_byte(a) % 64,
		.payloads = p, .npayloads = acts_byte(a) % 4,
	};

	for (unsigned i = 0; i < 3; i++)
		p[i] = (struct sp_payload){ data, acts_byte(a) * 31, 0 };
	if (!vso_stream_push(a->client, &sp, 0, NULL))
		a->pushed++;
}

/* ---- the client, as it should not be ----------------------------------------------------- */

static void acts_raw_desc(struct acts *a)
{
	struct vso_entry *e = acts_entry(a, acts_object(a));
	uint32_t b = acts_byte(a);
	struct vso_desc d = { .type = (uint8_t)(b % 5), .size = acts_size(a),
			      .pages = acts_some_page(a) };

	if (b > 250)
		d.flags = (uint16_t)acts_byte(a);
	if (b > 200)
		d.callback = (uint8_t)acts_byte(a);
	e->desc[b >> 7] = d;
}

static void acts_raw_version(struct acts *a)
{
	uint32_t object = acts_object(a), b = acts_byte(a);
	struct vso_entry *e = acts_entry(a, object);
	struct vso_dirty *d = acts_page(a, VSO_PAGE_DIRTY);
	uint64_t v = b == 255 ? UINT64_MAX : b == 254 ? 0 : atomic_load(&e->version) + b % 8;

	atomic_store(&e->version, v);
	a->version[object] = v > a->version[object] ? v : a->version[object];
	atomic_fetch_or(&d->bits[object / 64], 1ull << object % 64);
	atomic_fetch_or(&d->summary, 1ull << object / 64);
}

static void acts_raw_list(struct acts *a)
{
	struct vso_list *l = acts_page(a, a->free_page + acts_byte(a) % (a->pages - a->free_page));
	uint32_t n = acts_byte(a) % 16;

	for (uint32_t i = 0; i < n; i++)
		l->page[i] = acts_some_page(a);
	l->next = acts_byte(a) & 1 ? 0 : acts_some_page(a);
}

/* Its own half believes the server, and what stands on its pages. */
static void acts_versions(struct acts *a)
{
	for (uint32_t i = 1; i < ACTS_OBJECTS; i++) {
		uint64_t v = atomic_load(&acts_entry(a, i)->version);

		a->version[i] = v > a->version[i] ? v : a->version[i];
	}
}

/* (its list of pages may name any by now) */
static void acts_raw_stream(struct acts *a)
{
	struct vso_client_page *c = acts_page(a, VSO_PAGE_CLIENT);
	const struct vso_hello *h = vso_server_hello(a->server);
	uint32_t ring[ACTS_STREAM / VSO_PAGE], n = acts_byte(a) % 13, b = acts_byte(a);
	uint64_t at = atomic_load(&c->head);

	memcpy(ring, acts_page(a, h->stream_list), sizeof(ring));
	for (uint32_t i = 0; i < n; i++, at += 4) {
		uint32_t in = (uint32_t)(at % ACTS_STREAM) & ~3u;
		uint32_t page = ring[in / VSO_PAGE];
		uint32_t small = acts_byte(a);

		if (page < a->pages)
			((uint32_t *)acts_page(a, page))[in % VSO_PAGE / 4] =
				small < 250 ? small * 4 : acts_word(a);
	}
	atomic_fetch_add(&c->head, b < 250 ? b * 16 : acts_word(a));
	acts_versions(a);
}

/* Any word of any page but the server's inner life, which is not there. */
static void acts_raw_any(struct acts *a)
{
	uint32_t *page = acts_page(a, acts_byte(a) % a->pages);

	page[(acts_byte(a) | acts_byte(a) << 8) % (VSO_PAGE / 4)] = acts_word(a);
	acts_versions(a);
}

/* ---- the server ---------------------------------------------------------------------------- */

static void acts_look(struct acts *a, const struct vso_object *o)
{
	uint32_t size = a->size[o->id][o->version & 1], seed = a->seed[o->id][o->version & 1];

	ACTS_HOLD(o->id && o->id < ACTS_OBJECTS && o->fault < VSO_FAULTS);
	ACTS_HOLD(!o->fault == (o->data || !o->desc.type) || (o->fault && !o->data));
	ACTS_HOLD(o->version <= a->version[o->id] || o->fault == VSO_FAULT_VERSION);
	if (!a->honest)
		return;
	if (o->fault == VSO_FAULT_MEMORY)
		return;                    /* too much is kept */
	/* a long one takes its time: another may have been published since */
	ACTS_HOLD(!o->fault && o->version + 1 >= a->version[o->id] && o->desc.size == size);
	for (uint32_t i = 0; i < size; i++)
		ACTS_HOLD(((const uint8_t *)o->data)[i] == acts_at(i, seed));
}

static void acts_drop(struct acts *a, struct acts_kept *k)
{
	if (k->o.data && !k->o.mapped)
		ACTS_HOLD(acts_sum(k->o.data, k->o.desc.size) == k->sum);
	vso_object_release(a->server, &k->o);
	memset(k, 0, sizeof(*k));
}

static void acts_take(struct acts *a)
{
	uint32_t b = acts_byte(a), max = 1 + b % 8, calls = 0, n;
	struct vso_object o[8];

	do {
		n = vso_server_changes(a->server, o, max);
		ACTS_HOLD(n <= max && ++calls <= ACTS_OBJECTS + 2);
		for (uint32_t i = 0; i < n; i++) {
			struct acts_kept *k = &a->kept[(b + i + o[i].id) % ACTS_HELD];
			struct vso_state *s = acts_state(a, o[i].id);

			acts_look(a, &o[i]);
			acts_drop(a, k);
			if (!o[i].fault && b > 200)
				o[i].fault = VSO_FAULT_REFUSED;
			vso_server_taken(a->server, &o[i], b, i);
			ACTS_HOLD(s->released <= s->taken && s->taken >= a->taken[o[i].id]);
			ACTS_HOLD(s->taken <= a->version[o[i].id] && s->fault == o[i].fault);
			a->taken[o[i].id] = s->taken;
			k->o = o[i];
			if (o[i].data && !o[i].mapped)
				k->sum = acts_sum(o[i].data, o[i].desc.size);
		}
	} while (n == max);
}

static void acts_run(struct acts *a)
{
	static const uint32_t regs[SP_REGISTERS];
	struct vso_stream_item item;
	uint32_t left = 1 + acts_byte(a) % 16, sum = 0, again = 0;
	int r;

	while (left-- && (r = vso_server_next(a->server, &item)) == 1) {
		for (unsigned look = 0; look < 2; look++) {
			again = acts_sum(item.sp.code, item.sp.nwords * 4ull);
			for (uint32_t i = 1; i < item.payloads.n; i++)
				again ^= acts_sum(item.payloads.v[i].data, item.payloads.v[i].size);
			ACTS_HOLD(!look || again == sum);
			sum = again;
		}
		ACTS_HOLD(item.number == ++a->ran && item.sp.callback < SP_CALLBACKS);
		vso_server_done(a->server, &item, regs);
	}
	ACTS_HOLD(!a->honest || a->ran <= a->pushed);
}

static void acts_serve(struct acts *a)
{
	uint32_t b = acts_byte(a), regs[SP_REGISTERS], ext[SP_EXTERNS] = { 0 };

	vso_server_registers(a->server, regs);
	vso_server_updated(a->server, vso_server_update(a->server));
	vso_server_show(a->server, ext, b, b, b & 1 ? regs : NULL);
	vso_server_wake(a->server, b & 2);
	if (b == 255)
		vso_server_lost(a->server);
	if (b == 254)
		vso_server_stream_stop(a->server, VSO_FAULT_GL);
}

/* ---- one run --------------------------------------------------------------------------------- */

static void acts_one(struct acts *a)
{
	static const uint32_t regs[SP_REGISTERS];
	uint32_t act = acts_byte(a), n = act % 20;

	a->honest &= n < 10 || n > 14;
	switch (n) {
	case 0: case 1: case 2: acts_publish(a, false); break;
	case 3: acts_publish(a, true); break;
	case 4: acts_delete(a); break;
	case 5: case 6: acts_push(a); break;
	case 7: vso_client_registers(a->client, regs); break;
	case 8: vso_client_update(a->client); vso_client_reclaim(a->client); break;
	case 9: vso_client_ring(a->client); break;
	case 10: acts_raw_desc(a); acts_raw_version(a); break;
	case 11: acts_raw_list(a); break;
	case 12: acts_raw_version(a); break;
	case 13: acts_raw_stream(a); break;
	case 14: acts_raw_any(a); break;
	case 15: case 16: acts_take(a); break;
	case 17: acts_run(a); break;
	case 18: acts_serve(a); break;
	default: acts_drop(a, &a->kept[acts_byte(a) % ACTS_HELD]); break;
	}
}

/* The first bytes: the transport, and a word of the hello that is changed. */
static bool acts_open(struct acts *a)
{
	struct vso_wishes w = { .name = "acts", .objects = ACTS_OBJECTS, .data_bytes = ACTS_DATA,
				.stream_bytes = ACTS_STREAM };
	struct vso_quotas q = vso_quotas_default;
	uint32_t b = acts_byte(a), field = acts_byte(a);
	struct vso_loopback_options opt = { .guard = (b & 3) == 3, .no_map = b & 4,
					    .pages = vso_free_page(ACTS_OBJECTS) + 64 };
	struct vso_peer *p;
	bool served;

	q.copied_bytes = 256u << 10;
	q.round_bytes = b & 8 ? 16384 : 1 << 20;
	q.object_bytes = 1u << 20;
	q.torn = 1;
	ACTS_HOLD(!vso_loopback_create(&a->link, &p, &opt, NULL));
	ACTS_HOLD(!vso_client_create(&a->client, a->link, &w, NULL));
	a->free_page = vso_free_page(ACTS_OBJECTS);
	a->pages = opt.pages;
	a->honest = field < 200;
	if (!a->honest)
		((uint32_t *)acts_page(a, 0))[acts_byte(a) % 96] = field < 220 ? acts_word(a)
									      : acts_byte(a);
	served = !vso_server_create(&a->server, p, &q, NULL);
	ACTS_HOLD(served || !a->honest);
	/* other numbers of objects have other places: that was the hello's turn */
	return served && vso_server_hello(a->server)->objects == ACTS_OBJECTS &&
	       vso_server_hello(a->server)->stream_bytes == ACTS_STREAM;
}

static void acts_all(const uint8_t *data, size_t size)
{
	struct acts a;
	bool open;

	memset(&a, 0, sizeof(a));
	a.at = data;
	a.end = data + size;
	open = acts_open(&a);
	while (open && a.at < a.end)
		acts_one(&a);
	for (unsigned i = 0; i < ACTS_HELD; i++)
		if (a.server)
			acts_drop(&a, &a.kept[i]);
	if (a.server) {
		const struct vso_counters *c = vso_server_counters(a.server);

		/* one may be on its way */
		ACTS_HOLD(!c->mappings && c->copies <= 1);
		ACTS_HOLD(c->copies || !c->copied_bytes);
	}
	vso_server_destroy(a.server, VSO_FAULT_GONE, NULL);
	vso_client_destroy(a.client);
}

#endif
