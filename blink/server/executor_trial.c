/* executor_trial.c - is it cheaper here to draw clients straight into the screen?
 *
 * Direct, a picture is drawn once, but what clears it is confined by the scissor, which
 * software drivers draw as rectangles.  Off-screen, all of a drawable is cleared, and the
 * picture copied.  Which is the dearer one is the driver's and the machine's affair: so both
 * are tried when the executor starts, in turn, and the better of each counts. */
#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/server/compose.h"
#include "blink/server/executor.h"

#define SHARED (SERVER_NUMBERS - 1)     /* drawables, and a context for each side */
#define OWN (SERVER_NUMBERS - 2)
#define CLIENT SHARED
#define SERVER OWN
#define AREA 256
#define ROUNDS 9u
#define CALL(op, type) ((type)x->gl->entry[OP_gl##op])

static void picture_draw(struct executor *x, bool direct)
{
	if (direct) {
		CALL(Enable, void (*)(uint32_t))(GL_SCISSOR_TEST);
		CALL(Scissor, void (*)(int, int, int, int))(AREA / 4, AREA / 4, AREA, AREA);
		CALL(Viewport, void (*)(int, int, int, int))(AREA / 4, AREA / 4, AREA, AREA);
	} else {
		CALL(Disable, void (*)(uint32_t))(GL_SCISSOR_TEST);
		CALL(Viewport, void (*)(int, int, int, int))(0, 0, AREA, AREA);
	}
	CALL(Enable, void (*)(uint32_t))(GL_DEPTH_TEST);
	CALL(Clear, void (*)(uint32_t))(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
	for (int i = 0; i < 8; i++)
		CALL(Rectf, void (*)(float, float, float, float))(-0.1f * (float)i, -0.5f,
								   0.1f * (float)i, 0.5f);
}

/* Nanoseconds of one picture until it is on the screen; 0: it could not be drawn. */
static uint64_t picture_time(struct executor *x, bool direct)
{
	const struct sink_ops *ops = x->gl->ops;
	uint32_t target = direct ? SHARED : OWN;
	uint64_t start = broker_now();

	if (ops->make_current(x->gl, CLIENT, target, target, &x->err) < 0)
		return 0;
	picture_draw(x, direct);
	sink_flush(x->gl);
	if (ops->make_current(x->gl, SERVER, SHARED, target, &x->err) < 0)
		return 0;
	if (!direct)
		CALL(BlitFramebuffer, void (*)(int, int, int, int, int, int, int, int, uint32_t,
					       uint32_t))(
			0, 0, AREA, AREA, 0, 0, AREA, AREA, GL_COLOR_BUFFER_BIT, GL_NEAREST);
	/* as a display frame ends: who finishes instead has Mesa copy all that was drawn to */
	sink_flush(x->gl);
	return broker_now() - start;
}

static void rounds(struct executor *x, uint64_t best[2])
{
	for (unsigned i = 0; i < ROUNDS; i++)
		for (unsigned direct = 0; direct < 2; direct++) {
			uint64_t ns = picture_time(x, direct);

			/* the first compiles */
			if (i && ns && (!best[direct] || ns < best[direct]))
				best[direct] = ns;
		}
}

bool executor_trial(struct executor *x, uint64_t best[2])
{
	const struct server_options *s = &x->opt->server;
	const struct sink_ops *ops = x->gl->ops;
	int r = ops->drawable_create(x->gl, SHARED, s->width, s->height, SCREEN_CONFIG, &x->err);

	best[0] = best[1] = 0;
	if (r >= 0)
		r = ops->drawable_create(x->gl, OWN, AREA, AREA, SINK_CONFIG_PBUFFER, &x->err);
	if (r >= 0)
		r = ops->context_create(x->gl, CLIENT, 0, 0, 0, &x->err);
	if (r >= 0)
		r = ops->context_create(x->gl, SERVER, 0, 0, 0, &x->err);
	if (r >= 0)
		rounds(x, best);
	ops->make_current(x->gl, 0, 0, 0, NULL);
	ops->context_destroy(x->gl, CLIENT);
	ops->context_destroy(x->gl, SERVER);
	ops->drawable_destroy(x->gl, SHARED);
	ops->drawable_destroy(x->gl, OWN);
	return best[0] && best[1];
}
