/* loopback.c - both ends in one process: what tests run on.
 *
 * Pages with following numbers never follow each other in memory, so that nothing above
 * can come to rely on it; each may have a guard page behind it.  The client's end may
 * vanish, told or untold; its pages stay until the server closes too, as those of a dead
 * guest do. */
#include "blink/vso/scatter.h"
#include "blink/vso/transport.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Shared by both ends; freed by the last. */
struct loopback {
	struct vso_loopback_options opt;
	atomic_int ends;
	int memory, doorbell, bell;
	uint8_t *base;
	size_t bytes;
	uint32_t stride;               /* page n is at place n * stride modulo pages */
	atomic_bool killed, client_gone, server_gone;
	uint32_t *places;              /* of a range to be mapped */
};
struct loop_link { struct vso_link link; struct loopback *l; };
struct loop_peer { struct vso_peer peer; struct loopback *l; };

static void loopback_end(struct loopback *l)
{
	if (l->ends && atomic_fetch_sub(&l->ends, 1) > 1)
		return;
	if (l->base)
		munmap(l->base, l->bytes);
	if (l->memory >= 0)
		close(l->memory);
	if (l->doorbell >= 0)
		close(l->doorbell);
	if (l->bell >= 0)
		close(l->bell);
	free(l->places);
	free(l);
}

/* Where page n lies, in pages. */
static uint32_t place_of(const struct loopback *l, uint32_t n)
{
	uint32_t at = (uint32_t)((uint64_t)n * l->stride % l->opt.pages);

	return l->opt.guard ? 2 * at : at;
}

static void *page_at(const struct loopback *l, uint32_t n)
{
	return n < l->opt.pages ? l->base + (size_t)place_of(l, n) * VSO_PAGE : NULL;
}

static void ring(int fd)
{
	ssize_t n = write(fd, &(uint64_t){ 1 }, 8);

	(void)n;                       /* full: it has rung */
}

static bool rung(int fd)
{
	uint64_t n;

	return read(fd, &n, 8) == 8;
}

/* ---- the client's end ------------------------------------------------------------------- */

static struct loopback *of_link(struct vso_link *l) { return ((struct loop_link *)l)->l; }
static void *link_page(struct vso_link *l, uint32_t n) { return page_at(of_link(l), n); }
static void *link_all(struct vso_link *l) { (void)l; return NULL; }
static void link_notify(struct vso_link *l) { ring(of_link(l)->doorbell); }
static int link_fd(struct vso_link *l) { return of_link(l)->bell; }

static int link_wait(struct vso_link *link, int64_t ns)
{
	struct loopback *l = of_link(link);
	struct timespec t = { ns / 1000000000, ns % 1000000000 };
	struct pollfd p = { .fd = l->bell, .events = POLLIN };

	if (!rung(l->bell)) {
		if (l->server_gone)
			return -EPIPE;
		if (ppoll(&p, 1, ns < 0 ? NULL : &t, NULL) <= 0 || !rung(l->bell))
			return l->server_gone ? -EPIPE : 0;
	}
	link->wakeups++;
	return 1;
}

static void link_close(struct vso_link *link)
{
	struct loopback *l = of_link(link);

	l->client_gone = true;
	free(link);
	loopback_end(l);
}

void vso_loopback_kill(struct vso_link *client)
{
	of_link(client)->killed = true;
}

/* ---- the server's end ------------------------------------------------------------------- */

static struct loopback *of_peer(struct vso_peer *p) { return ((struct loop_peer *)p)->l; }
static void *peer_page(struct vso_peer *p, uint32_t n) { return page_at(of_peer(p), n); }
static bool peer_rung(struct vso_peer *p) { return rung(of_peer(p)->doorbell); }
static void peer_notify(struct vso_peer *p) { ring(of_peer(p)->bell); }

static const void *peer_map(struct vso_peer *p, const uint32_t *pages, uint32_t n)
{
	struct loopback *l = of_peer(p);

	if (l->opt.no_map || n > l->opt.pages)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		if (pages[i] >= l->opt.pages)
			return NULL;
	for (uint32_t done = 0; done < n; done++)
		l->places[done] = place_of(l, pages[done]);
	return scatter_map(l->memory, l->places, n, n);
}

static void peer_unmap(struct vso_peer *p, const void *at, uint32_t n)
{
	(void)p;
	scatter_unmap(at, n);
}

static bool peer_dead(struct vso_peer *p)
{
	struct loopback *l = of_peer(p);

	return (l->killed || l->client_gone) && !l->opt.silent;
}

static void peer_close(struct vso_peer *p)
{
	struct loopback *l = of_peer(p);

	l->server_gone = true;
	ring(l->bell);
	free(p);
	loopback_end(l);
}

/* ---- both ---------------------------------------------------------------------------------- */

static const struct vso_link_ops link_ops = {
	link_page, link_all, link_notify, link_wait, link_fd, link_close,
};
static const struct vso_peer_ops peer_ops = {
	peer_page, peer_map, peer_unmap, peer_notify, peer_rung, peer_dead, peer_close,
};

static int loopback_memory(struct loopback *l)
{
	uint32_t places = l->opt.pages * (l->opt.guard ? 2 : 1);

	l->bytes = (size_t)places * VSO_PAGE;
	l->memory = memfd_create("loopback", MFD_CLOEXEC);
	l->doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->places = calloc(places, sizeof(*l->places));
	if (l->memory < 0 || l->doorbell < 0 || l->bell < 0 || !l->places ||
	    ftruncate(l->memory, (off_t)l->bytes))
		return -errno;
	l->base = mmap(NULL, l->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, l->memory, 0);
	if (l->base == MAP_FAILED) {
		l->base = NULL;
		return -errno;
	}
	for (uint32_t i = 1; l->opt.guard && i < places; i += 2)
		if (mprotect(l->base + (size_t)i * VSO_PAGE, VSO_PAGE, PROT_NONE))
			return -errno;
	return 0;
}

/* Some number without a factor in common with n, neither 1 nor n - 1 where there is one. */
static uint32_t stride_of(uint32_t n)
{
	for (uint32_t s = n * 5 / 8; s > 1; s--) {
		uint32_t a = n, b = s;

		while (b) {
			uint32_t rest = a % b;

			a = b;
			b = rest;
		}
		if (a == 1)
			return s;
	}
	return 1;
}

int vso_loopback_create(struct vso_link **client, struct vso_peer **server,
			const struct vso_loopback_options *opt, struct error *err)
{
	struct loopback *l = calloc(1, sizeof(*l));
	struct loop_link *c = calloc(1, sizeof(*c));
	struct loop_peer *p = calloc(1, sizeof(*p));
	int r = -ENOMEM;

	if (l && c && p && opt->pages && opt->pages <= VSO_LOCAL_PAGES_MAX) {
		l->opt = *opt;
		l->stride = stride_of(opt->pages);
		l->memory = l->doorbell = l->bell = -1;
		r = loopback_memory(l);
	}
	if (r) {
		free(c);
		free(p);
		if (l && l->opt.pages)
			loopback_end(l);
		else
			free(l);
		return error_set(err, r, "loopback: %u pages: %s", opt->pages, strerror(-r));
	}
	l->ends = 2;
	*c = (struct loop_link){ { &link_ops, opt->pages, 0 }, l };
	*p = (struct loop_peer){ { &peer_ops, opt->pages, "loopback" }, l };
	*client = &c->link;
	*server = &p->peer;
	return 0;
}
