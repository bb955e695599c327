/* effects_list.c - display lists: the records of a list whose compilation was seen are
 * kept, and CallList has their effects.
 *
 * Records of a class that is there already add nothing (their effects are constants,
 * and idempotent), so that a list of ten thousand vertices keeps a handful. */
#include "blink/verify/effects_walk.h"

#include <GL/gl.h>
#include <stdlib.h>
#include <string.h>

#define LIST_NAMES (1u << 16)        /* lists with higher names are not kept */

static uint32_t word_of(const uint32_t *rec, unsigned i)
{
	return rec[gl_ops[sp_opcode(*rec)].operands[i].word];
}

static void effects_of(struct effects_walk *w, const uint32_t *rec)
{
	fx_class_apply(w, w->t->op[sp_opcode(*rec)].class, rec, NULL);
}

static void lists_forget(struct effects_walk *w)
{
	memset(w->list, 0, w->nlists * sizeof(*w->list));
	buf_clear(&w->bodies);
}

static struct fx_list *list_get(struct effects_walk *w, uint32_t name)
{
	if (name >= LIST_NAMES)
		return NULL;
	if (name >= w->nlists) {
		uint32_t n = name + 64;
		struct fx_list *v = realloc(w->list, n * sizeof(*v));

		if (!v)
			return NULL;
		memset(v + w->nlists, 0, (n - w->nlists) * sizeof(*v));
		w->list = v;
		w->nlists = n;
	}
	return &w->list[name];
}

void fx_list_new(struct effects_walk *w, const uint32_t *rec)
{
	uint32_t name = word_of(rec, 0), mode = word_of(rec, 1);
	struct fx_list *l;

	effects_of(w, rec);
	if (sp_mask(*rec) || name == 0 || (mode != GL_COMPILE && mode != GL_COMPILE_AND_EXECUTE)) {
		w->opaque |= sp_mask(*rec) != 0;
		return;
	}
	l = list_get(w, name);
	if (l)
		l->known = false;
	w->compiling = name;
	w->compile_only = mode == GL_COMPILE;
	w->compile_ok = l && fx_certain(w);
	w->compile_start = (uint32_t)(w->bodies.len / 4);
	w->list_serial++;
}

bool fx_list_record(struct effects_walk *w, const uint32_t *rec)
{
	const struct fx_op *op = &w->t->op[sp_opcode(*rec)];
	const struct fx_class *c = &w->t->class[op->class];

	if (op->special == FX_NEW_LIST || op->special == FX_END_LIST)
		return op->special == FX_NEW_LIST;      /* within a list: an error, ignored */
	if (op->special == FX_CORE || op->special == FX_JUMP || !op->listed)
		return false;
	w->compile_ok = w->compile_ok && fx_certain(w) && !sp_mask(*rec) &&
			op->special != FX_OPAQUE;
	if (op->special == FX_PLAIN && !c->ndynamic) {
		if (w->listed[op->class] == w->list_serial)
			return w->compile_only;
		w->listed[op->class] = w->list_serial;
	}
	if (w->bodies.len / 4 + sp_words(rec) > FX_LIST_WORDS) {
		lists_forget(w);
		w->compile_ok = false;
	}
	if (w->compile_ok)
		buf_append(&w->bodies, rec, sp_words(rec) * 4u);
	return w->compile_only;
}

void fx_list_end(struct effects_walk *w, const uint32_t *rec)
{
	struct fx_list *l = w->compiling ? list_get(w, w->compiling) : NULL;

	effects_of(w, rec);
	if (l && w->compile_ok && !buf_failed(&w->bodies) && fx_certain(w)) {
		l->start = w->compile_start;
		l->count = (uint32_t)(w->bodies.len / 4) - w->compile_start;
		l->known = true;
	}
	w->compiling = 0;
}

static void list_walk(struct effects_walk *w, const struct fx_list *l)
{
	uint32_t at = l->start, end = l->start + l->count;

	w->list_depth++;
	while (at < end && w->list_budget) {
		const uint32_t *rec = (const uint32_t *)(const void *)w->bodies.data + at;

		w->list_budget--;
		fx_execute(w, rec);
		at += sp_words(rec);
	}
	w->opaque |= at < end;
	w->list_depth--;
}

void fx_list_call(struct effects_walk *w, const uint32_t *rec)
{
	const uint32_t name = word_of(rec, 0), key[2] = { name, 0 };
	const struct fx_list *l = sp_mask(*rec) || name >= w->nlists ? NULL : &w->list[name];
	uint32_t cell;

	if (!l || !l->known || w->list_depth == FX_LIST_DEPTH || w->list_budget < l->count) {
		effects_of(w, rec);
		fx_known_lose(w);
		return;
	}
	cell = fx_cell_find(w, GL_SLOT_list, key, false);
	if (cell != UINT32_MAX)
		fx_cell_read(w, cell);
	list_walk(w, l);
}

void fx_list_delete(struct effects_walk *w, const uint32_t *rec)
{
	uint32_t first = word_of(rec, 0), count = word_of(rec, 1);

	effects_of(w, rec);
	for (uint32_t i = first; i < w->nlists && i - first < count; i++)
		w->list[i].known = false;
	if (sp_mask(*rec))
		lists_forget(w);
}
