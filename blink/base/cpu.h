/* cpu.h - which vector instructions may be used.
 *
 * Code that has a version per level asks cpu_level() once, when the thing that uses it
 * is made (a verifier's state, a JIT), and keeps the answer.  The environment variable
 * BLINK_CPU (sse2, avx2, avx512) lowers the level, never raises it; tests use
 * cpu_level_set to reach every version.  Any thread may ask.
 */
#ifndef BLINK_BASE_CPU_H
#define BLINK_BASE_CPU_H

#include <stdbool.h>

enum cpu_level {
	CPU_SSE2,       /* what every x86-64 processor has */
	CPU_AVX2,
	CPU_AVX512,     /* F, BW, DQ, VL */
	CPU_LEVELS
};
extern const char *const cpu_level_names[CPU_LEVELS];

enum cpu_level cpu_level(void);
/* What is made from now on uses this level; false where the processor lacks it. */
bool cpu_level_set(enum cpu_level level);

#endif
