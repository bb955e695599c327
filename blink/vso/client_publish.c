/* client_publish.c - the client's half: versions of objects, and their pages' return. */
#include "blink/vso/client_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- pages come back ------------------------------------------------------------------ */

static void lease_free(struct vso_client *c, struct lease *l)
{
	uint32_t i = 0, n = l->nlists;

	if (l->first)
		page_pool_free(&c->pool, l->first, l->n);
	else
		n += l->n;
	for (; i < n; i++)
		page_pool_free(&c->pool, l->pages[i], 1);
	free(l);
}

/* Of one object: whatever the server says it has no more use for. */
static bool reclaim(struct vso_client *c, uint32_t object)
{
	struct vso_state *st = client_state(c, object);
	struct lease **at = &c->published[object].leases, *l;
	uint64_t released, taken;
	uint32_t fault;
	bool any = false;

	if (!*at)
		return false;
	released = atomic_load_explicit(&st->released, memory_order_acquire);
	taken = atomic_load_explicit(&st->taken, memory_order_acquire);
	fault = atomic_load_explicit(&st->fault, memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&st->taken, memory_order_relaxed) != taken)
		fault = VSO_FAULT_OK;          /* of another version */
	while ((l = *at)) {
		if (l->version <= released || (fault && l->version == taken)) {
			*at = l->older;
			lease_free(c, l);
			any = true;
		} else {
			at = &l->older;
		}
	}
	return any;
}

bool vso_client_reclaim(struct vso_client *c)
{
	bool any = false;

	for (uint32_t i = 1; i < c->objects; i++)
		any |= reclaim(c, i);
	return any;
}

/* ---- pages are taken -------------------------------------------------------------------- */

static struct lease *lease_take(struct vso_client *c, uint32_t n, uint32_t nlists)
{
	struct lease *l = malloc(sizeof(*l) + ((size_t)n + nlists) * sizeof(l->pages[0]));

	if (!l)
		return NULL;
	l->n = n;
	l->nlists = nlists;
	l->first = page_pool_run(&c->pool, n);
	if (l->first ? page_pool_any(&c->pool, l->pages, nlists)
		     : page_pool_any(&c->pool, l->pages, n + nlists))
		return l;
	if (l->first)
		page_pool_free(&c->pool, l->first, n);
	free(l);
	return NULL;
}

static uint32_t data_page(const struct lease *l, uint32_t i)
{
	return l->first ? l->first + i : l->pages[i];
}

static const uint32_t *list_pages(const struct lease *l)
{
	return l->first ? l->pages : l->pages + l->n;
}

void client_list_write(struct vso_client *c, const uint32_t *pages, uint32_t n,
		       const uint32_t *lists)
{
	uint32_t nlists = client_lists_of(n);

	for (uint32_t i = 0; i < nlists; i++) {
		struct vso_list *to = client_at(c, lists[i]);
		uint32_t k = n - i * VSO_LIST < VSO_LIST ? n - i * VSO_LIST : VSO_LIST;

		shared_copy(to->page, pages + i * VSO_LIST, k * sizeof(*pages));
		shared_set_u32(&to->next, i + 1 < nlists ? lists[i + 1] : 0);
	}
}

static void write_lists(struct vso_client *c, const struct lease *l)
{
	const uint32_t *lists = list_pages(l);

	if (!l->first) {
		client_list_write(c, l->pages, l->n, lists);
		return;
	}
	for (uint32_t i = 0; i < l->nlists; i++) {
		struct vso_list *to = client_at(c, lists[i]);

		for (uint32_t k = 0; k < VSO_LIST && i * VSO_LIST + k < l->n; k++)
			shared_set_u32(&to->page[k], l->first + i * VSO_LIST + k);
		shared_set_u32(&to->next, i + 1 < l->nlists ? lists[i + 1] : 0);
	}
}

static void fill(struct vso_client *c, const struct lease *l, const uint8_t *data, uint32_t size)
{
	if (l->first && c->all) {
		shared_copy(client_at(c, l->first), data, size);
		return;
	}
	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t at = i * VSO_PAGE, n = size - at < VSO_PAGE ? size - at : VSO_PAGE;

		shared_copy(client_at(c, data_page(l, i)), data + at, n);
	}
}

/* May the next version of object be described now? */
static int check_turn(struct vso_client *c, uint32_t object, struct error *err)
{
	const struct published *p = &c->published[object];

	if (!object || object >= c->objects)
		return error_set(err, -EINVAL, "client: there is no object %u", object);
	reclaim(c, object);
	/* the place of the version before the last is written over */
	if (p->version > 1 &&
	    atomic_load_explicit(&client_state(c, object)->taken, memory_order_acquire) <
	    p->version - 1)
		return error_set(err, -EAGAIN, "client: the server has not taken object %u yet",
				 object);
	return 0;
}

static int take_pages(struct vso_client *c, uint32_t size, struct lease **l, struct error *err)
{
	uint64_t whole = ((uint64_t)size + VSO_PAGE - 1) / VSO_PAGE;
	uint32_t n = (uint32_t)whole, nlists = n > 1 ? client_lists_of(n) : 0;

	if (!size || whole + nlists > c->pool.pages - c->pool.first)
		return error_set(err, -ENOSPC, "client: %u bytes are more than all its pages, or none",
				 size);
	*l = lease_take(c, n, nlists);
	if (!*l && vso_client_reclaim(c))
		*l = lease_take(c, n, nlists);
	return *l ? 0 : error_set(err, -EAGAIN, "client: no pages free for %u bytes", size);
}

/* ---- a version is shown ---------------------------------------------------------------------- */

static void show(struct vso_client *c, uint32_t object, const struct vso_desc *d, struct lease *l)
{
	struct published *p = &c->published[object];
	struct vso_entry *e = client_entry(c, object);
	struct vso_desc own = *d;
	uint64_t v = p->version + 1;

	own.pages = 0;
	if (l) {
		own.pages = l->nlists ? list_pages(l)[0] : data_page(l, 0);
		l->version = v;
		l->older = p->leases;
		p->leases = l;
	}
	shared_copy(&e->desc[v & 1], &own, sizeof(own));
	atomic_store_explicit(&e->version, v, memory_order_release);
	p->version = v;
	atomic_fetch_or_explicit(&c->dirty->bits[object / 64], 1ull << object % 64,
				 memory_order_release);
	atomic_fetch_or_explicit(&c->dirty->summary, 1ull << object / 64, memory_order_release);
}

int vso_publish(struct vso_client *c, uint32_t object, const struct vso_desc *d,
		const void *data, struct error *err)
{
	struct lease *l = NULL;
	int r = check_turn(c, object, err);

	if (!r && d->type != VSO_NONE)
		r = take_pages(c, d->size, &l, err);
	if (r)
		return r;
	if (l) {
		fill(c, l, data, d->size);
		if (l->nlists)
			write_lists(c, l);
	}
	show(c, object, d, l);
	return 0;
}

int vso_delete(struct vso_client *c, uint32_t object)
{
	return vso_publish(c, object, &(struct vso_desc){ .type = VSO_NONE }, NULL, NULL);
}

int vso_publish_begin(struct vso_client *c, uint32_t object, const struct vso_desc *d,
		      void **contiguous, struct error *err)
{
	struct lease *l;
	int r = check_turn(c, object, err);

	*contiguous = NULL;
	if (!r && c->filling)
		r = error_set(err, -EBUSY, "client: object %u is being filled already", c->filling);
	if (!r)
		r = take_pages(c, d->size, &l, err);
	if (r)
		return r;
	if (!c->all || !l->first) {
		c->bounce = malloc(d->size);
		if (!c->bounce) {
			lease_free(c, l);
			return error_set(err, -ENOMEM, "client: no memory for %u bytes", d->size);
		}
	}
	c->filling = object;
	c->filling_desc = *d;
	c->filling_lease = l;
	*contiguous = c->bounce ? c->bounce : client_at(c, l->first);
	return 0;
}

int vso_publish_end(struct vso_client *c, uint32_t object)
{
	struct lease *l = c->filling_lease;

	if (!object || c->filling != object)
		return -EINVAL;
	if (c->bounce)
		fill(c, l, c->bounce, c->filling_desc.size);
	free(c->bounce);
	if (l->nlists)
		write_lists(c, l);
	show(c, object, &c->filling_desc, l);
	c->bounce = NULL;
	c->filling = 0;
	c->filling_lease = NULL;
	return 0;
}

enum vso_fault vso_client_fault(const struct vso_client *c, uint32_t object, uint64_t *taken)
{
	const struct vso_state *st;
	uint64_t is, now = 0;
	uint32_t fault;

	if (!object || object >= c->objects) {
		if (taken)
			*taken = 0;
		return VSO_FAULT_OK;
	}
	st = client_state(c, object);
	do {
		is = atomic_load_explicit(&st->taken, memory_order_acquire);
		fault = atomic_load_explicit(&st->fault, memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		now = atomic_load_explicit(&st->taken, memory_order_relaxed);
	} while (is != now);
	if (taken)
		*taken = is;
	return fault;
}
