/* prune_gen_objects.c - the grammar: textures, buffers, arrays, programs, framebuffers,
 * queries.
 */
#include "tests/log/minimise/prune_gen_priv.h"

/* ---- textures ------------------------------------------------------------------ */

void texture_bind(struct gen *g, uint32_t t)
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

void gen_textures(struct gen *g)
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
bool texture_loops(struct gen *g)
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

void gen_buffers(struct gen *g)
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
		if (c->vertex_set && !c->vao && !texture_loops(g))
			put(g, OP_glDrawArrays, GL_TRIANGLES, below(g, 2), 6);
		break;
	}
}

/* Vertex array objects: of context 1 only, as they are not shared. */
void gen_vaos(struct gen *g)
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
	put(g, OP_glShaderSource, v, (uint32_t)strlen(vs), payload_add(g, vs, sizeof(vs)), 0);
	put(g, OP_glCompileShader, v);
	put(g, OP_glCreateShader, GL_FRAGMENT_SHADER, f);
	put(g, OP_glShaderSource, f, (uint32_t)strlen(text),
	    payload_add(g, text, (uint32_t)strlen(text) + 1), 0);
	put(g, OP_glCompileShader, f);
	put(g, OP_glCreateProgram, n);
	put(g, OP_glAttachShader, n, v);
	put(g, OP_glAttachShader, n, f);
	put(g, OP_glLinkProgram, n);
	put(g, OP_glGetUniformLocation, n, payload_add(g, "u", 2), 0, 0, n);
	g->program[n] = true;
}

static bool program_used(const struct gen *g, uint32_t n)
{
	for (unsigned c = 1; c <= CONTEXTS; c++)
		if (g->contexts[c].program == n)
			return true;
	return false;
}

void gen_programs(struct gen *g)
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

void framebuffer_enter(struct gen *g, uint32_t f)
{
	put(g, OP_glBindFramebuffer, GL_FRAMEBUFFER, f);
	here(g)->framebuffer = f;
}

void gen_framebuffers(struct gen *g)
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

void gen_queries(struct gen *g)
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
