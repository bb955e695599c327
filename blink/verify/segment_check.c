/* segment_check.c - is a segment that was met again to be accepted?  See segment.h.
 *
 * For processors without AVX-512, and what is rare on all; segment_avx512.c has the rest.
 */
#include "blink/verify/segment_check.h"

/* ---- arrays ------------------------------------------------------------------------ */

/* Vertices readable where a payload has so many bytes from the operand's offset on. */
static inline uint32_t pointer_avail(const struct segment_pointer *q, uint64_t extent)
{
	uint64_t n = extent - q->bytes;
	uint64_t steps = (uint64_t)((unsigned __int128)n * q->inverse >> 64);

	return extent < q->bytes ? 0 : (uint32_t)((q->inverse ? steps : n) + 1);
}

/* Sets the arrays that a segment sets; was: how many vertices they had.  Not 0 where a
 * payload is not there. */
static inline uint32_t pointers_set(struct segments *g, const struct segment *k,
				    const uint32_t *code, uint32_t *was)
{
	uint32_t bad = 0;

	for (unsigned i = 0; i < k->pointers; i++) {
		const struct segment_pointer *q = &k->pointer[i];
		const uint32_t *words = code + q->word;
		uint32_t id = words[0];

		bad |= payload_short(g, words, 0);
		id = id < g->payloads.n ? id : 0;
		was[i] = g->avail[q->array];
		g->avail[q->array] = pointer_avail(q, g->payloads.v[id].size - (uint64_t)words[1]);
	}
	return bad;
}

static void pointers_back(struct segments *g, const struct segment *k, const uint32_t *was)
{
	for (unsigned i = k->pointers; i-- > 0;)
		g->avail[k->pointer[i].array] = was[i];
}

/* ---- all that is rare --------------------------------------------------------------- */

static bool other_draw(struct verifier *v, const struct segment_check *c, const uint32_t *rec,
		       uint64_t *vertices)
{
	const struct desc_layout *l = verifier_layout(v, &v->s->desc->op[sp_opcode(*rec)]);
	const struct segments *g = v->s->segments;
	int32_t count = (int32_t)rec[l->count];
	uint32_t limit = UINT32_MAX;

	if (count <= 0)
		return false;
	*vertices += (uint64_t)count * c->need;
	if (l->type && !l->buf &&
	    payload_short(g, rec + l->pointer, (uint64_t)count * index_bytes(rec[l->type])))
		return false;
	for (uint32_t m = c->arrays; m; m &= m - 1)
		limit = least(limit, g->avail[__builtin_ctz(m)]);
	return !c->arrays || draw_within(v, l, rec, limit, c->value) == VERIFY_OK;
}

/* Does calling it what it did?  It may cost another number of vertices and words. */
static bool list_same(const struct verifier *v, const struct segment_check *c)
{
	return lists_what(v->s, c->number) == c->need &&
	       list_boundless(&v->s->lists[c->number]) == c->count;
}

static bool list_called(struct verifier *v, const struct segment_check *c, uint64_t *vertices)
{
	const struct list_shadow *s = &v->s->lists[c->number];

	if (!list_same(v, c))
		return false;
	if (c->need & LIST_KNOWN) {
		*vertices += s->vertices;
		v->facts->list_words += s->words;
	}
	return true;
}

static bool buffer_same(struct verifier *v, const struct segment_check *c)
{
	const struct buffer *b = state_buffer(v->s, c->number);

	return b && b->group == c->need && b->birth == c->count;
}

static bool other_passes(struct verifier *v, const struct segment_check *q, const uint32_t *at,
			 uint64_t *vertices)
{
	struct context *c = v->s->ctx;

	switch (q->kind) {
	case SEGMENT_DRAW: return other_draw(v, q, at, vertices);
	case SEGMENT_LOCK:
		c->locked = locked_with(c->locked,
			at + verifier_layout(v, &v->s->desc->op[sp_opcode(*at)])->first);
		return true;
	case SEGMENT_UNLOCK: c->locked = 0; return true;
	case SEGMENT_LIST: return list_called(v, q, vertices);
	default: return buffer_same(v, q);
	}
}

bool segment_stands(struct verifier *v, const struct segment *k)
{
	for (unsigned i = 0; i < k->others; i++)
		if ((k->other[i].kind == SEGMENT_LIST && !list_same(v, &k->other[i])) ||
		    (k->other[i].kind == SEGMENT_BIND && !buffer_same(v, &k->other[i])))
			return false;
	return true;
}

/* In their order, as one may change what the next looks at. */
static bool others_pass(struct verifier *v, const struct segment *k, const uint32_t *code,
			uint64_t *vertices)
{
	uint32_t locked = v->s->ctx->locked;
	uint64_t list_words = v->facts->list_words;

	for (unsigned i = 0; i < k->others; i++)
		if (!other_passes(v, &k->other[i], code + k->other[i].word, vertices) ||
		    too_much(v)) {
			v->s->ctx->locked = locked;
			v->facts->list_words = list_words;
			return false;
		}
	return true;
}

/* ---- a segment ----------------------------------------------------------------------- */

static uint32_t arrays_least(const uint32_t *avail, const uint8_t *array)
{
	uint32_t a = least(avail[array[0]], avail[array[1]]);
	uint32_t b = least(avail[array[2]], avail[array[3]]);
	uint32_t c = least(avail[array[4]], avail[array[5]]);
	uint32_t d = least(avail[array[6]], avail[array[7]]);

	return least(least(a, b), least(c, d));
}

/* A draw whose indices, if any, are in a payload. */
static bool draw_fits(struct verifier *v, const struct segment_draw *d, const uint32_t *code,
		      uint32_t locked, const struct segment_taken *last,
		      struct segment_taken *now)
{
	const struct segments *g = v->s->segments;
	uint32_t limit = arrays_least(g->avail, d->array), count = code[d->count];
	const uint32_t *at = code + d->at;
	struct segment_indices these;
	uint32_t max;

	if ((int32_t)count <= 0 || locked > limit)
		return false;
	if (!d->bytes)
		return (int32_t)*at >= 0 && (uint64_t)*at + count <= limit;
	if (payload_short(g, at, (uint64_t)count * d->bytes))
		return false;
	these = indices_of(v, at, count);
	max = last->segment == now->segment && indices_same(&last->indices, &these)
		? last->max : index_most(v, d, at, count);
	now->indices = these;
	now->max = max;
	return max < limit;
}

/* Locks and draws as most segments have them. */
static bool draw_passes(struct verifier *v, const struct segment_draw *d, const uint32_t *code,
			const struct segment_taken *last, struct segment_taken *now)
{
	uint32_t locked = v->s->ctx->locked;

	if (d->unlocks)
		locked = 0;
	if (d->locks)
		locked = locked_with(locked, code + d->lock);
	if (d->draws && !draw_fits(v, d, code, locked, last, now))
		return false;
	v->s->ctx->locked = locked;
	return true;
}

bool segment_passes(struct verifier *v, const struct segment *k, const struct segment_taken *last,
		    const uint32_t *code)
{
	struct segments *g = v->s->segments;
	struct segment_taken *now = &g->log[g->logged % SEGMENT_LOG];
	const struct segment_need *q = k->need;
	uint32_t was[SEGMENT_CHECKS], bad = 0;
	uint64_t vertices = 0;

	for (unsigned i = 0; i < k->payloads; i++, q++)
		bad |= payload_short(g, code + q->word, q->most);
	for (unsigned i = 0; i < k->ranges; i++, q++)
		bad |= code[q->word] > q->most;
	bad |= pointers_set(g, k, code, was);
	/* of no indices yet: no draw has 0 of them */
	if (now != last || last->segment != k)
		now->indices.count = 0;
	now->segment = k;
	if (bad || !draw_passes(v, &k->draw, code, last, now) ||
	    (k->others && !others_pass(v, k, code, &vertices))) {
		pointers_back(g, k, was);
		return false;
	}
	if (k->draw.draws)
		vertices += (uint64_t)code[k->draw.count] * k->draw.instances;
	v->facts->vertices += vertices;
	return true;
}

enum segment_answer segment_look(struct verifier *v, const struct segment_taken *last,
				 const uint32_t *code, uint32_t nwords)
{
	if (!segment_matches(v, last->segment, code, nwords))
		return SEGMENT_OTHER;
	return segment_passes(v, last->segment, last, code) ? SEGMENT_GOOD : SEGMENT_FAILED;
}
