/* prove.h - the rows of the command table held against the driver.
 *
 * For each command there are cases: a set-up, argument choices, and what to run after
 * the command so that its effect shows. Two questions are put to the driver:
 *
 *   sizes    The payload ends at an unreadable page. The command must run with the
 *            size that gl_param_size gives, and must fault when the page begins one
 *            byte earlier: the rule is neither too small nor too large.
 *   effects  GL's state is dumped with and without the command. Whatever differs
 *            must lie in a slot that the row writes; a row that writes must show a
 *            difference in some case, a row that does not, none.
 *
 * Every run happens in a forked child of a process whose context nobody has touched.
 */
#ifndef TESTS_PROVE_PROVE_H
#define TESTS_PROVE_PROVE_H

#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>
#include <stdbool.h>
#include <stdint.h>

#include "blink/gl/table.h"
#include "blink/log/state.h"

#define PROVE_PARAMS 20
#define PROVE_DRAWS 3                   /* argument sets per case */

/* One row of the generator table, tests/prove/cases.tbl, which says what they mean. */
struct prove_case {
	const char *commands;   /* names without gl, braces expand */
	const char *setup;      /* actions before the first dump */
	const char *args;
	const char *before;     /* actions between the set-up and the command */
	const char *after;      /* actions between the command and the second dump */
};
extern struct prove_case prove_cases[];
extern unsigned prove_case_count;
/* 0, or 1 with a word on stderr. Reads from the repository's root. */
int prove_cases_read(void);

/* A named piece of GL program. */
struct prove_action {
	const char *name;
	void (*run)(void);
	/* the commands whose effects show what the proved command left behind */
	const char *commands;
};
extern const struct prove_action prove_actions[];
extern const unsigned prove_action_count;
extern const struct prove_action prove_object_actions[];   /* prove_objects.c */
extern const unsigned prove_object_action_count;
const struct prove_action *prove_action_find(const char *name, size_t len);

/* of prove_arrays.c */
void prove_fetching(void);
void prove_enable_normal(void);
void prove_enable_color(void);
void prove_enable_secondary(void);
void prove_enable_fog(void);
void prove_enable_texcoord(void);
void prove_enable_generic(void);
void prove_pack_buffer(void);

extern float prove_pattern[];           /* pixels and vertices to start from */
void prove_pattern_fill(void);
void prove_triangle(void);
extern GLsync prove_sync;               /* given to commands that take a sync object */

/* ---- arguments ----------------------------------------------------------- */
struct prove_args {
	uint64_t v[PROVE_PARAMS];       /* as gl_invoke takes them, pointers unset */
	void *data[PROVE_PARAMS];       /* contents of pointer parameters */
	uint64_t size[PROVE_PARAMS];    /* and their size */
	bool given[PROVE_PARAMS];       /* size comes from the case, not from the rule */
	bool null[PROVE_PARAMS];
};
/* Draws one set. False (with why) if the case does not fit the command or the table
 * has no size for what it draws. Deterministic in seed. */
bool prove_args_draw(struct prove_args *a, const struct gl_command *cmd,
		     const struct prove_case *c, uint32_t seed, char *why, size_t size);
void prove_args_finish(struct prove_args *a);

/* ---- the driver ---------------------------------------------------------- */
/* Makes the context; 77 with a word on stderr where there is no driver, else 0. */
int prove_driver_open(void);
/* A forked worker's own memory for its children's reports; 0, or 77 as above. */
int prove_driver_share(void);

enum prove_end { PROVE_RAN, PROVE_FAULT_GUARD, PROVE_FAULT, PROVE_GL_ERROR, PROVE_BROKEN };

struct prove_run {
	const struct gl_command *cmd;   /* NULL: the control run, without it */
	const struct prove_case *c;
	const struct prove_args *args;
	int guarded;                    /* parameter whose last byte is behind the page, -1 none */
	bool dump;
};
/* Runs in a child. With dump, *out is filled (state_finish it). detail: GL error or
 * signal. */
enum prove_end prove_run_child(const struct prove_run *run, struct state_dump *out,
			       unsigned *detail);

/* In a child of one's own: the pieces of a run. */
void prove_actions_run(const char *names);
void prove_call(const struct prove_run *run);

/* ---- verdicts ------------------------------------------------------------ */
struct prove_result {
	unsigned cases, sets, sized;    /* tried; sets with a guarded payload */
	bool sizes, effects;            /* proved */
	bool changed;                   /* something differed */
	char why[400];                  /* the first thing that speaks against it */
};
void prove_command(const struct gl_command *cmd, struct prove_result *r);
/* Is the change covered by the command's row, or, with c->after, by what the commands
 * afterwards write? before is the control run's dump. */
bool prove_change_allowed(const struct gl_command *cmd, const struct prove_case *c,
			  const struct prove_args *args, const struct state_dump *control,
			  const struct state_entry *was, const struct state_entry *is);

/* Does a brace pattern list (as in cases) name this command? */
bool prove_names(const char *patterns, const char *command);

#endif
