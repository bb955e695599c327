/* disasm.h - what disassembling a record needs to know of its surroundings.  Private
 * to blink/sp.  All may be zero: then jumps, SPs and payloads are shown as they are.
 */
#ifndef BLINK_SP_DISASM_H
#define BLINK_SP_DISASM_H

#include "blink/sp/asm.h"

#define ENUM_MEMO 1024u

struct enum_memo {
	const char *group, *name;
	uint32_t value;
	bool set;
};

struct disasm {
	const uint32_t *code;       /* of the SP, for labels */
	uint32_t nwords;
	const uint8_t *marks;       /* per word: DISASM_START, DISASM_TARGET; or NULL */
	uint32_t payloads, sps;     /* ids from here on do not exist; 0: not known */
	struct enum_memo *memo;     /* ENUM_MEMO rows, or NULL: finding names takes time */
};
#define DISASM_START 1u             /* a record starts here */
#define DISASM_TARGET 2u            /* a label stands here */

void disasm_record(const struct disasm *d, const uint32_t *rec, struct buf *out);

/* How the contents of a payload are best shown, by the record that refers to it. */
enum payload_form {
	PAYLOAD_HEX, PAYLOAD_TEXT, PAYLOAD_F32, PAYLOAD_F64, PAYLOAD_I8,
	PAYLOAD_I16, PAYLOAD_U16, PAYLOAD_I32, PAYLOAD_U32, PAYLOAD_FORMS
};
enum payload_form payload_form(const uint32_t *rec, unsigned operand);
extern const char *const payload_directives[PAYLOAD_FORMS];
/* One value at p, `step` bytes long as payload_step says. */
unsigned payload_step(enum payload_form form);
void payload_value(struct buf *out, enum payload_form form, const uint8_t *p);

#endif
