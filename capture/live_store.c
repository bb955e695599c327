/* live_store.c - see live_store.h. */
#include "capture/live_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

struct live_payload {
	uint8_t *copy;                  /* NULL: in the recording at place */
	uint64_t key;                   /* place, or hash of the bytes with PLACELESS */
	uint32_t size;                  /* FREE: the id may be used again */
	uint32_t next;                  /* of the chain, or of the free ones */
	bool marked;
};
#define PLACELESS (UINT64_C(1) << 63)
#define FREE UINT32_MAX

void live_store_init(struct live_store *s)
{
	*s = (struct live_store){ .n = 1 };
}

void live_store_finish(struct live_store *s)
{
	for (uint32_t i = 1; i < s->n; i++)
		free(s->v[i].copy);
	free(s->v);
	free(s->heads);
	free(s->room);
}

static uint32_t *head_of(const struct live_store *s, uint64_t key)
{
	return &s->heads[(key * 0x9e3779b97f4a7c15ull) >> 32 & (s->nheads - 1)];
}

/* Chains anew, of all that are in use, in a table of at least twice as many. */
static bool rehash(struct live_store *s)
{
	uint32_t n = s->nheads ? s->nheads : 1u << 14;

	while (n / 2 < s->live && n < 1u << 30)
		n *= 2;
	if (n != s->nheads) {
		uint32_t *heads = malloc(n * sizeof(*heads));

		if (!heads)
			return false;
		free(s->heads);
		s->heads = heads;
		s->nheads = n;
	}
	memset(s->heads, 0, n * sizeof(*s->heads));
	for (uint32_t i = 1; i < s->n; i++) {
		uint32_t *head;

		if (s->v[i].size == FREE)
			continue;
		head = head_of(s, s->v[i].key);
		s->v[i].next = *head;
		*head = i;
	}
	return true;
}

static uint32_t id_new(struct live_store *s)
{
	uint32_t id = s->free;

	if (id) {
		s->free = s->v[id].next;
		return id;
	}
	if (s->n >= s->cap) {
		uint32_t cap = s->cap ? 2 * s->cap : 1u << 12;
		struct live_payload *v = cap > s->cap ? realloc(s->v, cap * sizeof(*v)) : NULL;

		if (!v)
			return 0;
		memset(v + s->cap, 0, (cap - s->cap) * sizeof(*v));
		s->v = v;
		s->cap = cap;
	}
	return s->n++;
}

static const uint8_t *bytes_of(const struct live_store *s, const struct live_payload *p)
{
	return p->copy ? p->copy : recording_at(s->recording, p->key, p->size);
}

static bool copy_make(struct live_store *s, struct live_payload *p, const void *data)
{
	p->copy = malloc((size_t)p->size + 1);
	if (!p->copy)
		return false;
	memcpy(p->copy, data, p->size);
	s->copied += p->size;
	return true;
}

uint32_t live_store_put(struct live_store *s, const void *data, uint32_t size, uint64_t place)
{
	uint64_t key = place ? place : XXH3_64bits(data, size) | PLACELESS;
	struct live_payload *p;
	uint32_t id, *head;

	if (s->live >= s->nheads / 2 && !rehash(s))
		return 0;
	head = head_of(s, key);
	for (id = *head; id; id = s->v[id].next)
		if (s->v[id].key == key && s->v[id].size == size &&
		    (place || !memcmp(s->v[id].copy, data, size)))
			return id;
	id = id_new(s);
	if (!id)
		return 0;
	p = &s->v[id];
	*p = (struct live_payload){ .key = key, .size = size };
	if (!place && !copy_make(s, p, data)) {
		*p = (struct live_payload){ .size = FREE, .next = s->free };
		s->free = id;
		return 0;
	}
	p->next = *head;
	*head = id;
	s->live++;
	return id;
}

void *live_store_room(struct live_store *s, uint32_t size)
{
	uint8_t *room = s->room;

	if (size >= s->room_size) {
		room = realloc(s->room, (size_t)size + 1);
		if (!room)
			return NULL;
		s->room = room;
		s->room_size = (size_t)size + 1;
	}
	return room;
}

bool live_store_get(const struct live_store *s, uint32_t id, struct sp_payload *out)
{
	if (!id || id >= s->n || s->v[id].size == FREE)
		return false;
	out->data = bytes_of(s, &s->v[id]);
	out->size = s->v[id].size;
	return out->data != NULL;
}

/* ---- dropping ------------------------------------------------------------------- */

void live_store_mark(struct live_store *s, uint32_t id)
{
	if (id < s->n)
		s->v[id].marked = true;
}

static void drop(struct live_store *s, uint32_t id)
{
	struct live_payload *p = &s->v[id];

	s->copied -= p->copy ? p->size : 0;
	free(p->copy);
	*p = (struct live_payload){ .size = FREE, .next = s->free };
	s->free = id;
	s->live--;
}

int live_store_sweep(struct live_store *s, uint64_t floor)
{
	int ret = 0;

	for (uint32_t id = 1; id < s->n; id++) {
		struct live_payload *p = &s->v[id];
		const uint8_t *bytes;

		if (p->size == FREE)
			continue;
		if (!p->marked) {
			drop(s, id);
			continue;
		}
		p->marked = false;
		if (p->copy || p->key >= floor)
			continue;
		bytes = bytes_of(s, p);
		if (!bytes || !copy_make(s, p, bytes))
			ret = -ENOMEM;
	}
	return rehash(s) ? ret : -ENOMEM;
}
