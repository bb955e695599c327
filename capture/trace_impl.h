/* trace_impl.h - inside the trace reader: the window of decompressed chunks, the
 * arenas of open calls, and the signatures.
 *
 *   trace_chunk.c   container: chunks in, bytes out
 *   trace_sig.c     signatures, interned by number
 *   trace_value.c   values
 *   trace.c         events: calls entered, left, delivered
 *
 * A reading function that fails sets t->stop and returns a harmless zero; loops look
 * at t->stop.  So the hot path has no error plumbing, and a file that ends anywhere
 * unwinds to trace_next by itself.
 */
#ifndef CAPTURE_TRACE_IMPL_H
#define CAPTURE_TRACE_IMPL_H

#include "capture/trace.h"

/* Bounds.  Real traces stay orders of magnitude below; what exceeds them is refused
 * by name.  They hold memory to a multiple of the bytes really read. */
enum {
	TRACE_VERSION_MAX = 6,
	TRACE_MAX_ID = 1 << 16,          /* signatures of one kind */
	TRACE_MAX_FRAME_ID = 1 << 24,    /* distinct stack frames */
	TRACE_MAX_ARGS = 1024,
	TRACE_MAX_DEPTH = 32,            /* nesting of values */
	TRACE_MAX_VALUES = 1 << 22,      /* nested ones, in all open calls */
	TRACE_MAX_DENSE = 1 << 20,       /* rows of enum tables by value */
	TRACE_MAX_OPEN = 1024,           /* calls entered and not left: one per thread */
	TRACE_MAX_SPARE = 8,
	TRACE_MAX_CHUNK = 1 << 26,       /* decompressed; apitrace writes 1 MiB */
	TRACE_MAX_NAME = 1 << 16,        /* names in signatures */
};

enum trace_stop { TRACE_GOING, TRACE_ENDED, TRACE_BAD };

/* ---- arena: one per open call, emptied when the call has been delivered ---- */

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(16) uint8_t data[];
};

struct arena {
	struct arena_block *head;        /* the one being filled */
};

void *arena_alloc_slow(struct arena *a, size_t n);
void arena_reset(struct arena *a);       /* keeps one small block */
void arena_finish(struct arena *a);

static inline void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;
	size_t need = (n + 15) & ~(size_t)15;

	if (__builtin_expect(b && need >= n && need <= b->size - b->used, 1)) {
		void *p = b->data + b->used;
		b->used += need;
		return p;
	}
	return arena_alloc_slow(a, n);
}

/* ---- signatures ---- */

struct trace_enum_value {
	int64_t value;
	const char *name;
};

struct trace_enum_sig {
	uint32_t count;
	struct trace_enum_value *values;     /* sorted by value, first name wins */
	const char **dense;                  /* names of 0..dense_count-1, or NULL */
	uint32_t dense_count;
};

struct trace_struct_sig {
	const char *name;
	uint32_t count;
	const char *const *members;
};

struct trace_table {                         /* id -> signature */
	void **item;
	uint32_t count;
};

/* ---- open calls ---- */

struct chunk {
	struct chunk *next;
	uint8_t *data;
	size_t len, cap;
	uint64_t serial, at;                 /* at: its offset in the file */
};

struct slot {
	struct trace_call call;
	struct trace_value *args;
	struct arena arena;
	uint32_t values;                     /* its share of trace.values */
	uint64_t pin;                        /* oldest chunk pointed into; UINT64_MAX: none */
};

struct trace {
	/* the window: hot */
	const uint8_t *p, *end;              /* unread bytes of the newest chunk */
	enum trace_stop stop;
	unsigned version;
	struct slot *active;                 /* call whose event is being read */
	struct chunk *chunk;                 /* newest first */

	struct trace_table funcs, structs, enums, masks;

	struct slot *open[TRACE_MAX_OPEN];   /* in order of their enter events */
	uint32_t nopen;
	struct slot *spare[TRACE_MAX_SPARE];
	uint32_t nspare;
	struct slot *delivered;
	uint64_t next_no;
	uint32_t values;                     /* held by open calls */
	uint32_t dense;                      /* rows in enum tables by value */

	/* container */
	int fd;
	uint8_t *raw;                        /* compressed bytes of one chunk */
	size_t raw_cap;
	uint8_t *short_chunk;                /* the last chunk, if it was a short one */
	size_t short_len;
	struct chunk *idle;                  /* one emptied chunk, kept */
	uint64_t position, size, serial, chunk_at;
	bool truncated;
	bool (*more)(void *user);
	void *more_user;

	struct arena names;                  /* signatures and properties live as long as t */
	uint8_t *frames_seen;                /* bit per stack frame number */
	uint32_t frames_bytes;
	struct trace_property { const char *name, *value; } *props;
	uint32_t nprops;
	unsigned semantic;
	struct error error;
};

/* Notes why the stream cannot be read on; the first reason stays. */
void trace_bad(struct trace *t, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

/* ---- trace_chunk.c ---- */
int chunk_open(struct trace *t, const char *path);
void chunk_close(struct trace *t);
/* trace_echo.c: how many bytes of a new chunk the short chunk before it held already. */
size_t chunk_skip_echo(struct trace *t, const uint8_t *data, size_t len);
/* The window is empty: next chunk, or false with t->stop set. */
bool chunk_next(struct trace *t);
/* n bytes wherever they lie: in the window, or copied into the arena where they
 * straddle chunks (zero: always copied, and zero-terminated). */
const uint8_t *chunk_bytes(struct trace *t, struct arena *a, uint64_t n, bool zero);
void chunk_skip(struct trace *t, uint64_t n);
void chunk_read(struct trace *t, void *to, size_t n);
/* Decodes the leading bytes of a cut snappy block; returns how many. */
size_t snappy_partial(const uint8_t *in, size_t n, uint8_t *out, size_t max);

/* A reader of a growing file: more() is called at the end of the file, waits as it
 * likes, and says whether to look again. */
void trace_follow(struct trace *t, bool (*more)(void *user), void *user);

/* The place just after the last call delivered: the chunk's offset in the file, and
 * the offset in its decompressed bytes. */
struct trace_mark { uint64_t chunk; size_t offset; };
struct trace_mark trace_mark(const struct trace *t);

uint64_t read_uint_slow(struct trace *t);
uint8_t read_byte_slow(struct trace *t);

static inline uint8_t read_byte(struct trace *t)
{
	if (__builtin_expect(t->p < t->end, 1))
		return *t->p++;
	return read_byte_slow(t);
}

static inline uint64_t read_uint(struct trace *t)
{
	const uint8_t *p = t->p;

	if (__builtin_expect(t->end - p >= 3, 1)) {
		if (!(p[0] & 0x80)) {
			t->p = p + 1;
			return p[0];
		}
		if (!(p[1] & 0x80)) {
			t->p = p + 2;
			return (p[0] & 0x7fu) | (uint32_t)p[1] << 7;
		}
		if (!(p[2] & 0x80)) {
			t->p = p + 3;
			return (p[0] & 0x7fu) | (p[1] & 0x7fu) << 7 | (uint32_t)p[2] << 14;
		}
	}
	return read_uint_slow(t);
}

/* ---- trace_sig.c ---- */
struct trace_sig *sig_function(struct trace *t);
const struct trace_struct_sig *sig_struct(struct trace *t);
const struct trace_enum_sig *sig_enum(struct trace *t);
const struct trace_enum_sig *sig_old_enum(struct trace *t);      /* version < 3 */
void sig_bitmask(struct trace *t);
void sig_backtrace(struct trace *t);                             /* read past it */
void sig_properties(struct trace *t);
void sig_finish(struct trace *t);
const char *enum_name(const struct trace_enum_sig *sig, int64_t value);

/* ---- trace_value.c ---- */
void value_read(struct trace *t, struct slot *s, struct trace_value *v, unsigned depth);
int64_t value_sint(struct trace *t);     /* a number with its type byte */
/* Copies what v points to in the chunks into the slot's arena. */
bool value_settle(struct trace *t, struct slot *s, struct trace_value *v);

#endif
