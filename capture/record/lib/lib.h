/* lib.h - libblink-record.so: the recorder inside a GL program, loaded by LD_PRELOAD.
 *
 * It has an entry point for every name of GL, GLX and EGL.  Those that the command
 * table describes write a record (../format.h) and go on to the driver; the others go
 * on, and leave a note that they were called.  Without $BLINK_RECORD all do nothing
 * but go on.
 *
 *   stubs     gl_record.gen.c, made by blink/gl/gen/recorder.c     every entry point
 *   attach.c  the file; segments, threads, their order; payloads
 *   call.c    a record from the command table, with its memory
 *   hash.c    XXH3-128, and which payloads are in the file already
 *   memory.c  may this memory be read?
 *   resolve.c, trampoline.c   the driver's entry points
 *   context.c shadows of contexts: bindings, pixel store, client arrays
 *   arrays.c  client arrays before draws; draw.c the draws; index.c which vertices
 *   element.c glArrayElement, spelled out
 *   buffers.c mapped memory
 *   window.c, frame.c   contexts made current; swaps
 *
 * The rules of the house, since this runs in other people's programs: no library but
 * libc, no symbol but the entry points, no lock held over a call of the driver, no
 * system call or allocation for a GL call (segments, contexts, swaps and first sights
 * aside), no failure that the program would notice.
 */
#ifndef CAPTURE_RECORD_LIB_H
#define CAPTURE_RECORD_LIB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "blink/gl/table.h"
#include "capture/record/format.h"
#include "gl_record.gen.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* ---- a thread -------------------------------------------------------------------- */

struct rec_context;

/* Segments of payloads that are remembered, where blinkctl empties slots: 24 MiB.  A .blink
 * has what is older than 32 MiB once more (BLINK_WINDOW), and would have to read it from the
 * disk, page by page, where we referred to it again. */
#define REC_STORES 12u

/* Where this thread writes.  All zero: it has not begun, or records nothing. */
struct rec_thread {
	uint32_t *at, *end;               /* in the segment */
	struct record_segment *segment;
	uint32_t number;                  /* as in .owner; 0: none yet */
	uint32_t serial;                  /* of the next segment of calls */
	uint64_t calls;                   /* not yet counted in the header */
	struct rec_context *context;      /* current; NULL: none that is known */
	struct record_segment *store;     /* segment of payloads */
	uint64_t store_offset;            /* where it lies in the file */
	uint32_t store_used;
	struct rec_table *table;          /* payloads that the file has (hash.c) */
	uint64_t floor;                   /* those below are forgotten */
	uint64_t least;                   /* and these, by ourselves: floor or above */
	uint64_t stores[REC_STORES];      /* where its last segments of payloads lie, in turn */
	uint32_t nstores;                 /* begun so far */
};
extern __thread struct rec_thread rec __attribute__((tls_model("initial-exec")));

/* Never NULL: before attaching, a header whose owner is nobody. */
extern struct record_header *rec_header;

/* Room for that many words, and this thread's turn? */
static inline bool rec_room(const uint32_t *w, size_t words)
{
	return (size_t)(rec.end - w) >= words &&
	       atomic_load_explicit(&rec_header->owner, memory_order_relaxed) == rec.number;
}

/* The record that ends at w is complete. */
static inline void rec_done(uint32_t *w)
{
	rec.at = w;
	rec.calls++;
	atomic_store_explicit(&rec.segment->used, (uint64_t)((char *)w - (char *)rec.segment),
			      memory_order_release);
}

/* attach.c: makes room and takes the turn; NULL: nothing is recorded. */
uint32_t *rec_prepare(size_t words);
bool rec_active(void);
void rec_stop(void);                      /* for good, in all threads */
void rec_problem(uint32_t bit);
/* Stores bytes in the file; 0: could not. */
uint64_t rec_store(const void *bytes, uint32_t size);
/* Forgets payloads, if blinkctl has asked for it.  Not while a record is being made. */
void rec_floor_follow(void);
static inline void rec_floor_look(void)
{
	if (unlikely(atomic_load_explicit(&rec_header->floor, memory_order_relaxed) != rec.floor))
		rec_floor_follow();
}
/* A note that calls of that name are not recorded, and why. */
void rec_lost(const char *name, const char *why);

/* A lock for what happens seldom. */
struct rec_lock { atomic_flag held; };
void rec_lock(struct rec_lock *l);
bool rec_trylock(struct rec_lock *l);
void rec_unlock(struct rec_lock *l);

/* ---- records (call.c) ------------------------------------------------------------ */

/* Memory that a call refers to. */
enum rec_memory {
	REC_NO_MEMORY,
	REC_SIZED,                        /* as the size rule says */
	REC_STRING, REC_STRINGS,
	REC_PIXELS,                       /* under the pixel store's state */
	REC_ATTRIBUTES, REC_ATTRIBUTES64, /* pairs up to a terminator */
	REC_OUT, REC_OUT_INT              /* filled by the driver */
};
struct rec_shape {
	uint8_t words;                    /* header, parameters and result */
	uint8_t nparams, ret;
	uint8_t ctype[16], memory[16];
};
extern const struct rec_shape rec_shapes[GL_CMD_COUNT];

/* Bytes to go with a record. */
struct rec_part {
	const void *bytes;
	uint32_t size, lead, item;
	uint8_t param, content;
	bool is_hashed;                   /* .hash is that of the bytes */
	struct rec_hash { uint64_t low, high; } hash;
};

/* Bytes up to this many stand in the record itself. */
#define REC_INLINE_MAX 128u

/* args as in gl_param_size.  rec_call: before the driver; rec_answer: after it. */
void rec_call(unsigned command, const uint64_t *args);
void rec_answer(unsigned command, const uint64_t *args, uint64_t result);
/* With the memory already known. */
void rec_write(unsigned command, const uint64_t *args, uint64_t result, bool fake,
	       struct rec_part *parts, unsigned nparts);
/* A mark with words of its own and perhaps bytes. */
void rec_mark(unsigned mark, const uint32_t *words, unsigned nwords, struct rec_part *part);
/* Pixels that a command reads through the pixel store (pixels.c); false: none, or not
 * readable. */
bool rec_pixels(unsigned command, const uint64_t *args, unsigned param, struct rec_part *part);

/* ---- bytes (hash.c, memory.c) ----------------------------------------------------- */

struct rec_hash rec_hash(const void *bytes, size_t size);
bool rec_has_avx2(void);
/* Offset of an equal payload stored before; 0: none.  Forgets the oldest. */
uint64_t rec_known(struct rec_hash hash, uint32_t size);
/* It will be asked for soon. */
void rec_expect(struct rec_hash hash);
void rec_remember(struct rec_hash hash, uint32_t size, uint64_t offset);

bool rec_readable(const void *bytes, uint64_t size);
/* Length of a string that may not be longer than max; max: no end was found. */
size_t rec_string(const char *s, size_t max);

/* ---- the driver (resolve.c, trampoline.c) ------------------------------------------ */

typedef void (*rec_fn)(void);
struct rec_entry { const char *name; rec_fn stub; };
extern const struct rec_entry rec_entries[REC_NAMED];   /* known names, then the others */
#define REC_EXTRA 512u                    /* names that no registry has */
extern rec_fn rec_real[REC_NAMED + REC_EXTRA];
extern const uint8_t rec_foreign_stubs[], rec_resolvers[];

/* The driver's function for a slot, for calls of our own: rec_fn_of(REC_glFlush). */
rec_fn rec_fn_of(unsigned slot);
#define rec_gl(name, ret, ...) ((ret (*)(__VA_ARGS__))rec_fn_of(REC_##name))

/* ---- contexts (context.c) ----------------------------------------------------------- */

enum rec_array_id {                       /* of a vertex array object's arrays */
	REC_VERTEX, REC_NORMAL, REC_COLOR, REC_SECONDARY, REC_INDEX, REC_EDGE, REC_FOG,
	REC_TEXCOORD = 8,                 /* 8 units */
	REC_ATTRIB = 16,                  /* 32 generic attributes */
	REC_ARRAYS = 48
};

enum { REC_INTEGER = 1, REC_LONG };       /* whose values reach the shader as they are */

struct rec_array {
	const uint8_t *pointer;
	uint32_t type, stride, divisor;
	int32_t size;                     /* or GL_BGRA */
	uint32_t bytes;                   /* of an element */
	uint32_t buffer;                  /* 0: client memory */
	uint8_t normalized;
	uint8_t pure;             /* of a generic one: 0, REC_INTEGER, REC_LONG */
	struct rec_sent {                 /* what the stream has, if .stamp is the present */
		uint64_t stamp;
		const uint8_t *pointer;
		uint32_t type, stride, bytes, lead;
		int32_t size;
		uint8_t normalized;
		uint8_t pure;
		struct rec_hash hash;
	} sent;
};

struct rec_vao {
	uint32_t name, element;           /* element array buffer */
	uint64_t enabled;                 /* by rec_array_id */
	uint64_t client;                  /* enabled or not: points to client memory */
	struct rec_array array[REC_ARRAYS];
	struct rec_vao *next;
};

struct rec_pixelstore {
	int32_t row_length, image_height, skip_rows, skip_pixels, skip_images, alignment;
};

#define REC_CLIENT_DEPTH 16u
struct rec_client_attrib {
	uint32_t mask, array_buffer, unit;
	struct rec_pixelstore unpack;
	struct rec_vao *object;           /* which was bound */
	struct rec_vao saved;             /* and what was in it */
};

struct rec_map {
	uint8_t *address;
	uint64_t length;
	uint32_t buffer, access;
	uint64_t *pages;                  /* coherent: hashes of what the stream has */
	struct rec_map *next;
};

struct rec_group {                        /* contexts that share objects */
	struct rec_lock lock;
	struct rec_map *maps;
	atomic_uint coherent;             /* maps that are compared */
	unsigned contexts;
};

#define REC_TARGETS 16u
struct rec_context {
	uint64_t handle;
	struct rec_group *group;
	struct rec_vao *vao, base;        /* base: the object named 0 */
	struct rec_vao *vaos;
	uint32_t buffers[REC_TARGETS];    /* by rec_target(); 0 is GL_ARRAY_BUFFER */
	uint32_t unit;                    /* client active texture */
	struct rec_pixelstore unpack;
	bool restart, restart_fixed;
	uint32_t restart_index;
	uint32_t locked, locked_first;    /* vertices, by glLockArraysEXT; 0: none */
	uint64_t epoch;                   /* arrays sent before are void */
	struct rec_client_attrib *client_stack[REC_CLIENT_DEPTH];
	unsigned client_depth;
	bool was_current, dead;
	unsigned current;                 /* threads that it is current in */
	uint64_t display, draw, read;
	bool egl;
	uint32_t config;                  /* RECORD_CONFIG_* that it was made with, no samples */
	struct rec_context *next;
};

/* Index in .buffers; REC_TARGETS: unknown. */
unsigned rec_target(uint32_t target);
uint32_t rec_bound(const struct rec_context *c, uint32_t target);
struct rec_context *rec_context_new(uint64_t handle, uint64_t share, bool egl);
struct rec_context *rec_context_find(uint64_t handle);
void rec_context_destroy(uint64_t handle);
void rec_context_current(struct rec_context *c);        /* in this thread */
/* What arrays sent to the stream are stamped with. */
uint64_t rec_stamp(const struct rec_context *c);
extern atomic_uint_fast64_t rec_frames;   /* swaps of this process */

/* ---- draws ---------------------------------------------------------------------------- */

struct rec_range { uint64_t first, last; bool any; };   /* vertices, last included */
void rec_range_add(struct rec_range *r, uint64_t first, uint64_t last);
/* Vertices that indices select; type GL_UNSIGNED_BYTE, SHORT or INT. */
void rec_index_range(const void *indices, uint64_t count, uint32_t type,
		     const struct rec_context *c, int32_t base, struct rec_range *r);

/* arrays.c: sends what the stream lacks of the client arrays. */
static inline bool rec_has_client_arrays(const struct rec_context *c)
{
	return (c->vao->enabled & c->vao->client) != 0;
}
void rec_arrays(struct rec_context *c, const struct rec_range *vertices, uint64_t instances,
		uint64_t base_instance);
uint32_t rec_element_bytes(int32_t size, uint32_t type);        /* 0: no such */

/* buffers.c: what was stored in mapped memory and is visible to the driver now. */
void rec_maps_compare(struct rec_context *c);
static inline void rec_maps_visible(void)
{
	struct rec_context *c = rec.context;

	if (c && unlikely(atomic_load_explicit(&c->group->coherent, memory_order_relaxed)))
		rec_maps_compare(c);
}
void rec_maps_drop(struct rec_group *g, uint32_t buffer);
void rec_maps_free(struct rec_group *g);

/* frame.c */
void rec_frame(uint64_t display, uint64_t drawable, bool egl);
/* RECORD_DRAWABLE, if what is known of it changed. */
void rec_drawable(uint64_t display, uint64_t drawable, bool egl, uint32_t w, uint32_t h);
/* A GLX drawable was made, of an X window or pixmap; 0: a pbuffer. */
void rec_drawable_made(uint64_t drawable, uint64_t window);

#endif
