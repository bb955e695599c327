/* test_local.c - the transport of this machine: a real socket, memfd, bells; clients that
 * send something else; descriptors that leak nowhere. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/vso/pair.h"

static char path[64];
static int listener;

/* What a broker does for one client. */
static int serve(int *socket, struct vso_server **s, struct vso_peer **p, struct error *err)
{
	struct vso_local_grant g;
	int r;

	*socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(*socket >= 0);
	r = vso_local_receive(*socket, &g, err);
	if (r != 1)
		return r;
	assert_int_equal(g.pid, getpid());
	r = vso_local_peer(p, &g, err);
	return r ? r : vso_server_create(s, *p, NULL, err);
}

static void test_connect(void **state)
{
	struct vso_wishes w = { .name = "local", .objects = 64, .data_bytes = 1 << 20,
				.stream_bytes = 65536 };
	unsigned before = open_descriptors();
	struct error err = { 0 };
	uint8_t data[20000];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		struct vso_desc d = { .type = VSO_MAPPED, .size = sizeof(data) };
		struct vso_object o;
		struct vso_client *c;
		struct vso_server *s;
		struct vso_peer *p;
		struct vso_link *l;
		int socket;

		assert_int_equal(vso_local_connect(&l, path, vso_client_pages(&w), &err), 0);
		assert_int_equal(vso_client_create(&c, l, &w, &err), 0);
		assert_int_equal(serve(&socket, &s, &p, &err), 0);
		assert_int_equal(vso_client_start(c, 0, &err), 0);
		assert_true(p->ops->rung(p));
		assert_false(p->ops->rung(p));
		assert_int_equal(l->ops->wait(l, 0), 1);
		assert_int_equal(l->ops->wait(l, 0), 0);
		pattern(data, sizeof(data), round);
		assert_int_equal(vso_publish(c, 1, &d, data, &err), 0);
		vso_client_ring(c);
		assert_true(p->ops->rung(p));
		assert_int_equal(vso_server_changes(s, &o, 1), 1);
		assert_true(o.mapped && pattern_is(o.data, sizeof(data), round));
		vso_server_taken(s, &o, 0, 0);
		vso_object_release(s, &o);
		if (round == 0) {
			vso_server_destroy(s, VSO_FAULT_GONE, "that is all");
			close(socket);
			assert_int_equal(l->ops->wait(l, 0), 1);
			assert_int_equal(l->ops->wait(l, 0), -EPIPE);
			assert_string_equal(vso_client_server(c)->why, "that is all");
			vso_client_destroy(c);
		} else {
			char byte;

			vso_client_destroy(c);
			assert_int_equal(recv(socket, &byte, 1, MSG_DONTWAIT), 0);
			vso_local_died(p);
			assert_true(p->ops->dead(p));
			vso_server_destroy(s, VSO_FAULT_GONE, NULL);
			close(socket);
		}
	}
	assert_int_equal(open_descriptors(), before);
}

static int start(void **state)
{
	struct error err = { 0 };

	(void)state;
	snprintf(path, sizeof(path), "/tmp/vso-test-%d", (int)getpid());
	listener = vso_local_listen(path, &err);
	return listener < 0;
}

static int stop(void **state)
{
	(void)state;
	close(listener);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
