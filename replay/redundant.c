/* redundant.c - see redundant.h. */
#include "replay/redundant.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "blink/sp/sp.h"

#define CELLS_FIRST 4096u            /* a power of two */
#define MAX_EFFECTS 64u

/* The last record that wrote a cell, by the hash of its words and of what it depends
 * on.  Void when its slot has been changed as a whole since. */
struct cell {
	uint64_t key;                /* 0: free */
	uint64_t value;
	uint32_t epoch;
};

/* What the table says of an op, sorted for this purpose; made at first sight. */
struct op_plan {
	const struct gl_effect *write[MAX_EFFECTS], *depend[MAX_EFFECTS];
	uint8_t nwrites, ndepends;
	bool seen, setter, opaque;
};

struct redundant {
	struct op_plan plan[GL_OP_COUNT];
	struct cell *cells;
	uint32_t cap, used;
	uint32_t epoch[GL_SLOT_COUNT];
	uint32_t everything;         /* counts changes of every slot */
	uint32_t context;
	bool compiling;              /* a display list: records have no effect yet */
};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* Slots whose value decides what other cells mean. */
static bool slot_selects(unsigned slot)
{
	const char *name = gl_slots[slot].name;

	return ends_with(name, "_binding") || strcmp(name, "array_object") == 0 ||
	       strcmp(name, "current_program") == 0 || strcmp(name, "uniform_location") == 0;
}

/* "That an object of this name exists": true after the first time, whoever writes it. */
static bool slot_existence(unsigned slot)
{
	return ends_with(gl_slots[slot].name, "_name");
}

static bool effect_in(const struct gl_effect *e, const struct gl_effect *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i].slot == e->slot)
			return true;
	return false;
}

static bool effect_known(const struct gl_effect *e)
{
	for (unsigned k = 0; k < gl_slots[e->slot].nkeys; k++)
		if (e->key[k].kind == GL_KEY_ANY)
			return false;
	return true;
}

/* ---- plans ----------------------------------------------------------------------- */

static void plan_make(struct op_plan *p, unsigned op)
{
	const struct gl_command *cmd;
	unsigned certain = 0;

	p->seen = true;
	if (gl_ops[op].command == GL_OP_NO_COMMAND)
		return;
	cmd = &gl_commands[gl_ops[op].command];
	p->opaque = cmd->opaque || cmd->nwrites > MAX_EFFECTS || cmd->nreads > MAX_EFFECTS;
	if (p->opaque)
		return;
	p->setter = cmd->klass != GL_CLASS_BEHAVIOUR;
	for (unsigned i = 0; i < cmd->nwrites; i++) {
		const struct gl_effect *e = &cmd->writes[i];

		if (slot_existence(e->slot))
			continue;
		p->write[p->nwrites++] = e;
		if (gl_slots[e->slot].when >= 0)
			continue;
		certain++;
		/* "may", partial, or what is drawn: not a setting */
		if (!effect_known(e) || effect_in(e, cmd->reads, cmd->nreads) ||
		    gl_slots[e->slot].scope == GL_SCOPE_DRAWABLE)
			p->setter = false;
	}
	p->setter &= certain > 0;
	for (unsigned i = 0; i < cmd->nreads; i++)
		if (slot_selects(cmd->reads[i].slot) && effect_known(&cmd->reads[i]))
			p->depend[p->ndepends++] = &cmd->reads[i];
}

/* ---- cells ------------------------------------------------------------------------ */

static struct cell *cell_slot(struct cell *cells, uint32_t cap, uint64_t key)
{
	uint32_t i = (uint32_t)key & (cap - 1);

	while (cells[i].key && cells[i].key != key)
		i = (i + 1) & (cap - 1);
	return &cells[i];
}

static bool cells_grow(struct redundant *r)
{
	uint32_t cap = r->cap * 2;
	struct cell *cells = calloc(cap, sizeof(*cells));

	if (!cells)
		return false;
	for (uint32_t i = 0; i < r->cap; i++)
		if (r->cells[i].key)
			*cell_slot(cells, cap, r->cells[i].key) = r->cells[i];
	free(r->cells);
	r->cells = cells;
	r->cap = cap;
	return true;
}

static uint64_t cell_value(struct redundant *r, uint64_t key, unsigned slot)
{
	const struct cell *c = cell_slot(r->cells, r->cap, key);
	uint64_t changed = (uint64_t)r->epoch[slot] << 32 | r->everything;

	return c->key && c->epoch == r->epoch[slot] + r->everything ? c->value
								    : ~changed;
}

static uint64_t cell_key(struct redundant *r, const struct gl_effect *e, const uint32_t *rec)
{
	const struct gl_op *o = &gl_ops[sp_opcode(*rec)];
	uint64_t v[4] = { (uint64_t)e->slot << 32 | r->context, 0, 0, 1 };

	for (unsigned k = 0; k < gl_slots[e->slot].nkeys && k < 2; k++) {
		const struct gl_key *key = &e->key[k];
		struct gl_effect selector = { .slot = (uint16_t)key->value };

		switch (key->kind) {
		case GL_KEY_CONST:
			v[1 + k] = key->value;
			break;
		case GL_KEY_PARAM:
			for (unsigned i = 0; i < o->noperands; i++)
				if (o->operands[i].param == key->value)
					v[1 + k] = rec[o->operands[i].word];
			break;
		case GL_KEY_OPERAND:
			v[1 + k] = rec[o->operands[key->value].word];
			break;
		case GL_KEY_SELECTED:
			/* whatever it is: the record that set it stands for its value */
			v[1 + k] = cell_value(r, cell_key(r, &selector, rec), key->value);
			break;
		}
	}
	return XXH3_64bits(v, sizeof(v)) | 1;
}

/* ---- records ------------------------------------------------------------------------ */

static uint64_t record_value(struct redundant *r, const struct op_plan *p, const uint32_t *rec)
{
	uint64_t h = XXH3_64bits(rec, sp_words(rec) * 4ul);

	for (unsigned i = 0; i < p->ndepends; i++) {
		const struct gl_effect *e = p->depend[i];

		h = XXH3_64bits_withSeed(&h, sizeof(h),
					 cell_value(r, cell_key(r, e, rec), e->slot));
	}
	return h;
}

static void effect_apply(struct redundant *r, const struct gl_effect *e, const uint32_t *rec,
			 uint64_t value)
{
	uint64_t key;
	struct cell *c;

	if (!effect_known(e)) {
		r->epoch[e->slot]++;
		return;
	}
	key = cell_key(r, e, rec);
	c = cell_slot(r->cells, r->cap, key);
	if (!c->key) {
		if (r->used * 2 >= r->cap && !cells_grow(r)) {
			r->everything++;
			return;
		}
		c = cell_slot(r->cells, r->cap, key);
		c->key = key;
		r->used++;
	}
	c->value = value;
	c->epoch = r->epoch[e->slot] + r->everything;
}

/* Ops with a meaning for the walk itself.  True: that was all. */
static bool record_special(struct redundant *r, const uint32_t *rec)
{
	switch (sp_opcode(*rec)) {
	case OP_blinkMakeCurrent:
		r->context = rec[1];
		return true;
	case OP_glNewList:
		r->compiling = true;
		return true;
	case OP_glEndList:
		r->compiling = false;
		return true;
	}
	return r->compiling;
}

bool redundant_record(struct redundant *r, const uint32_t *rec)
{
	struct op_plan *p = &r->plan[sp_opcode(*rec)];
	bool same;
	uint64_t value;

	if (record_special(r, rec))
		return false;
	if (!p->seen)
		plan_make(p, sp_opcode(*rec));
	if (p->opaque || (p->nwrites && sp_mask(*rec))) {
		r->everything++;     /* registers: nobody knows what they hold */
		return false;
	}
	if (!p->nwrites)
		return false;
	value = record_value(r, p, rec);
	same = p->setter;
	for (unsigned i = 0; i < p->nwrites && same; i++) {
		const struct gl_effect *e = p->write[i];

		if (gl_slots[e->slot].when < 0)
			same = cell_value(r, cell_key(r, e, rec), e->slot) == value;
	}
	if (same)
		return true;
	for (unsigned i = 0; i < p->nwrites; i++)
		effect_apply(r, p->write[i], rec, value);
	return false;
}

struct redundant *redundant_create(void)
{
	struct redundant *r = calloc(1, sizeof(*r));

	if (r)
		r->cells = calloc(r->cap = CELLS_FIRST, sizeof(*r->cells));
	if (r && !r->cells) {
		free(r);
		return NULL;
	}
	return r;
}

void redundant_destroy(struct redundant *r)
{
	if (r)
		free(r->cells);
	free(r);
}
