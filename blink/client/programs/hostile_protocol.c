/* hostile_protocol.c - acts on the shared pages: whatever a client can write there. */
#include "blink/client/programs/hostile.h"

#include <stdlib.h>
#include <string.h>

#include "blink/client/blinkgl.h"

#define OBJECTS 64u

static struct vso_entry *entry_of(struct hostile *h, uint32_t object)
{
	struct vso_entry *page = hostile_page(h, vso_entries_page() + object / 64);

	return page ? page + object % 64 : NULL;
}

static struct vso_dirty *dirty_of(struct hostile *h)
{
	return hostile_page(h, VSO_PAGE_DIRTY);
}

static void ring(struct hostile *h)
{
	vso_client_ring(h->c);
}

/* A version as the protocol has it, whatever it says. */
static void show(struct hostile *h, uint32_t object, const struct vso_desc *d)
{
	struct vso_entry *e = entry_of(h, object);
	uint64_t v = atomic_load(&e->version);

	e->desc[(v + 1) & 1] = *d;
	atomic_store_explicit(&e->version, v + 1, memory_order_release);
	atomic_fetch_or(&dirty_of(h)->bits[object / 64], UINT64_C(1) << object % 64);
	atomic_fetch_or(&dirty_of(h)->summary, UINT64_C(1) << object / 64);
}

/* Random words anywhere, also where the server writes. */
static void noise_pages(struct hostile *h)
{
	for (int i = 0; i < 64; i++) {
		uint32_t n = hostile_below(h, 4) ? hostile_below(h, 16)
						 : hostile_below(h, hostile_pages(h));
		uint32_t *page = hostile_page(h, n);

		if (page)
			page[hostile_below(h, VSO_PAGE / 4)] = hostile_odd(h);
	}
	ring(h);
}

/* Entries alone, so that the server has something to take each time. */
static void noise_entries(struct hostile *h)
{
	for (uint32_t i = 1; i < OBJECTS; i++) {
		struct vso_desc d = { .type = (uint8_t)hostile_below(h, 6),
				      .callback = (uint8_t)hostile_below(h, 8),
				      .size = hostile_odd(h), .pages = hostile_odd(h),
				      .context = hostile_below(h, 3),
				      .drawable = hostile_odd(h) };

		if (hostile_below(h, 3))
			d.pages = hostile_below(h, hostile_pages(h));
		if (hostile_below(h, 3))
			d.size = hostile_below(h, 3 * VSO_PAGE);
		show(h, i, &d);
	}
	ring(h);
}

/* The same version changes while it is being read. */
static void torn(struct hostile *h)
{
	for (int i = 0; i < 2000; i++) {
		struct vso_entry *e = entry_of(h, 1 + (uint32_t)i % 8);

		e->desc[i & 1].size = hostile_random(h) & 0xffff;
		e->desc[i & 1].type = VSO_SP;
		e->desc[i & 1].pages = 100 + hostile_below(h, 8);
		atomic_fetch_add(&e->version, 1);
		atomic_fetch_or(&dirty_of(h)->bits[0], 0x1fe);
		atomic_fetch_or(&dirty_of(h)->summary, 1);
		if (i % 16 == 0)
			ring(h);
	}
}

/* Pages that are not there, the protocol's own, and the same one for everything. */
static void overlap(struct hostile *h)
{
	static const uint32_t wrong[] = { 0, 1, 2, 3, 4, UINT32_MAX, 0x80000000u, 0xfffff };

	for (uint32_t i = 1; i < OBJECTS; i++) {
		struct vso_desc d = { .type = i % 2 ? VSO_MAPPED : VSO_DATA, .size = 64 * VSO_PAGE,
				      .pages = hostile_pages(h) - 1 - hostile_below(h, 2) };
		struct vso_list *list = hostile_page(h, d.pages);

		for (uint32_t k = 0; list && k < 64; k++)
			list->page[k] = hostile_below(h, 4) ? d.pages
							    : wrong[hostile_below(h, 8)];
		if (!hostile_below(h, 8))
			d.pages = wrong[hostile_below(h, 8)];
		show(h, i, &d);
	}
	ring(h);
}

/* Lists that are longer than their object, or bite their tails. */
static void circles(struct hostile *h)
{
	for (uint32_t i = 1; i < OBJECTS; i++) {
		uint32_t n = hostile_pages(h) - 1 - i % 8;
		struct vso_desc d = { .type = VSO_DATA, .pages = n,
				      .size = VSO_LIST * VSO_PAGE * (1 + hostile_below(h, 3)) };
		struct vso_list *list = hostile_page(h, n);

		if (!list)
			continue;
		for (uint32_t k = 0; k < VSO_LIST; k++)
			list->page[k] = hostile_pages(h) - 20 + k % 8;
		list->next = n;
		show(h, i, &d);
	}
	ring(h);
}

/* All that fits of sizes that do not. */
static void oversize(struct hostile *h)
{
	for (uint32_t i = 1; i < OBJECTS; i++) {
		struct vso_desc d = { .type = (uint8_t)(1 + hostile_below(h, 3)),
				      .size = UINT32_MAX - hostile_below(h, 3 * VSO_PAGE),
				      .pages = hostile_pages(h) - 1 };

		if (i % 3 == 0)
			d.size = 0;
		show(h, i, &d);
	}
	ring(h);
}

/* The doorbell, as fast as it goes; now and then with nothing behind a dirty bit. */
static void ring_on(struct hostile *h)
{
	for (int i = 0; i < 4096; i++)
		ring(h);
	atomic_fetch_or(&dirty_of(h)->summary, UINT64_MAX);
	if (!hostile_below(h, 4))
		for (uint32_t i = 0; i < VSO_OBJECTS_MAX / 64; i++)
			atomic_fetch_or(&dirty_of(h)->bits[i], UINT64_MAX);
}

/* Registers that are for ever being written, and not numbers. */
static void registers(struct hostile *h)
{
	struct vso_client_page *p = vso_client_page(h->c);

	if (!h->step++) {
		blink_window(&h->code, 100, 100);
		hostile_publish(h, 1, SP_INIT);
		blinkRotatef_r(&h->code, blink_r(0), blink_r(1), blink_r(2), blink_r(3));
		blinkViewport_r(&h->code, blink_r(4), blink_r(5), blink_r(6), blink_r(7));
		blinkScissor_r(&h->code, blink_r(8), blink_r(9), blink_r(10), blink_r(11));
		blinkEnable(&h->code, 0x0C11);          /* GL_SCISSOR_TEST */
		blinkClear(&h->code, 0x4000);           /* GL_COLOR_BUFFER_BIT */
		hostile_publish(h, 2, SP_REDRAW);
	}
	for (unsigned i = 0; i < SP_REGISTERS; i++)
		p->regs[i] = hostile_odd(h);
	atomic_store(&p->sequence, hostile_random(h) | (h->step % 3 ? 1u : 0));
	atomic_store(&p->update, (uint64_t)hostile_random(h) << 32 | hostile_random(h));
	ring(h);
}

/* ---- the stream -------------------------------------------------------------------------- */

/* Heads that go back, or too far; entries of chance, and sound ones with a word changed. */
static void stream_heads(struct hostile *h)
{
	struct vso_client_page *p = vso_client_page(h->c);
	const struct vso_hello *hello = hostile_page(h, VSO_PAGE_ROOT);
	struct vso_list *list = hello ? hostile_page(h, hello->stream_list) : NULL;
	uint8_t *ring_page = list ? hostile_page(h, list->page[0]) : NULL;
	struct vso_stream_entry e = { .size = 96, .callback = SP_UPDATE, .code = 48, .words = 1,
				      .payloads = 56 };
	uint32_t *words = (uint32_t *)(void *)&e;

	if (!ring_page)
		return;
	for (uint32_t i = 0; i < 1 + hostile_below(h, 4); i++)
		words[hostile_below(h, sizeof(e) / 4)] = hostile_odd(h);
	memcpy(ring_page, &e, sizeof(e));
	memset(ring_page + sizeof(e), 0, 64);
	atomic_store(&p->head, hostile_below(h, 2) ? 96 : (uint64_t)hostile_odd(h) << hostile_below(h, 33));
	ring(h);
	hostile_pause(1000 * h->refresh_ms);
	if (atomic_load(&vso_client_server(h->c)->stream_fault)) {
		h->refused++;
		vso_client_destroy(h->c);
		h->c = NULL;
	}
}

/* Entries that are right, with a record that is not, or that is changed while it runs. */
static void stream_entries(struct hostile *h)
{
	uint8_t bytes[256] = { 0 };
	const struct sp_payload payload = { .data = bytes, .size = sizeof(bytes) };
	struct vso_stream_sp sp = { .callback = (uint8_t)hostile_below(h, 6), .payloads = &payload,
				    .npayloads = 1, .context = hostile_below(h, 3),
				    .drawable = hostile_below(h, 3) };

	buf_clear(&h->code);
	if (!h->step++) {
		sp.callback = SP_INIT;
		sp.context = sp.drawable = 0;
		blink_window(&h->code, 100, 100);
	} else {
		for (uint32_t i = 0; i < 1 + hostile_below(h, 6); i++) {
			uint32_t op = hostile_below(h, GL_OP_COUNT), rec[24];

			for (unsigned k = 0; k < 24; k++)
				rec[k] = hostile_below(h, 3) ? hostile_below(h, 4) : hostile_odd(h);
			sp_emit(&h->code, op, hostile_below(h, 8) ? 0 : hostile_random(h) & 0xffff,
				rec);
		}
	}
	sp_end(&h->code);
	sp.code = (const uint32_t *)(void *)h->code.data;
	sp.words = (uint32_t)(h->code.len / 4);
	if (vso_stream_push(h->c, &sp, 0, NULL) < 0 ||
	    atomic_load(&vso_client_server(h->c)->stream_fault)) {
		h->refused++;
		vso_client_destroy(h->c);
		h->c = NULL;
	} else {
		ring(h);
	}
}

/* Entries that say to be longer than the ring, and come in parts: some whole, some that stop, or
 * go on as another one. */
static void stream_parts(struct hostile *h)
{
	struct vso_client_page *p = vso_client_page(h->c);
	const struct vso_hello *hello = hostile_page(h, VSO_PAGE_ROOT);
	struct vso_list *list = hello ? hostile_page(h, hello->stream_list) : NULL;
	uint32_t ring_bytes = hello ? hello->stream_bytes : 0;
	uint64_t head = atomic_load(&p->head), tail = atomic_load(&vso_client_server(h->c)->tail);
	struct vso_stream_entry *e = list ? hostile_page(h, list->page[0]) : NULL;

	if (!e || ring_bytes / VSO_PAGE > VSO_LIST)
		return;
	if (!h->step++) {
		*e = (struct vso_stream_entry){ .code = 48, .words = 1, .payloads = 64 };
		e->size = hostile_below(h, 4) ? ring_bytes + 16 * hostile_below(h, 200000)
					      : hostile_odd(h) & ~15u;
		e->npayloads = hostile_below(h, 4) ? 0 : hostile_odd(h);
		head = 48;
	} else if (head - tail < ring_bytes) {
		head += 16 * hostile_below(h, (uint32_t)(ring_bytes - (head - tail)) / 16 + 1);
	}
	if (!hostile_below(h, 500))
		head += hostile_odd(h);
	atomic_store(&p->head, head);
	ring(h);
	if (atomic_load(&vso_client_server(h->c)->stream_fault) || h->step > 3000) {
		h->refused++;
		vso_client_destroy(h->c);
		h->c = NULL;
	}
}

/* ---- a grammar of all of it ---------------------------------------------------------------- */

/* Mostly right: programs by chance, data, deletions, requests, and one wrong word now and
 * then.  Goes deeper than noise, since most of what it says is taken. */
static void grammar(struct hostile *h)
{
	uint32_t object = 1 + hostile_below(h, OBJECTS - 1), data[64];

	switch (hostile_below(h, 8)) {
	case 0: case 1: case 2:
		if (hostile_below(h, 2))
			blink_window(&h->code, 1 + hostile_below(h, 300), 1 + hostile_below(h, 300));
		for (uint32_t i = 0; i < hostile_below(h, 20); i++) {
			uint32_t rec[24];

			for (unsigned k = 0; k < 24; k++)
				rec[k] = hostile_below(h, 8) ? hostile_below(h, OBJECTS)
							     : hostile_odd(h);
			sp_emit(&h->code, hostile_below(h, GL_OP_COUNT), 0, rec);
		}
		hostile_publish(h, object, (uint8_t)hostile_below(h, SP_CALLBACKS));
		break;
	case 3: case 4:
		for (unsigned i = 0; i < 64; i++)
			data[i] = hostile_odd(h);
		hostile_data(h, object, data, 4 + hostile_below(h, sizeof(data) - 4));
		break;
	case 5:
		vso_delete(h->c, object);
		break;
	case 6:
		vso_client_update(h->c);
		break;
	default: {
		struct vso_entry *e = entry_of(h, object);

		((uint32_t *)(void *)&e->desc[hostile_below(h, 2)])[hostile_below(h, 6)] =
			hostile_odd(h);
		atomic_fetch_add(&e->version, hostile_below(h, 3));
		atomic_fetch_or(&dirty_of(h)->bits[0], hostile_random(h));
		atomic_fetch_or(&dirty_of(h)->summary, 1);
	}
	}
	if (hostile_below(h, 4) == 0)
		ring(h);
	vso_client_reclaim(h->c);
}

const struct hostile_act hostile_protocol[] = {
	{ "noise", "random words on all shared pages, the server's too", noise_pages, true, 100, false },
	{ "entries", "random entries of the array of objects", noise_entries, true, 200, false },
	{ "torn", "versions that change while they are read", torn, true, 10, false },
	{ "overlap", "pages that are not granted, the protocol's own, or everybody's", overlap, true, 500, false },
	{ "circles", "lists of pages that run in circles", circles, true, 500, false },
	{ "oversize", "objects of impossible sizes", oversize, true, 500, false },
	{ "ring", "the doorbell without pause, and dirty bits without a reason", ring_on, true, 0, false },
	{ "registers", "registers that are never whole, and not numbers", registers, true, 200, false },
	{ "stream-heads", "heads and entries of the stream that lie outside", stream_heads, true, 0, false },
	{ "stream-entries", "random procedures on the stream", stream_entries, true, 50, false },
	{ "stream-parts", "entries longer than the ring, in parts, which are never whole", stream_parts, true, 1000, false },
	{ "grammar", "everything that the protocol has, mostly right", grammar, true, 20, false },
	{ 0 }
};
