/* frame_log.h - frame times that a program logged by itself: one number a line, ms. */
#ifndef JIT_BENCH_FRAME_LOG_H
#define JIT_BENCH_FRAME_LOG_H

#include <stddef.h>

#include "blink/base/error.h"

#define FRAME_LOG_NAME "frame-times.log"

/* Finds FRAME_LOG_NAME below folder and reads it; lines that are no positive number are
 * left out.  Returns how many (0: there is no such file); *ms is to be freed. */
long frame_log_read(const char *folder, double **ms, struct error *err);

#endif
