/* switches.c - what decides pixels, and what is true of a run: see model.h. */
#include "tests/soundness/model_priv.h"

void switches_draw(struct model *m)
{
	const struct mcontext *c = m->now;

	m->facts.draws = true;
	m->facts.depth |= c->sw.on[SW_DEPTH];
	m->facts.stencil |= c->sw.on[SW_STENCIL];
	m->facts.blend |= c->sw.on[SW_BLEND];
	m->facts.stippled |= c->sw.on[SW_STIPPLE];
	m->facts.shaded |= c->program || c->pipeline || c->fragment_program;
}

static int switch_of(uint32_t cap)
{
	switch (cap) {
	case GL_SCISSOR_TEST: return SW_SCISSOR;
	case GL_DEPTH_TEST: return SW_DEPTH;
	case GL_STENCIL_TEST: return SW_STENCIL;
	case GL_BLEND: return SW_BLEND;
	case GL_POLYGON_STIPPLE: return SW_STIPPLE;
	default: return -1;
	}
}

static void enable(struct mcontext *c, uint32_t cap, bool on)
{
	int s = switch_of(cap);

	if (s >= 0)
		c->sw.on[s] = on;
	if (cap == GL_RASTERIZER_DISCARD)
		c->discard = on;
	if (cap == GL_FRAGMENT_PROGRAM_ARB)
		c->fragment_program = on;
}

/* One of several draw buffers, or viewports: on if any is. */
static void enable_indexed(struct mcontext *c, uint32_t cap, bool on)
{
	if (on && (cap == GL_BLEND || cap == GL_SCISSOR_TEST))
		c->sw.on[switch_of(cap)] = true;
}

static void clear(struct model *m, uint32_t mask)
{
	const struct mcontext *c = m->now;

	if (m->facts.draws || c->discard || c->conditional || c->draw_framebuffer ||
	    c->sw.on[SW_SCISSOR] ||
	    mask & ~(uint32_t)(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT |
			       GL_STENCIL_BUFFER_BIT | GL_ACCUM_BUFFER_BIT))
		return;
	m->facts.cleared[0] |= mask & GL_COLOR_BUFFER_BIT && !c->sw.color_part &&
			       !c->sw.buffer_odd;
	m->facts.cleared[1] |= mask & GL_DEPTH_BUFFER_BIT && !c->sw.depth_part;
	m->facts.cleared[2] |= mask & GL_STENCIL_BUFFER_BIT && !c->sw.stencil_part;
}

/* ---- saved attributes ----------------------------------------------------------- */

static void attrib_push(struct model *m, uint32_t mask)
{
	struct mcontext *c = m->now;

	if (c->nattrib == M_STACK)
		m->facts.blind = true;  /* refused, but for drivers with more room */
	else
		c->attrib[c->nattrib++] = (struct msaved_attrib){ mask, c->sw };
}

static void attrib_pop(struct model *m)
{
	struct mcontext *c = m->now;
	const struct msaved_attrib *s;

	if (!c->nattrib)
		return;
	s = &c->attrib[--c->nattrib];
	if (s->mask & (GL_ENABLE_BIT | GL_SCISSOR_BIT))
		c->sw.on[SW_SCISSOR] = s->sw.on[SW_SCISSOR];
	if (s->mask & (GL_ENABLE_BIT | GL_DEPTH_BUFFER_BIT))
		c->sw.on[SW_DEPTH] = s->sw.on[SW_DEPTH];
	if (s->mask & (GL_ENABLE_BIT | GL_STENCIL_BUFFER_BIT))
		c->sw.on[SW_STENCIL] = s->sw.on[SW_STENCIL];
	if (s->mask & (GL_ENABLE_BIT | GL_COLOR_BUFFER_BIT))
		c->sw.on[SW_BLEND] = s->sw.on[SW_BLEND];
	if (s->mask & (GL_ENABLE_BIT | GL_POLYGON_BIT))
		c->sw.on[SW_STIPPLE] = s->sw.on[SW_STIPPLE];
	if (s->mask & GL_COLOR_BUFFER_BIT) {
		c->sw.color_part = s->sw.color_part;
		c->sw.buffer_odd = s->sw.buffer_odd;
	}
	if (s->mask & GL_DEPTH_BUFFER_BIT)
		c->sw.depth_part = s->sw.depth_part;
	if (s->mask & GL_STENCIL_BUFFER_BIT)
		c->sw.stencil_part = s->sw.stencil_part;
}

/* ---- commands ------------------------------------------------------------------- */

static bool starts(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* Pixels of the framebuffer come back to the client, or into a texture. */
static bool reads_pixels(const char *name)
{
	static const char *const commands[] = { "glReadPixels", "glReadnPixels", "glCopyPixels",
		"glCopyTex", "glCopyMultiTex", "glCopyColor", "glCopyConvolution", "glBlitFramebuffer",
		"glAccum" };

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (starts(name, commands[i]))
			return true;
	return false;
}

static bool draws_pixels(const char *name)
{
	return starts(name, "glDrawPixels") || strcmp(name, "glBitmap") == 0 ||
	       strcmp(name, "glBitmap.buf") == 0 || starts(name, "glCopyPixels") ||
	       starts(name, "glRect") || starts(name, "glBlitFramebuffer");
}

static bool draws_with_tests(const char *name)
{
	return draws_pixels(name) && !starts(name, "glBlit");
}

static void masks(struct mcontext *c, const uint32_t *rec)
{
	switch (sp_opcode(*rec)) {
	case OP_glColorMask:
		c->sw.color_part = !(rec[1] && rec[2] && rec[3] && rec[4]);
		break;
	case OP_glColorMaski: c->sw.color_part |= !(rec[2] && rec[3] && rec[4] && rec[5]); break;
	case OP_glDepthMask: c->sw.depth_part = !rec[1]; break;
	case OP_glStencilMask: c->sw.stencil_part = (rec[1] & 0xff) != 0xff; break;
	case OP_glStencilMaskSeparate: c->sw.stencil_part |= (rec[2] & 0xff) != 0xff; break;
	}
}

bool switches_record(struct model *m, const uint32_t *rec)
{
	struct mcontext *c = m->now;
	unsigned op = sp_opcode(*rec);
	const char *name = gl_ops[op].name;

	if (reads_pixels(name))
		m->facts.reads = true;
	if (draws_with_tests(name))
		switches_draw(m);
	else if (draws_pixels(name))
		m->facts.draws = true;
	m->facts.placed |= starts(name, "glWindowPos") || starts(name, "glDrawPixels") ||
			   starts(name, "glBitmap") || starts(name, "glCopyPixels");
	m->facts.accumulated |= strcmp(name, "glAccum") == 0;
	masks(c, rec);
	switch (op) {
	case OP_glEnable: enable(c, rec[1], true); break;
	case OP_glDisable: enable(c, rec[1], false); break;
	case OP_glEnablei: enable_indexed(c, rec[1], true); break;
	case OP_glDisablei: enable_indexed(c, rec[1], false); break;
	case OP_glClear: clear(m, rec[1]); break;
	case OP_glPushAttrib: attrib_push(m, rec[1]); break;
	case OP_glPopAttrib: attrib_pop(m); break;
	case OP_glDrawBuffer: c->sw.buffer_odd = rec[1] != GL_BACK; break;
	case OP_glDrawBuffers: c->sw.buffer_odd = true; break;
	case OP_glBindFramebuffer: case OP_glBindFramebufferEXT:
		if (rec[1] == GL_FRAMEBUFFER || rec[1] == GL_DRAW_FRAMEBUFFER)
			c->draw_framebuffer = rec[2] != 0;
		break;
	case OP_glUseProgram: c->program = rec[1] != 0; break;
	case OP_glBindProgramPipeline: c->pipeline = rec[1] != 0; break;
	case OP_glBeginConditionalRender: c->conditional = true; break;
	case OP_glEndConditionalRender: c->conditional = false; break;
	}
	return true;
}

/* ---- facts ---------------------------------------------------------------------- */

const char *model_facts_compare(const struct model_facts *is, uint64_t executed,
				const struct verify_facts *claimed)
{
	if (executed > claimed->commands)
		return "fact: more records executed than claimed";
	if (is->contexts > claimed->contexts)
		return "fact: more contexts made current than claimed";
	if (is->opaque > claimed->opaque)
		return "fact: more opaque commands than claimed";
	if (is->blind)
		return NULL;
	if (is->draws && !claimed->draws)
		return "fact: draws, though claimed not to";
	if (is->vertices > claimed->vertices && !claimed->unknown_lists)
		return "fact: more vertices than claimed";
	if (is->depth && !claimed->uses_depth)
		return "fact: uses depth, though claimed not to";
	if (is->stencil && !claimed->uses_stencil)
		return "fact: uses stencil, though claimed not to";
	if (is->blend && !claimed->uses_blend)
		return "fact: blends, though claimed not to";
	if (is->reads && !claimed->reads_framebuffer)
		return "fact: reads the framebuffer, though claimed not to";
	if (is->stippled && !(claimed->relative & VERIFY_RELATIVE_STIPPLE))
		return "fact: stipples, though claimed not to";
	if (is->shaded && !(claimed->relative & VERIFY_RELATIVE_SHADER))
		return "fact: a program makes fragments, though claimed not to";
	if (is->placed && !(claimed->relative & VERIFY_RELATIVE_RASTER))
		return "fact: raster positions, though claimed none";
	if (is->accumulated && !(claimed->relative & VERIFY_RELATIVE_ACCUM))
		return "fact: accumulates, though claimed not to";
	if (!is->cleared[0] && claimed->clears_color)
		return "fact: colour not cleared, though claimed";
	if (!is->cleared[1] && claimed->clears_depth)
		return "fact: depth not cleared, though claimed";
	if (!is->cleared[2] && claimed->clears_stencil)
		return "fact: stencil not cleared, though claimed";
	return NULL;
}
