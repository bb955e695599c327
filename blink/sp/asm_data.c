/* asm_data.c - the contents of payloads, as the assembler reads them. */
#include <string.h>

#include "blink/sp/asm_lex.h"
#include "blink/sp/text.h"

struct directive {
	const char *name;
	uint8_t bytes;
	char type;                /* f: float, i: signed, u: unsigned, h: hex, t: text, z: zeros */
};

static const struct directive directives[] = {
	{ "hex", 1, 'h' }, { "text", 1, 't' }, { "zero", 1, 'z' },
	{ "f32", 4, 'f' }, { "f64", 8, 'f' },
	{ "i8", 1, 'i' }, { "i16", 2, 'i' }, { "i32", 4, 'i' },
	{ "u8", 1, 'u' }, { "u16", 2, 'u' }, { "u32", 4, 'u' },
};

static bool hex_read(struct assembler *a)
{
	const char *p = a->token.text;

	if (a->token.length % 2)
		return asm_fail(a, "a group of hex digits has an odd number of them");
	for (size_t i = 0; i < a->token.length; i += 2) {
		char digits[5] = { '0', 'x', p[i], p[i + 1], 0 };
		uint64_t v;

		if (!text_read_int(digits, 4, 0, 0xff, &v))
			return asm_fail(a, "`%.2s` are not two hex digits", p + i);
		buf_append(&a->data, &v, 1);
	}
	return true;
}

static bool zeros_read(struct assembler *a)
{
	uint64_t n;
	void *room;

	if (!text_read_int(a->token.text, a->token.length, 0, SP_MAX_PAYLOAD, &n) ||
	    n + a->data.len > SP_MAX_PAYLOAD)
		return asm_fail(a, "zero takes a number of bytes, 1 GiB in all at most");
	room = n ? buf_extend(&a->data, n) : NULL;
	if (room)
		memset(room, 0, n);
	return true;
}

static bool number_read(struct assembler *a, const struct directive *d)
{
	const char *word = a->token.text;
	size_t n = a->token.length;
	uint64_t max = UINT64_MAX >> (64 - 8 * d->bytes), v = 0;
	uint32_t bits = 0;
	bool ok;

	if (d->type == 'f' && d->bytes == 4) {
		ok = text_read_float(word, n, &bits);
		v = bits;
	} else if (d->type == 'f') {
		ok = text_read_double(word, n, &v);
	} else {
		ok = text_read_int(word, n, d->type == 'u' ? 0 : -(int64_t)(max / 2) - 1,
				   d->type == 'u' ? max : max / 2, &v);
	}
	if (!ok)
		return asm_fail(a, "`%.*s` is no %s", (int)n, word, d->name);
	buf_append(&a->data, &v, d->bytes);
	return true;
}

static bool value_read(struct assembler *a, const struct directive *d)
{
	if (d->type == 't') {
		if (a->token.kind != TOKEN_STRING)
			return asm_fail(a, "text takes strings in quotes");
		buf_append(&a->data, a->string.data, a->string.len);
		return true;
	}
	if (a->token.kind != TOKEN_WORD)
		return asm_fail(a, "%s takes values separated by spaces", d->name);
	if (d->type == 'h')
		return hex_read(a);
	return d->type == 'z' ? zeros_read(a) : number_read(a, d);
}

static bool directive_read(struct assembler *a)
{
	const struct directive *d = NULL;

	for (unsigned i = 0; i < sizeof(directives) / sizeof(*directives); i++)
		if (token_is(a, directives[i].name))
			d = &directives[i];
	if (!d)
		return asm_fail(a, "a payload has hex, text, zero, f32, f64, i8, i16, i32, u8, u16 "
				"or u32 lines");
	while (token_next(a) && a->token.kind != TOKEN_END)
		if (!value_read(a, d))
			return false;
	if (a->data.len > SP_MAX_PAYLOAD)
		return asm_fail(a, "the payload is larger than 1 GiB");
	return !a->failed;
}

bool asm_data(struct assembler *a)
{
	unsigned start = a->line;

	buf_clear(&a->data);
	while (line_next(a)) {
		if (token_is(a, "}"))
			return token_next(a);
		if (!directive_read(a))
			return false;
	}
	return a->failed ? false : asm_fail_at(a, start, "the payload is not closed with }");
}
