/* server_objects.c - the server's half of versioned objects: what changed, copied or mapped.
 *
 * A call costs what changed: dirty words with a bit in the summary, entries with a bit in
 * their word, the pages of those, and never more than round_bytes of them.  What a client
 * sets anew while its round is taken waits for the next. */
#include "blink/vso/server_priv.h"

#include <stdlib.h>
#include <string.h>

/* What a round costs, in bytes copied; the rest by what it takes beside those. */
#define COST_ENTRY 256u
#define COST_NUMBER 16u        /* of a page, in a list */

static void spend(struct vso_server *s, uint64_t cost)
{
	s->budget -= s->budget < cost ? s->budget : cost;
}

/* ---- pages and lists of pages ------------------------------------------------------ */

static enum vso_fault page_fault(const struct vso_server *s, uint32_t n)
{
	if (n >= s->pages)
		return VSO_FAULT_PAGE_RANGE;
	return n < s->free_page ? VSO_FAULT_PAGE_OWN : VSO_FAULT_OK;
}

const void *server_data_page(struct vso_server *s, uint32_t n, enum vso_fault *fault)
{
	const void *at = NULL;

	*fault = page_fault(s, n);
	if (!*fault) {
		at = s->peer->ops->page(s->peer, n);
		if (!at)
			*fault = VSO_FAULT_PAGE_RANGE;
	}
	return at;
}

/* One list page: up to VSO_LIST numbers to to, the next list's number to *next. */
static enum vso_fault list_read(struct vso_server *s, uint32_t list, uint32_t *to, uint32_t n,
				uint32_t *next)
{
	enum vso_fault fault;
	const struct vso_list *at = server_data_page(s, list, &fault);

	if (!at)
		return fault;
	s->count.lists++;
	spend(s, n * COST_NUMBER);
	shared_copy(to, at->page, n * sizeof(*to));
	*next = shared_u32(&at->next);
	for (uint32_t i = 0; i < n; i++) {
		fault = page_fault(s, to[i]);
		if (fault)
			return fault;
	}
	return VSO_FAULT_OK;
}

/* The last list page leads nowhere: one that is part of a circle leads somewhere. */
enum vso_fault server_list(struct vso_server *s, uint32_t list, uint32_t size,
			   uint32_t **pages, uint32_t *npages)
{
	uint32_t n = (uint32_t)(((uint64_t)size + VSO_PAGE - 1) / VSO_PAGE);
	uint32_t nlists = (n + VSO_LIST - 1) / VSO_LIST;
	uint32_t *to = malloc((size_t)n * sizeof(*to));
	enum vso_fault fault = VSO_FAULT_OK;

	if (!to)
		return VSO_FAULT_MEMORY;
	for (uint32_t i = 0; i < nlists && !fault; i++) {
		uint32_t first = i * VSO_LIST;

		fault = list_read(s, list, to + first, n - first < VSO_LIST ? n - first : VSO_LIST,
				  &list);
	}
	if (!fault && list)
		fault = VSO_FAULT_LIST;
	if (fault) {
		free(to);
		return fault;
	}
	*pages = to;
	*npages = n;
	return VSO_FAULT_OK;
}

/* ---- one version ---------------------------------------------------------------------- */

static enum vso_fault check_desc(const struct vso_server *s, const struct vso_desc *d)
{
	if (d->type >= VSO_TYPES || d->flags || d->reserved)
		return VSO_FAULT_TYPE;
	if (d->type == VSO_NONE)
		return VSO_FAULT_OK;
	if (d->type == VSO_SP ? d->callback >= SP_CALLBACKS && d->callback != VSO_CALLEE
			      : d->callback || d->context || d->drawable)
		return VSO_FAULT_TYPE;
	if (!d->size || d->size > s->quotas.object_bytes || d->size > SP_MAX_PAYLOAD ||
	    (d->type == VSO_SP && d->size % 4))
		return VSO_FAULT_SIZE;
	return VSO_FAULT_OK;
}

/* Version and description as of one moment.  False: nothing new. */
static bool look(struct vso_server *s, uint32_t object, struct vso_object *o)
{
	struct vso_entry *e = entry_of(s, object);
	uint64_t v = atomic_load_explicit(&e->version, memory_order_acquire), now;

	memset(o, 0, sizeof(*o));
	o->id = object;
	s->count.entries++;
	spend(s, COST_ENTRY);
	for (uint32_t i = 0; i <= s->quotas.torn; i++, v = now) {
		o->version = v;
		if (v == s->known[object].seen)
			return false;
		if (v < s->known[object].seen) {
			o->fault = VSO_FAULT_VERSION;
			return true;
		}
		shared_copy(&o->desc, &e->desc[v & 1], sizeof(o->desc));
		atomic_thread_fence(memory_order_acquire);
		now = atomic_load_explicit(&e->version, memory_order_relaxed);
		if (now == v) {
			o->fault = check_desc(s, &o->desc);
			return true;
		}
		atomic_thread_fence(memory_order_acquire);
		s->count.torn++;
	}
	memset(&o->desc, 0, sizeof(o->desc));
	o->fault = VSO_FAULT_TORN;
	return true;
}

/* Where the pages of o are: one, or an array. */
static enum vso_fault find_pages(struct vso_server *s, struct copying *c)
{
	enum vso_fault fault;

	c->pages = NULL;
	c->npages = 1;
	c->first = c->o.desc.pages;
	if (c->o.desc.size <= VSO_PAGE) {
		server_data_page(s, c->first, &fault);
		return fault;
	}
	return server_list(s, c->o.desc.pages, c->o.desc.size, &c->pages, &c->npages);
}

static bool map_object(struct vso_server *s, struct copying *c)
{
	struct held *h = malloc(sizeof(*h));
	const void *at;

	if (!h)
		return false;
	at = s->peer->ops->map(s->peer, c->pages ? c->pages : &c->first, c->npages);
	if (!at) {
		free(h);
		return false;
	}
	*h = (struct held){ s->known[c->o.id].held, c->o.version, at, c->npages };
	s->known[c->o.id].held = h;
	s->count.mappings++;
	c->o.data = at;
	c->o.mapped = true;
	return true;
}

static bool copy_room(struct vso_server *s, struct copying *c)
{
	size_t room = ((size_t)c->o.desc.size + VSO_SLACK + 63) & ~(size_t)63;

	if (s->count.copied_bytes + c->o.desc.size > s->quotas.copied_bytes)
		return false;
	c->to = aligned_alloc(64, room);
	if (!c->to)
		return false;
	memset(c->to + c->o.desc.size, 0, room - c->o.desc.size);
	s->count.copied_bytes += c->o.desc.size;
	s->count.copies++;
	c->o.data = c->to;
	c->done = 0;
	return true;
}

static void copying_end(struct copying *c)
{
	free(c->pages);
	memset(c, 0, sizeof(*c));
}

/* Copies as much as may be, but a page at least; true when all is here. */
static bool copy_on(struct vso_server *s, struct copying *c)
{
	while (c->done < c->o.desc.size) {
		uint32_t at = c->done / VSO_PAGE, left = c->o.desc.size - c->done;
		uint32_t n = left < VSO_PAGE ? left : VSO_PAGE;
		const void *from = server_data_page(s, c->pages ? c->pages[at] : c->first,
						    &c->o.fault);

		if (!from)
			return true;
		shared_copy(c->to + c->done, from, n);
		c->done += n;
		s->count.pages++;
		s->count.bytes += n;
		spend(s, n);
		if (!s->budget)
			break;
	}
	return c->done == c->o.desc.size;
}

static void drop_copy(struct vso_server *s, struct vso_object *o)
{
	free((void *)(uintptr_t)o->data);
	s->count.copied_bytes -= o->desc.size;
	s->count.copies--;
	o->data = NULL;
}

/* Begins with what look() found: true if o is whole already (a fault, too). */
static bool begin(struct vso_server *s, struct copying *c)
{
	if (c->o.fault || c->o.desc.type == VSO_NONE)
		return true;
	c->o.fault = find_pages(s, c);
	if (c->o.fault)
		return true;
	if (c->o.desc.type == VSO_MAPPED && map_object(s, c))
		return true;
	if (!copy_room(s, c)) {
		c->o.fault = VSO_FAULT_MEMORY;
		return true;
	}
	return copy_on(s, c);
}

/* ---- rounds ------------------------------------------------------------------------------ */

/* Takes the client's bits into ours: summary first, then the words that it names. */
static void take_dirty(struct vso_server *s)
{
	uint64_t summary = 0;
	uint32_t words = (s->hello.objects + 63) / 64;

	/* (before the bits: what a request is for was published before it) */
	s->asked_copy = s->asking;
	s->asking = atomic_load_explicit(&s->client->update, memory_order_acquire);
	if (atomic_load_explicit(&s->dirty->summary, memory_order_relaxed))
		summary = atomic_exchange_explicit(&s->dirty->summary, 0, memory_order_acquire);
	if (words < 64)
		summary &= (1ull << words) - 1;
	while (summary) {
		uint32_t j = (uint32_t)__builtin_ctzll(summary);
		uint64_t bits = atomic_exchange_explicit(&s->dirty->bits[j], 0,
							 memory_order_acquire);

		summary &= summary - 1;
		s->count.words++;
		if (j == s->hello.objects / 64)
			bits &= (1ull << s->hello.objects % 64) - 1;
		if (!j)
			bits &= ~1ull;             /* object 0 is none */
		s->pending[j] |= bits;
		if (bits)
			s->pending_summary |= 1ull << j;
	}
}

static uint32_t next_pending(struct vso_server *s)
{
	uint32_t j = (uint32_t)__builtin_ctzll(s->pending_summary);
	uint32_t i = (uint32_t)__builtin_ctzll(s->pending[j]);

	s->pending[j] &= s->pending[j] - 1;
	if (!s->pending[j])
		s->pending_summary &= ~(1ull << j);
	return j * 64 + i;
}

/* c's object leaves for the caller. */
static void hand_out(struct vso_server *s, struct copying *c, struct vso_object *out)
{
	if (c->o.fault) {
		s->count.faults++;
		if (c->o.data)
			drop_copy(s, &c->o);
	}
	if (c->o.version > s->known[c->o.id].seen)
		s->known[c->o.id].seen = c->o.version;
	*out = c->o;
	copying_end(c);
	/* what was on its way when the bits were taken is first: so all asked for until then is here */
	s->asked = s->asked_copy;
}

uint32_t vso_server_changes(struct vso_server *s, struct vso_object *out, uint32_t max)
{
	struct copying *c = &s->copying;
	uint32_t n = 0;

	if (!s->round)
		s->budget = s->quotas.round_bytes;
	if (!s->round && !s->pending_summary)
		take_dirty(s);
	while (n < max && s->budget && (c->o.data || s->pending_summary)) {
		bool whole;

		if (c->o.data) {
			whole = copy_on(s, c);
		} else {
			if (!look(s, next_pending(s), &c->o))
				continue;
			whole = begin(s, c);
		}
		if (whole)
			hand_out(s, c, &out[n++]);
	}
	s->round = n == max && max;
	if (!c->o.data && !s->pending_summary)
		s->asked = s->asking;
	return n;
}

/* ---- answers ------------------------------------------------------------------------------- */

/* The oldest version that is mapped holds its pages and those of all after it. */
static void tell_released(struct vso_server *s, uint32_t object)
{
	const struct known *k = &s->known[object];
	uint64_t released = k->taken;

	for (const struct held *h = k->held; h; h = h->older)
		if (h->version - 1 < released)
			released = h->version - 1;
	atomic_store_explicit(&state_of(s, object)->released, released, memory_order_release);
	s->took = true;
}

void vso_server_taken(struct vso_server *s, const struct vso_object *o, uint32_t detail,
		      uint32_t record)
{
	struct vso_state *st = state_of(s, o->id);
	struct known *k = &s->known[o->id];

	if (o->version > k->taken)
		k->taken = o->version;
	shared_set_u32(&st->detail, detail);
	shared_set_u32(&st->record, record);
	atomic_store_explicit(&st->fault, o->fault, memory_order_relaxed);
	atomic_store_explicit(&st->taken, k->taken, memory_order_release);
	tell_released(s, o->id);
}

void vso_object_release(struct vso_server *s, struct vso_object *o)
{
	struct held **at, *h;

	if (!o->data)
		return;
	if (!o->mapped) {
		drop_copy(s, o);
		return;
	}
	for (at = &s->known[o->id].held; (h = *at); at = &h->older)
		if (h->version == o->version && h->at == o->data) {
			*at = h->older;
			s->peer->ops->unmap(s->peer, h->at, h->pages);
			free(h);
			s->count.mappings--;
			break;
		}
	o->data = NULL;
	tell_released(s, o->id);
}

void objects_close(struct vso_server *s)
{
	if (s->copying.o.data)
		drop_copy(s, &s->copying.o);
	copying_end(&s->copying);
	for (uint32_t i = 0; s->known && i < s->hello.objects; i++) {
		struct held *h;

		while ((h = s->known[i].held)) {
			s->known[i].held = h->older;
			s->peer->ops->unmap(s->peer, h->at, h->pages);
			free(h);
		}
	}
}
