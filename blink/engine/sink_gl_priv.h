/* sink_gl_priv.h - what the files of the GL sink share.
 *
 *   sink_gl.c         the sink: contexts, drawables, making current, swapping
 *   sink_gl_egl.c     displays, configurations, surfaces
 *   sink_gl_window.c  X windows behind the surfaces of a windowed sink
 *   sink_gl_entry.c   entry points, and what stands in for missing ones
 *   sink_gl_read.c    pictures and errors
 */
#ifndef BLINK_ENGINE_SINK_GL_PRIV_H
#define BLINK_ENGINE_SINK_GL_PRIV_H

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/engine/sink.h"

/* Names of contexts and drawables are small in honest files; a hostile one must not
 * make the tables large. */
#define SINK_GL_NAMES_MAX (1u << 16)
#define SINK_GL_PIXELS_MAX (1u << 26)     /* of one drawable */

struct sink_gl_context {
	EGLContext egl;         /* EGL_NO_CONTEXT: the name is free */
	uint32_t flags;
	bool started;           /* has been current once */
};

struct sink_gl_drawable {
	bool live;
	EGLSurface egl;
	uint32_t w, h, config;
	unsigned long window;   /* X window, 0 off-screen */
};

/* The X side of a windowed sink; the types of Xlib stay in sink_gl_window.c. */
struct sink_gl_x11;

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
	void (*BindBuffer)(GLenum, GLuint);
	void (*BindTexture)(GLenum, GLuint);
	void (*BindRenderbuffer)(GLenum, GLuint);
	void (*GetFramebufferAttachmentParameteriv)(GLenum, GLenum, GLenum, GLint *);
	void (*GetRenderbufferParameteriv)(GLenum, GLenum, GLint *);
	void (*GetTexLevelParameteriv)(GLenum, GLint, GLenum, GLint *);
	void (*Flush)(void);
};

struct sink_gl {
	struct sink base;
	EGLDisplay display;
	EGLContext own;              /* for questions and for blackening new drawables */
	struct sink_gl_x11 *x11;     /* NULL: off-screen */
	const char *title;
	bool hidden;
	bool no_config, surfaceless, robust;
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

/* sink_gl_egl.c */
int sink_gl_egl_open(struct sink_gl *g, const struct sink_gl_options *opt, struct error *err);
void sink_gl_egl_close(struct sink_gl *g);
const char *sink_gl_egl_error(void);     /* the last EGL error in words */
bool sink_gl_has_word(const char *list, const char *word);
EGLContext sink_gl_egl_context(struct sink_gl *g, EGLContext share, uint32_t version,
			       uint32_t flags);
int sink_gl_surface_create(struct sink_gl *g, struct sink_gl_drawable *d, struct error *err);
void sink_gl_surface_destroy(struct sink_gl *g, struct sink_gl_drawable *d);

/* sink_gl_window.c */
int sink_gl_x11_open(struct sink_gl_x11 **x, void **display, struct error *err);
void sink_gl_x11_close(struct sink_gl_x11 *x);
int sink_gl_x11_window(struct sink_gl_x11 *x, EGLint visual, uint32_t w, uint32_t h,
		       const char *title, bool hidden, unsigned long *window, struct error *err);
void sink_gl_x11_resize(struct sink_gl_x11 *x, unsigned long window, uint32_t w, uint32_t h);
void sink_gl_x11_destroy(struct sink_gl_x11 *x, unsigned long window);

/* sink_gl_entry.c: with a context current */
int sink_gl_calls_load(struct sink_gl *g, struct error *err);
void sink_gl_entries_load(struct sink_gl *g);

#endif
