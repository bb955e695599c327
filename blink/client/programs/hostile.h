/* hostile.h - clients that mean harm, for showing that none is done.
 *
 * An act is a row: what it does, and a step that the program repeats.  A step finds itself
 * connected or not as its row says; it may close h->c, and does not mind being thrown out.
 * All chance comes from hostile_random, so that a run can be repeated by its seed.
 */
#ifndef BLINK_CLIENT_PROGRAMS_HOSTILE_H
#define BLINK_CLIENT_PROGRAMS_HOSTILE_H

#include "blink/client/client.h"

struct hostile {
	const char *path;              /* of the server's socket */
	uint64_t random;
	struct vso_client *c;          /* NULL: not connected */
	struct buf code;
	uint32_t step;                 /* of this connection */
	uint32_t refresh_ms;
	/* what came of it */
	uint64_t steps, connections, turned_away, thrown_out, refused;
};

struct hostile_act {
	const char *name, *summary;
	void (*step)(struct hostile *h);
	bool connected;                /* a step finds h->c */
	uint32_t pause_us;             /* between steps */
	bool hangs;                    /* a single command of GL without end: all wait for the
	                                  watchdog */
};
extern const struct hostile_act hostile_protocol[], hostile_sockets[], hostile_commands[],
				hostile_more[], hostile_code[];

uint32_t hostile_random(struct hostile *h);
static inline uint32_t hostile_below(struct hostile *h, uint32_t n)
{
	return n ? (uint32_t)((uint64_t)hostile_random(h) * n >> 32) : 0;
}
/* Numbers that have been mistaken for others before. */
uint32_t hostile_odd(struct hostile *h);
/* Publishes h->code, with an `end`, and empties it. */
void hostile_publish(struct hostile *h, uint32_t object, uint8_t callback);
void hostile_data(struct hostile *h, uint32_t object, const void *data, uint32_t size);
/* Page n, or NULL. */
void *hostile_page(struct hostile *h, uint32_t n);
uint32_t hostile_pages(const struct hostile *h);
void hostile_pause(uint32_t us);

#endif
