/* film_scene.h - how pictures of a film lie in the texture, for both players.
 *
 * One texture, the *atlas*, has room for `slots` pictures in rows of `columns`.  Picture i
 * of the film lies in slot i modulo slots.
 */
#ifndef BLINK_CLIENT_PROGRAMS_FILM_SCENE_H
#define BLINK_CLIENT_PROGRAMS_FILM_SCENE_H

#include <stdint.h>

#define ATLAS_SIDE 8192u                /* no side of the texture is longer */

struct atlas {
	uint32_t width, height;        /* of a picture */
	uint32_t slots, columns, rows;
};

/* Slots become fewer where the texture would be too large; false: not one fits. */
static inline int atlas_plan(struct atlas *a, uint32_t width, uint32_t height, uint32_t slots)
{
	uint32_t across = ATLAS_SIDE / width, down = ATLAS_SIDE / height;

	if (!across || !down)
		return 0;
	if (slots > across * down)
		slots = across * down;
	*a = (struct atlas){ width, height, slots, slots < across ? slots : across, 0 };
	/* as square as can be: drivers round sides up */
	while (a->columns > 1 && (a->columns - 1) * width >=
				 (slots + a->columns - 2) / (a->columns - 1) * height)
		a->columns--;
	a->rows = (slots + a->columns - 1) / a->columns;
	return a->rows <= down;
}

static inline uint32_t atlas_width(const struct atlas *a) { return a->columns * a->width; }
static inline uint32_t atlas_height(const struct atlas *a) { return a->rows * a->height; }
static inline uint32_t atlas_x(const struct atlas *a, uint32_t slot)
{
	return slot % a->columns * a->width;
}
static inline uint32_t atlas_y(const struct atlas *a, uint32_t slot)
{
	return slot / a->columns * a->height;
}

#endif
