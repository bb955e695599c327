/* effects_table.h - the command table's effects, compiled for walking.
 *
 * Cells whose keys are constants of the table are numbered once (*static cells*), so
 * that most of a command's effects are bit sets; keys taken from the record are
 * resolved per record.  Ops with equal effects and no such keys share a class.
 * Private to blink/verify.  Built once, then immutable.
 */
#ifndef BLINK_VERIFY_EFFECTS_TABLE_H
#define BLINK_VERIFY_EFFECTS_TABLE_H

#include "blink/sp/sp.h"

#define FX_SLOT_WORDS ((GL_SLOT_COUNT + 63) / 64)
#define FX_CELL_WORDS 12                     /* static cells: 768 at most */
#define FX_CELLS (FX_CELL_WORDS * 64)
#define FX_NONE 0xffffu

/* What an op is apart from its effects. */
enum fx_special {
	FX_PLAIN, FX_JUMP, FX_OPAQUE, FX_MAKE_CURRENT, FX_CONTEXT, FX_SWAP,
	FX_NEW_LIST, FX_END_LIST, FX_CALL_LIST, FX_CALL_LISTS, FX_DELETE_LISTS,
	FX_PUSH_MATRIX, FX_POP_MATRIX, FX_PUSH_ATTRIB, FX_POP_ATTRIB,
	FX_CLEAR, FX_ENABLE, FX_DISABLE, FX_COLOR_WRITE, FX_DEPTH_WRITE, FX_STENCIL_WRITE,
	FX_SETTER, FX_BEGIN, FX_END, FX_BIND_FRAMEBUFFER, FX_RENDER_MODE, FX_CORE
};

/* How a key is found at run time. */
enum fx_key_kind {
	FX_KEY_CONST, FX_KEY_WORD, FX_KEY_SELECTED, FX_KEY_ANY,
	FX_KEY_COORD         /* selected for texture coordinate arrays, 0 for others */
};
struct fx_key {
	uint8_t kind, operand;      /* operand: whose mask bit says register */
	uint32_t value;             /* constant, word in the record, or selector slot */
};
struct fx_effect {                  /* one whose keys are found at run time */
	uint16_t slot;
	bool write;
	struct fx_key key[2];
};

struct fx_class {
	uint64_t read[FX_CELL_WORDS], write[FX_CELL_WORDS];
	uint64_t any_read[FX_SLOT_WORDS], any_write[FX_SLOT_WORDS];
	uint64_t rebinds[FX_SLOT_WORDS];     /* slots whose object changes with it */
	const struct fx_effect *dynamic;
	uint16_t ndynamic;
	bool draws;                          /* fragments: depth and stencil tests apply */
	bool whole;                          /* any effect at all but the dynamic ones */
	bool has_rebinds;
};

struct fx_op {
	uint16_t class;
	uint8_t special;
	uint16_t slot;               /* FX_SETTER: the selector set */
	bool listed;                 /* goes into a display list being compiled */
};

struct fx_cell { uint16_t slot; uint32_t key[2]; };

struct fx_table {
	struct fx_op op[GL_OP_COUNT];
	struct fx_class *class;
	unsigned nclasses;
	unsigned ncells;                     /* static */
	struct fx_cell cell[FX_CELLS];
	uint64_t slot_cells[GL_SLOT_COUNT][FX_CELL_WORDS];
	bool bound[GL_SLOT_COUNT];           /* content of whatever is bound */
	uint64_t loose_slots[FX_SLOT_WORDS]; /* bound, but to what is not known */
	bool selected[GL_SLOT_COUNT];        /* has cells that a selector picks */
	bool existence[GL_SLOT_COUNT];       /* "that an object of this name exists" */
	uint8_t first_word[GL_SLOT_COUNT], end_word[GL_SLOT_COUNT];   /* of slot_cells */
	uint16_t whens[GL_SLOT_COUNT];       /* slots that others name as `when` */
	unsigned nwhens;
	bool is_when[GL_SLOT_COUNT];
	/* slots and cells without effect while a slot (their `when`) is initial */
	uint64_t when_slots[GL_SLOT_COUNT][FX_SLOT_WORDS];
	uint64_t when_cells[GL_SLOT_COUNT][FX_CELL_WORDS];
	uint16_t hash[4096];                 /* static cells by hash; FX_NONE empty */
};

/* The table, built at first use; NULL without memory. */
const struct fx_table *fx_table_get(void);

/* GL_SLOT_COUNT when there is no such slot. */
unsigned fx_slot_find(const char *name);

static inline uint32_t fx_hash(unsigned slot, uint32_t k0, uint32_t k1)
{
	uint32_t h = slot * 0x9e3779b1u ^ k0 * 0x85ebca6bu ^ k1 * 0xc2b2ae35u;

	return h ^ h >> 15;
}

/* Static cell of these keys, or FX_NONE. */
static inline unsigned fx_static_cell(const struct fx_table *t, unsigned slot, uint32_t k0,
				      uint32_t k1)
{
	for (uint32_t h = fx_hash(slot, k0, k1);; h++) {
		unsigned c = t->hash[h & 4095];

		if (c == FX_NONE)
			return FX_NONE;
		if (t->cell[c].slot == slot && t->cell[c].key[0] == k0 &&
		    t->cell[c].key[1] == k1)
			return c;
	}
}

#endif
