/* sink_gl_priv.h - what the files of the GL sink share.
 *
 *   sink_gl.c         the sink: contexts, drawables, making current, swapping
 *   sink_gl_egl.c     the window system off-screen: EGL without windows
 *   sink_gl_glx.c     the window system of a windowed sink: GLX
 *   sink_gl_entry.c   entry points, and what stands in for missing ones
 *   sink_gl_read.c    pictures and errors
 */
#ifndef BLINK_ENGINE_SINK_GL_PRIV_H
#define BLINK_ENGINE_SINK_GL_PRIV_H

#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/engine/sink.h"

/* Names of contexts and drawables are small in honest files; a hostile one must not
 * make the tables large. */
#define SINK_GL_NAMES_MAX (1u << 16)
#define SINK_GL_PIXELS_MAX (1u << 26)     /* of one drawable */

struct sink_gl_context {
	void *handle;           /* the window system's context; NULL: the name is free */
	uint32_t flags;
	bool started;           /* has been current once */
	GLsync fence;           /* EGL: after the last frame, NULL none */
	GLuint empty;           /* a framebuffer of ours, 0: none yet */
	bool aside;             /* which is bound for drawing, in the place of framebuffer 0 */
};

struct sink_gl_drawable {
	bool live;
	uint32_t w, h, config;
	void *surface;          /* EGL */
	unsigned long window, glx;      /* X window, 0 for a pbuffer; GLX drawable */
};

struct sink_gl;

/* A window system.  All work on the sink they are given; errors of those that return
 * bool are told by .error. */
struct sink_gl_ws {
	const char *name;
	int (*open)(struct sink_gl *g, struct error *err);
	void (*close)(struct sink_gl *g);
	const char *(*error)(struct sink_gl *g);
	sink_fn (*proc)(const char *name);
	void *(*context_create)(struct sink_gl *g, void *share, uint32_t version,
				uint32_t flags);
	void (*context_destroy)(struct sink_gl *g, void *context);
	int (*drawable_create)(struct sink_gl *g, struct sink_gl_drawable *d,
			       struct error *err);
	void (*drawable_destroy)(struct sink_gl *g, struct sink_gl_drawable *d);
	/* To d's new size; false where a drawable has one size for life. */
	bool (*drawable_resize)(struct sink_gl *g, struct sink_gl_drawable *d);
	/* context NULL: none is current; draw and read may be NULL */
	bool (*make_current)(struct sink_gl *g, void *context, uint32_t flags,
			     const struct sink_gl_drawable *draw,
			     const struct sink_gl_drawable *read);
	void (*swap)(struct sink_gl *g, struct sink_gl_drawable *d, bool current);
};
extern const struct sink_gl_ws sink_gl_ws_egl, sink_gl_ws_glx;

/* Entry points that the sink itself uses; they are the same for every context. */
struct sink_gl_calls {
	const GLubyte *(*GetString)(GLenum);
	const GLubyte *(*GetStringi)(GLenum, GLuint);
	void (*GetIntegerv)(GLenum, GLint *);
	GLenum (*GetError)(void);
	void (*Clear)(GLbitfield);
	void (*ClearColor)(GLfloat, GLfloat, GLfloat, GLfloat);
	void (*PixelStorei)(GLenum, GLint);
	void (*ReadBuffer)(GLenum);
	void (*ReadPixels)(GLint, GLint, GLsizei, GLsizei, GLenum, GLenum, void *);
	void (*BindFramebuffer)(GLenum, GLuint);
	void (*GenFramebuffers)(GLsizei, GLuint *);
	void (*BindBuffer)(GLenum, GLuint);
	void (*BindTexture)(GLenum, GLuint);
	void (*BindRenderbuffer)(GLenum, GLuint);
	void (*GetFramebufferAttachmentParameteriv)(GLenum, GLenum, GLenum, GLint *);
	void (*GetRenderbufferParameteriv)(GLenum, GLenum, GLint *);
	void (*GetTexLevelParameteriv)(GLenum, GLint, GLenum, GLint *);
	void (*Flush)(void);
	void (*Finish)(void);
	/* from version 3.2 on */
	GLsync (*FenceSync)(GLenum, GLbitfield);
	GLenum (*ClientWaitSync)(GLsync, GLbitfield, GLuint64);
	void (*DeleteSync)(GLsync);
};

struct sink_gl {
	struct sink base;
	const struct sink_gl_ws *ws;
	void *display;               /* of EGL or X */
	void *config;                /* GLX: of contexts and of drawables without samples */
	void *visual;                /* GLX: XVisualInfo of config */
	unsigned long idle;          /* GLX: the drawable that stands for none */
	void *own;                   /* context for questions and for blackening drawables */
	const char *title;
	bool hidden, robust;
	uint8_t unwritten;
	bool back, unseen;
	unsigned number;             /* EGL: sink_gl_options.display */
	struct sink_gl_calls gl;
	struct sink_gl_context *contexts;
	uint32_t ncontexts;
	struct sink_gl_drawable *drawables;
	uint32_t ndrawables;
	uint32_t context, draw, read;      /* current ones, 0 none */
	unsigned errors;                   /* found but not yet told */
	GLenum first_error;
	uint32_t side_max;                 /* pixels, of a drawable */
	unsigned version;                  /* 45 for 4.5 */
	char *extensions;                  /* " GL_A GL_B " */
	char renderer[256];
};

extern const struct sink_ops sink_gl_ops;

static inline struct sink_gl *sink_gl_of(struct sink *s)
{
	return (struct sink_gl *)(void *)s;
}

/* As glFlush in the current context, and nothing of it is shown. */
void sink_gl_flush(struct sink_gl *g);

/* Is word among the words of list? */
bool sink_gl_has_word(const char *list, const char *word);

/* sink_gl_entry.c: with a context current */
int sink_gl_calls_load(struct sink_gl *g, struct error *err);
void sink_gl_entries_load(struct sink_gl *g);

#endif
