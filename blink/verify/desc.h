/* desc.h - what the verifier needs of each op, in 16 bytes: made once from gl_ops and
 * gl_commands, so that a plain record costs one load, one compare and an add.
 * Private to blink/verify.
 */
#ifndef BLINK_VERIFY_DESC_H
#define BLINK_VERIFY_DESC_H

#include <assert.h>
#include <stdalign.h>

#include "blink/base/hot.h"
#include "blink/sp/sp.h"
#include "blink/verify/verify.h"

/* Checks of single operands. */
enum desc_check_kind {
	CHECK_DST, CHECK_EXTERN, CHECK_NAME, CHECK_NAME_NEW, CHECK_SLOT,
	CHECK_PAYLOAD, CHECK_NAMES, CHECK_STRING, CHECK_STRINGS, CHECK_ANSWER, CHECK_OFFSET,
	CHECK_TEXT,           /* PAYLOAD whose last byte is zero */
	/* for the driver's sake (desc_driver.c) */
	CHECK_SPAN, CHECK_SPAN64,       /* .word + .count do not wrap */
	CHECK_MOST,                     /* at most .most */
	CHECK_LEVEL, CHECK_LEVELS,      /* of a texture, where .count says so; in a payload */
	CHECK_PIXEL_TYPE,               /* .word, of pixels of the format in .count */
	CHECK_STAGE,                    /* of a stranger's shader */
	CHECK_FORMAT,                   /* of a stranger's image */
	CHECK_UNIT                      /* of textures, that a stranger makes current */
};
struct desc_check {
	uint8_t kind, operand, word, space;
	bool nullable;
	bool shared;          /* PAYLOAD: its bytes may change meanwhile (pixels, vertices) */
	uint8_t binding;      /* OFFSET: what must be bound; PAYLOAD: what must not be */
	uint8_t count;        /* STRINGS: word of their number; another word */
	uint8_t other;        /* operand of that */
	uint32_t most;
};

/* Checks that op needs beyond its operands' kinds, into out: so many. */
#define DESC_DRIVER_CHECKS 8u
unsigned desc_driver_checks(const struct gl_op *op, struct desc_check *out);

/* What a command does to the shadow, or asks of it (enum gl_form says how it runs). */
enum desc_hook {
	HOOK_NONE,
	/* core and window */
	HOOK_END, HOOK_JUMP, HOOK_CALL, HOOK_CONTEXT, HOOK_CONTEXT_DESTROY, HOOK_MAKE_CURRENT,
	/* client arrays */
	HOOK_POINTER, HOOK_CLIENT_STATE, HOOK_ATTRIB_STATE, HOOK_CLIENT_ACTIVE, HOOK_DIVISOR,
	HOOK_RESTART_INDEX, HOOK_PUSH_CLIENT, HOOK_POP_CLIENT,
	/* objects */
	HOOK_BIND_BUFFER, HOOK_BIND_RANGE, HOOK_BUFFER_DATA, HOOK_BUFFER_SUBDATA,
	HOOK_GEN_BUFFERS, HOOK_DELETE_BUFFERS, HOOK_CONTENTS, HOOK_FEEDBACK,
	HOOK_GEN_ARRAYS, HOOK_DELETE_ARRAYS, HOOK_BIND_ARRAY,
	/* drawing */
	HOOK_DRAW, HOOK_LOCK, HOOK_DRAW_UNKNOWN, HOOK_FRAGMENTS, HOOK_BEGIN, HOOK_END_PRIMITIVE,
	HOOK_CLEAR, HOOK_CLEAR_BUFFER,
	/* lists and state */
	HOOK_NEW_LIST, HOOK_END_LIST, HOOK_CALL_LIST, HOOK_DELETE_LISTS, HOOK_GEN_LISTS,
	HOOK_LIST_BASE,
	HOOK_ENABLE, HOOK_MASK, HOOK_PUSH_ATTRIB,
	HOOK_POP_ATTRIB, HOOK_ENABLE_INDEXED, HOOK_TARGET,
	HOOK_MESH,                      /* of .arg dimensions of points */
	HOOK_DELETE_QUERIES,
	HOOK_RASTER, HOOK_SOURCE,       /* raster positions; a shader's text */
	HOOK_LOST             /* vertex arrays change in a way that is not followed */
};

/* Words of a record that a hook reads, 0 where the op has none. */
struct desc_layout {
	uint8_t size, type, stride, pointer, index, count, first, start, end;
	uint8_t basevertex, instances, baseinstance, target, data, bytes, offset, normalized;
	bool buf;             /* the pointer is an offset in a buffer */
};

#define DESC_CHECKED 1u       /* has operand checks */
#define DESC_GL 2u            /* a GL command */
#define DESC_OPAQUE 4u
#define DESC_SENSITIVE 8u
#define DESC_READS_FRAMEBUFFER 16u
#define DESC_SPECIAL (DESC_CHECKED | DESC_OPAQUE | DESC_SENSITIVE | DESC_NEVER | \
		      DESC_READS_FRAMEBUFFER)
#define DESC_NEVER 32u        /* memory that no rule describes: always refused */

struct desc {
	uint16_t reg_ok;      /* operands that may be registers */
	uint8_t words, hook, arg, flags, nchecks, callbacks;
	uint16_t check;       /* its first check, in desc_table.check */
	uint8_t vertices;     /* 1: adds a vertex */
	uint8_t relative;     /* VERIFY_RELATIVE_* by itself */
	uint8_t mediation;    /* SENSITIVE: 1 + its place in gl_mediations, 0 none */
	uint8_t layout;       /* in desc_table.layout */
	bool plain : 1;       /* nothing to check but registers and callback */
	bool primitive : 1;   /* Begin or End: nothing to check but registers and callback */
	bool regular : 1;     /* nothing but each word by itself, and callback */
	bool piece : 1;       /* may be part of a piece that is met again (segment.h) */
};
static_assert(sizeof(struct desc) == 16, "no op's lies in two lines");

struct desc_table {
	alignas(HOT_LINE) struct desc op[GL_OP_COUNT];
	struct desc_check *check;
	struct desc_layout layout[256];
	unsigned nchecks, nlayouts;
};

/* Slack of a regular record's words (index.h), for patterns. */
HOT bool desc_slack(uint32_t header, uint32_t *slack);

/* Asks for the rows of the opcodes that seem to be there, of at least so many words. */
#define DESC_FETCH_WORDS 256u
HOT void desc_fetch(const struct desc_table *t, const uint32_t *code, uint32_t nwords);

/* Built at first use; NULL without memory. */
const struct desc_table *desc_table_get(void);

/* Arguments of HOOK_POINTER: which array; texture coordinates and attributes are
 * counted from their first. */
enum varray_index {
	VARRAY_VERTEX, VARRAY_NORMAL, VARRAY_COLOR, VARRAY_SECONDARY, VARRAY_FOG,
	VARRAY_INDEX, VARRAY_EDGE, VARRAY_TEXCOORD,
	VARRAY_ATTRIB = VARRAY_TEXCOORD + 8, VARRAYS = VARRAY_ATTRIB + 16
};
/* Arguments of HOOK_MASK. */
enum desc_mask { MASK_COLOR, MASK_DEPTH, MASK_STENCIL, MASK_PART = 0x80 };   /* of one
	buffer or face: less may be written, not more */
/* Arguments of HOOK_TARGET: what decides where a clear goes, and whether. */
enum desc_target {
	TARGET_FRAMEBUFFER, TARGET_BUFFER, TARGET_BUFFERS, TARGET_CONDITIONAL,
	TARGET_UNCONDITIONAL,
	TARGET_PROGRAM, TARGET_PIPELINE      /* may a program of the client's make fragments? */
};

#endif
