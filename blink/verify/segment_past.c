/* segment_past.c - the pieces of the procedure before, in their order: where this one has
 * the very same words, it is not looked at piece by piece.
 *
 * Frames of a real program have hundreds of pieces, most of which are those of the frame
 * before with the same operands, too: what does not move.  Of the last procedure of each
 * callback that was accepted, its pieces are kept with their words.  A run of words that
 * are the same, from the same shadow on, and whose payloads are the same bytes
 * (payloads_stable), needs no check again but that they are still there: each piece would
 * pass, and leave the shadow that it left then.
 *
 * Keeping costs as much as it saves where little is the same, as in a game whose camera
 * moves.  So it is done for procedures of the same length as the one before.
 *
 * A piece may hang on more than its words: on the extent of arrays that an earlier one set,
 * on the range locked (.need), or on lists and buffers (.outside).  Where these are not
 * known to be what they were, its checks are done.
 */
#include "blink/verify/segment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LOCKED (1u << 31)               /* the range locked, among arrays */
static_assert(VARRAYS <= 31, "arrays and the range locked are one set");
#define WORDS_MAX (1u << 20)            /* of a procedure: pieces behind are not kept */
#define LOOK 8u                        /* pieces that may have come in, or gone */

/* ---- what a segment hangs on ------------------------------------------------------------ */

/* When it is made: .need, .sets, .outside. */
void past_segment(struct segment *k)
{
	const struct segment_check *q = k->check, *end = q;

	for (unsigned i = 0; i < 4; i++)
		end += k->number[i];
	k->outside = k->opaque || k->unknown_lists || k->list_words;
	for (; q < end; q++)
		switch (q->kind) {
		case SEGMENT_POINTER: case SEGMENT_MARK:
			k->sets |= 1u << q->array;
			break;
		case SEGMENT_DRAW: k->need |= (q->arrays | LOCKED) & ~k->sets; break;
		/* a lock while there is one is refused: what is locked then hangs on before */
		case SEGMENT_LOCK: k->need |= LOCKED & ~k->sets; break;
		case SEGMENT_UNLOCK: k->sets |= LOCKED; break;
		case SEGMENT_LIST: case SEGMENT_BIND: k->outside = true; break;
		}
}

/* ---- keeping ------------------------------------------------------------------------------ */

static bool grow(void *at, uint32_t *cap, uint32_t need, size_t size)
{
	uint32_t n = need + need / 2 + 64;
	void *v;

	if (need <= *cap)
		return true;
	v = realloc(*(void **)at, n * size);
	if (!v)
		return false;
	memset((uint8_t *)v + *cap * size, 0, (n - *cap) * size);
	*(void **)at = v;
	*cap = n;
	return true;
}

/* Room for a piece that ends before word `end`, with so many payloads. */
static bool room_make(struct past *p, uint32_t end, uint32_t pieces, uint32_t ids)
{
	return end <= WORDS_MAX && grow(&p->words, &p->words_cap, end, sizeof(*p->words)) &&
	       grow(&p->piece, &p->cap, p->n + pieces, sizeof(*p->piece)) &&
	       grow(&p->id, &p->ids_cap, p->nids + ids, sizeof(*p->id));
}

/* Pieces [from, to) of one become the next of another, shifted by so many words. */
static void pieces_copy(struct past *to, const struct past *p, uint32_t from, uint32_t end,
			uint32_t shift)
{
	const struct past_piece *a = &p->piece[from], *z = &p->piece[end - 1];
	uint32_t ids = z->ids + z->nids - a->ids, at = a->at + shift;
	uint32_t words = z->at + z->words - a->at;

	if (!room_make(to, at + words, end - from, ids))
		return;
	memcpy(to->words + at, p->words + a->at, words * sizeof(*to->words));
	memcpy(to->id + to->nids, p->id + a->ids, ids * sizeof(*to->id));
	for (; from < end; from++) {
		struct past_piece *k = &to->piece[to->n++];

		*k = p->piece[from];
		k->at += shift;
		k->ids += to->nids - a->ids;
	}
	to->nids += ids;
	to->nwords = at + words;
}

static struct past *past_of(struct segments *g) { return g->past ? &g->past->was : NULL; }

void past_begin(struct verifier *v, uint32_t nwords)
{
	struct segments *g = v->s->segments;
	unsigned callback = (unsigned)__builtin_ctz(v->callback | 1u << SP_CALLBACKS);

	g->past = NULL;
	if (!v->env->payloads_stable || callback == SP_CALLBACKS)
		return;
	if (!g->pasts[callback])
		g->pasts[callback] = calloc(1, sizeof(*g->pasts[callback]));
	g->past = g->pasts[callback];
	if (!g->past)
		return;
	if (g->past->length != nwords) {        /* not this time */
		g->past->length = nwords;
		g->past->was.n = 0;
		g->past = NULL;
		return;
	}
	g->past->next = 0;
	g->past->building = false;
	g->past->outside = v->s->outside;
}

void past_end(struct verifier *v, bool accepted)
{
	struct pasts *q = v->s->segments->past;

	if (!q)
		return;
	if (accepted && q->building) {
		struct past was = q->was;

		q->was = q->now;
		q->now = was;
		/* what changed meanwhile may have done so before or behind a piece */
		q->was.outside = q->outside == v->s->outside ? v->s->outside : UINT64_MAX;
	} else if (accepted && q->next) {
		q->was.n = q->next;
	}
	q->building = false;
}

void past_forget(struct segments *g)
{
	for (unsigned i = 0; i < SP_CALLBACKS; i++)
		if (g->pasts[i]) {
			g->pasts[i]->was.n = 0;
			g->pasts[i]->building = false;
			g->pasts[i]->next = 0;
		}
}

static void past_free(struct past *p)
{
	free(p->words);
	free(p->piece);
	free(p->id);
}

void past_destroy(struct segments *g)
{
	for (unsigned i = 0; i < SP_CALLBACKS; i++) {
		if (g->pasts[i]) {
			past_free(&g->pasts[i]->was);
			past_free(&g->pasts[i]->now);
		}
		free(g->pasts[i]);
	}
}

/* From here on the procedure is another one than the last. */
static void build_begin(struct pasts *q)
{
	if (q->building)
		return;
	q->building = true;
	q->now.n = q->now.nids = q->now.nwords = 0;
	if (q->next)
		pieces_copy(&q->now, &q->was, 0, q->next, 0);
}

static void id_add(struct past *p, uint32_t id)
{
	if (p->nids == p->piece[p->n].ids || p->id[p->nids - 1] != id)
		p->id[p->nids++] = id;
}

/* Payloads that its checks look at. */
static void ids_note(const struct verifier *v, struct past *p, const struct segment *k,
		     const uint32_t *code)
{
	const struct segment_check *q = k->check, *end = q;

	for (unsigned i = 0; i < 4; i++)
		end += k->number[i];
	for (; q < end; q++) {
		const uint32_t *at = code + q->word;
		const struct desc_layout *l;

		if (q->kind == SEGMENT_PAYLOAD || q->kind == SEGMENT_POINTER)
			id_add(p, *at);
		if (q->kind != SEGMENT_DRAW)
			continue;
		l = verifier_layout(v, &v->s->desc->op[sp_opcode(*at)]);
		if (l->type && !l->buf)
			id_add(p, at[l->pointer]);
	}
}

/* Where the last procedure goes on, if this piece came in, took another's place, or came
 * after some that are gone. */
static void resync(struct pasts *q, const struct segment *k)
{
	const struct past *p = &q->was;

	for (uint32_t i = q->next; i < p->n && i < q->next + LOOK; i++)
		if (p->piece[i].k == k) {
			q->next = i + 1;
			return;
		}
}

void past_note(struct verifier *v, const struct segment *k, const uint32_t *code, uint32_t at,
	       uint32_t locked, uint64_t vertices)
{
	struct pasts *q = v->s->segments->past;
	struct past *p;
	struct past_piece *piece;

	if (!q)
		return;
	build_begin(q);
	resync(q, k);
	p = &q->now;
	if (vertices > UINT32_MAX || !room_make(p, at + k->sp.words, 1, SEGMENT_CHECKS))
		return;
	memcpy(p->words + at, code + at, k->sp.words * sizeof(*code));
	piece = &p->piece[p->n];
	*piece = (struct past_piece){
		.k = k, .at = at, .words = k->sp.words, .records = k->sp.records,
		.in = k->in, .out = k->out, .need = k->need, .sets = k->sets,
		.outside = k->outside, .locked = locked, .locked_after = v->s->ctx->locked,
		.vertices = (uint32_t)vertices, .ids = p->nids,
	};
	ids_note(v, p, k, code + at);
	piece->nids = (uint16_t)(p->nids - piece->ids);
	p->n++;
	p->nwords = at + k->sp.words;
}

/* ---- taking -------------------------------------------------------------------------------- */

static bool payloads_there(const struct verifier *v, const struct past *p,
			   const struct past_piece *k)
{
	const uint32_t *id = p->id + k->ids;

	for (unsigned i = 0; i < k->nids; i++) {
		const struct sp_payload *payload = &v->env->payloads.v[id[i]];

		if (id[i] >= v->env->payloads.n || !payload->data ||
		    payload->flags & SP_PAYLOAD_SHARED)
			return false;
	}
	return true;
}

/* A run in progress: pieces [first, at) taken, those from `settled` on not yet seen in the
 * objects. */
struct run {
	const struct past *p;
	uint32_t first, at, settled;
	uint32_t have;                  /* arrays, LOCKED, that are what they were */
	const uint32_t *code;           /* where the words of p would begin */
	uint64_t vertices;
	uint32_t records;
};

/* What pieces left in arrays and the range locked, the latest first. */
static void extents_settle(struct verifier *v, struct run *r)
{
	uint32_t done = LOCKED, want = 0;

	if (r->settled == r->at)
		return;
	for (uint32_t i = r->settled; i < r->at; i++)
		want |= r->p->piece[i].sets;
	for (uint32_t i = r->at; i-- > r->settled && (want & ~done);) {
		const struct past_piece *k = &r->p->piece[i];

		if (k->sets & ~done)
			done |= segment_extents(v, k->k, r->code + k->at, done);
	}
	if (r->have & LOCKED)
		v->s->ctx->locked = r->p->piece[r->at - 1].locked_after;
	r->settled = r->at;
}

/* Pieces that were taken while another range was locked than now keep what they say of it:
 * between them and the next that may not be what that one says. */
static void locked_join(struct verifier *v, struct run *r)
{
	const struct past_piece *k = &r->p->piece[r->at];

	if (r->at == r->first || k->locked == k[-1].locked_after)
		return;
	extents_settle(v, r);
	r->have &= ~LOCKED;
	r->have |= v->s->ctx->locked == k->locked ? LOCKED : 0;
}

/* One more piece: where it may hang on what is not as it was, it is checked. */
static bool piece_take(struct verifier *v, struct run *r)
{
	const struct past_piece *k = &r->p->piece[r->at];
	uint64_t vertices = 0;

	locked_join(v, r);
	if ((k->need & ~r->have) || (k->outside && r->p->outside != v->s->outside)) {
		extents_settle(v, r);
		if (!segment_passes(v, k->k, r->code + k->at, &vertices))
			return false;
		r->settled++;
	} else if (!payloads_there(v, r->p, k)) {
		return false;
	}
	if (k->outside) {
		v->facts->opaque += k->k->opaque;
		v->facts->unknown_lists += k->k->unknown_lists;
		v->facts->list_words += k->k->list_words;
	}
	index_add_segment(v->index, (uint32_t)(r->code + k->at - v->index->code), &k->k->sp);
	r->have |= k->sets;
	r->vertices += k->vertices;
	r->records += k->records;
	r->at++;
	return true;
}

uint32_t past_take(struct verifier *v, const uint32_t *code, uint32_t end, uint32_t at,
		   uint32_t *records)
{
	struct segments *g = v->s->segments;
	const struct past *p = past_of(g);
	const struct past_piece *first, *last;
	struct run r;
	uint32_t same, all, left;

	if (!p || g->past->next >= p->n)
		return 0;
	first = &p->piece[g->past->next];
	if (first->in != g->id)
		return 0;
	all = p->nwords - first->at;
	left = end - at;
	same = v->index->same(p->words + first->at, code + at, left < all ? left : all);
	if (same < first->words)
		return 0;
	if (!g->lazy)
		segments_lazy(v);
	r = (struct run){ .p = p, .first = g->past->next, .at = g->past->next,
			  .settled = g->past->next, .code = code + at - first->at,
			  .have = v->s->ctx->locked == first->locked ? LOCKED : 0 };
	last = first;
	while (r.at < p->n && !v->s->failed) {
		const struct past_piece *k = &p->piece[r.at];

		if (k->at - first->at + k->words > same ||
		    (r.at > r.first && k->at != last->at + last->words) || !piece_take(v, &r))
			break;
		last = k;
	}
	if (r.at == r.first)
		return 0;
	extents_settle(v, &r);
	if (g->past->building)
		pieces_copy(&g->past->now, p, r.first, r.at, at - first->at);
	else if (at != first->at) {
		build_begin(g->past);
		pieces_copy(&g->past->now, p, r.first, r.at, at - first->at);
	}
	g->past->next = r.at;
	g->id = last->out;
	g->last = (struct segment *)(uintptr_t)last->k;
	v->facts->vertices += r.vertices;
	g->reuse.hits += r.records;
	*records += r.records;
	return last->at + last->words - first->at;
}
