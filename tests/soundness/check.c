/* check.c - one program: verified, read by the oracle, run by both engines, compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/engine/engine.h"
#include "tests/soundness/campaign.h"
#include "tests/soundness/model.h"
#include "tests/soundness/oracle.h"

#define REPAIRS 80u

struct side {
	const char *name;
	struct sink *sink;
	struct buf log;
	struct client client;
};

struct check {
	struct oracle oracle;
	struct side side[2];            /* interpreter, JIT */
	struct jit *jit;
	struct verify_env env;
	struct engine_extern ext;
	struct program *p;
	struct outcome *out;
	struct sp sps[PROGRAM_SPS];
	bool stale;                     /* engines and oracle count objects differently now */
};

static bool fault(struct check *c, const char *what, uint32_t sp, uint32_t word)
{
	c->out->fault = what;
	c->out->sp = sp;
	c->out->word = word;
	return false;
}

static const struct sp *callee(void *user, uint32_t id)
{
	struct check *c = user;

	return id < c->p->nsps ? &c->sps[id] : NULL;
}

/* ---- engines -------------------------------------------------------------------- */

static void client_start(struct check *c, struct side *s)
{
	struct client_limits limits = { .slots = PROGRAM_SLOTS };
	struct error err;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		limits.names[i] = PROGRAM_NAMES;
	if (client_init(&s->client, s->sink, &limits, &err) < 0)
		abort();
	s->client.payloads = program_payloads;
	s->client.callee = callee;
	s->client.user = c;
	s->client.ext = c->ext;
	buf_clear(&s->log);
}

static enum engine_status side_run(struct check *c, unsigned engine, struct side *s,
				   const struct sp *sp, uint32_t pc)
{
	const struct jit_code *code;

	sink_recorder_use(s->sink);
	if (engine == 0)
		return interp_run(&s->client, sp, pc);
	code = jit_compile(c->jit, sp, NULL);
	return code ? jit_run(&s->client, code, sp, pc) : ENGINE_ERROR;
}

/* To the end in slices; where it stops the other engine may go on. */
static enum engine_status run_all(struct check *c, unsigned engine, const struct sp *sp,
				  struct dice *d, uint64_t *executed)
{
	struct side *s = &c->side[engine];
	bool sliced = !dice_below(d, 4);
	enum engine_status status;
	uint32_t pc = 0;
	unsigned with = engine;

	*executed = 0;
	memcpy(s->client.regs, program_registers(sp->id), sizeof(s->client.regs));
	do {
		uint64_t budget = sliced ? 1 + dice_below(d, 20) : UINT64_MAX / 2;

		s->client.budget = budget;
		status = side_run(c, with, s, sp, pc);
		*executed += budget - s->client.budget;
		pc = s->client.pc;
		if (sliced && !dice_below(d, 3))
			with = !with;
	} while (status == ENGINE_LIMIT || status == ENGINE_YIELD);
	return status;
}

static bool engines_agree(struct check *c, const struct sp *sp, struct dice *d)
{
	for (unsigned i = 0; i < 2; i++) {
		struct side *s = &c->side[i];
		uint64_t executed;

		buf_clear(&s->log);
		if (run_all(c, i, sp, d, &executed) != ENGINE_END)
			return fault(c, i ? "JIT did not end" : "interpreter did not end", sp->id,
				     s->client.pc);
		if (s->log.len != c->oracle.calls.log.len ||
		    (s->log.len && memcmp(s->log.data, c->oracle.calls.log.data, s->log.len)))
			return fault(c, i ? "JIT: other calls" : "interpreter: other calls",
				     sp->id, s->client.pc);
		if (memcmp(s->client.regs, c->oracle.regs, sizeof(s->client.regs)))
			return fault(c, i ? "JIT: other registers" : "interpreter: other registers",
				     sp->id, s->client.pc);
		if (executed != c->oracle.executed)
			return fault(c, i ? "JIT: other count of records"
					  : "interpreter: other count of records", sp->id,
				     s->client.pc);
	}
	return true;
}

/* Sinks, which count objects, and the JIT over them. */
static void engines_make(struct check *c)
{
	struct error err;

	jit_destroy(c->jit);
	c->jit = NULL;
	for (unsigned i = 0; i < 2; i++) {
		sink_destroy(c->side[i].sink);
		c->side[i].sink = sink_recorder_create(&c->side[i].log);
		if (!c->side[i].sink)
			abort();
	}
	if (jit_create(&c->jit, c->side[1].sink, &err) < 0)
		abort();
	c->oracle.calls.made = 0;
	c->stale = false;
}

/* ---- one procedure -------------------------------------------------------------- */

static void sps_set(struct check *c)
{
	for (uint32_t i = 0; i < c->p->nsps; i++)
		c->sps[i] = program_get(c->p, i);
}

/* Verified as it stands, or as little as has to go cut out of it. */
static int sp_verify(struct check *c, struct verify_state *s, uint32_t i, bool repair,
		     struct verify_verdict *v)
{
	struct program_sp *sp = &c->p->sp[i];
	unsigned tries = REPAIRS;
	int r;

	while ((r = verify_sp(s, &c->env, &c->sps[i], v)) < 0 && repair && tries-- && sp->n > 1) {
		uint32_t op = sp_opcode(sp->words[v->word]);

		if (v->word >= sp->n || op >= GL_OP_COUNT || op == OP_end ||
		    gl_ops[op].words > sp->n - v->word)
			break;
		program_cut(sp, v->word, gl_ops[op].words);
		sps_set(c);
	}
	return r;
}

static bool sp_check(struct check *c, uint32_t i, const struct verify_verdict *v, struct dice *d)
{
	const char *why;

	oracle_run(&c->oracle, i);
	c->out->records += c->oracle.executed;
	c->out->draws += model_facts(c->oracle.model)->draws;
	if (c->oracle.wrong)
		return fault(c, c->oracle.wrong, c->oracle.wrong_sp, c->oracle.wrong_word);
	why = model_facts_compare(model_facts(c->oracle.model), c->oracle.executed, &v->facts);
	if (why)
		return fault(c, why, i, 0);
	return engines_agree(c, &c->sps[i], d);
}

bool check_program(struct check *c, struct program *p, bool repair, struct dice *d,
		   struct outcome *out)
{
	struct verify_state *s = verify_state_create();
	bool good = true;

	if (!s)
		abort();
	if (c->stale)
		engines_make(c);
	memset(out, 0, sizeof(*out));
	c->p = p;
	c->out = out;
	sps_set(c);
	program_limits(&c->env.limits, p->strict);
	oracle_reset(&c->oracle, p);
	for (unsigned i = 0; i < 2; i++)
		client_start(c, &c->side[i]);
	for (uint32_t i = 0; i < p->nsps && good; i++) {
		struct verify_verdict v;

		out->sps++;
		if (sp_verify(c, s, i, repair, &v) < 0)
			continue;
		out->accepted++;
		good = sp_check(c, i, &v, d);
	}
	for (unsigned i = 0; i < 2; i++)
		client_finish(&c->side[i].client);
	verify_state_destroy(s);
	c->stale = !good;
	return good;
}


struct check *check_create(void)
{
	struct check *c = calloc(1, sizeof(*c));

	program_world_make();
	if (!c || !(c->oracle.model = model_create()))
		abort();
	for (unsigned k = 0; k < SP_EXTERNS; k++)
		c->ext.value[k] = 0x3f800000 + k;
	c->oracle.externs = c->ext.value;
	c->env.payloads = program_payloads;
	c->env.callee = callee;
	c->env.user = c;
	buf_init(&c->oracle.calls.log);
	for (unsigned i = 0; i < 2; i++)
		buf_init(&c->side[i].log);
	engines_make(c);
	return c;
}

void check_destroy(struct check *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < 2; i++) {
		sink_destroy(c->side[i].sink);
		buf_finish(&c->side[i].log);
	}
	jit_destroy(c->jit);
	buf_finish(&c->oracle.calls.log);
	model_destroy(c->oracle.model);
	free(c);
}
