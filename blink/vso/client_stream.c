/* client_stream.c - the client's half of a stream: entries into the ring, fences. */
#include "blink/base/clock.h"
#include "blink/vso/client_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int client_stream_open(struct vso_client *c, uint32_t bytes, struct error *err)
{
	uint32_t n = bytes / VSO_PAGE, nlists = client_lists_of(n), first;
	uint32_t *lists;

	c->stream_pages = calloc((size_t)n + nlists, sizeof(*c->stream_pages));
	if (!c->stream_pages)
		return error_set(err, -ENOMEM, "client: no memory");
	lists = c->stream_pages + n;
	first = page_pool_run(&c->pool, n);
	if (!first || !page_pool_any(&c->pool, lists, nlists))
		return error_set(err, -ENOSPC, "client: its pages do not hold %u bytes of stream",
				 bytes);
	for (uint32_t i = 0; i < n; i++)
		c->stream_pages[i] = first + i;
	client_list_write(c, c->stream_pages, n, lists);
	c->stream_bytes = bytes;
	c->stream_list = lists[0];
	c->stream_flat = c->all ? client_at(c, first) : NULL;
	return 0;
}

void client_stream_close(struct vso_client *c)
{
	free(c->stream_pages);
	c->stream_pages = NULL;
}

/* ---- writing ------------------------------------------------------------------------------ */

static void put_straight(struct vso_client *c, uint32_t at, const uint8_t *from, size_t n)
{
	if (c->stream_flat) {
		shared_copy(c->stream_flat + at, from, n);
		return;
	}
	while (n) {
		uint32_t in = at % VSO_PAGE;
		size_t k = VSO_PAGE - in < n ? VSO_PAGE - in : n;

		shared_copy((uint8_t *)client_at(c, c->stream_pages[at / VSO_PAGE]) + in, from, k);
		at += (uint32_t)k;
		from += k;
		n -= k;
	}
}

/* Into the ring at place (bytes since the beginning). */
static void put(struct vso_client *c, uint64_t place, const void *from, size_t n)
{
	uint32_t at = (uint32_t)(place % c->stream_bytes);
	size_t first = c->stream_bytes - at;

	if (first > n)
		first = n;
	put_straight(c, at, from, first);
	if (n > first)
		put_straight(c, 0, (const uint8_t *)from + first, n - first);
}

/* Where the payloads go, from the table's end on; false: no entry is as large. */
static bool layout(const struct vso_stream_sp *sp, struct vso_stream_entry *e)
{
	uint64_t at = sizeof(*e);

	memset(e, 0, sizeof(*e));
	e->flags = sp->flags;
	e->callback = sp->callback;
	e->context = sp->context;
	e->drawable = sp->drawable;
	e->words = sp->words;
	e->npayloads = sp->npayloads;
	e->code = (uint32_t)at;
	at += sp->words * 4ull;
	at = (at + 7) & ~7ull;
	if (at > UINT32_MAX)
		return false;
	e->payloads = (uint32_t)at;
	at += sp->npayloads * (uint64_t)sizeof(struct vso_stream_payload);
	for (uint32_t i = 0; i < sp->npayloads; i++)
		at += (sp->payloads[i].size + 7ull) & ~7ull;
	at = (at + 15) & ~15ull;
	e->size = (uint32_t)at;
	return at <= UINT32_MAX - 15;
}

static void put_entry(struct vso_client *c, const struct vso_stream_sp *sp,
		      const struct vso_stream_entry *e)
{
	uint64_t place = c->head;
	uint32_t at = e->payloads + sp->npayloads * (uint32_t)sizeof(struct vso_stream_payload);

	put(c, place, e, sizeof(*e));
	put(c, place + e->code, sp->code, sp->words * (size_t)4);
	for (uint32_t i = 0; i < sp->npayloads; i++) {
		struct vso_stream_payload p = { at, sp->payloads[i].size };

		put(c, place + e->payloads + i * sizeof(p), &p, sizeof(p));
		put(c, place + at, sp->payloads[i].data, p.size);
		at += (p.size + 7) & ~7u;
	}
}

/* ---- waiting ------------------------------------------------------------------------------- */

static int stream_state(const struct vso_client *c, struct error *err)
{
	uint32_t fault = atomic_load_explicit(&c->server->stream_fault, memory_order_acquire);
	char why[sizeof(c->server->why)];

	if (atomic_load_explicit(&c->server->phase, memory_order_acquire) != VSO_PHASE_RUNNING) {
		shared_copy(why, c->server->why, sizeof(why));
		why[sizeof(why) - 1] = 0;
		return error_set(err, -EPIPE, "server: it closed the connection: %s", why);
	}
	if (fault)
		return error_set(err, -EIO, "stream: it stopped: %s", vso_fault_sentence(fault));
	return 0;
}

/* Until field reaches value; wished: the value at which the server is asked to ring, beyond
 * it where the bell need not ring so often.  0, -EAGAIN: not in that time. */
static int wait_for(struct vso_client *c, const _Atomic uint64_t *field, _Atomic uint64_t *wish,
		    uint64_t value, uint64_t wished, int64_t timeout_ns, struct error *err)
{
	int64_t until = clock_ns() + timeout_ns, left = timeout_ns;
	int r = 0;

	vso_client_ring(c);
	for (;;) {
		atomic_store_explicit(wish, wished, memory_order_relaxed);
		atomic_thread_fence(memory_order_seq_cst);
		if (atomic_load_explicit(field, memory_order_acquire) >= value)
			break;
		r = stream_state(c, err);
		if (r)
			break;
		if (timeout_ns >= 0)
			left = until - clock_ns();
		if (timeout_ns >= 0 && left <= 0) {
			r = error_set(err, -EAGAIN, "stream: the server has not come so far in %.3f s",
				      (double)timeout_ns / 1e9);
			break;
		}
		r = c->link->ops->wait(c->link, left);
		if (r < 0) {
			error_set(err, r, "server: it is gone");
			break;
		}
		r = 0;
	}
	atomic_store_explicit(wish, 0, memory_order_relaxed);
	return r;
}

/* Until n bytes can be written from place on.  Whoever has to wait for room waits for half a
 * ring of it: a wake-up costs more than an entry. */
static int room_wait(struct vso_client *c, uint64_t place, uint32_t n, int64_t timeout_ns,
		     struct error *err)
{
	uint64_t room = place + n - c->stream_bytes, half = place - c->stream_bytes / 2;
	uint64_t tail = atomic_load_explicit(&c->server->tail, memory_order_acquire);

	if (place + n - tail <= c->stream_bytes)
		return 0;
	return wait_for(c, &c->server->tail, &c->page->wake_room, room,
			half > room && half < place ? half : room, timeout_ns, err);
}

/* ---- entries longer than the ring ----------------------------------------------------------- */

/* What is written of an entry, from its beginning on: c->parted bytes of it are there already.
 * head - begin is what the server knows of, in whole 16 bytes. */
struct parts {
	struct vso_client *c;
	uint64_t begin, at;            /* in the stream; bytes of the entry passed by */
	int64_t timeout_ns;
	struct error *err;
};

static void parts_show(struct parts *w)
{
	struct vso_client *c = w->c;

	c->head = w->begin + (c->parted & ~UINT64_C(15));
	atomic_store_explicit(&c->page->head, c->head, memory_order_release);
}

/* Bytes that can be written now; 0 after a wait, look again. */
static int64_t parts_room(struct parts *w)
{
	struct vso_client *c = w->c;
	uint64_t place = w->begin + c->parted, used;

	used = place - atomic_load_explicit(&c->server->tail, memory_order_acquire);
	if (used > c->stream_bytes)
		return error_set(w->err, -EPROTO, "stream: the server's place in it is none");
	if (used < c->stream_bytes)
		return (int64_t)(c->stream_bytes - used);
	parts_show(w);
	return room_wait(c, place, 16, w->timeout_ns, w->err);
}

static int parts_put(struct parts *w, const void *from, uint64_t n)
{
	struct vso_client *c = w->c;
	uint64_t end = w->at + n;

	while (c->parted < end) {
		uint64_t left = end - c->parted;
		int64_t room = parts_room(w);

		if (room < 0)
			return (int)room;
		if ((uint64_t)room > left)
			room = (int64_t)left;
		put(c, w->begin + c->parted, (const uint8_t *)from + (c->parted - w->at),
		    (size_t)room);
		c->parted += (uint64_t)room;
	}
	w->at = end;
	return 0;
}

/* Up to place n of the entry. */
static int parts_pad(struct parts *w, uint64_t n)
{
	static const uint8_t zeros[16];

	return parts_put(w, zeros, n - w->at);
}

static int parts_payloads(struct parts *w, const struct vso_stream_sp *sp, uint32_t at)
{
	int r = 0;

	for (uint32_t i = 0; i < sp->npayloads && r >= 0; i++) {
		const struct vso_stream_payload p = { at, sp->payloads[i].size };

		r = parts_put(w, &p, sizeof(p));
		at += (p.size + 7) & ~7u;
	}
	for (uint32_t i = 0; i < sp->npayloads && r >= 0; i++) {
		r = parts_put(w, sp->payloads[i].data, sp->payloads[i].size);
		if (r >= 0)
			r = parts_pad(w, (w->at + 7) & ~UINT64_C(7));
	}
	return r;
}

static int push_parts(struct vso_client *c, const struct vso_stream_sp *sp,
		      const struct vso_stream_entry *e, int64_t timeout_ns, struct error *err)
{
	struct parts w = { c, c->head - (c->parted & ~UINT64_C(15)), 0, timeout_ns, err };
	int r = c->parted ? 0 : room_wait(c, c->head, sizeof(*e), timeout_ns, err);

	if (r < 0)
		return r;
	/* (the server takes nothing before all of this is there) */
	c->parted_size = e->size;
	r = parts_put(&w, e, sizeof(*e));
	if (r >= 0)
		r = parts_put(&w, sp->code, sp->words * UINT64_C(4));
	if (r >= 0)
		r = parts_pad(&w, e->payloads);
	if (r >= 0)
		r = parts_payloads(&w, sp, e->payloads + sp->npayloads *
				   (uint32_t)sizeof(struct vso_stream_payload));
	if (r >= 0)
		r = parts_pad(&w, e->size);
	parts_show(&w);
	if (r < 0)
		return r;
	c->parted = 0;
	c->pushed++;
	return 0;
}

/* ---- entries ----------------------------------------------------------------------------------- */

int vso_stream_push(struct vso_client *c, const struct vso_stream_sp *sp, int64_t timeout_ns,
		    struct error *err)
{
	struct vso_stream_entry e;
	int r;

	if (!c->stream_bytes || !layout(sp, &e))
		return error_set(err, -E2BIG, "stream: no entry is as large as this procedure");
	if (c->parted && e.size != c->parted_size)
		return error_set(err, -EBUSY, "stream: a procedure before this one is there in part");
	r = stream_state(c, err);
	if (!r && e.size > c->stream_bytes)
		return push_parts(c, sp, &e, timeout_ns, err);
	if (!r)
		r = room_wait(c, c->head, e.size, timeout_ns, err);
	if (r)
		return r;
	put_entry(c, sp, &e);
	c->head += e.size;
	c->pushed++;
	atomic_store_explicit(&c->page->head, c->head, memory_order_release);
	return 0;
}

int vso_stream_wait(struct vso_client *c, uint64_t n, int64_t timeout_ns, struct error *err)
{
	if (atomic_load_explicit(&c->server->done, memory_order_acquire) >= n)
		return 0;
	return wait_for(c, &c->server->done, &c->page->wake_done, n, n, timeout_ns, err);
}

uint64_t vso_stream_pushed(const struct vso_client *c) { return c->pushed; }

uint64_t vso_client_life(const struct vso_client *c)
{
	const struct vso_server_page *p = c->server;

	/* each of them only grows */
	return atomic_load_explicit(&p->sequence, memory_order_relaxed) +
	       atomic_load_explicit(&p->tail, memory_order_relaxed) +
	       atomic_load_explicit(&p->done, memory_order_relaxed);
}
