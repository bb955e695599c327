/* server.h - the display server: many clients, one screen (Hansen 2006, chapter 2).
 *
 *   broker.c     process that owns sockets and files; starts, watches, restarts the executor
 *   executor.c   process that owns GL, under a seccomp filter; calls this module's core
 *   server.c     the core: clients, callbacks at their times (the paper's Table 1)
 *   painter*.c   threads that run clients, each with a sink of its own
 *   turns.c      whose turn is how long
 *   compose.c    the screen: order, places, frames and labels, what has to be drawn
 *   served*.c    one client: objects taken, verified, compiled, run, accounted
 *   confine*.c   the sink of one client: its mediated commands over the driver's
 *
 * The core takes time from its caller and does no I/O but GL: tests run it in one process
 * over loopback clients with a clock of their own.
 *
 * One display frame (server_frame):
 *   1  every client that rang: what changed is taken, verified, compiled
 *   2  init SPs of new ones; reshape, where the area changed; update, as asked; input SPs
 *      where the pointer or a key changed; entries of streams, as the budget allows
 *   3  redraw SPs, back to front: direct where the verifier finds it safe and the client
 *      agreed, else into the client's retained drawable, which is then copied; not at all
 *      where nobody can see it, or nothing can have changed
 *   4  frames and labels, in a context of the server's own; swap
 *   5  page 1 of each client; the bells of those that asked
 *
 * All functions return 0 or a negative errno with err set, and are called on one thread.
 * Where there are further painters (server_options.further), each has a thread within.
 */
#ifndef BLINK_SERVER_SERVER_H
#define BLINK_SERVER_SERVER_H

#include "blink/engine/engine.h"
#include "blink/verify/shader.h"
#include "blink/vso/vso.h"

struct server;
struct server_event;

struct server_limits {                 /* of one client */
	struct vso_quotas quotas;
	uint64_t memory;               /* bytes of textures, buffers, drawables and lists */
	uint64_t frame_ns;             /* CPU time of one display frame; more is taken from
	                                  later frames of that client's.  0: what the
	                                  display period allows, by shares (turns.c) */
	uint64_t compile_ns;           /* verify and compile, of one display frame */
	uint32_t slice;                /* commands between looks at the clock */
	uint32_t contexts, drawables;
};
extern const struct server_limits server_limits_default;

struct server_options {
	uint32_t width, height;        /* of the screen */
	double refresh;                /* Hz */
	uint32_t clients;              /* at most */
	struct server_limits limits;
	bool no_direct;                /* everybody off-screen */
	bool direct;                   /* `serve`: who may be is drawn direct, untried */
	bool no_facts;                 /* clear and draw whether or not it can be seen */
	bool no_decoration;            /* no frames and labels (for comparison of pixels) */
	bool no_jit;                   /* procedures are interpreted */
	bool hash;                     /* pictures of streams are hashed (SERVER_EVENT_PICTURE) */
	struct shader_judge *judge;    /* tries shaders; NULL: their text alone is judged */
	/* Sinks of further painters (painter.h), with drivers of their own: each has a thread
	 * of the server's while that lives, which alone uses it. */
	struct sink *const *further;
	uint32_t nfurther;
	/* They are waited for for so long in a display frame; 0: what the period allows. */
	uint64_t patience_ns;
	/* told of events for `serve --trace`, on whatever thread, one at a time; may be NULL */
	void (*event)(void *user, const struct server_event *e);
	/* whose turn it is of a painter's clients: id, 0 when it is over, SERVER_TURN_REST
	 * when the painter waits for the next frame; on its thread; may be NULL */
	void (*turn)(void *user, uint32_t painter, uint32_t id);
	/* a client is about to be detached, or was closed and will be when its painter rests,
	 * and why: its peer is still open; may be NULL */
	void (*gone)(void *user, uint32_t id, enum vso_fault why);
	void *user;
};

#define SERVER_TURN_REST UINT32_MAX

/* What happened, for traces: one row per kind in server_event_names. */
enum server_event_kind {
	SERVER_EVENT_ATTACH, SERVER_EVENT_DETACH, SERVER_EVENT_TAKE, SERVER_EVENT_REFUSE,
	SERVER_EVENT_INIT, SERVER_EVENT_UPDATE, SERVER_EVENT_RESHAPE, SERVER_EVENT_INPUT,
	SERVER_EVENT_REDRAW, SERVER_EVENT_STREAM, SERVER_EVENT_SKIP, SERVER_EVENT_COPY,
	SERVER_EVENT_FRAME, SERVER_EVENT_OVER_BUDGET,
	SERVER_EVENT_PICTURE,          /* a stream swapped: .hash, XXH3-64 of the picture, RGB,
	                                  rows from the top; .commands its entry's number */
	SERVER_EVENT_KINDS
};
extern const char *const server_event_names[SERVER_EVENT_KINDS];
struct server_event {
	enum server_event_kind kind;
	uint32_t client;               /* 0: the server's */
	uint64_t frame;
	uint64_t start_ns, cpu_ns;     /* when, by the clock given; CPU time it took */
	uint64_t commands;
	uint32_t detail;               /* object, fault, or 0 */
	uint64_t hash;                 /* of a picture, else 0 */
};

int server_create(struct server **s, struct sink *gl, const struct server_options *opt,
		  struct error *err);
/* False: a painter is in a turn that does not end; nothing was freed, and its sink is in use. */
bool server_destroy(struct server *s);

/* The painter that is to have the next client rests.  (One that comes at another time is the
 * composer's, which may have more to do.) */
bool server_ready(struct server *s);
/* A client came.  p is taken over, also on failure (it was told why). */
int server_attach(struct server *s, struct vso_peer *p, uint32_t *id, struct error *err);
/* The same under a number that it had before, and nobody has now. */
int server_attach_as(struct server *s, struct vso_peer *p, uint32_t id, struct error *err);

/* One display frame at now (ns, monotonic).  -EIO: the driver is lost (reset). */
int server_frame(struct server *s, uint64_t now_ns, struct error *err);
uint64_t server_frames(const struct server *s);
/* When the next frame is due, by the refresh rate: a multiple of the period. */
uint64_t server_due(const struct server *s);

/* What one display frame did, over all clients. */
struct server_frame_stats {
	uint64_t cpu_ns;               /* (of a late painter's frame: when it has ended) */
	uint64_t composer_ns;          /* of cpu_ns: what is not further painters' */
	uint32_t redraws, direct, offscreen, skipped, hidden, clears_skipped, copies;
	uint32_t late;                 /* painters whose pictures were not waited for */
};
void server_frame_stats_get(const struct server *s, struct server_frame_stats *out);
/* The last frame changed nothing, and the next one will not, unless a client rings, or
 * something of what follows is called. */
bool server_idle(struct server *s);

/* Input, in pixels of the screen from the upper left. */
void server_pointer(struct server *s, int x, int y, uint32_t buttons);
void server_key(struct server *s, uint32_t keysym, bool down);

/* Clients as they stand, back to front. */
struct server_client_info {
	uint32_t id, painter;
	char name[VSO_NAME];
	char label[64];                /* of its transport */
	int x, y;                      /* of the area, upper left, screen pixels */
	uint32_t width, height;
	bool stream, direct, focus, over_budget;
	enum vso_fault fault;          /* the latest of any object */
	uint64_t frames, redraws, updates, inits, reshapes, inputs, stream_entries;
	uint64_t direct_frames, skipped_clears, hidden_frames, wakeups;
	uint64_t cpu_ns, compile_ns, verify_ns;
	uint64_t compiles, cache_hits, refusals, commands;
	uint64_t memory;               /* accounted bytes, and of code made for its draws */
	uint64_t redraw_interval_ns[2], update_interval_ns[2];   /* mean, 99th percentile */
};
uint32_t server_clients(struct server *s, struct server_client_info *out, uint32_t max);

int server_move(struct server *s, uint32_t id, int x, int y, struct error *err);
int server_resize(struct server *s, uint32_t id, uint32_t w, uint32_t h, struct error *err);
int server_raise(struct server *s, uint32_t id, struct error *err);
int server_focus(struct server *s, uint32_t id, struct error *err);
int server_close_client(struct server *s, uint32_t id, struct error *err);

/* The screen as it was shown last: RGB, rows top to bottom; *rgb is malloc'd. */
int server_screenshot(struct server *s, uint8_t **rgb, uint32_t *w, uint32_t *h,
		      struct error *err);
/* The same into memory that is there: width * height * 3 bytes; scratch: * 4. */
int server_picture(struct server *s, uint8_t *rgb, uint8_t *scratch, struct error *err);

#endif
