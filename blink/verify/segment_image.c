/* segment_image.c - images of the shadow: the same number for the same shadow, and the
 * shadow made what a number says.  See segment.h.
 */
#include "blink/verify/segment.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Without what varies, and without what is about the shadow, not about GL. */
static void vao_blank(struct vao *o)
{
	memset(&o->o, 0, sizeof(o->o));
	o->limit = 0;
	o->limit_known = false;
	for (unsigned i = 0; i < VARRAYS; i++)
		o->array[i].avail = o->array[i].sp = 0;
}

static void image_make(const struct verifier *v, struct image *m)
{
	const struct verify_state *s = v->s;
	struct context *c = &m->c;

	memset(m, 0, sizeof(*m));
	m->ctx = s->ctx;
	m->vao = s->vao;
	memcpy(c, s->ctx, sizeof(*c));
	memset(&c->o, 0, sizeof(c->o));
	memset(c->attrib + c->nattrib, 0, (ATTRIB_STACK - c->nattrib) * sizeof(*c->attrib));
	c->saved = NULL;
	c->locked = c->list_sp = 0;
	c->list_vertices = c->list_words = 0;
	vao_blank(&c->vao);
	if (s->vao != &s->ctx->vao) {
		memcpy(&m->v, s->vao, sizeof(m->v));
		vao_blank(&m->v);
	}
	for (unsigned i = 0; i < VARRAYS; i++)
		m->fresh |= (uint32_t)(s->vao->array[i].sp == s->serial) << i;
	m->callback = v->callback;
	m->feedback = s->feedback;
	m->mediations = v->facts->mediations;
	memcpy(m->flags, v->facts, sizeof(m->flags));
}

/* The first image of which the objects are those of this one, which is about to be added. */
static uint16_t objects_of(const struct segment_images *t, const struct image *m)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct image *o = t->v[i];

		if (o->ctx == m->ctx && o->vao == m->vao && o->fresh == m->fresh &&
		    !memcmp(&o->c, &m->c, sizeof(m->c)) && !memcmp(&o->v, &m->v, sizeof(m->v)))
			return (uint16_t)i;
	}
	return (uint16_t)t->n;
}

/* Number of the shadow as it is; SEGMENT_NONE where there is no room for another. */
uint32_t segments_image(struct verifier *v)
{
	struct segment_images *t = &v->s->segments->images;
	uint32_t mask = sizeof(t->slot) / sizeof(*t->slot) - 1, i;
	struct image m, *copy;
	uint64_t hash;

	image_make(v, &m);
	hash = XXH3_64bits(&m, sizeof(m));
	for (i = (uint32_t)hash & mask; t->slot[i]; i = (i + 1) & mask) {
		uint32_t id = t->slot[i] - 1u;

		if (t->hash[id] == hash && memcmp(t->v[id], &m, sizeof(m)) == 0)
			return id;
	}
	copy = t->n < SEGMENT_IMAGES ? malloc(sizeof(m)) : NULL;
	if (!copy)
		return SEGMENT_NONE;
	memcpy(copy, &m, sizeof(m));
	t->objects[t->n] = objects_of(t, &m);
	t->v[t->n] = copy;
	t->hash[t->n] = hash;
	t->slot[i] = (uint16_t)(t->n + 1);
	return t->n++;
}

/* ---- expected ------------------------------------------------------------------------ */

void segments_leave(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	struct segments *g = v->s->segments;
	uint64_t from = g->id == SEGMENT_NONE ? g->edge : g->id + 1ull;

	g->id = SEGMENT_NONE;
	g->edge = 0;
	if (!from)
		return;
	from = (from ^ rec[0]) * 0x9e3779b97f4a7c15u;
	g->edge = (from ^ (d->words > 1 ? rec[1] : 0)) * 0x9e3779b97f4a7c15u;
}

static uint32_t edge_slot(const struct segments *g)
{
	return (uint32_t)(g->edge >> 48) % SEGMENT_EDGES;
}

void segments_expect(struct segments *g)
{
	g->expected[edge_slot(g)].edge = g->edge;
	g->expected[edge_slot(g)].id = g->id;
}

/* What context and vertex array object consist of, without what varies. */
#define PART(type, from, to) offsetof(type, from), offsetof(type, to) - offsetof(type, from)
static const struct { size_t at, size; } context_parts[] = {
	{ PART(struct context, name, list_vertices) },
	{ PART(struct context, list_depth, locked) },
	{ PART(struct context, unit, attrib) },
};
/* Nothing else is left out than is said in image_make. */
static_assert(offsetof(struct context, name) <= sizeof(struct object) + 4 &&
	      offsetof(struct context, list_depth) ==
		      offsetof(struct context, list_vertices) + 2 * 8 + 4 &&
	      offsetof(struct context, unit) == offsetof(struct context, locked) + 4 &&
	      offsetof(struct context, vao) == offsetof(struct context, saved) + sizeof(void *) &&
	      sizeof(struct context) - offsetof(struct context, vao) < sizeof(struct vao) + 8,
	      "a context's parts are all there is");
static_assert(offsetof(struct vao, owner) == sizeof(struct object) &&
	      offsetof(struct vao, array) == offsetof(struct vao, limit) + 4 + 4 &&
	      sizeof(struct varray) == 4 * sizeof(uint32_t), "so are those of a vao");
#define CONTEXT_PARTS (sizeof(context_parts) / sizeof(*context_parts))
static const size_t vao_at = offsetof(struct vao, owner);
static const size_t vao_size = offsetof(struct vao, limit) - offsetof(struct vao, owner);

static bool vao_is(const struct vao *o, const struct vao *m)
{
	uint32_t other = o->dangling ^ m->dangling;

	if (memcmp((const char *)o + vao_at, (const char *)m + vao_at, vao_size) != 0)
		return false;
	for (unsigned i = 0; i < VARRAYS; i++)
		other |= (o->array[i].divisor ^ m->array[i].divisor) |
			 (o->array[i].buffer ^ m->array[i].buffer);
	return !other;
}

/* Is this image the shadow's? */
static bool image_is(const struct verifier *v, const struct image *m)
{
	const struct context *c = v->s->ctx;
	uint32_t fresh = 0;

	if (m->ctx != c || m->vao != v->s->vao || m->callback != v->callback ||
	    m->feedback != v->s->feedback || m->mediations != v->facts->mediations ||
	    memcmp(m->flags, v->facts, sizeof(m->flags)) != 0)
		return false;
	for (unsigned i = 0; i < CONTEXT_PARTS; i++)
		if (memcmp((const char *)c + context_parts[i].at,
			   (const char *)&m->c + context_parts[i].at, context_parts[i].size) != 0)
			return false;
	if (memcmp(c->attrib, m->c.attrib, c->nattrib * sizeof(*c->attrib)) != 0 ||
	    !vao_is(&c->vao, &m->c.vao) || (v->s->vao != &c->vao && !vao_is(v->s->vao, &m->v)))
		return false;
	for (unsigned i = 0; i < VARRAYS; i++)
		fresh |= (uint32_t)(v->s->vao->array[i].sp == v->s->serial) << i;
	return fresh == m->fresh;
}

uint32_t segments_expected(struct verifier *v)
{
	struct segments *g = v->s->segments;
	uint32_t slot = edge_slot(g);

	return g->expected[slot].edge == g->edge &&
	       image_is(v, g->images.v[g->expected[slot].id]) ? g->expected[slot].id : SEGMENT_NONE;
}

/* ---- the shadow made what an image says ------------------------------------------------ */

/* The extents and marks of arrays stay as they are. */
static void vao_settle(struct vao *o, const struct vao *image)
{
	memcpy((char *)o + vao_at, (const char *)image + vao_at, vao_size);
	o->dangling = image->dangling;
	o->limit_known = false;
	for (unsigned i = 0; i < VARRAYS; i++) {
		o->array[i].divisor = image->array[i].divisor;
		o->array[i].buffer = image->array[i].buffer;
	}
}

static void context_settle(struct context *c, const struct context *image)
{
	for (unsigned i = 0; i < CONTEXT_PARTS; i++)
		memcpy((char *)c + context_parts[i].at,
		       (const char *)image + context_parts[i].at, context_parts[i].size);
	memcpy(c->attrib, image->attrib, c->nattrib * sizeof(*c->attrib));
	vao_settle(&c->vao, &image->vao);
}

/* Of the one that is bound: what changed while the objects were behind. */
static void arrays_settle(const struct verifier *v, struct vao *o, uint32_t fresh)
{
	for (unsigned i = 0; i < VARRAYS; i++) {
		struct varray *a = &o->array[i];

		a->avail = v->s->segments->avail[i];
		if (fresh >> i & 1)
			a->sp = v->s->serial;
		else if (a->sp == v->s->serial)
			a->sp = 0;
	}
}

void segments_settle(struct verifier *v)
{
	struct segments *g = v->s->segments;
	const struct image *m;
	struct context *c = v->s->ctx;

	if (!g->lazy)
		return;
	g->lazy = false;
	m = g->images.v[g->id];
	v->facts->mediations = m->mediations;
	memcpy(v->facts, m->flags, sizeof(m->flags));
	/* most small procedures leave all as it was */
	if (g->images.objects[g->id] == g->images.objects[g->lazy_id] &&
	    !memcmp(g->avail, g->lazy_avail, sizeof(g->avail)))
		return;
	context_settle(c, &m->c);
	if (v->s->vao != &c->vao)
		vao_settle(v->s->vao, &m->v);
	arrays_settle(v, v->s->vao, m->fresh);
}
