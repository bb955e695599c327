/* index.h - what one walk over a procedure finds: its records, and stretches of them
 * that repeat.
 *
 * A record's place hangs on the length of the one before, which makes walking slow.
 * So it is done once: the verifier walks, and whoever comes after it (the compiler)
 * goes by the steps that it noted.  A step is one record, or a stretch: rounds of up
 * to INDEX_PERIOD records whose headers repeat.
 *
 * A pattern is such a round, made for comparing many words at a time: for each lane
 * what is wanted there, and how far a word may exceed it:
 *
 *     good:  (word ^ want) <= slack, as unsigned numbers
 *     headers: slack 0;  numbers of registers: want 0, slack 31;  all others: any
 *
 * How patterns were come by does not matter for what they mean: a round that compares
 * well consists of these records with these operands in range.  So they are kept, by
 * the opcode that they begin with, and tried wherever that is met again.
 *
 * Patterns, once in steps, stay until the next index_begin.  One thread.
 */
#ifndef BLINK_SP_INDEX_H
#define BLINK_SP_INDEX_H

#include <emmintrin.h>

#include "blink/base/cpu.h"
#include "blink/base/hot.h"
#include "blink/sp/sp.h"

#define INDEX_PERIOD 4u         /* records of a round, at most */
#define INDEX_LANES 64u         /* words of one comparison, at most */
#define INDEX_PATTERNS 64u
#define INDEX_ROUNDS 4u         /* fewer are no stretch */

struct sp_pattern {
	/* with the sign bit turned round, so that signed comparison orders unsigned */
	int32_t want[INDEX_LANES], slack[INDEX_LANES];
	uint32_t header[INDEX_PERIOD];
	uint16_t offset[INDEX_PERIOD];    /* words before each record of a round */
	uint16_t words, step;             /* of a round; of the rounds compared at once */
	uint8_t records, vectors;         /* of a round; of 16 lanes, of a step */
	uint8_t misses;                   /* vain trials since the last success */
	uint8_t other;                    /* next with the same first opcode, 0 none */
	uint64_t inverse;                 /* of words, times 2^32 */
	uint32_t user;                    /* the learner's: what all records allow */
	uint32_t vertices;                /* and what a round adds */
};

/* Records that were met before, in this order (see blink/verify/segment.h).  Words that
 * code depends on are the same wherever the serial is; no two in a process have one. */
struct sp_segment {
	uint64_t serial;
	uint16_t records, words;
	const uint32_t *header;
	const uint16_t *offset;           /* words before each record */
};

/* rounds 0: the record at pc, what: its header.  INDEX_SEGMENT: what: number of the
 * segment.  Else a stretch; what: its pattern. */
#define INDEX_SEGMENT UINT32_MAX
struct sp_step { uint32_t pc, what, rounds; };

struct sp_index {
	const uint32_t *code;             /* of which procedure; NULL: of none */
	uint32_t nwords;
	struct sp_step *step;
	uint32_t nsteps, cap;
	const struct sp_segment **segment;
	uint32_t nsegments;
	uint32_t records;
	struct sp_pattern *pattern;       /* from 1 on */
	unsigned npatterns;
	uint8_t by_op[GL_OP_COUNT];       /* the latest pattern that begins so, 0 none */
	/* whole rounds at code, none of them beyond nwords */
	uint32_t (*rounds)(const struct sp_pattern *p, const uint32_t *code, uint32_t nwords);
	/* of so many vectors of 16 words, are the exact ones what is wanted, as it is? */
	bool (*equal)(const uint32_t *want, const uint16_t *exact, const uint32_t *code,
		      unsigned vectors);
	/* how many of the first n words are the same */
	uint32_t (*same)(const uint32_t *a, const uint32_t *b, uint32_t n);
};

/* What a pattern may be made of: fills in the slack of those words of a record with this
 * header that may not be just anything, or says that it is no part of patterns. */
typedef bool (*index_slack_fn)(uint32_t header, uint32_t *slack);
bool index_slack_any(uint32_t header, uint32_t *slack);

int index_init(struct sp_index *x);
void index_finish(struct sp_index *x);       /* zeroed ones too */
/* Ready for the steps of a procedure of so many words; -ENOMEM. */
HOT int index_begin(struct sp_index *x, const uint32_t *code, uint32_t nwords);

/* The pattern of n records, found or made; NULL where it cannot be one, or where there
 * are too many. */
HOT struct sp_pattern *index_learn(struct sp_index *x, const uint32_t *headers, unsigned n,
			       index_slack_fn slack);
/* It was tried in vain, or it served: those that never serve are no longer tried. */
HOT void index_judge(struct sp_index *x, struct sp_pattern *p, bool served);
/* Forgets all patterns. */
void index_forget(struct sp_index *x);

/* The headers of the records just met, the latest in the lowest lane. */
struct index_recent {
	__m128i headers;
	unsigned same;                  /* bit d: the last one was as that d + 1 before it */
};

static inline void index_recent_clear(struct index_recent *r)
{
	r->headers = _mm_set1_epi32(-1);        /* of no record: there is no such opcode */
	r->same = 0;
}

/* Notes one more; returns at which distances, bit d: d + 1, it and the last one repeat
 * what was there before. */
static inline unsigned index_recent_add(struct index_recent *r, uint32_t header)
{
	unsigned same = (unsigned)_mm_movemask_ps(_mm_castsi128_ps(
		_mm_cmpeq_epi32(r->headers, _mm_set1_epi32((int)header))));
	unsigned both = same & r->same;

	r->headers = _mm_or_si128(_mm_slli_si128(r->headers, 4), _mm_cvtsi32_si128((int)header));
	r->same = same;
	return both;
}

/* The steps of a procedure that is known to be sound, by itself; regular, by opcode: may
 * be part of patterns.  -ENOMEM. */
int index_walk(struct sp_index *x, const struct sp *sp, const bool *regular);

/* Could so many rounds of so many words begin at code?  Their first words tell. */
static inline bool index_repeats(const uint32_t *code, uint32_t nwords, uint32_t words,
				 uint32_t rounds)
{
	return nwords >= words * rounds && code[words] == code[0] &&
	       code[words * (rounds - 1)] == code[0];
}

/* And of this pattern, without comparing all of them? */
static inline bool index_may_be(const struct sp_pattern *p, const uint32_t *code,
				uint32_t nwords, uint32_t rounds)
{
	return code[0] == p->header[0] && index_repeats(code, nwords, p->words, rounds) &&
	       (p->records == 1 || code[p->offset[1]] == p->header[1]);
}

static inline void index_add(struct sp_index *x, uint32_t pc, uint32_t header)
{
	x->step[x->nsteps++] = (struct sp_step){ pc, header, 0 };
}

static inline void index_add_stretch(struct sp_index *x, uint32_t pc,
				     const struct sp_pattern *p, uint32_t rounds)
{
	x->step[x->nsteps++] = (struct sp_step){ pc, (uint32_t)(p - x->pattern), rounds };
}

static inline void index_add_segment(struct sp_index *x, uint32_t pc, const struct sp_segment *k)
{
	x->step[x->nsteps++] = (struct sp_step){ pc, x->nsegments, INDEX_SEGMENT };
	x->segment[x->nsegments++] = k;
}

#endif
