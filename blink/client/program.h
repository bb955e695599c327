/* program.h - what blinkgl.h's functions take: arguments, payloads, labels.
 *
 *     struct blink_label past = { 0 };
 *
 *     blink_ext(code, 0, SP_EXT_TIME);                          r0 = time
 *     blink_mul_f(code, 0, blink_r(0), blink_f(70));            r0 = 70 * r0
 *     blink_jump_lt_f(code, blink_r(0), blink_f(360), &past);   if (r0 < 360) goto past
 *     blink_sub_f(code, 0, blink_r(0), blink_f(360));
 *     blink_here(code, &past);                                  past:
 *     blinkRotatef_r(code, blink_r(0), blink_f(0), blink_f(0), blink_f(1));
 *
 * Functions of GL commands take GL's types; where the table lets registers stand for
 * operands, the function of the same name that ends in _r takes a struct blink_arg for
 * each of these.  BlinkGL's own instructions (blink_add_f...) take nothing else.
 */
#ifndef BLINK_CLIENT_PROGRAM_H
#define BLINK_CLIENT_PROGRAM_H

#include <string.h>

#include "blink/sp/sp.h"

/* An operand that is a value, or the register that holds it. */
struct blink_arg { uint32_t word; bool reg; };

static inline uint32_t blink_float_word(float f)
{
	uint32_t w;

	memcpy(&w, &f, sizeof(w));
	return w;
}
static inline uint64_t blink_double_words(double d)
{
	uint64_t w;

	memcpy(&w, &d, sizeof(w));
	return w;
}
#define BLINK_WORDS(w64) (uint32_t)(w64), (uint32_t)((w64) >> 32)

static inline struct blink_arg blink_f(float f)
{
	return (struct blink_arg){ blink_float_word(f), false };
}
static inline struct blink_arg blink_i(int32_t i) { return (struct blink_arg){ (uint32_t)i, false }; }
static inline struct blink_arg blink_u(uint32_t u) { return (struct blink_arg){ u, false }; }
static inline struct blink_arg blink_r(unsigned reg) { return (struct blink_arg){ reg, true }; }

/* Bytes of an object, from offset on.  Object 0 is no memory at all. */
struct blink_at { uint32_t object, offset; };

static inline struct blink_at blink_at(uint32_t object, uint32_t offset)
{
	return (struct blink_at){ object, offset };
}
#define BLINK_NONE ((struct blink_at){ 0, 0 })

/* A place further on, to which any number of jumps go: { 0 } to begin with. */
struct blink_label { uint32_t last; };

/* The jump that was appended just now goes to l, which is not there yet.  (Each jump's
 * label is its last word; until blink_here they form a list through these words.) */
static inline void blink_jumps_to(struct buf *code, struct blink_label *l)
{
	if (buf_failed(code))
		return;
	memcpy(code->data + code->len - 4, &l->last, 4);
	l->last = (uint32_t)(code->len / 4);
}
/* l is here. */
static inline void blink_here(struct buf *code, struct blink_label *l)
{
	uint32_t here = (uint32_t)(code->len / 4), before;

	for (uint32_t at = l->last; at && !buf_failed(code); at = before) {
		uint32_t skip = here - at;

		memcpy(&before, code->data + 4 * (size_t)(at - 1), 4);
		memcpy(code->data + 4 * (size_t)(at - 1), &skip, 4);
	}
	l->last = 0;
}

#endif
