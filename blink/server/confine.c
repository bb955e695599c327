/* confine.c - a client's sink: entries, contexts, drawables, and where framebuffer 0 is. */
#include "blink/server/confine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT_BYTES (UINT64_C(3) << 20)       /* of the driver's, for one (Mesa: 2.7 MB) */

__thread struct confined *confine_self;

static struct confined *confined_of(struct sink *s)
{
	return (struct confined *)(void *)s;
}

/* ---- numbers of the driver's sink ----------------------------------------------------
 * Contexts and drawables of all clients have numbers of one sink, so that none may be
 * given twice.  The lowest free one is, which keeps the sink's tables short. */

#define NUMBERS_MAX 65536u
struct numbers { uint64_t used[NUMBERS_MAX / 64]; };
static struct numbers context_numbers, drawable_numbers;
static pthread_mutex_t numbers_lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t number_find(struct numbers *n)
{
	for (uint32_t i = 0; i < NUMBERS_MAX / 64; i++) {
		uint64_t own = i ? 0 : (2ull << SERVER_NUMBERS) - 1;
		uint64_t free = ~(n->used[i] | own);

		if (free) {
			uint32_t bit = (uint32_t)__builtin_ctzll(free);

			n->used[i] |= 1ull << bit;
			return i * 64 + bit;
		}
	}
	return 0;
}

static uint32_t number_take(struct numbers *n)
{
	uint32_t number;

	pthread_mutex_lock(&numbers_lock);
	number = number_find(n);
	pthread_mutex_unlock(&numbers_lock);
	return number;
}

static void number_give(struct numbers *n, uint32_t number)
{
	pthread_mutex_lock(&numbers_lock);
	n->used[number / 64] &= ~(1ull << number % 64);
	pthread_mutex_unlock(&numbers_lock);
}

/* ---- limits -------------------------------------------------------------------------- */

bool confine_room(struct confined *k, uint64_t bytes)
{
	if (range_ok(k->memory, bytes, k->limits.memory))
		return true;
	confine_fault(k, VSO_FAULT_MEMORY);
	return false;
}

uint32_t confine_ask(const struct confined *k, uint32_t pname, uint32_t was, uint32_t believed)
{
	GLint v[16] = { (GLint)was };

	if (!k->gl->get_integerv)
		return believed;
	((void (*)(GLenum, GLint *))k->gl->get_integerv)(pname, v);
	return (uint32_t)v[0];
}

/* ---- contexts ------------------------------------------------------------------------ */

static struct confine_context *context_find(struct confined *k, uint32_t name)
{
	for (uint32_t i = 0; name && i < k->limits.contexts; i++)
		if (k->context[i].name == name)
			return &k->context[i];
	return NULL;
}

static struct confine_context *context_free(struct confined *k)
{
	for (uint32_t i = 0; i < k->limits.contexts; i++)
		if (!k->context[i].name)
			return &k->context[i];
	return NULL;
}

static int context_create(struct sink *s, uint32_t name, uint32_t share, uint32_t version,
			  uint32_t flags, struct error *err)
{
	struct confined *k = confined_of(s);
	struct confine_context *c = context_free(k), *other = context_find(k, share);
	uint32_t driver;
	int r;

	if (!c || (k->contexts && !confine_room(k, CONTEXT_BYTES))) {
		confine_fault(k, VSO_FAULT_MEMORY);
		return error_set(err, -EDQUOT, "context %u: this client has %u already", name,
				 k->contexts);
	}
	if (share && !other)
		return error_set(err, -ENOENT, "context %u: there is no context %u to share with",
				 name, share);
	if (context_find(k, name))
		return error_set(err, -EEXIST, "context %u: made twice", name);
	driver = number_take(&context_numbers);
	if (!driver)
		return error_set(err, -EDQUOT, "context %u: the server has no more", name);
	r = k->gl->ops->context_create(k->gl, driver, other ? other->driver : 0, version, flags,
				       err);
	if (r < 0) {
		number_give(&context_numbers, driver);
		return r;
	}
	memset(c, 0, sizeof(*c));
	/* (the first is part of being a client) */
	c->bytes = k->contexts++ ? CONTEXT_BYTES : 0;
	k->memory += c->bytes;
	c->name = name;
	c->driver = driver;
	c->group = other ? other->group : driver;
	c->version = version;
	c->flags = flags;
	return 0;
}

static void nothing_current(struct confined *k)
{
	k->current = NULL;
	k->draw = k->read = NULL;
}

/* A group's number stays taken while the group lives: its first context may go first. */
static void context_drop(struct confined *k, struct confine_context *c)
{
	uint32_t group = c->group, driver = c->driver;
	bool alone = true;

	if (k->current == c)
		nothing_current(k);
	k->gl->ops->context_destroy(k->gl, driver);
	confine_calls_free(k, &c->list_acts, false);
	k->memory -= c->bytes;
	k->contexts--;
	memset(c, 0, sizeof(*c));
	for (uint32_t i = 0; i < k->limits.contexts; i++)
		alone &= !k->context[i].name || k->context[i].group != group;
	if (driver != group) {
		confine_accounts_forget(k, driver);
		number_give(&context_numbers, driver);
	}
	if (alone) {
		confine_accounts_forget(k, group);
		number_give(&context_numbers, group);
	}
}

static void context_destroy(struct sink *s, uint32_t name)
{
	struct confined *k = confined_of(s);
	struct confine_context *c = context_find(k, name);

	if (c)
		context_drop(k, c);
}

/* ---- drawables ----------------------------------------------------------------------- */

static struct confine_drawable *drawable_find(struct confined *k, uint32_t name)
{
	for (uint32_t i = 0; name && i < k->limits.drawables; i++)
		if (k->drawable[i].name == name)
			return &k->drawable[i];
	return NULL;
}

static struct confine_drawable *drawable_free(struct confined *k)
{
	for (uint32_t i = 0; i < k->limits.drawables; i++)
		if (!k->drawable[i].name)
			return &k->drawable[i];
	return NULL;
}

/* Colour, depth and stencil of each sample. */
static uint64_t drawable_bytes(uint32_t w, uint32_t h, uint32_t config)
{
	uint32_t samples = SINK_CONFIG_SAMPLES(config);

	return (uint64_t)(w ? w : 1) * (h ? h : 1) * 8 * (samples > 1 ? samples : 1);
}

static int drawable_create(struct sink *s, uint32_t name, uint32_t w, uint32_t h,
			   uint32_t config, struct error *err)
{
	struct confined *k = confined_of(s);
	struct confine_drawable *d = drawable_free(k);
	uint64_t bytes = drawable_bytes(w, h, config);
	uint32_t driver;
	int r;

	if (!d || !confine_room(k, bytes)) {
		confine_fault(k, VSO_FAULT_MEMORY);
		return error_set(err, -EDQUOT, "drawable %u: beyond this client's limits", name);
	}
	/* nobody would find it again, nor what it takes */
	if (!name)
		return error_set(err, -EINVAL, "drawable 0 is none");
	if (drawable_find(k, name))
		return error_set(err, -EEXIST, "drawable %u: made twice", name);
	driver = number_take(&drawable_numbers);
	if (!driver)
		return error_set(err, -EDQUOT, "drawable %u: the server has no more", name);
	r = k->gl->ops->drawable_create(k->gl, driver, w, h, config, err);
	if (r < 0) {
		number_give(&drawable_numbers, driver);
		return r;
	}
	*d = (struct confine_drawable){ .name = name, .driver = driver, .w = w ? w : 1,
					.h = h ? h : 1, .config = config, .bytes = bytes };
	k->memory += bytes;
	if (!k->window)
		k->window = d;
	return 0;
}

static int drawable_set_size(struct confined *k, struct confine_drawable *d, uint32_t w,
			     uint32_t h, struct error *err)
{
	uint64_t bytes = drawable_bytes(w, h, d->config);
	int r;

	k->memory -= d->bytes;
	if (!confine_room(k, bytes)) {
		k->memory += d->bytes;
		return error_set(err, -EDQUOT, "drawable %u: %ux%u is beyond this client's limits",
				 d->name, w, h);
	}
	r = k->gl->ops->drawable_resize(k->gl, d->driver, w, h, err);
	k->memory += r < 0 ? d->bytes : bytes;
	if (r < 0)
		return r;
	d->w = w ? w : 1;
	d->h = h ? h : 1;
	d->bytes = bytes;
	return 0;
}

static int drawable_resize(struct sink *s, uint32_t name, uint32_t w, uint32_t h,
			   struct error *err)
{
	struct confined *k = confined_of(s);
	struct confine_drawable *d = drawable_find(k, name);

	if (!d)
		return error_set(err, -ENOENT, "resize: there is no drawable %u", name);
	return drawable_set_size(k, d, w, h, err);
}

static void drawable_drop(struct confined *k, struct confine_drawable *d)
{
	k->memory -= d->bytes;
	k->gl->ops->drawable_destroy(k->gl, d->driver);
	number_give(&drawable_numbers, d->driver);
	if (k->draw == d)
		k->draw = NULL;
	if (k->read == d)
		k->read = NULL;
	memset(d, 0, sizeof(*d));
	if (k->window != d)
		return;
	k->window = NULL;
	for (uint32_t i = 0; i < k->limits.drawables && !k->window; i++)
		k->window = k->drawable[i].name ? &k->drawable[i] : NULL;
}

static void drawable_destroy(struct sink *s, uint32_t name)
{
	struct confined *k = confined_of(s);
	struct confine_drawable *d = drawable_find(k, name);

	if (d)
		drawable_drop(k, d);
}

/* ---- what is current ----------------------------------------------------------------- */

static uint32_t driver_drawable(const struct confined *k, const struct confine_drawable *d)
{
	uint32_t other = k->screen ? k->screen : k->stand_in;

	return !d ? 0 : other && d == k->window ? other : d->driver;
}

static int bind(struct confined *k, struct error *err)
{
	int r = k->gl->ops->make_current(k->gl, k->current ? k->current->driver : 0,
					 driver_drawable(k, k->draw),
					 driver_drawable(k, k->read), err);

	if (r < 0) {
		nothing_current(k);
		return r;
	}
	if (k->current && !k->current->started)
		confine_view_start(k);
	if (!k->current || confine_view_place(k) || !k->screen)
		return 0;
	/* nothing of it may be drawn there; what is drawn to next is its own */
	k->never_direct = true;
	k->screen = 0;
	r = k->gl->ops->make_current(k->gl, k->current->driver, driver_drawable(k, k->draw),
				     driver_drawable(k, k->read), err);
	return r < 0 ? r : -EAGAIN;
}

void confine_wreck(struct confined *k)
{
	k->wrecked = true;
	nothing_current(k);
	k->gl->ops->make_current(k->gl, 0, 0, 0, NULL);
}

static int make_current(struct sink *s, uint32_t ctx, uint32_t draw, uint32_t read,
			struct error *err)
{
	struct confined *k = confined_of(s);
	struct confine_context *c = context_find(k, ctx);
	struct confine_drawable *d = drawable_find(k, draw), *r = drawable_find(k, read);

	if (k->wrecked)
		return error_set(err, -EIO, "make current: this client's contexts are to go");
	if (ctx && !c)
		return error_set(err, -ENOENT, "make current: there is no context %u", ctx);
	if ((draw && !d) || (read && !r))
		return error_set(err, -ENOENT, "make current: there is no drawable %u",
				 draw && d ? read : draw);
	k->current = c;
	k->draw = c ? d : NULL;
	k->read = c ? r : NULL;
	return bind(k, err);
}

/* Nothing is shown by it: that is the compositor's affair. */
static int swap(struct sink *s, uint32_t name, struct error *err)
{
	struct confined *k = confined_of(s);
	struct confine_drawable *d = drawable_find(k, name);

	if (!d)
		return error_set(err, -ENOENT, "swap: there is no drawable %u", name);
	if ((k->screen || k->stand_in) && d != k->window) {
		k->never_direct = k->skipped = true;
		return 0;
	}
	k->window = d;
	k->swaps++;
	return 0;
}

static uint32_t reset_status(struct sink *s)
{
	struct confined *k = confined_of(s);

	return k->gl->ops->reset_status ? k->gl->ops->reset_status(k->gl) : 0;
}

static void destroy(struct sink *s)
{
	(void)s;        /* confined_destroy does it */
}

static const struct sink_ops confined_ops = {
	.context_create = context_create, .context_destroy = context_destroy,
	.drawable_create = drawable_create, .drawable_resize = drawable_resize,
	.drawable_destroy = drawable_destroy, .make_current = make_current, .swap = swap,
	.destroy = destroy, .reset_status = reset_status,
};

/* ---- the sink ------------------------------------------------------------------------ */

int confined_create(struct confined **out, struct sink *gl, const struct confine_limits *l,
		    struct shader_judge *judge, struct error *err)
{
	struct confined *k = calloc(1, sizeof(*k));

	if (!k)
		return error_set(err, -ENOMEM, "server: out of memory");
	k->gl = gl;
	k->limits = *l;
	if (k->limits.contexts > CONFINE_CONTEXTS)
		k->limits.contexts = CONFINE_CONTEXTS;
	if (k->limits.drawables > CONFINE_DRAWABLES)
		k->limits.drawables = CONFINE_DRAWABLES;
	k->judge = judge;
	k->code = code_account_create();
	k->ops = confined_ops;
	if (!gl->ops->reset_status)
		k->ops.reset_status = NULL;
	k->sink.name = gl->name;
	k->sink.ops = &k->ops;
	k->sink.pixel_storei = gl->pixel_storei;
	k->sink.get_integerv = gl->get_integerv;
	confine_entries(k);
	*out = k;
	return 0;
}

void confined_destroy(struct confined *k)
{
	if (!k)
		return;
	if (k->current)
		k->gl->ops->make_current(k->gl, 0, 0, 0, NULL);
	for (uint32_t i = 0; i < k->limits.contexts; i++)
		if (k->context[i].name)
			context_drop(k, &k->context[i]);
	for (uint32_t i = 0; i < k->limits.drawables; i++)
		if (k->drawable[i].name)
			drawable_drop(k, &k->drawable[i]);
	if (confine_self == k)
		confine_self = NULL;
	confine_accounts_finish(k);
	code_account_destroy(k->code);
	free(k);
}

struct sink *confined_sink(struct confined *k) { return &k->sink; }
void confined_enter(struct confined *k)
{
	confine_self = k;
	code_account_enter(k ? k->code : NULL);
}

/* A client that has nothing current finds nothing: not what another one left behind. */
int confined_resume(struct confined *k, struct error *err)
{
	return k->current ? bind(k, err) : k->gl->ops->make_current(k->gl, 0, 0, 0, err);
}

uint32_t confined_context(const struct confined *k) { return k->current ? k->current->name : 0; }
uint32_t confined_drawable(const struct confined *k) { return k->draw ? k->draw->name : 0; }

static const struct confine_drawable *drawable_of(const struct confined *k, uint32_t name)
{
	for (uint32_t i = 0; i < k->limits.drawables; i++)
		if (k->drawable[i].name == name)
			return &k->drawable[i];
	return NULL;
}

static const struct confine_context *context_of(const struct confined *k, uint32_t name)
{
	for (uint32_t i = 0; i < k->limits.contexts; i++)
		if (k->context[i].name == name)
			return &k->context[i];
	return NULL;
}

bool confined_has(const struct confined *k, uint32_t context, uint32_t drawable)
{
	return (!context || context_of(k, context)) && (!drawable || drawable_of(k, drawable));
}

uint64_t confined_swaps(const struct confined *k) { return k->swaps; }
static bool place_same(const struct place *a, const struct place *b)
{
	return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
}

int confined_target(struct confined *k, uint32_t screen, const struct place *at,
		    struct error *err)
{
	static const struct place nowhere;

	k->stand_in = at ? 0 : screen;
	if (!at) {
		screen = 0;
		at = &nowhere;
	}
	if (k->screen == screen && place_same(&k->at, at))
		return 0;
	k->screen = screen;
	k->at = *at;
	/* others may have been current since: whoever runs the client makes its context so */
	(void)err;
	return 0;
}

uint32_t confined_window(const struct confined *k, uint32_t *w, uint32_t *h)
{
	*w = k->window ? k->window->w : 0;
	*h = k->window ? k->window->h : 0;
	return k->window ? k->window->driver : 0;
}

int confined_resize(struct confined *k, uint32_t w, uint32_t h, struct error *err)
{
	enum vso_fault fault = k->fault;
	int r = k->window ? drawable_set_size(k, k->window, w, h, err) : 0;

	/* (that it has no memory for what somebody else asks is not its fault) */
	k->fault = fault;
	return r;
}

enum vso_fault confined_fault(struct confined *k)
{
	enum vso_fault f = k->fault;

	k->fault = VSO_FAULT_OK;
	return f;
}

/* The shared drawable (compose_screen.c) has 24 bits of depth, 8 of stencil, no alpha.  What
 * a client's has else must make no difference to what it draws: only a procedure that
 * blends may ask for alpha, only one that uses it for stencil. */
static bool config_moves(uint32_t config, const struct verify_facts *f)
{
	bool said = config & SINK_CONFIG_SAID;

	if (SINK_CONFIG_SAMPLES(config) > 1)
		return false;
	if ((!said || config & SINK_CONFIG_ALPHA) && f->uses_blend)
		return false;
	return !said || ((SINK_CONFIG_DEPTH(config) == 24 || !f->uses_depth) &&
			 (SINK_CONFIG_STENCIL(config) == 8 || !f->uses_stencil));
}

/* Does what is drawn to that context and drawable go to the window, and nowhere else? */
static bool draws_window(const struct confined *k, uint32_t context, uint32_t drawable)
{
	const struct confine_context *c = context ? context_of(k, context) : NULL;

	return c && c->started && !confine_lean(c) && !k->never_direct && !c->other_buffer && !c->draw_framebuffer &&
	       !c->list && k->window && k->window->name == drawable;
}

bool confined_movable(const struct confined *k, uint32_t context, uint32_t drawable,
		      const struct verify_facts *facts)
{
	return draws_window(k, context, drawable) && config_moves(k->window->config, facts);
}

bool confined_replaceable(const struct confined *k, uint32_t context, uint32_t drawable,
			  uint32_t *config)
{
	*config = k->window ? k->window->config : 0;
	return draws_window(k, context, drawable) && SINK_CONFIG_SAMPLES(*config) <= 1;
}

bool confined_skipped(struct confined *k)
{
	bool was = k->skipped;

	k->skipped = false;
	return was;
}
