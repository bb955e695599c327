/* film.h - a video file as pictures, by FFmpeg's libraries.
 *
 * Pictures come one after the other as BGRA bytes, top row first, rows without gaps; after
 * the last one the film begins again.  One decoding thread, so that the CPU time of a
 * player is comparable.
 */
#ifndef BLINK_CLIENT_PROGRAMS_FILM_H
#define BLINK_CLIENT_PROGRAMS_FILM_H

#include <stdint.h>

#include "blink/base/error.h"

struct film;

int film_open(struct film **f, const char *path, struct error *err);
void film_close(struct film *f);
void film_size(const struct film *f, uint32_t *width, uint32_t *height);
double film_rate(const struct film *f);        /* pictures per second */
/* The next picture, 4 * width * height bytes. */
int film_read(struct film *f, void *bgra, struct error *err);

#endif
