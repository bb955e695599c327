/* verify.c - the walk over an SP: records, jumps, calls, verdict. */
#include "blink/verify/segment.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "blink/sp/asm.h"

/* One SP's code being walked. */
struct walk {
	const uint32_t *code;
	uint32_t nwords, at, record;
	uint32_t *target;               /* pending jump targets: a heap, nearest first */
	uint32_t ntargets, targets_cap;
	uint32_t next;                  /* the nearest, UINT32_MAX none */
	bool ended;
};

static HOT enum verify_reason code_walk(struct verifier *v, const struct sp *sp);

/* ---- jumps --------------------------------------------------------------- */

static bool target_push(struct walk *w, uint32_t target)
{
	uint32_t i, *t;

	if (w->ntargets == w->targets_cap) {
		uint32_t cap = w->targets_cap ? w->targets_cap * 2 : 16;

		t = realloc(w->target, cap * sizeof(*t));
		if (!t)
			return false;
		w->target = t;
		w->targets_cap = cap;
	}
	t = w->target;
	for (i = w->ntargets++; i && t[(i - 1) / 2] > target; i = (i - 1) / 2)
		t[i] = t[(i - 1) / 2];
	t[i] = target;
	w->next = t[0];
	return true;
}

static void target_pop(struct walk *w)
{
	uint32_t *t = w->target, last = t[--w->ntargets], i = 0, child;

	while ((child = 2 * i + 1) < w->ntargets) {
		if (child + 1 < w->ntargets && t[child + 1] < t[child])
			child++;
		if (t[child] >= last)
			break;
		t[i] = t[child];
		i = child;
	}
	if (w->ntargets)
		t[i] = last;
	w->next = w->ntargets ? t[0] : UINT32_MAX;
}

static enum verify_reason jump(struct verifier *v, struct walk *w, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint32_t distance = rec[op->operands[op->noperands - 1].word];
	uint32_t after = w->at + op->words;

	/* the last record is `end`, and starts before the last word's end */
	if (distance >= w->nwords - after)
		return VERIFY_JUMP_PAST_END;
	if (!state_fork(v->s))
		return VERIFY_JOIN_STATE;
	if (!target_push(w, after + distance))
		v->s->failed = true;
	return VERIFY_OK;
}

/* Jumps that arrive here. */
static enum verify_reason arrive(struct verifier *v, struct walk *w, unsigned pending_outside)
{
	if (w->next < w->at)
		return VERIFY_JUMP_INSIDE;
	while (w->next == w->at)
		target_pop(w);
	return state_join(v->s, w->ntargets == 0 && !pending_outside) ? VERIFY_OK
								      : VERIFY_JOIN_STATE;
}

/* ---- calls --------------------------------------------------------------- */

static enum verify_reason call(struct verifier *v, const uint32_t *rec)
{
	const struct sp *callee;
	enum verify_reason r;

	if (rec[2] > SP_REGISTERS || rec[3] > SP_REGISTERS - rec[2])
		return VERIFY_WINDOW_RANGE;
	for (unsigned i = 0; i <= v->depth; i++)
		if (v->chain[i] == rec[1])
			return VERIFY_CALL_CYCLE;
	if (v->depth == SP_CALL_DEPTH)
		return VERIFY_CALL_DEPTH;
	callee = v->env->callee ? v->env->callee(v->env->user, rec[1]) : NULL;
	if (!callee)
		return VERIFY_CALL_UNKNOWN;
	v->chain[++v->depth] = rec[1];
	if (v->env->want_rerunnable)
		effects_inline(v->s->walk, true);
	r = code_walk(v, callee);
	if (v->env->want_rerunnable)
		effects_inline(v->s->walk, false);
	v->depth--;
	return r;
}

/* ---- records ------------------------------------------------------------- */

static enum verify_reason registers(const struct desc *d, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	if (sp_mask(*rec) & ~(unsigned)d->reg_ok)
		return VERIFY_REGISTER_NOT_ALLOWED;
	for (unsigned m = sp_mask(*rec); m; m &= m - 1)
		if (rec[op->operands[__builtin_ctz(m)].word] >= SP_REGISTERS)
			return VERIFY_REGISTER_RANGE;
	return VERIFY_OK;
}

/* Popek and Goldberg: a sensitive command is somebody's to mediate, or is refused. */
static bool mediated(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	uint32_t bit = d->mediation ? 1u << (d->mediation - 1) : 0;

	v->facts->mediations |= bit;
	v->facts->clamps |= sp_mask(*rec) != 0;
	return v->env->limits.allow_sensitive || (bit & ~v->env->limits.unmediated);
}

static enum verify_reason allowed(struct verifier *v, const struct desc *d,
				  const uint32_t *rec)
{
	if (!(d->callbacks & v->callback))
		return VERIFY_CALLBACK_RULE;
	if (d->flags & DESC_NEVER)
		return VERIFY_PAYLOAD_SIZE_UNKNOWN;
	if (d->flags & DESC_OPAQUE) {
		v->facts->opaque++;
		if (!v->env->limits.allow_opaque)
			return VERIFY_OPAQUE;
	}
	if ((d->flags & DESC_SENSITIVE) && !mediated(v, d, rec))
		return VERIFY_SENSITIVE;
	if (d->relative) {
		v->facts->relative |= d->relative;
		caps_list(v, LIST_RELATIVE);
	}
	if (d->flags & DESC_READS_FRAMEBUFFER) {
		v->facts->reads_framebuffer = true;
		caps_list(v, LIST_READS);
	}
	return VERIFY_OK;
}

static enum verify_reason hook(struct verifier *v, struct walk *w, const struct desc *d,
			       const uint32_t *rec)
{
	switch (d->hook) {
	case HOOK_END:
		w->ended = true;
		return w->at + d->words == w->nwords ? VERIFY_OK : VERIFY_CODE_AFTER_END;
	case HOOK_JUMP: return jump(v, w, rec);
	case HOOK_CALL: return call(v, rec);
	default: return track(v, d, rec);
	}
}

static inline bool too_much(const struct verifier *v)
{
	return v->s->work > v->work;
}

static HOT enum verify_reason record(struct verifier *v, struct walk *w, const uint32_t *rec)
{
	const struct desc *d = &v->s->desc->op[sp_opcode(*rec)];
	enum verify_reason r = too_much(v) ? VERIFY_WORK : VERIFY_OK;

	if (r != VERIFY_OK)
		return r;
	if (*rec >> 16)
		r = registers(d, rec);
	if (r == VERIFY_OK && ((d->flags & DESC_SPECIAL) || !(d->callbacks & v->callback)))
		r = allowed(v, d, rec);
	if (r == VERIFY_OK && (d->flags & DESC_CHECKED))
		r = check_operands(v, d, rec);
	v->facts->vertices += d->vertices;
	/* a call's effects are those of its records */
	if (r == VERIFY_OK && v->env->want_rerunnable && d->hook != HOOK_CALL)
		effects_add_record(v->s->walk, rec);
	if (r == VERIFY_OK && d->hook != HOOK_NONE)
		r = hook(v, w, d, rec);
	return r;
}

/* ---- stretches ------------------------------------------------------------ */

#define FETCH_NEXT (6 * HOT_LINE)        /* of what compiling needs, with each of them */

/* Whole rounds from word pc on, none of them beyond the next jump's target. */
static uint32_t rounds_from(const struct verifier *v, const struct walk *w,
			    const struct sp_pattern *p, uint32_t pc)
{
	uint32_t end = w->next < w->nwords ? w->next : w->nwords;

	return p->user & v->callback ? v->index->rounds(p, w->code + pc, end - pc) : 0;
}

static HOT void stretch_take(struct verifier *v, struct walk *w, const struct sp_pattern *p,
			 uint32_t rounds, bool effects)
{
	uint32_t at = w->at;

	hot_next_fetch(&v->s->next, FETCH_NEXT);
	segments_stretch(v, rounds * p->records, w->record + rounds * p->records);
	index_add_stretch(v->index, at, p, rounds);
	w->record += rounds * p->records;
	v->facts->vertices += (uint64_t)rounds * p->vertices;
	w->at += rounds * p->words;
	for (; effects && at < w->at; at += v->s->desc->op[sp_opcode(w->code[at])].words)
		effects_add_record(v->s->walk, w->code + at);
}

/* A pattern that was met before, met again? */
static HOT bool stretch_known(struct verifier *v, struct walk *w, bool effects)
{
	uint32_t end = w->next < w->nwords ? w->next : w->nwords, rounds;
	struct sp_pattern *p = segments_pattern(v, w->code + w->at, end - w->at);
	bool is;

	if (!p)
		return false;
	rounds = rounds_from(v, w, p, w->at);
	is = rounds >= segments_rounds(v->s->segments, p->records);
	index_judge(v->index, p, is);
	if (is)
		stretch_take(v, w, p, rounds, effects);
	return is;
}

static struct sp_pattern *pattern_learn(struct verifier *v, const struct sp_step *first,
					unsigned n)
{
	uint32_t headers[INDEX_PERIOD];
	struct sp_pattern *p;

	for (unsigned i = 0; i < n; i++)
		headers[i] = first[i].what;
	p = index_learn(v->index, headers, n, desc_slack);
	if (!p)
		return NULL;
	p->user = UINT32_MAX;
	p->vertices = 0;
	for (unsigned i = 0; i < n; i++) {
		p->user &= v->s->desc->op[sp_opcode(headers[i])].callbacks;
		p->vertices += v->s->desc->op[sp_opcode(headers[i])].vertices;
	}
	return p;
}

/* This record and the last one are what was there n before: a stretch that began n + 1
 * records ago?  Then these are taken back, and become its beginning. */
static HOT bool stretch_new(struct verifier *v, struct walk *w, unsigned n, bool effects)
{
	struct sp_index *x = v->index;
	const struct sp_step *first = &x->step[x->nsteps - 1 - n];
	uint32_t end = w->next < w->nwords ? w->next : w->nwords, seen = w->at;
	uint32_t least = segments_rounds(v->s->segments, n), rounds;
	struct sp_pattern *p;

	if (!index_repeats(w->code + first->pc, end - first->pc, first[n].pc - first->pc, least))
		return false;
	p = pattern_learn(v, first, n);
	rounds = p ? rounds_from(v, w, p, first->pc) : 0;
	if (rounds < least)
		return false;
	w->record -= n + 1;
	v->facts->vertices -= p->vertices +
			      v->s->desc->op[sp_opcode(first->what)].vertices;
	w->at = first->pc;
	x->nsteps -= n + 1;
	segments_unlearn(v, n + 1);
	stretch_take(v, w, p, rounds, false);
	for (; effects && seen < w->at; seen += v->s->desc->op[sp_opcode(w->code[seen])].words)
		effects_add_record(v->s->walk, w->code + seen);
	return true;
}

/* ---- the walk --------------------------------------------------------------- */

/* Steps over what was met before; where that is not possible, the objects are what they
 * should be when it returns. */
static HOT bool known(struct verifier *v, struct walk *w)
{
	if (w->next != UINT32_MAX || v->s->region_open || v->s->ctx->list) {
		segments_pause(v);
		return false;
	}
	if (!too_much(v) && segments_take(v, w->code, w->nwords, &w->at, &w->record))
		return true;
	segments_settle(v);
	return false;
}

/* note: this is the outermost SP, whose steps are written down.  The compiler makes a
 * function of each case. */
static inline __attribute__((always_inline)) enum verify_reason
records(struct verifier *v, struct walk *w, bool pending_outside, bool effects, bool note)
{
	const struct desc *desc = v->s->desc->op;
	enum verify_reason r = VERIFY_OK;
	struct segments *const g = v->s->segments;
	struct index_recent recent;
	bool idle;

	index_recent_clear(&recent);
	while (w->at < w->nwords) {
		const uint32_t *rec = w->code + w->at;
		unsigned op = sp_opcode(*rec), both;

		if (op >= GL_OP_COUNT)
			return VERIFY_UNKNOWN_OP;
		if (desc[op].words > w->nwords - w->at)
			return VERIFY_TRUNCATED;
		if (w->next <= w->at) {
			r = arrive(v, w, pending_outside);
			if (r != VERIFY_OK)
				return r;
			index_recent_clear(&recent);
		}
		if (note && v->index->by_op[op] && stretch_known(v, w, effects)) {
			index_recent_clear(&recent);
			continue;
		}
		if (note && !segments_idle(g)) {
			if (!desc[op].piece) {
				segments_settle(v);
			} else if (known(v, w)) {
				index_recent_clear(&recent);
				continue;
			}
		}
		if (note && desc[op].regular) {
			both = index_recent_add(&recent, *rec);
			if (both && stretch_new(v, w, (unsigned)__builtin_ctz(both) + 1, effects)) {
				index_recent_clear(&recent);
				continue;
			}
		} else if (note) {
			index_recent_clear(&recent);
		}
		idle = !note || segments_idle(g);
		if (note)
			index_add(v->index, w->at, *rec);
		if (!idle)
			segments_before(v, &desc[op], rec, w->at);
		/* most records: a vertex, a colour, a matrix */
		if (desc[op].plain && !(*rec >> 16) && !effects &&
		    (desc[op].callbacks & v->callback)) {
			v->facts->vertices += desc[op].vertices;
		} else {
			if (desc[op].primitive && !(*rec >> 16) && !effects &&
			    (desc[op].callbacks & v->callback))
				r = caps_begin_end(v, desc[op].hook == HOOK_BEGIN);
			else
				r = record(v, w, rec);
			if (r != VERIFY_OK || v->s->failed)
				return r;
		}
		if (!idle)
			segments_after(v, &desc[op], rec);
		else if (note)
			segments_idle_step(g, &desc[op]);
		w->at += desc[op].words;
		w->record++;
	}
	return w->ended ? VERIFY_OK : VERIFY_NO_END;
}

/* Those that are rare, out of the way of the other. */
static __attribute__((noinline)) enum verify_reason
records_rarely(struct verifier *v, struct walk *w, bool pending, bool note)
{
	if (!note)
		return records(v, w, pending, v->env->want_rerunnable, false);
	return records(v, w, pending, true, true);
}

static enum verify_reason records_walk(struct verifier *v, struct walk *w, bool pending)
{
	if (v->depth)
		return records_rarely(v, w, pending, false);
	if (index_begin(v->index, w->code, w->nwords) < 0) {
		v->s->failed = true;
		return VERIFY_OK;
	}
	return v->env->want_rerunnable ? records_rarely(v, w, pending, true)
				       : records(v, w, pending, false, true);
}

/* What is shown of a refused record; the outermost SP's place is kept. */
static void refusal_note(struct verifier *v, const struct walk *w, const struct sp *sp,
			 enum verify_reason r)
{
	struct verify_verdict *d = v->verdict;
	struct buf line;
	uint32_t op = w->at < w->nwords ? sp_opcode(w->code[w->at]) : GL_OP_COUNT;
	bool whole = op < GL_OP_COUNT && gl_ops[op].words <= w->nwords - w->at;

	d->record = w->record;
	d->word = w->at;
	if (d->reason != VERIFY_OK)
		return;
	d->reason = r;
	buf_init(&line);
	if (v->depth)
		buf_printf(&line, "in SP %u, record %u: ", sp->id, w->record);
	if (whole)
		sp_disassemble_record(w->code + w->at, &line);
	else if (w->at < w->nwords)
		buf_printf(&line, ".word 0x%08x", w->code[w->at]);
	buf_append(&line, "", 1);
	if (!buf_failed(&line))
		snprintf(d->line, sizeof(d->line), "%s", (const char *)line.data);
	buf_finish(&line);
}

static enum verify_reason code_walk(struct verifier *v, const struct sp *sp)
{
	struct walk w = { .code = sp->code, .nwords = sp->nwords, .next = UINT32_MAX };
	bool pending = v->s->region_open;
	enum verify_reason r;

	if (!sp->code || sp->nwords > SP_MAX_WORDS)
		r = VERIFY_TOO_LONG;
	else if (sp->nwords > v->budget)
		r = v->depth ? VERIFY_CALL_TOO_LONG : VERIFY_TOO_LONG;
	else {
		v->budget -= sp->nwords;
		r = records_walk(v, &w, pending);
	}
	v->facts->commands += w.record;
	if (!v->depth)
		v->index->records = w.record;
	if (r != VERIFY_OK)
		refusal_note(v, &w, sp, r);
	if (w.target)
		free(w.target);
	return r;
}

/* ---- fetching ahead ------------------------------------------------------------ */

#define FETCH_LEAST 256u         /* words of a procedure that is worth it */
#define FETCH_PATTERNS 3u        /* about to be learned */
static_assert(DESC_FETCH_WORDS <= FETCH_LEAST, "a procedure has so many words");

/* ---- entry --------------------------------------------------------------- */

/* Worst case: what calls expand to counts against the longest procedure allowed. */
static uint64_t budget_of(const struct verify_limits *l)
{
	return l->words && l->words < SP_MAX_WORDS ? l->words : SP_MAX_WORDS;
}

/* What every procedure needs, where the caches may have lost it. */
static HOT __attribute__((noinline)) void
tables_fetch(struct verify_state *s, const struct verify_env *env, const struct sp *sp)
{
	const struct sp_index *x = env->index ? env->index : &s->index;

	hot_fetch(&s->next);
	fetch_lines(s, offsetof(struct verify_state, nowhere));
	fetch_lines(&s->ctx,
		    offsetof(struct verify_state, memo) - offsetof(struct verify_state, ctx));
	fetch_lines(s->ctx, sizeof(*s->ctx));
	segments_fetch(s->segments);
	fetch_lines(env, sizeof(*env));
	fetch_lines(x, sizeof(*x));
	desc_fetch(s->desc, sp->code, sp->nwords);
	/* what is written here is read at once */
	fetch_lines_write(x->pattern + 1, FETCH_PATTERNS * sizeof(*x->pattern));
	fetch_lines_write(s->undo.b.data, sizeof(struct context));
}

static uint64_t work_of(const struct verify_limits *l, const struct sp *sp)
{
	return l->work ? l->work + (uint64_t)l->work_word * sp->nwords : UINT64_MAX;
}

static HOT __attribute__((noinline)) int sp_verify(struct verify_state *s,
						   const struct verify_env *env,
						   const struct sp *sp,
						   struct verify_verdict *verdict)
{
	struct verifier v = {
		.s = s, .env = env, .verdict = verdict, .facts = &verdict->facts,
		.index = env->index ? env->index : &s->index,
		.budget = budget_of(&env->limits), .chain = { sp->id },
		.work = work_of(&env->limits, sp),
		.callback = (uint8_t)(sp->callback < SP_CALLBACKS ? 1u << sp->callback : 0),
	};
	enum verify_reason r;

	memset(verdict, 0, sizeof(*verdict));
	if (env->want_rerunnable && !s->walk) {
		s->walk = effects_create();
		if (!s->walk)
			return -ENOMEM;
	}
	state_begin(s);
	s->work = 0;
	if (env->want_rerunnable)
		effects_begin(s->walk);
	segments_begin(&v, !env->want_rerunnable, sp);
	r = code_walk(&v, sp);
	segments_end(&v, r == VERIFY_OK && !s->failed);
	hot_next_fetch(&s->next, SIZE_MAX);
	if (r != VERIFY_OK || s->failed)
		v.index->code = NULL;
	if (s->failed) {
		s->failed = false;
		state_undo(s);
		return -ENOMEM;
	}
	if (r != VERIFY_OK) {
		state_undo(s);
		return -EACCES;
	}
	if (env->want_rerunnable)
		verdict->facts.rerunnable = effects_rerunnable(s->walk, NULL);
	verdict->still = state_still(s);
	return 0;
}

HOT int verify_sp(struct verify_state *s, const struct verify_env *env, const struct sp *sp,
		  struct verify_verdict *verdict)
{
	if (sp->code && sp->nwords >= FETCH_LEAST && hot_away(&s->looked))
		tables_fetch(s, env, sp);
	return sp_verify(s, env, sp, verdict);
}
