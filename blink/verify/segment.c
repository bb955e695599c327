/* segment.c - segments met again, and remembered.  See segment.h. */
#include "blink/verify/segment.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

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
	memset(g->after, 0, sizeof(g->after));
	memset(g->met, 0, sizeof(g->met));
	g->nmet = 0;
	for (uint32_t i = 0; i < g->images.n; i++)
		free(g->images.v[i]);
	memset(&g->images, 0, sizeof(g->images));
	memset(g->images.begin, 0xff, sizeof(g->images.begin));
	g->nchunks = 0;
	g->used = SEGMENT_CHUNK;
	g->credit = CREDIT_MAX;
	g->id = g->end_id = SEGMENT_NONE;
	g->last = NULL;
	past_forget(g);
}

struct segments *segments_create(void)
{
	struct segments *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	forget(g);
	return g;
}

void segments_destroy(struct segments *g)
{
	if (!g)
		return;
	forget(g);
	past_destroy(g);
	for (unsigned i = 0; i < SEGMENT_CHUNKS; i++)
		free(g->chunk[i]);
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

void segments_fetch(const struct segments *g)
{
	fetch_lines(&g->images.n, sizeof(g->images.n));
	fetch_lines(&g->limits, sizeof(g->limits));
	fetch_lines(&g->nchunks,
		    offsetof(struct segments, met) - offsetof(struct segments, nchunks));
	fetch_lines(&g->nmet,
		    offsetof(struct segments, after) - offsetof(struct segments, nmet));
	fetch_lines(&g->learn, offsetof(struct segment_learn, want));
	fetch_lines(&g->pasts, sizeof(*g) - offsetof(struct segments, pasts));
}

/* ---- an SP ------------------------------------------------------------------------ */

void segments_begin(struct verifier *v, bool use, uint32_t nwords)
{
	struct segments *g = v->s->segments;
	struct segment_images *t = &g->images;
	unsigned callback = (unsigned)__builtin_ctz(v->callback | 1u << SP_CALLBACKS);

	g->lazy = g->learn.on = false;
	g->path = 0;
	g->last = NULL;
	g->id = SEGMENT_NONE;
	g->wait = g->stretched = 0;
	g->skip = false;
	g->off = !use || callback == SP_CALLBACKS;
	g->past = NULL;
	if (g->off)
		return;
	g->credit += g->credit < CREDIT_MAX ? CREDIT_SP : 0;
	if (memcmp(&g->limits, &v->env->limits, sizeof(g->limits)) ||
	    t->n == SEGMENT_IMAGES || g->nchunks == SEGMENT_CHUNKS) {
		forget(g);
		g->limits = v->env->limits;
	}
	past_begin(v, nwords);
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
	past_end(v, accepted);
	g->learn.on = false;
	g->end_id = accepted ? g->id : SEGMENT_NONE;
	g->end_serial = v->s->serial;
}

/* ---- checks ------------------------------------------------------------------------ */

/* What arrays were, and the range locked. */
struct extents {
	uint32_t locked, n;
	struct { uint32_t array, avail, sp; } was[SEGMENT_CHECKS];
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

/* Bytes from the operand's offset on; false where there is no such payload, or one that is
 * shared: which commands take those, the full verification knows. */
static inline bool payload_extent(const struct verifier *v, const uint32_t *words,
				  uint64_t *extent)
{
	const struct sp_payload *p = &v->env->payloads.v[words[0]];

	if (!words[0] || words[0] >= v->env->payloads.n || words[1] > p->size || !p->data ||
	    p->flags & SP_PAYLOAD_SHARED)
		return false;
	*extent = p->size - words[1];
	return true;
}

static inline void array_set(struct verifier *v, const struct segment_check *c,
			     uint32_t avail, struct extents *e)
{
	struct varray *a = &v->s->vao->array[c->array];

	e->was[e->n].array = c->array;
	e->was[e->n].avail = a->avail;
	e->was[e->n++].sp = a->sp;
	a->sp = v->s->serial;
	a->avail = avail;
}

static inline uint32_t avail_of(const struct segment_check *c, uint64_t extent)
{
	uint64_t n = extent - c->need;

	if (extent < c->need)
		return 0;
	if (c->value)
		n = (uint64_t)((unsigned __int128)n * c->value >> 64);
	return (uint32_t)(n + 1);
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

	return lists_what(v->s, c->number) == c->need && s->vertices == c->count &&
	       s->words == c->value;
}

static bool buffer_same(struct verifier *v, const struct segment_check *c)
{
	const struct buffer *b = state_buffer(v->s, c->number);

	return b && b->group == c->need && b->birth == c->count;
}

static bool other_passes(struct verifier *v, const struct segment_check *q,
			 const uint32_t *at, struct extents *e, uint64_t *vertices)
{
	struct context *c = v->s->ctx;

	switch (q->kind) {
	case SEGMENT_DRAW: return draw_fits(v, q, at, vertices);
	case SEGMENT_LOCK:
		lock_set(c, verifier_layout(v, &v->s->desc->op[sp_opcode(*at)]), at);
		return true;
	case SEGMENT_UNLOCK: c->locked = 0; return true;
	case SEGMENT_MARK:
		array_set(v, q, v->s->vao->array[q->array].avail, e);
		return true;
	case SEGMENT_LIST: return list_same(v, q);
	default: return buffer_same(v, q);
	}
}

static inline bool checks_pass(struct verifier *v, const struct segment *k, const uint32_t *code,
			       uint64_t *vertices)
{
	const struct segment_check *q = k->check, *end = q + k->number[0];
	struct extents e;
	uint64_t extent;

	e.locked = v->s->ctx->locked;
	e.n = 0;
	for (; q < end; q++)
		if (!payload_extent(v, code + q->word, &extent) || extent < q->need)
			return false;
	for (end += k->number[1]; q < end; q++)
		if (code[q->word] > q->need)
			return false;
	for (end += k->number[2]; q < end; q++) {
		if (!payload_extent(v, code + q->word, &extent))
			goto bad;
		array_set(v, q, avail_of(q, extent), &e);
	}
	for (end += k->number[3]; q < end; q++)
		if (!other_passes(v, q, code + q->word, &e, vertices))
			goto bad;
	return true;
bad:
	extents_back(v, &e);
	return false;
}

bool segment_passes(struct verifier *v, const struct segment *k, const uint32_t *code,
		    uint64_t *vertices)
{
	return checks_pass(v, k, code, vertices);
}

uint32_t segment_extents(struct verifier *v, const struct segment *k, const uint32_t *code,
			 uint32_t but)
{
	const struct segment_check *q = k->check + k->number[0] + k->number[1];
	const struct segment_check *marks = q + k->number[2], *end = marks + k->number[3];
	uint32_t set = 0;
	uint64_t extent;

	/* the last of those of one array counts */
	for (const struct segment_check *c = marks; c-- > q;) {
		uint32_t bit = 1u << c->array;

		if (((set | but) & bit) || !payload_extent(v, code + c->word, &extent))
			continue;
		set |= bit;
		v->s->vao->array[c->array].sp = v->s->serial;
		v->s->vao->array[c->array].avail = avail_of(c, extent);
	}
	/* what is marked is in no payload, and has no extent */
	for (; marks < end; marks++)
		if (marks->kind == SEGMENT_MARK && !((set | but) >> marks->array & 1)) {
			set |= 1u << marks->array;
			v->s->vao->array[marks->array].sp = v->s->serial;
		}
	return set;
}

/* ---- meeting them again -------------------------------------------------------------- */

static bool words_match(const struct verifier *v, const struct segment *k, const uint32_t *code,
			uint32_t nwords)
{
	uint32_t tail[SEGMENT_LANES];

	if (k->sp.words > nwords)
		return false;
	if (k->vectors * 16u > nwords) {
		memset(tail, 0, sizeof(tail));
		memcpy(tail, code, nwords * sizeof(*tail));
		code = tail;
	}
	return v->index->equal(k->want, k->exact, code, k->vectors);
}

/* Most of it is not in the nearest cache. */
static inline void prefetch(const struct segment *k)
{
	if (!k)
		return;
	for (unsigned i = 0; i < k->vectors && i < 5; i++)
		__builtin_prefetch(k->want + i * 16);
	__builtin_prefetch(k->exact);
	__builtin_prefetch(k->check);
	__builtin_prefetch(k->check + 3);
}

#define KEY_RECORDS 5u
#define TRIALS 32u

/* Of how a piece begins. */
static uint64_t key(const uint32_t *code, uint32_t nwords)
{
	uint64_t h = 1;
	uint32_t at = 0;

	for (unsigned i = 0; i < KEY_RECORDS && at < nwords; i++) {
		unsigned op = sp_opcode(code[at]);

		h = (h ^ code[at]) * 0x9e3779b97f4a7c15u;
		at += op < GL_OP_COUNT ? gl_ops[op].words : nwords;
	}
	return h;
}

/* Where segments that begin so in this shadow are. */
static struct segment **bucket(struct segments *g, uint32_t id, uint64_t k)
{
	return &g->bucket[(k ^ (uint64_t)id << 40) * 0x9e3779b97f4a7c15u >> 48 &
			  (SEGMENT_BUCKETS - 1)];
}

/* Has a piece begun so before?  From now on it has. */
static bool met(struct segments *g, uint64_t k)
{
	uint64_t *word = &g->met[k >> 50 & (SEGMENT_MET / 64 - 1)], bit = 1ull << (k >> 40 & 63);
	bool was = *word & bit;

	if (was)
		return true;
	if (g->nmet++ > SEGMENT_MET / 4) {
		memset(g->met, 0, sizeof(g->met));
		g->nmet = 0;
	}
	*word |= bit;
	return false;
}

static struct segment *find(struct verifier *v, const uint32_t *code, uint32_t nwords)
{
	struct segments *g = v->s->segments;
	struct segment **first = bucket(g, g->id, key(code, nwords)), **at = first, *k;

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

/* The four segments before here, more or less. */
static struct segment **path_slot(struct segments *g)
{
	return &g->after[g->path * 0x9e3779b97f4a7c15u >> 52 & (SEGMENT_PATHS - 1)];
}

static inline void path_add(struct segments *g, const struct segment *k)
{
	g->path = g->path << 16 ^ (k->sp.serial & 0xffff);
}

static inline struct segment *next_of(struct verifier *v, const uint32_t *code, uint32_t nwords)
{
	struct segments *g = v->s->segments;
	struct segment **slot = path_slot(g), *k = *slot;

	if (k && k->in == g->id && words_match(v, k, code, nwords))
		return k;
	k = g->last ? g->last->next : NULL;
	if (!k || !words_match(v, k, code, nwords))
		k = find(v, code, nwords);
	if (k)
		*slot = k;
	if (k && g->last)
		g->last->next = k;
	return k;
}

/* From here on the objects change without being told: copies for the undo. */
void segments_lazy(struct verifier *v)
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

/* A piece that was never met: it is not looked up, nor learned. */
static void skip(struct verifier *v)
{
	struct segments *g = v->s->segments;

	segments_settle(v);
	g->id = SEGMENT_NONE;
	g->last = NULL;
	g->skip = true;
	g->skipped = 0;
}

void segments_stretch(struct verifier *v, uint32_t records, uint32_t all)
{
	struct segments *g = v->s->segments;

	if (g->off)
		return;
	segments_learned(v);
	g->stretched += records;
	if (g->stretched > SEGMENT_RECORDS && g->stretched > all - all / 5) {
		segments_pause(v);
		g->off = true;
		g->end_id = SEGMENT_NONE;
	}
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

	if (g->learn.on || g->skip || start < g->wait || g->credit <= 0)
		return false;
	if (g->id == SEGMENT_NONE) {
		if (!met(g, key(code + start, end - start))) {
			skip(v);
			return false;
		}
		g->id = segments_image(v);
	}
	while (g->id != SEGMENT_NONE && *at < end) {
		unsigned op = sp_opcode(code[*at]);
		struct segment *k;
		uint64_t vertices = 0;
		uint32_t locked, past;

		/* stretches are tried first */
		if (*at != start && (op >= GL_OP_COUNT || v->index->by_op[op]))
			break;
		past = g->past ? past_take(v, code, end, *at, records) : 0;
		if (past) {
			*at += past;
			continue;
		}
		k = next_of(v, code + *at, end - *at);
		if (!k) {
			if (!met(g, key(code + *at, end - *at)))
				skip(v);
			break;
		}
		path_add(g, k);
		prefetch(*path_slot(g));
		if (!g->lazy)
			segments_lazy(v);
		locked = v->s->ctx->locked;
		if (v->s->failed || !checks_pass(v, k, code + *at, &vertices)) {
			failed(v, *at + k->sp.words);
			break;
		}
		index_add_segment(v->index, *at, &k->sp);
		v->facts->vertices += vertices + k->vertices;
		v->facts->opaque += k->opaque;
		v->facts->unknown_lists += k->unknown_lists;
		v->facts->list_words += k->list_words;
		g->reuse.hits += k->sp.records;
		g->credit += g->credit < CREDIT_MAX;
		g->id = k->out;
		g->last = k;
		if (g->past)
			past_note(v, k, code, *at, locked, vertices + k->vertices);
		*at += k->sp.words;
		*records += k->sp.records;
	}
	return *at != start;
}

/* ---- adding -------------------------------------------------------------------------- */

/* What one segment needs at most, and room for it. */
#define SEGMENT_BYTES 8192u
static_assert(sizeof(struct segment) + SEGMENT_LANES * 5 + SEGMENT_RECORDS * 6 +
	      SEGMENT_CHECKS * sizeof(struct segment_check) + 6 * 64 < SEGMENT_BYTES,
	      "a segment has room");

static bool room_make(struct segments *g)
{
	uint8_t **next = &g->chunk[g->nchunks];

	if (g->used + SEGMENT_BYTES <= SEGMENT_CHUNK)
		return true;
	if (g->nchunks == SEGMENT_CHUNKS)
		return false;
	if (!*next)
		*next = aligned_alloc(64, SEGMENT_CHUNK);
	if (!*next)
		return false;
	g->nchunks++;
	g->used = 0;
	return true;
}

static void *room(struct segments *g, const void *data, size_t size)
{
	void *p = g->chunk[g->nchunks - 1] + g->used;

	memcpy(p, data, size);
	g->used += (size + 63) & ~(size_t)63;
	return p;
}

/* Sorts checks as struct segment wants them. */
static void checks_put(struct segments *g, struct segment *k, const struct segment_learn *n)
{
	static const uint8_t groups[] = {
		[SEGMENT_PAYLOAD] = 0, [SEGMENT_RANGE] = 1, [SEGMENT_POINTER] = 2,
		[SEGMENT_MARK] = 3, [SEGMENT_DRAW] = 3, [SEGMENT_LOCK] = 3,
		[SEGMENT_UNLOCK] = 3, [SEGMENT_LIST] = 3, [SEGMENT_BIND] = 3,
	};
	struct segment_check sorted[SEGMENT_CHECKS];
	unsigned at = 0;

	for (unsigned group = 0; group < 4; group++) {
		unsigned first = at;

		for (unsigned i = 0; i < n->nchecks; i++)
			if (groups[n->check[i].kind] == group)
				sorted[at++] = n->check[i];
		k->number[group] = (uint8_t)(at - first);
	}
	k->check = room(g, sorted, at * sizeof(*sorted));
}

static void lanes_put(struct segments *g, struct segment *k, const struct segment_learn *n)
{
	uint32_t want[SEGMENT_LANES] = { 0 };
	uint16_t exact[SEGMENT_LANES / 16] = { 0 };

	for (unsigned i = 0; i < n->words; i++) {
		want[i] = n->want[i];
		exact[i / 16] = (uint16_t)(exact[i / 16] | n->exact[i] << i % 16);
	}
	k->want = room(g, want, k->vectors * 64u);
	k->exact = room(g, exact, k->vectors * sizeof(*exact));
}

struct segment *segments_add(struct verifier *v, uint32_t out)
{
	struct segments *g = v->s->segments;
	struct segment_learn *n = &g->learn;
	const uint32_t *code = v->index->code + n->start;
	struct segment **at = bucket(g, n->in, key(code, v->index->nwords - n->start));
	struct segment *k;

	if (!room_make(g))
		return NULL;
	k = room(g, &(struct segment){
		.sp = { .serial = atomic_fetch_add_explicit(&serials, 1, memory_order_relaxed),
			.records = (uint16_t)n->records, .words = (uint16_t)n->words },
		.in = n->in, .out = out, .vectors = (uint16_t)((n->words + 15) / 16),
		.vertices = v->facts->vertices - n->vertices - n->dynamic,
		.opaque = v->facts->opaque - n->opaque,
		.unknown_lists = v->facts->unknown_lists - n->unknown_lists,
		.list_words = v->facts->list_words - n->list_words,
		.chain = *at,
	}, sizeof(*k));
	lanes_put(g, k, n);
	checks_put(g, k, n);
	k->sp.header = room(g, n->header, n->records * sizeof(*n->header));
	k->sp.offset = room(g, n->offset, n->records * sizeof(*n->offset));
	past_segment(k);
	*at = k;
	return k;
}
