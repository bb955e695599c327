/* server_priv.h - between the files of the server's half.  Private to blink/vso. */
#ifndef BLINK_VSO_SERVER_PRIV_H
#define BLINK_VSO_SERVER_PRIV_H

#include "blink/vso/scatter.h"
#include "blink/vso/shared.h"
#include "blink/vso/vso.h"

/* A mapped version that whoever runs the client still uses. */
struct held {
	struct held *older;
	uint64_t version;
	const void *at;
	uint32_t pages;
};

/* What is known of an object, in memory of our own. */
struct known {
	uint64_t seen;                 /* handed out last */
	uint64_t taken;                /* answered last */
	struct held *held;             /* latest first */
};

/* A version on its way out of the client's pages, over as many calls as it needs. */
struct copying {
	struct vso_object o;           /* o.data: the copy; NULL: none is on its way */
	uint8_t *to;
	uint32_t done;                 /* bytes */
	uint32_t *pages, npages;       /* NULL: the one page, first */
	uint32_t first;
};

#define VSO_SUMMARY_WORDS (VSO_OBJECTS_MAX / 64)

struct stream {
	uint32_t bytes;                /* of the ring, 0: none */
	const uint8_t *flat;           /* the ring as one range, or NULL */
	uint32_t *pages, npages;
	uint64_t tail, head, done;     /* our own */
	uint64_t number;               /* of the entry handed out last */
	bool stopped;
	uint8_t *entry;                /* the private copy; aligned to 64 */
	size_t room;
	uint32_t size, copied;         /* of the entry on its way */
	struct vso_stream_entry header;
	struct sp_payload *payloads;
	uint32_t payloads_room;
};

struct vso_server {
	struct vso_peer *peer;
	struct vso_quotas quotas;
	struct vso_hello hello;
	uint32_t pages, free_page;     /* granted and claimed; the client's first own */
	bool running;
	/* shared pages */
	struct vso_server_page *page;
	struct vso_client_page *client;
	struct vso_dirty *dirty;
	struct vso_entry **entries;    /* per page of entries */
	struct vso_state **states;
	/* our own */
	struct known *known;
	uint64_t pending[VSO_SUMMARY_WORDS], pending_summary;
	bool round;                    /* the last call filled its array */
	uint64_t asking;               /* requests for updates when the dirty bits were taken */
	uint64_t asked_copy;           /* those before, for which a copy alone may be on its way */
	uint64_t asked;                /* those, when all that they named has been handed out */
	uint64_t budget;               /* left of what this round may cost */
	struct copying copying;
	struct stream stream;
	uint32_t regs[SP_REGISTERS];   /* the client's, as copied last */
	uint64_t woke_done, woke_room, updated, woke_updated;
	bool took;                     /* something was taken or released since the last wake */
	struct vso_counters count;
};

static inline struct vso_entry *entry_of(const struct vso_server *s, uint32_t object)
{
	return &s->entries[object / 64][object % 64];
}
static inline struct vso_state *state_of(const struct vso_server *s, uint32_t object)
{
	return &s->states[object / 128][object % 128];
}

/* The page as memory; NULL with *fault set where the client may not name it. */
const void *server_data_page(struct vso_server *s, uint32_t n, enum vso_fault *fault);
/* Page numbers of size bytes whose list begins at list, into a malloc'd array. */
enum vso_fault server_list(struct vso_server *s, uint32_t list, uint32_t size,
			   uint32_t **pages, uint32_t *npages);
int stream_open(struct vso_server *s, struct error *err);
void stream_close(struct vso_server *s);
void objects_close(struct vso_server *s);
void server_ring(struct vso_server *s);

#endif
