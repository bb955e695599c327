/* memory.h - room for code within reach of the functions that it calls, and relocatable
 * objects loaded into it.
 */
#ifndef JIT_BENCH_PEER_MEMORY_H
#define JIT_BENCH_PEER_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct code_memory {
	uint8_t *at;          /* writable and executable: peers are not our server */
	size_t size, used;
};

/* Near the anchor if there is room. 0 or -ENOMEM. */
int code_memory_init(struct code_memory *m, size_t size, uint64_t anchor);
void code_memory_finish(struct code_memory *m);
/* NULL: full. */
void *code_memory_take(struct code_memory *m, size_t size);

/* Where undefined symbols are; 0: unknown. */
typedef uint64_t (*object_resolve)(void *user, const char *name);
/* Loads an ELF object of x86-64 (no sections but allocated ones; small code model) and
 * finds its function `run`; NULL if it asks for what is not done here.  Functions that
 * are out of reach are called through a jump, as a linker would have it. */
void *object_load(struct code_memory *m, const void *data, size_t size, object_resolve resolve,
		  void *user);

#endif
