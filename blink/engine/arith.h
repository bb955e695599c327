/* arith.h - what BlinkGL's value instructions compute: the one home of their
 * meaning, called by the interpreter for every one of them and by compiled code
 * for those that no short template serves.
 *
 * Operands and results are the 32 bits of a register.  Floats follow SSE, so that
 * both engines agree in every bit: a result that is NaN is the first NaN operand,
 * made quiet, or the default NaN (0xffc00000) where there is none.
 * Private to blink/engine.
 */
#ifndef BLINK_ENGINE_ARITH_H
#define BLINK_ENGINE_ARITH_H

#include "blink/gl/table.h"

typedef uint32_t (*arith_fn)(uint32_t a, uint32_t b);

/* By opcode: value instructions give their value (b is 0 where they take one
 * operand), conditional jumps whether they jump (1 or 0); NULL for all others. */
extern const arith_fn arith_fns[GL_OP_COUNT];

#endif
