/* prove_arrays.c - pieces of GL program that let a draw read one vertex array. */
#include "tests/prove/prove.h"

#include <stdio.h>
#include <stdlib.h>

#define GENERIC 5       /* the attribute that the program reads besides the fixed ones */

static GLuint shader_make(GLenum stage, const char *text)
{
	GLuint s = glCreateShader(stage);

	glShaderSource(s, 1, &text, NULL);
	glCompileShader(s);
	return s;
}

/* A program whose colour takes something of every attribute. */
void prove_fetching(void)
{
	GLuint p = glCreateProgram();
	GLint ok = 0;

	glAttachShader(p, shader_make(GL_VERTEX_SHADER,
		"#version 130\nin vec4 generic; out vec4 sum;\n"
		"void main() { gl_Position = gl_Vertex; sum = gl_Color + gl_SecondaryColor +\n"
		"vec4(gl_Normal, 0.0) + vec4(gl_FogCoord) + gl_MultiTexCoord0 +\n"
		"gl_MultiTexCoord1 + generic; }\n"));
	glAttachShader(p, shader_make(GL_FRAGMENT_SHADER,
		"#version 130\nin vec4 sum;\nvoid main() { gl_FragColor = fract(sum); }\n"));
	glBindAttribLocation(p, GENERIC, "generic");
	glLinkProgram(p);
	glGetProgramiv(p, GL_LINK_STATUS, &ok);
	if (!ok) {
		fprintf(stderr, "prove: the program that fetches does not link\n");
		_Exit(1);
	}
	glUseProgram(p);
}

void prove_enable_normal(void) { glEnableClientState(GL_NORMAL_ARRAY); }
void prove_enable_color(void) { glEnableClientState(GL_COLOR_ARRAY); }
void prove_enable_secondary(void) { glEnableClientState(GL_SECONDARY_COLOR_ARRAY); }
void prove_enable_fog(void) { glEnableClientState(GL_FOG_COORD_ARRAY); }
void prove_enable_texcoord(void) { glEnableClientState(GL_TEXTURE_COORD_ARRAY); }
void prove_enable_generic(void) { glEnableVertexAttribArray(GENERIC); }

/* ---- buffers that answers go to ------------------------------------------ */

void prove_pack_buffer(void)
{
	GLuint b;

	glGenBuffers(1, &b);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, b);
	glBufferData(GL_PIXEL_PACK_BUFFER, 4096, NULL, GL_STREAM_READ);
}
