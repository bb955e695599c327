/* state_track.c - see state_track.h. */
#include "replay/state_track.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* A hostile file says how many names it uses: tables are bounded here. */
#define NAMES_MAX (1u << 22)

/* ---- tables --------------------------------------------------------------- */

static bool names_make(struct track_names *n, uint32_t max)
{
	n->count = (max < NAMES_MAX ? max : NAMES_MAX) + 1;
	n->owner = calloc(n->count, sizeof(*n->owner));
	n->group = calloc(n->count, sizeof(*n->group));
	n->made = calloc(n->count, sizeof(*n->made));
	return n->owner && n->group && n->made;
}

int state_track_init(struct state_track *t, const struct client_limits *limits,
		     struct error *err)
{
	bool ok = true;

	memset(t, 0, sizeof(*t));
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		ok &= names_make(&t->names[s], limits->names[s]);
	t->ncontexts = t->names[GL_SPACE_CONTEXT].count;
	t->ndrawables = t->names[GL_SPACE_DRAWABLE].count;
	t->nslots = limits->slots < NAMES_MAX ? limits->slots + 1 : NAMES_MAX;
	t->contexts = calloc(t->ncontexts, sizeof(*t->contexts));
	t->drawables = calloc(t->ndrawables, sizeof(*t->drawables));
	t->slots = calloc(t->nslots, sizeof(*t->slots));
	if (ok && t->contexts && t->drawables && t->slots)
		return 0;
	state_track_finish(t);
	return error_set(err, -ENOMEM, "state: out of memory");
}

void state_track_finish(struct state_track *t)
{
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++) {
		free(t->names[s].owner);
		free(t->names[s].group);
		free(t->names[s].made);
	}
	for (uint32_t i = 0; t->slots && i < t->nslots; i++)
		free(t->slots[i].name);
	free(t->contexts);
	free(t->drawables);
	free(t->slots);
	free(t->lists);
	memset(t, 0, sizeof(*t));
}

static struct track_list *list_at(struct track_list *v, uint32_t cap, uint32_t group, uint32_t list)
{
	uint32_t at = (list * 0x9e3779b1u ^ group) & (cap - 1);

	while (v[at].list && (v[at].list != list || v[at].group != group))
		at = (at + 1) & (cap - 1);
	return &v[at];
}

static struct track_list *list_make(struct state_track *t, uint32_t group, uint32_t list)
{
	struct track_list *e, *v;
	uint32_t cap = t->lists_cap ? t->lists_cap * 2 : 64;

	if (2 * t->nlists >= t->lists_cap) {
		v = calloc(cap, sizeof(*v));
		if (!v)
			return NULL;
		for (uint32_t i = 0; i < t->lists_cap; i++)
			if (t->lists[i].list)
				*list_at(v, cap, t->lists[i].group, t->lists[i].list) = t->lists[i];
		free(t->lists);
		t->lists = v;
		t->lists_cap = cap;
	}
	e = list_at(t->lists, t->lists_cap, group, list);
	t->nlists += !e->list;
	e->group = group;
	e->list = list;
	return e;
}

uint64_t state_track_list(const struct state_track *t, uint32_t group, uint32_t list)
{
	const struct track_list *e = t->lists_cap && list ?
		list_at(t->lists, t->lists_cap, group, list) : NULL;

	return e && e->list && e->defined ? e->body : 0;
}

/* ---- names ----------------------------------------------------------------- */

static void name_made(struct state_track *t, unsigned space, uint32_t id)
{
	struct track_names *n = &t->names[space];
	const struct track_context *c = &t->contexts[t->current];

	if (!id || id >= n->count)
		return;
	n->owner[id] = c->serial;
	n->group[id] = c->group;
	n->made[id] = ++t->serial;
}

static void name_used(struct state_track *t, unsigned space, uint32_t id)
{
	if (id && id < t->names[space].count && !t->names[space].owner[id])
		name_made(t, space, id);
}

static void name_gone(struct state_track *t, unsigned space, uint32_t id)
{
	if (id < t->names[space].count)
		t->names[space].owner[id] = t->names[space].group[id] = 0;
}

/* Memory of a payload operand: as many bytes as its rule says, or what there is. */
static const uint8_t *payload_at(const struct sp_payloads *p, const uint32_t *rec, unsigned operand,
				 size_t *size)
{
	const struct gl_operand *o = &gl_ops[sp_opcode(*rec)].operands[operand];
	uint32_t id = rec[o->word], offset = rec[o->word + 1];
	uint64_t need = 0;

	*size = 0;
	if (!id || id >= p->n || !p->v[id].data || offset > p->v[id].size)
		return NULL;
	*size = p->v[id].size - offset;
	if (o->size_rule > GL_SIZE_STRINGS && gl_payload_size(rec, operand, &need) && need <= *size)
		*size = need;
	else if (o->size_rule == GL_SIZE_STRING)
		*size = strnlen((const char *)p->v[id].data + offset, *size);
	return p->v[id].data + offset;
}

static void payload_names(struct state_track *t, const uint32_t *rec, unsigned operand,
			  const struct sp_payloads *p)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	unsigned space = op->operands[operand].space;
	size_t size;
	const uint8_t *v = payload_at(p, rec, operand, &size);

	for (size_t i = 0; v && i + 4 <= size; i += 4) {
		uint32_t id;

		memcpy(&id, v + i, sizeof(id));
		if (op->form == GL_FORM_GEN)
			name_made(t, space, id);
		else if (op->form == GL_FORM_DELETE)
			name_gone(t, space, id);
		else
			name_used(t, space, id);
	}
}

static void record_names(struct state_track *t, const uint32_t *rec, const struct sp_payloads *p)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	unsigned mask = sp_mask(*rec);

	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];

		if (o->kind == GL_KIND_PAYLOAD && o->space != GL_SPACE_NONE)
			payload_names(t, rec, i, p);
		else if (o->kind != GL_KIND_NAME || mask >> i & 1 || gl_spaces[o->space].identity)
			continue;
		else if (op->form == GL_FORM_CREATE && o->param == 0xff)
			name_made(t, o->space, rec[o->word]);
		else
			name_used(t, o->space, rec[o->word]);
	}
}

/* ---- the window system ----------------------------------------------------- */

static void context_make(struct state_track *t, const uint32_t *w)
{
	struct track_context *c = &t->contexts[w[0]];

	*c = (struct track_context){ .live = true, .serial = ++t->serial, .share = w[1],
				     .version = w[2], .flags = w[3] };
	c->group = w[1] && w[1] < t->ncontexts && t->contexts[w[1]].live
		 ? t->contexts[w[1]].group : c->serial;
}

static void current_set(struct state_track *t, const uint32_t *w)
{
	struct track_context *c = &t->contexts[w[0]];

	t->current = w[0];
	t->draw = w[0] ? w[1] : 0;
	t->read = w[0] ? w[2] : 0;
	if (!w[0])
		return;
	c->ready = true;
	c->draw = w[1];
	c->read = w[2];
}

static void record_window(struct state_track *t, const uint32_t *rec)
{
	const uint32_t *w = rec + 1;
	unsigned op = sp_opcode(*rec);
	bool context = op == OP_blinkContext || op == OP_blinkContextDestroy ||
		       op == OP_blinkMakeCurrent;

	if (w[0] >= (context ? t->ncontexts : t->ndrawables))
		return;
	switch (op) {
	case OP_blinkContext: context_make(t, w); break;
	case OP_blinkContextDestroy:
		t->contexts[w[0]].live = false;
		if (t->current == w[0])
			t->current = t->draw = t->read = 0;
		break;
	case OP_blinkMakeCurrent: current_set(t, w); break;
	case OP_blinkDrawable:
		t->drawables[w[0]] = (struct track_drawable){ true, w[1], w[2], w[3] };
		break;
	case OP_blinkDrawableResize:
		t->drawables[w[0]].w = w[1];
		t->drawables[w[0]].h = w[2];
		break;
	case OP_blinkDrawableDestroy: t->drawables[w[0]].live = false; break;
	default: break;
	}
}

/* ---- lists and slots ------------------------------------------------------- */

/* A record as it means, not as it is stored: payloads by content. */
static uint64_t record_hash(const uint32_t *rec, const struct sp_payloads *p, uint64_t seed)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	seed = XXH3_64bits_withSeed(op->name, strlen(op->name), seed ^ sp_mask(*rec));
	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];
		size_t size;
		const uint8_t *v;

		if (o->kind == GL_KIND_PAYLOAD) {
			v = payload_at(p, rec, i, &size);
			seed = v ? XXH3_64bits_withSeed(v, size, seed) : seed * 31;
		} else {
			seed = XXH3_64bits_withSeed(rec + o->word, 4 * sp_kind_words(o->kind), seed);
		}
	}
	return seed;
}

/* What its Gen reserves is an empty list. */
static int lists_change(struct state_track *t, uint32_t first, uint32_t count, bool defined)
{
	uint32_t group = t->contexts[t->current].group;

	for (uint32_t i = 0; i < t->lists_cap; i++)
		if (!defined && t->lists[i].group == group && t->lists[i].list - first < count)
			t->lists[i].defined = false;
	return 0;
}

static int record_list(struct state_track *t, const uint32_t *rec)
{
	struct track_list *l;

	switch (sp_opcode(*rec)) {
	case OP_glNewList:
		t->list = rec[1];
		t->body = 1;
		return 0;
	case OP_glEndList:
		l = t->list ? list_make(t, t->contexts[t->current].group, t->list) : NULL;
		if (t->list && !l)
			return -ENOMEM;
		if (l) {
			l->defined = true;
			l->body = t->body;
		}
		t->list = 0;
		return 0;
	default:
		return lists_change(t, rec[1], rec[2], false);
	}
}

static int record_slot(struct state_track *t, const uint32_t *rec, const struct sp_payloads *p)
{
	const struct gl_operand *o = gl_ops[sp_opcode(*rec)].operands;
	uint32_t slot = rec[o[3].word];
	size_t size;
	const uint8_t *name = payload_at(p, rec, 1, &size);
	struct track_slot *s;

	if (!name || !slot || slot >= t->nslots || sp_opcode(*rec) == OP_glGetAttribLocation ||
	    sp_opcode(*rec) == OP_glGetFragDataLocation || sp_opcode(*rec) == OP_glGetFragDataIndex)
		return 0;
	s = &t->slots[slot];
	free(s->name);
	s->name = strndup((const char *)name, size);
	s->program = rec[o[0].word];
	s->what = XXH3_64bits_withSeed(name, size, (uint64_t)sp_opcode(*rec) << 32 | rec[o[2].word]);
	return s->name ? 0 : -ENOMEM;
}

/* ---- records --------------------------------------------------------------- */

enum { PLAIN, NAMES = 1, WINDOW = 2, LIST = 4, SLOT = 8, LISTED = 16 };

static const uint8_t *interests(void)
{
	static uint8_t table[GL_OP_COUNT];
	static bool made;

	for (unsigned op = 0; !made && op < GL_OP_COUNT; op++) {
		const struct gl_op *g = &gl_ops[op];

		for (unsigned i = 0; i < g->noperands; i++)
			if (g->operands[i].space != GL_SPACE_NONE && g->form != GL_FORM_WINDOW)
				table[op] = NAMES;
		if (g->form == GL_FORM_WINDOW)
			table[op] = WINDOW;
		if (g->form == GL_FORM_LOCATE)
			table[op] |= SLOT;
		if (op == OP_glNewList || op == OP_glEndList || op == OP_glDeleteLists)
			table[op] = LIST;
		if (gl_op_listed(op))
			table[op] |= LISTED;
	}
	made = true;
	return table;
}

int state_track_sp(struct state_track *t, const struct sp *sp, const struct sp_payloads *payloads,
		   struct error *err)
{
	const uint8_t *interest = interests();
	const uint32_t *rec, *end = sp->code + sp->nwords;
	int r = 0;
	bool bad;

	for (rec = sp->code; r >= 0 && (rec = sp_next(rec, end, &bad)); rec += sp_words(rec)) {
		unsigned what = interest[sp_opcode(*rec)];

		if (what & NAMES)
			record_names(t, rec, payloads);
		if (what & WINDOW)
			record_window(t, rec);
		if (what & SLOT)
			r = record_slot(t, rec, payloads);
		if (what & LIST)
			r = record_list(t, rec);
		else if (t->list && what & LISTED)
			t->body = record_hash(rec, payloads, t->body);
	}
	return r < 0 ? error_set(err, r, "state: out of memory") : 0;
}
