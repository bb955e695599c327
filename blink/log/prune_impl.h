/* prune_impl.h - the pruner's insides: objects, cells, the shadow of what selects state,
 * new records (the nursery) and kept ones.  Private to blink/log/prune*.c.
 *
 * Everything that the shadow holds is a 32-bit word in some object's reg[]; each change
 * is noted in the undo log, so that going backward over the nursery finds the shadow as
 * it was at every record.  Kept records carry what they touch with them instead.
 */
#ifndef BLINK_LOG_PRUNE_IMPL_H
#define BLINK_LOG_PRUNE_IMPL_H

#include "blink/log/prune.h"

#define NONE 0xffffffffu
#define PRUNE_UNITS 64u              /* texture units told apart */
#define PRUNE_MATRICES (3 + PRUNE_UNITS)
#define PRUNE_TEX_TARGETS 11u
#define PRUNE_BUF_TARGETS 16u
#define PRUNE_RANGES 96u             /* indexed buffer bindings */
#define PRUNE_QUERIES 8u
#define PRUNE_ATTACH 11u             /* 8 colours, depth, stencil; and the draw buffers */
#define PRUNE_ARRAYS 64u             /* vertex arrays of an array object */
#define PRUNE_SHADERS 16u            /* attached to a program */
#define PRUNE_STACK 160u             /* saved states that are told apart */

/* Slots of cells that the command table has no slot of its own for. */
enum {
	P_EXIST = GL_SLOT_COUNT,     /* that the object is there */
	P_STORAGE,                   /* size and format: of a level, a buffer, a drawable */
	P_CONTENT,                   /* texels, bytes, pixels */
	P_GENERATED,                 /* levels that were made from another */
	P_SOURCE, P_COMPILED,        /* of a shader */
	P_INPUT,                     /* of a program's next link */
	P_LINK, P_VALID,             /* what a link made */
	P_BODY,                      /* of a display list */
	P_SORT,                      /* which operations have gone into a matrix */
	P_REGISTER,                  /* of stored procedures */
	P_SLOTS
};

/* The shadow's words of a context. */
enum {
	R_MATRIX_MODE, R_ACTIVE, R_CLIENT_ACTIVE, R_FLAGS, R_COLOR_MATERIAL, R_BEGIN,
	R_LIST, R_LIST_MODE, R_LIST_BASE, R_USED, R_PROGRAM, R_PIPELINE, R_VAO, R_RBO, R_DRAW_FBO,
	R_READ_FBO, R_XFB, R_XFB_ACTIVE, R_COND, R_LOCK, R_ARBPROG, /* vertex, fragment */
	R_QUERY = R_ARBPROG + 2,
	R_BUF = R_QUERY + PRUNE_QUERIES,
	R_SAMPLER = R_BUF + PRUNE_BUF_TARGETS,
	R_RANGE = R_SAMPLER + PRUNE_UNITS,
	R_MATRIX_DEPTH = R_RANGE + PRUNE_RANGES,    /* of pairs: see pair stacks */
	R_ATTRIB_DEPTH, R_CLIENT_DEPTH,
	R_SORTS,                     /* of each matrix: see matrix_sort */
	R_MATRIX_STACK = R_SORTS + PRUNE_MATRICES,
	R_ATTRIB_STACK = R_MATRIX_STACK + PRUNE_STACK,
	R_CLIENT_STACK = R_ATTRIB_STACK + PRUNE_STACK,
	R_TEX = R_CLIENT_STACK + PRUNE_STACK,
	R_COUNT = R_TEX + PRUNE_UNITS * PRUNE_TEX_TARGETS
};

/* R_FLAGS: 0 is the state of a new context */
enum {
	F_DEPTH_TEST = 1, F_STENCIL_TEST = 2, F_SCISSOR = 4, F_COLOR_PART = 8,
	F_DEPTH_OFF = 16, F_STENCIL_PART = 32, F_DISCARD = 64, F_COLOR_MATERIAL = 128,
	F_DRAW_BUFFER = 256          /* of the window: not its usual one */
};

/* reg[] of other objects */
enum { T_AUTOGEN, T_TARGET, T_ATTACHED, T_BUFFER, T_COUNT };  /* textures */
/* drawables: swaps; for each of 4 buffers the swap after its last clear, and in how many
 * frames since then it was drawn to */
enum { D_SWAPS, D_CLEAR, D_DIRTY = D_CLEAR + 4, D_COUNT = D_DIRTY + 4 };
enum { G_COUNT = PRUNE_SHADERS };                            /* programs */
/* framebuffers: object and level of each attachment; which are drawn to (a mask) */
enum { B_OBJECT, B_LEVEL = PRUNE_ATTACH, B_DRAWN = 2 * PRUNE_ATTACH, B_COUNT };

/* Things that own cells: contexts, drawables, GL objects, share groups. */
struct object {
	uint8_t space;               /* enum gl_space; GL_SPACE_NONE: share group, client */
	bool live;                   /* contexts, share groups: not destroyed, as of a sweep */
	uint32_t name;
	uint32_t group;              /* object: its share group, or its context */
	uint32_t need[2];            /* step at which all of it was needed, by colour */
	uint32_t killed;             /* step at which all of it was replaced */
	uint32_t cells;              /* first of its list */
	uint32_t deleter, delete_sweep;   /* while sweeping: kept record that deletes it */
	uint32_t ender, end_sweep;        /* ... that ends the query begun */
	uint32_t listed, list_sweep;      /* ... and color of the list */
	uint32_t read_group, read_bits;   /* ... group that has read all of it */
	uint32_t seen, seen_sweep;        /* ... swaps of a drawable met */
	uint32_t undefined;               /* ... buffers that swaps make undefined */
	uint32_t dirty;              /* drawables: buffers drawn to since the last swap */
	uint32_t select[3], select_sweep; /* while emitting: its selectors */
	uint32_t draw, read;              /* ... and drawables */
	uint32_t previous;           /* lists: what had this name before, 0 none */
	uint32_t mark;               /* of the last collection that met it */
	uint32_t nreg;
	uint32_t *reg;               /* the shadow's words */
	uint32_t *heads;             /* contexts: first cell per slot */
	struct slot_mark *marks;     /* contexts: by slot; others: those there are */
	uint32_t nmarks, marks_cap;
	struct prune_list *list;     /* display lists: what calling it does */
};

/* Steps at which all cells of a slot were needed or replaced: those, too, that going
 * backward has not met yet. */
struct slot_mark { uint32_t slot, killed, need[2]; };

struct cell {
	uint32_t owner, slot, key[2];
	uint32_t next;               /* of the owner; contexts: of the owner and slot */
	uint32_t hash_next;
	uint32_t killed, need[2];    /* steps of the sweep, going backward */
	uint32_t birth;              /* step at which it was first met */
	uint32_t writes[2];          /* kept ones so far, by color */
	uint32_t cover;              /* of pieces replaced later: index */
	uint32_t group, group_bits;  /* how the group of that number touches it */
	uint32_t mark;
};

/* The records of a display list that matter to who calls it, one of each sort. */
struct prune_list {
	struct buf words;
	bool executed;               /* compiled and executed at once */
	bool saved;                  /* all of its records were seen */
	struct buf made;             /* numbers of objects whose names it was the first to use */
};

/* A push and its pop. */
struct pair {
	uint8_t kind;                /* enum pair_kind; 0: free */
	bool popped;
	uint32_t ctx, mask;
	uint32_t outer;              /* attributes: masks of the pushes around it */
	uint32_t cell;               /* matrix: the top */
	uint32_t vao;                /* client attributes: the array object */
	uint32_t nsaved, *saved;     /* shadow words at the push, then textures bound */
	uint32_t ntextures, *textures;
	uint32_t mark;
	uint32_t sorts;              /* matrix: at the push */
	uint32_t group;              /* in which the push is */
	/* while sweeping */
	uint32_t sweep;
	bool forced;                 /* the pop happens in any case */
	uint32_t pop;                /* kept record of the pop; free: the next free one */
	uint32_t inner[2];           /* groups of state that kept records in between write */
	uint32_t writes[2];          /* matrix: the cell's counts at the pop */
	uint32_t step;               /* of the pop */
	struct pair_cell *cells;     /* their needs at the pop */
	uint32_t *killed;            /* of the context's slots at the pop */
	uint32_t ncells;
};
enum pair_kind { PAIR_FREE, PAIR_MATRIX, PAIR_ATTRIB, PAIR_CLIENT, PAIR_BRACKET };
struct pair_cell { uint32_t cell, color; };

/* A record that is new.  Children are the records of a list that is called, or of an SP
 * that is kept or dropped as a whole; they follow their head. */
struct entry {
	const uint32_t *rec;         /* NULL: in words, at */
	uint64_t index;
	uint32_t at, nwords;
	uint32_t aux;                /* pair or object */
	uint32_t list;               /* that it goes into */
	uint32_t sp;                 /* ordinal of its SP */
	uint32_t undos;
	uint16_t flags;
};
enum {
	E_LISTED = 1,                /* goes into the list that is being compiled */
	E_HEAD = 2, E_CHILD = 4, E_UNSURE = 8,
	E_VOID = 16,                 /* GL refuses it: no effect */
	E_UNKNOWN = 32,              /* bindings unknown: kept whatever it does */
	E_FIRST = 64,                /* makes an object, makes a context current first */
	E_UNIT = 128,                /* a whole stretch of code */
	E_ECHO = 256                 /* execution of what a list got as well */
};

struct undo { uint32_t *at, value; };

/* What a record touches, while it is looked at. */
struct write { uint32_t cell; uint32_t flags; int32_t box[6]; };
/* all: cell is an object; slot: an object and a slot, all of whose cells are replaced */
enum {
	W_REPLACE = 1, W_BOX = 2, W_ALL = 4, W_SLOT = 8,
	W_UNSEEN = 16                /* replaced, but only what drawing has read before */
};
#define READ_ALL 0x80000000u                     /* the rest is an object */
#define READ_SLOT 0x40000000u                    /* the rest is an object and a slot */
#define SLOT_SHIFT 20u
#define SLOT_OBJECTS (1u << SLOT_SHIFT)          /* objects that fit beside a slot */
#define SPACE_DEFAULT 64u                        /* spaces of objects that have no name */

struct kept {
	uint32_t rec, nwords;        /* in the arena */
	uint32_t writes, reads;      /* in the arena */
	uint32_t nwrites, nreads;
	uint32_t ndrawn;             /* reads behind those: of what is drawn only */
	uint32_t ctx, draw, read;    /* objects that must be current; NONE: any */
	uint32_t select[3];          /* matrix mode, units; NONE: any */
	uint32_t after[3];           /* ... behind it; NONE: as before */
	uint32_t aux;                /* pair or object */
	uint32_t list;               /* that it goes into, or that has it as well */
	uint32_t sp;
	uint64_t index;
	uint16_t slot;               /* why */
	uint8_t kind, role;
	uint8_t color;
	bool kept, echo;
};
enum role {
	ROLE_PLAIN, ROLE_PUSH, ROLE_POP, ROLE_DELETE, ROLE_MAKE, ROLE_SWAP, ROLE_NEW_LIST,
	ROLE_LISTED, ROLE_END_LIST, ROLE_ALWAYS, ROLE_CURRENT, ROLE_QUERY, ROLE_END_QUERY
};

struct arena { uint32_t *v; size_t n, cap; };

struct unjudged { unsigned op; const char *why; uint64_t count; };

struct prune {
	struct prune_options opt;
	struct prune_stats stats;
	struct error error;          /* sticky */

	struct object **object;      /* by number; [0] is the client */
	uint32_t nobjects, objects_cap;
	uint32_t *free_objects;
	uint32_t nfree_objects, free_objects_cap;
	uint32_t *marked;            /* while collecting: held, to be followed */
	uint32_t nmarked, marked_cap;

	struct name **name;          /* client names: space, scope, name -> object; in
	                                chunks, for they are part of the shadow */
	uint32_t nnames, names_cap;
	uint32_t *name_hash, name_hash_cap;

	struct cell *cell;           /* [0] unused */
	uint32_t ncells, cells_cap, free_cell;
	uint32_t cells_live;
	uint32_t *cell_hash, cell_hash_cap;

	struct cover *cover;
	uint32_t ncovers, covers_cap;

	struct pair *pair;           /* [0] unused */
	uint32_t npairs, pairs_cap;
	size_t saved;                /* words that those made since the last sweep hold */
	uint32_t free_pair;          /* first of those that are free, linked by pop */

	uint32_t ctx, draw, read;    /* the shadow: objects that are current */

	struct entry *entry;
	uint32_t nentries, entries_cap;
	struct arena words;          /* of the nursery */
	struct undo *undo;
	size_t nundo, undo_cap;

	struct kept *kept;
	uint32_t nkept, kept_cap;
	struct arena arena;          /* of the kept */

	/* while sweeping */
	uint32_t step, sweep;
	struct kept *next;           /* kept ones, the last first */
	uint32_t nnext, next_cap;
	struct arena next_arena;
	struct write *write;
	uint32_t nwrites, writes_cap;
	uint32_t *reads;
	uint32_t nreads, reads_cap;
	uint32_t *drawn;             /* what is read for the sake of pixels alone */
	uint32_t ndrawn, drawn_cap;
	bool drawing;                /* reads go there */
	uint32_t *open_pairs, nopen, open_cap;
	size_t undo_at;              /* those before are in force */
	uint32_t *event, nevents, events_cap;   /* of a group */
	uint32_t *inside, ninside, inside_cap;  /* pairs within a group */
	uint32_t group;

	bool lost;                   /* the shadow is unknown from here on */
	struct unjudged *unjudged;
	unsigned nunjudged;
	uint32_t nsps;               /* fed */
	struct kept *last;           /* of the last emit, selectors among them */
	uint32_t nlast, last_cap;
	struct arena last_arena;
};

#define NAME_CHUNK 1024u
struct name { uint32_t space, scope, name, object; };

static inline struct name *name_at(const struct prune *p, uint32_t i)
{
	return &p->name[i / NAME_CHUNK][i % NAME_CHUNK];
}

/* ---- the compiled command table (prune_table.c) --------------------------- */

enum special {
	S_NONE, S_VOID, S_CORE, S_OPAQUE,
	S_CONTEXT, S_CONTEXT_DESTROY, S_DRAWABLE, S_DRAWABLE_RESIZE, S_DRAWABLE_DESTROY,
	S_MAKE_CURRENT, S_SWAP, S_JUMP, S_CALL, S_END,
	S_MATRIX_MODE, S_ACTIVE_TEXTURE, S_CLIENT_ACTIVE,
	S_PUSH_MATRIX, S_POP_MATRIX, S_PUSH_ATTRIB, S_POP_ATTRIB, S_PUSH_CLIENT, S_POP_CLIENT,
	S_ENABLE, S_COLOR_MASK, S_DEPTH_MASK, S_STENCIL_MASK, S_COLOR_MATERIAL,
	S_BEGIN, S_END_PRIMITIVE, S_DRAW, S_CLEAR, S_CLEAR_BUFFER, S_ACCUM, S_BLIT, S_COPY_PIXELS,
	S_READ_PIXELS, S_COLOR,
	S_GEN, S_DELETE, S_CREATE, S_DELETE1,
	S_BIND_TEXTURE, S_TEX_IMAGE, S_TEX_SUB, S_TEX_STORAGE, S_TEX_BUFFER, S_TEX_PARAM,
	S_GENERATE_MIPMAP, S_COPY_TEX, S_COPY_TEX_SUB,
	S_BIND_SAMPLER, S_SAMPLER_PARAM,
	S_BIND_BUFFER, S_BIND_RANGE, S_BUFFER_DATA, S_BUFFER_SUB, S_BUFFER_COPY, S_BUFFER_CLEAR,
	S_BIND_VAO, S_ARRAY, S_ATTRIB_ARRAY, S_ARRAY_ENABLE, S_ATTRIB_ENABLE, S_VERTEX_BUFFER,
	S_ATTRIB_FORMAT,
	S_BIND_FBO, S_FBO_TEXTURE, S_FBO_RENDERBUFFER, S_DRAW_BUFFERS, S_READ_BUFFER,
	S_BIND_RBO, S_RBO_STORAGE,
	S_SHADER_SOURCE, S_COMPILE, S_ATTACH, S_DETACH, S_LINK, S_USE_PROGRAM, S_PROGRAM_INPUT,
	S_VALIDATE, S_LOCATE, S_UNIFORM, S_PROGRAM_UNIFORM, S_UNIFORM_BLOCK,
	S_BIND_PIPELINE, S_PIPELINE_STAGES,
	S_BIND_ARBPROG, S_ARBPROG_STRING, S_ARBPROG_LOCAL, S_ARBPROG_ENVS,
	S_BEGIN_QUERY, S_END_QUERY, S_QUERY_COUNTER, S_BEGIN_COND, S_END_COND,
	S_XFB, S_BIND_XFB, S_XFB_BEGIN, S_XFB_END,
	S_NEW_LIST, S_END_LIST, S_CALL_LIST, S_CALL_LISTS, S_DELETE_LISTS, S_LIST_BASE,
	S_LOCK, S_UNLOCK, S_MATRIX
};

/* How a key of an effect is found. */
enum { K_CONST, K_WORD, K_UNIT, K_UNIT_WORD, K_CLIENT_UNIT, K_MODE, K_MODE_UNIT, K_ANY };
struct effect {
	uint16_t slot;
	uint8_t kind[2];
	uint32_t value[2];
	bool replace;
};

struct op_row {
	uint8_t special;
	uint8_t kind;                /* enum prune_kind */
	bool listed;                 /* may go into a display list */
	bool reads_all;              /* all that drawing depends on */
	bool in_begin;               /* allowed between Begin and End */
	bool vertex;                 /* may make a vertex */
	bool needs_mode, needs_unit, needs_client_unit;
	bool steps;                  /* changes the shadow, or the nursery's shape */
	bool columns;                /* the table's columns say what it does to a context */
	bool enables;                /* named glEnable... */
	bool generic;                /* ... glVertexAttrib... */
	bool far;                    /* what follows cannot be judged */
	uint32_t array;              /* the fixed-function array that it sets, 0 none */
	uint8_t sort;                /* S_MATRIX: enum matrix_sort */
	uint8_t nw, nr;
	const struct effect *w, *r;  /* of context state */
};

/* Drivers remember which operations a matrix is made of, and compute with it by shorter
 * ways while they can; glLoadIdentity does not make them forget.  To get the same bits the
 * first operation of each sort is kept. */
enum matrix_sort {
	SORT_NONE, SORT_TRANSLATE, SORT_ROTATE, SORT_SCALE, SORT_SCALE_EVEN, SORT_MULTIPLY,
	SORT_FRUSTUM, SORT_ORTHO, SORT_LOAD, SORTS
};

/* By opcode; there once prune_table_make has succeeded. */
extern const struct op_row *prune_rows;
bool prune_table_make(void);
static inline const struct op_row *row_of(const uint32_t *rec)
{
	return &prune_rows[sp_opcode(*rec)];
}
/* Bits of PushAttrib that save a context's cell: slot and first key (prune_attrib.c). */
uint32_t prune_attrib_groups(unsigned slot, uint32_t key);
/* Whether a switch is one of each texture unit. */
bool prune_cap_of_unit(uint32_t cap);
#define GROUP_CLIENT 0x80000000u                /* PushClientAttrib, vertex arrays */

/* ---- objects and cells (prune_objects.c) ---------------------------------- */

uint32_t object_make(struct prune *p, unsigned space, uint32_t name, uint32_t group,
		     uint32_t nreg);
/* Scope of a name space for the current context: its share group or itself. */
uint32_t name_scope(const struct prune *p, unsigned space);
/* Place where the object of a name is noted; the object there may be NONE. */
uint32_t *name_slot(struct prune *p, unsigned space, uint32_t scope, uint32_t name);
uint32_t name_find(struct prune *p, unsigned space, uint32_t name);
/* Finds out which contexts and share groups are there; then name_live tells of each name
 * whether it stands for anything. */
void scopes_find(struct prune *p);
bool name_live(const struct prune *p, const struct name *n);
uint32_t cell_at(struct prune *p, uint32_t owner, unsigned slot, uint32_t k0, uint32_t k1);
/* Into the table of cells, and into its owner's list. */
void cell_link(struct prune *p, uint32_t cell);
void object_free(struct object *o);              /* NULL ok */
void pair_finish(struct pair *q);
void names_collect(struct prune *p);             /* names that stand for nothing go */
void objects_finish(struct prune *p);
void prune_collect(struct prune *p);             /* prune_collect.c */

/* ---- the shadow (prune_shadow.c, prune_stack.c, prune_bind.c, prune_names.c) */

void *prune_grow(struct prune *p, void *v, uint32_t *cap, uint32_t n, size_t size);
bool arena_add(struct prune *p, struct arena *a, const uint32_t *words, size_t n);
void shadow_set(struct prune *p, uint32_t *at, uint32_t value);
/* The shadow of the current context; NULL: none. */
static inline uint32_t *ctx_reg(struct prune *p)
{
	return p->ctx ? p->object[p->ctx]->reg : NULL;
}

static inline uint32_t operand(const uint32_t *rec, unsigned i)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	return i < op->noperands ? rec[op->operands[i].word] : 0;
}

/* Notes what rec does to the shadow; e is its entry. */
void shadow_step(struct prune *p, struct entry *e, const uint32_t *rec);
void shadow_bind(struct prune *p, struct entry *e, const uint32_t *rec, unsigned special);
int tex_target_index(uint32_t target);         /* of a binding point, -1: none */
uint32_t tex_bound(struct prune *p, uint32_t target);   /* object; also of image targets */
int buf_target_index(uint32_t target);
uint32_t buf_bound(struct prune *p, uint32_t target);
uint32_t binding_cell(struct prune *p, const uint32_t *at);
int array_index(struct prune *p, const uint32_t *rec);
uint32_t fbo_bound(struct prune *p, uint32_t target);
uint32_t vao_bound(struct prune *p);
uint32_t default_object(struct prune *p, unsigned space, uint32_t scope, uint32_t kind,
			uint32_t nreg);
/* Names in a payload of Gen* or Delete*: *n of them, NULL on failure. */
const uint32_t *record_names(struct prune *p, const uint32_t *rec, unsigned *space,
			     uint32_t *n);
/* The object of a new name, noted there; 0 on failure. */
uint32_t named_make(struct prune *p, unsigned space, uint32_t name);
/* Names that a record of a list uses are in use when it is compiled. */
void names_listed(struct prune *p, struct entry *e, const uint32_t *rec);
/* Gen*, Create*, Delete* of many and of one. */
void names_gen(struct prune *p, struct entry *e, const uint32_t *rec);
void name_create(struct prune *p, struct entry *e, const uint32_t *rec);
void names_delete(struct prune *p, struct entry *e, const uint32_t *rec);
void name_delete(struct prune *p, struct entry *e, const uint32_t *rec);
uint32_t pair_make(struct prune *p, unsigned kind);
/* Steps of the current context, whose words are at reg (prune_stack.c). */
void matrix_step(struct prune *p, const uint32_t *rec);
void matrix_push(struct prune *p, struct entry *e, uint32_t *reg);
void matrix_pop(struct prune *p, struct entry *e, uint32_t *reg);
void attrib_push(struct prune *p, struct entry *e, uint32_t *reg, const uint32_t *rec,
		 bool client);
void attrib_pop(struct prune *p, struct entry *e, uint32_t *reg, bool client);
/* The sorts of the current matrix; and what rec is of them. */
uint32_t *matrix_sorts(struct prune *p);
unsigned matrix_sort(const uint32_t *rec);

/* ---- effects (prune_effects.c, prune_touch.c, prune_texture.c) ------------- */

uint64_t operand64(const uint32_t *rec, unsigned i);
const char *command_name(const uint32_t *rec);
void write_add(struct prune *p, uint32_t cell, uint32_t flags);
void write_box(struct prune *p, uint32_t cell, const int32_t *box);
/* All of a cell, or part of it; owner 0: nothing. */
void write_replace(struct prune *p, uint32_t owner, unsigned slot, uint32_t k0, uint32_t k1);
void write_part(struct prune *p, uint32_t owner, unsigned slot, uint32_t k0, uint32_t k1);
void read_cell(struct prune *p, uint32_t cell);
void read_object(struct prune *p, uint32_t object);
void read_slot(struct prune *p, uint32_t object, unsigned slot);
void write_slot(struct prune *p, uint32_t object, unsigned slot);
void read_exist(struct prune *p, uint32_t object);
/* NULL: there is none (make: unless memory is short). */
struct slot_mark *slot_mark(struct prune *p, struct object *o, unsigned slot, bool make);
/* Fill p->write, or p->reads, with what rec does in the shadow of now. */
void effects_writes(struct prune *p, const struct entry *e, const uint32_t *rec);
void effects_reads(struct prune *p, const struct entry *e, const uint32_t *rec);
void touch_writes(struct prune *p, const struct entry *e, const uint32_t *rec, unsigned special);
void touch_reads(struct prune *p, const struct entry *e, const uint32_t *rec, unsigned special);
void touch_made(struct prune *p, const uint32_t *rec, unsigned special);
/* False: special is not of theirs. */
bool texture_writes(struct prune *p, const uint32_t *rec, unsigned special);
bool texture_reads(struct prune *p, const uint32_t *rec, unsigned special);
void unpack_read(struct prune *p, const uint32_t *rec);
void framebuffer_writes(struct prune *p, uint32_t bits, uint32_t whole);
void framebuffer_reads(struct prune *p);
void draw_writes(struct prune *p);
void draw_reads(struct prune *p);
void target_reads(struct prune *p);
uint32_t record_created(const uint32_t *rec, unsigned *space);

/* ---- writing: what is set already (prune_settled.c) ------------------------- */

struct settled;
/* off: nothing is ever left out.  To be freed by free(); NULL: no memory. */
struct settled *settled_create(bool off);
/* The next record that is written; true: the client is as it makes it, leave it out.
 * paired: it is a push or a pop, and the other one is written as well. */
bool settled_meet(struct settled *s, const struct kept *k, const uint32_t *rec, bool paired);

/* ---- going backward: what is needed (prune_need.c, prune_cover.c) ---------- */

/* The steps of a record, in the order in which they count.  What it needs of whole
 * objects it needs but for what it replaces itself. */
#define STEP_OBJECT (p->step + 1)
#define STEP_KILL (p->step + 2)
#define STEP_NEED (p->step + 3)
#define STEPS 5u

/* Color by which a cell is needed now: 0 none, 1 state, 2 picture only. */
unsigned cell_color(struct prune *p, uint32_t cell);
void need_cell(struct prune *p, uint32_t cell, unsigned color);
/* o 0: everything. */
void need_object(struct prune *p, uint32_t o, unsigned color, uint32_t step);
/* Which needed cell the writes gathered write, by color; *slot: why; *drawn: the same of
 * pixels. */
unsigned item_color(struct prune *p, uint16_t *slot, unsigned *drawn);
/* The record of the lists gathered is kept: what follows from that. */
void item_apply(struct prune *p, unsigned color, unsigned drawn);
/* Adds k, whose words are at rec, with the lists gathered; its number in p->next. */
uint32_t item_keep(struct prune *p, struct kept *k, const uint32_t *rec);
/* p->next[i] stays after all. */
void kept_force(struct prune *p, uint32_t i, unsigned color);
/* Gathers the lists of one that was kept before. */
void lists_load(struct prune *p, const struct kept *k);
bool cover_has(struct prune *p, uint32_t cell, const int32_t *box);
void cover_add(struct prune *p, uint32_t cell, const int32_t *box);

/* ---- going backward: records (prune_saved.c, prune_item.c) ------------------ */

/* Whether a push of these groups of state saves the cell. */
bool saved_by(const struct prune *p, uint32_t cell, uint32_t mask);
void saved_restore(struct prune *p, struct pair *q);
void pop_meet(struct prune *p, struct kept *k, const uint32_t *rec);
void push_meet(struct prune *p, struct kept *k, const uint32_t *rec);
bool echo_forced(const struct prune *p, bool echo, uint32_t list);
/* Looks at k with its lists gathered: kept or gone. */
void item_meet(struct prune *p, struct kept *k, const uint32_t *rec);

/* ---- going backward: new records (prune_entry.c, prune_group.c) ------------- */

const uint32_t *entry_rec(const struct prune *p, const struct entry *e);
/* Take the shadow to before e, or to after it again. */
void entry_undo(struct prune *p, const struct entry *e);
void entry_redo(struct prune *p, const struct entry *e);
/* Gather what e writes, what it reads, and that its context and drawables must be there. */
void writes_of(struct prune *p, const struct entry *e, const uint32_t *rec, unsigned special);
void reads_of(struct prune *p, const struct entry *e, const uint32_t *rec, unsigned special,
	      const struct kept *k);
void current_reads(struct prune *p, const struct kept *k);
void kept_fill(struct prune *p, const struct entry *e, const uint32_t *rec, struct kept *k);
/* Selectors as a record leaves them; it must have needed those that it leaves. */
void after_fill(const struct prune *p, uint32_t *after);
void entry_meet(struct prune *p, const struct entry *e);
/* Entries head+1 to last are the head's children: kept or dropped with it. */
void group_meet(struct prune *p, uint32_t head, uint32_t last);

/* ---- going backward: all (prune_sweep.c) ------------------------------------ */

int prune_sweep(struct prune *p, struct error *err);

int error_nomem(struct prune *p);
void unjudged_add(struct prune *p, unsigned op, const char *why);

#endif
