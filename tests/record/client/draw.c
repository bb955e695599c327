/* draw.c - client memory in all the ways that calls read it. */
#include "tests/record/client/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static float xy[16][2];
static const GLushort some[4] = { 3, 5, 9, 4 };

static void xy_fill(void)
{
	for (unsigned i = 0; i < 16; i++) {
		xy[i][0] = (float)i;
		xy[i][1] = (float)i / 2;
	}
}

/* Vertices 3 to 9 by indices; the same again; other values; a new frame. */
static int arrays(struct window *w)
{
	xy_fill();
	glEnableClientState(GL_VERTEX_ARRAY);
	glVertexPointer(2, GL_FLOAT, 0, xy);
	glDrawElements(GL_POINTS, 4, GL_UNSIGNED_SHORT, some);
	glDrawElements(GL_POINTS, 4, GL_UNSIGNED_SHORT, some);
	xy[9][0] = 90;
	glDrawElements(GL_POINTS, 4, GL_UNSIGNED_SHORT, some);
	window_swap(w);
	glDrawElements(GL_POINTS, 4, GL_UNSIGNED_SHORT, some);
	return 0;
}

/* An array in client memory beside one in a buffer, which stays bound. */
static int mixed(struct window *w)
{
	static const GLubyte colours[16][4] = { { 1, 2, 3, 4 } };
	GLuint buffer;

	(void)w;
	xy_fill();
	glEnableClientState(GL_VERTEX_ARRAY);
	glEnableClientState(GL_COLOR_ARRAY);
	glVertexPointer(2, GL_FLOAT, 0, xy);
	glGenBuffers(1, &buffer);
	glBindBuffer(GL_ARRAY_BUFFER, buffer);
	glBufferData(GL_ARRAY_BUFFER, sizeof(colours), colours, GL_STATIC_DRAW);
	glColorPointer(4, GL_UNSIGNED_BYTE, 0, NULL);
	glDrawArrays(GL_POINTS, 2, 3);
	return 0;
}

/* Indices in a buffer, vertices in client memory, a base vertex. */
static int base(struct window *w)
{
	GLuint buffer;

	(void)w;
	xy_fill();
	glGenBuffers(1, &buffer);
	glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, buffer);
	glBufferData(GL_ELEMENT_ARRAY_BUFFER, sizeof(some), some, GL_STATIC_DRAW);
	glEnableVertexAttribArray(1);
	glVertexAttribPointer(1, 2, GL_FLOAT, GL_FALSE, 0, xy);
	glDrawElementsBaseVertex(GL_POINTS, 4, GL_UNSIGNED_SHORT, NULL, 2);
	return 0;
}

static int restart(struct window *w)
{
	static const GLubyte index[5] = { 1, 255, 4, 255, 2 };

	(void)w;
	xy_fill();
	glEnable(GL_PRIMITIVE_RESTART);
	glPrimitiveRestartIndex(255);
	glEnableClientState(GL_VERTEX_ARRAY);
	glVertexPointer(2, GL_FLOAT, 0, xy);
	glDrawElements(GL_POINTS, 5, GL_UNSIGNED_BYTE, index);
	return 0;
}

/* glArrayElement, interleaved arrays, several draws in one. */
static int others(struct window *w)
{
	static const float c4n3v3[2][10] = { { 1, 1, 1, 1, 0, 0, 1, 7, 8, 9 }, { 0 } };
	static const GLint first[2] = { 1, 6 };
	static const GLsizei count[2] = { 2, 1 };
	static const GLushort a[2] = { 1, 2 }, b[1] = { 7 };
	const void *const index[2] = { a, b };

	(void)w;
	xy_fill();
	glInterleavedArrays(GL_C4F_N3F_V3F, 0, c4n3v3);
	glBegin(GL_POINTS);
	glArrayElement(0);
	glEnd();
	glDisableClientState(GL_COLOR_ARRAY);
	glDisableClientState(GL_NORMAL_ARRAY);
	glVertexPointer(2, GL_FLOAT, 0, xy);
	glMultiDrawArrays(GL_POINTS, first, count, 2);
	glMultiDrawElements(GL_POINTS, count, GL_UNSIGNED_SHORT, index, 2);
	return 0;
}

/* Rows and pixels that are skipped, rows longer than the image. */
static int pixels(struct window *w)
{
	static GLubyte image[8][10];

	(void)w;
	for (unsigned i = 0; i < sizeof(image); i++)
		image[i / 10][i % 10] = (GLubyte)i;
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	glPixelStorei(GL_UNPACK_ROW_LENGTH, 10);
	glPixelStorei(GL_UNPACK_SKIP_ROWS, 2);
	glPixelStorei(GL_UNPACK_SKIP_PIXELS, 3);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_LUMINANCE, 4, 3, 0, GL_LUMINANCE, GL_UNSIGNED_BYTE, image);
	glPushClientAttrib(GL_CLIENT_PIXEL_STORE_BIT);
	glPixelStorei(GL_UNPACK_SKIP_ROWS, 0);
	glPopClientAttrib();
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, 1, 1, GL_LUMINANCE, GL_UNSIGNED_BYTE, image);
	return 0;
}

static int shaders(struct window *w)
{
	const GLchar *text[2] = { "void main()XX", "{gl_Position=gl_Vertex;}" };
	const GLint length[2] = { 11, -1 };
	GLuint s = glCreateShader(GL_VERTEX_SHADER), p = glCreateProgram();

	(void)w;
	glShaderSource(s, 2, text, length);
	glCompileShader(s);
	glAttachShader(p, s);
	glBindAttribLocation(p, 3, "there");
	glLinkProgram(p);
	printf("%u %u %d\n", s, p, glGetUniformLocation(p, "nowhere"));
	return 0;
}

/* Whole maps, flushed ranges, and coherent ones that are drawn from while mapped. */
static int maps(struct window *w)
{
	GLuint buffers[3];
	char *p;

	glGenBuffers(3, buffers);
	glBindBuffer(GL_ARRAY_BUFFER, buffers[0]);
	glBufferData(GL_ARRAY_BUFFER, 100, NULL, GL_STATIC_DRAW);
	p = glMapBuffer(GL_ARRAY_BUFFER, GL_WRITE_ONLY);
	if (!p)
		return 77;
	memset(p, 'a', 100);
	glUnmapBuffer(GL_ARRAY_BUFFER);
	p = glMapBufferRange(GL_ARRAY_BUFFER, 10, 50, GL_MAP_WRITE_BIT | GL_MAP_FLUSH_EXPLICIT_BIT);
	memset(p, 'b', 50);
	glFlushMappedBufferRange(GL_ARRAY_BUFFER, 5, 7);
	glUnmapBuffer(GL_ARRAY_BUFFER);
	glBindBuffer(GL_ARRAY_BUFFER, buffers[1]);
	glBufferStorage(GL_ARRAY_BUFFER, 20000, NULL, GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT |
			GL_MAP_COHERENT_BIT);
	p = glMapBufferRange(GL_ARRAY_BUFFER, 0, 20000, GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT |
			     GL_MAP_COHERENT_BIT);
	if (!p)
		return 77;
	p[9000] = 'c';
	glDrawArrays(GL_POINTS, 0, 1);
	glDrawArrays(GL_POINTS, 0, 1);
	p[1] = 'd';
	window_swap(w);
	return 0;
}

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 24;         /* the low bits soon repeat */
}

/* A long session: in each of a hundred frames a mebibyte of pixels that were not there
 * before, drawn over by what was there from the start: a texture, and an array in client
 * memory.  SECONDS_LONG in the environment: how long it takes. */
static int session(struct window *w)
{
	enum { SIDE = 512, STILL = 64, FRAMES = 100 };
	static GLubyte image[SIDE * SIDE * 4];
	static const GLfloat quads[2][4][4] = {
		{ { -1, -1, 0, 0 }, { 1, -1, 1, 0 }, { 1, 1, 1, 1 }, { -1, 1, 0, 1 } },
		{ { -.9f, -.9f, 0, 0 }, { 0, -.9f, 1, 0 }, { 0, 0, 1, 1 }, { -.9f, 0, 0, 1 } },
	};
	static GLfloat still[STILL][4];
	const char *seconds = getenv("SECONDS_LONG");
	unsigned nap = seconds ? (unsigned)(atof(seconds) * 1e6 / FRAMES) : 0;
	uint32_t x = 1;
	GLuint textures[2];

	memcpy(still, quads, sizeof(quads));
	glGenTextures(2, textures);
	for (unsigned i = 0; i < 2; i++) {
		for (size_t k = 0; k < sizeof(image); k++)
			image[k] = (GLubyte)next_random(&x);
		glBindTexture(GL_TEXTURE_2D, textures[i]);
		glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
		glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, SIDE, SIDE, 0, GL_RGBA, GL_UNSIGNED_BYTE,
			     image);
	}
	glEnable(GL_TEXTURE_2D);
	glEnableClientState(GL_VERTEX_ARRAY);
	glEnableClientState(GL_TEXTURE_COORD_ARRAY);
	glVertexPointer(2, GL_FLOAT, 16, still[0]);
	glTexCoordPointer(2, GL_FLOAT, 16, still[0] + 2);
	for (unsigned frame = 0; frame < FRAMES; frame++) {
		for (size_t k = 0; k < sizeof(image); k += 4)
			image[k + frame % 3] = (GLubyte)next_random(&x);
		glBindTexture(GL_TEXTURE_2D, textures[0]);
		glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE,
				image);
		glDrawArrays(GL_QUADS, 0, 4);
		glBindTexture(GL_TEXTURE_2D, textures[1]);
		glDrawArrays(GL_QUADS, 4, 4);
		glDrawArrays(GL_POINTS, 8, STILL - 8);
		window_swap(w);
		usleep(nap);
	}
	return 0;
}

int modes_draw(const char *mode, struct window *w)
{
	static const struct { const char *name; int (*run)(struct window *w); } modes[] = {
		{ "arrays", arrays }, { "mixed", mixed }, { "base", base }, { "restart", restart },
		{ "others", others }, { "pixels", pixels }, { "shaders", shaders }, { "maps", maps },
		{ "session", session },
	};

	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(mode, modes[i].name))
			return modes[i].run(w);
	return -1;
}
