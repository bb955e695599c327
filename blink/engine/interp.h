/* interp.h - the interpreter, as the JIT uses it: from any record to the next point
 * that compiled code can be entered at.  Private to blink/engine.
 */
#ifndef BLINK_ENGINE_INTERP_H
#define BLINK_ENGINE_INTERP_H

#include "blink/engine/client.h"

/* Points at which compiled code can be entered, in ascending order. */
struct interp_stop { uint32_t pc, code; };
struct interp_stops {
	const struct interp_stop *v;
	uint32_t n;
};

/* The stop at pc, or NULL. */
static inline const struct interp_stop *interp_stops_at(const struct interp_stops *s,
							uint32_t pc)
{
	uint32_t low = 0, high = s->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (s->v[mid].pc == pc)
			return &s->v[mid];
		if (s->v[mid].pc < pc)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Beside enum engine_status: c->pc is one of the stops. */
#define INTERP_STOPPED ((enum engine_status)-1)

/* Runs from pc until the run stops or, if stops is given, reaches one of them after
 * the first record.  Callees run through run_sp. */
enum engine_status interp_until(struct client *c, const struct sp *sp, uint32_t pc,
				client_run_fn run_sp, const struct interp_stops *stops);

#endif
