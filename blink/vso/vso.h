/* vso.h - versioned shared objects and streams: the client's half and the server's.
 *
 * Both walk the layout of protocol.h over a transport.  Neither interprets what an object
 * holds.  The client's half trusts the server to keep the protocol; the server's half
 * trusts nothing.
 */
#ifndef BLINK_VSO_VSO_H
#define BLINK_VSO_VSO_H

#include "blink/vso/transport.h"

/* ---- client ----------------------------------------------------------------- */
struct vso_client;

struct vso_wishes {
	const char *name;
	uint32_t objects, slots;
	uint32_t names[GL_SPACE_COUNT];
	uint32_t flags;                    /* VSO_HELLO_* */
	uint32_t width, height;
	uint64_t data_bytes;               /* of all objects at one time, each counted twice
	                                      where it is to be replaced while it is shown */
	uint32_t stream_bytes;             /* 0: no stream */
};
/* Pages that this needs of a transport. */
uint32_t vso_client_pages(const struct vso_wishes *w);
/* Writes the hello.  l is taken over, on success. */
int vso_client_create(struct vso_client **c, struct vso_link *l, const struct vso_wishes *w,
		      struct error *err);
void vso_client_destroy(struct vso_client *c);
/* Rings, and waits for the server's answer.  -EACCES: refused, with its sentence. */
int vso_client_start(struct vso_client *c, int64_t timeout_ns, struct error *err);
struct vso_link *vso_client_link(struct vso_client *c);
/* What the server says; registers and requests to it. */
const struct vso_server_page *vso_client_server(const struct vso_client *c);
struct vso_client_page *vso_client_page(struct vso_client *c);

/* Publishes a version: data is copied into free pages.  -EAGAIN: no pages free until the
 * server takes what was published before (vso_client_reclaim, wait); -ENOSPC: never.
 * Returns with the doorbell not rung yet: vso_client_ring. */
int vso_publish(struct vso_client *c, uint32_t object, const struct vso_desc *d,
		const void *data, struct error *err);
/* The same in place: size bytes as ranges of pages to be filled by the caller (contiguous
 * where the transport has it so), shown by vso_publish_end. */
int vso_publish_begin(struct vso_client *c, uint32_t object, const struct vso_desc *d,
		      void **contiguous, struct error *err);
int vso_publish_end(struct vso_client *c, uint32_t object);
int vso_delete(struct vso_client *c, uint32_t object);
/* Pages that the server has given back become free; true if any did. */
bool vso_client_reclaim(struct vso_client *c);
void vso_client_ring(struct vso_client *c);
/* Is what was published last taken, and how did it fare? */
enum vso_fault vso_client_fault(const struct vso_client *c, uint32_t object, uint64_t *taken);
void vso_client_registers(struct vso_client *c, const uint32_t regs[SP_REGISTERS]);
uint64_t vso_client_update(struct vso_client *c);      /* asks for the update SP */
/* External state and registers as the server wrote them last, of one moment; either may
 * be NULL. */
void vso_client_shown(const struct vso_client *c, uint32_t ext[SP_EXTERNS],
		      uint32_t regs[SP_REGISTERS]);

struct vso_stream_sp {
	uint8_t callback;
	uint32_t context, drawable, flags;
	const uint32_t *code;              /* payload operands as in .payloads, from 1 */
	uint32_t words;
	const struct sp_payload *payloads;
	uint32_t npayloads;
};
/* Appends; waits for room at most so long (-EAGAIN; -EPIPE; -E2BIG: no entry is so large).  A
 * procedure that is larger than the ring goes through it in parts, while the server takes
 * them: where that was not done in time, the next call has to be for the same procedure (-EBUSY:
 * it is not), and goes on with it. */
int vso_stream_push(struct vso_client *c, const struct vso_stream_sp *sp, int64_t timeout_ns,
		    struct error *err);
/* Waits until entry n (counted from 1) has run.  -EIO: the stream stopped, with why. */
int vso_stream_wait(struct vso_client *c, uint64_t n, int64_t timeout_ns, struct error *err);
uint64_t vso_stream_pushed(const struct vso_client *c);
/* Another number after each thing that the server did for this client, and after each
 * display frame: who waits for long can tell a server that is slow from one that is stuck. */
uint64_t vso_client_life(const struct vso_client *c);

/* ---- server ----------------------------------------------------------------- */
struct vso_server;       /* one client, as the server sees it */

struct vso_quotas {
	uint32_t pages, objects, slots, names[GL_SPACE_COUNT];
	uint32_t stream_bytes;
	uint64_t entry_bytes;              /* of one entry of a stream, which may be longer than
	                                      its ring */
	uint64_t object_bytes;             /* of one object */
	uint64_t copied_bytes;             /* of all private copies at one time */
	uint64_t round_bytes;              /* copied in a round of calls (vso_server_changes), and
	                                      of one entry by one call; the rest follows at
	                                      the next */
	uint32_t torn;                     /* looks at an object that changes under them */
};
extern const struct vso_quotas vso_quotas_default;

/* Copies and checks the hello.  p is taken over, also on failure: a refused client is told
 * why.  -EACCES. */
int vso_server_create(struct vso_server **s, struct vso_peer *p, const struct vso_quotas *q,
		      struct error *err);
/* fault: told to the client as the reason, with a sentence of one's own or NULL. */
void vso_server_destroy(struct vso_server *s, enum vso_fault fault, const char *why);
const struct vso_hello *vso_server_hello(const struct vso_server *s);   /* the copy */
struct vso_peer *vso_server_peer(struct vso_server *s);

/* What it has cost so far. */
struct vso_counters {
	uint64_t words, entries;           /* words of dirty bits, entries looked at */
	uint64_t pages, lists;             /* data pages, list pages read */
	uint64_t bytes;                    /* copied */
	uint64_t torn, faults;
	uint64_t copies, mappings;         /* alive now */
	uint64_t copied_bytes;             /* alive now */
	uint64_t rings;                    /* of the client's bell */
};
const struct vso_counters *vso_server_counters(const struct vso_server *s);

/* An object's new version, a private copy or a mapping.  data stays until
 * vso_object_release; before vso_server_destroy, all have to be released. */
struct vso_object {
	uint32_t id;
	uint64_t version;
	struct vso_desc desc;
	const void *data;                  /* aligned to 64 */
	bool mapped;
	enum vso_fault fault;              /* it cannot be used: data is NULL */
};
/* Takes what changed: up to max objects, their data copied or mapped.  Costs in proportion
 * to what changed.  Returns how many; call again while it returns max: that ends, whatever
 * the client does meanwhile.  Fewer than that may be left for the next frame, when they are
 * long (vso_server_wake begins a new frame).  Each has to be answered by vso_server_taken,
 * a fault, too. */
uint32_t vso_server_changes(struct vso_server *s, struct vso_object *out, uint32_t max);
/* o is shown now (or refused: o->fault, detail, record).  The version before is given back
 * at once if it was copied, when it is released if it is mapped. */
void vso_server_taken(struct vso_server *s, const struct vso_object *o, uint32_t detail,
		      uint32_t record);
/* o, which was refused, or a later version or a deletion replaced, is no longer used. */
void vso_object_release(struct vso_server *s, struct vso_object *o);

/* The next entry of the stream, copied whole: 1, 0 none (or a long one not here yet),
 * -EBADMSG (the stream is stopped, the client told).  It stays until the next call. */
struct vso_stream_item {
	struct sp sp;
	struct sp_payloads payloads;       /* v[0] null */
	uint32_t flags;
	uint64_t number;                   /* from 1 */
};
int vso_server_next(struct vso_server *s, struct vso_stream_item *item);
/* Something long is on its way, that a later call goes on with, though nobody rings. */
bool vso_server_pending(const struct vso_server *s);
/* It has run, its registers being these. */
void vso_server_done(struct vso_server *s, const struct vso_stream_item *item,
		     const uint32_t regs[SP_REGISTERS]);
void vso_server_stream_stop(struct vso_server *s, enum vso_fault fault);
/* Contexts were lost: the client sees it by `generation`; its stream ends, STREAM_LOST. */
void vso_server_lost(struct vso_server *s);

/* The client's registers as they are (again if they changed meanwhile, boundedly). */
void vso_server_registers(struct vso_server *s, uint32_t regs[SP_REGISTERS]);
/* Requests for the update SP so far.  One is counted when all that the client published before it
 * has been handed out (vso_server_changes): it is for that, not for what came before. */
uint64_t vso_server_update(const struct vso_server *s);
/* Writes page 1: external state, size, registers (NULL: as they were). */
void vso_server_show(struct vso_server *s, const uint32_t ext[SP_EXTERNS], uint32_t width,
		     uint32_t height, const uint32_t *regs);
/* The number by which people know the client. */
void vso_server_number(struct vso_server *s, uint32_t id);
void vso_server_updated(struct vso_server *s, uint64_t request);
/* Rings the client if it asked for what has happened: a frame, a fence, room. */
void vso_server_wake(struct vso_server *s, bool frame);

#endif
