/* desc_driver.c - what GL refuses and drivers do not survive: checks beyond the
 * specification, found by running accepted programs on a driver (tests/soundness/driver.c).
 *
 * - A start and a length are added without looking whether the sum wraps; then they pass
 *   for small, and memory is written where the start says.
 * - An index of program parameters likewise, with their number; the first of several
 *   viewports' depth ranges, or of textures.
 * - The pixels that CopyPixels copies are counted in 32 bits; the rows of Bitmap's in 16, so
 *   that a texture is made for a few of them, and all are written to it.
 * - How many levels an image has follows from its largest side, before anybody looks whether
 *   there could be such a side: each level's place is written to an array on the stack.
 * - A texture's levels are taken for numbers of levels that are there.
 * - What of ReadPixels lies outside of the framebuffer is cut off, and what is left is held
 *   against the pack buffer; but it is written where it would lie in the whole.  So nothing
 *   may be cut off at its beginning (and engines say how long the whole's rows are).
 * - Bits of anything but colour indices (GL_STENCIL_INDEX of GL_BITMAP) make it look for
 *   their layout for good.
 * - A list keeps a map's points, as many as its orders say, before anybody looks whether there
 *   are maps of such orders: their product wraps, and with a stride of 0 a few points are enough.
 * - A list makes floats of a pixel map's integers, on a stack with room for 256.
 * - A unit of textures that only shaders have is made current, and then a matrix is taken to be
 *   where it would have one.
 * - Where mipmaps are made whenever a texture's first level changes, those of a cube are made
 *   of faces that are not there, and those of formats that cannot be drawn to (compressed
 *   ones) of as many levels as are found beneath, which may be an earlier image's.
 * - Tessellation shaders may read what is beyond their inputs and outputs, compute shaders
 *   what is beyond the memory they share; a stranger's are refused.
 *
 * What is refused to everybody is what GL would raise an error for, or draw nothing of; to
 * strangers some of what works (docs/VERIFIER.md). */
#include "blink/verify/desc.h"

#include <string.h>

#include <GL/gl.h>

#define PARAMETERS_MAX 0xffffu
#define COPY_SIDE_MAX 0x7fffu           /* drawables are smaller */
#define IMAGE_SIDE_MAX 0x8000u          /* no driver has larger ones, nor as many layers */
#define ORDER_MAX 255u                  /* of maps: drivers have 8 to 30 */
#define PIXEL_MAP_MAX 256u              /* as Mesa has it */
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* Operands that are added, by name, wherever both are. */
static const struct { const char *start, *length; } spans[] = {
	{ "xoffset", "width" }, { "yoffset", "height" }, { "zoffset", "depth" },
	{ "offset", "size" }, { "offset", "length" },
	{ "readOffset", "size" }, { "writeOffset", "size" },
};

static const struct gl_operand *operand(const struct gl_op *op, const char *name)
{
	for (unsigned i = 0; i < op->noperands; i++)
		if (strcmp(op->operands[i].name, name) == 0)
			return &op->operands[i];
	return NULL;
}

static bool is_number(const struct gl_operand *o)
{
	return o && (o->kind == GL_KIND_INT || o->kind == GL_KIND_UINT ||
		     o->kind == GL_KIND_INT64 || o->kind == GL_KIND_UINT64);
}

static unsigned spans_find(const struct gl_op *op, struct desc_check *out)
{
	unsigned n = 0;

	for (size_t i = 0; i < COUNT(spans); i++) {
		const struct gl_operand *a = operand(op, spans[i].start);
		const struct gl_operand *b = operand(op, spans[i].length);

		if (is_number(a) && is_number(b) && a->kind == b->kind && n < DESC_DRIVER_CHECKS)
			out[n++] = (struct desc_check){
				.kind = a->kind == GL_KIND_INT64 || a->kind == GL_KIND_UINT64
					? CHECK_SPAN64 : CHECK_SPAN,
				.operand = (uint8_t)(a - op->operands), .word = a->word,
				.other = (uint8_t)(b - op->operands), .count = b->word };
	}
	return n;
}

/* The largest side that op may name; 0: it does not matter. */
static uint32_t side_most(const char *name)
{
	if (strcmp(name, "glCopyPixels") == 0 || strncmp(name, "glDrawPixels", 12) == 0 ||
	    strncmp(name, "glBitmap", 8) == 0)
		return COPY_SIDE_MAX;
	if (strncmp(name, "glGet", 5) != 0 && (strstr(name, "TexImage") || strstr(name, "TexStorage")))
		return IMAGE_SIDE_MAX;
	return 0;
}

static unsigned most_find(const struct gl_op *op, const char *name, uint32_t most,
			  struct desc_check *out, unsigned room)
{
	const struct gl_operand *o = operand(op, name);

	if (!is_number(o) || !room)
		return 0;
	*out = (struct desc_check){ .kind = CHECK_MOST, .operand = (uint8_t)(o - op->operands),
				    .other = (uint8_t)(o - op->operands), .word = o->word,
				    .most = most };
	return 1;
}

static unsigned sizes_find(const struct gl_op *op, struct desc_check *out, unsigned room)
{
	static const char *const sides[] = { "width", "height", "depth" };
	static const char *const orders[] = { "order", "uorder", "vorder" };
	uint32_t most = side_most(op->name);
	unsigned n = 0;

	for (size_t i = 0; i < COUNT(sides) && most; i++)
		n += most_find(op, sides[i], most, out + n, room - n);
	for (size_t i = 0; i < COUNT(orders); i++)
		n += most_find(op, orders[i], ORDER_MAX, out + n, room - n);
	n += most_find(op, "mapsize", PIXEL_MAP_MAX, out + n, room - n);
	return n;
}

static bool takes_program_parameters(const char *name)
{
	return strstr(name, "ProgramEnvParameter") || strstr(name, "ProgramLocalParameter");
}

/* What an index counts from, that is added to a number: none has so many. */
static const struct gl_operand *counted_from(const struct gl_op *op)
{
	const struct gl_operand *first = operand(op, "first");

	if (op->command == GL_OP_NO_COMMAND)
		return NULL;
	if (first && first->kind == GL_KIND_UINT)
		return first;
	return takes_program_parameters(op->name) ? operand(op, "index") : NULL;
}

/* The value of glTexParameter: as it stands, or the first in its payload. */
static bool levels_find(const struct gl_op *op, struct desc_check *out)
{
	const struct gl_operand *pname = operand(op, "pname"), *value = operand(op, "param");

	if (!strstr(op->name, "TexParameter") && !strstr(op->name, "TextureParameter"))
		return false;
	if (!value)
		value = operand(op, "params");
	if (!pname || !value || (value->kind != GL_KIND_PAYLOAD && value->kind != GL_KIND_INT &&
				 value->kind != GL_KIND_FLOAT))
		return false;
	*out = (struct desc_check){
		.kind = value->kind == GL_KIND_PAYLOAD ? CHECK_LEVELS : CHECK_LEVEL,
		.operand = (uint8_t)(value - op->operands), .word = value->word,
		.other = (uint8_t)(pname - op->operands), .count = pname->word,
		.space = value->kind == GL_KIND_FLOAT ||
			 (value->kind == GL_KIND_PAYLOAD && strstr(op->name, "fv")) };
	return true;
}

/* A rectangle of pixels that goes into a buffer: it begins where there are some. */
static unsigned corners_find(const struct gl_op *op, struct desc_check *out, unsigned room)
{
	static const char *const corners[] = { "x", "y" };
	unsigned n = 0;

	for (size_t i = 0; i < COUNT(corners) && op->form == GL_FORM_PACK_BUF && n < room; i++) {
		const struct gl_operand *o = operand(op, corners[i]);

		if (is_number(o))
			out[n++] = (struct desc_check){
				.kind = CHECK_MOST, .operand = (uint8_t)(o - op->operands),
				.other = (uint8_t)(o - op->operands), .word = o->word,
				.most = INT32_MAX };
	}
	return n;
}

static bool pixel_type_find(const struct gl_op *op, struct desc_check *out)
{
	const struct gl_operand *format = operand(op, "format"), *type = operand(op, "type");

	if (!format || !type || format->kind != GL_KIND_ENUM || type->kind != GL_KIND_ENUM)
		return false;
	*out = (struct desc_check){
		.kind = CHECK_PIXEL_TYPE, .operand = (uint8_t)(type - op->operands),
		.word = type->word, .other = (uint8_t)(format - op->operands),
		.count = format->word };
	return true;
}

static bool stage_find(const struct gl_op *op, struct desc_check *out)
{
	const struct gl_operand *type = operand(op, "type");

	if (strcmp(op->name, "glCreateShader") != 0 || !type)
		return false;
	*out = (struct desc_check){
		.kind = CHECK_STAGE, .operand = (uint8_t)(type - op->operands),
		.other = (uint8_t)(type - op->operands), .word = type->word };
	return true;
}

static bool unit_find(const struct gl_op *op, struct desc_check *out)
{
	const struct gl_operand *o = operand(op, "texture");

	if (strcmp(op->name, "glActiveTexture") != 0 || !o)
		return false;
	*out = (struct desc_check){ .kind = CHECK_UNIT, .operand = (uint8_t)(o - op->operands),
				    .other = (uint8_t)(o - op->operands), .word = o->word };
	return true;
}

static bool format_find(const struct gl_op *op, struct desc_check *out)
{
	const struct gl_operand *o = operand(op, "internalformat");

	o = o ? o : operand(op, "internalFormat");
	if (!o || !strstr(op->name, "TexImage"))
		return false;
	*out = (struct desc_check){ .kind = CHECK_FORMAT, .operand = (uint8_t)(o - op->operands),
				    .other = (uint8_t)(o - op->operands), .word = o->word };
	return true;
}

unsigned desc_driver_checks(const struct gl_op *op, struct desc_check *out)
{
	const struct gl_operand *index = counted_from(op);
	unsigned n = spans_find(op, out);

	n += sizes_find(op, out + n, DESC_DRIVER_CHECKS - n);
	if (index)
		n += most_find(op, index->name, PARAMETERS_MAX, out + n, DESC_DRIVER_CHECKS - n);
	if (n < DESC_DRIVER_CHECKS)
		n += levels_find(op, out + n);
	n += corners_find(op, out + n, DESC_DRIVER_CHECKS - n);
	if (n < DESC_DRIVER_CHECKS)
		n += pixel_type_find(op, out + n);
	if (n < DESC_DRIVER_CHECKS)
		n += stage_find(op, out + n);
	if (n < DESC_DRIVER_CHECKS)
		n += format_find(op, out + n);
	if (n < DESC_DRIVER_CHECKS)
		n += unit_find(op, out + n);
	return n;
}
