/* two_engines.h - the same procedures through interpreter and JIT, each on a recorder
 * of its own; what they did is compared whenever they stop.
 */
#ifndef TESTS_ENGINE_TWO_ENGINES_H
#define TESTS_ENGINE_TWO_ENGINES_H

#include <stdio.h>

#include "blink/engine/engine.h"
#include "tests/engine/random_sp.h"

#define TWO_SPS 8u

struct side {
	struct buf log;
	struct sink *sink;
	struct client client;
};

struct two {
	struct side side[2];      /* interpreter, JIT */
	struct jit *jit;
	struct sp_payload payloads[RANDOM_PAYLOADS];
	struct sp sps[TWO_SPS];   /* callees by id */
	uint32_t nsps;
};

static inline const struct sp *two_callee(void *user, uint32_t id)
{
	const struct two *t = user;

	return &t->sps[id];
}

static inline void two_client_init(struct two *t, struct side *s)
{
	struct client_limits limits = { .slots = RANDOM_SLOTS };
	struct error err;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		limits.names[i] = RANDOM_NAMES;
	if (client_init(&s->client, s->sink, &limits, &err) < 0)
		abort();
	s->client.payloads = (struct sp_payloads){ t->payloads, RANDOM_PAYLOADS };
	s->client.callee = two_callee;
	s->client.user = t;
	for (unsigned k = 0; k < SP_EXTERNS; k++)
		s->client.ext.value[k] = 0x3f800000 + k;
}

static inline void two_init(struct two *t)
{
	struct error err;

	memset(t, 0, sizeof(*t));
	random_payloads(t->payloads);
	for (unsigned i = 0; i < 2; i++) {
		buf_init(&t->side[i].log);
		t->side[i].sink = sink_recorder_create(&t->side[i].log);
		if (!t->side[i].sink)
			abort();
		two_client_init(t, &t->side[i]);
	}
	if (jit_create(&t->jit, t->side[1].sink, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

/* New clients, on the sinks and with the JIT that are there. */
static inline void two_clients_renew(struct two *t)
{
	for (unsigned i = 0; i < 2; i++) {
		client_finish(&t->side[i].client);
		two_client_init(t, &t->side[i]);
	}
}

static inline void two_finish(struct two *t)
{
	for (unsigned i = 0; i < 2; i++) {
		client_finish(&t->side[i].client);
		sink_destroy(t->side[i].sink);
		buf_finish(&t->side[i].log);
	}
	jit_destroy(t->jit);
}

/* Where the two differ, in words; NULL if they agree. */
static inline const char *two_difference(const struct two *t)
{
	const struct client *a = &t->side[0].client, *b = &t->side[1].client;

	if (t->side[0].log.len != t->side[1].log.len ||
	    (t->side[0].log.len &&
	     memcmp(t->side[0].log.data, t->side[1].log.data, t->side[0].log.len)))
		return "calls";
	if (memcmp(a->regs, b->regs, sizeof(a->regs)))
		return "registers";
	if (a->pc != b->pc)
		return "pc";
	if (a->calls != b->calls)
		return "count of calls";
	if (a->budget != b->budget)
		return "budget";
	if (a->depth != b->depth)
		return "depth of suspended calls";
	return NULL;
}

/* Runs sp from pc on both sides; returns the difference, and *status. */
static inline const char *two_run(struct two *t, const struct sp *sp, uint32_t pc,
				  enum engine_status *status)
{
	struct error err = { 0 };
	const struct jit_code *code = jit_compile(t->jit, sp, &err);
	enum engine_status other;

	if (!code)
		return "JIT refused";
	for (unsigned i = 0; i < 2; i++)
		buf_clear(&t->side[i].log);
	sink_recorder_use(t->side[0].sink);
	*status = interp_run(&t->side[0].client, sp, pc);
	sink_recorder_use(t->side[1].sink);
	other = jit_run(&t->side[1].client, code, sp, pc);
	if (*status != other)
		return "status";
	return two_difference(t);
}

/* To the end, in slices of at most slice records (0: any). */
static inline const char *two_run_all(struct two *t, const struct sp *sp, struct random *r,
				      uint32_t slice)
{
	enum engine_status status = ENGINE_LIMIT;
	const char *difference;
	uint32_t pc = 0;

	do {
		uint64_t budget = slice ? 1 + random_below(r, slice) : UINT64_MAX;

		t->side[0].client.budget = t->side[1].client.budget = budget;
		difference = two_run(t, sp, pc, &status);
		pc = t->side[0].client.pc;
	} while (!difference && (status == ENGINE_LIMIT || status == ENGINE_YIELD));
	client_abandon(&t->side[0].client);
	client_abandon(&t->side[1].client);
	return difference;
}

static inline void two_registers(struct two *t, struct random *r)
{
	for (unsigned i = 0; i < SP_REGISTERS; i++)
		t->side[0].client.regs[i] = t->side[1].client.regs[i] = random_value(r);
}

#endif
