/* segment_take.c - stepping over segments met again.  See segment.h.
 *
 * Of a frame most of the time goes by here, so that what is done for each segment is kept
 * short and without branches that go now this way, now that: what is found wrong is
 * gathered and asked for once, and most segments come after the same four as the last
 * time, so that one comparison finds them.
 */
#include "blink/verify/segment.h"

#include <string.h>

/* ---- which one ----------------------------------------------------------------------- */

bool segment_matches(const struct verifier *v, const struct segment *k, const uint32_t *code,
		     uint32_t nwords)
{
	unsigned whole = nwords / 16;
	uint32_t tail[16] = { 0 };

	if (k->sp.words > nwords)
		return false;
	if (k->vectors <= whole)
		return v->index->equal(k->want, k->exact, code, k->vectors);
	/* the last ones before the procedure's end */
	memcpy(tail, code + whole * 16, nwords % 16 * sizeof(*tail));
	return v->index->equal(k->want, k->exact, code, whole) &&
	       v->index->equal(k->want + whole * 16, k->exact + whole, tail, 1);
}

/* Most of it is not in the nearest cache. */
static inline void prefetch(const struct segment *k)
{
	const uint8_t *p = (const uint8_t *)k;

	for (unsigned i = 0; i < 8 && k; i++)
		__builtin_prefetch(p + 64 * i);
}

/* Nor are the payloads that the next one names, if it is that one. */
static inline void payloads_prefetch(const struct segments *g, const struct segment *k,
				     const uint32_t *code)
{
	for (unsigned i = 0; i < SEGMENT_AT_ONCE; i++)
		__builtin_prefetch((const uint8_t *)g->payloads.v +
				   (size_t)code[k->lanes.word[i]] * sizeof(*g->payloads.v));
}

/* ---- what comes next --------------------------------------------------------------------
 *
 * All segments taken are written down one after the other.  What came after the same four
 * the last time is where going on begins, and from there the log is followed as long as it
 * is right: so the next one is known long before this one is done with. */

static inline uint16_t *path_slot(struct segments *g, uint64_t path)
{
	return &g->where[path * 0x9e3779b97f4a7c15u >> 52 & (SEGMENT_PATHS - 1)];
}

static inline uint64_t path_with(uint64_t path, const struct segment *k)
{
	return path << 16 ^ (k->sp.serial & 0xffff);
}

static inline bool fits(const struct verifier *v, const struct segment *k, uint32_t id,
			const uint32_t *code, uint32_t nwords)
{
	return k && k->in == id && segment_matches(v, k, code, nwords);
}

/* No piece is looked for here: a stretch of a pattern that was met seems to begin; or it is
 * no record that could be in one. */
static inline bool stretch_may_begin(const struct verifier *v, const uint32_t *code,
				     uint32_t nwords)
{
	unsigned op = sp_opcode(*code);

	return op >= GL_OP_COUNT || !v->s->desc->op[op].piece ||
	       (v->index->by_op[op] && segments_pattern(v, code, nwords));
}

/* The log is not right: the segment that begins here, NULL if none is known.  first: it is
 * known that no stretch begins here. */
static __attribute__((noinline)) const struct segment *look_for(struct verifier *v, uint64_t path,
							       const uint32_t *code,
							       uint32_t nwords, bool first)
{
	struct segments *g = v->s->segments;
	const struct segment *k = g->log[*path_slot(g, path) % SEGMENT_LOG];

	/* stretches are tried first */
	if (!first && stretch_may_begin(v, code, nwords))
		return NULL;
	return fits(v, k, g->id, code, nwords) ? k : segment_find(v, code, nwords);
}

/* ---- all that follow each other -------------------------------------------------------- */

/* A known segment whose operands do not pass: its records are verified in full, and not
 * learned once more.  Unless what it found in lists and buffers is no longer there: then it
 * will never pass again, and another takes its place. */
static void failed(struct verifier *v, const struct segment *k, uint32_t until)
{
	struct segments *g = v->s->segments;

	segments_settle(v);
	g->edge = 0;
	if (!segment_stands(v, k)) {
		segment_drop(k);
		until = 0;
	}
	g->id = SEGMENT_NONE;
	g->wait = until;
	g->reuse.failed++;
}

/* A piece that was never met: it is not looked up, nor learned. */
static void skip(struct verifier *v)
{
	struct segments *g = v->s->segments;

	segments_settle(v);
	g->id = SEGMENT_NONE;
	g->edge = 0;
	g->skip = true;
	g->skipped = 0;
}

/* What it adds to the facts, but for what is in its image. */
static inline void facts_add(struct verify_facts *f, const struct segment *k, uint64_t vertices)
{
	f->vertices += vertices + k->vertices;
	f->opaque += k->opaque;
	f->unknown_lists += k->unknown_lists;
	f->list_words += k->list_words;
}

/* From word at on, where the shadow is known, so many at most; returns the first word not
 * taken.  start: where there is no stretch. */
static uint32_t take(struct verifier *v, const uint32_t *code, uint32_t at, uint32_t start,
		     uint32_t end, uint32_t most, uint32_t *records)
{
	struct segments *g = v->s->segments;
	uint32_t id = g->id, next, logged = g->logged, taken = 0;
	uint64_t path = g->path;

	next = *path_slot(g, path);
	while (at < end && most--) {
		const struct segment *k = g->log[next++ % SEGMENT_LOG];
		const struct segment *coming;
		uint64_t vertices = 0;

		if (!fits(v, k, id, code + at, end - at)) {
			g->id = id;
			k = look_for(v, path, code + at, end - at, at == start);
			if (!k)
				break;
			*path_slot(g, path) = (uint16_t)logged;
			next = *path_slot(g, path_with(path, k));
		}
		coming = g->log[next % SEGMENT_LOG];
		if (coming && k->sp.words + coming->sp.words <= end - at)
			payloads_prefetch(g, coming, code + at + k->sp.words);
		prefetch(g->log[(next + 1) % SEGMENT_LOG]);
		if (!g->lazy)
			segments_lazy(v);
		if (v->s->failed || !g->passes(v, k, code + at, &vertices)) {
			g->id = id;
			failed(v, k, at + k->sp.words);
			id = SEGMENT_NONE;
			break;
		}
		index_add_segment(v->index, at, &k->sp);
		facts_add(v->facts, k, vertices);
		id = k->out;
		at += k->sp.words;
		taken += k->sp.records;
		path = path_with(path, k);
		g->log[logged++ % SEGMENT_LOG] = k;
		*path_slot(g, path) = (uint16_t)logged;
		g->credit++;
	}
	g->id = id;
	g->path = path;
	g->logged = logged;
	g->reuse.hits += taken;
	*records += taken;
	return at;
}

/* The same where runs are looked for, and kept. */
static uint32_t take_runs(struct verifier *v, const uint32_t *code, uint32_t at, uint32_t end,
			  uint32_t *records)
{
	struct segments *g = v->s->segments;
	struct run_begin b;
	uint32_t taken, from, start = at;

	if (!g->lazy)
		segments_lazy(v);
	do {
		if (v->s->failed)
			break;
		from = at;
		taken = run_take(v, code, at, end, records);
		at += taken;
		if (taken)
			continue;
		runs_open(v, &b, at);
		at = take(v, code, at, start, end, RUN_SEGMENTS, records);
		if (g->id != SEGMENT_NONE)
			runs_close(v, &b, code, at);
	} while (at > from && g->id != SEGMENT_NONE);
	return at;
}

bool segments_take(struct verifier *v, const uint32_t *code, uint32_t end, uint32_t *at,
		   uint32_t *records)
{
	struct segments *g = v->s->segments;
	uint32_t start = *at;

	if (g->learn.on || g->skip || start < g->wait || g->credit <= 0)
		return false;
	if (g->id == SEGMENT_NONE && g->edge)
		g->id = segments_expected(v);
	if (g->id == SEGMENT_NONE) {
		if (!segment_met(v, code + start, end - start)) {
			skip(v);
			return false;
		}
		g->id = segments_image(v);
		if (g->id == SEGMENT_NONE)
			return false;
		if (g->edge)
			segments_expect(g);
	}
	*at = g->runs ? take_runs(v, code, start, end, records)
		      : take(v, code, start, start, end, UINT32_MAX, records);
	g->credit = g->credit < SEGMENT_CREDIT ? g->credit : SEGMENT_CREDIT;
	/* neither known nor begun so before */
	if (*at < end && g->id != SEGMENT_NONE &&
	    (*at == start || !stretch_may_begin(v, code + *at, end - *at)) &&
	    !segment_met(v, code + *at, end - *at))
		skip(v);
	return *at != start;
}
