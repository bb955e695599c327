/* sink.h - where commands go: the one seam on the way out.
 *
 * A sink is a table of native GL entry points indexed by opcode, plus the
 * window-system operations that an engine performs for `blink*` ops.  Sinks:
 * the GL driver (sink_gl.h, EGL or GLX window), null (entries that return at once,
 * or the entries of a null libGL), recorder (calls are logged; differential tests).
 *
 * Contexts and drawables are the client's names (GL_SPACE_CONTEXT, _DRAWABLE).
 * All functions return 0 or a negative errno with err set.  A sink is used from
 * one thread at a time.
 */
#ifndef BLINK_ENGINE_SINK_H
#define BLINK_ENGINE_SINK_H

#include "blink/base/buf.h"
#include "blink/base/error.h"
#include "blink/gl/table.h"

typedef void (*sink_fn)(void);

struct sink {
	const char *name;
	const struct sink_ops *ops;
	sink_fn entry[GL_OP_COUNT];   /* never NULL for a GL op: an entry point that the
	                                 driver lacks is a counting no-op (sink_missing) */
	sink_fn pixel_storei;         /* glPixelStorei, no instruction of BlinkGL: engines
	                                 keep a context's layouts tight with it */
	bool zeroed;                  /* storage that is made without contents holds zeros */
	sink_fn get_integerv;         /* likewise glGetIntegerv; NULL: this sink keeps no
	                                 state of GL's */
	/* likewise glGetTexLevelParameteriv, glGetBufferParameteriv and
	 * glGetRenderbufferParameteriv: what the driver keeps; NULL as above */
	sink_fn get_image, get_buffer, get_renderbuffer;
};

struct sink_ops {
	/* Profile bits and version as in the ISA: version 0 = highest compatibility. */
	int (*context_create)(struct sink *s, uint32_t ctx, uint32_t share, uint32_t version,
			      uint32_t flags, struct error *err);
	void (*context_destroy)(struct sink *s, uint32_t ctx);
	/* config: SP_DRAWABLE_* bits below */
	int (*drawable_create)(struct sink *s, uint32_t drawable, uint32_t w, uint32_t h,
			       uint32_t config, struct error *err);
	int (*drawable_resize)(struct sink *s, uint32_t drawable, uint32_t w, uint32_t h,
			       struct error *err);
	void (*drawable_destroy)(struct sink *s, uint32_t drawable);
	/* ctx 0: none is current afterwards */
	int (*make_current)(struct sink *s, uint32_t ctx, uint32_t draw, uint32_t read,
			    struct error *err);
	int (*swap)(struct sink *s, uint32_t drawable, struct error *err);
	void (*destroy)(struct sink *s);
	/* GL's word for how the current context was lost, 0: it was not.  NULL: this sink
	 * loses none. */
	uint32_t (*reset_status)(struct sink *s);
	/* What was drawn in the current context is begun, as by glFlush; whoever looks at its
	 * drawable's front need not see it.  NULL: glFlush is all there is. */
	void (*flush)(struct sink *s);
};

#define SINK_CONFIG_DOUBLE  1u      /* double buffered */
#define SINK_CONFIG_PBUFFER 2u
/* Set: alpha, depth and stencil are as said, and a sink that has such a configuration
 * takes it; clear: they are what the sink prefers (8 and at least 1 and 1). */
#define SINK_CONFIG_SAID    4u
#define SINK_CONFIG_ALPHA   8u      /* 8 bits of alpha, else none */
#define SINK_CONFIG_DEPTH(config)   ((config) >> 16 & 0xffu)     /* bits */
#define SINK_CONFIG_STENCIL(config) ((config) >> 24)
#define SINK_CONFIG_SAMPLES(config) ((config) >> 8 & 0xffu)   /* per pixel; 0, 1: one */
/* context flags */
#define SINK_CONTEXT_CORE   1u
#define SINK_CONTEXT_DEBUG  2u
#define SINK_CONTEXT_ES     4u

/* Names of entry points that were called though the driver lacks them, and how
 * often; i counts from 0, NULL ends. */
const char *sink_missing(const struct sink *s, unsigned i, uint64_t *calls);
/* The counting no-op for an entry point that a driver lacks.  The counts are the
 * process's, not the sink's. */
sink_fn sink_missing_entry(unsigned op);
/* The name by which a driver is asked for the entry point of op: its command's, or
 * NULL where op has none (core and window instructions). */
const char *sink_entry_name(unsigned op);

/* Entry points that return at once, answers a constant.  Never fails but for memory. */
struct sink *sink_null_create(void);
/* The same with the entry points of the library at path, a null libGL: so that the
 * very same entries serve two programs that are measured side by side. */
int sink_nullgl_create(struct sink **s, const char *path, struct error *err);

/* GL through EGL off-screen (surfaceless or pbuffer), or through GLX in X windows where
 * window is set.  Returns -ENODEV where there is no driver.
 * A drawable off-screen has its new size at once.  A window's buffers get theirs when
 * the driver looks: Mesa's software driver does so at a swap, and what lies outside
 * the buffers is then left unwritten in a picture. */
struct sink_gl_options {
	bool window;            /* drawables are windows on $DISPLAY */
	bool hidden;            /* which are never shown: what glretrace --headless does */
	uint8_t unwritten;      /* byte that pictures hold outside a window's buffers */
	bool back;              /* pictures are of the drawable's back buffer, whatever
	                           framebuffer and buffer the program has bound */
	unsigned display;       /* off-screen, of those that the driver has for one process; what
	                           sinks on different ones do is done at the same time, on
	                           threads of their own.  -ENODEV: there is no such display */
	bool unseen;            /* drawables are read through GL alone: nothing is done for
	                           whoever might look at them from outside */
	const char *title;
};
int sink_gl_create(struct sink **s, const struct sink_gl_options *opt, struct error *err);
/* The current drawable's back buffer (its front buffer if single), or the colour
 * attachment 0 of the bound draw framebuffer: what a person, and apitrace's
 * snapshots, would see at a swap.  RGB, rows top to bottom, 3*w bytes each; *rgb is
 * malloc'd.  State is left as it was. */
int sink_gl_read(struct sink *s, uint8_t **rgb, uint32_t *w, uint32_t *h, struct error *err);
/* GL errors raised since the last call (glGetError drained): count, first code. */
unsigned sink_gl_errors(struct sink *s, uint32_t *first);
const char *sink_gl_renderer(struct sink *s);    /* GL_RENDERER / GL_VERSION, owned by s */

/* Every call is appended to log as text-free records: op, nargs, args; pointers are
 * logged as the hash of size-rule bytes where the rule knows the size. */
struct sink *sink_recorder_create(struct buf *log);
/* Entry points have no way to know their sink: calls go to the thread's recorder in
 * use, which is the one made last, or named here. */
void sink_recorder_use(struct sink *s);
/* Objects that it has named so far: what its next answers depend on. */
uint32_t sink_recorder_names(const struct sink *s);
void sink_recorder_names_set(struct sink *s, uint32_t names);

/* As sink_ops.flush says, on any sink. */
static inline void sink_flush(struct sink *s)
{
	if (s->ops->flush)
		s->ops->flush(s);
	else
		((void (*)(void))s->entry[OP_glFlush])();
}

static inline void sink_destroy(struct sink *s)
{
	if (s)
		s->ops->destroy(s);
}

#endif
