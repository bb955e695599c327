/* state.h - the state of a GL context, entry by entry: the oracle for effects.
 *
 * A dump asks the driver for everything that the current context can be asked for:
 * context state, the contents of its objects, the pixels of its framebuffers. Each
 * entry carries the slot of the command table (gl_slots) that it belongs to, so that
 * the table's claims can be held against the driver: whatever a command changed must
 * lie in a slot that its row writes. Pruned and full replays are compared likewise.
 *
 * Names: without a *world* the driver's names are scanned from 1 up to a limit, which a
 * caller who made more objects raises, and stand in the entries as they are.  With a
 * world every name in an entry, be it key, owner or value, is the client's: two replays
 * in which the driver gave other names have equal dumps where their states are equal.
 * Uniforms then have the hash of their names as key instead of a location, arrays in
 * client memory and their layout are left out (no draw can use them after the SP that
 * set them), client pointers count only as being there, and proxy textures, which only
 * answer questions, not at all.  A name that the client has
 * deleted, but which some object still holds, is numbered in the order of being met.
 *
 * Reading leaves the context as it was, with these exceptions: an error of the context
 * that was pending is consumed, commands still in the driver's queue are finished, and
 * the matrices of a stack that is deeper than 1 are loaded anew.  Outside glBegin/glEnd
 * and display list compilation only.  What GL never tells (bodies of display lists, saved
 * attributes, the accumulation buffer) is not there; a caller adds what it knows of it.
 *
 * Needs OpenGL 3.2 or later, as core profile or with EXT_direct_state_access (Mesa has
 * it); otherwise -ENOTSUP.
 */
#ifndef BLINK_LOG_STATE_H
#define BLINK_LOG_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blink/base/error.h"
#include "blink/gl/table.h"

/* A key that the entry does not have, or that cannot be told from the driver. */
#define STATE_NO_KEY 0xffffffffu

struct state_entry {
	uint16_t slot;          /* index in gl_slots; behind them, of the window system */
	uint32_t key[2];
	uint32_t object;        /* name of the object that owns it, or 0 */
	uint32_t context;       /* client's name, with a world; else 0 */
	uint32_t item;          /* which value of the slot: a pname or number */
	uint64_t hash;          /* of the value's bytes */
	double value;           /* its first element, for people */
	const char *text;       /* the name of a uniform; NULL; owned by the dump */
};

/* No object stands behind a client's name (as CLIENT_NO_NAME of the engine). */
#define STATE_NO_OBJECT 0xffffffffu

/* A client's names of one space: for name i, of 1 .. count - 1. */
struct state_names {
	const uint32_t *driver; /* STATE_NO_OBJECT: none; NULL: the name itself */
	const uint32_t *owner;  /* serial of the context that made it, 0 not known; or NULL */
	const uint32_t *group;  /* serial of its share group, likewise */
	const uint32_t *made;   /* of two that one driver name stands behind the later counts */
	uint32_t count;
};

/* How the current context looks from the client: all borrowed. */
struct state_world {
	struct state_names names[GL_SPACE_COUNT];
	uint32_t context;       /* client's name of the current context */
	uint32_t owner, group;  /* its serials, as in names */
	bool shared;            /* tell of what it shares with others, too */
	uint32_t drawable;      /* client's name; 0: do not look at its pixels */
	uint32_t w, h;          /* its size */
	bool pixels_only;       /* tell of nothing but those */
};

struct state_dump {
	struct state_entry *v;  /* sorted by slot, keys, object, item */
	size_t count, cap;
	bool failed;
	uint32_t names;         /* highest driver name looked at, per kind of object */
	/* Set by the caller after state_init: tell also which names Gen* would give next.
	 * It takes a name of each kind to find out, and drivers do not give it again. */
	bool probe_names;
	const char *unknown;    /* a slot name that the command table does not have */
	const struct state_world *world;     /* see above; may be NULL */
	bool append;            /* state_take adds to what is there: for the next context */
	/* private */
	bool core, ext_dsa;
	struct state_space *spaces;
	struct state_zombies { uint32_t *v, n; } zombies;
	char **texts;
	size_t ntexts;
};

/* embedded: init/finish; names 0 stands for 64 */
void state_init(struct state_dump *d, uint32_t names);
void state_finish(struct state_dump *d);
/* Replaces d's entries by the current context's state, or adds to them. */
int state_take(struct state_dump *d, struct error *err);
/* Adds what a caller knows from elsewhere: a slot by name, bytes that are hashed.  False
 * where there is no such slot, or no memory.  state_sort when all is added. */
bool state_add(struct state_dump *d, const char *slot, const struct state_entry *where,
	       const void *bytes, size_t size);
void state_sort(struct state_dump *d);

/* Also of slots that only dumps have: window_context, window_drawable, window_current. */
const char *state_slot_name(unsigned slot);

/* A difference: before or after is NULL where the entry exists on one side only. */
typedef void state_diff_fn(void *user, const struct state_entry *before,
			   const struct state_entry *after);
size_t state_diff(const struct state_dump *a, const struct state_dump *b, state_diff_fn *fn,
		  void *user);
uint64_t state_hash(const struct state_dump *d);
/* First entry of that slot and keys (STATE_NO_KEY: whatever), NULL if none. */
const struct state_entry *state_find(const struct state_dump *d, const char *slot,
				     uint32_t key0, uint32_t key1);
/* "cap_enable[GL_BLEND] of object 3: 0 -> 1", for reports. */
void state_describe(const struct state_entry *before, const struct state_entry *after,
		    char *text, size_t size);

#endif
