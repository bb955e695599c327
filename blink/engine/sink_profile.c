/* sink_profile.c - see sink_profile.h.  The thunks are in sink_thunk.c. */
#include "blink/engine/sink_profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "blink/engine/sink_thunk.h"

#define OVERHEAD_BATCHES 31u
#define OVERHEAD_CALLS 64u

static struct sink_profile *attached;

/* What the thunks use. */
struct thunk_timing thunk_timing;

static void nothing(void)
{
}

static int timed(unsigned op, uint64_t since, int result)
{
	attached->ticks[op] += __rdtsc() - since;
	attached->calls[op]++;
	return result;
}

static int profile_make_current(struct sink *s, uint32_t ctx, uint32_t draw, uint32_t read,
				struct error *err)
{
	uint64_t since = __rdtsc();

	return timed(OP_blinkMakeCurrent, since,
		     attached->own_ops->make_current(s, ctx, draw, read, err));
}

static int profile_swap(struct sink *s, uint32_t drawable, struct error *err)
{
	uint64_t since = __rdtsc();

	return timed(OP_blinkSwap, since, attached->own_ops->swap(s, drawable, err));
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median of batches: calls overlap in the processor as they do in a frame. */
static void overhead_measure(struct sink_profile *p)
{
	const unsigned op = OP_glFlush;
	double batch[OVERHEAD_BATCHES];
	sink_fn own = p->entry[op];

	p->entry[op] = nothing;
	for (unsigned i = 0; i < OVERHEAD_BATCHES; i++) {
		p->ticks[op] = 0;
		for (unsigned k = 0; k < OVERHEAD_CALLS; k++)
			thunk_timing_entry(op)();
		batch[i] = (double)p->ticks[op] / OVERHEAD_CALLS;
	}
	p->entry[op] = own;
	qsort(batch, OVERHEAD_BATCHES, sizeof(*batch), order);
	p->overhead = batch[OVERHEAD_BATCHES / 2];
	sink_profile_clear(p);
}

int sink_profile_attach(struct sink_profile *p, struct sink *s, struct error *err)
{
	if (attached)
		return error_set(err, -EBUSY, "profile: one sink at a time");
	memset(p, 0, sizeof(*p));
	attached = p;
	p->sink = s;
	memcpy(p->entry, s->entry, sizeof(p->entry));
	p->own_ops = s->ops;
	p->ops = *s->ops;
	p->ops.make_current = profile_make_current;
	p->ops.swap = profile_swap;
	s->ops = &p->ops;
	thunk_timing = (struct thunk_timing){ .entry = p->entry, .ticks = p->ticks,
					      .calls = p->calls };
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		if (s->entry[op])
			s->entry[op] = thunk_timing_entry(op);
	overhead_measure(p);
	return 0;
}

void sink_profile_detach(struct sink_profile *p)
{
	if (attached != p)
		return;
	memcpy(p->sink->entry, p->entry, sizeof(p->entry));
	p->sink->ops = p->own_ops;
	attached = NULL;
}

void sink_profile_clear(struct sink_profile *p)
{
	memset(p->ticks, 0, sizeof(p->ticks));
	memset(p->calls, 0, sizeof(p->calls));
}
