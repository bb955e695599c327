/* coverage.h - what the command table knows and what it does not, counted.
 *
 * named: a row of ours describes the command.  sized: every pointer it takes has a size
 * rule.  known: its effects are stated.  proved: tests against a driver agreed; only
 * those let a server trust a row.
 */
#ifndef BLINK_GL_COVERAGE_H
#define BLINK_GL_COVERAGE_H

#include "blink/base/buf.h"
#include "blink/gl/table.h"

enum gl_coverage_group {
	GL_COVERAGE_10, GL_COVERAGE_11, GL_COVERAGE_12, GL_COVERAGE_13, GL_COVERAGE_14,
	GL_COVERAGE_15, GL_COVERAGE_20, GL_COVERAGE_21, GL_COVERAGE_30, GL_COVERAGE_31,
	GL_COVERAGE_32, GL_COVERAGE_33,
	GL_COVERAGE_CORE,               /* the sum of those */
	GL_COVERAGE_LATER,              /* OpenGL 4.x and extensions */
	GL_COVERAGE_GLX, GL_COVERAGE_EGL,
	GL_COVERAGE_GROUPS
};

struct gl_coverage {
	const char *name;               /* "1.0", "1.0 to 3.3", "GLX" */
	unsigned total, named, sized, known, sizes_proved, effects_proved;
	unsigned replay[GL_REPLAY_REFUSE + 1];
};

void gl_coverage_count(struct gl_coverage rows[GL_COVERAGE_GROUPS]);

/* Every pointer parameter has a size rule, or reaches an instruction by another way. */
bool gl_command_sized(const struct gl_command *c);
/* Not of GL proper: glX and egl. */
bool gl_command_window_system(const struct gl_command *c);

/* Words of the enums, in lower case. */
const char *gl_kind_name(unsigned kind);
const char *gl_form_name(unsigned form);
const char *gl_class_name(unsigned klass);
const char *gl_answer_name(unsigned answer);
const char *gl_replay_name(unsigned replay);

/* The reference manual of instructions and commands, in Markdown: docs/ISA.md. */
void gl_isa_markdown(struct buf *out);

#endif
