/* local_peer.c - the server's end on this machine.
 *
 * Descriptors that come from a client are shared with it: it can change their flags and
 * use them up at any time.  So nothing is done with one that could ever wait: the doorbell
 * is only polled, for edges; the bell is sent to with MSG_DONTWAIT; the memory is mapped
 * after its seals were seen to hold. */
#include "blink/vso/scatter.h"
#include "blink/vso/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Mappings that all clients may cost the process (Linux allows one 65,530, and drivers need
 * most of them), one client, and one object of its. */
#define RUNS_ALL 8192u
#define RUNS_MAX 2048u
#define OBJECT_RUNS_MAX 64u

static _Atomic uint32_t runs_all;

struct local_peer {
	struct vso_peer peer;
	struct vso_local_grant grant;
	int edges;                     /* epoll set of the doorbell alone */
	uint8_t *base;
	uint32_t runs;
	_Atomic bool dead;             /* told on another thread than it is asked for */
	char label[32];
};

static struct local_peer *of_peer(struct vso_peer *p) { return (struct local_peer *)p; }
static const struct local_peer *of_const(const struct vso_peer *p)
{
	return (const struct local_peer *)p;
}

/* ---- listening ------------------------------------------------------------------------- */

/* Does anybody accept on the socket at path? */
static bool answered(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes = fd >= 0 && (!connect(fd, (const struct sockaddr *)at, sizeof(*at)) ||
			       errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return yes;
}

int vso_local_listen(const char *path, struct error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	bool other = false;
	int fd, r = 0;

	if (strlen(path) >= sizeof(at.sun_path))
		return error_set(err, -ENAMETOOLONG, "%s: longer than a socket's path can be", path);
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		struct stat st;

		r = -errno;
		other = r == -EADDRINUSE && !lstat(path, &st) && !S_ISSOCK(st.st_mode);
		if (r == -EADDRINUSE && !other && !answered(&at) && !unlink(path))
			r = bind(fd, (struct sockaddr *)&at, sizeof(at)) ? -errno : 0;
	}
	if (!r && listen(fd, 64))
		r = -errno;
	if (r) {
		close(fd);
		return error_set(err, r, "%s: %s", path,
				 other ? "is there already, and is no socket"
				 : r == -EADDRINUSE ? "a server listens there already"
						    : strerror(-r));
	}
	return fd;
}

/* ---- the message --------------------------------------------------------------------------- */

static void close_all(const int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
}

/* Descriptors that came along, up to max; the kernel closes any beyond. */
static unsigned take_fds(struct msghdr *msg, int *fds, unsigned max)
{
	unsigned n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		unsigned k = 0;

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			k = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		for (unsigned i = 0; i < k; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (n < max)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

/* A memfd of exactly that size that nobody can shrink.  One of huge pages could still lack
 * memory when it is read (SIGBUS), as could a file on a file system of the client's own:
 * only a memfd has such seals, and only one of small pages lies on tmpfs. */
static const char *memory_damage(int fd, uint32_t pages)
{
	const int need = F_SEAL_SHRINK | F_SEAL_GROW;
	int seals = fcntl(fd, F_GET_SEALS);
	struct statfs fs;
	struct stat st;

	if (seals < 0 || fstatfs(fd, &fs) || fs.f_type != TMPFS_MAGIC)
		return "its memory is no memfd of ordinary pages";
	if ((seals & need) != need)
		return "its memory is not sealed against shrinking and growing";
	if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return "its memory cannot be written to";
	if (fstat(fd, &st) || st.st_size != (off_t)pages * VSO_PAGE)
		return "its memory is not as large as it says";
	return NULL;
}

static bool is_eventfd(int fd)
{
	char path[40], to[40];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, to, sizeof(to) - 1);
	if (n < 0)
		return false;
	to[n] = 0;
	return !strcmp(to, "anon_inode:[eventfd]");
}

static bool is_bell(int fd)
{
	int domain = 0, type = 0;
	socklen_t n = sizeof(int);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) && domain == AF_UNIX &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) && type == SOCK_STREAM;
}

static const char *message_damage(const struct vso_local_message *m, const struct msghdr *msg,
				  ssize_t got, const int *fds, unsigned nfds)
{
	if (got != (ssize_t)sizeof(*m) || msg->msg_flags & MSG_TRUNC)
		return "its message has another length";
	if (m->magic != VSO_MAGIC || m->version != VSO_VERSION || m->reserved)
		return "its message is of another version";
	if (!m->pages || m->pages > VSO_LOCAL_PAGES_MAX)
		return "its number of pages is impossible";
	if (nfds != 3 || msg->msg_flags & MSG_CTRUNC)
		return "its message needs three descriptors";
	if (!is_eventfd(fds[1]))
		return "its doorbell is no eventfd";
	if (!is_bell(fds[2]))
		return "its bell is no Unix stream socket";
	return memory_damage(fds[0], m->pages);
}

int vso_local_receive(int socket, struct vso_local_grant *grant, struct error *err)
{
	struct vso_local_message m = { 0 };
	int fds[4];
	union { struct cmsghdr h; char room[CMSG_SPACE(sizeof(fds))]; } control;
	struct iovec iov = { &m, sizeof(m) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct ucred who = { 0 };
	socklen_t n = sizeof(who);
	const char *damage;
	unsigned nfds;

	memset(grant, 0, sizeof(*grant));
	grant->memory = grant->doorbell = grant->bell = -1;
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	nfds = got < 0 ? 0 : take_fds(&msg, fds, 4);
	if (got < 0 || (!got && !nfds))
		return error_set(err, -EPIPE, "client: it went away while connecting");
	damage = message_damage(&m, &msg, got, fds, nfds);
	if (damage) {
		close_all(fds, nfds);
		return error_set(err, -EPROTO, "client: %s", damage);
	}
	getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &n);
	*grant = (struct vso_local_grant){ fds[0], fds[1], fds[2], m.pages, who.pid };
	return 1;
}

/* ---- the peer -------------------------------------------------------------------------------- */

static void *peer_page(struct vso_peer *p, uint32_t n)
{
	return n < p->pages ? of_peer(p)->base + (size_t)n * VSO_PAGE : NULL;
}

/* Neighbours are there already; others cost the process a mapping per run. */
static const void *peer_map(struct vso_peer *p, const uint32_t *pages, uint32_t n)
{
	struct local_peer *k = of_peer(p);
	const void *at;

	for (uint32_t i = 0; i < n; i++)
		if (pages[i] >= p->pages)
			return NULL;
	if (scatter_run(pages, n, 0) == n)
		return k->base + (size_t)pages[0] * VSO_PAGE;
	if (k->runs + OBJECT_RUNS_MAX > RUNS_MAX)
		return NULL;
	if (atomic_fetch_add(&runs_all, OBJECT_RUNS_MAX) + OBJECT_RUNS_MAX > RUNS_ALL) {
		runs_all -= OBJECT_RUNS_MAX;
		return NULL;
	}
	at = scatter_map(k->grant.memory, pages, n, OBJECT_RUNS_MAX);
	if (at)
		k->runs += OBJECT_RUNS_MAX;
	else
		runs_all -= OBJECT_RUNS_MAX;
	return at;
}

static void peer_unmap(struct vso_peer *p, const void *at, uint32_t n)
{
	struct local_peer *k = of_peer(p);
	const uint8_t *b = at;

	if (b >= k->base && b < k->base + (size_t)p->pages * VSO_PAGE)
		return;
	scatter_unmap(at, n);
	k->runs -= OBJECT_RUNS_MAX;
	runs_all -= OBJECT_RUNS_MAX;
}

static void peer_notify(struct vso_peer *p)
{
	/* full: it was rung and has not looked yet; closed: the broker will say so */
	ssize_t n = send(of_peer(p)->grant.bell, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);

	(void)n;
}

static bool peer_rung(struct vso_peer *p)
{
	struct epoll_event e;

	return epoll_wait(of_peer(p)->edges, &e, 1, 0) > 0;
}

static bool peer_dead(struct vso_peer *p) { return of_peer(p)->dead; }

static void shut(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void peer_close(struct vso_peer *p)
{
	struct local_peer *k = of_peer(p);

	if (k->base)
		scatter_unmap(k->base, p->pages);
	runs_all -= k->runs;
	shut(k->edges);
	shut(k->grant.memory);
	shut(k->grant.doorbell);
	shut(k->grant.bell);
	free(k);
}

static const struct vso_peer_ops ops = {
	peer_page, peer_map, peer_unmap, peer_notify, peer_rung, peer_dead, peer_close,
};

static int peer_open(struct local_peer *k)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int small = 1;

	k->edges = epoll_create1(EPOLL_CLOEXEC);
	if (k->edges < 0 || epoll_ctl(k->edges, EPOLL_CTL_ADD, k->grant.doorbell, &e))
		return -errno;
	/* what a client that never looks can make us queue */
	setsockopt(k->grant.bell, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	k->base = scatter_map_all(k->grant.memory, k->grant.pages);
	if (k->base == MAP_FAILED) {
		k->base = NULL;
		return -errno;
	}
	return 0;
}

int vso_local_peer(struct vso_peer **out, const struct vso_local_grant *grant, struct error *err)
{
	struct local_peer *k = calloc(1, sizeof(*k));
	int r;

	*out = NULL;
	if (!k) {
		close_all((const int[]){ grant->memory, grant->doorbell, grant->bell }, 3);
		return error_set(err, -ENOMEM, "client: no memory");
	}
	k->grant = *grant;
	k->edges = -1;
	snprintf(k->label, sizeof(k->label), "pid %d", grant->pid);
	k->peer = (struct vso_peer){ &ops, grant->pages, k->label };
	r = peer_open(k);
	if (r) {
		peer_close(&k->peer);
		return error_set(err, r, "client: its pages: %s", strerror(-r));
	}
	*out = &k->peer;
	return 0;
}

void vso_local_died(struct vso_peer *p) { of_peer(p)->dead = true; }
int vso_local_doorbell(const struct vso_peer *p) { return of_const(p)->edges; }
