/* bench_peers.c - see bench_peers.h.
 *
 * Ours is what a server does: verify by a stranger's limits, compile, run with budget and
 * traps, and nothing learned of a program before is kept.  Peers get the program decoded,
 * memory for code mapped and near, and check nothing.  Those that take
 * seconds compile in the first rounds only; what they made runs in all.
 */
#include "jit-bench/bench_peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/engine/trap.h"
#include "blink/sp/index.h"
#include "blink/verify/verify.h"
#include "jit-bench/clock.h"
#include "jit-bench/counters.h"
#include "jit-bench/environment.h"
#include "jit-bench/mixes.h"
#include "jit-bench/peer_interp.h"
#include "jit-bench/peer_memory.h"
#include "jit-bench/peer_program.h"
#include "jit-bench/sample.h"

#define SLOW_ROUNDS 3u
#define CODE_SIZE (4u << 20)
#define SIDES_MAX 12u

/* Who runs a mix. */
enum { SIDE_BLINK, SIDE_INTERP, SIDE_SWITCH, SIDE_THREADED, SIDE_PEERS };

struct side {
	struct code_memory memory;
	peer_fn code;
	struct sample compile, execute;
	struct json_object *counts;
	bool failed;
};

struct mix {
	struct buf code;
	struct sp sp;
	struct decoded decoded;
	struct side sides[SIDES_MAX];
};

struct bench {
	const struct peer_row *rows;
	unsigned npeers;
	void *states[SIDES_MAX];
	struct bench_clock clock;
	struct counters counters;
	struct sink *sink;
	struct client client;
	struct jit *jit;
	struct verify_state *state;
	struct verify_env env;
	struct sp_index index;
	struct mix *mixes;
};

/* ---- what peers are lent ---------------------------------------------------------- */

static struct code_memory *lent;
static struct buf text;

static void *host_memory(size_t size)
{
	return code_memory_take(lent, size);
}

static uint64_t host_resolve(void *user, const char *name)
{
	const struct peer_program *p = user;

	for (uint32_t i = 0; i < p->ncalls; i++)
		if (!strcmp(p->calls[i].name, name))
			return p->calls[i].address;
	return 0;
}

static peer_fn host_object(const struct peer_program *p, const void *data, size_t size)
{
	return (peer_fn)(uintptr_t)object_load(lent, data, size, host_resolve,
					       (void *)(uintptr_t)p);
}

static const char *host_text(const struct peer_program *p)
{
	buf_clear(&text);
	program_c(p, &text);
	return buf_failed(&text) ? "" : (const char *)text.data;
}

static const struct peer_host host = { host_memory, host_object, host_text };

/* ---- both sides ---------------------------------------------------------------------- */

static void registers_set(uint32_t *r)
{
	for (unsigned i = 0; i < SP_REGISTERS; i++)
		r[i] = 0x3f000000u + i * 0x1357u;
}

static peer_fn peer_compile(struct bench *b, unsigned i, struct mix *m)
{
	struct side *s = &m->sides[SIDE_PEERS + i];

	lent = &s->memory;
	lent->used = 0;
	s->code = b->rows[i].peer->compile(b->states[i], &m->decoded.program);
	s->failed = !s->code;
	return s->code;
}

static const struct jit_code *blink_compile(struct bench *b, struct mix *m, struct error *err)
{
	struct verify_verdict v;

	if (verify_sp(b->state, &b->env, &m->sp, &v) < 0) {
		error_set(err, -EACCES, "bench: a mix was refused: %s (record %u: %s)",
			  verify_reason_sentence(v.reason), v.record, v.line);
		return NULL;
	}
	return jit_compile_index(b->jit, &m->sp, &b->index, err);
}

static void blink_forget(struct bench *b, const struct jit_code *code)
{
	jit_forget(b->jit, code);
	index_forget(&b->index);
}

static void side_run(struct bench *b, struct mix *m, unsigned side, const struct jit_code *code,
		     uint32_t *registers)
{
	static const struct trap_how how = { .signals = true };
	struct trap trap;

	switch (side) {
	case SIDE_BLINK: trap_run(&b->client, code, &m->sp, 0, &how, &trap); return;
	case SIDE_INTERP: interp_run(&b->client, &m->sp, 0); return;
	case SIDE_SWITCH: interp_switch_run(m->sp.code, b->sink->entry, registers); return;
	case SIDE_THREADED: interp_threaded_run(m->sp.code, b->sink->entry, registers); return;
	default: m->sides[side].code(registers);
	}
}

static double per_record(struct bench *b, const struct mix *m, struct bench_span *s)
{
	return bench_span_end(&b->clock, s, NULL) / (double)m->decoded.program.n;
}

/* A run's value is the middle of a few: other processes disturb some of them. */
#define REPEATS 5u

/* Before that: until then branch predictors learn. */
#define STEADY_AFTER 32u

/* Warmed up, a few times for the clock, once for the counters. */
static void measure_run(struct bench *b, struct mix *m, unsigned side,
			const struct jit_code *code)
{
	struct side *s = &m->sides[side];
	uint32_t registers[SP_REGISTERS];
	struct sample few = { .n = 0 };
	struct bench_span span;

	registers_set(registers);
	registers_set(b->client.regs);
	for (unsigned i = 0; i < STEADY_AFTER; i++)
		side_run(b, m, side, code, registers);
	for (unsigned i = 0; i < REPEATS; i++) {
		bench_span_begin(&b->clock, &span);
		side_run(b, m, side, code, registers);
		sample_add(&few, per_record(b, m, &span));
	}
	sample_add(&s->execute, sample_median(&few));
	json_object_put(s->counts);
	s->counts = json_object_new_object();
	counters_begin(&b->counters);
	side_run(b, m, side, code, registers);
	counters_end(&b->counters, (double)m->decoded.program.n, s->counts);
}

static int measure_blink(struct bench *b, struct mix *m, struct error *err)
{
	const struct jit_code *code = blink_compile(b, m, err);
	struct sample few = { .n = 0 };
	struct bench_span span;

	for (unsigned i = 0; i < REPEATS && code; i++) {
		blink_forget(b, code);
		bench_span_begin(&b->clock, &span);
		code = blink_compile(b, m, err);
		sample_add(&few, per_record(b, m, &span));
	}
	if (!code)
		return err->code;
	sample_add(&m->sides[SIDE_BLINK].compile, sample_median(&few));
	measure_run(b, m, SIDE_BLINK, code);
	blink_forget(b, code);
	return 0;
}

static void measure_peer(struct bench *b, struct mix *m, unsigned i, unsigned round)
{
	const struct peer *p = b->rows[i].peer;
	struct side *s = &m->sides[SIDE_PEERS + i];
	struct sample few = { .n = 0 };
	struct bench_span span;

	if (!b->states[i] || s->failed)
		return;
	if (!p->slow && !peer_compile(b, i, m))
		return;
	for (unsigned k = 0; k < (p->slow ? round < SLOW_ROUNDS : REPEATS); k++) {
		bench_span_begin(&b->clock, &span);
		if (!peer_compile(b, i, m))
			return;
		sample_add(&few, per_record(b, m, &span));
	}
	if (few.n)
		sample_add(&s->compile, sample_median(&few));
	measure_run(b, m, SIDE_PEERS + i, NULL);
}

static int measure(struct bench *b, unsigned runs, struct error *err)
{
	int rc = 0;

	for (unsigned round = 0; round < runs && rc == 0; round++) {
		bench_clock_calibrate(&b->clock);
		for (unsigned k = 0; k < bench_mix_count && rc == 0; k++) {
			struct mix *m = &b->mixes[k];

			rc = measure_blink(b, m, err);
			for (unsigned side = SIDE_INTERP; side < SIDE_PEERS; side++)
				measure_run(b, m, side, NULL);
			for (unsigned i = 0; i < b->npeers; i++)
				measure_peer(b, m, i, round);
		}
	}
	return rc;
}

/* ---- results -------------------------------------------------------------------------- */

static void text_add(struct json_object *j, const char *key, const char *value)
{
	json_object_object_add(j, key, json_object_new_string(value));
}

static struct json_object *side_json(const struct bench *b, struct mix *m, unsigned side)
{
	static const struct { const char *name, *what; } ours[SIDE_PEERS] = {
		[SIDE_BLINK] = { "blink", "verified and compiled, budget and traps on" },
		[SIDE_INTERP] = { "interpreter", "blink's own, for every instruction" },
		[SIDE_SWITCH] = { "switch", "an interpreter of the mixes alone" },
		[SIDE_THREADED] = { "threaded", "the same with computed jumps, loops over runs" },
	};
	const struct peer *p = side < SIDE_PEERS ? NULL : b->rows[side - SIDE_PEERS].peer;
	struct side *s = &m->sides[side];
	struct json_object *j = json_object_new_object();

	text_add(j, "name", p ? p->name : ours[side].name);
	text_add(j, "what", p ? p->what : ours[side].what);
	json_object_object_add(j, "library", json_object_new_boolean(p && p->library));
	if (s->compile.n)
		json_object_object_add(j, "compile", sample_json(&s->compile));
	json_object_object_add(j, "execute", sample_json(&s->execute));
	if (s->memory.used)
		json_object_object_add(j, "code_bytes_per_instruction", json_object_new_double(
			(double)s->memory.used / (double)m->decoded.program.n));
	if (json_object_object_length(s->counts))
		json_object_object_add(j, "counters_execute", json_object_get(s->counts));
	return j;
}

/* The library peer whose median compile is shortest; -1: there is none. */
static int fastest_library(const struct bench *b, const struct mix *m)
{
	double best = 0;
	int found = -1;

	for (unsigned i = 0; i < b->npeers; i++) {
		struct sample s = m->sides[SIDE_PEERS + i].compile;
		double median = s.n ? sample_median(&s) : 0;

		if (!s.n || !b->rows[i].peer->library || (found >= 0 && median >= best))
			continue;
		best = median;
		found = (int)i;
	}
	return found;
}

static void ratios_add(const struct bench *b, const struct mix *m, struct json_object *j)
{
	const struct side *ours = &m->sides[SIDE_BLINK];
	int fastest = fastest_library(b, m);

	if (fastest >= 0) {
		text_add(j, "fastest_library", b->rows[fastest].peer->name);
		json_object_object_add(j, "compile_times_faster", sample_ratio_json(
			&m->sides[SIDE_PEERS + fastest].compile, &ours->compile));
	}
	for (unsigned i = 0; i < b->npeers; i++) {
		const struct peer *p = b->rows[i].peer;

		if ((p == &peer_gcc || p == &peer_gcc_kept) && m->sides[SIDE_PEERS + i].execute.n)
			json_object_object_add(j, p == &peer_gcc ? "execute_over_gcc"
					       : "execute_over_gcc_kept", sample_ratio_json(
				&ours->execute, &m->sides[SIDE_PEERS + i].execute));
	}
}

static struct json_object *mix_json(struct bench *b, struct mix *m, const struct bench_mix *row)
{
	struct json_object *j = json_object_new_object(), *list = json_object_new_array();

	text_add(j, "mix", row->name);
	json_object_object_add(j, "instructions",
			       json_object_new_int64((int64_t)m->decoded.program.n));
	ratios_add(b, m, j);
	for (unsigned side = 0; side < SIDE_PEERS + b->npeers; side++)
		if (m->sides[side].execute.n)
			json_object_array_add(list, side_json(b, m, side));
	json_object_object_add(j, "sides", list);
	return j;
}

static struct json_object *missing_json(const struct bench *b)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < b->npeers; i++) {
		struct json_object *j;
		bool failed = b->states[i] && b->mixes[0].sides[SIDE_PEERS + i].failed;

		if (b->states[i] && !failed)
			continue;
		j = json_object_new_object();
		text_add(j, "name", b->rows[i].name);
		text_add(j, "why", b->rows[i].peer ? "it does not compile the mixes here"
						   : "built without it");
		text_add(j, "package", b->rows[i].package);
		json_object_array_add(list, j);
	}
	return list;
}

static struct json_object *results(struct bench *b)
{
	struct json_object *j = json_object_new_object(), *list = json_object_new_array();

	text_add(j, "suite", "peers");
	json_object_object_add(j, "environment", environment_json());
	text_add(j, "unit", "core cycles per instruction");
	text_add(j, "direction", "lower");
	text_add(j, "cycles_from", bench_clock_source(&b->clock));
	text_add(j, "counters_from", counters_source(&b->counters));
	for (unsigned k = 0; k < bench_mix_count; k++)
		json_object_array_add(list, mix_json(b, &b->mixes[k], &bench_mixes[k]));
	json_object_object_add(j, "mixes", list);
	json_object_object_add(j, "missing", missing_json(b));
	return j;
}

/* ---- beginning and end ------------------------------------------------------------------ */

static int mix_open(struct bench *b, struct mix *m, const struct bench_mix *row, uint32_t id,
		    struct error *err)
{
	uint64_t near = (uint64_t)(uintptr_t)b->sink->entry[OP_glVertex3f];
	int rc;

	row->make(&m->code);
	m->sp = (struct sp){ .id = id, .callback = SP_REDRAW, .context = 1, .drawable = 1,
			     .code = (const uint32_t *)(const void *)m->code.data,
			     .nwords = (uint32_t)(m->code.len / 4) };
	if (buf_failed(&m->code))
		return error_set(err, -ENOMEM, "bench: out of memory");
	if (!interp_peers_know(m->sp.code, m->sp.nwords))
		return error_set(err, -ENOTSUP, "bench: the mixes' interpreters do not know %s",
				 row->name);
	rc = decoded_make(&m->decoded, &m->sp, &b->client, 0, err);
	for (unsigned i = 0; i < b->npeers && rc == 0; i++)
		if (b->states[i] && code_memory_init(&m->sides[SIDE_PEERS + i].memory, CODE_SIZE,
						     near) < 0)
			rc = error_set(err, -ENOMEM, "bench: no memory near the entry points");
	return rc;
}

static int bench_open(struct bench *b, struct error *err)
{
	struct client_limits limits = { .slots = 16 };
	int rc;

	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		limits.names[s] = b->env.limits.names[s] = 16;
	b->env.limits.slots = 16;
	b->env.limits.words = SP_MAX_WORDS;
	b->env.index = &b->index;
	b->state = verify_state_create();
	b->mixes = calloc(bench_mix_count, sizeof(*b->mixes));
	if (!b->sink || !b->state || !b->mixes || index_init(&b->index) < 0)
		return error_set(err, -ENOMEM, "bench: out of memory");
	rc = bench_context_make(b->state, &b->env, err);
	if (rc == 0)
		rc = client_init(&b->client, b->sink, &limits, err);
	if (rc == 0)
		rc = jit_create(&b->jit, b->sink, err);
	for (unsigned i = 0; i < b->npeers && rc == 0; i++)
		b->states[i] = b->rows[i].peer ? b->rows[i].peer->open(&host) : NULL;
	for (unsigned k = 0; k < bench_mix_count && rc == 0; k++)
		rc = mix_open(b, &b->mixes[k], &bench_mixes[k], k, err);
	return rc;
}

static void bench_close(struct bench *b)
{
	for (unsigned i = 0; i < b->npeers; i++)
		if (b->states[i])
			b->rows[i].peer->close(b->states[i]);
	for (unsigned k = 0; b->mixes && k < bench_mix_count; k++) {
		buf_finish(&b->mixes[k].code);
		decoded_finish(&b->mixes[k].decoded);
		for (unsigned side = 0; side < SIDES_MAX; side++) {
			code_memory_finish(&b->mixes[k].sides[side].memory);
			json_object_put(b->mixes[k].sides[side].counts);
		}
	}
	free(b->mixes);
	jit_destroy(b->jit);
	client_finish(&b->client);
	verify_state_destroy(b->state);
	index_finish(&b->index);
	sink_destroy(b->sink);
	buf_finish(&text);
}

struct json_object *bench_peers(const struct peer_row *rows, unsigned n, unsigned runs,
				struct error *err)
{
	struct bench b = { .rows = rows, .npeers = n, .sink = sink_null_create() };
	struct json_object *j = NULL;

	if (n > SIDES_MAX - SIDE_PEERS) {
		error_set(err, -EINVAL, "bench: too many peers");
		return NULL;
	}
	bench_clock_init(&b.clock);
	counters_open(&b.counters);
	if (bench_open(&b, err) == 0 && measure(&b, runs, err) == 0)
		j = results(&b);
	bench_close(&b);
	counters_close(&b.counters);
	bench_clock_finish(&b.clock);
	return j;
}

/* ---- checking --------------------------------------------------------------------------- */

/* Compilers may take the operands of + and * in either order: which NaN comes out of two
 * is theirs. */
static bool registers_alike(const uint32_t *a, const uint32_t *b)
{
	for (unsigned i = 0; i < SP_REGISTERS; i++) {
		bool nans = (a[i] & 0x7fffffffu) > 0x7f800000u && (b[i] & 0x7fffffffu) > 0x7f800000u;

		if (a[i] != b[i] && !nans)
			return false;
	}
	return true;
}

static bool side_same(struct bench *b, struct mix *m, unsigned side, struct buf *log,
		      const struct buf *want, const uint32_t *registers)
{
	uint32_t r[SP_REGISTERS];

	buf_clear(log);
	registers_set(r);
	side_run(b, m, side, NULL, r);
	return log->len == want->len && (!want->len || !memcmp(log->data, want->data, want->len)) &&
	       registers_alike(r, registers);
}

/* What all mixes say of a side, the worst. */
static const char *verdict(struct bench *b, unsigned side, struct buf *log, struct buf *want)
{
	const char *worst = "good";

	for (unsigned k = 0; k < bench_mix_count; k++) {
		struct mix *m = &b->mixes[k];

		if (side >= SIDE_PEERS && !b->states[side - SIDE_PEERS])
			return "missing";
		if (side >= SIDE_PEERS && !peer_compile(b, side - SIDE_PEERS, m))
			return "fails";
		buf_clear(log);
		registers_set(b->client.regs);
		interp_run(&b->client, &m->sp, 0);
		buf_clear(want);
		buf_append(want, log->data, log->len);
		if (!side_same(b, m, side, log, want, b->client.regs))
			worst = "differs";
	}
	return worst;
}

struct json_object *bench_peers_check(const struct peer_row *rows, unsigned n, struct error *err)
{
	struct bench b = { .rows = rows, .npeers = n };
	struct json_object *j = NULL;
	struct buf log, want;

	buf_init(&log);
	buf_init(&want);
	b.sink = sink_recorder_create(&log);
	if (bench_open(&b, err) == 0) {
		j = json_object_new_object();
		text_add(j, "switch", verdict(&b, SIDE_SWITCH, &log, &want));
		text_add(j, "threaded", verdict(&b, SIDE_THREADED, &log, &want));
		for (unsigned i = 0; i < n; i++)
			text_add(j, rows[i].name, verdict(&b, SIDE_PEERS + i, &log, &want));
	}
	bench_close(&b);
	buf_finish(&log);
	buf_finish(&want);
	return j;
}
