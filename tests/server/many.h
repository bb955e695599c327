/* many.h - a server and its clients in one process, over loopback, with a clock of the
 * test's: for tests of the compositor. */
#ifndef TESTS_SERVER_MANY_H
#define TESTS_SERVER_MANY_H

#include "tests/server/one.h"
#include "tests/support/spgen.h"

#define MANY_W 320u
#define MANY_H 240u
#define MANY_CLIENTS 16u
#define MANY_FURTHER 3u

struct many {
	struct sink *gl, *further[MANY_FURTHER];
	struct server *server;
	struct server_options opt;
	struct one c[MANY_CLIENTS];    /* .client alone is used; by number - 1 */
	struct vso_link *link[MANY_CLIENTS];
	uint32_t n;
	uint32_t stream_bytes;         /* of those that are added from here on; 0: none */
	uint64_t now_ns;
	uint64_t events[SERVER_EVENT_KINDS];
	uint8_t *rgb;                  /* the screen at the last many_look */
};

/* Is there a driver?  Says so if there is none.  It draws without threads of its own. */
bool many_possible(void);
/* A server of its own, on a sink of its own.  opt: no_direct, no_facts, no_decoration,
 * clients, nfurther, patience_ns and turn are looked at.  False: there is no driver.
 * Further painters have displays of their own as far as there are any, else the first. */
bool many_open(struct many *m, const struct server_options *opt);
void many_close(struct many *m);
/* A client with that text; its number, from 1. */
uint32_t many_add(struct many *m, uint32_t w, uint32_t h, uint32_t flags, const char *name,
		  const char *text);
void many_frame(struct many *m);
void many_frames(struct many *m, unsigned n);
/* The screen; pixel x, y from the upper left. */
const uint8_t *many_look(struct many *m);
const uint8_t *many_pixel(const struct many *m, int x, int y);
struct server_client_info many_info(struct many *m, uint32_t id);

/* What is done to a window, at random; 0 and 1 move it. */
enum many_act { MANY_MOVE, MANY_RAISE = 2, MANY_FOCUS, MANY_RESIZE, MANY_POINT, MANY_NOTHING };
/* Servers that differ in what nobody must see: the same is done to each, to any of so many
 * clients; a display frame; and all show the same picture. */
void many_round(struct many *m, unsigned servers, uint32_t act, uint32_t clients, struct rng *rng);

/* Clients' texts: a plain colour; one that changes with time, with a triangle in it. */
const char *many_plain(float r, float g, float b, uint32_t w, uint32_t h);
const char *many_moving(float r, float g, float b, uint32_t w, uint32_t h);

#endif
