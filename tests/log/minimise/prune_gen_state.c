/* prune_gen_state.c - the grammar: state of contexts, matrices, drawing, lists. */
#include "tests/log/minimise/prune_gen_priv.h"

/* ---- plain state ------------------------------------------------------------- */

void gen_state(struct gen *g)
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

void gen_current(struct gen *g)
{
	switch (below(g, 3)) {
	case 0: put(g, OP_glColor4f, unit(g), unit(g), unit(g), bits(0.5f)); break;
	case 1: put(g, OP_glNormal3f, unit(g), unit(g), bits(1)); break;
	default: put(g, OP_glTexCoord2f, unit(g), unit(g)); break;
	}
}

/* ---- matrices, attributes ---------------------------------------------------- */

void gen_matrix(struct gen *g)
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

void gen_attribs(struct gen *g)
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

/* ---- drawing --------------------------------------------------------------------- */

void gen_draw(struct gen *g)
{
	static const uint32_t modes[] = { GL_TRIANGLES, GL_QUADS, GL_TRIANGLE_STRIP, GL_LINES };

	if (texture_loops(g))
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

void gen_clear(struct gen *g)
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

void gen_lists(struct gen *g)
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
