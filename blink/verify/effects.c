/* effects.c - the walk: which cells were used at their entry value, which replaced. */
#include "blink/verify/effects_walk.h"

#include <stdlib.h>
#include <string.h>

static const uint16_t selectors[FX_SELECTORS] = {
	GL_SLOT_active_texture, GL_SLOT_client_active_texture, GL_SLOT_matrix_mode,
};

#define CELL_DYNAMIC 0x10000u        /* cell numbers from here on are walk->cell's */

static bool bit_test(const uint64_t *set, unsigned bit) { return set[bit / 64] >> bit % 64 & 1; }
static void bit_set(uint64_t *set, unsigned bit) { set[bit / 64] |= UINT64_C(1) << bit % 64; }

/* ---- cells --------------------------------------------------------------- */

static void hash_put(struct effects_walk *w, uint32_t index)
{
	const struct fx_dynamic *c = &w->cell[index];
	uint32_t h = fx_hash(c->slot, c->key[0], c->key[1]);

	while (w->hash[h & (w->hash_cap - 1)])
		h++;
	w->hash[h & (w->hash_cap - 1)] = index + 1;
}

/* One by one while that is less than all. */
static void hash_clear(struct effects_walk *w)
{
	if (w->ncells * 8 > w->hash_cap) {
		memset(w->hash, 0, w->hash_cap * sizeof(*w->hash));
		return;
	}
	for (uint32_t i = w->ncells; i-- > 0;) {
		const struct fx_dynamic *c = &w->cell[i];
		uint32_t h = fx_hash(c->slot, c->key[0], c->key[1]);

		while (w->hash[h & (w->hash_cap - 1)] != i + 1)
			h++;
		w->hash[h & (w->hash_cap - 1)] = 0;
	}
}

static bool cells_grow(struct effects_walk *w)
{
	uint32_t cap = w->cells_cap ? w->cells_cap * 2 : 256;
	struct fx_dynamic *v = realloc(w->cell, cap * sizeof(*v));
	uint32_t *hash;

	if (!v)
		return false;
	w->cell = v;
	hash = calloc((size_t)cap * 2, sizeof(*hash));
	if (!hash)
		return false;
	free(w->hash);
	w->hash = hash;
	w->hash_cap = cap * 2;
	w->cells_cap = cap;
	for (uint32_t i = 0; i < w->ncells; i++)
		hash_put(w, i);
	return true;
}

/* Number of a cell; UINT32_MAX when memory ran out (the walk is opaque then). */
uint32_t fx_cell_find(struct effects_walk *w, unsigned slot, const uint32_t *key, bool at_entry)
{
	unsigned fixed = at_entry ? FX_NONE : fx_static_cell(w->t, slot, key[0], key[1]);
	uint32_t h = fx_hash(slot, key[0], key[1]), i;

	if (fixed != FX_NONE)
		return fixed;
	for (; w->hash_cap && (i = w->hash[h & (w->hash_cap - 1)]); h++) {
		const struct fx_dynamic *c = &w->cell[i - 1];

		if (c->slot == slot && c->key[0] == key[0] && c->key[1] == key[1] &&
		    c->at_entry == at_entry)
			return CELL_DYNAMIC + i - 1;
	}
	if (w->ncells == w->cells_cap && (w->ncells >= 1u << 24 || !cells_grow(w))) {
		w->opaque = w->failed = true;
		return UINT32_MAX;
	}
	w->cell[w->ncells] = (struct fx_dynamic){ { key[0], key[1] }, (uint16_t)slot, 0,
						  at_entry, 0 };
	hash_put(w, w->ncells);
	return CELL_DYNAMIC + w->ncells++;
}

uint8_t fx_cell_flags(const struct effects_walk *w, uint32_t cell)
{
	if (cell >= CELL_DYNAMIC) {
		const struct fx_dynamic *c = &w->cell[cell - CELL_DYNAMIC];

		return (uint8_t)(c->flags | (c->killed == w->life[c->slot] ? FX_KILLED : 0));
	}
	return (uint8_t)((bit_test(w->read, cell) ? FX_READ : 0) |
			 (bit_test(w->killed, cell) ? FX_KILLED : 0) |
			 (bit_test(w->written, cell) ? FX_WRITTEN : 0));
}

static void set_to(uint64_t *set, unsigned bit, bool on)
{
	uint64_t mask = UINT64_C(1) << bit % 64;

	set[bit / 64] = on ? set[bit / 64] | mask : set[bit / 64] & ~mask;
}

void fx_cell_set(struct effects_walk *w, uint32_t cell, uint8_t flags)
{
	if (cell >= CELL_DYNAMIC) {
		struct fx_dynamic *c = &w->cell[cell - CELL_DYNAMIC];

		c->flags = (uint8_t)(flags & ~FX_KILLED);
		c->killed = flags & FX_KILLED ? w->life[c->slot] : 0;
		return;
	}
	set_to(w->read, cell, flags & FX_READ);
	set_to(w->killed, cell, flags & FX_KILLED);
	set_to(w->written, cell, flags & FX_WRITTEN);
}

void fx_cell_read(struct effects_walk *w, uint32_t cell)
{
	uint8_t f = fx_cell_flags(w, cell);

	if (!(f & (FX_KILLED | FX_READ)))
		fx_cell_set(w, cell, f | FX_READ);
}

static void cell_write(struct effects_walk *w, uint32_t cell, unsigned slot)
{
	uint8_t f = fx_cell_flags(w, cell), now = f | FX_WRITTEN;

	/* read before as one of all cells */
	if (!(f & FX_KILLED) && bit_test(w->any_read, slot))
		now |= FX_READ;
	if (fx_certain(w))
		now |= FX_KILLED;
	if (now != f)
		fx_cell_set(w, cell, now);
}

/* Values at entry and of now differ no more for certain: kills end. */
void fx_forget_kills(struct effects_walk *w)
{
	memset(w->killed, 0, sizeof(w->killed));
	for (unsigned s = 0; s < GL_SLOT_COUNT; s++)
		w->life[s]++;
	w->epoch++;
}

/* Cells of these slots mean another object from now on. */
void fx_rebind(struct effects_walk *w, const uint64_t *slots)
{
	for (unsigned i = 0; i < FX_SLOT_WORDS; i++) {
		w->rebound[i] |= slots[i];
		for (uint64_t left = slots[i]; left; left &= left - 1) {
			unsigned s = i * 64 + (unsigned)__builtin_ctzll(left);

			if (s >= GL_SLOT_COUNT)
				break;
			w->life[s]++;
			for (unsigned k = w->t->first_word[s]; k < w->t->end_word[s]; k++) {
				if (w->killed[k] & w->t->slot_cells[s][k])
					w->epoch++;
				w->killed[k] &= ~w->t->slot_cells[s][k];
			}
		}
	}
}

/* ---- applying effects ---------------------------------------------------- */

static void whole_apply(struct effects_walk *w, const struct fx_class *c, const uint64_t *without)
{
	bool certain = fx_certain(w);

	for (unsigned i = 0; i < FX_SLOT_WORDS; i++) {
		uint64_t fresh = c->any_read[i] & ~w->any_read[i] & ~w->idle_slots[i];

		w->any_read[i] |= fresh;
		for (; fresh; fresh &= fresh - 1) {
			unsigned s = i * 64 + (unsigned)__builtin_ctzll(fresh);

			for (unsigned k = 0; k < FX_CELL_WORDS; k++)
				w->any_read_cells[k] |= w->t->slot_cells[s][k];
		}
		w->any_write[i] |= c->any_write[i] & ~w->idle_slots[i];
	}
	for (unsigned i = 0; i < FX_CELL_WORDS; i++) {
		uint64_t on = ~(w->idle[i] | (c->draws ? w->idle_draw[i] : 0) |
				(without ? without[i] : 0));
		uint64_t read = c->read[i] & on, write = c->write[i] & on;

		if (!(read | write))
			continue;
		w->read[i] |= read & ~w->killed[i];
		w->read[i] |= write & ~w->killed[i] & w->any_read_cells[i];
		w->written[i] |= write;
		if (certain)
			w->killed[i] |= write;
	}
}

/* A key's value; false when it can be any.  *entry: the selector still has its
 * unknown value of entry, which then stands for itself. */
static bool key_resolve(const struct effects_walk *w, const struct fx_key *k, const uint32_t *rec,
			uint32_t first, uint32_t *value, bool *entry)
{
	const struct fx_selector *s;

	*value = 0;
	switch (k->kind) {
	case FX_KEY_CONST:
		*value = k->value;
		return true;
	case FX_KEY_WORD:
		*value = rec[k->value];
		return !(sp_mask(*rec) >> k->operand & 1);
	case FX_KEY_COORD:
		if (first != 0x8078u /* GL_TEXTURE_COORD_ARRAY */)
			return true;
		break;
	case FX_KEY_SELECTED:
		break;
	default:
		return false;
	}
	s = &w->known.selector[k->value];
	*value = s->state == FX_KNOWN ? s->value : k->value;
	*entry |= s->state == FX_ENTRY;
	return s->state != FX_LOST;
}

/* The cell that an effect concerns; UINT32_MAX when it can be any of its slot. */
uint32_t fx_effect_cell(struct effects_walk *w, const struct fx_effect *e, const uint32_t *rec)
{
	uint32_t key[2];
	bool entry = false;

	if (!key_resolve(w, &e->key[0], rec, 0, &key[0], &entry) ||
	    !key_resolve(w, &e->key[1], rec, key[0], &key[1], &entry))
		return UINT32_MAX;
	bit_set(entry ? w->entry_keys : w->told_keys, e->slot);
	return fx_cell_find(w, e->slot, key, entry);
}

static void dynamic_apply(struct effects_walk *w, const struct fx_effect *e, const uint32_t *rec)
{
	uint32_t cell;

	if (bit_test(w->idle_slots, e->slot))
		return;
	cell = fx_effect_cell(w, e, rec);
	if (cell == UINT32_MAX) {
		bit_set(e->write ? w->any_write : w->any_read, e->slot);
		for (unsigned i = 0; !e->write && i < FX_CELL_WORDS; i++)
			w->any_read_cells[i] |= w->t->slot_cells[e->slot][i];
		return;
	}
	if (e->write)
		cell_write(w, cell, e->slot);
	else
		fx_cell_read(w, cell);
}

/* The effects of a class; without: static cells that this record leaves alone. */
void fx_class_apply(struct effects_walk *w, unsigned class, const uint32_t *rec,
		    const uint64_t *without)
{
	const struct fx_class *c = &w->t->class[class];

	/* A class's own effects are idempotent until kills are taken back. */
	if (c->whole && (without || w->applied[class] != w->epoch)) {
		whole_apply(w, c, without);
		w->applied[class] = without ? 0 : w->epoch;
	}
	for (unsigned i = 0; i < c->ndynamic; i++)
		dynamic_apply(w, &c->dynamic[i], rec);
	if (c->has_rebinds)
		fx_rebind(w, c->rebinds);
}

/* Which cells have no effect in the state that is known. */
void fx_idle_update(struct effects_walk *w)
{
	static const struct { uint16_t slot; uint8_t test; } tests[] = {
		{ GL_SLOT_depth_buffer, FX_DEPTH_TEST },
		{ GL_SLOT_stencil_buffer, FX_STENCIL_TEST },
	};
	const uint32_t none[2] = { 0, 0 };

	memset(w->idle, 0, sizeof(w->idle));
	memset(w->idle_draw, 0, sizeof(w->idle_draw));
	memset(w->idle_slots, 0, sizeof(w->idle_slots));
	for (unsigned k = 0; k < w->t->nwhens; k++) {
		unsigned s = w->t->whens[k];

		if (!w->known.initial[s])
			continue;
		for (unsigned i = 0; i < FX_SLOT_WORDS; i++)
			w->idle_slots[i] |= w->t->when_slots[s][i];
		for (unsigned i = 0; i < FX_CELL_WORDS; i++)
			w->idle[i] |= w->t->when_cells[s][i];
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		unsigned cell = fx_static_cell(w->t, tests[i].slot, none[0], none[1]);

		if (cell != FX_NONE && w->known.sure[tests[i].test])
			bit_set(w->idle_draw, cell);
	}
	w->epoch++;
}

void fx_execute(struct effects_walk *w, const uint32_t *rec)
{
	unsigned op = sp_opcode(*rec);

	if (w->t->op[op].special == FX_PLAIN)
		fx_class_apply(w, w->t->op[op].class, rec, NULL);
	else if (w->t->op[op].special != FX_CORE)
		fx_special(w, rec);
}

/* ---- the walk ------------------------------------------------------------ */

struct effects_walk *effects_create(void)
{
	struct effects_walk *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->t = fx_table_get();
	w->applied = w->t ? calloc(w->t->nclasses, sizeof(*w->applied)) : NULL;
	w->listed = w->t ? calloc(w->t->nclasses, sizeof(*w->listed)) : NULL;
	w->attrib = calloc(FX_STACK, sizeof(*w->attrib));
	buf_init(&w->bodies);
	if (!w->applied || !w->listed || !w->attrib) {
		effects_destroy(w);
		return NULL;
	}
	fx_known_reset(w, false);
	effects_begin(w);
	return w;
}

void effects_destroy(struct effects_walk *w)
{
	if (!w)
		return;
	free(w->applied);
	free(w->listed);
	free(w->attrib);
	free(w->cell);
	free(w->hash);
	free(w->list);
	buf_finish(&w->bodies);
	free(w);
}

void effects_begin(struct effects_walk *w)
{
	memset(w->read, 0, sizeof(w->read));
	memset(w->killed, 0, sizeof(w->killed));
	memset(w->written, 0, sizeof(w->written));
	memset(w->any_read_cells, 0, sizeof(w->any_read_cells));
	memset(w->any_read, 0, sizeof(w->any_read));
	memset(w->any_write, 0, sizeof(w->any_write));
	for (unsigned i = 0; i < GL_SLOT_COUNT; i++)
		w->life[i] = 1;
	memcpy(w->rebound, w->t->loose_slots, sizeof(w->rebound));
	memset(w->entry_keys, 0, sizeof(w->entry_keys));
	memset(w->told_keys, 0, sizeof(w->told_keys));
	hash_clear(w);
	w->ncells = 0;
	w->opaque = w->failed;
	w->position = w->join = 0;
	w->inlined = 0;
	w->nmatrix = w->nattrib = 0;
	w->begin_saved = false;
	w->list_depth = 0;
	w->entry_context = w->context;
	for (unsigned i = 0; i < sizeof(selectors) / sizeof(*selectors); i++)
		w->entry_selector[i] = w->known.selector[selectors[i]];
	w->list_budget = FX_LIST_BUDGET;
	fx_idle_update(w);
}

void effects_forget(struct effects_walk *w)
{
	fx_known_reset(w, false);
	if (w->list)
		memset(w->list, 0, w->nlists * sizeof(*w->list));
	buf_clear(&w->bodies);
	w->context = w->fresh = w->compiling = 0;
}

void effects_add_record(struct effects_walk *w, const uint32_t *rec)
{
	if (w->join && w->position >= w->join) {
		w->join = 0;
		w->epoch++;
	}
	if (!w->compiling || !fx_list_record(w, rec))
		fx_execute(w, rec);
	w->position += sp_words(rec);
}

void effects_inline(struct effects_walk *w, bool enter)
{
	/* Within a callee positions are its own: its writes count as conditional. */
	w->inlined = enter ? w->inlined + 1 : w->inlined - 1;
	w->epoch++;
}

/* ---- the verdict --------------------------------------------------------- */

struct slot_sum { bool read, written, conflict; };

static void sum_cell(const struct effects_walk *w, struct slot_sum *sum, unsigned slot,
		     uint8_t flags)
{
	struct slot_sum *s = &sum[slot];
	/* a write that replaced nothing for certain, among cells that were all read */
	bool loose = (flags & (FX_WRITTEN | FX_KILLED)) == FX_WRITTEN &&
		     bit_test(w->any_read, slot);

	s->read |= (flags & FX_READ) != 0;
	s->written |= (flags & FX_WRITTEN) != 0;
	s->conflict |= ((flags & FX_READ) && (flags & FX_WRITTEN)) || loose;
}

/* A selector that ends with the value it began with has not changed. */
static bool selector_unchanged(const struct effects_walk *w, unsigned slot)
{
	for (unsigned i = 0; i < sizeof(selectors) / sizeof(*selectors); i++) {
		const struct fx_selector *a = &w->entry_selector[i], *b;

		b = &w->known.selector[selectors[i]];
		if (selectors[i] == slot)
			return a->state == FX_KNOWN && b->state == FX_KNOWN &&
			       a->value == b->value;
	}
	return false;
}

static bool slot_conflicts(const struct effects_walk *w, unsigned slot, const struct slot_sum *sum)
{
	bool any_read = bit_test(w->any_read, slot), any_write = bit_test(w->any_write, slot);
	bool mixed = bit_test(w->entry_keys, slot) && bit_test(w->told_keys, slot);
	bool wide = any_read || any_write;

	if (selector_unchanged(w, slot))
		return false;
	if (sum->conflict || (any_write && (any_read || sum->read)))
		return true;
	/* cells of one slot may be one and the same here */
	if ((bit_test(w->rebound, slot) || mixed) && (sum->read || any_read) &&
	    (sum->written || any_write))
		return true;
	return wide && bit_test(w->entry_keys, slot) && sum->read && sum->written;
}

/* Pushes that were not undone change their stack at every run. */
static void stacks_close(struct effects_walk *w)
{
	const uint32_t none[2] = { 0, 0 };

	for (unsigned i = 0; i < w->nmatrix; i++)
		fx_cell_set(w, w->matrix[i].below, FX_READ | FX_WRITTEN);
	if (w->nattrib) {
		uint32_t cell = fx_cell_find(w, fx_slot_find("attrib_stack"), none, false);

		if (cell != UINT32_MAX)
			fx_cell_set(w, cell, FX_READ | FX_WRITTEN);
	}
}

bool effects_rerunnable(struct effects_walk *w, struct buf *restore)
{
	struct slot_sum sum[GL_SLOT_COUNT] = { 0 };
	const char *space = "";
	bool fine = true;

	stacks_close(w);
	if (w->opaque || w->context != w->entry_context) {
		if (restore)
			buf_append(restore, "*", 1);
		return false;
	}
	for (unsigned k = 0; k < FX_CELL_WORDS; k++)
		for (uint64_t left = w->read[k] | w->written[k]; left; left &= left - 1) {
			unsigned i = k * 64 + (unsigned)__builtin_ctzll(left);

			sum_cell(w, sum, w->t->cell[i].slot, fx_cell_flags(w, i));
		}
	for (uint32_t i = 0; i < w->ncells; i++)
		sum_cell(w, sum, w->cell[i].slot, fx_cell_flags(w, CELL_DYNAMIC + i));
	for (unsigned s = 0; s < GL_SLOT_COUNT; s++) {
		if (!slot_conflicts(w, s, &sum[s]))
			continue;
		fine = false;
		if (restore)
			buf_printf(restore, "%s%s", space, gl_slots[s].name);
		space = " ";
	}
	return fine;
}

bool effects_judge_sp(struct effects_walk *w, const uint32_t *code, uint32_t nwords,
		      struct buf *restore)
{
	struct effects_walk *own = w ? NULL : effects_create();
	struct effects_walk *walk = w ? w : own;
	const uint32_t *end = code + nwords, *rec = code;
	bool bad = false, fine;

	if (!walk) {
		if (restore)
			buf_append(restore, "*", 1);
		return false;
	}
	effects_begin(walk);
	for (; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec))
		effects_add_record(walk, rec);
	walk->opaque |= bad;
	fine = effects_rerunnable(walk, restore);
	effects_destroy(own);
	return fine;
}

bool effects_judge(const uint32_t *code, uint32_t nwords, struct buf *restore)
{
	return effects_judge_sp(NULL, code, nwords, restore);
}
