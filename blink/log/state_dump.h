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
/* The same with a text for people. */
void state_put_text(struct state_dump *d, const struct state_at *at, uint32_t item,
		    const void *bytes, size_t size, double value, const char *text);
/* A value that is the driver's name of an object. */
void state_put_name(struct state_dump *d, const struct state_at *at, uint32_t item,
		    unsigned space, GLint driver);

/* ---- names (state_names.c) ------------------------------------------------ */

/* The objects that there may be, in order of the client's names; starts as zero. */
struct state_each { uint32_t client, driver, at; };
bool state_next(const struct state_dump *d, unsigned space, struct state_each *e);
/* The client's name of what the driver calls so. */
uint32_t state_client(struct state_dump *d, unsigned space, uint32_t driver);
/* A name without an object yet: told where names are the client's. */
void state_reserved(struct state_dump *d, const char *slot, const struct state_each *e);
/* Whether objects that contexts share are to be told. */
bool state_shared(const struct state_dump *d);
void state_spaces_make(struct state_dump *d);
void state_spaces_finish(struct state_dump *d);

/* The parts, in the order in which state_take runs them. */
void state_context(struct state_dump *d);      /* what glGet* knows */
void state_stacks(struct state_dump *d);       /* matrices below the top */
void state_maps(struct state_dump *d);         /* maps, stipple, lists: read as packed */
void state_units(struct state_dump *d);        /* texture units, client arrays' units */
void state_textures(struct state_dump *d);
void state_buffers(struct state_dump *d);
void state_arrays(struct state_dump *d);
void state_programs(struct state_dump *d);
void state_framebuffers(struct state_dump *d); /* and their pixels */
void state_window(struct state_dump *d);       /* of the default framebuffer alone */
void state_queries(struct state_dump *d);
void state_next_names(struct state_dump *d);   /* which names Gen* would give next */

#endif
