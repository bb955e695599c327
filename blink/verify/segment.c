/* segment.c - segments met again, and remembered.  See segment.h. */
#include "blink/verify/segment.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CREDIT_SP 8     /* segments that each SP may learn beside those it earns */

/* ---- life ------------------------------------------------------------------------ */

/* Across all states: a compiler may serve several. */
static atomic_uint_fast64_t serials;

/* Nothing begins with it. */
static const struct segment none = { .in = SEGMENT_NONE };

static void forget(struct segments *g)
{
	memset(g->bucket, 0, sizeof(g->bucket));
	for (unsigned i = 0; i < SEGMENT_LOG; i++)
		g->log[i] = (struct segment_taken){ .segment = &none };
	memset(g->where, 0, sizeof(g->where));
	memset(g->expected, 0, sizeof(g->expected));
	memset(g->met, 0, sizeof(g->met));
	g->nmet = 0;
	for (uint32_t i = 0; i < g->images.n; i++)
		free(g->images.v[i]);
	memset(&g->images, 0, sizeof(g->images));
	memset(g->images.begin, 0xff, sizeof(g->images.begin));
	g->nchunks = 0;
	g->used = SEGMENT_CHUNK;
	g->credit = SEGMENT_CREDIT;
	g->id = g->end_id = SEGMENT_NONE;
	runs_forget(g);
}

struct segments *segments_create(void)
{
	struct segments *g = aligned_alloc(64, (sizeof(*g) + 63) & ~(size_t)63);

	if (!g)
		return NULL;
	memset(g, 0, sizeof(*g));
	g->follow = cpu_level() >= CPU_AVX512 ? segments_follow_avx512 : segments_follow;
	forget(g);
	return g;
}

void segments_destroy(struct segments *g)
{
	if (!g)
		return;
	forget(g);
	runs_destroy(g);
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
		    offsetof(struct segments, log) - offsetof(struct segments, nmet));
	fetch_lines(&g->logged, sizeof(g->logged));
	fetch_lines(&g->run[SP_REDRAW].n, sizeof(*g->run) - offsetof(struct runs, n));
	fetch_lines(&g->runs, sizeof(g->runs) + offsetof(struct segment_learn, want));
	fetch_lines(g->avail, sizeof(*g) - offsetof(struct segments, avail));
}

/* ---- an SP ------------------------------------------------------------------------ */

static const struct sp_payload nothing;

void segments_begin(struct verifier *v, bool use, const struct sp *sp)
{
	struct segments *g = v->s->segments;
	struct segment_images *t = &g->images;
	unsigned callback = (unsigned)__builtin_ctz(v->callback | 1u << SP_CALLBACKS);

	g->lazy = g->learn.on = false;
	g->path = callback;
	g->id = SEGMENT_NONE;
	g->edge = 0;
	g->wait = g->stretched = 0;
	g->skip = false;
	g->off = !use || callback == SP_CALLBACKS || sp->nwords < SEGMENT_SP_WORDS || !sp->code;
	if (g->off)
		return;
	g->payloads = v->env->payloads.n ? v->env->payloads
					 : (struct sp_payloads){ &nothing, 1 };
	g->credit += g->credit < SEGMENT_CREDIT ? CREDIT_SP : 0;
	if (memcmp(&g->limits, &v->env->limits, sizeof(g->limits)) ||
	    t->n == SEGMENT_IMAGES || g->nchunks == SEGMENT_CHUNKS) {
		forget(g);
		g->limits = v->env->limits;
	}
	runs_begin(v, sp);
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

/* ---- meeting them again -------------------------------------------------------------- */

#define KEY_RECORDS 12u
#define TRIALS 32u

/* Whatever these do, every word of them has to be what it was (segment_learn.c). */
static inline bool words_exact(const struct desc *d)
{
	return d->hook == HOOK_CALL_LIST || d->hook == HOOK_ENABLE ||
	       d->hook == HOOK_CLIENT_STATE || d->hook == HOOK_BIND_BUFFER;
}

/* Of how a piece begins. */
static HOT uint64_t key(const struct verifier *v, const uint32_t *code, uint32_t nwords)
{
	uint64_t h = 1;
	uint32_t at = 0;

	for (unsigned i = 0; i < KEY_RECORDS && at < nwords; i++) {
		unsigned op = sp_opcode(code[at]);
		const struct desc *d = &v->s->desc->op[op < GL_OP_COUNT ? op : 0];
		uint32_t end = op < GL_OP_COUNT ? at + d->words : nwords;

		h = (h ^ code[at]) * 0x9e3779b97f4a7c15u;
		for (at++; words_exact(d) && at < end && at < nwords; at++)
			h = (h ^ code[at]) * 0x9e3779b97f4a7c15u;
		at = end;
		/* what comes after it is another's */
		if (op < GL_OP_COUNT && (segment_ends(d) || !d->piece))
			break;
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
bool segment_met(const struct verifier *v, const uint32_t *code, uint32_t nwords)
{
	struct segments *g = v->s->segments;
	uint64_t k = key(v, code, nwords);
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

struct segment *segment_find(struct verifier *v, const uint32_t *code, uint32_t nwords)
{
	struct segments *g = v->s->segments;
	struct segment **first = bucket(g, g->id, key(v, code, nwords)), **at = first, *k;

	for (unsigned i = 0; i < TRIALS && *at; i++, at = &(*at)->chain) {
		k = *at;
		if (k->in != g->id || !segment_matches(v, k, code, nwords))
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

void segment_drop(const struct segment *k)
{
	struct segment **at = k->bucket;

	while (*at && *at != k)
		at = &(*at)->chain;
	if (!*at)
		return;
	/* the log has it still */
	(*at)->in = SEGMENT_NONE;
	*at = k->chain;
}

/* From here on the objects change without being told: copies for the undo. */
void segments_lazy(struct verifier *v)
{
	struct segments *g = v->s->segments;

	state_touch(v->s, &v->s->ctx->o);
	state_touch(v->s, &v->s->vao->o);
	g->lazy = true;
	for (unsigned i = 0; i < VARRAYS; i++)
		g->avail[i] = v->s->vao->array[i].avail;
	g->avail[SEGMENT_NO_ARRAY] = UINT32_MAX;
	g->lazy_id = g->id;
	memcpy(g->lazy_avail, g->avail, sizeof(g->avail));
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
	g->edge = 0;
}

/* ---- adding -------------------------------------------------------------------------- */

/* What one segment needs at most, and room for it. */
#define SEGMENT_BYTES 8192u
static_assert(sizeof(struct segment) + SEGMENT_LANES * 5 + SEGMENT_RECORDS * 6 +
	      SEGMENT_CHECKS * sizeof(struct segment_check) +
	      SEGMENT_CHECKS / SEGMENT_AT_ONCE * sizeof(struct segment_more) + 7 * 64 <
	      SEGMENT_BYTES,
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

/* Is it a draw that struct segment_draw can say? */
static bool draw_put(struct verifier *v, struct segment_draw *d, const struct segment_check *c,
		     const uint32_t *code)
{
	const uint32_t *rec = code + c->word;
	const struct desc_layout *l = verifier_layout(v, &v->s->desc->op[sp_opcode(*rec)]);
	unsigned n = 0;

	if (d->draws || l->buf || l->basevertex || l->start || !c->arrays ||
	    __builtin_popcount(c->arrays) > (int)SEGMENT_ARRAYS ||
	    (l->type && c->value != INDEX_NO_RESTART))
		return false;
	d->draws = true;
	d->count = (uint16_t)(c->word + l->count);
	d->at = (uint16_t)(c->word + (l->type ? l->pointer : l->first));
	d->instances = c->need;
	d->type = l->type ? rec[l->type] : 0;
	d->bytes = (uint8_t)index_bytes(d->type);
	memset(d->array, SEGMENT_NO_ARRAY, sizeof(d->array));
	for (uint32_t m = c->arrays; m; m &= m - 1)
		d->array[n++] = (uint8_t)__builtin_ctz(m);
	return true;
}

/* Can struct segment_draw say this, after what it says already? */
static bool other_put(struct verifier *v, struct segment_draw *d, const struct segment_check *c,
		      const uint32_t *code)
{
	const struct desc_layout *l = verifier_layout(v, &v->s->desc->op[sp_opcode(code[c->word])]);

	switch (c->kind) {
	case SEGMENT_UNLOCK:
		d->unlocks = true;
		return !d->locks && !d->draws;
	case SEGMENT_LOCK:
		if (d->locks || d->draws || l->count != l->first + 1)
			return false;
		d->locks = true;
		d->lock = (uint16_t)(c->word + l->first);
		return true;
	case SEGMENT_DRAW: return draw_put(v, d, c, code);
	default: return false;
	}
}

static void others_put(struct verifier *v, struct segment *k, const uint32_t *code)
{
	struct segments *g = v->s->segments;
	const struct segment_learn *n = &g->learn;
	struct segment_check other[SEGMENT_CHECKS];
	unsigned at = 0;
	bool common = true;

	for (unsigned i = 0; i < n->nchecks; i++)
		if (n->check[i].kind >= SEGMENT_DRAW) {
			other[at++] = n->check[i];
			common = common && other_put(v, &k->draw, &n->check[i], code);
		}
	if (common)
		return;
	k->draw = (struct segment_draw){ 0 };
	k->others = (uint8_t)at;
	k->other = room(g, other, at * sizeof(*other));
}

static void lane_put(struct segment_lanes *l, unsigned lane, uint32_t word, uint32_t need)
{
	l->word[lane] = word;
	l->pick[2 * lane] = (uint8_t)word;
	l->pick[2 * lane + 1] = (uint8_t)(word + 1);
	l->need[lane] = need;
	l->lanes |= (uint8_t)(1u << lane);
}

/* So that n * inverse >> shift is n / stride for n < 2^31: inverse is 2^shift / stride,
 * rounded up, where shift is 31 and so many that 2^31 <= inverse < 2^32. */
static void inverse_put(struct segment_lanes *l, unsigned lane, uint32_t stride)
{
	unsigned bits = stride > 1 ? 32u - (unsigned)__builtin_clz(stride - 1) : 0;

	stride = stride ? stride : 1;
	l->inverse[lane] = (uint32_t)(((1ull << (31 + bits)) + stride - 1) / stride);
	l->shift[lane] = (uint8_t)(31 + bits);
}

/* Arrays drawn from: those that are set here, by lane; and those set before. */
static void drawn_put(struct segment_lanes *l, const struct segment_draw *d)
{
	uint32_t drawn = 0;

	for (unsigned i = 0; i < SEGMENT_ARRAYS && d->draws; i++)
		drawn |= 1u << d->array[i];
	drawn &= ~(1u << SEGMENT_NO_ARRAY);
	l->before = drawn & ~l->set;
	for (uint32_t m = drawn & l->set; m; m &= m - 1)
		l->drawn |= (uint8_t)(1u << l->from[__builtin_ctz(m)]);
}

/* Payload operands from the i-th on. */
static void more_put(struct segments *g, struct segment *k, unsigned i)
{
	struct segment_more more[SEGMENT_CHECKS / SEGMENT_AT_ONCE];

	for (; i < k->payloads; i += SEGMENT_AT_ONCE, k->mores++)
		for (unsigned lane = 0; lane < SEGMENT_AT_ONCE; lane++) {
			unsigned from = i + lane < k->payloads ? i + lane : i;

			more[k->mores].word[lane] = k->need[from].word;
			more[k->mores].need[lane] = k->need[from].most;
		}
	if (k->mores)
		k->more = room(g, more, k->mores * sizeof(*more));
}

/* Eight at once, where nothing else is to be done. */
static void at_once_put(struct segments *g, struct segment *k, const uint32_t *stride)
{
	struct segment_lanes *l = &k->lanes;
	unsigned n = 0, i = 0;

	memset(l, 0, sizeof(*l));
	k->reach = UINT32_MAX;
	if (k->others || k->sp.words < 2 || k->pointers + (k->draw.bytes != 0) > (int)SEGMENT_AT_ONCE)
		return;
	k->reach = (k->vectors < SEGMENT_VECTORS ? SEGMENT_VECTORS : k->vectors) * 16;
	for (; n < k->pointers; n++) {
		lane_put(l, n, k->pointer[n].word, 0);
		l->bytes[n] = k->pointer[n].bytes;
		inverse_put(l, n, stride[n]);
		l->from[k->pointer[n].array] = (uint8_t)n;
		l->set |= 1u << k->pointer[n].array;
	}
	if (k->draw.bytes) {
		l->indices = (uint8_t)(1u << n);
		lane_put(l, n++, k->draw.at, 0);
	}
	for (; n < SEGMENT_AT_ONCE && i < k->payloads; i++)
		lane_put(l, n++, k->need[i].word, k->need[i].most);
	more_put(g, k, i);
	for (i = 0; i < SEGMENT_RANGES; i++) {
		const struct segment_need *q = &k->need[k->payloads + i];

		l->range[i] = (uint8_t)(i < k->ranges ? q->word : 0);
		l->most[i] = i < k->ranges ? q->most : UINT32_MAX;
	}
	drawn_put(l, &k->draw);
}

static unsigned needs_put(const struct segment_learn *n, unsigned kind, struct segment_need *to)
{
	unsigned at = 0;

	for (unsigned i = 0; i < n->nchecks; i++)
		if (n->check[i].kind == kind)
			to[at++] = (struct segment_need){ n->check[i].word, n->check[i].need };
	return at;
}

/* Sorts checks as struct segment has them. */
static void checks_put(struct verifier *v, struct segment *k, const uint32_t *code)
{
	struct segments *g = v->s->segments;
	const struct segment_learn *n = &g->learn;
	struct segment_pointer pointer[SEGMENT_CHECKS];
	struct segment_need need[SEGMENT_CHECKS];
	uint32_t stride[SEGMENT_CHECKS];

	k->payloads = (uint8_t)needs_put(n, SEGMENT_PAYLOAD, need);
	k->ranges = (uint8_t)needs_put(n, SEGMENT_RANGE, need + k->payloads);
	for (unsigned i = 0; i < n->nchecks; i++) {
		const struct segment_check *c = &n->check[i];

		if (c->kind != SEGMENT_POINTER)
			continue;
		stride[k->pointers] = c->count;
		pointer[k->pointers++] = (struct segment_pointer){
			c->count > 1 ? UINT64_MAX / c->count + 1 : 0, c->need, c->word, c->array };
	}
	k->need = room(g, need, (k->payloads + k->ranges + 0u) * sizeof(*need));
	k->pointer = room(g, pointer, k->pointers * sizeof(*pointer));
	others_put(v, k, code);
	at_once_put(g, k, stride);
}

static void lanes_put(struct segments *g, struct segment *k, const struct segment_learn *n)
{
	uint32_t want[SEGMENT_LANES] = { 0 };

	for (unsigned i = 0; i < n->words; i++) {
		want[i] = n->want[i];
		k->exact[i / 16] = (uint16_t)(k->exact[i / 16] | n->exact[i] << i % 16);
	}
	k->want = room(g, want, (k->vectors < SEGMENT_VECTORS ? SEGMENT_VECTORS : k->vectors) * 64u);
}

struct segment *segments_add(struct verifier *v, uint32_t out)
{
	struct segments *g = v->s->segments;
	struct segment_learn *n = &g->learn;
	const uint32_t *code = v->index->code + n->start;
	struct segment **at = bucket(g, n->in, key(v, code, v->index->nwords - n->start));
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
		.list_words = v->facts->list_words - n->list_words - n->list_dynamic,
		.bucket = at, .chain = *at,
	}, sizeof(*k));
	k->adds = k->vertices || k->opaque || k->unknown_lists || k->list_words;
	lanes_put(g, k, n);
	checks_put(v, k, code);
	k->sp.header = room(g, n->header, n->records * sizeof(*n->header));
	k->sp.offset = room(g, n->offset, n->records * sizeof(*n->offset));
	*at = k;
	return k;
}
