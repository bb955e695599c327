/* served_picture.c - what a stream showed, as a number: for whoever compares pictures. */
#include "blink/server/served.h"

#include <stdlib.h>
#include <xxhash.h>

void served_picture_event(struct served *c)
{
	struct server_event e = { .kind = SERVER_EVENT_PICTURE, .commands = c->item.number };
	uint8_t *rgb = NULL;
	uint32_t w, h;

	if (!c->opt.event || sink_gl_read(c->gl, &rgb, &w, &h, NULL) < 0)
		return;
	e.hash = XXH3_64bits(rgb, (size_t)w * h * 3);
	free(rgb);
	c->opt.event(c->opt.user, &e);
}
