/* segment_run.c - runs of segments that come again word by word.
 *
 * A picture in which little moves is nearly the same procedure again.  Of a procedure that
 * is as long as the last of its callback, the runs of segments that it had are kept with
 * their words.  Where the next one has the very same words in the same place, from the same
 * shadow on and with all that a run hangs on as it was, each of its segments would pass as
 * it did then and leave what it left: the words are compared, some hundreds at a time, and
 * only that payloads are still there is looked at.
 *
 * What a run hangs on beside its words: the extents of arrays that were set before it and
 * that it draws from (.draws), the range locked, lists and buffers (.outside).  Payloads
 * must be stable (struct verify_env).
 *
 * Keeping costs as much as it saves: it is done where a few words, looked at first, are
 * those of the last procedure.
 */
#include "blink/verify/segment.h"

#include <stdlib.h>
#include <string.h>

#define FEW 8u                  /* segments: fewer are not kept */

/* Is this much the same procedure as the last one?  Some words tell. */
static bool samples_same(struct runs *r, const struct sp *sp)
{
	unsigned other = 0;

	for (unsigned i = 0; i < RUN_SAMPLES; i++) {
		uint32_t word = sp->code[(uint64_t)sp->nwords * i / RUN_SAMPLES];

		other += r->sample[i] != word;
		r->sample[i] = word;
	}
	return other <= 1;
}

void runs_begin(struct verifier *v, const struct sp *sp)
{
	struct segments *g = v->s->segments;
	struct runs *r = &g->run[__builtin_ctz(v->callback)];
	bool same;

	g->runs = NULL;
	if (!v->env->payloads_stable || sp->nwords < RUN_SP_WORDS)
		return;
	same = samples_same(r, sp) && r->length == sp->nwords;
	r->length = sp->nwords;
	r->next = 0;
	if (same)
		g->runs = r;
	else
		r->n = 0;
}

void runs_forget(struct segments *g)
{
	for (unsigned i = 0; i < SP_CALLBACKS; i++)
		g->run[i].n = g->run[i].length = 0;
}

void runs_destroy(struct segments *g)
{
	for (unsigned i = 0; i < SP_CALLBACKS; i++)
		for (unsigned k = 0; k < RUNS; k++)
			free(g->run[i].v[k].words);
}

/* ---- keeping --------------------------------------------------------------------------- */

/* Arrays that it draws from; sets. */
static uint32_t arrays_drawn(const struct segment *k)
{
	uint32_t drawn = 0;

	for (unsigned i = 0; i < SEGMENT_ARRAYS && k->draw.draws; i++)
		drawn |= 1u << k->draw.array[i];
	for (unsigned i = 0; i < k->others; i++)
		if (k->other[i].kind == SEGMENT_DRAW)
			drawn |= k->other[i].arrays;
	return drawn & ~(1u << SEGMENT_NO_ARRAY);
}

static uint32_t arrays_set(const struct segment *k)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < k->pointers; i++)
		set |= 1u << k->pointer[i].array;
	return set;
}

/* Payloads that its checks look at. */
static void ids_note(const struct verifier *v, struct run *r, const struct segment *k,
		     const uint32_t *code)
{
	for (unsigned i = 0; i < k->payloads; i++)
		r->id[r->nids++] = code[k->need[i].word];
	for (unsigned i = 0; i < k->pointers; i++)
		r->id[r->nids++] = code[k->pointer[i].word];
	if (k->draw.bytes)
		r->id[r->nids++] = code[k->draw.at];
	for (unsigned i = 0; i < k->others; i++) {
		const uint32_t *at = code + k->other[i].word;
		const struct desc_layout *l = verifier_layout(v, &v->s->desc->op[sp_opcode(*at)]);

		if (k->other[i].kind == SEGMENT_DRAW && l->type && !l->buf)
			r->id[r->nids++] = at[l->pointer];
	}
}

/* Words, then numbers of payloads (each has a word of its own), then segments. */
static bool room_make(struct run *r, uint32_t words, uint32_t segments)
{
	size_t size = words * 2 * sizeof(uint32_t) + segments * sizeof(*r->segment);
	uint32_t *v;

	if (size > r->size) {
		v = aligned_alloc(64, (size + size / 2 + 63) & ~(size_t)63);
		if (!v)
			return false;
		free(r->words);
		r->words = v;
		r->size = size + size / 2;
	}
	r->segment = (const struct segment **)(void *)r->words;
	r->id = (uint32_t *)(void *)(r->segment + segments);
	r->code = r->id + words;
	r->nwords = words;
	r->n = segments;
	r->nids = 0;
	return true;
}

void runs_open(const struct verifier *v, struct run_begin *b, uint32_t at)
{
	const struct segments *g = v->s->segments;

	*b = (struct run_begin){
		.at = at, .id = g->id, .locked = v->s->ctx->locked, .logged = g->logged,
		.opaque = v->facts->opaque, .unknown_lists = v->facts->unknown_lists,
		.vertices = v->facts->vertices, .list_words = v->facts->list_words,
	};
	memcpy(b->avail, g->avail, sizeof(b->avail));
}

/* Its segments, and what they name, draw from and set. */
static void segments_note(const struct verifier *v, struct run *r)
{
	const struct segments *g = v->s->segments;
	const uint32_t *code = r->code;

	r->draws = r->sets = r->records = 0;
	for (uint32_t i = 0; i < r->n; i++, code += r->segment[i - 1]->sp.words) {
		const struct segment *k = g->log[(r->begin.logged + i) % SEGMENT_LOG].segment;

		r->segment[i] = k;
		ids_note(v, r, k, code);
		r->draws |= arrays_drawn(k) & ~(r->sets | arrays_set(k));
		r->sets |= arrays_set(k);
		r->records += k->sp.records;
	}
}

void runs_close(struct verifier *v, const struct run_begin *b, const uint32_t *code,
		       uint32_t end)
{
	struct segments *g = v->s->segments;
	struct runs *q = g->runs;
	uint32_t n = g->logged - b->logged;
	struct run *r;

	if (n < FEW || q->next == RUNS)
		return;
	r = &q->v[q->next];
	if (q->n < ++q->next)
		q->n = q->next;
	if (!room_make(r, end - b->at, n)) {
		r->n = 0;
		return;
	}
	memcpy(r->code, code + b->at, (end - b->at) * sizeof(*code));
	r->begin = *b;
	segments_note(v, r);
	r->out = g->id;
	r->path = g->path;
	r->locked = v->s->ctx->locked;
	memcpy(r->avail, g->avail, sizeof(r->avail));
	r->vertices = v->facts->vertices - b->vertices;
	r->opaque = v->facts->opaque - b->opaque;
	r->unknown_lists = v->facts->unknown_lists - b->unknown_lists;
	r->list_words = v->facts->list_words - b->list_words;
	r->outside = v->s->outside;
}

/* ---- taking ------------------------------------------------------------------------------ */

static bool payloads_there(const struct segments *g, const struct run *r)
{
	uint32_t bad = 0;

	for (uint32_t i = 0; i < r->nids; i++) {
		const struct sp_payload *p = &g->payloads.v[r->id[i] < g->payloads.n ? r->id[i] : 0];

		bad |= (r->id[i] >= g->payloads.n) | !p->data | (p->flags & SP_PAYLOAD_SHARED);
	}
	return !bad;
}

static bool run_same(const struct verifier *v, const struct run *r, const uint32_t *code,
		     uint32_t at, uint32_t end)
{
	const struct segments *g = v->s->segments;

	if (!r->n || r->begin.at != at || r->begin.id != g->id || r->nwords > end - at ||
	    r->outside != v->s->outside || r->begin.locked != v->s->ctx->locked)
		return false;
	for (uint32_t m = r->draws; m; m &= m - 1)
		if (r->begin.avail[__builtin_ctz(m)] != g->avail[__builtin_ctz(m)])
			return false;
	return v->index->same(r->code, code + at, r->nwords) == r->nwords && payloads_there(g, r);
}

static void run_leave(struct verifier *v, const struct run *r, uint32_t at)
{
	struct segments *g = v->s->segments;

	for (uint32_t i = 0; i < r->n; i++) {
		index_add_segment(v->index, at, &r->segment[i]->sp);
		at += r->segment[i]->sp.words;
	}
	for (uint32_t m = r->sets; m; m &= m - 1)
		g->avail[__builtin_ctz(m)] = r->avail[__builtin_ctz(m)];
	v->s->ctx->locked = r->locked;
	v->facts->vertices += r->vertices;
	v->facts->opaque += r->opaque;
	v->facts->unknown_lists += r->unknown_lists;
	v->facts->list_words += r->list_words;
	g->reuse.hits += r->records;
	g->id = r->out;
	g->path = r->path;
}

uint32_t run_take(struct verifier *v, const uint32_t *code, uint32_t at, uint32_t end,
		  uint32_t *records)
{
	struct runs *q = v->s->segments->runs;
	const struct run *r = &q->v[q->next];

	if (q->next >= q->n || !run_same(v, r, code, at, end))
		return 0;
	run_leave(v, r, at);
	*records += r->records;
	q->next++;
	return r->nwords;
}
