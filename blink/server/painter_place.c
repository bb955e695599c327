/* painter_place.c - painters that draw at once are on processors of their own.
 *
 * A thread is woken where it ran last, or where it is woken from, also where another processor
 * is free: the composer and a painter with little to do then take turns on one for minutes, for
 * neither is there when the kernel looks for some that have too much.  So a painter that finds
 * itself on the processor of one with a lower number keeps off that from then on.  Which one
 * that is, is the kernel's affair: the composer may be anywhere, and others go out of its way. */
#include <sched.h>

#include "blink/server/painter.h"

#define PLACE_FRAMES 8u         /* between looks: moving takes some 10 us */

/* Processors of those before p; false: p is on none of them. */
static bool others_of(const struct painter *p, cpu_set_t *others)
{
	const struct painter *all = p->server->painter;
	int here = sched_getcpu();
	bool meets = false;

	CPU_ZERO(others);
	for (uint32_t i = 0; i < p->index; i++) {
		int there = atomic_load_explicit(&all[i].processor, memory_order_relaxed) - 1;

		if (there < 0 || there >= CPU_SETSIZE)
			continue;
		CPU_SET((size_t)there, others);
		meets = meets || there == here;
	}
	return meets;
}

void painter_place_open(struct server *s)
{
	if (sched_getaffinity(0, sizeof(s->handover->may), &s->handover->may))
		CPU_ZERO(&s->handover->may);
}

void painter_place(struct painter *p)
{
	cpu_set_t others, rest;

	if (!p->server->handover || p->frames - p->placed_frame < PLACE_FRAMES)
		return;
	p->placed_frame = p->frames;
	if (others_of(p, &others)) {
		/* may without others: what of may is among them goes */
		CPU_AND(&others, &others, &p->server->handover->may);
		CPU_XOR(&rest, &others, &p->server->handover->may);
		if (CPU_COUNT(&rest))
			(void)sched_setaffinity(0, sizeof(rest), &rest);
	}
	atomic_store_explicit(&p->processor, sched_getcpu() + 1, memory_order_relaxed);
}
