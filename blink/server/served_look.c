/* served_look.c - what a compositor asks about a client before it draws it: where its redraw SP
 * may draw, and whether its picture would be another one. */
#include "blink/server/served.h"

#include <string.h>

/* Into whatever p draws, it leaves nothing of what was there, and nothing but pixels. */
static bool draws_anew(const struct program *p)
{
	return p->facts.rerunnable && verify_facts_direct(&p->facts) && !p->facts.contexts &&
	       !(p->all_uses & (PROGRAM_FIXED | PROGRAM_LISTS));
}

static uint32_t context_of(const struct served *c, const struct program *p)
{
	return p->sp.context ? p->sp.context : confined_context(c->confined);
}

static uint32_t drawable_of(const struct served *c, const struct program *p)
{
	return p->sp.drawable ? p->sp.drawable : confined_drawable(c->confined);
}

bool served_movable(const struct served *c, const struct program *p)
{
	return c->hello->flags & VSO_HELLO_DIRECT && !c->opt.no_direct && draws_anew(p) &&
	       !(c->run.on && !c->screen) &&
	       confined_movable(c->confined, context_of(c, p), drawable_of(c, p), &p->facts);
}

bool served_replaceable(const struct served *c, const struct program *p, uint32_t *config)
{
	/* (what else it runs may look at what its own drawable holds) */
	return c->hello->flags & VSO_HELLO_DIRECT && draws_anew(p) && !c->run.on && !c->owed &&
	       confined_replaceable(c->confined, context_of(c, p), drawable_of(c, p), config);
}

static bool changing(const struct served *c, const struct program *p)
{
	if (c->fresh || c->run.on || c->owed)
		return true;
	if (!p->facts.rerunnable)
		return false;
	return p->all_uses & PROGRAM_CLOCK ||
	       (p->all_uses & PROGRAM_HAND &&
		memcmp(c->hand, c->drawn_hand, sizeof(c->hand)) != 0) ||
	       (p->all_uses & PROGRAM_REGISTERS &&
		memcmp(c->page_regs, c->drawn_regs, sizeof(c->page_regs)) != 0);
}

void served_look(struct served *c, struct served_look *out)
{
	uint32_t object = served_objects_redraw(c);
	const struct program *p = object ? c->slot[object].program : NULL;

	*out = (struct served_look){ .retained = c->retained, .changing = c->swapped };
	if (!p || !p->accepted)
		return;
	out->has_redraw = true;
	out->direct = served_movable(c, p);
	out->replaceable = served_replaceable(c, p, &out->config);
	out->opaque = verify_facts_opaque(&p->facts);
	out->changing = changing(c, p);
	out->rerunnable = p->facts.rerunnable;
	out->clears_color = p->facts.clears_color;
	out->clears_depth = p->facts.clears_depth;
}
