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
 * and becomes a segment in turn when a piece that begins alike was met before.  What
 * depends on more than that never does: jumps, calls, objects made or deleted, lists being
 * compiled.
 *
 * While segments follow each other, the shadow is a number only (.lazy), beside what varies:
 * the extents of arrays (.avail) and the range locked, which is kept in the context.
 *
 *     segment_learn.c   what of a record decides its verification
 *     segment.c         segments kept, found by how they begin
 *     segment_take.c    those that follow each other, by what came next the last time
 *     segment_check.c   the checks; how one is stepped over
 *     segment_avx512.c  the same for many at once
 *     segment_run.c     procedures that are the last one again, word by word
 *     segment_image.c   the shadow as a number
 *
 * Private to blink/verify.
 */
#ifndef BLINK_VERIFY_SEGMENT_H
#define BLINK_VERIFY_SEGMENT_H

#include <assert.h>
#include <stdalign.h>

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
#define SEGMENT_LOG 8192u
#define SEGMENT_MET 16384u
#define SEGMENT_EDGES 256u
#define SEGMENT_SP_WORDS 24u            /* smaller SPs are verified sooner than looked up */
/* Segments that may be learned: so many at first, some more with each SP, and one for
 * each that was met again. */
#define SEGMENT_CREDIT 512
#define SEGMENT_NONE UINT32_MAX
#define SEGMENT_TRIALS 8u       /* patterns that are looked at where a stretch may begin */

enum segment_check_kind {
	SEGMENT_PAYLOAD,        /* .need bytes at the payload operand at .word */
	SEGMENT_RANGE,          /* the word at .word is at most .need */
	SEGMENT_POINTER,        /* an array's extent, from the payload operand at .word */
	SEGMENT_DRAW,           /* the record at .word: within arrays .arrays */
	SEGMENT_LOCK, SEGMENT_UNLOCK,
	SEGMENT_LIST,           /* calling list .number does what it did */
	SEGMENT_BIND            /* buffer .number is still what it was */
};

struct segment_check {
	uint8_t kind, array;
	uint16_t word;
	uint32_t need;          /* bytes; DRAW: instances; LIST: what; BIND: group */
	union {
		uint32_t arrays, number;
	};
	uint32_t count;         /* LIST: boundless; BIND: births; POINTER: stride */
	uint64_t value;         /* DRAW: restart index */
};

/* The word at .word is at most .most; for payloads: .most bytes from the payload operand
 * there on. */
struct segment_need { uint32_t word, most; };
/* Array .array is set: from the payload operand at .word on, elements of .bytes. */
struct segment_pointer {
	uint64_t inverse;               /* 2^64 / stride; 0: a stride of 1 */
	uint32_t bytes;
	uint16_t word;
	uint8_t array;
};
/* What most pieces do, and in this order: arrays are unlocked, locked, and drawn.  Words
 * are counted from the piece's first. */
#define SEGMENT_ARRAYS 8u
struct segment_draw {
	uint16_t lock, count, at;       /* words; .at: of the first vertex, or the indices */
	uint8_t unlocks, locks, draws, bytes;   /* bytes: of an index, 0: no indices */
	uint8_t array[SEGMENT_ARRAYS];  /* drawn from; the rest: SEGMENT_NO_ARRAY */
	uint32_t type, instances;
};
#define SEGMENT_NO_ARRAY VARRAYS        /* as long as any */

/* The same for eight payload operands at once: first those of arrays, then the draw's
 * indices, then others.  Zeroed where it is not that way (see .reach).  n * .inverse >> .shift
 * is n / stride for n < 2^31. */
#define SEGMENT_AT_ONCE 8u
#define SEGMENT_RANGES 2u               /* most have no more */
struct segment_lanes {
	alignas(64) uint32_t word[SEGMENT_AT_ONCE];
	uint32_t need[SEGMENT_AT_ONCE];
	uint32_t bytes[SEGMENT_AT_ONCE], inverse[SEGMENT_AT_ONCE];
	uint8_t pick[2 * SEGMENT_AT_ONCE];      /* .word and the one after it */
	uint8_t from[VARRAYS + 1];      /* lane of the extent of each array, */
	uint8_t shift[SEGMENT_AT_ONCE];
	uint32_t set;                   /* a bit for each array that is set; */
	uint32_t before;                /* drawn from as it was before */
	uint8_t lanes, indices;         /* a bit for each lane used; that of the indices; */
	uint8_t drawn;                  /* of those arrays that are drawn from */
	uint8_t range[SEGMENT_RANGES];  /* words that have to be at most */
	uint32_t most[SEGMENT_RANGES];  /* so much */
};
/* Eight others; where there are not so many, one of them more than once. */
struct segment_more { alignas(64) uint32_t word[SEGMENT_AT_ONCE], need[SEGMENT_AT_ONCE]; };
static_assert(VARRAYS + 1 == 32, "arrays are two vectors");
static_assert(offsetof(struct segment_lanes, inverse) % 32 == 0 &&
	      offsetof(struct segment_lanes, from) % 16 == 0, "lanes are loaded as vectors");

/* What is looked at each time comes first, and its words behind it: so it lies together. */
#define SEGMENT_VECTORS 4u      /* compared at least */
struct segment {
	struct sp_segment sp;           /* what the compiler goes by */
	uint32_t in, out;
	const uint32_t *want;
	const struct segment_need *need;        /* payloads, then ranges */
	uint16_t vectors;
	uint32_t reach;                 /* words read where .lanes are used; UINT32_MAX: they
	                                   are not */
	uint8_t payloads, ranges, pointers, others;     /* so many of each check */
	uint8_t mores;                  /* of .more */
	bool adds;                      /* to the facts, but for what its draw does */
	uint16_t exact[SEGMENT_LANES / 16];     /* per vector, which lanes have to be what
	                                           is wanted */
	struct segment_draw draw;
	struct segment_lanes lanes;
	const struct segment_more *more;
	const struct segment_pointer *pointer;
	const struct segment_check *other;      /* where .draw does not say it */
	uint64_t vertices, list_words;
	uint32_t opaque, unknown_lists;
	struct segment **bucket, *chain;
};

/* One that was taken, and what its indices were found to be at most: the next time the same
 * ones are not looked at (see struct index_memo). */
struct segment_taken {
	const struct segment *segment;
	uint32_t max;
	struct segment_indices { uint32_t id, offset, count, stamp; } indices;
};

enum segment_answer {
	SEGMENT_OTHER,          /* its words do not compare well */
	SEGMENT_FAILED,         /* they do, its operands do not pass */
	SEGMENT_GOOD
};

/* Segments one after the other, with their words (segment_run.c). */
#define RUNS 64u                /* kept of an SP, */
#define RUN_SEGMENTS 32u        /* of so many each */
#define RUN_SAMPLES 64u
#define RUN_SP_WORDS 192u       /* smaller SPs are looked up sooner than compared */
struct run_begin {                      /* what was before them */
	uint32_t at, id, locked, logged;
	uint32_t opaque, unknown_lists;
	uint64_t vertices, list_words;
	uint32_t avail[VARRAYS + 1];
};
struct run {
	uint32_t *words;                /* memory of all that follows */
	size_t size;
	const struct segment **segment;
	uint32_t *id, *code;            /* payloads; words */
	uint32_t n, nids, nwords, records;
	struct run_begin begin;
	uint32_t out, locked;
	uint32_t draws, sets;           /* arrays: drawn from as they were before; set */
	uint32_t avail[VARRAYS + 1];
	uint32_t opaque, unknown_lists;
	uint64_t vertices, list_words, outside, path;
};
struct runs {                           /* of the last SP of a callback, */
	struct run v[RUNS];
	uint32_t n, next;               /* there are; at hand */
	uint32_t length;                /* words that it had, */
	uint32_t sample[RUN_SAMPLES];   /* and some of them */
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
	uint16_t objects[SEGMENT_IMAGES];       /* the first with the same objects */
	uint32_t begin[SEGMENT_IMAGES][SP_CALLBACKS];   /* what a new SP makes of it */
	uint32_t n;
};

/* On the way through a procedure. */
struct segments_walk {
	const uint32_t *code;
	uint32_t at, end, most;         /* most: segments that may yet be taken */
	uint32_t start;                 /* where it is known that no stretch begins */
	uint32_t id, next;              /* shadow at hand; in the log, what comes next */
	uint32_t records;               /* taken */
	uint64_t path;
	const struct segment *failed;   /* a check */
};

struct segment_learn {
	bool on;
	uint32_t in, start, words, records, nchecks, again;
	uint64_t vertices, dynamic, list_words, list_dynamic;
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
	uint64_t path;                          /* of some segments before here */
	struct segment_taken log[SEGMENT_LOG];  /* one after the other: a ring */
	uint32_t logged;
	uint16_t where[SEGMENT_PATHS];          /* after such a path lately, in the log */
	/* records that are in no piece, after an image: which they are, 0 none; and what came
	 * of such, by its hash */
	uint64_t edge;
	struct { uint64_t edge; uint32_t id; } expected[SEGMENT_EDGES];
	struct runs run[SP_CALLBACKS], *runs;   /* NULL: not for this SP */
	struct segment_learn learn;
	/* while the objects are behind: vertices readable of each array, and at
	 * SEGMENT_NO_ARRAY as many as there can be */
	alignas(64) uint32_t avail[VARRAYS + 1];
	uint32_t lazy_avail[VARRAYS + 1];       /* the same, and the image, when they fell */
	uint32_t lazy_id;                       /* behind */
	enum segment_answer (*follow)(struct verifier *v, struct segments_walk *w);
	struct sp_payloads payloads;            /* at least one, whatever it is */
	int32_t credit;                         /* segments that may be learned */
	uint32_t wait;                          /* no trial before this word */
	struct verify_reuse reuse;
};

/* Around an SP.  use: nothing asks for its effects. */
HOT void segments_begin(struct verifier *v, bool use, const struct sp *sp);
HOT void segments_end(struct verifier *v, bool accepted);

/* Asks for what is needed of them at first. */
HOT void segments_fetch(const struct segments *g);

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

/* How many rounds of so many records make a stretch.  Where pieces are looked for a few
 * vertices are part of one: a stretch parts what comes before it from what comes after. */
static inline uint32_t segments_rounds(const struct segments *g, unsigned records)
{
	/* of 1 to 4 records: 16, 8, 6, 4 (in no table, which might have to be fetched) */
	return g->off ? INDEX_ROUNDS : 0x04060810u >> 8 * (records - 1) & 0xff;
}
/* The pattern of a stretch that seems to begin here; NULL: none does, or too many patterns
 * begin alike. */
static inline struct sp_pattern *segments_pattern(const struct verifier *v, const uint32_t *code,
						  uint32_t nwords)
{
	struct sp_index *x = v->index;
	unsigned trials = 0;

	for (unsigned i = x->by_op[sp_opcode(*code)]; i && trials++ < SEGMENT_TRIALS;
	     i = x->pattern[i].other) {
		struct sp_pattern *p = &x->pattern[i];

		if (index_may_be(p, code, nwords, segments_rounds(v->s->segments, p->records)))
			return p;
	}
	return NULL;
}

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
/* A record that is in no piece is about to change the shadow. */
void segments_leave(struct verifier *v, const struct desc *d, const uint32_t *rec);
/* Where there was such a one (.edge): the image that it led to the last time, if it is that
 * again; SEGMENT_NONE: it is not. */
uint32_t segments_expected(struct verifier *v);
void segments_expect(struct segments *g);       /* the image that is the shadow's now */
/* segment.c, for the others */
struct segment *segments_add(struct verifier *v, uint32_t out);
struct segment *segment_find(struct verifier *v, const uint32_t *code, uint32_t nwords);
/* It is not found again. */
void segment_drop(const struct segment *k);
HOT bool segment_met(const struct verifier *v, const uint32_t *code, uint32_t nwords);
/* From here on the objects change without being told. */
void segments_lazy(struct verifier *v);

/* segment_take.c: do the words of a segment compare well? */
bool segment_matches(const struct verifier *v, const struct segment *k, const uint32_t *code,
		     uint32_t nwords);

/* segment_run.c */
HOT void runs_begin(struct verifier *v, const struct sp *sp);
void runs_forget(struct segments *g);
void runs_destroy(struct segments *g);
/* What comes next may be a run. */
void runs_open(const struct verifier *v, struct run_begin *b, uint32_t at);
/* Segments that were taken since, up to word `end`. */
void runs_close(struct verifier *v, const struct run_begin *b, const uint32_t *code,
		       uint32_t end);
/* The run that the last SP had here: so many words; 0: none, or not the same. */
uint32_t run_take(struct verifier *v, const uint32_t *code, uint32_t at, uint32_t end,
		  uint32_t *records);

/* segment_check.c: are the lists and buffers that it hangs on what they were? */
bool segment_stands(struct verifier *v, const struct segment *k);
/* segment_check.c: is segment k, whose words compare well, to be accepted?  Then the extents of
 * arrays and the range locked are what it leaves, its vertices are counted, and the log's next
 * entry is filled in; else all is as it was.  last: when it was taken before; it may be of
 * another. */
bool segment_passes(struct verifier *v, const struct segment *k, const struct segment_taken *last,
		    const uint32_t *code);
/* The same of the one that was taken `last`: is it here at all? */
enum segment_answer segment_look(struct verifier *v, const struct segment_taken *last,
				 const uint32_t *code, uint32_t nwords);
/* Takes what the log says: SEGMENT_GOOD when there is no more; SEGMENT_OTHER where it is not
 * right; SEGMENT_FAILED, with w->failed, where it is. */
enum segment_answer segments_follow(struct verifier *v, struct segments_walk *w);
enum segment_answer segments_follow_avx512(struct verifier *v, struct segments_walk *w);

#endif
