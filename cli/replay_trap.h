/* replay_trap.h - replays that are stopped in the middle of a frame, or by a signal in the
 * driver, and go on in another process: blinkctl replay --stop, --trap, --resume. */
#ifndef CLI_REPLAY_TRAP_H
#define CLI_REPLAY_TRAP_H

#include <json-c/json.h>

#include "blink/engine/trap.h"

#define REPLAY_NO_FRAME UINT32_MAX

struct replay_trap {
	const char *save;              /* where the trap is written, or NULL */
	const char *resume;            /* of which file, or NULL */
	bool stop;                     /* after so many records of this frame */
	uint32_t frame;
	uint64_t records;
	/* the replay at work */
	uint32_t now;                  /* frame being played, REPLAY_NO_FRAME: before the first */
	bool resumed, taken;
	struct trap trap;              /* to be resumed; then the one taken */
	uint32_t record;               /* number of the innermost's record, in its SP */
	char line[160];                /* and its text */
};

/* "F:N"; false with a message. */
bool replay_trap_parse(struct replay_trap *t, const char *text);
/* Reads the trap to be resumed, if there is one. */
int replay_trap_open(struct replay_trap *t, struct error *err);
/* For struct player_options: runs sp to its end or to a trap, which is saved. */
enum engine_status replay_trap_run(struct replay_trap *t, struct client *c,
				   const struct jit_code *code, const struct sp *sp);
/* A signal was caught: says which command it was, and does not return.  The driver may
 * hold locks that it was interrupted in: nothing of it is touched any more. */
void replay_trap_die(const struct replay_trap *t);
/* The replay is over, with e: a stop that was asked for is no error; one that never came,
 * or a trap that nothing was resumed from, is. */
int replay_trap_end(const struct replay_trap *t, int e, struct error *err);
struct json_object *replay_trap_json(const struct replay_trap *t);

#endif
