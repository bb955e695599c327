/* process.c - threads, contexts, processes, and programs that end badly; and what a
 * program can see of the recorder. */
#include "tests/record/client/client.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS 200

/* Two threads take turns: line widths count up. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned turn;
	struct window window[2];
} two = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void *turns(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	if (me)
		window_open(&two.window[1], &two.window[0]);
	for (unsigned i = me; i < TURNS; i += 2) {
		pthread_mutex_lock(&two.lock);
		while (two.turn != i)
			pthread_cond_wait(&two.changed, &two.lock);
		glLineWidth((float)i + 1);
		two.turn++;
		pthread_cond_broadcast(&two.changed);
		pthread_mutex_unlock(&two.lock);
	}
	return NULL;
}

static int threads(struct window *w)
{
	pthread_t other;

	two.window[0] = *w;
	if (pthread_create(&other, NULL, turns, (void *)(uintptr_t)1))
		return 77;
	turns(NULL);
	pthread_join(other, NULL);
	return 0;
}

/* A second thread loads what the first one draws: half a mebibyte of new pixels for each of
 * a hundred frames, in a context that shares them. */
#define SIDE 362
#define LOADED 100u
static GLuint loaded;

static void load(unsigned frame)
{
	static uint32_t image[SIDE * SIDE], x = 1;

	for (size_t i = 0; i < SIDE * SIDE; i++)
		image[i] = x = x * 1664525u + 1013904223u;
	image[0] = frame;
	glBindTexture(GL_TEXTURE_2D, loaded);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, image);
	glFinish();
}

static void show(struct window *w)
{
	static const GLfloat quad[4][4] = {
		{ -1, -1, 0, 0 }, { 1, -1, 1, 0 }, { 1, 1, 1, 1 }, { -1, 1, 0, 1 },
	};

	glEnable(GL_TEXTURE_2D);
	glBindTexture(GL_TEXTURE_2D, loaded);
	glEnableClientState(GL_VERTEX_ARRAY);
	glEnableClientState(GL_TEXTURE_COORD_ARRAY);
	glVertexPointer(2, GL_FLOAT, 16, quad[0]);
	glTexCoordPointer(2, GL_FLOAT, 16, quad[0] + 2);
	glDrawArrays(GL_QUADS, 0, 4);
	window_swap(w);
	usleep(20000);
}

static void *load_or_show(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	if (me)
		window_open(&two.window[1], &two.window[0]);
	for (unsigned i = !me; i < 2 * LOADED; i += 2) {
		pthread_mutex_lock(&two.lock);
		while (two.turn != i)
			pthread_cond_wait(&two.changed, &two.lock);
		if (me)
			load(i);
		else
			show(&two.window[0]);
		two.turn++;
		pthread_cond_broadcast(&two.changed);
		pthread_mutex_unlock(&two.lock);
	}
	return NULL;
}

static int loader(struct window *w)
{
	pthread_t other;

	two.window[0] = *w;
	glGenTextures(1, &loaded);
	glBindTexture(GL_TEXTURE_2D, loaded);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, SIDE, SIDE, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glFinish();
	if (pthread_create(&other, NULL, load_or_show, (void *)(uintptr_t)1))
		return 77;
	load_or_show(NULL);
	pthread_join(other, NULL);
	return 0;
}

/* Threads that come and go, without a context of their own. */
static void *width_set(void *arg)
{
	glLineWidth((float)(uintptr_t)arg);
	return NULL;
}

static int many(void)
{
	for (unsigned i = 1; i <= TURNS; i++) {
		pthread_t t;

		if (pthread_create(&t, NULL, width_set, (void *)(uintptr_t)i))
			return 77;
		pthread_join(t, NULL);
	}
	return 0;
}

/* A child that draws on: not recorded, and no harm done. */
static int forks(void)
{
	pid_t child;
	int status = 1;

	glLineWidth(1);
	child = fork();
	if (!child) {
		for (int i = 0; i < 1000; i++)
			glLineWidth(99);
		_exit(0);
	}
	glLineWidth(2);
	waitpid(child, &status, 0);
	glLineWidth(3);
	return status ? 1 : 0;
}

/* Killed, or crashed, between two calls. */
static int ends(int sig)
{
	glLineWidth(1);
	glLineWidth(2);
	glLineWidth(3);
	raise(sig);
	return 1;
}

/* All that hashing the picture touches: what the program set stays. */
static int picture(struct window *w)
{
	static const GLenum names[] = {
		GL_PACK_ALIGNMENT, GL_PACK_ROW_LENGTH, GL_PACK_SKIP_PIXELS, GL_PACK_SKIP_ROWS,
		GL_PACK_SWAP_BYTES, GL_PACK_LSB_FIRST, GL_PIXEL_PACK_BUFFER_BINDING,
		GL_READ_FRAMEBUFFER_BINDING, GL_READ_BUFFER, GL_MAP_COLOR, GL_CLAMP_READ_COLOR,
	};
	GLuint buffer, framebuffer;
	GLfloat scale;

	glClearColor(0.25f, 0.5f, 0.75f, 1);
	glClear(GL_COLOR_BUFFER_BIT);
	glGenBuffers(1, &buffer);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glBufferData(GL_PIXEL_PACK_BUFFER, 10, NULL, GL_STATIC_DRAW);
	glGenFramebuffers(1, &framebuffer);
	glBindFramebuffer(GL_READ_FRAMEBUFFER, framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 8);
	glPixelStorei(GL_PACK_ROW_LENGTH, 123);
	glPixelStorei(GL_PACK_SKIP_PIXELS, 3);
	glPixelStorei(GL_PACK_SWAP_BYTES, 1);
	glPixelTransferf(GL_RED_SCALE, 0.5f);
	glPixelTransferi(GL_MAP_COLOR, 1);
	glEnable(0x4242);                       /* an error to be asked for later */
	window_swap(w);
	printf("%x", glGetError());
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		GLint v = -1;

		glGetIntegerv(names[i], &v);
		printf(" %d", v);
	}
	glGetFloatv(GL_RED_SCALE, &scale);
	printf(" %g %x\n", (double)scale, glGetError());
	return 0;
}

/* As SDL does it: nothing is linked, all is looked up. */
static int lookup(void)
{
	void *gl = dlopen("libGL.so.1", RTLD_LAZY), *p;
	void (*width)(GLfloat);
	void (*(*get)(const GLubyte *))(void);

	if (!gl)
		return 77;
	p = dlsym(gl, "glLineWidth");
	memcpy(&width, &p, sizeof(p));
	width(1);
	p = dlsym(gl, "glXGetProcAddressARB");
	if (!p)
		return 77;
	memcpy(&get, &p, sizeof(p));
	width = (void (*)(GLfloat))get((const GLubyte *)"glLineWidth");
	width(2);
	width = (void (*)(GLfloat))eglGetProcAddress("glLineWidth");
	width(3);
	printf("%d %d\n", dlsym(gl, "glNotAtAll") == NULL, dlsym(RTLD_DEFAULT, "glNotAtAll") == NULL);
	return 0;
}

static int exec(char **argv)
{
	glLineWidth(1);
	execlp("sh", "sh", "-c", "exec \"$0\" one", argv[0], (char *)NULL);
	return 1;
}

int modes_process(const char *mode, struct window *w, char **argv)
{
	if (!strcmp(mode, "threads"))
		return threads(w);
	if (!strcmp(mode, "loader"))
		return loader(w);
	if (!strcmp(mode, "many"))
		return many();
	if (!strcmp(mode, "fork"))
		return forks();
	if (!strcmp(mode, "kill"))
		return ends(SIGKILL);
	if (!strcmp(mode, "crash"))
		return ends(SIGSEGV);
	if (!strcmp(mode, "picture"))
		return picture(w);
	if (!strcmp(mode, "lookup"))
		return lookup();
	if (!strcmp(mode, "exec"))
		return exec(argv);
	if (!strcmp(mode, "one")) {
		glLineWidth(2);
		window_swap(w);
		return 0;
	}
	return -1;
}
