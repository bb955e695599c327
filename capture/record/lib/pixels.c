/* pixels.c - which memory a command reads as an image, under the pixel store's state:
 * from the first pixel that is not skipped to the last one of the last row.  (OpenGL
 * 3.3 compatibility, section 3.7.4, "Unpacking"; the converter reckons alike.) */
#include "capture/record/lib/lib.h"

#define BITMAP 0x1A00u
#define COLOR_INDEX 0x1900u

static int64_t argument(const struct gl_command *c, const uint64_t *args, const char *name,
			int64_t missing)
{
	for (unsigned i = 0; i < c->nparams; i++)
		if (!strcmp(c->params[i].name, name))
			return (int32_t)args[i];
	return missing;
}

/* First byte and number of bytes. */
static bool extent(const struct rec_pixelstore *s, const struct gl_command *c,
		   const uint64_t *args, uint64_t *start, uint64_t *size)
{
	bool stipple = argument(c, args, "width", -1) == -1;
	int64_t w = argument(c, args, "width", 32);
	int64_t h = argument(c, args, "height", stipple ? 32 : 1);
	int64_t d = argument(c, args, "depth", 1);
	uint32_t type = (uint32_t)argument(c, args, "type", BITMAP);
	uint64_t len, height, align = (uint64_t)s->alignment, bytes, row, image, tight;
	unsigned bits, component = 1;

	if (w <= 0 || h <= 0 || d <= 0 || w > 1 << 20 || h > 1 << 20 || d > 1 << 20 ||
	    !gl_pixel_size((uint32_t)argument(c, args, "format", COLOR_INDEX), type, &bits))
		return false;
	gl_type_size(type, &component);
	len = s->row_length > 0 ? (uint64_t)s->row_length : (uint64_t)w;
	height = s->image_height > 0 ? (uint64_t)s->image_height : (uint64_t)h;
	if (align != 1 && align != 2 && align != 8)
		align = 4;
	if (len > 1u << 24 || height > 1u << 24)
		return false;
	bytes = (len * bits + 7) / 8;
	row = component >= align ? bytes : (bytes + align - 1) / align * align;
	image = row * height;
	tight = ((uint64_t)w * bits + 7) / 8;
	*start = (uint64_t)s->skip_images * image + (uint64_t)s->skip_rows * row +
		 (uint64_t)s->skip_pixels * bits / 8;
	*size = ((uint64_t)d - 1) * image + ((uint64_t)h - 1) * row + tight;
	if (bits == 1 && (uint64_t)s->skip_pixels % 8 + (uint64_t)w % 8 > 8)
		++*size;
	return *start <= INT32_MAX && *size <= INT32_MAX;
}

bool rec_pixels(unsigned command, const uint64_t *args, unsigned param, struct rec_part *part)
{
	static const struct rec_pixelstore initial = { .alignment = 4 };
	const uint8_t *pixels = (const uint8_t *)(uintptr_t)args[param];
	uint64_t start, size;

	if (!pixels || !extent(rec.context ? &rec.context->unpack : &initial,
			       &gl_commands[command], args, &start, &size) ||
	    !rec_readable(pixels + start, size))
		return false;
	*part = (struct rec_part){ .bytes = pixels + start, .size = (uint32_t)size,
				   .lead = (uint32_t)start, .param = (uint8_t)param };
	return true;
}
