/* asm.h - the text form of stored procedures and of whole .blink files.
 *
 * What the assembler reads and the disassembler writes are one language
 * (docs/ASSEMBLY.md), and it is exact: floats keep every bit, and assembling the
 * dump of a file gives the same payloads, SPs, names and provenance.
 */
#ifndef BLINK_SP_ASM_H
#define BLINK_SP_ASM_H

#include <stdio.h>

#include "blink/sp/file.h"

/* Appends one record as one line, without a newline: for messages and dumps.  rec is
 * a whole record; jumps are given as words forward (+N).  Also fit for refused code:
 * whatever the operands are, they are shown. */
void sp_disassemble_record(const uint32_t *rec, struct buf *out);

struct dump_options {
	int64_t frame;          /* only this frame's SPs, -1: all */
	int64_t sp;             /* only this SP, -1: all */
	bool payloads;          /* with the payloads' contents: then it assembles again */
};
/* Writes text to out. */
int blink_dump(struct blink_file *f, const struct dump_options *opt, FILE *out,
	       struct error *err);

struct asm_stats {
	uint32_t sps, payloads;
	uint64_t records;
};
/* Assembles n bytes of text, called name in messages (name:line: why), to the .blink
 * file path, which appears whole or not at all.  stats may be NULL. */
int blink_assemble(const char *text, size_t n, const char *name, const char *path,
		   struct asm_stats *stats, struct error *err);

#endif
