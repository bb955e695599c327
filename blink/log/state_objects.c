/* state_objects.c - dumps of textures, samplers, buffers, queries, and free names. */
#include "blink/log/state_dump.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define ANY STATE_NO_KEY

/* ---- textures ------------------------------------------------------------ */

static const struct texture_param { GLenum pname; unsigned n; bool sampler; } texture_params[] = {
	{ GL_TEXTURE_MIN_FILTER, 1, true }, { GL_TEXTURE_MAG_FILTER, 1, true },
	{ GL_TEXTURE_WRAP_S, 1, true }, { GL_TEXTURE_WRAP_T, 1, true },
	{ GL_TEXTURE_WRAP_R, 1, true }, { GL_TEXTURE_MIN_LOD, 1, true },
	{ GL_TEXTURE_MAX_LOD, 1, true }, { GL_TEXTURE_LOD_BIAS, 1, true },
	{ GL_TEXTURE_COMPARE_MODE, 1, true }, { GL_TEXTURE_COMPARE_FUNC, 1, true },
	{ GL_TEXTURE_MAX_ANISOTROPY_EXT, 1, true }, { GL_TEXTURE_BORDER_COLOR, 4, true },
	{ GL_TEXTURE_CUBE_MAP_SEAMLESS, 1, true }, { GL_TEXTURE_SRGB_DECODE_EXT, 1, true },
	{ GL_TEXTURE_BASE_LEVEL, 1, false }, { GL_TEXTURE_MAX_LEVEL, 1, false },
	{ GL_TEXTURE_PRIORITY, 1, false }, { GL_GENERATE_MIPMAP, 1, false },
	{ GL_DEPTH_TEXTURE_MODE, 1, false }, { GL_TEXTURE_SWIZZLE_R, 1, false },
	{ GL_TEXTURE_SWIZZLE_G, 1, false }, { GL_TEXTURE_SWIZZLE_B, 1, false },
	{ GL_TEXTURE_SWIZZLE_A, 1, false }, { GL_TEXTURE_IMMUTABLE_FORMAT, 1, false },
	{ GL_TEXTURE_IMMUTABLE_LEVELS, 1, false }, { GL_DEPTH_STENCIL_TEXTURE_MODE, 1, false },
};

static const GLenum level_params[] = {
	GL_TEXTURE_WIDTH, GL_TEXTURE_HEIGHT, GL_TEXTURE_DEPTH, GL_TEXTURE_INTERNAL_FORMAT,
	GL_TEXTURE_BORDER, GL_TEXTURE_SAMPLES, GL_TEXTURE_COMPRESSED,
	GL_TEXTURE_FIXED_SAMPLE_LOCATIONS, GL_TEXTURE_BUFFER_DATA_STORE_BINDING,
};

/* How the texels of a level are best read: without loss, for any internal format. */
static void texel_format(GLuint texture, GLenum target, GLint level, GLenum *format, GLenum *type)
{
	GLint depth = 0, stencil = 0, red = 0;

	glGetTextureLevelParameterivEXT(texture, target, level, GL_TEXTURE_DEPTH_SIZE, &depth);
	glGetTextureLevelParameterivEXT(texture, target, level, GL_TEXTURE_STENCIL_SIZE, &stencil);
	glGetTextureLevelParameterivEXT(texture, target, level, GL_TEXTURE_RED_TYPE, &red);
	*type = GL_FLOAT;
	*format = GL_RGBA;
	if (depth && stencil) {
		*format = GL_DEPTH_STENCIL;
		*type = GL_UNSIGNED_INT_24_8;
	} else if (depth) {
		*format = GL_DEPTH_COMPONENT;
	} else if (red == GL_INT || red == GL_UNSIGNED_INT) {
		*format = GL_RGBA_INTEGER;
		*type = red == GL_INT ? GL_INT : GL_UNSIGNED_INT;
	}
}

static void texels(struct state_dump *d, const struct state_at *at, GLenum target, GLint level,
		   size_t count)
{
	GLenum format, type;
	size_t size = count * 16;
	void *data = calloc(1, size);

	if (!data) {
		d->failed = true;
		return;
	}
	texel_format(at->object, target, level, &format, &type);
	glGetTextureImageEXT(at->object, target, level, format, type, data);
	state_put(d, at, GL_TEXTURE, data, size, (double)((uint8_t *)data)[0]);
	free(data);
}

/* What a level is, then its texels; multisample and buffer textures have none here. */
static bool level_dump(struct state_dump *d, GLuint texture, GLenum target, GLint level)
{
	const struct state_at at = { "bound_texture_image", { target, (uint32_t)level }, texture };
	GLint v[COUNT(level_params)];
	size_t count = 1;

	for (size_t i = 0; i < COUNT(level_params); i++) {
		v[i] = 0;
		glGetTextureLevelParameterivEXT(texture, target, level, level_params[i], &v[i]);
	}
	if (glGetError() != GL_NO_ERROR || v[0] <= 0)
		return false;
	for (size_t i = 0; i < COUNT(level_params); i++)
		state_put_int(d, &at, level_params[i], v[i]);
	for (int i = 0; i < 3; i++)
		count *= (size_t)(v[i] > 0 ? v[i] : 1);
	if (!v[5] && target != GL_TEXTURE_BUFFER)
		texels(d, &at, target, level, count);
	return true;
}

static void texture_dump(struct state_dump *d, GLuint texture, GLenum target)
{
	struct state_at at = { "bound_texture_param", { target, 0 }, texture };
	unsigned faces = target == GL_TEXTURE_CUBE_MAP ? 6 : 1;

	if (target != GL_TEXTURE_BUFFER) {
		for (size_t i = 0; i < COUNT(texture_params); i++) {
			const struct texture_param *p = &texture_params[i];
			float v[4] = { 0 };

			glGetTextureParameterfvEXT(texture, target, p->pname, v);
			at.key[1] = p->pname;
			state_put(d, &at, p->pname, v, p->n * sizeof(*v), (double)v[0]);
		}
	}
	glGetError();
	for (unsigned f = 0; f < faces; f++) {
		GLenum image = faces == 6 ? GL_TEXTURE_CUBE_MAP_POSITIVE_X + f : target;

		for (GLint level = 0; level < 12; level++)
			level_dump(d, texture, image, level);
	}
}

static void proxies(struct state_dump *d)
{
	static const GLenum targets[] = {
		GL_PROXY_TEXTURE_1D, GL_PROXY_TEXTURE_2D, GL_PROXY_TEXTURE_3D,
		GL_PROXY_TEXTURE_CUBE_MAP, GL_PROXY_TEXTURE_RECTANGLE,
	};

	for (size_t i = 0; i < COUNT(targets); i++) {
		const struct state_at at = { "bound_texture_image", { targets[i], 0 }, 0 };

		for (size_t p = 0; p < COUNT(level_params); p++) {
			GLint v = 0;

			glGetTexLevelParameteriv(targets[i], 0, level_params[p], &v);
			state_put_int(d, &at, level_params[p], v);
		}
	}
}

/* The compatibility profile does not answer GL_TEXTURE_TARGET: a question about the
 * wrong target is an error, so the first that is none gives it away. */
static GLenum texture_target(GLuint texture)
{
	static const GLenum targets[] = {
		GL_TEXTURE_2D, GL_TEXTURE_1D, GL_TEXTURE_3D, GL_TEXTURE_CUBE_MAP,
		GL_TEXTURE_RECTANGLE, GL_TEXTURE_1D_ARRAY, GL_TEXTURE_2D_ARRAY,
		GL_TEXTURE_CUBE_MAP_ARRAY, GL_TEXTURE_2D_MULTISAMPLE,
		GL_TEXTURE_2D_MULTISAMPLE_ARRAY,
	};
	GLint v;

	glGetError();
	for (size_t i = 0; i < COUNT(targets); i++) {
		glGetTextureParameterivEXT(texture, targets[i], GL_TEXTURE_BASE_LEVEL, &v);
		if (!glGetError())
			return targets[i];
	}
	return GL_TEXTURE_BUFFER;
}

void state_textures(struct state_dump *d)
{
	static const GLenum defaults[] = {
		GL_TEXTURE_1D, GL_TEXTURE_2D, GL_TEXTURE_3D, GL_TEXTURE_CUBE_MAP,
		GL_TEXTURE_RECTANGLE,
	};

	for (size_t i = 0; i < COUNT(defaults); i++)
		texture_dump(d, 0, defaults[i]);
	proxies(d);
	for (GLuint t = 1; t <= d->names; t++) {
		GLenum target;

		if (!glIsTexture(t))
			continue;
		target = texture_target(t);
		state_put_int(d, &(struct state_at){ "texture_name", { t, ANY }, 0 }, 0,
			      (GLint)target);
		texture_dump(d, t, target);
	}
	for (GLuint s = 1; s <= d->names; s++) {
		struct state_at at = { "sampler_param", { s, 0 }, 0 };

		if (!glIsSampler(s))
			continue;
		state_put_int(d, &(struct state_at){ "sampler_name", { s, ANY }, 0 }, 0, 1);
		for (size_t i = 0; i < COUNT(texture_params) && texture_params[i].sampler; i++) {
			float v[4] = { 0 };

			glGetSamplerParameterfv(s, texture_params[i].pname, v);
			at.key[1] = texture_params[i].pname;
			state_put(d, &at, texture_params[i].pname, v,
				  texture_params[i].n * sizeof(*v), (double)v[0]);
		}
	}
}

/* ---- buffers ------------------------------------------------------------- */

void state_buffers(struct state_dump *d)
{
	static const GLenum params[] = {
		GL_BUFFER_SIZE, GL_BUFFER_USAGE, GL_BUFFER_ACCESS, GL_BUFFER_MAPPED,
		GL_BUFFER_STORAGE_FLAGS, GL_BUFFER_IMMUTABLE_STORAGE,
	};

	for (GLuint b = 1; b <= d->names; b++) {
		const struct state_at at = { "bound_buffer_data", { ANY, ANY }, b };
		GLint64 v[COUNT(params)] = { 0 };
		void *data;

		if (!glIsBuffer(b))
			continue;
		state_put_int(d, &(struct state_at){ "buffer_name", { b, ANY }, 0 }, 0, 1);
		for (size_t i = 0; i < COUNT(params); i++) {
			glGetNamedBufferParameteri64v(b, params[i], &v[i]);
			state_put_int(d, &at, params[i], v[i]);
		}
		data = v[0] > 0 && !v[3] ? malloc((size_t)v[0]) : NULL;
		if (!data)
			continue;
		glGetNamedBufferSubData(b, 0, (GLsizeiptr)v[0], data);
		state_put(d, &at, GL_BUFFER, data, (size_t)v[0], (double)((uint8_t *)data)[0]);
		free(data);
	}
}

/* ---- queries ------------------------------------------------------------- */

void state_queries(struct state_dump *d)
{
	static const GLenum targets[] = {
		GL_SAMPLES_PASSED, GL_ANY_SAMPLES_PASSED, GL_PRIMITIVES_GENERATED,
		GL_TRANSFORM_FEEDBACK_PRIMITIVES_WRITTEN, GL_TIME_ELAPSED,
	};
	GLint active[COUNT(targets)] = { 0 };

	for (size_t i = 0; i < COUNT(targets); i++) {
		glGetQueryiv(targets[i], GL_CURRENT_QUERY, &active[i]);
		state_put_int(d, &(struct state_at){ "query_active", { targets[i], ANY }, 0 }, 0,
			      active[i]);
	}
	for (GLuint q = 1; q <= d->names; q++) {
		bool running = false;
		GLuint64 v = 0;
		GLint target = 0;

		if (!glIsQuery(q))
			continue;
		for (size_t i = 0; i < COUNT(targets); i++)
			running |= active[i] == (GLint)q;
		glGetQueryObjectiv(q, GL_QUERY_TARGET, &target);
		state_put_int(d, &(struct state_at){ "query_name", { q, ANY }, 0 }, 0, target);
		/* times are never the same twice: that there is one is all to compare */
		if (!running)
			glGetQueryObjectui64v(q, GL_QUERY_RESULT, &v);
		if (target == GL_TIME_ELAPSED || target == GL_TIMESTAMP)
			v = v != 0;
		state_put_int(d, &(struct state_at){ "query_result", { q, ANY }, 0 }, running,
			      (int64_t)v);
	}
	for (GLuint x = 1; x <= d->names; x++) {
		const struct state_at at = { "transform_feedback", { ANY, ANY }, x };
		GLint v = 0;

		if (!glIsTransformFeedback(x))
			continue;
		glGetTransformFeedbackiv(x, GL_TRANSFORM_FEEDBACK_ACTIVE, &v);
		state_put_int(d, &at, GL_TRANSFORM_FEEDBACK_ACTIVE, v);
		glGetTransformFeedbackiv(x, GL_TRANSFORM_FEEDBACK_PAUSED, &v);
		state_put_int(d, &at, GL_TRANSFORM_FEEDBACK_PAUSED, v);
	}
}

/* ---- free names ---------------------------------------------------------- */

/* A name that was generated but never used is told by nothing but the names that come
 * next: one is generated, noted and given back. */
void state_names(struct state_dump *d)
{
	static const struct {
		const char *slot;
		void (*gen)(GLsizei, GLuint *);
		void (*del)(GLsizei, const GLuint *);
	} kinds[] = {
		{ "texture_name", glGenTextures, glDeleteTextures },
		{ "buffer_name", glGenBuffers, glDeleteBuffers },
		{ "sampler_name", glGenSamplers, glDeleteSamplers },
		{ "array_object_name", glGenVertexArrays, glDeleteVertexArrays },
		{ "framebuffer_name", glGenFramebuffers, glDeleteFramebuffers },
		{ "renderbuffer_name", glGenRenderbuffers, glDeleteRenderbuffers },
		{ "query_name", glGenQueries, glDeleteQueries },
		{ "arbprogram_name", glGenProgramsARB, glDeleteProgramsARB },
		{ "pipeline", glGenProgramPipelines, glDeleteProgramPipelines },
		{ "transform_feedback", glGenTransformFeedbacks, glDeleteTransformFeedbacks },
	};

	for (size_t i = 0; d->probe_names && i < COUNT(kinds); i++) {
		GLuint name = 0;

		kinds[i].gen(1, &name);
		kinds[i].del(1, &name);
		state_put_int(d, &(struct state_at){ kinds[i].slot, { ANY, ANY }, 0 }, 1, name);
	}
}
