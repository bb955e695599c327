/* effects_walk.h - the state of a walk over effects.  Private to blink/verify.
 *
 * Per cell three facts: READ (its value at entry was used), KILLED (a write has
 * replaced the value at entry for certain), WRITTEN (it may differ from entry now).
 * Effects that concern every cell of a slot are kept per slot.
 */
#ifndef BLINK_VERIFY_EFFECTS_WALK_H
#define BLINK_VERIFY_EFFECTS_WALK_H

#include "blink/verify/effects.h"
#include "blink/verify/effects_table.h"

#define FX_READ 1u
#define FX_KILLED 2u
#define FX_WRITTEN 4u

#define FX_SELECTORS 3               /* that a command sets by value */
#define FX_STACK 32                  /* Push* of one kind tracked at once */
#define FX_LIST_WORDS (1u << 20)     /* words of list bodies kept */
#define FX_LIST_DEPTH 8
#define FX_LIST_BUDGET 65536         /* list records walked in one SP */

/* A cell whose keys came from a record. */
struct fx_dynamic {
	uint32_t key[2];
	uint16_t slot;
	uint8_t flags;               /* but FX_KILLED */
	bool at_entry;               /* a key is a selector's unknown value at entry */
	uint32_t killed;             /* in that life of its slot (effects_walk.life); 0 not */
};

enum fx_knowledge { FX_ENTRY, FX_KNOWN, FX_LOST };
struct fx_selector { uint8_t state; uint32_t value; };

/* Enables and masks that decide what Clear and draws touch. */
enum fx_switch {
	FX_SCISSOR, FX_DEPTH_TEST, FX_STENCIL_TEST,     /* known to be off */
	FX_COLOR_MASK, FX_DEPTH_MASK, FX_STENCIL_MASK,  /* known to be full */
	FX_SWITCHES
};

/* What is known of the current context's state, kept between SPs. */
struct fx_known {
	struct fx_selector selector[GL_SLOT_COUNT];
	bool sure[FX_SWITCHES];
	bool initial[GL_SLOT_COUNT];     /* of slots that others name as `when` */
};

struct fx_saved_matrix { uint32_t top, below; uint8_t flags; };
struct fx_saved_attrib {
	uint64_t killed[FX_CELL_WORDS];
	struct fx_known known;
	bool client;                     /* of PushClientAttrib */
};

struct fx_list { uint32_t name, start, count; bool known; };

struct effects_walk {
	const struct fx_table *t;
	uint64_t read[FX_CELL_WORDS], killed[FX_CELL_WORDS], written[FX_CELL_WORDS];
	uint64_t any_read_cells[FX_CELL_WORDS];   /* cells of slots in any_read */
	uint64_t idle[FX_CELL_WORDS];             /* no effects now, by `when` */
	uint64_t idle_draw[FX_CELL_WORDS];        /* tests that are off */
	uint64_t any_read[FX_SLOT_WORDS], any_write[FX_SLOT_WORDS];
	uint64_t idle_slots[FX_SLOT_WORDS];
	uint32_t life[GL_SLOT_COUNT];             /* of what dynamic cells mean, from 1: kills
	                                             of an earlier one have ended */
	uint64_t rebound[FX_SLOT_WORDS];          /* several objects behind one cell */
	uint64_t entry_keys[FX_SLOT_WORDS], told_keys[FX_SLOT_WORDS];
	uint32_t *applied;                        /* per class: epoch of its last effect */
	uint32_t epoch;
	bool opaque;

	struct fx_dynamic *cell;
	uint32_t ncells, cells_cap;
	uint32_t *hash;                           /* index + 1 into cell */
	uint32_t hash_cap;                        /* power of two */

	/* position, for conditional records */
	uint64_t position, join;
	unsigned inlined;

	struct fx_saved_matrix matrix[FX_STACK];
	unsigned nmatrix;
	struct fx_saved_attrib *attrib;           /* FX_STACK of them */
	unsigned nattrib;

	uint8_t begin_flags;                      /* of begin_mode, before Begin */
	bool begin_saved;

	struct fx_known known;
	struct fx_selector entry_selector[FX_SELECTORS];
	uint32_t context, entry_context;          /* current, 0 unknown; at begin */
	uint32_t fresh;                           /* made, never current yet */

	struct fx_list *list;
	uint32_t nlists, lists_cap;
	struct buf bodies;
	uint32_t compiling;                       /* list being compiled, 0 none */
	bool compile_ok, compile_only;
	uint32_t compile_start;                   /* of its body, in words */
	uint32_t *listed;                         /* per class: serial of last list */
	uint32_t list_serial;
	unsigned list_depth;
	uint32_t list_budget;
	bool failed;                              /* out of memory: all is opaque */
};

static inline bool fx_certain(const struct effects_walk *w)
{
	return w->position >= w->join && !w->inlined;
}

/* Flags of cells and effects (effects.c). */
void fx_class_apply(struct effects_walk *w, unsigned class, const uint32_t *rec,
		    const uint64_t *without);
uint32_t fx_cell_find(struct effects_walk *w, unsigned slot, const uint32_t *key,
		      bool at_entry);
uint8_t fx_cell_flags(const struct effects_walk *w, uint32_t cell);
void fx_cell_set(struct effects_walk *w, uint32_t cell, uint8_t flags);
void fx_forget_kills(struct effects_walk *w);
void fx_cell_read(struct effects_walk *w, uint32_t cell);
uint32_t fx_effect_cell(struct effects_walk *w, const struct fx_effect *e, const uint32_t *rec);
void fx_rebind(struct effects_walk *w, const uint64_t *slots);
void fx_idle_update(struct effects_walk *w);
void fx_execute(struct effects_walk *w, const uint32_t *rec);

/* Ops that are more than their effects (effects_special.c). */
void fx_special(struct effects_walk *w, const uint32_t *rec);
void fx_known_reset(struct effects_walk *w, bool initial);
void fx_known_lose(struct effects_walk *w);
/* Display lists (effects_list.c).  fx_list_record: true if rec is only compiled. */
bool fx_list_record(struct effects_walk *w, const uint32_t *rec);
void fx_list_new(struct effects_walk *w, const uint32_t *rec);
void fx_list_end(struct effects_walk *w, const uint32_t *rec);
void fx_list_call(struct effects_walk *w, const uint32_t *rec);
void fx_list_delete(struct effects_walk *w, const uint32_t *rec);

#endif
