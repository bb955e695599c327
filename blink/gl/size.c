/* size.c - payload sizes: formats, types, and the entry points to the rules.
 *
 * Enum values are from the registry, under their names as of OpenGL 3.3; extension
 * tokens of equal value share their case.
 */
#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/gl/table_private.h"

/* Rules that are no function of the arguments; false: it is one. */
static bool fixed_rule(unsigned rule, uint64_t *size)
{
	*size = rule == GL_SIZE_STRING || rule == GL_SIZE_STRINGS;
	return rule <= GL_SIZE_STRINGS;
}

bool gl_payload_size(const uint32_t *rec, unsigned operand, uint64_t *size)
{
	unsigned op = rec[0] & 0xffffu, rule;

	if (op >= GL_OP_COUNT || operand >= gl_ops[op].noperands)
		return false;
	rule = gl_ops[op].operands[operand].size_rule;
	if (fixed_rule(rule, size))
		return rule != GL_SIZE_NONE;
	return gl_record_rule(rule, rec, size);
}

bool gl_param_size(const struct gl_command *cmd, const uint64_t *args, unsigned param,
		   uint64_t *size)
{
	unsigned rule;

	if (param >= cmd->nparams)
		return false;
	rule = cmd->params[param].size_rule;
	if (fixed_rule(rule, size))
		return rule != GL_SIZE_NONE;
	return gl_param_rule(rule, args, size);
}

/* ---- terms --------------------------------------------------------------- */

bool gl_type_size(uint32_t type, unsigned *bytes)
{
	switch (type) {
	case GL_BYTE: case GL_UNSIGNED_BYTE:
		*bytes = 1;
		return true;
	case GL_SHORT: case GL_UNSIGNED_SHORT: case GL_HALF_FLOAT: case GL_2_BYTES:
		*bytes = 2;
		return true;
	case GL_3_BYTES:
		*bytes = 3;
		return true;
	case GL_INT: case GL_UNSIGNED_INT: case GL_FLOAT: case GL_4_BYTES: case GL_FIXED:
	case GL_INT_2_10_10_10_REV: case GL_UNSIGNED_INT_2_10_10_10_REV:
	case GL_UNSIGNED_INT_10F_11F_11F_REV:
		*bytes = 4;
		return true;
	case GL_DOUBLE:
		*bytes = 8;
		return true;
	default:
		return false;
	}
}

/* Components of a pixel format; 0: unknown. */
static unsigned format_components(uint32_t format)
{
	switch (format) {
	case GL_COLOR_INDEX: case GL_STENCIL_INDEX: case GL_DEPTH_COMPONENT:
	case GL_RED: case GL_GREEN: case GL_BLUE: case GL_ALPHA: case GL_LUMINANCE:
	case GL_INTENSITY:
	case GL_RED_INTEGER: case GL_GREEN_INTEGER: case GL_BLUE_INTEGER:
	case GL_ALPHA_INTEGER: case GL_LUMINANCE_INTEGER_EXT:
		return 1;
	case GL_LUMINANCE_ALPHA: case GL_RG: case GL_RG_INTEGER: case GL_DEPTH_STENCIL:
	case GL_LUMINANCE_ALPHA_INTEGER_EXT:
		return 2;
	case GL_RGB: case GL_BGR: case GL_RGB_INTEGER: case GL_BGR_INTEGER:
		return 3;
	case GL_RGBA: case GL_BGRA: case GL_ABGR_EXT: case GL_RGBA_INTEGER:
	case GL_BGRA_INTEGER:
		return 4;
	default:
		return 0;
	}
}

/* Packed types hold a whole pixel: its bits and the components it must have; 0: not
 * packed. */
static unsigned packed_bits(uint32_t type, unsigned *components)
{
	switch (type) {
	case GL_UNSIGNED_BYTE_3_3_2: case GL_UNSIGNED_BYTE_2_3_3_REV:
		*components = 3;
		return 8;
	case GL_UNSIGNED_SHORT_5_6_5: case GL_UNSIGNED_SHORT_5_6_5_REV:
		*components = 3;
		return 16;
	case GL_UNSIGNED_SHORT_4_4_4_4: case GL_UNSIGNED_SHORT_4_4_4_4_REV:
	case GL_UNSIGNED_SHORT_5_5_5_1: case GL_UNSIGNED_SHORT_1_5_5_5_REV:
		*components = 4;
		return 16;
	case GL_UNSIGNED_INT_8_8_8_8: case GL_UNSIGNED_INT_8_8_8_8_REV:
	case GL_UNSIGNED_INT_10_10_10_2: case GL_UNSIGNED_INT_2_10_10_10_REV:
		*components = 4;
		return 32;
	case GL_UNSIGNED_INT_10F_11F_11F_REV: case GL_UNSIGNED_INT_5_9_9_9_REV:
		*components = 3;
		return 32;
	case GL_UNSIGNED_INT_24_8:
		*components = 2;
		return 32;
	case GL_FLOAT_32_UNSIGNED_INT_24_8_REV:
		*components = 2;
		return 64;
	default:
		return 0;
	}
}

bool gl_pixel_size(uint32_t format, uint32_t type, unsigned *bits_per_pixel)
{
	unsigned components = format_components(format), wanted, bits, bytes;

	if (format == GL_YCBCR_MESA) {
		*bits_per_pixel = 16;
		return type == GL_UNSIGNED_SHORT_8_8_MESA ||
		       type == GL_UNSIGNED_SHORT_8_8_REV_MESA;
	}
	if (!components)
		return false;
	if (type == GL_BITMAP) {
		*bits_per_pixel = 1;
		return format == GL_COLOR_INDEX || format == GL_STENCIL_INDEX;
	}
	bits = packed_bits(type, &wanted);
	if (bits) {
		bool depth_stencil = format == GL_DEPTH_STENCIL;
		bool type_ds = type == GL_UNSIGNED_INT_24_8 ||
			       type == GL_FLOAT_32_UNSIGNED_INT_24_8_REV;

		*bits_per_pixel = bits;
		return components == wanted && depth_stencil == type_ds;
	}
	if (format == GL_DEPTH_STENCIL || !gl_type_size(type, &bytes) || bytes == 3 ||
	    type == GL_DOUBLE || type == GL_FIXED || type == GL_2_BYTES || type == GL_4_BYTES)
		return false;
	*bits_per_pixel = components * bytes * 8;
	return true;
}

bool gl_image_size(int64_t w, int64_t h, int64_t d, uint32_t format, uint32_t type,
		   uint64_t *size)
{
	uint64_t row;
	unsigned bits;

	if (w < 0 || h < 0 || d < 0 || !gl_pixel_size(format, type, &bits))
		return false;
	if (!size_mul((uint64_t)w, bits, &row) || !size_add(row, 7, &row))
		return false;
	return size_mul(row / 8, (uint64_t)h, &row) && size_mul(row, (uint64_t)d, size);
}

bool size_of_image(uint64_t w, uint64_t h, uint64_t d, uint64_t format, uint64_t type,
		   uint64_t *size)
{
	return gl_image_size((int64_t)w, (int64_t)h, (int64_t)d, (uint32_t)format,
			     (uint32_t)type, size);
}

bool size_of_type(uint64_t type, uint64_t *n)
{
	unsigned bytes;

	if (!gl_type_size((uint32_t)type, &bytes))
		return false;
	*n = bytes;
	return true;
}

/* CallLists takes few types, three of them its own. */
bool size_of_lists(uint64_t n, uint64_t type, uint64_t *size)
{
	uint64_t bytes;

	switch (type) {
	case GL_BYTE: case GL_UNSIGNED_BYTE: case GL_SHORT: case GL_UNSIGNED_SHORT:
	case GL_INT: case GL_UNSIGNED_INT: case GL_FLOAT:
	case GL_2_BYTES: case GL_3_BYTES: case GL_4_BYTES:
		return size_of_type(type, &bytes) && size_mul(n, bytes, size);
	default:
		return false;
	}
}

unsigned gl_pname_count(const char *family, uint32_t pname)
{
	uint64_t n;

	for (const struct gl_pname_family *f = gl_pname_families; f->name; f++)
		if (strcmp(f->name, family) == 0)
			return f->count(pname, &n) ? (unsigned)n : 0;
	return 0;
}
