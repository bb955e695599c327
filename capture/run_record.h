/* run_record.h - our own recorder, as a capture uses it (run_record.c). */
#ifndef CAPTURE_RUN_RECORD_H
#define CAPTURE_RUN_RECORD_H

#include <stdbool.h>
#include <stdint.h>

struct record_header;

/* At least one whole call in it? */
bool run_recording_usable(const char *path);
/* Swaps, calls (up to the last swap) and bytes so far. */
void run_recording_counts(const struct record_header *h, uint64_t *frames, uint64_t *calls,
			  uint64_t *bytes);
/* How many recorded anything. */
uint32_t run_recording_processes(const struct record_header *h);
/* No further call is recorded. */
void run_recording_stop(struct record_header *h);
/* The library to preload; false if it is not there. */
bool run_find_recorder(char *path, unsigned long size);

#endif
