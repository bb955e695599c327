/* spgen.c - random stored procedures for tests, see spgen.h. */
#include "tests/support/spgen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint32_t rng_next(struct rng *r)
{
	/* splitmix64 */
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ z >> 31) >> 16);
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)((uint64_t)rng_next(r) * n >> 32);
}

/* Small, special and arbitrary words alike. */
static uint32_t any_word(struct rng *r)
{
	static const uint32_t special[] = {
		0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x3f800000, 0x7f800000, 0xff800000,
		0x7fc00000, 0x7f800001, 0xffc12345, 0x00000001, 0x3dcccccd, 0x1401, 0x1406, 0x4000,
	};

	switch (rng_below(r, 3)) {
	case 0: return special[rng_below(r, sizeof(special) / sizeof(*special))];
	case 1: return rng_below(r, 1000);
	default: return rng_next(r);
	}
}

static void operand_fill(struct spgen *g, const struct gl_operand *o, uint32_t *w)
{
	struct rng *r = &g->rng;
	bool wild = g->wild && rng_below(r, 4) == 0;

	w[0] = any_word(r);
	if (sp_kind_words(o->kind) == 2)
		w[1] = any_word(r);
	if (wild)
		return;
	switch (o->kind) {
	case GL_KIND_BOOL: w[0] &= 1; break;
	case GL_KIND_PAYLOAD: w[0] = rng_below(r, g->payloads + 1); w[1] = w[0] ? w[1] : 0; break;
	case GL_KIND_DST: w[0] %= SP_REGISTERS; break;
	case GL_KIND_SP: w[0] = rng_below(r, g->sps ? g->sps : 1); break;
	case GL_KIND_EXTERN: w[0] %= SP_EXTERNS; break;
	default: break;
	}
}

void spgen_record(struct spgen *g, unsigned op, struct buf *code)
{
	const struct gl_op *row = &gl_ops[op];
	uint32_t words[256] = { 0 };
	unsigned mask = 0;

	for (unsigned i = 0; i < row->noperands; i++) {
		const struct gl_operand *o = &row->operands[i];

		if (sp_kind_words(o->kind))
			operand_fill(g, o, words + o->word);
		if (o->reg_ok && rng_below(&g->rng, 3) == 0) {
			mask |= 1u << i;
			words[o->word] %= SP_REGISTERS;
		}
	}
	if (g->wild && rng_below(&g->rng, 8) == 0)
		mask = rng_next(&g->rng) & 0xffff;
	sp_emit(code, op, mask, words + 1);
}

void spgen_records(struct spgen *g, unsigned n, struct buf *code)
{
	while (n--)
		spgen_record(g, rng_below(&g->rng, GL_OP_COUNT), code);
}

void spgen_labels(struct spgen *g, struct buf *code)
{
	uint32_t *v = (void *)code->data, n = (uint32_t)(code->len / 4);
	uint32_t *starts = malloc(code->len + 4), nstarts = 0;

	for (uint32_t at = 0; starts && at < n; at += sp_words(v + at))
		starts[nstarts++] = at;
	for (uint32_t i = 0; i + 1 < nstarts; i++) {
		const struct gl_op *op = &gl_ops[sp_opcode(v[starts[i]])];
		uint32_t target = starts[i + 1 + rng_below(&g->rng, nstarts - i - 1)];

		for (unsigned k = 0; k < op->noperands; k++)
			if (op->operands[k].kind == GL_KIND_LABEL &&
			    !(g->wild && rng_below(&g->rng, 4) == 0))
				v[starts[i] + op->operands[k].word] = target - starts[i] - op->words;
	}
	free(starts);
}

static int random_sp(struct spgen *g, struct blink_writer *w, unsigned callback, uint32_t frame)
{
	struct sp sp = {
		.callback = (uint8_t)callback, .frame = frame,
		.context = rng_below(&g->rng, 3), .drawable = rng_below(&g->rng, 3),
		.flags = (uint8_t)rng_below(&g->rng, 2),
		.restore = rng_below(&g->rng, 2) ? "color_buffer matrix \"\\\n" : NULL,
	};
	struct buf code;
	int ret;

	buf_init(&code);
	spgen_records(g, rng_below(&g->rng, 60), &code);
	sp_end(&code);
	spgen_labels(g, &code);
	sp.code = (const void *)code.data;
	sp.nwords = (uint32_t)(code.len / 4);
	ret = code.failed ? -ENOMEM : blink_writer_sp(w, &sp, NULL);
	buf_finish(&code);
	return ret;
}

static void random_payload(struct spgen *g, struct blink_writer *w)
{
	uint32_t size = rng_below(&g->rng, rng_below(&g->rng, 8) ? 300 : 20000), *data;
	bool noise = rng_below(&g->rng, 2);
	uint32_t id;

	data = calloc(size / 4 + 1, 4);
	for (uint32_t i = 0; data && i <= size / 4; i++)
		data[i] = noise ? rng_next(&g->rng) : i / 16;
	id = blink_writer_payload(w, data, size);
	g->payloads = id > g->payloads ? id : g->payloads;
	free(data);
}

int spgen_file(struct rng *r, const char *path, unsigned frames, struct error *err)
{
	struct spgen g = { .rng = *r, .sps = 1 + 2 * frames, .wild = true };
	struct blink_writer *w;
	int ret = blink_writer_create(&w, path, NULL, err);

	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < 5; i++)
		random_payload(&g, w);
	random_sp(&g, w, SP_INIT, 0);
	for (unsigned f = 0; f < frames; f++) {
		for (unsigned i = rng_below(&g.rng, 4); i; i--)
			random_payload(&g, w);
		random_sp(&g, w, SP_UPDATE, f);
		random_sp(&g, w, SP_REDRAW, f);
	}
	blink_writer_names(w, GL_SPACE_TEXTURE, 12);
	blink_writer_names(w, GL_SPACE_CONTEXT, 2);
	blink_writer_slots(w, 7);
	ret = blink_writer_commit(w, "{\"made\":\"by a test, \\\"quoted\\\"\"}", err);
	blink_writer_destroy(w);
	*r = g.rng;
	return ret;
}
