/* transport.h - how a client's pages, doorbell and death reach the server.
 *
 * The server holds a struct vso_peer per client and knows nothing of what is beneath it:
 * loopback (in one process, for tests: scattered pages, late release, silent death),
 * local (memfd, eventfds, a Unix socket), later Xen (grants, event channels, xenstore).
 * No descriptor and no address of a client's passes this line.
 *
 * Memory behind a page number stays readable as long as the peer is open, whatever the
 * client does (a memfd is sealed against shrinking; a dead Xen guest's grants stay
 * mapped).  It may change at any moment.
 *
 * Threads: a peer belongs to one thread at a time; notify may be called from any.
 */
#ifndef BLINK_VSO_TRANSPORT_H
#define BLINK_VSO_TRANSPORT_H

#include <stdbool.h>

#include "blink/base/error.h"
#include "blink/vso/protocol.h"

struct vso_peer;
struct vso_peer_ops {
	/* Page n, VSO_PAGE bytes, aligned to it, writable; NULL: not granted. */
	void *(*page)(struct vso_peer *p, uint32_t n);
	/* n pages as one range, read-only; NULL: this transport cannot, or some are not
	 * granted: copy them then.  Undone by unmap with the same n. */
	const void *(*map)(struct vso_peer *p, const uint32_t *pages, uint32_t n);
	void (*unmap)(struct vso_peer *p, const void *at, uint32_t n);
	void (*notify)(struct vso_peer *p);             /* rings the client */
	/* True once after the client has rung. */
	bool (*rung)(struct vso_peer *p);
	bool (*dead)(struct vso_peer *p);
	void (*close)(struct vso_peer *p);              /* unmaps everything; frees p */
};
struct vso_peer {
	const struct vso_peer_ops *ops;
	uint32_t pages;                    /* granted */
	const char *label;                 /* for people: "pid 4711", "domain 3" */
};

/* The client's end. */
struct vso_link;
struct vso_link_ops {
	void *(*page)(struct vso_link *l, uint32_t n);
	/* All pages as one range where the transport has it so, else NULL. */
	void *(*all)(struct vso_link *l);
	void (*notify)(struct vso_link *l);             /* rings the server's doorbell */
	/* Waits until the server rings, at most so many ns (negative: for ever).  1 rung,
	 * 0 not, -EPIPE the server is gone.  Wake-ups are counted in .wakeups. */
	int (*wait)(struct vso_link *l, int64_t ns);
	int (*fd)(struct vso_link *l);                  /* readable when rung, for poll; -1 none */
	void (*close)(struct vso_link *l);
};
struct vso_link {
	const struct vso_link_ops *ops;
	uint32_t pages;
	uint64_t wakeups;
};

/* ---- loopback (loopback.c) --------------------------------------------------
 * Both ends in one process.  Pages are scattered, each before a guard page if asked. */
struct vso_loopback_options {
	uint32_t pages;
	bool guard;                        /* a page that must not be touched after each */
	bool no_map;                       /* map always fails: everything is copied */
	bool silent;                       /* vso_loopback_kill tells nobody */
};
int vso_loopback_create(struct vso_link **client, struct vso_peer **server,
			const struct vso_loopback_options *opt, struct error *err);
/* The client vanishes, its pages stay. */
void vso_loopback_kill(struct vso_link *client);

/* ---- local (local_link.c: client; local_peer.c: server) ----------------------
 * The client connects to a Unix socket (SOCK_SEQPACKET) and sends one message: struct
 * vso_local_message with three descriptors: a memfd of that many pages sealed against
 * shrinking and growing, the server's doorbell (an eventfd, which the server never reads
 * or writes, only polls: edges), and one end of a stream socket pair, the client's bell
 * (the server sends a byte, never waiting; a descriptor that the client shares could be
 * made to block by any other means).  Nothing else is ever sent: the rest is in the pages.
 * The connection's closing is the death of either. */
struct vso_local_message {
	uint32_t magic, version;           /* VSO_MAGIC, VSO_VERSION */
	uint32_t pages, reserved;
};
#define VSO_LOCAL_PAGES_MAX (1u << 20)     /* 4 GiB */
int vso_local_connect(struct vso_link **l, const char *path, uint32_t pages, struct error *err);

/* The server's halves: a broker that owns the sockets takes the message, checks it, and
 * hands the descriptors (and nothing of the socket but a number that it gives the client)
 * to the executor over a socket pair. */
struct vso_local_grant {
	int memory, doorbell, bell;        /* memfd; server's eventfd; client's socket */
	uint32_t pages;
	int32_t pid;                       /* of the client, by SO_PEERCRED */
};
/* Descriptor, non-blocking; a socket that nobody listens on any more is replaced. */
int vso_local_listen(const char *path, struct error *err);
/* Never waits.  1 a grant came, checked, its descriptors the caller's; 0 nothing yet;
 * negative: -EPROTO damaged, -EPIPE gone.  For how long 0 is put up with is the caller's
 * to say: a client may connect and stay silent. */
int vso_local_receive(int socket, struct vso_local_grant *grant, struct error *err);
/* Takes over the grant's descriptors, also on failure. */
int vso_local_peer(struct vso_peer **p, const struct vso_local_grant *grant, struct error *err);
/* The broker saw the socket close. */
void vso_local_died(struct vso_peer *p);
/* The descriptor that is readable when the client has rung, for poll. */
int vso_local_doorbell(const struct vso_peer *p);

#endif
