/* test_verify.c - programs and the verdicts expected, at least one per reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/verify/cases.h"

/* Rows say what matters; the rest is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static const struct verify_case cases[] = {
	{ "nothing", VERIFY_OK, { { 0 } } },
	{ "arithmetic", VERIFY_OK, { { "mov", { 1, 7 } }, { "add.i", { 2, 1, 1 }, 6 }, { 0 } } },
	{ "register out of range", VERIFY_REGISTER_RANGE, { { "mov", { 32, 7 } }, { 0 } } },
	{ "register read out of range", VERIFY_REGISTER_RANGE,
	  { { "mov", { 1, 99 }, 2 }, { 0 } } },
	{ "register as a name", VERIFY_REGISTER_NOT_ALLOWED,
	  { MAKE_WINDOW, { "glBindTexture", { 0x0DE1, 1 }, 2 }, { 0 } } },
	{ "register as a count", VERIFY_REGISTER_NOT_ALLOWED,
	  { MAKE_WINDOW, { "glDrawArrays", { 4, 0, 3 }, 4 }, { 0 } } },
	{ "mask bit without an operand", VERIFY_REGISTER_NOT_ALLOWED,
	  { { "mov", { 1, 2 }, 0x8000 }, { 0 } } },
	{ "external state", VERIFY_OK, { { "ext", { 1, SP_EXT_TIME } }, { 0 } } },
	{ "external state of no such number", VERIFY_EXTERN_RANGE,
	  { { "ext", { 1, SP_EXTERNS } }, { 0 } } },
	{ "texture name", VERIFY_OK, { MAKE_WINDOW, { "glBindTexture", { 0x0DE1, 10 } }, { 0 } } },
	{ "texture name too high", VERIFY_NAME_RANGE,
	  { MAKE_WINDOW, { "glBindTexture", { 0x0DE1, 11 } }, { 0 } } },
	{ "name in a payload too high", VERIFY_NAME_RANGE,
	  { MAKE_WINDOW, { "glGenTextures", { 1, PAY_NAMES_BAD, 0 } }, { 0 } } },
	{ "names", VERIFY_OK, { MAKE_WINDOW, { "glGenTextures", { 1, PAY_NAMES, 0 } }, { 0 } } },
	{ "no context for a name", VERIFY_NO_CONTEXT,
	  { { "glBindTexture", { 0x0DE1, 1 } }, { 0 } } },
	{ "context unknown", VERIFY_CONTEXT_UNKNOWN,
	  { { "blinkMakeCurrent", { 2, 0, 0 } }, { 0 } } },
	{ "vertex array object of another context", VERIFY_NAME_CONTEXT,
	  { MAKE_WINDOW, { "glBindVertexArray", { 1 } }, { "blinkContext", { 2, 0, 0, 0 } },
	    { "blinkMakeCurrent", { 2, 1, 1 } }, { "glBindVertexArray", { 1 } }, { 0 } } },
	{ "slot", VERIFY_OK, { MAKE_WINDOW, { "glUniform1f", { 5, 0 } }, { 0 } } },
	{ "slot too high", VERIFY_SLOT_RANGE, { MAKE_WINDOW, { "glUniform1f", { 6, 0 } }, { 0 } } },
	{ "slot of a uniform block too high", VERIFY_SLOT_RANGE,
	  { MAKE_WINDOW, { "glGetUniformBlockIndex", { 1, PAY_STRING, 0, 0, 6 } }, { 0 } } },
	{ "location", VERIFY_OK,
	  { MAKE_WINDOW, { "glGetUniformLocation", { 1, PAY_STRING, 0, 0, 1 } }, { 0 } } },
	{ "name of a location does not end", VERIFY_STRING_UNTERMINATED,
	  { MAKE_WINDOW, { "glGetUniformLocation", { 1, PAY_OPEN, 0, 0, 1 } }, { 0 } } },
	{ "payload missing", VERIFY_PAYLOAD_NULL,
	  { MAKE_WINDOW, { "glLoadMatrixf", { 0, 0 } }, { 0 } } },
	{ "no such payload", VERIFY_PAYLOAD_RANGE,
	  { MAKE_WINDOW, { "glLoadMatrixf", { PAYLOADS, 0 } }, { 0 } } },
	{ "payload offset beyond", VERIFY_PAYLOAD_RANGE,
	  { MAKE_WINDOW, { "glLoadMatrixf", { PAY_VERTICES, 49 } }, { 0 } } },
	{ "payload absent", VERIFY_PAYLOAD_ABSENT,
	  { MAKE_WINDOW, { "glLoadMatrixf", { PAY_ABSENT, 0 } }, { 0 } } },
	{ "payload that may change", VERIFY_PAYLOAD_SHARED,
	  { MAKE_WINDOW, { "glVertex3fv", { PAY_SHARED, 0 } }, { 0 } } },
	{ "payload short", VERIFY_PAYLOAD_SHORT,
	  { MAKE_WINDOW, { "glLoadMatrixf", { PAY_VERTICES, 0 } }, { 0 } } },
	{ "payload long enough", VERIFY_OK,
	  { MAKE_WINDOW, { "glVertex3fv", { PAY_VERTICES, 36 } }, { 0 } } },
	{ "payload short by its offset", VERIFY_PAYLOAD_SHORT,
	  { MAKE_WINDOW, { "glVertex3fv", { PAY_VERTICES, 40 } }, { 0 } } },
	{ "size of no known format", VERIFY_PAYLOAD_SIZE_UNKNOWN,
	  { MAKE_WINDOW, { "glTexImage2D", { 0x0DE1, 0, 4, 1, 1, 0, 1, 1, PAY_VERTICES, 0 } }, { 0 } } },
	{ "texture without pixels", VERIFY_OK,
	  { MAKE_WINDOW, { "glTexImage2D", { 0x0DE1, 0, 4, 1, 1, 0, 0x1908, 0x1401, 0, 0 } }, { 0 } } },
	{ "pixels from no buffer", VERIFY_BUFFER_UNBOUND,
	  { MAKE_WINDOW, { "glTexSubImage1D.buf", { 0x0DE0, 0, 0, 1, 0x1908, 0x1401, 0, 0, 0, 0 } },
	    { 0 } } },
	{ "pixels while a buffer is bound", VERIFY_BUFFER_BOUND,
	  { MAKE_WINDOW, { "glBindBuffer", { 0x88EC, 1 } },
	    { "glTexSubImage1D", { 0x0DE0, 0, 0, 1, 0x1908, 0x1401, PAY_VERTICES, 0 } }, { 0 } } },
	{ "jump", VERIFY_OK, { { "jump", { 1 } }, { "yield", { 0 } }, { "yield", { 0 } }, { 0 } } },
	{ "jump to the end", VERIFY_OK, { { "jump", { 1 } }, { "yield", { 0 } }, { 0 } } },
	{ "jump past the end", VERIFY_JUMP_PAST_END,
	  { { "jump", { 2 } }, { "yield", { 0 } }, { 0 } } },
	{ "jump far past the end", VERIFY_JUMP_PAST_END, { { "jump", { 0xffffffff } }, { 0 } } },
	{ "jump into a record", VERIFY_JUMP_INSIDE,
	  { { "jump", { 1 } }, { "mov", { 1, 0 } }, { 0 } } },
	{ "Begin on one way only", VERIFY_JOIN_STATE,
	  { MAKE_WINDOW, { "jump.eq.i", { 1, 2, 2 } }, { "glBegin", { 4 } }, { "glEnd", { 0 } }, { 0 } } },
	{ "call of nothing", VERIFY_CALL_UNKNOWN, { { "call", { 99, 0, 0 } }, { 0 } } },
	{ "call of itself", VERIFY_CALL_CYCLE, { { "call", { 0, 0, 0 } }, { 0 } } },
	{ "call too deep", VERIFY_CALL_DEPTH, { { "call", { 20, 0, 0 } }, { 0 } } },
	{ "call that is too much", VERIFY_CALL_TOO_LONG, { { "call", { 40, 0, 0 } }, { 0 } } },
	{ "register window", VERIFY_OK, { { "call", { 27, 0, 32 } }, { 0 } } },
	{ "register window too wide", VERIFY_WINDOW_RANGE, { { "call", { 27, 1, 32 } }, { 0 } } },
	{ "GL in an input procedure", VERIFY_CALLBACK_RULE,
	  { { "glFlush", { 0 } }, { 0 } }, SP_INPUT },
	{ "swap in an update procedure", VERIFY_CALLBACK_RULE,
	  { { "blinkSwap", { 1 } }, { 0 } }, SP_UPDATE },
	{ "client state between Begin and End", VERIFY_BEGIN_END,
	  { MAKE_WINDOW, { "glBegin", { 4 } }, { "glEnableClientState", { 0x8074 } }, { 0 } } },
	{ "client state between Begin and End of a list that runs", VERIFY_BEGIN_END,
	  { MAKE_WINDOW, { "glNewList", { 1, 0x1301 } }, { "glBegin", { 4 } },
	    { "glEnableClientState", { 0x8074 } }, { 0 } } },
	{ "buffer made anew while it is bound", VERIFY_ARRAY_UNKNOWN,
	  { MAKE_WINDOW, { "glBindBuffer", { BUF_ARRAY, 1 } }, { "glGenBuffers", { 1, PAY_NAMES, 0 } },
	    { "glVertexPointer.buf", { 3, FLOAT, 0, 0, 0 } },
	    { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 1 } }, { 0 } } },
	{ "buffer of another share group deleted", VERIFY_NAME_CONTEXT,
	  { MAKE_WINDOW, { "glBindBuffer", { BUF_ARRAY, 1 } }, { "blinkContext", { 2, 0, 0, 0 } },
	    { "blinkMakeCurrent", { 2, 1, 1 } }, { "glDeleteBuffers", { 1, PAY_NAMES, 0 } },
	    { 0 } } },
	{ "payload that is none, but an offset", VERIFY_PAYLOAD_RANGE,
	  { MAKE_WINDOW, { "glTexImage2D", { 0x0DE1, 0, 4, 1, 1, 0, 0x1908, 0x1401, 0, 64 } }, { 0 } } },
	{ "vertex array object made anew while it is bound", VERIFY_NAME_IN_USE,
	  { MAKE_WINDOW, { "glBindVertexArray", { 1 } }, { "glGenVertexArrays", { 1, PAY_NAMES, 0 } },
	    { 0 } } },
	{ "client state in a list, by Enable", VERIFY_LIST_STATE,
	  { MAKE_WINDOW, { "glNewList", { 1, 0x1300 } }, { "glEnable", { 0x8074 } }, { 0 } } },
	{ "list that leaves Begin open", VERIFY_LIST_BALANCE,
	  { MAKE_WINDOW, { "glNewList", { 1, 0x1300 } }, { "glBegin", { 4 } }, { "glEndList", { 0 } },
	    { 0 } } },
	{ "context destroyed while it is current", VERIFY_CONTEXT_CURRENT,
	  { MAKE_WINDOW, { "blinkContextDestroy", { 1 } }, { 0 } } },
	{ "context that is not current destroyed", VERIFY_OK,
	  { MAKE_WINDOW, { "blinkMakeCurrent", { 0, 0, 0 } }, { "blinkContextDestroy", { 1 } }, { 0 } } },
	{ "context of OpenGL ES", VERIFY_CONTEXT_KIND, { { "blinkContext", { 1, 0, 11, 4 } }, { 0 } } },
	{ "buffer of an extension's", VERIFY_BUFFER_TARGET,
	  { MAKE_WINDOW, { "glBindBuffer", { 0x9160, 1 } }, { 0 } } },
	{ "array object bound by an extension", VERIFY_EXTENSION,
	  { MAKE_WINDOW, { "glBindVertexArrayAPPLE", { 3 } }, { 0 } } },
	{ "list begun in a list", VERIFY_LIST_NESTED,
	  { MAKE_WINDOW, { "glNewList", { 1, 0x1300 } }, { "glNewList", { 2, 0x1300 } }, { 0 } } },
	{ "list that calls what is not there, and draws", VERIFY_LIST_CALLS,
	  { MAKE_WINDOW, { "glNewList", { 1, 0x1300 } }, { "glCallList", { 2 } }, { "glBegin", { 4 } },
	    { "glEnd", { 0 } }, { "glEndList", { 0 } }, { 0 } } },
	{ "list of what is in a buffer", VERIFY_LIST_BUFFER,
	  { MAKE_WINDOW, { "glBindBuffer", { 0x8893, 1 } }, { "glNewList", { 1, 0x1300 } },
	    { "glDrawElements.buf", { 0, 1, 0x1401, 0, 0 } }, { 0 } } },
	{ "start and length that wrap", VERIFY_RANGE_WRAPS,
	  { MAKE_WINDOW, { "glBufferSubData", { 0x8892, 0xfffffffc, 0x7fffffff, 8, 0, PAY_VERTICES, 0 } },
	    { 0 } } },
	{ "parameter of a program that is beyond all", VERIFY_PARAMETER_RANGE,
	  { MAKE_WINDOW, { "glProgramEnvParameter4fARB", { 0x8620, 0xffffffff } }, { 0 } } },
	{ "bits that are no colour indices", VERIFY_PIXEL_TYPE,
	  { MAKE_WINDOW, { "glDrawPixels", { 8, 1, 0x1901, 0x1A00, PAY_VERTICES, 0 } }, { 0 } } },
	{ "texture unit out of range", VERIFY_ARRAY_RANGE,
	  { MAKE_WINDOW, { "glClientActiveTexture", { 0x84C0 + 8 } }, { 0 } } },
	{ "draw within arrays", VERIFY_OK,
	  { MAKE_WINDOW, VERTICES, { "glDrawArrays", { 4, 0, 4 } }, { "glDrawArrays", { 4, 3, 1 } },
	    { 0 } } },
	{ "draw beyond arrays", VERIFY_ARRAY_SHORT,
	  { MAKE_WINDOW, VERTICES, { "glDrawArrays", { 4, 0, 5 } }, { 0 } } },
	{ "draw beyond arrays by its start", VERIFY_ARRAY_SHORT,
	  { MAKE_WINDOW, VERTICES, { "glDrawArrays", { 4, 0x7fffffff, 1 } }, { 0 } } },
	{ "draw before arrays", VERIFY_DRAW_RANGE,
	  { MAKE_WINDOW, VERTICES, { "glDrawArrays", { 4, 0xffffffff, 2 } }, { 0 } } },
	{ "draw of a disabled short array", VERIFY_OK,
	  { MAKE_WINDOW, { "glColorPointer", { 4, FLOAT, 0, PAY_TWO, 0 } }, VERTICES,
	    { "glDrawArrays", { 4, 0, 4 } }, { 0 } } },
	{ "draw of a second array that is short", VERIFY_ARRAY_SHORT,
	  { MAKE_WINDOW, { "glColorPointer", { 3, FLOAT, 0, PAY_TWO, 0 } },
	    { "glEnableClientState", { 0x8076 } }, VERTICES, { "glDrawArrays", { 4, 0, 4 } },
	    { 0 } } },
	{ "draw of an array never set", VERIFY_ARRAY_UNKNOWN,
	  { MAKE_WINDOW, { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 1 } }, { 0 } } },
	{ "draw of an array with a format that GL refuses", VERIFY_ARRAY_UNKNOWN,
	  { MAKE_WINDOW, VERTICES, { "glVertexPointer", { 5, FLOAT, 0, PAY_VERTICES, 0 } },
	    { "glDrawArrays", { 4, 0, 1 } }, { 0 } } },
	{ "array at an address", VERIFY_ARRAY_UNKNOWN,
	  { MAKE_WINDOW, { "glVertexPointer.buf", { 3, FLOAT, 0, 0x1000, 0 } },
	    { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 1 } }, { 0 } } },
	{ "array in a buffer", VERIFY_OK,
	  { MAKE_WINDOW, { "glBindBuffer", { BUF_ARRAY, 1 } },
	    { "glVertexPointer.buf", { 3, FLOAT, 0, 0x1000, 0 } },
	    { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 1000 } }, { 0 } } },
	{ "array in a buffer that was deleted", VERIFY_ARRAY_UNKNOWN,
	  { MAKE_WINDOW, { "glBindBuffer", { BUF_ARRAY, 1 } },
	    { "glVertexPointer.buf", { 3, FLOAT, 0, 0x1000, 0 } },
	    { "glDeleteBuffers", { 1, PAY_NAMES, 0 } }, { "glEnableClientState", { 0x8074 } },
	    { "glDrawArrays", { 4, 0, 1 } }, { 0 } } },
	{ "array from a payload while a buffer is bound", VERIFY_BUFFER_BOUND,
	  { MAKE_WINDOW, { "glBindBuffer", { BUF_ARRAY, 1 } },
	    { "glVertexPointer", { 3, FLOAT, 0, PAY_VERTICES, 0 } }, { 0 } } },
	{ "stride", VERIFY_ARRAY_SHORT,
	  { MAKE_WINDOW, { "glVertexPointer", { 3, FLOAT, 24, PAY_VERTICES, 0 } },
	    { "glEnableClientState", { 0x8074 } }, { "glDrawArrays", { 4, 0, 3 } }, { 0 } } },
	{ "indices", VERIFY_OK,
	  { MAKE_WINDOW, VERTICES, { "glDrawElements", { 4, 4, USHORT, PAY_INDICES, 0 } }, { 0 } } },
	{ "index beyond arrays", VERIFY_INDEX_RANGE,
	  { MAKE_WINDOW, VERTICES, { "glDrawElements", { 4, 4, USHORT, PAY_INDICES_BAD, 0 } }, { 0 } } },
	{ "index beyond arrays that is not drawn", VERIFY_OK,
	  { MAKE_WINDOW, VERTICES, { "glDrawElements", { 4, 3, USHORT, PAY_INDICES_BAD, 0 } }, { 0 } } },
	{ "indices short", VERIFY_PAYLOAD_SHORT,
	  { MAKE_WINDOW, VERTICES, { "glDrawElements", { 4, 5, USHORT, PAY_INDICES, 0 } }, { 0 } } },
	{ "stated range beyond arrays", VERIFY_INDEX_RANGE,
	  { MAKE_WINDOW, VERTICES, { "glDrawRangeElements", { 4, 0, 4, 4, USHORT, PAY_INDICES, 0 } },
	    { 0 } } },
	{ "stated range reversed", VERIFY_DRAW_RANGE,
	  { MAKE_WINDOW, VERTICES, { "glDrawRangeElements", { 4, 3, 0, 4, USHORT, PAY_INDICES, 0 } },
	    { 0 } } },
	{ "base vertex below", VERIFY_INDEX_RANGE,
	  { MAKE_WINDOW, VERTICES,
	    { "glDrawElementsBaseVertex", { 4, 4, USHORT, PAY_INDICES, 0, 0xffffffff } }, { 0 } } },
	{ "base vertex beyond", VERIFY_INDEX_RANGE,
	  { MAKE_WINDOW, VERTICES,
	    { "glDrawElementsBaseVertex", { 4, 4, USHORT, PAY_INDICES, 0, 1 } }, { 0 } } },
	{ "restart index", VERIFY_OK,
	  { MAKE_WINDOW, VERTICES, { "glEnable", { 0x8F9D } }, { "glPrimitiveRestartIndex", { 0xffff } },
	    { "glDrawElements", { 4, 4, USHORT, PAY_RESTART, 0 } }, { 0 } } },
	{ "restart enabled between Begin and End", VERIFY_INDEX_RANGE,
	  { MAKE_WINDOW, VERTICES, { "glPrimitiveRestartIndex", { 0xffff } }, { "glBegin", { 4 } },
	    { "glEnable", { 0x8F9D } }, { "glEnd", { 0 } },
	    { "glDrawElements", { 4, 4, USHORT, PAY_RESTART, 0 } }, { 0 } } },
	{ "restart index between Begin and End", VERIFY_INDEX_RANGE,
	  { MAKE_WINDOW, VERTICES, { "glEnable", { 0x8F9D } }, { "glBegin", { 4 } },
	    { "glPrimitiveRestartIndex", { 0xffff } }, { "glEnd", { 0 } },
	    { "glDrawElements", { 4, 4, USHORT, PAY_RESTART, 0 } }, { 0 } } },
	{ "indices replaced by an upload that GL refuses", VERIFY_INDEX_UNKNOWN,
	  { MAKE_WINDOW, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
	    { "glBufferData", { BUF_ELEMENT, 8, 0, PAY_INDICES_BAD, 0, 0x88E4 } },
	    { "glBufferData", { BUF_ELEMENT, 8, 0, PAY_INDICES, 0, 0x1234 } },
	    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } }, { 0 } } },
	{ "indices uploaded between Begin and End", VERIFY_INDEX_UNKNOWN,
	  { MAKE_WINDOW, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
	    { "glBufferData", { BUF_ELEMENT, 8, 0, 0, 0, 0x88E4 } }, { "glBegin", { 4 } },
	    { "glBufferSubData", { BUF_ELEMENT, 0, 0, 8, 0, PAY_INDICES, 0 } }, { "glEnd", { 0 } },
	    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } }, { 0 } } },
	{ "fixed restart, which needs GL 4.3", VERIFY_INDEX_RANGE,
	  { MAKE_WINDOW, VERTICES, { "glEnable", { 0x8D69 } },
	    { "glDrawElements", { 4, 4, USHORT, PAY_RESTART, 0 } }, { 0 } } },
	{ "restart index without restart", VERIFY_INDEX_RANGE,
	  { MAKE_WINDOW, VERTICES, { "glDrawElements", { 4, 4, USHORT, PAY_RESTART, 0 } }, { 0 } } },
	{ "indices at an address", VERIFY_BUFFER_UNBOUND,
	  { MAKE_WINDOW, VERTICES, { "glDrawElements.buf", { 4, 4, USHORT, 0x1000, 0 } }, { 0 } } },
	{ "indices in a buffer that holds nothing", VERIFY_INDEX_UNKNOWN,
	  { MAKE_WINDOW, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
	    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } }, { 0 } } },
	{ "indices in a buffer", VERIFY_OK,
	  { MAKE_WINDOW, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
	    { "glBufferData", { BUF_ELEMENT, 8, 0, PAY_INDICES, 0, 0x88E4 } },
	    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } }, { 0 } } },
	{ "indices in a buffer beyond arrays", VERIFY_INDEX_RANGE,
	  { MAKE_WINDOW, VERTICES, { "glBindBuffer", { BUF_ELEMENT, 1 } },
	    { "glBufferData", { BUF_ELEMENT, 8, 0, PAY_INDICES_BAD, 0, 0x88E4 } },
	    { "glDrawElements.buf", { 4, 4, USHORT, 0, 0 } }, { 0 } } },
	{ "instanced array", VERIFY_OK,
	  { MAKE_WINDOW, { "glVertexAttribPointer", { 1, 3, FLOAT, 0, 0, PAY_TWO, 0 } },
	    { "glEnableVertexAttribArray", { 1 } }, { "glVertexAttribDivisor", { 1, 2 } },
	    { "glDrawArraysInstanced", { 4, 0, 9, 4 } }, { 0 } } },
	{ "instanced array short", VERIFY_ARRAY_SHORT,
	  { MAKE_WINDOW, { "glVertexAttribPointer", { 1, 3, FLOAT, 0, 0, PAY_TWO, 0 } },
	    { "glEnableVertexAttribArray", { 1 } }, { "glVertexAttribDivisor", { 1, 2 } },
	    { "glDrawArraysInstanced", { 4, 0, 9, 5 } }, { 0 } } },
	{ "locked range beyond arrays", VERIFY_ARRAY_SHORT,
	  { MAKE_WINDOW, VERTICES, { "glLockArraysEXT", { 0, 5 } }, { "glDrawArrays", { 4, 0, 1 } },
	    { 0 } } },
	{ "pushed and popped arrays", VERIFY_ARRAY_UNKNOWN,
	  { MAKE_WINDOW, { "glEnableClientState", { 0x8074 } }, { "glPushClientAttrib", { 2 } },
	    { "glVertexPointer", { 3, FLOAT, 0, PAY_VERTICES, 0 } },
	    { "glDrawArrays", { 4, 0, 4 } }, { "glPopClientAttrib", { 0 } },
	    { "glDrawArrays", { 4, 0, 4 } }, { 0 } } },
	{ "arrays that differ where ways meet", VERIFY_ARRAY_SHORT,
	  { MAKE_WINDOW, VERTICES, { "jump.eq.i", { 1, 2, 6 } },
	    { "glVertexPointer", { 3, FLOAT, 0, PAY_TWO, 0 } },
	    { "glDrawArrays", { 4, 0, 3 } }, { 0 } } },
	{ "arrays that fit on both ways", VERIFY_OK,
	  { MAKE_WINDOW, VERTICES, { "jump.eq.i", { 1, 2, 6 } },
	    { "glVertexPointer", { 3, FLOAT, 0, PAY_TWO, 0 } },
	    { "glDrawArrays", { 4, 0, 2 } }, { 0 } } },
	{ "array enabled on one way only", VERIFY_ARRAY_UNKNOWN,
	  { MAKE_WINDOW, { "jump.eq.i", { 1, 2, 2 } }, { "glEnableClientState", { 0x8074 } },
	    { "glDrawArrays", { 4, 0, 1 } }, { 0 } } },
};

/* ---- callees --------------------------------------------------------------- */

/* SP 20 calls 28, which calls 29, and so on: too deep.  27 does nothing.  40 to 45
 * call the next three times over, which expands to more than may be executed. */
static const struct sp *callee(void *user, uint32_t id)
{
	static uint32_t code[64][16];
	static struct sp sps[64];
	struct record r[4] = { { "call", { id == 20 ? 28 : id + 1 } }, { 0 } };

	(void)user;
	if (id < 20 || id >= 64)
		return NULL;
	if (id == 27 || id == 46)
		r[0].op = NULL;
	if (id >= 40 && id < 46)
		r[1] = r[2] = r[0];
	sps[id].id = id;
	sps[id].nwords = case_code(r, code[id], 16);
	sps[id].code = code[id];
	return &sps[id];
}

/* ---- tests ------------------------------------------------------------------- */

static enum verify_reason verdict_of(struct verify_state *s, const struct verify_env *env,
				     const uint32_t *code, uint32_t n, unsigned callback)
{
	struct sp sp = { .code = code, .nwords = n, .callback = (uint8_t)callback };
	struct verify_verdict v;
	int r = verify_sp(s, env, &sp, &v);

	assert_true(r == (v.reason == VERIFY_OK ? 0 : -13));
	return v.reason;
}

static enum verify_reason verdict(const struct record *r, unsigned callback, bool trusted)
{
	struct verify_state *s = verify_state_create();
	struct verify_env env;
	enum verify_reason reason;
	uint32_t code[256], n = case_code(r, code, 256);

	assert_non_null(s);
	assert_int_not_equal(n, 0);
	case_env(&env);
	env.callee = callee;
	env.limits.allow_opaque = env.limits.allow_sensitive = trusted;
	reason = verdict_of(s, &env, code, n, callback);
	verify_state_destroy(s);
	return reason;
}

static bool seen[VERIFY_REASONS];

static void test_cases(void **state)
{
	struct verify_env env;

	(void)state;
	case_env(&env);
	env.callee = callee;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		seen[cases[i].reason] = true;
	assert_int_equal(cases_look(cases, sizeof(cases) / sizeof(*cases), &env), 0);
}

static void expect_words(const uint32_t *code, uint32_t n, enum verify_reason reason)
{
	struct verify_state *s = verify_state_create();
	struct verify_env env;

	case_env(&env);
	assert_int_equal(verdict_of(s, &env, code, n, SP_INIT), reason);
	seen[reason] = true;
	verify_state_destroy(s);
}

static void test_words(void **state)
{
	static uint32_t many[CASE_WORDS + 1];
	const uint32_t end = sp_header(OP_end, 0), mov = sp_header(OP_mov, 0);

	(void)state;
	expect_words(&end, 1, VERIFY_OK);
	expect_words((const uint32_t[]){ GL_OP_COUNT, end }, 2, VERIFY_UNKNOWN_OP);
	expect_words((const uint32_t[]){ mov, 1 }, 2, VERIFY_TRUNCATED);
	expect_words((const uint32_t[]){ mov, 1, 1 }, 3, VERIFY_NO_END);
	expect_words(&end, 0, VERIFY_NO_END);
	expect_words((const uint32_t[]){ end, end }, 2, VERIFY_CODE_AFTER_END);
	for (uint32_t i = 0; i <= CASE_WORDS; i++)
		many[i] = sp_header(OP_yield, 0);
	expect_words(many, CASE_WORDS + 1, VERIFY_TOO_LONG);
}

/* What commands look at beside their words: refused is the one after that with which it is too
 * much; and every procedure begins anew. */
static void test_work(void **state)
{
	const struct record names = { "glDeleteBuffers", { 1, PAY_NAMES, 0 } };
	const struct record make[] = { MAKE, { 0 } };
	const struct record few[] = { names, { 0 } }, many[] = { names, names, { 0 } };
	struct verify_state *s = verify_state_create();
	struct verify_env env;

	(void)state;
	case_env(&env);
	env.limits.work = VERIFY_WORK_NAME + VERIFY_WORK_BUFFER;
	assert_int_equal(case_verdict(s, &env, make, SP_INIT, NULL), VERIFY_OK);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(case_verdict(s, &env, few, SP_REDRAW, NULL), VERIFY_OK);
		assert_int_equal(case_verdict(s, &env, many, SP_REDRAW, NULL), VERIFY_WORK);
	}
	/* (a procedure of 9 words: two records of three operands, and the end) */
	env.limits.work_word = (VERIFY_WORK_NAME + VERIFY_WORK_BUFFER) / 9 + 1;
	assert_int_equal(case_verdict(s, &env, many, SP_REDRAW, NULL), VERIFY_OK);
	env.limits.work = 0;
	assert_int_equal(case_verdict(s, &env, many, SP_REDRAW, NULL), VERIFY_OK);
	verify_state_destroy(s);
	seen[VERIFY_WORK] = true;
}

/* What only a trusted client may do: every op whose row says so, with operands of 0.
 * The check comes before that of operands.  Where no row says so, nothing is left to
 * refuse, and that is said. */
static void test_trust(void **state)
{
	unsigned opaque = 0, sensitive = 0;

	(void)state;
	for (unsigned i = 0; i < GL_OP_COUNT; i++) {
		const struct gl_command *c;
		struct record r[2] = { { gl_ops[i].name }, { 0 } };

		if (gl_ops[i].command == GL_OP_NO_COMMAND)
			continue;
		c = &gl_commands[gl_ops[i].command];
		if (c->replay == GL_REPLAY_REFUSE)
			continue;
		if (c->opaque)
			assert_int_equal(verdict(r, SP_REDRAW, false), VERIFY_OPAQUE);
		else if (c->klass != GL_CLASS_INNOCUOUS && !c->mediation)
			assert_int_equal(verdict(r, SP_REDRAW, false), VERIFY_SENSITIVE);
		opaque += c->opaque;
		sensitive += !c->opaque && c->klass != GL_CLASS_INNOCUOUS && !c->mediation;
	}
	print_message("ops for trusted clients: %u opaque, %u without mediation\n", opaque,
		      sensitive);
	seen[VERIFY_OPAQUE] = seen[VERIFY_SENSITIVE] = true;
}

static void verify_in(struct verify_state *s, const struct record *r, enum verify_reason reason)
{
	struct verify_env env;
	uint32_t code[256], n = case_code(r, code, 256);

	case_env(&env);
	assert_int_equal(verdict_of(s, &env, code, n, SP_INIT), reason);
	seen[reason] = true;
}

/* State flows from one SP to the next, and not from a refused one. */
static void test_flow(void **state)
{
	struct verify_state *s = verify_state_create();

	(void)state;
	verify_in(s, (struct record[]){ MAKE_WINDOW, VERTICES, { "glDrawArrays", { 4, 0, 4 } }, { 0 } },
		  VERIFY_OK);
	/* the payloads of an earlier SP may be gone */
	verify_in(s, (struct record[]){ { "glDrawArrays", { 4, 0, 4 } }, { 0 } },
		  VERIFY_ARRAY_STALE);
	/* refused: the array stays enabled */
	verify_in(s, (struct record[]){ { "glDisableClientState", { 0x8074 } },
		  { "glLoadMatrixf", { 0, 0 } }, { 0 } }, VERIFY_PAYLOAD_NULL);
	verify_in(s, (struct record[]){ { "glDrawArrays", { 4, 0, 4 } }, { 0 } },
		  VERIFY_ARRAY_STALE);
	verify_in(s, (struct record[]){ { "glDisableClientState", { 0x8074 } }, { 0 } }, VERIFY_OK);
	verify_in(s, (struct record[]){ { "glDrawArrays", { 4, 0, 4 } }, { 0 } }, VERIFY_OK);
	verify_state_destroy(s);
}

static void test_stack_depth(void **state)
{
	struct record r[24] = { MAKE_WINDOW };
	unsigned n = 3;

	(void)state;
	for (; n < 20; n++)
		r[n] = (struct record){ "glPushClientAttrib", { 2 }, 0 };
	assert_int_equal(verdict(r, SP_INIT, true), VERIFY_STACK_DEPTH);
	r[19].op = NULL;
	assert_int_equal(verdict(r, SP_INIT, true), VERIFY_OK);
	seen[VERIFY_STACK_DEPTH] = true;
}

/* Reasons with conditions that the table's ops of today do not reach in one record. */
static void test_rare(void **state)
{
	struct record layout[] = { MAKE_WINDOW, { "glBindBuffer", { 0x88EC, 1 } },
		{ "glTexSubImage1D.buf", { 0x0DE0, 0, 0, 1, 0x1908, 0x1401, 0, 0, 0, 0 }, 0 },
		{ 0 } };
	uint32_t code[64], n = case_code(layout, code, 64);
	unsigned unknown = gl_op_find("glDrawTransformFeedback");

	(void)state;
	code[n - 2] = 3;                        /* flags: alignment 3 */
	expect_words(code, n, VERIFY_UNPACK_LAYOUT);
	if (unknown != GL_OP_COUNT)             /* there is a draw of unknown extent */
		assert_int_equal(verdict((struct record[]){ MAKE_WINDOW, VERTICES,
				 { "glDrawTransformFeedback", { 4, 1 } }, { 0 } }, SP_INIT, true),
				 VERIFY_DRAW_UNKNOWN);
	seen[VERIFY_DRAW_UNKNOWN] = true;
}

/* What one's own files may do, and strangers may not. */
static void test_strangers(void **state)
{
	static const struct { enum verify_reason reason; struct record r[8]; } v[] = {
		{ VERIFY_QUERY_USED, { MAKE_WINDOW, { "glBeginConditionalRender", { 1, 0x8E13 } },
		  { "glDeleteQueries", { 1, PAY_NAMES, 0 } }, { 0 } } },
		{ VERIFY_MIPMAPS, { MAKE_WINDOW, { "glTexParameteri", { 0x8513, 0x8191, 1 } }, { 0 } } },
		{ VERIFY_STAGE, { MAKE_WINDOW, { "glCreateShader", { 0x8E88, 1 } }, { 0 } } },
		{ VERIFY_RASTER_BLOCKS, { MAKE_WINDOW, { "glRasterPos2f", { 0 } },
		  { "glCreateShader", { 0x8B31, 1 } }, { "glShaderSource", { 1, 12, PAY_MODERN, 0 } },
		  { 0 } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct verify_state *s = verify_state_create();
		struct verify_env env;

		case_env(&env);
		assert_int_equal(case_verdict(s, &env, v[i].r, SP_INIT, NULL), VERIFY_OK);
		verify_state_destroy(s);
		s = verify_state_create();
		env.limits.allow_opaque = false;
		assert_int_equal(case_verdict(s, &env, v[i].r, SP_INIT, NULL), v[i].reason);
		verify_state_destroy(s);
		seen[v[i].reason] = true;
	}
}

static void test_every_reason(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VERIFY_REASONS; i++)
		if (!seen[i])
			fail_msg("no case for %s", verify_reason_name((enum verify_reason)i));
}

static struct verify_facts facts_of(const struct record *r)
{
	struct verify_state *s = verify_state_create();
	struct verify_env env;
	uint32_t code[256];
	struct sp sp = { .code = code, .nwords = case_code(r, code, 256), .callback = SP_INIT };
	struct verify_verdict v;

	case_env(&env);
	env.want_rerunnable = true;
	assert_int_equal(verify_sp(s, &env, &sp, &v), 0);
	verify_state_destroy(s);
	return v.facts;
}

static void test_facts(void **state)
{
	struct verify_facts f = facts_of((struct record[]){ MAKE_WINDOW, { "glClear", { 0x4100 } },
		{ "glEnable", { 0x0B71 } }, { "glBegin", { 4 } }, { "glVertex2f", { 0, 0 } },
		{ "glEnd", { 0 } }, { "glClear", { 0x400 } }, { 0 } });

	(void)state;
	assert_true(f.clears_color && f.clears_depth && !f.clears_stencil);
	assert_true(f.draws && f.uses_depth && !f.uses_blend && !f.uses_stencil);
	assert_false(f.reads_framebuffer);
	assert_int_equal(f.contexts, 1);
	assert_int_equal(f.vertices, 1);
	assert_int_equal(f.commands, 10);
	f = facts_of((struct record[]){ MAKE_WINDOW, { "glEnable", { 0x0C11 } },
		{ "glClear", { 0x4100 } }, { "glCopyPixels", { 0, 0, 1, 1, 0x1800 } }, { 0 } });
	assert_true(!f.clears_color && f.reads_framebuffer);
	/* a list counts when it is called, by what it holds */
	f = facts_of((struct record[]){ MAKE_WINDOW, { "glNewList", { 1, 0x1300 } }, { "glBegin", { 4 } },
		{ "glVertex2f", { 0, 0 } }, { "glVertex2f", { 0, 0 } }, { "glEnd", { 0 } },
		{ "glEndList", { 0 } }, { "glCallList", { 1 } }, { "glCallList", { 1 } }, { 0 } });
	assert_int_equal(f.vertices, 6);
	assert_true(f.draws && !f.reads_framebuffer && !f.uses_depth);
	f = facts_of((struct record[]){ MAKE_WINDOW, { "glCallList", { 2 } }, { 0 } });
	assert_true(f.reads_framebuffer && f.uses_depth);
	assert_int_equal(f.unknown_lists, 1);
}

/* What a compositor asks: is it opaque, and may it be drawn where it is shown? */
static void test_composable(void **state)
{
	static const struct { bool direct; unsigned relative; struct record r[8]; } v[] = {
		{ true, 0, { { "glClear", { 0x4100 } }, { "glEnable", { 0x0B71 } },
			     { "glDrawArrays", { 4, 0, 3 } } } },
		/* depth is used and not cleared */
		{ false, 0, { { "glClear", { 0x4000 } }, { "glEnable", { 0x0B71 } },
			      { "glDrawArrays", { 4, 0, 3 } } } },
		/* what was there shines through */
		{ false, 0, { { "glDrawArrays", { 4, 0, 3 } }, { "glClear", { 0x4000 } } } },
		{ false, 0, { { "glEnable", { 0x0C11 } }, { "glClear", { 0x4000 } } } },
		{ false, 0, { { "glBindFramebuffer", { 0x8D40, 1 } }, { "glClear", { 0x4000 } } } },
		{ false, 0, { { "glClear", { 0xffffffff } } } },
		{ false, 0, { { "glDrawBuffer", { 0 } }, { "glClear", { 0x4000 } } } },
		/* where on the window it is, shows */
		{ false, VERIFY_RELATIVE_STIPPLE, { { "glClear", { 0x4000 } }, { "glEnable", { 0x0B42 } },
			{ "glDrawArrays", { 4, 0, 3 } } } },
		{ false, VERIFY_RELATIVE_SHADER, { { "glClear", { 0x4000 } }, { "glUseProgram", { 1 } },
			{ "glDrawArrays", { 4, 0, 3 } } } },
		{ true, 0, { { "glUseProgram", { 1 } }, { "glUseProgram", { 0 } },
			{ "glClear", { 0x4000 } }, { "glDrawArrays", { 4, 0, 3 } } } },
		{ false, VERIFY_RELATIVE_RASTER, { { "glClear", { 0x4000 } },
			{ "glWindowPos2i", { 1, 1 } } } },
		{ false, VERIFY_RELATIVE_RASTER, { { "glClear", { 0x4000 } },
			{ "glBitmap", { 1, 1, 0, 0, 0, 0, 0, 0 } } } },
		{ false, VERIFY_RELATIVE_ACCUM, { { "glClear", { 0x4000 } },
			{ "glAccum", { 0x0103, 0 } } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct record r[16] = { MAKE_WINDOW };
		struct verify_facts f;

		memcpy(r + 3, v[i].r, sizeof(v[i].r));
		f = facts_of(r);
		if (verify_facts_direct(&f) != v[i].direct || f.relative != v[i].relative)
			fail_msg("procedure %zu: direct %d, relative %#x", i, verify_facts_direct(&f),
				 (unsigned)f.relative);
	}
}

/* Registers that feed what confines a client are told; so are the names mentioned. */
static void test_clamps_and_names(void **state)
{
	const struct record r[] = { MAKE_WINDOW, { "glBindTexture", { 0x0DE1, 7 } },
		{ "glGenTextures", { 1, PAY_NAMES, 0 } }, { "glBindBuffer", { BUF_ARRAY, 3 } }, { 0 } };
	uint32_t code[64], max[GL_SPACE_COUNT];
	struct sp sp = { .code = code, .nwords = case_code(r, code, 64) };
	struct verify_facts f;

	(void)state;
	f = facts_of((struct record[]){ MAKE_WINDOW, { "glScissor", { 1, 2, 3, 4 }, 15 }, { 0 } });
	assert_true(f.clamps);
	f = facts_of((struct record[]){ MAKE_WINDOW, { "glScissor", { 1, 2, 3, 4 } },
		{ "glColor3f", { 1, 2, 3 }, 7 }, { 0 } });
	assert_false(f.clamps);
	verify_names_used(&sp, &case_payloads, max);
	assert_int_equal(max[GL_SPACE_TEXTURE], 7);
	assert_int_equal(max[GL_SPACE_BUFFER], 3);
	assert_int_equal(max[GL_SPACE_CONTEXT], 1);
	assert_int_equal(max[GL_SPACE_LIST], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_words), cmocka_unit_test(test_work),
		cmocka_unit_test(test_trust), cmocka_unit_test(test_flow),
		cmocka_unit_test(test_stack_depth), cmocka_unit_test(test_rare),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_every_reason), cmocka_unit_test(test_facts),
		cmocka_unit_test(test_composable), cmocka_unit_test(test_clamps_and_names),
	};

	return cmocka_run_group_tests_name("verifier", tests, NULL, NULL);
}
