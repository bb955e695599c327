/* hostile_sockets.c - acts on the socket: connecting, dying, and not quite connecting. */
#include "blink/client/programs/hostile.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blink/client/blinkgl.h"

static int dial(struct hostile *h)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", h->path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at))) {
		h->turned_away++;
		close(fd);
		fd = -1;
	}
	h->connections += fd >= 0;
	return fd;
}

/* ---- the first message ---------------------------------------------------------------------- */

struct grant { int fds[8]; uint32_t n; };

/* Descriptors of any kind, where memory and bells are expected. */
static int any_descriptor(struct hostile *h, uint32_t pages)
{
	int fd = -1, pair[2];

	switch (hostile_below(h, 7)) {
	case 0:
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	case 1:
		return eventfd(0, EFD_CLOEXEC);
	case 2:
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
			return -1;
		close(pair[1]);
		return pair[0];
	case 3:
		if (pipe2(pair, O_CLOEXEC))
			return -1;
		close(pair[1]);
		return pair[0];
	case 4:                         /* memory that can shrink */
		fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		(void)!ftruncate(fd, (off_t)pages * VSO_PAGE);
		return fd;
	default:                        /* sealed, of some size */
		fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (fd >= 0 && !ftruncate(fd, (off_t)hostile_below(h, 2 * pages + 1) * VSO_PAGE))
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
		return fd;
	}
}

static void send_some(int fd, const void *data, size_t n, const struct grant *g)
{
	union { struct cmsghdr h; char room[CMSG_SPACE(8 * sizeof(int))]; } control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (g->n) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(g->n * sizeof(int));
		control.h = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
					      .cmsg_len = CMSG_LEN(g->n * sizeof(int)) };
		memcpy(CMSG_DATA(&control.h), g->fds, g->n * sizeof(int));
	}
	(void)!sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Messages of any length, with descriptors of any kind and number. */
static void junk(struct hostile *h)
{
	struct vso_local_message m = { VSO_MAGIC, VSO_VERSION, 64, 0 };
	uint32_t words[64];
	struct grant g = { .n = hostile_below(h, 3) ? 3 : hostile_below(h, 9) };
	int fd = dial(h);

	if (fd < 0)
		return;
	for (uint32_t i = 0; i < g.n; i++) {
		g.fds[i] = any_descriptor(h, m.pages);
		if (g.fds[i] < 0)
			g.n = i;
	}
	if (hostile_below(h, 3)) {
		if (hostile_below(h, 2))
			((uint32_t *)(void *)&m)[hostile_below(h, 4)] = hostile_odd(h);
		send_some(fd, &m, hostile_below(h, 8) ? sizeof(m) : hostile_below(h, 17), &g);
	} else {
		for (unsigned i = 0; i < 64; i++)
			words[i] = hostile_odd(h);
		send_some(fd, words, 4 * (1 + hostile_below(h, 64)), &g);
	}
	if (hostile_below(h, 2))
		hostile_pause(hostile_below(h, 2000));
	for (uint32_t i = 0; i < g.n; i++)
		close(g.fds[i]);
	close(fd);
}

/* A hello that is not one: what stands on page 0 by chance. */
static void hello(struct hostile *h)
{
	struct vso_wishes w = blink_wishes("hello");
	struct vso_link *l = NULL;
	struct vso_client *c = NULL;
	uint32_t *root;

	if (vso_local_connect(&l, h->path, vso_client_pages(&w), NULL) < 0) {
		h->turned_away++;
		return;
	}
	h->connections++;
	if (vso_client_create(&c, l, &w, NULL) < 0) {
		l->ops->close(l);
		return;
	}
	root = l->ops->page(l, VSO_PAGE_ROOT);
	for (uint32_t i = 0; i < 1 + hostile_below(h, 3); i++)
		root[hostile_below(h, sizeof(struct vso_hello) / 4)] = hostile_odd(h);
	vso_client_ring(c);
	hostile_pause(hostile_below(h, 2000 * h->refresh_ms));
	if (atomic_load(&vso_client_server(c)->phase) == VSO_PHASE_REFUSED)
		h->refused++;
	vso_client_destroy(c);
}

/* Gone between any two steps of coming. */
static void vanish(struct hostile *h)
{
	struct vso_wishes w = blink_wishes("vanish");
	struct vso_link *l = NULL;
	struct vso_client *c = NULL;

	if (!hostile_below(h, 3)) {
		int fd = dial(h);

		if (fd >= 0)
			close(fd);
		return;
	}
	if (vso_local_connect(&l, h->path, vso_client_pages(&w), NULL) < 0) {
		h->turned_away++;
		return;
	}
	h->connections++;
	if (!hostile_below(h, 3) || vso_client_create(&c, l, &w, NULL) < 0) {
		l->ops->close(l);
		return;
	}
	if (hostile_below(h, 2))
		vso_client_ring(c);
	hostile_pause(hostile_below(h, 3000));
	vso_client_destroy(c);
}

/* As many as there is room for, and then some, all at once. */
static void crowd(struct hostile *h)
{
	struct vso_link *links[96] = { 0 };
	uint32_t n = 0;

	while (n < 96 && vso_local_connect(&links[n], h->path, 8, NULL) >= 0) {
		n++;
		h->connections++;
	}
	h->turned_away += n < 96;
	hostile_pause(5000);
	for (uint32_t i = 0; i < n; i++)
		links[i]->ops->close(links[i]);
}

/* ---- sudden death ---------------------------------------------------------------------------- */

/* What the victim does until it is killed: draws, and publishes at every moment. */
static _Noreturn void victim(struct hostile *h)
{
	struct vso_wishes w = blink_wishes("killed");
	struct blink_connection *c = NULL;

	w.stream_bytes = 1 << 16;
	if (blink_connect(&c, h->path, &w, NULL) < 0)
		_exit(1);
	for (uint32_t i = 0;; i++) {
		struct buf *code = blink_program(c);

		blink_program_begin(c);
		if (i == 0)
			blink_window(code, 200, 200);
		blinkClearColor(code, 0.6f + (float)(i % 40) * 0.01f, 0, 1, 1);
		blinkClear(code, 0x4000);
		for (uint32_t k = 0; k < 2000; k++)
			blinkFlush(code);
		blink_program_end(c, i == 0 ? 1 : 2, i == 0 ? SP_INIT : SP_REDRAW, NULL);
		blink_flush(c);
	}
}

static void killed(struct hostile *h)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		victim(h);
	}
	if (pid < 0)
		return;
	h->connections++;
	hostile_pause(1000 + hostile_below(h, 100000));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

const struct hostile_act hostile_sockets[] = {
	{ "junk", "messages and descriptors that are none of the protocol's", junk, false, 100, false },
	{ "hello", "hellos with wrong words", hello, false, 0, false },
	{ "vanish", "gone in the midst of the handshake", vanish, false, 100, false },
	{ "crowd", "more connections than there is room for", crowd, false, 1000, false },
	{ "killed", "kill -9 in the midst of a frame", killed, false, 0, false },
	{ 0 }
};
