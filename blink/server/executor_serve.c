/* executor_serve.c - what the broker asks of the executor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "blink/server/executor.h"
#include "blink/server/seccomp.h"

static struct executor_peer *peer_of(struct executor *x, uint32_t id)
{
	for (uint32_t i = 0; i < x->npeers; i++)
		if (x->peers[i].id == id)
			return &x->peers[i];
	return NULL;
}

/* ---- clients --------------------------------------------------------------------------- */

static void say_gone(struct executor *x, uint32_t id, enum vso_fault why)
{
	const struct message m = { .kind = MESSAGE_GONE, .id = id, .flags = why };

	message_send(x->socket, &m, NULL);
}

/* The core is about to close it.  The doorbell is the broker's, too, so that closing ours
 * would not take it out of the set. */
void executor_gone(void *user, uint32_t id, enum vso_fault why)
{
	struct executor *x = user;
	struct executor_peer *p = peer_of(x, id);

	if (p) {
		epoll_ctl(x->doorbells, EPOLL_CTL_DEL, vso_local_doorbell(p->peer), NULL);
		*p = x->peers[--x->npeers];
	}
	say_gone(x, id, why);
}

/* Edges: the doorbell is never read. */
static void doorbell_watch(struct executor *x, struct vso_peer *peer)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };

	epoll_ctl(x->doorbells, EPOLL_CTL_ADD, vso_local_doorbell(peer), &e);
}

static void place_again(struct executor *x, const struct message *m)
{
	server_resize(x->server, m->id, (uint32_t)m->v[2], (uint32_t)m->v[3], NULL);
	server_move(x->server, m->id, m->v[0], m->v[1], NULL);
	if (m->flags & ATTACH_FOCUS)
		server_focus(x->server, m->id, NULL);
}

/* Its turn made the driver fail again and again: it is told so, and nothing is run. */
static int condemn(struct executor *x, struct vso_peer *peer)
{
	struct vso_server *v;
	int r = vso_server_create(&v, peer, &x->opt->server.limits.quotas, &x->err);

	if (r >= 0)
		vso_server_destroy(v, VSO_FAULT_RESET, NULL);
	return -EACCES;
}

/* It rang: its hello is whole. */
static void attach(struct executor *x, const struct message *m, struct vso_peer *peer)
{
	int doorbell = vso_local_doorbell(peer), r;
	struct epoll_event none = { 0 };

	/* (a client that is refused is closed in there) */
	epoll_ctl(x->doorbells, EPOLL_CTL_DEL, doorbell, &none);
	if (m->flags & ATTACH_CONDEMNED)
		r = condemn(x, peer);
	else
		r = server_attach_as(x->server, peer, m->id, &x->err);
	if (r < 0) {
		say_gone(x, m->id, VSO_FAULT_HELLO);
		return;
	}
	doorbell_watch(x, peer);
	x->peers[x->npeers++] = (struct executor_peer){ m->id, peer };
	if (m->flags & ATTACH_PLACED)
		place_again(x, m);
}

static void waiting_drop(struct executor *x, uint32_t i, bool gone)
{
	struct executor_waiting *w = &x->waiting[i];

	if (gone) {
		say_gone(x, w->m.id, VSO_FAULT_GONE);
		w->peer->ops->close(w->peer);
	}
	memmove(w, w + 1, (--x->nwaiting - i) * sizeof(*w));
}

static void admit(struct executor *x, uint32_t i)
{
	struct executor_waiting w = x->waiting[i];
	uint64_t start = broker_now();

	waiting_drop(x, i, false);
	attach(x, &w.m, w.peer);
	x->admitting_ns += broker_now() - start;
}

/* Not before a display frame that is about to begin, which would be late: after it.  Who came
 * first is first; those for whom there is no time in this display frame wait for the
 * next one, in which many of those are gone that come and go without end. */
static void waiting_look(struct executor *x)
{
	uint64_t most = (uint64_t)(1e9 / x->opt->server.refresh / EXECUTOR_ADMITTING);

	if (x->due_ns && broker_now() + 2 * most > x->due_ns)
		return;
	for (uint32_t i = 0; i < x->nwaiting && x->admitting_ns < most;) {
		struct executor_waiting *w = &x->waiting[i];
		uint64_t waited = broker_now() - w->since_ns;

		if ((waited > EXECUTOR_PATIENCE_NS || server_ready(x->server)) &&
		    w->peer->ops->rung(w->peer))
			admit(x, i);
		else if (waited > EXECUTOR_WAITING_NS)
			waiting_drop(x, i, true);
		else
			i++;
	}
}

bool executor_waiting_look(struct executor *x)
{
	uint32_t before = x->npeers;

	x->admitting_ns = x->due_ns = 0;
	waiting_look(x);
	return x->nwaiting || x->npeers > before;
}

/* There is no room for one more to wait: who came first has had its time. */
static void waiting_room(struct executor *x)
{
	if (x->nwaiting < EXECUTOR_WAITING)
		return;
	if (x->waiting[0].peer->ops->rung(x->waiting[0].peer))
		admit(x, 0);
	else
		waiting_drop(x, 0, true);
}

static void arrive(struct executor *x, const struct message *m, const int fds[3])
{
	const struct vso_local_grant g = { .memory = fds[0], .doorbell = fds[1], .bell = fds[2],
					   .pages = m->pages, .pid = m->pid };
	struct vso_peer *peer;

	if (vso_local_peer(&peer, &g, &x->err) < 0) {
		say_gone(x, m->id, VSO_FAULT_HELLO);
		return;
	}
	waiting_room(x);
	doorbell_watch(x, peer);
	x->waiting[x->nwaiting++] = (struct executor_waiting){ *m, peer, broker_now() };
	waiting_look(x);
}

static void died(struct executor *x, uint32_t id)
{
	struct executor_peer *p = peer_of(x, id);

	for (uint32_t i = 0; !p && i < x->nwaiting; i++) {
		if (x->waiting[i].m.id == id) {
			waiting_drop(x, i, true);
			return;
		}
	}
	if (p)
		vso_local_died(p->peer);
	else
		say_gone(x, id, VSO_FAULT_GONE);
}

/* ---- looking ------------------------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void frame_ms(const struct executor *x, double out[2])
{
	uint32_t n = x->frames < EXECUTOR_SAMPLES ? (uint32_t)x->frames : EXECUTOR_SAMPLES;
	static double sorted[EXECUTOR_SAMPLES];
	double sum = 0;

	out[0] = out[1] = 0;
	if (!n)
		return;
	memcpy(sorted, x->cpu_ms, n * sizeof(*sorted));
	for (uint32_t i = 0; i < n; i++)
		sum += sorted[i];
	qsort(sorted, n, sizeof(*sorted), by_size);
	out[0] = sum / n;
	out[1] = sorted[(n * 99u + 99u) / 100u - 1];
}

static void status_fill(struct executor *x)
{
	struct board_status *s = &x->board->status;
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	s->frames = x->frames;
	s->missed = x->missed;
	s->switches[0] = (uint64_t)u.ru_nvcsw;
	s->switches[1] = (uint64_t)u.ru_nivcsw;
	s->rss_kb = (uint64_t)u.ru_maxrss;
	s->cpu_ns = (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000u +
		    (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000u;
	server_frame_stats_get(x->server, &s->last);
	frame_ms(x, s->frame_ms);
	s->nclients = server_clients(x->server, s->clients, BROKER_CLIENTS_MAX);
}

void executor_picture(struct executor *x)
{
	struct board *b = x->board;
	const struct server_options *s = &x->opt->server;
	size_t size = (size_t)s->width * s->height * 3;
	uint64_t head = atomic_load_explicit(&b->pictures_head, memory_order_relaxed);

	if (head - atomic_load(&b->pictures_tail) >= BOARD_PICTURES) {
		atomic_fetch_add(&b->pictures_lost, 1);
		return;
	}
	if (server_picture(x->server, b->pictures + head % BOARD_PICTURES * size, x->scratch,
			   &x->err) < 0)
		return;
	b->picture_time[head % BOARD_PICTURES] = broker_now();
	atomic_store_explicit(&b->pictures_head, head + 1, memory_order_release);
}

/* ---- messages --------------------------------------------------------------------------------- */

static int act(struct executor *x, const struct message *m, struct message *answer)
{
	struct server *s = x->server;
	const int32_t *v = m->v;

	switch (m->kind) {
	case MESSAGE_MOVE: return server_move(s, m->id, v[0], v[1], &x->err);
	case MESSAGE_RESIZE: return server_resize(s, m->id, (uint32_t)v[0], (uint32_t)v[1], &x->err);
	case MESSAGE_RAISE: return server_raise(s, m->id, &x->err);
	case MESSAGE_FOCUS: return server_focus(s, m->id, &x->err);
	case MESSAGE_CLOSE: return server_close_client(s, m->id, &x->err);
	case MESSAGE_POINTER: server_pointer(s, v[0], v[1], (uint32_t)v[2]); return 0;
	case MESSAGE_KEY: server_key(s, (uint32_t)v[0], v[1] != 0); return 0;
	case MESSAGE_STATUS: status_fill(x); return 0;
	case MESSAGE_PICTURE: executor_picture(x); return 0;
	case MESSAGE_RIGHTS: seccomp_try(answer->text, sizeof(answer->text)); return 0;
	case MESSAGE_QUIT: x->quit = true; return 0;
	default: return error_set(&x->err, -EINVAL, "serve: message %u", m->kind);
	}
}

void executor_hear(struct executor *x, const struct message *m, int fds[3])
{
	struct message answer = { .kind = MESSAGE_DONE, .seq = m->seq, .flags = m->kind };

	if (m->kind == MESSAGE_ATTACH) {
		arrive(x, m, fds);
		return;
	}
	for (unsigned i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (m->kind == MESSAGE_DIED) {
		died(x, m->id);
		return;
	}
	answer.status = act(x, m, &answer);
	if (answer.status < 0)
		snprintf(answer.text, sizeof(answer.text), "%.199s", x->err.text);
	message_send(x->socket, &answer, NULL);
}
