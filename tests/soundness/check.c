/* check.c - one program: verified, read by the oracle, run by the engines, compared.
 *
 * Verifier and JIT have a version per level of vector instructions (base/cpu.h): each
 * that this processor has is made, and all must agree, in verdicts and facts too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/base/cpu.h"
#include "blink/engine/engine.h"
#include "tests/soundness/campaign.h"
#include "tests/soundness/model.h"
#include "tests/soundness/oracle.h"

#define REPAIRS 80u
#define SIDES (1u + CPU_LEVELS)

/* The interpreter, or the JIT of a level. */
struct side {
	struct sink *sink;
	struct buf log;
	struct client client;
	struct jit *jit;                /* NULL: the interpreter */
	struct verify_state *state;     /* of that level; the interpreter's remembers nothing */
	struct sp_index index;
};

struct check {
	struct oracle oracle;
	struct side side[SIDES];
	unsigned nsides;
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

/* The code comes of the verifier's steps, or of a walk of the JIT's own. */
static enum engine_status jit_side_run(struct side *s, struct side *with, const struct sp *sp,
				       uint32_t pc, bool own_walk)
{
	const struct jit_code *code;

	code = !own_walk && with->index.code == sp->code
		? jit_compile_index(with->jit, sp, &with->index, NULL)
		: jit_compile(with->jit, sp, NULL);
	return code ? jit_run(&s->client, code, sp, pc) : ENGINE_ERROR;
}

/* To the end in slices; where it stops another engine may go on. */
static enum engine_status run_all(struct check *c, unsigned i, const struct sp *sp,
				  struct dice *d, uint64_t *executed)
{
	struct side *s = &c->side[i], *with = s;
	bool sliced = !dice_below(d, 4), own_walk = dice_below(d, 2);
	enum engine_status status;
	uint32_t pc = 0;

	*executed = 0;
	memcpy(s->client.regs, program_registers(sp->id), sizeof(s->client.regs));
	sink_recorder_use(s->sink);
	do {
		uint64_t budget = sliced ? 1 + dice_below(d, 20) : UINT64_MAX / 2;

		s->client.budget = budget;
		status = with->jit ? jit_side_run(s, with, sp, pc, own_walk)
				   : interp_run(&s->client, sp, pc);
		*executed += budget - s->client.budget;
		pc = s->client.pc;
		if (sliced && !dice_below(d, 3))
			with = &c->side[dice_below(d, c->nsides)];
	} while (status == ENGINE_LIMIT || status == ENGINE_YIELD);
	return status;
}

static bool engines_agree(struct check *c, const struct sp *sp, struct dice *d)
{
	for (unsigned i = 0; i < c->nsides; i++) {
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

static void side_make(struct check *c, struct side *s, int level)
{
	struct error err;

	jit_destroy(s->jit);
	s->jit = NULL;
	sink_destroy(s->sink);
	s->sink = sink_recorder_create(&s->log);
	if (!s->sink || (level >= 0 && jit_create(&s->jit, s->sink, &err) < 0))
		abort();
	if (level >= 0 && !s->index.rounds && index_init(&s->index) < 0)
		abort();
	c->oracle.calls.made = 0;
}

/* Sinks, which count objects, and the engines over them. */
static void engines_make(struct check *c)
{
	enum cpu_level best = cpu_level();

	side_make(c, &c->side[0], -1);
	c->nsides = 1;
	for (int level = CPU_SSE2; level < CPU_LEVELS; level++)
		if (cpu_level_set((enum cpu_level)level))
			side_make(c, &c->side[c->nsides++], level);
	cpu_level_set(best);
	c->stale = false;
}

/* ---- verifying ------------------------------------------------------------------ */

static void states_make(struct check *c)
{
	enum cpu_level best = cpu_level();

	for (unsigned i = 0; i < c->nsides; i++) {
		if (i)
			cpu_level_set((enum cpu_level)(i - 1));
		c->side[i].state = verify_state_create();
		if (!c->side[i].state)
			abort();
	}
	cpu_level_set(best);
}

/* By every level's verifier, and by one that looks at everything anew (where re-runnable
 * is asked for, pieces seen before are); NULL when they agree. */
static const char *verify_all(struct check *c, uint32_t i, int *result, struct verify_verdict *v)
{
	for (unsigned k = 0; k < c->nsides; k++) {
		struct verify_verdict other;
		int r;

		memset(&other, 0, sizeof(other));
		c->env.index = k ? &c->side[k].index : NULL;
		c->env.want_rerunnable = k == 0;
		c->env.payloads_stable = k != 0;
		r = verify_sp(c->side[k].state, &c->env, &c->sps[i], &other);
		other.facts.rerunnable = false;
		if (k == 0) {
			*result = r;
			*v = other;
			continue;
		}
		if (r != *result || other.reason != v->reason || other.word != v->word ||
		    other.record != v->record)
			return "two verifiers differ in their verdict";
		if (r == 0 && memcmp(&other.facts, &v->facts, sizeof(v->facts)))
			return "two verifiers differ in facts";
	}
	return NULL;
}

static void sps_set(struct check *c)
{
	for (uint32_t i = 0; i < c->p->nsps; i++)
		c->sps[i] = program_get(c->p, i);
}

/* Verified as it stands, or as little as has to go cut out of it. */
static const char *sp_verify(struct check *c, uint32_t i, bool repair, int *result,
			     struct verify_verdict *v)
{
	struct program_sp *sp = &c->p->sp[i];
	const char *why;
	unsigned tries = REPAIRS;

	while (!(why = verify_all(c, i, result, v)) && *result < 0 && repair && tries-- &&
	       sp->n > 1) {
		uint32_t op = v->word < sp->n ? sp_opcode(sp->words[v->word]) : GL_OP_COUNT;

		if (op >= GL_OP_COUNT || op == OP_end || gl_ops[op].words > sp->n - v->word)
			break;
		program_cut(sp, v->word, gl_ops[op].words);
		sps_set(c);
	}
	return why;
}

/* ---- one program ---------------------------------------------------------------- */

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

static void program_begin(struct check *c, struct program *p)
{
	if (c->stale)
		engines_make(c);
	c->p = p;
	sps_set(c);
	states_make(c);
	program_limits(&c->env.limits, p->strict);
	oracle_reset(&c->oracle, p);
	for (unsigned i = 0; i < c->nsides; i++)
		client_start(c, &c->side[i]);
}

static void program_end(struct check *c)
{
	struct verify_reuse reuse;

	verify_reuse_get(c->side[c->nsides - 1].state, &reuse);
	c->out->reused += reuse.hits;
	for (unsigned i = 0; i < c->nsides; i++) {
		client_finish(&c->side[i].client);
		verify_state_destroy(c->side[i].state);
		c->side[i].state = NULL;
	}
}

static bool check_program(void *judge, struct program *p, bool repair, struct dice *d,
			  struct outcome *out)
{
	struct check *c = judge;
	bool good = true;

	memset(out, 0, sizeof(*out));
	c->out = out;
	program_begin(c, p);
	for (uint32_t i = 0; i < p->nsps && good; i++) {
		struct verify_verdict v;
		const char *why;
		int r = 0;

		out->sps++;
		why = sp_verify(c, i, repair, &r, &v);
		if (why)
			good = fault(c, why, i, v.word);
		if (why || r < 0)
			continue;
		out->accepted++;
		good = sp_check(c, i, &v, d);
	}
	program_end(c);
	c->stale = !good;
	return good;
}

static void *check_create(void)
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
	for (unsigned i = 0; i < SIDES; i++)
		buf_init(&c->side[i].log);
	engines_make(c);
	return c;
}

static unsigned check_paths(const void *judge)
{
	return ((const struct check *)judge)->nsides;
}

static void check_destroy(void *judge)
{
	struct check *c = judge;

	if (!c)
		return;
	for (unsigned i = 0; i < c->nsides; i++) {
		jit_destroy(c->side[i].jit);
		sink_destroy(c->side[i].sink);
		index_finish(&c->side[i].index);
		buf_finish(&c->side[i].log);
	}
	buf_finish(&c->oracle.calls.log);
	model_destroy(c->oracle.model);
	free(c);
}

const struct judge judge_engines = {
	"engines", NULL, check_create, check_destroy, check_program, generate, program_limits, check_paths
};
