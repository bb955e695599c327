/* server_stream.c - the server's half of a stream: entries copied whole, then checked.
 *
 * An entry that fits into the ring has to be there whole.  One that does not comes in parts:
 * what was copied is given back, and the client writes on. */
#include "blink/vso/server_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_KEPT ((size_t)4 << 20)
#define PAYLOADS_KEPT 65536u

/* ---- the ring ---------------------------------------------------------------------- */

int stream_open(struct vso_server *s, struct error *err)
{
	struct stream *t = &s->stream;
	enum vso_fault fault;

	if (!s->hello.stream_bytes)
		return 0;
	fault = server_list(s, s->hello.stream_list, s->hello.stream_bytes, &t->pages, &t->npages);
	if (fault)
		return error_set(err, -EACCES, "client: its stream: %s",
				 vso_fault_sentence(fault));
	t->bytes = s->hello.stream_bytes;
	t->flat = s->peer->ops->map(s->peer, t->pages, t->npages);
	return 0;
}

void stream_close(struct vso_server *s)
{
	struct stream *t = &s->stream;

	if (t->flat)
		s->peer->ops->unmap(s->peer, t->flat, t->npages);
	free(t->pages);
	free(t->entry);
	free(t->payloads);
	memset(t, 0, sizeof(*t));
}

/* n bytes that lie within the ring from at on, which does not wrap. */
static bool copy_straight(struct vso_server *s, uint8_t *to, uint32_t at, uint32_t n)
{
	const struct stream *t = &s->stream;
	enum vso_fault fault;

	if (t->flat) {
		shared_copy(to, t->flat + at, n);
		s->count.pages += (n + VSO_PAGE - 1) / VSO_PAGE;
		return true;
	}
	while (n) {
		uint32_t in = at % VSO_PAGE, k = VSO_PAGE - in < n ? VSO_PAGE - in : n;
		const uint8_t *page = server_data_page(s, t->pages[at / VSO_PAGE], &fault);

		if (!page)
			return false;
		shared_copy(to, page + in, k);
		s->count.pages++;
		to += k;
		at += k;
		n -= k;
	}
	return true;
}

static bool copy_ring(struct vso_server *s, void *to, uint64_t place, uint32_t n)
{
	uint32_t at = (uint32_t)(place % s->stream.bytes), first = s->stream.bytes - at;

	if (first > n)
		first = n;
	s->count.bytes += n;
	return copy_straight(s, to, at, first) &&
	       copy_straight(s, (uint8_t *)to + first, 0, n - first);
}

/* ---- an entry ---------------------------------------------------------------------------- */

static int stop(struct vso_server *s, enum vso_fault fault)
{
	vso_server_stream_stop(s, fault);
	return -EBADMSG;
}

/* Where head is; false with the stream stopped if it cannot be there. */
static bool read_head(struct vso_server *s)
{
	struct stream *t = &s->stream;
	uint64_t head = atomic_load_explicit(&s->client->head, memory_order_acquire);

	if (head < t->head || head - t->tail > t->bytes || head % 16) {
		stop(s, VSO_FAULT_STREAM_HEAD);
		return false;
	}
	t->head = head;
	return true;
}

/* The copy's memory stays for the next entry, unless it is out of proportion to it. */
static bool entry_room(struct stream *t, uint32_t size)
{
	size_t need = (size_t)size + VSO_SLACK, room = (need + 4095) & ~(size_t)4095;

	if (need <= t->room && (t->room <= ROOM_KEPT || need > t->room / 4))
		return true;
	free(t->entry);
	t->entry = aligned_alloc(64, room);
	t->room = t->entry ? room : 0;
	return t->entry;
}

/* All places of the header. */
static bool header_ok(const struct vso_stream_entry *h)
{
	return !(h->flags & ~VSO_STREAM_REPLY) && h->callback < SP_CALLBACKS &&
	       h->code % 4 == 0 && h->payloads % 4 == 0 && h->words &&
	       h->words <= SP_MAX_WORDS && h->code >= sizeof(*h) &&
	       range_ok(h->code, h->words * 4ull, h->size) &&
	       range_ok(h->payloads, h->npayloads * (uint64_t)sizeof(struct vso_stream_payload),
			h->size) &&
	       !h->reserved[0] && !h->reserved[1] && !h->reserved[2];
}

/* The entry's first words, and room for all of it. */
static enum vso_fault entry_begin(struct vso_server *s)
{
	struct stream *t = &s->stream;
	struct vso_stream_entry *h = &t->header;

	if (t->head - t->tail < sizeof(*h) || !copy_ring(s, h, t->tail, sizeof(*h)))
		return VSO_FAULT_STREAM_ENTRY;
	if (h->size < sizeof(*h) || h->size % 16)
		return VSO_FAULT_STREAM_ENTRY;
	if (h->size <= t->bytes && h->size > t->head - t->tail)
		return VSO_FAULT_STREAM_ENTRY;
	if (h->size > s->quotas.entry_bytes)
		return VSO_FAULT_QUOTA;
	if (!header_ok(h))
		return VSO_FAULT_STREAM_ENTRY;
	if (h->size + h->npayloads * (uint64_t)sizeof(*t->payloads) > s->quotas.entry_bytes)
		return VSO_FAULT_QUOTA;
	if (!entry_room(t, h->size))
		return VSO_FAULT_MEMORY;
	memcpy(t->entry, h, sizeof(*h));
	t->size = h->size;
	t->copied = sizeof(*h);
	t->tail += sizeof(*h);
	return VSO_FAULT_OK;
}

/* More of it, as much as is there and a round may cost; its place is the client's again. */
static bool entry_more(struct vso_server *s)
{
	struct stream *t = &s->stream;
	uint64_t n = t->size - t->copied;

	if (n > s->quotas.round_bytes)
		n = s->quotas.round_bytes;
	if (n > t->head - t->tail)
		n = t->head - t->tail;
	if (!copy_ring(s, t->entry + t->copied, t->tail, (uint32_t)n))
		return false;
	t->copied += (uint32_t)n;
	t->tail += n;
	atomic_store_explicit(&s->page->tail, t->tail, memory_order_release);
	return true;
}

static enum vso_fault entry_payloads(struct stream *t)
{
	const struct vso_stream_entry *h = &t->header;
	const struct vso_stream_payload *p = (const void *)(t->entry + h->payloads);

	if (h->npayloads >= t->payloads_room || t->payloads_room / 4 > h->npayloads + PAYLOADS_KEPT) {
		uint32_t room = h->npayloads + h->npayloads / 8 + 16;

		free(t->payloads);
		t->payloads = calloc(room, sizeof(*t->payloads));
		t->payloads_room = t->payloads ? room : 0;
		if (!t->payloads)
			return VSO_FAULT_MEMORY;
	}
	for (uint32_t i = 0; i < h->npayloads; i++) {
		if (p[i].place % 8 || p[i].size > SP_MAX_PAYLOAD ||
		    !range_ok(p[i].place, p[i].size, h->size))
			return VSO_FAULT_STREAM_ENTRY;
		t->payloads[i + 1] = (struct sp_payload){ t->entry + p[i].place, p[i].size, 0 };
	}
	return VSO_FAULT_OK;
}

static enum vso_fault entry_item(struct vso_server *s, struct vso_stream_item *item)
{
	struct stream *t = &s->stream;
	const struct vso_stream_entry *h = &t->header;
	enum vso_fault fault;

	fault = entry_payloads(t);
	if (fault)
		return fault;
	*item = (struct vso_stream_item){
		.sp = {
			.callback = (uint8_t)h->callback,
			.context = h->context,
			.drawable = h->drawable,
			.code = (const uint32_t *)(const void *)(t->entry + h->code),
			.nwords = h->words,
		},
		.payloads = { t->payloads, h->npayloads + 1 },
		.flags = h->flags,
		.number = ++t->number,
	};
	return VSO_FAULT_OK;
}

int vso_server_next(struct vso_server *s, struct vso_stream_item *item)
{
	struct stream *t = &s->stream;
	enum vso_fault fault;

	if (!t->bytes)
		return 0;
	if (t->stopped || !read_head(s))
		return -EBADMSG;
	if (!t->size) {
		if (t->head == t->tail)
			return 0;
		fault = entry_begin(s);
		if (fault)
			return stop(s, fault);
	}
	if (!entry_more(s))
		return stop(s, VSO_FAULT_STREAM_ENTRY);
	if (t->copied < t->size)
		return 0;
	t->size = 0;
	fault = entry_item(s, item);
	return fault ? stop(s, fault) : 1;
}

void vso_server_done(struct vso_server *s, const struct vso_stream_item *item,
		     const uint32_t regs[SP_REGISTERS])
{
	struct stream *t = &s->stream;

	if (item->flags & VSO_STREAM_REPLY)
		shared_copy(s->page->reply, regs, sizeof(s->page->reply));
	t->done = item->number;
	atomic_store_explicit(&s->page->done, t->done, memory_order_release);
}

void vso_server_stream_stop(struct vso_server *s, enum vso_fault fault)
{
	s->stream.stopped = true;
	s->count.faults++;
	atomic_store_explicit(&s->page->stream_fault, fault, memory_order_release);
	server_ring(s);
}

bool vso_server_pending(const struct vso_server *s)
{
	const struct stream *t = &s->stream;

	return s->copying.o.data || s->pending_summary || s->round ||
	       (t->copied < t->size && t->head > t->tail);
}
