/* test_local.c - the transport of this machine: a real socket, memfd, bells; clients that
 * send something else; descriptors that leak nowhere. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
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

/* ---- messages that are something else ----------------------------------------------- */

enum { PAGES = 20 };

/* What a descriptor is in a bad message. */
enum kind {
	MEMORY, DOORBELL, BELL,             /* what they should be */
	NOT_SEALED, SEALED_HALF, SEALED_WRITE, SMALL, LARGE, HUGE_PAGES, FILE_ON_DISK, DEVICE,
	PIPE, DATAGRAM, INTERNET, EPOLL, NOTHING
};

static int memory(unsigned seals, size_t bytes, unsigned flags)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING | flags);

	if (fd >= 0 && (ftruncate(fd, (off_t)bytes) || fcntl(fd, F_ADD_SEALS, seals))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* *other: the other end of a pair, to be closed; -1 none. */
static int make(enum kind kind, int *other)
{
	const unsigned seals = F_SEAL_SHRINK | F_SEAL_GROW;
	const size_t bytes = PAGES * VSO_PAGE;
	int ends[2];

	*other = -1;
	switch (kind) {
	case MEMORY: return memory(seals, bytes, 0);
	case DOORBELL: return eventfd(0, EFD_NONBLOCK);
	case NOT_SEALED: return memory(0, bytes, 0);
	case SEALED_HALF: return memory(F_SEAL_GROW, bytes, 0);
	case SEALED_WRITE: return memory(seals | F_SEAL_WRITE, bytes, 0);
	case SMALL: return memory(seals, bytes - VSO_PAGE, 0);
	case LARGE: return memory(seals, bytes + 1, 0);
	case HUGE_PAGES: return memory(seals, 2 << 20, MFD_HUGETLB);
	case FILE_ON_DISK: return open("/proc/self/exe", O_RDONLY);
	case DEVICE: return open("/dev/zero", O_RDWR);
	case EPOLL: return epoll_create1(0);
	case INTERNET: return socket(AF_INET, SOCK_STREAM, 0);
	case PIPE:
		if (pipe(ends))
			return -1;
		*other = ends[0];
		return ends[1];
	case BELL: case DATAGRAM:
		if (socketpair(AF_UNIX, kind == BELL ? SOCK_STREAM : SOCK_DGRAM, 0, ends))
			return -1;
		*other = ends[0];
		return ends[1];
	default: return -1;
	}
}

struct message_case {
	const char *name;
	int got;                            /* by vso_local_receive */
	struct vso_local_message m;
	size_t bytes;                       /* sent of it */
	enum kind fd[12];
	unsigned nfds;
};
#define GOOD { VSO_MAGIC, VSO_VERSION, PAGES, 0 }, 16
#define ALL { MEMORY, DOORBELL, BELL }, 3

static const struct message_case messages[] = {
	{ "good", 1, GOOD, ALL },
	{ "magic", -EPROTO, { 1, VSO_VERSION, PAGES, 0 }, 16, ALL },
	{ "version", -EPROTO, { VSO_MAGIC, VSO_VERSION + 1, PAGES, 0 }, 16, ALL },
	{ "no pages", -EPROTO, { VSO_MAGIC, VSO_VERSION, 0, 0 }, 16, ALL },
	{ "too many pages", -EPROTO, { VSO_MAGIC, VSO_VERSION, UINT32_MAX, 0 }, 16, ALL },
	{ "other pages than there are", -EPROTO, { VSO_MAGIC, VSO_VERSION, PAGES + 1, 0 }, 16, ALL },
	{ "reserved", -EPROTO, { VSO_MAGIC, VSO_VERSION, PAGES, 1 }, 16, ALL },
	{ "short", -EPROTO, { VSO_MAGIC, VSO_VERSION, PAGES, 0 }, 15, ALL },
	{ "one byte", -EPROTO, { VSO_MAGIC, VSO_VERSION, PAGES, 0 }, 1, ALL },
	{ "no descriptors", -EPROTO, GOOD, { 0 }, 0 },
	{ "one", -EPROTO, GOOD, { MEMORY }, 1 },
	{ "two", -EPROTO, GOOD, { MEMORY, DOORBELL }, 2 },
	{ "four", -EPROTO, GOOD, { MEMORY, DOORBELL, BELL, DOORBELL }, 4 },
	{ "five", -EPROTO, GOOD, { MEMORY, DOORBELL, BELL, DOORBELL, DOORBELL }, 5 },
	{ "twelve", -EPROTO, GOOD, { MEMORY, DOORBELL, BELL, MEMORY, MEMORY, MEMORY, MEMORY, MEMORY,
				     MEMORY, MEMORY, MEMORY, MEMORY }, 12 },
	{ "another order", -EPROTO, GOOD, { DOORBELL, MEMORY, BELL }, 3 },
	{ "memory not sealed", -EPROTO, GOOD, { NOT_SEALED, DOORBELL, BELL }, 3 },
	{ "memory that may shrink", -EPROTO, GOOD, { SEALED_HALF, DOORBELL, BELL }, 3 },
	{ "memory to read only", -EPROTO, GOOD, { SEALED_WRITE, DOORBELL, BELL }, 3 },
	{ "too little memory", -EPROTO, GOOD, { SMALL, DOORBELL, BELL }, 3 },
	{ "too much memory", -EPROTO, GOOD, { LARGE, DOORBELL, BELL }, 3 },
	{ "huge pages", -EPROTO, { VSO_MAGIC, VSO_VERSION, 512, 0 }, 16,
	  { HUGE_PAGES, DOORBELL, BELL }, 3 },
	{ "a file", -EPROTO, GOOD, { FILE_ON_DISK, DOORBELL, BELL }, 3 },
	{ "a device", -EPROTO, GOOD, { DEVICE, DOORBELL, BELL }, 3 },
	{ "a pipe for memory", -EPROTO, GOOD, { PIPE, DOORBELL, BELL }, 3 },
	{ "a pipe for a doorbell", -EPROTO, GOOD, { MEMORY, PIPE, BELL }, 3 },
	{ "an epoll set for a doorbell", -EPROTO, GOOD, { MEMORY, EPOLL, BELL }, 3 },
	{ "a file for a doorbell", -EPROTO, GOOD, { MEMORY, FILE_ON_DISK, BELL }, 3 },
	{ "an eventfd for a bell", -EPROTO, GOOD, { MEMORY, DOORBELL, DOORBELL }, 3 },
	{ "a pipe for a bell", -EPROTO, GOOD, { MEMORY, DOORBELL, PIPE }, 3 },
	{ "datagrams for a bell", -EPROTO, GOOD, { MEMORY, DOORBELL, DATAGRAM }, 3 },
	{ "a bell that leads elsewhere", -EPROTO, GOOD, { MEMORY, DOORBELL, INTERNET }, 3 },
};

static int dial(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Sends k's message; false: this machine cannot make it. */
static bool send_case(int fd, const struct message_case *k, int *fds, int *others)
{
	union { struct cmsghdr h; char room[CMSG_SPACE(12 * sizeof(int))]; } control = { 0 };
	struct vso_local_message m = k->m;
	struct iovec iov = { &m, k->bytes };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	size_t bytes = k->nfds * sizeof(int);
	bool made = true;

	for (unsigned i = 0; i < k->nfds; i++) {
		fds[i] = make(k->fd[i], &others[i]);
		made &= fds[i] >= 0;
	}
	if (!made)
		return false;
	if (k->nfds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(bytes);
		control.h = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
					      .cmsg_len = CMSG_LEN(bytes) };
		memcpy(CMSG_DATA(&control.h), fds, bytes);
	}
	assert_int_equal(sendmsg(fd, &msg, 0), k->bytes);
	return true;
}

static void test_messages(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	for (unsigned i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		const struct message_case *k = &messages[i];
		int fds[12], others[12], client = dial();
		int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		struct vso_local_grant g;
		struct error err;
		unsigned open;
		int r;

		memset(fds, 0xff, sizeof(fds));
		memset(others, 0xff, sizeof(others));
		/* nothing yet: it does not wait */
		assert_int_equal(vso_local_receive(server, &g, &err), 0);
		if (!send_case(client, k, fds, others)) {
			print_message("not tried: %s (this machine cannot make it)\n", k->name);
		} else {
			open = open_descriptors();
			r = vso_local_receive(server, &g, &err);
			if (r != k->got)
				fail_msg("%s: %d %s", k->name, r, r < 0 ? err.text : "");
			assert_int_equal(open_descriptors(), open + (r == 1 ? 3 : 0));
			if (r == 1) {
				close(g.memory);
				close(g.doorbell);
				close(g.bell);
			}
		}
		for (unsigned n = 0; n < 12; n++) {
			close_fd(fds[n]);
			close_fd(others[n]);
		}
		close(client);
		close(server);
	}
	assert_int_equal(open_descriptors(), before);
}

static void test_gone_while_connecting(void **state)
{
	unsigned before = open_descriptors();
	struct vso_local_grant g;
	struct error err;
	int server;

	(void)state;
	for (unsigned sent = 0; sent < 2; sent++) {
		int fds[12], others[12], client = dial();

		if (sent)
			assert_true(send_case(client, &messages[0], fds, others));
		close(client);
		server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		/* what it sent before it went is still a client, for a moment */
		assert_int_equal(vso_local_receive(server, &g, &err), sent ? 1 : -EPIPE);
		if (sent) {
			struct vso_peer *p;

			for (unsigned i = 0; i < 3; i++) {
				close_fd(fds[i]);
				close_fd(others[i]);
			}
			assert_int_equal(vso_local_peer(&p, &g, &err), 0);
			p->ops->notify(p);
			assert_int_equal(vso_local_receive(server, &g, &err), -EPIPE);
			p->ops->close(p);
		}
		close(server);
	}
	assert_int_equal(open_descriptors(), before);
}

/* A client that makes its descriptors block, fills them and empties them: nothing waits. */
static void test_descriptors_turned(void **state)
{
	const uint64_t most = UINT64_MAX - 1;
	int fds[12], others[12], client = dial();
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct vso_local_grant g;
	struct vso_peer *p;
	struct error err;
	char bytes[64];
	uint64_t n;

	(void)state;
	assert_true(send_case(client, &messages[0], fds, others));
	assert_int_equal(vso_local_receive(server, &g, &err), 1);
	assert_int_equal(vso_local_peer(&p, &g, &err), 0);
	fcntl(fds[1], F_SETFL, 0);
	fcntl(fds[2], F_SETFL, 0);
	fcntl(others[2], F_SETFL, 0);
	assert_false(p->ops->rung(p));
	assert_int_equal(write(fds[1], &most, 8), 8);
	assert_true(p->ops->rung(p));
	assert_false(p->ops->rung(p));
	/* rung, and taken away again before anybody looked */
	assert_int_equal(read(fds[1], &n, 8), 8);
	assert_int_equal(write(fds[1], &(uint64_t){ 1 }, 8), 8);
	assert_int_equal(read(fds[1], &n, 8), 8);
	p->ops->rung(p);
	assert_int_equal(write(fds[1], &(uint64_t){ 1 }, 8), 8);
	assert_true(p->ops->rung(p));
	/* a bell that nobody looks at is full at some time */
	for (unsigned i = 0; i < 100000; i++)
		p->ops->notify(p);
	assert_true(recv(others[2], bytes, sizeof(bytes), MSG_DONTWAIT) > 0);
	shutdown(fds[2], SHUT_RDWR);
	p->ops->notify(p);
	close(others[2]);
	p->ops->notify(p);
	/* holes read as zeros, those made later, too */
	*(uint32_t *)p->ops->page(p, 7) = 1;
	assert_int_equal(fallocate(fds[0], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				   PAGES * VSO_PAGE), 0);
	for (uint32_t i = 0; i < PAGES; i++)
		assert_int_equal(*(uint32_t *)p->ops->page(p, i), 0);
	assert_null(p->ops->page(p, PAGES));
	assert_int_not_equal(ftruncate(fds[0], 0), 0);
	p->ops->close(p);
	for (unsigned i = 0; i < 3; i++)
		close_fd(fds[i]);
	close(client);
	close(server);
}

/* ---- pages ---------------------------------------------------------------------------- */

/* Rows of neighbours cost nothing; others are mapped, as long as there are few of them. */
static void test_map(void **state)
{
	int fds[12], others[12], client = dial();
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct message_case k = messages[0];
	uint32_t list[PAGES];
	struct vso_local_grant g;
	const uint32_t *at, *more[100];
	struct vso_peer *p;
	struct error err;
	unsigned n = 0;

	(void)state;
	assert_true(send_case(client, &k, fds, others));
	assert_int_equal(vso_local_receive(server, &g, &err), 1);
	assert_int_equal(vso_local_peer(&p, &g, &err), 0);
	for (uint32_t i = 0; i < PAGES; i++) {
		*(uint32_t *)p->ops->page(p, i) = i + 1;
		list[i] = i;
	}
	at = p->ops->map(p, list + 3, 4);
	assert_ptr_equal(at, p->ops->page(p, 3));
	p->ops->unmap(p, at, 4);
	list[1] = PAGES;
	assert_null(p->ops->map(p, list, 4));
	for (uint32_t i = 0; i < PAGES; i++)
		list[i] = i * 7 % PAGES;
	at = p->ops->map(p, list, PAGES);
	for (uint32_t i = 0; i < PAGES; i++)
		assert_int_equal(at[i * VSO_PAGE / 4], list[i] + 1);
	assert_int_equal(((const uint8_t *)at)[PAGES * VSO_PAGE], 0);   /* slack */
	p->ops->unmap(p, at, PAGES);
	while (n < 100 && (more[n] = p->ops->map(p, list, PAGES)))
		n++;
	assert_in_range(n, 8, 99);
	while (n--)
		p->ops->unmap(p, more[n], PAGES);
	at = p->ops->map(p, list, PAGES);
	assert_non_null(at);
	p->ops->unmap(p, at, PAGES);
	p->ops->close(p);
	for (unsigned i = 0; i < 3; i++) {
		close_fd(fds[i]);
		close_fd(others[i]);
	}
	close(client);
	close(server);
}

/* However many clients there are, together they cost this process so many mappings. */
static void test_map_all(void **state)
{
	enum { PEERS = 8, EACH = 40 };
	struct message_case k = messages[0];
	int fds[PEERS][12], others[PEERS][12], client[PEERS], server[PEERS];
	struct vso_peer *p[PEERS];
	const void *at[PEERS][EACH] = { 0 };
	uint32_t list[PAGES], n[PEERS], all = 0;
	struct error err;

	(void)state;
	for (uint32_t i = 0; i < PAGES; i++)
		list[i] = i * 7 % PAGES;
	for (unsigned i = 0; i < PEERS; i++) {
		struct vso_local_grant g;

		client[i] = dial();
		server[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		assert_true(send_case(client[i], &k, fds[i], others[i]));
		assert_int_equal(vso_local_receive(server[i], &g, &err), 1);
		assert_int_equal(vso_local_peer(&p[i], &g, &err), 0);
		for (n[i] = 0; n[i] < EACH && (at[i][n[i]] = p[i]->ops->map(p[i], list, PAGES));)
			n[i]++;
		all += n[i];
	}
	assert_int_equal(n[0], n[1]);
	assert_in_range(n[0], 8, EACH - 1);
	assert_int_equal(n[PEERS - 1], 0);
	/* what one gives back, another may have */
	p[0]->ops->unmap(p[0], at[0][--n[0]], PAGES);
	at[0][n[0]] = NULL;
	at[PEERS - 1][0] = p[PEERS - 1]->ops->map(p[PEERS - 1], list, PAGES);
	assert_non_null(at[PEERS - 1][0]);
	assert_null(p[0]->ops->map(p[0], list, PAGES));
	for (unsigned i = 0; i < PEERS; i++) {
		for (unsigned j = 0; j < EACH; j++)
			if (at[i][j])
				p[i]->ops->unmap(p[i], at[i][j], PAGES);
		p[i]->ops->close(p[i]);
		for (unsigned j = 0; j < 3; j++) {
			close_fd(fds[i][j]);
			close_fd(others[i][j]);
		}
		close(client[i]);
		close(server[i]);
	}
	assert_in_range(all, n[0], PEERS * EACH / 2);
}

/* The same pages given to another server: objects are all there, the stream is not. */
static void test_next_server(void **state)
{
	struct vso_wishes w = { .name = "local", .objects = 64, .data_bytes = 1 << 20,
				.stream_bytes = 65536 };
	struct vso_desc d = { .type = VSO_DATA, .size = 8 };
	static const uint32_t code[4];
	struct vso_stream_sp sp = { .code = code, .words = 4 };
	struct vso_object o[64];
	struct vso_local_grant g, again;
	struct vso_stream_item item;
	struct vso_server *s;
	struct vso_client *c;
	struct vso_peer *p;
	struct vso_link *l;
	struct error err;
	uint32_t n;
	int socket;

	(void)state;
	assert_int_equal(vso_local_connect(&l, path, vso_client_pages(&w), &err), 0);
	assert_int_equal(vso_client_create(&c, l, &w, &err), 0);
	socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_int_equal(vso_local_receive(socket, &g, &err), 1);
	for (uint32_t round = 0; round < 3; round++) {
		again = g;
		again.memory = dup(g.memory);
		again.doorbell = dup(g.doorbell);
		again.bell = dup(g.bell);
		assert_int_equal(vso_local_peer(&p, &again, &err), 0);
		assert_int_equal(vso_server_create(&s, p, NULL, &err), 0);
		assert_int_equal(vso_client_start(c, 0, &err), 0);
		assert_int_equal(vso_client_server(c)->generation, round);
		n = vso_server_changes(s, o, 64);
		assert_int_equal(n, round ? 62 : 0);
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(o[i].version, i + 1 < 40 ? round : 1);
			vso_server_taken(s, &o[i], 0, 0);
			vso_object_release(s, &o[i]);
		}
		for (uint32_t i = 1; i < (round ? 40 : 63); i++)
			assert_int_equal(vso_publish(c, i, &d, "1234567", &err), 0);
		while ((n = vso_server_changes(s, o, 64)))
			for (uint32_t i = 0; i < n; i++) {
				vso_server_taken(s, &o[i], 0, 0);
				vso_object_release(s, &o[i]);
			}
		assert_int_equal(vso_stream_push(c, &sp, 0, &err), round ? -EIO : 0);
		assert_int_equal(vso_server_next(s, &item), round ? -EBADMSG : 1);
		vso_server_destroy(s, VSO_FAULT_GONE, NULL);
	}
	close(g.memory);
	close(g.doorbell);
	close(g.bell);
	close(socket);
	vso_client_destroy(c);
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
		cmocka_unit_test(test_connect), cmocka_unit_test(test_messages),
		cmocka_unit_test(test_gone_while_connecting),
		cmocka_unit_test(test_descriptors_turned), cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_all),
		cmocka_unit_test(test_next_server),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
