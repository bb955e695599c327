/* scene.h - small .blink files with known pictures.
 *
 * A scene is W by H pixels; frame i paints column i % W in a colour of its own and
 * leaves the others, so that a picture shows all frames before it.
 */
#ifndef TESTS_REPLAY_SCENE_H
#define TESTS_REPLAY_SCENE_H

#include <stdint.h>

#include "replay/picture.h"

#define SCENE_W 8u
#define SCENE_H 6u

/* Colour of frame i; flaw is the frame whose colour is another, UINT32_MAX none. */
uint32_t scene_colour(uint32_t i, uint32_t flaw);
/* The picture after frame i. */
struct picture scene_picture(uint32_t i, uint32_t flaw);
/* Writes the file; 0 or -1.  bad: the last frame makes a context current that does
 * not exist, which a verifier refuses. */
int scene_write(const char *path, uint32_t frames, uint32_t flaw, int bad);

#endif
