/* state_dump.h - what the parts of the state dump share (private to blink/log). */
#ifndef BLINK_LOG_STATE_DUMP_H
#define BLINK_LOG_STATE_DUMP_H

#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/log/state.h"

/* Where an entry belongs: slot by name, keys, owner. */
struct state_at {
	const char *slot;
	uint32_t key[2];
	uint32_t object;
};

/* Adds one entry; bytes are hashed, value is shown to people. */
void state_put(struct state_dump *d, const struct state_at *at, uint32_t item,
	       const void *bytes, size_t size, double value);
void state_put_double(struct state_dump *d, const struct state_at *at, uint32_t item,
		      const double *v, unsigned n);
void state_put_int(struct state_dump *d, const struct state_at *at, uint32_t item, int64_t v);

/* The parts, in the order in which state_take runs them. */
void state_context(struct state_dump *d);      /* what glGet* knows */
void state_units(struct state_dump *d);        /* texture units, client arrays' units */
void state_textures(struct state_dump *d);
void state_buffers(struct state_dump *d);
void state_arrays(struct state_dump *d);
void state_programs(struct state_dump *d);
void state_framebuffers(struct state_dump *d); /* and their pixels */
void state_queries(struct state_dump *d);
void state_names(struct state_dump *d);        /* which names Gen* would give next */

#endif
