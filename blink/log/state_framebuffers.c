/* state_framebuffers.c - dumps of framebuffer objects, renderbuffers and pixels. */
#include "blink/log/state_dump.h"

#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define ANY STATE_NO_KEY
#define COLORS 8

struct attachment { GLenum point; GLint type, name; };

static GLint attachment_get(GLuint fbo, GLenum point, GLenum pname)
{
	GLint v = 0;

	glGetNamedFramebufferAttachmentParameteriv(fbo, point, pname, &v);
	glGetError();       /* asking a point that holds nothing is an error */
	return v;
}

static struct attachment attachment_dump(struct state_dump *d, GLuint fbo, GLenum point)
{
	static const GLenum params[] = {
		GL_FRAMEBUFFER_ATTACHMENT_TEXTURE_LEVEL,
		GL_FRAMEBUFFER_ATTACHMENT_TEXTURE_CUBE_MAP_FACE,
		GL_FRAMEBUFFER_ATTACHMENT_TEXTURE_LAYER, GL_FRAMEBUFFER_ATTACHMENT_LAYERED,
	};
	const struct state_at at = { "bound_framebuffer", { ANY, point }, fbo };
	struct attachment a = {
		point, attachment_get(fbo, point, GL_FRAMEBUFFER_ATTACHMENT_OBJECT_TYPE), 0,
	};

	state_put_int(d, &at, GL_FRAMEBUFFER_ATTACHMENT_OBJECT_TYPE, a.type);
	if (a.type == GL_TEXTURE || a.type == GL_RENDERBUFFER) {
		a.name = attachment_get(fbo, point, GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME);
		state_put_int(d, &at, GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME, a.name);
	}
	for (size_t i = 0; a.type == GL_TEXTURE && i < COUNT(params); i++)
		state_put_int(d, &at, params[i], attachment_get(fbo, point, params[i]));
	return a;
}

/* ---- pixels -------------------------------------------------------------- */

static void plane_dump(struct state_dump *d, const char *slot, GLuint fbo, uint32_t item,
		       GLint w, GLint h, GLenum format, GLenum type)
{
	const struct state_at at = { slot, { ANY, ANY }, fbo };
	size_t size = (size_t)w * (size_t)h * (format == GL_RGBA && type == GL_FLOAT ? 16 : 4);
	uint8_t *data = calloc(1, size ? size : 1);

	if (!data) {
		d->failed = true;
		return;
	}
	glGetError();
	glReadPixels(0, 0, w, h, format, type, data);
	if (glGetError() == GL_NO_ERROR)
		state_put(d, &at, item, data, size, data[0]);
	free(data);
}

/* The framebuffer is bound for reading, and its read buffer put back afterwards. */
static void pixels_dump(struct state_dump *d, GLuint fbo, const struct attachment *color,
			unsigned colors, GLint w, GLint h)
{
	GLint read = 0, bits = 0;

	glGetIntegerv(GL_READ_BUFFER, &read);
	for (unsigned i = 0; i < colors; i++) {
		if (color[i].type == GL_NONE || color[i].type == GL_TEXTURE)
			continue;       /* a texture's texels are dumped with it */
		glReadBuffer(color[i].point);
		plane_dump(d, "color_buffer", fbo, color[i].point, w, h, GL_RGBA, GL_FLOAT);
	}
	glReadBuffer((GLenum)read);
	glGetIntegerv(GL_DEPTH_BITS, &bits);
	if (bits || fbo)
		plane_dump(d, "depth_buffer", fbo, 0, w, h, GL_DEPTH_COMPONENT, GL_FLOAT);
	glGetIntegerv(GL_STENCIL_BITS, &bits);
	if (bits || fbo)
		plane_dump(d, "stencil_buffer", fbo, 0, w, h, GL_STENCIL_INDEX, GL_INT);
}

/* Extent of the framebuffer: of its first image, as all are equal in what we meet. */
static void extent_of(const struct attachment *a, GLuint fbo, GLint *w, GLint *h)
{
	GLint level = attachment_get(fbo, a->point, GL_FRAMEBUFFER_ATTACHMENT_TEXTURE_LEVEL);

	*w = *h = 0;
	if (a->type == GL_RENDERBUFFER) {
		glGetNamedRenderbufferParameteriv((GLuint)a->name, GL_RENDERBUFFER_WIDTH, w);
		glGetNamedRenderbufferParameteriv((GLuint)a->name, GL_RENDERBUFFER_HEIGHT, h);
	} else if (a->type == GL_TEXTURE) {
		glGetTextureLevelParameteriv((GLuint)a->name, level, GL_TEXTURE_WIDTH, w);
		glGetTextureLevelParameteriv((GLuint)a->name, level, GL_TEXTURE_HEIGHT, h);
	}
	glGetError();
}

static void selection_dump(struct state_dump *d, GLuint fbo)
{
	GLint v = 0;

	for (GLenum i = 0; i < COLORS; i++) {
		v = 0;
		glGetIntegerv(GL_DRAW_BUFFER0 + i, &v);
		state_put_int(d, &(struct state_at){ "bound_draw_buffers", { ANY, ANY }, fbo }, i, v);
	}
	v = 0;
	glGetIntegerv(GL_READ_BUFFER, &v);
	state_put_int(d, &(struct state_at){ "bound_read_buffer", { ANY, ANY }, fbo }, 0, v);
}

static void framebuffer_dump(struct state_dump *d, GLuint fbo)
{
	struct attachment a[COLORS + 2];
	GLint w = 0, h = 0;

	for (GLenum i = 0; i < COLORS; i++)
		a[i] = attachment_dump(d, fbo, GL_COLOR_ATTACHMENT0 + i);
	a[COLORS] = attachment_dump(d, fbo, GL_DEPTH_ATTACHMENT);
	a[COLORS + 1] = attachment_dump(d, fbo, GL_STENCIL_ATTACHMENT);
	glBindFramebuffer(GL_FRAMEBUFFER, fbo);
	selection_dump(d, fbo);
	for (unsigned i = 0; i < COUNT(a) && !w; i++)
		extent_of(&a[i], fbo, &w, &h);
	if (glCheckFramebufferStatus(GL_READ_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE)
		pixels_dump(d, fbo, a, COLORS, w, h);
}

/* The window's own framebuffer: as large as the drawable, which only EGL knows; the
 * part that a viewport can reach is what matters, so a square that holds it is read. */
static void window_dump(struct state_dump *d)
{
	static const struct attachment planes[] = { { GL_FRONT_LEFT, 1, 0 }, { GL_BACK_LEFT, 1, 0 } };
	GLint doubled = 0;

	glBindFramebuffer(GL_FRAMEBUFFER, 0);
	selection_dump(d, 0);
	glGetIntegerv(GL_DOUBLEBUFFER, &doubled);
	pixels_dump(d, 0, &planes[doubled ? 1 : 0], 1, 64, 64);
}

static void renderbuffers_dump(struct state_dump *d)
{
	static const GLenum params[] = {
		GL_RENDERBUFFER_WIDTH, GL_RENDERBUFFER_HEIGHT, GL_RENDERBUFFER_INTERNAL_FORMAT,
		GL_RENDERBUFFER_SAMPLES,
	};
	GLint v = 0;

	glGetIntegerv(GL_RENDERBUFFER_BINDING, &v);
	state_put_int(d, &(struct state_at){ "renderbuffer_binding", { ANY, ANY }, 0 }, 0, v);
	for (GLuint r = 1; r <= d->names; r++) {
		const struct state_at at = { "bound_renderbuffer", { ANY, ANY }, r };

		if (!glIsRenderbuffer(r))
			continue;
		state_put_int(d, &(struct state_at){ "renderbuffer_name", { r, ANY }, 0 }, 0, 1);
		for (size_t i = 0; i < COUNT(params); i++) {
			glGetNamedRenderbufferParameteriv(r, params[i], &v);
			state_put_int(d, &at, params[i], v);
		}
	}
}

void state_framebuffers(struct state_dump *d)
{
	GLint draw = 0, read = 0;

	glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &draw);
	glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &read);
	state_put_int(d, &(struct state_at){ "framebuffer_binding", { GL_DRAW_FRAMEBUFFER, ANY }, 0 },
		      0, draw);
	state_put_int(d, &(struct state_at){ "framebuffer_binding", { GL_READ_FRAMEBUFFER, ANY }, 0 },
		      0, read);
	window_dump(d);
	for (GLuint f = 1; f <= d->names; f++) {
		if (!glIsFramebuffer(f))
			continue;
		state_put_int(d, &(struct state_at){ "framebuffer_name", { f, ANY }, 0 }, 0, 1);
		framebuffer_dump(d, f);
	}
	renderbuffers_dump(d);
	glBindFramebuffer(GL_DRAW_FRAMEBUFFER, (GLuint)draw);
	glBindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)read);
}
