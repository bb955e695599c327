/* confine.h - what the files of a client's sink share.
 *
 *   confine.c         the sink: contexts, drawables, framebuffer 0's place
 *   confine_mediate.c which entry of it is the driver's, which a mediation
 *   confine_view.c    what is relative to the window: scissor, viewport, framebuffer,
 *                     lists, saved attributes
 *   confine_thunk.c   entry points that know their opcode, for the mediations below
 *   confine_memory.c  what is made, counted against the client's budget
 *   confine_lists.c   display lists among it
 *   confine_calls.c   which lists these call: what one command comes to
 *   confine_account.c the accounts of objects, on which it is counted
 *   confine_kept.c    what the driver keeps, where the client's word is not enough
 *   confine_hold.c    objects that live on in others when they are deleted
 *   confine_format.c  bytes of pixels as drivers keep them
 *   confine_shader.c  sources, checked and tried before the driver gets them
 *   confine_limits.c  what a client's procedures are verified for
 *
 * A mediation is an entry point with its command's own signature, and finds its client
 * through a thread-local pointer.  The hot ones are plain functions (confine_view_entry);
 * all others go through thunks to confine_call, which is told opcode and arguments.
 *
 * Private to blink/server.
 */
#ifndef BLINK_SERVER_CONFINE_H
#define BLINK_SERVER_CONFINE_H

#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/server/code_account.h"
#include "blink/server/confined.h"
#include "blink/server/heap.h"
#include "blink/server/server_priv.h"

#define CONFINE_ARGUMENTS 24
#define CONFINE_CONTEXTS 64u
#define CONFINE_DRAWABLES 64u
#define CONFINE_STACK 32u              /* saved attributes that are followed */

/* What decides where on a window something comes to lie, as the client set it. */
struct confine_view {
	int32_t viewport[4], scissor[4];
	bool scissor_on;
};

struct confine_saved { uint32_t mask; struct confine_view view; };

/* What a list does that decides which other ones are executed where it is called: it calls .n, or
 * .n after the base; makes .n the base; saves attributes, and brings them back. */
enum list_what { LIST_CALL, LIST_CALL_BASE, LIST_BASE, LIST_PUSH, LIST_POP };
struct list_act { uint32_t what, n; };
struct list_acts { struct list_act *v; uint32_t n, cap; bool calls; };

struct confine_context {
	uint32_t name, driver;         /* the client's number, 0 none; the driver sink's */
	uint64_t bytes;                /* that the driver allocated to make it */
	uint32_t group;                /* number of the first context of its share group */
	uint32_t version, flags;
	bool started;                  /* was current once: GL has set viewport and scissor */
	struct confine_view view;
	struct confine_saved saved[CONFINE_STACK];
	uint32_t depth;                /* of the driver's stack of saved attributes */
	uint32_t list;                 /* being compiled, 0 none */
	uint64_t list_heap;            /* bytes in use when it began */
	uint64_t list_released;        /* and what accounts had given back by then */
	bool list_executes;            /* its commands are executed, too */
	struct list_acts list_acts;    /* so far */
	uint32_t draw_framebuffer;     /* the driver's name, 0 the window */
	bool other_buffer;             /* framebuffer 0 is not drawn to its back buffer */
	/* what the driver's scissor and viewport hold now */
	bool placed;
	struct place at;
};

struct confine_drawable {
	uint32_t name, driver, w, h, config;
	uint64_t bytes;
};

struct piece { uint32_t id; uint64_t bytes; };

struct account {
	struct account *next;          /* in its bucket */
	uint64_t name;
	uint32_t owner;                /* number of the context, or of its share group */
	uint8_t space;
	uint32_t stage;                /* of a shader */
	uint64_t bytes;                /* all of it */
	struct list_acts acts;         /* of a list */
	struct piece *piece;
	uint32_t npieces;
	/* what it holds on to, though it be deleted: images of a framebuffer object, buffers of
	 * a vertex array object */
	struct { uint32_t key; struct account *what; } *hold;
	uint32_t nholds;
	uint32_t holders;              /* that hold this one */
	bool gone;                     /* deleted: it goes with the last of them */
};

/* A mediation: argv[i] is GL parameter i, as gl_invoke takes them. */
typedef uint64_t (*confine_fn)(struct confined *k, unsigned op, const uint64_t *argv);

struct confined {
	struct sink sink;              /* first: the engine's view of it */
	confine_fn call[GL_OP_COUNT];  /* what confine_call does */
	struct sink_ops ops;
	struct sink *gl;
	struct confine_limits limits;
	struct shader_judge *judge;
	struct confine_context context[CONFINE_CONTEXTS];
	uint32_t contexts;             /* that there are */
	struct confine_drawable drawable[CONFINE_DRAWABLES];
	struct confine_context *current;       /* NULL: none */
	struct confine_drawable *draw, *read;
	struct confine_drawable *window;
	uint32_t screen;               /* where framebuffer 0 lies: 0 its own drawable */
	struct place at;
	uint32_t stand_in;             /* that is drawn to in the window's place, 0 none */
	bool never_direct;             /* lists hold what cannot be moved, or alike */
	bool skipped;                  /* something was not done since it was drawn direct */
	bool wrecked;                  /* by confine_wreck */
	enum vso_fault fault;
	uint64_t swaps;
	/* accounts */
	struct account **accounts;     /* hashed by kind and name */
	uint32_t naccounts, accounts_cap;
	struct account listed;         /* images that lists make of whatever texture is bound
	                                  when they are called: part of each texture's account */
	uint64_t memory;
	uint64_t released;             /* ever */
	uint32_t callers;              /* lists that call others */
	uint64_t list_most;            /* bytes of the largest list that there ever was */
	struct code_account *code;     /* that the driver made for its draws */
};

/* The client that is at work on this thread. */
extern __thread struct confined *confine_self;

/* The driver's entry point for op, with its type. */
#define CONFINE_REAL(k, op, type) ((type)(k)->gl->entry[op])

/* A command was beyond the client's limits and has not been executed. */
static inline void confine_fault(struct confined *k, enum vso_fault fault)
{
	k->fault = fault;
}
/* Something was not done that the verifier counts on.  Nothing is current any more, and the
 * world is to go: what comes after it would meet another state than it was verified for. */
void confine_wreck(struct confined *k);
/* Has room for so many more bytes; false: the fault is set. */
bool confine_room(struct confined *k, uint64_t bytes);
/* One integer of the driver's state: was, where it does not tell (between Begin and End);
 * believed, where the sink keeps no state at all. */
uint32_t confine_ask(const struct confined *k, uint32_t pname, uint32_t was, uint32_t believed);

/* ---- confine_mediate.c ------------------------------------------------------------- */

/* Fills the sink's entries. */
void confine_entries(struct confined *k);

/* ---- confine_view.c -------------------------------------------------------------- */

/* The mediation of op that is a plain function; NULL: there is none. */
sink_fn confine_view_entry(const struct confined *k, unsigned op);
/* A thunked command of these mediations (list, restore, framebuffer, viewport). */
uint64_t confine_view_call(struct confined *k, unsigned op, const uint64_t *argv);
/* The driver's scissor and viewport become what the current context's are, here.  False:
 * they cannot, for it stands between Begin and End. */
bool confine_view_place(struct confined *k);
/* The draw framebuffer may be another; believed: where the driver does not tell. */
void confine_view_bound(struct confined *k, uint32_t believed);
/* A context is current for the first time. */
void confine_view_start(struct confined *k);

/* What saves masks and buffers, lists that set them, and any others, are not done there; the
 * verifier counts on it.  (Of 3.1 drivers make core ones.) */
static inline bool confine_lean(const struct confine_context *c)
{
	return c->flags & SINK_CONTEXT_CORE || c->version == 31;
}

/* Is framebuffer 0, which is drawn to now, on the shared drawable? */
static inline bool confine_direct(const struct confined *k)
{
	return k->screen && k->draw && k->draw == k->window;
}

/* ---- confine_thunk.c -------------------------------------------------------------- */

/* An entry that calls confine_call(op, its arguments). */
sink_fn confine_thunk(unsigned op);
uint64_t confine_call(unsigned op, const uint64_t *argv);
static inline uint64_t confine_invoke(const struct confined *k, unsigned op, const uint64_t *argv)
{
	return gl_invoke(gl_command_signature(&gl_commands[gl_ops[op].command]),
			 k->gl->entry[op], argv);
}

/* ---- confine_memory.c, confine_lists.c, confine_format.c --------------------------- */

#define CONFINE_GEN_MAX 65536u          /* objects that one command makes */
#define CONFINE_PIECE_ALL UINT32_MAX    /* of an account: an object's contents as one */

/* Of the driver's, for an object without contents, once it was bound (Mesa 22.3; of vertex
 * arrays with what the verifier knows of them). */
uint32_t confine_object_bytes(unsigned space);
/* Is op one that makes or deletes what is accounted? */
bool confine_accounts(unsigned op);
uint64_t confine_memory_call(struct confined *k, unsigned op, const uint64_t *argv);
/* glGenLists, glNewList, glEndList, glDeleteLists. */
uint64_t confine_list_call(struct confined *k, unsigned op, const uint64_t *argv);
/* GL_VERTEX_SHADER..., as it was made; 0 for a name that is no shader. */
uint32_t confine_shader_stage(const struct confined *k, uint32_t name);
/* Bytes of an image of an internal format, rounded up where drivers differ. */
uint64_t confine_image_bytes(uint32_t internal_format, int64_t w, int64_t h, int64_t d);

/* The heap is another one than before: ARB programs came or went. */
void confine_programs_grow(struct confined *k, uint64_t heap_before);
/* A piece of an object's account has grown, or shrunk, by so much.  Beyond the budget: the
 * fault is told. */
void confine_grow(struct confined *k, unsigned space, uint64_t name, uint32_t id, int64_t by);

/* ---- confine_calls.c ---------------------------------------------------------------- */

/* A command that decides which lists are called; values as they are given to GL.  False: it is
 * not to be executed, and the fault is told. */
bool confine_calls_act(struct confined *k, enum list_what what, uint32_t n);
bool confine_calls_list(struct confined *k, uint32_t name);
bool confine_calls_lists(struct confined *k, int32_t n, uint32_t type, const void *names);
/* The list that is compiled in this context is whole; a: its account. */
void confine_calls_end(struct confined *k, struct account *a);
/* whole: of a list that was. */
void confine_calls_free(struct confined *k, struct list_acts *acts, bool whole);

/* ---- confine_account.c -------------------------------------------------------------- */

/* Whose names of that kind are current: a share group's, a context's. */
uint32_t confine_owner(const struct confined *k, unsigned space);
/* NULL: there is none of that name. */
struct account *confine_account(const struct confined *k, unsigned space, uint64_t name);
/* The same, made where there is none, with so many bytes of its own; NULL: no memory. */
struct account *confine_account_make(struct confined *k, unsigned space, uint64_t name,
				     uint64_t bytes);
/* The object is deleted: its name is free again; what others hold lives on, and is paid for. */
void confine_account_close(struct confined *k, unsigned space, uint64_t name);
void confine_account_unlink(struct confined *k, struct account **at);
void confine_account_free(struct confined *k, struct account *a);
/* A context is gone, or the last of a share group: all that has its names. */
void confine_accounts_forget(struct confined *k, uint32_t owner);
void confine_accounts_finish(struct confined *k);

uint64_t confine_piece_bytes(const struct account *a, uint32_t id);
void confine_piece_set(struct confined *k, struct account *a, uint32_t id, uint64_t bytes);
/* Room for a piece that becomes so large; *a is its account, made if need be. */
bool confine_piece_room(struct confined *k, unsigned space, uint64_t name, uint32_t id,
			uint64_t bytes, struct account **a);

/* ---- confine_kept.c ------------------------------------------------------------------ */

/* What GL refuses changes nothing, and less asked for is not less held: so the driver is
 * asked.  Bytes of an image of the bound texture, of the bound renderbuffer, of the bound
 * buffer; otherwise: where it does not tell. */
uint64_t confine_kept_image(const struct confined *k, uint32_t target, int32_t level,
			    uint64_t otherwise);
/* How many levels that image of the bound texture has beneath it, down to one texel; -1: it is
 * not there, or nobody tells. */
int32_t confine_kept_levels(const struct confined *k, uint32_t target, int32_t level);
/* Is it of a format that drivers do not draw to? */
bool confine_kept_undrawable(const struct confined *k, uint32_t target, int32_t level);
uint64_t confine_kept_renderbuffer(const struct confined *k, uint64_t otherwise);
uint64_t confine_kept_buffer(const struct confined *k, uint32_t target, uint64_t otherwise);
/* Between Begin and End, where GL deletes nothing? */
bool confine_inside(const struct confined *k);

/* ---- confine_hold.c ------------------------------------------------------------------ */

/* Does op make one object hold on to another? */
bool confine_holds(unsigned op);
uint64_t confine_hold_call(struct confined *k, unsigned op, const uint64_t *argv);
/* a lets go of all that it holds. */
void confine_hold_none(struct confined *k, struct account *a);
/* a (NULL: nothing) was deleted: what is bound in this context has let go of it. */
void confine_hold_deleted(struct confined *k, struct account *a);
sink_fn confine_hold_entry(unsigned op);

/* ---- confine_shader.c ---------------------------------------------------------------- */

uint64_t confine_shader_call(struct confined *k, unsigned op, const uint64_t *argv);

#endif
