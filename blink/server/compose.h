/* compose.h - the screen: what is visible of whom, and the server's own drawing.
 *
 *   compose_region.c   rectangles and what is left of them behind others
 *   compose_screen.c   the server's context: copies, frames, background, pictures
 *   compose.c          one display frame's third and fourth step: who is drawn, how
 *   compose_stand_in.c who is drawn where others are, too (stand_in.h)
 *   decorate.c         what stands in the bar above a client's area
 *
 * Places are in pixels of the screen, from the upper left; GL's origin is below, which
 * compose_screen.c alone knows.
 *
 * The server draws last, and only where no window in front covers: so the order of its
 * own drawing does not matter, and it needs one context switch for all of it.  Clients
 * drawn direct go first, back to front.
 *
 * Private to blink/server.
 */
#ifndef BLINK_SERVER_COMPOSE_H
#define BLINK_SERVER_COMPOSE_H

#include "blink/server/server_priv.h"
#include "blink/server/stand_in.h"

struct painter;
struct handover;
struct picture;

/* ---- rectangles ----------------------------------------------------------------- */

struct rect { int x, y, w, h; };
struct region { struct rect *v; uint32_t n, cap; };

static inline bool rect_empty(struct rect r) { return r.w <= 0 || r.h <= 0; }
struct rect rect_meet(struct rect a, struct rect b);
static inline bool rect_meets(struct rect a, struct rect b)
{
	return !rect_empty(rect_meet(a, b));
}
bool rect_has(struct rect r, int x, int y);

/* embedded: all zero is an empty one.  False: out of memory. */
bool region_set(struct region *g, struct rect r);
bool region_add(struct region *g, struct rect r);      /* not to overlap what is there */
bool region_cut(struct region *g, struct rect r);
void region_finish(struct region *g);

/* ---- the frame around an area ------------------------------------------------------ */

#define FRAME_SIDE 3            /* pixels: left, right, below */
#define FRAME_BAR 15            /* above, with the label */

struct rect window_area(const struct window *w);
struct rect window_outer(const struct window *w, bool decorated);
/* The four pieces around the area, the bar first. */
void window_frame(const struct window *w, struct rect piece[4]);

/* The bar's pixels: RGBA, rows from bottom to top, width x FRAME_BAR, malloc'd; NULL:
 * out of memory.  All but the name is the server's; of the name, only what can be read
 * is shown, behind what the server says. */
uint8_t *decorate_bar(const struct window *w, const char *transport, const char *name,
		      uint32_t width, bool focus);
/* The server's choice for client id; no two in a row are alike. */
void decorate_color(uint32_t id, uint8_t rgb[3]);

/* ---- the server's context ------------------------------------------------------------ */

/* Without alpha: nobody looks through a screen; and pictures with alpha and without can
 * both be copied there as they are, where the other way round each pixel is converted. */
#define SCREEN_CONFIG (SINK_CONFIG_PBUFFER | SINK_CONFIG_SAID | 24u << 16 | 8u << 24)

struct screen_gl {                     /* entry points of the sink, with their types */
	void (*clear_color)(float, float, float, float);
	void (*clear)(uint32_t);
	void (*enable)(uint32_t);
	void (*disable)(uint32_t);
	void (*scissor)(int, int, int, int);
	void (*blit)(int, int, int, int, int, int, int, int, uint32_t, uint32_t);
	void (*bind_framebuffer)(uint32_t, uint32_t);
	void (*gen_framebuffers)(int, uint32_t *);
	void (*delete_framebuffers)(int, const uint32_t *);
	void (*framebuffer_texture)(uint32_t, uint32_t, uint32_t, uint32_t, int);
	void (*gen_textures)(int, uint32_t *);
	void (*delete_textures)(int, const uint32_t *);
	void (*bind_texture)(uint32_t, uint32_t);
	void (*tex_image)(uint32_t, int, int, int, int, int, uint32_t, uint32_t, const void *);
	void (*tex_sub_image)(uint32_t, int, int, int, int, int, uint32_t, uint32_t, const void *);
	void (*read_pixels)(int, int, int, int, uint32_t, uint32_t, void *);
	void (*flush)(void);
};

struct screen {
	struct sink *gl;
	struct screen_gl call;
	uint32_t w, h;
	struct region background;      /* covered by no window */
};

int screen_open(struct screen *s, struct sink *gl, uint32_t w, uint32_t h, struct error *err);
void screen_close(struct screen *s);
/* The server's context on the screen; read: from where screen_copy copies, or 0. */
int screen_current(struct screen *s, uint32_t read, struct error *err);
void screen_fill(struct screen *s, const struct region *g, const uint8_t rgb[3]);
/* All of colour, depth and stencil in the area. */
void screen_clear(struct screen *s, struct rect area);
/* The picture of the drawable in screen_current's read, pw x ph, its upper left at that of
 * the area; what it does not reach is black. */
void screen_copy(struct screen *s, struct rect area, const struct region *visible,
		 uint32_t pw, uint32_t ph);
/* Puts pixels as decorate_bar makes them into a bar of the window's own. */
void screen_bar_set(struct screen *s, struct window *w, const uint8_t *rgba, uint32_t width);
void screen_bar_draw(struct screen *s, const struct window *w, const struct region *visible);
void screen_bar_drop(struct screen *s, struct window *w);
/* Of the drawable in screen_current's read: BGRA, rows from the top; x, y from the lower left. */
void screen_read_back(struct screen *s, int x, int y, uint32_t w, uint32_t h, uint8_t *pixels);
/* The picture that a painter has handed over becomes the one that the screen keeps of it. */
void screen_picture_set(struct screen *s, struct picture *p);
/* As screen_copy, of that. */
void screen_picture_copy(struct screen *s, struct rect area, const struct region *visible,
			 const struct picture *p);
void screen_picture_drop(struct screen *s, struct picture *p);
int screen_read(struct screen *s, uint8_t **rgb, struct error *err);
/* The same into memory of w * h * 3 bytes that is there; scratch holds w * h * 4. */
int screen_read_into(struct screen *s, uint8_t *rgb, uint8_t *scratch, struct error *err);

/* ---- the core ------------------------------------------------------------------------------ */

/* What is known of a client's turns (turns.c). */
struct turn {
	uint64_t prepare_ns, draw_ns;  /* that they take: the most lately */
	uint64_t take_ns;              /* to prepare when there is something new, more or less */
	uint32_t put_off;              /* frames for which that has waited */
	uint64_t given_ns, spent_ns;   /* its budget now; in this display frame */
	uint64_t expected_ns;          /* that it will still take in it */
	bool greedy;                   /* takes more than its share */
	bool behind;                   /* that, or brings much: the others are drawn before */
	uint64_t prepared_frame, drawn_frame;   /* the last; also of those with nothing to draw */
	uint64_t stalls;               /* display frames that failed through it */
	uint64_t good, proof;          /* frames of good work: since then, and asked of it */
	uint64_t last_frame, drew_frame;
	uint64_t drew_ns;              /* in drew_frame */
	uint64_t wait_until;           /* display frame, on probation */
};

/* Of one that left, by its transport's label. */
struct turn_note { uint64_t key, stalls, proof; };
#define TURNS_NOTES 32u

/* Of a painter's clients, in its display frame. */
struct turns {
	uint64_t began_ns;             /* monotonic */
	uint64_t usable_ns, spent_ns, expected_ns;      /* the last of those not greedy */
	uint64_t own_ns;               /* that the server's own drawing takes: the most lately */
	uint32_t active, greedy;       /* clients: that do something; that are still to come */
	uint32_t less;                 /* 1/256 of what is left that the greedy do not get */
	uint32_t tried;                /* the one on probation that has its turn */
	uint64_t stall_frame;          /* the last that failed through a client */
	uint64_t refill_frame;         /* the last in which one of these came back: */
	uint32_t taken;                /* stalls of the burst that they have together */
	uint32_t noted;
	struct turn_note note[TURNS_NOTES];
};

/* What a painter is told of a window when a display frame begins; the screen may have moved
 * on meanwhile. */
struct window_seen {
	uint32_t w, h;
	bool hidden, damaged, input;
	int pointer_x, pointer_y;
	uint32_t buttons, key;
};

/* A picture on its way from a further painter to the screen. */
struct picture {
	/* the painter's, until fresh is set; then the composer's, who clears it */
	_Atomic bool fresh;
	uint8_t *pixels;               /* BGRA, rows from the top */
	size_t room;
	uint32_t w, h;                 /* of them: the part that the area has room for */
	uint32_t whole_w, whole_h;     /* of the client's drawable */
	/* the composer's: what it was shown last */
	uint32_t texture, framebuffer, texture_w, texture_h;
};

/* A client on the screen.  Who may touch what: painter.h. */
struct window {
	/* ---- set when it comes */
	struct served *client;
	uint32_t id;
	uint32_t painter;              /* whose it is */
	/* ---- the composer's */
	int x, y;                      /* of the area, upper left, screen pixels */
	uint32_t w, h;
	uint8_t color[3];              /* of its frame: the server's choice, by id */
	/* what the screen holds of it */
	struct region visible, frame;  /* of the area, of the frame around it */
	bool hidden;                   /* nothing of the area is visible */
	bool damaged, frame_damaged, bar_stale;
	bool copy;                     /* its picture is to be copied in this frame */
	uint32_t bar_framebuffer, bar_texture, bar_width;
	uint64_t shown_at;             /* display frame that showed a new picture last */
	int pointer_x, pointer_y;      /* in its area, origin lower left, as it last saw it */
	uint32_t buttons, key;
	bool input;                    /* it has not been told yet */
	enum vso_fault dismissed;      /* it has to go, as soon as its painter rests */
	struct server_client_info known;       /* as it was when its painter rested last */
	uint64_t usual_ns;             /* turns_usual, as it was then; 0: nothing is known */
	/* ---- its painter's; the composer's while that rests */
	struct window_seen seen;
	bool direct;                   /* drawn so the last time */
	uint32_t steady;               /* display frames in a row with a new picture, at most
	                                  so many as count */
	uint64_t alone_until;          /* display frame: it did not finish in a stand-in */
	bool unseen;                   /* its picture changed while it was hidden */
	enum vso_fault doomed;         /* it has to go, after this frame */
	uint64_t attached_ns;
	struct turn turn;
	int64_t credit_ns;             /* CPU time that it may use; below 0: it owes some */
	bool over_budget;
	uint64_t direct_after;         /* display frame: it did not finish when drawn direct */
	uint64_t frames, direct_frames, hidden_frames, skipped_clears, cpu_ns;
	/* ---- handed over */
	struct picture picture;
};

/* What the person at the screen is doing. */
struct hand {
	int x, y;
	uint32_t buttons;
	uint32_t holder;               /* client that the pointer went down in, 0 none */
	enum { HAND_FREE, HAND_CLIENT, HAND_MOVE, HAND_RESIZE } act;
	int dx, dy;                    /* MOVE: from the pointer to the area's corner */
};

struct server {
	struct sink *gl;
	struct server_options opt;
	struct screen screen;
	struct window **windows;       /* back to front */
	uint32_t n;
	uint32_t next_id, focus;
	uint64_t frames, due_ns, period_ns, now_ns;
	bool layout_stale, everything; /* everything: the screen holds nothing to be kept */
	struct hand hand;
	struct server_frame_stats stats;
	struct painter *painter;       /* painters of them; the first composes */
	uint32_t painters;
	struct handover *handover;     /* between them; NULL: there is one alone */
};

/* Fills w->known, as far as its painter lets it. */
void window_know(struct server *s, struct window *w);
/* Tells whoever wants to know, one at a time. */
void server_event_tell(struct server *s, const struct server_event *e);
uint64_t server_cpu_ns(void);
/* A test's own clock, ns: for that, and for how far a display frame is (turns.c).  NULL: the
 * machine's. */
extern uint64_t (*server_clock)(void);

/* ---- turns.c: whose turn is how long --------------------------------------------------- */

/* At the beginning of a painter's display frame; */
void turns_begin(struct painter *p);
/* the order of steps 1 and 2: from *at == 0 until NULL; */
struct window *turns_next(struct painter *p, uint32_t *at);
/* It has been prepared and is to be drawn: true once in a display frame. */
bool turns_draw(const struct painter *p, struct window *w);
/* has it a turn in this frame?  (sets over_budget) */
bool turns_allow(struct painter *p, struct window *w);
/* CPU time that it may use now, and that a turn which failed the frame goes on for. */
uint64_t turns_budget(const struct painter *p, const struct window *w);
uint64_t turns_grace(const struct painter *p, const struct window *w);
/* What it used of that; after steps 1 and 2; after the frame. */
void turns_spent(struct painter *p, struct window *w, uint64_t cpu_ns, bool drawing);
void turns_prepared(struct painter *p, struct window *w);
/* True: what it has brought is not to be taken yet. */
bool turns_put_off(struct painter *p, struct window *w);
/* True: its redraw, which is next, would not end in what is left of its time, and waits for the
 * next frame; its picture stays. */
bool turns_postpone(struct painter *p, struct window *w);
void turns_end(struct painter *p, uint64_t cpu_ns);
/* A client leaves; it may come again, as another, to whatever painter: s keeps the notes. */
void turns_leave(struct painter *p, const struct window *w);
void turns_come(const struct painter *p, struct window *w);
/* When all that clients do in this display frame should be done, monotonic. */
uint64_t turns_over(const struct painter *p);
/* CPU time that a client is expected to take per display frame; 0: nothing is known. */
uint64_t turns_usual(const struct window *w);

/* server_place.c: where new clients come, and how far windows may go */
void place_new(struct server *s, struct window *w, uint32_t width, uint32_t height);
void place_keep(const struct server *s, struct window *w);

/* ---- one display frame ------------------------------------------------------------------ */

/* What is visible of whom: when a window came, went, moved, was resized or raised. */
int compose_layout(struct server *s, struct error *err);
/* w is drawn in a stand-in, and what comes of it is copied to the screen: 1; 0 it is not to be. */
int compose_stand_in(struct server *s, struct window *w, const struct served_look *look,
		     struct error *err);
/* The drawable to draw w in, of that size, in the place of its own; 0 none. */
uint32_t compose_stand_in_for(struct painter *p, struct window *w, const struct served_look *look,
			      uint32_t *pw, uint32_t *ph);
/* It has not finished there. */
void compose_stand_in_failed(struct painter *p, struct window *w);
/* Steps 3 and 4 of server_frame.  -EIO: the driver is lost. */
int compose_frame(struct server *s, struct error *err);
/* Draws, before that, the composer's clients that have been prepared so far, off-screen. */
int compose_ready(struct server *s, struct error *err);
/* A client that does not let itself be resized is shown at the size that it has. */
void server_follow_size(struct server *s, struct window *w, uint32_t pw, uint32_t ph);

#endif
