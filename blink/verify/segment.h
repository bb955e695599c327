/* segment.h - what was verified before, met again.
 *
 * Frames of a real program consist of the same pieces again and again, in other orders
 * and with other numbers: bind a texture, set arrays, draw.  A segment is such a piece,
 * up to its draw, with all that verifying it found out:
 *
 *     in, out   the shadow before and after it, by number (see struct image)
 *     want      for each of its words, what it has to be; or it may be anything
 *     checks    what is left to look at: names in range, payloads large enough, indices
 *               within arrays
 *
 * Where the shadow is `in`, the words compare well and the checks pass, verifying the
 * records one by one would accept them and leave the shadow `out`: so it is not done.
 * Anything else (another shadow, another word, a failed check) is verified in full,
 * and becomes a segment in turn when a piece that begins alike was met before.  What depends on more than that never does: jumps,
 * calls, objects made or deleted, lists being compiled.
 *
 * While segments follow each other, the shadow is a number only (.lazy); what varies
 * between runs, the extent of arrays and of the range locked, is always kept in the
 * objects themselves.  Private to blink/verify.
 */
#ifndef BLINK_VERIFY_SEGMENT_H
#define BLINK_VERIFY_SEGMENT_H

#include "blink/verify/verifier.h"

#define SEGMENT_WORDS 240u
#define SEGMENT_LANES 256u
#define SEGMENT_RECORDS 64u
#define SEGMENT_CHECKS 64u
#define SEGMENT_CHUNK (256u << 10)      /* bytes of memory taken at once, */
#define SEGMENT_CHUNKS 24u              /* so often for one client */
#define SEGMENT_BUCKETS 2048u
#define SEGMENT_IMAGES 512u
#define SEGMENT_PATHS 4096u
#define SEGMENT_MET 16384u
#define SEGMENT_SP_WORDS 192u           /* smaller SPs are verified sooner than looked up */
#define SEGMENT_NONE UINT32_MAX

enum segment_check_kind {
	SEGMENT_PAYLOAD,        /* .need bytes at the payload operand at .word */
	SEGMENT_RANGE,          /* the word at .word is at most .need */
	SEGMENT_POINTER,        /* an array's extent, from the payload operand at .word */
	SEGMENT_MARK,           /* the array is of this SP */
	SEGMENT_DRAW,           /* the record at .word: within arrays .arrays */
	SEGMENT_LOCK, SEGMENT_UNLOCK,
	SEGMENT_LIST,           /* list .number is still what it was */
	SEGMENT_BIND            /* buffer .number is still what it was */
};

struct segment_check {
	uint8_t kind, array;
	uint16_t word;
	uint32_t need;          /* bytes; DRAW: instances; LIST: what; BIND: group */
	union {
		uint32_t arrays, number;
	};
	uint32_t count;         /* LIST: vertices; BIND: births */
	uint64_t value;         /* POINTER: 2^64 / stride; DRAW: restart index; LIST: words */
};

/* Checks in this order: payloads, ranges, pointers, the rest as it came.  (A draw ends a
 * segment, so that no pointer comes after it.) */
struct segment {
	struct sp_segment sp;   /* what the compiler goes by */
	uint32_t in, out;
	uint16_t vectors;
	uint8_t number[3 + 1];  /* of each */
	const uint32_t *want;
	const uint16_t *exact;  /* per vector, which lanes have to be what is wanted */
	const struct segment_check *check;
	struct segment *next;           /* what came after it lately */
	uint64_t vertices, list_words;
	uint32_t opaque, unknown_lists;
	uint32_t need, sets;            /* see segment_past.c */
	bool outside;
	struct segment *chain;
};

/* A piece of an SP that was accepted, and all of them (segment_past.c). */
struct past_piece {
	const struct segment *k;
	uint32_t at;                    /* word where it began */
	uint32_t in, out;
	uint32_t need, sets;            /* a bit for each array, and one for the range locked */
	uint32_t locked, locked_after;
	uint32_t vertices;
	uint32_t ids;                   /* payloads that it names: nids from here on */
	uint16_t nids, words, records;
	bool outside;                   /* it hangs on lists or buffers, or adds to more facts */
};
struct past {
	uint32_t *words, *id;
	struct past_piece *piece;
	uint32_t nwords, words_cap, n, cap, nids, ids_cap;
	uint64_t outside;               /* of the state, when lists and buffers were so */
};
struct pasts {
	struct past was, now;           /* of the SP before; of this one, where it differs */
	uint32_t next;                  /* piece of the last one that may come now */
	uint32_t length;                /* of the last one, in words */
	bool building;
	uint64_t outside;
};

/* The shadow as far as it decides anything, but for what varies. */
struct image {
	const struct context *ctx;
	const struct vao *vao;
	struct context c;
	struct vao v;                   /* if not that in c */
	uint32_t fresh;                 /* arrays set by this SP */
	uint8_t callback;
	bool feedback;
	uint32_t mediations;
	uint8_t flags[offsetof(struct verify_facts, commands)];
};

struct segment_images {
	struct image *v[SEGMENT_IMAGES];
	uint64_t hash[SEGMENT_IMAGES];
	uint16_t slot[2 * SEGMENT_IMAGES];      /* number + 1 */
	uint32_t begin[SEGMENT_IMAGES][SP_CALLBACKS];   /* what a new SP makes of it */
	uint32_t n;
};

struct segment_learn {
	bool on;
	uint32_t in, start, words, records, nchecks;
	uint64_t vertices, dynamic, list_words;
	uint32_t locked;                        /* before it */
	uint32_t opaque, unknown_lists;
	uint32_t want[SEGMENT_LANES];
	bool exact[SEGMENT_LANES];
	uint32_t header[SEGMENT_RECORDS];
	uint16_t offset[SEGMENT_RECORDS];
	struct segment_check check[SEGMENT_CHECKS];
};

struct segments {
	struct segment_images images;
	struct segment *bucket[SEGMENT_BUCKETS];
	struct verify_limits limits;            /* under which all this was found */
	uint8_t *chunk[SEGMENT_CHUNKS];
	uint32_t nchunks;                       /* in use, the last one so far */
	size_t used;
	uint32_t id;                            /* image of the shadow, SEGMENT_NONE */
	bool lazy;                              /* objects are behind it */
	bool off;                               /* not for this SP */
	bool skip;                              /* not before the next piece */
	uint32_t skipped, stretched;            /* records so far */
	uint64_t met[SEGMENT_MET / 64];         /* beginnings of pieces, hashed: a bit each */
	uint32_t nmet;
	uint32_t end_id, end_serial;            /* what the last SP left */
	struct segment *last;                   /* the one before here, or NULL */
	uint64_t path;                          /* of some segments before here */
	struct segment *after[SEGMENT_PATHS];   /* what came after such a path lately */
	struct segment_learn learn;
	struct pasts *pasts[SP_CALLBACKS];
	struct pasts *past;                     /* of this callback, NULL: not used */
	int32_t credit;                         /* segments that may be learned */
	uint32_t wait;                          /* no trial before this word */
	struct verify_reuse reuse;
};

/* Around an SP of so many words.  use: nothing asks for its effects. */
HOT void segments_begin(struct verifier *v, bool use, uint32_t nwords);
HOT void segments_end(struct verifier *v, bool accepted);

/* Asks for what is needed of them at first. */
void segments_fetch(const struct segments *g);

/* Steps over all segments that begin at word *at; true if there was any.  end: words
 * that may be looked at. */
HOT bool segments_take(struct verifier *v, const uint32_t *code, uint32_t end, uint32_t *at,
		   uint32_t *records);

/* Jumps are pending. */
HOT void segments_pause(struct verifier *v);
/* A stretch of so many records, of so many in all so far.  Where most are in stretches,
 * what lies between is not worth remembering. */
HOT void segments_stretch(struct verifier *v, uint32_t records, uint32_t all);
/* Does a piece end with this record? */
static inline bool segment_ends(const struct desc *d)
{
	return d->hook == HOOK_DRAW || d->hook == HOOK_END_PRIMITIVE || d->hook == HOOK_CALL_LIST;
}
/* The objects are what they should be (segment_image.c).  Before records are verified. */
HOT void segments_settle(struct verifier *v);

/* Nothing is looked up nor learned here. */
static inline bool segments_idle(const struct segments *g) { return g->off || g->skip; }
/* After a record that was met while so. */
static inline void segments_idle_step(struct segments *g, const struct desc *d)
{
	if (g->skip && (segment_ends(d) || ++g->skipped == SEGMENT_RECORDS))
		g->skip = false;
}

/* segment_learn.c: around a record that is verified in full */
void segments_before(struct verifier *v, const struct desc *d, const uint32_t *rec, uint32_t at);
void segments_after(struct verifier *v, const struct desc *d, const uint32_t *rec);
/* The last n records became part of a stretch. */
HOT void segments_unlearn(struct verifier *v, unsigned n);
HOT void segments_learned(struct verifier *v);          /* up to here */

/* segment_image.c: number of the shadow as it is; SEGMENT_NONE: no room for another */
uint32_t segments_image(struct verifier *v);
/* segment.c, for the others */
struct segment *segments_add(struct verifier *v, uint32_t out);
/* From here on the objects change without being told. */
void segments_lazy(struct verifier *v);
/* The checks of a segment whose words compare well. */
bool segment_passes(struct verifier *v, const struct segment *k, const uint32_t *code,
		    uint64_t *vertices);
/* Sets the extents of the arrays that it sets and that are not in `but`; returns those. */
uint32_t segment_extents(struct verifier *v, const struct segment *k, const uint32_t *code,
			 uint32_t but);

/* segment_past.c */
void past_segment(struct segment *k);
HOT void past_begin(struct verifier *v, uint32_t nwords);
HOT void past_end(struct verifier *v, bool accepted);
void past_forget(struct segments *g);
void past_destroy(struct segments *g);
/* A piece was accepted: words code[at...]. */
void past_note(struct verifier *v, const struct segment *k, const uint32_t *code, uint32_t at,
	       uint32_t locked, uint64_t vertices);
/* Pieces from word `at` on that the last SP had in this very place and form: so many
 * words; 0: none. */
uint32_t past_take(struct verifier *v, const uint32_t *code, uint32_t end, uint32_t at,
		   uint32_t *records);

#endif
