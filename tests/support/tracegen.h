/* tracegen.h - writes small apitrace traces (container version 6, snappy), so that
 * tests can say in one line per call what a program did.
 *
 *     struct tracegen *g = tracegen_create();
 *     tracegen_call(g, 0, "glEnable", "cap=e", 0x0BE2);
 *     tracegen_call(g, 0, "glGenTextures", "n=i,textures=I[1]", 1, ids);
 *     tracegen_save(g, path);
 *
 * The format lists the arguments as name=KIND, and the result as =KIND at the end:
 *   i int   u unsigned (64 bits)   e enum value   f double, stored as float
 *   p pointer (uint64_t)   n null   s string   b blob (pointer, size_t)
 *   I[count] int array (const int *)   F[count] float array   S string array of one
 */
#ifndef TESTS_SUPPORT_TRACEGEN_H
#define TESTS_SUPPORT_TRACEGEN_H

#include <stddef.h>
#include <stdint.h>

struct tracegen;
struct tracegen *tracegen_create(void);
void tracegen_call(struct tracegen *g, unsigned thread, const char *name, const char *fmt, ...);
/* A context and a 64x48 drawable, current in thread 0, as GLX programs make them. */
void tracegen_window(struct tracegen *g);
void tracegen_swap(struct tracegen *g);
/* Raw stream so far, before compression (for mutations). */
const uint8_t *tracegen_raw(const struct tracegen *g, size_t *size);
/* 0 or -1; bytes beyond limit (0: none) are cut off the raw stream. */
int tracegen_save(const struct tracegen *g, const char *path, size_t limit);
/* The same of any bytes. */
int tracegen_save_raw(const uint8_t *raw, size_t size, const char *path);
void tracegen_destroy(struct tracegen *g);

#endif
