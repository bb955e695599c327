/* served_words.h - procedures from bytes: a record of a dictionary per byte, most of which a
 * client of any kind would use; behind some of them a byte more says which of its words is
 * another one.  Static functions, for served_acts.h. */
#ifndef TESTS_SERVER_SERVED_WORDS_H
#define TESTS_SERVER_SERVED_WORDS_H

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

#include "blink/engine/sink.h"
#include "blink/sp/sp.h"
#include "blink/vso/vso.h"

/* What objects hold to begin with; any of them may become anything. */
enum {
	WORDS_CALLEES = 8,                 /* objects that calls name: this and three more */
	WORDS_NAMES = 12, WORDS_FLOATS, WORDS_INDICES, WORDS_TEXT, WORDS_NAME, WORDS_PIXELS,
	WORDS_OBJECTS = 20
};

#define WORDS_DRAWABLE (SINK_CONFIG_SAID | 24u << 16 | 8u << 24)

struct words_line { const char *op; uint32_t word[12]; uint16_t mask; };

static const struct words_line words_lines[] = {
	/* contexts and drawables */
	{ "blinkContext", { 1, 0, 0, 0 }, 0 }, { "blinkDrawable", { 1, 64, 64, 1 }, 0 },
	{ "blinkMakeCurrent", { 1, 1, 1 }, 0 }, { "blinkMakeCurrent", { 2, 2, 2 }, 0 },
	{ "blinkContext", { 2, 0, 0, 0 }, 0 }, { "blinkContext", { 2, 1, 0, 0 }, 0 },
	{ "blinkDrawable", { 2, 40, 30, WORDS_DRAWABLE }, 0 },
	{ "blinkDrawable", { 1, 64, 64, WORDS_DRAWABLE }, 0 },
	{ "blinkContextDestroy", { 1 }, 0 }, { "blinkContextDestroy", { 2 }, 0 },
	{ "blinkDrawableDestroy", { 1 }, 0 }, { "blinkDrawableDestroy", { 2 }, 0 },
	{ "blinkDrawableResize", { 1, 100, 80 }, 0 }, { "blinkMakeCurrent", { 0, 0, 0 }, 0 },
	{ "blinkMakeCurrent", { 1, 2, 1 }, 0 }, { "blinkSwap", { 1 }, 0 }, { "blinkSwap", { 2 }, 0 },
	/* registers and external state; what a loop would be: calls, of what calls */
	{ "mov", { 0, 1 }, 0 }, { "add.i", { 1, 1, 1 }, 2 }, { "ext", { 2, SP_EXT_TIME }, 0 },
	{ "ext", { 3, SP_EXT_POINTER_X }, 0 }, { "ext", { 4, SP_EXT_WIDTH }, 0 },
	{ "jump", { 0 }, 0 }, { "jump.eq.i", { 0, 1, 0 }, 3 }, { "yield", { 0 }, 0 },
	{ "call", { WORDS_CALLEES, 0, 4 }, 0 }, { "call", { WORDS_CALLEES + 1, 0, 0 }, 0 },
	{ "call", { WORDS_CALLEES + 2, 0, 0 }, 0 }, { "call", { WORDS_CALLEES + 3, 2, 2 }, 0 },
	{ "end", { 0 }, 0 },
	/* what is drawn */
	{ "glClearColor", { 0x3f800000, 0, 0, 0x3f800000 }, 0 },
	{ "glClear", { GL_COLOR_BUFFER_BIT }, 0 },
	{ "glClear", { GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT }, 0 },
	{ "glViewport", { 0, 0, 64, 64 }, 0 }, { "glScissor", { 1, 2, 30, 20 }, 0 },
	{ "glScissor", { 0, 1, 2, 3 }, 15 }, { "glEnable", { GL_SCISSOR_TEST }, 0 },
	{ "glDisable", { GL_SCISSOR_TEST }, 0 }, { "glEnable", { GL_DEPTH_TEST }, 0 },
	{ "glEnable", { GL_BLEND }, 0 }, { "glDisable", { GL_DITHER }, 0 },
	{ "glBegin", { GL_TRIANGLES }, 0 }, { "glEnd", { 0 }, 0 },
	{ "glVertex2f", { 0, 0x3f800000 }, 0 }, { "glVertex3f", { 0, 1, 2 }, 7 },
	{ "glColor4f", { 0x3f800000, 0, 0, 0x3f800000 }, 0 },
	{ "glRectf", { 0, 0, 0x3f800000, 0x3f800000 }, 0 },
	{ "glPushAttrib", { 0xfffff }, 0 }, { "glPopAttrib", { 0 }, 0 },
	{ "glMatrixMode", { GL_MODELVIEW }, 0 }, { "glPushMatrix", { 0 }, 0 },
	{ "glLoadIdentity", { 0 }, 0 }, { "glRotatef", { 2, 0, 0, 0 }, 1 },
	{ "glFogfv", { GL_FOG_COLOR, WORDS_FLOATS, 0 }, 0 },
	{ "glFlush", { 0 }, 0 }, { "glFinish", { 0 }, 0 },
	{ "glDrawBuffer", { GL_BACK }, 0 }, { "glDrawBuffer", { GL_FRONT }, 0 },
	/* lists */
	{ "glNewList", { 1, GL_COMPILE }, 0 }, { "glNewList", { 2, GL_COMPILE_AND_EXECUTE }, 0 },
	{ "glEndList", { 0 }, 0 }, { "glCallList", { 1 }, 0 }, { "glCallList", { 2 }, 0 },
	{ "glDeleteLists", { 1, 2 }, 0 },
	/* arrays, buffers */
	{ "glVertexPointer", { 2, GL_FLOAT, 0, WORDS_FLOATS, 0 }, 0 },
	{ "glVertexPointer.buf", { 2, GL_FLOAT, 0, 0, 0 }, 0 },
	{ "glEnableClientState", { GL_VERTEX_ARRAY }, 0 },
	{ "glDisableClientState", { GL_VERTEX_ARRAY }, 0 },
	{ "glDrawArrays", { GL_TRIANGLES, 0, 3 }, 0 },
	{ "glDrawElements", { GL_TRIANGLES, 3, GL_UNSIGNED_SHORT, WORDS_INDICES, 0 }, 0 },
	{ "glDrawElements.buf", { GL_TRIANGLES, 3, GL_UNSIGNED_SHORT, 0, 0 }, 0 },
	{ "glGenBuffers", { 2, WORDS_NAMES, 0 }, 0 }, { "glDeleteBuffers", { 1, WORDS_NAMES, 0 }, 0 },
	{ "glBindBuffer", { GL_ARRAY_BUFFER, 1 }, 0 }, { "glBindBuffer", { GL_ARRAY_BUFFER, 0 }, 0 },
	{ "glBindBuffer", { GL_ELEMENT_ARRAY_BUFFER, 2 }, 0 },
	{ "glBindBuffer", { GL_PIXEL_PACK_BUFFER, 1 }, 0 },
	{ "glBufferData", { GL_ARRAY_BUFFER, 64, 0, WORDS_FLOATS, 0, GL_STATIC_DRAW }, 0 },
	{ "glBufferData", { GL_ELEMENT_ARRAY_BUFFER, 12, 0, WORDS_INDICES, 0, GL_STATIC_DRAW }, 0 },
	{ "glBufferData", { GL_ARRAY_BUFFER, 1 << 16, 0, 0, 0, GL_STATIC_DRAW }, 0 },
	{ "glBufferSubData", { GL_ARRAY_BUFFER, 0, 0, 16, 0, WORDS_FLOATS, 0 }, 0 },
	{ "glGenVertexArrays", { 2, WORDS_NAMES, 0 }, 0 }, { "glBindVertexArray", { 1 }, 0 },
	/* textures, framebuffers */
	{ "glGenTextures", { 3, WORDS_NAMES, 0 }, 0 }, { "glDeleteTextures", { 2, WORDS_NAMES, 0 }, 0 },
	{ "glBindTexture", { GL_TEXTURE_2D, 1 }, 0 }, { "glBindTexture", { GL_TEXTURE_2D, 4000 }, 0 },
	{ "glTexImage2D", { GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_RGBA, GL_UNSIGNED_BYTE,
			    WORDS_PIXELS, 0 }, 0 },
	{ "glTexImage2D", { GL_TEXTURE_2D, 0, GL_RGBA, 256, 256, 0, GL_RGBA, GL_UNSIGNED_BYTE, 0,
			    0 }, 0 },
	{ "glTexSubImage2D", { GL_TEXTURE_2D, 0, 0, 0, 2, 2, GL_RGBA, GL_UNSIGNED_BYTE, WORDS_PIXELS,
			       8 }, 0 },
	{ "glGenFramebuffers", { 1, WORDS_NAMES, 0 }, 0 },
	{ "glBindFramebuffer", { GL_FRAMEBUFFER, 1 }, 0 },
	{ "glBindFramebuffer", { GL_FRAMEBUFFER, 0 }, 0 },
	{ "glFramebufferTexture2D", { GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, 1, 0 }, 0 },
	{ "glDeleteFramebuffers", { 1, WORDS_NAMES, 0 }, 0 },
	/* shaders, queries */
	{ "glCreateShader", { GL_VERTEX_SHADER, 1 }, 0 }, { "glCreateProgram", { 2 }, 0 },
	{ "glShaderSource", { 1, 24, WORDS_TEXT, 0 }, 0 }, { "glCompileShader", { 1 }, 0 },
	{ "glAttachShader", { 2, 1 }, 0 }, { "glLinkProgram", { 2 }, 0 }, { "glUseProgram", { 2 }, 0 },
	{ "glGetUniformLocation", { 2, WORDS_NAME, 0, 0, 1 }, 0 }, { "glUniform1f", { 1, 2 }, 2 },
	{ "glDeleteShader", { 1 }, 0 }, { "glDeleteProgram", { 2 }, 0 },
	{ "glProgramStringARB", { GL_VERTEX_PROGRAM_ARB, GL_PROGRAM_FORMAT_ASCII_ARB, 24, WORDS_TEXT,
				  0 }, 0 },
	{ "glGenQueries", { 1, WORDS_NAMES, 0 }, 0 }, { "glBeginQuery", { GL_SAMPLES_PASSED, 1 }, 0 },
	{ "glEndQuery", { GL_SAMPLES_PASSED }, 0 }, { "glDeleteQueries", { 1, WORDS_NAMES, 0 }, 0 },
};
#define WORDS_LINES (sizeof(words_lines) / sizeof(*words_lines))
#define WORDS_PLAIN 200u               /* bytes from here on have another one behind them */

/* Any of the table's, for what the dictionary lacks. */
static unsigned words_any(uint32_t at)
{
	return at % GL_OP_COUNT;
}

static unsigned words_op(unsigned line)
{
	static unsigned op[WORDS_LINES];

	if (!op[0])
		for (unsigned i = 0; i < WORDS_LINES; i++)
			op[i] = gl_op_find(words_lines[i].op);
	return op[line];
}

struct words_in { const uint8_t *at, *end; };
static uint32_t words_byte(struct words_in *in) { return in->at < in->end ? *in->at++ : 0; }

/* One record at code; how many words. */
static uint32_t words_record(struct words_in *in, uint32_t *code)
{
	uint32_t b = words_byte(in), line = b % WORDS_PLAIN % WORDS_LINES, more = 0, n;
	const struct words_line *l = &words_lines[line];
	unsigned op = words_op(line);

	if (b >= WORDS_PLAIN) {
		more = words_byte(in);
		line = words_byte(in) % WORDS_LINES;
		l = &words_lines[line];
		op = words_op(line);
	}
	if (more == 255)
		op = words_any(words_byte(in) | words_byte(in) << 8);
	n = gl_ops[op].words;
	memset(code, 0, n * sizeof(*code));
	memcpy(code + 1, l->word, (n - 1 < 12 ? n - 1 : 12) * sizeof(*code));
	code[0] = sp_header(op, more == 255 ? 0 : l->mask);
	if (more && more != 255 && n > 1)
		code[1 + more % (n - 1)] = words_byte(in);
	return n;
}

#define WORDS_MAX 700u
/* A procedure of so many records and its end. */
static uint32_t words_procedure(struct words_in *in, uint32_t records, uint32_t *code)
{
	uint32_t n = 0;

	while (records-- && n < WORDS_MAX - 64)
		n += words_record(in, code + n);
	code[n++] = sp_header(OP_end, 0);
	return n;
}

/* What a client would begin with: a context and a drawable, current. */
static uint32_t words_init(uint32_t *code)
{
	const uint8_t lines[] = { 0, 1, 2 };
	struct words_in in = { lines, lines + 3 };

	return words_procedure(&in, 3, code);
}

/* Bytes of an object that a procedure may read as what its number promises; or others. */
static void words_data(uint32_t kind, uint32_t by, uint8_t *to, uint32_t size)
{
	static const char text[] = "void main(){float name;}";
	const char *from = kind == WORDS_TEXT ? text : "name";

	memset(to, 0, size);
	if (kind == WORDS_TEXT || kind == WORDS_NAME) {
		memcpy(to, from, strlen(from) < size ? strlen(from) : size);
		return;
	}
	for (uint32_t i = 0; i < size / 4; i++) {
		uint32_t w = kind == WORDS_NAMES ? i + 1 + by : kind == WORDS_INDICES
				? (i + by) << 16 | i : 0x3f800000 + (by << 16) * i;

		memcpy(to + i * 4, &w, 4);
	}
}

#endif
