/* scatter.h - scattered pages of a file as one range of memory.  Private to blink/vso. */
#ifndef BLINK_VSO_SCATTER_H
#define BLINK_VSO_SCATTER_H

#include <stddef.h>
#include <stdint.h>

#include "blink/vso/protocol.h"

/* A driver may read a few bytes behind the last one (blink/sp/sp.h). */
#define VSO_SLACK 64u

/* Read-only; pages are numbers of VSO_PAGE bytes in the file, n of them, and behind the
 * last one VSO_SLACK bytes at least can be read.  NULL: it cannot
 * be, or would take more runs of neighbours than max (each costs the process a mapping, of
 * which it has some 65,000). */
const void *scatter_map(int fd, const uint32_t *pages, uint32_t n, uint32_t max);
void scatter_unmap(const void *at, uint32_t n);
/* The whole file, to read and write, the slack behind it; MAP_FAILED. */
void *scatter_map_all(int fd, uint32_t pages);
/* Pages that follow each other from i on. */
uint32_t scatter_run(const uint32_t *pages, uint32_t n, uint32_t i);

#endif
