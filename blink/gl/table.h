/* table.h - OpenGL as data: the one command table.
 *
 * Generated at build time by blink/gl/gen/ from the Khronos registry and the
 * rows in blink/gl/tables/ (see tables/README.md for their language).  Every
 * other part walks this table; nothing else in the tree knows commands by heart,
 * except where a command has a *form* of its own (enum gl_form), each form being
 * handled in one place per consumer.
 *
 * Two row types:
 *   struct gl_command  a command as the API has it: parameters, aliases, version,
 *                      privilege class, answer, effects.
 *   struct gl_op       an instruction of BlinkGL: a record layout.  A command has
 *                      none (the converter lowers or drops it), one, or several
 *                      ops: one per pointer mode, `glDrawElements` (payload) and
 *                      `glDrawElements.buf` (offset in the bound buffer).  Core
 *                      instructions (arithmetic, jumps) and window-system ones
 *                      are ops without a GL command behind them.
 *
 * All of it is immutable, static and safe to read from any thread.
 */
#ifndef BLINK_GL_TABLE_H
#define BLINK_GL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- operands ------------------------------------------------------------ */

/* What an operand is.  Words: how many 32-bit words it takes in a record. */
enum gl_kind {
	GL_KIND_INT,        /* 1 word, two's complement (GLint, GLbyte, GLshort...) */
	GL_KIND_UINT,       /* 1 word */
	GL_KIND_FLOAT,      /* 1 word, IEEE single */
	GL_KIND_DOUBLE,     /* 2 words, low first */
	GL_KIND_INT64,      /* 2 words: GLintptr, GLsizeiptr, GLint64; a buffer offset
	                       or a byte count without any memory behind it here */
	GL_KIND_UINT64,     /* 2 words */
	GL_KIND_BOOL,       /* 1 word, 0 or 1 */
	GL_KIND_ENUM,       /* 1 word */
	GL_KIND_BITS,       /* 1 word, a GLbitfield */
	GL_KIND_NAME,       /* 1 word: the client's own name of an object in .space;
	                       0 means none.  Mapped to the driver's name at run time */
	GL_KIND_LOCATION,   /* 1 word: a location slot (see glGetUniformLocation in the
	                       ISA reference), mapped at run time; slot 0 is location -1 */
	GL_KIND_PAYLOAD,    /* 2 words: payload id, byte offset.  The driver is given a
	                       pointer to size-rule bytes; id 0 is NULL where .nullable */
	GL_KIND_OFFSET,     /* 2 words: 64-bit byte offset into the bound buffer of
	                       .binding, passed to the driver as a pointer */
	GL_KIND_ANSWER,     /* 0 words: memory the driver writes; the engine lends
	                       scratch of size-rule bytes */
	GL_KIND_DST,        /* 1 word: number of the register written (0..31) */
	GL_KIND_LABEL,      /* 1 word: words to skip forward from the end of the record */
	GL_KIND_SP,         /* 1 word: id of the SP that is called */
	GL_KIND_EXTERN,     /* 1 word: enum sp_extern, which external state is read */
	GL_KIND_COUNT
};

/* Name spaces of objects.  Which are shared within a share group: gl_spaces[]. */
enum gl_space {
	GL_SPACE_NONE,
	GL_SPACE_TEXTURE, GL_SPACE_BUFFER, GL_SPACE_LIST,
	GL_SPACE_PROGRAM,        /* GLSL programs and shaders: one space, as in GL */
	GL_SPACE_ARBPROGRAM,     /* ARB/NV assembly programs */
	GL_SPACE_FRAMEBUFFER, GL_SPACE_RENDERBUFFER, GL_SPACE_QUERY,
	GL_SPACE_SAMPLER, GL_SPACE_VERTEXARRAY, GL_SPACE_SYNC,
	GL_SPACE_XFB, GL_SPACE_PIPELINE,
	GL_SPACE_CONTEXT, GL_SPACE_DRAWABLE,    /* window system */
	GL_SPACE_COUNT
};

struct gl_space_info {
	const char *name;
	bool shared;       /* visible in every context of the share group */
	bool identity;     /* the client's names are the driver's (display lists) */
};
extern const struct gl_space_info gl_spaces[GL_SPACE_COUNT];

/* Where an OFFSET operand's buffer is bound. */
enum gl_binding {
	GL_BINDING_NONE,
	GL_BINDING_ARRAY, GL_BINDING_ELEMENT,   /* vertex arrays, element indices */
	GL_BINDING_UNPACK, GL_BINDING_PACK      /* pixels in, pixels out */
};

/* Size rules that are no function of the arguments. */
enum gl_size_rule {
	GL_SIZE_NONE,      /* no memory, or its size is unknown */
	GL_SIZE_ANY,       /* decided by later commands (client arrays); 0 bytes at least */
	GL_SIZE_STRING,    /* zero-terminated within the payload; 1 byte at least */
	GL_SIZE_STRINGS    /* `count` of those, one after the other */
};

struct gl_operand {
	const char *name;
	uint8_t kind;           /* enum gl_kind */
	uint8_t space;          /* enum gl_space, for GL_KIND_NAME */
	uint8_t word;           /* first word in the record; the header is word 0 */
	bool reg_ok;            /* may name a register (its mask bit set) */
	bool nullable;          /* GL_KIND_PAYLOAD: id 0 is allowed */
	uint8_t param;          /* GL parameter that it feeds, 0xff: none */
	uint16_t size_rule;     /* payloads and answers: index for gl_payload_size, 0 none */
	const char *group;      /* registry enum group for GL_KIND_ENUM/BITS, or NULL */
	uint8_t binding;        /* enum gl_binding, for GL_KIND_OFFSET */
	const char *size;       /* the size rule as written, for people; or NULL */
	bool terminated;        /* GL_KIND_PAYLOAD: the last byte of the size must be zero,
	                           for drivers that look for it whatever length they got */
};

/* ---- instructions -------------------------------------------------------- */

/* How an op runs.  DIRECT is the rule: operands are translated one by one (names,
 * locations, payload pointers) and the entry point is called.  Each other form is
 * one helper function in blink/engine, which reads the record itself; operands of
 * such ops are never registers. */
enum gl_form {
	GL_FORM_CORE,        /* BlinkGL's own: arithmetic, jumps, yield, end */
	GL_FORM_WINDOW,      /* contexts, drawables, swap */
	GL_FORM_DIRECT,
	GL_FORM_GEN,         /* (n, payload of n client names): make objects under them */
	GL_FORM_DELETE,      /* (n, payload of n client names) */
	GL_FORM_CREATE,      /* ordinary operands, then the client's name for the result */
	GL_FORM_DELETE1,     /* one NAME: DeleteProgram, DeleteShader, DeleteSync... */
	GL_FORM_SOURCE,      /* glShaderSource(shader, length, payload) */
	GL_FORM_STRINGS,     /* glTransformFeedbackVaryings and alike: payload of count
	                        zero-terminated strings, concatenated */
	GL_FORM_LINK,        /* glLinkProgram: re-resolves the program's location slots */
	GL_FORM_LOCATE,      /* (program, payload name, element, slot): define a slot */
	GL_FORM_SYNC,        /* takes a GL_SPACE_SYNC name */
	GL_FORM_UNPACK_BUF,  /* pixels from the bound unpack buffer: the last operands are
	                        row_length, image_height, flags (SP_UNPACK_*) */
	GL_FORM_ANSWER,      /* has GL_KIND_ANSWER operands: run, answer discarded */
	GL_FORM_NAMES,       /* DIRECT, but one payload holds client names (of the
	                        operand's .space) that must be translated first */
	GL_FORM_PACK_BUF,    /* pixels into the bound pack buffer: as UNPACK_BUF */
	GL_FORM_COUNT
};

/* Native type of a GL parameter or result, for calling conventions. */
enum gl_ctype {
	GL_C_VOID, GL_C_I8, GL_C_U8, GL_C_I16, GL_C_U16, GL_C_I32, GL_C_U32,
	GL_C_I64, GL_C_U64, GL_C_F32, GL_C_F64, GL_C_PTR
};

#define GL_OP_MAX_OPERANDS 16     /* the register mask of a record has 16 bits */
#define GL_OP_NO_COMMAND 0xffffu

struct gl_op {
	const char *name;         /* text form: "add.f", "glVertex3f", "glVertexPointer.buf" */
	uint16_t command;         /* index in gl_commands, or GL_OP_NO_COMMAND */
	uint8_t form;             /* enum gl_form */
	uint8_t words;            /* record length in words, header included */
	uint8_t noperands;
	uint8_t signature;        /* for gl_invoke (DIRECT and NAMES) */
	const struct gl_operand *operands;
};

/* Generated: enum gl_opcode { OP_END, ..., OP_glVertex3f, OP_glVertexPointer_buf, ...,
 * GL_OP_COUNT } and one `GL_CMD_glVertex3f` per command. */
#include "gl_ops.gen.h"

extern const struct gl_op gl_ops[GL_OP_COUNT];

/* ---- commands ------------------------------------------------------------ */

enum gl_class {
	GL_CLASS_INNOCUOUS,
	GL_CLASS_CONTROL,     /* changes resources or confinement (scissor, targets, swap) */
	GL_CLASS_BEHAVIOUR    /* its result depends on placement or on other clients */
};

/* How a live client gets its answer. */
enum gl_answer {
	GL_ANSWER_NONE, GL_ANSWER_CONST, GL_ANSWER_SHADOW, GL_ANSWER_FENCE, GL_ANSWER_SYNC
};

/* What a replayer (and so the converter) does with a call of it. */
enum gl_replay {
	GL_REPLAY_RUN,        /* becomes a record */
	GL_REPLAY_SKIP,       /* a pure query: dropped */
	GL_REPLAY_LOWER,      /* rewritten into other commands by the converter */
	GL_REPLAY_SHADOW,     /* absorbed by the converter's shadow (pixel store, maps) */
	GL_REPLAY_REFUSE      /* named, but not supported: refused by name */
};

/* A state slot that a command reads or writes, keyed by its arguments. */
enum gl_key_kind {
	GL_KEY_NONE, GL_KEY_CONST,  /* .value */
	GL_KEY_PARAM,               /* the argument at GL parameter index .value */
	GL_KEY_ANY,                 /* cannot be told: every key */
	GL_KEY_SELECTED,            /* the value that the slot of index .value has at the
	                               time (matrix_mode...); ANY to whom does not track it */
	GL_KEY_OPERAND              /* operand .value of the op: one that is no GL parameter */
};
struct gl_key { uint8_t kind; uint32_t value; };
struct gl_effect {
	uint16_t slot;               /* index in gl_slots */
	struct gl_key key[2];
};

/* Scope of a slot: who owns it. */
enum gl_scope { GL_SCOPE_CONTEXT, GL_SCOPE_SHARE, GL_SCOPE_DRAWABLE };
struct gl_slot {
	const char *name, *doc;
	uint8_t scope;               /* enum gl_scope */
	uint8_t nkeys;
	int16_t when;                /* effects on it happen only while this slot (of this
	                                first key, 0: any) differs from its initial value,
	                                the command's own writes counted in; -1: always.
	                                To whom cannot tell such a write is a "may" */
	uint32_t when_key;
};
extern const struct gl_slot gl_slots[];
extern const unsigned gl_slot_count;

struct gl_param {
	const char *name;
	const char *type;            /* as in the registry: "const GLfloat *" */
	uint8_t ctype;               /* enum gl_ctype */
	uint8_t kind, space;         /* of the value; pointers: PAYLOAD or ANSWER */
	bool pointer, constant;      /* const pointer = input */
	uint16_t size_rule;
	const char *group;
	const char *size;            /* the size rule as written, for people; or NULL */
};

struct gl_command {
	const char *name;            /* canonical, with gl / glX / egl prefix */
	const char *extension;       /* NULL for core */
	uint8_t version;             /* 10, 11 ... 33; 0 if of no core version */
	uint8_t nparams;
	uint8_t ret;                 /* enum gl_ctype */
	uint8_t klass;               /* enum gl_class */
	uint8_t answer, replay;
	uint8_t form;                /* form of its first op; for REPLAY_LOWER and others
	                                the converter's case, by .name */
	bool opaque;                 /* effects not stated, or not proved: to be taken as
	                                reading and writing everything */
	bool stated;                 /* reads and writes are a row's statement */
	bool sizes_proved, effects_proved;
	uint16_t op;                 /* first op, GL_OP_COUNT if none */
	uint16_t op_buf;             /* op for the buffer-bound pointer mode, or GL_OP_COUNT */
	const char *mediation;       /* how a sensitive one is mediated, or NULL */
	const struct gl_param *params;
	const struct gl_effect *reads, *writes;
	uint8_t nreads, nwrites;
	const char *const *aliases;  /* NULL-terminated */
	bool row;                    /* a row of ours describes it; else: known by name only */
	const char *reads_text, *writes_text;   /* as written, groups unexpanded; or NULL */
};
extern const struct gl_command gl_commands[];
extern const unsigned gl_command_count;

/* Words and sentences for people: groups of slots, mediations; end with a zero row. */
struct gl_text { const char *name, *text; };
extern const struct gl_text gl_slot_groups[];
extern const struct gl_text gl_mediations[];

/* ---- lookups ------------------------------------------------------------- */

/* Any name, alias included, with prefix: "glBindBufferARB".  NULL if not named. */
const struct gl_command *gl_command_find(const char *name);
/* By op text name; GL_OP_COUNT if there is none. */
unsigned gl_op_find(const char *name);

/* Whether a GL_SLOT_* is among what the command writes. */
bool gl_command_writes(const struct gl_command *cmd, unsigned slot);

/* Whether an op goes into a display list that is being compiled.  Others are executed at once
 * and leave no trace in it (5.4 of the specification; client state, objects, pixel store).
 * By the table: a list can hold what writes something, and nothing that CallList does not. */
bool gl_op_listed(unsigned op);

/* Enum names: gl_enum_name(group, value) is NULL when unknown; group may be NULL
 * (any group).  gl_enum_value finds by name ("GL_TRIANGLES"). */
const char *gl_enum_name(const char *group, uint32_t value);
bool gl_enum_value(const char *name, uint32_t *value);
/* The bits of a bitfield group, for disassembly: name of bit, or NULL. */
const char *gl_bit_name(const char *group, uint32_t bit);

/* What an instruction of BlinkGL's own does, one line; NULL for GL ops. */
const char *gl_op_doc(unsigned op);

/* Hash of the table's record layouts (names, words, operand kinds).  A .blink file
 * whose hash agrees is used in place; another is translated by op names. */
uint64_t gl_table_hash(void);

/* ---- payload sizes -------------------------------------------------------
 * The one overflow-checked size function, used by converter, verifier, recorder
 * and engine alike.  For GL_SIZE_ANY, _STRING and _STRINGS it is the least size, and
 * the caller looks further.  rec is a whole record without register operands among the
 * size's inputs.  Returns false if the size overflows, an argument is negative,
 * or format/type/pname is unknown to the rule.  Sizes are bytes of the *tight*
 * layout (BlinkGL has no pixel-store state: rows of ceil(width*bits/8) bytes). */
bool gl_payload_size(const uint32_t *rec, unsigned operand, uint64_t *size);

/* Same rules on a GL call's arguments, before there is a record (converter,
 * recorder, oracle tests): args[i] holds parameter i, integers sign-extended,
 * floats as bits of float, doubles as bits of double. */
bool gl_param_size(const struct gl_command *cmd, const uint64_t *args, unsigned param,
		   uint64_t *size);

/* Building blocks, public for the converter's repacking. */
bool gl_pixel_size(uint32_t format, uint32_t type, unsigned *bits_per_pixel);
bool gl_type_size(uint32_t type, unsigned *bytes);     /* GL_FLOAT -> 4 ... */
bool gl_image_size(int64_t w, int64_t h, int64_t d, uint32_t format, uint32_t type,
		   uint64_t *size);
/* Values taken by a pname in the named rule family ("texparam", "light", ...). */
unsigned gl_pname_count(const char *family, uint32_t pname);   /* 0: unknown */

/* ---- calling ------------------------------------------------------------- */

/* Calls fn with the op's native signature.  argv[i] is GL parameter i: integers
 * in two's complement (any width), floats as bits in the low 32, doubles as bits,
 * pointers as themselves.  Returns the result's bits, 0 for void. */
uint64_t gl_invoke(unsigned signature, void (*fn)(void), const uint64_t *argv);
/* Signature of a command (also for those of no op). */
unsigned gl_command_signature(const struct gl_command *cmd);
/* Letters of a signature, result first: v nothing, b B s S 8 and 16 bits signed and
 * unsigned, i 32 bits, l 64 bits or a pointer, f float, d double.  NULL: no such. */
const char *gl_signature_letters(unsigned signature);

#endif
