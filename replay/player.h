/* player.h - plays a .blink file on a sink through one of the engines. */
#ifndef REPLAY_PLAYER_H
#define REPLAY_PLAYER_H

#include "blink/engine/engine.h"
#include "blink/sp/file.h"
#include "blink/verify/verify.h"

enum player_engine { PLAYER_JIT, PLAYER_INTERP };

/* CPU seconds of one frame (thread CPU clock), by stage, and what it did. */
struct player_frame {
	uint32_t frame;
	double load, verify, compile, run;
	double wall;                /* seconds on the wall clock while running */
	uint64_t calls;
	unsigned gl_errors;
	uint32_t first_error;       /* GL code, 0 none */
};

struct player_options {
	enum player_engine engine;
	bool no_verify;             /* never set by blinkctl replay; for measurements */
	bool check_errors;          /* drain glGetError after each frame (GL sink only) */
	/* before the swap that ends a frame: pictures; may be NULL */
	int (*on_frame)(void *user, struct sink *sink, uint32_t frame, struct error *err);
	/* before an SP runs, its payloads resident: for those who follow names and lists;
	 * may be NULL */
	int (*on_sp)(void *user, const struct sp *sp, const struct sp_payloads *payloads,
		     struct error *err);
	/* runs an SP, compiled or (code NULL) not, from its beginning; any status but
	 * ENGINE_END ends the replay; NULL: the engine does */
	enum engine_status (*run)(void *user, struct client *c, const struct jit_code *code,
				  const struct sp *sp);
	struct blink_file *then;    /* a file that player_switch goes on with; may be NULL */
	void *user;
};

struct player;
int player_create(struct player **p, struct blink_file *f, struct sink *sink,
		  const struct player_options *opt, struct error *err);
void player_destroy(struct player *p);
/* Runs the init SPs (once, implied by the first player_play).  stats may be NULL. */
int player_init(struct player *p, struct player_frame *stats, struct error *err);
/* Frames must be played in order; earlier frames that were not played are played. */
int player_play(struct player *p, uint32_t frame, struct player_frame *stats,
		struct error *err);
/* Loads (pins), verifies and compiles all SPs of a frame ahead of time, so that
 * player_play then measures the run alone. */
int player_prepare(struct player *p, uint32_t frame, struct player_frame *stats,
		   struct error *err);
/* Back to before init: destroys the client's contexts and drawables, and with them
 * every object.  What the JIT has compiled stays in its cache. */
int player_rewind(struct player *p, struct error *err);
/* Goes on with another file, the client being what it is now: what this one's frame
 * `frame` begins with.  The names and slots that f uses must fit those of the file that
 * the player was made with, or of options.then (-ERANGE).  f stays the caller's. */
int player_switch(struct player *p, struct blink_file *f, uint32_t frame, struct error *err);
/* NULL with PLAYER_INTERP.  For profilers and debuggers (jit_tools.h). */
struct jit *player_jit(struct player *p);
/* The client whose SPs are played: its name tables say what the driver calls things. */
const struct client *player_client(const struct player *p);
const struct verify_verdict *player_refusal(const struct player *p);

#endif
