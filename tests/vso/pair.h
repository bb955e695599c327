/* pair.h - a client and a server's half over loopback, for the tests of blink/vso. */
#ifndef TESTS_VSO_PAIR_H
#define TESTS_VSO_PAIR_H

#include "blink/vso/vso.h"

struct pair {
	struct vso_link *link;
	struct vso_client *client;
	struct vso_server *server;
	struct vso_peer *peer;
};

/* objects of data bytes in all, and a stream; the server has answered.  options and quotas
 * may be NULL (options->pages is set here). */
void pair_open(struct pair *p, uint32_t objects, uint32_t data, uint32_t stream,
	       const struct vso_loopback_options *options, const struct vso_quotas *quotas);
void pair_close(struct pair *p);
/* The one object that changed; not answered yet. */
void pair_change(struct pair *p, struct vso_object *o);
/* Takes everything that changed: answered and released.  Returns the last fault seen. */
enum vso_fault pair_take(struct pair *p, uint32_t *n);

/* ---- what a client can do that does not keep to the protocol: it writes anywhere ---- */
void *pair_page(struct pair *p, uint32_t n);
struct vso_entry *pair_entry(struct pair *p, uint32_t object);
struct vso_state *pair_state(struct pair *p, uint32_t object);
void pair_dirty(struct pair *p, uint32_t object);
/* Publishes d, whatever it says. */
void pair_show(struct pair *p, uint32_t object, const struct vso_desc *d);
/* The first page that is the client's own, and free (nothing was published yet). */
uint32_t pair_free_page(struct pair *p);

/* size bytes that can be told from others by seed. */
void pattern(uint8_t *to, uint32_t size, uint32_t seed);
bool pattern_is(const void *at, uint32_t size, uint32_t seed);

/* Descriptors that this process has open. */
unsigned open_descriptors(void);

#endif
