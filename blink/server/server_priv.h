/* server_priv.h - between the parts of the server's core.  Private to blink/server.
 *
 * compose.c and server.c decide when and where; served.c knows how one client is run;
 * confine.c is what its commands pass through.
 */
#ifndef BLINK_SERVER_SERVER_PRIV_H
#define BLINK_SERVER_SERVER_PRIV_H

#include "blink/server/confined.h"
#include "blink/server/server.h"
#include "blink/verify/verify.h"

/* Numbers of contexts and drawables in the driver's sink: up to here they are the server's
 * own, clients' begin behind. */
#define SERVER_NUMBERS 15u
#define SERVER_CONTEXT 1u
#define SERVER_SCREEN 1u               /* the shared drawable */
#define SERVER_STAND_INS 2u            /* the first of stand_in.h's */

/* A rectangle of a drawable, GL's way: origin lower left. */
struct place { int x, y; uint32_t w, h; };

/* ---- confine.h's part: a client's sink ---------------------------------------
 *
 * Entries of innocuous commands are the driver's own, so that compiled code calls them
 * directly; those of sensitive ones are mediations (blink/gl/tables/mediation.tbl) that
 * find their client through a thread-local pointer.  Contexts and drawables of the client
 * become the driver sink's, under numbers that no other client has; no share group
 * crosses clients.
 *
 * Framebuffer 0 of a client is either a drawable of its own, in which its coordinates are
 * GL's (OFF-SCREEN: nothing of framebuffer 0 needs translation), or its place on the
 * shared drawable (DIRECT: scissor, viewport and everything else window-relative
 * translated and confined; what cannot be is what the verifier keeps from being direct).
 */
struct confined;
struct confine_limits { uint64_t memory; uint32_t contexts, drawables; };
int confined_create(struct confined **k, struct sink *gl, const struct confine_limits *l,
		    struct shader_judge *judge, struct error *err);
void confined_destroy(struct confined *k);           /* all of the client's GL goes */
struct sink *confined_sink(struct confined *k);
/* Mediations on this thread are this client's from here on; NULL: nobody's. */
void confined_enter(struct confined *k);
/* Where framebuffer 0 lies from now on.  screen 0: the client's own drawable; at NULL: the
 * whole of that drawable, which is like the client's own window, stands in for it. */
int confined_target(struct confined *k, uint32_t screen, const struct place *at,
		    struct error *err);
/* The client's context is current again, whoever's was meanwhile.  -EAGAIN: the shared
 * drawable cannot be drawn to now, its own one is the target instead. */
int confined_resume(struct confined *k, struct error *err);
/* The client's numbers of what is current, 0 none; has it such a context and drawable? */
uint32_t confined_context(const struct confined *k);
uint32_t confined_drawable(const struct confined *k);
bool confined_has(const struct confined *k, uint32_t context, uint32_t drawable);
/* The client's window: the drawable that it swapped last (or made first); driver sink's
 * number, 0 none.  Its size follows server_resize where the client agreed to that. */
uint32_t confined_window(const struct confined *k, uint32_t *w, uint32_t *h);
int confined_resize(struct confined *k, uint32_t w, uint32_t h, struct error *err);
uint64_t confined_swaps(const struct confined *k);
uint64_t confined_memory(const struct confined *k);  /* bytes accounted */
uint64_t confined_code(const struct confined *k);    /* of code made for its draws, about */
/* What the client did beyond its limits since the last look: VSO_FAULT_OK, _MEMORY, ... */
enum vso_fault confined_fault(struct confined *k);
/* The driver made more machine code for its draws than it may have: its contexts are to go. */
bool confined_excess(const struct confined *k);
/* A list that is being compiled has grown beyond all that is left, or something was not done
 * that the verifier counts on: the world is to go. */
bool confined_overflows(const struct confined *k);
/* May what is drawn to that context and drawable of the client's be drawn to the shared
 * drawable instead, as its state is now? */
bool confined_movable(const struct confined *k, uint32_t context, uint32_t drawable,
		      const struct verify_facts *facts);
/* May a drawable of that configuration and of the window's size stand in for it, while what
 * leaves nothing of what was there (verify_facts_direct) is drawn to that context and drawable? */
bool confined_replaceable(const struct confined *k, uint32_t context, uint32_t drawable,
			  uint32_t *config);
/* Commands were left out since the last look, which cannot be done on the shared drawable:
 * the picture is not whole. */
bool confined_skipped(struct confined *k);

/* ---- served.c's part: one client ----------------------------------------------- */
struct served;

struct served_tick {
	uint64_t now_ns;
	uint64_t since_ns, frame;      /* time, display frames since the client connected */
	double refresh;
	int pointer_x, pointer_y;      /* in the client's area, origin lower left */
	uint32_t buttons, key;
	bool input;                    /* pointer or keys concern this client, and changed */
	uint64_t budget_ns;            /* what it may use in this display frame */
	uint64_t grace_ns;             /* what one that has overrun it anyhow may use more */
};
/* External state as a client's SPs read it with a drawable of that size, and as page 1 shows
 * it.  (server.c; which also does step 5: vso_server_show, vso_server_wake.) */
void served_tick_externs(const struct served_tick *t, uint32_t width, uint32_t height,
			 uint32_t ext[SP_EXTERNS]);

int served_create(struct served **c, struct sink *gl, struct vso_server *v,
		  const struct server_options *opt, struct error *err);
void served_destroy(struct served *c, enum vso_fault why);

/* Step 1: takes, verifies, compiles what changed, within opt->limits.compile_ns. */
void served_take(struct served *c);
/* Step 2: init, reshape, update, input, stream.  VSO_FAULT_OK, or why it has to go. */
enum vso_fault served_prepare(struct served *c, const struct served_tick *t);
/* It has work left that goes on at the next display frame, whether or not it rings. */
bool served_busy(const struct served *c);
/* What is known of its redraw SP, for the compositor. */
struct served_look {
	bool has_redraw;               /* there is a redraw SP that was accepted */
	bool direct;                   /* it may be drawn direct: facts and client agree */
	bool replaceable;              /* any drawable of this configuration, and of the retained
	                                  picture's size, may be drawn to instead */
	uint32_t config;
	bool opaque;                   /* covers all of its area */
	bool changing;                 /* may look different from the last time (reads external
	                                  state or registers, or something changed) */
	bool rerunnable;               /* running it again does no harm */
	bool retained;                 /* a picture is kept in the client's drawable */
	bool clears_depth, clears_color;
};
void served_look(struct served *c, struct served_look *out);
/* Step 3: runs the redraw SP into its place on the screen, with at NULL into a drawable of that
 * number in the place of its own, with screen 0 into its own.  1 drawn whole, 0 not finished within the
 * budget (it goes on at the next frame; what was retained is shown), negative: it has to go,
 * and served_over says why. */
enum vso_fault served_over(const struct served *c);
int served_redraw(struct served *c, const struct served_tick *t, uint32_t screen,
		  const struct place *at, struct error *err);
/* The retained picture, driver sink's drawable; 0 none. */
uint32_t served_retained(const struct served *c, uint32_t *w, uint32_t *h);
int served_resize(struct served *c, uint32_t w, uint32_t h, struct error *err);
/* Adds what it counts to info. */
void served_info(const struct served *c, struct server_client_info *info);
struct vso_server *served_vso(struct served *c);

/* ---- compose.c's and server.c's part -------------------------------------------- */

/* A client on the screen; the private fields of compose.h's and server.c's follow there. */
struct window;

#endif
