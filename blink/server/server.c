/* server.c - the core: clients come, have their turns, and go.
 *
 * A client's turn is a budget of CPU time per display frame (turns.c).  What it used beyond
 * that it owes, and sits out frames until it has paid; meanwhile its last picture is shown.
 * The others' turns come when they did before. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "blink/server/heap.h"
#include "blink/server/painter.h"

const struct server_limits server_limits_default = {
	.memory = 256u << 20,
	.compile_ns = 20000000,
	.slice = 256,
	.contexts = 8, .drawables = 16,
};

const char *const server_event_names[SERVER_EVENT_KINDS] = {
	[SERVER_EVENT_ATTACH] = "attach", [SERVER_EVENT_DETACH] = "detach",
	[SERVER_EVENT_TAKE] = "take", [SERVER_EVENT_REFUSE] = "refuse",
	[SERVER_EVENT_INIT] = "init", [SERVER_EVENT_UPDATE] = "update",
	[SERVER_EVENT_RESHAPE] = "reshape", [SERVER_EVENT_INPUT] = "input",
	[SERVER_EVENT_REDRAW] = "redraw", [SERVER_EVENT_STREAM] = "stream",
	[SERVER_EVENT_SKIP] = "skip", [SERVER_EVENT_COPY] = "copy",
	[SERVER_EVENT_FRAME] = "frame", [SERVER_EVENT_OVER_BUDGET] = "over-budget",
	[SERVER_EVENT_PICTURE] = "picture",
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A thread's clock is asked for by a system call, a dozen times a frame and more.  No more
 * of it can have passed than of the other one, which is read in memory: for so short a time
 * that is near enough. */
#define CLOCK_NEAR_NS 3000u

uint64_t (*server_clock)(void);

uint64_t server_cpu_ns(void)
{
	static _Thread_local uint64_t asked, answer, last;
	uint64_t now, cpu;

	if (server_clock)
		return server_clock();
	now = clock_ns(CLOCK_MONOTONIC);
	if (now - asked < CLOCK_NEAR_NS) {
		cpu = answer + (now - asked);
	} else {
		cpu = answer = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		asked = now;
	}
	/* what was taken for granted may not have passed */
	last = cpu > last ? cpu : last;
	return last;
}

/* ---- events and external state --------------------------------------------------- */

void server_event_tell(struct server *s, const struct server_event *e)
{
	if (s->handover)
		pthread_mutex_lock(&s->handover->telling);
	s->opt.event(s->opt.user, e);
	if (s->handover)
		pthread_mutex_unlock(&s->handover->telling);
}

static uint32_t float_bits(double v)
{
	float f = (float)v;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

void served_tick_externs(const struct served_tick *t, uint32_t width, uint32_t height,
			 uint32_t ext[SP_EXTERNS])
{
	ext[SP_EXT_TIME] = float_bits((double)t->since_ns * 1e-9);
	ext[SP_EXT_FRAME] = (uint32_t)t->frame;
	ext[SP_EXT_REFRESH] = float_bits(t->refresh > 0 ? 1 / t->refresh : 0);
	ext[SP_EXT_WIDTH] = width;
	ext[SP_EXT_HEIGHT] = height;
	ext[SP_EXT_POINTER_X] = (uint32_t)t->pointer_x;
	ext[SP_EXT_POINTER_Y] = (uint32_t)t->pointer_y;
	ext[SP_EXT_BUTTONS] = t->buttons;
	ext[SP_EXT_KEY] = t->key;
}

/* ---- coming and going ----------------------------------------------------------------- */

int server_create(struct server **out, struct sink *gl, const struct server_options *opt,
		  struct error *err)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(err, -ENOMEM, "server: out of memory");
	s->gl = gl;
	s->opt = *opt;
	s->period_ns = opt->refresh > 0 ? (uint64_t)llround(1e9 / opt->refresh) : 20000000;
	s->windows = calloc(opt->clients ? opt->clients : 1, sizeof(struct window *));
	r = s->windows ? screen_open(&s->screen, gl, opt->width, opt->height, err) :
	    error_set(err, -ENOMEM, "server: out of memory");
	if (r >= 0)
		r = painters_open(s, err);
	if (r < 0) {
		server_destroy(s);
		return r;
	}
	s->layout_stale = true;
	*out = s;
	return 0;
}

static struct window *window_of(struct server *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->windows[i]->id == id)
			return s->windows[i];
	return NULL;
}

static void focus_to(struct server *s, uint32_t id)
{
	struct window *w = window_of(s, s->focus);

	if (s->focus == id)
		return;
	if (w)
		w->bar_stale = true;
	s->focus = id;
	w = window_of(s, id);
	if (w)
		w->bar_stale = true;
}

/* What is done with a client's GL is done by its painter. */
struct leaving { struct served *client; enum vso_fault why; };

static void client_leave(void *arg)
{
	struct leaving *l = arg;

	served_destroy(l->client, l->why);
	heap_loosen();
}

static void window_finish(struct server *s, struct window *w, enum vso_fault why)
{
	struct leaving l = { w->client, why };

	if (screen_current(&s->screen, 0, NULL) >= 0) {
		screen_bar_drop(&s->screen, w);
		screen_picture_drop(&s->screen, &w->picture);
	}
	painter_do(painter_of(s, w), client_leave, &l);
	region_finish(&w->visible);
	region_finish(&w->frame);
	free(w->picture.pixels);
	free(w);
}

/* Its painter rests. */
static void detach(struct server *s, uint32_t i, enum vso_fault why)
{
	struct window *w = s->windows[i];
	uint32_t id = w->id;

	painter_event_of(&s->painter[0], w, SERVER_EVENT_DETACH, 0, why);
	if (s->opt.gone && !w->dismissed)
		s->opt.gone(s->opt.user, id, why);
	turns_leave(&s->painter[0], w);
	window_finish(s, w, why);
	memmove(&s->windows[i], &s->windows[i + 1], (s->n - i - 1) * sizeof(*s->windows));
	s->n--;
	s->layout_stale = true;
	if (s->hand.holder == id)
		s->hand = (struct hand){ .x = s->hand.x, .y = s->hand.y };
	if (s->focus == id)
		focus_to(s, s->n ? s->windows[s->n - 1]->id : 0);
}

bool server_destroy(struct server *s)
{
	if (!s)
		return true;
	if (!painters_rest(s))
		return false;
	while (s->n)
		window_finish(s, s->windows[--s->n], VSO_FAULT_ENDED);
	if (s->painters)
		stand_ins_close(&s->painter[0].stand_ins, s->gl);
	painters_close(s);
	screen_close(&s->screen);
	free(s->windows);
	free(s);
	return true;
}

struct coming {
	struct painter *painter;
	struct vso_server *vso;
	struct served *client;
	struct error *err;
	int r;
};

static void client_come(void *arg)
{
	struct coming *c = arg;
	struct painter *p = c->painter;

	c->r = served_create(&c->client, p->gl, c->vso, &p->opt, c->err);
}

bool server_ready(struct server *s)
{
	return painter_rests(painter_choose(s, false));
}

static int window_add(struct server *s, struct vso_server *v, uint32_t id, struct error *err)
{
	const struct vso_hello *hello = vso_server_hello(v);
	struct coming c = { .painter = painter_choose(s, true), .vso = v, .err = err };
	struct window *w = calloc(1, sizeof(*w));

	if (!w) {
		vso_server_destroy(v, VSO_FAULT_GL, NULL);
		return error_set(err, -ENOMEM, "server: out of memory");
	}
	painter_do(c.painter, client_come, &c);
	if (c.r < 0) {
		free(w);
		return c.r;
	}
	w->client = c.client;
	w->id = id;
	w->painter = c.painter->index;
	w->bar_stale = true;
	decorate_color(w->id, w->color);
	turns_come(&s->painter[0], w);
	place_new(s, w, hello->width, hello->height);
	s->windows[s->n++] = w;
	s->layout_stale = true;
	focus_to(s, w->id);
	return served_resize(w->client, w->w, w->h, err);
}

int server_attach_as(struct server *s, struct vso_peer *p, uint32_t id, struct error *err)
{
	struct vso_quotas q = s->opt.limits.quotas;
	struct vso_server *v;
	int r;

	confined_quotas(&q, s->opt.limits.memory);
	r = vso_server_create(&v, p, &q, err);

	if (r < 0)
		return r;
	if (s->n >= s->opt.clients) {
		vso_server_destroy(v, VSO_FAULT_FULL, NULL);
		return error_set(err, -EACCES, "server: %s", vso_fault_sentence(VSO_FAULT_FULL));
	}
	if (id > s->next_id)
		s->next_id = id;
	vso_server_number(v, id);
	r = window_add(s, v, id, err);
	if (r < 0)
		return r;
	painter_event_of(&s->painter[0], s->windows[s->n - 1], SERVER_EVENT_ATTACH, 0, 0);
	return 0;
}

int server_attach(struct server *s, struct vso_peer *p, uint32_t *id, struct error *err)
{
	*id = s->next_id + 1;
	return server_attach_as(s, p, *id, err);
}

/* ---- a display frame -------------------------------------------------------------------- */

void server_follow_size(struct server *s, struct window *w, uint32_t pw, uint32_t ph)
{
	const struct vso_hello *hello = vso_server_hello(served_vso(w->client));

	if (hello->flags & VSO_HELLO_RESIZE || !pw || !ph)
		return;
	if (pw > s->screen.w)
		pw = s->screen.w;
	if (ph > s->screen.h)
		ph = s->screen.h;
	if (pw == w->w && ph == w->h)
		return;
	w->w = pw;
	w->h = ph;
	place_keep(s, w);
	s->layout_stale = true;
}

/* Steps 1 and 2 for one client of the composer's. */
static void prepare(struct server *s, struct window *w)
{
	struct painter *p = &s->painter[0];
	uint32_t pw = 0, ph = 0;

	painter_prepare(p, w);
	if (w->doomed)
		return;
	if (served_retained(w->client, &pw, &ph))
		server_follow_size(s, w, pw, ph);
	w->seen.w = w->w;
	w->seen.h = w->h;
	turns_prepared(p, w);
}

static void leave_doomed(struct server *s)
{
	for (uint32_t i = s->n; i-- > 0;) {
		struct window *w = s->windows[i];
		enum vso_fault why;

		if (!painter_rests(painter_of(s, w)))
			continue;
		why = w->doomed ? w->doomed : w->dismissed;
		if (why)
			detach(s, i, why);
	}
	painter_gather(&s->painter[0]);
}

/* What further painters are to know of the screen, they know from here on. */
static int begin(struct server *s, struct error *err)
{
	int r = 0;

	if (s->painters > 1) {
		leave_doomed(s);
		r = s->layout_stale ? compose_layout(s, err) : 0;
	}
	painters_begin(s);
	composer_begin(s);
	return r;
}

static void stats_sum(struct server *s, uint64_t cpu_ns)
{
	s->stats = s->painter[0].stats;
	s->stats.cpu_ns = s->stats.composer_ns = cpu_ns;
	s->stats.late = painters_busy(s);
	for (uint32_t i = 1; i < s->painters; i++) {
		struct server_frame_stats *o = &s->painter[i].stats;

		if (!painter_rests(&s->painter[i]))
			continue;
		s->stats.cpu_ns += o->cpu_ns;
		s->stats.redraws += o->redraws;
		s->stats.offscreen += o->offscreen;
		s->stats.skipped += o->skipped;
		s->stats.hidden += o->hidden;
		*o = (struct server_frame_stats){ 0 };
	}
}

static int painters_failed(struct server *s, struct error *err)
{
	for (uint32_t i = 1; i < s->painters; i++)
		if (painter_rests(&s->painter[i]) && s->painter[i].failed < 0)
			return error_set(err, -EIO, "server: a painter's driver is lost");
	return 0;
}

int server_frame(struct server *s, uint64_t now_ns, struct error *err)
{
	struct painter *p = &s->painter[0];
	uint64_t start = server_cpu_ns(), cpu_ns;
	struct window *w;
	uint32_t at = 0;
	int r;

	s->now_ns = now_ns;
	s->frames++;
	s->due_ns = (now_ns / s->period_ns + 1) * s->period_ns;
	r = begin(s, err);
	if (r < 0)
		return r;
	turns_begin(p);
	while (r >= 0 && (w = turns_next(p, &at))) {
		if (w->turn.behind)
			r = compose_ready(s, err);
		prepare(s, w);
		painters_begin(s);
	}
	leave_doomed(s);
	r = r < 0 ? r : compose_frame(s, err);
	leave_doomed(s);
	for (uint32_t i = 0; i < p->n; i++)
		painter_show(p, p->windows[i]);
	cpu_ns = server_cpu_ns() - start;
	turns_end(p, cpu_ns);
	stats_sum(s, cpu_ns);
	painter_event(p, SERVER_EVENT_FRAME, start, s->stats.redraws);
	heap_settle(now_ns, server_idle(s));
	return r < 0 ? r : painters_failed(s, err);
}

uint64_t server_frames(const struct server *s)
{
	return s->frames;
}

uint64_t server_due(const struct server *s)
{
	return s->due_ns;
}

void server_frame_stats_get(const struct server *s, struct server_frame_stats *out)
{
	*out = s->stats;
}

bool server_idle(struct server *s)
{
	if (painters_busy(s))
		return false;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct window *w = s->windows[i];

		if (served_busy(w->client) || w->over_budget || w->turn.put_off || w->dismissed ||
		    atomic_load_explicit(&w->picture.fresh, memory_order_relaxed))
			return false;
	}
	return !s->stats.redraws && !s->stats.copies && !s->stats.hidden && !s->layout_stale;
}

/* ---- looking and arranging ------------------------------------------------------------------ */

static void info_fill(const struct window *w, struct server_client_info *info)
{
	struct vso_server *v = served_vso(w->client);

	*info = (struct server_client_info){ .id = w->id, .painter = w->painter,
					     .over_budget = w->over_budget,
					     .direct = w->direct, .frames = w->frames,
					     .direct_frames = w->direct_frames,
					     .hidden_frames = w->hidden_frames,
					     .skipped_clears = w->skipped_clears,
					     .cpu_ns = w->cpu_ns };
	snprintf(info->name, sizeof(info->name), "%.*s", VSO_NAME - 1, vso_server_hello(v)->name);
	snprintf(info->label, sizeof(info->label), "%s", vso_server_peer(v)->label);
	served_info(w->client, info);
}

/* Of one that has its turn: as it was when this was called last. */
void window_know(struct server *s, struct window *w)
{
	if (painter_rests(painter_of(s, w)))
		info_fill(w, &w->known);
	w->known.id = w->id;
	w->known.painter = w->painter;
	w->known.x = w->x;
	w->known.y = w->y;
	w->known.width = w->w;
	w->known.height = w->h;
	w->known.focus = w->id == s->focus;
}

uint32_t server_clients(struct server *s, struct server_client_info *out, uint32_t max)
{
	uint32_t n = s->n < max ? s->n : max;

	for (uint32_t i = 0; i < n; i++) {
		window_know(s, s->windows[i]);
		out[i] = s->windows[i]->known;
	}
	return n;
}

static struct window *window_find(struct server *s, uint32_t id, struct error *err)
{
	struct window *w = window_of(s, id);

	if (!w)
		error_set(err, -ENOENT, "server: there is no client %u (blinkctl top lists them)",
			  id);
	return w;
}

int server_move(struct server *s, uint32_t id, int x, int y, struct error *err)
{
	struct window *w = window_find(s, id, err);

	if (!w)
		return -ENOENT;
	w->x = x;
	w->y = y;
	place_keep(s, w);
	s->layout_stale = true;
	return 0;
}

int server_resize(struct server *s, uint32_t id, uint32_t width, uint32_t height,
		  struct error *err)
{
	struct window *w = window_find(s, id, err);
	int r;

	if (!w)
		return -ENOENT;
	if (!width || !height || width > s->screen.w || height > s->screen.h)
		return error_set(err, -EINVAL, "resize: %ux%u is empty or larger than the screen",
				 width, height);
	if (!(vso_server_hello(served_vso(w->client))->flags & VSO_HELLO_RESIZE))
		return error_set(err, -EPERM, "resize: client %u does not agree to be resized", id);
	/* (another painter is told with the next display frame) */
	r = w->painter ? 0 : served_resize(w->client, width, height, err);
	if (r < 0)
		return r;
	w->w = width;
	w->h = height;
	place_keep(s, w);
	s->layout_stale = true;
	return 0;
}

static uint32_t place_of(const struct server *s, const struct window *w)
{
	uint32_t i = 0;

	while (s->windows[i] != w)
		i++;
	return i;
}

int server_raise(struct server *s, uint32_t id, struct error *err)
{
	struct window *w = window_find(s, id, err);
	uint32_t i, above;

	if (!w)
		return -ENOENT;
	i = place_of(s, w);
	above = s->n - 1 - i;
	if (!above)
		return 0;
	memmove(&s->windows[i], &s->windows[i + 1], above * sizeof(*s->windows));
	s->windows[s->n - 1] = w;
	s->layout_stale = true;
	return 0;
}

int server_focus(struct server *s, uint32_t id, struct error *err)
{
	if (!window_find(s, id, err))
		return -ENOENT;
	focus_to(s, id);
	return 0;
}

int server_close_client(struct server *s, uint32_t id, struct error *err)
{
	struct window *w = window_find(s, id, err);

	if (!w)
		return -ENOENT;
	if (painter_rests(painter_of(s, w))) {
		detach(s, place_of(s, w), VSO_FAULT_DISMISSED);
		return 0;
	}
	/* (whatever becomes of the painter, it does not come again) */
	if (s->opt.gone && !w->dismissed)
		s->opt.gone(s->opt.user, id, VSO_FAULT_DISMISSED);
	w->dismissed = VSO_FAULT_DISMISSED;
	return 0;
}

int server_screenshot(struct server *s, uint8_t **rgb, uint32_t *w, uint32_t *h,
		      struct error *err)
{
	*w = s->screen.w;
	*h = s->screen.h;
	return screen_read(&s->screen, rgb, err);
}

int server_picture(struct server *s, uint8_t *rgb, uint8_t *scratch, struct error *err)
{
	return screen_read_into(&s->screen, rgb, scratch, err);
}
