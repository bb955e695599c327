/* state.h - the state of a GL context, entry by entry: the oracle for effects.
 *
 * A dump asks the driver for everything that the current context can be asked for:
 * context state, the contents of its objects, the pixels of its framebuffers. Each
 * entry carries the slot of the command table (gl_slots) that it belongs to, so that
 * the table's claims can be held against the driver: whatever a command changed must
 * lie in a slot that its row writes. Pruned and full replays are compared likewise.
 *
 * The driver's names are scanned from 1 up to a limit, which a caller who made more
 * objects raises. Reading leaves the context as it was, with these exceptions: an
 * error of the context that was pending is consumed, and commands still in the
 * driver's queue are finished. Outside glBegin/glEnd and display list compilation
 * only. What GL never tells (bodies of display lists, queued feedback) is not there.
 *
 * Needs GL 4.5 compatibility with EXT_direct_state_access (Mesa has it since 20.1);
 * otherwise -ENOTSUP.
 */
#ifndef BLINK_LOG_STATE_H
#define BLINK_LOG_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blink/base/error.h"

/* A key that the entry does not have, or that cannot be told from the driver. */
#define STATE_NO_KEY 0xffffffffu

struct state_entry {
	uint16_t slot;          /* index in gl_slots */
	uint32_t key[2];
	uint32_t object;        /* driver's name of the object that owns it, or 0 */
	uint32_t item;          /* which value of the slot: a pname or number */
	uint64_t hash;          /* of the value's bytes */
	double value;           /* its first element, for people */
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
};

/* embedded: init/finish; names 0 stands for 64 */
void state_init(struct state_dump *d, uint32_t names);
void state_finish(struct state_dump *d);
/* Replaces d's entries by the current context's state. */
int state_take(struct state_dump *d, struct error *err);

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
