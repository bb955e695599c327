/* dump_native.h - compiled procedures as text: machine code between the instructions that
 * it was made of.  Part of blinkctl dump. */
#ifndef CLI_DUMP_NATIVE_H
#define CLI_DUMP_NATIVE_H

#include <stdio.h>

#include "blink/sp/asm.h"

/* -ENOPKG where no disassembler was there when this was built. */
int dump_native(struct blink_file *f, const struct dump_options *opt, FILE *out,
		struct error *err);

#endif
