/* heap.h - what this process's allocator has handed out, and what it keeps.
 *
 * Clients are charged for what drivers allocate for them, while others' allocate on other
 * threads: so the allocator's functions are taken the place of, as mprotect and munmap are
 * (code_account.h, with the same conditions), and each thread counts for itself.  What one
 * thread frees that another has allocated makes the count of the first smaller. */
#ifndef BLINK_SERVER_HEAP_H
#define BLINK_SERVER_HEAP_H

#include <stdint.h>

/* Bytes that this thread uses, to be compared with its later ones. */
uint64_t heap_bytes(void);
/* So much, about, was given back with a client's end: after some of it the system has it too. */
void heap_trim(uint64_t freed);

#endif
