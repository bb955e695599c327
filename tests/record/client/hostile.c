/* hostile.c - what programs should not do, and what must not fail more than it does
 * without the recorder. */
#include "tests/record/client/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A page, and after it one that cannot be read. */
static char *guarded(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(77);
	mprotect(p + 4096, 4096, PROT_NONE);
	return p;
}

static int errors(void)
{
	char *page = guarded(), *bad = page + 4096;
	GLuint name = 5;
	unsigned n = 0;

	glGenTextures(-1, &name);
	glDeleteTextures(-5, (const GLuint *)(void *)bad);
	glGenBuffers(0, NULL);
	glTexImage2D(0xdead, 0, GL_RGBA, 4, 4, 0, GL_RGBA, GL_UNSIGNED_BYTE, bad);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, -4, 4, 0, GL_RGBA, GL_UNSIGNED_BYTE, bad);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, 1 << 20, 1 << 20, 0, GL_RGBA, GL_UNSIGNED_BYTE, bad);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 100, 100, 4, 4, GL_RGBA, GL_UNSIGNED_BYTE, bad);
	glBufferData(GL_ARRAY_BUFFER, 1 << 20, bad, GL_STATIC_DRAW);
	glBufferSubData(GL_ARRAY_BUFFER, -1, 1 << 20, bad);
	glDrawArrays(0x777, 0, 1 << 30);
	glDrawArrays(GL_POINTS, -1, 3);
	glDrawElements(GL_POINTS, -3, GL_UNSIGNED_INT, bad);
	glDrawElements(GL_POINTS, 3, GL_FLOAT, bad);
	glMultiDrawArrays(GL_POINTS, (const GLint *)(void *)bad, (const GLsizei *)(void *)bad, 0);
	glVertexPointer(9, GL_FLOAT, 0, bad);
	glVertexPointer(3, GL_FLOAT, -4, bad);
	glUniform4fv(-1, 1000, (const GLfloat *)(void *)bad);
	glLightfv(GL_LIGHT0, 0x4242, (const GLfloat *)(void *)bad);
	glShaderSource(99, 0, NULL, NULL);
	glLoadMatrixf(NULL);
	glCallLists(-1, GL_INT, bad);
	glBindBuffer(0x4242, 77);
	glPushClientAttrib(~0u);
	for (unsigned i = 0; i < 40; i++)
		glPushClientAttrib(~0u);
	for (unsigned i = 0; i < 50; i++)
		glPopClientAttrib();
	glUnmapBuffer(GL_ARRAY_BUFFER);
	while (glGetError() != GL_NO_ERROR && n < 100)
		n++;
	printf("%u %d\n", name, n > 0);
	return 0;
}

/* An array is enabled and points to nothing good, but no shader looks at it. */
static int unused(void)
{
	static const GLchar *text = "void main() { gl_Position = gl_Vertex; }";
	static const float xy[3][2];
	char *bad = guarded() + 4096;
	GLuint s = glCreateShader(GL_VERTEX_SHADER), p = glCreateProgram();

	glShaderSource(s, 1, &text, NULL);
	glCompileShader(s);
	glAttachShader(p, s);
	glLinkProgram(p);
	glUseProgram(p);
	glEnableClientState(GL_VERTEX_ARRAY);
	glVertexPointer(2, GL_FLOAT, 0, xy);
	glEnableVertexAttribArray(5);
	glVertexAttribPointer(5, 4, GL_FLOAT, GL_FALSE, 0, bad);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	glFinish();
	puts("drawn");
	return 0;
}

/* The array's beginning cannot be read, and no vertex there is drawn; nor what follows. */
static int edges(void)
{
	char *page = guarded();
	float *last = (float *)(void *)(page + 4096 - 24);

	memset(page, 0, 4096);
	glEnableClientState(GL_VERTEX_ARRAY);
	glVertexPointer(2, GL_FLOAT, 0, last - 2000);
	glDrawArrays(GL_TRIANGLES, 1000, 3);
	glFinish();
	puts("drawn");
	return 0;
}

/* Names that the command table does not have. */
static int foreign(void)
{
	PFNGLCREATEBUFFERSPROC create = (PFNGLCREATEBUFFERSPROC)eglGetProcAddress("glCreateBuffers");
	void (*odd)(void) = eglGetProcAddress("glNobodyKnowsThis");
	GLuint name = 0;

	if (!create)
		return 77;
	create(1, &name);
	create(1, &name);
	printf("%d %d\n", name != 0, odd == eglGetProcAddress("glNobodyKnowsThis"));
	return 0;
}

int modes_hostile(const char *mode, struct window *w)
{
	(void)w;
	if (!strcmp(mode, "errors"))
		return errors();
	if (!strcmp(mode, "unused"))
		return unused();
	if (!strcmp(mode, "edges"))
		return edges();
	if (!strcmp(mode, "foreign"))
		return foreign();
	return -1;
}
