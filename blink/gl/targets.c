/* targets.c - the targets of textures. */
#include <stdbool.h>
#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/gl/targets.h"

#define TARGET(name) { GL_TEXTURE_##name, GL_TEXTURE_BINDING_##name }

const struct gl_target gl_texture_targets[GL_TEXTURE_TARGETS] = {
	TARGET(2D), TARGET(1D), TARGET(3D), TARGET(CUBE_MAP), TARGET(RECTANGLE),
	TARGET(1D_ARRAY), TARGET(2D_ARRAY), TARGET(CUBE_MAP_ARRAY),
	TARGET(2D_MULTISAMPLE), TARGET(2D_MULTISAMPLE_ARRAY), TARGET(BUFFER),
};

uint32_t gl_target_image(uint32_t target)
{
	return target == GL_TEXTURE_CUBE_MAP ? GL_TEXTURE_CUBE_MAP_POSITIVE_X : target;
}

uint32_t gl_image_target(uint32_t image)
{
	bool face = image >= GL_TEXTURE_CUBE_MAP_POSITIVE_X &&
		    image <= GL_TEXTURE_CUBE_MAP_NEGATIVE_Z;

	return face ? GL_TEXTURE_CUBE_MAP : image;
}
