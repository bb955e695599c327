/* local_link.c - a client's end on this machine: memfd, eventfd, sockets. */
#include "blink/vso/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct local_link {
	struct vso_link link;
	int memory, doorbell, bell, server_bell, socket;
	uint8_t *base;
};

static struct local_link *of_link(struct vso_link *l) { return (struct local_link *)l; }

static void *link_page(struct vso_link *l, uint32_t n)
{
	return n < l->pages ? of_link(l)->base + (size_t)n * VSO_PAGE : NULL;
}

static void *link_all(struct vso_link *l) { return of_link(l)->base; }
static int link_fd(struct vso_link *l) { return of_link(l)->bell; }

static void link_notify(struct vso_link *l)
{
	ssize_t n = write(of_link(l)->doorbell, &(uint64_t){ 1 }, 8);

	(void)n;                       /* full: it has rung */
}

/* Takes all that was rung; -EPIPE: the other end is closed. */
static int bell_drain(int fd)
{
	char bytes[256];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0)
		return 1;
	return n && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : -EPIPE;
}

static int link_wait(struct vso_link *l, int64_t ns)
{
	struct local_link *k = of_link(l);
	struct timespec t = { ns / 1000000000, ns % 1000000000 };
	struct pollfd p[2] = { { .fd = k->bell, .events = POLLIN },
			       { .fd = k->socket, .events = POLLIN } };
	int r;

	/* the server never sends on the connection: what can be read there is its end */
	if (ppoll(p, 2, ns < 0 ? NULL : &t, NULL) <= 0)
		return 0;
	r = p[0].revents ? bell_drain(k->bell) : 0;
	if (!r && p[1].revents)
		r = -EPIPE;
	if (r == 1)
		l->wakeups++;
	return r;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void link_close(struct vso_link *l)
{
	struct local_link *k = of_link(l);

	if (k->base)
		munmap(k->base, (size_t)l->pages * VSO_PAGE);
	shut(&k->memory);
	shut(&k->doorbell);
	shut(&k->bell);
	shut(&k->server_bell);
	shut(&k->socket);
	free(k);
}

static const struct vso_link_ops ops = {
	link_page, link_all, link_notify, link_wait, link_fd, link_close,
};

/* ---- connecting ------------------------------------------------------------------------ */

static int make_memory(struct local_link *k)
{
	size_t bytes = (size_t)k->link.pages * VSO_PAGE;
	int ends[2];

	k->memory = memfd_create("blink-client", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (k->memory < 0 || ftruncate(k->memory, (off_t)bytes) ||
	    fcntl(k->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	k->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, k->memory, 0);
	if (k->base == MAP_FAILED) {
		k->base = NULL;
		return -errno;
	}
	k->doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (k->doorbell < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	k->bell = ends[0];
	k->server_bell = ends[1];
	return 0;
}

static int send_message(struct local_link *k)
{
	struct vso_local_message m = { VSO_MAGIC, VSO_VERSION, k->link.pages, 0 };
	int fds[3] = { k->memory, k->doorbell, k->server_bell };
	union { struct cmsghdr h; char room[CMSG_SPACE(sizeof(fds))]; } control = { 0 };
	struct iovec iov = { &m, sizeof(m) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	control.h = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
				      .cmsg_len = CMSG_LEN(sizeof(fds)) };
	memcpy(CMSG_DATA(&control.h), fds, sizeof(fds));
	return sendmsg(k->socket, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(m) ? 0 : -errno;
}

int vso_local_connect(struct vso_link **out, const char *path, uint32_t pages, struct error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct local_link *k;
	int r;

	*out = NULL;
	if (!pages || pages > VSO_LOCAL_PAGES_MAX)
		return error_set(err, -EINVAL, "client: %u pages: impossible (1 to %u)", pages,
				 VSO_LOCAL_PAGES_MAX);
	if (strlen(path) >= sizeof(at.sun_path))
		return error_set(err, -ENAMETOOLONG, "%s: longer than a socket's path can be", path);
	k = calloc(1, sizeof(*k));
	if (!k)
		return error_set(err, -ENOMEM, "client: no memory");
	k->link = (struct vso_link){ &ops, pages, 0 };
	k->memory = k->doorbell = k->bell = k->server_bell = -1;
	memcpy(at.sun_path, path, strlen(path));
	k->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	r = k->socket < 0 || connect(k->socket, (struct sockaddr *)&at, sizeof(at)) ? -errno : 0;
	if (r) {
		error_set(err, r, "%s: no server answers: %s (start one: blinkctl serve)", path,
			  strerror(-r));
		goto fail;
	}
	r = make_memory(k);
	if (!r)
		r = send_message(k);
	if (r) {
		error_set(err, r, "%s: connecting: %s", path, strerror(-r));
		goto fail;
	}
	/* the server's end of the bell is the server's alone: its death closes the bell */
	shut(&k->server_bell);
	shut(&k->memory);
	*out = &k->link;
	return 0;
fail:
	link_close(&k->link);
	return r;
}
