/* mixes.h - the instruction mixes that engines are measured with. */
#ifndef JIT_BENCH_MIXES_H
#define JIT_BENCH_MIXES_H

#include "blink/base/buf.h"

struct bench_mix {
	const char *name, *what;
	void (*make)(struct buf *code);   /* appends records, `end` included */
};

extern const struct bench_mix bench_mixes[];
extern const unsigned bench_mix_count;

#endif
