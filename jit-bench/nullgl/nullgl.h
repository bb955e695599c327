/* nullgl.h - inside the null libGL: see README.md. */
#ifndef JIT_BENCH_NULLGL_NULLGL_H
#define JIT_BENCH_NULLGL_NULLGL_H

#define NULLGL_EXPORT __attribute__((visibility("default")))

struct nullgl_name {
	const char *name;
	void (*fn)(void);
};

/* Sorted by name. */
extern const struct nullgl_name nullgl_names[];
extern const unsigned nullgl_name_count;

NULLGL_EXPORT long nullgl_zero(void);

#endif
