/* main.c - client MODE: see client.h. */
#include "tests/record/client/client.h"

#include <stdio.h>
#include <stdlib.h>

void window_open(struct window *w, const struct window *share)
{
	static const EGLint config[] = {
		EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT,
		EGL_RED_SIZE, 8, EGL_GREEN_SIZE, 8, EGL_BLUE_SIZE, 8, EGL_DEPTH_SIZE, 24, EGL_NONE,
	};
	static const EGLint surface[] = { EGL_WIDTH, SIZE, EGL_HEIGHT, SIZE, EGL_NONE };
	PFNEGLGETPLATFORMDISPLAYEXTPROC get =
		(PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress("eglGetPlatformDisplayEXT");
	EGLint n = 0;

	w->display = share ? share->display : get ? get(EGL_PLATFORM_SURFACELESS_MESA, NULL, NULL)
						  : EGL_NO_DISPLAY;
	if (w->display == EGL_NO_DISPLAY || (!share && !eglInitialize(w->display, NULL, NULL)) ||
	    !eglBindAPI(EGL_OPENGL_API) ||
	    !eglChooseConfig(w->display, config, &w->config, 1, &n) || n < 1)
		exit(77);
	w->surface = eglCreatePbufferSurface(w->display, w->config, surface);
	w->context = eglCreateContext(w->display, w->config,
				      share ? share->context : EGL_NO_CONTEXT, NULL);
	if (w->surface == EGL_NO_SURFACE || w->context == EGL_NO_CONTEXT ||
	    !eglMakeCurrent(w->display, w->surface, w->surface, w->context))
		exit(77);
}

void window_swap(struct window *w)
{
	eglSwapBuffers(w->display, w->surface);
}

int main(int argc, char **argv)
{
	struct window w;
	int rc;

	if (argc < 2) {
		fprintf(stderr, "usage: client MODE\n");
		return 2;
	}
	window_open(&w, NULL);
	rc = modes_draw(argv[1], &w);
	if (rc < 0)
		rc = modes_gl4(argv[1], &w);
	if (rc < 0)
		rc = modes_hostile(argv[1], &w);
	if (rc < 0)
		rc = modes_process(argv[1], &w, argv);
	if (rc < 0)
		fprintf(stderr, "client: no mode %s\n", argv[1]);
	return rc < 0 ? 2 : rc;
}
