/* sp.h - stored procedures: records, callbacks, limits, and the builder.
 *
 * A stored procedure is a sequence of records of whole 32-bit little-endian words.
 * A record is a header word followed by its operands' words:
 *
 *     header = opcode (bits 0..15) | register mask (bits 16..31)
 *
 * Bit i of the mask says that operand i is not the value itself but the number of
 * the register (0..31) that holds it.  The opcode alone decides the record's
 * length (gl_ops[op].words), so no length can disagree with it.  An SP ends with
 * its last word being an `end` record; jumps only go forward and land on record
 * boundaries, `call` is acyclic: every SP terminates.
 *
 * Registers: 32 of 32 bits, untyped.  External state (time, pointer...) is read by
 * the `ext` instruction.  See docs/ISA.md, generated from the op table.
 */
#ifndef BLINK_SP_SP_H
#define BLINK_SP_SP_H

#include "blink/base/buf.h"
#include "blink/base/error.h"
#include "blink/gl/table.h"

#define SP_REGISTERS 32u
#define SP_MAX_WORDS (1u << 26)          /* 256 MiB of code in one SP */
#define SP_MAX_PAYLOAD (1u << 30)        /* bytes of one payload */
#define SP_CALL_DEPTH 8u

/* When an SP runs; decides what it may do (verifier's callback rules). */
enum sp_callback { SP_INIT, SP_UPDATE, SP_RESHAPE, SP_REDRAW, SP_INPUT, SP_CALLBACKS };
extern const char *const sp_callback_names[SP_CALLBACKS];

/* External state readable by `ext`: name and type in sp_externs[]. */
enum sp_extern {
	SP_EXT_TIME,          /* float, seconds since the client connected */
	SP_EXT_FRAME,         /* int, display frames since then */
	SP_EXT_REFRESH,       /* float, seconds per display refresh */
	SP_EXT_WIDTH, SP_EXT_HEIGHT,          /* int, pixels of the drawable */
	SP_EXT_POINTER_X, SP_EXT_POINTER_Y,   /* int, pixels, origin lower left */
	SP_EXT_BUTTONS,       /* int, bit i: button i is down */
	SP_EXT_KEY,           /* int, last key symbol, 0 none */
	SP_EXTERNS
};
extern const char *const sp_extern_names[SP_EXTERNS];

/* flags operand of GL_FORM_UNPACK_BUF ops */
#define SP_UNPACK_ALIGN_MASK 0xfu        /* 1, 2, 4 or 8 */
#define SP_UNPACK_SWAP 0x10u
#define SP_UNPACK_LSB 0x20u

/* SP flags (hints: whoever runs an SP verifies it itself). */
#define SP_RERUNNABLE 1u

static inline uint32_t sp_header(unsigned op, unsigned mask)
{
	return (uint32_t)op | (uint32_t)mask << 16;
}
static inline unsigned sp_opcode(uint32_t header) { return header & 0xffffu; }
static inline unsigned sp_mask(uint32_t header) { return header >> 16; }

/* Length of a record that sp_next has accepted. */
static inline unsigned sp_words(const uint32_t *rec)
{
	return gl_ops[sp_opcode(*rec)].words;
}
/* Words that an operand of this kind takes in a record: 0, 1 or 2. */
unsigned sp_kind_words(unsigned kind);

/* One SP in memory.  code is borrowed and 4-byte aligned. */
struct sp {
	uint32_t id;            /* its number in the file or client, for `call` */
	uint8_t callback;       /* enum sp_callback */
	uint8_t flags;          /* SP_RERUNNABLE */
	uint32_t frame;         /* of the drawable; 0 for init */
	uint32_t context;       /* client names, current at entry; 0 none */
	uint32_t drawable;
	const uint32_t *code;
	uint32_t nwords;
	/* Space-separated slot names to restore before running again, or NULL: for
	 * redraw SPs that are not re-runnable. */
	const char *restore;
};

/* Where payload operands point.  data is borrowed, aligned to 8; payloads[0] is
 * the null payload. */
struct sp_payload {
	const uint8_t *data;    /* NULL: not resident */
	uint32_t size;
	uint32_t flags;         /* SP_PAYLOAD_* */
};
/* Its bytes may change at any moment, under verifier, engine and driver: pixels and
 * vertices may come from it, nothing whose content decides what memory is touched. */
#define SP_PAYLOAD_SHARED 1u
/* So many bytes behind the last one can be read too, whatever they hold: drivers that
 * compile a display list copy four values (of 8 bytes at most) where the command has one.
 * Who makes payloads sees to it. */
#define SP_PAYLOAD_SLACK 32u
struct sp_payloads {
	const struct sp_payload *v;
	uint32_t n;
};

/* The whole record that starts at rec, or NULL at the end, or where the words left
 * do not hold a whole record of a known opcode (then *bad is set, otherwise cleared).
 * The safe way to walk any words:
 *
 *     for (r = code; (r = sp_next(r, end, &bad)); r += sp_words(r)) ...
 */
const uint32_t *sp_next(const uint32_t *rec, const uint32_t *end, bool *bad);

/* ---- builder -------------------------------------------------------------
 * Appends records to a buf, which stays valid SP code apart from the final `end`.
 * Errors are sticky in the buf. */
void sp_emit(struct buf *code, unsigned op, unsigned mask, const uint32_t *operand_words);
/* The common case: operands that all take one word each. */
#define sp_emit_words(code, op, ...) \
	sp_emit(code, op, 0, (const uint32_t[]){ __VA_ARGS__ })
void sp_end(struct buf *code);

#endif
