/* hostile_commands.c - acts in BlinkGL: procedures that want more than is theirs. */
#include "blink/client/programs/hostile.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <stdio.h>
#include <string.h>

#include "blink/client/blinkgl.h"

enum { OBJECT_INIT = 1, OBJECT_UPDATE, OBJECT_REDRAW, OBJECT_NAMES, OBJECT_TEXT, OBJECT_TEXT2 };
#define SIDE 120                        /* of the area */

static void init(struct hostile *h)
{
	blink_window(&h->code, SIDE, SIDE);
	hostile_publish(h, OBJECT_INIT, SP_INIT);
}

/* One procedure more at each step, of commands that reach beyond the area. */
static void outside(struct hostile *h)
{
	struct buf *code = &h->code;

	if (!h->step++)
		init(h);
	blinkViewport(code, -2000, -2000, 8000, 8000);
	switch (hostile_below(h, 6)) {
	case 0:
		blinkDisable(code, GL_SCISSOR_TEST);
		break;
	case 1:
		blinkScissor(code, -1000, -1000, 16000, 16000);
		blinkEnable(code, GL_SCISSOR_TEST);
		break;
	case 2:
		blinkPushAttrib(code, GL_ALL_ATTRIB_BITS);
		blinkScissor(code, -500, -500, 4000, 4000);
		blinkPopAttrib(code);
		break;
	case 3:
		blinkDrawBuffer(code, hostile_below(h, 2) ? GL_FRONT : GL_FRONT_AND_BACK);
		break;
	case 4:
		blinkBindFramebuffer(code, GL_FRAMEBUFFER, 0);
		blinkScissor(code, 0, 0, 4000, 4000);
		break;
	default:
		blinkWindowPos2i(code, -300, -300);
		blinkPixelZoom(code, 100, 100);
	}
	blinkClearColor(code, 1, 0, 1, 1);
	blinkClear(code, GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
	blinkColor3f(code, 1, 0, 1);
	blinkLineWidth(code, 500);
	blinkPointSize(code, 1000);
	blinkBegin(code, hostile_below(h, 2) ? GL_LINES : GL_POINTS);
	blinkVertex2f(code, -1, -1);
	blinkVertex2f(code, 1, 1);
	blinkEnd(code);
	blinkRectf(code, -50, -50, 50, 50);
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* Copies of what is on the screen, shown in the area. */
static void peek(struct hostile *h)
{
	const uint32_t name = 1;
	struct buf *code = &h->code;
	int x = (int)hostile_below(h, 2000) - 1000, y = (int)hostile_below(h, 2000) - 1000;

	if (!h->step++) {
		hostile_data(h, OBJECT_NAMES, &name, sizeof(name));
		blink_window(code, SIDE, SIDE);
		blinkGenTextures(code, 1, blink_at(OBJECT_NAMES, 0));
		blinkBindTexture(code, GL_TEXTURE_2D, 1);
		blinkTexParameteri(code, GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
		blinkTexImage2D(code, GL_TEXTURE_2D, 0, GL_RGB8, 256, 256, 0, GL_RGB,
				GL_UNSIGNED_BYTE, BLINK_NONE);
		blinkEnable(code, GL_TEXTURE_2D);
		hostile_publish(h, OBJECT_INIT, SP_INIT);
	}
	blinkReadBuffer(code, hostile_below(h, 2) ? GL_BACK : GL_FRONT);
	if (hostile_below(h, 2))
		blinkCopyTexSubImage2D(code, GL_TEXTURE_2D, 0, 0, 0, x, y, 256, 256);
	else
		blinkCopyTexImage2D(code, GL_TEXTURE_2D, 0, GL_RGB8, x, y, 256, 256, 0);
	blinkWindowPos2i(code, 0, 0);
	blinkCopyPixels(code, x, y, SIDE, SIDE, GL_COLOR);
	blinkBegin(code, GL_QUADS);
	for (int i = 0; i < 4; i++) {
		float u = i == 1 || i == 2, v = i >= 2;

		blinkTexCoord2f(code, u, v);
		blinkVertex2f(code, 2 * u - 1, 2 * v - 1);
	}
	blinkEnd(code);
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* A texture more at every update, then buffers, lists and drawables: for ever. */
static void memory(struct hostile *h)
{
	struct buf *code = &h->code;
	uint32_t name = 2 + h->step % 60;

	if (!h->step++)
		init(h);
	hostile_data(h, OBJECT_NAMES, &name, sizeof(name));
	switch (h->step % 4) {
	case 0:
		blinkGenTextures(code, 1, blink_at(OBJECT_NAMES, 0));
		blinkBindTexture(code, GL_TEXTURE_2D, name);
		blinkTexImage2D(code, GL_TEXTURE_2D, 0, GL_RGBA32F, 4096, 4096, 0, GL_RGBA,
				GL_FLOAT, BLINK_NONE);
		break;
	case 1:
		blinkGenBuffers(code, 1, blink_at(OBJECT_NAMES, 0));
		blinkBindBuffer(code, GL_ARRAY_BUFFER, name);
		blinkBufferData(code, GL_ARRAY_BUFFER, INT64_C(1) << (20 + h->step % 20), BLINK_NONE,
				GL_STATIC_DRAW);
		break;
	case 2:
		blinkNewList(code, name, GL_COMPILE);
		for (int i = 0; i < 20000; i++)
			blinkRectf(code, 0, 0, 1, 1);
		blinkEndList(code);
		break;
	default:
		blinkDrawable(code, 1, 8192, 8192, 4 | 24 << 16);
		blinkTexImage3D(code, GL_TEXTURE_3D, 0, GL_RGBA32F, 2048, 2048, 2048, 0, GL_RGBA,
				GL_FLOAT, BLINK_NONE);
	}
	hostile_publish(h, OBJECT_UPDATE, SP_UPDATE);
	vso_client_update(h->c);
	vso_client_ring(h->c);
}

/* A procedure that takes long, command by command. */
static void longish(struct hostile *h)
{
	if (h->step++)
		return;
	init(h);
	for (uint32_t i = 0; i < 400000; i++) {
		blink_sin_f(&h->code, i % 32, blink_f((float)i));
		blinkRectf(&h->code, -1, -1, 1, 1);
	}
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* Lists in lists: few words, and many commands. */
static void nested(struct hostile *h)
{
	struct buf *code = &h->code;

	if (h->step++)
		return;
	blink_window(code, SIDE, SIDE);
	for (uint32_t i = 1; i <= 40; i++) {
		blinkNewList(code, i, GL_COMPILE);
		for (int k = 0; k < 10; k++) {
			if (i == 1)
				blinkRectf(code, -1, -1, 1, 1);
			else
				blinkCallList(code, i - 1);
		}
		blinkEndList(code);
	}
	hostile_publish(h, OBJECT_INIT, SP_INIT);
	blinkCallList(code, 40);
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* A new procedure at each moment, unlike all before: nothing but verifying and compiling. */
static void compiles(struct hostile *h)
{
	if (!h->step++)
		init(h);
	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t rec[4] = { hostile_below(h, 32), hostile_random(h), hostile_random(h), 0 };

		sp_emit(&h->code, OP_add_i + hostile_below(h, OP_sar - OP_add_i), 0, rec);
		if (!hostile_below(h, 5))
			blinkColor3f(&h->code, 1, 0, 0);
	}
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* ---- shaders ----------------------------------------------------------------------------------- */

static void program(struct hostile *h, const char *source, uint32_t object)
{
	struct buf *code = &h->code;

	hostile_data(h, object, source, (uint32_t)strlen(source) + 1);
	blink_window(code, SIDE, SIDE);
	blinkCreateShader(code, GL_FRAGMENT_SHADER, 1);
	blinkShaderSource(code, 1, (uint32_t)strlen(source), blink_at(object, 0));
	blinkCompileShader(code, 1);
	blinkCreateProgram(code, 2);
	blinkAttachShader(code, 2, 1);
	blinkLinkProgram(code, 2);
	blinkUseProgram(code, 2);
	hostile_publish(h, OBJECT_INIT, SP_INIT);
	blinkClear(code, GL_COLOR_BUFFER_BIT);
	blinkRectf(code, -1, -1, 1, 1);
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* Sources that take a compiler long: macros in macros, nesting, and much of everything. */
static void shader_bomb(struct hostile *h)
{
	struct buf text;

	if (h->step++ % 50)
		return;
	buf_init(&text);
	buf_printf(&text, "#version 120\n#define A0 x*x+x\n");
	for (uint32_t i = 1; i < 12 + hostile_below(h, 20); i++)
		buf_printf(&text, "#define A%u A%u+A%u*A%u\n", i, i - 1, i - 1, i - 1);
	buf_printf(&text, "void main() { float x = gl_FragCoord.x; gl_FragColor = vec4(");
	for (uint32_t i = 0; i < hostile_below(h, 3000); i++)
		buf_append(&text, "(", 1);
	buf_printf(&text, "A11); }");
	buf_append(&text, "", 1);
	if (!buf_failed(&text))
		program(h, (const char *)text.data, OBJECT_TEXT);
	buf_finish(&text);
}

/* A shader that does not end while anybody watches. */
static void shader_endless(struct hostile *h)
{
	static const char source[] =
		"#version 120\n"
		"void main() {\n"
		"	float x = gl_FragCoord.x;\n"
		"	for (int i = 0; i < 100000000; i++)\n"
		"		x = sin(x) + cos(x * 1.0001);\n"
		"	gl_FragColor = vec4(x);\n"
		"}\n";

	if (!h->step++)
		program(h, source, OBJECT_TEXT);
}

/* One command that draws the whole area over and over, vertex after vertex. */
static void draw_endless(struct hostile *h)
{
	struct buf *code = &h->code;
	static const float corners[8] = { -1, -1, 1, -1, 1, 1, -1, 1 };

	if (h->step++)
		return;
	init(h);
	hostile_data(h, OBJECT_NAMES, corners, sizeof(corners));
	blinkEnableClientState(code, GL_VERTEX_ARRAY);
	blinkVertexPointer(code, 2, GL_FLOAT, 8, blink_at(OBJECT_NAMES, 0));
	blinkEnable(code, GL_BLEND);
	blinkDrawArraysInstanced(code, GL_QUADS, 0, 4, 100000000);
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

const struct hostile_act hostile_commands[] = {
	{ "outside", "drawing beyond its area", outside, true, 2000, false },
	{ "peek", "reading the framebuffer, and showing what it finds", peek, true, 2000, false },
	{ "memory", "textures, buffers and lists without end", memory, true, 5000, false },
	{ "long", "a procedure of 800,000 commands", longish, true, 20000, false },
	{ "nested", "lists in lists, 10 to the 40th commands at one call", nested, true, 20000, true },
	{ "compiles", "a new procedure at each moment", compiles, true, 100, false },
	{ "shader-bomb", "shaders that take a compiler for ever", shader_bomb, true, 20000, false },
	{ "shader-endless", "a shader that does not end", shader_endless, true, 20000, true },
	{ "draw-endless", "a single draw that does not end", draw_endless, true, 20000, true },
	{ 0 }
};
