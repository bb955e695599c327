/* heap.h - what this process's allocator has handed out, and what it keeps. */
#ifndef BLINK_SERVER_HEAP_H
#define BLINK_SERVER_HEAP_H

#include <stdint.h>

/* Bytes in use, to be compared with later ones. */
uint64_t heap_bytes(void);
/* So much, about, was given back with a client's end: after some of it the system has it too. */
void heap_trim(uint64_t freed);

#endif
