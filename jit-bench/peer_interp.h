/* peer_interp.h - interpreters made for the instruction mixes alone: what interpreting
 * costs at best, without budgets, names, or any instruction that the mixes lack.
 */
#ifndef JIT_BENCH_PEER_INTERP_H
#define JIT_BENCH_PEER_INTERP_H

#include "blink/engine/sink.h"

/* One switch for every record. */
void interp_switch_run(const uint32_t *code, const sink_fn *entries, uint32_t *registers);
/* A jump at the end of each record's work, and a loop as long as records are alike. */
void interp_threaded_run(const uint32_t *code, const sink_fn *entries, uint32_t *registers);
/* Do they know all of code's instructions? */
bool interp_peers_know(const uint32_t *code, uint32_t nwords);

#endif
