/* served_run.c - a procedure verified, compiled and run, in slices between which the clock
 * is looked at. */
#include "blink/server/served.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "blink/server/compose.h"

void served_event(struct served *c, enum server_event_kind kind, uint64_t start_ns,
		  uint64_t commands, uint32_t detail)
{
	struct server_event e = { .kind = kind, .start_ns = start_ns, .commands = commands,
				  .detail = detail };

	if (!c->opt.event)
		return;
	if (start_ns)
		e.cpu_ns = server_cpu_ns() - start_ns;
	c->opt.event(c->opt.user, &e);
}

void served_intervals_add(struct intervals *v, uint64_t now_ns)
{
	if (v->last && now_ns > v->last)
		v->us[v->n++ % INTERVALS] = (uint32_t)((now_ns - v->last) / 1000);
	v->last = now_ns;
}

/* ---- verifying ----------------------------------------------------------------------- */

static bool known_good(const struct served *c, const struct program *p)
{
	return p->accepted && p->still && p->shadow == c->shadow && p->epoch == c->epoch;
}

/* One look by the verifier; the shadow is what it is after p. */
static int verify_once(struct served *c, struct program *p, const struct sp_payloads *payloads)
{
	uint64_t start = server_cpu_ns();
	int r;

	c->env.payloads = *payloads;
	r = verify_sp(c->state, &c->env, &p->sp, &c->verdict);
	c->count.verify_ns += server_cpu_ns() - start;
	if (r == 0 && !c->verdict.still)
		c->shadow++;
	p->accepted = r == 0;
	p->refused = r < 0;
	p->still = c->verdict.still;
	p->facts = c->verdict.facts;
	p->shadow = c->shadow;
	p->epoch = c->epoch;
	return r;
}

enum run_result served_run_verify(struct served *c, struct program *p, uint32_t object,
			   const struct sp_payloads *payloads)
{
	int r;

	if (object && known_good(c, p))
		return RUN_DONE;
	if (object && p->refused && p->shadow == c->shadow && p->epoch == c->epoch)
		return RUN_REFUSED;
	r = verify_once(c, p, payloads);
	if (r == -ENOMEM)
		return RUN_FAILED;
	if (r < 0)
		return RUN_REFUSED;
	if (object) {
		p->all_uses = program_uses(c, p);
		served_objects_settle(c, object);
	}
	return RUN_DONE;
}

/* ---- what is current ----------------------------------------------------------------- */

int served_run_target(struct served *c, uint32_t screen, const struct place *at)
{
	struct error err = { 0 };
	int r;

	confined_enter(c->confined);
	r = confined_target(c->confined, screen, at, &err);
	return r < 0 ? r : confined_resume(c->confined, &err);
}

/* The context and drawable that p is to find current, by a procedure of ours that the
 * verifier sees as well. */
enum run_result served_run_current(struct served *c, const struct sp *sp)
{
	uint32_t code[] = { sp_header(OP_blinkMakeCurrent, 0), sp->context, sp->drawable,
			    sp->drawable, sp_header(OP_end, 0) };
	struct sp make = { .id = UINT32_MAX, .callback = SP_INIT, .code = code, .nwords = 5 };

	if (!sp->context || (sp->context == confined_context(c->confined) &&
			     sp->drawable == confined_drawable(c->confined)))
		return RUN_DONE;
	memset(&c->verdict, 0, sizeof(c->verdict));
	c->verdict.reason = VERIFY_NO_CONTEXT;
	if (!confined_has(c->confined, sp->context, sp->drawable))
		return RUN_REFUSED;
	if (verify_sp(c->state, &c->env, &make, &c->verdict) < 0)
		return RUN_REFUSED;
	c->shadow++;
	c->client.budget = 2;
	return interp_run(&c->client, &make, 0) == ENGINE_END ? RUN_DONE : RUN_FAILED;
}

/* ---- compiling ----------------------------------------------------------------------- */

/* Made for who has something to compile: to map its memory was two fifths of what clients
 * cost that come and go without end (MADV_POPULATE_*). */
static bool jit_there(struct served *c)
{
	struct error none = { 0 };

	if (!c->jit && !c->no_jit)
		c->no_jit = jit_create(&c->jit, confined_sink(c->confined), &none) < 0;
	return c->jit != NULL;
}

/* Code lives until the JIT needs its room.  NULL: it is interpreted. */
static const struct jit_code *compiled(struct served *c, struct program *p, bool once)
{
	struct error none = { 0 };
	struct jit_stats stats;
	uint64_t start = server_cpu_ns();

	if (!jit_there(c))
		return NULL;
	jit_stats_get(c->jit, &stats);
	if (p->code && p->evicted == stats.evicted)
		return p->code;
	p->code = once ? jit_tier(c->jit, &p->sp, &c->index, &none)
		       : jit_compile_index(c->jit, &p->sp, &c->index, &none);
	c->count.compile_ns += server_cpu_ns() - start;
	jit_stats_get(c->jit, &stats);
	p->evicted = stats.evicted;
	return p->code;
}

/* ---- running ------------------------------------------------------------------------- */

void served_run_clock(struct served *c, const struct served_tick *t)
{
	c->deadline = server_cpu_ns() + t->budget_ns;
	c->grace = t->grace_ns;
}

/* A turn that one command has made much too long has made the display frame fail; it goes
 * on for a while, so that the next ones need not. */
bool served_run_late(struct served *c, uint64_t now)
{
	if (c->grace && now > c->deadline + c->grace / 8) {
		c->deadline += c->grace;
		c->grace = 0;
	}
	return now >= c->deadline;
}

/* Two costs of a command, both of the costliest lately, in 1/256 ns.  At once: a draw may
 * make a driver compile for a tenth of a second, so the clock is looked at after as few as
 * may use up what is left.  And put off: what shows when the driver is made to do it.  That
 * costs too, so it is done after as many as may use up what is left, or 8192.  Both numbers
 * begin low, and are at most doubled each time: what was cheap so far need not stay so. */
#define UNFLUSHED 8192u
#define LEAST 64u

static uint64_t fits(const struct served *c, uint64_t now, uint64_t each)
{
	uint64_t left = c->deadline > now ? c->deadline - now : 0;

	return each ? left * 256 / each : UINT64_MAX;
}

static uint64_t flush_after(const struct served *c, uint64_t now)
{
	uint64_t n = fits(c, now, c->put_off + c->at_once), most = c->flushed * 2;

	most = most > UNFLUSHED ? UNFLUSHED : most;
	n = n > most ? most : n;
	return n < LEAST ? LEAST : n;
}

static uint64_t slice_size(struct served *c, uint64_t now, uint64_t most)
{
	uint64_t n = fits(c, now, c->at_once);

	if (n > c->sliced * 2)
		n = c->sliced * 2;
	if (n > c->opt.limits.slice)
		n = c->opt.limits.slice;
	c->sliced = n ? n : 1;
	return c->sliced > most ? most : c->sliced;
}

/* A cost is remembered while greater ones do not come; what is less often so goes by 1/16. */
static void cost_note(uint64_t *cost, uint64_t ns, uint64_t commands)
{
	uint64_t each = ns * 256 / (commands ? commands : 1) + 1;

	*cost -= *cost / 16;
	if (each > *cost)
		*cost = each;
}

/* cut: in the midst of a run. */
static uint64_t flush(struct served *c, bool cut)
{
	uint64_t now;

	sink_flush(c->gl);
	now = server_cpu_ns();
	if (c->unflushed >= LEAST)
		cost_note(&c->put_off, now - c->unflushed_since, c->unflushed);
	if (cut || c->unflushed > c->flushed)
		c->flushed = c->unflushed;
	c->unflushed = 0;
	c->unflushed_since = now;
	return now;
}

void served_run_flush(struct served *c)
{
	if (c->unflushed)
		flush(c, false);
}

static enum engine_status slice(struct served *c, const struct jit_code *code, uint64_t n)
{
	struct client *k = &c->client;
	uint64_t calls = k->calls;
	enum engine_status status;

	k->budget = n;
	status = code ? jit_run(k, code, &c->run.program->sp, k->pc)
		      : interp_run(k, &c->run.program->sp, k->pc);
	c->count.commands += k->calls - calls;
	c->unflushed += n - k->budget;
	return status;
}

/* Faults of commands that were not executed. */
static void tell_faults(struct served *c)
{
	enum vso_fault f = confined_fault(c->confined);

	if (f == VSO_FAULT_OK)
		return;
	if (c->run.object)
		served_object_fault(c, c->run.object, f);
	else
		served_stream_stop(c, f);
}

enum run_result served_run_on(struct served *c)
{
	struct program *p = c->run.program;
	const struct jit_code *code = compiled(c, p, !c->run.object);
	uint64_t now = server_cpu_ns(), until = c->unflushed + flush_after(c, now);
	enum engine_status status;

	c->began = true;
	c->client.payloads = c->run.payloads;
	if (!c->unflushed)
		c->unflushed_since = now;
	do {
		uint64_t n = slice_size(c, now, until - c->unflushed), since = now;

		status = slice(c, code, n);
		if (confined_overflows(c->confined))
			status = ENGINE_ERROR;
		if (status != ENGINE_LIMIT)
			break;
		now = server_cpu_ns();
		cost_note(&c->at_once, now - since, n);
		if (c->unflushed < until)
			continue;
		now = flush(c, true);
		until = flush_after(c, now);
	} while (!served_run_late(c, now));
	tell_faults(c);
	c->run.on = status == ENGINE_LIMIT || status == ENGINE_YIELD;
	return c->run.on ? RUN_LATER : status == ENGINE_END ? RUN_DONE : RUN_FAILED;
}

enum run_result served_run_begin(struct served *c, struct program *p, uint32_t object,
			  const struct sp_payloads *payloads)
{
	c->run = (struct running){ .on = true, .program = p, .payloads = *payloads,
				   .object = object, .callback = p->sp.callback };
	c->client.pc = 0;
	client_abandon(&c->client);
	return served_run_on(c);
}
