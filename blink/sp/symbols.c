/* symbols.c - names to numbers: a hash table with open addressing, see symbols.h. */
#include "blink/sp/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

void symbols_init(struct symbols *s)
{
	memset(s, 0, sizeof(*s));
}

void symbols_finish(struct symbols *s)
{
	free(s->v);
	symbols_init(s);
}

void symbols_clear(struct symbols *s)
{
	if (s->n)
		memset(s->v, 0, s->cap * sizeof(*s->v));
	s->n = 0;
}

/* The row of that name, or the free one where it belongs. */
static struct symbol *symbol_row(const struct symbols *s, const char *name, size_t length)
{
	size_t i = XXH3_64bits(name, length) & (s->cap - 1);

	while (s->v[i].name &&
	       (s->v[i].length != length || memcmp(s->v[i].name, name, length)))
		i = (i + 1) & (s->cap - 1);
	return &s->v[i];
}

static int symbols_grow(struct symbols *s)
{
	struct symbols to = { .cap = s->cap ? 2 * s->cap : 64, .n = s->n };

	to.v = calloc(to.cap, sizeof(*to.v));
	if (!to.v)
		return -ENOMEM;
	for (size_t i = 0; i < s->cap; i++)
		if (s->v[i].name)
			*symbol_row(&to, s->v[i].name, s->v[i].length) = s->v[i];
	free(s->v);
	*s = to;
	return 0;
}

int symbols_add(struct symbols *s, const char *name, size_t length, uint32_t value)
{
	struct symbol *row;

	if (s->n >= s->cap / 2 && symbols_grow(s) < 0)
		return -ENOMEM;
	row = symbol_row(s, name, length);
	if (row->name)
		return 0;
	*row = (struct symbol){ name, (uint32_t)length, value };
	s->n++;
	return 1;
}

bool symbols_find(const struct symbols *s, const char *name, size_t length, uint32_t *value)
{
	const struct symbol *row = s->cap ? symbol_row(s, name, length) : NULL;

	if (!row || !row->name)
		return false;
	*value = row->value;
	return true;
}
