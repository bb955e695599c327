/* asm_lex.c - lines, words and messages of the assembler, see asm_lex.h. */
#include "blink/sp/asm_lex.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "blink/sp/text.h"

static bool fail_v(struct assembler *a, unsigned line, const char *fmt, va_list ap)
{
	char why[360];

	if (!a->failed) {
		vsnprintf(why, sizeof(why), fmt, ap);
		for (char *p = why; *p; p++)
			if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
				*p = '?';   /* one clean line, whatever the text holds */
		error_set(a->err, -EINVAL, "%s:%u: %s", a->name, line, why);
	}
	a->failed = true;
	return false;
}

bool asm_fail(struct assembler *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_v(a, a->line, fmt, ap);
	va_end(ap);
	return false;
}

bool asm_fail_at(struct assembler *a, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_v(a, line, fmt, ap);
	va_end(ap);
	return false;
}

static bool is_mark(char c)
{
	return c == ',' || c == '{' || c == '}' || c == ':' || c == '|';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool token_next(struct assembler *a)
{
	const char *p = a->at;

	while (p < a->eol && is_space(*p))
		p++;
	a->token = (struct token){ TOKEN_END, p, 0 };
	if (p == a->eol || *p == '#') {
		a->at = a->eol;
		return true;
	}
	if (*p == '"') {
		buf_clear(&a->string);
		a->token.kind = TOKEN_STRING;
		a->at = text_read_string(p + 1, a->eol, &a->string);
		if (!a->at) {
			a->at = a->eol;
			return asm_fail(a, "the string is not closed, or has an unknown escape "
					"(use \\n \\t \\\" \\\\ \\xNN)");
		}
		return true;
	}
	if (is_mark(*p)) {
		a->token.kind = TOKEN_MARK;
		a->token.length = 1;
		a->at = p + 1;
		return true;
	}
	a->token.kind = TOKEN_WORD;
	while (p < a->eol && !is_space(*p) && !is_mark(*p) && *p != '"' && *p != '#')
		p++;
	a->token.length = (size_t)(p - a->token.text);
	a->at = p;
	return true;
}

bool line_next(struct assembler *a)
{
	while (!a->failed && a->next < a->end) {
		const char *eol = memchr(a->next, '\n', (size_t)(a->end - a->next));

		a->at = a->next;
		a->eol = eol ? eol : a->end;
		a->next = eol ? eol + 1 : a->end;
		a->line++;
		if (!token_next(a))
			return false;
		if (a->token.kind != TOKEN_END)
			return true;
	}
	return false;
}

bool token_is(const struct assembler *a, const char *text)
{
	size_t n = strlen(text);

	return (a->token.kind == TOKEN_WORD || a->token.kind == TOKEN_MARK) &&
	       a->token.length == n && memcmp(a->token.text, text, n) == 0;
}

bool token_expect(struct assembler *a, const char *text)
{
	if (!token_is(a, text)) {
		if (a->token.kind == TOKEN_END)
			return asm_fail(a, "the line ends where `%s` should stand", text);
		return asm_fail(a, "`%s` should stand where `%.*s` does", text,
				a->token.kind == TOKEN_STRING ? 1 : (int)a->token.length,
				a->token.text);
	}
	return token_next(a);
}
