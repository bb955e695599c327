/* lists.c - display lists: what calling one does, and which ones drivers do not survive.
 *
 * A list's shadow is made where it is compiled, and speaks of what calling it does for as
 * long as none of the lists that it calls is made anew or deleted: names are looked up when
 * a list runs.  Who is called from a list is marked; when a marked list changes, an epoch
 * ends, and of all lists before that call others nothing is known any more.
 *
 * Drivers (Mesa) turn the vertices of some lists back into single calls when they end, and
 * go through the lists that these call, and through those that these call, without looking
 * whether they are there.  Which lists that happens to is the driver's affair: one that
 * draws itself may only call what is known to be there and leads nowhere else.
 *
 * A call is one command, which nothing can cut, and lists that call others twice double what it
 * makes of itself.  Where that is known here, too many are refused where they would run; where it
 * is not, who runs a stranger's lists counts (blink/server/confine_calls.c), and takes for granted
 * that none calls others, or says from where, between Begin and End. */
#include "blink/verify/verifier.h"

#include <GL/gl.h>

/* What is known of calling a list, LIST_CALLED left out; 0: nothing. */
uint32_t lists_what(const struct verify_state *s, uint32_t name)
{
	const struct list_shadow *l = &s->lists[name];

	if (name >= LIST_NAMES || ((l->what & LIST_CALLS) && l->epoch != s->lists_epoch) ||
	    l->group != s->ctx->group)
		return 0;
	return l->what & LIST_KNOWN ? l->what & ~LIST_CALLED : 0;
}

/* Calls of a list may come to more, or other things, than they did. */
static void list_changes(struct verify_state *s, uint32_t name)
{
	if (s->lists_loose || name >= LIST_NAMES || (s->lists[name].what & LIST_CALLED))
		s->lists_epoch++;
}

static void list_reach(struct verify_state *s, uint32_t name)
{
	if (name < LIST_NAMES && name >= s->lists_end)
		s->lists_end = name + 1;
}

/* Words that the verifier has seen executed, at most: what a list costs is a difference
 * of two such. */
static uint64_t words_at(const struct verifier *v, const uint32_t *rec)
{
	return (uint64_t)((uintptr_t)rec / sizeof(*rec)) - v->budget + v->facts->list_words;
}

static enum verify_reason new_list(struct verifier *v, const uint32_t *rec)
{
	struct context *c = v->s->ctx;

	if (c->begin)
		return VERIFY_BEGIN_END;
	if (c->list)
		return VERIFY_LIST_NESTED;
	if (!rec[1] || (rec[2] != GL_COMPILE && rec[2] != GL_COMPILE_AND_EXECUTE))
		return VERIFY_OK;       /* an error in GL: ignored */
	state_touch_context(v->s);
	c->list = rec[1];
	c->list_begin = false;
	c->list_executes = rec[2] == GL_COMPILE_AND_EXECUTE;
	list_reach(v->s, c->list);
	/* until it ends, calls are of the list that had this name before */
	c->list_new = (struct list_shadow){ .what = v->s->region_open ? 0 : LIST_KNOWN,
					    .group = c->group, .epoch = v->s->lists_epoch };
	if (v->s->region_open && c->list < LIST_NAMES)
		v->s->lists[c->list].what &= LIST_CALLED;
	c->list_vertices = v->facts->vertices;
	c->list_words = words_at(v, rec);
	c->list_depth = (uint8_t)v->depth;
	c->list_sp = v->s->serial;
	return VERIFY_OK;
}

static uint32_t saturated(uint64_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* What calling the list that ends here will cost. */
static void list_cost(struct verifier *v, const uint32_t *rec)
{
	struct context *c = v->s->ctx;
	struct list_shadow *l = &c->list_new;
	uint64_t most = v->env->limits.work ? v->env->limits.work : UINT64_MAX, words = 0;

	/* begun by an earlier SP, or another one: who knows */
	l->vertices = l->words = UINT32_MAX;
	if (c->list_sp == v->s->serial)
		l->vertices = saturated(v->facts->vertices - c->list_vertices);
	if (c->list_sp == v->s->serial && c->list_depth == v->depth) {
		words = words_at(v, rec) - c->list_words;
		l->words = saturated(words);
	} else {
		l->what |= LIST_UNCOUNTED;
	}
	if (l->calls * (uint64_t)VERIFY_WORK_CALL > most || (words > most && !(l->what & LIST_UNCOUNTED)))
		l->what |= LIST_COSTLY;
}

static enum verify_reason end_list(struct verifier *v, const uint32_t *rec)
{
	struct verify_state *s = v->s;
	struct context *c = s->ctx;
	struct list_shadow *l;

	if (!c->list)
		return VERIFY_OK;
	if (c->list_begin)
		return VERIFY_LIST_BALANCE;
	if ((c->list_new.what & LIST_OWN) && (c->list_new.what & LIST_OPEN))
		return VERIFY_LIST_CALLS;
	state_touch_context(s);
	list_cost(v, rec);
	list_changes(s, c->list);
	if (c->list < LIST_NAMES) {
		l = &s->lists[c->list];
		c->list_new.what |= l->what & LIST_CALLED;
		*l = c->list_new;
		if (l->vertices > s->list_vertices_max)
			s->list_vertices_max = l->vertices;
		if (l->words > s->list_words_max)
			s->list_words_max = l->words;
	}
	c->list = 0;
	c->list_new = (struct list_shadow){ 0 };
	return VERIFY_OK;
}

static void delete_lists(struct verifier *v, const uint32_t *rec)
{
	struct verify_state *s = v->s;
	uint32_t first = rec[1], range = rec[2];

	if (context_in_begin(s->ctx) || (int32_t)range <= 0)
		return;         /* GL refuses it */
	s->work += (uint64_t)range * VERIFY_WORK_LIST;
	if (s->lists_loose || first >= LIST_NAMES || range > LIST_NAMES - first)
		s->lists_epoch++;
	for (uint32_t i = first; i < s->lists_end && i - first < range; i++) {
		if (s->lists[i].what & LIST_CALLED)
			s->lists_epoch++;
		s->lists[i].what &= LIST_CALLED;
	}
}

/* A list is called from the one that is being compiled.  Which ones CallLists calls is not
 * known (ListBase is added when it runs): of a stranger's any may not be there. */
static void nest(struct verifier *v, bool many, uint32_t name, uint32_t what)
{
	struct verify_state *s = v->s;
	struct context *c = s->ctx;
	uint64_t calls = many || !(what & LIST_KNOWN) ? 1 : 1 + (uint64_t)s->lists[name].calls;

	state_touch_context(s);
	c->list_new.calls = saturated(c->list_new.calls + calls);
	c->list_new.what |= what & LIST_COSTLY;
	if (many || !(what & LIST_KNOWN) || (what & LIST_UNCOUNTED))
		c->list_new.what |= LIST_UNCOUNTED;
	if (many || name >= LIST_NAMES) {
		s->lists_loose = true;
	} else {
		list_reach(s, name);
		s->lists[name].what |= LIST_CALLED;
	}
	caps_list(v, LIST_CALLS);
	if (many ? !v->env->limits.allow_opaque
		 : !(what & LIST_KNOWN) || (what & LIST_OPEN) || name == c->list)
		caps_list(v, LIST_OPEN);
}

static void cost_add(struct verifier *v, bool many, const uint32_t *rec, uint32_t what)
{
	const struct list_shadow *l = &v->s->lists[rec[1]];
	uint64_t n = (int32_t)rec[1] > 0 ? rec[1] : 0;

	if (!many && (what & LIST_KNOWN)) {
		v->facts->vertices += l->vertices;
		v->facts->list_words += l->words;
	} else if (many) {      /* of any, so many */
		v->facts->vertices += n * v->s->list_vertices_max;
		v->facts->list_words += n * v->s->list_words_max;
	}
}

/* Client state is never part of a list (5.4 of the specification), and lists are
 * balanced: all that can change is the switches. */
static enum verify_reason call_list(struct verifier *v, const struct desc *d,
				    const uint32_t *rec)
{
	bool many = d->arg;
	const struct context *c = v->s->ctx;
	uint32_t what = many ? 0 : lists_what(v->s, rec[1]);

	if (lists_inside(v))
		return VERIFY_LIST_CALLS;
	/* twice in it, and it would call itself as often as its depth allows: 2^64 times */
	if (!many && c->list && rec[1] == c->list && !v->env->limits.allow_opaque)
		return VERIFY_LIST_CALLS;
	if ((what & LIST_COSTLY) && (!c->list || c->list_executes))
		return VERIFY_WORK;
	if (many && (int32_t)rec[1] > 0)
		v->s->work += rec[1] * (uint64_t)VERIFY_WORK_LIST;
	cost_add(v, many, rec, what);
	if (c->list)
		nest(v, many, rec[1], what);
	if (!(what & LIST_KNOWN) || (what & LIST_OPEN) || list_boundless(&v->s->lists[rec[1]]))
		v->facts->unknown_lists++;
	if (!(what & LIST_KNOWN))
		what = LIST_CAPS | LIST_DRAWS | LIST_READS | LIST_RELATIVE;
	caps_called(v, what);
	return VERIFY_OK;
}

enum verify_reason lists_track(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	v->s->outside += (d->hook != HOOK_CALL_LIST && d->hook != HOOK_LIST_BASE) || v->s->ctx->list;
	switch (d->hook) {
	case HOOK_NEW_LIST: return new_list(v, rec);
	case HOOK_END_LIST: return end_list(v, rec);
	case HOOK_DELETE_LISTS: delete_lists(v, rec); return VERIFY_OK;
	case HOOK_GEN_LISTS:
		v->s->work += (uint64_t)rec[1] * VERIFY_WORK_LIST;
		return VERIFY_OK;
	case HOOK_LIST_BASE: return lists_inside(v) ? VERIFY_LIST_CALLS : VERIFY_OK;
	default: return call_list(v, d, rec);
	}
}
