/* client_priv.h - between the parts of the client library.  Private to blink/client.
 *
 *   client.c      the connection: making it, losing it, making it again
 *   publish.c     objects: programs and payloads, kept for a server that comes anew
 *   settle.c      what the server said of them
 */
#ifndef BLINK_CLIENT_CLIENT_PRIV_H
#define BLINK_CLIENT_CLIENT_PRIV_H

#include "blink/client/client.h"

/* The latest version of an object. */
struct held {
	struct vso_desc desc;
	uint64_t version;              /* on this connection, 0: never published on it */
	bool published;
	struct buf data;               /* its bytes, unless they were written in place */
	void *place;                   /* else: on the pages of the vso that is in use */
	uint32_t place_size;
};

struct blink_connection {
	char *path;
	char name[VSO_NAME];
	struct vso_wishes wishes;
	struct vso_client *vso;        /* NULL only while there is no server */
	struct buf program;
	uint32_t context, drawable;    /* of SPs to be published */
	struct held *held;             /* wishes.objects of them */
	uint32_t regs[SP_REGISTERS];
	bool regs_set;
	uint64_t wakeups;              /* on links that are no more */
	uint64_t reconnects;
	int64_t lost_ns;               /* when the server went, 0: it is there */
};

int64_t client_now(void);              /* ns, monotonic */
void client_sleep(int64_t ns);
/* Publishes the latest versions of everything on v, reading what was written in place
 * from where it lies. */
int client_publish_all(struct blink_connection *c, struct vso_client *v, struct error *err);

#endif
