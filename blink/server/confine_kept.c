/* confine_kept.c - what the driver keeps, where the client's word is not enough.
 *
 * A command that GL refuses (a wrong enum, a border, an immutable texture) leaves what there
 * was.  An account that went by what was asked for would be closed by such commands while
 * the memory stays; so whatever makes an account smaller is looked up. */
#include "blink/server/confine.h"

#define UNTOLD (-1)

static int64_t image_parameter(const struct confined *k, uint32_t target, int32_t level,
			       uint32_t pname)
{
	GLint v[4] = { UNTOLD };

	((void (*)(GLenum, GLint, GLenum, GLint *))k->gl->get_image)(target, level, pname, v);
	return v[0];
}

uint64_t confine_kept_image(const struct confined *k, uint32_t target, int32_t level,
			    uint64_t otherwise)
{
	int64_t w, h, d, format;

	if (!k->gl->get_image)
		return otherwise;
	w = image_parameter(k, target, level, GL_TEXTURE_WIDTH);
	h = image_parameter(k, target, level, GL_TEXTURE_HEIGHT);
	d = image_parameter(k, target, level, GL_TEXTURE_DEPTH);
	format = image_parameter(k, target, level, GL_TEXTURE_INTERNAL_FORMAT);
	if (w < 0 || h < 0 || d < 0 || format < 0)
		return otherwise;
	return confine_image_bytes((uint32_t)format, w, h, d);
}

int32_t confine_kept_levels(const struct confined *k, uint32_t target, int32_t level)
{
	int64_t most, side;
	int32_t n = 0;

	if (!k->gl->get_image || confine_inside(k))
		return -1;
	most = image_parameter(k, target, level, GL_TEXTURE_WIDTH);
	side = target == GL_TEXTURE_1D_ARRAY || target == GL_TEXTURE_1D ? 0
		: image_parameter(k, target, level, GL_TEXTURE_HEIGHT);
	most = side > most ? side : most;
	side = target == GL_TEXTURE_3D ? image_parameter(k, target, level, GL_TEXTURE_DEPTH) : 0;
	most = side > most ? side : most;
	if (most <= 0)
		return -1;
	while (most >>= 1)
		n++;
	return n;
}

bool confine_kept_undrawable(const struct confined *k, uint32_t target, int32_t level)
{
	return image_parameter(k, target, level, GL_TEXTURE_COMPRESSED) == 1 ||
	       image_parameter(k, target, level, GL_TEXTURE_INTERNAL_FORMAT) == GL_RGB9_E5;
}

static int64_t renderbuffer_parameter(const struct confined *k, uint32_t pname)
{
	GLint v[4] = { UNTOLD };

	((void (*)(GLenum, GLenum, GLint *))k->gl->get_renderbuffer)(GL_RENDERBUFFER, pname, v);
	return v[0];
}

uint64_t confine_kept_renderbuffer(const struct confined *k, uint64_t otherwise)
{
	int64_t w, h, samples, format;

	if (!k->gl->get_renderbuffer)
		return otherwise;
	w = renderbuffer_parameter(k, GL_RENDERBUFFER_WIDTH);
	h = renderbuffer_parameter(k, GL_RENDERBUFFER_HEIGHT);
	samples = renderbuffer_parameter(k, GL_RENDERBUFFER_SAMPLES);
	format = renderbuffer_parameter(k, GL_RENDERBUFFER_INTERNAL_FORMAT);
	if (w < 0 || h < 0 || samples < 0 || format < 0)
		return otherwise;
	return confine_image_bytes((uint32_t)format, w, h, 1) * (uint64_t)(samples > 1 ? samples : 1);
}

uint64_t confine_kept_buffer(const struct confined *k, uint32_t target, uint64_t otherwise)
{
	GLint v[4] = { UNTOLD };

	if (!k->gl->get_buffer)
		return otherwise;
	((void (*)(GLenum, GLenum, GLint *))k->gl->get_buffer)(target, GL_BUFFER_SIZE, v);
	return v[0] < 0 ? otherwise : (uint64_t)v[0];
}

/* GL answers no question there, and this one has an answer in all of its versions. */
bool confine_inside(const struct confined *k)
{
	return confine_ask(k, GL_MAX_TEXTURE_SIZE, UINT32_MAX, 0) == UINT32_MAX;
}
