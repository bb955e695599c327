/* pair.c - see pair.h. */
#include "tests/vso/pair.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

void pair_open(struct pair *p, uint32_t objects, uint32_t data, uint32_t stream,
	       const struct vso_loopback_options *options, const struct vso_quotas *quotas)
{
	struct vso_loopback_options opt = options ? *options : (struct vso_loopback_options){ 0 };
	struct vso_wishes w = { .name = "test", .objects = objects, .data_bytes = data,
				.stream_bytes = stream };
	struct error err = { 0 };

	opt.pages = vso_client_pages(&w);
	if (vso_loopback_create(&p->link, &p->peer, &opt, &err) ||
	    vso_client_create(&p->client, p->link, &w, &err) ||
	    vso_server_create(&p->server, p->peer, quotas, &err) ||
	    vso_client_start(p->client, 0, &err))
		fail_msg("%s", err.text);
}

void pair_close(struct pair *p)
{
	vso_server_destroy(p->server, VSO_FAULT_OK, NULL);
	vso_client_destroy(p->client);
}

void pair_change(struct pair *p, struct vso_object *o)
{
	struct vso_object more;

	assert_int_equal(vso_server_changes(p->server, o, 1), 1);
	assert_int_equal(vso_server_changes(p->server, &more, 1), 0);
}

enum vso_fault pair_take(struct pair *p, uint32_t *n)
{
	enum vso_fault fault = VSO_FAULT_OK;
	struct vso_object o[8];
	uint32_t k;

	if (n)
		*n = 0;
	do {
		k = vso_server_changes(p->server, o, 8);
		for (uint32_t i = 0; i < k; i++) {
			if (o[i].fault)
				fault = o[i].fault;
			vso_server_taken(p->server, &o[i], 0, 0);
			vso_object_release(p->server, &o[i]);
		}
		if (n)
			*n += k;
	} while (k == 8);
	return fault;
}

void *pair_page(struct pair *p, uint32_t n)
{
	return p->link->ops->page(p->link, n);
}

struct vso_entry *pair_entry(struct pair *p, uint32_t object)
{
	return (struct vso_entry *)pair_page(p, vso_entries_page() + object / 64) + object % 64;
}

struct vso_state *pair_state(struct pair *p, uint32_t object)
{
	const struct vso_hello *h = pair_page(p, VSO_PAGE_ROOT);

	return (struct vso_state *)pair_page(p, vso_states_page(h->objects) + object / 128) +
	       object % 128;
}

void pair_dirty(struct pair *p, uint32_t object)
{
	struct vso_dirty *d = pair_page(p, VSO_PAGE_DIRTY);

	atomic_fetch_or(&d->bits[object / 64], 1ull << object % 64);
	atomic_fetch_or(&d->summary, 1ull << object / 64);
}

void pair_show(struct pair *p, uint32_t object, const struct vso_desc *d)
{
	struct vso_entry *e = pair_entry(p, object);
	uint64_t v = atomic_load(&e->version) + 1;

	e->desc[v & 1] = *d;
	atomic_store(&e->version, v);
	pair_dirty(p, object);
}

uint32_t pair_free_page(struct pair *p)
{
	const struct vso_hello *h = pair_page(p, VSO_PAGE_ROOT);

	return vso_free_page(h->objects);
}

static uint8_t at(uint32_t i, uint32_t seed) { return (uint8_t)((i * 167 ^ i >> 8) + seed * 31); }

void pattern(uint8_t *to, uint32_t size, uint32_t seed)
{
	for (uint32_t i = 0; i < size; i++)
		to[i] = at(i, seed);
}

bool pattern_is(const void *data, uint32_t size, uint32_t seed)
{
	const uint8_t *d = data;

	for (uint32_t i = 0; i < size; i++)
		if (d[i] != at(i, seed))
			return false;
	return true;
}

unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}
