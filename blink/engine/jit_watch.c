/* jit_watch.c - telling watchers of code; lines, symbols.  See jit_tools.h. */
#include "blink/engine/jit_tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/engine/jit.h"

void jit_watch(struct jit *j, struct jit_watch *w)
{
	w->next = j->watches;
	j->watches = w;
}

void jit_watch_made(struct jit_watch *w, const struct jit_code *k, const struct sp *sp)
{
	for (; w; w = w->next)
		w->made(w, k, sp);
}

void jit_watch_gone(struct jit_watch *w, const struct jit_code *k)
{
	for (; w; w = w->next)
		if (w->gone)
			w->gone(w, k);
}

int jit_watch_check(struct jit *j, struct error *err)
{
	int r = 0;

	for (struct jit_watch *w = j->watches; w && !r; w = w->next)
		if (w->check)
			r = w->check(w, err);
	return r;
}

void jit_watch_finish(struct jit_watch *w)
{
	while (w) {
		struct jit_watch *next = w->next;

		w->finish(w);
		w = next;
	}
}

void jit_symbol(const struct sp *sp, char name[JIT_SYMBOL_SIZE])
{
	snprintf(name, JIT_SYMBOL_SIZE, "sp%u_%s", sp->id, sp_callback_names[sp->callback]);
}

/* ---- lines ------------------------------------------------------------------------ */

static void line_fill(struct jit_line *l, const struct jit_place *p, uint32_t end)
{
	l->code = p->code;
	l->size = end - p->code;
	l->pc = p->pc;
	l->loop = p->loop;
	l->stride = p->stride;
	l->rounds = p->rounds;
}

/* Numbers of the records: pcs ascend, but for rounds that are called, which stand for the
 * same ones several times. */
static void records_number(struct jit_lines *l, const struct sp *sp)
{
	uint32_t pc = 0, record = 0, loop = 0, first = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		if (pc > l->v[i].pc)
			pc = loop, record = first;
		for (; pc < l->v[i].pc; record++)
			pc += sp_words(sp->code + pc);
		l->v[i].record = record;
		if (l->v[i].rounds > 1 && pc == l->v[i].loop)
			loop = pc, first = record;
	}
}

int jit_lines_make(struct jit_lines *l, const struct jit_code *k, const struct sp *sp,
		   struct error *err)
{
	struct jit_map map;
	int rc = jit_map_make(&map, k, sp, err);

	memset(l, 0, sizeof(*l));
	if (rc < 0)
		return rc;
	l->code = k->arena->rx + k->start;
	l->size = (uint32_t)((const uint8_t *)k->stops.v - (k->arena->rw + k->start));
	l->v = calloc(map.n + 1, sizeof(*l->v));
	l->n = map.n;
	for (uint32_t i = 0; l->v && i < map.n; i++)
		line_fill(&l->v[i], &map.v[i], i + 1 < map.n ? map.v[i + 1].code : l->size);
	jit_map_finish(&map);
	if (!l->v)
		return error_set(err, -ENOMEM, "JIT: out of memory for lines");
	records_number(l, sp);
	return 0;
}

void jit_lines_finish(struct jit_lines *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}
