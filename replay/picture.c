/* picture.c - frame pictures: PNG files, PNM streams, differences. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <png.h>

#include "blink/engine/sink.h"
#include "replay/picture.h"

#define PICTURE_SIDE_MAX 32768u

void picture_finish(struct picture *p)
{
	free(p->rgb);
	memset(p, 0, sizeof(*p));
}

/* ---- PNG ----------------------------------------------------------------- */

static int png_save(const struct picture *p, FILE *f)
{
	png_image image = { .version = PNG_IMAGE_VERSION, .width = p->w, .height = p->h,
			    .format = PNG_FORMAT_RGB,
			    .flags = PNG_IMAGE_FLAG_FAST };
	int ok = png_image_write_to_stdio(&image, f, 0, p->rgb, 0, NULL);

	png_image_free(&image);
	return ok ? 0 : -EIO;
}

int picture_write_png(const struct picture *p, const char *path, struct error *err)
{
	char *temporary;
	FILE *f;
	int r;

	if (asprintf(&temporary, "%s.part%ld", path, (long)getpid()) < 0)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	f = fopen(temporary, "wb");
	if (!f) {
		r = error_set(err, -errno, "%s: %s", path, strerror(errno));
		free(temporary);
		return r;
	}
	r = png_save(p, f);
	if (fclose(f))
		r = -EIO;
	if (r == 0 && rename(temporary, path))
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		error_set(err, r, "%s: the picture could not be written", path);
	}
	free(temporary);
	return r;
}

int picture_read_png(const char *path, struct picture *p, struct error *err)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	uint8_t *rgb = NULL;
	int ok = png_image_begin_read_from_file(&image, path);

	image.format = PNG_FORMAT_RGB;
	if (ok && image.width <= PICTURE_SIDE_MAX && image.height <= PICTURE_SIDE_MAX)
		rgb = realloc(p->rgb, (size_t)image.width * image.height * 3);
	if (rgb) {
		p->rgb = rgb;
		p->w = image.width;
		p->h = image.height;
		ok = png_image_finish_read(&image, NULL, rgb, 0, NULL);
	}
	png_image_free(&image);
	return ok && rgb ? 0 : error_set(err, -EIO, "%s: the picture cannot be read", path);
}

int picture_write_in(const struct picture *p, const char *dir, struct error *err,
		     const char *name, ...)
{
	char *file = NULL, *path = NULL;
	va_list ap;
	int r;

	va_start(ap, name);
	if (vasprintf(&file, name, ap) < 0)
		file = NULL;
	va_end(ap);
	if (!file || asprintf(&path, "%s/%s.png", dir, file) < 0)
		path = NULL;
	r = path ? picture_write_png(p, path, err)
		 : error_set(err, -ENOMEM, "%s: out of memory", dir);
	free(file);
	free(path);
	return r;
}

int picture_write_frame(struct sink *sink, const char *dir, uint32_t frame, struct error *err)
{
	struct picture p = { 0 };
	int r = sink_gl_read(sink, &p.rgb, &p.w, &p.h, err);

	if (r >= 0)
		r = picture_write_in(&p, dir, err, "frame-%06u", frame);
	picture_finish(&p);
	return r == -ENODATA ? 0 : r < 0 ? r : 1;
}

/* ---- PNM ----------------------------------------------------------------- */

/* The next number of the header, behind white space and comments. */
static bool header_number(FILE *in, uint32_t *out, uint64_t *comment)
{
	int c = getc(in);
	uint32_t n = 0, digits = 0;

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '#') {
		if (c == '#') {
			*comment = 0;
			while ((c = getc(in)) != '\n' && c != EOF) {
				if (c >= '0' && c <= '9')
					*comment = *comment * 10 + (uint64_t)(c - '0');
			}
		}
		c = getc(in);
	}
	for (; c >= '0' && c <= '9' && digits < 9; c = getc(in), digits++)
		n = n * 10 + (uint32_t)(c - '0');
	*out = n;
	return digits && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

int picture_read_pnm(FILE *in, struct picture *p, uint64_t *number, struct error *err)
{
	uint32_t w, h, max;
	size_t size;
	int c = getc(in);
	uint8_t *rgb;

	if (c == EOF)
		return 0;
	*number = 0;
	if (c != 'P' || getc(in) != '6' || !header_number(in, &w, number) ||
	    !header_number(in, &h, number) || !header_number(in, &max, number) ||
	    max != 255 || !w || !h || w > PICTURE_SIDE_MAX || h > PICTURE_SIDE_MAX)
		return error_set(err, -EPROTO, "picture stream: no picture of 8-bit RGB (P6)");
	size = (size_t)w * h * 3;
	if (w != p->w || h != p->h) {
		rgb = realloc(p->rgb, size);
		if (!rgb)
			return error_set(err, -ENOMEM, "picture stream: out of memory");
		p->rgb = rgb;
		p->w = w;
		p->h = h;
	}
	if (fread(p->rgb, 1, size, in) != size)
		return error_set(err, -EPROTO, "picture stream: it ends within a picture");
	return 1;
}

int picture_write_pnm(FILE *out, const struct picture *p, uint64_t number, struct error *err)
{
	size_t size = (size_t)p->w * p->h * 3;

	if (fprintf(out, "P6\n#%" PRIu64 "\n%u %u\n255\n", number, p->w, p->h) < 0 ||
	    fwrite(p->rgb, 1, size, out) != size || fflush(out))
		return error_set(err, -EIO, "picture stream: %s", strerror(errno));
	return 0;
}

/* ---- differences --------------------------------------------------------- */

static unsigned pixel_difference(const uint8_t *a, const uint8_t *b)
{
	unsigned most = 0;

	for (unsigned i = 0; i < 3; i++) {
		unsigned d = (unsigned)abs((int)a[i] - (int)b[i]);

		most = d > most ? d : most;
	}
	return most;
}

bool picture_compare(const struct picture *a, const struct picture *b,
		     struct picture_difference *d)
{
	size_t n = (size_t)a->w * a->h;

	memset(d, 0, sizeof(*d));
	d->same_size = a->w == b->w && a->h == b->h;
	if (!d->same_size)
		return false;
	if (!memcmp(a->rgb, b->rgb, n * 3))
		return true;
	for (size_t i = 0; i < n; i++) {
		unsigned most = pixel_difference(a->rgb + i * 3, b->rgb + i * 3);

		d->pixels += most > 0;
		d->most = most > d->most ? most : d->most;
	}
	return false;
}

int picture_difference_draw(const struct picture *a, const struct picture *b, struct picture *out)
{
	uint32_t w = a->w < b->w ? a->w : b->w, h = a->h < b->h ? a->h : b->h;
	uint8_t *rgb = malloc((size_t)w * h * 3);

	if (!rgb)
		return -ENOMEM;
	for (uint32_t y = 0; y < h; y++) {
		for (uint32_t x = 0; x < w; x++) {
			const uint8_t *p = a->rgb + ((size_t)y * a->w + x) * 3;
			const uint8_t *q = b->rgb + ((size_t)y * b->w + x) * 3;

			memset(rgb + ((size_t)y * w + x) * 3,
			       pixel_difference(p, q) ? 255 : 0, 3);
		}
	}
	out->w = w;
	out->h = h;
	out->rgb = rgb;
	return 0;
}
