/* client.h - the programs that the recorder library's tests run: each mode is a function
 * that draws something into a pbuffer of a surfaceless EGL display, and says what it saw
 * on standard output.  77: the machine has no such display. */
#ifndef TESTS_RECORD_CLIENT_H
#define TESTS_RECORD_CLIENT_H

#define GL_GLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <GL/glext.h>
#include <stdbool.h>
#include <stdint.h>

#define SIZE 64

struct window {
	EGLDisplay display;
	EGLConfig config;
	EGLSurface surface;
	EGLContext context;
};
/* Ends the program with 77 where there is none.  share: NULL or another's context. */
void window_open(struct window *w, const struct window *share);
void window_swap(struct window *w);

int modes_draw(const char *mode, struct window *w);      /* -1: no such mode there */
int modes_gl4(const char *mode, struct window *w);
int modes_hostile(const char *mode, struct window *w);
int modes_process(const char *mode, struct window *w, char **argv);

#endif
