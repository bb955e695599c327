/* prune_gen.c - see prune_gen.h. */
#include "tests/log/minimise/prune_gen.h"

#include <stdlib.h>
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

/* ---- records and payloads --------------------------------------------------- */

static uint32_t below(struct gen *g, uint32_t n)
{
	return rng_below(&g->rng, n);
}

static uint32_t name(struct gen *g)
{
	return 1 + below(g, GEN_NAMES);
}

static uint32_t bits(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u;
}

/* From -1 to 1 in steps that floats hold exactly. */
static uint32_t unit(struct gen *g)
{
	return bits((float)((int)below(g, 17) - 8) / 8);
}

#define put(g, op, ...) \
	sp_emit((g)->code, op, 0, (const uint32_t[]){ __VA_ARGS__ })
#define put0(g, op) sp_emit((g)->code, op, 0, NULL)

static uint32_t payload(struct gen *g, const void *data, uint32_t size)
{
	uint8_t *copy = calloc(1, size + 16u);

	if (!copy || g->p->npayloads == GEN_PAYLOADS)
		abort();
	memcpy(copy, data, size);
	g->p->payloads[g->p->npayloads] = (struct sp_payload){ copy, size };
	return g->p->npayloads++;
}

static uint32_t payload_name(struct gen *g, uint32_t id)
{
	return payload(g, &id, sizeof(id));
}

static uint32_t payload_noise(struct gen *g, uint32_t size)
{
	uint8_t data[1024];

	for (uint32_t i = 0; i < size; i++)
		data[i] = (uint8_t)rng_next(&g->rng);
	return payload(g, data, size);
}

static uint32_t payload_floats(struct gen *g, unsigned n)
{
	uint32_t v[64];

	for (unsigned i = 0; i < n; i++)
		v[i] = unit(g);
	return payload(g, v, n * 4);
}

static struct gen_context *here(struct gen *g)
{
	return &g->contexts[g->context];
}

/* ---- plain state ------------------------------------------------------------- */

static void gen_state(struct gen *g)
{
	static const uint32_t caps[] = { GL_BLEND, GL_DEPTH_TEST, GL_CULL_FACE, GL_ALPHA_TEST,
					 GL_TEXTURE_2D, GL_LIGHTING, GL_LIGHT0, GL_FOG,
					 GL_COLOR_MATERIAL, GL_SCISSOR_TEST, GL_STENCIL_TEST,
					 GL_NORMALIZE, GL_DITHER, GL_TEXTURE_GEN_S };
	static const uint32_t factors[] = { GL_ONE, GL_ZERO, GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA,
					    GL_DST_COLOR };
	static const uint32_t funcs[] = { GL_LESS, GL_LEQUAL, GL_ALWAYS, GL_GREATER, GL_NOTEQUAL };

	switch (below(g, 19)) {
	case 0: case 1: case 2: put(g, OP_glEnable, caps[below(g, COUNT(caps))]); break;
	case 3: case 4: put(g, OP_glDisable, caps[below(g, COUNT(caps))]); break;
	case 5: put(g, OP_glBlendFunc, factors[below(g, COUNT(factors))],
		    factors[below(g, COUNT(factors))]); break;
	case 6: put(g, OP_glDepthFunc, funcs[below(g, COUNT(funcs))]); break;
	case 7: put(g, OP_glAlphaFunc, funcs[below(g, COUNT(funcs))], bits(0.25f)); break;
	case 8: put(g, OP_glClearColor, unit(g), unit(g), unit(g), bits(1)); break;
	case 9: put(g, OP_glScissor, below(g, 8), below(g, 8), 4 + below(g, 12), 4 + below(g, 12)); break;
	case 10: put(g, OP_glViewport, below(g, 4), below(g, 4), 8 + below(g, 9), 8 + below(g, 9)); break;
	case 11: put(g, OP_glDepthMask, below(g, 2)); break;
	case 12: put(g, OP_glColorMask, below(g, 2), 1, below(g, 2), 1); break;
	case 13: put(g, OP_glShadeModel, below(g, 2) ? GL_FLAT : GL_SMOOTH); break;
	case 14: put(g, OP_glStencilFunc, funcs[below(g, COUNT(funcs))], below(g, 3), 255); break;
	case 15: put(g, OP_glStencilOp, GL_KEEP, GL_INCR, below(g, 2) ? GL_REPLACE : GL_ZERO); break;
	case 16: put(g, OP_glLightfv, GL_LIGHT0 + below(g, 2), below(g, 2) ? GL_DIFFUSE : GL_POSITION,
		     payload_floats(g, 4), 0); break;
	case 17: put(g, OP_glMaterialfv, GL_FRONT_AND_BACK, below(g, 2) ? GL_DIFFUSE : GL_AMBIENT,
		     payload_floats(g, 4), 0); break;
	default: put(g, OP_glPolygonMode, GL_FRONT_AND_BACK, below(g, 4) ? GL_FILL : GL_LINE); break;
	}
}

static void gen_current(struct gen *g)
{
	switch (below(g, 3)) {
	case 0: put(g, OP_glColor4f, unit(g), unit(g), unit(g), bits(0.5f)); break;
	case 1: put(g, OP_glNormal3f, unit(g), unit(g), bits(1)); break;
	default: put(g, OP_glTexCoord2f, unit(g), unit(g)); break;
	}
}

/* ---- matrices, attributes ---------------------------------------------------- */

static void gen_matrix(struct gen *g)
{
	static const uint32_t modes[] = { GL_MODELVIEW, GL_PROJECTION, GL_TEXTURE };
	struct gen_context *c = here(g);

	switch (below(g, 7)) {
	case 0:
		if (c->matrices || g->in_list)
			break;          /* pops go where pushes went */
		c->mode = modes[below(g, 3)];
		put(g, OP_glMatrixMode, c->mode);
		return;
	case 1: put0(g, OP_glLoadIdentity); return;
	case 2: put(g, OP_glLoadMatrixf, payload_floats(g, 16), 0); return;
	case 3: put(g, OP_glTranslatef, unit(g), unit(g), bits(0)); return;
	case 4:
		if (g->in_list || c->matrices == STACK || c->mode == GL_TEXTURE)
			break;
		c->matrices++;
		put0(g, OP_glPushMatrix);
		return;
	case 5:
		if (g->in_list || !c->matrices)
			break;
		c->matrices--;
		put0(g, OP_glPopMatrix);
		return;
	default: break;
	}
	put(g, OP_glScalef, bits(0.75f), bits(0.75f), bits(1));
}

static void gen_attribs(struct gen *g)
{
	/* Not GL_CURRENT_BIT: in Mesa 22 a current value that no vertex has taken yet survives
	 * the PopAttrib that should restore it, so that a draw left out changes the state. */
	static const uint32_t masks[] = { GL_ENABLE_BIT | GL_COLOR_BUFFER_BIT, GL_LIGHTING_BIT,
					  GL_DEPTH_BUFFER_BIT | GL_SCISSOR_BIT, GL_VIEWPORT_BIT,
					  GL_STENCIL_BUFFER_BIT | GL_POLYGON_BIT };
	struct gen_context *c = here(g);

	/* a pop restores the draw buffer of the framebuffer that is bound by then */
	if (g->in_list || c->framebuffer)
		return;
	if (c->attribs && below(g, 2)) {
		c->attribs--;
		put0(g, OP_glPopAttrib);
	} else if (c->attribs < STACK) {
		c->attribs++;
		put(g, OP_glPushAttrib, masks[below(g, COUNT(masks))]);
	}
}

/* ---- textures ------------------------------------------------------------------ */

static void texture_bind(struct gen *g, uint32_t t)
{
	put(g, OP_glBindTexture, GL_TEXTURE_2D, t);
	if (g->in_list)
		return;
	here(g)->texture = t;
	if (t)
		g->texture[t] = true;
}

static void texture_fill(struct gen *g)
{
	uint32_t t = here(g)->texture;

	if (!t || !g->image[t] || !below(g, 3)) {
		put(g, OP_glTexImage2D, GL_TEXTURE_2D, 0, GL_RGBA8, 4, 4, 0, GL_RGBA,
		    GL_UNSIGNED_BYTE, payload_noise(g, 64), 0);
		if (t)
			g->image[t] = true;
	} else {
		put(g, OP_glTexSubImage2D, GL_TEXTURE_2D, 0, below(g, 3), below(g, 3), 2, 2, GL_RGBA,
		    GL_UNSIGNED_BYTE, payload_noise(g, 16), 0);
	}
}

static void texture_delete(struct gen *g)
{
	uint32_t t = name(g);

	/* one that some framebuffer holds stays: what would become of it is another story */
	for (uint32_t f = 1; f <= GEN_NAMES; f++)
		if (g->attached[f] == t)
			return;
	put(g, OP_glDeleteTextures, 1, payload_name(g, t), 0);
	g->texture[t] = g->image[t] = false;
	for (unsigned c = 1; c <= CONTEXTS; c++)
		if (g->contexts[c].texture == t)
			g->contexts[c].texture = 0;
}

static void gen_textures(struct gen *g)
{
	static const uint32_t filters[] = { GL_NEAREST, GL_LINEAR };
	struct gen_context *c = here(g);

	switch (g->in_list ? below(g, 3) : below(g, 10)) {
	case 0: case 1: texture_bind(g, below(g, GEN_NAMES + 1)); return;
	case 2: put(g, OP_glTexEnvi, GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE,
		    below(g, 2) ? GL_MODULATE : GL_REPLACE); return;
	case 3: case 4: case 5: texture_fill(g); return;
	case 6:
		if (g->texture[1])
			return;
		put(g, OP_glGenTextures, 1, payload_name(g, 1), 0);
		g->texture[1] = true;
		return;
	case 7: texture_delete(g); return;
	case 8:
		put(g, OP_glTexParameteri, GL_TEXTURE_2D, below(g, 2) ? GL_TEXTURE_MIN_FILTER
		    : GL_TEXTURE_MAG_FILTER, filters[below(g, 2)]);
		return;
	default:
		if (c->texture && g->image[c->texture] && !c->framebuffer)
			put(g, OP_glCopyTexSubImage2D, GL_TEXTURE_2D, 0, 0, 0, below(g, 8),
			    below(g, 8), 2, 2);
		return;
	}
}

/* Drawing into the texture that is drawn from gives nothing that can be compared. */
static bool loops(struct gen *g)
{
	struct gen_context *c = here(g);

	return c->framebuffer && (g->in_list || c->texture == g->attached[c->framebuffer]);
}

/* ---- buffers and arrays --------------------------------------------------------- */

static void buffer_delete(struct gen *g)
{
	uint32_t b = name(g);

	/* arrays that lie in it are turned off first, in all contexts but a vertex array's */
	for (unsigned c = 1; c <= CONTEXTS; c++)
		if (g->contexts[c].vertex_set)
			return;
	put(g, OP_glDeleteBuffers, 1, payload_name(g, b), 0);
	g->buffer[b] = false;
	for (unsigned c = 1; c <= CONTEXTS; c++)
		if (g->contexts[c].buffer == b)
			g->contexts[c].buffer = 0;
}

static void buffer_fill(struct gen *g)
{
	uint32_t b = here(g)->buffer, noise;

	if (!b)
		return;
	if (!g->buffer[b] || !below(g, 3)) {
		noise = payload_floats(g, 32);
		put(g, OP_glBufferData, GL_ARRAY_BUFFER, 128, 0, noise, 0, GL_STATIC_DRAW);
		g->buffer[b] = true;
	} else {
		put(g, OP_glBufferSubData, GL_ARRAY_BUFFER, 8 * below(g, 8), 0, 16, 0,
		    payload_floats(g, 4), 0);
	}
}

static void gen_buffers(struct gen *g)
{
	struct gen_context *c = here(g);

	if (g->in_list)
		return;
	switch (below(g, 9)) {
	case 0: case 1:
		c->buffer = below(g, GEN_NAMES + 1);
		put(g, OP_glBindBuffer, GL_ARRAY_BUFFER, c->buffer);
		break;
	case 2: case 3: buffer_fill(g); break;
	case 4: buffer_delete(g); break;
	case 5: case 6:
		if (!c->buffer || !g->buffer[c->buffer] || c->vao)
			break;
		put(g, OP_glVertexPointer_buf, 2, GL_FLOAT, 8, 8 * below(g, 4), 0);
		put(g, OP_glEnableClientState, GL_VERTEX_ARRAY);
		c->vertex_set = true;
		break;
	case 7:
		put(g, OP_glDisableClientState, GL_VERTEX_ARRAY);
		c->vertex_set = c->vao ? c->vertex_set : false;
		break;
	default:
		if (c->vertex_set && !c->vao && !loops(g))
			put(g, OP_glDrawArrays, GL_TRIANGLES, below(g, 2), 6);
		break;
	}
}

/* Vertex array objects: of context 1 only, as they are not shared. */
static void gen_vaos(struct gen *g)
{
	struct gen_context *c = here(g);

	if (g->in_list || g->context != 1)
		return;
	switch (below(g, 4)) {
	case 0: case 1:
		c->vao = below(g, GEN_NAMES + 1);
		put(g, OP_glBindVertexArray, c->vao);
		break;
	case 2:
		put(g, below(g, 2) ? OP_glEnableVertexAttribArray : OP_glDisableVertexAttribArray,
		    3 + below(g, 3));
		break;
	default:
		if (c->buffer && g->buffer[c->buffer])
			put(g, OP_glVertexAttribPointer_buf, 3 + below(g, 3), 2, GL_FLOAT, 0, 8,
			    8 * below(g, 4), 0);
		break;
	}
}

/* ---- drawing --------------------------------------------------------------------- */

static void gen_draw(struct gen *g)
{
	static const uint32_t modes[] = { GL_TRIANGLES, GL_QUADS, GL_TRIANGLE_STRIP, GL_LINES };

	if (loops(g))
		return;
	switch (below(g, 4)) {
	case 0:
		put(g, OP_glRectf, unit(g), unit(g), unit(g), unit(g));
		break;
	default:
		put(g, OP_glBegin, modes[below(g, COUNT(modes))]);
		for (unsigned i = 0; i < 4; i++) {
			if (!below(g, 3))
				gen_current(g);
			put(g, OP_glVertex3f, unit(g), unit(g), bits((float)below(g, 3) / 4));
		}
		put0(g, OP_glEnd);
		break;
	}
}

static void gen_clear(struct gen *g)
{
	static const uint32_t masks[] = { GL_COLOR_BUFFER_BIT, GL_DEPTH_BUFFER_BIT,
					  GL_STENCIL_BUFFER_BIT,
					  GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT };

	put(g, OP_glClear, masks[below(g, COUNT(masks))]);
}

/* ---- lists ------------------------------------------------------------------------ */

static void list_make(struct gen *g, uint32_t list)
{
	static void (*const parts[])(struct gen *) = {
		gen_draw, gen_current, gen_state, gen_matrix, gen_textures,
	};

	bool executed = !below(g, 4);

	put(g, OP_glNewList, list, executed ? GL_COMPILE_AND_EXECUTE : GL_COMPILE);
	g->in_list = true;
	for (unsigned n = 1 + below(g, 4); n--; )
		parts[below(g, COUNT(parts))](g);
	g->in_list = false;
	put0(g, OP_glEndList);
	g->list[list] = true;
	if (executed)           /* it may have bound any texture */
		texture_bind(g, below(g, GEN_NAMES + 1));
}

static void gen_lists(struct gen *g)
{
	uint32_t list = name(g);

	if (g->in_list)
		return;
	switch (below(g, 5)) {
	case 0: case 1: list_make(g, list); break;
	case 2: case 3:
		if (g->list[list] && !here(g)->framebuffer)
			put(g, OP_glCallList, list);
		/* it may have bound any texture */
		texture_bind(g, below(g, GEN_NAMES + 1));
		break;
	default:
		put(g, OP_glDeleteLists, list, 1);
		g->list[list] = false;
		break;
	}
}

/* ---- programs ---------------------------------------------------------------------- */

/* Program n is made of shaders 10 + 2n and 11 + 2n, and its uniform has slot n. */
static void program_make(struct gen *g, uint32_t n)
{
	static const char vs[] = "void main() { gl_Position = gl_Vertex; }";
	static const char *const fs[] = {
		"uniform vec4 u; void main() { gl_FragColor = u; }",
		"uniform vec4 u; void main() { gl_FragColor = u * gl_FragCoord.x / 16.0; }",
	};
	const char *text = fs[below(g, 2)];
	uint32_t v = GEN_NAMES + 2 * n, f = v + 1;

	put(g, OP_glCreateShader, GL_VERTEX_SHADER, v);
	put(g, OP_glShaderSource, v, (uint32_t)strlen(vs), payload(g, vs, sizeof(vs)), 0);
	put(g, OP_glCompileShader, v);
	put(g, OP_glCreateShader, GL_FRAGMENT_SHADER, f);
	put(g, OP_glShaderSource, f, (uint32_t)strlen(text),
	    payload(g, text, (uint32_t)strlen(text) + 1), 0);
	put(g, OP_glCompileShader, f);
	put(g, OP_glCreateProgram, n);
	put(g, OP_glAttachShader, n, v);
	put(g, OP_glAttachShader, n, f);
	put(g, OP_glLinkProgram, n);
	put(g, OP_glGetUniformLocation, n, payload(g, "u", 2), 0, 0, n);
	g->program[n] = true;
}

static bool program_used(const struct gen *g, uint32_t n)
{
	for (unsigned c = 1; c <= CONTEXTS; c++)
		if (g->contexts[c].program == n)
			return true;
	return false;
}

static void gen_programs(struct gen *g)
{
	struct gen_context *c = here(g);
	uint32_t n = name(g);

	if (g->in_list)
		return;
	switch (below(g, 6)) {
	case 0: case 1:
		if (!g->program[n])
			program_make(g, n);
		put(g, OP_glUseProgram, n);
		c->program = n;
		break;
	case 2: case 3:
		if (c->program)
			put(g, OP_glUniform4f, c->program, unit(g), unit(g), unit(g), bits(1));
		break;
	case 4:
		c->program = 0;
		put(g, OP_glUseProgram, 0);
		break;
	default:
		if (!g->program[n] || program_used(g, n))
			break;
		put(g, OP_glDeleteShader, GEN_NAMES + 2 * n);
		put(g, OP_glDeleteShader, GEN_NAMES + 2 * n + 1);
		put(g, OP_glDeleteProgram, n);
		g->program[n] = false;
		break;
	}
}

/* ---- framebuffers, queries ----------------------------------------------------------- */

static void framebuffer_enter(struct gen *g, uint32_t f)
{
	put(g, OP_glBindFramebuffer, GL_FRAMEBUFFER, f);
	here(g)->framebuffer = f;
}

static void gen_framebuffers(struct gen *g)
{
	uint32_t f = name(g), t = name(g);

	if (g->in_list || g->context != 1)
		return;
	if (here(g)->framebuffer && below(g, 2)) {
		framebuffer_enter(g, 0);
		return;
	}
	if (g->fbo[f]) {
		framebuffer_enter(g, f);
		if (below(g, 2))
			gen_clear(g);
		return;
	}
	texture_bind(g, t);
	put(g, OP_glTexImage2D, GL_TEXTURE_2D, 0, GL_RGBA8, 8, 8, 0, GL_RGBA, GL_UNSIGNED_BYTE,
	    payload_noise(g, 256), 0);
	put(g, OP_glTexParameteri, GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	g->image[t] = true;
	texture_bind(g, 0);
	framebuffer_enter(g, f);
	put(g, OP_glFramebufferTexture2D, GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t, 0);
	g->fbo[f] = true;
	g->attached[f] = t;
}

static void gen_queries(struct gen *g)
{
	struct gen_context *c = here(g);
	uint32_t q = name(g);

	/* queries are a context's own */
	if (g->in_list || g->context != 1)
		return;
	if (c->query) {
		put(g, OP_glEndQuery, GL_SAMPLES_PASSED);
		c->query = false;
	} else if (below(g, 3)) {
		put(g, OP_glBeginQuery, GL_SAMPLES_PASSED, q);
		c->query = g->query[q] = true;
	} else if (g->query[q]) {
		put(g, OP_glDeleteQueries, 1, payload_name(g, q), 0);
		g->query[q] = false;
	}
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
