/* conv_names.c - traced object names to dense client names.
 *
 * Dense, so that a client's name tables stay small whatever numbers the driver
 * handed out.  A deleted name is reused from the next frame on: the Gen of a frame
 * moves into its update SP, ahead of that frame's deletes. */
#include "capture/conv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t hash_name(uint32_t owner, unsigned space, uint64_t traced)
{
	uint64_t h = traced * 0x9e3779b97f4a7c15ull ^ ((uint64_t)owner << 8 | space);

	h *= 0xd6e8feb86659fd93ull;
	return (size_t)(h ^ h >> 32);
}

int conv_names_init(struct conv_names *n)
{
	memset(n, 0, sizeof(*n));
	n->cap = 1024;
	n->v = calloc(n->cap, sizeof(*n->v));
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++) {
		n->next[i] = 1;
		buf_init(&n->freed[i]);
		buf_init(&n->freed_now[i]);
	}
	return n->v ? 0 : -ENOMEM;
}

void conv_names_finish(struct conv_names *n)
{
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++) {
		buf_finish(&n->freed[i]);
		buf_finish(&n->freed_now[i]);
	}
	free(n->v);
	n->v = NULL;
}

static struct conv_name *lookup(struct conv_name *v, size_t cap, uint32_t owner,
				unsigned space, uint64_t traced)
{
	size_t at = hash_name(owner, space, traced) & (cap - 1);

	for (;; at = (at + 1) & (cap - 1)) {
		struct conv_name *e = &v[at];

		if (!e->client || (e->traced == traced && e->owner == owner && e->space == space))
			return e;
	}
}

uint32_t conv_names_find(const struct conv_names *n, uint32_t owner, unsigned space,
			 uint64_t traced)
{
	const struct conv_name *e = lookup(n->v, n->cap, owner, space, traced);

	return e->client && !e->dead ? e->client : 0;
}

/* Dead entries are left behind when the table is rebuilt, so that a program that
 * makes and deletes objects for ever does not fill memory. */
static bool grow(struct conv_names *n)
{
	size_t live = 0, cap = 1024;
	struct conv_name *v;

	for (size_t i = 0; i < n->cap; i++)
		live += n->v[i].client && !n->v[i].dead;
	while (cap < live * 4)
		cap *= 2;
	v = calloc(cap, sizeof(*v));
	if (!v)
		return false;
	n->used = 0;
	for (size_t i = 0; i < n->cap; i++) {
		const struct conv_name *e = &n->v[i];

		if (e->client && !e->dead) {
			*lookup(v, cap, e->owner, e->space, e->traced) = *e;
			n->used++;
		}
	}
	free(n->v);
	n->v = v;
	n->cap = cap;
	return true;
}

uint32_t conv_names_new(struct conv_names *n, uint32_t owner, unsigned space, uint64_t traced)
{
	struct conv_name *e;
	uint32_t client;

	if (n->used * 2 >= n->cap && !grow(n))
		return 0;
	if (n->freed[space].len) {
		n->freed[space].len -= 4;
		memcpy(&client, n->freed[space].data + n->freed[space].len, 4);
	} else {
		client = n->next[space]++;
	}
	e = lookup(n->v, n->cap, owner, space, traced);
	if (!e->client)
		n->used++;
	*e = (struct conv_name){ .traced = traced, .owner = owner, .client = client,
				 .space = (uint8_t)space };
	return client;
}

void conv_names_delete(struct conv_names *n, uint32_t owner, unsigned space, uint64_t traced)
{
	struct conv_name *e = lookup(n->v, n->cap, owner, space, traced);

	if (!e->client || e->dead)
		return;
	/* A deleted shader lives on while it is attached, and may still be named. */
	if (space == GL_SPACE_PROGRAM)
		return;
	e->dead = true;
	buf_u32(&n->freed_now[space], e->client);
}

void conv_names_frame(struct conv_names *n)
{
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++) {
		buf_append(&n->freed[i], n->freed_now[i].data, n->freed_now[i].len);
		buf_clear(&n->freed_now[i]);
	}
}
