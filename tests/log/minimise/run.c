/* run.c - generated programs, whole and pruned, on the driver. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "blink/verify/verify.h"
#include "replay/state_compare.h"
#include "tests/log/minimise/minimise.h"

struct run {
	struct sink *sink;
	struct client client;
	struct state_track track;
	struct verify_state *verify;
	struct verify_env env;
	struct client_limits limits;
	uint64_t pictures;
	char why[600];
};

static struct sink *sink;              /* one driver for all */

int run_open(void)
{
	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
	/* the driver that compiles nothing: programs are many and small */
	setenv("GALLIUM_DRIVER", "softpipe", 1);
	setenv("DRAW_USE_LLVM", "0", 1);
	/* it is forked: no threads */
	setenv("LP_NUM_THREADS", "0", 1);
	setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
	setenv("mesa_glthread", "false", 1);
	return sink_gl_create(&sink, NULL, NULL);
}

void run_close(void)
{
	sink_destroy(sink);
}

static void limits_fill(struct client_limits *l)
{
	memset(l, 0, sizeof(*l));
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		l->names[s] = 32;
	l->slots = 16;
}

static void on_swap(void *user, uint32_t drawable)
{
	struct run *r = user;
	uint8_t *rgb = NULL;
	uint32_t w = 0, h = 0;

	(void)drawable;
	if (sink_gl_read(r->sink, &rgb, &w, &h, NULL) >= 0)
		r->pictures = XXH3_64bits_withSeed(rgb, (size_t)w * h * 3, r->pictures ^ w);
	free(rgb);
}

static void run_start(struct run *r)
{
	struct error err;

	memset(r, 0, sizeof(*r));
	r->sink = sink;
	limits_fill(&r->limits);
	r->verify = verify_state_create();
	memcpy(r->env.limits.names, r->limits.names, sizeof(r->limits.names));
	r->env.limits.slots = r->limits.slots;
	r->env.limits.words = SP_MAX_WORDS;
	r->env.limits.allow_opaque = r->env.limits.allow_sensitive = true;
	if (client_init(&r->client, sink, &r->limits, &err) < 0 ||
	    state_track_init(&r->track, &r->limits, &err) < 0 || !r->verify) {
		fprintf(stderr, "minimise: out of memory\n");
		exit(1);
	}
	r->client.on_swap = on_swap;
	r->client.swap_user = r;
}

static void run_end(struct run *r)
{
	sink->ops->make_current(sink, 0, 0, 0, NULL);
	client_finish(&r->client);
	state_track_finish(&r->track);
	verify_state_destroy(r->verify);
	for (uint32_t i = 1; i <= 32; i++) {
		sink->ops->context_destroy(sink, i);
		sink->ops->drawable_destroy(sink, i);
	}
}

static bool run_sp(struct run *r, const struct sp *sp, const struct sp_payloads *payloads)
{
	struct verify_verdict v;
	struct error err = { 0 };

	r->env.payloads = r->client.payloads = *payloads;
	if (verify_sp(r->verify, &r->env, sp, &v) < 0) {
		snprintf(r->why, sizeof(r->why), "refused: %s: record %u: %s",
			 verify_reason_sentence(v.reason), v.record, v.line);
		return false;
	}
	if (state_track_sp(&r->track, sp, payloads, &err) < 0 ||
	    interp_run(&r->client, sp, 0) != ENGINE_END) {
		snprintf(r->why, sizeof(r->why), "failed: %s",
			 err.text[0] ? err.text : r->client.error.text);
		return false;
	}
	return true;
}

static bool run_frames(struct run *r, const struct gen_program *p, unsigned from, unsigned to)
{
	const struct sp_payloads payloads = { p->payloads, p->npayloads };

	for (unsigned i = from; i < to; i++)
		if (!run_sp(r, &p->sps[1 + i], &payloads))
			return false;
	return true;
}

static bool run_take(struct run *r, struct state_dump *d)
{
	const struct state_subject s = { &r->client, sink, &r->track };
	struct error err = { 0 };

	if (state_subject_take(&s, d, &err) >= 0)
		return true;
	snprintf(r->why, sizeof(r->why), "%s", err.text);
	return false;
}

static unsigned errors_count(struct run *r)
{
	unsigned n = sink_gl_errors(sink, NULL);

	for (uint32_t c = 1; c < r->track.ncontexts; c++) {
		if (!r->track.contexts[c].ready || !r->track.contexts[c].live)
			continue;
		sink->ops->make_current(sink, c, 1, 1, NULL);
		n += sink_gl_errors(sink, NULL);
	}
	sink->ops->make_current(sink, r->track.current, 1, 1, NULL);
	return n;
}

static void outcome_end(struct run *r, const struct gen_program *p, bool good, struct outcome *o)
{
	state_init(&o->dump, 0);
	if (good)
		o->errors = errors_count(r);
	good = good && run_take(r, &o->dump);
	o->hash = state_hash(&o->dump);
	r->pictures = 0;
	o->good = good && run_frames(r, p, GEN_BOUNDARY, GEN_FRAMES);
	o->pictures = r->pictures;
	memcpy(o->why, r->why, sizeof(o->why));
	run_end(r);
}

void outcome_full(const struct gen_program *p, struct outcome *o)
{
	const struct sp_payloads payloads = { p->payloads, p->npayloads };
	struct run r;

	memset(o, 0, sizeof(*o));
	run_start(&r);
	outcome_end(&r, p, run_sp(&r, &p->sps[0], &payloads) &&
			   run_frames(&r, p, 0, GEN_BOUNDARY), o);
}

void outcome_pruned(const struct gen_program *p, const struct pruned *k, uint32_t without,
			   struct outcome *o)
{
	const struct sp_payloads payloads = { p->payloads, p->npayloads };
	struct buf code;
	struct sp sp = { .callback = SP_INIT };
	struct run r;

	memset(o, 0, sizeof(*o));
	buf_init(&code);
	for (uint32_t i = 0; i < k->n; i++)
		if (i != without)
			buf_append(&code, k->code.data + k->v[i].at, 4 * k->v[i].words);
	sp_end(&code);
	sp.code = (const uint32_t *)(const void *)code.data;
	sp.nwords = (uint32_t)(code.len / 4);
	run_start(&r);
	outcome_end(&r, p, run_sp(&r, &sp, &payloads), o);
	buf_finish(&code);
}

bool outcome_same(const struct outcome *a, const struct outcome *b)
{
	return a->good && b->good && a->hash == b->hash && a->pictures == b->pictures;
}
