/* confine_format.c - how much memory pixels take, as drivers commonly keep them: three
 * channels as four, depth with stencil in a word.  What is not listed is taken for the
 * largest there is. */
#include "blink/server/confine.h"

struct formats { uint16_t bytes; uint16_t n; uint32_t format[48]; };

static const struct formats formats[] = {
	{ 1, 16, { GL_ALPHA, GL_LUMINANCE, GL_INTENSITY, GL_RED, GL_ALPHA4, GL_ALPHA8,
		   GL_LUMINANCE4, GL_LUMINANCE8, GL_INTENSITY4, GL_INTENSITY8, GL_R8, GL_R8_SNORM,
		   GL_R8I, GL_R8UI, GL_R3_G3_B2, GL_STENCIL_INDEX8 } },
	{ 2, 22, { GL_LUMINANCE_ALPHA, GL_RG, GL_LUMINANCE4_ALPHA4, GL_LUMINANCE6_ALPHA2,
		   GL_LUMINANCE8_ALPHA8, GL_RG8, GL_RG8_SNORM, GL_RG8I, GL_RG8UI, GL_R16,
		   GL_R16F, GL_R16I, GL_R16UI, GL_R16_SNORM, GL_ALPHA16, GL_LUMINANCE16,
		   GL_INTENSITY16, GL_RGB4, GL_RGB5, GL_RGBA4, GL_RGB5_A1, GL_RGB565 } },
	{ 4, 40, { 1, 2, 3, 4, GL_RGB, GL_RGBA, GL_RGB8, GL_RGBA8, GL_RGB10, GL_RGB10_A2,
		   GL_RGB10_A2UI, GL_RGBA2, GL_SRGB, GL_SRGB8, GL_SRGB_ALPHA, GL_SRGB8_ALPHA8,
		   GL_RGB8_SNORM, GL_RGBA8_SNORM, GL_RGB8I, GL_RGB8UI, GL_RGBA8I, GL_RGBA8UI,
		   GL_RG16, GL_RG16F, GL_RG16I, GL_RG16UI, GL_RG16_SNORM, GL_R32F, GL_R32I,
		   GL_R32UI, GL_R11F_G11F_B10F, GL_RGB9_E5, GL_DEPTH_COMPONENT,
		   GL_DEPTH_COMPONENT16, GL_DEPTH_COMPONENT24, GL_DEPTH_COMPONENT32,
		   GL_DEPTH_COMPONENT32F, GL_DEPTH_STENCIL, GL_DEPTH24_STENCIL8, GL_BGRA } },
	{ 8, 18, { GL_RGB12, GL_RGB16, GL_RGBA12, GL_RGBA16, GL_RGB16_SNORM, GL_RGBA16_SNORM,
		   GL_RGB16F, GL_RGBA16F, GL_RGB16I, GL_RGB16UI, GL_RGBA16I, GL_RGBA16UI,
		   GL_RG32F, GL_RG32I, GL_RG32UI, GL_DEPTH32F_STENCIL8, GL_LUMINANCE12_ALPHA12,
		   GL_LUMINANCE16_ALPHA16 } },
};

/* 4x4 blocks of 8 or 16 bytes, that drivers keep as they are. */
static const struct formats blocks[] = {
	{ 8, 6, { GL_COMPRESSED_RGB_S3TC_DXT1_EXT, GL_COMPRESSED_RGBA_S3TC_DXT1_EXT,
		  GL_COMPRESSED_SRGB_S3TC_DXT1_EXT, GL_COMPRESSED_SRGB_ALPHA_S3TC_DXT1_EXT,
		  GL_COMPRESSED_RED_RGTC1, GL_COMPRESSED_SIGNED_RED_RGTC1 } },
	{ 16, 10, { GL_COMPRESSED_RGBA_S3TC_DXT3_EXT, GL_COMPRESSED_RGBA_S3TC_DXT5_EXT,
		    GL_COMPRESSED_SRGB_ALPHA_S3TC_DXT3_EXT, GL_COMPRESSED_SRGB_ALPHA_S3TC_DXT5_EXT,
		    GL_COMPRESSED_RG_RGTC2, GL_COMPRESSED_SIGNED_RG_RGTC2,
		    GL_COMPRESSED_RGBA_BPTC_UNORM, GL_COMPRESSED_SRGB_ALPHA_BPTC_UNORM,
		    GL_COMPRESSED_RGB_BPTC_SIGNED_FLOAT, GL_COMPRESSED_RGB_BPTC_UNSIGNED_FLOAT } },
};

static uint32_t find(const struct formats *f, unsigned n, uint32_t format, uint32_t otherwise)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < f[i].n; j++)
			if (f[i].format[j] == format)
				return f[i].bytes;
	return otherwise;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t r;

	return __builtin_mul_overflow(a, b, &r) ? UINT64_MAX : r;
}

/* In full blocks of 4 lines of 64 bytes: software drivers draw, and threads write, in such. */
static uint64_t full(uint64_t bytes)
{
	return bytes > UINT64_MAX - 63 ? bytes : (bytes + 63) & ~UINT64_C(63);
}

uint64_t confine_image_bytes(uint32_t format, int64_t w, int64_t h, int64_t d)
{
	uint32_t block = find(blocks, sizeof(blocks) / sizeof(*blocks), format, 0);
	uint32_t texel = find(formats, sizeof(formats) / sizeof(*formats), format, 16);

	if (w < 0 || h < 0 || d < 0)
		return 0;
	if (block)
		return times(times(full(times((uint64_t)(w + 3) / 4, block)),
				   (uint64_t)(h + 3) / 4), (uint64_t)d);
	return times(times(full(times((uint64_t)w, texel)), ((uint64_t)h + 3) & ~UINT64_C(3)),
		     (uint64_t)d);
}
