/* state_track.h - follows a client's records for what no driver tells: who made which
 * object, what is in a display list, what a location slot stands for, and which contexts
 * and drawables there are.
 *
 * Records are taken in their order; code behind a jump is taken as if it ran.
 */
#ifndef REPLAY_STATE_TRACK_H
#define REPLAY_STATE_TRACK_H

#include "blink/engine/engine.h"
#include "blink/sp/sp.h"

/* By client name, in struct state_track. */
struct track_context {
	bool live, ready;             /* ready: has been current, so that it has state */
	uint32_t serial, group;       /* of the context and its share group, from 1 */
	uint32_t share, version, flags;
	uint32_t draw, read;          /* the drawables that it was current with last */
};

struct track_drawable {
	bool live;
	uint32_t w, h, config;
};

struct track_names {
	uint32_t *owner, *group, *made;       /* as in struct state_names */
	uint32_t count;                       /* room: names 1 .. count - 1 */
};

struct track_list {
	uint32_t group, list;         /* list 0: free */
	uint64_t body;                /* hash of its records */
	bool defined;
};

struct track_slot { uint32_t program; uint64_t what; char *name; };

struct state_track {
	struct track_context *contexts;
	struct track_drawable *drawables;
	uint32_t ncontexts, ndrawables;       /* room */
	struct track_names names[GL_SPACE_COUNT];
	struct track_list *lists;             /* hash table */
	uint32_t nlists, lists_cap;
	struct track_slot *slots;
	uint32_t nslots;
	uint32_t current, draw, read;
	uint32_t serial;
	/* while a list is being compiled */
	uint32_t list;
	uint64_t body;
};

/* embedded: init/finish */
int state_track_init(struct state_track *t, const struct client_limits *limits,
		     struct error *err);
void state_track_finish(struct state_track *t);
/* The records of an SP that is about to run. */
int state_track_sp(struct state_track *t, const struct sp *sp, const struct sp_payloads *payloads,
		   struct error *err);
/* Body of a display list, 0 where its records were not seen. */
uint64_t state_track_list(const struct state_track *t, uint32_t group, uint32_t list);

#endif
