/* state_programs.c - dumps of shaders, programs, uniforms and assembly programs. */
#include "blink/log/state_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define ANY STATE_NO_KEY
#define TEXT 4096

/* ---- shaders ------------------------------------------------------------- */

static void shader_dump(struct state_dump *d, GLuint shader, GLuint client)
{
	static const GLenum params[] = {
		GL_SHADER_TYPE, GL_DELETE_STATUS, GL_COMPILE_STATUS, GL_INFO_LOG_LENGTH,
		GL_SHADER_SOURCE_LENGTH,
	};
	const struct state_at at = { "shader", { client, ANY }, 0 };
	GLint v = 0;
	char *text;

	state_put_int(d, &(struct state_at){ "program_name", { client, ANY }, 0 }, 0, 1);
	for (size_t i = 0; i < COUNT(params); i++) {
		glGetShaderiv(shader, params[i], &v);
		state_put_int(d, &at, params[i], v);
	}
	text = calloc(1, (size_t)v + 1);
	if (!text) {
		d->failed = true;
		return;
	}
	glGetShaderSource(shader, v, NULL, text);
	state_put(d, &at, 0, text, strlen(text), 0);
	free(text);
}

/* ---- programs ------------------------------------------------------------ */

/* Location and size of each input, so that a rebinding shows after the link. */
static void attribs_dump(struct state_dump *d, const struct state_at *at, GLuint program)
{
	GLint count = 0;

	glGetProgramiv(program, GL_ACTIVE_ATTRIBUTES, &count);
	for (GLint i = 0; i < count; i++) {
		char name[TEXT];
		GLint size = 0, row[2];
		GLenum type = 0;

		glGetActiveAttrib(program, (GLuint)i, sizeof(name), NULL, &size, &type, name);
		row[0] = glGetAttribLocation(program, name);
		row[1] = (GLint)type;
		state_put(d, at, 0x10000u + (uint32_t)i, row, sizeof(row), row[0]);
	}
	glGetProgramInterfaceiv(program, GL_PROGRAM_OUTPUT, GL_ACTIVE_RESOURCES, &count);
	for (GLint i = 0; i < count; i++) {
		static const GLenum props[] = { GL_LOCATION, GL_LOCATION_INDEX };
		GLint v[2] = { 0 };

		glGetProgramResourceiv(program, GL_PROGRAM_OUTPUT, (GLuint)i, 2, props, 2, NULL, v);
		state_put(d, at, 0x20000u + (uint32_t)i, v, sizeof(v), v[0]);
	}
}

static void uniform_dump(struct state_dump *d, GLuint program, GLuint client, const char *name,
			 GLint size)
{
	char element[TEXT + 16];
	size_t len = strlen(name);

	if (len > 3 && strcmp(name + len - 3, "[0]") == 0)
		len -= 3;
	for (GLint e = 0; e < size; e++) {
		struct state_at at = { "uniform", { 0, ANY }, client };
		union { double d[16]; float f[16]; uint8_t bytes[128]; } v = { .bytes = { 0 } };
		GLint location;

		snprintf(element, sizeof(element), e ? "%.*s[%d]" : "%.*s", (int)len, name, e);
		location = glGetUniformLocation(program, element);
		if (location < 0)
			continue;
		at.key[0] = d->world ? (uint32_t)XXH3_64bits(element, strlen(element))
				     : (uint32_t)location;
		/* doubles are read as floats: told apart well enough, and never too long */
		glGetUniformfv(program, location, v.f);
		state_put_text(d, &at, 0, v.bytes, sizeof(v), (double)v.f[0], element);
	}
}

static void uniforms_dump(struct state_dump *d, GLuint program, GLuint client)
{
	GLint count = 0;

	glGetProgramiv(program, GL_ACTIVE_UNIFORMS, &count);
	for (GLint i = 0; i < count; i++) {
		char name[TEXT];
		GLint size = 0;
		GLenum type = 0;

		glGetActiveUniform(program, (GLuint)i, sizeof(name), NULL, &size, &type, name);
		uniform_dump(d, program, client, name, size);
	}
	glGetProgramiv(program, GL_ACTIVE_UNIFORM_BLOCKS, &count);
	for (GLint i = 0; i < count; i++) {
		GLint v = 0;

		glGetActiveUniformBlockiv(program, (GLuint)i, GL_UNIFORM_BLOCK_BINDING, &v);
		state_put_int(d, &(struct state_at){ "uniform_block", { client, (uint32_t)i }, 0 },
			      0, v);
	}
}

/* The order in which shaders were attached means nothing. */
static int name_compare(const void *a, const void *b)
{
	const GLuint *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void program_dump(struct state_dump *d, GLuint program, GLuint client)
{
	static const GLenum params[] = {
		GL_DELETE_STATUS, GL_LINK_STATUS, GL_VALIDATE_STATUS, GL_INFO_LOG_LENGTH,
		GL_ATTACHED_SHADERS, GL_ACTIVE_ATTRIBUTES, GL_ACTIVE_UNIFORMS,
		GL_ACTIVE_UNIFORM_BLOCKS, GL_TRANSFORM_FEEDBACK_BUFFER_MODE,
		GL_TRANSFORM_FEEDBACK_VARYINGS, GL_PROGRAM_SEPARABLE,
		GL_PROGRAM_BINARY_RETRIEVABLE_HINT,
	};
	const struct state_at at = { "program", { client, ANY }, 0 };
	GLuint shaders[16] = { 0 };
	GLint v = 0;

	state_put_int(d, &(struct state_at){ "program_name", { client, ANY }, 0 }, 0, 2);
	for (size_t i = 0; i < COUNT(params); i++) {
		v = 0;
		glGetProgramiv(program, params[i], &v);
		state_put_int(d, &at, params[i], v);
	}
	glGetAttachedShaders(program, COUNT(shaders), NULL, shaders);
	for (size_t i = 0; i < COUNT(shaders); i++)
		shaders[i] = state_client(d, GL_SPACE_PROGRAM, shaders[i]);
	qsort(shaders, COUNT(shaders), sizeof(*shaders), name_compare);
	state_put(d, &at, 0, shaders, sizeof(shaders), shaders[COUNT(shaders) - 1]);
	glGetProgramiv(program, GL_LINK_STATUS, &v);
	if (v) {
		attribs_dump(d, &at, program);
		uniforms_dump(d, program, client);
	}
}

/* ---- assembly programs --------------------------------------------------- */

static GLenum arbprogram_target(GLuint program)
{
	/* only the matching target can be asked about */
	static const GLenum targets[] = { GL_VERTEX_PROGRAM_ARB, GL_FRAGMENT_PROGRAM_ARB };

	for (size_t i = 0; i < COUNT(targets); i++) {
		GLint v = 0;

		glGetError();
		glGetNamedProgramivEXT(program, targets[i], GL_PROGRAM_LENGTH_ARB, &v);
		if (glGetError() == GL_NO_ERROR)
			return targets[i];
	}
	return 0;
}

static void arbprogram_dump(struct state_dump *d, GLuint program, GLuint client, GLenum target)
{
	struct state_at at = { "bound_arbprogram", { target, ANY }, client };
	GLint length = 0, format = 0;
	char *text;

	glGetNamedProgramivEXT(program, target, GL_PROGRAM_LENGTH_ARB, &length);
	glGetNamedProgramivEXT(program, target, GL_PROGRAM_FORMAT_ARB, &format);
	state_put_int(d, &at, GL_PROGRAM_LENGTH_ARB, length);
	state_put_int(d, &at, GL_PROGRAM_FORMAT_ARB, format);
	text = calloc(1, (size_t)length + 1);
	if (text && length > 0) {
		glGetNamedProgramStringEXT(program, target, GL_PROGRAM_STRING_ARB, text);
		state_put(d, &at, GL_PROGRAM_STRING_ARB, text, (size_t)length, 0);
	}
	free(text);
	at.slot = "bound_arbprogram_local";
	for (GLuint i = 0; i < 32; i++) {
		float v[4] = { 0 };

		glGetNamedProgramLocalParameterfvEXT(program, target, i, v);
		at.key[1] = i;
		state_put(d, &at, 0, v, sizeof(v), (double)v[0]);
	}
}

static void arbprograms_dump(struct state_dump *d)
{
	static const GLenum targets[] = { GL_VERTEX_PROGRAM_ARB, GL_FRAGMENT_PROGRAM_ARB };

	for (size_t t = 0; t < COUNT(targets); t++) {
		GLint bound = 0;

		glGetProgramivARB(targets[t], GL_PROGRAM_BINDING_ARB, &bound);
		state_put_name(d, &(struct state_at){ "arbprogram_binding", { targets[t], ANY }, 0 },
			       0, GL_SPACE_ARBPROGRAM, bound);
		for (GLuint i = 0; i < 64; i++) {
			float v[4] = { 0 };

			glGetProgramEnvParameterfvARB(targets[t], i, v);
			state_put(d, &(struct state_at){ "arbprogram_env", { targets[t], i }, 0 }, 0,
				  v, sizeof(v), (double)v[0]);
		}
	}
	for (struct state_each p = { 0 }; state_next(d, GL_SPACE_ARBPROGRAM, &p); ) {
		GLenum target;

		if (!glIsProgramARB(p.driver)) {
			state_reserved(d, "arbprogram_name", &p);
			continue;
		}
		target = arbprogram_target(p.driver);
		state_put_int(d, &(struct state_at){ "arbprogram_name", { p.client, ANY }, 0 }, 0,
			      target);
		if (target)
			arbprogram_dump(d, p.driver, p.client, target);
	}
}

static void pipelines_dump(struct state_dump *d)
{
	static const GLenum params[] = {
		GL_ACTIVE_PROGRAM, GL_VERTEX_SHADER, GL_FRAGMENT_SHADER, GL_GEOMETRY_SHADER,
		GL_VALIDATE_STATUS,
	};
	GLint v = 0;

	glGetIntegerv(GL_PROGRAM_PIPELINE_BINDING, &v);
	state_put_name(d, &(struct state_at){ "pipeline_binding", { ANY, ANY }, 0 }, 0,
		       GL_SPACE_PIPELINE, v);
	for (struct state_each p = { 0 }; state_next(d, GL_SPACE_PIPELINE, &p); ) {
		const struct state_at at = { "pipeline", { p.client, ANY }, 0 };

		if (!glIsProgramPipeline(p.driver))
			continue;
		for (size_t i = 0; i < COUNT(params); i++) {
			v = 0;
			glGetProgramPipelineiv(p.driver, params[i], &v);
			if (params[i] == GL_VALIDATE_STATUS)
				state_put_int(d, &at, params[i], v);
			else
				state_put_name(d, &at, params[i], GL_SPACE_PROGRAM, v);
		}
	}
}

void state_programs(struct state_dump *d)
{
	GLint current = 0;

	glGetIntegerv(GL_CURRENT_PROGRAM, &current);
	state_put_name(d, &(struct state_at){ "current_program", { ANY, ANY }, 0 }, 0,
		       GL_SPACE_PROGRAM, current);
	for (struct state_each p = { 0 }; state_next(d, GL_SPACE_PROGRAM, &p); ) {
		if (glIsShader(p.driver))
			shader_dump(d, p.driver, p.client);
		else if (glIsProgram(p.driver))
			program_dump(d, p.driver, p.client);
	}
	if (!d->core)
		arbprograms_dump(d);
	pipelines_dump(d);
}
