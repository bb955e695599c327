/* test_broker_full.c - an executor that does not listen: what it must be told is not lost, and
 * nobody waits for what it will never hear. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/server/broker_priv.h"

static void fill(struct broker *b)
{
	const struct message m = { .kind = MESSAGE_STATUS };

	while (broker_send(b, &m, NULL) >= 0)
		;
	assert_int_equal(broker_send(b, &m, NULL), -EAGAIN);
}

/* The last message there is. */
static struct message drain(int socket)
{
	struct message m = { 0 }, last = { 0 };
	int fds[3];

	while (message_receive(socket, &m, fds) == 0)
		last = m;
	return last;
}

static int nothing(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void test_full(void **state)
{
	static struct board_status known;
	struct broker_client clients[2] = { { .id = 7, .pid = 1 }, { 0 } };
	struct broker b = { .clients = clients, .places = 2, .nclients = 1, .known = &known,
			    .ready = true };
	struct message last;
	int pair[2];

	(void)state;
	clients[0].socket = nothing();
	clients[0].memory = nothing();
	clients[0].doorbell = nothing();
	clients[0].bell = nothing();
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	b.socket = pair[0];
	/* a client's end: said when there is room, and until then the client stays */
	fill(&b);
	broker_client_read(&b, &clients[0]);
	assert_int_equal(clients[0].id, 7);
	assert_false(clients[0].told_dead);
	drain(pair[1]);
	broker_client_read(&b, &clients[0]);
	assert_true(clients[0].told_dead);
	last = drain(pair[1]);
	assert_int_equal(last.kind, MESSAGE_DIED);
	assert_int_equal(last.id, 7);
	/* its arrival: it is closed, and may come again */
	clients[0].told_dead = false;
	fill(&b);
	broker_clients_attach(&b);
	assert_int_equal(clients[0].id, 0);
	assert_int_equal(b.nclients, 0);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_full) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
