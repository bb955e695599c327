/* painter.c - threads that run clients: their orders, and their rest.  See painter.h. */
#include "blink/server/painter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define END_NS 500000000u               /* to come to rest, when the server ends */
/* What a new client is taken to need, while nothing is known of it; and what a picture that
 * was handed over costs the composer, of what it takes to draw one. */
#define USUAL_NS 500000u
#define AWAKE_NS 50000u                  /* who waits for less does not fall asleep for it */
#define STUCK_FRAMES 16u
#define NEW_FRAMES 100u                 /* the first ones are dearer than all others */
#define TAKE_SHARE 16u

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- a thread ------------------------------------------------------------------------------ */

static enum painter_order order_wait(struct painter *p)
{
	struct handover *h = p->server->handover;
	enum painter_order order;

	pthread_mutex_lock(&h->lock);
	while (p->order == PAINTER_REST)
		pthread_cond_wait(&p->wake, &h->lock);
	order = p->order;
	pthread_mutex_unlock(&h->lock);
	return order;
}

static void order_done(struct painter *p)
{
	struct handover *h = p->server->handover;

	pthread_mutex_lock(&h->lock);
	atomic_store_explicit(&p->order, PAINTER_REST, memory_order_release);
	atomic_fetch_add_explicit(&h->news, 1, memory_order_release);
	pthread_mutex_unlock(&h->lock);
	/* (who is woken finds the lock free) */
	pthread_cond_signal(&h->told);
}

static void order_give(struct painter *p, enum painter_order order)
{
	struct handover *h = p->server->handover;

	pthread_mutex_lock(&h->lock);
	p->order = order;
	pthread_mutex_unlock(&h->lock);
	pthread_cond_signal(&p->wake);
}

static void *painter_main(void *arg)
{
	struct painter *p = arg;
	enum painter_order order;

	while ((order = order_wait(p)) != PAINTER_END) {
		if (order == PAINTER_JOB)
			p->job(p->arg);
		else
			painter_frame(p);
		order_done(p);
	}
	p->gl->ops->make_current(p->gl, 0, 0, 0, NULL);
	return NULL;
}

/* ---- opening and closing --------------------------------------------------------------------- */

/* Events of served.c, which does not know whose they are. */
static void client_event(void *user, const struct server_event *e)
{
	struct painter *p = user;
	struct server_event named = *e;

	named.client = p->turn;
	named.frame = p->frames;
	if (!named.start_ns)
		named.start_ns = p->now_ns;
	server_event_tell(p->server, &named);
}

static int cond_open(pthread_cond_t *c)
{
	pthread_condattr_t a;
	int r = pthread_condattr_init(&a);

	if (r)
		return r;
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	r = pthread_cond_init(c, &a);
	pthread_condattr_destroy(&a);
	return r;
}

static struct handover *handover_open(void)
{
	struct handover *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	if (pthread_mutex_init(&h->lock, NULL) || pthread_mutex_init(&h->telling, NULL) ||
	    cond_open(&h->told)) {
		free(h);
		return NULL;
	}
	return h;
}

static void read_back_open(void *arg)
{
	struct painter *p = arg;
	struct error err = { 0 };

	p->failed = screen_open(&p->own, p->gl, 1, 1, &err);
}

static void read_back_close(void *arg)
{
	struct painter *p = arg;

	stand_ins_close(&p->stand_ins, p->gl);
	screen_close(&p->own);
}

static int further_open(struct painter *p, struct error *err)
{
	if (cond_open(&p->wake))
		return error_set(err, -ENOMEM, "server: out of memory");
	if (pthread_create(&p->thread, NULL, painter_main, p))
		return error_set(err, -EAGAIN, "server: no thread for a painter");
	p->started = true;
	painter_do(p, read_back_open, p);
	return p->failed < 0 ? error_set(err, p->failed, "server: a painter cannot read back") : 0;
}

int painters_open(struct server *s, struct error *err)
{
	uint32_t n = 1 + s->opt.nfurther;
	int r = 0;

	s->painter = calloc(n, sizeof(*s->painter));
	if (s->painter && n > 1)
		s->handover = handover_open();
	if (!s->painter || (n > 1 && !s->handover))
		return error_set(err, -ENOMEM, "server: out of memory");
	if (s->handover)
		painter_place_open(s);
	for (uint32_t i = 0; i < n && r >= 0; i++) {
		struct painter *p = &s->painter[i];

		p->server = s;
		p->index = i;
		p->gl = i ? s->opt.further[i - 1] : s->gl;
		p->opt = s->opt;
		p->opt.event = s->opt.event ? client_event : NULL;
		p->opt.user = p;
		p->opt.no_direct |= i > 0;
		p->period_ns = s->period_ns;
		p->windows = calloc(s->opt.clients ? s->opt.clients : 1, sizeof(struct window *));
		s->painters++;
		r = p->windows ? 0 : error_set(err, -ENOMEM, "server: out of memory");
		if (r >= 0 && i)
			r = further_open(p, err);
	}
	return r;
}

bool painters_rest(struct server *s)
{
	uint64_t news = painters_news(s), until_ns = now_ns() + END_NS;

	while (painters_busy(s)) {
		if (!painters_wait(s, news, until_ns))
			return !painters_busy(s);
		news = painters_news(s);
	}
	return true;
}

void painters_close(struct server *s)
{
	for (uint32_t i = 0; i < s->painters; i++) {
		struct painter *p = &s->painter[i];

		if (p->started) {
			painter_do(p, read_back_close, p);
			order_give(p, PAINTER_END);
			pthread_join(p->thread, NULL);
			pthread_cond_destroy(&p->wake);
		}
		free(p->windows);
	}
	if (s->handover) {
		pthread_mutex_destroy(&s->handover->lock);
		pthread_mutex_destroy(&s->handover->telling);
		pthread_cond_destroy(&s->handover->told);
	}
	free(s->handover);
	free(s->painter);
}

/* ---- the composer's side ------------------------------------------------------------------------ */

bool painter_rests(struct painter *p)
{
	return !p->started || atomic_load_explicit(&p->order, memory_order_acquire) == PAINTER_REST;
}

void painter_do(struct painter *p, void (*job)(void *arg), void *arg)
{
	struct handover *h = p->server->handover;

	if (!p->started) {
		job(arg);
		return;
	}
	p->job = job;
	p->arg = arg;
	order_give(p, PAINTER_JOB);
	pthread_mutex_lock(&h->lock);
	while (p->order != PAINTER_REST)
		pthread_cond_wait(&h->told, &h->lock);
	pthread_mutex_unlock(&h->lock);
}

uint32_t painters_busy(struct server *s)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i < s->painters; i++)
		n += !painter_rests(&s->painter[i]);
	return n;
}

uint64_t painters_news(struct server *s)
{
	return s->handover ? atomic_load_explicit(&s->handover->news, memory_order_acquire) : 0;
}

bool painters_wait(struct server *s, uint64_t news, uint64_t until_ns)
{
	struct timespec until = { .tv_sec = (time_t)(until_ns / 1000000000u),
				  .tv_nsec = (long)(until_ns % 1000000000u) };
	uint64_t awake_ns = now_ns() + AWAKE_NS;
	struct handover *h = s->handover;
	int r = 0;

	awake_ns = awake_ns < until_ns ? awake_ns : until_ns;
	while (painters_news(s) == news && now_ns() < awake_ns)
		;
	pthread_mutex_lock(&h->lock);
	while (painters_news(s) == news && !r)
		r = pthread_cond_timedwait(&h->told, &h->lock, &until);
	pthread_mutex_unlock(&h->lock);
	return !r;
}

/* ---- a display frame's beginning ------------------------------------------------------------------ */

static void see(const struct server *s, struct window *w)
{
	w->seen = (struct window_seen){
		.w = w->w, .h = w->h, .hidden = w->hidden && !s->opt.no_facts,
		.damaged = w->damaged, .input = w->input || w->seen.input,
		.pointer_x = w->pointer_x, .pointer_y = w->pointer_y,
		.buttons = w->buttons, .key = w->key,
	};
	w->input = false;
	w->usual_ns = w->frames > NEW_FRAMES ? turns_usual(w) : 0;
}

void painter_gather(struct painter *p)
{
	struct server *s = p->server;

	p->n = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		struct window *w = s->windows[i];

		/* (one that has to go has no more turns) */
		if (w->painter == p->index && !w->doomed && !w->dismissed)
			p->windows[p->n++] = w;
	}
}

/* One of its windows has to go, which it does where this rests. */
static bool is_leaving(const struct server *s, const struct painter *p)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct window *w = s->windows[i];

		if (w->painter == p->index && (w->doomed || w->dismissed))
			return true;
	}
	return false;
}

/* Who looks at the clients of one that is always late is to see something. */
static void know_all(struct server *s, const struct painter *p)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->windows[i]->painter == p->index)
			window_know(s, s->windows[i]);
}

static void frame_set(struct painter *p)
{
	struct server *s = p->server;

	p->now_ns = s->now_ns;
	p->frames = s->frames;
	/* (what a late one did is counted when it rests) */
	if (!p->index)
		p->stats = (struct server_frame_stats){ 0 };
	painter_gather(p);
	for (uint32_t i = 0; i < p->n; i++)
		see(s, p->windows[i]);
}

void painters_begin(struct server *s)
{
	for (uint32_t i = 1; i < s->painters; i++) {
		struct painter *p = &s->painter[i];

		if (p->frames == s->frames || !painter_rests(p))
			continue;
		pictures_take(s, p);
		/* (so it still does when this display frame ends) */
		if (is_leaving(s, p))
			continue;
		if (s->frames - p->frames > 1)
			know_all(s, p);
		frame_set(p);
		if (p->n)
			order_give(p, PAINTER_FRAME);
	}
}

void composer_begin(struct server *s)
{
	frame_set(&s->painter[0]);
	painter_place(&s->painter[0]);
}

/* ---- a new client ------------------------------------------------------------------------------------ */

static uint64_t usual(const struct window *w)
{
	return w->usual_ns ? w->usual_ns : USUAL_NS;
}

/* What it has to do in a display frame, as far as that is known. */
static uint64_t work_of(const struct server *s, const struct painter *p)
{
	uint64_t ns = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct window *w = s->windows[i];

		if (w->painter == p->index)
			ns += usual(w);
		else if (!p->index)
			ns += usual(w) / TAKE_SHARE;
	}
	return ns;
}

/* It is late, and may be for ever. */
static bool is_stuck(const struct server *s, struct painter *p)
{
	return !painter_rests(p) && s->frames - p->frames > STUCK_FRAMES;
}

struct painter *painter_choose(struct server *s, bool resting)
{
	struct painter *best = &s->painter[0];
	uint64_t least = work_of(s, best);

	for (uint32_t i = 1; i < s->painters; i++) {
		struct painter *p = &s->painter[i];
		uint64_t ns = work_of(s, p);

		if (ns < least && !(resting ? !painter_rests(p) : is_stuck(s, p))) {
			best = p;
			least = ns;
		}
	}
	return best;
}
