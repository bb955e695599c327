/* served.h - what the files of one served client share.
 *
 *   served.c          the client: made, taken from, called back, looked at, drawn
 *   served_object.c   its shared objects: versions that come, serve and go
 *   served_run.c      a procedure verified, compiled and run, in slices
 *   served_stream.c   the entries of its stream
 *   served_shader.c   shaders' sources, tried ahead of time
 *   served_info.c     what is counted
 *
 * A new version takes its object's place at once, the one before is kept until the new one
 * has proved itself: an SP when the verifier accepts it where it is due, data when it
 * accepts an SP that names it.  If it refuses, whatever came new with it goes back.
 *
 * The verifier's shadow goes with what has been run, in order.  So each procedure is
 * verified right before it runs, unless it was, left the shadow as it was, and nothing
 * changed since: the usual case for a redraw SP.
 *
 * Private to blink/server.
 */
#ifndef BLINK_SERVER_SERVED_H
#define BLINK_SERVER_SERVED_H

#include "blink/server/server_priv.h"
#include "blink/verify/verify.h"

/* What the records of a procedure, its callees included, make of it. */
#define PROGRAM_CLOCK 1u               /* reads time or frame number: changes by itself */
#define PROGRAM_HAND 2u                /* reads pointer, buttons, keys */
#define PROGRAM_REGISTERS 4u
#define PROGRAM_FIXED 8u               /* does what a shared drawable cannot bear */
#define PROGRAM_LISTS 16u              /* compiles lists */
#define PROGRAM_SHADERS 32u            /* makes shaders or hands over their sources */

struct program {
	struct sp sp;                  /* its code is the object's */
	const struct jit_code *code;
	uint64_t evicted;              /* the JIT's count when code was made */
	uint32_t uses;                 /* PROGRAM_* of its own records */
	uint32_t *named, nnamed;       /* objects: payloads and callees */
	uint32_t tried;                /* words before which all sources were tried, */
	uint64_t tried_for, ready_for; /* as objects were then; when all was, callees' too: the
	                                  client's epoch, from 1 */
	/* of the last verification */
	bool accepted, refused, still;
	bool broken;                   /* a window operation of its failed: not run again */
	bool ran;                      /* init: in this world */
	uint64_t shadow, epoch;        /* the client's, then */
	uint32_t all_uses;             /* with its callees' */
	struct verify_facts facts;
};

struct slot {                          /* an object */
	struct vso_object now, before;     /* version 0: there is none; before: kept while now
	                                      has not proved itself */
	struct program *program, *program_before;
	void *copy;                    /* of a mapped payload whose content decides safety, */
	uint32_t copied;               /* of so many bytes */
	bool unsettled;
	bool content;                  /* some SP's safety hangs on its bytes */
	uint32_t users;                /* programs that name it */
	uint32_t seen;                 /* by the walk of this number */
};

enum run_result {
	RUN_DONE,
	RUN_LATER,                     /* the budget is used up, or it yielded: it goes on (or
	                                  begins, where a shader is still being tried) */
	RUN_REFUSED,                   /* by the verifier: nothing has been run */
	RUN_FAILED                     /* the shadow is wrong from here on */
};

/* A procedure on its way. */
struct running {
	bool on;
	struct program *program;
	struct sp_payloads payloads;
	uint32_t object;               /* 0: of the stream */
	uint8_t callback;
};

struct served_counts {
	uint64_t redraws, updates, inits, reshapes, inputs, entries;
	uint64_t compile_ns, verify_ns, refusals, commands;
};

/* Where the client stands in time: mean and worst of intervals. */
#define INTERVALS 256u
struct intervals { uint64_t last; uint32_t n; uint32_t us[INTERVALS]; };

struct served {
	struct sink *gl;
	struct vso_server *vso;
	const struct vso_hello *hello;
	struct server_options opt;
	/* its world; made anew after a loss */
	struct confined *confined;
	struct client client, sums;        /* sums: runs input SPs, which know no GL */
	bool live, alive;                  /* client, sums */
	struct verify_state *state;
	struct jit *jit;                   /* from the first procedure on that is compiled */
	bool no_jit;                       /* they are interpreted */
	struct sp_index index;
	struct verify_env env;
	struct verify_verdict verdict;
	struct client_limits limits;
	uint32_t losses;
	/* objects */
	struct slot *slot;
	uint32_t nslots;
	struct sp_payload *payload;        /* by object */
	uint64_t copied;                   /* bytes of slots' copies */
	uint32_t entry[SP_CALLBACKS];      /* by served_objects_entry() */
	bool entries_stale;
	uint32_t visit;
	uint64_t shadow, epoch;            /* count changes: of the shadow; of objects */
	/* what runs */
	struct running run;
	uint64_t deadline, grace;          /* by server_cpu_ns; what it is put off by, once */
	uint32_t turns;
	uint64_t made_ns;                  /* spent on verifying and compiling before this turn */
	uint64_t unflushed, unflushed_since;   /* commands that the driver may have put off */
	uint64_t at_once, put_off;         /* what a command costs (served_run.c) */
	uint64_t sliced, flushed;          /* commands that a slice, and a flush, had lately */
	uint32_t owed;                     /* the redraw SP of this object was verified, and has to
	                                      run, whichever is the redraw SP by now; 0: none */
	uint32_t regs[SP_REGISTERS];       /* private: what input and update SPs left */
	uint32_t page_regs[SP_REGISTERS];  /* as the client's page was last */
	uint32_t drawn_regs[SP_REGISTERS];
	uint32_t hand[4], drawn_hand[4];   /* pointer, buttons, key: now, and as drawn */
	uint32_t screen;                   /* where the redraw SP draws */
	uint64_t updated, updating;        /* requests served; up to which the SP is called */
	uint32_t width, height;            /* of the area */
	bool reshape, fresh, retained;
	bool input;                        /* pointer or keys changed; the input SP was not told */
	bool torn;                         /* the picture being drawn will not be whole */
	bool asked;                        /* it was drawn since the last turn began */
	bool began, waiting, late;         /* in this turn: something ran; a shader is being
	                                      tried; the budget is used up */
	uint32_t *stages;                  /* of its shaders, by its names */
	/* stream */
	struct vso_stream_item item;
	struct program item_program;
	bool item_taken, item_ready, stream_over, swapped;
	enum vso_fault stream_fault;
	uint32_t stream_regs[SP_REGISTERS];
	enum vso_fault over;               /* it has to go */
	struct served_counts count;
	struct intervals redraw_at, update_at;
};

/* ---- served_object.c ---------------------------------------------------------------- */

int served_objects_create(struct served *c, struct error *err);
void served_objects_destroy(struct served *c);
void served_objects_take(struct served *c);
/* All of them are to prove themselves again: the world is a new one. */
void served_objects_renew(struct served *c);
/* The lowest object with a procedure of this callback, 0 none.  Whatever takes objects or has
 * procedures verified can change it. */
uint32_t served_objects_entry(struct served *c, enum sp_callback cb);
/* The redraw SP: what was begun, or verified and has to run, before what would be now. */
uint32_t served_objects_redraw(struct served *c);
/* The verifier accepted the procedure of this object: whatever came new with it stays. */
void served_objects_settle(struct served *c, uint32_t object);
/* It refused; true: something came new with it, which has gone back, and the object still has
 * a procedure of the same callback, not an init SP that has run before: try again. */
bool served_objects_revert(struct served *c, uint32_t object);
/* The object as it is now is told with this fault. */
void served_object_fault(struct served *c, uint32_t object, enum vso_fault fault);
const struct sp *served_object_callee(void *user, uint32_t id);
uint32_t program_uses(struct served *c, const struct program *p);
/* What its records say; -ENOMEM. */
int program_scan(struct program *p);
/* Only what its ops say, not what it names. */
void program_glance(struct program *p);
void program_finish(struct program *p);

/* ---- served_run.c -------------------------------------------------------------------- */

/* Verifies, where it has to be, the procedure of an object (0: of the stream). */
enum run_result served_run_verify(struct served *c, struct program *p, uint32_t object,
			   const struct sp_payloads *payloads);
/* The context and drawable that sp is to find are current, for driver and verifier. */
enum run_result served_run_current(struct served *c, const struct sp *sp);
/* Makes the driver ready: framebuffer 0 on screen at a place, or (0) the client's own. */
int served_run_target(struct served *c, uint32_t screen, const struct place *at);
/* Runs p from its beginning; registers are in c->client.  RUN_LATER: c->run.on, and
 * run_on goes on. */
enum run_result served_run_begin(struct served *c, struct program *p, uint32_t object,
			  const struct sp_payloads *payloads);
enum run_result served_run_on(struct served *c);
/* What the driver has put off is done now, on this client's account. */
void served_run_flush(struct served *c);
void served_run_clock(struct served *c, const struct served_tick *t);
/* Its time is over. */
bool served_run_late(struct served *c, uint64_t now);
void served_event(struct served *c, enum server_event_kind kind, uint64_t start_ns,
		  uint64_t commands, uint32_t detail);
void served_intervals_add(struct intervals *v, uint64_t now_ns);

/* ---- served_stream.c ----------------------------------------------------------------- */

/* Entries, until a frame is whole, the budget is used up, or there are no more. */
void served_stream_run(struct served *c);
void served_stream_stop(struct served *c, enum vso_fault fault);

/* ---- served_look.c ------------------------------------------------------------------- */

/* p, which was accepted, may draw on a shared drawable: at any place of it; as if it were the
 * client's own, of which *config is then the configuration. */
bool served_movable(const struct served *c, const struct program *p);
bool served_replaceable(const struct served *c, const struct program *p, uint32_t *config);

/* ---- served_picture.c ---------------------------------------------------------------- */

/* Tells the hash of the picture that the stream has just swapped. */
void served_picture_event(struct served *c);

/* ---- served_shader.c ----------------------------------------------------------------- */

/* False: it waits for a trial; ask again at the next display frame. */
bool served_shaders_ready(struct served *c, struct program *p, const struct sp_payloads *payloads);

/* ---- served.c ------------------------------------------------------------------------ */

/* The client's contexts and all in them go, and are made anew from its objects. */
void served_renew(struct served *c);

#endif
