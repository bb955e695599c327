/* segment_take.c - stepping over segments met again.  See segment.h.
 *
 * Most segments come after the same four as the last time, so that one comparison finds them.
 */
#include "blink/verify/segment_check.h"

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

/* ---- what comes next --------------------------------------------------------------------
 *
 * All segments taken are written down one after the other.  What came after the same four
 * the last time is where going on begins, and from there the log is followed as long as it
 * is right: so the next ones are known long before this one is done with. */

/* No piece is looked for here: a stretch of a pattern that was met seems to begin; or it is
 * no record that could be in one. */
static inline bool stretch_may_begin(const struct verifier *v, const uint32_t *code,
				     uint32_t nwords)
{
	unsigned op = sp_opcode(*code);

	return op >= GL_OP_COUNT || !v->s->desc->op[op].piece ||
	       (v->index->by_op[op] && segments_pattern(v, code, nwords));
}

/* The log is not right: where in it the segment is that begins here; else it is *found,
 * NULL if none is known. */
static __attribute__((noinline)) uint32_t look_for(struct verifier *v,
						   const struct segments_walk *w,
						   const struct segment **found)
{
	struct segments *g = v->s->segments;
	uint32_t at = *segments_path(g, w->path), nwords = w->end - w->at;
	const uint32_t *code = w->code + w->at;

	*found = g->log[at % SEGMENT_LOG].segment;
	/* stretches are tried first */
	if (w->at != w->start && stretch_may_begin(v, code, nwords))
		*found = NULL;
	else if ((*found)->in != g->id || !segment_matches(v, *found, code, nwords))
		*found = segment_find(v, code, nwords);
	return at;
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

/* Without AVX-512, or where that is not of use: one by one. */
enum segment_answer segments_follow(struct verifier *v, struct segments_walk *w)
{
	struct segments *g = v->s->segments;

	while (w->at < w->end && w->most) {
		const struct segment_taken *last = &g->log[w->next % SEGMENT_LOG];
		const struct segment *k = last->segment;
		enum segment_answer answer;

		if (k->in != w->id)
			return SEGMENT_OTHER;
		answer = segment_look(v, last, w->code + w->at, w->end - w->at);
		w->failed = k;
		if (answer != SEGMENT_GOOD)
			return answer;
		segments_step(v, w, &k, 1);
	}
	return SEGMENT_GOOD;
}

/* The log is not right at this place, or objects are not yet behind: goes on elsewhere in it, or
 * takes the segment that is here by itself. */
static enum segment_answer turn(struct verifier *v, struct segments_walk *w)
{
	struct segments *g = v->s->segments;
	const struct segment_taken *last;
	const struct segment *k;
	bool behind = g->lazy;
	uint32_t next;

	g->id = w->id;
	next = look_for(v, w, &k);
	if (!k)
		return SEGMENT_OTHER;
	*segments_path(g, w->path) = (uint16_t)g->logged;
	last = &g->log[next % SEGMENT_LOG];
	w->next = next;
	if (last->segment == k && behind)
		return SEGMENT_GOOD;
	next = last->segment == k ? next + 1 : *segments_path(g, path_with(w->path, k));
	w->failed = k;
	if (!behind)
		segments_lazy(v);
	if (v->s->failed ||
	    !segment_passes(v, k, last, w->code + w->at))
		return SEGMENT_FAILED;
	segments_step(v, w, &k, 1);
	w->next = next;
	return SEGMENT_GOOD;
}

/* From word at on, where the shadow is known, so many at most; returns the first word not
 * taken.  start: where there is no stretch. */
static uint32_t take(struct verifier *v, const uint32_t *code, uint32_t at, uint32_t start,
		     uint32_t end, uint32_t most, uint32_t *records)
{
	struct segments *g = v->s->segments;
	struct segments_walk w = { .code = code, .at = at, .end = end, .most = most, .start = start,
				   .id = g->id, .path = g->path,
				   .next = *segments_path(g, g->path) };
	enum segment_answer answer = SEGMENT_GOOD;

	while (answer == SEGMENT_GOOD && w.at < end && w.most) {
		answer = g->lazy ? g->follow(v, &w) : SEGMENT_OTHER;
		if (answer == SEGMENT_OTHER)
			answer = turn(v, &w);
	}
	g->id = w.id;
	g->path = w.path;
	if (answer == SEGMENT_FAILED)
		failed(v, w.failed, w.at + w.failed->sp.words);
	g->reuse.hits += w.records;
	*records += w.records;
	return w.at;
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
