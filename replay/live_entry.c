/* live_entry.c - see live_entry.h. */
#include "replay/live_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void live_entry_init(struct live_entry *e)
{
	memset(e, 0, sizeof(*e));
	buf_init(&e->code);
}

void live_entry_finish(struct live_entry *e)
{
	buf_finish(&e->code);
	free(e->payloads);
	free(e->seen);
}

/* ---- payloads of its own ----------------------------------------------------------- */

static bool seen_grow(struct live_entry *e, uint32_t n)
{
	uint64_t *seen;

	if (n <= e->nseen)
		return true;
	seen = realloc(e->seen, n * sizeof(*seen));
	if (!seen)
		return false;
	memset(seen + e->nseen, 0, (n - e->nseen) * sizeof(*seen));
	e->seen = seen;
	e->nseen = n;
	return true;
}

static bool payload_append(struct live_entry *e, const struct sp_payload *p)
{
	if (e->sp.npayloads == e->cap) {
		uint32_t cap = e->cap ? 2 * e->cap : 64;
		struct sp_payload *v = realloc(e->payloads, cap * sizeof(*v));

		if (!v)
			return false;
		e->payloads = v;
		e->cap = cap;
	}
	e->payloads[e->sp.npayloads++] = *p;
	return true;
}

/* The number, in this entry, of the file's payload id; 0 out of memory. */
static uint32_t number_of(struct live_entry *e, uint32_t id, const struct sp_payloads *p)
{
	uint64_t seen = e->seen[id];

	if (seen >> 32 == e->stamp)
		return (uint32_t)seen;
	if (!payload_append(e, &p->v[id]))
		return 0;
	e->seen[id] = (uint64_t)e->stamp << 32 | e->sp.npayloads;
	return e->sp.npayloads;
}

static int renumber(struct live_entry *e, uint32_t *rec, const struct sp_payloads *p,
		    struct error *err)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++) {
		uint32_t *id = rec + op->operands[i].word;

		if (op->operands[i].kind != GL_KIND_PAYLOAD || !*id)
			continue;
		if (*id >= p->n)
			return error_set(err, -EINVAL, "%s: there is no payload %u", op->name, *id);
		*id = number_of(e, *id, p);
		if (!*id)
			return error_set(err, -ENOMEM, "live: out of memory");
	}
	return 0;
}

int live_entry_make(struct live_entry *e, const struct sp *sp, const struct sp_payloads *p,
		    struct error *err)
{
	uint32_t *rec, *end;
	bool bad;
	int r = 0;

	buf_clear(&e->code);
	buf_append(&e->code, sp->code, sp->nwords * sizeof(*sp->code));
	if (buf_failed(&e->code) || !seen_grow(e, p->n))
		return error_set(err, -ENOMEM, "live: out of memory");
	e->stamp++;
	e->sp = (struct vso_stream_sp){ .callback = sp->callback, .context = sp->context,
					.drawable = sp->drawable, .words = sp->nwords };
	rec = (uint32_t *)e->code.data;
	end = rec + sp->nwords;
	while (r >= 0 && sp_next(rec, end, &bad)) {
		if (sp_opcode(*rec) == OP_call)
			return error_set(err, -EINVAL, "SP %u calls another: a stream's entries "
					 "stand alone", sp->id);
		r = renumber(e, rec, p, err);
		rec += sp_words(rec);
	}
	e->sp.code = (const uint32_t *)e->code.data;
	e->sp.payloads = e->payloads;
	return r;
}

uint64_t live_entry_size(const struct live_entry *e)
{
	uint64_t n = sizeof(struct vso_stream_entry) + e->sp.words * 4ull + 8;

	for (uint32_t i = 0; i < e->sp.npayloads; i++)
		n += sizeof(struct vso_stream_payload) + ((e->payloads[i].size + 7ull) & ~7ull);
	return (n + 15) & ~15ull;
}

/* ---- what the whole needs -------------------------------------------------------------- */

#define DRAWABLES 64u           /* whose sizes are remembered */
struct sizes { uint32_t w[DRAWABLES], h[DRAWABLES]; bool shown; };

/* Sizes of drawables until the first one is swapped, which is the window. */
static void window_look(struct sizes *s, const struct sp *sp, struct live_needs *out)
{
	const uint32_t *rec = sp->code, *end = rec + sp->nwords;
	bool bad;

	for (; !s->shown && (rec = sp_next(rec, end, &bad)) != NULL; rec += sp_words(rec)) {
		unsigned op = sp_opcode(*rec);
		bool sized = op == OP_blinkDrawable || op == OP_blinkDrawableResize;
		uint32_t d = sized || op == OP_blinkSwap ? rec[1] : 0;

		if (!d || d >= DRAWABLES)
			continue;
		if (sized) {
			s->w[d] = rec[2];
			s->h[d] = rec[3];
			continue;
		}
		out->width = s->w[d];
		out->height = s->h[d];
		s->shown = true;
	}
}

int live_needs_find(struct blink_file *f, uint32_t end, struct live_needs *out,
		    struct error *err)
{
	struct sizes sizes = { 0 };
	struct live_entry e;
	uint32_t first = blink_init_count(f), count = 0;
	struct sp sp;
	int r = 0;

	memset(out, 0, sizeof(*out));
	live_entry_init(&e);
	if (end && (r = blink_frame(f, end - 1, &first, &count)) < 0)
		error_set(err, r, "live: frame %u is not in the file", end - 1);
	for (uint32_t id = 0; id < first + count && r >= 0; id++) {
		r = blink_sp_load(f, id, &sp, err);
		if (r < 0)
			break;
		r = live_entry_make(&e, &sp, blink_payloads(f), err);
		if (r >= 0 && live_entry_size(&e) > out->largest)
			out->largest = live_entry_size(&e);
		window_look(&sizes, &sp, out);
		blink_sp_release(f, id);
	}
	live_entry_finish(&e);
	return r;
}
