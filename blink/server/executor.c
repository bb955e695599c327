/* executor.c - the process that owns GL and the clients' pages: its life and its pace.
 *
 * Display frames begin at multiples of the refresh period on the monotonic clock.  One
 * that comes too late is left out and counted, never made up for: a queue of late frames
 * would only make the next ones late.  One that is late by less than half a period, because
 * the one before took so long, begins at once: it may well end in its own.  Where nothing
 * changes there are none: the process sleeps until a client rings or the broker speaks. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "blink/server/executor.h"
#include "blink/server/driver_cache.h"
#include "blink/server/seccomp.h"

#define PAINTERS_USUAL 4u       /* at most, where nobody says how many */
#define NAP_NS 2000u            /* less than falling asleep and waking takes */
#define HEAR_NS 1000000u        /* where nobody waits between frames, the broker is heard so often */
#define IDLE_FRAMES 3u          /* without any change, before it sleeps */
#define SLICE_NS 1000000u       /* of its threads, at a time: less than clients have */
#define SLICE_COMPOSER_NS 200000u       /* and less than painters have */

/* ---- the board ------------------------------------------------------------------------- */

/* 1 + the painter whose thread this is; 0: a thread of the driver's. */
static _Thread_local uint32_t here;
static struct board *fall_board;

/* Since when it has this turn; 0: it waits. */
static void turn_set(struct executor *x, uint32_t painter, uint32_t id, uint64_t since_ns)
{
	struct board_turn *t = &x->board->turn[painter];

	atomic_store_explicit(&t->id, id, memory_order_relaxed);
	atomic_store_explicit(&t->busy_ns, since_ns, memory_order_release);
}

static void busy(struct executor *x)
{
	turn_set(x, 0, 0, broker_now());
}

static void waiting(struct executor *x)
{
	turn_set(x, 0, 0, 0);
}

#define FALL_STACK (64u << 10)

/* This thread is that painter's.  A stack that is used up is noted on another one (where
 * nobody, as sanitizers do, has cared for that). */
static void here_set(struct executor *x, uint32_t painter)
{
	static _Alignas(64) uint8_t stack[BROKER_PAINTERS_MAX][FALL_STACK];
	const stack_t other = { .ss_sp = stack[painter], .ss_size = FALL_STACK };
	stack_t now;

	here = painter + 1;
	atomic_store(&x->board->turn[painter].thread, gettid());
	if (sigaltstack(NULL, &now) == 0 && now.ss_flags & SS_DISABLE)
		sigaltstack(&other, NULL);
}

static void turn_note(void *user, uint32_t painter, uint32_t id)
{
	struct executor *x = user;

	if (!here)
		here_set(x, painter);
	if (id == SERVER_TURN_REST)
		turn_set(x, painter, 0, 0);
	else
		turn_set(x, painter, id, broker_now());
}

/* It crashes: in whose turn, the broker cannot know by itself.  The instruction is run once
 * more, without this; where there is none, since somebody sent the signal, another one is. */
static void fall_note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	atomic_store(&fall_board->fell, here);
	if (info->si_code <= 0)
		__builtin_trap();
}

static void fall_watch(struct executor *x)
{
	static const int falls[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct sigaction a = { .sa_sigaction = fall_note,
			       .sa_flags = (int)SA_RESETHAND | SA_ONSTACK | SA_SIGINFO };

	fall_board = x->board;
	here_set(x, 0);
	for (unsigned i = 0; i < sizeof(falls) / sizeof(falls[0]); i++)
		sigaction(falls[i], &a, NULL);
}

static void event_note(void *user, const struct server_event *e)
{
	struct board *b = ((struct executor *)user)->board;
	uint64_t head = atomic_load_explicit(&b->events_head, memory_order_relaxed);

	if (head - atomic_load(&b->events_tail) >= BOARD_EVENTS) {
		atomic_fetch_add(&b->events_lost, 1);
		return;
	}
	b->events[head % BOARD_EVENTS] = *e;
	atomic_store_explicit(&b->events_head, head + 1, memory_order_release);
}

/* ---- starting -------------------------------------------------------------------------- */

/* What the driver reads from its environment: no files beside it, and threads of its own
 * only where they were asked for: a client's drawing is then done in its own turn. */
static void environment_set(const struct executor *x)
{
	char threads[16];

	snprintf(threads, sizeof(threads), "%u", x->opt->gl_threads);
	setenv("LP_NUM_THREADS", threads, 1);
	setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);         /* for the judge: driver_cache.h */
	setenv("MESA_GLSL_CACHE_DISABLE", "true", 1);
	unsetenv("DISPLAY");
}

static void limits_set(const struct executor *x)
{
	const struct server_options *s = &x->opt->server;
	rlim_t files = 128 + 16 * (rlim_t)s->clients;
	struct rlimit core = { 0, 0 }, descriptors = { files, files };
	/* one descriptor may not grow beyond what a code arena needs */
	struct rlimit size = { 1u << 30, 1u << 30 };

	setrlimit(RLIMIT_CORE, &core);
	setrlimit(RLIMIT_NOFILE, &descriptors);
	setrlimit(RLIMIT_FSIZE, &size);
}

static int sink_open(struct executor *x)
{
	const struct sink_gl_options gl = { .title = "blink", .unseen = true };

	if (!x->opt->null_gl)
		return sink_gl_create(&x->gl, &gl, &x->err);
	x->gl = sink_null_create();
	return x->gl ? 0 : error_set(&x->err, -ENOMEM, "serve: out of memory");
}

static uint32_t painters_wanted(const struct executor *x)
{
	uint32_t n = x->opt->painters;
	cpu_set_t may;

	if (!n && !sched_getaffinity(0, sizeof(may), &may))
		n = (uint32_t)CPU_COUNT(&may) < PAINTERS_USUAL ? (uint32_t)CPU_COUNT(&may)
								: PAINTERS_USUAL;
	return n > BROKER_PAINTERS_MAX ? BROKER_PAINTERS_MAX : n;
}

/* One more each, as far as the driver has displays that draw the same pixels. */
static void further_open(struct executor *x)
{
	uint32_t n = painters_wanted(x);

	while (x->nfurther + 1 < n) {
		struct sink_gl_options gl = { .unseen = true, .display = x->nfurther + 1 };
		struct sink *s = x->opt->null_gl ? sink_null_create() : NULL;
		struct error none;

		if (!x->opt->null_gl && sink_gl_create(&s, &gl, &none) < 0)
			break;
		if (!s)
			break;
		if (!x->opt->null_gl && strcmp(sink_gl_renderer(s), sink_gl_renderer(x->gl))) {
			sink_destroy(s);
			break;
		}
		x->further[x->nfurther++] = s;
	}
	if (x->opt->painters > x->nfurther + 1)
		fprintf(stderr, "blinkctl: %u painters: the driver has no displays for more\n",
			x->nfurther + 1);
	atomic_store(&x->board->painters, x->nfurther + 1);
	if (x->nfurther)
		fall_watch(x);
}

static bool offscreen_is_cheaper(struct executor *x)
{
	uint64_t best[2];
	/* a retained picture saves redraws, too: so direct has to be better by a tenth */
	bool cheaper = executor_trial(x, best) && best[1] * 10 > best[0] * 9;

	if (best[0] && best[1])
		fprintf(stderr, "blinkctl: clients are drawn %s: a picture takes %.0f us direct, "
			"%.0f us off-screen (--direct and --no-direct decide)\n",
			cheaper ? "off-screen" : "direct where they may be", (double)best[1] * 1e-3,
			(double)best[0] * 1e-3);
	return cheaper;
}

static int server_open(struct executor *x)
{
	struct server_options s = x->opt->server;

	s.judge = x->judge;
	s.no_direct = s.no_direct || (!s.direct && !x->opt->null_gl && offscreen_is_cheaper(x));
	s.event = x->opt->trace || x->opt->event ? event_note : NULL;
	s.turn = turn_note;
	s.further = x->further;
	s.nfurther = x->nfurther;
	s.gone = executor_gone;
	s.user = x;
	return server_create(&x->server, x->gl, &s, &x->err);
}

static int memory_open(struct executor *x)
{
	const struct server_options *s = &x->opt->server;

	x->peers = calloc(s->clients + 1, sizeof(*x->peers));
	x->scratch = calloc((size_t)s->width * s->height, 4);
	x->doorbells = epoll_create1(EPOLL_CLOEXEC);
	if (!x->peers || !x->scratch || x->doorbells < 0)
		return error_set(&x->err, -ENOMEM, "serve: out of memory");
	return 0;
}

static int executor_open(struct executor *x)
{
	struct error untried;
	char cache[256];
	int r;

	environment_set(x);
	limits_set(x);
	/* (without one, texts alone are judged) */
	if (!x->opt->null_gl && shader_judge_create(&x->judge, &shader_limits_default, &untried) < 0)
		x->judge = NULL;
	driver_cache_begin(cache, sizeof(cache));
	r = memory_open(x);
	if (r >= 0)
		r = sink_open(x);
	if (r >= 0) {
		further_open(x);
		r = executor_warm(x);
	}
	if (r >= 0)
		r = server_open(x);
	if (r >= 0)
		r = executor_warm_server(x);
	executor_slice_set(SLICE_COMPOSER_NS);  /* (painters have been begun) */
	driver_cache_hide(cache);
	if (r >= 0 && !x->opt->no_filter)
		r = seccomp_apply(&x->err);
	return r;
}

/* ---- the loop ---------------------------------------------------------------------------- */

static void messages_read(struct executor *x)
{
	struct message m;
	int fds[3], r;

	while (!(r = message_receive(x->socket, &m, fds)))
		executor_hear(x, &m, fds);
	if (r == -EPIPE)
		x->quit = true;         /* the broker is gone */
}

/* Until then, or until the broker speaks. */
static void wait_until(struct executor *x, uint64_t due)
{
	struct pollfd p = { .fd = x->socket, .events = POLLIN };

	waiting(x);
	x->due_ns = due;
	for (;;) {
		uint64_t now = broker_now();
		struct timespec t = { 0, 0 };

		if (now >= due || x->quit)
			return;
		if (due - now < NAP_NS)
			continue;
		t.tv_sec = (time_t)((due - now) / 1000000000u);
		t.tv_nsec = (long)((due - now) % 1000000000u);
		if (ppoll(&p, 1, &t, NULL) > 0) {
			busy(x);
			messages_read(x);
			waiting(x);
		}
	}
}

/* Until a client rings or the broker speaks. */
static void wait_idle(struct executor *x)
{
	struct pollfd p[2] = { { .fd = x->socket, .events = POLLIN },
			       { .fd = x->doorbells, .events = POLLIN } };
	struct epoll_event e[64];

	waiting(x);
	x->due_ns = 0;
	if (poll(p, 2, -1) > 0 && p[0].revents) {
		busy(x);
		messages_read(x);
	}
	/* who rings without pause does not hold it here: what is left wakes the next wait */
	for (unsigned i = 0; i < 64 && epoll_wait(x->doorbells, e, 64, 0) == 64; i++)
		;
}

static void frame_account(struct executor *x, uint64_t began)
{
	uint64_t due = server_due(x->server), now = broker_now();
	uint64_t period = (uint64_t)(1e9 / x->opt->server.refresh + 0.5);
	struct server_frame_stats s;

	server_frame_stats_get(x->server, &s);
	x->cpu_ms[x->frames++ % EXECUTOR_SAMPLES] = (double)s.cpu_ns * 1e-6;
	if (now > due && now > began)
		x->missed += (now - due + period / 2) / period;
	atomic_store_explicit(&x->board->frames, x->frames, memory_order_relaxed);
	atomic_store_explicit(&x->board->missed, x->missed, memory_order_relaxed);
}

static void watched(struct executor *x)
{
	const struct message m = { .kind = MESSAGE_FRAME };

	if (!atomic_load(&x->board->watching) || server_idle(x->server))
		return;
	executor_picture(x);
	message_send(x->socket, &m, NULL);
}

/* When the frame begins that comes after the one of began, which has just ended (0: before the
 * first, or nothing was to be done). */
static uint64_t next_begin(uint64_t began, uint64_t now, uint64_t period)
{
	bool overran = began && now / period > began / period;

	return overran && now % period < period / 2 ? now : (now / period + 1) * period;
}

static int executor_loop(struct executor *x)
{
	uint64_t period = (uint64_t)(1e9 / x->opt->server.refresh + 0.5), began = 0, heard = 0;
	unsigned still = 0;

	while (!x->quit) {
		uint64_t now = broker_now();

		if (still > IDLE_FRAMES) {
			wait_idle(x);
			now = broker_now();
			began = 0;
		}
		wait_until(x, next_begin(began, now, period));
		if (x->quit)
			break;
		began = now = broker_now();
		busy(x);
		/* (where each frame is late, nobody has waited) */
		if (now - heard >= HEAR_NS) {
			messages_read(x);
			heard = now;
		}
		if (server_frame(x->server, now, &x->err) < 0)
			return EXECUTOR_LOST;
		frame_account(x, now);
		still = executor_waiting_look(x) || !server_idle(x->server) ? 0 : still + 1;
		watched(x);
	}
	return 0;
}

static void say_ready(struct executor *x)
{
	struct message m = { .kind = MESSAGE_READY };

	snprintf(m.text, sizeof(m.text), "%s",
		 x->opt->null_gl ? "null" : sink_gl_renderer(x->gl));
	message_send(x->socket, &m, NULL);
}

static void say_failed(struct executor *x)
{
	struct message m = { .kind = MESSAGE_FAILED, .status = x->err.code };

	snprintf(m.text, sizeof(m.text), "%.199s", x->err.text);
	message_send(x->socket, &m, NULL);
}

int executor_main(const struct broker_options *opt, struct board *board, int socket)
{
	static struct executor x;
	int status;

	x.opt = opt;
	x.board = board;
	x.socket = socket;
	busy(&x);
	prctl(PR_SET_TIMERSLACK, 1000);
	executor_slice_set(SLICE_NS);
	if (executor_open(&x) < 0) {
		say_failed(&x);
		return 1;
	}
	say_ready(&x);
	status = executor_loop(&x);
	busy(&x);
	/* (what it ends by is not the doing of those whose turn it still is elsewhere) */
	atomic_store(&board->fell, here);
	/* (what a painter still uses goes with the process) */
	if (!server_destroy(x.server))
		return status;
	for (uint32_t i = 0; i < x.nfurther; i++)
		sink_destroy(x.further[i]);
	sink_destroy(x.gl);
	shader_judge_destroy(x.judge);
	return status;
}
