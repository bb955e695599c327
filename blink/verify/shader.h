/* shader.h - is this shader's source fit to be handed to the driver?
 *
 * A shader is a second program, in a language that the driver's compiler reads with all
 * its rights.  So it is looked at twice before:
 *
 *   shader_check   the text: its size, how deep it nests, how many loops, macros and
 *                  array elements it has, what its macros expand to, no #include; nothing that
 *                  drivers do not survive later
 *   the judge      compiled, linked and made ready to draw in a process that is thrown
 *                  away, under limits of CPU time, wall time and memory; refused when
 *                  that process crashes or exceeds them
 *
 * Verdicts are kept by the source's hash.  That a source does not compile is no reason to
 * refuse it: GL says so to the client.  How long a shader runs is bounded elsewhere, at
 * run time (robust context, watchdog), and not verified.
 *
 * Several threads may ask one judge; create and destroy are one's.
 */
#ifndef BLINK_VERIFY_SHADER_H
#define BLINK_VERIFY_SHADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blink/base/error.h"

enum shader_reason {
	SHADER_OK,
	SHADER_TOO_LONG, SHADER_BYTES, SHADER_NESTING, SHADER_EXPRESSION, SHADER_LOOPS,
	SHADER_ARRAYS, SHADER_MACROS, SHADER_INCLUDE, SHADER_OPEN, SHADER_INTERPOLATION,
	SHADER_CRASH, SHADER_TIME, SHADER_MEMORY, SHADER_UNTRIED,
	SHADER_REASONS
};
const char *shader_reason_name(enum shader_reason r);       /* "nesting" */
const char *shader_reason_sentence(enum shader_reason r);

struct shader_limits {
	uint32_t bytes;                 /* of the source */
	uint32_t nesting;               /* of brackets of all kinds */
	uint32_t expression;            /* tokens without ; { } between them */
	uint32_t loops, loop_nesting;
	uint32_t arrays;                /* elements of all arrays with literal sizes */
	uint32_t macros;                /* #defines */
	uint32_t expanded;              /* tokens when macros are expanded */
	uint32_t cpu_seconds, wall_ms;  /* of the trial */
	uint64_t memory;                /* of the trial, beyond what the driver needs itself */
};
/* Every shader of the recorded programs passes with room to spare. */
extern const struct shader_limits shader_limits_default;

struct shader_verdict {
	enum shader_reason reason;
	uint32_t line;                  /* of the text, from 1; 0: of no line */
	int detail;                     /* CRASH: the signal, or 0 */
};

/* The text alone.  source need not end with a zero. */
enum shader_reason shader_check(const struct shader_limits *l, const char *source, size_t n,
				struct shader_verdict *v);

struct shader_judge;
struct shader_judge_stats { uint64_t asked, known, trials; };

/* Forks the process that trials are made from: to be called before this one uses GL or
 * makes threads.  -errno with err set. */
int shader_judge_create(struct shader_judge **j, const struct shader_limits *l,
			struct error *err);
void shader_judge_destroy(struct shader_judge *j);          /* NULL ok */
/* stage: GL_VERTEX_SHADER...; for the text of an ARB program its target.  The verdict is
 * known, or found.  SHADER_UNTRIED: the text passes, but there is no driver to try it on,
 * or the trying process is lost; a server refuses then, too. */
enum shader_reason shader_judge(struct shader_judge *j, uint32_t stage, const char *source,
				size_t n, struct shader_verdict *v);
/* The same ahead of time, without waiting: true when shader_judge would answer at once.
 * Else a trial is under way, of this or another source, or it is another's turn: ask again.
 * who: on whose behalf.  Those who ask again and again have one trial each, in turn. */
bool shader_judge_ahead(struct shader_judge *j, const void *who, uint32_t stage,
			const char *source, size_t n);
/* Without waiting (but for whoever is in shader_judge on another thread): what is known.  SHADER_UNTRIED: nothing yet. */
enum shader_reason shader_judge_known(struct shader_judge *j, uint32_t stage, const char *source,
				      size_t n, struct shader_verdict *v);
/* who asks no more. */
void shader_judge_forget(struct shader_judge *j, const void *who);
void shader_judge_stats(const struct shader_judge *j, struct shader_judge_stats *out);

#endif
