/* calls.c - a program that makes cheap GL calls on the null libGL and prints what each
 * kind of call takes, in nanoseconds: what `blinkctl bench record --null` runs bare and
 * under recorders.
 *
 *   calls N      N calls of each kind
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glx.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Each makes at least n calls and says how many. */
static unsigned long vertices(unsigned long n)
{
	glBegin(GL_TRIANGLES);
	for (unsigned long i = 0; i < n; i += 2) {
		float f = (float)i;

		glColor3f(f, 0.5f, 1.0f);
		glVertex3f(f, f, 0.0f);
	}
	glEnd();
	return n + 2;
}

static unsigned long enables(unsigned long n)
{
	for (unsigned long i = 0; i < n; i += 2) {
		glEnable(GL_BLEND);
		glDisable(GL_BLEND);
	}
	return n;
}

static unsigned long mixed(unsigned long n)
{
	for (unsigned long i = 0; i < n; i += 8) {
		glBindTexture(GL_TEXTURE_2D, (GLuint)(i & 255));
		glEnable(GL_BLEND);
		glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
		glDepthMask(GL_FALSE);
		glTexCoord2f(0.25f, 0.75f);
		glColor4f(1.0f, 1.0f, 0.5f, 1.0f);
		glVertex3f((float)i, 1.0f, 2.0f);
		glDisable(GL_BLEND);
	}
	return n;
}

/* The same with their values in memory, as Quake's sky is drawn. */
static unsigned long pointed(unsigned long n)
{
	float v[3] = { 1, 2, 3 };

	for (unsigned long i = 0; i < n; i += 2) {
		v[0] = (float)i;
		glTexCoord2fv(v);
		glVertex3fv(v);
	}
	return n;
}

/* Three arrays of four vertices, new ones each time, and six indices: a sprite.  A draw
 * counts as one call. */
static unsigned long sprites(unsigned long n)
{
	static const GLuint index[6] = { 0, 1, 2, 2, 1, 3 };
	static float xyz[4][4], st[4][2];
	static GLubyte rgba[4][4];

	n /= 16;
	glEnableClientState(GL_VERTEX_ARRAY);
	glEnableClientState(GL_TEXTURE_COORD_ARRAY);
	glEnableClientState(GL_COLOR_ARRAY);
	glVertexPointer(3, GL_FLOAT, 16, xyz);
	glTexCoordPointer(2, GL_FLOAT, 0, st);
	glColorPointer(4, GL_UNSIGNED_BYTE, 0, rgba);
	for (unsigned long i = 0; i < n; i++) {
		xyz[i & 3][0] = (float)i;
		st[i & 3][1] = (float)i;
		rgba[i & 3][2] = (GLubyte)i;
		glDrawElements(GL_TRIANGLES, 6, GL_UNSIGNED_INT, index);
	}
	glDisableClientState(GL_VERTEX_ARRAY);
	glDisableClientState(GL_TEXTURE_COORD_ARRAY);
	glDisableClientState(GL_COLOR_ARRAY);
	return n;
}

static const struct {
	const char *name;
	unsigned long (*run)(unsigned long n);
} kinds[] = {
	{ "vertex", vertices }, { "enable", enables }, { "mix", mixed }, { "memory", pointed },
	{ "arrays", sprites },
};

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	/* the null libGL asks neither display nor visual; recorders look at the latter */
	static XVisualInfo visual;
	GLXContext c = glXCreateContext(NULL, &visual, NULL, True);

	glXMakeCurrent(NULL, 1, c);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		double start;
		unsigned long made;

		kinds[i].run(n / 10);           /* warm */
		start = now();
		made = kinds[i].run(n);
		printf("%s %.4f\n", kinds[i].name, (now() - start) / (double)made);
	}
	glXSwapBuffers(NULL, 1);
	return 0;
}
