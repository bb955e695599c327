/* served.c - one client: made, its callbacks called at their times (the paper's Table 1),
 * looked at, drawn. */
#include "blink/server/served.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/server/compose.h"

#define LOSSES 4u                      /* worlds that a client may wreck */
#define RESET_TURNS 16u                /* between looks at whether a context was lost */
#define SLICED 8u                      /* half of the first slice */
#define INPUT_COMMANDS 8192u           /* of an input SP */

/* ---- its world ----------------------------------------------------------------------- */

static void world_drop(struct served *c)
{
	if (c->confined)
		confined_enter(c->confined);
	if (c->live)
		client_finish(&c->client);
	c->live = false;
	jit_destroy(c->jit);
	c->jit = NULL;
	verify_state_destroy(c->state);
	c->state = NULL;
	confined_destroy(c->confined);
	c->confined = NULL;
	c->run.on = false;
	c->owed = 0;
}

static int world_make(struct served *c, struct error *err)
{
	struct confine_limits l = { .memory = c->opt.limits.memory,
				    .contexts = c->opt.limits.contexts,
				    .drawables = c->opt.limits.drawables };
	int r = confined_create(&c->confined, c->gl, &l, c->opt.judge, err);

	if (r < 0)
		return r;
	r = client_init(&c->client, confined_sink(c->confined), &c->limits, err);
	if (r < 0)
		return r;
	c->live = true;
	c->client.callee = served_object_callee;
	c->client.user = c;
	c->state = verify_state_create();
	if (!c->state)
		return error_set(err, -ENOMEM, "server: out of memory");
	c->no_jit = c->opt.no_jit;
	c->shadow++;
	c->fresh = c->reshape = true;
	c->retained = false;
	return 0;
}

static void env_make(struct served *c)
{
	struct verify_limits *l = &c->env.limits;

	memcpy(c->limits.names, c->hello->names, sizeof(c->limits.names));
	c->limits.slots = c->hello->slots;
	memcpy(l->names, c->limits.names, sizeof(l->names));
	l->slots = c->limits.slots;
	confined_limits(l, &c->opt.limits.quotas);
	c->env.callee = served_object_callee;
	c->env.user = c;
	c->env.index = &c->index;
	/* those of a stream are run once, whatever they are */
	c->env.want_rerunnable = c->hello->stream_bytes == 0;
}

void served_renew(struct served *c)
{
	if (c->losses++ >= LOSSES) {
		c->over = VSO_FAULT_RESET;
		return;
	}
	world_drop(c);
	served_stream_stop(c, VSO_FAULT_STREAM_LOST);
	vso_server_lost(c->vso);
	if (world_make(c, NULL) < 0) {
		c->over = VSO_FAULT_GL;
		return;
	}
	served_objects_renew(c);
}

int served_create(struct served **out, struct sink *gl, struct vso_server *v,
		  const struct server_options *opt, struct error *err)
{
	struct served *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		vso_server_destroy(v, VSO_FAULT_GL, NULL);
		return error_set(err, -ENOMEM, "server: out of memory");
	}
	c->gl = gl;
	c->vso = v;
	c->hello = vso_server_hello(v);
	c->opt = *opt;
	c->stream_over = c->hello->stream_bytes == 0;
	c->sliced = SLICED;
	env_make(c);
	r = index_init(&c->index) < 0 ? error_set(err, -ENOMEM, "server: out of memory") :
	    served_objects_create(c, err);
	if (r >= 0)
		r = client_init(&c->sums, gl, &(struct client_limits){ 0 }, err);
	c->alive = r >= 0;
	if (r >= 0)
		r = world_make(c, err);
	if (r < 0) {
		served_destroy(c, VSO_FAULT_GL);
		return r;
	}
	*out = c;
	return 0;
}

void served_destroy(struct served *c, enum vso_fault why)
{
	if (!c)
		return;
	world_drop(c);
	shader_judge_forget(c->opt.judge, c);
	if (c->alive)
		client_finish(&c->sums);
	if (c->item_taken)
		program_finish(&c->item_program);
	served_objects_destroy(c);
	index_finish(&c->index);
	vso_server_destroy(c->vso, why, NULL);
	free(c->stages);
	free(c);
}

/* ---- registers ----------------------------------------------------------------------- */

/* What the client wrote since takes its registers' places; all others are what input and
 * update SPs left. */
static void registers_load(struct served *c)
{
	uint32_t now[SP_REGISTERS];

	vso_server_registers(c->vso, now);
	for (unsigned i = 0; i < SP_REGISTERS; i++)
		if (now[i] != c->page_regs[i])
			c->regs[i] = now[i];
	memcpy(c->page_regs, now, sizeof(now));
}

/* ---- callbacks ----------------------------------------------------------------------- */

static struct sp_payloads payloads_of(const struct served *c)
{
	return (struct sp_payloads){ c->payload, c->nslots };
}

/* The object's procedure, accepted and with its context current: or why not. */
static enum run_result ready(struct served *c, uint32_t object, uint32_t screen,
			     const struct place *at)
{
	struct sp_payloads payloads = payloads_of(c);
	enum run_result r;

	if (served_run_target(c, screen, at) < 0)
		return RUN_FAILED;
	do {
		struct program *p = c->slot[object].program;

		if (p->broken)
			return RUN_REFUSED;
		if (!served_shaders_ready(c, p, &payloads)) {
			c->waiting = true;
			return RUN_LATER;
		}
		r = served_run_current(c, &p->sp);
		if (r == RUN_DONE)
			r = served_run_verify(c, p, object, &payloads);
	} while (r == RUN_REFUSED && served_objects_revert(c, object));
	return r;
}

/* It left the driver in a state that the verifier does not know. */
static void broke(struct served *c, uint32_t object)
{
	if (c->slot[object].program)
		c->slot[object].program->broken = true;
	served_object_fault(c, object, VSO_FAULT_GL);
	served_renew(c);
}

/* The object's procedure is run, with the registers as they are in c->regs. */
static enum run_result call(struct served *c, uint32_t object)
{
	enum run_result r = ready(c, object, 0, NULL);
	struct sp_payloads payloads = payloads_of(c);

	if (r == RUN_DONE) {
		memcpy(c->client.regs, c->regs, sizeof(c->regs));
		r = served_run_begin(c, c->slot[object].program, object, &payloads);
	}
	if (r == RUN_FAILED)
		broke(c, object);
	return r;
}

/* The update SP is done with, one way or another: who asked for it need not wait. */
static void updated(struct served *c)
{
	c->updated = c->updating;
	vso_server_updated(c->vso, c->updated);
}

/* It has run to its end. */
static void finished(struct served *c, enum sp_callback cb, uint64_t start, uint64_t commands)
{
	static const enum server_event_kind kinds[SP_CALLBACKS] = {
		[SP_INIT] = SERVER_EVENT_INIT, [SP_UPDATE] = SERVER_EVENT_UPDATE,
		[SP_RESHAPE] = SERVER_EVENT_RESHAPE, [SP_REDRAW] = SERVER_EVENT_REDRAW,
		[SP_INPUT] = SERVER_EVENT_INPUT,
	};

	served_event(c, kinds[cb], start, c->count.commands - commands, c->run.object);
	c->fresh = true;
	switch (cb) {
	case SP_INIT:
		c->slot[c->run.object].program->ran = true;
		c->count.inits++;
		break;
	case SP_UPDATE:
		memcpy(c->regs, c->client.regs, sizeof(c->regs));
		c->count.updates++;
		updated(c);
		break;
	case SP_RESHAPE:
		c->count.reshapes++;
		c->reshape = false;
		break;
	default:
		break;
	}
}

/* A refused one is not tried again before something changes. */
static bool called(struct served *c, enum sp_callback cb, uint32_t object)
{
	uint64_t start = server_cpu_ns(), commands = c->count.commands;
	enum run_result r = call(c, object);

	if (r == RUN_DONE)
		finished(c, cb, start, commands);
	return r == RUN_DONE || r == RUN_REFUSED;
}

static bool late(struct served *c)
{
	uint64_t made = c->count.verify_ns + c->count.compile_ns - c->made_ns;

	/* however little there is, something is done */
	return c->over || c->run.on || c->waiting ||
	       (c->began && (made >= c->opt.limits.compile_ns ||
			     served_run_late(c, server_cpu_ns())));
}

/* Each once per version, and once more in every new world. */
static void inits(struct served *c)
{
	for (uint32_t id = served_objects_entry(c, SP_INIT); id && id < c->nslots && !late(c); id++) {
		struct slot *s = &c->slot[id];

		if (!s->program || s->program->sp.callback != SP_INIT || s->program->ran)
			continue;
		/* (what stood there before may be for something else) */
		if (called(c, SP_INIT, id) && s->program && s->program->sp.callback == SP_INIT)
			s->program->ran = true;
	}
}

static void reshape(struct served *c)
{
	uint32_t object = served_objects_entry(c, SP_RESHAPE);

	if (!object)
		return;
	registers_load(c);
	called(c, SP_RESHAPE, object);
}

/* One that failed, or went with its world before it had ended, is called again in the next. */
static void update(struct served *c, const struct served_tick *t)
{
	uint32_t object = served_objects_entry(c, SP_UPDATE);
	uint64_t asked = vso_server_update(c->vso);

	if (asked == c->updated)
		return;
	c->updating = asked;
	registers_load(c);
	if (!object || called(c, SP_UPDATE, object))
		updated(c);
	if (!c->waiting)
		served_intervals_add(&c->update_at, t->now_ns);
}

/* Register arithmetic, which knows no GL: in a world of its own, that has none. */
static void input(struct served *c, const uint32_t *ext)
{
	uint64_t start = server_cpu_ns();
	uint32_t object = served_objects_entry(c, SP_INPUT);
	struct sp_payloads payloads = payloads_of(c);
	struct program *p;
	enum run_result r;

	if (!object)
		return;
	do {
		p = c->slot[object].program;
		r = served_run_verify(c, p, object, &payloads);
	} while (r == RUN_REFUSED && served_objects_revert(c, object));
	if (r != RUN_DONE)
		return;
	registers_load(c);
	memcpy(c->sums.regs, c->regs, sizeof(c->regs));
	memcpy(c->sums.ext.value, ext, sizeof(c->sums.ext.value));
	c->sums.callee = served_object_callee;
	c->sums.user = c;
	c->sums.budget = INPUT_COMMANDS;
	if (interp_run(&c->sums, &p->sp, 0) == ENGINE_END) {
		memcpy(c->regs, c->sums.regs, sizeof(c->regs));
		c->fresh = true;
	}
	client_abandon(&c->sums);
	c->count.inputs++;
	vso_server_show(c->vso, ext, c->width, c->height, c->regs);
	served_event(c, SERVER_EVENT_INPUT, start, 0, object);
}

/* The redraw SP is looked at now, so that what it needs is known when the screen is
 * composed.  If that moves the shadow, it has to run before anything else does. */
static void redraw_ready(struct served *c)
{
	uint32_t object = served_objects_redraw(c);
	struct program *p = object ? c->slot[object].program : NULL;
	enum run_result r;

	/* nothing has happened since it was looked at, and run */
	if (!p || c->owed || (p->accepted && p->shadow == c->shadow && p->epoch == c->epoch))
		return;
	r = ready(c, object, 0, NULL);
	if (r == RUN_FAILED)
		broke(c, object);
	if (r == RUN_DONE)
		c->owed = c->slot[object].program->still ? 0 : object;
}

/* ---- steps --------------------------------------------------------------------------- */

void served_take(struct served *c)
{
	/* what runs may name it */
	if (c->run.on || c->owed)
		return;
	served_objects_take(c);
}

/* What was left unfinished, but for a redraw SP. */
static bool go_on(struct served *c)
{
	enum sp_callback cb = c->run.callback;
	uint64_t start = server_cpu_ns(), commands = c->count.commands;
	enum run_result r;

	if (!c->run.on || !c->run.object)
		return true;
	if (cb == SP_REDRAW)
		return false;
	if (served_run_target(c, 0, NULL) < 0)
		r = RUN_FAILED;
	else
		r = served_run_on(c);
	if (r == RUN_FAILED)
		broke(c, c->run.object);
	if (r == RUN_DONE)
		finished(c, cb, start, commands);
	return r == RUN_DONE;
}

/* The driver is asked now and then: it is a command like others. */
static void reset_look(struct served *c)
{
	const struct sink_ops *ops = c->gl->ops;

	/* (it may have no world any more) */
	if (c->over)
		return;
	if (confined_excess(c->confined)) {
		served_renew(c);
		return;
	}
	if (c->began && ops->reset_status && ++c->turns % RESET_TURNS == 0 &&
	    ops->reset_status(c->gl))
		served_renew(c);
}

enum vso_fault served_prepare(struct served *c, const struct served_tick *t)
{
	struct engine_extern *ext = &c->client.ext;

	served_run_clock(c, t);
	c->swapped = c->waiting = c->began = false;
	c->late = !t->budget_ns;
	/* (told once, whenever there is a turn for it) */
	c->input |= t->input;
	c->made_ns = c->count.verify_ns + c->count.compile_ns;
	served_tick_externs(t, c->width, c->height, ext->value);
	memcpy(c->hand, (const uint32_t[4]){ (uint32_t)t->pointer_x, (uint32_t)t->pointer_y,
					     t->buttons, t->key }, sizeof(c->hand));
	if (!t->budget_ns)
		return c->over;
	/* it was verified, or begun, and nobody wanted to see it */
	if ((c->owed || (c->run.on && c->run.callback == SP_REDRAW && c->run.object)) && !c->asked)
		served_redraw(c, t, 0, NULL, NULL);
	c->asked = false;
	if (!go_on(c) || c->owed)
		return c->over;
	inits(c);
	if (c->reshape && !late(c))
		reshape(c);
	if (!late(c))
		update(c, t);
	if (c->input && !c->run.on && !c->over) {
		c->input = false;
		input(c, ext->value);
	}
	/* what the redraw SP would find decides whether it has to run */
	if (!c->owed && !c->run.on)
		registers_load(c);
	if (!c->over && (!c->run.on || !c->run.object))
		served_stream_run(c);
	if (!late(c))
		redraw_ready(c);
	served_run_flush(c);
	reset_look(c);
	c->late = late(c);
	return c->over;
}

enum vso_fault served_over(const struct served *c) { return c->over; }

bool served_busy(const struct served *c)
{
	return c->run.on || c->owed || c->waiting || c->item_taken || c->late ||
	       vso_server_pending(c->vso);
}

/* ---- drawing ------------------------------------------------------------------------- */

/* From the beginning, on the screen if it may be. */
static enum run_result redraw_begin(struct served *c, uint32_t object, uint32_t screen,
				    const struct place *at)
{
	struct sp_payloads payloads = payloads_of(c);
	enum run_result r = RUN_DONE;
	uint32_t config;

	c->torn = false;
	if (screen && served_run_target(c, screen, at) == -EAGAIN) {
		screen = 0;
		c->torn = true;
	}
	if (!c->owed) {
		registers_load(c);
		r = ready(c, object, screen, at);
	}
	if (r == RUN_DONE && screen && !(at ? served_movable(c, c->slot[object].program) :
					 served_replaceable(c, c->slot[object].program, &config))) {
		screen = 0;
		c->torn = true;
	}
	if (r == RUN_DONE && served_run_target(c, screen, at) < 0)
		r = RUN_FAILED;
	c->screen = screen;
	if (r != RUN_DONE)
		return r;
	memcpy(c->client.regs, c->regs, sizeof(c->regs));
	return served_run_begin(c, c->slot[object].program, object, &payloads);
}

/* What was begun is always ended, for the verifier knows no half procedures: what was begun
 * on the screen, in the client's own drawable, where its picture will not be whole. */
static enum run_result redraw_on(struct served *c)
{
	c->torn |= c->screen != 0;
	c->screen = 0;
	return served_run_target(c, 0, NULL) < 0 ? RUN_FAILED : served_run_on(c);
}

static int redraw_end(struct served *c, enum run_result r)
{
	bool whole = !(confined_skipped(c->confined) && c->screen) && !c->torn;

	served_run_flush(c);
	if (r == RUN_LATER) {
		c->retained = false;
		return 0;
	}
	c->count.redraws++;
	c->fresh = !whole;
	c->retained = whole && !c->screen;
	memcpy(c->drawn_regs, c->page_regs, sizeof(c->drawn_regs));
	memcpy(c->drawn_hand, c->hand, sizeof(c->drawn_hand));
	return whole;
}

static int redraw_failed(struct served *c, uint32_t object, struct error *err)
{
	broke(c, object);
	/* (not -EIO, which says that the driver is lost to all) */
	return c->over ? error_set(err, -EPIPE, "client: %s", vso_fault_sentence(c->over)) : 0;
}

int served_redraw(struct served *c, const struct served_tick *t, uint32_t screen,
		  const struct place *at, struct error *err)
{
	uint32_t object = served_objects_redraw(c);
	const struct program *p = object ? c->slot[object].program : NULL;
	enum run_result r;

	if (!p || (c->run.on && c->run.object != object))
		return 0;
	served_run_clock(c, t);
	served_intervals_add(&c->redraw_at, t->now_ns);
	c->asked = true;
	r = c->run.on ? redraw_on(c) : redraw_begin(c, object, screen, at);
	c->owed = 0;
	if (r == RUN_FAILED)
		return redraw_failed(c, object, err);
	if (r == RUN_REFUSED || (r == RUN_LATER && !c->run.on))
		return 0;
	return redraw_end(c, r);
}

uint32_t served_retained(const struct served *c, uint32_t *w, uint32_t *h)
{
	*w = *h = 0;
	/* (one that is over may have no world any more) */
	return c->confined ? confined_window(c->confined, w, h) : 0;
}

int served_resize(struct served *c, uint32_t w, uint32_t h, struct error *err)
{
	bool first = !c->width;
	int r = 0;

	if (w == c->width && h == c->height)
		return 0;
	if (!first && c->hello->flags & VSO_HELLO_RESIZE && c->confined)
		r = confined_resize(c->confined, w, h, err);
	if (r < 0)
		return r;
	c->width = w;
	c->height = h;
	c->reshape = c->fresh = true;
	return 0;
}

struct vso_server *served_vso(struct served *c) { return c->vso; }
