/* served_witness.h - a driver that draws nothing and looks at who calls it, and what must hold
 * of a server and its clients after each display frame.  Static functions, for served_acts.h;
 * abort() tells.
 *
 *   the driver     contexts and drawables are whose they were made for, and are made current
 *                  by nobody else; there is a context wherever GL is called; in the server's
 *                  own context only what the server itself needs is called
 *   the clients    a callback's entry is the lowest object that has a procedure of it now; what
 *                  is counted of objects (users, copies, mappings, bytes) is what there is;
 *                  an input SP never calls GL */
#ifndef TESTS_SERVER_SERVED_WITNESS_H
#define TESTS_SERVER_SERVED_WITNESS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "blink/server/confine.h"
#include "blink/server/painter.h"
#include "blink/server/served.h"

#define WITNESS_HOLD(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)

/* The recorder's look at what it is handed, where sanitizers see it: they do not look into the
 * library that this stands in for. */
XXH64_hash_t XXH3_64bits(const void *data, size_t n)
{
	const uint8_t *at = data;
	uint64_t h = 14695981039346656037u ^ n;

	for (size_t i = 0; i < n; i++)
		h = (h ^ at[i]) * 1099511628211u;
	return h ^ h >> 29;
}

/* ---- the driver ----------------------------------------------------------------------- */

#define WITNESS_NUMBERS 1024u

struct witness_name { bool is; const struct confined *of; };

static struct witness {
	struct sink *gl;                   /* a recorder: it reads what it is handed */
	struct sink_ops ops;               /* its own, behind these */
	struct buf log;
	struct witness_name context[WITNESS_NUMBERS], drawable[WITNESS_NUMBERS];
	uint32_t current;                  /* at the end of the log as far as it was read */
	uint32_t fails;                    /* the client's window operation, counted down, that
	                                      fails; 0 none */
	bool lost;                         /* contexts will be found to be */
} witness;

static bool witness_own(uint32_t n) { return n && n <= SERVER_NUMBERS; }

static int witness_failing(struct error *err)
{
	if (!witness.fails || --witness.fails)
		return 0;
	return error_set(err, -EINVAL, "the driver has none");
}

static void witness_made(struct witness_name *v, uint32_t n)
{
	WITNESS_HOLD(n && n < WITNESS_NUMBERS && !v[n].is);
	WITNESS_HOLD(witness_own(n) || confine_self);
	v[n] = (struct witness_name){ true, witness_own(n) ? NULL : confine_self };
}

static int witness_context(struct sink *s, uint32_t n, uint32_t share, uint32_t version,
			   uint32_t flags, struct error *err)
{
	WITNESS_HOLD(n == SERVER_CONTEXT || !witness_own(n));
	WITNESS_HOLD(!share || (witness.context[share].is && witness.context[share].of == confine_self));
	if (!witness_own(n) && witness_failing(err))
		return -EINVAL;
	witness_made(witness.context, n);
	return witness.ops.context_create(s, n, share, version, flags, err);
}

static void witness_context_destroy(struct sink *s, uint32_t n)
{
	WITNESS_HOLD(n < WITNESS_NUMBERS && witness.context[n].is);
	witness.context[n].is = false;
	witness.ops.context_destroy(s, n);
}

static int witness_drawable(struct sink *s, uint32_t n, uint32_t w, uint32_t h, uint32_t config,
			    struct error *err)
{
	if (!witness_own(n) && witness_failing(err))
		return -EINVAL;
	witness_made(witness.drawable, n);
	return witness.ops.drawable_create(s, n, w, h, config, err);
}

static int witness_resize(struct sink *s, uint32_t n, uint32_t w, uint32_t h, struct error *err)
{
	WITNESS_HOLD(n < WITNESS_NUMBERS && witness.drawable[n].is && !witness_own(n));
	if (witness_failing(err))
		return -EINVAL;
	return witness.ops.drawable_resize(s, n, w, h, err);
}

static void witness_drawable_destroy(struct sink *s, uint32_t n)
{
	WITNESS_HOLD(n < WITNESS_NUMBERS && witness.drawable[n].is);
	witness.drawable[n].is = false;
	witness.ops.drawable_destroy(s, n);
}

/* A client's context is on its own drawables, or on one that all take turns with. */
static void witness_bound(uint32_t ctx, uint32_t n)
{
	WITNESS_HOLD(n < WITNESS_NUMBERS && (!n || witness.drawable[n].is));
	if (!witness_own(ctx) && n && !witness_own(n))
		WITNESS_HOLD(witness.drawable[n].of == confine_self);
}

static int witness_current(struct sink *s, uint32_t ctx, uint32_t draw, uint32_t read,
			   struct error *err)
{
	WITNESS_HOLD(ctx < WITNESS_NUMBERS && (!ctx || witness.context[ctx].is));
	if (ctx && !witness_own(ctx))
		WITNESS_HOLD(witness.context[ctx].of == confine_self);
	witness_bound(ctx, draw);
	witness_bound(ctx, read);
	if (ctx && !witness_own(ctx) && witness_failing(err))
		return -EINVAL;
	return witness.ops.make_current(s, ctx, draw, read, err);
}

static uint32_t witness_reset(struct sink *s)
{
	bool lost = witness.lost;

	(void)s;
	witness.lost = false;
	return lost ? GL_GUILTY_CONTEXT_RESET : 0;
}

static struct sink *witness_open(void)
{
	static struct sink_ops ops;

	memset(&witness, 0, sizeof(witness));
	buf_init(&witness.log);
	witness.gl = sink_recorder_create(&witness.log);
	WITNESS_HOLD(witness.gl);
	witness.ops = ops = *witness.gl->ops;
	ops.context_create = witness_context;
	ops.context_destroy = witness_context_destroy;
	ops.drawable_create = witness_drawable;
	ops.drawable_resize = witness_resize;
	ops.drawable_destroy = witness_drawable_destroy;
	ops.make_current = witness_current;
	ops.reset_status = witness_reset;
	witness.gl->ops = &ops;
	return witness.gl;
}

/* What the server draws with (compose_screen.c). */
static bool witness_servers(unsigned op)
{
	switch (op) {
	case OP_glClearColor: case OP_glClear: case OP_glEnable: case OP_glDisable:
	case OP_glScissor: case OP_glBlitFramebuffer: case OP_glBindFramebuffer:
	case OP_glGenFramebuffers: case OP_glDeleteFramebuffers: case OP_glFramebufferTexture2D:
	case OP_glGenTextures: case OP_glDeleteTextures: case OP_glBindTexture:
	case OP_glTexImage2D: case OP_glTexSubImage2D: case OP_glReadPixels_buf: case OP_glFlush:
		return true;
	default:
		return false;
	}
}

static void witness_look(unsigned op, uint64_t first)
{
	if (op == OP_blinkMakeCurrent)
		witness.current = (uint32_t)first;
	else if (op == OP_blinkContextDestroy && witness.current == first)
		witness.current = 0;
	else if (op < GL_OP_COUNT && gl_ops[op].command != GL_OP_NO_COMMAND &&
		 witness.current == SERVER_CONTEXT && !witness_servers(op)) {
		fprintf(stderr, "%s, in the server's own context\n", gl_ops[op].name);
		abort();
	}
}

/* All that was called since the last time. */
static void witness_read(void)
{
	const uint32_t *w = (const uint32_t *)(const void *)witness.log.data;
	size_t n = witness.log.len / 4, at = 0;

	WITNESS_HOLD(!buf_failed(&witness.log));
	for (; at < n; at += 2 + 2 * (size_t)w[at + 1])
		witness_look(w[at], w[at + 1] ? w[at + 2] | (uint64_t)w[at + 3] << 32 : 0);
	WITNESS_HOLD(at == n);
	buf_clear(&witness.log);
}

/* Nothing is left when all have gone. */
static void witness_close(void)
{
	witness_read();
	for (uint32_t i = 0; i < WITNESS_NUMBERS; i++)
		WITNESS_HOLD(!witness.context[i].is && !witness.drawable[i].is);
	sink_destroy(witness.gl);
	buf_finish(&witness.log);
}

/* ---- one client ------------------------------------------------------------------------- */

static void witness_entries(const struct served *c)
{
	for (unsigned cb = 0; cb < SP_CALLBACKS; cb++) {
		uint32_t id = 1;

		while (id < c->nslots &&
		       !(c->slot[id].program && c->slot[id].program->sp.callback == cb))
			id++;
		WITNESS_HOLD(c->entries_stale || c->entry[cb] == (id < c->nslots ? id : 0));
	}
}

static void witness_version(const struct vso_object *o, const struct program *p, uint32_t id)
{
	WITNESS_HOLD(!o->version || o->id == id);
	WITNESS_HOLD(!o->version || o->data);
	WITNESS_HOLD(!p == !(o->version && o->desc.type == VSO_SP));
	if (!p)
		return;
	WITNESS_HOLD(p->sp.code == o->data && p->sp.nwords == o->desc.size / 4 && p->sp.id == id);
	WITNESS_HOLD(!p->ran || p->sp.callback == SP_INIT);
	WITNESS_HOLD(p->sp.callback == (o->desc.callback == VSO_CALLEE ? SP_CALLBACKS
								       : o->desc.callback));
}

static void witness_users(uint32_t *users, const struct served *c, const struct program *p)
{
	for (uint32_t i = 0; p && i < p->nnamed; i++)
		if (p->named[i] < c->nslots)
			users[p->named[i]]++;
}

static void witness_held(const struct vso_object *o, uint64_t *copies, uint64_t *mappings,
			 uint64_t *bytes)
{
	if (!o->version || !o->data)
		return;
	*mappings += o->mapped;
	*copies += !o->mapped;
	*bytes += o->mapped ? 0 : o->desc.size;
}

static void witness_objects(struct served *c)
{
	const struct vso_counters *n = vso_server_counters(c->vso);
	uint32_t users[WORDS_OBJECTS] = { 0 };
	uint64_t copies = 0, mappings = 0, bytes = 0;

	WITNESS_HOLD(c->nslots == WORDS_OBJECTS);
	for (uint32_t id = 0; id < c->nslots; id++) {
		const struct slot *s = &c->slot[id];

		witness_version(&s->now, s->program, id);
		witness_version(&s->before, s->program_before, id);
		WITNESS_HOLD(s->unsettled || !s->before.version);
		WITNESS_HOLD(!s->copy || (s->now.mapped && s->content));
		WITNESS_HOLD(!s->now.mapped || !s->content || c->payload[id].data == s->copy);
		WITNESS_HOLD(s->now.mapped || !c->payload[id].data || c->payload[id].data == s->now.data);
		WITNESS_HOLD(!c->payload[id].data || c->payload[id].size == s->now.desc.size);
		WITNESS_HOLD(!s->program || !c->payload[id].data);
		witness_users(users, c, s->program);
		witness_users(users, c, s->program_before);
		witness_held(&s->now, &copies, &mappings, &bytes);
		witness_held(&s->before, &copies, &mappings, &bytes);
	}
	for (uint32_t id = 0; id < c->nslots; id++)
		WITNESS_HOLD(users[id] == c->slot[id].users);
	/* one may be on its way */
	WITNESS_HOLD(n->mappings == mappings && n->copies >= copies && n->copies <= copies + 1);
	WITNESS_HOLD(n->copies == copies ? n->copied_bytes == bytes : n->copied_bytes >= bytes);
}

static void witness_run(const struct served *c)
{
	const struct running *r = &c->run;

	WITNESS_HOLD(c->sums.calls == 0);
	WITNESS_HOLD(!c->item_ready || c->item_taken);
	WITNESS_HOLD(!c->stream_over || c->over || !c->item_taken || (r->on && !r->object));
	WITNESS_HOLD(c->over || (c->live && c->confined && c->state));
	if (r->on) {
		WITNESS_HOLD(!c->owed);
		WITNESS_HOLD(r->object < c->nslots);
		WITNESS_HOLD(r->object ? r->program == c->slot[r->object].program : c->item_taken);
		WITNESS_HOLD(r->object || r->program == &c->item_program);
		WITNESS_HOLD(r->program->sp.callback == r->callback);
	}
	if (c->owed) {
		const struct program *p = c->owed < c->nslots ? c->slot[c->owed].program : NULL;

		/* (what verifying it put back may have made another one the lowest) */
		WITNESS_HOLD(p && p->sp.callback == SP_REDRAW && p->accepted && !p->broken);
	}
}

static void witness_memory(const struct served *c)
{
	const struct confined *k = c->confined;
	uint64_t bytes = 0;

	if (!k)
		return;
	for (uint32_t i = 0; i < k->limits.contexts; i++)
		bytes += k->context[i].bytes;
	for (uint32_t i = 0; i < k->limits.drawables; i++)
		bytes += k->drawable[i].bytes;
	for (uint32_t i = 0; i < k->accounts_cap; i++)
		for (const struct account *a = k->accounts[i]; a; a = a->next)
			bytes += a->bytes;
	/* those that are deleted and held are in nobody's table */
	WITNESS_HOLD(k->memory >= bytes && k->memory < UINT64_MAX / 2);
	WITNESS_HOLD(!k->window || (k->window->name && k->window->driver));
	WITNESS_HOLD(!k->current || k->current->name);
	WITNESS_HOLD((!k->draw || k->draw->name) && (!k->read || k->read->name));
}

static void witness_server(struct server *s)
{
	bool focus = !s->focus, holder = !s->hand.holder;

	witness_read();
	for (uint32_t i = 0; i < s->n; i++) {
		struct served *c = s->windows[i]->client;

		focus |= s->windows[i]->id == s->focus;
		holder |= s->windows[i]->id == s->hand.holder;
		witness_entries(c);
		witness_objects(c);
		witness_run(c);
		witness_memory(c);
	}
	WITNESS_HOLD(focus && holder);
}

#endif
