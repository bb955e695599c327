/* targets.h - which textures there are, by target, and what says which one is bound to it.
 *
 * In the order in which a texture of unknown target is best asked: the usual ones first,
 * GL_TEXTURE_BUFFER, which has no images of its own, last. */
#ifndef BLINK_GL_TARGETS_H
#define BLINK_GL_TARGETS_H

#include <stdint.h>

#define GL_TEXTURE_TARGETS 11u
#define GL_TEXTURE_TARGETS_DEFAULT 5u  /* the first ones: texture 0 has images there */

struct gl_target { uint32_t target, binding; };        /* GL_TEXTURE_2D, its _BINDING_ */

extern const struct gl_target gl_texture_targets[GL_TEXTURE_TARGETS];

/* Where images of it are: the first face of a cube, else the target itself. */
uint32_t gl_target_image(uint32_t target);
/* The target that an image belongs to: a face's cube, else itself. */
uint32_t gl_image_target(uint32_t image);

#endif
