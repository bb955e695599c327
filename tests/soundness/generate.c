/* generate.c - programs by the grammar: what a client might send.
 *
 * A procedure is a sequence of items: arithmetic, jumps, window operations, any
 * instruction of the table with operands of its kinds, and records from a palette of
 * those whose order and operands decide safety.  Payloads are chosen by the command's
 * own size rule, so that most are just long enough; some are just too short.
 */
#include <GL/gl.h>
#include <GL/glext.h>
#include <stdio.h>

#include "tests/engine/random_sp.h"
#include "tests/soundness/program.h"

struct line { const char *op; uint32_t word[16]; uint8_t mask; };

#define V PAY_VERTICES
static const struct line palette[] = {
	{ "glVertexPointer", { 3, GL_FLOAT, 0, V, 0 }, 0 },
	{ "glVertexPointer", { 2, GL_FLOAT, 0, V, 8 }, 0 },
	{ "glVertexPointer", { 2, GL_SHORT, 12, PAY_TWO, 0 }, 0 },
	{ "glVertexPointer", { 3, GL_FLOAT, 0, PAY_TWO, 0 }, 0 },
	{ "glVertexPointer", { 3, GL_FLOAT, 0, PAY_LARGE, 0 }, 0 },
	{ "glVertexPointer.buf", { 3, GL_FLOAT, 0, 16, 0 }, 0 },
	{ "glColorPointer", { 4, GL_UNSIGNED_BYTE, 0, V, 0 }, 0 },
	{ "glColorPointer", { GL_BGRA, GL_UNSIGNED_BYTE, 4, PAY_TWO, 0 }, 0 },
	{ "glNormalPointer", { GL_FLOAT, 0, V, 0 }, 0 },
	{ "glNormalPointer", { GL_BYTE, 4, PAY_TWO, 0 }, 0 },
	{ "glTexCoordPointer", { 2, GL_FLOAT, 8, V, 4 }, 0 },
	{ "glTexCoordPointer", { 4, GL_DOUBLE, 0, PAY_LARGE, 0 }, 0 },
	{ "glSecondaryColorPointer", { 3, GL_UNSIGNED_BYTE, 0, V, 0 }, 0 },
	{ "glFogCoordPointer", { GL_FLOAT, 0, V, 0 }, 0 },
	{ "glIndexPointer", { GL_SHORT, 0, V, 0 }, 0 },
	{ "glEdgeFlagPointer", { 0, V, 0 }, 0 },
	{ "glVertexAttribPointer", { 1, 3, GL_FLOAT, 0, 0, PAY_TWO, 0 }, 0 },
	{ "glVertexAttribPointer", { 0, 4, GL_UNSIGNED_INT_2_10_10_10_REV, 1, 0, V, 0 }, 0 },
	{ "glVertexAttribPointer", { 2, 1, GL_HALF_FLOAT, 0, 2, PAY_INDEX16, 0 }, 0 },
	{ "glVertexAttribIPointer", { 1, 2, GL_UNSIGNED_BYTE, 0, PAY_TWO, 0 }, 0 },
	{ "glEnableClientState", { GL_VERTEX_ARRAY }, 0 },
	{ "glEnableClientState", { GL_VERTEX_ARRAY }, 0 },
	{ "glEnableClientState", { GL_COLOR_ARRAY }, 0 },
	{ "glEnableClientState", { GL_TEXTURE_COORD_ARRAY }, 0 },
	{ "glEnableClientState", { GL_NORMAL_ARRAY }, 0 },
	{ "glEnableClientState", { GL_PRIMITIVE_RESTART_NV }, 0 },
	{ "glDisableClientState", { GL_VERTEX_ARRAY }, 0 },
	{ "glDisableClientState", { GL_TEXTURE_COORD_ARRAY }, 0 },
	{ "glEnable", { GL_COLOR_ARRAY }, 0 }, { "glDisable", { GL_VERTEX_ARRAY }, 0 },
	{ "glEnableVertexAttribArray", { 1 }, 0 }, { "glDisableVertexAttribArray", { 1 }, 0 },
	{ "glEnableVertexAttribArray", { 0 }, 0 },
	{ "glVertexAttribDivisor", { 1, 2 }, 0 }, { "glVertexAttribDivisor", { 1, 0 }, 0 },
	{ "glClientActiveTexture", { GL_TEXTURE1 }, 0 },
	{ "glClientActiveTexture", { GL_TEXTURE0 }, 0 },
	{ "glPushClientAttrib", { 2 }, 0 }, { "glPushClientAttrib", { 0xffffffff }, 0 },
	{ "glPushClientAttrib", { 1 }, 0 },
	{ "glPopClientAttrib", { 0 }, 0 }, { "glPopClientAttrib", { 0 }, 0 },
	{ "glBindBuffer", { GL_ARRAY_BUFFER, 1 }, 0 }, { "glBindBuffer", { GL_ARRAY_BUFFER, 0 }, 0 },
	{ "glBindBuffer", { GL_ELEMENT_ARRAY_BUFFER, 1 }, 0 },
	{ "glBindBuffer", { GL_ELEMENT_ARRAY_BUFFER, 0 }, 0 },
	{ "glBindBuffer", { GL_PIXEL_UNPACK_BUFFER, 2 }, 0 },
	{ "glBindBuffer", { GL_PIXEL_UNPACK_BUFFER, 0 }, 0 },
	{ "glBindBuffer", { GL_PIXEL_PACK_BUFFER, 3 }, 0 },
	{ "glBindBufferBase", { GL_UNIFORM_BUFFER, 0, 1 }, 0 },
	{ "glBufferData", { GL_ELEMENT_ARRAY_BUFFER, 8, 0, PAY_INDEX16, 0, GL_STATIC_DRAW }, 0 },
	{ "glBufferData", { GL_ELEMENT_ARRAY_BUFFER, 12, 0, PAY_INDEX32, 0, GL_STREAM_DRAW }, 0 },
	{ "glBufferData", { GL_ARRAY_BUFFER, 64, 0, V, 0, GL_STATIC_DRAW }, 0 },
	{ "glBufferData", { GL_ELEMENT_ARRAY_BUFFER, 8, 0, 0, 0, GL_STATIC_DRAW }, 0 },
	{ "glBufferSubData", { GL_ELEMENT_ARRAY_BUFFER, 0, 0, 4, 0, PAY_INDEX16, 4 }, 0 },
	{ "glBufferSubData", { GL_ELEMENT_ARRAY_BUFFER, 4, 0, 4, 0, PAY_INDEX_HIGH, 4 }, 0 },
	{ "glCopyBufferSubData", { GL_ARRAY_BUFFER, GL_ELEMENT_ARRAY_BUFFER, 0, 0, 0, 0, 8, 0 }, 0 },
	{ "glBufferStorage", { GL_ELEMENT_ARRAY_BUFFER, 8, 0, PAY_INDEX16, 0, 0 }, 0 },
	{ "glDeleteBuffers", { 1, PAY_NAMES, 0 }, 0 }, { "glGenBuffers", { 1, PAY_NAMES, 0 }, 0 },
	{ "glDrawArrays", { 4, 0, 4 }, 0 }, { "glDrawArrays", { 4, 1, 1 }, 0 },
	{ "glDrawArrays", { 0, 0, 2 }, 0 }, { "glDrawArrays", { 5, 0, 5 }, 0 },
	{ "glDrawArrays", { 7, 2, 3 }, 0 }, { "glDrawArrays", { 4, 0, 0 }, 0 },
	{ "glDrawElements", { 4, 4, GL_UNSIGNED_SHORT, PAY_INDEX16, 0 }, 0 },
	{ "glDrawElements", { 4, 3, GL_UNSIGNED_BYTE, PAY_INDEX8, 0 }, 0 },
	{ "glDrawElements", { 1, 6, GL_UNSIGNED_INT, PAY_INDEX32, 0 }, 0 },
	{ "glDrawElements", { 4, 3, GL_UNSIGNED_SHORT, PAY_INDEX_HIGH, 0 }, 0 },
	{ "glDrawElements", { 4, 4, GL_UNSIGNED_SHORT, PAY_RESTART, 0 }, 0 },
	{ "glDrawElements", { 4, 2, GL_UNSIGNED_SHORT, PAY_RESTART_ALL, 0 }, 0 },
	{ "glDrawElements.buf", { 4, 4, GL_UNSIGNED_SHORT, 0, 0 }, 0 },
	{ "glDrawElements.buf", { 4, 2, GL_UNSIGNED_INT, 4, 0 }, 0 },
	{ "glDrawElements.buf", { 4, 2, GL_UNSIGNED_BYTE, 2, 0 }, 0 },
	{ "glDrawRangeElements", { 4, 0, 3, 4, GL_UNSIGNED_SHORT, PAY_INDEX16, 0 }, 0 },
	{ "glDrawElementsBaseVertex", { 4, 2, GL_UNSIGNED_SHORT, PAY_INDEX16, 0, 2 }, 0 },
	{ "glDrawElementsBaseVertex", { 4, 2, GL_UNSIGNED_SHORT, PAY_INDEX16, 2, 0xffffffff }, 0 },
	{ "glDrawArraysInstanced", { 4, 0, 4, 4 }, 0 }, { "glDrawArraysInstanced", { 4, 0, 2, 3 }, 0 },
	{ "glDrawArraysInstancedBaseInstance", { 4, 0, 2, 2, 1 }, 0 },
	{ "glDrawElementsInstanced", { 4, 4, GL_UNSIGNED_SHORT, PAY_INDEX16, 0, 2 }, 0 },
	{ "glLockArraysEXT", { 0, 2 }, 0 }, { "glUnlockArraysEXT", { 0 }, 0 },
	{ "glPrimitiveRestartIndex", { 3 }, 0 }, { "glPrimitiveRestartIndex", { 0xffff }, 0 },
	{ "glEnable", { GL_PRIMITIVE_RESTART }, 0 }, { "glDisable", { GL_PRIMITIVE_RESTART }, 0 },
	{ "glEnable", { GL_PRIMITIVE_RESTART_FIXED_INDEX }, 0 },
	{ "glGenVertexArrays", { 2, PAY_NAMES, 0 }, 0 },
	{ "glDeleteVertexArrays", { 1, PAY_NAMES, 0 }, 0 },
	{ "glBindVertexArray", { 1 }, 0 }, { "glBindVertexArray", { 0 }, 0 },
	{ "blinkContext", { 2, 1, 0, 0 }, 0 }, { "blinkContext", { 3, 0, 0, 0 }, 0 },
	{ "blinkMakeCurrent", { 2, 1, 1 }, 0 }, { "blinkMakeCurrent", { 1, 1, 1 }, 0 },
	{ "blinkMakeCurrent", { 3, 1, 1 }, 0 }, { "blinkMakeCurrent", { 0, 0, 0 }, 0 },
	{ "blinkSwap", { 1 }, 0 }, { "blinkContextDestroy", { 2 }, 0 },
	{ "glNewList", { 1, GL_COMPILE }, 0 }, { "glNewList", { 2, GL_COMPILE_AND_EXECUTE }, 0 },
	{ "glNewList", { 3, GL_COMPILE }, 0 },
	{ "glEndList", { 0 }, 0 }, { "glEndList", { 0 }, 0 }, { "glCallList", { 1 }, 0 },
	{ "glCallList", { 2 }, 0 }, { "glCallList", { 3 }, 0 },
	{ "glCallLists", { 4, GL_UNSIGNED_BYTE, PAY_LISTS, 0 }, 0 }, { "glListBase", { 1 }, 0 },
	{ "glDeleteLists", { 1, 2 }, 0 },
	{ "glBegin", { 4 }, 0 }, { "glEnd", { 0 }, 0 }, { "glEnd", { 0 }, 0 },
	{ "glVertex3f", { 1, 2, 3 }, 7 }, { "glVertex2f", { 0x3f800000, 0x3f800000 }, 0 },
	{ "glColor4f", { 1, 2, 3, 4 }, 15 }, { "glVertexAttrib4f", { 0, 1, 2, 3, 4 }, 0 },
	{ "glPushAttrib", { 0xfffff }, 0 }, { "glPushAttrib", { GL_ENABLE_BIT }, 0 },
	{ "glPushAttrib", { GL_COLOR_BUFFER_BIT }, 0 },
	{ "glPopAttrib", { 0 }, 0 }, { "glPopAttrib", { 0 }, 0 },
	{ "glEnable", { GL_DEPTH_TEST }, 0 }, { "glDisable", { GL_DEPTH_TEST }, 0 },
	{ "glEnable", { GL_STENCIL_TEST }, 0 }, { "glDisable", { GL_STENCIL_TEST }, 0 },
	{ "glEnable", { GL_BLEND }, 0 }, { "glDisable", { GL_BLEND }, 0 },
	{ "glEnablei", { GL_BLEND, 0 }, 0 }, { "glDisablei", { GL_BLEND, 1 }, 0 },
	{ "glEnable", { GL_SCISSOR_TEST }, 0 }, { "glDisable", { GL_SCISSOR_TEST }, 0 },
	{ "glClear", { GL_COLOR_BUFFER_BIT }, 0 },
	{ "glClear", { GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT }, 0 },
	{ "glClear", { 3 }, 1 }, { "glClear", { 0xffffffff }, 0 },
	{ "glColorMask", { 1, 1, 1, 1 }, 0 }, { "glColorMask", { 1, 0, 1, 1 }, 0 },
	{ "glColorMask", { 1, 2, 3, 4 }, 15 }, { "glColorMaski", { 0, 0, 0, 0, 0 }, 0 },
	{ "glDepthMask", { 0 }, 0 }, { "glDepthMask", { 1 }, 0 }, { "glStencilMask", { 0xff }, 0 },
	{ "glStencilMask", { 0x0f }, 0 }, { "glStencilMaskSeparate", { GL_FRONT, 0 }, 0 },
	{ "glDrawBuffer", { GL_NONE }, 0 }, { "glDrawBuffer", { GL_BACK }, 0 },
	{ "glBindFramebuffer", { GL_FRAMEBUFFER, 1 }, 0 },
	{ "glBindFramebuffer", { GL_FRAMEBUFFER, 0 }, 0 },
	{ "glEnable", { GL_RASTERIZER_DISCARD }, 0 }, { "glDisable", { GL_RASTERIZER_DISCARD }, 0 },
	{ "glBeginConditionalRender", { 1, GL_QUERY_WAIT }, 0 },
	{ "glEndConditionalRender", { 0 }, 0 },
	{ "glBeginQuery", { GL_SAMPLES_PASSED, 1 }, 0 },
	{ "glEnable", { GL_POLYGON_STIPPLE }, 0 }, { "glDisable", { GL_POLYGON_STIPPLE }, 0 },
	{ "glEnable", { GL_FRAGMENT_PROGRAM_ARB }, 0 }, { "glUseProgram", { 0 }, 0 },
	{ "glScissor", { 1, 2, 3, 4 }, 15 }, { "glViewport", { 0, 0, 64, 64 }, 0 },
	{ "glMatrixMode", { GL_MODELVIEW }, 0 }, { "glPushMatrix", { 0 }, 0 },
	{ "glPopMatrix", { 0 }, 0 }, { "glLoadIdentity", { 0 }, 0 },
	{ "glRotatef", { 5, 6, 7, 8 }, 15 }, { "glMatrixMode", { GL_PROJECTION }, 0 },
	{ "glActiveTexture", { GL_TEXTURE1 }, 0 }, { "glBindTexture", { GL_TEXTURE_2D, 1 }, 0 },
	{ "glTexImage2D", { GL_TEXTURE_2D, 0, GL_RGBA, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, V, 8 }, 0 },
	{ "glTexEnvi", { GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, GL_REPLACE }, 0 },
	{ "glTexParameteri", { GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR }, 0 },
	{ "glCreateShader", { GL_VERTEX_SHADER, 1 }, 0 }, { "glCreateProgram", { 2 }, 0 },
	{ "glShaderSource", { 1, 4, PAY_STRING, 0 }, 0 }, { "glAttachShader", { 2, 1 }, 0 },
	{ "glGetUniformLocation", { 2, PAY_STRING, 0, 0, 1 }, 0 },
	{ "glGetUniformLocation", { 2, PAY_STRINGS, 2, 3, 1 }, 0 },
	{ "glLinkProgram", { 2 }, 0 }, { "glUseProgram", { 2 }, 0 }, { "glUniform1f", { 1, 4 }, 2 },
	{ "glGetAttribLocation", { 2, PAY_STRING, 0, 0, 3 }, 0 },
	{ "glTexSubImage2D", { GL_TEXTURE_2D, 0, 0, 0, 2, 1, GL_RGBA, GL_UNSIGNED_BYTE, V, 0 }, 0 },
	{ "glTexImage2D", { GL_TEXTURE_2D, 1, GL_RGBA, 1, 1, 0, GL_RGBA, GL_UNSIGNED_BYTE, V, 0 }, 0 },
	{ "glTexImage3D", { GL_TEXTURE_3D, 0, GL_RGBA, 2, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, V, 0 }, 0 },
	{ "glTexSubImage3D", { GL_TEXTURE_3D, 0, 0, 0, 0, 1, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, V, 0 }, 0 },
	{ "glCopyTexSubImage2D", { GL_TEXTURE_2D, 0, 0, 0, 0, 0, 2, 2 }, 0 },
	{ "glCopyTexImage2D", { GL_TEXTURE_2D, 0, GL_RGBA, 0, 0, 4, 4, 0 }, 0 },
	{ "glGenerateMipmap", { GL_TEXTURE_2D }, 0 }, { "glEnable", { GL_TEXTURE_2D }, 0 },
	{ "glTexParameteri", { GL_TEXTURE_2D, GL_TEXTURE_BASE_LEVEL, 1 }, 0 },
	{ "glTexParameteri", { GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 4 }, 0 },
	{ "glBufferData", { GL_PIXEL_UNPACK_BUFFER, 64, 0, V, 0, GL_STATIC_DRAW }, 0 },
	{ "glBufferSubData", { GL_ARRAY_BUFFER, 8, 0, 8, 0, V, 0 }, 0 },
	{ "glTexImage2D.buf", { GL_TEXTURE_2D, 0, GL_RGBA, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, 0, 0,
				0, 0, 4 }, 0 },
	{ "glTexSubImage2D.buf", { GL_TEXTURE_2D, 0, 0, 0, 2, 2, GL_RGBA, GL_UNSIGNED_BYTE, 16, 0,
				   0, 0, 4 }, 0 },
	{ "glReadPixels.buf", { 0, 0, 2, 2, GL_RGBA, GL_UNSIGNED_BYTE, 0, 0, 0, 0, 4 }, 0 },
	{ "glBufferData", { GL_PIXEL_PACK_BUFFER, 64, 0, V, 0, GL_STREAM_READ }, 0 },
	{ "glDrawPixels", { 2, 2, GL_RGBA, GL_UNSIGNED_BYTE, V, 0 }, 0 },
	{ "glCopyPixels", { 0, 0, 4, 4, GL_COLOR }, 0 },
	{ "glBlitFramebuffer", { 0, 0, 4, 4, 1, 1, 9, 9, GL_COLOR_BUFFER_BIT, GL_NEAREST }, 0 },
	{ "glFramebufferTexture2D", { GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, 1, 0 }, 0 },
	{ "glFramebufferRenderbuffer", { GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, 1 }, 0 },
	{ "glBindRenderbuffer", { GL_RENDERBUFFER, 1 }, 0 },
	{ "glRenderbufferStorage", { GL_RENDERBUFFER, GL_DEPTH_COMPONENT24, 8, 8 }, 0 },
	{ "glDeleteFramebuffers", { 1, PAY_NAMES, 0 }, 0 }, { "glDeleteTextures", { 1, PAY_NAMES, 0 }, 0 },
	{ "glDeleteRenderbuffers", { 1, PAY_NAMES, 0 }, 0 },
	{ "glEndQuery", { GL_SAMPLES_PASSED }, 0 }, { "glDeleteQueries", { 1, PAY_NAMES, 0 }, 0 },
	{ "glBeginQuery", { GL_PRIMITIVES_GENERATED, 2 }, 0 },
	{ "glBeginTransformFeedback", { GL_TRIANGLES }, 0 }, { "glEndTransformFeedback", { 0 }, 0 },
	{ "glBindBufferBase", { GL_TRANSFORM_FEEDBACK_BUFFER, 0, 2 }, 0 },
	{ "glBindBufferRange", { GL_UNIFORM_BUFFER, 0, 1, 0, 0, 16, 0 }, 0 },
	{ "glTexBuffer", { GL_TEXTURE_BUFFER, GL_R8, 1 }, 0 },
	{ "glBindTexture", { GL_TEXTURE_BUFFER, 2 }, 0 }, { "glBindTexture", { GL_TEXTURE_3D, 3 }, 0 },
	{ "glMap1f", { GL_MAP1_VERTEX_3, 0, 0x3f800000, 3, 4, V, 0 }, 0 },
	{ "glEnable", { GL_MAP1_VERTEX_3 }, 0 }, { "glMapGrid1f", { 4, 0, 0x3f800000 }, 0 },
	{ "glEvalMesh1", { GL_LINE, 0, 4 }, 0 }, { "glEvalCoord1f", { 0x3f000000 }, 0 },
	{ "glRectf", { 0, 0, 0x3f800000, 0x3f800000 }, 0 },
	{ "glBitmap", { 8, 8, 0, 0, 0, 0, PAY_BYTES, 0 }, 0 }, { "glRasterPos2f", { 0, 0 }, 0 },
	{ "glLightfv", { GL_LIGHT0, GL_POSITION, V, 0 }, 0 }, { "glEnable", { GL_LIGHTING }, 0 },
	{ "glMaterialfv", { GL_FRONT, GL_SHININESS, V, 60 }, 0 }, { "glNormal3f", { 0, 0, 0 }, 0 },
	{ "glTexCoord2f", { 0, 0 }, 0 }, { "glFogfv", { GL_FOG_DENSITY, V, 60 }, 0 },
	{ "glLightModelfv", { GL_LIGHT_MODEL_TWO_SIDE, V, 60 }, 0 },
	{ "glAccum", { GL_LOAD, 0x3f800000 }, 0 }, { "glPolygonMode", { GL_FRONT_AND_BACK, GL_LINE }, 0 },
	{ "glLineStipple", { 1, 0x5555 }, 0 }, { "glEnable", { GL_LINE_STIPPLE }, 0 },
	{ "glPointSize", { 0x41000000 }, 0 }, { "glLineWidth", { 0x41000000 }, 0 },
	{ "glClipPlane", { GL_CLIP_PLANE0, V, 0 }, 0 },
	{ "glEnable", { GL_CLIP_PLANE0 }, 0 }, { "glFrontFace", { GL_CW }, 0 },
	{ "jump.eq.i", { 1, 2, 0 }, 0 }, { "jump.lt.i", { 3, 4, 0 }, 3 }, { "jump", { 0 }, 0 },
	{ "jump.lt.f", { 3, 4, 0 }, 3 }, { "mov", { 1, 1 }, 0 }, { "ext", { 2, SP_EXT_TIME }, 0 },
	{ "yield", { 0 }, 0 },
};
#define PALETTE (sizeof(palette) / sizeof(*palette))
static uint16_t palette_op[PALETTE];

static void palette_find(void)
{
	if (palette_op[0])
		return;
	for (size_t i = 0; i < PALETTE; i++) {
		palette_op[i] = (uint16_t)gl_op_find(palette[i].op);
		if (palette_op[i] >= GL_OP_COUNT) {
			fprintf(stderr, "there is no instruction %s\n", palette[i].op);
			abort();
		}
	}
}

struct generator {
	struct dice *d;
	struct random enums;        /* random_sp.h's choices of enums and values */
	struct program_sp *sp;
	uint32_t id;
	uint32_t starts[PROGRAM_WORDS], nstarts;
};

static uint32_t below(struct generator *g, uint32_t n) { return dice_below(g->d, n); }

/* ---- operands ------------------------------------------------------------------- */

static uint32_t count_choose(struct generator *g)
{
	static const uint32_t odd[] = { 0, 1, 2, 3, 4, 7, 8, 16, 31, 64, 0x7fffffff, 0x80000000,
					0xffffffff, 0x10000, 0x40000001 };

	return below(g, 6) ? below(g, 6) : odd[below(g, sizeof(odd) / sizeof(*odd))];
}

static void operand_choose(struct generator *g, const struct gl_operand *o, uint32_t *w)
{
	switch (o->kind) {
	case GL_KIND_INT: case GL_KIND_UINT:
		w[0] = o->param == 0xff ? random_value(&g->enums) : count_choose(g);
		return;
	case GL_KIND_FLOAT: w[0] = random_value(&g->enums); return;
	case GL_KIND_DOUBLE:
		w[0] = random_value(&g->enums);
		w[1] = random_value(&g->enums);
		return;
	case GL_KIND_INT64: case GL_KIND_UINT64: case GL_KIND_OFFSET:
		w[0] = count_choose(g) * (below(g, 2) ? 4 : 1);
		w[1] = below(g, 40) ? 0 : below(g, 2) ? 1 : 0xffffffff;
		return;
	case GL_KIND_BOOL: w[0] = below(g, 2); return;
	case GL_KIND_ENUM: w[0] = random_enum(&g->enums, o->group); return;
	case GL_KIND_BITS: w[0] = below(g, 3) ? 1u << below(g, 20) : dice_u32(g->d); return;
	case GL_KIND_NAME: w[0] = below(g, 30) ? below(g, 4) : below(g, PROGRAM_NAMES + 2); return;
	case GL_KIND_LOCATION:
		w[0] = below(g, 30) ? below(g, PROGRAM_SLOTS + 1) : PROGRAM_SLOTS + 1;
		return;
	case GL_KIND_DST: w[0] = below(g, SP_REGISTERS); return;
	case GL_KIND_SP: w[0] = g->id && below(g, 50) ? below(g, g->id) : g->id; return;
	case GL_KIND_EXTERN: w[0] = below(g, SP_EXTERNS + !below(g, 50)); return;
	}
}

/* A payload of at least so many bytes, mostly; where it ends just there, often. */
static void payload_choose(struct generator *g, uint64_t need, uint32_t *w)
{
	w[0] = 1 + below(g, PAY_COUNT - 1);
	for (unsigned tries = 0; tries < 12; tries++) {
		if (program_payloads.v[w[0]].size >= need && w[0] != PAY_ABSENT)
			break;
		w[0] = 1 + below(g, PAY_COUNT - 1);
	}
	w[1] = 0;
	if (need <= program_payloads.v[w[0]].size && !below(g, 3))
		w[1] = program_payloads.v[w[0]].size - (uint32_t)need;
	else if (!below(g, 8))
		w[1] = count_choose(g);
	if (!below(g, 40))
		w[1]++;
}

static void payload_operand(struct generator *g, uint32_t *rec, unsigned i)
{
	const struct gl_operand *o = &gl_ops[sp_opcode(*rec)].operands[i];
	uint32_t *w = rec + o->word;
	uint64_t need = 0;

	w[0] = w[1] = 0;
	if (o->nullable && !below(g, 4))
		return;
	switch (o->size_rule) {
	case GL_SIZE_STRING: w[0] = PAY_STRING + below(g, 2) + !below(g, 30); return;
	case GL_SIZE_STRINGS: w[0] = below(g, 30) ? PAY_STRINGS : PAY_OPEN; return;
	}
	if (o->space != GL_SPACE_NONE && below(g, 20)) {
		w[0] = PAY_NAMES + below(g, 2) + !below(g, 20);
		return;
	}
	gl_payload_size(rec, i, &need);
	payload_choose(g, need, w);
}

/* ---- records -------------------------------------------------------------------- */

static uint32_t *record_room(struct generator *g, unsigned op, unsigned mask)
{
	struct program_sp *sp = g->sp;
	uint32_t *rec = sp->words + sp->n;

	if (sp->n + gl_ops[op].words + 1 > PROGRAM_WORDS)
		return NULL;
	g->starts[g->nstarts++] = sp->n;
	sp->n += gl_ops[op].words;
	rec[0] = sp_header(op, mask);
	return rec;
}

/* Operands that a form reads in its own way. */
static void form_operands(struct generator *g, uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct gl_operand *o = op->operands;
	unsigned n = op->noperands;

	if (op->form == GL_FORM_LOCATE) {
		rec[o[2].word] = below(g, 3);
		rec[o[3].word] = below(g, PROGRAM_SLOTS + 1);
	} else if (sp_opcode(*rec) == OP_call) {
		rec[o[1].word] = below(g, SP_REGISTERS);
		rec[o[2].word] = below(g, SP_REGISTERS - rec[o[1].word] + 1) + !below(g, 50);
	} else if (op->form == GL_FORM_UNPACK_BUF || op->form == GL_FORM_PACK_BUF) {
		rec[o[n - 1].word] = 1u << below(g, 4) | (below(g, 4) ? 0 : below(g, 64));
	}
}

static void record_make(struct generator *g, unsigned op)
{
	const struct gl_op *row = &gl_ops[op];
	bool registers = below(g, 2);
	unsigned mask = 0;
	uint32_t *rec = record_room(g, op, 0);

	if (!rec)
		return;
	for (unsigned i = 0; i < row->noperands; i++) {
		const struct gl_operand *o = &row->operands[i];

		if (registers && o->reg_ok && below(g, 2)) {
			mask |= 1u << i;
			rec[o->word] = below(g, SP_REGISTERS);
		} else {
			operand_choose(g, o, rec + o->word);
		}
	}
	if (!below(g, 100) && row->noperands)
		mask |= 1u << below(g, row->noperands);
	rec[0] = sp_header(op, 0);
	form_operands(g, rec);
	/* counts feed sizes: where none fits, small ones are tried */
	for (unsigned i = 0; i < row->noperands; i++)
		if (row->operands[i].kind == GL_KIND_PAYLOAD)
			payload_operand(g, rec, i);
	rec[0] = sp_header(op, mask);
}

static void palette_record(struct generator *g)
{
	static const uint32_t values[] = { 0, 1, 2, 3, 4, 5, 6, 8, 12, 24, 48, 0xffff,
		0x7ffffffc, 0x7fffffff, 0x80000000, 0xffffffff, GL_UNSIGNED_INT, GL_UNSIGNED_BYTE, GL_SHORT, GL_DOUBLE,
		GL_TEXTURE_COORD_ARRAY, PAY_LARGE, PAY_RESTART };
	unsigned i = below(g, PALETTE);
	uint32_t *rec = record_room(g, palette_op[i], palette[i].mask);
	unsigned words = gl_ops[palette_op[i]].words;

	if (!rec)
		return;
	memcpy(rec + 1, palette[i].word, (words - 1) * sizeof(*rec));
	if (words > 1 && !below(g, 3))
		rec[1 + below(g, words - 1)] = values[below(g, sizeof(values) / sizeof(*values))];
}

/* The same header again, with other operands. */
static void record_again(struct generator *g, uint32_t start)
{
	uint32_t header = g->sp->words[start], *rec;
	const struct gl_op *row = &gl_ops[sp_opcode(header)];

	rec = record_room(g, sp_opcode(header), sp_mask(header));
	if (!rec)
		return;
	memcpy(rec + 1, g->sp->words + start + 1, (row->words - 1u) * sizeof(*rec));
	for (unsigned i = 0; i < row->noperands; i++) {
		const struct gl_operand *o = &row->operands[i];

		if (o->kind == GL_KIND_PAYLOAD || o->kind == GL_KIND_LABEL || below(g, 2))
			continue;
		if (sp_mask(header) >> i & 1)
			rec[o->word] = below(g, SP_REGISTERS + !below(g, 400));
		else
			operand_choose(g, o, rec + o->word);
	}
}

/* A few records, round after round: what loops are made of; and further on once more, which
 * makes rounds that are called. */
static void stretch(struct generator *g)
{
	uint32_t first = g->nstarts, n = 1 + below(g, 4), rounds = 2 + below(g, 20);

	for (uint32_t i = 0; i < n; i++)
		record_make(g, below(g, 2) ? below(g, OP_ext + 1u) : below(g, GL_OP_COUNT));
	n = g->nstarts - first;
	for (unsigned times = 1 + below(g, 3); times; times--) {
		for (; n && rounds; rounds--)
			for (uint32_t i = 0; i < n; i++)
				record_again(g, g->starts[first + i]);
		rounds = 4 + below(g, 30);
		if (times > 1)
			record_make(g, below(g, OP_ext + 1u));
	}
}

/* What was there before, once more: a piece of a frame. */
static void piece(struct generator *g)
{
	uint32_t n = g->nstarts, from = n ? below(g, n) : 0, len = 1 + below(g, 12);

	for (uint32_t i = from; i < n && len; i++, len--)
		if (!below(g, 6)) {
			record_again(g, g->starts[i]);
		} else {
			uint32_t header = g->sp->words[g->starts[i]];
			uint32_t *rec = record_room(g, sp_opcode(header), sp_mask(header));

			if (rec)
				memcpy(rec, g->sp->words + g->starts[i],
				       gl_ops[sp_opcode(header)].words * 4u);
		}
}

static void item(struct generator *g)
{
	uint32_t kind = below(g, 44);

	if (kind < 22)
		palette_record(g);
	else if (kind < 31)
		record_make(g, below(g, OP_ext + 1u));
	else if (kind < 39)
		record_make(g, below(g, GL_OP_COUNT));
	else if (kind < 40)
		stretch(g);
	else
		piece(g);
}

/* Jumps go where the grammar says: forward, to a record. */
static void labels_set(struct generator *g)
{
	for (uint32_t i = 0; i + 1 < g->nstarts; i++) {
		uint32_t *rec = g->sp->words + g->starts[i], left = g->nstarts - 1 - i;
		const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
		uint32_t skip = left > 6 && below(g, 4) ? 6 : left;

		if (op->noperands && op->operands[op->noperands - 1].kind == GL_KIND_LABEL)
			rec[op->operands[op->noperands - 1].word] =
				g->starts[i + 1 + below(g, skip)] - g->starts[i] - op->words;
	}
}

static void contexts_make(struct generator *g)
{
	uint32_t *rec = record_room(g, OP_blinkContext, 0);

	memcpy(rec + 1, (const uint32_t[4]){ 1, 0, 0, 0 }, 16);
	rec = record_room(g, OP_blinkMakeCurrent, 0);
	memcpy(rec + 1, (const uint32_t[3]){ 1, 1, 1 }, 12);
}

static void sp_make(struct generator *g, uint32_t id)
{
	uint32_t items = 1 + below(g, below(g, 4) ? 24 : 80);

	g->id = id;
	g->nstarts = g->sp->n = 0;
	g->sp->callback = (uint8_t)(below(g, 8) ? (id && below(g, 2) ? SP_REDRAW : SP_INIT)
						: below(g, SP_CALLBACKS));
	if (id == 0 && below(g, 30)) {
		g->sp->callback = SP_INIT;
		contexts_make(g);
	}
	while (items--)
		item(g);
	if (below(g, 100))
		record_room(g, OP_end, 0);
	labels_set(g);
}

/* The next frame: the same records, some with other operands, or in other places. */
static void sp_again(struct generator *g, const struct program_sp *last)
{
	const uint32_t *r = last->words, *end = last->words + last->n;
	bool bad;

	*g->sp = *last;
	g->nstarts = 0;
	for (; (r = sp_next(r, end, &bad)); r += sp_words(r))
		g->starts[g->nstarts++] = (uint32_t)(r - last->words);
	for (uint32_t n = below(g, 6); n && g->nstarts; n--) {
		uint32_t *rec = g->sp->words + g->starts[below(g, g->nstarts)];
		const struct gl_op *row = &gl_ops[sp_opcode(*rec)];
		unsigned i = row->noperands ? below(g, row->noperands) : 0;

		if (!row->noperands || row->operands[i].kind == GL_KIND_LABEL)
			continue;
		if (row->operands[i].kind == GL_KIND_PAYLOAD) {
			uint32_t mask = sp_mask(*rec);

			*rec = sp_opcode(*rec);
			payload_operand(g, rec, i);
			*rec = sp_header(sp_opcode(*rec), mask);
		} else if (sp_mask(*rec) >> i & 1) {
			rec[row->operands[i].word] = below(g, SP_REGISTERS);
		} else {
			operand_choose(g, &row->operands[i], rec + row->operands[i].word);
		}
	}
	if (!below(g, 3) && g->nstarts > 3) {
		uint32_t at = g->starts[below(g, g->nstarts - 1)];

		program_cut(g->sp, at, gl_ops[sp_opcode(g->sp->words[at])].words);
	}
}

void generate(struct program *p, struct dice *d)
{
	struct generator g = { .d = d, .enums = { .state = dice_u32(d) } };
	bool frames;

	palette_find();
	p->nsps = 1 + dice_below(d, dice_below(d, 4) ? 3 : PROGRAM_SPS);
	p->strict = !dice_below(d, 10);
	frames = dice_below(d, 3) == 0;
	for (uint32_t i = 0; i < p->nsps; i++) {
		g.sp = &p->sp[i];
		g.id = i;
		if (i > 1 && frames)
			sp_again(&g, &p->sp[i - 1]);
		else
			sp_make(&g, i);
	}
}
