/* frames.h - the time of a file's frames alone, everything loaded: what an engine
 * costs per call, without reading, verifying and compiling.
 */
#ifndef JIT_BENCH_FRAMES_H
#define JIT_BENCH_FRAMES_H

#include <stdint.h>

#include "blink/engine/sink.h"

struct frames_cost {
	double run;               /* CPU seconds in the frames' procedures */
	double load, verify, compile;
	uint64_t calls;
	uint32_t frames;
};

/* Plays all frames of the .blink file at path on sink, in batches: each is loaded,
 * verified and compiled first, then run. */
int frames_measure(const char *path, struct sink *sink, bool jit, struct frames_cost *cost,
		   struct error *err);

#endif
