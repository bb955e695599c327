/* text.c - numbers and strings of the text form, see text.h. */
#include "blink/sp/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 63

/* ---- writing ------------------------------------------------------------- */

void text_float(struct buf *out, uint32_t bits)
{
	float v, back;
	char s[32];

	memcpy(&v, &bits, sizeof(v));
	if (v != v) {
		buf_printf(out, "nan(0x%08x)", bits);
		return;
	}
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(s, sizeof(s), "%.*g", digits, (double)v);
		back = strtof(s, NULL);
		if (memcmp(&back, &v, sizeof(v)) == 0)
			break;
	}
	buf_append(out, s, strlen(s));
}

void text_double(struct buf *out, uint64_t bits)
{
	double v, back;
	char s[40];

	memcpy(&v, &bits, sizeof(v));
	if (v != v) {
		buf_printf(out, "nan(0x%016llx)", (unsigned long long)bits);
		return;
	}
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(s, sizeof(s), "%.*g", digits, v);
		back = strtod(s, NULL);
		if (memcmp(&back, &v, sizeof(v)) == 0)
			break;
	}
	buf_append(out, s, strlen(s));
}

void text_string(struct buf *out, const void *data, size_t n)
{
	const uint8_t *p = data;

	buf_append(out, "\"", 1);
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n')
			buf_append(out, "\\n", 2);
		else if (p[i] == '\t')
			buf_append(out, "\\t", 2);
		else if (p[i] == '"' || p[i] == '\\')
			buf_append(out, (char[]){ '\\', (char)p[i] }, 2);
		else if (p[i] >= ' ' && p[i] < 0x7f)
			buf_append(out, &p[i], 1);
		else
			buf_printf(out, "\\x%02x", p[i]);
	}
	buf_append(out, "\"", 1);
}

/* ---- reading ------------------------------------------------------------- */

/* A terminated copy in s[WORD_MAX + 1]; false if empty, too long, or with a start
 * that strtod would skip. */
static bool word_copy(const char *word, size_t n, char *s)
{
	if (n == 0 || n > WORD_MAX || memchr(word, 0, n))
		return false;
	if (word[0] == ' ' || (word[0] >= '\t' && word[0] <= '\r'))
		return false;
	memcpy(s, word, n);
	s[n] = 0;
	return true;
}

/* nan(0xBITS): the bits must be those of a NaN. */
static bool nan_read(const char *s, uint64_t exponent, uint64_t fraction, uint64_t *bits)
{
	size_t n = strlen(s);

	if (n < 6 || strncmp(s, "nan(", 4) || s[n - 1] != ')')
		return false;
	if (!text_read_int(s + 4, n - 5, 0, exponent << 1 | 1 | fraction | exponent, bits))
		return false;
	return (*bits & exponent) == exponent && (*bits & fraction);
}

bool text_read_float(const char *word, size_t n, uint32_t *bits)
{
	char s[WORD_MAX + 1], *end;
	uint64_t wide;
	float v;

	if (!word_copy(word, n, s))
		return false;
	if (s[0] == 'n') {
		if (!nan_read(s, 0x7f800000, 0x7fffff, &wide) || wide > UINT32_MAX)
			return false;
		*bits = (uint32_t)wide;
		return true;
	}
	v = strtof(s, &end);
	if (*end || v != v)
		return false;
	memcpy(bits, &v, sizeof(v));
	return true;
}

bool text_read_double(const char *word, size_t n, uint64_t *bits)
{
	char s[WORD_MAX + 1], *end;
	double v;

	if (!word_copy(word, n, s))
		return false;
	if (s[0] == 'n')
		return nan_read(s, 0x7ffull << 52, (1ull << 52) - 1, bits);
	v = strtod(s, &end);
	if (*end || v != v)
		return false;
	memcpy(bits, &v, sizeof(v));
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

bool text_read_int(const char *word, size_t n, int64_t min, uint64_t max, uint64_t *out)
{
	bool negative = n && word[0] == '-';
	size_t i = negative || (n && word[0] == '+');
	uint64_t v = 0, base = 10;

	if (n - i > 2 && n > i && word[i] == '0' && (word[i + 1] == 'x' || word[i + 1] == 'X')) {
		base = 16;
		i += 2;
	}
	if (i >= n)
		return false;
	for (; i < n; i++) {
		uint64_t d = (uint64_t)digit_value(word[i]);

		if (d >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, d, &v))
			return false;
	}
	if (negative ? v > (uint64_t)0 - (uint64_t)min : v > max)
		return false;
	*out = negative ? 0 - v : v;
	return true;
}

const char *text_read_string(const char *s, const char *end, struct buf *out)
{
	for (; s < end && *s != '"'; s++) {
		char c = *s;

		if (c == '\n')
			return NULL;
		if (c == '\\') {
			if (++s == end)
				return NULL;
			c = *s;
			if (c == 'n') {
				c = '\n';
			} else if (c == 't') {
				c = '\t';
			} else if (c == 'x') {
				int high = end - s > 2 ? digit_value(s[1]) : 99;
				int low = high < 16 ? digit_value(s[2]) : 99;

				if (low >= 16)
					return NULL;
				c = (char)(high << 4 | low);
				s += 2;
			} else if (c != '"' && c != '\\') {
				return NULL;
			}
		}
		buf_append(out, &c, 1);
	}
	return s < end ? s + 1 : NULL;
}
