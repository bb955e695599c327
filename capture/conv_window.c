/* conv_window.c - GLX and EGL: contexts, drawables, threads, swaps.
 *
 * A trace holds no window sizes.  A drawable's size is therefore inferred as every
 * replayer of such traces does it: it starts at 32x32 and grows with the viewports
 * and blits that reach beyond it while no framebuffer object is bound; pbuffers
 * have the size that they were created with. */
#include "blink/engine/sink.h"
#include "capture/conv.h"
#include "capture/record/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ATTR_MAJOR 0x2091u      /* GLX_CONTEXT_MAJOR_VERSION_ARB */
#define ATTR_MINOR 0x2092u
#define ATTR_FLAGS 0x2094u
#define ATTR_PROFILE 0x9126u    /* GLX_CONTEXT_PROFILE_MASK_ARB */
#define ATTR_EGL_MAJOR 0x3098u
#define ATTR_EGL_MINOR 0x30fbu
#define ATTR_EGL_PROFILE 0x30fdu
#define ATTR_GLX_PBUFFER_HEIGHT 0x8040u
#define ATTR_GLX_PBUFFER_WIDTH 0x8041u
#define ATTR_GLX_SAMPLE_BUFFERS 100000u
#define ATTR_GLX_SAMPLES 100001u
#define ATTR_EGL_HEIGHT 0x3056u
#define ATTR_EGL_WIDTH 0x3057u
#define EGL_ES_API 0x30a0u

static struct conv_context *context_find(struct conv *c, uint64_t handle)
{
	for (struct conv_context *x = c->contexts; x; x = x->next)
		if (x->handle == handle && !x->dead)
			return x;
	return NULL;
}

static struct conv_drawable *drawable_find(struct conv *c, uint64_t handle)
{
	for (struct conv_drawable *d = c->drawables; d; d = d->next)
		if (d->handle == handle && !d->dead)
			return d;
	return NULL;
}

static void emit_global(struct conv *c, unsigned op, const uint32_t *words)
{
	sp_emit(&c->redraw, op, 0, words);
	c->stats->records++;
}

static struct conv_context *context_add(struct conv *c, uint64_t handle, uint64_t share,
					uint32_t version, uint32_t flags)
{
	struct conv_context *other = share ? context_find(c, share) : NULL;
	struct conv_context *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->handle = handle;
	x->es = flags & SINK_CONTEXT_ES;
	if (!x->es)
		x->id = ++c->next_context;
	x->group = other ? other->group : ++c->next_group;
	x->render_mode = 0x1C00;        /* GL_RENDER */
	conv_pixelstore_reset(&x->unpack);
	conv_pixelstore_reset(&x->pack);
	x->next = c->contexts;
	c->contexts = x;
	if (x->es)
		return x;
	c->stats->contexts++;
	emit_global(c, OP_blinkContext,
		    (const uint32_t[]){ x->id, other ? other->id : 0, version, flags });
	return x;
}

static struct conv_drawable *drawable_add(struct conv *c, uint64_t handle, uint32_t w,
					  uint32_t h, bool pbuffer, uint32_t samples)
{
	struct conv_drawable *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->handle = handle;
	d->id = ++c->next_drawable;
	d->w = w ? w : 1;
	d->h = h ? h : 1;
	d->pbuffer = pbuffer;
	d->next = c->drawables;
	c->drawables = d;
	c->stats->drawables++;
	d->made_at = c->redraw.len;
	d->made_sp = c->sps;
	d->made_draws = c->draw_serial;
	emit_global(c, OP_blinkDrawable,
		    (const uint32_t[]){ d->id, d->w, d->h,
					1u | (pbuffer ? 2u : 0) | samples << 8 });
	return d;
}

int conv_thread_new(struct conv *c, uint32_t thread)
{
	struct conv_thread *t;

	if (thread > 4096)
		return error_set(c->err, -EINVAL, "convert: thread number %u is absurd", thread);
	t = realloc(c->threads, (thread + 1) * sizeof(*t));
	if (!t)
		return error_set(c->err, -ENOMEM, "convert: out of memory");
	memset(t + c->nthreads, 0, (thread + 1 - c->nthreads) * sizeof(*t));
	c->threads = t;
	c->nthreads = thread + 1;
	c->stats->threads = c->nthreads;
	c->ctx = NULL;
	return 0;
}

int conv_switch(struct conv *c)
{
	struct conv_drawable *draw, *read;

	c->cur = c->ctx;
	c->cur_draw = c->ctx ? c->ctx->draw : 0;
	c->cur_read = c->ctx ? c->ctx->read : 0;
	draw = c->ctx ? drawable_find(c, c->cur_draw) : NULL;
	read = c->ctx ? drawable_find(c, c->cur_read) : NULL;
	emit_global(c, OP_blinkMakeCurrent,
		    (const uint32_t[]){ c->ctx ? c->ctx->id : 0, draw ? draw->id : 0,
					read ? read->id : 0 });
	return 0;
}

/* ---- attribute lists --------------------------------------------------------- */

static uint64_t attrib(const struct trace_call *call, int arg, uint32_t key, uint64_t missing)
{
	const struct trace_value *v;

	if (arg < 0 || (uint32_t)arg >= call->sig->nargs)
		return missing;
	v = &call->args[arg];
	for (uint32_t i = 0; v->kind == TRACE_ARRAY && i + 1 < v->count; i += 2) {
		int64_t k = 0, n = 0;

		if (trace_int(&v->items[i], &k) && (uint64_t)k == key &&
		    trace_int(&v->items[i + 1], &n))
			return (uint64_t)n;
	}
	return missing;
}

struct config_samples {
	uint64_t config;
	uint32_t samples, pad;
};

static uint32_t config_samples_get(struct conv *c, uint64_t config)
{
	const struct config_samples *v = (const void *)c->samples.data;

	for (size_t i = c->samples.len / sizeof(*v); i-- > 0;)
		if (v[i].config == config)
			return v[i].samples;
	return 0;
}

/* ---- handlers ---------------------------------------------------------------- */

static uint64_t ret_handle(const struct trace_call *call)
{
	const struct trace_value *v = &call->ret;
	int64_t n;

	if (!call->has_ret)
		return 0;
	if (v->kind == TRACE_POINTER || v->kind == TRACE_UINT)
		return v->u;
	return trace_int(v, &n) ? (uint64_t)n : 0;
}

static uint32_t api_flags(uint64_t profile)
{
	return (profile & 1 ? 1u : 0) | (profile & 4 ? 4u : 0);
}

static int create_context(struct conv *c, const struct trace_call *call, const char *name)
{
	struct conv_context *x;
	uint64_t handle = ret_handle(call), config = 0, share, major = 0, minor = 0;
	uint32_t flags = 0;

	if (!handle)
		return 0;
	if (!strcmp(name, "glXCreateContext")) {
		share = conv_arg_uint(call, 2);
	} else if (!strcmp(name, "glXCreateNewContext") ||
		   !strcmp(name, "glXCreateContextWithConfigSGIX")) {
		config = conv_arg_uint(call, 1);
		share = conv_arg_uint(call, 3);
	} else if (!strcmp(name, "glXCreateContextAttribsARB")) {
		config = conv_arg_uint(call, 1);
		share = conv_arg_uint(call, 2);
		major = attrib(call, 4, ATTR_MAJOR, 1);
		minor = attrib(call, 4, ATTR_MINOR, 0);
		flags = api_flags(attrib(call, 4, ATTR_PROFILE, 0));
		/* the profile is only looked at from 3.2 on, and defaults to core there */
		if (major * 10 + minor >= 32 && attrib(call, 4, ATTR_PROFILE, 1) == 1)
			flags |= 1u;
		else if (!(flags & 4u))
			flags = 0;
		if (attrib(call, 4, ATTR_FLAGS, 0) & 1)
			flags |= 2u;
	} else {                                        /* eglCreateContext */
		config = conv_arg_uint(call, 1);
		share = conv_arg_uint(call, 2);
		major = attrib(call, 3, ATTR_EGL_MAJOR, 1);
		minor = attrib(call, 3, ATTR_EGL_MINOR, 0);
		if (c->egl_es)
			flags = 4u;
		else if (major * 10 + minor >= 32 && attrib(call, 3, ATTR_EGL_PROFILE, 1) == 1)
			flags = 1u;
	}
	x = context_add(c, handle, share, major * 10 + minor >= 30
			? (uint32_t)(major * 10 + minor) : 0, flags);
	if (!x)
		return error_set(c->err, -ENOMEM, "convert: out of memory");
	x->samples = config_samples_get(c, config);
	return 0;
}

static int make_current(struct conv *c, const struct trace_call *call, uint64_t draw,
			uint64_t read, uint64_t handle)
{
	struct conv_thread *t = &c->threads[call->thread];
	struct conv_context *x = NULL;
	int64_t ok = 1;

	if (call->has_ret && trace_int(&call->ret, &ok) && !ok)
		return 0;               /* it failed then: nothing changed */
	if (handle) {
		x = context_find(c, handle);
		if (!x)
			x = context_add(c, handle, 0, 0, 0);
		if (!x)
			return error_set(c->err, -ENOMEM, "convert: out of memory");
		if (x->es) {
			/* programs make such contexts to see what there is; what they do in one
			 * is lost */
			t->ctx = c->ctx = NULL;
			return conv_refuse(c, call, "OpenGL ES contexts are not in the command table");
		}
		if (draw && !drawable_find(c, draw) &&
		    !drawable_add(c, draw, 32, 32, false, x->samples))
			return error_set(c->err, -ENOMEM, "convert: out of memory");
		if (read && !drawable_find(c, read) &&
		    !drawable_add(c, read, 32, 32, false, x->samples))
			return error_set(c->err, -ENOMEM, "convert: out of memory");
		x->draw = draw;
		x->read = read;
	}
	t->ctx = x;
	t->draw = draw;
	t->read = read;
	c->ctx = x;
	return conv_make_current(c);
}

static int destroy_context(struct conv *c, uint64_t handle)
{
	struct conv_context *x = context_find(c, handle);

	if (!x)
		return 0;
	/* GL destroys a context once no thread has it current. */
	for (uint32_t i = 0; i < c->nthreads; i++)
		if (c->threads[i].ctx == x)
			return 0;
	if (c->cur == x) {
		c->cur = NULL;
		c->cur_draw = c->cur_read = 0;
		emit_global(c, OP_blinkMakeCurrent, (const uint32_t[]){ 0, 0, 0 });
	}
	x->dead = true;
	if (x->es)
		return 0;
	if (c->entry_ctx == x)
		c->no_hoist = true;
	emit_global(c, OP_blinkContextDestroy, (const uint32_t[]){ x->id });
	return 0;
}

static int swap(struct conv *c, const struct trace_call *call, uint64_t handle)
{
	struct conv_drawable *d = drawable_find(c, handle);

	(void)call;
	if (c->ctx)
		conv_make_current(c);
	if (!d)
		d = drawable_add(c, handle, 32, 32, false, 0);
	if (!d)
		return error_set(c->err, -ENOMEM, "convert: out of memory");
	emit_global(c, OP_blinkSwap, (const uint32_t[]){ d->id });
	return conv_frame_end(c, d->id);
}

/* Drawables get the samples of the configuration that their first context was made of. */
static void config_samples_set(struct conv *c, uint64_t config, uint64_t samples)
{
	struct config_samples s = { config, (uint32_t)samples, 0 };

	if (samples <= 16 && config_samples_get(c, config) != samples)
		buf_append(&c->samples, &s, sizeof(s));
}

static void config_chosen(struct conv *c, const struct trace_call *call)
{
	uint64_t samples = attrib(call, 2, ATTR_GLX_SAMPLES, 0);

	if (!attrib(call, 2, ATTR_GLX_SAMPLE_BUFFERS, 0) || !samples ||
	    call->ret.kind != TRACE_ARRAY)
		return;
	for (uint32_t i = 0; i < call->ret.count; i++)
		if (call->ret.items[i].kind == TRACE_POINTER)
			config_samples_set(c, call->ret.items[i].u, samples);
}

/* Window-system calls by name: few, and each its own. */
int conv_hook_window(struct conv *c, const struct trace_call *call,
		     const struct conv_plan *plan)
{
	const char *name = plan->cmd->name;
	struct conv_drawable *d;

	if (strstr(name, "CreateContext") || !strcmp(name, "glXCreateNewContext"))
		return create_context(c, call, name);
	if (!strcmp(name, "glXMakeCurrent"))
		return make_current(c, call, conv_arg_uint(call, 1), conv_arg_uint(call, 1),
				    conv_arg_uint(call, 2));
	if (!strcmp(name, "glXMakeContextCurrent") || !strcmp(name, "glXMakeCurrentReadSGI") ||
	    !strcmp(name, "eglMakeCurrent"))
		return make_current(c, call, conv_arg_uint(call, 1), conv_arg_uint(call, 2),
				    conv_arg_uint(call, 3));
	if (!strncmp(name, "glXSwapBuffers", 14) || !strncmp(name, "eglSwapBuffers", 14))
		return swap(c, call, conv_arg_uint(call, 1));
	if (!strcmp(name, "glXDestroyContext") || !strcmp(name, "eglDestroyContext"))
		return destroy_context(c, conv_arg_uint(call, 1));
	if (!strcmp(name, "glXGetFBConfigAttrib")) {
		c->stats->skipped++;
		if (conv_arg_uint(call, 2) == ATTR_GLX_SAMPLES)
			config_samples_set(c, conv_arg_uint(call, 1), conv_arg_uint(call, 3));
		return 0;
	}
	if (!strcmp(name, "glXChooseFBConfig")) {
		c->stats->skipped++;
		config_chosen(c, call);
		return 0;
	}
	if (!strcmp(name, "eglBindAPI")) {
		c->egl_es = conv_arg_uint(call, 0) == EGL_ES_API;
		return 0;
	}
	if (!strcmp(name, "glXCreatePbuffer") || !strcmp(name, "eglCreatePbufferSurface")) {
		bool egl = name[0] == 'e';
		uint64_t w = attrib(call, 2, egl ? ATTR_EGL_WIDTH : ATTR_GLX_PBUFFER_WIDTH, 0);
		uint64_t h = attrib(call, 2, egl ? ATTR_EGL_HEIGHT : ATTR_GLX_PBUFFER_HEIGHT, 0);

		if (ret_handle(call) &&
		    !drawable_add(c, ret_handle(call), (uint32_t)w, (uint32_t)h, true, 0))
			return error_set(c->err, -ENOMEM, "convert: out of memory");
		return 0;
	}
	if (strstr(name, "Destroy")) {          /* windows, pixmaps, pbuffers, surfaces */
		d = drawable_find(c, conv_arg_uint(call, 1));
		if (d && c->cur_draw != d->handle && c->cur_read != d->handle) {
			emit_global(c, OP_blinkDrawableDestroy, (const uint32_t[]){ d->id });
			d->dead = true;
		}
		return 0;
	}
	if (strstr(name, "Create") || strstr(name, "Wait") || !strcmp(name, "eglInitialize") ||
	    !strcmp(name, "eglTerminate") || !strcmp(name, "eglReleaseThread"))
		return 0;               /* drawables come to be when first made current */
	return conv_refuse(c, call, "this window-system call is not converted");
}

/* ---- sizes -------------------------------------------------------------------- */

static void drawable_grow(struct conv *c, int64_t w, int64_t h)
{
	struct conv_drawable *d = c->ctx ? drawable_find(c, c->ctx->draw) : NULL;

	if (!d || d->pbuffer || d->known || w <= 0 || h <= 0 || w > 16384 || h > 16384)
		return;
	if ((d->shown && w <= d->w && h <= d->h) || c->ctx->draw_framebuffer)
		return;
	d->shown = true;
	w = w > d->w ? w : d->w;
	h = h > d->h ? h : d->h;
	if (w == d->w && h == d->h)
		return;
	d->w = (uint32_t)w;
	d->h = (uint32_t)h;
	conv_emit_words(c, OP_blinkDrawableResize, d->id, d->w, d->h);
}

static int64_t arg_int(const struct trace_call *call, unsigned i)
{
	double d = 0;

	if (i < call->sig->nargs && trace_double(&call->args[i], &d))
		return (int64_t)d;
	return 0;
}

/* glViewportArrayv: first, count, v[count][4] */
static int viewports_spell(struct conv *c, const struct trace_call *call)
{
	const struct trace_value *v = &call->args[2];
	uint32_t first = (uint32_t)conv_arg_uint(call, 0);

	if (call->sig->nargs < 3 || v->kind != TRACE_ARRAY)
		return conv_refuse(c, call, "the trace holds no viewports");
	c->stats->lowered++;
	for (uint32_t i = 0; i < v->count / 4 && i < 64; i++) {
		uint32_t w[4];

		for (unsigned k = 0; k < 4; k++) {
			double d = 0;
			float f;

			trace_double(&v->items[4 * i + k], &d);
			f = (float)d;
			memcpy(&w[k], &f, 4);
		}
		conv_emit_words(c, OP_glViewportIndexedf, first + i, w[0], w[1], w[2], w[3]);
	}
	return 0;
}

int conv_hook_viewport(struct conv *c, const struct trace_call *call,
		       const struct conv_plan *plan)
{
	const struct trace_value *v = call->args + call->sig->nargs;
	double q[4] = { 0 };

	if (!call->sig->nargs)
		return CONV_GO_ON;
	v--;
	switch (plan->aux) {
	case 0:
		drawable_grow(c, arg_int(call, 0) + arg_int(call, 2),
			      arg_int(call, 1) + arg_int(call, 3));
		break;
	case 2:
		drawable_grow(c, arg_int(call, 1) + arg_int(call, 3),
			      arg_int(call, 2) + arg_int(call, 4));
		break;
	case 4:
		drawable_grow(c, arg_int(call, 4) > arg_int(call, 6) ? arg_int(call, 4)
			      : arg_int(call, 6),
			      arg_int(call, 5) > arg_int(call, 7) ? arg_int(call, 5)
			      : arg_int(call, 7));
		break;
	default:
		if (arg_int(call, 0) != 0 || v->kind != TRACE_ARRAY || v->count < 4)
			break;
		for (unsigned i = 0; i < 4; i++)
			trace_double(&v->items[i], &q[i]);
		drawable_grow(c, (int64_t)(q[0] + q[2]), (int64_t)(q[1] + q[3]));
	}
	return plan->aux == 1 ? viewports_spell(c, call) : CONV_GO_ON;
}

/* RECORD_DRAWABLE's config in the bits of blinkDrawable's; samples that its configuration
 * was chosen for count where the driver did not say. */
static uint32_t drawable_config(uint32_t was, uint64_t config)
{
	uint32_t samples = config & 0xff ? config & 0xff : was >> 8 & 0xff;
	uint32_t bits = (was & 3u) | samples << 8;

	if (!(config & RECORD_CONFIG_SAID))
		return bits;
	return bits | SINK_CONFIG_SAID | (config & RECORD_CONFIG_ALPHA ? SINK_CONFIG_ALPHA : 0) |
	       (uint32_t)(config & 0xffff0000u);
}

/* A drawable of which this becomes known before anything was drawn is made so: a software
 * driver notices another size only at the next swap. */
static bool drawable_made_so(struct conv *c, const struct conv_drawable *d, uint64_t config)
{
	uint32_t *rec = (void *)(c->redraw.data + d->made_at);

	if (d->made_sp != c->sps || d->made_draws != c->draw_serial ||
	    d->made_at + gl_ops[OP_blinkDrawable].words * 4u > c->redraw.len ||
	    sp_opcode(rec[0]) != OP_blinkDrawable || rec[1] != d->id)
		return false;
	rec[2] = d->w;
	rec[3] = d->h;
	rec[4] = drawable_config(rec[4], config);
	return true;
}

int conv_hook_drawable(struct conv *c, const struct trace_call *call,
		       const struct conv_plan *plan)
{
	uint64_t handle = conv_arg_uint(call, 0), w = conv_arg_uint(call, 1);
	uint64_t h = conv_arg_uint(call, 2), config = conv_arg_uint(call, 3);
	struct conv_drawable *d = drawable_find(c, handle);
	bool changed = !d || d->w != w || d->h != h;

	(void)plan;
	if (!handle || !w || !h || w > 16384 || h > 16384)
		return 0;
	if (!d) {
		d = drawable_add(c, handle, (uint32_t)w, (uint32_t)h, false, 0);
		if (!d)
			return error_set(c->err, -ENOMEM, "convert: out of memory");
	}
	d->known = d->shown = true;
	d->w = (uint32_t)w;
	d->h = (uint32_t)h;
	if (!drawable_made_so(c, d, config) && changed)
		emit_global(c, OP_blinkDrawableResize, (const uint32_t[]){ d->id, d->w, d->h });
	return 0;
}
