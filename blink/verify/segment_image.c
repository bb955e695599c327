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

/* The extents and marks of arrays stay as they are. */
static void vao_settle(struct vao *o, const struct vao *image)
{
	struct vao was;

	memcpy(&was, o, sizeof(was));
	memcpy(o, image, sizeof(*o));
	o->o = was.o;
	for (unsigned i = 0; i < VARRAYS; i++) {
		o->array[i].avail = was.array[i].avail;
		o->array[i].sp = was.array[i].sp;
	}
	o->limit_known = false;
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
	struct context was;

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
	memcpy(&was, c, sizeof(was));
	memcpy(c, &m->c, sizeof(*c));
	c->o = was.o;
	c->saved = was.saved;
	c->locked = was.locked;
	c->list_sp = was.list_sp;
	c->list_vertices = was.list_vertices;
	c->list_words = was.list_words;
	c->vao = was.vao;
	vao_settle(&c->vao, &m->c.vao);
	if (v->s->vao != &c->vao)
		vao_settle(v->s->vao, &m->v);
	arrays_settle(v, v->s->vao, m->fresh);
}
