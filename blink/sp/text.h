/* text.h - numbers and strings of the text form, both ways, exactly.  Private to
 * blink/sp.  Words are not zero-terminated.
 */
#ifndef BLINK_SP_TEXT_H
#define BLINK_SP_TEXT_H

#include "blink/base/buf.h"

/* Shortest decimal that reads back as the same bits; inf, -inf, nan(0xBITS). */
void text_float(struct buf *out, uint32_t bits);
void text_double(struct buf *out, uint64_t bits);
/* With quotes; bytes that are not printable ASCII as \n, \t, \", \\ or \xNN. */
void text_string(struct buf *out, const void *data, size_t n);

bool text_read_float(const char *word, size_t n, uint32_t *bits);
bool text_read_double(const char *word, size_t n, uint64_t *bits);
/* Decimal, 0x hexadecimal, a sign; false outside [min, max].  Negative numbers are
 * taken where min < 0 and returned in two's complement. */
bool text_read_int(const char *word, size_t n, int64_t min, uint64_t max, uint64_t *out);
/* s points behind the opening quote; returns the byte behind the closing one, or NULL
 * where the string is malformed or open at end. */
const char *text_read_string(const char *s, const char *end, struct buf *out);

#endif
