/* bench_jit.c - what verifying, compiling and running cost, in core cycles per
 * instruction, on a sink that returns at once.
 *
 * Every run measures every quantity of every mix once, so that a disturbance of the
 * machine meets all alike.  "cold": the procedure's words are in memory, not in the
 * caches, and the compiler's own data is out of L2; "warm": compiled just before.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <x86intrin.h>

#include "blink/engine/engine.h"
#include "blink/verify/verify.h"
#include "jit-bench/clock.h"
#include "jit-bench/environment.h"
#include "jit-bench/mixes.h"
#include "jit-bench/sample.h"

enum quantity {
	VERIFY, COMPILE_COLD, COMPILE_WARM, RUN_FIRST, RUN_JIT, RUN_INTERP, QUANTITIES
};
static const char *const quantity_names[QUANTITIES] = {
	[VERIFY] = "verify", [COMPILE_COLD] = "compile_cold", [COMPILE_WARM] = "compile_warm",
	[RUN_FIRST] = "run_first", [RUN_JIT] = "run_jit", [RUN_INTERP] = "run_interp",
};

struct mix {
	struct buf code;
	struct sp sp;
	uint64_t records, code_bytes;
	struct sample cycles[QUANTITIES], ticks[QUANTITIES];
};

struct bench {
	struct bench_clock clock;
	struct sink *sink;
	struct jit *jit;
	struct client client;
	struct mix *mixes;
	uint8_t *walk;
};

#define WALK_SIZE (8u << 20)       /* beyond any L2 */

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
	if (buf_failed(&m->code))
		return error_set(err, -ENOMEM, "bench: out of memory");
	m->sp = (struct sp){ .id = id, .callback = SP_REDRAW, .context = 1, .drawable = 1,
			     .code = (const uint32_t *)(const void *)m->code.data,
			     .nwords = (uint32_t)(m->code.len / 4) };
	m->records = records_count(&m->sp);
	return 0;
}

static void caches_spoil(struct bench *b, const struct mix *m)
{
	for (size_t i = 0; i < WALK_SIZE; i += 64)
		b->walk[i]++;
	for (size_t i = 0; i < m->code.len; i += 64)
		_mm_clflush(m->code.data + i);
	_mm_mfence();
}

static void note(struct bench *b, struct mix *m, enum quantity q, struct bench_span *s)
{
	double ticks, cycles = bench_span_end(&b->clock, s, &ticks);

	sample_add(&m->cycles[q], cycles / (double)m->records);
	sample_add(&m->ticks[q], ticks / (double)m->records);
}

/* ---- one run of one mix -------------------------------------------------------- */

static int measure_verify(struct bench *b, struct mix *m, struct error *err)
{
	struct verify_env env = { .payloads = b->client.payloads };
	struct verify_verdict verdict;
	struct verify_state *state = verify_state_create();
	struct bench_span span;
	int rc = 0;

	if (!state)
		return error_set(err, -ENOMEM, "bench: out of memory");
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		env.limits.names[s] = 16;
	env.limits.slots = 16;
	env.limits.words = SP_MAX_WORDS;
	env.limits.allow_opaque = env.limits.allow_sensitive = true;
	for (unsigned i = 0; i < 2 && rc == 0; i++) {
		bench_span_begin(&b->clock, &span);
		rc = verify_sp(state, &env, &m->sp, &verdict);
	}
	if (rc == 0)
		note(b, m, VERIFY, &span);
	else
		error_set(err, rc, "bench: a mix was refused: %s (record %u: %s)",
			  verify_reason_sentence(verdict.reason), verdict.record, verdict.line);
	verify_state_destroy(state);
	return rc;
}

static const struct jit_code *compile(struct bench *b, struct mix *m, enum quantity q,
				      struct error *err)
{
	const struct jit_code *code;
	struct bench_span span;

	bench_span_begin(&b->clock, &span);
	code = jit_compile(b->jit, &m->sp, err);
	note(b, m, q, &span);
	return code;
}

static void run_jit(struct bench *b, struct mix *m, const struct jit_code *code,
		    enum quantity q)
{
	struct bench_span span;

	bench_span_begin(&b->clock, &span);
	jit_run(&b->client, code, &m->sp, 0);
	note(b, m, q, &span);
}

static int measure_jit(struct bench *b, struct mix *m, struct error *err)
{
	const struct jit_code *code;
	struct jit_stats before, after;

	jit_stats_get(b->jit, &before);
	caches_spoil(b, m);
	code = compile(b, m, COMPILE_COLD, err);
	if (!code)
		return err->code;
	jit_stats_get(b->jit, &after);
	m->code_bytes = after.bytes - before.bytes;
	run_jit(b, m, code, RUN_FIRST);
	jit_forget(b->jit, code);
	code = compile(b, m, COMPILE_WARM, err);
	if (!code)
		return err->code;
	jit_run(&b->client, code, &m->sp, 0);
	run_jit(b, m, code, RUN_JIT);
	jit_forget(b->jit, code);
	return 0;
}

static void measure_interp(struct bench *b, struct mix *m)
{
	struct bench_span span;

	interp_run(&b->client, &m->sp, 0);
	bench_span_begin(&b->clock, &span);
	interp_run(&b->client, &m->sp, 0);
	note(b, m, RUN_INTERP, &span);
}

static int measure(struct bench *b, unsigned runs, struct error *err)
{
	int rc = 0;

	for (unsigned run = 0; run < runs && rc == 0; run++) {
		bench_clock_calibrate(&b->clock);
		for (unsigned i = 0; i < bench_mix_count && rc == 0; i++) {
			rc = measure_verify(b, &b->mixes[i], err);
			if (rc == 0)
				rc = measure_jit(b, &b->mixes[i], err);
			measure_interp(b, &b->mixes[i]);
		}
	}
	return rc;
}

/* ---- results ----------------------------------------------------------------------- */

static struct json_object *mix_json(struct mix *m, const struct bench_mix *row)
{
	struct json_object *j = json_object_new_object();
	struct json_object *core = json_object_new_object(), *tsc = json_object_new_object();

	json_object_object_add(j, "mix", json_object_new_string(row->name));
	json_object_object_add(j, "what", json_object_new_string(row->what));
	json_object_object_add(j, "instructions", json_object_new_int64((int64_t)m->records));
	json_object_object_add(j, "record_bytes_per_instruction",
			       json_object_new_double((double)m->code.len / (double)m->records));
	json_object_object_add(j, "code_bytes_per_instruction",
			       json_object_new_double((double)m->code_bytes /
						      (double)m->records));
	for (unsigned q = 0; q < QUANTITIES; q++) {
		json_object_object_add(core, quantity_names[q], sample_json(&m->cycles[q]));
		json_object_object_add(tsc, quantity_names[q],
				       json_object_new_double(sample_median(&m->ticks[q])));
	}
	json_object_object_add(j, "core_cycles_per_instruction", core);
	json_object_object_add(j, "tsc_ticks_per_instruction", tsc);
	return j;
}

static struct json_object *results(struct bench *b)
{
	struct json_object *j = json_object_new_object(), *list = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("jit"));
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "unit", json_object_new_string("core cycles per instruction"));
	json_object_object_add(j, "direction", json_object_new_string("lower"));
	json_object_object_add(j, "cycles_from",
			       json_object_new_string(bench_clock_source(&b->clock)));
	json_object_object_add(j, "tsc_hz", json_object_new_double(b->clock.ticks_per_second));
	json_object_object_add(j, "core_cycles_per_tsc_tick",
			       json_object_new_double(b->clock.core_per_tick));
	json_object_object_add(j, "near", json_object_new_boolean(
		jit_near(b->jit, b->sink->entry[OP_glVertex3f])));
	for (unsigned i = 0; i < bench_mix_count; i++)
		json_object_array_add(list, mix_json(&b->mixes[i], &bench_mixes[i]));
	json_object_object_add(j, "mixes", list);
	return j;
}

static int bench_open(struct bench *b, struct error *err)
{
	struct client_limits limits = { .slots = 16 };
	int rc = 0;

	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		limits.names[s] = 16;
	b->sink = sink_null_create();
	b->walk = calloc(1, WALK_SIZE);
	b->mixes = calloc(bench_mix_count, sizeof(*b->mixes));
	if (!b->sink || !b->walk || !b->mixes)
		return error_set(err, -ENOMEM, "bench: out of memory");
	for (unsigned i = 0; i < bench_mix_count && rc == 0; i++)
		rc = mix_make(&b->mixes[i], &bench_mixes[i], i, err);
	if (rc == 0)
		rc = client_init(&b->client, b->sink, &limits, err);
	if (rc == 0)
		rc = jit_create(&b->jit, b->sink, err);
	return rc;
}

static void bench_close(struct bench *b)
{
	jit_destroy(b->jit);
	client_finish(&b->client);
	sink_destroy(b->sink);
	for (unsigned i = 0; b->mixes && i < bench_mix_count; i++)
		buf_finish(&b->mixes[i].code);
	free(b->mixes);
	free(b->walk);
	bench_clock_finish(&b->clock);
}

struct json_object *bench_jit(unsigned runs, struct error *err)
{
	struct bench b = { 0 };
	struct json_object *j = NULL;

	bench_clock_init(&b.clock);
	if (bench_open(&b, err) == 0 && measure(&b, runs, err) == 0)
		j = results(&b);
	bench_close(&b);
	return j;
}
