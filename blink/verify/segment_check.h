/* segment_check.h - what is left to look at in a segment whose words compare well: inline,
 * as it is made for each level of the processor.  See segment.h.
 */
#ifndef BLINK_VERIFY_SEGMENT_CHECK_H
#define BLINK_VERIFY_SEGMENT_CHECK_H

#include "blink/verify/segment.h"

/* ---- payloads --------------------------------------------------------------------- */

/* Not 0 where `need` bytes from the operand's offset on are not there, or are shared: which
 * commands take those, the full verification knows. */
static inline uint32_t payload_short(const struct segments *g, const uint32_t *words,
				     uint64_t need)
{
	uint32_t id = words[0], absent = id - 1 >= g->payloads.n - 1;
	const struct sp_payload *p = &g->payloads.v[absent ? 0 : id];

	return absent | (words[1] + need > p->size) | !p->data | (p->flags & SP_PAYLOAD_SHARED);
}

/* ---- drawing ------------------------------------------------------------------------- */

static inline uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static inline uint32_t locked_with(uint32_t locked, const uint32_t *range)
{
	uint32_t first = range[0], count = range[1];
	bool good = (int32_t)first >= 0 && (int32_t)count > 0;

	return good && first + count > locked ? first + count : locked;
}

/* What is looked for in a payload, and how long what is found holds. */
static inline struct segment_indices indices_of(const struct verifier *v, const uint32_t *payload,
						uint32_t count)
{
	return (struct segment_indices){ payload[0], payload[1], count, index_stamp(v) };
}

static inline bool indices_same(const struct segment_indices *a, const struct segment_indices *b)
{
	return !((a->id ^ b->id) | (a->offset ^ b->offset) | (a->count ^ b->count) |
		 (a->stamp ^ b->stamp));
}

/* More was looked at than is allowed: the record is verified in full, which says so. */
static inline bool too_much(const struct verifier *v) { return v->s->work > v->work; }

/* The greatest index of a payload that is there. */
static inline uint32_t index_most(struct verifier *v, const struct segment_draw *d,
				  const uint32_t *payload, uint32_t count)
{
	uint32_t min, max;

	index_range(v, payload, count, d->type, INDEX_NO_RESTART, &min, &max);
	return too_much(v) ? UINT32_MAX : max;
}

/* ---- stepping on --------------------------------------------------------------------- */

/* Where in the log it went on after this path. */
static inline uint16_t *segments_path(struct segments *g, uint64_t path)
{
	return &g->where[path * 0x9e3779b97f4a7c15u >> 52 & (SEGMENT_PATHS - 1)];
}

static inline uint64_t path_with(uint64_t path, const struct segment *k)
{
	return path << 16 ^ (k->sp.serial & 0xffff);
}

/* What a segment adds to the facts, but for what is in its image and what its draw adds. */
static inline void facts_add(struct verify_facts *f, const struct segment *k)
{
	f->vertices += k->vertices;
	f->opaque += k->opaque;
	f->unknown_lists += k->unknown_lists;
	f->list_words += k->list_words;
}

/* n segments were taken, one after the other; they are in the log's next entries. */
static inline void segments_step(struct verifier *v, struct segments_walk *w,
				 const struct segment *const *taken, uint32_t n)
{
	struct segments *g = v->s->segments;
	uint32_t at = w->at, logged = g->logged, records = 0;
	struct sp_index *x = v->index;
	uint64_t path = w->path;

	for (uint32_t i = 0; i < n; i++) {
		const struct segment *k = taken[i];

		x->step[x->nsteps + i] = (struct sp_step){ at, x->nsegments + i, INDEX_SEGMENT };
		x->segment[x->nsegments + i] = &k->sp;
		if (k->adds)
			facts_add(v->facts, k);
		at += k->sp.words;
		records += k->sp.records;
		path = path_with(path, k);
		*segments_path(g, path) = (uint16_t)++logged;
	}
	x->nsteps += n;
	x->nsegments += n;
	g->logged = logged;
	g->credit += (int32_t)n;
	w->at = at;
	w->path = path;
	w->records += records;
	w->next += n;
	w->most -= n;
	w->id = n ? taken[n - 1]->out : w->id;
}

#endif
