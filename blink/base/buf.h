/* buf.h - a growable byte buffer with a sticky error.
 *
 * Appends never have to be checked one by one: after an allocation fails the
 * buffer ignores further appends and buf_failed() tells.  embedded: init/finish.
 */
#ifndef BLINK_BASE_BUF_H
#define BLINK_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t len, cap;
	bool failed;
};

void buf_init(struct buf *b);
void buf_finish(struct buf *b);
static inline void buf_clear(struct buf *b) { b->len = 0; }
static inline bool buf_failed(const struct buf *b) { return b->failed; }

void *buf_grow(struct buf *b, size_t n);         /* as buf_extend, where there is no room */
/* Room for n more bytes; NULL on failure.  The bytes are counted in. */
static inline void *buf_extend(struct buf *b, size_t n)
{
	size_t at = b->len;

	if (b->failed || n > b->cap - at || !b->data)
		return buf_grow(b, n);
	b->len += n;
	return b->data + at;
}
void buf_append(struct buf *b, const void *data, size_t n);
void buf_u32(struct buf *b, uint32_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* True when [start, start+count) lies within [0, max): the one bounds check. */
static inline bool range_ok(uint64_t start, uint64_t count, uint64_t max)
{
	return start <= max && count <= max - start;
}

#endif
