/* mixes.h - the instruction mixes that engines are measured with. */
#ifndef JIT_BENCH_MIXES_H
#define JIT_BENCH_MIXES_H

#include "blink/base/buf.h"
#include "blink/verify/verify.h"

struct bench_mix {
	const char *name, *what;
	void (*make)(struct buf *code);   /* appends records, `end` included */
};

extern const struct bench_mix bench_mixes[];
extern const unsigned bench_mix_count;

/* A context is current, as it is for every client that draws: mixes are verified so. */
int bench_context_make(struct verify_state *state, const struct verify_env *env,
		       struct error *err);

#endif
