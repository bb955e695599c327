/* sp.c - walking and building records, and the names of callbacks and external
 * state.  See sp.h.
 */
#include "blink/sp/sp.h"

#include <assert.h>
#include <string.h>

const char *const sp_callback_names[SP_CALLBACKS] = {
	[SP_INIT] = "init", [SP_UPDATE] = "update", [SP_RESHAPE] = "reshape",
	[SP_REDRAW] = "redraw", [SP_INPUT] = "input",
};

const char *const sp_extern_names[SP_EXTERNS] = {
	[SP_EXT_TIME] = "time", [SP_EXT_FRAME] = "frame", [SP_EXT_REFRESH] = "refresh",
	[SP_EXT_WIDTH] = "width", [SP_EXT_HEIGHT] = "height",
	[SP_EXT_POINTER_X] = "pointer_x", [SP_EXT_POINTER_Y] = "pointer_y",
	[SP_EXT_BUTTONS] = "buttons", [SP_EXT_KEY] = "key",
};

static_assert(OP_end == 0, "an all-zero word is an `end` record");
static_assert(GL_OP_COUNT < 0x10000, "opcodes have 16 bits");

static const uint8_t kind_words[GL_KIND_COUNT] = {
	[GL_KIND_INT] = 1, [GL_KIND_UINT] = 1, [GL_KIND_FLOAT] = 1, [GL_KIND_DOUBLE] = 2,
	[GL_KIND_INT64] = 2, [GL_KIND_UINT64] = 2, [GL_KIND_BOOL] = 1, [GL_KIND_ENUM] = 1,
	[GL_KIND_BITS] = 1, [GL_KIND_NAME] = 1, [GL_KIND_LOCATION] = 1,
	[GL_KIND_PAYLOAD] = 2, [GL_KIND_OFFSET] = 2, [GL_KIND_ANSWER] = 0,
	[GL_KIND_DST] = 1, [GL_KIND_LABEL] = 1, [GL_KIND_SP] = 1, [GL_KIND_EXTERN] = 1,
};

unsigned sp_kind_words(unsigned kind)
{
	return kind < GL_KIND_COUNT ? kind_words[kind] : 0;
}

const uint32_t *sp_next(const uint32_t *rec, const uint32_t *end, bool *bad)
{
	*bad = false;
	if (rec >= end)
		return NULL;
	unsigned op = sp_opcode(*rec);

	if (op >= GL_OP_COUNT || gl_ops[op].words > (size_t)(end - rec)) {
		*bad = true;
		return NULL;
	}
	return rec;
}

void sp_emit(struct buf *code, unsigned op, unsigned mask, const uint32_t *operand_words)
{
	size_t n = gl_ops[op].words;
	uint32_t *rec = buf_extend(code, n * sizeof(*rec));

	if (!rec)
		return;
	rec[0] = sp_header(op, mask);
	if (n > 1)
		memcpy(rec + 1, operand_words, (n - 1) * sizeof(*rec));
}

void sp_end(struct buf *code)
{
	buf_u32(code, sp_header(OP_end, 0));
}
