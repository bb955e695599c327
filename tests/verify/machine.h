/* machine.h - the slow, obvious oracle: executes an SP's records one after the other,
 * follows client arrays as GL defines them, and looks at every vertex of every draw.
 *
 * It knows nothing of the verifier: no unknowns, no joins, no limits kept; jumps are
 * taken or not as `ways` says, bit by bit. */
#ifndef TESTS_VERIFY_MACHINE_H
#define TESTS_VERIFY_MACHINE_H

#include "blink/verify/verify.h"

enum machine_end {
	MACHINE_FINE,        /* ran to its end, touched nothing that it must not */
	MACHINE_WRONG,       /* would have read beyond its memory, or gone astray */
	MACHINE_UNKNOWN      /* met a command that it does not model */
};
struct machine_result { enum machine_end end; uint32_t word; const char *why; unsigned draws; };

struct machine_result machine_run(const struct sp *sp, const struct verify_env *env,
				  uint64_t ways);

#endif
