/* gen.h - gengl: joins the Khronos registry and the rows of blink/gl/tables/ into
 * the command table (gl_ops.gen.h, gl_table.gen.c).
 *
 * Stages, one file each: registry.c (XML), rows.c (the row language), model.c (rows
 * applied to commands, instructions made), size.c (size expressions), effects.c
 * (slots), emit.c, emit_ops.c, emit_enum.c (C text).  A wrong row stops the build
 * with its file and line.  The program runs once per build and lets memory go.
 */
#ifndef BLINK_GL_GEN_GEN_H
#define BLINK_GL_GEN_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "blink/base/buf.h"

#define MAX_PARAMS 32
#define MAX_EFFECTS 255
#define NONE (-1)

/* ---- text ---------------------------------------------------------------- */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *text_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *text_copy(const char *s);
char *text_trim(char *s);                       /* in place */
char *text_squeeze(const char *s);               /* runs of spaces to one */
bool text_has_prefix(const char *s, const char *prefix);
bool text_word(const char *list, char sep, const char *word);  /* is word in list */
void *grow(void *array, size_t n, size_t size); /* room for element n */

/* Strings to indices in order of first use: rows that are emitted once. */
struct pool {
	char **v;
	int n;
};
int pool_add(struct pool *p, const char *s);
int pool_find(const struct pool *p, const char *s);

/* ---- what the registry says ---------------------------------------------- */
enum mode { MODE_PLAIN, MODE_ARRAY, MODE_INDICES, MODE_PIXELS, MODE_PACKED };

struct param {
	char *name, *type;      /* "const GLfloat *" */
	char *base;             /* "GLfloat" */
	const char *ctype;      /* "F32" */
	int depth;              /* number of stars */
	bool constant;
	char *group, *klass, *len;
	int elem;               /* bytes of what it points to, 1 for void */
	/* what the rows make of it */
	const char *kind;       /* lower case name of enum gl_kind */
	const char *space;      /* lower case */
	char *size;             /* size expression, NULL none */
	bool nullable, drop, fixed, terminated;
	int rule;               /* size_rule of gl_param */
	enum mode mode;
};

/* An operand that is no GL parameter: the name of what is created... */
struct extra {
	char *name;
	const char *kind, *space;
	char *size;
	bool nullable;
};

struct command {
	char *name;
	char *label;            /* for complaints: "x.tbl:7: glFoo" */
	char *ret;              /* text of the result type */
	const char *retc;       /* its ctype */
	struct param params[MAX_PARAMS];
	int nparams;
	char *alias;            /* as declared by the registry, or NULL */
	char *extension;
	int version;            /* 10..46, 0 none */
	bool chosen;            /* stands in the table under its own name */
	bool has_row, opaque, sizes_proved, effects_proved;
	struct extra extras[4];
	int nextras;
	const char *klass, *mediation, *answer, *replay, *form;
	char *reads, *writes;   /* the row's text */
	int reads_at, writes_at, nreads, nwrites; /* in the effect pool */
	int op, op_buf;         /* in ops, or NONE */
	int signature, index;
	struct pool aliases;
};
extern struct command *commands;
extern int ncommands;
struct command *command_find(const char *name);
struct command *command_new(const char *name);
int param_find(const struct command *c, const char *name);
/* Fills ctype, base, depth, elem from the C text of a type. */
void param_type(struct param *p, const char *text);
const char *ctype_of(const char *base, int depth);

struct gl_enum_row { char *name; uint32_t value; char *group; bool bits; int rank; };
extern struct gl_enum_row *enums;
extern int nenums;
bool enum_value(const char *name, uint32_t *value);     /* with or without GL_ */

void registry_read(const char *path, bool window_system);

/* ---- rows ---------------------------------------------------------------- */
struct row {
	const char *file;       /* base name */
	int line;
	char *col[9];
	int ncols;
};
/* Calls fn for every row of path. */
void rows_read(const char *path, void (*fn)(struct row *row));
_Noreturn void row_die(const struct row *row, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Expands braces; the result ends with NULL. */
char **names_expand(const char *pattern);

/* ---- the model ----------------------------------------------------------- */
struct operand {
	char *name;
	const char *kind, *space, *binding;
	char *size;
	bool nullable, reg_ok, terminated;
	int param, word, rule;
	const char *group;
};
struct op {
	char *name, *ident, *doc;
	struct command *command;
	const char *form;
	struct operand operands[20];
	int noperands, words, operands_at, file_order;
};
extern struct op *ops;
extern int nops;

void model_cmd_row(struct row *row);
void model_core_row(struct row *row);
void model_window_row(struct row *row);
void model_proved_row(struct row *row);
void model_mediation_row(struct row *row);
void mediations_emit(struct buf *out);
void model_choose(void);        /* which commands stand in the table; aliases */
void model_build(void);         /* instructions, signatures */
int kind_words(const char *kind);               /* -1: no such kind */
bool kind_known(const char *kind);
const char *space_known(const char *space);     /* the static name, or NULL */
char *upper(const char *s);

/* ---- sizes --------------------------------------------------------------- */
#define RULE_FIXED 4            /* none, any, string, strings */
/* Index of the rule for a site; the expression's identifiers are parameters of c,
 * or operands of op when op is not NULL.  0 for NULL, NONE when it cannot be said
 * in those terms. */
int size_site(const char *expr, const struct command *c, const struct op *op);
bool size_uses(const char *expr, const char *ident);
void size_pname_row(struct row *row);
void size_emit(struct buf *out);

/* ---- effects ------------------------------------------------------------- */
void effects_slot_row(struct row *row);
/* Parses terms; returns where they begin in the pool of effects. */
int effects_add(const struct command *c, const char *terms, int *count);
bool effects_use(const char *terms, const char *ident);
void effects_emit(struct buf *out);
void effects_emit_enum(struct buf *out);

/* ---- C text -------------------------------------------------------------- */
void emit_header(struct buf *out);
void emit_commands(struct buf *out);
void emit_ops(struct buf *out);
void emit_calls(struct buf *out);
void emit_enums(struct buf *out);
int signature_of(const struct command *c);
/* The recorder library's entry points (gl_record.gen.h, gl_record.gen.c). */
void recorder_emit_header(struct buf *out);
void recorder_emit(struct buf *out);
/* Clients' functions (blinkgl.h). */
void client_emit(struct buf *out);
char *quote(const char *s);                     /* a C string, or NULL */

#endif
