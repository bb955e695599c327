/* slow.h - slowdowns made on purpose, to see whether measurements find them.
 *
 * Never in a normal build.  `make SLOWDOWN=3` makes each run of compiled code take 3 %
 * longer; `make SHAPE=25` makes those of three stored procedures in ten take 25 % longer:
 * most keep their time, so that a median does not change, but the distribution does.
 * Runs so short that looking at the clock would be more than that are left alone.
 * ci/campaign.sh measures with them.
 */
#ifndef BLINK_ENGINE_SLOW_H
#define BLINK_ENGINE_SLOW_H

#include "blink/sp/sp.h"

#if defined(BLINK_SLOWDOWN) || defined(BLINK_SHAPE)
#include <x86intrin.h>

#ifndef BLINK_SLOWDOWN
#define BLINK_SLOWDOWN 0
#endif
#ifndef BLINK_SHAPE
#define BLINK_SHAPE 0
#endif
#define SLOW_LEAST 1000u               /* ticks of the time stamp counter */

static inline uint64_t slow_begin(void) { return __rdtsc(); }

static inline void slow_end(uint64_t since, const struct sp *sp)
{
	uint64_t took = __rdtsc() - since, percent = BLINK_SLOWDOWN;

	if (sp->id % 10 >= 7)
		percent += BLINK_SHAPE;
	if (took < SLOW_LEAST)
		return;
	while (__rdtsc() - since < took + took * percent / 100)
		;
}
#else
static inline uint64_t slow_begin(void) { return 0; }
static inline void slow_end(uint64_t since, const struct sp *sp) { (void)since; (void)sp; }
#endif

#endif
