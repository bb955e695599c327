/* prune_emit.c - writes what is kept: init SPs with the selectors put back between. */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <stdlib.h>
#include <string.h>

/* An SP is cut between two of the log's where it gets longer than this. */
#define CODE_BYTES (16u << 20)
#define PAYLOAD_BYTES (128u << 20)

struct emit {
	struct prune *p;
	struct blink_writer *w;
	struct error *err;
	struct buf code;
	uint64_t payload;            /* bytes in the present SP */
	uint32_t ctx, draw, read;    /* objects that are current where it is run */
	uint32_t at_ctx, at_draw;    /* at its start */
	uint32_t *map;               /* payloads: id there, id here */
	uint32_t nmap, map_cap;
	uint32_t sp;                 /* ordinal in the log of the records last written */
	struct settled *settled;
	unsigned kind;               /* of selectors: FRAME before records of that kind */
	int ret;
};

/* ---- payloads -------------------------------------------------------------------- */

static uint32_t *map_find(struct emit *e, uint32_t id)
{
	uint32_t h = id * 0x9e3779b1u;

	for (h ^= h >> 15;; h++) {
		uint32_t *m = &e->map[2 * (h & (e->map_cap - 1))];

		if (!m[0] || m[0] == id)
			return m;
	}
}

static bool map_grow(struct emit *e)
{
	uint32_t *old = e->map, n = e->map_cap;

	e->map_cap = n ? 2 * n : 1024;
	e->map = calloc((size_t)e->map_cap * 2, sizeof(*e->map));
	if (!e->map) {
		e->map = old;
		e->map_cap = n;
		e->ret = error_nomem(e->p);
		return false;
	}
	for (uint32_t i = 0; i < n; i++)
		if (old[2 * i])
			memcpy(map_find(e, old[2 * i]), &old[2 * i], 2 * sizeof(*old));
	free(old);
	return true;
}

static uint32_t payload_put(struct emit *e, uint32_t id, unsigned kind)
{
	struct prune *p = e->p;
	struct sp_payload data;
	uint32_t *m;

	if ((e->nmap + 1) * 2 > e->map_cap && !map_grow(e))
		return 0;
	m = map_find(e, id);
	if (m[0])
		return m[1];
	e->ret = p->opt.payload(p->opt.user, id, &data, e->err);
	if (e->ret < 0)
		return 0;
	m[0] = id;
	m[1] = blink_writer_payload(e->w, data.data, data.size);
	e->nmap++;
	e->payload += data.size;
	p->stats.payload[kind] += data.size;
	p->stats.payload_total += data.size;
	return m[1];
}

/* ---- records ---------------------------------------------------------------------- */

static unsigned kind_of(const struct kept *k)
{
	if (k->color == 2)
		return PRUNE_FRAME;
	if (k->role == ROLE_ALWAYS)
		return PRUNE_UNJUDGED;
	if (k->kind == PRUNE_STATE && k->slot == P_CONTENT)
		return PRUNE_FRAMEBUFFERS;
	return k->kind;
}

static void last_add(struct emit *e, const uint32_t *rec, uint32_t nwords, unsigned kind,
		     uint64_t index, unsigned slot)
{
	struct prune *p = e->p;

	p->last = prune_grow(p, p->last, &p->last_cap, p->nlast, sizeof(*p->last));
	if (p->error.code)
		return;
	p->last[p->nlast++] = (struct kept){
		.rec = (uint32_t)p->last_arena.n, .nwords = nwords, .kind = (uint8_t)kind,
		.index = index, .slot = (uint16_t)slot,
	};
	arena_add(p, &p->last_arena, rec, nwords);
	p->stats.kept[kind]++;
	p->stats.kept_total++;
}

/* Swaps within conditional code end no frame here: as many words that do nothing. */
static void record_patch(struct emit *e, uint32_t *rec, unsigned kind)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	if (sp_opcode(*rec) == OP_blinkSwap) {
		rec[0] = sp_header(OP_jump, 0);
		rec[1] = 0;
		return;
	}
	for (unsigned i = 0; i < op->noperands; i++) {
		uint32_t *w = rec + op->operands[i].word;

		if (op->operands[i].kind == GL_KIND_PAYLOAD && w[0])
			w[0] = payload_put(e, w[0], kind);
	}
}

static void words_put(struct emit *e, const uint32_t *words, uint32_t n, unsigned kind)
{
	size_t at = e->code.len;

	buf_append(&e->code, words, (size_t)n * 4);
	if (buf_failed(&e->code)) {
		e->ret = error_nomem(e->p);
		return;
	}
	for (uint32_t i = 0; i < n && e->ret >= 0;) {
		uint32_t *rec = (uint32_t *)(void *)(e->code.data + at + (size_t)i * 4);
		uint32_t length = sp_words(rec);

		record_patch(e, rec, kind);
		i += length;
	}
}

static void selector_put(struct emit *e, unsigned op, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t rec[4] = { sp_header(op, 0), a, b, c };

	words_put(e, rec, sp_words(rec), e->kind);
	last_add(e, rec, sp_words(rec), e->kind, UINT64_MAX, GL_SLOT_COUNT);
}

static uint32_t name_of(const struct prune *p, uint32_t object)
{
	return object ? p->object[object]->name : 0;
}

static void current_put(struct emit *e, uint32_t ctx, uint32_t draw, uint32_t read)
{
	if (e->ctx == ctx && e->draw == draw && e->read == read)
		return;
	selector_put(e, OP_blinkMakeCurrent, name_of(e->p, ctx), name_of(e->p, draw),
		     name_of(e->p, read));
	e->ctx = ctx;
	e->draw = draw;
	e->read = read;
}

/* A context's selectors where what was written is run; those of a new one at first. */
static struct object *context_of(struct emit *e, uint32_t ctx)
{
	struct object *o = e->p->object[ctx];

	if (o->select_sweep != e->p->sweep) {
		o->select_sweep = e->p->sweep;
		o->select[0] = GL_MODELVIEW;
		o->select[1] = o->select[2] = GL_TEXTURE0;
		o->draw = o->read = 0;
	}
	return o;
}

static void select_put(struct emit *e, uint32_t ctx, const uint32_t *select)
{
	static const uint16_t ops[3] = {
		OP_glMatrixMode, OP_glActiveTexture, OP_glClientActiveTexture
	};
	struct object *o = context_of(e, ctx);

	o->draw = e->draw;
	o->read = e->read;
	for (unsigned i = 0; i < 3; i++) {
		if (select[i] == NONE || o->select[i] == select[i])
			continue;
		selector_put(e, ops[i], select[i], 0, 0);
		o->select[i] = select[i];
	}
}

/* ---- SPs ---------------------------------------------------------------------------- */

static void sp_put(struct emit *e)
{
	struct sp sp = { .callback = SP_INIT };

	if (!e->code.len || e->ret < 0)
		return;
	sp_end(&e->code);
	if (buf_failed(&e->code)) {
		e->ret = error_nomem(e->p);
		return;
	}
	sp.context = name_of(e->p, e->at_ctx);
	sp.drawable = name_of(e->p, e->at_draw);
	sp.code = (const uint32_t *)(const void *)e->code.data;
	sp.nwords = (uint32_t)(e->code.len / 4);
	e->ret = blink_writer_sp(e->w, &sp, NULL);
	if (e->ret < 0)
		error_set(e->err, e->ret, "prune: the SP could not be written");
	e->p->stats.sps++;
	buf_clear(&e->code);
	e->payload = 0;
	e->at_ctx = e->ctx;
	e->at_draw = e->draw;
}

/* A record that has a list as well goes with that if it is kept. */
static bool left_out(const struct prune *p, const struct kept *k)
{
	return k->role == ROLE_SWAP ||
	       (k->echo && p->object[k->list]->list_sweep == p->sweep);
}

/* A push whose pop was met on the way to it, and a pop whose push was. */
static bool is_paired(const struct prune *p, const struct kept *k)
{
	return (k->role == ROLE_PUSH || k->role == ROLE_POP) && p->pair[k->aux].sweep == p->sweep;
}

static void kept_put(struct emit *e, const struct kept *k)
{
	struct prune *p = e->p;
	const uint32_t *rec = p->arena.v + k->rec;
	unsigned kind = kind_of(k);
	struct object *o;

	if (k->sp != e->sp && (e->code.len > CODE_BYTES || e->payload > PAYLOAD_BYTES))
		sp_put(e);
	e->sp = k->sp;
	if (settled_meet(e->settled, k, rec, is_paired(p, k)))
		return;
	e->kind = kind == PRUNE_FRAME ? PRUNE_FRAME : PRUNE_SELECTORS;
	if (k->ctx != NONE && k->role != ROLE_CURRENT) {
		current_put(e, k->ctx, k->draw, k->read);
		select_put(e, k->ctx, k->select);
	}
	words_put(e, rec, k->nwords, kind);
	last_add(e, rec, k->nwords, kind, k->index, k->slot);
	if (k->role == ROLE_CURRENT) {
		e->ctx = k->ctx;
		e->draw = k->draw;
		e->read = k->read;
		context_of(e, k->ctx);
	}
	if (k->role == ROLE_DELETE && k->aux && k->aux == e->ctx)
		e->ctx = e->draw = e->read = 0;
	if (k->ctx == NONE)
		return;
	o = context_of(e, k->ctx);
	for (unsigned i = 0; i < 3; i++)
		if (k->after[i] != NONE)
			o->select[i] = k->after[i];
}

/* Selectors and what is current, as they are now. */
static void final_put(struct emit *e)
{
	struct prune *p = e->p;
	const uint32_t *reg = ctx_reg(p);

	e->kind = PRUNE_SELECTORS;
	for (uint32_t i = 0; i < p->nnames && e->ret >= 0; i++) {
		const struct name *n = name_at(p, i);
		struct object *o;

		if (n->space != GL_SPACE_CONTEXT || !n->object || n->object == p->ctx)
			continue;
		o = context_of(e, n->object);
		if (!memcmp(o->select, &p->object[n->object]->reg[R_MATRIX_MODE], 12) || !o->draw)
			continue;
		current_put(e, n->object, o->draw, o->read);
		select_put(e, n->object, &p->object[n->object]->reg[R_MATRIX_MODE]);
	}
	current_put(e, p->ctx, p->draw, p->read);
	if (reg && !reg[R_BEGIN] && !reg[R_LIST_MODE])
		select_put(e, p->ctx, &reg[R_MATRIX_MODE]);
}

/* ---- all ------------------------------------------------------------------------------- */

static void stats_begin(struct prune *p)
{
	memset(p->stats.kept, 0, sizeof(p->stats.kept));
	memset(p->stats.payload, 0, sizeof(p->stats.payload));
	p->stats.kept_total = p->stats.payload_total = 0;
	p->stats.sps = 0;
	p->stats.preserved = true;
	p->stats.clear_age = 0;
	for (uint32_t i = 0; i < p->nobjects; i++) {
		const struct object *o = p->object[i];
		uint64_t age;

		if (!o || o->space != GL_SPACE_DRAWABLE || !o->reg[D_SWAPS])
			continue;
		age = o->reg[D_CLEAR] ? o->reg[D_SWAPS] - (o->reg[D_CLEAR] - 1) : UINT64_MAX;
		p->stats.clear_age = age > p->stats.clear_age ? age : p->stats.clear_age;
		p->stats.preserved &= !(o->undefined & 1);
	}
}

static unsigned contexts_count(const struct prune *p)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < p->nkept; i++)
		n += sp_opcode(p->arena.v[p->kept[i].rec]) == OP_blinkContext;
	return n;
}

int prune_emit(struct prune *p, struct blink_writer *w, struct error *err)
{
	struct emit e = { .p = p, .w = w, .err = err };
	int ret = p->nentries || !p->stats.sweeps ? prune_sweep(p, err) : p->error.code;

	if (ret < 0)
		return ret;
	p->nlast = 0;
	p->last_arena.n = 0;
	stats_begin(p);
	e.settled = settled_create(contexts_count(p) > 1);
	if (!e.settled)
		return error_nomem(p);
	buf_init(&e.code);
	for (uint32_t i = 0; i < p->nkept && e.ret >= 0 && !p->error.code; i++)
		if (!left_out(p, &p->kept[i]))
			kept_put(&e, &p->kept[i]);
	if (e.ret >= 0)
		final_put(&e);
	sp_put(&e);
	buf_finish(&e.code);
	free(e.settled);
	free(e.map);
	if (p->error.code && err)
		*err = p->error;
	return p->error.code ? p->error.code : e.ret;
}

/* The slot of gl_slots for one of ours. */
static unsigned slot_public(unsigned slot)
{
	switch (slot) {
	case P_STORAGE: case P_CONTENT: case P_GENERATED: return GL_SLOT_bound_texture_image;
	case P_SOURCE: case P_COMPILED: return GL_SLOT_shader;
	case P_INPUT: case P_LINK: case P_VALID: return GL_SLOT_program;
	case P_BODY: return GL_SLOT_list;
	default: return slot < GL_SLOT_COUNT ? slot : GL_SLOT_COUNT;
	}
}

int prune_each(const struct prune *p, prune_each_fn *fn, void *user)
{
	int ret = 0;

	for (uint32_t i = 0; i < p->nlast && ret >= 0; i++) {
		const struct kept *k = &p->last[i];

		ret = fn(user, p->last_arena.v + k->rec, k->kind, k->index, slot_public(k->slot));
	}
	return ret;
}
