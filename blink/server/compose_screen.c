/* compose_screen.c - the server's context on the shared drawable.
 *
 * State of this context is the server's alone.  Between calls scissor is off and
 * framebuffer 0 is bound to both targets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/server/compose.h"

static void calls_load(struct screen_gl *c, const struct sink *gl)
{
#define CALL(member, op) (*(sink_fn *)(void *)&c->member = gl->entry[OP_gl##op])
	CALL(clear_color, ClearColor);
	CALL(clear, Clear);
	CALL(enable, Enable);
	CALL(disable, Disable);
	CALL(scissor, Scissor);
	CALL(blit, BlitFramebuffer);
	CALL(bind_framebuffer, BindFramebuffer);
	CALL(gen_framebuffers, GenFramebuffers);
	CALL(delete_framebuffers, DeleteFramebuffers);
	CALL(framebuffer_texture, FramebufferTexture2D);
	CALL(gen_textures, GenTextures);
	CALL(delete_textures, DeleteTextures);
	CALL(bind_texture, BindTexture);
	CALL(tex_image, TexImage2D);
	CALL(tex_sub_image, TexSubImage2D);
	CALL(read_pixels, ReadPixels_buf);
	CALL(flush, Flush);
#undef CALL
}

int screen_open(struct screen *s, struct sink *gl, uint32_t w, uint32_t h, struct error *err)
{
	int r;

	*s = (struct screen){ .gl = gl, .w = w, .h = h };
	calls_load(&s->call, gl);
	r = gl->ops->drawable_create(gl, SERVER_SCREEN, w, h, SCREEN_CONFIG, err);
	if (r < 0)
		return r;
	r = gl->ops->context_create(gl, SERVER_CONTEXT, 0, 0, 0, err);
	if (r < 0)
		gl->ops->drawable_destroy(gl, SERVER_SCREEN);
	return r;
}

void screen_close(struct screen *s)
{
	region_finish(&s->background);
	if (!s->gl)
		return;
	s->gl->ops->make_current(s->gl, 0, 0, 0, NULL);
	s->gl->ops->context_destroy(s->gl, SERVER_CONTEXT);
	s->gl->ops->drawable_destroy(s->gl, SERVER_SCREEN);
	s->gl = NULL;
}

int screen_current(struct screen *s, uint32_t read, struct error *err)
{
	return s->gl->ops->make_current(s->gl, SERVER_CONTEXT, SERVER_SCREEN,
					read ? read : SERVER_SCREEN, err);
}

static void scissor_to(struct screen *s, struct rect r)
{
	s->call.scissor(r.x, (int)s->h - r.y - r.h, r.w, r.h);
}

void screen_fill(struct screen *s, const struct region *g, const uint8_t rgb[3])
{
	if (!g->n)
		return;
	s->call.clear_color((float)rgb[0] / 255, (float)rgb[1] / 255, (float)rgb[2] / 255, 1);
	s->call.enable(GL_SCISSOR_TEST);
	for (uint32_t i = 0; i < g->n; i++) {
		scissor_to(s, g->v[i]);
		s->call.clear(GL_COLOR_BUFFER_BIT);
	}
	s->call.disable(GL_SCISSOR_TEST);
}

void screen_clear(struct screen *s, struct rect area)
{
	s->call.clear_color(0, 0, 0, 0);
	s->call.enable(GL_SCISSOR_TEST);
	scissor_to(s, area);
	s->call.clear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
	s->call.disable(GL_SCISSOR_TEST);
}

/* The part p of the screen, from a picture whose upper left stands at at and whose height
 * is ph: both count rows from above here, and from below in GL. */
static void blit(struct screen *s, struct rect p, struct rect at, int ph)
{
	int sx = p.x - at.x, sy = ph - (p.y - at.y) - p.h;
	int dx = p.x, dy = (int)s->h - p.y - p.h;

	s->call.blit(sx, sy, sx + p.w, sy + p.h, dx, dy, dx + p.w, dy + p.h,
		     GL_COLOR_BUFFER_BIT, GL_NEAREST);
}

void screen_copy(struct screen *s, struct rect area, const struct region *visible,
		 uint32_t pw, uint32_t ph)
{
	static const uint8_t black[3];
	struct rect picture = { area.x, area.y, (int)pw, (int)ph };

	if ((int)pw < area.w || (int)ph < area.h)
		screen_fill(s, visible, black);
	for (uint32_t i = 0; i < visible->n; i++) {
		struct rect p = rect_meet(visible->v[i], picture);

		if (!rect_empty(p))
			blit(s, p, area, (int)ph);
	}
}

void screen_bar_set(struct screen *s, struct window *w, const uint8_t *rgba, uint32_t width)
{
	if (!w->bar_texture) {
		s->call.gen_textures(1, &w->bar_texture);
		s->call.gen_framebuffers(1, &w->bar_framebuffer);
	}
	s->call.bind_texture(GL_TEXTURE_2D, w->bar_texture);
	s->call.tex_image(GL_TEXTURE_2D, 0, GL_RGBA8, (int)width, FRAME_BAR, 0, GL_RGBA,
			  GL_UNSIGNED_BYTE, rgba);
	s->call.bind_texture(GL_TEXTURE_2D, 0);
	s->call.bind_framebuffer(GL_FRAMEBUFFER, w->bar_framebuffer);
	s->call.framebuffer_texture(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D,
				    w->bar_texture, 0);
	s->call.bind_framebuffer(GL_FRAMEBUFFER, 0);
	w->bar_width = width;
}

void screen_bar_draw(struct screen *s, const struct window *w, const struct region *visible)
{
	struct rect piece[4];

	window_frame(w, piece);
	s->call.bind_framebuffer(GL_READ_FRAMEBUFFER, w->bar_framebuffer);
	for (uint32_t i = 0; i < visible->n; i++) {
		struct rect p = rect_meet(visible->v[i], piece[0]);

		if (!rect_empty(p))
			blit(s, p, piece[0], FRAME_BAR);
	}
	s->call.bind_framebuffer(GL_READ_FRAMEBUFFER, 0);
}

void screen_bar_drop(struct screen *s, struct window *w)
{
	if (!w->bar_texture)
		return;
	s->call.delete_framebuffers(1, &w->bar_framebuffer);
	s->call.delete_textures(1, &w->bar_texture);
	w->bar_framebuffer = w->bar_texture = 0;
}

/* ---- pictures from other painters ------------------------------------------------------ */

#ifndef GL_PACK_INVERT_MESA
#define GL_PACK_INVERT_MESA 0x8758
#endif

/* Mesa writes rows from the top where it is asked to.  As windows' rows lie in memory so, it
 * then copies them as they are. */
static bool rows_invert(struct screen *s)
{
	GLint on = 0;

	if (!s->gl->get_integerv)
		return true;
	((void (*)(GLenum, GLint))s->gl->pixel_storei)(GL_PACK_INVERT_MESA, 1);
	((void (*)(GLenum, GLint *))s->gl->get_integerv)(GL_PACK_INVERT_MESA, &on);
	return on == 1;
}

static void rows_turn(uint8_t *pixels, size_t row, uint32_t h)
{
	for (uint32_t y = 0; y < h / 2; y++) {
		uint8_t *a = pixels + y * row, *b = pixels + (h - 1 - y) * row;

		for (size_t i = 0; i < row; i++) {
			uint8_t t = a[i];

			a[i] = b[i];
			b[i] = t;
		}
	}
}

void screen_read_back(struct screen *s, int x, int y, uint32_t w, uint32_t h, uint8_t *pixels)
{
	bool inverted = rows_invert(s);

	s->call.read_pixels(x, y, (int)w, (int)h, GL_BGRA, GL_UNSIGNED_BYTE, pixels);
	if (!inverted)
		rows_turn(pixels, (size_t)w * 4, h);
}

static void picture_texture(struct screen *s, struct picture *p)
{
	if (!p->texture) {
		s->call.gen_textures(1, &p->texture);
		s->call.gen_framebuffers(1, &p->framebuffer);
	}
	s->call.bind_texture(GL_TEXTURE_2D, p->texture);
	/* Mesa's drawables have bytes in this order, and its textures where the internal format
	 * leaves it open: so that copies need not convert, which is drawing */
	s->call.tex_image(GL_TEXTURE_2D, 0, GL_RGBA, (int)p->w, (int)p->h, 0, GL_BGRA,
			  GL_UNSIGNED_INT_8_8_8_8_REV, NULL);
	s->call.bind_framebuffer(GL_FRAMEBUFFER, p->framebuffer);
	s->call.framebuffer_texture(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, p->texture,
				    0);
	s->call.bind_framebuffer(GL_FRAMEBUFFER, 0);
	p->texture_w = p->w;
	p->texture_h = p->h;
}

void screen_picture_set(struct screen *s, struct picture *p)
{
	if (!p->w || !p->h) {
		screen_picture_drop(s, p);
		return;
	}
	if (p->texture_w != p->w || p->texture_h != p->h)
		picture_texture(s, p);
	else
		s->call.bind_texture(GL_TEXTURE_2D, p->texture);
	s->call.tex_sub_image(GL_TEXTURE_2D, 0, 0, 0, (int)p->w, (int)p->h, GL_BGRA,
			      GL_UNSIGNED_INT_8_8_8_8_REV, p->pixels);
	s->call.bind_texture(GL_TEXTURE_2D, 0);
}

/* Its rows are from the top, those of the screen from below in GL and from the top again in
 * memory: turned round twice, they are copied as they are. */
static void picture_blit(struct screen *s, struct rect p, struct rect at)
{
	int sx = p.x - at.x, sy = p.y - at.y;
	int dx = p.x, dy = (int)s->h - p.y - p.h;

	s->call.blit(sx, sy + p.h, sx + p.w, sy, dx, dy, dx + p.w, dy + p.h,
		     GL_COLOR_BUFFER_BIT, GL_NEAREST);
}

void screen_picture_copy(struct screen *s, struct rect area, const struct region *visible,
			 const struct picture *c)
{
	static const uint8_t black[3];
	struct rect picture = { area.x, area.y, (int)c->texture_w, (int)c->texture_h };

	if (!c->texture || picture.w < area.w || picture.h < area.h)
		screen_fill(s, visible, black);
	if (!c->texture)
		return;
	s->call.bind_framebuffer(GL_READ_FRAMEBUFFER, c->framebuffer);
	for (uint32_t i = 0; i < visible->n; i++) {
		struct rect p = rect_meet(visible->v[i], picture);

		if (!rect_empty(p))
			picture_blit(s, p, area);
	}
	s->call.bind_framebuffer(GL_READ_FRAMEBUFFER, 0);
}

void screen_picture_drop(struct screen *s, struct picture *p)
{
	if (!p->texture)
		return;
	s->call.delete_framebuffers(1, &p->framebuffer);
	s->call.delete_textures(1, &p->texture);
	p->framebuffer = p->texture = p->texture_w = p->texture_h = 0;
}

/* ---- pictures of the screen ---------------------------------------------------------------- */

int screen_read_into(struct screen *s, uint8_t *rgb, uint8_t *scratch, struct error *err)
{
	int r = screen_current(s, 0, err);

	if (r < 0)
		return r;
	s->call.read_pixels(0, 0, (int)s->w, (int)s->h, GL_RGBA, GL_UNSIGNED_BYTE, scratch);
	for (uint32_t y = 0; y < s->h; y++) {
		const uint8_t *from = scratch + (size_t)(s->h - 1 - y) * s->w * 4;
		uint8_t *to = rgb + (size_t)y * s->w * 3;

		for (uint32_t x = 0; x < s->w; x++) {
			to[3 * x] = from[4 * x];
			to[3 * x + 1] = from[4 * x + 1];
			to[3 * x + 2] = from[4 * x + 2];
		}
	}
	return 0;
}

int screen_read(struct screen *s, uint8_t **rgb, struct error *err)
{
	uint8_t *out = calloc((size_t)s->w * s->h, 3);
	uint8_t *scratch = calloc((size_t)s->w * s->h, 4);
	int r = out && scratch ? 0 : error_set(err, -ENOMEM, "screenshot: out of memory");

	if (r >= 0)
		r = screen_read_into(s, out, scratch, err);
	free(scratch);
	if (r < 0)
		free(out);
	else
		*rgb = out;
	return r;
}
