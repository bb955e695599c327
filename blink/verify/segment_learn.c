/* segment_learn.c - what of a record decides its verification: lanes and checks.  See
 * segment.h.
 *
 * The rule is: every word exact.  What is let go is let go here, by name of the check or
 * the hook that looks at it.
 */
#include "blink/verify/segment.h"

#include <string.h>

/* Checks that look at contents, or at more than this record. */
static bool checks_are_local(const struct verifier *v, const struct desc *d)
{
	for (unsigned i = 0; i < d->nchecks; i++)
		switch (v->s->desc->check[d->check + i].kind) {
		case CHECK_NAMES: case CHECK_STRING: case CHECK_STRINGS: case CHECK_TEXT:
		case CHECK_LEVELS:
			return false;
		}
	return true;
}

static bool record_is_local(const struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	const struct context *c = v->s->ctx;

	if (!d->piece || !checks_are_local(v, d) || c->list)
		return false;
	if (d->hook == HOOK_CALL_LIST && (rec[1] >= LIST_NAMES || sp_mask(*rec)))
		return false;
	/* arrays that step once per so many instances are judged one by one */
	if (d->hook == HOOK_DRAW) {
		const struct vao *o = v->s->vao;
		uint32_t used = (o->enabled | o->maybe) & o->client;

		return !(used & o->instanced) && !(used && verifier_layout(v, d)->buf);
	}
	return true;
}

static struct segment_learn *learning(const struct verifier *v)
{
	return &v->s->segments->learn;
}

/* ---- lanes ------------------------------------------------------------------------- */

static void lane_set(struct segment_learn *n, unsigned word, uint32_t want)
{
	n->want[n->words + word] = want;
	n->exact[n->words + word] = true;
}

static void lane_free(struct segment_learn *n, unsigned word)
{
	n->want[n->words + word] = 0;
	n->exact[n->words + word] = false;
}

static struct segment_check *check_add(struct segment_learn *n, unsigned kind, unsigned word)
{
	struct segment_check *c = &n->check[n->nchecks++];

	*c = (struct segment_check){ .kind = (uint8_t)kind, .word = (uint16_t)(n->words + word) };
	return c;
}

/* A payload operand, whose size the record's other words decide: these stay exact. */
static void payload_learn(struct segment_learn *n, const struct desc_check *c,
			  const uint32_t *rec)
{
	uint64_t need = 0;

	/* the null payload stays what it is */
	if (!rec[c->word] || !gl_payload_size(rec, c->operand, &need) || need > UINT32_MAX)
		return;
	lane_free(n, c->word);
	lane_free(n, c->word + 1u);
	check_add(n, SEGMENT_PAYLOAD, c->word)->need = (uint32_t)need;
}

/* A number that has to be in range, and is not looked at otherwise. */
static void range_learn(struct segment_learn *n, const struct desc_check *c, uint32_t most)
{
	lane_free(n, c->word);
	check_add(n, SEGMENT_RANGE, c->word)->need = most;
}

static void name_learn(const struct verifier *v, struct segment_learn *n,
		       const struct desc_check *c, const uint32_t *rec)
{
	const struct context *x = v->s->ctx;
	bool makes = c->space == GL_SPACE_BUFFER || c->space == GL_SPACE_VERTEXARRAY;

	/* without a context only 0 passes; nor does more where no object can be made */
	if (!x->name || (makes && context_in_begin(x)))
		lane_set(n, c->word, rec[c->word]);
	else if (gl_spaces[c->space].identity)
		lane_free(n, c->word);
	else
		range_learn(n, c, v->env->limits.names[c->space]);
}

/* Operands of records without a hook of their own, or whose hook looks at none. */
static void operands_learn(const struct verifier *v, struct segment_learn *n,
			   const struct desc *d, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	bool sized = false;

	for (unsigned i = 0; i < d->nchecks; i++) {
		unsigned kind = v->s->desc->check[d->check + i].kind;

		sized |= kind != CHECK_NAME && kind != CHECK_SLOT;
	}
	/* numbers that nothing looks at */
	for (unsigned w = 1; w < d->words && !sized; w++)
		if (op->form == GL_FORM_DIRECT && d->hook == HOOK_NONE)
			lane_free(n, w);
	for (unsigned i = 0; i < d->nchecks; i++) {
		const struct desc_check *c = &v->s->desc->check[d->check + i];

		if (c->kind == CHECK_PAYLOAD)
			payload_learn(n, c, rec);
		else if (c->kind == CHECK_NAME && op->form == GL_FORM_DIRECT)
			name_learn(v, n, c, rec);
		else if (c->kind == CHECK_SLOT && op->form == GL_FORM_DIRECT)
			range_learn(n, c, v->env->limits.slots);
	}
	/* the code depends on which registers these are */
	for (unsigned m = sp_mask(*rec); m; m &= m - 1) {
		unsigned w = op->operands[__builtin_ctz(m)].word;

		lane_set(n, w, rec[w]);
	}
}

/* ---- hooks -------------------------------------------------------------------------- */

static void pointer_learn(const struct verifier *v, struct segment_learn *n,
			  const struct desc *d, const uint32_t *rec)
{
	const struct desc_layout *l = verifier_layout(v, d);
	uint32_t stride = l->stride ? rec[l->stride] : 0;
	struct pointer_form form = arrays_pointer(v, d, rec);
	const struct vao *o = v->s->vao;
	struct segment_check *c;

	if (o->array[form.array].sp != v->s->serial)
		return;         /* it was refused, or may be: exact */
	stride = stride ? stride : form.bytes;
	if (!(o->client >> form.array & 1))
		return;         /* in a buffer, it has no extent */
	lane_free(n, l->pointer);
	lane_free(n, l->pointer + 1u);
	c = check_add(n, SEGMENT_POINTER, l->pointer);
	c->array = (uint8_t)form.array;
	c->need = form.bytes;
	c->count = stride;
}

/* Is count times the size of an index all that the payload has to have? */
static bool indices_are_counted(const struct verifier *v, const struct desc *d,
				const struct desc_layout *l, const uint32_t *rec)
{
	uint64_t need = 0;

	for (unsigned i = 0; i < d->nchecks; i++) {
		const struct desc_check *c = &v->s->desc->check[d->check + i];

		if (c->kind == CHECK_PAYLOAD && c->word == l->pointer)
			gl_payload_size(rec, c->operand, &need);
	}
	return need && need == (uint64_t)rec[l->count] * index_bytes(rec[l->type]);
}

static void draw_learn(const struct verifier *v, struct segment_learn *n, const struct desc *d,
		       const uint32_t *rec)
{
	const struct desc_layout *l = verifier_layout(v, d);
	int32_t count = (int32_t)rec[l->count];
	uint32_t instances = l->instances ? rec[l->instances] : 1;
	const struct vao *o = v->s->vao;
	struct segment_check *c;

	if (count <= 0 || (int32_t)instances <= 0)
		return;         /* draws nothing: exact */
	if (l->type && !l->buf && !indices_are_counted(v, d, l, rec))
		return;
	lane_free(n, l->count);
	if (l->type) {
		lane_free(n, l->pointer);
		lane_free(n, l->pointer + 1u);
	} else {
		lane_free(n, l->first);
	}
	if (l->start) {
		lane_free(n, l->start);
		lane_free(n, l->end);
	}
	c = check_add(n, SEGMENT_DRAW, 0);
	c->need = instances;
	c->arrays = (o->enabled | o->maybe) & o->client;
	c->value = l->type ? arrays_restart(v->s->ctx, rec[l->type]) : 0;
	n->dynamic += (uint64_t)count * instances;
}

static void lock_learn(const struct verifier *v, struct segment_learn *n, const struct desc *d)
{
	const struct desc_layout *l = verifier_layout(v, d);

	if (d->arg) {
		lane_free(n, l->first);
		lane_free(n, l->count);
		check_add(n, SEGMENT_LOCK, 0);
	} else if (!context_in_begin(v->s->ctx)) {
		check_add(n, SEGMENT_UNLOCK, 0);
	}
}

static void list_learn(const struct verifier *v, struct segment_learn *n, const uint32_t *rec)
{
	struct segment_check *c = check_add(n, SEGMENT_LIST, 0);

	c->number = rec[1];
	c->need = lists_what(v->s, rec[1]);
	c->count = list_boundless(&v->s->lists[rec[1]]);
	/* what it costs is looked up each time */
	if (c->need & LIST_KNOWN) {
		n->dynamic += v->s->lists[rec[1]].vertices;
		n->list_dynamic += v->s->lists[rec[1]].words;
	}
}

static void buffer_learn(const struct verifier *v, struct segment_learn *n, const uint32_t *rec)
{
	const struct buffer *b = rec[2] ? state_buffer(v->s, rec[2]) : NULL;
	struct segment_check *c;

	if (!b)
		return;
	c = check_add(n, SEGMENT_BIND, 0);
	c->number = rec[2];
	c->need = b->group;
	c->count = b->birth;
}

/* ---- a segment being learned ----------------------------------------------------------- */

void segments_learned(struct verifier *v)
{
	struct segments *g = v->s->segments;
	struct segment_learn *n = &g->learn;

	if (!n->on)
		return;
	n->on = false;
	if (!n->records)
		return;         /* the shadow is what it was */
	g->id = segments_image(v);
	if (g->id != SEGMENT_NONE)
		segments_add(v, g->id);
	g->reuse.learned++;
	g->credit--;
}

void segments_before(struct verifier *v, const struct desc *d, const uint32_t *rec, uint32_t at)
{
	struct segments *g = v->s->segments;
	struct segment_learn *n = &g->learn;

	if (!record_is_local(v, d, rec)) {
		segments_learned(v);
		if (d->hook == HOOK_END)
			return;         /* it leaves the shadow as it is */
		segments_leave(v, d, rec);
		return;
	}
	if (g->id == SEGMENT_NONE)
		g->edge = 0;
	if (n->on || g->id == SEGMENT_NONE || g->credit <= 0)
		return;
	n->on = true;
	n->in = g->id;
	n->start = at;
	n->words = n->records = n->nchecks = n->again = 0;
	n->vertices = v->facts->vertices;
	n->dynamic = n->list_dynamic = 0;
	n->opaque = v->facts->opaque;
	n->unknown_lists = v->facts->unknown_lists;
	n->list_words = v->facts->list_words;
}

/* Checks that one record may need. */
#define RECORD_CHECKS (GL_OP_MAX_OPERANDS + 1u)

/* Is this one of many draws from buffers that follow each other?  Some of them are one piece.
 * (Not so calls of lists: which these are is exact, and they come in many an order.) */
#define AGAIN 8u

static bool again(const struct verifier *v, struct segment_learn *n, const struct desc *d,
		  const uint32_t *rec)
{
	const uint32_t *end = v->index->code + v->index->nwords;
	const struct vao *o = v->s->vao;

	if (d->hook != HOOK_DRAW || ((o->enabled | o->maybe) & o->client))
		return false;
	return ++n->again < AGAIN && rec + d->words < end && rec[d->words] == *rec;
}

void segments_after(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	struct segment_learn *n = learning(v);

	if (!n->on)
		return;
	for (unsigned w = 0; w < d->words; w++)
		lane_set(n, w, rec[w]);
	switch (d->hook) {
	case HOOK_NONE: case HOOK_FRAGMENTS: case HOOK_DRAW_UNKNOWN: case HOOK_RASTER:
		operands_learn(v, n, d, rec);
		break;
	case HOOK_POINTER: pointer_learn(v, n, d, rec); break;
	case HOOK_DRAW: draw_learn(v, n, d, rec); break;
	case HOOK_LOCK: lock_learn(v, n, d); break;
	case HOOK_CALL_LIST: list_learn(v, n, rec); break;
	case HOOK_BIND_BUFFER: buffer_learn(v, n, rec); break;
	}
	n->header[n->records] = *rec;
	n->offset[n->records++] = (uint16_t)n->words;
	n->words += d->words;
	if ((segment_ends(d) && !again(v, n, d, rec)) || n->records == SEGMENT_RECORDS || n->words > SEGMENT_WORDS - 40 ||
	    n->nchecks > SEGMENT_CHECKS - RECORD_CHECKS)
		segments_learned(v);
}

void segments_unlearn(struct verifier *v, unsigned records)
{
	struct segment_learn *n = learning(v);

	if (!n->on)
		return;
	if (n->records < records) {     /* begun within them: it never was */
		n->on = false;
		return;
	}
	n->records -= records;
	if (records)
		n->words = n->offset[n->records];
}
