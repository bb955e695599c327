/* prove_actions.c - the pieces of GL program that set-ups are made of.
 *
 * Names of objects are the driver's, the first ones it gives: texture 1, buffer 1...;
 * a program is 3, after its two shaders.
 */
#include "tests/prove/prove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static float pattern[64 * 64 * 4];      /* pixels and vertices to start from */

static void pattern_fill(void)
{
	for (size_t i = 0; i < COUNT(pattern); i++)
		pattern[i] = (float)(i * 7 % 13) / 13.0f;
}

/* ---- textures ------------------------------------------------------------ */

static void texture_flat(GLenum target)
{
	GLuint t;

	pattern_fill();
	glGenTextures(1, &t);
	glBindTexture(target, t);
	if (target == GL_TEXTURE_1D)
		glTexImage1D(target, 0, GL_RGBA8, 8, 0, GL_RGBA, GL_FLOAT, pattern);
	else if (target == GL_TEXTURE_3D || target == GL_TEXTURE_2D_ARRAY)
		glTexImage3D(target, 0, GL_RGBA8, 8, 8, 4, 0, GL_RGBA, GL_FLOAT, pattern);
	else
		glTexImage2D(target, 0, GL_RGBA8, 8, 8, 0, GL_RGBA, GL_FLOAT, pattern);
}

static void tex1d(void) { texture_flat(GL_TEXTURE_1D); }
static void tex2d(void) { texture_flat(GL_TEXTURE_2D); }
static void tex3d(void) { texture_flat(GL_TEXTURE_3D); }
static void rect(void) { texture_flat(GL_TEXTURE_RECTANGLE); }

static void cube(void)
{
	GLuint t;

	pattern_fill();
	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_CUBE_MAP, t);
	for (GLenum f = 0; f < 6; f++)
		glTexImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + f, 0, GL_RGBA8, 8, 8, 0, GL_RGBA,
			     GL_FLOAT, pattern);
}

static void texformat(GLint internal, GLenum format, GLenum type)
{
	GLuint t;

	pattern_fill();
	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D, t);
	glTexImage2D(GL_TEXTURE_2D, 0, internal, 8, 8, 0, format, type, pattern);
}

static void texdepth(void) { texformat(GL_DEPTH_COMPONENT24, GL_DEPTH_COMPONENT, GL_FLOAT); }
static void texint(void) { texformat(GL_RGBA8UI, GL_RGBA_INTEGER, GL_UNSIGNED_BYTE); }

static void texdxt(void)
{
	static uint8_t blocks[64];
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D, t);
	glCompressedTexImage2D(GL_TEXTURE_2D, 0, GL_COMPRESSED_RGBA_S3TC_DXT5_EXT, 8, 8, 0, 64,
			       blocks);
}

static void texgen(void)                /* names without objects */
{
	GLuint t[3];

	glGenTextures(3, t);
}

static void texnew(void)                /* bound, without an image */
{
	GLuint t[2];

	glGenTextures(2, t);
	glBindTexture(GL_TEXTURE_2D, t[0]);
}

static void texnew3d(void)
{
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_3D, t);
}

static void texnew1d(void)
{
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_1D, t);
}

static void texms(void)
{
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D_MULTISAMPLE, t);
}

static void texbuf(void)
{
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_BUFFER, t);
}

static void automip(void)
{
	glTexParameteri(GL_TEXTURE_2D, GL_GENERATE_MIPMAP, GL_TRUE);
}

static void mips(void)
{
	glGenerateMipmap(GL_TEXTURE_2D);
}

static void texture_on(void)            /* texture 1 is seen by fixed-function draws */
{
	glEnable(GL_TEXTURE_2D);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
}

static void unit1(void) { glActiveTexture(GL_TEXTURE1); }
static void sampler(void) { GLuint s[2]; glGenSamplers(2, s); }

/* ---- buffers and arrays -------------------------------------------------- */

static void buffer_at(GLenum target)
{
	GLuint b;

	pattern_fill();
	glGenBuffers(1, &b);
	glBindBuffer(target, b);
	glBufferData(target, 256, pattern, GL_STATIC_DRAW);
}

static void buffer(void) { buffer_at(GL_ARRAY_BUFFER); }
static void copybuffer(void) { buffer_at(GL_COPY_WRITE_BUFFER); }
static void bufgen(void) { GLuint b[3]; glGenBuffers(3, b); }
static void map(void) { glMapBuffer(GL_ARRAY_BUFFER, GL_WRITE_ONLY); }

static void element(void)
{
	static const uint8_t index[16] = { 0, 1, 2, 2, 1, 3 };
	GLuint b;

	glGenBuffers(1, &b);
	glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, b);
	glBufferData(GL_ELEMENT_ARRAY_BUFFER, sizeof(index), index, GL_STATIC_DRAW);
}

/* Two triangles that do not cover each other, as 3 floats per vertex. */
static const float corners[6][3] = {
	{ -0.9f, -0.9f, 0.1f }, { 0.9f, -0.9f, 0.2f }, { -0.9f, 0.9f, 0.3f },
	{ 0.9f, 0.9f, 0.4f }, { 0.9f, -0.5f, 0.5f }, { -0.5f, 0.9f, 0.6f },
};

static void arrays(void)                /* a client's vertex array */
{
	glVertexPointer(3, GL_FLOAT, 0, corners);
	glEnableClientState(GL_VERTEX_ARRAY);
}

static void bufarrays(void)             /* the same from a buffer */
{
	GLuint b;

	glGenBuffers(1, &b);
	glBindBuffer(GL_ARRAY_BUFFER, b);
	glBufferData(GL_ARRAY_BUFFER, sizeof(corners), corners, GL_STATIC_DRAW);
	glVertexPointer(3, GL_FLOAT, 0, NULL);
	glEnableClientState(GL_VERTEX_ARRAY);
}

static void vao(void)
{
	GLuint v[2];

	glGenVertexArrays(2, v);
	glBindVertexArray(v[0]);
}

static void vaogen(void) { GLuint v[2]; glGenVertexArrays(2, v); }
static void clientunit1(void) { glClientActiveTexture(GL_TEXTURE1); }

static void allarrays(void)
{
	static const GLenum array[] = {
		GL_VERTEX_ARRAY, GL_NORMAL_ARRAY, GL_COLOR_ARRAY, GL_SECONDARY_COLOR_ARRAY,
		GL_TEXTURE_COORD_ARRAY, GL_FOG_COORD_ARRAY, GL_EDGE_FLAG_ARRAY, GL_INDEX_ARRAY,
	};

	for (size_t i = 0; i < COUNT(array); i++)
		glEnableClientState(array[i]);
	for (GLuint i = 0; i < 16; i++)
		glEnableVertexAttribArray(i);
}

static void drawarrays(void) { glDrawArrays(GL_TRIANGLES, 0, 3); }
static void vertexenable(void) { glEnableClientState(GL_VERTEX_ARRAY); }

/* ---- primitives ---------------------------------------------------------- */

static void begin2(void)                /* the command gives the third vertex */
{
	glBegin(GL_TRIANGLES);
	glVertex2f(-1, -1);
	glVertex2f(1, -1);
}

static void begin(void) { glBegin(GL_TRIANGLES); }
static void end(void) { glEnd(); }
static void end3(void) { begin2(); glVertex2f(0, 1); glEnd(); }

static void vertices3(void)
{
	glVertex2f(-1, -1);
	glVertex2f(1, -1);
	glVertex2f(0, 1);
}

static void end_vertices(void) { vertices3(); glEnd(); }

/* Buffers with something in them, so that a clear or a draw shows. */
static void scene(void)
{
	glClearColor(0.1f, 0.2f, 0.3f, 0.4f);
	glClearDepth(0.7);
	glClearStencil(3);
	glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
	glClearColor(0.9f, 0.8f, 0.7f, 0.6f);
	glClearDepth(0.5);
	glClearStencil(5);
	glEnable(GL_SCISSOR_TEST);
	glScissor(2, 3, 20, 16);
}

static void tests(void)                 /* a draw writes depth and stencil too */
{
	glEnable(GL_DEPTH_TEST);
	glDepthFunc(GL_ALWAYS);
	glEnable(GL_STENCIL_TEST);
	glStencilFunc(GL_ALWAYS, 9, 0xff);
	glStencilOp(GL_REPLACE, GL_REPLACE, GL_REPLACE);
}

static void enabled(void)
{
	static const GLenum cap[] = {
		GL_BLEND, GL_DEPTH_TEST, GL_CULL_FACE, GL_LIGHTING, GL_LIGHT0, GL_LIGHT3, GL_FOG,
		GL_TEXTURE_2D, GL_ALPHA_TEST, GL_STENCIL_TEST, GL_SCISSOR_TEST, GL_NORMALIZE,
		GL_COLOR_MATERIAL, GL_LINE_SMOOTH, GL_CLIP_PLANE0, GL_TEXTURE_GEN_S,
		GL_POLYGON_OFFSET_FILL, GL_POINT_SPRITE, GL_VERTEX_PROGRAM_ARB,
	};

	for (size_t i = 0; i < COUNT(cap); i++)
		glEnable(cap[i]);
}

static void texturemode(void) { glMatrixMode(GL_TEXTURE); }
static void projection(void) { glMatrixMode(GL_PROJECTION); }
static void turned(void) { glRotatef(30, 1, 2, 3); glTranslatef(1, 2, 3); }
static void pushed(void) { glPushMatrix(); glRotatef(50, 0, 1, 0); }
static void colormaterial(void) { glEnable(GL_COLOR_MATERIAL); }

/* ---- lists, stacks ------------------------------------------------------- */

static void list(void)
{
	GLuint l = glGenLists(3);

	glNewList(l, GL_COMPILE);
	glColor3f(0.25f, 0.5f, 0.75f);
	end3();
	glEndList();
}

static void lists(void)
{
	GLuint l = glGenLists(4);

	for (GLuint i = 0; i < 4; i++) {
		glNewList(l + i, GL_COMPILE);
		glColor3f((float)i * 0.2f, 0.5f, 0.75f);
		glEndList();
	}
}

static void newlist(void) { glNewList(1, GL_COMPILE); glColor3f(0, 1, 0); }
static void endlist(void) { glEndList(); }
static void listcolor(void) { glColor3f(0, 1, 0); glEndList(); }

static void pushattrib(void)
{
	glPushAttrib(GL_ALL_ATTRIB_BITS);
	glColor3f(0.5f, 0, 0);
	glEnable(GL_BLEND);
	glLineWidth(3);
	glDepthFunc(GL_GREATER);
}

static void pushclient(void)
{
	glPushClientAttrib(GL_CLIENT_ALL_ATTRIB_BITS);
	glEnableClientState(GL_VERTEX_ARRAY);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
}

static void popattrib(void) { glPopAttrib(); }
static void raster(void) { glRasterPos2f(-0.5f, -0.5f); }

static void names(void)
{
	static GLuint hits[64];

	glSelectBuffer(64, hits);
	glRenderMode(GL_SELECT);
	glInitNames();
	glPushName(7);
}

static void selectmode(void)
{
	static GLuint hits[64];

	glSelectBuffer(64, hits);
	glRenderMode(GL_SELECT);
}

static void maps(void)
{
	static const float points[4][3] = { { -1, -1, 0 }, { 1, -1, 0 }, { 0, 1, 0 }, { 1, 1, 0 } };

	glMap1f(GL_MAP1_VERTEX_3, 0, 1, 3, 4, points[0]);
	glEnable(GL_MAP1_VERTEX_3);
	glMap2f(GL_MAP2_VERTEX_3, 0, 1, 3, 2, 0, 1, 6, 2, points[0]);
	glEnable(GL_MAP2_VERTEX_3);
	glMapGrid1f(4, 0, 1);
	glMapGrid2f(4, 0, 1, 4, 0, 1);
}

static void lock(void) { arrays(); glLockArraysEXT(0, 3); }
static void finish(void) { glFinish(); }

/* ---- framebuffers -------------------------------------------------------- */

static void fbo(void)                   /* texture 1, renderbuffer 1, framebuffer 1 */
{
	GLuint t, r, f;

	pattern_fill();
	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D, t);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 32, 32, 0, GL_RGBA, GL_FLOAT, pattern);
	glGenRenderbuffers(1, &r);
	glBindRenderbuffer(GL_RENDERBUFFER, r);
	glRenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH24_STENCIL8, 32, 32);
	glGenFramebuffers(1, &f);
	glBindFramebuffer(GL_FRAMEBUFFER, f);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t, 0);
	glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_STENCIL_ATTACHMENT, GL_RENDERBUFFER, r);
}

static void fbogen(void) { GLuint f[2]; glGenFramebuffers(2, f); }

static void fbonew(void)                /* bound, nothing attached */
{
	GLuint f[2];

	glGenFramebuffers(2, f);
	glBindFramebuffer(GL_FRAMEBUFFER, f[0]);
}

static void rbgen(void) { GLuint r[2]; glGenRenderbuffers(2, r); }

static void rbnew(void)
{
	GLuint r[2];

	glGenRenderbuffers(2, r);
	glBindRenderbuffer(GL_RENDERBUFFER, r[0]);
}

static void rbstore(void)
{
	rbnew();
	glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, 16, 16);
}

static void window(void) { glBindFramebuffer(GL_DRAW_FRAMEBUFFER, 0); }
static void drawfbo(void) { glBindFramebuffer(GL_DRAW_FRAMEBUFFER, 1); }
static void readwindow(void) { glBindFramebuffer(GL_READ_FRAMEBUFFER, 0); }

static void vertexprogram(void)
{
	static const char text[] = "!!ARBvp1.0\nMOV result.position, vertex.position;\nEND\n";
	GLuint p[2];

	glGenProgramsARB(2, p);
	glBindProgramARB(GL_VERTEX_PROGRAM_ARB, p[0]);
	glProgramStringARB(GL_VERTEX_PROGRAM_ARB, GL_PROGRAM_FORMAT_ASCII_ARB,
			   (GLsizei)strlen(text), text);
}

static void fragmentprogram(void)
{
	static const char text[] = "!!ARBfp1.0\nMOV result.color, fragment.color;\nEND\n";
	GLuint p;

	glGenProgramsARB(1, &p);
	glBindProgramARB(GL_FRAGMENT_PROGRAM_ARB, p);
	glProgramStringARB(GL_FRAGMENT_PROGRAM_ARB, GL_PROGRAM_FORMAT_ASCII_ARB,
			   (GLsizei)strlen(text), text);
}

static void arbgen(void) { GLuint p[3]; glGenProgramsARB(3, p); }

/* ---- shaders ------------------------------------------------------------- */

static const char vertex_text[] =
	"#version 430 compatibility\n"
	"in vec4 one; in vec4 two; out vec4 kept;\n"
	"layout(std140) uniform Block { vec4 a; vec4 b; } block;\n"
	"layout(location = 0) uniform float f1[4]; layout(location = 4) uniform vec2 f2[4];\n"
	"layout(location = 8) uniform vec3 f3[4]; layout(location = 12) uniform vec4 f4[4];\n"
	"layout(location = 16) uniform int i1[4]; layout(location = 20) uniform ivec2 i2[4];\n"
	"layout(location = 24) uniform ivec3 i3[4]; layout(location = 28) uniform ivec4 i4[4];\n"
	"layout(location = 32) uniform uint u1[4]; layout(location = 36) uniform uvec2 u2[4];\n"
	"layout(location = 40) uniform uvec3 u3[4]; layout(location = 44) uniform uvec4 u4[4];\n"
	"void main() { gl_Position = gl_Vertex + one + block.a + block.b; kept = two;\n"
	" for (int i = 0; i < 4; i++) { gl_Position.x += f1[i] + f2[i].y + f3[i].z + f4[i].w\n"
	"  + float(i1[i] + i2[i].y + i3[i].z + i4[i].w)\n"
	"  + float(u1[i] + u2[i].y + u3[i].z + u4[i].w); } }\n";

static const char fragment_text[] =
	"#version 430 compatibility\n"
	"in vec4 kept; out vec4 first; out vec4 second;\n"
	"layout(location = 48) uniform mat2 m2[4]; layout(location = 52) uniform mat3 m3[4];\n"
	"layout(location = 56) uniform mat4 m4[4]; layout(location = 60) uniform mat2x3 m23[4];\n"
	"layout(location = 64) uniform mat3x2 m32[4]; layout(location = 68) uniform mat2x4 m24[4];\n"
	"layout(location = 72) uniform mat4x2 m42[4]; layout(location = 76) uniform mat3x4 m34[4];\n"
	"layout(location = 80) uniform mat4x3 m43[4]; layout(location = 84) uniform sampler2D tex;\n"
	"void main() { vec4 s = texture(tex, vec2(0.5)) + kept;\n"
	" for (int i = 0; i < 4; i++) s += vec4(m2[i][1], m3[i][2].xy) + m4[i][3]\n"
	"  + vec4(m23[i][1], m32[i][2].x) + m24[i][1] + vec4(m42[i][3], m34[i][2].xy)\n"
	"  + vec4(m43[i][3], 1.0);\n"
	" first = s; second = s + vec4(0.5); }\n";

static GLuint shader_new(GLenum type, const char *text)
{
	GLuint s = glCreateShader(type);

	glShaderSource(s, 1, &text, NULL);
	glCompileShader(s);
	return s;
}

static void shader(void)                /* 1: a vertex shader without source */
{
	glCreateShader(GL_VERTEX_SHADER);
}

static void sourced(void)               /* 1: not compiled yet */
{
	GLuint s = glCreateShader(GL_VERTEX_SHADER);
	const char *text = vertex_text;

	glShaderSource(s, 1, &text, NULL);
}

static void shaders(void)               /* 1, 2 compiled; 3 an empty program */
{
	shader_new(GL_VERTEX_SHADER, vertex_text);
	shader_new(GL_FRAGMENT_SHADER, fragment_text);
	glCreateProgram();
}

static void attached(void)
{
	shaders();
	glAttachShader(3, 1);
	glAttachShader(3, 2);
}

static void report_link(GLuint program)
{
	GLint ok = 0;
	char log[1024];

	glGetProgramiv(program, GL_LINK_STATUS, &ok);
	if (ok)
		return;
	glGetProgramInfoLog(program, sizeof(log), NULL, log);
	fprintf(stderr, "prove: program does not link: %s\n", log);
	_Exit(1);
}

static void link_program(void)
{
	glLinkProgram(3);
	report_link(3);
}

static void linked(void) { attached(); link_program(); }
static void program(void) { linked(); glUseProgram(3); }
static void pipelines(void) { GLuint p[2]; glGenProgramPipelines(2, p); }

static void separable(void)             /* program 2 of one stage */
{
	const char *text = "#version 430 compatibility\nvoid main() { gl_Position = gl_Vertex; }\n";

	glCreateShaderProgramv(GL_VERTEX_SHADER, 1, &text);
}

/* A program that draws: 4, 5 shaders, 6 program would follow; here 1, 2, 3. */
static void painter(void)
{
	shader_new(GL_VERTEX_SHADER, "#version 130\nin vec4 at; uniform vec4 move;\n"
				     "void main() { gl_Position = at + move; }\n");
	shader_new(GL_FRAGMENT_SHADER, "#version 130\nuniform vec4 tint;\n"
				       "void main() { gl_FragColor = tint + vec4(0.25); }\n");
	glCreateProgram();
	glAttachShader(3, 1);
	glAttachShader(3, 2);
	glBindAttribLocation(3, 1, "at");
	glLinkProgram(3);
	report_link(3);
	glUseProgram(3);
}

/* ---- queries, feedback --------------------------------------------------- */

static void queries(void) { GLuint q[3]; glGenQueries(3, q); }
static void counting(void) { queries(); glBeginQuery(GL_SAMPLES_PASSED, 1); }
static void counted(void) { counting(); end3(); glEndQuery(GL_SAMPLES_PASSED); }
static void count3(void) { end3(); glEndQuery(GL_SAMPLES_PASSED); }

static void uncounted(void)             /* a query that saw nothing */
{
	counting();
	glEndQuery(GL_SAMPLES_PASSED);
}

static void conditional(void) { uncounted(); glBeginConditionalRender(1, GL_QUERY_WAIT); }
static void endconditional(void) { glEndConditionalRender(); }

static void capture(void)               /* program 3 captures its positions */
{
	const char *names_[] = { "gl_Position" };
	GLuint b;

	shader_new(GL_VERTEX_SHADER, "#version 130\nvoid main() { gl_Position = gl_Vertex; }\n");
	glCreateShader(GL_FRAGMENT_SHADER);
	glCreateProgram();
	glAttachShader(3, 1);
	glTransformFeedbackVaryings(3, 1, names_, GL_INTERLEAVED_ATTRIBS);
	glLinkProgram(3);
	report_link(3);
	glUseProgram(3);
	glGenBuffers(1, &b);
	glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 0, b);
	glBufferData(GL_TRANSFORM_FEEDBACK_BUFFER, 256, NULL, GL_STATIC_DRAW);
}

static void captureon(void) { capture(); glBeginTransformFeedback(GL_TRIANGLES); }
static void captureoff(void) { glEndTransformFeedback(); }
static void xfbs(void) { GLuint x[2]; glGenTransformFeedbacks(2, x); }

const struct prove_action prove_actions[] = {
	{ "tex1d", tex1d, NULL }, { "tex2d", tex2d, NULL }, { "tex3d", tex3d, NULL },
	{ "rect", rect, NULL }, { "cube", cube, NULL }, { "texdepth", texdepth, NULL },
	{ "texint", texint, NULL }, { "texdxt", texdxt, NULL }, { "texgen", texgen, NULL },
	{ "texnew", texnew, NULL }, { "texnew1d", texnew1d, NULL }, { "texnew3d", texnew3d, NULL },
	{ "texms", texms, NULL }, { "texbuf", texbuf, NULL }, { "automip", automip, NULL },
	{ "mips", mips, NULL }, { "texture_on", texture_on, NULL }, { "unit1", unit1, NULL },
	{ "sampler", sampler, NULL }, { "buffer", buffer, NULL }, { "copybuffer", copybuffer, NULL },
	{ "bufgen", bufgen, NULL }, { "map", map, NULL }, { "element", element, NULL },
	{ "arrays", arrays, NULL }, { "bufarrays", bufarrays, NULL }, { "vao", vao, NULL },
	{ "vaogen", vaogen, NULL }, { "clientunit1", clientunit1, NULL },
	{ "allarrays", allarrays, NULL }, { "vertexenable", vertexenable, NULL },
	{ "fetching", prove_fetching, NULL }, { "normalenable", prove_enable_normal, NULL },
	{ "colorenable", prove_enable_color, NULL },
	{ "secondaryenable", prove_enable_secondary, NULL },
	{ "fogenable", prove_enable_fog, NULL }, { "coordenable", prove_enable_texcoord, NULL },
	{ "genericenable", prove_enable_generic, NULL },
	{ "packbuffer", prove_pack_buffer, NULL },
	{ "drawarrays", drawarrays, "glDrawArrays" }, { "begin2", begin2, NULL },
	{ "begin", begin, NULL }, { "end", end, "glEnd" }, { "end3", end3, "glEnd" },
	{ "end_vertices", end_vertices, "glVertex2f glEnd" }, { "vertices3", vertices3, NULL },
	{ "scene", scene, NULL }, { "tests", tests, NULL }, { "enabled", enabled, NULL },
	{ "texturemode", texturemode, NULL }, { "projection", projection, NULL },
	{ "turned", turned, NULL }, { "pushed", pushed, NULL },
	{ "colormaterial", colormaterial, NULL }, { "list", list, NULL }, { "lists", lists, NULL },
	{ "newlist", newlist, NULL }, { "endlist", endlist, "glEndList" },
	{ "listcolor", listcolor, "glColor3f glEndList" }, { "pushattrib", pushattrib, NULL },
	{ "pushclient", pushclient, NULL }, { "popattrib", popattrib, "glPopAttrib" },
	{ "raster", raster, NULL }, { "names", names, NULL }, { "selectmode", selectmode, NULL },
	{ "maps", maps, NULL }, { "lock", lock, NULL }, { "finish", finish, NULL },
	{ "fbo", fbo, NULL }, { "fbogen", fbogen, NULL }, { "fbonew", fbonew, NULL },
	{ "rbgen", rbgen, NULL }, { "rbnew", rbnew, NULL }, { "rbstore", rbstore, NULL },
	{ "window", window, NULL }, { "drawfbo", drawfbo, NULL }, { "readwindow", readwindow, NULL },
	{ "vertexprogram", vertexprogram, NULL }, { "fragmentprogram", fragmentprogram, NULL },
	{ "arbgen", arbgen, NULL }, { "shader", shader, NULL }, { "sourced", sourced, NULL },
	{ "shaders", shaders, NULL }, { "attached", attached, NULL },
	{ "link", link_program, "glLinkProgram" }, { "linked", linked, NULL },
	{ "program", program, NULL }, { "pipelines", pipelines, NULL },
	{ "separable", separable, NULL }, { "painter", painter, NULL },
	{ "queries", queries, NULL }, { "counting", counting, NULL }, { "counted", counted, NULL },
	{ "count3", count3, "glEnd glEndQuery" }, { "uncounted", uncounted, NULL },
	{ "conditional", conditional, NULL },
	{ "endconditional", endconditional, "glEndConditionalRender" },
	{ "capture", capture, NULL }, { "captureon", captureon, NULL },
	{ "captureoff", captureoff, "glEndTransformFeedback" }, { "xfbs", xfbs, NULL },
};
const unsigned prove_action_count = COUNT(prove_actions);

const struct prove_action *prove_action_find(const char *name, size_t len)
{
	for (unsigned i = 0; i < prove_action_count; i++)
		if (strlen(prove_actions[i].name) == len &&
		    memcmp(prove_actions[i].name, name, len) == 0)
			return &prove_actions[i];
	return NULL;
}
