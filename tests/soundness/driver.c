/* driver.c - one program on this machine's GL driver: whatever the verifier accepts, the
 * driver has to survive.
 *
 * A command may be no error in the specification's eyes and still kill a driver that met
 * it in a state that its authors did not think of.  What is verified here runs on the real
 * thing, record by record; a signal out of an entry point is a fault with the command's
 * name.  Memory that is corrupted may tell later: at the end of each program the driver
 * finishes, and its contexts go.
 *
 * A second judge holds procedures that are found re-runnable to it: run twice, the state
 * that the driver tells is the same.  A third is a display server's client: its programs
 * are verified for a stranger and run through a client's sink, as the server's executor
 * does, and neither time nor memory may be had beyond all measure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <GL/gl.h>

#include "blink/engine/trap.h"
#include "blink/log/state.h"
#include "blink/server/server_priv.h"
#include "blink/verify/state.h"
#include "tests/soundness/campaign.h"

#define SIDE 32u
#define CONTEXTS PROGRAM_NAMES
#define RECORDS 3000u                   /* executed of one procedure */
#define VERTICES 20000u                 /* worst case of one that is run at all */
#define SECONDS 20u                     /* then SIGALRM ends the process: too slow to tell */
#define MEMORY (UINT64_C(12) << 30)
#define CPU_SECONDS 8                   /* of one confined procedure; then SIGPROF */
#define MEMORY_TIMES 4u                 /* of a client's limit, that may be taken and given back */
#define ASKED 8u                        /* of so many programs one is asked for its errors */

/* Payloads as the engine's contract has them: readable a little further. */
static struct sp_payload payload[PAY_ALL];

struct driver {
	struct sink *sink;
	struct program *p;
	struct sp sps[PROGRAM_SPS];
	struct verify_env env;
	bool again;                     /* what is re-runnable runs twice */
	bool stranger;                  /* a server's client: */
	struct shader_judge *judge;
	struct confined *confined;      /* of the program at work */
	uint64_t programs, highest;     /* run by this process; bytes that it ever had */
	char fault[160];
};

static const struct sp *callee(void *user, uint32_t id)
{
	struct driver *d = user;

	return id < d->p->nsps ? &d->sps[id] : NULL;
}

static void payloads_make(void)
{
	for (unsigned i = 0; i < PAY_ALL; i++) {
		const struct sp_payload *from = &program_payloads.v[i];
		uint8_t *to = from->data ? program_guarded(from->size + SP_PAYLOAD_SLACK) : NULL;

		payload[i] = *from;
		payload[i].data = to;
		if (to)
			memcpy(to, from->data, from->size);
	}
}

static void *driver_create(void)
{
	const struct rlimit memory = { MEMORY, MEMORY }, core = { 0, 0 };
	struct driver *d = calloc(1, sizeof(*d));
	struct error err;
	int r;

	program_world_make();
	payloads_make();
	setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &core);
	if (!d)
		abort();
	r = sink_gl_create(&d->sink, &(struct sink_gl_options){ 0 }, &err);
	if (r < 0) {
		printf("no GL driver: %s\n", err.text);
		fflush(stdout);
		_exit(r == -ENODEV ? EXIT_LACKING : 1);
	}
	d->env.payloads = (struct sp_payloads){ payload, PAY_ALL };
	d->env.callee = callee;
	d->env.user = d;
	return d;
}

static void driver_destroy(void *judge)
{
	struct driver *d = judge;

	if (!d)
		return;
	sink_destroy(d->sink);
	free(d);
}

/* Was there anything wrong with what has just run?  (Where nothing can be asked, between
 * Begin and End, an error is what comes back.) */
static void error_ask(uint32_t op, struct outcome *out)
{
	bool clean = true;

	for (unsigned i = 0; i < 8 && glGetError() != GL_NO_ERROR; i++)
		clean = false;
	if (clean)
		out->clean[op / 64] |= UINT64_C(1) << op % 64;
}

/* False where the rest is not to run: a callee raised a signal, or a window operation
 * failed, after which the shadow is wrong. */
static bool sp_run(struct driver *d, struct client *c, uint32_t i, struct outcome *out)
{
	const struct trap_how how = { .signals = true };
	bool ask = d->stranger && d->programs % ASKED == 0;
	uint32_t pc = 0, left = RECORDS;
	enum engine_status status;
	struct trap t;

	memcpy(c->regs, program_registers(i), sizeof(c->regs));
	do {
		uint32_t n = ask ? 1 : left, op = sp_opcode(d->sps[i].code[pc]);

		c->budget = n;
		status = trap_run(c, NULL, &d->sps[i], pc, &how, &t);
		left -= n - (uint32_t)c->budget;
		pc = c->pc;
		if (ask && status != ENGINE_SIGNAL)
			error_ask(op, out);
	} while (status == ENGINE_YIELD || (status == ENGINE_LIMIT && left));
	out->records += RECORDS - left;
	if (status != ENGINE_SIGNAL)
		return status == ENGINE_END;
	out->fatal = true;
	out->fault = d->fault;
	out->sp = t.place[t.depth].sp;
	out->word = t.place[t.depth].pc;
	snprintf(d->fault, sizeof(d->fault), "%s in %s", strsignal((int)t.detail),
		 gl_ops[sp_opcode(d->sps[out->sp].code[out->word])].name);
	return false;
}

/* ---- once more ------------------------------------------------------------------- */

#define NAMES 24u                       /* of the driver's that are looked at */

struct difference { char text[96]; };

static void difference_note(void *user, const struct state_entry *before,
			    const struct state_entry *after)
{
	struct difference *d = user;

	if (!d->text[0])
		state_describe(before, after, d->text, sizeof(d->text));
}

/* Where a dump can be taken: a context, no Begin, no list. */
static bool can_tell(const struct verify_state *s)
{
	return s->ctx->name && !s->ctx->begin && !s->ctx->list;
}

/* A procedure that has just run and was found re-runnable: once more it changes nothing. */
static bool again(struct driver *d, struct verify_state *s, struct client *c, uint32_t i,
		  struct outcome *out)
{
	struct state_dump was, now;
	struct difference diff = { "" };
	struct verify_verdict v;
	struct error err;
	bool runs = true;

	if (!can_tell(s) || verify_sp(s, &d->env, &d->sps[i], &v) < 0 || !can_tell(s))
		return true;
	state_init(&was, NAMES);
	state_init(&now, NAMES);
	if (state_take(&was, &err) == 0) {
		runs = sp_run(d, c, i, out);
		if (runs && state_take(&now, &err) == 0)
			state_diff(&was, &now, difference_note, &diff);
	}
	state_finish(&was);
	state_finish(&now);
	if (!diff.text[0])
		return runs;
	snprintf(d->fault, sizeof(d->fault), "re-runnable, and yet: %s", diff.text);
	out->fault = d->fault;
	out->sp = i;
	return false;
}

/* ---- a server's client --------------------------------------------------------------- */

static void stranger_limits(struct verify_limits *l, bool strict)
{
	(void)strict;
	memset(l, 0, sizeof(*l));
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		l->names[i] = SCENE_NAMES;
	l->slots = SCENE_SLOTS;
	confined_limits(l, &vso_quotas_default);
}

static void stranger_begin(struct driver *d, struct client *c)
{
	const struct confine_limits l = { server_limits_default.memory,
					  server_limits_default.contexts,
					  server_limits_default.drawables };
	struct client_limits limits = { .slots = SCENE_SLOTS };
	struct error err;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		limits.names[i] = SCENE_NAMES;
	if (confined_create(&d->confined, d->sink, &l, d->judge, &err) < 0)
		abort();
	confined_enter(d->confined);
	if (client_init(c, confined_sink(d->confined), &limits, &err) < 0)
		abort();
	c->payloads = d->env.payloads;
	c->callee = callee;
	c->user = d;
}

static void stranger_end(struct driver *d, struct client *c)
{
	confined_enter(d->confined);
	client_finish(c);
	confined_destroy(d->confined);
	d->confined = NULL;
}

static void cpu_bound(time_t seconds)
{
	const struct itimerval t = { .it_value.tv_sec = seconds };

	setitimer(ITIMER_PROF, &t, NULL);
}

static uint64_t memory_highest(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)u.ru_maxrss << 10;
}

/* As served_run.c: after a fault of its own the client goes on, after others its world is
 * over.  What was begun is drawn, which is time of the procedure's. */
static bool stranger_run(struct driver *d, struct client *c, uint32_t i, struct outcome *out)
{
	uint64_t most = server_limits_default.memory * MEMORY_TIMES;
	bool runs;

	cpu_bound(CPU_SECONDS);
	runs = sp_run(d, c, i, out);
	if (out->fatal)
		return false;
	sink_flush(d->sink);
	cpu_bound(0);
	confined_fault(d->confined);
	if (memory_highest() > d->highest + most) {
		snprintf(d->fault, sizeof(d->fault), "takes more than %u times its memory",
			 MEMORY_TIMES);
		out->fault = d->fault;
		out->sp = i;
		d->highest = memory_highest();
		return false;
	}
	return runs && !confined_overflows(d->confined);
}

static void world_begin(struct driver *d, struct client *c)
{
	struct client_limits limits = { .slots = PROGRAM_SLOTS };
	struct error err;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		limits.names[i] = PROGRAM_NAMES;
	if (d->stranger) {
		stranger_begin(d, c);
		return;
	}
	if (client_init(c, d->sink, &limits, &err) < 0)
		abort();
	c->payloads = d->env.payloads;
	c->callee = callee;
	c->user = d;
	for (uint32_t i = 1; i <= 3; i++)
		if (d->sink->ops->drawable_create(d->sink, i, SIDE, SIDE, SINK_CONFIG_DOUBLE,
						  &err) < 0)
			abort();
}

static void world_end(struct driver *d, struct client *c)
{
	struct error err;

	if (d->stranger) {
		stranger_end(d, c);
		return;
	}
	d->sink->ops->make_current(d->sink, 0, 0, 0, &err);
	for (uint32_t i = 1; i <= CONTEXTS; i++) {
		d->sink->ops->context_destroy(d->sink, i);
		d->sink->ops->drawable_destroy(d->sink, i);
	}
	client_finish(c);
}

static bool driver_look(void *judge, struct program *p, bool repair, struct dice *dice,
			struct outcome *out)
{
	struct driver *d = judge;
	struct verify_state *s = verify_state_create();
	struct client c;
	bool runs = true;

	(void)dice;
	memset(out, 0, sizeof(*out));
	d->p = p;
	if (!s)
		abort();
	for (uint32_t i = 0; i < p->nsps; i++)
		d->sps[i] = program_get(p, i);
	if (d->stranger)
		stranger_limits(&d->env.limits, true);
	else
		program_limits(&d->env.limits, p->strict);
	world_begin(d, &c);
	alarm(d->stranger ? 4 * SECONDS : SECONDS);
	d->programs++;
	for (uint32_t i = 0; i < p->nsps && runs; i++) {
		struct verify_verdict v;

		out->sps++;
		if (!program_accept(p, i, repair, s, &d->env, d->sps, &v, out))
			continue;
		out->accepted++;
		out->draws += v.facts.draws;
		/* the shadow has moved on: what follows has to run as well, or not at all */
		if (v.facts.vertices > VERTICES) {
			out->left_out++;
			break;
		}
		runs = d->stranger ? stranger_run(d, &c, i, out) : sp_run(d, &c, i, out);
		out->ran += runs && out->ran == i;
		if (runs && d->again && v.facts.rerunnable)
			runs = again(d, s, &c, i, out);
	}
	if (!out->fatal) {     /* else a thread of the driver's may hold what this would wait for */
		world_end(d, &c);
		alarm(0);
	}
	verify_state_destroy(s);
	return !out->fault;
}

static unsigned driver_paths(const void *judge)
{
	(void)judge;
	return 1;
}

static void *again_create(void)
{
	struct driver *d = driver_create();

	d->again = d->env.want_rerunnable = true;
	return d;
}

static void *confined_judge_create(void)
{
	struct shader_judge *judge = scene_judge();
	struct driver *d;

	/* as the executor has it; and optimizing is most of what shaders take */
	setenv("LP_NUM_THREADS", "0", 1);
	setenv("GALLIVM_PERF", "nopt", 0);
	d = driver_create();

	d->judge = judge;
	d->stranger = true;
	d->highest = memory_highest();
	return d;
}

static void confined_prepare(void)
{
	scene_judge();
}

const struct judge judge_again = {
	"again", NULL, again_create, driver_destroy, driver_look, generate, program_limits,
	driver_paths
};
const struct judge judge_driver = {
	"driver", NULL, driver_create, driver_destroy, driver_look, generate, program_limits,
	driver_paths
};
const struct judge judge_confined = {
	"confined", confined_prepare, confined_judge_create, driver_destroy, driver_look, scene, stranger_limits,
	driver_paths
};
