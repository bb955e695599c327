/* bench_frames.c - what verifying and compiling the frames of a real program cost, in core
 * cycles per GL call, when they are new and when they were seen before.
 *
 * Every SP of the file is played in its order, as a server would: copied, verified,
 * compiled with the verifier's index, run; on entry points that return at once.  That is
 * "new", although most of its pieces were seen in earlier frames: the share of records
 * that were is printed beside it.  Each redraw SP is then verified and compiled more often:
 *
 *     same    words and the state before it are those of the time before
 *     seen    its shape is: the same commands in the same order.  Its operands are not:
 *             every float and every payload is another (frames_alter.h)
 *
 * Last, the frames of the end are played once more, again and again in their order, each
 * round with other operands: "round", where each frame differs from the one before it in
 * shape and operands, and each of these shapes was seen a round before.
 *
 * A pass is worth the median of its redraw SPs, so that those during which the machine
 * did something else do not count.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/engine/engine.h"
#include "blink/sp/file.h"
#include "blink/verify/verify.h"
#include "jit-bench/clock.h"
#include "jit-bench/environment.h"
#include "jit-bench/frames_alter.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"

enum quantity {
	COPY, VERIFY, COMPILE, VERIFY_COMPILE, RUN, RUN_INTERP, SAME_VERIFY, SAME_COMPILE,
	SAME_VERIFY_COMPILE, SEEN_VERIFY, SEEN_COMPILE, SEEN_VERIFY_COMPILE, ROUND_VERIFY,
	ROUND_COMPILE, ROUND_VERIFY_COMPILE, ROUND_RUN, QUANTITIES
};
#define ROUND_SPS 16u           /* of the file's last, without what precedes the first frame */
#define ROUNDS 4u

static const char *const quantity_names[QUANTITIES] = {
	[COPY] = "copy", [VERIFY] = "new_verify", [COMPILE] = "new_compile",
	[VERIFY_COMPILE] = "new_verify_compile", [RUN] = "new_run",
	[RUN_INTERP] = "run_interp",
	[SAME_VERIFY] = "same_verify", [SAME_COMPILE] = "same_compile",
	[SAME_VERIFY_COMPILE] = "same_verify_compile",
	[SEEN_VERIFY] = "seen_verify", [SEEN_COMPILE] = "seen_compile",
	[SEEN_VERIFY_COMPILE] = "seen_verify_compile",
	[ROUND_VERIFY] = "round_verify", [ROUND_COMPILE] = "round_compile",
	[ROUND_VERIFY_COMPILE] = "round_verify_compile", [ROUND_RUN] = "round_run",
};

/* One pass over the file. */
struct pass {
	struct bench_clock *clock;
	struct blink_file *file;
	struct sink *sink;
	struct client client, plain;        /* JIT's and interpreter's */
	struct jit *jit;
	struct verify_state *state;
	struct verify_env env;
	struct sp_index index;
	uint32_t *copy;
	uint32_t copy_cap;
	double empty;                       /* cycles of a span of nothing */
	double cycles[QUANTITIES];          /* of the SP at hand */
	double *values[QUANTITIES];         /* per call, of each redraw SP */
	uint32_t nvalues[QUANTITIES];
	struct alter alter;
	uint64_t calls, sps, again, refused;
	struct verify_reuse reuse;          /* of the first times */
	struct sample *samples;             /* of all passes */
	struct known { uint64_t known, records, compiles, hits; } fresh, seen, round;
	struct known *account;              /* of what is being measured; NULL: of nothing */
};

static const struct sp *callee(void *user, uint32_t id)
{
	static _Thread_local struct sp loaded;
	struct pass *p = user;

	return blink_sp_load(p->file, id, &loaded, NULL) < 0 ? NULL : &loaded;
}

static double lap(const struct pass *p, struct bench_span *s)
{
	double cycles = bench_span_end(p->clock, s, NULL) - p->empty;

	return cycles > 0 ? cycles : 0;
}

static void empty_measure(struct pass *p)
{
	struct bench_span s;

	p->empty = 0;
	for (unsigned i = 0; i < 64; i++) {
		double cycles;

		bench_span_begin(p->clock, &s);
		cycles = lap(p, &s);
		if (!i || cycles < p->empty)
			p->empty = cycles;
	}
}

/* ---- one SP ------------------------------------------------------------------------ */

static int sp_copy(struct pass *p, struct sp *sp, struct error *err)
{
	struct bench_span s;

	if (sp->nwords > p->copy_cap) {
		free(p->copy);
		p->copy_cap = sp->nwords * 2;
		p->copy = malloc((size_t)p->copy_cap * sizeof(*p->copy));
		if (!p->copy)
			return error_set(err, -ENOMEM, "bench: out of memory");
		memset(p->copy, 0, (size_t)p->copy_cap * sizeof(*p->copy));
	}
	bench_span_begin(p->clock, &s);
	memcpy(p->copy, sp->code, (size_t)sp->nwords * sizeof(*p->copy));
	p->cycles[COPY] += lap(p, &s);
	sp->code = p->copy;
	return 0;
}

static int verify(struct pass *p, const struct sp *sp, enum quantity q, struct error *err)
{
	struct verify_verdict v;
	struct bench_span s;
	int rc;

	bench_span_begin(p->clock, &s);
	rc = verify_sp(p->state, &p->env, sp, &v);
	p->cycles[q] += lap(p, &s);
	if (p->account)
		p->account->records += v.facts.commands;
	return rc < 0 ? error_set(err, rc, "bench: SP %u refused: %s (record %u: %s)", sp->id,
				  verify_reason_sentence(v.reason), v.record, v.line) : 0;
}

static const struct jit_code *compile(struct pass *p, const struct sp *sp, enum quantity q,
				      struct error *err)
{
	const struct jit_code *code;
	struct bench_span s;

	bench_span_begin(p->clock, &s);
	code = jit_compile_index(p->jit, sp, &p->index, err);
	p->cycles[q] += lap(p, &s);
	return code;
}

/* A real program's SPs only stop at yields. */
static int run(struct pass *p, const struct sp *sp, const struct jit_code *code,
	       enum quantity q, struct error *err)
{
	struct client *c = code ? &p->client : &p->plain;
	enum engine_status status;
	struct bench_span s;
	uint32_t pc = 0;

	bench_span_begin(p->clock, &s);
	do {
		status = code ? jit_run(c, code, sp, pc) : interp_run(c, sp, pc);
		pc = c->pc;
	} while (status == ENGINE_YIELD);
	p->cycles[q] += lap(p, &s);
	return status == ENGINE_END ? 0 : error_set(err, -EIO, "bench: SP %u: %s", sp->id,
						     c->error.text);
}

static void value_add(struct pass *p, enum quantity q, uint64_t calls)
{
	if (calls)
		p->values[q][p->nvalues[q]++] = p->cycles[q] / (double)calls;
}

/* What is verified and compiled until account_close counts here. */
static void account_open(struct pass *p, struct known *k)
{
	struct verify_reuse reuse;
	struct jit_stats stats;

	verify_reuse_get(p->state, &reuse);
	jit_stats_get(p->jit, &stats);
	k->known -= reuse.hits;
	k->compiles -= stats.compiles;
	k->hits -= stats.hits;
	p->account = k;
}

static void account_close(struct pass *p)
{
	struct verify_reuse reuse;
	struct jit_stats stats;

	verify_reuse_get(p->state, &reuse);
	jit_stats_get(p->jit, &stats);
	p->account->known += reuse.hits;
	p->account->compiles += stats.compiles;
	p->account->hits += stats.hits;
	p->account = NULL;
}

/* Verified and compiled, as quantities q, q + 1 and their sum, q + 2; NULL: refused, or
 * err says why not. */
static const struct jit_code *verify_compile(struct pass *p, const struct sp *sp,
					     enum quantity q, struct error *err)
{
	const struct jit_code *code;

	p->cycles[q] = p->cycles[q + 1] = 0;
	*err = (struct error){ 0 };
	if (verify(p, sp, q, err) < 0)
		return NULL;
	code = compile(p, sp, q + 1, err);
	p->cycles[q + 2] = p->cycles[q] + p->cycles[q + 1];
	return code;
}

/* Copy and payloads with other operands. */
static int sp_alter(struct pass *p, const struct sp *sp, struct error *err)
{
	int rc = alter_sp(&p->alter, p->copy, sp->nwords, blink_payloads(p->file), err);

	if (rc < 0)
		return rc;
	p->env.payloads = p->client.payloads = p->plain.payloads = alter_payloads(&p->alter);
	return 0;
}

/* The first time the state before it becomes that which it leaves; so the second time it
 * is seen, and the third time it is the same.  The first time with other operands the
 * verifier may yet learn. */
static int sp_again(struct pass *p, const struct sp *sp, uint64_t calls)
{
	static const enum quantity times[] = { SAME_VERIFY, SAME_VERIFY, SEEN_VERIFY, SEEN_VERIFY };
	struct error err = { 0 };

	for (unsigned i = 0; i < 4; i++) {
		if (i >= 2 && sp_alter(p, sp, &err) < 0)
			return err.code;
		if (i == 3)
			account_open(p, &p->seen);
		if (!verify_compile(p, sp, times[i], &err)) {
			p->refused++;           /* it may not be run twice */
			p->account = NULL;
			return err.code == -EACCES ? 0 : err.code;
		}
	}
	account_close(p);
	p->again++;
	p->cycles[VERIFY_COMPILE] = p->cycles[VERIFY] + p->cycles[COMPILE];
	for (unsigned q = 0; q < ROUND_VERIFY; q++)
		value_add(p, q, calls);
	return 0;
}

static int sp_play(struct pass *p, uint32_t id, bool measured, struct error *err)
{
	const struct jit_code *code;
	uint64_t calls = p->client.calls;
	struct sp sp;
	int rc = blink_sp_load(p->file, id, &sp, err);

	if (rc < 0)
		return rc;
	memset(p->cycles, 0, sizeof(p->cycles));
	p->env.payloads = p->client.payloads = p->plain.payloads = *blink_payloads(p->file);
	account_open(p, &p->fresh);
	rc = sp_copy(p, &sp, err);
	code = rc == 0 ? verify_compile(p, &sp, VERIFY, err) : NULL;
	account_close(p);
	rc = code ? run(p, &sp, code, RUN, err) : err->code;
	if (rc == 0)
		rc = run(p, &sp, NULL, RUN_INTERP, err);
	calls = p->client.calls - calls;
	p->calls += calls;
	p->sps++;
	if (rc == 0 && measured && sp.callback == SP_REDRAW)
		rc = sp_again(p, &sp, calls);
	blink_sp_release(p->file, id);
	return rc;
}

/* One of those that are played in turn. */
static int sp_round(struct pass *p, uint32_t id, unsigned round, struct error *err)
{
	const struct jit_code *code;
	uint64_t calls = p->client.calls;
	struct sp sp;
	int rc = blink_sp_load(p->file, id, &sp, err);

	if (rc < 0)
		return rc;
	memset(p->cycles, 0, sizeof(p->cycles));
	rc = sp_copy(p, &sp, err);
	for (unsigned i = 0; rc == 0 && i <= round % 2; i++)
		rc = sp_alter(p, &sp, err);
	if (rc < 0)
		goto out;
	if (round && sp.callback == SP_REDRAW)
		account_open(p, &p->round);
	code = verify_compile(p, &sp, ROUND_VERIFY, err);
	if (p->account)
		account_close(p);
	if (!code) {
		p->refused++;
		rc = err->code == -EACCES ? 0 : err->code;
		goto out;
	}
	rc = run(p, &sp, code, ROUND_RUN, err);
	calls = p->client.calls - calls;
	for (unsigned q = ROUND_VERIFY; q < QUANTITIES && round && sp.callback == SP_REDRAW; q++)
		value_add(p, q, calls);
out:
	blink_sp_release(p->file, id);
	return rc;
}

/* ---- a pass -------------------------------------------------------------------------- */

static int pass_open(struct pass *p, const char *path, struct error *err)
{
	struct client_limits limits;
	int rc = blink_open(&p->file, path, 0, err);

	if (rc < 0)
		return rc;
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		limits.names[s] = p->env.limits.names[s] = blink_names_max(p->file, s);
	limits.slots = p->env.limits.slots = blink_slots(p->file);
	p->env.limits.words = SP_MAX_WORDS;
	p->env.limits.allow_opaque = p->env.limits.allow_sensitive = true;
	p->env.callee = callee;
	p->env.user = p;
	p->env.index = &p->index;
	p->env.payloads_stable = true;
	for (unsigned q = 0; q < QUANTITIES; q++) {
		p->values[q] = calloc((size_t)blink_sp_count(p->file) + ROUNDS * ROUND_SPS,
				      sizeof(double));
		if (!p->values[q])
			return error_set(err, -ENOMEM, "bench: out of memory");
	}
	p->sink = sink_null_create();
	p->state = verify_state_create();
	if (!p->sink || !p->state || index_init(&p->index) < 0)
		return error_set(err, -ENOMEM, "bench: out of memory");
	rc = client_init(&p->client, p->sink, &limits, err);
	if (rc == 0)
		rc = client_init(&p->plain, p->sink, &limits, err);
	p->client.callee = p->plain.callee = callee;
	p->client.user = p->plain.user = p;
	return rc == 0 ? jit_create(&p->jit, p->sink, err) : rc;
}

static void pass_close(struct pass *p)
{
	jit_destroy(p->jit);
	client_finish(&p->client);
	client_finish(&p->plain);
	verify_state_destroy(p->state);
	sink_destroy(p->sink);
	index_finish(&p->index);
	for (unsigned q = 0; q < QUANTITIES; q++)
		free(p->values[q]);
	free(p->copy);
	alter_finish(&p->alter);
	blink_close(p->file);
}

/* What comes before the first frame is played, not measured. */
static int pass_play(struct pass *p, struct error *err)
{
	uint32_t init = blink_init_count(p->file), end = blink_sp_count(p->file);
	int rc = 0;

	for (uint32_t id = 0; rc == 0 && id < end; id++) {
		if (id == init) {
			p->calls = p->sps = 0;
			p->fresh = (struct known){ 0 };
		}
		rc = sp_play(p, id, id >= init, err);
	}
	init = end - init > ROUND_SPS ? end - ROUND_SPS : init;
	for (unsigned round = 0; rc == 0 && round <= ROUNDS; round++)
		for (uint32_t id = init; rc == 0 && id < end; id++)
			rc = sp_round(p, id, round, err);
	return rc;
}

/* ---- results --------------------------------------------------------------------------- */

static void number(struct json_object *j, const char *name, double v)
{
	json_object_object_add(j, name, json_object_new_double(v));
}

static void text(struct json_object *j, const char *name, const char *v)
{
	json_object_object_add(j, name, json_object_new_string(v));
}

static double share(uint64_t part, uint64_t of)
{
	return of ? (double)part / (double)of : 0;
}

/* How much was known: of records those in pieces, of procedures those whose code was
 * there. */
static void known_add(struct json_object *j, const char *what, const struct known *k)
{
	char name[64];

	snprintf(name, sizeof(name), "%srecords_known_share", what);
	number(j, name, share(k->known, k->records));
	snprintf(name, sizeof(name), "%sshapes_known_share", what);
	number(j, name, share(k->hits, k->hits + k->compiles));
}

/* Of the last pass, with the samples of all: asked for before it is closed. */
static struct json_object *results(const struct pass *p)
{
	struct json_object *j = json_object_new_object(), *core = json_object_new_object();
	struct verify_reuse reuse;

	verify_reuse_get(p->state, &reuse);
	text(j, "suite", "frames");
	json_object_object_add(j, "environment", environment_json());
	text(j, "unit", "core cycles per GL call");
	text(j, "direction", "lower");
	text(j, "cycles_from", bench_clock_source(p->clock));
	number(j, "core_cycles_per_tsc_tick", p->clock->core_per_tick);
	text(j, "vector_level", cpu_level_names[cpu_level()]);
	json_object_object_add(j, "sps", json_object_new_int64((int64_t)p->sps));
	json_object_object_add(j, "calls", json_object_new_int64((int64_t)p->calls));
	json_object_object_add(j, "sps_seen_again", json_object_new_int64((int64_t)p->again));
	json_object_object_add(j, "sps_not_run_twice",
			       json_object_new_int64((int64_t)p->refused));
	known_add(j, "", &p->fresh);
	known_add(j, "seen_", &p->seen);
	known_add(j, "round_", &p->round);
	number(j, "words_altered_share", share(p->alter.operands, p->alter.words));
	json_object_object_add(j, "segments_learned",
			       json_object_new_int64((int64_t)reuse.learned));
	json_object_object_add(j, "segments_failed",
			       json_object_new_int64((int64_t)reuse.failed));
	for (unsigned q = 0; q < QUANTITIES; q++)
		json_object_object_add(core, quantity_names[q], sample_json(&p->samples[q]));
	json_object_object_add(j, "core_cycles_per_call", core);
	return j;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void pass_note(struct pass *p, struct sample *samples)
{
	for (unsigned q = 0; q < QUANTITIES; q++) {
		if (!p->nvalues[q])
			continue;
		qsort(p->values[q], p->nvalues[q], sizeof(double), compare);
		sample_add(&samples[q], p->values[q][p->nvalues[q] / 2]);
	}
}

/* What the last pass made of it; the pass itself is closed. */
static struct json_object *so_far(void *suite)
{
	return json_object_get(*(struct json_object **)suite);
}

static int pass_measure(struct pass *p, const char *path, struct bench_clock *clock,
			struct sample *samples, struct json_object **j, struct error *err)
{
	int rc;

	bench_clock_calibrate(clock);
	memset(p, 0, sizeof(*p));
	p->clock = clock;
	p->samples = samples;
	empty_measure(p);
	rc = pass_open(p, path, err);
	if (rc == 0)
		rc = pass_play(p, err);
	if (rc == 0) {
		pass_note(p, samples);
		json_object_put(*j);
		*j = results(p);
	}
	pass_close(p);
	return rc;
}

struct json_object *bench_frames(const char *path, unsigned runs, struct error *err)
{
	struct sample *samples = calloc(QUANTITIES, sizeof(*samples));
	struct pass *p = calloc(1, sizeof(*p));
	struct json_object *j = NULL;
	struct bench_clock clock;
	int rc = 0;

	if (!p || !samples) {
		free(p);
		free(samples);
		error_set(err, -ENOMEM, "bench: out of memory");
		return NULL;
	}
	bench_clock_init(&clock);
	for (unsigned run_no = 0; rc == 0 && bench_more(run_no, runs, so_far, &j); run_no++)
		rc = pass_measure(p, path, &clock, samples, &j, err);
	if (rc < 0) {
		json_object_put(j);
		j = NULL;
	}
	bench_clock_finish(&clock);
	free(p);
	free(samples);
	return j;
}
