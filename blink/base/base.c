/* base.c - errors and buffers, see error.h and buf.h. */
#include "blink/base/buf.h"
#include "blink/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int error_set(struct error *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
		err->code = code;
	}
	return code;
}

int error_prefix(struct error *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list ap;
	int n;

	if (!err)
		return -EINVAL;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	/* what does not fit is cut */
	if (n >= 0 && (size_t)n < sizeof(err->text) &&
	    snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", old) < 0)
		err->text[n] = 0;
	return err->code;
}

void buf_init(struct buf *b)
{
	memset(b, 0, sizeof(*b));
}

void buf_finish(struct buf *b)
{
	free(b->data);
	buf_init(b);
}

void *buf_grow(struct buf *b, size_t n)
{
	void *at;

	if (b->failed)
		return NULL;
	if (n > b->cap - b->len) {
		size_t cap = b->cap ? b->cap : 256;
		uint8_t *data;

		while (cap - b->len < n && cap <= SIZE_MAX / 2)
			cap *= 2;
		data = cap - b->len < n ? NULL : realloc(b->data, cap);
		if (!data) {
			b->failed = true;
			return NULL;
		}
		b->data = data;
		b->cap = cap;
	}
	at = b->data + b->len;
	b->len += n;
	return at;
}

void buf_append(struct buf *b, const void *data, size_t n)
{
	void *at = n ? buf_extend(b, n) : NULL;

	if (at)
		memcpy(at, data, n);
}

void buf_u32(struct buf *b, uint32_t v)
{
	buf_append(b, &v, sizeof(v));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *at;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !(at = buf_extend(b, (size_t)n + 1))) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(at, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len--;   /* the terminating zero is not content */
}
