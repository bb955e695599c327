/* trace.h - streaming reader of apitrace's .trace files (container versions 0..6,
 * snappy; gzip and brotli are refused by name).  Grammar: docs/TRACE-FORMAT.md.
 *
 * Memory: a window of chunks and the signatures, independent of the file's length.
 * A call is delivered when its leave event has been read (or at the end of the
 * stream, .incomplete set); calls come in the order of their *enter* events... of
 * completed calls: a call entered earlier by another thread may come later.
 * Values live in an arena that is recycled by the next trace_next.
 */
#ifndef CAPTURE_TRACE_H
#define CAPTURE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blink/base/error.h"

enum trace_kind {
	TRACE_NULL, TRACE_BOOL, TRACE_SINT, TRACE_UINT, TRACE_FLOAT, TRACE_DOUBLE,
	TRACE_STRING, TRACE_BLOB, TRACE_ENUM, TRACE_BITMASK, TRACE_ARRAY, TRACE_STRUCT,
	TRACE_POINTER, TRACE_REPR, TRACE_WSTRING
};

/* Blobs point into the window at whatever alignment the file gave them; strings are
 * copies with a zero after them; wide strings are handed over as UTF-8. */

struct trace_value {
	uint8_t kind;                     /* enum trace_kind */
	uint32_t count;                   /* ARRAY, STRUCT, REPR: elements; STRING, BLOB,
					   * WSTRING: bytes */
	union {
		int64_t i;                /* SINT (negative), BOOL, ENUM */
		uint64_t u;               /* UINT, BITMASK, POINTER */
		double d;                 /* DOUBLE */
		float f;                  /* FLOAT */
		const uint8_t *bytes;     /* STRING, WSTRING, BLOB */
		const struct trace_value *items;   /* ARRAY, STRUCT, REPR: 2 (human, machine) */
	};
	union {
		const char *name;         /* ENUM: symbolic name or NULL; STRUCT: its name */
		uint64_t place;           /* BLOB: offset in the file where the bytes stay as
					   * they are, so that it says what they are; 0: none */
	};
	const char *const *members;       /* STRUCT */
};

struct trace_sig {                        /* one per distinct function, stable address */
	uint32_t id;
	const char *name;
	uint32_t nargs;
	const char *const *args;
	void *user;                       /* the consumer's: starts NULL */
	bool wants_words;                 /* the consumer's: starts false; see trace_call.words */
};

struct trace_call {
	uint64_t no;
	uint32_t thread;
	uint32_t flags;                   /* apitrace call flags, TRACE_FAKE... */
	struct trace_sig *sig;
	const struct trace_value *args;   /* sig->nargs values; absent ones TRACE_NULL */
	const uint32_t *words;            /* not NULL (only where the consumer wants it so): the
					   * arguments, a word each, and args says nothing */
	struct trace_value ret;
	bool has_ret, incomplete;
};
#define TRACE_FAKE 1u                     /* not made by the program itself */

/* The end of a call whose leave event is cut is unknown: such a call is not delivered.
 * A call that had not returned when the stream ended comes last, .incomplete set. */
struct trace;
int trace_open(struct trace **t, const char *path, struct error *err);
/* 1: *call filled; 0: end of the trace; negative: error.  A file that ends within a
 * chunk or a call is not an error: 0 is returned and trace_truncated() tells. */
int trace_next(struct trace *t, struct trace_call *call, struct error *err);
bool trace_truncated(const struct trace *t);
unsigned trace_version(const struct trace *t);
const char *trace_property(const struct trace *t, const char *name);  /* NULL: absent */
uint64_t trace_position(const struct trace *t);       /* bytes consumed, for progress */
uint64_t trace_size(const struct trace *t);
void trace_close(struct trace *t);                    /* NULL ok */

/* Rewrites a file without the chunks that forked children of the traced program left
 * in it, which apitrace itself cannot read over.  How many there were (0: the file is
 * as it was), or a negative error. */
int trace_drop_echoes(const char *path, struct error *err);

/* Numeric views; false if the value is not a number.  Bools, enums, masks, pointers and
 * floats convert, a REPR by its machine half; NULL is 0 (a zero offset is traced so). */
bool trace_int(const struct trace_value *v, int64_t *out);
bool trace_double(const struct trace_value *v, double *out);

#endif
