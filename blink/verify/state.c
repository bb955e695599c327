/* state.c - shadow objects: made, copied, put back, joined. */
#include "blink/verify/state.h"

#include <stdlib.h>
#include <string.h>

/* ---- objects by name ----------------------------------------------------- */

static void **names_slot(struct names *n, uint32_t name)
{
	uint32_t p = name / NAMES_PAGE;

	if (p >= n->npages) {
		uint32_t count = p + 8;
		void ***v = realloc(n->page, count * sizeof(*v));

		if (!v)
			return NULL;
		memset(v + n->npages, 0, (count - n->npages) * sizeof(*v));
		n->page = v;
		n->npages = count;
	}
	if (!n->page[p])
		n->page[p] = calloc(NAMES_PAGE, sizeof(void *));
	return n->page[p] ? &n->page[p][name % NAMES_PAGE] : NULL;
}

static void *names_get(struct verify_state *s, struct names *n, uint32_t name, size_t size,
		       unsigned kind)
{
	void **slot = names_slot(n, name);

	if (slot && !*slot) {
		struct object *o = calloc(1, size);

		if (o)
			o->kind = (uint8_t)kind;
		*slot = o;
	}
	if (!slot || !*slot) {
		s->failed = true;
		return NULL;
	}
	return *slot;
}

static void names_finish(struct names *n, bool contexts)
{
	for (uint32_t p = 0; p < n->npages; p++) {
		for (uint32_t i = 0; n->page[p] && i < NAMES_PAGE; i++) {
			if (contexts && n->page[p][i])
				free(((struct context *)n->page[p][i])->saved);
			free(n->page[p][i]);
		}
		free(n->page[p]);
	}
	free(n->page);
}

struct context *client_context(struct verify_state *s, uint32_t name)
{
	return name ? names_get(s, &s->contexts, name, sizeof(struct context), OBJECT_CONTEXT)
		    : &s->nowhere;
}

struct vao *state_vao(struct verify_state *s, uint32_t name)
{
	return name ? names_get(s, &s->vaos, name, sizeof(struct vao), OBJECT_VAO)
		    : &s->ctx->vao;
}

struct buffer *state_buffer(struct verify_state *s, uint32_t name)
{
	return names_get(s, &s->buffers, name, sizeof(struct buffer), OBJECT_BUFFER);
}

struct saved_stack *state_saved(struct verify_state *s)
{
	if (!s->ctx->saved) {
		s->ctx->saved = calloc(1, sizeof(*s->ctx->saved));
		if (s->ctx->saved)
			s->ctx->saved->o.kind = OBJECT_SAVED;
		else
			s->failed = true;
	}
	return s->ctx->saved;
}

/* All arrays start as null pointers: nothing may be read through them. */
void vao_reset(struct vao *v, uint32_t owner)
{
	struct object o = v->o;

	memset(v, 0, sizeof(*v));
	v->o = o;
	v->o.kind = OBJECT_VAO;
	v->owner = owner;
	v->bad = UINT32_MAX;
}

void vao_lose(struct vao *v)
{
	v->maybe = v->bad = UINT32_MAX;
	v->undecided = UINT32_MAX << VARRAY_ATTRIB;
	v->enabled = v->client = v->instanced = 0;
	v->element = NAME_UNKNOWN;
	v->limit_known = false;
}

void context_reset(struct context *c, uint32_t name, uint32_t group, uint32_t birth)
{
	struct saved_stack *saved = c->saved;
	struct object o = c->o, vo = c->vao.o;

	memset(c, 0, sizeof(*c));
	c->o = o;
	c->o.kind = OBJECT_CONTEXT;
	c->saved = saved;
	c->name = name;
	c->group = group;
	c->birth = birth;
	c->made = true;
	memset(c->caps.full, TRI_ON, sizeof(c->caps.full));
	c->restart_known = true;
	c->vao.o = vo;
	vao_reset(&c->vao, birth);
}

bool state_follow(struct verify_state *s)
{
	s->vao = state_vao(s, s->ctx->vao_name);
	return s->vao != NULL;
}

/* ---- journals ------------------------------------------------------------ */

struct copy { struct object *object; size_t size; };

static size_t object_size(const struct object *o)
{
	static const size_t sizes[] = {
		[OBJECT_CONTEXT] = sizeof(struct context), [OBJECT_VAO] = sizeof(struct vao),
		[OBJECT_BUFFER] = sizeof(struct buffer),
		[OBJECT_SAVED] = sizeof(struct saved_stack),
	};

	/* what most change most: no table need be fetched */
	return o->kind == OBJECT_CONTEXT ? sizeof(struct context) : sizes[o->kind];
}

static HOT void journal_add(struct verify_state *s, struct journal *j, struct object *o)
{
	struct copy c = { o, object_size(o) };
	size_t padded = (c.size + 7) & ~(size_t)7;
	uint8_t *p = buf_extend(&j->b, sizeof(c) + padded);

	if (!p) {
		s->failed = true;
		return;
	}
	memcpy(p, &c, sizeof(c));
	memcpy(p + sizeof(c), o, c.size);
}

/* A context holds its vertex array object 0; a copy of the one covers the other. */
static struct object *object_whole(struct verify_state *s, struct object *o)
{
	return o == &s->ctx->vao.o ? &s->ctx->o : o;
}

void state_touch(struct verify_state *s, struct object *o)
{
	o = object_whole(s, o);
	s->outside += o->kind == OBJECT_BUFFER;
	s->changes++;
	if (o->undo != s->serial) {
		journal_add(s, &s->undo, o);
		o->undo = s->serial;
	}
	if (s->region_open && o->region != s->region_serial) {
		journal_add(s, &s->region, o);
		o->region = s->region_serial;
	}
}

static uint8_t *journal_next(struct journal *j, size_t *at, struct copy *c)
{
	uint8_t *p;

	if (*at >= j->b.len)
		return NULL;
	p = j->b.data + *at;
	memcpy(c, p, sizeof(*c));
	*at += sizeof(*c) + ((c->size + 7) & ~(size_t)7);
	return p + sizeof(*c);
}

void state_begin(struct verify_state *s)
{
	s->serial++;
	buf_clear(&s->undo.b);
	buf_clear(&s->region.b);
	s->region_open = false;
	s->undo_ctx = s->ctx;
	s->undo_contents = s->contents;
	s->undo_deletes = s->deletes;
	s->undo_births = s->nbirths;
	s->undo_lists = s->lists_epoch;
}

/* Lists are no objects; but making one leaves its procedure's serial in the context. */
bool state_still(const struct verify_state *s)
{
	const struct journal *j = &s->undo;
	size_t at = 0;
	struct copy c;

	if (s->ctx != s->undo_ctx || s->contents != s->undo_contents ||
	    s->deletes != s->undo_deletes || s->nbirths != s->undo_births ||
	    s->lists_epoch != s->undo_lists)
		return false;
	while (at < j->b.len) {
		const uint8_t *was = j->b.data + at + sizeof(c);

		memcpy(&c, j->b.data + at, sizeof(c));
		at += sizeof(c) + ((c.size + 7) & ~(size_t)7);
		if (memcmp(was + sizeof(struct object), (const uint8_t *)c.object +
			   sizeof(struct object), c.size - sizeof(struct object)) != 0)
			return false;
	}
	return true;
}

void state_undo(struct verify_state *s)
{
	struct copy c;
	size_t at = 0;
	uint8_t *p;

	while ((p = journal_next(&s->undo, &at, &c))) {
		struct saved_stack *saved = c.object->kind == OBJECT_CONTEXT
			? ((struct context *)(void *)c.object)->saved : NULL;

		memcpy(c.object, p, c.size);
		if (c.object->kind == OBJECT_CONTEXT)   /* it stays allocated */
			((struct context *)(void *)c.object)->saved = saved;
	}
	/* what is kept outside objects is forgotten instead */
	memset(s->lists, 0, s->lists_end * sizeof(*s->lists));
	s->lists_loose |= s->lists_end != 0;
	s->lists_epoch++;
	s->outside++;
	s->contents++;
	s->ctx = s->undo_ctx;
	state_follow(s);
	if (s->walk)
		effects_forget(s->walk);
}

/* ---- joining ------------------------------------------------------------- */

void vao_meet(struct vao *a, const struct vao *b)
{
	uint32_t differ = (a->client ^ b->client) | (a->bad ^ b->bad);

	a->maybe |= b->maybe | (a->enabled ^ b->enabled);
	a->enabled &= b->enabled;
	for (unsigned i = 0; i < VARRAYS; i++) {
		struct varray *x = &a->array[i];
		const struct varray *y = &b->array[i];

		x->avail = x->avail < y->avail ? x->avail : y->avail;
		if (x->buffer != y->buffer)
			differ |= 1u << i;
		if (x->divisor != y->divisor)
			a->undecided |= 1u << i;
		if (x->sp != y->sp)
			x->sp = 0;
	}
	a->bad |= b->bad | differ;
	a->client &= ~a->bad;
	a->instanced |= b->instanced;
	a->undecided |= b->undecided;
	a->dangling |= b->dangling;
	if (a->element != b->element || a->element_birth != b->element_birth)
		a->element = NAME_UNKNOWN;
	if (a->owner != b->owner)
		a->owner = NAME_UNKNOWN;
	a->limit_known = false;
}

static void caps_meet(struct caps *a, const struct caps *b)
{
	for (unsigned i = 0; i < CAPS; i++)
		if (a->cap[i] != b->cap[i])
			a->cap[i] = TRI_UNKNOWN;
	for (unsigned i = 0; i < 3; i++)
		if (a->full[i] != b->full[i])
			a->full[i] = TRI_UNKNOWN;
}

static void name_meet(uint32_t *a, uint32_t b)
{
	if (*a != b)
		*a = NAME_UNKNOWN;
}

/* False where the difference has no unknown value. */
static bool context_meet(struct context *a, const struct context *b)
{
	if (a->made != b->made || a->group != b->group || a->begin != b->begin ||
	    a->list != b->list || a->list_begin != b->list_begin ||
	    a->list_executes != b->list_executes || a->vao_name != b->vao_name ||
	    a->unit != b->unit || a->nsaved != b->nsaved)
		return false;
	name_meet(&a->array_buffer, b->array_buffer);
	name_meet(&a->unpack, b->unpack);
	name_meet(&a->pack, b->pack);
	a->restart_known = a->restart_known && b->restart_known &&
			   a->restart_index == b->restart_index;
	a->locked = a->locked > b->locked ? a->locked : b->locked;
	caps_meet(&a->caps, &b->caps);
	a->list_new.what = ((a->list_new.what | b->list_new.what) & ~LIST_KNOWN) |
			   (a->list_new.what & b->list_new.what & LIST_KNOWN);
	if (a->list_new.calls < b->list_new.calls)
		a->list_new.calls = b->list_new.calls;
	a->attrib_lost |= b->attrib_lost || a->nattrib != b->nattrib ||
			  memcmp(a->attrib, b->attrib, a->nattrib * sizeof(*a->attrib)) != 0;
	vao_meet(&a->vao, &b->vao);
	return true;
}

static void buffer_meet(struct buffer *a, const struct buffer *b)
{
	if (a->epoch != b->epoch)
		a->epoch = 0;
	/* made anew on one way: neither is what was bound before */
	if (a->birth != b->birth)
		a->birth = (a->birth > b->birth ? a->birth : b->birth) + 1;
	if (a->group != b->group)
		a->group = NAME_UNKNOWN;
	/* (UINT64_MAX: for good) */
	if (a->size != UINT64_MAX && b->size != UINT64_MAX)
		a->size = a->size < b->size ? a->size : b->size;
	else
		a->size = UINT64_MAX;
	a->known = a->known < b->known ? a->known : b->known;
	for (unsigned i = 0; i < 3; i++)
		a->max[i] = a->max[i] > b->max[i] ? a->max[i] : b->max[i];
}

static bool object_meet(struct object *o, uint8_t *copy)
{
	void *a = o, *b = copy;
	struct saved_stack *x, *y;

	switch (o->kind) {
	case OBJECT_CONTEXT: return context_meet(a, b);
	case OBJECT_VAO: vao_meet(a, b); return true;
	case OBJECT_BUFFER: buffer_meet(a, b); return true;
	default:
		x = a, y = b;
		for (unsigned i = 0; i < ATTRIB_STACK; i++)
			x->v[i].good &= memcmp(&x->v[i], &y->v[i], sizeof(x->v[i])) == 0;
		return true;
	}
}

bool state_fork(struct verify_state *s)
{
	struct copy c;
	size_t at = 0;
	uint8_t *p;
	bool fine = true;

	if (!s->region_open) {
		s->region_open = true;
		s->region_serial++;
		s->region_ctx = s->ctx;
		buf_clear(&s->region.b);
		s->region_changes = s->changes;
		return true;
	}
	if (s->ctx != s->region_ctx)
		return false;
	if (s->changes == s->region_changes)
		return true;
	/* the copies become what the state may be at any pending target */
	while (fine && (p = journal_next(&s->region, &at, &c))) {
		union { struct context c; struct vao v; struct buffer b; } now;

		if (c.object->kind == OBJECT_SAVED) {
			fine = object_meet((struct object *)(void *)p, (uint8_t *)c.object);
			continue;
		}
		memcpy(&now, p, c.size);
		fine = object_meet((struct object *)(void *)&now, (uint8_t *)c.object);
		memcpy(p, &now, c.size);
	}
	s->region_changes = s->changes;
	return fine;
}

bool state_join(struct verify_state *s, bool last)
{
	struct copy c;
	size_t at = 0;
	uint8_t *p;
	bool fine = s->ctx == s->region_ctx;

	while (fine && (p = journal_next(&s->region, &at, &c)))
		fine = object_meet(c.object, p);
	s->changes++;
	if (last)
		s->region_open = false;
	return fine && state_follow(s);
}

/* ---- life ---------------------------------------------------------------- */

struct verify_state *verify_state_create(void)
{
	struct verify_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	buf_init(&s->undo.b);
	buf_init(&s->region.b);
	s->desc = desc_table_get();
	s->lists = calloc(LIST_NAMES, sizeof(*s->lists));
	s->memo = calloc(INDEX_MEMO, sizeof(*s->memo));
	s->contents = 1;
	s->ctx = &s->nowhere;
	context_reset(s->ctx, 0, 0, 0);
	s->vao = &s->ctx->vao;
	s->segments = segments_create();
	if (!s->desc || !s->lists || !s->memo || !s->segments || index_init(&s->index) < 0) {
		verify_state_destroy(s);
		return NULL;
	}
	return s;
}

void verify_state_destroy(struct verify_state *s)
{
	if (!s)
		return;
	names_finish(&s->contexts, true);
	names_finish(&s->vaos, false);
	names_finish(&s->buffers, false);
	free(s->nowhere.saved);
	buf_finish(&s->undo.b);
	buf_finish(&s->region.b);
	free(s->lists);
	free(s->memo);
	index_finish(&s->index);
	segments_destroy(s->segments);
	effects_destroy(s->walk);
	free(s);
}
