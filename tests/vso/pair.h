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
/* Takes everything that changed: answered and released.  Returns the last fault seen. */
enum vso_fault pair_take(struct pair *p, uint32_t *n);

/* size bytes that can be told from others by seed. */
void pattern(uint8_t *to, uint32_t size, uint32_t seed);
bool pattern_is(const void *at, uint32_t size, uint32_t seed);

/* Descriptors that this process has open. */
unsigned open_descriptors(void);

#endif
