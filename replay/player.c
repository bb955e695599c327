/* player.c - plays a .blink file: load, verify, compile and run, SP by SP. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/meter.h"
#include "replay/player.h"

/* An SP of the file while it is resident. */
struct held_sp {
	struct sp sp;
	bool loaded, verified;
	const struct jit_code *code;
	uint64_t evicted;            /* the JIT's count when code was made */
};

struct player {
	struct blink_file *file;
	struct sink *sink;
	struct player_options opt;
	struct client client;
	struct client_limits limits;
	bool client_live;
	struct jit *jit;
	struct verify_state *state;
	struct verify_env env;
	struct sp_index index;
	struct verify_verdict verdict;
	bool refused;
	struct held_sp *sps;         /* by id */
	uint32_t nsps, nframes;
	bool init_done;
	uint32_t next;               /* frame that is played next */
	uint32_t prepared;           /* frames below this one are prepared */
	struct error hook_error;
	struct meter meter;
};

/* ---- SPs in memory ------------------------------------------------------- */

static int sp_hold(struct player *p, uint32_t id, struct error *err)
{
	struct held_sp *h;
	int r;

	if (id >= p->nsps)
		return error_set(err, -EINVAL, "replay: there is no SP %u (the file has %u)",
				 id, p->nsps);
	h = &p->sps[id];
	if (h->loaded)
		return 0;
	r = blink_sp_load(p->file, id, &h->sp, err);
	if (r < 0)
		return r;
	h->loaded = true;
	return 0;
}

static void sp_drop(struct player *p, uint32_t id)
{
	struct held_sp *h = &p->sps[id];

	if (!h->loaded)
		return;
	/* Its code stays in the JIT's cache: another SP may be equal, or a loop come back. */
	blink_sp_release(p->file, id);
	memset(h, 0, sizeof(*h));
}

static const struct sp *callee(void *user, uint32_t id)
{
	struct player *p = user;

	return sp_hold(p, id, NULL) < 0 ? NULL : &p->sps[id].sp;
}

/* ---- one SP -------------------------------------------------------------- */

static int sp_verify(struct player *p, struct held_sp *h, struct error *err)
{
	const struct verify_verdict *v = &p->verdict;
	int r;

	if (p->opt.no_verify || h->verified)
		return 0;
	p->env.payloads = *blink_payloads(p->file);
	r = verify_sp(p->state, &p->env, &h->sp, &p->verdict);
	if (r == -EACCES) {
		p->refused = true;
		return error_set(err, r, "SP %u refused: %s: %s (record %u: %s)", h->sp.id,
				 verify_reason_name(v->reason), verify_reason_sentence(v->reason),
				 v->record, v->line);
	}
	if (r < 0)
		return error_set(err, r, "SP %u: out of memory while verifying", h->sp.id);
	h->verified = true;
	return 0;
}

/* Code lives until the JIT needs its room: it is still there if nothing was evicted. */
static int sp_compile(struct player *p, struct held_sp *h, struct error *err)
{
	struct jit_stats stats;
	struct error e = { 0 };

	jit_stats_get(p->jit, &stats);
	if (h->code && h->evicted == stats.evicted)
		return 0;
	h->code = jit_compile_index(p->jit, &h->sp, &p->index, &e);
	if (!h->code) {
		if (err)
			*err = e;
		return e.code ? e.code : -EIO;
	}
	jit_stats_get(p->jit, &stats);
	h->evicted = stats.evicted;
	return 0;
}

static int sp_ready(struct player *p, uint32_t id, struct player_frame *t, struct error *err)
{
	struct held_sp *h;
	uint64_t since = meter_now(&p->meter);
	int r;

	r = sp_hold(p, id, err);
	if (r < 0)
		return r;
	h = &p->sps[id];
	meter_lap(&p->meter, &t->load, &since);
	r = sp_verify(p, h, err);
	if (r < 0)
		return r;
	meter_lap(&p->meter, &t->verify, &since);
	r = p->jit ? sp_compile(p, h, err) : 0;
	meter_lap(&p->meter, &t->compile, &since);
	return r;
}

static int sp_run(struct player *p, uint32_t id, struct player_frame *t, struct error *err)
{
	struct client *c = &p->client;
	struct held_sp *h = &p->sps[id];
	enum engine_status status = ENGINE_YIELD;
	uint64_t since = meter_mark(&p->meter);

	c->payloads = *blink_payloads(p->file);
	/* A replay has nobody to yield to. */
	for (uint32_t pc = 0; status == ENGINE_YIELD; pc = c->pc)
		status = p->opt.run ? p->opt.run(p->opt.user, c, h->code, &h->sp)
			: p->jit ? jit_run(c, h->code, &h->sp, pc) : interp_run(c, &h->sp, pc);
	meter_lap_marked(&p->meter, &t->run, &t->wall, since);
	if (p->hook_error.code) {
		if (err)
			*err = p->hook_error;
		return p->hook_error.code;
	}
	if (status == ENGINE_ERROR) {
		if (err)
			*err = c->error;
		error_prefix(err, "SP %u", id);
		return c->error.code ? c->error.code : -EIO;
	}
	if (status != ENGINE_END)
		return error_set(err, -ETIME, "SP %u: its command budget ran out", id);
	return 0;
}

static int range_play(struct player *p, uint32_t first, uint32_t count, struct player_frame *t,
		      struct error *err)
{
	uint64_t calls = p->client.calls;
	int r = 0;

	for (uint32_t i = 0; i < count && r >= 0; i++) {
		r = sp_ready(p, first + i, t, err);
		if (r >= 0 && p->opt.on_sp)
			r = p->opt.on_sp(p->opt.user, &p->sps[first + i].sp,
					 blink_payloads(p->file), err);
		if (r >= 0)
			r = sp_run(p, first + i, t, err);
		sp_drop(p, first + i);
	}
	t->calls += p->client.calls - calls;
	if (p->opt.check_errors)
		t->gl_errors += sink_gl_errors(p->sink, t->first_error ? NULL : &t->first_error);
	return r;
}

/* ---- the client ---------------------------------------------------------- */

static void on_swap(void *user, uint32_t drawable)
{
	struct player *p = user;
	struct error err = { 0 };

	(void)drawable;
	if (!p->opt.on_frame || p->hook_error.code || !p->init_done)
		return;
	if (p->opt.on_frame(p->opt.user, p->sink, p->next, &err) < 0)
		p->hook_error = err;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void limits_fill(const struct player *p, struct client_limits *c)
{
	const struct blink_file *then = p->opt.then;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		c->names[i] = larger(blink_names_max(p->file, i),
				     then ? blink_names_max(then, i) : 0);
	c->slots = larger(blink_slots(p->file), then ? blink_slots(then) : 0);
}

static int client_start(struct player *p, struct error *err)
{
	int r;

	limits_fill(p, &p->limits);
	r = client_init(&p->client, p->sink, &p->limits, err);
	if (r < 0)
		return r;
	p->client_live = true;
	p->client.callee = callee;
	p->client.user = p;
	p->client.on_swap = on_swap;
	p->client.swap_user = p;
	if (p->opt.no_verify)
		return 0;
	p->state = verify_state_create();
	if (!p->state || index_init(&p->index) < 0)
		return error_set(err, -ENOMEM, "replay: out of memory");
	memcpy(p->env.limits.names, p->limits.names, sizeof(p->limits.names));
	p->env.limits.slots = p->limits.slots;
	p->env.limits.words = SP_MAX_WORDS;
	p->env.limits.allow_opaque = true;
	p->env.limits.allow_sensitive = true;
	p->env.callee = callee;
	p->env.index = &p->index;
	p->env.payloads_stable = true;
	p->env.user = p;
	return 0;
}

static void client_stop(struct player *p)
{
	uint32_t contexts = p->limits.names[GL_SPACE_CONTEXT];
	uint32_t drawables = p->limits.names[GL_SPACE_DRAWABLE];

	for (uint32_t id = 0; p->sps && id < p->nsps; id++)
		sp_drop(p, id);
	if (p->client_live) {
		p->sink->ops->make_current(p->sink, 0, 0, 0, NULL);
		client_finish(&p->client);
		for (uint32_t i = 1; i <= contexts; i++)
			p->sink->ops->context_destroy(p->sink, i);
		for (uint32_t i = 1; i <= drawables; i++)
			p->sink->ops->drawable_destroy(p->sink, i);
	}
	p->client_live = false;
	verify_state_destroy(p->state);
	p->state = NULL;
	index_finish(&p->index);
	p->init_done = false;
	p->next = p->prepared = 0;
	memset(&p->hook_error, 0, sizeof(p->hook_error));
}

/* ---- public -------------------------------------------------------------- */

int player_create(struct player **out, struct blink_file *f, struct sink *sink,
		  const struct player_options *opt, struct error *err)
{
	struct player *p = calloc(1, sizeof(*p));
	int r = 0;

	if (!p)
		return error_set(err, -ENOMEM, "replay: out of memory");
	/* on a driver, frames wait */
	meter_init(&p->meter, opt->check_errors);
	p->file = f;
	p->sink = sink;
	p->opt = *opt;
	p->nsps = blink_sp_count(f);
	p->nframes = blink_frame_count(f);
	p->sps = calloc(p->nsps ? p->nsps : 1, sizeof(*p->sps));
	if (!p->sps)
		r = error_set(err, -ENOMEM, "replay: out of memory");
	if (r >= 0 && opt->engine == PLAYER_JIT)
		r = jit_create(&p->jit, sink, err);
	if (r >= 0)
		r = client_start(p, err);
	if (r < 0) {
		player_destroy(p);
		return r;
	}
	*out = p;
	return 0;
}

void player_destroy(struct player *p)
{
	if (!p)
		return;
	client_stop(p);
	jit_destroy(p->jit);
	free(p->sps);
	free(p);
}

static bool names_fit(const struct player *p, const struct blink_file *f)
{
	bool fit = blink_slots(f) <= p->limits.slots;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		fit &= blink_names_max(f, i) <= p->limits.names[i];
	return fit;
}

int player_switch(struct player *p, struct blink_file *f, uint32_t frame, struct error *err)
{
	uint32_t n = blink_sp_count(f);
	struct held_sp *sps;

	if (frame > blink_frame_count(f))
		return error_set(err, -EINVAL, "replay: there is no frame %u (the file has %u)",
				 frame, blink_frame_count(f));
	if (!names_fit(p, f))
		return error_set(err, -ERANGE, "replay: the file has more names than the one "
				 "that it is to go on from");
	sps = calloc(n ? n : 1, sizeof(*sps));
	if (!sps)
		return error_set(err, -ENOMEM, "replay: out of memory");
	for (uint32_t id = 0; id < p->nsps; id++)
		sp_drop(p, id);
	free(p->sps);
	p->sps = sps;
	p->nsps = n;
	p->file = f;
	p->nframes = blink_frame_count(f);
	p->init_done = true;
	p->next = p->prepared = frame;
	return 0;
}

int player_init(struct player *p, struct player_frame *stats, struct error *err)
{
	struct player_frame scratch = { 0 }, *t = stats ? stats : &scratch;
	int r;

	memset(t, 0, sizeof(*t));
	if (p->init_done)
		return 0;
	r = range_play(p, 0, blink_init_count(p->file), t, err);
	p->init_done = r >= 0;
	return r;
}

int player_play(struct player *p, uint32_t frame, struct player_frame *stats, struct error *err)
{
	uint32_t first, count;
	int r;

	if (frame >= p->nframes)
		return error_set(err, -EINVAL, "replay: there is no frame %u (the file has %u)",
				 frame, p->nframes);
	if (frame < p->next)
		return error_set(err, -EINVAL, "replay: frame %u is played already (rewind first)",
				 frame);
	r = player_init(p, NULL, err);
	while (r >= 0 && p->next <= frame) {
		struct player_frame t = { .frame = p->next };

		r = blink_frame(p->file, p->next, &first, &count);
		if (r < 0)
			return error_set(err, r, "replay: frame %u is not in the file", p->next);
		r = range_play(p, first, count, &t, err);
		if (r < 0) {
			error_prefix(err, "frame %u", p->next);
			return r;
		}
		p->next++;
		if (stats)
			*stats = t;
	}
	if (p->prepared < p->next)
		p->prepared = p->next;
	return r;
}

int player_prepare(struct player *p, uint32_t frame, struct player_frame *stats,
		   struct error *err)
{
	uint32_t first, count;
	int r = player_init(p, NULL, err);

	if (r >= 0 && frame >= p->nframes)
		return error_set(err, -EINVAL, "replay: there is no frame %u (the file has %u)",
				 frame, p->nframes);
	/* The verifier's shadow goes from frame to frame: none can be left out. */
	while (r >= 0 && p->prepared <= frame) {
		struct player_frame t = { .frame = p->prepared };

		r = blink_frame(p->file, p->prepared, &first, &count);
		for (uint32_t i = 0; i < count && r >= 0; i++)
			r = sp_ready(p, first + i, &t, err);
		if (r < 0) {
			error_prefix(err, "frame %u", p->prepared);
			return r;
		}
		p->prepared++;
		if (stats)
			*stats = t;
	}
	return r;
}

int player_rewind(struct player *p, struct error *err)
{
	client_stop(p);
	return client_start(p, err);
}

const struct client *player_client(const struct player *p)
{
	return &p->client;
}

const struct verify_verdict *player_refusal(const struct player *p)
{
	return p->refused ? &p->verdict : NULL;
}

struct jit *player_jit(struct player *p)
{
	return p->jit;
}
