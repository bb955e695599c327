/* confine_calls.c - which lists one command comes to execute.
 *
 * A list that calls the one before it twice, forty times over, is a few words; calling the last is
 * one command of 2^40, which nobody can cut.  Names are looked up when a list runs, and glCallLists
 * adds a base to them that lists may set: so what a list calls is kept as it was said, and followed
 * when a command executes lists, through as many as are executed at once, and no deeper than GL
 * goes.  What would go on after that is not executed at all.
 *
 * Counted are calls, with what else is followed, and the bytes of long lists: any client may have
 * all of its own executed once.  A list by itself, however long, is what the client's memory holds,
 * and is not counted.
 *
 * GL sets no base, and saves nothing, between Begin and End; the verifier lets no list do that, or
 * call others, between its own, so that it is enough to know where the outermost is called. */
#include "blink/server/confine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CALLS (CONFINE_WORK / VERIFY_WORK_CALL)
#define SHARED (UINT64_C(5) << 18)      /* drivers (Mesa) keep vertices of many lists in one piece of
                                           1 MiB, for which one of them has to pay */
#define DEPTH 64u                       /* of calls: beyond it GL executes none (and so these lists
                                           are for nothing) */
#define SAVED 64u                       /* bases that are followed */

/* ---- what lists do ---------------------------------------------------------------------- */

void confine_calls_free(struct confined *k, struct list_acts *acts, bool whole)
{
	k->callers -= whole && acts->calls;
	free(acts->v);
	*acts = (struct list_acts){ 0 };
}

void confine_calls_end(struct confined *k, struct account *a)
{
	struct list_acts *acts = &k->current->list_acts;

	confine_calls_free(k, &a->acts, true);
	a->acts = *acts;
	k->callers += a->acts.calls;
	*acts = (struct list_acts){ 0 };
}

/* Room for n more. */
static bool acts_room(struct confined *k, struct list_acts *acts, uint32_t n)
{
	uint64_t want = (uint64_t)acts->n + n, cap = acts->cap;
	struct list_act *v;

	if (want <= cap)
		return true;
	cap = want > 2 * cap ? want + 8 : 2 * cap;
	v = cap <= UINT32_MAX && confine_room(k, cap * sizeof(*v))
		? realloc(acts->v, cap * sizeof(*v)) : NULL;
	if (!v) {
		confine_fault(k, VSO_FAULT_MEMORY);
		return false;
	}
	acts->v = v;
	acts->cap = (uint32_t)cap;
	return true;
}

static bool act_add(struct confined *k, enum list_what what, uint32_t n)
{
	struct list_acts *acts = &k->current->list_acts;

	if (!acts_room(k, acts, 1))
		return false;
	acts->v[acts->n++] = (struct list_act){ what, n };
	acts->calls |= what == LIST_CALL || what == LIST_CALL_BASE;
	return true;
}

/* ---- what one command comes to ----------------------------------------------------------- */

struct calls {
	const struct confined *k;
	uint64_t calls, bytes, most;    /* so far, and all that is followed; bytes at most */
	bool inside, known;             /* between Begin and End; the base is known */
	uint32_t base, depth;
	uint32_t saved, below, room;    /* attributes that lists saved; before; that may be */
	struct { bool is, known; uint32_t base; } save[SAVED];
};

static struct calls calls_begin(const struct confined *k)
{
	struct calls c = { .k = k, .most = CONFINE_WORK + k->memory };

	c.inside = confine_inside(k);
	c.known = !c.inside;
	c.base = confine_ask(k, GL_LIST_BASE, 0, 0);
	if (k->callers) {
		c.below = confine_ask(k, GL_ATTRIB_STACK_DEPTH, 0, 0);
		c.room = confine_ask(k, GL_MAX_ATTRIB_STACK_DEPTH, 0, 16);
	}
	return c;
}

static void calls_push(struct calls *c, bool is)
{
	if (c->below + c->saved >= c->room)
		return;                 /* GL refuses it */
	if (c->saved < SAVED) {
		c->save[c->saved].is = is;
		c->save[c->saved].known = c->known;
		c->save[c->saved].base = c->base;
	}
	c->saved++;
}

static void calls_pop(struct calls *c)
{
	if (!c->saved) {
		/* what was saved before */
		c->known &= !c->below;
		c->below -= c->below != 0;
		return;
	}
	c->saved--;
	if (c->saved >= SAVED) {
		c->known = false;
	} else if (c->save[c->saved].is) {
		c->known = c->save[c->saved].known;
		c->base = c->save[c->saved].base;
	}
}

static bool list_call(struct calls *c, uint32_t name);

static bool act(struct calls *c, const struct list_act *a)
{
	if (c->calls++ >= CALLS)
		return false;
	switch (a->what) {
	case LIST_CALL: return list_call(c, a->n);
	case LIST_CALL_BASE: return c->known && list_call(c, c->base + a->n);
	case LIST_BASE:
		c->known = !c->inside;
		c->base = a->n;
		return true;
	case LIST_PUSH: calls_push(c, a->n); return true;
	default: calls_pop(c); return true;
	}
}

static uint64_t bytes_long(uint64_t bytes) { return bytes > SHARED ? bytes - SHARED : 0; }

/* False: it is too much, or nobody can tell. */
static bool list_call(struct calls *c, uint32_t name)
{
	const struct account *a = confine_account(c->k, GL_SPACE_LIST, name);
	bool good = true;

	c->bytes += a ? bytes_long(a->bytes) : 0;
	if (c->bytes > c->most || c->depth == DEPTH)
		return false;
	if (!a)
		return true;
	c->depth++;
	for (uint32_t i = 0; i < a->acts.n && good; i++)
		good = act(c, &a->acts.v[i]);
	c->depth--;
	return good;
}

static bool told(struct confined *k, bool good)
{
	if (!good)
		confine_fault(k, VSO_FAULT_WORK);
	return good;
}

/* ---- commands ---------------------------------------------------------------------------- */

static bool compiling(const struct confined *k) { return k->current && k->current->list; }

static bool executing(const struct confined *k)
{
	return k->current && (!k->current->list || k->current->list_executes);
}

bool confine_calls_act(struct confined *k, enum list_what what, uint32_t n)
{
	return !compiling(k) || act_add(k, what, n);
}

bool confine_calls_list(struct confined *k, uint32_t name)
{
	const struct account *a;
	struct calls c;

	if (executing(k) && k->callers) {
		a = confine_account(k, GL_SPACE_LIST, name);
		if (a && a->acts.calls) {
			c = calls_begin(k);
			if (!told(k, list_call(&c, name)))
				return false;
		}
	}
	return confine_calls_act(k, LIST_CALL, name);
}

/* The i-th of the names as GL takes it, before the base is added; false: there is none such, or
 * compilers differ in what it is. */
static bool name_at(uint32_t type, const void *names, uint32_t i, uint32_t *name)
{
	const uint8_t *p = names;
	float f;

	switch (type) {
	case GL_BYTE: *name = (uint32_t)(int32_t)(int8_t)p[i]; return true;
	case GL_UNSIGNED_BYTE: *name = p[i]; return true;
	case GL_SHORT: case GL_UNSIGNED_SHORT: {
		uint16_t n;

		memcpy(&n, p + 2 * (size_t)i, 2);
		*name = type == GL_SHORT ? (uint32_t)(int32_t)(int16_t)n : n;
		return true;
	}
	case GL_INT: case GL_UNSIGNED_INT: memcpy(name, p + 4 * (size_t)i, 4); return true;
	case GL_FLOAT:
		memcpy(&f, p + 4 * (size_t)i, 4);
		if (!(f >= -2147483648.0f && f < 2147483648.0f))
			return false;
		*name = (uint32_t)(int32_t)floorf(f);
		return true;
	case GL_2_BYTES: p += 2 * (size_t)i; *name = (uint32_t)p[0] << 8 | p[1]; return true;
	case GL_3_BYTES:
		p += 3 * (size_t)i;
		*name = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		return true;
	case GL_4_BYTES:
		p += 4 * (size_t)i;
		*name = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
		return true;
	default: return false;
	}
}

static bool types_calls(uint32_t type)
{
	return type >= GL_BYTE && type <= GL_4_BYTES;
}

/* Are they few enough, be they what they like? */
static bool lists_few(const struct confined *k, uint32_t n)
{
	return !k->callers && n <= CALLS && bytes_long(k->list_most) <= CONFINE_WORK / n;
}

static bool lists_executed(struct confined *k, uint32_t n, uint32_t type, const void *names)
{
	struct calls c = calls_begin(k);
	bool good = true;

	for (uint32_t i = 0, name; i < n && good; i++)
		good = c.calls++ < CALLS && c.known && name_at(type, names, i, &name) &&
		       list_call(&c, c.base + name);
	return told(k, good);
}

bool confine_calls_lists(struct confined *k, int32_t n, uint32_t type, const void *names)
{
	uint32_t name;

	/* GL calls none */
	if (n <= 0 || !names || !types_calls(type))
		return true;
	if (executing(k) && !lists_few(k, (uint32_t)n) && !lists_executed(k, (uint32_t)n, type, names))
		return false;
	if (!compiling(k))
		return true;
	if (!acts_room(k, &k->current->list_acts, (uint32_t)n))
		return false;
	for (uint32_t i = 0; i < (uint32_t)n; i++)
		if (!told(k, name_at(type, names, i, &name)) || !act_add(k, LIST_CALL_BASE, name))
			return false;
	return true;
}
