/* client_window.c - records of the window system go to the sink's operations. */
#include "blink/engine/client.h"

#include <GL/gl.h>
#include <errno.h>

/* BlinkGL has no pixel-store state: layouts are tight, the driver's default is not. */
static void context_prepare(struct client *c, uint32_t ctx)
{
	static const int32_t tight[] = { GL_UNPACK_ALIGNMENT, GL_PACK_ALIGNMENT };

	if (!ctx || c->context_ready[ctx] || !c->sink->pixel_storei)
		return;
	for (unsigned i = 0; i < sizeof(tight) / sizeof(tight[0]); i++)
		((void (*)(uint32_t, int32_t))c->sink->pixel_storei)((uint32_t)tight[i], 1);
	c->context_ready[ctx] = 1;
}

static int make_current(struct client *c, uint32_t ctx, uint32_t draw, uint32_t read)
{
	int rc = c->sink->ops->make_current(c->sink, ctx, draw, read, &c->error);

	if (rc == 0)
		context_prepare(c, ctx);
	return rc;
}

static int swap(struct client *c, uint32_t drawable)
{
	if (c->on_swap)
		c->on_swap(c->swap_user, drawable);
	return c->sink->ops->swap(c->sink, drawable, &c->error);
}

int client_window(struct client *c, const uint32_t *rec)
{
	struct sink *s = c->sink;
	const uint32_t *w = rec + 1;      /* operands, each of one word */

	switch (sp_opcode(*rec)) {
	case OP_blinkContext:
		c->context_ready[w[0]] = 0;
		return s->ops->context_create(s, w[0], w[1], w[2], w[3], &c->error);
	case OP_blinkContextDestroy:
		s->ops->context_destroy(s, w[0]);
		c->context_ready[w[0]] = 0;
		return 0;
	case OP_blinkDrawable:
		return s->ops->drawable_create(s, w[0], w[1], w[2], w[3], &c->error);
	case OP_blinkDrawableResize:
		return s->ops->drawable_resize(s, w[0], w[1], w[2], &c->error);
	case OP_blinkDrawableDestroy:
		s->ops->drawable_destroy(s, w[0]);
		return 0;
	case OP_blinkMakeCurrent:
		return make_current(c, w[0], w[1], w[2]);
	case OP_blinkSwap:
		return swap(c, w[0]);
	default:
		return error_set(&c->error, -EINVAL, "engine: no window operation of that number");
	}
}
