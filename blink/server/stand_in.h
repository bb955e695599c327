/* stand_in.h - a drawable that clients of one size take turns with.
 *
 * A picture of 300x300 is 360 KB of colour and as much of depth, and a client that draws a
 * new one at each display frame leaves nothing of the last.  Were each drawn into a drawable
 * of its own, all of that would come from memory, at every frame, for every client: more
 * than a processor's own caches hold.  So those of one size and configuration draw into one
 * and the same drawable, which stays in the caches, and what came of it is copied to the
 * screen before the next one's turn.  The verifier's facts say that nothing of what others
 * left there can be seen (verify_facts_direct); coordinates are the client's own.
 *
 * Who has nobody to share with gets none: its own drawable does as well, and keeps the
 * picture.
 *
 * Private to blink/server.
 */
#ifndef BLINK_SERVER_STAND_IN_H
#define BLINK_SERVER_STAND_IN_H

#include "blink/engine/sink.h"

struct stand_in {
	uint32_t w, h, config;
	uint64_t frame;                /* in which it was asked for last */
	uint32_t asked, before;        /* how often: in that frame; in the one before */
	bool made;
};

#define STAND_INS 4u
struct stand_ins {                     /* embedded: all zero is none */
	struct stand_in v[STAND_INS];
};

/* The drawable of gl to draw to in that display frame, for one client: 0 none. */
uint32_t stand_in_take(struct stand_ins *s, struct sink *gl, uint64_t frame, uint32_t w,
		       uint32_t h, uint32_t config);
void stand_ins_close(struct stand_ins *s, struct sink *gl);

#endif
