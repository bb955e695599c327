/* gl4.c - what OpenGL 4 has beyond 3.3, in a picture of its own; and what a program asks of
 * a driver that has it. */
#include "tests/record/client/client.h"

#include <stdio.h>
#include <string.h>

static GLuint shader(GLenum type, const char *text)
{
	GLuint s = glCreateShader(type);

	glShaderSource(s, 1, &text, NULL);
	glCompileShader(s);
	return s;
}

/* A patch of 4 vertices becomes a grid of triangles, each in one of 2 viewports. */
static GLuint program_make(void)
{
	static const struct { GLenum type; const char *text; } stages[] = {
		{ GL_VERTEX_SHADER, "#version 430 compatibility\n"
		  "layout(location = 3) in dvec2 at;\n"
		  "void main() { gl_Position = vec4(vec2(at), 0.0, 1.0); }\n" },
		{ GL_TESS_CONTROL_SHADER, "#version 430 compatibility\n"
		  "layout(vertices = 4) out; uniform double fine;\n"
		  "void main() { gl_out[gl_InvocationID].gl_Position = gl_in[gl_InvocationID].gl_Position;\n"
		  " for (int i = 0; i < 4; i++) gl_TessLevelOuter[i] = float(fine);\n"
		  " gl_TessLevelInner[0] = gl_TessLevelInner[1] = float(fine); }\n" },
		{ GL_TESS_EVALUATION_SHADER, "#version 430 compatibility\n"
		  "layout(quads, equal_spacing, ccw) in; out vec2 where_eval;\n"
		  "void main() { vec2 p = gl_TessCoord.xy; where_eval = p;\n"
		  " gl_Position = mix(mix(gl_in[0].gl_Position, gl_in[1].gl_Position, p.x),\n"
		  "  mix(gl_in[3].gl_Position, gl_in[2].gl_Position, p.x), p.y); }\n" },
		{ GL_GEOMETRY_SHADER, "#version 430 compatibility\n"
		  "layout(triangles) in; layout(triangle_strip, max_vertices = 3) out;\n"
		  "in vec2 where_eval[]; flat out vec2 place;\n"
		  "void main() { for (int i = 0; i < 3; i++) { gl_ViewportIndex = gl_PrimitiveIDIn & 1;\n"
		  "  gl_Position = gl_in[i].gl_Position; place = where_eval[0]; EmitVertex(); } }\n" },
		{ GL_FRAGMENT_SHADER, "#version 430 compatibility\n"
		  "flat in vec2 place; out vec4 colour; uniform sampler2D texel; uniform dvec3 tint;\n"
		  "layout(std140) uniform Light { vec4 light; };\n"
		  "void main() { colour = round(vec4(place, 0.5, 1.0) * 8.0) / 8.0 * texture(texel, place) * light\n"
		  "  * vec4(vec3(tint), 1.0); }\n" },
	};
	GLuint p = glCreateProgram();

	for (unsigned i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		glAttachShader(p, shader(stages[i].type, stages[i].text));
	glLinkProgram(p);
	return p;
}

static void texture_make(void)
{
	static const GLubyte red[4] = { 255, 0, 0, 255 }, part[4] = { 0, 255, 255, 255 };
	GLuint texture, sampler;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, 8, 8);
	glClearTexImage(texture, 0, GL_RGBA, GL_UNSIGNED_BYTE, red);
	glClearTexSubImage(texture, 0, 2, 2, 0, 4, 4, 1, GL_RGBA, GL_UNSIGNED_BYTE, part);
	glBindTexture(GL_TEXTURE_2D, 0);
	glBindTextures(2, 1, &texture);
	glGenSamplers(1, &sampler);
	glSamplerParameteri(sampler, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glSamplerParameteri(sampler, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	glBindSamplers(2, 1, &sampler);
}

/* What is asked leaves nothing behind. */
static void ask(GLuint p)
{
	static char binary[1 << 20];
	GLint range[2], precision, samples[4];
	GLenum format;
	GLsizei n;

	glGetProgramBinary(p, sizeof(binary), &n, &format, binary);
	glGetShaderPrecisionFormat(GL_FRAGMENT_SHADER, GL_HIGH_FLOAT, range, &precision);
	glGetInternalformativ(GL_RENDERBUFFER, GL_RGBA8, GL_NUM_SAMPLE_COUNTS, 1, samples);
	glGetProgramInterfaceiv(p, GL_UNIFORM, GL_ACTIVE_RESOURCES, samples);
	glReleaseShaderCompiler();
}

static void buffers_make(GLuint p, GLint at)
{
	static const GLdouble corners[4][2] = { { -1, -1 }, { 1, -1 }, { 1, 1 }, { -1, .5 } };
	static const GLfloat light[4] = { 1, 0, 1, 1 };
	const GLintptr offset = 256;
	const GLsizeiptr size = sizeof(light);
	GLuint buffers[2];

	glGenBuffers(2, buffers);
	glBindBuffer(GL_ARRAY_BUFFER, buffers[0]);
	glBufferData(GL_ARRAY_BUFFER, sizeof(corners), corners, GL_STATIC_DRAW);
	glVertexAttribLPointer((GLuint)at, 2, GL_DOUBLE, 0, NULL);
	glEnableVertexAttribArray((GLuint)at);
	glBindBuffer(GL_UNIFORM_BUFFER, buffers[1]);
	glBufferData(GL_UNIFORM_BUFFER, 512, NULL, GL_STATIC_DRAW);
	glBufferSubData(GL_UNIFORM_BUFFER, offset, size, light);
	glBindBuffer(GL_UNIFORM_BUFFER, 0);
	glBindBuffersRange(GL_UNIFORM_BUFFER, 4, 1, &buffers[1], &offset, &size);
	glUniformBlockBinding(p, glGetProgramResourceIndex(p, GL_UNIFORM_BLOCK, "Light"), 4);
}

static int gl4(struct window *w)
{
	static GLfloat views[2][4] = { { 0, 0, 40, 64 }, { 24, 8, 40, 40 } };
	GLint major = 0, minor = 0;
	GLuint p;

	glGetIntegerv(GL_MAJOR_VERSION, &major);
	glGetIntegerv(GL_MINOR_VERSION, &minor);
	if (major * 10 + minor < 44)
		return 77;
	p = program_make();
	ask(p);
	texture_make();
	glUseProgram(p);
	glUniform1i(glGetProgramResourceLocation(p, GL_UNIFORM, "texel"), 2);
	glUniform3d(glGetProgramResourceLocation(p, GL_UNIFORM, "tint"), 1, 0, 1);
	buffers_make(p, glGetProgramResourceLocation(p, GL_PROGRAM_INPUT, "at"));
	glPatchParameteri(GL_PATCH_VERTICES, 4);
	for (int frame = 0; frame < 4; frame++) {
		glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
		glUniform1d(glGetProgramResourceLocation(p, GL_UNIFORM, "fine"), 3 + frame);
		glViewportArrayv(0, 2, views[0]);      /* Mesa writes there */
		glDepthRangeIndexed(1, .25, .5 + frame / 10.);
		glEnablei(GL_SCISSOR_TEST, 1);
		glScissorIndexed(1, 28, 10, 20 + frame, 30);
		glDrawArrays(GL_PATCHES, 0, 4);
		window_swap(w);
	}
	printf("error %u\n", glGetError());
	return 0;
}

/* A shader fills a buffer, and an image, from which is drawn. */
static int compute(struct window *w)
{
	static const char text[] = "#version 430\nlayout(local_size_x = 8, local_size_y = 8) in;\n"
		"layout(rgba8, binding = 1) uniform writeonly image2D to;\n"
		"layout(std430, binding = 2) buffer Seen { uint seen[]; };\n"
		"void main() { uvec2 i = gl_GlobalInvocationID.xy; seen[i.y * 8u + i.x] += i.x;\n"
		" imageStore(to, ivec2(i), vec4(vec2(i) / 8.0, float(seen[i.y * 8u + i.x]) / 32.0, 1.0)); }\n";
	static const GLuint zeros[64];
	GLint major = 0, minor = 0;
	GLuint p, texture, buffer;

	glGetIntegerv(GL_MAJOR_VERSION, &major);
	glGetIntegerv(GL_MINOR_VERSION, &minor);
	if (major * 10 + minor < 43)
		return 77;
	p = glCreateProgram();
	glAttachShader(p, shader(GL_COMPUTE_SHADER, text));
	glLinkProgram(p);
	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, 8, 8);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glGenBuffers(1, &buffer);
	glBindBuffer(GL_SHADER_STORAGE_BUFFER, buffer);
	glBufferData(GL_SHADER_STORAGE_BUFFER, sizeof(zeros), zeros, GL_DYNAMIC_COPY);
	glBindBufferBase(GL_SHADER_STORAGE_BUFFER, 2, buffer);
	glBindImageTexture(1, texture, 0, GL_FALSE, 0, GL_WRITE_ONLY, GL_RGBA8);
	glEnable(GL_TEXTURE_2D);
	for (int frame = 0; frame < 4; frame++) {
		glUseProgram(p);
		glDispatchCompute(1, 1, 1);
		glMemoryBarrier(GL_TEXTURE_FETCH_BARRIER_BIT | GL_SHADER_STORAGE_BARRIER_BIT);
		glUseProgram(0);
		glBegin(GL_QUADS);
		glTexCoord2f(0, 0);
		glVertex2f(-1, -1);
		glTexCoord2f(1, 0);
		glVertex2f(1, -1);
		glTexCoord2f(1, 1);
		glVertex2f(1, 1);
		glTexCoord2f(0, 1);
		glVertex2f(-1, 1);
		glEnd();
		window_swap(w);
	}
	printf("error %u\n", glGetError());
	return 0;
}

int modes_gl4(const char *mode, struct window *w)
{
	return !strcmp(mode, "gl4") ? gl4(w) : !strcmp(mode, "compute") ? compute(w) : -1;
}
