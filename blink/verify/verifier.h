/* verifier.h - one verification in progress.  Private to blink/verify. */
#ifndef BLINK_VERIFY_VERIFIER_H
#define BLINK_VERIFY_VERIFIER_H

#include "blink/verify/state.h"

struct verifier {
	struct verify_state *s;
	const struct verify_env *env;
	struct verify_verdict *verdict;
	struct verify_facts *facts;
	struct sp_index *index;
	uint64_t budget;                    /* words that may still be executed */
	uint64_t work;                      /* that state.work may come to */
	uint32_t chain[SP_CALL_DEPTH + 1];  /* SPs being verified, outermost first */
	unsigned depth;
	uint8_t callback;                   /* bit of the outermost SP's */
};

static inline const struct desc_layout *verifier_layout(const struct verifier *v,
							const struct desc *d)
{
	return &v->s->desc->layout[d->layout];
}

/* Each returns VERIFY_OK or why not. */

/* Operands (check.c). */
enum verify_reason check_operands(const struct verifier *v, const struct desc *d,
				  const uint32_t *rec);
/* The bytes behind a payload operand, or NULL for the null payload. */
const uint8_t *check_payload_bytes(const struct verifier *v, const uint32_t *words,
				   uint64_t *size);

/* Shadow of state (track.c). */
enum verify_reason track(struct verifier *v, const struct desc *d, const uint32_t *rec);
/* Buffers (buffers.c). */
enum verify_reason buffers_track(struct verifier *v, const struct desc *d, const uint32_t *rec);
/* Lists, switches, clears: what the facts speak of (caps.c). */
enum verify_reason caps_track(struct verifier *v, const struct desc *d, const uint32_t *rec);
HOT enum verify_reason caps_begin_end(struct verifier *v, bool begin);
/* Notes what calling the list being compiled, if any, will do: LIST_*. */
HOT void caps_list(struct verifier *v, uint32_t what);
/* Pixels are drawn in the state that is current. */
void caps_called(struct verifier *v, uint32_t what);
/* Display lists (lists.c). */
enum verify_reason lists_track(struct verifier *v, const struct desc *d, const uint32_t *rec);
/* In a stranger's list, between Begin and End?  Which lists are called, and from which base, is
 * not said there: GL would not do it, or only where the list is called elsewhere. */
static inline bool lists_inside(const struct verifier *v)
{
	return v->s->ctx->list_begin && !v->env->limits.allow_opaque;
}
enum verify_reason raster_track(struct verifier *v, const struct desc *d, const uint32_t *rec);
uint32_t lists_what(const struct verify_state *s, uint32_t name);
HOT void caps_draw(struct verifier *v);

/* Vertex arrays and draws (arrays.c). */
enum verify_reason arrays_track(struct verifier *v, const struct desc *d, const uint32_t *rec);
/* Index of an array by its capability; VARRAYS when it is none. */
unsigned arrays_find(const struct context *c, uint32_t cap);
void arrays_switch(struct verifier *v, unsigned array, bool on);
/* It may still be on. */
void arrays_maybe(struct verifier *v, unsigned array);

/* Which array a pointer command sets, and bytes of one element (0: GL refuses it, or may). */
struct pointer_form { unsigned array, bytes; };
struct pointer_form arrays_pointer(const struct verifier *v, const struct desc *d,
				   const uint32_t *rec);
/* The index that names no vertex. */
uint64_t arrays_restart(const struct context *c, uint32_t type);
/* Does a draw of at least one vertex stay within arrays of so many? */
enum verify_reason draw_within(struct verifier *v, const struct desc_layout *l,
			       const uint32_t *rec, uint32_t limit, uint64_t restart);

/* Least and greatest index of a payload (index.c); restart: a value to leave out, or
 * NAME_UNKNOWN.  False when no index is left. */
bool index_range(struct verifier *v, const uint32_t *payload, uint32_t count, uint32_t type,
		 uint64_t restart, uint32_t *min, uint32_t *max);
/* Where a range without a restart index is kept; is it the one there? */
static inline struct index_memo *index_memo_of(const struct verifier *v, const uint32_t *payload,
					       uint32_t count)
{
	uint32_t h = payload[0] * 0x9e3779b1u ^ payload[1] * 0x85ebca6bu ^ count * 0xc2b2ae35u;

	return &v->s->memo[(h >> 16 ^ h) % INDEX_MEMO];
}
/* What is known of a payload holds as long as this is the same. */
static inline uint32_t index_stamp(const struct verifier *v)
{
	return v->env->payloads_stable ? UINT32_MAX : v->s->serial;
}
static inline bool index_memo_has(const struct verifier *v, const struct index_memo *m,
				  const uint32_t *payload, uint32_t count, uint32_t type)
{
	return !((m->sp ^ index_stamp(v)) | (m->id ^ payload[0]) | (m->offset ^ payload[1]) |
		 (m->count ^ count) | (m->type ^ type));
}
void index_max(const uint8_t *data, uint64_t size, uint32_t max[3]);
unsigned index_bytes(uint32_t type);        /* 0: no type of indices */
#define INDEX_NO_RESTART UINT64_MAX

#endif
