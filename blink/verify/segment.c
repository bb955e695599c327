/* segment.c - images of the shadow, and segments met again.  See segment.h. */
#include "blink/verify/segment.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Segments that may be learned: so many at first, some more with each SP, and one for
 * each that was met again. */
#define CREDIT_MAX 512
#define CREDIT_SP 8

/* ---- life ------------------------------------------------------------------------ */

/* Across all states: a compiler may serve several. */
static atomic_uint_fast64_t serials;

static void forget(struct segments *g)
{
	memset(g->bucket, 0, sizeof(g->bucket));
	for (uint32_t i = 0; i < g->images.n; i++)
		free(g->images.v[i]);
	memset(&g->images, 0, sizeof(g->images));
	memset(g->images.begin, 0xff, sizeof(g->images.begin));
	g->used = 0;
	g->credit = CREDIT_MAX;
	g->id = g->end_id = SEGMENT_NONE;
	g->last = NULL;
}

struct segments *segments_create(void)
{
	struct segments *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->memory = malloc(SEGMENT_MEMORY);
	if (!g->memory) {
		free(g);
		return NULL;
	}
	forget(g);
	return g;
}

void segments_destroy(struct segments *g)
{
	if (!g)
		return;
	forget(g);
	free(g->memory);
	free(g);
}

void verify_forget(struct verify_state *s)
{
	if (s->segments)
		forget(s->segments);
	index_forget(&s->index);
}

void verify_reuse_get(const struct verify_state *s, struct verify_reuse *out)
{
	*out = s->segments ? s->segments->reuse : (struct verify_reuse){ 0 };
}

/* ---- images ---------------------------------------------------------------------- */

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
	c->list_vertices = 0;
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
	t->v[t->n] = copy;
	t->hash[t->n] = hash;
	t->slot[i] = (uint16_t)(t->n + 1);
	return t->n++;
}

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
	memcpy(&was, c, sizeof(was));
	memcpy(c, &m->c, sizeof(*c));
	c->o = was.o;
	c->saved = was.saved;
	c->locked = was.locked;
	c->list_sp = was.list_sp;
	c->list_vertices = was.list_vertices;
	c->vao = was.vao;
	vao_settle(&c->vao, &m->c.vao);
	if (v->s->vao != &c->vao)
		vao_settle(v->s->vao, &m->v);
	v->facts->mediations = m->mediations;
	memcpy(v->facts, m->flags, sizeof(m->flags));
}

/* ---- an SP ------------------------------------------------------------------------ */

void segments_begin(struct verifier *v, bool use)
{
	struct segments *g = v->s->segments;
	struct segment_images *t = &g->images;
	unsigned callback = (unsigned)__builtin_ctz(v->callback | 1u << SP_CALLBACKS);

	g->lazy = g->learn.on = false;
	g->last = NULL;
	g->id = SEGMENT_NONE;
	g->wait = 0;
	g->off = !use || callback == SP_CALLBACKS;
	if (g->off)
		return;
	g->credit += g->credit < CREDIT_MAX ? CREDIT_SP : 0;
	if (memcmp(&g->limits, &v->env->limits, sizeof(g->limits)) ||
	    t->n == SEGMENT_IMAGES || g->used > SEGMENT_MEMORY - SEGMENT_MEMORY / 8) {
		forget(g);
		g->limits = v->env->limits;
	}
	/* nothing but SPs changes the shadow: this follows from what the last one left */
	if (g->end_id != SEGMENT_NONE && g->end_serial == v->s->serial - 1) {
		uint32_t *begin = &t->begin[g->end_id][callback];

		if (*begin == SEGMENT_NONE)
			*begin = segments_image(v);
		g->id = *begin;
	}
}

void segments_end(struct verifier *v, bool accepted)
{
	struct segments *g = v->s->segments;

	if (g->off)
		return;
	segments_settle(v);
	g->learn.on = false;
	g->end_id = accepted ? g->id : SEGMENT_NONE;
	g->end_serial = v->s->serial;
}

/* ---- checks ------------------------------------------------------------------------ */

struct extents {
	uint32_t locked, n;
	struct { uint8_t array; uint32_t avail, sp; } was[SEGMENT_CHECKS];
};

static void extents_back(struct verifier *v, const struct extents *e)
{
	v->s->ctx->locked = e->locked;
	for (uint32_t i = e->n; i-- > 0;) {
		struct varray *a = &v->s->vao->array[e->was[i].array];

		a->avail = e->was[i].avail;
		a->sp = e->was[i].sp;
	}
}

/* Bytes from the operand's offset on; false where there is no such payload. */
static inline bool payload_extent(const struct verifier *v, const uint32_t *words,
				  uint64_t *extent)
{
	const struct sp_payload *p = &v->env->payloads.v[words[0]];

	if (!words[0] || words[0] >= v->env->payloads.n || words[1] > p->size || !p->data)
		return false;
	*extent = p->size - words[1];
	return true;
}

static inline bool pointer_set(struct verifier *v, const struct segment_check *c,
			       const uint32_t *words, struct extents *e)
{
	struct varray *a = &v->s->vao->array[c->array];
	uint64_t extent = 0, n;

	if (c->kind == SEGMENT_POINTER && !payload_extent(v, words, &extent))
		return false;
	e->was[e->n].array = c->array;
	e->was[e->n].avail = a->avail;
	e->was[e->n++].sp = a->sp;
	a->sp = v->s->serial;
	if (c->kind == SEGMENT_POINTER) {
		n = extent - c->need;
		if (c->value)
			n = (uint64_t)((unsigned __int128)n * c->value >> 64);
		a->avail = extent < c->need ? 0 : (uint32_t)(n + 1);
	}
	return true;
}

static bool draw_fits(struct verifier *v, const struct segment_check *c, const uint32_t *rec,
		      uint64_t *vertices)
{
	const struct desc_layout *l = verifier_layout(v, &v->s->desc->op[sp_opcode(*rec)]);
	int32_t count = (int32_t)rec[l->count];
	uint32_t limit = UINT32_MAX;
	uint64_t extent;

	if (count <= 0)
		return false;
	*vertices += (uint64_t)count * c->need;
	if (l->type && !l->buf && (!payload_extent(v, rec + l->pointer, &extent) ||
				   (uint64_t)count * index_bytes(rec[l->type]) > extent))
		return false;
	for (uint32_t m = c->arrays; m; m &= m - 1) {
		uint32_t avail = v->s->vao->array[__builtin_ctz(m)].avail;

		limit = avail < limit ? avail : limit;
	}
	return !c->arrays || draw_within(v, l, rec, limit, c->value) == VERIFY_OK;
}

static void lock_set(struct context *c, const struct desc_layout *l, const uint32_t *rec)
{
	uint32_t first = rec[l->first], count = rec[l->count];

	if ((int32_t)first >= 0 && (int32_t)count > 0 && first + count > c->locked)
		c->locked = first + count;
}

static bool list_same(const struct verifier *v, const struct segment_check *c)
{
	const struct list_shadow *s = &v->s->lists[c->number];

	return s->what == c->need && s->vertices == c->count && s->group == c->value;
}

static bool buffer_same(struct verifier *v, const struct segment_check *c)
{
	const struct buffer *b = state_buffer(v->s, c->number);

	return b && b->group == c->need && b->birth == c->count;
}

static bool checks_pass(struct verifier *v, const struct segment *k, const uint32_t *code,
			uint64_t *vertices)
{
	struct context *c = v->s->ctx;
	struct extents e;
	bool good = true;

	e.locked = c->locked;
	e.n = 0;
	for (unsigned i = 0; i < k->nchecks && good; i++) {
		const struct segment_check *q = &k->check[i];
		const uint32_t *at = code + q->word;
		uint64_t extent;

		switch (q->kind) {
		case SEGMENT_PAYLOAD:
			good = payload_extent(v, at, &extent) && extent >= q->need;
			break;
		case SEGMENT_POINTER: case SEGMENT_MARK: good = pointer_set(v, q, at, &e); break;
		case SEGMENT_DRAW: good = draw_fits(v, q, at, vertices); break;
		case SEGMENT_LOCK:
			lock_set(c, verifier_layout(v, &v->s->desc->op[sp_opcode(*at)]), at);
			break;
		case SEGMENT_UNLOCK: c->locked = 0; break;
		case SEGMENT_LIST: good = list_same(v, q); break;
		default: good = buffer_same(v, q); break;
		}
	}
	if (!good)
		extents_back(v, &e);
	return good;
}

/* ---- meeting them again -------------------------------------------------------------- */

static bool words_match(const struct verifier *v, const struct segment *k, const uint32_t *code,
			uint32_t nwords)
{
	uint32_t tail[SEGMENT_LANES];

	if (k->sp.words > nwords)
		return false;
	if (k->vectors * 16u <= nwords)
		return v->index->match(k->want, k->slack, code, k->vectors);
	memset(tail, 0, sizeof(tail));
	memcpy(tail, code, nwords * sizeof(*tail));
	return v->index->match(k->want, k->slack, tail, k->vectors);
}

#define KEY_RECORDS 5u
#define TRIALS 32u

/* Where segments that begin in this shadow with these records are. */
static struct segment **bucket(struct segments *g, uint32_t id, const uint32_t *code,
			       uint32_t nwords)
{
	uint64_t h = id + 1;
	uint32_t at = 0;

	for (unsigned i = 0; i < KEY_RECORDS && at < nwords; i++) {
		unsigned op = sp_opcode(code[at]);

		h = (h ^ code[at]) * 0x9e3779b97f4a7c15u;
		at += op < GL_OP_COUNT ? gl_ops[op].words : nwords;
	}
	return &g->bucket[h >> 48 & (SEGMENT_BUCKETS - 1)];
}

static struct segment *find(struct verifier *v, const uint32_t *code, uint32_t nwords)
{
	struct segments *g = v->s->segments;
	struct segment **first = bucket(g, g->id, code, nwords), **at = first, *k;

	for (unsigned i = 0; i < TRIALS && *at; i++, at = &(*at)->chain) {
		k = *at;
		if (k->in != g->id || !words_match(v, k, code, nwords))
			continue;
		if (at != first) {
			*at = k->chain;
			k->chain = *first;
			*first = k;
		}
		return k;
	}
	return NULL;
}

static inline struct segment *next_of(struct verifier *v, const uint32_t *code, uint32_t nwords)
{
	struct segments *g = v->s->segments;
	struct segment *last = g->last, *k;

	if (last) {
		if (last->next[0] && words_match(v, last->next[0], code, nwords))
			return last->next[0];
		k = last->next[1];
		if (k && words_match(v, k, code, nwords)) {
			last->next[1] = last->next[0];
			last->next[0] = k;
			return k;
		}
	}
	k = find(v, code, nwords);
	if (last && k) {
		last->next[1] = last->next[0];
		last->next[0] = k;
	}
	return k;
}

/* From here on the objects change without being told: copies for the undo. */
static void lazy_begin(struct verifier *v)
{
	state_touch(v->s, &v->s->ctx->o);
	state_touch(v->s, &v->s->vao->o);
	v->s->segments->lazy = true;
}

/* A known segment whose operands do not pass: its records are verified in full, and not
 * learned once more. */
static void failed(struct verifier *v, uint32_t until)
{
	struct segments *g = v->s->segments;

	segments_settle(v);
	g->id = SEGMENT_NONE;
	g->last = NULL;
	g->wait = until;
	g->reuse.failed++;
}

/* While jumps are pending nothing is known, and nothing is learned. */
void segments_pause(struct verifier *v)
{
	struct segments *g = v->s->segments;

	segments_settle(v);
	g->learn.on = false;
	g->id = SEGMENT_NONE;
	g->last = NULL;
}

bool segments_take(struct verifier *v, const uint32_t *code, uint32_t end, uint32_t *at,
		   uint32_t *records)
{
	struct segments *g = v->s->segments;
	uint32_t start = *at;

	if (g->learn.on || start < g->wait || g->credit <= 0)
		return false;
	if (g->id == SEGMENT_NONE)
		g->id = segments_image(v);
	while (g->id != SEGMENT_NONE && *at < end) {
		unsigned op = sp_opcode(code[*at]);
		struct segment *k;
		uint64_t vertices = 0;

		/* stretches are tried first */
		if (*at != start && (op >= GL_OP_COUNT || v->index->by_op[op]))
			break;
		k = next_of(v, code + *at, end - *at);
		if (!k)
			break;
		if (!g->lazy)
			lazy_begin(v);
		if (v->s->failed || !checks_pass(v, k, code + *at, &vertices)) {
			failed(v, *at + k->sp.words);
			break;
		}
		index_add_segment(v->index, *at, &k->sp);
		v->facts->vertices += vertices + k->vertices;
		v->facts->opaque += k->opaque;
		v->facts->unknown_lists += k->unknown_lists;
		g->reuse.hits += k->sp.records;
		g->credit += g->credit < CREDIT_MAX;
		g->id = k->out;
		g->last = k;
		*at += k->sp.words;
		*records += k->sp.records;
	}
	return *at != start;
}

/* ---- adding -------------------------------------------------------------------------- */

static void *room(struct segments *g, const void *data, size_t size)
{
	void *p = g->memory + g->used;

	memcpy(p, data, size);
	g->used += (size + 63) & ~(size_t)63;
	return p;
}

struct segment *segments_add(struct verifier *v, uint32_t out)
{
	struct segments *g = v->s->segments;
	struct segment_learn *n = &g->learn;
	const uint32_t *code = v->index->code + n->start;
	struct segment **at = bucket(g, n->in, code, v->index->nwords - n->start);
	uint16_t vectors = (uint16_t)((n->words + 15) / 16);
	struct segment *k;

	if (g->used > SEGMENT_MEMORY - 16384)
		return NULL;
	for (unsigned i = n->words; i < vectors * 16u; i++) {
		n->want[i] = 0;
		n->slack[i] = INT32_MAX;
	}
	k = room(g, &(struct segment){
		.sp = { .serial = atomic_fetch_add_explicit(&serials, 1, memory_order_relaxed), .records = (uint16_t)n->records,
			.words = (uint16_t)n->words },
		.in = n->in, .out = out, .vectors = vectors, .nchecks = (uint16_t)n->nchecks,
		.vertices = v->facts->vertices - n->vertices - n->dynamic,
		.opaque = v->facts->opaque - n->opaque,
		.unknown_lists = v->facts->unknown_lists - n->unknown_lists,
		.chain = *at,
	}, sizeof(*k));
	k->sp.header = room(g, n->header, n->records * sizeof(*n->header));
	k->sp.offset = room(g, n->offset, n->records * sizeof(*n->offset));
	k->want = room(g, n->want, vectors * 64u);
	k->slack = room(g, n->slack, vectors * 64u);
	k->check = room(g, n->check, n->nchecks * sizeof(*n->check));
	*at = k;
	return k;
}
