/* recgen.h - writes recordings (capture/record/format.h) as the recorder library does,
 * of calls that a trace reader delivers; so that tests can say what a program did with
 * tracegen, and have it in both forms.
 *
 *     struct recgen *g = recgen_create(path);
 *     recgen_frame(g, 0, &data);
 *     recgen_call(g, &call);
 *     recgen_close(g);
 */
#ifndef TESTS_SUPPORT_RECGEN_H
#define TESTS_SUPPORT_RECGEN_H

#include "capture/record/format.h"
#include "capture/recording.h"

struct recgen;
struct recgen *recgen_create(const char *path);
/* The process whose threads write from now on (1 at first). */
void recgen_process(struct recgen *g, uint32_t process);
/* Calls that the table does not name are left out; "memcpy" is RECORD_WRITE. */
void recgen_call(struct recgen *g, const struct trace_call *call);
/* What stands before a swap. */
void recgen_frame(struct recgen *g, uint32_t thread, const struct blink_frame_data *data);
void recgen_drawable(struct recgen *g, uint32_t thread, uint64_t handle, uint32_t w, uint32_t h,
		     uint32_t samples);
void recgen_lost(struct recgen *g, uint32_t thread, const char *what);
/* Any words. */
void recgen_words(struct recgen *g, uint32_t thread, const uint32_t *words, uint32_t n);
/* The bytes of the file so far, for tests that damage them. */
uint8_t *recgen_map(struct recgen *g, size_t *size);
struct record_header *recgen_header(struct recgen *g);
void recgen_close(struct recgen *g);
/* All of a trace; times count up from 1000.  0 or a negative errno. */
int recgen_transcribe(const char *trace, const char *recording, struct error *err);

#endif
