/* prune.h - the pruner: of a log of stored procedures, what the next frame needs.
 *
 * Records are fed in order; at any frame boundary the pruner can write init SPs that
 * bring a new client to the state that all records so far have made: contexts and
 * drawables, context state, objects and their contents, and the pixels of framebuffers.
 * What it writes is a subset of the records, in their order, apart from the selectors
 * (glMatrixMode, glActiveTexture, glClientActiveTexture, blinkMakeCurrent), which are
 * written anew where they are needed, and swaps, which end frames and are left out.
 *
 * How: going forward only what selects state is followed (bindings, names, lists,
 * saved state); going backward from the boundary a record is kept when it writes a
 * *cell* (slot, keys, owner) that a kept record, or the state at the boundary, needs.
 * Going backward happens whenever the records that are new outnumber those that are
 * kept, and what is dropped then is gone: adding costs in proportion to new records and
 * memory in proportion to what is kept, however long the log.  docs/PRUNING.md has the
 * rules and why they are right.
 *
 * Conservative: a command with unknown effects, and code behind jumps, is kept and
 * reported, with everything that it may read.  Commands are taken to succeed.
 *
 * Not thread-safe per object.
 */
#ifndef BLINK_LOG_PRUNE_H
#define BLINK_LOG_PRUNE_H

#include "blink/sp/file.h"
#include "blink/sp/sp.h"

struct prune;

/* What a swap leaves in the back buffer. */
enum prune_back_buffer {
	PRUNE_AUTO,        /* preserved where the last clear of everything is at most
	                      PRUNE_FEW_FRAMES old, else undefined; prune_stats says which */
	PRUNE_UNDEFINED,   /* GLX and EGL: nothing that can be relied on.  What the last
	                      frame itself drew is kept all the same */
	PRUNE_PRESERVED    /* what was there: programs that paint over old pictures */
};
#define PRUNE_FEW_FRAMES 4u

/* Where payloads come from.  Both kinds of use at once: while adding, for the few
 * commands whose payload holds names, and while emitting, for what is kept.  *out may
 * stay valid only until the next call.  0 or a negative errno. */
typedef int prune_payload_fn(void *user, uint32_t id, struct sp_payload *out,
			     struct error *err);
/* The callee of a `call` record, NULL if there is none; valid until the next call. */
typedef const struct sp *prune_callee_fn(void *user, uint32_t id);

struct prune_options {
	enum prune_back_buffer back_buffer;
	/* Payload ids in SPs must mean the same from prune_add to prune_emit. */
	prune_payload_fn *payload;
	prune_callee_fn *callee;             /* may be NULL: `call` is then refused */
	void *user;
};

int prune_create(struct prune **p, const struct prune_options *opt, struct error *err);
void prune_destroy(struct prune *p);         /* NULL ok */

/* The next SP in order.  sp->code is copied; its payloads are asked for as needed.  The
 * code must be well-formed (it is walked with sp_next); -EINVAL if not.  After an error
 * the pruner can only be destroyed. */
int prune_add(struct prune *p, const struct sp *sp, struct error *err);
/* A frame has ended, all its SPs are added. */
int prune_frame(struct prune *p, struct error *err);

/* ---- beside a log that grows -------------------------------------------------
 *
 * A recorder feeds SPs as they come and can stop at any time.  prune_add goes backward by
 * itself whenever it is due, so memory stays in proportion to what is kept, plus at most
 * the larger of 262,144 records and twice the kept ones that are new; a call takes some
 * ten milliseconds then.  Words of records are the pruner's own copies: an SP that was
 * added may be freed at once.  Payloads are the feeder's: ids that prune_payloads does not
 * name are asked for by nobody any more, and what they stand for may be freed, and the
 * ids be given to other payloads.
 */

/* Goes backward now: what is held afterwards is what is kept.  Allowed wherever prune_emit
 * is, and between any two SPs. */
int prune_compact(struct prune *p, struct error *err);
/* The payload ids that records refer to which are held now, some of them several times;
 * fewest right after prune_compact or prune_emit.  Ends when fn gives less than 0, which
 * is then the result. */
typedef int prune_payload_id_fn(void *user, uint32_t id);
int prune_payloads(const struct prune *p, prune_payload_id_fn *fn, void *user);
/* Bytes allocated for what is held. */
size_t prune_memory(const struct prune *p);

/* ---- what the next frame needs ------------------------------------------------- */

/* Writes init SPs into w that make the state of now: after the last prune_frame, or in
 * the midst of a frame outside glBegin/glEnd and lists.  Names and slots of w are up to
 * the caller, as is committing it.  May be called any number of times. */
int prune_emit(struct prune *p, struct blink_writer *w, struct error *err);

/* Kinds of what is kept, by what the record makes. */
enum prune_kind {
	PRUNE_WINDOW,        /* contexts, drawables, what is current */
	PRUNE_OBJECTS,       /* names made, deleted */
	PRUNE_TEXTURES, PRUNE_BUFFERS, PRUNE_PROGRAMS, PRUNE_LISTS,
	PRUNE_FRAMEBUFFERS,  /* framebuffer objects, renderbuffers, drawing into them */
	PRUNE_BINDINGS, PRUNE_STATE,
	PRUNE_SELECTORS,     /* written anew between the others */
	PRUNE_UNJUDGED,      /* unknown effects, conditional code */
	PRUNE_FRAME,         /* kept only for the pixels of the default framebuffers: the
	                        last frame's own draws and what they alone need */
	PRUNE_KINDS
};
extern const char *const prune_kind_names[PRUNE_KINDS];

struct prune_stats {
	uint64_t records, frames;            /* fed so far */
	/* Of the last prune_emit: records and bytes of distinct payload by kind. */
	uint64_t kept[PRUNE_KINDS], payload[PRUNE_KINDS];
	uint64_t kept_total, payload_total;
	uint32_t sps;                        /* init SPs written */
	bool preserved;                      /* the back buffer's rule that was used */
	uint64_t clear_age;                  /* frames since the last clear of everything of
	                                        the drawable that rule was chosen for;
	                                        UINT64_MAX: never */
	uint64_t sweeps, swept;              /* times gone backward, records looked at */
};
void prune_stats_get(const struct prune *p, struct prune_stats *out);

/* What could not be judged in the last prune_emit, in order: op (GL_OP_COUNT: a whole
 * SP with conditional code), how many records, and why.  False when i is past the end. */
bool prune_unjudged(const struct prune *p, unsigned i, unsigned *op, uint64_t *count,
		    const char **why);

/* The records of the last prune_emit in order, selectors included: for tests and for
 * reports.  index is the record's number among those fed (UINT64_MAX: a selector),
 * slot the one of gl_slots (GL_SLOT_COUNT: none) because of which it was kept. */
typedef int prune_each_fn(void *user, const uint32_t *rec, enum prune_kind kind,
			  uint64_t index, unsigned slot);
int prune_each(const struct prune *p, prune_each_fn *fn, void *user);

/* ---- whole files --------------------------------------------------------- */

#define PRUNE_ALL 0xffffffffu

struct prune_file_options {
	enum prune_back_buffer back_buffer;
	uint32_t at_frame;                   /* the state at the start of this frame, ... */
	uint32_t frames;                     /* ... then so many frames; PRUNE_ALL: the rest */
	const char *tool;                    /* for the provenance: "blinkctl 0.1.0" */
};

/* Reads in, writes out (under a temporary name, renamed when whole).  stats may be
 * NULL.  *left, if not NULL, is the pruner for prune_unjudged and prune_each, to be
 * destroyed by the caller after in is closed or before. */
int prune_file(struct blink_file *in, const char *out, const struct prune_file_options *opt,
	       struct prune_stats *stats, struct prune **left, struct error *err);

/* Feeds a file's init SPs and frames [0, end) into p, whose user must be in and whose
 * payload function prune_file_payload. */
int prune_feed(struct prune *p, struct blink_file *in, uint32_t end, struct error *err);
int prune_file_payload(void *user, uint32_t id, struct sp_payload *out, struct error *err);
const struct sp *prune_file_callee(void *user, uint32_t id);
/* Copies frames [first, first + count) of in to w as frames 0... */
int prune_copy_frames(struct blink_file *in, uint32_t first, uint32_t count,
		      struct blink_writer *w, struct error *err);

#endif
