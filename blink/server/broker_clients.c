/* broker_clients.c - clients' sockets and descriptors, as the broker keeps them.
 *
 * A client connects, sends one message with its descriptors, and is handed to the
 * executor.  From then on its socket says one thing only: that it is gone.  The broker
 * keeps the descriptors until the executor says that it has let go of the client. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "blink/server/broker_priv.h"

struct broker_client *broker_client_of(struct broker *b, uint32_t id)
{
	for (uint32_t i = 0; id && i < b->places; i++)
		if (b->clients[i].id == id)
			return &b->clients[i];
	return NULL;
}

/* ---- before the message ----------------------------------------------------------- */

static void pending_drop(struct broker *b, uint32_t i)
{
	close(b->pending[i].socket);
	b->pending[i].socket = -1;
}

void broker_accept(struct broker *b)
{
	int fd = accept4(b->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	uint64_t now = broker_now(), few = now - BROKER_ACCEPTS * (uint64_t)BROKER_ACCEPT_NS;
	uint32_t oldest = 0;

	if (fd < 0)
		return;
	b->accept_ns = (b->accept_ns > few ? b->accept_ns : few) + BROKER_ACCEPT_NS;
	for (uint32_t i = 0; i < BROKER_PENDING; i++) {
		if (b->pending[i].socket < 0) {
			b->pending[i] = (struct broker_pending){ fd, broker_now() };
			broker_pending_read(b, i);      /* it is there already, mostly */
			return;
		}
		if (b->pending[i].since_ns < b->pending[oldest].since_ns)
			oldest = i;
	}
	/* so many are silent: the one that is so for longest makes room */
	pending_drop(b, oldest);
	b->pending[oldest] = (struct broker_pending){ fd, broker_now() };
}

void broker_pending_expire(struct broker *b)
{
	uint64_t now = broker_now();

	for (uint32_t i = 0; i < BROKER_PENDING; i++)
		if (b->pending[i].socket >= 0 &&
		    now - b->pending[i].since_ns > BROKER_PENDING_NS)
			pending_drop(b, i);
}

/* ---- with its descriptors ------------------------------------------------------------ */

static void client_free(struct broker *b, struct broker_client *c)
{
	close(c->socket);
	close(c->memory);
	close(c->doorbell);
	close(c->bell);
	*c = (struct broker_client){ 0 };
	b->nclients--;
}

/* Where it was on the screen, as far as the broker was told. */
static void place_recall(const struct broker *b, struct message *m)
{
	const struct board_status *k = b->known;

	for (uint32_t i = 0; i < k->nclients && i < BROKER_CLIENTS_MAX; i++) {
		const struct server_client_info *info = &k->clients[i];

		if (info->id != m->id)
			continue;
		m->flags |= ATTACH_PLACED | (info->focus ? ATTACH_FOCUS : 0);
		m->v[0] = info->x;
		m->v[1] = info->y;
		m->v[2] = (int32_t)info->width;
		m->v[3] = (int32_t)info->height;
	}
}

/* An executor that has not listened for so long that the pair is full will never hear of
 * this client: its connection ends, and it may come again. */
static void client_attach(struct broker *b, struct broker_client *c)
{
	struct message m = { .kind = MESSAGE_ATTACH, .id = c->id, .pages = c->pages,
			     .pid = c->pid };
	int fds[3] = { c->memory, c->doorbell, c->bell };

	if (broker_condemned(b, c))
		m.flags = ATTACH_CONDEMNED;
	else
		c->held = broker_waits(b, c, !c->known);
	if (c->held)
		return;
	c->known = true;
	place_recall(b, &m);
	if (broker_send(b, &m, fds) == -EAGAIN)
		client_free(b, c);
}

void broker_clients_release(struct broker *b)
{
	for (uint32_t i = 0; b->ready && i < b->places; i++)
		if (b->clients[i].id && b->clients[i].held && !b->clients[i].told_dead)
			client_attach(b, &b->clients[i]);
}

static struct broker_client *client_add(struct broker *b, int socket,
					const struct vso_local_grant *g)
{
	for (uint32_t i = 0; i < b->places; i++) {
		struct broker_client *c = &b->clients[i];

		if (c->id)
			continue;
		*c = (struct broker_client){
			.id = ++b->next_id, .socket = socket, .memory = g->memory,
			.doorbell = g->doorbell, .bell = g->bell, .pages = g->pages,
			.pid = g->pid,
		};
		broker_who(c);
		b->nclients++;
		if (b->nclients > b->sum->at_once)
			b->sum->at_once = b->nclients;
		b->sum->attached++;
		return c;
	}
	return NULL;
}

/* There are more places than clients that the executor serves: it tells those beyond.  Who
 * comes when even they are taken finds the connection closed. */
void broker_pending_read(struct broker *b, uint32_t i)
{
	struct vso_local_grant g;
	struct broker_client *c;
	int r = vso_local_receive(b->pending[i].socket, &g, NULL);

	if (!r)
		return;
	if (r < 0) {
		pending_drop(b, i);
		return;
	}
	c = client_add(b, b->pending[i].socket, &g);
	if (!c) {
		close(g.memory);
		close(g.doorbell);
		close(g.bell);
		pending_drop(b, i);
		return;
	}
	b->pending[i].socket = -1;
	if (b->ready)
		client_attach(b, c);
}

/* It never sends anything again: what comes is its end, or damage, which is the same. */
void broker_client_read(struct broker *b, struct broker_client *c)
{
	struct message m = { .kind = MESSAGE_DIED, .id = c->id };
	int r;

	if (c->told_dead)
		return;
	r = b->ready ? broker_send(b, &m, NULL) : -EPIPE;
	if (r == -EAGAIN)
		return;                 /* its end is still to be read: it is told then */
	c->told_dead = true;
	if (r < 0)
		client_free(b, c);
}

void broker_client_drop(struct broker *b, uint32_t id)
{
	struct broker_client *c = broker_client_of(b, id);

	if (c)
		client_free(b, c);
}

/* In the order in which they lie on the screen; new ones come last. */
void broker_clients_attach(struct broker *b)
{
	const struct board_status *k = b->known;
	uint32_t n = k->nclients < BROKER_CLIENTS_MAX ? k->nclients : BROKER_CLIENTS_MAX;

	for (uint32_t i = 0; i < b->places; i++)
		if (b->clients[i].id && b->clients[i].told_dead)
			client_free(b, &b->clients[i]);
	for (uint32_t i = 0; i < n; i++) {
		struct broker_client *c = broker_client_of(b, k->clients[i].id);

		if (c)
			client_attach(b, c);
	}
	for (uint32_t i = 0; i < b->places; i++) {
		struct broker_client *c = &b->clients[i];
		bool known = false;

		for (uint32_t j = 0; j < n; j++)
			known |= k->clients[j].id == c->id;
		if (c->id && !known)
			client_attach(b, c);
	}
}
