/* picture.h - frame pictures: files, streams and differences.
 *
 * A picture is 8-bit RGB, rows from top to bottom without padding.  Streams are
 * binary PNM (P6) with the number of what is shown in the comment, as apitrace
 * writes them.
 */
#ifndef REPLAY_PICTURE_H
#define REPLAY_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "blink/base/error.h"

struct sink;

struct picture {
	uint32_t w, h;
	uint8_t *rgb;          /* owned, malloc'd */
};

void picture_finish(struct picture *p);

/* Written under a temporary name and renamed when whole. */
int picture_write_png(const struct picture *p, const char *path, struct error *err);
/* p's memory is used again. */
int picture_read_png(const char *path, struct picture *p, struct error *err);
/* As picture_write_png, as DIR/NAME.png. */
int picture_write_in(const struct picture *p, const char *dir, struct error *err,
		     const char *name, ...) __attribute__((format(printf, 4, 5)));
/* What the sink's drawable shows, as DIR/frame-NNNNNN.png.  1: written, 0: nothing was drawn
 * to. */
int picture_write_frame(struct sink *sink, const char *dir, uint32_t frame, struct error *err);

/* 1: a picture was read (p's memory is used again), 0: the stream has ended,
 * negative: it is broken.  number: from the comment, 0 without. */
int picture_read_pnm(FILE *in, struct picture *p, uint64_t *number, struct error *err);
int picture_write_pnm(FILE *out, const struct picture *p, uint64_t number, struct error *err);

struct picture_difference {
	bool same_size;
	uint64_t pixels;       /* that differ */
	unsigned most;         /* largest difference in one channel */
};
/* True when they are identical. */
bool picture_compare(const struct picture *a, const struct picture *b,
		     struct picture_difference *d);
/* Black where equal, white where a channel differs by any amount; the size of the
 * common part.  -ENOMEM or 0. */
int picture_difference_draw(const struct picture *a, const struct picture *b,
			    struct picture *out);

#endif
