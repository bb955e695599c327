/* picture.h - the hash of the back buffer, read without a trace in the program's state. */
#ifndef CAPTURE_RECORD_LIB_PICTURE_H
#define CAPTURE_RECORD_LIB_PICTURE_H

#include "capture/record/lib/lib.h"

/* False: it cannot be read (OpenGL ES, no memory, no size).  Size: of the drawable, and
 * then of what was hashed: a software driver's buffers follow a window's size only when it
 * swaps, and what lies outside of them is nothing. */
bool rec_picture(const struct rec_context *c, uint32_t *w, uint32_t *h, struct rec_hash *hash);

#endif
