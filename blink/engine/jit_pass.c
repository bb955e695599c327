/* jit_pass.c - the single pass over a procedure's steps.
 *
 * A stretch of commands becomes one loop of code, one of arithmetic a run of vector
 * instructions.  Most single records have a stencil, and are dealt with in one loop
 * (singles_put) that looks at nothing but headers.
 */
#include "blink/engine/jit.h"

#include <assert.h>
#include <stdlib.h>

/* `map` is a constant of either of two passes: one that compiles, one that also notes
 * where the code of each record is. */
#define INLINE static inline __attribute__((always_inline))

/* ---- stencils ------------------------------------------------------------------ */

static inline uint8_t *small_put(const struct jit_stencil *s, uint8_t *p, intptr_t run_delta)
{
	uint64_t end = (uint64_t)(uintptr_t)(p + s->rel + 4) + (uint64_t)run_delta;
	uint32_t distance = (uint32_t)(s->target - end);

	memcpy(p, s->bytes, STENCIL_BYTES);
	memcpy(p + s->rel, &distance, 4);
	return p + s->len;
}

static inline uint8_t *short_put(const struct jit_stencil *s, uint8_t *p, const uint32_t *rec)
{
	memcpy(p, s->bytes, 16);
	p[s->at[0]] = (uint8_t)(rec[2] * 4);
	p[s->at[1]] = (uint8_t)(rec[3] * 4);
	p[s->at[2]] = (uint8_t)(rec[1] * 4);
	return p + s->len;
}

static inline void stencil_put(struct jit *j, const struct jit_stencil *s)
{
	if (s->kind == STENCIL_SMALL)
		j->x.p = small_put(s, j->x.p, j->x.run_delta);
	else
		jit_large_put(j, (unsigned)(s - j->stencils));
}

/* rbx points to word pc: lea rbx, [r13 + pc * 4]. */
static inline uint8_t *at_put(uint8_t *p, uint32_t pc)
{
	static const uint8_t lea[8] = { 0x49, 0x8d, 0x9d };
	uint32_t distance = pc * 4;

	memcpy(p, lea, 8);
	memcpy(p + 3, &distance, 4);
	return p + 7;
}

static void at_set(struct jit *j, uint32_t pc)
{
	if (j->at != pc)
		j->x.p = at_put(j->x.p, pc);
	j->at = pc;
}

/* A record that has no stencil, or one that is not to be used. */
static HOT_NEXT void record_put(struct jit *j, const uint32_t *rec, uint32_t pc)
{
	switch (gl_ops[sp_opcode(*rec)].form) {
	case GL_FORM_DIRECT:
		jit_regs_drop(j);
		at_set(j, pc);
		jit_emit_direct(j, rec);
		j->at = pc + gl_ops[sp_opcode(*rec)].words;
		j->block_records++;
		j->block_calls++;
		return;
	case GL_FORM_CORE:
		if (sp_opcode(*rec) == OP_end)
			jit_emit_end(j, pc);
		else
			jit_emit_core(j, rec, pc);
		return;
	default:
		jit_emit_command(j, rec, pc);
	}
}

/* ---- loops ------------------------------------------------------------------------ */

/* Before and after the records of a loop, with places for distances:
 *     lea r14, [rbx + all]; top: mov [rsp + JIT_ROUND_SLOT], rbx
 *     cmp rbx, r14; jne top */
static const uint8_t loop_head[] = {
	0x4c, 0x8d, 0xb3, 0, 0, 0, 0, 0x48, 0x89, 0x9c, 0x24, JIT_ROUND_SLOT, 0, 0, 0,
};
static const uint8_t loop_tail[] = { 0x4c, 0x39, 0xf3, 0x0f, 0x85, 0, 0, 0, 0 };
enum { HEAD_ALL = 3, HEAD_TOP = 7, TAIL_TOP = 5 };

static void u32_put(uint8_t *p, size_t v)
{
	uint32_t w = (uint32_t)v;

	memcpy(p, &w, sizeof(w));
}

/* What does nothing, by its length (Intel's and AMD's optimization manuals). */
static const uint8_t nops[10][9] = {
	{ 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 }, { 0x0f, 0x1f, 0x40, 0x00 },
	{ 0x0f, 0x1f, 0x44, 0x00, 0x00 }, { 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	{ 0x0f, 0x1f, 0x80, 0, 0, 0, 0 }, { 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0 },
	{ 0x66, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0 },
};

static HOT_NEXT uint8_t *nops_put(uint8_t *p, unsigned n)
{
	for (; n > 9; n -= 9, p += 9)
		memcpy(p, nops[9], 9);
	memcpy(p, nops[n], 9);          /* into the margin */
	return p + n;
}

/* A loop runs faster within one line of the instruction cache, or from a line's beginning
 * on (measured: 4.1 cycles per call instead of 4.6 to 5.1): p, or the end of the line. */
#define LINE 64u

static HOT_NEXT uint8_t *line_begin(const struct jit *j, uint8_t *p, unsigned before, size_t size)
{
	uint64_t top = (uint64_t)(uintptr_t)(p + before) + (uint64_t)j->x.run_delta;
	unsigned left = LINE - (unsigned)(top % LINE);

	if (left >= size || (size > LINE && left > LINE / 2))
		return p;
	return nops_put(p, left);
}

static size_t loop_size(const struct jit *j, const struct sp_pattern *t)
{
	size_t n = sizeof(loop_head) - HEAD_TOP + sizeof(loop_tail);

	for (unsigned k = 0; k < t->records; k++) {
		unsigned op = sp_opcode(t->header[k]);

		n += j->stencils[op].kind == STENCIL_SMALL ? j->stencils[op].len
							   : j->larges[op].len;
	}
	return n;
}

static HOT_NEXT void loop_note(struct jit *j, const struct sp_pattern *t, uint32_t pc, uint32_t rounds)
{
	if (j->nloops == j->loops_cap) {
		uint32_t cap = j->loops_cap ? j->loops_cap * 2 : 64;
		struct jit_loop *v = realloc(j->loops, cap * sizeof(*v));

		if (!v) {
			j->failed = true;
			return;
		}
		j->loops = v;
		j->loops_cap = cap;
	}
	j->loops[j->nloops++] = (struct jit_loop){ pc, t->records, rounds };
}

INLINE void loop_put(struct jit *j, const struct sp_pattern *t, uint32_t pc, uint32_t rounds,
		     bool map)
{
	uint8_t *p, *top;

	p = line_begin(j, j->x.p, HEAD_TOP, loop_size(j, t));
	top = p + HEAD_TOP;
	memcpy(p, loop_head, sizeof(loop_head));
	u32_put(p + HEAD_ALL, (size_t)rounds * t->words * 4);
	j->x.p = p + sizeof(loop_head);
	for (uint32_t k = 0; k < t->records; k++) {
		if (map)
			jit_map_note_round(j, pc + t->offset[k], pc, t->words, rounds);
		stencil_put(j, &j->stencils[sp_opcode(t->header[k])]);
	}
	p = j->x.p;
	memcpy(p, loop_tail, sizeof(loop_tail));
	u32_put(p + TAIL_TOP, (size_t)(top - (p + TAIL_TOP + 4)));
	j->x.p = p + sizeof(loop_tail);
}

/* ---- rounds that are called ---------------------------------------------------------
 *
 * How often a loop goes round, processors do not foresee beyond 8 rounds or so: its calls
 * and returns fill what they remember.  So where the same records are repeated once more,
 * rounds of them are laid down one after the other, and this stretch and all later ones
 * call them, entering so many rounds before their end as are to be done.  Each round:
 *     pop r14; mov [rsp + JIT_ROUND_SLOT], rbx; records; push r14
 * and after the last: ret.  (Callees find the stack as they do elsewhere.) */

#define BODY_ROUNDS 16u
#define BODY_CALLS 8u          /* longer stretches are loops */
static const uint8_t round_head[] = {
	0x41, 0x5e, 0x48, 0x89, 0x9c, 0x24, JIT_ROUND_SLOT, 0, 0, 0,
};
static const uint8_t round_tail[] = { 0x41, 0x56 };
enum { RET = 0xc3, CALL = 0xe8, JMP = 0xe9, DISTANCE = 5 };
static_assert(BODY_ROUNDS * (sizeof(round_head) + sizeof(round_tail) +
			     INDEX_PERIOD * STENCIL_BYTES) + (BODY_CALLS + 3) * DISTANCE <
	      JIT_MARGIN / 2, "rounds and their calls have room in the margin");

static void body_put(struct jit *j, struct jit_body *b, const struct sp_pattern *t, uint32_t pc,
		     uint32_t rounds)
{
	uint8_t *over = j->x.p, *p = over + DISTANCE;

	b->at = p;
	for (unsigned i = 0; i < BODY_ROUNDS; i++) {
		memcpy(p, round_head, sizeof(round_head));
		p += sizeof(round_head);
		for (uint32_t k = 0; k < t->records; k++) {
			j->x.p = p;
			if (j->map)
				jit_map_note_round(j, pc + t->offset[k], pc, t->words, rounds);
			p = small_put(&j->stencils[sp_opcode(t->header[k])], p, j->x.run_delta);
		}
		memcpy(p, round_tail, sizeof(round_tail));
		p += sizeof(round_tail);
	}
	b->round = (uint32_t)(p - b->at) / BODY_ROUNDS;
	*p++ = RET;
	*over = JMP;
	u32_put(over + 1, (size_t)(p - (over + DISTANCE)));
	j->x.p = p;
}

/* The rounds of pattern number what that are called, laid down if they are to be; NULL: none. */
static HOT_NEXT const struct jit_body *body_find(struct jit *j, uint32_t what,
					    const struct sp_pattern *t, uint32_t pc,
					    uint32_t rounds)
{
	struct jit_body *b = &j->bodies[what];

	if (b->pass != j->passes) {
		*b = (struct jit_body){ .pass = j->passes };
		return NULL;
	}
	if (rounds >= BODY_ROUNDS * (BODY_CALLS + 1))
		return NULL;
	if (!b->at) {
		for (uint32_t k = 0; k < t->records; k++)
			if (j->stencils[sp_opcode(t->header[k])].kind != STENCIL_SMALL)
				return NULL;
		body_put(j, b, t, pc, rounds);
	}
	return b;
}

/* What comes next overwrites 3 bytes. */
static inline uint8_t *call_put(uint8_t *p, const uint8_t *to)
{
	uint64_t call = CALL | (uint64_t)(uint32_t)(to - (p + DISTANCE)) << 8;

	memcpy(p, &call, sizeof(call));
	return p + DISTANCE;
}

static inline void calls_put(struct jit *j, const struct jit_body *b, uint32_t rounds)
{
	uint8_t *p = j->x.p, *at = b->at;

	if (rounds % BODY_ROUNDS)
		p = call_put(p, at + (BODY_ROUNDS - rounds % BODY_ROUNDS) * b->round);
	for (; rounds >= BODY_ROUNDS; rounds -= BODY_ROUNDS)
		p = call_put(p, at);
	j->x.p = p;
}

/* A stretch of records that each have a stencil. */
INLINE void rounds_put(struct jit *j, const struct sp_step *s, const struct sp_pattern *t,
		       bool map)
{
	const struct jit_body *b;

	loop_note(j, t, s->pc, s->rounds);
	at_set(j, s->pc);
	b = body_find(j, s->what, t, s->pc, s->rounds);
	if (b) {
		for (uint32_t k = 0; map && k < t->records; k++)
			jit_map_note_round(j, s->pc + t->offset[k], s->pc, t->words, s->rounds);
		calls_put(j, b, s->rounds);
	} else {
		loop_put(j, t, s->pc, s->rounds, map);
	}
	j->at = s->pc + s->rounds * t->words;
	j->block_records += t->records * s->rounds;
	j->block_calls += t->records * s->rounds;
}

/* ---- stretches ---------------------------------------------------------------------- */

static bool loop_possible(const struct jit *j, const struct sp_pattern *t)
{
	for (unsigned k = 0; k < t->records; k++) {
		const struct jit_stencil *s = &j->stencils[sp_opcode(t->header[k])];

		if ((s->kind != STENCIL_SMALL && s->kind != STENCIL_LARGE) || sp_mask(t->header[k]))
			return false;
	}
	return true;
}

#define RUN_RECORDS 512u       /* whose code has room in the margin */
static_assert(RUN_RECORDS * 12 < JIT_MARGIN && RUN_RECORDS / 2 * 16 < JIT_MARGIN,
	      "a run of arithmetic fits in the margin");

/* Arithmetic without a pause for labels or room: how many records from rec on, at most n. */
static uint32_t run_put(struct jit *j, const uint32_t *rec, uint32_t n)
{
	n = n < RUN_RECORDS ? n : RUN_RECORDS;
	jit_vector_run(j, rec, n);
	j->block_records += n;
	return n;
}

/* The same without vector registers. */
static uint32_t shorts_put(struct jit *j, const struct jit_stencil *s, const uint32_t *rec,
			   uint32_t n)
{
	uint8_t *p = j->x.p;

	n = n < RUN_RECORDS / 2 ? n : RUN_RECORDS / 2;
	for (uint32_t i = 0; i < n; i++, rec += s->words)
		p = short_put(s, p, rec);
	j->x.p = p;
	j->block_records += n;
	return n;
}

/* The records of a stretch one by one, from j->done on; false for want of room. */
static HOT_NEXT bool stretch_expand(struct jit *j, const struct sp *sp, const struct sp_step *s,
			   const struct sp_pattern *t)
{
	uint32_t all = s->rounds * t->records;
	const struct jit_stencil *stencil = &j->stencils[sp_opcode(t->header[0])];
	bool alone = t->records == 1 && !j->map;
	bool runs = alone && jit_vector_runs(j, t->header[0]);
	bool shorts = alone && stencil->kind == STENCIL_SHORT &&
		      stencil->mask == sp_mask(t->header[0]);

	while (j->done < all) {
		uint32_t pc = s->pc + j->done / t->records * t->words + t->offset[j->done % t->records];
		uint32_t label = jit_next_label(j), n = all - j->done;

		if (j->x.p > j->limit || j->failed)
			return false;
		if (label == pc) {
			jit_label(j, pc);
			continue;
		}
		if (runs || shorts) {
			n = (label - pc) / t->words < n ? (label - pc) / t->words : n;
			j->done += runs ? run_put(j, sp->code + pc, n)
					: shorts_put(j, stencil, sp->code + pc, n);
			continue;
		}
		if (j->map)
			jit_map_note(j, j->x.p, pc);
		record_put(j, sp->code + pc, pc);
		j->done++;
	}
	j->done = 0;
	return true;
}

/* False for want of room. */
INLINE bool stretch_put(struct jit *j, const struct sp *sp, const struct sp_step *s, bool map)
{
	const struct sp_pattern *t = &j->index->pattern[s->what];

	if (j->done || jit_next_label(j) < s->pc + s->rounds * t->words || !loop_possible(j, t))
		return stretch_expand(j, sp, s, t);
	jit_regs_drop(j);
	rounds_put(j, s, t, map);
	return true;
}

/* ---- the pass ----------------------------------------------------------------------- */

/* What changes with each record, in registers: writing code might change j for all the
 * compiler knows. */
struct cursor {
	uint8_t *p;
	uint32_t at, records, shorts;
	intptr_t run_delta;
};

INLINE struct cursor cursor_open(const struct jit *j)
{
	return (struct cursor){ .p = j->x.p, .at = j->at, .run_delta = j->x.run_delta };
}

INLINE void cursor_close(struct jit *j, const struct cursor *c)
{
	j->x.p = c->p;
	j->at = c->at;
	j->block_records += c->records;
	j->block_calls += c->records - c->shorts;
}

/* A record that has a stencil. */
INLINE bool single_put(struct jit *j, struct cursor *c, const struct sp *sp, uint32_t header,
		       uint32_t pc, bool map)
{
	const struct jit_stencil *s = &j->stencils[sp_opcode(header)];

	if (s->kind == STENCIL_NONE || s->mask != sp_mask(header))
		return false;
	if (map)
		jit_map_note(j, c->p, pc);
	c->records++;
	if (s->kind == STENCIL_SHORT) {
		c->p = short_put(s, c->p, sp->code + pc);
		c->shorts++;
		return true;
	}
	if (j->held) {
		j->x.p = c->p;
		jit_regs_drop_held(j);
		c->p = j->x.p;
	}
	if (c->at != pc)
		c->p = at_put(c->p, pc);
	c->at = pc + s->words;
	if (s->kind == STENCIL_SMALL) {
		c->p = small_put(s, c->p, c->run_delta);
	} else {
		j->x.p = c->p;
		jit_large_put(j, sp_opcode(header));
		c->p = j->x.p;
	}
	return true;
}

/* All single records from step i on that have a stencil, and lie before label, as far as
 * there is room. */
INLINE uint32_t singles_put(struct jit *j, const struct sp *sp, uint32_t i, uint32_t label,
			    bool map)
{
	const struct sp_step *const steps = j->index->step;
	struct cursor c = cursor_open(j);
	const uint8_t *limit = j->limit;
	uint32_t end = j->index->nsteps;

	for (; i < end && c.p <= limit; i++)
		if (steps[i].rounds || steps[i].pc >= label ||
		    !single_put(j, &c, sp, steps[i].what, steps[i].pc, map))
			break;
	cursor_close(j, &c);
	return i;
}

/* The records of a segment, from j->done on; no jump leads into it.  False for want of
 * room. */
INLINE bool segment_put(struct jit *j, const struct sp *sp, const struct sp_step *s, bool map)
{
	const struct sp_segment *k = j->index->segment[s->what];

	while (j->done < k->records) {
		struct cursor c = cursor_open(j);
		const uint8_t *limit = j->limit;
		uint32_t i = j->done, pc;

		for (; i < k->records && c.p <= limit; i++)
			if (!single_put(j, &c, sp, k->header[i], s->pc + k->offset[i], map))
				break;
		cursor_close(j, &c);
		j->done = i;
		if (i == k->records)
			break;
		if (j->x.p > limit || j->failed)
			return false;
		pc = s->pc + k->offset[i];
		if (map)
			jit_map_note(j, j->x.p, pc);
		record_put(j, sp->code + pc, pc);
		j->done++;
	}
	j->done = 0;
	return true;
}

INLINE uint32_t pass(struct jit *j, const struct sp *sp, uint32_t i, bool map)
{
	const struct sp_index *x = j->index;

	while (i < x->nsteps && j->x.p <= j->limit && !j->failed) {
		const struct sp_step *s = &x->step[i];
		uint32_t next;

		if (!j->done && jit_next_label(j) == s->pc)
			jit_label(j, s->pc);
		if (s->rounds) {
			if (!(s->rounds == INDEX_SEGMENT ? segment_put(j, sp, s, map)
							 : stretch_put(j, sp, s, map)))
				break;
			i++;
			continue;
		}
		next = singles_put(j, sp, i, jit_next_label(j), map);
		if (next == i) {
			if (map)
				jit_map_note(j, j->x.p, s->pc);
			record_put(j, sp->code + s->pc, s->pc), next++;
		}
		i = next;
	}
	return i;
}

/* Rare, and out of the way of the other. */
static __attribute__((noinline)) uint32_t pass_map(struct jit *j, const struct sp *sp, uint32_t i)
{
	return pass(j, sp, i, true);
}

uint32_t jit_pass(struct jit *j, const struct sp *sp, uint32_t i)
{
	return j->map ? pass_map(j, sp, i) : pass(j, sp, i, false);
}
