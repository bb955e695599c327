/* confine_limits.c - see confined.h. */
#include "blink/server/confined.h"

/* For each word as much again as four times the word itself: who hands over more may well have more
 * to look at. */
#define WORK_WORD 16u

static uint32_t least(uint32_t a, uint64_t b)
{
	return a < b ? a : (uint32_t)b;
}

/* Pages that it never wrote to, or gave back, are memory as soon as they are read here; and a
 * page may be named any number of times by what is copied. */
void confined_quotas(struct vso_quotas *q, uint64_t memory)
{
	q->pages = least(q->pages, 2 * (memory / VSO_PAGE));
	if (q->copied_bytes > memory)
		q->copied_bytes = memory;
	q->entry_bytes = memory;
}

void confined_limits(struct verify_limits *l, const struct vso_quotas *q)
{
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		l->names[i] = least(l->names[i], q->names[i]);
	l->slots = least(l->slots, q->slots);
	l->words = least(SP_MAX_WORDS, q->object_bytes / 4);
	l->allow_opaque = l->allow_sensitive = false;
	l->work = CONFINE_WORK;
	l->work_word = WORK_WORD;
	l->unmediated = confined_unmediated();
}
