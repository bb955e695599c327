/* client.c - the client's half: the hello, registers, versions of objects.  See vso.h. */
#include "blink/vso/client_priv.h"
#include "blink/base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- begin and end ----------------------------------------------------------------- */

static uint64_t pages_of(uint64_t bytes) { return (bytes + VSO_PAGE - 1) / VSO_PAGE; }

uint32_t vso_client_pages(const struct vso_wishes *w)
{
	uint64_t data = pages_of(w->data_bytes), ring = pages_of(w->stream_bytes);
	uint64_t n = vso_free_page(w->objects);

	/* each object's last page is not full, and it may have a list; twice, as its bytes */
	n += data + 2 * (data / VSO_LIST) + 4ull * w->objects;
	n += ring + ring / VSO_LIST + 1;
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void write_hello(struct vso_client *c, const struct vso_wishes *w)
{
	struct vso_hello h = {
		.magic = VSO_MAGIC, .version = VSO_VERSION, .table_hash = gl_table_hash(),
		.pages = c->link->pages, .objects = w->objects, .slots = w->slots,
		.flags = w->flags, .width = w->width, .height = w->height,
		.stream_list = c->stream_list, .stream_bytes = c->stream_bytes,
		.spaces = GL_SPACE_COUNT,
	};

	memcpy(h.names, w->names, sizeof(w->names));
	for (unsigned i = 0; w->name && w->name[i] && i + 1 < sizeof(h.name); i++)
		h.name[i] = w->name[i];
	shared_copy(client_at(c, VSO_PAGE_ROOT), &h, sizeof(h));
}

static int find_pages(struct vso_client *c)
{
	uint32_t entries = vso_entries_pages(c->objects), states = vso_states_pages(c->objects);

	c->entries = calloc(entries, sizeof(*c->entries));
	c->states = calloc(states, sizeof(*c->states));
	c->published = calloc(c->objects, sizeof(*c->published));
	if (!c->entries || !c->states || !c->published)
		return -ENOMEM;
	c->server = client_at(c, VSO_PAGE_SERVER);
	c->page = client_at(c, VSO_PAGE_CLIENT);
	c->dirty = client_at(c, VSO_PAGE_DIRTY);
	for (uint32_t i = 0; i < entries; i++)
		c->entries[i] = client_at(c, vso_entries_page() + i);
	for (uint32_t i = 0; i < states; i++)
		c->states[i] = client_at(c, vso_states_page(c->objects) + i);
	return page_pool_init(&c->pool, vso_free_page(c->objects), c->link->pages);
}

static void client_free(struct vso_client *c)
{
	client_stream_close(c);
	for (uint32_t i = 0; c->published && i < c->objects; i++) {
		struct lease *l;

		while ((l = c->published[i].leases)) {
			c->published[i].leases = l->older;
			free(l);
		}
	}
	free(c->filling_lease);
	free(c->bounce);
	page_pool_finish(&c->pool);
	free(c->entries);
	free(c->states);
	free(c->published);
	free(c);
}

int vso_client_create(struct vso_client **out, struct vso_link *l, const struct vso_wishes *w,
		      struct error *err)
{
	struct vso_client *c;
	int r;

	*out = NULL;
	if (!w->objects || w->objects > VSO_OBJECTS_MAX || w->stream_bytes % VSO_PAGE)
		return error_set(err, -EINVAL,
				 "client: %u objects, %u bytes of stream: impossible (1 to %u objects, "
				 "whole pages)", w->objects, w->stream_bytes, VSO_OBJECTS_MAX);
	if (l->pages <= vso_free_page(w->objects))
		return error_set(err, -ENOSPC, "client: %u pages do not hold %u objects",
				 l->pages, w->objects);
	c = calloc(1, sizeof(*c));
	if (!c)
		return error_set(err, -ENOMEM, "client: no memory");
	c->link = l;
	c->all = l->ops->all(l);
	c->objects = w->objects;
	r = find_pages(c);
	if (r)
		error_set(err, r, "client: no memory");
	if (!r && w->stream_bytes)
		r = client_stream_open(c, w->stream_bytes, err);
	if (r) {
		client_free(c);
		return r;
	}
	write_hello(c, w);
	*out = c;
	return 0;
}

void vso_client_destroy(struct vso_client *c)
{
	if (!c)
		return;
	c->link->ops->close(c->link);
	client_free(c);
}

struct vso_link *vso_client_link(struct vso_client *c) { return c->link; }
const struct vso_server_page *vso_client_server(const struct vso_client *c) { return c->server; }
struct vso_client_page *vso_client_page(struct vso_client *c) { return c->page; }
void vso_client_ring(struct vso_client *c) { c->link->ops->notify(c->link); }

int vso_client_start(struct vso_client *c, int64_t timeout_ns, struct error *err)
{
	int64_t until = clock_ns() + timeout_ns, left = timeout_ns;
	int r = 1;

	vso_client_ring(c);
	for (;;) {
		uint32_t phase = atomic_load_explicit(&c->server->phase, memory_order_acquire);
		char why[sizeof(c->server->why)];

		if (phase == VSO_PHASE_RUNNING) {
			c->generation = atomic_load_explicit(&c->server->generation,
							     memory_order_relaxed);
			return 0;
		}
		if (phase == VSO_PHASE_REFUSED || phase == VSO_PHASE_CLOSED) {
			shared_copy(why, c->server->why, sizeof(why));
			why[sizeof(why) - 1] = 0;
			return error_set(err, -EACCES, "server: it refused us: %s", why);
		}
		if (r == -EPIPE)
			return error_set(err, r, "server: it went away before it answered");
		if (timeout_ns >= 0)
			left = until - clock_ns();
		if (timeout_ns >= 0 && left <= 0)
			return error_set(err, -ETIMEDOUT, "server: no answer in %.1f s",
					 (double)timeout_ns / 1e9);
		r = c->link->ops->wait(c->link, left);
	}
}

/* ---- registers and what the server shows --------------------------------------------- */

void vso_client_registers(struct vso_client *c, const uint32_t regs[SP_REGISTERS])
{
	struct vso_client_page *p = c->page;
	uint32_t sequence = atomic_load_explicit(&p->sequence, memory_order_relaxed);

	atomic_store_explicit(&p->sequence, sequence + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	shared_copy(p->regs, regs, sizeof(p->regs));
	atomic_store_explicit(&p->sequence, sequence + 2, memory_order_release);
}

uint64_t vso_client_update(struct vso_client *c)
{
	return atomic_fetch_add_explicit(&c->page->update, 1, memory_order_release) + 1;
}

void vso_client_shown(const struct vso_client *c, uint32_t ext[SP_EXTERNS],
		      uint32_t regs[SP_REGISTERS])
{
	const struct vso_server_page *p = c->server;
	uint32_t before;

	for (;;) {
		before = atomic_load_explicit(&p->sequence, memory_order_acquire);
		if (ext)
			shared_copy(ext, p->ext.value, SP_EXTERNS * sizeof(*ext));
		if (regs)
			shared_copy(regs, p->regs, sizeof(p->regs));
		atomic_thread_fence(memory_order_acquire);
		if (!(before & 1) &&
		    atomic_load_explicit(&p->sequence, memory_order_relaxed) == before)
			return;
	}
}
