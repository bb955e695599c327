/* conv.h - the converter's insides, shared by capture/conv_*.c and convert.c.
 *
 * One call of the trace goes through
 *
 *     conv_call -> plan of its signature (made at first sight)
 *               -> hook, where the command has state that BlinkGL keeps out of
 *                  records (pixel store, maps, window system, locations ...)
 *               -> conv_encode: the generic walk over the op's operands
 *               -> a record in the frame's update or redraw code
 *
 * Hooks stand in one table (hooks[], conv_plan.c); everything else about a
 * command comes from the command table.
 */
#ifndef CAPTURE_CONV_H
#define CAPTURE_CONV_H

#include "blink/base/buf.h"
#include "blink/gl/table.h"
#include "blink/sp/file.h"
#include "capture/convert.h"
#include "capture/source.h"

struct json_object;
struct effects_walk;

/* ---- names (conv_names.c) ------------------------------------------------- */

/* The trace's names, dense client names instead: one hash table for all spaces,
 * keyed by who owns the name (share group or context), space and traced name. */
struct conv_name {
	uint64_t traced;
	uint32_t owner;
	uint32_t client;          /* 0: free entry */
	uint8_t space;
	bool dead;
};
struct conv_names {
	struct conv_name *v;
	size_t cap, used;
	uint32_t next[GL_SPACE_COUNT];
	struct buf freed[GL_SPACE_COUNT];        /* reusable client names (u32) */
	struct buf freed_now[GL_SPACE_COUNT];    /* reusable from the next frame on */
};
int conv_names_init(struct conv_names *n);
void conv_names_finish(struct conv_names *n);
uint32_t conv_names_find(const struct conv_names *n, uint32_t owner, unsigned space,
			 uint64_t traced);
/* A new client name for a traced one, replacing what it stood for; 0: no memory. */
uint32_t conv_names_new(struct conv_names *n, uint32_t owner, unsigned space, uint64_t traced);
void conv_names_delete(struct conv_names *n, uint32_t owner, unsigned space, uint64_t traced);
void conv_names_frame(struct conv_names *n);     /* a frame ended */

/* ---- contexts and drawables ------------------------------------------------ */

struct conv_pixelstore {
	int32_t row_length, image_height, skip_rows, skip_pixels, skip_images, alignment;
	bool swap, lsb;
};

#define CONV_UNITS 32u
#define CONV_TEXTARGETS 11u
#define CONV_BUFTARGETS 16u
#define CONV_CLIENT_DEPTH 16u

struct conv_bind {
	uint64_t traced;          /* traced name bound */
	uint64_t serial;          /* draw serial at the time of binding */
};

/* Client attributes saved by glPushClientAttrib. */
struct conv_client_attrib {
	uint32_t mask;
	struct conv_pixelstore unpack, pack;
	uint64_t array_buffer, vao;
};

/* What glPushAttrib(GL_TEXTURE_BIT) saves of the shadow. */
struct conv_attrib {
	uint32_t mask, unit;
	struct conv_bind (*textures)[CONV_TEXTARGETS];   /* NULL unless saved */
	struct conv_attrib *below;
};

struct conv_context {
	uint64_t handle;          /* the trace's */
	uint32_t id;              /* client name */
	uint32_t group;           /* share group, for names */
	uint64_t draw, read;      /* drawables' handles when current */
	uint32_t samples;
	bool dead, es;            /* es: OpenGL ES, refused when it is made current */
	struct conv_pixelstore unpack, pack;
	struct conv_client_attrib client_stack[CONV_CLIENT_DEPTH];
	unsigned client_depth;
	uint64_t buffers[CONV_BUFTARGETS];       /* traced names; element array: per VAO */
	uint64_t vao;
	uint64_t program, draw_framebuffer;
	uint32_t unit;                           /* active texture unit */
	struct conv_bind textures[CONV_UNITS][CONV_TEXTARGETS];
	uint32_t list;                           /* list being compiled, 0 none */
	bool in_begin, transfer;                 /* transfer: pixel transfer state was touched */
	bool binds_unknown;                      /* a list bound textures: shadow is void */
	struct conv_attrib *attribs;             /* saved by glPushAttrib */
	uint32_t render_mode;
	struct conv_context *next;
};

struct conv_drawable {
	uint64_t handle;
	uint32_t id, w, h;
	bool pbuffer, shown, dead;
	bool known;               /* its size is what the source says, not a guess */
	size_t made_at;           /* its record, while that is in the code at hand: so long */
	uint64_t made_sp, made_draws;    /* as these are still what they were */
	struct conv_drawable *next;
};

struct conv_thread {
	struct conv_context *ctx;
	uint64_t draw, read;
};

/* ---- locations (conv_shader.c) ---------------------------------------------- */

struct conv_location {
	uint32_t program;         /* client name; 0: free entry */
	uint8_t kind;             /* enum conv_lockind */
	int32_t location;
	uint32_t slot, payload;   /* payload: of the name's string */
	uint32_t name_len;
	bool array;               /* the name is that of an element 0 */
};
enum conv_lockind { CONV_LOC_UNIFORM, CONV_LOC_ATTRIB, CONV_LOC_FRAGDATA, CONV_LOC_BLOCK,
		    CONV_LOC_RESOURCE, CONV_LOC_RESOURCE_INDEX };

/* ---- maps (conv_buffer.c) --------------------------------------------------- */

struct conv_map {
	uint64_t start, length;   /* address range in the traced program */
	uint64_t buffer, offset;  /* traced buffer name, offset of start in it */
	uint32_t group;
};

/* ---- where it all goes -------------------------------------------------------- */

/* A .blink file (convert_file.c), or whoever wants stored procedures as they are made. */
struct conv_sink {
	void *user;
	bool follows;             /* the source is a recording that grows */
	/* The id of bytes, 1 or more; 0: failed, which .sp will tell.  place: their offset in
	 * the source's file, which says what they are; 0: they are not there. */
	uint32_t (*payload)(void *user, const void *data, uint32_t size, uint64_t place);
	/* Room to fill in place; the next call of the sink is payload_end. */
	void *(*payload_begin)(void *user, uint32_t size);
	uint32_t (*payload_end)(void *user, uint32_t size);
	/* The next one, its code whole and the caller's.  What follows the last frame
	 * bears that frame's number. */
	int (*sp)(void *user, const struct sp *sp);
	/* A frame has ended.  data: what is known of it, NULL: nothing. */
	void (*frame)(void *user, const struct blink_frame_data *data);
};

/* ---- plans ------------------------------------------------------------------ */

struct conv;
struct conv_plan;

enum { CONV_GO_ON = 1 };      /* a hook's answer: encode the call as the table says */
typedef int (*conv_hook)(struct conv *c, const struct trace_call *call,
			 const struct conv_plan *plan);

struct conv_plan {
	const struct gl_command *cmd;
	conv_hook hook;
	int aux;                  /* the hook's parameter */
	bool draws;               /* writes framebuffer content */
	bool reads_textures;      /* a draw, as far as hoisting is concerned */
	bool upload;              /* object content or parameters: may move ahead */
	bool plain;               /* all operands are one-word values */
	bool words;               /* and the record is the words of the arguments in order */
	bool indices;             /* an array hook's payload is indices */
	const struct gl_operand *array;  /* ... and stands in this operand; NULL: none */
	struct conv_plan *next;
	uint8_t element[16];      /* per parameter: gl_ctype of what a pointer points to */
};

struct conv {
	struct call_source source;
	const struct conv_sink *sink;
	const struct convert_options *opt;
	struct convert_stats *stats;
	struct error *err;

	struct conv_names names;
	struct conv_context *contexts;
	struct conv_drawable *drawables;
	struct conv_thread *threads;
	uint32_t nthreads;
	uint32_t next_context, next_drawable, next_group, next_slot;
	struct conv_context *ctx;                /* of the call at hand */

	/* what the records so far leave current */
	struct conv_context *cur;
	uint64_t cur_draw, cur_read;

	/* the frame being gathered */
	struct buf update, redraw;
	bool init_done;
	uint64_t sps;                            /* written so far */
	uint32_t frame;
	uint64_t draw_serial, frame_serial;      /* draws so far; at the frame's start */
	struct conv_context *entry_ctx;          /* current at the frame's start */
	uint64_t entry_draw;
	bool lists_bind;                         /* some list binds textures */
	uint64_t start_textures[CONV_TEXTARGETS];/* bound to the active unit then */
	uint64_t start_buffers[CONV_BUFTARGETS];
	bool buffers_stayed;                     /* an upload of a buffer had to stay */
	bool no_hoist;                           /* a list was called in this frame */
	struct buf saved_binds;                  /* struct conv_saved_bind, see conv_hoist.c */
	struct buf touched;                      /* u64 traced textures drawn with or written */

	struct conv_location *locations;
	size_t locations_cap, locations_used;
	struct buf vaos;                         /* element array buffers per VAO */
	struct buf maps;                         /* struct conv_map */
	bool egl_es;                             /* eglBindAPI chose ES */
	struct buf samples;                      /* struct { u64 config; u32 samples } */
	struct effects_walk *walk;
	struct json_object *losses;              /* array */
	uint64_t losses_listed;
	struct buf scratch;
	struct conv_plan *plans;                 /* all of them, to free */
	bool whole;                              /* the frame may be cut after this call */
	bool arrays_set;                         /* client arrays stay for its further draws */
	bool failed;                             /* an SP could not be stored; err says why */
};

/* The call cannot be converted: an error, or with keep_going a recorded loss. */
int conv_refuse(struct conv *c, const struct trace_call *call, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

/* conv_plan.c */
/* NULL: no memory, and the error is set. */
const struct conv_plan *conv_plan_get(struct conv *c, struct trace_sig *sig);
/* The parameter of that name; -1: none. */
int conv_param_index(const struct gl_command *cmd, const char *name);

/* conv_encode.c */
/* A call of a plan with .words: the record is a copy. */
void conv_encode_words(struct conv *c, const struct trace_call *call,
		       const struct conv_plan *plan);
/* Encodes the call as op (one of its command's). */
int conv_encode(struct conv *c, const struct trace_call *call, const struct conv_plan *plan,
		unsigned op);
/* The same where words of operands without a parameter (appended ones) and of
 * operands whose bit is set in given are in words already. */
int conv_encode_given(struct conv *c, const struct trace_call *call,
		      const struct conv_plan *plan, unsigned op, uint32_t *words, unsigned given);
/* Where the next record goes, after making the call's context current. */
struct buf *conv_target(struct conv *c);
void conv_emit(struct conv *c, unsigned op, const uint32_t *words);
#define conv_emit_words(c, op, ...) conv_emit(c, op, (const uint32_t[]){ __VA_ARGS__ })
/* Bytes of an argument as the driver would see them (blob, string, or array of
 * element type); *size bytes, at least; false if it holds none. */
bool conv_bytes(struct conv *c, const struct trace_value *v, unsigned element,
		const uint8_t **bytes, size_t *size);
/* The id of size bytes that conv_bytes gave of a value. */
uint32_t conv_payload(struct conv *c, const struct trace_value *v, const uint8_t *bytes,
		      size_t size);
/* Of bytes that are not the argument's own. */
uint32_t conv_keep(struct conv *c, const void *bytes, size_t size);
uint64_t conv_arg_uint(const struct trace_call *call, unsigned i);
uint32_t conv_name(struct conv *c, unsigned space, uint64_t traced);   /* makes it if unknown */
uint32_t conv_owner(const struct conv *c, unsigned space);

/* hooks, by file */
int conv_hook_window(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_viewport(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_pixelstore(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_pixels(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_readback(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_clientattrib(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_bindbuffer(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_vao(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_map(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_memcpy(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_array(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_storage(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_lock(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_interleaved(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_multidraw(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_multibind(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_far(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_gen(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_delete(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_create(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_source(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_strings(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_locate(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_program(struct conv *, const struct trace_call *, const struct conv_plan *);
int conv_hook_state(struct conv *, const struct trace_call *, const struct conv_plan *);

/* conv_window.c */
int conv_switch(struct conv *c);
int conv_thread_new(struct conv *c, uint32_t thread);
/* Emits blinkMakeCurrent if needed. */
static inline int conv_make_current(struct conv *c)
{
	if (c->ctx == c->cur &&
	    (!c->ctx || (c->ctx->draw == c->cur_draw && c->ctx->read == c->cur_read)))
		return 0;
	return conv_switch(c);
}
/* Whose calls follow. */
static inline int conv_thread_of(struct conv *c, uint32_t thread)
{
	if (thread >= c->nthreads)
		return conv_thread_new(c, thread);
	c->ctx = c->threads[thread].ctx;
	return 0;
}
/* SOURCE_DRAWABLE: the source knows a drawable's size. */
int conv_hook_drawable(struct conv *, const struct trace_call *, const struct conv_plan *);

/* conv_pixels.c */
void conv_pixelstore_reset(struct conv_pixelstore *p);

/* conv_buffer.c */
unsigned conv_buffer_target(uint32_t target);    /* index, CONV_BUFTARGETS if unknown */
uint64_t conv_bound_buffer(const struct conv *c, uint32_t target);
void conv_buffer_deleted(struct conv *c, uint64_t buffer);
void conv_vao_deleted(struct conv *c, uint64_t vao);

/* conv_shader.c */
bool conv_location_slot(struct conv *c, uint32_t program, unsigned kind, int32_t location,
			uint32_t *slot);

/* conv_hoist.c: which object uploads may move into the update SP */
unsigned conv_tex_target(uint32_t target);       /* index, CONV_TEXTARGETS if unknown */
void conv_hoist_bind(struct conv *c, uint32_t target, uint64_t traced);
void conv_hoist_draw(struct conv *c);
bool conv_hoist_upload(struct conv *c, const struct conv_plan *plan,
		       const struct trace_call *call);
void conv_hoist_delete(struct conv *c, uint64_t traced);
void conv_hoist_frame(struct conv *c);           /* restores bindings, closes the update SP */

/* convert.c */
/* A conversion in steps.  c is zeroed; sink, opt, stats and err stay.  After a failure
 * there is only conv_finish. */
int conv_begin(struct conv *c, const char *trace, const struct convert_options *opt,
	       const struct conv_sink *sink, struct convert_stats *stats, struct error *err);
enum { CONV_ALL, CONV_FRAMES, CONV_PAUSED };
/* As many calls, 0: all that are there.  CONV_ALL: there are no more for now, CONV_FRAMES:
 * the frames asked for are reached, CONV_PAUSED: there may be more. */
int conv_more(struct conv *c, uint64_t calls);
/* Ids of payloads that the converter holds, for records yet to be made and for those of the
 * frame being gathered. */
void conv_payloads(const struct conv *c, void (*fn)(void *user, uint32_t id), void *user);
/* No more will come: the last SPs. */
int conv_end(struct conv *c);
void conv_finish(struct conv *c);                /* also after conv_begin failed */
/* Forgets everything but the source, whose calls begin anew. */
int conv_again(struct conv *c);
/* What there is to say of the whole, as JSON, and the statistics of the source. */
struct json_object *conv_provenance(struct conv *c, const char *path);
void conv_names_give(const struct conv *c, struct blink_writer *w);
int conv_frame_end(struct conv *c, uint32_t drawable);
void conv_init_end(struct conv *c);              /* before the first draw of the trace */
void conv_attrib_free(struct conv_context *x);

#endif
