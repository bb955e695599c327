/* painter.h - those who run clients: one per processor, each with a sink of its own.
 *
 *   painter.c        threads, orders, who gets a new client
 *   painter_frame.c  one painter's display frame: steps 1, 2, 3 and 5 for its clients
 *
 * The first painter is the server's own thread, and the composer: only its clients may be
 * drawn straight into the screen.  Further ones have a thread, a sink and a budget of their
 * own each (server_options.further), draw off-screen, and hand over what has changed, read
 * back into memory; the composer makes a texture of it, which it copies like any retained
 * picture.
 *
 *     composer     gather, begin   own clients         take pictures   compose   show
 *                       |                                      ^    ^
 *     painter 1         '-> prepare ... draw, read back, show, rest |
 *     painter 2         '-> prepare ........ draw, read back, show, rest
 *
 * Display frames are not waited for for ever: when a frame's time is over the composer goes
 * on with the pictures that have come.  A painter that is late by then keeps drawing; its
 * clients' last pictures are shown, and it begins the next frame when it has come to rest,
 * which the composer looks for between its own clients' turns.
 *
 * Who may touch what (struct window says it of its members):
 *
 *   the composer    the list of windows, places, sizes, focus, hand, the screen, always
 *   a painter       from its order until it rests: its struct painter, its clients' struct
 *                   served, what windows have of its; in between the composer has all that
 *   picture         the painter until it sets fresh (release), the composer (acquire) until
 *                   it clears it: it takes all before it gives the next order
 *   GL              each sink on the thread of its painter alone: what the composer wants
 *                   done with a client's GL it has done there (painter_do)
 *
 * A window's painter is the same for life.  Windows go only while their painter rests; one
 * that is to be dismissed meanwhile is noted.  Shared beside that: the shader judge and the
 * numbers of contexts (each with a lock of its own), tables that are filled once, and
 * server_options.event, which is told one at a time.
 *
 * Private to blink/server.
 */
#ifndef BLINK_SERVER_PAINTER_H
#define BLINK_SERVER_PAINTER_H

#include <pthread.h>
#include <sched.h>

#include "blink/server/compose.h"

enum painter_order { PAINTER_REST, PAINTER_FRAME, PAINTER_JOB, PAINTER_END };

struct painter {
	struct server *server;
	struct sink *gl;
	uint32_t index;                /* 0: the composer */
	struct server_options opt;     /* as its clients get them: events pass through it */
	uint64_t frames, period_ns, now_ns;
	struct window **windows;       /* its own, back to front, in this display frame */
	uint32_t n;
	uint32_t turn;                 /* client whose turn it is */
	struct turns turns;
	struct stand_ins stand_ins;
	struct server_frame_stats stats;
	struct screen own;             /* further ones: a context to read back in */
	int failed;                    /* its driver is lost */
	_Atomic int processor;         /* 1 + where it was last seen; 0: unknown */
	uint64_t placed_frame;         /* in which it looked */
	/* of a further one */
	pthread_t thread;
	bool started;
	_Atomic enum painter_order order;      /* set under the lock of the handover */
	pthread_cond_t wake;
	void (*job)(void *arg);
	void *arg;
};

struct handover {
	pthread_mutex_t lock;
	pthread_cond_t told;           /* a painter rests */
	_Atomic uint64_t news;         /* how often one came to rest */
	cpu_set_t may;                 /* processors that they were given */
	pthread_mutex_t telling;       /* held while an event is told */
};

/* ---- painter.c --------------------------------------------------------------------------- */

/* All that opt names: the composer, and one for each further sink. */
int painters_open(struct server *s, struct error *err);
/* False: one does not come to rest, and nothing may be freed. */
bool painters_rest(struct server *s);
void painters_close(struct server *s);
/* It has no order that it has not done: the composer may touch what is its. */
bool painter_rests(struct painter *p);
/* On the painter's thread; it rests before and afterwards. */
void painter_do(struct painter *p, void (*job)(void *arg), void *arg);
/* Its windows, and what it is to know of them. */
void painter_gather(struct painter *p);
/* Gathers, and has all further ones begin this display frame that rest and have not yet: late
 * ones may have come to rest since the last look.  What they handed over is taken first. */
void painters_begin(struct server *s);
void composer_begin(struct server *s);
/* Of further ones, that have not come to rest. */
uint32_t painters_busy(struct server *s);
/* How often one has come to rest.  Pictures come without news: who were woken by each would be
 * woken more often than there are clients. */
uint64_t painters_news(struct server *s);
/* Until there are more news than that; false: the time (monotonic) is over. */
bool painters_wait(struct server *s, uint64_t news, uint64_t until_ns);
/* Who is to have a new client: he with least work, of all that are not stuck, or that rest. */
struct painter *painter_choose(struct server *s, bool resting);
/* Pictures that have come from p (NULL: from whomever) are put on the screen with this
 * display frame.  (compose.c) */
void pictures_take(struct server *s, const struct painter *p);

static inline struct painter *painter_of(struct server *s, const struct window *w)
{
	return &s->painter[w->painter];
}

/* ---- painter_place.c: where there are several ---------------------------------------------- */

void painter_place_open(struct server *s);
/* On its thread, when its display frame begins: not on the processor of one before it. */
void painter_place(struct painter *p);

/* ---- painter_frame.c ------------------------------------------------------------------------ */

/* A further painter's whole display frame. */
void painter_frame(struct painter *p);
/* Steps 1 and 2 for one client. */
void painter_prepare(struct painter *p, struct window *w);
/* Step 3 off-screen.  *fresh: its picture is another one. */
int painter_draw(struct painter *p, struct window *w, const struct served_look *look, bool *fresh,
		 struct error *err);
/* Step 3, wherever: runs the redraw SP; 1 when its picture is whole. */
int painter_redraw(struct painter *p, struct window *w, uint32_t screen, const struct place *at,
		   struct error *err);
void painter_skip(struct painter *p, struct window *w, bool hidden);
/* Step 5. */
void painter_show(struct painter *p, struct window *w);

/* Its events name the client whose turn it is. */
void painter_turn(struct painter *p, struct window *w);
void painter_event(struct painter *p, enum server_event_kind kind, uint64_t start_cpu_ns,
		   uint32_t detail);
/* The same of w, whose turn it need not be. */
void painter_event_of(struct painter *p, const struct window *w, enum server_event_kind kind,
		      uint64_t start_cpu_ns, uint32_t detail);

#endif
