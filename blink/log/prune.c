/* prune.c - feeding the pruner: records become entries of the nursery, display lists are
 * followed, conditional code becomes one entry that is kept or dropped as a whole.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NURSERY (1u << 18)           /* records, before it is looked through */
#define SAVED (1u << 24)             /* words that pushes have saved, likewise */
#define CROWDED (1u << 21)           /* entries of one SP, for it may call long lists */
#define LIST_DEPTH 8u
#define LIST_CHILDREN (1u << 18)
#define LIST_WORDS (1u << 22)        /* of one list's summary */
#define UNJUDGED_MAX 64u

const char *const prune_kind_names[PRUNE_KINDS] = {
	[PRUNE_WINDOW] = "windows", [PRUNE_OBJECTS] = "objects", [PRUNE_TEXTURES] = "textures",
	[PRUNE_BUFFERS] = "buffers", [PRUNE_PROGRAMS] = "programs", [PRUNE_LISTS] = "lists",
	[PRUNE_FRAMEBUFFERS] = "framebuffers", [PRUNE_BINDINGS] = "bindings",
	[PRUNE_STATE] = "state", [PRUNE_SELECTORS] = "selectors", [PRUNE_UNJUDGED] = "unjudged",
	[PRUNE_FRAME] = "frame",
};

int error_nomem(struct prune *p)
{
	if (!p->error.code)
		error_set(&p->error, -ENOMEM, "prune: out of memory");
	return p->error.code;
}

void unjudged_add(struct prune *p, unsigned op, const char *why)
{
	struct unjudged *u;

	for (unsigned i = 0; i < p->nunjudged; i++)
		if (p->unjudged[i].op == op && p->unjudged[i].why == why) {
			p->unjudged[i].count++;
			return;
		}
	if (p->nunjudged == UNJUDGED_MAX)
		return;
	u = realloc(p->unjudged, (p->nunjudged + 1) * sizeof(*u));
	if (!u) {
		error_nomem(p);
		return;
	}
	p->unjudged = u;
	u[p->nunjudged++] = (struct unjudged){ op, why, 1 };
}

/* ---- entries --------------------------------------------------------------------- */

static struct entry *entry_new(struct prune *p)
{
	struct entry *e;

	p->entry = prune_grow(p, p->entry, &p->entries_cap, p->nentries, sizeof(*p->entry));
	if (p->error.code)
		return NULL;
	e = &p->entry[p->nentries++];
	memset(e, 0, sizeof(*e));
	e->index = p->stats.records;
	e->sp = p->nsps;
	return e;
}

/* Buffers of the window that a drawing command may change. */
static void dirty_note(struct prune *p, const uint32_t *rec, unsigned special)
{
	const uint32_t *reg = ctx_reg(p);
	uint32_t bits = special == S_CLEAR ? operand(rec, 0) : special == S_BLIT ? operand(rec, 8) :
			special == S_CLEAR_BUFFER ? ~0u : 0;

	if (!p->draw || reg[R_DRAW_FBO])
		return;
	if (!bits && special == S_ACCUM)
		bits = GL_COLOR_BUFFER_BIT | GL_ACCUM_BUFFER_BIT;
	else if (!bits)
		bits = GL_COLOR_BUFFER_BIT |
		       (reg[R_FLAGS] & F_DEPTH_TEST ? GL_DEPTH_BUFFER_BIT : 0) |
		       (reg[R_FLAGS] & F_STENCIL_TEST ? GL_STENCIL_BUFFER_BIT : 0);
	if (reg[R_FLAGS] & F_DEPTH_OFF)
		bits &= ~(uint32_t)GL_DEPTH_BUFFER_BIT;
	p->object[p->draw]->dirty |= (bits & GL_COLOR_BUFFER_BIT ? 1u : 0) |
				     (bits & GL_DEPTH_BUFFER_BIT ? 2u : 0) |
				     (bits & GL_STENCIL_BUFFER_BIT ? 4u : 0) |
				     (bits & GL_ACCUM_BUFFER_BIT ? 8u : 0);
}

/* A buffer is given to shaders to write to. */
static bool storage_bound(const uint32_t *rec, unsigned special)
{
	return special == S_BIND_RANGE && operand(rec, 2) &&
	       (operand(rec, 0) == GL_SHADER_STORAGE_BUFFER ||
		operand(rec, 0) == GL_ATOMIC_COUNTER_BUFFER);
}

static void far_note(struct prune *p, const uint32_t *rec)
{
	if (!p->lost)
		unjudged_add(p, sp_opcode(*rec), "what follows cannot be judged: all of it is kept");
	p->lost = true;
}

/* Adds an entry for rec and takes its step in the shadow. */
static struct entry *entry_add(struct prune *p, const uint32_t *rec, uint32_t at, unsigned flags)
{
	const struct op_row *row = row_of(rec);
	size_t undo = p->nundo;
	struct entry *e = entry_new(p);

	if (!e)
		return NULL;
	e->rec = at == NONE ? rec : NULL;
	e->at = at;
	e->flags = (uint16_t)flags;
	if (row->far || storage_bound(rec, row->special))
		far_note(p, rec);
	if (p->lost)
		e->flags |= E_UNKNOWN;
	if (row->special == S_DRAW || row->special == S_END_PRIMITIVE ||
	    (row->special >= S_CLEAR && row->special <= S_COPY_PIXELS))
		dirty_note(p, rec, row->special);
	if (row->steps)
		shadow_step(p, e, rec);
	e->undos = (uint32_t)(p->nundo - undo);
	if (e->flags & E_VOID && !e->undos && !(flags & E_CHILD) && !p->error.code)
		p->nentries--;
	return e;
}

/* ---- lists ------------------------------------------------------------------------ */

/* Records of a list whose effects are like those of one that the list has already add
 * nothing for who calls it; what selects, saves or brackets stays. */
static bool list_repeats(struct prune_list *l, const uint32_t *rec)
{
	const struct op_row *row = row_of(rec);
	const uint32_t *w = (const uint32_t *)(const void *)l->words.data;
	const uint32_t *end = w + l->words.len / 4, *at[8];
	unsigned n = 0;

	if (row->special != S_NONE && row->special != S_COLOR && row->special != S_DRAW)
		return false;
	for (; w < end; w += sp_words(w))
		at[n++ % 8] = w;
	for (unsigned i = 0; i < n && i < 8; i++) {
		const uint32_t *old = at[i];

		if (sp_opcode(*old) != sp_opcode(*rec) || sp_mask(*old) != sp_mask(*rec))
			continue;
		/* what a key may stand in must be the same */
		if (!row->nw || (row->nw == 1 && row->w[0].kind[0] == K_CONST &&
				 row->w[0].kind[1] == K_CONST))
			return true;
		if (rec[1] == old[1])
			return row->nw <= 1 || memcmp(rec, old, sp_words(rec) * 4) == 0;
	}
	return false;
}

static void list_record(struct prune *p, uint32_t list, const uint32_t *rec)
{
	struct prune_list *l = p->object[list]->list;

	if (list_repeats(l, rec))
		return;
	if (l->words.len / 4 > LIST_WORDS) {
		unjudged_add(p, OP_glEndList, "the list is too long to be followed");
		p->lost = true;
		return;
	}
	buf_append(&l->words, rec, sp_words(rec) * 4);
	if (buf_failed(&l->words))
		error_nomem(p);
}

static void list_children(struct prune *p, uint32_t name, const uint32_t *call, uint32_t at,
			  unsigned depth, uint32_t head);

/* Element i of glCallLists' payload, by type. */
static uint32_t list_number(uint32_t type, const uint8_t *d, uint32_t i)
{
	float f;

	switch (type) {
	case GL_BYTE: return (uint32_t)(int32_t)(int8_t)d[i];
	case GL_UNSIGNED_BYTE: return d[i];
	case GL_SHORT: return (uint32_t)(int32_t)(int16_t)(d[2 * i] | d[2 * i + 1] << 8);
	case GL_UNSIGNED_SHORT: return (uint32_t)d[2 * i] | (uint32_t)d[2 * i + 1] << 8;
	case GL_2_BYTES: return (uint32_t)d[2 * i] << 8 | d[2 * i + 1];
	case GL_3_BYTES: return (uint32_t)d[3 * i] << 16 | (uint32_t)d[3 * i + 1] << 8 | d[3 * i + 2];
	case GL_4_BYTES:
		return (uint32_t)d[4 * i] << 24 | (uint32_t)d[4 * i + 1] << 16 |
		       (uint32_t)d[4 * i + 2] << 8 | d[4 * i + 3];
	case GL_FLOAT:
		memcpy(&f, d + 4 * i, 4);
		return (uint32_t)(int32_t)(f > -2e9f && f < 2e9f ? f : 0);
	default:
		return (uint32_t)d[4 * i] | (uint32_t)d[4 * i + 1] << 8 |
		       (uint32_t)d[4 * i + 2] << 16 | (uint32_t)d[4 * i + 3] << 24;
	}
}

static void calls_children(struct prune *p, const uint32_t *rec, uint32_t at, unsigned depth,
			   uint32_t head)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const uint32_t *w = rec + op->operands[2].word;
	struct sp_payload data;
	uint64_t size;
	uint8_t *copy;

	if (!gl_payload_size(rec, 2, &size) || !w[0] ||
	    p->opt.payload(p->opt.user, w[0], &data, &p->error) < 0 ||
	    !range_ok(w[1], size, data.size))
		return;
	copy = malloc(size + 1);
	if (!copy) {
		error_nomem(p);
		return;
	}
	memcpy(copy, data.data + w[1], size);
	for (uint32_t i = 0; i < operand(rec, 0) && !p->error.code; i++)
		list_children(p, ctx_reg(p)[R_LIST_BASE] + list_number(operand(rec, 1), copy, i), rec,
			      at, depth, head);
	free(copy);
}

/* The records that calling a list runs become children of the call. */
static void list_children(struct prune *p, uint32_t name, const uint32_t *call, uint32_t at,
			  unsigned depth, uint32_t head)
{
	uint32_t list = *name_slot(p, GL_SPACE_LIST, name_scope(p, GL_SPACE_LIST), name);
	const uint32_t *w, *end;
	struct entry *e;

	if (!list || depth == LIST_DEPTH)
		return;
	if (p->nentries - head > LIST_CHILDREN) {
		unjudged_add(p, sp_opcode(*call), "the lists it calls are too long to be followed");
		p->lost = true;
		return;
	}
	e = entry_add(p, call, at, E_CHILD | E_VOID);
	if (!e)
		return;
	e->aux = list;                 /* says that its body is needed */
	e->flags &= (uint16_t)~E_VOID;
	if (!p->object[list]->list)
		return;                /* made, and empty */
	w = (const uint32_t *)(const void *)p->object[list]->list->words.data;
	end = w + p->object[list]->list->words.len / 4;
	for (; w < end && !p->error.code; w += sp_words(w)) {
		const struct op_row *row = row_of(w);

		if (row->special == S_CALL_LIST)
			list_children(p, operand(w, 0), w, NONE, depth + 1, head);
		else if (row->special == S_CALL_LISTS)
			calls_children(p, w, NONE, depth + 1, head);
		else
			entry_add(p, w, NONE, E_CHILD);
	}
}

static void list_call(struct prune *p, const uint32_t *rec, uint32_t at, unsigned special,
		      unsigned flags)
{
	uint32_t head = p->nentries;
	struct entry *e = entry_add(p, rec, at, flags | E_HEAD);

	if (!e)
		return;
	if (flags & E_ECHO)
		e->list = ctx_reg(p)[R_LIST];
	if (special == S_CALL_LIST)
		list_children(p, operand(rec, 0), rec, at, 0, head);
	else
		calls_children(p, rec, at, 0, head);
	if (p->nentries == head + 1 && !p->error.code)
		p->nentries--;         /* no such list: nothing happens */
}

/* ---- records ----------------------------------------------------------------------- */

static void record_add(struct prune *p, const uint32_t *rec, uint32_t at)
{
	const struct op_row *row = row_of(rec);
	bool gl = gl_ops[sp_opcode(*rec)].command != GL_OP_NO_COMMAND;
	const uint32_t *reg = ctx_reg(p);
	unsigned flags = 0;
	struct entry *e;

	if (gl && !reg)
		return;                /* no context is current: nothing happens */
	if (gl && reg[R_LIST_MODE] && row->listed) {
		uint32_t list = reg[R_LIST];

		list_record(p, list, rec);
		e = entry_new(p);
		if (!e)
			return;
		e->at = at;
		e->flags = E_LISTED;
		e->list = list;
		names_listed(p, e, rec);
		if (reg[R_LIST_MODE] != GL_COMPILE_AND_EXECUTE)
			return;
		flags = E_ECHO;
	}
	if (row->special == S_VOID || (gl && reg[R_BEGIN] && !row->in_begin))
		return;
	if (row->special == S_CALL_LIST || row->special == S_CALL_LISTS) {
		list_call(p, rec, at, row->special, flags);
		return;
	}
	if (row->special == S_OPAQUE)
		unjudged_add(p, sp_opcode(*rec), "its effects are not known");
	e = entry_add(p, rec, at, flags);
	if (e && flags & E_ECHO)
		e->list = ctx_reg(p)[R_LIST];
	if (e && (row->special == S_NEW_LIST || row->special == S_END_LIST))
		e->list = e->aux;
}

/* ---- conditional code ------------------------------------------------------------------ */

/* Whether the shadow is other than it was before the undo entries from at on. */
static bool shadow_changed(const struct prune *p, size_t at)
{
	for (size_t i = at; i < p->nundo; i++) {
		bool first = true;

		for (size_t k = at; k < i && first; k++)
			first = p->undo[k].at != p->undo[i].at;
		if (first && p->undo[i].value != *p->undo[i].at)
			return true;
	}
	return false;
}

/* Records [rec, end) run only partly: one entry, whose children may or may not happen. */
static void unit_add(struct prune *p, const uint32_t *rec, const uint32_t *end, uint32_t at)
{
	size_t undo = p->nundo;
	uint32_t head = p->nentries;
	struct entry *e = entry_new(p);

	if (!e)
		return;
	e->at = at;
	e->nwords = (uint32_t)(end - rec);
	e->flags = E_HEAD | E_UNIT | (p->lost ? E_UNKNOWN : 0);
	unjudged_add(p, GL_OP_COUNT, "conditional code");
	for (const uint32_t *r = rec; r < end && !p->error.code; r += sp_words(r)) {
		const struct op_row *row = row_of(r);
		uint32_t first = p->nentries;

		p->stats.records++;
		if (row->special == S_CALL) {
			error_set(&p->error, -ENOTSUP, "prune: a call within conditional code "
				  "cannot be kept in parts (inline it)");
			return;
		}
		if (row->special == S_JUMP) {
			/* the registers that it compares */
			entry_add(p, r, at + (uint32_t)(r - rec), E_CHILD | E_UNSURE);
			continue;
		}
		if (row->special == S_END || row->special == S_SWAP)
			continue;
		record_add(p, r, at + (uint32_t)(r - rec));
		for (uint32_t i = first; i < p->nentries; i++) {
			p->entry[i].flags &= (uint16_t)~(E_HEAD | E_LISTED | E_ECHO);
			p->entry[i].flags |= E_CHILD | E_UNSURE;
		}
	}
	if (shadow_changed(p, undo)) {
		unjudged_add(p, GL_OP_COUNT, "bindings and modes that depend on a condition: "
			     "all that follows is kept");
		p->lost = true;
	}
	if (p->nentries == head + 1)
		p->nentries--;
}

/* End of the stretch that begins with the jump at rec: where all its jumps have landed;
 * NULL if one leads out of the code or into a record. */
static const uint32_t *stretch_end(const uint32_t *rec, const uint32_t *end)
{
	const uint32_t *land = rec + sp_words(rec);
	bool bad;

	for (; rec < land; rec += sp_words(rec)) {
		const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
		uint32_t distance;

		if (!sp_next(rec, end, &bad))
			return NULL;
		if (row_of(rec)->special != S_JUMP)
			continue;
		distance = rec[op->operands[op->noperands - 1].word];
		if (distance >= (uint32_t)(end - rec) - op->words)
			return NULL;
		if (rec + op->words + distance > land)
			land = rec + op->words + distance;
	}
	return rec == land ? land : NULL;
}

/* ---- SPs ----------------------------------------------------------------------------------- */

static int code_add(struct prune *p, const uint32_t *code, uint32_t nwords, unsigned depth);

static int call_add(struct prune *p, const uint32_t *rec, unsigned depth)
{
	const struct sp *callee = p->opt.callee ? p->opt.callee(p->opt.user, rec[1]) : NULL;
	bool bad;

	if (!callee || depth == SP_CALL_DEPTH)
		return error_set(&p->error, -EINVAL, "prune: call of SP %u: %s", rec[1],
				 callee ? "calls go too deep" : "there is no such SP");
	for (const uint32_t *r = callee->code;
	     (r = sp_next(r, callee->code + callee->nwords, &bad)); r += sp_words(r)) {
		unsigned special = row_of(r)->special;

		if (special == S_CORE || special == S_JUMP || sp_mask(*r))
			return error_set(&p->error, -ENOTSUP, "prune: SP %u is called and uses "
					 "registers: it cannot be kept in parts (inline it)", rec[1]);
	}
	return code_add(p, callee->code, callee->nwords, depth + 1);
}

/* Going backward within an SP: what is left of it becomes all there is of new words. */
static size_t crowd_sweep(struct prune *p, size_t at, size_t end)
{
	prune_sweep(p, NULL);
	memmove(p->words.v, p->words.v + at, (end - at) * sizeof(*p->words.v));
	p->words.n = end - at;
	return p->words.n;
}

/* Walks the copy: loading a payload may move what code is borrowed from. */
static int code_add(struct prune *p, const uint32_t *code, uint32_t nwords, unsigned depth)
{
	const struct op_row *table = prune_rows;
	size_t at = p->words.n, end = at + nwords;
	bool bad = false;

	if (!arena_add(p, &p->words, code, nwords))
		return p->error.code;
	while (at < end && !p->error.code) {
		const uint32_t *rec = sp_next(p->words.v + at, p->words.v + end, &bad);
		const uint32_t *stop;
		unsigned special;

		if (!rec)
			break;
		special = table[sp_opcode(*rec)].special;
		stop = rec + sp_words(rec);
		if (special == S_JUMP) {
			stop = stretch_end(rec, p->words.v + end);
			if (!stop)
				return error_set(&p->error, -EINVAL, "prune: a jump leads out of "
						 "its stored procedure");
			unit_add(p, rec, stop, (uint32_t)at);
		} else if (special == S_CALL) {
			at += (size_t)(stop - rec);
			call_add(p, rec, depth);
			continue;
		} else if (special != S_END) {
			record_add(p, rec, (uint32_t)at);
			p->stats.records++;
		}
		at += (size_t)(stop - rec);
		if (depth == 0 && p->nentries > CROWDED && p->nentries > 2 * p->nkept) {
			end = crowd_sweep(p, at, end);
			at = 0;
		}
	}
	if (bad && !p->error.code)
		error_set(&p->error, -EINVAL, "prune: an SP is not whole records");
	return p->error.code;
}

int prune_add(struct prune *p, const struct sp *sp, struct error *err)
{
	if (!p->error.code)
		code_add(p, sp->code, sp->nwords, 0);
	p->nsps++;
	if (!p->error.code && p->nentries > 2 * p->nkept &&
	    (p->nentries > NURSERY || p->saved > SAVED))
		prune_sweep(p, NULL);
	if (p->error.code && err)
		*err = p->error;
	return p->error.code;
}

int prune_frame(struct prune *p, struct error *err)
{
	p->stats.frames++;
	if (p->error.code && err)
		*err = p->error;
	return p->error.code;
}

/* ---- making and ending ------------------------------------------------------------------------ */

int prune_create(struct prune **out, const struct prune_options *opt, struct error *err)
{
	struct prune *p = calloc(1, sizeof(*p));

	*out = NULL;
	if (!p || !prune_table_make()) {
		free(p);
		return error_set(err, -ENOMEM, "prune: out of memory");
	}
	p->opt = *opt;
	object_make(p, GL_SPACE_NONE, 0, 0, 0);          /* the client, number 0 */
	p->stats.clear_age = UINT64_MAX;
	if (p->error.code) {
		if (err)
			*err = p->error;
		prune_destroy(p);
		return -ENOMEM;
	}
	*out = p;
	return 0;
}

void prune_destroy(struct prune *p)
{
	if (!p)
		return;
	objects_finish(p);
	free(p->cover);
	free(p->entry);
	free(p->words.v);
	free(p->undo);
	free(p->kept);
	free(p->arena.v);
	free(p->next);
	free(p->next_arena.v);
	free(p->write);
	free(p->reads);
	free(p->drawn);
	free(p->open_pairs);
	free(p->event);
	free(p->inside);
	free(p->unjudged);
	free(p->last);
	free(p->last_arena.v);
	free(p);
}

void prune_stats_get(const struct prune *p, struct prune_stats *out)
{
	*out = p->stats;
}

bool prune_unjudged(const struct prune *p, unsigned i, unsigned *op, uint64_t *count,
		    const char **why)
{
	if (i >= p->nunjudged)
		return false;
	*op = p->unjudged[i].op;
	*count = p->unjudged[i].count;
	*why = p->unjudged[i].why;
	return true;
}
