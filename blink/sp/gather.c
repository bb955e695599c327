/* gather.c - gathers the objects of one stream into blocks, see gather.h. */
#include "blink/sp/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/base/pages.h"
#include "blink/sp/format.h"

void gather_init(struct gather *g, size_t limit,
		 int (*put)(void *, struct gather *, const uint8_t *, size_t, uint32_t),
		 void *user)
{
	memset(g, 0, sizeof(*g));
	g->limit = limit;
	g->put = put;
	g->user = user;
	buf_init(&g->sizes);
}

void gather_finish(struct gather *g)
{
	free(g->data);
	buf_finish(&g->sizes);
}

/* Room for n bytes in all, of which what has been kept moves along. */
static int gather_reserve(struct gather *g, size_t n)
{
	size_t cap = n > 2 * g->limit ? n : 2 * g->limit;
	uint8_t *data;

	if (n <= g->cap)
		return 0;
	/* whole pages, so that they can go to disk past the page cache (output.c) */
	data = pages_alloc(cap);
	if (!data)
		return -ENOMEM;
	if (g->len)
		memcpy(data, g->data, g->len);
	free(g->data);
	g->data = data;
	g->cap = cap;
	return 0;
}

void *gather_begin(struct gather *g, size_t size)
{
	/* also room for what closes the block: alignment and the sizes */
	size_t room = g->len + size + BLINK_ALIGN + 4 * ((size_t)g->count + 1);

	return gather_reserve(g, room) < 0 ? NULL : g->data + g->len;
}

int gather_flush(struct gather *g)
{
	size_t n = g->len + g->sizes.len;
	int ret;

	if (!g->count)
		return 0;
	if (g->sizes.failed || gather_reserve(g, n) < 0)
		return -ENOMEM;
	memcpy(g->data + g->len, g->sizes.data, g->sizes.len);
	ret = g->put(g->user, g, g->data, n, g->count);
	g->blocks++;
	g->len = 0;
	g->count = 0;
	buf_clear(&g->sizes);
	if (g->cap > 4 * g->limit) {   /* an outsized object has passed */
		free(g->data);
		g->data = NULL;
		g->cap = 0;
	}
	return ret;
}

/* Puts the blocks before the object that has just been filled in, which then starts
 * the next block.  The sizes are written where the object lies: it is moved twice,
 * once per block. */
static int gather_split(struct gather *g, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	int ret;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, g->data + g->len, size);
	ret = gather_flush(g);
	if (ret == 0) {
		void *room = gather_begin(g, size);

		if (room)
			memcpy(room, copy, size);
		else
			ret = -ENOMEM;
	}
	free(copy);
	return ret;
}

int gather_keep(struct gather *g, size_t size)
{
	size_t padded = (size_t)blink_align(size, BLINK_ALIGN);

	if (g->count && g->len + padded + g->sizes.len + 4 > g->limit) {
		int ret = gather_split(g, size);

		if (ret < 0)
			return ret;
	}
	memset(g->data + g->len + size, 0, padded - size);
	g->len += padded;
	g->position += padded;
	g->count++;
	g->total++;
	buf_u32(&g->sizes, (uint32_t)size);
	if (g->sizes.failed)
		return -ENOMEM;
	return g->len + g->sizes.len >= g->limit ? gather_flush(g) : 0;
}
