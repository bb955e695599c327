/* trap_signal.c - runs that survive a signal which a callee raises, and a lost context.
 *
 * The handler runs on a stack of its own.  It notes what would be overwritten later (the
 * callee's return address and the round of the loop that calls it, where compiled code
 * was at work) and jumps back to trap_run, which finds the record.
 */
#include "blink/engine/trap.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "blink/engine/client.h"
#include "blink/engine/jit.h"

static const int caught[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
#define NCAUGHT (sizeof(caught) / sizeof(caught[0]))

/* A trap_run in progress on this thread. */
struct guard {
	struct client *client;
	struct guard *outer;
	sigjmp_buf back;
	volatile sig_atomic_t signal;
	volatile uint64_t address, round;      /* of compiled code, where it was at work */
};

static _Thread_local struct guard *guard;
static struct sigaction replaced[NCAUGHT];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- the handler ------------------------------------------------------------- */

/* As if this handler were not there. */
static void pass_on(int number, siginfo_t *info, void *context)
{
	for (unsigned i = 0; i < NCAUGHT; i++) {
		const struct sigaction *was = &replaced[i];

		if (caught[i] != number)
			continue;
		if (was->sa_flags & SA_SIGINFO) {
			was->sa_sigaction(number, info, context);
			return;
		}
		if (was->sa_handler != SIG_DFL && was->sa_handler != SIG_IGN) {
			was->sa_handler(number);
			return;
		}
		signal(number, SIG_DFL);       /* the instruction raises it again, or: */
		if (info->si_code <= 0)
			raise(number);
		return;
	}
}

/* Where compiled code is: in a callee, at its return address; or here itself. */
static void code_note(struct guard *g, const void *context)
{
	const struct client *c = g->client;
	const ucontext_t *u = context;
	uint64_t ip = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
	const uint64_t *stack = c->native.stack;

	if (c->native.level != c->level + 1)
		return;
	g->address = jit_has(c->native.code[c->level], ip) ? ip + 1 : stack[-1];
	g->round = stack[JIT_ROUND_SLOT / sizeof(*stack)];
}

static void handler(int number, siginfo_t *info, void *context)
{
	struct guard *g = guard;
	sigset_t set;

	if (!g) {
		pass_on(number, info, context);
		return;
	}
	code_note(g, context);
	g->signal = number;
	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	siglongjmp(g->back, 1);
}

void trap_signals_set(void)
{
	struct sigaction a = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct sigaction was;

	sigemptyset(&a.sa_mask);
	for (unsigned i = 0; i < NCAUGHT; i++)
		if (sigaction(caught[i], &a, &was) == 0 && was.sa_sigaction != handler)
			replaced[i] = was;
}

/* ---- a stack for it ------------------------------------------------------------ */

#define STACK_SIZE (64u << 10)

static pthread_key_t stack_key;

static void stack_free(void *memory)
{
	const stack_t none = { .ss_flags = SS_DISABLE };

	sigaltstack(&none, NULL);
	free(memory);
}

static void start(void)
{
	pthread_key_create(&stack_key, stack_free);
	trap_signals_set();
}

/* A thread has one already where somebody else cared for it (a sanitizer, say). */
static int stack_need(struct error *err)
{
	stack_t now, s = { .ss_size = STACK_SIZE };

	if (pthread_getspecific(stack_key) || (sigaltstack(NULL, &now) == 0 &&
					       !(now.ss_flags & SS_DISABLE)))
		return 0;
	s.ss_sp = malloc(STACK_SIZE);
	if (!s.ss_sp || sigaltstack(&s, NULL) || pthread_setspecific(stack_key, s.ss_sp)) {
		free(s.ss_sp);
		return error_set(err, -ENOMEM, "trap: no stack for signals");
	}
	return 0;
}

/* ---- after a signal --------------------------------------------------------------- */

/* Compiled code pays for a block of records at its head: what it has not executed is
 * paid back. */
static void block_repay(struct client *c, const struct jit_code *k, const struct sp *sp,
			uint32_t pc)
{
	uint32_t end = sp->nwords;

	for (uint32_t i = 0; i < k->stops.n; i++)
		if (k->stops.v[i].pc > pc) {
			end = k->stops.v[i].pc;
			break;
		}
	for (; pc < end; pc += sp_words(sp->code + pc)) {
		c->budget++;
		if (gl_ops[sp_opcode(sp->code[pc])].form != GL_FORM_CORE)
			c->calls--;
	}
}

/* The interpreter pays for a record when it begins. */
static void record_repay(struct client *c, const struct sp *sp)
{
	c->budget++;
	if (gl_ops[sp_opcode(sp->code[c->pc])].form != GL_FORM_CORE)
		c->calls--;
}

/* Brings c->pc to the record of sp, the innermost, that was executing. */
static int innermost_find(struct client *c, const struct guard *g, const struct sp *sp,
			  struct error *err)
{
	const struct jit_code *k = c->native.code[c->level];
	struct jit_map map;
	int rc;

	if (c->native.level != c->level + 1) {
		record_repay(c, sp);
		return 0;
	}
	rc = jit_map_make(&map, k, sp, err);
	if (rc < 0)
		return rc;
	c->pc = jit_map_find(&map, k, sp, g->address, g->round);
	jit_map_finish(&map);
	if (c->pc == UINT32_MAX)
		return error_set(err, -EFAULT, "trap: the signal came from no callee");
	block_repay(c, k, sp, c->pc);
	return 0;
}

/* The engines' own unwinding, which the signal skipped. */
static void engines_leave(struct client *c, uint32_t pc)
{
	for (uint32_t k = 0; k <= c->level; k++) {
		if (c->native.code[k])
			jit_unpin(c->native.code[k]);
		c->native.code[k] = NULL;
	}
	c->native.level = 0;
	c->depth = c->level;
	c->level = 0;
	c->pc = pc;
}

/* Places of the run of sp that the signal ended, as an ordinary stop leaves them. */
static int places_find(struct client *c, const struct guard *g, const struct sp *sp,
		       struct error *err)
{
	uint32_t pcs[SP_CALL_DEPTH + 1], depth = c->level;
	int rc;

	for (uint32_t k = 0; k < depth; k++) {
		const uint32_t *rec = c->frames[k].rec;

		pcs[k] = (uint32_t)(rec - sp->code);
		sp = c->callee(c->user, record_word(rec, 0));
	}
	rc = innermost_find(c, g, sp, err);
	pcs[depth] = c->pc;
	engines_leave(c, pcs[0]);
	for (uint32_t k = 0; k < depth; k++)
		c->frames[k].pc = pcs[k + 1];
	return rc;
}

/* ---- running ------------------------------------------------------------------------ */

static enum engine_status run_plain(struct client *c, const struct jit_code *code,
				    const struct sp *sp, uint32_t pc)
{
	return code ? jit_run(c, code, sp, pc) : interp_run(c, sp, pc);
}

static enum engine_status run_guarded(struct client *c, const struct jit_code *code,
				      const struct sp *sp, uint32_t pc, int *number)
{
	struct guard g = { .client = c, .outer = guard };
	enum engine_status status;

	if (pthread_once(&once, start) || stack_need(&c->error) < 0)
		return ENGINE_ERROR;
	if (sigsetjmp(g.back, 0) == 0) {
		guard = &g;
		status = run_plain(c, code, sp, pc);
		guard = g.outer;
		return status;
	}
	guard = g.outer;
	*number = g.signal;
	return places_find(c, &g, sp, &c->error) < 0 ? ENGINE_ERROR : ENGINE_SIGNAL;
}

static uint32_t reset_status(struct client *c)
{
	return c->sink->ops->reset_status ? c->sink->ops->reset_status(c->sink) : 0;
}

/* One slice of at most how->poll records. */
static enum engine_status run_slice(struct client *c, const struct jit_code *code,
				    const struct sp *sp, uint32_t pc,
				    const struct trap_how *how, int *number)
{
	uint64_t budget = c->budget;
	uint64_t slice = how->poll && how->poll < budget ? how->poll : budget;
	enum engine_status status;

	c->budget = slice;
	status = how->signals ? run_guarded(c, code, sp, pc, number)
			      : run_plain(c, code, sp, pc);
	c->budget = budget - (slice - c->budget);
	return status;
}

enum engine_status trap_run(struct client *c, const struct jit_code *code, const struct sp *sp,
			    uint32_t pc, const struct trap_how *how, struct trap *t)
{
	static const enum trap_cause causes[] = {
		[ENGINE_YIELD] = TRAP_YIELD, [ENGINE_LIMIT] = TRAP_LIMIT,
		[ENGINE_SIGNAL] = TRAP_SIGNAL, [ENGINE_RESET] = TRAP_RESET,
	};
	enum engine_status status = ENGINE_LIMIT;
	uint32_t detail = 0;
	int number = 0;

	client_enter(c, pc);
	c->pc = pc;
	do {
		detail = how->poll ? reset_status(c) : 0;
		status = detail ? ENGINE_RESET : run_slice(c, code, sp, c->pc, how, &number);
	} while (status == ENGINE_LIMIT && c->budget);
	if (status == ENGINE_END || status == ENGINE_ERROR)
		return status;
	if (status == ENGINE_SIGNAL)
		detail = (uint32_t)number;
	return trap_capture(t, causes[status], detail, c, sp, &c->error) < 0 ? ENGINE_ERROR
									     : status;
}
