/* state_objects.c - dumps of textures, samplers, buffers, queries, and free names. */
#include "blink/log/state_dump.h"

#include <stdlib.h>
#include <string.h>

#include "blink/gl/targets.h"

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

/* A texture as it is asked about: by name, or where that cannot be, bound for the time. */
struct texture {
	GLuint driver, client;
	GLenum target;
};

static GLint level_get(const struct state_dump *d, const struct texture *t, GLenum image,
		       GLint level, GLenum pname)
{
	GLint v = 0;

	if (d->ext_dsa)
		glGetTextureLevelParameterivEXT(t->driver, image, level, pname, &v);
	else
		glGetTexLevelParameteriv(image, level, pname, &v);
	return v;
}

/* How the texels of a level are best read: without loss, for any internal format, and
 * fast for the usual ones.  Returns the bytes of a texel. */
static size_t texel_format(const struct state_dump *d, const struct texture *t, GLenum image,
			   GLint level, GLenum *format, GLenum *type)
{
	static const struct { GLenum size, type; } parts[] = {
		{ GL_TEXTURE_RED_SIZE, GL_TEXTURE_RED_TYPE },
		{ GL_TEXTURE_GREEN_SIZE, GL_TEXTURE_GREEN_TYPE },
		{ GL_TEXTURE_BLUE_SIZE, GL_TEXTURE_BLUE_TYPE },
		{ GL_TEXTURE_ALPHA_SIZE, GL_TEXTURE_ALPHA_TYPE },
		{ GL_TEXTURE_LUMINANCE_SIZE, GL_TEXTURE_LUMINANCE_TYPE },
		{ GL_TEXTURE_INTENSITY_SIZE, GL_TEXTURE_INTENSITY_TYPE },
	};
	GLint depth = level_get(d, t, image, level, GL_TEXTURE_DEPTH_SIZE);
	GLint stencil = level_get(d, t, image, level, GL_TEXTURE_STENCIL_SIZE);
	GLint red = GL_NONE;
	bool bytes = true;

	for (size_t i = 0; i < COUNT(parts); i++) {
		GLint size = level_get(d, t, image, level, parts[i].size), kind;

		if (!size)
			continue;
		kind = level_get(d, t, image, level, parts[i].type);
		red = red ? red : kind;
		bytes &= size <= 8 && kind == GL_UNSIGNED_NORMALIZED;
	}
	*type = bytes && red ? GL_UNSIGNED_BYTE : GL_FLOAT;
	*format = GL_RGBA;
	if (depth && stencil) {
		*format = GL_DEPTH_STENCIL;
		*type = GL_UNSIGNED_INT_24_8;
	} else if (depth) {
		*format = GL_DEPTH_COMPONENT;
		*type = depth <= 16 ? GL_UNSIGNED_SHORT : GL_FLOAT;
	} else if (red == GL_INT || red == GL_UNSIGNED_INT) {
		*format = GL_RGBA_INTEGER;
		*type = red == GL_INT ? GL_INT : GL_UNSIGNED_INT;
	}
	return *type == GL_UNSIGNED_BYTE || depth ? 4 : 16;
}

static void texels(struct state_dump *d, const struct state_at *at, const struct texture *t,
		   GLenum image, GLint level, size_t count)
{
	GLenum format, type;
	size_t size = count * texel_format(d, t, image, level, &format, &type);
	uint8_t *data = calloc(1, size);

	if (!data) {
		d->failed = true;
		return;
	}
	if (d->ext_dsa)
		glGetTextureImageEXT(t->driver, image, level, format, type, data);
	else
		glGetTexImage(image, level, format, type, data);
	state_put(d, at, GL_TEXTURE, data, size, data[0]);
	free(data);
}

/* What a level is, then its texels; multisample and buffer textures have none here. */
static bool level_dump(struct state_dump *d, const struct texture *t, GLenum image, GLint level)
{
	const struct state_at at = { "bound_texture_image", { image, (uint32_t)level }, t->client };
	GLint v[COUNT(level_params)];
	size_t count = 1;

	v[0] = level_get(d, t, image, level, level_params[0]);
	if (glGetError() != GL_NO_ERROR || v[0] <= 0)
		return false;
	for (size_t i = 1; i < COUNT(level_params); i++)
		v[i] = level_get(d, t, image, level, level_params[i]);
	glGetError();           /* older versions do not know all of them */
	for (size_t i = 0; i + 1 < COUNT(level_params); i++)
		state_put_int(d, &at, level_params[i], v[i]);
	state_put_name(d, &at, GL_TEXTURE_BUFFER_DATA_STORE_BINDING, GL_SPACE_BUFFER,
		       v[COUNT(level_params) - 1]);
	for (int i = 0; i < 3; i++)
		count *= (size_t)(v[i] > 0 ? v[i] : 1);
	if (!v[5] && image != GL_TEXTURE_BUFFER)
		texels(d, &at, t, image, level, count);
	return true;
}

static void params_dump(struct state_dump *d, const struct texture *t)
{
	struct state_at at = { "bound_texture_param", { t->target, 0 }, t->client };

	for (size_t i = 0; i < COUNT(texture_params); i++) {
		const struct texture_param *p = &texture_params[i];
		float v[4] = { 0 };

		if (d->ext_dsa)
			glGetTextureParameterfvEXT(t->driver, t->target, p->pname, v);
		else
			glGetTexParameterfv(t->target, p->pname, v);
		at.key[1] = p->pname;
		state_put(d, &at, p->pname, v, p->n * sizeof(*v), (double)v[0]);
	}
}

static void texture_dump(struct state_dump *d, const struct texture *t)
{
	unsigned faces = t->target == GL_TEXTURE_CUBE_MAP ? 6 : 1;

	if (t->target != GL_TEXTURE_BUFFER)
		params_dump(d, t);
	glGetError();
	for (unsigned f = 0; f < faces; f++) {
		GLenum image = faces == 6 ? GL_TEXTURE_CUBE_MAP_POSITIVE_X + f : t->target;

		for (GLint level = 0; level < 15; level++)
			level_dump(d, t, image, level);
	}
}

/* The compatibility profile does not answer GL_TEXTURE_TARGET: a question about the
 * wrong target is an error, so the first that is none gives it away. */
static GLenum texture_target(GLuint texture)
{
	GLint v;

	glGetError();
	for (size_t i = 0; i + 1 < GL_TEXTURE_TARGETS; i++) {
		glGetTextureParameterivEXT(texture, gl_texture_targets[i].target, GL_TEXTURE_BASE_LEVEL, &v);
		if (!glGetError())
			return gl_texture_targets[i].target;
	}
	return GL_TEXTURE_BUFFER;
}

/* The same by binding it, after which it stays bound while it is dumped. */
static void bound_texture_dump(struct state_dump *d, struct texture *t)
{
	GLint was = 0;

	glGetError();
	for (size_t i = 0; i < GL_TEXTURE_TARGETS; i++) {
		if (t->target && t->target != gl_texture_targets[i].target)
			continue;
		glGetIntegerv(gl_texture_targets[i].binding, &was);
		glBindTexture(gl_texture_targets[i].target, t->driver);
		if (!glGetError()) {
			t->target = gl_texture_targets[i].target;
			texture_dump(d, t);
		}
		glBindTexture(gl_texture_targets[i].target, (GLuint)was);
		if (t->target)
			return;
	}
}

static void proxies(struct state_dump *d)
{
	static const GLenum proxy[] = {
		GL_PROXY_TEXTURE_1D, GL_PROXY_TEXTURE_2D, GL_PROXY_TEXTURE_3D,
		GL_PROXY_TEXTURE_CUBE_MAP, GL_PROXY_TEXTURE_RECTANGLE,
	};

	for (size_t i = 0; i < COUNT(proxy); i++) {
		const struct state_at at = { "bound_texture_image", { proxy[i], 0 }, 0 };

		for (size_t p = 0; p < COUNT(level_params); p++) {
			GLint v = 0;

			glGetTexLevelParameteriv(proxy[i], 0, level_params[p], &v);
			state_put_int(d, &at, level_params[p], v);
		}
	}
}

static void samplers_dump(struct state_dump *d)
{
	for (struct state_each s = { 0 }; state_next(d, GL_SPACE_SAMPLER, &s); ) {
		struct state_at at = { "sampler_param", { s.client, 0 }, 0 };

		if (!glIsSampler(s.driver)) {
			state_reserved(d, "sampler_name", &s);
			continue;
		}
		state_put_int(d, &(struct state_at){ "sampler_name", { s.client, ANY }, 0 }, 0, 1);
		for (size_t i = 0; i < COUNT(texture_params) && texture_params[i].sampler; i++) {
			float v[4] = { 0 };

			glGetSamplerParameterfv(s.driver, texture_params[i].pname, v);
			at.key[1] = texture_params[i].pname;
			state_put(d, &at, texture_params[i].pname, v,
				  texture_params[i].n * sizeof(*v), (double)v[0]);
		}
	}
}

static void any_texture_dump(struct state_dump *d, struct texture *t)
{
	if (!d->ext_dsa) {
		bound_texture_dump(d, t);
		return;
	}
	if (!t->target)
		t->target = texture_target(t->driver);
	texture_dump(d, t);
}

void state_textures(struct state_dump *d)
{
	for (size_t i = 0; state_shared(d) && i < GL_TEXTURE_TARGETS_DEFAULT; i++)
		any_texture_dump(d, &(struct texture){ 0, 0, gl_texture_targets[i].target });
	/* nobody but a question ever meets a proxy, and BlinkGL has no questions */
	if (!d->world)
		proxies(d);
	for (struct state_each e = { 0 }; state_next(d, GL_SPACE_TEXTURE, &e); ) {
		struct texture t = { e.driver, e.client, 0 };

		if (!glIsTexture(e.driver)) {
			state_reserved(d, "texture_name", &e);
			continue;
		}
		any_texture_dump(d, &t);
		state_put_int(d, &(struct state_at){ "texture_name", { e.client, ANY }, 0 }, 0,
			      (GLint)t.target);
	}
	samplers_dump(d);
}

/* ---- buffers ------------------------------------------------------------- */

void state_buffers(struct state_dump *d)
{
	static const GLenum params[] = {
		GL_BUFFER_SIZE, GL_BUFFER_USAGE, GL_BUFFER_ACCESS, GL_BUFFER_MAPPED,
		GL_BUFFER_STORAGE_FLAGS, GL_BUFFER_IMMUTABLE_STORAGE,
	};

	GLint was = 0;

	/* this binding point is nobody's but those who copy */
	glGetIntegerv(GL_COPY_READ_BUFFER_BINDING, &was);
	for (struct state_each e = { 0 }; state_next(d, GL_SPACE_BUFFER, &e); ) {
		const struct state_at at = { "bound_buffer_data", { ANY, ANY }, e.client };
		GLint64 v[COUNT(params)] = { 0 };
		uint8_t *data;

		if (!glIsBuffer(e.driver)) {
			state_reserved(d, "buffer_name", &e);
			continue;
		}
		state_put_int(d, &(struct state_at){ "buffer_name", { e.client, ANY }, 0 }, 0, 1);
		glBindBuffer(GL_COPY_READ_BUFFER, e.driver);
		for (size_t i = 0; i < COUNT(params); i++) {
			glGetBufferParameteri64v(GL_COPY_READ_BUFFER, params[i], &v[i]);
			state_put_int(d, &at, params[i], v[i]);
		}
		data = v[0] > 0 && !v[3] ? malloc((size_t)v[0]) : NULL;
		if (!data)
			continue;
		glGetBufferSubData(GL_COPY_READ_BUFFER, 0, (GLsizeiptr)v[0], data);
		state_put(d, &at, GL_BUFFER, data, (size_t)v[0], data[0]);
		free(data);
	}
	glBindBuffer(GL_COPY_READ_BUFFER, (GLuint)was);
}

/* ---- queries ------------------------------------------------------------- */

void state_queries(struct state_dump *d)
{
	static const GLenum counters[] = {
		GL_SAMPLES_PASSED, GL_ANY_SAMPLES_PASSED, GL_PRIMITIVES_GENERATED,
		GL_TRANSFORM_FEEDBACK_PRIMITIVES_WRITTEN, GL_TIME_ELAPSED,
	};
	GLint active[COUNT(counters)] = { 0 };

	for (size_t i = 0; i < COUNT(counters); i++) {
		glGetQueryiv(counters[i], GL_CURRENT_QUERY, &active[i]);
		state_put_name(d, &(struct state_at){ "query_active", { counters[i], ANY }, 0 }, 0,
			       GL_SPACE_QUERY, active[i]);
	}
	for (struct state_each q = { 0 }; state_next(d, GL_SPACE_QUERY, &q); ) {
		bool running = false;
		GLuint64 v = 0;
		GLint target = 0;

		if (!glIsQuery(q.driver)) {
			state_reserved(d, "query_name", &q);
			continue;
		}
		for (size_t i = 0; i < COUNT(counters); i++)
			running |= active[i] == (GLint)q.driver;
		glGetQueryObjectiv(q.driver, GL_QUERY_TARGET, &target);
		state_put_int(d, &(struct state_at){ "query_name", { q.client, ANY }, 0 }, 0, target);
		/* times are never the same twice: that there is one is all to compare */
		if (!running)
			glGetQueryObjectui64v(q.driver, GL_QUERY_RESULT, &v);
		if (target == GL_TIME_ELAPSED || target == GL_TIMESTAMP)
			v = v != 0;
		state_put_int(d, &(struct state_at){ "query_result", { q.client, ANY }, 0 }, running,
			      (int64_t)v);
	}
	for (struct state_each x = { 0 }; state_next(d, GL_SPACE_XFB, &x); ) {
		const struct state_at at = { "transform_feedback", { ANY, ANY }, x.client };
		GLint v = 0;

		if (!glIsTransformFeedback(x.driver))
			continue;
		glGetTransformFeedbackiv(x.driver, GL_TRANSFORM_FEEDBACK_ACTIVE, &v);
		state_put_int(d, &at, GL_TRANSFORM_FEEDBACK_ACTIVE, v);
		glGetTransformFeedbackiv(x.driver, GL_TRANSFORM_FEEDBACK_PAUSED, &v);
		state_put_int(d, &at, GL_TRANSFORM_FEEDBACK_PAUSED, v);
	}
}

/* ---- free names ---------------------------------------------------------- */

/* A name that was generated but never used is told by nothing but the names that come
 * next: one is generated, noted and given back. */
void state_next_names(struct state_dump *d)
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
