/* prune_gen.c - the grammar as a whole: see prune_gen.h. */
#include "tests/log/minimise/prune_gen_priv.h"

#include <stdlib.h>

/* ---- payloads -------------------------------------------------------------- */

uint32_t payload_add(struct gen *g, const void *data, uint32_t size)
{
	uint8_t *copy = calloc(1, size + 16u);

	if (!copy || g->p->npayloads == GEN_PAYLOADS)
		abort();
	memcpy(copy, data, size);
	g->p->payloads[g->p->npayloads] = (struct sp_payload){ .data = copy, .size = size };
	return g->p->npayloads++;
}

uint32_t payload_name(struct gen *g, uint32_t id)
{
	return payload_add(g, &id, sizeof(id));
}

uint32_t payload_noise(struct gen *g, uint32_t size)
{
	uint8_t data[1024];

	for (uint32_t i = 0; i < size; i++)
		data[i] = (uint8_t)rng_next(&g->rng);
	return payload_add(g, data, size);
}

uint32_t payload_floats(struct gen *g, unsigned n)
{
	uint32_t v[64];

	for (unsigned i = 0; i < n; i++)
		v[i] = unit(g);
	return payload_add(g, v, n * 4);
}

/* ---- contexts -------------------------------------------------------------------------- */

static void gen_contexts(struct gen *g)
{
	if (g->in_list)
		return;
	g->context = 1 + below(g, CONTEXTS);
	put(g, OP_blinkMakeCurrent, g->context, 1, 1);
}

/* ---- programs as a whole ----------------------------------------------------------------- */

static const struct family { const char *name; void (*make)(struct gen *); unsigned weight; } families[] = {
	{ "state", gen_state, 5 }, { "current", gen_current, 2 }, { "matrix", gen_matrix, 3 },
	{ "attribs", gen_attribs, 2 }, { "textures", gen_textures, 5 }, { "buffers", gen_buffers, 4 },
	{ "vaos", gen_vaos, 1 }, { "draw", gen_draw, 4 }, { "clear", gen_clear, 2 },
	{ "lists", gen_lists, 2 }, { "programs", gen_programs, 2 },
	{ "framebuffers", gen_framebuffers, 2 }, { "queries", gen_queries, 1 },
	{ "contexts", gen_contexts, 1 },
};

const char *const gen_families[] = {
	"state", "current", "matrix", "attribs", "textures", "buffers", "vaos", "draw", "clear",
	"lists", "programs", "framebuffers", "queries", "contexts", NULL
};

#define CONTEXT_FAMILY 13u

static void gen_one(struct gen *g)
{
	unsigned total = 0, pick;

	for (size_t i = 0; i < COUNT(families); i++)
		total += g->families >> i & 1 ? families[i].weight : 0;
	pick = below(g, total ? total : 1);
	for (size_t i = 0; i < COUNT(families); i++) {
		unsigned weight = g->families >> i & 1 ? families[i].weight : 0;

		if (pick < weight) {
			families[i].make(g);
			return;
		}
		pick -= weight;
	}
}

static void gen_init(struct gen *g)
{
	put(g, OP_blinkContext, 1, 0, 0, 0);
	if (g->families >> CONTEXT_FAMILY & 1)
		put(g, OP_blinkContext, 2, 1, 0, 0);
	put(g, OP_blinkDrawable, 1, GEN_SIZE, GEN_SIZE, 1);
	put(g, OP_blinkMakeCurrent, 1, 1, 1);
	/* what a new drawable holds is anybody's guess */
	put(g, OP_glClear, GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
	g->context = 1;
}

/* Nothing spans frames that a program would not leave open over a swap. */
static void frame_close(struct gen *g)
{
	struct gen_context *c = here(g);

	if (c->query) {
		put(g, OP_glEndQuery, GL_SAMPLES_PASSED);
		c->query = false;
	}
	if (c->framebuffer)
		framebuffer_enter(g, 0);
	put(g, OP_blinkSwap, 1);
}

static void gen_frame(struct gen *g, unsigned records)
{
	uint32_t start = (uint32_t)g->code->len;

	/* most programs begin a picture by clearing it */
	if (below(g, 4))
		put(g, OP_glClear, GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
	while (g->code->len - start < records * 16)
		gen_one(g);
	frame_close(g);
}

void gen_make(struct gen_program *p, uint64_t seed, uint32_t mask)
{
	struct gen g = { .p = p, .rng = { seed * 0x9e3779b97f4a7c15ull + 1 }, .families = mask };
	const uint32_t *rec;
	bool bad;

	memset(p, 0, sizeof(*p));
	p->npayloads = 1;
	/* a second context in every fourth program */
	if (below(&g, 4))
		g.families &= ~(1u << CONTEXT_FAMILY);
	for (unsigned c = 1; c <= CONTEXTS; c++)
		g.contexts[c].mode = GL_MODELVIEW;
	for (unsigned i = 0; i <= GEN_FRAMES; i++) {
		buf_init(&p->code[i]);
		g.code = &p->code[i];
		if (i == 0)
			gen_init(&g);
		else
			gen_frame(&g, i <= GEN_BOUNDARY ? 8 + below(&g, 20) : 12);
		sp_end(g.code);
		p->sps[i] = (struct sp){ .id = i, .callback = i ? SP_REDRAW : SP_INIT,
			.frame = i ? i - 1 : 0, .context = i ? 1 : 0, .drawable = i ? 1 : 0,
			.code = (const uint32_t *)(const void *)p->code[i].data,
			.nwords = (uint32_t)(p->code[i].len / 4) };
		for (rec = p->sps[i].code; (rec = sp_next(rec, p->sps[i].code + p->sps[i].nwords, &bad));
		     rec += sp_words(rec))
			p->records++;
	}
}

void gen_finish(struct gen_program *p)
{
	for (unsigned i = 0; i <= GEN_FRAMES; i++)
		buf_finish(&p->code[i]);
	for (uint32_t i = 1; i < p->npayloads; i++)
		free((void *)(uintptr_t)p->payloads[i].data);
}
