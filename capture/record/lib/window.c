/* window.c - GLX and EGL: contexts made, shared, made current and destroyed. */
#include "capture/record/lib/lib.h"

#define H(v) (uint64_t)(uintptr_t)(v)
#define VIEWPORT 0x0BA2u
#define SCISSOR_BOX 0x0C10u

/* ---- contexts --------------------------------------------------------------------------- */

/* Bits of alpha, depth and stencil of a visual or configuration. */
struct planes { int32_t alpha, depth, stencil; };

static struct planes planes_of_visual(const void *display, const void *visual)
{
	int (*get)(const void *, const void *, int, int32_t *) =
		(int (*)(const void *, const void *, int, int32_t *))rec_fn_of(REC_glXGetConfig);
	struct planes p = { -1, -1, -1 };

	get(display, visual, 11 /* GLX_ALPHA_SIZE */, &p.alpha);
	get(display, visual, 12, &p.depth);
	get(display, visual, 13, &p.stencil);
	return p;
}

static struct planes planes_of_config(const void *display, const void *config)
{
	int (*get)(const void *, const void *, int, int32_t *) =
		(int (*)(const void *, const void *, int, int32_t *))rec_fn_of(REC_glXGetFBConfigAttrib);
	struct planes p = { -1, -1, -1 };

	get(display, config, 11, &p.alpha);
	get(display, config, 12, &p.depth);
	get(display, config, 13, &p.stencil);
	return p;
}

static struct planes planes_of_egl(const void *display, const void *config)
{
	uint32_t (*get)(const void *, const void *, int32_t, int32_t *) =
		(uint32_t (*)(const void *, const void *, int32_t, int32_t *))
		rec_fn_of(REC_eglGetConfigAttrib);
	struct planes p = { -1, -1, -1 };

	get(display, config, 0x3021 /* EGL_ALPHA_SIZE */, &p.alpha);
	get(display, config, 0x3025, &p.depth);
	get(display, config, 0x3026, &p.stencil);
	return p;
}

static uint32_t config_bits(struct planes p)
{
	/* other alpha than 8 bits or none has no bits here */
	if ((p.alpha && p.alpha != 8) || p.depth < 0 || p.depth > 64 || p.stencil < 0 || p.stencil > 64)
		return 0;
	return RECORD_CONFIG_SAID | (p.alpha ? RECORD_CONFIG_ALPHA : 0) | (uint32_t)p.depth << 16 |
	       (uint32_t)p.stencil << 24;
}

/* The context is new to us: what it was made with is to be asked for. */
static struct rec_context *made(const void *handle, const void *share, bool egl)
{
	if (!handle || !rec_active() || rec_context_find(H(handle)))
		return NULL;
	return rec_context_new(H(handle), H(share), egl);
}

void rec_after_glXCreateContext(const void *display, const void *visual, const void *share,
				int32_t direct, const void *context)
{
	struct rec_context *c = made(context, share, false);

	(void)direct;
	if (c && visual)
		c->config = config_bits(planes_of_visual(display, visual));
}

static void made_of_config(const void *display, const void *config, const void *share,
			   const void *context)
{
	struct rec_context *c = made(context, share, false);

	if (c && config)
		c->config = config_bits(planes_of_config(display, config));
}

void rec_after_glXCreateNewContext(const void *display, const void *config, int32_t type,
				   const void *share, int32_t direct, const void *context)
{
	(void)type, (void)direct;
	made_of_config(display, config, share, context);
}

void rec_after_glXCreateContextWithConfigSGIX(const void *display, const void *config,
					      int32_t type, const void *share, int32_t direct,
					      const void *context)
{
	(void)type, (void)direct;
	made_of_config(display, config, share, context);
}

void rec_after_glXCreateContextAttribsARB(const void *display, const void *config,
					  const void *share, int32_t direct,
					  const void *attributes, const void *context)
{
	(void)direct, (void)attributes;
	made_of_config(display, config, share, context);
}

void rec_after_eglCreateContext(const void *display, const void *config, const void *share,
				const void *attributes, const void *context)
{
	struct rec_context *c = made(context, share, true);

	(void)attributes;
	if (c && config)
		c->config = config_bits(planes_of_egl(display, config));
}

void rec_after_glXDestroyContext(const void *display, const void *context)
{
	(void)display;
	rec_context_destroy(H(context));
}

void rec_after_eglDestroyContext(const void *display, const void *context, uint32_t good)
{
	(void)display;
	if (good)
		rec_context_destroy(H(context));
}

/* ---- current ------------------------------------------------------------------------------ */

/* Viewport and scissor take the drawable's size when a context is first made current:
 * state that no call sets. */
static void first_current(struct rec_context *c)
{
	int32_t box[4] = { 0 };
	uint64_t args[4];

	rec_gl(glGetIntegerv, void, uint32_t, int32_t *)(VIEWPORT, box);
	for (unsigned i = 0; i < 4; i++)
		args[i] = (uint64_t)(int64_t)box[i];
	rec_drawable(c->display, c->draw, c->egl, (uint32_t)box[2], (uint32_t)box[3]);
	rec_write(GL_CMD_glViewport, args, 0, true, NULL, 0);
	rec_gl(glGetIntegerv, void, uint32_t, int32_t *)(SCISSOR_BOX, box);
	for (unsigned i = 0; i < 4; i++)
		args[i] = (uint64_t)(int64_t)box[i];
	rec_write(GL_CMD_glScissor, args, 0, true, NULL, 0);
}

/* The size of a drawable comes before the first call that may depend on it. */
static void drawable_seen(const void *display, uint64_t drawable, bool egl)
{
	if (drawable && rec_prepare(1))
		rec_drawable(H(display), drawable, egl, 0, 0);
}

void rec_first_glXMakeCurrent(const void *display, uint64_t drawable, const void *context)
{
	if (context)
		drawable_seen(display, drawable, false);
}

void rec_first_glXMakeContextCurrent(const void *display, uint64_t draw, uint64_t read,
				     const void *context)
{
	(void)read;
	if (context)
		drawable_seen(display, draw, false);
}

void rec_first_glXMakeCurrentReadSGI(const void *display, uint64_t draw, uint64_t read,
				     const void *context)
{
	rec_first_glXMakeContextCurrent(display, draw, read, context);
}

void rec_first_eglMakeCurrent(const void *display, const void *draw, const void *read,
			      const void *context)
{
	(void)read;
	if (context)
		drawable_seen(display, H(draw), true);
}

static void current(const void *display, uint64_t draw, uint64_t read, const void *context,
		    bool good, bool egl)
{
	struct rec_context *c;

	if (!good || !rec_active())
		return;
	if (!context) {
		rec_context_current(NULL);
		return;
	}
	c = rec_context_find(H(context));
	if (!c)                 /* made before we were here, or by means unknown to us */
		c = rec_context_new(H(context), 0, egl);
	if (!c)
		return;
	c->display = H(display);
	c->draw = draw;
	c->read = read;
	rec_context_current(c);
	if (!c->was_current && draw) {
		c->was_current = true;
		first_current(c);
	} else if (draw) {
		rec_drawable(c->display, draw, egl, 0, 0);
	}
}

void rec_after_glXMakeCurrent(const void *display, uint64_t drawable, const void *context,
			      int32_t good)
{
	current(display, drawable, drawable, context, good, false);
}

void rec_after_glXMakeContextCurrent(const void *display, uint64_t draw, uint64_t read,
				     const void *context, int32_t good)
{
	current(display, draw, read, context, good, false);
}

void rec_after_glXMakeCurrentReadSGI(const void *display, uint64_t draw, uint64_t read,
				     const void *context, int32_t good)
{
	current(display, draw, read, context, good, false);
}

void rec_after_eglMakeCurrent(const void *display, const void *draw, const void *read,
			      const void *context, uint32_t good)
{
	current(display, H(draw), H(read), context, good, true);
}

void rec_after_eglReleaseThread(uint32_t good)
{
	/* only contexts of EGL are released by it */
	if (good && rec.context && rec.context->egl)
		rec_context_current(NULL);
}

/* ---- drawables ------------------------------------------------------------------------------- */

void rec_after_glXCreateWindow(const void *display, const void *config, uint64_t window,
			       const void *attributes, uint64_t drawable)
{
	(void)display, (void)config, (void)attributes;
	rec_drawable_made(drawable, window);
}

void rec_after_glXCreatePbuffer(const void *display, const void *config,
				const void *attributes, uint64_t drawable)
{
	(void)display, (void)config, (void)attributes;
	rec_drawable_made(drawable, 0);
}

void rec_after_glXCreatePixmap(const void *display, const void *config, uint64_t pixmap,
			       const void *attributes, uint64_t drawable)
{
	(void)display, (void)config, (void)attributes;
	rec_drawable_made(drawable, pixmap);
}

/* ---- swaps --------------------------------------------------------------------------------------- */

void rec_first_glXSwapBuffers(const void *display, uint64_t drawable)
{
	rec_frame(H(display), drawable, false);
}

void rec_first_glXSwapBuffersMscOML(const void *display, uint64_t drawable, int64_t target,
				    int64_t divisor, int64_t remainder)
{
	(void)target, (void)divisor, (void)remainder;
	rec_frame(H(display), drawable, false);
}

void rec_first_eglSwapBuffers(const void *display, const void *surface)
{
	rec_frame(H(display), H(surface), true);
}

void rec_first_eglSwapBuffersWithDamageEXT(const void *display, const void *surface,
					   const void *rects, int32_t n)
{
	(void)rects, (void)n;
	rec_frame(H(display), H(surface), true);
}

void rec_first_eglSwapBuffersWithDamageKHR(const void *display, const void *surface,
					   const void *rects, int32_t n)
{
	(void)rects, (void)n;
	rec_frame(H(display), H(surface), true);
}
