/* heap.h - what this process's allocator has handed out, and what it keeps.
 *
 * Clients are charged for what drivers allocate for them, while others' allocate on other
 * threads: so the allocator's functions are taken the place of, as mprotect and munmap are
 * (code_account.h, with the same conditions), and each thread counts for itself.  What one
 * thread frees that another has allocated makes the count of the first smaller. */
#ifndef BLINK_SERVER_HEAP_H
#define BLINK_SERVER_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes that this thread uses, to be compared with its later ones. */
uint64_t heap_bytes(void);
/* A client has gone, and with it what it had (any thread). */
void heap_loosen(void);
/* At a frame's end: free memory becomes the system's again where somebody has gone since it did;
 * not within 0.2 s of the last time, unless nothing else is to be done. */
void heap_settle(uint64_t now_ns, bool idle);

#endif
