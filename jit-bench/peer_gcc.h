/* peer_gcc.h - gcc -O3 as the program it is: C in, an object out, loaded near its callees.
 * What "compiled natively" means in these measurements. */
#ifndef JIT_BENCH_PEER_GCC_H
#define JIT_BENCH_PEER_GCC_H

#include "blink/base/buf.h"
#include "blink/base/error.h"

/* text: zero-terminated C.  The object is appended to out. keep: defines KEEP, by which a
 * program_c keeps every operation. -ENOPKG: there is no gcc. */
int gcc_compile(const char *text, bool keep, struct buf *out, struct error *err);

#endif
