/* gl.c - the null libGL's commands that cannot just return 0: a replayer asks for
 * names, memory, limits and success.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Headers without prototypes: the replayed entry points are declared here. */
#define GL_GLEXT_LEGACY
#include <GL/gl.h>
#undef GL_GLEXT_LEGACY
#include <GL/glext.h>

#include "jit-bench/nullgl/nullgl.h"

#define EXPORT NULLGL_EXPORT

/* ---- names ------------------------------------------------------------------- */

static GLuint last_name;

static void gen(GLsizei n, GLuint *names)
{
	for (GLsizei i = 0; i < n; i++)
		names[i] = ++last_name;
}

#define GEN(name) \
	EXPORT void name(GLsizei n, GLuint *names); \
	void name(GLsizei n, GLuint *names) { gen(n, names); }
GEN(glGenBuffersARB)
GEN(glGenBuffers)
GEN(glGenTexturesEXT)
GEN(glGenFramebuffersEXT)
GEN(glGenFramebuffers)
GEN(glGenRenderbuffersEXT)
GEN(glGenRenderbuffers)
GEN(glGenQueriesARB)
GEN(glGenQueries)
GEN(glGenProgramsARB)
GEN(glGenProgramsNV)
GEN(glGenVertexArrays)
GEN(glGenVertexArraysAPPLE)
GEN(glGenSamplers)
GEN(glGenTransformFeedbacks)
GEN(glGenProgramPipelines)

EXPORT void glGenTextures(GLsizei n, GLuint *names) { gen(n, names); }
EXPORT GLuint glGenLists(GLsizei range)
{
	GLuint first = last_name + 1;

	last_name += (GLuint)range;
	return first;
}

#define CREATE(name, args) \
	EXPORT GLuint name args; \
	GLuint name args { return ++last_name; }
CREATE(glCreateShader, (void))
CREATE(glCreateShaderObjectARB, (void))
CREATE(glCreateProgram, (void))
CREATE(glCreateProgramObjectARB, (void))

/* ---- success ------------------------------------------------------------------- */

static void program_status(GLenum pname, GLint *v)
{
	*v = pname == GL_COMPILE_STATUS || pname == GL_LINK_STATUS ||
	     pname == GL_VALIDATE_STATUS;
}

#define STATUS(name) \
	EXPORT void name(GLuint object, GLenum pname, GLint *v); \
	void name(GLuint object, GLenum pname, GLint *v) \
	{ (void)object; program_status(pname, v); }
STATUS(glGetShaderiv)
STATUS(glGetProgramiv)
STATUS(glGetObjectParameterivARB)

#define CONSTANT(type, name, value) \
	EXPORT type name(void); \
	type name(void) { return value; }
CONSTANT(GLenum, glCheckFramebufferStatus, GL_FRAMEBUFFER_COMPLETE)
CONSTANT(GLenum, glCheckFramebufferStatusEXT, GL_FRAMEBUFFER_COMPLETE)
CONSTANT(GLenum, glClientWaitSync, GL_ALREADY_SIGNALED)
CONSTANT(GLboolean, glUnmapBuffer, GL_TRUE)
CONSTANT(GLboolean, glUnmapBufferARB, GL_TRUE)
CONSTANT(void *, glFenceSync, &last_name)

/* ---- buffers: sizes and mapped memory are real ------------------------------------ */

#define BUFFER_NAMES 65536u       /* higher names share */
#define BUFFER_TARGETS 16u

static struct buffer { void *map; GLsizeiptr size; } buffers[BUFFER_NAMES];
static struct { GLenum target; GLuint name; } bound[BUFFER_TARGETS];

static GLuint *binding(GLenum target)
{
	unsigned i = 0;

	while (i < BUFFER_TARGETS - 1 && bound[i].target && bound[i].target != target)
		i++;
	bound[i].target = target;
	return &bound[i].name;
}

static struct buffer *buffer_at(GLenum target)
{
	return &buffers[*binding(target) % BUFFER_NAMES];
}

static void *buffer_map(GLenum target)
{
	struct buffer *b = buffer_at(target);

	if (!b->map)
		b->map = calloc(1, b->size > 0 ? (size_t)b->size : 1);
	return b->map;
}

#define BIND(name) \
	EXPORT void name(GLenum target, GLuint buffer); \
	void name(GLenum target, GLuint buffer) { *binding(target) = buffer; }
BIND(glBindBuffer)
BIND(glBindBufferARB)

#define DATA(name) \
	EXPORT void name(GLenum target, GLsizeiptr size); \
	void name(GLenum target, GLsizeiptr size) \
	{ \
		struct buffer *b = buffer_at(target); \
		free(b->map); \
		*b = (struct buffer){ NULL, size }; \
	}
DATA(glBufferData)
DATA(glBufferDataARB)
DATA(glBufferStorage)

#define MAP(name) \
	EXPORT void *name(GLenum target); \
	void *name(GLenum target) { return buffer_map(target); }
MAP(glMapBuffer)
MAP(glMapBufferARB)

EXPORT void *glMapBufferRange(GLenum target, GLintptr offset);
void *glMapBufferRange(GLenum target, GLintptr offset)
{
	return (char *)buffer_map(target) + offset;
}

#define BUFFER_PARAMETER(name) \
	EXPORT void name(GLenum target, GLenum pname, GLint *v); \
	void name(GLenum target, GLenum pname, GLint *v) \
	{ *v = pname == GL_BUFFER_SIZE ? (GLint)buffer_at(target)->size : 0; }
BUFFER_PARAMETER(glGetBufferParameteriv)
BUFFER_PARAMETER(glGetBufferParameterivARB)

#define BUFFER_POINTER(name) \
	EXPORT void name(GLenum target, GLenum pname, void **p); \
	void name(GLenum target, GLenum pname, void **p) \
	{ (void)pname; *p = buffer_at(target)->map; }
BUFFER_POINTER(glGetBufferPointerv)
BUFFER_POINTER(glGetBufferPointervARB)

/* ---- questions -------------------------------------------------------------------- */

static const char *const extensions[] = {
	"GL_ARB_compatibility", "GL_ARB_vertex_buffer_object", "GL_ARB_vertex_array_object",
	"GL_ARB_framebuffer_object", "GL_EXT_framebuffer_object", "GL_ARB_multitexture",
	"GL_ARB_map_buffer_range", "GL_ARB_vertex_program", "GL_ARB_fragment_program",
	"GL_EXT_compiled_vertex_array",
};
#define EXTENSIONS (sizeof(extensions) / sizeof(extensions[0]))

EXPORT const GLubyte *glGetString(GLenum name)
{
	static char all[512];

	switch (name) {
	case GL_VENDOR: return (const GLubyte *)"Blink";
	case GL_RENDERER: return (const GLubyte *)"null";
	case GL_VERSION: return (const GLubyte *)"4.5 (Compatibility Profile) null";
	case GL_SHADING_LANGUAGE_VERSION: return (const GLubyte *)"4.50";
	case GL_EXTENSIONS:
		for (unsigned i = 0; !all[0] && i < EXTENSIONS; i++)
			strcat(i ? strcat(all, " ") : all, extensions[i]);
		return (const GLubyte *)all;
	default: return (const GLubyte *)"";
	}
}

EXPORT const GLubyte *glGetStringi(GLenum name, GLuint i);
const GLubyte *glGetStringi(GLenum name, GLuint i)
{
	(void)name;
	return (const GLubyte *)(i < EXTENSIONS ? extensions[i] : "");
}

static GLint integer(GLenum pname)
{
	switch (pname) {
	case GL_MAJOR_VERSION: return 4;
	case GL_MINOR_VERSION: return 5;
	case GL_NUM_EXTENSIONS: return EXTENSIONS;
	case GL_CONTEXT_PROFILE_MASK: return GL_CONTEXT_COMPATIBILITY_PROFILE_BIT;
	case GL_MAX_TEXTURE_SIZE: case GL_MAX_VIEWPORT_DIMS: return 16384;
	case GL_MAX_TEXTURE_UNITS: case GL_MAX_TEXTURE_COORDS: return 8;
	case GL_MAX_TEXTURE_IMAGE_UNITS: case GL_MAX_COMBINED_TEXTURE_IMAGE_UNITS: return 32;
	case GL_MAX_VERTEX_ATTRIBS: return 16;
	case GL_MAX_DRAW_BUFFERS: case GL_MAX_COLOR_ATTACHMENTS: return 8;
	case GL_MAX_DEBUG_MESSAGE_LENGTH: return 4096;
	case GL_DRAW_BUFFER: case GL_READ_BUFFER: return GL_BACK;
	case GL_UNPACK_ALIGNMENT: case GL_PACK_ALIGNMENT: return 4;
	case GL_MATRIX_MODE: return GL_MODELVIEW;
	case GL_ARRAY_BUFFER_BINDING: return (GLint)*binding(GL_ARRAY_BUFFER);
	case GL_ELEMENT_ARRAY_BUFFER_BINDING: return (GLint)*binding(GL_ELEMENT_ARRAY_BUFFER);
	case GL_PIXEL_UNPACK_BUFFER_BINDING: return (GLint)*binding(GL_PIXEL_UNPACK_BUFFER);
	case GL_PIXEL_PACK_BUFFER_BINDING: return (GLint)*binding(GL_PIXEL_PACK_BUFFER);
	default: return 0;
	}
}

EXPORT void glGetIntegerv(GLenum pname, GLint *v) { *v = integer(pname); }
EXPORT void glGetFloatv(GLenum pname, GLfloat *v) { *v = (GLfloat)integer(pname); }
EXPORT void glGetBooleanv(GLenum pname, GLboolean *v) { *v = integer(pname) != 0; }

#define QUERY(name) \
	EXPORT void name(GLuint id, GLenum pname, GLuint *v); \
	void name(GLuint id, GLenum pname, GLuint *v) { (void)id, (void)pname; *v = 1; }
QUERY(glGetQueryObjectiv)
QUERY(glGetQueryObjectuiv)
QUERY(glGetQueryObjectivARB)
QUERY(glGetQueryObjectuivARB)
