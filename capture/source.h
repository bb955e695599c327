/* source.h - where the converter gets its calls: an apitrace trace or a recording of
 * our own, told apart by their first bytes.
 *
 * Both deliver struct trace_call (trace.h) with the arguments named and typed alike.
 * A recording knows more: the times and the picture's hash of a frame, and the sizes
 * of drawables, which come as calls of a function that no API has (SOURCE_DRAWABLE).
 */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include "blink/sp/file.h"
#include "capture/trace.h"

/* (handle, width, height, config): config as in RECORD_DRAWABLE, record/format.h */
#define SOURCE_DRAWABLE "blinkDrawableSize"

struct call_source {
	const char *kind;                /* "trace", "recording" */
	unsigned version;                /* of the file's format */
	uint64_t size;                   /* bytes of the file */
	bool arrays_stay;                /* client arrays are given when they change, and once
	                                    in each frame; otherwise before each draw */
	void *reader;

	/* 1: *call filled, until the next call of it; 0: the end; negative: an error */
	int (*next)(void *reader, struct trace_call *call, struct error *err);
	/* What is there now, and no more, is read: for files that grow.  NULL: no such. */
	int (*refresh)(void *reader, struct error *err);
	uint64_t (*position)(const void *reader);
	bool (*truncated)(const void *reader);          /* ended within a call */
	/* Calls that the recorder could not record, and in sentences what else there is to
	 * say of it ("": nothing); complete when all has been read. */
	uint64_t (*lost)(const void *reader, char *remarks, size_t size);
	const char *(*property)(const void *reader, const char *name);  /* NULL: absent */
	/* What is known of the frame that the call just delivered ends; NULL: nothing. */
	const struct blink_frame_data *(*frame)(const void *reader);
	void (*close)(void *reader);
};

int call_source_open(struct call_source *s, const char *path, struct error *err);
/* Of a recording that grows; the reader may give back what it has read (recording.h). */
int call_source_follow(struct call_source *s, const char *path, struct error *err);
void call_source_close(struct call_source *s);   /* zeroed: nothing to do */

#endif
