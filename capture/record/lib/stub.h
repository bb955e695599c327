/* stub.h - what the generated entry points are made of. */
#ifndef CAPTURE_RECORD_LIB_STUB_H
#define CAPTURE_RECORD_LIB_STUB_H

#include "capture/record/lib/lib.h"

#define STUB __attribute__((visibility("default")))
#define BODY static inline __attribute__((always_inline))
#define SLOW static __attribute__((noinline, cold))

/* Arguments as words of a record. */
static inline void put_i(uint32_t *w, int32_t v) { *w = (uint32_t)v; }
static inline void put_u(uint32_t *w, uint32_t v) { *w = v; }
static inline void put_n(uint32_t *w, int64_t v) { memcpy(w, &v, 8); }
static inline void put_l(uint32_t *w, uint64_t v) { memcpy(w, &v, 8); }
static inline void put_p(uint32_t *w, const void *v) { memcpy(w, &v, 8); }
static inline void put_f(uint32_t *w, float v) { memcpy(w, &v, 4); }
static inline void put_d(uint32_t *w, double v) { memcpy(w, &v, 8); }

/* Arguments as gl_param_size takes them. */
static inline uint64_t bits_i(int32_t v) { return (uint64_t)(int64_t)v; }
static inline uint64_t bits_u(uint32_t v) { return v; }
static inline uint64_t bits_n(int64_t v) { return (uint64_t)v; }
static inline uint64_t bits_l(uint64_t v) { return v; }
static inline uint64_t bits_p(const void *v) { return (uint64_t)(uintptr_t)v; }
static inline uint64_t bits_f(float v)
{
	uint32_t w;

	memcpy(&w, &v, 4);
	return w;
}
static inline uint64_t bits_d(double v)
{
	uint64_t w;

	memcpy(&w, &v, 8);
	return w;
}

/* A payload that stands in the record. */
static inline void put_inline(uint32_t *w, unsigned param, const void *bytes, uint32_t size)
{
	w[0] = param;
	w[1] = 0;
	w[2] = size;
	w[3] = w[4] = 0xffffffffu;
	w[5] = 0;
	if (size % 4)
		w[6 + size / 4] = 0;
	memcpy(w + 6, bytes, size);
}

/* Calls that need no record, since the shadow of the current context follows them and says
 * at draws what there is to say (a call that GL refuses changes neither).  A pointer that
 * is NULL or an offset in a buffer is state of the driver's that no draw repeats. */
static inline bool array_shadowed(const void *pointer)
{
	return rec.context && !rec.context->buffers[0] && pointer;
}

static inline bool lock_shadowed(void)
{
	return rec.context != NULL;
}

/* No arguments, any arguments: a function that only jumps on leaves them where they are. */
#define FOREIGN(name) STUB void name(void) { rec_real[REC_##name](); }

#endif
