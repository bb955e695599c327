/* verify.h - the static verifier: is this SP safe to run for this client?
 *
 * The whole SP is accepted or refused before anything runs.  A refusal is a row of
 * the reasons table (verify_reasons.def: stable name, sentence), a record index, a
 * word offset and the disassembled line.
 *
 * What safety means here: opcodes known; registers, names, slots and payloads in
 * range; every payload at least as long as the command's size rule says; vertex
 * arrays long enough for every draw, indices of payload draws included; jumps
 * forward to record boundaries; calls acyclic and bounded; the callback's rules.
 *
 * Safety may depend on state at entry (which arrays are enabled, what is bound).
 * struct verify_state is the shadow of that state per context; the verifier starts
 * from it and, when the SP is accepted, leaves the state after the SP in it.
 */
#ifndef BLINK_VERIFY_VERIFY_H
#define BLINK_VERIFY_VERIFY_H

#include "blink/sp/index.h"

enum verify_reason {
#define REASON(id, sentence) VERIFY_##id,
#include "blink/verify/verify_reasons.def"
#undef REASON
	VERIFY_REASONS
};
const char *verify_reason_name(enum verify_reason r);       /* "payload-short" */
const char *verify_reason_sentence(enum verify_reason r);

#define VERIFY_WORK_NAME 64u            /* bytes that cost as much as a name, */
#define VERIFY_WORK_BUFFER 256u         /* a buffer that is made or deleted, */
#define VERIFY_WORK_VAO 1024u           /* a vertex array object */
#define VERIFY_WORK_POINT 256u          /* a point of a map */
#define VERIFY_WORK_LIST 64u            /* a list's number, be it taken or not */
#define VERIFY_WORK_CALL 1024u          /* a call of a list by one: all that one command makes
                                           of them, as commands cannot be cut */

struct verify_limits {
	uint32_t names[GL_SPACE_COUNT];
	uint32_t slots;
	uint32_t words;                 /* of one SP */
	uint64_t work;                  /* what its commands have looked at, beside their words:
	                                   bytes of indices, a name as VERIFY_WORK_NAME of
	                                   them...  About 5 to 10 to the nanosecond.  0: any */
	uint32_t work_word;             /* and so much more for each word of the procedure */
	bool allow_opaque;              /* replay of one's own file: yes; server: no */
	bool allow_sensitive;           /* likewise: unmediated control/behaviour commands */
	uint32_t unmediated;            /* mediations that there are none of where this runs:
	                                   bit i is gl_mediations[i].  Where sensitive ones
	                                   are not allowed, commands that need them are
	                                   refused */
};

struct verify_facts {
	bool clears_color, clears_depth, clears_stencil;   /* before any draw */
	bool uses_depth, uses_stencil, uses_blend, reads_framebuffer;
	bool draws;
	bool clamps;                    /* registers feed commands that are mediated: whoever
	                                   mediates sees their values only when it runs */
	uint8_t relative;               /* VERIFY_RELATIVE_*: what pixels depend on but what
	                                   is drawn, namely where on a window */
	bool rerunnable;                /* only if the environment asks for it */
	uint64_t commands;              /* worst-case records executed */
	uint64_t vertices;              /* worst case; of lists whose making was seen */
	uint64_t list_words;            /* likewise, executed from lists */
	uint32_t unknown_lists;         /* calls of others, and of lists of no known bound */
	uint32_t contexts, opaque;      /* contexts made current; opaque commands met */
	uint32_t mediations;            /* what its sensitive commands need: as in limits.
	                                   Where `restore`, `list` or `framebuffer` is among
	                                   them, what confines the client may have been
	                                   undone when such a command has run */
};

/* Bits of .relative. */
#define VERIFY_RELATIVE_STIPPLE 1u      /* polygons are, or may be, stippled */
#define VERIFY_RELATIVE_SHADER 2u       /* a fragment program may read gl_FragCoord */
#define VERIFY_RELATIVE_RASTER 4u       /* raster positions, which are the window's */
#define VERIFY_RELATIVE_ACCUM 8u        /* the accumulation buffer, of the whole window */

/* All pixels of the drawable are written, whatever was there: nothing shines through. */
bool verify_facts_opaque(const struct verify_facts *f);
/* May be drawn straight into its part of a shared window: opaque, with depth and stencil
 * cleared where they are used, no pixels read, nothing that depends on the window.
 * (Dithering, on in a new context, is the server's to switch off.) */
bool verify_facts_direct(const struct verify_facts *f);

/* The highest name of each space that an SP mentions, in records and payloads, without
 * its callees: of one that was accepted. */
void verify_names_used(const struct sp *sp, const struct sp_payloads *payloads,
		       uint32_t max[GL_SPACE_COUNT]);

struct verify_verdict {
	enum verify_reason reason;      /* VERIFY_OK when accepted */
	uint32_t record, word;
	char line[160];                 /* the disassembled record */
	struct verify_facts facts;
	bool still;                     /* accepted, and the shadow is what it was before: the
	                                   next time, with nothing else verified between, and
	                                   the same payloads and callees, this would be the
	                                   verdict again */
};

struct verify_state;      /* shadows of all contexts of one client */
struct verify_state *verify_state_create(void);
void verify_state_destroy(struct verify_state *s);

/* Other SPs of the client, for `call`; NULL if there is none of that id. */
struct verify_env {
	struct verify_limits limits;
	struct sp_payloads payloads;
	const struct sp *(*callee)(void *user, uint32_t id);
	void *user;
	struct sp_index *index;         /* gets the records found, for jit_compile_index;
	                                   may be NULL */
	bool payloads_stable;           /* for this state, a payload's number always means
	                                   the same bytes, as it does in a file */
	bool want_rerunnable;           /* find facts.rerunnable, at a third of the cost
	                                   again; for all SPs of a state, or for none */
};

/* 0 accepted, -EACCES refused (verdict filled in both cases), -ENOMEM. */
int verify_sp(struct verify_state *s, const struct verify_env *env, const struct sp *sp,
	      struct verify_verdict *verdict);

/* How much of what a state was given it knew from before, in records; and segments that
 * it learned, and that were known but failed a check. */
struct verify_reuse { uint64_t records, hits, learned, failed; };
void verify_reuse_get(const struct verify_state *s, struct verify_reuse *out);
/* Forgets what is kept for speed alone. */
void verify_forget(struct verify_state *s);

#endif
