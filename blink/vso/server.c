/* server.c - one client, as the server sees it: the hello, page 1, bells.
 *
 * Trusts nothing in the pages: every number is copied, then checked, then used. */
#include "blink/vso/server_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct vso_quotas vso_quotas_default = {
	.pages = 1u << 18,                 /* 1 GiB; what is never written takes no memory */
	.objects = VSO_OBJECTS_MAX,
	.slots = 1u << 16,
	.names = { [0 ... GL_SPACE_COUNT - 1] = 1u << 16 },
	.stream_bytes = 256u << 20,
	.entry_bytes = 256u << 20,
	.object_bytes = 64u << 20,
	.copied_bytes = 512u << 20,
	.round_bytes = 8u << 20,
	.torn = 4,
};

const struct vso_hello *vso_server_hello(const struct vso_server *s) { return &s->hello; }
struct vso_peer *vso_server_peer(struct vso_server *s) { return s->peer; }
const struct vso_counters *vso_server_counters(const struct vso_server *s) { return &s->count; }

void server_ring(struct vso_server *s)
{
	s->count.rings++;
	s->peer->ops->notify(s->peer);
}

/* ---- the hello ------------------------------------------------------------------ */

static int refuse(enum vso_fault *why, enum vso_fault fault, struct error *err, const char *what)
{
	*why = fault;
	return error_set(err, -EACCES, "%s: %s", vso_fault_sentence(fault), what);
}

static int check_quotas(const struct vso_hello *h, const struct vso_quotas *q,
			enum vso_fault *why, struct error *err)
{
	if (h->pages > q->pages)
		return refuse(why, VSO_FAULT_QUOTA, err, "pages");
	if (h->objects > q->objects || h->objects > VSO_OBJECTS_MAX)
		return refuse(why, VSO_FAULT_QUOTA, err, "objects");
	if (h->slots > q->slots)
		return refuse(why, VSO_FAULT_QUOTA, err, "location slots");
	if (h->stream_bytes > q->stream_bytes)
		return refuse(why, VSO_FAULT_QUOTA, err, "bytes of its stream");
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		if (h->names[i] > q->names[i])
			return refuse(why, VSO_FAULT_QUOTA, err, "names");
	return 0;
}

/* What no server's quotas can make right. */
static const char *hello_damage(const struct vso_hello *h, uint32_t granted)
{
	if (h->magic != VSO_MAGIC)
		return "its first word";
	if (h->version != VSO_VERSION)
		return "the protocol's version";
	if (h->table_hash != gl_table_hash())
		return "the command table";
	if (h->spaces != GL_SPACE_COUNT)
		return "how many kinds of names there are";
	if (h->flags & ~VSO_HELLO_FLAGS || h->reserved)
		return "flags that there are not";
	if (h->width > VSO_WINDOW_MAX || h->height > VSO_WINDOW_MAX)
		return "the size of its area";
	if (!memchr(h->name, 0, sizeof(h->name)))
		return "its name, which does not end";
	if (!h->objects || h->objects > VSO_OBJECTS_MAX || h->pages > granted ||
	    vso_free_page(h->objects) > h->pages)
		return "pages for its objects";
	if (h->stream_bytes % VSO_PAGE || !h->stream_bytes != !h->stream_list)
		return "the size of its stream";
	return NULL;
}

static int check_hello(struct vso_server *s, enum vso_fault *why, struct error *err)
{
	struct vso_hello *h = &s->hello;
	const char *damage;

	/* what it asks for comes before what it has: a number beyond the quota is no damage */
	if (h->magic == VSO_MAGIC && h->version == VSO_VERSION && h->spaces == GL_SPACE_COUNT &&
	    check_quotas(h, &s->quotas, why, err))
		return -EACCES;
	damage = hello_damage(h, s->peer->pages);
	if (damage)
		return refuse(why, VSO_FAULT_HELLO, err, damage);
	/* the name is shown to people */
	for (char *c = h->name; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	s->pages = h->pages;
	s->free_page = vso_free_page(h->objects);
	return 0;
}

/* ---- page 1 ----------------------------------------------------------------------- */

static void page_u32(void *field, uint32_t v) { shared_set_u32(field, v); }

/* The last words to a client, before it is let go. */
static void write_phase(struct vso_server_page *page, enum vso_phase phase, enum vso_fault fault,
			const char *why)
{
	char text[sizeof(page->why)];

	snprintf(text, sizeof(text), "%s", why ? why : vso_fault_sentence(fault));
	shared_copy(page->why, text, sizeof(text));
	page_u32(&page->refusal, fault);
	atomic_store_explicit(&page->phase, phase, memory_order_release);
}

/* Nothing that stood in the server's pages before is believed.  A page 1 that was in use
 * is that of a server which is gone: the client learns it by `generation`. */
static void write_pages(struct vso_server *s)
{
	struct vso_server_page *page = s->page, fresh = { 0 };
	bool again = atomic_load_explicit(&page->phase, memory_order_relaxed) != VSO_PHASE_NEW;
	uint32_t generation = atomic_load_explicit(&page->generation, memory_order_relaxed);

	fresh.id = 0;
	fresh.objects = s->hello.objects;
	fresh.slots = s->hello.slots;
	fresh.width = s->hello.width;
	fresh.height = s->hello.height;
	atomic_init(&fresh.phase, VSO_PHASE_NEW);
	atomic_init(&fresh.generation, again ? generation + 1 : 0);
	shared_copy(page, &fresh, sizeof(fresh));
	for (uint32_t i = 0; i < vso_states_pages(s->hello.objects); i++) {
		static const uint8_t zeros[VSO_PAGE];

		shared_copy(s->states[i], zeros, VSO_PAGE);
	}
	/* whatever was published before us, and for what of it an update was asked for */
	s->asking = atomic_load_explicit(&s->client->update, memory_order_acquire);
	for (uint32_t i = 1; i < s->hello.objects; i++)
		if (atomic_load_explicit(&entry_of(s, i)->version, memory_order_relaxed)) {
			s->pending[i / 64] |= 1ull << i % 64;
			s->pending_summary |= 1ull << i / 64;
		}
	/* what stood in the ring was meant for contexts that are lost */
	if (s->stream.bytes && again)
		vso_server_stream_stop(s, VSO_FAULT_STREAM_LOST);
}

static int area_pages(struct vso_server *s, void **to, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		to[i] = s->peer->ops->page(s->peer, first + i);
		if (!to[i])
			return -EACCES;
	}
	return 0;
}

static int open_pages(struct vso_server *s, struct error *err)
{
	uint32_t objects = s->hello.objects;

	s->entries = calloc(vso_entries_pages(objects), sizeof(*s->entries));
	s->states = calloc(vso_states_pages(objects), sizeof(*s->states));
	s->known = calloc(objects, sizeof(*s->known));
	if (!s->entries || !s->states || !s->known)
		return error_set(err, -ENOMEM, "client: no memory for %u objects", objects);
	s->client = s->peer->ops->page(s->peer, VSO_PAGE_CLIENT);
	s->dirty = s->peer->ops->page(s->peer, VSO_PAGE_DIRTY);
	if (!s->client || !s->dirty ||
	    area_pages(s, (void **)s->entries, vso_entries_page(), vso_entries_pages(objects)) ||
	    area_pages(s, (void **)s->states, vso_states_page(objects), vso_states_pages(objects)))
		return error_set(err, -EACCES, "client: pages that it counts were not granted");
	return stream_open(s, err);
}

int vso_server_create(struct vso_server **out, struct vso_peer *p, const struct vso_quotas *q,
		      struct error *err)
{
	struct vso_server *s = calloc(1, sizeof(*s));
	enum vso_fault why = VSO_FAULT_HELLO;
	struct error mine = { 0 };
	const void *root;
	int r;

	*out = NULL;
	if (!s) {
		p->ops->close(p);
		return error_set(err, -ENOMEM, "client: no memory");
	}
	if (!err)
		err = &mine;
	s->peer = p;
	s->quotas = q ? *q : vso_quotas_default;
	root = p->ops->page(p, VSO_PAGE_ROOT);
	s->page = p->ops->page(p, VSO_PAGE_SERVER);
	if (!root || !s->page) {
		r = error_set(err, -EACCES, "client: it granted no pages");
		goto fail;
	}
	shared_copy(&s->hello, root, sizeof(s->hello));
	r = check_hello(s, &why, err);
	if (!r)
		r = open_pages(s, err);
	if (r)
		goto fail;
	write_pages(s);
	atomic_store_explicit(&s->page->phase, VSO_PHASE_RUNNING, memory_order_release);
	s->running = true;
	server_ring(s);
	*out = s;
	return 0;
fail:
	vso_server_destroy(s, why, err->text);
	return r == -ENOMEM ? r : -EACCES;
}

void vso_server_destroy(struct vso_server *s, enum vso_fault fault, const char *why)
{
	if (!s)
		return;
	objects_close(s);
	stream_close(s);
	if (s->page) {
		write_phase(s->page, s->running ? VSO_PHASE_CLOSED : VSO_PHASE_REFUSED, fault, why);
		server_ring(s);
	}
	s->peer->ops->close(s->peer);
	free(s->entries);
	free(s->states);
	free(s->known);
	free(s);
}

/* ---- registers, the display, bells -------------------------------------------------- */

/* How often a reader looks again at what a writer is writing.  A register file takes the
 * client some ten nanoseconds. */
#define LOOKS 16

void vso_server_registers(struct vso_server *s, uint32_t regs[SP_REGISTERS])
{
	uint32_t copy[SP_REGISTERS], before;

	for (unsigned i = 0; i < LOOKS; i++) {
		before = atomic_load_explicit(&s->client->sequence, memory_order_acquire);
		if (before & 1)
			continue;
		shared_copy(copy, s->client->regs, sizeof(copy));
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&s->client->sequence, memory_order_relaxed) == before) {
			memcpy(s->regs, copy, sizeof(copy));
			break;
		}
	}
	/* a client that never stops writing keeps what it had */
	memcpy(regs, s->regs, sizeof(s->regs));
}

uint64_t vso_server_update(const struct vso_server *s)
{
	return s->asked;
}

void vso_server_updated(struct vso_server *s, uint64_t request)
{
	s->updated = request;
	atomic_store_explicit(&s->page->updated, request, memory_order_release);
}

void vso_server_show(struct vso_server *s, const uint32_t ext[SP_EXTERNS], uint32_t width,
		     uint32_t height, const uint32_t *regs)
{
	struct vso_server_page *page = s->page;
	uint32_t sequence = atomic_load_explicit(&page->sequence, memory_order_relaxed);

	/* even the sequence is the client's to write: only that it is odd now counts */
	sequence |= 1;
	atomic_store_explicit(&page->sequence, sequence, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	shared_copy(page->ext.value, ext, SP_EXTERNS * sizeof(*ext));
	page_u32(&page->width, width);
	page_u32(&page->height, height);
	if (regs)
		shared_copy(page->regs, regs, sizeof(page->regs));
	atomic_store_explicit(&page->sequence, sequence + 1, memory_order_release);
}

void vso_server_number(struct vso_server *s, uint32_t id)
{
	page_u32(&s->page->id, id);
}

void vso_server_lost(struct vso_server *s)
{
	uint32_t g = atomic_load_explicit(&s->page->generation, memory_order_relaxed);

	atomic_store_explicit(&s->page->generation, g + 1, memory_order_release);
	if (s->stream.bytes)
		vso_server_stream_stop(s, VSO_FAULT_STREAM_LOST);
	server_ring(s);
}

/* A bell that was asked for is rung once for each thing asked for. */
static bool reached(uint64_t wish, uint64_t is, uint64_t *woke)
{
	if (!wish || wish == *woke || is < wish)
		return false;
	*woke = wish;
	return true;
}

void vso_server_wake(struct vso_server *s, bool frame)
{
	struct vso_client_page *c = s->client;
	bool ring = frame && s->hello.flags & VSO_HELLO_FRAMES;

	s->round = false;              /* whatever was left of the frame's changes */
	if (frame)
		atomic_fetch_add_explicit(&s->page->frames, 1, memory_order_release);
	/* what was written before must be seen by one that reads it after asking */
	atomic_thread_fence(memory_order_seq_cst);
	ring |= reached(atomic_load_explicit(&c->wake_done, memory_order_relaxed),
			s->stream.done, &s->woke_done);
	ring |= reached(atomic_load_explicit(&c->wake_room, memory_order_relaxed),
			s->stream.tail, &s->woke_room);
	if (s->took && atomic_load_explicit(&c->wake_taken, memory_order_relaxed))
		ring = true;
	if (s->updated != s->woke_updated &&
	    atomic_load_explicit(&c->wake_updated, memory_order_relaxed))
		ring = true;
	s->woke_updated = s->updated;
	s->took = false;
	if (ring)
		server_ring(s);
}
