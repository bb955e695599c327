/* prune_objects.c - objects, the names that clients know them by, and cells of state. */
#include "blink/log/prune_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void fail(struct prune *p)
{
	if (!p->error.code)
		error_set(&p->error, -ENOMEM, "prune: out of memory");
}

/* Room for one more than n things; v itself when there is, or on failure. */
void *prune_grow(struct prune *p, void *v, uint32_t *cap, uint32_t n, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 64;
	void *grown;

	if (n < *cap)
		return v;
	grown = n >= 1u << 30 ? NULL : realloc(v, want * size);
	if (!grown) {
		fail(p);
		return v;
	}
	*cap = want;
	return grown;
}

bool arena_add(struct prune *p, struct arena *a, const uint32_t *words, size_t n)
{
	if (a->n + n > a->cap) {
		size_t cap = a->cap ? a->cap * 2 : 4096;
		uint32_t *v;

		while (cap < a->n + n)
			cap *= 2;
		v = cap > UINT32_MAX ? NULL : realloc(a->v, cap * sizeof(*v));
		if (!v) {
			fail(p);
			return false;
		}
		a->v = v;
		a->cap = cap;
	}
	if (n)
		memcpy(a->v + a->n, words, n * sizeof(*words));
	a->n += n;
	return true;
}

/* ---- objects -------------------------------------------------------------- */

/* Number of a new object; the last word of reg is its own: whether it was bound.
 * 0 when memory is short. */
uint32_t object_make(struct prune *p, unsigned space, uint32_t name, uint32_t group,
		     uint32_t nreg)
{
	struct object *o = calloc(1, sizeof(*o));
	uint32_t number = p->nobjects;

	if (p->nfree_objects)
		number = p->free_objects[--p->nfree_objects];
	else
		p->object = prune_grow(p, p->object, &p->objects_cap, p->nobjects,
				       sizeof(*p->object));
	if (!o || p->error.code || !(o->reg = calloc(nreg + 1, sizeof(*o->reg)))) {
		free(o);
		fail(p);
		return 0;
	}
	if (number == p->nobjects)
		p->nobjects++;
	o->space = (uint8_t)space;
	o->name = name;
	o->group = group;
	o->nreg = nreg + 1;
	p->object[number] = o;
	return number;
}

void object_free(struct object *o)
{
	if (!o)
		return;
	if (o->list) {
		buf_finish(&o->list->words);
		buf_finish(&o->list->made);
		free(o->list);
	}
	free(o->heads);
	free(o->marks);
	free(o->reg);
	free(o);
}

/* ---- names ---------------------------------------------------------------- */

static uint32_t mix(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	uint64_t h = (a * 0x9e3779b1u + b) * UINT64_C(0xff51afd7ed558ccd);

	h = (h ^ c) * UINT64_C(0xc4ceb9fe1a85ec53);
	h ^= d * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 32 ^ h >> 11);
}

static void names_hash(struct prune *p)
{
	uint32_t last = p->name_hash_cap - 1;

	for (uint32_t i = 0; i < p->nnames; i++) {
		const struct name *n = name_at(p, i);
		uint32_t h = mix(n->space, n->scope, n->name, 0);

		while (p->name_hash[h & last])
			h++;
		p->name_hash[h & last] = i + 1;
	}
}

static bool names_rehash(struct prune *p)
{
	uint32_t cap = p->name_hash_cap ? p->name_hash_cap * 2 : 1024;
	uint32_t *hash = calloc(cap, sizeof(*hash));

	if (!hash) {
		fail(p);
		return false;
	}
	free(p->name_hash);
	p->name_hash = hash;
	p->name_hash_cap = cap;
	names_hash(p);
	return true;
}

static struct name *name_new(struct prune *p)
{
	if (p->nnames % NAME_CHUNK == 0 && p->nnames / NAME_CHUNK == p->names_cap) {
		p->name = prune_grow(p, p->name, &p->names_cap, p->names_cap, sizeof(*p->name));
		if (!p->error.code)
			memset(p->name + p->nnames / NAME_CHUNK, 0,
			       (p->names_cap - p->nnames / NAME_CHUNK) * sizeof(*p->name));
	}
	if (p->error.code)
		return NULL;
	if (!p->name[p->nnames / NAME_CHUNK])
		p->name[p->nnames / NAME_CHUNK] = calloc(NAME_CHUNK, sizeof(struct name));
	if (!p->name[p->nnames / NAME_CHUNK]) {
		fail(p);
		return NULL;
	}
	return name_at(p, p->nnames);
}

static struct name none;

/* Where the object of a name is noted; 0 there: none. */
uint32_t *name_slot(struct prune *p, unsigned space, uint32_t scope, uint32_t name)
{
	uint32_t h = mix(space, scope, name, 0), i;
	struct name *n;

	if ((p->nnames + 1) * 2 > p->name_hash_cap && !names_rehash(p))
		return &none.object;
	for (; (i = p->name_hash[h & (p->name_hash_cap - 1)]); h++) {
		n = name_at(p, i - 1);
		if (n->name == name && n->space == space && n->scope == scope)
			return &n->object;
	}
	n = name_new(p);
	if (!n)
		return &none.object;
	*n = (struct name){ space, scope, name, 0 };
	p->name_hash[h & (p->name_hash_cap - 1)] = ++p->nnames;
	return &n->object;
}

uint32_t name_scope(const struct prune *p, unsigned space)
{
	if (space == GL_SPACE_CONTEXT || space == GL_SPACE_DRAWABLE)
		return 0;
	if (gl_spaces[space].shared)
		return p->ctx ? p->object[p->ctx]->group : 0;
	return p->ctx;
}

uint32_t name_find(struct prune *p, unsigned space, uint32_t name)
{
	return name ? *name_slot(p, space, name_scope(p, space), name) : 0;
}

/* The object that stands for name 0: a texture per target, an array object. */
uint32_t default_object(struct prune *p, unsigned space, uint32_t scope, uint32_t kind,
			uint32_t nreg)
{
	uint32_t *slot = name_slot(p, space + SPACE_DEFAULT, scope, kind);

	if (!*slot)
		*slot = object_make(p, space, 0, scope, nreg);
	return *slot;
}

void scopes_find(struct prune *p)
{
	for (uint32_t i = 0; i < p->nobjects; i++)
		if (p->object[i])
			p->object[i]->live = false;
	for (uint32_t i = 0; i < p->nnames; i++) {
		const struct name *n = name_at(p, i);

		if (n->space != GL_SPACE_CONTEXT || !n->object)
			continue;
		p->object[n->object]->live = true;
		p->object[p->object[n->object]->group]->live = true;
	}
}

bool name_live(const struct prune *p, const struct name *n)
{
	return n->object && (!n->scope || p->object[n->scope]->live);
}

/* Names that stand for nothing go; nothing points at those that are left by now. */
void names_collect(struct prune *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->nnames; i++)
		if (name_live(p, name_at(p, i)))
			*name_at(p, n++) = *name_at(p, i);
	if (n == p->nnames)
		return;
	p->nnames = n;
	memset(p->name_hash, 0, p->name_hash_cap * sizeof(*p->name_hash));
	names_hash(p);
}

/* ---- cells ---------------------------------------------------------------- */

static bool cells_rehash(struct prune *p)
{
	uint32_t cap = p->cell_hash_cap ? p->cell_hash_cap * 2 : 4096;
	uint32_t *hash = calloc(cap, sizeof(*hash));

	if (!hash) {
		fail(p);
		return false;
	}
	free(p->cell_hash);
	p->cell_hash = hash;
	p->cell_hash_cap = cap;
	for (uint32_t i = 1; i < p->ncells; i++) {
		struct cell *c = &p->cell[i];
		uint32_t h = mix(c->owner, c->slot, c->key[0], c->key[1]) & (cap - 1);

		if (c->owner == NONE)
			continue;
		c->hash_next = hash[h];
		hash[h] = i;
	}
	return true;
}

/* The list of a cell's owner that it is in. */
static uint32_t *cell_list(struct prune *p, const struct cell *c)
{
	struct object *o = p->object[c->owner];

	return o->heads && c->slot < P_SLOTS ? &o->heads[c->slot] : &o->cells;
}

static uint32_t cell_new(struct prune *p)
{
	uint32_t i = p->free_cell;

	if (i) {
		p->free_cell = p->cell[i].next;
		return i;
	}
	if (!p->ncells)
		p->ncells = 1;
	p->cell = prune_grow(p, p->cell, &p->cells_cap, p->ncells, sizeof(*p->cell));
	return p->error.code ? 0 : p->ncells++;
}

void cell_link(struct prune *p, uint32_t i)
{
	struct cell *c = &p->cell[i];
	uint32_t h = mix(c->owner, c->slot, c->key[0], c->key[1]) & (p->cell_hash_cap - 1);
	uint32_t *list = cell_list(p, c);

	c->hash_next = p->cell_hash[h];
	p->cell_hash[h] = i;
	c->next = *list;
	*list = i;
	p->cells_live++;
}

uint32_t cell_at(struct prune *p, uint32_t owner, unsigned slot, uint32_t k0, uint32_t k1)
{
	uint32_t h = mix(owner, slot, k0, k1), i;
	struct cell *c;

	for (i = p->cell_hash_cap ? p->cell_hash[h & (p->cell_hash_cap - 1)] : 0; i;
	     i = c->hash_next) {
		c = &p->cell[i];
		if (c->key[0] == k0 && c->key[1] == k1 && c->slot == slot && c->owner == owner)
			return i;
	}
	if (p->cells_live + 1 > p->cell_hash_cap && !cells_rehash(p))
		return 0;
	i = cell_new(p);
	if (!i)
		return 0;
	c = &p->cell[i];
	*c = (struct cell){ .owner = owner, .slot = slot, .key = { k0, k1 }, .birth = p->step };
	cell_link(p, i);
	return i;
}

struct slot_mark *slot_mark(struct prune *p, struct object *o, unsigned slot, bool make)
{
	if (o->heads) {
		if (!o->marks && make && !(o->marks = calloc(P_SLOTS, sizeof(*o->marks))))
			fail(p);
		return o->marks ? &o->marks[slot] : NULL;
	}
	for (uint32_t i = 0; i < o->nmarks; i++)
		if (o->marks[i].slot == slot)
			return &o->marks[i];
	if (!make)
		return NULL;
	if (o->nmarks == o->marks_cap) {
		uint32_t cap = o->marks_cap ? o->marks_cap * 2 : 2;
		struct slot_mark *v = realloc(o->marks, cap * sizeof(*v));

		if (!v) {
			fail(p);
			return NULL;
		}
		o->marks = v;
		o->marks_cap = cap;
	}
	o->marks[o->nmarks] = (struct slot_mark){ .slot = slot };
	return &o->marks[o->nmarks++];
}

/* ---- the end ------------------------------------------------------------- */

void pair_finish(struct pair *q)
{
	free(q->saved);
	free(q->textures);
	free(q->cells);
	free(q->killed);
}

void objects_finish(struct prune *p)
{
	for (uint32_t i = 0; i < p->nobjects; i++)
		object_free(p->object[i]);
	for (uint32_t i = 0; i < p->npairs; i++)
		pair_finish(&p->pair[i]);
	for (uint32_t i = 0; i < p->names_cap; i++)
		free(p->name[i]);
	free(p->object);
	free(p->free_objects);
	free(p->marked);
	free(p->name);
	free(p->name_hash);
	free(p->cell);
	free(p->cell_hash);
	free(p->pair);
}
