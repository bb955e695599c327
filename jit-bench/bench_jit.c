/* bench_jit.c - what verifying, compiling and running cost, in core cycles per
 * instruction, on entry points that return at once.
 *
 * The configuration is a server's: a stranger's limits, facts, budgets and traps on, the
 * verifier's index handed to the compiler.  Every run measures every quantity of every
 * mix once, so that a disturbance of the machine meets all alike.
 *
 * "warm": the same procedure was verified and compiled just before, but nothing that
 * was learned of it is kept: neither code nor patterns nor shapes.  "cold": everything
 * (records, tables, code arena, the programs' own instructions) is out of all caches.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "blink/engine/engine.h"
#include "blink/verify/verify.h"
#include "jit-bench/clock.h"
#include "jit-bench/counters.h"
#include "jit-bench/environment.h"
#include "jit-bench/far.h"
#include "jit-bench/mixes.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"

enum quantity {
	COPY, VERIFY, COMPILE, VERIFY_COMPILE, COPY_VERIFY_COMPILE, COLD, RUN_FIRST, ONE_SHOT,
	RUN_NEAR, RUN_FAR, RUN_INTERP, ONE_SHOT_INTERP, QUANTITIES
};
static const char *const quantity_names[QUANTITIES] = {
	[COPY] = "copy", [VERIFY] = "verify", [COMPILE] = "compile",
	[VERIFY_COMPILE] = "verify_compile", [COPY_VERIFY_COMPILE] = "copy_verify_compile",
	[COLD] = "copy_verify_compile_cold", [RUN_FIRST] = "run_first",
	[ONE_SHOT] = "one_shot", [RUN_NEAR] = "run_near", [RUN_FAR] = "run_far",
	[RUN_INTERP] = "run_interp", [ONE_SHOT_INTERP] = "one_shot_interp",
};

struct mix {
	struct buf code;               /* as a client holds it */
	uint32_t *copy;                /* as the server does */
	struct sp sp;
	uint64_t records, code_bytes;
	struct sample cycles[QUANTITIES], ticks[QUANTITIES];
	struct json_object *counts;    /* of the processor, in a steady run; NULL: none */
};

#define TIERS 6u
#define TIER_REPEATS 16u

struct tier {
	uint32_t *code, records;
	struct sp sp;
	struct sample compiled, interpreted;
};

struct bench {
	struct bench_clock clock;
	struct counters counters;
	struct sink *sink, *far;
	struct jit *jit, *jit_far;
	struct client client, client_far;
	struct verify_state *state;
	struct verify_env env;
	struct sp_index index;
	struct mix *mixes;
	struct tier tiers[TIERS];
	uint8_t *walk;
};

#define WALK_SIZE (96u << 20)      /* beyond any cache */
#define NAMES 16u
#define STEADY_AFTER 32u           /* runs */

/* ---- spans ----------------------------------------------------------------------- */

static void begin(const struct bench *b, struct bench_span *s)
{
	bench_span_begin(&b->clock, s);
}

static void note(struct bench *b, struct mix *m, enum quantity q, struct bench_span *s)
{
	double ticks, cycles = bench_span_end(&b->clock, s, &ticks);

	sample_add(&m->cycles[q], cycles / (double)m->records);
	sample_add(&m->ticks[q], ticks / (double)m->records);
}

static void caches_spoil(struct bench *b, const struct mix *m)
{
	for (size_t i = 0; i < WALK_SIZE; i += 64)
		b->walk[i]++;
	for (size_t i = 0; i < m->code.len; i += 64) {
		_mm_clflush(m->code.data + i);
		_mm_clflush((const uint8_t *)m->copy + i);
	}
	_mm_mfence();
}

/* ---- what a server does with a procedure ------------------------------------------- */

static void copy(struct mix *m)
{
	memcpy(m->copy, m->code.data, m->code.len);
}

static int verify(struct bench *b, struct mix *m, struct error *err)
{
	struct verify_verdict v;
	int rc = verify_sp(b->state, &b->env, &m->sp, &v);

	return rc < 0 ? error_set(err, rc, "bench: a mix was refused: %s (record %u: %s)",
				  verify_reason_sentence(v.reason), v.record, v.line) : 0;
}

static const struct jit_code *compile(struct bench *b, struct mix *m, struct error *err)
{
	return jit_compile_index(b->jit, &m->sp, &b->index, err);
}

static void forget(struct bench *b, const struct jit_code *code)
{
	jit_forget(b->jit, code);
	index_forget(&b->index);
	verify_forget(b->state);
}

/* ---- one run of one mix -------------------------------------------------------------- */

/* Several steps in one span. */
static int measure_sum(struct bench *b, struct mix *m, enum quantity q, struct error *err)
{
	const struct jit_code *code;
	struct bench_span span;
	int rc;

	if (q == COLD)
		caches_spoil(b, m);
	begin(b, &span);
	if (q != VERIFY_COMPILE)
		copy(m);
	rc = verify(b, m, err);
	code = rc < 0 ? NULL : compile(b, m, err);
	if (!code)
		return err->code;
	if (q == ONE_SHOT)
		jit_run(&b->client, code, &m->sp, 0);
	note(b, m, q, &span);
	forget(b, code);
	return 0;
}

/* The last of some runs: until then branch predictors learn. */
static void run_steady(struct bench *b, struct mix *m, struct client *c,
		       const struct jit_code *code, enum quantity q)
{
	struct bench_span span;

	for (unsigned i = 0; i < STEADY_AFTER; i++)
		jit_run(c, code, &m->sp, 0);
	begin(b, &span);
	jit_run(c, code, &m->sp, 0);
	note(b, m, q, &span);
}

/* Once more for the counters: reading them costs some. */
static void run_counted(struct bench *b, struct mix *m, const struct jit_code *code)
{
	json_object_put(m->counts);
	m->counts = json_object_new_object();
	counters_begin(&b->counters);
	jit_run(&b->client, code, &m->sp, 0);
	counters_end(&b->counters, (double)m->records, m->counts);
}

static int measure_parts(struct bench *b, struct mix *m, struct error *err)
{
	const struct jit_code *code;
	struct jit_stats before, after;
	struct bench_span span;
	int rc;

	begin(b, &span);
	copy(m);
	note(b, m, COPY, &span);
	begin(b, &span);
	rc = verify(b, m, err);
	note(b, m, VERIFY, &span);
	jit_stats_get(b->jit, &before);
	begin(b, &span);
	code = rc < 0 ? NULL : compile(b, m, err);
	note(b, m, COMPILE, &span);
	if (!code)
		return err->code;
	jit_stats_get(b->jit, &after);
	m->code_bytes = after.bytes - before.bytes;
	begin(b, &span);
	jit_run(&b->client, code, &m->sp, 0);
	note(b, m, RUN_FIRST, &span);
	run_steady(b, m, &b->client, code, RUN_NEAR);
	run_counted(b, m, code);
	forget(b, code);
	return 0;
}

static int measure_far(struct bench *b, struct mix *m, struct error *err)
{
	const struct jit_code *code = jit_compile(b->jit_far, &m->sp, err);

	if (!code)
		return err->code;
	run_steady(b, m, &b->client_far, code, RUN_FAR);
	jit_forget(b->jit_far, code);
	return 0;
}

static int measure_interp(struct bench *b, struct mix *m, struct error *err)
{
	struct bench_span span;
	int rc;

	begin(b, &span);
	copy(m);
	rc = verify(b, m, err);
	interp_run(&b->client, &m->sp, 0);
	note(b, m, ONE_SHOT_INTERP, &span);
	index_forget(&b->index);
	verify_forget(b->state);
	begin(b, &span);
	interp_run(&b->client, &m->sp, 0);
	note(b, m, RUN_INTERP, &span);
	return rc;
}

static int measure_mix(struct bench *b, struct mix *m, struct error *err)
{
	static const enum quantity sums[] = {
		COLD, COPY_VERIFY_COMPILE, COPY_VERIFY_COMPILE, VERIFY_COMPILE, ONE_SHOT,
	};
	int rc = 0;

	for (unsigned i = 0; i < sizeof(sums) / sizeof(sums[0]) && rc == 0; i++) {
		rc = measure_sum(b, m, sums[i], err);
		/* the first after the cold one is no warm one */
		if (sums[i] == COPY_VERIFY_COMPILE && i == 1)
			m->cycles[sums[i]].n--, m->ticks[sums[i]].n--;
	}
	if (rc == 0)
		rc = measure_parts(b, m, err);
	if (rc == 0)
		rc = measure_far(b, m, err);
	return rc == 0 ? measure_interp(b, m, err) : rc;
}

static int tier_measure(struct bench *b, struct tier *t, struct error *err);

static struct json_object *results(void *suite);

static int measure(struct bench *b, unsigned runs, struct error *err)
{
	int rc = 0;

	for (unsigned run = 0; rc == 0 && bench_more(run, runs, results, b); run++) {
		bench_clock_calibrate(&b->clock);
		for (unsigned i = 0; i < bench_mix_count && rc == 0; i++)
			rc = measure_mix(b, &b->mixes[i], err);
		for (unsigned i = 0; i < TIERS && rc == 0; i++)
			rc = tier_measure(b, &b->tiers[i], err);
	}
	return rc;
}

/* ---- small procedures: is it worth compiling them? ------------------------------------- */

/* The first so many records of the irregular mix, as an SP of their own. */
static int tier_make(struct bench *b, struct tier *t, uint32_t records, struct error *err)
{
	const struct sp *from = &b->mixes[1].sp;
	uint32_t at = 0;

	t->records = records;
	for (uint32_t i = 0; i < records && at + 1 < from->nwords; i++)
		at += gl_ops[sp_opcode(from->code[at])].words;
	t->code = malloc(((size_t)at + 1) * sizeof(*t->code));
	if (!t->code)
		return error_set(err, -ENOMEM, "bench: out of memory");
	memcpy(t->code, from->code, (size_t)at * sizeof(*t->code));
	t->code[at] = sp_header(OP_end, 0);
	t->sp = (struct sp){ .callback = SP_REDRAW, .context = 1, .drawable = 1,
			     .code = t->code, .nwords = at + 1 };
	return 0;
}

/* Verified alike; then compiled and run, or interpreted.  Cycles of the whole, several at
 * once: a span is not much longer than looking at the clock. */
static int tier_measure(struct bench *b, struct tier *t, struct error *err)
{
	struct verify_verdict v;
	struct bench_span span;

	begin(b, &span);
	for (unsigned i = 0; i < TIER_REPEATS; i++) {
		const struct jit_code *code;

		if (verify_sp(b->state, &b->env, &t->sp, &v) < 0)
			return error_set(err, -EACCES, "bench: %s", verify_reason_name(v.reason));
		code = jit_compile_index(b->jit, &t->sp, &b->index, err);
		if (!code)
			return err->code;
		jit_run(&b->client, code, &t->sp, 0);
		jit_forget(b->jit, code);
	}
	sample_add(&t->compiled, bench_span_end(&b->clock, &span, NULL) / TIER_REPEATS);
	begin(b, &span);
	for (unsigned i = 0; i < TIER_REPEATS; i++) {
		if (verify_sp(b->state, &b->env, &t->sp, &v) < 0)
			return error_set(err, -EACCES, "bench: %s", verify_reason_name(v.reason));
		interp_run(&b->client, &t->sp, 0);
	}
	sample_add(&t->interpreted, bench_span_end(&b->clock, &span, NULL) / TIER_REPEATS);
	return 0;
}

static struct json_object *tier_json(struct tier *t)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "records", json_object_new_int((int)t->records));
	json_object_object_add(j, "compiled_and_run_once", sample_json(&t->compiled));
	json_object_object_add(j, "interpreted_once", sample_json(&t->interpreted));
	return j;
}

/* ---- results ------------------------------------------------------------------------- */

static void number(struct json_object *j, const char *name, double v)
{
	json_object_object_add(j, name, json_object_new_double(v));
}

static void text(struct json_object *j, const char *name, const char *v)
{
	json_object_object_add(j, name, json_object_new_string(v));
}

static struct json_object *mix_json(struct mix *m, const struct bench_mix *row)
{
	struct json_object *j = json_object_new_object();
	struct json_object *core = json_object_new_object(), *tsc = json_object_new_object();

	text(j, "mix", row->name);
	text(j, "what", row->what);
	json_object_object_add(j, "instructions", json_object_new_int64((int64_t)m->records));
	number(j, "record_bytes_per_instruction", (double)m->code.len / (double)m->records);
	number(j, "code_bytes_per_instruction", (double)m->code_bytes / (double)m->records);
	for (unsigned q = 0; q < QUANTITIES; q++) {
		json_object_object_add(core, quantity_names[q], sample_json(&m->cycles[q]));
		number(tsc, quantity_names[q], sample_median(&m->ticks[q]));
	}
	json_object_object_add(j, "core_cycles_per_instruction", core);
	json_object_object_add(j, "tsc_ticks_per_instruction", tsc);
	if (json_object_object_length(m->counts))
		json_object_object_add(j, "counters_run_near", json_object_get(m->counts));
	return j;
}

static struct json_object *results(void *suite)
{
	struct bench *b = suite;
	struct json_object *j = json_object_new_object(), *list = json_object_new_array();
	sink_fn entry = b->sink->entry[OP_glVertex3f], far = b->far->entry[OP_glVertex3f];

	text(j, "suite", "jit");
	json_object_object_add(j, "environment", environment_json());
	text(j, "unit", "core cycles per instruction");
	text(j, "direction", "lower");
	text(j, "cycles_from", bench_clock_source(&b->clock));
	text(j, "counters_from", counters_source(&b->counters));
	number(j, "tsc_hz", b->clock.ticks_per_second);
	number(j, "core_cycles_per_tsc_tick", b->clock.core_per_tick);
	text(j, "vector_level", cpu_level_names[cpu_level()]);
	json_object_object_add(j, "near", json_object_new_boolean(jit_near(b->jit, entry)));
	json_object_object_add(j, "far", json_object_new_boolean(!jit_near(b->jit_far, far)));
	for (unsigned i = 0; i < bench_mix_count; i++)
		json_object_array_add(list, mix_json(&b->mixes[i], &bench_mixes[i]));
	json_object_object_add(j, "mixes", list);
	list = json_object_new_array();
	for (unsigned i = 0; i < TIERS; i++)
		json_object_array_add(list, tier_json(&b->tiers[i]));
	json_object_object_add(j, "small_procedures_cycles", list);
	return j;
}

/* ---- making ready ----------------------------------------------------------------------- */

static uint64_t records_count(const struct sp *sp)
{
	const uint32_t *rec = sp->code, *end = rec + sp->nwords;
	uint64_t n = 0;

	for (; rec < end; rec += gl_ops[sp_opcode(*rec)].words)
		n++;
	return n;
}

static int mix_make(struct mix *m, const struct bench_mix *row, uint32_t id, struct error *err)
{
	buf_init(&m->code);
	row->make(&m->code);
	m->copy = buf_failed(&m->code) ? NULL : malloc(m->code.len);
	if (!m->copy)
		return error_set(err, -ENOMEM, "bench: out of memory");
	copy(m);
	m->sp = (struct sp){ .id = id, .callback = SP_REDRAW, .context = 1, .drawable = 1,
			     .code = m->copy, .nwords = (uint32_t)(m->code.len / 4) };
	m->records = records_count(&m->sp);
	return 0;
}

static int verifier_open(struct bench *b, struct error *err)
{
	b->state = verify_state_create();
	if (!b->state || index_init(&b->index) < 0)
		return error_set(err, -ENOMEM, "bench: out of memory");
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		b->env.limits.names[s] = NAMES;
	b->env.limits.slots = NAMES;
	b->env.limits.words = SP_MAX_WORDS;
	b->env.index = &b->index;
	return bench_context_make(b->state, &b->env, err);
}

static int engines_open(struct bench *b, struct error *err)
{
	struct client_limits limits = { .slots = NAMES };
	int rc;

	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		limits.names[s] = NAMES;
	rc = client_init(&b->client, b->sink, &limits, err);
	if (rc == 0)
		rc = client_init(&b->client_far, b->far, &limits, err);
	if (rc == 0)
		rc = jit_create(&b->jit, b->sink, err);
	return rc == 0 ? jit_create(&b->jit_far, b->far, err) : rc;
}

static int bench_open(struct bench *b, struct error *err)
{
	int rc;

	b->sink = sink_null_create();
	b->walk = calloc(1, WALK_SIZE);
	b->mixes = calloc(bench_mix_count, sizeof(*b->mixes));
	if (!b->sink || !b->walk || !b->mixes)
		return error_set(err, -ENOMEM, "bench: out of memory");
	rc = sink_far_create(&b->far, err);
	for (unsigned i = 0; i < bench_mix_count && rc == 0; i++)
		rc = mix_make(&b->mixes[i], &bench_mixes[i], i, err);
	if (rc == 0)
		rc = verifier_open(b, err);
	for (unsigned i = 0; i < TIERS && rc == 0; i++)
		rc = tier_make(b, &b->tiers[i], 1u << i, err);
	return rc == 0 ? engines_open(b, err) : rc;
}

static void bench_close(struct bench *b)
{
	jit_destroy(b->jit);
	jit_destroy(b->jit_far);
	client_finish(&b->client);
	client_finish(&b->client_far);
	sink_destroy(b->sink);
	sink_far_destroy(b->far);
	verify_state_destroy(b->state);
	index_finish(&b->index);
	for (unsigned i = 0; b->mixes && i < bench_mix_count; i++) {
		buf_finish(&b->mixes[i].code);
		free(b->mixes[i].copy);
		json_object_put(b->mixes[i].counts);
	}
	for (unsigned i = 0; i < TIERS; i++)
		free(b->tiers[i].code);
	free(b->mixes);
	free(b->walk);
	counters_close(&b->counters);
	bench_clock_finish(&b->clock);
}

struct json_object *bench_jit(unsigned runs, struct error *err)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct json_object *j = NULL;

	if (!b) {
		error_set(err, -ENOMEM, "bench: out of memory");
		return NULL;
	}
	bench_clock_init(&b->clock);
	counters_open(&b->counters);
	if (bench_open(b, err) == 0 && measure(b, runs, err) == 0)
		j = results(b);
	bench_close(b);
	free(b);
	return j;
}
