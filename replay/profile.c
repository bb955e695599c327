/* profile.c - see profile.h. */
#include "replay/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#include "blink/engine/sink_profile.h"
#include "replay/redundant.h"

struct profiler {
	struct profile *p;
	const struct profile_options *opt;
	struct sink_profile timing;
	struct blink_file *played, *read;     /* one file twice: what is played is not ours */
	struct player *player;
	struct redundant *redundant;
	uint64_t first_tick, waited;          /* ticks */
	struct timespec first_time;
};

static double seconds_since(const struct timespec *since)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)(t.tv_sec - since->tv_sec) + (double)(t.tv_nsec - since->tv_nsec) * 1e-9;
}

/* ---- what the records say ----------------------------------------------------------- */

static uint64_t record_payload(const struct blink_file *f, const uint32_t *rec)
{
	const struct sp_payloads *payloads = blink_payloads(f);
	const struct gl_op *o = &gl_ops[sp_opcode(*rec)];
	uint64_t size, sum = 0;

	for (unsigned i = 0; i < o->noperands; i++) {
		const struct gl_operand *operand = &o->operands[i];
		const uint32_t *w = rec + operand->word;

		if (operand->kind != GL_KIND_PAYLOAD || !w[0] || w[0] >= payloads->n ||
		    w[1] > payloads->v[w[0]].size)
			continue;
		/* client arrays and strings: all that there is */
		if (!gl_payload_size(rec, i, &size) || size <= 1)
			size = payloads->v[w[0]].size - w[1];
		sum += size;
	}
	return sum;
}

static void count_add(struct profile_count *c, uint64_t payload, bool redundant)
{
	c->calls++;
	c->payload += payload;
	c->redundant += redundant;
}

/* to: NULL where only the state is to be followed. */
static int sp_read(struct profiler *r, uint32_t id, struct profile_frame *to, struct error *err)
{
	const uint32_t *rec, *end;
	struct sp sp;
	bool bad;
	int e = blink_sp_load(r->read, id, &sp, err);

	if (e < 0)
		return e;
	end = sp.code + sp.nwords;
	for (rec = sp.code; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec)) {
		unsigned op = sp_opcode(*rec);
		bool redundant = redundant_record(r->redundant, rec);
		uint64_t payload;

		if (!to || gl_ops[op].form == GL_FORM_CORE)
			continue;
		payload = record_payload(r->read, rec);
		count_add(&r->p->op[op], payload, redundant);
		count_add(&to->sum, payload, redundant);
	}
	blink_sp_release(r->read, id);
	return 0;
}

static int frame_read(struct profiler *r, uint32_t frame, struct profile_frame *to,
		      struct error *err)
{
	uint32_t first, count;
	int e = blink_frame(r->read, frame, &first, &count);

	if (e < 0)
		return error_set(err, e, "profile: frame %u is not in the file", frame);
	for (uint32_t i = 0; i < count && e >= 0; i++)
		e = sp_read(r, first + i, to, err);
	return e;
}

/* ---- what the clocks say -------------------------------------------------------------- */

/* The last thing of a frame, before its swap. */
static int frame_wait(void *user, struct sink *sink, uint32_t frame, struct error *err)
{
	struct profiler *r = user;
	uint64_t since = __rdtsc();

	(void)sink, (void)frame, (void)err;
	r->timing.entry[OP_glFinish]();
	r->waited += __rdtsc() - since;
	return 0;
}

static void top_put(struct profile_frame *f, unsigned op, double seconds)
{
	unsigned i = PROFILE_TOP;

	while (i && f->top[i - 1].seconds < seconds)
		i--;
	if (i == PROFILE_TOP)
		return;
	memmove(f->top + i + 1, f->top + i, (PROFILE_TOP - 1 - i) * sizeof(*f->top));
	f->top[i] = (struct profile_top){ (uint16_t)op, seconds };
}

/* Ticks until profile_settle knows how long one is. */
static void frame_account(struct profiler *r, struct profile_frame *f, uint64_t wall)
{
	f->wall = (double)wall;
	f->waiting = (double)r->waited;
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		double clocks = (double)r->timing.calls[op] * r->timing.overhead;
		double t = (double)r->timing.ticks[op] - clocks;

		if (!r->timing.calls[op])
			continue;
		t = t > 0 ? t : 0;
		f->overhead += clocks;
		f->sum.seconds += t;
		r->p->op[op].seconds += t;
		top_put(f, op, t);
	}
}

static int frame_play(struct profiler *r, uint32_t frame, struct error *err)
{
	struct profile *p = r->p;
	bool asked = frame >= r->opt->first;
	struct profile_frame none, *f = asked ? &p->frames[p->count] : &none;
	uint64_t since;
	int e = frame_read(r, frame, asked ? f : NULL, err);

	if (e >= 0)
		e = player_prepare(r->player, frame, NULL, err);
	if (e < 0)
		return e;
	sink_profile_clear(&r->timing);
	r->waited = 0;
	since = __rdtsc();
	e = player_play(r->player, frame, NULL, err);
	if (e < 0 || !asked)
		return e;
	f->frame = frame;
	frame_account(r, f, __rdtsc() - since);
	p->count++;
	return 0;
}

static void profile_settle(struct profiler *r)
{
	struct profile *p = r->p;
	uint64_t ticks = __rdtsc() - r->first_tick;

	p->seconds_per_tick = ticks ? seconds_since(&r->first_time) / (double)ticks : 0;
	p->overhead = r->timing.overhead * p->seconds_per_tick;
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		p->op[op].seconds *= p->seconds_per_tick;
	for (uint32_t i = 0; i < p->count; i++) {
		struct profile_frame *f = &p->frames[i];

		f->wall *= p->seconds_per_tick;
		f->waiting *= p->seconds_per_tick;
		f->overhead *= p->seconds_per_tick;
		f->sum.seconds *= p->seconds_per_tick;
		for (unsigned k = 0; k < PROFILE_TOP; k++)
			f->top[k].seconds *= p->seconds_per_tick;
	}
}

/* ---- public ------------------------------------------------------------------------------ */

static int frames_play(struct profiler *r, struct error *err)
{
	const struct profile_options *opt = r->opt;
	int e = 0;

	for (uint32_t id = 0; id < blink_init_count(r->read) && e >= 0; id++)
		e = sp_read(r, id, NULL, err);
	for (uint32_t i = 0; i < opt->end && e >= 0; i++) {
		e = frame_play(r, i, err);
		if (opt->progress && i % 16 == 0)
			opt->progress(opt->user, (double)i / opt->end, i);
	}
	return e;
}

int profile_run(struct profile *p, const char *path, struct sink *sink,
		const struct profile_options *opt, struct error *err)
{
	struct profiler r = { .p = p, .opt = opt, .first_tick = __rdtsc() };
	const struct player_options playing = {
		.engine = opt->engine, .on_frame = frame_wait, .user = &r,
	};
	int e;

	memset(p, 0, sizeof(*p));
	p->first = opt->first;
	clock_gettime(CLOCK_MONOTONIC, &r.first_time);
	e = sink_profile_attach(&r.timing, sink, err);
	if (e < 0)
		return e;
	p->frames = calloc(opt->end > opt->first ? opt->end - opt->first : 1, sizeof(*p->frames));
	r.redundant = redundant_create();
	if (!p->frames || !r.redundant)
		e = error_set(err, -ENOMEM, "profile: out of memory");
	if (e >= 0)
		e = blink_open(&r.played, path, 0, err);
	if (e >= 0)
		e = blink_open(&r.read, path, 0, err);
	if (e >= 0)
		e = player_create(&r.player, r.played, sink, &playing, err);
	if (e >= 0)
		e = frames_play(&r, err);
	profile_settle(&r);
	player_destroy(r.player);
	blink_close(r.played);
	blink_close(r.read);
	redundant_destroy(r.redundant);
	sink_profile_detach(&r.timing);
	return e;
}

void profile_finish(struct profile *p)
{
	free(p->frames);
	p->frames = NULL;
}

static int slower_first(const void *a, const void *b, void *profile)
{
	const struct profile *p = profile;
	double x = p->frames[*(const uint32_t *)a].wall, y = p->frames[*(const uint32_t *)b].wall;

	return (x < y) - (x > y);
}

uint32_t *profile_slowest(const struct profile *p)
{
	uint32_t *order = malloc((p->count ? p->count : 1) * sizeof(*order));

	if (!order)
		return NULL;
	for (uint32_t i = 0; i < p->count; i++)
		order[i] = i;
	qsort_r(order, p->count, sizeof(*order), slower_first, (void *)(uintptr_t)p);
	return order;
}
