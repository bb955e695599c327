/* state.h - the shadow of a client's GL state: what decides whether a draw stays
 * within memory.  Private to blink/verify.
 *
 * The shadow is made of objects (contexts, vertex arrays, buffers, saved client
 * attributes).  Every change is announced with state_touch, which keeps a copy of the
 * object as it was: for the undo of a refused SP, and, while a jump is pending, to
 * hold what the state may be at its target.
 *
 * "Unknown" is always a safe value: a draw that needs what is unknown is refused.
 */
#ifndef BLINK_VERIFY_STATE_H
#define BLINK_VERIFY_STATE_H

#include "blink/base/hot.h"
#include "blink/verify/desc.h"
#include "blink/verify/effects.h"
#include "blink/verify/verify.h"

#define NAME_UNKNOWN UINT32_MAX
#define ATTRIB_STACK 16u
#define LIST_NAMES (1u << 16)

enum object_kind { OBJECT_CONTEXT, OBJECT_VAO, OBJECT_BUFFER, OBJECT_SAVED };
struct object {
	uint8_t kind;
	uint32_t undo, region;          /* serials of the last copies */
};

/* One vertex array.  Where its memory is: bits in struct vao. */
struct varray {
	uint32_t avail;                 /* vertices readable, for client memory */
	uint32_t divisor;
	uint32_t sp;                    /* serial of the SP that set it */
	uint32_t buffer;                /* where it is no client memory */
};

struct vao {
	struct object o;
	uint32_t owner;                 /* birth of its context; 0: not made yet */
	uint32_t enabled, maybe;        /* bit per array: on, not known */
	uint32_t client, bad;           /* in a payload; nowhere known.  Else in a buffer */
	uint32_t instanced;             /* divisor is not 0 */
	uint32_t undecided;             /* divisor is not known */
	uint32_t element;               /* index buffer, NAME_UNKNOWN */
	uint32_t element_birth;         /* which of those that had its name */
	uint32_t limit;                 /* vertices readable in all that are enabled */
	bool limit_known, dangling;     /* dangling: a bound buffer was deleted */
	struct varray array[VARRAYS];
};

struct buffer {
	struct object o;
	uint32_t group;                 /* share group that it lives in; 0 none yet */
	uint32_t epoch;                 /* of the contents that the maxima speak of */
	uint32_t birth;                 /* counts objects that had its name */
	uint64_t size, known;           /* bytes; maxima cover the first `known` */
	uint32_t max[3];                /* as bytes, shorts, words */
};

/* What the facts need to know. */
enum tri { TRI_OFF, TRI_ON, TRI_UNKNOWN };
enum cap {
	CAP_SCISSOR, CAP_DEPTH, CAP_STENCIL, CAP_BLEND, CAP_RESTART, CAP_RESTART_FIXED,
	CAP_DISCARD, CAP_STIPPLE, CAP_FRAGMENT_PROGRAM,
	CAP_SWITCHES,                   /* those above are capabilities of glEnable */
	/* clears go elsewhere than to the back buffer of the window, or may not happen */
	CAP_FRAMEBUFFER = CAP_SWITCHES, CAP_BUFFER, CAP_CONDITIONAL,
	CAP_PROGRAM, CAP_PIPELINE,
	CAPS
};
struct caps {
	uint8_t cap[CAPS];              /* enum tri */
	uint8_t full[3];                /* enum desc_mask: tri, ON when all is written */
};
struct saved_caps { uint32_t mask; struct caps caps; };

/* A display list: what calling it does. */
#define LIST_KNOWN 1u
#define LIST_CAPS 2u                    /* changes what struct caps holds */
#define LIST_DRAWS 4u
#define LIST_READS 8u                   /* reads the framebuffer */
#define LIST_RELATIVE 16u               /* takes positions on the window, or accumulates */
#define LIST_OWN 32u                    /* draws by records of its own */
#define LIST_CALLS 64u                  /* calls others: holds in its epoch */
#define LIST_OPEN 128u                  /* what it calls may not be there, or be itself */
#define LIST_CALLED 256u                /* lists call it, whatever it is */
#define LIST_COSTLY 512u                /* too many calls, or words, where it is called */
#define LIST_UNCOUNTED 1024u            /* how many words, nobody knows */
struct list_shadow {
	uint32_t what, group;
	uint32_t vertices, words;       /* that calling it costs */
	uint32_t calls;                 /* that are made where it is called */
	uint32_t epoch;
};

/* It costs more than could be counted. */
static inline bool list_boundless(const struct list_shadow *l)
{
	return l->vertices == UINT32_MAX || l->words == UINT32_MAX;
}

/* PushClientAttrib */
struct saved_client {
	uint32_t mask, array_buffer, vao_name, deletes, unpack, pack;
	uint32_t restart_index, locked;
	uint8_t unit, restart, restart_fixed;
	bool good, restart_known;
	struct vao vao;
};
struct saved_stack {
	struct object o;
	struct saved_client v[ATTRIB_STACK];
};

struct context {
	struct object o;
	uint32_t name, group;
	uint32_t birth;                 /* of all contexts, counted */
	bool made, begin, list_begin, list_executes;
	bool lean;                      /* without client attributes: core, or 3.1 */
	uint32_t list;                  /* being compiled */
	struct list_shadow list_new;    /* what it will be when it ends */
	uint64_t list_vertices, list_words;     /* counted before it, */
	uint32_t list_sp;               /* in the SP of this serial, */
	uint8_t list_depth;             /* so many calls deep */
	uint32_t array_buffer, unpack, pack;
	uint32_t vao_name;
	uint32_t locked;                /* end of the range of LockArraysEXT, 0 none */
	uint8_t unit;                   /* ClientActiveTexture */
	uint8_t nsaved, nattrib;
	bool attrib_lost;               /* depth of the attribute stack is not known */
	bool restart_known;
	uint32_t restart_index;
	struct caps caps;
	struct saved_caps attrib[ATTRIB_STACK];
	struct saved_stack *saved;      /* made at the first push */
	struct vao vao;                 /* object 0 */
};

/* Between Begin and End as executed, be it from a list that is also compiled. */
static inline bool context_in_begin(const struct context *c)
{
	return c->begin || (c->list_begin && c->list_executes);
}

/* Objects by name: two levels, so that a high name costs a page and no more. */
#define NAMES_PAGE 1024u
struct names {
	void ***page;
	uint32_t npages;
};

/* Copies of objects: header, then the bytes. */
struct journal { struct buf b; };

#define INDEX_MEMO 2048u
struct index_memo { uint32_t sp, id, offset, count, type, min, max; };


struct verify_state {
	const struct desc_table *desc;
	struct names contexts, vaos, buffers;
	struct context nowhere;         /* when no context is current */
	struct context *ctx;
	struct vao *vao;                /* bound in ctx */
	uint32_t serial;                /* of the SP being verified */
	uint64_t work;                  /* of it, so far (verify_limits.work) */
	uint32_t contents;              /* epoch of all buffers' contents */
	uint32_t deletes;
	uint32_t ngroups, nbirths;
	bool feedback;                  /* buffers may be written by drawing */
	/* a stranger's raster positions, shaders that may read blocks: not both.  What was once
	 * said stays so, be it that a procedure was refused: pieces (segment.h) count on it */
	bool raster, blocks;
	bool mipmaps, undrawable;       /* likewise, made unasked, and images of such formats */
	bool conditional;               /* likewise, rendering, by whatever list */
	bool failed;                    /* out of memory */
	uint64_t looked;                /* ticks when tables were last asked for */
	struct hot_next next;           /* and what is not yet */
	struct list_shadow *lists;      /* by name */
	uint32_t lists_end;             /* those from here on are untouched */
	uint32_t list_vertices_max, list_words_max;     /* of any list so far */
	uint32_t lists_epoch;           /* ends when a list changes that lists call, */
	bool lists_loose;               /* or any list: some call who knows which */

	uint64_t outside;               /* changes of buffers and lists, counted */
	struct journal undo, region;
	struct context *undo_ctx, *region_ctx;
	uint32_t undo_contents, undo_deletes, undo_births, undo_lists;
	uint32_t region_serial;
	uint64_t changes, region_changes;
	bool region_open;

	struct index_memo *memo;
	struct sp_index index;          /* for those who bring none */
	struct segments *segments;      /* pieces of SPs seen before (segment.h) */
	struct effects_walk *walk;      /* made when somebody first asks for it */
};

struct segments *segments_create(void);
void segments_destroy(struct segments *g);          /* NULL ok */

HOT void state_touch(struct verify_state *s, struct object *o);
static inline void state_touch_context(struct verify_state *s) { state_touch(s, &s->ctx->o); }
/* The vertex array object bound, about to change: its limit is found anew. */
static inline struct vao *state_touch_vao(struct verify_state *s)
{
	state_touch(s, &s->vao->o);
	s->vao->limit_known = false;
	return s->vao;
}

/* Objects by name, made when missing; NULL without memory (s->failed is set). */
struct context *client_context(struct verify_state *s, uint32_t name);
struct vao *state_vao(struct verify_state *s, uint32_t name);
struct buffer *state_buffer(struct verify_state *s, uint32_t name);
struct saved_stack *state_saved(struct verify_state *s);

void context_reset(struct context *c, uint32_t name, uint32_t group, uint32_t birth);
void vao_reset(struct vao *v, uint32_t owner);
/* a becomes what is true of both. */
void vao_meet(struct vao *a, const struct vao *b);
/* Nothing is known of where arrays are from here on. */
void vao_lose(struct vao *v);
/* Makes s->vao follow s->ctx. */
bool state_follow(struct verify_state *s);

HOT void state_begin(struct verify_state *s);
void state_undo(struct verify_state *s);
/* Is all as it was at state_begin?  (It may say no when it is.) */
HOT bool state_still(const struct verify_state *s);
/* A jump leaves from here; false where what cannot be joined differs. */
bool state_fork(struct verify_state *s);
/* Jumps may arrive here; last: none is pending after it. */
bool state_join(struct verify_state *s, bool last);

#endif
