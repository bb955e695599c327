/* sink_gl_read.c - the picture that a person would see, and GL errors.
 *
 * What is read is what apitrace's snapshots read: from the draw framebuffer that is
 * bound, its first draw buffer; from the drawable, the buffer drawn to.  Pixel
 * transfer state (scale, bias, maps) acts on both alike and is left alone; pixel
 * pack state is set aside, and everything is put back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/engine/sink_gl_priv.h"
#include "blink/gl/targets.h"

/* A client could ask for a renderbuffer of any size the driver takes. */
#define PICTURE_MAX (1u << 30)

/* ---- errors -------------------------------------------------------------- */

/* Moves the driver's error flags into the sink's count: one flag per kind of error at
 * most, though a lost context raises one for ever. */
static void errors_collect(struct sink_gl *g)
{
	GLenum e;

	for (unsigned n = 0; g->context && n < 16; n++) {
		e = g->gl.GetError();
		if (e == GL_NO_ERROR)
			return;
		if (!g->errors++)
			g->first_error = e;
	}
}

unsigned sink_gl_errors(struct sink *s, uint32_t *first)
{
	struct sink_gl *g = sink_gl_of(s);
	unsigned n;

	errors_collect(g);
	n = g->errors;
	if (first)
		*first = n ? g->first_error : GL_NO_ERROR;
	g->errors = 0;
	return n;
}

/* ---- pack state ---------------------------------------------------------- */

static const struct { GLenum pname; GLint tight; } pack_state[] = {
	{ GL_PACK_SWAP_BYTES, 0 }, { GL_PACK_LSB_FIRST, 0 }, { GL_PACK_ROW_LENGTH, 0 },
	{ GL_PACK_IMAGE_HEIGHT, 0 }, { GL_PACK_SKIP_PIXELS, 0 }, { GL_PACK_SKIP_ROWS, 0 },
	{ GL_PACK_SKIP_IMAGES, 0 }, { GL_PACK_ALIGNMENT, 1 },
};
#define PACK_STATES (sizeof(pack_state) / sizeof(*pack_state))

/* A driver of before 3.0 is not asked for what it cannot have bound. */
static bool has_objects(const struct sink_gl *g)
{
	return g->version >= 30;
}

static void pack_tight(struct sink_gl *g, GLint saved[PACK_STATES], GLint *buffer)
{
	if (has_objects(g)) {
		g->gl.GetIntegerv(GL_PIXEL_PACK_BUFFER_BINDING, buffer);
		g->gl.BindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	}
	for (unsigned i = 0; i < PACK_STATES; i++) {
		g->gl.GetIntegerv(pack_state[i].pname, &saved[i]);
		g->gl.PixelStorei(pack_state[i].pname, pack_state[i].tight);
	}
}

static void pack_restore(struct sink_gl *g, const GLint saved[PACK_STATES], GLint buffer)
{
	for (unsigned i = 0; i < PACK_STATES; i++)
		g->gl.PixelStorei(pack_state[i].pname, saved[i]);
	if (has_objects(g))
		g->gl.BindBuffer(GL_PIXEL_PACK_BUFFER, (GLuint)buffer);
}

/* ---- what is drawn to ---------------------------------------------------- */

static void level_size(struct sink_gl *g, GLenum bind, GLenum binding, GLenum image, GLint level,
		       GLuint texture, GLint size[2])
{
	GLint was = 0;

	g->gl.GetIntegerv(binding, &was);
	g->gl.BindTexture(bind, texture);
	g->gl.GetTexLevelParameteriv(image, level, GL_TEXTURE_WIDTH, &size[0]);
	g->gl.GetTexLevelParameteriv(image, level, GL_TEXTURE_HEIGHT, &size[1]);
	g->gl.BindTexture(bind, (GLuint)was);
}

/* A texture says its target only by refusing to be bound to the others. */
static void texture_size(struct sink_gl *g, GLenum attachment, GLuint texture, GLint size[2])
{
	GLint face = 0, level = 0;

	g->gl.GetFramebufferAttachmentParameteriv(GL_DRAW_FRAMEBUFFER, attachment,
						  GL_FRAMEBUFFER_ATTACHMENT_TEXTURE_CUBE_MAP_FACE,
						  &face);
	g->gl.GetFramebufferAttachmentParameteriv(GL_DRAW_FRAMEBUFFER, attachment,
						  GL_FRAMEBUFFER_ATTACHMENT_TEXTURE_LEVEL, &level);
	if (face) {
		level_size(g, GL_TEXTURE_CUBE_MAP, GL_TEXTURE_BINDING_CUBE_MAP, (GLenum)face,
			   level, texture, size);
		return;
	}
	for (unsigned i = 0; i < GL_TEXTURE_TARGETS; i++) {
		GLenum target = gl_texture_targets[i].target;
		GLint was = 0;
		bool fits;

		g->gl.GetIntegerv(gl_texture_targets[i].binding, &was);
		g->gl.BindTexture(target, texture);
		fits = g->gl.GetError() == GL_NO_ERROR;
		g->gl.BindTexture(target, (GLuint)was);
		if (!fits)
			continue;
		level_size(g, target, gl_texture_targets[i].binding, target, level, texture, size);
		return;
	}
}

static int attachment_size(struct sink_gl *g, GLenum attachment, GLint size[2], struct error *err)
{
	GLint type = GL_NONE, name = 0, was = 0;

	g->gl.GetFramebufferAttachmentParameteriv(GL_DRAW_FRAMEBUFFER, attachment,
						  GL_FRAMEBUFFER_ATTACHMENT_OBJECT_TYPE, &type);
	if (type == GL_NONE)
		return error_set(err, -ENODATA, "picture: nothing is attached to the framebuffer");
	g->gl.GetFramebufferAttachmentParameteriv(GL_DRAW_FRAMEBUFFER, attachment,
						  GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME, &name);
	if (type == GL_TEXTURE) {
		texture_size(g, attachment, (GLuint)name, size);
		return 0;
	}
	g->gl.GetIntegerv(GL_RENDERBUFFER_BINDING, &was);
	g->gl.BindRenderbuffer(GL_RENDERBUFFER, (GLuint)name);
	g->gl.GetRenderbufferParameteriv(GL_RENDERBUFFER, GL_RENDERBUFFER_WIDTH, &size[0]);
	g->gl.GetRenderbufferParameteriv(GL_RENDERBUFFER, GL_RENDERBUFFER_HEIGHT, &size[1]);
	g->gl.BindRenderbuffer(GL_RENDERBUFFER, (GLuint)was);
	return 0;
}

static int picture_source(struct sink_gl *g, GLint *framebuffer, GLint *buffer, GLint size[2],
			  struct error *err)
{
	*framebuffer = 0;
	*buffer = GL_NONE;
	if (g->back) {
		*buffer = GL_BACK;
	} else {
		if (has_objects(g))
			g->gl.GetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, framebuffer);
		g->gl.GetIntegerv(*framebuffer ? GL_DRAW_BUFFER0 : GL_DRAW_BUFFER, buffer);
	}
	if (*buffer == GL_NONE)
		return error_set(err, -ENODATA, "picture: no colour buffer is drawn to");
	if (*framebuffer)
		return attachment_size(g, (GLenum)*buffer, size, err);
	if (!g->draw || g->draw > g->ndrawables || !g->drawables[g->draw - 1].live)
		return error_set(err, -ENODATA, "picture: no drawable is current");
	size[0] = (GLint)g->drawables[g->draw - 1].w;
	size[1] = (GLint)g->drawables[g->draw - 1].h;
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

static GLenum pixels_read(struct sink_gl *g, GLint framebuffer, GLint buffer, const GLint size[2],
			  GLenum format, uint8_t *out)
{
	GLint pack[PACK_STATES], pack_buffer = 0, read_framebuffer = 0, read_buffer = GL_NONE;
	GLenum e;

	pack_tight(g, pack, &pack_buffer);
	if (has_objects(g)) {
		g->gl.GetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &read_framebuffer);
		g->gl.BindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)framebuffer);
	}
	g->gl.GetIntegerv(GL_READ_BUFFER, &read_buffer);
	g->gl.ReadBuffer((GLenum)buffer);
	g->gl.ReadPixels(0, 0, size[0], size[1], format, GL_UNSIGNED_BYTE, out);
	e = g->gl.GetError();
	g->gl.ReadBuffer((GLenum)read_buffer);
	if (has_objects(g))
		g->gl.BindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)read_framebuffer);
	pack_restore(g, pack, pack_buffer);
	return e;
}

/* GL's rows go upwards, and a framebuffer's picture is read with its alpha. */
static void rows_to_picture(const uint8_t *pixels, unsigned channels, uint32_t w, uint32_t h,
			    uint8_t *rgb)
{
	for (uint32_t y = 0; y < h; y++) {
		const uint8_t *from = pixels + (size_t)(h - 1 - y) * w * channels;
		uint8_t *to = rgb + (size_t)y * w * 3;

		if (channels == 3) {
			memcpy(to, from, (size_t)w * 3);
			continue;
		}
		for (uint32_t x = 0; x < w; x++)
			memcpy(to + (size_t)x * 3, from + (size_t)x * 4, 3);
	}
}

int sink_gl_read(struct sink *s, uint8_t **rgb, uint32_t *w, uint32_t *h, struct error *err)
{
	struct sink_gl *g = sink_gl_of(s);
	GLint framebuffer, buffer, size[2] = { 0, 0 };
	uint8_t *pixels, *out;
	unsigned channels;
	size_t bytes;
	GLenum e;
	int r;

	if (!g->context)
		return error_set(err, -ENODATA, "picture: no context is current");
	errors_collect(g);    /* what follows looks at the error flag itself */
	r = picture_source(g, &framebuffer, &buffer, size, err);
	if (r < 0)
		return r;
	channels = framebuffer ? 4 : 3;
	if (size[0] < 1 || size[1] < 1 || (uint64_t)size[0] * (uint64_t)size[1] * 4 > PICTURE_MAX)
		return error_set(err, -ENODATA, "picture: %d by %d pixels can not be read",
				 size[0], size[1]);
	bytes = (size_t)size[0] * (size_t)size[1] * channels;
	pixels = malloc(bytes);
	out = malloc((size_t)size[0] * (size_t)size[1] * 3);
	if (!pixels || !out) {
		free(pixels);
		free(out);
		return error_set(err, -ENOMEM, "picture: out of memory");
	}
	memset(pixels, g->unwritten, bytes);   /* GL leaves alone what no buffer holds */
	e = pixels_read(g, framebuffer, buffer, size, channels == 4 ? GL_RGBA : GL_RGB, pixels);
	if (e == GL_NO_ERROR)
		rows_to_picture(pixels, channels, (uint32_t)size[0], (uint32_t)size[1], out);
	free(pixels);
	if (e != GL_NO_ERROR) {
		free(out);
		return error_set(err, -ENODATA, "picture: the driver refuses to read it (error %#x)",
				 e);
	}
	*rgb = out;
	*w = (uint32_t)size[0];
	*h = (uint32_t)size[1];
	return 0;
}
