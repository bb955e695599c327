/* cpu.c - see cpu.h. */
#include "blink/base/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const char *const cpu_level_names[CPU_LEVELS] = {
	[CPU_SSE2] = "sse2", [CPU_AVX2] = "avx2", [CPU_AVX512] = "avx512",
};

/* level + 1; 0: not asked for yet */
static atomic_int chosen;

static enum cpu_level machine_level(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		return CPU_AVX512;
	return __builtin_cpu_supports("avx2") ? CPU_AVX2 : CPU_SSE2;
}

enum cpu_level cpu_level(void)
{
	int level = atomic_load_explicit(&chosen, memory_order_relaxed) - 1;
	const char *wish;

	if (level >= 0)
		return (enum cpu_level)level;
	level = (int)machine_level();
	wish = getenv("BLINK_CPU");
	for (int i = 0; wish && i < level; i++)
		if (strcmp(wish, cpu_level_names[i]) == 0)
			level = i;
	atomic_store_explicit(&chosen, level + 1, memory_order_relaxed);
	return (enum cpu_level)level;
}

bool cpu_level_set(enum cpu_level level)
{
	if (level > machine_level())
		return false;
	atomic_store_explicit(&chosen, (int)level + 1, memory_order_relaxed);
	return true;
}
