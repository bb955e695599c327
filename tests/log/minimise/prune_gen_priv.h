/* prune_gen_priv.h - the grammar's insides: what a program is in the midst of, records and
 * payloads.  A family of the grammar is a function that adds a few records.
 */
#ifndef TESTS_LOG_MINIMISE_PRUNE_GEN_PRIV_H
#define TESTS_LOG_MINIMISE_PRUNE_GEN_PRIV_H

#include "tests/log/minimise/prune_gen.h"

#include <string.h>

#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define CONTEXTS 2u
#define STACK 3

/* What a context is in the midst of. */
struct gen_context {
	uint32_t texture, buffer, vao, framebuffer, program, unit;
	bool query, color_array, vertex_array;
	bool vertex_set;              /* the vertex array lies in a buffer that is there */
	unsigned matrices, attribs;
	uint32_t mode;
};

struct gen {
	struct gen_program *p;
	struct rng rng;
	uint32_t families;
	struct buf *code;
	unsigned context;             /* current */
	struct gen_context contexts[CONTEXTS + 1];
	bool texture[GEN_NAMES + 1], image[GEN_NAMES + 1], buffer[GEN_NAMES + 1];
	bool list[GEN_NAMES + 1], program[GEN_NAMES + 1], query[GEN_NAMES + 1];
	bool fbo[GEN_NAMES + 1];      /* complete; names of context 1 */
	uint32_t attached[GEN_NAMES + 1];
	bool in_list;
};

static inline uint32_t below(struct gen *g, uint32_t n)
{
	return rng_below(&g->rng, n);
}

static inline uint32_t name(struct gen *g)
{
	return 1 + below(g, GEN_NAMES);
}

static inline uint32_t bits(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u;
}

/* From -1 to 1 in steps that floats hold exactly. */
static inline uint32_t unit(struct gen *g)
{
	return bits((float)((int)below(g, 17) - 8) / 8);
}

#define put(g, op, ...) \
	sp_emit((g)->code, op, 0, (const uint32_t[]){ __VA_ARGS__ })
#define put0(g, op) sp_emit((g)->code, op, 0, NULL)

static inline struct gen_context *here(struct gen *g)
{
	return &g->contexts[g->context];
}

/* Numbers of payloads made for the program. */
uint32_t payload_add(struct gen *g, const void *data, uint32_t size);
uint32_t payload_name(struct gen *g, uint32_t id);
uint32_t payload_noise(struct gen *g, uint32_t size);
uint32_t payload_floats(struct gen *g, unsigned n);

/* prune_gen_state.c */
void gen_state(struct gen *g);
void gen_current(struct gen *g);
void gen_matrix(struct gen *g);
void gen_attribs(struct gen *g);
void gen_draw(struct gen *g);
void gen_clear(struct gen *g);
void gen_lists(struct gen *g);
/* prune_gen_objects.c */
void gen_textures(struct gen *g);
void gen_buffers(struct gen *g);
void gen_vaos(struct gen *g);
void gen_programs(struct gen *g);
void gen_framebuffers(struct gen *g);
void gen_queries(struct gen *g);
void texture_bind(struct gen *g, uint32_t t);
/* Whether drawing would draw into the texture that it draws from. */
bool texture_loops(struct gen *g);
void framebuffer_enter(struct gen *g, uint32_t f);

#endif
