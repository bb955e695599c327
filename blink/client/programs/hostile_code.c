/* hostile_code.c - acts against what a driver makes on its own: code at draws, contexts, and
 * whatever else no command of GL says that it takes. */
#include "blink/client/programs/hostile.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

#include "blink/client/blinkgl.h"

enum { OBJECT_INIT = 1, OBJECT_REDRAW, OBJECT_TEXT, OBJECT_TEXT2, OBJECT_CORNERS };
#define SIDE 64
#define CONTEXTS 8u

/* ---- variants of state in many contexts ----------------------------------------------------- */

static void contexts_make(struct hostile *h)
{
	struct buf *code = &h->code;

	blink_window(code, SIDE, SIDE);
	for (uint32_t i = 2; i <= CONTEXTS; i++) {
		blinkContext(code, i, 0, 0, 0);
		blinkMakeCurrent(code, i, 1, 1);
	}
	hostile_publish(h, OBJECT_INIT, SP_INIT);
}

/* What decides which code llvmpipe makes for a fragment, by the bits of n. */
static void state_set(struct buf *code, uint32_t n)
{
	static const uint32_t caps[] = { GL_ALPHA_TEST, GL_BLEND, GL_DEPTH_TEST, GL_STENCIL_TEST };

	for (unsigned i = 0; i < 4; i++) {
		if (n >> i & 1)
			blinkEnable(code, caps[i]);
		else
			blinkDisable(code, caps[i]);
	}
	blinkAlphaFunc(code, GL_NEVER + (n >> 4 & 7), 0.5f);
	blinkDepthFunc(code, GL_NEVER + (n >> 7 & 7));
	blinkBlendFunc(code, GL_SRC_COLOR + (n >> 10 & 7), GL_SRC_COLOR + (n >> 13 & 3));
	blinkStencilFunc(code, GL_NEVER + (n >> 15 & 7), 1, 0xff);
	blinkColor3f(code, 0.5f, 0.5f, 0.5f);
	blinkRectf(code, -1, -1, 1, 1);
}

/* One state more at each step, in all contexts: what one compiled the others find. */
static void contexts(struct hostile *h)
{
	struct buf *code = &h->code;
	uint32_t n = h->step * 0x9e3779b1u >> 7;

	if (!h->step++)
		contexts_make(h);
	for (uint32_t i = CONTEXTS; i >= 1; i--) {
		blinkMakeCurrent(code, i, 1, 1);
		for (uint32_t k = 0; k < 4; k++)
			state_set(code, n + k);
	}
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* ---- programs without end ------------------------------------------------------------------- */

static void source_make(struct hostile *h, struct buf *text)
{
	buf_printf(text, "#version 120\nuniform float u;\nvoid main() {\n"
		   "vec4 a = gl_FragCoord * %u.0;\n", h->step + 1);
	for (uint32_t i = 0; i < 16; i++)
		buf_printf(text, "a = a.yzwx * %u.5 + sin(a * %u.25) + u;\n", i + h->step, i);
	buf_printf(text, "gl_FragColor = vec4(0.5) + 0.000001 * sin(a); }\n");
	buf_append(text, "", 1);
}

/* A program more at each update, drawn with in states of its own; the oldest goes. */
static void programs(struct hostile *h)
{
	struct buf *code = &h->code, text;
	uint32_t shader = 1 + h->step % 30 * 2, program = shader + 1;

	if (!h->step) {
		blink_window(code, SIDE, SIDE);
		hostile_publish(h, OBJECT_INIT, SP_INIT);
	}
	buf_init(&text);
	source_make(h, &text);
	if (!buf_failed(&text))
		hostile_data(h, OBJECT_TEXT, text.data, (uint32_t)text.len);
	if (h->step >= 30) {
		blinkDeleteShader(code, shader);
		blinkDeleteProgram(code, program);
	}
	blinkCreateShader(code, GL_FRAGMENT_SHADER, shader);
	blinkShaderSource(code, shader, (uint32_t)text.len - 1, blink_at(OBJECT_TEXT, 0));
	blinkCompileShader(code, shader);
	blinkCreateProgram(code, program);
	blinkAttachShader(code, program, shader);
	blinkLinkProgram(code, program);
	blinkUseProgram(code, program);
	for (uint32_t k = 0; k < 8; k++)
		state_set(code, k << 4 | 1);
	buf_finish(&text);
	h->step++;
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* A procedure that hands over nothing but shaders, each another one and slow to try. */
static void flood(struct hostile *h)
{
	enum { SHADERS = 40 };
	struct buf *code = &h->code, text;

	if (!h->step) {
		blink_window(code, SIDE, SIDE);
		hostile_publish(h, OBJECT_INIT, SP_INIT);
	}
	for (uint32_t i = 1; i <= SHADERS; i++) {
		h->step++;
		buf_init(&text);
		source_make(h, &text);
		if (!buf_failed(&text))
			hostile_data(h, OBJECT_TEXT + i, text.data, (uint32_t)text.len);
		blinkCreateShader(code, GL_FRAGMENT_SHADER, i);
		blinkShaderSource(code, i, (uint32_t)text.len - 1, blink_at(OBJECT_TEXT + i, 0));
		blinkDeleteShader(code, i);
		buf_finish(&text);
	}
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* ---- objects by the thousand ----------------------------------------------------------------- */

/* Objects of one kind after the other, as many as there are names, in all contexts: none has
 * any contents. */
static void objects(struct hostile *h)
{
	static void (*const makers[])(struct buf *, int32_t, struct blink_at) = {
		blinkGenVertexArrays, blinkGenTextures, blinkGenFramebuffers, blinkGenQueries,
		blinkGenBuffers, blinkGenSamplers,
	};
	static uint32_t names[1000];
	struct buf *code = &h->code;
	uint32_t first = 1 + h->step / CONTEXTS * 1000 % 60000, context = 1 + h->step % CONTEXTS;

	if (!h->step++)
		contexts_make(h);
	for (uint32_t i = 0; i < 1000; i++)
		names[i] = first + i;
	hostile_data(h, OBJECT_CORNERS, names, sizeof(names));
	blinkMakeCurrent(code, context, 1, 1);
	for (uint32_t i = 0; i < sizeof(makers) / sizeof(*makers); i++)
		makers[i](code, sizeof(names) / 4, blink_at(OBJECT_CORNERS, 0));
	for (uint32_t i = 0; i < sizeof(names) / 4; i++) {
		blinkBindVertexArray(code, names[i]);
		blinkBindTexture(code, GL_TEXTURE_2D, names[i]);
		blinkBindFramebuffer(code, GL_FRAMEBUFFER, names[i]);
		blinkBeginQuery(code, GL_SAMPLES_PASSED, names[i]);
		blinkEndQuery(code, GL_SAMPLES_PASSED);
	}
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* ---- few words, and much to look at ---------------------------------------------------------- */

/* Records that each name as many objects as there are, some thousands of them: what a verifier
 * looks at is a thousand times what it is given. */
static void looking(struct hostile *h)
{
	enum { RECORDS = 2000, NAMES = 60000 };
	static uint32_t names[NAMES];
	struct buf *code = &h->code;

	if (!h->step++) {
		for (uint32_t i = 0; i < NAMES; i++)
			names[i] = i + 1;
		hostile_data(h, OBJECT_CORNERS, names, sizeof(names));
		blink_window(code, SIDE, SIDE);
		hostile_publish(h, OBJECT_INIT, SP_INIT);
	}
	for (uint32_t i = 0; i < RECORDS; i++) {
		if (hostile_below(h, 2))
			blinkDeleteVertexArrays(code, NAMES, blink_at(OBJECT_CORNERS, 0));
		else
			blinkDeleteBuffers(code, NAMES, blink_at(OBJECT_CORNERS, 0));
	}
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

const struct hostile_act hostile_code[] = {
	{ "contexts", "state after state, in eight contexts", contexts, true, 5000, false },
	{ "programs", "programs without end, each drawn with in many states", programs, true, 300000, false },
	{ "shader-flood", "shaders without end, so that nobody else's are tried", flood, true, 1000000, false },
	{ "looking", "few words that name everything there is, over and over", looking, true, 20000, false },
	{ "objects", "objects without contents, as many as there are names", objects, true, 5000, false },
	{ 0 }
};
