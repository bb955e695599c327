/* prove_objects.c - pieces of GL program about framebuffers, programs, queries, capture.
 *
 * Names of objects are the driver's, the first ones it gives; a program is 3, after its
 * two shaders.
 */
#include "tests/prove/prove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* ---- framebuffers -------------------------------------------------------- */

static void fbo(void)                   /* texture 1, renderbuffer 1, framebuffer 1 */
{
	GLuint t, r, f;

	prove_pattern_fill();
	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D, t);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 32, 32, 0, GL_RGBA, GL_FLOAT, prove_pattern);
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

/* A program that draws from attribute 1: shaders 1 and 2, program 3. */
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
static void counted(void) { counting(); prove_triangle(); glEndQuery(GL_SAMPLES_PASSED); }
static void count3(void) { prove_triangle(); glEndQuery(GL_SAMPLES_PASSED); }

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

/* Uniforms of doubles, arrays of 4 at locations 0, 4, 8... of program 3. */
static void doubles(void)
{
	shader_new(GL_VERTEX_SHADER,
		"#version 430 compatibility\n"
		"layout(location = 0) uniform double d1[4]; layout(location = 4) uniform dvec2 d2[4];\n"
		"layout(location = 8) uniform dvec3 d3[4]; layout(location = 12) uniform dvec4 d4[4];\n"
		"layout(location = 16) uniform dmat2 m2[4]; layout(location = 20) uniform dmat3 m3[4];\n"
		"layout(location = 24) uniform dmat4 m4[4]; layout(location = 28) uniform dmat2x3 m23[4];\n"
		"layout(location = 32) uniform dmat3x2 m32[4]; layout(location = 36) uniform dmat2x4 m24[4];\n"
		"layout(location = 40) uniform dmat4x2 m42[4]; layout(location = 44) uniform dmat3x4 m34[4];\n"
		"layout(location = 48) uniform dmat4x3 m43[4];\n"
		"void main() { double s = 0.0;\n"
		" for (int i = 0; i < 4; i++) s += d1[i] + d2[i].y + d3[i].z + d4[i].w + m2[i][1].y\n"
		"  + m3[i][2].z + m4[i][3].w + m23[i][1].z + m32[i][2].y + m24[i][1].w + m42[i][3].y\n"
		"  + m34[i][2].w + m43[i][3].z;\n"
		" gl_Position = gl_Vertex + vec4(float(s)); }\n");
	glCreateShader(GL_FRAGMENT_SHADER);
	glCreateProgram();
	glAttachShader(3, 1);
	glLinkProgram(3);
	report_link(3);
}

static void doubles_used(void)
{
	doubles();
	glUseProgram(3);
}

static void boundpipelines(void)
{
	pipelines();
	glBindProgramPipeline(2);
	glBindProgramPipeline(1);
}

static void boundxfbs(void)
{
	xfbs();
	glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, 2);
	glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, 1);
}

static void capturepaused(void) { captureon(); glPauseTransformFeedback(); }

GLsync prove_sync;              /* what a command that takes a sync object is given */

static void fence(void) { prove_sync = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0); }

static void integers(void)      /* generic attribute 5 is read as integers */
{
	shader_new(GL_VERTEX_SHADER,
		"#version 130\nin ivec4 generic; out vec4 sum;\n"
		"void main() { gl_Position = gl_Vertex; sum = vec4(generic); }\n");
	shader_new(GL_FRAGMENT_SHADER,
		"#version 130\nin vec4 sum;\nvoid main() { gl_FragColor = fract(sum * 0.01); }\n");
	glCreateProgram();
	glAttachShader(3, 1);
	glAttachShader(3, 2);
	glBindAttribLocation(3, 5, "generic");
	glLinkProgram(3);
	report_link(3);
	glUseProgram(3);
}

static void edges(void)         /* an edge flag decides what of a polygon is drawn */
{
	static const GLboolean all[6] = { 1, 1, 1, 1, 1, 1 };

	glPolygonMode(GL_FRONT_AND_BACK, GL_LINE);
	glEdgeFlagPointer(0, all);
	glEnableClientState(GL_EDGE_FLAG_ARRAY);
}

static void texms3d(void)
{
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D_MULTISAMPLE_ARRAY, t);
}

static void rgtc3d(void)        /* a compressed image of 2 layers */
{
	static uint8_t blocks[2 * 4 * 16];
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D_ARRAY, t);
	glCompressedTexImage3D(GL_TEXTURE_2D_ARRAY, 0, GL_COMPRESSED_RGBA_S3TC_DXT5_EXT, 8, 8, 2, 0,
			       sizeof(blocks), blocks);
}

static void texnewarray(void)
{
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D_ARRAY, t);
}

static void intfbo(void)        /* a framebuffer of unsigned integers */
{
	GLuint t, f;

	prove_pattern_fill();
	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D, t);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8UI, 32, 32, 0, GL_RGBA_INTEGER, GL_UNSIGNED_BYTE,
		     prove_pattern);
	glGenFramebuffers(1, &f);
	glBindFramebuffer(GL_FRAMEBUFFER, f);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t, 0);
}

const struct prove_action prove_object_actions[] = {
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
	{ "doubles", doubles, NULL }, { "doublesused", doubles_used, NULL }, { "boundpipelines", boundpipelines, NULL },
	{ "boundxfbs", boundxfbs, NULL }, { "capturepaused", capturepaused, NULL },
	{ "fence", fence, NULL }, { "integers", integers, NULL }, { "edges", edges, NULL },
	{ "texms3d", texms3d, NULL }, { "rgtc3d", rgtc3d, NULL },
	{ "texnewarray", texnewarray, NULL }, { "intfbo", intfbo, NULL },
};
const unsigned prove_object_action_count = COUNT(prove_object_actions);
