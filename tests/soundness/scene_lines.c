/* scene_lines.c - the parts of scenes: what is set up, and what is done with it. */
#include <GL/gl.h>
#include <GL/glext.h>

#include "tests/soundness/program.h"
#include "tests/soundness/scene.h"

#define T SC_TARGET
#define N SC_NAME
#define W SC_WIDTH
#define H SC_HEIGHT
#define D SC_DEPTH
#define L SC_LEVEL
#define PAY R, R

/* ---- textures ------------------------------------------------------------------------ */

#define PARAMETERS \
	{ OP_glTexParameteri, 6, { T, GL_TEXTURE_MIN_FILTER, R } }, \
	{ OP_glTexParameteri, 4, { T, GL_TEXTURE_MAG_FILTER, R } }, \
	{ OP_glTexParameteri, 3, { T, GL_TEXTURE_WRAP_S, R } }, \
	{ OP_glTexParameteri, 3, { T, GL_TEXTURE_WRAP_T, R } }, \
	{ OP_glTexParameteri, 2, { T, GL_TEXTURE_WRAP_R, R } }, \
	{ OP_glTexParameteri, 2, { T, GL_TEXTURE_BASE_LEVEL, L } }, \
	{ OP_glTexParameteri, 2, { T, GL_TEXTURE_MAX_LEVEL, L } }, \
	{ OP_glTexParameterf, 2, { T, GL_TEXTURE_LOD_BIAS, R } }, \
	{ OP_glTexParameterf, 2, { T, GL_TEXTURE_MIN_LOD, R } }, \
	{ OP_glTexParameterf, 1, { T, GL_TEXTURE_MAX_LOD, R } }, \
	{ OP_glTexParameteri, 2, { T, GL_TEXTURE_COMPARE_MODE, GL_COMPARE_REF_TO_TEXTURE } }, \
	{ OP_glTexParameteri, 1, { T, GL_GENERATE_MIPMAP, 1 } }, \
	{ OP_glTexParameteri, 1, { T, R, R } }, { OP_glTexParameterf, 1, { T, R, R } }, \
	{ OP_glTexParameterfv, 1, { T, R, PAY } }, { OP_glTexParameterIiv, 1, { T, R, PAY } }, \
	{ OP_glTexParameterIuiv, 1, { T, R, PAY } }, { OP_glTexParameteriv, 1, { T, R, PAY } }
#define BEGUN { OP_glActiveTexture, 3, { SC_UNIT } }, { OP_glBindTexture, 8, { T, N } }
#define USED { OP_glGenerateMipmap, 2, { T } }, { OP_glEnable, 5, { T } }, PARAMETERS, \
	{ OP_glBindSampler, 1, { R, R } }, { OP_glTexEnvi, 2, { GL_TEXTURE_ENV, R, R } }, \
	{ OP_glClearTexImage, 1, { N, L, SC_FORMAT, SC_TYPE, PAY } }, \
	{ OP_glTextureView, 1, { R, T, N, SC_INTERNAL, R, R, R, R } }

static const struct scene_line texture1[] = {
	BEGUN,
	{ OP_glTexStorage1D, 1, { T, R, SC_INTERNAL, W } },
	{ OP_glTexImage1D, 7, { SC_IMAGE, 0, SC_INTERNAL, W, 0, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexImage1D, 3, { SC_IMAGE, L, SC_INTERNAL, R, 0, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexImage1D_buf, 2, { SC_IMAGE, L, SC_INTERNAL, W, R, SC_FORMAT, SC_TYPE, R, R, R, R, 4 } },
	{ OP_glTexSubImage1D, 4, { SC_IMAGE, L, R, R, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexSubImage1D_buf, 2, { SC_IMAGE, L, R, R, SC_FORMAT, SC_TYPE, R, R, R, R, 4 } },
	{ OP_glCopyTexImage1D, 2, { SC_IMAGE, L, SC_INTERNAL, R, R, W, R } },
	{ OP_glCopyTexSubImage1D, 2, { SC_IMAGE, L, R, R, R, R } },
	{ OP_glCompressedTexImage1D, 1, { SC_IMAGE, L, R, W, 0, R, PAY } },
	{ OP_glCompressedTexSubImage1D, 1, { SC_IMAGE, L, R, R, R, R, PAY } },
	USED,
};
static const struct scene_line texture2[] = {
	BEGUN,
	{ OP_glTexStorage2D, 1, { T, R, SC_INTERNAL, W, H } },
	{ OP_glTexImage2D, 7, { SC_IMAGE, 0, SC_INTERNAL, W, H, 0, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexImage2D, 4, { SC_IMAGE, L, SC_INTERNAL, R, R, 0, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexImage2D, 1, { R, L, SC_INTERNAL, R, R, R, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexImage2D_buf, 2, { SC_IMAGE, L, SC_INTERNAL, W, H, 0, SC_FORMAT, SC_TYPE, R, R, R, R, 4 } },
	{ OP_glTexSubImage2D, 4, { SC_IMAGE, L, R, R, R, R, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexSubImage2D_buf, 3, { SC_IMAGE, L, R, R, R, R, SC_FORMAT, SC_TYPE, R, R, R, R, 4 } },
	{ OP_glCopyTexImage2D, 2, { SC_IMAGE, L, SC_INTERNAL, R, R, W, H, R } },
	{ OP_glCopyTexSubImage2D, 3, { SC_IMAGE, L, R, R, R, R, R, R } },
	{ OP_glCompressedTexImage2D, 2, { SC_IMAGE, L, R, W, H, 0, R, PAY } },
	{ OP_glCompressedTexImage2D, 2, { SC_IMAGE, 0, GL_COMPRESSED_RGBA_S3TC_DXT5_EXT, 8, 8, 0, 64, PAY } },
	{ OP_glCompressedTexSubImage2D, 2, { SC_IMAGE, L, R, R, R, R, GL_COMPRESSED_RGBA_S3TC_DXT5_EXT, R, PAY } },
	{ OP_glClearTexSubImage, 1, { N, L, R, R, R, R, R, R, SC_FORMAT, SC_TYPE, PAY } },
	USED,
};
static const struct scene_line texture3[] = {
	BEGUN,
	{ OP_glTexStorage3D, 1, { T, R, SC_INTERNAL, W, H, D } },
	{ OP_glTexImage3D, 7, { T, 0, SC_INTERNAL, W, H, D, 0, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexImage3D, 4, { T, L, SC_INTERNAL, R, R, R, 0, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexImage3D_buf, 2, { T, L, SC_INTERNAL, W, H, D, 0, SC_FORMAT, SC_TYPE, R, R, R, R, 4 } },
	{ OP_glTexSubImage3D, 5, { T, L, R, R, R, R, R, R, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexSubImage3D_buf, 3, { T, L, R, R, R, R, R, R, SC_FORMAT, SC_TYPE, R, R, R, R, 4 } },
	{ OP_glCopyTexSubImage3D, 3, { T, L, R, R, R, R, R, R, R } },
	{ OP_glCompressedTexImage3D, 2, { T, L, R, W, H, D, 0, R, PAY } },
	{ OP_glCompressedTexSubImage3D, 2, { T, L, R, R, R, R, R, R, R, R, PAY } },
	{ OP_glClearTexSubImage, 2, { N, L, R, R, R, R, R, R, SC_FORMAT, SC_TYPE, PAY } },
	USED,
};
static const struct scene_line samples[] = {
	BEGUN,
	{ OP_glTexImage2DMultisample, 5, { T, R, SC_INTERNAL, W, H, R } },
	{ OP_glTexImage3DMultisample, 5, { T, R, SC_INTERNAL, W, H, D, R } },
	{ OP_glTexStorage2DMultisample, 1, { T, R, SC_INTERNAL, W, H, R } },
	{ OP_glTexStorage3DMultisample, 1, { T, R, SC_INTERNAL, W, H, D, R } },
	{ OP_glTexParameteri, 2, { T, R, R } }, { OP_glSampleMaski, 2, { R, R } },
	{ OP_glMinSampleShading, 2, { R } }, { OP_glSampleCoverage, 2, { R, R } },
	{ OP_glTextureView, 1, { R, T, N, SC_INTERNAL, R, R, R, R } },
};
static const struct scene_line texture_buffer[] = {
	{ OP_glBindBuffer, 6, { GL_TEXTURE_BUFFER, SC_BUFFER_NAME } },
	{ OP_glBufferData, 6, { GL_TEXTURE_BUFFER, R, 0, PAY, R } },
	{ OP_glBindTexture, 8, { GL_TEXTURE_BUFFER, 9 } },
	{ OP_glTexBuffer, 7, { GL_TEXTURE_BUFFER, SC_INTERNAL, SC_BUFFER_NAME } },
	{ OP_glTexBufferRange, 4, { GL_TEXTURE_BUFFER, SC_INTERNAL, SC_BUFFER_NAME, R, R, R, R } },
	{ OP_glBindImageTexture, 2, { R, 9, 0, 0, 0, GL_READ_WRITE, SC_INTERNAL } },
	{ OP_glBufferData, 3, { GL_TEXTURE_BUFFER, R, 0, 0, 0, R } },
};
static const struct scene_line samplers[] = {
	{ OP_glGenSamplers, 5, { 3, PAY_NAMES, 0 } }, { OP_glBindSampler, 7, { SC_COUNT, R } },
	{ OP_glSamplerParameteri, 4, { R, R, R } }, { OP_glSamplerParameterf, 4, { R, R, R } },
	{ OP_glSamplerParameteri, 4, { R, GL_TEXTURE_MIN_FILTER, R } },
	{ OP_glSamplerParameteri, 4, { R, GL_TEXTURE_WRAP_S, R } },
	{ OP_glSamplerParameterfv, 3, { R, R, PAY } }, { OP_glSamplerParameterIiv, 2, { R, R, PAY } },
	{ OP_glSamplerParameterIuiv, 2, { R, R, PAY } }, { OP_glSamplerParameteriv, 2, { R, R, PAY } },
	{ OP_glBindTextures, 1, { R, 3, PAY_NAMES, 0 } }, { OP_glBindImageTexture, 1, { R, R, R, R, R, R, R } },
	{ OP_glBindImageTextures, 1, { R, 3, PAY_NAMES, 0 } }, { OP_glDeleteSamplers, 1, { 2, PAY_NAMES, 0 } },
};

/* ---- buffers and arrays --------------------------------------------------------------- */

static const struct scene_line buffers[] = {
	{ OP_glBindBuffer, 8, { SC_BUFFER, SC_BUFFER_NAME } },
	{ OP_glBufferData, 7, { SC_BUFFER, R, 0, PAY, R } },
	{ OP_glBufferStorage, 1, { SC_BUFFER, R, 0, PAY, R } },
	{ OP_glBufferSubData, 3, { SC_BUFFER, R, 0, R, 0, PAY } },
	{ OP_glClearBufferData, 2, { SC_BUFFER, SC_INTERNAL, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glClearBufferSubData, 2, { SC_BUFFER, SC_INTERNAL, R, R, R, R, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glCopyBufferSubData, 2, { R, SC_BUFFER, R, R, R, R, R, R } },
	{ OP_glBindBufferBase, 4, { R, R, SC_BUFFER_NAME } },
	{ OP_glBindBufferRange, 3, { R, R, SC_BUFFER_NAME, R, R, R, R } },
	{ OP_glBindBufferOffsetEXT, 1, { GL_TRANSFORM_FEEDBACK_BUFFER, R, R, R, 0 } },
	{ OP_glBindBuffer, 3, { SC_BUFFER, 0 } },
	{ OP_glDeleteBuffers, 1, { R, PAY } }, { OP_glGenBuffers, 1, { 3, PAY_NAMES, 0 } },
};
#define ARRAYS(suffix, ...) \
	{ OP_glVertexPointer##suffix, 5, { R, R, R, __VA_ARGS__ } }, \
	{ OP_glColorPointer##suffix, 4, { R, R, R, __VA_ARGS__ } }, \
	{ OP_glNormalPointer##suffix, 3, { R, R, __VA_ARGS__ } }, \
	{ OP_glTexCoordPointer##suffix, 4, { R, R, R, __VA_ARGS__ } }, \
	{ OP_glSecondaryColorPointer##suffix, 2, { 3, R, R, __VA_ARGS__ } }, \
	{ OP_glFogCoordPointer##suffix, 2, { R, R, __VA_ARGS__ } }, \
	{ OP_glIndexPointer##suffix, 2, { R, R, __VA_ARGS__ } }, \
	{ OP_glEdgeFlagPointer##suffix, 2, { R, __VA_ARGS__ } }, \
	{ OP_glVertexAttribPointer##suffix, 4, { SC_ATTRIB, R, R, R, R, __VA_ARGS__ } }, \
	{ OP_glVertexAttribPointer##suffix, 4, { 0, 4, GL_FLOAT, 0, 0, __VA_ARGS__ } }, \
	{ OP_glVertexAttribIPointer##suffix, 3, { R, R, R, R, __VA_ARGS__ } }, \
	{ OP_glVertexAttribLPointer##suffix, 1, { R, R, GL_DOUBLE, R, __VA_ARGS__ } }
#define ENABLED \
	{ OP_glEnableClientState, 6, { GL_VERTEX_ARRAY } }, { OP_glEnableClientState, 3, { R } }, \
	{ OP_glEnableClientState, 2, { R } }, { OP_glEnableVertexAttribArray, 5, { SC_ATTRIB } }, \
	{ OP_glEnableVertexAttribArray, 3, { R } }, { OP_glVertexAttribDivisor, 2, { SC_ATTRIB, R } }, \
	{ OP_glVertexBindingDivisor, 1, { R, R } }, { OP_glVertexAttribBinding, 1, { R, R } }, \
	{ OP_glVertexAttribFormat, 1, { SC_ATTRIB, R, R, R, R } }, \
	{ OP_glVertexAttribIFormat, 1, { R, R, R, R } }, { OP_glVertexAttribLFormat, 1, { R, R, R, R } }, \
	{ OP_glBindVertexBuffer, 1, { R, SC_BUFFER_NAME, R, 0, R } }, \
	{ OP_glLockArraysEXT, 1, { R, R } }, { OP_glClientActiveTexture, 2, { SC_UNIT } }, \
	{ OP_glPrimitiveRestartIndex, 1, { R } }, { OP_glEnable, 1, { GL_PRIMITIVE_RESTART } }

static const struct scene_line arrays[] = {
	{ OP_glGenVertexArrays, 2, { 3, PAY_NAMES, 0 } }, { OP_glBindVertexArray, 2, { R } },
	{ OP_glBindBuffer, 6, { GL_ARRAY_BUFFER, 0 } }, ARRAYS(, PAY), ENABLED,
};
static const struct scene_line arrays_buffer[] = {
	{ OP_glGenVertexArrays, 2, { 3, PAY_NAMES, 0 } }, { OP_glBindVertexArray, 2, { R } },
	{ OP_glBindBuffer, 8, { GL_ARRAY_BUFFER, SC_BUFFER_NAME } },
	{ OP_glBufferData, 7, { GL_ARRAY_BUFFER, R, 0, PAY, R } }, ARRAYS(_buf, R, R), ENABLED,
	{ OP_glBindBuffer, 4, { GL_ELEMENT_ARRAY_BUFFER, R } },
	{ OP_glBufferData, 4, { GL_ELEMENT_ARRAY_BUFFER, 12, 0, PAY_INDEX16, 0, R } },
	{ OP_glBufferData, 1, { GL_ARRAY_BUFFER, R, 0, 0, 0, R } },
};
static const struct scene_line client_attributes[] = {
	{ OP_glPushClientAttrib, 8, { R } }, { OP_glBindVertexArray, 2, { R } },
	{ OP_glVertexPointer, 4, { 3, GL_FLOAT, R, PAY } }, { OP_glDisableClientState, 3, { R } },
	{ OP_glPopClientAttrib, 8, { 0 } }, { OP_glPopClientAttrib, 1, { 0 } },
	{ OP_glDisableVertexAttribArray, 3, { R } }, { OP_glUnlockArraysEXT, 2, { 0 } },
};

/* ---- where it is drawn to -------------------------------------------------------------- */

#define FB GL_FRAMEBUFFER
static const struct scene_line framebuffers[] = {
	{ OP_glGenFramebuffers, 2, { 3, PAY_NAMES, 0 } },
	{ OP_glBindFramebuffer, 8, { R, SC_FRAMEBUFFER } },
	{ OP_glBindRenderbuffer, 5, { GL_RENDERBUFFER, SC_NAME } },
	{ OP_glRenderbufferStorage, 5, { GL_RENDERBUFFER, SC_INTERNAL, W, H } },
	{ OP_glRenderbufferStorageMultisample, 2, { GL_RENDERBUFFER, R, SC_INTERNAL, W, H } },
	{ OP_glFramebufferRenderbuffer, 4, { FB, SC_ATTACHMENT, GL_RENDERBUFFER, SC_NAME } },
	{ OP_glFramebufferTexture2D, 5, { FB, SC_ATTACHMENT, R, R, R } },
	{ OP_glFramebufferTexture2D, 5, { FB, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, 2, 0 } },
	{ OP_glFramebufferTexture1D, 2, { FB, R, GL_TEXTURE_1D, 1, R } },
	{ OP_glFramebufferTexture3D, 2, { FB, R, GL_TEXTURE_3D, R, R, R } },
	{ OP_glFramebufferTextureLayer, 4, { FB, SC_ATTACHMENT, R, R, R } },
	{ OP_glFramebufferTexture, 3, { FB, SC_ATTACHMENT, R, R } },
	{ OP_glFramebufferTextureFaceARB, 1, { FB, R, R, R, R } },
	{ OP_glFramebufferParameteri, 2, { FB, R, R } },
	{ OP_glRenderbufferStorage, 3, { GL_RENDERBUFFER, GL_DEPTH24_STENCIL8, W, H } },
	{ OP_glFramebufferRenderbuffer, 3, { FB, GL_DEPTH_STENCIL_ATTACHMENT, GL_RENDERBUFFER, SC_NAME } },
	{ OP_glDrawBuffers, 3, { R, PAY_ENUMS, 0 } }, { OP_glDrawBuffer, 2, { R } },
	{ OP_glReadBuffer, 3, { R } }, { OP_glViewport, 3, { R, R, R, R } }, { OP_glScissor, 2, { R, R, R, R } },
	{ OP_glClear, 5, { R } }, { OP_glBindFramebuffer, 2, { R, 0 } },
	{ OP_glDeleteFramebuffers, 1, { 2, PAY_NAMES, 0 } }, { OP_glDeleteRenderbuffers, 1, { 2, PAY_NAMES, 0 } },
	{ OP_glDeleteTextures, 1, { R, PAY_MANY, 0 } },
};

/* ---- what drawing does ------------------------------------------------------------------ */

#define SOME(op, ...) { op, 2, { __VA_ARGS__ } }
static const struct scene_line raster[] = {
	{ OP_glEnable, 7, { R } }, { OP_glEnable, 6, { R } }, { OP_glEnable, 6, { R } },
	{ OP_glDisable, 2, { R } }, SOME(OP_glEnablei, R, R), SOME(OP_glBlendFunc, R, R),
	SOME(OP_glBlendFuncSeparate, R, R, R, R), SOME(OP_glBlendEquation, R), SOME(OP_glLogicOp, R),
	SOME(OP_glBlendFunci, R, R, R), SOME(OP_glBlendEquationSeparatei, R, R, R),
	SOME(OP_glAlphaFunc, R, R), SOME(OP_glDepthFunc, R), SOME(OP_glStencilFunc, R, R, R),
	SOME(OP_glStencilOp, R, R, R), SOME(OP_glStencilFuncSeparate, R, R, R, R),
	SOME(OP_glPolygonMode, GL_FRONT_AND_BACK, R), SOME(OP_glPolygonStipple, PAY),
	SOME(OP_glPolygonOffset, R, R), SOME(OP_glLineWidth, R), SOME(OP_glPointSize, R),
	SOME(OP_glLineStipple, R, R), SOME(OP_glPointParameterf, R, R), SOME(OP_glPointParameterfv, R, PAY),
	SOME(OP_glShadeModel, R), SOME(OP_glCullFace, R), SOME(OP_glFrontFace, R),
	SOME(OP_glClipPlane, R, PAY), SOME(OP_glProvokingVertex, R), SOME(OP_glDepthRange, R, R, R, R),
	SOME(OP_glColorMask, R, R, R, R), SOME(OP_glColorMaski, R, R, R, R, R), SOME(OP_glDepthMask, R),
	SOME(OP_glClampColor, R, R), SOME(OP_glHint, R, R), SOME(OP_glDepthBoundsEXT, R, R, R, R),
	SOME(OP_glClipControl, R, R), SOME(OP_glPolygonOffsetClamp, R, R, R), SOME(OP_glPatchParameteri, R, R),
	SOME(OP_glDepthRangeIndexed, R, R, R, R, R), SOME(OP_glBlendColor, R, R, R, R),
	SOME(OP_glPushAttrib, R), SOME(OP_glPopAttrib, 0), SOME(OP_glScissor, R, R, R, R),
	SOME(OP_glViewport, R, R, R, R),
};
static const struct scene_line lighting[] = {
	{ OP_glEnable, 6, { GL_LIGHTING } }, { OP_glEnable, 6, { GL_LIGHT0 } },
	{ OP_glLightfv, 4, { R, R, PAY } }, { OP_glLightf, 4, { R, R, R } }, { OP_glLighti, 2, { R, R, R } },
	{ OP_glLightModelfv, 3, { R, PAY } }, { OP_glLightModeli, 3, { R, R } },
	{ OP_glMaterialfv, 4, { R, R, PAY } }, { OP_glMaterialf, 3, { R, R, R } },
	{ OP_glMaterialiv, 2, { R, R, PAY } }, { OP_glLightiv, 2, { R, R, PAY } },
	{ OP_glColorMaterial, 2, { R, R } }, { OP_glEnable, 2, { GL_COLOR_MATERIAL } },
	{ OP_glFogf, 3, { R, R } }, { OP_glFogfv, 2, { R, PAY } }, { OP_glFogi, 3, { R, R } },
	{ OP_glEnable, 3, { GL_FOG } }, { OP_glTexGeni, 3, { R, R, R } }, { OP_glTexGenfv, 2, { R, R, PAY } },
	{ OP_glEnable, 3, { GL_TEXTURE_GEN_S } }, { OP_glTexGendv, 1, { R, R, PAY } },
	{ OP_glTexEnvi, 3, { R, R, R } }, { OP_glTexEnvfv, 2, { R, R, PAY } }, { OP_glTexEnvf, 2, { R, R, R } },
	{ OP_glTexEnviv, 2, { R, R, PAY } }, { OP_glTexGend, 1, { R, R, R, R } },
	{ OP_glMatrixMode, 4, { R } }, { OP_glPushMatrix, 2, { 0 } }, { OP_glPopMatrix, 2, { 0 } },
	{ OP_glLoadMatrixf, 2, { PAY } }, { OP_glMultMatrixd, 2, { PAY } }, { OP_glFrustum, 2, { R, R, R, R, R, R, R, R, R, R, R, R } },
	{ OP_glScalef, 2, { R, R, R } }, { OP_glLoadIdentity, 3, { 0 } }, { OP_glRotatef, 2, { R, R, R, R } },
};
static const struct scene_line evaluators[] = {
	{ OP_glMap1f, 5, { SC_MAP1, R, R, R, R, PAY } }, { OP_glMap1d, 3, { SC_MAP1, R, R, R, R, R, R, PAY } },
	{ OP_glMap2f, 5, { SC_MAP2, R, R, R, R, R, R, R, R, PAY } },
	{ OP_glMap2d, 3, { SC_MAP2, R, R, R, R, R, R, R, R, R, R, R, R, PAY } },
	{ OP_glEnable, 7, { SC_MAP1 } }, { OP_glEnable, 7, { SC_MAP2 } }, { OP_glEnable, 2, { GL_AUTO_NORMAL } },
	{ OP_glMapGrid1f, 5, { R, R, R } }, { OP_glMapGrid2f, 5, { R, R, R, R, R, R } },
	{ OP_glEvalMesh1, 5, { R, R, R } }, { OP_glEvalMesh2, 5, { R, R, R, R, R } },
	{ OP_glBegin, 4, { SC_PRIMITIVE } }, { OP_glEvalCoord1f, 4, { R } }, { OP_glEvalCoord2f, 4, { R, R } },
	{ OP_glEvalPoint1, 4, { R } }, { OP_glEvalPoint2, 4, { R, R } }, { OP_glEnd, 8, { 0 } },
};
static const struct scene_line pixels[] = {
	{ OP_glPixelMapfv, 3, { R, R, PAY } }, { OP_glPixelMapusv, 2, { R, R, PAY } },
	{ OP_glPixelMapuiv, 2, { R, R, PAY } }, { OP_glPixelTransferf, 4, { R, R } },
	{ OP_glPixelTransferi, 4, { R, R } }, { OP_glPixelZoom, 4, { R, R } }, { OP_glPixelTransferi, 4, { GL_MAP_COLOR, 1 } },
	{ OP_glPixelTransferi, 2, { GL_MAP_STENCIL, 1 } }, { OP_glRasterPos2f, 3, { R, R } },
	{ OP_glWindowPos3f, 3, { R, R, R } }, { OP_glRasterPos4d, 1, { R, R, R, R, R, R, R, R } },
	{ OP_glDrawPixels, 6, { W, H, SC_FORMAT, SC_TYPE, PAY } }, { OP_glDrawPixels, 3, { R, R, R, R, PAY } },
	{ OP_glBitmap, 4, { R, R, R, R, R, R, PAY } }, { OP_glCopyPixels, 5, { R, R, R, R, R } },
	{ OP_glBindBuffer, 3, { GL_PIXEL_UNPACK_BUFFER, SC_BUFFER_NAME } },
	{ OP_glBufferData, 3, { GL_PIXEL_UNPACK_BUFFER, R, 0, PAY, R } },
	{ OP_glDrawPixels_buf, 4, { W, H, SC_FORMAT, SC_TYPE, R, R, R, R, 4 } },
	{ OP_glBitmap_buf, 3, { R, R, R, R, R, R, R, R, R, R, 1 } },
	{ OP_glPolygonStipple_buf, 2, { R, R, R, R, 1 } }, { OP_glBindBuffer, 6, { GL_PIXEL_UNPACK_BUFFER, 0 } },
};
static const struct scene_line programs[] = {
	{ OP_glGenProgramsARB, 4, { 3, PAY_NAMES, 0 } },
	{ OP_glBindProgramARB, 7, { GL_VERTEX_PROGRAM_ARB, R } },
	{ OP_glProgramStringARB, 6, { GL_VERTEX_PROGRAM_ARB, GL_PROGRAM_FORMAT_ASCII_ARB, R, PAY_SHADERS + 15, 0 } },
	{ OP_glBindProgramARB, 7, { GL_FRAGMENT_PROGRAM_ARB, R } },
	{ OP_glProgramStringARB, 6, { GL_FRAGMENT_PROGRAM_ARB, GL_PROGRAM_FORMAT_ASCII_ARB, R, PAY_SHADERS + 16, 0 } },
	{ OP_glEnable, 6, { GL_VERTEX_PROGRAM_ARB } }, { OP_glEnable, 6, { GL_FRAGMENT_PROGRAM_ARB } },
	{ OP_glProgramEnvParameter4fARB, 3, { R, R, R, R, R, R } }, { OP_glProgramLocalParameter4fvARB, 3, { R, R, PAY } },
	{ OP_glProgramEnvParameters4fvEXT, 2, { R, R, R, PAY } }, { OP_glProgramLocalParameters4fvEXT, 2, { R, R, R, PAY } },
	{ OP_glVertexAttrib4f, 3, { R, R, R, R, R } }, { OP_glDeleteProgramsARB, 1, { 2, PAY_NAMES, 0 } },
};
#define LOCATE(pay, offset, slot) \
	{ OP_glGetUniformLocation, 6, { SC_PROGRAM, pay, offset, 0, slot } }, \
	{ OP_glUniform1i, 5, { slot, R } }
static const struct scene_line shaders[] = {
	{ OP_glCreateShader, 8, { SC_STAGE, SC_SHADER_NAME } },
	{ OP_glShaderSource, 8, { SC_SHADER_NAME, R, SC_SHADER, 0 } }, { OP_glCompileShader, 8, { SC_SHADER_NAME } },
	{ OP_glCreateProgram, 8, { SC_PROGRAM } }, { OP_glAttachShader, 8, { SC_PROGRAM, SC_SHADER_NAME } },
	{ OP_glCreateShader, 7, { GL_VERTEX_SHADER, 7 } }, { OP_glShaderSource, 7, { 7, R, PAY_SHADERS + 2, 0 } },
	{ OP_glCompileShader, 7, { 7 } }, { OP_glAttachShader, 7, { SC_PROGRAM, 7 } },
	{ OP_glBindAttribLocation, 1, { SC_PROGRAM, R, PAY_STRING, 0 } },
	{ OP_glBindFragDataLocation, 1, { SC_PROGRAM, R, PAY_STRING, 0 } },
	{ OP_glProgramParameteri, 1, { SC_PROGRAM, R, R } },
	{ OP_glTransformFeedbackVaryings, 1, { SC_PROGRAM, R, PAY_STRINGS, 0, R } },
	{ OP_glLinkProgram, 8, { SC_PROGRAM } }, { OP_glUseProgram, 8, { SC_PROGRAM } },
	LOCATE(PAY_STRING, 0, 1), LOCATE(PAY_STRINGS, 0, 2), LOCATE(PAY_STRINGS, 2, 3),
	{ OP_glGetUniformLocation, 2, { SC_PROGRAM, PAY_STRINGS, 6, 3, 4 } },
	{ OP_glUniform4fv, 2, { 4, R, PAY } }, { OP_glUniform4fv, 1, { R, R, PAY } },
	{ OP_glUniformMatrix4fv, 1, { R, R, R, PAY } }, { OP_glProgramUniform1i, 1, { SC_PROGRAM, R, R } },
	{ OP_glUniformBlockBinding, 2, { SC_PROGRAM, R, R } }, { OP_glGetUniformBlockIndex, 1, { SC_PROGRAM, PAY_STRINGS, 0 } },
	{ OP_glShaderStorageBlockBinding, 1, { SC_PROGRAM, R, R } },
	{ OP_glUniformSubroutinesuiv, 1, { R, R, PAY } }, { OP_glValidateProgram, 1, { SC_PROGRAM } },
	{ OP_glUseProgramStages, 1, { R, R, SC_PROGRAM } }, { OP_glBindProgramPipeline, 1, { R } },
	{ OP_glActiveShaderProgram, 1, { R, SC_PROGRAM } },
	{ OP_glDetachShader, 1, { SC_PROGRAM, SC_SHADER_NAME } }, { OP_glDeleteShader, 1, { SC_SHADER_NAME } },
	{ OP_glDeleteProgram, 1, { SC_PROGRAM } },
};
static const struct scene_line feedback[] = {
	{ OP_glBindBuffer, 6, { GL_TRANSFORM_FEEDBACK_BUFFER, SC_BUFFER_NAME } },
	{ OP_glBufferData, 6, { GL_TRANSFORM_FEEDBACK_BUFFER, R, 0, 0, 0, R } },
	{ OP_glBindTransformFeedback, 2, { GL_TRANSFORM_FEEDBACK, R } },
	{ OP_glBindBufferBase, 6, { GL_TRANSFORM_FEEDBACK_BUFFER, 0, SC_BUFFER_NAME } },
	{ OP_glBindBufferRange, 2, { GL_TRANSFORM_FEEDBACK_BUFFER, R, SC_BUFFER_NAME, R, 0, R, 0 } },
	{ OP_glBeginTransformFeedback, 7, { R } }, { OP_glDrawArrays, 6, { SC_PRIMITIVE, 0, SC_COUNT } },
	{ OP_glPauseTransformFeedback, 2, { 0 } }, { OP_glResumeTransformFeedback, 2, { 0 } },
	{ OP_glBufferData, 1, { GL_TRANSFORM_FEEDBACK_BUFFER, R, 0, 0, 0, R } },
	{ OP_glDeleteBuffers, 1, { R, PAY } }, { OP_glEndTransformFeedback, 6, { 0 } },
	{ OP_glDrawTransformFeedback, 3, { SC_PRIMITIVE, R } }, { OP_glDrawTransformFeedbackStream, 1, { R, R, R } },
	{ OP_glDrawTransformFeedbackInstanced, 1, { R, R, R } }, { OP_glDeleteTransformFeedbacks, 1, { R, PAY } },
};
static const struct scene_line queries[] = {
	{ OP_glGenQueries, 3, { 3, PAY_NAMES, 0 } }, { OP_glBeginQuery, 7, { SC_QUERY_TARGET, SC_QUERY } },
	{ OP_glBeginQueryIndexed, 2, { R, R, R } }, { OP_glRectf, 5, { R, R, R, R } },
	{ OP_glDrawArrays, 4, { R, 0, SC_COUNT } }, { OP_glEndQuery, 6, { SC_QUERY_TARGET } },
	{ OP_glEndQueryIndexed, 2, { R, R } }, { OP_glQueryCounter, 2, { R, GL_TIMESTAMP } },
	{ OP_glBeginConditionalRender, 4, { SC_QUERY, R } }, { OP_glClear, 3, { R } },
	{ OP_glBlitFramebuffer, 2, { R, R, R, R, R, R, R, R, R, R } }, { OP_glCopyPixels, 2, { R, R, R, R, R } },
	{ OP_glEndConditionalRender, 4, { 0 } }, { OP_glDeleteQueries, 1, { R, PAY } },
	{ OP_glFenceSync, 1, { R, R, R } }, { OP_glClientWaitSync, 1, { R, R, R, R } }, { OP_glDeleteSync, 1, { R } },
};

/* ---- doing ------------------------------------------------------------------------------- */

static const struct scene_line begun[] = {
	{ OP_glBegin, 8, { SC_PRIMITIVE } }, { OP_glColor4f, 4, { R, R, R, R } }, { OP_glTexCoord4f, 4, { R, R, R, R } },
	{ OP_glVertex3f, 7, { R, R, R } }, { OP_glNormal3f, 3, { R, R, R } }, { OP_glEdgeFlag, 2, { R } },
	{ OP_glMultiTexCoord2f, 3, { R, R, R } }, { OP_glVertex2f, 7, { R, R } }, { OP_glFogCoordf, 2, { R } },
	{ OP_glVertexAttrib4f, 4, { R, R, R, R, R } }, { OP_glVertex4d, 6, { R, R, R, R, R, R, R, R } },
	{ OP_glMaterialfv, 3, { R, R, PAY } }, { OP_glVertexAttribI4i, 1, { R, R, R, R, R } },
	{ OP_glVertexAttribL2d, 1, { R, R, R, R, R } }, { OP_glVertex2i, 5, { R, R } },
	{ OP_glVertexP3ui, 2, { R, R } }, { OP_glCallList, 2, { SC_LIST } }, { OP_glVertex3fv, 5, { PAY } }, { OP_glEnd, 8, { 0 } },
};
static const struct scene_line drawn[] = {
	{ OP_glDrawArrays, 6, { SC_PRIMITIVE, R, SC_COUNT } }, { OP_glDrawArrays, 3, { R, R, R } },
	{ OP_glDrawElements, 5, { SC_PRIMITIVE, 6, GL_UNSIGNED_SHORT, PAY_INDEX16, 0 } },
	{ OP_glDrawElements, 3, { SC_PRIMITIVE, SC_COUNT, SC_INDEX_TYPE, PAY } },
	{ OP_glDrawElements_buf, 4, { SC_PRIMITIVE, SC_COUNT, SC_INDEX_TYPE, R, 0 } },
	{ OP_glDrawElements_buf, 2, { R, R, R, R, R } },
	{ OP_glDrawRangeElements, 2, { R, R, R, SC_COUNT, SC_INDEX_TYPE, PAY } },
	{ OP_glDrawElementsBaseVertex, 2, { R, SC_COUNT, SC_INDEX_TYPE, PAY, R } },
	{ OP_glDrawElementsBaseVertex_buf, 2, { R, SC_COUNT, SC_INDEX_TYPE, R, R, R } },
	{ OP_glDrawArraysInstanced, 3, { SC_PRIMITIVE, R, SC_COUNT, R } },
	{ OP_glDrawElementsInstanced_buf, 2, { R, SC_COUNT, SC_INDEX_TYPE, R, R, R } },
	{ OP_glDrawArraysInstancedBaseInstance, 2, { R, R, SC_COUNT, R, R } },
	{ OP_glDrawElementsInstancedBaseVertexBaseInstance_buf, 2, { R, SC_COUNT, SC_INDEX_TYPE, R, 0, R, R, R } },
	{ OP_glDrawRangeElementsBaseVertex_buf, 1, { R, R, R, SC_COUNT, SC_INDEX_TYPE, R, R, R } },
	{ OP_glDrawRangeElements_buf, 1, { R, R, R, SC_COUNT, SC_INDEX_TYPE, R, R } },
	{ OP_glRectf, 2, { R, R, R, R } }, { OP_glRecti, 1, { R, R, R, R } },
};
static const struct scene_line copied[] = {
	{ OP_glClearColor, 3, { R, R, R, R } }, { OP_glClear, 4, { R } }, { OP_glClearBufferfv, 3, { R, R, PAY } },
	{ OP_glClearBufferiv, 2, { R, R, PAY } }, { OP_glClearBufferuiv, 2, { R, R, PAY } }, { OP_glClearBufferfi, 2, { R, R, R, R } },
	{ OP_glClearDepth, 2, { R, R } }, { OP_glClearStencil, 2, { R } }, { OP_glClearAccum, 2, { R, R, R, R } },
	{ OP_glAccum, 3, { R, R } }, { OP_glBlitFramebuffer, 5, { R, R, R, R, R, R, R, R, R, R } },
	{ OP_glBindBuffer, 5, { GL_PIXEL_PACK_BUFFER, SC_BUFFER_NAME } },
	{ OP_glBufferData, 5, { GL_PIXEL_PACK_BUFFER, R, 0, 0, 0, R } },
	{ OP_glReadPixels_buf, 6, { R, R, R, R, SC_FORMAT, SC_TYPE, R, 0, R, R, 4 } },
	{ OP_glReadPixels_buf, 3, { R, R, R, R, R, R, R, R, R, R, 1 } }, { OP_glGetPolygonStipple_buf, 1, { R, R, R, R, 1 } },
	{ OP_glBindBuffer, 5, { GL_PIXEL_PACK_BUFFER, 0 } }, { OP_glCopyPixels, 3, { R, R, R, R, R } },
	{ OP_glCopyTexImage2D, 3, { R, R, R, R, R, R, R, R } }, { OP_glCopyTexSubImage2D, 4, { R, R, R, R, R, R, R, R } },
	{ OP_glCopyTexSubImage3D, 2, { R, R, R, R, R, R, R, R, R } }, { OP_glGenerateMipmap, 3, { R } },
};
static const struct scene_line lists[] = {
	{ OP_glNewList, 8, { SC_LIST, R } }, { OP_glColor3f, 2, { R, R, R } }, { OP_glBegin, 4, { SC_PRIMITIVE } },
	{ OP_glVertex3f, 4, { R, R, R } }, { OP_glTexCoord2f, 2, { R, R } }, { OP_glVertex3f, 4, { R, R, R } },
	{ OP_glVertexAttrib2f, 2, { R, R, R } }, { OP_glVertex4f, 4, { R, R, R, R } }, { OP_glEnd, 6, { 0 } },
	{ OP_glDrawArrays, 3, { SC_PRIMITIVE, 0, SC_COUNT } }, { OP_glDrawPixels, 2, { W, H, SC_FORMAT, SC_TYPE, PAY } },
	{ OP_glTexImage2D, 2, { R, R, SC_INTERNAL, W, H, 0, SC_FORMAT, SC_TYPE, PAY } }, { OP_glBitmap, 2, { R, R, R, R, R, R, PAY } },
	{ OP_glTexSubImage2D, 1, { R, R, R, R, R, R, SC_FORMAT, SC_TYPE, PAY } }, { OP_glMap1f, 1, { SC_MAP1, R, R, R, R, PAY } },
	{ OP_glMap2d, 1, { SC_MAP2, R, R, R, R, R, R, R, R, R, R, R, R, PAY } }, { OP_glEvalMesh2, 1, { R, R, R, R, R } },
	{ OP_glMaterialfv, 2, { R, R, PAY } }, { OP_glLightfv, 2, { R, R, PAY } }, { OP_glPixelMapfv, 1, { R, R, PAY } },
	{ OP_glCallList, 2, { R } }, { OP_glCallLists, 1, { R, R, PAY_LISTED, 0 } }, { OP_glUniform4fv, 1, { R, R, PAY } },
	{ OP_glUniformMatrix3fv, 1, { R, R, R, PAY } }, { OP_glClearBufferfv, 1, { R, R, PAY } }, { OP_glPolygonStipple, 1, { PAY } },
	{ OP_glCompressedTexImage2D, 1, { R, R, R, W, H, 0, R, PAY } }, { OP_glProgramStringARB, 1, { R, R, R, PAY } },
	{ OP_glProgramUniform4fv, 1, { R, R, R, PAY } }, { OP_glPatchParameterfv, 1, { R, PAY } }, { OP_glListBase, 1, { R } },
	{ OP_glEndList, 8, { 0 } }, { OP_glCallList, 7, { SC_LIST } }, { OP_glCallLists, 2, { R, R, PAY_LISTED, 0 } },
	{ OP_glDeleteLists, 1, { R, R } },
};
static const struct scene_line window[] = {
	{ OP_blinkContext, 2, { 2, R, 0, 0 } }, { OP_blinkDrawable, 2, { 2, R, R, R } }, { OP_blinkMakeCurrent, 2, { 2, 1, 1 } },
	{ OP_blinkSwap, 4, { 1 } }, { OP_blinkDrawableResize, 3, { 1, R, R } }, { OP_blinkMakeCurrent, 3, { 1, 1, 1 } },
	{ OP_blinkMakeCurrent, 1, { 1, R, R } }, { OP_blinkContextDestroy, 1, { 2 } }, { OP_blinkMakeCurrent, 5, { 1, 1, 1 } },
	{ OP_glFlush, 2, { 0 } }, { OP_glFinish, 2, { 0 } }, { OP_glMemoryBarrier, 1, { R } },
};

#define PART(name, kind, dimensions) { #name, kind, dimensions, name, sizeof(name) / sizeof(*name) }
const struct scene_part scene_parts[] = {
	PART(texture1, SCENE_SET_UP, 1), PART(texture2, SCENE_SET_UP, 2), PART(texture2, SCENE_SET_UP, 2),
	PART(texture3, SCENE_SET_UP, 3), PART(samples, SCENE_SET_UP, 4), PART(texture_buffer, SCENE_SET_UP, 5),
	PART(samplers, SCENE_SET_UP, 5), PART(buffers, SCENE_SET_UP, 5), PART(arrays, SCENE_SET_UP, 5),
	PART(arrays_buffer, SCENE_SET_UP, 5), PART(client_attributes, SCENE_SET_UP, 5),
	PART(framebuffers, SCENE_SET_UP, 5), PART(raster, SCENE_SET_UP, 5), PART(raster, SCENE_SET_UP, 5),
	PART(lighting, SCENE_SET_UP, 5), PART(programs, SCENE_SET_UP, 5), PART(shaders, SCENE_SET_UP, 5),
	PART(shaders, SCENE_SET_UP, 5), PART(window, SCENE_SET_UP, 5),
	PART(evaluators, SCENE_ACT, 5), PART(pixels, SCENE_ACT, 5), PART(feedback, SCENE_ACT, 5),
	PART(queries, SCENE_ACT, 5), PART(begun, SCENE_ACT, 5), PART(drawn, SCENE_ACT, 5), PART(drawn, SCENE_ACT, 5),
	PART(copied, SCENE_ACT, 5), PART(copied, SCENE_ACT, 5), PART(lists, SCENE_ACT, 5),
};
const unsigned scene_nparts = sizeof(scene_parts) / sizeof(*scene_parts);
