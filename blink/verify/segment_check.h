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

static inline uint32_t arrays_least(const uint32_t *avail, const uint8_t *array)
{
	uint32_t a = least(avail[array[0]], avail[array[1]]);
	uint32_t b = least(avail[array[2]], avail[array[3]]);
	uint32_t c = least(avail[array[4]], avail[array[5]]);
	uint32_t d = least(avail[array[6]], avail[array[7]]);

	return least(least(a, b), least(c, d));
}

static inline uint32_t locked_with(uint32_t locked, const uint32_t *range)
{
	uint32_t first = range[0], count = range[1];
	bool good = (int32_t)first >= 0 && (int32_t)count > 0;

	return good && first + count > locked ? first + count : locked;
}

/* The greatest index of a payload that is there. */
static inline uint32_t index_most(struct verifier *v, const uint32_t *payload, uint32_t count,
				  uint32_t type)
{
	const struct index_memo *m = index_memo_of(v, payload, count);
	uint32_t min, max;

	if (index_memo_has(v, m, payload, count, type))
		return m->max;
	index_range(v, payload, count, type, INDEX_NO_RESTART, &min, &max);
	return max;
}

/* A draw whose indices, if any, are in a payload. */
static inline bool draw_fits(struct verifier *v, const struct segment_draw *d,
			     const uint32_t *code, uint32_t locked, uint64_t *vertices)
{
	const struct segments *g = v->s->segments;
	uint32_t limit = arrays_least(g->avail, d->array), count = code[d->count];
	const uint32_t *at = code + d->at;

	*vertices += (uint64_t)count * d->instances;
	if ((int32_t)count <= 0 || locked > limit)
		return false;
	if (!d->bytes)
		return (int32_t)*at >= 0 && (uint64_t)*at + count <= limit;
	if (payload_short(g, at, (uint64_t)count * d->bytes))
		return false;
	return index_most(v, at, count, d->type) < limit;
}

/* Locks and draws as most segments have them. */
static inline bool draw_passes(struct verifier *v, const struct segment *k,
			       const uint32_t *code, uint64_t *vertices)
{
	const struct segment_draw *d = &k->draw;
	uint32_t locked = v->s->ctx->locked;

	if (d->unlocks)
		locked = 0;
	if (d->locks)
		locked = locked_with(locked, code + d->lock);
	if (d->draws && !draw_fits(v, d, code, locked, vertices))
		return false;
	v->s->ctx->locked = locked;
	return true;
}

#endif
