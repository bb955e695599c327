/* asm_lex.h - the assembler's words, and its state.  Private to blink/sp.
 *
 * A line is words, strings and the marks , { } : | ; `#` starts a comment.  The first
 * error is kept and ends the assembly: functions return false then.
 */
#ifndef BLINK_SP_ASM_LEX_H
#define BLINK_SP_ASM_LEX_H

#include "blink/sp/asm.h"
#include "blink/sp/symbols.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_MARK };

struct token {
	enum token_kind kind;
	const char *text;         /* WORD, MARK: not terminated */
	size_t length;
};

struct fixup {                    /* a jump to a label that comes later */
	const char *label;
	size_t length;
	uint32_t word, after;     /* operand's place in the code; end of its record */
	unsigned line;
};

struct assembler {
	const char *name;         /* of the text, for messages */
	const char *next, *end;   /* of the text, from the next line on */
	const char *at, *eol;     /* the rest of this line */
	unsigned line;
	struct token token;       /* the current one */
	struct buf string;        /* value of a TOKEN_STRING */
	struct error *err;
	bool failed;

	struct blink_writer *writer;
	struct buf provenance;
	struct symbols payloads, sps, labels;
	struct buf code, fixups, data;
	bool limits_given;        /* names or slots: then none are inferred */
	uint32_t names[GL_SPACE_COUNT], slots;     /* highest that records mention */
	struct asm_stats stats;
};

/* The next line that is not empty; its first token is current.  false at the end. */
bool line_next(struct assembler *a);
/* Makes the line's next token current: TOKEN_END at its end.  false on an error. */
bool token_next(struct assembler *a);
bool token_is(const struct assembler *a, const char *text);
/* The current token must be this mark or word; goes on to the next. */
bool token_expect(struct assembler *a, const char *text);
bool asm_fail(struct assembler *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool asm_fail_at(struct assembler *a, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* One instruction, its name current, appended to a->code (asm_record.c). */
bool asm_record(struct assembler *a);
/* Resolves the jumps of a finished SP. */
bool asm_fixups(struct assembler *a);
/* The lines of a payload, up to its brace, into a->data (asm_data.c). */
bool asm_data(struct assembler *a);

#endif
