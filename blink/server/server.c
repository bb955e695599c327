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

#include "blink/server/compose.h"

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

uint64_t server_cpu_ns(void)
{
	static _Thread_local uint64_t asked, answer, last;
	uint64_t now = clock_ns(CLOCK_MONOTONIC), cpu;

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

/* ---- events and turns ------------------------------------------------------------- */

void server_event_send(struct server *s, enum server_event_kind kind, uint64_t start_cpu_ns,
		       uint32_t detail)
{
	struct server_event e = {
		.kind = kind, .client = s->turn, .frame = s->frames, .start_ns = s->now_ns,
		.detail = detail,
	};

	if (!s->opt.event)
		return;
	e.cpu_ns = start_cpu_ns ? server_cpu_ns() - start_cpu_ns : 0;
	s->opt.event(s->opt.user, &e);
}

/* Events of served.c, which does not know whose they are. */
static void client_event(void *user, const struct server_event *e)
{
	struct server *s = user;
	struct server_event named = *e;

	named.client = s->turn;
	named.frame = s->frames;
	if (!named.start_ns)
		named.start_ns = s->now_ns;
	if (s->opt.event)
		s->opt.event(s->opt.user, &named);
}

void server_turn(struct server *s, struct window *w)
{
	s->turn = w ? w->id : 0;
	if (s->opt.turn)
		s->opt.turn(s->opt.user, s->turn);
}

void server_tick_make(const struct server *s, struct window *w, struct served_tick *t)
{
	*t = (struct served_tick){
		.now_ns = s->now_ns, .since_ns = s->now_ns - w->attached_ns,
		.frame = w->frames, .refresh = s->opt.refresh,
		.pointer_x = w->pointer_x, .pointer_y = w->pointer_y,
		.buttons = w->buttons, .key = w->key, .input = w->input,
		.budget_ns = turns_budget(s, w), .grace_ns = turns_grace(s, w),
	};
	w->turn.given_ns = t->budget_ns;
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

void server_charge(struct server *s, struct window *w, uint64_t cpu_ns)
{
	turns_spent(s, w, cpu_ns, true);
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
	s->client_opt = *opt;
	s->client_opt.event = opt->event ? client_event : NULL;
	s->client_opt.user = s;
	s->period_ns = opt->refresh > 0 ? (uint64_t)llround(1e9 / opt->refresh) : 20000000;
	s->windows = calloc(opt->clients ? opt->clients : 1, sizeof(*s->windows));
	r = s->windows ? screen_open(&s->screen, gl, opt->width, opt->height, err) :
	    error_set(err, -ENOMEM, "server: out of memory");
	if (r < 0) {
		free(s->windows);
		free(s);
		return r;
	}
	s->layout_stale = true;
	*out = s;
	return 0;
}

static struct window *window_of(struct server *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->windows[i].id == id)
			return &s->windows[i];
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

static void window_finish(struct server *s, struct window *w, enum vso_fault why)
{
	if (screen_current(&s->screen, 0, NULL) >= 0)
		screen_bar_drop(&s->screen, w);
	served_destroy(w->client, why);
	region_finish(&w->visible);
	region_finish(&w->frame);
}

static void detach(struct server *s, uint32_t i, enum vso_fault why)
{
	uint32_t id = s->windows[i].id;

	s->turn = id;
	server_event_send(s, SERVER_EVENT_DETACH, 0, why);
	s->turn = 0;
	if (s->opt.gone)
		s->opt.gone(s->opt.user, id, why);
	turns_leave(s, &s->windows[i]);
	window_finish(s, &s->windows[i], why);
	memmove(&s->windows[i], &s->windows[i + 1], (s->n - i - 1) * sizeof(*s->windows));
	s->n--;
	s->layout_stale = true;
	if (s->hand.holder == id)
		s->hand = (struct hand){ .x = s->hand.x, .y = s->hand.y };
	if (s->focus == id)
		focus_to(s, s->n ? s->windows[s->n - 1].id : 0);
}

void server_destroy(struct server *s)
{
	if (!s)
		return;
	while (s->n)
		window_finish(s, &s->windows[--s->n], VSO_FAULT_ENDED);
	stand_ins_close(&s->stand_ins, s->gl);
	screen_close(&s->screen);
	free(s->windows);
	free(s);
}

static int window_add(struct server *s, struct vso_server *v, uint32_t id, struct error *err)
{
	const struct vso_hello *hello = vso_server_hello(v);
	struct window *w = &s->windows[s->n];
	struct served *c;
	int r = served_create(&c, s->gl, v, &s->client_opt, err);

	if (r < 0)
		return r;
	*w = (struct window){ .client = c, .id = id, .bar_stale = true };
	decorate_color(w->id, w->color);
	turns_come(s, w);
	place_new(s, w, hello->width, hello->height);
	s->n++;
	s->layout_stale = true;
	focus_to(s, w->id);
	return served_resize(c, w->w, w->h, err);
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
	s->turn = id;
	server_event_send(s, SERVER_EVENT_ATTACH, 0, 0);
	s->turn = 0;
	return 0;
}

int server_attach(struct server *s, struct vso_peer *p, uint32_t *id, struct error *err)
{
	*id = s->next_id + 1;
	return server_attach_as(s, p, *id, err);
}

/* ---- a display frame -------------------------------------------------------------------- */

static bool is_dead(const struct window *w)
{
	struct vso_peer *p = vso_server_peer(served_vso(w->client));

	return p->ops->dead(p);
}

/* A client that does not let itself be resized is shown at the size that it has. */
static void follow_size(struct server *s, struct window *w)
{
	const struct vso_hello *hello = vso_server_hello(served_vso(w->client));
	uint32_t pw = 0, ph = 0;

	if (hello->flags & VSO_HELLO_RESIZE || !served_retained(w->client, &pw, &ph) ||
	    (pw == w->w && ph == w->h) || !pw || !ph)
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

/* Steps 1 and 2 for one client. */
static void prepare(struct server *s, struct window *w)
{
	uint64_t start = server_cpu_ns();
	struct served_tick t;

	if (!w->attached_ns)
		w->attached_ns = s->now_ns;
	w->turn.given_ns = 0;
	server_turn(s, w);
	if (is_dead(w)) {
		w->doomed = VSO_FAULT_GONE;
	} else if (turns_allow(s, w)) {
		server_tick_make(s, w, &t);
		served_take(w->client);
		w->doomed = served_prepare(w->client, &t);
		w->input = false;
	}
	server_turn(s, NULL);
	turns_spent(s, w, server_cpu_ns() - start, false);
	if (w->doomed)
		return;
	follow_size(s, w);
	turns_prepared(s, w);
}

/* Step 5. */
static void show(struct server *s, struct window *w)
{
	struct vso_server *v = served_vso(w->client);
	uint32_t ext[SP_EXTERNS];
	struct served_tick t;

	w->frames++;
	server_tick_make(s, w, &t);
	served_tick_externs(&t, w->w, w->h, ext);
	vso_server_show(v, ext, w->w, w->h, NULL);
	vso_server_wake(v, true);
}

static void leave_doomed(struct server *s)
{
	for (uint32_t i = s->n; i-- > 0;)
		if (s->windows[i].doomed)
			detach(s, i, s->windows[i].doomed);
}

int server_frame(struct server *s, uint64_t now_ns, struct error *err)
{
	uint64_t start = server_cpu_ns();
	struct window *w;
	uint32_t at = 0;
	int r;

	s->now_ns = now_ns;
	s->frames++;
	s->due_ns = (now_ns / s->period_ns + 1) * s->period_ns;
	s->stats = (struct server_frame_stats){ 0 };
	turns_begin(s);
	while ((w = turns_next(s, &at)))
		prepare(s, w);
	leave_doomed(s);
	r = compose_frame(s, err);
	leave_doomed(s);
	for (uint32_t i = 0; i < s->n; i++)
		show(s, &s->windows[i]);
	s->stats.cpu_ns = server_cpu_ns() - start;
	turns_end(s, s->stats.cpu_ns);
	server_event_send(s, SERVER_EVENT_FRAME, start, s->stats.redraws);
	return r;
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

bool server_idle(const struct server *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (served_busy(s->windows[i].client) || s->windows[i].over_budget)
			return false;
	return !s->stats.redraws && !s->stats.copies && !s->stats.hidden && !s->layout_stale;
}

/* ---- looking and arranging ------------------------------------------------------------------ */

static void info_fill(const struct server *s, const struct window *w,
		      struct server_client_info *info)
{
	struct vso_server *v = served_vso(w->client);

	*info = (struct server_client_info){ .id = w->id, .x = w->x, .y = w->y, .width = w->w,
					     .height = w->h, .focus = w->id == s->focus,
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

uint32_t server_clients(const struct server *s, struct server_client_info *out, uint32_t max)
{
	uint32_t n = s->n < max ? s->n : max;

	for (uint32_t i = 0; i < n; i++)
		info_fill(s, &s->windows[i], &out[i]);
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
	r = served_resize(w->client, width, height, err);
	if (r < 0)
		return r;
	w->w = width;
	w->h = height;
	place_keep(s, w);
	s->layout_stale = true;
	return 0;
}

int server_raise(struct server *s, uint32_t id, struct error *err)
{
	struct window *w = window_find(s, id, err), top;
	size_t above;

	if (!w)
		return -ENOENT;
	above = (size_t)(&s->windows[s->n - 1] - w);
	if (!above)
		return 0;
	top = *w;
	memmove(w, w + 1, above * sizeof(*w));
	s->windows[s->n - 1] = top;
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
	detach(s, (uint32_t)(w - s->windows), VSO_FAULT_DISMISSED);
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
