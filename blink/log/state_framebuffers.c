/* state_framebuffers.c - dumps of framebuffer objects, renderbuffers and pixels. */
#include "blink/log/state_dump.h"

#include <stdlib.h>

#include "blink/gl/targets.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define ANY STATE_NO_KEY
#define COLORS 8

struct attachment { GLenum point; GLint type, name; };

/* Of the framebuffer bound for reading. */
static GLint attachment_get(GLenum point, GLenum pname)
{
	GLint v = 0;

	glGetFramebufferAttachmentParameteriv(GL_READ_FRAMEBUFFER, point, pname, &v);
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
		point, attachment_get(point, GL_FRAMEBUFFER_ATTACHMENT_OBJECT_TYPE), 0,
	};

	state_put_int(d, &at, GL_FRAMEBUFFER_ATTACHMENT_OBJECT_TYPE, a.type);
	if (a.type == GL_TEXTURE || a.type == GL_RENDERBUFFER) {
		a.name = attachment_get(point, GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME);
		state_put_name(d, &at, GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME,
			       a.type == GL_TEXTURE ? GL_SPACE_TEXTURE : GL_SPACE_RENDERBUFFER,
			       a.name);
	}
	for (size_t i = 0; a.type == GL_TEXTURE && i < COUNT(params); i++)
		state_put_int(d, &at, params[i], attachment_get(point, params[i]));
	return a;
}

/* ---- pixels -------------------------------------------------------------- */

/* A plane of pixels: where it goes, how it is read. */
struct plane {
	const char *slot;
	GLuint fbo;             /* client's name */
	uint32_t drawable;      /* of framebuffer 0, else ANY */
	uint32_t item;
	GLint w, h;
	GLenum format, type;
	size_t bytes;           /* per pixel */
};

static uint32_t drawable_of(const struct state_dump *d, GLuint fbo)
{
	return !fbo && d->world ? d->world->drawable : ANY;
}

static void *plane_read(struct state_dump *d, const struct plane *p)
{
	uint8_t *data = calloc((size_t)p->w * (size_t)p->h + 1, p->bytes);

	if (!data) {
		d->failed = true;
		return NULL;
	}
	glGetError();
	glReadPixels(0, 0, p->w, p->h, p->format, p->type, data);
	if (glGetError() == GL_NO_ERROR)
		return data;
	free(data);
	return NULL;
}

static bool plane_dump(struct state_dump *d, const struct plane *p)
{
	const struct state_at at = { p->slot, { p->drawable, ANY }, p->fbo };
	uint8_t *data = plane_read(d, p);

	if (!data)
		return false;
	state_put(d, &at, p->item, data, (size_t)p->w * (size_t)p->h * p->bytes, data[0]);
	free(data);
	return true;
}

/* Depth and stencil in one go, as drivers store them. */
static bool depth_stencil_dump(struct state_dump *d, GLuint fbo, GLint w, GLint h)
{
	const uint32_t drawable = drawable_of(d, fbo);
	const struct plane p = { "depth_buffer", fbo, drawable, 0, w, h, GL_DEPTH_STENCIL,
				 GL_UNSIGNED_INT_24_8, 4 };
	size_t n = (size_t)w * (size_t)h;
	uint32_t *data = plane_read(d, &p);
	uint8_t *stencil = data ? malloc(n + 1) : NULL;

	if (!stencil) {
		free(data);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		stencil[i] = (uint8_t)data[i];
		data[i] >>= 8;
	}
	state_put(d, &(struct state_at){ "depth_buffer", { drawable, ANY }, fbo }, 0, data,
		  n * 4, data[0]);
	state_put(d, &(struct state_at){ "stencil_buffer", { drawable, ANY }, fbo }, 0,
		  stencil, n, stencil[0]);
	free(stencil);
	free(data);
	return true;
}

/* Without loss: of the usual formats as bytes, of others as wide as they may be. */
static void color_dump(struct state_dump *d, GLuint fbo, GLenum point, GLint w, GLint h)
{
	static const GLenum sizes[] = {
		GL_FRAMEBUFFER_ATTACHMENT_RED_SIZE, GL_FRAMEBUFFER_ATTACHMENT_GREEN_SIZE,
		GL_FRAMEBUFFER_ATTACHMENT_BLUE_SIZE, GL_FRAMEBUFFER_ATTACHMENT_ALPHA_SIZE,
	};
	GLint kind = attachment_get(point, GL_FRAMEBUFFER_ATTACHMENT_COMPONENT_TYPE);
	struct plane p = { "color_buffer", fbo, drawable_of(d, fbo), point, w, h, GL_RGBA,
			   GL_UNSIGNED_BYTE, 4 };
	bool bytes = !fbo || kind == GL_UNSIGNED_NORMALIZED;

	for (size_t i = 0; fbo && i < COUNT(sizes); i++)
		bytes &= attachment_get(point, sizes[i]) <= 8;
	if (kind == GL_INT || kind == GL_UNSIGNED_INT) {
		p.format = GL_RGBA_INTEGER;
		p.type = (GLenum)kind;
	} else if (!bytes) {
		p.type = GL_FLOAT;
	}
	p.bytes = p.type == GL_UNSIGNED_BYTE ? 4 : 16;
	plane_dump(d, &p);
}

/* The framebuffer is bound for reading, and its read buffer put back afterwards. */
static void pixels_dump(struct state_dump *d, GLuint fbo, const struct attachment *color,
			unsigned colors, GLint w, GLint h)
{
	GLint read = 0;

	glGetIntegerv(GL_READ_BUFFER, &read);
	for (unsigned i = 0; i < colors; i++) {
		if (color[i].type == GL_NONE || color[i].type == GL_TEXTURE)
			continue;       /* a texture's texels are dumped with it */
		glReadBuffer(color[i].point);
		color_dump(d, fbo, color[i].point, w, h);
	}
	glReadBuffer((GLenum)read);
	if (depth_stencil_dump(d, fbo, w, h))
		return;
	plane_dump(d, &(struct plane){ "depth_buffer", fbo, drawable_of(d, fbo), 0, w, h,
				       GL_DEPTH_COMPONENT, GL_FLOAT, 4 });
	plane_dump(d, &(struct plane){ "stencil_buffer", fbo, drawable_of(d, fbo), 0, w, h,
				       GL_STENCIL_INDEX, GL_INT, 4 });
}

static GLint texture_size(const struct attachment *a, GLint level, GLenum pname)
{
	GLint v = 0, was = 0;

	for (size_t i = 0; !v && i < GL_TEXTURE_TARGETS; i++) {
		const struct gl_target *t = &gl_texture_targets[i];

		glGetIntegerv(t->binding, &was);
		glBindTexture(t->target, (GLuint)a->name);
		if (!glGetError())
			glGetTexLevelParameteriv(gl_target_image(t->target), level, pname, &v);
		glBindTexture(t->target, (GLuint)was);
		glGetError();
	}
	return v;
}

/* Extent of the framebuffer: of its first image, as all are equal in what we meet. */
static void extent_of(const struct attachment *a, GLint *w, GLint *h)
{
	GLint was = 0, level;

	*w = *h = 0;
	if (a->type == GL_RENDERBUFFER) {
		glGetIntegerv(GL_RENDERBUFFER_BINDING, &was);
		glBindRenderbuffer(GL_RENDERBUFFER, (GLuint)a->name);
		glGetRenderbufferParameteriv(GL_RENDERBUFFER, GL_RENDERBUFFER_WIDTH, w);
		glGetRenderbufferParameteriv(GL_RENDERBUFFER, GL_RENDERBUFFER_HEIGHT, h);
		glBindRenderbuffer(GL_RENDERBUFFER, (GLuint)was);
	} else if (a->type == GL_TEXTURE) {
		level = attachment_get(a->point, GL_FRAMEBUFFER_ATTACHMENT_TEXTURE_LEVEL);
		*w = texture_size(a, level, GL_TEXTURE_WIDTH);
		*h = texture_size(a, level, GL_TEXTURE_HEIGHT);
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

static void framebuffer_dump(struct state_dump *d, GLuint driver, GLuint fbo)
{
	struct attachment a[COLORS + 2];
	bool renderbuffers = false;
	GLint w = 0, h = 0;

	glBindFramebuffer(GL_FRAMEBUFFER, driver);
	for (GLenum i = 0; i < COLORS; i++)
		a[i] = attachment_dump(d, fbo, GL_COLOR_ATTACHMENT0 + i);
	a[COLORS] = attachment_dump(d, fbo, GL_DEPTH_ATTACHMENT);
	a[COLORS + 1] = attachment_dump(d, fbo, GL_STENCIL_ATTACHMENT);
	selection_dump(d, fbo);
	for (unsigned i = 0; i < COUNT(a); i++)
		renderbuffers |= a[i].type == GL_RENDERBUFFER;
	if (!renderbuffers)
		return;         /* textures tell their texels themselves */
	for (unsigned i = 0; i < COUNT(a) && !w; i++)
		extent_of(&a[i], &w, &h);
	if (glCheckFramebufferStatus(GL_READ_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE)
		pixels_dump(d, fbo, a, COLORS, w, h);
}

/* The window's own framebuffer: as large as the drawable, which only the window system
 * knows.  Who does not say how large it is gets the square that a viewport begins in. */
void state_window(struct state_dump *d)
{
	static const struct attachment planes[] = { { GL_FRONT_LEFT, 1, 0 }, { GL_BACK_LEFT, 1, 0 } };
	GLint doubled = 0, w = 64, h = 64, draw = 0, read = 0;

	if (d->world) {
		w = (GLint)d->world->w;
		h = (GLint)d->world->h;
	}
	glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &draw);
	glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &read);
	glBindFramebuffer(GL_FRAMEBUFFER, 0);
	if (!d->world || !d->world->pixels_only)
		selection_dump(d, 0);
	glGetIntegerv(GL_DOUBLEBUFFER, &doubled);
	if (w && h && glCheckFramebufferStatus(GL_READ_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE)
		pixels_dump(d, 0, &planes[doubled ? 1 : 0], 1, w, h);
	glBindFramebuffer(GL_DRAW_FRAMEBUFFER, (GLuint)draw);
	glBindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)read);
}

static void renderbuffers_dump(struct state_dump *d)
{
	static const GLenum params[] = {
		GL_RENDERBUFFER_WIDTH, GL_RENDERBUFFER_HEIGHT, GL_RENDERBUFFER_INTERNAL_FORMAT,
		GL_RENDERBUFFER_SAMPLES,
	};
	GLint bound = 0, v = 0;

	glGetIntegerv(GL_RENDERBUFFER_BINDING, &bound);
	state_put_name(d, &(struct state_at){ "renderbuffer_binding", { ANY, ANY }, 0 }, 0,
		       GL_SPACE_RENDERBUFFER, bound);
	for (struct state_each r = { 0 }; state_next(d, GL_SPACE_RENDERBUFFER, &r); ) {
		const struct state_at at = { "bound_renderbuffer", { ANY, ANY }, r.client };

		if (!glIsRenderbuffer(r.driver)) {
			state_reserved(d, "renderbuffer_name", &r);
			continue;
		}
		state_put_int(d, &(struct state_at){ "renderbuffer_name", { r.client, ANY }, 0 }, 0, 1);
		glBindRenderbuffer(GL_RENDERBUFFER, r.driver);
		for (size_t i = 0; i < COUNT(params); i++) {
			glGetRenderbufferParameteriv(GL_RENDERBUFFER, params[i], &v);
			state_put_int(d, &at, params[i], v);
		}
	}
	glBindRenderbuffer(GL_RENDERBUFFER, (GLuint)bound);
}

void state_framebuffers(struct state_dump *d)
{
	GLint draw = 0, read = 0;

	glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &draw);
	glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &read);
	state_put_name(d, &(struct state_at){ "framebuffer_binding", { GL_DRAW_FRAMEBUFFER, ANY }, 0 },
		       0, GL_SPACE_FRAMEBUFFER, draw);
	state_put_name(d, &(struct state_at){ "framebuffer_binding", { GL_READ_FRAMEBUFFER, ANY }, 0 },
		       0, GL_SPACE_FRAMEBUFFER, read);
	state_window(d);
	for (struct state_each f = { 0 }; state_next(d, GL_SPACE_FRAMEBUFFER, &f); ) {
		if (!glIsFramebuffer(f.driver)) {
			state_reserved(d, "framebuffer_name", &f);
			continue;
		}
		state_put_int(d, &(struct state_at){ "framebuffer_name", { f.client, ANY }, 0 }, 0, 1);
		framebuffer_dump(d, f.driver, f.client);
	}
	renderbuffers_dump(d);
	glBindFramebuffer(GL_DRAW_FRAMEBUFFER, (GLuint)draw);
	glBindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)read);
}
