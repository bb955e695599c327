/* verify.c - the walk over an SP's records: words, registers, jumps, calls, callbacks.
 * What single operands and draws need is in operand.c, shadow.c and draw.c. */
#include "blink/verify/verify.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/sp/asm.h"
#include "blink/verify/effects.h"
#include "blink/verify/shadow.h"

static const struct {
	const char *name, *sentence;
} reasons[VERIFY_REASONS] = {
#define REASON(id, text) { #id, text },
#include "blink/verify/verify_reasons.def"
#undef REASON
};

const char *verify_reason_name(enum verify_reason r)
{
	static _Thread_local char name[40];
	size_t i = 0;

	if ((unsigned)r >= VERIFY_REASONS)
		return "unknown";
	for (; reasons[r].name[i] && i + 1 < sizeof(name); i++)
		name[i] = reasons[r].name[i] == '_' ? '-'
						    : (char)tolower((unsigned char)reasons[r].name[i]);
	name[i] = 0;
	return name;
}

const char *verify_reason_sentence(enum verify_reason r)
{
	return (unsigned)r < VERIFY_REASONS ? reasons[r].sentence : "unknown reason";
}

struct verify_state *verify_state_create(void)
{
	struct verify_state *s = calloc(1, sizeof(*s));

	if (s && !(s->walk = effects_create())) {
		free(s);
		return NULL;
	}
	return s;
}

void verify_state_destroy(struct verify_state *s)
{
	if (!s)
		return;
	while (s->contexts) {
		struct shadow *x = s->contexts;

		s->contexts = x->next;
		shadow_free(x);
	}
	effects_destroy(s->walk);
	free(s);
}

/* ---- jumps --------------------------------------------------------------------- */

/* Where jumps of one procedure lead: a bit per word, made at the first jump. */
struct targets {
	uint64_t *bits;
	uint32_t last;          /* furthest target so far */
	bool in_begin;          /* at the first jump of the region */
};

static bool target_at(const struct targets *t, uint32_t word)
{
	return t->bits && t->bits[word / 64] >> word % 64 & 1;
}

static enum verify_reason jump(struct run *r, struct targets *t, const struct sp *sp,
			       uint32_t next, uint32_t forward)
{
	bool begin = r->now && r->now->in_begin;
	uint32_t to;

	if (forward >= sp->nwords - next)
		return VERIFY_JUMP_PAST_END;
	to = next + forward;
	if (!t->bits && !(t->bits = calloc(sp->nwords / 64 + 1, sizeof(*t->bits))))
		return VERIFY_JUMP_PAST_END;
	if (to > next || r->conditional) {
		if (r->conditional && begin != t->in_begin)
			return VERIFY_JOIN_STATE;
		t->in_begin = begin;
		r->conditional = true;
	}
	t->bits[to / 64] |= 1ull << to % 64;
	t->last = to > t->last ? to : t->last;
	return VERIFY_OK;
}

/* Paths join before the record at word. */
static enum verify_reason join(struct run *r, struct targets *t, uint32_t word)
{
	if ((r->now && r->now->in_begin) != t->in_begin && r->conditional)
		return VERIFY_JOIN_STATE;
	if (word >= t->last)
		r->conditional = false;
	return VERIFY_OK;
}

/* ---- one procedure --------------------------------------------------------------- */

struct place {
	const uint32_t *rec;
	uint32_t record, word;
};

static enum verify_reason walk(struct run *r, const struct sp *sp, struct place *at);

static enum verify_reason call(struct run *r, const uint32_t *rec)
{
	const struct sp *callee;
	bool conditional = r->conditional;
	struct place at;
	enum verify_reason why;

	if (!range_ok(rec[2], rec[3], SP_REGISTERS))
		return VERIFY_WINDOW_RANGE;
	for (unsigned i = 0; i < r->depth; i++)
		if (r->stack[i] == rec[1])
			return VERIFY_CALL_CYCLE;
	if (r->depth >= SP_CALL_DEPTH)
		return VERIFY_CALL_DEPTH;
	callee = r->env->callee ? r->env->callee(r->env->user, rec[1]) : NULL;
	if (!callee)
		return VERIFY_CALL_UNKNOWN;
	r->stack[r->depth++] = rec[1];
	why = walk(r, callee, &at);
	r->depth--;
	r->conditional = conditional;
	return why;
}

static enum verify_reason registers(const struct desc *d, const uint32_t *rec, unsigned mask)
{
	const struct gl_op *op = &gl_ops[sp_opcode(rec[0])];

	if (mask & ~(unsigned)d->reg_ok)
		return VERIFY_REGISTER_NOT_ALLOWED;
	for (unsigned i = 0; i < op->noperands; i++)
		if (mask & 1u << i && rec[op->operands[i].word] >= SP_REGISTERS)
			return VERIFY_REGISTER_RANGE;
	return VERIFY_OK;
}

/* What the client's trust and the callback allow. */
static enum verify_reason permitted(const struct run *r, const struct desc *d)
{
	const struct verify_limits *l = &r->env->limits;

	if (d->flags & DESC_NEVER)
		return d->flags & DESC_OPAQUE && l->allow_opaque ? VERIFY_OK
								 : VERIFY_PAYLOAD_SIZE_UNKNOWN;
	if (d->flags & DESC_OPAQUE && !l->allow_opaque)
		return VERIFY_OPAQUE;
	if (d->flags & DESC_SENSITIVE && !l->allow_sensitive)
		return VERIFY_SENSITIVE;
	return d->callbacks >> r->callback & 1 ? VERIFY_OK : VERIFY_CALLBACK_RULE;
}

static enum verify_reason record(struct run *r, const struct desc *d, const uint32_t *rec)
{
	unsigned mask = sp_mask(rec[0]);
	enum verify_reason why = VERIFY_OK;

	if (mask)
		why = registers(d, rec, mask);
	if (why == VERIFY_OK &&
	    (d->flags & (DESC_NEVER | DESC_OPAQUE | DESC_SENSITIVE) ||
	     !(d->callbacks >> r->callback & 1)))
		why = permitted(r, d);
	if (why == VERIFY_OK && d->flags & DESC_GL && !r->now)
		why = VERIFY_NO_CONTEXT;
	if (why == VERIFY_OK && d->flags & DESC_CHECKED)
		why = operand_checks(r, d, rec);
	if (d->flags & DESC_READS_FRAMEBUFFER)
		r->verdict->facts.reads_framebuffer = true;
	r->verdict->facts.opaque += (d->flags & DESC_OPAQUE) != 0;
	r->verdict->facts.vertices += d->vertices;
	return why;
}

static enum verify_reason walk_records(struct run *r, const struct sp *sp, struct targets *t,
				       struct place *at)
{
	const struct desc *table = r->table->op, *d;
	uint32_t pos = 0;
	enum verify_reason why;

	for (at->record = 0;; at->record++) {
		unsigned op;

		at->word = pos;
		at->rec = NULL;
		if (pos >= sp->nwords)
			return VERIFY_NO_END;
		if (target_at(t, pos) && (why = join(r, t, pos)) != VERIFY_OK)
			return why;
		op = sp_opcode(sp->code[pos]);
		if (op >= GL_OP_COUNT)
			return VERIFY_UNKNOWN_OP;
		d = &table[op];
		if (d->words > sp->nwords - pos)
			return VERIFY_TRUNCATED;
		at->rec = sp->code + pos;
		for (unsigned i = 1; t->bits && i < d->words; i++)
			if (target_at(t, pos + i))
				return VERIFY_JUMP_INSIDE;
		if (++r->verdict->facts.commands > SP_MAX_WORDS)
			return VERIFY_CALL_TOO_LONG;
		why = record(r, d, at->rec);
		pos += d->words;
		if (why == VERIFY_OK && d->hook != HOOK_NONE) {
			if (d->hook == HOOK_END)
				return pos == sp->nwords ? VERIFY_OK : VERIFY_CODE_AFTER_END;
			if (d->hook == HOOK_JUMP)
				why = jump(r, t, sp, pos, at->rec[d->words - 1]);
			else if (d->hook == HOOK_CALL)
				why = call(r, at->rec);
			else
				why = shadow_hook(r, d, at->rec);
		}
		if (why != VERIFY_OK)
			return why;
	}
}

static enum verify_reason walk(struct run *r, const struct sp *sp, struct place *at)
{
	struct targets t = { 0 };
	enum verify_reason why;

	memset(at, 0, sizeof(*at));
	why = walk_records(r, sp, &t, at);
	free(t.bits);
	return why;
}

static void refusal_line(struct verify_verdict *v, const uint32_t *rec)
{
	struct buf text;

	v->line[0] = 0;
	if (!rec)
		return;
	buf_init(&text);
	sp_disassemble_record(rec, &text);
	snprintf(v->line, sizeof(v->line), "%.*s", (int)(text.len < 150 ? text.len : 150),
		 text.data ? (const char *)text.data : "");
	buf_finish(&text);
}

int verify_sp(struct verify_state *s, const struct verify_env *env, const struct sp *sp,
	      struct verify_verdict *verdict)
{
	struct run r = { .state = s, .env = env, .table = desc_table_get(), .verdict = verdict,
			 .callback = sp->callback, .now = s->now };
	uint32_t limit = env->limits.words ? env->limits.words : SP_MAX_WORDS;
	struct place at = { 0 };

	memset(verdict, 0, sizeof(*verdict));
	if (!r.table)
		return -ENOMEM;
	s->serial++;
	/* state objects run in the context that their header names */
	if (sp->context && (!r.now || r.now->context != sp->context))
		r.now = shadow_find(s, sp->context);
	if (sp->callback >= SP_CALLBACKS)
		verdict->reason = VERIFY_CALLBACK_RULE;
	else if (sp->nwords > limit)
		verdict->reason = VERIFY_TOO_LONG;
	else
		verdict->reason = walk(&r, sp, &at);
	if (verdict->reason == VERIFY_OK) {
		s->now = r.now;
		return 0;
	}
	verdict->record = at.record;
	verdict->word = at.word;
	refusal_line(verdict, at.rec);
	return -EACCES;
}
