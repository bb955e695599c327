/* hostile_code.c - acts against what a driver makes on its own: code at draws, contexts, and
 * whatever else no command of GL says that it takes. */
#include "blink/client/programs/hostile.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

#include "blink/client/blinkgl.h"

enum { OBJECT_INIT = 1, OBJECT_REDRAW, OBJECT_TEXT, OBJECT_TEXT2, OBJECT_CORNERS };
#define SIDE 64
#define CONTEXTS 8u

/* ---- variants of state in many contexts ----------------------------------------------------- */

static void contexts_make(struct hostile *h)
{
	struct buf *code = &h->code;

	blink_window(code, SIDE, SIDE);
	for (uint32_t i = 2; i <= CONTEXTS; i++) {
		blinkContext(code, i, 0, 0, 0);
		blinkMakeCurrent(code, i, 1, 1);
	}
	hostile_publish(h, OBJECT_INIT, SP_INIT);
}

/* What decides which code llvmpipe makes for a fragment, by the bits of n. */
static void state_set(struct buf *code, uint32_t n)
{
	static const uint32_t caps[] = { GL_ALPHA_TEST, GL_BLEND, GL_DEPTH_TEST, GL_STENCIL_TEST };

	for (unsigned i = 0; i < 4; i++) {
		if (n >> i & 1)
			blinkEnable(code, caps[i]);
		else
			blinkDisable(code, caps[i]);
	}
	blinkAlphaFunc(code, GL_NEVER + (n >> 4 & 7), 0.5f);
	blinkDepthFunc(code, GL_NEVER + (n >> 7 & 7));
	blinkBlendFunc(code, GL_SRC_COLOR + (n >> 10 & 7), GL_SRC_COLOR + (n >> 13 & 3));
	blinkStencilFunc(code, GL_NEVER + (n >> 15 & 7), 1, 0xff);
	blinkColor3f(code, 0.5f, 0.5f, 0.5f);
	blinkRectf(code, -1, -1, 1, 1);
}

/* One state more at each step, in all contexts: what one compiled the others find. */
static void contexts(struct hostile *h)
{
	struct buf *code = &h->code;
	uint32_t n = h->step * 0x9e3779b1u >> 7;

	if (!h->step++)
		contexts_make(h);
	for (uint32_t i = CONTEXTS; i >= 1; i--) {
		blinkMakeCurrent(code, i, 1, 1);
		for (uint32_t k = 0; k < 4; k++)
			state_set(code, n + k);
	}
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

const struct hostile_act hostile_code[] = {
	{ "contexts", "state after state, in eight contexts", contexts, true, 5000, false },
	{ 0 }
};
