/* broker.c - the process that owns sockets and files: its loop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blink/server/broker_priv.h"

/* The broker learns where windows are so long after something moved them; and all the same */
#define STATUS_NS 500000000u
#define STATUS_REST_NS 2000000000u

/* ---- setting up ----------------------------------------------------------------------- */

static int board_make(struct broker *b)
{
	const struct server_options *s = &b->opt->server;
	size_t picture = (size_t)s->width * s->height * 3;
	void *p;

	b->board_bytes = sizeof(struct board) + BOARD_PICTURES * picture;
	p = mmap(NULL, b->board_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return error_set(b->err, -errno, "serve: %zu bytes shared: %s", b->board_bytes,
				 strerror(errno));
	b->board = p;
	return 0;
}

static int signals_take(struct broker *b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	b->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return b->signals < 0 ? error_set(b->err, -errno, "serve: signalfd: %s", strerror(errno)) : 0;
}

static int files_open(struct broker *b)
{
	const struct server_options *s = &b->opt->server;
	int r = 0;

	if (b->opt->trace) {
		b->trace = fopen(b->opt->trace, "we");
		if (!b->trace)
			return error_set(b->err, -errno, "%s: %s", b->opt->trace, strerror(errno));
	}
	if (b->opt->record)
		r = film_open(&b->film, b->opt->record, s->width, s->height, s->refresh,
				   b->err);
	if (r >= 0 && b->opt->window)
		r = window_view_open(&b->view, s->width, s->height, b->err);
	atomic_store(&b->board->watching, b->film || b->view);
	return r;
}

static int memory_make(struct broker *b)
{
	b->places = b->opt->server.clients + 8;
	b->clients = calloc(b->places, sizeof(*b->clients));
	b->known = calloc(1, sizeof(*b->known));
	return b->clients && b->known ? 0 : error_set(b->err, -ENOMEM, "serve: out of memory");
}

static int broker_open(struct broker *b)
{
	int r = memory_make(b);

	if (r >= 0)
		r = board_make(b);
	if (r >= 0)
		r = signals_take(b);
	if (r >= 0) {
		r = vso_local_listen(b->opt->listen, b->err);
		b->listen = r;
	}
	if (r >= 0)
		r = control_open(&b->ctl, b, b->opt->listen, b->err);
	if (r >= 0)
		r = files_open(b);
	if (r >= 0)
		r = broker_executor_start(b);
	return r < 0 ? r : 0;
}

static int broker_close(struct broker *b)
{
	int r = 0;

	broker_executor_stop(b);
	for (uint32_t i = 0; b->clients && i < b->places; i++)
		if (b->clients[i].id)
			broker_client_drop(b, b->clients[i].id);
	for (uint32_t i = 0; i < BROKER_PENDING; i++)
		if (b->pending[i].socket >= 0)
			close(b->pending[i].socket);
	if (b->film) {
		struct error film = { 0 };

		broker_pictures_take(b);
		b->sum->recorded = film_close(b->film, &film);
		if (film.code && !b->failure)
			r = error_set(b->err, film.code, "%s", film.text);
	}
	window_view_close(b->view);
	if (b->trace && fclose(b->trace))
		r = error_set(b->err, -errno, "%s: %s", b->opt->trace, strerror(errno));
	control_close(b->ctl);
	if (b->listen >= 0) {
		close(b->listen);
		unlink(b->opt->listen);
	}
	if (b->signals >= 0)
		close(b->signals);
	if (b->board)
		munmap(b->board, b->board_bytes);
	free(b->clients);
	free(b->known);
	return r;
}

/* ---- the loop ---------------------------------------------------------------------------- */

enum { POLL_SIGNALS, POLL_LISTEN, POLL_SOCKET, POLL_PIDFD, POLL_VIEW, POLL_PENDING,
       POLL_CLIENTS = POLL_PENDING + BROKER_PENDING };

struct polled { struct pollfd *p; uint32_t *slot; uint32_t n, nclients, room; };

static void poll_add(struct polled *q, int fd, uint32_t slot)
{
	q->p[q->n] = (struct pollfd){ .fd = fd, .events = POLLIN };
	q->slot[q->n++] = slot;
}

static void poll_fill(struct broker *b, struct polled *q)
{
	q->n = 0;
	poll_add(q, b->signals, 0);
	/* who connects without pause is not listened to without pause */
	poll_add(q, broker_now() >= b->accept_ns ? b->listen : -1, 0);
	poll_add(q, b->socket, 0);
	poll_add(q, b->pidfd, 0);
	poll_add(q, b->view ? window_view_fd(b->view) : -1, 0);
	for (uint32_t i = 0; i < BROKER_PENDING; i++)
		poll_add(q, b->pending[i].socket, i);
	for (uint32_t i = 0; i < b->places; i++)
		if (b->clients[i].id && !b->clients[i].told_dead)
			poll_add(q, b->clients[i].socket, i);
	q->nclients = q->n - POLL_CLIENTS;
	q->n += control_poll(b->ctl, q->p + q->n, q->room - q->n);
}

static void poll_serve(struct broker *b, struct polled *q)
{
	struct signalfd_siginfo info;

	if (q->p[POLL_SIGNALS].revents && read(b->signals, &info, sizeof(info)) > 0)
		b->quit = true;
	/* clients' ends first: a dead executor's successor is not to be handed the dead */
	for (uint32_t i = POLL_CLIENTS; i < POLL_CLIENTS + q->nclients; i++)
		if (q->p[i].revents)
			broker_client_read(b, &b->clients[q->slot[i]]);
	if (q->p[POLL_SOCKET].revents)
		broker_executor_read(b);
	if (q->p[POLL_PIDFD].revents)
		broker_executor_died(b);
	for (uint32_t i = POLL_PENDING; i < POLL_CLIENTS; i++)
		if (q->p[i].revents && b->pending[q->slot[i]].socket == q->p[i].fd)
			broker_pending_read(b, q->slot[i]);
	if (q->p[POLL_LISTEN].revents)
		broker_accept(b);
	if (b->view && q->p[POLL_VIEW].revents)
		window_view_events(b->view, b);
	control_ready(b->ctl, q->p + POLL_CLIENTS + q->nclients, q->n - POLL_CLIENTS - q->nclients);
}

/* How long it may sleep: until the watchdog, the trace or the end wants to be looked at. */
static int sleep_ms(const struct broker *b)
{
	uint64_t ms = b->opt->watchdog_ms / 4, run = broker_now() - b->start_ns;

	if ((b->trace || b->opt->event) && ms > 50)
		ms = 50;
	if (b->accept_ns > broker_now())
		ms = 1 + (b->accept_ns - broker_now()) / 1000000;
	if (b->opt->duration > 0 && (double)run * 1e-6 + (double)ms > b->opt->duration * 1e3) {
		double left = b->opt->duration * 1e3 - (double)run * 1e-6;

		return left > 0 ? (int)left + 1 : 0;
	}
	return ms < 1 ? 1 : ms > 500 ? 500 : (int)ms;
}

static void status_ask(struct broker *b)
{
	const struct message m = { .kind = MESSAGE_STATUS };
	uint64_t now = broker_now();

	if (!b->ready || now - b->status_ns < (b->moved ? STATUS_NS : STATUS_REST_NS))
		return;
	b->status_ns = now;
	b->moved = false;
	if (!b->asked_ns)
		b->asked_ns = now;
	broker_send(b, &m, NULL);
}

static int broker_loop(struct broker *b)
{
	uint32_t room = POLL_CLIENTS + b->places + 64;
	struct polled q = { .p = calloc(room, sizeof(*q.p)),
			    .slot = calloc(room, sizeof(*q.slot)), .room = room };
	int r = q.p && q.slot ? 0 : error_set(b->err, -ENOMEM, "serve: out of memory");

	while (r >= 0 && !b->quit && !b->failure) {
		poll_fill(b, &q);
		if (poll(q.p, q.n, sleep_ms(b)) > 0)
			poll_serve(b, &q);
		broker_executor_check(b);
		broker_pending_expire(b);
		broker_clients_release(b);
		broker_pictures_take(b);
		broker_trace_write(b);
		status_ask(b);
		if (b->opt->duration > 0 &&
		    (double)(broker_now() - b->start_ns) * 1e-9 >= b->opt->duration)
			b->quit = true;
	}
	free(q.p);
	free(q.slot);
	return r < 0 ? r : b->failure;
}

int broker_run(const struct broker_options *opt, struct broker_summary *sum, struct error *err)
{
	struct broker b = { .opt = opt, .sum = sum, .err = err, .listen = -1, .control = -1,
			    .signals = -1, .socket = -1, .pidfd = -1 };
	mode_t mask = umask(0077);
	int r, e;

	memset(sum, 0, sizeof(*sum));
	for (uint32_t i = 0; i < BROKER_PENDING; i++)
		b.pending[i].socket = -1;
	b.start_ns = broker_now();
	r = broker_open(&b);
	umask(mask);
	if (r >= 0)
		r = broker_loop(&b);
	if (r >= 0 && opt->screenshot)
		r = broker_screenshot_write(&b, opt->screenshot, err);
	sum->seconds = (double)(broker_now() - b.start_ns) * 1e-9;
	if (b.board) {
		sum->frames = atomic_load(&b.board->frames);
		sum->missed = atomic_load(&b.board->missed);
		sum->events_lost = atomic_load(&b.board->events_lost);
	}
	sum->events = b.events_seen;
	e = broker_close(&b);
	return r < 0 ? r : e;
}
